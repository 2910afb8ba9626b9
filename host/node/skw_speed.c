#include "node/skw_speed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/skw_control.h"
#include "node/skw_names.h"
#include "node/skw_routes.h"

enum {
	TESTS_MAX = 4,  /* of our own */
	SERVED_MAX = 4, /* of others */
	MIB = 4,
	CHUNK = 16384,
	TICK_MS = 250,
	WAIT_US = 45000000, /* without a byte */
};

static const char SINK[] = "skywave.sink", SOURCE[] = "skywave.source.";

/* One stream, at either end: bytes to write, bytes to read. */
struct flow {
	bool used, ended; /* ended: the other end will write no more */
	uint32_t session, stream;
	uint64_t to_write, written, read, read_max;
};

struct test {
	bool used, down, running;
	uint64_t client, size; /* bytes each way */
	struct skw_node_address to;
	struct flow flow;
	uint64_t start_us, moved_us, moved; /* moved: bytes, as last told */
	json_t *answer;
};

struct skw_speed {
	struct skw_node *node;
	uv_timer_t timer;
	struct test tests[TESTS_MAX];
	struct flow served[SERVED_MAX];
};

static uint64_t now_of(const struct skw_speed *v)
{
	return skw_node_now(v->node);
}

/* ---- Bytes ---- */

static void write_flow(struct skw_speed *v, struct flow *f)
{
	static const uint8_t zeros[CHUNK]; /* sealed, they look like any others */

	while (f->written < f->to_write) {
		size_t len =
		    f->to_write - f->written < CHUNK ? (size_t)(f->to_write - f->written) : CHUNK;
		size_t took = skw_session_write(v->node->session, f->session, f->stream, zeros, len,
						now_of(v));

		f->written += took;
		if (took < len)
			return;
	}
	skw_session_finish(v->node->session, f->session, f->stream, now_of(v));
}

static void read_flow(struct skw_speed *v, struct flow *f)
{
	uint8_t data[CHUNK];
	size_t n;

	do {
		n = skw_session_read(v->node->session, f->session, f->stream, data, sizeof(data),
				     &f->ended, now_of(v));
		f->read += n;
	} while (n == sizeof(data));
	if (f->read > f->read_max) {
		skw_session_reset(v->node->session, f->session, f->stream, SKW_SESSION_FORBIDDEN,
				  now_of(v));
		f->used = false;
	}
}

/* ---- What others ask of us ---- */

static struct flow *free_place(struct skw_speed *v)
{
	for (unsigned i = 0; i < SERVED_MAX; i++)
		if (!v->served[i].used)
			return &v->served[i];
	return NULL;
}

/* How many bytes the name asks us to write; UINT64_MAX if it is none of ours. */
static uint64_t asked_for(const char *name)
{
	char *end;
	unsigned long long n;

	if (strcmp(name, SINK) == 0)
		return 0;
	if (strncmp(name, SOURCE, strlen(SOURCE)) != 0)
		return UINT64_MAX;
	name += strlen(SOURCE);
	if (*name < '0' || *name > '9' || strlen(name) > 12)
		return UINT64_MAX;
	n = strtoull(name, &end, 10);
	return *end == '\0' ? n : UINT64_MAX;
}

static bool serve(struct skw_speed *v, const struct skw_session_out *event)
{
	uint64_t most = v->node->config->speedtest.serve_mib << 20;
	uint64_t bytes = asked_for(event->name);
	struct flow *f = free_place(v);

	if (bytes == UINT64_MAX)
		return false;
	if (most == 0 || bytes > most || f == NULL) {
		skw_session_reset(v->node->session, event->session, event->stream,
				  most > 0 && bytes <= most ? SKW_SESSION_TOO_MANY
							    : SKW_SESSION_FORBIDDEN,
				  now_of(v));
		return true;
	}
	*f = (struct flow) { .used = true,
			     .session = event->session,
			     .stream = event->stream,
			     .to_write = bytes,
			     .read_max = bytes > 0 ? 0 : most };
	if (skw_session_accept(v->node->session, f->session, f->stream, now_of(v)) !=
	    SKW_SESSION_OK)
		f->used = false;
	else if (bytes > 0)
		write_flow(v, f);
	return true;
}

