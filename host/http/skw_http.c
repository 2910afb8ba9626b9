#include "http/skw_http.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>
#include <sodium.h>
#include <zlib.h>

#include "ledger/skw_crypt_later.h"
#include "ledger/skw_rest.h"

enum { CONNECTIONS = 64, TIMEOUT_S = 30, TICK_MS = 1000 };
enum { STREAMS_MAX = 4, STREAM_MS = 60000, STREAM_PIECE = 32768 };
enum { WAITING_MAX = 8 }; /* requests that wait for a key; one more: 503 */
enum {
	PACK_MIN = 1400,
	PACK_MAX = 4 << 20
}; /* shorter is one packet anyway, longer takes too long */

struct skw_http {
	struct MHD_Daemon *daemon;
	struct skw_chain *chain;
	const struct skw_rest_guard *guard;
	uv_poll_t poll;
	uv_timer_t tick; /* connection timeouts */
	int open_handles;
	struct body *first, *last; /* wait for a key, one after another: each takes a gigabyte */
	unsigned waiting;
	bool stopping;
	unsigned streams;
	uv_work_t work;
};

/* A request's body while it comes in. */
struct body {
	char *data;
	size_t len, room;
	bool too_long;
	bool guarded; /* it has passed the guard */
	struct skw_crypt_later *later;
	struct MHD_Connection *connection; /* while it waits for a key */
	struct body *next;
};

