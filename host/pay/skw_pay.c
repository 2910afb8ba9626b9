#include "pay/skw_pay.h"

#include <stdlib.h>
#include <string.h>

#include "pay/skw_pay_state.h"

static const uint64_t SECOND = 1000000, DAY = UINT64_C(86400) * 1000000;
enum { SYNC_MAX = 64 << 20 };

struct skw_pay_config skw_pay_config_default(void)
{
	return (struct skw_pay_config) {
		.limits = skw_network_mainnet.limits,
		.neighbours_max = 128,
		.max_price = SKW_DROPLETS_PER_SKY,
		.pay_threshold = SKW_DROPLETS_PER_SKY / 20,
		.reserve = 10 * SKW_DROPLETS_PER_SKY,
		.pay_us = 10 * SECOND,
		.hurry_us = SECOND / 10,
		.credit_limit = SKW_DROPLETS_PER_SKY,
		.unsettled_limit = 5 * SKW_DROPLETS_PER_SKY,
		.settle_amount = 2 * SKW_DROPLETS_PER_SKY,
		.settle_us = DAY,
		.loss_permille = 50,
		.persist_bytes = 524288,
		.sync_bytes = 2097152,
		.report_bytes = 1048576,
		.report_us = SECOND,
		.retry_us = 2 * SECOND,
		.ledger_us = 5 * SECOND,
	};
}

static bool config_valid(const struct skw_pay_config *c)
{
	return c->signer.sign != NULL && !skw_address_is_null(&c->wallet) &&
	       c->neighbours_max > 0 && c->neighbours_max <= 4096 && c->limits.burn_factor >= 2 &&
	       c->limits.max_decimals <= 6 && c->max_price <= SKW_UNITS_PRICE_MAX &&
	       c->pay_threshold > 0 && c->credit_limit <= c->unsettled_limit &&
	       c->settle_amount < c->unsettled_limit && c->loss_permille <= 1000 &&
	       c->persist_bytes > 0 && c->persist_bytes <= SKW_UNITS_BYTES_MAX &&
	       c->sync_bytes <= SYNC_MAX && c->report_us > 0 && c->retry_us > 0 && c->ledger_us > 0;
}

enum skw_pay_status skw_pay_new(struct skw_pay **pay, const struct skw_pay_config *config)
{
	*pay = NULL;
	if (!config_valid(config))
		return SKW_PAY_CONFIG;
	*pay = calloc(1, sizeof(**pay));
	if (*pay != NULL)
		(*pay)->peer = calloc(config->neighbours_max, sizeof((*pay)->peer[0]));
	if (*pay == NULL || (*pay)->peer == NULL) {
		skw_pay_free(*pay);
		*pay = NULL;
		return SKW_PAY_MEMORY;
	}
	(*pay)->config = *config;
	(*pay)->step = skw_rules_coin_step(config->limits.max_decimals).n;
	(*pay)->wake = UINT64_MAX;
	return SKW_PAY_OK;
}

void skw_pay_free(struct skw_pay *pay)
{
	if (pay != NULL)
		free(pay->peer);
	free(pay);
}

