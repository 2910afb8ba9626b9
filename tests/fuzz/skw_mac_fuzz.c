/* rooms: wire keys mac
 *
 * skw_mac: the whole core. An input is a play: PSDUs of anybody, beacons and elements of two
 * neighbours with the right addresses and epochs, frames of ours, fates of PSDUs, time that passes.
 * What is planned starts and ends inside our slot and fits a PSDU; what is delivered comes from a
 * neighbour that is up; up and down take turns; every PSDU is counted once. */

#include "mac/skw_airtime.h"
#include "mac/skw_mac_state.h"
#include "skw_fuzz.h"

enum { PEERS = 2, STEPS = 200 };

static struct {
	struct skw_mac *mac;
	uint64_t now;
	struct skw_mac_addr up[SKW_MAC_NEIGHBOURS_MAX];
	unsigned ups;
	uint32_t tag;
	uint64_t given, delivered, ahead;
} world;

static void peer_key(uint8_t key[SKW_MAC_KEY], unsigned i)
{
	memset(key, (int)(0x50 + i), SKW_MAC_KEY);
}

static int find_up(const struct skw_mac_addr *addr)
{
	for (unsigned i = 0; i < world.ups; i++)
		if (skw_mac_addr_equal(&world.up[i], addr))
			return (int)i;
	return -1;
}

static void check_tx(const struct skw_mac_output *out)
{
	const struct skw_mac_config *c = &world.mac->config;
	uint64_t common = out->time_ns + world.ahead; /* a leap is made behind a beacon */
	uint64_t slot = common / c->plan.slot_ns % c->plan.slots, at = common % c->plan.slot_ns;
	uint64_t air = skw_airtime_ns(out->tx.rate_mbps, out->tx.length, c->bandwidth_mhz);

	FUZZ_CHECK(out->tx.append_fcs && out->tx.length == out->len + SKW_FCS_LEN);
	FUZZ_CHECK(out->tx.length <= SKW_PSDU_MAX && skw_frame_rate_valid(out->tx.rate_mbps));
	FUZZ_CHECK(out->time_ns >= world.now && air > 0);
	FUZZ_CHECK(at + air <= c->plan.slot_ns - c->plan.guard_ns);
	FUZZ_CHECK(c->slot_mask == 0 || (c->slot_mask >> slot & 1));
	world.tag = out->tx.tag;
}

static void poll_all(void)
{
	struct skw_mac_output out;
	unsigned n = 0;
	int i;

	while (world.ahead = world.mac->slots_ahead_ns, skw_mac_poll(world.mac, world.now, &out)) {
		FUZZ_CHECK(++n < 10000);
		i = out.type == SKW_MAC_TX ? -1 : find_up(&out.addr);
		switch (out.type) {
		case SKW_MAC_TX:
			check_tx(&out);
			break;
		case SKW_MAC_DELIVER:
			FUZZ_CHECK(i >= 0 && out.len >= 1 && out.len <= SKW_MAC_MTU);
			world.delivered++;
			break;
		case SKW_MAC_UP:
			FUZZ_CHECK(i < 0 && world.ups < SKW_MAC_NEIGHBOURS_MAX);
			world.up[world.ups++] = out.addr;
			break;
		case SKW_MAC_DOWN:
			FUZZ_CHECK(i >= 0);
			world.up[i] = world.up[--world.ups];
			break;
		}
	}
	FUZZ_CHECK(skw_mac_next_timer(world.mac, world.now) != UINT64_MAX);
}

static void give(const uint8_t *psdu, size_t len, bool fcs_ok)
{
	struct skw_frame_rx rx = { .rate_mbps = 24, .fcs_ok = fcs_ok, .snr_cdb = 2000 };
	uint8_t *copy = fuzz_copy(psdu, len);

	skw_mac_on_rx(world.mac, world.now, &rx, world.now, copy, len);
	free(copy);
	world.given++;
}

/* A PSDU of neighbour `i`, to us in our stream or to all, with these elements. */
static void speak(unsigned i, bool to_all, uint32_t epoch, const uint8_t *elements, size_t len)
{
	uint8_t psdu[SKW_PSDU_MAX], key[SKW_MAC_KEY];
	struct skw_writer w = skw_writer(psdu, sizeof(psdu));
	struct skw_mac_envelope e = { .src_epoch = epoch };
	const struct skw_mac_peer *p;

	peer_key(key, i);
	e.src = skw_mac_addr_of(key);
	e.dst = to_all ? skw_mac_broadcast : skw_mac_own_addr(world.mac);
	p = skw_mac_find(world.mac, &e.src);
	e.dst_epoch = p != NULL && !to_all ? p->own_epoch : 0;
	skw_mac_put_envelope(&w, &e);
	skw_put_bytes(&w, elements, len);
	skw_put_zeros(&w, SKW_FCS_LEN);
	FUZZ_CHECK(w.ok);
	give(psdu, skw_writer_len(&w), true);
}

