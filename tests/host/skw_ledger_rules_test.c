/* rooms: ledger wire
 * The binary form of transactions and every rule about them, each broken by itself; coin hours
 * against the formula; networks from text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skw_ledger_vectors.h"

#define HEAD_TIME UINT64_C(1700000000)
#define COIN SKW_DROPLETS_PER_SKY

/* A world of three outputs, ours, made an hour before the head, and a transaction to break. */
static struct skw_coin_secret mine, thief;
static struct skw_address me, you;
static struct skw_ux coins[3];
static struct skw_ux_array array = { coins, 3 };
static struct skw_block_header head = { .time = HEAD_TIME, .seq = 9 };
static struct skw_limits limits = {
	.burn_factor = 10, .max_tx_size = 32768, .max_block_size = 32768, .max_decimals = 3
};
static struct skw_sha256 ins[4];
static struct skw_tx_output outs[3];
static uint8_t raw[2048];
static size_t len;

static void sign(size_t inputs)
{
	for (uint32_t i = 0; i < inputs; i++)
		assert_true(skw_tx_sign_input(raw, len, i, &mine));
}

static void write_tx(uint32_t inputs, uint32_t outputs)
{
	len = skw_tx_put_unsigned(raw, sizeof(raw), ins, inputs, outs, outputs);
	assert_int_equal(len, 49 + 97 * inputs + 37 * outputs);
	sign(inputs);
}

static int fresh(void **state)
{
	(void)state;
	skw_coin_secret_of_seed(&mine, (const uint8_t *)"me", 2);
	skw_coin_secret_of_seed(&thief, (const uint8_t *)"thief", 5);
	skw_address_of_secret(&me, &mine);
	skw_address_of_secret(&you, &thief);
	for (unsigned i = 0; i < 3; i++) {
		coins[i] = (struct skw_ux) { .address = me,
					     .coins = { 10 * COIN },
					     .hours = { 100 },
					     .time = HEAD_TIME - 3600,
					     .seq = 5 };
		coins[i].src_tx.b[0] = (uint8_t)i;
		skw_ux_id(&ins[i], &coins[i]);
	}
	memset(&ins[3], 0xee, sizeof(ins[3]));
	/* two inputs: 20 coins, 220 hours of which 22 must burn */
	outs[0] = (struct skw_tx_output) { you, { 15 * COIN }, { 100 } };
	outs[1] = (struct skw_tx_output) { me, { 5 * COIN }, { 98 } };
	outs[2] = (struct skw_tx_output) { me, { 1 * COIN }, { 1 } };
	limits.locked = NULL;
	limits.locked_count = 0;
	array.count = 3;
	write_tx(2, 2);
	return 0;
}

static enum skw_fault check_as(enum skw_rules_mode mode)
{
	struct skw_ux_lookup lookup = skw_ux_array_lookup(&array);
	struct skw_tx_totals totals;
	struct skw_verdict verdict;
	struct skw_tx tx;
	uint8_t *exact = malloc(len); /* so that the sanitizer sees a byte too far */

	memcpy(exact, raw, len);
	assert_int_equal(skw_tx_decode(&tx, exact, len), SKW_CODEC_OK);
	verdict = skw_rules_hard(&totals, &tx, &lookup, &head, mode);
	if (verdict.fault == SKW_FAULT_NONE && mode == SKW_RULES_SINGLE)
		verdict = skw_rules_check(&totals, &tx, &lookup, &head, &limits);
	free(exact);
	return verdict.fault;
}

static enum skw_fault check(void)
{
	return check_as(SKW_RULES_SINGLE);
}

static void assert_text(enum skw_fault fault, const char *want)
{
	struct skw_verdict verdict = { .fault = fault };
	char text[SKW_VERDICT_TEXT];

	skw_verdict_print(text, &verdict);
	assert_string_equal(text, want);
}

static void put_u32(size_t at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		raw[at + i] = (uint8_t)(v >> 8 * i);
}

