/* rooms: wire keys link
 *
 * skw_meet: alice and bob, each behind a NAT that lets in only who was called, and carol whom
 * anybody reaches. Real links; the wires and the NATs are this test's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "link/skw_meet.h"

#define SECOND UINT64_C(1000000)

enum { ALICE, BOB, CAROL, NODES, FRAMES = 256 };

struct node {
	struct skw_identity id;
	struct skw_random_stream stream;
	struct skw_link *link;
	struct skw_meet *meet;
	struct skw_link_endpoint at;
	bool called[NODES]; /* its NAT lets these in */
	unsigned calls;     /* that the meet asked for */
	struct skw_meet_place last;
};

static struct node node[NODES];
static struct {
	unsigned from, to;
	size_t len;
	uint8_t data[SKW_LINK_FRAME_MAX];
} wire[FRAMES];
static unsigned head, count;
static uint64_t now;
static bool hidden; /* nobody can be reached by others: a radio, say */

static bool place_of(struct skw_meet_place *place, const struct skw_link_endpoint *at)
{
	*place =
	    (struct skw_meet_place) { .family = 4, .ip = { 10, 0, 0, at->addr[0] }, .port = 7 };
	return !hidden;
}

static int fresh(void **state)
{
	(void)state;
	memset(node, 0, sizeof(node));
	head = count = 0;
	now = 50 * SECOND;
	hidden = false;
	for (uint8_t i = 0; i < NODES; i++) {
		struct skw_random random = skw_random_seeded(&node[i].stream, i);

		skw_identity_generate(&node[i].id, &random);
		node[i].at = (struct skw_link_endpoint) { .len = 1, .addr = { i } };
		node[i].link = skw_link_new(&(struct skw_link_config) { .identity = &node[i].id,
									.random = random,
									.stamp = 1000,
									.accept_unknown = true },
					    now);
		node[i].meet = skw_meet_new(node[i].link, place_of);
	}
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++) {
		skw_meet_free(node[i].meet);
		skw_link_free(node[i].link);
	}
	return 0;
}

static void call(unsigned i, unsigned j)
{
	uint32_t peer;

	assert_int_equal(
	    skw_link_add_peer(node[i].link, &node[j].id.address, &node[j].at, now, &peer),
	    SKW_LINK_OK);
}

static void poll_link(unsigned i)
{
	struct skw_link_out out;

	while (skw_link_poll(node[i].link, &out)) {
		if (out.event == SKW_LINK_SEND) {
			assert_true(count < FRAMES);
			wire[(head + count) % FRAMES].from = i;
			wire[(head + count) % FRAMES].to = out.to.addr[0];
			wire[(head + count) % FRAMES].len = out.len;
			memcpy(wire[(head + count++) % FRAMES].data, out.data, out.len);
			node[i].called[out.to.addr[0]] = true;
		} else if (out.event == SKW_LINK_MESSAGE && out.type == SKW_LINK_CONTROL) {
			skw_meet_receive(node[i].meet, out.peer, out.data, out.len, now);
		} else if (out.event == SKW_LINK_PEER_UP) {
			skw_meet_neighbour_up(node[i].meet, &out.address, now);
		}
	}
}

static void poll_meet(unsigned i)
{
	struct skw_meet_out out;

	while (skw_meet_poll(node[i].meet, &out)) {
		if (out.event == SKW_MEET_SEND) {
			skw_link_send(node[i].link, out.peer, SKW_LINK_CONTROL, out.data, out.len,
				      now);
		} else {
			assert_true(out.place.family == 4 && out.place.port == 7);
			node[i].calls++;
			node[i].last = out.place;
			call(i, out.place.ip[3]);
		}
	}
}

/* Until all wires are silent. */
static void settle(void)
{
	for (bool more = true; more;) {
		for (unsigned i = 0; i < NODES; i++) {
			poll_link(i);
			poll_meet(i);
			poll_link(i);
		}
		more = count > 0;
		for (; count > 0; count--, head = (head + 1) % FRAMES) {
			unsigned from = wire[head].from, to = wire[head].to;

			if (to == CAROL || node[to].called[from])
				skw_link_receive(node[to].link, &node[from].at, wire[head].data,
						 wire[head].len, now);
		}
	}
}

static void pass(uint64_t us)
{
	for (uint64_t end = now + us; now < end;) {
		now += SECOND / 10;
		for (unsigned i = 0; i < NODES; i++) {
			skw_link_tick(node[i].link, now);
			skw_meet_tick(node[i].meet, now);
		}
		settle();
	}
}

static bool joined(unsigned i, unsigned j)
{
	struct skw_link_info info;

	for (uint32_t n = 1; n <= SKW_LINK_PEERS_MAX; n++)
		if (skw_link_info(node[i].link, n, &info) && info.up &&
		    skw_node_address_equal(&info.address, &node[j].id.address))
			return true;
	return false;
}

