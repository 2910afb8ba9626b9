/* rooms: wire keys session
 *
 * skw_bbr against a line that the test computes: what it should find is known. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/skw_bbr.h"

#define SECOND UINT64_C(1000000)

enum { SIZE = 1000, QUEUE = 4096 };

struct packet {
	struct skw_bbr_packet p;
	uint64_t acked_us;
	bool lost;
};

static struct skw_bbr b;
static struct packet queue[QUEUE];
static uint64_t head, tail, now, busy, sent, most_in_flight;
static uint64_t rate, rtt; /* of the line: bytes a second, us */
static unsigned loss;      /* per 1000 */
static uint64_t seed;

static int fresh(void **state)
{
	(void)state;
	skw_bbr_init(&b);
	head = tail = busy = sent = most_in_flight = 0;
	now = SECOND;
	rate = 1250000;
	rtt = 40000;
	loss = 0;
	seed = 1;
	return 0;
}

static bool lose(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % 1000 < loss;
}

static void send_one(void)
{
	struct packet *p = &queue[tail++ % QUEUE];

	assert_true(tail - head < QUEUE);
	skw_bbr_on_sent(&b, &p->p, SIZE, now);
	busy = (busy > now ? busy : now) + SIZE * SECOND / rate;
	p->acked_us = busy + rtt;
	p->lost = lose();
	sent++;
	most_in_flight = b.in_flight > most_in_flight ? b.in_flight : most_in_flight;
}

static void hear_one(void)
{
	struct packet *p = &queue[head++ % QUEUE];

	if (p->lost) {
		skw_bbr_on_lost(&b, SIZE, true);
		return;
	}
	skw_bbr_on_rtt(&b, now - p->p.sent_us, now);
	skw_bbr_on_acked(&b, &p->p, SIZE, now);
}

/* A user who always has more to send. */
static void run(uint64_t us)
{
	uint64_t until = now + us;

	while (now < until) {
		uint64_t ack = head < tail ? queue[head % QUEUE].acked_us : UINT64_MAX;
		uint64_t next = b.in_flight < b.cwnd ? skw_bbr_next_us(&b) : UINT64_MAX;

		if (next != UINT64_MAX && next < now)
			next = now;
		if (next <= ack) {
			now = next;
			send_one();
		} else {
			now = ack > now ? ack : now;
			hear_one();
		}
	}
}

static void near(uint64_t value, uint64_t wanted, uint64_t percent)
{
	assert_in_range(value, wanted - wanted * percent / 100, wanted + wanted * percent / 100);
}

static void it_finds_the_rate_and_the_round_trip(void **state)
{
	uint64_t before;

	(void)state;
	run(2 * SECOND);
	assert_int_equal(b.mode, SKW_BBR_PROBE);
	near(skw_bbr_rate(&b), rate, 3);
	near(b.min_rtt_us, rtt, 5);
	near(b.cwnd, 6 * rate * rtt / SECOND / 5 + 4 * 1390, 10);
	before = sent;
	run(5 * SECOND);
	near((sent - before) * SIZE, 5 * rate, 2);
}

static void it_starts_by_doubling(void **state)
{
	(void)state;
	rate = 125000000; /* a gigabit: 5 MB in flight are never reached */
	run(5 * rtt);
	/* 10 packets, and at least twice as many each round trip */
	assert_true(sent >= 10 * (1 + 2 + 4 + 8));
	assert_int_equal(b.mode, SKW_BBR_STARTUP);
}

static void loss_of_some_percent_does_not_matter(void **state)
{
	uint64_t before;

	(void)state;
	loss = 20;
	run(2 * SECOND);
	before = b.delivered;
	run(5 * SECOND);
	near(b.delivered - before, 5 * rate * 98 / 100, 3);
}

static void much_loss_lowers_the_window(void **state)
{
	uint64_t product = rate * rtt / SECOND;

	(void)state;
	run(2 * SECOND);
	assert_true(b.cwnd > 6 * product / 5);
	loss = 300;
	run(2 * SECOND);
	assert_true(b.cwnd < 23 * product / 20);
	loss = 0;
	run(5 * SECOND);
	assert_true(b.cwnd > 6 * product / 5);
}

/* It is never fuller than the window, and half a round trip is all that waits on the way. */
static void a_queue_stays_short(void **state)
{
	(void)state;
	run(2 * SECOND);
	most_in_flight = 0;
	run(5 * SECOND);
	assert_true(most_in_flight <= rate * rtt / SECOND * 3 / 2 + 4 * SIZE);
}

