/* skywave wallet: what changes a wallet file or shows one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "cli/skw_cli_args.h"
#include "cli/skw_cli_wallet.h"
#include "ledger/skw_bip39.h"
#include "ledger/skw_bitcoin.h"

int skw_cli_wallet_print(struct skw_json *j)
{
	bool ok = !j->failed;

	if (ok)
		puts(j->text);
	skw_json_free(j);
	return ok ? 0 : 1;
}

int skw_cli_wallet_failed(const char *path, enum skw_wallet_status status)
{
	fprintf(stderr, "skywave wallet: %s: %s%s%s\n", path, skw_wallet_status_text(status),
		status == SKW_WALLET_FILE ? ": " : "",
		status == SKW_WALLET_FILE ? strerror(errno) : "");
	return 1;
}

bool skw_cli_wallet_coin(enum skw_wallet_coin *out, const char *name)
{
	*out = SKW_WALLET_SKYCOIN;
	if (name == NULL || strcmp(name, "skycoin") == 0)
		return true;
	*out = SKW_WALLET_BITCOIN;
	if (strcmp(name, "bitcoin") == 0)
		return true;
	fprintf(stderr, "skywave wallet: --coin is skycoin or bitcoin, not %s\n", name);
	return false;
}

struct skw_wallet *skw_cli_wallet_open(const struct skw_cli_wallet_options *o, bool secrets,
				       struct skw_cli_secret **password)
{
	struct skw_wallet *wallet;
	enum skw_wallet_status status = skw_wallet_open(&wallet, o->argument);
	struct skw_cli_secret *typed = NULL;

	if (status == SKW_WALLET_OK && secrets && skw_wallet_locked(wallet)) {
		typed = skw_cli_secret_read(o->password_file, "password", false);
		if (typed == NULL) {
			skw_wallet_free(wallet);
			return NULL;
		}
		status = skw_wallet_unlock(wallet, typed->text);
	}
	if (status != SKW_WALLET_OK) {
		skw_cli_wallet_failed(o->argument, status);
		skw_wallet_free(wallet);
		wallet = NULL;
	}
	if (password != NULL && wallet != NULL)
		*password = typed;
	else
		skw_cli_secret_free(typed);
	return wallet;
}

/* Addresses from entry `first` on, a line each. */
static int print_entries(const struct skw_wallet *wallet, size_t first, bool json)
{
	enum skw_wallet_coin coin = skw_wallet_coin(wallet);
	struct skw_json j = { 0 };
	char text[SKW_WALLET_ADDRESS_TEXT];

	if (json) {
		skw_json_object(&j, NULL);
		skw_json_string(&j, "label", skw_wallet_label(wallet));
		skw_json_string(&j, "type", skw_wallet_kind_name(skw_wallet_kind(wallet)));
		skw_json_string(&j, "coin", skw_wallet_coin_name(coin));
		skw_json_bool(&j, "encrypted", skw_wallet_locked(wallet));
		skw_json_list(&j, "addresses");
	}
	for (size_t i = first; i < skw_wallet_count(wallet); i++) {
		skw_wallet_print_address(text, coin, &skw_wallet_entry(wallet, i)->public_key);
		if (json)
			skw_json_string(&j, NULL, text);
		else
			puts(text);
	}
	if (!json)
		return 0;
	skw_json_end_list(&j);
	skw_json_end_object(&j);
	return skw_cli_wallet_print(&j);
}

/* ---- locking ---- */

static bool take_cipher(enum skw_crypt_kind *kind, struct skw_crypt_cost *cost,
			const struct skw_cli_wallet_options *o)
{
	*kind = SKW_CRYPT_SCRYPT;
	*cost = o->light ? skw_crypt_cost_light : skw_crypt_cost_default;
	if (o->crypto != NULL && !skw_crypt_kind_parse(kind, o->crypto)) {
		fprintf(stderr,
			"skywave wallet: --crypto is scrypt-chacha20poly1305 or sha256-xor\n");
		return false;
	}
	if (*kind == SKW_CRYPT_XOR)
		fprintf(stderr, "skywave wallet: sha256-xor is weak: a short password can be "
				"guessed\n");
	return true;
}

