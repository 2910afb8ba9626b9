/* rooms: ledger wire
 * Money, hashes, base58, addresses, keys and signatures, against the vectors and the formats' own
 * printed examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "ledger/skw_base58.h"
#include "skw_ledger_vectors.h"

#define D(x) ((struct skw_droplets) { x })
#define H(x) ((struct skw_hours) { x })

static void money_says_when_it_does_not_fit(void **state)
{
	struct skw_droplets d = { 7 };
	struct skw_hours h = { 7 };

	(void)state;
	assert_false(skw_droplets_add(&d, D(UINT64_MAX), D(1)));
	assert_false(skw_droplets_sub(&d, D(1), D(2)));
	assert_false(skw_droplets_mul(&d, D(UINT64_MAX / 3 + 1), 3));
	assert_false(skw_hours_add(&h, H(1), H(UINT64_MAX)));
	assert_false(skw_hours_sub(&h, H(0), H(1)));
	assert_false(skw_hours_mul(&h, H(UINT64_MAX), 2));
	assert_true(d.n == 7 && h.n == 7);
	assert_true(skw_droplets_add(&d, D(UINT64_MAX - 1), D(1)) && d.n == UINT64_MAX);
	assert_true(skw_droplets_sub(&d, D(2), D(2)) && d.n == 0);
	assert_true(skw_droplets_mul(&d, D(UINT64_MAX / 3), 3) && d.n == UINT64_MAX);
	assert_true(skw_droplets_mul(&d, D(5), 0) && d.n == 0);
	assert_true(skw_hours_add(&h, H(2), H(3)) && h.n == 5);
	assert_true(skw_hours_sub(&h, H(3), H(1)) && h.n == 2);
	assert_true(skw_hours_mul(&h, H(UINT64_MAX / 2), 2) && h.n == UINT64_MAX - 1);
}

static void droplets_as_text(void **state)
{
	static const struct {
		const char *text;
		uint64_t n;
	} good[] = {
		{ "0", 0 },        { "1", 1000000 },     { "1000000.000000", 1000000000000 },
		{ "0.000001", 1 }, { "12.3", 12300000 }, { "9223372036854.775807", INT64_MAX },
	};
	static const char *const bad[] = { "",
					   ".",
					   ".5",
					   "1.",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "1.0000001",
					   "1e3",
					   "1,5",
					   "0x1",
					   "1.2.3",
					   "9223372036854.775808",
					   "99999999999999999999" };
	char text[SKW_DROPLETS_TEXT];
	struct skw_droplets d;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(skw_droplets_parse(&d, good[i].text));
		assert_int_equal(d.n, good[i].n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (skw_droplets_parse(&d, bad[i]))
			fail_msg("took \"%s\"", bad[i]);
	skw_droplets_print(text, D(12300001));
	assert_string_equal(text, "12.300001");
	skw_droplets_print(text, D(UINT64_MAX));
	assert_string_equal(text, "18446744073709.551615");
}

/* FIPS 180 and the RIPEMD-160 paper: the hash of "abc". */
static void hashes_of_abc(void **state)
{
	char text[SKW_SHA256_TEXT];
	struct skw_sha256 h;
	uint8_t r[20];

	(void)state;
	skw_sha256_of(&h, (const uint8_t *)"abc", 3);
	skw_sha256_print(text, &h);
	assert_string_equal(text,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	skw_ledger_ripemd160(r, (const uint8_t *)"abc", 3);
	skw_ledger_hex_print(text, r, 20);
	assert_string_equal(text, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
	assert_false(skw_sha256_parse(&h, "ba78"));
	assert_false(skw_sha256_parse(
	    &h, "zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

static void base58_both_ways(void **state)
{
	/* Bitcoin's own test pairs */
	static const char *const pairs[][2] = {
		{ "61", "2g" },
		{ "626262", "a3gV" },
		{ "516b6fcd0f", "ABnLTmg" },
		{ "00000000000000000000", "1111111111" },
		{ "00eb15231dfceb60925886b67d065299925915aeb172c06647",
		  "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L" },
		{ "ecac89cad93923c02321", "EJDM8drfXA6uyA" },
	};
	uint8_t bytes[64];
	char text[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct skw_bytes b = from_hex(pairs[i][0], strlen(pairs[i][0]));

		assert_true(skw_base58_print(text, sizeof(text), b.data, b.len));
		assert_string_equal(text, pairs[i][1]);
		assert_int_equal(skw_base58_parse(bytes, sizeof(bytes), &len, text), SKW_BASE58_OK);
		assert_int_equal(len, b.len);
		assert_memory_equal(bytes, b.data, len);
		assert_false(skw_base58_print(text, strlen(pairs[i][1]), b.data, b.len));
		assert_int_equal(skw_base58_parse(bytes, b.len - 1, &len, pairs[i][1]),
				 SKW_BASE58_SIZE);
		skw_bytes_free(&b);
	}
	assert_int_equal(skw_base58_parse(bytes, sizeof(bytes), &len, ""), SKW_BASE58_EMPTY);
	assert_int_equal(skw_base58_parse(bytes, sizeof(bytes), &len, "a0"), SKW_BASE58_CHARACTER);
}

static void addresses_both_ways(void **state)
{
	static const char good[] = "2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6";
	/* version 1 in an otherwise right address, made with another program */
	char text[SKW_ADDRESS_TEXT], wrong[SKW_ADDRESS_TEXT];
	struct skw_address address;
	uint8_t bytes[25];
	struct skw_sha256 h;

	(void)state;
	assert_int_equal(skw_address_parse(&address, good), SKW_ADDRESS_OK);
	skw_address_print(text, &address);
	assert_string_equal(text, good);
	assert_int_equal(skw_address_parse(&address, ""), SKW_ADDRESS_EMPTY);
	assert_int_equal(skw_address_parse(&address, "xx"), SKW_ADDRESS_SIZE);
	assert_int_equal(skw_address_parse(&address, "2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os66"),
			 SKW_ADDRESS_SIZE);
	assert_int_equal(skw_address_parse(&address, "2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8osl"),
			 SKW_ADDRESS_CHARACTER);
	for (size_t i = 1; i < sizeof(good) - 1; i++) {
		strcpy(wrong, good);
		wrong[i] = wrong[i] == 'z' ? 'y' : 'z';
		assert_int_not_equal(skw_address_parse(&address, wrong), SKW_ADDRESS_OK);
	}
	memset(bytes, 7, sizeof(bytes));
	bytes[20] = 1;
	skw_sha256_of(&h, bytes, 21);
	memcpy(bytes + 21, h.b, 4);
	skw_base58_print(text, sizeof(text), bytes, sizeof(bytes));
	assert_int_equal(skw_address_parse(&address, text), SKW_ADDRESS_VERSION);
	bytes[24] ^= 1;
	skw_base58_print(text, sizeof(text), bytes, sizeof(bytes));
	assert_int_equal(skw_address_parse(&address, text), SKW_ADDRESS_CHECKSUM);
	assert_string_equal(skw_address_status_text(SKW_ADDRESS_CHECKSUM), "Invalid checksum");
}

static json_t *vectors(void)
{
	json_t *root = json_load_file(VECTORS "crypto-extra.json", 0, NULL);

	assert_non_null(root);
	return root;
}

static const char *str(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static void the_salted_hash_of_seeds(void **state)
{
	json_t *root = vectors(), *list = json_object_get(root, "secp256k1hash"), *entry;
	size_t i;

	(void)state;
	assert_true(json_array_size(list) >= 5);
	json_array_foreach(list, i, entry)
	{
		const char *seed = str(entry, "Seed");
		struct skw_bytes raw = from_hex(seed, strlen(seed));
		struct skw_sha256 found, want = hash_of_text(str(entry, "Hash"));

		skw_coin_salted_hash(&found, raw.data, raw.len);
		assert_memory_equal(found.b, want.b, 32);
		skw_bytes_free(&raw);
	}
	json_decref(root);
}

static void a_shared_secret_from_either_side(void **state)
{
	json_t *root = vectors(), *v = json_object_get(root, "ecdh");
	struct skw_coin_public a, b, own;
	struct skw_coin_secret sa, sb;
	struct skw_sha256 found, want = hash_of_text(str(v, "shared"));

	(void)state;
	assert_true(skw_ledger_hex_parse(a.b, 33, str(v, "pub_a"), 66));
	assert_true(skw_ledger_hex_parse(b.b, 33, str(v, "pub_b"), 66));
	assert_true(skw_ledger_hex_parse(sa.b, 32, str(v, "sec_a"), 64));
	assert_true(skw_ledger_hex_parse(sb.b, 32, str(v, "sec_b"), 64));
	assert_true(skw_coin_public_of(&own, &sa));
	assert_memory_equal(own.b, a.b, 33);
	assert_true(skw_coin_shared(&found, &b, &sa));
	assert_memory_equal(found.b, want.b, 32);
	assert_true(skw_coin_shared(&found, &a, &sb));
	assert_memory_equal(found.b, want.b, 32);
	b.b[0] = 4;
	assert_false(skw_coin_shared(&found, &b, &sa));
	assert_false(skw_coin_public_valid(&b));
	json_decref(root);
}

/* What was written with the format's formula in Python for the text seed "skywave test seed". */
static void keys_of_a_wallet_seed(void **state)
{
	static const char *const want[] = { "NCX7WQmskgTNNnfNxUyTXMHJxc9SVp7rmp",
					    "ogzJwYnfN3C2p6BGTxxty5uVxYEWrboNGp",
					    "HQwBeveAUj54pgaPCj8rUgrfSzUxS6wF4B",
					    "2GHUgZoBqC3nuVKSK9w2m2cDhhWUYdyxKeZ" };
	static const char seed[] = "skywave test seed";
	char text[SKW_ADDRESS_TEXT];
	struct skw_coin_secret secret, single;
	struct skw_address address;
	struct skw_sha256 next;

	(void)state;
	skw_coin_next(&next, &secret, (const uint8_t *)seed, strlen(seed));
	skw_coin_secret_of_seed(&single, (const uint8_t *)seed, strlen(seed));
	assert_memory_equal(secret.b, single.b, 32);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		if (i > 0)
			skw_coin_next(&next, &secret, next.b, sizeof(next.b));
		assert_true(skw_address_of_secret(&address, &secret));
		skw_address_print(text, &address);
		assert_string_equal(text, want[i]);
	}
}

static void signatures_and_their_forgeries(void **state)
{
	/* the group order, to turn s into n - s */
	static const uint8_t n[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
				       0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
				       0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };
	struct skw_coin_secret secret, zero = { { 0 } }, order;
	struct skw_coin_public own, found;
	struct skw_sha256 hash, none = { { 0 } };
	struct skw_coin_sig sig, bad;
	int borrow = 0;

	(void)state;
	skw_coin_secret_of_seed(&secret, (const uint8_t *)"a", 1);
	memcpy(order.b, n, 32);
	assert_true(skw_coin_public_of(&own, &secret));
	assert_false(skw_coin_public_of(&found, &zero) || skw_coin_public_of(&found, &order));
	skw_sha256_of(&hash, (const uint8_t *)"hello", 5);
	assert_true(skw_coin_sign(&sig, &hash, &secret));
	assert_true(skw_coin_recover(&found, &sig, &hash));
	assert_memory_equal(found.b, own.b, 33);
	assert_true(skw_coin_verify(&sig, &hash, &own));
	assert_false(skw_coin_sign(&bad, &none, &secret));
	assert_false(skw_coin_sign(&bad, &hash, &zero));
	assert_false(skw_coin_recover(&found, &sig, &none));

	for (size_t i = 0; i < 65; i++) { /* no flipped bit leaves it ours */
		bad = sig;
		bad.b[i] ^= 1;
		assert_false(skw_coin_verify(&bad, &hash, &own));
	}
	bad = sig;
	bad.b[64] = 4;
	assert_false(skw_coin_recover(&found, &bad, &hash));

	bad = sig; /* the twin: n - s, with the other parity. Right in all but its top bit */
	for (int i = 31; i >= 0; i--) {
		int d = n[i] - sig.b[32 + i] - borrow;

		bad.b[32 + i] = (uint8_t)d;
		borrow = d < 0;
	}
	bad.b[64] ^= 1;
	assert_true(bad.b[32] >= 0x80);
	assert_false(skw_coin_recover(&found, &bad, &hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(money_says_when_it_does_not_fit),
		cmocka_unit_test(droplets_as_text),
		cmocka_unit_test(hashes_of_abc),
		cmocka_unit_test(base58_both_ways),
		cmocka_unit_test(addresses_both_ways),
		cmocka_unit_test(the_salted_hash_of_seeds),
		cmocka_unit_test(a_shared_secret_from_either_side),
		cmocka_unit_test(keys_of_a_wallet_seed),
		cmocka_unit_test(signatures_and_their_forgeries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
