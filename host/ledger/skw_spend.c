#include "ledger/skw_spend.h"

#include <stdlib.h>
#include <string.h>

static bool is_fine(struct skw_droplets coins, const struct skw_limits *limits)
{
	return coins.n % skw_rules_coin_step(limits->max_decimals).n == 0;
}

/* ---- build ---- */

struct sums {
	struct skw_droplets coins_in, coins_out;
	struct skw_hours hours_in, hours_out;
};

static enum skw_spend_status sum_inputs(struct sums *sums, const struct skw_spend_input *in,
					size_t ins)
{
	for (size_t i = 0; i < ins; i++) {
		if (!skw_droplets_add(&sums->coins_in, sums->coins_in, in[i].coins) ||
		    !skw_hours_add(&sums->hours_in, sums->hours_in, in[i].hours))
			return SKW_SPEND_OVERFLOW;
		for (size_t j = 0; j < i; j++)
			if (skw_sha256_equal(&in[i].uxid, &in[j].uxid))
				return SKW_SPEND_DUPLICATE;
	}
	return SKW_SPEND_OK;
}

static bool same_output(const struct skw_tx_output *a, const struct skw_tx_output *b)
{
	return skw_address_equal(&a->address, &b->address) && a->coins.n == b->coins.n &&
	       a->hours.n == b->hours.n;
}

static enum skw_spend_status sum_outputs(struct sums *sums, const struct skw_tx_output *to,
					 size_t tos, const struct skw_limits *limits)
{
	for (size_t i = 0; i < tos; i++) {
		if (to[i].coins.n == 0)
			return SKW_SPEND_ZERO;
		if (!is_fine(to[i].coins, limits))
			return SKW_SPEND_DECIMALS;
		if (!skw_droplets_add(&sums->coins_out, sums->coins_out, to[i].coins) ||
		    !skw_hours_add(&sums->hours_out, sums->hours_out, to[i].hours))
			return SKW_SPEND_OVERFLOW;
		for (size_t j = 0; j < i; j++)
			if (same_output(&to[i], &to[j]))
				return SKW_SPEND_DUPLICATE;
	}
	return SKW_SPEND_OK;
}

/* Two equal outputs would have one id; an hour burnt more makes the change another. */
static enum skw_spend_status tell_apart(struct skw_tx_output *change, struct skw_hours *fee,
					const struct skw_tx_output *to, size_t tos)
{
	for (size_t i = 0; i < tos; i++) {
		if (!same_output(change, &to[i]))
			continue;
		if (change->hours.n == 0)
			return SKW_SPEND_DUPLICATE;
		change->hours.n--;
		fee->n++;
		i = (size_t)-1; /* it may now equal another one: look at all again */
	}
	return SKW_SPEND_OK;
}

/* What is left goes to the change output, or without one into the fee. */
static enum skw_spend_status make_change(struct skw_spend_result *result,
					 struct skw_tx_output *rest, const struct sums *sums,
					 const struct skw_tx_output *to, size_t tos,
					 const struct skw_address *change,
					 const struct skw_limits *limits)
{
	struct skw_hours left;

	if (!skw_droplets_sub(&result->change, sums->coins_in, sums->coins_out))
		return SKW_SPEND_COINS;
	result->fee = skw_rules_fee_needed(sums->hours_in, limits->burn_factor);
	if (!skw_hours_sub(&left, sums->hours_in, result->fee) ||
	    !skw_hours_sub(&left, left, sums->hours_out))
		return SKW_SPEND_HOURS;
	if (result->change.n == 0) {
		result->fee.n += left.n; /* at most hours_in */
		return SKW_SPEND_OK;
	}
	if (change == NULL)
		return SKW_SPEND_CHANGE;
	if (!is_fine(result->change, limits))
		return SKW_SPEND_DECIMALS;
	*rest = (struct skw_tx_output) { *change, result->change, left };
	if (tell_apart(rest, &result->fee, to, tos) != SKW_SPEND_OK)
		return SKW_SPEND_DUPLICATE;
	result->change_hours = rest->hours;
	return SKW_SPEND_OK;
}

