/* rooms: wire mac
 *
 * skw_mac_arq: each rule of the header by itself, then the promise as a whole over more than a turn
 * of the numbers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mac/skw_mac_arq.h"

enum { LATER = 1000 };

static struct skw_mac_arq_tx tx;
static struct skw_mac_arq_rx rx;

static int fresh(void **state)
{
	(void)state;
	skw_arq_tx_reset(&tx);
	skw_arq_rx_reset(&rx);
	return 0;
}

static void push_all(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t byte = (uint8_t)i;
		assert_int_equal(skw_arq_push(&tx, &byte, 1), SKW_ARQ_OK);
	}
}

/* Sends the one that is due and says which it was. */
static int send_one(uint64_t now, uint32_t tag)
{
	uint16_t seq;

	if (skw_arq_due(&tx, now, &seq) == NULL)
		return -1;
	skw_arq_sent(&tx, seq, tag, now + LATER);
	return seq;
}

static struct skw_mac_ack ack(uint16_t start, uint64_t held0, uint64_t held1)
{
	return (struct skw_mac_ack) { start, { held0, held1 } };
}

static void on_ack(struct skw_mac_ack a)
{
	skw_arq_on_ack(&tx, &a);
}

static void the_window_is_the_limit(void **state)
{
	static const uint8_t big[SKW_MAC_MTU + 1];

	(void)state;
	assert_int_equal(skw_arq_push(&tx, big, sizeof(big)), SKW_ARQ_TOO_LONG);
	push_all(SKW_MAC_WINDOW);
	assert_true(skw_arq_full(&tx));
	assert_int_equal(skw_arq_push(&tx, big, 1), SKW_ARQ_FULL);
	assert_int_equal(skw_arq_accept(&rx, 0, big, sizeof(big)), SKW_ARQ_TOO_LONG);
	assert_int_equal(skw_arq_accept(&rx, SKW_MAC_WINDOW, big, 1), SKW_ARQ_AHEAD);
	assert_int_equal(skw_arq_accept(&rx, SKW_MAC_WINDOW - 1, big, 1), SKW_ARQ_OK);
	assert_int_equal(skw_arq_accept(&rx, SKW_MAC_WINDOW - 1, big, 1), SKW_ARQ_DUPLICATE);
	assert_int_equal(skw_arq_accept(&rx, 65535, big, 1), SKW_ARQ_DUPLICATE);
}

static void nothing_is_repeated_before_its_time(void **state)
{
	(void)state;
	push_all(2);
	assert_int_equal(send_one(0, 1), 0);
	assert_int_equal(send_one(0, 1), 1);
	assert_int_equal(send_one(LATER - 1, 1), -1);
	assert_int_equal(skw_arq_next_due(&tx), LATER);
	assert_int_equal(send_one(LATER, 2), 0);
	on_ack(ack(2, 0, 0));
	assert_int_equal(skw_arq_next_due(&tx), UINT64_MAX);
}

