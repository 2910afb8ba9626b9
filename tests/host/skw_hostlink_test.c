/* skw_hostlink: packets byte by byte as docs/hostlink.md prints them, then garbage. rooms: wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/skw_hostlink.h"

static struct skw_hostlink_parser parser;

static int fresh(void **state)
{
	(void)state;
	memset(&parser, 0, sizeof(parser));
	return 0;
}

static uint32_t random_state = 1;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static const uint8_t REG_VALUE[] = { 0x5A, 0x82, 12,   0,    0x44, 0,    0,    0,
				     0x78, 0x56, 0x34, 0x12, 0x00, 0x2D, 0x31, 0x01 };
static const uint8_t TX_STATUS[] = { 0x5A, 0x92, 16, 0, 9, 0, 0, 0, 1, 0,
				     0,    0,    8,  7, 6, 5, 4, 3, 2, 1 };

/* Feeds in pieces of random size, expects exactly one packet, at the very end. */
static struct skw_hostlink_packet feed_whole(const uint8_t *data, size_t len)
{
	struct skw_hostlink_packet packet = { SKW_HOSTLINK_NONE, 0, NULL };

	for (size_t at = 0; at < len;) {
		size_t n = 1 + random_below(7);

		assert_int_equal(packet.type, SKW_HOSTLINK_NONE);
		at += skw_hostlink_feed(&parser, &packet, data + at, n < len - at ? n : len - at);
	}
	return packet;
}

static void a_register_value_is_read(void **state)
{
	struct skw_hostlink_packet packet = feed_whole(REG_VALUE, sizeof(REG_VALUE));
	struct skw_hostlink_reg_value v;
	struct skw_hostlink_tx_status other;

	(void)state;
	assert_true(skw_hostlink_reg_value_get(&v, &packet));
	assert_int_equal(v.address, 0x44);
	assert_int_equal(v.tag, 0x12345678);
	assert_int_equal(v.value, 20000000);
	assert_false(skw_hostlink_tx_status_get(&other, &packet));
}

static void a_status_is_read(void **state)
{
	struct skw_hostlink_packet packet = feed_whole(TX_STATUS, sizeof(TX_STATUS));
	struct skw_hostlink_tx_status s;
	uint8_t bad[sizeof(TX_STATUS)];

	(void)state;
	assert_true(skw_hostlink_tx_status_get(&s, &packet));
	assert_int_equal(s.tag, 9);
	assert_int_equal(s.result, SKW_TX_LATE);
	assert_true(s.time == UINT64_C(0x0102030405060708));

	memcpy(bad, TX_STATUS, sizeof(bad));
	bad[8] = 4; /* a result that is none */
	packet = feed_whole(bad, sizeof(bad));
	assert_false(skw_hostlink_tx_status_get(&s, &packet));
}

/* RX_FRAME with a PSDU of `length` bytes, as the table of the document has it. */
static size_t rx_frame(uint8_t *out, unsigned rate, unsigned length, unsigned said)
{
	static const uint8_t middle[] = { 1,   0, 0, 0,                  /* FCS_OK */
					  0,   0, 0, 0x04,               /* energy 2^26 */
					  100, 0, 0, 0,                  /* signal */
					  1,   0, 0, 0,                  /* noise: 20 dB */
					  0,   0, 0, 0xFF,               /* cfo -2^24 */
					  1,   2, 0, 0,    0, 0, 0, 0 }; /* time 513 */

	memset(out, 0, SKW_HOSTLINK_PACKET_MAX);
	out[0] = 0x5A;
	out[1] = 0x90;
	out[2] = (uint8_t)(32 + length);
	out[3] = (uint8_t)((32 + length) >> 8);
	out[4] = 1;
	out[5] = (uint8_t)rate;
	out[6] = (uint8_t)said;
	out[7] = (uint8_t)(said >> 8);
	memcpy(out + 8, middle, sizeof(middle));
	for (unsigned k = 0; k < length; k++)
		out[36 + k] = (uint8_t)k;
	return 4 + (32 + length + 3) / 4 * 4;
}