/* In locked memory, and wiped: passwords and seeds come this way. */
static bool append(struct body *b, const char *data, size_t len)
{
	size_t room = b->room > 0 ? b->room : 4096;
	char *grown;

	if (len > SKW_REST_BODY_MAX - b->len) {
		b->too_long = true;
		return true;
	}
	while (room < b->len + len)
		room *= 2;
	if (room > b->room) {
		grown = sodium_malloc(room);
		if (grown == NULL)
			return false;
		if (b->len > 0)
			memcpy(grown, b->data, b->len);
		if (b->data != NULL)
			sodium_free(b->data);
		b->data = grown;
		b->room = room;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return true;
}

/* What the client sent after the path, put together again: skw_rest reads it itself. */
struct query {
	char text[16384];
	size_t len;
	bool too_long;
};

static enum MHD_Result add_argument(void *arg, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct query *q = arg;
	int n;

	(void)kind;
	n = snprintf(q->text + q->len, sizeof(q->text) - q->len, "%c%s%s%s",
		     q->len == 0 ? '?' : '&', key, value != NULL ? "=" : "",
		     value != NULL ? value : "");
	if (n < 0 || (size_t)n >= sizeof(q->text) - q->len) {
		q->too_long = true;
		return MHD_NO;
	}
	q->len += (size_t)n;
	return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void give_back(void *body)
{
	free(body);
}

static void give_back_secret(void *body)
{
	sodium_free(body); /* wipes */
}

/* Packs the body (RFC 1952), if the client takes that and it is worth the work. Secrets stay as
 * they are: what their length tells is no one's business. */
static bool pack(struct skw_rest_answer *out, const char *accepted)
{
	z_stream z = { .next_in = (Bytef *)out->body, .avail_in = (uInt)out->len };
	uLong room;
	char *packed;
	bool ok;

	if (accepted == NULL || strstr(accepted, "gzip") == NULL || out->secret ||
	    out->len < PACK_MIN || out->len > PACK_MAX ||
	    deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&z, (uLong)out->len);
	packed = malloc(room);
	z.next_out = (Bytef *)packed;
	z.avail_out = (uInt)room;
	ok = packed != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END;
	deflateEnd(&z);
	if (!ok) {
		free(packed);
		return false;
	}
	free(out->body);
	out->body = packed;
	out->len = z.total_out;
	return true;
}

/* Who else may read the answer, in a browser (the Fetch standard's CORS headers). */
static void add_sharing(struct skw_http *http, struct MHD_Connection *connection,
			struct MHD_Response *response)
{
	const char *origin = header(connection, "Origin");

	MHD_add_response_header(response, "Vary", "Origin");
	if (skw_rest_guard_shares(http->guard, origin))
		MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
}

/* A long answer, read as fast as it is taken, for a minute at most: it holds the store's past. */
struct sending {
	struct skw_http *http;
	struct skw_rest_stream *stream;
	uint64_t until;
};

static ssize_t read_on(void *arg, uint64_t at, char *out, size_t cap)
{
	struct sending *sending = arg;
	size_t len = 0;

	(void)at;
	if (uv_now(sending->http->poll.loop) > sending->until ||
	    !skw_rest_stream_read(out, &len, sending->stream, cap))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

static void end_stream(void *arg)
{
	struct sending *sending = arg;

	sending->http->streams--;
	skw_rest_stream_free(sending->stream);
	free(sending);
}

static struct MHD_Response *begin_stream(struct skw_http *http, struct skw_rest_answer *out)
{
	struct sending *sending = malloc(sizeof(*sending));
	struct MHD_Response *response = NULL;

	if (sending != NULL) {
		*sending =
		    (struct sending) { http, out->stream, uv_now(http->poll.loop) + STREAM_MS };
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_PIECE,
							     read_on, sending, end_stream);
	}
	if (response != NULL) {
		http->streams++;
		return response;
	}
	skw_rest_stream_free(out->stream);
	free(sending);
	return NULL;
}

/* Takes the answer's body over. */
static enum MHD_Result reply(struct skw_http *http, struct MHD_Connection *connection,
			     struct skw_rest_answer *out)
{
	bool packed = out->stream == NULL && pack(out, header(connection, "Accept-Encoding"));
	struct MHD_Response *response =
	    out->stream != NULL
		? begin_stream(http, out)
		: MHD_create_response_from_buffer_with_free_callback(
		      out->len, out->body, out->secret ? give_back_secret : give_back);
	enum MHD_Result result;

	if (response == NULL) {
		skw_rest_free(out);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, out->type);
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (packed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (strncmp(out->type, "text/plain; charset", 19) == 0)
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (out->status == 401)
		MHD_add_response_header(response, "WWW-Authenticate",
					"Basic realm=\"skycoin daemon\"");
	add_sharing(http, connection, response);
	result = MHD_queue_response(connection, out->status, response);
	MHD_destroy_response(response);
	return result;
}

/* The guard's word and its own end point; false if the request may go on. */
static bool guarded(struct skw_http *http, struct MHD_Connection *connection, const char *method,
		    const char *url, struct skw_rest_answer *out)
{
	uint64_t now = (uint64_t)time(NULL);
	struct skw_rest_headers headers = {
		.method = method,
		.host = header(connection, "Host"),
		.origin = header(connection, "Origin"),
		.referer = header(connection, "Referer"),
		.token = header(connection, "X-CSRF-Token"),
	};
	const char *words;
	char token[SKW_REST_TOKEN_TEXT];

	if (!skw_rest_guard_knows(http->guard, header(connection, "Authorization"))) {
		skw_rest_refuse(out, url, 401, "");
		return true;
	}
	if (strncmp(url, "/api/v2/", 8) == 0 && strcmp(method, "POST") == 0 &&
	    !skw_rest_type_is_json(header(connection, "Content-Type"))) {
		skw_rest_refuse(out, url, 415, "");
		return true;
	}
	words = skw_rest_guard_check(http->guard, &headers, now);
	if (words != NULL) {
		skw_rest_refuse(out, url, 403, words);
		return true;
	}
	if (!http->guard->csrf || strcmp(url, "/api/v1/csrf") != 0 || strcmp(method, "GET") != 0)
		return false;
	skw_rest_guard_token(token, http->guard, now);
	*out = (struct skw_rest_answer) { .status = 200, .type = "application/json" };
	out->body = malloc(sizeof(token) + 64);
	if (out->body != NULL)
		out->len = (size_t)snprintf(out->body, sizeof(token) + 64,
					    "{\n    \"csrf_token\": \"%s\"\n}", token);
	return true;
}

/* A browser asks whether it may ask: yes, for its other pages that are named. */
static enum MHD_Result preflight(struct skw_http *http, struct MHD_Connection *connection)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	const char *method = header(connection, "Access-Control-Request-Method");
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	add_sharing(http, connection, response);
	if (skw_rest_guard_shares(http->guard, header(connection, "Origin")) &&
	    (strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0)) {
		MHD_add_response_header(response, "Access-Control-Allow-Methods", method);
		MHD_add_response_header(response, "Access-Control-Allow-Headers",
					"Origin, Accept, Content-Type, X-Requested-With, "
					"X-CSRF-Token");
	}
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- keys from passwords: on a thread, while the request waits and the loop goes on ---- */

static void work_next(struct skw_http *http);
static void run(struct skw_http *http);

static void finish(struct skw_http *http)
{
	if (http->open_handles > 0 || http->waiting > 0)
		return;
	MHD_stop_daemon(http->daemon);
	free(http);
}

static void on_work(uv_work_t *work)
{
	skw_crypt_later_work(((struct skw_http *)work->data)->first->later);
}

/* Asked again, the request has its key, or is refused because all ends. */
static void on_worked(uv_work_t *work, int status)
{
	struct skw_http *http = work->data;
	struct body *body = http->first;

	(void)status;
	http->first = body->next;
	http->waiting--;
	MHD_resume_connection(body->connection);
	if (http->first != NULL)
		work_next(http);
	if (http->stopping) {
		MHD_run(http->daemon);
		finish(http);
	} else {
		run(http);
	}
}

static void work_next(struct skw_http *http)
{
	http->work.data = http;
	uv_queue_work(http->poll.loop, &http->work, on_work, on_worked);
	if (http->stopping)
		uv_cancel((uv_req_t *)&http->work);
}

static enum MHD_Result wait_for_key(struct skw_http *http, struct MHD_Connection *connection,
				    struct body *body)
{
	MHD_suspend_connection(connection);
	body->connection = connection;
	body->next = NULL;
	if (http->waiting++ > 0) {
		http->last->next = body;
		http->last = body;
	} else {
		http->first = http->last = body;
		work_next(http);
	}
	return MHD_YES;
}

static enum MHD_Result answer(struct skw_http *http, struct MHD_Connection *connection,
			      const char *method, const char *url, struct body *body)
{
	struct query query = { .len = 0 };
	struct skw_rest_answer out;
	char path[sizeof(query.text) + 1024];
	struct skw_rest_request request = { .method = method,
					    .path = path,
					    .type = header(connection, "Content-Type"),
					    .agent = header(connection, "User-Agent"),
					    .body = body->data,
					    .body_len = body->len };

	if (body->later == NULL)
		body->later = skw_crypt_later_new();
	request.later = body->later;
	request.streams = http->streams < STREAMS_MAX;
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &query);
	if (query.too_long || body->too_long ||
	    snprintf(path, sizeof(path), "%s%s", url, query.text) >= (int)sizeof(path))
		skw_rest_refuse(&out, url, 413, "");
	else if (body->guarded || !guarded(http, connection, method, url, &out)) {
		body->guarded = true; /* it need not pass again when its token is older */
		skw_rest_handle(http->chain, (uint64_t)time(NULL), &request, &out);
	}
	sodium_memzero(&query, sizeof(query));
	sodium_memzero(path, sizeof(path));
	if (out.status == 0 && !http->stopping && http->waiting < WAITING_MAX)
		return wait_for_key(http, connection, body);
	if (out.status == 0)
		skw_rest_refuse(&out, url, 503, "");
	return out.body != NULL || out.stream != NULL ? reply(http, connection, &out) : MHD_NO;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	struct body *body = *state;

	(void)version;
	if (body == NULL) { /* the headers: the body follows */
		*state = calloc(1, sizeof(struct body));
		return *state != NULL ? MHD_YES : MHD_NO;
	}
	if (*data_len > 0) {
		size_t len = *data_len;

		*data_len = 0;
		return append(body, data, len) ? MHD_YES : MHD_NO;
	}
	if (strcmp(method, "OPTIONS") == 0 &&
	    header(connection, "Access-Control-Request-Method") != NULL)
		return preflight(arg, connection);
	return answer(arg, connection, method, url, body);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct body *body = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (body != NULL && body->data != NULL)
		sodium_free(body->data); /* passwords come this way */
	if (body != NULL)
		skw_crypt_later_free(body->later);
	free(body);
}

/* skw_rest decodes percent signs itself. */
static size_t leave_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

static void on_tick(uv_timer_t *timer);

/* Connections that can go on at once, such as those that a long answer is read for, do so in the
 * loop's next turn: nothing tells of them again. */
static void run(struct skw_http *http)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &timeout) == MHD_YES && timeout == 0)
		uv_timer_start(&http->tick, on_tick, 0, TICK_MS);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void on_tick(uv_timer_t *timer)
{
	run(timer->data);
}

