/* rooms: wire mac
 *
 * skw_mac: two to four nodes on a shared medium in device time. Everything that leaves a node is
 * checked as an outsider would: inside its own slot, overlapping nobody, and a valid 802.11 data
 * frame byte for byte. Above that, every link frame arrives once and in order through loss, damage,
 * late transmission, restart and noise.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mac/skw_airtime.h"
#include "mac/skw_mac.h"

#define MS UINT64_C(1000000)
#define SEC (1000 * MS)

enum { NODES = 4, AIR = 64, FRAME = 1000 };

struct flight {
	bool busy;
	bool orphan; /* its sender died: nobody wants its status */
	unsigned from;
	uint64_t start, end;
	uint8_t rate;
	uint32_t tag;
	size_t len;
	uint8_t psdu[SKW_PSDU_MAX];
};

struct node {
	struct skw_mac *mac;
	struct skw_mac_config config;
	struct skw_mac_addr addr;
	uint64_t last_end; /* of its last transmission */
	unsigned up[NODES], down[NODES], psdus;
	bool is_up[NODES];
	uint32_t sent[NODES], got[NODES]; /* frames handed to and over from each other node */
	unsigned urgent_got;
	uint64_t first_got, last_got, got_bytes;
};

static struct {
	uint64_t now;
	struct node node[NODES];
	unsigned nodes;
	bool hears[NODES][NODES]; /* [receiver][sender] */
	struct flight air[AIR];
	unsigned loss, damage, late, mute, alien; /* per cent */
	unsigned late_node;                       /* only its transmissions are late; NODES: all */
	uint64_t rx_latency;
	int16_t snr_cdb; /* of everybody at everybody */
	uint8_t last_data_rate;
	uint32_t random;
	uint64_t on_air_end; /* of everybody */
} w;

static unsigned percent(void)
{
	w.random = w.random * 1664525u + 1013904223u;
	return (w.random >> 16) % 100;
}

/* ---- the outsider's view of a PSDU: IEEE 802.11-2020, 9.2 and 9.3.2; IEEE 802.2; RFC 1042 ---- */

