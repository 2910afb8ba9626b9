/* rooms: wire keys ledger pay
 *
 * skw_pay: neighbours meter, vouch and settle on a real chain in memory. Truth is counted beside
 * them, cell by cell. Whatever is lost, repeated, reordered or killed: nobody is billed for more
 * than was delivered, both ends compute the same bill, and the coins on the chain are where the
 * bills say.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skw_pay_world.h"

static const uint64_t PRICE = 1000000; /* 1 SKY a MiB: a byte is worth almost a droplet */

static uint64_t truth_owed(unsigned payer, unsigned payee)
{
	return (w.truth[payer][payee].forth + w.truth[payer][payee].back) >> 20;
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
	w.random = 5;
	for (unsigned i = 0; i < 20000; i++) { /* noise is refused or harmless */
		size_t n = roll(200);

		for (size_t k = 0; k < n; k++)
			bad[k] = (uint8_t)roll(k < 3 ? 6 : 256);
		skw_pay_message_get(&back, bad, n);
	}
}

/* ---- the promise ---- */

struct chaos {
	unsigned parties, loss, repeat, kill, cell_loss;
};

static void check_never_too_much(void)
{
	for (unsigned i = 0; i < w.parties; i++)
		for (unsigned k = 0; k < w.parties; k++) {
			struct skw_pay_view payer, payee;

			if (!linked(i, k))
				continue;
			payer = account(i, k, SKW_PAY_PAYER);
			payee = account(k, i, SKW_PAY_PAYEE);
			assert_true(payer.owed <= truth_owed(i, k));
			assert_true(payer.settled + payer.vouched <= truth_owed(i, k));
			assert_true(payee.settled + payee.vouched <= truth_owed(i, k));
			assert_int_equal(payer.vouched % 1000, 0);
		}
}

/* Money is where the bills say: what a party has is what it had, less what it paid, more what it
 * earned. */
static void check_the_chain(void)
{
	for (unsigned i = 0; i < w.parties; i++) {
		uint64_t expected = 1000 * SKY + i * 1000;

		for (unsigned k = 0; k < w.parties; k++) {
			if (!linked(i, k))
				continue;
			assert_int_equal(account(i, k, SKW_PAY_PAYER).settled,
					 account(k, i, SKW_PAY_PAYEE).settled);
			expected += account(i, k, SKW_PAY_PAYEE).settled;
			expected -= account(i, k, SKW_PAY_PAYER).settled;
		}
		assert_int_equal(balance(i), expected);
	}
}

static void check_bills(void)
{
	for (unsigned i = 0; i < w.parties; i++)
		for (unsigned k = 0; k < w.parties; k++) {
			uint64_t truth = truth_owed(i, k), forgotten;
			struct skw_pay_view payer, payee;

			if (!linked(i, k))
				continue;
			payer = account(i, k, SKW_PAY_PAYER), payee = account(k, i, SKW_PAY_PAYEE);
			assert_int_equal(payer.owed, payee.owed);
			forgotten = (w.party[i].lives + w.party[k].lives - 2) *
					w.party[0].config.persist_bytes * PRICE >>
				    20;
			assert_true(payer.owed <= truth && payer.owed + forgotten >= truth);
			if (w.kills == 0)
				assert_int_equal(payer.owed, truth);
			assert_true(payer.settled + payer.vouched + 1000 >
				    payer.owed); /* and all but the rest is paid */
			assert_int_equal(payer.vouched, payee.vouched);
			assert_int_equal(payee.received_bytes + payer.received_bytes,
					 payer.billed_bytes);
		}
}

static void traffic(uint64_t us)
{
	for (uint64_t end = w.now + us; w.now < end; step((1 + roll(40)) * MILLI))
		for (unsigned n = roll(30); n > 0; n--) {
			unsigned payer = roll(w.parties), payee = roll(2) ? payer + 1 : payer - 1;

			if (payee < w.parties)
				cell(payer, payee, roll(3) > 0, 1 + roll(1500),
				     PRICE / (1 + roll(3)));
		}
}

