#include "ledger/skw_store.h"

#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x534b5743 /* "SKWC" */
#define LAYOUT 1

/* FULL: a block that a producer has shown to others must not vanish with the power. */
static const char setup[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			    "PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;"
			    "PRAGMA wal_autocheckpoint = 1000;";

static const char tables[] =
    "BEGIN IMMEDIATE;"
    "PRAGMA application_id = 1397446467;" /* APPLICATION_ID */
    "PRAGMA user_version = 1;"            /* LAYOUT */
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), genesis BLOB NOT NULL,"
    " block_key BLOB NOT NULL, seq INTEGER NOT NULL, ux BLOB NOT NULL,"
    " unspents INTEGER NOT NULL, outputs INTEGER NOT NULL);"
    "CREATE TABLE blocks (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " data BLOB NOT NULL);"
    "CREATE TABLE txs (txid BLOB PRIMARY KEY, seq INTEGER NOT NULL, place INTEGER NOT NULL,"
    " size INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE outputs (n INTEGER PRIMARY KEY, uxid BLOB NOT NULL UNIQUE,"
    " src_tx BLOB NOT NULL, address BLOB NOT NULL, coins INTEGER NOT NULL,"
    " hours INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " spent_seq INTEGER, spent_tx BLOB);"
    "CREATE INDEX outputs_address ON outputs (address, n);"
    "CREATE INDEX outputs_unspent ON outputs (n) WHERE spent_seq IS NULL;"
    "CREATE TABLE pool (txid BLOB PRIMARY KEY, data BLOB NOT NULL, received INTEGER NOT NULL,"
    " checked INTEGER NOT NULL, valid INTEGER NOT NULL) WITHOUT ROWID;"
    "COMMIT;";

static const char *const statements[SKW_SQL_COUNT] = {
	[SKW_SQL_STATE_GET] = "SELECT genesis, block_key, seq, ux, unspents, outputs FROM state",
	[SKW_SQL_STATE_PUT] = "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?)",
	[SKW_SQL_BLOCK_PUT] = "INSERT INTO blocks VALUES (?, ?, ?)",
	[SKW_SQL_BLOCK_GET] = "SELECT data FROM blocks WHERE seq = ?",
	[SKW_SQL_BLOCK_BY_HASH] = "SELECT data FROM blocks WHERE hash = ?",
	[SKW_SQL_TX_PUT] = "INSERT INTO txs VALUES (?, ?, ?, ?)",
	[SKW_SQL_TX_GET] = "SELECT txs.seq, substr(data, place + 1, size), substr(data, 5, 8)"
			   " FROM txs JOIN blocks USING (seq) WHERE txid = ?",
	[SKW_SQL_OUTPUT_PUT] = "INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
	[SKW_SQL_OUTPUT_GET] = "SELECT " SKW_STORE_OUTPUT_COLUMNS " FROM outputs WHERE uxid = ?",
	[SKW_SQL_OUTPUT_SPEND] = "UPDATE outputs SET spent_seq = ?, spent_tx = ? WHERE uxid = ?"
				 " AND spent_seq IS NULL RETURNING " SKW_STORE_OUTPUT_COLUMNS,
	[SKW_SQL_POOL_PUT] = "INSERT INTO pool VALUES (?, ?, ?, ?, ?)",
	[SKW_SQL_POOL_GET] = "SELECT data, received FROM pool WHERE txid = ?",
	[SKW_SQL_POOL_MARK] = "UPDATE pool SET checked = ?, valid = ? WHERE txid = ?",
	[SKW_SQL_POOL_DROP] = "DELETE FROM pool WHERE txid = ?",
	[SKW_SQL_POOL_COUNT] = "SELECT count(*) FROM pool",
	[SKW_SQL_SAVEPOINT] = "SAVEPOINT change",
	[SKW_SQL_RELEASE] = "RELEASE change",
	[SKW_SQL_ROLLBACK] = "ROLLBACK TO change",
	[SKW_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SKW_SQL_COMMIT] = "COMMIT",
};

static bool pragma(sqlite3 *db, const char *sql, int *value)
{
	sqlite3_stmt *stmt;
	bool ok = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
		  sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return ok;
}

