/* A wallet's secrets to ciphertext and back.
 *
 *   {"seed": ..., "lastSeed": ..., "seedPassphrase": ..., "bip44AccountPrivateKey": xprv,
 *    ADDRESS: secret in hex, ...}
 *
 * Keys of a bip44 wallet are derived from the words again and only compared: the original leaves
 * those out that it added without the password. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_bip39.h"
#include "ledger/skw_wallet_inside.h"

static enum skw_wallet_status of_crypt(enum skw_crypt_status status)
{
	switch (status) {
	case SKW_CRYPT_OK:
		return SKW_WALLET_OK;
	case SKW_CRYPT_FORMAT:
		return SKW_WALLET_CIPHER;
	case SKW_CRYPT_COST:
		return SKW_WALLET_COST;
	case SKW_CRYPT_PASSWORD:
		return SKW_WALLET_PASSWORD;
	case SKW_CRYPT_MEMORY:
		return SKW_WALLET_MEMORY;
	case SKW_CRYPT_LATER:
		return SKW_WALLET_LATER;
	}
	return SKW_WALLET_CIPHER;
}

/* ---- locking ---- */

static void put_secrets(struct skw_json *j, const struct skw_wallet *wallet)
{
	char text[SKW_BIP32_TEXT];

	skw_json_object(j, NULL);
	if (wallet->kind == SKW_WALLET_DETERMINISTIC)
		skw_json_string(j, "lastSeed", wallet->vault->last_seed);
	if (wallet->kind != SKW_WALLET_COLLECTION)
		skw_json_string(j, "seed", wallet->vault->seed);
	if (wallet->kind == SKW_WALLET_BIP44) {
		skw_json_string(j, "seedPassphrase", wallet->vault->passphrase);
		skw_bip32_print(text, &wallet->vault->account[0]);
		skw_json_string(j, "bip44AccountPrivateKey", text);
		sodium_memzero(text, sizeof(text));
	}
	for (size_t i = 0; i < wallet->count; i++) {
		const struct skw_wallet_entry *entry = &wallet->entries[i];

		skw_wallet_print_address(text, wallet->coin, &entry->public_key);
		skw_json_hex(j, text, entry->secret.b, sizeof(entry->secret.b));
	}
	skw_json_end_object(j);
}

enum skw_wallet_status skw_wallet_lock(struct skw_wallet *wallet, enum skw_crypt_kind kind,
				       const struct skw_crypt_cost *cost, const char *password)
{
	struct skw_json j = { .secret = true };
	enum skw_wallet_status status = SKW_WALLET_MEMORY;
	char *text = NULL;

	if (wallet->locked)
		return SKW_WALLET_ENCRYPTED;
	if (wallet->kind == SKW_WALLET_XPUB)
		return SKW_WALLET_TYPE; /* it has nothing to hide */
	if (*password == '\0')
		return SKW_WALLET_PASSWORD;
	put_secrets(&j, wallet);
	if (!j.failed)
		status = of_crypt(skw_crypt_seal(&text, wallet->later, kind, cost, password,
						 (const uint8_t *)j.text, j.len));
	skw_json_free(&j);
	if (status == SKW_WALLET_OK &&
	    (!skw_wallet_set_meta(wallet, "secrets", text) ||
	     !skw_wallet_set_meta(wallet, "cryptoType", skw_crypt_kind_name(kind)) ||
	     !skw_wallet_set_meta(wallet, "encrypted", "true")))
		status = SKW_WALLET_MEMORY;
	free(text);
	if (status == SKW_WALLET_OK) {
		skw_wallet_wipe_secrets(wallet);
		wallet->locked = true;
	}
	return status;
}

enum skw_wallet_status skw_wallet_relock(struct skw_wallet *wallet, const char *password)
{
	return skw_wallet_lock(wallet, wallet->cipher,
			       wallet->cost.n != 0 ? &wallet->cost : &skw_crypt_cost_default,
			       password);
}

/* ---- unlocking ---- */

static bool take_text(char out[SKW_WALLET_SEED_MAX + 1], const json_t *secrets, const char *key,
		      bool needed)
{
	const char *text = json_string_value(json_object_get(secrets, key));

	return text != NULL ? skw_wallet_set_text(out, text) && (*text != '\0' || !needed)
			    : !needed;
}

