/* skw_ledger_sync_test - nodes against each other and against hostile peers, in virtual time.
 * rooms: wire ledger
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/skw_sync.h"
#include "skw_ledger_purse.h"

#define SECOND UINT64_C(1000000)
#define LOCAL UINT32_C(0x7f000001)
#define NOW (GENESIS_TIME + 1000)

enum { PIPE = 1 << 20, ENDS = 8 };

/* What a node said on one connection. */
struct end {
	uint8_t bytes[PIPE];
	size_t len;
	bool closed;
};

struct node {
	struct skw_sync *sync;
	struct end *end[ENDS]; /* by id */
	struct skw_wire_peer dialled;
	unsigned dials;
	bool deaf; /* its peers do not read */
};

static struct skw_time clock_now = { 1000 * SECOND, NOW };

static bool node_send(void *context, uint32_t id, const uint8_t *data, size_t len)
{
	struct node *n = context;

	assert_true(id < ENDS && n->end[id] != NULL && n->end[id]->len + len <= PIPE);
	memcpy(n->end[id]->bytes + n->end[id]->len, data, len);
	n->end[id]->len += len;
	return !n->deaf;
}

static void node_dial(void *context, struct skw_wire_peer to)
{
	struct node *n = context;

	n->dialled = to;
	n->dials++;
}

static void node_close(void *context, uint32_t id)
{
	struct node *n = context;

	assert_false(n->end[id]->closed);
	n->end[id]->closed = true;
}

static void start(struct node *n, struct skw_chain *chain, uint32_t mirror,
		  const struct skw_coin_secret *secret)
{
	struct skw_sync_ports ports = { n, node_send, node_dial, node_close, NULL };
	struct skw_sync_config config = { .mirror = mirror,
					  .port = (uint16_t)(10000 + mirror),
					  .loopback = true,
					  .outgoing = 4,
					  .secret = secret,
					  .produce_us = SECOND };

	*n = (struct node) { 0 };
	for (int i = 0; i < ENDS; i++)
		n->end[i] = calloc(1, sizeof(struct end));
	n->sync = skw_sync_new(chain, &config, &ports);
	assert_non_null(n->sync);
}

static void stop(struct node *n)
{
	for (int i = 0; i < ENDS; i++)
		free(n->end[i]);
	skw_sync_free(n->sync);
}

/* Carries what a said on `ida` to b's `idb`, in pieces of at most `piece`. True if there was any.
 */
static bool carry(struct node *a, uint32_t ida, struct node *b, uint32_t idb, size_t piece)
{
	struct end *e = a->end[ida];
	static uint8_t bytes[PIPE];
	size_t len = e->len;

	memcpy(bytes, e->bytes, len);
	e->len = 0;
	for (size_t at = 0; at < len; at += piece)
		skw_sync_received(b->sync, idb, bytes + at, len - at < piece ? len - at : piece,
				  &clock_now);
	return len > 0;
}

static void join(struct node *a, struct node *b, uint32_t id)
{
	skw_sync_connected(a->sync, id, (struct skw_wire_peer) { LOCAL, 20002 }, true, &clock_now);
	skw_sync_connected(b->sync, id, (struct skw_wire_peer) { LOCAL, 45678 }, false, &clock_now);
}

static void settle(struct node *a, struct node *b, uint32_t id, size_t piece)
{
	while (carry(a, id, b, id, piece) | carry(b, id, a, id, piece))
		continue;
}

/* ---- a peer made by hand ---- */

/* An introduction written from the description alone: 106 bytes of body. */
static size_t intro_bytes(uint8_t out[256], const struct skw_network *net, const char *agent)
{
	size_t n = 0, agent_len = strlen(agent), extra = 33 + 4 + 4 + 1 + 4 + agent_len;
	const uint8_t burn[] = { 10, 0, 0, 0, 0, 0x80, 0, 0, 3 };

	memset(out, 0, 256);
	out[0] = (uint8_t)(4 + 10 + 4 + extra);
	memcpy(out + 4, "INTR", 4);
	memcpy(out + 8, "\x11\x22\x33\x44\x70\x17\x02\x00\x00\x00", 10); /* port 6000, protocol 2 */
	out[18] = (uint8_t)extra;
	n = 22;
	memcpy(out + n, net->block_key.b, 33);
	memcpy(out + n + 33, burn, sizeof(burn));
	out[n + 42] = (uint8_t)agent_len;
	memcpy(out + n + 46, agent, agent_len);
	return n + extra;
}

