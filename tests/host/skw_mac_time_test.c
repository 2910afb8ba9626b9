/* rooms: wire mac
 *
 * skw_mac among radios whose clocks begin anywhere and drift apart, some kilometres from each
 * other, with slots claimed or configured. The world counts true time; a node sees its own clock
 * alone. Two PSDUs that are at a receiver at the same time are lost there, and so is what comes
 * while it sends: nothing tells the nodes. Distances that they measure are held against the true
 * ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mac/skw_airtime.h"
#include "mac/skw_mac.h"
#include "mac/skw_mac_clock.h"

#define MS INT64_C(1000000)
#define SEC (1000 * MS)

enum { NODES = 8, AIR = 64, LATENCY = 200000, FRAME = 700 };

struct node {
	struct skw_mac *mac;
	struct skw_mac_config config;
	struct skw_mac_addr addr;
	bool on, up;
	int64_t base; /* its device clock at true time 0 */
	double ppm;
	uint64_t common; /* its common time when last seen */
	unsigned ups, downs;
	uint32_t sent, got;
};

struct flight {
	bool busy;
	bool told; /* of its fate, to the sender */
	unsigned from;
	int64_t start, end; /* true time at the sender */
	bool done[NODES];
	uint8_t rate;
	uint32_t tag;
	size_t len;
	uint8_t psdu[SKW_PSDU_MAX];
};

static struct {
	int64_t now;
	unsigned nodes;
	struct node node[NODES];
	int64_t way[NODES][NODES]; /* ns; below 0: not heard */
	struct flight air[AIR];
	unsigned lost, arrived; /* PSDUs, by reason of another at the same time */
	uint32_t random;
	bool saturate;
	int64_t apart;      /* how far the beacons made by hand are ahead of node 0's time */
	uint64_t old, leap; /* what node 0 was ahead, and shall be; 0: nobody looks */
	unsigned beacons;   /* of its since */
	uint64_t said[8];
	bool before[8], after[8];
} w;

static uint32_t below(uint32_t n)
{
	w.random = w.random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(w.random >> 8) * n >> 24);
}

static uint64_t device(unsigned i, int64_t t)
{
	return (uint64_t)(w.node[i].base + t + (int64_t)((double)t * w.node[i].ppm * 1e-6));
}

/* The first instant at which a device clock shows `d` or more. */
static int64_t true_time(unsigned i, uint64_t d)
{
	int64_t since = (int64_t)d - w.node[i].base;
	int64_t t = (int64_t)((double)since / (1 + w.node[i].ppm * 1e-6));

	while (device(i, t) < d)
		t++;
	return t;
}

static void start(unsigned i)
{
	struct node *n = &w.node[i];

	skw_mac_free(n->mac);
	n->config.epoch = 1 + below(1 << 24);
	n->on = true;
	n->common = 0;
	assert_int_equal(skw_mac_new(&n->mac, &n->config, device(i, w.now)), SKW_MAC_OK);
	n->addr = skw_mac_own_addr(n->mac);
}

static void world(unsigned nodes, uint32_t seed, unsigned slots)
{
	memset(&w, 0, sizeof(w));
	w.nodes = nodes;
	w.random = seed;
	w.now = SEC;
	for (unsigned i = 0; i < nodes; i++) {
		struct node *n = &w.node[i];

		n->config = skw_mac_config_default();
		n->config.plan.slots = (uint8_t)slots;
		n->config.slot_mask = 0;
		for (unsigned k = 0; k < SKW_MAC_KEY; k++)
			n->config.key[k] = (uint8_t)below(256);
		n->base = below(1 << 20) * MS + below(1000000);
		n->ppm = (double)below(41) - 20;
		for (unsigned k = 0; k < NODES; k++)
			w.way[i][k] = -1;
	}
}

static void join(unsigned a, unsigned b, int64_t way_ns)
{
	w.way[a][b] = w.way[b][a] = way_ns;
}

/* In the slots of which time a beacon of node 0 left, and what time it told. */
static void look_at_beacon(unsigned i, const struct skw_mac_output *out)
{
	struct skw_reader r = skw_reader(out->data, out->len), body;
	const struct skw_slots *plan = &w.node[i].config.plan;
	struct skw_mac_envelope e;
	struct skw_mac_beacon b;
	uint8_t type;

	if (i != 0 || w.leap == 0 || w.beacons == 8 || !skw_mac_get_envelope(&r, &e) ||
	    !skw_mac_get_element(&r, &type, &body) || type != SKW_MAC_EL_BEACON)
		return;
	assert_true(skw_mac_get_beacon(&body, &b));
	w.said[w.beacons] = b.ahead_ns;
	w.before[w.beacons] =
	    w.node[0].config.slot_mask >> (b.time_ns + w.old) / plan->slot_ns % plan->slots & 1;
	w.after[w.beacons++] =
	    w.node[0].config.slot_mask >> (b.time_ns + w.leap) / plan->slot_ns % plan->slots & 1;
}

