/* rooms: wire keys link onion session
 *
 * Whole nodes on bad wires in virtual time: links, directory, circuits, streams, bills. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skw_net_sim.h"

#define SECOND UINT64_C(1000000)

static struct sim sim;

/* So fast that no queue fills: nothing is lost, so both ends of a link must count the same. */
static const struct sim_wire fast = { .delay_us = 5000, .ns_per_byte = 0 };
static const struct sim_wire clean = { .delay_us = 5000, .ns_per_byte = 200 };
static const struct sim_wire bad = {
	.delay_us = 8000,
	.jitter_us = 6000,
	.loss = 200,
	.duplicate = 200,
	.ns_per_byte = 400,
};

static int fresh(void **state)
{
	(void)state;
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	sim_free(&sim);
	return 0;
}

/* a - b - c - d - e in a row */
static void line(unsigned count, const struct sim_wire *wire, uint64_t seed)
{
	sim_new(&sim, count, seed);
	for (unsigned i = 0; i + 1 < count; i++)
		sim_join(&sim, i, i + 1, wire);
}

static bool directory_known(struct sim *s)
{
	for (unsigned i = 0; i < s->count; i++)
		for (unsigned j = 0; j < s->count; j++) {
			const struct skw_descriptor *d =
			    skw_directory_find(s->nodes[i].dir, &s->nodes[j].identity.address);
			unsigned want = j == 0 || j == s->count - 1 ? 1 : 2;

			if (d == NULL || d->link_count != want)
				return false;
		}
	return true;
}

static bool circuit_settled(struct sim *s)
{
	return s->nodes[0].circuit_up || s->nodes[0].circuit_down;
}

static void build(unsigned to, int relays)
{
	assert_true(sim_build(&sim, 0, to, relays));
	assert_true(sim_until(&sim, 60 * SECOND, circuit_settled));
	assert_true(sim.nodes[0].circuit_up);
}

static void open_stream(unsigned to, const char *name, uint64_t up, uint64_t down)
{
	struct sim_node *a = &sim.nodes[0], *b = &sim.nodes[to];

	a->app = (struct sim_app) { .to_write = up, .salt_out = 1, .salt_in = 2, .open = true };
	b->app = (struct sim_app) { .to_write = down, .salt_out = 2, .salt_in = 1 };
	assert_int_equal(skw_session_connect(a->session, a->circuit, &b->identity.address,
					     sim.now_us, &a->app.session),
			 SKW_SESSION_OK);
	assert_int_equal(
	    skw_session_open(a->session, a->app.session, name, sim.now_us, &a->app.stream),
	    SKW_SESSION_OK);
	sim_pump(&sim, a);
}

static bool transfer_done(struct sim *s)
{
	const struct sim_app *a = &s->nodes[0].app, *b = &s->nodes[s->count - 1].app;

	return a->finished && b->finished;
}

static void assert_transferred(uint64_t up, uint64_t down)
{
	const struct sim_app *a = &sim.nodes[0].app, *b = &sim.nodes[sim.count - 1].app;

	assert_false(a->wrong || b->wrong);
	assert_int_equal(b->read, up);
	assert_int_equal(a->read, down);
	assert_true(a->ended && b->ended);
}

/* What each end of a link counted must agree: nothing is lost on a clean wire. */
static void assert_bills_agree(unsigned payer, unsigned payee)
{
	const struct sim_node *p = &sim.nodes[payer], *q = &sim.nodes[payee];

	assert_int_equal(p->metered[payee][SKW_ONION_PAYER][1],
			 q->metered[payer][SKW_ONION_PAYEE][0]);
	assert_int_equal(p->metered[payee][SKW_ONION_PAYER][0],
			 q->metered[payer][SKW_ONION_PAYEE][1]);
	assert_int_equal(p->money[payee][SKW_ONION_PAYER], q->money[payer][SKW_ONION_PAYEE]);
	assert_true(p->metered[payee][SKW_ONION_PAYER][1] > 0);
}

