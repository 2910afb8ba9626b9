#include "pay/skw_pay_state.h"

#include <string.h>

enum { CREDIT_PART = 8 }; /* of what is delivered and not told: that much of the credit limit */

static const enum skw_pay_role roles[2] = { SKW_PAY_PAYEE, SKW_PAY_PAYER };

/* ---- outputs ---- */

static void to_peer(struct skw_pay_output *out, enum skw_pay_output_type type,
		    const struct skw_pay_peer *p, const struct skw_account *a)
{
	*out = (struct skw_pay_output) { .type = type };
	memcpy(out->peer, p->key, SKW_PAY_KEY);
	if (a != NULL)
		out->role = a->role;
}

static void send(struct skw_pay *pay, struct skw_pay_output *out, const struct skw_pay_peer *p,
		 const struct skw_account *a, struct skw_pay_message *m)
{
	if (a != NULL) {
		m->role = a->role;
		m->epoch = m->kind == SKW_PAY_SETTLE ? a->settle_epoch : a->epoch;
	}
	to_peer(out, SKW_PAY_SEND, p, a);
	out->data = pay->buffer;
	out->len = skw_pay_message_put(pay->buffer, m);
}

static bool over(const struct skw_count *now, const struct skw_count *before, uint64_t bytes,
		 uint64_t worth)
{
	return now->bytes - before->bytes >= bytes ||
	       (now->bytes > before->bytes &&
		skw_units_sub(now->units, before->units).whole >= worth);
}

/* Counts and vouchers held need not be safe from a power cut each time: a payee loses what it can
 * bear to lose anyway; a payer makes up for so much, and must not owe by the payee's count what it
 * has forgotten. */
static bool must_be_sure(const struct skw_pay *pay, const struct skw_pay_peer *p,
			 const struct skw_account *a)
{
	uint64_t worth = p->credit_limit / SKW_PAY_SURE_PART;

	if (a->sure)
		return true;
	if (a->role == SKW_PAY_PAYER)
		return over(&a->sent, &a->sure_sent, pay->config.sync_bytes, worth) ||
		       over(&a->received, &a->sure_received, pay->config.sync_bytes, worth);
	return a->voucher.amount > a->sure_voucher &&
	       a->voucher.amount - a->sure_voucher >= pay->config.credit_limit;
}

static void persist(struct skw_pay *pay, struct skw_pay_output *out, const struct skw_pay_peer *p,
		    struct skw_account *a)
{
	to_peer(out, SKW_PAY_PERSIST, p, a);
	out->sure = must_be_sure(pay, p, a);
	if (out->sure) {
		a->sure = false;
		a->sure_received = a->received;
		a->sure_sent = a->sent;
		a->sure_voucher = a->voucher.amount;
	}
	memcpy(out->key, p->key, SKW_PAY_KEY);
	out->key[SKW_PAY_KEY] = (uint8_t)a->role;
	out->len = skw_pay_record_put(pay->buffer, p, a);
	out->data = pay->buffer;
	a->saved_received = a->received;
	a->saved_sent = a->sent;
	a->dirty = false;
}

static uint64_t unsaved(const struct skw_account *a)
{
	if (a->made_up)
		return 0;
	return a->received.bytes - a->saved_received.bytes + (a->sent.bytes - a->saved_sent.bytes);
}

static bool every(struct skw_pay *pay, uint64_t now_us, uint64_t last, uint64_t period)
{
	return skw_pay_due(pay, now_us, last == 0 ? 0 : skw_pay_later(last, period));
}

/* ---- meters ---- */

static bool report_wanted(struct skw_pay *pay, uint64_t now_us, const struct skw_pay_peer *p,
			  const struct skw_account *a)
{
	const struct skw_pay_config *c = &pay->config;
	uint64_t limit =
	    a->role == SKW_PAY_PAYER && p->hello_known ? p->credit_limit : c->credit_limit;
	uint64_t part = limit / CREDIT_PART;
	bool news = a->received.bytes > a->told_received.bytes ||
		    (!a->made_up && a->sent.bytes > a->told_sent.bytes);
	bool waits = a->told_received.bytes > a->peer_seen_received ||
		     a->told_sent.bytes > a->seen_sent.bytes;

	/* Both directions: what is sent and not told is at stake for both ends until the receiver
	 * has said that it knows. */
	if (over(&a->received, &a->told_received, c->report_bytes, part) ||
	    (!a->made_up && over(&a->sent, &a->told_sent, c->report_bytes, part)) ||
	    (news && pay->closing))
		return true;
	if (a->report_due && every(pay, now_us, a->report_at, c->report_us / 4))
		return true;
	if (news && every(pay, now_us, a->report_at, c->report_us))
		return true;
	return waits && every(pay, now_us, a->report_at, c->retry_us);
}

