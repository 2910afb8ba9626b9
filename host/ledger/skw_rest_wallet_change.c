/* Wallets over REST: what changes them, and what tells their secrets.
 *
 * A password opens a copy; the copy is locked again with it before it is written and kept. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_rest_wallet.h"

void skw_rest_wallet_failed(struct skw_rest_call *call, enum skw_wallet_status status)
{
	switch (status) {
	case SKW_WALLET_PASSWORD:
		skw_rest_fail(call, 400, "invalid password");
		break;
	case SKW_WALLET_ENCRYPTED:
		skw_rest_fail(call, 400, "wallet is encrypted");
		break;
	case SKW_WALLET_PLAIN:
		skw_rest_fail(call, 400, "wallet is not encrypted");
		break;
	case SKW_WALLET_LATER:
		skw_rest_fail(call, 0, NULL);
		break;
	case SKW_WALLET_MEMORY:
	case SKW_WALLET_FILE:
		skw_rest_fail(call, 500, "%s", skw_wallet_status_text(status));
		break;
	default:
		skw_rest_fail(call, 400, "%s", skw_wallet_status_text(status));
		break;
	}
}

struct skw_wallet *skw_rest_wallet_unlocked(struct skw_rest_call *call,
					    const struct skw_wallets_item *item,
					    const char *password)
{
	bool locked = skw_wallet_locked(item->wallet);
	struct skw_wallet *copy = NULL;
	enum skw_wallet_status status;

	if (locked && *password == '\0') {
		skw_rest_fail(call, 400, "missing password");
		return NULL;
	}
	if (!locked && *password != '\0') {
		skw_rest_fail(call, 400, "wallet is not encrypted");
		return NULL;
	}
	status = skw_wallets_copy(item, &copy);
	if (status == SKW_WALLET_OK && locked) {
		copy->later = call->later;
		status = skw_wallet_unlock(copy, password);
		copy->later = NULL;
	}
	if (status == SKW_WALLET_OK)
		return copy;
	skw_wallet_free(copy);
	skw_rest_wallet_failed(call, status);
	return NULL;
}

bool skw_rest_wallet_keep(struct skw_rest_call *call, const struct skw_wallets_item *item,
			  struct skw_wallet *copy, const char *password,
			  enum skw_wallet_status status)
{
	if (status == SKW_WALLET_OK && *password != '\0' && !skw_wallet_locked(copy)) {
		copy->later = call->later;
		status = skw_wallet_relock(copy, password);
		copy->later = NULL;
	}
	if (status == SKW_WALLET_OK)
		status = skw_wallets_replace(call->chain->wallets, item->id, copy);
	if (status == SKW_WALLET_OK)
		return true;
	skw_wallet_free(copy);
	skw_rest_wallet_failed(call, status);
	return false;
}

enum skw_wallet_status skw_rest_wallet_lock(struct skw_rest_call *call, struct skw_wallet *wallet,
					    const char *password)
{
	enum skw_wallet_status status;

	wallet->later = call->later;
	status = skw_wallet_lock(wallet, SKW_CRYPT_SCRYPT, &skw_crypt_cost_default, password);
	wallet->later = NULL;
	return status;
}

/* ---- label, lock ---- */

void skw_rest_wallet_update(struct skw_rest_call *call)
{
	const char *label = skw_rest_arg(call, "label");
	const struct skw_wallets_item *item;
	struct skw_wallet *copy = NULL;
	enum skw_wallet_status status;

	if (*skw_rest_arg(call, "id") != '\0' && *label == '\0') {
		skw_rest_fail(call, 400, "missing label");
		return;
	}
	item = skw_rest_find_wallet(call, skw_rest_arg(call, "id"), 404);
	if (item == NULL)
		return;
	status = skw_wallets_copy(item, &copy);
	if (status == SKW_WALLET_OK && !skw_wallet_set_label(copy, label))
		status = SKW_WALLET_FORMAT;
	if (skw_rest_wallet_keep(call, item, copy, "", status))
		skw_json_string(&call->json, NULL, "success");
}

void skw_rest_wallet_encrypt(struct skw_rest_call *call)
{
	const struct skw_wallets_item *item =
	    skw_rest_find_wallet(call, skw_rest_arg(call, "id"), 404);
	const char *password = skw_rest_arg(call, "password");
	struct skw_wallet *copy = NULL;
	enum skw_wallet_status status;

	if (item == NULL)
		return;
	if (skw_wallet_locked(item->wallet)) {
		skw_rest_fail(call, 400, "wallet is encrypted");
	} else if (*password == '\0') {
		skw_rest_fail(call, 400, "missing password");
	} else if (item->temporary) {
		skw_rest_fail(call, 400, "temporary wallets cannot be encrypted");
	} else {
		status = skw_wallets_copy(item, &copy);
		if (status == SKW_WALLET_OK)
			status = skw_rest_wallet_lock(call, copy, password);
		if (skw_rest_wallet_keep(call, item, copy, "", status))
			skw_rest_show_wallet(call, NULL, item);
	}
}

