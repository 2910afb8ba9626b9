/* skw_pay_message - what two neighbours say about money (docs/payment.md).
 *
 * Messages travel inside an authenticated link, in any order, and may be lost or repeated: each one
 * is a statement about running totals, never a change.
 */
#ifndef SKW_PAY_MESSAGE_H
#define SKW_PAY_MESSAGE_H

#include "ledger/skw_address.h"
#include "pay/skw_units.h"

#define SKW_PAY_VERSION 1u
#define SKW_PAY_INPUTS_MAX 8u /* outputs set aside for one neighbour */
#define SKW_PAY_TX_MAX 1024u
#define SKW_PAY_MESSAGE_MAX (1u + 1u + 1u + 4u + 8u + 32u + 1u + 2u + SKW_PAY_TX_MAX)

enum skw_pay_kind {
	SKW_PAY_HELLO = 1,
	SKW_PAY_METER = 2,
	SKW_PAY_VOUCHER = 3,
	SKW_PAY_ACCEPT = 4,
	SKW_PAY_SETTLE = 5,
	SKW_PAY_RECEIPT = 6,
};

/* What was delivered between two times, and ever: see skw_pay_receipt.h. */
struct skw_statement {
	uint64_t since, until; /* unix seconds */
	uint64_t forth, back;  /* bytes */
	struct skw_count all_forth, all_back;
};

/* The sender's part in an account. */
enum skw_pay_role { SKW_PAY_PAYEE, SKW_PAY_PAYER };

/* What a payee says of a voucher, on the wire too. */
enum skw_voucher_verdict {
	SKW_VOUCHER_OK,
	SKW_VOUCHER_WAIT,          /* our ledger is being asked; the payer sends it again */
	SKW_VOUCHER_SETTLING,      /* the epoch's last one is on its way to the chain */
	SKW_VOUCHER_EPOCH,         /* of another epoch than ours */
	SKW_VOUCHER_NETWORK,       /* of another chain */
	SKW_VOUCHER_CODEC,         /* not a transaction */
	SKW_VOUCHER_SIZE,          /* too many inputs or outputs */
	SKW_VOUCHER_ADDRESS,       /* does not pay us */
	SKW_VOUCHER_AMOUNT,        /* pays us another amount than it says, or not in whole steps */
	SKW_VOUCHER_SHRINKS,       /* not more than the last one */
	SKW_VOUCHER_INPUTS,        /* other inputs than the last one of this epoch */
	SKW_VOUCHER_UNKNOWN_INPUT, /* spends what is not unspent on our ledger, or is not the
				      payer's */
	SKW_VOUCHER_SIGNATURE,     /* unsigned, or wrongly */
	SKW_VOUCHER_FEE,           /* burns too few coin hours */
	SKW_VOUCHER_RULES,         /* breaks another rule of the chain */
	SKW_VOUCHER_CUT,           /* we no longer deal with this neighbour */
	SKW_VOUCHER_VERDICTS,
};
const char *skw_voucher_verdict_text(enum skw_voucher_verdict verdict);

struct skw_pay_message {
	enum skw_pay_kind kind;
	enum skw_pay_role role; /* METER, VOUCHER, ACCEPT, SETTLE: of the sender */
	uint32_t epoch;
	union {
		struct {
			bool seen;   /* the sender has our hello */
			bool answer; /* please: the sender does not know yet that we have its own */
			struct skw_sha256 network;
			struct skw_address wallet;
			uint64_t credit_limit; /* droplets the sender lends as a payee */
		} hello;
		struct {
			bool answer; /* please: the sender does not know yet that you know */
			struct skw_count received; /* by the sender: what was delivered to it */
			struct skw_count sent;
			struct skw_count seen_sent; /* what the other end said it had sent, when
						       `received` was read */
			uint64_t seen_received; /* bytes that the other end said it had received */
		} meter;
		struct {
			uint64_t amount; /* droplets, all that is paid in this epoch */
			bool last;       /* the outputs set aside are used up: please settle */
			struct skw_sha256 network;
			const uint8_t *tx;
			uint16_t tx_len;
		} voucher;
		struct {
			uint64_t amount; /* highest accepted */
			enum skw_voucher_verdict verdict;
		} accept;
		struct {
			uint64_t amount;
			struct skw_sha256 txid;
		} settle;
		struct { /* from the payee: please sign this; from the payer: signed */
			struct skw_statement statement;
			struct skw_coin_sig sig; /* of the sender */
		} receipt;
	} u;
};

/* Bytes written; 0 if they do not fit. */
uint16_t skw_pay_message_put(uint8_t out[SKW_PAY_MESSAGE_MAX], const struct skw_pay_message *m);
/* True for a well-made header of this version with a kind that this program does not know: to be
 * passed over, so that later programs may say more. */
bool skw_pay_message_is_later(const uint8_t *data, size_t len);
/* Exactly one message; pointers lead into `data`. */
bool skw_pay_message_get(struct skw_pay_message *m, const uint8_t *data, size_t len);

#endif
