/* skw_directory - the newest descriptor of every node, flooded over links; paths chosen by the
 * source.
 *
 *   own descriptor --publish--> [ directory ] --SEND to each peer--> link (SKW_LINK_DIRECTORY)
 *   link --receive--> verified, newer than what we hold? keep, pass on to all but the giver
 *   a peer comes up, or a minute is over: who has what? (skw_directory_sync.c)
 *
 * A link between two nodes exists when both say so. Time here is unix time in seconds, since that
 * is what descriptors expire by. Bounded: SKW_DIRECTORY_NODES descriptors in SKW_DIRECTORY_BYTES;
 * when full, strangers are refused.
 */
#ifndef SKW_DIRECTORY_H
#define SKW_DIRECTORY_H

#include "keys/skw_random.h"
#include "onion/skw_descriptor.h"

#define SKW_DIRECTORY_NODES 16384u
#define SKW_DIRECTORY_BYTES (16u << 20) /* of memory for them: some 15,000 nodes of 3 links */
#define SKW_DIRECTORY_PEERS 128u        /* peers are numbered as by skw_link: 1..128 */
#define SKW_DIRECTORY_LIFE_MAX                                                                     \
	86400u                    /* seconds that a descriptor may be valid for, ahead of now      \
				   */
#define SKW_DIRECTORY_INTERVAL 2u /* seconds between descriptors of one node, after 16 at once */
#define SKW_PATH_RELAYS_MAX 7u

enum skw_directory_status {
	SKW_DIRECTORY_OK,        /* new: kept and passed on */
	SKW_DIRECTORY_KNOWN,     /* we have this or a newer one */
	SKW_DIRECTORY_EXPIRED,   /* or valid absurdly long */
	SKW_DIRECTORY_MALFORMED, /* or forged */
	SKW_DIRECTORY_TOO_SOON,  /* the node changes its mind too often; the next one is taken */
	SKW_DIRECTORY_FULL,
	SKW_DIRECTORY_TALK, /* no descriptor: about who has what */
};

struct skw_directory_out { /* send it to `peer` as SKW_LINK_DIRECTORY */
	uint32_t peer;
	const uint8_t *data;
	size_t len;
};

struct skw_directory_counters {
	uint64_t accepted, known, expired, malformed, too_soon, full, sent;
};

/* hops[0] is the first relay, hops[count - 1] the destination. offer[i] is what the link into hop i
 * carries as its offer: the sum of what hop i and those after it charge. */
struct skw_path {
	size_t count;
	struct skw_node_address hops[SKW_PATH_RELAYS_MAX + 1];
	uint64_t offer[SKW_PATH_RELAYS_MAX + 1];
};

enum skw_path_wish {
	SKW_PATH_CHEAPEST,
	SKW_PATH_FASTEST, /* fewest links if any number will do, then the widest, then the cheapest
			   */
};

struct skw_path_request {
	struct skw_node_address from, to;
	int relays; /* exactly so many between the ends; -1: any */
	enum skw_path_wish wish;
	uint64_t max_price; /* per MiB of the whole path; 0: any */
	uint64_t seed;      /* decides between equals */
	const struct skw_node_address *avoid;
	size_t avoid_count;
	const struct skw_node_address *require; /* relays that it must pass, all of them */
	size_t require_count;
	/* It shares as few relays with these as can be, a first relay last of all; that comes
	 * before the wish. What is required is shared for nothing. */
	const struct skw_path *const *beside;
	size_t beside_count;
};

struct skw_directory;

struct skw_directory *skw_directory_new(const struct skw_random *random);
void skw_directory_free(struct skw_directory *dir);

/* Our own, or one read back from a store. */
enum skw_directory_status skw_directory_publish(struct skw_directory *dir, const uint8_t *data,
						size_t len, uint64_t unix_s);
enum skw_directory_status skw_directory_receive(struct skw_directory *dir, uint32_t peer,
						const uint8_t *data, size_t len, uint64_t unix_s);

/* A peer that comes up is told what we hold, by hashes, and given what it lacks and asks for. */
void skw_directory_peer_up(struct skw_directory *dir, uint32_t peer);
void skw_directory_peer_down(struct skw_directory *dir, uint32_t peer);

bool skw_directory_poll(struct skw_directory *dir, struct skw_directory_out *out);
/* The link had no room for the last output: offer it again, and this peer's others, after `tick`.
 */
void skw_directory_refused(struct skw_directory *dir, uint32_t peer);
/* About once a second: forgets the expired, wakes refused peers. */
void skw_directory_tick(struct skw_directory *dir, uint64_t unix_s);

size_t skw_directory_count(const struct skw_directory *dir);
const struct skw_descriptor *skw_directory_at(const struct skw_directory *dir, size_t index);
const struct skw_descriptor *skw_directory_find(const struct skw_directory *dir,
						const struct skw_node_address *address);
/* The signed bytes, for a store. NULL if there is none. */
const uint8_t *skw_directory_signed(const struct skw_directory *dir,
				    const struct skw_node_address *address, size_t *len);
const struct skw_directory_counters *skw_directory_counters(const struct skw_directory *dir);

/* False if no such path is known. */
bool skw_path_find(const struct skw_directory *dir, const struct skw_path_request *request,
		   struct skw_path *path);

#endif
