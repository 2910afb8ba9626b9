/* The way of a block into the chain: verify against the head, then write all of it or nothing. */
#include <stdio.h>

#include "ledger/skw_chain_inside.h"

static enum skw_chain_status put_block(struct skw_chain *chain, const struct skw_block *block)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_BLOCK_PUT);
	struct skw_sha256 hash;

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_block_hash(&hash, &block->header);
	skw_store_bind_u64(stmt, 1, block->header.seq);
	skw_store_bind_hash(stmt, 2, &hash);
	skw_store_bind_bytes(stmt, 3, block->raw, block->size);
	return skw_store_run(stmt) ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

static enum skw_chain_status put_tx(struct skw_chain *chain, const struct skw_block *block,
				    const struct skw_tx *tx, const struct skw_sha256 *txid)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_TX_PUT);

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, txid);
	skw_store_bind_u64(stmt, 2, block->header.seq);
	skw_store_bind_u64(stmt, 3, (uint64_t)(tx->raw - block->raw));
	skw_store_bind_u64(stmt, 4, tx->size);
	return skw_store_run(stmt) ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

/* Marks the inputs as spent. One that is spent already was spent by this very block. */
static enum skw_chain_status spend_inputs(struct skw_chain *chain, const struct skw_block *block,
					  const struct skw_tx *tx, const struct skw_sha256 *txid,
					  struct skw_block_verdict *verdict)
{
	for (uint32_t i = 0; i < tx->ins; i++) {
		sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_OUTPUT_SPEND);
		struct skw_ux_record record;
		struct skw_sha256 snapshot;
		int step;

		if (stmt == NULL)
			return SKW_CHAIN_STORE;
		skw_store_bind_u64(stmt, 1, block->header.seq);
		skw_store_bind_hash(stmt, 2, txid);
		skw_store_bind_hash(stmt, 3, &tx->in[i]);
		step = sqlite3_step(stmt);
		if (step == SQLITE_DONE) {
			verdict->fault = SKW_BLOCK_DOUBLE_SPEND;
			verdict->tx.about = tx->in[i];
			sqlite3_reset(stmt);
			return SKW_CHAIN_REFUSED;
		}
		if (step != SQLITE_ROW || !skw_store_output(stmt, &record)) {
			sqlite3_reset(stmt);
			return step == SQLITE_ROW ? SKW_CHAIN_BROKEN : SKW_CHAIN_STORE;
		}
		if (!skw_store_run(stmt)) /* the rows come first; the update ends here */
			return SKW_CHAIN_STORE;
		skw_ux_snapshot(&snapshot, &record.ux);
		skw_sha256_xor(&chain->head.ux, &snapshot);
		chain->head.unspents--;
	}
	return SKW_CHAIN_OK;
}

static enum skw_chain_status make_output(struct skw_chain *chain, const struct skw_ux *ux,
					 struct skw_block_verdict *verdict)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_OUTPUT_PUT);
	struct skw_sha256 uxid, snapshot;

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_ux_id(&uxid, ux);
	skw_store_bind_u64(stmt, 1, chain->outputs);
	skw_store_bind_hash(stmt, 2, &uxid);
	skw_store_bind_hash(stmt, 3, &ux->src_tx);
	skw_store_bind_bytes(stmt, 4, ux->address.b, sizeof(ux->address.b));
	skw_store_bind_u64(stmt, 5, ux->coins.n);
	skw_store_bind_u64(stmt, 6, ux->hours.n);
	skw_store_bind_u64(stmt, 7, ux->time);
	skw_store_bind_u64(stmt, 8, ux->seq);
	if (!skw_store_run(stmt)) {
		if (sqlite3_extended_errcode(chain->store.db) != SQLITE_CONSTRAINT_UNIQUE)
			return SKW_CHAIN_STORE;
		verdict->fault = SKW_BLOCK_DUPLICATE_OUTPUT;
		verdict->tx.about = uxid;
		return SKW_CHAIN_REFUSED;
	}
	skw_ux_snapshot(&snapshot, ux);
	skw_sha256_xor(&chain->head.ux, &snapshot);
	chain->head.unspents++;
	chain->outputs++;
	return SKW_CHAIN_OK;
}

static enum skw_chain_status write_tx(struct skw_chain *chain, const struct skw_block *block,
				      const struct skw_tx *tx, struct skw_block_verdict *verdict)
{
	enum skw_chain_status status;
	struct skw_sha256 txid;

	skw_tx_id(&txid, tx);
	status = spend_inputs(chain, block, tx, &txid, verdict);
	if (status == SKW_CHAIN_OK)
		status = put_tx(chain, block, tx, &txid);
	for (uint32_t i = 0; status == SKW_CHAIN_OK && i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);
		struct skw_ux ux = skw_ux_of(&block->header, &txid, &out);

		status = make_output(chain, &ux, verdict);
	}
	return status;
}

static enum skw_chain_status put_state(struct skw_chain *chain)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_STATE_PUT);

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, &chain->genesis);
	skw_store_bind_bytes(stmt, 2, chain->network.block_key.b, sizeof(struct skw_coin_public));
	skw_store_bind_u64(stmt, 3, chain->head.header.seq);
	skw_store_bind_hash(stmt, 4, &chain->head.ux);
	skw_store_bind_u64(stmt, 5, chain->head.unspents);
	skw_store_bind_u64(stmt, 6, chain->outputs);
	return skw_store_run(stmt) ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

enum skw_chain_status skw_chain_write(struct skw_chain *chain, const struct skw_block *block,
				      struct skw_block_verdict *verdict)
{
	enum skw_chain_status status = put_block(chain, block);
	struct skw_reader r = skw_block_txs(block);
	struct skw_tx tx;

