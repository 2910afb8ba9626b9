#include "ledger/skw_coin_key.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sodium.h>

/* libsecp256k1's blinding for secret operations; made once, then only read. It holds no state of
 * ours: blinding changes timing, never a result. */
static secp256k1_context *signing;
static pthread_once_t signing_once = PTHREAD_ONCE_INIT;

static void make_signing(void)
{
	uint8_t seed[32];

	if (sodium_init() < 0)
		abort(); /* no randomness: nothing here may run */
	signing = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
	randombytes_buf(seed, sizeof(seed));
	if (signing == NULL || !secp256k1_context_randomize(signing, seed))
		abort();
	sodium_memzero(seed, sizeof(seed));
}

static const secp256k1_context *context(void)
{
	pthread_once(&signing_once, make_signing);
	return signing;
}

static bool serialize(struct skw_coin_public *out, const secp256k1_pubkey *point)
{
	size_t len = sizeof(out->b);

	return secp256k1_ec_pubkey_serialize(secp256k1_context_static, out->b, &len, point,
					     SECP256K1_EC_COMPRESSED);
}

static bool parse(secp256k1_pubkey *point, const struct skw_coin_public *public_key)
{
	return secp256k1_ec_pubkey_parse(secp256k1_context_static, point, public_key->b,
					 sizeof(public_key->b));
}

bool skw_coin_secret_valid(const struct skw_coin_secret *secret)
{
	return secp256k1_ec_seckey_verify(secp256k1_context_static, secret->b);
}

bool skw_coin_public_valid(const struct skw_coin_public *public_key)
{
	secp256k1_pubkey point;

	return parse(&point, public_key);
}

bool skw_coin_public_of(struct skw_coin_public *out, const struct skw_coin_secret *secret)
{
	secp256k1_pubkey point;

	return secp256k1_ec_pubkey_create(context(), &point, secret->b) && serialize(out, &point);
}

/* S(x): hash until it is a key. The first hash is always taken. */
static void step(struct skw_coin_secret *out, const struct skw_sha256 *x)
{
	struct skw_sha256 h = *x;

	do {
		skw_sha256_of(&h, h.b, sizeof(h.b));
		memcpy(out->b, h.b, sizeof(out->b));
	} while (!skw_coin_secret_valid(out));
	sodium_memzero(&h, sizeof(h));
}

/* The compressed point secret * P. Both are valid keys, so the product is one. */
static bool multiply(struct skw_coin_public *out, const struct skw_coin_public *public_key,
		     const struct skw_coin_secret *secret)
{
	secp256k1_pubkey point;
	bool ok = skw_coin_secret_valid(secret) && parse(&point, public_key) &&
		  secp256k1_ec_pubkey_tweak_mul(context(), &point, secret->b) &&
		  serialize(out, &point);

	sodium_memzero(&point, sizeof(point));
	return ok;
}

void skw_coin_salted_hash(struct skw_sha256 *out, const uint8_t *seed, size_t len)
{
	uint8_t both[32 + 33];
	struct skw_sha256 h, hh;
	struct skw_coin_secret a, b;
	struct skw_coin_public point;

	skw_sha256_of(&h, seed, len);
	step(&a, &h);
	skw_sha256_of(&hh, h.b, sizeof(h.b));
	step(&b, &hh);
	/* a * B where B = b * G: (a * b) * G is the same point for one multiplication */
	if (!secp256k1_ec_seckey_tweak_mul(context(), b.b, a.b) || !skw_coin_public_of(&point, &b))
		abort(); /* both are valid: only a broken library comes here */
	memcpy(both, h.b, 32);
	memcpy(both + 32, point.b, 33);
	skw_sha256_of(out, both, sizeof(both));
	sodium_memzero(both, sizeof(both));
	sodium_memzero(&h, sizeof(h));
	sodium_memzero(&hh, sizeof(hh));
	sodium_memzero(&a, sizeof(a));
	sodium_memzero(&b, sizeof(b));
	sodium_memzero(&point, sizeof(point));
}

void skw_coin_next(struct skw_sha256 *next, struct skw_coin_secret *secret, const uint8_t *seed,
		   size_t len)
{
	crypto_hash_sha256_state state; /* hashes a seed of any length together with `next` */
	struct skw_sha256 salted, both;

	skw_coin_salted_hash(&salted, seed, len);
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, seed, len);
	crypto_hash_sha256_update(&state, salted.b, sizeof(salted.b));
	crypto_hash_sha256_final(&state, both.b);
	step(secret, &both);
	*next = salted; /* last: `seed` may lie in it */
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(&salted, sizeof(salted));
	sodium_memzero(&both, sizeof(both));
}

void skw_coin_secret_of_seed(struct skw_coin_secret *secret, const uint8_t *seed, size_t len)
{
	struct skw_sha256 next;

	skw_coin_next(&next, secret, seed, len);
	sodium_memzero(&next, sizeof(next));
}

bool skw_coin_shared(struct skw_sha256 *out, const struct skw_coin_public *public_key,
		     const struct skw_coin_secret *secret)
{
	struct skw_coin_public point;
	bool ok = multiply(&point, public_key, secret);

	if (ok)
		skw_sha256_of(out, point.b, sizeof(point.b));
	sodium_memzero(&point, sizeof(point));
	return ok;
}

bool skw_coin_secret_add(struct skw_coin_secret *secret, const uint8_t tweak[32])
{
	return secp256k1_ec_seckey_tweak_add(context(), secret->b, tweak);
}

bool skw_coin_public_add(struct skw_coin_public *public_key, const uint8_t tweak[32])
{
	secp256k1_pubkey point;

	return parse(&point, public_key) &&
	       secp256k1_ec_pubkey_tweak_add(context(), &point, tweak) &&
	       serialize(public_key, &point);
}

bool skw_coin_sign(struct skw_coin_sig *out, const struct skw_sha256 *hash,
		   const struct skw_coin_secret *secret)
{
	secp256k1_ecdsa_recoverable_signature sig;
	int recid;

	if (skw_sha256_is_zero(hash) ||
	    !secp256k1_ecdsa_sign_recoverable(context(), &sig, hash->b, secret->b,
					      secp256k1_nonce_function_rfc6979, NULL))
		return false;
	secp256k1_ecdsa_recoverable_signature_serialize_compact(secp256k1_context_static, out->b,
								&recid, &sig);
	out->b[64] = (uint8_t)recid;
	return true;
}

bool skw_coin_recover(struct skw_coin_public *out, const struct skw_coin_sig *sig,
		      const struct skw_sha256 *hash)
{
	secp256k1_ecdsa_recoverable_signature parsed;
	secp256k1_pubkey point;

	if (sig->b[32] >= 0x80 || sig->b[64] > 3 || skw_sha256_is_zero(hash))
		return false;
	return secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static,
								   &parsed, sig->b, sig->b[64]) &&
	       secp256k1_ecdsa_recover(context(), &point, &parsed, hash->b) &&
	       serialize(out, &point);
}

bool skw_coin_verify(const struct skw_coin_sig *sig, const struct skw_sha256 *hash,
		     const struct skw_coin_public *public_key)
{
	struct skw_coin_public found;

	return skw_coin_recover(&found, sig, hash) &&
	       memcmp(found.b, public_key->b, sizeof(found.b)) == 0;
}

bool skw_coin_sig_is_null(const struct skw_coin_sig *sig)
{
	static const struct skw_coin_sig null;

	return memcmp(sig->b, null.b, sizeof(null.b)) == 0;
}
