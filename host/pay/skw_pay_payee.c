#include "pay/skw_pay_state.h"

#include <string.h>

enum { OUTPUTS_MAX = 2 };

/* ---- checking a voucher ---- */

/* What the transaction pays to us. */
static uint64_t pays(const struct skw_tx *tx, const struct skw_address *us)
{
	struct skw_droplets sum = { 0 };

	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		if (skw_address_equal(&out.address, us) && !skw_droplets_add(&sum, sum, out.coins))
			return 0;
	}
	return sum.n;
}

static bool same_inputs(const struct skw_account *a, const struct skw_tx *tx)
{
	if (tx->ins != a->inputs)
		return false;
	for (unsigned i = 0; i < a->inputs; i++)
		if (!skw_sha256_equal(&tx->in[i], &a->input[i].uxid))
			return false;
	return true;
}

static enum skw_voucher_verdict verdict_of(enum skw_fault fault)
{
	if (fault == SKW_FAULT_UNKNOWN_INPUT)
		return SKW_VOUCHER_UNKNOWN_INPUT;
	if (fault == SKW_FAULT_SIG_COUNT || fault == SKW_FAULT_UNSIGNED ||
	    fault == SKW_FAULT_SIGNATURE || fault == SKW_FAULT_NOT_OWNER)
		return SKW_VOUCHER_SIGNATURE;
	if (fault == SKW_FAULT_INSUFFICIENT_HOURS || fault == SKW_FAULT_NO_FEE ||
	    fault == SKW_FAULT_FEE)
		return SKW_VOUCHER_FEE;
	return fault == SKW_FAULT_NONE ? SKW_VOUCHER_OK : SKW_VOUCHER_RULES;
}

/* Is it what this account is to get? */
static enum skw_voucher_verdict check_account(const struct skw_pay *pay,
					      const struct skw_account *a, const struct skw_tx *tx,
					      uint64_t amount)
{
	uint64_t paid;

	if (tx->ins > SKW_PAY_INPUTS_MAX || tx->outs > OUTPUTS_MAX)
		return SKW_VOUCHER_SIZE;
	paid = pays(tx, &pay->config.wallet);
	if (paid == 0)
		return SKW_VOUCHER_ADDRESS;
	if (paid != amount || amount % pay->step != 0)
		return SKW_VOUCHER_AMOUNT;
	if (amount <= a->voucher.amount)
		return SKW_VOUCHER_SHRINKS;
	if (a->voucher.amount > 0 && !same_inputs(a, tx))
		return SKW_VOUCHER_INPUTS;
	return SKW_VOUCHER_OK;
}

/* Is it money, against the inputs as our ledger knows them? */
static enum skw_voucher_verdict check_money(const struct skw_pay *pay, const struct skw_tx *tx,
					    const struct skw_pay_input *input, unsigned inputs,
					    uint64_t head_time)
{
	struct skw_ux ux[SKW_PAY_INPUTS_MAX];
	struct skw_ux_array array = { ux, inputs };
	struct skw_ux_lookup lookup = skw_ux_array_lookup(&array);
	struct skw_block_header head = { .time = head_time };
	struct skw_tx_totals totals;

	for (unsigned i = 0; i < inputs; i++) {
		ux[i] = input[i].ux;
		head.seq = ux[i].seq > head.seq ? ux[i].seq : head.seq;
	}
	return verdict_of(skw_rules_check(&totals, tx, &lookup, &head, &pay->config.limits).fault);
}

static void answer(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		   struct skw_account *a, enum skw_voucher_verdict v, uint64_t amount)
{
	bool news = v != a->verdict;

	a->verdict = v;
	a->accept_due = true;
	if (news && v != SKW_VOUCHER_OK && v != SKW_VOUCHER_WAIT && v != SKW_VOUCHER_SETTLING)
		skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_VOUCHER_REFUSED, amount, NULL);
}