struct hostile {
	struct purse purse;
	struct node node;
	size_t intro;
	uint8_t bytes[4096];
};

static void meet(struct hostile *h, bool introduced)
{
	h->purse = new_purse(":memory:");
	start(&h->node, h->purse.chain, 77, NULL);
	skw_sync_connected(h->node.sync, 1, (struct skw_wire_peer) { LOCAL, 33333 }, false,
			   &clock_now);
	h->intro = intro_bytes(h->bytes, skw_chain_network(h->purse.chain), "skycoin:0.27.1(x)");
	if (introduced) {
		skw_sync_received(h->node.sync, 1, h->bytes, h->intro, &clock_now);
		assert_int_equal(skw_sync_introduced(h->node.sync), 1);
	}
	h->node.end[1]->len = 0;
}

static void part(struct hostile *h)
{
	stop(&h->node);
	close_purse(&h->purse);
}

enum { SILENT = -1, STAYS = -2 };

/* What the node did: the reason of its DISC, SILENT if it just closed, STAYS if it did not. */
static int outcome(const struct hostile *h)
{
	const struct end *e = h->node.end[1];
	const uint8_t *last = e->bytes + e->len - 14;

	if (!e->closed)
		return STAYS;
	if (e->len < 14 || memcmp(last, "\x0a\0\0\0DISC", 8) != 0)
		return SILENT;
	return last[8] | last[9] << 8;
}

static int say(bool introduced, const void *bytes, size_t len)
{
	static struct hostile h;
	int result;

	meet(&h, introduced);
	skw_sync_received(h.node.sync, 1, bytes, len, &clock_now);
	result = outcome(&h);
	part(&h);
	return result;
}

#define SAY(introduced, text) say(introduced, text, sizeof(text) - 1)

static void malformed_frames(void **state)
{
	(void)state;
	assert_int_equal(SAY(true, "\x03\0\0\0PIN"), SILENT);         /* too short to be */
	assert_int_equal(SAY(true, "\x01\0\x10\0PING"), SILENT);      /* over 1 MiB */
	assert_int_equal(SAY(true, "\xff\xff\xff\xffGIVB"), SILENT);  /* oversized */
	assert_int_equal(SAY(true, "\x04\0\0\0RJCT"), SILENT);        /* unknown id */
	assert_int_equal(SAY(true, "\x05\0\0\0PINGx"), SILENT);       /* trailing byte */
	assert_int_equal(SAY(true, "\x0b\0\0\0GETB1234567"), SILENT); /* truncated body */
	assert_int_equal(SAY(true, "\x0c\0\0\0ANNT\x01\0\0\x7f"
				   "1234"),
			 SILENT); /* count over its limit */
	assert_int_equal(SAY(true, "\x08\0\0\0GIVB\x05\0\0\0"),
			 SILENT); /* fewer blocks than said */
	assert_int_equal(SAY(true, "\x08\0\0\0GIVT\x01\x01\0\0"), SILENT); /* 257 transactions */
	assert_int_equal(SAY(true, "\x0a\0\0\0DISC\x0b\0\0\0\0\x01"), SILENT);
	assert_int_equal(SAY(true, "\x0a\0\0\0DISC\x0b\0\0\0\0\0"),
			 SILENT);                           /* it closes: so do we */
	assert_int_equal(SAY(true, "\x04\0\0\0PI"), STAYS); /* the rest may come */
	assert_int_equal(SAY(true, "\x04\0\0\0PONG\x04\0\0\0PONG"), STAYS);
}

