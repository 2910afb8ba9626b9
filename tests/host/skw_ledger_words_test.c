/* rooms: ledger wire
 * BIP-39, BIP-32 and BIP-44, Bitcoin's forms, and the wallet ciphers, against the documents'
 * vectors and ciphertexts of the original. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <unistd.h>

#include "ledger/skw_address.h"
#include "ledger/skw_bip32.h"
#include "ledger/skw_bip39.h"
#include "ledger/skw_bitcoin.h"
#include "ledger/skw_crypt.h"
#include "skw_ledger_vectors.h"

#define BIP "tests/vectors/bip/"

/* ---- words ---- */

static void the_list_is_the_published_one(void **state)
{
	crypto_hash_sha256_state all;
	uint8_t sum[32];
	char hex[65];

	(void)state;
	crypto_hash_sha256_init(&all);
	for (unsigned i = 0; i < SKW_BIP39_WORDS; i++) {
		crypto_hash_sha256_update(&all, (const uint8_t *)skw_bip39_words[i],
					  strlen(skw_bip39_words[i]));
		crypto_hash_sha256_update(&all, (const uint8_t *)"\n", 1);
		assert_true(i == 0 || strcmp(skw_bip39_words[i - 1], skw_bip39_words[i]) < 0);
	}
	crypto_hash_sha256_final(&all, sum);
	skw_ledger_hex_print(hex, sum, 32);
	assert_string_equal(hex,
			    "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
}

static void words_are_those_of_the_vectors(void **state)
{
	char *text = read_text(BIP "bip39.tsv"), *at = text, *line;
	unsigned lines = 0;

	(void)state;
	while ((line = strsep(&at, "\n")) != NULL && *line != '\0') {
		const char *entropy = strsep(&line, "\t"), *words = strsep(&line, "\t"),
			   *seed = strsep(&line, "\t"), *root = line;
		uint8_t bytes[32], back[32], made[SKW_BIP39_SEED];
		char printed[SKW_BIP39_TEXT], hex[129], xprv[SKW_BIP32_TEXT];
		size_t len = strlen(entropy) / 2, back_len;
		struct skw_bip32 key;

		assert_true(skw_ledger_hex_parse(bytes, len, entropy, 2 * len));
		assert_true(skw_bip39_print(printed, bytes, len));
		assert_string_equal(printed, words);
		assert_int_equal(skw_bip39_parse(back, &back_len, words), SKW_BIP39_OK);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
		skw_bip39_seed(made, words, "TREZOR");
		skw_ledger_hex_print(hex, made, sizeof(made));
		assert_string_equal(hex, seed);
		assert_true(skw_bip32_master(&key, made, sizeof(made)));
		skw_bip32_print(xprv, &key);
		assert_string_equal(xprv, root);
		lines++;
	}
	assert_int_equal(lines, 24);
	free(text);
}

static void wrong_words_say_what_is_wrong(void **state)
{
	static const char good[] = "legal winner thank year wave sausage worth useful legal winner "
				   "thank yellow";
	static const struct {
		const char *text;
		enum skw_bip39_status status;
	} cases[] = {
		{ good, SKW_BIP39_OK },
		{ "", SKW_BIP39_COUNT },
		{ "abandon", SKW_BIP39_COUNT },
		{ "legal winner thank year wave sausage worth useful legal winner thank",
		  SKW_BIP39_COUNT },
		{ "legal winner thank year wave sausage worth useful legal winner thank yellow "
		  "abandon",
		  SKW_BIP39_COUNT },
		{ " legal winner thank year wave sausage worth useful legal winner thank yellow",
		  SKW_BIP39_COUNT },
		{ "legal winner thank year wave sausage worth useful legal winner thank yellow ",
		  SKW_BIP39_COUNT },
		{ "legal  winner thank year wave sausage worth useful legal winner thank yellow",
		  SKW_BIP39_COUNT },
		{ "winner legal thank year wave sausage worth useful legal winner thank yellow",
		  SKW_BIP39_CHECKSUM },
		{ "legal winner thank year wave sausage worth useful legal winner thank year",
		  SKW_BIP39_CHECKSUM },
		{ "legal winner thank year wave sausage worth useful legal winner thank yello",
		  SKW_BIP39_WORD_NOT },
		{ "legal winner thank year wave sausage worth useful legal winner thank yelloww",
		  SKW_BIP39_WORD_NOT },
		{ "Legal winner thank year wave sausage worth useful legal winner thank yellow",
		  SKW_BIP39_WORD_NOT },
		{ "legal winner thank year wave sausage worth useful legal winner thank "
		  "zzzzzzzzzzzz",
		  SKW_BIP39_WORD_NOT },
	};
	char many[400] = "", out[SKW_BIP39_TEXT];
	uint8_t bytes[36] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(skw_bip39_check(cases[i].text), cases[i].status);
	/* nine words are too few, even those with a right checksum: some of these have one */
	for (unsigned i = 0; i < SKW_BIP39_WORDS; i++) {
		snprintf(many, sizeof(many), "zoo zoo zoo zoo zoo zoo zoo zoo %s",
			 skw_bip39_words[i]);
		assert_int_equal(skw_bip39_check(many), SKW_BIP39_COUNT);
	}
	many[0] = '\0';
	for (unsigned i = 0; i < 27; i++)
		strcat(many, i == 0 ? "abandon" : " abandon");
	assert_int_equal(skw_bip39_check(many), SKW_BIP39_COUNT);
	for (size_t len = 0; len <= sizeof(bytes); len++)
		assert_int_equal(skw_bip39_print(out, bytes, len),
				 len >= 16 && len <= 32 && len % 4 == 0);
}

/* ---- trees ---- */

static void walk(struct skw_bip32 *key, struct skw_bip32 *watched, const char *path)
{
	skw_bip32_public(watched, key);
	for (const char *at = strchr(path, '/'); at != NULL; at = strchr(at, '/')) {
		char *end;
		uint32_t index = (uint32_t)strtoul(++at, &end, 10);

		if (*end == '\'') {
			index |= SKW_BIP32_HARDENED;
			assert_false(skw_bip32_child(watched, watched, index));
			assert_true(skw_bip32_child(key, key, index));
			skw_bip32_public(watched, key);
		} else {
			assert_true(skw_bip32_child(key, key, index));
			assert_true(skw_bip32_child(watched, watched, index));
		}
	}
}

static void trees_are_those_of_the_vectors(void **state)
{
	char *text = read_text(BIP "bip32.tsv"), *at = text, *line;
	unsigned good = 0, bad = 0;

	(void)state;
	while ((line = strsep(&at, "\n")) != NULL && *line != '\0') {
		const char *seed = strsep(&line, "\t"), *path = strsep(&line, "\t"),
			   *xpub = strsep(&line, "\t"), *xprv = line;
		struct skw_bip32 key, watched, parsed;
		char printed[SKW_BIP32_TEXT];
		uint8_t bytes[64];

		if (strcmp(seed, "invalid") == 0) {
			assert_false(skw_bip32_parse(&key, path));
			bad++;
			continue;
		}
		assert_true(skw_ledger_hex_parse(bytes, strlen(seed) / 2, seed, strlen(seed)));
		assert_true(skw_bip32_master(&key, bytes, strlen(seed) / 2));
		walk(&key, &watched, path);
		skw_bip32_print(printed, &key);
		assert_string_equal(printed, xprv);
		skw_bip32_print(printed, &watched);
		assert_string_equal(printed, xpub);
		assert_true(skw_bip32_parse(&parsed, xprv) && parsed.is_private);
		skw_bip32_print(printed, &parsed);
		assert_string_equal(printed, xprv);
		assert_memory_equal(&parsed.public_key, &key.public_key, 33);
		assert_true(skw_bip32_parse(&parsed, xpub) && !parsed.is_private);
		skw_bip32_print(printed, &parsed);
		assert_string_equal(printed, xpub);
		good++;
	}
	assert_true(good == 17 && bad >= 16);
	free(text);
}

static void trees_end_somewhere(void **state)
{
	static const uint8_t seed[65] = { 1 };
	struct skw_bip32 key, step;

	(void)state;
	assert_false(skw_bip32_master(&key, seed, 15));
	assert_false(skw_bip32_master(&key, seed, 65));
	assert_true(skw_bip32_master(&key, seed, 16));
	for (unsigned i = 0; i < 255; i++)
		assert_true(skw_bip32_child(&key, &key, i));
	assert_int_equal(key.depth, 255);
	assert_false(skw_bip32_child(&key, &key, 0));
	/* m/44'/8000'/0' step by step */
	assert_true(skw_bip44_account(&key, seed, 64, SKW_BIP44_SKYCOIN, 0));
	assert_true(skw_bip32_master(&step, seed, 64));
	walk(&step, &(struct skw_bip32) { 0 }, "m/44'/8000'/0'");
	assert_memory_equal(&key, &step, sizeof(key));
	assert_false(skw_bip32_parse(&key, ""));
}

/* ---- Bitcoin's forms ---- */

/* The generator point's own key: 1, whose address and WIF everybody knows. */
static void bitcoins_forms_of_the_key_one(void **state)
{
	struct skw_coin_secret one = { { 0 } }, back;
	struct skw_coin_public key;
	char address[SKW_BITCOIN_TEXT], wif[SKW_WIF_TEXT];

	(void)state;
	one.b[31] = 1;
	assert_true(skw_coin_public_of(&key, &one));
	skw_bitcoin_print(address, &key);
	assert_string_equal(address, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH");
	skw_wif_print(wif, &one);
	assert_string_equal(wif, "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn");
	assert_true(skw_wif_parse(&back, wif));
	assert_memory_equal(&back, &one, sizeof(one));
	assert_true(skw_bitcoin_valid(address));
	assert_false(skw_bitcoin_valid(wif));
	assert_false(skw_wif_parse(&back, address));
	for (size_t i = 0; i < strlen(wif); i++) {
		char was = wif[i];

		wif[i] = was == 'a' ? 'b' : 'a';
		assert_false(skw_wif_parse(&back, wif));
		wif[i] = was;
	}
	address[5] = '1';
	assert_false(skw_bitcoin_valid(address));
	assert_false(skw_bitcoin_valid(""));
	assert_false(skw_bitcoin_valid("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"));
	/* right checksums: another byte behind the key, the test net, the key 0 */
	assert_false(skw_wif_parse(&back, "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sfZr2ym"));
	assert_false(skw_wif_parse(&back, "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA"));
	assert_false(skw_wif_parse(&back, "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73Nd2Mcv1"));
	/* the same secret without the byte for a compressed key */
	assert_false(skw_wif_parse(&back, "5HpHagT65TZzG1PH3CSu63k8DbpvD8s5ip4nEB3kEsreAnchuDf"));
}

/* ---- ciphers ---- */

static const char *str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool memory_for_scrypt(void)
{
	return (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) > (uint64_t)2
											   << 30;
}

static void ciphertexts_of_the_original_open(void **state)
{
	json_t *root = json_load_file(VECTORS "crypto-extra.json", 0, NULL), *entry;
	unsigned opened = 0;
	size_t i;

	(void)state;
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "encrypt"), i, entry)
	{
		struct skw_bytes want = from_hex(str(entry, "Plain"), strlen(str(entry, "Plain")));
		enum skw_crypt_kind kind;
		uint8_t *plain;
		size_t len;
		/* the last was sealed with the default parameters: 1 GiB */
		bool heavy = strcmp(str(entry, "Password"), "pwd") == 0;

		assert_true(skw_crypt_kind_parse(&kind, str(entry, "Crypto")));
		if (heavy && (!memory_for_scrypt() || getenv("SKW_SMALL") != NULL)) {
			print_message("skipped: 1 GiB of scrypt\n");
		} else {
			assert_int_equal(skw_crypt_open(&plain, &len, NULL, kind,
							str(entry, "Cipher"),
							str(entry, "Password")),
					 SKW_CRYPT_OK);
			assert_int_equal(len, want.len);
			assert_memory_equal(plain, want.data, len);
			assert_int_equal(plain[len], 0);
			sodium_free(plain);
			opened++;
		}
		if (!heavy) {
			assert_int_equal(
			    skw_crypt_open(&plain, &len, NULL, kind, str(entry, "Cipher"), "pwd"),
			    SKW_CRYPT_PASSWORD);
			assert_null(plain);
		}
		skw_bytes_free(&want);
	}
	assert_true(opened >= 12);
	json_decref(root);
}