static void put_on_air(unsigned i, const struct skw_mac_output *out)
{
	uint64_t air = skw_airtime_ns(out->tx.rate_mbps, out->tx.length, 20);

	uint64_t lead = w.node[i].config.lead_ns, slot = w.node[i].config.plan.slot_ns;
	uint64_t into = (out->time_ns + skw_mac_ahead(w.node[i].mac)) % slot;

	assert_true(out->time_ns >= device(i, w.now) + lead);
	if (w.leap == 0) /* a slot is filled no sooner than the lead before it begins */
		assert_true(device(i, w.now) + lead >= out->time_ns - into);
	look_at_beacon(i, out);
	for (unsigned k = 0; k < AIR; k++) {
		struct flight *f = &w.air[k];

		if (f->busy)
			continue;
		*f = (struct flight) { .busy = true,
				       .from = i,
				       .start = true_time(i, out->time_ns),
				       .rate = out->tx.rate_mbps,
				       .tag = out->tx.tag,
				       .len = out->len };
		f->end = f->start + (int64_t)air;
		memcpy(f->psdu, out->data, out->len);
		return;
	}
	fail_msg("too much on the air");
}

static void drain(unsigned i)
{
	struct node *n = &w.node[i];
	struct skw_mac_output out;
	uint64_t now = device(i, w.now), common;
	unsigned same = 0;

	while (skw_mac_poll(n->mac, now, &out)) {
		assert_true(++same < 1000);
		switch (out.type) {
		case SKW_MAC_TX:
			put_on_air(i, &out);
			break;
		case SKW_MAC_DELIVER:
			assert_int_equal(out.len, FRAME);
			n->got++;
			break;
		case SKW_MAC_UP:
			n->ups++;
			break;
		case SKW_MAC_DOWN:
			n->downs++;
			break;
		}
	}
	common = now + skw_mac_ahead(n->mac);
	if (n->up) /* among others time never goes back */
		assert_true(common >= n->common);
	n->up = n->ups > n->downs;
	n->common = common;
}

static bool overlap(int64_t a, int64_t a_end, int64_t b, int64_t b_end)
{
	return a < b_end && b < a_end;
}

/* Whether anything else is at `at` while f is. */
static bool drowned(const struct flight *f, unsigned at)
{
	int64_t came = f->start + w.way[at][f->from], gone = f->end + w.way[at][f->from];

	for (unsigned k = 0; k < AIR; k++) {
		const struct flight *o = &w.air[k];
		int64_t way = o->from == at ? 0 : w.way[at][o->from];

		if (o != f && o->busy && way >= 0 &&
		    overlap(came, gone, o->start + way, o->end + way))
			return true;
	}
	return false;
}

static void land(struct flight *f, unsigned at)
{
	struct skw_frame_rx rx = { .rate_mbps = f->rate,
				   .fcs_ok = true,
				   .rssi_cdb = -3000,
				   .snr_cdb = 2500,
				   .length = (uint16_t)(f->len + 4) };
	uint8_t psdu[SKW_PSDU_MAX + 4];
	uint64_t came = device(at, f->start + w.way[at][f->from]);

	f->done[at] = true;
	w.lost += drowned(f, at);
	if (drowned(f, at))
		return;
	w.arrived++;
	memcpy(psdu, f->psdu, f->len);
	memset(psdu + f->len, 0, 4);
	/* the device counts samples of 50 ns and finds a symbol within some of them */
	skw_mac_on_rx(w.node[at].mac, device(at, w.now), &rx, came / 50 * 50 + below(5) * 50 - 100,
		      psdu, f->len + 4);
	drain(at);
}

/* What is due of the flights at w.now; the next true time at which something of them is. */
static int64_t flights(void)
{
	int64_t next = INT64_MAX;

	for (unsigned k = 0; k < AIR; k++) {
		struct flight *f = &w.air[k];
		bool over = f->end + 2 * MS < w.now; /* nobody can be hit by it any more */

		if (!f->busy)
			continue;
		for (unsigned i = 0; i < w.nodes; i++) {
			int64_t at = f->end + w.way[i][f->from] + LATENCY;

			if (i == f->from || w.way[i][f->from] < 0 || f->done[i] || !w.node[i].on)
				continue;
			if (at <= w.now)
				land(f, i);
			else
				next = at < next ? at : next;
		}
		if (f->end <= w.now && !f->told && w.node[f->from].on) {
			f->told = true;
			skw_mac_on_tx_status(w.node[f->from].mac, device(f->from, w.now), f->tag,
					     SKW_MAC_TX_SENT);
			drain(f->from);
		} else if (!f->told) {
			next = f->end > w.now && f->end < next ? f->end : next;
		}
		f->busy = !over;
	}
	return next;
}

