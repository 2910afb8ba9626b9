#include "ledger/skw_base58.h"

#include <string.h>

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* log(256) / log(58) < 1.37: digits that `len` bytes can need. */
#define DIGITS(len) ((len)*137 / 100 + 1)

bool skw_base58_print(char *out, size_t cap, const uint8_t *data, size_t len)
{
	uint8_t digits[DIGITS(SKW_BASE58_MAX)] = { 0 }; /* least significant first */
	size_t used = 0, zeros = 0;

	if (len > SKW_BASE58_MAX)
		return false;
	while (zeros < len && data[zeros] == 0)
		zeros++;
	for (size_t i = zeros; i < len; i++) {
		unsigned carry = data[i];

		for (size_t d = 0; d < used || carry > 0; d++) {
			carry += 256u * digits[d];
			digits[d] = (uint8_t)(carry % 58);
			carry /= 58;
			used = d >= used ? d + 1 : used;
		}
	}
	if (zeros + used + 1 > cap)
		return false;
	memset(out, '1', zeros);
	for (size_t d = 0; d < used; d++)
		out[zeros + d] = alphabet[digits[used - 1 - d]];
	out[zeros + used] = '\0';
	return true;
}

/* bytes = bytes * 58 + carry, least significant first; false if it outgrows `cap`. */
static bool times_58(uint8_t *bytes, size_t *used, size_t cap, unsigned carry)
{
	for (size_t i = 0; i < *used || carry > 0; i++) {
		if (i >= cap)
			return false;
		carry += 58u * (i < *used ? bytes[i] : 0u);
		bytes[i] = (uint8_t)carry;
		carry >>= 8;
		*used = i >= *used ? i + 1 : *used;
	}
	return true;
}

enum skw_base58_status skw_base58_parse(uint8_t *out, size_t cap, size_t *len, const char *text)
{
	uint8_t bytes[SKW_BASE58_MAX] = { 0 };
	size_t used = 0, zeros = 0;

	if (*text == '\0')
		return SKW_BASE58_EMPTY;
	if (cap > sizeof(bytes))
		cap = sizeof(bytes);
	for (const char *p = text; *p != '\0'; p++)
		if (strchr(alphabet, *p) == NULL)
			return SKW_BASE58_CHARACTER;
	while (text[zeros] == '1')
		zeros++;
	for (const char *p = text + zeros; *p != '\0'; p++)
		if (!times_58(bytes, &used, cap, (unsigned)(strchr(alphabet, *p) - alphabet)))
			return SKW_BASE58_SIZE;
	if (zeros > cap - used)
		return SKW_BASE58_SIZE;
	memset(out, 0, zeros);
	for (size_t i = 0; i < used; i++)
		out[zeros + i] = bytes[used - 1 - i];
	*len = zeros + used;
	return SKW_BASE58_OK;
}
