/* skw_base58 - bytes as digits of Bitcoin's base58 alphabet, leading zero bytes as '1'. */
#ifndef SKW_BASE58_H
#define SKW_BASE58_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_BASE58_MAX 128u /* bytes; conversion is quadratic, and no use needs more */

enum skw_base58_status {
	SKW_BASE58_OK,
	SKW_BASE58_EMPTY,     /* no text */
	SKW_BASE58_CHARACTER, /* not of the alphabet */
	SKW_BASE58_SIZE,      /* does not fit */
};

/* Writes text and its end; false if `data` is over SKW_BASE58_MAX or `cap` too small. */
bool skw_base58_print(char *out, size_t cap, const uint8_t *data, size_t len);
/* Writes at most `cap` (<= SKW_BASE58_MAX) bytes and how many they were. */
enum skw_base58_status skw_base58_parse(uint8_t *out, size_t cap, size_t *len, const char *text);

#endif
