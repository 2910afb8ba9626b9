#include "onion/skw_hop.h"

#include <string.h>

#include <sodium.h>

#include "keys/skw_chacha.h"

enum { ZERO = 4, SIGNED = ZERO + SKW_CELL_MAC };

static void expand(const struct skw_noise_cipher *cipher, const char *label, uint8_t *out,
		   size_t len)
{
	crypto_generichash(out, len, (const uint8_t *)label, strlen(label), cipher->key,
			   SKW_NOISE_KEY);
}

static void derive(struct skw_hop_key *key, const struct skw_noise_cipher *cipher)
{
	uint8_t shift[16];

	expand(cipher, "skywave hop stream", key->stream, sizeof(key->stream));
	expand(cipher, "skywave hop mac", key->mac, sizeof(key->mac));
	expand(cipher, "skywave hop shift", shift, sizeof(shift));
	key->shift = 0;
	for (unsigned i = 0; i < 8; i++)
		key->shift |= (uint64_t)shift[i] << 8 * i;
	sodium_memzero(shift, sizeof(shift));
}

void skw_hop_derive(struct skw_hop *hop, const struct skw_noise_cipher *first,
		    const struct skw_noise_cipher *second)
{
	derive(&hop->forward, first);
	derive(&hop->backward, second);
}

void skw_hop_forget(struct skw_hop *hop)
{
	skw_chacha_forget();
	sodium_memzero(hop, sizeof(*hop));
}

void skw_hop_layer(const struct skw_hop_key *key, uint64_t nonce, const uint8_t *in, size_t len,
		   uint8_t *out)
{
	skw_chacha_xor(key->stream, nonce, in, len, out);
}

void skw_hop_sign(const struct skw_hop_key *key, uint64_t nonce, uint8_t *body, size_t len)
{
	uint8_t full[SKW_CHACHA_TAG];

	memset(body, 0, ZERO);
	skw_chacha_mac(key->mac, nonce, body + SIGNED, len - SIGNED, full);
	memcpy(body + ZERO, full, SKW_CELL_MAC);
}

bool skw_hop_recognise(const struct skw_hop_key *key, uint64_t nonce, const uint8_t *body,
		       size_t len)
{
	uint8_t full[SKW_CHACHA_TAG];

	/* Four bytes of zero happen once in 2^32 cells of others: transit pays no MAC. */
	if ((body[0] | body[1] | body[2] | body[3]) != 0)
		return false;
	skw_chacha_mac(key->mac, nonce, body + SIGNED, len - SIGNED, full);
	return sodium_memcmp(full, body + ZERO, SKW_CELL_MAC) == 0;
}
