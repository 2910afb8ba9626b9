#include "keys/skw_noise.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "keys/skw_chacha.h"

/* The message patterns of section 7.5, a token a character: e, s, and the four DHs by the first
 * letters of their two keys, initiator's first ("es" = E, "se" = S, "ee" = x, "ss" = z). */
static const char *const patterns[][3] = {
	[SKW_NOISE_NK] = { "eE", "ex", NULL },
	[SKW_NOISE_IK] = { "eEsz", "exS", NULL },
	[SKW_NOISE_XX] = { "e", "exsE", "sS" },
};

static const char *const names[] = {
	[SKW_NOISE_NK] = "Noise_NK_25519_ChaChaPoly_BLAKE2b",
	[SKW_NOISE_IK] = "Noise_IK_25519_ChaChaPoly_BLAKE2b",
	[SKW_NOISE_XX] = "Noise_XX_25519_ChaChaPoly_BLAKE2b",
};

enum { BLOCK = 128 }; /* of BLAKE2b */

/* ---- section 4: hash and cipher functions -------------------------------------------------- */

void skw_noise_seal(const struct skw_noise_cipher *cipher, uint64_t nonce, const uint8_t *ad,
		    size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	skw_chacha_seal(cipher->key, nonce, ad, ad_len, in, len, out);
}

void skw_noise_seal_after(const struct skw_noise_cipher *cipher, uint64_t nonce, const uint8_t *ad,
			  size_t ad_len, uint8_t first, const uint8_t *in, size_t len, uint8_t *out)
{
	skw_chacha_seal_after(cipher->key, nonce, ad, ad_len, first, in, len, out);
}

bool skw_noise_open(const struct skw_noise_cipher *cipher, uint64_t nonce, const uint8_t *ad,
		    size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	return skw_chacha_open(cipher->key, nonce, ad, ad_len, in, len, out);
}

void skw_noise_forget(struct skw_noise_cipher *cipher)
{
	skw_chacha_forget();
	sodium_memzero(cipher, sizeof(*cipher));
}

void skw_noise_rekey(struct skw_noise_cipher *cipher)
{
	static const uint8_t zeros[SKW_NOISE_KEY];
	uint8_t out[SKW_NOISE_KEY + SKW_NOISE_TAG];

	skw_noise_seal(cipher, UINT64_MAX, NULL, 0, zeros, sizeof(zeros), out);
	memcpy(cipher->key, out, SKW_NOISE_KEY);
	sodium_memzero(out, sizeof(out));
	skw_chacha_forget(); /* of the key that was */
}

static void hash2(uint8_t out[SKW_NOISE_HASH], const uint8_t *a, size_t a_len, const uint8_t *b,
		  size_t b_len)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, SKW_NOISE_HASH);
	crypto_generichash_update(&st, a, a_len);
	if (b_len > 0)
		crypto_generichash_update(&st, b, b_len);
	crypto_generichash_final(&st, out, SKW_NOISE_HASH);
}

/* HMAC of RFC 2104 over BLAKE2b; keys here are never longer than a block. */
static void hmac(uint8_t out[SKW_NOISE_HASH], const uint8_t *key, size_t key_len,
		 const uint8_t *data, size_t len)
{
	uint8_t pad[BLOCK], inner[SKW_NOISE_HASH];

	assert(key_len <= BLOCK);
	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < key_len; i++)
		pad[i] ^= key[i];
	hash2(inner, pad, sizeof(pad), data, len);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash2(out, pad, sizeof(pad), inner, sizeof(inner));
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(inner, sizeof(inner));
}

/* HKDF of section 4.3 with two outputs. */
static void hkdf(const uint8_t chain[SKW_NOISE_HASH], const uint8_t *data, size_t len,
		 uint8_t out1[SKW_NOISE_HASH], uint8_t out2[SKW_NOISE_HASH])
{
	uint8_t temp[SKW_NOISE_HASH], second[SKW_NOISE_HASH + 1];

	hmac(temp, chain, SKW_NOISE_HASH, data, len);
	hmac(out1, temp, sizeof(temp), (const uint8_t[]) { 1 }, 1);
	memcpy(second, out1, SKW_NOISE_HASH);
	second[SKW_NOISE_HASH] = 2;
	hmac(out2, temp, sizeof(temp), second, sizeof(second));
	sodium_memzero(temp, sizeof(temp));
	sodium_memzero(second, sizeof(second));
}

/* ---- section 5.2: the symmetric state ------------------------------------------------------- */