/* Says only what is on disk. */
static void report(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
		   struct skw_pay_peer *p, struct skw_account *a)
{
	struct skw_pay_message m = { .kind = SKW_PAY_METER };

	m.u.meter.received = a->saved_received;
	m.u.meter.sent = a->saved_sent;
	m.u.meter.seen_sent = a->peer_sent;
	m.u.meter.seen_received = a->peer_received.bytes;
	m.u.meter.answer = a->saved_received.bytes > a->peer_seen_received ||
			   a->saved_sent.bytes > a->seen_sent.bytes;
	a->told_received = a->saved_received;
	a->told_sent = a->saved_sent;
	a->report_at = now_us;
	a->report_due = false;
	send(pay, out, p, a, &m);
}

/* ---- money ---- */

static bool send_voucher(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
			 struct skw_pay_peer *p, struct skw_account *a)
{
	struct skw_pay_message m = { .kind = SKW_PAY_VOUCHER };

	if (a->role != SKW_PAY_PAYER || a->state != SKW_PAY_STATE_OPEN ||
	    a->voucher.amount <= a->heard ||
	    !every(pay, now_us, a->voucher_at, pay->config.retry_us))
		return false;
	a->voucher_at = now_us;
	m.u.voucher.amount = a->voucher.amount;
	m.u.voucher.last = a->voucher.last;
	m.u.voucher.network = pay->config.network;
	m.u.voucher.tx = a->voucher.tx;
	m.u.voucher.tx_len = a->voucher.len;
	send(pay, out, p, a, &m);
	return true;
}

static bool send_accept(struct skw_pay *pay, struct skw_pay_output *out, struct skw_pay_peer *p,
			struct skw_account *a)
{
	struct skw_pay_message m = { .kind = SKW_PAY_ACCEPT };

	if (!a->accept_due)
		return false;
	a->accept_due = false;
	m.u.accept.amount = a->voucher.amount;
	m.u.accept.verdict = a->verdict;
	send(pay, out, p, a, &m);
	return true;
}

/* Until the payer has moved on to a later epoch. */
static bool send_settle(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
			struct skw_pay_peer *p, struct skw_account *a)
{
	struct skw_pay_message m = { .kind = SKW_PAY_SETTLE };

	if (a->role != SKW_PAY_PAYEE || a->state == SKW_PAY_STATE_CUT || a->settle_epoch == 0 ||
	    a->peer_epoch > a->settle_epoch ||
	    !every(pay, now_us, a->settle_at, pay->config.retry_us))
		return false;
	a->settle_at = now_us;
	m.u.settle.amount = a->settle_amount;
	m.u.settle.txid = a->settle_txid;
	send(pay, out, p, a, &m);
	return true;
}

static bool send_receipt(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
			 struct skw_pay_peer *p, struct skw_account *a)
{
	struct skw_pay_message m;

	if (!skw_pay_tell_receipt(pay, now_us, p, a, &m))
		return false;
	send(pay, out, p, a, &m);
	return true;
}

static bool poll_ledger(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
			struct skw_pay_peer *p, struct skw_account *a)
{
	if (a->inject_due) {
		a->inject_due = false;
		to_peer(out, SKW_PAY_INJECT, p, a);
		out->txid = a->voucher.txid;
		out->data = a->voucher.tx;
		out->len = a->voucher.len;
		return true;
	}
	if (a->ask_unspents) {
		a->ask_unspents = false;
		a->asked_at = now_us;
		to_peer(out, SKW_PAY_QUERY_UNSPENTS, p, a);
		out->address = p->wallet;
		return true;
	}
	if (a->ask_outputs && a->ask_output < a->inputs) {
		to_peer(out, SKW_PAY_QUERY_OUTPUT, p, a);
		out->txid = a->input[a->ask_output++].uxid;
		return true;
	}
	a->ask_outputs = false;
	if (a->state == SKW_PAY_STATE_SETTLING &&
	    every(pay, now_us, a->asked_at, pay->config.ledger_us)) {
		a->asked_at = now_us;
		to_peer(out, SKW_PAY_QUERY_TX, p, a);
		out->txid = a->settle_txid;
		return true;
	}
	return false;
}

static bool poll_account(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
			 struct skw_pay_peer *p, struct skw_account *a)
{
	bool report_now = p->link_up && report_wanted(pay, now_us, p, a);

