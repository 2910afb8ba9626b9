/* skw_session_datagram - what the session keeps for datagrams; skw_session_state.h includes it.
 *
 *   out: send_datagram --> [ fair queue of flows ] --> a packet of some path --> acknowledged: done
 *                                   ^--- lost while young: again, over the quickest ---'
 *   in:  frame --> [ waits for its time and for the one before it in its flow ] --> DATAGRAM
 */
#ifndef SKW_SESSION_DATAGRAM_H
#define SKW_SESSION_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "session/skw_session.h"

#define DATAGRAM_HEADER 11u     /* of the frame: type, length, number, after, sent */
#define DATAGRAM_QUEUE 2097152u /* bytes waiting to be sent */
#define DATAGRAM_FLOWS 64u      /* queues, by hash */
#define DATAGRAM_TICK_US 64u    /* unit of `sent` */
#define PARCEL_SLAB 64u
#define PARCEL_SLABS 64u /* so 4096 that wait or are in flight, taken as they are needed */
#define PARCEL_NONE 0xffff
#define DATAGRAM_WINDOW 2048u /* that wait at the receiver */
#define DATAGRAM_SEEN 8192u   /* numbers that are remembered, so that none comes out twice */
#define DATAGRAM_HOLD_US 100000u

/* ---- out */

enum parcel_state { PARCEL_FREE, PARCEL_WAITS, PARCEL_FLIES, PARCEL_LOST, PARCEL_DONE };

struct parcel {
	uint8_t state, flow;
	bool ordered;
	uint16_t len, next; /* the next one in its queue */
	uint16_t after, sent;
	uint32_t number; /* since it was sent */
	uint64_t here_us;
	uint8_t data[SKW_SESSION_DATAGRAM_MAX];
};

struct flow {
	uint16_t first, last, count;
	bool listed, numbered;
	uint32_t bytes;
	int32_t deficit;
	uint32_t number; /* of the last ordered one that was sent */
	uint64_t ordered_us;
	/* RFC 8289 */
	bool dropping;
	uint32_t drops, drops_before;
	uint64_t above_us, drop_us;
};

struct roster { /* of flows with something to send, in their turn */
	uint8_t at[DATAGRAM_FLOWS];
	unsigned count;
};

struct outbox {
	struct parcel *slabs[PARCEL_SLABS];
	unsigned slab_count, flying;
	uint16_t free, lost_first, lost_last;
	uint32_t quick_bytes, bulk_bytes, lost_bytes;
	uint32_t next_number;
	struct flow flows[DATAGRAM_FLOWS];
	struct roster fresh, old;
	uint64_t target_us, picked_us; /* what a queue may take; when that was looked up */
};

static inline struct parcel *parcel_at(const struct outbox *o, uint16_t at)
{
	return &o->slabs[at / PARCEL_SLAB][at % PARCEL_SLAB];
}

/* ---- in */

enum waiting_state { WAITING_FREE, WAITING_EARLY, WAITING_STUCK, WAITING_READY };

struct waiting {
	uint8_t state;
	uint16_t len, next, prev;
	uint32_t number, before; /* `before` must have come out, or be given up */
	uint64_t release_us, due_us;
	uint8_t data[SKW_SESSION_DATAGRAM_MAX];
};

struct waiting_list {
	uint16_t first, last;
};

struct inbox {
	uint32_t top; /* beyond the greatest number that came */
	bool any, timed;
	uint16_t origin; /* clock of this end less that of the other, and the quickest way */
	uint16_t free, used, given; /* `given`: the last that the user got; until the next poll */
	struct waiting_list early, stuck, ready;
	uint64_t seen[DATAGRAM_SEEN / 64], out[DATAGRAM_SEEN / 64];
	uint16_t follower[DATAGRAM_SEEN]; /* who waits for the number */
	struct waiting at[DATAGRAM_WINDOW];
};

/* How late a path brings datagrams, in ticks: the least of late. Two halves of a window. */
struct lateness {
	bool any;
	int16_t least, least_before;
	uint64_t since_us, last_us;
};

struct datagrams {
	struct outbox *out;
	struct inbox *in;
};

#endif
