/* skw_sha256 - hashes as a type, and their hex form. Every id in Skycoin is a SHA-256. */
#ifndef SKW_SHA256_H
#define SKW_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_SHA256_TEXT 65u /* 64 digits and the end */

struct skw_sha256 {
	uint8_t b[32];
};

void skw_sha256_of(struct skw_sha256 *out, const uint8_t *data, size_t len);
/* H(a || b) */
void skw_sha256_pair(struct skw_sha256 *out, const struct skw_sha256 *a,
		     const struct skw_sha256 *b);
void skw_sha256_xor(struct skw_sha256 *into, const struct skw_sha256 *other);
bool skw_sha256_equal(const struct skw_sha256 *a, const struct skw_sha256 *b);
bool skw_sha256_is_zero(const struct skw_sha256 *hash);

/* H' = RIPEMD160 */
void skw_ledger_ripemd160(uint8_t out[20], const uint8_t *data, size_t len);

void skw_sha256_print(char out[SKW_SHA256_TEXT], const struct skw_sha256 *hash);
bool skw_sha256_parse(struct skw_sha256 *out, const char *text);

/* Lower-case digits and a closing zero: `out` holds 2 * len + 1. */
void skw_ledger_hex_print(char *out, const uint8_t *data, size_t len);
/* Exactly 2 * len digits of either case, no more, no less. */
bool skw_ledger_hex_parse(uint8_t *out, size_t len, const char *text, size_t text_len);

#endif
