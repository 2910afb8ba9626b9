/* Invariants. What was delivered is reckoned from the cells as they arrive, by their headers: the
 * linker puts __wrap_skw_onion_receive before the onion's own (--wrap). The onion's memory is read
 * as it lies, which is why this file alone includes its inside. */

#include "net/skw_net_inside.h"

#include <stdlib.h>
#include <string.h>

#include "onion/skw_onion_state.h"

enum { SCANNED = 12 }; /* nodes whose memory is searched at each check */

void __real_skw_onion_receive(struct skw_onion *onion, uint32_t peer, const uint8_t *cell,
			      size_t len, uint64_t now_us);
void __wrap_skw_onion_receive(struct skw_onion *onion, uint32_t peer, const uint8_t *cell,
			      size_t len, uint64_t now_us);

/* ---- Delivered ---- */

static void created(struct net_wire *w, uint32_t id, uint32_t creator)
{
	if (w->creation_count == w->creation_max) {
		w->creation_max = 2 * w->creation_max + 16;
		w->creations = realloc(w->creations, w->creation_max * sizeof(*w->creations));
		if (w->creations == NULL)
			abort();
	}
	w->creations[w->creation_count++] = (struct net_creation) { id, creator };
}

static uint32_t creator_of(const struct net_wire *w, uint32_t id)
{
	for (size_t i = w->creation_count; i > 0; i--)
		if (w->creations[i - 1].id == id)
			return w->creations[i - 1].creator;
	return UINT32_MAX;
}

static uint64_t rejected(const struct skw_onion *onion)
{
	const struct skw_onion_counters *c = skw_onion_counters(onion);

	return c->malformed + c->replayed + c->tampered + c->dropped;
}

void __wrap_skw_onion_receive(struct skw_onion *onion, uint32_t peer, const uint8_t *cell,
			      size_t len, uint64_t now_us)
{
	struct net_node *n = net_at_work;
	struct skw_net *net = n->net;
	uint64_t before = rejected(onion);
	struct skw_link_info info = { 0 };
	uint32_t other, slot, id, creator;
	struct net_wire *w;

	skw_link_info(n->node.link, peer, &info);
	memcpy(&other, info.endpoint.addr, 4);
	slot = net_slot(n, other);
	if (slot == n->wire_count || len < SKW_CELL_HEADER) {
		net_violated(net, "node %u: a cell of %zu bytes from nowhere", n->index, len);
		return;
	}
	w = &net->wires[n->wires[slot]];
	memcpy(&id, cell, 4);
	if (cell[4] == CMD_CREATE)
		created(w, id, other);
	__real_skw_onion_receive(onion, peer, cell, len, now_us);
	if ((cell[4] != CMD_RELAY && cell[4] != CMD_RELAY_SURE) || rejected(onion) != before)
		return;
	creator = creator_of(w, id);
	if (creator == UINT32_MAX)
		net_violated(net, "node %u took a cell of a circuit that nobody created", n->index);
	else
		n->truth[slot].received[creator == other ? SKW_PAY_PAYEE : SKW_PAY_PAYER] += len;
}

/* ---- Accounts ---- */

static void check_accounts(struct skw_net *net, const struct net_node *n)
{
	for (uint32_t i = 0; i < 2 * n->wire_count; i++) {
		const struct net_node *other =
		    &net->nodes[net_other_end(&net->wires[n->wires[i / 2]], n->index)];
		uint64_t truth = n->truth[i / 2].received[i % 2];
		struct skw_pay_view v = { 0 };

		net_account(n, other, (enum skw_pay_role)(i % 2), &v);
		if (v.received_bytes != truth)
			net_violated(net, "node %u %s with %u: %llu bytes counted, %llu delivered",
				     n->index, i % 2 == SKW_PAY_PAYEE ? "earns" : "pays",
				     other->index, (unsigned long long)v.received_bytes,
				     (unsigned long long)truth);
	}
}