static void what_was_overtaken_is_lost(void **state)
{
	(void)state;
	push_all(5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(send_one(0, 1), i);
	on_ack(ack(1, 4, 0)); /* 0 and 3 arrived: 1 and 2 are lost, of 4 nothing is known */
	assert_int_equal(send_one(1, 2), 1);
	assert_int_equal(send_one(1, 2), 2);
	assert_int_equal(send_one(1, 2), -1);
}

static void a_packet_sent_twice_proves_nothing(void **state)
{
	(void)state;
	push_all(3);
	assert_int_equal(send_one(0, 1), 0);
	assert_int_equal(send_one(0, 1), 1);
	assert_int_equal(send_one(LATER, 2), 0);
	assert_int_equal(send_one(LATER, 2), 1);
	assert_int_equal(send_one(LATER, 2), 2); /* its first time */
	on_ack(ack(0, 2, 0)); /* 1: of the first time or the second? 0 may still be on its way */
	assert_int_equal(send_one(LATER + 1, 3), -1);
	on_ack(ack(0, 6, 0)); /* 2 was after everything */
	assert_int_equal(send_one(LATER + 1, 3), 0);
}

static void unsent_packets_are_due_at_once(void **state)
{
	(void)state;
	push_all(3);
	send_one(0, 7);
	send_one(0, 8);
	send_one(0, 7);
	skw_arq_on_unsent(&tx, 7);
	assert_int_equal(send_one(1, 9), 0);
	assert_int_equal(send_one(1, 9), 2);
	assert_int_equal(send_one(1, 9), -1);
}

static void old_and_forged_acks_change_nothing(void **state)
{
	(void)state;
	push_all(3);
	for (unsigned i = 0; i < 3; i++)
		send_one(0, 1);
	on_ack(ack(4, 0, 0));     /* of what was never pushed */
	on_ack(ack(65535, 0, 0)); /* behind */
	assert_int_equal(tx.start, 0);
	on_ack(ack(1, UINT64_MAX, UINT64_MAX));
	push_all(1); /* 3 cannot have been acknowledged before it was there */
	assert_int_equal(send_one(1, 2), 3);
	on_ack(ack(1, 2, 0));
	on_ack(ack(1, 0, 0)); /* a late one takes nothing back: 2 stays */
	assert_int_equal(send_one(LATER + 1, 3), 3);
	assert_int_equal(send_one(LATER + 1, 3), -1);
}

static void the_second_word_of_the_bitmap_counts(void **state)
{
	const uint8_t *data;
	size_t len;

	(void)state;
	push_all(100);
	for (unsigned i = 0; i < 100; i++)
		send_one(0, 1);
	for (unsigned i = 1; i < 100; i++)
		skw_arq_accept(&rx, (uint16_t)i, (const uint8_t[]) { (uint8_t)i }, 1);
	assert_false(skw_arq_pop(&rx, &data, &len));
	on_ack(rx.have);
	assert_int_equal(send_one(1, 2), 0);
	assert_int_equal(send_one(LATER + 2, 2), 0); /* all others are there */
	skw_arq_accept(&rx, 0, (const uint8_t[]) { 0 }, 1);
	for (unsigned i = 0; i < 100; i++) {
		assert_true(skw_arq_pop(&rx, &data, &len));
		assert_int_equal(data[0], i);
	}
	assert_false(skw_arq_ready(&rx));
	on_ack(rx.have);
	assert_int_equal(tx.start, 100);
}

static void everything_arrives_once_and_in_order(void **state)
{
	enum { PACKETS = 70000 }; /* more than a turn of the numbers */
	uint32_t random = 1, pushed = 0, popped = 0;

	(void)state;
	for (uint64_t now = 0; popped < PACKETS; now += 500) {
		const struct skw_mac_packet *p;
		const uint8_t *data;
		uint16_t seq;
		size_t len;

		assert_true(now < UINT64_C(500) * PACKETS);
		while (pushed < PACKETS &&
		       skw_arq_push(&tx, (const uint8_t *)&pushed, 4) == SKW_ARQ_OK)
			pushed++;
		while ((p = skw_arq_due(&tx, now, &seq)) != NULL) {
			skw_arq_sent(&tx, seq, 1, now + LATER);
			random = random * 1664525u + 1013904223u;
			if (random >> 24 > 50)
				assert_int_not_equal(skw_arq_accept(&rx, seq, p->data, p->len),
						     SKW_ARQ_AHEAD);
		}
		while (skw_arq_pop(&rx, &data, &len)) {
			assert_int_equal(len, 4);
			assert_memory_equal(data, &popped, 4);
			popped++;
		}
		random = random * 1664525u + 1013904223u;
		if (random >> 24 > 50)
			on_ack(rx.have);
	}
	assert_int_equal(pushed, PACKETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_window_is_the_limit, fresh),
		cmocka_unit_test_setup(nothing_is_repeated_before_its_time, fresh),
		cmocka_unit_test_setup(what_was_overtaken_is_lost, fresh),
		cmocka_unit_test_setup(a_packet_sent_twice_proves_nothing, fresh),
		cmocka_unit_test_setup(unsent_packets_are_due_at_once, fresh),
		cmocka_unit_test_setup(old_and_forged_acks_change_nothing, fresh),
		cmocka_unit_test_setup(the_second_word_of_the_bitmap_counts, fresh),
		cmocka_unit_test_setup(everything_arrives_once_and_in_order, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
