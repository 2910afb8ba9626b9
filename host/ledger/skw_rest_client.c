#include "ledger/skw_rest_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* ---- asking ---- */

static bool get(struct skw_client_request *out, const char *path, const char *argument)
{
	size_t room = strlen(path) + strlen(argument) + 1;

	*out = (struct skw_client_request) { .method = "GET", .path = malloc(room) };
	if (out->path == NULL)
		return false;
	snprintf(out->path, room, "%s%s", path, argument);
	return true;
}

bool skw_client_ask_outputs(struct skw_client_request *out, const struct skw_address *addresses,
			    size_t count)
{
	static const char path[] = "/api/v1/outputs?addrs=";
	char *at;

	*out = (struct skw_client_request) { .method = "GET" };
	if (count == 0 || count > SKW_CLIENT_OUTPUTS_MAX)
		return false;
	out->path = malloc(sizeof(path) + count * (SKW_ADDRESS_TEXT + 1));
	if (out->path == NULL)
		return false;
	memcpy(out->path, path, sizeof(path));
	at = out->path + sizeof(path) - 1;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*at++ = ',';
		skw_address_print(at, &addresses[i]);
		at += strlen(at);
	}
	return true;
}

bool skw_client_ask_inject(struct skw_client_request *out, const uint8_t *raw, size_t len)
{
	static const char begin[] = "{\"rawtx\":\"", end[] = "\"}";

	if (!get(out, "/api/v1/injectTransaction", ""))
		return false;
	out->method = "POST";
	out->type = "application/json";
	out->body = malloc(sizeof(begin) + 2 * len + sizeof(end));
	if (out->body == NULL) {
		skw_client_request_free(out);
		return false;
	}
	memcpy(out->body, begin, sizeof(begin));
	skw_ledger_hex_print(out->body + sizeof(begin) - 1, raw, len);
	memcpy(out->body + sizeof(begin) - 1 + 2 * len, end, sizeof(end));
	return true;
}

bool skw_client_ask_tx(struct skw_client_request *out, const struct skw_sha256 *txid)
{
	char text[SKW_SHA256_TEXT];

	skw_sha256_print(text, txid);
	return get(out, "/api/v1/transaction?txid=", text);
}

bool skw_client_ask_raw_tx(struct skw_client_request *out, const struct skw_sha256 *txid)
{
	char text[SKW_SHA256_TEXT];

	skw_sha256_print(text, txid);
	return get(out, "/api/v1/rawtx?txid=", text);
}

bool skw_client_ask_output(struct skw_client_request *out, const struct skw_sha256 *uxid)
{
	char text[SKW_SHA256_TEXT];

	skw_sha256_print(text, uxid);
	return get(out, "/api/v1/uxout?uxid=", text);
}

bool skw_client_ask_metadata(struct skw_client_request *out)
{
	return get(out, "/api/v1/blockchain/metadata", "");
}

bool skw_client_ask_csrf(struct skw_client_request *out)
{
	return get(out, "/api/v1/csrf", "");
}

void skw_client_request_free(struct skw_client_request *request)
{
	free(request->path);
	free(request->body);
	*request = (struct skw_client_request) { 0 };
}

/* ---- understanding ---- */

