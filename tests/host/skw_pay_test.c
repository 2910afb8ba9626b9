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

static uint64_t truth_owed(unsigned payer, unsigned payee)
{
	return (w.truth[payer][payee].forth + w.truth[payer][payee].back) >> 20;
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

/* Both ends hold the same receipts, over all that was delivered up to the last of them. */
static unsigned check_receipts(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < w.parties; i++)
		for (unsigned n = 0; n < w.party[i].kepts; n++) {
			const struct kept *ours = &w.party[i].kept[n], *theirs = NULL;
			const struct party *other = &w.party[ours->peer];
			struct skw_pay_view v = account(i, ours->peer, ours->role);
			struct skw_receipt r;

			for (unsigned k = 0; k < other->kepts; k++)
				if (other->kept[k].peer == i && other->kept[k].role != ours->role &&
				    other->kept[k].until == ours->until)
					theirs = &other->kept[k];
			assert_non_null(theirs);
			assert_memory_equal(ours->data, theirs->data, SKW_RECEIPT_LEN);
			skw_receipt_get(&r, ours->data, SKW_RECEIPT_LEN);
			assert_true(
			    (ours->role == SKW_PAY_PAYEE ? r.all_forth.bytes : r.all_back.bytes) <=
			    v.received_bytes);
			assert_true(skw_receipt_owed(&r) <= v.owed);
			count++;
		}
	return count;
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
	assert_true(check_receipts() > 8);
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

/* Of the newest receipt of what `i` pays to `peer`. */
static struct skw_statement last_statement(unsigned i, unsigned peer)
{
	struct skw_receipt r = { 0 }, each;

	for (unsigned n = 0; n < w.party[i].kepts; n++)
		if (w.party[i].kept[n].peer == peer &&
		    skw_receipt_get(&each, w.party[i].kept[n].data, SKW_RECEIPT_LEN) ==
			SKW_RECEIPT_OK &&
		    memcmp(each.payer, w.party[i].key, SKW_PAY_KEY) == 0)
			r = each;
	return (
	    struct skw_statement) { r.since, r.until, r.forth, r.back, r.all_forth, r.all_back };
}

/* The payee's proposal, signed with its own key, whatever it states. */
static void propose(const struct skw_statement *s)
{
	struct skw_pay_message m = { .kind = SKW_PAY_RECEIPT, .role = SKW_PAY_PAYEE, .epoch = 1 };
	uint8_t data[SKW_PAY_MESSAGE_MAX];
	struct skw_receipt r = { .network = w.party[1].config.network,
				 .payee_wallet = w.party[1].wallet,
				 .payer_wallet = w.party[0].wallet,
				 .since = s->since,
				 .until = s->until,
				 .forth = s->forth,
				 .back = s->back,
				 .all_forth = s->all_forth,
				 .all_back = s->all_back };
	struct skw_sha256 hash;
	uint16_t len;

	memcpy(r.payee, w.party[1].key, SKW_PAY_KEY);
	memcpy(r.payer, w.party[0].key, SKW_PAY_KEY);
	skw_receipt_hash(&hash, &r);
	m.u.receipt.statement = *s;
	assert_true(skw_coin_sign(&m.u.receipt.sig, &hash, &w.party[1].secret));
	len = skw_pay_message_put(data, &m);
	assert_int_equal(skw_pay_on_message(w.party[0].pay, w.now, w.party[1].key, data, len),
			 SKW_PAY_OK);
	drain(0);
}

/* A payer signs no more than it knows, no hour twice, none that is not over. */
static void a_payee_that_overstates_gets_no_signature(void **state)
{
	struct skw_statement good, s;
	unsigned kept;

	(void)state;
	world(2, 3);
	world_start();
	run(1000 * MILLI);
	traffic(40000 * MILLI);
	run(20000 * MILLI);
	kept = w.party[0].kepts;
	assert_true(kept > 0);
	good = last_statement(0, 1);
	run(32000 * MILLI); /* two quiet hours: an hour after the last is past as well */
	assert_int_equal(w.party[0].kepts, kept);
	s = good, s.since = good.until, s.until += 3600, s.back = 0; /* never sent */
	s.forth = account(0, 1, SKW_PAY_PAYER).sent_bytes + 1 - good.all_forth.bytes;
	s.all_forth.bytes += s.forth;
	propose(&s);
	s = good, s.until += 3600, s.forth = s.back = 0; /* from before the last one's end */
	propose(&s);
	s = good, s.until += 3600; /* the same bytes again */
	propose(&s);
	s = good, s.all_forth.bytes--, s.forth--; /* another statement of an hour that is signed */
	propose(&s);
	s = good, s.since = good.until, s.until += 3600 * 1000, s.forth = s.back = 0;
	propose(&s); /* of the future */
	assert_int_equal(w.party[0].kepts, kept);
	assert_true(w.party[0].events[SKW_PAY_EVENT_RECEIPT_REFUSED] >= 3);
	propose(&good); /* our answer was lost: the very same once more is well */
	assert_int_equal(w.party[0].kepts, kept);
	world_end(NULL);
}

/* What the payer has not signed is no receipt: the payee asks on, and keeps nothing. */
static void an_answer_signed_wrongly_is_no_receipt(void **state)
{
	(void)state;
	world(2, 4);
	world_start();
	run(1000 * MILLI);
	w.bend_answers = true;
	traffic(40000 * MILLI);
	run(20000 * MILLI);
	assert_int_equal(w.party[1].kepts, 0);
	w.bend_answers = false;
	run(20000 * MILLI);
	assert_true(w.party[1].kepts > 0); /* the same ones, once they come */
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

/* The power fails: what was not written out for sure is gone. A payee may lose up to twice what it
 * lends, and nobody pays twice, nobody is taken for a liar, and dealings go on. */
static void power_cuts_cost_no_more_than_was_lent(void **state)
{
	(void)state;
	for (uint32_t seed = 80; seed < 84; seed++) {
		uint64_t before[2], lost;

		world(2, seed);
		for (unsigned i = 0; i < 2; i++)
			w.party[i].config.persist_bytes = 8192;
		world_start();
		run(3000 * MILLI);
		traffic(1000 * MILLI); /* there are records */
		w.kill = 60, w.cut = 50, w.loss = 5;
		for (unsigned round = 0; round < 12; round++) {
			traffic(10000 * MILLI);
			check_never_too_much();
		}
		w.kill = w.loss = 0;
		run(60000 * MILLI);
		check_the_chain();
		assert_true(w.cuts > 10);
		for (unsigned i = 0; i < 2; i++) {
			before[i] = account(i, 1 - i, SKW_PAY_PAYER).owed;
			assert_int_equal(w.party[i].events[SKW_PAY_EVENT_OVERCLAIM], 0);
		}
		traffic(60000 * MILLI);
		run(60000 * MILLI);
		check_never_too_much();
		for (unsigned i = 0; i < 2; i++) {
			struct skw_pay_view payer = account(i, 1 - i, SKW_PAY_PAYER);

			lost = truth_owed(i, 1 - i) - payer.owed;
			print_message("%u cuts, %u killings: %.3f SKY of %.3f are lost\n", w.cuts,
				      w.kills - w.cuts, (double)lost / 1e6,
				      (double)truth_owed(i, 1 - i) / 1e6);
			assert_true(payer.owed > before[i] && payer.admitted);
			assert_true(account(1 - i, i, SKW_PAY_PAYEE).admitted);
			assert_true(lost <= w.kills * 2 * w.party[i].config.credit_limit);
			assert_true(payer.settled + payer.vouched + 1000 > payer.owed);
		}
		world_end(NULL);
	}
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

static void link_anew(void)
{
	skw_pay_on_link(w.party[0].pay, w.now, w.party[1].key, false);
	skw_pay_on_link(w.party[0].pay, w.now, w.party[1].key, true);
}

/* What the payee lost, a credit limit and a voucher at most, it gets again when the link comes up,
 * though it had accepted it. */
static void a_voucher_that_a_power_cut_took_is_sent_again(void **state)
{
	uint64_t vouched, left, credit, lost = 0;

	(void)state;
	for (unsigned ms = 600; ms <= 3000; ms += 300) {
		world(2, 58);
		credit = w.party[1].config.credit_limit;
		w.party[1].config.settle_amount = 90 * SKY;
		w.party[1].config.unsettled_limit = 100 * SKY;
		world_start();
		run(2000 * MILLI);
		pour(0, 1, ms * MILLI);
		run(1000 * MILLI); /* no receipts yet: they are written out */
		vouched = account(1, 0, SKW_PAY_PAYEE).vouched;
		power_cut(&w.party[1]);
		killed(1);
		left = account(1, 0, SKW_PAY_PAYEE).vouched;
		assert_true(left <= vouched && left + credit + credit / 4 > vouched);
		lost += vouched - left;
		link_anew();
		run(15000 * MILLI);
		assert_true(account(1, 0, SKW_PAY_PAYEE).vouched >= vouched);
		world_end(NULL);
	}
	assert_true(lost > 0);
}

/* `cells` of a KiB each, all known to the payee, then no power at the payer. */
static void send_and_cut(unsigned cells, uint64_t price)
{
	for (unsigned i = 0; i < cells; i++) {
		assert_true(cell(0, 1, true, 1024, price));
		if (i % 8 == 7)
			drain(0);
	}
	power_cut(&w.party[0]);
	killed(0);
	link_anew();
}

/* A payer that lost its count of what it sent adds what can be missing, in bytes and in money, also
 * if it happens again and again: the payee is right and it sees that. */
static void a_payer_makes_up_for_power_cuts(void **state)
{
	(void)state;
	for (unsigned again = 0; again < 2; again++) {
		world(2, 61);
		w.party[0].config.persist_bytes = w.party[1].config.persist_bytes = 8192;
		w.party[0].config.sync_bytes = again ? 1 << 20 : 65536;
		world_start();
		run(2000 * MILLI);
		cell(0, 1, true, 1024, PRICE);
		run(15000 * MILLI);
		w.blocked_kind = SKW_PAY_METER; /* no vouchers, which would be written out */
		for (unsigned i = 0; i < 3; i++)
			if (again)
				send_and_cut(100, PRICE);
			else
				send_and_cut(i == 1 ? 2000 : 60, 1000);
		w.blocked_kind = 0;
		run(20000 * MILLI);
		assert_int_equal(w.party[0].events[SKW_PAY_EVENT_OVERCLAIM], 0);
		assert_true(account(0, 1, SKW_PAY_PAYER).sent_bytes >=
			    account(1, 0, SKW_PAY_PAYEE).received_bytes);
		assert_int_equal(account(0, 1, SKW_PAY_PAYER).owed, truth_owed(0, 1));
		world_end(NULL);
	}
}

/* What is made up the payee comes to know, so that it is at stake no more: ends without a byte
 * between them do not use up the credit, though each makes up for more than all of it. */
static void a_payer_that_ends_often_may_go_on_sending(void **state)
{
	(void)state;
	world(2, 62);
	w.party[1].config.credit_limit = SKY / 5;
	world_start();
	run(2000 * MILLI);
	cell(0, 1, true, 1024, PRICE);
	run(15000 * MILLI);
	for (unsigned i = 0; i < 10; i++) {
		killed(0);
		link_anew();
		run(5000 * MILLI);
		assert_true(skw_pay_admitted(w.party[0].pay, w.party[1].key, SKW_PAY_PAYER));
	}
	assert_true(cell(0, 1, true, 1024, PRICE));
	run(20000 * MILLI);
	check_bills();
}

/* Fast traffic: a voucher for each step would be hundreds a second, a report for each voucher's
 * worth none at all; neither end stops the other meanwhile. */
static void fast_traffic_one_way_costs_few_signatures_and_never_stops(void **state)
{
	uint64_t start, sent = 0, cells = 0, credit;
	unsigned vouchers;

	(void)state;
	world(2, 59);
	credit = w.party[1].config.credit_limit;
	w.party[0].config.pay_threshold = 1000;
	w.party[1].config.settle_amount = 90 * SKY; /* no settlement meanwhile */
	w.party[1].config.unsettled_limit = 100 * SKY;
	world_start();
	run(2000 * MILLI);
	pour(0, 1, 200 * MILLI); /* the first voucher waits for the ledger */
	run(15000 * MILLI);
	vouchers = w.party[0].events[SKW_PAY_EVENT_VOUCHER_SENT];
	start = w.now;
	/* some 6 % of the credit limit each 20 ms, and only the payer sends */
	while (w.now - start < 1500 * MILLI) {
		for (unsigned n = 0; n < 60; n++, cells++)
			sent += cell(0, 1, true, 1024, PRICE);
		step(20 * MILLI);
	}
	vouchers = w.party[0].events[SKW_PAY_EVENT_VOUCHER_SENT] - vouchers;
	assert_int_equal(sent, cells);
	assert_int_equal(w.party[0].events[SKW_PAY_EVENT_STOPPED], 0);
	assert_int_equal(w.party[1].events[SKW_PAY_EVENT_STOPPED], 0);
	assert_in_range(vouchers, truth_owed(0, 1) / credit * 2, 24);
}

static void neighbours_whose_keys_begin_alike_are_told_apart(void **state)
{
	uint8_t key[2][SKW_PAY_KEY] = { { 7, 1 }, { 7, 2 } };
	struct skw_pay_view v;

	(void)state;
	world(2, 60);
	world_start();
	for (unsigned i = 0; i < 30; i++)
		skw_pay_meter(w.party[0].pay, w.now, key[i % 3 == 0], SKW_PAY_PAYEE,
			      SKW_PAY_RECEIVED, 100, PRICE);
	for (unsigned i = 0; skw_pay_view(w.party[0].pay, i, &v); i++)
		assert_int_equal(v.received_bytes, v.peer[1] == 1 ? 2000 : 1000);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(two_in_calm, world_end),
		cmocka_unit_test_teardown(a_payee_that_overstates_gets_no_signature, world_end),
		cmocka_unit_test_teardown(an_answer_signed_wrongly_is_no_receipt, world_end),
		cmocka_unit_test_teardown(two_over_bad_links, world_end),
		cmocka_unit_test_teardown(three_that_are_killed_at_any_instant, world_end),
		cmocka_unit_test_teardown(four_with_everything, world_end),
		cmocka_unit_test_teardown(power_cuts_cost_no_more_than_was_lent, world_end),
		cmocka_unit_test_teardown(a_voucher_that_a_power_cut_took_is_sent_again, world_end),
		cmocka_unit_test_teardown(a_payer_makes_up_for_power_cuts, world_end),
		cmocka_unit_test_teardown(a_payer_that_ends_often_may_go_on_sending, world_end),
		cmocka_unit_test_teardown(fast_traffic_one_way_costs_few_signatures_and_never_stops,
					  world_end),
		cmocka_unit_test_teardown(neighbours_whose_keys_begin_alike_are_told_apart,
					  world_end),
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
		cmocka_unit_test_teardown(an_end_of_settling_that_was_not_heard_is_told_again,
					  world_end),
		cmocka_unit_test_teardown(a_settlement_that_never_was_is_not_believed, world_end),
		cmocka_unit_test_teardown(thresholds_bend_to_the_payee_s_limits, world_end),
		cmocka_unit_test_teardown(outputs_set_aside_are_known, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