static void a_megabyte_each_way_and_the_bill(void **state)
{
	uint64_t bytes;

	(void)state;
	line(5, &fast, 1);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(4, 3);
	open_stream(4, "files", 1 << 20, 1 << 20);
	assert_true(sim_until(&sim, 120 * SECOND, transfer_done));
	assert_transferred(1 << 20, 1 << 20);
	sim_run(&sim, SECOND);
	for (unsigned i = 0; i < 4; i++)
		assert_bills_agree(i, i + 1);
	/* three relays at 100 droplets: the first is paid 300 a MiB, the last 100, the end none */
	bytes = sim.nodes[0].metered[1][SKW_ONION_PAYER][0] +
		sim.nodes[0].metered[1][SKW_ONION_PAYER][1];
	assert_true(bytes > 2 << 20);
	assert_int_equal(sim.nodes[0].money[1][SKW_ONION_PAYER], 300 * bytes);
	assert_int_equal(sim.nodes[2].money[3][SKW_ONION_PAYER] /
			     (sim.nodes[2].metered[3][SKW_ONION_PAYER][0] +
			      sim.nodes[2].metered[3][SKW_ONION_PAYER][1]),
			 100);
	assert_int_equal(sim.nodes[3].money[4][SKW_ONION_PAYER], 0);
}

static void lost_doubled_and_disordered_frames_change_nothing(void **state)
{
	(void)state;
	line(5, &bad, 2);
	assert_true(sim_until(&sim, 60 * SECOND, directory_known));
	build(4, 3);
	open_stream(4, "files", 1 << 20, 1 << 20);
	assert_true(sim_until(&sim, 600 * SECOND, transfer_done));
	assert_transferred(1 << 20, 1 << 20);
	assert_int_equal(skw_onion_counters(sim.nodes[2].onion)->tampered, 0);
	assert_true(skw_link_counters(sim.nodes[2].link)->replayed > 0); /* the doubled ones */
	assert_int_equal(sim.nodes[2].ups, 2);
	assert_int_equal(sim.nodes[2].downs, 0);
}

static void flipped_bits_are_counted_and_repaired(void **state)
{
	struct sim_wire flipping = clean;
	const struct skw_link_counters *c;

	(void)state;
	flipping.flip = 300;
	line(4, &flipping, 3);
	assert_true(sim_until(&sim, 60 * SECOND, directory_known));
	build(3, 2);
	open_stream(3, "files", 300000, 300000);
	assert_true(sim_until(&sim, 300 * SECOND, transfer_done));
	assert_transferred(300000, 300000);
	c = skw_link_counters(sim.nodes[1].link);
	assert_true(c->forged + c->garbage + c->replayed > 0);
}

static void garbage_is_answered_with_silence(void **state)
{
	struct skw_link_endpoint from = { .len = 1, .addr = { 1 } };
	struct skw_link_counters before;
	uint8_t junk[SKW_LINK_FRAME_MAX + 10];
	struct skw_link_out out;

	(void)state;
	line(2, &clean, 4);
	sim_run(&sim, 5 * SECOND);
	before = *skw_link_counters(sim.nodes[0].link);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = skw_random_u32(&sim.random) % sizeof(junk);

		skw_random_bytes(&sim.random, junk, len);
		if (len > 0 && i % 2)
			junk[0] = (uint8_t)(i % 5);
		assert_int_equal(skw_link_receive(sim.nodes[0].link, &from, junk, len, sim.now_us),
				 SKW_LINK_DROPPED);
		assert_false(skw_link_poll(sim.nodes[0].link, &out));
	}
	assert_true(skw_link_counters(sim.nodes[0].link)->garbage > before.garbage + 1000);
	/* and authentic garbage: a neighbour that sends nonsense */
	for (unsigned i = 0; i < 5000; i++) {
		size_t len = i % 3 == 0 ? SKW_CELL_SMALL : i % 3 == 1 ? SKW_CELL_FULL : i % 1400;

		skw_random_bytes(&sim.random, junk, len);
		if (len > 4)
			junk[4] = (uint8_t)(i % 7);
		skw_onion_receive(sim.nodes[0].onion, sim.nodes[0].peer_of[1], junk, len,
				  sim.now_us);
		sim_onion(&sim, &sim.nodes[0]);
		skw_session_receive(sim.nodes[0].session, 7, junk, len, sim.now_us);
		skw_directory_receive(sim.nodes[0].dir, 1, junk, len, SIM_UNIX);
	}
	sim_run(&sim, 5 * SECOND);
	assert_true(skw_onion_counters(sim.nodes[0].onion)->malformed > 1000);
	assert_true(sim.nodes[0].neighbours[1]);
}

static bool half_way(struct sim *s)
{
	return s->nodes[s->count - 1].app.read > 300000;
}

static bool circuit_gone(struct sim *s)
{
	return s->nodes[0].circuit_down;
}

