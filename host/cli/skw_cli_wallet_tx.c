/* skywave wallet sign, check: transactions offline.
 *
 * A transaction names the outputs that it spends, not whose they are: --owners tells, one address
 * for all inputs or one each; a wallet with a single address needs none. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_wallet.h"
#include "ledger/skw_rules.h"

enum { RAW_MAX = 32768 };

struct work {
	uint8_t raw[RAW_MAX];
	char hex[2 * RAW_MAX + 2];
	size_t len;
	struct skw_tx tx;
	struct skw_address owner[RAW_MAX / 97 + 1]; /* of each input */
	bool owners_known;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "skywave wallet: %s: %s\n", what, why);
	return 1;
}

static bool read_tx(struct work *w, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "r");
	int failed;
	size_t len;

	if (file == NULL)
		return complain(path, strerror(errno)), false;
	len = fread(w->hex, 1, sizeof(w->hex) - 1, file);
	failed = ferror(file) != 0 ? errno : 0;
	if (!standard)
		fclose(file);
	if (failed != 0)
		return complain(path, strerror(failed)), false;
	while (len > 0 && isspace((unsigned char)w->hex[len - 1]))
		len--;
	if (len % 2 != 0 || len / 2 > RAW_MAX ||
	    !skw_ledger_hex_parse(w->raw, len / 2, w->hex, len))
		return complain(path, "not the hex of a transaction of up to 32768 bytes"), false;
	w->len = len / 2;
	if (skw_tx_decode(&w->tx, w->raw, w->len) != SKW_CODEC_OK)
		return complain(path, "not a transaction"), false;
	return true;
}

/* The list in --owners to w->owner. */
static bool read_owners(struct work *w, const char *list)
{
	char text[SKW_ADDRESS_TEXT];
	uint32_t count = 0;

	for (const char *at = list; list != NULL; at++) {
		size_t len = strcspn(at, ",");

		if (len >= sizeof(text) || count == w->tx.ins)
			return complain("--owners", "one address for all inputs, or one each"),
			       false;
		snprintf(text, sizeof(text), "%.*s", (int)len, at);
		if (skw_address_parse(&w->owner[count++], text) != SKW_ADDRESS_OK)
			return complain(text, "no address"), false;
		at += len;
		if (*at == '\0')
			break;
	}
	if (count > 1 && count != w->tx.ins)
		return complain("--owners", "one address for all inputs, or one each"), false;
	for (uint32_t i = 1; count == 1 && i < w->tx.ins; i++)
		w->owner[i] = w->owner[0];
	w->owners_known = list != NULL;
	return true;
}

static struct work *start(const char *path, const char *owners)
{
	struct work *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		complain(path, "out of memory");
	} else if (!read_tx(w, path) || !read_owners(w, owners)) {
		free(w);
		return NULL;
	}
	return w;
}

/* Each input that is not signed yet and whose owner is in the wallet. */
static bool sign_all(struct work *w, const struct skw_wallet *wallet, uint32_t *signed_count)
{
	for (uint32_t i = 0; i < w->tx.ins; i++) {
		const struct skw_wallet_entry *entry = w->owners_known
							   ? skw_wallet_find(wallet, &w->owner[i])
							   : skw_wallet_entry(wallet, 0);

		if (entry == NULL || !skw_coin_sig_is_null(&w->tx.sig[i]))
			continue;
		if (!skw_tx_sign_input(w->raw, w->len, i, &entry->secret))
			return false;
		++*signed_count;
	}
	return true;
}

static int print_signed(struct work *w, uint32_t signed_count, bool json)
{
	struct skw_sha256 txid;
	struct skw_json j = { 0 };
	char hex[SKW_SHA256_TEXT];
	uint32_t missing = 0;

	for (uint32_t i = 0; i < w->tx.ins; i++)
		missing += skw_coin_sig_is_null(&w->tx.sig[i]);
	skw_ledger_hex_print(w->hex, w->raw, w->len);
	if (!json) {
		puts(w->hex);
		if (missing > 0)
			fprintf(stderr, "skywave wallet: %u of %u signatures are still missing\n",
				missing, w->tx.ins);
		return 0;
	}
	skw_tx_id(&txid, &w->tx);
	skw_sha256_print(hex, &txid);
	skw_json_object(&j, NULL);
	skw_json_string(&j, "txid", hex);
	skw_json_u64(&j, "signed", signed_count);
	skw_json_u64(&j, "missing", missing);
	skw_json_string(&j, "encoded_transaction", w->hex);
	skw_json_end_object(&j);
	return skw_cli_wallet_print(&j);
}

