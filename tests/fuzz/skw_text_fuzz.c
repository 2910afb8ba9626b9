/* rooms: wire keys ledger
 *
 * What people type or paste: addresses of nodes and of coins, keys of wallets, words, amounts, and
 * the file of a node's key. What is taken is printed as the same text again, so nothing has two
 * spellings but those that the formats allow. */

#include <strings.h>
#include <sys/stat.h>

#include "keys/skw_identity.h"
#include "ledger/skw_address.h"
#include "ledger/skw_base58.h"
#include "ledger/skw_bip32.h"
#include "ledger/skw_bip39.h"
#include "ledger/skw_bitcoin.h"
#include "ledger/skw_money.h"
#include "skw_fuzz.h"

static void coins(const char *text)
{
	char out[SKW_BIP32_TEXT + SKW_WIF_TEXT + SKW_ADDRESS_TEXT + SKW_DROPLETS_TEXT];
	struct skw_coin_secret secret;
	struct skw_address address;
	struct skw_droplets amount, again;
	struct skw_bip32 key;

	if (skw_address_parse(&address, text) == SKW_ADDRESS_OK) {
		skw_address_print(out, &address);
		FUZZ_CHECK(strcmp(out, text) == 0);
	}
	if (skw_bip32_parse(&key, text)) {
		skw_bip32_print(out, &key);
		FUZZ_CHECK(strcmp(out, text) == 0);
	}
	if (skw_wif_parse(&secret, text)) {
		FUZZ_CHECK(skw_coin_secret_valid(&secret));
		skw_wif_print(out, &secret);
		FUZZ_CHECK(strcmp(out, text) == 0);
	}
	skw_bitcoin_valid(text);
	if (skw_droplets_parse(&amount, text)) {
		skw_droplets_print(out, amount);
		FUZZ_CHECK(skw_droplets_parse(&again, out) && again.n == amount.n);
	}
}

static void base58(const char *text)
{
	uint8_t bytes[SKW_BASE58_MAX];
	char out[2 * SKW_BASE58_MAX];
	size_t len;

	if (skw_base58_parse(bytes, sizeof(bytes), &len, text) != SKW_BASE58_OK)
		return;
	FUZZ_CHECK(len <= sizeof(bytes) && skw_base58_print(out, sizeof(out), bytes, len));
	FUZZ_CHECK(strcmp(out, text) == 0);
}

static void words(const char *text)
{
	char out[SKW_BIP39_TEXT];
	uint8_t entropy[32];
	size_t len;

	if (skw_bip39_parse(entropy, &len, text) != SKW_BIP39_OK)
		return;
	FUZZ_CHECK(skw_bip39_check(text) == SKW_BIP39_OK && skw_bip39_print(out, entropy, len));
	FUZZ_CHECK(skw_bip39_check(out) == SKW_BIP39_OK);
}

static void nodes(const char *text)
{
	char out[SKW_ADDRESS_TEXT_LEN + 1];
	struct skw_node_address node;

	if (!skw_node_address_parse(&node, text))
		return;
	skw_node_address_format(&node, out);
	FUZZ_CHECK(strcasecmp(out, text) == 0);
}

static void key_file(const uint8_t *data, size_t len)
{
	struct skw_identity identity;
	char path[64];
	int fd = fuzz_file(data, len, path);

	fchmod(fd, 0600);
	if (skw_identity_load(&identity, path) == SKW_IDENTITY_OK)
		skw_identity_wipe(&identity);
	fchmod(fd, 0640);
	FUZZ_CHECK(skw_identity_load(&identity, path) == SKW_IDENTITY_UNSAFE);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	coins(text);
	base58(text);
	words(text);
	nodes(text);
	key_file(data, size);
	free(text);
	return 0;
}

static void seeds(void)
{
	fuzz_seed_text("address", "2GgFvqoyk9RjwVzj8tqfcXVXB4orBwoc9qv");
	fuzz_seed_text("bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2");
	fuzz_seed_text("wif", "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn");
	fuzz_seed_text("xpub", /* BIP-32, test vector 1, m */
		       "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Ru"
		       "pje8YtGqsefD265TMg7usUDFdp6W1EGMcet8");
	fuzz_seed_text("words", "abandon abandon abandon abandon abandon abandon abandon abandon "
				"abandon abandon abandon about");
	fuzz_seed_text("amount", "12.345678");
	fuzz_seed_text("node", "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	fuzz_seed_text("key", "skywave-key-1 "
			      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
}

FUZZ_START(seeds)
