/* rooms: wire keys session
 *
 * Datagrams that arrive, frame by frame: what the protocol's text says of their order, of the time
 * that they wait, and that each comes out once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/skw_session_state.h"

#define MS UINT64_C(1000)

enum { QUICK, SLOW, QUICK_WAY = 5000, SLOW_WAY = 50000, LOOSE = 0, CLOCK = 777777 };
/* "Half the difference of least round trips"; "1.5 of the longest round trip and 10 ms, 100 ms at
 * most" */
enum { SPREAD = 45000, PATIENCE = 100000 };

static struct skw_session *session;
static struct one *one;

static void a_path(uint32_t circuit, uint64_t way_us)
{
	struct path *p = path_new(one, circuit, (uint16_t)circuit);

	assert_non_null(p);
	p->bbr.min_rtt_us = p->recovery.srtt_us = 2 * way_us;
}

static int fresh(void **state)
{
	(void)state;
	session = calloc(1, sizeof(*session));
	one = calloc(1, sizeof(*one));
	assert_true(session != NULL && one != NULL);
	session->now_us = 5000 * MS;
	a_path(1, QUICK_WAY);
	a_path(2, SLOW_WAY);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	datagrams_free(session, one);
	while (one->path_count > 0)
		path_free(one, 0);
	free(one);
	free(session);
	return 0;
}

static bool frame(unsigned path, uint32_t number, uint16_t after, uint64_t sent_us, size_t len)
{
	static uint8_t bytes[2000];
	struct skw_writer w = skw_writer(bytes, sizeof(bytes));
	struct skw_reader r = skw_reader(bytes, 8 + len);

	skw_put_u32(&w, number);
	skw_put_u16(&w, after);
	skw_put_u16(&w, (uint16_t)((sent_us + CLOCK) / 64));
	skw_put_u32(&w, number);
	datagrams_on_frame(session, one, one->paths[path], &r);
	return r.ok;
}

/* It left at `sent_us` and is here when its path brings it. */
static void bring(unsigned path, uint32_t number, uint16_t after, uint64_t sent_us)
{
	session->now_us = sent_us + (path == QUICK ? QUICK_WAY : SLOW_WAY);
	assert_true(frame(path, number, after, sent_us, 100));
	session->now_us += 128; /* clocks are looked at in ticks of 64 us */
}

/* The number of the next one that comes out; -1: none now. */
static int64_t next(void)
{
	struct skw_session_out out;
	uint32_t number;

	if (!datagrams_poll(session, one, &out))
		return -1;
	assert_int_equal(out.event, SKW_SESSION_DATAGRAM);
	assert_int_equal(out.len, 100);
	memcpy(&number, out.data, sizeof(number));
	return number;
}

/* One of each path, so that it is known what they need; the number of the next. */
static uint64_t warm_up(void)
{
	uint64_t sent = session->now_us;

	bring(QUICK, 0, LOOSE, sent);
	bring(SLOW, 1, LOOSE, sent);
	assert_int_equal(next(), 0);
	assert_int_equal(next(), 1);
	return sent + 100 * MS;
}

/* To the microsecond `us`; nothing may have come out until then. */
static void quiet_until(uint64_t us)
{
	uint64_t timer = datagrams_timer(one);

	assert_in_range(timer, us - 128, us + 128); /* ticks of 64 us, of both clocks */
	session->now_us = timer - 1;
	assert_int_equal(next(), -1);
	one->dirty = false;
	datagrams_tick(session, one);
	assert_false(one->dirty);
	session->now_us = timer;
	datagrams_tick(session, one);
	assert_true(one->dirty);
}

static void one_without_order_comes_at_once(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 2, LOOSE, t);
	assert_int_equal(next(), 2);
	bring(SLOW, 3, LOOSE, t);
	assert_int_equal(next(), 3);
}

static void ordered_ones_find_the_delay_of_the_slowest(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 2, 65535, t);
	quiet_until(t + SLOW_WAY);
	assert_int_equal(next(), 2);
	bring(SLOW, 3, 1, t + 10 * MS);
	assert_int_equal(next(), 3);
	bring(QUICK, 4, 1, t + 90 * MS); /* 20 ms later than its path brings it */
	session->now_us += 20 * MS;
	bring(QUICK, 5, 1, t + 100 * MS);
	quiet_until(t + 90 * MS + SLOW_WAY);
	assert_int_equal(next(), 4);
	quiet_until(t + 100 * MS + SLOW_WAY);
	assert_int_equal(next(), 5);
	assert_int_equal(datagrams_timer(one), UINT64_MAX);
}

