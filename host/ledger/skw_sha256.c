#include "ledger/skw_sha256.h"

#include <string.h>

#include <nettle/ripemd160.h>
#include <nettle/sha2.h>

void skw_sha256_of(struct skw_sha256 *out, const uint8_t *data, size_t len)
{
	struct sha256_ctx h;

	sha256_init(&h);
	if (len > 0)
		sha256_update(&h, len, data);
	sha256_digest(&h, sizeof(out->b), out->b);
}

void skw_sha256_pair(struct skw_sha256 *out, const struct skw_sha256 *a, const struct skw_sha256 *b)
{
	uint8_t both[64];

	memcpy(both, a->b, 32);
	memcpy(both + 32, b->b, 32);
	skw_sha256_of(out, both, sizeof(both));
}

void skw_sha256_xor(struct skw_sha256 *into, const struct skw_sha256 *other)
{
	for (unsigned i = 0; i < sizeof(into->b); i++)
		into->b[i] ^= other->b[i];
}

bool skw_sha256_equal(const struct skw_sha256 *a, const struct skw_sha256 *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool skw_sha256_is_zero(const struct skw_sha256 *hash)
{
	static const struct skw_sha256 zero;

	return skw_sha256_equal(hash, &zero);
}

void skw_ledger_ripemd160(uint8_t out[20], const uint8_t *data, size_t len)
{
	struct ripemd160_ctx h;

	ripemd160_init(&h);
	ripemd160_update(&h, len, data);
	ripemd160_digest(&h, 20, out);
}

void skw_sha256_print(char out[SKW_SHA256_TEXT], const struct skw_sha256 *hash)
{
	skw_ledger_hex_print(out, hash->b, sizeof(hash->b));
}

bool skw_sha256_parse(struct skw_sha256 *out, const char *text)
{
	return skw_ledger_hex_parse(out->b, sizeof(out->b), text, strlen(text));
}

void skw_ledger_hex_print(char *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool skw_ledger_hex_parse(uint8_t *out, size_t len, const char *text, size_t text_len)
{
	if (text_len / 2 != len || text_len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = nibble(text[2 * i]);
		int low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
