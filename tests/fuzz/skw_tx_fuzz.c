/* rooms: wire keys ledger
 *
 * skw_tx: one transaction. Its parts cover its bytes exactly, its inputs and outputs put together
 * again are the same bytes (signatures aside), and the rules that need nothing else judge it. */

#include "ledger/skw_rules.h"
#include "skw_fuzz.h"
#include "skw_ledger_vectors.h"

static void rebuild(const struct skw_tx *tx)
{
	struct skw_tx_output *outs = calloc(tx->outs + 1u, sizeof(*outs));
	uint8_t *again = malloc(tx->size + 1);
	struct skw_tx back;

	for (uint32_t i = 0; i < tx->outs; i++)
		outs[i] = skw_tx_output(tx, i);
	if (tx->sigs == tx->ins &&
	    skw_tx_put_unsigned(again, tx->size, tx->in, tx->ins, outs, tx->outs) == tx->size) {
		FUZZ_CHECK(skw_tx_decode(&back, again, tx->size) == SKW_CODEC_OK);
		FUZZ_CHECK(back.ins == tx->ins && back.outs == tx->outs);
		FUZZ_CHECK(memcmp(back.in, tx->in, 32 * (size_t)tx->ins) == 0);
		FUZZ_CHECK(memcmp(back.out, tx->out, SKW_TX_OUTPUT_LEN * (size_t)tx->outs) == 0);
		FUZZ_CHECK(back.length == tx->size);
	}
	free(again);
	free(outs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	struct skw_sha256 hash, inner;
	char text[SKW_VERDICT_TEXT];
	struct skw_verdict verdict;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, copy, size) == SKW_CODEC_OK) {
		FUZZ_CHECK(tx.raw == copy && tx.size == size);
		FUZZ_CHECK(size ==
			   49 + 65 * (size_t)tx.sigs + 32 * (size_t)tx.ins + 37 * (size_t)tx.outs);
		skw_tx_id(&hash, &tx);
		skw_tx_inner(&inner, &tx);
		if (tx.ins > 0)
			skw_tx_signed_hash(&hash, &tx, tx.ins - 1);
		verdict = skw_rules_alone(&tx);
		skw_verdict_print(text, &verdict);
		FUZZ_CHECK(memchr(text, '\0', sizeof(text)) != NULL);
		if (verdict.fault == SKW_FAULT_NONE) {
			FUZZ_CHECK(tx.length == size && tx.sigs == tx.ins);
			FUZZ_CHECK(memcmp(inner.b, tx.inner.b, 32) == 0);
		}
		verdict = skw_rules_user(&tx);
		rebuild(&tx);
	}
	free(copy);
	return 0;
}

static void seeds(void)
{
	static struct blocks blocks;
	char name[32];
	unsigned n = 0;

	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	for (size_t i = 0; i < blocks.count && n < 8; i++) {
		struct skw_block block;
		struct skw_reader r;
		struct skw_tx tx;

		if (skw_block_decode(&block, blocks.block[i].data, blocks.block[i].len) !=
		    SKW_CODEC_OK)
			continue;
		r = skw_block_txs(&block);
		for (uint32_t k = 0; k < block.count && n < 8; k++) {
			skw_tx_get(&tx, &r);
			snprintf(name, sizeof(name), "tx%u", n++);
			fuzz_seed(name, tx.raw, tx.size);
		}
	}
	free_blocks(&blocks);
}

FUZZ_START(seeds)
