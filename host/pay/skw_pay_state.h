/* skw_pay_state - the memory of the pay core, shared by the files of this room and by nobody else.
 *
 *   skw_pay.c         life, inputs, display
 *   skw_pay_poll.c    outputs: disk before neighbour, in that order
 *   skw_pay_bill.c    what is owed, at stake and allowed
 *   skw_pay_payer.c   setting outputs aside, making vouchers
 *   skw_pay_payee.c   checking vouchers, settling
 *   skw_pay_hour.c    receipts that both sign
 *   skw_pay_record.c  an account as bytes on disk
 */
#ifndef SKW_PAY_STATE_H
#define SKW_PAY_STATE_H

#include "pay/skw_pay.h"
#include "pay/skw_pay_receipt.h"

enum {
	SKW_PAY_EVENTS = 64,   /* told in time by anyone who polls; the oldest is lost after that */
	SKW_PAY_WALLET = 64,   /* largest free outputs of ours that are kept in mind */
	SKW_PAY_SURE_PART = 4, /* of the payee's credit limit: what a power cut may cost a payer */
	SKW_PAY_WATCH = 10,    /* periods of `ledger_us` between looks at a voucher's inputs */
};

struct skw_pay_voucher {
	uint64_t amount; /* 0: none */
	bool last;
	uint16_t len;
	uint8_t tx[SKW_PAY_TX_MAX];
	struct skw_sha256 txid;
};

struct skw_pay_input {
	struct skw_sha256 uxid;
	struct skw_ux ux;
};

struct skw_account {
	bool used; /* something was metered, once */
	enum skw_pay_role role;
	enum skw_pay_state state;
	bool dirty;   /* differs from the disk in more than counts */
	bool sure;    /* and in what must outlive a power cut */
	bool made_up; /* `sent` was raised when it was restored, and the disk does not know */

	struct skw_count received, sent;             /* ours */
	struct skw_count saved_received, saved_sent; /* of them, on disk */
	struct skw_count sure_received, sure_sent;   /* whatever happens */
	uint64_t sure_voucher;                       /* its amount */
	struct skw_count peer_received, peer_sent;   /* as the neighbour says */
	struct skw_count seen_sent;  /* our `sent` as known when it said peer_received */
	uint64_t peer_seen_received; /* bytes of our `received` that it knows of */
	struct skw_count told_received, told_sent; /* in the last report */
	bool report_due;                           /* it told something new: answer */
	uint64_t report_at;
	uint64_t price;   /* of the last cell */
	uint64_t dearest; /* of all of them: on disk with the next write */
	bool overclaimed;

	uint32_t epoch; /* from 1 */
	uint32_t peer_epoch;
	uint64_t settled; /* in the epochs before */
	struct skw_pay_voucher voucher;
	uint64_t accepted; /* payer: of the voucher's amount */
	uint64_t heard;    /* payer: the same, since the link is up */
	unsigned inputs;
	struct skw_pay_input input[SKW_PAY_INPUTS_MAX];
	uint64_t head_time; /* at which the inputs' hours are reckoned */
	uint64_t voucher_at, due_since, first_at;
	uint64_t made_at; /* payer: the newest voucher */
	bool no_funds;

	uint32_t settle_epoch; /* of the last settlement; 0: none yet */
	uint64_t settle_amount;
	struct skw_sha256 settle_txid; /* or the proof of double spending */
	uint64_t settle_at;
	bool settle_request;
	bool inject_due;

	struct skw_pay_voucher pending; /* payee: waits for the ledger */
	bool accept_due;
	enum skw_voucher_verdict verdict; /* the last one given or got */
	uint64_t asked_at;                /* the ledger */
	bool ask_unspents, ask_outputs;
	unsigned ask_output;

	bool admitted, told_admitted;

	struct skw_statement hour;     /* of the last receipt; until 0: none yet */
	struct skw_statement proposal; /* payee: waits for the payer's signature; until 0: none */
	uint64_t proposed_at;
	uint64_t refused_until; /* payer: told of once */
	bool answer_due;        /* payer */
	bool receipt_due;       /* for the disk: */
	uint8_t receipt[SKW_RECEIPT_LEN];
};