static void assert_80211_data(const struct node *from, const uint8_t *p, size_t len)
{
	static const uint8_t bssid[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
	static const uint8_t snap[8] = { 0xAA, 0xAA, 0x03, 0, 0, 0, 0x88, 0xB5 };

	assert_true(len >= 32);
	assert_int_equal(p[0] & 0x03, 0);   /* protocol version */
	assert_int_equal(p[0] >> 2 & 3, 2); /* type: data */
	assert_int_equal(p[0] >> 4, 0);     /* subtype: data */
	assert_int_equal(p[1] & 0x03, 0);   /* neither to DS nor from DS */
	assert_int_equal(p[1] & 0xF4, 0);   /* no more fragments, not protected, no order */
	assert_int_equal(p[3] & 0x80, 0);   /* duration, not an AID */
	assert_int_equal(p[10] & 1, 0);     /* the source is one station */
	assert_int_equal(p[10] & 2, 2);     /* and locally administered */
	assert_memory_equal(p + 10, from->addr.b, 6);
	assert_memory_equal(p + 16, bssid, 6); /* outside the context of a BSS */
	assert_int_equal(p[22] & 0x0F, 0);     /* fragment 0 */
	assert_memory_equal(p + 24, snap, 8);
	assert_int_equal(p[32], 1); /* our version */
}

/* TXTIME of 17.4.3, from the formula as printed. */
static uint64_t txtime_ns(unsigned rate, size_t len, unsigned mhz)
{
	double n_sym = (16 + 8.0 * (double)len + 6) / (rate * 4.0);
	uint64_t whole = (uint64_t)n_sym;

	if ((double)whole < n_sym)
		whole++;
	return (16 + 4 + 4 * whole) * 1000 * (20 / mhz);
}

static void assert_in_own_slot(const struct node *n, uint64_t start, uint64_t end)
{
	uint64_t slot = start / n->config.plan.slot_ns;

	assert_true(n->config.slot_mask >> slot % n->config.plan.slots & 1);
	assert_true(end <= (slot + 1) * n->config.plan.slot_ns - n->config.plan.guard_ns);
}

/* ---- the medium ---- */

static void put_on_air(unsigned from, const struct skw_mac_output *out)
{
	struct node *n = &w.node[from];
	uint64_t end =
	    out->time_ns + txtime_ns(out->tx.rate_mbps, out->tx.length, n->config.bandwidth_mhz);

	assert_int_equal(out->tx.length, out->len + 4);
	assert_true(out->tx.append_fcs && out->tx.length <= SKW_PSDU_MAX);
	assert_int_not_equal(out->tx.tag, 0);
	assert_80211_data(n, out->data, out->len);
	assert_in_own_slot(n, out->time_ns, end);
	assert_true(out->time_ns >= w.now + n->config.lead_ns);
	assert_true(out->time_ns < w.now + n->config.lead_ns + n->config.plan.slot_ns);
	assert_true(n->last_end == 0 || out->time_ns >= n->last_end + n->config.gap_ns);
	n->last_end = end;
	n->psdus++;
	if (out->len > FRAME)
		w.last_data_rate = out->tx.rate_mbps;
	for (unsigned i = 0; i < AIR; i++) {
		struct flight *f = &w.air[i];

		if (f->busy)
			continue;
		*f = (struct flight) { .busy = true,
				       .from = from,
				       .start = out->time_ns,
				       .end = end,
				       .rate = out->tx.rate_mbps,
				       .tag = out->tx.tag,
				       .len = out->len };
		memcpy(f->psdu, out->data, out->len);
		return;
	}
	fail_msg("too many PSDUs planned at once");
}

static unsigned index_of(const struct skw_mac_addr *addr)
{
	for (unsigned i = 0; i < w.nodes; i++)
		if (memcmp(addr->b, w.node[i].addr.b, 6) == 0)
			return i;
	fail_msg("an address nobody has");
	return 0;
}

/* Bulk frame: u32 number, then a pattern; urgent ones are a single byte. */
static void on_deliver(struct node *n, const struct skw_mac_output *out)
{
	unsigned from = index_of(&out->addr);
	uint32_t number;

	assert_memory_equal(out->key, w.node[from].config.key, 32);
	assert_true(n->is_up[from]);
	if (out->len == 1) {
		n->urgent_got++;
		return;
	}
	memcpy(&number, out->data, 4);
	assert_true(number >= n->got[from]); /* in order, never twice; a gap only after a restart */
	n->got[from] = number + 1;
	for (size_t i = 4; i < out->len; i++)
		assert_int_equal(out->data[i], (uint8_t)(number + i));
	if (n->got_bytes == 0)
		n->first_got = w.now;
	n->last_got = w.now;
	n->got_bytes += out->len;
}

static void drain(unsigned i)
{
	struct node *n = &w.node[i];
	struct skw_mac_output out;

	while (skw_mac_poll(n->mac, w.now, &out))
		switch (out.type) {
		case SKW_MAC_TX:
			put_on_air(i, &out);
			break;
		case SKW_MAC_DELIVER:
			on_deliver(n, &out);
			break;
		case SKW_MAC_UP:
			assert_false(n->is_up[index_of(&out.addr)]);
			n->is_up[index_of(&out.addr)] = true;
			n->up[index_of(&out.addr)]++;
			break;
		case SKW_MAC_DOWN:
			assert_true(n->is_up[index_of(&out.addr)]);
			n->is_up[index_of(&out.addr)] = false;
			n->down[index_of(&out.addr)]++;
			break;
		}
}

static void receive(unsigned i, const struct flight *f)
{
	struct skw_frame_rx rx = { .rate_mbps = f->rate,
				   .fcs_ok = true,
				   .rssi_cdb = -3000,
				   .snr_cdb = w.snr_cdb,
				   .cfo_hz = -7000 };
	uint8_t psdu[SKW_PSDU_MAX + 64];
	size_t len = f->len;

	memcpy(psdu, f->psdu, len);
	if (percent() < w.alien) { /* an element of a type that this version does not know */
		uint8_t more[8] = { 200, 5, 0, 1, 2, 3, 4, 5 };
		memcpy(psdu + len, more, 8);
		len += 8;
	}
	memset(psdu + len, 0, 4);
	rx.length = (uint16_t)(len + 4);
	if (percent() < w.damage) {
		psdu[percent() % len] ^= 0x10;
		rx.fcs_ok = false;
	}
	skw_mac_on_rx(w.node[i].mac, w.now, &rx, f->start, psdu, len + 4);
	drain(i);
}

/* Frames of others on the same channel, and attempts at ours: unknown senders, cut short, random
 * elements. */
static void receive_noise(unsigned i, const struct flight *f)
{
	struct skw_frame_rx rx = { .rate_mbps = 6, .fcs_ok = true };
	uint8_t psdu[200];
	size_t len = 4 + percent();

	memcpy(psdu, f->psdu, sizeof(psdu));
	psdu[15] ^= 0x55; /* a stranger */
	for (size_t k = 41 + percent() % 40; k < sizeof(psdu); k++)
		psdu[k] = (uint8_t)(percent() * 3);
	if (percent() < 20)
		psdu[percent() % 41] ^= 1;
	rx.length = (uint16_t)len;
	skw_mac_on_rx(w.node[i].mac, w.now, &rx, f->start, psdu, len);
	drain(i);
}

static void land(struct flight *f)
{
	struct node *from = &w.node[f->from];
	struct flight done = *f;
	bool late = percent() < w.late && (w.late_node == NODES || w.late_node == f->from);

	f->busy = false;
	if (!done.orphan && percent() >= w.mute) {
		skw_mac_on_tx_status(from->mac, w.now, done.tag,
				     late ? SKW_MAC_TX_LATE : SKW_MAC_TX_SENT);
		drain(done.from);
	}
	if (late)
		return;
	assert_true(done.start >= w.on_air_end ||
		    w.on_air_end == 0); /* nobody speaks at the same time */
	w.on_air_end = done.end;
	for (unsigned i = 0; i < w.nodes; i++) {
		if (i == done.from || !w.hears[i][done.from])
			continue;
		if (percent() >= w.loss)
			receive(i, &done);
		if (percent() < w.alien)
			receive_noise(i, &done);
	}
}

static void node_start(unsigned i, uint32_t epoch)
{
	struct node *n = &w.node[i];

	n->config.epoch = epoch;
	n->last_end = 0;
	for (unsigned k = 0; k < AIR; k++) /* the device forgets what has not left yet */
		if (w.air[k].from == i) {
			w.air[k].busy &= w.air[k].start <= w.now;
			w.air[k].orphan = true;
		}
	skw_mac_free(n->mac);
	assert_int_equal(skw_mac_new(&n->mac, &n->config, w.now), SKW_MAC_OK);
	n->addr = skw_mac_own_addr(n->mac);
	memset(n->is_up, 0, sizeof(n->is_up));
}

static void world(unsigned nodes)
{
	memset(&w, 0, sizeof(w));
	w.nodes = nodes;
	w.random = 7;
	w.late_node = NODES;
	w.rx_latency = 200000;
	w.snr_cdb = 2500;
	for (unsigned i = 0; i < nodes; i++) {
		struct node *n = &w.node[i];

		n->config = skw_mac_config_default();
		memset(n->config.key, (int)i + 1, 32);
		n->config.slot_mask = 1u << i;
		for (unsigned k = 0; k < nodes; k++)
			w.hears[i][k] = true;
	}
}

static void world_start(void)
{
	for (unsigned i = 0; i < w.nodes; i++)
		node_start(i, 100 + i);
}

static void run_until(uint64_t until)
{
	unsigned same = 0;

	for (unsigned i = 0; i < w.nodes; i++)
		drain(i);
	while (w.now < until) {
		uint64_t next = until;
		struct flight *first = NULL;

		for (unsigned i = 0; i < w.nodes; i++) {
			uint64_t t = skw_mac_next_timer(w.node[i].mac, w.now);
			assert_true(t >= w.now);
			next = t < next ? t : next;
		}
		for (unsigned i = 0; i < AIR; i++) {
			struct flight *f = &w.air[i];
			if (f->busy && f->end + w.rx_latency <= next &&
			    (first == NULL || f->end < first->end))
				first = f;
		}
		if (first != NULL)
			next = first->end + w.rx_latency;
		same = next == w.now ? same + 1 : 0;
		assert_true(same < 200); /* a timer that fires without doing anything */
		w.now = next > w.now ? next : w.now;
		if (first != NULL)
			land(first);
		for (unsigned i = 0; i < w.nodes; i++)
			drain(i);
	}
}

static enum skw_mac_status send_bulk(unsigned from, unsigned to, size_t len)
{
	uint8_t data[SKW_MAC_MTU];
	uint32_t number = w.node[from].sent[to];
	enum skw_mac_status status;

	memcpy(data, &number, 4);
	for (size_t i = 4; i < len; i++)
		data[i] = (uint8_t)(number + i);
	status = skw_mac_send(w.node[from].mac, &w.node[to].addr, SKW_MAC_BULK, data, len);
	if (status == SKW_MAC_OK)
		w.node[from].sent[to]++;
	return status;
}

static void fill(unsigned from, unsigned to, size_t len)
{
	while (send_bulk(from, to, len) == SKW_MAC_OK)
		;
}

static int stop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		skw_mac_free(w.node[i].mac);
	memset(&w, 0, sizeof(w));
	return 0;
}