static void before_the_introduction(void **state)
{
	(void)state;
	assert_int_equal(SAY(false, "\x04\0\0\0PING"), SKW_DISC_NO_INTRO);
	assert_int_equal(SAY(false, "\x0c\0\0\0ANNB12345678"), SKW_DISC_NO_INTRO);
	assert_int_equal(SAY(false, "\x0e\0\0\0GIVP\x01\0\0\0\x04\x03\x02\x01\x70\x17"), STAYS);
	assert_int_equal(SAY(false, "\0\0\x01\0INTR"), SILENT); /* nobody's name is so long */
}

/* Changes the introduction's byte `at` and returns what came of it. */
static int intro_with(size_t at, uint8_t value)
{
	static struct hostile h;
	int result;

	meet(&h, false);
	h.bytes[at] = value;
	skw_sync_received(h.node.sync, 1, h.bytes, h.intro, &clock_now);
	result = outcome(&h);
	part(&h);
	return result;
}

static int intro_of(const char *agent)
{
	static struct hostile h;
	int result;

	meet(&h, false);
	h.intro = intro_bytes(h.bytes, skw_chain_network(h.purse.chain), agent);
	skw_sync_received(h.node.sync, 1, h.bytes, h.intro, &clock_now);
	result = outcome(&h);
	part(&h);
	return result;
}

static void bad_introductions(void **state)
{
	static struct hostile h;

	(void)state;
	assert_int_equal(intro_with(8, 0x11), STAYS);
	assert_int_equal(intro_with(14, 1), SKW_DISC_VERSION);
	assert_int_equal(intro_with(17, 0xff), SKW_DISC_VERSION); /* negative */
	assert_int_equal(intro_with(30, 0), SKW_DISC_PUBKEY);     /* wrong network */
	assert_int_equal(intro_with(55, 1), SKW_DISC_BURN);
	assert_int_equal(intro_with(60, 0), SKW_DISC_TX_SIZE);
	assert_int_equal(intro_with(63, 7), SKW_DISC_DECIMALS);
	assert_int_equal(intro_with(64, 200), SKW_DISC_EXTRA); /* agent longer than what is left */
	assert_int_equal(intro_with(64, 10), SKW_DISC_AGENT);
	assert_int_equal(intro_with(13, 0), SKW_DISC_UNEXPECTED); /* port 112 */
	assert_int_equal(intro_with(18, 1), SILENT); /* extra part shorter than it says */
	assert_int_equal(intro_of("skycoin:0.27"), SKW_DISC_AGENT);
	assert_int_equal(intro_of("sky coin:0.27.1"), SKW_DISC_AGENT);
	assert_int_equal(intro_of("skycoin:00.27.1"), SKW_DISC_AGENT);
	assert_int_equal(intro_of("skycoin:0.27.1(<b>)"), SKW_DISC_AGENT);
	assert_int_equal(intro_of("skycoin:0.27.1-rc1+x(a remark!)"), STAYS);

	meet(&h, false);
	memcpy(h.bytes + 8, "\x4d\0\0\0", 4); /* our own mirror, 77 */
	skw_sync_received(h.node.sync, 1, h.bytes, h.intro, &clock_now);
	assert_int_equal(outcome(&h), SKW_DISC_SELF);
	part(&h);

	meet(&h, true); /* twice on one connection */
	skw_sync_received(h.node.sync, 1, h.bytes, h.intro, &clock_now);
	assert_int_equal(outcome(&h), SKW_DISC_UNEXPECTED);
	part(&h);

	meet(&h, true); /* twice from one address */
	skw_sync_connected(h.node.sync, 2, (struct skw_wire_peer) { LOCAL, 33334 }, false,
			   &clock_now);
	skw_sync_received(h.node.sync, 2, h.bytes, h.intro, &clock_now);
	assert_true(h.node.end[2]->closed && !h.node.end[1]->closed);
	assert_int_equal(skw_sync_counters(h.node.sync).closed[SKW_DISC_TWICE], 1);
	part(&h);
}

