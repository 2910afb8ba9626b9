/* skw_address - who owns an output: a version byte and RIPEMD160(H(H(public key))).
 *
 *   in records   version(1) key(20)                       21 bytes
 *   as text      base58( key(20) version(1) checksum(4) ) the version comes AFTER the key
 */
#ifndef SKW_ADDRESS_H
#define SKW_ADDRESS_H

#include "ledger/skw_coin_key.h"

#define SKW_ADDRESS_LEN 21u
#define SKW_ADDRESS_TEXT 36u /* at most 35 characters and the end */

struct skw_address {
	uint8_t b[SKW_ADDRESS_LEN];
};

enum skw_address_status {
	SKW_ADDRESS_OK,
	SKW_ADDRESS_EMPTY,     /* no text */
	SKW_ADDRESS_CHARACTER, /* not of the base58 alphabet */
	SKW_ADDRESS_SIZE,      /* not 25 bytes */
	SKW_ADDRESS_CHECKSUM,  /* mistyped */
	SKW_ADDRESS_VERSION,   /* well formed, but of a version that nobody uses */
};

void skw_address_of_public(struct skw_address *out, const struct skw_coin_public *public_key);
/* False for an invalid secret. */
bool skw_address_of_secret(struct skw_address *out, const struct skw_coin_secret *secret);
bool skw_address_equal(const struct skw_address *a, const struct skw_address *b);
bool skw_address_is_null(const struct skw_address *address);

void skw_address_print(char out[SKW_ADDRESS_TEXT], const struct skw_address *address);
enum skw_address_status skw_address_parse(struct skw_address *out, const char *text);
/* In the words of the original. */
const char *skw_address_status_text(enum skw_address_status status);

#endif
