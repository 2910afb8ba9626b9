/* skw_session_pair - two sessions, a path that the test plays itself (loss, copies, late packets),
 * and users at both ends that write patterns and check every byte. For tests. */
#ifndef SKW_SESSION_PAIR_H
#define SKW_SESSION_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "session/skw_session_state.h"

#define SECOND UINT64_C(1000000)

enum { PACKETS = 4096, MANY = 20 };

struct packet {
	bool used;
	uint64_t due_us;
	unsigned to;
	uint32_t path;
	size_t len;
	uint8_t data[SKW_SESSION_PACKET_MAX];
};

struct tally { /* what an end knows of one stream */
	uint32_t stream;
	uint64_t written, read;
	bool opened, accepted, ended, finished, reset;
	uint32_t code;
};

struct side {
	struct skw_identity id;
	struct skw_random_stream stream;
	struct skw_session *session;
	uint32_t handle;
	unsigned established, closed, finished;
	uint32_t code;
	uint64_t to_write;
	bool refuse, ignore, stall;
	struct tally tally[2 * MANY];
	unsigned tally_count;
};

static struct side side[2]; /* client, server */
static struct packet *packets;
static struct skw_random_stream rnd_stream;
static struct skw_random rnd;
static uint64_t now, delay_us, jitter_us;
static unsigned loss, duplicate; /* percent */
static size_t longest;

static inline int fresh(void **state)
{
	(void)state;
	rnd = skw_random_seeded(&rnd_stream, 77);
	memset(side, 0, sizeof(side));
	packets = calloc(PACKETS, sizeof(*packets));
	now = SECOND;
	delay_us = 20000;
	loss = duplicate = 0;
	jitter_us = 0;
	for (unsigned i = 0; i < 2; i++) {
		skw_identity_generate(&side[i].id, &rnd);
		side[i].session = skw_session_new(&(struct skw_session_config) {
		    .identity = &side[i].id,
		    .random = skw_random_seeded(&side[i].stream, i + 1),
		    .sessions_max = 4,
		});
	}
	return 0;
}

static inline int clean_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		skw_session_free(side[i].session);
	free(packets);
	return 0;
}

static inline uint8_t pattern(unsigned from, uint32_t stream, uint64_t offset)
{
	return (uint8_t)(offset * 31 + (offset >> 8) + stream * 7 + from * 101);
}

static inline void put(unsigned to, uint32_t path, const uint8_t *data, size_t len)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		if (packets[i].used)
			continue;
		packets[i].used = true;
		packets[i].to = to;
		packets[i].path = path;
		packets[i].len = len;
		packets[i].due_us =
		    now + delay_us + (jitter_us ? skw_random_u64(&rnd) % jitter_us : 0);
		memcpy(packets[i].data, data, len);
		return;
	}
	fail();
}

static inline struct tally *find(struct side *s, uint32_t stream)
{
	for (unsigned i = 0; i < s->tally_count; i++)
		if (s->tally[i].stream == stream)
			return &s->tally[i];
	assert_true(s->tally_count < 2 * MANY);
	s->tally[s->tally_count].stream = stream;
	return &s->tally[s->tally_count++];
}

static inline void write_more(struct side *s, struct tally *t)
{
	unsigned self = (unsigned)(s - side);
	uint8_t chunk[1000];

	while (t->written < s->to_write) {
		size_t len = s->to_write - t->written < sizeof(chunk)
				 ? (size_t)(s->to_write - t->written)
				 : sizeof(chunk);
		size_t took;

		for (size_t i = 0; i < len; i++)
			chunk[i] = pattern(self, t->stream, t->written + i);
		took = skw_session_write(s->session, s->handle, t->stream, chunk, len, now);
		t->written += took;
		if (took < len)
			return;
	}
	skw_session_finish(s->session, s->handle, t->stream, now);
}

static inline void read_more(struct side *s, struct tally *t)
{
	unsigned other = 1 - (unsigned)(s - side);
	uint8_t chunk[700];
	size_t len;

	if (s->stall)
		return;
	do {
		len = skw_session_read(s->session, s->handle, t->stream, chunk, sizeof(chunk),
				       &t->ended, now);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(chunk[i], pattern(other, t->stream, t->read + i));
		t->read += len;
	} while (len == sizeof(chunk));
}