static void our_introduction_is_the_original_s(void **state)
{
	static struct hostile h;
	uint8_t want[256];
	size_t len;

	(void)state;
	h.purse = new_purse(":memory:");
	start(&h.node, h.purse.chain, 77, NULL);
	skw_sync_connected(h.node.sync, 1, (struct skw_wire_peer) { LOCAL, 33333 }, false,
			   &clock_now);
	len = intro_bytes(want, skw_chain_network(h.purse.chain), SKW_SYNC_AGENT);
	memcpy(want + 8, "\x4d\0\0\0\x5d\x27", 6); /* mirror 77, port 10077 */
	want[0] = (uint8_t)(want[0] + 32);         /* and the hash of block 0 */
	want[18] = (uint8_t)(want[18] + 32);
	want[60] = 0x10; /* this network's transactions are 4096 bytes at most */
	assert_int_equal(h.node.end[1]->len, len + 32);
	assert_memory_equal(h.node.end[1]->bytes, want, len);
	assert_memory_equal(h.node.end[1]->bytes + len, skw_chain_head(h.purse.chain).hash.b, 32);
	part(&h);
}

static void too_many(void **state)
{
	static struct hostile h;
	struct skw_sync_ports ports;
	struct skw_sync_config config = { .mirror = 5, .port = 6000 };

	(void)state;
	meet(&h, false);
	ports = (struct skw_sync_ports) { &h.node, node_send, node_dial, node_close, NULL };
	skw_sync_free(h.node.sync);
	h.node.sync = skw_sync_new(h.purse.chain, &config, &ports);
	for (uint32_t id = 2; id <= 5; id++) /* the fourth of one address is one too many */
		skw_sync_connected(h.node.sync, id, (struct skw_wire_peer) { 0x01020304, 40000 },
				   false, &clock_now);
	assert_false(h.node.end[4]->closed);
	assert_true(h.node.end[5]->closed);
	assert_int_equal(skw_sync_counters(h.node.sync).closed[SKW_DISC_IP_LIMIT], 1);
	part(&h);
}

static void timers(void **state)
{
	static struct hostile h;
	struct skw_time later = clock_now;

	(void)state;
	meet(&h, false);
	later.us += 29 * SECOND;
	skw_sync_tick(h.node.sync, &later);
	assert_int_equal(outcome(&h), STAYS);
	later.us += 1 * SECOND;
	skw_sync_tick(h.node.sync, &later);
	assert_int_equal(outcome(&h), SKW_DISC_INTRO_TIMEOUT);
	part(&h);

	meet(&h, true);
	later = clock_now;
	skw_sync_tick(h.node.sync, &later);
	h.node.end[1]->len = 0;
	later.us += 4 * SECOND;
	skw_sync_tick(h.node.sync, &later);
	assert_int_equal(h.node.end[1]->len, 0);
	later.us += 1 * SECOND;
	skw_sync_tick(h.node.sync, &later);
	assert_memory_equal(h.node.end[1]->bytes, "\x04\0\0\0PING", 8);
	later.us += 55 * SECOND;
	skw_sync_tick(h.node.sync, &later);
	assert_int_equal(outcome(&h), SKW_DISC_IDLE);
	part(&h);

	meet(&h, true); /* a peer that asks but does not read */
	h.node.deaf = true;
	skw_sync_received(h.node.sync, 1, (const uint8_t *)"\x04\0\0\0PING", 8, &clock_now);
	assert_true(h.node.end[1]->closed);
	part(&h);
}

/* ---- blocks ---- */

static size_t givb(uint8_t *out, const struct skw_bytes *block)
{
	size_t body = 4 + block->len;

	out[0] = (uint8_t)(4 + body);
	out[1] = (uint8_t)((4 + body) >> 8);
	out[2] = out[3] = 0;
	memcpy(out + 4, "GIVB\1\0\0\0", 8);
	memcpy(out + 12, block->data, block->len);
	return 12 + block->len;
}

