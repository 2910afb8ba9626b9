/* JSON to wallet. Every word of the file is hostile: each key is computed again, not believed. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_bip39.h"
#include "ledger/skw_bitcoin.h"
#include "ledger/skw_wallet_inside.h"

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* ---- meta ---- */

static bool take_text(struct skw_wallet *wallet, const char *key, const char *text)
{
	struct skw_wallet_vault *vault = wallet->vault;

	if (strcmp(key, "seed") == 0)
		return skw_wallet_set_text(vault->seed, text);
	if (strcmp(key, "lastSeed") == 0)
		return skw_wallet_set_text(vault->last_seed, text);
	if (strcmp(key, "seedPassphrase") == 0)
		return skw_wallet_set_text(vault->passphrase, text);
	return skw_wallet_set_meta(wallet, key, text);
}

static enum skw_wallet_status take_kind(struct skw_wallet *wallet, const json_t *meta)
{
	const char *type = text_in(meta, "type"), *coin = text_in(meta, "coin");
	unsigned kind = SKW_WALLET_DETERMINISTIC;

	while (kind <= SKW_WALLET_XPUB && strcmp(type, skw_wallet_kind_name(kind)) != 0)
		kind++;
	if (kind > SKW_WALLET_XPUB)
		return *type == '\0' ? SKW_WALLET_FORMAT : SKW_WALLET_TYPE;
	wallet->kind = kind;
	wallet->coin = strcmp(coin, "bitcoin") == 0 ? SKW_WALLET_BITCOIN : SKW_WALLET_SKYCOIN;
	if (strcmp(coin, skw_wallet_coin_name(wallet->coin)) != 0)
		return *coin == '\0' ? SKW_WALLET_FORMAT : SKW_WALLET_TYPE;
	return SKW_WALLET_OK;
}

/* What there is beside the entries for the kind to make keys from. */
static enum skw_wallet_status check_source(struct skw_wallet *wallet, const json_t *meta)
{
	switch (wallet->kind) {
	case SKW_WALLET_COLLECTION:
		return SKW_WALLET_OK;
	case SKW_WALLET_XPUB:
		return skw_bip32_parse(&wallet->xpub, text_in(meta, "xpub")) &&
			       !wallet->xpub.is_private
			   ? SKW_WALLET_OK
			   : SKW_WALLET_XPUB_KEY;
	case SKW_WALLET_DETERMINISTIC:
		return *wallet->vault->seed != '\0' ? SKW_WALLET_OK : SKW_WALLET_FORMAT;
	case SKW_WALLET_BIP44:
		if (*wallet->vault->seed == '\0')
			return SKW_WALLET_FORMAT;
		return skw_bip39_check(wallet->vault->seed) == SKW_BIP39_OK ? SKW_WALLET_OK
									    : SKW_WALLET_WORDS;
	}
	return SKW_WALLET_TYPE;
}

static enum skw_wallet_status take_meta(struct skw_wallet *wallet, const json_t *meta)
{
	enum skw_wallet_status status;
	const char *key;
	json_t *value;

	if (!json_is_object(meta))
		return SKW_WALLET_FORMAT;
	json_object_foreach((json_t *)(uintptr_t)meta, key, value)
	{
		if (!json_is_string(value) || !take_text(wallet, key, json_string_value(value)))
			return SKW_WALLET_FORMAT;
	}
	status = take_kind(wallet, meta);
	if (status != SKW_WALLET_OK)
		return status;
	wallet->locked = strcmp(text_in(meta, "encrypted"), "true") == 0;
	if (!wallet->locked)
		return check_source(wallet, meta);
	skw_wallet_wipe_secrets(wallet); /* it should have none; we would not keep them */
	return wallet->kind == SKW_WALLET_XPUB ? SKW_WALLET_FORMAT : SKW_WALLET_OK;
}

/* ---- entries ---- */

static bool take_secret(struct skw_wallet_entry *out, const struct skw_wallet *wallet,
			const char *text)
{
	if (wallet->locked)
		return true; /* what stands there is not used */
	if (wallet->coin == SKW_WALLET_BITCOIN && skw_wif_parse(&out->secret, text))
		return true;
	return skw_ledger_hex_parse(out->secret.b, sizeof(out->secret.b), text, strlen(text));
}

