/* skw_session_lines - two sessions and the lines between them, in virtual time. For tests.
 *
 * A line has a rate, a delay, a queue and loss, dies and comes back. What a packet takes of it is
 * what it takes of Ethernet: the cell that holds it, the link's frame, UDP, IPv4 and Ethernet. */
#ifndef SKW_SESSION_LINES_H
#define SKW_SESSION_LINES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "session/skw_session.h"

#define SECOND UINT64_C(1000000)
#define MS UINT64_C(1000)

enum { LINES = 16, HELD = 1 << 16, LINE_MBPS = 10 };
enum { LINK = 30, UDP_IP_ETHERNET = 8 + 20 + 14, QUEUE_US = 60000 };

struct held {
	uint64_t due_us, order;
	unsigned to, line;
	size_t len;
	uint8_t *data;
};

struct line {
	bool up;
	uint64_t delay_us, jitter_us, ns_per_byte, busy_us[2];
	unsigned loss; /* per 10000 */
	uint64_t packets[2], small[2], bytes[2];
};

static struct skw_identity identity[2];
static struct skw_random_stream random_stream[2], world_stream;
static struct skw_random world;
static struct skw_session *end[2];
static struct line lines[LINES];
static struct held *heap;
static unsigned held;
static uint64_t now, order;
static uint32_t client, server, client_stream, server_stream;
static bool writing, opened, swapped;
static uint64_t written, got, last_got_us, longest_gap_us;
static uint64_t datagrams_got, datagrams_wrong, datagrams_late, datagrams_twice;
static uint64_t watched_len, watched_got; /* those of this length */
static uint8_t datagrams_here[1 << 17];
static uint32_t last_datagram;
static unsigned closed;

/* A pattern of a prime period, twice, so that any piece of it lies in one place. */
enum { PERIOD = 65521 };
static uint8_t pattern_bytes[2 * PERIOD];

static inline const uint8_t *pattern(uint64_t offset)
{
	if (pattern_bytes[1] == 0)
		for (size_t i = 0; i < sizeof(pattern_bytes); i++)
			pattern_bytes[i] = (uint8_t)((i % PERIOD * 2654435761u) >> 11 ^ i % PERIOD);
	return pattern_bytes + offset % PERIOD;
}

/* ---- the wire */

#include "skw_held.h"

static inline bool chance(unsigned per_10000)
{
	return per_10000 > 0 && skw_random_u32(&world) % 10000 < per_10000;
}

static inline void transmit(unsigned from, uint32_t path, const uint8_t *data, size_t len)
{
	struct line *l = &lines[path - 1];
	size_t cell = len <= SKW_CELL_SMALL_DATA ? SKW_CELL_SMALL : SKW_CELL_FULL;
	size_t size = cell + LINK + UDP_IP_ETHERNET;
	struct held h = { .to = 1 - from, .line = path - 1, .len = len };

	l->packets[from]++;
	l->small[from] += cell == SKW_CELL_SMALL;
	l->bytes[from] += size;
	if (!l->up || chance(l->loss))
		return;
	if (l->busy_us[from] < now)
		l->busy_us[from] = now;
	if (l->busy_us[from] - now > QUEUE_US)
		return;
	l->busy_us[from] += size * l->ns_per_byte / 1000;
	h.due_us = l->busy_us[from] + l->delay_us +
		   (l->jitter_us > 0 ? skw_random_u64(&world) % l->jitter_us : 0);
	h.data = malloc(len);
	memcpy(h.data, data, len);
	push(h);
}

/* ---- the users */

static inline void write_more(void)
{
	size_t took = 8192;

	while (writing && took == 8192) {
		took =
		    skw_session_write(end[0], client, client_stream, pattern(written), 8192, now);
		written += took;
	}
}

static inline void read_all(void)
{
	static uint8_t chunk[65520];
	bool ended;
	size_t len;

	do {
		len = skw_session_read(end[1], server, server_stream, chunk, sizeof(chunk), &ended,
				       now);
		assert_memory_equal(chunk, pattern(got), len);
		got += len;
		if (len > 0 && now - last_got_us > longest_gap_us)
			longest_gap_us = now - last_got_us;
		if (len > 0)
			last_got_us = now;
	} while (len == sizeof(chunk));
}

static inline void on_datagram(const struct skw_session_out *out)
{
	uint32_t number;

	memcpy(&number, out->data, sizeof(number));
	datagrams_wrong += memcmp(out->data + 4, pattern(number), out->len - 4) != 0;
	datagrams_late += datagrams_got > 0 && number <= last_datagram;
	last_datagram = number;
	datagrams_got++;
	watched_got += out->len == watched_len;
	if (number < sizeof(datagrams_here))
		datagrams_twice += datagrams_here[number]++;
	got += out->len;
}

