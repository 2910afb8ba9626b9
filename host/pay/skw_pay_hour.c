/* Receipts: every hour the payee states what was delivered both ways since the last one, and signs
 * it; the payer signs the same if it knows it to be so.
 *
 *   payee: hour over -> proposal on disk -> RECEIPT ))) payer: checks, signs, stores -> RECEIPT )))
 *   payee: checks, stores
 */
#include "pay/skw_pay_state.h"

#include <string.h>

enum { CLOCKS_APART_S = 300 };

void skw_pay_clock(struct skw_pay *pay, uint64_t now_us, uint64_t unix_s)
{
	pay->clock_known = true;
	pay->clock_s = unix_s;
	pay->clock_at_us = now_us;
}

static uint64_t unix_now(const struct skw_pay *pay, uint64_t now_us)
{
	return pay->clock_s + (now_us - pay->clock_at_us) / 1000000;
}

/* ---- the receipt of a statement ---- */

static void fill(const struct skw_pay *pay, const struct skw_pay_peer *p,
		 const struct skw_account *a, const struct skw_statement *s,
		 struct skw_receipt *out)
{
	bool earns = a->role == SKW_PAY_PAYEE;

	*out = (struct skw_receipt) {
		.network = pay->config.network,
		.payee_wallet = earns ? pay->config.wallet : p->wallet,
		.payer_wallet = earns ? p->wallet : pay->config.wallet,
		.since = s->since,
		.until = s->until,
		.forth = s->forth,
		.back = s->back,
		.all_forth = s->all_forth,
		.all_back = s->all_back,
	};
	memcpy(out->payee, earns ? pay->config.node : p->key, SKW_PAY_KEY);
	memcpy(out->payer, earns ? p->key : pay->config.node, SKW_PAY_KEY);
}

/* Our signature of it. */
static bool sign(const struct skw_pay *pay, struct skw_coin_sig *sig,
		 const struct skw_receipt *receipt)
{
	struct skw_sha256 hash;

	skw_receipt_hash(&hash, receipt);
	return pay->config.signer.sign(pay->config.signer.context, sig, &hash, &pay->config.wallet);
}

/* Both have signed: to the disk with it. */
static void complete(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		     struct skw_account *a, const struct skw_statement *s,
		     const struct skw_receipt *receipt)
{
	skw_receipt_put(a->receipt, receipt);
	a->receipt_due = true;
	a->hour = *s;
	a->proposal.until = 0;
	a->dirty = a->sure = true;
	skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_RECEIPT, skw_receipt_owed(receipt), NULL);
}

/* ---- payee ---- */

static bool same_counts(const struct skw_count *a, const struct skw_count *b)
{
	return a->bytes == b->bytes;
}

void skw_pay_hour_step(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p)
{
	struct skw_account *a = &p->account[SKW_PAY_PAYEE];
	struct skw_statement *s = &a->proposal;
	uint64_t now_s, hour;

	if (!a->used || !pay->clock_known || !p->hello_known || p->wrong_network || s->until != 0)
		return;
	now_s = unix_now(pay, now_us);
	hour = now_s - now_s % SKW_RECEIPT_PERIOD;
	if (a->hour.until < hour) {
		bool news = !same_counts(&a->saved_received, &a->hour.all_forth) ||
			    !same_counts(&a->peer_received, &a->hour.all_back);

		if (a->hour.until != 0 && news) {
			*s = (struct skw_statement) {
				.since = a->hour.until,
				.until = hour,
				.forth = a->saved_received.bytes - a->hour.all_forth.bytes,
				.back = a->peer_received.bytes - a->hour.all_back.bytes,
				.all_forth = a->saved_received,
				.all_back = a->peer_received,
			};
			a->proposed_at = 0;
		} else {
			a->hour.until = hour; /* nothing to tell of the time before */
		}
		a->dirty = a->sure = true;
	}
	skw_pay_due(pay, now_us,
		    skw_pay_later(now_us, (hour + SKW_RECEIPT_PERIOD - now_s) * 1000000));
}