static void check_bill(struct skw_net *net, const struct net_node *payer,
		       const struct net_node *payee)
{
	uint64_t truth = payee->truth[net_slot(payee, payer->index)].received[SKW_PAY_PAYEE] +
			 payer->truth[net_slot(payer, payee->index)].received[SKW_PAY_PAYER];
	struct skw_pay_view pays = { 0 }, earns = { 0 };

	net_account(payer, payee, SKW_PAY_PAYER, &pays);
	net_account(payee, payer, SKW_PAY_PAYEE, &earns);
	if (pays.billed_bytes != truth || earns.billed_bytes != truth || pays.owed != earns.owed)
		net_violated(net,
			     "%u pays %u: delivered %llu bytes; billed %llu by the payer, %llu by "
			     "the payee; owed %llu and %llu",
			     payer->index, payee->index, (unsigned long long)truth,
			     (unsigned long long)pays.billed_bytes,
			     (unsigned long long)earns.billed_bytes, (unsigned long long)pays.owed,
			     (unsigned long long)earns.owed);
	net->stats.billed_bytes += earns.billed_bytes;
}

/* ---- What a relay knows ---- */

bool net_build_addresses(struct skw_net *net)
{
	size_t size = 1024;

	while (size < 16 * (size_t)net->config.nodes)
		size *= 2;
	net->address_mask = size - 1;
	net->addresses = calloc(size, sizeof(*net->addresses));
	net->address_node = calloc(size, sizeof(*net->address_node));
	if (net->addresses == NULL || net->address_node == NULL)
		return false;
	for (uint32_t i = 0; i < net->config.nodes; i++) {
		uint64_t word;
		size_t at;

		memcpy(&word, net->nodes[i].identity.address.bytes, sizeof(word));
		for (at = word & net->address_mask; net->addresses[at] != 0;)
			at = (at + 1) & net->address_mask;
		net->addresses[at] = word;
		net->address_seen[word % NET_SEEN / 64] |= UINT64_C(1) << word % 64;
		net->address_node[at] = i;
	}
	return true;
}

/* The last place from `at` on, where a word of zeros begins, before one where a word of others
 * does: a block of zeros at a time. */
static size_t after_zeros(const uint8_t *bytes, size_t at, size_t len)
{
	static const uint8_t zeros[256];

	while (at + sizeof(zeros) <= len && memcmp(bytes + at, zeros, sizeof(zeros)) == 0)
		at += sizeof(zeros) - 8;
	return at;
}

/* The first address of a node in `data` that is no neighbour of `n`, nor its own. */
static bool finds_stranger(const struct skw_net *net, const struct net_node *n, const void *data,
			   size_t len, uint32_t *who)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 8 <= len; i++) {
		uint64_t word;

		memcpy(&word, bytes + i, sizeof(word));
		if (word == 0) { /* most of it: on to the first word that is not */
			i = after_zeros(bytes, i, len);
			continue;
		}
		/* Of others, one in a hundred goes on to the table. */
		if (!(net->address_seen[word % NET_SEEN / 64] >> word % 64 & 1))
			continue;
		for (size_t at = word & net->address_mask; net->addresses[at] != 0;
		     at = (at + 1) & net->address_mask) {
			*who = net->address_node[at];
			if (net->addresses[at] == word && *who != n->index &&
			    net_slot(n, *who) == n->wire_count)
				return true;
		}
	}
	return false;
}

static void check_circuit(struct skw_net *net, const struct net_node *n, const struct circuit *c)
{
	uint32_t who;

	if (!c->used || c->dead || c->origin != NULL)
		return;
	if (c->ends[PREV].peer == 0)
		net_violated(net, "node %u relays a circuit of nobody", n->index);
	if (finds_stranger(net, n, c, sizeof(*c), &who))
		net_violated(net, "node %u knows of node %u in a circuit that it relays", n->index,
			     who);
}

static void check_knowledge(struct skw_net *net, const struct net_node *n)
{
	const struct skw_onion *o = n->node.onion;
	uint32_t who;

	for (uint32_t i = 0; i < o->config.circuits_max; i++)
		check_circuit(net, n, &o->circuits[i]);
	if (n->user) /* it chooses paths: of course it knows them */
		return;
	if (finds_stranger(net, n, o, sizeof(*o), &who) ||
	    finds_stranger(net, n, o->circuits, o->config.circuits_max * sizeof(*o->circuits),
			   &who) ||
	    finds_stranger(net, n, o->cells, o->config.cells_max * sizeof(*o->cells), &who))
		net_violated(net, "relay %u holds the address of node %u, no neighbour of its",
			     n->index, who);
}

/* ---- The checks ---- */