/* What is in a queue of its path is late already, and waits for the rest only. */
static void who_was_late_waits_less(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	session->now_us = t + QUICK_WAY + 30 * MS;
	assert_true(frame(QUICK, 2, 65535, t, 100));
	quiet_until(t + SLOW_WAY);
	assert_int_equal(next(), 2);
	session->now_us = t + 100 * MS + QUICK_WAY + 46 * MS;
	assert_true(frame(QUICK, 3, 1, t + 100 * MS, 100));
	assert_int_equal(next(), 3);
}

/* No spread is made of paths that are silent, none is longer than 100 ms. */
static void silent_paths_do_not_count(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	one->paths[SLOW]->silent = true;
	bring(QUICK, 2, 65535, t);
	assert_int_equal(next(), 2);
	one->paths[SLOW]->silent = false;
	one->paths[SLOW]->bbr.min_rtt_us = 900 * MS;
	bring(QUICK, 3, 1, t + 10 * MS);
	quiet_until(t + 10 * MS + QUICK_WAY + 100 * MS);
	assert_int_equal(next(), 3);
}

static void on_a_single_path_nothing_waits(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	path_free(one, SLOW);
	bring(QUICK, 7, 5, t);
	assert_int_equal(next(), 7);
	bring(QUICK, 6, 4, t + 1 * MS);
	assert_int_equal(next(), 6);
}

static void the_one_before_is_waited_for(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 3, 1, t);
	session->now_us = t + 70 * MS;
	assert_int_equal(next(), -1);
	bring(QUICK, 4, 1, t + 20 * MS);
	session->now_us = t + 120 * MS;
	assert_int_equal(next(), -1);
	assert_true(frame(QUICK, 2, 65535, t, 100)); /* again, with its own time */
	assert_int_equal(next(), 2);
	assert_int_equal(next(), 3);
	assert_int_equal(next(), 4);
	assert_int_equal(next(), -1);
	assert_int_equal(datagrams_timer(one), UINT64_MAX);
}

/* What waits for its time is not woken by the one before. */
static void time_and_order_both_count(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 3, 1, t + 40 * MS);
	bring(SLOW, 2, 65535, t);
	assert_int_equal(next(), 2);
	assert_int_equal(next(), -1);
	quiet_until(t + 40 * MS + SLOW_WAY);
	assert_int_equal(next(), 3);
}

static void patience_ends(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 3, 1, t);
	bring(QUICK, 4, 1, t + 1 * MS);
	session->now_us = t + SLOW_WAY + 10 * MS;
	assert_int_equal(next(), -1);
	quiet_until(t + SLOW_WAY + PATIENCE);
	assert_int_equal(next(), 3);
	assert_int_equal(next(), 4);
	bring(SLOW, 2, 65535, t + 200 * MS); /* late is better than never */
	assert_int_equal(next(), 2);
	/* as long as a repair takes */
	one->paths[SLOW]->recovery.srtt_us = 40 * MS;
	bring(SLOW, 6, 1, t + 300 * MS);
	assert_int_equal(next(), -1);
	quiet_until(t + 300 * MS + SLOW_WAY + 70 * MS);
	assert_int_equal(next(), 6);
	one->paths[SLOW]->silent = true;
	bring(QUICK, 8, 1, t + 500 * MS);
	assert_int_equal(next(), -1);
	quiet_until(t + 500 * MS + QUICK_WAY + 25 * MS);
	assert_int_equal(next(), 8);
}

/* Two that say they come after the same one: one waits for it, the other for its time alone. */
static void nobody_waits_for_ever_behind_another(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 3, 1, t);
	bring(QUICK, 4, 2, t);
	session->now_us = t + SLOW_WAY + 200;
	assert_int_equal(next(), 4);
	assert_int_equal(next(), -1);
	assert_true(frame(SLOW, 2, 65535, t, 100));
	assert_int_equal(next(), 2);
	assert_int_equal(next(), 3);
}

/* Numbers are remembered for 8192; what is older may have been here. */
static void each_comes_out_once(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	for (uint32_t n = 2; n < 9000; n += 7) {
		bring(QUICK, n, LOOSE, t);
		assert_int_equal(next(), n);
		bring(SLOW, n, LOOSE, t);
		assert_int_equal(next(), -1);
		t += 100;
	}
	for (uint32_t n = 0; n < 800; n++) { /* too old, whether they came or not */
		bring(QUICK, n, LOOSE, t);
		assert_int_equal(next(), -1);
	}
	for (uint32_t n = 1000; n < 9000; n++) { /* those that did not come yet do */
		bring(QUICK, n, LOOSE, t);
		assert_int_equal(next(), n % 7 == 2 ? -1 : (int64_t)n);
	}
	bring(QUICK, 100000, LOOSE, t); /* a leap: all between are new, all before are old */
	assert_int_equal(next(), 100000);
	for (uint32_t n = 0; n < 100000 - 8192; n += 13) {
		bring(QUICK, n, LOOSE, t);
		assert_int_equal(next(), -1);
	}
	for (uint32_t n = 100000 - 8191; n < 100000; n++) {
		bring(QUICK, n, LOOSE, t);
		assert_int_equal(next(), n);
	}
}