static void a_stream_survives_the_restart_of_a_relay(void **state)
{
	struct sim_node *a;

	(void)state;
	line(4, &clean, 5);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(3, 2);
	open_stream(3, "files", 1 << 20, 400000);
	assert_true(sim_until(&sim, 60 * SECOND, half_way));

	sim_kill(&sim, 1);
	sim_start(&sim, 1);
	sim_call(&sim, 1, 0);
	sim_call(&sim, 1, 2);
	assert_true(sim_until(&sim, 60 * SECOND, circuit_gone));
	assert_true(sim_until(&sim, 60 * SECOND, directory_known));
	build(3, 2);
	a = &sim.nodes[0];
	assert_int_equal(skw_session_move(a->session, a->app.session, a->circuit, sim.now_us),
			 SKW_SESSION_OK);
	sim_pump(&sim, a);
	assert_true(sim_until(&sim, 120 * SECOND, transfer_done));
	assert_transferred(1 << 20, 400000);
}

static uint32_t cells_queued(const struct sim_node *n)
{
	const struct skw_onion_counters *c = skw_onion_counters(n->onion);

	return (uint32_t)c->dropped;
}

static void a_slow_reader_stops_the_writer(void **state)
{
	struct sim_app *b;

	(void)state;
	line(4, &clean, 6);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(3, 2);
	open_stream(3, "files", 2 << 20, 0);
	b = &sim.nodes[3].app;
	b->stall = true;
	sim_run(&sim, 30 * SECOND);
	assert_int_equal(b->read, 0);
	/* the receiver's window and the sender's buffer are full as they began, and that is all */
	assert_int_equal(sim.nodes[0].app.written, 2 * 65536);
	assert_int_equal(cells_queued(&sim.nodes[1]), 0);
	b->stall = false;
	sim_app_read(&sim, &sim.nodes[3]);
	sim_pump(&sim, &sim.nodes[3]);
	assert_true(sim_until(&sim, 120 * SECOND, transfer_done));
	assert_transferred(2 << 20, 0);
}

static bool was_reset(struct sim *s)
{
	return s->nodes[0].app.resets > 0;
}

static void an_unknown_service_is_refused(void **state)
{
	(void)state;
	line(3, &clean, 7);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(2, 1);
	open_stream(2, "nothing", 1000, 0);
	assert_true(sim_until(&sim, 30 * SECOND, was_reset));
	assert_int_equal(sim.nodes[0].app.code, SKW_SESSION_NO_SERVICE);
	assert_false(sim.nodes[0].app.accepted);
}

static void a_relay_that_changes_bits_is_found_out(void **state)
{
	(void)state;
	line(5, &clean, 8);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(4, 3);
	sim.nodes[2].tamper = true;
	open_stream(4, "files", 10000, 10000);
	assert_true(sim_until(&sim, 30 * SECOND, circuit_gone));
	assert_int_equal(sim.nodes[0].reason, SKW_ONION_TAMPERED);
	assert_true(skw_onion_counters(sim.nodes[4].onion)->tampered == 1);
	assert_int_equal(sim.nodes[4].app.read, 0);
}

static void too_low_an_offer_is_refused(void **state)
{
	struct skw_path path;
	struct skw_path_request request;

	(void)state;
	line(4, &clean, 9);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	request = (struct skw_path_request) {
		.from = sim.nodes[0].identity.address,
		.to = sim.nodes[3].identity.address,
		.relays = -1,
	};
	assert_true(skw_path_find(sim.nodes[0].dir, &request, &path));
	assert_int_equal(path.count, 3);
	assert_int_equal(path.offer[0], 200);
	assert_int_equal(path.offer[1], 100);
	assert_int_equal(path.offer[2], 0);
	path.offer[0]--;
	assert_int_equal(skw_onion_build(sim.nodes[0].onion, path.hops, path.offer, 3, sim.now_us,
					 &sim.nodes[0].circuit),
			 SKW_ONION_OK);
	sim_pump(&sim, &sim.nodes[0]);
	assert_true(sim_until(&sim, 30 * SECOND, circuit_gone));
	assert_int_equal(sim.nodes[0].reason, SKW_ONION_PRICE);
	assert_int_equal(skw_onion_counters(sim.nodes[1].onion)->refused, 1);
}

/* What the relay earns for a byte that alice's circuits carry: exact, so all of it is one price. */
static uint64_t price_of_a_byte(void)
{
	struct sim_node *relay = &sim.nodes[1];
	uint64_t bytes =
	    relay->metered[0][SKW_ONION_PAYEE][0] + relay->metered[0][SKW_ONION_PAYEE][1];
	uint64_t money = relay->money[0][SKW_ONION_PAYEE];

	assert_true(bytes > 10000);
	assert_int_equal(money % bytes, 0);
	memset(relay->metered, 0, sizeof(relay->metered));
	memset(relay->money, 0, sizeof(relay->money));
	return money / bytes;
}