static void fill(unsigned i)
{
	static const uint8_t frame[FRAME];
	struct skw_mac_neighbour n;

	for (unsigned k = 0; skw_mac_neighbour(w.node[i].mac, k, &n); k++)
		while (skw_mac_send(w.node[i].mac, &n.addr, SKW_MAC_BULK, frame, FRAME) ==
		       SKW_MAC_OK)
			w.node[i].sent++;
}

static void run(int64_t for_ns)
{
	int64_t until = w.now + for_ns;

	while (w.now < until) {
		int64_t next = flights();

		next = next < until ? next : until;
		for (unsigned i = 0; i < w.nodes; i++) {
			int64_t t;

			if (!w.node[i].on)
				continue;
			if (w.saturate)
				fill(i);
			drain(i);
			t = true_time(i, skw_mac_next_timer(w.node[i].mac, device(i, w.now)));
			next = t < next ? t : next;
		}
		w.now = next > w.now ? next : w.now + 1000;
	}
}

static int stop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		skw_mac_free(w.node[i].mac);
	memset(&w, 0, sizeof(w));
	return 0;
}

static unsigned bits(uint32_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

/* Nobody within two hops has a slot of another's. */
static void assert_apart(void)
{
	for (unsigned a = 0; a < w.nodes; a++)
		for (unsigned b = 0; b < a; b++) {
			bool near = w.way[a][b] >= 0;

			for (unsigned c = 0; c < w.nodes; c++)
				near |= w.way[a][c] >= 0 && w.way[b][c] >= 0;
			if (near && w.node[a].on && w.node[b].on)
				assert_int_equal(
				    skw_mac_slots(w.node[a].mac) & skw_mac_slots(w.node[b].mac), 0);
		}
}

static void assert_measured(unsigned a, unsigned b, int64_t error_ns)
{
	struct skw_mac_neighbour n;

	for (unsigned k = 0; skw_mac_neighbour(w.node[a].mac, k, &n); k++)
		if (memcmp(n.addr.b, w.node[b].addr.b, 6) == 0) {
			assert_in_range(n.way_ns + error_ns, w.way[a][b],
					w.way[a][b] + 2 * error_ns);
			return;
		}
	fail_msg("%u is no neighbour of %u", b, a);
}

static void assert_all_up(void)
{
	struct skw_mac_neighbour n;

	for (unsigned a = 0; a < w.nodes; a++) {
		unsigned hears = 0, up = 0;

		for (unsigned b = 0; b < w.nodes; b++)
			hears += w.node[a].on && w.node[b].on && w.way[a][b] >= 0;
		for (unsigned k = 0; w.node[a].on && skw_mac_neighbour(w.node[a].mac, k, &n); k++)
			up += n.hears_us;
		assert_int_equal(up, hears);
	}
}

/* Fully loaded for `for_ns`: nothing collides, nothing is lost, frames arrive. */
static void assert_clean(int64_t for_ns)
{
	uint32_t before = w.node[0].got;

	w.saturate = true;
	run(2 * SEC);
	w.lost = w.arrived = 0;
	run(for_ns);
	assert_int_equal(w.lost, 0);
	assert_true(w.arrived > 100 && w.node[0].got > before + 50);
	w.saturate = false;
	assert_apart();
}

/* ---- two ---- */

static void two_clocks_agree_over_15_km(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 5; seed++) {
		world(2, seed, 4);
		join(0, 1, 50035); /* 15 km */
		w.node[0].ppm = 20;
		w.node[1].ppm = -20;
		w.node[0].config.slot_mask = 1;
		w.node[1].config.slot_mask = 2;
		start(0);
		start(1);
		run(4 * SEC);
		assert_all_up();
		assert_measured(0, 1, 500);
		assert_measured(1, 0, 500);
		assert_clean(20 * SEC);
		assert_int_equal(w.node[0].ups + w.node[1].ups, 2);
		stop(state);
	}
}

/* Nothing but the guard keeps them apart without a common time: the same two as above would be in
 * each other's slots. With it, what one sends in its slot is over at the other before its own
 * begins. */
static void a_slot_ends_before_the_next_begins_at_the_other_end(void **state)
{
	uint64_t a, b;

	(void)state;
	world(2, 9, 4);
	join(0, 1, 20000);
	start(0);
	start(1);
	run(5 * SEC);
	for (unsigned i = 0; i < 50; i++) {
		run(100 * MS);
		a = device(0, w.now) + skw_mac_ahead(w.node[0].mac);
		b = device(1, w.now) + skw_mac_ahead(w.node[1].mac);
		/* half a second of 40 ppm, and what measuring errs */
		assert_in_range(a - b + 22000, 0, 44000);
	}
}