static enum skw_spend_status write_draft(uint8_t *out, size_t cap, struct skw_spend_result *result,
					 const struct skw_spend_input *in, size_t ins,
					 const struct skw_tx_output *outputs, size_t outs)
{
	struct skw_sha256 ids[SKW_SPEND_MAX];

	for (size_t i = 0; i < ins; i++)
		ids[i] = in[i].uxid;
	result->size = skw_tx_put_unsigned(out, cap, ids, (uint32_t)ins, outputs, (uint32_t)outs);
	if (result->size == 0)
		return SKW_SPEND_ROOM;
	skw_sha256_of(&result->txid, out, result->size);
	return SKW_SPEND_OK;
}

enum skw_spend_status skw_spend_draft(uint8_t *out, size_t cap, struct skw_spend_result *result,
				      const struct skw_spend_input *in, size_t ins,
				      const struct skw_tx_output *to, size_t tos,
				      const struct skw_address *change,
				      const struct skw_limits *limits)
{
	struct skw_tx_output outputs[SKW_SPEND_MAX];
	struct sums sums = { 0 };
	enum skw_spend_status status;

	*result = (struct skw_spend_result) { 0 };
	if (ins == 0 || tos == 0)
		return SKW_SPEND_NOTHING;
	if (ins > SKW_SPEND_MAX || tos >= SKW_SPEND_MAX)
		return SKW_SPEND_MANY;
	memcpy(outputs, to, tos * sizeof(*to));
	status = sum_inputs(&sums, in, ins);
	if (status == SKW_SPEND_OK)
		status = sum_outputs(&sums, to, tos, limits);
	if (status == SKW_SPEND_OK)
		status = make_change(result, &outputs[tos], &sums, to, tos, change, limits);
	if (status != SKW_SPEND_OK)
		return status;
	if (result->change.n > 0)
		tos++;
	if (SKW_TX_SIZE(ins, tos) > limits->max_tx_size)
		return SKW_SPEND_MANY;
	return write_draft(out, cap, result, in, ins, outputs, tos);
}

enum skw_spend_status skw_spend_build(uint8_t *out, size_t cap, struct skw_spend_result *result,
				      const struct skw_spend_input *in, size_t ins,
				      const struct skw_tx_output *to, size_t tos,
				      const struct skw_address *change,
				      const struct skw_limits *limits)
{
	enum skw_spend_status status =
	    skw_spend_draft(out, cap, result, in, ins, to, tos, change, limits);

	if (status != SKW_SPEND_OK)
		return status;
	for (size_t i = 0; i < ins; i++)
		if (!skw_tx_sign_input(out, result->size, (uint32_t)i, &in[i].secret))
			return SKW_SPEND_KEY;
	skw_sha256_of(&result->txid, out, result->size);
	return SKW_SPEND_OK;
}

/* ---- choose ---- */

static int most_coins_first(const void *a, const void *b)
{
	const struct skw_spend_coin *x = a, *y = b;

	if (x->coins.n != y->coins.n)
		return x->coins.n > y->coins.n ? -1 : 1;
	if (x->hours.n != y->hours.n)
		return x->hours.n < y->hours.n ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return memcmp(x->uxid.b, y->uxid.b, sizeof(x->uxid.b));
}

struct choice {
	struct skw_spend_coin *coins; /* the chosen ones in front */
	size_t count, chosen;
	struct skw_droplets coins_want, coins_have;
	struct skw_hours hours_want, hours_have;
};

/* Moves one to the end of the chosen, keeping the order of the others. */
static bool take(struct choice *c, size_t i)
{
	struct skw_spend_coin coin = c->coins[i];

	if (!skw_droplets_add(&c->coins_have, c->coins_have, coin.coins) ||
	    !skw_hours_add(&c->hours_have, c->hours_have, coin.hours))
		return false;
	memmove(&c->coins[c->chosen + 1], &c->coins[c->chosen],
		(i - c->chosen) * sizeof(*c->coins));
	c->coins[c->chosen++] = coin;
	return true;
}

static bool enough(const struct choice *c, const struct skw_limits *limits)
{
	struct skw_hours left;

	return c->coins_have.n >= c->coins_want.n &&
	       skw_hours_sub(&left, c->hours_have,
			     skw_rules_fee_needed(c->hours_have, limits->burn_factor)) &&
	       left.n >= c->hours_want.n;
}

