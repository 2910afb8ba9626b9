/* skw_crypt_inside - the two ciphers behind skw_crypt, on bytes. Nobody else includes it. */
#ifndef SKW_CRYPT_INSIDE_H
#define SKW_CRYPT_INSIDE_H

#include "ledger/skw_crypt_later.h"

/* Bytes on the heap (sealed) or in locked memory (opened), to be given back by the caller. */
struct skw_crypt_bytes {
	uint8_t *b;
	size_t len;
};

enum skw_crypt_status skw_crypt_scrypt_seal(struct skw_crypt_bytes *out,
					    struct skw_crypt_later *later,
					    const struct skw_crypt_cost *cost, const char *password,
					    const uint8_t *plain, size_t len);
enum skw_crypt_status skw_crypt_scrypt_open(struct skw_crypt_bytes *out,
					    struct skw_crypt_later *later, const uint8_t *sealed,
					    size_t len, const char *password);
bool skw_crypt_scrypt_cost(struct skw_crypt_cost *out, const uint8_t *sealed, size_t len);
enum skw_crypt_status skw_crypt_xor_seal(struct skw_crypt_bytes *out, const char *password,
					 const uint8_t *plain, size_t len);
enum skw_crypt_status skw_crypt_xor_open(struct skw_crypt_bytes *out, const uint8_t *sealed,
					 size_t len, const char *password);

#endif