static const struct skw_crypt_cost tiny = { 16, 1, 1 };

static void what_is_sealed_opens(void **state)
{
	static const char password[] = "p\xc3\xa4ss word";
	uint8_t data[200], *plain;
	char *text, *again;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (unsigned kind = 0; kind < 2; kind++)
		for (size_t n = 0; n <= sizeof(data); n += n < 70 ? 1 : 33) {
			assert_int_equal(
			    skw_crypt_seal(&text, NULL, kind, &tiny, password, data, n),
			    SKW_CRYPT_OK);
			assert_int_equal(
			    skw_crypt_seal(&again, NULL, kind, &tiny, password, data, n),
			    SKW_CRYPT_OK);
			assert_string_not_equal(text, again); /* salt and nonce are fresh */
			assert_int_equal(skw_crypt_open(&plain, &len, NULL, kind, text, password),
					 SKW_CRYPT_OK);
			assert_int_equal(len, n);
			assert_memory_equal(plain, data, n);
			sodium_free(plain);
			assert_int_equal(skw_crypt_open(&plain, &len, NULL, kind, text, "p"),
					 SKW_CRYPT_PASSWORD);
			free(text);
			free(again);
		}
}

static void altered_ciphertexts_do_not_open(void **state)
{
	uint8_t *plain;
	char *text;
	size_t len;

	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		assert_int_equal(
		    skw_crypt_seal(&text, NULL, kind, &tiny, "pw", (const uint8_t *)"secret", 6),
		    SKW_CRYPT_OK);
		for (size_t i = 0; i < strlen(text); i++) {
			char was = text[i];

			text[i] = was == 'A' ? 'B' : 'A';
			if (text[i + 1] != '=' && was != '=') /* there some bits mean nothing */
				assert_int_not_equal(
				    skw_crypt_open(&plain, &len, NULL, kind, text, "pw"),
				    SKW_CRYPT_OK);
			text[i] = was;
		}
		for (size_t cut = strlen(text) - 1; cut > 0; cut--) {
			text[cut] = '\0';
			assert_int_not_equal(skw_crypt_open(&plain, &len, NULL, kind, text, "pw"),
					     SKW_CRYPT_OK);
		}
		assert_int_equal(skw_crypt_open(&plain, &len, NULL, kind, "", "pw"),
				 SKW_CRYPT_FORMAT);
		free(text);
	}
}

