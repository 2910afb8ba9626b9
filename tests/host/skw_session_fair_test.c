/* rooms: wire keys session
 *
 * Whose datagram goes first (RFC 8290) and how long one may wait (RFC 8289), flows by hand. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session/skw_session_state.h"

#define MS UINT64_C(1000)

enum { QUANTUM = 1400, TARGET = 20, INTERVAL = 100 }; /* ms */

static struct skw_session *session;
static struct one *one;
static struct outbox *outbox;
static uint64_t now;

/* A session of nobody: what is sent only waits. */
static int fresh(void **state)
{
	(void)state;
	session = calloc(1, sizeof(*session));
	one = calloc(1, sizeof(*one));
	outbox = calloc(1, sizeof(*outbox));
	assert_true(session != NULL && one != NULL && outbox != NULL);
	outbox->free = outbox->lost_first = outbox->lost_last = PARCEL_NONE;
	one->datagrams.out = outbox;
	assert_non_null(path_new(one, 1, 0));
	now = 1000 * MS;
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	outbox_free(session, one);
	path_free(one, 0);
	free(one);
	free(session);
	return 0;
}

static unsigned used;

static void put(unsigned flow, unsigned len, bool ordered)
{
	struct parcel *p;
	uint16_t at;

	if (outbox->free == PARCEL_NONE) { /* one slab more */
		outbox->slabs[outbox->slab_count] = calloc(PARCEL_SLAB, sizeof(*p));
		assert_non_null(outbox->slabs[outbox->slab_count]);
		session->ring_bytes += PARCEL_SLAB * sizeof(*p);
		for (unsigned i = 0; i < PARCEL_SLAB; i++)
			parcel_free(outbox, (uint16_t)(outbox->slab_count * PARCEL_SLAB + i));
		outbox->slab_count++;
	}
	at = outbox->free;
	p = parcel_at(outbox, at);
	outbox->free = p->next;
	*p = (struct parcel) { .state = PARCEL_WAITS,
			       .flow = (uint8_t)flow,
			       .ordered = ordered,
			       .len = (uint16_t)len,
			       .here_us = now,
			       .number = used++ };
	fair_put(outbox, at);
}

static const struct allowed all = { true, true, true, true, true };

/* The flow whose turn it is, its first gone; -1: nobody's. */
static int next(const struct allowed *allowed)
{
	struct flow *f = fair_pick(one, outbox, allowed, now);
	int flow = f != NULL ? (int)(f - outbox->flows) : -1;

	if (f != NULL)
		parcel_free(outbox, fair_take(outbox, f));
	return flow;
}

/* RFC 8290, 4.2: new flows before old ones, each for a quantum of bytes. */
static void who_comes_new_goes_first_and_then_all_in_turn(void **state)
{
	const int wanted[] = { 1, 2, 1, 2, 3, 1, 2 };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		put(1, 1400, false);
	for (unsigned i = 0; i < 6; i++)
		put(2, 1400, false);
	for (unsigned i = 0; i < 7; i++) {
		if (i == 4)
			put(3, 100, false);
		assert_int_equal(next(&all), wanted[i]);
	}
}

/* Bytes, not datagrams, are what is shared: of 350 there go four. */
static void shares_are_of_bytes(void **state)
{
	unsigned bytes[3] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		put(1, 1400, false);
	for (unsigned i = 0; i < 160; i++)
		put(2, 350, false);
	for (unsigned i = 0; i < 100; i++) {
		int flow = next(&all);

		assert_in_range(flow, 1, 2);
		bytes[flow] += flow == 1 ? 1400 : 350;
	}
	assert_in_range(bytes[1], bytes[2] - 2 * QUANTUM, bytes[2] + 2 * QUANTUM);
}

/* RFC 8290, 4.2: a new queue that ran empty is the last of the old, so that nobody is always new by
 * sending one datagram at a time. */
static void nobody_is_always_new(void **state)
{
	unsigned mine = 0;

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		put(1, 1400, false);
	for (unsigned i = 0; i < 40; i++) {
		put(2, 1400, false);
		mine += next(&all) == 2;
	}
	assert_in_range(mine, 19, 22);
}

static void what_may_not_go_waits_and_holds_nobody(void **state)
{
	const struct allowed quick = { .window = true, .quick = true };
	const struct allowed bulk = { .window = true, .bulk = true };

	(void)state;
	put(1, 1400, true);
	put(2, 100, false);
	put(3, 100, true);
	assert_int_equal(next(&quick), 2);
	assert_int_equal(next(&quick), -1);
	assert_int_equal(next(&bulk), 1);
	assert_int_equal(next(&bulk), 3);
	assert_int_equal(next(&all), -1);
}

/* Who has most bytes, not most datagrams, makes room, by its oldest. */
static void who_has_most_loses_first(void **state)
{
	uint32_t first;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		put(1, 50, false);
	put(2, 1300, false);
	first = used - 1;
	put(2, 1300, false);
	fair_make_room(one, outbox);
	assert_int_equal(outbox->flows[2].count, 1);
	assert_int_equal(parcel_at(outbox, outbox->flows[2].first)->number, first + 1);
	assert_int_equal(outbox->flows[1].count, 20);
	assert_int_equal(one->datagrams_dropped, 1);
}

/* A millisecond: one comes, one leaves, and all stand for so long. */
static void stand(unsigned ms, unsigned wait_ms)
{
	for (unsigned i = 0; i < ms; i++) {
		now += MS;
		put(1, 1000, true);
		while (outbox->flows[1].count > 1 &&
		       now - parcel_at(outbox, outbox->flows[1].first)->here_us > wait_ms * MS)
			if (next(&all) < 0)
				break;
		fair_pick(one, outbox, &all, now);
	}
}