/* docs/payment.md: a circuit keeps the price that both ends agreed on when it was built. */
static void a_new_price_counts_for_new_circuits_alone(void **state)
{
	struct skw_path_request request;
	struct skw_path path;

	(void)state;
	line(3, &clean, 10);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(2, 1);
	open_stream(2, "files", 10000, 10000);
	assert_true(sim_until(&sim, 30 * SECOND, transfer_done));
	assert_int_equal(price_of_a_byte(), 100);

	for (uint32_t number = 1; number < 8; number++)
		skw_onion_set_price(sim.nodes[1].onion, number, 300);
	open_stream(2, "files", 10000, 10000);
	assert_true(sim_until(&sim, 30 * SECOND, transfer_done));
	assert_int_equal(price_of_a_byte(), 100); /* nobody agreed on more */

	request = (struct skw_path_request) {
		.from = sim.nodes[0].identity.address,
		.to = sim.nodes[2].identity.address,
		.relays = -1,
	};
	assert_true(skw_path_find(sim.nodes[0].dir, &request, &path));
	assert_int_equal(path.offer[0], 100); /* the new descriptor has not come yet */
	assert_int_equal(skw_onion_build(sim.nodes[0].onion, path.hops, path.offer, 2, sim.now_us,
					 &sim.nodes[0].circuit),
			 SKW_ONION_OK);
	sim.nodes[0].circuit_down = false;
	sim_pump(&sim, &sim.nodes[0]);
	assert_true(sim_until(&sim, 30 * SECOND, circuit_gone));
	assert_int_equal(sim.nodes[0].reason, SKW_ONION_PRICE);
}

static bool ten_kilobytes(struct sim *s)
{
	return s->nodes[s->count - 1].app.read > 100000;
}

static void without_admission_nothing_is_relayed_and_little_waits(void **state)
{
	struct sim_node *relay;
	uint64_t read, out;

	(void)state;
	line(4, &clean, 10);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(3, 2);
	open_stream(3, "files", 1 << 20, 0);
	assert_true(sim_until(&sim, 60 * SECOND, ten_kilobytes));
	relay = &sim.nodes[1];
	skw_onion_set_admission(relay->onion, relay->peer_of[0], false);
	sim_run(&sim, SECOND / 10);
	read = sim.nodes[3].app.read;
	out = relay->metered[0][SKW_ONION_PAYEE][1];
	sim_run(&sim, 5 * SECOND);
	assert_int_equal(sim.nodes[3].app.read, read);
	assert_int_equal(relay->metered[0][SKW_ONION_PAYEE][1], out);
	skw_onion_set_admission(relay->onion, relay->peer_of[0], true);
	sim_pump(&sim, relay);
	assert_true(sim_until(&sim, 120 * SECOND, transfer_done));
	assert_transferred(1 << 20, 0);
}

static bool pay_arrived(struct sim *s)
{
	return s->nodes[1].pay_got == 5;
}

static void reliable_messages_arrive_whole_once_and_in_order(void **state)
{
	uint8_t message[SKW_LINK_RELIABLE_MAX];
	struct sim_wire awful = bad;

	(void)state;
	awful.loss = 3000;
	line(2, &awful, 11);
	sim_run(&sim, 60 * SECOND);
	assert_true(sim.nodes[0].neighbours[1]);
	for (unsigned i = 0; i < 5; i++) {
		memset(message, (int)i, sizeof(message));
		assert_int_equal(skw_link_send(sim.nodes[0].link, sim.nodes[0].peer_of[1],
					       SKW_LINK_PAY, message, sizeof(message) - i,
					       sim.now_us),
				 SKW_LINK_OK);
	}
	assert_int_equal(skw_link_send(sim.nodes[0].link, sim.nodes[0].peer_of[1], SKW_LINK_PAY,
				       message, sizeof(message) + 1, sim.now_us),
			 SKW_LINK_TOO_LONG);
	sim_pump(&sim, &sim.nodes[0]);
	assert_true(sim_until(&sim, 300 * SECOND, pay_arrived));
	assert_int_equal(sim.nodes[1].pay_len, sizeof(message) - 4);
	assert_memory_equal(sim.nodes[1].pay_last, message, sizeof(message) - 4);
	sim_run(&sim, 30 * SECOND);
	assert_int_equal(sim.nodes[1].pay_got, 5);
}

