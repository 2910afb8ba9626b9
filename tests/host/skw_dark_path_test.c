/* rooms: wire keys session
 *
 * Paths that fall silent under one stream, and return, in virtual time. */

#include "skw_session_lines.h"

/* Four lines go dark, without a word, and come back. */
static void four_go_dark(double *before, double *during, double *after)
{
	start(LINES);
	writing = true;
	write_more();
	run(2 * SECOND);
	*before = speed(SECOND);
	longest_gap_us = 0;
	for (unsigned i = 0; i < 4; i++)
		lines[i * 5].up = false;
	run(SECOND);
	*during = speed(SECOND);
	for (unsigned i = 0; i < 4; i++)
		lines[i * 5].up = true;
	run(SECOND);
	*after = speed(SECOND);
	print_message("4 of 16 dark: %.1f, %.1f, again %.1f Mb/s; longest stall %.0f ms\n", *before,
		      *during, *after, (double)longest_gap_us / 1e3);
	assert_true(longest_gap_us <= 300 * MS);
	assert_true(*during >= *before * 0.7);
	assert_true(*after >= *before * 0.95);
}

static void paths_die_and_return(void **state)
{
	double before, during, after;

	(void)state;
	four_go_dark(&before, &during, &after);
}

static void unlike_paths_die_and_return(void **state)
{
	double before, during, after;

	(void)state;
	unlike_lines();
	four_go_dark(&before, &during, &after);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(paths_die_and_return),
		CASE(unlike_paths_die_and_return),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
