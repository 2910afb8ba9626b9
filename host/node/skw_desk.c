#include "node/skw_desk_inside.h"

#include <stdio.h>
#include <string.h>

/* ---- Input ---- */

uint64_t skw_desk_now(const struct skw_desk *d)
{
	return skw_node_now(d->node);
}

void skw_desk_on_link(struct skw_desk *d, const struct skw_node_address *peer, bool up)
{
	if (d->pay != NULL)
		skw_pay_on_link(d->pay, skw_desk_now(d), peer->bytes, up);
}

void skw_desk_on_message(struct skw_desk *d, const struct skw_node_address *peer,
			 const uint8_t *data, size_t len)
{
	if (d->pay != NULL &&
	    skw_pay_on_message(d->pay, skw_desk_now(d), peer->bytes, data, len) != SKW_PAY_OK)
		skw_node_log(d->node, SKW_UNUSUAL, "pay: a message that cannot be read");
}

bool skw_desk_on_meter(struct skw_desk *d, const struct skw_node_address *peer,
		       const struct skw_onion_meter *meter)
{
	enum skw_pay_role role = meter->role == SKW_ONION_PAYEE ? SKW_PAY_PAYEE : SKW_PAY_PAYER;

	if (d->pay == NULL)
		return true;
	skw_pay_meter(d->pay, skw_desk_now(d), peer->bytes, role,
		      meter->sent ? SKW_PAY_SENT : SKW_PAY_RECEIVED, meter->bytes,
		      meter->price_per_mib);
	return skw_pay_admitted(d->pay, peer->bytes, role);
}

void skw_desk_close(struct skw_desk *d)
{
	if (d->pay != NULL)
		skw_pay_close(d->pay, skw_desk_now(d));
}

/* ---- Output ---- */

static void note(struct skw_desk *d, const struct skw_pay_event *event)
{
	skw_desk_book_note(d->book, event, skw_node_unix());
	skw_node_log(d->node, event->kind == SKW_PAY_EVENT_DOUBLE_SPEND ? SKW_BROKEN : SKW_INFO,
		     "pay: %s, epoch %u, %llu droplets", skw_pay_event_text(event->kind),
		     event->epoch, (unsigned long long)event->amount);
}

/* What cannot be kept must not be promised: better to stop than to bill twice. */
static void must(struct skw_desk *d, bool kept)
{
	if (kept)
		return;
	snprintf(d->node->error, sizeof(d->node->error),
		 "the state store cannot be written; is the disk full?");
	d->node->stopping = true;
	uv_stop(d->node->loop);
}

static void persist(struct skw_desk *d, const struct skw_pay_output *out)
{
	uint8_t key[SKW_DESK_PREFIX + SKW_PAY_RECORD_KEY];

	memcpy(key, SKW_DESK_RECORD, SKW_DESK_PREFIX);
	memcpy(key + SKW_DESK_PREFIX, out->key, SKW_PAY_RECORD_KEY);
	must(d, (out->sure ? skw_kv_put : skw_kv_keep)(d->node->kv, key, sizeof(key), out->data,
						       out->len));
}

static void send_to(struct skw_desk *d, const struct skw_pay_output *out, uint32_t number)
{
	if (number != 0) /* lost otherwise: the accounts repeat themselves */
		skw_link_send(d->node->link, number, SKW_LINK_PAY, out->data, out->len,
			      skw_desk_now(d));
}

static void admit(struct skw_desk *d, const struct skw_pay_output *out, uint32_t number)
{
	if (number != 0 && out->role == SKW_PAY_PAYEE)
		skw_onion_set_admission(d->node->onion, number, out->allowed);
	else if (number != 0) /* we owe as much as it lends: stop before it does */
		d->node->held[number] = !out->allowed;
	d->node->room_stale = true;
}

static void carry_out(struct skw_desk *d, const struct skw_pay_output *out)
{
	struct skw_node_address peer;

	memcpy(peer.bytes, out->peer, sizeof(peer.bytes));
	switch (out->type) {
	case SKW_PAY_PERSIST:
		persist(d, out);
		break;
	case SKW_PAY_SEND:
		send_to(d, out, skw_node_peer(d->node, &peer));
		break;
	case SKW_PAY_ADMISSION:
		admit(d, out, skw_node_peer(d->node, &peer));
		break;
	case SKW_PAY_INJECT:
	case SKW_PAY_QUERY_UNSPENTS:
	case SKW_PAY_QUERY_TX:
	case SKW_PAY_QUERY_OUTPUT:
		skw_desk_ask(d, out);
		break;
	case SKW_PAY_EVENT:
		note(d, &out->event);
		break;
	case SKW_PAY_STORE_RECEIPT:
		must(d, skw_desk_book_keep(d->book, out));
		break;
	}
}

bool skw_desk_pump(struct skw_desk *d)
{
	uint64_t unix_s = skw_node_unix();
	struct skw_pay_output out;
	bool any = false;

	if (d->pay != NULL && unix_s != d->clock_s) {
		d->clock_s = unix_s;
		skw_pay_clock(d->pay, skw_desk_now(d), unix_s);
	}
	while (d->pay != NULL && !d->node->stopping &&
	       skw_pay_poll(d->pay, skw_desk_now(d), &out)) {
		carry_out(d, &out);
		any = true;
	}
	return any;
}

uint64_t skw_desk_next_timer(const struct skw_desk *d)
{
	return d->pay != NULL ? skw_pay_next_timer(d->pay, skw_desk_now(d)) : UINT64_MAX;
}
