/* rooms: wire keys onion
 *
 * skw_hop against libsodium, after the words of docs/protocol.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "onion/skw_hop.h"

enum { FULL = SKW_CELL_FULL - SKW_CELL_HEADER, SMALL = SKW_CELL_SMALL - SKW_CELL_HEADER };

static const uint64_t nonces[] = { 0, 1, UINT64_C(0x0123456789abcdef), UINT64_MAX };
static const size_t lengths[] = { SMALL, FULL };

static struct skw_noise_cipher first, second;
static struct skw_hop hop;
static uint8_t body[FULL], want[FULL];

static int setup(void **state)
{
	(void)state;
	randombytes_buf(&first, sizeof(first));
	randombytes_buf(&second, sizeof(second));
	skw_hop_derive(&hop, &first, &second);
	return 0;
}

static void little_endian(uint8_t out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static void keyed(uint8_t *out, size_t len, const char *label, const uint8_t *key)
{
	assert_int_equal(
	    crypto_generichash(out, len, (const uint8_t *)label, strlen(label), key, 32), 0);
}

static void keys_are_derived_as_the_protocol_says(void **state)
{
	uint8_t out[32], shift[8];

	(void)state;
	keyed(out, 32, "skywave hop stream", first.key);
	assert_memory_equal(hop.forward.stream, out, 32);
	keyed(out, 32, "skywave hop stream", second.key);
	assert_memory_equal(hop.backward.stream, out, 32);
	keyed(out, 32, "skywave hop mac", first.key);
	assert_memory_equal(hop.forward.mac, out, 32);
	keyed(out, 16, "skywave hop shift", first.key);
	little_endian(shift, hop.forward.shift);
	assert_memory_equal(shift, out, 8);
}

static void a_layer_is_chacha20(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		size_t len = lengths[i % 2];
		uint8_t n[8];

		randombytes_buf(body, sizeof(body));
		little_endian(n, nonces[i / 2]);
		crypto_stream_chacha20_xor(want, body, len, n, hop.forward.stream);
		skw_hop_layer(&hop.forward, nonces[i / 2], body, len, body);
		assert_memory_equal(body, want, len);
	}
}

static void the_mac_is_poly1305_under_a_key_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		static const uint8_t zeros[4];
		size_t len = lengths[i % 2];
		uint8_t n[8], one_time[32], tag[16];

		randombytes_buf(body, sizeof(body));
		memcpy(want, body, sizeof(body));
		little_endian(n, nonces[i / 2]);
		crypto_stream_chacha20(one_time, sizeof(one_time), n, hop.backward.mac);
		crypto_onetimeauth(tag, body + 16, len - 16, one_time);
		skw_hop_sign(&hop.backward, nonces[i / 2], body, len);
		assert_memory_equal(body, zeros, 4);
		assert_memory_equal(body + 4, tag, 12);
		assert_memory_equal(body + 16, want + 16, len - 16);
		assert_true(skw_hop_recognise(&hop.backward, nonces[i / 2], body, len));
	}
}

static void what_was_changed_is_not_recognised(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		size_t len = lengths[i];

		randombytes_buf(body, sizeof(body));
		skw_hop_sign(&hop.forward, 7, body, len);
		assert_false(skw_hop_recognise(&hop.forward, 8, body, len));
		assert_false(skw_hop_recognise(&hop.backward, 7, body, len));
		for (size_t bit = 0; bit < 8 * len; bit++) {
			body[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(skw_hop_recognise(&hop.forward, 7, body, len));
			body[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_true(skw_hop_recognise(&hop.forward, 7, body, len));
	}
	assert_false(skw_hop_recognise(&hop.forward, 7, body, SMALL)); /* another length */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_derived_as_the_protocol_says),
		cmocka_unit_test(a_layer_is_chacha20),
		cmocka_unit_test(the_mac_is_poly1305_under_a_key_of_its_own),
		cmocka_unit_test(what_was_changed_is_not_recognised),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, NULL);
}
