/* rooms: wire keys
 *
 * skw_chacha against RFC 8439's printed vectors and, for every length, against libsodium. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "keys/skw_chacha.h"

enum {
	MOST = 5000, /* three pieces of keystream and more */
	SECRETS = 3
};

static uint8_t key[32], in[MOST], out[MOST + 16], want[MOST + 16];

static void fill(uint32_t seed)
{
	uint8_t s[randombytes_SEEDBYTES] = { (uint8_t)seed, (uint8_t)(seed >> 8) };

	randombytes_buf_deterministic(in, sizeof(in), s);
	s[31] = 1;
	randombytes_buf_deterministic(key, sizeof(key), s);
}

/* Appendix A.5: of the printed ones it has a nonce of our form, 00 00 00 00 01 02 ... 08. */
static void the_printed_vector_opens(void **state)
{
	static const char key_hex[] =
	    "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
	static const char cipher_hex[] =
	    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
	    "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
	    "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
	    "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
	    "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
	    "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
	    "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
	    "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
	    "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38";
	static const uint8_t ad[] = { 0xf3, 0x33, 0x88, 0x86, 0, 0, 0, 0, 0, 0, 0x4e, 0x91 };
	uint8_t cipher[300];
	size_t len;

	(void)state;
	assert_int_equal(
	    sodium_hex2bin(key, sizeof(key), key_hex, strlen(key_hex), NULL, NULL, NULL), 0);
	assert_int_equal(sodium_hex2bin(cipher, sizeof(cipher), cipher_hex, strlen(cipher_hex),
					NULL, &len, NULL),
			 0);
	assert_int_equal(len, 281);
	assert_true(
	    skw_chacha_open(key, UINT64_C(0x0807060504030201), ad, sizeof(ad), cipher, len, out));
	assert_memory_equal(out,
			    "Internet-Drafts are draft documents valid for a maximum of six "
			    "months",
			    68);
}

/* Every length near the end of a piece, of a piece after the one-time key, and of the first blocks.
 */
static size_t step(size_t len)
{
	return len < 200 || len % 1536 < 20 || len % 1536 > 1450 ? 1 : 7;
}

static void it_seals_and_opens_as_libsodium_does(void **state)
{
	static const uint8_t ad[40] = "associated";

	(void)state;
	for (size_t len = 0; len <= MOST; len += step(len)) {
		uint64_t nonce = 0x8000000000000001u * (len + 1);
		size_t ad_len = len % 41;
		uint8_t npub[12] = { 0 };

		fill((uint32_t)len);
		for (unsigned i = 0; i < 8; i++)
			npub[4 + i] = (uint8_t)(nonce >> 8 * i);
		crypto_aead_chacha20poly1305_ietf_encrypt(want, NULL, in, len, ad, ad_len, NULL,
							  npub, key);
		skw_chacha_seal(key, nonce, ad, ad_len, in, len, out);
		assert_memory_equal(out, want, len + 16);
		if (len > 0) {
			memset(out, 0xaa, sizeof(out));
			skw_chacha_seal_after(key, nonce, ad, ad_len, in[0], in + 1, len - 1, out);
			assert_memory_equal(out, want, len + 16);
		}
		memcpy(out, in, len); /* in place */
		skw_chacha_seal(key, nonce, ad, ad_len, out, len, out);
		assert_memory_equal(out, want, len + 16);
		assert_true(skw_chacha_open(key, nonce, ad, ad_len, out, len + 16, out));
		assert_memory_equal(out, in, len);
		assert_true(skw_chacha_open(key, nonce, ad, ad_len, want, len + 16, out));
		assert_memory_equal(out, in, len);
	}
}

