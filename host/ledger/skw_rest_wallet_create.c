/* Wallets over REST: what makes them, and adds addresses to them. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_rest_wallet.h"

enum { SCAN_DEFAULT = 20, SCAN_MAX = 10000 };

/* ---- scanning ---- */

static bool seen_one(void *context, const struct skw_sha256 *txid, uint64_t seq)
{
	(void)txid;
	(void)seq;
	*(bool *)context = true;
	return false;
}

static bool was_used(struct skw_rest_call *call, const struct skw_address *address)
{
	bool used = false;

	return skw_chain_each_tx(call->chain, address, seen_one, &used) == SKW_CHAIN_OK && used;
}

/* How many of the next `ahead` addresses to keep: up to the last one that was ever used. `probe` is
 * a copy that grows meanwhile. */
static enum skw_wallet_status count_used(struct skw_rest_call *call, struct skw_wallet *probe,
					 uint64_t ahead, size_t *keep_count)
{
	size_t before = skw_wallet_count(probe);
	enum skw_wallet_status status = skw_wallet_grow(probe, (size_t)ahead);

	*keep_count = 0;
	for (size_t i = before; status == SKW_WALLET_OK && i < skw_wallet_count(probe); i++)
		if (was_used(call, &skw_wallet_entry(probe, i)->address))
			*keep_count = i - before + 1;
	return status;
}

static enum skw_wallet_status scan(struct skw_rest_call *call, struct skw_wallet *wallet,
				   uint64_t ahead)
{
	const struct skw_wallets_item self = { .wallet = wallet };
	struct skw_wallet *probe;
	size_t keep_count = 0;
	enum skw_wallet_status status = skw_wallets_copy(&self, &probe);

	if (status == SKW_WALLET_OK)
		status = count_used(call, probe, ahead, &keep_count);
	skw_wallet_free(probe);
	return status == SKW_WALLET_OK ? skw_wallet_grow(wallet, keep_count) : status;
}

/* ---- keys from outside ---- */

/* Hex keys between commas. */
static enum skw_wallet_status add_keys(struct skw_wallet *wallet, const char *keys)
{
	enum skw_wallet_status status = SKW_WALLET_OK;
	struct skw_coin_secret secret;
	char item[128];

	while (status == SKW_WALLET_OK && skw_rest_item(&keys, item, sizeof(item)))
		status = skw_ledger_hex_parse(secret.b, sizeof(secret.b), item, strlen(item))
			     ? skw_wallet_add(wallet, &secret)
			     : SKW_WALLET_KEYS;
	sodium_memzero(&secret, sizeof(secret));
	sodium_memzero(item, sizeof(item));
	return status;
}

/* ---- create ---- */

struct creation {
	struct skw_wallet_options options;
	const char *password, *keys;
	bool encrypt;
	uint64_t scan;
};

static bool take_kind(struct skw_rest_call *call, enum skw_wallet_kind *out)
{
	const char *type = skw_rest_arg(call, "type");

	for (unsigned kind = 0; kind <= SKW_WALLET_XPUB; kind++)
		if (strcmp(type, skw_wallet_kind_name(kind)) == 0) {
			*out = kind;
			return true;
		}
	skw_rest_fail(call, 400, *type == '\0' ? "missing type" : "invalid wallet type");
	return false;
}

static bool take_creation(struct skw_rest_call *call, struct creation *c)
{
	const char *scan = skw_rest_arg(call, "scan"), *coin = skw_rest_arg(call, "bip44-coin");
	struct skw_wallet_options *o = &c->options;
	const char *trouble = NULL;
	uint64_t n;

	*c = (struct creation) { .password = skw_rest_arg(call, "password"),
				 .keys = skw_rest_arg(call, "private-keys") };
	if (!take_kind(call, &o->kind) || !skw_rest_flag(call, &c->encrypt, "encrypt"))
		return false;
	o->seed = skw_rest_arg(call, "seed");
	o->passphrase = skw_rest_arg(call, "seed-passphrase");
	o->label = skw_rest_arg(call, "label");
	o->xpub = skw_rest_arg(call, "xpub");
	o->bip44_coin = *coin != '\0' ? coin : NULL;
	if (c->encrypt && *c->password == '\0')
		trouble = "missing password";
	else if (!c->encrypt && *c->password != '\0')
		trouble = "encrypt must be true as password is provided";
	else if (*scan != '\0' && (!skw_rest_u64(&c->scan, scan) || c->scan > SCAN_MAX))
		trouble = "invalid scan value";
	else if (*scan != '\0' && c->scan == 0)
		trouble = "scan must be > 0";
	else if (*coin != '\0' && o->kind != SKW_WALLET_BIP44)
		trouble = "bip44-coin is only valid for bip44 type wallets";
	else if (*coin != '\0' && (!skw_rest_u64(&n, coin) || n >= SKW_BIP32_HARDENED))
		trouble = "invalid bip44-coin value";
	else if (*o->label == '\0')
		trouble = "missing label";
	else if (o->kind == SKW_WALLET_COLLECTION && *o->seed != '\0')
		trouble = "seed should not be provided for \"collection\" wallets";
	else if (o->kind == SKW_WALLET_XPUB && *o->seed != '\0')
		trouble = "seed should not be provided for \"xpub\" wallets";
	else if (o->kind == SKW_WALLET_XPUB && *o->xpub == '\0')
		trouble = "missing xpub";
	else if (o->kind <= SKW_WALLET_BIP44 && *o->seed == '\0')
		trouble = "missing seed";
	else if (o->kind != SKW_WALLET_BIP44 && *o->passphrase != '\0')
		trouble = "seedPassphrase is only used for \"bip44\" wallets";
	else if (o->kind == SKW_WALLET_BIP44)
		trouble = skw_rest_words_trouble(o->seed);
	if (trouble != NULL)
		skw_rest_fail(call, 400, "%s", trouble);
	return trouble == NULL;
}