static void a_short_queue_loses_nothing(void **state)
{
	(void)state;
	stand(1000, TARGET - 2);
	assert_int_equal(one->datagrams_dropped, 0);
}

/* RFC 8289, 5.5: the first after an interval above the target, the next ones after interval /
 * sqrt(count). */
static void a_queue_that_stands_loses_by_the_law(void **state)
{
	double due = 0;
	uint64_t before = 0, begun = now;
	unsigned drops = 0;

	(void)state;
	for (unsigned i = 0; i < 1500; i++) {
		stand(1, TARGET + 30);
		if (one->datagrams_dropped == before)
			continue;
		assert_int_equal(one->datagrams_dropped, before + 1);
		before = one->datagrams_dropped;
		if (drops == 0)
			assert_in_range((now - begun) / MS, TARGET + INTERVAL,
					TARGET + INTERVAL + 3);
		else
			assert_true(fabs((double)now / 1e3 - due) < 3 + 0.04 * INTERVAL);
		drops++;
		due = (double)now / 1e3 + INTERVAL / sqrt(drops);
	}
	assert_in_range(drops, 40, 60); /* 100 ms / sqrt(n) over 1.4 s: 49 */
}

/* Until `drops` more were lost; the time between the last two. */
static uint64_t stand_until(unsigned drops)
{
	uint64_t last = 0, before = 0, lost = one->datagrams_dropped;

	for (unsigned i = 0; i < 3000 && drops > 0; i++) {
		stand(1, TARGET + 30);
		if (one->datagrams_dropped == lost)
			continue;
		lost = one->datagrams_dropped;
		before = last;
		last = now;
		drops--;
	}
	assert_int_equal(drops, 0);
	return last - before;
}

/* RFC 8289, 5.5: "count = delta" if the last time was less than 16 intervals ago, else 1. */
static void soon_after_it_goes_on_where_it_was(void **state)
{
	const double interval = INTERVAL * MS;

	(void)state;
	stand_until(6); /* 1 to 6: 5 */
	stand(100, 5);
	assert_true(fabs((double)stand_until(2) - interval / sqrt(5)) < 3.0 * MS);
	stand(1800, 5);
	assert_true(fabs((double)stand_until(2) - interval) < 3.0 * MS);
}

/* Nobody asked for a while, so several drops are due: they end where the queue does. */
static void drops_that_are_due_at_once_leave_the_last(void **state)
{
	(void)state;
	stand(160, TARGET + 30);
	assert_int_equal(one->datagrams_dropped, 1);
	while (outbox->flows[1].count > 4)
		parcel_free(outbox, fair_take(outbox, &outbox->flows[1]));
	now += 600 * MS;
	assert_non_null(fair_pick(one, outbox, &all, now));
	assert_int_equal(outbox->flows[1].count, 1);
	assert_int_equal(one->datagrams_dropped, 4);
}

/* One datagram alone is no queue, however long it waits; nor is what a window holds back. */
static void what_a_way_holds_back_is_no_queue(void **state)
{
	(void)state;
	put(1, 1000, true);
	for (unsigned i = 0; i < 500; i++, now += MS)
		assert_non_null(fair_pick(one, outbox, &all, now));
	assert_int_equal(one->datagrams_dropped, 0);
	next(&all);
	one->paths[0]->bbr.min_rtt_us = 80 * MS;
	stand(1000, 70);
	assert_int_equal(one->datagrams_dropped, 0);
	stand(500, 110);
	assert_true(one->datagrams_dropped > 0);
}

/* The path stops for 200 ms to see how long it is: all that was under way waits here meanwhile. */
static void a_look_at_the_way_drops_nothing(void **state)
{
	(void)state;
	stand(300, 10);
	one->paths[0]->bbr.dip_cwnd = 1;
	for (unsigned i = 0; i < 200; i++) {
		now += MS;
		put(1, 1000, true);
		fair_pick(one, outbox, &all, now);
	}
	one->paths[0]->bbr.dip_cwnd = 0;
	stand(100, 10);
	assert_int_equal(one->datagrams_dropped, 0);
}

/* Late news is no news after 200 ms; what keeps its order is waited for, a second long. */
static void the_old_are_not_sent(void **state)
{
	(void)state;
	put(1, 1000, false);
	put(2, 1000, true);
	now += 200 * MS;
	assert_non_null(fair_pick(one, outbox, &all, now));
	assert_int_equal(one->datagrams_dropped, 0);
	now += 1;
	assert_int_equal(next(&all), 2);
	assert_int_equal(one->datagrams_dropped, 1);
	put(2, 1000, true);
	now += 1000 * MS + 1;
	assert_int_equal(next(&all), -1);
	assert_int_equal(one->datagrams_dropped, 2);
	assert_int_equal(outbox->quick_bytes + outbox->bulk_bytes, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(who_comes_new_goes_first_and_then_all_in_turn),
		CASE(shares_are_of_bytes),
		CASE(nobody_is_always_new),
		CASE(what_may_not_go_waits_and_holds_nobody),
		CASE(who_has_most_loses_first),
		CASE(a_short_queue_loses_nothing),
		CASE(a_queue_that_stands_loses_by_the_law),
		CASE(soon_after_it_goes_on_where_it_was),
		CASE(drops_that_are_due_at_once_leave_the_last),
		CASE(what_a_way_holds_back_is_no_queue),
		CASE(a_look_at_the_way_drops_nothing),
		CASE(the_old_are_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
