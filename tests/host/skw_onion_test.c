/* rooms: wire keys onion
 *
 * skw_onion: each rule by itself. Up to four onions in a row; the test carries their cells. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "onion/skw_onion.h"

#define SECOND UINT64_C(1000000)

enum { N = 4, WIRE = 4096 };

struct node {
	struct skw_identity id;
	struct skw_random_stream stream;
	struct skw_onion *onion;
	unsigned up, down, data;
	enum skw_onion_reason reason;
	uint32_t circuit; /* of the last event */
	size_t len;
	uint8_t last[SKW_CELL_FULL];
	uint64_t sent_cells[16], metered[2][2];
};

struct wire_cell {
	unsigned from, to;
	size_t len;
	uint8_t data[SKW_CELL_FULL];
};

static struct node node[N];
static struct wire_cell *wire;
static unsigned wire_count;
static uint64_t now;
static bool record; /* keep the cells instead of carrying them */

/* Node i is peer i + 1 of everybody. */
static void start(uint32_t circuits_max)
{
	struct skw_random_stream stream;
	struct skw_random random = skw_random_seeded(&stream, 9);

	memset(node, 0, sizeof(node));
	wire = calloc(WIRE, sizeof(*wire));
	wire_count = 0;
	record = false;
	now = SECOND;
	for (unsigned i = 0; i < N; i++) {
		skw_identity_generate(&node[i].id, &random);
		node[i].onion = skw_onion_new(&(struct skw_onion_config) {
		    .identity = &node[i].id,
		    .random = skw_random_seeded(&node[i].stream, i),
		    .price_per_mib = 10,
		    .circuits_max = circuits_max,
		});
	}
	for (unsigned i = 0; i + 1 < N; i++) {
		skw_onion_peer_up(node[i].onion, i + 2, &node[i + 1].id.address, now);
		skw_onion_peer_up(node[i + 1].onion, i + 1, &node[i].id.address, now);
	}
}

static int fresh(void **state)
{
	(void)state;
	start(0);
	return 0;
}

static int fresh_small(void **state)
{
	(void)state;
	start(8);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N; i++)
		skw_onion_free(node[i].onion);
	free(wire);
	return 0;
}

static void poll_node(unsigned i)
{
	struct node *n = &node[i];
	struct skw_onion_out out;

	while (skw_onion_poll(n->onion, &out)) {
		switch (out.event) {
		case SKW_ONION_SEND:
			assert_true(wire_count < WIRE);
			wire[wire_count].from = i;
			wire[wire_count].to = out.peer - 1;
			wire[wire_count].len = out.len;
			memcpy(wire[wire_count++].data, out.data, out.len);
			break;
		case SKW_ONION_DATA:
			n->data++;
			n->circuit = out.circuit;
			n->len = out.len;
			memcpy(n->last, out.data, out.len);
			break;
		case SKW_ONION_METER:
			n->metered[out.meter.role][out.meter.sent] += out.meter.bytes;
			break;
		case SKW_ONION_CIRCUIT_UP:
			n->up++;
			break;
		case SKW_ONION_CIRCUIT_DOWN:
			n->down++;
			n->reason = out.reason;
			break;
		}
	}
}

static void give(const struct wire_cell *cell)
{
	skw_onion_receive(node[cell->to].onion, cell->from + 1, cell->data, cell->len, now);
	poll_node(cell->to);
}

static void carry(void)
{
	for (unsigned i = 0; i < N; i++)
		poll_node(i);
	while (wire_count > 0 && !record) {
		struct wire_cell cell = wire[0];

		memmove(&wire[0], &wire[1], --wire_count * sizeof(*wire));
		give(&cell);
	}
}

