/* skywave wallet: keys and addresses, offline but for balance and send. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "cli/skw_cli.h"
#include "cli/skw_cli_args.h"
#include "cli/skw_cli_http.h"
#include "cli/skw_cli_send.h"
#include "ledger/skw_json.h"
#include "ledger/skw_wallet.h"

struct options {
	const char *seed, *label, *count, *node, *to, *amount, *hours;
	bool json, secrets, help;
	const char *argument; /* a wallet file, or an address */
};

static int usage(FILE *out)
{
	fputs(
	    "usage: skywave wallet create FILE [--seed TEXT] [--label TEXT] [--count N]\n"
	    "       skywave wallet address FILE [--count N]          add addresses\n"
	    "       skywave wallet list FILE\n"
	    "       skywave wallet balance FILE [--node URL]\n"
	    "       skywave wallet send FILE --to ADDRESS --amount SKY [--hours N] [--node URL]\n"
	    "       skywave wallet addressgen --seed TEXT [--count N] [--secrets]\n"
	    "       skywave wallet verify ADDRESS\n"
	    "each with --json. Without --seed a random one is made; it is in the file. The node's\n"
	    "URL is " SKW_CLI_NODE " unless told otherwise.\n",
	    out);
	return out == stdout ? 0 : 2;
}

static int print(struct skw_json *j)
{
	bool ok = !j->failed;

	if (ok)
		puts(j->text);
	skw_json_free(j);
	return ok ? 0 : 1;
}

static int failed(const char *path, enum skw_wallet_status status)
{
	fprintf(stderr, "skywave wallet: %s: %s%s%s\n", path, skw_wallet_status_text(status),
		status == SKW_WALLET_FILE ? ": " : "",
		status == SKW_WALLET_FILE ? strerror(errno) : "");
	return 1;
}

/* Addresses from entry `first` on, a line each. */
static int print_entries(const struct skw_wallet *wallet, size_t first, bool json)
{
	struct skw_json j = { 0 };
	char text[SKW_ADDRESS_TEXT];

	if (json) {
		skw_json_object(&j, NULL);
		skw_json_string(&j, "label", skw_wallet_label(wallet));
		skw_json_list(&j, "addresses");
	}
	for (size_t i = first; i < skw_wallet_count(wallet); i++) {
		skw_address_print(text, &skw_wallet_entry(wallet, i)->address);
		if (json)
			skw_json_string(&j, NULL, text);
		else
			puts(text);
	}
	if (!json)
		return 0;
	skw_json_end_list(&j);
	skw_json_end_object(&j);
	return print(&j);
}

static int create(const struct options *o, uint64_t count)
{
	struct skw_wallet *wallet = NULL;
	enum skw_wallet_status status;
	uint8_t random[32];
	char seed[65];
	int result;

	if (sodium_init() < 0)
		return 1;
	randombytes_buf(random, sizeof(random));
	skw_ledger_hex_print(seed, random, sizeof(random));
	status = skw_wallet_new(&wallet, o->seed != NULL ? o->seed : seed,
				o->label != NULL ? o->label : "", (uint64_t)time(NULL));
	sodium_memzero(random, sizeof(random));
	sodium_memzero(seed, sizeof(seed));
	if (status == SKW_WALLET_OK)
		status = skw_wallet_grow(wallet, count);
	if (status == SKW_WALLET_OK)
		status = skw_wallet_create(wallet, o->argument);
	result = status == SKW_WALLET_OK ? print_entries(wallet, 0, o->json)
					 : failed(o->argument, status);
	skw_wallet_free(wallet);
	return result;
}

static int add(const struct options *o, uint64_t count)
{
	struct skw_wallet *wallet;
	enum skw_wallet_status status = skw_wallet_load(&wallet, o->argument);
	size_t before = 0;
	int result;

	if (status == SKW_WALLET_OK) {
		before = skw_wallet_count(wallet);
		status = skw_wallet_grow(wallet, count);
	}
	if (status == SKW_WALLET_OK)
		status = skw_wallet_save(wallet, o->argument);
	result = status == SKW_WALLET_OK ? print_entries(wallet, before, o->json)
					 : failed(o->argument, status);
	skw_wallet_free(wallet);
	return result;
}

static int list(const struct options *o)
{
	struct skw_wallet *wallet;
	enum skw_wallet_status status = skw_wallet_load(&wallet, o->argument);
	int result = status == SKW_WALLET_OK ? print_entries(wallet, 0, o->json)
					     : failed(o->argument, status);

	skw_wallet_free(wallet);
	return result;
}

/* One key of a bulk run: as a line, or as an element of the list. */
static void print_key(struct skw_json *j, const struct options *o,
		      const struct skw_coin_secret *secret)
{
	struct skw_coin_public key;
	struct skw_address address;
	char text[SKW_ADDRESS_TEXT], hex[65];

	skw_coin_public_of(&key, secret);
	skw_address_of_public(&address, &key);
	skw_address_print(text, &address);
	skw_ledger_hex_print(hex, secret->b, sizeof(secret->b));
	if (!o->json) {
		printf("%s%s%s\n", text, o->secrets ? " " : "", o->secrets ? hex : "");
	} else {
		skw_json_object(j, NULL);
		skw_json_string(j, "address", text);
		skw_json_hex(j, "public_key", key.b, sizeof(key.b));
		if (o->secrets)
			skw_json_string(j, "secret_key", hex);
		skw_json_end_object(j);
	}
	sodium_memzero(hex, sizeof(hex));
}

