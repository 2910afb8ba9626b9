/* rooms: wire keys ledger pay
 *
 * What a payee makes of vouchers: each fault by its name, and money that is spent elsewhere. The
 * chain is real, in memory.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skw_pay_world.h"

static struct listing loot; /* what party 0 has */

/* A voucher as party 0 would make it, but for what the caller bends. */
static size_t forge(uint8_t tx[SKW_PAY_TX_MAX], const struct skw_sha256 *input, uint64_t pay,
		    const struct skw_address *to, uint64_t change, uint64_t hours,
		    const struct skw_coin_secret *secret)
{
	struct skw_tx_output out[2] = { { *to, { pay }, { hours / 2 } },
					{ w.party[0].wallet, { change }, { hours / 2 } } };
	size_t len = skw_tx_put_unsigned(tx, SKW_PAY_TX_MAX, input, 1, out, 2);

	assert_true(len > 0);
	if (secret != NULL)
		assert_true(skw_tx_sign_input(tx, len, 0, secret));
	return len;
}

static void deliver(const uint8_t *tx, size_t len, uint64_t amount, uint32_t epoch)
{
	struct skw_pay_message m = { .kind = SKW_PAY_VOUCHER,
				     .role = SKW_PAY_PAYER,
				     .epoch = epoch };
	uint8_t data[SKW_PAY_MESSAGE_MAX];

	m.u.voucher.amount = amount;
	m.u.voucher.network = w.party[1].config.network;
	m.u.voucher.tx = tx;
	m.u.voucher.tx_len = (uint16_t)len;
	len = skw_pay_message_put(data, &m);
	w.party[1].told = SKW_VOUCHER_VERDICTS;
	assert_int_equal(skw_pay_on_message(w.party[1].pay, w.now, w.party[0].key, data, len),
			 SKW_PAY_OK);
	drain(1);
	if (w.party[1].told == SKW_VOUCHER_WAIT)
		run(3000 * MILLI);
}

#define VERDICT(expected)                                                                          \
	assert_string_equal(skw_voucher_verdict_text(w.party[1].told),                             \
			    skw_voucher_verdict_text(expected))

/* A payee with an honest voucher of 50,000 droplets; party 0's own core is silent from here on. */
static uint64_t hostile_world(uint32_t seed)
{
	world(2, seed);
	world_start();
	run(2000 * MILLI);
	w.blocked_kind = SKW_PAY_VOUCHER;
	unspents(&loot, &w.party[0].wallet);
	return loot.list[0].ux.coins.n;
}