/* Below accounts, keys go by shorter names. */
static enum skw_wallet_status take_entry(struct skw_wallet *wallet, const json_t *entry)
{
	bool watched = wallet->kind == SKW_WALLET_XPUB;
	bool newer = json_object_get(entry, "public") != NULL;
	struct skw_wallet_entry *out = &wallet->entries[wallet->count];
	const char *key = text_in(entry, newer ? "public" : "public_key");
	char address[SKW_WALLET_ADDRESS_TEXT];
	struct skw_coin_public right;

	if ((!watched &&
	     !take_secret(out, wallet, text_in(entry, newer ? "secret" : "secret_key"))) ||
	    !skw_ledger_hex_parse(out->public_key.b, sizeof(out->public_key.b), key, strlen(key)) ||
	    *text_in(entry, "address") == '\0')
		return SKW_WALLET_FORMAT;
	if (wallet->locked || watched
		? !skw_coin_public_valid(&out->public_key)
		: !skw_coin_public_of(&right, &out->secret) ||
		      memcmp(right.b, out->public_key.b, sizeof(right.b)) != 0)
		return SKW_WALLET_KEYS;
	skw_wallet_print_address(address, wallet->coin, &out->public_key);
	if (strcmp(address, text_in(entry, "address")) != 0)
		return SKW_WALLET_KEYS;
	skw_address_of_public(&out->address, &out->public_key);
	wallet->count++;
	return SKW_WALLET_OK;
}

static enum skw_wallet_status take_entries(struct skw_wallet *wallet, const json_t *entries)
{
	enum skw_wallet_status status;
	const json_t *entry;
	size_t i;

	if (json_is_null(entries) || entries == NULL)
		return entries != NULL ? SKW_WALLET_OK : SKW_WALLET_FORMAT; /* Go's empty list */
	if (!json_is_array(entries))
		return SKW_WALLET_FORMAT;
	if (json_array_size(entries) > SKW_WALLET_MAX - wallet->count)
		return SKW_WALLET_MANY;
	if (!skw_wallet_reserve(wallet, wallet->count + json_array_size(entries)))
		return SKW_WALLET_MEMORY;
	json_array_foreach(entries, i, entry)
	{
		status = take_entry(wallet, entry);
		if (status != SKW_WALLET_OK)
			return status;
	}
	return SKW_WALLET_OK;
}

/* ---- accounts of bip44 ---- */

static bool take_index(uint32_t *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	json_int_t n = json_integer_value(value);

	*out = (uint32_t)n;
	return json_is_integer(value) && n >= 0 && n < (json_int_t)SKW_BIP32_HARDENED;
}

/* Each address must be the child of the chain that it says it is. */
static enum skw_wallet_status check_children(struct skw_wallet *wallet, const json_t *entries,
					     size_t first, const struct skw_bip32 *chain,
					     uint8_t account, uint8_t change)
{
	struct skw_bip32 child;

	for (size_t i = first; i < wallet->count; i++) {
		struct skw_wallet_entry *entry = &wallet->entries[i];

		if (!take_index(&entry->child, json_array_get(entries, i - first), "child_number"))
			return SKW_WALLET_FORMAT;
		if (!skw_bip32_child(&child, chain, entry->child) ||
		    memcmp(child.public_key.b, entry->public_key.b, sizeof(child.public_key.b)) !=
			0)
			return SKW_WALLET_KEYS;
		entry->account = account;
		entry->change = change;
	}
	return SKW_WALLET_OK;
}

static enum skw_wallet_status take_chain(struct skw_wallet *wallet, const json_t *chain,
					 size_t account, uint8_t change)
{
	struct skw_bip32 *out = &wallet->accounts[account].chain[change], stated;
	const json_t *entries = json_object_get(chain, "entries");
	enum skw_wallet_status status;
	size_t first = wallet->count;

	if (!skw_bip32_parse(&stated, text_in(chain, "public_key")) || stated.is_private ||
	    strcmp(text_in(chain, "chain"), change == 0 ? "external" : "change") != 0)
		return SKW_WALLET_FORMAT;
	if (wallet->locked)
		*out = stated;
	else if (memcmp(out->public_key.b, stated.public_key.b, sizeof(out->public_key.b)) != 0 ||
		 memcmp(out->chain, stated.chain, sizeof(out->chain)) != 0)
		return SKW_WALLET_KEYS;
	status = take_entries(wallet, entries);
	return status == SKW_WALLET_OK
		   ? check_children(wallet, entries, first, out, (uint8_t)account, change)
		   : status;
}