static int generate(const struct options *o, uint64_t count)
{
	const uint8_t *seed = (const uint8_t *)o->seed;
	size_t len = strlen(o->seed);
	struct skw_coin_secret secret;
	struct skw_sha256 next;
	struct skw_json j = { 0 };

	if (o->json)
		skw_json_list(&j, NULL);
	for (uint64_t i = 0; i < count; i++) {
		skw_coin_next(&next, &secret, seed, len);
		print_key(&j, o, &secret);
		seed = next.b;
		len = sizeof(next.b);
	}
	sodium_memzero(&secret, sizeof(secret));
	sodium_memzero(&next, sizeof(next));
	if (!o->json)
		return 0;
	skw_json_end_list(&j);
	return print(&j);
}

static int verify(const struct options *o)
{
	struct skw_address address;
	enum skw_address_status status = skw_address_parse(&address, o->argument);
	struct skw_json j = { 0 };

	if (o->json) {
		skw_json_object(&j, NULL);
		skw_json_string(&j, "address", o->argument);
		skw_json_bool(&j, "valid", status == SKW_ADDRESS_OK);
		if (status != SKW_ADDRESS_OK)
			skw_json_string(&j, "error", skw_address_status_text(status));
		skw_json_end_object(&j);
		print(&j);
	} else if (status == SKW_ADDRESS_OK) {
		puts("valid");
	} else {
		fprintf(stderr, "skywave wallet: %s: %s\n", o->argument,
			skw_address_status_text(status));
	}
	return status == SKW_ADDRESS_OK ? 0 : 1;
}

static int online(const struct options *o, bool send)
{
	const char *node = o->node != NULL ? o->node : SKW_CLI_NODE;
	struct skw_tx_output to = { 0 };
	struct skw_wallet *wallet;
	enum skw_wallet_status status;
	uint64_t hours = 0;
	int result;

	if (send && (o->to == NULL || o->amount == NULL))
		return usage(stderr);
	if (send && skw_address_parse(&to.address, o->to) != SKW_ADDRESS_OK) {
		fprintf(stderr, "skywave wallet: %s is no address\n", o->to);
		return 2;
	}
	if (send && (!skw_droplets_parse(&to.coins, o->amount) || to.coins.n == 0)) {
		fprintf(stderr, "skywave wallet: %s is no amount of SKY\n", o->amount);
		return 2;
	}
	if (o->hours != NULL && !skw_cli_number(&hours, o->hours, "--hours", 0, INT64_MAX))
		return 2;
	to.hours.n = hours;
	status = skw_wallet_load(&wallet, o->argument);
	if (status != SKW_WALLET_OK)
		return failed(o->argument, status);
	result = send ? skw_cli_send(wallet, node, &to, o->hours != NULL, o->json)
		      : skw_cli_balance(wallet, node, o->json);
	skw_wallet_free(wallet);
	return result;
}

static int run(const char *verb, const struct options *o)
{
	uint64_t count = 1;

	if (o->count != NULL &&
	    !skw_cli_number(&count, o->count, "--count", 1, SKW_WALLET_MAX * 100))
		return 2;
	if (strcmp(verb, "addressgen") == 0)
		return o->seed != NULL && *o->seed != '\0' && o->argument == NULL
			   ? generate(o, count)
			   : usage(stderr);
	if (o->argument == NULL)
		return usage(stderr);
	if (strcmp(verb, "create") == 0)
		return create(o, count);
	if (strcmp(verb, "address") == 0)
		return add(o, count);
	if (strcmp(verb, "list") == 0)
		return list(o);
	if (strcmp(verb, "verify") == 0)
		return verify(o);
	if (strcmp(verb, "balance") == 0 || strcmp(verb, "send") == 0)
		return online(o, strcmp(verb, "send") == 0);
	fprintf(stderr, "skywave wallet: no command '%s'\n", verb);
	return usage(stderr);
}

int skw_cli_wallet(int argc, char **argv)
{
	struct options o = { 0 };
	const struct skw_cli_option options[] = {
		{ "--seed", &o.seed, NULL },       { "--label", &o.label, NULL },
		{ "--count", &o.count, NULL },     { "--node", &o.node, NULL },
		{ "--to", &o.to, NULL },           { "--amount", &o.amount, NULL },
		{ "--hours", &o.hours, NULL },     { "--json", NULL, &o.json },
		{ "--secrets", NULL, &o.secrets }, { "--help", NULL, &o.help },
	};
	const char *rest[2] = { NULL, NULL };
	int count;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), rest, 2,
			   &count))
		return 2;
	if (o.help)
		return usage(stdout);
	if (count == 0)
		return usage(stderr);
	o.argument = rest[1];
	return run(rest[0], &o);
}