static void bad_vouchers_are_named(void **state)
{
	uint8_t tx[SKW_PAY_TX_MAX], good[SKW_PAY_TX_MAX];
	const struct skw_address *us, *thief;
	const struct skw_coin_secret *key;
	uint64_t all = hostile_world(60);
	struct skw_sha256 in = loot.list[0].uxid, none;
	size_t len, good_len;

	(void)state;
	us = &w.party[1].wallet, thief = &w.party[0].wallet, key = &w.party[0].secret;
	memset(&none, 0x77, sizeof(none));

	/* the first of an epoch */
	len = forge(tx, &in, 50000, thief, all - 50000, 500, key);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_ADDRESS);
	len = forge(tx, &in, 50000, us, all - 50000, 500, key);
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_AMOUNT);
	deliver(tx, len, 50000, 2), VERDICT(SKW_VOUCHER_EPOCH);
	deliver(tx, len - 1, 50000, 1), VERDICT(SKW_VOUCHER_CODEC);
	len = forge(tx, &in, 50500, us, all - 50500, 500, key);
	deliver(tx, len, 50500, 1), VERDICT(SKW_VOUCHER_AMOUNT);
	len = forge(tx, &none, 50000, us, all - 50000, 500, key);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_UNKNOWN_INPUT);
	len = forge(tx, &in, 50000, us, all - 50000, 500, NULL);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_SIGNATURE);
	len = forge(tx, &in, 50000, us, all - 50000, 500, &w.party[1].secret); /* not its owner */
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_SIGNATURE);
	len = forge(tx, &in, 50000, us, all - 50000, 10 * HOURS, key); /* all hours, and more */
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_FEE);
	len = forge(tx, &in, 50000, us, all - 50000, HOURS - 2, key); /* not a tenth is burnt */
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_FEE);
	len = forge(tx, &in, 50000, us, all - 51000, 500, key); /* coins vanish */
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_RULES);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).vouched, 0);

	good_len = forge(good, &in, 50000, us, all - 50000, 500, key);
	deliver(good, good_len, 50000, 1), VERDICT(SKW_VOUCHER_OK);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).vouched, 50000);

	/* the same again is answered again; less, or another of the same amount, is not */
	deliver(good, good_len, 50000, 1), VERDICT(SKW_VOUCHER_OK);
	len = forge(tx, &in, 40000, us, all - 40000, 500, key);
	deliver(tx, len, 40000, 1), VERDICT(SKW_VOUCHER_SHRINKS);
	len = forge(tx, &in, 50000, us, all - 50000, 400, key);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_SHRINKS);
	len = forge(tx, &none, 60000, us, all - 60000, 500, key);
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_INPUTS);
	len = forge(tx, &in, 60000, us, all - 60000, 500, key);
	tx[41 + 40] ^= 1; /* s of the signature */
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_SIGNATURE);
	assert_int_equal(w.party[1].told_amount, 50000); /* what it has, it keeps */
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).vouched, 50000);

	{ /* the twin of a valid signature: n - s, other recovery bit. True on the curve, refused by
	     the chain */
		static const uint8_t n[32] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
					       0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE,
					       0xBA, 0xAE, 0xDC, 0xE6, 0xAF, 0x48, 0xA0, 0x3B,
					       0xBF, 0xD2, 0x5E, 0x8C, 0xD0, 0x36, 0x41, 0x41 };
		int borrow = 0;

		len = forge(tx, &in, 60000, us, all - 60000, 500, key);
		for (int i = 31; i >= 0; i--) {
			int d = n[i] - tx[41 + 32 + i] - borrow;
			borrow = d < 0;
			tx[41 + 32 + i] = (uint8_t)(d + 256 * borrow);
		}
		tx[41 + 64] ^= 1;
		deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_SIGNATURE);
	}
	w.party[1].config.network.b[0] ^= 1; /* `deliver` now speaks for another chain */
	len = forge(tx, &in, 60000, us, all - 60000, 500, key);
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_NETWORK);
	w.party[1].config.network.b[0] ^= 1;
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_OK);

	skw_pay_settle(w.party[1].pay, w.now, w.party[0].key);
	drain(1);
	len = forge(tx, &in, 70000, us, all - 70000, 500, key);
	deliver(tx, len, 70000, 1), VERDICT(SKW_VOUCHER_SETTLING);
	run(20000 * MILLI);
	deliver(good, good_len, 50000, 1), VERDICT(SKW_VOUCHER_EPOCH); /* replayed after all */
	deliver(good, good_len, 50000, 2), VERDICT(SKW_VOUCHER_UNKNOWN_INPUT);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 60000);
}