static void a_good_transaction_passes(void **state)
{
	struct skw_ux_lookup lookup = skw_ux_array_lookup(&array);
	struct skw_tx_totals t;
	struct skw_tx tx;

	(void)state;
	assert_int_equal(skw_tx_decode(&tx, raw, len), SKW_CODEC_OK);
	assert_int_equal(skw_rules_check(&t, &tx, &lookup, &head, &limits).fault, SKW_FAULT_NONE);
	assert_true(t.coins.n == 20 * COIN && t.hours_in.n == 220 && t.hours_out.n == 198);
	assert_int_equal(t.fee.n, 22);
	assert_int_equal(skw_rules_alone(&tx).fault, SKW_FAULT_NONE);
}

static void every_cut_and_every_extra_byte_is_refused(void **state)
{
	struct skw_tx tx;

	(void)state;
	for (size_t n = 0; n <= len + 1; n++) {
		uint8_t *exact = malloc(n + 1);

		memcpy(exact, raw, n < len ? n : len);
		if (n > len)
			exact[len] = 0;
		assert_int_equal(skw_tx_decode(&tx, exact, n), n < len    ? SKW_CODEC_SHORT
							       : n == len ? SKW_CODEC_OK
									  : SKW_CODEC_LONG);
		free(exact);
	}
	assert_string_equal(skw_codec_text(SKW_CODEC_SHORT),
			    "Not enough buffer data to deserialize");
}

static void too_large_counts_are_refused(void **state)
{
	uint8_t *big = calloc(1, 37 + 4 + 70000 * 65 + 8);
	struct skw_tx tx;

	(void)state;
	put_u32(37, UINT32_MAX);
	assert_int_equal(skw_tx_decode(&tx, raw, len), SKW_CODEC_SHORT);
	big[37] = 0x70;
	big[38] = 0x11;
	big[39] = 0x01; /* 70000 signatures, all there */
	assert_int_equal(skw_tx_decode(&tx, big, 37 + 4 + 70000 * 65 + 8), SKW_CODEC_MAXLEN);
	free(big);
}

static void any_flipped_bit_is_noticed(void **state)
{
	struct skw_ux_lookup lookup = skw_ux_array_lookup(&array);
	struct skw_tx_totals totals;
	struct skw_tx tx;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		raw[i] ^= 0x10;
		if (skw_tx_decode(&tx, raw, len) == SKW_CODEC_OK)
			assert_int_not_equal(
			    skw_rules_check(&totals, &tx, &lookup, &head, &limits).fault,
			    SKW_FAULT_NONE);
		raw[i] ^= 0x10;
	}
}

