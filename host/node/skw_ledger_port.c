#include "node/skw_ledger_port.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/skw_rest.h"
#include "node/skw_curl.h"

enum { CONNECT_S = 5, ANSWER_S = 30, ANSWER_MAX = 64 << 20, TOKEN_MAX = 256 };

struct skw_ledger_port {
	uv_loop_t *loop;
	struct skw_chain *chain;
	char *url;
	size_t asking; /* questions on their way */
	bool closed;
};

struct question {
	uv_work_t work;
	struct skw_ledger_port *port;
	struct skw_client_request request;
	skw_ledger_done *done;
	void *arg;
	unsigned status;
	char *body;
	size_t len;
};

struct skw_ledger_port *skw_ledger_port_new(uv_loop_t *loop, struct skw_chain *chain,
					    const char *url)
{
	struct skw_ledger_port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		return NULL;
	port->loop = loop;
	port->chain = chain;
	port->url = url != NULL ? strdup(url) : NULL;
	while (port->url != NULL && port->url[0] != '\0' && port->url[strlen(port->url) - 1] == '/')
		port->url[strlen(port->url) - 1] = '\0'; /* paths begin with their own */
	return port;
}

static void drop(struct skw_ledger_port *port)
{
	if (!port->closed || port->asking > 0)
		return;
	free(port->url);
	free(port);
}

void skw_ledger_port_free(struct skw_ledger_port *port)
{
	if (port == NULL)
		return;
	port->closed = true;
	drop(port);
}

static size_t collect(char *data, size_t size, size_t count, void *arg)
{
	struct question *q = arg;
	size_t len = size * count;
	char *grown = len <= ANSWER_MAX - q->len ? realloc(q->body, q->len + len + 1) : NULL;

	if (grown == NULL)
		return 0; /* libcurl ends the transfer */
	memcpy(grown + q->len, data, len);
	q->body = grown;
	q->len += len;
	q->body[q->len] = '\0';
	return len;
}

/* One HTTP exchange; the answer is in q->status and q->body. */
static void exchange(struct question *q, const struct skw_client_request *request,
		     const char *token)
{
	char *url = NULL;
	CURL *curl = skw_curl.easy_init();
	struct curl_slist *headers = NULL;
	char line[64 + TOKEN_MAX];
	long status = 0;

	free(q->body);
	q->body = NULL;
	q->len = 0;
	if (curl == NULL || asprintf(&url, "%s%s", q->port->url, request->path) < 0)
		goto done;
	skw_curl.easy_setopt(curl, CURLOPT_URL, url);
	skw_curl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	skw_curl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	skw_curl.easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_S);
	skw_curl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	skw_curl.easy_setopt(curl, CURLOPT_NOPROXY, "*");
	skw_curl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	skw_curl.easy_setopt(curl, CURLOPT_WRITEDATA, q);
	if (request->body != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s", request->type);
		headers = skw_curl.slist_append(headers, line);
		skw_curl.easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
	}
	if (token[0] != '\0') {
		snprintf(line, sizeof(line), "X-CSRF-Token: %s", token);
		headers = skw_curl.slist_append(headers, line);
	}
	skw_curl.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (skw_curl.easy_perform(curl) == CURLE_OK)
		skw_curl.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
done:
	q->status = (unsigned)status;
	skw_curl.slist_free_all(headers);
	skw_curl.easy_cleanup(curl);
	free(url);
}

static void ask_remote(struct question *q)
{
	char token[TOKEN_MAX] = "";
	struct skw_client_request csrf;

	/* A node with CSRF protection wants a fresh token with each POST; one without says 404 and
	 * needs none. */
	if (q->request.body != NULL && skw_client_ask_csrf(&csrf)) {
		exchange(q, &csrf, "");
		if (q->status != 200 ||
		    !skw_client_parse_csrf(token, q->body != NULL ? q->body : "", q->len))
			token[0] = '\0';
		skw_client_request_free(&csrf);
	}
	exchange(q, &q->request, token);
}

static void ask_embedded(struct question *q)
{
	const char *body = q->request.body;
	struct skw_rest_request request = { .method = q->request.method,
					    .path = q->request.path,
					    .type = q->request.type,
					    .body = body,
					    .body_len = body != NULL ? strlen(body) : 0 };
	struct skw_rest_answer answer;

	skw_rest_handle(q->port->chain, (uint64_t)time(NULL), &request, &answer);
	q->status = answer.status;
	collect(answer.body, 1, answer.len, q);
	skw_rest_free(&answer);
}

static void work(uv_work_t *work)
{
	struct question *q = work->data;

	if (q->port->url != NULL)
		ask_remote(q);
}

static void after(uv_work_t *work, int cancelled)
{
	struct question *q = work->data;
	struct skw_ledger_port *port = q->port;

	(void)cancelled;
	if (port->chain != NULL && !port->closed)
		ask_embedded(q); /* here, since a chain is for one thread */
	port->asking--;
	if (!port->closed)
		q->done(q->arg, q->status, q->body != NULL ? q->body : "", q->len);
	skw_client_request_free(&q->request);
	free(q->body);
	free(q);
	drop(port);
}

void skw_ledger_port_ask(struct skw_ledger_port *port, struct skw_client_request *request,
			 skw_ledger_done *done, void *arg)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL) {
		skw_client_request_free(request);
		return;
	}
	q->work.data = q;
	q->port = port;
	q->request = *request;
	q->done = done;
	q->arg = arg;
	*request = (struct skw_client_request) { 0 };
	port->asking++;
	if (uv_queue_work(port->loop, &q->work, work, after) != 0) {
		port->asking--;
		skw_client_request_free(&q->request);
		free(q);
	}
}
