/* rooms: wire keys ledger
 *
 * skw_block: one signed block. Header, transactions and signature cover its bytes exactly; the
 * header encodes to the same bytes, and as many transactions as counted are walked. */

#include "skw_fuzz.h"
#include "skw_ledger_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size), header[SKW_BLOCK_HEADER_LEN];
	struct skw_writer w = skw_writer(header, sizeof(header));
	struct skw_block block;
	struct skw_sha256 hash;
	struct skw_reader r;
	struct skw_tx tx;
	size_t txs = 0;

	if (skw_block_decode(&block, copy, size) == SKW_CODEC_OK) {
		FUZZ_CHECK(block.raw == copy && block.size == size);
		FUZZ_CHECK(size == SKW_BLOCK_HEADER_LEN + 4 + block.txs_size + 65);
		skw_block_header_put(&w, &block.header);
		FUZZ_CHECK(w.ok && memcmp(header, copy, sizeof(header)) == 0);
		r = skw_block_txs(&block);
		for (uint32_t i = 0; i < block.count; i++) {
			FUZZ_CHECK(skw_tx_get(&tx, &r) == SKW_CODEC_OK);
			txs += tx.size;
		}
		FUZZ_CHECK(txs == block.txs_size && skw_reader_done(&r));
		skw_block_hash(&hash, &block.header);
		skw_block_body_hash(&hash, &block);
		FUZZ_CHECK(memcmp(block.sig.b, copy + size - 65, 65) == 0);
	}
	free(copy);
	return 0;
}

static void seeds(void)
{
	static struct blocks blocks;

	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	for (size_t i = 0; i < blocks.count && i < 6; i++) {
		char name[32];

		snprintf(name, sizeof(name), "block%zu", i);
		fuzz_seed(name, blocks.block[i].data, blocks.block[i].len);
	}
	free_blocks(&blocks);
}

FUZZ_START(seeds)