static bool on_served(struct skw_speed *v, struct flow *f, const struct skw_session_out *event)
{
	switch (event->event) {
	case SKW_SESSION_READABLE:
		read_flow(v, f);
		if (f->used && f->ended && f->to_write == 0)
			write_flow(v, f); /* nothing: it ends our direction */
		break;
	case SKW_SESSION_WRITABLE:
		write_flow(v, f);
		break;
	case SKW_SESSION_RESET:
	case SKW_SESSION_FINISHED:
		f->used = false;
		break;
	case SKW_SESSION_SEND:
	case SKW_SESSION_ESTABLISHED:
	case SKW_SESSION_CLOSED:
	case SKW_SESSION_OPENED:
	case SKW_SESSION_ACCEPTED:
	case SKW_SESSION_DATAGRAM:
		break;
	}
	return true;
}

/* ---- Our own ---- */

static void end(struct skw_speed *v, struct test *t, json_t *answer)
{
	skw_control_say(v->node->control, t->client, answer, true);
	json_decref(t->answer);
	*t = (struct test) { 0 };
}

static void fail(struct skw_speed *v, struct test *t, const char *what)
{
	uint64_t now = now_of(v);

	if (t->flow.used)
		skw_session_reset(v->node->session, t->flow.session, t->flow.stream,
				  SKW_SESSION_DONE, now);
	end(v, t, json_pack("{s:s}", "error", what));
}

/* The dearest of the paths: what the first relay may bill for a MiB. */
static uint64_t price_of(const struct skw_speed *v, const struct test *t)
{
	struct skw_onion_info info;
	uint32_t cursor = 0;
	uint64_t price = 0;

	while (skw_onion_next(v->node->onion, &cursor, &info))
		if (info.origin && info.hop_count > 0 && info.price_out > price &&
		    skw_node_address_equal(&info.hops[info.hop_count - 1], &t->to))
			price = info.price_out;
	return price;
}

static void open_flow(struct skw_speed *v, struct test *t)
{
	char name[40];

	if (t->down)
		snprintf(name, sizeof(name), "%s%llu", SOURCE, (unsigned long long)t->size);
	else
		snprintf(name, sizeof(name), "%s", SINK);
	t->running = false;
	t->start_us = t->moved_us = now_of(v);
	t->moved = 0;
	t->flow =
	    (struct flow) { .to_write = t->down ? 0 : t->size, .read_max = t->down ? t->size : 0 };
	t->flow.session = skw_routes_session(v->node->routes, &t->to);
	t->flow.used =
	    t->flow.session != 0 && skw_session_open(v->node->session, t->flow.session, name,
						     now_of(v), &t->flow.stream) == SKW_SESSION_OK;
	if (!t->flow.used)
		fail(v, t, "no room for another session or stream");
}

static void finished(struct skw_speed *v, struct test *t)
{
	uint64_t took = now_of(v) - t->start_us;
	uint64_t kbps = t->size * 8000 / (took > 0 ? took : 1);
	json_t *row = json_pack("{s:I s:I s:I}", "bytes", (json_int_t)t->size, "microseconds",
				(json_int_t)took, "kbps", (json_int_t)kbps);

	t->flow.used = false;
	json_object_set_new(t->answer, t->down ? "down" : "up", row);
	if (!t->down) {
		t->down = true;
		open_flow(v, t);
		return;
	}
	json_object_set_new(t->answer, "price_per_mib", json_integer((json_int_t)price_of(v, t)));
	end(v, t, json_incref(t->answer));
}

static const char *reason(uint32_t code)
{
	return code == SKW_SESSION_NO_SERVICE || code == SKW_SESSION_FORBIDDEN
		   ? "that node does not serve a test of this size ([speedtest] serve_mib)"
		   : skw_session_code_text(code);
}

static bool on_own(struct skw_speed *v, struct test *t, const struct skw_session_out *event)
{
	switch (event->event) {
	case SKW_SESSION_ACCEPTED: /* what it took to get there is not counted */
		t->running = true;
		t->start_us = t->moved_us = now_of(v);
		write_flow(v, &t->flow);
		break;
	case SKW_SESSION_READABLE:
		read_flow(v, &t->flow);
		break;
	case SKW_SESSION_WRITABLE:
		if (t->running)
			write_flow(v, &t->flow);
		break;
	case SKW_SESSION_RESET:
		t->flow.used = false;
		fail(v, t, reason(event->code));
		break;
	case SKW_SESSION_FINISHED:
		if (t->flow.read == (t->down ? t->size : 0))
			finished(v, t);
		else
			fail(v, t, "that node sent less than it was asked for");
		break;
	case SKW_SESSION_SEND:
	case SKW_SESSION_ESTABLISHED:
	case SKW_SESSION_CLOSED:
	case SKW_SESSION_OPENED:
	case SKW_SESSION_DATAGRAM:
		break;
	}
	return true;
}