/* What an ordered one comes after is so far back that nobody knows: it came, or never will. */
static void far_back_is_no_reason_to_wait(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 20000, LOOSE, t);
	assert_int_equal(next(), 20000);
	bring(SLOW, 20001, 8194, t);
	assert_int_equal(next(), 20001);
	bring(SLOW, 20002, 8190, t); /* not so far */
	assert_int_equal(next(), -1);
	bring(SLOW, 20002 - 8190, LOOSE, t);
	assert_int_equal(next(), 20002 - 8190);
	assert_int_equal(next(), 20002);
}

/* Places are used again after 8192 numbers: neither one that came out late nor one that was waited
 * for in vain tells anything of the number that has its place then. */
static void places_are_used_again(void **state)
{
	uint64_t t = warm_up();

	(void)state;
	bring(QUICK, 3, 1, t);
	bring(QUICK, 3 + 8192 + 10, LOOSE, t + MS);
	assert_int_equal(next(), 3 + 8192 + 10);
	session->now_us = t + 200 * MS;
	assert_int_equal(next(), 3);
	bring(SLOW, 4 + 8192, 1, t + 200 * MS); /* after one that is not here */
	assert_int_equal(next(), -1);
	bring(SLOW, 3 + 8192, 1, t + 201 * MS); /* as is this one's */
	assert_int_equal(next(), -1);
	bring(SLOW, 2 + 8192, LOOSE, t + 202 * MS);
	assert_int_equal(next(), 2 + 8192);
	assert_int_equal(next(), 3 + 8192);
	assert_int_equal(next(), 4 + 8192);
}

static void numbers_come_round(void **state)
{
	uint64_t t = session->now_us;

	(void)state;
	path_free(one, SLOW);
	for (uint32_t i = 0; i < 20; i++) {
		bring(QUICK, UINT32_MAX - 9 + i, i > 0 ? 1 : 65535, t);
		assert_int_equal(next(), UINT32_MAX - 9 + i);
		bring(QUICK, UINT32_MAX - 9 + i, i > 0 ? 1 : 65535, t);
		assert_int_equal(next(), -1);
		t += MS;
	}
}

/* Each comes after one that is missing, so its number is odd; they come out as they are due. */
static uint32_t take_all(uint32_t came)
{
	static uint32_t last;

	for (int64_t n; (n = next()) >= 0; last = (uint32_t)n, came++) {
		assert_int_equal(n % 2, 1);
		assert_true(came == 0 || n + 256 > last); /* two ticks are as good as one */
	}
	return came;
}

/* 2048 may wait; then the first to be due comes out before its time, and none is lost. */
static void a_full_table_loses_nothing(void **state)
{
	uint64_t t = warm_up();
	uint32_t came = 0;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		bring(QUICK, 3 + 2 * i, 1, t + i);
		came = take_all(came);
	}
	assert_in_range(came, 5000 - 2048, 5000 - 1900);
	session->now_us = t + 500 * MS;
	assert_int_equal(take_all(came), 5000);
	assert_int_equal(one->datagrams_dropped, 0);
}

/* The same where they wait for the one before, and not for their time. */
static void a_table_of_those_that_wait_loses_nothing(void **state)
{
	uint64_t t = warm_up();
	uint32_t came = 0;

	(void)state;
	session->now_us = t + SLOW_WAY + MS;
	for (uint32_t i = 0; i < 3000; i++) {
		assert_true(frame(SLOW, 3 + 2 * i, 1, t, 100));
		came = take_all(came);
	}
	assert_in_range(came, 3000 - 2048, 3000 - 1900);
	assert_int_equal(one->datagrams_dropped, 0);
}

