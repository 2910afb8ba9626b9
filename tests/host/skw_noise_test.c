/* rooms: keys
 *
 * skw_noise against the public vectors (cacophony and snow), then what vectors do not show:
 * hostile messages, REKEY, small-order points. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "keys/skw_noise.h"

/* A generator that gives what it was given: the vector's ephemeral key. */
static void fixed(void *context, uint8_t *out, size_t len)
{
	assert_int_equal(len, 32);
	memcpy(out, context, len);
}

static size_t hex(const json_t *vector, const char *name, uint8_t *out, size_t max)
{
	const char *text = json_string_value(json_object_get(vector, name));
	size_t len = 0;

	if (text == NULL)
		return 0;
	assert_int_equal(sodium_hex2bin(out, max, text, strlen(text), NULL, &len, NULL), 0);
	return len;
}

static enum skw_noise_pattern pattern_of(const char *name)
{
	if (strcmp(name, "Noise_NK_25519_ChaChaPoly_BLAKE2b") == 0)
		return SKW_NOISE_NK;
	if (strcmp(name, "Noise_IK_25519_ChaChaPoly_BLAKE2b") == 0)
		return SKW_NOISE_IK;
	assert_string_equal(name, "Noise_XX_25519_ChaChaPoly_BLAKE2b");
	return SKW_NOISE_XX;
}

struct end {
	struct skw_noise noise;
	struct skw_noise_cipher send, receive;
	uint8_t ephemeral[32];
	struct skw_random random;
};

static void start_end(struct end *end, const json_t *v, bool initiator)
{
	const char *who = initiator ? "init" : "resp";
	char key[40];
	uint8_t prologue[64], secret[32], remote[32];
	size_t prologue_len, has_secret, has_remote;

	snprintf(key, sizeof(key), "%s_prologue", who);
	prologue_len = hex(v, key, prologue, sizeof(prologue));
	snprintf(key, sizeof(key), "%s_static", who);
	has_secret = hex(v, key, secret, sizeof(secret));
	snprintf(key, sizeof(key), "%s_remote_static", who);
	has_remote = hex(v, key, remote, sizeof(remote));
	snprintf(key, sizeof(key), "%s_ephemeral", who);
	assert_int_equal(hex(v, key, end->ephemeral, 32), 32);
	end->random = (struct skw_random) { fixed, end->ephemeral };
	skw_noise_start(&end->noise,
			pattern_of(json_string_value(json_object_get(v, "protocol_name"))),
			initiator, has_secret ? secret : NULL, has_remote ? remote : NULL, prologue,
			prologue_len);
}

static void check_handshake(struct end *from, struct end *to, const uint8_t *payload, size_t len,
			    const uint8_t *want, size_t want_len)
{
	uint8_t out[512], back[512];
	size_t out_len, back_len;

	assert_true(
	    skw_noise_write(&from->noise, &from->random, payload, len, out, sizeof(out), &out_len));
	assert_int_equal(out_len, want_len);
	assert_memory_equal(out, want, want_len);
	assert_true(skw_noise_read(&to->noise, out, out_len, back, sizeof(back), &back_len));
	assert_int_equal(back_len, len);
	assert_memory_equal(back, payload, len);
	if (!skw_noise_done(&from->noise))
		return;
	assert_true(skw_noise_done(&to->noise));
	assert_memory_equal(from->noise.hash, to->noise.hash, SKW_NOISE_HASH);
	skw_noise_split(&from->noise, &from->send, &from->receive);
	skw_noise_split(&to->noise, &to->send, &to->receive);
}

static void check_transport(struct end *from, struct end *to, const uint8_t *payload, size_t len,
			    const uint8_t *want, size_t want_len)
{
	uint8_t out[512], back[512];

	skw_noise_seal(&from->send, from->send.nonce++, NULL, 0, payload, len, out);
	assert_int_equal(len + SKW_NOISE_TAG, want_len);
	assert_memory_equal(out, want, want_len);
	assert_true(
	    skw_noise_open(&to->receive, to->receive.nonce++, NULL, 0, out, want_len, back));
	assert_memory_equal(back, payload, len);
}

static void check_vector(const json_t *v)
{
	struct end ends[2] = { 0 }; /* initiator, responder */
	const json_t *messages = json_object_get(v, "messages");
	uint8_t payload[256], want[512], hash[SKW_NOISE_HASH];

	start_end(&ends[0], v, true);
	start_end(&ends[1], v, false);
	for (size_t i = 0; i < json_array_size(messages); i++) {
		const json_t *m = json_array_get(messages, i);
		size_t len = hex(m, "payload", payload, sizeof(payload));
		size_t want_len = hex(m, "ciphertext", want, sizeof(want));
		struct end *from = &ends[i % 2], *to = &ends[1 - i % 2];

		if (!ends[0].send.keyed)
			check_handshake(from, to, payload, len, want, want_len);
		else
			check_transport(from, to, payload, len, want, want_len);
	}
	if (hex(v, "handshake_hash", hash, sizeof(hash)) > 0)
		assert_memory_equal(ends[0].noise.hash, hash, sizeof(hash));
}

static void the_public_vectors_are_met(void **state)
{
	json_t *file = json_load_file("tests/vectors/noise/noise.json", 0, NULL);
	const json_t *vectors = json_object_get(file, "vectors");

	(void)state;
	assert_non_null(file);
	assert_true(json_array_size(vectors) >= 6);
	for (size_t i = 0; i < json_array_size(vectors); i++)
		check_vector(json_array_get(vectors, i));
	json_decref(file);
}

