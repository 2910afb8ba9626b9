/* skw_net - hundreds of whole nodes in one process, in virtual time, on bad wires that fail.
 *
 *   users --> session --> onion --> link --> [ wires: delay, rate, loss, disorder, copies, cuts ]
 *                 routes, directory, pump: the daemon's own (host/node)       |
 *                 accounts: host/pay on a store in memory                  other nodes
 *
 * Everything follows from the configuration and its seed; `hash` tells two runs apart by every byte
 * on every wire. Invariants are checked while it runs (skw_net_check.c); the first violation stops
 * the run, and skw_net_report says seed, what, and the last events. One simulation at a time: the
 * daemon's clock (skw_node_unix) has no argument. docs/simulation-net.md tells what is simulated.
 */
#ifndef SKW_NET_H
#define SKW_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One direction of a wire; chances are per 10,000 frames. */
struct skw_net_wire {
	uint64_t delay_us, jitter_us;
	uint64_t ns_per_byte, queue_us; /* what waits longer than queue_us is dropped */
	unsigned loss, duplicate, late, flip;
	/* late: held back by up to 50 ms more, behind frames sent after it; flip: one bit changed
	 */
};

struct skw_net_config {
	uint64_t seed;
	unsigned nodes;
	unsigned wires;  /* in all, at least `nodes`: a ring, the rest at random */
	unsigned users;  /* nodes that open streams to each other; the rest only relay */
	unsigned relays; /* of a circuit */
	unsigned paths;  /* circuits at once to one place, at most */
	uint64_t price;  /* droplets a MiB, of every relay */
	struct skw_net_wire wire;
	uint64_t fault_us;     /* mean time between faults; 0: none */
	uint64_t think_us;     /* mean time between a user's streams */
	uint64_t stream_bytes; /* at most, each way; of a random size */
};

struct skw_net_stats {
	uint64_t events, frames, bytes, lost;
	uint64_t crashes, cuts, partitions, degradations;
	uint64_t streams, completed, failed, stream_bytes;
	uint64_t billed_bytes, directory_messages;
	uint64_t circuits, oldest_circuit_us, rekeys; /* now, at their origins */
};

struct skw_net;

/* Nodes are started and call each other at time 0. NULL: no memory, or the configuration makes no
 * sense. */
struct skw_net *skw_net_new(const struct skw_net_config *config);
void skw_net_free(struct skw_net *net);

/* Runs on for `us`; false at the first violation, now or before. */
bool skw_net_run(struct skw_net *net, uint64_t us);
/* No more faults: what is cut is joined, who is down starts. Users go on. */
void skw_net_calm(struct skw_net *net);
/* Users open no more streams; once theirs are done, sessions are closed. */
void skw_net_rest(struct skw_net *net);

/* After `calm` and some time: everybody knows everybody's newest descriptor. */
bool skw_net_check_directory(struct skw_net *net);
/* After `rest` and long silence: no stream, session, circuit or queued cell is left anywhere, and
 * both ends of every account agree to the byte. */
bool skw_net_check_rest(struct skw_net *net);

/* Takes a node down at once; it starts anew from its store after `down_us`. */
void skw_net_crash(struct skw_net *net, unsigned node, uint64_t down_us);

struct skw_net_stats skw_net_stats(const struct skw_net *net);
/* 128 bits over every frame and fault so far, as 32 hexadecimal digits. */
void skw_net_hash(const struct skw_net *net, char text[33]);
/* NULL: nothing wrong so far. */
const char *skw_net_violation(const struct skw_net *net);
/* Seed, violation, last events. */
void skw_net_report(const struct skw_net *net, FILE *to);

#endif
