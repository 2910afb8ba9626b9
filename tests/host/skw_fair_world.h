/* skw_fair_world - one greedy client and 20 small ones through one relay, in virtual time. For
 * tests.
 *
 *   client --+
 *   client --+--> relay --[ line: 50 Mb/s, 5 ms, a queue of 100 ms ]--> server
 *   ...    --+
 *
 * Whole sessions in whole circuits; what a cell takes of the line is what it takes of Ethernet.
 * The relay knows of the line's queue (its port has room for few cells, as the radio's), or does
 * not (UDP: it takes all, and what stands before the line is one queue for everybody). */
#ifndef SKW_FAIR_WORLD_H
#define SKW_FAIR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "onion/skw_onion.h"
#include "session/skw_session.h"

#define SECOND UINT64_C(1000000)
#define MS UINT64_C(1000)

enum { SMALL = 20, CLIENTS = SMALL + 1, RELAY = CLIENTS, SERVER, NODES, GREEDY_STREAMS = 8 };
enum { HELD = 1 << 16, LINK = 30, UDP_IP_ETHERNET = 8 + 20 + 14, BLOCK = 8192 };

struct held { /* a cell on its way */
	uint64_t due_us, order;
	unsigned from, to;
	size_t len;
	uint8_t *data;
};

struct node {
	struct skw_identity identity;
	struct skw_random_stream random;
	struct skw_onion *onion;
	struct skw_session *session;
	uint32_t circuit, handle, streams[GREEDY_STREAMS];
	unsigned stream_count, accepted;
	bool writing;
};

struct way { /* to the server, and back */
	uint64_t ns_per_byte, delay_us, queue_us, busy_us;
};

static struct node nodes[NODES];
static struct way ways[2];
static struct held *heap;
static unsigned held;
static uint64_t now, order;
static uint64_t got[CLIENTS];
static uint32_t session_of[CLIENTS];
static uint32_t port_room;        /* cells that wait before the line, at most; 0: as many as come */
static uint64_t away_us[CLIENTS]; /* one way to the relay */
static uint64_t flood_us;         /* the first client sends a cell so often, asked or not; 0: no */
static uint8_t block[BLOCK];

/* ---- the wires */

#include "skw_held.h"

static inline bool crosses_the_line(unsigned from, unsigned to)
{
	return from == SERVER || to == SERVER;
}

static inline void transmit(unsigned from, unsigned to, const uint8_t *data, size_t len)
{
	struct way *w = &ways[from == SERVER];
	unsigned client = from < CLIENTS ? from : to < CLIENTS ? to : CLIENTS;
	struct held h = { .due_us = now, .from = from, .to = to, .len = len };

	if (client < CLIENTS)
		h.due_us += away_us[client];
	if (crosses_the_line(from, to)) {
		if (w->busy_us < now)
			w->busy_us = now;
		if (w->busy_us - now > w->queue_us)
			return;
		w->busy_us += (len + LINK + UDP_IP_ETHERNET) * w->ns_per_byte / 1000;
		h.due_us = w->busy_us + w->delay_us;
	}
	h.data = malloc(len);
	memcpy(h.data, data, len);
	push(h);
}

/* ---- nodes: a client is peer 1 + its number of the relay, the server the last; the relay is peer
 * 1 of everybody else */

static inline unsigned node_of(unsigned at, uint32_t peer)
{
	return at != RELAY ? RELAY : peer <= CLIENTS ? peer - 1 : SERVER;
}

static inline uint32_t peer_of(unsigned at, unsigned other)
{
	return at != RELAY ? 1 : other == SERVER ? CLIENTS + 1 : other + 1;
}

static inline void write_on(struct node *n, uint32_t stream)
{
	while (n->writing &&
	       skw_session_write(n->session, n->handle, stream, block, BLOCK, now) == BLOCK)
		;
}

static inline void write_all(struct node *n)
{
	n->writing = true;
	for (unsigned i = 0; i < n->stream_count; i++)
		write_on(n, n->streams[i]);
}

/* At the server: whose session it is. */
static inline void on_established(const struct skw_session_out *out)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (skw_node_address_equal(&nodes[i].identity.address, &out->address))
			session_of[i] = out->session;
}

static inline unsigned client_of(uint32_t session)
{
	unsigned i = 0;

	while (i < CLIENTS && session_of[i] != session)
		i++;
	assert_true(i < CLIENTS);
	return i;
}

static inline void read_all(struct node *n, const struct skw_session_out *out)
{
	static uint8_t chunk[65520];
	bool ended;
	size_t len;

	do {
		len = skw_session_read(n->session, out->session, out->stream, chunk, sizeof(chunk),
				       &ended, now);
		got[client_of(out->session)] += len;
	} while (len == sizeof(chunk));
}

