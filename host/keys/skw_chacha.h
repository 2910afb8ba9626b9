/* skw_chacha - ChaCha20, Poly1305 and the two together as RFC 8439 composes them (section 2.8): the
 * one place that computes them for links, circuits and sessions.
 *
 * libcrypto computes both. Its own composition would be slower by a half: it makes the 64 bytes
 * that hold the one-time key, the whole blocks and the last bytes in three calls, and a call for 64
 * bytes costs as much as one for 256. Here one call makes all the keystream that a message needs.
 */
#ifndef SKW_CHACHA_H
#define SKW_CHACHA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_CHACHA_KEY 32u
#define SKW_CHACHA_TAG 16u

/* Makes ready what the first call of this thread would wait some milliseconds for. False: this
 * libcrypto lacks one of the two, and the functions below would abort. */
bool skw_chacha_prepare(void);

/* No key, and nothing made of one, is left of this thread's calls. For whoever wipes keys. */
void skw_chacha_forget(void);

/* AEAD under the nonce of four zero bytes and `nonce`, little-endian. `out` has room for len +
 * SKW_CHACHA_TAG and may be `in`. */
void skw_chacha_seal(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out);
/* The same of `first` and then `in`, which `out` does not overlap: whoever puts a byte before what
 * it passes on need not copy it. `out` has room for 1 + len + SKW_CHACHA_TAG. */
void skw_chacha_seal_after(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
			   size_t ad_len, uint8_t first, const uint8_t *in, size_t len,
			   uint8_t *out);
/* `len` counts the tag. False if it is not authentic: then `out` holds zeros. `out` may be `in`. */
bool skw_chacha_open(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out);

/* out = in xor the keystream of the original ChaCha20: 64-bit nonce, 64-bit block counter from 0.
 * At most 2^32 blocks. `out` may be `in`. */
void skw_chacha_xor(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *in,
		    size_t len, uint8_t *out);

/* Poly1305 of `data` under the one-time key of section 2.6: the first 32 bytes of that keystream.
 * Never for two messages under the same nonce. */
void skw_chacha_mac(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *data,
		    size_t len, uint8_t tag[SKW_CHACHA_TAG]);

#endif
