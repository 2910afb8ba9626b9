/* skw_store - the SQLite file under skw_chain: its tables, its statements, values in and out.
 *
 *   state    one row: which network, the running XOR of unspent snapshots, their number
 *   blocks   seq -> hash, signed block          txs      txid -> where it lies in its block
 *   outputs  every output ever, with its fate   pool     pending transactions
 *
 * Integers are u64 kept bit for bit in SQLite's i64.
 */
#ifndef SKW_STORE_H
#define SKW_STORE_H

#include <sqlite3.h>

#include "ledger/skw_chain.h"

enum skw_sql {
	SKW_SQL_STATE_GET,
	SKW_SQL_STATE_PUT,
	SKW_SQL_BLOCK_PUT,
	SKW_SQL_BLOCK_GET,
	SKW_SQL_BLOCK_BY_HASH,
	SKW_SQL_TX_PUT,
	SKW_SQL_TX_GET,
	SKW_SQL_OUTPUT_PUT,
	SKW_SQL_OUTPUT_GET,
	SKW_SQL_OUTPUT_SPEND,
	SKW_SQL_POOL_PUT,
	SKW_SQL_POOL_GET,
	SKW_SQL_POOL_MARK,
	SKW_SQL_POOL_DROP,
	SKW_SQL_POOL_COUNT,
	SKW_SQL_SAVEPOINT,
	SKW_SQL_RELEASE,
	SKW_SQL_ROLLBACK,
	SKW_SQL_BEGIN,
	SKW_SQL_COMMIT,
	SKW_SQL_COUNT, /* how many there are */
};

/* The columns of an output, in the order that skw_store_output reads them. */
#define SKW_STORE_OUTPUT_COLUMNS                                                                   \
	"uxid, src_tx, address, coins, hours, time, seq, spent_seq, spent_tx"

struct skw_store {
	sqlite3 *db;
	sqlite3_stmt *stmt[SKW_SQL_COUNT];
};

/* SKW_CHAIN_OK, _FOREIGN or _STORE. Creates the tables where there are none. */
enum skw_chain_status skw_store_open(struct skw_store *store, const char *path);
void skw_store_close(struct skw_store *store);

/* A statement ready to be bound and stepped; NULL if SQLite cannot. */
sqlite3_stmt *skw_store_use(struct skw_store *store, enum skw_sql which);
/* Steps it to its end and resets it: for those that return no row. */
bool skw_store_run(sqlite3_stmt *stmt);
/* The same for statements without parameters. */
bool skw_store_do(struct skw_store *store, enum skw_sql which);

void skw_store_bind_u64(sqlite3_stmt *stmt, int i, uint64_t v);
/* The bytes must live until the statement is reset. */
void skw_store_bind_bytes(sqlite3_stmt *stmt, int i, const uint8_t *data, size_t len);
void skw_store_bind_hash(sqlite3_stmt *stmt, int i, const struct skw_sha256 *hash);
uint64_t skw_store_u64(sqlite3_stmt *stmt, int i);
/* False if the column is not `len` bytes long. */
bool skw_store_bytes(sqlite3_stmt *stmt, int i, uint8_t *out, size_t len);
/* SKW_CHAIN_OK or _MEMORY. */
enum skw_chain_status skw_store_copy(sqlite3_stmt *stmt, int i, struct skw_bytes *out);
bool skw_store_output(sqlite3_stmt *stmt, struct skw_ux_record *out);

#endif