static void what_was_changed_is_not_shown(void **state)
{
	static const uint8_t zeros[MOST];
	static const size_t lengths[] = { 0, 1, 16, 100, 1423, 1472, 1473, 4000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i];

		fill(7);
		skw_chacha_seal(key, 5, (const uint8_t *)"ad", 2, in, len, want);
		for (size_t at = 0; at < len + 16; at += 1 + len / 20) {
			want[at] ^= 4;
			memset(out, 0xaa, sizeof(out));
			assert_false(
			    skw_chacha_open(key, 5, (const uint8_t *)"ad", 2, want, len + 16, out));
			assert_memory_equal(out, zeros, len);
			want[at] ^= 4;
		}
		assert_false(
		    skw_chacha_open(key, 6, (const uint8_t *)"ad", 2, want, len + 16, out));
		assert_false(
		    skw_chacha_open(key, 5, (const uint8_t *)"aD", 2, want, len + 16, out));
		assert_false(
		    skw_chacha_open(key, 5, (const uint8_t *)"ad", 1, want, len + 16, out));
		assert_true(skw_chacha_open(key, 5, (const uint8_t *)"ad", 2, want, len + 16, out));
		for (size_t cut = 0; cut < 16; cut++)
			assert_false(
			    skw_chacha_open(key, 5, (const uint8_t *)"ad", 2, want, cut, out));
	}
}

static void its_keystream_is_libsodiums(void **state)
{
	(void)state;
	for (size_t len = 0; len <= MOST; len += step(len)) {
		uint64_t nonce = UINT64_MAX - len * UINT64_C(0x0123456789abcdef);
		uint8_t n[8];

		fill((uint32_t)len);
		for (unsigned i = 0; i < 8; i++)
			n[i] = (uint8_t)(nonce >> 8 * i);
		crypto_stream_chacha20_xor(want, in, len, n, key);
		skw_chacha_xor(key, nonce, in, len, out);
		assert_memory_equal(out, want, len);
		skw_chacha_xor(key, nonce, out, len, out);
		assert_memory_equal(out, in, len);
	}
}

/* Section 2.6.2: the nonce is of our form too. */
static void the_printed_one_time_key(void **state)
{
	static const uint8_t zeros[32];
	uint8_t hex[65];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)(0x80 + i);
	skw_chacha_xor(key, UINT64_C(0x0706050403020100), zeros, sizeof(zeros), out);
	assert_string_equal(sodium_bin2hex((char *)hex, sizeof(hex), out, 32),
			    "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646");
}

static void its_mac_is_libsodiums(void **state)
{
	uint8_t one_time[32], n[8], tag[16];

	(void)state;
	for (size_t len = 0; len <= MOST; len += step(len)) {
		uint64_t nonce = UINT64_C(0xfedcba9876543211) * (len + 3);

		fill((uint32_t)len);
		for (unsigned i = 0; i < 8; i++)
			n[i] = (uint8_t)(nonce >> 8 * i);
		crypto_stream_chacha20(one_time, sizeof(one_time), n, key);
		crypto_onetimeauth(want, in, len, one_time);
		skw_chacha_mac(key, nonce, in, len, tag);
		assert_memory_equal(tag, want, 16);
	}
}

/* Each used for all three things in turn, changed in place now and then. */
static void many_keys_in_turn_are_not_mixed_up(void **state)
{
	static uint8_t many[300][32], back[MOST];
	static const uint8_t ad[] = "ad";
	unsigned long long want_len;

	(void)state;
	fill(11);
	randombytes_buf_deterministic(many, sizeof(many), key);
	for (uint64_t i = 0; i < 3000; i++) {
		uint8_t *k = many[i * 7 % (i % 2 ? 300 : 5)];
		uint8_t n[12] = { 0, 0, 0, 0, (uint8_t)i, (uint8_t)(i >> 8) };
		size_t len = i % 1700;

		if (i % 13 == 0)
			k[i % 2 ? 31 : i % 32] ^=
			    1; /* another key at the same place, one bit apart */
		if (i % 17 == 0)
			skw_chacha_forget();
		skw_chacha_seal(k, i, ad, 2, in, len, out);
		crypto_aead_chacha20poly1305_ietf_encrypt(want, &want_len, in, len, ad, 2, NULL, n,
							  k);
		assert_memory_equal(out, want, len + 16);
		assert_true(skw_chacha_open(k, i, ad, 2, want, len + 16, back));
		assert_memory_equal(back, in, len);
		want[i % (len + 16)] ^= 1;
		assert_false(skw_chacha_open(k, i, ad, 2, want, len + 16, back));
		skw_chacha_xor(k, i, in, len, out);
		crypto_stream_chacha20_xor(want, in, len, n + 4, k);
		assert_memory_equal(out, want, len);
	}
}