static uint32_t build(unsigned from, unsigned to)
{
	struct skw_node_address hops[N];
	uint64_t offers[N] = { 0 };
	uint32_t circuit;
	size_t count = to - from;

	for (size_t i = 0; i < count; i++) {
		hops[i] = node[from + 1 + i].id.address;
		offers[i] = 10 * (count - 1 - i);
	}
	assert_int_equal(skw_onion_build(node[from].onion, hops, offers, count, now, &circuit),
			 SKW_ONION_OK);
	carry();
	return circuit;
}

static size_t circuits_of(unsigned i)
{
	struct skw_onion_info info;
	uint32_t cursor = 0;
	size_t n = 0;

	while (skw_onion_next(node[i].onion, &cursor, &info))
		n++;
	return n;
}

static void data_goes_both_ways_in_cells_of_two_sizes(void **state)
{
	static uint8_t data[SKW_CELL_FULL_DATA + 1];
	static const size_t sizes[] = { 0, 1, 160, 161, 1390 };
	uint32_t c = build(0, 3);

	(void)state;
	assert_int_equal(node[0].up, 1);
	for (unsigned i = 0; i < 5; i++) {
		memset(data, (int)i + 1, sizeof(data));
		record = true;
		assert_int_equal(skw_onion_send(node[0].onion, c, data, sizes[i], now),
				 SKW_ONION_OK);
		poll_node(0);
		assert_int_equal(wire[0].len, sizes[i] <= 160 ? SKW_CELL_SMALL : SKW_CELL_FULL);
		record = false;
		carry();
		assert_int_equal(node[3].data, i + 1);
		assert_int_equal(node[3].len, sizes[i]);
		assert_memory_equal(node[3].last, data, sizes[i]);
		assert_int_equal(
		    skw_onion_send(node[3].onion, node[3].circuit, data, sizes[i], now),
		    SKW_ONION_OK);
		carry();
		assert_int_equal(node[0].data, i + 1);
		assert_memory_equal(node[0].last, data, sizes[i]);
	}
	assert_int_equal(skw_onion_send(node[0].onion, c, data, sizeof(data), now),
			 SKW_ONION_TOO_LONG);
	assert_int_equal(skw_onion_send(node[0].onion, c + 1, data, 1, now), SKW_ONION_UNKNOWN);
	/* EXTEND and EXTENDED for two relays, and the ten cells: what one counts, the other counts
	 */
	assert_int_equal(node[0].metered[SKW_ONION_PAYER][1], node[1].metered[SKW_ONION_PAYEE][0]);
	assert_int_equal(node[0].metered[SKW_ONION_PAYER][1], 2 * 192 + 3 * 192 + 2 * 1422);
	assert_int_equal(node[0].metered[SKW_ONION_PAYER][0], node[1].metered[SKW_ONION_PAYEE][1]);
	assert_int_equal(node[2].metered[SKW_ONION_PAYER][1], 3 * 192 + 2 * 1422);
}

static void a_cell_is_taken_once_wherever_it_is_repeated(void **state)
{
	uint32_t c = build(0, 3);

	(void)state;
	for (unsigned hop = 1; hop <= 3; hop++) {
		struct wire_cell cell;
		unsigned before = node[3].data;

		record = true;
		skw_onion_send(node[0].onion, c, (const uint8_t *)"x", 1, now);
		poll_node(0);
		for (unsigned i = 1; i < hop; i++) {
			cell = wire[0];
			wire_count = 0;
			give(&cell);
		}
		cell = wire[0];
		record = false;
		carry();
		assert_int_equal(node[3].data, before + 1);
		give(&cell);
		carry();
		assert_int_equal(node[3].data, before + 1);
		assert_int_equal(skw_onion_counters(node[hop].onion)->replayed, 1);
	}
}