static void turmoil(struct chaos c, uint32_t seed)
{
	uint64_t delivered = 0, settled = 0;
	unsigned posted;
	struct skw_pay_view v;

	world(c.parties, seed);
	for (unsigned i = 0; i < c.parties; i++)
		w.party[i].config.persist_bytes = 8192;
	world_start();
	run(3000 * MILLI);
	w.loss = c.loss, w.repeat = c.repeat, w.kill = c.kill, w.cell_loss = c.cell_loss;
	w.busy = true;
	for (unsigned round = 0; round < 12; round++) {
		traffic(10000 * MILLI);
		check_never_too_much();
	}
	/* calm */
	w.loss = w.repeat = w.kill = w.cell_loss = 0;
	w.busy = false;
	run(60000 * MILLI);
	check_never_too_much();
	check_bills();
	check_the_chain();
	posted = w.posted;
	run(30000 * MILLI);
	assert_int_equal(w.posted, posted); /* all is said: the links are silent */
	for (unsigned i = 0; i < w.parties; i++)
		for (unsigned k = 0; skw_pay_view(w.party[i].pay, k, &v); k++)
			if (v.role == SKW_PAY_PAYEE)
				delivered += v.owed, settled += v.settled;
	print_message("%u parties, %u killings: %.3f SKY delivered, %.3f settled\n", c.parties,
		      w.kills, (double)delivered / 1e6, (double)settled / 1e6);
	assert_true(settled > 4 * SKY);
	assert_true(c.kill == 0 || w.kills > 20);
	world_end(NULL);
}

static void two_in_calm(void **state)
{
	(void)state;
	turmoil((struct chaos) { .parties = 2 }, 1);
}

static void two_over_bad_links(void **state)
{
	(void)state;
	for (uint32_t seed = 10; seed < 14; seed++)
		turmoil((struct chaos) { .parties = 2, .loss = 20, .repeat = 15, .cell_loss = 3 },
			seed);
}

static void three_that_are_killed_at_any_instant(void **state)
{
	(void)state;
	for (uint32_t seed = 20; seed < 26; seed++)
		turmoil(
		    (struct chaos) {
			.parties = 3, .loss = 10, .repeat = 10, .kill = 60, .cell_loss = 2 },
		    seed);
}

static void four_with_everything(void **state)
{
	(void)state;
	turmoil(
	    (struct chaos) { .parties = 4, .loss = 20, .repeat = 20, .kill = 100, .cell_loss = 4 },
	    30);
}

/* Lies of every kind: whatever the payee claims, the payer pays for no more than it sent and
 * received. */
static void lies_cost_nobody_more_than_what_crossed(void **state)
{
	(void)state;
	for (uint32_t seed = 70; seed < 74; seed++) {
		world(2, seed);
		world_start();
		run(2000 * MILLI);
		w.mangle = 60;
		for (unsigned round = 0; round < 60; round++) {
			struct skw_pay_view payer;

			traffic(1000 * MILLI);
			payer = account(0, 1, SKW_PAY_PAYER);
			assert_true(payer.settled + payer.vouched <=
				    (w.truth[0][1].sent_forth + w.truth[0][1].back) >> 20);
			payer = account(1, 0, SKW_PAY_PAYER);
			assert_true(payer.settled + payer.vouched <=
				    (w.truth[1][0].sent_forth + w.truth[1][0].back) >> 20);
		}
		world_end(NULL);
	}
}

/* ---- credit ---- */

static void pour(unsigned payer, unsigned payee, uint64_t us)
{
	for (uint64_t end = w.now + us; w.now < end; step(20 * MILLI))
		for (unsigned n = 0; n < 20; n++)
			cell(payer, payee, n % 2, 1024, PRICE);
}

/* As a payer that only takes: whatever the relay admits crosses the link, and the payer counts
 * nothing. */
