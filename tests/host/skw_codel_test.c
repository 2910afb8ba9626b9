/* rooms: wire keys onion
 *
 * skw_codel against RFC 8289: a queue that stands for an interval loses what comes, at times that
 * are an interval divided by the root of how many were lost (section 5.5), until it is short. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onion/skw_codel.h"

#define MS UINT64_C(1000)

static struct skw_codel codel;
static uint64_t now;

static int fresh(void **state)
{
	(void)state;
	codel = (struct skw_codel) { 0 };
	now = 5000 * MS;
	return 0;
}

/* A millisecond: one leaves, one comes. True if that one is dropped. */
static bool step(uint64_t wait_us, bool last)
{
	now += MS;
	skw_codel_on_leave(&codel, wait_us, last, now);
	return skw_codel_drops(&codel, now);
}

static void drops_follow_the_law(void **state)
{
	double due = 0;
	unsigned drops = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		double at = (double)now / 1000;

		if (!step(SKW_CODEL_TARGET_US + 10 * MS, false))
			continue;
		if (drops == 0)
			assert_in_range(i, SKW_CODEL_INTERVAL_US / MS,
					SKW_CODEL_INTERVAL_US / MS + 2);
		else /* the root is taken in sixteenths, time in steps of 1 ms */
			assert_true(fabs(at - due) < 2 + 0.04 * SKW_CODEL_INTERVAL_US / 1000);
		drops++;
		due = at + SKW_CODEL_INTERVAL_US / 1000.0 / sqrt(drops);
	}
	assert_true(drops > 40); /* sum of 200 ms / sqrt(n) over 2.8 s: 49 */
	assert_true(drops < 60);
}

static void a_short_queue_loses_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		assert_false(step(SKW_CODEL_TARGET_US - 1, false));
	for (unsigned i = 0; i < 2000; i++) /* one cell that waits is no queue */
		assert_false(step(SKW_CODEL_TARGET_US + 10 * MS, true));
	for (unsigned i = 0; i < 2000; i++) /* nor is what runs short once in an interval */
		assert_false(step(i % 150 == 0 ? 0 : SKW_CODEL_TARGET_US + 10 * MS, false));
}

static void it_ends_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		step(SKW_CODEL_TARGET_US + 10 * MS, false);
	for (unsigned i = 0; i < 1000; i++)
		assert_false(step(MS, false));
}

/* Nothing came for a second: that is no debt. */
static void what_did_not_come_is_not_dropped_later(void **state)
{
	unsigned drops = 0;

	(void)state;
	for (unsigned i = 0; i < 400; i++)
		step(SKW_CODEL_TARGET_US + 10 * MS, false);
	now += 1000 * MS;
	for (unsigned i = 0; i < 50; i++)
		drops += step(SKW_CODEL_TARGET_US + 10 * MS, false);
	assert_in_range(drops, 1, 2);
}

/* Drops until `drops` more came, in a queue that stands; when the last two came. */
static uint64_t until(unsigned drops)
{
	uint64_t before = 0, last = 0;

	for (unsigned i = 0; i < 5000 && drops > 0; i++) {
		if (!step(SKW_CODEL_TARGET_US + 10 * MS, false))
			continue;
		before = last;
		last = now;
		drops--;
	}
	assert_int_equal(drops, 0);
	return last - before;
}

/* "count = count > 2 ? count - 2 : 1" (Controlling Queue Delay, 2012), if it was less than 16
 * intervals ago; else from one. */
static void soon_after_it_goes_on_where_it_was(void **state)
{
	const double interval = SKW_CODEL_INTERVAL_US;

	(void)state;
	until(5); /* the next interval is that of 5 */
	for (unsigned i = 0; i < 100; i++)
		step(0, false);
	assert_true(fabs((double)until(2) - interval / sqrt(3)) < 0.04 * interval);
	until(4); /* to 9 */
	for (unsigned i = 0; i < 100; i++)
		step(0, false);
	assert_true(fabs((double)until(2) - interval / sqrt(6)) < 0.02 * interval);
	for (unsigned i = 0; i < 16 * SKW_CODEL_INTERVAL_US / MS + 200; i++)
		step(0, false);
	assert_true(fabs((double)until(2) - interval) < 0.02 * interval);
}

/* However long nobody listens. */
static void it_drops_all_in_the_end(void **state)
{
	(void)state;
	until(2);
	codel.count = UINT32_MAX / 2;
	codel.next_us = now;
	for (unsigned i = 0; i < 100; i++)
		assert_true(step(SKW_CODEL_TARGET_US + 10 * MS, false));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		CASE(drops_follow_the_law),
		CASE(a_short_queue_loses_nothing),
		CASE(it_ends_at_once),
		CASE(what_did_not_come_is_not_dropped_later),
		CASE(soon_after_it_goes_on_where_it_was),
		CASE(it_drops_all_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
