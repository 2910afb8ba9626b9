/* What the node and its chain are, and blocks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_inside.h"

/* The version of the original whose answers these are. */
#define COMPATIBLE_VERSION "0.27.1"

enum { LAST_BLOCKS_MAX = 256 };

static void show_version(struct skw_json *j, const char *key)
{
	skw_json_object(j, key);
	skw_json_string(j, "version", COMPATIBLE_VERSION);
	skw_json_string(j, "commit", "");
	skw_json_string(j, "branch", "");
	skw_json_end_object(j);
}

void skw_rest_version(struct skw_rest_call *call)
{
	show_version(&call->json, NULL);
}

static void show_chain(struct skw_json *j, const struct skw_chain_head *head)
{
	skw_rest_show_header(j, "head", &head->header);
	skw_json_u64(j, "unspents", head->unspents);
	skw_json_u64(j, "unconfirmed", head->pending);
}

void skw_rest_metadata(struct skw_rest_call *call)
{
	struct skw_chain_head head = skw_chain_head(call->chain);

	skw_json_object(&call->json, NULL);
	show_chain(&call->json, &head);
	skw_json_end_object(&call->json);
}

/* As Go prints a duration: 1h2m3s */
static void show_duration(struct skw_json *j, const char *key, uint64_t seconds)
{
	char text[48];

	if (seconds >= 3600)
		snprintf(text, sizeof(text), "%" PRIu64 "h%" PRIu64 "m%" PRIu64 "s", seconds / 3600,
			 seconds / 60 % 60, seconds % 60);
	else if (seconds >= 60)
		snprintf(text, sizeof(text), "%" PRIu64 "m%" PRIu64 "s", seconds / 60,
			 seconds % 60);
	else
		snprintf(text, sizeof(text), "%" PRIu64 "s", seconds);
	skw_json_string(j, key, text);
}

static void show_limits(struct skw_json *j, const char *key, const struct skw_limits *limits)
{
	skw_json_object(j, key);
	skw_json_u64(j, "burn_factor", limits->burn_factor);
	skw_json_u64(j, "max_transaction_size", limits->max_tx_size);
	skw_json_u64(j, "max_decimals", limits->max_decimals);
	skw_json_end_object(j);
}

static void show_fiber(struct skw_rest_call *call)
{
	struct skw_json *j = &call->json;

	skw_json_object(j, "fiber");
	skw_json_string(j, "name", "skycoin");
	skw_json_string(j, "display_name", "Skycoin");
	skw_json_string(j, "ticker", "SKY");
	skw_json_string(j, "coin_hours_display_name", "Coin Hours");
	skw_json_string(j, "coin_hours_display_name_singular", "Coin Hour");
	skw_json_string(j, "coin_hours_ticker", "SCH");
	if (!call->strict)
		skw_json_string(j, "qr_uri_prefix", "skycoin");
	skw_json_string(j, "explorer_url", "");
	skw_json_string(j, "version_url", "");
	skw_json_u64(j, "bip44_coin", 8000);
	skw_json_end_object(j);
}

static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

void skw_rest_health(struct skw_rest_call *call)
{
	struct skw_chain_head head = skw_chain_head(call->chain);
	const struct skw_limits *limits = &call->chain->network.limits;
	uint64_t started = call->chain->about.started_unix;
	bool wallets =
	    call->chain->wallets != NULL && (call->chain->about.sets & SKW_REST_WALLET) != 0;
	unsigned outgoing, incoming;
	struct skw_json *j = &call->json;

	skw_json_object(j, NULL);
	skw_json_object(j, "blockchain");
	show_chain(j, &head);
	show_duration(j, "time_since_last_block", since(call->now, head.header.time));
	skw_json_end_object(j);
	show_version(j, "version");
	skw_json_string(j, "coin", "skycoin");
	skw_json_string(j, "user_agent", "skycoin:" COMPATIBLE_VERSION "(skywave)");
	skw_rest_count_connections(call, &outgoing, &incoming);
	skw_json_u64(j, "open_connections", outgoing + incoming);
	skw_json_u64(j, "outgoing_connections", outgoing);
	skw_json_u64(j, "incoming_connections", incoming);
	show_duration(j, "uptime", started > 0 ? since(call->now, started) : 0);
	skw_json_bool(j, "csrf_enabled", call->chain->about.csrf);
	skw_json_bool(j, "header_check_enabled", call->chain->about.header_check);
	skw_json_bool(j, "csp_enabled", false);
	skw_json_bool(j, "wallet_api_enabled", wallets);
	skw_json_bool(j, "gui_enabled", false);
	skw_json_bool(j, "block_publisher", call->chain->about.produces);
	show_limits(j, "user_verify_transaction", limits);
	show_limits(j, "unconfirmed_verify_transaction", limits);
	skw_json_u64(j, "started_at", started);
	show_fiber(call);
	skw_json_end_object(j);
}

/* ---- blocks ---- */

/* Shows a stored block; 404 if there is none. */
static void show_stored(struct skw_rest_call *call, enum skw_chain_status status,
			struct skw_bytes *bytes, bool verbose)
{
	struct skw_block block;

	if (status == SKW_CHAIN_NOTHING)
		skw_rest_fail(call, 404, NULL);
	else if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
	else if (skw_block_decode(&block, bytes->data, bytes->len) != SKW_CODEC_OK)
		skw_rest_chain_failed(call, SKW_CHAIN_BROKEN);
	else
		skw_rest_show_block(call, &block, verbose);
	skw_bytes_free(bytes);
}