static void cells_may_be_lost_and_overtake_each_other(void **state)
{
	uint32_t c = build(0, 3);

	(void)state;
	record = true;
	for (uint8_t i = 0; i < 8; i++) {
		skw_onion_send(node[0].onion, c, &i, 1, now);
		poll_node(0);
	}
	assert_int_equal(wire_count, 8);
	for (unsigned i = 0; i < 8; i++) { /* backwards, without number 3 */
		struct wire_cell cell = wire[7 - i];

		record = true;
		if (i == 4)
			continue;
		wire[8 + i] = cell;
	}
	for (unsigned i = 0; i < 8; i++) {
		struct wire_cell cell = wire[8 + i];
		unsigned kept = wire_count;

		if (i == 4)
			continue;
		wire_count = 20; /* above the kept ones */
		give(&cell);
		cell = wire[20];
		wire_count = 20;
		give(&cell);
		cell = wire[20];
		wire_count = 20;
		give(&cell);
		assert_int_equal(node[3].last[0], 7 - i);
		wire_count = kept;
	}
	assert_int_equal(node[3].data, 7);
	wire_count = 0;
}

static void queues_are_bounded_and_circuits_take_turns(void **state)
{
	uint32_t a = build(0, 3), b = build(0, 3);
	unsigned turns[2] = { 0 };
	uint32_t first = 0;

	(void)state;
	skw_onion_set_room(node[1].onion, 3, 0);
	for (unsigned i = 0; i < 100; i++) { /* one greedy */
		skw_onion_send(node[0].onion, a, (const uint8_t *)"aa", 2, now);
		carry();
	}
	for (unsigned i = 0; i < 10; i++) {
		skw_onion_send(node[0].onion, b, (const uint8_t *)"b", 1, now);
		carry();
	}
	assert_int_equal(node[3].data, 0);
	assert_int_equal(skw_onion_counters(node[1].onion)->dropped,
			 100 - 64); /* of the protocol */
	record = true;
	skw_onion_set_room(node[1].onion, 3, 20);
	poll_node(1);
	assert_int_equal(wire_count, 20);
	for (unsigned i = 0; i < 20; i++) {
		uint32_t id;

		memcpy(&id, wire[i].data, 4);
		first = i == 0 ? id : first;
		turns[id == first]++;
	}
	assert_int_equal(turns[0], 10);
	assert_int_equal(turns[1], 10);
	record = false;
	carry();
	skw_onion_set_room(node[1].onion, 3, SKW_ONION_ROOM_ANY);
	carry();
	assert_int_equal(node[3].data, SKW_ONION_QUEUE_RELAY + 10);
	/* what was dropped was not billed */
	assert_int_equal(node[1].metered[SKW_ONION_PAYEE][0],
			 192 * (4 + SKW_ONION_QUEUE_RELAY + 10));
}

/* What comes in a second of `load` cells to each circuit through a link of `rate` cells a second.
 */
static void overload(const uint32_t *circuits, const unsigned *load, size_t count, unsigned rate,
		     unsigned got[])
{
	for (unsigned ms = 0; ms < 1000; ms++, now += 1000) {
		for (size_t i = 0; i < count; i++)
			for (unsigned k = ms * load[i] / 1000; k < (ms + 1) * load[i] / 1000; k++) {
				uint8_t number = (uint8_t)i;

				skw_onion_send(node[0].onion, circuits[i], &number, 1, now);
				carry();
			}
		for (unsigned k = ms * rate / 1000; k < (ms + 1) * rate / 1000; k++) {
			unsigned before = node[2].data;

			skw_onion_set_room(node[1].onion, 3, 1);
			carry();
			if (node[2].data > before)
				got[node[2].last[0]]++;
			skw_onion_set_room(node[1].onion, 3, 0);
		}
	}
}

