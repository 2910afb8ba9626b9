#include "ledger/skw_block_json.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_inside.h"

/* ---- reading ---- */

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static bool hex_of(uint8_t *out, size_t len, const char *text)
{
	return skw_ledger_hex_parse(out, len, text, strlen(text));
}

/* A number, or a string of one: both occur. */
static bool number_of(uint64_t *out, const json_t *value)
{
	if (json_is_string(value))
		return skw_rest_u64(out, json_string_value(value));
	*out = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool put_hex_list(struct skw_writer *w, const json_t *list, size_t len)
{
	uint8_t bytes[65];
	const json_t *item;
	size_t i;

	skw_put_u32(w, (uint32_t)json_array_size(list));
	json_array_foreach(list, i, item)
	{
		const char *text =
		    json_is_object(item) ? text_in(item, "uxid") : json_string_value(item);

		if (text == NULL || !hex_of(bytes, len, text))
			return false;
		skw_put_bytes(w, bytes, len);
	}
	return true;
}

static bool put_outputs(struct skw_writer *w, const json_t *list)
{
	struct skw_droplets coins;
	struct skw_address address;
	const json_t *item;
	uint64_t hours;
	size_t i;

	skw_put_u32(w, (uint32_t)json_array_size(list));
	json_array_foreach(list, i, item)
	{
		const char *to = text_in(item, "dst");

		if (*to == '\0')
			to = text_in(item, "address");
		if (skw_address_parse(&address, to) != SKW_ADDRESS_OK ||
		    !skw_droplets_parse(&coins, text_in(item, "coins")) ||
		    !number_of(&hours, json_object_get(item, "hours")))
			return false;
		skw_put_bytes(w, address.b, SKW_ADDRESS_LEN);
		skw_put_u64(w, coins.n);
		skw_put_u64(w, hours);
	}
	return true;
}

const char *skw_tx_from_json(struct skw_bytes *out, const json_t *tx)
{
	const json_t *sigs = json_object_get(tx, "sigs"), *ins = json_object_get(tx, "inputs"),
		     *outs = json_object_get(tx, "outputs");
	size_t room = 4 + 1 + 32 + 3 * 4 + 65 * json_array_size(sigs) + 32 * json_array_size(ins) +
		      37 * json_array_size(outs);
	const char *wrong = NULL;
	uint64_t length = 0, type = 0;
	struct skw_writer w;
	uint8_t inner[32];

	*out = (struct skw_bytes) { malloc(room), room };
	if (out->data == NULL)
		return "out of memory";
	w = skw_writer(out->data, room);
	if (!number_of(&length, json_object_get(tx, "length")) || length > UINT32_MAX ||
	    !number_of(&type, json_object_get(tx, "type")) || type > UINT8_MAX ||
	    !hex_of(inner, sizeof(inner), text_in(tx, "inner_hash")))
		wrong = "a transaction without length, type or inner_hash";
	skw_put_u32(&w, (uint32_t)length);
	skw_put_u8(&w, (uint8_t)type);
	skw_put_bytes(&w, inner, sizeof(inner));
	if (wrong == NULL && !put_hex_list(&w, sigs, 65))
		wrong = "a signature that is no 65 bytes of hex";
	if (wrong == NULL && !put_hex_list(&w, ins, 32))
		wrong = "an input that is no hash";
	if (wrong == NULL && !put_outputs(&w, outs))
		wrong = "an output without address, coins or hours";
	if (wrong != NULL)
		skw_bytes_free(out);
	return wrong;
}

static bool take_header(struct skw_block_header *h, const json_t *from)
{
	struct skw_sha256 stated, hash;
	uint64_t version = 0;

	if (!number_of(&h->seq, json_object_get(from, "seq")) ||
	    !number_of(&h->time, json_object_get(from, "timestamp")) ||
	    !number_of(&h->fee, json_object_get(from, "fee")) ||
	    !number_of(&version, json_object_get(from, "version")) || version > UINT32_MAX ||
	    !skw_sha256_parse(&h->prev, text_in(from, "previous_block_hash")) ||
	    !skw_sha256_parse(&h->body, text_in(from, "tx_body_hash")) ||
	    !skw_sha256_parse(&h->ux, text_in(from, "ux_hash")) ||
	    !skw_sha256_parse(&stated, text_in(from, "block_hash")))
		return false;
	h->version = (uint32_t)version;
	skw_block_hash(&hash, h);
	return skw_sha256_equal(&hash, &stated);
}

/* More at the end of the bytes; false if memory ran out. */
static bool append(struct skw_bytes *to, const uint8_t *data, size_t len)
{
	uint8_t *more = realloc(to->data, to->len + len);

	if (more == NULL)
		return false;
	memcpy(more + to->len, data, len);
	to->data = more;
	to->len += len;
	return true;
}

const char *skw_block_from_json(struct skw_bytes *out, const json_t *block)
{
	const json_t *tx, *txs = json_object_get(json_object_get(block, "body"), "txns");
	const char *sig_text = text_in(block, "sig"), *wrong = NULL;
	uint8_t head[SKW_BLOCK_HEADER_LEN + 4], sig[65] = { 0 };
	struct skw_block_header header = { 0 };
	struct skw_writer w = skw_writer(head, sizeof(head));
	struct skw_bytes one;
	size_t i;

	*out = (struct skw_bytes) { 0 };
	if (!take_header(&header, json_object_get(block, "header")))
		return "a block whose header is incomplete, or is not that of its block_hash";
	if (*sig_text != '\0' && !hex_of(sig, sizeof(sig), sig_text))
		return "a signature that is no 65 bytes of hex";
	skw_block_header_put(&w, &header);
	skw_put_u32(&w, (uint32_t)json_array_size(txs));
	if (!append(out, head, sizeof(head)))
		return "out of memory";
	json_array_foreach(txs, i, tx)
	{
		wrong = skw_tx_from_json(&one, tx);
		if (wrong == NULL && !append(out, one.data, one.len))
			wrong = "out of memory";
		if (one.data != NULL)
			skw_bytes_free(&one);
		if (wrong != NULL)
			break;
	}
	if (wrong == NULL && !append(out, sig, sizeof(sig)))
		wrong = "out of memory";
	if (wrong != NULL)
		skw_bytes_free(out);
	return wrong;
}

/* ---- writing ---- */

void skw_tx_to_json(struct skw_json *j, const struct skw_tx *tx)
{
	struct skw_rest_call call = { .json = *j };

	skw_rest_show_tx(&call, NULL, tx, &(struct skw_rest_tx_style) { .seq = 1 });
	*j = call.json;
}

void skw_block_to_json(struct skw_json *j, const struct skw_block *block)
{
	struct skw_rest_tx_style style = { .seq = block->header.seq };
	struct skw_rest_call call = { .json = *j };
	struct skw_reader r = skw_block_txs(block);
	struct skw_tx tx;

	skw_json_object(&call.json, NULL);
	skw_rest_show_header(&call.json, "header", &block->header);
	skw_json_object(&call.json, "body");
	skw_json_list(&call.json, "txns");
	for (uint32_t i = 0; i < block->count; i++) {
		skw_tx_get(&tx, &r);
		skw_rest_show_tx(&call, NULL, &tx, &style);
	}
	skw_json_end_list(&call.json);
	skw_json_end_object(&call.json);
	skw_json_u64(&call.json, "size", block->txs_size);
	skw_json_hex(&call.json, "sig", block->sig.b, sizeof(block->sig.b));
	skw_json_end_object(&call.json);
	*j = call.json;
}
