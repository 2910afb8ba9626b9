/* skw_sync - a node of a Skycoin network as a state machine: no socket, no thread, no clock.
 *
 *   connected, received, closed, tick -> chain, and through `ports`: bytes, dialling, closing
 *
 * It introduces itself, finds peers, fetches the blocks that it lacks, passes new blocks and
 * transactions on and, with the publisher's key, makes blocks. The first valid block of a number
 * wins for ever. What it trusts is the chain's rules and nothing that a peer says of itself.
 *
 * Calls through `ports` come from inside the inputs; they must not call back into it.
 */
#ifndef SKW_SYNC_H
#define SKW_SYNC_H

#include "ledger/skw_chain.h"
#include "ledger/skw_peers.h"

#define SKW_SYNC_CONNECTIONS 64u
#define SKW_SYNC_OUTGOING 8u
#define SKW_SYNC_PER_IP 3u
#define SKW_SYNC_AGENT "skycoin:0.27.1(skywave)"

struct skw_time {
	uint64_t us;     /* of any clock that never steps back */
	uint64_t unix_s; /* for blocks and the pool */
};

struct skw_sync_ports {
	void *context;
	/* False if so much is waiting to be sent that the peer cannot be reading. */
	bool (*send)(void *context, uint32_t id, const uint8_t *data, size_t len);
	/* Dials; later skw_sync_connected with `outgoing`, or skw_sync_dial_failed. */
	void (*dial)(void *context, struct skw_wire_peer to);
	/* Sends what waits, then closes. No skw_sync_closed follows. */
	void (*close)(void *context, uint32_t id);
	/* For the log; may be NULL. */
	void (*note)(void *context, const char *text);
};

struct skw_sync_config {
	uint32_t mirror;   /* random, not 0 */
	uint16_t port;     /* where we listen; 0: nowhere */
	bool loopback;     /* all peers are on this machine */
	unsigned outgoing; /* connections that we dial, at most SKW_SYNC_OUTGOING */
	const struct skw_coin_secret *secret; /* of the publisher; NULL: only follow */
	uint64_t produce_us;                  /* time between looks for pending transactions */
};

struct skw_sync_counters {
	uint64_t blocks;   /* taken from peers */
	uint64_t produced; /* by us */
	uint64_t refused;  /* blocks that broke a rule */
	uint64_t forked;   /* well signed, but other than ours of that number */
	uint64_t txs;      /* taken from peers */
	uint64_t txs_refused;
	uint64_t connections; /* accepted or made */
	uint64_t closed[20];  /* by reasons that travel */
	uint64_t malformed;
};

/* How a connection stands, for REST. */
struct skw_sync_connection {
	uint32_t id;
	struct skw_wire_peer at;
	bool outgoing;
	bool introduced;
	bool named; /* by the operator */
	struct skw_wire_intro intro;
	uint64_t height;                          /* the highest block it told of; 0 if none */
	uint64_t sent_s, received_s, connected_s; /* unix */
};

struct skw_sync;

/* The chain must outlive it. NULL if memory is short or the secret is not this network's. */
struct skw_sync *skw_sync_new(struct skw_chain *chain, const struct skw_sync_config *config,
			      const struct skw_sync_ports *ports);
void skw_sync_free(struct skw_sync *sync);
/* A peer that the operator names: dialled for ever. */
bool skw_sync_add_peer(struct skw_sync *sync, struct skw_wire_peer at);
/* One that we have heard of: dialled, told to others once it served us, forgotten if it fails. */
bool skw_sync_hear_of(struct skw_sync *sync, struct skw_wire_peer at);
const struct skw_peers *skw_sync_peers(const struct skw_sync *sync);

/* A connection stands; the caller numbers them, never the same number twice, never 0. It may be
 * closed at once, through the port. */
void skw_sync_connected(struct skw_sync *sync, uint32_t id, struct skw_wire_peer at, bool outgoing,
			const struct skw_time *now);
void skw_sync_dial_failed(struct skw_sync *sync, struct skw_wire_peer at,
			  const struct skw_time *now);
/* Any piece of what the peer sent. */
void skw_sync_received(struct skw_sync *sync, uint32_t id, const uint8_t *data, size_t len,
		       const struct skw_time *now);
/* It ended from the other side. */
void skw_sync_closed(struct skw_sync *sync, uint32_t id, const struct skw_time *now);
/* A few times a second. */
void skw_sync_tick(struct skw_sync *sync, const struct skw_time *now);

/* Tells the peers of a pending transaction; how many were told. */
unsigned skw_sync_announce(struct skw_sync *sync, const struct skw_sha256 *txids, size_t count);
/* The operator ends a connection; false if there is no such. */
bool skw_sync_disconnect(struct skw_sync *sync, uint32_t id);
unsigned skw_sync_introduced(const struct skw_sync *sync); /* peers */
bool skw_sync_produces(const struct skw_sync *sync);
struct skw_sync_counters skw_sync_counters(const struct skw_sync *sync);
typedef bool skw_sync_visit(void *context, const struct skw_sync_connection *connection);
void skw_sync_each(const struct skw_sync *sync, skw_sync_visit *visit, void *context);

#endif
