/* rooms: wire keys session
 *
 * A path that is retired while packets are under way on it, both ways: none of them is lost. */
#include "skw_session_lines.h"

#include "session/skw_session_state.h"

static uint32_t sent[2];

static void datagram(unsigned from)
{
	uint8_t data[600];

	memcpy(data, &sent[from], sizeof(uint32_t));
	memcpy(data + 4, pattern(sent[from]), sizeof(data) - 4);
	assert_int_equal(skw_session_send_datagram(end[from], from == 0 ? client : server, from,
						   SKW_SESSION_ORDERED, data, sizeof(data), now),
			 SKW_SESSION_OK);
	sent[from]++;
	pump(from);
}

static void nothing_under_way_is_lost(void **state)
{
	struct skw_session_path_info info;
	uint32_t cursor = 0;
	uint64_t quiet;

	(void)state;
	sent[0] = sent[1] = 0;
	lines[0].delay_us = 80 * MS;
	start(1);
	for (unsigned i = 0; i < 2000; i++) {
		if (i == 1000)
			assert_int_equal(skw_session_add_path(end[0], client, 2, now),
					 SKW_SESSION_OK);
		if (i == 1010)
			skw_session_retire_path(end[0], client, 1, now);
		if (i == 1500) /* some seconds are over */
			assert_int_equal(skw_session_remove_path(end[0], client, 1, now),
					 SKW_SESSION_OK);
		datagram(0);
		datagram(1);
		run(5 * MS);
		if (i == 1400)
			quiet = lines[0].packets[0] + lines[0].packets[1];
	}
	assert_int_equal(lines[0].packets[0] + lines[0].packets[1], quiet);
	run(SECOND);
	assert_int_equal(datagrams_got, sent[0] + sent[1]);
	assert_int_equal(datagrams_wrong, 0);
	assert_true(skw_session_next_path(end[0], &cursor, &info));
	assert_int_equal(info.path, 2);
	assert_false(skw_session_next_path(end[0], &cursor, &info));
}

/* The last path is used, retired or not. */
static void without_another_it_stays(void **state)
{
	(void)state;
	sent[0] = sent[1] = 0;
	start(2);
	skw_session_retire_path(end[0], client, 1, now);
	skw_session_path_down(end[0], 2, now);
	lines[1].up = false;
	for (unsigned i = 0; i < 200; i++) {
		datagram(0);
		run(5 * MS);
	}
	run(5 * SECOND);
	assert_int_equal(datagrams_got, sent[0]);
}

static uint32_t paths_of(unsigned side)
{
	struct skw_session_info info;
	uint32_t cursor = 0;

	assert_true(skw_session_next(end[side], &cursor, &info));
	return info.paths;
}

/* What leaves while all lines are dark is lost, and with it that two paths are used no more. */
static void the_other_end_hears_of_it_though_it_was_lost(void **state)
{
	(void)state;
	start(4);
	for (unsigned i = 0; i < 4; i++)
		lines[i].up = false;
	assert_int_equal(skw_session_remove_path(end[0], client, 1, now), SKW_SESSION_OK);
	skw_session_retire_path(end[0], client, 3, now);
	run(30 * MS);
	for (unsigned i = 0; i < 4; i++)
		lines[i].up = true;
	assert_int_equal(paths_of(1), 4);
	run(2 * SECOND);
	assert_int_equal(paths_of(1), 2);
	assert_int_equal(closed, 0);
}

/* Which paths there are is the client's to say; and nobody leaves the one that he says it on. */
static void a_server_leaves_nothing(void **state)
{
	(void)state;
	start(3);
	session_say_leave(session_of(end[1], server), 1);
	session_say_leave(session_of(end[1], server), 2);
	run(SECOND);
	assert_int_equal(paths_of(0), 3);
	for (uint16_t id = 0; id < 3; id++)
		session_say_leave(session_of(end[0], client), id);
	run(SECOND);
	assert_int_equal(paths_of(1), 1);
	assert_int_equal(closed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_under_way_is_lost, fresh, clean_up),
		cmocka_unit_test_setup_teardown(without_another_it_stays, fresh, clean_up),
		cmocka_unit_test_setup_teardown(a_server_leaves_nothing, fresh, clean_up),
		cmocka_unit_test_setup_teardown(the_other_end_hears_of_it_though_it_was_lost, fresh,
						clean_up),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
