#include "ledger/skw_rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/skw_rest_inside.h"

enum {
	READ = SKW_REST_READ,
	STATUS = SKW_REST_READ | SKW_REST_STATUS,
	TXN = SKW_REST_TXN,
	TXN_OR_WALLET = SKW_REST_TXN | SKW_REST_WALLET,
	WALLET = SKW_REST_WALLET,
	SEED = SKW_REST_SEED,
	NET = SKW_REST_NET,
	STORAGE = SKW_REST_STORAGE,
	PROMETHEUS = SKW_REST_PROMETHEUS,
	ALWAYS = ~0,
};

/* Which sets allow a GET, which a POST (of the storage also a DELETE); 0: no such method here. */
static const struct route {
	const char *path;
	int get, post;
	void (*answer)(struct skw_rest_call *call);
} routes[] = {
	{ "/api/v1/version", ALWAYS, 0, skw_rest_version },
	{ "/api/v1/health", STATUS, 0, skw_rest_health },
	{ "/api/v1/blockchain/metadata", STATUS, 0, skw_rest_metadata },
	{ "/api/v1/blockchain/progress", STATUS, 0, skw_rest_progress },
	{ "/api/v1/block", READ, 0, skw_rest_block },
	{ "/api/v1/blocks", READ, READ, skw_rest_blocks },
	{ "/api/v1/last_blocks", READ, 0, skw_rest_last_blocks },
	{ "/api/v1/balance", READ, READ, skw_rest_balance },
	{ "/api/v1/outputs", READ, READ, skw_rest_outputs },
	{ "/api/v1/transaction", READ, 0, skw_rest_transaction },
	{ "/api/v1/transactions", READ, READ, skw_rest_transactions },
	{ "/api/v2/transactions", READ, 0, skw_rest_transactions_v2 },
	{ "/api/v1/rawtx", READ, 0, skw_rest_rawtx },
	{ "/api/v1/injectTransaction", 0, TXN_OR_WALLET, skw_rest_inject },
	{ "/api/v1/pendingTxs", READ, 0, skw_rest_pending },
	{ "/api/v1/uxout", READ, 0, skw_rest_uxout },
	{ "/api/v1/address_uxouts", READ, 0, skw_rest_address_uxouts },
	{ "/api/v1/addresscount", READ, 0, skw_rest_address_count },
	{ "/api/v1/network/connection", STATUS, 0, skw_rest_connection },
	{ "/api/v1/network/connections", STATUS, 0, skw_rest_connections },
	{ "/api/v1/network/defaultConnections", STATUS, 0, skw_rest_default_connections },
	{ "/api/v1/network/connections/trust", STATUS, 0, skw_rest_trusted_connections },
	{ "/api/v1/network/connections/exchange", STATUS, 0, skw_rest_exchanged_connections },
	{ "/api/v1/network/connection/disconnect", 0, NET, skw_rest_disconnect },
	{ "/api/v1/resendUnconfirmedTxns", 0, TXN_OR_WALLET, skw_rest_resend },
	{ "/api/v1/richlist", READ, 0, skw_rest_rich_list },
	{ "/api/v1/coinSupply", READ, 0, skw_rest_coin_supply },
	{ "/api/v2/address/verify", 0, READ, skw_rest_verify_address },
	{ "/api/v2/transaction", 0, TXN, skw_rest_spend },
	{ "/api/v2/transaction/verify", 0, READ, skw_rest_verify_tx },
	{ "/api/v1/wallet", WALLET, 0, skw_rest_wallet },
	{ "/api/v1/wallets", WALLET, 0, skw_rest_wallets },
	{ "/api/v1/wallets/folderName", WALLET, 0, skw_rest_wallet_folder },
	{ "/api/v1/wallet/balance", WALLET, 0, skw_rest_wallet_balance },
	{ "/api/v1/wallet/transactions", WALLET, 0, skw_rest_wallet_transactions },
	{ "/api/v1/wallet/xpub", WALLET, 0, skw_rest_wallet_xpub },
	{ "/api/v1/wallet/newSeed", WALLET, 0, skw_rest_wallet_new_seed },
	{ "/api/v2/wallet/seed/verify", 0, WALLET, skw_rest_wallet_verify_seed },
	{ "/api/v1/wallet/create", 0, WALLET, skw_rest_wallet_create },
	{ "/api/v1/wallet/createTemp", 0, WALLET, skw_rest_wallet_create_temp },
	{ "/api/v1/wallet/newAddress", 0, WALLET, skw_rest_wallet_new_address },
	{ "/api/v1/wallet/scan", 0, WALLET, skw_rest_wallet_scan },
	{ "/api/v1/wallet/update", 0, WALLET, skw_rest_wallet_update },
	{ "/api/v1/wallet/encrypt", 0, WALLET, skw_rest_wallet_encrypt },
	{ "/api/v1/wallet/decrypt", 0, WALLET, skw_rest_wallet_decrypt },
	{ "/api/v1/wallet/seed", 0, SEED, skw_rest_wallet_seed },
	{ "/api/v1/wallet/unload", 0, WALLET, skw_rest_wallet_unload },
	{ "/api/v2/wallet/recover", 0, WALLET, skw_rest_wallet_recover },
	{ "/api/v1/wallet/transaction", 0, WALLET, skw_rest_wallet_spend },
	{ "/api/v2/wallet/transaction/sign", 0, WALLET, skw_rest_wallet_sign },
	{ "/api/v2/data", STORAGE, STORAGE, skw_rest_data },
	{ "/api/v2/metrics", PROMETHEUS, 0, skw_rest_metrics },
};