static void a_greedy_circuit_takes_its_share_and_no_more(void **state)
{
	enum { FLOWS = 21, RATE = 2100 };
	uint32_t circuits[FLOWS];
	unsigned load[FLOWS], got[FLOWS] = { 0 };
	uint64_t sum = 0, squares = 0;

	(void)state;
	for (unsigned i = 0; i < FLOWS; i++) {
		circuits[i] = build(0, 2);
		load[i] = i == 0 ? 50 * RATE / FLOWS : RATE / FLOWS; /* one greedy, twenty small */
	}
	skw_onion_set_room(node[1].onion, 3, 0);
	for (unsigned s = 0; s < 4; s++)
		overload(circuits, load, FLOWS, RATE, got);
	for (unsigned i = 0; i < FLOWS; i++) {
		sum += got[i];
		squares += (uint64_t)got[i] * got[i];
	}
	/* Jain: (sum x)^2 / (n sum x^2) >= 0.95 */
	assert_true(sum * sum * 100 >= 95 * FLOWS * squares);
	assert_true(sum >= 4 * RATE * 95 / 100); /* and the link was not idle for it */
	for (unsigned i = 1; i < FLOWS; i++)
		assert_true(got[i] >= 4 * load[i] * 95 / 100);
}

/* A sender that does not slow down at all, a tenth too fast: delay is controlled, bills are right.
 */
static void a_standing_queue_does_not_stay(void **state)
{
	uint32_t circuit = build(0, 2);
	unsigned load = 1100, got[1], last = 0;
	uint64_t queued = 0;

	(void)state;
	skw_onion_set_room(node[1].onion, 3, 0);
	for (unsigned s = 0; s < 30; s++) {
		got[0] = 0;
		overload(&circuit, &load, 1, 1000, got);
		last = got[0];
	}
	/* All that the relay took and did not pass on yet is what waits there. */
	queued =
	    node[1].metered[SKW_ONION_PAYEE][0] / 192 - node[1].metered[SKW_ONION_PAYER][1] / 192;
	assert_true(last >= 950);
	assert_true(queued < 40); /* at 1000 a second: milliseconds; full it would hold 64 */
	assert_true(skw_onion_counters(node[1].onion)->dropped > 2000);
	skw_onion_set_room(node[1].onion, 3, SKW_ONION_ROOM_ANY);
	carry();
	assert_int_equal(node[1].metered[SKW_ONION_PAYEE][0],
			 node[1].metered[SKW_ONION_PAYER][1] + 192); /* EXTEND ended there */
}

static void the_own_queue_tells_its_room(void **state)
{
	uint32_t c = build(0, 2);

	(void)state;
	skw_onion_set_room(node[0].onion, 2, 0);
	for (unsigned i = 0; i < 8; i++) { /* cells at an end, says the protocol */
		assert_int_equal(skw_onion_room(node[0].onion, c), 8 - i);
		assert_int_equal(skw_onion_send(node[0].onion, c, NULL, 0, now), SKW_ONION_OK);
	}
	assert_int_equal(skw_onion_room(node[0].onion, c), 0);
	assert_int_equal(skw_onion_send(node[0].onion, c, NULL, 0, now), SKW_ONION_FULL);
}

static unsigned cells_to(unsigned to)
{
	unsigned n = 0;

	for (unsigned i = 0; i < wire_count; i++)
		n += wire[i].to == to;
	return n;
}

/* Cells wait for both neighbours: none of them gets two while the other gets none. */
static void neighbours_take_turns(void **state)
{
	uint32_t circuit = build(0, 2);

	(void)state;
	skw_onion_set_room(node[1].onion, 1, 0);
	skw_onion_set_room(node[1].onion, 3, 0);
	skw_onion_send(node[0].onion, circuit, NULL, 0, now);
	carry();
	for (unsigned i = 0; i < 7; i++) {
		skw_onion_send(node[0].onion, circuit, (const uint8_t *)"f", 1, now);
		carry();
	}
	skw_onion_set_room(node[1].onion, 3, 1);
	carry(); /* so that the end knows its handle */
	skw_onion_set_room(node[1].onion, 3, 0);
	for (unsigned i = 0; i < 7; i++) {
		skw_onion_send(node[2].onion, node[2].circuit, (const uint8_t *)"b", 1, now);
		carry();
	}
	record = true;
	skw_onion_set_room(node[1].onion, 1, 7);
	skw_onion_set_room(node[1].onion, 3, 7);
	poll_node(1);
	assert_int_equal(wire_count, 14);
	while (wire_count > 0) {
		assert_int_equal(cells_to(0), cells_to(2));
		wire_count -= 2;
	}
}

