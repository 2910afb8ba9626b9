/* rooms: wire keys session
 *
 * Datagrams over many paths, and paths that come and go, in virtual time. */

#include "skw_session_lines.h"

/* ---- datagrams */

static uint32_t next_datagram;

static enum skw_session_status send_as(uint32_t flow, enum skw_session_order kind, size_t len)
{
	uint8_t data[SKW_SESSION_DATAGRAM_MAX + 1];
	enum skw_session_status status;

	memcpy(data, &next_datagram, sizeof(next_datagram));
	if (len > sizeof(next_datagram))
		memcpy(data + 4, pattern(next_datagram), len - 4);
	status = skw_session_send_datagram(end[0], client, flow, kind, data, len, now);
	next_datagram++;
	return status;
}

static enum skw_session_status send_datagram(size_t len)
{
	return send_as(7, SKW_SESSION_ORDERED, len);
}

/* A hundred megabits a second, in bunches as a timer of a millisecond makes them. */
static unsigned send_for(uint64_t us)
{
	uint64_t until = now + us;
	unsigned sent = 0, due = 0; /* datagrams, bytes */

	while (now < until) {
		for (due += 100000 / 8; due >= 1300; due -= 1300)
			sent += send_datagram(1300) == SKW_SESSION_OK;
		run(MS);
	}
	return sent;
}

static void start_datagrams(unsigned count)
{
	next_datagram = 1;
	start(count);
	writing = true;
	write_more();
	run(3 * SECOND); /* the windows open */
	writing = false;
	run(SECOND);
}

/* Lines that differ in delay, and each lose `loss` of 10,000. */
static void start_over_unlike_lines(unsigned loss)
{
	unlike_lines();
	for (unsigned i = 0; i < LINES; i++)
		lines[i].loss = loss;
	start_datagrams(LINES);
}

static void datagrams_keep_their_order_over_unlike_paths(void **state)
{
	unsigned sent;

	(void)state;
	start_over_unlike_lines(0);
	got = 0;
	sent = send_for(2 * SECOND);
	assert_int_equal(sent, 2 * SECOND * 100 / 8 / 1300); /* none refused */
	run(SECOND / 2);
	print_message("datagrams: %u sent, %llu came, %llu out of order\n", sent,
		      (unsigned long long)datagrams_got, (unsigned long long)datagrams_late);
	assert_int_equal(datagrams_got, sent);
	assert_true(datagrams_late <= sent / 1000); /* one that a queue held back for too long */
	assert_int_equal(datagrams_wrong, 0);
}

static void lost_datagrams_go_again_while_they_are_young(void **state)
{
	unsigned sent;

	(void)state;
	unlike_lines();
	start_datagrams(LINES);
	got = 0;
	sent = send_for(2 * SECOND);
	assert_int_equal(sent, 2 * SECOND * 100 / 8 / 1300); /* none refused */
	run(SECOND / 2);
	print_message("datagrams, 1 %% lost: %u sent, %llu came, %llu out of order\n", sent,
		      (unsigned long long)datagrams_got, (unsigned long long)datagrams_late);
	assert_true(datagrams_got <= sent);
	assert_true(datagrams_got >= sent - sent / 1000);
	assert_true(datagrams_late <= sent / 200); /* late is better than never */
	assert_int_equal(datagrams_wrong, 0);
}

/* One packet of a path of 32 ms one way: an acknowledgement on that path would bring it again after
 * 32 + 32 + 5 ms and three packets more. Reported over the quickest, it is here 5 + 5 and what
 * queues there take after the next one of its path, and what is ordered waits for the slowest
 * path's 50 anyway. */
static void a_loss_on_a_slow_path_is_repaired_over_a_quick_one(void **state)
{
	struct line *slow = &lines[9];
	uint64_t silence = 0, before, packets;

	(void)state;
	start_over_unlike_lines(0);
	send_for(SECOND);
	longest_gap_us = datagrams_late = 0;
	for (unsigned i = 0; i < 20; i++) {
		slow->loss = 10000;
		for (packets = slow->packets[0]; slow->packets[0] == packets;)
			send_for(MS);
		slow->loss = 0;
		for (unsigned ms = 0; ms < 200; ms++) {
			before = datagrams_got;
			send_for(MS);
			silence = datagrams_got > before ? 0 : silence + MS;
			longest_gap_us = silence > longest_gap_us ? silence : longest_gap_us;
		}
	}
	print_message("longest silence: %.0f ms\n", (double)longest_gap_us / 1e3);
	assert_true(longest_gap_us <= 20 * MS); /* 56 without */
	assert_int_equal(datagrams_late, 0);
}