static enum skw_wallet_status make(struct skw_rest_call *call, const struct creation *c,
				   struct skw_wallet **out)
{
	enum skw_wallet_kind kind = c->options.kind;
	enum skw_wallet_status status = skw_wallet_make(out, &c->options, call->now);

	if (status == SKW_WALLET_OK && kind == SKW_WALLET_COLLECTION)
		return add_keys(*out, c->keys);
	if (status == SKW_WALLET_OK)
		status = skw_wallet_grow(*out, 1);
	if (status == SKW_WALLET_OK && c->scan > 1)
		status = scan(call, *out, c->scan - 1);
	return status;
}

static void create(struct skw_rest_call *call, bool temporary)
{
	struct skw_wallets *wallets = call->chain->wallets;
	const struct skw_wallets_item *item;
	struct skw_wallet *wallet = NULL;
	enum skw_wallet_status status;
	struct creation c;

	if (!take_creation(call, &c))
		return;
	status = make(call, &c, &wallet);
	if (status == SKW_WALLET_OK && skw_wallets_has(wallets, wallet)) {
		skw_rest_fail(call, 400, "a wallet already exists with this %s",
			      c.options.kind == SKW_WALLET_XPUB ? "xpub key" : "seed");
		skw_wallet_free(wallet);
		return;
	}
	if (status == SKW_WALLET_OK && c.encrypt)
		status = skw_rest_wallet_lock(call, wallet, c.password);
	if (status == SKW_WALLET_OK)
		status = skw_wallets_add(wallets, wallet, temporary, call->now, &item);
	if (status == SKW_WALLET_OK) {
		skw_rest_show_wallet(call, NULL, item);
		return;
	}
	skw_wallet_free(wallet);
	skw_rest_wallet_failed(call, status);
}

void skw_rest_wallet_create(struct skw_rest_call *call)
{
	create(call, false);
}

void skw_rest_wallet_create_temp(struct skw_rest_call *call)
{
	create(call, true);
}

/* ---- growing ---- */

/* One that grows: locked still, where it need not be opened for that. */
static struct skw_wallet *to_grow(struct skw_rest_call *call, const struct skw_wallets_item *item,
				  const char *password)
{
	struct skw_wallet *copy = NULL;
	enum skw_wallet_status status;

	if (skw_wallet_kind(item->wallet) != SKW_WALLET_BIP44 || !skw_wallet_locked(item->wallet) ||
	    *password != '\0')
		return skw_rest_wallet_unlocked(call, item, password);
	status = skw_wallets_copy(item, &copy);
	if (status != SKW_WALLET_OK)
		skw_rest_wallet_failed(call, status);
	return copy;
}

/* New addresses: `num`, keys from outside, or those of a scan. */
static void grow(struct skw_rest_call *call, uint64_t num, bool scans)
{
	const struct skw_wallets_item *item =
	    skw_rest_find_wallet(call, skw_rest_arg(call, "id"), 400);
	const char *password = skw_rest_arg(call, "password"),
		   *keys = skw_rest_arg(call, "private-keys");
	struct skw_wallet *copy = item != NULL ? to_grow(call, item, password) : NULL;
	enum skw_wallet_status status;
	size_t first;

	if (copy == NULL)
		return;
	first = skw_wallet_count(copy);
	if (scans)
		status = scan(call, copy, num);
	else if (skw_wallet_kind(copy) == SKW_WALLET_COLLECTION)
		status = *keys != '\0' ? add_keys(copy, keys) : SKW_WALLET_KEYS;
	else
		status = skw_wallet_grow(copy, (size_t)num);
	if (skw_rest_wallet_keep(call, item, copy, password, status))
		skw_rest_show_new_addresses(&call->json, item->wallet, first);
}

static bool take_number(struct skw_rest_call *call, uint64_t *out, uint64_t least)
{
	const char *num = skw_rest_arg(call, "num");

	if (*num == '\0')
		return true;
	if (!skw_rest_u64(out, num) || *out > SCAN_MAX)
		skw_rest_fail(call, 400, "invalid num value");
	else if (*out < least)
		skw_rest_fail(call, 400, "invalid num value, must be > 0");
	else
		return true;
	return false;
}

void skw_rest_wallet_new_address(struct skw_rest_call *call)
{
	uint64_t num = 1;

	if (take_number(call, &num, 0))
		grow(call, num, false);
}

void skw_rest_wallet_scan(struct skw_rest_call *call)
{
	uint64_t num = SCAN_DEFAULT;

	if (take_number(call, &num, 1))
		grow(call, num, true);
}