static inline void on_session(struct node *n, const struct skw_session_out *out)
{
	switch (out->event) {
	case SKW_SESSION_SEND:
		skw_onion_send(n->onion, out->path, out->data, out->len, now);
		return;
	case SKW_SESSION_ESTABLISHED:
		if (n == &nodes[SERVER])
			on_established(out);
		return;
	case SKW_SESSION_OPENED:
		skw_session_accept(n->session, out->session, out->stream, now);
		return;
	case SKW_SESSION_READABLE:
		if (n == &nodes[SERVER])
			read_all(n, out);
		return;
	case SKW_SESSION_ACCEPTED:
		n->accepted++;
		return;
	case SKW_SESSION_WRITABLE:
		write_on(n, out->stream);
		return;
	case SKW_SESSION_DATAGRAM:
	case SKW_SESSION_RESET:
	case SKW_SESSION_FINISHED:
		return;
	case SKW_SESSION_CLOSED:
		fail();
	}
}

static inline void on_onion(unsigned at, const struct skw_onion_out *out)
{
	struct node *n = &nodes[at];

	switch (out->event) {
	case SKW_ONION_SEND:
		transmit(at, node_of(at, out->peer), out->data, out->len);
		return;
	case SKW_ONION_DATA:
		if (skw_session_receive(n->session, out->circuit, out->data, out->len, now) !=
		    SKW_SESSION_OK)
			got[0] += out->len; /* what the flood consists of */
		return;
	case SKW_ONION_CIRCUIT_UP:
		assert_int_equal(skw_session_connect(n->session, out->circuit,
						     &nodes[SERVER].identity.address, now,
						     &n->handle),
				 SKW_SESSION_OK);
		return;
	case SKW_ONION_METER:
		return;
	case SKW_ONION_CIRCUIT_DOWN:
		fail();
	}
}

static inline void tell_room(struct node *n)
{
	struct skw_session_path_info info;
	uint32_t cursor = 0;

	if (n == &nodes[RELAY] && port_room > 0) {
		uint64_t cell =
		    (SKW_CELL_FULL + LINK + UDP_IP_ETHERNET) * ways[0].ns_per_byte / 1000;
		uint64_t waits =
		    ways[0].busy_us > now ? (ways[0].busy_us - now + cell - 1) / cell : 0;

		skw_onion_set_room(n->onion, CLIENTS + 1,
				   waits < port_room ? port_room - (uint32_t)waits : 0);
	}
	while (n->session != NULL && skw_session_next_path(n->session, &cursor, &info))
		if (info.path != 0)
			skw_session_set_room(n->session, info.path,
					     skw_onion_room(n->onion, info.path));
}

static inline void pump(unsigned at)
{
	struct node *n = &nodes[at];
	struct skw_session_out said;
	struct skw_onion_out out;
	bool any = true;

	while (any) {
		any = false;
		tell_room(n);
		while (n->session != NULL && skw_session_poll(n->session, &said)) {
			any = true;
			on_session(n, &said);
		}
		while (skw_onion_poll(n->onion, &out)) {
			any = true;
			on_onion(at, &out);
		}
	}
}

static inline void flood(void)
{
	skw_onion_send(nodes[0].onion, nodes[0].circuit, block, SKW_CELL_FULL_DATA, now);
}

static inline uint64_t timer_of(unsigned at)
{
	uint64_t next = skw_onion_next_timer(nodes[at].onion), t;

	if (at == 0 && flood_us > 0)
		return now + flood_us;

	if (nodes[at].session != NULL) {
		t = skw_session_next_timer(nodes[at].session);
		next = t < next ? t : next;
	} else if (port_room > 0 && ways[0].busy_us > now) {
		next = now + 500; /* its port may have room again */
	}
	return next > now ? next : now + 1;
}

static inline void run(uint64_t us)
{
	static uint64_t timers[NODES];
	uint64_t until = now + us;

	for (unsigned i = 0; i < NODES; i++) {
		pump(i);
		timers[i] = timer_of(i);
	}
	for (;;) {
		unsigned who = 0;

		for (unsigned i = 1; i < NODES; i++)
			if (timers[i] < timers[who])
				who = i;
		if (held > 0 && heap[0].due_us <= timers[who] && heap[0].due_us < until) {
			struct held h = pop();

			now = h.due_us > now ? h.due_us : now;
			who = h.to;
			skw_onion_receive(nodes[who].onion, peer_of(who, h.from), h.data, h.len,
					  now);
			free(h.data);
		} else if (timers[who] < until) {
			now = timers[who];
			skw_onion_tick(nodes[who].onion, now);
			if (who == 0 && flood_us > 0)
				flood();
			if (nodes[who].session != NULL)
				skw_session_tick(nodes[who].session, now);
		} else {
			break;
		}
		pump(who);
		timers[who] = timer_of(who);
	}
	now = until;
}

/* ---- the world */

