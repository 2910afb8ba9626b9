#include "ledger/skw_rest_stream.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_pool.h"

enum phase { HEAD_OUTPUTS, OUTGOING, INCOMING, ENDED };

struct skw_rest_stream {
	sqlite3 *db;
	sqlite3_stmt *rows;
	struct skw_rest_pool pool;
	struct skw_json
	    json; /* what was written and not yet read; its text begins anew when all was */
	size_t read;
	enum phase phase;
	size_t incoming; /* shown so far */
};

/* A transaction begins with its first read: so one row is stepped to at once. */
static bool begin(struct skw_rest_stream *s, const char *path)
{
	return sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	       sqlite3_exec(s->db, "PRAGMA cache_size = -256; BEGIN; SELECT 1 FROM sqlite_master",
			    NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(s->db,
				  "SELECT " SKW_STORE_OUTPUT_COLUMNS
				  " FROM outputs WHERE spent_seq IS NULL ORDER BY n",
				  -1, &s->rows, NULL) == SQLITE_OK;
}

struct skw_rest_stream *skw_rest_stream_open(struct skw_rest_call *call)
{
	const char *path = sqlite3_db_filename(call->chain->store.db, "main");
	struct skw_rest_stream *s;

	if (path == NULL || *path == '\0')
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	if (!begin(s, path) || !skw_rest_pool_load(call, &s->pool)) {
		skw_rest_stream_free(s);
		return NULL;
	}
	skw_json_object(&s->json, NULL);
	skw_rest_show_header(&s->json, "head", &s->pool.head);
	skw_json_list(&s->json, "head_outputs");
	return s;
}

void skw_rest_stream_free(struct skw_rest_stream *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->rows);
	sqlite3_close(s->db);
	skw_rest_pool_free(&s->pool);
	skw_json_free(&s->json);
	free(s);
}

/* One row more, or the end of its list. */
static bool row(struct skw_rest_stream *s)
{
	struct skw_ux_record record;
	int step = sqlite3_step(s->rows);

	if (step == SQLITE_ROW) {
		if (!skw_store_output(s->rows, &record))
			return false;
		if (s->phase == HEAD_OUTPUTS || skw_rest_pool_spends(&s->pool, &record.uxid))
			skw_rest_show_unspent(&s->json, &record.uxid, &record.ux,
					      s->pool.head.time);
		return true;
	}
	skw_json_end_list(&s->json);
	s->phase++;
	if (s->phase == OUTGOING && s->pool.spents == 0) { /* then none is */
		skw_json_list(&s->json, "outgoing_outputs");
		skw_json_end_list(&s->json);
		s->phase++;
	}
	skw_json_list(&s->json, s->phase == OUTGOING ? "outgoing_outputs" : "incoming_outputs");
	return step == SQLITE_DONE && sqlite3_reset(s->rows) == SQLITE_OK;
}

static void incoming(struct skw_rest_stream *s)
{
	struct skw_sha256 uxid;
	const struct skw_ux *ux = &s->pool.made[s->incoming];

	if (s->incoming++ < s->pool.mades) {
		skw_ux_id(&uxid, ux);
		skw_rest_show_unspent(&s->json, &uxid, ux, s->pool.head.time);
		return;
	}
	skw_json_end_list(&s->json);
	skw_json_end_object(&s->json);
	s->phase = ENDED;
}

bool skw_rest_stream_read(char *out, size_t *len, struct skw_rest_stream *s, size_t cap)
{
	bool ok = true;

	if (s->read > 0) /* what is left is less than a row */
		memmove(s->json.text, s->json.text + s->read, s->json.len - s->read);
	s->json.len -= s->read;
	s->read = 0;
	while (ok && s->phase != ENDED && s->json.len < cap) {
		if (s->phase == INCOMING)
			incoming(s);
		else
			ok = row(s);
		ok = ok && !s->json.failed;
	}
	*len = s->json.len < cap ? s->json.len : cap;
	if (*len > 0)
		memcpy(out, s->json.text, *len);
	s->read = *len;
	return ok;
}
