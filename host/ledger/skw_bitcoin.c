#include "ledger/skw_bitcoin.h"

#include <string.h>

#include <sodium.h>

#include "ledger/skw_base58.h"

enum { SUM = 4, ADDRESS = 21, WIF = 34 };

static void checksum(uint8_t out[SUM], const uint8_t *data, size_t len)
{
	struct skw_sha256 h;

	skw_sha256_of(&h, data, len);
	skw_sha256_of(&h, h.b, sizeof(h.b));
	memcpy(out, h.b, SUM);
}

/* `data` has `len` bytes and room for the checksum. */
static void print(char *out, size_t cap, uint8_t *data, size_t len)
{
	checksum(data + len, data, len);
	skw_base58_print(out, cap, data, len + SUM);
}

static bool parse(uint8_t *data, size_t len, const char *text)
{
	uint8_t sum[SUM];
	size_t got;

	if (skw_base58_parse(data, len + SUM, &got, text) != SKW_BASE58_OK || got != len + SUM)
		return false;
	checksum(sum, data, len);
	return memcmp(sum, data + len, SUM) == 0;
}

void skw_bitcoin_print(char out[SKW_BITCOIN_TEXT], const struct skw_coin_public *public_key)
{
	uint8_t data[ADDRESS + SUM] = { 0 };
	struct skw_sha256 h;

	skw_sha256_of(&h, public_key->b, sizeof(public_key->b));
	skw_ledger_ripemd160(data + 1, h.b, sizeof(h.b));
	print(out, SKW_BITCOIN_TEXT, data, ADDRESS);
}

bool skw_bitcoin_valid(const char *text)
{
	uint8_t data[ADDRESS + SUM];

	return parse(data, ADDRESS, text) && data[0] == 0;
}

void skw_wif_print(char out[SKW_WIF_TEXT], const struct skw_coin_secret *secret)
{
	uint8_t data[WIF + SUM];

	data[0] = 0x80;
	memcpy(data + 1, secret->b, 32);
	data[33] = 0x01;
	print(out, SKW_WIF_TEXT, data, WIF);
	sodium_memzero(data, sizeof(data));
}

bool skw_wif_parse(struct skw_coin_secret *out, const char *text)
{
	uint8_t data[WIF + SUM];
	bool ok = parse(data, WIF, text) && data[0] == 0x80 && data[33] == 0x01;

	if (ok)
		memcpy(out->b, data + 1, 32);
	sodium_memzero(data, sizeof(data));
	return ok && skw_coin_secret_valid(out);
}