/* ---- claims ---- */

static void a_line_shares_slots(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 12; seed++) {
		world(5, seed, 4);
		for (unsigned i = 0; i < 4; i++)
			join(i, i + 1, 5000);
		for (unsigned i = 0; i < 5; i++)
			start(i);
		run(20 * SEC);
		assert_all_up();
		assert_clean(10 * SEC);
		for (unsigned i = 0; i < 5; i++)
			assert_true(bits(skw_mac_slots(w.node[i].mac)) >= 1);
		stop(state);
	}
}

/* Ends that do not hear each other share a middle, started at the same instant. */
static void hidden_ones_find_slots_of_their_own(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 12; seed++) {
		unsigned all = 0;

		world(7, seed, 8);
		for (unsigned i = 1; i < 7; i++)
			join(0, i, 1000 * i);
		for (unsigned i = 0; i < 7; i++)
			start(i);
		run(20 * SEC);
		assert_all_up();
		assert_clean(5 * SEC);
		for (unsigned i = 0; i < 7; i++)
			all += bits(skw_mac_slots(w.node[i].mac));
		assert_int_equal(all, 7); /* one is kept for whoever comes */
		stop(state);
	}
}

static void slots_are_shared_and_given_back(void **state)
{
	(void)state;
	world(3, 3, 8);
	join(0, 1, 3000);
	start(0);
	start(1);
	run(10 * SEC);
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)) + bits(skw_mac_slots(w.node[1].mac)),
			 7);
	w.saturate = true;
	run(5 * SEC);
	join(0, 2, 3000); /* comes while they are busy */
	join(1, 2, 3000);
	start(2);
	run(20 * SEC);
	assert_all_up();
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(bits(skw_mac_slots(w.node[i].mac)), 2, 3);
	assert_clean(5 * SEC);
	w.node[1].on = false; /* and goes */
	run(20 * SEC);
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)) + bits(skw_mac_slots(w.node[2].mac)),
			 7);
	assert_clean(5 * SEC);
}

static void who_finds_no_slot_waits_for_one(void **state)
{
	(void)state;
	world(3, 5, 2);
	for (unsigned i = 0; i < 3; i++)
		join(i, (i + 1) % 3, 1000);
	start(0);
	start(1);
	run(5 * SEC);
	start(2);
	run(5 * SEC);
	assert_int_equal(skw_mac_slots(w.node[2].mac), 0);
	assert_in_range(skw_mac_counters(w.node[2].mac)->slots_full, 1, 10); /* each half second */
	assert_int_equal(skw_mac_counters(w.node[2].mac)->tx_psdus, 0);
	w.node[0].on = false;
	run(10 * SEC);
	assert_int_equal(bits(skw_mac_slots(w.node[2].mac)), 1);
	assert_apart();
	run(3 * SEC);
	assert_all_up();
}

static void who_is_configured_keeps_its_slot(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 8; seed++) {
		world(2, seed, 2);
		join(0, 1, 1000);
		w.node[1].config.slot_mask = 2;
		start(0);
		run(5 * SEC);
		start(1);
		run(10 * SEC);
		assert_int_equal(skw_mac_slots(w.node[1].mac), 2);
		assert_int_equal(skw_mac_slots(w.node[0].mac), 1);
		assert_clean(2 * SEC);
		stop(state);
	}
}

/* Two communities that grew apart come to hear each other in the middle. */
static void networks_become_one(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 8; seed++) {
		world(6, seed, 8);
		join(0, 1, 4000);
		join(1, 2, 7000);
		join(3, 4, 4000);
		join(4, 5, 9000);
		for (unsigned i = 0; i < 6; i++)
			start(i);
		run(15 * SEC);
		assert_all_up();
		join(2, 3, 12000);
		run(25 * SEC);
		assert_all_up();
		assert_measured(2, 3, 1000);
		assert_clean(10 * SEC);
		stop(state);
	}
}

/* ---- each rule of claims, by beacons made by hand ---- */

/* A node whose address is smaller, or larger, than node 0's: its key is this octet, repeated. */
static uint8_t neighbour(bool smaller, unsigned skip)
{
	for (unsigned k = 0; k < 256; k++) {
		uint8_t key[SKW_MAC_KEY];
		struct skw_mac_addr a;

		memset(key, (int)k, sizeof(key));
		a = skw_mac_addr_of(key);
		if ((memcmp(a.b, w.node[0].addr.b, SKW_MAC_ADDR) < 0) == smaller && skip-- == 0)
			return (uint8_t)k;
	}
	fail_msg("no such address");
	return 0;
}