/* The account's key, if it stands there, is what the words give. */
static bool private_key_is_right(const struct skw_wallet *wallet, size_t at, const json_t *account)
{
	const json_t *stated = json_object_get(account, "private_key");
	char text[SKW_BIP32_TEXT];
	bool right;

	if (stated == NULL || wallet->locked)
		return true;
	skw_bip32_print(text, &wallet->vault->account[at]);
	right = json_is_string(stated) && strcmp(text, json_string_value(stated)) == 0;
	sodium_memzero(text, sizeof(text));
	return right;
}

static enum skw_wallet_status take_account(struct skw_wallet *wallet, const json_t *account)
{
	size_t at = wallet->account_count;
	struct skw_wallet_account *out = &wallet->accounts[at];
	const json_t *chains = json_object_get(account, "chains");
	const char *name = text_in(account, "name");
	enum skw_wallet_status status;

	if (!take_index(&out->index, account, "index") || strlen(name) >= sizeof(out->name) ||
	    json_array_size(chains) != 2 ||
	    strcmp(text_in(account, "coin_type"), skw_wallet_coin_name(wallet->coin)) != 0)
		return SKW_WALLET_FORMAT;
	for (size_t i = 0; i < at; i++)
		if (wallet->accounts[i].index == out->index)
			return SKW_WALLET_DUPLICATE;
	strcpy(out->name, name);
	if (!wallet->locked &&
	    !skw_wallet_derive_account(&wallet->vault->account[at], out->chain, wallet, out->index))
		return SKW_WALLET_FORMAT;
	if (!private_key_is_right(wallet, at, account))
		return SKW_WALLET_KEYS;
	status = take_chain(wallet, json_array_get(chains, 0), at, 0);
	if (status == SKW_WALLET_OK)
		status = take_chain(wallet, json_array_get(chains, 1), at, 1);
	wallet->account_count++;
	return status;
}

static enum skw_wallet_status take_accounts(struct skw_wallet *wallet, const json_t *accounts)
{
	enum skw_wallet_status status;
	const json_t *account;
	size_t i;

	if (!json_is_array(accounts) || json_array_size(accounts) == 0)
		return SKW_WALLET_FORMAT;
	if (json_array_size(accounts) > SKW_WALLET_ACCOUNTS)
		return SKW_WALLET_MANY;
	json_array_foreach(accounts, i, account)
	{
		status = take_account(wallet, account);
		if (status != SKW_WALLET_OK)
			return status;
	}
	return SKW_WALLET_OK;
}

/* As the original's last release has them: all in one list, of account 0. What a locked one says of
 * its chains can be checked when it is unlocked. */
static enum skw_wallet_status take_flat(struct skw_wallet *wallet, const json_t *entries)
{
	struct skw_wallet_account *account = &wallet->accounts[0];
	enum skw_wallet_status status;
	struct skw_bip32 child;
	uint32_t change;

	strcpy(account->name, "default");
	wallet->account_count = 1;
	wallet->bare = wallet->locked;
	if (!wallet->locked &&
	    !skw_wallet_derive_account(&wallet->vault->account[0], account->chain, wallet, 0))
		return SKW_WALLET_FORMAT;
	status = take_entries(wallet, entries);
	for (size_t i = 0; status == SKW_WALLET_OK && i < wallet->count; i++) {
		struct skw_wallet_entry *entry = &wallet->entries[i];
		const json_t *stated = json_array_get(entries, i);

		if (!take_index(&entry->child, stated, "child_number") ||
		    !take_index(&change, stated, "change") || change > 1)
			return SKW_WALLET_FORMAT;
		entry->change = (uint8_t)change;
		if (!wallet->locked &&
		    (!skw_bip32_child(&child, &account->chain[change], entry->child) ||
		     memcmp(child.public_key.b, entry->public_key.b, sizeof(child.public_key.b)) !=
			 0))
			return SKW_WALLET_KEYS;
	}
	return status;
}

