/* The accounts of a node as the daemon keeps them, without a ledger: credit has no end, nothing is
 * settled, what is counted is the point. The store is what a crash leaves. */

#include "net/skw_net_inside.h"

#include <stdlib.h>
#include <string.h>

enum { PERSIST_BYTES = 65536, BATCH_BYTES = 64 * SKW_CELL_FULL };

static const char prefix[] = "pay:";
enum { PREFIX = sizeof(prefix) - 1 };

struct skw_desk {
	struct net_node *node;
	struct skw_pay *pay;
};

/* ---- The store ---- */

static struct net_record *record_of(struct net_store *s, const uint8_t *key, size_t key_len)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->records[i].key_len == key_len &&
		    memcmp(s->records[i].key, key, key_len) == 0)
			return &s->records[i];
	return NULL;
}

bool skw_kv_put(struct skw_kv *kv, const uint8_t *key, size_t key_len, const uint8_t *value,
		size_t value_len)
{
	struct net_store *s = (struct net_store *)kv;
	struct net_record *r = record_of(s, key, key_len);

	if (r == NULL) {
		s->records = realloc(s->records, (s->count + 1) * sizeof(*s->records));
		if (s->records == NULL || key_len > sizeof(r->key))
			abort();
		r = &s->records[s->count++];
		*r = (struct net_record) { .key_len = key_len };
		memcpy(r->key, key, key_len);
	}
	r->value = realloc(r->value, value_len);
	if (r->value == NULL)
		abort();
	memcpy(r->value, value, value_len);
	r->value_len = value_len;
	return true;
}

bool skw_kv_each(struct skw_kv *kv,
		 void (*each)(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
			      size_t value_len),
		 void *arg)
{
	const struct net_store *s = (const struct net_store *)kv;

	for (size_t i = 0; i < s->count; i++)
		each(arg, s->records[i].key, s->records[i].key_len, s->records[i].value,
		     s->records[i].value_len);
	return true;
}

void net_store_free(struct net_store *store)
{
	for (size_t i = 0; i < store->count; i++)
		free(store->records[i].value);
	free(store->records);
}

/* ---- The desk ---- */

static bool never_signs(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
			const struct skw_address *owner)
{
	(void)context;
	(void)out;
	(void)hash;
	(void)owner;
	return false;
}

static void restore(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
		    size_t value_len)
{
	struct skw_desk *d = arg;

	if (key_len != PREFIX + SKW_PAY_RECORD_KEY || memcmp(key, prefix, PREFIX) != 0)
		return;
	if (skw_pay_restore(d->pay, key + PREFIX, value, value_len) != SKW_PAY_OK)
		net_violated(d->node->net, "node %u: a stored account cannot be read",
			     d->node->index);
}

struct skw_desk *skw_desk_new(struct skw_node *node)
{
	struct skw_desk *d = calloc(1, sizeof(*d));
	struct skw_pay_config pay = skw_pay_config_default();

	if (d == NULL)
		return NULL;
	d->node = (struct net_node *)node;
	memset(pay.wallet.b + 1, 1,
	       sizeof(pay.wallet.b) - 1); /* version 0, an address nobody has */
	pay.signer = (struct skw_pay_signer) { never_signs, NULL };
	pay.neighbours_max = NET_NODE_WIRES;
	pay.credit_limit = pay.unsettled_limit = SKW_UNITS_PRICE_MAX;
	pay.persist_bytes = PERSIST_BYTES;
	pay.pay_us = UINT64_MAX;
	if (skw_pay_new(&d->pay, &pay) != SKW_PAY_OK) {
		free(d);
		return NULL;
	}
	skw_kv_each(node->kv, restore, d);
	return d;
}

void skw_desk_free(struct skw_desk *d)
{
	if (d != NULL)
		skw_pay_free(d->pay);
	free(d);
}

void skw_desk_on_link(struct skw_desk *d, const struct skw_node_address *peer, bool up)
{
	skw_pay_on_link(d->pay, d->node->net->now_us, peer->bytes, up);
}

void skw_desk_on_message(struct skw_desk *d, const struct skw_node_address *peer,
			 const uint8_t *data, size_t len)
{
	if (skw_pay_on_message(d->pay, d->node->net->now_us, peer->bytes, data, len) != SKW_PAY_OK)
		net_violated(d->node->net, "node %u: a payment message that cannot be read",
			     d->node->index);
}

bool skw_desk_on_meter(struct skw_desk *d, const struct skw_node_address *peer,
		       const struct skw_onion_meter *meter)
{
	enum skw_pay_role role = meter->role == SKW_ONION_PAYEE ? SKW_PAY_PAYEE : SKW_PAY_PAYER;

	skw_pay_meter(d->pay, d->node->net->now_us, peer->bytes, role,
		      meter->sent ? SKW_PAY_SENT : SKW_PAY_RECEIVED, meter->bytes,
		      meter->price_per_mib);
	return skw_pay_admitted(d->pay, peer->bytes, role);
}

bool skw_desk_pump(struct skw_desk *d)
{
	struct skw_node *node = &d->node->node;
	struct skw_pay_output out;
	struct skw_node_address peer;
	uint8_t key[PREFIX + SKW_PAY_RECORD_KEY];
	uint32_t number;
	bool any = false;

	while (skw_pay_poll(d->pay, d->node->net->now_us, &out)) {
		any = true;
		if (out.type == SKW_PAY_PERSIST) {
			memcpy(key, prefix, PREFIX);
			memcpy(key + PREFIX, out.key, SKW_PAY_RECORD_KEY);
			skw_kv_put(node->kv, key, sizeof(key), out.data, out.len);
		} else if (out.type == SKW_PAY_SEND) {
			memcpy(peer.bytes, out.peer, sizeof(peer.bytes));
			number = skw_node_peer(node, &peer);
			if (number != 0)
				skw_link_send(node->link, number, SKW_LINK_PAY, out.data, out.len,
					      d->node->net->now_us);
		} else if (out.type == SKW_PAY_ADMISSION && !out.allowed) {
			net_violated(d->node->net, "node %u: endless credit came to an end",
				     d->node->index);
		}
	}
	return any;
}

uint64_t skw_desk_next_timer(const struct skw_desk *d)
{
	return skw_pay_next_timer(d->pay, d->node->net->now_us);
}

/* ---- For the checks ---- */

bool net_account(const struct net_node *n, const struct net_node *other, enum skw_pay_role role,
		 struct skw_pay_view *view)
{
	for (unsigned i = 0; skw_pay_view(n->node.desk->pay, i, view); i++)
		if (view->role == role &&
		    memcmp(view->peer, other->identity.address.bytes, SKW_PAY_KEY) == 0)
			return true;
	memset(view, 0, sizeof(*view)); /* nothing was ever counted */
	return false;
}

void net_desk_check_restored(struct skw_net *net, struct net_node *n)
{
	for (uint32_t i = 0; i < 2 * n->wire_count; i++) {
		const struct net_node *other =
		    &net->nodes[net_other_end(&net->wires[n->wires[i / 2]], n->index)];
		uint64_t *truth = &n->truth[i / 2].received[i % 2];
		struct skw_pay_view v = { 0 };

		net_account(n, other, (enum skw_pay_role)(i % 2), &v);
		if (v.received_bytes > *truth ||
		    *truth - v.received_bytes > PERSIST_BYTES + BATCH_BYTES)
			net_violated(net,
				     "node %u: its store says %llu bytes from %u, delivered were "
				     "%llu",
				     n->index, (unsigned long long)v.received_bytes, other->index,
				     (unsigned long long)*truth);
		*truth = v.received_bytes; /* the rest is never billed */
	}
}