static void take(enum skw_pay_direction direction, uint64_t us)
{
	for (uint64_t end = w.now + us; w.now < end; step(20 * MILLI))
		for (unsigned n = 0; n < 20; n++) {
			if (!skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE))
				continue;
			skw_pay_meter(w.party[1].pay, w.now, w.party[0].key, SKW_PAY_PAYEE,
				      direction, 1024, PRICE);
			w.truth[0][1].forth += 1024 * PRICE;
		}
}

static void who_does_not_pay_is_stopped_at_the_limit(void **state)
{
	uint64_t limit, cost = 1024 * PRICE >> 20;

	(void)state;
	world(2, 40);
	w.blocked_kind = SKW_PAY_VOUCHER;
	world_start();
	limit = w.party[1].config.credit_limit;
	run(2000 * MILLI);
	take(SKW_PAY_RECEIVED, 30000 * MILLI);
	assert_false(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE));
	assert_true(w.party[1].stopped[0][SKW_PAY_PAYEE]);
	assert_int_equal(w.party[1].events[SKW_PAY_EVENT_STOPPED], 1);
	assert_in_range(truth_owed(0, 1), limit, limit + cost);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).credit_left, 0);
	/* the other direction is another account */
	assert_true(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYER));
}

static void who_denies_that_anything_arrives_is_stopped_as_well(void **state)
{
	uint64_t limit, cost = 1024 * PRICE >> 20;

	(void)state;
	world(2, 51);
	world_start();
	limit = w.party[1].config.credit_limit;
	run(2000 * MILLI);
	take(SKW_PAY_SENT, 60000 * MILLI); /* at our own cost: 50 permille of it */
	assert_false(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE));
	assert_in_range(truth_owed(0, 1), limit, limit * 1000 / 950 + 2 * cost);
}

static void a_payer_stops_itself_before_and_goes_on_when_it_has_paid(void **state)
{
	uint64_t limit, before;

	(void)state;
	world(2, 41);
	w.blocked_kind = SKW_PAY_VOUCHER;
	world_start();
	limit = w.party[1].config.credit_limit;
	run(2000 * MILLI);
	pour(0, 1, 30000 * MILLI);
	assert_in_range(truth_owed(0, 1), limit / 2, limit - 1);
	assert_true(w.party[0].stopped[1][SKW_PAY_PAYER]);
	assert_false(w.party[1].stopped[0][SKW_PAY_PAYEE]); /* the relay never had to */

	w.blocked_kind = 0;
	run(10000 * MILLI);
	assert_false(w.party[0].stopped[1][SKW_PAY_PAYER]);
	before = truth_owed(0, 1);
	pour(0, 1, 2000 * MILLI);
	assert_true(truth_owed(0, 1) > before + limit / 10);
}

static void vouchers_held_are_capped_too(void **state)
{
	(void)state;
	world(2, 42);
	w.party[1].config.settle_amount = 4 * SKY;
	w.party[1].config.unsettled_limit = 4 * SKY + 1;
	w.block_us = w.next_block = UINT64_MAX / 2; /* the chain stands still */
	world_start();
	run(2000 * MILLI);
	pour(0, 1, 60000 * MILLI);
	take(SKW_PAY_RECEIVED, 20000 * MILLI);
	assert_in_range(truth_owed(0, 1), 3 * SKY, 4 * SKY + 1 + 1024);
	assert_false(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE));
}

static void lost_cells_are_borne_up_to_the_agreed_part(void **state)
{
	(void)state;
	world(2, 43);
	w.cell_loss = 4; /* of 5 borne */
	w.block_us = 2000 * MILLI;
	w.party[1].config.credit_limit = SKY / 2;
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 60; i++)
		pour(0, 1,
		     4000 * MILLI); /* some 40 SKY: its losses alone are above the credit limit */
	run(20000 * MILLI);
	assert_true((w.truth[0][1].sent_back - w.truth[0][1].back) >> 20 >
		    w.party[1].config.credit_limit / 2);
	assert_true(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE));
	assert_true(account(1, 0, SKW_PAY_PAYEE).credit_left >
		    w.party[1].config.credit_limit * 9 / 10);
	check_bills();
}

