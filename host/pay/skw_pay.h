/* skw_pay - meters, credit, vouchers and settlement between neighbours; beside the way, fed by
 * events.
 *
 *   meter events --> [ counts ] --> owed ----> [ voucher ] --> MESSAGE ))) the payee's check -->
 * INJECT
 *                        ^---- METER )))         ^--- unspent outputs               confirmed: next
 * epoch
 *
 * For each neighbour there are two accounts: one in which we are the payee (circuits that come from
 * it) and one in which we are the payer. What counts is what the receiver of the bytes counted, in
 * both directions:
 *
 *   owed = floor( units the payee received going forth + units the payer received coming back )
 *
 * Nothing is told to a neighbour before it is on disk. Outputs must therefore be carried out in the
 * order in which poll gives them, and a PERSIST is durable before the next output is fetched. What
 * a SIGKILL forgets is at most `persist_bytes` per direction of delivered but unbilled bytes, a
 * power cut at most `sync_bytes` of what was sent and a credit limit of vouchers, which the payer
 * sends again; nothing is billed twice. docs/payment.md has every message and rule.
 */
#ifndef SKW_PAY_H
#define SKW_PAY_H

#include "ledger/skw_network.h"
#include "pay/skw_pay_message.h"

#define SKW_PAY_KEY 32u          /* a node's public key */
#define SKW_PAY_RECORD_KEY 33u   /* key and role */
#define SKW_PAY_RECORD_MAX 4096u /* bytes of one account on disk */

enum skw_pay_status {
	SKW_PAY_OK,
	SKW_PAY_UNKNOWN,   /* no account with that neighbour */
	SKW_PAY_FULL,      /* more neighbours than configured */
	SKW_PAY_PRICE,     /* over our own maximum: counted at the maximum, not above */
	SKW_PAY_RANGE,     /* bytes or price over the limits of skw_units */
	SKW_PAY_MALFORMED, /* message or record */
	SKW_PAY_NOTHING,   /* settle: no voucher to settle */
	SKW_PAY_CONFIG,    /* new: a limit contradicts another */
	SKW_PAY_MEMORY,
};

enum skw_pay_direction { SKW_PAY_RECEIVED, SKW_PAY_SENT }; /* by us */

/* Signs for outputs of `owner`, deterministically (RFC 6979); false if it is not ours. The secret
 * stays outside. */
struct skw_pay_signer {
	bool (*sign)(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
		     const struct skw_address *owner);
	void *context;
};

/* Amounts are droplets, times microseconds. */
struct skw_pay_config {
	struct skw_sha256 network; /* hash of block 0 */
	uint8_t node[SKW_PAY_KEY]; /* our own key: receipts name both ends */
	struct skw_limits limits;
	struct skw_address
	    wallet; /* ours: vouchers spend its outputs, earnings and change come to it */
	struct skw_pay_signer signer;
	unsigned neighbours_max;
	/* as payer */
	uint64_t max_price;     /* per MiB */
	uint64_t pay_threshold; /* a voucher when that much is due; at most a quarter of the payee's
				   limit is waited for */
	uint64_t reserve;       /* set aside for one neighbour: the most that one epoch pays */
	uint64_t pay_us;        /* what is due is paid after this even below the threshold */
	uint64_t hurry_us; /* no sooner after a voucher than this, unless that quarter is due */
	/* as payee */
	uint64_t credit_limit;    /* delivered or on its way, not yet vouched for: at this much
				     relaying stops */
	uint64_t unsettled_limit; /* the same plus vouchers held */
	uint64_t settle_amount;   /* vouchers held that go to the chain */
	uint64_t settle_us;       /* age of the epoch's first voucher at which it goes there */
	unsigned
	    loss_permille; /* of what we send: lost on the way at our own cost, not the payer's */
	/* both */
	uint64_t persist_bytes; /* delivered bytes that a SIGKILL may forget */
	uint64_t sync_bytes;    /* sent bytes that a power cut may */
	uint64_t report_bytes, report_us;
	uint64_t retry_us;  /* messages not answered */
	uint64_t ledger_us; /* questions to the ledger */
};

/* 128 neighbours; price up to 1 SKY/MiB; threshold 0.05, reserve 10 and limit 1 SKY, unsettled 5,
 * settle at 2 SKY or a day; vouchers 0.1 s apart; loss 50 permille; persist 512 KiB, sync 2 MiB;
 * report each MiB, eighth of the credit limit or second; retry 2 s; ledger 5 s. Network, wallet
 * and signer are the caller's to set. */