/* Acknowledgements get lost as well, so that some are sent again for nothing. */
static void each_comes_out_once(void **state)
{
	unsigned sent = 0;

	(void)state;
	start_over_unlike_lines(2000);
	for (unsigned i = 0; i < 4000; i++) {
		sent += send_as(i % 5, i % 3, 60 + i % 700) == SKW_SESSION_OK;
		run(MS / 2);
	}
	run(SECOND);
	print_message("20 %% lost: %u sent, %llu came\n", sent, (unsigned long long)datagrams_got);
	assert_true(datagrams_got <= sent);
	assert_true(datagrams_got >= sent - sent / 100);
	assert_int_equal(datagrams_twice, 0);
	assert_int_equal(datagrams_wrong, 0);
}

/* From 5 to 50 ms one way: the quickest, and half a millisecond of a line. */
static void small_ones_take_the_quickest_path_and_wait_for_none(void **state)
{
	(void)state;
	start_over_unlike_lines(0);
	for (unsigned i = 0; i < 50; i++) {
		uint64_t before = datagrams_got;

		assert_int_equal(send_as(i, SKW_SESSION_LOOSE, 100), SKW_SESSION_OK);
		run(6 * MS);
		assert_int_equal(datagrams_got, before + 1);
		run(20 * MS);
	}
}

/* However quick the path that it came on was; half the difference of round trips is 45 ms. */
static void ordered_ones_find_one_delay(void **state)
{
	(void)state;
	start_over_unlike_lines(0);
	for (unsigned i = 0; i < 50; i++) {
		uint64_t before = datagrams_got;

		assert_int_equal(
		    send_as(3, i % 8 > 0 ? SKW_SESSION_FOLLOWS : SKW_SESSION_ORDERED, 100),
		    SKW_SESSION_OK);
		run(49 * MS);
		assert_int_equal(datagrams_got, before);
		run(6 * MS);
		assert_int_equal(datagrams_got, before + 1);
	}
}

/* One path of 10 Mb/s, offered 100: the queue is full, the ping is there in 40 ms (a way of 10, and
 * what the window holds), and so is every other. */
static void a_flow_that_seldom_sends_does_not_wait_behind_bulk(void **state)
{
	enum { PING = 40 };

	(void)state;
	start_datagrams(1);
	send_for(SECOND / 2);
	watched_len = PING;
	for (unsigned i = 0; i < 20; i++) {
		watched_got = 0;
		assert_int_equal(send_as(9, SKW_SESSION_LOOSE, PING), SKW_SESSION_OK);
		send_for(40 * MS);
		assert_int_equal(watched_got, 1);
		send_for(40 * MS);
	}
}

static void a_queue_of_datagrams_is_bounded_and_fresh(void **state)
{
	unsigned taken = 0;
	struct skw_session_info info;
	uint32_t cursor = 0;

	(void)state;
	start_datagrams(1);
	assert_int_equal(send_datagram(SKW_SESSION_DATAGRAM_MAX + 1), SKW_SESSION_INVALID);
	assert_int_equal(send_datagram(0), SKW_SESSION_INVALID);
	for (; taken < 5000; taken++) /* the oldest makes room */
		assert_int_equal(send_as(7, SKW_SESSION_LOOSE, 1000), SKW_SESSION_OK);
	assert_true(skw_session_next(end[0], &cursor, &info));
	assert_in_range(info.datagrams_dropped, 5000 - 2097, 5000 - 2097 + 100);
	cursor = 0;
	run(2 * SECOND);
	/* what a line of 10 Mb/s takes in 200 ms, and the bunch that its window holds */
	assert_in_range(datagrams_got, 150, 300);
	assert_int_equal(datagrams_late, 0);
	assert_true(skw_session_next(end[0], &cursor, &info));
	assert_int_equal(info.datagrams_sent + info.datagrams_dropped, taken);
	/* and it goes on */
	datagrams_got = 0;
	assert_int_equal(send_datagram(SKW_SESSION_DATAGRAM_MAX), SKW_SESSION_OK);
	run(SECOND);
	assert_int_equal(datagrams_got, 1);
}

/* The line is dark for longer than the window of sequence numbers; then they come again. */
static void datagrams_come_again_after_a_gap(void **state)
{
	(void)state;
	start_datagrams(2);
	lines[0].up = lines[1].up = false;
	for (unsigned i = 0; i < 8000; i++) {
		send_datagram(100);
		if (i % 8 == 0)
			run(MS);
	}
	lines[0].up = lines[1].up = true;
	run(3 * SECOND);
	datagrams_got = 0;
	for (unsigned i = 0; i < 100; i++) {
		send_datagram(100);
		run(10 * MS);
	}
	run(SECOND);
	assert_int_equal(datagrams_got, 100);
	assert_int_equal(datagrams_wrong, 0);
}