static inline void on_event(unsigned side, const struct skw_session_out *out)
{
	switch (out->event) {
	case SKW_SESSION_SEND:
		transmit(side, out->path, out->data, out->len);
		return;
	case SKW_SESSION_OPENED:
		server = out->session;
		server_stream = out->stream;
		opened = true;
		skw_session_accept(end[1], server, server_stream, now);
		return;
	case SKW_SESSION_READABLE:
		if (side == 1)
			read_all();
		return;
	case SKW_SESSION_ACCEPTED:
	case SKW_SESSION_WRITABLE:
		write_more();
		return;
	case SKW_SESSION_DATAGRAM:
		on_datagram(out);
		return;
	case SKW_SESSION_CLOSED:
		closed++;
		return;
	case SKW_SESSION_ESTABLISHED:
	case SKW_SESSION_RESET:
	case SKW_SESSION_FINISHED:
		return;
	}
}

static inline void pump(unsigned side)
{
	struct skw_session_out out;

	while (skw_session_poll(end[side], &out))
		on_event(side, &out);
}

static inline void run(uint64_t us)
{
	uint64_t until = now + us;

	pump(0);
	pump(1);
	while (now < until) {
		uint64_t at = until;
		unsigned who = 2;

		for (unsigned i = 0; i < 2; i++) {
			uint64_t t = skw_session_next_timer(end[i]);

			t = t > now ? t : now + 1;
			if (t < at) {
				at = t;
				who = i;
			}
		}
		if (held > 0 && heap[0].due_us <= at) {
			struct held h = pop();

			now = h.due_us > now ? h.due_us : now;
			if (lines[h.line].up)
				skw_session_receive(end[h.to],
						    swapped && h.to == 1 ? 2 : h.line + 1, h.data,
						    h.len, now);
			free(h.data);
			pump(h.to);
			continue;
		}
		now = at;
		if (who < 2) {
			skw_session_tick(end[who], now);
			pump(who);
		}
	}
}

static inline int fresh(void **state)
{
	(void)state;
	memset(lines, 0, sizeof(lines));
	world = skw_random_seeded(&world_stream, 4711);
	heap = calloc(HELD, sizeof(*heap));
	held = 0;
	now = SECOND;
	written = got = last_got_us = longest_gap_us = 0;
	datagrams_got = datagrams_wrong = datagrams_late = datagrams_twice = 0;
	watched_len = watched_got = 0;
	memset(datagrams_here, 0, sizeof(datagrams_here));
	writing = opened = swapped = false;
	closed = 0;
	for (unsigned i = 0; i < 2; i++) {
		skw_identity_generate(&identity[i], &world);
		end[i] = skw_session_new(&(struct skw_session_config) {
		    .identity = &identity[i],
		    .random = skw_random_seeded(&random_stream[i], i + 9),
		    .sessions_max = 2,
		});
	}
	for (unsigned i = 0; i < LINES; i++)
		lines[i] = (struct line) {
			.up = true,
			.delay_us = 10 * MS,
			.ns_per_byte = 8000 / LINE_MBPS,
		};
	return 0;
}

static inline int clean_up(void **state)
{
	(void)state;
	while (held > 0)
		free(heap[--held].data);
	free(heap);
	skw_session_free(end[0]);
	skw_session_free(end[1]);
	return 0;
}

static inline void start(unsigned count)
{
	assert_int_equal(skw_session_connect(end[0], 1, &identity[1].address, now, &client),
			 SKW_SESSION_OK);
	run(SECOND);
	for (unsigned i = 1; i < count; i++)
		assert_int_equal(skw_session_add_path(end[0], client, i + 1, now), SKW_SESSION_OK);
	assert_int_equal(skw_session_open(end[0], client, "sink", now, &client_stream),
			 SKW_SESSION_OK);
	run(SECOND);
	assert_true(opened);
}

static inline double speed(uint64_t us)
{
	uint64_t before = got;

	run(us);
	return (double)(got - before) * 8 / (double)us;
}

static inline void describe(const char *what, double mbps)
{
	uint64_t back = 0, sent = 0, packets = 0;

	for (unsigned i = 0; i < LINES; i++) {
		back += lines[i].bytes[1];
		sent += lines[i].bytes[0];
		packets += lines[i].packets[1];
	}
	print_message("%s: %.1f Mb/s of payload; back: %.2f %% of the bytes, %llu packets\n", what,
		      mbps, 100.0 * (double)back / (double)sent, (unsigned long long)packets);
	if (getenv("SKW_PATHS") != NULL) {
		struct skw_session_path_info info;
		uint32_t cursor = 0;

		while (skw_session_next_path(end[0], &cursor, &info))
			print_message(
			    "  %u: rtt %.1f min %.1f ms, %.2f Mb/s, cwnd %llu, in flight "
			    "%llu, sent %llu, lost %llu%s\n",
			    info.path, (double)info.rtt_us / 1e3, (double)info.min_rtt_us / 1e3,
			    (double)info.rate * 8e-6, (unsigned long long)info.cwnd,
			    (unsigned long long)info.in_flight,
			    (unsigned long long)info.packets_sent,
			    (unsigned long long)info.packets_lost, info.silent ? ", silent" : "");
	}
}

static inline void unlike_lines(void)
{
	for (unsigned i = 0; i < LINES; i++) {
		lines[i].delay_us = 5 * MS + i * 3 * MS;
		lines[i].loss = 100;
	}
}

#endif
