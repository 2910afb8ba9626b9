/* rooms: wire keys session
 *
 * skw_session over a path that the test plays itself; skw_ranges and skw_recovery against plain
 * models. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "session/skw_ranges.h"
#include "session/skw_recovery.h"
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

static int fresh(void **state)
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

static int clean_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		skw_session_free(side[i].session);
	free(packets);
	return 0;
}

static uint8_t pattern(unsigned from, uint32_t stream, uint64_t offset)
{
	return (uint8_t)(offset * 31 + (offset >> 8) + stream * 7 + from * 101);
}

static void put(unsigned to, uint32_t path, const uint8_t *data, size_t len)
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

static struct tally *find(struct side *s, uint32_t stream)
{
	for (unsigned i = 0; i < s->tally_count; i++)
		if (s->tally[i].stream == stream)
			return &s->tally[i];
	assert_true(s->tally_count < 2 * MANY);
	s->tally[s->tally_count].stream = stream;
	return &s->tally[s->tally_count++];
}

static void write_more(struct side *s, struct tally *t)
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

static void read_more(struct side *s, struct tally *t)
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

static void on_event(struct side *s, const struct skw_session_out *out)
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

static void pump(void)
{
	struct skw_session_out out;

	for (unsigned i = 0; i < 2; i++)
		while (skw_session_poll(side[i].session, &out))
			on_event(&side[i], &out);
}

/* Until `count` streams are finished at both ends, or time is up. */
static void run(uint64_t us, unsigned count)
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

static void connect(void)
{
	assert_int_equal(
	    skw_session_connect(side[0].session, 5, &side[1].id.address, now, &side[0].handle),
	    SKW_SESSION_OK);
}

static uint32_t open_stream(unsigned from, const char *name)
{
	uint32_t stream;

	assert_int_equal(
	    skw_session_open(side[from].session, side[from].handle, name, now, &stream),
	    SKW_SESSION_OK);
	find(&side[from], stream);
	return stream;
}

static void check_all(unsigned count)
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

static void many_streams_on_a_good_path(void **state)
{
	(void)state;
	side[0].to_write = 50000;
	side[1].to_write = 30000;
	connect();
	for (unsigned i = 0; i < MANY; i++)
		open_stream(0, "files");
	run(60 * SECOND, MANY);
	check_all(MANY);
}

static void many_streams_on_a_terrible_path(void **state)
{
	(void)state;
	loss = 25;
	duplicate = 10;
	jitter_us = 60000;
	side[0].to_write = 20000;
	side[1].to_write = 15000;
	connect();
	for (unsigned i = 0; i < MANY; i++)
		open_stream(0, "files");
	run(1200 * SECOND, MANY);
	check_all(MANY);
}

static void a_path_of_seconds_is_learned(void **state)
{
	struct skw_session_info info;
	uint32_t cursor = 0;

	(void)state;
	delay_us = 3 * SECOND;
	jitter_us = SECOND;
	side[0].to_write = 100000;
	connect();
	open_stream(0, "files");
	run(600 * SECOND, 1);
	check_all(1);
	assert_true(skw_session_next(side[0].session, &cursor, &info));
	assert_in_range(info.rtt_us, 6 * SECOND, 8 * SECOND);
	assert_in_range(info.packets_sent, 70, 200); /* not a storm of repetitions */
}

static void both_ends_may_open(void **state)
{
	(void)state;
	side[0].to_write = side[1].to_write = 1000;
	connect();
	open_stream(0, "files");
	run(10 * SECOND, 1);
	assert_int_equal(open_stream(1, "back"), 1);
	run(10 * SECOND, 2);
	check_all(2);
}

static void refused_streams_tell_why(void **state)
{
	(void)state;
	side[1].refuse = true;
	loss = 20;
	connect();
	for (unsigned i = 0; i < 10; i++)
		open_stream(0, "files");
	run(60 * SECOND, 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(side[0].tally[i].reset);
		assert_int_equal(side[0].tally[i].code, SKW_SESSION_FORBIDDEN);
	}
	/* and their places are free again */
	for (unsigned i = 0; i < SKW_SESSION_STREAMS; i++) {
		uint32_t stream;

		assert_int_equal(
		    skw_session_open(side[0].session, side[0].handle, "more", now, &stream),
		    SKW_SESSION_OK);
	}
}

