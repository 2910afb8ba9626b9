/* A descriptor's signature is verified once in 500 nodes, not 500 times: these are functions of
 * their arguments alone, so remembering an answer changes nothing but the time it takes. The linker
 * puts them in the place of the real ones (--wrap). */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "keys/skw_identity.h"

enum { SLOTS = 1 << 16, KEY = 16 };

bool __real_skw_identity_verify(const uint8_t sign_public[SKW_KEY_LEN], const uint8_t *data,
				size_t len, const uint8_t signature[SKW_SIGNATURE_LEN]);
bool __wrap_skw_identity_verify(const uint8_t sign_public[SKW_KEY_LEN], const uint8_t *data,
				size_t len, const uint8_t signature[SKW_SIGNATURE_LEN]);
bool __real_skw_node_address_of(struct skw_node_address *address,
				const uint8_t sign_public[SKW_KEY_LEN]);
bool __wrap_skw_node_address_of(struct skw_node_address *address,
				const uint8_t sign_public[SKW_KEY_LEN]);

/* The newest question whose hash falls there. */
static struct verified {
	uint8_t key[KEY];
	bool asked, answer;
} verified[SLOTS];

static struct addressed {
	uint8_t sign_public[SKW_KEY_LEN];
	struct skw_node_address address;
	bool asked;
} addressed[SLOTS];

bool __wrap_skw_identity_verify(const uint8_t sign_public[SKW_KEY_LEN], const uint8_t *data,
				size_t len, const uint8_t signature[SKW_SIGNATURE_LEN])
{
	crypto_generichash_state state;
	struct verified *v;
	uint8_t key[KEY];
	uint16_t slot;

	crypto_generichash_init(&state, NULL, 0, KEY);
	crypto_generichash_update(&state, sign_public, SKW_KEY_LEN);
	crypto_generichash_update(&state, signature, SKW_SIGNATURE_LEN);
	crypto_generichash_update(&state, data, len);
	crypto_generichash_final(&state, key, KEY);
	memcpy(&slot, key, sizeof(slot));
	v = &verified[slot];
	if (!v->asked || memcmp(v->key, key, KEY) != 0) {
		v->answer = __real_skw_identity_verify(sign_public, data, len, signature);
		v->asked = true;
		memcpy(v->key, key, KEY);
	}
	return v->answer;
}

bool __wrap_skw_node_address_of(struct skw_node_address *address,
				const uint8_t sign_public[SKW_KEY_LEN])
{
	struct addressed *a;
	uint16_t slot;

	memcpy(&slot, sign_public, sizeof(slot));
	a = &addressed[slot];
	if (!a->asked || memcmp(a->sign_public, sign_public, SKW_KEY_LEN) != 0) {
		if (!__real_skw_node_address_of(address, sign_public))
			return false;
		a->asked = true;
		memcpy(a->sign_public, sign_public, SKW_KEY_LEN);
		a->address = *address;
	}
	*address = a->address;
	return true;
}
