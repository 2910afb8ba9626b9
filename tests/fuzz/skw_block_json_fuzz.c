/* rooms: wire keys ledger
 *
 * skw_block_json: blocks and transactions as JSON. What is taken has a form in bytes that decodes,
 * or is refused with words; what decodes is written and read again as the same bytes. */

#include <jansson.h>

#include "ledger/skw_block_json.h"
#include "skw_fuzz.h"
#include "skw_ledger_vectors.h"

/* The JSON of the bytes gives the bytes; numbers beyond JSON's are the parser's to refuse. */
static void there_and_back(const struct skw_block *block)
{
	struct skw_json j = { 0 };
	struct skw_bytes again;
	json_t *root;

	skw_block_to_json(&j, block);
	root = j.failed ? NULL : json_loadb(j.text, j.len, 0, NULL);
	if (root != NULL && skw_block_from_json(&again, root) == NULL) {
		FUZZ_CHECK(again.len == block->size &&
			   memcmp(again.data, block->raw, again.len) == 0);
		skw_bytes_free(&again);
	}
	json_decref(root);
	skw_json_free(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *root = json_loadb((const char *)data, size, 0, NULL);
	struct skw_block block;
	struct skw_bytes bytes;
	struct skw_tx tx;

	if (root == NULL)
		return 0;
	if (skw_tx_from_json(&bytes, root) == NULL) {
		FUZZ_CHECK(skw_tx_decode(&tx, bytes.data, bytes.len) != SKW_CODEC_SHORT);
		skw_bytes_free(&bytes);
	}
	if (skw_block_from_json(&bytes, root) == NULL) {
		if (skw_block_decode(&block, bytes.data, bytes.len) == SKW_CODEC_OK)
			there_and_back(&block);
		skw_bytes_free(&bytes);
	}
	json_decref(root);
	return 0;
}

static void seeds(void)
{
	static const char *const names[] = { "block", "transaction", "v2-transaction" };
	static struct blocks blocks;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[96], *text;
		json_t *root;

		snprintf(path, sizeof(path), VECTORS "live/%s.json", names[i]);
		root = json_load_file(path, 0, NULL);
		if (json_object_get(root, "txn") != NULL)
			text = json_dumps(json_object_get(root, "txn"), JSON_COMPACT);
		else
			text = json_dumps(root, JSON_COMPACT);
		fuzz_seed(names[i], text, strlen(text));
		free(text);
		json_decref(root);
	}
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	for (size_t i = 0; i < 2 && i < blocks.count; i++) {
		struct skw_json j = { 0 };
		struct skw_block block;
		char name[16];

		if (skw_block_decode(&block, blocks.block[i].data, blocks.block[i].len) !=
		    SKW_CODEC_OK)
			continue;
		skw_block_to_json(&j, &block);
		snprintf(name, sizeof(name), "private%zu", i);
		fuzz_seed(name, j.text, j.len);
		skw_json_free(&j);
	}
	free_blocks(&blocks);
}

FUZZ_START(seeds)