static void a_reset_ends_both_directions(void **state)
{
	uint32_t stream;

	(void)state;
	side[0].to_write = side[1].to_write = 3000000;
	connect();
	stream = open_stream(0, "files");
	run(SECOND / 5, 0);
	assert_true(side[1].tally[0].read > 0 && side[0].tally[0].read > 0);
	assert_int_equal(
	    skw_session_reset(side[0].session, side[0].handle, stream, SKW_SESSION_CONNECTION, now),
	    SKW_SESSION_OK);
	run(5 * SECOND, 0);
	assert_true(side[1].tally[0].reset);
	assert_int_equal(side[1].tally[0].code, SKW_SESSION_CONNECTION);
	assert_int_equal(skw_session_write(side[1].session, side[1].handle, stream,
					   (const uint8_t *)"x", 1, now),
			 0);
}

static void early_data_waits_for_no_acceptance_but_is_little(void **state)
{
	static uint8_t data[50000];
	uint32_t stream;
	struct skw_session_info info;
	uint32_t cursor = 0;

	(void)state;
	side[1].ignore = true; /* neither accepts nor refuses */
	side[1].stall = true;
	connect();
	stream = open_stream(0, "files");
	assert_int_equal(
	    skw_session_write(side[0].session, side[0].handle, stream, data, sizeof(data), now),
	    sizeof(data));
	run(20 * SECOND, 0);
	cursor = 0;
	assert_true(skw_session_next(side[0].session, &cursor, &info));
	assert_int_equal(info.in_flight, 0);
	{
		bool end;
		size_t len = skw_session_read(side[1].session, side[1].handle, stream, data,
					      sizeof(data), &end, now);

		assert_int_equal(len, 16384);
	}
}

static void early_data_that_overtakes_its_open_is_not_lost(void **state)
{
	static uint8_t data[3000];

	(void)state;
	connect();
	run(SECOND, 0);
	jitter_us = 300000;
	for (unsigned i = 0; i < MANY; i++) {
		uint32_t stream = open_stream(0, "files");

		for (unsigned k = 0; k < sizeof(data); k++)
			data[k] = pattern(0, stream, k);
		assert_int_equal(skw_session_write(side[0].session, side[0].handle, stream, data,
						   sizeof(data), now),
				 sizeof(data));
		find(&side[0], stream)->written = sizeof(data);
	}
	side[0].to_write = sizeof(data);
	run(60 * SECOND, MANY);
	check_all(MANY);
}

static void a_writer_beyond_its_credit_is_cut_off(void **state)
{
	(void)state;
	side[0].to_write = 1000000;
	side[1].stall = true;
	connect();
	open_stream(0, "files");
	run(5 * SECOND, 0);
	assert_int_equal(side[1].closed, 0);
	assert_int_equal(side[0].session->ones[0]->stream_count, 1);
	side[0].session->ones[0]->streams[0]->tx_limit = UINT64_MAX;
	/* the sender's ring is full of what the reader has not read: let it forget that */
	side[1].stall = false;
	read_more(&side[1], &side[1].tally[0]);
	side[1].stall = true;
	side[1].session->ones[0]->streams[0]->need_credit = false;
	run(5 * SECOND, 0);
	assert_int_equal(side[1].closed, 1);
	assert_int_equal(side[0].code, SKW_SESSION_PROTOCOL);
}

static void an_end_that_was_lost_alone_comes_again(void **state)
{
	uint32_t stream;

	(void)state;
	connect();
	stream = open_stream(0, "files");
	side[1].ignore = true;
	skw_session_write(side[0].session, side[0].handle, stream, (const uint8_t *)"", 0, now);
	run(2 * SECOND, 0);
	loss = 100;
	skw_session_finish(side[0].session, side[0].handle, stream, now);
	run(SECOND / 100, 0);
	loss = 0;
	run(10 * SECOND, 0);
	assert_true(side[1].tally[0].ended);
}

static void closing_tells_the_other_end(void **state)
{
	(void)state;
	connect();
	run(2 * SECOND, 0);
	assert_int_equal(side[0].established, 1);
	assert_int_equal(side[1].established, 1);
	skw_session_close(side[0].session, side[0].handle, 42, now);
	run(2 * SECOND, 0);
	assert_int_equal(side[0].closed, 1);
	assert_int_equal(side[1].closed, 1);
	assert_int_equal(side[1].code, 42);
	assert_int_equal(skw_session_next_timer(side[0].session), UINT64_MAX);
	assert_int_equal(skw_session_next_timer(side[1].session), UINT64_MAX);
}

