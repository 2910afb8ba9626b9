/* skw_crypt - what stands between a wallet file and its keys: a password.
 *
 *   scrypt-chacha20poly1305   base64( L u16 | L bytes of JSON | ciphertext, tag of 16 )
 *       JSON {"n","r","p","keyLen","salt","nonce"}; key = scrypt(password, salt); RFC 8439 with
 *       L and the JSON, as they stand, as additional data
 *   sha256-xor                base64( H(nonce | blocks) | nonce of 32 | blocks of 32 )
 *       weak; it is read, and written only for programs that know nothing better
 *
 * Parameters come from the file and are hostile: what would take over 1 GiB, or over twice the work
 * of the default, is refused before a byte is allocated for it.
 */
#ifndef SKW_CRYPT_H
#define SKW_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_CRYPT_MAX ((size_t)64 << 20) /* bytes of plain text */

enum skw_crypt_kind { SKW_CRYPT_SCRYPT, SKW_CRYPT_XOR };

enum skw_crypt_status {
	SKW_CRYPT_OK,
	SKW_CRYPT_FORMAT,   /* not a ciphertext of this kind */
	SKW_CRYPT_COST,     /* it asks for more memory or work than any wallet needs */
	SKW_CRYPT_PASSWORD, /* wrong password, or the file was altered */
	SKW_CRYPT_MEMORY,
	SKW_CRYPT_LATER, /* the key is not made yet: skw_crypt_later.h */
};

/* scrypt's; memory is 128 * n * r bytes. */
struct skw_crypt_cost {
	uint32_t n, r, p;
};
extern const struct skw_crypt_cost skw_crypt_cost_default; /* the original's: 1 GiB */
extern const struct skw_crypt_cost skw_crypt_cost_light;   /* 32 MiB */

const char *skw_crypt_kind_name(enum skw_crypt_kind kind);
/* Of the names in wallet files; false for others. */
bool skw_crypt_kind_parse(enum skw_crypt_kind *out, const char *name);

struct skw_crypt_later;

/* *text is the caller's to free. `cost` is of scrypt; sha256-xor has none. `later` takes the work
 * that lasts; NULL: it is done at once. */
enum skw_crypt_status skw_crypt_seal(char **text, struct skw_crypt_later *later,
				     enum skw_crypt_kind kind, const struct skw_crypt_cost *cost,
				     const char *password, const uint8_t *plain, size_t len);
/* What a ciphertext of scrypt was sealed with, to seal it alike; false if it cannot be told. */
bool skw_crypt_cost_of(struct skw_crypt_cost *out, const char *text);
/* *plain is locked memory, for sodium_free; one byte over *len is zero. */
enum skw_crypt_status skw_crypt_open(uint8_t **plain, size_t *len, struct skw_crypt_later *later,
				     enum skw_crypt_kind kind, const char *text,
				     const char *password);

#endif