/* The sender's clock is 500 millionths too quick: half a tick's range in an hour. */
static void clocks_may_drift(void **state)
{
	uint64_t t = warm_up();
	uint32_t number = 2;

	(void)state;
	for (unsigned i = 0; i < 3 * 3600 / 2; i++, t += 2000 * MS) {
		unsigned path = i % 3 == 0 ? QUICK : SLOW;
		uint64_t way = path == QUICK ? QUICK_WAY : SLOW_WAY;

		session->now_us = t + way;
		assert_true(frame(path, number, number > 2 ? 1 : 65535, t + t / 2000, 100));
		if (path == QUICK) { /* two seconds of drift are a millisecond */
			uint64_t at = datagrams_timer(one);

			assert_in_range(at, t + SLOW_WAY - 12 * MS, t + SLOW_WAY + 2 * MS);
			session->now_us = at;
		}
		session->now_us += 15 * MS;
		assert_int_equal(next(), number);
		number++;
	}
}

/* A path's least is of the last five to ten seconds: it may become slower. */
static void a_path_that_became_slower_is_believed(void **state)
{
	uint64_t t = warm_up();
	uint32_t number = 2;

	(void)state;
	for (unsigned i = 0; i < 200; i++, t += 100 * MS, number++) {
		session->now_us = t + QUICK_WAY + 20 * MS;
		assert_true(frame(QUICK, number, LOOSE, t, 100));
		assert_int_equal(next(), number);
		session->now_us = t + SLOW_WAY + 20 * MS;
		assert_true(frame(SLOW, ++number, LOOSE, t, 100));
		assert_int_equal(next(), number);
	}
	session->now_us = t + QUICK_WAY + 20 * MS;
	assert_true(frame(QUICK, number, 65535, t, 100));
	quiet_until(t + SLOW_WAY + 20 * MS);
	assert_int_equal(next(), number);
}

/* At once after ten seconds of nothing. */
static void what_was_long_ago_tells_nothing(void **state)
{
	uint64_t t = warm_up() + 11000 * MS;

	(void)state;
	session->now_us = t + QUICK_WAY + 20 * MS;
	assert_true(frame(QUICK, 2, LOOSE, t, 100));
	assert_int_equal(next(), 2);
	session->now_us = t + SLOW_WAY + 20 * MS;
	assert_true(frame(SLOW, 3, LOOSE, t, 100));
	assert_int_equal(next(), 3);
	t += 100 * MS;
	session->now_us = t + QUICK_WAY + 20 * MS;
	assert_true(frame(QUICK, 4, 65535, t, 100));
	quiet_until(t + SLOW_WAY + 20 * MS);
	assert_int_equal(next(), 4);
}

/* The quickest died: ten seconds later the delay of the others is reckoned among themselves. */
static void the_dead_are_no_measure(void **state)
{
	uint64_t t = warm_up();
	uint32_t number = 2;

	(void)state;
	a_path(3, 20 * MS);
	for (unsigned i = 0; i < 120; i++, t += 100 * MS, number += 2) {
		session->now_us = t + 20 * MS;
		assert_true(frame(2, number, LOOSE, t, 100));
		assert_int_equal(next(), number);
		session->now_us = t + SLOW_WAY;
		assert_true(frame(SLOW, number + 1, LOOSE, t, 100));
		assert_int_equal(next(), number + 1);
		one->paths[QUICK]->silent = true;
	}
	session->now_us = t + 20 * MS;
	assert_true(frame(2, number, 65535, t, 100));
	quiet_until(t + SLOW_WAY);
	assert_int_equal(next(), number);
}

static void a_frame_has_something_in_it_and_not_too_much(void **state)
{
	(void)state;
	assert_false(frame(QUICK, 1, 0, 0, 0));
	assert_true(frame(QUICK, 1, 0, 0, 1));
	assert_true(frame(QUICK, 2, 0, 0, 1350));
	assert_false(frame(QUICK, 3, 0, 0, 1351));
	assert_false(frame(QUICK, 3, 0, 0, (size_t)-1));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(one_without_order_comes_at_once),
		CASE(ordered_ones_find_the_delay_of_the_slowest),
		CASE(who_was_late_waits_less),
		CASE(silent_paths_do_not_count),
		CASE(on_a_single_path_nothing_waits),
		CASE(the_one_before_is_waited_for),
		CASE(time_and_order_both_count),
		CASE(patience_ends),
		CASE(nobody_waits_for_ever_behind_another),
		CASE(each_comes_out_once),
		CASE(far_back_is_no_reason_to_wait),
		CASE(places_are_used_again),
		CASE(numbers_come_round),
		CASE(a_full_table_loses_nothing),
		CASE(a_table_of_those_that_wait_loses_nothing),
		CASE(clocks_may_drift),
		CASE(a_path_that_became_slower_is_believed),
		CASE(what_was_long_ago_tells_nothing),
		CASE(the_dead_are_no_measure),
		CASE(a_frame_has_something_in_it_and_not_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
