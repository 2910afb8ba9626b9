#include "keys/skw_chacha.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <sodium.h>

enum {
	BLOCK = 64,
	PIECE = 24 * BLOCK, /* of keystream: a frame and its one-time key at once */
	IV = 16,            /* libcrypto's: block counter and nonce, little-endian */
	ALIGN = 16,         /* of what the MAC goes over */
};

/* Of this thread. libcrypto's functions are called at its provider's door (provider-cipher(7),
 * provider-mac(7)): on the way through EVP a call looks up names and lengths that never change,
 * for a tenth of a cell's time. */
struct engine {
	bool asked, ready;
	void *cipher, *mac;
	OSSL_FUNC_cipher_encrypt_init_fn *cipher_init;
	OSSL_FUNC_cipher_cipher_fn *cipher_run;
	OSSL_FUNC_mac_init_fn *mac_init;
	OSSL_FUNC_mac_update_fn *mac_update;
	OSSL_FUNC_mac_final_fn *mac_final;
	_Alignas(BLOCK) uint8_t stream[PIECE];
};

/* ---- libcrypto ---- */

static const OSSL_DISPATCH *find(const OSSL_PROVIDER *provider, int operation, const char *name)
{
	int no_cache;
	const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);

	for (; a != NULL && a->algorithm_names != NULL; a++)
		if (strcasecmp(a->algorithm_names, name) == 0)
			return a->implementation;
	return NULL;
}

static void open_cipher(struct engine *e, const OSSL_PROVIDER *provider)
{
	const OSSL_DISPATCH *d = find(provider, OSSL_OP_CIPHER, "ChaCha20");
	OSSL_FUNC_cipher_newctx_fn *make = NULL;

	for (; d != NULL && d->function_id != 0; d++) {
		if (d->function_id == OSSL_FUNC_CIPHER_NEWCTX)
			make = OSSL_FUNC_cipher_newctx(d);
		else if (d->function_id == OSSL_FUNC_CIPHER_ENCRYPT_INIT)
			e->cipher_init = OSSL_FUNC_cipher_encrypt_init(d);
		else if (d->function_id == OSSL_FUNC_CIPHER_CIPHER)
			e->cipher_run = OSSL_FUNC_cipher_cipher(d);
	}
	if (make != NULL && e->cipher_init != NULL && e->cipher_run != NULL)
		e->cipher = make(OSSL_PROVIDER_get0_provider_ctx(provider));
}

static void open_mac(struct engine *e, const OSSL_PROVIDER *provider)
{
	const OSSL_DISPATCH *d = find(provider, OSSL_OP_MAC, "POLY1305");
	OSSL_FUNC_mac_newctx_fn *make = NULL;

	for (; d != NULL && d->function_id != 0; d++) {
		if (d->function_id == OSSL_FUNC_MAC_NEWCTX)
			make = OSSL_FUNC_mac_newctx(d);
		else if (d->function_id == OSSL_FUNC_MAC_INIT)
			e->mac_init = OSSL_FUNC_mac_init(d);
		else if (d->function_id == OSSL_FUNC_MAC_UPDATE)
			e->mac_update = OSSL_FUNC_mac_update(d);
		else if (d->function_id == OSSL_FUNC_MAC_FINAL)
			e->mac_final = OSSL_FUNC_mac_final(d);
	}
	if (make != NULL && e->mac_init != NULL && e->mac_update != NULL && e->mac_final != NULL)
		e->mac = make(OSSL_PROVIDER_get0_provider_ctx(provider));
}

static struct engine *engine(void)
{
	static _Thread_local struct engine e;
	OSSL_PROVIDER *provider;

	if (e.asked)
		return &e;
	e.asked = true;
	/* No cipher here is configured by a file. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	provider = OSSL_PROVIDER_load(NULL, "default"); /* for as long as the process lives */
	if (provider != NULL) {
		open_cipher(&e, provider);
		open_mac(&e, provider);
	}
	e.ready = e.cipher != NULL && e.mac != NULL;
	return &e;
}

static struct engine *ready(void)
{
	struct engine *e = engine();

	if (!e->ready)
		abort(); /* skw_chacha_prepare said so */
	return e;
}

/* It refuses nothing that is asked here; if it does, what is in `out` may be the plain text. */
static void must(int done)
{
	if (!done)
		abort();
}

bool skw_chacha_prepare(void)
{
	return engine()->ready;
}

/* ---- The two primitives ---- */

