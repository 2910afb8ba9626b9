#include "ledger/skw_wallet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_wallet_inside.h"

static const struct {
	const char *key;
	const char *value;
} fresh_meta[] = {
	{ "coin", "skycoin" },    { "cryptoType", "scrypt-chacha20poly1305" },
	{ "encrypted", "false" }, { "filename", "" },
	{ "secrets", "" },        { "type", "deterministic" },
	{ "version", "0.4" },
};

const char *skw_wallet_meta(const struct skw_wallet *wallet, const char *key)
{
	return json_string_value(json_object_get(wallet->meta, key));
}

bool skw_wallet_set_meta(struct skw_wallet *wallet, const char *key, const char *value)
{
	return json_object_set_new(wallet->meta, key, json_string(value)) == 0;
}

enum skw_wallet_status skw_wallet_new(struct skw_wallet **out, const char *seed, const char *label,
				      uint64_t now_unix)
{
	struct skw_wallet *wallet;
	char tm[24];
	bool ok = true;

	*out = NULL;
	if (*seed == '\0' || strlen(seed) > SKW_WALLET_SEED_MAX)
		return SKW_WALLET_SEED;
	wallet = skw_wallet_alloc();
	if (wallet == NULL)
		return SKW_WALLET_MEMORY;
	for (size_t i = 0; i < sizeof(fresh_meta) / sizeof(fresh_meta[0]); i++)
		ok &= skw_wallet_set_meta(wallet, fresh_meta[i].key, fresh_meta[i].value);
	snprintf(tm, sizeof(tm), "%" PRIu64, now_unix);
	ok &= skw_wallet_set_meta(wallet, "tm", tm);
	ok &= skw_wallet_set_meta(wallet, "seed", seed);
	ok &=
	    skw_wallet_set_meta(wallet, "lastSeed", seed); /* of an empty wallet: the text itself */
	if (!ok || !skw_wallet_set_meta(wallet, "label", label)) {
		skw_wallet_free(wallet);
		return ok ? SKW_WALLET_FORMAT : SKW_WALLET_SEED; /* not UTF-8 */
	}
	*out = wallet;
	return SKW_WALLET_OK;
}

void skw_wallet_free(struct skw_wallet *wallet)
{
	if (wallet == NULL)
		return;
	if (wallet->entries != NULL)
		sodium_memzero(wallet->entries, wallet->room * sizeof(*wallet->entries));
	free(wallet->entries);
	json_decref(wallet->meta);
	free(wallet);
}

bool skw_wallet_reserve(struct skw_wallet *wallet, size_t count)
{
	struct skw_wallet_entry *entries;

	if (count <= wallet->room)
		return true;
	entries = calloc(count, sizeof(*entries)); /* not realloc: the old place must be wiped */
	if (entries == NULL)
		return false;
	if (wallet->count > 0)
		memcpy(entries, wallet->entries, wallet->count * sizeof(*entries));
	if (wallet->entries != NULL)
		sodium_memzero(wallet->entries, wallet->room * sizeof(*entries));
	free(wallet->entries);
	wallet->entries = entries;
	wallet->room = count;
	return true;
}

/* Where the keys go on: the text of an empty wallet, else the last seed's 32 bytes. */
static bool last_seed(const struct skw_wallet *wallet, struct skw_sha256 *next)
{
	const char *text = skw_wallet_meta(wallet, "lastSeed");

	return text != NULL && skw_sha256_parse(next, text);
}

enum skw_wallet_status skw_wallet_grow(struct skw_wallet *wallet, size_t count)
{
	const char *seed = skw_wallet_meta(wallet, "seed");
	struct skw_sha256 next;
	char text[SKW_SHA256_TEXT];
	bool ok;

	if (count > SKW_WALLET_MAX || wallet->count + count > SKW_WALLET_MAX)
		return SKW_WALLET_MANY;
	if (count == 0)
		return SKW_WALLET_OK;
	if (seed == NULL || *seed == '\0' || (wallet->count > 0 && !last_seed(wallet, &next)))
		return SKW_WALLET_FORMAT;
	if (!skw_wallet_reserve(wallet, wallet->count + count))
		return SKW_WALLET_MEMORY;
	for (; count > 0; count--) {
		struct skw_wallet_entry *entry = &wallet->entries[wallet->count];
		bool first = wallet->count == 0;

		skw_coin_next(&next, &entry->secret, first ? (const uint8_t *)seed : next.b,
			      first ? strlen(seed) : sizeof(next.b));
		skw_coin_public_of(&entry->public_key, &entry->secret);
		skw_address_of_public(&entry->address, &entry->public_key);
		wallet->count++;
	}
	skw_sha256_print(text, &next);
	ok = skw_wallet_set_meta(wallet, "lastSeed", text);
	sodium_memzero(text, sizeof(text));
	sodium_memzero(&next, sizeof(next));
	return ok ? SKW_WALLET_OK : SKW_WALLET_MEMORY;
}

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

const char *skw_wallet_label(const struct skw_wallet *wallet)
{
	const char *label = skw_wallet_meta(wallet, "label");

	return label != NULL ? label : "";
}

const char *skw_wallet_status_text(enum skw_wallet_status status)
{
	switch (status) {
	case SKW_WALLET_OK:
		return "ok";
	case SKW_WALLET_SEED:
		return "the seed is empty, too long or not UTF-8";
	case SKW_WALLET_MANY:
		return "too many addresses";
	case SKW_WALLET_FILE:
		return "the file cannot be read or written";
	case SKW_WALLET_EXISTS:
		return "the file exists already";
	case SKW_WALLET_FORMAT:
		return "not a wallet file";
	case SKW_WALLET_TYPE:
		return "not a deterministic Skycoin wallet";
	case SKW_WALLET_ENCRYPTED:
		return "the wallet is encrypted";
	case SKW_WALLET_KEYS:
		return "an address does not belong to its secret key";
	case SKW_WALLET_MEMORY:
		return "out of memory";
	}
	return "?";
}
