/* Pending transactions: taken in by the rules, checked again at each block. */
#include "ledger/skw_chain_inside.h"

bool skw_chain_count_pool(struct skw_chain *chain)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_POOL_COUNT);
	bool ok = stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		chain->head.pending = skw_store_u64(stmt, 0);
	if (stmt != NULL)
		sqlite3_reset(stmt);
	return ok;
}

static enum skw_chain_status put(struct skw_chain *chain, const struct skw_tx *tx,
				 const struct skw_sha256 *txid, uint64_t now_unix, bool valid)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_POOL_PUT);

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, txid);
	skw_store_bind_bytes(stmt, 2, tx->raw, tx->size);
	skw_store_bind_u64(stmt, 3, now_unix);
	skw_store_bind_u64(stmt, 4, now_unix);
	skw_store_bind_u64(stmt, 5, valid);
	return skw_store_run(stmt) ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

static enum skw_chain_status drop(struct skw_chain *chain, const struct skw_sha256 *txid)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_POOL_DROP);

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, txid);
	return skw_store_run(stmt) ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

static enum skw_chain_status mark(struct skw_chain *chain, const struct skw_sha256 *txid,
				  uint64_t now_unix, bool valid)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_POOL_MARK);

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_u64(stmt, 1, now_unix);
	skw_store_bind_u64(stmt, 2, valid);
	skw_store_bind_hash(stmt, 3, txid);
	return skw_store_run(stmt) ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

enum skw_chain_status skw_chain_pending(struct skw_chain *chain, const struct skw_sha256 *txid,
					struct skw_bytes *out, uint64_t *received)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_POOL_GET);
	enum skw_chain_status status = SKW_CHAIN_STORE;
	int step;

	if (out != NULL)
		*out = (struct skw_bytes) { 0 };
	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, txid);
	step = sqlite3_step(stmt);
	if (step == SQLITE_DONE)
		status = SKW_CHAIN_NOTHING;
	if (step == SQLITE_ROW) {
		if (received != NULL)
			*received = skw_store_u64(stmt, 1);
		status = out != NULL ? skw_store_copy(stmt, 0, out) : SKW_CHAIN_OK;
	}
	sqlite3_reset(stmt);
	return status;
}

/* Every rule that concerns this sender; the fault that decides is the verdict. */
static struct skw_verdict judge(struct skw_chain *chain, const struct skw_tx *tx,
				enum skw_inject_from from)
{
	struct skw_ux_lookup unspent = skw_chain_unspent(chain);
	struct skw_verdict verdict = { 0 };
	struct skw_tx_totals totals;

	if (from == SKW_INJECT_USER)
		verdict = skw_rules_user(tx);
	if (verdict.fault == SKW_FAULT_NONE)
		verdict = skw_rules_check(&totals, tx, &unspent, &chain->head.header,
					  &chain->network.limits);
	return verdict;
}

static enum skw_chain_status admit(struct skw_chain *chain, const struct skw_tx *tx,
				   const struct skw_sha256 *txid, enum skw_inject_from from,
				   uint64_t now_unix, struct skw_verdict *verdict)
{
	enum skw_chain_status status = skw_chain_pending(chain, txid, NULL, NULL);
	enum skw_fault_class kind;

	if (status != SKW_CHAIN_NOTHING)
		return status; /* it is here already, or the store failed */
	*verdict = judge(chain, tx, from);
	kind = skw_fault_class(verdict->fault);
	if (kind == SKW_CLASS_OURS)
		return verdict->fault == SKW_FAULT_MEMORY ? SKW_CHAIN_MEMORY : SKW_CHAIN_STORE;
	if (kind != SKW_CLASS_NONE && !(kind == SKW_CLASS_SOFT && from == SKW_INJECT_PEER))
		return SKW_CHAIN_REFUSED;
	if (chain->head.pending >= SKW_POOL_MAX)
		return SKW_CHAIN_FULL;
	status = put(chain, tx, txid, now_unix, kind == SKW_CLASS_NONE);
	if (status == SKW_CHAIN_OK)
		chain->head.pending++;
	return status;
}

enum skw_chain_status skw_chain_inject(struct skw_chain *chain, const uint8_t *data, size_t len,
				       enum skw_inject_from from, uint64_t now_unix,
				       struct skw_sha256 *txid, struct skw_verdict *verdict)
{
	struct skw_verdict unwanted;
	struct skw_sha256 id;
	struct skw_tx tx;