/* The secret of an entry of a wallet whose keys stand in the ciphertext. */
static enum skw_wallet_status take_secret(struct skw_wallet_entry *entry,
					  const struct skw_wallet *wallet, const json_t *secrets)
{
	char address[SKW_WALLET_ADDRESS_TEXT];
	struct skw_coin_public right;
	const char *hex;

	skw_wallet_print_address(address, wallet->coin, &entry->public_key);
	hex = json_string_value(json_object_get(secrets, address));
	if (hex == NULL ||
	    !skw_ledger_hex_parse(entry->secret.b, sizeof(entry->secret.b), hex, strlen(hex)))
		return SKW_WALLET_CIPHER;
	if (!skw_coin_public_of(&right, &entry->secret) ||
	    memcmp(right.b, entry->public_key.b, sizeof(right.b)) != 0)
		return SKW_WALLET_KEYS;
	return SKW_WALLET_OK;
}

static enum skw_wallet_status derive_secret(struct skw_wallet_entry *entry,
					    const struct skw_wallet *wallet)
{
	struct skw_bip32 key;
	bool ok = skw_bip32_child(&key, &wallet->vault->account[entry->account], entry->change) &&
		  skw_bip32_child(&key, &key, entry->child) &&
		  memcmp(key.public_key.b, entry->public_key.b, sizeof(key.public_key.b)) == 0;

	if (ok)
		entry->secret = key.secret;
	sodium_memzero(&key, sizeof(key));
	return ok ? SKW_WALLET_OK : SKW_WALLET_KEYS;
}

static enum skw_wallet_status derive_accounts(struct skw_wallet *wallet)
{
	struct skw_bip32 chain[2];

	if (skw_bip39_check(wallet->vault->seed) != SKW_BIP39_OK)
		return SKW_WALLET_WORDS;
	for (size_t i = 0; i < wallet->account_count; i++) {
		struct skw_wallet_account *account = &wallet->accounts[i];

		if (!skw_wallet_derive_account(&wallet->vault->account[i], chain, wallet,
					       account->index))
			return SKW_WALLET_FORMAT;
		for (unsigned k = 0; k < 2 && !wallet->bare; k++)
			if (memcmp(chain[k].public_key.b, account->chain[k].public_key.b, 33) != 0)
				return SKW_WALLET_KEYS;
		memcpy(account->chain, chain, sizeof(chain));
	}
	return SKW_WALLET_OK;
}

static enum skw_wallet_status take(struct skw_wallet *wallet, const json_t *secrets)
{
	struct skw_wallet_vault *vault = wallet->vault;
	enum skw_wallet_status status = SKW_WALLET_OK;
	bool bip44 = wallet->kind == SKW_WALLET_BIP44;

	if (!json_is_object(secrets) ||
	    !take_text(vault->seed, secrets, "seed", wallet->kind != SKW_WALLET_COLLECTION) ||
	    !take_text(vault->last_seed, secrets, "lastSeed",
		       wallet->kind == SKW_WALLET_DETERMINISTIC) ||
	    !take_text(vault->passphrase, secrets, "seedPassphrase", false))
		return SKW_WALLET_CIPHER;
	if (bip44)
		status = derive_accounts(wallet);
	if (status == SKW_WALLET_OK)
		wallet->bare = false;
	for (size_t i = 0; i < wallet->count && status == SKW_WALLET_OK; i++)
		status = bip44 ? derive_secret(&wallet->entries[i], wallet)
			       : take_secret(&wallet->entries[i], wallet, secrets);
	return status;
}

enum skw_wallet_status skw_wallet_unlock(struct skw_wallet *wallet, const char *password)
{
	const char *type = skw_wallet_meta(wallet, "cryptoType"),
		   *text = skw_wallet_meta(wallet, "secrets");
	enum skw_wallet_status status;
	json_t *secrets;
	uint8_t *plain;
	size_t len;

	if (!wallet->locked)
		return SKW_WALLET_PLAIN;
	if (type == NULL || text == NULL || !skw_crypt_kind_parse(&wallet->cipher, type))
		return SKW_WALLET_CIPHER;
	status =
	    of_crypt(skw_crypt_open(&plain, &len, wallet->later, wallet->cipher, text, password));
	if (status != SKW_WALLET_OK)
		return status;
	skw_crypt_cost_of(&wallet->cost, text);
	secrets = skw_wallet_json_begin((const char *)plain, len);
	status = take(wallet, secrets);
	skw_wallet_json_end(secrets);
	sodium_free(plain); /* wipes */
	if (status == SKW_WALLET_OK && (!skw_wallet_set_meta(wallet, "secrets", "") ||
					!skw_wallet_set_meta(wallet, "encrypted", "false")))
		status = SKW_WALLET_MEMORY;
	if (status == SKW_WALLET_OK)
		wallet->locked = false;
	else
		skw_wallet_wipe_secrets(wallet);
	return status;
}