static enum skw_wallet_status lock(struct skw_wallet *wallet,
				   const struct skw_cli_wallet_options *o, const char *password)
{
	struct skw_crypt_cost cost;
	enum skw_crypt_kind kind;

	return take_cipher(&kind, &cost, o) ? skw_wallet_lock(wallet, kind, &cost, password)
					    : SKW_WALLET_CIPHER;
}

int skw_cli_wallet_encrypt(const struct skw_cli_wallet_options *o)
{
	struct skw_wallet *wallet = skw_cli_wallet_open(o, false, NULL);
	struct skw_cli_secret *password = NULL;
	enum skw_wallet_status status = SKW_WALLET_ENCRYPTED;
	int result = 1;

	if (wallet == NULL)
		return 1;
	if (skw_wallet_locked(wallet)) {
		skw_cli_wallet_failed(o->argument, status);
	} else if ((password = skw_cli_secret_read(o->password_file, "password", true)) != NULL) {
		status = lock(wallet, o, password->text);
		if (status == SKW_WALLET_OK)
			status = skw_wallet_save(wallet, o->argument);
		result = status == SKW_WALLET_OK ? print_entries(wallet, SIZE_MAX, o->json)
						 : skw_cli_wallet_failed(o->argument, status);
	}
	skw_cli_secret_free(password);
	skw_wallet_free(wallet);
	return result;
}

int skw_cli_wallet_decrypt(const struct skw_cli_wallet_options *o)
{
	struct skw_cli_secret *password = NULL;
	struct skw_wallet *wallet = skw_cli_wallet_open(o, true, &password);
	enum skw_wallet_status status = password != NULL ? SKW_WALLET_OK : SKW_WALLET_PLAIN;
	int result;

	if (wallet == NULL)
		return 1;
	if (status == SKW_WALLET_OK)
		status = skw_wallet_save(wallet, o->argument);
	result = status == SKW_WALLET_OK ? print_entries(wallet, SIZE_MAX, o->json)
					 : skw_cli_wallet_failed(o->argument, status);
	skw_cli_secret_free(password);
	skw_wallet_free(wallet);
	return result;
}

/* ---- making ---- */

/* Words of fresh entropy; false if --words says something else than 12 or 24. */
static bool fresh_words(struct skw_cli_secret *out, const struct skw_cli_wallet_options *o)
{
	uint64_t words = 12;
	uint8_t random[32];

	if (o->words != NULL && !skw_cli_number(&words, o->words, "--words", 12, 24))
		return false;
	randombytes_buf(random, sizeof(random));
	if (!skw_bip39_print(out->text, random, words * 4 / 3) || words % 12 != 0) {
		fprintf(stderr, "skywave wallet: --words is 12 or 24\n");
		return false;
	}
	sodium_memzero(random, sizeof(random));
	return true;
}

/* Somebody's 12 or 24 words with one mistyped would make another, empty wallet. */
static bool seed_is_sound(const char *seed, const struct skw_cli_wallet_options *o)
{
	enum skw_bip39_status status = skw_bip39_check(seed);
	size_t spaces = 0;

	for (const char *at = seed; *at != '\0'; at++)
		spaces += *at == ' ';
	if (status == SKW_BIP39_OK || o->any_seed || (spaces != 11 && spaces != 23))
		return true;
	fprintf(stderr, "skywave wallet: the seed: %s (--any-seed takes it as it is)\n",
		skw_bip39_status_text(status));
	return false;
}

static struct skw_cli_secret *get_seed(const struct skw_cli_wallet_options *o, bool restore)
{
	struct skw_cli_secret *seed;

	if (o->seed == NULL && (restore || o->seed_file != NULL))
		seed = skw_cli_secret_read(o->seed_file, "seed", false);
	else if (sodium_init() < 0 || (seed = sodium_malloc(sizeof(*seed))) == NULL)
		return NULL;
	else if (o->seed != NULL)
		snprintf(seed->text, sizeof(seed->text), "%s",
			 strlen(o->seed) <= SKW_CLI_SECRET_MAX ? o->seed : "");
	else if (!fresh_words(seed, o))
		goto refused;
	if (seed == NULL || seed_is_sound(seed->text, o))
		return seed;
refused:
	skw_cli_secret_free(seed);
	return NULL;
}

