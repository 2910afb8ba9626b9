/* skw_peers - the nodes that we know of, and whom to dial next.
 *
 *   heard of -> waiting -> (dialled) -> good | failed -> waiting longer -> forgotten
 *
 * A fixed table: gossip can displace gossip, never what the operator named. No clock, no chance of
 * its own: time and random numbers come from the caller.
 */
#ifndef SKW_PEERS_H
#define SKW_PEERS_H

#include "ledger/skw_wire_messages.h"

#define SKW_PEERS_KNOWN 1024u
#define SKW_PEERS_SELF 4u
#define SKW_PEERS_TRIES 6u /* failures after which gossip is forgotten */

struct skw_peer {
	struct skw_wire_peer at;
	bool named;        /* by the operator: kept for ever */
	bool good;         /* we have spoken with it: worth telling others */
	unsigned failures; /* in a row */
	uint64_t next_us;  /* not before */
};

struct skw_peers {
	struct skw_peer peer[SKW_PEERS_KNOWN];
	size_t count;
	struct skw_wire_peer self[SKW_PEERS_SELF]; /* where we found ourselves */
	unsigned selves;
	bool loopback; /* a network on this machine alone: loopback addresses count */
};

void skw_peers_init(struct skw_peers *peers, bool loopback);
/* False if it can be no peer (address of no host, port below 1024) or the table is full. Knowing
 * it already is well. */
bool skw_peers_add(struct skw_peers *peers, struct skw_wire_peer at, bool named);
bool skw_peers_can_be(const struct skw_peers *peers, struct skw_wire_peer at);
/* We have dialled ourselves there: never again, whoever tells of it. */
void skw_peers_is_self(struct skw_peers *peers, struct skw_wire_peer at);
bool skw_peers_named(const struct skw_peers *peers, struct skw_wire_peer at);
/* It introduced itself; it served us well; it could not be dialled or did us wrong. Unknown ones
 * are passed over. */
void skw_peers_spoke(struct skw_peers *peers, struct skw_wire_peer at);
void skw_peers_served(struct skw_peers *peers, struct skw_wire_peer at);
void skw_peers_failed(struct skw_peers *peers, struct skw_wire_peer at, uint64_t now_us);
/* The next to dial, which will not be picked again for a while; false if none is due. `taken` tells
 * which are connected. */
typedef bool skw_peers_taken(void *context, struct skw_wire_peer at);
bool skw_peers_pick(struct skw_peers *peers, struct skw_wire_peer *out, skw_peers_taken *taken,
		    void *context, uint64_t now_us);
/* Up to `cap` good ones, starting at a random one. */
size_t skw_peers_sample(const struct skw_peers *peers, struct skw_wire_peer *out, size_t cap,
			uint32_t random);

#endif
