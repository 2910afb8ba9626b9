/* rooms: wire keys ledger pay
 * Receipts: what is signed, byte for byte, and each way in which one can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pay/skw_pay_message.h"
#include "pay/skw_pay_receipt.h"

static struct skw_coin_secret payee, payer;

static struct skw_receipt example(void)
{
	struct skw_receipt r = { .since = 1700000000,
				 .until = 1700002800,
				 .forth = 1000,
				 .back = 200,
				 .all_forth = { 5000, { 7, 3 } },
				 .all_back = { 300, { 1, 1048575 } } };

	skw_coin_secret_of_seed(&payee, (const uint8_t *)"payee", 5);
	skw_coin_secret_of_seed(&payer, (const uint8_t *)"payer", 5);
	memset(r.network.b, 0x11, 32);
	memset(r.payee, 0x22, 32);
	memset(r.payer, 0x33, 32);
	skw_address_of_secret(&r.payee_wallet, &payee);
	skw_address_of_secret(&r.payer_wallet, &payer);
	return r;
}

static void sign(struct skw_receipt *r)
{
	struct skw_sha256 hash;

	skw_receipt_hash(&hash, r);
	assert_true(skw_coin_sign(&r->payee_sig, &hash, &payee));
	assert_true(skw_coin_sign(&r->payer_sig, &hash, &payer));
}

static void the_bytes_are_as_printed(void **state)
{
	struct skw_receipt r = example(), back;
	uint8_t data[SKW_RECEIPT_LEN];
	struct skw_sha256 hash, of_bytes;

	(void)state;
	sign(&r);
	skw_receipt_put(data, &r);
	assert_memory_equal(data, "skywave receipt 1", 17);
	assert_int_equal(data[17], 0x11);
	assert_int_equal(data[17 + 32], 0x22);
	assert_int_equal(data[17 + 64], 0x33);
	assert_memory_equal(data + 17 + 96, r.payee_wallet.b, 21);
	assert_memory_equal(data + 17 + 96 + 42, "\x00\xf1\x53\x65\0\0\0\0", 8);  /* since */
	assert_memory_equal(data + 17 + 96 + 42 + 16, "\xe8\x03\0\0\0\0\0\0", 8); /* forth */
	assert_memory_equal(data + SKW_RECEIPT_LEN - 65, r.payer_sig.b, 65);
	skw_sha256_of(&of_bytes, data, SKW_RECEIPT_LEN - 130);
	skw_receipt_hash(&hash, &r);
	assert_memory_equal(hash.b, of_bytes.b, 32);
	assert_int_equal(skw_receipt_get(&back, data, sizeof(data)), SKW_RECEIPT_OK);
	assert_int_equal(skw_receipt_verify(&back), SKW_RECEIPT_OK);
	assert_int_equal(skw_receipt_owed(&back), 9); /* 7 + 1 + (3 + 1048575) / 2^20 */
}

/* No bit of it can be changed. */
static void every_bit_counts(void **state)
{
	struct skw_receipt r = example(), back;
	uint8_t data[SKW_RECEIPT_LEN];

	(void)state;
	sign(&r);
	skw_receipt_put(data, &r);
	for (size_t bit = 0; bit < 8 * sizeof(data); bit += bit % 7 + 1) {
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(skw_receipt_get(&back, data, sizeof(data)) != SKW_RECEIPT_OK ||
			    skw_receipt_verify(&back) != SKW_RECEIPT_OK);
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < sizeof(data); n++)
		assert_int_equal(skw_receipt_get(&back, data, n), SKW_RECEIPT_FORM);
}

static void each_wrong_has_its_name(void **state)
{
	struct skw_receipt r = example();

	(void)state;
	r.until++;
	sign(&r);
	assert_int_equal(skw_receipt_verify(&r), SKW_RECEIPT_TIME);
	r = example(), r.since = r.until;
	sign(&r);
	assert_int_equal(skw_receipt_verify(&r), SKW_RECEIPT_TIME);
	r = example(), r.forth = 5001;
	sign(&r);
	assert_int_equal(skw_receipt_verify(&r), SKW_RECEIPT_COUNT);
	r = example();
	sign(&r);
	r.payer_sig = r.payee_sig; /* signed by the payee for both */
	assert_int_equal(skw_receipt_verify(&r), SKW_RECEIPT_PAYER);
	r = example();
	sign(&r);
	r.payee_sig = r.payer_sig;
	assert_int_equal(skw_receipt_verify(&r), SKW_RECEIPT_PAYEE);
}

static void one_goes_on_from_another(void **state)
{
	struct skw_receipt first = example(), next = example();

	(void)state;
	next.since = first.until, next.until = first.until + 3600;
	next.all_forth = (struct skw_count) { 6000, { 8, 0 } };
	next.all_back = (struct skw_count) { 500, { 2, 0 } };
	assert_true(skw_receipt_follows(&next, &first));
	next.since--;
	assert_false(skw_receipt_follows(&next, &first)); /* two for one time */
	next.since++, next.forth++;
	assert_false(skw_receipt_follows(&next, &first)); /* more than the totals say */
	next.forth--, next.all_back.units = (struct skw_units) { 0, 0 };
	assert_false(skw_receipt_follows(&next, &first)); /* money that shrinks */
}

/* docs/payment.md: what later programs say more is passed over. */
static void later_kinds_are_no_error(void **state)
{
	uint8_t message[64] = { 1, 7, 0 };
	struct skw_pay_message m;

	(void)state;
	assert_false(skw_pay_message_get(&m, message, sizeof(message)));
	assert_true(skw_pay_message_is_later(message, sizeof(message)));
	message[1] = 6; /* known, and malformed */
	assert_false(skw_pay_message_is_later(message, sizeof(message)));
	message[0] = 2, message[1] = 7; /* another version */
	assert_false(skw_pay_message_is_later(message, sizeof(message)));
	message[0] = 1;
	assert_false(skw_pay_message_is_later(message, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_as_printed),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(each_wrong_has_its_name),
		cmocka_unit_test(one_goes_on_from_another),
		cmocka_unit_test(later_kinds_are_no_error),
	};

	return cmocka_run_group_tests_name("pay_receipt", tests, NULL, NULL);
}