/* Acknowledgements that come in bunches of 30 ms, as a radio with slots sends them, hold back what
 * the window has to allow for. */
static void bunches_do_not_slow_it_down(void **state)
{
	uint64_t before = 0, end = now + 7 * SECOND, bunch = now;

	(void)state;
	while (now < end) {
		if (now >= bunch) {
			while (head < tail && queue[head % QUEUE].acked_us <= now)
				hear_one();
			bunch = now + 30000;
		}
		if (now < end - 5 * SECOND)
			before = b.delivered;
		if (b.in_flight < b.cwnd && skw_bbr_next_us(&b) <= now)
			send_one();
		else
			now += 100;
	}
	near(b.delivered - before, 5 * rate, 5);
}

static void a_slower_line_is_noticed(void **state)
{
	(void)state;
	run(2 * SECOND);
	rate /= 5;
	run(8 * SECOND);
	near(skw_bbr_rate(&b), rate, 5);
	rate *= 5;
	run(12 * SECOND);
	near(skw_bbr_rate(&b), rate, 5);
}

static void a_longer_way_is_noticed(void **state)
{
	(void)state;
	run(2 * SECOND);
	rtt = 90000;
	run(25 * SECOND); /* the old one lives ten seconds, and half as much more is believed */
	near(b.min_rtt_us, rtt, 10);
}

/* Who sends little learns nothing about the line, and forgets nothing. */
static void an_idle_user_keeps_the_measure(void **state)
{
	(void)state;
	run(2 * SECOND);
	for (unsigned i = 0; i < 200; i++) {
		while (head < tail) {
			now =
			    queue[head % QUEUE].acked_us > now ? queue[head % QUEUE].acked_us : now;
			hear_one();
		}
		skw_bbr_on_idle(&b);
		now += SECOND / 10;
		send_one();
	}
	near(skw_bbr_rate(&b), rate, 3);
}

static void packets_are_paced(void **state)
{
	(void)state;
	run(2 * SECOND);
	most_in_flight = 0;
	run(SECOND);
	/* product, a quarter more for probing, what the burst and the catching up allow */
	assert_true(most_in_flight <= rate * rtt / SECOND * 13 / 8 + 2 * SIZE);
}

/* What stands on a line that nobody else uses is one's own. */
static void a_queue_of_ones_own_is_known(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		run(SECOND / 50);
		assert_false(b.shared);
		rtt = i % 10 < 5 ? 43000 : 40000; /* what comes and goes is nobody */
	}
}

/* Others fill the line: a twentieth is left, and their queue of 60 ms stands however little is
 * sent. Then 14 packets wait at its entry; a pace as before would get a share that only becomes
 * smaller.
 */
static void a_queue_of_others_is_known(void **state)
{
	uint64_t product;

	(void)state;
	run(2 * SECOND);
	rate /= 20;
	rtt += 60000;
	product = rate * 40000 / SECOND;
	run(3 * SECOND);
	assert_true(b.shared);
	most_in_flight = 0;
	run(SECOND);
	assert_in_range(most_in_flight, product + 13 * 1390, product + 18 * 1390);
	rate *= 3; /* some leave: who is left takes what is free in a second or two */
	run(2 * SECOND);
	near(skw_bbr_rate(&b), rate, 15);
	rate = rate / 3 * 20;
	rtt -= 60000;
	run(4 * SECOND);
	assert_false(b.shared);
	near(skw_bbr_rate(&b), rate, 5);
}

static void drain(void)
{
	while (head < tail) {
		now = queue[head % QUEUE].acked_us > now ? queue[head % QUEUE].acked_us : now;
		hear_one();
	}
}

/* A share of a line is what one has in its queue, which moves. Who never sees it empty believes 5
 * ms in five seconds, and looks each time: 4 packets for 200 ms, so that it would be empty if all
 * others did the same. What is sent then is no measure. */