/* 2048 cells in all, 128 of them for control: while bulk has filled all it may have, a circuit is
 * built through the same relay. */
static void bulk_leaves_room_for_control(void **state)
{
	enum { CIRCUITS = 33, CELLS = 2048, CONTROL = 128, EACH = 64 };
	uint32_t circuits[CIRCUITS];
	uint64_t before;

	(void)state;
	for (unsigned i = 0; i < CIRCUITS; i++)
		circuits[i] = build(0, 2);
	skw_onion_set_room(node[1].onion, 3, 0);
	before = skw_onion_counters(node[1].onion)->relayed;
	for (unsigned i = 0; i < CIRCUITS; i++)
		for (unsigned k = 0; k < EACH + 6; k++) {
			skw_onion_send(node[0].onion, circuits[i], NULL, 0, now);
			carry();
		}
	assert_int_equal(skw_onion_counters(node[1].onion)->relayed - before, CELLS - CONTROL);
	assert_int_equal(node[0].up, CIRCUITS);
	build(0, 2);
	assert_int_equal(node[0].up, CIRCUITS + 1);
	skw_onion_set_room(node[1].onion, 3, SKW_ONION_ROOM_ANY);
	carry();
	assert_int_equal(node[2].data, CELLS - CONTROL);
}

static void admission_stops_relayed_cells_of_the_payer_only(void **state)
{
	uint32_t from0 = build(0, 3), from1 = build(1, 3);

	(void)state;
	skw_onion_set_admission(node[1].onion, 1, false);
	skw_onion_send(node[0].onion, from0, (const uint8_t *)"0", 1, now);
	skw_onion_send(node[1].onion, from1, (const uint8_t *)"1", 1, now);
	carry();
	assert_int_equal(node[3].data, 1);
	assert_int_equal(node[3].last[0], '1');
	skw_onion_set_admission(node[1].onion, 1, true);
	carry();
	assert_int_equal(node[3].data, 2);
	assert_int_equal(node[3].last[0], '0');
}

static void a_neighbour_that_goes_takes_its_circuits_along(void **state)
{
	(void)state;
	build(0, 3);
	build(0, 2);
	assert_int_equal(circuits_of(2), 2);
	skw_onion_peer_down(node[1].onion, 3, now);
	skw_onion_peer_down(node[2].onion, 2, now);
	carry();
	assert_int_equal(node[0].down, 2);
	assert_int_equal(node[0].reason, SKW_ONION_NO_LINK);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(circuits_of(i), 0);
}

static void destruction_reaches_the_end(void **state)
{
	uint32_t c = build(0, 3);

	(void)state;
	skw_onion_send(node[0].onion, c, (const uint8_t *)"x", 1, now);
	carry();
	skw_onion_destroy(node[0].onion, c, now);
	carry();
	assert_int_equal(node[0].down, 0); /* who asked knows */
	assert_int_equal(node[3].down, 1);
	assert_int_equal(node[3].reason, SKW_ONION_CLOSED);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(circuits_of(i), 0);
	assert_int_equal(skw_onion_send(node[0].onion, c, NULL, 0, now), SKW_ONION_UNKNOWN);
}

