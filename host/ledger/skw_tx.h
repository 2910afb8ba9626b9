/* skw_tx - a Skycoin transaction as it lies in a buffer.
 *
 *   length u32 | type u8 | inner 32 | n, n sigs of 65 | n, n inputs of 32 | n, n outputs of 37
 *
 * Decoding allocates nothing: the struct points into the buffer, which must outlive it. It only
 * says that the bytes have this form; whether they are money, skw_rules says.
 */
#ifndef SKW_TX_H
#define SKW_TX_H

#include "ledger/skw_address.h"
#include "ledger/skw_money.h"
#include "wire/skw_cursor.h"

#define SKW_TX_MAXLEN 65535u /* sigs, inputs or outputs */
#define SKW_TX_OUTPUT_LEN 37u
#define SKW_TX_SIZE(ins, outs) (49u + 97u * (size_t)(ins) + SKW_TX_OUTPUT_LEN * (size_t)(outs))

enum skw_codec_status {
	SKW_CODEC_OK,
	SKW_CODEC_SHORT,  /* input ends before the object does */
	SKW_CODEC_LONG,   /* bytes remain after it */
	SKW_CODEC_MAXLEN, /* a count is over its limit */
};

struct skw_tx_output {
	struct skw_address address;
	struct skw_droplets coins;
	struct skw_hours hours;
};

struct skw_tx {
	const uint8_t *raw; /* all of it, as it was decoded */
	size_t size;
	uint32_t length; /* what it says of its own size */
	uint8_t type;
	struct skw_sha256 inner; /* what it says its inner hash is */
	uint32_t sigs;
	uint32_t ins;
	uint32_t outs;
	const struct skw_coin_sig *sig;
	const struct skw_sha256 *in; /* uxids */
	const uint8_t *out;          /* outs * SKW_TX_OUTPUT_LEN; skw_tx_output reads one */
};

/* Exactly one transaction. */
enum skw_codec_status skw_tx_decode(struct skw_tx *tx, const uint8_t *data, size_t len);
/* The next of several; moves the reader, which fails if this does. */
enum skw_codec_status skw_tx_get(struct skw_tx *tx, struct skw_reader *r);
/* In the words of the original. */
const char *skw_codec_text(enum skw_codec_status status);

/* i < tx->outs */
struct skw_tx_output skw_tx_output(const struct skw_tx *tx, uint32_t i);

void skw_tx_id(struct skw_sha256 *txid, const struct skw_tx *tx);
/* What the inner hash should be: H(inputs || outputs) with their counts. */
void skw_tx_inner(struct skw_sha256 *inner, const struct skw_tx *tx);
/* What signature i must sign: H(inner || input i); i < tx->ins. */
void skw_tx_signed_hash(struct skw_sha256 *hash, const struct skw_tx *tx, uint32_t i);

/* Writes an unsigned transaction: right length and inner hash, one null signature an input.
 * Returns its size, 0 if it does not fit `cap` or a count is over its limit. */
size_t skw_tx_put_unsigned(uint8_t *out, size_t cap, const struct skw_sha256 *in, uint32_t ins,
			   const struct skw_tx_output *outputs, uint32_t outs);
/* Signs input i of such a transaction in place. False for a bad secret, i or transaction. */
bool skw_tx_sign_input(uint8_t *raw, size_t len, uint32_t i, const struct skw_coin_secret *secret);

#endif