/* ---- the cases ---- */

static void airtime_is_the_standard_s(void **state)
{
	static const uint8_t rates[] = { 6, 9, 12, 18, 24, 36, 48, 54 };

	(void)state;
	/* known to every reader of the standard: an ACK of 14 bytes takes 44 us at 6 Mb/s, 28 us at
	 * 24 Mb/s */
	assert_int_equal(skw_airtime_ns(6, 14, 20), 44000);
	assert_int_equal(skw_airtime_ns(24, 14, 20), 28000);
	assert_int_equal(skw_airtime_ns(54, 1528, 20), 248000);
	assert_int_equal(skw_airtime_ns(54, 1528, 5), 4 * 248000);
	assert_int_equal(skw_airtime_ns(7, 14, 20), 0);
	assert_int_equal(skw_airtime_ns(6, 14, 40), 0);
	for (unsigned r = 0; r < 8; r++)
		for (size_t len = 1; len <= SKW_PSDU_MAX; len++)
			for (unsigned mhz = 5; mhz <= 20; mhz *= 2) {
				uint64_t ns = txtime_ns(rates[r], len, mhz);

				assert_int_equal(skw_airtime_ns(rates[r], len, mhz), ns);
				assert_true(skw_airtime_fits(rates[r], ns, mhz) >= len);
				assert_true(skw_airtime_fits(rates[r], ns - 1, mhz) < len);
			}
	assert_int_equal(skw_airtime_fits(6, 20000, 20), 0);
	assert_int_equal(skw_airtime_fits(6, UINT64_MAX, 20), SKW_PSDU_MAX);
}