static void put_u64(uint8_t *out, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The next `len` bytes of the keystream, or as many as a piece holds. */
static void next(struct engine *e, size_t len)
{
	static const uint8_t zeros[PIECE];
	size_t whole = (least(len, PIECE) + BLOCK - 1) / BLOCK * BLOCK, made;

	must(e->cipher_run(e->cipher, e->stream, &made, PIECE, zeros, whole));
}

/* From block 0, and its first `len` bytes. A nonce of 64 bits behind a counter of 64 is one of 96
 * whose first 32 are zero, behind a counter of 32. */
static void begin(struct engine *e, const uint8_t *key, uint64_t nonce, size_t len)
{
	uint8_t iv[IV] = { 0 };

	put_u64(iv + 8, nonce);
	must(e->cipher_init(e->cipher, key, SKW_CHACHA_KEY, iv, sizeof(iv), NULL));
	next(e, len);
}

/* Written as vectors: the loop that a compiler makes of bytes or words takes three times as long.
 */
typedef uint8_t lane __attribute__((vector_size(16), aligned(1), may_alias));

static void blend(uint8_t *out, const uint8_t *in, const uint8_t *stream, size_t len)
{
	size_t i = 0;

	for (; i + sizeof(lane) <= len; i += sizeof(lane))
		*(lane *)(out + i) = *(const lane *)(in + i) ^ *(const lane *)(stream + i);
	for (; i < len; i++)
		out[i] = in[i] ^ stream[i];
}

/* The piece that is there goes on from `at`; further ones are made. */
static void apply(struct engine *e, size_t at, const uint8_t *in, size_t len, uint8_t *out)
{
	for (;;) {
		size_t n = least(len, PIECE - at);

		blend(out, in, e->stream + at, n);
		len -= n;
		if (len == 0)
			return;
		in += n;
		out += n;
		at = 0;
		next(e, len);
	}
}

/* The one-time key is the first half of block 0. */
static void mac_begin(struct engine *e)
{
	must(e->mac_init(e->mac, e->stream, SKW_CHACHA_KEY, NULL));
}

static void mac_add(struct engine *e, const uint8_t *data, size_t len)
{
	if (len > 0)
		must(e->mac_update(e->mac, data, len));
}

static void mac_end(struct engine *e, uint8_t tag[SKW_CHACHA_TAG])
{
	size_t n;

	must(e->mac_final(e->mac, tag, &n, SKW_CHACHA_TAG));
}

/* Section 2.8, after the one-time key: AD, ciphertext, each filled up to 16 bytes with zeros, and
 * their lengths. */
static void tag_of(struct engine *e, const uint8_t *ad, size_t ad_len, const uint8_t *text,
		   size_t len, uint8_t tag[SKW_CHACHA_TAG])
{
	uint8_t end[2 * ALIGN] = { 0 };
	size_t ad_rest = ad_len % ALIGN, rest = len % ALIGN;

	mac_add(e, ad, ad_len - ad_rest);
	if (ad_rest > 0) {
		memcpy(end, ad + ad_len - ad_rest, ad_rest);
		mac_add(e, end, ALIGN);
		memset(end, 0, ALIGN);
	}
	mac_add(e, text, len - rest);
	put_u64(end + ALIGN, ad_len);
	put_u64(end + ALIGN + 8, len);
	if (rest > 0) {
		memcpy(end, text + len - rest, rest);
		mac_add(e, end, sizeof(end));
	} else {
		mac_add(e, end + ALIGN, ALIGN);
	}
	mac_end(e, tag);
}

/* ---- What the rooms ask for ---- */

void skw_chacha_seal(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	struct engine *e = ready();

	begin(e, key, nonce, BLOCK + len);
	mac_begin(e);
	apply(e, BLOCK, in, len, out);
	tag_of(e, ad, ad_len, out, len, out + len);
}

void skw_chacha_seal_after(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
			   size_t ad_len, uint8_t first, const uint8_t *in, size_t len,
			   uint8_t *out)
{
	struct engine *e = ready();

	begin(e, key, nonce, BLOCK + 1 + len);
	mac_begin(e);
	out[0] = first ^ e->stream[BLOCK];
	apply(e, BLOCK + 1, in, len, out + 1);
	tag_of(e, ad, ad_len, out, 1 + len, out + 1 + len);
}

bool skw_chacha_open(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *ad,
		     size_t ad_len, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t tag[SKW_CHACHA_TAG];
	size_t plain = len - SKW_CHACHA_TAG;
	struct engine *e = ready();

	if (len < SKW_CHACHA_TAG)
		return false;
	begin(e, key, nonce, BLOCK + plain);
	mac_begin(e);
	tag_of(e, ad, ad_len, in, plain, tag);
	if (CRYPTO_memcmp(tag, in + plain, sizeof(tag)) != 0) {
		memset(out, 0, plain); /* what nobody vouches for is not shown */
		return false;
	}
	apply(e, BLOCK, in, plain, out);
	return true;
}

void skw_chacha_xor(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *in,
		    size_t len, uint8_t *out)
{
	struct engine *e = ready();

	begin(e, key, nonce, len);
	apply(e, 0, in, len, out);
}

void skw_chacha_mac(const uint8_t key[SKW_CHACHA_KEY], uint64_t nonce, const uint8_t *data,
		    size_t len, uint8_t tag[SKW_CHACHA_TAG])
{
	struct engine *e = ready();

	begin(e, key, nonce, BLOCK);
	mac_begin(e);
	mac_add(e, data, len);
	mac_end(e, tag);
}

void skw_chacha_forget(void)
{
	static const uint8_t none[SKW_CHACHA_KEY];
	struct engine *e = engine();

	if (!e->ready)
		return;
	begin(e, none, 0, BLOCK); /* the MAC's key went with its tag */
	sodium_memzero(e->stream, sizeof(e->stream));
}
