#include "ledger/skw_wallet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_bip39.h"
#include "ledger/skw_bitcoin.h"
#include "ledger/skw_wallet_inside.h"

static const struct {
	const char *key;
	const char *value;
} fresh_meta[] = {
	{ "filename", "" },
	{ "version", "0.4" },
	/* of those with secrets */
	{ "cryptoType", "scrypt-chacha20poly1305" },
	{ "encrypted", "false" },
	{ "secrets", "" },
};
enum { FRESH_META = sizeof(fresh_meta) / sizeof(fresh_meta[0]), FRESH_META_XPUB = 2 };

const char *skw_wallet_meta(const struct skw_wallet *wallet, const char *key)
{
	return json_string_value(json_object_get(wallet->meta, key));
}

bool skw_wallet_set_meta(struct skw_wallet *wallet, const char *key, const char *value)
{
	return json_object_set_new(wallet->meta, key, json_string(value)) == 0;
}

bool skw_wallet_set_text(char out[SKW_WALLET_SEED_MAX + 1], const char *text)
{
	size_t len = strlen(text);

	if (len > SKW_WALLET_SEED_MAX)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

struct skw_wallet *skw_wallet_alloc(void)
{
	struct skw_wallet *wallet = calloc(1, sizeof(*wallet));

	skw_wallet_json_setup();
	if (wallet == NULL)
		return NULL;
	wallet->meta = json_object();
	wallet->vault = sodium_malloc(sizeof(*wallet->vault));
	if (wallet->meta == NULL || wallet->vault == NULL) {
		skw_wallet_free(wallet);
		return NULL;
	}
	memset(wallet->vault, 0, sizeof(*wallet->vault));
	return wallet;
}

void skw_wallet_free(struct skw_wallet *wallet)
{
	if (wallet == NULL)
		return;
	sodium_free(wallet->entries); /* these wipe */
	sodium_free(wallet->vault);
	json_decref(wallet->meta);
	free(wallet);
}

void skw_wallet_wipe_secrets(struct skw_wallet *wallet)
{
	sodium_memzero(wallet->vault, sizeof(*wallet->vault));
	for (size_t i = 0; i < wallet->count; i++)
		sodium_memzero(&wallet->entries[i].secret, sizeof(wallet->entries[i].secret));
}

/* ---- making ---- */

static bool derive_first_account(struct skw_wallet *wallet)
{
	struct skw_wallet_account *account = &wallet->accounts[0];

	strcpy(account->name, "default");
	wallet->account_count = 1;
	return skw_wallet_derive_account(&wallet->vault->account[0], account->chain, wallet, 0);
}

static bool put_fresh_meta(struct skw_wallet *wallet, uint64_t now_unix)
{
	size_t count = wallet->kind == SKW_WALLET_XPUB ? FRESH_META_XPUB : FRESH_META;
	bool ok = true;
	char tm[24];

	for (size_t i = 0; i < count; i++)
		ok &= skw_wallet_set_meta(wallet, fresh_meta[i].key, fresh_meta[i].value);
	snprintf(tm, sizeof(tm), "%" PRIu64, now_unix);
	ok &= skw_wallet_set_meta(wallet, "tm", tm);
	ok &= skw_wallet_set_meta(wallet, "type", skw_wallet_kind_name(wallet->kind));
	ok &= skw_wallet_set_meta(wallet, "coin", skw_wallet_coin_name(wallet->coin));
	return ok;
}

static bool is_text(const char *text)
{
	json_t *string = json_string(text); /* refuses what is not UTF-8 */

	json_decref(string);
	return string != NULL;
}

static enum skw_wallet_status take_xpub(struct skw_wallet *wallet, const char *text)
{
	if (text == NULL || !skw_bip32_parse(&wallet->xpub, text) || wallet->xpub.is_private)
		return SKW_WALLET_XPUB_KEY;
	return skw_wallet_set_meta(wallet, "xpub", text) ? SKW_WALLET_OK : SKW_WALLET_MEMORY;
}

static enum skw_wallet_status fill(struct skw_wallet *wallet, const struct skw_wallet_options *o,
				   uint64_t now_unix)
{
	const char *passphrase = o->passphrase != NULL ? o->passphrase : "";

	wallet->kind = o->kind;
	wallet->coin = o->coin;
	if (!is_text(o->label) || !is_text(passphrase) ||
	    !skw_wallet_set_text(wallet->vault->passphrase, passphrase))
		return SKW_WALLET_SEED;
	if (*passphrase != '\0' && o->kind != SKW_WALLET_BIP44)
		return SKW_WALLET_TYPE; /* it would mean nothing */
	if (!put_fresh_meta(wallet, now_unix) || !skw_wallet_set_meta(wallet, "label", o->label))
		return SKW_WALLET_MEMORY;
	if (o->kind == SKW_WALLET_COLLECTION)
		return SKW_WALLET_OK;
	if (o->kind == SKW_WALLET_XPUB)
		return take_xpub(wallet, o->xpub);
	if (o->seed == NULL || *o->seed == '\0' || !is_text(o->seed) ||
	    !skw_wallet_set_text(wallet->vault->seed, o->seed))
		return SKW_WALLET_SEED;
	if (o->kind == SKW_WALLET_DETERMINISTIC) /* of an empty wallet: the text itself */
		return skw_wallet_set_text(wallet->vault->last_seed, o->seed) ? SKW_WALLET_OK
									      : SKW_WALLET_SEED;
	if (skw_bip39_check(o->seed) != SKW_BIP39_OK)
		return SKW_WALLET_WORDS;
	if (!skw_wallet_set_meta(wallet, "bip44Coin",
				 o->bip44_coin != NULL                ? o->bip44_coin
				 : wallet->coin == SKW_WALLET_SKYCOIN ? "8000"
								      : "0"))
		return SKW_WALLET_MEMORY;
	return derive_first_account(wallet) ? SKW_WALLET_OK : SKW_WALLET_KEYS;
}

enum skw_wallet_status skw_wallet_make(struct skw_wallet **out,
				       const struct skw_wallet_options *options, uint64_t now_unix)
{
	struct skw_wallet *wallet = skw_wallet_alloc();
	enum skw_wallet_status status;

	*out = NULL;
	if (wallet == NULL)
		return SKW_WALLET_MEMORY;
	status = fill(wallet, options, now_unix);
	if (status == SKW_WALLET_OK)
		*out = wallet;
	else
		skw_wallet_free(wallet);
	return status;
}

enum skw_wallet_status skw_wallet_new(struct skw_wallet **out, const char *seed, const char *label,
				      uint64_t now_unix)
{
	const struct skw_wallet_options options = { .seed = seed, .label = label };

	return skw_wallet_make(out, &options, now_unix);
}

/* ---- growing ---- */

bool skw_wallet_reserve(struct skw_wallet *wallet, size_t count)
{
	struct skw_wallet_entry *entries;

	if (count <= wallet->room)
		return true;
	entries = sodium_allocarray(count, sizeof(*entries));
	if (entries == NULL)
		return false;
	memset(entries, 0, count * sizeof(*entries));
	if (wallet->count > 0)
		memcpy(entries, wallet->entries, wallet->count * sizeof(*entries));
	sodium_free(wallet->entries);
	wallet->entries = entries;
	wallet->room = count;
	return true;
}

/* The entry's public parts from its secret. */
static void complete(struct skw_wallet_entry *entry)
{
	skw_coin_public_of(&entry->public_key, &entry->secret);
	skw_address_of_public(&entry->address, &entry->public_key);
}

/* Where the keys go on: the text of an empty wallet, else the last seed's 32 bytes. */
static enum skw_wallet_status grow_deterministic(struct skw_wallet *wallet, size_t count)
{
	struct skw_wallet_vault *vault = wallet->vault;
	struct skw_sha256 next;

	if (*vault->seed == '\0' ||
	    (wallet->count > 0 && !skw_sha256_parse(&next, vault->last_seed)))
		return SKW_WALLET_FORMAT;
	for (; count > 0; count--) {
		struct skw_wallet_entry *entry = &wallet->entries[wallet->count];
		bool first = wallet->count == 0;

		skw_coin_next(&next, &entry->secret, first ? (const uint8_t *)vault->seed : next.b,
			      first ? strlen(vault->seed) : sizeof(next.b));
		complete(entry);
		wallet->count++;
	}
	skw_sha256_print(vault->last_seed, &next);
	sodium_memzero(&next, sizeof(next));
	return SKW_WALLET_OK;
}

/* One over the highest number in use. */
static uint64_t next_child(const struct skw_wallet *wallet, uint8_t change)
{
	uint64_t next = 0;

	for (size_t i = 0; i < wallet->count; i++) {
		const struct skw_wallet_entry *entry = &wallet->entries[i];

		if (entry->account == 0 && entry->change == change && entry->child >= next)
			next = (uint64_t)entry->child + 1;
	}
	return next;
}

/* The next children of a chain, with their secrets if the chain has one. */
static enum skw_wallet_status grow_chain(struct skw_wallet *wallet, const struct skw_bip32 *chain,
					 size_t count, uint8_t change)
{
	uint64_t child = next_child(wallet, change);
	enum skw_wallet_status status = SKW_WALLET_OK;
	struct skw_bip32 key;

	for (; count > 0 && status == SKW_WALLET_OK; child++) {
		struct skw_wallet_entry *entry = &wallet->entries[wallet->count];

		if (child >= SKW_BIP32_HARDENED) {
			status = SKW_WALLET_MANY;
		} else if (skw_bip32_child(&key, chain, (uint32_t)child)) {
			*entry = (struct skw_wallet_entry) { .public_key = key.public_key,
							     .secret = key.secret,
							     .change = change,
							     .child = (uint32_t)child };
			skw_address_of_public(&entry->address, &entry->public_key);
			wallet->count++;
			count--;
		} /* else: one in 2^127 has no key, the next has */
	}
	sodium_memzero(&key, sizeof(key));
	return status;
}

static enum skw_wallet_status grow_bip44(struct skw_wallet *wallet, size_t count, uint8_t change)
{
	enum skw_wallet_status status = SKW_WALLET_FORMAT;
	struct skw_bip32 chain;

	if (wallet->account_count == 0)
		return SKW_WALLET_FORMAT;
	if (wallet->locked) /* its secrets are derived when it is unlocked */
		return grow_chain(wallet, &wallet->accounts[0].chain[change], count, change);
	if (skw_bip32_child(&chain, &wallet->vault->account[0], change))
		status = grow_chain(wallet, &chain, count, change);
	sodium_memzero(&chain, sizeof(chain));
	return status;
}

/* Room for `count` more, if secrets may be made at all. */
static enum skw_wallet_status prepare(struct skw_wallet *wallet, size_t count)
{
	if (wallet->locked && (wallet->kind != SKW_WALLET_BIP44 || wallet->bare))
		return SKW_WALLET_ENCRYPTED;
	if (count > SKW_WALLET_MAX || wallet->count + count > SKW_WALLET_MAX)
		return SKW_WALLET_MANY;
	return skw_wallet_reserve(wallet, wallet->count + count) ? SKW_WALLET_OK
								 : SKW_WALLET_MEMORY;
}

enum skw_wallet_status skw_wallet_grow(struct skw_wallet *wallet, size_t count)
{
	enum skw_wallet_status status = prepare(wallet, count);

	if (status != SKW_WALLET_OK || count == 0)
		return status;
	switch (wallet->kind) {
	case SKW_WALLET_DETERMINISTIC:
		return grow_deterministic(wallet, count);
	case SKW_WALLET_BIP44:
		return grow_bip44(wallet, count, 0);
	case SKW_WALLET_XPUB:
		return grow_chain(wallet, &wallet->xpub, count, 0);
	case SKW_WALLET_COLLECTION:
		break;
	}
	return SKW_WALLET_TYPE;
}

enum skw_wallet_status skw_wallet_grow_change(struct skw_wallet *wallet, size_t count)
{
	enum skw_wallet_status status = prepare(wallet, count);

	if (status != SKW_WALLET_OK || count == 0)
		return status;
	return wallet->kind == SKW_WALLET_BIP44 ? grow_bip44(wallet, count, 1) : SKW_WALLET_TYPE;
}

enum skw_wallet_status skw_wallet_add(struct skw_wallet *wallet,
				      const struct skw_coin_secret *secret)
{
	struct skw_address address;
	enum skw_wallet_status status;

	if (wallet->kind != SKW_WALLET_COLLECTION)
		return SKW_WALLET_TYPE;
	if (!skw_address_of_secret(&address, secret))
		return SKW_WALLET_KEYS;
	if (skw_wallet_find(wallet, &address) != NULL)
		return SKW_WALLET_DUPLICATE;
	status = prepare(wallet, 1);
	if (status != SKW_WALLET_OK)
		return status;
	wallet->entries[wallet->count].secret = *secret;
	complete(&wallet->entries[wallet->count++]);
	return SKW_WALLET_OK;
}

bool skw_wallet_derive_account(struct skw_bip32 *key, struct skw_bip32 chain[2],
			       const struct skw_wallet *wallet, uint32_t index)
{
	const char *coin = skw_wallet_meta(wallet, "bip44Coin");
	uint8_t seed[SKW_BIP39_SEED];
	unsigned long number;
	char *end;
	bool ok;

	if (coin == NULL || *coin < '0' || *coin > '9' || index >= SKW_BIP32_HARDENED)
		return false;
	number = strtoul(coin, &end, 10);
	if (*end != '\0' || number >= SKW_BIP32_HARDENED)
		return false;
	skw_bip39_seed(seed, wallet->vault->seed, wallet->vault->passphrase);
	ok = skw_bip44_account(key, seed, sizeof(seed), (uint32_t)number, index);
	sodium_memzero(seed, sizeof(seed));
	for (uint32_t i = 0; i < 2; i++) {
		struct skw_bip32 child;

		ok = ok && skw_bip32_child(&child, key, i);
		if (ok)
			skw_bip32_public(&chain[i], &child);
		sodium_memzero(&child, sizeof(child));
	}
	return ok;
}

/* ---- looking ---- */

size_t skw_wallet_count(const struct skw_wallet *wallet)
{
	return wallet->count;
}

const struct skw_wallet_entry *skw_wallet_entry(const struct skw_wallet *wallet, size_t i)
{
	return &wallet->entries[i];
}

const struct skw_wallet_entry *skw_wallet_find(const struct skw_wallet *wallet,
					       const struct skw_address *address)
{
	for (size_t i = 0; i < wallet->count; i++)
		if (skw_address_equal(&wallet->entries[i].address, address))
			return &wallet->entries[i];
	return NULL;
}

void skw_wallet_print_address(char out[SKW_WALLET_ADDRESS_TEXT], enum skw_wallet_coin coin,
			      const struct skw_coin_public *public_key)
{
	struct skw_address address;

	if (coin == SKW_WALLET_BITCOIN) {
		skw_bitcoin_print(out, public_key);
		return;
	}
	skw_address_of_public(&address, public_key);
	skw_address_print(out, &address);
}

bool skw_wallet_set_label(struct skw_wallet *wallet, const char *label)
{
	return is_text(label) && skw_wallet_set_meta(wallet, "label", label);
}

bool skw_wallet_locked(const struct skw_wallet *wallet)
{
	return wallet->locked;
}

enum skw_wallet_kind skw_wallet_kind(const struct skw_wallet *wallet)
{
	return wallet->kind;
}

enum skw_wallet_coin skw_wallet_coin(const struct skw_wallet *wallet)
{
	return wallet->coin;
}

const char *skw_wallet_label(const struct skw_wallet *wallet)
{
	const char *label = skw_wallet_meta(wallet, "label");

	return label != NULL ? label : "";
}

const char *skw_wallet_seed(const struct skw_wallet *wallet)
{
	return wallet->vault->seed;
}

const char *skw_wallet_passphrase(const struct skw_wallet *wallet)
{
	return wallet->vault->passphrase;
}

bool skw_wallet_xpub(char out[SKW_BIP32_TEXT], const struct skw_wallet *wallet, uint32_t account,
		     uint32_t change)
{
	if (wallet->kind == SKW_WALLET_XPUB && account == 0 && change == 0) {
		skw_bip32_print(out, &wallet->xpub);
		return true;
	}
	for (size_t i = 0; i < wallet->account_count && change <= 1 && !wallet->bare; i++)
		if (wallet->accounts[i].index == account) {
			skw_bip32_print(out, &wallet->accounts[i].chain[change]);
			return true;
		}
	return false;
}