static void address_is_the_hash_of_the_key(void **state)
{
	/* BLAKE2b-128 of 00 01 ... 1f, by Python's hashlib, with the two bits of the first byte set
	 */
	static const uint8_t expected[6] = { 0xF2, 0x9A, 0x2C, 0xAD, 0x58, 0x41 };
	uint8_t key[32];
	struct skw_mac_addr addr;

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	addr = skw_mac_addr_of(key);
	assert_memory_equal(addr.b, expected, 6);
}

static void bad_configurations_are_refused(void **state)
{
	struct skw_mac_config good = skw_mac_config_default(), c;
	struct skw_mac *mac;

	(void)state;
	good.epoch = 1;
	c = good;
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_OK);
	skw_mac_free(mac);
	c.epoch = 0;
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_CONFIG);
	c = good, c.slot_mask = 0x10; /* of a plan of four */
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_CONFIG);
	c = good, c.plan.slots = 33;
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_CONFIG);
	c = good, c.data_rate_mbps = 7;
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_CONFIG);
	c = good, c.bandwidth_mhz = 5,
	c.data_rate_mbps = 6; /* 1500 bytes take 8 ms: longer than the slot */
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_CONFIG);
	c = good, c.plan.guard_ns = c.plan.slot_ns;
	assert_int_equal(skw_mac_new(&mac, &c, 0), SKW_MAC_CONFIG);
}

static void neighbours_find_each_other(void **state)
{
	struct skw_mac_neighbour n;

	(void)state;
	world(3);
	w.hears[0][2] = w.hears[2][0] = false; /* a line */
	world_start();
	run_until(200 * MS);
	assert_int_equal(w.node[0].up[1], 1);
	assert_int_equal(w.node[0].up[2], 0);
	assert_int_equal(w.node[1].up[0] + w.node[1].up[2], 2);
	assert_true(skw_mac_neighbour(w.node[0].mac, 0, &n));
	assert_false(skw_mac_neighbour(w.node[0].mac, 1, &(struct skw_mac_neighbour) { 0 }));
	assert_memory_equal(n.key, w.node[1].config.key, 32);
	assert_int_equal(n.slot_mask, 2);
	assert_int_equal(n.snr_cdb, 2500);
	assert_int_equal(n.cfo_hz, -7000);
	assert_int_equal(n.way_ns, -1);                    /* not known so soon */
	assert_int_equal(skw_mac_ahead(w.node[0].mac), 0); /* and all count alike */
	assert_true(n.hears_us);
	assert_int_equal(skw_mac_can_send(w.node[0].mac, &w.node[2].addr, SKW_MAC_BULK), 0);
	assert_int_equal(
	    skw_mac_send(w.node[0].mac, &w.node[2].addr, SKW_MAC_BULK, (const uint8_t *)"x", 1),
	    SKW_MAC_UNKNOWN);
}

static void one_way_hearing_is_no_neighbour(void **state)
{
	(void)state;
	world(2);
	w.hears[0][1] = false;
	world_start();
	run_until(3 * SEC);
	assert_int_equal(w.node[0].up[1] + w.node[1].up[0], 0);
	w.hears[0][1] = true;
	run_until(5 * SEC);
	assert_int_equal(w.node[0].up[1], 1);
	assert_int_equal(w.node[1].up[0], 1);
}

static void idle_slots_stay_silent(void **state)
{
	unsigned before[2];

	(void)state;
	world(2);
	world_start();
	run_until(1 * SEC);
	before[0] = w.node[0].psdus, before[1] = w.node[1].psdus;
	run_until(11 * SEC);
	for (unsigned i = 0; i < 2; i++) {
		/* a beacon each 375 to 500 ms, put off to the next own slot: at most 16 ms more */
		assert_in_range(w.node[i].psdus - before[i], 10 * SEC / (516 * MS),
				10 * SEC / (375 * MS));
		assert_int_equal(skw_mac_counters(w.node[i].mac)->tx_frames, 0);
	}
}

static void a_clean_channel_repeats_nothing_and_is_used(void **state)
{
	const struct skw_mac_counters *a, *b;
	double share;

	(void)state;
	world(2);
	w.node[0].config.data_rate_mbps = w.node[1].config.data_rate_mbps = 54;
	world_start();
	run_until(200 * MS);
	while (w.now < 2200 * MS) {
		fill(0, 1, 1400);
		fill(1, 0, 500);
		run_until(w.now + 2 * MS);
	}
	run_until(w.now + 200 * MS);
	a = skw_mac_counters(w.node[0].mac);
	b = skw_mac_counters(w.node[1].mac);
	assert_int_equal(a->tx_repeats + b->tx_repeats, 0);
	assert_int_equal(a->rx_duplicates + b->rx_duplicates, 0);
	assert_int_equal(w.node[1].got[0], w.node[0].sent[1]);
	assert_int_equal(w.node[0].got[1], w.node[1].sent[0]);
	/* of what 54 Mb/s carries in the node's 3.9 of 16 ms */
	share = (double)w.node[1].got_bytes * 8 / 2.0 / (54e6 * 3.9 / 16);
	print_message("one slot of four at 54 Mb/s: %.2f Mb/s of link frames, %.0f %% of the bits "
		      "on the air\n",
		      (double)w.node[1].got_bytes * 8 / 2.0 / 1e6, share * 100);
	assert_true(share > 0.85);
}

