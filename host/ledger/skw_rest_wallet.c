/* Wallets over REST: what shows them. No answer here holds a secret. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_bip39.h"
#include "ledger/skw_rest_wallet.h"

/* ---- finding ---- */

const struct skw_wallets_item *skw_rest_find_wallet(struct skw_rest_call *call, const char *id,
						    unsigned unknown)
{
	const struct skw_wallets_item *item;

	if (*id == '\0') {
		skw_rest_fail(call, 400, "missing wallet id");
		return NULL;
	}
	item = skw_wallets_find(call->chain->wallets, id);
	if (item == NULL && unknown == 404)
		skw_rest_fail(call, 404, NULL);
	else if (item == NULL)
		skw_rest_fail(call, unknown, "wallet doesn't exist");
	return item;
}

static const struct skw_wallets_item *find(struct skw_rest_call *call, unsigned unknown)
{
	return skw_rest_find_wallet(call, skw_rest_arg(call, "id"), unknown);
}

bool skw_rest_wallet_addresses(struct skw_rest_call *call, struct skw_rest_addresses *out,
			       const struct skw_wallet *wallet)
{
	size_t count = skw_wallet_count(wallet);

	*out = (struct skw_rest_addresses) { .list = calloc(count + 1, sizeof(*out->list)) };
	if (out->list == NULL) {
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		out->list[out->count++] = skw_wallet_entry(wallet, i)->address;
	return true;
}

/* ---- showing ---- */

static void show_meta(struct skw_rest_call *call, const struct skw_wallets_item *item)
{
	struct skw_json *j = &call->json;
	const struct skw_wallet *wallet = item->wallet;
	const char *tm = skw_wallet_meta(wallet, "tm"),
		   *coin = skw_wallet_meta(wallet, "bip44Coin");
	const char *crypto = skw_wallet_meta(wallet, "cryptoType"),
		   *version = skw_wallet_meta(wallet, "version");
	char xpub[SKW_BIP32_TEXT];

	skw_json_object(j, "meta");
	skw_json_string(j, "coin", skw_wallet_coin_name(skw_wallet_coin(wallet)));
	skw_json_string(j, "filename", item->id);
	skw_json_string(j, "label", skw_wallet_label(wallet));
	skw_json_string(j, "type", skw_wallet_kind_name(skw_wallet_kind(wallet)));
	skw_json_string(j, "version", version != NULL ? version : "");
	skw_json_string(j, "crypto_type", crypto != NULL ? crypto : "");
	skw_json_u64(j, "timestamp", tm != NULL ? strtoull(tm, NULL, 10) : 0);
	if (!call->strict)
		skw_json_bool(j, "temp", item->temporary);
	skw_json_bool(j, "encrypted", skw_wallet_locked(wallet));
	if (skw_wallet_kind(wallet) == SKW_WALLET_BIP44)
		skw_json_u64(j, "bip44_coin", coin != NULL ? strtoull(coin, NULL, 10) : 0);
	if (skw_wallet_kind(wallet) == SKW_WALLET_XPUB && skw_wallet_xpub(xpub, wallet, 0, 0))
		skw_json_string(j, "xpub", xpub);
	skw_json_end_object(j);
}

static void show_entry(struct skw_json *j, const struct skw_wallet *wallet,
		       const struct skw_wallet_entry *entry)
{
	enum skw_wallet_kind kind = skw_wallet_kind(wallet);
	char text[SKW_WALLET_ADDRESS_TEXT];

	skw_wallet_print_address(text, skw_wallet_coin(wallet), &entry->public_key);
	skw_json_object(j, NULL);
	skw_json_string(j, "address", text);
	skw_json_hex(j, "public_key", entry->public_key.b, sizeof(entry->public_key.b));
	if (kind == SKW_WALLET_BIP44 || kind == SKW_WALLET_XPUB)
		skw_json_u64(j, "child_number", entry->child);
	if (kind == SKW_WALLET_BIP44)
		skw_json_u64(j, "change", entry->change);
	skw_json_end_object(j);
}

void skw_rest_show_wallet(struct skw_rest_call *call, const char *key,
			  const struct skw_wallets_item *item)
{
	struct skw_json *j = &call->json;
	const struct skw_wallet *wallet = item->wallet;

	skw_json_object(j, key);
	show_meta(call, item);
	skw_json_list(j, "entries");
	for (uint8_t change = 0; change < 2; change++) /* the external ones first */
		for (size_t i = 0; i < skw_wallet_count(wallet); i++)
			if (skw_wallet_entry(wallet, i)->change == change)
				show_entry(j, wallet, skw_wallet_entry(wallet, i));
	skw_json_end_list(j);
	skw_json_end_object(j);
}

void skw_rest_show_new_addresses(struct skw_json *j, const struct skw_wallet *wallet, size_t first)
{
	char text[SKW_WALLET_ADDRESS_TEXT];

	skw_json_object(j, NULL);
	skw_json_list(j, "addresses");
	for (size_t i = first; i < skw_wallet_count(wallet); i++) {
		skw_wallet_print_address(text, skw_wallet_coin(wallet),
					 &skw_wallet_entry(wallet, i)->public_key);
		skw_json_string(j, NULL, text);
	}
	skw_json_end_list(j);
	skw_json_end_object(j);
}

/* ---- the end points ---- */

void skw_rest_wallet(struct skw_rest_call *call)
{
	const struct skw_wallets_item *item = find(call, 400);

	if (item != NULL)
		skw_rest_show_wallet(call, NULL, item);
}

void skw_rest_wallets(struct skw_rest_call *call)
{
	const struct skw_wallets *wallets = call->chain->wallets;

	skw_json_list(&call->json, NULL);
	for (size_t i = 0; i < skw_wallets_count(wallets); i++)
		skw_rest_show_wallet(call, NULL, skw_wallets_at(wallets, i));
	skw_json_end_list(&call->json);
}

void skw_rest_wallet_folder(struct skw_rest_call *call)
{
	skw_json_object(&call->json, NULL);
	skw_json_string(&call->json, "address", skw_wallets_folder(call->chain->wallets));
	skw_json_end_object(&call->json);
}

void skw_rest_wallet_balance(struct skw_rest_call *call)
{
	const struct skw_wallets_item *item = find(call, 404);
	struct skw_rest_addresses addresses;

	if (item == NULL || !skw_rest_wallet_addresses(call, &addresses, item->wallet))
		return;
	skw_rest_show_balances(call, &addresses);
	free(addresses.list);
}

void skw_rest_wallet_transactions(struct skw_rest_call *call)
{
	const struct skw_wallets_item *item;
	struct skw_rest_addresses addresses;
	bool verbose;

	if (!skw_rest_flag(call, &verbose, "verbose"))
		return;
	item = find(call, 404);
	if (item == NULL || !skw_rest_wallet_addresses(call, &addresses, item->wallet))
		return;
	skw_json_object(&call->json, NULL);
	if (addresses.count > 0) {
		skw_rest_show_pending(call, "transactions", &addresses, verbose);
	} else {
		skw_json_list(&call->json, "transactions");
		skw_json_end_list(&call->json);
	}
	skw_json_end_object(&call->json);
	free(addresses.list);
}

/* "ACCOUNT/CHAIN", e.g. 0/1 */
static bool take_path(uint32_t path[2], const char *text)
{
	char item[2][16];
	const char *slash = strchr(text, '/');
	uint64_t n;

	if (slash == NULL || slash - text >= 16 || strlen(slash + 1) >= 16)
		return false;
	memcpy(item[0], text, (size_t)(slash - text));
	item[0][slash - text] = '\0';
	strcpy(item[1], slash + 1);
	for (int i = 0; i < 2; i++) {
		if (!skw_rest_u64(&n, item[i]) || n >= SKW_BIP32_HARDENED)
			return false;
		path[i] = (uint32_t)n;
	}
	return true;
}

void skw_rest_wallet_xpub(struct skw_rest_call *call)
{
	const char *path = skw_rest_arg(call, "path");
	const struct skw_wallets_item *item;
	char text[SKW_BIP32_TEXT];
	uint32_t at[2];

	if (*skw_rest_arg(call, "id") == '\0')
		skw_rest_fail(call, 400, "missing wallet id");
	else if (*path == '\0')
		skw_rest_fail(call, 400, "missing xpub path");
	else if (!take_path(at, path))
		skw_rest_fail(call, 400, "invalid xpub path");
	else if ((item = find(call, 404)) == NULL)
		return;
	else if (skw_wallet_kind(item->wallet) != SKW_WALLET_BIP44)
		skw_rest_fail(call, 400, "%s type wallet does not support xpub key",
			      skw_wallet_kind_name(skw_wallet_kind(item->wallet)));
	else if (!skw_wallet_xpub(text, item->wallet, at[0], at[1]))
		skw_rest_fail(call, 400, "the wallet has no such account or chain");
	else {
		skw_json_object(&call->json, NULL);
		skw_json_string(&call->json, "xpub_key", text);
		skw_json_end_object(&call->json);
	}
}

/* ---- seeds ---- */

void skw_rest_wallet_new_seed(struct skw_rest_call *call)
{
	const char *entropy = skw_rest_arg(call, "entropy");
	uint64_t bits = 128;
	char words[SKW_BIP39_TEXT];
	uint8_t random[32];

	if (*entropy != '\0' && !skw_rest_u64(&bits, entropy)) {
		skw_rest_fail(call, 400, "invalid entropy");
	} else if (bits != 128 && bits != 256) {
		skw_rest_fail(call, 400, "entropy length must be 128 or 256");
	} else {
		randombytes_buf(random, sizeof(random));
		skw_bip39_print(words, random, bits / 8);
		call->json.secret = true;
		skw_json_object(&call->json, NULL);
		skw_json_string(&call->json, "seed", words);
		skw_json_end_object(&call->json);
		sodium_memzero(words, sizeof(words));
		sodium_memzero(random, sizeof(random));
	}
}

const char *skw_rest_words_trouble(const char *seed)
{
	switch (skw_bip39_check(seed)) {
	case SKW_BIP39_OK:
		return NULL;
	case SKW_BIP39_COUNT:
		return "Mnemonic must have 12, 15, 18, 21 or 24 words";
	case SKW_BIP39_WORD_NOT:
		return "Mnemonic contains an unrecognized word";
	case SKW_BIP39_CHECKSUM:
		return "Mnemonic checksum is not correct";
	}
	return "?";
}

void skw_rest_wallet_verify_seed(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
	const char *seed = json_string_value(json_object_get(root, "seed")), *trouble;

	if (root == NULL)
		return;
	if (seed == NULL || *seed == '\0') {
		skw_rest_fail(call, 400, "seed is required");
	} else if ((trouble = skw_rest_words_trouble(seed)) != NULL) {
		skw_rest_fail(call, 422, "%s", trouble);
	} else {
		skw_json_object(&call->json, NULL);
		skw_json_object(&call->json, "data");
		skw_json_end_object(&call->json);
		skw_json_end_object(&call->json);
	}
	json_decref(root);
}
