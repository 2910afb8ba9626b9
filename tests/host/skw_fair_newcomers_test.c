/* rooms: wire keys onion session
 *
 * Clients that are not equally far away, or come while the others' queue stands: who has never seen
 * the way without it cannot know how long the way is. One queue for all. */

#include "skw_fair_world.h"

/* 2 to 40 ms to the relay, one way. */
static void spread_out(void)
{
	static const uint64_t far[] = { 2, 5, 10, 20, 40 };

	for (unsigned i = 0; i < CLIENTS; i++)
		away_us[i] = far[i % 5] * MS;
}

static void begin(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		write_all(&nodes[i]);
		run(25 * MS);
	}
}

/* 45 Mb/s of 50 are what headers leave; a look for the length of the way leaves some of it. */
static void is_fair(uint64_t us)
{
	double rate[CLIENTS], all;

	assert_true(measure(us, rate, &all) >= 0.95);
	assert_true(all > 43);
}

/* What each takes for the length of its way is looked at again every five seconds: it must not
 * grow by what the others keep in the queue. */
static void distance_does_not_matter(void **state)
{
	(void)state;
	spread_out();
	build();
	everybody_begins();
	run(4 * SECOND);
	is_fair(3 * SECOND);
	run(8 * SECOND);
	is_fair(3 * SECOND);
}

/* Links, circuits and sessions are made while the queue stands. */
static void newcomers_learn_the_length_of_the_way(void **state)
{
	(void)state;
	build_some(0, CLIENTS - 5);
	begin(0, CLIENTS - 5);
	run(4 * SECOND);
	build_some(CLIENTS - 5, CLIENTS);
	begin(CLIENTS - 5, CLIENTS);
	run(10 * SECOND);
	is_fair(3 * SECOND);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(distance_does_not_matter),
		CASE(newcomers_learn_the_length_of_the_way),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
