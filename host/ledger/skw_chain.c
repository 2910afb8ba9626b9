#include "ledger/skw_chain_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void skw_bytes_free(struct skw_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct skw_bytes) { 0 };
}

/* The head block's header, from its stored bytes. */
static enum skw_chain_status load_head_block(struct skw_chain *chain, uint64_t seq)
{
	struct skw_bytes bytes;
	struct skw_block block;
	enum skw_chain_status status = skw_chain_block(chain, seq, &bytes);

	if (status != SKW_CHAIN_OK)
		return status == SKW_CHAIN_NOTHING ? SKW_CHAIN_BROKEN : status;
	if (skw_block_decode(&block, bytes.data, bytes.len) != SKW_CODEC_OK ||
	    block.header.seq != seq)
		status = SKW_CHAIN_BROKEN;
	chain->head.header = block.header;
	skw_block_hash(&chain->head.hash, &block.header);
	skw_bytes_free(&bytes);
	return status;
}

/* Reads where the file stands. SKW_CHAIN_NOTHING: it is new. */
static enum skw_chain_status load(struct skw_chain *chain)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_STATE_GET);
	struct skw_coin_public block_key;
	struct skw_sha256 genesis;
	uint64_t seq;
	bool sound;
	int step;

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	step = sqlite3_step(stmt);
	if (step != SQLITE_ROW) {
		sqlite3_reset(stmt);
		return step == SQLITE_DONE ? SKW_CHAIN_NOTHING : SKW_CHAIN_STORE;
	}
	sound = skw_store_bytes(stmt, 0, genesis.b, sizeof(genesis.b)) &&
		skw_store_bytes(stmt, 1, block_key.b, sizeof(block_key.b)) &&
		skw_store_bytes(stmt, 3, chain->head.ux.b, sizeof(chain->head.ux.b));
	seq = skw_store_u64(stmt, 2);
	chain->head.unspents = skw_store_u64(stmt, 4);
	chain->outputs = skw_store_u64(stmt, 5);
	sqlite3_reset(stmt);
	if (!sound)
		return SKW_CHAIN_BROKEN;
	if (!skw_sha256_equal(&genesis, &chain->genesis) ||
	    memcmp(block_key.b, chain->network.block_key.b, sizeof(block_key.b)) != 0)
		return SKW_CHAIN_FOREIGN;
	if (!skw_chain_count_pool(chain))
		return SKW_CHAIN_STORE;
	return load_head_block(chain, seq);
}

/* Writes block 0. It has no inputs and no rules: it is the network's definition. */
static enum skw_chain_status found(struct skw_chain *chain, const struct skw_block *genesis)
{
	struct skw_block_verdict verdict;
	enum skw_chain_status status;

	if (!skw_chain_change_begin(chain))
		return SKW_CHAIN_STORE;
	status = skw_chain_write(chain, genesis, &verdict);
	if (!skw_chain_change_end(chain, status == SKW_CHAIN_OK))
		return SKW_CHAIN_STORE;
	return status;
}

enum skw_chain_status skw_chain_open(struct skw_chain **out, const char *path,
				     const struct skw_network *net)
{
	struct skw_chain *chain = calloc(1, sizeof(*chain));
	uint8_t bytes[SKW_GENESIS_BLOCK_LEN];
	enum skw_chain_status status;
	struct skw_block genesis;

	*out = chain;
	if (chain == NULL)
		return SKW_CHAIN_MEMORY;
	chain->network = *net;
	skw_network_genesis(bytes, net);
	if (skw_block_decode(&genesis, bytes, sizeof(bytes)) != SKW_CODEC_OK)
		return SKW_CHAIN_BROKEN;
	skw_block_hash(&chain->genesis, &genesis.header);
	if (!skw_coin_sig_is_null(&net->genesis_sig) &&
	    !skw_coin_verify(&net->genesis_sig, &chain->genesis, &net->block_key))
		return SKW_CHAIN_KEY;
	status = skw_store_open(&chain->store, path);
	if (status != SKW_CHAIN_OK)
		return status;
	status = load(chain);
	return status == SKW_CHAIN_NOTHING ? found(chain, &genesis) : status;
}

void skw_chain_close(struct skw_chain *chain)
{
	if (chain == NULL)
		return;
	skw_store_close(&chain->store);
	free(chain);
}

const struct skw_network *skw_chain_network(const struct skw_chain *chain)
{
	return &chain->network;
}

const char *skw_chain_error(const struct skw_chain *chain)
{
	return chain == NULL || chain->store.db == NULL ? "not open"
							: sqlite3_errmsg(chain->store.db);
}

struct skw_chain_head skw_chain_head(const struct skw_chain *chain)
{
	return chain->head;
}

bool skw_chain_change_begin(struct skw_chain *chain)
{
	return skw_store_do(&chain->store, SKW_SQL_SAVEPOINT);
}

bool skw_chain_change_end(struct skw_chain *chain, bool keep)
{
	if (keep && skw_store_do(&chain->store, SKW_SQL_RELEASE))
		return true;
	skw_store_do(&chain->store, SKW_SQL_ROLLBACK);
	skw_store_do(&chain->store, SKW_SQL_RELEASE);
	return !keep;
}

enum skw_chain_status skw_chain_batch_begin(struct skw_chain *chain)
{
	if (chain->batch || !skw_store_do(&chain->store, SKW_SQL_BEGIN))
		return SKW_CHAIN_STORE;
	chain->batch = true;
	return SKW_CHAIN_OK;
}

enum skw_chain_status skw_chain_batch_end(struct skw_chain *chain)
{
	if (!chain->batch)
		return SKW_CHAIN_STORE;
	chain->batch = false;
	if (skw_store_do(&chain->store, SKW_SQL_COMMIT))
		return SKW_CHAIN_OK;
	sqlite3_exec(chain->store.db, "ROLLBACK", NULL, NULL, NULL);
	load(chain); /* what we knew of the batch is gone with it */
	return SKW_CHAIN_STORE;
}

const char *skw_chain_status_text(enum skw_chain_status status)
{
	switch (status) {
	case SKW_CHAIN_OK:
		return "ok";
	case SKW_CHAIN_NOTHING:
		return "there is none";
	case SKW_CHAIN_REFUSED:
		return "it breaks a rule";
	case SKW_CHAIN_FULL:
		return "too many transactions are pending";
	case SKW_CHAIN_CLOCK:
		return "the clock is not past the head block's time";
	case SKW_CHAIN_KEY:
		return "the key is not this network's";
	case SKW_CHAIN_FOREIGN:
		return "the file belongs to another network or program";
	case SKW_CHAIN_BROKEN:
		return "the file contradicts itself";
	case SKW_CHAIN_STORE:
		return "the database failed";
	case SKW_CHAIN_MEMORY:
		return "out of memory";
	}
	return "?";
}
