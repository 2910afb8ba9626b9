/* skw_receive and skw_credit: fragments, losses and their place, room and reports.
 *
 * rooms: soapy wire
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "soapy/skw_credit.h"
#include "soapy/skw_receive.h"

static struct skw_receive_frames frames;
static struct skw_receive_iq iq;
static struct skw_credit credit;

static int fresh(void **state)
{
	(void)state;
	skw_receive_frames_reset(&frames);
	skw_receive_iq_reset(&iq);
	skw_credit_init(&credit, 1000);
	return 0;
}

static bool put_frame(unsigned number, uint16_t length)
{
	struct skw_frame_rx desc = { .rate_mbps = 6, .length = length, .time = number };
	uint8_t psdu[SKW_PSDU_MAX];

	memset(psdu, (int)number, sizeof(psdu));
	return skw_receive_frames_put(&frames, &desc, psdu);
}

static void a_short_buffer_gets_fragments(void **state)
{
	uint8_t out[24 + 60];
	uint64_t time;
	size_t len, total = 0;
	bool first;

	(void)state;
	assert_true(put_frame(7, 60));
	assert_true(put_frame(8, 1));
	assert_int_equal(skw_receive_frames_take(&frames, out, 40, &len, &time, &first),
			 SKW_RECEIVE_MORE);
	assert_true(first && len == 40 && time == 7);
	total += len;
	assert_int_equal(skw_receive_frames_take(&frames, out + total, 43, &len, &time, &first),
			 SKW_RECEIVE_MORE);
	assert_true(!first && len == 43);
	total += len;
	assert_int_equal(skw_receive_frames_take(&frames, out + total, 100, &len, &time, &first),
			 SKW_RECEIVE_LAST);
	assert_true(!first && len == 1);
	assert_int_equal(out[1], 6);
	assert_int_equal(out[24], 7);
	assert_int_equal(out[83], 7);
	assert_int_equal(skw_receive_frames_take(&frames, out, 25, &len, &time, &first),
			 SKW_RECEIVE_LAST);
	assert_true(first && len == 25 && time == 8 && out[24] == 8);
	assert_int_equal(skw_receive_frames_take(&frames, out, 25, &len, &time, &first),
			 SKW_RECEIVE_NOTHING);
}

static void a_full_ring_tells_of_the_loss_where_it_was(void **state)
{
	uint8_t out[SKW_RECEIVE_FRAME_MAX];
	uint64_t time;
	size_t len;
	bool first;

	(void)state;
	for (unsigned k = 0; k < SKW_RECEIVE_FRAMES; k++)
		assert_true(put_frame(k, SKW_PSDU_MAX));
	assert_false(put_frame(200, 1));
	assert_int_equal(skw_receive_frames_take(&frames, out, sizeof(out), &len, &time, &first),
			 SKW_RECEIVE_LAST);
	assert_true(put_frame(201, 1));
	for (unsigned k = 1; k < SKW_RECEIVE_FRAMES; k++) {
		assert_int_equal(
		    skw_receive_frames_take(&frames, out, sizeof(out), &len, &time, &first),
		    SKW_RECEIVE_LAST);
		assert_true(time == k && len == SKW_RECEIVE_FRAME_MAX);
	}
	assert_int_equal(skw_receive_frames_take(&frames, out, sizeof(out), &len, &time, &first),
			 SKW_RECEIVE_LOST);
	assert_int_equal(skw_receive_frames_take(&frames, out, sizeof(out), &len, &time, &first),
			 SKW_RECEIVE_LAST);
	assert_true(time == 201);
}

static bool put_iq(uint64_t time, size_t count)
{
	uint8_t samples[4 * SKW_HOSTLINK_IQ_MAX];
	struct skw_hostlink_rx_iq packet = { time, count, samples };
	struct skw_writer w = skw_writer(samples, sizeof(samples));

	for (size_t k = 0; k < count; k++) {
		skw_put_u16(&w, (uint16_t)(time + k));
		skw_put_u16(&w, (uint16_t) - (int)(time + k));
	}
	return skw_receive_iq_put(&iq, &packet);
}

static void samples_run_on_over_packets_and_stop_at_gaps(void **state)
{
	int16_t out[2 * 100];
	uint64_t time;
	size_t n;

	(void)state;
	assert_true(put_iq(1000, 10) && put_iq(1010, 10) && put_iq(1030, 5));
	assert_int_equal(skw_receive_iq_take(&iq, out, 15, &n, &time), SKW_RECEIVE_LAST);
	assert_true(n == 15 && time == 1000 && out[0] == 1000 && out[28] == 1014 &&
		    out[29] == -1014);
	assert_int_equal(skw_receive_iq_take(&iq, out, 100, &n, &time), SKW_RECEIVE_LAST);
	assert_true(n == 5 && time == 1015);
	assert_int_equal(skw_receive_iq_take(&iq, out, 100, &n, &time), SKW_RECEIVE_LOST);
	assert_int_equal(skw_receive_iq_take(&iq, out, 100, &n, &time), SKW_RECEIVE_LAST);
	assert_true(n == 5 && time == 1030 && out[0] == 1030);
	assert_int_equal(skw_receive_iq_take(&iq, out, 100, &n, &time), SKW_RECEIVE_NOTHING);
}

static void a_full_sample_ring_refuses(void **state)
{
	(void)state;
	for (unsigned k = 0; k < SKW_RECEIVE_PACKETS; k++)
		assert_true(put_iq(k * SKW_HOSTLINK_IQ_MAX, SKW_HOSTLINK_IQ_MAX));
	assert_false(put_iq(1, 1));
}

static struct skw_hostlink_tx_status status(uint32_t tag)
{
	return (struct skw_hostlink_tx_status) { tag, SKW_TX_SENT, 5 };
}

static void the_queue_never_overflows(void **state)
{
	struct skw_hostlink_tx_status s;
	struct skw_credit_report report;
	uint32_t a, b, c;

	(void)state;
	assert_true(skw_credit_take(&credit, &a, SKW_CREDIT_FRAME, 50, 600));
	assert_false(skw_credit_take(&credit, &b, SKW_CREDIT_FRAME, 51, 401));
	assert_true(
	    skw_credit_take(&credit, &b, SKW_CREDIT_FRAME, 50, 400)); /* users' tags may repeat */
	assert_false(skw_credit_take(&credit, &c, SKW_CREDIT_FRAME, 52, 1));
	assert_int_not_equal(a, b);
	s = status(a);
	assert_true(skw_credit_give_back(&credit, &s));
	assert_false(skw_credit_give_back(&credit, &s)); /* once each */
	assert_int_equal(credit.strangers, 1);
	assert_true(skw_credit_take(&credit, &c, SKW_CREDIT_FRAME, 52, 600));
	assert_true(skw_credit_next_report(&credit, &report, SKW_CREDIT_FRAME));
	assert_true(report.tag == 50 && report.time == 5);
	assert_false(skw_credit_next_report(&credit, &report, SKW_CREDIT_FRAME));
	assert_false(skw_credit_next_report(&credit, &report, SKW_CREDIT_IQ));
}

