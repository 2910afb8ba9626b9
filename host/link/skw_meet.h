/* skw_meet - two nodes behind NAT find each other through a neighbour of both.
 *
 *   alice --MEET bob-->  carol  <--MEET alice-- bob          (link type 19; docs/protocol.md,
 * "Meeting") alice <--AT bob----  carol  ---AT alice-->  bob alice <========== handshake, both at
 * once ==========> bob
 *
 * Every node may be carol; she tells places only to two who asked for each other, so nobody learns
 * where somebody is without consent. A state machine beside the link: it only looks things up
 * there. After each call that takes `now_us`, poll until false.
 */
#ifndef SKW_MEET_H
#define SKW_MEET_H

#include "link/skw_link.h"

#define SKW_MEET_WANTS 64u /* of our own */

struct skw_meet;

enum skw_meet_status {
	SKW_MEET_OK,
	SKW_MEET_FULL,
	SKW_MEET_DROPPED, /* receive: malformed, not asked for, or too often; counted */
};

/* A place on the internet: what a link's endpoint means is its port's business. */
struct skw_meet_place {
	uint8_t family; /* 4 or 6 */
	uint8_t ip[16]; /* 4 or 16 bytes in network order */
	uint16_t port;
};

enum skw_meet_event {
	SKW_MEET_SEND, /* `data` to `peer`, link type control */
	SKW_MEET_CALL, /* add `address` at `place` to the link */
};

struct skw_meet_out {
	enum skw_meet_event event;
	uint32_t peer;
	struct skw_node_address address;
	struct skw_meet_place place;
	const uint8_t *data;
	size_t len;
};

struct skw_meet_counters {
	uint64_t introduced; /* pairs that were told of each other by us */
	uint64_t dropped;
};

/* `link` outlives it and is only read. `place_of` says where an endpoint is; false if others cannot
 * reach it there (a radio, a cable, a link-local address). */
struct skw_meet *skw_meet_new(const struct skw_link *link,
			      bool (*place_of)(struct skw_meet_place *place,
					       const struct skw_link_endpoint *at));
void skw_meet_free(struct skw_meet *meet);

/* We want a link to `address` through `neighbour`: while there is none, it is asked every 15 s. */
enum skw_meet_status skw_meet_want(struct skw_meet *meet, const struct skw_node_address *address,
				   const struct skw_node_address *neighbour);
/* A neighbour came up: what it can help with is asked at once. */
void skw_meet_neighbour_up(struct skw_meet *meet, const struct skw_node_address *neighbour,
			   uint64_t now_us);
/* A control message of a neighbour that is up. */
enum skw_meet_status skw_meet_receive(struct skw_meet *meet, uint32_t peer, const uint8_t *data,
				      size_t len, uint64_t now_us);
bool skw_meet_poll(struct skw_meet *meet, struct skw_meet_out *out);

/* When to call tick next; UINT64_MAX: never. */
uint64_t skw_meet_next_timer(const struct skw_meet *meet);
void skw_meet_tick(struct skw_meet *meet, uint64_t now_us);

const struct skw_meet_counters *skw_meet_counters(const struct skw_meet *meet);

#endif