static void prices_have_a_ceiling(void **state)
{
	(void)state;
	world(2, 44);
	w.party[0].config.max_price = PRICE / 2;
	world_start();
	run(2000 * MILLI);
	assert_false(skw_pay_price_ok(w.party[0].pay, PRICE));
	for (unsigned i = 0; i < 400;
	     i++) { /* the payee counts at the full price, the payer does not agree */
		assert_int_equal(skw_pay_meter(w.party[0].pay, w.now, w.party[1].key, SKW_PAY_PAYER,
					       SKW_PAY_SENT, 1024, PRICE),
				 SKW_PAY_PRICE);
		skw_pay_meter(w.party[1].pay, w.now, w.party[0].key, SKW_PAY_PAYEE,
			      SKW_PAY_RECEIVED, 1024, PRICE);
	}
	run(20000 * MILLI);
	assert_int_equal(w.party[0].events[SKW_PAY_EVENT_OVERCLAIM], 1);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).vouched,
			 400 * 1024 * (PRICE / 2) / 1048576 / 1000 * 1000);
}

static void no_coins_no_voucher(void **state)
{
	struct skw_coin_secret poor;

	(void)state;
	world(2, 45);
	skw_coin_secret_of_seed(&poor, (const uint8_t *)"poor", 4);
	w.party[0].secret = poor;
	assert_true(skw_address_of_secret(&w.party[0].wallet, &poor));
	w.party[0].config.wallet = w.party[0].wallet;
	world_start();
	run(2000 * MILLI);
	pour(0, 1, 20000 * MILLI);
	assert_int_equal(w.party[0].events[SKW_PAY_EVENT_NO_FUNDS], 1);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).vouched, 0);
	assert_true(w.party[0].stopped[1][SKW_PAY_PAYER]);
}

static void other_networks_are_noticed(void **state)
{
	(void)state;
	world(2, 46);
	w.party[0].config.network.b[0] ^= 1;
	world_start();
	run(5000 * MILLI);
	assert_true(w.party[1].events[SKW_PAY_EVENT_NETWORK] >= 1);
	assert_false(skw_pay_admitted(w.party[1].pay, w.party[0].key, SKW_PAY_PAYEE));
}

/* ---- orders ---- */

static void settle_and_close_when_told(void **state)
{
	(void)state;
	world(2, 47);
	world_start();
	run(2000 * MILLI);
	assert_int_equal(skw_pay_settle(w.party[1].pay, w.now, w.party[0].key), SKW_PAY_NOTHING);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI); /* due longer than pay_us */
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).vouched, 97000);
	assert_int_equal(skw_pay_settle(w.party[1].pay, w.now, w.party[0].key), SKW_PAY_OK);
	run(20000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 97000);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).settled, 97000);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).epoch, 2);
	assert_true(skw_sha256_equal(&w.party[0].last[SKW_PAY_EVENT_SETTLED].txid,
				     &w.party[1].last[SKW_PAY_EVENT_SETTLED].txid));

	for (unsigned i = 0; i < 10; i++)
		cell(0, 1, false, 1024, PRICE);
	skw_pay_close(w.party[0].pay, w.now);
	skw_pay_close(w.party[1].pay, w.now);
	run(30000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 97000 + 10000);
	check_the_chain();
}

static void age_settles(void **state)
{
	(void)state;
	world(2, 48);
	w.party[1].config.settle_us = 60000 * MILLI;
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(40000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 0);
	run(60000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 97000);
}

static void used_up_outputs_are_settled_and_replaced(void **state)
{
	(void)state;
	world(2, 49);
	w.party[0].config.reserve = SKY / 2; /* far below what the payee would settle by itself */
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 30; i++)
		pour(0, 1, 4000 * MILLI);
	assert_true(account(0, 1, SKW_PAY_PAYER).epoch >= 4);
	run(60000 * MILLI);
	check_bills();
	check_the_chain();
}

