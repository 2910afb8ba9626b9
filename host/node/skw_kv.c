#include "node/skw_kv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

struct skw_kv {
	sqlite3 *db;
	sqlite3_stmt *put, *delete, *each;
};

/* One process at a time: two would bill the same bytes, and locks cost more than the writing. */
static const char SCHEMA[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "CREATE TABLE IF NOT EXISTS record (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;";

static bool prepare(struct skw_kv *kv, sqlite3_stmt **statement, const char *sql)
{
	return sqlite3_prepare_v2(kv->db, sql, -1, statement, NULL) == SQLITE_OK;
}

struct skw_kv *skw_kv_open(const char *path, char *error, size_t error_len)
{
	struct skw_kv *kv = calloc(1, sizeof(*kv));
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600); /* SQLite would make it 0644 */

	if (fd >= 0)
		close(fd);
	if (kv == NULL) {
		snprintf(error, error_len, "out of memory");
		return NULL;
	}
	if (sqlite3_open(path, &kv->db) == SQLITE_OK &&
	    sqlite3_busy_timeout(kv->db, 5000) == SQLITE_OK &&
	    sqlite3_exec(kv->db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK &&
	    prepare(
		kv, &kv->put,
		"INSERT INTO record VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2") &&
	    prepare(kv, &kv->delete, "DELETE FROM record WHERE key = ?1") &&
	    prepare(kv, &kv->each, "SELECT key, value FROM record ORDER BY key"))
		return kv;
	snprintf(error, error_len, "%s: %s", path,
		 kv->db == NULL                           ? "out of memory"
		 : sqlite3_errcode(kv->db) == SQLITE_BUSY ? "another skywaved uses it"
							  : sqlite3_errmsg(kv->db));
	skw_kv_close(kv);
	return NULL;
}

void skw_kv_close(struct skw_kv *kv)
{
	if (kv == NULL)
		return;
	sqlite3_finalize(kv->put);
	sqlite3_finalize(kv->delete);
	sqlite3_finalize(kv->each);
	sqlite3_close(kv->db);
	free(kv);
}

static bool run(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result == SQLITE_DONE;
}

/* Writes out the log, and with it all that was kept: what synchronous = FULL does at each commit.
 */
static bool sync_log(struct skw_kv *kv)
{
	sqlite3_file *log = NULL;

	return sqlite3_file_control(kv->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) ==
		   SQLITE_OK &&
	       log != NULL && log->pMethods != NULL &&
	       log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

bool skw_kv_keep(struct skw_kv *kv, const uint8_t *key, size_t key_len, const uint8_t *value,
		 size_t value_len)
{
	sqlite3_bind_blob64(kv->put, 1, key, key_len, SQLITE_STATIC);
	if (value_len == 0)
		sqlite3_bind_zeroblob(kv->put, 2, 0);
	else
		sqlite3_bind_blob64(kv->put, 2, value, value_len, SQLITE_STATIC);
	return run(kv->put);
}

bool skw_kv_put(struct skw_kv *kv, const uint8_t *key, size_t key_len, const uint8_t *value,
		size_t value_len)
{
	return skw_kv_keep(kv, key, key_len, value, value_len) && sync_log(kv);
}

bool skw_kv_delete(struct skw_kv *kv, const uint8_t *key, size_t key_len)
{
	sqlite3_bind_blob64(kv->delete, 1, key, key_len, SQLITE_STATIC);
	return run(kv->delete) && sync_log(kv);
}

bool skw_kv_begin(struct skw_kv *kv)
{
	return sqlite3_exec(kv->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
}

bool skw_kv_commit(struct skw_kv *kv)
{
	if (sqlite3_exec(kv->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return sync_log(kv);
	sqlite3_exec(kv->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool skw_kv_each(struct skw_kv *kv,
		 void (*each)(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
			      size_t value_len),
		 void *arg)
{
	int result;

	while ((result = sqlite3_step(kv->each)) == SQLITE_ROW)
		each(arg, sqlite3_column_blob(kv->each, 0),
		     (size_t)sqlite3_column_bytes(kv->each, 0), sqlite3_column_blob(kv->each, 1),
		     (size_t)sqlite3_column_bytes(kv->each, 1));
	sqlite3_reset(kv->each);
	return result == SQLITE_DONE;
}