static bool get_kind(enum skw_wallet_kind *out, const char *name)
{
	for (unsigned kind = 0; kind <= SKW_WALLET_XPUB; kind++)
		if (name == NULL || strcmp(name, skw_wallet_kind_name(kind)) == 0) {
			*out = kind;
			return true;
		}
	fprintf(stderr, "skywave wallet: --type is deterministic, bip44, collection or xpub\n");
	return false;
}

static bool has_seed(enum skw_wallet_kind kind)
{
	return kind == SKW_WALLET_DETERMINISTIC || kind == SKW_WALLET_BIP44;
}

static enum skw_wallet_status make(struct skw_wallet **wallet,
				   const struct skw_wallet_options *options,
				   const struct skw_cli_wallet_options *o, uint64_t count)
{
	enum skw_wallet_status status = skw_wallet_make(wallet, options, (uint64_t)time(NULL));
	struct skw_cli_secret *password;

	if (status == SKW_WALLET_OK && options->kind != SKW_WALLET_COLLECTION)
		status = skw_wallet_grow(*wallet, count);
	if (status == SKW_WALLET_OK && options->kind == SKW_WALLET_BIP44)
		status = skw_wallet_grow_change(*wallet, 1); /* as the original does */
	if (status != SKW_WALLET_OK || !o->encrypt)
		return status;
	password = skw_cli_secret_read(o->password_file, "password", true);
	status = password != NULL ? lock(*wallet, o, password->text) : SKW_WALLET_PASSWORD;
	skw_cli_secret_free(password);
	return status;
}

int skw_cli_wallet_create(const struct skw_cli_wallet_options *o, uint64_t count, bool restore)
{
	struct skw_wallet_options options = { .label = o->label != NULL ? o->label : "" };
	struct skw_cli_secret *seed = NULL, *passphrase = NULL;
	struct skw_wallet *wallet = NULL;
	enum skw_wallet_status status;
	int result = 1;

	if (!get_kind(&options.kind, o->type) || !skw_cli_wallet_coin(&options.coin, o->coin))
		return 2;
	if (has_seed(options.kind) && (seed = get_seed(o, restore)) == NULL)
		return 1;
	options.xpub = o->xpub;
	if (o->passphrase_file != NULL)
		passphrase = skw_cli_secret_read(o->passphrase_file, "passphrase", true);
	if (o->passphrase_file == NULL || passphrase != NULL) {
		options.seed = seed != NULL ? seed->text : NULL;
		options.passphrase = passphrase != NULL ? passphrase->text : NULL;
		status = make(&wallet, &options, o, count);
		if (status == SKW_WALLET_OK)
			status = skw_wallet_create(wallet, o->argument);
		result = status == SKW_WALLET_OK ? print_entries(wallet, 0, o->json)
						 : skw_cli_wallet_failed(o->argument, status);
	}
	skw_cli_secret_free(seed);
	skw_cli_secret_free(passphrase);
	skw_wallet_free(wallet);
	return result;
}

/* ---- adding ---- */

/* Locks again if it was locked, saves, prints what is new; frees all. */
static int finish(struct skw_wallet *wallet, struct skw_cli_secret *password,
		  enum skw_wallet_status status, size_t before,
		  const struct skw_cli_wallet_options *o)
{
	int result;

	if (status == SKW_WALLET_OK && password != NULL)
		status = skw_wallet_relock(wallet, password->text);
	if (status == SKW_WALLET_OK)
		status = skw_wallet_save(wallet, o->argument);
	result = status == SKW_WALLET_OK ? print_entries(wallet, before, o->json)
					 : skw_cli_wallet_failed(o->argument, status);
	skw_cli_secret_free(password);
	skw_wallet_free(wallet);
	return result;
}

int skw_cli_wallet_address(const struct skw_cli_wallet_options *o, uint64_t count)
{
	struct skw_cli_secret *password = NULL;
	struct skw_wallet *wallet = skw_cli_wallet_open(o, true, &password);
	size_t before;

	if (wallet == NULL)
		return 1;
	before = skw_wallet_count(wallet);
	return finish(wallet, password,
		      o->change ? skw_wallet_grow_change(wallet, count)
				: skw_wallet_grow(wallet, count),
		      before, o);
}