bool skw_speed_on_event(struct skw_speed *v, const struct skw_session_out *event)
{
	if (event->event == SKW_SESSION_OPENED)
		return serve(v, event);
	for (unsigned i = 0; i < TESTS_MAX; i++) {
		struct test *t = &v->tests[i];

		if (t->used && t->flow.used && t->flow.session == event->session &&
		    t->flow.stream == event->stream)
			return on_own(v, t, event);
	}
	for (unsigned i = 0; i < SERVED_MAX; i++) {
		struct flow *f = &v->served[i];

		if (f->used && f->session == event->session && f->stream == event->stream)
			return on_served(v, f, event);
	}
	return false;
}

void skw_speed_on_session_closed(struct skw_speed *v, uint32_t session, uint32_t code)
{
	for (unsigned i = 0; i < SERVED_MAX; i++)
		if (v->served[i].session == session)
			v->served[i].used = false;
	for (unsigned i = 0; i < TESTS_MAX; i++)
		if (v->tests[i].used && v->tests[i].flow.used &&
		    v->tests[i].flow.session == session) {
			v->tests[i].flow.used = false;
			fail(v, &v->tests[i], skw_session_code_text(code));
		}
}

static void tell(struct skw_speed *v, struct test *t)
{
	uint64_t moved = t->down ? t->flow.read : t->flow.written, now = now_of(v);
	json_t *row =
	    json_pack("{s:{s:s s:I s:I s:I}}", "progress", "direction", t->down ? "down" : "up",
		      "bytes", (json_int_t)moved, "of", (json_int_t)t->size, "microseconds",
		      (json_int_t)(now - t->start_us));

	if (moved != t->moved)
		t->moved_us = now;
	t->moved = moved;
	if (!skw_control_say(v->node->control, t->client, row, false))
		fail(v, t, "nobody listens");
	else if (now - t->moved_us >= WAIT_US)
		fail(v, t, "nothing moved for 45 s");
}

static void on_timer(uv_timer_t *timer)
{
	struct skw_speed *v = timer->data;
	bool any = false;

	for (unsigned i = 0; i < TESTS_MAX; i++) {
		if (v->tests[i].used)
			tell(v, &v->tests[i]);
		any |= v->tests[i].used;
	}
	if (!any)
		uv_timer_stop(timer);
	skw_node_pump(v->node);
}

json_t *skw_speed_start(struct skw_speed *v, const json_t *question, uint64_t client)
{
	const char *node = json_string_value(json_object_get(question, "node"));
	const json_t *mib = json_object_get(question, "mib");
	json_int_t size = mib != NULL ? json_integer_value(mib) : MIB;
	struct skw_node_address to;
	struct test *t = NULL;

	if (node == NULL || !skw_names_find(v->node->names, node, &to))
		return json_pack("{s:s}", "error", "no such node: want a petname or an address");
	if (skw_node_address_equal(&to, &v->node->identity.address))
		return json_pack("{s:s}", "error", "that is this node");
	if (size < 1 || size > (json_int_t)SKW_SPEED_MIB_MAX)
		return json_pack("{s:s}", "error", "mib is from 1 to 1024");
	for (unsigned i = 0; i < TESTS_MAX && t == NULL; i++)
		t = v->tests[i].used ? NULL : &v->tests[i];
	if (t == NULL)
		return json_pack("{s:s}", "error", "too many at a time");
	*t = (struct test) { .used = true,
			     .client = client,
			     .to = to,
			     .size = (uint64_t)size << 20,
			     .answer = json_pack("{s:s}", "node", node) };
	open_flow(v, t);
	uv_timer_start(&v->timer, on_timer, TICK_MS, TICK_MS);
	return NULL;
}

struct skw_speed *skw_speed_new(struct skw_node *node)
{
	struct skw_speed *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->node = node;
	v->timer.data = v;
	uv_timer_init(node->loop, &v->timer);
	return v;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void skw_speed_free(struct skw_speed *v)
{
	if (v == NULL)
		return;
	for (unsigned i = 0; i < TESTS_MAX; i++)
		json_decref(v->tests[i].answer);
	uv_close((uv_handle_t *)&v->timer, on_closed);
}
