/* Transactions: confirmed ones, pending ones, new ones. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/skw_rest_inside.h"

/* A transaction wherever it is: bytes, and how it stands. */
struct found {
	struct skw_bytes raw;
	bool confirmed;
	uint64_t seq;
	uint64_t time;
};

static enum skw_chain_status find(struct skw_rest_call *call, const struct skw_sha256 *txid,
				  struct found *out)
{
	enum skw_chain_status status;

	*out = (struct found) { .confirmed = true };
	status = skw_chain_tx(call->chain, txid, &out->raw, &out->seq, &out->time);
	if (status != SKW_CHAIN_NOTHING)
		return status;
	*out = (struct found) { 0 };
	return skw_chain_pending(call->chain, txid, &out->raw, &out->time);
}

/* Reads the argument `txid` and finds it; on false the call has failed. */
static bool find_argument(struct skw_rest_call *call, struct found *out)
{
	const char *text = skw_rest_arg(call, "txid");
	enum skw_chain_status status;
	struct skw_sha256 txid;

	*out = (struct found) { 0 };
	if (*text == '\0') {
		skw_rest_fail(call, 400, "txid is empty");
		return false;
	}
	if (!skw_rest_hash(call, &txid, text))
		return false;
	status = find(call, &txid, out);
	if (status == SKW_CHAIN_NOTHING)
		skw_rest_fail(call, 404, NULL);
	else if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
	return status == SKW_CHAIN_OK;
}

static void show_status(struct skw_rest_call *call, const struct found *found)
{
	uint64_t head = skw_chain_head(call->chain).header.seq;
	struct skw_json *j = &call->json;

	skw_json_object(j, "status");
	skw_json_bool(j, "confirmed", found->confirmed);
	skw_json_bool(j, "unconfirmed", !found->confirmed);
	skw_json_u64(j, "height", found->confirmed ? head - found->seq + 1 : 0);
	skw_json_u64(j, "block_seq", found->confirmed ? found->seq : 0);
	skw_json_end_object(j);
	skw_json_u64(j, "time", found->time);
}

/* The time at which a transaction's inputs had the hours that it could spend. */
static uint64_t hours_time(struct skw_rest_call *call, const struct found *found)
{
	struct skw_bytes bytes;
	struct skw_block block;
	uint64_t time;

	if (!found->confirmed)
		return skw_chain_head(call->chain).header.time;
	if (found->seq == 0 || skw_chain_block(call->chain, found->seq - 1, &bytes) != SKW_CHAIN_OK)
		return 0;
	time =
	    skw_block_decode(&block, bytes.data, bytes.len) == SKW_CODEC_OK ? block.header.time : 0;
	skw_bytes_free(&bytes);
	return time;
}

static void show_found(struct skw_rest_call *call, const struct found *found, bool verbose)
{
	struct skw_rest_tx_style style = {
		.time = found->time,
		.verbose = verbose,
		.seq = found->confirmed ? found->seq : skw_chain_head(call->chain).header.seq + 1,
	};
	struct skw_tx tx;

	if (skw_tx_decode(&tx, found->raw.data, found->raw.len) != SKW_CODEC_OK) {
		skw_rest_chain_failed(call, SKW_CHAIN_BROKEN);
		return;
	}
	if (verbose)
		style.hours_at = hours_time(call, found);
	skw_json_object(&call->json, NULL);
	show_status(call, found);
	skw_rest_show_tx(call, "txn", &tx, &style);
	skw_json_end_object(&call->json);
}

void skw_rest_transaction(struct skw_rest_call *call)
{
	bool verbose, encoded;
	struct found found;

	if (*skw_rest_arg(call, "txid") == '\0') {
		skw_rest_fail(call, 400, "txid is empty");
		return;
	}
	if (!skw_rest_flag(call, &verbose, "verbose") || !skw_rest_flag(call, &encoded, "encoded"))
		return;
	if (verbose && encoded) {
		skw_rest_fail(call, 400, "verbose and encoded cannot be combined");
		return;
	}
	if (find_argument(call, &found)) {
		if (encoded) {
			skw_json_object(&call->json, NULL);
			show_status(call, &found);
			skw_json_hex(&call->json, "encoded_transaction", found.raw.data,
				     found.raw.len);
			skw_json_end_object(&call->json);
		} else {
			show_found(call, &found, verbose);
		}
	}
	skw_bytes_free(&found.raw);
}