static void rules_that_need_only_the_bytes(void **state)
{
	struct skw_tx tx;

	(void)state;
	len = skw_tx_put_unsigned(raw, sizeof(raw), ins, 0, outs, 2);
	assert_int_equal(check(), SKW_FAULT_NO_INPUTS);
	write_tx(2, 0);
	assert_int_equal(check(), SKW_FAULT_NO_OUTPUTS);
	write_tx(2, 2);
	memmove(raw + 37 + 4 + 65, raw + 37 + 4 + 130, len - 37 - 4 - 130); /* one signature less */
	put_u32(37, 1);
	len -= 65;
	put_u32(0, (uint32_t)len);
	assert_int_equal(check(), SKW_FAULT_SIG_COUNT);
	ins[1] = ins[0];
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_DUPLICATE_SPEND);
	fresh(NULL);
	raw[4] = 1;
	assert_int_equal(check(), SKW_FAULT_TYPE);
	outs[1].coins.n = 0;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_ZERO_COINS);
	outs[0].coins.n = UINT64_MAX;
	outs[1].coins.n = 1;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_COINS_OVERFLOW);
	fresh(NULL);
	put_u32(0, (uint32_t)len + 1);
	assert_int_equal(check(), SKW_FAULT_LENGTH);
	outs[1] = outs[0];
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_DUPLICATE_OUTPUT);
	fresh(NULL);
	raw[5] ^= 1;
	assert_int_equal(check(), SKW_FAULT_INNER_HASH);
	len = skw_tx_put_unsigned(raw, sizeof(raw), ins, 2, outs, 2);
	assert_int_equal(check(), SKW_FAULT_UNSIGNED);
	assert_int_equal(check_as(SKW_RULES_BLOCK), SKW_FAULT_UNSIGNED);
	write_tx(2, 2);
	raw[37 + 4 + 32] |= 0x80; /* high s */
	assert_int_equal(check(), SKW_FAULT_SIGNATURE);
	assert_int_equal(skw_tx_decode(&tx, raw, len), SKW_CODEC_OK);
	assert_int_equal(skw_rules_alone(&tx).fault, SKW_FAULT_SIGNATURE);

	assert_text(SKW_FAULT_NO_INPUTS, "No inputs");
	assert_text(SKW_FAULT_NO_OUTPUTS, "No outputs");
	assert_text(SKW_FAULT_SIG_COUNT, "Invalid number of signatures");
	assert_text(SKW_FAULT_DUPLICATE_SPEND, "Duplicate spend");
	assert_text(SKW_FAULT_TYPE, "transaction type invalid");
	assert_text(SKW_FAULT_ZERO_COINS, "Zero coin output");
	assert_text(SKW_FAULT_COINS_OVERFLOW, "Output coins overflow");
	assert_text(SKW_FAULT_LENGTH, "Incorrect transaction length");
	assert_text(SKW_FAULT_DUPLICATE_OUTPUT, "Duplicate output in transaction");
	assert_text(SKW_FAULT_INNER_HASH, "InnerHash does not match computed hash");
	assert_text(SKW_FAULT_UNSIGNED, "Unsigned input in transaction");
	assert_text(SKW_FAULT_SIGNATURE, "Signature not valid for hash");
}

static void rules_against_the_unspent_outputs(void **state)
{
	struct skw_block_header next = { .seq = head.seq + 1 };
	struct skw_verdict unknown = { .fault = SKW_FAULT_UNKNOWN_INPUT };
	char text[SKW_VERDICT_TEXT];
	struct skw_sha256 txid;

	(void)state;
	ins[1] = ins[3];
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_UNKNOWN_INPUT);
	unknown.about = ins[3];
	skw_verdict_print(text, &unknown);
	assert_string_equal(
	    text, "unspent output of eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
		  "eeee does not exist");
	fresh(NULL);
	assert_true(skw_tx_sign_input(raw, len, 1, &thief));
	assert_int_equal(check(), SKW_FAULT_NOT_OWNER);
	assert_int_equal(check_as(SKW_RULES_BLOCK), SKW_FAULT_NOT_OWNER);
	assert_int_equal(check_as(SKW_RULES_PROVEN),
			 SKW_FAULT_NONE); /* what that mode leaves out */
	assert_text(SKW_FAULT_NOT_OWNER, "Signature not valid for output being spent");
	outs[0].coins.n += 1000;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_INSUFFICIENT_COINS);
	assert_text(SKW_FAULT_INSUFFICIENT_COINS, "Insufficient coins");
	outs[0].coins.n -= 2000;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_COINS_DESTROYED);
	assert_text(SKW_FAULT_COINS_DESTROYED, "Transactions may not destroy coins");
	fresh(NULL);
	outs[0].hours.n = 220;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_INSUFFICIENT_HOURS);
	assert_text(SKW_FAULT_INSUFFICIENT_HOURS, "Insufficient coin hours");

	fresh(NULL); /* the output that it would make is there already */
	skw_sha256_of(&txid, raw, len);
	coins[2] = skw_ux_of(&next, &txid, &outs[1]);
	assert_int_equal(check(), SKW_FAULT_OUTPUT_EXISTS);
}

