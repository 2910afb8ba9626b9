#include "keys/skw_chacha.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

enum {
	LARGE = 512, /* from here on libcrypto is the faster */
	NONCE = 12,
	IV = 16,
	KEPT = 64, /* keys of each kind; a power of two */
};
enum kind { AEAD, STREAM, KINDS };

/* A key that is in use, in the form in which libcrypto wants it: setting it anew takes a fifth of a
 * full cell's time. Where the caller has its key is where to look; the key itself decides. */
struct kept {
	bool used;
	uint8_t key[SKW_CHACHA_KEY];
	EVP_CIPHER_CTX *context;
};

/* Of this thread. NULL ciphers: this libcrypto has none, and libsodium does everything. */
struct scratch {
	bool asked;
	EVP_CIPHER *cipher[KINDS];
	struct kept kept[KINDS][KEPT];
};

static struct scratch *scratch(void)
{
	static _Thread_local struct scratch s;

	if (!s.asked) {
		s.asked = true;
		/* No cipher here is configured by a file. */
		OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
		s.cipher[AEAD] = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
		s.cipher[STREAM] = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	}
	return &s;
}

void skw_chacha_prepare(void)
{
	scratch();
}

static struct kept *place_of(enum kind kind, const uint8_t *key)
{
	return &scratch()->kept[kind][(uintptr_t)key / 16 * 0x9e3779b1u >> 16 & (KEPT - 1)];
}

static void drop(struct kept *k)
{
	sodium_memzero(k->key, sizeof(k->key));
	EVP_CIPHER_CTX_free(k->context); /* wipes its own */
	k->context = NULL;
	k->used = false;
}

void skw_chacha_forget(const uint8_t key[SKW_CHACHA_KEY])
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		drop(place_of(kind, key)); /* whatever was used there last */
}

/* A context with this key and nonce; NULL if libcrypto cannot. What it does not refuse is as the
 * RFC has it. */
static EVP_CIPHER_CTX *begin(enum kind kind, const uint8_t *key, const uint8_t *iv, bool seal)
{
	EVP_CIPHER *cipher = scratch()->cipher[kind];
	struct kept *k = place_of(kind, key);

	if (cipher == NULL)
		return NULL;
	if (k->used && sodium_memcmp(k->key, key, SKW_CHACHA_KEY) == 0)
		return EVP_CipherInit_ex2(k->context, NULL, NULL, iv, seal, NULL) ? k->context
										  : NULL;
	drop(k);
	k->context = EVP_CIPHER_CTX_new();
	if (k->context == NULL || !EVP_CipherInit_ex2(k->context, cipher, key, iv, seal, NULL))
		return NULL;
	memcpy(k->key, key, SKW_CHACHA_KEY);
	k->used = true;
	return k->context;
}

static void put_nonce(uint8_t out[NONCE], uint64_t nonce)
{
	memset(out, 0, 4);
	for (unsigned i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(nonce >> 8 * i);
}

static bool take_ad(EVP_CIPHER_CTX *c, const uint8_t *ad, size_t ad_len)
{
	int n;

	return ad_len == 0 || EVP_CipherUpdate(c, NULL, &n, ad, (int)ad_len);
}

static bool seal_large(EVP_CIPHER_CTX *c, const uint8_t *ad, size_t ad_len, const uint8_t *in,
		       size_t len, uint8_t *out)
{
	int n = 0, last = 0;

	return take_ad(c, ad, ad_len) && EVP_CipherUpdate(c, out, &n, in, (int)len) &&
	       EVP_CipherFinal_ex(c, out + n, &last) &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, SKW_CHACHA_TAG, out + len);
}

void skw_chacha_seal(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *c;
	uint8_t npub[NONCE];

	put_nonce(npub, nonce);
	c = len >= LARGE ? begin(AEAD, key, npub, true) : NULL;
	if (c != NULL) {
		if (!seal_large(c, ad, ad_len, in, len, out))
			abort(); /* no memory: `in` may be overwritten */
		return;
	}
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, ad, ad_len, NULL, npub, key);
}

static bool open_large(EVP_CIPHER_CTX *c, const uint8_t *ad, size_t ad_len, const uint8_t *in,
		       size_t len, uint8_t *out)
{
	uint8_t tag[SKW_CHACHA_TAG];
	int n = 0, last = 0;

	memcpy(tag, in + len, sizeof(tag));
	return EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, SKW_CHACHA_TAG, tag) &&
	       take_ad(c, ad, ad_len) && EVP_CipherUpdate(c, out, &n, in, (int)len) &&
	       EVP_CipherFinal_ex(c, out + n, &last);
}

bool skw_chacha_open(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t npub[NONCE];
	size_t plain = len - SKW_CHACHA_TAG;
	EVP_CIPHER_CTX *c;
	bool good;

	if (len < SKW_CHACHA_TAG)
		return false;
	put_nonce(npub, nonce);
	c = plain >= LARGE ? begin(AEAD, key, npub, false) : NULL;
	if (c != NULL)
		good = open_large(c, ad, ad_len, in, plain, out);
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
	EVP_CIPHER_CTX *c;
	/* libcrypto's 16 bytes are the counter and the nonce, little-endian: a block counter of 32
	 * bits, whose upper half is zero here, and behind it the nonce. */
	uint8_t iv[IV] = { 0 };
	int n;

	for (unsigned i = 0; i < 8; i++)
		iv[8 + i] = (uint8_t)(nonce >> 8 * i);
	c = len >= LARGE ? begin(STREAM, key, iv, true) : NULL;
	if (c != NULL) {
		if (!EVP_CipherUpdate(c, out, &n, in, (int)len) || n != (int)len)
			abort();
		return;
	}
	crypto_stream_chacha20_xor(out, in, len, iv + 8, key);
}