static void a_report_that_was_lost_is_given_again(void **state)
{
	(void)state;
	world(2, 52);
	world_start();
	run(2000 * MILLI);
	w.blocked_kind = SKW_PAY_METER;
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, i % 4 > 0, 1024, PRICE);
	run(10000 * MILLI);
	assert_int_not_equal(account(0, 1, SKW_PAY_PAYER).owed, account(1, 0, SKW_PAY_PAYEE).owed);
	w.blocked_kind = 0;
	run(20000 * MILLI);
	check_bills();
}

/* The payer signed more while the payee settled less, and heard of it only afterwards. */
static void a_settlement_heard_of_late_is_the_one_on_the_chain(void **state)
{
	(void)state;
	world(2, 53);
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI);
	w.blocked_kind = SKW_PAY_SETTLE;
	skw_pay_settle(w.party[1].pay, w.now, w.party[0].key);
	drain(1);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(30000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 97000);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).settled, 0);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).vouched, 195000);
	w.blocked_kind = 0;
	run(30000 * MILLI);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).settled, 97000);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).vouched, 98000);
	check_bills();
}

static void an_end_of_settling_that_was_not_heard_is_told_again(void **state)
{
	unsigned posted;

	(void)state;
	world(2, 54);
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI);
	w.blocked_kind = SKW_PAY_METER;
	skw_pay_settle(w.party[1].pay, w.now, w.party[0].key);
	run(30000 * MILLI);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).epoch, 2);
	posted = w.posted;
	run(10000 * MILLI);
	assert_true(w.posted > posted); /* the payee does not know */
	w.blocked_kind = 0;
	run(10000 * MILLI);
	posted = w.posted;
	run(10000 * MILLI);
	assert_int_equal(w.posted, posted);
}

static void a_settlement_that_never_was_is_not_believed(void **state)
{
	struct skw_pay_message m = { .kind = SKW_PAY_SETTLE, .role = SKW_PAY_PAYEE, .epoch = 1 };
	uint8_t data[SKW_PAY_MESSAGE_MAX];
	uint16_t len;

	(void)state;
	world(2, 55);
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI);
	m.u.settle.amount = 97000;
	memset(&m.u.settle.txid, 0x12, sizeof(m.u.settle.txid));
	len = skw_pay_message_put(data, &m);
	skw_pay_on_message(w.party[0].pay, w.now, w.party[1].key, data, len);
	drain(0);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).state, SKW_PAY_STATE_OPEN);
}

static void thresholds_bend_to_the_payee_s_limits(void **state)
{
	(void)state;
	world(2, 56);
	w.party[0].config.pay_threshold = 100 * SKY;
	w.party[0].config.pay_us = UINT64_MAX;
	w.party[1].config.unsettled_limit = 2 * SKY;
	w.party[1].config.settle_amount = 2 * SKY - 1; /* more than can ever be held */
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 30; i++)
		pour(0, 1, 4000 * MILLI);
	assert_true(account(1, 0, SKW_PAY_PAYEE).epoch >= 3);
}

static void outputs_set_aside_are_known(void **state)
{
	static struct listing l;

	(void)state;
	world(2, 50);
	world_start();
	run(2000 * MILLI);
	unspents(&l, &w.party[0].wallet);
	assert_int_equal(l.count, 1);
	assert_false(skw_pay_reserved(w.party[0].pay, &l.list[0].uxid));
	cell(0, 1, true, 1024, PRICE);
	run(3000 * MILLI);
	assert_true(skw_pay_reserved(w.party[0].pay, &l.list[0].uxid));
}

/* ---- bad vouchers ---- */

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
	killed(1); /* it is not forgotten */
	drain(1);
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

