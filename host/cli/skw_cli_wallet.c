/* skywave wallet: keys and addresses, offline but for balance and send. */
#include <stdio.h>
#include <string.h>

#include "cli/skw_cli.h"
#include "cli/skw_cli_args.h"
#include "cli/skw_cli_http.h"
#include "cli/skw_cli_send.h"
#include "cli/skw_cli_wallet.h"

static int usage(FILE *out)
{
	fputs(
	    "usage: skywave wallet create FILE [--type deterministic|bip44|collection|xpub]\n"
	    "           [--words 12|24] [--xpub KEY]\n"
	    "           [--label TEXT] [--count N] [--coin bitcoin] [--encrypt [--light]]\n"
	    "       skywave wallet restore FILE [as create; asks for the seed, or --seed-file F]\n"
	    "       skywave wallet address FILE [--count N] [--change]     add addresses\n"
	    "       skywave wallet addkey FILE [--key-file F]              to a collection\n"
	    "       skywave wallet list FILE\n"
	    "       skywave wallet encrypt FILE [--light] [--crypto sha256-xor]\n"
	    "       skywave wallet decrypt FILE\n"
	    "       skywave wallet export FILE [--secrets]\n"
	    "       skywave wallet balance FILE [--node URL]\n"
	    "       skywave wallet send FILE --to ADDRESS --amount SKY [--hours N] [--node URL]\n"
	    "       skywave wallet sign FILE TRANSACTION [--owners ADDRESS,...]\n"
	    "       skywave wallet check TRANSACTION [--owners ADDRESS,...]\n"
	    "       skywave wallet addressgen --seed TEXT [--count N] [--secrets] [--coin "
	    "bitcoin]\n"
	    "       skywave wallet verify ADDRESS [--coin bitcoin]\n"
	    "each with --json. Passwords are asked for, or --password-file FILE (- is standard\n"
	    "input) has them; --passphrase-file is that of BIP-39 words. TRANSACTION is a file\n"
	    "with its hex, or -; owners are those of its inputs, one for all or one each. The\n"
	    "node's URL is " SKW_CLI_NODE " unless told otherwise. `export --secrets` shows the\n"
	    "seed: write it down. --light encrypts with 32 MiB instead of 1 GiB.\n",
	    out);
	return out == stdout ? 0 : 2;
}

static int online(const struct skw_cli_wallet_options *o, bool send)
{
	const char *node = o->node != NULL ? o->node : SKW_CLI_NODE;
	struct skw_tx_output to = { 0 };
	struct skw_wallet *wallet;
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
	wallet = skw_cli_wallet_open(o, send, NULL);
	if (wallet == NULL)
		return 1;
	if (skw_wallet_coin(wallet) != SKW_WALLET_SKYCOIN)
		result = skw_cli_wallet_failed(o->argument, SKW_WALLET_TYPE);
	else if (send && skw_wallet_count(wallet) == 0)
		result = skw_cli_wallet_failed(o->argument, SKW_WALLET_KEYS);
	else
		result = send ? skw_cli_send(wallet, node, &to, o->hours != NULL, o->json)
			      : skw_cli_balance(wallet, node, o->json);
	skw_wallet_free(wallet);
	return result;
}

static int with_file(const char *verb, const struct skw_cli_wallet_options *o, uint64_t count)
{
	static const struct {
		const char *verb;
		int (*run)(const struct skw_cli_wallet_options *o);
	} verbs[] = {
		{ "list", skw_cli_wallet_list },       { "encrypt", skw_cli_wallet_encrypt },
		{ "decrypt", skw_cli_wallet_decrypt }, { "export", skw_cli_wallet_export },
		{ "addkey", skw_cli_wallet_addkey },   { "verify", skw_cli_wallet_verify },
		{ "sign", skw_cli_wallet_sign },       { "check", skw_cli_wallet_check },
	};

	if (strcmp(verb, "create") == 0 || strcmp(verb, "restore") == 0)
		return skw_cli_wallet_create(o, count, *verb == 'r');
	if (strcmp(verb, "address") == 0)
		return skw_cli_wallet_address(o, count);
	if (strcmp(verb, "balance") == 0 || strcmp(verb, "send") == 0)
		return online(o, *verb == 's');
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verb, verbs[i].verb) == 0)
			return verbs[i].run(o);
	fprintf(stderr, "skywave wallet: no command '%s'\n", verb);
	return usage(stderr);
}

static int run(const char *verb, const struct skw_cli_wallet_options *o)
{
	uint64_t count = 1;

	if (o->count != NULL &&
	    !skw_cli_number(&count, o->count, "--count", 1, SKW_WALLET_MAX * 100))
		return 2;
	if (o->second != NULL && strcmp(verb, "sign") != 0)
		return usage(stderr);
	if (strcmp(verb, "addressgen") == 0)
		return o->argument == NULL && (o->seed != NULL || o->seed_file != NULL)
			   ? skw_cli_wallet_addressgen(o, count)
			   : usage(stderr);
	return o->argument == NULL ? usage(stderr) : with_file(verb, o, count);
}

int skw_cli_wallet(int argc, char **argv)
{
	struct skw_cli_wallet_options o = { 0 };
	const struct skw_cli_option options[] = {
		{ "--seed", &o.seed, NULL },
		{ "--seed-file", &o.seed_file, NULL },
		{ "--passphrase-file", &o.passphrase_file, NULL },
		{ "--label", &o.label, NULL },
		{ "--count", &o.count, NULL },
		{ "--node", &o.node, NULL },
		{ "--to", &o.to, NULL },
		{ "--amount", &o.amount, NULL },
		{ "--hours", &o.hours, NULL },
		{ "--type", &o.type, NULL },
		{ "--coin", &o.coin, NULL },
		{ "--words", &o.words, NULL },
		{ "--crypto", &o.crypto, NULL },
		{ "--password-file", &o.password_file, NULL },
		{ "--key-file", &o.key_file, NULL },
		{ "--owners", &o.owners, NULL },
		{ "--xpub", &o.xpub, NULL },
		{ "--encrypt", NULL, &o.encrypt },
		{ "--light", NULL, &o.light },
		{ "--change", NULL, &o.change },
		{ "--any-seed", NULL, &o.any_seed },
		{ "--json", NULL, &o.json },
		{ "--secrets", NULL, &o.secrets },
		{ "--help", NULL, &o.help },
	};
	const char *rest[3] = { NULL, NULL, NULL };
	int count;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), rest, 3,
			   &count))
		return 2;
	if (o.help)
		return usage(stdout);
	if (count == 0)
		return usage(stderr);
	skw_cli_secret_guard();
	o.argument = rest[1];
	o.second = rest[2];
	return run(rest[0], &o);
}
