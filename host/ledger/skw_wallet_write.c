/* Wallet to JSON, as the original lays it out. Its last release has a bip44 wallet's addresses in
 * one list, "entries", its newer sources below "accounts"; each passes over what only the other
 * knows, so both stand there. The same with the names of an xpub wallet's keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_bitcoin.h"
#include "ledger/skw_wallet_inside.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The secret ones come from the vault; a locked wallet has them empty. */
static const char *meta_value(const struct skw_wallet *wallet, const char *key)
{
	if (strcmp(key, "seed") == 0)
		return wallet->vault->seed;
	if (strcmp(key, "lastSeed") == 0)
		return wallet->vault->last_seed;
	if (strcmp(key, "seedPassphrase") == 0)
		return wallet->vault->passphrase;
	return skw_wallet_meta(wallet, key);
}

/* Sorted, as the original writes them. */
static bool put_meta(struct skw_json *j, const struct skw_wallet *wallet)
{
	size_t n = 0;
	const char **keys = calloc(json_object_size(wallet->meta) + 2, sizeof(*keys)), *key;
	json_t *value;

	if (keys == NULL)
		return false;
	json_object_foreach(wallet->meta, key, value) keys[n++] = key;
	if (wallet->kind == SKW_WALLET_DETERMINISTIC || wallet->kind == SKW_WALLET_BIP44) {
		keys[n++] = "seed";
		keys[n++] = wallet->kind == SKW_WALLET_BIP44 ? "seedPassphrase" : "lastSeed";
	}
	qsort(keys, n, sizeof(*keys), by_text);
	skw_json_object(j, "meta");
	for (size_t i = 0; i < n; i++)
		skw_json_string(j, keys[i], meta_value(wallet, keys[i]));
	skw_json_end_object(j);
	free(keys);
	return true;
}

static void put_secret(struct skw_json *j, const struct skw_wallet *wallet, const char *key,
		       const struct skw_coin_secret *secret)
{
	char wif[SKW_WIF_TEXT];

	if (wallet->locked) {
		skw_json_string(j, key, "");
	} else if (wallet->coin == SKW_WALLET_BITCOIN) {
		skw_wif_print(wif, secret);
		skw_json_string(j, key, wif);
		sodium_memzero(wif, sizeof(wif));
	} else {
		skw_json_hex(j, key, secret->b, sizeof(secret->b));
	}
}

/* `newer`: as below accounts. */
static void put_entry(struct skw_json *j, const struct skw_wallet *wallet,
		      const struct skw_wallet_entry *entry, bool newer)
{
	bool watched = wallet->kind == SKW_WALLET_XPUB;
	bool bip44 = wallet->kind == SKW_WALLET_BIP44;
	char text[SKW_WALLET_ADDRESS_TEXT];

	skw_wallet_print_address(text, wallet->coin, &entry->public_key);
	skw_json_object(j, NULL);
	skw_json_string(j, "address", text);
	if (newer || watched)
		skw_json_hex(j, "public", entry->public_key.b, sizeof(entry->public_key.b));
	if (!newer)
		skw_json_hex(j, "public_key", entry->public_key.b, sizeof(entry->public_key.b));
	if (!watched)
		put_secret(j, wallet, newer ? "secret" : "secret_key", &entry->secret);
	if (bip44 || watched)
		skw_json_u64(j, "child_number", entry->child);
	if (bip44 && !newer)
		skw_json_u64(j, "change", entry->change);
	skw_json_end_object(j);
}

static void put_chain(struct skw_json *j, const struct skw_wallet *wallet, size_t account,
		      unsigned change)
{
	char text[SKW_BIP32_TEXT];

	skw_bip32_print(text, &wallet->accounts[account].chain[change]);
	skw_json_object(j, NULL);
	skw_json_string(j, "public_key", text);
	skw_json_string(j, "chain", change == 0 ? "external" : "change");
	skw_json_list(j, "entries");
	for (size_t i = 0; i < wallet->count; i++)
		if (wallet->entries[i].account == account && wallet->entries[i].change == change)
			put_entry(j, wallet, &wallet->entries[i], true);
	skw_json_end_list(j);
	skw_json_end_object(j);
}

static void put_account(struct skw_json *j, const struct skw_wallet *wallet, size_t i)
{
	char text[SKW_BIP32_TEXT];

	skw_json_object(j, NULL);
	if (!wallet->locked) {
		skw_bip32_print(text, &wallet->vault->account[i]);
		skw_json_string(j, "private_key", text);
		sodium_memzero(text, sizeof(text));
	}
	skw_json_string(j, "name", wallet->accounts[i].name);
	skw_json_u64(j, "index", wallet->accounts[i].index);
	skw_json_string(j, "coin_type", skw_wallet_coin_name(wallet->coin));
	skw_json_list(j, "chains");
	put_chain(j, wallet, i, 0);
	put_chain(j, wallet, i, 1);
	skw_json_end_list(j);
	skw_json_end_object(j);
}

/* One list has room for one account. */
static bool is_flat(const struct skw_wallet *wallet, size_t i)
{
	return wallet->kind != SKW_WALLET_BIP44 ||
	       wallet->accounts[wallet->entries[i].account].index == 0;
}

bool skw_wallet_write(struct skw_json *j, const struct skw_wallet *wallet)
{
	skw_json_object(j, NULL);
	if (!put_meta(j, wallet))
		return false;
	if (wallet->kind == SKW_WALLET_BIP44 && !wallet->bare) {
		skw_json_list(j, "accounts");
		for (size_t i = 0; i < wallet->account_count; i++)
			put_account(j, wallet, i);
		skw_json_end_list(j);
	}
	skw_json_list(j, "entries");
	for (unsigned change = 0; change < 2; change++) /* in the order of accounts */
		for (size_t i = 0; i < wallet->count; i++)
			if (wallet->entries[i].change == change && is_flat(wallet, i))
				put_entry(j, wallet, &wallet->entries[i], false);
	skw_json_end_list(j);
	skw_json_end_object(j);
	return !j->failed;
}