/* Takes coins with or without hours, in their order, until that suffices. */
static bool take_while_needed(struct choice *c, bool with_hours, bool hours_too,
			      const struct skw_limits *limits)
{
	for (size_t i = c->chosen; i < c->count; i++) {
		bool done = hours_too ? enough(c, limits) : c->coins_have.n >= c->coins_want.n;

		if (done)
			break;
		if ((c->coins[i].hours.n > 0) == with_hours && !take(c, i))
			return false;
	}
	return true;
}

enum skw_spend_status skw_spend_choose(size_t *chosen, struct skw_spend_coin *coins, size_t count,
				       const struct skw_tx_output *to, size_t tos,
				       const struct skw_limits *limits)
{
	struct choice c = { .coins = coins, .count = count };
	struct sums sums = { 0 };
	enum skw_spend_status status = sum_outputs(&sums, to, tos, limits);
	size_t first = 0;

	*chosen = 0;
	if (tos == 0 || count == 0)
		return tos == 0 ? SKW_SPEND_NOTHING : SKW_SPEND_COINS;
	if (status != SKW_SPEND_OK && status != SKW_SPEND_DUPLICATE) /* hours are shared later */
		return status;
	c.coins_want = sums.coins_out;
	c.hours_want = sums.hours_out;
	qsort(coins, count, sizeof(*coins), most_coins_first);
	while (first < count && coins[first].hours.n == 0)
		first++;
	if (first == count)
		return SKW_SPEND_HOURS; /* nothing could pay the fee */
	if (!take(&c, first) || !take_while_needed(&c, false, false, limits) ||
	    !take_while_needed(&c, true, true, limits))
		return SKW_SPEND_OVERFLOW;
	if (c.coins_have.n < c.coins_want.n)
		return SKW_SPEND_COINS;
	if (!enough(&c, limits))
		return SKW_SPEND_HOURS;
	*chosen = c.chosen;
	return c.chosen > SKW_SPEND_MAX ? SKW_SPEND_MANY : SKW_SPEND_OK;
}

/* a * b / c for b <= c, without overflow: 128 bits on the way. */
static uint64_t portion(uint64_t a, uint64_t b, uint64_t c)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)a * b / c);
}

enum skw_spend_status skw_spend_share(struct skw_tx_output *to, size_t tos,
				      struct skw_hours hours_in, uint64_t part, uint64_t whole,
				      const struct skw_limits *limits)
{
	struct skw_droplets coins = { 0 };
	struct skw_hours left;
	uint64_t gives, given = 0;

	for (size_t i = 0; i < tos; i++)
		if (!skw_droplets_add(&coins, coins, to[i].coins))
			return SKW_SPEND_OVERFLOW;
	if (coins.n == 0)
		return SKW_SPEND_ZERO;
	if (!skw_hours_sub(&left, hours_in, skw_rules_fee_needed(hours_in, limits->burn_factor)))
		return SKW_SPEND_HOURS;
	gives = portion(left.n, part < whole ? part : whole, whole);
	for (size_t i = 0; i < tos; i++) {
		to[i].hours.n = portion(gives, to[i].coins.n, coins.n);
		given += to[i].hours.n;
	}
	/* What rounding left: first to those with none, then from the front. */
	for (size_t i = 0; i < tos && given < gives; i++)
		if (to[i].hours.n == 0) {
			to[i].hours.n++;
			given++;
		}
	for (size_t i = 0; i < tos && given < gives; i++, given++)
		to[i].hours.n++;
	return SKW_SPEND_OK;
}

const char *skw_spend_status_text(enum skw_spend_status status)
{
	switch (status) {
	case SKW_SPEND_OK:
		return "ok";
	case SKW_SPEND_NOTHING:
		return "nothing to spend or nowhere to send it";
	case SKW_SPEND_MANY:
		return "too many inputs or outputs for one transaction";
	case SKW_SPEND_ZERO:
		return "Zero coin output";
	case SKW_SPEND_DECIMALS:
		return "invalid amount, too many decimal places";
	case SKW_SPEND_OVERFLOW:
		return "the amounts do not fit 64 bits";
	case SKW_SPEND_COINS:
		return "balance is not sufficient";
	case SKW_SPEND_HOURS:
		return "hours are not sufficient";
	case SKW_SPEND_CHANGE:
		return "coins are left over and there is no change address";
	case SKW_SPEND_DUPLICATE:
		return "the same input or output twice";
	case SKW_SPEND_KEY:
		return "invalid secret key";
	case SKW_SPEND_ROOM:
		return "the buffer is too small";
	}
	return "?";
}