static struct skw_random_stream stream;
static struct skw_random rnd;
static uint8_t i_secret[32], r_secret[32], r_public[32];

static int fresh_keys(void **state)
{
	(void)state;
	rnd = skw_random_seeded(&stream, 7);
	skw_random_bytes(&rnd, i_secret, 32);
	skw_random_bytes(&rnd, r_secret, 32);
	crypto_scalarmult_base(r_public, r_secret);
	return 0;
}

static size_t first_message(struct skw_noise *n, uint8_t out[256])
{
	size_t len;

	skw_noise_start(n, SKW_NOISE_IK, true, i_secret, r_public, NULL, 0);
	assert_true(skw_noise_write(n, &rnd, (const uint8_t *)"hello", 5, out, 256, &len));
	return len;
}

static bool responder_reads(const uint8_t *message, size_t len)
{
	struct skw_noise n;
	uint8_t payload[256];
	size_t payload_len;
	bool ok;

	skw_noise_start(&n, SKW_NOISE_IK, false, r_secret, NULL, NULL, 0);
	ok = skw_noise_read(&n, message, len, payload, sizeof(payload), &payload_len);
	/* one failure is final */
	if (!ok)
		assert_false(
		    skw_noise_read(&n, message, len, payload, sizeof(payload), &payload_len));
	return ok;
}

static void any_flipped_bit_and_any_cut_is_refused(void **state)
{
	struct skw_noise n;
	uint8_t m[256];
	size_t len = first_message(&n, m);

	(void)state;
	assert_int_equal(len, 5 + SKW_NOISE_IK_1);
	assert_true(responder_reads(m, len));
	for (size_t bit = 0; bit < 8 * len; bit++) {
		if (bit == 255) /* X25519 ignores the top bit of a point, the hash does not */
			continue;
		m[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(responder_reads(m, len));
		m[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	m[31] ^= 0x80;
	assert_false(responder_reads(m, len));
	m[31] ^= 0x80;
	for (size_t cut = 0; cut < len; cut++)
		assert_false(responder_reads(m, cut));
}

static void a_point_of_small_order_is_refused(void **state)
{
	uint8_t m[256] = { 0 }; /* e = 0 */

	(void)state;
	assert_false(responder_reads(m, 120));
}

static void turns_and_sizes_are_kept(void **state)
{
	struct skw_noise n;
	uint8_t m[256], small[100];
	size_t len;

	(void)state;
	skw_noise_start(&n, SKW_NOISE_IK, true, i_secret, r_public, NULL, 0);
	assert_false(skw_noise_write(&n, &rnd, m, 5, small, sizeof(small), &len));
	len = first_message(&n, m);
	assert_false(skw_noise_write(&n, &rnd, NULL, 0, m, sizeof(m), &len)); /* not our turn */
	skw_noise_start(&n, SKW_NOISE_IK, false, r_secret, NULL, NULL, 0);
	assert_false(skw_noise_write(&n, &rnd, NULL, 0, m, sizeof(m), &len));
}

static void rekey_is_the_ciphertext_of_zeros(void **state)
{
	struct skw_noise_cipher c = { .keyed = true, .nonce = 5 };
	uint8_t nonce[12], zeros[32] = { 0 }, want[48];

	(void)state;
	memcpy(c.key, i_secret, 32);
	memset(nonce, 0, 4);
	memset(nonce + 4, 0xff, 8);
	crypto_aead_chacha20poly1305_ietf_encrypt(want, NULL, zeros, 32, NULL, 0, NULL, nonce,
						  i_secret);
	skw_noise_rekey(&c);
	assert_memory_equal(c.key, want, 32);
	assert_int_equal(c.nonce, 5);
}

static void other_keys_open_nothing(void **state)
{
	struct skw_noise_cipher a = { .keyed = true }, b;
	uint8_t sealed[4 + SKW_NOISE_TAG], out[4];

	(void)state;
	memcpy(a.key, i_secret, 32);
	b = a;
	skw_noise_seal(&a, 1, NULL, 0, (const uint8_t *)"data", 4, sealed);
	assert_true(skw_noise_open(&b, 1, NULL, 0, sealed, sizeof(sealed), out));
	assert_memory_equal(out, "data", 4);
	assert_false(skw_noise_open(&b, 2, NULL, 0, sealed, sizeof(sealed), out));
	assert_false(skw_noise_open(&b, 1, (const uint8_t *)"x", 1, sealed, sizeof(sealed), out));
	b.key[31] ^= 1;
	assert_false(skw_noise_open(&b, 1, NULL, 0, sealed, sizeof(sealed), out));
	assert_false(skw_noise_open(&a, 1, NULL, 0, sealed, SKW_NOISE_TAG - 1, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_public_vectors_are_met),
		cmocka_unit_test_setup(any_flipped_bit_and_any_cut_is_refused, fresh_keys),
		cmocka_unit_test_setup(a_point_of_small_order_is_refused, fresh_keys),
		cmocka_unit_test_setup(turns_and_sizes_are_kept, fresh_keys),
		cmocka_unit_test_setup(rekey_is_the_ciphertext_of_zeros, fresh_keys),
		cmocka_unit_test_setup(other_keys_open_nothing, fresh_keys),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
