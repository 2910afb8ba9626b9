/* rooms: wire keys session
 *
 * skw_session over a path that the test plays itself; skw_ranges and skw_recovery against plain
 * models. */
#include "session/skw_ranges.h"
#include "session/skw_recovery.h"
#include "skw_session_pair.h"

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
