/* rooms: wire keys ledger
 *
 * skw_sync: a ledger node and up to three peers, which introduce themselves as they should or as
 * the input says. An input plays: bytes of a peer in pieces, frames with bodies of the input's own,
 * a good block, connections that come and go, time. Bytes that go out are frames that daemons know;
 * they go to connections that stand; a connection is closed once; no peer makes or takes coins. */

#include "ledger/skw_sync.h"
#include "skw_fuzz.h"
#include "skw_ledger_purse.h"

enum { PEERS = 3, STEPS = 40 };

static struct {
	struct purse purse;
	struct skw_sync *sync;
	struct skw_time now;
	uint32_t id[PEERS]; /* 0: not connected */
	uint32_t next;
	unsigned dials;
	struct skw_wire_peer dialled;
} world;

static int peer_of(uint32_t id)
{
	for (int i = 0; i < PEERS; i++)
		if (world.id[i] == id && id != 0)
			return i;
	return -1;
}

static bool on_send(void *context, uint32_t id, const uint8_t *data, size_t len)
{
	struct skw_wire_frame frame;

	(void)context;
	FUZZ_CHECK(peer_of(id) >= 0);
	while (len > 0) {
		FUZZ_CHECK(skw_wire_frame_get(&frame, data, len, SKW_WIRE_SEND_MAX) == SKW_WIRE_OK);
		data += frame.size;
		len -= frame.size;
	}
	return true;
}

static void on_dial(void *context, struct skw_wire_peer to)
{
	(void)context;
	world.dials++;
	world.dialled = to;
}

static void on_close(void *context, uint32_t id)
{
	int i = peer_of(id);

	(void)context;
	FUZZ_CHECK(i >= 0);
	world.id[i] = 0;
}

static void give(unsigned i, const uint8_t *data, size_t len, size_t step)
{
	while (len > 0 && world.id[i] != 0) {
		size_t n = step > 0 && step < len ? step : len;
		uint8_t *copy = fuzz_copy(data, n);

		skw_sync_received(world.sync, world.id[i], copy, n, &world.now);
		free(copy);
		data += n;
		len -= n;
	}
}

static void introduce(unsigned i, uint8_t wrong)
{
	const struct skw_network *net = skw_chain_network(world.purse.chain);
	uint8_t out[512];
	struct skw_writer w = skw_writer(out, sizeof(out));
	struct skw_wire_intro m = { .mirror = 100 + i,
				    .port = 6000,
				    .protocol = 2,
				    .block_key = net->block_key,
				    .burn_factor = 10,
				    .max_tx_size = 32768,
				    .max_decimals = 3,
				    .agent = "skycoin:0.27.1" };

	if (wrong & 1)
		m.mirror = 9;
	if (wrong & 2)
		m.burn_factor = 0;
	if (wrong & 4)
		m.block_key.b[5] ^= 1;
	skw_wire_intro_put(&w, &m);
	give(i, out, skw_writer_len(&w), 0);
}

static void frame(unsigned i, unsigned id, const uint8_t *body, size_t len)
{
	uint8_t out[SKW_WIRE_HEAD + 4096];
	struct skw_writer w = skw_writer(out, sizeof(out));

	skw_put_u32(&w, (uint32_t)(4 + len));
	skw_put_bytes(&w, (const uint8_t *)skw_wire_id_text(id % SKW_WIRE_IDS), 4);
	skw_put_bytes(&w, body, len);
	give(i, out, skw_writer_len(&w), 0);
}

/* A block that a peer may well have: signed by the publisher. */
static void block(unsigned i, uint8_t shape)
{
	struct purse *p = &world.purse;
	unsigned seq = (unsigned)skw_chain_head(p->chain).header.seq;
	uint8_t out[2048];
	struct skw_writer w = skw_writer(out, sizeof(out));
	struct skw_wire_list list;
	struct skw_bytes tx, made;

	if (seq > 6)
		return;
	tx = pay_from(p, seq, &p->owner, 1000000, 1); /* the rest is the last output */
	p->break_prev = shape & 1;
	p->break_ux = shape & 2;
	made = block_of(p, &tx, 1, world.now.unix_s);
	skw_wire_list_begin(&list, &w, SKW_WIRE_GIVB);
	skw_put_bytes(&w, made.data, made.len);
	list.count++;
	skw_wire_list_end(&list, &w);
	give(i, out, skw_writer_len(&w), shape & 4 ? 100 : 0);
	skw_bytes_free(&tx);
	skw_bytes_free(&made);
}

