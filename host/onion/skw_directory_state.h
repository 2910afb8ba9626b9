/* skw_directory_state - what the files of the directory share. Nobody else includes it. */
#ifndef SKW_DIRECTORY_STATE_H
#define SKW_DIRECTORY_STATE_H

#include "onion/skw_directory.h"
#include "wire/skw_cursor.h"
#include "wire/skw_set.h"

/* First byte of a message; that of a descriptor is its version. */
enum { SAY_DESCRIPTOR = 1, SAY_SUMMARY = 2, SAY_ASK = 3, SAY_DONE = 4 };

enum key { BY_ADDRESS, BY_SIGNER, KEYS };

#define SUMMARY_BITS 9u /* at most 512 buckets */
#define BUCKETS (1u << SUMMARY_BITS)
#define BUCKET_NODES 32u /* nodes a bucket, about */
#define SALT 16u         /* key of SipHash-2-4 */
#define PREFIX 8u        /* bytes of an address that tell it from others */
#define ITEM (PREFIX + 8u)
#define ASKS 4u             /* unanswered ones of a peer */
#define SUMMARY_EVERY_S 60u /* to each peer */
#define SUMMARY_LEAST_S 30u /* from each peer: sooner ones are not looked at */
#define SYNC_PATIENCE_S 30u /* with a peer that was asked and says nothing */
#define SAY_MAX 32768u      /* a reliable message of the link */

struct buckets {
	uint64_t word[BUCKETS / 64];
};

/* Memory is taken for the links and bytes that there are, not for those that there might be. */
struct entry {
	struct skw_set held; /* n - 1: peer n is to be told, unless it turns out to have it */
	uint64_t tokens, tokens_s;
	size_t at;    /* its place in nodes */
	size_t taken; /* memory */
	uint8_t *bytes;
	size_t len;
	struct skw_descriptor d; /* last: links past link_count have no memory */
};

/* What a peer has, as it said, and how far we are with fetching what we lack. */
struct sync {
	uint8_t bits, salt[SALT];
	uint64_t hashes[BUCKETS];
	struct buckets todo; /* different and not asked for yet */
	uint16_t asked[ASKS];
	unsigned asked_count;
	uint64_t heard_s;
};

struct neighbour {
	bool summary_due;
	uint64_t summary_s;  /* when we said ours */
	uint8_t bits;        /* of it */
	struct buckets open; /* which may be asked for, each once */
	uint16_t owed;       /* asks that wait for our DONE */
	uint64_t looked_s;   /* when we looked at its summary */
	bool looked;
	struct sync *sync; /* NULL: nothing to fetch */
};

struct skw_directory {
	struct entry **nodes; /* count of room */
	/* Beside nodes: whom to tell, n - 1 for peer n. In one place, since poll walks over all. */
	struct skw_set *pending;
	size_t count, room, taken;
	uint32_t *table[KEYS]; /* 1 + a place in nodes; 0: free */
	size_t mask;
	struct skw_set up, refused;            /* peers, as n - 1 */
	struct skw_set talking;                /* those with whom there is something to sync */
	uint32_t waiting[SKW_DIRECTORY_PEERS]; /* entries pending for each peer */
	struct neighbour neighbours[SKW_DIRECTORY_PEERS];
	size_t turn;        /* where poll goes on */
	uint64_t soonest_s; /* nothing expires before */
	struct skw_random random;
	uint64_t now_s;
	/* what was said last, in case there was no room for it */
	uint8_t last;
	uint16_t last_value;
	uint8_t say[SAY_MAX];
	struct skw_directory_counters counters;
};

/* skw_directory.c: the peer is to be told, if it is up; or need not be */
void directory_tell(struct skw_directory *dir, struct entry *e, uint32_t peer);

/* skw_directory_sync.c: who has what. Peers are those that are up. */
void sync_peer_up(struct skw_directory *dir, uint32_t peer);
void sync_peer_down(struct skw_directory *dir, uint32_t peer);
enum skw_directory_status sync_receive(struct skw_directory *dir, uint32_t peer,
				       const uint8_t *data, size_t len);
/* Does it owe us an answer? */
bool sync_asked(const struct skw_directory *dir, uint32_t peer);
/* A descriptor came from it. */
void sync_heard(struct skw_directory *dir, uint32_t peer);
/* Something to say to one of `ready` that is no descriptor. */
bool sync_poll(struct skw_directory *dir, const struct skw_set *ready,
	       struct skw_directory_out *out);
/* The last of those found no room. */
void sync_refused(struct skw_directory *dir, uint32_t peer);
void sync_tick(struct skw_directory *dir);

#endif