uint64_t skw_pay_later(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

bool skw_pay_due(struct skw_pay *pay, uint64_t now_us, uint64_t at)
{
	if (now_us >= at)
		return true;
	if (at < pay->wake)
		pay->wake = at;
	return false;
}

void skw_pay_note(struct skw_pay *pay, uint64_t now_us, const struct skw_pay_peer *p,
		  const struct skw_account *a, enum skw_pay_event_kind kind, uint64_t amount,
		  const struct skw_sha256 *txid)
{
	struct skw_pay_event *e =
	    &pay->event[(pay->event_first + pay->event_count) % SKW_PAY_EVENTS];

	if (pay->event_count < SKW_PAY_EVENTS)
		pay->event_count++;
	else
		pay->event_first = (pay->event_first + 1) % SKW_PAY_EVENTS;
	*e = (struct skw_pay_event) {
		.kind = kind,
		.role = a->role,
		.time_us = now_us,
		.epoch = a->epoch,
		.amount = amount,
		.verdict = a->verdict,
	};
	memcpy(e->peer, p->key, SKW_PAY_KEY);
	if (txid != NULL)
		e->txid = *txid;
}

/* Keys are random: where one was found before is where it is looked for first. */
static const struct skw_pay_peer *find(const struct skw_pay *pay, const uint8_t key[SKW_PAY_KEY])
{
	const struct skw_pay_peer *first = &pay->peer[pay->place[key[0]]];

	if (first->used && memcmp(first->key, key, SKW_PAY_KEY) == 0)
		return first;
	for (unsigned i = 0; i < pay->known; i++)
		if (pay->peer[i].used && memcmp(pay->peer[i].key, key, SKW_PAY_KEY) == 0)
			return &pay->peer[i];
	return NULL;
}

static struct skw_pay_peer *find_or_add(struct skw_pay *pay, const uint8_t key[SKW_PAY_KEY])
{
	const struct skw_pay_peer *known = find(pay, key);
	struct skw_pay_peer *p = &pay->peer[pay->known];

	if (known != NULL)
		return &pay->peer[known - pay->peer];
	if (pay->known == pay->config.neighbours_max)
		return NULL;
	pay->place[key[0]] = (uint16_t)pay->known++;
	p->used = true;
	memcpy(p->key, key, SKW_PAY_KEY);
	for (unsigned r = 0; r < 2; r++) {
		struct skw_account *a = &p->account[r];

		a->role = r == SKW_PAY_PAYEE ? SKW_PAY_PAYEE : SKW_PAY_PAYER;
		a->epoch = 1;
		a->first_at = a->due_since = UINT64_MAX;
		a->admitted = a->told_admitted = true;
	}
	return p;
}

/* What we counted as sent since the last write is forgotten. A payer must not take the payee's true
 * count for too high, so it adds the most that can be missing: after a power cut, as it cannot know
 * better. */
static void make_up(const struct skw_pay *pay, const struct skw_pay_peer *p, struct skw_account *a)
{
	const struct skw_units cut = { p->credit_limit / SKW_PAY_SURE_PART, 0 };

	if (a->role != SKW_PAY_PAYER)
		return;
	skw_count_add(&a->sent, pay->config.persist_bytes, a->dearest);
	if (skw_units_add(&a->sent.units, a->sent.units, cut))
		a->sent.bytes += pay->config.sync_bytes;
	a->made_up = true;
}

/* Before more is sent the disk knows what was made up, or the next end would forget it, and so does
 * the other end, or it would stay at stake; not sooner, or ends out of reach would add up. */
static void commit_made_up(struct skw_account *a)
{
	if (a->made_up)
		a->dirty = a->sure = true;
	a->made_up = false;
}

enum skw_pay_status skw_pay_restore(struct skw_pay *pay, const uint8_t key[SKW_PAY_RECORD_KEY],
				    const uint8_t *data, size_t len)
{
	struct skw_pay_peer *p = find_or_add(pay, key), peer;
	struct skw_account *a;

	if (p == NULL)
		return SKW_PAY_FULL;
	peer = *p;
	if (key[SKW_PAY_KEY] > SKW_PAY_PAYER)
		return SKW_PAY_MALFORMED;
	a = &peer.account[key[SKW_PAY_KEY]];
	if (!skw_pay_record_get(&peer, a, data, len))
		return SKW_PAY_MALFORMED;
	a->used = true;
	a->saved_received = a->received;
	a->saved_sent = a->sent;
	a->sure_voucher = a->voucher.amount;
	make_up(pay, &peer, a);
	a->sure_received = a->received;
	a->sure_sent = a->sent;
	a->admitted = a->told_admitted = a->state != SKW_PAY_STATE_CUT;
	*p = peer;
	return SKW_PAY_OK;
}

enum skw_pay_status skw_pay_on_link(struct skw_pay *pay, uint64_t now_us,
				    const uint8_t peer[SKW_PAY_KEY], bool up)
{
	struct skw_pay_peer *p = find_or_add(pay, peer);

	(void)now_us;
	if (p == NULL)
		return SKW_PAY_FULL;
	p->link_up = up;
	p->hello_due = up;
	p->hello_heard = p->hello_acked = false;
	for (unsigned r = 0; r < 2; r++) { /* whoever relays knows nothing of the time before */
		struct skw_account *a = &p->account[r];

		a->told_admitted = true;
		a->heard = 0; /* a power cut may have cost it our newest voucher */
		a->voucher_at = 0;
		if (up)
			commit_made_up(a);
	}
	return SKW_PAY_OK;
}

enum skw_pay_status skw_pay_meter(struct skw_pay *pay, uint64_t now_us,
				  const uint8_t peer[SKW_PAY_KEY], enum skw_pay_role role,
				  enum skw_pay_direction direction, uint64_t bytes,
				  uint64_t price_per_mib)
{
	struct skw_pay_peer *p = find_or_add(pay, peer);
	uint64_t price = price_per_mib;
	struct skw_account *a;

	(void)now_us;
	if (p == NULL)
		return SKW_PAY_FULL;
	a = &p->account[role];
	if (role == SKW_PAY_PAYER && price > pay->config.max_price)
		price = pay->config.max_price;
	if (!skw_count_add(direction == SKW_PAY_RECEIVED ? &a->received : &a->sent, bytes, price))
		return SKW_PAY_RANGE;
	commit_made_up(a);
	if (!a->used || price > a->dearest)
		a->dirty = a->sure = true;
	if (price > a->dearest)
		a->dearest = price;
	a->used = true;
	a->price = price;
	return price == price_per_mib ? SKW_PAY_OK : SKW_PAY_PRICE;
}

/* ---- messages ---- */

static void on_hello(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		     const struct skw_pay_message *m)
{
	bool wrong = !skw_sha256_equal(&m->u.hello.network, &pay->config.network);
	bool news = !p->hello_known || p->credit_limit != m->u.hello.credit_limit ||
		    !skw_address_equal(&p->wallet, &m->u.hello.wallet);

	if (wrong && !p->wrong_network)
		skw_pay_note(pay, now_us, p, &p->account[SKW_PAY_PAYEE], SKW_PAY_EVENT_NETWORK, 0,
			     NULL);
	p->wrong_network = wrong;
	p->hello_heard = true;
	p->hello_acked = m->u.hello.seen;
	p->hello_due |= m->u.hello.answer;
	if (wrong)
		return;
	p->hello_known = true;
	p->wallet = m->u.hello.wallet;
	p->credit_limit = m->u.hello.credit_limit;
	for (unsigned r = 0; news && r < 2; r++)
		p->account[r].dirty = p->account[r].sure = p->account[r].used;
}

static void on_meter(struct skw_pay *pay, uint64_t now_us, struct skw_pay_peer *p,
		     struct skw_account *a, const struct skw_pay_message *m)
{
	const struct skw_count *received = &m->u.meter.received, *sent = &m->u.meter.sent;
	bool old = received->bytes < a->peer_received.bytes ||
		   skw_units_compare(received->units, a->peer_received.units) < 0;

	if (m->epoch > a->peer_epoch) {
		a->peer_epoch = m->epoch;
		a->dirty = true;
	}
	a->report_due |= m->u.meter.answer;
	if (m->u.meter.seen_received > a->peer_seen_received)
		a->peer_seen_received = m->u.meter.seen_received;
	if (sent->bytes > a->peer_sent.bytes &&
	    skw_units_compare(sent->units, a->peer_sent.units) >= 0) {
		a->peer_sent = *sent;
		a->used = true;
	}
	/* What of our `sent` it had been told when it had received that much. An end that has lost
	 * its counts in a power cut knows of what we sent all the same. */
	if (m->u.meter.seen_sent.bytes > a->seen_sent.bytes &&
	    m->u.meter.seen_sent.bytes <= a->sent.bytes &&
	    skw_units_compare(m->u.meter.seen_sent.units, a->sent.units) <= 0) {
		/* what a restart made up is known at the other end: the next one must not find it
		 * at stake still, or some of them end the credit */
		if (m->u.meter.seen_sent.bytes - a->seen_sent.bytes >=
		    pay->config.persist_bytes + pay->config.sync_bytes)
			a->dirty = a->sure = true;
		a->seen_sent = m->u.meter.seen_sent;
	}
	if (old)
		return;
	a->used |= received->bytes > 0;
	a->peer_received = *received;
	if (a->role == SKW_PAY_PAYER && !a->overclaimed &&
	    skw_units_compare(received->units, a->sent.units) > 0) {
		a->overclaimed = true;
		skw_pay_note(pay, now_us, p, a, SKW_PAY_EVENT_OVERCLAIM, received->units.whole,
			     NULL);
	}
}

enum skw_pay_status skw_pay_on_message(struct skw_pay *pay, uint64_t now_us,
				       const uint8_t peer[SKW_PAY_KEY], const uint8_t *data,
				       size_t len)
{
	const struct skw_pay_peer *known = find(pay, peer);
	enum skw_pay_role ours;
	struct skw_pay_message m;
	struct skw_pay_peer *p;

	if (known == NULL)
		return SKW_PAY_UNKNOWN;
	if (!skw_pay_message_get(&m, data, len))
		return skw_pay_message_is_later(data, len) ? SKW_PAY_OK : SKW_PAY_MALFORMED;
	p = &pay->peer[known - pay->peer];
	ours = m.role == SKW_PAY_PAYEE ? SKW_PAY_PAYER : SKW_PAY_PAYEE;
	switch (m.kind) {
	case SKW_PAY_HELLO:
		on_hello(pay, now_us, p, &m);
		return SKW_PAY_OK;
	case SKW_PAY_METER:
		on_meter(pay, now_us, p, &p->account[ours], &m);
		return SKW_PAY_OK;
	case SKW_PAY_VOUCHER:
		if (ours != SKW_PAY_PAYEE)
			return SKW_PAY_MALFORMED;
		p->account[ours].used = true;
		skw_pay_payee_on_voucher(pay, now_us, p, &m);
		return SKW_PAY_OK;
	case SKW_PAY_ACCEPT:
		if (ours != SKW_PAY_PAYER)
			return SKW_PAY_MALFORMED;
		skw_pay_payer_on_accept(pay, now_us, p, &m);
		return SKW_PAY_OK;
	case SKW_PAY_SETTLE:
		if (ours != SKW_PAY_PAYER)
			return SKW_PAY_MALFORMED;
		skw_pay_payer_on_settle(pay, now_us, p, &m);
		return SKW_PAY_OK;
	case SKW_PAY_RECEIPT:
		skw_pay_on_receipt(pay, now_us, p, &p->account[ours], &m);
		return SKW_PAY_OK;
	}
	return SKW_PAY_MALFORMED;
}

/* ---- orders and questions ---- */

enum skw_pay_status skw_pay_settle(struct skw_pay *pay, uint64_t now_us,
				   const uint8_t peer[SKW_PAY_KEY])
{
	const struct skw_pay_peer *p = find(pay, peer);
	struct skw_account *a;

	(void)now_us;
	if (p == NULL)
		return SKW_PAY_UNKNOWN;
	a = &pay->peer[p - pay->peer].account[SKW_PAY_PAYEE];
	if (a->state != SKW_PAY_STATE_OPEN || a->voucher.amount == 0)
		return SKW_PAY_NOTHING;
	a->settle_request = true;
	return SKW_PAY_OK;
}

void skw_pay_close(struct skw_pay *pay, uint64_t now_us)
{
	(void)now_us;
	pay->closing = true;
}

bool skw_pay_admitted(const struct skw_pay *pay, const uint8_t peer[SKW_PAY_KEY],
		      enum skw_pay_role role)
{
	const struct skw_pay_peer *p = find(pay, peer);

	return p != NULL && skw_pay_allowed(pay, p, &p->account[role]);
}

bool skw_pay_price_ok(const struct skw_pay *pay, uint64_t price_per_mib)
{
	return price_per_mib <= pay->config.max_price;
}

const char *skw_pay_event_text(enum skw_pay_event_kind kind)
{
	switch (kind) {
	case SKW_PAY_EVENT_VOUCHER_SENT:
		return "voucher sent";
	case SKW_PAY_EVENT_VOUCHER_ACCEPTED:
		return "voucher accepted";
	case SKW_PAY_EVENT_VOUCHER_REFUSED:
		return "voucher refused";
	case SKW_PAY_EVENT_SETTLING:
		return "settling";
	case SKW_PAY_EVENT_SETTLED:
		return "settled";
	case SKW_PAY_EVENT_STOPPED:
		return "credit used up";
	case SKW_PAY_EVENT_RESUMED:
		return "credit restored";
	case SKW_PAY_EVENT_DOUBLE_SPEND:
		return "double spending";
	case SKW_PAY_EVENT_NO_FUNDS:
		return "no funds to set aside";
	case SKW_PAY_EVENT_OVERCLAIM:
		return "claims more than was sent";
	case SKW_PAY_EVENT_NETWORK:
		return "on another network";
	case SKW_PAY_EVENT_RECEIPT:
		return "receipt signed by both";
	case SKW_PAY_EVENT_RECEIPT_REFUSED:
		return "receipt refused";
	case SKW_PAY_EVENT_KINDS:
		break;
	}
	return "unknown";
}

const char *skw_pay_state_text(enum skw_pay_state state)
{
	switch (state) {
	case SKW_PAY_STATE_OPEN:
		return "open";
	case SKW_PAY_STATE_SETTLING:
		return "settling";
	case SKW_PAY_STATE_CUT:
		return "cut";
	}
	return "unknown";
}

static void view(const struct skw_pay *pay, const struct skw_pay_peer *p,
		 const struct skw_account *a, struct skw_pay_view *out)
{
	*out = (struct skw_pay_view) {
		.role = a->role,
		.state = a->state,
		.link_up = p->link_up,
		.admitted = skw_pay_allowed(pay, p, a),
		.received_bytes = a->received.bytes,
		.sent_bytes = a->sent.bytes,
		.billed_bytes = a->received.bytes + a->peer_received.bytes,
		.owed = skw_pay_owed(a),
		.vouched = a->voucher.amount,
		.settled = a->settled,
		.credit_left = skw_pay_credit_left(pay, a),
		.price = a->price,
		.epoch = a->epoch,
		.address = p->wallet,
		.txid = a->settle_txid,
	};
	memcpy(out->peer, p->key, SKW_PAY_KEY);
}

bool skw_pay_view(const struct skw_pay *pay, unsigned i, struct skw_pay_view *out)
{
	for (unsigned k = 0; k < 2 * pay->known; k++) {
		const struct skw_pay_peer *p = &pay->peer[k / 2];

		if (!p->used || !p->account[k % 2].used || i-- > 0)
			continue;
		view(pay, p, &p->account[k % 2], out);
		return true;
	}
	return false;
}
