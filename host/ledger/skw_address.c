#include "ledger/skw_address.h"

#include <string.h>

#include "ledger/skw_base58.h"

enum { KEY = 20, SUM = 4, TEXT_BYTES = KEY + 1 + SUM };

void skw_address_of_public(struct skw_address *out, const struct skw_coin_public *public_key)
{
	struct skw_sha256 h;

	skw_sha256_of(&h, public_key->b, sizeof(public_key->b));
	skw_sha256_of(&h, h.b, sizeof(h.b));
	out->b[0] = 0;
	skw_ledger_ripemd160(out->b + 1, h.b, sizeof(h.b));
}

bool skw_address_of_secret(struct skw_address *out, const struct skw_coin_secret *secret)
{
	struct skw_coin_public public_key;

	if (!skw_coin_public_of(&public_key, secret))
		return false;
	skw_address_of_public(out, &public_key);
	return true;
}

bool skw_address_equal(const struct skw_address *a, const struct skw_address *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool skw_address_is_null(const struct skw_address *address)
{
	static const struct skw_address null;

	return skw_address_equal(address, &null);
}

/* key || version, followed by the first bytes of its hash */
static void checksum(uint8_t sum[SUM], const uint8_t text[TEXT_BYTES])
{
	struct skw_sha256 h;

	skw_sha256_of(&h, text, KEY + 1);
	memcpy(sum, h.b, SUM);
}

void skw_address_print(char out[SKW_ADDRESS_TEXT], const struct skw_address *address)
{
	uint8_t text[TEXT_BYTES];

	memcpy(text, address->b + 1, KEY);
	text[KEY] = address->b[0];
	checksum(text + KEY + 1, text);
	skw_base58_print(out, SKW_ADDRESS_TEXT, text, sizeof(text));
}

enum skw_address_status skw_address_parse(struct skw_address *out, const char *text)
{
	uint8_t bytes[TEXT_BYTES], sum[SUM];
	size_t len;

	switch (skw_base58_parse(bytes, sizeof(bytes), &len, text)) {
	case SKW_BASE58_OK:
		break;
	case SKW_BASE58_EMPTY:
		return SKW_ADDRESS_EMPTY;
	case SKW_BASE58_CHARACTER:
		return SKW_ADDRESS_CHARACTER;
	case SKW_BASE58_SIZE:
		return SKW_ADDRESS_SIZE;
	}
	if (len != sizeof(bytes))
		return SKW_ADDRESS_SIZE;
	checksum(sum, bytes);
	if (memcmp(sum, bytes + KEY + 1, SUM) != 0)
		return SKW_ADDRESS_CHECKSUM;
	if (bytes[KEY] != 0)
		return SKW_ADDRESS_VERSION;
	out->b[0] = 0;
	memcpy(out->b + 1, bytes, KEY);
	return SKW_ADDRESS_OK;
}

const char *skw_address_status_text(enum skw_address_status status)
{
	switch (status) {
	case SKW_ADDRESS_OK:
		return "ok";
	case SKW_ADDRESS_EMPTY:
		return "Invalid base58 string";
	case SKW_ADDRESS_CHARACTER:
		return "Invalid base58 character";
	case SKW_ADDRESS_SIZE:
		return "Invalid address length";
	case SKW_ADDRESS_CHECKSUM:
		return "Invalid checksum";
	case SKW_ADDRESS_VERSION:
		return "Address version invalid";
	}
	return "?";
}