static uint8_t data_rate_at(int16_t snr_cdb)
{
	w.snr_cdb = snr_cdb;
	for (unsigned i = 0; i < 20; i++) { /* some beacons */
		fill(0, 1, 1400);
		run_until(w.now + 500 * MS);
	}
	return w.last_data_rate;
}

static void the_rate_follows_how_the_neighbour_hears_us(void **state)
{
	struct skw_mac_neighbour n;

	(void)state;
	world(2);
	w.node[0].config.data_rate_mbps = w.node[1].config.data_rate_mbps = 0;
	world_start();
	run_until(200 * MS);
	assert_int_equal(data_rate_at(3500), 54);
	assert_in_range(data_rate_at(600), 12, 18);
	assert_int_equal(data_rate_at(-200), 6);
	assert_true(skw_mac_neighbour(w.node[0].mac, 0, &n));
	assert_int_equal(n.rate_mbps, 6);
	assert_int_equal(n.snr_there_cdb, -200);
	assert_int_equal(data_rate_at(3500), 54);
	w.loss = 30; /* the SNR says 54, the air says no */
	assert_true(data_rate_at(3500) <= 48);
	w.loss = 0;
	for (unsigned i = 0; i < 5; i++)
		data_rate_at(3500);
	assert_int_equal(data_rate_at(3500), 54);
	w.late = 30; /* what never left says nothing about the air */
	assert_int_equal(data_rate_at(3500), 54);
	w.late = 0;
	run_until(w.now + 5 * SEC);
	assert_int_equal(w.node[1].got[0], w.node[0].sent[1]);
}

static void a_slot_always_holds_the_largest_frame(void **state)
{
	(void)state;
	world(2);
	for (unsigned i = 0; i < 2; i++) {
		w.node[i].config.data_rate_mbps = 0;
		w.node[i].config.bandwidth_mhz = 5; /* 1500 bytes at 6 Mb/s take 8 ms there */
	}
	world_start();
	run_until(200 * MS);
	assert_true(data_rate_at(-200) >= 18);
	run_until(w.now + 5 * SEC);
	assert_int_equal(w.node[1].got[0], w.node[0].sent[1]);
}

static void small_frames_pass_bulk(void **state)
{
	uint32_t before;

	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	fill(0, 1, 1400);
	run_until(w.now + 20 * MS);
	fill(0, 1, 1400);
	assert_int_equal(skw_mac_can_send(w.node[0].mac, &w.node[1].addr, SKW_MAC_BULK), 0);
	assert_int_equal(send_bulk(0, 1, 1400), SKW_MAC_FULL);
	assert_int_equal(
	    skw_mac_send(w.node[0].mac, &w.node[1].addr, SKW_MAC_URGENT, (const uint8_t *)"!", 1),
	    SKW_MAC_OK);
	before = w.node[0].sent[1];
	while (w.node[1].urgent_got == 0)
		run_until(w.now + MS);
	assert_true(before - w.node[1].got[0] >=
		    50); /* the bulk queued before it is still waiting */
}

static void only_whole_frames_of_the_right_size_are_taken(void **state)
{
	static const uint8_t big[SKW_MAC_MTU + 1];

	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	assert_int_equal(skw_mac_send(w.node[0].mac, &w.node[1].addr, SKW_MAC_BULK, big, 0),
			 SKW_MAC_TOO_LONG);
	assert_int_equal(
	    skw_mac_send(w.node[0].mac, &w.node[1].addr, SKW_MAC_BULK, big, sizeof(big)),
	    SKW_MAC_TOO_LONG);
	assert_int_equal(send_bulk(0, 1, SKW_MAC_MTU), SKW_MAC_OK);
	run_until(w.now + 100 * MS);
	assert_int_equal(w.node[1].got[0], 1);
}

static void late_beacons_and_frames_are_sent_again(void **state)
{
	uint64_t start;

	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	w.late = 100;
	assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_OK);
	start = w.now;
	run_until(w.now + 600 * MS); /* a beacon falls due as well */
	assert_int_equal(w.node[1].got[0], 0);
	assert_in_range(skw_mac_counters(w.node[0].mac)->tx_frames, 600 / 16 - 2,
			600 / 16 + 1);                                    /* each superframe anew */
	assert_int_equal(skw_mac_counters(w.node[0].mac)->tx_repeats, 0); /* none was on the air */
	w.late = 0;
	run_until(w.now + 40 * MS);
	assert_int_equal(w.node[1].got[0], 1);
	assert_true(w.node[1].last_got - start < 650 * MS);
	assert_int_equal(w.node[0].down[1], 0);
}

static void a_late_acknowledgement_is_sent_again_before_it_is_missed(void **state)
{
	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	w.late = 100, w.late_node = 1;
	assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_OK);
	while (skw_mac_counters(w.node[1].mac)->tx_late == 0)
		run_until(w.now + MS / 4);
	w.late = 0;
	run_until(w.now + 200 * MS);
	assert_int_equal(skw_mac_counters(w.node[0].mac)->tx_repeats, 0);
	assert_int_equal(w.node[1].got[0], 1);
}

