/* skywave wallet addressgen, verify: keys and addresses without a wallet file. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "cli/skw_cli_wallet.h"
#include "ledger/skw_bitcoin.h"

/* One key of a bulk run: as a line, or as an element of the list. */
static void print_key(struct skw_json *j, const struct skw_cli_wallet_options *o,
		      enum skw_wallet_coin coin, const struct skw_coin_secret *secret)
{
	struct skw_coin_public key;
	char text[SKW_WALLET_ADDRESS_TEXT], shown[65] = "";

	skw_coin_public_of(&key, secret);
	skw_wallet_print_address(text, coin, &key);
	if (o->secrets && coin == SKW_WALLET_BITCOIN)
		skw_wif_print(shown, secret);
	else if (o->secrets)
		skw_ledger_hex_print(shown, secret->b, sizeof(secret->b));
	if (!o->json) {
		printf("%s%s%s\n", text, o->secrets ? " " : "", shown);
	} else {
		skw_json_object(j, NULL);
		skw_json_string(j, "address", text);
		skw_json_hex(j, "public_key", key.b, sizeof(key.b));
		if (o->secrets)
			skw_json_string(j, "secret_key", shown);
		skw_json_end_object(j);
	}
	sodium_memzero(shown, sizeof(shown));
}

static int generate(const struct skw_cli_wallet_options *o, enum skw_wallet_coin coin,
		    const char *text, uint64_t count)
{
	const uint8_t *seed = (const uint8_t *)text;
	size_t len = strlen(text);
	struct skw_coin_secret secret;
	struct skw_sha256 next;
	struct skw_json j = { .secret = o->secrets };

	if (o->json)
		skw_json_list(&j, NULL);
	for (uint64_t i = 0; i < count && !j.failed; i++) {
		skw_coin_next(&next, &secret, seed, len);
		print_key(&j, o, coin, &secret);
		seed = next.b;
		len = sizeof(next.b);
	}
	sodium_memzero(&secret, sizeof(secret));
	sodium_memzero(&next, sizeof(next));
	if (!o->json)
		return 0;
	if (j.failed)
		fprintf(stderr, "skywave wallet: too much for one list: leave out --json\n");
	skw_json_end_list(&j);
	return skw_cli_wallet_print(&j);
}

int skw_cli_wallet_addressgen(const struct skw_cli_wallet_options *o, uint64_t count)
{
	struct skw_cli_secret *seed = NULL;
	enum skw_wallet_coin coin;
	int result;

	if (!skw_cli_wallet_coin(&coin, o->coin) || sodium_init() < 0)
		return 2;
	if (o->seed == NULL && (seed = skw_cli_secret_read(o->seed_file, "seed", false)) == NULL)
		return 1;
	if (o->seed != NULL && *o->seed == '\0') {
		fprintf(stderr, "skywave wallet: the seed is empty\n");
		return 2;
	}
	result = generate(o, coin, seed != NULL ? seed->text : o->seed, count);
	skw_cli_secret_free(seed);
	return result;
}

int skw_cli_wallet_verify(const struct skw_cli_wallet_options *o)
{
	struct skw_address address;
	struct skw_json j = { 0 };
	enum skw_wallet_coin coin;
	const char *why = NULL;

	if (!skw_cli_wallet_coin(&coin, o->coin))
		return 2;
	if (coin == SKW_WALLET_SKYCOIN) {
		enum skw_address_status status = skw_address_parse(&address, o->argument);

		why = status != SKW_ADDRESS_OK ? skw_address_status_text(status) : NULL;
	} else if (!skw_bitcoin_valid(o->argument)) {
		why = "not an address of a key (1...) with a right checksum";
	}
	if (o->json) {
		skw_json_object(&j, NULL);
		skw_json_string(&j, "address", o->argument);
		skw_json_bool(&j, "valid", why == NULL);
		if (why != NULL)
			skw_json_string(&j, "error", why);
		skw_json_end_object(&j);
		skw_cli_wallet_print(&j);
	} else if (why == NULL) {
		puts("valid");
	} else {
		fprintf(stderr, "skywave wallet: %s: %s\n", o->argument, why);
	}
	return why == NULL ? 0 : 1;
}
