/* skw_cursor and skw_frame: byte order, the failed state, the tables of docs/frame-stream.md.
 * rooms: wire */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/skw_cursor.h"
#include "wire/skw_frame.h"

static const uint8_t COUNT[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void integers_are_little_endian(void **state)
{
	struct skw_reader r = skw_reader(COUNT, sizeof(COUNT));

	(void)state;
	assert_int_equal(skw_get_u8(&r), 0);
	assert_int_equal(skw_get_u16(&r), 0x0201);
	assert_int_equal(skw_get_u32(&r), 0x06050403);
	assert_true(skw_get_u64(&r) == UINT64_C(0x0e0d0c0b0a090807));
	assert_int_equal(skw_get_u16be(&r), 0x0f10);
	assert_true(skw_reader_done(&r));
}

static void a_short_read_fails_for_good(void **state)
{
	struct skw_reader r = skw_reader(COUNT, 3);
	uint8_t out[2] = { 9, 9 };

	(void)state;
	assert_int_equal(skw_get_u32(&r), 0); /* three bytes are no integer */
	assert_false(r.ok);
	skw_get_bytes(&r, out, 2);
	assert_memory_equal(out, ((uint8_t[]) { 0, 0 }), 2);
	assert_null(skw_get_view(&r, 1));
	assert_int_equal(skw_reader_left(&r), 0);
	assert_false(skw_reader_done(&r));
}

static void a_full_writer_writes_no_more(void **state)
{
	uint8_t out[16] = { 0 };
	struct skw_writer w = skw_writer(out, 15);

	(void)state;
	skw_put_u8(&w, 0);
	skw_put_u16(&w, 0x0201);
	skw_put_u32(&w, 0x06050403);
	skw_put_u64(&w, UINT64_C(0x0e0d0c0b0a090807));
	assert_true(w.ok);
	assert_memory_equal(out, COUNT, 15);
	skw_put_u8(&w, 0xff);
	assert_false(w.ok);
	assert_int_equal(out[15], 0);
	assert_int_equal(skw_writer_len(&w), 15);
}

static void descriptors_stand_as_the_document_says(void **state)
{
	const struct skw_frame_tx tx = { 54, 0x0123, true, 93, -300, 0x0a0b0c0d };
	const struct skw_frame_rx rx = {
		6, 4095, true, -4550, 2150, -35327, UINT64_C(0x1122334455667788)
	};
	const uint8_t tx_bytes[] = { 1,    54,   0x23, 1,    2, 93, 0xd4, 0xfe,
				     0x0d, 0x0c, 0x0b, 0x0a, 0, 0,  0,    0 };
	const uint8_t rx_bytes[] = { 1,    6,    0xff, 0x0f, 1,    0,    0x3a, 0xee,
				     0x66, 8,    0,    0,    0x01, 0x76, 0xff, 0xff,
				     0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 };
	uint8_t out[SKW_FRAME_RX_DESC];
	struct skw_frame_tx tx_back;
	struct skw_frame_rx rx_back;

	(void)state;
	skw_frame_tx_put(out, &tx);
	assert_memory_equal(out, tx_bytes, SKW_FRAME_TX_DESC);
	assert_true(skw_frame_tx_get(&tx_back, tx_bytes));
	assert_int_equal(tx_back.power_cdb, -300);
	assert_int_equal(tx_back.tag, 0x0a0b0c0d);
	skw_frame_rx_put(out, &rx);
	assert_memory_equal(out, rx_bytes, SKW_FRAME_RX_DESC);
	assert_true(skw_frame_rx_get(&rx_back, rx_bytes));
	assert_int_equal(rx_back.cfo_hz, -35327);
	assert_int_equal(rx_back.rssi_cdb, -4550);
	assert_true(rx_back.fcs_ok);
	assert_true(rx_back.time == rx.time);
}

static void bad_descriptors_are_refused(void **state)
{
	/* byte, value: version, rate, length 0, length 4096, length 4 with APPEND_FCS, seed, power
	 * > 0 */
	static const struct {
		uint8_t at, low, high;
	} bad[] = { { 0, 2, 54 }, { 1, 7, 0x23 }, { 2, 0, 0 }, { 2, 0, 0x10 },
		    { 2, 4, 0 },  { 5, 128, 0 },  { 6, 1, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t in[SKW_FRAME_TX_DESC] = { 1, 54, 0x23, 1, 2, 93 };
		struct skw_frame_tx f;

		assert_true(skw_frame_tx_get(&f, in));
		in[bad[i].at] = bad[i].low;
		if (bad[i].at == 2 || bad[i].at == 6)
			in[bad[i].at + 1] = bad[i].high;
		assert_false(skw_frame_tx_get(&f, in));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_little_endian),
		cmocka_unit_test(a_short_read_fails_for_good),
		cmocka_unit_test(a_full_writer_writes_no_more),
		cmocka_unit_test(descriptors_stand_as_the_document_says),
		cmocka_unit_test(bad_descriptors_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