	for (uint32_t i = 0; status == SKW_CHAIN_OK && i < block->count; i++) {
		skw_tx_get(&tx, &r);
		verdict->index = i;
		status = write_tx(chain, block, &tx, verdict);
	}
	chain->head.header = block->header;
	skw_block_hash(&chain->head.hash, &block->header);
	return status == SKW_CHAIN_OK ? put_state(chain) : status;
}

static enum skw_block_fault check_header(const struct skw_chain *chain,
					 const struct skw_block *block)
{
	const struct skw_chain_head *head = &chain->head;
	struct skw_sha256 hash;

	skw_block_hash(&hash, &block->header);
	if (!skw_coin_verify(&block->sig, &hash, &chain->network.block_key))
		return SKW_BLOCK_SIGNATURE;
	if (block->header.seq != head->header.seq + 1)
		return SKW_BLOCK_SEQ;
	if (block->header.time <= head->header.time)
		return SKW_BLOCK_TIME;
	if (!skw_sha256_equal(&block->header.prev, &head->hash))
		return SKW_BLOCK_PREV;
	skw_block_body_hash(&hash, block);
	if (!skw_sha256_equal(&block->header.body, &hash))
		return SKW_BLOCK_BODY;
	if (block->count == 0)
		return SKW_BLOCK_EMPTY;
	if (!skw_sha256_equal(&block->header.ux, &head->ux))
		return SKW_BLOCK_UX_HASH;
	return SKW_BLOCK_OK;
}

static enum skw_chain_status verify(struct skw_chain *chain, const struct skw_block *block,
				    struct skw_block_verdict *verdict)
{
	struct skw_ux_lookup unspent = skw_chain_unspent(chain);
	struct skw_reader r = skw_block_txs(block);
	struct skw_tx_totals totals;
	struct skw_tx tx;

	verdict->fault = check_header(chain, block);
	if (verdict->fault != SKW_BLOCK_OK)
		return SKW_CHAIN_REFUSED;
	for (verdict->index = 0; verdict->index < block->count; verdict->index++) {
		skw_tx_get(&tx, &r);
		verdict->tx =
		    skw_rules_hard(&totals, &tx, &unspent, &chain->head.header, SKW_RULES_BLOCK);
		if (verdict->tx.fault == SKW_FAULT_LOOKUP)
			return SKW_CHAIN_STORE;
		if (verdict->tx.fault == SKW_FAULT_MEMORY)
			return SKW_CHAIN_MEMORY;
		if (verdict->tx.fault != SKW_FAULT_NONE) {
			verdict->fault = SKW_BLOCK_TX;
			return SKW_CHAIN_REFUSED;
		}
	}
	return SKW_CHAIN_OK;
}

/* Writes it in one change of the file; on failure all is as it was, in memory too. */
static enum skw_chain_status commit(struct skw_chain *chain, const struct skw_block *block,
				    struct skw_block_verdict *verdict)
{
	struct skw_chain_head before = chain->head;
	uint64_t outputs = chain->outputs;
	enum skw_chain_status status;

	if (!skw_chain_change_begin(chain))
		return SKW_CHAIN_STORE;
	status = skw_chain_write(chain, block, verdict);
	if (status == SKW_CHAIN_OK)
		status = skw_chain_clean_pool(chain, block);
	if (!skw_chain_change_end(chain, status == SKW_CHAIN_OK))
		status = SKW_CHAIN_STORE;
	if (status != SKW_CHAIN_OK) {
		chain->head = before;
		chain->outputs = outputs;
	}
	return status;
}

enum skw_chain_status skw_chain_apply(struct skw_chain *chain, const uint8_t *data, size_t len,
				      struct skw_block_verdict *verdict)
{
	struct skw_block_verdict unwanted;
	enum skw_chain_status status;
	struct skw_block block;

	if (verdict == NULL)
		verdict = &unwanted;
	*verdict = (struct skw_block_verdict) { 0 };
	verdict->codec = skw_block_decode(&block, data, len);
	if (verdict->codec != SKW_CODEC_OK) {
		verdict->fault = SKW_BLOCK_CODEC;
		return SKW_CHAIN_REFUSED;
	}
	status = verify(chain, &block, verdict);
	return status == SKW_CHAIN_OK ? commit(chain, &block, verdict) : status;
}

void skw_block_verdict_print(char out[SKW_VERDICT_TEXT], const struct skw_block_verdict *verdict)
{
	static const char *const texts[] = {
		[SKW_BLOCK_OK] = "ok",
		[SKW_BLOCK_SIGNATURE] = "Block signature is not by the blockchain key",
		[SKW_BLOCK_SEQ] = "BkSeq invalid",
		[SKW_BLOCK_TIME] = "Block time must be > head time",
		[SKW_BLOCK_PREV] = "PrevHash does not match current head",
		[SKW_BLOCK_BODY] = "Computed body hash does not match",
		[SKW_BLOCK_EMPTY] = "No transactions",
		[SKW_BLOCK_DOUBLE_SPEND] = "Cannot spend output twice in the same block",
		[SKW_BLOCK_DUPLICATE_OUTPUT] = "Duplicate unspent output across transactions",
		[SKW_BLOCK_UX_HASH] = "UxHash does not match",
	};
	char tx[SKW_VERDICT_TEXT];

	if (verdict->fault == SKW_BLOCK_CODEC) {
		snprintf(out, SKW_VERDICT_TEXT, "%s", skw_codec_text(verdict->codec));
	} else if (verdict->fault == SKW_BLOCK_TX) {
		skw_verdict_print(tx, &verdict->tx);
		snprintf(out, SKW_VERDICT_TEXT, "transaction %u: %.130s", verdict->index, tx);
	} else {
		snprintf(out, SKW_VERDICT_TEXT, "%s", texts[verdict->fault]);
	}
}