/* Node 0 hears this beacon, just sent, of whom its key says. */
static void give(const struct skw_mac_beacon *b)
{
	struct skw_mac_envelope e = { .dst = skw_mac_broadcast,
				      .src = skw_mac_addr_of(b->key),
				      .src_epoch = 9 };
	struct skw_frame_rx rx = { .rate_mbps = 6, .fcs_ok = true };
	uint64_t now = device(0, w.now);
	uint8_t psdu[600];
	struct skw_writer out = skw_writer(psdu, sizeof(psdu));

	skw_mac_put_envelope(&out, &e);
	skw_mac_put_beacon(&out, b);
	skw_put_zeros(&out, 4);
	skw_mac_on_rx(w.node[0].mac, now, &rx, now, psdu, skw_writer_len(&out));
}

enum { UNNAMED = -1 };

/* Node 0 hears a beacon of it, in time or w.apart: its slots, how long ago it heard node 0, and one
 * that it hears, if that has slots. */
static void hears(uint8_t who, uint32_t slots, int age_ms, uint8_t other, uint32_t its_slots)
{
	struct skw_mac_beacon b = { .slots = w.node[0].config.plan.slots,
				    .slot_ns = 4000000,
				    .slot_mask = slots,
				    .time_ns = device(0, w.now),
				    .ahead_ns = skw_mac_ahead(w.node[0].mac) + (uint64_t)w.apart };
	uint8_t key[SKW_MAC_KEY];

	memset(b.key, who, sizeof(b.key));
	memset(key, other, sizeof(key));
	if (age_ms != UNNAMED)
		b.heard[b.heard_count++] =
		    (struct skw_mac_heard) { .addr = w.node[0].addr,
					     .epoch = 7,
					     .clock = { (uint32_t)-b.ahead_ns, (uint16_t)age_ms } };
	if (its_slots != 0)
		b.heard[b.heard_count++] =
		    (struct skw_mac_heard) { .addr = skw_mac_addr_of(key), .slot_mask = its_slots };
	give(&b);
	drain(0);
}

/* Node 0 alone with `n` of `slots` slots: it is told of one far neighbour that has all but n + 1.
 */
static uint32_t owner(unsigned n, unsigned slots)
{
	uint32_t mask;

	stop(NULL);
	world(1, 21, slots);
	start(0);
	hears(neighbour(false, 9), (1u << slots) - (1u << (n + 1)), 0, 0, 0);
	run(4 * SEC);
	mask = skw_mac_slots(w.node[0].mac);
	assert_int_equal(bits(mask), n);
	assert_int_equal(mask >> (n + 1), 0);
	return mask;
}

