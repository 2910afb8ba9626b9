/* Transactions that wait: shown, and taken in. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/skw_rest_inside.h"

/* True if an address is among them, or all are meant. */
static bool is_of(const struct skw_rest_addresses *addresses, const struct skw_address *address)
{
	return addresses->count == 0 || skw_rest_is_listed(addresses, address);
}

bool skw_rest_concerns(struct skw_rest_call *call, const struct skw_rest_addresses *addresses,
		       const struct skw_tx *tx)
{
	struct skw_ux_record record;

	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		if (is_of(addresses, &out.address))
			return true;
	}
	for (uint32_t i = 0; i < tx->ins; i++)
		if (skw_chain_output(call->chain, &tx->in[i], &record) == SKW_CHAIN_OK &&
		    is_of(addresses, &record.ux.address))
			return true;
	return false;
}

static void show_time(struct skw_json *j, const char *key, uint64_t unix_seconds)
{
	time_t seconds = (time_t)unix_seconds;
	char text[40] = "0001-01-01T00:00:00Z";
	struct tm tm;

	if (unix_seconds < UINT64_C(253402300800) && gmtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	skw_json_string(j, key, text);
}

struct pending_list {
	struct skw_rest_call *call;
	const struct skw_rest_addresses *addresses; /* NULL: all */
	bool verbose;
};

static bool show_waiting(void *context, const struct skw_pending *pending)
{
	struct pending_list *list = context;
	struct skw_chain_head head = skw_chain_head(list->call->chain);
	struct skw_rest_tx_style style = { .verbose = list->verbose,
					   .hours_at = head.header.time,
					   .seq = head.header.seq + 1 };
	struct skw_json *j = &list->call->json;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, pending->raw, pending->size) != SKW_CODEC_OK ||
	    (list->addresses != NULL && !skw_rest_concerns(list->call, list->addresses, &tx)))
		return true;
	skw_json_object(j, NULL);
	skw_rest_show_tx(list->call, "transaction", &tx, &style);
	show_time(j, "received", pending->received);
	show_time(j, "checked", pending->checked);
	skw_json_string(j, "announced",
			"0001-01-01T00:00:00Z"); /* never: we do not remember when */
	skw_json_bool(j, "is_valid", pending->valid);
	skw_json_end_object(j);
	return !j->failed;
}

void skw_rest_show_pending(struct skw_rest_call *call, const char *key,
			   const struct skw_rest_addresses *addresses, bool verbose)
{
	struct pending_list list = { call, addresses, verbose };
	enum skw_chain_status status;

	skw_json_list(&call->json, key);
	status = skw_chain_each_pending(call->chain, show_waiting, &list);
	skw_json_end_list(&call->json);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
}

void skw_rest_pending(struct skw_rest_call *call)
{
	bool verbose;

	if (skw_rest_flag(call, &verbose, "verbose"))
		skw_rest_show_pending(call, NULL, NULL, verbose);
}

/* ---- injecting ---- */

static void explain(struct skw_rest_call *call, const struct skw_verdict *verdict)
{
	char text[SKW_REST_VIOLATION_TEXT];

	skw_rest_violation(text, verdict);
	skw_rest_fail(call, 400, "%s", text);
}

/* A follower that nobody is connected to could only sit on it: the original keeps nothing then. */
static bool is_cut_off(const struct skw_rest_call *call)
{
	const struct skw_sync *sync = call->chain->sync;

	return sync != NULL && !skw_sync_produces(sync) && skw_sync_introduced(sync) == 0;
}

static void inject(struct skw_rest_call *call, const struct skw_tx *tx, bool broadcast)
{
	enum skw_chain_status status;
	struct skw_verdict verdict;
	struct skw_sha256 txid;

	if (broadcast && is_cut_off(call)) {
		skw_rest_fail(call, 503, "All pool connections are unreachable at this time");
		return;
	}
	status = skw_chain_inject(call->chain, tx->raw, tx->size, SKW_INJECT_USER, call->now, &txid,
				  &verdict);
	switch (status) {
	case SKW_CHAIN_OK:
		if (broadcast && call->chain->sync != NULL)
			skw_sync_announce(call->chain->sync, &txid, 1);
		skw_rest_show_hash(&call->json, NULL, &txid);
		break;
	case SKW_CHAIN_REFUSED:
		explain(call, &verdict);
		break;
	case SKW_CHAIN_FULL:
		skw_rest_fail(call, 503, "%s", skw_chain_status_text(status));
		break;
	default:
		skw_rest_chain_failed(call, status);
		break;
	}
}

void skw_rest_inject(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
	const char *hex = json_string_value(json_object_get(root, "rawtx"));
	struct skw_tx tx;
	uint8_t *raw;

	if (root == NULL)
		return;
	if (hex == NULL || *hex == '\0') {
		skw_rest_fail(call, 400, "rawtx is required");
	} else if (skw_rest_take_tx(call, &tx, &raw, hex, "")) {
		inject(call, &tx, !json_is_true(json_object_get(root, "no_broadcast")));
		free(raw);
	}
	json_decref(root);
}