void skw_rest_block(struct skw_rest_call *call)
{
	const char *hash_text = skw_rest_arg(call, "hash"), *seq_text = skw_rest_arg(call, "seq");
	enum skw_chain_status status;
	struct skw_sha256 hash;
	struct skw_bytes bytes;
	bool verbose;
	uint64_t seq;

	if (!skw_rest_flag(call, &verbose, "verbose"))
		return;
	if (*hash_text == '\0' && *seq_text == '\0') {
		skw_rest_fail(call, 400, "should specify one filter, hash or seq");
		return;
	}
	if (*hash_text != '\0' && *seq_text != '\0') {
		skw_rest_fail(call, 400, "should only specify one filter, hash or seq");
		return;
	}
	if (*hash_text != '\0') {
		if (!skw_rest_hash(call, &hash, hash_text))
			return;
		status = skw_chain_block_by_hash(call->chain, &hash, &bytes);
	} else {
		if (!skw_rest_u64(&seq, seq_text)) {
			skw_rest_fail(call, 400, "Invalid seq value \"%.40s\"", seq_text);
			return;
		}
		status = skw_chain_block(call->chain, seq, &bytes);
	}
	show_stored(call, status, &bytes, verbose);
}

/* Blocks first..last that exist, as {"blocks": [...]}. */
static void show_range(struct skw_rest_call *call, uint64_t first, uint64_t last, bool verbose)
{
	uint64_t head = skw_chain_head(call->chain).header.seq;
	struct skw_bytes bytes;

	if (last > head)
		last = head;
	skw_json_object(&call->json, NULL);
	skw_json_list(&call->json, "blocks");
	for (uint64_t seq = first; seq <= last && call->status == 200 && !call->json.failed; seq++)
		show_stored(call, skw_chain_block(call->chain, seq, &bytes), &bytes, verbose);
	skw_json_end_list(&call->json);
	skw_json_end_object(&call->json);
}

/* Their numbers are few: each is compared with those before it. */
static bool parse_seqs(struct skw_rest_call *call, const char *list, uint64_t *seqs, size_t *count)
{
	char item[32];

	for (*count = 0;; ++*count) {
		size_t len = strcspn(list, ",");

		snprintf(item, sizeof(item), "%.*s",
			 (int)(len < sizeof(item) ? len : sizeof(item) - 1), list);
		if (*count == LAST_BLOCKS_MAX) {
			skw_rest_fail(call, 400, "at most %d seqs", LAST_BLOCKS_MAX);
			return false;
		}
		if (!skw_rest_u64(&seqs[*count], item)) {
			skw_rest_fail(call, 400, "Invalid sequence \"%s\" at seqs[%zu]", item,
				      *count);
			return false;
		}
		for (size_t i = 0; i < *count; i++)
			if (seqs[i] == seqs[*count]) {
				skw_rest_fail(call, 400, "Duplicate sequence %s at seqs[%zu]", item,
					      *count);
				return false;
			}
		if (list[len] == '\0')
			break;
		list += len + 1;
	}
	++*count;
	return true;
}

static void show_seqs(struct skw_rest_call *call, const char *list, bool verbose)
{
	uint64_t seqs[LAST_BLOCKS_MAX];
	struct skw_bytes bytes;
	size_t count;

	if (!parse_seqs(call, list, seqs, &count))
		return;
	skw_json_object(&call->json, NULL);
	skw_json_list(&call->json, "blocks");
	for (size_t i = 0; i < count && call->status == 200; i++) {
		show_stored(call, skw_chain_block(call->chain, seqs[i], &bytes), &bytes, verbose);
		if (call->status == 404)
			skw_rest_fail(call, 404, "block does not exist seq=%" PRIu64, seqs[i]);
	}
	skw_json_end_list(&call->json);
	skw_json_end_object(&call->json);
}

void skw_rest_blocks(struct skw_rest_call *call)
{
	const char *start = skw_rest_arg(call, "start"), *end = skw_rest_arg(call, "end");
	const char *seqs = skw_rest_arg(call, "seqs");
	uint64_t first = 0, last = 0;
	bool verbose;

	if (!skw_rest_flag(call, &verbose, "verbose"))
		return;
	if (*seqs != '\0' && (*start != '\0' || *end != '\0'))
		skw_rest_fail(call, 400, "seqs cannot be used with start or end");
	else if (*seqs == '\0' && *start == '\0' && *end == '\0')
		skw_rest_fail(call, 400, "At least one of seqs or start or end are required");
	else if (*start != '\0' && !skw_rest_u64(&first, start))
		skw_rest_fail(call, 400, "Invalid start value \"%.40s\"", start);
	else if (*end != '\0' && !skw_rest_u64(&last, end))
		skw_rest_fail(call, 400, "Invalid end value \"%.40s\"", end);
	else if (*seqs != '\0')
		show_seqs(call, seqs, verbose);
	else
		show_range(call, first, last, verbose);
}

void skw_rest_last_blocks(struct skw_rest_call *call)
{
	uint64_t head = skw_chain_head(call->chain).header.seq, num;
	const char *text = skw_rest_arg(call, "num");
	bool verbose;

	if (!skw_rest_flag(call, &verbose, "verbose"))
		return;
	if (!skw_rest_u64(&num, text))
		skw_rest_fail(call, 400, "Invalid num value \"%.40s\"", text);
	else if (num >= LAST_BLOCKS_MAX)
		skw_rest_fail(call, 400, "num: \"%s\" must < 256", text);
	else
		show_range(call, num > head ? 0 : head + 1 - num, head, verbose);
}