struct skw_pay_config skw_pay_config_default(void);

struct skw_pay;

enum skw_pay_event_kind {
	SKW_PAY_EVENT_VOUCHER_SENT,     /* amount of the epoch */
	SKW_PAY_EVENT_VOUCHER_ACCEPTED, /* by us */
	SKW_PAY_EVENT_VOUCHER_REFUSED,  /* by us (role payee) or by the neighbour (role payer); see
					   verdict */
	SKW_PAY_EVENT_SETTLING,         /* txid is on its way to the chain */
	SKW_PAY_EVENT_SETTLED,          /* txid is confirmed */
	SKW_PAY_EVENT_STOPPED, /* credit used up: no more relaying (payee) or sending (payer) */
	SKW_PAY_EVENT_RESUMED,
	SKW_PAY_EVENT_DOUBLE_SPEND,    /* txid spent the voucher's inputs: the proof */
	SKW_PAY_EVENT_NO_FUNDS,        /* no free output with coins and hours to set aside */
	SKW_PAY_EVENT_OVERCLAIM,       /* the payee counts more than we sent: we pay what we sent */
	SKW_PAY_EVENT_NETWORK,         /* the neighbour is on another chain */
	SKW_PAY_EVENT_RECEIPT,         /* both have signed; amount: owed since ever */
	SKW_PAY_EVENT_RECEIPT_REFUSED, /* the payee states what we do not know to be so */
	SKW_PAY_EVENT_KINDS,
};
const char *skw_pay_event_text(enum skw_pay_event_kind kind);

struct skw_pay_event {
	enum skw_pay_event_kind kind;
	uint8_t peer[SKW_PAY_KEY];
	enum skw_pay_role role; /* ours */
	uint64_t time_us;
	uint32_t epoch;
	uint64_t amount;
	enum skw_voucher_verdict verdict;
	struct skw_sha256 txid;
};

enum skw_pay_output_type {
	SKW_PAY_PERSIST,   /* replace record `key` by data; durable before the next output */
	SKW_PAY_SEND,      /* data to `peer` over its link */
	SKW_PAY_ADMISSION, /* relay for `peer` (role payee) / send through it (role payer), or stop
			    */
	SKW_PAY_INJECT, /* give the transaction `txid`, data, to the ledger; answer: skw_pay_on_tx
			 */
	SKW_PAY_QUERY_UNSPENTS, /* of `address`; answer: skw_pay_on_unspents */
	SKW_PAY_QUERY_TX,       /* state of `txid`; answer: skw_pay_on_tx */
	SKW_PAY_QUERY_OUTPUT,   /* who spent output `txid`; answer: skw_pay_on_output_spent */
	SKW_PAY_EVENT,          /* for the history */
	SKW_PAY_STORE_RECEIPT,  /* keep data (skw_pay_receipt.h), durable before the next output; of
				   the same peer, role and `until` it is the same one */
};

struct skw_pay_output {
	enum skw_pay_output_type type;
	uint8_t key[SKW_PAY_RECORD_KEY];
	uint8_t peer[SKW_PAY_KEY];
	enum skw_pay_role role;
	bool allowed;
	bool sure; /* PERSIST: must outlive a power cut; else the end of the process is enough */
	struct skw_address address;
	struct skw_sha256 txid;
	uint64_t until; /* of a receipt */
	struct skw_pay_event event;
	const uint8_t *data; /* valid until the next call */
	size_t len;
};

enum skw_pay_status skw_pay_new(struct skw_pay **pay, const struct skw_pay_config *config);
void skw_pay_free(struct skw_pay *pay);
/* A record as it was persisted, before any other input. */
enum skw_pay_status skw_pay_restore(struct skw_pay *pay, const uint8_t key[SKW_PAY_RECORD_KEY],
				    const uint8_t *data, size_t len);

/* Input. A neighbour is known from its first link or record on. When its link comes up it is taken
 * for admitted in both roles; an ADMISSION follows at once where it is not. */
enum skw_pay_status skw_pay_on_link(struct skw_pay *pay, uint64_t now_us,
				    const uint8_t peer[SKW_PAY_KEY], bool up);
/* A cell crossed the link. `role` is ours on that circuit: PAYEE if it was built by or through the
 * neighbour towards us. */