static void meet(unsigned i, uint8_t how)
{
	struct skw_wire_peer at = { 0x05060708 + i, (uint16_t)(6000 + i) };
	bool outgoing = how & 1 && world.dials > 0;

	if (world.id[i] != 0) {
		uint32_t id = world.id[i];

		world.id[i] = 0;
		skw_sync_closed(world.sync, id, &world.now);
		return;
	}
	world.dials = outgoing ? 0 : world.dials;
	world.id[i] = ++world.next;
	skw_sync_connected(world.sync, world.id[i], outgoing ? world.dialled : at, outgoing,
			   &world.now);
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f);
	unsigned i = (what >> 3 & 3) % PEERS;
	const uint8_t *item;
	size_t len;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, 4096, &len);
		give(i, item, len, what >> 5);
		break;
	case 1:
	case 2:
		what = fuzz_u8(f);
		item = fuzz_item(f, 4096, &len);
		frame(i, what, item, len);
		break;
	case 3:
		introduce(i, what >> 5);
		break;
	case 4:
		world.now.us += fuzz_u16(f) * UINT64_C(10000);
		world.now.unix_s = GENESIS_TIME + 100 + world.now.us / 1000000;
		skw_sync_tick(world.sync, &world.now);
		break;
	case 5:
		block(i, what >> 5);
		break;
	case 6:
		meet(i, what >> 5);
		break;
	default:
		if (world.dials > 0) {
			world.dials--;
			skw_sync_dial_failed(world.sync, world.dialled, &world.now);
		}
	}
}

static bool add(void *context, const struct skw_ux_record *record)
{
	*(uint64_t *)context += record->ux.coins.n;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct skw_sync_ports ports = { .send = on_send,
						     .dial = on_dial,
						     .close = on_close };
	struct skw_sync_config config = { .mirror = 9, .port = 6000, .outgoing = 2 };
	struct fuzz f = { data, size };
	uint64_t coins = 0;

	memset(&world, 0, sizeof(world));
	world.purse = new_purse(":memory:");
	world.now = (struct skw_time) { 1000000, GENESIS_TIME + 101 };
	world.sync = skw_sync_new(world.purse.chain, &config, &ports);
	FUZZ_CHECK(world.sync != NULL);
	meet(0, 0);
	introduce(0, 0);
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	FUZZ_CHECK(skw_sync_introduced(world.sync) <= PEERS);
	skw_sync_free(world.sync);
	FUZZ_CHECK(skw_chain_each_unspent(world.purse.chain, NULL, add, &coins) == SKW_CHAIN_OK);
	FUZZ_CHECK(coins == skw_chain_network(world.purse.chain)->genesis_coins.n);
	close_purse(&world.purse);
	return 0;
}

static void seeds(void)
{
	static struct fuzz_making m;
	static const uint8_t body[80] = { 1 };

	fuzz_make(&m, "\x0e\x0b\x05\x85\x04\x64\x00\x06\x06\x0b", 10);
	fuzz_seed("blocks", m.data, m.len);
	m.len = 0;
	for (uint8_t id = 0; id < SKW_WIRE_IDS; id++) {
		static const uint8_t lens[SKW_WIRE_IDS] = {
			14, 0, 10, 0, 0, 16, 4, 8, 36, 53, 36, 6
		};

		fuzz_make_u8(&m, 1);
		fuzz_make_u8(&m, id);
		fuzz_make_item(&m, id == SKW_WIRE_GIVB ? body + 1 : body, lens[id]);
		fuzz_make(&m, "\x06\x03", 2);
	}
	fuzz_seed("every", m.data, m.len);
}

FUZZ_START(seeds)