static const struct {
	const char *name;
	unsigned sets;
} set_names[] = {
	{ "READ", SKW_REST_READ },       { "STATUS", SKW_REST_STATUS },
	{ "TXN", SKW_REST_TXN },         { "WALLET", SKW_REST_WALLET },
	{ "NET_CTRL", SKW_REST_NET },    { "INSECURE_WALLET_SEED", SKW_REST_SEED },
	{ "STORAGE", SKW_REST_STORAGE }, { "PROMETHEUS", SKW_REST_PROMETHEUS },
};

bool skw_rest_sets_parse(unsigned *out, const char *text)
{
	char item[32];

	*out = 0;
	while (skw_rest_item(&text, item, sizeof(item))) {
		size_t i = 0;

		while (i < sizeof(set_names) / sizeof(set_names[0]) &&
		       strcmp(item, set_names[i].name) != 0)
			i++;
		if (i == sizeof(set_names) / sizeof(set_names[0]))
			return false;
		*out |= set_names[i].sets;
	}
	return *out != 0;
}

static const char *status_words(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Entity";
	case 413:
		return "Request Entity Too Large";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

void skw_rest_fail(struct skw_rest_call *call, unsigned status, const char *format, ...)
{
	va_list list;

	call->status = status;
	call->error[0] = '\0';
	if (format == NULL)
		return;
	va_start(list, format);
	vsnprintf(call->error, sizeof(call->error), format, list);
	va_end(list);
}

void skw_rest_chain_failed(struct skw_rest_call *call, enum skw_chain_status status)
{
	skw_rest_fail(call, 500, "%s", skw_chain_status_text(status));
}

static bool is_under(const char *path, const char *root)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/' || root[len - 1] == '/');
}

bool skw_rest_type_is_json(const char *type)
{
	static const char json[] = "application/json";

	return type != NULL && strncmp(type, json, sizeof(json) - 1) == 0 &&
	       (type[sizeof(json) - 1] == '\0' || type[sizeof(json) - 1] == ';');
}

static void take_route(struct skw_rest_call *call, const struct route *route)
{
	bool is_post = strcmp(call->method, "POST") == 0;
	unsigned sets = call->chain->about.sets != 0 ? call->chain->about.sets : SKW_REST_DEFAULT;
	bool drops = route->answer == skw_rest_data && strcmp(call->method, "DELETE") == 0;
	int allowed = is_post || drops                   ? route->post
		      : strcmp(call->method, "GET") == 0 ? route->get
							 : 0;

	if (call->chain->wallets == NULL)
		sets &= ~(unsigned)(SKW_REST_WALLET | SKW_REST_SEED);
	if (call->chain->storage == NULL)
		sets &= ~(unsigned)SKW_REST_STORAGE;
	if (call->v2 && is_post && !skw_rest_type_is_json(call->type))
		skw_rest_fail(call, 415, NULL);
	else if (allowed == 0)
		skw_rest_fail(call, 405, NULL);
	else if (((unsigned)allowed & sets) == 0)
		skw_rest_fail(call, 403, "Endpoint is disabled");
	else
		route->answer(call);
}

/* Of no route: the original answers those in plain text, whatever they begin with. */
static bool is_unknown(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].path, path) == 0)
			return false;
	return true;
}

static void dispatch(struct skw_rest_call *call, const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].path, path) == 0) {
			take_route(call, &routes[i]);
			return;
		}
	skw_rest_fail(call, 404, NULL);
}

