/* scrypt-chacha20poly1305: scrypt of RFC 7914, ChaCha20-Poly1305 of RFC 8439, both libsodium's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "ledger/skw_crypt_inside.h"

enum {
	PREFIX = 2,
	KEY = SKW_CRYPT_KEY,
	SALT = SKW_CRYPT_SALT,
	NONCE = 12,
	TAG = 16,
	META_MAX = 512
};

#define MEMORY_MAX ((uint64_t)1 << 30) /* 128 n r: what the default takes */
#define WORK_MAX ((uint64_t)2 << 30)   /* 128 n r p */
#define B64(n) (((n) + 2) / 3 * 4 + 1)

const struct skw_crypt_cost skw_crypt_cost_default = { 1u << 20, 8, 1 };
const struct skw_crypt_cost skw_crypt_cost_light = { 1u << 15, 8, 1 };

struct meta {
	struct skw_crypt_cost cost;
	uint8_t salt[SALT], nonce[NONCE];
};

static bool affordable(const struct skw_crypt_cost *c)
{
	uint64_t memory = (uint64_t)c->n * c->r; /* of 32 bits each */

	if (c->n < 2 || (c->n & (c->n - 1)) != 0 || c->r == 0 || c->p == 0)
		return false;
	return memory <= MEMORY_MAX / 128 && memory * c->p <= WORK_MAX / 128 &&
	       (uint64_t)c->r * c->p <= MEMORY_MAX / 1024;
}

/* ---- sealing ---- */

static size_t put_meta(uint8_t *out, const struct meta *meta)
{
	char salt[B64(SALT)], nonce[B64(NONCE)], text[META_MAX];
	int len;

	sodium_bin2base64(salt, sizeof(salt), meta->salt, SALT, sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(nonce, sizeof(nonce), meta->nonce, NONCE, sodium_base64_VARIANT_ORIGINAL);
	len =
	    snprintf(text, sizeof(text),
		     "{\"n\":%u,\"r\":%u,\"p\":%u,\"keyLen\":%d,\"salt\":\"%s\",\"nonce\":\"%s\"}",
		     meta->cost.n, meta->cost.r, meta->cost.p, KEY, salt, nonce);
	out[0] = (uint8_t)(len & 0xff);
	out[1] = (uint8_t)(len >> 8);
	memcpy(out + PREFIX, text, (size_t)len);
	return PREFIX + (size_t)len;
}

enum skw_crypt_status skw_crypt_scrypt_seal(struct skw_crypt_bytes *out,
					    struct skw_crypt_later *later,
					    const struct skw_crypt_cost *cost, const char *password,
					    const uint8_t *plain, size_t len)
{
	struct meta meta = { .cost = *cost };
	enum skw_crypt_status status;
	unsigned long long sealed = 0;
	uint8_t key[KEY];
	size_t head;

	if (!affordable(cost))
		return SKW_CRYPT_COST;
	randombytes_buf(meta.nonce, sizeof(meta.nonce));
	status = skw_crypt_later_key(key, later, cost, meta.salt, true, password);
	if (status != SKW_CRYPT_OK)
		return status;
	out->b = malloc(PREFIX + META_MAX + len + TAG);
	if (out->b != NULL) {
		head = put_meta(out->b, &meta);
		crypto_aead_chacha20poly1305_ietf_encrypt(out->b + head, &sealed, plain, len,
							  out->b, head, NULL, meta.nonce, key);
		out->len = head + (size_t)sealed;
	}
	sodium_memzero(key, sizeof(key));
	return out->b != NULL ? SKW_CRYPT_OK : SKW_CRYPT_MEMORY;
}

/* ---- opening ---- */

static bool get_number(uint32_t *out, const json_t *meta, const char *name)
{
	const json_t *value = json_object_get(meta, name);
	json_int_t n = json_integer_value(value);

	*out = (uint32_t)n;
	return json_is_integer(value) && n > 0 && n <= UINT32_MAX;
}

static bool get_bytes(uint8_t *out, size_t len, const json_t *meta, const char *name)
{
	const json_t *value = json_object_get(meta, name);
	size_t got = 0;

	return json_is_string(value) &&
	       sodium_base642bin(out, len, json_string_value(value), json_string_length(value),
				 NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       got == len;
}

static enum skw_crypt_status get_meta(struct meta *out, const uint8_t *text, size_t len)
{
	json_t *meta = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
	enum skw_crypt_status status = SKW_CRYPT_FORMAT;
	uint32_t key_len;

	if (json_is_object(meta) && get_number(&out->cost.n, meta, "n") &&
	    get_number(&out->cost.r, meta, "r") && get_number(&out->cost.p, meta, "p") &&
	    get_number(&key_len, meta, "keyLen") && get_bytes(out->salt, SALT, meta, "salt") &&
	    get_bytes(out->nonce, NONCE, meta, "nonce") && key_len == KEY)
		status = affordable(&out->cost) ? SKW_CRYPT_OK : SKW_CRYPT_COST;
	json_decref(meta);
	return status;
}

/* Where the ciphertext begins; 0 if it cannot. */
static size_t head_of(const uint8_t *sealed, size_t len)
{
	size_t head = len >= PREFIX ? PREFIX + (size_t)(sealed[0] | sealed[1] << 8) : 0;

	return head > PREFIX + META_MAX || len < head + TAG ? 0 : head;
}

bool skw_crypt_scrypt_cost(struct skw_crypt_cost *out, const uint8_t *sealed, size_t len)
{
	size_t head = head_of(sealed, len);
	struct meta meta;

	if (head == 0 || get_meta(&meta, sealed + PREFIX, head - PREFIX) != SKW_CRYPT_OK)
		return false;
	*out = meta.cost;
	return true;
}

enum skw_crypt_status skw_crypt_scrypt_open(struct skw_crypt_bytes *out,
					    struct skw_crypt_later *later, const uint8_t *sealed,
					    size_t len, const char *password)
{
	size_t head = head_of(sealed, len);
	enum skw_crypt_status status;
	unsigned long long opened = 0;
	struct meta meta;
	uint8_t key[KEY];

	if (head == 0)
		return SKW_CRYPT_FORMAT;
	status = get_meta(&meta, sealed + PREFIX, head - PREFIX);
	if (status == SKW_CRYPT_OK)
		status = skw_crypt_later_key(key, later, &meta.cost, meta.salt, false, password);
	if (status != SKW_CRYPT_OK)
		return status;
	out->b = sodium_malloc(len - head - TAG + 1);
	if (out->b == NULL) {
		status = SKW_CRYPT_MEMORY;
	} else if (crypto_aead_chacha20poly1305_ietf_decrypt(out->b, &opened, NULL, sealed + head,
							     len - head, sealed, head, meta.nonce,
							     key) != 0) {
		status = SKW_CRYPT_PASSWORD;
		sodium_free(out->b);
		out->b = NULL;
	} else {
		out->len = (size_t)opened;
		out->b[out->len] = 0;
	}
	sodium_memzero(key, sizeof(key));
	return status;
}