static void mix_hash(struct skw_noise *n, const uint8_t *data, size_t len)
{
	hash2(n->hash, n->hash, SKW_NOISE_HASH, data, len);
}

static void mix_key(struct skw_noise *n, const uint8_t dh[SKW_NOISE_KEY])
{
	uint8_t chain[SKW_NOISE_HASH], key[SKW_NOISE_HASH];

	hkdf(n->chain, dh, SKW_NOISE_KEY, chain, key);
	memcpy(n->chain, chain, sizeof(chain));
	memcpy(n->cipher.key, key, SKW_NOISE_KEY); /* HASHLEN is 64: truncated to 32 */
	n->cipher.nonce = 0;
	n->cipher.keyed = true;
	sodium_memzero(chain, sizeof(chain));
	sodium_memzero(key, sizeof(key));
}

static size_t tag_len(const struct skw_noise *n)
{
	return n->cipher.keyed ? SKW_NOISE_TAG : 0;
}

static void encrypt_and_hash(struct skw_noise *n, const uint8_t *in, size_t len, uint8_t *out)
{
	if (n->cipher.keyed)
		skw_noise_seal(&n->cipher, n->cipher.nonce++, n->hash, SKW_NOISE_HASH, in, len,
			       out);
	else if (len > 0)
		memcpy(out, in, len);
	mix_hash(n, out, len + tag_len(n));
}

/* `len` is that of the ciphertext. */
static bool decrypt_and_hash(struct skw_noise *n, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t before[SKW_NOISE_HASH];

	memcpy(before, n->hash, sizeof(before));
	mix_hash(n, in, len); /* first: `out` may be `in` */
	if (n->cipher.keyed)
		return skw_noise_open(&n->cipher, n->cipher.nonce++, before, sizeof(before), in,
				      len, out);
	if (len > 0)
		memcpy(out, in, len);
	return true;
}

/* ---- section 5.3: the handshake state ------------------------------------------------------- */

void skw_noise_start(struct skw_noise *n, enum skw_noise_pattern pattern, bool initiator,
		     const uint8_t *secret, const uint8_t *remote, const uint8_t *prologue,
		     size_t prologue_len)
{
	size_t name_len = strlen(names[pattern]);

	memset(n, 0, sizeof(*n));
	n->pattern = pattern;
	n->initiator = initiator;
	memcpy(n->hash, names[pattern], name_len); /* shorter than a hash: padded with zeros */
	memcpy(n->chain, n->hash, SKW_NOISE_HASH);
	mix_hash(n, prologue, prologue_len);

	if (secret != NULL) {
		memcpy(n->s, secret, SKW_NOISE_KEY);
		crypto_scalarmult_base(n->s_public, n->s);
	}
	if (remote != NULL) {
		memcpy(n->rs, remote, SKW_NOISE_KEY);
		n->has_rs = true;
	}
	if (pattern != SKW_NOISE_XX) /* the pre-message: <- s */
		mix_hash(n, initiator ? n->rs : n->s_public, SKW_NOISE_KEY);
}

/* The Diffie-Hellman of a token; false for a key of small order, which gives all zeros. */
static bool mix_dh(struct skw_noise *n, char token)
{
	/* The initiator's side of E is its ephemeral, the responder's its static key, and so on. */
	bool own_e = token == 'x' || (token == 'E') == n->initiator;
	bool their_e = token == 'x' || (token == 'E') != n->initiator;
	uint8_t dh[SKW_NOISE_KEY];
	bool ok;

	if (token == 'z')
		own_e = their_e = false;
	ok = crypto_scalarmult(dh, own_e ? n->e : n->s, their_e ? n->re : n->rs) == 0;
	mix_key(n, dh);
	sodium_memzero(dh, sizeof(dh));
	return ok;
}

static const char *tokens(const struct skw_noise *n)
{
	return n->message < 3 ? patterns[n->pattern][n->message] : NULL;
}

static bool our_turn(const struct skw_noise *n)
{
	return (n->message % 2 == 0) == n->initiator;
}

static size_t write_key(struct skw_noise *n, char token, const struct skw_random *random,
			uint8_t *out)
{
	size_t tag;

	if (token == 'e') {
		skw_random_bytes(random, n->e, SKW_NOISE_KEY);
		crypto_scalarmult_base(n->e_public, n->e);
		memcpy(out, n->e_public, SKW_NOISE_KEY);
		mix_hash(n, out, SKW_NOISE_KEY);
		return SKW_NOISE_KEY;
	}
	tag = tag_len(n);
	encrypt_and_hash(n, n->s_public, SKW_NOISE_KEY, out);
	return SKW_NOISE_KEY + tag;
}

