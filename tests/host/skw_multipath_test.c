/* rooms: wire keys session
 *
 * One stream over many paths, in virtual time. */

#include "skw_session_lines.h"

static void one_path_is_filled(void **state)
{
	double mbps;

	(void)state;
	start(1);
	writing = true;
	write_more();
	run(2 * SECOND);
	mbps = speed(3 * SECOND);
	describe("one path of 10 Mb/s", mbps);
	assert_true(mbps > 8.5);
}

static void sixteen_equal_paths_are_one(void **state)
{
	double mbps;

	(void)state;
	start(LINES);
	writing = true;
	write_more();
	run(2 * SECOND);
	mbps = speed(3 * SECOND);
	describe("16 paths, 10 ms", mbps);
	for (unsigned i = 0; i < LINES; i++) { /* few acknowledgements, in small cells */
		assert_true(4 * lines[i].packets[1] < lines[i].packets[0]);
		assert_true(lines[i].small[1] + 10 > lines[i].packets[1]);
	}
	assert_true(mbps >= 136);
}

static void sixteen_unlike_and_lossy_paths_are_one(void **state)
{
	double mbps;

	(void)state;
	unlike_lines();
	start(LINES);
	writing = true;
	write_more();
	run(2 * SECOND);
	mbps = speed(4 * SECOND);
	describe("16 paths, 5 to 50 ms, 1 % lost each way", mbps);
	assert_true(mbps >= 125);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(one_path_is_filled),
		CASE(sixteen_equal_paths_are_one),
		CASE(sixteen_unlike_and_lossy_paths_are_one),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
