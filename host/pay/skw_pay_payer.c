#include "pay/skw_pay_state.h"

#include <string.h>

enum { SIGNATURES_AT = 4 + 1 + 32 + 4, SIGNATURE = 65 }; /* in a transaction */

uint64_t skw_pay_inputs_coins(const struct skw_account *a)
{
	uint64_t coins = 0; /* of real outputs: all coins there are fit 64 bits */

	for (unsigned i = 0; i < a->inputs; i++)
		coins += a->input[i].ux.coins.n;
	return coins;
}

static bool hours_of(struct skw_hours *out, const struct skw_account *a)
{
	*out = (struct skw_hours) { 0 };
	for (unsigned i = 0; i < a->inputs; i++) {
		struct skw_hours h;

		if (skw_ux_hours_at(&h, &a->input[i].ux, a->head_time) != SKW_UX_HOURS_OK ||
		    !skw_hours_add(out, *out, h))
			return false;
	}
	return true;
}

static bool sign(const struct skw_pay *pay, const struct skw_account *a, struct skw_pay_voucher *v)
{
	struct skw_tx tx;

	if (skw_tx_decode(&tx, v->tx, v->len) != SKW_CODEC_OK)
		return false;
	for (unsigned i = 0; i < a->inputs; i++) {
		struct skw_coin_sig sig;
		struct skw_sha256 hash;

		skw_tx_signed_hash(&hash, &tx, i);
		if (!pay->config.signer.sign(pay->config.signer.context, &sig, &hash,
					     &a->input[i].ux.address))
			return false;
		memcpy(v->tx + SIGNATURES_AT + SIGNATURE * i, sig.b, SIGNATURE);
	}
	skw_tx_id(&v->txid, &tx); /* decoded in place: it sees the signatures */
	return true;
}

/* The hours that go with the coins: about their part. More would starve the payer, whose next
 * vouchers need hours to burn; one more, where there are plenty, makes the output fit to be spent
 * at once. */
static uint64_t hours_along(uint64_t rest, uint64_t amount, uint64_t coins)
{
	uint64_t part = rest / (coins / amount + 1) + (rest >= 100);

	return part < rest && amount < coins ? part : rest;
}

/* The voucher of this epoch over `amount`: always the same bytes for the same amount, so that the
 * payer can tell by its id which of them was settled. */
static bool make_voucher(const struct skw_pay *pay, const struct skw_pay_peer *p,
			 const struct skw_account *a, uint64_t amount, struct skw_pay_voucher *v)
{
	uint64_t coins = skw_pay_inputs_coins(a);
	struct skw_sha256 in[SKW_PAY_INPUTS_MAX];
	struct skw_tx_output out[2];
	struct skw_hours hours, rest;
	uint32_t outs = amount < coins ? 2 : 1;
	uint64_t along;

	if (a->inputs == 0 || amount == 0 || amount > coins || !hours_of(&hours, a) ||
	    !skw_hours_sub(&rest, hours,
			   skw_rules_fee_needed(hours, pay->config.limits.burn_factor)))
		return false;
	along = hours_along(rest.n, amount, coins);
	for (unsigned i = 0; i < a->inputs; i++)
		in[i] = a->input[i].uxid;
	out[0] = (struct skw_tx_output) { p->wallet, { amount }, { along } };
	out[1] =
	    (struct skw_tx_output) { pay->config.wallet, { coins - amount }, { rest.n - along } };

	v->amount = amount;
	v->len = (uint16_t)skw_tx_put_unsigned(v->tx, sizeof(v->tx), in, a->inputs, out, outs);
	return v->len > 0 && sign(pay, a, v);
}

/* ---- outputs set aside ---- */

static void take(struct skw_account *a, const struct skw_pay_unspent *u)
{
	a->input[a->inputs++] = (struct skw_pay_input) { u->uxid, u->ux };
}

/* The smallest output that is enough alone, else the largest together. */
static bool reserve(struct skw_pay *pay, struct skw_account *a)
{
	uint64_t want = pay->config.reserve;
	struct skw_hours hours;

	a->inputs = 0;
	a->head_time = pay->head_time;
	for (unsigned i = pay->free_count; i-- > 0 && a->inputs == 0;)
		if (pay->free[i].ux.coins.n >= want && !skw_pay_reserved(pay, &pay->free[i].uxid))
			take(a, &pay->free[i]);
	for (unsigned i = 0; i < pay->free_count && skw_pay_inputs_coins(a) < want; i++)
		if (a->inputs < SKW_PAY_INPUTS_MAX && !skw_pay_reserved(pay, &pay->free[i].uxid))
			take(a, &pay->free[i]);
	if (a->inputs > 0 && hours_of(&hours, a) && hours.n > 0)
		return true;
	a->inputs = 0;
	return false;
}

static bool set_aside(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		      struct skw_account *a)
{
	if (a->inputs > 0)
		return true;
	if (!pay->wallet_known) {
		pay->wallet_wanted = true;
		return false;
	}
	if (reserve(pay, a)) {
		a->no_funds = false;
		a->dirty = true;
		return true;
	}
	if (!a->no_funds)
		skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_NO_FUNDS, skw_pay_due_now(a), NULL);
	a->no_funds = true;
	pay->wallet_known = false; /* ask again, in time */
	pay->wallet_wanted = true;
	return false;
}

