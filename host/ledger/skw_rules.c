#include "ledger/skw_rules.h"

#include <stdlib.h>
#include <string.h>

static struct skw_verdict fault(enum skw_fault what)
{
	return (struct skw_verdict) { .fault = what };
}

static struct skw_verdict fault_of(enum skw_fault what, const struct skw_sha256 *about)
{
	return (struct skw_verdict) { .fault = what, .about = *about };
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct skw_sha256));
}

/* Sorts the hashes and finds two equal neighbours. */
static bool has_twins(struct skw_sha256 *hash, size_t count)
{
	qsort(hash, count, sizeof(*hash), by_hash);
	for (size_t i = 1; i < count; i++)
		if (skw_sha256_equal(&hash[i - 1], &hash[i]))
			return true;
	return false;
}

static enum skw_fault duplicate_spend(const struct skw_tx *tx, struct skw_sha256 *work)
{
	memcpy(work, tx->in, tx->ins * sizeof(*work));
	return has_twins(work, tx->ins) ? SKW_FAULT_DUPLICATE_SPEND : SKW_FAULT_NONE;
}

/* Outputs collide if address, coins and hours are equal: their ids would be. */
static enum skw_fault duplicate_output(const struct skw_tx *tx, struct skw_sha256 *work)
{
	for (uint32_t i = 0; i < tx->outs; i++)
		skw_sha256_of(&work[i], tx->out + (size_t)i * SKW_TX_OUTPUT_LEN, SKW_TX_OUTPUT_LEN);
	return has_twins(work, tx->outs) ? SKW_FAULT_DUPLICATE_OUTPUT : SKW_FAULT_NONE;
}

static enum skw_fault output_coins(const struct skw_tx *tx)
{
	struct skw_droplets sum = { 0 };

	for (uint32_t i = 0; i < tx->outs; i++)
		if (skw_tx_output(tx, i).coins.n == 0)
			return SKW_FAULT_ZERO_COINS;
	for (uint32_t i = 0; i < tx->outs; i++)
		if (!skw_droplets_add(&sum, sum, skw_tx_output(tx, i).coins))
			return SKW_FAULT_COINS_OVERFLOW;
	return SKW_FAULT_NONE;
}

static enum skw_fault shape(const struct skw_tx *tx, struct skw_sha256 *work)
{
	enum skw_fault found;

	if ((found = duplicate_spend(tx, work)) != SKW_FAULT_NONE)
		return found;
	if (tx->type != 0)
		return SKW_FAULT_TYPE;
	if ((found = output_coins(tx)) != SKW_FAULT_NONE)
		return found;
	if (tx->length != tx->size)
		return SKW_FAULT_LENGTH;
	return duplicate_output(tx, work);
}

static enum skw_fault signatures(const struct skw_tx *tx)
{
	struct skw_coin_public signer;
	struct skw_sha256 hash;

	for (uint32_t i = 0; i < tx->sigs; i++) {
		if (skw_coin_sig_is_null(&tx->sig[i]))
			return SKW_FAULT_UNSIGNED;
		skw_tx_signed_hash(&hash, tx, i);
		if (!skw_coin_recover(&signer, &tx->sig[i], &hash))
			return SKW_FAULT_SIGNATURE;
	}
	return SKW_FAULT_NONE;
}

/* All that needs no curve arithmetic. */
static enum skw_fault form(const struct skw_tx *tx)
{
	size_t most = tx->ins > tx->outs ? tx->ins : tx->outs;
	struct skw_sha256 *work, inner;
	enum skw_fault found;

	if (tx->ins == 0)
		return SKW_FAULT_NO_INPUTS;
	if (tx->outs == 0)
		return SKW_FAULT_NO_OUTPUTS;
	if (tx->sigs != tx->ins)
		return SKW_FAULT_SIG_COUNT;
	if (tx->ins > SKW_TX_MAXLEN || tx->outs > SKW_TX_MAXLEN)
		return SKW_FAULT_TOO_MANY;
	work = malloc(most * sizeof(*work));
	if (work == NULL)
		return SKW_FAULT_MEMORY;
	found = shape(tx, work);
	free(work);
	if (found != SKW_FAULT_NONE)
		return found;
	skw_tx_inner(&inner, tx);
	return skw_sha256_equal(&inner, &tx->inner) ? SKW_FAULT_NONE : SKW_FAULT_INNER_HASH;
}

struct skw_verdict skw_rules_alone(const struct skw_tx *tx)
{
	enum skw_fault found = form(tx);

	return fault(found != SKW_FAULT_NONE ? found : signatures(tx));
}

