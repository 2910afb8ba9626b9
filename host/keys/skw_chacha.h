/* skw_chacha - ChaCha20, and ChaCha20-Poly1305 of RFC 8439: the one place that computes them for
 * links, circuits and sessions.
 *
 * Two libraries, one result: libcrypto's code is the faster by half for a full cell, libsodium's
 * for a small one. libcrypto's contexts of the keys last used are kept, so whoever wipes a key says
 * so here first.
 */
#ifndef SKW_CHACHA_H
#define SKW_CHACHA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_CHACHA_KEY 32u
#define SKW_CHACHA_TAG 16u

/* Makes ready what the first call of this thread would wait some milliseconds for. */
void skw_chacha_prepare(void);

/* No key that was ever used at this address is left here. For whoever wipes it there. */
void skw_chacha_forget(const uint8_t key[SKW_CHACHA_KEY]);

/* AEAD under the nonce of four zero bytes and `nonce`, little-endian. `out` has room for len +
 * SKW_CHACHA_TAG and may be `in`. */
void skw_chacha_seal(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out);
/* `len` counts the tag. False if it is not authentic: then `out` holds zeros. `out` may be `in`. */
bool skw_chacha_open(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out);

/* out = in xor the keystream of the original ChaCha20: 64-bit nonce, 64-bit block counter from 0.
 * At most 2^32 blocks. `out` may be `in`. */
void skw_chacha_xor(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *in,
		    size_t len, uint8_t *out);

#endif