static void want(unsigned i, unsigned j)
{
	assert_int_equal(skw_meet_want(node[i].meet, &node[j].id.address, &node[CAROL].id.address),
			 SKW_MEET_OK);
}

static void both_know_carol(void)
{
	call(ALICE, CAROL);
	call(BOB, CAROL);
	settle();
	pass(SECOND);
	assert_true(joined(ALICE, CAROL) && joined(BOB, CAROL));
}

static void two_who_ask_for_each_other_meet(void **state)
{
	(void)state;
	want(ALICE, BOB);
	want(BOB, ALICE);
	pass(3 * SECOND); /* nobody to ask yet */
	both_know_carol();
	pass(5 * SECOND);
	assert_true(joined(ALICE, BOB) && joined(BOB, ALICE));
	assert_int_equal(skw_meet_counters(node[CAROL].meet)->introduced, 1);
	assert_int_equal(node[ALICE].last.ip[3], BOB);
	assert_int_equal(node[BOB].last.ip[3], ALICE);
	pass(60 * SECOND); /* and then it is quiet */
	assert_int_equal(skw_meet_counters(node[CAROL].meet)->introduced, 1);
}

static void without_a_neighbour_of_both_the_nat_stands(void **state)
{
	(void)state;
	both_know_carol();
	call(ALICE, BOB);
	pass(20 * SECOND);
	assert_false(joined(ALICE, BOB));
}

static void nobody_is_found_against_his_will(void **state)
{
	(void)state;
	want(ALICE, BOB);
	both_know_carol();
	pass(40 * SECOND);
	assert_int_equal(skw_meet_counters(node[CAROL].meet)->introduced, 0);
	assert_int_equal(node[ALICE].calls + node[BOB].calls, 0);
	want(BOB, ALICE); /* much later, and long after the first question */
	pass(16 * SECOND);
	assert_true(joined(ALICE, BOB));
}

static uint32_t peer_of(unsigned i, unsigned j)
{
	struct skw_link_info info;

	for (uint32_t n = 1; n <= SKW_LINK_PEERS_MAX; n++)
		if (skw_link_info(node[i].link, n, &info) &&
		    skw_node_address_equal(&info.address, &node[j].id.address))
			return n;
	return 0;
}

/* `i` asks carol for `j`; how many pairs carol has introduced by then. */
static uint64_t ask_carol(unsigned i, unsigned j)
{
	uint8_t message[33] = { 1 };

	memcpy(message + 1, node[j].id.address.bytes, SKW_KEY_LEN);
	assert_int_equal(skw_meet_receive(node[CAROL].meet, peer_of(CAROL, i), message, 33, now),
			 SKW_MEET_OK);
	return skw_meet_counters(node[CAROL].meet)->introduced;
}

static void an_old_question_is_forgotten(void **state)
{
	(void)state;
	both_know_carol();
	ask_carol(ALICE, CAROL); /* its place will be taken by bob's question */
	ask_carol(ALICE, BOB);
	now += 61 * SECOND;
	assert_int_equal(ask_carol(BOB, ALICE), 0);
	assert_int_equal(ask_carol(ALICE, BOB), 1);
}

static void a_pair_is_told_now_and_then(void **state)
{
	(void)state;
	both_know_carol();
	ask_carol(ALICE, BOB);
	assert_int_equal(ask_carol(BOB, ALICE), 1);
	assert_int_equal(ask_carol(ALICE, BOB), 1);
	assert_int_equal(ask_carol(BOB, ALICE), 1);
	now += 6 * SECOND;
	assert_int_equal(ask_carol(BOB, ALICE), 2);
	assert_int_equal(ask_carol(ALICE, BOB), 2);
}

static void only_the_neighbour_that_was_asked_is_heard(void **state)
{
	uint8_t message[40] = { 2, [33] = 4, 10, 0, 0, 1, 0, 7 };
	struct skw_node_address dave = { { 9 } };

	(void)state;
	want(ALICE, BOB);
	want(BOB, ALICE);
	both_know_carol();
	pass(5 * SECOND);
	assert_true(joined(ALICE, BOB));
	assert_int_equal(skw_meet_want(node[ALICE].meet, &dave, &node[CAROL].id.address),
			 SKW_MEET_OK);
	memcpy(message + 1, dave.bytes, SKW_KEY_LEN);
	assert_int_equal(skw_meet_receive(node[ALICE].meet, peer_of(ALICE, BOB), message, 40, now),
			 SKW_MEET_DROPPED);
	assert_int_equal(
	    skw_meet_receive(node[ALICE].meet, peer_of(ALICE, CAROL), message, 40, now),
	    SKW_MEET_OK);
	assert_int_equal(skw_link_remove_peer(node[ALICE].link, peer_of(ALICE, CAROL), now),
			 SKW_LINK_OK);
	call(ALICE, CAROL); /* known, but not up */
	assert_int_equal(
	    skw_meet_receive(node[ALICE].meet, peer_of(ALICE, CAROL), message, 40, now),
	    SKW_MEET_DROPPED);
}

