#include "ledger/skw_peers.h"

#define SECOND UINT64_C(1000000)

/* Doubles from RETRY with each failure, up to RETRY << RETRY_DOUBLES. */
enum { RETRY_S = 2, RETRY_DOUBLES = 6, PORT_MIN = 1024 };

void skw_peers_init(struct skw_peers *peers, bool loopback)
{
	peers->count = 0;
	peers->selves = 0;
	peers->loopback = loopback;
}

bool skw_peers_can_be(const struct skw_peers *peers, struct skw_wire_peer at)
{
	uint32_t net = at.ip >> 24;

	if (at.port < PORT_MIN || net == 0 || net >= 224) /* this host, multicast, reserved */
		return false;
	for (unsigned i = 0; i < peers->selves && i < SKW_PEERS_SELF; i++)
		if (skw_wire_peer_equal(peers->self[i], at))
			return false;
	return net != 127 || peers->loopback;
}

static struct skw_peer *find(struct skw_peers *peers, struct skw_wire_peer at)
{
	for (size_t i = 0; i < peers->count; i++)
		if (skw_wire_peer_equal(peers->peer[i].at, at))
			return &peers->peer[i];
	return NULL;
}

bool skw_peers_named(const struct skw_peers *peers, struct skw_wire_peer at)
{
	for (size_t i = 0; i < peers->count; i++)
		if (skw_wire_peer_equal(peers->peer[i].at, at))
			return peers->peer[i].named;
	return false;
}

static void forget(struct skw_peers *peers, struct skw_peer *peer)
{
	*peer = peers->peer[--peers->count];
}

/* The place of a peer that is no loss: the one that failed most often. */
static struct skw_peer *worst(struct skw_peers *peers)
{
	struct skw_peer *found = NULL;

	for (size_t i = 0; i < peers->count; i++) {
		struct skw_peer *p = &peers->peer[i];

		if (!p->named && !p->good && p->failures > (found != NULL ? found->failures : 0))
			found = p;
	}
	return found;
}

void skw_peers_is_self(struct skw_peers *peers, struct skw_wire_peer at)
{
	struct skw_peer *peer = find(peers, at);

	peers->self[peers->selves++ % SKW_PEERS_SELF] = at;
	if (peer != NULL)
		forget(peers, peer);
}

bool skw_peers_add(struct skw_peers *peers, struct skw_wire_peer at, bool named)
{
	struct skw_peer *peer = find(peers, at);

	if (peer == NULL) {
		if (!skw_peers_can_be(peers, at))
			return false;
		peer = peers->count < SKW_PEERS_KNOWN ? &peers->peer[peers->count++] : worst(peers);
		if (peer == NULL)
			return false;
		*peer = (struct skw_peer) { .at = at };
	}
	peer->named |= named;
	return true;
}

void skw_peers_spoke(struct skw_peers *peers, struct skw_wire_peer at)
{
	struct skw_peer *peer = find(peers, at);

	if (peer != NULL)
		peer->good = true;
}

void skw_peers_served(struct skw_peers *peers, struct skw_wire_peer at)
{
	struct skw_peer *peer = find(peers, at);

	if (peer != NULL)
		peer->failures = 0;
}

void skw_peers_failed(struct skw_peers *peers, struct skw_wire_peer at, uint64_t now_us)
{
	struct skw_peer *peer = find(peers, at);
	unsigned doubles;

	if (peer == NULL)
		return;
	doubles = peer->failures < RETRY_DOUBLES ? peer->failures : RETRY_DOUBLES;
	peer->next_us = now_us + (RETRY_S * SECOND << doubles);
	if (++peer->failures >= SKW_PEERS_TRIES && !peer->named)
		forget(peers, peer);
}

bool skw_peers_pick(struct skw_peers *peers, struct skw_wire_peer *out, skw_peers_taken *taken,
		    void *context, uint64_t now_us)
{
	struct skw_peer *best = NULL;

	for (size_t i = 0; i < peers->count; i++) {
		struct skw_peer *p = &peers->peer[i];

		if (p->next_us > now_us || taken(context, p->at))
			continue;
		if (best == NULL || p->named > best->named ||
		    (p->named == best->named && p->failures < best->failures))
			best = p;
	}
	if (best == NULL)
		return false;
	*out = best->at;
	best->next_us = now_us + RETRY_S * SECOND;
	return true;
}

size_t skw_peers_sample(const struct skw_peers *peers, struct skw_wire_peer *out, size_t cap,
			uint32_t random)
{
	size_t n = 0;

	for (size_t i = 0; i < peers->count && n < cap; i++) {
		const struct skw_peer *p = &peers->peer[(i + random) % peers->count];

		if (p->good)
			out[n++] = p->at;
	}
	return n;
}