/* The signature must be by the key whose address owns the output. */
static bool owns(const struct skw_tx *tx, uint32_t i, const struct skw_ux *ux)
{
	struct skw_coin_public signer;
	struct skw_address address;
	struct skw_sha256 hash;

	skw_tx_signed_hash(&hash, tx, i);
	if (!skw_coin_recover(&signer, &tx->sig[i], &hash))
		return false;
	skw_address_of_public(&address, &signer);
	return skw_address_equal(&address, &ux->address);
}

static enum skw_fault add_hours(struct skw_hours *sum, const struct skw_ux *ux, uint64_t time,
				enum skw_rules_mode mode)
{
	struct skw_hours hours;

	switch (skw_ux_hours_at(&hours, ux, time)) {
	case SKW_UX_HOURS_OK:
		break;
	case SKW_UX_HOURS_EARNED:
		return SKW_FAULT_EARNED_OVERFLOW;
	case SKW_UX_HOURS_TOTAL: /* main net's block 13277 has one: it counts as 0 hours there */
		if (mode != SKW_RULES_BLOCK)
			return SKW_FAULT_HOURS_OVERFLOW;
		break;
	}
	return skw_hours_add(sum, *sum, hours) ? SKW_FAULT_NONE : SKW_FAULT_INPUT_HOURS_OVERFLOW;
}

static struct skw_verdict inputs(struct skw_tx_totals *totals, const struct skw_tx *tx,
				 const struct skw_ux_lookup *unspent, uint64_t time,
				 enum skw_rules_mode mode)
{
	for (uint32_t i = 0; i < tx->ins; i++) {
		enum skw_fault found;
		struct skw_ux ux;

		switch (unspent->find(unspent->context, &tx->in[i], &ux)) {
		case SKW_FIND_HERE:
			break;
		case SKW_FIND_NOT:
			return fault_of(SKW_FAULT_UNKNOWN_INPUT, &tx->in[i]);
		case SKW_FIND_FAILED:
			return fault(SKW_FAULT_LOOKUP);
		}
		if (mode != SKW_RULES_PROVEN && !owns(tx, i, &ux))
			return fault_of(SKW_FAULT_NOT_OWNER, &tx->in[i]);
		if (!skw_droplets_add(&totals->coins, totals->coins, ux.coins))
			return fault(SKW_FAULT_INPUT_COINS_OVERFLOW);
		found = add_hours(&totals->hours_in, &ux, time, mode);
		if (found != SKW_FAULT_NONE)
			return fault_of(found, &tx->in[i]);
	}
	return fault(SKW_FAULT_NONE);
}

static enum skw_fault balance(struct skw_tx_totals *totals, const struct skw_tx *tx,
			      enum skw_rules_mode mode)
{
	struct skw_droplets coins = { 0 };

	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		if (!skw_droplets_add(&coins, coins, out.coins))
			return SKW_FAULT_COINS_OVERFLOW;
		if (!skw_hours_add(&totals->hours_out, totals->hours_out, out.hours)) {
			if (mode != SKW_RULES_BLOCK)
				return SKW_FAULT_OUTPUT_HOURS_OVERFLOW;
			totals->hours_out.n += out.hours.n; /* old blocks rely on the wrap */
		}
	}
	if (totals->coins.n < coins.n)
		return SKW_FAULT_INSUFFICIENT_COINS;
	if (totals->coins.n > coins.n)
		return SKW_FAULT_COINS_DESTROYED;
	if (!skw_hours_sub(&totals->fee, totals->hours_in, totals->hours_out))
		return SKW_FAULT_INSUFFICIENT_HOURS;
	return SKW_FAULT_NONE;
}

static struct skw_verdict outputs_are_new(const struct skw_tx *tx,
					  const struct skw_ux_lookup *unspent,
					  const struct skw_block_header *head)
{
	struct skw_block_header next = { .seq = head->seq + 1 };
	struct skw_sha256 txid, uxid;

	skw_tx_id(&txid, tx);
	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);
		struct skw_ux ux = skw_ux_of(&next, &txid, &out);

		skw_ux_id(&uxid, &ux);
		switch (unspent->find(unspent->context, &uxid, &ux)) {
		case SKW_FIND_HERE:
			return fault_of(SKW_FAULT_OUTPUT_EXISTS, &uxid);
		case SKW_FIND_NOT:
			break;
		case SKW_FIND_FAILED:
			return fault(SKW_FAULT_LOOKUP);
		}
	}
	return fault(SKW_FAULT_NONE);
}

struct skw_verdict skw_rules_spend(struct skw_tx_totals *totals, const struct skw_tx *tx,
				   const struct skw_ux_lookup *unspent,
				   const struct skw_block_header *head, enum skw_rules_mode mode)
{
	struct skw_verdict verdict;
	enum skw_fault found;

	*totals = (struct skw_tx_totals) { 0 };
	verdict = inputs(totals, tx, unspent, head->time, mode);
	if (verdict.fault != SKW_FAULT_NONE)
		return verdict;
	found = balance(totals, tx, mode);
	if (found != SKW_FAULT_NONE)
		return fault(found);
	return outputs_are_new(tx, unspent, head);
}