static void sums_that_do_not_fit(void **state)
{
	(void)state;
	coins[0].coins.n = coins[1].coins.n = UINT64_MAX / 2 + 1;
	coins[0].time = coins[1].time = HEAD_TIME;
	skw_ux_id(&ins[0], &coins[0]);
	skw_ux_id(&ins[1], &coins[1]);
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_INPUT_COINS_OVERFLOW);

	fresh(NULL);
	coins[0].hours.n = coins[1].hours.n = UINT64_MAX / 2 + 1;
	coins[0].time = coins[1].time = HEAD_TIME;
	skw_ux_id(&ins[0], &coins[0]);
	skw_ux_id(&ins[1], &coins[1]);
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_INPUT_HOURS_OVERFLOW);

	fresh(NULL); /* output hours wrap: hard by itself, forgiven in a block */
	outs[0].hours.n = UINT64_MAX;
	outs[1].hours.n = 11;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_OUTPUT_HOURS_OVERFLOW);
	assert_int_equal(check_as(SKW_RULES_BLOCK), SKW_FAULT_NONE);

	fresh(NULL); /* one input's total: hard by itself, 0 hours in a block */
	coins[0].hours.n = UINT64_MAX;
	skw_ux_id(&ins[0], &coins[0]);
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_HOURS_OVERFLOW);
	assert_int_equal(check_as(SKW_RULES_BLOCK), SKW_FAULT_INSUFFICIENT_HOURS);
	outs[0].hours.n = 10;
	write_tx(2, 2);
	assert_int_equal(check_as(SKW_RULES_BLOCK), SKW_FAULT_NONE);

	fresh(NULL); /* earned hours that do not fit are an error everywhere */
	coins[0].coins.n = UINT64_MAX;
	coins[0].time = 0;
	head.time = UINT64_MAX;
	skw_ux_id(&ins[0], &coins[0]);
	write_tx(1, 1);
	assert_int_equal(check_as(SKW_RULES_BLOCK), SKW_FAULT_EARNED_OVERFLOW);
	head.time = HEAD_TIME;
}

static void soft_rules(void **state)
{
	struct skw_tx_output null = { .coins = { 1 } };
	struct skw_tx tx;

	(void)state;
	outs[0].hours.n = 101; /* fee 21 of 220: one less than ceil(220 / 10) */
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_FEE);
	outs[0].hours.n = 122; /* fee 0 */
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_NO_FEE);
	fresh(NULL);
	limits.max_tx_size = (uint32_t)len - 1;
	assert_int_equal(check(), SKW_FAULT_SIZE);
	limits.max_tx_size++;
	assert_int_equal(check(), SKW_FAULT_NONE);
	limits.max_tx_size = 32768;
	outs[0].coins.n += 999;
	outs[1].coins.n -= 999;
	write_tx(2, 2);
	assert_int_equal(check(), SKW_FAULT_DECIMALS);
	assert_text(SKW_FAULT_DECIMALS, "invalid amount, too many decimal places");
	fresh(NULL);
	limits.locked = &me;
	limits.locked_count = 1;
	assert_int_equal(check(), SKW_FAULT_LOCKED);
	len = skw_tx_put_unsigned(raw, sizeof(raw), ins, 1, &null, 1);
	assert_int_equal(skw_tx_decode(&tx, raw, len), SKW_CODEC_OK);
	assert_int_equal(skw_rules_user(&tx).fault, SKW_FAULT_NULL_ADDRESS);

	assert_int_equal(skw_rules_fee_needed((struct skw_hours) { 0 }, 10).n, 1);
	assert_int_equal(skw_rules_fee_needed((struct skw_hours) { 1 }, 10).n, 1);
	assert_int_equal(skw_rules_fee_needed((struct skw_hours) { 10 }, 10).n, 1);
	assert_int_equal(skw_rules_fee_needed((struct skw_hours) { 11 }, 10).n, 2);
	assert_int_equal(skw_rules_coin_step(3).n, 1000);
	assert_int_equal(skw_rules_coin_step(6).n, 1);
}