static void what_others_cannot_reach_is_not_told(void **state)
{
	(void)state;
	hidden = true;
	want(ALICE, BOB);
	want(BOB, ALICE);
	both_know_carol();
	pass(40 * SECOND);
	assert_int_equal(skw_meet_counters(node[CAROL].meet)->introduced, 0);
}

/* Carol says `data` to alice, who wants bob through carol. */
static enum skw_meet_status tell_alice(const uint8_t *data, size_t len)
{
	return skw_meet_receive(node[ALICE].meet, peer_of(ALICE, CAROL), data, len, now);
}

static void only_what_was_asked_for_is_called(void **state)
{
	static const uint8_t bad[][19] = {
		{ 4, 0, 0, 0, 0, 0, 7 },
		{ 4, 127, 0, 0, 1, 0, 7 },
		{ 4, 224, 0, 0, 1, 0, 7 },
		{ 4, 255, 255, 255, 255, 0, 7 },
		{ 4, 10, 0, 0, 1, 0, 0 },
		{ 5, 10, 0, 0, 1, 0, 7 },
		{ 6, 0 },
		{ 6, 0xff, 2, [16] = 1, [18] = 7 },
		{ 6, 0xfe, 0x80, [16] = 1, [18] = 7 },
		{ 6, [11] = 0xff, [12] = 0xff, [13] = 127, [16] = 1, [18] = 7 },
		{ 6, [16] = 1, [18] = 7 },
	};
	uint8_t message[64] = { 2 };

	(void)state;
	want(ALICE, BOB);
	both_know_carol();
	memcpy(message + 1, node[BOB].id.address.bytes, SKW_KEY_LEN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(message + 33, bad[i], 19);
		assert_int_equal(tell_alice(message, bad[i][0] == 4 ? 40 : 52), SKW_MEET_DROPPED);
	}
	memcpy(message + 33, (uint8_t[]) { 4, 10, 0, 0, 1, 0, 7 }, 7);
	for (size_t len = 0; len < 40; len++)
		assert_int_equal(tell_alice(message, len), SKW_MEET_DROPPED);
	message[1] ^= 1; /* somebody else */
	assert_int_equal(tell_alice(message, 40), SKW_MEET_DROPPED);
	message[1] ^= 1;
	assert_int_equal(tell_alice(message, 40), SKW_MEET_OK);
	assert_int_equal(tell_alice(message, 60), SKW_MEET_OK); /* what follows is ignored */
	message[0] = 3;
	assert_int_equal(tell_alice(message, 40), SKW_MEET_DROPPED);
	assert_int_equal(skw_meet_counters(node[ALICE].meet)->dropped,
			 sizeof(bad) / sizeof(bad[0]) + 40 + 2);
}

static void one_neighbour_does_not_take_all_places(void **state)
{
	uint8_t message[33] = { 1 };
	unsigned taken = 0;
	uint32_t alice;

	(void)state;
	both_know_carol();
	alice = peer_of(CAROL, ALICE);
	for (unsigned i = 0; i < 400; i++) {
		message[1] = (uint8_t)i;
		message[2] = (uint8_t)(i >> 8);
		taken += skw_meet_receive(node[CAROL].meet, alice, message, 33, now) == SKW_MEET_OK;
	}
	assert_int_equal(taken, 16);
	now += 61 * SECOND;
	assert_int_equal(skw_meet_receive(node[CAROL].meet, alice, message, 33, now), SKW_MEET_OK);
	assert_int_equal(skw_meet_receive(node[CAROL].meet, 60, message, 33, now),
			 SKW_MEET_DROPPED);
	memcpy(message + 1, node[ALICE].id.address.bytes, SKW_KEY_LEN); /* herself */
	assert_int_equal(skw_meet_receive(node[CAROL].meet, alice, message, 33, now),
			 SKW_MEET_DROPPED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(two_who_ask_for_each_other_meet),
		CASE(without_a_neighbour_of_both_the_nat_stands),
		CASE(nobody_is_found_against_his_will),
		CASE(an_old_question_is_forgotten),
		CASE(a_pair_is_told_now_and_then),
		CASE(only_the_neighbour_that_was_asked_is_heard),
		CASE(what_others_cannot_reach_is_not_told),
		CASE(only_what_was_asked_for_is_called),
		CASE(one_neighbour_does_not_take_all_places),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
