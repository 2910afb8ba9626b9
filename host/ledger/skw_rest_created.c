/* Transactions as version 2 and the wallet's calls show them, and what the rules say of them. */
#include <inttypes.h>
#include <stdio.h>

#include "ledger/skw_rest_inside.h"

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

void skw_rest_show_created(struct skw_rest_call *call, const char *key, const struct skw_tx *tx,
			   uint64_t fee, uint64_t hours_at)
{
	struct skw_json *j = &call->json;
	struct skw_sha256 txid;

	skw_tx_id(&txid, tx);
	skw_json_object(j, key);
	skw_json_u64(j, "length", tx->length);
	skw_json_u64(j, "type", tx->type);
	skw_rest_show_hash(j, "txid", &txid);
	skw_rest_show_hash(j, "inner_hash", &tx->inner);
	show_number(j, "fee", fee);
	skw_json_list(j, "sigs");
	for (uint32_t i = 0; i < tx->sigs; i++)
		skw_json_hex(j, NULL, tx->sig[i].b, sizeof(tx->sig[i].b));
	skw_json_end_list(j);
	show_inputs(call, tx, hours_at);
	show_outputs(j, tx);
	skw_json_end_object(j);
}

void skw_rest_violation(char out[SKW_REST_VIOLATION_TEXT], const struct skw_verdict *verdict)
{
	static const char *const kinds[] = {
		[SKW_CLASS_HARD] = "hard", [SKW_CLASS_SOFT] = "soft", [SKW_CLASS_USER] = "user"
	};
	char text[SKW_VERDICT_TEXT];

	skw_verdict_print(text, verdict);
	snprintf(out, SKW_REST_VIOLATION_TEXT, "Transaction violates %s constraint: %s",
		 kinds[skw_fault_class(verdict->fault)], text);
}

struct skw_verdict skw_rest_judge(struct skw_rest_call *call, const struct skw_tx *tx,
				  bool unsigned_, struct skw_tx_totals *totals)
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

struct skw_hours skw_rest_fee(struct skw_rest_call *call, const struct skw_tx *tx, uint64_t time)
{
	struct skw_hours in = { 0 }, out = { 0 }, fee = { 0 };
	struct skw_ux_record record;

	for (uint32_t i = 0; i < tx->ins; i++)
		if (skw_chain_output(call->chain, &tx->in[i], &record) == SKW_CHAIN_OK)
			in.n += skw_rest_hours(&record.ux, time).n;
	for (uint32_t i = 0; i < tx->outs; i++)
		out.n += skw_tx_output(tx, i).hours.n;
	skw_hours_sub(&fee, in, out);
	return fee;
}