static void coin_hours_by_the_formula(void **state)
{
	static const struct {
		uint64_t droplets, seconds, hours;
	} cases[] = {
		{ 1000000, 3599, 0 }, { 1000000, 3600, 1 },
		{ 1500000, 3600, 1 }, { 1500000, 7200, 3 },
		{ 999999, 3600, 0 }, /* 3599.9964 coin seconds: rounded down twice */
		{ 1, 3600000000, 1 }, { 22100000000, 86400, 530400 },
	};
	struct skw_hours hours;
	struct skw_ux ux = { .hours = { 7 }, .time = 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ux.coins.n = cases[i].droplets;
		assert_int_equal(skw_ux_hours_at(&hours, &ux, 1000 + cases[i].seconds),
				 SKW_UX_HOURS_OK);
		assert_int_equal(hours.n, 7 + cases[i].hours);
	}
	assert_int_equal(skw_ux_hours_at(&hours, &ux, 999),
			 SKW_UX_HOURS_OK); /* before it was made */
	assert_int_equal(hours.n, 7);
}

static void networks_from_text(void **state)
{
	static const char good[] =
	    "# our street\n[network]\nname = street\r\n"
	    "block_key = 0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f\n"
	    "genesis_address=2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ\n"
	    "genesis_time = 1392854400\ngenesis_coins = 1000.5\nburn_factor = 2\nmax_decimals = 6";
	static const char *const bad[][2] = {
		{ "", "missing: block_key" },
		{ "genesis_time = 5\ngenesis_address = 2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ",
		  "missing: block_key" },
		{ "block_key = 0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f",
		  "missing: genesis_address" },
		{ "genesis_address = 2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ\n"
		  "block_key = 0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f",
		  "missing: genesis_time" },
		{ "name = x\nwhat = 1\n", "line 2: unknown key what" },
		{ "rubbish", "line 1: not \"key = value\"" },
		{ "block_key = 05", "line 1: bad value for block_key" },
		{ "genesis_address = xx", "line 1: bad value for genesis_address" },
		{ "genesis_time = -1", "line 1: bad value for genesis_time" },
		{ "burn_factor = 1", "line 1: bad value for burn_factor" },
		{ "max_decimals = 7", "line 1: bad value for max_decimals" },
	};
	struct skw_network net;
	char error[128];

	(void)state;
	assert_true(skw_network_parse(&net, good, error, sizeof(error)));
	assert_string_equal(net.name, "street");
	assert_int_equal(net.genesis_coins.n, 1000500000);
	assert_true(net.limits.burn_factor == 2 && net.limits.max_decimals == 6);
	assert_true(net.genesis_time == 1392854400 && net.limits.locked_count == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(skw_network_parse(&net, bad[i][0], error, sizeof(error)));
		assert_string_equal(error, bad[i][1]);
	}
}

/* SKYCOIN.md, blocks: pad with zero hashes to a power of two, hash pairwise. Written out here for
 * up to nine leaves. */
static void merkle_roots_by_the_definition(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 9; n++) {
		struct skw_sha256 row[16] = { 0 }, root;
		struct skw_merkle m;
		unsigned width = 1;

		skw_merkle_init(&m);
		for (uint32_t i = 0; i < n; i++) {
			memset(row[i].b, (int)i + 1, 32);
			skw_merkle_add(&m, &row[i]);
		}
		while (width < n)
			width *= 2;
		for (; width > 1; width /= 2)
			for (unsigned i = 0; i < width / 2; i++) {
				uint8_t both[64];

				memcpy(both, row[2 * i].b, 32);
				memcpy(both + 32, row[2 * i + 1].b, 32);
				skw_sha256_of(&row[i], both, 64);
			}
		skw_merkle_root(&root, &m);
		assert_memory_equal(root.b, row[0].b, 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_transaction_passes, fresh),
		cmocka_unit_test_setup(every_cut_and_every_extra_byte_is_refused, fresh),
		cmocka_unit_test_setup(too_large_counts_are_refused, fresh),
		cmocka_unit_test_setup(any_flipped_bit_is_noticed, fresh),
		cmocka_unit_test_setup(rules_that_need_only_the_bytes, fresh),
		cmocka_unit_test_setup(rules_against_the_unspent_outputs, fresh),
		cmocka_unit_test_setup(sums_that_do_not_fit, fresh),
		cmocka_unit_test_setup(soft_rules, fresh),
		cmocka_unit_test(coin_hours_by_the_formula),
		cmocka_unit_test(networks_from_text),
		cmocka_unit_test(merkle_roots_by_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