static void slots_are_used_again_and_forged_statuses_are_not_believed(void **state)
{
	uint32_t tags[SKW_CREDIT_SLOTS], more;
	struct skw_hostlink_tx_status s;

	(void)state;
	for (unsigned k = 0; k < SKW_CREDIT_SLOTS; k++)
		assert_true(skw_credit_take(&credit, &tags[k], SKW_CREDIT_IQ, k, 0));
	assert_false(skw_credit_take(&credit, &more, SKW_CREDIT_IQ, 0, 0));
	s = status(tags[9] + SKW_CREDIT_SLOTS); /* the same slot, another turn */
	assert_false(skw_credit_give_back(&credit, &s));
	s = status(tags[9]);
	assert_true(skw_credit_give_back(&credit, &s));
	assert_true(skw_credit_take(&credit, &more, SKW_CREDIT_IQ, 0, 0));
	assert_int_equal(more % SKW_CREDIT_SLOTS, tags[9] % SKW_CREDIT_SLOTS);
	assert_int_not_equal(more, tags[9]);
}

static void reports_that_nobody_fetches_make_room(void **state)
{
	struct skw_credit_report report;
	unsigned count = 0;
	uint32_t tag;

	(void)state;
	for (unsigned k = 0; k < SKW_CREDIT_SLOTS + 10; k++) {
		struct skw_hostlink_tx_status s;

		assert_true(skw_credit_take(&credit, &tag, SKW_CREDIT_FRAME, k, 100));
		s = status(tag);
		assert_true(skw_credit_give_back(&credit, &s));
	}
	assert_int_equal(credit.lost, 10);
	while (skw_credit_next_report(&credit, &report, SKW_CREDIT_FRAME))
		assert_int_equal(report.tag, 10 + count++);
	assert_int_equal(count, SKW_CREDIT_SLOTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_short_buffer_gets_fragments, fresh),
		cmocka_unit_test_setup(a_full_ring_tells_of_the_loss_where_it_was, fresh),
		cmocka_unit_test_setup(samples_run_on_over_packets_and_stop_at_gaps, fresh),
		cmocka_unit_test_setup(a_full_sample_ring_refuses, fresh),
		cmocka_unit_test_setup(the_queue_never_overflows, fresh),
		cmocka_unit_test_setup(slots_are_used_again_and_forged_statuses_are_not_believed,
				       fresh),
		cmocka_unit_test_setup(reports_that_nobody_fetches_make_room, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