static void check_bounds(struct skw_net *net, const struct net_node *n)
{
	const struct skw_onion *o = n->node.onion;
	uint32_t queued = o->control.count;

	for (uint32_t i = 0; i < o->config.circuits_max; i++)
		if (o->circuits[i].used)
			queued += o->circuits[i].ends[PREV].queue.count +
				  o->circuits[i].ends[NEXT].queue.count;
	if (queued + cells_left(o) != o->config.cells_max)
		net_violated(net, "node %u: %u cells wait and %u are free, of %u", n->index, queued,
			     cells_left(o), o->config.cells_max);
}

void net_check(struct skw_net *net)
{
	uint32_t scan = (uint32_t)net_below(net, net->config.nodes);

	for (uint32_t i = 0; i < net->config.nodes; i++) {
		const struct net_node *n = &net->nodes[i];

		if (!n->alive)
			continue;
		check_accounts(net, n);
		check_bounds(net, n);
		if ((i + net->config.nodes - scan) % net->config.nodes < SCANNED)
			check_knowledge(net, n);
	}
}

/* What might be the reason: how many neighbours it hears, and how many of those know. */
static void note_ignorance(struct skw_net *net, const struct net_node *n, const struct net_node *of)
{
	unsigned up = 0, knowing = 0;

	for (uint32_t i = 0; i < n->wire_count; i++) {
		const struct net_node *other =
		    &net->nodes[net_other_end(&net->wires[n->wires[i]], n->index)];
		size_t len;

		if (skw_node_peer(&n->node, &other->identity.address) == 0)
			continue;
		up++;
		knowing += skw_directory_signed(other->node.directory, &of->identity.address,
						&len) != NULL;
	}
	net_note(net, "node %u: %u of %u neighbours are up, %u of them know node %u; %u alive",
		 n->index, up, n->wire_count, knowing, of->index, of->alive);
}

bool skw_net_check_directory(struct skw_net *net)
{
	for (uint32_t i = 0; i < net->config.nodes; i++)
		for (uint32_t k = 0; k < net->config.nodes; k++) {
			const struct skw_node_address *who = &net->nodes[k].identity.address;
			size_t len, own_len;
			const uint8_t *has =
			    skw_directory_signed(net->nodes[i].node.directory, who, &len);
			const uint8_t *own =
			    skw_directory_signed(net->nodes[k].node.directory, who, &own_len);

			if (own == NULL || has == NULL || len != own_len ||
			    memcmp(has, own, len) != 0) {
				note_ignorance(net, &net->nodes[i], &net->nodes[k]);
				net_violated(net, "node %u %s node %u", i,
					     has == NULL ? "does not know" : "has old news of", k);
				return false;
			}
		}
	return true;
}

static void check_empty(struct skw_net *net, const struct net_node *n)
{
	const struct skw_onion *o = n->node.onion;
	struct skw_session_info session;
	struct skw_link_info link;
	uint32_t cursor = 0;

	if (!n->alive)
		net_violated(net, "node %u is down", n->index);
	else if (!net_user_idle(n))
		net_violated(net, "node %u has a stream left", n->index);
	else if (skw_session_next(n->node.session, &cursor, &session))
		net_violated(net, "node %u has a session left", n->index);
	else if (o->used != 0)
		net_violated(net, "node %u has %u circuits left", n->index, o->used);
	else if (cells_left(o) != o->config.cells_max)
		net_violated(net, "node %u has lost %u cells", n->index,
			     o->config.cells_max - cells_left(o));
	for (uint32_t peer = 1; peer <= SKW_LINK_PEERS_MAX; peer++)
		if (skw_link_info(n->node.link, peer, &link) && link.queued > 0)
			net_violated(net, "node %u has %zu bytes left to say to peer %u", n->index,
				     link.queued, peer);
}

bool skw_net_check_rest(struct skw_net *net)
{
	net->stats.billed_bytes = 0;
	for (uint32_t i = 0; i < net->config.nodes; i++)
		check_empty(net, &net->nodes[i]);
	for (uint32_t i = 0; i < net->wire_count && net->violation[0] == '\0'; i++) {
		const struct net_node *a = &net->nodes[net->wires[i].ends[0]];
		const struct net_node *b = &net->nodes[net->wires[i].ends[1]];

		check_bill(net, a, b);
		check_bill(net, b, a);
	}
	return net->violation[0] == '\0';
}