static void an_unanswered_circuit_times_out(void **state)
{
	struct skw_node_address hops[2] = { node[1].id.address, node[3].id.address };
	const uint64_t offers[2] = { 10, 0 };
	uint32_t c;

	(void)state;
	assert_int_equal(skw_onion_build(node[0].onion, hops, offers, 2, now, &c), SKW_ONION_OK);
	record = true;
	poll_node(0);
	wire_count = 0; /* lost */
	for (unsigned i = 0; i < 31; i++, now += SECOND)
		skw_onion_tick(node[0].onion, now);
	poll_node(0);
	assert_int_equal(node[0].down, 1);
	assert_int_equal(node[0].reason, SKW_ONION_TIMEOUT);

	record = false;
	wire_count = 0;
	assert_int_equal(skw_onion_build(node[0].onion, hops, offers, 2, now, &c), SKW_ONION_OK);
	carry(); /* node 3 is no neighbour of node 1 */
	assert_int_equal(node[0].down, 2);
	assert_int_equal(node[0].reason, SKW_ONION_NO_LINK);
}

static void a_dead_path_is_noticed_by_its_origin(void **state)
{
	uint64_t began = now;

	(void)state;
	build(0, 3);
	for (; now < began + 600 * SECOND; now += SECOND) { /* idle, but alive: pings keep it */
		for (unsigned i = 0; i < N; i++)
			skw_onion_tick(node[i].onion, now);
		carry();
	}
	assert_int_equal(node[0].down, 0);
	assert_int_equal(circuits_of(3), 1);
	record = true;
	for (unsigned s = 0; s < 400; s++, now += SECOND) { /* nothing arrives any more */
		for (unsigned i = 0; i < N; i++) {
			skw_onion_tick(node[i].onion, now);
			poll_node(i);
		}
		wire_count = 0;
	}
	assert_int_equal(node[0].down, 1);
	assert_int_equal(node[0].reason, SKW_ONION_TIMEOUT);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(circuits_of(i), 0);
}

static void the_origin_asks_for_an_echo_and_builds_the_same_again(void **state)
{
	uint32_t circuit = build(0, 3), again, cursor = 0;
	struct skw_onion_info info;

	(void)state;
	assert_int_equal(skw_onion_ping(node[1].onion, circuit, now), SKW_ONION_UNKNOWN);
	assert_int_equal(skw_onion_ping(node[0].onion, circuit, now), SKW_ONION_OK);
	assert_int_equal(skw_onion_ping(node[0].onion, circuit, now), SKW_ONION_FULL);
	now += 1234;
	carry();
	assert_true(skw_onion_next(node[0].onion, &cursor, &info));
	assert_int_equal(info.pongs, 1);
	assert_int_equal(info.rtt_us, 1234);
	assert_int_equal(skw_onion_ping(node[0].onion, circuit, now), SKW_ONION_OK);

	assert_int_equal(skw_onion_build_again(node[0].onion, circuit, now, &again), SKW_ONION_OK);
	now += 50;
	carry();
	assert_true(skw_onion_next(node[0].onion, &cursor, &info));
	assert_int_equal(info.circuit, again);
	assert_true(info.built && info.hops_built == 3 && info.hop_count == 3);
	for (unsigned i = 0; i < 3; i++)
		assert_true(skw_node_address_equal(&info.hops[i], &node[1 + i].id.address));
	assert_int_equal(info.price_out, 20);
	assert_int_equal(info.hop_us[0], 50);
	assert_int_equal(info.hop_us[1], 0); /* the clock stood still */
	assert_int_equal(skw_onion_build_again(node[0].onion, 12345, now, &again),
			 SKW_ONION_UNKNOWN);
}

static void one_neighbour_takes_half_the_table_at_most(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++)
		build(0, 1);
	assert_int_equal(circuits_of(1), 4);
	assert_int_equal(node[0].down, 2);
	assert_int_equal(node[0].reason, SKW_ONION_BUSY);
}

static enum skw_onion_status try_build(uint32_t *circuit)
{
	const uint64_t offer = 0;

	return skw_onion_build(node[0].onion, &node[1].id.address, &offer, 1, now, circuit);
}

