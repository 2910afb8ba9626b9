#include "pay/skw_pay_state.h"

/* Whole droplets of a sum; what does not fit 64 bits is as much as fits: nobody can pay that. */
static struct skw_units sum(struct skw_units a, struct skw_units b)
{
	struct skw_units out = { UINT64_MAX, 0 };

	skw_units_add(&out, a, b);
	return out;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Delivered in both directions, by its receivers' counts. A payer believes the payee no more than
 * it sent. */
static struct skw_units delivered(const struct skw_account *a)
{
	struct skw_units forth = a->received.units, back = a->peer_received.units;

	if (a->role == SKW_PAY_PAYER) {
		forth = skw_units_min(a->peer_received.units, a->sent.units);
		back = a->received.units;
	}
	return sum(forth, back);
}

uint64_t skw_pay_owed(const struct skw_account *a)
{
	return delivered(a).whole;
}

uint64_t skw_pay_due_now(const struct skw_account *a)
{
	return minus(skw_pay_owed(a), a->settled);
}

/* permille of a, rounded down; permille <= 1000 */
static uint64_t permille(uint64_t a, unsigned part)
{
	return a / 1000 * part + a % 1000 * part / 1000;
}

uint64_t skw_pay_at_stake(const struct skw_pay *pay, const struct skw_account *a)
{
	struct skw_units flying = skw_units_sub(a->sent.units, a->seen_sent.units);
	struct skw_units total = sum(delivered(a), flying);

	if (a->role == SKW_PAY_PAYEE) { /* lost on the way, beyond what we bear */
		uint64_t lost = skw_units_sub(a->seen_sent.units, a->peer_received.units).whole;
		uint64_t borne = permille(a->seen_sent.units.whole, pay->config.loss_permille);

		total = sum(total, (struct skw_units) { minus(lost, borne), 0 });
	}
	/* a payer's voucher counts when the payee has said so */
	return minus(minus(total.whole, a->settled),
		     a->role == SKW_PAY_PAYER ? a->accepted : a->voucher.amount);
}

bool skw_pay_allowed(const struct skw_pay *pay, const struct skw_pay_peer *p,
		     const struct skw_account *a)
{
	uint64_t stake = skw_pay_at_stake(pay, a);
	uint64_t limit = p->hello_known ? p->credit_limit : pay->config.credit_limit;

	if (a->state == SKW_PAY_STATE_CUT || p->wrong_network)
		return false;
	if (a->role == SKW_PAY_PAYER) /* stop before we are stopped */
		return stake < limit - limit / 8;
	return stake < pay->config.credit_limit &&
	       stake < minus(pay->config.unsettled_limit, a->voucher.amount);
}

uint64_t skw_pay_credit_left(const struct skw_pay *pay, const struct skw_account *a)
{
	if (a->role == SKW_PAY_PAYER)
		return minus(skw_pay_inputs_coins(a), a->voucher.amount);
	return minus(pay->config.credit_limit, skw_pay_at_stake(pay, a));
}
