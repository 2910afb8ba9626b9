/* rooms: wire keys onion session
 *
 * Clients that are equally far away and begin together: shares in one queue for all, and in a queue
 * for each circuit. */

#include "skw_fair_world.h"

/* 45 Mb/s of 50 are what headers leave. */
static void is_fair_and_full(void)
{
	double rate[CLIENTS], all;

	build();
	everybody_begins();
	assert_true(measure(5 * SECOND, rate, &all) >= 0.95);
	assert_true(all > 43);
	assert_true(measure(SECOND, rate, &all) >= 0.98);
	assert_true(all > 43);
}

static void one_queue_before_the_line(void **state)
{
	(void)state;
	is_fair_and_full();
}

/* What each takes for the length of the way is looked at again every ten seconds, while the queue
 * stands. */
static void it_stays_so(void **state)
{
	double rate[CLIENTS], all;

	(void)state;
	build();
	everybody_begins();
	run(12 * SECOND);
	assert_true(measure(SECOND, rate, &all) >= 0.95);
	assert_true(all > 43);
}

static void a_queue_for_each_circuit(void **state)
{
	(void)state;
	port_room = 8;
	is_fair_and_full();
}

/* Twice what the line takes, from one who knows no window: in a queue of its own it harms nobody.
 */
static void who_floods_gets_one_share(void **state)
{
	double rate[CLIENTS], all;

	(void)state;
	port_room = 8;
	build();
	for (unsigned i = 1; i < CLIENTS; i++)
		write_all(&nodes[i]);
	run(SECOND);
	flood_us = (SKW_CELL_FULL + LINK + UDP_IP_ETHERNET) * ways[0].ns_per_byte / 2000;
	run(SECOND);
	assert_true(measure(5 * SECOND, rate, &all) >= 0.95);
	assert_true(all > 43);
	assert_true(skw_onion_counters(nodes[RELAY].onion)->dropped > 10000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(one_queue_before_the_line),
		CASE(it_stays_so),
		CASE(a_queue_for_each_circuit),
		CASE(who_floods_gets_one_share),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
