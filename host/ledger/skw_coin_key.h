/* skw_coin_key - Skycoin's keys and signatures on secp256k1.
 *
 * Keys come from a wallet seed step by step:
 *
 *   text seed -> next -> next -> ...       each step also gives one secret key
 *
 * A signature is r(32) || s(32) || recid(1); verifying means recovering the public key and
 * comparing it. Consensus asks one thing more: the top bit of s must be clear. That is looser
 * than "s <= n/2", and it is the rule all the same: a stricter node would fork.
 */
#ifndef SKW_COIN_KEY_H
#define SKW_COIN_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/skw_sha256.h"

struct skw_coin_secret {
	uint8_t b[32];
};

struct skw_coin_public {
	uint8_t b[33]; /* compressed, 02/03 || X */
};

struct skw_coin_sig {
	uint8_t b[65];
};

bool skw_coin_secret_valid(const struct skw_coin_secret *secret);
bool skw_coin_public_valid(const struct skw_coin_public *public_key);
/* False for an invalid secret. */
bool skw_coin_public_of(struct skw_coin_public *out, const struct skw_coin_secret *secret);

/* One step of a deterministic wallet: the seed of the next step and this step's key. The first
 * seed is the wallet's text, later ones the 32 bytes of `next`. `seed` may be `next->b`. */
void skw_coin_next(struct skw_sha256 *next, struct skw_coin_secret *secret, const uint8_t *seed,
		   size_t len);
/* The one key of a seed: that of the first step. */
void skw_coin_secret_of_seed(struct skw_coin_secret *secret, const uint8_t *seed, size_t len);
/* K of the format: the salted, slow hash under skw_coin_next. */
void skw_coin_salted_hash(struct skw_sha256 *out, const uint8_t *seed, size_t len);
/* H(secret * public); false if either is invalid. */
bool skw_coin_shared(struct skw_sha256 *out, const struct skw_coin_public *public_key,
		     const struct skw_coin_secret *secret);
/* secret + tweak, and the same for its public key: secret + tweak * G. False if there is none. */
bool skw_coin_secret_add(struct skw_coin_secret *secret, const uint8_t tweak[32]);
bool skw_coin_public_add(struct skw_coin_public *public_key, const uint8_t tweak[32]);

/* RFC 6979 nonce, low s. False for an invalid secret or the all-zero hash. */
bool skw_coin_sign(struct skw_coin_sig *out, const struct skw_sha256 *hash,
		   const struct skw_coin_secret *secret);
/* The key that made the signature; false if there is none or s has its top bit set. */
bool skw_coin_recover(struct skw_coin_public *out, const struct skw_coin_sig *sig,
		      const struct skw_sha256 *hash);
bool skw_coin_verify(const struct skw_coin_sig *sig, const struct skw_sha256 *hash,
		     const struct skw_coin_public *public_key);
bool skw_coin_sig_is_null(const struct skw_coin_sig *sig);

#endif