/* The answer's slot lies after our next own one: that one must not repeat what is merely not
 * answered yet. */
static void an_answer_is_waited_for(void **state)
{
	(void)state;
	world(2);
	w.node[0].config.slot_mask = 0x5;
	w.node[1].config.slot_mask = 0x8;
	world_start();
	run_until(200 * MS);
	for (unsigned i = 0; i < 200; i++) {
		send_bulk(0, 1, FRAME);
		fill(1, 0, 1400); /* the answer comes at the end of a long PSDU */
		run_until(w.now + 3 * MS + percent() * MS / 10);
	}
	assert_int_equal(skw_mac_counters(w.node[0].mac)->tx_repeats, 0);
	assert_int_equal(skw_mac_counters(w.node[1].mac)->rx_duplicates, 0);
}

/* Everybody talks to everybody it hears, while `chaos` per cent of everything goes wrong. */
static void bad_channel(unsigned nodes, uint64_t seconds, uint32_t seed)
{
	world(nodes);
	w.random = seed;
	w.loss = 15, w.damage = 5, w.late = 3, w.mute = 10, w.alien = 20;
	for (unsigned i = 0; i < nodes; i++)
		w.node[i].config.neighbour_timeout_ns = 60 * SEC; /* none is lost by bad luck */
	world_start();
	run_until(3 * SEC);
	for (uint64_t end = w.now + seconds * SEC; w.now < end;
	     run_until(w.now + percent() * MS / 2)) {
		unsigned from = percent() % nodes, to = percent() % nodes, n = percent();

		if (from == to)
			continue;
		while (n-- > 0 && send_bulk(from, to, 4 + percent() * 14) == SKW_MAC_OK)
			;
	}
	run_until(w.now + 5 * SEC);
	for (unsigned i = 0; i < nodes; i++)
		for (unsigned k = 0; k < nodes; k++) {
			assert_int_equal(w.node[i].got[k], w.node[k].sent[i]);
			assert_int_equal(w.node[i].down[k], 0);
			assert_true(i == k || w.node[i].got[k] > 100);
		}
	for (unsigned i = 0; i < nodes; i++) {
		const struct skw_mac_counters *c = skw_mac_counters(w.node[i].mac);

		assert_int_equal(c->rx_ahead, 0);
		assert_int_equal(c->dropped_frames, 0);
		assert_true(c->tx_repeats > 0 && c->rx_fcs_bad > 0 && c->rx_skipped > 0);
		assert_true(c->rx_foreign > 0 && c->rx_malformed + c->rx_unknown > 0);
	}
}

static void nothing_is_lost_or_doubled_by_two(void **state)
{
	(void)state;
	bad_channel(2, 30, 1);
}

static void nothing_is_lost_or_doubled_by_four(void **state)
{
	(void)state;
	bad_channel(4, 30, 2);
}

static void a_restarted_neighbour_is_spoken_to_anew(void **state)
{
	uint32_t before;

	(void)state;
	world(2);
	w.loss = 10;
	w.random = 3;
	for (unsigned i = 0; i < 2; i++)
		w.node[i].config.neighbour_timeout_ns = 60 * SEC;
	world_start();
	run_until(2 * SEC);
	for (unsigned turn = 1; turn <= 20; turn++) {
		fill(0, 1, FRAME);
		fill(1, 0, FRAME);
		run_until(w.now + 20 * MS + percent() * MS / 10);
		node_start(1, 1000 + turn); /* in the middle of it */
		run_until(w.now + 3 * SEC);
		assert_true(w.node[0].is_up[1] && w.node[1].is_up[0]);
		assert_int_equal(w.node[0].down[1], turn);
		before = w.node[1].got[0];
		assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_OK);
		assert_int_equal(send_bulk(1, 0, FRAME), SKW_MAC_OK);
		run_until(w.now + SEC);
		assert_true(w.node[1].got[0] > before);
		assert_int_equal(w.node[1].got[0], w.node[0].sent[1]);
		assert_int_equal(w.node[0].got[1], w.node[1].sent[0]);
	}
}

static void silence_ends_a_neighbour_even_on_one_side(void **state)
{
	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	for (unsigned turn = 1; turn <= 3; turn++) {
		for (unsigned i = 0; i < 3; i++) {
			fill(0, 1, FRAME);
			fill(1, 0, FRAME);
			run_until(w.now + 50 * MS);
		}
		w.hears[0][1] = false; /* 0 goes deaf, 1 still hears it */
		run_until(w.now + 7 * SEC);
		assert_int_equal(w.node[0].down[1], turn);
		assert_int_equal(w.node[1].down[0],
				 turn); /* told by the beacon that no longer names it */
		assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_UNKNOWN);
		w.hears[0][1] = true;
		run_until(w.now + 2 * SEC);
		assert_true(w.node[0].is_up[1] && w.node[1].is_up[0]);
		assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_OK);
		assert_int_equal(send_bulk(1, 0, FRAME), SKW_MAC_OK);
		run_until(w.now + SEC);
		assert_int_equal(w.node[1].got[0], w.node[0].sent[1]);
		assert_int_equal(w.node[0].got[1], w.node[1].sent[0]);
		assert_true(skw_mac_counters(w.node[0].mac)->dropped_frames > 0 || turn > 0);
	}
}