void skw_rest_rawtx(struct skw_rest_call *call)
{
	struct found found;

	if (find_argument(call, &found))
		skw_json_hex(&call->json, NULL, found.raw.data, found.raw.len);
	skw_bytes_free(&found.raw);
}

/* ---- lists of transactions ---- */

struct list {
	struct skw_rest_call *call;
	const struct skw_rest_addresses *addresses;
	struct skw_sha256 *shown; /* ids already there: one may concern several addresses */
	size_t count, room;
	bool verbose;
};

static bool show_once(struct list *list, const struct skw_sha256 *txid)
{
	struct found found;
	enum skw_chain_status status;

	for (size_t i = 0; list->addresses->count > 1 && i < list->count; i++)
		if (skw_sha256_equal(&list->shown[i], txid))
			return true;
	if (list->count == list->room) {
		size_t room = list->room > 0 ? 2 * list->room : 64;
		struct skw_sha256 *shown = realloc(list->shown, room * sizeof(*shown));

		if (shown == NULL) {
			skw_rest_chain_failed(list->call, SKW_CHAIN_MEMORY);
			return false;
		}
		list->shown = shown;
		list->room = room;
	}
	list->shown[list->count++] = *txid;
	status = find(list->call, txid, &found);
	if (status == SKW_CHAIN_OK)
		show_found(list->call, &found, list->verbose);
	else
		skw_rest_chain_failed(list->call, status);
	skw_bytes_free(&found.raw);
	return list->call->status == 200 && !list->call->json.failed;
}

static bool show_confirmed(void *context, const struct skw_sha256 *txid, uint64_t seq)
{
	(void)seq;
	return show_once(context, txid);
}

static bool is_of(const struct skw_rest_addresses *addresses, const struct skw_address *address)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (skw_address_equal(&addresses->list[i], address))
			return true;
	return addresses->count == 0;
}

/* True if a pending transaction pays to or spends from one of the addresses. */
static bool concerns(struct list *list, const struct skw_tx *tx)
{
	struct skw_ux_record record;

	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		if (is_of(list->addresses, &out.address))
			return true;
	}
	for (uint32_t i = 0; i < tx->ins; i++)
		if (skw_chain_output(list->call->chain, &tx->in[i], &record) == SKW_CHAIN_OK &&
		    is_of(list->addresses, &record.ux.address))
			return true;
	return false;
}

static bool show_pending(void *context, const struct skw_pending *pending)
{
	struct list *list = context;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, pending->raw, pending->size) != SKW_CODEC_OK || !concerns(list, &tx))
		return true;
	return show_once(list, &pending->txid);
}

static void show_list(struct list *list, bool confirmed, bool pending)
{
	struct skw_chain *chain = list->call->chain;
	enum skw_chain_status status = SKW_CHAIN_OK;

	skw_json_list(&list->call->json, NULL);
	if (confirmed && list->addresses->count == 0)
		status = skw_chain_each_tx(chain, NULL, show_confirmed, list);
	for (size_t i = 0; confirmed && status == SKW_CHAIN_OK && i < list->addresses->count; i++)
		status = skw_chain_each_tx(chain, &list->addresses->list[i], show_confirmed, list);
	if (pending && status == SKW_CHAIN_OK)
		status = skw_chain_each_pending(chain, show_pending, list);
	skw_json_end_list(&list->call->json);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(list->call, status);
}

