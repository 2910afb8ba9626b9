/* /api/v2/data: texts kept for programs, and /api/v2/metrics: numbers for Prometheus. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_inside.h"
#include "ledger/skw_storage.h"

static void failed(struct skw_rest_call *call, enum skw_storage_status status)
{
	switch (status) {
	case SKW_STORAGE_OK:
		break;
	case SKW_STORAGE_TYPE:
		skw_rest_fail(call, 400, "unknown storage");
		break;
	case SKW_STORAGE_KEY:
		skw_rest_fail(call, 404, NULL);
		break;
	case SKW_STORAGE_FULL:
		skw_rest_fail(call, 400, "the storage is full");
		break;
	case SKW_STORAGE_FILE:
		skw_rest_fail(call, 500, "%s", strerror(errno));
		break;
	}
}

static bool given(struct skw_rest_call *call, const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		return true;
	skw_rest_fail(call, 400, "%s is required", name);
	return false;
}

/* {"data": value}, keys in order; {} without a value. */
static void answer(struct skw_rest_call *call, const json_t *value)
{
	json_t *root = json_object();

	if (value != NULL)
		json_object_set(root, "data", (json_t *)value);
	call->text = json_dumps(root, JSON_INDENT(4) | JSON_SORT_KEYS);
	call->text_type = "application/json";
	json_decref(root);
}

static void get(struct skw_rest_call *call, const struct skw_storage *storage)
{
	const char *type = skw_rest_arg(call, "type"), *key = skw_rest_arg(call, "key");
	const json_t *all;

	if (!given(call, "type", type))
		return;
	all = skw_storage_all(storage, type);
	if (all == NULL)
		failed(call, SKW_STORAGE_TYPE);
	else if (*key == '\0')
		answer(call, all);
	else if (json_object_get(all, key) == NULL)
		failed(call, SKW_STORAGE_KEY);
	else
		answer(call, json_object_get(all, key));
}

static void put(struct skw_rest_call *call, struct skw_storage *storage)
{
	json_t *root = skw_rest_body(call);
	const json_t *value = json_object_get(root, "val");
	const char *type = json_string_value(json_object_get(root, "type"));
	const char *key = json_string_value(json_object_get(root, "key"));
	const char *text = value == NULL || json_is_null(value) ? "" : json_string_value(value);
	enum skw_storage_status status;

	if (root == NULL)
		return;
	if (text == NULL) {
		skw_rest_fail(call, 400, "val must be a text");
	} else if (given(call, "type", type) && given(call, "key", key)) {
		status = skw_storage_put(storage, type, key, text);
		failed(call, status);
		if (status == SKW_STORAGE_OK)
			answer(call, NULL);
	}
	json_decref(root);
}

static void drop(struct skw_rest_call *call, struct skw_storage *storage)
{
	const char *type = skw_rest_arg(call, "type"), *key = skw_rest_arg(call, "key");
	enum skw_storage_status status;

	if (!given(call, "type", type) || !given(call, "key", key))
		return;
	status = skw_storage_remove(storage, type, key);
	failed(call, status);
	if (status == SKW_STORAGE_OK)
		answer(call, NULL);
}

void skw_rest_data(struct skw_rest_call *call)
{
	struct skw_storage *storage = call->chain->storage;

	if (strcmp(call->method, "POST") == 0)
		put(call, storage);
	else if (strcmp(call->method, "DELETE") == 0)
		drop(call, storage);
	else
		get(call, storage);
}

/* ---- metrics ---- */

void skw_rest_metrics(struct skw_rest_call *call)
{
	struct skw_chain_head head = skw_chain_head(call->chain);
	unsigned outgoing, incoming;

	skw_rest_count_connections(call, &outgoing, &incoming);
	const struct {
		const char *name, *help;
		uint64_t value;
	} gauges[] = {
		{ "unspent_outputs", "Number of unspent outputs", head.unspents },
		{ "unconfirmed_txns", "Number of unconfirmed transactions", head.pending },
		{ "time_since_last_block_seconds", "Seconds since the last block was made",
		  call->now > head.header.time ? call->now - head.header.time : 0 },
		{ "open_connections", "Number of open connections", outgoing + incoming },
		{ "outgoing_connections", "Number of outgoing connections", outgoing },
		{ "incoming_connections", "Number of incoming connections", incoming },
		{ "started_at", "When the node was started, unix seconds",
		  call->chain->about.started_unix },
		{ "last_block_seq", "Number of the last block", head.header.seq },
	};
	const size_t room = 256 * sizeof(gauges) / sizeof(gauges[0]);
	size_t len = 0;

	call->text = malloc(room);
	call->text_type = "text/plain; version=0.0.4; charset=utf-8";
	for (size_t i = 0; call->text != NULL && i < sizeof(gauges) / sizeof(gauges[0]); i++)
		len += (size_t)snprintf(call->text + len, room - len,
					"# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n",
					gauges[i].name, gauges[i].help, gauges[i].name,
					gauges[i].name, gauges[i].value);
}