static void a_frame_is_read_and_measured(void **state)
{
	uint8_t data[SKW_HOSTLINK_PACKET_MAX];
	struct skw_hostlink_packet packet = feed_whole(data, rx_frame(data, 24, 4095, 4095));
	struct skw_hostlink_rx_frame f;
	struct skw_frame_rx d;

	(void)state;
	assert_true(skw_hostlink_rx_frame_get(&f, &packet));
	assert_int_equal(f.rate_mbps, 24);
	assert_int_equal(f.length, 4095);
	assert_true(f.fcs_ok);
	assert_int_equal(f.psdu[4094], (uint8_t)4094);
	d = skw_hostlink_frame_rx(&f, 20e6);
	assert_int_equal(d.rssi_cdb, -1204); /* 10 log10(2^26 / 2^30) */
	assert_int_equal(d.snr_cdb, 2000);
	assert_int_equal(d.cfo_hz, -78125); /* 20 MHz / 256 */
	assert_true(d.time == 513);
}

static void measures_of_silence_stay_in_range(void **state)
{
	struct skw_hostlink_rx_frame f = { .rate_mbps = 6, .length = 1 };
	struct skw_frame_rx d = skw_hostlink_frame_rx(&f, 20e6);

	(void)state;
	assert_int_equal(d.rssi_cdb, -10000);
	assert_int_equal(d.snr_cdb, -10000);
	f.signal = UINT32_MAX;
	assert_int_equal(skw_hostlink_frame_rx(&f, 20e6).snr_cdb, 10000);
}

static void frames_that_contradict_themselves_are_refused(void **state)
{
	uint8_t data[SKW_HOSTLINK_PACKET_MAX];
	struct skw_hostlink_rx_frame f;
	struct skw_hostlink_packet packet;
	const unsigned bad[][3] = { { 24, 10, 11 }, { 24, 10, 9 }, { 25, 10, 10 }, { 24, 10, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		packet = feed_whole(data, rx_frame(data, bad[i][0], bad[i][1], bad[i][2]));
		assert_int_equal(packet.type, SKW_HOSTLINK_RX_FRAME);
		assert_false(skw_hostlink_rx_frame_get(&f, &packet));
	}
	size_t len = rx_frame(data, 24, 10, 10);

	data[4] = 2; /* version */
	packet = feed_whole(data, len);
	assert_false(skw_hostlink_rx_frame_get(&f, &packet));
}

static void garbage_is_dropped_to_the_next_packet(void **state)
{
	uint8_t data[100];
	struct skw_hostlink_packet packet;
	struct skw_hostlink_reg_value v;

	(void)state;
	memset(data, 0x33, sizeof(data));
	memcpy(data + 17, REG_VALUE, sizeof(REG_VALUE));
	packet = feed_whole(data, 17 + sizeof(REG_VALUE));
	assert_true(skw_hostlink_reg_value_get(&v, &packet));
	assert_int_equal(parser.garbage, 17);
}

static void a_refused_packet_is_dropped_whole(void **state)
{
	/* Payloads full of magic bytes: a parser that looks inside finds packets that are not
	 * there. */
	const uint8_t bad[][4] = { { 0x5A, 0x01, 8, 0 },       { 0x5A, 0x82, 11, 0 },
				   { 0x5A, 0x82, 16, 0 },      { 0x5A, 0x90, 32, 0 },
				   { 0x5A, 0x90, 0x20, 0x10 }, { 0x5A, 0x91, 8, 0 },
				   { 0x5A, 0x91, 11, 0 },      { 0x5A, 0x91, 0x0C, 0x10 },
				   { 0x5A, 0x77, 0xFF, 0xFF }, { 0x5A, 0x92, 15, 0 } };
	static uint8_t data[4 + 65536 + sizeof(REG_VALUE)];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t len = ((size_t)(bad[i][2] | bad[i][3] << 8) + 3) / 4 * 4;
		struct skw_hostlink_packet packet;
		struct skw_hostlink_reg_value v;

		memcpy(data, bad[i], 4);
		memset(data + 4, 0x5A, len);
		memcpy(data + 4 + len, REG_VALUE, sizeof(REG_VALUE));
		packet = feed_whole(data, 4 + len + sizeof(REG_VALUE));
		assert_true(skw_hostlink_reg_value_get(&v, &packet));
		assert_int_equal(parser.refused, i + 1);
		assert_int_equal(parser.garbage, 0);
	}
}

