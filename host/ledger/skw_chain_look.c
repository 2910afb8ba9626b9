/* Looking things up in the chain. */
#include "ledger/skw_chain_inside.h"

static enum skw_chain_status one_blob(sqlite3_stmt *stmt, struct skw_bytes *out)
{
	enum skw_chain_status status = SKW_CHAIN_STORE;
	int step = sqlite3_step(stmt);

	if (step == SQLITE_ROW)
		status = skw_store_copy(stmt, 0, out);
	else if (step == SQLITE_DONE)
		status = SKW_CHAIN_NOTHING;
	sqlite3_reset(stmt);
	return status;
}

enum skw_chain_status skw_chain_block(struct skw_chain *chain, uint64_t seq, struct skw_bytes *out)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_BLOCK_GET);

	*out = (struct skw_bytes) { 0 };
	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	if (seq > INT64_MAX)
		return SKW_CHAIN_NOTHING;
	skw_store_bind_u64(stmt, 1, seq);
	return one_blob(stmt, out);
}

enum skw_chain_status skw_chain_block_by_hash(struct skw_chain *chain,
					      const struct skw_sha256 *hash, struct skw_bytes *out)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_BLOCK_BY_HASH);

	*out = (struct skw_bytes) { 0 };
	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, hash);
	return one_blob(stmt, out);
}

enum skw_chain_status skw_chain_tx(struct skw_chain *chain, const struct skw_sha256 *txid,
				   struct skw_bytes *out, uint64_t *seq, uint64_t *time)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_TX_GET);
	enum skw_chain_status status = SKW_CHAIN_STORE;
	uint8_t when[8] = { 0 };
	struct skw_reader r;
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
		r = skw_reader(when, sizeof(when));
		if (seq != NULL)
			*seq = skw_store_u64(stmt, 0);
		status =
		    skw_store_bytes(stmt, 2, when, sizeof(when)) ? SKW_CHAIN_OK : SKW_CHAIN_BROKEN;
		if (time != NULL)
			*time = skw_get_u64(&r);
		if (status == SKW_CHAIN_OK && out != NULL)
			status = skw_store_copy(stmt, 1, out);
	}
	sqlite3_reset(stmt);
	return status;
}

enum skw_chain_status skw_chain_output(struct skw_chain *chain, const struct skw_sha256 *uxid,
				       struct skw_ux_record *out)
{
	sqlite3_stmt *stmt = skw_store_use(&chain->store, SKW_SQL_OUTPUT_GET);
	enum skw_chain_status status = SKW_CHAIN_STORE;
	int step;

	if (stmt == NULL)
		return SKW_CHAIN_STORE;
	skw_store_bind_hash(stmt, 1, uxid);
	step = sqlite3_step(stmt);
	if (step == SQLITE_DONE)
		status = SKW_CHAIN_NOTHING;
	else if (step == SQLITE_ROW)
		status = skw_store_output(stmt, out) ? SKW_CHAIN_OK : SKW_CHAIN_BROKEN;
	sqlite3_reset(stmt);
	return status;
}

static enum skw_find find_unspent(void *context, const struct skw_sha256 *uxid, struct skw_ux *ux)
{
	struct skw_ux_record record;

	switch (skw_chain_output(context, uxid, &record)) {
	case SKW_CHAIN_OK:
		if (record.spent)
			return SKW_FIND_NOT;
		*ux = record.ux;
		return SKW_FIND_HERE;
	case SKW_CHAIN_NOTHING:
		return SKW_FIND_NOT;
	default:
		return SKW_FIND_FAILED;
	}
}

struct skw_ux_lookup skw_chain_unspent(struct skw_chain *chain)
{
	return (struct skw_ux_lookup) { .find = find_unspent, .context = chain };
}

/* Prepared anew for each walk: a visitor may look things up, even walk, while we stand on a row. */
static sqlite3_stmt *walk(struct skw_chain *chain, const char *sql, const struct skw_address *owner)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(chain->store.db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return NULL;
	if (owner != NULL)
		skw_store_bind_bytes(stmt, 1, owner->b, sizeof(owner->b));
	return stmt;
}

static enum skw_chain_status visit_outputs(sqlite3_stmt *stmt, skw_chain_visit_ux *visit,
					   void *context)
{
	struct skw_ux_record record;
	int step = SQLITE_ERROR;
	bool more = true;

	while (stmt != NULL && more && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!skw_store_output(stmt, &record))
			break;
		more = visit(context, &record);
	}
	sqlite3_finalize(stmt);
	return !more || step == SQLITE_DONE ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}

enum skw_chain_status skw_chain_each_unspent(struct skw_chain *chain,
					     const struct skw_address *owner,
					     skw_chain_visit_ux *visit, void *context)
{
	const char *sql = owner != NULL ? "SELECT " SKW_STORE_OUTPUT_COLUMNS
					  " FROM outputs WHERE address = ? AND spent_seq IS NULL"
					  " ORDER BY n"
					: "SELECT " SKW_STORE_OUTPUT_COLUMNS
					  " FROM outputs WHERE spent_seq IS NULL ORDER BY n";

	return visit_outputs(walk(chain, sql, owner), visit, context);
}

enum skw_chain_status skw_chain_each_output(struct skw_chain *chain,
					    const struct skw_address *owner,
					    skw_chain_visit_ux *visit, void *context)
{
	const char *sql = owner != NULL ? "SELECT " SKW_STORE_OUTPUT_COLUMNS
					  " FROM outputs WHERE address = ? ORDER BY n"
					: "SELECT " SKW_STORE_OUTPUT_COLUMNS
					  " FROM outputs ORDER BY n";

	return visit_outputs(walk(chain, sql, owner), visit, context);
}

enum skw_chain_status skw_chain_each_tx(struct skw_chain *chain, const struct skw_address *owner,
					skw_chain_visit_tx *visit, void *context)
{
	/* An output of block 0 names no transaction, but is the only one of its block. */
	const char *sql =
	    owner != NULL
		? "SELECT txid, seq FROM txs WHERE txid IN (SELECT src_tx FROM outputs WHERE"
		  " address = ?1 UNION SELECT spent_tx FROM outputs WHERE address = ?1)"
		  " UNION SELECT txid, seq FROM txs WHERE seq = 0 AND EXISTS"
		  " (SELECT 1 FROM outputs WHERE address = ?1 AND seq = 0) ORDER BY 2, 1"
		: "SELECT txid, seq FROM txs ORDER BY seq, place";
	sqlite3_stmt *stmt = walk(chain, sql, owner);
	struct skw_sha256 txid;
	int step = SQLITE_ERROR;
	bool more = true;

	while (stmt != NULL && more && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!skw_store_bytes(stmt, 0, txid.b, sizeof(txid.b)))
			break;
		more = visit(context, &txid, skw_store_u64(stmt, 1));
	}
	sqlite3_finalize(stmt);
	return !more || step == SQLITE_DONE ? SKW_CHAIN_OK : SKW_CHAIN_STORE;
}