/* A TCP inside: full packets there, and for every second of them a small one back. What tells of
 * the small ones goes beside them or once in ten, and takes no full one its place. */
static void acknowledgements_take_no_room_from_full_datagrams(void **state)
{
	const uint8_t small[60] = { 0 };
	struct line before;
	unsigned sent = 0;

	(void)state;
	start_datagrams(1);
	lines[0].ns_per_byte = 80; /* 100 Mb/s */
	before = lines[0];
	for (unsigned i = 0; i < 2000; i++) {
		sent += send_datagram(SKW_SESSION_DATAGRAM_MAX) == SKW_SESSION_OK;
		if (i % 2 == 0)
			skw_session_send_datagram(end[1], server, 7, SKW_SESSION_LOOSE, small,
						  sizeof(small), now);
		run(MS + MS / 2);
	}
	assert_int_equal(sent, 2000);
	print_message("of 1000 small ones back, %llu packets told\n",
		      (unsigned long long)(lines[0].small[0] - before.small[0]));
	assert_in_range(lines[0].packets[0] - before.packets[0], sent, sent + 1000 / 8);
	assert_in_range(lines[0].small[0] - before.small[0], 1000 / 12, 1000 / 8);
}

/* ---- paths that are added and taken away */

static uint32_t paths_of(unsigned side)
{
	struct skw_session_info info;
	uint32_t cursor = 0;

	assert_true(skw_session_next(end[side], &cursor, &info));
	return info.paths;
}

static void paths_come_and_go_under_a_stream(void **state)
{
	(void)state;
	start(4);
	writing = true;
	write_more();
	run(SECOND);
	assert_int_equal(paths_of(0), 4);
	assert_int_equal(paths_of(1), 4);
	assert_int_equal(skw_session_remove_path(end[0], client, 1, now), SKW_SESSION_OK);
	assert_int_equal(skw_session_remove_path(end[0], client, 1, now), SKW_SESSION_UNKNOWN);
	run(SECOND);
	assert_int_equal(paths_of(0), 3);
	assert_int_equal(paths_of(1), 3);
	skw_session_path_down(end[0], 2, now);
	skw_session_path_down(end[1], 2, now);
	run(SECOND);
	assert_int_equal(paths_of(0), 2);
	assert_int_equal(skw_session_add_path(end[0], client, 3, now), SKW_SESSION_INVALID);
	assert_int_equal(skw_session_add_path(end[0], client, 1, now), SKW_SESSION_OK);
	run(SECOND);
	assert_int_equal(paths_of(1), 3);
	assert_true(speed(SECOND) > 3 * 8.5);
	/* none at all, and one again */
	for (unsigned i = 1; i <= 4; i++) {
		skw_session_path_down(end[0], i, now);
		skw_session_path_down(end[1], i, now);
	}
	run(5 * SECOND);
	assert_int_equal(paths_of(0), 0);
	assert_int_equal(skw_session_move(end[0], client, 9, now), SKW_SESSION_OK);
	run(SECOND);
	assert_true(speed(2 * SECOND) > 8.5);
	assert_int_equal(closed, 0);
}

static void the_other_end_of_a_path_cannot_be_swapped(void **state)
{
	uint64_t before;

	(void)state;
	start(2);
	before = paths_of(1);
	swapped = true; /* what goes into line 1 comes out as if of line 2 */
	writing = true;
	write_more();
	run(SECOND);
	assert_int_equal(paths_of(1), before);
	assert_true(skw_session_counters(end[1])->replayed > 0);
	swapped = false;
	run(2 * SECOND);
	assert_true(speed(SECOND) > 17);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(datagrams_keep_their_order_over_unlike_paths),
		CASE(lost_datagrams_go_again_while_they_are_young),
		CASE(a_loss_on_a_slow_path_is_repaired_over_a_quick_one),
		CASE(each_comes_out_once),
		CASE(small_ones_take_the_quickest_path_and_wait_for_none),
		CASE(ordered_ones_find_one_delay),
		CASE(a_flow_that_seldom_sends_does_not_wait_behind_bulk),
		CASE(a_queue_of_datagrams_is_bounded_and_fresh),
		CASE(datagrams_come_again_after_a_gap),
		CASE(acknowledgements_take_no_room_from_full_datagrams),
		CASE(paths_come_and_go_under_a_stream),
		CASE(the_other_end_of_a_path_cannot_be_swapped),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
