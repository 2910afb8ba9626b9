/* skw_net_inside - what the files of sim/net share.
 *
 *   skw_net.c        life, time, the queue of events
 *   skw_net_wire.c   wires; the UDP port that the daemon's pump sends to
 *   skw_net_fault.c  crashes, cuts, partitions, bad weather
 *   skw_net_user.c   streams of known patterns; stands where the daemon has SOCKS5 and services
 *   skw_net_desk.c   accounts and the store; stands where the daemon has ledger and disk
 *   skw_net_check.c  invariants
 *   skw_net_memo.c   a signature verified once need not be verified 500 times
 */
#ifndef SKW_NET_INSIDE_H
#define SKW_NET_INSIDE_H

#include <sodium.h>

#include "net/skw_net.h"
#include "node/skw_desk.h"
#include "node/skw_node_inside.h"
#include "node/skw_routes.h"
#include "node/skw_streams.h"
#include "node/skw_udp_port.h"
#include "pay/skw_pay.h"

enum {
	NET_NODE_WIRES = 16,
	NET_PIPES = 64,  /* streams of a node at a time */
	NET_NOTES = 400, /* events kept for the report */
	NET_NOTE = 120,
	NET_CIRCUITS = 64,
	NET_CELLS = 320,
	NET_SESSIONS = 64,
	NET_SEEN = 65536,
};

#define NET_SECOND UINT64_C(1000000)
#define NET_UNIX UINT64_C(1800000000) /* seconds at virtual time 0 */
#define NET_NEVER UINT64_MAX

enum net_event_kind { NET_FRAME, NET_TIMER, NET_USER, NET_FAULT, NET_RESTART, NET_MEND };

struct net_event {
	uint64_t at, serial;
	enum net_event_kind kind;
	uint32_t node, from; /* FRAME: from; MEND: a wire; TIMER: the version */
	uint32_t len;
	uint8_t *frame;
};

/* Both directions; `cut` counts who cut it. */
struct net_wire {
	uint32_t ends[2];
	struct skw_net_wire now;
	uint64_t busy_us[2];
	unsigned cut;
	bool bad; /* the weather */
	/* who created which circuit, as its creation cell told */
	struct net_creation {
		uint32_t id, creator;
	} * creations;
	size_t creation_count, creation_max;
};

struct net_transfer {
	uint32_t client, server;
	uint64_t bytes[2]; /* up, down */
	bool active, half; /* half: one end has finished */
	uint64_t begun_us;
};

/* One end of a stream. */
struct net_pipe {
	bool used, server, ended;
	uint32_t session, stream, transfer;
	uint64_t written, read;
};

/* What was delivered to a node by the neighbour at the end of a wire, by the node's own role:
 * counted where the cells arrive, from their headers alone. */
struct net_truth {
	uint64_t received[2];
};

struct net_store {
	struct net_record {
		uint8_t key[64], *value;
		size_t key_len, value_len;
	} * records;
	size_t count;
};

struct net_node {
	struct skw_node node; /* first: the daemon's pointer is ours */
	struct skw_net *net;
	uint32_t index;
	bool alive, user;
	unsigned lives;
	struct skw_random_stream stream;
	struct skw_identity identity;
	uint32_t wires[NET_NODE_WIRES], wire_count;
	struct net_truth truth[NET_NODE_WIRES];
	struct net_store store;
	uint32_t timer; /* version of the one that counts */
	struct net_pipe pipes[NET_PIPES];
	uint32_t transfer;                          /* the client's own, 1 + index; 0: none */
	uint64_t circuits_before, directory_before; /* of lives past */
};

struct skw_net {
	struct skw_net_config config;
	struct skw_config node_config;
	uint64_t now_us, serial;
	struct skw_random_stream stream;
	struct skw_random random;
	uint64_t weather; /* what net_below draws from */
	uv_loop_t loop;   /* never run: its timers say when the daemon would wake */
	struct net_node *nodes;
	struct net_wire *wires;
	uint32_t wire_count;
	struct net_event *heap;
	size_t heap_count, heap_max;
	struct net_transfer *transfers;
	size_t transfer_count, transfer_max;
	bool calm, rest;
	struct skw_net_stats stats;
	crypto_generichash_state hash;
	char notes[NET_NOTES][NET_NOTE];
	uint64_t note_count, checked_us;
	char violation[256];
	uint64_t *addresses; /* open table: first 8 bytes of every node's address */
	uint32_t *address_node;
	uint64_t address_seen[NET_SEEN / 64]; /* which last 16 bits they have */
	size_t address_mask;
};

/* skw_net.c */
extern struct net_node *net_at_work; /* whose rooms are called just now */
void net_push(struct skw_net *net, const struct net_event *event);
void net_note(struct skw_net *net, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first one stays. */
void net_violated(struct skw_net *net, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t net_below(struct skw_net *net, uint64_t n);     /* 0 .. n - 1 */
uint64_t net_spread(struct skw_net *net, uint64_t mean); /* mean / 2 .. 3 mean / 2 */
void net_hash(struct skw_net *net, uint64_t kind, uint64_t a, uint64_t b, const void *data,
	      size_t len);
bool net_start(struct skw_net *net, struct net_node *n);
void net_stop(struct skw_net *net, struct net_node *n);
/* Does what the node's daemon would do now. */
void net_pump(struct skw_net *net, struct net_node *n);

/* skw_net_wire.c */
bool net_build_wires(struct skw_net *net);
/* The node's number of the wire to `other`; wire_count if there is none. */
uint32_t net_slot(const struct net_node *n, uint32_t other);
uint32_t net_other_end(const struct net_wire *w, uint32_t node);

/* skw_net_fault.c */
void net_fault(struct skw_net *net);
void net_mend(struct skw_net *net, uint32_t wire);

/* skw_net_user.c */
void net_user(struct skw_net *net, struct net_node *n);
bool net_user_idle(const struct net_node *n);
void net_users_forget(struct skw_net *net, struct net_node *n);

/* skw_net_desk.c: what was stored may lack the last bytes, and truth follows it */
void net_desk_check_restored(struct skw_net *net, struct net_node *n);
void net_store_free(struct net_store *store);

/* skw_net_check.c */
bool net_build_addresses(struct skw_net *net);
void net_check(struct skw_net *net);
/* The account that `n` keeps in `role` with `other`; false and zeros if there is none. */
bool net_account(const struct net_node *n, const struct net_node *other, enum skw_pay_role role,
		 struct skw_pay_view *view);

#endif
