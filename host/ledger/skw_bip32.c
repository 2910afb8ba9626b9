#include "ledger/skw_bip32.h"

#include <string.h>

#include <sodium.h>

#include "ledger/skw_base58.h"

/* version 4 | depth 1 | parent 4 | index 4 | chain 32 | key 33 | checksum 4 */
enum { DEPTH = 4, PARENT = 5, INDEX = 9, CHAIN = 13, KEY = 45, LEN = 78, SUM = 4 };

static const uint8_t XPRV[4] = { 0x04, 0x88, 0xad, 0xe4 };
static const uint8_t XPUB[4] = { 0x04, 0x88, 0xb2, 0x1e };

static void put_be32(uint8_t out[4], uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(n >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t in[4])
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void hmac(uint8_t out[64], const uint8_t *key, size_t key_len, const uint8_t *data,
		 size_t len)
{
	crypto_auth_hmacsha512_state state;

	crypto_auth_hmacsha512_init(&state, key, key_len);
	crypto_auth_hmacsha512_update(&state, data, len);
	crypto_auth_hmacsha512_final(&state, out);
	sodium_memzero(&state, sizeof(state));
}

bool skw_bip32_master(struct skw_bip32 *out, const uint8_t *seed, size_t len)
{
	static const char key[] = "Bitcoin seed";
	uint8_t both[64];

	if (len < 16 || len > 64)
		return false;
	hmac(both, (const uint8_t *)key, sizeof(key) - 1, seed, len);
	*out = (struct skw_bip32) { .is_private = true };
	memcpy(out->secret.b, both, 32);
	memcpy(out->chain, both + 32, 32);
	sodium_memzero(both, sizeof(both));
	return skw_coin_public_of(&out->public_key, &out->secret);
}

static void fingerprint(uint8_t out[4], const struct skw_coin_public *key)
{
	struct skw_sha256 h;
	uint8_t id[20];

	skw_sha256_of(&h, key->b, sizeof(key->b));
	skw_ledger_ripemd160(id, h.b, sizeof(h.b));
	memcpy(out, id, 4);
}

/* I of the parent for this index. */
static void derive(uint8_t both[64], const struct skw_bip32 *parent, uint32_t index)
{
	uint8_t data[33 + 4];

	if (index & SKW_BIP32_HARDENED) {
		data[0] = 0;
		memcpy(data + 1, parent->secret.b, 32);
	} else {
		memcpy(data, parent->public_key.b, 33);
	}
	put_be32(data + 33, index);
	hmac(both, parent->chain, sizeof(parent->chain), data, sizeof(data));
	sodium_memzero(data, sizeof(data));
}

bool skw_bip32_child(struct skw_bip32 *out, const struct skw_bip32 *parent, uint32_t index)
{
	struct skw_bip32 child = *parent;
	uint8_t both[64];
	bool ok;

	if (parent->depth == UINT8_MAX || ((index & SKW_BIP32_HARDENED) && !parent->is_private))
		return false;
	derive(both, parent, index);
	child.depth++;
	child.index = index;
	fingerprint(child.parent, &parent->public_key);
	memcpy(child.chain, both + 32, 32);
	ok = child.is_private ? skw_coin_secret_add(&child.secret, both) &&
				    skw_coin_public_of(&child.public_key, &child.secret)
			      : skw_coin_public_add(&child.public_key, both);
	if (ok)
		*out = child;
	sodium_memzero(both, sizeof(both));
	sodium_memzero(&child, sizeof(child));
	return ok;
}

bool skw_bip44_account(struct skw_bip32 *out, const uint8_t *seed, size_t len, uint32_t coin,
		       uint32_t account)
{
	return skw_bip32_master(out, seed, len) &&
	       skw_bip32_child(out, out, 44 | SKW_BIP32_HARDENED) &&
	       skw_bip32_child(out, out, coin | SKW_BIP32_HARDENED) &&
	       skw_bip32_child(out, out, account | SKW_BIP32_HARDENED);
}

void skw_bip32_public(struct skw_bip32 *out, const struct skw_bip32 *key)
{
	*out = *key;
	out->is_private = false;
	sodium_memzero(&out->secret, sizeof(out->secret));
}

static void checksum(uint8_t out[SUM], const uint8_t *data)
{
	struct skw_sha256 h;

	skw_sha256_of(&h, data, LEN);
	skw_sha256_of(&h, h.b, sizeof(h.b));
	memcpy(out, h.b, SUM);
}

void skw_bip32_print(char out[SKW_BIP32_TEXT], const struct skw_bip32 *key)
{
	uint8_t data[LEN + SUM] = { 0 };

	memcpy(data, key->is_private ? XPRV : XPUB, 4);
	data[DEPTH] = key->depth;
	memcpy(data + PARENT, key->parent, 4);
	put_be32(data + INDEX, key->index);
	memcpy(data + CHAIN, key->chain, 32);
	if (key->is_private)
		memcpy(data + KEY + 1, key->secret.b, 32);
	else
		memcpy(data + KEY, key->public_key.b, 33);
	checksum(data + LEN, data);
	skw_base58_print(out, SKW_BIP32_TEXT, data, sizeof(data));
	sodium_memzero(data, sizeof(data));
}

static bool take(struct skw_bip32 *out, const uint8_t data[LEN])
{
	static const uint8_t none[8]; /* parent and index of a root */

	*out = (struct skw_bip32) { .is_private = memcmp(data, XPRV, 4) == 0 };
	if (!out->is_private && memcmp(data, XPUB, 4) != 0)
		return false;
	out->depth = data[DEPTH];
	if (out->depth == 0 && memcmp(data + PARENT, none, 8) != 0)
		return false;
	memcpy(out->parent, data + PARENT, 4);
	out->index = get_be32(data + INDEX);
	memcpy(out->chain, data + CHAIN, 32);
	if (!out->is_private) {
		memcpy(out->public_key.b, data + KEY, 33);
		return skw_coin_public_valid(&out->public_key);
	}
	memcpy(out->secret.b, data + KEY + 1, 32);
	return data[KEY] == 0 && skw_coin_public_of(&out->public_key, &out->secret);
}

bool skw_bip32_parse(struct skw_bip32 *out, const char *text)
{
	uint8_t data[LEN + SUM], sum[SUM];
	size_t len;
	bool ok = strlen(text) < SKW_BIP32_TEXT &&
		  skw_base58_parse(data, sizeof(data), &len, text) == SKW_BASE58_OK &&
		  len == sizeof(data);

	if (ok) {
		checksum(sum, data);
		ok = memcmp(sum, data + LEN, SUM) == 0 && take(out, data);
	}
	sodium_memzero(data, sizeof(data));
	if (!ok)
		sodium_memzero(out, sizeof(*out));
	return ok;
}
