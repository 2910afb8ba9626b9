/* Outputs: the unspent ones, those that pending transactions move, and the life of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_pool.h"
#include "ledger/skw_rest_stream.h"

void skw_rest_show_unspent(struct skw_json *j, const struct skw_sha256 *uxid,
			   const struct skw_ux *ux, uint64_t time)
{
	skw_json_object(j, NULL);
	skw_rest_show_hash(j, "hash", uxid);
	skw_json_u64(j, "time", ux->time);
	skw_json_u64(j, "block_seq", ux->seq);
	skw_rest_show_hash(j, "src_tx", &ux->src_tx);
	skw_rest_show_address(j, "address", &ux->address);
	skw_rest_show_coins(j, "coins", ux->coins);
	skw_json_u64(j, "hours", ux->hours.n);
	skw_json_u64(j, "calculated_hours", skw_rest_hours(ux, time).n);
	skw_json_end_object(j);
}

struct listing {
	struct skw_rest_call *call;
	const struct skw_rest_pool *pool;
	bool only_outgoing;
};

static bool list_output(void *context, const struct skw_ux_record *record)
{
	struct listing *listing = context;
	struct skw_json *j = &listing->call->json;

	if (!listing->only_outgoing || skw_rest_pool_spends(listing->pool, &record->uxid))
		skw_rest_show_unspent(j, &record->uxid, &record->ux, listing->pool->head.time);
	return !j->failed;
}

/* Which outputs are asked for: of some addresses, of some ids, or all. */
struct filter {
	struct skw_rest_addresses addresses;
	bool by_hash;
	const char *hashes;
};

static void list_hashes(struct listing *listing, const char *hashes)
{
	struct skw_ux_record record;
	struct skw_sha256 uxid;
	const char *list = hashes, *start;
	char item[80], quoted[200], before[240];

	while (start = hashes, skw_rest_item(&hashes, item, sizeof(item))) {
		skw_rest_quote(quoted, sizeof(quoted), item);
		snprintf(before, sizeof(before), "SHA256 hash %s is invalid: ", quoted);
		if (!skw_rest_hash_after(listing->call, &uxid, item, before))
			return;
		if (strstr(list, item) < start) /* it was there before */
			continue;
		if (skw_chain_output(listing->call->chain, &uxid, &record) == SKW_CHAIN_OK &&
		    !record.spent)
			list_output(listing, &record);
	}
}

static void list_unspent(struct listing *listing, const char *key, const struct filter *filter)
{
	struct skw_rest_call *call = listing->call;
	enum skw_chain_status status = SKW_CHAIN_OK;

	skw_json_list(&call->json, key);
	if (filter->by_hash)
		list_hashes(listing, filter->hashes);
	else if (filter->addresses.count == 0)
		status = skw_chain_each_unspent(call->chain, NULL, list_output, listing);
	for (size_t i = 0; status == SKW_CHAIN_OK && i < filter->addresses.count; i++)
		status = skw_chain_each_unspent(call->chain, &filter->addresses.list[i],
						list_output, listing);
	skw_json_end_list(&call->json);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
}

static bool wanted(const struct filter *filter, const struct skw_sha256 *uxid,
		   const struct skw_ux *ux)
{
	char text[SKW_SHA256_TEXT];

	if (filter->by_hash) {
		skw_sha256_print(text, uxid);
		return strstr(filter->hashes, text) != NULL;
	}
	for (size_t i = 0; i < filter->addresses.count; i++)
		if (skw_address_equal(&filter->addresses.list[i], &ux->address))
			return true;
	return filter->addresses.count == 0;
}

static void list_incoming(struct listing *listing, const struct filter *filter)
{
	const struct skw_rest_pool *pool = listing->pool;
	struct skw_sha256 uxid;

	skw_json_list(&listing->call->json, "incoming_outputs");
	for (size_t i = 0; i < pool->mades; i++) {
		skw_ux_id(&uxid, &pool->made[i]);
		if (wanted(filter, &uxid, &pool->made[i]))
			skw_rest_show_unspent(&listing->call->json, &uxid, &pool->made[i],
					      pool->head.time);
	}
	skw_json_end_list(&listing->call->json);
}