/* Bytes that the next message adds to its payload. */
static size_t overhead(const struct skw_noise *n)
{
	bool keyed = n->cipher.keyed;
	size_t len = 0;

	for (const char *t = tokens(n); *t != '\0'; t++) {
		if (*t == 'e' || *t == 's')
			len += SKW_NOISE_KEY + (*t == 's' && keyed ? SKW_NOISE_TAG : 0);
		else
			keyed = true;
	}
	return len + (keyed ? SKW_NOISE_TAG : 0);
}

bool skw_noise_write(struct skw_noise *n, const struct skw_random *random, const uint8_t *payload,
		     size_t len, uint8_t *out, size_t max, size_t *out_len)
{
	uint8_t *at = out;

	if (n->failed || tokens(n) == NULL || !our_turn(n) || max < overhead(n) ||
	    max - overhead(n) < len)
		return false;
	for (const char *t = tokens(n); *t != '\0'; t++) {
		if (*t == 'e' || *t == 's')
			at += write_key(n, *t, random, at);
		else if (!mix_dh(n, *t))
			n->failed = true;
	}
	if (n->failed)
		return false;
	encrypt_and_hash(n, payload, len, at);
	skw_chacha_forget(); /* these keys are for one message */
	*out_len = (size_t)(at - out) + len + tag_len(n);
	n->message++;
	return true;
}

static bool read_key(struct skw_noise *n, char token, const uint8_t *in)
{
	if (token == 'e') {
		memcpy(n->re, in, SKW_NOISE_KEY);
		mix_hash(n, in, SKW_NOISE_KEY);
		return true;
	}
	n->has_rs = true;
	return decrypt_and_hash(n, in, SKW_NOISE_KEY + tag_len(n), n->rs);
}

static bool read_message(struct skw_noise *n, const uint8_t *in, size_t len, uint8_t *payload,
			 size_t max, size_t *payload_len)
{
	const uint8_t *end = in + len;

	if (len < overhead(n) || len - overhead(n) > max)
		return false;
	*payload_len = len - overhead(n);
	for (const char *t = tokens(n); *t != '\0'; t++) {
		if (*t == 'e' || *t == 's') {
			size_t size = SKW_NOISE_KEY + (*t == 's' ? tag_len(n) : 0);

			if (!read_key(n, *t, in))
				return false;
			in += size;
		} else if (!mix_dh(n, *t)) {
			return false;
		}
	}
	return decrypt_and_hash(n, in, (size_t)(end - in), payload);
}

bool skw_noise_read(struct skw_noise *n, const uint8_t *message, size_t len, uint8_t *payload,
		    size_t max, size_t *payload_len)
{
	bool ok;

	if (n->failed || tokens(n) == NULL || our_turn(n))
		return false;
	ok = read_message(n, message, len, payload, max, payload_len);
	skw_chacha_forget();
	if (!ok) {
		n->failed = true;
		*payload_len = 0;
		return false;
	}
	n->message++;
	return true;
}

bool skw_noise_done(const struct skw_noise *n)
{
	return !n->failed && tokens(n) == NULL;
}

void skw_noise_split(struct skw_noise *n, struct skw_noise_cipher *send,
		     struct skw_noise_cipher *receive)
{
	struct skw_noise_cipher *first = n->initiator ? send : receive;
	struct skw_noise_cipher *second = n->initiator ? receive : send;
	uint8_t out1[SKW_NOISE_HASH], out2[SKW_NOISE_HASH];

	assert(skw_noise_done(n));
	hkdf(n->chain, NULL, 0, out1, out2);
	*first = (struct skw_noise_cipher) { .keyed = true };
	*second = (struct skw_noise_cipher) { .keyed = true };
	memcpy(first->key, out1, SKW_NOISE_KEY);
	memcpy(second->key, out2, SKW_NOISE_KEY);
	sodium_memzero(out1, sizeof(out1));
	sodium_memzero(out2, sizeof(out2));
	sodium_memzero(n->s, sizeof(n->s));
	sodium_memzero(n->e, sizeof(n->e));
	sodium_memzero(n->chain, sizeof(n->chain));
	skw_noise_forget(&n->cipher);
}

void skw_noise_wipe(struct skw_noise *n)
{
	skw_noise_forget(&n->cipher);
	sodium_memzero(n, sizeof(*n));
}