static void spent_inputs_are_remembered_with_the_proof(void **state)
{
	uint8_t tx[SKW_PAY_TX_MAX], theft[SKW_PAY_TX_MAX];
	uint64_t all = hostile_world(61);
	struct skw_sha256 in = loot.list[0].uxid, txid;
	struct skw_pay_view view;
	size_t len;

	(void)state;
	len = forge(tx, &in, 50000, &w.party[1].wallet, all - 50000, 500, &w.party[0].secret);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_OK);
	len = forge(theft, &in, 1000, &w.party[0].wallet, all - 1000, 600, &w.party[0].secret);
	assert_int_equal(
	    skw_chain_inject(w.chain, theft, len, SKW_INJECT_USER, unix_now(), &txid, NULL),
	    SKW_CHAIN_OK);
	block();
	run(40000 * MILLI);
	assert_int_equal(w.party[1].events[SKW_PAY_EVENT_DOUBLE_SPEND], 1);
	assert_true(skw_sha256_equal(&w.party[1].last[SKW_PAY_EVENT_DOUBLE_SPEND].txid, &txid));
	assert_false(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE));
	w.party[1].stopped[0][SKW_PAY_PAYEE] = false;
	killed(1); /* it is not forgotten, and told anew */
	drain(1);
	assert_true(w.party[1].stopped[0][SKW_PAY_PAYEE]);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).state, SKW_PAY_STATE_CUT);
	view = account(1, 0, SKW_PAY_PAYEE);
	assert_true(skw_sha256_equal(&view.txid, &txid));
	len = forge(tx, &in, 60000, &w.party[1].wallet, all - 60000, 500, &w.party[0].secret);
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_CUT);
}

static void what_is_being_spent_buys_nothing(void **state)
{
	uint8_t tx[SKW_PAY_TX_MAX], theft[SKW_PAY_TX_MAX];
	uint64_t all = hostile_world(65);
	struct skw_sha256 in = loot.list[0].uxid;
	size_t len;

	(void)state;
	len = forge(theft, &in, 1000, &w.party[0].wallet, all - 1000, 600, &w.party[0].secret);
	assert_int_equal(
	    skw_chain_inject(w.chain, theft, len, SKW_INJECT_USER, unix_now(), NULL, NULL),
	    SKW_CHAIN_OK);
	len = forge(tx, &in, 50000, &w.party[1].wallet, all - 50000, 500, &w.party[0].secret);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_UNKNOWN_INPUT);
}

static void outputs_that_are_leaving_are_not_set_aside(void **state)
{
	uint8_t theft[SKW_PAY_TX_MAX];
	uint64_t all = hostile_world(66);
	size_t len;

	(void)state;
	w.next_block = UINT64_MAX;
	len = forge(theft, &loot.list[0].uxid, 1000, &w.party[0].wallet, all - 1000, 600,
		    &w.party[0].secret);
	assert_int_equal(
	    skw_chain_inject(w.chain, theft, len, SKW_INJECT_USER, unix_now(), NULL, NULL),
	    SKW_CHAIN_OK);
	cell(0, 1, true, 1024, PRICE);
	run(5000 * MILLI);
	assert_false(skw_pay_reserved(w.party[0].pay, &loot.list[0].uxid));
	assert_int_equal(w.party[0].events[SKW_PAY_EVENT_NO_FUNDS], 1);
	w.next_block = w.now; /* confirmed: the change is there */
	run(5000 * MILLI);
	assert_true(account(0, 1, SKW_PAY_PAYER).credit_left > 0);
}

/* The payer reckons hours at a newer head than the payee has seen. */
static void hours_are_judged_by_the_newest_head(void **state)
{
	uint8_t tx[SKW_PAY_TX_MAX], other[SKW_PAY_TX_MAX];
	struct skw_tx_output to = { .coins = { 1000 } };
	uint64_t all = hostile_world(67);
	struct skw_sha256 in = loot.list[0].uxid;
	size_t len;

	(void)state;
	len = forge(tx, &in, 50000, &w.party[1].wallet, all - 50000, 500, &w.party[0].secret);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_OK);

	w.now += 36000 * 1000 * MILLI; /* ten hours: some 10000 more */
	unspents(&loot, &w.net.genesis_address);
	to.address = w.net.genesis_address;
	to.coins = loot.list[0].ux.coins;
	len = skw_tx_put_unsigned(other, sizeof(other), &loot.list[0].uxid, 1, &to, 1);
	assert_true(skw_tx_sign_input(other, len, 0, &w.producer));
	assert_int_equal(
	    skw_chain_inject(w.chain, other, len, SKW_INJECT_USER, unix_now(), NULL, NULL),
	    SKW_CHAIN_OK);
	block();

	len = forge(tx, &in, 60000, &w.party[1].wallet, all - 60000, HOURS * 95 / 100,
		    &w.party[0].secret);
	deliver(tx, len, 60000, 1), VERDICT(SKW_VOUCHER_OK);
}