/* One side gave the other up and found it again, and the other never noticed. */
static void a_loss_on_one_side_alone_begins_new_streams(void **state)
{
	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	for (unsigned i = 0; i < 5; i++) { /* the streams are past their beginning */
		assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_OK);
		assert_int_equal(send_bulk(1, 0, FRAME), SKW_MAC_OK);
	}
	run_until(400 * MS);
	w.hears[0][1] = false;
	assert_int_equal(send_bulk(1, 0, FRAME), SKW_MAC_OK); /* it will go on trying */
	run_until(5 * SEC);
	w.hears[1][0] = false;
	run_until(6 * SEC);
	assert_int_equal(w.node[0].down[1], 1);
	assert_int_equal(w.node[1].down[0], 0);
	w.hears[0][1] = true; /* 0 finds 1 again, while 1 still knows it */
	run_until(7 * SEC);
	assert_int_equal(w.node[1].down[0], 0);
	w.hears[1][0] = true;
	run_until(8 * SEC);
	assert_int_equal(w.node[1].down[0], 1);
	assert_true(w.node[0].is_up[1] && w.node[1].is_up[0]);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(send_bulk(0, 1, FRAME), SKW_MAC_OK);
		assert_int_equal(send_bulk(1, 0, FRAME), SKW_MAC_OK);
	}
	run_until(9 * SEC);
	assert_int_equal(w.node[1].got[0], 10);
	assert_int_equal(w.node[0].got[1], 11); /* all but the one that was given up */
	assert_int_equal(skw_mac_counters(w.node[1].mac)->dropped_frames, 1);
}

static void narrow_channels_and_several_slots(void **state)
{
	(void)state;
	world(2);
	for (unsigned i = 0; i < 2; i++) {
		struct skw_mac_config *c = &w.node[i].config;

		c->bandwidth_mhz = i == 0 ? 5 : 5;
		c->plan = (struct skw_slots) { .slots = 7, .slot_ns = 11 * MS + 3, .guard_ns = MS };
		c->slot_mask = i == 0 ? 0x43 : 0x08;
		c->data_rate_mbps = 12;
	}
	w.loss = 10;
	w.random = 4;
	world_start();
	run_until(3 * SEC);
	for (unsigned i = 0; i < 50; i++) {
		fill(0, 1, 1 + 4 + percent() * 14);
		fill(1, 0, 1 + 4 + percent() * 14);
		run_until(w.now + 100 * MS);
	}
	run_until(w.now + 10 * SEC);
	assert_int_equal(w.node[1].got[0], w.node[0].sent[1]);
	assert_int_equal(w.node[0].got[1], w.node[1].sent[0]);
}

static void another_plan_is_no_neighbour(void **state)
{
	(void)state;
	world(2);
	w.node[1].config.plan.slots = 2;
	w.node[0].config.slot_mask = 1;
	w.nodes = 2;
	world_start();
	/* the slots of the two plans overlap: only hear, do not demand silence */
	w.hears[0][1] = false;
	run_until(SEC);
	assert_int_equal(w.node[1].up[0], 0);
	assert_true(skw_mac_counters(w.node[1].mac)->plan_mismatch > 0);
}

static void the_same_slot_is_noticed(void **state)
{
	struct skw_mac_beacon b = { .slots = 4, .slot_ns = 4000000, .slot_mask = 1 };
	struct skw_mac_envelope e = { .src_epoch = 9 };
	struct skw_frame_rx rx = { .rate_mbps = 6, .fcs_ok = true };
	uint8_t psdu[600];
	struct skw_writer out = skw_writer(psdu, sizeof(psdu));

	(void)state;
	world(1);
	world_start();
	memset(b.key, 0x77, 32);
	memset(e.dst.b, 0xFF, 6);
	e.src = skw_mac_addr_of(b.key);
	skw_mac_put_envelope(&out, &e);
	skw_mac_put_beacon(&out, &b);
	skw_put_zeros(&out, 4);
	rx.length = (uint16_t)skw_writer_len(&out);
	skw_mac_on_rx(w.node[0].mac, 0, &rx, 0, psdu, rx.length);
	assert_int_equal(skw_mac_counters(w.node[0].mac)->slot_conflicts, 1);

	psdu[44] ^= 1; /* the key is no longer that of the address */
	skw_mac_on_rx(w.node[0].mac, 0, &rx, 0, psdu, rx.length);
	assert_int_equal(skw_mac_counters(w.node[0].mac)->rx_malformed, 1);
}

