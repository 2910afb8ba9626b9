#include "ledger/skw_tx.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct skw_coin_sig) == 65 && sizeof(struct skw_sha256) == 32,
	      "signatures and inputs are used where they lie in the buffer");

enum { OFFSET_INNER = 5, OFFSET_SIGS = 37 };

/* A count and that many elements, in place; the original's order of checks. */
static enum skw_codec_status get_array(struct skw_reader *r, uint32_t *count, const uint8_t **view,
				       size_t element)
{
	*count = skw_get_u32(r);
	if (!r->ok || *count > skw_reader_left(r)) {
		r->ok = false;
		return SKW_CODEC_SHORT;
	}
	if (*count > SKW_TX_MAXLEN) {
		r->ok = false;
		return SKW_CODEC_MAXLEN;
	}
	*view = skw_get_view(r, *count * element);
	return *view != NULL ? SKW_CODEC_OK : SKW_CODEC_SHORT;
}

enum skw_codec_status skw_tx_get(struct skw_tx *tx, struct skw_reader *r)
{
	const uint8_t *start = r->at, *sigs = NULL, *ins = NULL;
	enum skw_codec_status status;

	*tx = (struct skw_tx) { .raw = start };
	tx->length = skw_get_u32(r);
	tx->type = skw_get_u8(r);
	skw_get_bytes(r, tx->inner.b, sizeof(tx->inner.b));
	if ((status = get_array(r, &tx->sigs, &sigs, sizeof(struct skw_coin_sig))) !=
		SKW_CODEC_OK ||
	    (status = get_array(r, &tx->ins, &ins, sizeof(struct skw_sha256))) != SKW_CODEC_OK ||
	    (status = get_array(r, &tx->outs, &tx->out, SKW_TX_OUTPUT_LEN)) != SKW_CODEC_OK)
		return status;
	tx->sig = (const struct skw_coin_sig *)sigs;
	tx->in = (const struct skw_sha256 *)ins;
	tx->size = (size_t)(r->at - start);
	return SKW_CODEC_OK;
}

enum skw_codec_status skw_tx_decode(struct skw_tx *tx, const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data, len);
	enum skw_codec_status status = skw_tx_get(tx, &r);

	if (status == SKW_CODEC_OK && !skw_reader_done(&r))
		return SKW_CODEC_LONG;
	return status;
}

const char *skw_codec_text(enum skw_codec_status status)
{
	switch (status) {
	case SKW_CODEC_OK:
		return "ok";
	case SKW_CODEC_SHORT:
		return "Not enough buffer data to deserialize";
	case SKW_CODEC_LONG:
		return "Bytes remain in buffer after deserializing object";
	case SKW_CODEC_MAXLEN:
		return "Maximum length exceeded for variable length field";
	}
	return "?";
}

struct skw_tx_output skw_tx_output(const struct skw_tx *tx, uint32_t i)
{
	struct skw_reader r =
	    skw_reader(tx->out + (size_t)i * SKW_TX_OUTPUT_LEN, SKW_TX_OUTPUT_LEN);
	struct skw_tx_output out = { 0 };

	assert(i < tx->outs);
	skw_get_bytes(&r, out.address.b, sizeof(out.address.b));
	out.coins.n = skw_get_u64(&r);
	out.hours.n = skw_get_u64(&r);
	return out;
}

void skw_tx_id(struct skw_sha256 *txid, const struct skw_tx *tx)
{
	skw_sha256_of(txid, tx->raw, tx->size);
}

void skw_tx_inner(struct skw_sha256 *inner, const struct skw_tx *tx)
{
	/* The counts, inputs and outputs are the last part of the serialization as it is. */
	const uint8_t *from = tx->raw + OFFSET_SIGS + 4 + sizeof(struct skw_coin_sig) * tx->sigs;

	skw_sha256_of(inner, from, tx->size - (size_t)(from - tx->raw));
}

void skw_tx_signed_hash(struct skw_sha256 *hash, const struct skw_tx *tx, uint32_t i)
{
	assert(i < tx->ins);
	skw_sha256_pair(hash, &tx->inner, &tx->in[i]);
}

size_t skw_tx_put_unsigned(uint8_t *out, size_t cap, const struct skw_sha256 *in, uint32_t ins,
			   const struct skw_tx_output *outputs, uint32_t outs)
{
	struct skw_writer w = skw_writer(out, cap);
	struct skw_sha256 inner;
	size_t from;

	if (ins > SKW_TX_MAXLEN || outs > SKW_TX_MAXLEN || SKW_TX_SIZE(ins, outs) > cap)
		return 0;
	skw_put_u32(&w, (uint32_t)SKW_TX_SIZE(ins, outs));
	skw_put_u8(&w, 0);
	skw_put_zeros(&w, sizeof(inner.b));
	skw_put_u32(&w, ins);
	skw_put_zeros(&w, sizeof(struct skw_coin_sig) * ins);
	from = skw_writer_len(&w);
	skw_put_u32(&w, ins);
	for (uint32_t i = 0; i < ins; i++)
		skw_put_bytes(&w, in[i].b, sizeof(in[i].b));
	skw_put_u32(&w, outs);
	for (uint32_t i = 0; i < outs; i++) {
		skw_put_bytes(&w, outputs[i].address.b, SKW_ADDRESS_LEN);
		skw_put_u64(&w, outputs[i].coins.n);
		skw_put_u64(&w, outputs[i].hours.n);
	}
	skw_sha256_of(&inner, out + from, skw_writer_len(&w) - from);
	memcpy(out + OFFSET_INNER, inner.b, sizeof(inner.b));
	return skw_writer_len(&w);
}

bool skw_tx_sign_input(uint8_t *raw, size_t len, uint32_t i, const struct skw_coin_secret *secret)
{
	struct skw_tx tx;
	struct skw_sha256 hash;
	struct skw_coin_sig sig;

	if (skw_tx_decode(&tx, raw, len) != SKW_CODEC_OK || i >= tx.ins || tx.sigs != tx.ins)
		return false;
	skw_tx_signed_hash(&hash, &tx, i);
	if (!skw_coin_sign(&sig, &hash, secret))
		return false;
	memcpy(raw + OFFSET_SIGS + 4 + sizeof(sig.b) * i, sig.b, sizeof(sig.b));
	return true;
}