/* Eight places: all are used, given again in turn, and looked at to the last. */
static void every_place_of_the_table_is_used_and_given_again(void **state)
{
	uint32_t c[8], again[3], other;

	(void)state;
	record = true;
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(try_build(&c[i]), SKW_ONION_OK);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(c[i], c[j]);
	}
	assert_int_equal(try_build(&other), SKW_ONION_FULL);
	for (unsigned i = 0; i < 3; i++)
		skw_onion_destroy(node[0].onion, c[2 * i], now);
	poll_node(0);
	assert_int_equal(circuits_of(0), 5);
	for (unsigned i = 0; i < 3;
	     i++) { /* in the order in which they became free, with new names */
		assert_int_equal(try_build(&again[i]), SKW_ONION_OK);
		assert_int_equal(again[i] & 0xffff, c[2 * i] & 0xffff);
		assert_int_not_equal(again[i], c[2 * i]);
	}
	assert_int_equal(try_build(&other), SKW_ONION_FULL);
	skw_onion_destroy(node[0].onion, c[0], now); /* that name means nobody any more */
	assert_int_equal(circuits_of(0), 8);
	now += 31 * SECOND;
	skw_onion_tick(node[0].onion, now);
	wire_count = 0;
	poll_node(0);
	assert_int_equal(circuits_of(0), 0);
	assert_int_equal(node[0].down, 8);
	assert_int_equal(try_build(&other), SKW_ONION_OK);
	skw_onion_peer_down(node[0].onion, 2, now);
	assert_int_equal(circuits_of(0), 0);
}

static void creations_that_break_the_rules_are_refused(void **state)
{
	struct wire_cell create;
	struct skw_node_address hop = node[1].id.address;
	const uint64_t offer = 0;
	uint32_t c;

	(void)state;
	skw_onion_build(node[0].onion, &hop, &offer, 1, now, &c);
	record = true;
	poll_node(0);
	create = wire[0];
	wire_count = 0;
	create.data[3] ^= 0x80; /* an id that is ours to give */
	give(&create);
	assert_int_equal(wire_count, 0);
	assert_int_equal(skw_onion_counters(node[1].onion)->malformed, 1);
	create.data[3] ^= 0x80;
	create.data[13] ^= 1; /* the offer on the link is not the one that the origin sealed */
	give(&create);
	assert_int_equal(wire_count, 1);
	assert_int_equal(wire[0].data[13], SKW_ONION_PROTOCOL);
	create.data[13] ^= 1;
	create.data[30] ^= 1; /* a broken handshake */
	give(&create);
	assert_int_equal(wire_count, 2);
	create.data[30] ^= 1;
	assert_int_equal(circuits_of(1), 0);
	give(&create);
	assert_int_equal(circuits_of(1), 1);
	give(&create); /* the same id again */
	assert_int_equal(circuits_of(1), 1);
	assert_int_equal(skw_onion_counters(node[1].onion)->malformed, 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(data_goes_both_ways_in_cells_of_two_sizes),
		CASE(a_cell_is_taken_once_wherever_it_is_repeated),
		CASE(cells_may_be_lost_and_overtake_each_other),
		CASE(queues_are_bounded_and_circuits_take_turns),
		CASE(a_greedy_circuit_takes_its_share_and_no_more),
		CASE(a_standing_queue_does_not_stay),
		CASE(the_own_queue_tells_its_room),
		CASE(neighbours_take_turns),
		CASE(bulk_leaves_room_for_control),
		CASE(admission_stops_relayed_cells_of_the_payer_only),
		CASE(a_neighbour_that_goes_takes_its_circuits_along),
		CASE(destruction_reaches_the_end),
		CASE(an_unanswered_circuit_times_out),
		CASE(a_dead_path_is_noticed_by_its_origin),
		CASE(the_origin_asks_for_an_echo_and_builds_the_same_again),
		cmocka_unit_test_setup_teardown(one_neighbour_takes_half_the_table_at_most,
						fresh_small, clean_up),
		cmocka_unit_test_setup_teardown(every_place_of_the_table_is_used_and_given_again,
						fresh_small, clean_up),
		CASE(creations_that_break_the_rules_are_refused),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
