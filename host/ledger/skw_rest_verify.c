/* Version 2's verification of addresses and transactions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "ledger/skw_rest_inside.h"

/* The body as JSON; NULL after failing the call. */
static json_t *load_body(struct skw_rest_call *call)
{
	json_error_t error;
	json_t *root =
	    call->body_len > 0 ? json_loadb(call->body, call->body_len, 0, &error) : NULL;

	if (json_is_object(root))
		return root;
	skw_rest_fail(call, 400, call->body_len == 0 ? "EOF" : "invalid JSON");
	json_decref(root);
	return NULL;
}

void skw_rest_verify_address(struct skw_rest_call *call)
{
	json_t *root = load_body(call);
	const char *text = json_string_value(json_object_get(root, "address"));
	enum skw_address_status status;
	struct skw_address address;

	if (root == NULL)
		return;
	if (text == NULL || *text == '\0') {
		skw_rest_fail(call, 400, "address is required");
	} else if ((status = skw_address_parse(&address, text)) != SKW_ADDRESS_OK) {
		skw_rest_fail(call, 422, "%s", skw_address_status_text(status));
	} else {
		skw_json_object(&call->json, NULL);
		skw_json_object(&call->json, "data");
		skw_json_u64(&call->json, "version", address.b[0]);
		skw_json_end_object(&call->json);
		skw_json_end_object(&call->json);
	}
	json_decref(root);
}

/* ---- transactions ---- */

static void show_number(struct skw_json *j, const char *key, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	skw_json_string(j, key, text);
}

static void show_inputs(struct skw_rest_call *call, const struct skw_tx *tx, uint64_t time)
{
	struct skw_json *j = &call->json;
	struct skw_ux_record record;

	skw_json_list(j, "inputs");
	for (uint32_t i = 0; i < tx->ins; i++) {
		skw_json_object(j, NULL);
		skw_rest_show_hash(j, "uxid", &tx->in[i]);
		if (skw_chain_output(call->chain, &tx->in[i], &record) == SKW_CHAIN_OK) {
			skw_rest_show_address(j, "address", &record.ux.address);
			skw_rest_show_coins(j, "coins", record.ux.coins);
			show_number(j, "hours", record.ux.hours.n);
			show_number(j, "calculated_hours", skw_rest_hours(&record.ux, time).n);
			skw_json_u64(j, "timestamp", record.ux.time);
			skw_json_u64(j, "block", record.ux.seq);
			skw_rest_show_hash(j, "txid", &record.ux.src_tx);
		}
		skw_json_end_object(j);
	}
	skw_json_end_list(j);
}

static void show_outputs(struct skw_json *j, const struct skw_tx *tx)
{
	struct skw_sha256 txid, uxid;

	skw_tx_id(&txid, tx);
	skw_json_list(j, "outputs");
	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);
		struct skw_ux ux = { .src_tx = txid,
				     .address = out.address,
				     .coins = out.coins,
				     .hours = out.hours };

		skw_ux_id(&uxid, &ux);
		skw_json_object(j, NULL);
		skw_rest_show_hash(j, "uxid", &uxid);
		skw_rest_show_address(j, "address", &out.address);
		skw_rest_show_coins(j, "coins", out.coins);
		show_number(j, "hours", out.hours.n);
		skw_json_end_object(j);
	}
	skw_json_end_list(j);
}

static void show_verified(struct skw_rest_call *call, const struct skw_tx *tx, bool unsigned_,
			  bool confirmed, uint64_t fee)
{
	uint64_t time = skw_chain_head(call->chain).header.time;
	struct skw_json *j = &call->json;
	struct skw_sha256 txid;

	skw_tx_id(&txid, tx);
	skw_json_object(j, NULL);
	skw_json_object(j, "data");
	skw_json_bool(j, "unsigned", unsigned_);
	skw_json_bool(j, "confirmed", confirmed);
	skw_json_object(j, "transaction");
	skw_json_u64(j, "length", tx->length);
	skw_json_u64(j, "type", tx->type);
	skw_rest_show_hash(j, "txid", &txid);
	skw_rest_show_hash(j, "inner_hash", &tx->inner);
	show_number(j, "fee", fee);
	skw_json_list(j, "sigs");
	for (uint32_t i = 0; i < tx->sigs; i++)
		skw_json_hex(j, NULL, tx->sig[i].b, sizeof(tx->sig[i].b));
	skw_json_end_list(j);
	show_inputs(call, tx, time);
	show_outputs(j, tx);
	skw_json_end_object(j);
	skw_json_end_object(j);
	skw_json_end_object(j);
}

