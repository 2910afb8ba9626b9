#include "cli/skw_cli_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { CONNECT_S = 10, ANSWER_S = 60, BODY_MAX = 64 << 20 };

static size_t collect(char *data, size_t size, size_t count, void *context)
{
	struct skw_cli_answer *answer = context;
	size_t len = size * count;
	char *body;

	if (len > BODY_MAX - answer->len)
		return 0;
	body = realloc(answer->body, answer->len + len + 1);
	if (body == NULL)
		return 0;
	memcpy(body + answer->len, data, len);
	answer->body = body;
	answer->len += len;
	body[answer->len] = '\0';
	return len;
}

static struct curl_slist *headers(const struct skw_client_request *request, const char *token)
{
	struct curl_slist *list = NULL;
	char line[300];

	if (request->type != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s", request->type);
		list = curl_slist_append(list, line);
	}
	if (*token != '\0') {
		snprintf(line, sizeof(line), "X-CSRF-Token: %s", token);
		list = curl_slist_append(list, line);
	}
	return list;
}

/* One exchange. False if no answer came. */
static bool exchange(struct skw_cli_answer *out, const char *node,
		     const struct skw_client_request *request, const char *token)
{
	size_t room = strlen(node) + strlen(request->path) + 1;
	struct curl_slist *list = headers(request, token);
	char why[CURL_ERROR_SIZE] = "out of memory", *url = malloc(room);
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;

	*out = (struct skw_cli_answer) { .body = calloc(1, 1) };
	if (url != NULL && curl != NULL && out->body != NULL) {
		size_t n = strlen(node);

		while (n > 0 && node[n - 1] == '/')
			n--;
		snprintf(url, room, "%.*s%s", (int)n, node, request->path);
		curl_easy_setopt(curl, CURLOPT_URL, url);
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_S);
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
		if (request->body != NULL)
			curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
	}
	if (code != CURLE_OK)
		fprintf(stderr, "skywave: %s: %s; is a node's REST listening there?\n", node,
			*why != '\0' ? why : curl_easy_strerror(code));
	curl_slist_free_all(list);
	curl_easy_cleanup(curl);
	free(url);
	return code == CURLE_OK;
}

/* The token, or "" where the node needs none. False if the node does not answer. */
static bool fetch_token(char token[256], const char *node)
{
	struct skw_client_request request;
	struct skw_cli_answer answer;
	bool ok;

	*token = '\0';
	if (!skw_client_ask_csrf(&request))
		return false;
	ok = exchange(&answer, node, &request, "");
	if (ok && answer.status == 200)
		skw_client_parse_csrf(token, answer.body, answer.len);
	skw_client_request_free(&request);
	free(answer.body);
	return ok;
}

bool skw_cli_ask(struct skw_cli_answer *out, const char *node, struct skw_client_request *request)
{
	char token[256] = "";
	bool ok = request->body == NULL || fetch_token(token, node);

	*out = (struct skw_cli_answer) { 0 };
	ok = ok && exchange(out, node, request, token);
	skw_client_request_free(request);
	if (ok && out->status != 200) {
		fprintf(stderr, "skywave: %s: %.*s\n", node, (int)strcspn(out->body, "\n"),
			out->body);
		ok = false;
	}
	if (!ok) {
		free(out->body);
		*out = (struct skw_cli_answer) { 0 };
	}
	return ok;
}