static void who_has_more_yields(void **state)
{
	uint32_t mine, theirs;

	(void)state;
	mine = owner(2, 8);
	theirs = mine & -mine; /* one of my two, though my address is the smaller */
	hears(neighbour(false, 0), theirs, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine & ~theirs);
	mine = owner(1, 8); /* they have two, one of them mine: they will leave it */
	hears(neighbour(true, 0), mine | 0x80, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
	assert_int_equal(skw_mac_counters(w.node[0].mac)->slot_conflicts, 1);
}

static void of_equals_the_smaller_address_stays(void **state)
{
	uint32_t mine;

	(void)state;
	mine = owner(1, 8);
	hears(neighbour(false, 0), mine, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
	hears(neighbour(true, 0), mine, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
	/* the same two hops away */
	mine = owner(1, 8);
	hears(neighbour(false, 0), 0x80, 0, neighbour(false, 1), mine);
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
	hears(neighbour(false, 0), 0x80, 0, neighbour(true, 1), mine);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
}

static void who_is_not_heard_cannot_insist(void **state)
{
	uint32_t mine;

	(void)state;
	mine = owner(1, 8);
	hears(neighbour(false, 0), mine, UNNAMED, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
	mine = owner(1, 8);
	hears(neighbour(false, 0), mine, 1500, 0, 0); /* three intervals ago */
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
	hears(neighbour(false, 0), mine, 1501, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
}

static void slots_of_another_time_do_not_clash(void **state)
{
	uint32_t mine = owner(1, 8);

	(void)state;
	hears(neighbour(false, 1), 0x80, 0, 0, 0); /* in time, so node 0 stays where it is */
	w.apart = -SEC;
	hears(neighbour(true, 0), mine, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
	w.apart = 0;
	hears(neighbour(true, 0), mine, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
}

static void after_eight_beacons_the_wiser_yields(void **state)
{
	uint32_t mine = owner(1, 8);

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		hears(neighbour(false, 0), mine, 0, 0, 0);
	hears(neighbour(false, 0), 0x80, 0, 0, 0); /* one without: counted anew */
	for (unsigned i = 0; i < 7; i++)
		hears(neighbour(false, 0), mine, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
	hears(neighbour(false, 0), mine, 0, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
}

static void who_is_not_heard_moves(void **state)
{
	uint32_t mine = owner(1, 8);
	const unsigned patience[] = { 4, 8, 16 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 1; k < patience[i]; k++)
			hears(neighbour(true, 0), 0x80, UNNAMED, 0, 0);
		assert_int_equal(skw_mac_slots(w.node[0].mac), mine);
		hears(neighbour(true, 0), 0x80, UNNAMED, 0, 0);
		assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
		mine = skw_mac_slots(w.node[0].mac);
		assert_int_equal(bits(mine), 1);
	}
	hears(neighbour(true, 0), 0x80, 0, 0, 0); /* heard at last: patience is what it was */
	for (unsigned k = 0; k < 4; k++)
		hears(neighbour(true, 0), 0x80, UNNAMED, 0, 0);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & mine, 0);
}

/* Beacons for `seconds`: a neighbour with these slots, which hears one with those. */
static void live_beside(uint32_t slots, uint32_t others, unsigned seconds)
{
	for (unsigned i = 0; i < 2 * seconds; i++) {
		hears(neighbour(true, 0), slots, 0, neighbour(true, 1), others);
		run(500 * MS);
		assert_int_not_equal(skw_mac_slots(w.node[0].mac), 0);
	}
}

static void slots_are_shared_by_the_rule(void **state)
{
	(void)state;
	world(1, 4, 8); /* nobody has more than one more than another */
	start(0);
	hears(neighbour(true, 0), 1, 0, neighbour(true, 1), 2);
	run(2 * SEC);
	live_beside(1, 2, 20);
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 2);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & 3, 0);
	stop(state);
	world(1, 4, 8); /* alone: all but one */
	start(0);
	run(15 * SEC);
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 7);
	live_beside(0xFF & ~skw_mac_slots(w.node[0].mac), 0, 20); /* who comes shall have 3 of 7 */
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 5);
	stop(state);
	world(1, 4, 8); /* a share of 3 is kept, if all is taken as well */
	start(0);
	hears(neighbour(true, 0), 0x0F, 0, 0, 0);
	run(2 * SEC);
	live_beside(0x0F, 0, 15);
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 3);
	live_beside(0xFF & ~skw_mac_slots(w.node[0].mac), 0, 15);
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 3);
	stop(state);
	world(1, 4, 2); /* the only one is never given back */
	start(0);
	hears(neighbour(true, 0), 1, 0, 0, 0);
	run(2 * SEC);
	live_beside(1, 0, 15);
	assert_int_equal(skw_mac_counters(w.node[0].mac)->slot_claims, 1);
}

/* The step that node 0 makes at a beacon that is `ns` ahead of it. */
static int64_t step_at(int64_t ns, uint8_t who, int age_ms, uint8_t other, uint32_t its_slots)
{
	uint64_t before = skw_mac_ahead(w.node[0].mac);

	w.apart = ns;
	hears(who, 0x80, age_ms, other, its_slots);
	w.apart = 0;
	return (int64_t)(skw_mac_ahead(w.node[0].mac) - before);
}

static void whose_time_is_followed(void **state)
{
	const uint8_t a = 1, b = 2, c = 3;

	(void)state;
	world(1, 2, 8); /* alone: back to one that has others, not to one that is alone itself */
	start(0);
	assert_true(step_at(-SEC, a, UNNAMED, 0, 0) == 0);
	assert_true(step_at(-SEC, a, UNNAMED, c, 1) == -SEC);
	/* but not back again: one is in time already */
	assert_true(step_at(-SEC, b, UNNAMED, c, 1) == 0);
	assert_true(step_at(SEC, b, UNNAMED, c, 1) == SEC);
	stop(state);
	world(1, 2, 8); /* among others: never back, if the only one is out of time as well */
	start(0);
	hears(a, 0x80, 0, 0, 0);
	assert_int_equal(w.node[0].ups, 1);
	assert_true(step_at(-SEC, a, 0, c, 1) == 0);
	assert_true(step_at(-SEC, a, 0, c, 1) == 0);
	assert_true(step_at(SEC, a, 0, c, 1) == SEC);
}

static void small_differences_are_let_be(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int64_t least = i == 0 ? 1000 : 50000; /* a 32nd of the guard */

		world(1, 2, 8);
		w.node[0].config.plan.guard_ns = i == 0 ? 0 : 1600000;
		w.node[0].config.beacon_ns = 20 * (uint64_t)SEC; /* none of its own meanwhile */
		w.node[0].config.neighbour_timeout_ns = 30 * (uint64_t)SEC;
		start(0);
		hears(1, 0x80, UNNAMED, 0, 0);
		assert_true(step_at(least, 1, UNNAMED, 0, 0) == 0);
		assert_true(step_at(-least - 1, 1, UNNAMED, 0, 0) == 0);
		assert_true(step_at(least + 1, 1, UNNAMED, 0, 0) == least + 1);
		stop(state);
	}
}