static void random_bytes_harm_nothing(void **state)
{
	struct skw_hostlink_packet packet;
	uint8_t data[512];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = 1 + random_below(sizeof(data));

		for (size_t k = 0; k < len; k++)
			data[k] = (uint8_t)(random_below(4) == 0   ? 0x5A
					    : random_below(3) == 0 ? 0x90 + random_below(3)
								   : random_below(64));
		for (size_t at = 0; at < len;) {
			struct skw_hostlink_rx_frame frame;
			struct skw_hostlink_rx_iq iq;
			size_t taken = skw_hostlink_feed(&parser, &packet, data + at, len - at);

			assert_true(taken > 0 && taken <= len - at);
			at += taken;
			if (packet.type == SKW_HOSTLINK_NONE)
				continue;
			if (skw_hostlink_rx_frame_get(&frame, &packet))
				assert_in_range(frame.length, 1, 4095);
			if (skw_hostlink_rx_iq_get(&iq, &packet))
				assert_in_range(iq.count, 1, SKW_HOSTLINK_IQ_MAX);
		}
	}
	assert_true(parser.garbage > 0 && parser.refused > 0);
}

static void packets_to_the_board_are_as_printed(void **state)
{
	uint8_t out[128];
	struct skw_writer w = skw_writer(out, sizeof(out));
	const uint8_t psdu[5] = { 0xA1, 0xA2, 0xA3, 0xA4, 0xA5 }, iq[4] = { 1, 2, 3, 4 };
	const struct skw_hostlink_tx_frame f = { 54, 9,      true, true,
						 93, 0x8001, 7,    UINT64_C(0x0102030405060708) };
	static const uint8_t want[] = {
		0x5A, 0x01, 8,    0, 3, 0,  0,    0,    5,  0,  0,    0, /* write CONTROL */
		0x5A, 0x02, 8,    0, 4, 0,  0,    0,    6,  0,  0,    0, /* read TIME_LO */
		0x5A, 0x10, 29,   0, 1, 54, 9,    0,    3,  93, 0x01, 0x80, 7, 0,    0,
		0,    0,    0,    0, 0, 8,  7,    6,    5,  4,  3,    2,    1, 0xA1, 0xA2,
		0xA3, 0xA4, 0xA5, 0, 0, 0,  0x5A, 0x11, 20, 0,  3,    0,    0, 0,    8,
		0,    0,    0,    9, 0, 0,  0,    0,    0,  0,  0,    1,    2, 3,    4,
	};

	(void)state;
	skw_hostlink_put_reg_write(&w, SKW_REG_CONTROL, 5);
	skw_hostlink_put_reg_read(&w, SKW_REG_TIME_LO, 6);
	skw_hostlink_put_tx_frame(&w, &f, psdu, 5);
	skw_hostlink_put_tx_iq(&w, true, 9, true, 8, iq, 1);
	assert_true(w.ok);
	assert_int_equal(skw_writer_len(&w), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
	assert_int_equal(skw_hostlink_tx_cost(5), 32);
	assert_int_equal(skw_hostlink_amplitude(0), 65535);
	assert_in_range(skw_hostlink_amplitude(-602), 32760, 32780); /* half: -6.02 dB */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_register_value_is_read, fresh),
		cmocka_unit_test_setup(a_status_is_read, fresh),
		cmocka_unit_test_setup(a_frame_is_read_and_measured, fresh),
		cmocka_unit_test_setup(measures_of_silence_stay_in_range, fresh),
		cmocka_unit_test_setup(frames_that_contradict_themselves_are_refused, fresh),
		cmocka_unit_test_setup(garbage_is_dropped_to_the_next_packet, fresh),
		cmocka_unit_test_setup(a_refused_packet_is_dropped_whole, fresh),
		cmocka_unit_test_setup(random_bytes_harm_nothing, fresh),
		cmocka_unit_test_setup(packets_to_the_board_are_as_printed, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