void skw_rest_wallet_decrypt(struct skw_rest_call *call)
{
	const struct skw_wallets_item *item =
	    skw_rest_find_wallet(call, skw_rest_arg(call, "id"), 404);
	struct skw_wallet *copy;

	if (item == NULL)
		return;
	if (!skw_wallet_locked(item->wallet)) {
		skw_rest_fail(call, 400, "wallet is not encrypted");
		return;
	}
	copy = skw_rest_wallet_unlocked(call, item, skw_rest_arg(call, "password"));
	if (copy != NULL && skw_rest_wallet_keep(call, item, copy, "", SKW_WALLET_OK))
		skw_rest_show_wallet(call, NULL, item);
}

void skw_rest_wallet_seed(struct skw_rest_call *call)
{
	const struct skw_wallets_item *item =
	    skw_rest_find_wallet(call, skw_rest_arg(call, "id"), 404);
	struct skw_json *j = &call->json;
	struct skw_wallet *copy;

	if (item == NULL)
		return;
	if (!skw_wallet_locked(item->wallet)) {
		skw_rest_fail(call, 400, "wallet is not encrypted");
		return;
	}
	copy = skw_rest_wallet_unlocked(call, item, skw_rest_arg(call, "password"));
	if (copy == NULL)
		return;
	j->secret = true;
	skw_json_object(j, NULL);
	skw_json_string(j, "seed", skw_wallet_seed(copy));
	if (*skw_wallet_passphrase(copy) != '\0')
		skw_json_string(j, "seed_passphrase", skw_wallet_passphrase(copy));
	skw_json_end_object(j);
	skw_wallet_free(copy);
}

void skw_rest_wallet_unload(struct skw_rest_call *call)
{
	if (*skw_rest_arg(call, "id") == '\0')
		skw_rest_fail(call, 400, "missing wallet id");
	else
		skw_wallets_unload(call->chain->wallets, skw_rest_arg(call, "id"));
}

/* ---- recover ---- */

/* The wallet that the seed gives, as long as the locked one is. */
static enum skw_wallet_status regrow(const struct skw_wallet *old, const json_t *root,
				     uint64_t now_unix, struct skw_wallet **out)
{
	const char *phrase = json_string_value(json_object_get(root, "seed_passphrase"));
	const char *coin = skw_wallet_meta(old, "bip44Coin");
	const struct skw_wallet_options options = {
		.kind = skw_wallet_kind(old),
		.coin = skw_wallet_coin(old),
		.seed = json_string_value(json_object_get(root, "seed")),
		.passphrase = phrase,
		.label = skw_wallet_label(old),
		.bip44_coin = coin,
	};
	size_t changes = 0;
	enum skw_wallet_status status = skw_wallet_make(out, &options, now_unix);

	for (size_t i = 0; i < skw_wallet_count(old); i++)
		changes += skw_wallet_entry(old, i)->change;
	if (status == SKW_WALLET_OK)
		status = skw_wallet_grow(*out, skw_wallet_count(old) - changes);
	if (status == SKW_WALLET_OK && changes > 0)
		status = skw_wallet_grow_change(*out, changes);
	if (status == SKW_WALLET_OK)
		for (size_t i = 0; i < skw_wallet_count(old); i++)
			if (skw_wallet_find(*out, &skw_wallet_entry(old, i)->address) == NULL)
				return SKW_WALLET_KEYS;
	return status;
}

static void recover(struct skw_rest_call *call, const struct skw_wallets_item *item,
		    const json_t *root)
{
	const char *password = json_string_value(json_object_get(root, "password"));
	struct skw_wallet *wallet = NULL;
	enum skw_wallet_status status = regrow(item->wallet, root, call->now, &wallet);

	if (status != SKW_WALLET_OK && status != SKW_WALLET_MEMORY) {
		skw_rest_fail(call, 400, "wallet recovery seed or seed passphrase is wrong");
		skw_wallet_free(wallet);
		return;
	}
	if (status == SKW_WALLET_OK && password != NULL && *password != '\0')
		status = skw_rest_wallet_lock(call, wallet, password);
	if (!skw_rest_wallet_keep(call, item, wallet, "", status))
		return;
	skw_json_object(&call->json, NULL);
	skw_rest_show_wallet(call, "data", item);
	skw_json_end_object(&call->json);
}

void skw_rest_wallet_recover(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
	const char *id = json_string_value(json_object_get(root, "id"));
	const char *seed = json_string_value(json_object_get(root, "seed"));
	const struct skw_wallets_item *item;

	if (root == NULL)
		return;
	if (id == NULL || *id == '\0')
		skw_rest_fail(call, 400, "id is required");
	else if (seed == NULL || *seed == '\0')
		skw_rest_fail(call, 400, "seed is required");
	else if ((item = skw_rest_find_wallet(call, id, 404)) != NULL) {
		if (!skw_wallet_locked(item->wallet))
			skw_rest_fail(call, 400, "wallet is not encrypted");
		else if (skw_wallet_kind(item->wallet) > SKW_WALLET_BIP44)
			skw_rest_fail(call, 400, "wallet type is not recoverable");
		else
			recover(call, item, root);
	}
	json_decref(root);
}