static void on_answer(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		      struct skw_account *a, const struct skw_pay_message *m)
{
	const struct skw_statement *s = &m->u.receipt.statement, *mine = &a->proposal;
	struct skw_receipt receipt;
	struct skw_sha256 hash;

	if (mine->until == 0 || s->until != mine->until ||
	    !same_counts(&s->all_forth, &mine->all_forth) ||
	    !same_counts(&s->all_back, &mine->all_back))
		return; /* an old one */
	fill(pay, p, a, mine, &receipt);
	skw_receipt_hash(&hash, &receipt);
	receipt.payer_sig = m->u.receipt.sig;
	if (!skw_receipt_signed_by(&receipt.payer_sig, &hash, &p->wallet) ||
	    !sign(pay, &receipt.payee_sig, &receipt))
		return;
	complete(pay, now_us, p, a, mine, &receipt);
}

/* ---- payer ---- */

static bool at_most(const struct skw_count *a, const struct skw_count *b)
{
	return a->bytes <= b->bytes && skw_units_compare(a->units, b->units) <= 0;
}

/* What the payee states is what we know, or less; and goes on from the last one. */
static bool is_so(const struct skw_pay *pay, uint64_t now_us, const struct skw_account *a,
		  const struct skw_statement *s)
{
	const struct skw_statement *last = &a->hour;
	bool first = last->until == 0; /* ours, or the first after we lost our records */

	return s->until % SKW_RECEIPT_PERIOD == 0 && s->since < s->until &&
	       s->until <= unix_now(pay, now_us) + CLOCKS_APART_S && s->since >= last->until &&
	       at_most(&s->all_forth, &a->sent) && at_most(&s->all_back, &a->received) &&
	       at_most(&last->all_forth, &s->all_forth) && at_most(&last->all_back, &s->all_back) &&
	       (first ? s->forth <= s->all_forth.bytes && s->back <= s->all_back.bytes
		      : s->forth == s->all_forth.bytes - last->all_forth.bytes &&
			    s->back == s->all_back.bytes - last->all_back.bytes);
}

static void on_proposal(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			struct skw_account *a, const struct skw_pay_message *m)
{
	const struct skw_statement *s = &m->u.receipt.statement;
	struct skw_receipt receipt;
	struct skw_sha256 hash;

	if (!pay->clock_known || !p->hello_known)
		return;
	if (s->until == a->hour.until && same_counts(&s->all_forth, &a->hour.all_forth) &&
	    same_counts(&s->all_back, &a->hour.all_back)) {
		a->answer_due = true; /* ours was lost */
		return;
	}
	fill(pay, p, a, s, &receipt);
	skw_receipt_hash(&hash, &receipt);
	receipt.payee_sig = m->u.receipt.sig;
	if (!is_so(pay, now_us, a, s) ||
	    !skw_receipt_signed_by(&receipt.payee_sig, &hash, &p->wallet) ||
	    !sign(pay, &receipt.payer_sig, &receipt)) {
		if (a->refused_until != s->until)
			skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_RECEIPT_REFUSED,
				     skw_receipt_owed(&receipt), NULL);
		a->refused_until = s->until;
		return;
	}
	complete(pay, now_us, p, a, s, &receipt);
	a->answer_due = true;
}

void skw_pay_on_receipt(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			struct skw_account *a, const struct skw_pay_message *m)
{
	if (a->role == SKW_PAY_PAYEE)
		on_answer(pay, now_us, p, a, m);
	else
		on_proposal(pay, now_us, p, a, m);
}

/* ---- telling ---- */

bool skw_pay_tell_receipt(struct skw_pay *pay, uint64_t now_us, const struct skw_pay_peer *p,
			  struct skw_account *a, struct skw_pay_message *m)
{
	const struct skw_statement *s = a->role == SKW_PAY_PAYEE ? &a->proposal : &a->hour;
	struct skw_receipt receipt;

	if (a->role == SKW_PAY_PAYEE) {
		if (s->until == 0 ||
		    !skw_pay_due(pay, now_us,
				 a->proposed_at == 0
				     ? 0
				     : skw_pay_later(a->proposed_at, pay->config.retry_us)))
			return false;
		a->proposed_at = now_us;
	} else if (!a->answer_due) {
		return false;
	}
	a->answer_due = false;
	fill(pay, p, a, s, &receipt);
	m->kind = SKW_PAY_RECEIPT;
	m->u.receipt.statement = *s;
	return sign(pay, &m->u.receipt.sig, &receipt);
}