static bool u64_in(uint64_t *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static bool hash_in(struct skw_sha256 *out, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && skw_sha256_parse(out, text);
}

/* A header must hash to what the node calls it: nothing of it was misread or made up. */
static bool header_in(struct skw_block_header *out, struct skw_sha256 *hash, const json_t *head)
{
	struct skw_sha256 computed;
	uint64_t version;

	if (!u64_in(&version, head, "version") || version > UINT32_MAX ||
	    !u64_in(&out->time, head, "timestamp") || !u64_in(&out->seq, head, "seq") ||
	    !u64_in(&out->fee, head, "fee") || !hash_in(&out->prev, head, "previous_block_hash") ||
	    !hash_in(&out->body, head, "tx_body_hash") || !hash_in(&out->ux, head, "ux_hash") ||
	    !hash_in(hash, head, "block_hash"))
		return false;
	out->version = (uint32_t)version;
	skw_block_hash(&computed, out);
	return skw_sha256_equal(&computed, hash);
}

static bool output_in(struct skw_client_output *out, const json_t *object, bool confirmed)
{
	const char *address = json_string_value(json_object_get(object, "address"));
	const char *coins = json_string_value(json_object_get(object, "coins"));
	struct skw_sha256 computed;

	if (address == NULL || skw_address_parse(&out->ux.address, address) != SKW_ADDRESS_OK ||
	    coins == NULL || !skw_droplets_parse(&out->ux.coins, coins) ||
	    !hash_in(&out->uxid, object, "hash") || !hash_in(&out->ux.src_tx, object, "src_tx") ||
	    !u64_in(&out->ux.hours.n, object, "hours") || !u64_in(&out->ux.time, object, "time") ||
	    !u64_in(&out->ux.seq, object, "block_seq") ||
	    !u64_in(&out->hours_now.n, object, "calculated_hours"))
		return false;
	skw_ux_id(&computed, &out->ux);
	return !confirmed || skw_sha256_equal(&computed, &out->uxid);
}

static bool outputs_in(struct skw_client_output **list, size_t *count, const json_t *array,
		       bool confirmed)
{
	const json_t *item;
	size_t i;

	*count = 0;
	if (!json_is_array(array) || json_array_size(array) > SKW_CLIENT_OUTPUTS_MAX)
		return false;
	*list = calloc(json_array_size(array) + 1, sizeof(**list));
	if (*list == NULL)
		return false;
	json_array_foreach(array, i, item)
	{
		if (!output_in(&(*list)[i], item, confirmed))
			return false;
	}
	*count = i;
	return true;
}

bool skw_client_parse_outputs(struct skw_client_outputs *out, const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok;

	*out = (struct skw_client_outputs) { 0 };
	ok = root != NULL &&
	     header_in(&out->head, &out->head_hash, json_object_get(root, "head")) &&
	     outputs_in(&out->unspent, &out->unspents, json_object_get(root, "head_outputs"),
			true) &&
	     outputs_in(&out->outgoing, &out->outgoings, json_object_get(root, "outgoing_outputs"),
			true) &&
	     outputs_in(&out->incoming, &out->incomings, json_object_get(root, "incoming_outputs"),
			false);
	json_decref(root);
	if (!ok)
		skw_client_outputs_free(out);
	return ok;
}

void skw_client_outputs_free(struct skw_client_outputs *outputs)
{
	free(outputs->unspent);
	free(outputs->outgoing);
	free(outputs->incoming);
	*outputs = (struct skw_client_outputs) { 0 };
}

bool skw_client_is_outgoing(const struct skw_client_outputs *outputs, const struct skw_sha256 *uxid)
{
	for (size_t i = 0; i < outputs->outgoings; i++)
		if (skw_sha256_equal(&outputs->outgoing[i].uxid, uxid))
			return true;
	return false;
}

bool skw_client_parse_inject(struct skw_sha256 *txid, const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, JSON_DECODE_ANY, NULL);
	const char *text = json_string_value(root);
	bool ok = text != NULL && skw_sha256_parse(txid, text);

	json_decref(root);
	return ok;
}

bool skw_client_parse_tx(struct skw_client_tx *out, const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *status = json_object_get(root, "status");
	const json_t *confirmed = json_object_get(status, "confirmed");
	bool ok = json_is_boolean(confirmed) && u64_in(&out->height, status, "height") &&
		  u64_in(&out->block_seq, status, "block_seq") &&
		  u64_in(&out->time, root, "time") &&
		  hash_in(&out->txid, json_object_get(root, "txn"), "txid");

	out->confirmed = json_is_true(confirmed);
	json_decref(root);
	return ok;
}

size_t skw_client_parse_raw_tx(uint8_t *out, size_t cap, const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, JSON_DECODE_ANY, NULL);
	const char *text = json_string_value(root);
	size_t digits = text != NULL ? strlen(text) : 0, size = 0;

	if (digits / 2 <= cap && skw_ledger_hex_parse(out, digits / 2, text, digits))
		size = digits / 2;
	json_decref(root);
	return size;
}

bool skw_client_parse_spent(struct skw_sha256 *spent_by, const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = hash_in(spent_by, root, "spent_tx") && !skw_sha256_is_zero(spent_by);

	json_decref(root);
	return ok;
}

bool skw_client_parse_metadata(struct skw_client_metadata *out, const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = header_in(&out->head, &out->head_hash, json_object_get(root, "head")) &&
		  u64_in(&out->unspents, root, "unspents") &&
		  u64_in(&out->unconfirmed, root, "unconfirmed");

	json_decref(root);
	return ok;
}

bool skw_client_parse_csrf(char out[256], const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const char *token = json_string_value(json_object_get(root, "csrf_token"));
	bool ok = token != NULL && *token != '\0' && strlen(token) < 256 &&
		  strpbrk(token, "\r\n") == NULL; /* it becomes a header line */

	if (ok)
		strcpy(out, token);
	json_decref(root);
	return ok;
}
