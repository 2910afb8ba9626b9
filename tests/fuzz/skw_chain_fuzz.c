/* rooms: wire keys ledger
 *
 * skw_chain: a private chain in memory whose keys the harness holds. An input plays: bytes as
 * blocks and as transactions, bodies of the input's own under a right header and signature, signed
 * spendings of what is there with amounts of the input's own, blocks made from the pool. Whatever
 * is taken or refused: coins are neither made nor lost, the outputs' number and XOR are what the
 * head says, the head moves by one block or not at all, and a refusal names its reason. */

#include "ledger/skw_spend.h"
#include "skw_fuzz.h"
#include "skw_ledger_purse.h"

enum { STEPS = 24 };

static struct purse purse;
static uint64_t now;

struct sum {
	uint64_t coins, count;
	struct skw_sha256 ux;
};

static bool add(void *context, const struct skw_ux_record *record)
{
	struct sum *sum = context;
	struct skw_sha256 snapshot;

	FUZZ_CHECK(!record->spent && record->ux.coins.n > 0);
	FUZZ_CHECK(!__builtin_add_overflow(sum->coins, record->ux.coins.n, &sum->coins));
	sum->count++;
	skw_ux_snapshot(&snapshot, &record->ux);
	skw_sha256_xor(&sum->ux, &snapshot);
	return true;
}

static void check(void)
{
	struct skw_chain_head head = skw_chain_head(purse.chain);
	struct sum sum = { 0 };

	FUZZ_CHECK(skw_chain_each_unspent(purse.chain, NULL, add, &sum) == SKW_CHAIN_OK);
	FUZZ_CHECK(sum.coins == skw_chain_network(purse.chain)->genesis_coins.n);
	FUZZ_CHECK(sum.count == head.unspents);
	FUZZ_CHECK(memcmp(sum.ux.b, head.ux.b, sizeof(sum.ux.b)) == 0);
}

static void apply(const uint8_t *data, size_t len)
{
	struct skw_chain_head before = skw_chain_head(purse.chain), after;
	struct skw_block_verdict verdict;
	char text[SKW_VERDICT_TEXT];
	uint8_t *copy = fuzz_copy(data, len);
	enum skw_chain_status status = skw_chain_apply(purse.chain, copy, len, &verdict);

	after = skw_chain_head(purse.chain);
	FUZZ_CHECK(status == SKW_CHAIN_OK || status == SKW_CHAIN_REFUSED);
	if (status == SKW_CHAIN_REFUSED) {
		FUZZ_CHECK(verdict.fault != SKW_BLOCK_OK);
		skw_block_verdict_print(text, &verdict);
		FUZZ_CHECK(text[0] != '\0');
		FUZZ_CHECK(memcmp(&before.hash, &after.hash, sizeof(before.hash)) == 0);
	} else {
		FUZZ_CHECK(after.header.seq == before.header.seq + 1);
		FUZZ_CHECK(after.header.time > before.header.time);
	}
	free(copy);
}

static void inject(const uint8_t *data, size_t len, bool user)
{
	uint8_t *copy = fuzz_copy(data, len);
	struct skw_verdict verdict = { 0 };
	struct skw_sha256 txid;
	enum skw_chain_status status = skw_chain_inject(
	    purse.chain, copy, len, user ? SKW_INJECT_USER : SKW_INJECT_PEER, now, &txid, &verdict);
	struct skw_bytes raw = { 0 };

	FUZZ_CHECK(status == SKW_CHAIN_OK || status == SKW_CHAIN_REFUSED);
	if (status == SKW_CHAIN_OK) {
		FUZZ_CHECK(skw_chain_pending(purse.chain, &txid, &raw, NULL) == SKW_CHAIN_OK);
		FUZZ_CHECK(raw.len == len && memcmp(raw.data, data, len) == 0);
		skw_bytes_free(&raw);
	} else {
		FUZZ_CHECK(verdict.fault != SKW_FAULT_NONE);
	}
	free(copy);
}

/* A block around a body of the input's own: only the body can be wrong. */
static void body(const uint8_t *txs, size_t len, uint32_t count)
{
	struct skw_reader r = skw_reader(txs, len);
	struct skw_bytes raw = { (uint8_t *)(uintptr_t)txs, len }, block;
	struct skw_tx tx;

	for (uint32_t i = 0; i < count; i++)
		if (skw_tx_get(&tx, &r) != SKW_CODEC_OK)
			return;
	if (!skw_reader_done(&r))
		return;
	block = block_of(&purse, &raw, count, now);
	apply(block.data, block.len);
	skw_bytes_free(&block);
}

