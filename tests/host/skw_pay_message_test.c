/* rooms: wire keys ledger pay
 *
 * skw_units and skw_pay_message: exact sums, and messages that survive the wire while nothing else
 * does.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pay/skw_pay_message.h"

static unsigned next(void)
{
	static uint32_t random = 5;

	random = random * 1664525u + 1013904223u;
	return random >> 8;
}

/* ---- units ---- */

static void units_are_exact(void **state)
{
	struct skw_count c = { 0 };
	struct skw_units a = { 5, 7 }, b = { 3, 9 }, d;

	(void)state;
	for (unsigned i = 0; i < 1048576 / 64; i++)
		assert_true(
		    skw_count_add(&c, 64, 3)); /* 192 parts each time: never a whole droplet */
	assert_int_equal(c.units.whole, 3);
	assert_int_equal(c.units.part, 0);
	assert_int_equal(c.bytes, 1048576);
	assert_true(skw_count_add(&c, 1, 1048575));
	assert_int_equal(c.units.whole, 3);
	assert_int_equal(c.units.part, 1048575);

	d = skw_units_sub(a, b); /* 5 + 7/2^20 - 3 - 9/2^20 */
	assert_int_equal(d.whole, 1);
	assert_int_equal(d.part, 1048574);
	assert_int_equal(skw_units_sub(b, a).whole, 0);
	assert_int_equal(skw_units_sub(b, a).part, 0);

	assert_false(skw_count_add(&c, SKW_UNITS_BYTES_MAX + 1, 1));
	assert_false(skw_count_add(&c, 1, SKW_UNITS_PRICE_MAX + 1));
	c.units.whole = UINT64_MAX;
	assert_false(skw_count_add(&c, 1, 1));
	assert_int_equal(c.bytes, 1048577);
}

/* ---- messages ---- */

static void messages_survive_the_wire_and_nothing_else_does(void **state)
{
	static const uint8_t tx[5] = { 1, 2, 3, 4, 5 };
	struct skw_pay_message m = { .kind = SKW_PAY_VOUCHER, .role = SKW_PAY_PAYER, .epoch = 9 },
			       back;
	uint8_t data[SKW_PAY_MESSAGE_MAX], bad[SKW_PAY_MESSAGE_MAX];
	uint16_t len;

	(void)state;
	m.u.voucher.amount = 77000;
	m.u.voucher.tx = tx;
	m.u.voucher.tx_len = 5;
	len = skw_pay_message_put(data, &m);
	assert_true(len > 0);
	assert_true(skw_pay_message_get(&back, data, len));
	assert_int_equal(back.u.voucher.amount, 77000);
	assert_memory_equal(back.u.voucher.tx, tx, 5);
	for (uint16_t cut = 0; cut < len; cut++)
		assert_false(skw_pay_message_get(&back, data, cut));
	assert_false(skw_pay_message_get(&back, data, len + 1u)); /* a byte too many */
	for (unsigned i = 0; i < 3; i++) {                        /* version, kind, role */
		memcpy(bad, data, len);
		bad[i] = 99;
		assert_false(skw_pay_message_get(&back, bad, len));
	}
	{ /* a transaction of one byte more than there is room for */
		static uint8_t large[SKW_PAY_MESSAGE_MAX + 1];
		size_t at = 1 + 1 + 1 + 4 + 8 + 1 + 32;

		memcpy(large, data, at);
		large[at] = (SKW_PAY_TX_MAX + 1) & 0xFF;
		large[at + 1] = (SKW_PAY_TX_MAX + 1) >> 8;
		assert_false(skw_pay_message_get(&back, large, at + 2 + SKW_PAY_TX_MAX + 1));
		large[at] = SKW_PAY_TX_MAX & 0xFF;
		large[at + 1] = SKW_PAY_TX_MAX >> 8;
		assert_true(skw_pay_message_get(&back, large, at + 2 + SKW_PAY_TX_MAX));
	}
	for (unsigned i = 0; i < 20000; i++) { /* noise is refused or harmless */
		size_t n = next() % 200;

		for (size_t k = 0; k < n; k++)
			bad[k] = (uint8_t)(next() % (k < 3 ? 6 : 256));
		skw_pay_message_get(&back, bad, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_exact),
		cmocka_unit_test(messages_survive_the_wire_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