static void a_voucher_that_the_payer_settles_counts(void **state)
{
	struct skw_pay_message m;

	(void)state;
	world(2, 63);
	world_start();
	run(2000 * MILLI);
	for (unsigned i = 0; i < 100; i++)
		cell(0, 1, true, 1024, PRICE);
	run(20000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).vouched, 97000);
	{ /* the payer's record holds the voucher: find the transaction in what it persisted by
	     asking the wire again */
		struct skw_pay_output out;
		bool found = false;

		skw_pay_free(w.party[0].pay);
		born(0);
		w.blocked_kind = 0;
		/* an accepted voucher is not sent again, so take it from the payee's side of the
		 * world */
		skw_pay_settle(w.party[1].pay, w.now, w.party[0].key);
		while (skw_pay_poll(w.party[1].pay, w.now, &out)) {
			if (out.type ==
			    SKW_PAY_INJECT) { /* the payer was quicker with the same transaction */
				assert_int_equal(skw_chain_inject(w.chain, out.data, out.len,
								  SKW_INJECT_USER, unix_now(), NULL,
								  NULL),
						 SKW_CHAIN_OK);
				block();
				found = true;
			}
			act(1, &out);
		}
		assert_true(found);
	}
	run(20000 * MILLI);
	assert_int_equal(account(1, 0, SKW_PAY_PAYEE).settled, 97000);
	assert_int_equal(account(0, 1, SKW_PAY_PAYER).settled, 97000);
	(void)m;
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
		cmocka_unit_test(units_are_exact),
		cmocka_unit_test(messages_survive_the_wire_and_nothing_else_does),
		cmocka_unit_test_teardown(two_in_calm, world_end),
		cmocka_unit_test_teardown(two_over_bad_links, world_end),
		cmocka_unit_test_teardown(three_that_are_killed_at_any_instant, world_end),
		cmocka_unit_test_teardown(four_with_everything, world_end),
		cmocka_unit_test_teardown(lies_cost_nobody_more_than_what_crossed, world_end),
		cmocka_unit_test_teardown(who_does_not_pay_is_stopped_at_the_limit, world_end),
		cmocka_unit_test_teardown(who_denies_that_anything_arrives_is_stopped_as_well,
					  world_end),
		cmocka_unit_test_teardown(a_payer_stops_itself_before_and_goes_on_when_it_has_paid,
					  world_end),
		cmocka_unit_test_teardown(vouchers_held_are_capped_too, world_end),
		cmocka_unit_test_teardown(lost_cells_are_borne_up_to_the_agreed_part, world_end),
		cmocka_unit_test_teardown(prices_have_a_ceiling, world_end),
		cmocka_unit_test_teardown(no_coins_no_voucher, world_end),
		cmocka_unit_test_teardown(other_networks_are_noticed, world_end),
		cmocka_unit_test_teardown(settle_and_close_when_told, world_end),
		cmocka_unit_test_teardown(age_settles, world_end),
		cmocka_unit_test_teardown(used_up_outputs_are_settled_and_replaced, world_end),
		cmocka_unit_test_teardown(a_report_that_was_lost_is_given_again, world_end),
		cmocka_unit_test_teardown(a_settlement_heard_of_late_is_the_one_on_the_chain,
					  world_end),
		cmocka_unit_test_teardown(outputs_that_are_leaving_are_not_set_aside, world_end),
		cmocka_unit_test_teardown(an_end_of_settling_that_was_not_heard_is_told_again,
					  world_end),
		cmocka_unit_test_teardown(a_settlement_that_never_was_is_not_believed, world_end),
		cmocka_unit_test_teardown(thresholds_bend_to_the_payee_s_limits, world_end),
		cmocka_unit_test_teardown(hours_are_judged_by_the_newest_head, world_end),
		cmocka_unit_test_teardown(outputs_set_aside_are_known, world_end),
		cmocka_unit_test_teardown(bad_vouchers_are_named, world_end),
		cmocka_unit_test_teardown(spent_inputs_are_remembered_with_the_proof, world_end),
		cmocka_unit_test_teardown(what_is_being_spent_buys_nothing, world_end),
		cmocka_unit_test_teardown(a_theft_on_its_way_is_raced, world_end),
		cmocka_unit_test_teardown(a_voucher_that_the_payer_settles_counts, world_end),
		cmocka_unit_test_teardown(records_that_are_broken_are_refused, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