static bool has_null_sig(const struct skw_tx *tx)
{
	for (uint32_t i = 0; i < tx->sigs; i++)
		if (skw_coin_sig_is_null(&tx->sig[i]))
			return true;
	return false;
}

/* Words for the first input that is spent or was never made; NULL if all are there. */
static const char *input_trouble(struct skw_rest_call *call, const struct skw_tx *tx, char *text,
				 size_t cap)
{
	struct skw_ux_record record;
	char hex[SKW_SHA256_TEXT];

	for (uint32_t i = 0; i < tx->ins; i++) {
		enum skw_chain_status status = skw_chain_output(call->chain, &tx->in[i], &record);

		if (status == SKW_CHAIN_OK && !record.spent)
			continue;
		if (status == SKW_CHAIN_OK)
			return "transaction has been spent";
		skw_sha256_print(hex, &tx->in[i]);
		snprintf(text, cap, "transaction input of uxid %s does not exist", hex);
		return text;
	}
	return NULL;
}

/* The rules for one whose signatures are all to be made yet: those about money. */
static struct skw_verdict judge(struct skw_rest_call *call, const struct skw_tx *tx, bool unsigned_,
				struct skw_tx_totals *totals)
{
	struct skw_ux_lookup unspent = skw_chain_unspent(call->chain);
	struct skw_chain_head head = skw_chain_head(call->chain);
	const struct skw_limits *limits = &call->chain->network.limits;
	struct skw_verdict verdict = skw_rules_user(tx);

	if (verdict.fault != SKW_FAULT_NONE)
		return verdict;
	if (!unsigned_)
		return skw_rules_check(totals, tx, &unspent, &head.header, limits);
	verdict = skw_rules_spend(totals, tx, &unspent, &head.header, SKW_RULES_PROVEN);
	if (verdict.fault == SKW_FAULT_NONE)
		verdict = skw_rules_soft(tx, totals, &unspent, limits);
	return verdict;
}

static void verify(struct skw_rest_call *call, const struct skw_tx *tx, bool unsigned_)
{
	struct skw_tx_totals totals = { 0 };
	struct skw_verdict verdict;
	char text[SKW_VERDICT_TEXT];
	const char *trouble;

	if (unsigned_ && !has_null_sig(tx)) {
		skw_rest_fail(call, 422, "transaction is not unsigned");
		return;
	}
	trouble = input_trouble(call, tx, text, sizeof(text));
	if (trouble != NULL) {
		skw_rest_fail(call, 422, "%s", trouble);
		return;
	}
	verdict = judge(call, tx, unsigned_, &totals);
	if (skw_fault_class(verdict.fault) == SKW_CLASS_OURS) {
		skw_rest_chain_failed(call, SKW_CHAIN_STORE);
	} else if (verdict.fault != SKW_FAULT_NONE) {
		skw_verdict_print(text, &verdict);
		skw_rest_fail(call, 422, "%s", text);
	} else {
		show_verified(call, tx, unsigned_, false, totals.fee.n);
	}
}

void skw_rest_verify_tx(struct skw_rest_call *call)
{
	json_t *root = load_body(call);
	const char *hex = json_string_value(json_object_get(root, "encoded_transaction"));
	bool unsigned_ = json_is_true(json_object_get(root, "unsigned"));
	size_t digits = hex != NULL ? strlen(hex) : 0;
	uint8_t *raw;
	struct skw_tx tx;

	if (root == NULL)
		return;
	raw = malloc(digits / 2 + 1);
	if (raw == NULL)
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	else if (digits == 0)
		skw_rest_fail(call, 400, "encoded_transaction is required");
	else if (digits % 2 != 0 || !skw_ledger_hex_parse(raw, digits / 2, hex, digits))
		skw_rest_fail(call, 400, "decode transaction failed: encoding/hex: %s",
			      digits % 2 != 0 ? "odd length hex string" : "invalid byte");
	else if (skw_tx_decode(&tx, raw, digits / 2) != SKW_CODEC_OK)
		skw_rest_fail(call, 400, "decode transaction failed: Invalid transaction");
	else
		verify(call, &tx, unsigned_);
	free(raw);
	json_decref(root);
}