static int give(struct hostile *h, const struct skw_bytes *block)
{
	uint8_t frame[4096];

	skw_sync_received(h->node.sync, 1, frame, givb(frame, block), &clock_now);
	return outcome(h);
}

static void forked_publisher(void **state)
{
	static struct hostile h;
	struct skw_bytes one, other, a, b;

	(void)state;
	meet(&h, true);
	one = pay(&h.purse, &h.purse.other, 1000000, 5);
	other = pay(&h.purse, &h.purse.other, 2000000, 5);
	a = block_of(&h.purse, &one, 1, NOW);
	b = block_of(&h.purse, &other, 1, NOW);
	assert_int_equal(give(&h, &a), STAYS);
	assert_int_equal(give(&h, &a), STAYS); /* the same again is no fork */
	assert_int_equal(skw_chain_head(h.purse.chain).header.seq, 1);
	assert_int_equal(give(&h, &b), SKW_DISC_UNEXPECTED);
	assert_int_equal(skw_sync_counters(h.node.sync).forked, 1);
	assert_int_equal(skw_chain_head(h.purse.chain).header.seq, 1); /* the first one wins */
	part(&h);
	skw_bytes_free(&one);
	skw_bytes_free(&other);
	skw_bytes_free(&a);
	skw_bytes_free(&b);
}

static void negate_s(uint8_t sig[65])
{
	static const uint8_t n[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
				       0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
				       0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };
	int borrow = 0;

	for (int i = 31; i >= 0; i--) {
		int d = n[i] - sig[32 + i] - borrow;

		borrow = d < 0;
		sig[32 + i] = (uint8_t)d;
	}
	sig[64] ^= 1;
}

static void bad_blocks(void **state)
{
	static struct hostile h;
	struct skw_bytes raw, block;

	(void)state;
	for (int kind = 0; kind < 6; kind++) {
		meet(&h, true);
		raw = pay(&h.purse, &h.purse.other, 1000000, 5);
		h.purse.break_ux = kind == 1;
		h.purse.break_prev = kind == 2;
		h.purse.break_body = kind == 3;
		block = block_of(&h.purse, &raw, 1, NOW);
		if (kind == 4)
			negate_s(block.data + block.len - 65); /* malleated: high s */
		if (kind == 5)
			block.data[block.len - 70] ^= 1; /* an output's hours */
		assert_int_equal(give(&h, &block), kind == 0 ? STAYS : SKW_DISC_UNEXPECTED);
		assert_int_equal(skw_chain_head(h.purse.chain).header.seq, kind == 0);
		assert_int_equal(skw_sync_counters(h.node.sync).refused, kind != 0);
		part(&h);
		skw_bytes_free(&raw);
		skw_bytes_free(&block);
	}
}

/* A block ahead of the next one: those between are asked for. */
static void gap(void **state)
{
	static struct hostile h;
	struct skw_bytes raw, block;

	(void)state;
	meet(&h, true);
	raw = pay(&h.purse, &h.purse.other, 1000000, 5);
	block = block_of(&h.purse, &raw, 1, NOW);
	block.data[12] = 5; /* its number */
	assert_int_equal(give(&h, &block), STAYS);
	assert_int_equal(h.node.end[1]->len, 24);
	assert_memory_equal(h.node.end[1]->bytes, "\x14\0\0\0GETB\0\0\0\0\0\0\0\0", 16);
	part(&h);
	skw_bytes_free(&raw);
	skw_bytes_free(&block);
}

