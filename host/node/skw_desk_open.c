/* Wallet, chain and accounts: opened as configured, and closed. */
#include "node/skw_desk_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_block.h"
#include "ledger/skw_rest.h"

static bool fail(struct skw_desk *d, const char *key, const char *path, const char *what)
{
	snprintf(d->node->error, sizeof(d->node->error), "[%s] %.120s: %.100s", key, path, what);
	return false;
}

static bool load_network(struct skw_desk *d)
{
	const char *name = d->node->config->ledger.network;
	char what[160];

	if (skw_network_load(&d->network, *name != '\0' ? name : "mainnet", what, sizeof(what)))
		return true;
	return fail(d, "ledger", name, what);
}

static bool load_wallet(struct skw_desk *d)
{
	const char *path = d->node->config->pay.wallet;
	enum skw_wallet_status status = skw_wallet_load(&d->wallet, path);

	if (status == SKW_WALLET_OK && skw_wallet_count(d->wallet) > 0)
		return true;
	return fail(d, "pay", path,
		    status == SKW_WALLET_FILE ? strerror(errno)
		    : status == SKW_WALLET_OK
			? "has no address; add one with `skywave wallet address`"
			: skw_wallet_status_text(status));
}

/* The publisher's key is the first of a wallet file. */
static bool load_publisher(struct skw_desk *d)
{
	const char *path = d->node->config->ledger.secret;
	struct skw_wallet *wallet = NULL;
	enum skw_wallet_status status = skw_wallet_load(&wallet, path);
	bool ok = status == SKW_WALLET_OK && skw_wallet_count(wallet) > 0;

	d->publisher = sodium_malloc(sizeof(*d->publisher));
	if (ok && d->publisher == NULL)
		ok = fail(d, "ledger", path, "out of memory");
	else if (ok)
		*d->publisher = skw_wallet_entry(wallet, 0)->secret;
	else
		fail(d, "ledger", path,
		     status == SKW_WALLET_OK ? "has no key" : skw_wallet_status_text(status));
	skw_wallet_free(wallet);
	return ok;
}

static void produce(uv_timer_t *timer)
{
	struct skw_desk *d = timer->data;
	enum skw_chain_status status =
	    skw_chain_produce(d->chain, d->publisher, skw_node_unix(), NULL);
	struct skw_chain_head head = skw_chain_head(d->chain);

	if (status == SKW_CHAIN_OK)
		skw_node_log(d->node, SKW_INFO, "ledger: block %llu made",
			     (unsigned long long)head.header.seq);
	else if (status != SKW_CHAIN_NOTHING && status != SKW_CHAIN_CLOCK)
		skw_node_log(d->node, SKW_BROKEN, "ledger: no block made: %s",
			     skw_chain_status_text(status));
}

static bool open_chain(struct skw_desk *d)
{
	const struct skw_config *config = d->node->config;
	struct skw_rest_about about = { .started_unix = skw_node_unix(),
					.produces = config->ledger.produce,
					.csrf = true };
	uint8_t key[32];
	char path[SKW_CONFIG_TEXT + 16];
	enum skw_chain_status status;

	snprintf(path, sizeof(path), "%s/ledger.db", config->node.state);
	status = skw_chain_open(&d->chain, path, &d->network);
	if (status != SKW_CHAIN_OK)
		return fail(d, "ledger", path,
			    d->chain != NULL && status == SKW_CHAIN_STORE
				? skw_chain_error(d->chain)
				: skw_chain_status_text(status));
	randombytes_buf(key, sizeof(key));
	skw_rest_guard_init(&d->guard, key, true, config->ledger.listen.host,
			    config->ledger.listen.port);
	about.header_check = d->guard.host;
	skw_rest_set_about(d->chain, &about);
	if (config->ledger.listen.port != 0) {
		d->http = skw_http_start(d->node->loop, d->chain, &d->guard,
					 config->ledger.listen.host, config->ledger.listen.port,
					 d->node->error, sizeof(d->node->error));
		if (d->http == NULL)
			return false;
	}
	if (!config->ledger.produce)
		return true;
	if (!load_publisher(d))
		return false;
	uv_timer_init(d->node->loop, &d->blocks);
	d->blocks.data = d;
	d->producing = true;
	uv_timer_start(&d->blocks, produce, config->ledger.block_s * 1000,
		       config->ledger.block_s * 1000);
	return true;
}

