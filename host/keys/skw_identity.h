/* skw_identity - who a node is: one Ed25519 key that signs, and its X25519 image that names it.
 *
 *   seed (32 bytes, in a file of mode 0600) -> Ed25519 key pair -> X25519 key pair
 *                                              signs descriptors   Noise, and the node's address
 *
 * The X25519 public key is the birational image of the Ed25519 one (RFC 7748, section 4.1), so
 * whoever holds the signing key of a descriptor can compute the address it speaks for.
 */
#ifndef SKW_IDENTITY_H
#define SKW_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_random.h"

#define SKW_KEY_LEN 32u
#define SKW_SIGNATURE_LEN 64u
#define SKW_ADDRESS_TEXT_LEN 52u /* characters: base32 of RFC 4648, lower case, no padding */

/* The address of a node: its X25519 public key. */
struct skw_node_address {
	uint8_t bytes[SKW_KEY_LEN];
};

struct skw_identity {
	uint8_t seed[SKW_KEY_LEN];
	uint8_t sign_secret[64];
	uint8_t sign_public[SKW_KEY_LEN];
	uint8_t secret[SKW_KEY_LEN]; /* X25519 */
	struct skw_node_address address;
};

enum skw_identity_status {
	SKW_IDENTITY_OK,
	SKW_IDENTITY_MISSING,   /* no such file */
	SKW_IDENTITY_EXISTS,    /* save: there is a key already; it is never overwritten */
	SKW_IDENTITY_UNSAFE,    /* others than the owner can read the file */
	SKW_IDENTITY_MALFORMED, /* not a key file */
	SKW_IDENTITY_IO,        /* the system refused; errno tells */
};

void skw_identity_from_seed(struct skw_identity *identity, const uint8_t seed[SKW_KEY_LEN]);
void skw_identity_generate(struct skw_identity *identity, const struct skw_random *random);
void skw_identity_wipe(struct skw_identity *identity);

/* The file: one line `skywave-key-1 ` and the seed in 64 hexadecimal digits. */
enum skw_identity_status skw_identity_load(struct skw_identity *identity, const char *path);
enum skw_identity_status skw_identity_save(const struct skw_identity *identity, const char *path);
const char *skw_identity_status_text(enum skw_identity_status status);

void skw_identity_sign(const struct skw_identity *identity, const uint8_t *data, size_t len,
		       uint8_t signature[SKW_SIGNATURE_LEN]);
bool skw_identity_verify(const uint8_t sign_public[SKW_KEY_LEN], const uint8_t *data, size_t len,
			 const uint8_t signature[SKW_SIGNATURE_LEN]);

/* The address that a signing key speaks for; false if the key is no point of the curve. */
bool skw_node_address_of(struct skw_node_address *address, const uint8_t sign_public[SKW_KEY_LEN]);
bool skw_node_address_equal(const struct skw_node_address *a, const struct skw_node_address *b);
void skw_node_address_format(const struct skw_node_address *address,
			     char text[SKW_ADDRESS_TEXT_LEN + 1]);
/* Reads exactly one address, upper or lower case; false for anything else. */
bool skw_node_address_parse(struct skw_node_address *address, const char *text);

#endif