struct skw_pay_peer {
	bool used, link_up;
	uint8_t key[SKW_PAY_KEY];
	bool hello_known; /* its wallet and limit, from now or from disk */
	bool hello_heard; /* since the link is up */
	bool hello_acked, hello_due, wrong_network;
	uint64_t hello_at;
	struct skw_address wallet;
	uint64_t credit_limit;
	struct skw_account account[2]; /* by our role */
};

struct skw_pay {
	struct skw_pay_config config;
	uint64_t step; /* droplets: vouchers are multiples of it */
	bool closing;
	bool clock_known;
	uint64_t clock_s, clock_at_us; /* the wall clock, and when it said so */
	uint64_t wake;                 /* the earliest time that the last poll waited for */
	unsigned known;                /* neighbours: those past it were never heard of */
	uint16_t place[256];           /* by the key's first byte: the newest of them */
	unsigned free_count;
	struct skw_pay_unspent free[SKW_PAY_WALLET]; /* our wallet's, largest first */
	bool wallet_known;
	uint64_t head_time, wallet_asked_at;
	bool wallet_asked, wallet_wanted;
	unsigned event_first, event_count;
	struct skw_pay_event event[SKW_PAY_EVENTS];
	uint8_t buffer[SKW_PAY_RECORD_MAX];
	struct skw_pay_peer *peer;
};

/* True at or after `at`; else the next poll is to be no later than `at`. */
bool skw_pay_due(struct skw_pay *pay, uint64_t now_us, uint64_t at);
void skw_pay_note(struct skw_pay *pay, uint64_t now_us, const struct skw_pay_peer *p,
		  const struct skw_account *a, enum skw_pay_event_kind kind, uint64_t amount,
		  const struct skw_sha256 *txid);
uint64_t skw_pay_later(uint64_t a, uint64_t b); /* a + b, at most UINT64_MAX */

/* skw_pay_bill.c */
uint64_t skw_pay_owed(const struct skw_account *a); /* droplets since ever */
uint64_t
skw_pay_due_now(const struct skw_account *a); /* owed and not settled: what vouchers must reach */
uint64_t skw_pay_at_stake(const struct skw_pay *pay,
			  const struct skw_account *a); /* not vouched for */
bool skw_pay_allowed(const struct skw_pay *pay, const struct skw_pay_peer *p,
		     const struct skw_account *a);
uint64_t skw_pay_credit_left(const struct skw_pay *pay, const struct skw_account *a);

/* skw_pay_payer.c */
void skw_pay_payer_step(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p);
void skw_pay_payer_on_accept(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			     const struct skw_pay_message *m);
void skw_pay_payer_on_settle(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			     const struct skw_pay_message *m);
void skw_pay_payer_on_unspents(struct skw_pay *pay, struct skw_pay_peer *p,
			       const struct skw_pay_unspent *list, size_t count);
uint64_t skw_pay_inputs_coins(const struct skw_account *a);

/* skw_pay_payee.c */
void skw_pay_payee_step(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p);
void skw_pay_payee_on_voucher(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			      const struct skw_pay_message *m);
void skw_pay_payee_on_unspents(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			       const struct skw_pay_unspent *list, size_t count,
			       uint64_t head_time);
/* Both: settlement of the epoch by the transaction `txid` that pays `amount` has begun. */
void skw_pay_begin_settling(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			    struct skw_account *a, uint64_t amount, const struct skw_sha256 *txid);

/* skw_pay_hour.c */
void skw_pay_hour_step(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p);
void skw_pay_on_receipt(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			struct skw_account *a, const struct skw_pay_message *m);
/* A proposal or its answer, if one is due. */
bool skw_pay_tell_receipt(struct skw_pay *pay, uint64_t now_us, const struct skw_pay_peer *p,
			  struct skw_account *a, struct skw_pay_message *m);

/* skw_pay_record.c */
size_t skw_pay_record_put(uint8_t out[SKW_PAY_RECORD_MAX], const struct skw_pay_peer *p,
			  const struct skw_account *a);
bool skw_pay_record_get(struct skw_pay_peer *p, struct skw_account *a, const uint8_t *data,
			size_t len);

#endif
