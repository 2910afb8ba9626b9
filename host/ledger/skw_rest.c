#include "ledger/skw_rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_inside.h"

enum { GET = 1, POST = 2 };

static const struct route {
	const char *path;
	unsigned methods;
	void (*answer)(struct skw_rest_call *call);
} routes[] = {
	{ "/api/v1/version", GET, skw_rest_version },
	{ "/api/v1/health", GET, skw_rest_health },
	{ "/api/v1/blockchain/metadata", GET, skw_rest_metadata },
	{ "/api/v1/blockchain/progress", GET, skw_rest_progress },
	{ "/api/v1/block", GET, skw_rest_block },
	{ "/api/v1/blocks", GET | POST, skw_rest_blocks },
	{ "/api/v1/last_blocks", GET, skw_rest_last_blocks },
	{ "/api/v1/balance", GET | POST, skw_rest_balance },
	{ "/api/v1/outputs", GET | POST, skw_rest_outputs },
	{ "/api/v1/transaction", GET, skw_rest_transaction },
	{ "/api/v1/transactions", GET | POST, skw_rest_transactions },
	{ "/api/v1/rawtx", GET, skw_rest_rawtx },
	{ "/api/v1/injectTransaction", POST, skw_rest_inject },
	{ "/api/v1/pendingTxs", GET, skw_rest_pending },
	{ "/api/v1/uxout", GET, skw_rest_uxout },
	{ "/api/v1/address_uxouts", GET, skw_rest_address_uxouts },
	{ "/api/v1/addresscount", GET, skw_rest_address_count },
	{ "/api/v1/network/connections", GET, skw_rest_connections },
	{ "/api/v1/resendUnconfirmedTxns", POST, skw_rest_resend },
	{ "/api/v1/richlist", GET, skw_rest_rich_list },
	{ "/api/v1/coinSupply", GET, skw_rest_coin_supply },
	{ "/api/v2/address/verify", POST, skw_rest_verify_address },
	{ "/api/v2/transaction/verify", POST, skw_rest_verify_tx },
};

/* What the original can switch off, and we have not got: it says 403 then. */
static const char *const switched_off[] = {
	"/api/v1/wallet",      "/api/v2/wallet", "/api/v1/wallets", "/api/v1/network/connection/",
	"/api/v2/transaction", "/api/v2/data",
};

static const char *status_words(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
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

static void dispatch(struct skw_rest_call *call, const char *path)
{
	unsigned method = strcmp(call->method, "GET") == 0    ? GET
			  : strcmp(call->method, "POST") == 0 ? POST
							      : 0;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) != 0)
			continue;
		if (!(routes[i].methods & method))
			skw_rest_fail(call, 405, NULL);
		else
			routes[i].answer(call);
		return;
	}
	for (size_t i = 0; i < sizeof(switched_off) / sizeof(switched_off[0]); i++)
		if (is_under(path, switched_off[i])) {
			skw_rest_fail(call, 403, "Endpoint is disabled");
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
	if (call->status == 200 && call->json.failed)
		skw_rest_fail(call, 500, "the answer is too large");
	*out = (struct skw_rest_answer) { .status = call->status };
	if (call->v2 && call->status != 200) {
		skw_json_free(&call->json);
		call->json = (struct skw_json) { 0 };
		show_error(call);
	}
	if (call->status == 200 || (call->v2 && !call->json.failed)) {
		out->type = "application/json";
		out->body = call->json.text;
		out->len = call->json.len;
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

void skw_rest_handle(struct skw_chain *chain, uint64_t now_unix, const char *method,
		     const char *path_with_query, const char *body, size_t body_len,
		     struct skw_rest_answer *out)
{
	struct skw_rest_call call = { .chain = chain,
				      .now = now_unix,
				      .method = method,
				      .body = body,
				      .body_len = body != NULL ? body_len : 0,
				      .status = 200 };
	size_t path_len = strcspn(path_with_query, "?");
	const char *query = path_with_query + path_len + (path_with_query[path_len] == '?');
	char path[128];

	if (call.body_len > SKW_REST_BODY_MAX || strlen(query) > SKW_REST_BODY_MAX) {
		skw_rest_fail(&call, 413, NULL);
	} else if (path_len >= sizeof(path)) {
		skw_rest_fail(&call, 404, NULL);
	} else if (!skw_rest_args_parse(&call.args, query, call.body, call.body_len)) {
		skw_rest_fail(&call, 500, "out of memory");
	} else {
		memcpy(path, path_with_query, path_len);
		path[path_len] = '\0';
		call.v2 = is_under(path, "/api/v2/");
		dispatch(&call, path);
	}
	skw_rest_args_free(&call.args);
	hand_out(&call, out);
}

void skw_rest_free(struct skw_rest_answer *answer)
{
	free(answer->body);
	*answer = (struct skw_rest_answer) { 0 };
}

void skw_rest_set_sync(struct skw_chain *chain, struct skw_sync *sync)
{
	chain->sync = sync;
}

void skw_rest_set_about(struct skw_chain *chain, const struct skw_rest_about *about)
{
	chain->about = *about;
}