static inline void on_event(struct side *s, const struct skw_session_out *out)
{
	struct tally *t =
	    out->stream != 0 || out->event >= SKW_SESSION_OPENED ? find(s, out->stream) : NULL;

	switch (out->event) {
	case SKW_SESSION_SEND:
		longest = out->len > longest ? out->len : longest;
		if (skw_random_u32(&rnd) % 100 < loss)
			return;
		put(1 - (unsigned)(s - side), out->path, out->data, out->len);
		if (skw_random_u32(&rnd) % 100 < duplicate)
			put(1 - (unsigned)(s - side), out->path, out->data, out->len);
		return;
	case SKW_SESSION_ESTABLISHED:
		s->established++;
		s->handle = out->session;
		assert_true(skw_node_address_equal(&out->address, &side[s == side].id.address));
		return;
	case SKW_SESSION_CLOSED:
		s->closed++;
		s->code = out->code;
		return;
	case SKW_SESSION_OPENED:
		t->opened = true;
		if (s->refuse) {
			assert_int_equal(skw_session_reset(s->session, out->session, out->stream,
							   SKW_SESSION_FORBIDDEN, now),
					 SKW_SESSION_OK);
		} else if (!s->ignore) {
			skw_session_accept(s->session, out->session, out->stream, now);
			write_more(s, t);
		}
		return;
	case SKW_SESSION_ACCEPTED:
		t->accepted = true;
		write_more(s, t);
		return;
	case SKW_SESSION_READABLE:
		read_more(s, t);
		return;
	case SKW_SESSION_WRITABLE:
		write_more(s, t);
		return;
	case SKW_SESSION_RESET:
		t->reset = true;
		t->code = out->code;
		return;
	case SKW_SESSION_DATAGRAM:
		return;
	case SKW_SESSION_FINISHED:
		t->finished = true;
		s->finished++;
		return;
	}
}

static inline void pump(void)
{
	struct skw_session_out out;

	for (unsigned i = 0; i < 2; i++)
		while (skw_session_poll(side[i].session, &out))
			on_event(&side[i], &out);
}

/* Until `count` streams are finished at both ends, or time is up. */
static inline void run(uint64_t us, unsigned count)
{
	uint64_t until = now + us;

	pump();
	while (now < until &&
	       (count == 0 || side[0].finished < count || side[1].finished < count)) {
		uint64_t at = until;
		struct packet *p = NULL;

		for (unsigned i = 0; i < PACKETS; i++)
			if (packets[i].used && packets[i].due_us < at) {
				p = &packets[i];
				at = p->due_us;
			}
		for (unsigned i = 0; i < 2; i++) {
			uint64_t t = skw_session_next_timer(side[i].session);

			t = t > now ? t : now + 1;
			if (t < at) {
				p = NULL;
				at = t;
			}
		}
		now = at;
		if (p != NULL) {
			p->used = false;
			skw_session_receive(side[p->to].session, p->path, p->data, p->len, now);
		} else {
			skw_session_tick(side[0].session, now);
			skw_session_tick(side[1].session, now);
		}
		pump();
	}
}

static inline void connect(void)
{
	assert_int_equal(
	    skw_session_connect(side[0].session, 5, &side[1].id.address, now, &side[0].handle),
	    SKW_SESSION_OK);
}

static inline uint32_t open_stream(unsigned from, const char *name)
{
	uint32_t stream;

	assert_int_equal(
	    skw_session_open(side[from].session, side[from].handle, name, now, &stream),
	    SKW_SESSION_OK);
	find(&side[from], stream);
	return stream;
}

static inline void check_all(unsigned count)
{
	assert_int_equal(side[0].finished, count);
	assert_int_equal(side[1].finished, count);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < count; k++) {
			assert_int_equal(side[i].tally[k].read, side[1 - i].to_write);
			assert_true(side[i].tally[k].ended);
		}
	assert_true(longest <= SKW_SESSION_PACKET_MAX);
}

#endif