static bool sign(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
		 const struct skw_address *owner)
{
	struct skw_desk *d = context;
	const struct skw_wallet_entry *entry = skw_wallet_find(d->wallet, owner);

	return entry != NULL && skw_coin_sign(out, hash, &entry->secret);
}

static bool open_accounts(struct skw_desk *d)
{
	const struct skw_config *config = d->node->config;
	struct skw_pay_config pay = skw_pay_config_default();
	uint8_t block[SKW_GENESIS_BLOCK_LEN];

	/* The block's hash is that of its header. */
	skw_network_genesis(block, &d->network);
	skw_sha256_of(&pay.network, block, SKW_BLOCK_HEADER_LEN);
	memcpy(pay.node, d->node->identity.address.bytes, sizeof(pay.node));
	pay.limits = d->network.limits;
	pay.wallet = skw_wallet_entry(d->wallet, 0)->address;
	pay.signer = (struct skw_pay_signer) { sign, d };
	pay.max_price = config->path.max_price;
	pay.pay_threshold = config->pay.voucher_step;
	pay.reserve = config->pay.reserve;
	pay.credit_limit = config->pay.credit_limit;
	pay.unsettled_limit = config->pay.settle_at + config->pay.credit_limit;
	pay.settle_amount = config->pay.settle_at;
	pay.settle_us = config->pay.settle_age_s * 1000000;
	pay.pay_us = config->pay.voucher_age_s * 1000000;
	switch (skw_pay_new(&d->pay, &pay)) {
	case SKW_PAY_OK:
		return true;
	case SKW_PAY_CONFIG:
		return fail(d, "pay", "limits", "one contradicts another");
	default:
		return fail(d, "pay", "accounts", "out of memory");
	}
}

static void restore(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
		    size_t value_len)
{
	struct skw_desk *d = arg;

	if (key_len != SKW_DESK_PREFIX + SKW_PAY_RECORD_KEY ||
	    memcmp(key, SKW_DESK_RECORD, SKW_DESK_PREFIX) != 0)
		return;
	if (skw_pay_restore(d->pay, key + SKW_DESK_PREFIX, value, value_len) != SKW_PAY_OK)
		skw_node_log(d->node, SKW_BROKEN,
			     "pay: a stored account cannot be read; it starts anew");
}

struct skw_desk *skw_desk_new(struct skw_node *node)
{
	struct skw_desk *d = calloc(1, sizeof(*d));
	const char *mode = node->config->ledger.mode;
	const char *url = strcmp(mode, "remote") == 0 ? node->config->ledger.url : NULL;
	bool ok;

	if (d == NULL) {
		snprintf(node->error, sizeof(node->error), "out of memory");
		return NULL;
	}
	d->node = node;
	if (strcmp(mode, "none") == 0)
		return d;
	ok =
	    load_network(d) && load_wallet(d) && (url != NULL || open_chain(d)) && open_accounts(d);
	if (ok) {
		d->ledger = skw_ledger_port_new(node->loop, url != NULL ? NULL : d->chain, url);
		d->book = skw_desk_book_open(node->config->node.state, node->kv);
		ok = d->ledger != NULL && d->book != NULL && skw_kv_each(node->kv, restore, d);
	}
	if (ok)
		return d;
	if (node->error[0] == '\0')
		snprintf(node->error, sizeof(node->error), "the state store cannot be read");
	skw_desk_free(d);
	return NULL;
}

static void on_blocks_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void skw_desk_free(struct skw_desk *d)
{
	if (d == NULL)
		return;
	skw_pay_free(d->pay);
	skw_desk_book_close(d->book);
	skw_ledger_port_free(d->ledger);
	skw_http_stop(d->http);
	skw_chain_close(d->chain);
	skw_wallet_free(d->wallet);
	sodium_free(d->publisher); /* wipes */
	if (d->producing)
		uv_close((uv_handle_t *)&d->blocks, on_blocks_closed);
	else
		free(d);
}