/* Spends our n-th output, signed; the input says who gets what. */
static size_t spending(struct fuzz *f, uint8_t raw[1024])
{
	struct nth nth = { .skip = fuzz_u8(f) % 4 };
	struct skw_tx_output out[4];
	uint8_t shape = fuzz_u8(f);
	uint32_t outs = 1 + (shape & 3);
	struct skw_sha256 in[2];
	uint64_t rest, hours;
	size_t len;

	skw_chain_each_unspent(purse.chain, &purse.owner, find_nth, &nth);
	if (!nth.found)
		return 0;
	rest = nth.record.ux.coins.n;
	hours = nth.record.ux.hours.n;
	in[0] = in[1] = nth.record.uxid;
	for (uint32_t i = 0; i < outs; i++) {
		uint64_t part = i + 1 == outs ? rest : rest / (1u + fuzz_u8(f)) / 1000 * 1000;

		rest -= part;
		out[i].address = shape & 16u << (i & 1) ? purse.other : purse.owner;
		out[i].coins.n = part + (shape & 4 ? fuzz_u64(f) : 0);
		out[i].hours.n = hours / (2 * outs) + (shape & 8 ? fuzz_u64(f) : 0);
	}
	len = skw_tx_put_unsigned(raw, 1024, in, shape >> 7 ? 2 : 1, out, outs);
	skw_tx_sign_input(raw, len, 0, shape & 64 ? &purse.other_secret : &purse.owner_secret);
	if (shape >> 7)
		skw_tx_sign_input(raw, len, 1, &purse.owner_secret);
	return len;
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f), raw[1024];
	struct skw_bytes made = { 0 };
	const uint8_t *item;
	size_t len;

	now += what >> 3;
	switch (what & 7) {
	case 0:
		item = fuzz_item(f, 4096, &len);
		apply(item, len);
		break;
	case 1:
		item = fuzz_item(f, 4096, &len);
		inject(item, len, what & 8);
		break;
	case 2:
		item = fuzz_item(f, 4096, &len);
		body(item, len, 1 + (what >> 3 & 3));
		break;
	case 3:
	case 4:
		len = spending(f, raw);
		inject(raw, len, what & 8);
		break;
	case 5:
		len = spending(f, raw);
		if (len > 0)
			body(raw, len, 1);
		break;
	case 6:
		if (skw_chain_produce(purse.chain, &purse.block_secret, now, &made) ==
		    SKW_CHAIN_OK) {
			apply(made.data, made.len); /* a second time: refused */
			skw_bytes_free(&made);
		}
		break;
	default:
		FUZZ_CHECK(skw_chain_revalidate(purse.chain, now) == SKW_CHAIN_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	now = GENESIS_TIME + 100;
	purse = new_purse(":memory:");
	for (unsigned i = 0; i < STEPS && f.left > 0; i++) {
		step(&f);
		check();
	}
	close_purse(&purse);
	return 0;
}

static void seeds(void)
{
	static const uint8_t pays[] = { 0x54, 0,    0x11, 3,    0x4e, 0x57, 0x53, 1,    0x12, 1,
					1,    0xff, 0x4e, 0x55, 0,    0x21, 2,    0x56, 0x4f };
	static const uint8_t forged[] = { 0x55, 0, 0x0d, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x55, 0, 0x88 };
	static struct fuzz_making m;
	struct skw_bytes tx;

	fuzz_seed("pays", pays, sizeof(pays));
	fuzz_seed("forged", forged, sizeof(forged));
	purse = new_purse(":memory:");
	tx = pay(&purse, &purse.other, 5000000, 100);
	fuzz_make_u8(&m, 0x41);
	fuzz_make_item(&m, tx.data, tx.len);
	fuzz_make_u8(&m, 0x46);
	fuzz_seed("inject", m.data, m.len);
	m.len = 0;
	fuzz_make_u8(&m, 0x42);
	fuzz_make_item(&m, tx.data, tx.len);
	fuzz_seed("body", m.data, m.len);
	skw_bytes_free(&tx);
	close_purse(&purse);
}

FUZZ_START(seeds)