static void links_rekey_under_traffic_and_notice_death(void **state)
{
	struct skw_link_info info;

	(void)state;
	line(3, &clean, 12);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(2, 1);
	sim_run(&sim, 600 * SECOND);
	assert_true(sim.nodes[0].circuit_up);
	assert_true(skw_link_info(sim.nodes[0].link, sim.nodes[0].peer_of[1], &info));
	assert_in_range(info.rekeys, 4, 6);
	open_stream(2, "files", 100000, 100000);
	assert_true(sim_until(&sim, 60 * SECOND, transfer_done));
	assert_int_equal(sim.nodes[0].downs, 0);

	sim_kill(&sim, 1);
	sim_run(&sim, 50 * SECOND);
	assert_int_equal(sim.nodes[0].downs, 1);
	assert_true(sim.nodes[0].circuit_down);
}

static void two_that_call_at_once_make_one_link(void **state)
{
	struct skw_link_info a, b;

	(void)state;
	line(2, &clean, 13);
	sim_run(&sim, 20 * SECOND);
	assert_int_equal(sim.nodes[0].ups, 1);
	assert_int_equal(sim.nodes[1].ups, 1);
	assert_true(skw_link_info(sim.nodes[0].link, sim.nodes[0].peer_of[1], &a));
	assert_true(skw_link_info(sim.nodes[1].link, sim.nodes[1].peer_of[0], &b));
	assert_int_equal(a.rekeys + b.rekeys, 0);
	/* two handshake frames and no more: INIT both ways (they cross), one RESP; then what each
	 * directory has, asks for and gives, with acknowledgements, and keepalives */
	assert_true(sim.wires[0][1].frames + sim.wires[1][0].frames < 30);
}

static bool session_closed(struct sim *s)
{
	return s->nodes[0].app.closed;
}

/* Whether it was started anew or forgot an idle session: the user hears of it within a moment. */
static void ask_again(void)
{
	struct sim_app *a = &sim.nodes[0].app;

	assert_int_equal(
	    skw_session_open(sim.nodes[0].session, a->session, "files", sim.now_us, &a->stream),
	    SKW_SESSION_OK);
	sim_pump(&sim, &sim.nodes[0]);
	assert_true(sim_until(&sim, 2 * SECOND, session_closed));
	assert_int_equal(a->code, SKW_SESSION_CONNECTION);
}

static void a_server_that_forgot_a_session_says_so(void **state)
{
	(void)state;
	line(4, &clean, 14);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(3, 2);
	open_stream(3, "files", 1000, 1000);
	assert_true(sim_until(&sim, 30 * SECOND, transfer_done));
	sim_run(&sim, 900 * SECOND);
	assert_true(sim.nodes[0].circuit_up);
	ask_again();
}

static void a_server_started_anew_says_so(void **state)
{
	struct sim_node *a = &sim.nodes[0];

	(void)state;
	line(4, &clean, 15);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	build(3, 2);
	open_stream(3, "files", 1000, 1000);
	assert_true(sim_until(&sim, 30 * SECOND, transfer_done));
	sim_kill(&sim, 3);
	sim_start(&sim, 3);
	sim_call(&sim, 3, 2);
	assert_true(sim_until(&sim, 60 * SECOND, circuit_gone));
	assert_true(sim_until(&sim, 60 * SECOND, directory_known));
	build(3, 2);
	assert_int_equal(skw_session_move(a->session, a->app.session, a->circuit, sim.now_us),
			 SKW_SESSION_OK);
	sim_pump(&sim, a);
	ask_again();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(two_that_call_at_once_make_one_link),
		CASE(reliable_messages_arrive_whole_once_and_in_order),
		CASE(a_megabyte_each_way_and_the_bill),
		CASE(lost_doubled_and_disordered_frames_change_nothing),
		CASE(flipped_bits_are_counted_and_repaired),
		CASE(garbage_is_answered_with_silence),
		CASE(a_stream_survives_the_restart_of_a_relay),
		CASE(a_slow_reader_stops_the_writer),
		CASE(an_unknown_service_is_refused),
		CASE(a_relay_that_changes_bits_is_found_out),
		CASE(too_low_an_offer_is_refused),
		CASE(a_new_price_counts_for_new_circuits_alone),
		CASE(without_admission_nothing_is_relayed_and_little_waits),
		CASE(a_server_that_forgot_a_session_says_so),
		CASE(a_server_started_anew_says_so),
		CASE(links_rekey_under_traffic_and_notice_death),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