static void accept(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		   struct skw_account *a, const struct skw_tx *tx, uint64_t amount, bool last)
{
	a->voucher.amount = amount;
	a->voucher.last = last;
	a->voucher.len = (uint16_t)tx->size;
	skw_tx_id(&a->voucher.txid, tx);
	memmove(a->voucher.tx, tx->raw, tx->size);
	a->pending.amount = 0;
	a->dirty = true;
	skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_VOUCHER_ACCEPTED, amount, &a->voucher.txid);
	answer(pay, now_us, p, a, SKW_VOUCHER_OK, amount);
}

/* Keeps it until the ledger has said what its inputs are. */
static void hold(struct skw_account *a, const struct skw_tx *tx, uint64_t amount, bool last)
{
	a->pending.amount = amount;
	a->pending.last = last;
	a->pending.len = (uint16_t)tx->size;
	memcpy(a->pending.tx, tx->raw, tx->size);
}

static enum skw_voucher_verdict check_state(const struct skw_pay *pay, const struct skw_account *a,
					    const struct skw_pay_message *m)
{
	if (a->state == SKW_PAY_STATE_CUT)
		return SKW_VOUCHER_CUT;
	if (!skw_sha256_equal(&m->u.voucher.network, &pay->config.network))
		return SKW_VOUCHER_NETWORK;
	if (m->epoch != a->epoch)
		return SKW_VOUCHER_EPOCH;
	return a->state == SKW_PAY_STATE_SETTLING ? SKW_VOUCHER_SETTLING : SKW_VOUCHER_OK;
}

void skw_pay_payee_on_voucher(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			      const struct skw_pay_message *m)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYEE];
	uint64_t amount = m->u.voucher.amount;
	enum skw_voucher_verdict v = check_state(pay, a, m);
	struct skw_tx tx;

	if (v == SKW_VOUCHER_OK && amount > 0 && amount == a->voucher.amount &&
	    m->u.voucher.tx_len == a->voucher.len &&
	    memcmp(m->u.voucher.tx, a->voucher.tx, a->voucher.len) == 0) {
		a->voucher.last |= m->u.voucher.last;
		answer(pay, now_us, p, a, SKW_VOUCHER_OK, amount); /* our answer was lost */
		return;
	}
	if (v == SKW_VOUCHER_OK &&
	    skw_tx_decode(&tx, m->u.voucher.tx, m->u.voucher.tx_len) != SKW_CODEC_OK)
		v = SKW_VOUCHER_CODEC;
	if (v == SKW_VOUCHER_OK)
		v = check_account(pay, a, &tx, amount);
	if (v == SKW_VOUCHER_OK && a->voucher.amount > 0) {
		v = check_money(pay, &tx, a->input, a->inputs, a->head_time);
	} else if (v == SKW_VOUCHER_OK) { /* what can be said without a ledger */
		v = verdict_of(skw_rules_alone(&tx).fault);
		if (v == SKW_VOUCHER_OK)
			v = SKW_VOUCHER_WAIT;
	}

	/* hours grow with the head's time: what is too little by an old head may be enough by the
	 * newest */
	if (v == SKW_VOUCHER_FEE)
		v = SKW_VOUCHER_WAIT;
	if (v == SKW_VOUCHER_WAIT)
		hold(a, &tx, amount, m->u.voucher.last);
	if (v == SKW_VOUCHER_OK)
		accept(pay, now_us, p, a, &tx, amount, m->u.voucher.last);
	else
		answer(pay, now_us, p, a, v, amount);
}

static const struct skw_pay_unspent *look_up(const struct skw_pay_unspent *list, size_t count,
					     const struct skw_sha256 *uxid)
{
	for (size_t i = 0; i < count; i++)
		if (skw_sha256_equal(&list[i].uxid, uxid))
			return &list[i];
	return NULL;
}