static void malleated_transaction(void **state)
{
	static struct hostile h;
	struct skw_bytes raw;
	uint8_t frame[1024] = { 0 };

	(void)state;
	meet(&h, true);
	raw = pay(&h.purse, &h.purse.other, 1000000, 5);
	frame[0] = (uint8_t)(8 + raw.len);
	frame[1] = (uint8_t)((8 + raw.len) >> 8);
	memcpy(frame + 4, "GIVT\1\0\0\0", 8);
	memcpy(frame + 12, raw.data, raw.len);
	negate_s(frame + 12 + 41);
	skw_sync_received(h.node.sync, 1, frame, 12 + raw.len, &clock_now);
	assert_int_equal(skw_chain_head(h.purse.chain).pending, 0);
	assert_int_equal(skw_sync_counters(h.node.sync).txs_refused, 1);
	assert_int_equal(outcome(&h), STAYS); /* it may have had it from another */
	negate_s(frame + 12 + 41);
	skw_sync_received(h.node.sync, 1, frame, 12 + raw.len, &clock_now);
	assert_int_equal(skw_chain_head(h.purse.chain).pending, 1);
	part(&h);
	skw_bytes_free(&raw);
}

/* Main net's first 180 blocks cross from one node to another, whatever the pieces. */
static void sync_mainnet(void **state)
{
	static const size_t pieces[] = { 1 << 20, 1000, 7 };
	struct skw_chain *full, *empty;
	struct blocks blocks;
	struct node a, b;
	char hash[SKW_SHA256_TEXT];
	struct skw_chain_head head;

	(void)state;
	read_blocks(&blocks, VECTORS "blocks-180.hex");
	assert_int_equal(skw_chain_open(&full, ":memory:", &skw_network_mainnet), SKW_CHAIN_OK);
	for (size_t i = 1; i < blocks.count; i++)
		assert_int_equal(
		    skw_chain_apply(full, blocks.block[i].data, blocks.block[i].len, NULL),
		    SKW_CHAIN_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(skw_chain_open(&empty, ":memory:", &skw_network_mainnet),
				 SKW_CHAIN_OK);
		start(&a, full, 1, NULL);
		start(&b, empty, 2, NULL);
		join(&b, &a, 1);
		settle(&a, &b, 1, pieces[i]);
		head = skw_chain_head(empty);
		skw_sha256_print(hash, &head.hash);
		assert_int_equal(head.header.seq, 180);
		assert_string_equal(
		    hash, "63614fdf08b67fcfc99d7b43d115fb9f57eb5c6833acdbdc712ee361f391f292");
		assert_int_equal(skw_sync_counters(b.sync).blocks, 180);
		assert_false(a.end[1]->closed || b.end[1]->closed);
		stop(&a);
		stop(&b);
		skw_chain_close(empty);
	}
	skw_chain_close(full);
	free_blocks(&blocks);
}

static void open_like(struct purse *out, const struct purse *p)
{
	*out = *p;
	assert_int_equal(skw_chain_open(&out->chain, ":memory:", skw_chain_network(p->chain)),
			 SKW_CHAIN_OK);
}

/* follower -- relay -- producer: a transaction goes up, its block comes down. */
static void relay(void **state)
{
	struct purse producer = new_purse(":memory:"), middle, follower;
	struct node p, m, f;
	struct skw_sha256 txid;
	struct skw_bytes raw;

	(void)state;
	open_like(&middle, &producer);
	open_like(&follower, &producer);
	start(&p, producer.chain, 1, &producer.block_secret);
	start(&m, middle.chain, 2, NULL);
	start(&f, follower.chain, 3, NULL);
	join(&m, &p, 1);
	join(&f, &m, 2);
	settle(&p, &m, 1, 100);
	settle(&m, &f, 2, 100);
	raw = pay(&follower, &follower.other, 1000000, 5);
	assert_int_equal(
	    skw_chain_inject(follower.chain, raw.data, raw.len, SKW_INJECT_USER, NOW, &txid, NULL),
	    SKW_CHAIN_OK);
	assert_int_equal(skw_sync_announce(f.sync, &txid, 1), 1);
	settle(&m, &f, 2, 100);
	settle(&p, &m, 1, 100);
	assert_int_equal(skw_chain_head(producer.chain).pending, 1);
	skw_sync_tick(p.sync, &clock_now);
	assert_int_equal(skw_sync_counters(p.sync).produced, 1);
	settle(&p, &m, 1, 100);
	settle(&m, &f, 2, 100);
	settle(&p, &m, 1, 100);
	assert_int_equal(skw_chain_head(follower.chain).header.seq, 1);
	assert_int_equal(skw_chain_head(follower.chain).pending, 0);
	skw_bytes_free(&raw);
	stop(&p);
	stop(&m);
	stop(&f);
	skw_chain_close(producer.chain);
	skw_chain_close(middle.chain);
	skw_chain_close(follower.chain);
}