static void who_comes_last_takes_from_the_richest(void **state)
{
	(void)state;
	world(1, 4, 8);
	start(0);
	for (unsigned i = 0; i < 5; i++) {
		hears(neighbour(true, 0), 0x83, 0, neighbour(true, 1), 0x70);
		hears(neighbour(true, 2), 0x0C, 0, neighbour(true, 3), 0x0C);
		run(500 * MS);
	}
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 1);
	assert_int_equal(skw_mac_slots(w.node[0].mac) & 0x0C, 0); /* three have more than two */
}

/* ---- clocks that are not what they were ---- */

static void a_device_that_starts_anew_is_followed_and_follows(void **state)
{
	(void)state;
	world(3, 11, 4);
	join(0, 1, 2000);
	join(1, 2, 2000);
	for (unsigned i = 0; i < 3; i++)
		start(i);
	run(10 * SEC);
	assert_all_up();
	w.node[1].base = -w.now; /* its counter begins at 0 */
	start(1);
	run(10 * SEC);
	assert_all_up();
	assert_measured(0, 1, 500);
	assert_measured(2, 1, 500);
	assert_clean(5 * SEC);
}

/* A neighbour's time half a superframe further: three beacons say so in the slots that the others
 * know. */
static void a_leap_is_told_before_it_is_made(void **state)
{
	struct skw_mac_beacon b = { .slots = 4, .slot_ns = 4000000, .slot_mask = 8 };

	(void)state;
	world(2, 6, 4);
	join(0, 1, 1000);
	w.node[0].config.slot_mask = 1;
	w.node[1].config.slot_mask = 2;
	start(0);
	start(1);
	run(4 * SEC);
	assert_all_up();
	memset(b.key, 0x77, sizeof(b.key));
	w.old = skw_mac_ahead(w.node[0].mac);
	w.leap = w.old + (uint64_t)(8 * MS);
	b.time_ns = device(0, w.now);
	b.ahead_ns = w.leap;
	give(&b);
	assert_int_equal(skw_mac_ahead(w.node[0].mac), w.leap);
	b.ahead_ns += 5000; /* a small step meanwhile does not bring the leap forward */
	give(&b);
	w.leap += 5000;
	assert_int_equal(skw_mac_ahead(w.node[0].mac), w.leap);
	run(100 * MS); /* a superframe each */
	assert_in_range(w.beacons, 3, 4);
	run(2 * SEC);
	assert_in_range(w.beacons, 6, 8);
	for (unsigned i = 0; i < w.beacons; i++) {
		assert_in_range(w.said[i], w.leap, w.leap + 100000);
		assert_int_equal(w.before[i], i < 3);
		assert_int_equal(w.after[i], i >= 3);
	}
	assert_clean(3 * SEC); /* the other has come along */
}

static void a_beacon_beyond_time_is_refused(void **state)
{
	struct skw_mac_beacon b = { .slots = 4, .slot_ns = 4000000, .slot_mask = 8 };
	const uint64_t said[][2] = {
		{ SKW_MAC_TIME_MAX + 1, 0 }, { SKW_MAC_TIME_MAX + 1, UINT64_MAX - 9 },
		{ UINT64_MAX, 0 },           { 1, SKW_MAC_TIME_MAX },
		{ 4, UINT64_MAX - 9 },
	};

	(void)state;
	world(1, 1, 4);
	start(0);
	memset(b.key, 0x77, sizeof(b.key));
	for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]) + 1; i++) {
		bool good = i == sizeof(said) / sizeof(said[0]);

		b.time_ns = good ? SKW_MAC_TIME_MAX - 5 : said[i][0];
		b.ahead_ns = good ? 5 : said[i][1];
		give(&b);
		assert_int_equal(skw_mac_counters(w.node[0].mac)->rx_malformed, good ? i : i + 1);
		assert_int_equal(skw_mac_ahead(w.node[0].mac),
				 good ? SKW_MAC_TIME_MAX - device(0, w.now) : 0);
	}
	run(5 * SEC); /* and lives on at the end of time */
	assert_int_equal(bits(skw_mac_slots(w.node[0].mac)), 2); /* one is the other's, one free */
	assert_true(skw_mac_counters(w.node[0].mac)->tx_beacons > 5);
}