/* A ciphertext whose parameters are `json`. */
static enum skw_crypt_status open_with(const char *json)
{
	uint8_t bytes[700] = { (uint8_t)strlen(json), (uint8_t)(strlen(json) >> 8) }, *plain;
	char text[1000];
	size_t len;

	memcpy(bytes + 2, json, strlen(json));
	sodium_bin2base64(text, sizeof(text), bytes, 2 + strlen(json) + 16 + 5,
			  sodium_base64_VARIANT_ORIGINAL);
	return skw_crypt_open(&plain, &len, NULL, SKW_CRYPT_SCRYPT, text, "pw");
}

#define SALT "\"salt\":\"qoSier/503WlqCfIKoZIIDTWJZgpTURIq/ln+VBu4h0=\""
#define NONCE "\"nonce\":\"nZrTEt8nEhL6r6Lg\""
#define PARAMETERS(n, r, p, k)                                                                     \
	"{\"n\":" n ",\"r\":" r ",\"p\":" p ",\"keyLen\":" k "," SALT "," NONCE "}"

static void absurd_parameters_are_refused_before_they_cost(void **state)
{
	static const struct {
		const char *json;
		enum skw_crypt_status status;
	} cases[] = {
		{ PARAMETERS("16", "1", "1", "32"), SKW_CRYPT_PASSWORD },
		{ PARAMETERS("2097152", "8", "1", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("1048576", "9", "1", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("1048576", "8", "3", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("4294967295", "1", "1", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("2147483648", "4294967295", "4294967295", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("2", "1", "4294967295", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("2", "4194304", "1", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("15", "1", "1", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("1", "1", "1", "32"), SKW_CRYPT_COST },
		{ PARAMETERS("0", "1", "1", "32"), SKW_CRYPT_FORMAT },
		{ PARAMETERS("-16", "1", "1", "32"), SKW_CRYPT_FORMAT },
		{ PARAMETERS("4294967312", "1", "1", "32"), SKW_CRYPT_FORMAT },
		{ PARAMETERS("16.0", "1", "1", "32"), SKW_CRYPT_FORMAT },
		{ PARAMETERS("\"16\"", "1", "1", "32"), SKW_CRYPT_FORMAT },
		{ PARAMETERS("16", "1", "1", "64"), SKW_CRYPT_FORMAT },
		{ PARAMETERS("16", "1", "1", "32,\"n\":16"), SKW_CRYPT_FORMAT },
		{ "{\"n\":16,\"r\":1,\"p\":1,\"keyLen\":32," SALT "}", SKW_CRYPT_FORMAT },
		{ "{\"n\":16,\"r\":1,\"p\":1,\"keyLen\":32," NONCE ",\"salt\":\"AAAA\"}",
		  SKW_CRYPT_FORMAT },
		{ "[]", SKW_CRYPT_FORMAT },
		{ "", SKW_CRYPT_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(open_with(cases[i].json), cases[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_the_published_one),
		cmocka_unit_test(words_are_those_of_the_vectors),
		cmocka_unit_test(wrong_words_say_what_is_wrong),
		cmocka_unit_test(trees_are_those_of_the_vectors),
		cmocka_unit_test(trees_end_somewhere),
		cmocka_unit_test(bitcoins_forms_of_the_key_one),
		cmocka_unit_test(ciphertexts_of_the_original_open),
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(altered_ciphertexts_do_not_open),
		cmocka_unit_test(absurd_parameters_are_refused_before_they_cost),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("ledger_words", tests, NULL, NULL);
}