void skw_pay_payer_on_unspents(struct skw_pay *pay, struct skw_pay_peer *p,
			       const struct skw_pay_unspent *list, size_t count)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYER];
	bool here = true;

	(void)pay;
	for (unsigned i = 0; i < a->inputs && here; i++) {
		here = false;
		for (size_t k = 0; k < count && !here; k++)
			here = skw_sha256_equal(&a->input[i].uxid, &list[k].uxid);
	}
	if (here || a->state != SKW_PAY_STATE_OPEN)
		return;
	if (a->voucher.amount == 0) { /* spent otherwise, and nobody was promised anything */
		a->inputs = 0;
		a->dirty = true;
		return;
	}
	a->ask_outputs = true;
	a->ask_output = 0;
}

/* ---- vouchers ---- */

/* Is so much worth a signature? A quarter of what the payee lends is at once, the threshold after a
 * while, and less than that when it has been due for long: who is owed much does not wait, and fast
 * traffic does not cost a signature for each step. */
static bool worth_paying(struct skw_pay *pay, uint64_t now_us, const struct skw_pay_peer *p,
			 const struct skw_account *a, uint64_t due)
{
	const struct skw_pay_config *c = &pay->config;
	uint64_t quarter = p->credit_limit / 4;

	if (quarter < pay->step)
		quarter = pay->step;
	return due >= quarter ||
	       (due >= c->pay_threshold &&
		skw_pay_due(pay, now_us,
			    a->made_at == 0 ? 0 : skw_pay_later(a->made_at, c->hurry_us))) ||
	       skw_pay_due(pay, now_us, skw_pay_later(a->due_since, c->pay_us));
}

void skw_pay_payer_step(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYER];
	uint64_t due = skw_pay_due_now(a) / pay->step * pay->step, limit, target;

	if (!a->used || a->state != SKW_PAY_STATE_OPEN || !p->hello_known || p->wrong_network ||
	    !set_aside(pay, now_us, p, a))
		return;
	if (a->voucher.amount > 0 && !pay->wallet_wanted &&
	    skw_pay_due(pay, now_us,
			skw_pay_later(a->asked_at, SKW_PAY_WATCH * pay->config.ledger_us))) {
		a->asked_at = now_us;
		pay->wallet_wanted = true;
	}

	limit = skw_pay_inputs_coins(a);
	limit = (limit < pay->config.reserve ? limit : pay->config.reserve) / pay->step * pay->step;
	target = due < limit ? due : limit;
	if (target <= a->voucher.amount) {
		a->due_since = UINT64_MAX;
		return;
	}
	if (a->due_since == UINT64_MAX)
		a->due_since = now_us;
	if (target < limit && !pay->closing &&
	    !worth_paying(pay, now_us, p, a, target - a->voucher.amount))
		return;
	if (!make_voucher(pay, p, a, target, &a->voucher))
		return;
	a->voucher.last = target == limit;
	a->voucher_at = 0;
	a->due_since = UINT64_MAX;
	a->made_at = now_us;
	a->dirty = a->sure = true;
	skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_VOUCHER_SENT, target, &a->voucher.txid);
}

void skw_pay_payer_on_accept(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			     const struct skw_pay_message *m)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYER];
	enum skw_voucher_verdict v = m->u.accept.verdict;
	bool refused = v != SKW_VOUCHER_OK && v != SKW_VOUCHER_WAIT && v != SKW_VOUCHER_SETTLING;

	if (m->epoch != a->epoch)
		return;
	if (m->u.accept.amount > a->heard && m->u.accept.amount <= a->voucher.amount)
		a->heard = m->u.accept.amount;
	if (m->u.accept.amount > a->accepted && m->u.accept.amount <= a->voucher.amount) {
		a->accepted = m->u.accept.amount;
		a->dirty = true;
	}
	if (refused && v != a->verdict) {
		a->verdict = v; /* for the note */
		skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_VOUCHER_REFUSED, a->voucher.amount,
			     &a->voucher.txid);
	}
	a->verdict = v;
}

void skw_pay_payer_on_settle(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			     const struct skw_pay_message *m)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYER];
	struct skw_pay_voucher v = { 0 };

	if (m->epoch < a->epoch)
		a->report_due = true; /* tells it our epoch */
	if (m->epoch != a->epoch || a->state != SKW_PAY_STATE_OPEN ||
	    m->u.settle.amount > a->voucher.amount)
		return;
	if (make_voucher(pay, p, a, m->u.settle.amount, &v) &&
	    skw_sha256_equal(&v.txid, &m->u.settle.txid)) {
		skw_pay_begin_settling(pay, now_us, p, a, v.amount, &v.txid);
		return;
	}
	a->ask_outputs = true; /* none of ours: what does the chain say? */
	a->ask_output = 0;
}
