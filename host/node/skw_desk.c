#include "node/skw_desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "http/skw_http.h"
#include "ledger/skw_block.h"
#include "ledger/skw_rest.h"
#include "ledger/skw_wallet.h"
#include "node/skw_ledger_port.h"
#include "pay/skw_pay.h"

enum { HISTORY = 256, NETWORK_FILE_MAX = 65536 };

static const char RECORD_PREFIX[] = "pay:";
enum { PREFIX = sizeof(RECORD_PREFIX) - 1 };

struct skw_desk {
	struct skw_node *node;
	struct skw_pay *pay; /* NULL: relaying is free here */
	struct skw_network network;
	struct skw_wallet *wallet;
	struct skw_coin_secret publisher;
	struct skw_chain *chain; /* embedded */
	struct skw_http *http;
	struct skw_rest_guard guard;
	struct skw_ledger_port *ledger;
	uv_timer_t blocks;
	bool producing;
	struct skw_pay_event history[HISTORY]; /* a ring */
	uint64_t events;
};

/* ---- Opening ---- */

static bool fail(struct skw_desk *d, const char *key, const char *path, const char *what)
{
	snprintf(d->node->error, sizeof(d->node->error), "[%s] %.120s: %.100s", key, path, what);
	return false;
}

/* [ledger] network = FILE, or the built-in main net. */
static bool load_network(struct skw_desk *d)
{
	const char *path = d->node->config->ledger.network;
	char text[NETWORK_FILE_MAX], what[160];
	FILE *f;
	size_t n;

	if (path[0] == '\0' || strcmp(path, "mainnet") == 0) {
		d->network = skw_network_mainnet;
		return true;
	}
	f = fopen(path, "r");
	if (f == NULL)
		return fail(d, "ledger", path, strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	if (n == sizeof(text) - 1 || strlen(text) != n ||
	    !skw_network_parse(&d->network, text, what, sizeof(what)))
		return fail(d, "ledger", path, n == sizeof(text) - 1 ? "too long" : what);
	return true;
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

	if (ok)
		d->publisher = skw_wallet_entry(wallet, 0)->secret;
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
	    skw_chain_produce(d->chain, &d->publisher, skw_node_unix(), NULL);
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

	if (key_len != PREFIX + SKW_PAY_RECORD_KEY || memcmp(key, RECORD_PREFIX, PREFIX) != 0)
		return;
	if (skw_pay_restore(d->pay, key + PREFIX, value, value_len) != SKW_PAY_OK)
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
		ok = d->ledger != NULL && skw_kv_each(node->kv, restore, d);
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
	skw_ledger_port_free(d->ledger);
	skw_http_stop(d->http);
	skw_chain_close(d->chain);
	skw_wallet_free(d->wallet);
	sodium_memzero(&d->publisher, sizeof(d->publisher));
	if (d->producing)
		uv_close((uv_handle_t *)&d->blocks, on_blocks_closed);
	else
		free(d);
}

/* ---- Input ---- */

static uint64_t now(const struct skw_desk *d)
{
	return skw_node_now(d->node);
}

void skw_desk_on_link(struct skw_desk *d, const struct skw_node_address *peer, bool up)
{
	if (d->pay != NULL)
		skw_pay_on_link(d->pay, now(d), peer->bytes, up);
}

void skw_desk_on_message(struct skw_desk *d, const struct skw_node_address *peer,
			 const uint8_t *data, size_t len)
{
	if (d->pay != NULL &&
	    skw_pay_on_message(d->pay, now(d), peer->bytes, data, len) != SKW_PAY_OK)
		skw_node_log(d->node, SKW_UNUSUAL, "pay: a message that cannot be read");
}

bool skw_desk_on_meter(struct skw_desk *d, const struct skw_node_address *peer,
		       const struct skw_onion_meter *meter)
{
	enum skw_pay_role role = meter->role == SKW_ONION_PAYEE ? SKW_PAY_PAYEE : SKW_PAY_PAYER;

	if (d->pay == NULL)
		return true;
	skw_pay_meter(d->pay, now(d), peer->bytes, role,
		      meter->sent ? SKW_PAY_SENT : SKW_PAY_RECEIVED, meter->bytes,
		      meter->price_per_mib);
	return skw_pay_admitted(d->pay, peer->bytes, role);
}

void skw_desk_close(struct skw_desk *d)
{
	if (d->pay != NULL)
		skw_pay_close(d->pay, now(d));
}

/* ---- Questions to the ledger ---- */

struct question {
	struct skw_desk *desk;
	struct skw_sha256 id;
	struct skw_address address;
	bool injected; /* about a transaction that the ledger just refused */
};

static void ask(struct skw_desk *d, struct skw_client_request *request, bool made,
		skw_ledger_done *done, const struct question *about)
{
	struct question *q = made ? malloc(sizeof(*q)) : NULL;

	if (q == NULL) {
		if (made)
			skw_client_request_free(request);
		return; /* the accounts ask again */
	}
	*q = *about;
	q->desk = d;
	skw_ledger_port_ask(d->ledger, request, done, q);
}

static void on_outputs(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;
	struct skw_client_outputs outputs;
	struct skw_pay_unspent *list;

	if (status == 200 && skw_client_parse_outputs(&outputs, body, len)) {
		list = calloc(outputs.unspents + 1, sizeof(*list));
		for (size_t i = 0; list != NULL && i < outputs.unspents; i++) {
			list[i].uxid = outputs.unspent[i].uxid;
			list[i].ux = outputs.unspent[i].ux;
			list[i].outgoing =
			    skw_client_is_outgoing(&outputs, &outputs.unspent[i].uxid);
		}
		if (list != NULL)
			skw_pay_on_unspents(q->desk->pay, now(q->desk), &q->address, list,
					    outputs.unspents, outputs.head.time);
		free(list);
		skw_client_outputs_free(&outputs);
	}
	skw_node_pump(q->desk->node);
	free(q);
}

static void on_tx(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;
	enum skw_pay_tx_state state = q->injected ? SKW_PAY_TX_REFUSED : SKW_PAY_TX_UNKNOWN;
	struct skw_client_tx tx;

	if (status == 200 && skw_client_parse_tx(&tx, body, len))
		state = tx.confirmed ? SKW_PAY_TX_CONFIRMED : SKW_PAY_TX_PENDING;
	else if (status != 404)
		status = 0;
	if (status != 0)
		skw_pay_on_tx(q->desk->pay, now(q->desk), &q->id, state);
	skw_node_pump(q->desk->node);
	free(q);
}

static void ask_tx(struct skw_desk *d, const struct question *about)
{
	struct skw_client_request request = { 0 };

	ask(d, &request, skw_client_ask_tx(&request, &about->id), on_tx, about);
}

static void on_injected(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;

	if (status == 200) {
		skw_pay_on_tx(q->desk->pay, now(q->desk), &q->id, SKW_PAY_TX_PENDING);
	} else if (status == 400) {
		/* Also said of a transaction that a block holds already: ask before taking it for
		 * refused. */
		skw_node_log(q->desk->node, SKW_UNUSUAL, "ledger: refused a transaction: %.*s",
			     (int)(len < 200 ? len : 200), body);
		q->injected = true;
		ask_tx(q->desk, q);
	} else {
		skw_node_log(q->desk->node, SKW_UNUSUAL,
			     "ledger: no answer (HTTP %u); trying again", status);
	}
	skw_node_pump(q->desk->node);
	free(q);
}

static void on_output(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;
	struct skw_sha256 txid;

	if (status == 200 && skw_client_parse_spent(&txid, body, len))
		skw_pay_on_output_spent(q->desk->pay, now(q->desk), &q->id, &txid);
	skw_node_pump(q->desk->node);
	free(q);
}

/* ---- Output ---- */

static void note(struct skw_desk *d, const struct skw_pay_event *event)
{
	d->history[d->events++ % HISTORY] = *event;
	skw_node_log(d->node, event->kind == SKW_PAY_EVENT_DOUBLE_SPEND ? SKW_BROKEN : SKW_INFO,
		     "pay: %s, epoch %u, %llu droplets", skw_pay_event_text(event->kind),
		     event->epoch, (unsigned long long)event->amount);
}

static void persist(struct skw_desk *d, const struct skw_pay_output *out)
{
	uint8_t key[PREFIX + SKW_PAY_RECORD_KEY];

	memcpy(key, RECORD_PREFIX, PREFIX);
	memcpy(key + PREFIX, out->key, SKW_PAY_RECORD_KEY);
	if (skw_kv_put(d->node->kv, key, sizeof(key), out->data, out->len))
		return;
	/* What cannot be kept must not be promised: better to stop than to bill twice. */
	snprintf(d->node->error, sizeof(d->node->error),
		 "the state store cannot be written; is the disk full?");
	d->node->stopping = true;
	uv_stop(d->node->loop);
}

static void carry_out(struct skw_desk *d, const struct skw_pay_output *out)
{
	struct question about = { .id = out->txid, .address = out->address };
	struct skw_node_address peer;
	struct skw_client_request request = { 0 };
	uint32_t number;

	memcpy(peer.bytes, out->peer, sizeof(peer.bytes));
	switch (out->type) {
	case SKW_PAY_PERSIST:
		persist(d, out);
		break;
	case SKW_PAY_SEND:
		number = skw_node_peer(d->node, &peer);
		if (number != 0) /* lost otherwise: the accounts repeat themselves */
			skw_link_send(d->node->link, number, SKW_LINK_PAY, out->data, out->len,
				      now(d));
		break;
	case SKW_PAY_ADMISSION:
		number = skw_node_peer(d->node, &peer);
		if (number != 0 && out->role == SKW_PAY_PAYEE)
			skw_onion_set_admission(d->node->onion, number, out->allowed);
		else if (number != 0) /* we owe as much as it lends: stop before it does */
			d->node->held[number] = !out->allowed;
		d->node->room_stale = true;
		break;
	case SKW_PAY_INJECT:
		ask(d, &request, skw_client_ask_inject(&request, out->data, out->len), on_injected,
		    &about);
		break;
	case SKW_PAY_QUERY_UNSPENTS:
		ask(d, &request, skw_client_ask_outputs(&request, &out->address, 1), on_outputs,
		    &about);
		break;
	case SKW_PAY_QUERY_TX:
		ask_tx(d, &about);
		break;
	case SKW_PAY_QUERY_OUTPUT:
		ask(d, &request, skw_client_ask_output(&request, &out->txid), on_output, &about);
		break;
	case SKW_PAY_EVENT:
		note(d, &out->event);
		break;
	}
}

bool skw_desk_pump(struct skw_desk *d)
{
	struct skw_pay_output out;
	bool any = false;

	while (d->pay != NULL && !d->node->stopping && skw_pay_poll(d->pay, now(d), &out)) {
		carry_out(d, &out);
		any = true;
	}
	return any;
}

uint64_t skw_desk_next_timer(const struct skw_desk *d)
{
	return d->pay != NULL ? skw_pay_next_timer(d->pay, now(d)) : UINT64_MAX;
}

/* ---- Display ---- */

static json_t *sky(uint64_t droplets)
{
	char text[SKW_DROPLETS_TEXT];

	skw_droplets_print(text, (struct skw_droplets) { droplets });
	return json_string(text);
}

static json_t *key_text(const uint8_t key[SKW_PAY_KEY])
{
	struct skw_node_address id;
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	memcpy(id.bytes, key, sizeof(id.bytes));
	skw_node_address_format(&id, text);
	return json_string(text);
}

static json_t *hash_text(const struct skw_sha256 *hash)
{
	char text[SKW_SHA256_TEXT] = "";

	if (!skw_sha256_is_zero(hash))
		skw_sha256_print(text, hash);
	return json_string(text);
}

static json_t *accounts(struct skw_desk *d)
{
	json_t *rows = json_array();
	struct skw_pay_view v;

	for (unsigned i = 0; skw_pay_view(d->pay, i, &v); i++)
		json_array_append_new(
		    rows,
		    json_pack("{s:o s:s s:s s:I s:I s:I s:o s:o s:o s:o s:o s:i s:b s:o}", "peer",
			      key_text(v.peer), "role", v.role == SKW_PAY_PAYEE ? "earns" : "pays",
			      "state", skw_pay_state_text(v.state), "received_bytes",
			      (json_int_t)v.received_bytes, "sent_bytes", (json_int_t)v.sent_bytes,
			      "billed_bytes", (json_int_t)v.billed_bytes, "price_per_mib",
			      sky(v.price), "owed", sky(v.owed), "vouched", sky(v.vouched),
			      "settled", sky(v.settled), "credit_left", sky(v.credit_left), "epoch",
			      (int)v.epoch, "admitted", v.admitted, "txid", hash_text(&v.txid)));
	return rows;
}

static json_t *history(const struct skw_desk *d)
{
	json_t *rows = json_array();
	uint64_t first = d->events > HISTORY ? d->events - HISTORY : 0;

	for (uint64_t i = first; i < d->events; i++) {
		const struct skw_pay_event *e = &d->history[i % HISTORY];

		json_array_append_new(
		    rows, json_pack("{s:I s:o s:s s:s s:i s:o s:s s:o}", "time_us",
				    (json_int_t)e->time_us, "peer", key_text(e->peer), "role",
				    e->role == SKW_PAY_PAYEE ? "earns" : "pays", "event",
				    skw_pay_event_text(e->kind), "epoch", (int)e->epoch, "amount",
				    sky(e->amount), "verdict", skw_voucher_verdict_text(e->verdict),
				    "txid", hash_text(&e->txid)));
	}
	return rows;
}

/* Settles with everybody who vouched for something. */
static json_t *settle_all(struct skw_desk *d)
{
	struct skw_pay_view v;
	int settled = 0;

	for (unsigned i = 0; skw_pay_view(d->pay, i, &v); i++)
		if (v.role == SKW_PAY_PAYEE && skw_pay_settle(d->pay, now(d), v.peer) == SKW_PAY_OK)
			settled++;
	return json_pack("{s:i}", "settling", settled);
}

json_t *skw_desk_answer(struct skw_desk *d, const char *action)
{
	if (d->pay == NULL)
		return json_pack("{s:s}", "error", "this node has no ledger: [ledger] mode = none");
	if (action == NULL)
		return json_pack("{s:o}", "accounts", accounts(d));
	if (strcmp(action, "history") == 0)
		return json_pack("{s:o}", "history", history(d));
	if (strcmp(action, "settle") == 0)
		return settle_all(d);
	return json_pack("{s:s}", "error", "unknown action; pay takes settle or history");
}
