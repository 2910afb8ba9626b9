/* skw_noise - Noise_{NK,IK,XX}_25519_ChaChaPoly_BLAKE2b (noiseprotocol.org, revision 34).
 *
 *   start -> write/read in turn until `done` -> split -> seal/open
 *
 * The one handshake of Skywave: links and sessions use IK, circuit hops NK. A failed read leaves
 * the handshake unusable; start a new one. The caller owns every struct and wipes it.
 */
#ifndef SKW_NOISE_H
#define SKW_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_random.h"

#define SKW_NOISE_KEY 32u
#define SKW_NOISE_HASH 64u
#define SKW_NOISE_TAG 16u

/* Bytes that a message adds to its payload. */
#define SKW_NOISE_IK_1 96u /* e, es, s, ss */
#define SKW_NOISE_IK_2 48u /* e, ee, se */
#define SKW_NOISE_NK_1 48u /* e, es */
#define SKW_NOISE_NK_2 48u /* e, ee */

enum skw_noise_pattern { SKW_NOISE_NK, SKW_NOISE_IK, SKW_NOISE_XX };

/* One direction after the split, or the key of the handshake itself. */
struct skw_noise_cipher {
	uint8_t key[SKW_NOISE_KEY];
	uint64_t nonce; /* of the next message, for the functions that count */
	bool keyed;
};

struct skw_noise {
	enum skw_noise_pattern pattern;
	bool initiator;
	bool failed;
	bool has_rs;
	unsigned message; /* number of the next one */
	uint8_t s[SKW_NOISE_KEY], s_public[SKW_NOISE_KEY];
	uint8_t e[SKW_NOISE_KEY], e_public[SKW_NOISE_KEY];
	uint8_t rs[SKW_NOISE_KEY]; /* the other end's static key, once known */
	uint8_t re[SKW_NOISE_KEY];
	uint8_t chain[SKW_NOISE_HASH];
	uint8_t hash[SKW_NOISE_HASH]; /* the handshake hash when done */
	struct skw_noise_cipher cipher;
};

/* `secret` is the own static key (NULL for the initiator of NK), `remote` the static key that the
 * pattern expects to be known: the responder's, for the initiator of NK and IK; else NULL. */
void skw_noise_start(struct skw_noise *noise, enum skw_noise_pattern pattern, bool initiator,
		     const uint8_t *secret, const uint8_t *remote, const uint8_t *prologue,
		     size_t prologue_len);

/* Writes the next message; false if it is not our turn or `max` is too small. */
bool skw_noise_write(struct skw_noise *noise, const struct skw_random *random,
		     const uint8_t *payload, size_t len, uint8_t *out, size_t max, size_t *out_len);
/* Reads the next message; false if it was not made by a holder of the right keys. */
bool skw_noise_read(struct skw_noise *noise, const uint8_t *message, size_t len, uint8_t *payload,
		    size_t max, size_t *payload_len);

bool skw_noise_done(const struct skw_noise *noise);
/* The two directions; wipes the handshake but for its hash and `rs`. */
void skw_noise_split(struct skw_noise *noise, struct skw_noise_cipher *send,
		     struct skw_noise_cipher *receive);
void skw_noise_wipe(struct skw_noise *noise);

/* ChaCha20-Poly1305 under an explicit nonce: never seal twice with the same one. `out` has room
 * for len + SKW_NOISE_TAG (seal) or len - SKW_NOISE_TAG (open) and may be `in`. */
void skw_noise_seal(const struct skw_noise_cipher *cipher, uint64_t nonce, const uint8_t *ad,
		    size_t ad_len, const uint8_t *in, size_t len, uint8_t *out);
/* The same of `first` and then `in`, which `out` does not overlap. */
void skw_noise_seal_after(const struct skw_noise_cipher *cipher, uint64_t nonce, const uint8_t *ad,
			  size_t ad_len, uint8_t first, const uint8_t *in, size_t len,
			  uint8_t *out);
bool skw_noise_open(const struct skw_noise_cipher *cipher, uint64_t nonce, const uint8_t *ad,
		    size_t ad_len, const uint8_t *in, size_t len, uint8_t *out);
/* Wipes the key, and what its last use left elsewhere. */
void skw_noise_forget(struct skw_noise_cipher *cipher);
/* REKEY of section 4.2; the nonce goes on counting. */
void skw_noise_rekey(struct skw_noise_cipher *cipher);

#endif