/* The voucher that waited, now that the payer's unspent outputs are known. */
static void check_pending(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			  struct skw_account *a, const struct skw_pay_unspent *list, size_t count)
{
	struct skw_pay_input input[SKW_PAY_INPUTS_MAX];
	uint64_t amount = a->pending.amount;
	enum skw_voucher_verdict v;
	struct skw_tx tx;

	a->pending.amount = 0;
	if (skw_tx_decode(&tx, a->pending.tx, a->pending.len) != SKW_CODEC_OK)
		return;
	v = check_account(pay, a, &tx, amount); /* the account may have moved on */
	for (unsigned i = 0; v == SKW_VOUCHER_OK && i < tx.ins; i++) {
		const struct skw_pay_unspent *u = look_up(list, count, &tx.in[i]);

		if (u == NULL || u->outgoing)
			v = SKW_VOUCHER_UNKNOWN_INPUT;
		else
			input[i] = (struct skw_pay_input) { u->uxid, u->ux };
	}
	if (v == SKW_VOUCHER_OK)
		v = check_money(pay, &tx, input, tx.ins, a->head_time);
	if (v != SKW_VOUCHER_OK) {
		answer(pay, now_us, p, a, v, amount);
		return;
	}
	a->inputs = tx.ins;
	memcpy(a->input, input, tx.ins * sizeof(input[0]));
	accept(pay, now_us, p, a, &tx, amount, a->pending.last);
}

void skw_pay_payee_on_unspents(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			       const struct skw_pay_unspent *list, size_t count, uint64_t head_time)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYEE];

	if (a->state == SKW_PAY_STATE_CUT)
		return;
	if (head_time > a->head_time)
		a->head_time = head_time;
	if (a->pending.amount > 0 && a->state == SKW_PAY_STATE_OPEN)
		check_pending(pay, now_us, p, a, list, count);
	for (unsigned i = 0; a->voucher.amount > 0 && i < a->inputs; i++) {
		const struct skw_pay_unspent *u = look_up(list, count, &a->input[i].uxid);

		if (u == NULL) { /* spent: by whom? */
			a->ask_outputs = true;
			a->ask_output = 0;
		} else if (u->outgoing) { /* about to be: perhaps ours is first */
			a->settle_request = true;
		}
	}
}

/* ---- settling ---- */

void skw_pay_begin_settling(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			    struct skw_account *a, uint64_t amount, const struct skw_sha256 *txid)
{
	a->state = SKW_PAY_STATE_SETTLING;
	a->settle_epoch = a->epoch;
	a->settle_amount = amount;
	if (amount > a->accepted)
		a->accepted = amount;
	a->settle_txid = *txid;
	a->settle_at = 0;
	a->settle_request = false;
	a->pending.amount = 0;
	a->asked_at = now_us; /* the first look at the chain is a period away */
	a->dirty = a->sure = true;
	skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_SETTLING, amount, txid);
}

void skw_pay_payee_step(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYEE];
	const struct skw_pay_config *c = &pay->config;
	bool full;

	if (a->state != SKW_PAY_STATE_OPEN)
		return;
	if (a->pending.amount > 0 && p->hello_known &&
	    skw_pay_due(pay, now_us,
			a->asked_at == 0 ? 0 : skw_pay_later(a->asked_at, c->ledger_us)))
		a->ask_unspents = true;
	if (a->voucher.amount == 0) {
		a->settle_request = false;
		a->first_at = UINT64_MAX;
		return;
	}
	if (a->first_at == UINT64_MAX)
		a->first_at = now_us;
	full = a->voucher.amount >= c->settle_amount ||
	       skw_pay_later(skw_pay_at_stake(pay, a), a->voucher.amount) >= c->unsettled_limit;
	if (full || a->voucher.last || a->settle_request || pay->closing ||
	    skw_pay_due(pay, now_us, skw_pay_later(a->first_at, c->settle_us))) {
		a->inject_due = true;
		skw_pay_begin_settling(pay, now_us, p, a, a->voucher.amount, &a->voucher.txid);
	} else if (p->hello_known &&
		   skw_pay_due(pay, now_us,
			       skw_pay_later(a->asked_at, SKW_PAY_WATCH * c->ledger_us))) {
		a->ask_unspents = true;
	}
}