/* {"error": {"message", "code"}}, as version 2 of the interface tells of errors. */
static void show_error(struct skw_rest_call *call)
{
	struct skw_json *j = &call->json;

	skw_json_object(j, NULL);
	skw_json_object(j, "error");
	skw_json_string(j, "message",
			call->error[0] != '\0' ? call->error : status_words(call->status));
	skw_json_u64(j, "code", call->status);
	skw_json_end_object(j);
	skw_json_end_object(j);
}

static void hand_out(struct skw_rest_call *call, struct skw_rest_answer *out)
{
	bool told = call->status == 200 || call->whole;

	if (call->status == 0) {
		skw_json_free(&call->json);
		*out = (struct skw_rest_answer) { .status = 0 };
		return;
	}

	if (call->stream != NULL) {
		skw_json_free(&call->json);
		*out = (struct skw_rest_answer) { .status = 200,
						  .type = "application/json",
						  .stream = call->stream };
		return;
	}
	if (call->text_type != NULL && call->status == 200) {
		skw_json_free(&call->json);
		*out =
		    (struct skw_rest_answer) { .status = call->text != NULL ? 200 : 500,
					       .type = call->text_type,
					       .body = call->text,
					       .len = call->text != NULL ? strlen(call->text) : 0 };
		return;
	}
	free(call->text);
	if (told && call->json.failed) {
		skw_rest_fail(call, 500, "the answer is too large");
		told = false;
	}
	*out = (struct skw_rest_answer) { .status = call->status };
	if (call->v2 && !told) {
		skw_json_free(&call->json);
		call->json = (struct skw_json) { 0 };
		show_error(call);
	}
	if (told || (call->v2 && !call->json.failed)) {
		out->type = "application/json";
		out->body = call->json.text != NULL ? call->json.text : calloc(1, 1);
		out->len = call->json.len;
		out->secret = call->json.secret;
		return;
	}
	skw_json_free(&call->json);
	out->type = "text/plain; charset=utf-8";
	out->body = malloc(sizeof(call->error) + 64);
	if (out->body != NULL)
		out->len = (size_t)snprintf(out->body, sizeof(call->error) + 64, "%u %s%s%s\n",
					    call->status, status_words(call->status),
					    call->error[0] != '\0' ? " - " : "", call->error);
}

void skw_rest_refuse(struct skw_rest_answer *out, const char *path, unsigned status,
		     const char *words)
{
	struct skw_rest_call call = { .v2 = is_under(path, "/api/v2/") };

	skw_rest_fail(&call, status, "%s", words); /* "": no more than the status */
	hand_out(&call, out);
}

void skw_rest_handle(struct skw_chain *chain, uint64_t now_unix,
		     const struct skw_rest_request *request, struct skw_rest_answer *out)
{
	struct skw_rest_call call = { .chain = chain,
				      .now = now_unix,
				      .method = request->method,
				      .type = request->type,
				      .strict = request->agent != NULL &&
						strncmp(request->agent, "Go-http-client/", 15) == 0,
				      .body = request->body,
				      .body_len = request->body != NULL ? request->body_len : 0,
				      .later = request->later,
				      .streams = request->streams,
				      .status = 200 };
	size_t path_len = strcspn(request->path, "?");
	const char *query = request->path + path_len + (request->path[path_len] == '?');
	char path[128];

	snprintf(path, sizeof(path), "%.*s", (int)(path_len < sizeof(path) ? path_len : 0),
		 request->path);
	call.v2 = is_under(path, "/api/v2/") && !is_unknown(path);
	if (call.body_len > SKW_REST_BODY_MAX || strlen(query) > SKW_REST_BODY_MAX)
		skw_rest_fail(&call, 413, NULL);
	else if (!skw_rest_args_parse(&call.args, query, call.body, call.body_len))
		skw_rest_fail(&call, 500, "out of memory");
	else
		dispatch(&call, path);
	skw_rest_args_free(&call.args);
	hand_out(&call, out);
}

void skw_rest_free(struct skw_rest_answer *answer)
{
	if (answer->secret)
		sodium_free(answer->body); /* wipes */
	else
		free(answer->body);
	*answer = (struct skw_rest_answer) { 0 };
}

void skw_rest_set_sync(struct skw_chain *chain, struct skw_sync *sync)
{
	chain->sync = sync;
}

void skw_rest_set_wallets(struct skw_chain *chain, struct skw_wallets *wallets)
{
	chain->wallets = wallets;
}

void skw_rest_set_storage(struct skw_chain *chain, struct skw_storage *storage)
{
	chain->storage = storage;
}

void skw_rest_set_about(struct skw_chain *chain, const struct skw_rest_about *about)
{
	chain->about = *about;
}