/* Where both forms stand, they must say the same. */
static bool says_the_same(const struct skw_wallet *wallet, const struct skw_wallet_entry *entry,
			  const json_t *stated)
{
	struct skw_wallet_entry other = { .change = 0 };
	const char *key = text_in(stated, "public_key");
	char address[SKW_WALLET_ADDRESS_TEXT];
	uint32_t child, change;
	bool same;

	skw_wallet_print_address(address, wallet->coin, &entry->public_key);
	same = take_secret(&other, wallet, text_in(stated, "secret_key")) &&
	       (wallet->locked ||
		sodium_memcmp(&other.secret, &entry->secret, sizeof(other.secret)) == 0) &&
	       skw_ledger_hex_parse(other.public_key.b, sizeof(other.public_key.b), key,
				    strlen(key)) &&
	       memcmp(&other.public_key, &entry->public_key, sizeof(other.public_key)) == 0 &&
	       strcmp(address, text_in(stated, "address")) == 0 &&
	       take_index(&child, stated, "child_number") && child == entry->child &&
	       take_index(&change, stated, "change") && change == entry->change;
	sodium_memzero(&other, sizeof(other));
	return same;
}

static enum skw_wallet_status check_flat(const struct skw_wallet *wallet, const json_t *entries)
{
	size_t at = 0;

	if (entries == NULL)
		return SKW_WALLET_OK;
	for (size_t i = 0; i < wallet->count; i++)
		if (wallet->accounts[wallet->entries[i].account].index == 0 &&
		    !says_the_same(wallet, &wallet->entries[i], json_array_get(entries, at++)))
			return SKW_WALLET_KEYS;
	return json_array_size(entries) == at ? SKW_WALLET_OK : SKW_WALLET_FORMAT;
}

/* ---- the whole ---- */

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct skw_address));
}

enum skw_wallet_status skw_wallet_no_duplicates(const struct skw_wallet *wallet)
{
	struct skw_address *sorted = calloc(wallet->count + 1, sizeof(*sorted));
	enum skw_wallet_status status = SKW_WALLET_OK;

	if (sorted == NULL)
		return SKW_WALLET_MEMORY;
	for (size_t i = 0; i < wallet->count; i++)
		sorted[i] = wallet->entries[i].address;
	qsort(sorted, wallet->count, sizeof(*sorted), by_address);
	for (size_t i = 1; i < wallet->count; i++)
		if (skw_address_equal(&sorted[i - 1], &sorted[i]))
			status = SKW_WALLET_DUPLICATE;
	free(sorted);
	return status;
}

static enum skw_wallet_status take(struct skw_wallet *wallet, const json_t *root)
{
	enum skw_wallet_status status = take_meta(wallet, json_object_get(root, "meta"));

	if (status != SKW_WALLET_OK)
		return status;
	if (wallet->kind != SKW_WALLET_BIP44)
		status = take_entries(wallet, json_object_get(root, "entries"));
	else if (json_object_get(root, "accounts") != NULL)
		status = take_accounts(wallet, json_object_get(root, "accounts"));
	else
		status = take_flat(wallet, json_object_get(root, "entries"));
	if (status == SKW_WALLET_OK && wallet->kind == SKW_WALLET_BIP44)
		status = check_flat(wallet, json_object_get(root, "entries"));
	if (status == SKW_WALLET_OK && wallet->kind == SKW_WALLET_XPUB)
		status = check_children(wallet, json_object_get(root, "entries"), 0, &wallet->xpub,
					0, 0);
	return status == SKW_WALLET_OK ? skw_wallet_no_duplicates(wallet) : status;
}

enum skw_wallet_status skw_wallet_read(struct skw_wallet **out, const char *text, size_t len)
{
	struct skw_wallet *wallet = skw_wallet_alloc();
	enum skw_wallet_status status;
	json_t *root;

	*out = NULL;
	if (wallet == NULL)
		return SKW_WALLET_MEMORY;
	root = skw_wallet_json_begin(text, len);
	status = root != NULL ? take(wallet, root) : SKW_WALLET_FORMAT;
	skw_wallet_json_end(root);
	if (status == SKW_WALLET_OK)
		*out = wallet;
	else
		skw_wallet_free(wallet);
	return status;
}