/* The arithmetic alone: two clocks of known difference, drift and way, each seen by the other. */
static void two_way_transfer_is_exact(void **state)
{
	struct skw_mac_sight here = { 0 }, there = { 0 };
	struct skw_mac_sight_told told;
	const int64_t theta = INT64_C(7777777777777), way = 33333;

	(void)state;
	told = skw_mac_sight_tell(&here, 5);
	assert_int_equal(told.age_ms, SKW_MAC_SIGHT_NONE);
	skw_mac_sight_back(&here, &told); /* nothing seen, nothing told */
	assert_false(here.way_known);
	for (int64_t t = SEC; t < 10 * SEC; t += 500 * MS) {
		int64_t drift = t / 25000, later = (t + 200 * MS) / 25000; /* 40 ppm */

		/* there: t + theta + drift. A beacon from there, then one from here 200 ms later */
		skw_mac_sight_beacon(&here, (uint64_t)(t + theta + drift), (uint64_t)(t + way));
		told = skw_mac_sight_tell(&there, (uint64_t)(t + theta + drift));
		skw_mac_sight_back(&here, &told);
		if (t > 2 * SEC) {
			assert_in_range(here.way_ns, way - 300, way + 300);
			assert_in_range(here.rate_ppb, 39900, 40100);
			assert_in_range(skw_mac_sight_ahead(&here, 1000) -
					    (uint64_t)(theta + drift),
					700, 1300);
		}
		skw_mac_sight_beacon(&there, (uint64_t)(t + 200 * MS),
				     (uint64_t)(t + 200 * MS + theta + later + way));
	}
	told = skw_mac_sight_tell(&there, (uint64_t)(theta + 90 * SEC));
	assert_int_equal(told.age_ms, SKW_MAC_SIGHT_NONE); /* too long ago */

	/* o' as it would be for a way of so much: a quarter of the difference, nothing, nothing */
	for (unsigned i = 0; i < 3; i++) {
		static const int64_t said[] = { 41333, -6000, 1001000 };

		told.offset_low = (uint32_t)(-2 * said[i] - here.offset_ns);
		told.age_ms = 0;
		skw_mac_sight_back(&here, &told);
		assert_in_range(here.way_ns, way + 1700, way + 2300);
	}
	told.offset_low = (uint32_t)(2 * 4000 - here.offset_ns); /* below nothing: as nothing */
	for (unsigned i = 0; i < 100; i++)
		skw_mac_sight_back(&here, &told);
	assert_in_range(here.way_ns, 0, 3);
	told = (struct skw_mac_sight_told) { 12345, 100 }; /* nonsense leaves what was known */
	skw_mac_sight_back(&here, &told);
	assert_in_range(here.way_ns, 0, 3);
	skw_mac_sight_beacon(&here, 5, (uint64_t)(11 * SEC)); /* a clock that was set has no rate */
	assert_int_equal(here.rate_ppb, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_way_transfer_is_exact),
		cmocka_unit_test_teardown(two_clocks_agree_over_15_km, stop),
		cmocka_unit_test_teardown(a_slot_ends_before_the_next_begins_at_the_other_end,
					  stop),
		cmocka_unit_test_teardown(a_line_shares_slots, stop),
		cmocka_unit_test_teardown(hidden_ones_find_slots_of_their_own, stop),
		cmocka_unit_test_teardown(slots_are_shared_and_given_back, stop),
		cmocka_unit_test_teardown(who_finds_no_slot_waits_for_one, stop),
		cmocka_unit_test_teardown(who_is_configured_keeps_its_slot, stop),
		cmocka_unit_test_teardown(networks_become_one, stop),
		cmocka_unit_test_teardown(who_has_more_yields, stop),
		cmocka_unit_test_teardown(of_equals_the_smaller_address_stays, stop),
		cmocka_unit_test_teardown(who_is_not_heard_cannot_insist, stop),
		cmocka_unit_test_teardown(slots_of_another_time_do_not_clash, stop),
		cmocka_unit_test_teardown(after_eight_beacons_the_wiser_yields, stop),
		cmocka_unit_test_teardown(who_is_not_heard_moves, stop),
		cmocka_unit_test_teardown(slots_are_shared_by_the_rule, stop),
		cmocka_unit_test_teardown(whose_time_is_followed, stop),
		cmocka_unit_test_teardown(small_differences_are_let_be, stop),
		cmocka_unit_test_teardown(who_comes_last_takes_from_the_richest, stop),
		cmocka_unit_test_teardown(a_device_that_starts_anew_is_followed_and_follows, stop),
		cmocka_unit_test_teardown(a_leap_is_told_before_it_is_made, stop),
		cmocka_unit_test_teardown(a_beacon_beyond_time_is_refused, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