static bool is_complement(const uint8_t *at, const uint8_t complement[32])
{
	for (unsigned i = 0; i < 32; i++)
		if ((at[i] ^ complement[i]) != 0xff)
			return false;
	return true;
}

/* How often secrets, known here by their complements alone, are in memory that can be written. */
static void traces(uint8_t complement[SECRETS][32], unsigned found[SECRETS])
{
	static uint8_t piece[1 << 16], zeros[1 << 16];
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512];

	assert_true(maps != NULL && mem >= 0);
	memset(found, 0, SECRETS * sizeof(found[0]));
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || strstr(line, " rw-p") == NULL ||
		    to - from > 256UL << 20)
			continue;
		for (unsigned long at = from; at < to; at += sizeof(piece) - 32) {
			ssize_t n = pread(mem, piece, sizeof(piece), (off_t)at);

			if (n > 0 && memcmp(piece, zeros, (size_t)n) == 0)
				continue;
			for (ssize_t i = 0; i + 32 <= n; i++) {
				if (at + (unsigned long)i >= (uintptr_t)piece &&
				    at + (unsigned long)i < (uintptr_t)piece + sizeof(piece))
					continue;
				for (unsigned k = 0; k < SECRETS; k++)
					found[k] += is_complement(piece + i, complement[k]);
			}
		}
	}
	fclose(maps);
	close(mem);
}

/* Uses a new key in every way. Its secrets, by their complements: the key, the one-time key, and 32
 * bytes from the middle of a keystream. */
static void use(uint64_t nonce, uint8_t complement[SECRETS][32])
{
	uint8_t n[8] = { (uint8_t)nonce }, stream[1000] = { 0 }, tag[16];

	randombytes_buf(key, 32);
	crypto_stream_chacha20(stream, sizeof(stream), n, key);
	for (unsigned i = 0; i < 32; i++) {
		complement[0][i] = (uint8_t)~key[i];
		complement[1][i] = (uint8_t)~stream[i];
		complement[2][i] = (uint8_t)~stream[640 + i];
	}
	sodium_memzero(stream, sizeof(stream));
	skw_chacha_mac(key, nonce, in, 1000, tag);
	skw_chacha_seal(key, nonce, NULL, 0, in, 1000, out);
	assert_true(skw_chacha_open(key, nonce, NULL, 0, out, 1016, out));
	skw_chacha_xor(key, nonce, in, 1000, out);
	sodium_memzero(out, sizeof(out));
}

static void what_is_forgotten_is_nowhere(void **state)
{
	static uint8_t complement[SECRETS][32];
	unsigned found[SECRETS];

	(void)state;
	memset(in, 0x55, sizeof(in));
	for (uint64_t round = 0; round < 2; round++) {
		use(round, complement);
		traces(complement, found);
		assert_true(found[0] >= 2 && found[1] >= 1 && found[2] >= 1);
		skw_chacha_forget();
		sodium_memzero(key, sizeof(key));
		traces(complement, found);
		assert_int_equal(found[0] + found[1] + found[2], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_printed_vector_opens),
		cmocka_unit_test(it_seals_and_opens_as_libsodium_does),
		cmocka_unit_test(what_was_changed_is_not_shown),
		cmocka_unit_test(its_keystream_is_libsodiums),
		cmocka_unit_test(the_printed_one_time_key),
		cmocka_unit_test(its_mac_is_libsodiums),
		cmocka_unit_test(many_keys_in_turn_are_not_mixed_up),
		cmocka_unit_test(what_is_forgotten_is_nowhere),
	};

	if (sodium_init() < 0 || !skw_chacha_prepare())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