int skw_cli_wallet_addkey(const struct skw_cli_wallet_options *o)
{
	struct skw_cli_secret *password = NULL, *text;
	struct skw_wallet *wallet = skw_cli_wallet_open(o, true, &password);
	enum skw_wallet_status status = SKW_WALLET_KEYS;
	struct skw_coin_secret secret;
	size_t before;

	if (wallet == NULL)
		return 1;
	text = skw_cli_secret_read(o->key_file, "key", false);
	if (text != NULL && (skw_wif_parse(&secret, text->text) ||
			     skw_ledger_hex_parse(secret.b, 32, text->text, strlen(text->text))))
		status = skw_wallet_add(wallet, &secret);
	sodium_memzero(&secret, sizeof(secret));
	skw_cli_secret_free(text);
	before = status == SKW_WALLET_OK ? skw_wallet_count(wallet) - 1 : 0;
	return finish(wallet, password, status, before, o);
}

/* ---- showing ---- */

int skw_cli_wallet_list(const struct skw_cli_wallet_options *o)
{
	struct skw_wallet *wallet = skw_cli_wallet_open(o, false, NULL);
	int result = wallet != NULL ? print_entries(wallet, 0, o->json) : 1;

	skw_wallet_free(wallet);
	return result;
}

static void export_entry(struct skw_json *j, const struct skw_wallet *wallet, size_t i,
			 bool secrets)
{
	const struct skw_wallet_entry *entry = &skw_wallet_entry(wallet, i)[0];
	char text[SKW_WIF_TEXT];

	skw_wallet_print_address(text, skw_wallet_coin(wallet), &entry->public_key);
	skw_json_object(j, NULL);
	skw_json_string(j, "address", text);
	skw_json_hex(j, "public_key", entry->public_key.b, sizeof(entry->public_key.b));
	if (skw_wallet_kind(wallet) == SKW_WALLET_BIP44) {
		skw_json_string(j, "chain", entry->change ? "change" : "external");
		skw_json_u64(j, "child_number", entry->child);
	}
	if (secrets) {
		skw_json_hex(j, "secret_key", entry->secret.b, sizeof(entry->secret.b));
		skw_wif_print(text, &entry->secret);
		skw_json_string(j, "wif", text);
	}
	sodium_memzero(text, sizeof(text));
	skw_json_end_object(j);
}

int skw_cli_wallet_export(const struct skw_cli_wallet_options *o)
{
	struct skw_wallet *wallet = skw_cli_wallet_open(o, o->secrets, NULL);
	struct skw_json j = { .secret = true };
	char xpub[SKW_BIP32_TEXT];

	if (wallet == NULL)
		return 1;
	skw_json_object(&j, NULL);
	skw_json_string(&j, "label", skw_wallet_label(wallet));
	skw_json_string(&j, "type", skw_wallet_kind_name(skw_wallet_kind(wallet)));
	skw_json_string(&j, "coin", skw_wallet_coin_name(skw_wallet_coin(wallet)));
	for (uint32_t change = 0; change < 2; change++)
		if (skw_wallet_xpub(xpub, wallet, 0, change))
			skw_json_string(&j, change == 0 ? "xpub" : "change_xpub", xpub);
	if (o->secrets && has_seed(skw_wallet_kind(wallet))) {
		skw_json_string(&j, "seed", skw_wallet_seed(wallet));
		if (*skw_wallet_passphrase(wallet) != '\0')
			skw_json_string(&j, "seedPassphrase", skw_wallet_passphrase(wallet));
	}
	skw_json_list(&j, "entries");
	for (size_t i = 0; i < skw_wallet_count(wallet); i++)
		export_entry(&j, wallet, i,
			     o->secrets && skw_wallet_kind(wallet) != SKW_WALLET_XPUB);
	skw_json_end_list(&j);
	skw_json_end_object(&j);
	skw_wallet_free(wallet);
	return skw_cli_wallet_print(&j);
}
