/* Transactions by id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	return found->confirmed ? skw_rest_time_before(call, found->seq)
				: skw_chain_head(call->chain).header.time;
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

void skw_rest_show_transaction(struct skw_rest_call *call, const struct skw_sha256 *txid,
			       bool verbose)
{
	struct found found;
	enum skw_chain_status status = find(call, txid, &found);

	if (status == SKW_CHAIN_OK)
		show_found(call, &found, verbose);
	else
		skw_rest_chain_failed(call, status);
	skw_bytes_free(&found.raw);
}
