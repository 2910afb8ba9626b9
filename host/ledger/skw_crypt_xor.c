/* sha256-xor, the original's first cipher: a key stream of hashes, and a hash for a seal.
 *
 *   blocks = H(plain) | plain,   plain = u32 length | data | zeros to a multiple of 32
 *   block i ^= H( K(password) | H( i, as a varint in 32 bytes | H(nonce) ) )
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_coin_key.h"
#include "ledger/skw_crypt_inside.h"

enum { BLOCK = 32 };

static void xor_blocks(uint8_t *blocks, size_t len, const struct skw_sha256 *key,
		       const uint8_t nonce[BLOCK])
{
	struct skw_sha256 nonce_hash, stream;

	skw_sha256_of(&nonce_hash, nonce, BLOCK);
	for (size_t i = 0; i * BLOCK < len; i++) {
		struct skw_sha256 index = { { 0 } };
		uint64_t rest = (uint64_t)i * 2; /* signed numbers alternate */
		unsigned at = 0;

		for (; rest >= 0x80; rest >>= 7)
			index.b[at++] = (uint8_t)(rest | 0x80);
		index.b[at] = (uint8_t)rest;
		skw_sha256_pair(&stream, &index, &nonce_hash);
		skw_sha256_pair(&stream, key, &stream);
		for (size_t k = 0; k < BLOCK; k++)
			blocks[i * BLOCK + k] ^= stream.b[k];
	}
	sodium_memzero(&stream, sizeof(stream));
}

static void make_key(struct skw_sha256 *key, const char *password)
{
	skw_coin_salted_hash(key, (const uint8_t *)password, strlen(password));
}

enum skw_crypt_status skw_crypt_xor_seal(struct skw_crypt_bytes *out, const char *password,
					 const uint8_t *plain, size_t len)
{
	size_t padded = (4 + len + BLOCK - 1) / BLOCK * BLOCK;
	struct skw_sha256 key, sum;
	uint8_t *nonce, *blocks;

	out->len = 2 * BLOCK + BLOCK + padded;
	out->b = calloc(1, out->len);
	if (out->b == NULL)
		return SKW_CRYPT_MEMORY;
	nonce = out->b + BLOCK;
	blocks = nonce + BLOCK;
	randombytes_buf(nonce, BLOCK);
	for (unsigned i = 0; i < 4; i++)
		blocks[BLOCK + i] = (uint8_t)(len >> (8 * i));
	if (len > 0)
		memcpy(blocks + BLOCK + 4, plain, len);
	skw_sha256_of(&sum, blocks + BLOCK, padded);
	memcpy(blocks, sum.b, BLOCK);
	make_key(&key, password);
	xor_blocks(blocks, BLOCK + padded, &key, nonce);
	skw_sha256_of(&sum, nonce, out->len - BLOCK);
	memcpy(out->b, sum.b, BLOCK);
	sodium_memzero(&key, sizeof(key));
	return SKW_CRYPT_OK;
}

/* Opened blocks to their data, in place. */
static enum skw_crypt_status unwrap(struct skw_crypt_bytes *out)
{
	struct skw_sha256 sum;
	size_t len = 0;

	skw_sha256_of(&sum, out->b + BLOCK, out->len - BLOCK);
	if (sodium_memcmp(sum.b, out->b, BLOCK) != 0)
		return SKW_CRYPT_PASSWORD;
	for (unsigned i = 0; i < 4; i++)
		len |= (size_t)out->b[BLOCK + i] << (8 * i);
	if (len > out->len - BLOCK - 4)
		return SKW_CRYPT_FORMAT;
	memmove(out->b, out->b + BLOCK + 4, len);
	out->b[len] = 0;
	out->len = len;
	return SKW_CRYPT_OK;
}

enum skw_crypt_status skw_crypt_xor_open(struct skw_crypt_bytes *out, const uint8_t *sealed,
					 size_t len, const char *password)
{
	enum skw_crypt_status status;
	struct skw_sha256 key, sum;

	if (len < 4 * BLOCK || len % BLOCK != 0)
		return SKW_CRYPT_FORMAT;
	skw_sha256_of(&sum, sealed + BLOCK, len - BLOCK);
	if (memcmp(sum.b, sealed, BLOCK) != 0)
		return SKW_CRYPT_FORMAT; /* altered: everybody can see it */
	out->len = len - 2 * BLOCK;
	out->b = sodium_malloc(out->len);
	if (out->b == NULL)
		return SKW_CRYPT_MEMORY;
	memcpy(out->b, sealed + 2 * BLOCK, out->len);
	make_key(&key, password);
	xor_blocks(out->b, out->len, &key, sealed + BLOCK);
	sodium_memzero(&key, sizeof(key));
	status = unwrap(out);
	if (status != SKW_CRYPT_OK) {
		sodium_free(out->b);
		*out = (struct skw_crypt_bytes) { 0 };
	}
	return status;
}