/* Whatever bytes come, the node lives, and its chain grows by nothing that is not valid. */
static void noise(void **state)
{
	static const char *const ids[] = { "INTR", "GETP", "GIVP", "PING", "GETB", "GIVB",
					   "ANNB", "GETT", "GIVT", "ANNT", "DISC" };
	static struct hostile h;
	uint8_t frame[600];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		meet(&h, round % 4 != 0);
		for (int k = 0; k < 8 && !h.node.end[1]->closed; k++) {
			size_t len = (size_t)rand_r(&seed) % 500;

			for (size_t i = 0; i < len + 8; i++)
				frame[i] = (uint8_t)(rand_r(&seed) % 3 ? 0 : rand_r(&seed));
			memcpy(frame + 4, ids[rand_r(&seed) % 11], 4);
			frame[0] = (uint8_t)(len + 4);
			frame[1] = (uint8_t)((len + 4) >> 8);
			frame[2] = frame[3] = 0;
			skw_sync_received(h.node.sync, 1, frame, len + 8, &clock_now);
			h.node.end[1]->len = 0;
		}
		assert_int_equal(skw_chain_head(h.purse.chain).header.seq, 0);
		part(&h);
	}
}

static void peers_table(void **state)
{
	static struct skw_peers peers;
	struct skw_wire_peer named = { 0x05060708, 6000 }, list[30];

	(void)state;
	skw_peers_init(&peers, false);
	assert_false(skw_peers_add(&peers, (struct skw_wire_peer) { LOCAL, 6000 }, true));
	assert_false(skw_peers_add(&peers, (struct skw_wire_peer) { 0xe0000001, 6000 }, true));
	assert_false(skw_peers_add(&peers, (struct skw_wire_peer) { 0x01020304, 80 }, true));
	assert_true(skw_peers_add(&peers, named, true));
	for (uint32_t i = 0; i < 5000; i++)
		skw_peers_add(&peers, (struct skw_wire_peer) { 0x0a000000 + i, 6000 }, false);
	assert_int_equal(peers.count, SKW_PEERS_KNOWN); /* gossip fills it and no more */
	for (unsigned i = 0; i < SKW_PEERS_TRIES; i++) {
		skw_peers_failed(&peers, named, 0);
		skw_peers_failed(&peers, (struct skw_wire_peer) { 0x0a000005, 6000 }, 0);
	}
	assert_int_equal(peers.count, SKW_PEERS_KNOWN - 1); /* forgotten; the named one is not */
	assert_true(skw_peers_named(&peers, named));
	assert_int_equal(skw_peers_sample(&peers, list, 30, 5), 0); /* hearsay is not passed on */
	skw_peers_spoke(&peers, named);
	assert_int_equal(skw_peers_sample(&peers, list, 30, 5), 1);
	skw_peers_is_self(&peers, (struct skw_wire_peer) { 0x0a000006, 6000 });
	assert_false(skw_peers_add(&peers, (struct skw_wire_peer) { 0x0a000006, 6000 }, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_frames),
		cmocka_unit_test(before_the_introduction),
		cmocka_unit_test(bad_introductions),
		cmocka_unit_test(our_introduction_is_the_original_s),
		cmocka_unit_test(too_many),
		cmocka_unit_test(timers),
		cmocka_unit_test(forked_publisher),
		cmocka_unit_test(bad_blocks),
		cmocka_unit_test(gap),
		cmocka_unit_test(malleated_transaction),
		cmocka_unit_test(sync_mainnet),
		cmocka_unit_test(relay),
		cmocka_unit_test(noise),
		cmocka_unit_test(peers_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