struct skw_http *skw_http_start(uv_loop_t *loop, struct skw_chain *chain,
				const struct skw_rest_guard *guard, const char *host, uint16_t port,
				char *error, size_t error_len)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
	struct skw_http *http = calloc(1, sizeof(*http));
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	const union MHD_DaemonInfo *info;

	if (http == NULL) {
		snprintf(error, error_len, "out of memory");
		return NULL;
	}
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		flags |= MHD_USE_IPv6;
	} else {
		snprintf(error, error_len, "[ledger] listen: %s is no numeric address", host);
		free(http);
		return NULL;
	}
	http->chain = chain;
	http->guard = guard;
	http->daemon = MHD_start_daemon(
	    flags, port, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR, &address,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
	    leave_escapes, NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	info = http->daemon != NULL ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)
				    : NULL;
	if (info == NULL) {
		snprintf(error, error_len, "REST: cannot serve on %s:%u; is the port taken?", host,
			 port);
		free(http);
		return NULL;
	}
	uv_poll_init(loop, &http->poll, info->epoll_fd);
	uv_timer_init(loop, &http->tick);
	http->poll.data = http->tick.data = http;
	http->open_handles = 2;
	uv_poll_start(&http->poll, UV_READABLE, on_ready);
	uv_timer_start(&http->tick, on_tick, TICK_MS, TICK_MS);
	return http;
}

static void on_closed(uv_handle_t *handle)
{
	struct skw_http *http = handle->data;

	http->open_handles--;
	finish(http);
}

void skw_http_stop(struct skw_http *http)
{
	if (http == NULL)
		return;
	http->stopping = true;
	if (http->waiting > 0)
		uv_cancel((uv_req_t *)&http->work); /* one that has begun is waited for */
	uv_close((uv_handle_t *)&http->poll, on_closed);
	uv_close((uv_handle_t *)&http->tick, on_closed);
}