struct skw_verdict skw_rules_hard(struct skw_tx_totals *totals, const struct skw_tx *tx,
				  const struct skw_ux_lookup *unspent,
				  const struct skw_block_header *head, enum skw_rules_mode mode)
{
	struct skw_verdict verdict = fault(form(tx));

	*totals = (struct skw_tx_totals) { 0 };
	if (verdict.fault != SKW_FAULT_NONE)
		return verdict;
	verdict = skw_rules_spend(totals, tx, unspent, head, mode);
	if (verdict.fault != SKW_FAULT_NONE && mode != SKW_RULES_PROVEN) {
		enum skw_fault earlier = signatures(tx); /* the original would name this one */

		if (earlier != SKW_FAULT_NONE)
			return fault(earlier);
	}
	return verdict;
}

struct skw_hours skw_rules_fee_needed(struct skw_hours hours_in, uint32_t burn_factor)
{
	struct skw_hours fee = { hours_in.n / burn_factor + (hours_in.n % burn_factor != 0) };

	if (fee.n == 0)
		fee.n = 1;
	return fee;
}

struct skw_droplets skw_rules_coin_step(uint8_t max_decimals)
{
	struct skw_droplets step = { 1 };

	for (unsigned d = max_decimals; d < 6; d++)
		step.n *= 10;
	return step;
}

static bool is_locked(const struct skw_limits *limits, const struct skw_address *address)
{
	for (size_t i = 0; i < limits->locked_count; i++)
		if (skw_address_equal(&limits->locked[i], address))
			return true;
	return false;
}

static struct skw_verdict locked_inputs(const struct skw_tx *tx,
					const struct skw_ux_lookup *unspent,
					const struct skw_limits *limits)
{
	struct skw_ux ux;

	for (uint32_t i = 0; i < tx->ins && limits->locked_count > 0; i++) {
		enum skw_find found = unspent->find(unspent->context, &tx->in[i], &ux);

		if (found == SKW_FIND_FAILED)
			return fault(SKW_FAULT_LOOKUP);
		if (found == SKW_FIND_HERE && is_locked(limits, &ux.address))
			return fault_of(SKW_FAULT_LOCKED, &tx->in[i]);
	}
	return fault(SKW_FAULT_NONE);
}

struct skw_verdict skw_rules_soft(const struct skw_tx *tx, const struct skw_tx_totals *totals,
				  const struct skw_ux_lookup *unspent,
				  const struct skw_limits *limits)
{
	struct skw_droplets step = skw_rules_coin_step(limits->max_decimals);
	struct skw_verdict verdict;

	if (tx->size > limits->max_tx_size)
		return fault(SKW_FAULT_SIZE);
	if (totals->fee.n == 0)
		return fault(SKW_FAULT_NO_FEE);
	if (totals->fee.n < skw_rules_fee_needed(totals->hours_in, limits->burn_factor).n)
		return fault(SKW_FAULT_FEE);
	verdict = locked_inputs(tx, unspent, limits);
	if (verdict.fault != SKW_FAULT_NONE)
		return verdict;
	for (uint32_t i = 0; i < tx->outs; i++)
		if (skw_tx_output(tx, i).coins.n % step.n != 0)
			return fault(SKW_FAULT_DECIMALS);
	return fault(SKW_FAULT_NONE);
}

struct skw_verdict skw_rules_user(const struct skw_tx *tx)
{
	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		if (skw_address_is_null(&out.address))
			return fault(SKW_FAULT_NULL_ADDRESS);
	}
	return fault(SKW_FAULT_NONE);
}

struct skw_verdict skw_rules_check(struct skw_tx_totals *totals, const struct skw_tx *tx,
				   const struct skw_ux_lookup *unspent,
				   const struct skw_block_header *head,
				   const struct skw_limits *limits)
{
	struct skw_verdict verdict = skw_rules_hard(totals, tx, unspent, head, SKW_RULES_SINGLE);

	if (verdict.fault == SKW_FAULT_NONE)
		verdict = skw_rules_soft(tx, totals, unspent, limits);
	return verdict;
}

static enum skw_find find_in_array(void *context, const struct skw_sha256 *uxid, struct skw_ux *ux)
{
	const struct skw_ux_array *array = context;
	struct skw_sha256 id;

	for (size_t i = 0; i < array->count; i++) {
		skw_ux_id(&id, &array->ux[i]);
		if (skw_sha256_equal(&id, uxid)) {
			*ux = array->ux[i];
			return SKW_FIND_HERE;
		}
	}
	return SKW_FIND_NOT;
}

struct skw_ux_lookup skw_ux_array_lookup(struct skw_ux_array *array)
{
	return (struct skw_ux_lookup) { .find = find_in_array, .context = array };
}