enum skw_pay_status skw_pay_meter(struct skw_pay *pay, uint64_t now_us,
				  const uint8_t peer[SKW_PAY_KEY], enum skw_pay_role role,
				  enum skw_pay_direction direction, uint64_t bytes,
				  uint64_t price_per_mib);
enum skw_pay_status skw_pay_on_message(struct skw_pay *pay, uint64_t now_us,
				       const uint8_t peer[SKW_PAY_KEY], const uint8_t *data,
				       size_t len);

/* What the wall clock says: without it there are no receipts. */
void skw_pay_clock(struct skw_pay *pay, uint64_t now_us, uint64_t unix_s);

/* Input from the ledger. */
struct skw_pay_unspent {
	struct skw_sha256 uxid;
	struct skw_ux ux;
	bool outgoing; /* a pending transaction spends it */
};
/* All confirmed unspent outputs of an address, and the head block's time. */
void skw_pay_on_unspents(struct skw_pay *pay, uint64_t now_us, const struct skw_address *address,
			 const struct skw_pay_unspent *list, size_t count, uint64_t head_time);
enum skw_pay_tx_state {
	SKW_PAY_TX_UNKNOWN, /* not on the chain nor waiting */
	SKW_PAY_TX_PENDING,
	SKW_PAY_TX_CONFIRMED,
	SKW_PAY_TX_REFUSED, /* inject: breaks a rule; most often because an input is spent */
};
void skw_pay_on_tx(struct skw_pay *pay, uint64_t now_us, const struct skw_sha256 *txid,
		   enum skw_pay_tx_state state);
/* An output that a block has spent. Not called for one unspent or unknown. */
void skw_pay_on_output_spent(struct skw_pay *pay, uint64_t now_us, const struct skw_sha256 *uxid,
			     const struct skw_sha256 *spent_by);

/* Orders of the user. */
/* Settle what `peer` vouched for, now. */
enum skw_pay_status skw_pay_settle(struct skw_pay *pay, uint64_t now_us,
				   const uint8_t peer[SKW_PAY_KEY]);
/* Pay all that is due in whole steps, report all counts, settle all: before shutdown. Poll until it
 * is quiet. */
void skw_pay_close(struct skw_pay *pay, uint64_t now_us);
/* Set aside for a neighbour: not for other spending. */
bool skw_pay_reserved(const struct skw_pay *pay, const struct skw_sha256 *uxid);

/* May we relay for (PAYEE) or send through (PAYER) the neighbour? Unknown ones: no. Cheap, for
 * every cell. */
bool skw_pay_admitted(const struct skw_pay *pay, const uint8_t peer[SKW_PAY_KEY],
		      enum skw_pay_role role);
bool skw_pay_price_ok(const struct skw_pay *pay, uint64_t price_per_mib);

/* The next output; false if there is none at `now_us`. */
bool skw_pay_poll(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out);
/* When to poll next if nothing else happens; UINT64_MAX: never. */
uint64_t skw_pay_next_timer(const struct skw_pay *pay, uint64_t now_us);

enum skw_pay_state {
	SKW_PAY_STATE_OPEN,
	SKW_PAY_STATE_SETTLING, /* waits for the chain */
	SKW_PAY_STATE_CUT,      /* double spending seen: no more dealings */
};
const char *skw_pay_state_text(enum skw_pay_state state);

/* What a display shows of one account. */
struct skw_pay_view {
	uint8_t peer[SKW_PAY_KEY];
	enum skw_pay_role role;
	enum skw_pay_state state;
	bool link_up, admitted;
	uint64_t received_bytes, sent_bytes; /* by us */
	uint64_t billed_bytes;               /* delivered, both ways, as far as reported */
	uint64_t owed;                       /* droplets since ever */
	uint64_t vouched;                    /* in this epoch */
	uint64_t settled;                    /* in epochs before */
	uint64_t credit_left; /* payee: that we still lend; payer: that we still have set aside */
	uint64_t price;       /* of the last cell, per MiB */
	uint32_t epoch;
	struct skw_address address; /* the neighbour's; null if not known yet */
	struct skw_sha256 txid;     /* of the last settlement, or the double spending's proof */
};
/* Account number i, 0..; false past the last. Accounts that never metered anything are passed over.
 */
bool skw_pay_view(const struct skw_pay *pay, unsigned i, struct skw_pay_view *out);

#endif