static void a_theft_on_its_way_is_raced(void **state)
{
	uint8_t tx[SKW_PAY_TX_MAX], theft[SKW_PAY_TX_MAX];
	uint64_t all = hostile_world(62);
	struct skw_sha256 in = loot.list[0].uxid;
	size_t len;

	(void)state;
	w.next_block = w.now + 60000 * MILLI;
	len = forge(tx, &in, 50000, &w.party[1].wallet, all - 50000, 500, &w.party[0].secret);
	deliver(tx, len, 50000, 1), VERDICT(SKW_VOUCHER_OK);
	len = forge(theft, &in, 1000, &w.party[0].wallet, all - 1000, HOURS * 88 / 100,
		    &w.party[0].secret); /* pays less to the block maker */
	assert_int_equal(
	    skw_chain_inject(w.chain, theft, len, SKW_INJECT_USER, unix_now(), NULL, NULL),
	    SKW_CHAIN_OK);
	run(100000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 50000);
	assert_int_equal(w.party[1].events[SKW_PAY_EVENT_DOUBLE_SPEND], 0);
}

/* The transaction is the payer's own: it may give it to the chain before the payee does. */
static void a_voucher_that_the_payer_settles_counts(void **state)
{
	struct skw_pay_output out;
	bool found = false;

	(void)state;
	world(2, 63);
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).vouched, 97000);
	skw_pay_settle(w.party[1].pay, w.now, w.party[0].key);
	while (skw_pay_poll(w.party[1].pay, w.now, &out)) {
		if (out.type == SKW_PAY_INJECT) { /* the payer was quicker */
			assert_int_equal(skw_chain_inject(w.chain, out.data, out.len,
							  SKW_INJECT_USER, unix_now(), NULL, NULL),
					 SKW_CHAIN_OK);
			block();
			found = true;
		}
		act(1, &out);
	}
	assert_true(found);
	run(20000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 97000);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).settled, 97000);
}

static void records_that_are_broken_are_refused(void **state)
{
	struct record r;
	struct skw_pay *pay;

	(void)state;
	world(2, 64);
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI);
	assert_true(w.party[0].records > 0);
	r = w.party[0].record[0];
	assert_int_equal(skw_pay_new(&pay, &w.party[0].config), SKW_PAY_OK);
	for (size_t len = 0; len < r.len; len++)
		assert_int_equal(skw_pay_restore(pay, r.key, r.data, len), SKW_PAY_MALFORMED);
	assert_int_equal(skw_pay_restore(pay, r.key, r.data, r.len), SKW_PAY_OK);
	r.key[SKW_PAY_KEY] = 7;
	assert_int_equal(skw_pay_restore(pay, r.key, r.data, r.len), SKW_PAY_MALFORMED);
	skw_pay_free(pay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(bad_vouchers_are_named, world_end),
		cmocka_unit_test_teardown(spent_inputs_are_remembered_with_the_proof, world_end),
		cmocka_unit_test_teardown(what_is_being_spent_buys_nothing, world_end),
		cmocka_unit_test_teardown(outputs_that_are_leaving_are_not_set_aside, world_end),
		cmocka_unit_test_teardown(hours_are_judged_by_the_newest_head, world_end),
		cmocka_unit_test_teardown(a_theft_on_its_way_is_raced, world_end),
		cmocka_unit_test_teardown(a_voucher_that_the_payer_settles_counts, world_end),
		cmocka_unit_test_teardown(records_that_are_broken_are_refused, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