void skw_rest_transactions(struct skw_rest_call *call)
{
	bool only_given = *skw_rest_arg(call, "confirmed") != '\0', confirmed, verbose;
	struct skw_rest_addresses addresses;
	struct list list = { .call = call, .addresses = &addresses };

	if (!skw_rest_flag(call, &verbose, "verbose") ||
	    !skw_rest_flag(call, &confirmed, "confirmed") ||
	    !skw_rest_addresses(call, &addresses, skw_rest_arg(call, "addrs")))
		return;
	list.verbose = verbose;
	show_list(&list, !only_given || confirmed, !only_given || !confirmed);
	free(list.shown);
	free(addresses.list);
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

	if (skw_tx_decode(&tx, pending->raw, pending->size) != SKW_CODEC_OK)
		return true;
	skw_json_object(j, NULL);
	skw_rest_show_tx(list->call, "transaction", &tx, &style);
	show_time(j, "received", pending->received);
	show_time(j, "checked", pending->checked);
	skw_json_string(j, "announced",
			"0001-01-01T00:00:00Z"); /* never: there is nobody to tell */
	skw_json_bool(j, "is_valid", pending->valid);
	skw_json_end_object(j);
	return !j->failed;
}

void skw_rest_pending(struct skw_rest_call *call)
{
	struct pending_list list = { .call = call };
	enum skw_chain_status status;

	if (!skw_rest_flag(call, &list.verbose, "verbose"))
		return;
	skw_json_list(&call->json, NULL);
	status = skw_chain_each_pending(call->chain, show_waiting, &list);
	skw_json_end_list(&call->json);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
}

/* ---- injecting ---- */

static void explain(struct skw_rest_call *call, const struct skw_verdict *verdict)
{
	static const char *const kinds[] = {
		[SKW_CLASS_HARD] = "hard", [SKW_CLASS_SOFT] = "soft", [SKW_CLASS_USER] = "user"
	};
	char text[SKW_VERDICT_TEXT];

	skw_verdict_print(text, verdict);
	skw_rest_fail(call, 400, "Transaction violates %s constraint: %s",
		      kinds[skw_fault_class(verdict->fault)], text);
}

/* A follower that nobody is connected to could only sit on it: the original keeps nothing then. */
static bool is_cut_off(const struct skw_rest_call *call)
{
	const struct skw_sync *sync = call->chain->sync;

	return sync != NULL && !skw_sync_produces(sync) && skw_sync_introduced(sync) == 0;
}

static void inject(struct skw_rest_call *call, const uint8_t *raw, size_t len, bool broadcast)
{
	struct skw_verdict verdict;
	struct skw_sha256 txid;
	struct skw_tx tx;
	enum skw_codec_status codec = skw_tx_decode(&tx, raw, len);
	enum skw_chain_status status;

	if (codec != SKW_CODEC_OK) {
		skw_rest_fail(call, 400, "Invalid transaction: %s", skw_codec_text(codec));
		return;
	}
	if (broadcast && is_cut_off(call)) {
		skw_rest_fail(call, 503, "All pool connections are unreachable at this time");
		return;
	}
	status =
	    skw_chain_inject(call->chain, raw, len, SKW_INJECT_USER, call->now, &txid, &verdict);
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
	json_error_t error;
	json_t *root = NULL;
	const char *hex;
	uint8_t *raw;
	size_t digits;

	if (call->body_len == 0) {
		skw_rest_fail(call, 400, "EOF");
		return;
	}
	root = json_loadb(call->body, call->body_len, 0, &error);
	hex = json_string_value(json_object_get(root, "rawtx"));
	if (root == NULL) {
		skw_rest_fail(call, 400, "invalid JSON: %.120s", error.text);
	} else if (hex == NULL || *hex == '\0') {
		skw_rest_fail(call, 400, "rawtx is required");
	} else if ((digits = strlen(hex)) % 2 != 0) {
		skw_rest_fail(call, 400, "encoding/hex: odd length hex string");
	} else if ((raw = malloc(digits / 2)) == NULL) {
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	} else {
		if (skw_ledger_hex_parse(raw, digits / 2, hex, digits))
			inject(call, raw, digits / 2,
			       !json_is_true(json_object_get(root, "no_broadcast")));
		else
			skw_rest_fail(call, 400, "encoding/hex: invalid byte");
		free(raw);
	}
	json_decref(root);
}