enum skw_chain_status skw_store_open(struct skw_store *store, const char *path)
{
	int id, layout, existing;

	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return SKW_CHAIN_STORE;
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, 5000);
	if (!pragma(store->db, "PRAGMA application_id", &id) ||
	    !pragma(store->db, "PRAGMA user_version", &layout) ||
	    !pragma(store->db, "SELECT count(*) FROM sqlite_schema", &existing))
		return sqlite3_errcode(store->db) == SQLITE_NOTADB ? SKW_CHAIN_FOREIGN
								   : SKW_CHAIN_STORE;
	if (existing > 0 && (id != APPLICATION_ID || layout != LAYOUT))
		return SKW_CHAIN_FOREIGN;
	if (sqlite3_exec(store->db, setup, NULL, NULL, NULL) != SQLITE_OK ||
	    (existing == 0 && sqlite3_exec(store->db, tables, NULL, NULL, NULL) != SQLITE_OK))
		return SKW_CHAIN_STORE;
	return SKW_CHAIN_OK;
}

void skw_store_close(struct skw_store *store)
{
	for (unsigned i = 0; i < SKW_SQL_COUNT; i++)
		sqlite3_finalize(store->stmt[i]);
	sqlite3_close(store->db);
	memset(store, 0, sizeof(*store));
}

sqlite3_stmt *skw_store_use(struct skw_store *store, enum skw_sql which)
{
	sqlite3_stmt **stmt = &store->stmt[which];

	if (*stmt == NULL && sqlite3_prepare_v3(store->db, statements[which], -1,
						SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(*stmt);
	return *stmt;
}

bool skw_store_run(sqlite3_stmt *stmt)
{
	bool ok = stmt != NULL && sqlite3_step(stmt) == SQLITE_DONE;

	if (stmt != NULL)
		sqlite3_reset(stmt);
	return ok;
}

bool skw_store_do(struct skw_store *store, enum skw_sql which)
{
	return skw_store_run(skw_store_use(store, which));
}

void skw_store_bind_u64(sqlite3_stmt *stmt, int i, uint64_t v)
{
	sqlite3_bind_int64(stmt, i, (sqlite3_int64)v);
}

void skw_store_bind_bytes(sqlite3_stmt *stmt, int i, const uint8_t *data, size_t len)
{
	sqlite3_bind_blob64(stmt, i, data, len, SQLITE_STATIC);
}

void skw_store_bind_hash(sqlite3_stmt *stmt, int i, const struct skw_sha256 *hash)
{
	skw_store_bind_bytes(stmt, i, hash->b, sizeof(hash->b));
}

uint64_t skw_store_u64(sqlite3_stmt *stmt, int i)
{
	return (uint64_t)sqlite3_column_int64(stmt, i);
}

bool skw_store_bytes(sqlite3_stmt *stmt, int i, uint8_t *out, size_t len)
{
	const void *data = sqlite3_column_blob(stmt, i);

	if (data == NULL || (size_t)sqlite3_column_bytes(stmt, i) != len)
		return false;
	memcpy(out, data, len);
	return true;
}

enum skw_chain_status skw_store_copy(sqlite3_stmt *stmt, int i, struct skw_bytes *out)
{
	size_t len = (size_t)sqlite3_column_bytes(stmt, i);
	const void *data = sqlite3_column_blob(stmt, i);

	out->len = len;
	out->data = malloc(len > 0 ? len : 1);
	if (out->data == NULL)
		return SKW_CHAIN_MEMORY;
	if (len > 0)
		memcpy(out->data, data, len);
	return SKW_CHAIN_OK;
}

bool skw_store_output(sqlite3_stmt *stmt, struct skw_ux_record *out)
{
	*out = (struct skw_ux_record) { 0 };
	out->ux.coins.n = skw_store_u64(stmt, 3);
	out->ux.hours.n = skw_store_u64(stmt, 4);
	out->ux.time = skw_store_u64(stmt, 5);
	out->ux.seq = skw_store_u64(stmt, 6);
	out->spent = sqlite3_column_type(stmt, 7) != SQLITE_NULL;
	out->spent_seq = skw_store_u64(stmt, 7);
	return skw_store_bytes(stmt, 0, out->uxid.b, sizeof(out->uxid.b)) &&
	       skw_store_bytes(stmt, 1, out->ux.src_tx.b, sizeof(out->ux.src_tx.b)) &&
	       skw_store_bytes(stmt, 2, out->ux.address.b, sizeof(out->ux.address.b)) &&
	       (!out->spent || skw_store_bytes(stmt, 8, out->spent_tx.b, sizeof(out->spent_tx.b)));
}