static void nobody_there_is_a_timeout(void **state)
{
	(void)state;
	loss = 100;
	connect();
	open_stream(0, "files");
	run(200 * SECOND, 0);
	assert_int_equal(side[0].closed, 1);
	assert_int_equal(side[0].code, SKW_SESSION_TIMEOUT);
}

static void a_session_whose_other_end_dies_is_closed(void **state)
{
	(void)state;
	side[0].to_write = 1000000;
	connect();
	open_stream(0, "files");
	run(SECOND / 5, 0);
	loss = 100;
	run(200 * SECOND, 0);
	assert_int_equal(side[0].closed, 1);
	assert_int_equal(side[0].code, SKW_SESSION_TIMEOUT);
}

static void packets_are_opened_once_and_unaltered(void **state)
{
	struct packet p;

	(void)state;
	side[0].to_write = 100;
	connect();
	open_stream(0, "files");
	run(SECOND, 1);
	skw_session_open(side[0].session, side[0].handle, "next", now, &side[0].tally[1].stream);
	memset(packets, 0, PACKETS * sizeof(*packets));
	pump();
	p = packets[0];
	assert_true(p.used && p.to == 1);
	for (size_t bit = 0; bit < 8 * p.len; bit++) {
		p.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(skw_session_receive(side[1].session, 5, p.data, p.len, now),
				 SKW_SESSION_DROPPED);
		p.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(skw_session_receive(side[1].session, 5, p.data, p.len, now),
			 SKW_SESSION_OK);
	assert_int_equal(skw_session_receive(side[1].session, 5, p.data, p.len, now),
			 SKW_SESSION_DROPPED);
	assert_true(skw_session_counters(side[1].session)->replayed > 0);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = skw_random_u32(&rnd) % (SKW_SESSION_PACKET_MAX + 1);

		skw_random_bytes(&rnd, p.data, len);
		if (len > 0)
			p.data[0] = (uint8_t)(i % 5);
		assert_int_equal(skw_session_receive(side[1].session, 5, p.data, len, now),
				 SKW_SESSION_DROPPED);
	}
}

static unsigned paths_of(unsigned i)
{
	struct skw_session_info info;
	uint32_t cursor = 0;

	assert_true(skw_session_next(side[i].session, &cursor, &info));
	return info.paths;
}

/* What goes to the server over `path` now, taken off the wire. */
static struct packet catch_packet(uint32_t path)
{
	struct packet caught = { 0 };

	pump();
	for (unsigned i = 0; i < PACKETS; i++)
		if (packets[i].used && packets[i].to == 1 && packets[i].path == path) {
			caught = packets[i];
			packets[i].used = false;
		}
	assert_true(caught.used);
	return caught;
}

static void a_path_that_was_left_is_not_brought_back(void **state)
{
	struct packet late, never;

	(void)state;
	side[0].to_write = 100;
	connect();
	open_stream(0, "files");
	run(SECOND, 1);
	assert_int_equal(skw_session_add_path(side[0].session, side[0].handle, 6, now),
			 SKW_SESSION_OK);
	run(SECOND, 0);
	assert_int_equal(paths_of(1), 2);
	/* One packet stays on the way, authentic and never seen, until the path is left. */
	skw_session_ping(side[0].session, side[0].handle, 0, now);
	late = catch_packet(6);
	assert_int_equal(skw_session_remove_path(side[0].session, side[0].handle, 6, now),
			 SKW_SESSION_OK);
	run(SECOND, 0);
	assert_int_equal(paths_of(1), 1);
	assert_int_equal(skw_session_receive(side[1].session, 6, late.data, late.len, now),
			 SKW_SESSION_DROPPED);
	assert_int_equal(paths_of(1), 1);
	/* The same of a path that the server hears of only by its end. */
	assert_int_equal(skw_session_add_path(side[0].session, side[0].handle, 7, now),
			 SKW_SESSION_OK);
	never = catch_packet(7);
	assert_int_equal(skw_session_remove_path(side[0].session, side[0].handle, 7, now),
			 SKW_SESSION_OK);
	run(SECOND, 0);
	assert_int_equal(skw_session_receive(side[1].session, 7, never.data, never.len, now),
			 SKW_SESSION_DROPPED);
	assert_int_equal(paths_of(1), 1);
	/* A number of its own lets the same circuit come again; however many did, old is old. */
	for (unsigned i = 0; i < 150; i++) {
		assert_int_equal(skw_session_add_path(side[0].session, side[0].handle, 6, now),
				 SKW_SESSION_OK);
		run(SECOND, 0);
		assert_int_equal(paths_of(1), 2);
		skw_session_remove_path(side[0].session, side[0].handle, 6, now);
		run(SECOND, 0);
		assert_int_equal(skw_session_receive(side[1].session, 6, late.data, late.len, now),
				 SKW_SESSION_DROPPED);
		assert_int_equal(paths_of(1), 1);
	}
}