static void the_queue_of_others_is_not_the_way(void **state)
{
	unsigned looks = 0, quiet = 0;
	uint64_t before;

	(void)state;
	run(2 * SECOND);
	rate = 12500000;
	rtt = 110000;
	run(3 * SECOND);
	assert_true(b.shared);
	before = skw_bbr_rate(&b);
	for (unsigned i = 0; i < 400; i++) { /* 20 s */
		rtt = 110000 + i / 28 % 3 * 8000;
		most_in_flight = 0;
		run(SECOND / 20);
		quiet = most_in_flight < 4 * 1390 + SIZE ? quiet + 1 : 0;
		looks += quiet == 1;
		assert_true(skw_bbr_rate(&b) > before / 2);
	}
	assert_in_range(looks, 3, 4);
	assert_in_range(b.min_rtt_us, 40800 + 2 * 5000, 40800 + 4 * 5000);
	/* all join in: the way is seen, whatever was believed before */
	b.min_rtt_us = 90000;
	rtt = 40000;
	run(SECOND / 5);
	near(b.min_rtt_us, 40000, 5);
}

/* A line of 50 Mb/s whose share grows with what is sent, and whose queue of 70 ms overflows: the
 * start ends with the first round trip in which that is seen (BBR draft, Startup, by loss), not
 * when the others have nothing left. */
static void the_start_ends_where_the_queue_overflows(void **state)
{
	(void)state;
	rtt = 90000;
	rate = 60000;
	send_one();
	drain(); /* the way, while it was empty */
	rtt = 160000;
	loss = 80;
	for (unsigned i = 0; i < 200 && b.mode == SKW_BBR_STARTUP; i++) {
		rate = 6250000 * b.in_flight / (b.in_flight + 400 * SIZE) + 20000;
		run(20000);
	}
	assert_int_not_equal(b.mode, SKW_BBR_STARTUP);
	assert_true(skw_bbr_rate(&b) < 6250000 / 3);
}

/* 0.8 ms a packet: what waits before a line that was idle is what was sent at once, as much as the
 * pace lets, and nothing when all is there; what stands on the way is what it does not hold. */
static void the_queue_that_a_packet_will_find_is_known(void **state)
{
	(void)state;
	run(2 * SECOND);
	drain();
	now += SECOND / 10;
	assert_int_equal(skw_bbr_queue_us(&b, now), 0);
	for (unsigned i = 0; i < 4; i++)
		send_one();
	near(skw_bbr_queue_us(&b, now), 3200, 5);
	near(skw_bbr_queue_us(&b, now + 2000), 1200, 15);
	assert_int_equal(skw_bbr_queue_us(&b, now + 4000), 0);
	while (head < tail) { /* nothing is on the way any more */
		queue[head % QUEUE].lost = true;
		hear_one();
	}
	assert_int_equal(skw_bbr_queue_us(&b, now), 0);
	for (unsigned i = 0; i < 20; i++)
		send_one();
	assert_int_equal(skw_bbr_queue_us(&b, now), 5000);
	while (tail - head < 100)
		send_one();
	near(skw_bbr_queue_us(&b, now + 20000), 100 * 800 - rtt, 8);
}

/* Time in which nothing was under way is no time in which it was delivered (delivery rate draft,
 * 3.2: "if there are no packets in flight"). */
static void a_pause_is_no_slowness(void **state)
{
	(void)state;
	send_one();
	drain();
	now += 10 * SECOND;
	for (unsigned i = 0; i < 10; i++)
		send_one();
	drain();
	assert_true(skw_bbr_rate(&b) > 9 * SIZE * SECOND / (rtt + 10 * SIZE * SECOND / rate));
}

/* A timer that comes late is made up for: 4 ms, and the one that a sender may be ahead; no more. */
static void who_comes_late_catches_up_a_little(void **state)
{
	unsigned count = 0;

	(void)state;
	run(2 * SECOND);
	drain();
	now += SECOND / 10;
	for (; skw_bbr_next_us(&b) <= now; count++)
		send_one();
	assert_in_range(count, 5 * rate / SIZE / 1000, 5 * rate / SIZE / 1000 * 3 / 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		CASE(it_finds_the_rate_and_the_round_trip),
		CASE(it_starts_by_doubling),
		CASE(loss_of_some_percent_does_not_matter),
		CASE(much_loss_lowers_the_window),
		CASE(a_slower_line_is_noticed),
		CASE(a_longer_way_is_noticed),
		CASE(an_idle_user_keeps_the_measure),
		CASE(packets_are_paced),
		CASE(a_queue_stays_short),
		CASE(bunches_do_not_slow_it_down),
		CASE(a_queue_of_ones_own_is_known),
		CASE(a_queue_of_others_is_known),
		CASE(the_queue_of_others_is_not_the_way),
		CASE(the_start_ends_where_the_queue_overflows),
		CASE(a_pause_is_no_slowness),
		CASE(who_comes_late_catches_up_a_little),
		CASE(the_queue_that_a_packet_will_find_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