static void show_outputs(struct skw_rest_call *call, const struct filter *filter)
{
	struct listing listing = { .call = call };
	struct skw_rest_pool pool;

	if (!skw_rest_pool_load(call, &pool))
		return;
	listing.pool = &pool;
	skw_json_object(&call->json, NULL);
	skw_rest_show_header(&call->json, "head", &pool.head);
	list_unspent(&listing, "head_outputs", filter);
	listing.only_outgoing = true;
	list_unspent(&listing, "outgoing_outputs", filter);
	list_incoming(&listing, filter);
	skw_json_end_object(&call->json);
	skw_rest_pool_free(&pool);
}

void skw_rest_outputs(struct skw_rest_call *call)
{
	struct filter filter = { .hashes = skw_rest_arg(call, "hashes") };
	const char *addrs = skw_rest_arg(call, "addrs");

	filter.by_hash = *filter.hashes != '\0';
	if (filter.by_hash && *addrs != '\0') {
		skw_rest_fail(call, 400, "addrs and hashes cannot be specified together");
		return;
	}
	if (!skw_rest_addresses(call, &filter.addresses, addrs))
		return;
	if (call->streams && !filter.by_hash && filter.addresses.count == 0)
		call->stream = skw_rest_stream_open(call);
	if (call->stream == NULL && call->status == 200)
		show_outputs(call, &filter);
	free(filter.addresses.list);
}

/* ---- the life of an output ---- */

static void show_life(struct skw_rest_call *call, const struct skw_ux_record *record)
{
	uint64_t time = skw_chain_head(call->chain).header.time;
	struct skw_json *j = &call->json;

	skw_json_object(j, NULL);
	skw_rest_show_hash(j, "uxid", &record->uxid);
	skw_json_u64(j, "time", record->ux.time);
	skw_json_u64(j, "src_block_seq", record->ux.seq);
	skw_rest_show_hash(j, "src_tx", &record->ux.src_tx);
	skw_rest_show_address(j, "owner_address", &record->ux.address);
	skw_json_u64(j, "coins", record->ux.coins.n);
	skw_json_u64(j, "hours", record->ux.hours.n);
	if (!call->strict)
		skw_json_u64(j, "calculated_hours", skw_rest_hours(&record->ux, time).n);
	skw_json_u64(j, "spent_block_seq", record->spent_seq);
	skw_rest_show_hash(j, "spent_tx", &record->spent_tx);
	skw_json_end_object(j);
}

void skw_rest_uxout(struct skw_rest_call *call)
{
	const char *text = skw_rest_arg(call, "uxid");
	struct skw_ux_record record;
	enum skw_chain_status status;
	struct skw_sha256 uxid;

	if (*text == '\0') {
		skw_rest_fail(call, 400, "uxid is empty");
		return;
	}
	if (!skw_rest_hash(call, &uxid, text))
		return;
	status = skw_chain_output(call->chain, &uxid, &record);
	if (status == SKW_CHAIN_NOTHING)
		skw_rest_fail(call, 400, "uxout of %s does not exist", text);
	else if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
	else
		show_life(call, &record);
}

static bool list_life(void *context, const struct skw_ux_record *record)
{
	struct skw_rest_call *call = context;

	show_life(call, record);
	return !call->json.failed;
}

void skw_rest_address_uxouts(struct skw_rest_call *call)
{
	const char *text = skw_rest_arg(call, "address");
	struct skw_address address;
	enum skw_address_status parsed;
	enum skw_chain_status status;

	if (*text == '\0') {
		skw_rest_fail(call, 400, "address is empty");
		return;
	}
	parsed = skw_address_parse(&address, text);
	if (parsed != SKW_ADDRESS_OK) {
		skw_rest_fail(call, 400, "%s", skw_address_status_text(parsed));
		return;
	}
	skw_json_list(&call->json, NULL);
	status = skw_chain_each_output(call->chain, &address, list_life, call);
	skw_json_end_list(&call->json);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
}

void skw_rest_address_count(struct skw_rest_call *call)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(call->chain->store.db,
				     "SELECT count(DISTINCT address) FROM outputs"
				     " WHERE spent_seq IS NULL",
				     -1, &stmt, NULL) == SQLITE_OK &&
		  sqlite3_step(stmt) == SQLITE_ROW;

	if (ok) {
		skw_json_object(&call->json, NULL);
		skw_json_u64(&call->json, "count", skw_store_u64(stmt, 0));
		skw_json_end_object(&call->json);
	} else {
		skw_rest_chain_failed(call, SKW_CHAIN_STORE);
	}
	sqlite3_finalize(stmt);
}
