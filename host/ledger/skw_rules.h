/* skw_rules - what makes a transaction money: pure functions over an unspent look-up.
 *
 *   alone   needs nothing but the bytes; signatures included
 *   spend   against the unspent outputs as of a head block: ownership, coins, hours
 *   soft    what a block maker would take; a block that breaks it is still valid
 *   user    what we refuse to send for a user
 *
 * The checks run in the original's order and fail with its words.
 */
#ifndef SKW_RULES_H
#define SKW_RULES_H

#include "ledger/skw_ux.h"

enum skw_fault {
	SKW_FAULT_NONE,
	SKW_FAULT_CODEC, /* not a transaction at all */
	/* hard, alone */
	SKW_FAULT_NO_INPUTS,
	SKW_FAULT_NO_OUTPUTS,
	SKW_FAULT_SIG_COUNT,
	SKW_FAULT_TOO_MANY,
	SKW_FAULT_DUPLICATE_SPEND,
	SKW_FAULT_TYPE,
	SKW_FAULT_ZERO_COINS,
	SKW_FAULT_COINS_OVERFLOW,
	SKW_FAULT_LENGTH,
	SKW_FAULT_DUPLICATE_OUTPUT,
	SKW_FAULT_INNER_HASH,
	SKW_FAULT_UNSIGNED,
	SKW_FAULT_SIGNATURE,
	/* hard, against the unspent set; `about` is the output */
	SKW_FAULT_UNKNOWN_INPUT,
	SKW_FAULT_NOT_OWNER,
	SKW_FAULT_INPUT_COINS_OVERFLOW,
	SKW_FAULT_INSUFFICIENT_COINS,
	SKW_FAULT_COINS_DESTROYED,
	SKW_FAULT_EARNED_OVERFLOW,
	SKW_FAULT_HOURS_OVERFLOW, /* of one input's total */
	SKW_FAULT_INPUT_HOURS_OVERFLOW,
	SKW_FAULT_OUTPUT_HOURS_OVERFLOW,
	SKW_FAULT_INSUFFICIENT_HOURS,
	SKW_FAULT_OUTPUT_EXISTS,
	/* soft */
	SKW_FAULT_SIZE,
	SKW_FAULT_NO_FEE,
	SKW_FAULT_FEE,
	SKW_FAULT_LOCKED,
	SKW_FAULT_DECIMALS,
	/* user */
	SKW_FAULT_NULL_ADDRESS,
	/* ours */
	SKW_FAULT_LOOKUP, /* the store failed; the transaction may be fine */
	SKW_FAULT_MEMORY,
};

enum skw_fault_class {
	SKW_CLASS_NONE,
	SKW_CLASS_HARD,
	SKW_CLASS_SOFT,
	SKW_CLASS_USER,
	SKW_CLASS_OURS
};

struct skw_verdict {
	enum skw_fault fault;
	struct skw_sha256 about; /* the input or output it is about, where one is named */
};

#define SKW_VERDICT_TEXT 160u

enum skw_fault_class skw_fault_class(enum skw_fault fault);
/* "unspent output of 12ab... does not exist" */
void skw_verdict_print(char out[SKW_VERDICT_TEXT], const struct skw_verdict *verdict);

enum skw_find { SKW_FIND_HERE, SKW_FIND_NOT, SKW_FIND_FAILED };

/* Where unspent outputs are looked up. It may be asked for ids that never
 * existed. */
struct skw_ux_lookup {
	enum skw_find (*find)(void *context, const struct skw_sha256 *uxid, struct skw_ux *ux);
	void *context;
};

/* A look-up over an array, for those who know all the outputs that matter. */
struct skw_ux_array {
	const struct skw_ux *ux;
	size_t count;
};
struct skw_ux_lookup skw_ux_array_lookup(struct skw_ux_array *array);

struct skw_limits {
	uint32_t burn_factor; /* at least one burn_factor-th of the input hours is burnt; >= 2 */
	uint32_t max_tx_size;
	uint32_t max_block_size;          /* sum of the transactions' sizes */
	uint8_t max_decimals;             /* of SKY; <= 6 */
	const struct skw_address *locked; /* outputs of these are not to be spent */
	size_t locked_count;
};

struct skw_tx_totals {
	struct skw_droplets coins;
	struct skw_hours hours_in;
	struct skw_hours hours_out;
	struct skw_hours fee;
};

enum skw_rules_mode {
	SKW_RULES_SINGLE, /* a transaction by itself */
	SKW_RULES_BLOCK,  /* one in a block: two overflows of old blocks are forgiven */
	SKW_RULES_PROVEN, /* by itself; its signatures were checked against its inputs before */
};

struct skw_verdict skw_rules_alone(const struct skw_tx *tx);
/* `head_time` is the time of the block that the next one will follow, never the wall clock. On
 * success *totals is filled. Expects that skw_rules_alone found no fault. */
struct skw_verdict skw_rules_spend(struct skw_tx_totals *totals, const struct skw_tx *tx,
				   const struct skw_ux_lookup *unspent,
				   const struct skw_block_header *head, enum skw_rules_mode mode);
/* Both of them, recovering each key once: the way of a block. */
struct skw_verdict skw_rules_hard(struct skw_tx_totals *totals, const struct skw_tx *tx,
				  const struct skw_ux_lookup *unspent,
				  const struct skw_block_header *head, enum skw_rules_mode mode);
struct skw_verdict skw_rules_soft(const struct skw_tx *tx, const struct skw_tx_totals *totals,
				  const struct skw_ux_lookup *unspent,
				  const struct skw_limits *limits);
struct skw_verdict skw_rules_user(const struct skw_tx *tx);
/* hard and soft: what a receiver of money asks before it believes a transaction. */
struct skw_verdict skw_rules_check(struct skw_tx_totals *totals, const struct skw_tx *tx,
				   const struct skw_ux_lookup *unspent,
				   const struct skw_block_header *head,
				   const struct skw_limits *limits);

/* ceil(hours_in / burn_factor), never 0: a transaction without hours cannot be sent. */
struct skw_hours skw_rules_fee_needed(struct skw_hours hours_in, uint32_t burn_factor);
/* Smallest unit of coins that the soft rule lets pass: 1000 droplets for 3 decimals. */
struct skw_droplets skw_rules_coin_step(uint8_t max_decimals);

#endif