static int sign(struct work *w, const struct skw_wallet *wallet,
		const struct skw_cli_wallet_options *o)
{
	uint32_t signed_count = 0;
	struct skw_sha256 inner;

	skw_tx_inner(&inner, &w->tx);
	if (!skw_sha256_equal(&inner, &w->tx.inner) || w->tx.length != w->len ||
	    w->tx.sigs != w->tx.ins || w->tx.ins == 0)
		return complain(o->second, "it contradicts itself: not signed");
	if (skw_wallet_coin(wallet) != SKW_WALLET_SKYCOIN || skw_wallet_count(wallet) == 0)
		return skw_cli_wallet_failed(o->argument, SKW_WALLET_TYPE);
	if (!w->owners_known && skw_wallet_count(wallet) > 1)
		return complain(o->argument, "which address owns each input? Tell with --owners");
	if (!sign_all(w, wallet, &signed_count))
		return complain(o->second, "cannot be signed");
	if (signed_count == 0)
		return complain(o->second, "no input of it is the wallet's and unsigned");
	return print_signed(w, signed_count, o->json);
}

int skw_cli_wallet_sign(const struct skw_cli_wallet_options *o)
{
	struct skw_wallet *wallet;
	struct work *w;
	int result;

	if (o->second == NULL) {
		complain("sign", "needs a wallet file and a transaction file");
		return 2;
	}
	w = start(o->second, o->owners);
	wallet = w != NULL ? skw_cli_wallet_open(o, true, NULL) : NULL;
	result = wallet != NULL ? sign(w, wallet, o) : 1;
	skw_wallet_free(wallet);
	free(w);
	return result;
}

/* ---- check ---- */

/* Who signed input i; false if nobody did. */
static bool signer(struct skw_address *out, const struct work *w, uint32_t i)
{
	struct skw_coin_public key;
	struct skw_sha256 hash;

	skw_tx_signed_hash(&hash, &w->tx, i);
	if (!skw_coin_recover(&key, &w->tx.sig[i], &hash))
		return false;
	skw_address_of_public(out, &key);
	return true;
}

static void print_inputs(struct skw_json *j, const struct work *w)
{
	char hex[SKW_SHA256_TEXT], text[SKW_ADDRESS_TEXT];
	struct skw_address by;

	skw_json_list(j, "inputs");
	for (uint32_t i = 0; i < w->tx.ins; i++) {
		skw_sha256_print(hex, &w->tx.in[i]);
		skw_json_object(j, NULL);
		skw_json_string(j, "uxid", hex);
		if (i < w->tx.sigs && signer(&by, w, i)) {
			skw_address_print(text, &by);
			skw_json_string(j, "signed_by", text);
		}
		skw_json_end_object(j);
	}
	skw_json_end_list(j);
}

static void print_outputs(struct skw_json *j, const struct work *w)
{
	char text[SKW_ADDRESS_TEXT], coins[SKW_DROPLETS_TEXT];

	skw_json_list(j, "outputs");
	for (uint32_t i = 0; i < w->tx.outs; i++) {
		struct skw_tx_output out = skw_tx_output(&w->tx, i);

		skw_address_print(text, &out.address);
		skw_droplets_print(coins, out.coins);
		skw_json_object(j, NULL);
		skw_json_string(j, "address", text);
		skw_json_string(j, "coins", coins);
		skw_json_u64(j, "hours", out.hours.n);
		skw_json_end_object(j);
	}
	skw_json_end_list(j);
}

/* "" if all is well. */
static void judge(char why[SKW_VERDICT_TEXT], const struct work *w)
{
	struct skw_verdict verdict = skw_rules_alone(&w->tx);
	struct skw_address by;

	why[0] = '\0';
	if (verdict.fault != SKW_FAULT_NONE) {
		skw_verdict_print(why, &verdict);
		return;
	}
	for (uint32_t i = 0; w->owners_known && i < w->tx.ins; i++)
		if (!signer(&by, w, i) || !skw_address_equal(&by, &w->owner[i]))
			snprintf(why, SKW_VERDICT_TEXT,
				 "Signature not valid for output being spent");
}

int skw_cli_wallet_check(const struct skw_cli_wallet_options *o)
{
	struct work *w = start(o->argument, o->owners);
	char why[SKW_VERDICT_TEXT], hex[SKW_SHA256_TEXT];
	struct skw_json j = { 0 };
	struct skw_sha256 txid;

	if (w == NULL)
		return 1;
	judge(why, w);
	skw_tx_id(&txid, &w->tx);
	skw_sha256_print(hex, &txid);
	if (o->json) {
		skw_json_object(&j, NULL);
		skw_json_string(&j, "txid", hex);
		skw_json_bool(&j, "valid", why[0] == '\0');
		if (why[0] != '\0')
			skw_json_string(&j, "error", why);
		print_inputs(&j, w);
		print_outputs(&j, w);
		skw_json_end_object(&j);
		skw_cli_wallet_print(&j);
	} else if (why[0] == '\0') {
		printf("valid\n%s\n", hex);
	} else {
		complain(o->argument, why);
	}
	free(w);
	return why[0] == '\0' ? 0 : 1;
}
