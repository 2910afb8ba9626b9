/* Blocks, transactions and outputs as the original's JSON. */
#include "ledger/skw_rest_inside.h"

void skw_rest_show_hash(struct skw_json *j, const char *key, const struct skw_sha256 *hash)
{
	skw_json_hex(j, key, hash->b, sizeof(hash->b));
}

void skw_rest_show_address(struct skw_json *j, const char *key, const struct skw_address *address)
{
	char text[SKW_ADDRESS_TEXT];

	skw_address_print(text, address);
	skw_json_string(j, key, text);
}

void skw_rest_show_coins(struct skw_json *j, const char *key, struct skw_droplets coins)
{
	char text[SKW_DROPLETS_TEXT];

	skw_droplets_print(text, coins);
	skw_json_string(j, key, text);
}

void skw_rest_show_header(struct skw_json *j, const char *key,
			  const struct skw_block_header *header)
{
	struct skw_sha256 hash;

	skw_block_hash(&hash, header);
	skw_json_object(j, key);
	skw_json_u64(j, "seq", header->seq);
	skw_rest_show_hash(j, "block_hash", &hash);
	skw_rest_show_hash(j, "previous_block_hash", &header->prev);
	skw_json_u64(j, "timestamp", header->time);
	skw_json_u64(j, "fee", header->fee);
	skw_json_u64(j, "version", header->version);
	skw_rest_show_hash(j, "tx_body_hash", &header->body);
	skw_rest_show_hash(j, "ux_hash", &header->ux);
	skw_json_end_object(j);
}

struct skw_hours skw_rest_hours(const struct skw_ux *ux, uint64_t time)
{
	struct skw_hours hours;

	skw_ux_hours_at(&hours, ux, time);
	return hours;
}

static void show_input(struct skw_rest_call *call, const struct skw_sha256 *uxid, uint64_t time)
{
	struct skw_json *j = &call->json;
	struct skw_ux_record record;
	enum skw_chain_status status = skw_chain_output(call->chain, uxid, &record);

	if (status != SKW_CHAIN_OK) {
		skw_rest_chain_failed(call, status);
		return;
	}
	skw_json_object(j, NULL);
	skw_rest_show_hash(j, "uxid", uxid);
	skw_rest_show_address(j, "owner", &record.ux.address);
	skw_rest_show_coins(j, "coins", record.ux.coins);
	if (!call->strict)
		skw_rest_show_hash(j, "src_txid", &record.ux.src_tx);
	skw_json_u64(j, "hours", record.ux.hours.n);
	skw_json_u64(j, "calculated_hours", skw_rest_hours(&record.ux, time).n);
	skw_json_end_object(j);
}

static void show_output(struct skw_json *j, const struct skw_tx_output *out,
			const struct skw_sha256 *txid, uint64_t seq)
{
	struct skw_block_header header = { .seq = seq };
	struct skw_ux ux = skw_ux_of(&header, txid, out);
	struct skw_sha256 uxid;

	skw_ux_id(&uxid, &ux);
	skw_json_object(j, NULL);
	skw_rest_show_hash(j, "uxid", &uxid);
	skw_rest_show_address(j, "dst", &out->address);
	skw_rest_show_coins(j, "coins", out->coins);
	skw_json_u64(j, "hours", out->hours.n);
	skw_json_end_object(j);
}

static void show_lists(struct skw_rest_call *call, const struct skw_tx *tx,
		       const struct skw_sha256 *txid, const struct skw_rest_tx_style *style)
{
	struct skw_json *j = &call->json;

	skw_json_list(j, "sigs");
	for (uint32_t i = 0; i < tx->sigs; i++)
		skw_json_hex(j, NULL, tx->sig[i].b, sizeof(tx->sig[i].b));
	skw_json_end_list(j);
	skw_json_list(j, "inputs");
	for (uint32_t i = 0; i < tx->ins; i++) {
		if (style->verbose)
			show_input(call, &tx->in[i], style->hours_at);
		else
			skw_rest_show_hash(j, NULL, &tx->in[i]);
	}
	skw_json_end_list(j);
	skw_json_list(j, "outputs");
	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		show_output(j, &out, txid, style->seq);
	}
	skw_json_end_list(j);
}

void skw_rest_show_tx(struct skw_rest_call *call, const char *key, const struct skw_tx *tx,
		      const struct skw_rest_tx_style *style)
{
	struct skw_json *j = &call->json;
	struct skw_sha256 txid;

	skw_tx_id(&txid, tx);
	skw_json_object(j, key);
	if (style->time > 0)
		skw_json_u64(j, "timestamp", style->time);
	skw_json_u64(j, "length", tx->length);
	skw_json_u64(j, "type", tx->type);
	skw_rest_show_hash(j, "txid", &txid);
	skw_rest_show_hash(j, "inner_hash", &tx->inner);
	if (style->verbose)
		skw_json_u64(j, "fee", skw_rest_fee(call, tx, style->hours_at).n);
	show_lists(call, tx, &txid, style);
	skw_json_end_object(j);
}

uint64_t skw_rest_time_before(struct skw_rest_call *call, uint64_t seq)
{
	struct skw_bytes bytes;
	struct skw_block block;
	uint64_t time = 0;

	if (seq == 0 || skw_chain_block(call->chain, seq - 1, &bytes) != SKW_CHAIN_OK)
		return 0;
	if (skw_block_decode(&block, bytes.data, bytes.len) == SKW_CODEC_OK)
		time = block.header.time;
	skw_bytes_free(&bytes);
	return time;
}

void skw_rest_show_block(struct skw_rest_call *call, const struct skw_block *block, bool verbose)
{
	struct skw_rest_tx_style style = { .verbose = verbose, .seq = block->header.seq };
	struct skw_reader r = skw_block_txs(block);
	struct skw_json *j = &call->json;
	struct skw_tx tx;

	if (verbose)
		style.hours_at = skw_rest_time_before(call, block->header.seq);
	skw_json_object(j, NULL);
	skw_rest_show_header(j, "header", &block->header);
	skw_json_object(j, "body");
	skw_json_list(j, "txns");
	for (uint32_t i = 0; i < block->count; i++) {
		skw_tx_get(&tx, &r);
		skw_rest_show_tx(call, NULL, &tx, &style);
	}
	skw_json_end_list(j);
	skw_json_end_object(j);
	skw_json_u64(j, "size", block->txs_size);
	skw_json_end_object(j);
}