static void beacon(struct fuzz *f, unsigned i, uint32_t epoch)
{
	uint8_t out[SKW_MAC_ELEMENT + SKW_MAC_BEACON_MAX];
	struct skw_writer w = skw_writer(out, sizeof(out));
	struct skw_mac_beacon b = { .slots = 4, .slot_ns = 4000000, .time_ns = fuzz_u64(f) };
	uint8_t hears = fuzz_u8(f);

	b.ahead_ns = hears & 4 ? world.now - b.time_ns + hears * UINT64_C(1000) : 0;

	peer_key(b.key, i);
	b.slot_mask = 1u << (hears >> 4) % 5;
	if (hears & 1)
		b.heard[b.heard_count++] = (struct skw_mac_heard) {
			.addr = skw_mac_own_addr(world.mac),
			.slot_mask = 1,
			.epoch = epoch,
			.clock = { (uint32_t)b.time_ns, hears },
		};
	if (hears & 2)
		b.heard[b.heard_count++].slot_mask = hears;
	skw_mac_put_beacon(&w, &b);
	speak(i, true, epoch, out, skw_writer_len(&w));
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f), key[SKW_MAC_KEY];
	unsigned i = what >> 4 & 1;
	uint32_t epoch = 1 + (what >> 5 & 3); /* of a neighbour that may start anew */
	struct skw_mac_addr addr;
	const uint8_t *item;
	size_t len;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, SKW_PSDU_MAX, &len);
		give(item, len, !(what & 8));
		break;
	case 1:
		beacon(f, i, epoch);
		break;
	case 2:
	case 3:
		item = fuzz_item(f, 2048, &len);
		speak(i, what & 1, epoch, item, len);
		break;
	case 4:
		world.now += fuzz_u16(f) * UINT64_C(100000);
		break;
	case 5:
		item = fuzz_item(f, SKW_MAC_MTU + 10, &len);
		peer_key(key, i);
		addr = skw_mac_addr_of(key);
		if (skw_mac_send(world.mac, &addr, what & 8 ? SKW_MAC_URGENT : SKW_MAC_BULK, item,
				 len) == SKW_MAC_OK)
			FUZZ_CHECK(len >= 1 && len <= SKW_MAC_MTU);
		break;
	case 6:
		skw_mac_on_tx_status(world.mac, world.now, world.tag - fuzz_u8(f) % 4,
				     (enum skw_mac_tx_result)(what >> 4 & 3));
		break;
	default:
		poll_all();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct skw_mac_config config = skw_mac_config_default();
	struct fuzz f = { data, size };
	const struct skw_mac_counters *c;

	memset(&world, 0, sizeof(world));
	memset(config.key, 7, sizeof(config.key));
	config.epoch = 9;
	config.slot_mask = size % 2; /* claimed, or configured */
	world.now = 1000000;
	FUZZ_CHECK(skw_mac_new(&world.mac, &config, world.now) == SKW_MAC_OK);
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	poll_all();
	c = skw_mac_counters(world.mac);
	FUZZ_CHECK(c->rx_psdus == world.given);
	FUZZ_CHECK(c->rx_fcs_bad + c->rx_foreign <= c->rx_psdus);
	FUZZ_CHECK(c->rx_frames == world.delivered);
	world.now += 3600 * UINT64_C(1000000000); /* all have fallen silent */
	poll_all();
	FUZZ_CHECK(world.ups == 0);
	skw_mac_free(world.mac);
	return 0;
}

/* Both neighbours come up; data in order, twice and ahead; an acknowledgement; frames of ours. */
static void seeds(void)
{
	static struct fuzz_making m;
	static const uint8_t time[8] = { 1 };
	static const uint8_t data[] = "\2\5\0\0\0abc\2\2\0\1\0\2\4\0\1\0de\2\4\0\1\0de\2\4\0\5\0xy";
	static const uint8_t ack[] = "\3\22\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

	for (uint8_t i = 0; i < 2; i++) {
		fuzz_make_u8(&m, (uint8_t)(1 | i << 4));
		fuzz_make(&m, time, 8);
		fuzz_make_u8(&m, 0x11);
		fuzz_make_u8(&m, 7);
	}
	fuzz_make_u8(&m, 5);
	fuzz_make_item(&m, "hello", 5);
	fuzz_make_u8(&m, 4);
	fuzz_make(&m, "\x70\1", 2);
	fuzz_make_u8(&m, 7);
	fuzz_make_u8(&m, 2);
	fuzz_make_item(&m, data, sizeof(data) - 1);
	fuzz_make_u8(&m, 7);
	fuzz_make_u8(&m, 2);
	fuzz_make_item(&m, ack, sizeof(ack) - 1);
	fuzz_make_u8(&m, 0x16);
	fuzz_make_u8(&m, 0);
	fuzz_make_u8(&m, 0x21);
	fuzz_make(&m, time, 8);
	fuzz_make_u8(&m, 1);
	fuzz_make_u8(&m, 7);
	fuzz_seed("play", m.data, m.len);
}

FUZZ_START(seeds)
