/* skw_spend - makes transactions.
 *
 *   draft    explicit inputs and outputs -> transaction without signatures
 *   build    the same, signed                                       (vouchers, settlements)
 *   choose   which of my outputs to spend, and who gets which hours (a user's "send")
 *
 * Both honour the burn rule and the decimals rule of the network, and give the rest of coins and
 * hours to the change address.
 */
#ifndef SKW_SPEND_H
#define SKW_SPEND_H

#include "ledger/skw_rules.h"

#define SKW_SPEND_MAX 256u /* inputs, and outputs, of one transaction made here */

enum skw_spend_status {
	SKW_SPEND_OK,
	SKW_SPEND_NOTHING,   /* no input or no destination */
	SKW_SPEND_MANY,      /* more than SKW_SPEND_MAX inputs or outputs, or than max_tx_size */
	SKW_SPEND_ZERO,      /* a destination without coins */
	SKW_SPEND_DECIMALS,  /* coins finer than the network takes */
	SKW_SPEND_OVERFLOW,  /* sums do not fit 64 bits */
	SKW_SPEND_COINS,     /* not enough coins */
	SKW_SPEND_HOURS,     /* not enough hours for the destinations and the fee */
	SKW_SPEND_CHANGE,    /* coins are left and there is no change address */
	SKW_SPEND_DUPLICATE, /* an input twice, or two equal outputs */
	SKW_SPEND_KEY,       /* a secret is invalid */
	SKW_SPEND_ROOM,      /* the buffer is too small */
};

const char *skw_spend_status_text(enum skw_spend_status status);

struct skw_spend_input {
	struct skw_sha256 uxid;
	struct skw_coin_secret secret; /* of its owner; a draft does not look at it */
	struct skw_droplets coins;
	struct skw_hours hours; /* at the time of the head block */
};

/* What a spending turned out to be. */
struct skw_spend_result {
	size_t size; /* of the transaction, signed or not */
	struct skw_sha256 txid;
	struct skw_hours fee;
	struct skw_droplets change; /* 0: no change output; else it is the last output */
	struct skw_hours change_hours;
};

/* Builds and signs. Change, if coins are left, is the last output and takes all hours that neither
 * a destination nor the fee takes; without change they are burnt too. `change` may be NULL if no
 * coins are left. The same arguments give the same bytes (RFC 6979). */
enum skw_spend_status skw_spend_build(uint8_t *out, size_t cap, struct skw_spend_result *result,
				      const struct skw_spend_input *in, size_t ins,
				      const struct skw_tx_output *to, size_t tos,
				      const struct skw_address *change,
				      const struct skw_limits *limits);

/* The same without signatures; `result->txid` is then not what it will be. */
enum skw_spend_status skw_spend_draft(uint8_t *out, size_t cap, struct skw_spend_result *result,
				      const struct skw_spend_input *in, size_t ins,
				      const struct skw_tx_output *to, size_t tos,
				      const struct skw_address *change,
				      const struct skw_limits *limits);

/* An output that could be spent. `owner` is the caller's own mark, e.g. a wallet entry. */
struct skw_spend_coin {
	struct skw_sha256 uxid;
	struct skw_droplets coins;
	struct skw_hours hours; /* at the time of the head block */
	uint64_t seq;
	size_t owner;
};

/* Moves a sufficient choice to the front of `coins` and says how many. The hours of `to` are asked
 * for; all zero means "some": see skw_spend_share. */
enum skw_spend_status skw_spend_choose(size_t *chosen, struct skw_spend_coin *coins, size_t count,
				       const struct skw_tx_output *to, size_t tos,
				       const struct skw_limits *limits);
/* Gives each destination, by its coins, its portion of part / whole (at most 1) of the hours left
 * after the fee. */
enum skw_spend_status skw_spend_share(struct skw_tx_output *to, size_t tos,
				      struct skw_hours hours_in, uint64_t part, uint64_t whole,
				      const struct skw_limits *limits);

#endif
