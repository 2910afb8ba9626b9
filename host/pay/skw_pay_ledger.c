#include "pay/skw_pay_state.h"

#include <string.h>

/* What the ledger tells: unspent outputs, the fate of transactions and outputs. */

bool skw_pay_reserved(const struct skw_pay *pay, const struct skw_sha256 *uxid)
{
	for (unsigned i = 0; i < pay->known; i++) {
		const struct skw_account *a = &pay->peer[i].account[SKW_PAY_PAYER];

		for (unsigned k = 0; k < a->inputs; k++)
			if (skw_sha256_equal(&a->input[k].uxid, uxid))
				return true;
	}
	return false;
}

/* Keeps the largest, in order. */
static void keep(struct skw_pay *pay, const struct skw_pay_unspent *u)
{
	unsigned at = pay->free_count;

	while (at > 0 && pay->free[at - 1].ux.coins.n < u->ux.coins.n)
		at--;
	if (at == SKW_PAY_WALLET)
		return;
	if (pay->free_count < SKW_PAY_WALLET)
		pay->free_count++;
	memmove(&pay->free[at + 1], &pay->free[at], (pay->free_count - 1 - at) * sizeof(*u));
	pay->free[at] = *u;
}

static void on_wallet(struct skw_pay *pay, const struct skw_pay_unspent *list, size_t count,
		      uint64_t head_time)
{
	pay->free_count = 0;
	pay->head_time = head_time;
	pay->wallet_known = true;
	for (size_t i = 0; i < count; i++)
		if (!list[i].outgoing && list[i].ux.coins.n > 0 &&
		    list[i].ux.coins.n % pay->step == 0)
			keep(pay, &list[i]);
	for (unsigned i = 0; i < pay->known; i++)
		if (pay->peer[i].used)
			skw_pay_payer_on_unspents(pay, &pay->peer[i], list, count);
}

void skw_pay_on_unspents(struct skw_pay *pay, uint64_t now_us, const struct skw_address *address,
			 const struct skw_pay_unspent *list, size_t count, uint64_t head_time)
{
	if (skw_address_equal(address, &pay->config.wallet))
		on_wallet(pay, list, count, head_time);
	for (unsigned i = 0; i < pay->known; i++)
		if (pay->peer[i].used && pay->peer[i].hello_known &&
		    skw_address_equal(address, &pay->peer[i].wallet))
			skw_pay_payee_on_unspents(pay, now_us, &pay->peer[i], list, count,
						  head_time);
}

static void confirmed(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		      struct skw_account *a)
{
	skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_SETTLED, a->settle_amount, &a->settle_txid);
	a->settled = skw_pay_later(a->settled, a->settle_amount);
	a->epoch++;
	a->state = SKW_PAY_STATE_OPEN;
	a->voucher.amount = a->pending.amount = 0;
	a->voucher.last = false;
	a->voucher.len = 0;
	a->accepted = a->heard = 0;
	a->inputs = 0;
	a->verdict = SKW_VOUCHER_OK;
	a->ask_outputs = a->inject_due = false;
	a->first_at = a->due_since = UINT64_MAX;
	a->report_due = true; /* tells the other end our epoch */
	a->dirty = a->sure = true;
	pay->wallet_known = false; /* the change, or the earnings */
}

static void on_tx(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		  struct skw_account *a, enum skw_pay_tx_state state)
{
	switch (state) {
	case SKW_PAY_TX_CONFIRMED:
		confirmed(pay, now_us, p, a);
		break;
	case SKW_PAY_TX_PENDING:
		break;
	case SKW_PAY_TX_UNKNOWN: /* the node forgot it */
		a->inject_due = a->role == SKW_PAY_PAYEE;
		break;
	case SKW_PAY_TX_REFUSED:
		a->ask_outputs = true;
		a->ask_output = 0;
		break;
	}
}

void skw_pay_on_tx(struct skw_pay *pay, uint64_t now_us, const struct skw_sha256 *txid,
		   enum skw_pay_tx_state state)
{
	for (unsigned i = 0; i < 2 * pay->known; i++) {
		struct skw_pay_peer *p = &pay->peer[i / 2];
		struct skw_account *a = &p->account[i % 2];

		if (p->used && a->state == SKW_PAY_STATE_SETTLING &&
		    skw_sha256_equal(&a->settle_txid, txid))
			on_tx(pay, now_us, p, a, state);
	}
}

static bool spends(const struct skw_account *a, const struct skw_sha256 *uxid)
{
	for (unsigned i = 0; i < a->inputs; i++)
		if (skw_sha256_equal(&a->input[i].uxid, uxid))
			return true;
	return false;
}

/* An input of the epoch's voucher is spent: by the voucher itself, then it is settled, or
 * otherwise, and then the payer has cheated (or, on its own side, its wallet was used behind our
 * back). */
static void on_spent(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		     struct skw_account *a, const struct skw_sha256 *spent_by)
{
	if (a->state == SKW_PAY_STATE_SETTLING && skw_sha256_equal(&a->settle_txid, spent_by))
		return;
	if (skw_sha256_equal(&a->voucher.txid, spent_by)) {
		if (a->state == SKW_PAY_STATE_OPEN)
			skw_pay_begin_settling(pay, now_us, p, a, a->voucher.amount, spent_by);
		return;
	}
	if (a->role == SKW_PAY_PAYER && a->state == SKW_PAY_STATE_OPEN)
		return; /* perhaps an older voucher of ours: the payee will say */
	a->state = SKW_PAY_STATE_CUT;
	a->settle_txid = *spent_by;
	a->inject_due = false;
	a->dirty = a->sure = true;
	skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_DOUBLE_SPEND, a->voucher.amount, spent_by);
}

void skw_pay_on_output_spent(struct skw_pay *pay, uint64_t now_us, const struct skw_sha256 *uxid,
			     const struct skw_sha256 *spent_by)
{
	for (unsigned i = 0; i < 2 * pay->known; i++) {
		struct skw_pay_peer *p = &pay->peer[i / 2];
		struct skw_account *a = &p->account[i % 2];

		if (p->used && a->state != SKW_PAY_STATE_CUT && a->voucher.amount > 0 &&
		    spends(a, uxid))
			on_spent(pay, now_us, p, a, spent_by);
	}
}
