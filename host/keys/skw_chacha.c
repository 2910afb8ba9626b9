#include "keys/skw_chacha.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

enum { LARGE = 512 /* from here on libcrypto is the faster */, NONCE = 12, IV = 16 };

/* Scratch of this thread: fetched once, empty between calls. NULL: this libcrypto has no such
 * cipher, and libsodium does everything. */
struct scratch {
	bool asked;
	EVP_CIPHER_CTX *context;
	EVP_CIPHER *aead, *stream;
};

static struct scratch *scratch(void)
{
	static _Thread_local struct scratch s;

	if (!s.asked) {
		s.asked = true;
		/* No cipher here is configured by a file. */
		OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
		s.context = EVP_CIPHER_CTX_new();
		s.aead = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
		s.stream = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	}
	return &s;
}

void skw_chacha_prepare(void)
{
	scratch();
}

static void put_nonce(uint8_t out[NONCE], uint64_t nonce)
{
	memset(out, 0, 4);
	for (unsigned i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(nonce >> 8 * i);
}

/* What libcrypto does not refuse is as the RFC has it; what it refuses is no input of ours. */
static bool begin(EVP_CIPHER_CTX *c, const EVP_CIPHER *cipher, const uint8_t *key,
		  const uint8_t *iv, bool seal)
{
	return c != NULL && cipher != NULL && EVP_CipherInit_ex2(c, cipher, key, iv, seal, NULL);
}

static bool take_ad(EVP_CIPHER_CTX *c, const uint8_t *ad, size_t ad_len)
{
	int n;

	return ad_len == 0 || EVP_CipherUpdate(c, NULL, &n, ad, (int)ad_len);
}

static bool seal_large(const uint8_t *key, const uint8_t npub[NONCE], const uint8_t *ad,
		       size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	struct scratch *s = scratch();
	EVP_CIPHER_CTX *c = s->context;
	int n = 0, last = 0;
	bool good = begin(c, s->aead, key, npub, true) && take_ad(c, ad, ad_len) &&
		    EVP_CipherUpdate(c, out, &n, in, (int)len) &&
		    EVP_CipherFinal_ex(c, out + n, &last) &&
		    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, SKW_CHACHA_TAG, out + len);

	EVP_CIPHER_CTX_reset(c); /* wipes the key */
	return good;
}

void skw_chacha_seal(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t npub[NONCE];

	put_nonce(npub, nonce);
	if (len >= LARGE && scratch()->aead != NULL && scratch()->context != NULL) {
		if (!seal_large(key, npub, ad, ad_len, in, len, out))
			abort(); /* no memory: `in` may be overwritten */
		return;
	}
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, ad, ad_len, NULL, npub, key);
}

static bool open_large(const uint8_t *key, const uint8_t npub[NONCE], const uint8_t *ad,
		       size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	struct scratch *s = scratch();
	EVP_CIPHER_CTX *c = s->context;
	uint8_t tag[SKW_CHACHA_TAG];
	int n = 0, last = 0;
	bool good;

	memcpy(tag, in + len, sizeof(tag));
	good = begin(c, s->aead, key, npub, false) &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, SKW_CHACHA_TAG, tag) &&
	       take_ad(c, ad, ad_len) && EVP_CipherUpdate(c, out, &n, in, (int)len) &&
	       EVP_CipherFinal_ex(c, out + n, &last);
	EVP_CIPHER_CTX_reset(c);
	return good;
}

bool skw_chacha_open(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t npub[NONCE];
	size_t plain = len - SKW_CHACHA_TAG;
	bool good;

	if (len < SKW_CHACHA_TAG)
		return false;
	put_nonce(npub, nonce);
	if (plain >= LARGE && scratch()->aead != NULL && scratch()->context != NULL)
		good = open_large(key, npub, ad, ad_len, in, plain, out);
	else
		good = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, ad,
								 ad_len, npub, key) == 0;
	if (!good)
		memset(out, 0, plain); /* what nobody vouches for is not shown */
	return good;
}

void skw_chacha_xor(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *in,
		    size_t len, uint8_t *out)
{
	struct scratch *s = scratch();
	/* libcrypto's 16 bytes are the counter and the nonce, little-endian: a block counter of 32
	 * bits, whose upper half is zero here, and behind it the nonce. */
	uint8_t iv[IV] = { 0 };
	int n;

	for (unsigned i = 0; i < 8; i++)
		iv[8 + i] = (uint8_t)(nonce >> 8 * i);
	if (len >= LARGE && begin(s->context, s->stream, key, iv, true)) {
		if (!EVP_CipherUpdate(s->context, out, &n, in, (int)len) || n != (int)len)
			abort();
		EVP_CIPHER_CTX_reset(s->context);
		return;
	}
	crypto_stream_chacha20_xor(out, in, len, iv + 8, key);
}