static void streams_are_limited_on_each_side(void **state)
{
	uint32_t stream;

	(void)state;
	connect();
	for (unsigned i = 0; i < SKW_SESSION_STREAMS; i++)
		assert_int_equal(
		    skw_session_open(side[0].session, side[0].handle, "s", now, &stream),
		    SKW_SESSION_OK);
	assert_int_equal(skw_session_open(side[0].session, side[0].handle, "s", now, &stream),
			 SKW_SESSION_FULL);
	assert_int_equal(skw_session_open(side[0].session, side[0].handle, "", now, &stream),
			 SKW_SESSION_INVALID);
	assert_int_equal(skw_session_open(side[0].session, 12345, "s", now, &stream),
			 SKW_SESSION_UNKNOWN);
}

/* ---- models
 * --------------------------------------------------------------------------------------------- */

static void ranges_are_a_set(void **state)
{
	enum { LIMIT = 300 };
	bool model[LIMIT] = { false };
	struct skw_ranges r = { 0 };

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		uint64_t from = skw_random_u32(&rnd) % LIMIT;
		uint64_t to = from + skw_random_u32(&rnd) % 12;
		bool add = skw_random_u32(&rnd) % 2;
		unsigned runs = 0;

		to = to < LIMIT ? to : LIMIT;
		if (add ? skw_ranges_add(&r, from, to) : skw_ranges_remove(&r, from, to))
			for (uint64_t i = from; i < to; i++)
				model[i] = add;
		for (unsigned i = 0; i < LIMIT; i++) {
			assert_int_equal(skw_ranges_has(&r, i, i + 1), model[i]);
			runs += model[i] && (i == 0 || !model[i - 1]);
		}
		assert_int_equal(r.count, runs); /* sorted, apart, none empty */
	}
	skw_ranges_forget(&r, LIMIT);
	assert_int_equal(r.count, 0);
	for (unsigned i = 0; i < SKW_RANGES_MAX; i++)
		assert_true(skw_ranges_add(&r, 2 * i, 2 * i + 1));
	assert_false(skw_ranges_add(&r, 1000, 1001));
	assert_true(skw_ranges_add(&r, 1, 2));
	skw_ranges_free(&r);
}

/* The examples of RFC 9002, worked by hand. */
static void the_round_trip_follows_the_rfc(void **state)
{
	struct skw_recovery r;

	(void)state;
	skw_recovery_init(&r);
	assert_int_equal(skw_recovery_pto(&r), 2 * SECOND);
	skw_recovery_sample(&r, 100000, 0);
	assert_int_equal(r.srtt_us, 100000);
	assert_int_equal(r.rttvar_us, 50000);
	assert_int_equal(skw_recovery_pto(&r), 100000 + 4 * 50000 + 25000);
	skw_recovery_sample(&r, 200000, 20000); /* adjusted: 180000 */
	assert_int_equal(r.rttvar_us, (3 * 50000 + 80000) / 4);
	assert_int_equal(r.srtt_us, (7 * 100000 + 180000) / 8);
	assert_int_equal(skw_recovery_loss_delay(&r), 200000 * 9 / 8);
	r.pto_count = 1;
	assert_int_equal(skw_recovery_pto(&r), 2 * (110000 + 4 * 57500 + 25000));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(many_streams_on_a_good_path),
		CASE(many_streams_on_a_terrible_path),
		CASE(a_path_of_seconds_is_learned),
		CASE(both_ends_may_open),
		CASE(refused_streams_tell_why),
		CASE(a_reset_ends_both_directions),
		CASE(early_data_waits_for_no_acceptance_but_is_little),
		CASE(early_data_that_overtakes_its_open_is_not_lost),
		CASE(a_writer_beyond_its_credit_is_cut_off),
		CASE(an_end_that_was_lost_alone_comes_again),
		CASE(closing_tells_the_other_end),
		CASE(nobody_there_is_a_timeout),
		CASE(a_session_whose_other_end_dies_is_closed),
		CASE(packets_are_opened_once_and_unaltered),
		CASE(a_path_that_was_left_is_not_brought_back),
		CASE(streams_are_limited_on_each_side),
		CASE(ranges_are_a_set),
		CASE(the_round_trip_follows_the_rfc),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