	if (a->admitted != a->told_admitted) {
		a->told_admitted = a->admitted;
		to_peer(out, SKW_PAY_ADMISSION, p, a);
		out->allowed = a->admitted;
		return true;
	}
	if (a->receipt_due) { /* before the account says that it is there */
		a->receipt_due = false;
		to_peer(out, SKW_PAY_STORE_RECEIPT, p, a);
		out->until = a->hour.until;
		out->data = a->receipt;
		out->len = sizeof(a->receipt);
		return true;
	}
	if (a->dirty || unsaved(a) >= pay->config.persist_bytes || (report_now && unsaved(a) > 0)) {
		persist(pay, out, p, a);
		return true;
	}
	if (poll_ledger(pay, now_us, out, p, a))
		return true;
	if (!p->link_up)
		return false;
	if (report_now) {
		report(pay, now_us, out, p, a);
		return true;
	}
	return send_accept(pay, out, p, a) || send_voucher(pay, now_us, out, p, a) ||
	       send_settle(pay, now_us, out, p, a) || send_receipt(pay, now_us, out, p, a);
}

static bool poll_hello(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
		       struct skw_pay_peer *p)
{
	struct skw_pay_message m = { .kind = SKW_PAY_HELLO };

	if (!p->link_up || (!p->hello_due && (p->hello_acked || !every(pay, now_us, p->hello_at,
								       pay->config.retry_us))))
		return false;
	p->hello_due = false;
	p->hello_at = now_us;
	m.u.hello.seen = p->hello_heard;
	m.u.hello.answer = !p->hello_acked;
	m.u.hello.network = pay->config.network;
	m.u.hello.wallet = pay->config.wallet;
	m.u.hello.credit_limit = pay->config.credit_limit;
	send(pay, out, p, NULL, &m);
	return true;
}

static bool poll_peer(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out,
		      struct skw_pay_peer *p)
{
	if (poll_hello(pay, now_us, out, p))
		return true;
	for (unsigned r = 0; r < 2; r++)
		if (p->account[roles[r]].used &&
		    poll_account(pay, now_us, out, p, &p->account[roles[r]]))
			return true;
	return false;
}

static bool poll_event(struct skw_pay *pay, struct skw_pay_output *out)
{
	if (pay->event_count == 0)
		return false;
	*out = (struct skw_pay_output) { .type = SKW_PAY_EVENT,
					 .event = pay->event[pay->event_first] };
	memcpy(out->peer, out->event.peer, SKW_PAY_KEY);
	out->role = out->event.role;
	pay->event_first = (pay->event_first + 1) % SKW_PAY_EVENTS;
	pay->event_count--;
	return true;
}

static bool poll_wallet(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out)
{
	if (!pay->wallet_wanted || !every(pay, now_us, pay->wallet_asked_at, pay->config.ledger_us))
		return false;
	pay->wallet_wanted = false;
	pay->wallet_asked_at = now_us;
	*out = (struct skw_pay_output) { .type = SKW_PAY_QUERY_UNSPENTS,
					 .address = pay->config.wallet };
	return true;
}

static void note_admission(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
			   struct skw_account *a)
{
	bool allowed = skw_pay_allowed(pay, p, a);

	if (allowed != a->admitted && a->used)
		skw_pay_note(pay, now_us, p, a,
			     allowed ? SKW_PAY_EVENT_RESUMED : SKW_PAY_EVENT_STOPPED,
			     skw_pay_at_stake(pay, a), NULL);
	a->admitted = allowed;
}

bool skw_pay_poll(struct skw_pay *pay, uint64_t now_us, struct skw_pay_output *out)
{
	pay->wake = UINT64_MAX;
	for (unsigned i = 0; i < pay->known; i++) {
		struct skw_pay_peer *p = &pay->peer[i];

		if (!p->used)
			continue;
		skw_pay_payer_step(pay, now_us, p);
		skw_pay_payee_step(pay, now_us, p);
		skw_pay_hour_step(pay, now_us, p);
		for (unsigned r = 0; r < 2; r++)
			note_admission(pay, now_us, p, &p->account[r]);
	}
	if (poll_event(pay, out) || poll_wallet(pay, now_us, out))
		return true;
	for (unsigned i = 0; i < pay->known; i++)
		if (pay->peer[i].used && poll_peer(pay, now_us, out, &pay->peer[i]))
			return true;
	return false;
}

uint64_t skw_pay_next_timer(const struct skw_pay *pay, uint64_t now_us)
{
	return pay->wake > now_us ? pay->wake : now_us;
}
