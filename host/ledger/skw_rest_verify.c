/* Version 2's verification of addresses and transactions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "ledger/skw_rest_inside.h"

void skw_rest_verify_address(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
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

static bool has_null_sig(const struct skw_tx *tx)
{
	for (uint32_t i = 0; i < tx->sigs; i++)
		if (skw_coin_sig_is_null(&tx->sig[i]))
			return true;
	return tx->sigs == 0;
}

/* The data of an answer, which errors come with too. One that is in a block had the hours of then.
 */
static void show_data(struct skw_rest_call *call, const struct skw_tx *tx, bool confirmed)
{
	uint64_t hours_at = skw_chain_head(call->chain).header.time, seq;
	struct skw_json *j = &call->json;
	struct skw_sha256 txid;

	skw_tx_id(&txid, tx);
	if (skw_chain_tx(call->chain, &txid, NULL, &seq, NULL) == SKW_CHAIN_OK)
		hours_at = skw_rest_time_before(call, seq);

	skw_json_object(j, "data");
	skw_json_bool(j, "unsigned", has_null_sig(tx));
	skw_json_bool(j, "confirmed", confirmed);
	skw_rest_show_created(call, "transaction", tx, skw_rest_fee(call, tx, hours_at).n,
			      hours_at);
	skw_json_end_object(j);
}

/* Understood, but it cannot be sent: why, and what it is. */
static void refuse(struct skw_rest_call *call, const struct skw_tx *tx, bool confirmed,
		   const char *words)
{
	struct skw_json *j = &call->json;

	skw_rest_fail(call, 422, "%s", words);
	call->whole = true;
	skw_json_object(j, NULL);
	skw_json_object(j, "error");
	skw_json_string(j, "message", words);
	skw_json_u64(j, "code", 422);
	skw_json_end_object(j);
	show_data(call, tx, confirmed);
	skw_json_end_object(j);
}

/* Words for the first input that is spent or was never made; NULL if all are there. */
static const char *input_trouble(struct skw_rest_call *call, const struct skw_tx *tx, char *text,
				 size_t cap, bool *spent)
{
	struct skw_ux_record record;
	char hex[SKW_SHA256_TEXT];

	*spent = false;
	for (uint32_t i = 0; i < tx->ins; i++) {
		enum skw_chain_status status = skw_chain_output(call->chain, &tx->in[i], &record);

		if (status == SKW_CHAIN_OK && !record.spent)
			continue;
		if (status == SKW_CHAIN_OK) {
			*spent = true;
			return "transaction has been spent";
		}
		skw_sha256_print(hex, &tx->in[i]);
		snprintf(text, cap, "transaction input of uxid %s does not exist", hex);
		return text;
	}
	return NULL;
}

static void verify(struct skw_rest_call *call, const struct skw_tx *tx, bool unsigned_)
{
	struct skw_tx_totals totals = { 0 };
	struct skw_verdict verdict;
	char text[SKW_REST_VIOLATION_TEXT];
	bool spent = false;
	const char *trouble = input_trouble(call, tx, text, sizeof(text), &spent);

	if (trouble != NULL) {
		refuse(call, tx, spent, trouble);
		return;
	}
	if (unsigned_ && !has_null_sig(tx)) {
		skw_rest_fail(call, 422, "transaction is not unsigned");
		return;
	}
	verdict = skw_rest_judge(call, tx, unsigned_, &totals);
	if (skw_fault_class(verdict.fault) == SKW_CLASS_OURS) {
		skw_rest_chain_failed(call, SKW_CHAIN_STORE);
	} else if (verdict.fault != SKW_FAULT_NONE) {
		skw_rest_violation(text, &verdict);
		refuse(call, tx, false, text);
	} else {
		skw_json_object(&call->json, NULL);
		show_data(call, tx, false);
		skw_json_end_object(&call->json);
	}
}

void skw_rest_verify_tx(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
	const char *hex = json_string_value(json_object_get(root, "encoded_transaction"));
	struct skw_tx tx;
	uint8_t *raw;

	if (root == NULL)
		return;
	if (hex == NULL || *hex == '\0') {
		skw_rest_fail(call, 400, "encoded_transaction is required");
	} else if (skw_rest_take_tx(call, &tx, &raw, hex, "decode transaction failed: ")) {
		verify(call, &tx, json_is_true(json_object_get(root, "unsigned")));
		free(raw);
	}
	json_decref(root);
}