static inline void make_node(unsigned at)
{
	struct node *n = &nodes[at];
	struct skw_random random;

	memset(n, 0, sizeof(*n));
	random = skw_random_seeded(&n->random, at + 1);
	skw_identity_generate(&n->identity, &random);
	n->onion = skw_onion_new(&(struct skw_onion_config) {
	    .identity = &n->identity, .random = random, .circuits_max = 64 });
	assert_non_null(n->onion);
	if (at == RELAY)
		return;
	n->session = skw_session_new(&(struct skw_session_config) {
	    .identity = &n->identity, .random = random, .sessions_max = CLIENTS + 1 });
	assert_non_null(n->session);
}

static inline int fresh(void **state)
{
	(void)state;
	heap = calloc(HELD, sizeof(*heap));
	held = 0;
	now = SECOND;
	port_room = 0;
	flood_us = 0;
	for (unsigned i = 0; i < CLIENTS; i++)
		away_us[i] = 50;
	memset(got, 0, sizeof(got));
	for (unsigned i = 0; i < 2; i++)
		ways[i] =
		    (struct way) { .ns_per_byte = 160, .delay_us = 5 * MS, .queue_us = 100 * MS };
	for (unsigned i = 0; i < NODES; i++)
		make_node(i);
	for (unsigned i = 0; i < NODES; i++) {
		if (i == RELAY)
			continue;
		skw_onion_peer_up(nodes[i].onion, 1, &nodes[RELAY].identity.address, now);
		skw_onion_peer_up(nodes[RELAY].onion, peer_of(RELAY, i), &nodes[i].identity.address,
				  now);
	}
	return 0;
}

static inline int clean_up(void **state)
{
	(void)state;
	while (held > 0)
		free(heap[--held].data);
	free(heap);
	for (unsigned i = 0; i < NODES; i++) {
		skw_session_free(nodes[i].session);
		skw_onion_free(nodes[i].onion);
	}
	return 0;
}

static inline void build_some(unsigned from, unsigned to)
{
	struct skw_node_address hops[2] = { nodes[RELAY].identity.address,
					    nodes[SERVER].identity.address };
	const uint64_t offers[2] = { 0, 0 };

	for (unsigned i = from; i < to; i++) {
		assert_int_equal(
		    skw_onion_build(nodes[i].onion, hops, offers, 2, now, &nodes[i].circuit),
		    SKW_ONION_OK);
		run(100 * MS);
	}
	run(SECOND);
	for (unsigned i = from; i < to; i++) {
		nodes[i].stream_count = i == 0 ? GREEDY_STREAMS : 1;
		for (unsigned k = 0; k < nodes[i].stream_count; k++)
			assert_int_equal(skw_session_open(nodes[i].session, nodes[i].handle, "sink",
							  now, &nodes[i].streams[k]),
					 SKW_SESSION_OK);
	}
	run(SECOND);
	for (unsigned i = from; i < to; i++)
		assert_int_equal(nodes[i].accepted, nodes[i].stream_count);
}

static inline void build(void)
{
	build_some(0, CLIENTS);
}

static inline double jain(const double rate[CLIENTS])
{
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < CLIENTS; i++) {
		sum += rate[i];
		squares += rate[i] * rate[i];
	}
	return sum * sum / (CLIENTS * squares);
}

static inline void describe(const double rate[CLIENTS])
{
	for (unsigned i = 0; i < CLIENTS && getenv("SKW_PATHS") != NULL; i++) {
		struct skw_session_path_info info;
		uint32_t cursor = 0;

		skw_session_next_path(nodes[i].session, &cursor, &info);
		print_message("  %2u: %.2f; rate %.2f Mb/s, rtt %.1f min %.1f ms, window %.1f, "
			      "in flight %.1f, lost %llu\n",
			      i, rate[i], (double)info.rate * 8e-6, (double)info.rtt_us / 1e3,
			      (double)info.min_rtt_us / 1e3, (double)info.cwnd / 1390,
			      (double)info.in_flight / 1390, (unsigned long long)info.packets_lost);
	}
}

/* The shares of the time to come. */
static inline double measure(uint64_t us, double rate[CLIENTS], double *all)
{
	double least = 1e9, most = 0;
	uint64_t before[CLIENTS];

	memcpy(before, got, sizeof(got));
	run(us);
	*all = 0;
	for (unsigned i = 0; i < CLIENTS; i++) {
		rate[i] = (double)(got[i] - before[i]) * 8 / (double)us;
		*all += rate[i];
		least = i > 0 && rate[i] < least ? rate[i] : least;
		most = i > 0 && rate[i] > most ? rate[i] : most;
	}
	print_message("Jain's index %.3f: greedy %.2f, small %.2f to %.2f, in all %.1f Mb/s\n",
		      jain(rate), rate[0], least, most, *all);
	describe(rate);
	return jain(rate);
}

/* All within half a second, in no order. */
static inline void everybody_begins(void)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		write_all(&nodes[i * 8 % CLIENTS]);
		run(25 * MS);
	}
}

#endif