	if (verdict == NULL)
		verdict = &unwanted;
	*verdict = (struct skw_verdict) { 0 };
	if (skw_tx_decode(&tx, data, len) != SKW_CODEC_OK) {
		verdict->fault = SKW_FAULT_CODEC;
		return SKW_CHAIN_REFUSED;
	}
	skw_tx_id(&id, &tx);
	if (txid != NULL)
		*txid = id;
	return admit(chain, &tx, &id, from, now_unix, verdict);
}

enum skw_chain_status skw_chain_each_pending(struct skw_chain *chain,
					     skw_chain_visit_pending *visit, void *context)
{
	struct skw_pending pending;
	sqlite3_stmt *stmt = NULL;
	int step = SQLITE_ERROR;
	bool more = true;

	sqlite3_prepare_v2(chain->store.db,
			   "SELECT txid, data, received, checked, valid FROM pool"
			   " ORDER BY received, txid",
			   -1, &stmt, NULL);
	while (stmt != NULL && more && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!skw_store_bytes(stmt, 0, pending.txid.b, sizeof(pending.txid.b)))
			break;
		pending.raw = sqlite3_column_blob(stmt, 1);
		pending.size = (size_t)sqlite3_column_bytes(stmt, 1);
		pending.received = skw_store_u64(stmt, 2);
		pending.checked = skw_store_u64(stmt, 3);
		pending.valid = skw_store_u64(stmt, 4) != 0;
		more = visit(context, &pending);
	}
	sqlite3_finalize(stmt);
	return !more || step == SQLITE_DONE ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

struct skw_verdict skw_chain_standing(struct skw_chain *chain, const struct skw_tx *tx,
				      struct skw_tx_totals *totals)
{
	struct skw_ux_lookup unspent = skw_chain_unspent(chain);
	struct skw_verdict verdict =
	    skw_rules_spend(totals, tx, &unspent, &chain->head.header, SKW_RULES_PROVEN);

	if (verdict.fault == SKW_FAULT_NONE)
		verdict = skw_rules_soft(tx, totals, &unspent, &chain->network.limits);
	return verdict;
}

enum { BATCH = 64 };

/* What is to become of a few transactions: a walk must not change what it walks over. */
struct review {
	struct skw_chain *chain;
	struct {
		struct skw_sha256 txid;
		bool keep;
		bool valid;
	} change[BATCH];
	unsigned count;
};

static bool review_one(void *context, const struct skw_pending *pending)
{
	struct review *review = context;
	struct skw_tx_totals totals;
	struct skw_verdict verdict = { .fault = SKW_FAULT_CODEC };
	enum skw_fault_class kind;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, pending->raw, pending->size) == SKW_CODEC_OK)
		verdict = skw_chain_standing(review->chain, &tx, &totals);
	kind = skw_fault_class(verdict.fault);
	if (kind == SKW_CLASS_OURS ||
	    (kind != SKW_CLASS_HARD && (kind == SKW_CLASS_NONE) == pending->valid))
		return true; /* nothing to change */
	review->change[review->count].txid = pending->txid;
	review->change[review->count].keep = kind != SKW_CLASS_HARD;
	review->change[review->count].valid = kind == SKW_CLASS_NONE;
	return ++review->count < BATCH;
}

enum skw_chain_status skw_chain_revalidate(struct skw_chain *chain, uint64_t now_unix)
{
	struct review review;
	enum skw_chain_status status;

	do { /* each round changes all that it found, so that the next finds others */
		review.chain = chain;
		review.count = 0;
		status = skw_chain_each_pending(chain, review_one, &review);
		for (unsigned i = 0; status == SKW_CHAIN_OK && i < review.count; i++)
			status = review.change[i].keep ? mark(chain, &review.change[i].txid,
							      now_unix, review.change[i].valid)
						       : drop(chain, &review.change[i].txid);
	} while (status == SKW_CHAIN_OK && review.count == BATCH);
	return status == SKW_CHAIN_OK && !skw_chain_count_pool(chain) ? SKW_CHAIN_STORE : status;
}

enum skw_chain_status skw_chain_clean_pool(struct skw_chain *chain, const struct skw_block *block)
{
	enum skw_chain_status status = SKW_CHAIN_OK;
	struct skw_reader r = skw_block_txs(block);
	struct skw_sha256 txid;
	struct skw_tx tx;

	if (chain->head.pending == 0)
		return SKW_CHAIN_OK;
	for (uint32_t i = 0; status == SKW_CHAIN_OK && i < block->count; i++) {
		skw_tx_get(&tx, &r);
		skw_tx_id(&txid, &tx);
		status = drop(chain, &txid);
	}
	return status == SKW_CHAIN_OK ? skw_chain_revalidate(chain, block->header.time) : status;
}