/* A neighbour gone mad can spoil its own streams, and nothing else. */
static void nonsense_from_a_neighbour_is_survived(void **state)
{
	struct skw_frame_rx rx = { .rate_mbps = 6, .fcs_ok = true };
	struct skw_mac_neighbour n;

	(void)state;
	world(2);
	world_start();
	run_until(200 * MS);
	assert_true(skw_mac_neighbour(w.node[0].mac, 0, &n));
	for (unsigned i = 0; i < 50000; i++) {
		struct skw_mac_envelope e = { .dst = w.node[0].addr, .src = w.node[1].addr };
		uint8_t psdu[400];
		struct skw_writer out = skw_writer(psdu, sizeof(psdu));
		struct skw_mac_output o;

		e.src_epoch = n.epoch + (percent() == 0);
		e.dst_epoch = 100; /* node 0's, from its start */
		skw_mac_put_envelope(&out, &e);
		while (percent() < 70 && out.ok) {
			skw_put_u8(&out, (uint8_t)(1 + percent() % 4));
			skw_put_u16(&out,
				    (uint16_t)(percent() < 90 ? percent() % 60 : percent() * 40));
			for (unsigned k = percent() % 60; k > 0; k--)
				skw_put_u8(&out, (uint8_t)(percent() < 50 ? 0 : percent() * 3));
		}
		rx.length = (uint16_t)skw_writer_len(&out);
		skw_mac_on_rx(w.node[0].mac, w.now, &rx, w.now, psdu, skw_writer_len(&out));
		if (percent() < 20)
			skw_mac_send(w.node[0].mac, &w.node[1].addr, SKW_MAC_BULK, psdu, 40);
		w.now += MS / 4;
		while (skw_mac_poll(w.node[0].mac, w.now, &o))
			if (o.type == SKW_MAC_TX)
				assert_80211_data(&w.node[0], o.data, o.len);
	}
}

static void strangers_do_not_fill_memory(void **state)
{
	struct skw_frame_rx rx = { .rate_mbps = 6, .fcs_ok = true };
	struct skw_mac_neighbour n;
	unsigned count = 0;

	(void)state;
	world(1);
	world_start();
	for (uint32_t i = 0; i < 100; i++) {
		struct skw_mac_beacon b = { .slots = 4, .slot_ns = 4000000, .slot_mask = 2 };
		struct skw_mac_envelope e = { .src_epoch = 9 };
		uint8_t psdu[600];
		struct skw_writer out = skw_writer(psdu, sizeof(psdu));

		memcpy(b.key, &i, 4);
		memset(e.dst.b, 0xFF, 6);
		e.src = skw_mac_addr_of(b.key);
		skw_mac_put_envelope(&out, &e);
		skw_mac_put_beacon(&out, &b);
		skw_put_zeros(&out, 4);
		rx.length = (uint16_t)skw_writer_len(&out);
		skw_mac_on_rx(w.node[0].mac, 0, &rx, 0, psdu, rx.length);
	}
	while (skw_mac_neighbour(w.node[0].mac, count, &n))
		count++;
	assert_int_equal(count, SKW_MAC_NEIGHBOURS_MAX);
	assert_int_equal(skw_mac_counters(w.node[0].mac)->neighbours_over,
			 100 - SKW_MAC_NEIGHBOURS_MAX);
	run_until(6 * SEC);
	assert_false(skw_mac_neighbour(w.node[0].mac, 0, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(airtime_is_the_standard_s),
		cmocka_unit_test(address_is_the_hash_of_the_key),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test_teardown(neighbours_find_each_other, stop),
		cmocka_unit_test_teardown(one_way_hearing_is_no_neighbour, stop),
		cmocka_unit_test_teardown(idle_slots_stay_silent, stop),
		cmocka_unit_test_teardown(a_clean_channel_repeats_nothing_and_is_used, stop),
		cmocka_unit_test_teardown(the_rate_follows_how_the_neighbour_hears_us, stop),
		cmocka_unit_test_teardown(a_slot_always_holds_the_largest_frame, stop),
		cmocka_unit_test_teardown(small_frames_pass_bulk, stop),
		cmocka_unit_test_teardown(only_whole_frames_of_the_right_size_are_taken, stop),
		cmocka_unit_test_teardown(late_beacons_and_frames_are_sent_again, stop),
		cmocka_unit_test_teardown(a_late_acknowledgement_is_sent_again_before_it_is_missed,
					  stop),
		cmocka_unit_test_teardown(an_answer_is_waited_for, stop),
		cmocka_unit_test_teardown(nothing_is_lost_or_doubled_by_two, stop),
		cmocka_unit_test_teardown(nothing_is_lost_or_doubled_by_four, stop),
		cmocka_unit_test_teardown(a_restarted_neighbour_is_spoken_to_anew, stop),
		cmocka_unit_test_teardown(silence_ends_a_neighbour_even_on_one_side, stop),
		cmocka_unit_test_teardown(a_loss_on_one_side_alone_begins_new_streams, stop),
		cmocka_unit_test_teardown(narrow_channels_and_several_slots, stop),
		cmocka_unit_test_teardown(another_plan_is_no_neighbour, stop),
		cmocka_unit_test_teardown(the_same_slot_is_noticed, stop),
		cmocka_unit_test_teardown(nonsense_from_a_neighbour_is_survived, stop),
		cmocka_unit_test_teardown(strangers_do_not_fill_memory, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
