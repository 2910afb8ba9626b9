#include "keys/skw_identity.h"

#include <string.h>

#include <sodium.h>

void skw_identity_from_seed(struct skw_identity *identity, const uint8_t seed[SKW_KEY_LEN])
{
	memcpy(identity->seed, seed, SKW_KEY_LEN);
	crypto_sign_seed_keypair(identity->sign_public, identity->sign_secret, identity->seed);
	crypto_sign_ed25519_sk_to_curve25519(identity->secret, identity->sign_secret);
	crypto_scalarmult_base(identity->address.bytes, identity->secret);
}

void skw_identity_generate(struct skw_identity *identity, const struct skw_random *random)
{
	uint8_t seed[SKW_KEY_LEN];

	skw_random_bytes(random, seed, sizeof(seed));
	skw_identity_from_seed(identity, seed);
	sodium_memzero(seed, sizeof(seed));
}

void skw_identity_wipe(struct skw_identity *identity)
{
	sodium_memzero(identity, sizeof(*identity));
}

void skw_identity_sign(const struct skw_identity *identity, const uint8_t *data, size_t len,
		       uint8_t signature[SKW_SIGNATURE_LEN])
{
	crypto_sign_detached(signature, NULL, data, len, identity->sign_secret);
}

bool skw_identity_verify(const uint8_t sign_public[SKW_KEY_LEN], const uint8_t *data, size_t len,
			 const uint8_t signature[SKW_SIGNATURE_LEN])
{
	return crypto_sign_verify_detached(signature, data, len, sign_public) == 0;
}

bool skw_node_address_of(struct skw_node_address *address, const uint8_t sign_public[SKW_KEY_LEN])
{
	return crypto_sign_ed25519_pk_to_curve25519(address->bytes, sign_public) == 0;
}

bool skw_node_address_equal(const struct skw_node_address *a, const struct skw_node_address *b)
{
	return memcmp(a->bytes, b->bytes, SKW_KEY_LEN) == 0; /* public: no secret to time */
}

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

void skw_node_address_format(const struct skw_node_address *address,
			     char text[SKW_ADDRESS_TEXT_LEN + 1])
{
	for (unsigned i = 0; i < SKW_ADDRESS_TEXT_LEN; i++) {
		unsigned bit = 5 * i;
		unsigned pair = (unsigned)address->bytes[bit / 8] << 8;

		if (bit / 8 + 1 < SKW_KEY_LEN)
			pair |= address->bytes[bit / 8 + 1];
		text[i] = alphabet[pair >> (11 - bit % 8) & 31];
	}
	text[SKW_ADDRESS_TEXT_LEN] = '\0';
}

static int digit(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

bool skw_node_address_parse(struct skw_node_address *address, const char *text)
{
	unsigned held = 0, bits = 0, n = 0;

	for (unsigned i = 0; i < SKW_ADDRESS_TEXT_LEN; i++) {
		int d = digit(text[i]); /* the terminator is no digit */

		if (d < 0)
			return false;
		held = (held << 5 | (unsigned)d) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			address->bytes[n++] = (uint8_t)(held >> bits);
		}
	}
	/* 260 bits for 256: the rest is zero, so that an address has one spelling. */
	return text[SKW_ADDRESS_TEXT_LEN] == '\0' && (held & ((1u << bits) - 1)) == 0;
}
