#include "session/skw_session_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static_assert(SKW_SESSION_STREAMS <= 64, "opened numbers are remembered in 64 bits");
static_assert(HEADER + SKW_NOISE_TAG + ACK_SIZE_MAX <= SKW_CELL_SMALL_DATA,
	      "an ack fits a small cell");

/* ---- life
 * ------------------------------------------------------------------------------------------- */

static void set_default(uint64_t *value, uint64_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

struct skw_session *skw_session_new(const struct skw_session_config *config)
{
	struct skw_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->config = *config;
	if (s->config.sessions_max == 0)
		s->config.sessions_max = 256;
	if (s->config.sessions_max > 65535)
		s->config.sessions_max = 65535;
	set_default(&s->config.handshake_us, 2000000);
	set_default(&s->config.dead_us, 120000000);
	set_default(&s->config.idle_us, 600000000);
	set_default(&s->config.rekey_us, 120000000);
	set_default(&s->config.rekey_bytes, UINT64_C(1) << 30);
	set_default(&s->config.rekey_pause_us, 1000000);
	s->ones = calloc(s->config.sessions_max, sizeof(struct one *));
	s->generations = calloc(s->config.sessions_max, sizeof(*s->generations));
	if (s->ones == NULL || s->generations == NULL) {
		skw_session_free(s);
		return NULL;
	}
	return s;
}

void skw_session_free(struct skw_session *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; s->ones != NULL && i < s->config.sessions_max; i++)
		if (s->ones[i] != NULL)
			session_discard(s, s->ones[i]);
	free(s->ones);
	free(s->generations);
	sodium_memzero(s, sizeof(*s));
	free(s);
}

struct one *session_of(const struct skw_session *s, uint32_t handle)
{
	uint32_t at = (handle & 0xffff) - 1;
	struct one *one = at < s->config.sessions_max ? s->ones[at] : NULL;

	return one != NULL && !one->closed && one->generation == handle >> 16 ? one : NULL;
}

static uint32_t handle_of(const struct skw_session *s, uint32_t at)
{
	return (uint32_t)s->ones[at]->generation << 16 | (at + 1);
}

/* A free place; else that of the oldest caller who never came back. */
static uint32_t free_place(struct skw_session *s)
{
	uint32_t oldest = UINT32_MAX;

	for (uint32_t i = 0; i < s->config.sessions_max; i++) {
		const struct one *one = s->ones[i];

		if (one == NULL)
			return i;
		if (!one->client && !one->established && !one->handshake_due &&
		    (oldest == UINT32_MAX || one->created_us < s->ones[oldest]->created_us))
			oldest = i;
	}
	if (oldest != UINT32_MAX)
		session_discard(s, s->ones[oldest]);
	return oldest;
}

struct one *session_create(struct skw_session *s, uint32_t path, uint64_t now_us)
{
	uint32_t at = free_place(s);
	struct one *one = at != UINT32_MAX ? calloc(1, sizeof(*one)) : NULL;

	if (one == NULL)
		return NULL;
	s->ones[at] = one;
	if (at >= s->top)
		s->top = at + 1;
	if (path_new(one, path, 0) == NULL) {
		session_discard(s, one);
		return NULL;
	}
	one->path_base = 1; /* number 0 is taken */
	one->generation = ++s->generations[at];
	one->created_us = one->heard_us = now_us;
	return one;
}

void session_discard(struct skw_session *s, struct one *one)
{
	for (uint32_t i = 0; i < s->top; i++)
		if (s->ones[i] == one)
			s->ones[i] = NULL;
	while (s->top > 0 && s->ones[s->top - 1] == NULL)
		s->top--;
	while (one->path_count > 0)
		path_free(one, one->path_count - 1);
	while (one->stream_count > 0)
		stream_free(s, one, one->streams[one->stream_count - 1]);
	datagrams_free(s, one);
	rekey_forget(&one->rekey.current);
	rekey_forget(&one->rekey.previous);
	rekey_forget(&one->rekey.next);
	sodium_memzero(one, sizeof(*one));
	free(one);
}

void session_end(struct one *one, uint32_t code)
{
	one->closed = one->dirty = true;
	one->close_code = code;
}

enum skw_session_status skw_session_connect(struct skw_session *s, uint32_t path,
					    const struct skw_node_address *to, uint64_t now_us,
					    uint32_t *session)
{
	struct one *one;

	s->now_us = now_us;
	one = session_create(s, path, now_us);
	if (one == NULL)
		return SKW_SESSION_FULL;
	one->client = true;
	one->address = *to;
	if (!session_begin(s, one)) {
		session_discard(s, one);
		return SKW_SESSION_INVALID;
	}
	one->handshake_us = now_us;
	*session = (uint32_t)one->generation << 16 | ((one->local & 0xffff) + 1);
	return SKW_SESSION_OK;
}

void skw_session_close(struct skw_session *s, uint32_t session, uint32_t code, uint64_t now_us)
{
	struct one *one = session_of(s, session);

	s->now_us = now_us;
	if (one == NULL)
		return;
	if (one->established && one->path_count > 0) {
		one->need_close = true; /* CLOSED comes when it has left */
		one->close_code = code;
	} else {
		session_end(one, code);
	}
}

/* ---- paths
 * -------------------------------------------------------------------------------------------- */

/* The last path of a session that is not established is kept, as its handshake needs a number. */
static void lose_path(struct one *one, unsigned at)
{
	if (one->established)
		path_free(one, at);
	else
		one->paths[at]->circuit = 0;
}

void skw_session_path_down(struct skw_session *s, uint32_t path, uint64_t now_us)
{
	s->now_us = now_us;
	for (uint32_t i = 0; i < s->top; i++) {
		int at = s->ones[i] != NULL ? path_by_circuit(s->ones[i], path) : -1;

		if (at >= 0)
			lose_path(s->ones[i], (unsigned)at);
	}
}

enum skw_session_status skw_session_add_path(struct skw_session *s, uint32_t session, uint32_t path,
					     uint64_t now_us)
{
	struct one *one = session_of(s, session);

	s->now_us = now_us;
	if (one == NULL || !one->client)
		return SKW_SESSION_UNKNOWN;
	if (path == 0 || one->path_base >= 65535)
		return SKW_SESSION_INVALID;
	one->heard_us = now_us;
	if (!one->established) {
		one->paths[0]->circuit = path;
		one->handshake_due = true;
		return SKW_SESSION_OK;
	}
	if (path_by_circuit(one, path) >= 0)
		return SKW_SESSION_INVALID;
	if (path_new(one, path, (uint16_t)one->path_base) == NULL)
		return SKW_SESSION_FULL;
	one->path_base++;
	return SKW_SESSION_OK;
}

static void leave(struct one *one, unsigned at)
{
	if (!one->paths[at]->left)
		session_say_leave(one, one->paths[at]->id);
	path_free(one, at);
}

enum skw_session_status skw_session_remove_path(struct skw_session *s, uint32_t session,
						uint32_t path, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	int at = one != NULL ? path_by_circuit(one, path) : -1;

	s->now_us = now_us;
	if (at < 0 || !one->client)
		return SKW_SESSION_UNKNOWN;
	if (one->established)
		leave(one, (unsigned)at);
	else
		lose_path(one, (unsigned)at);
	return SKW_SESSION_OK;
}

void skw_session_retire_path(struct skw_session *s, uint32_t session, uint32_t path,
			     uint64_t now_us)
{
	struct one *one = session_of(s, session);
	int at = one != NULL && one->client && one->established ? path_by_circuit(one, path) : -1;

	s->now_us = now_us;
	if (at >= 0)
		one->paths[at]->retiring = true;
}

void skw_session_ping(struct skw_session *s, uint32_t session, uint64_t idle_us, uint64_t now_us)
{
	struct one *one = session_of(s, session);

	s->now_us = now_us;
	for (unsigned i = 0; one != NULL && one->established && i < one->path_count; i++)
		if (now_us - one->paths[i]->last_eliciting_us >= idle_us)
			one->paths[i]->need_ping = true;
}

enum skw_session_status skw_session_move(struct skw_session *s, uint32_t session, uint32_t path,
					 uint64_t now_us)
{
	struct one *one = session_of(s, session);

	s->now_us = now_us;
	if (one == NULL || !one->client)
		return SKW_SESSION_UNKNOWN;
	if (path == 0)
		return SKW_SESSION_INVALID;
	while (one->established && one->path_count > 0)
		leave(one, 0);
	return skw_session_add_path(s, session, path, now_us);
}

void skw_session_set_room(struct skw_session *s, uint32_t path, uint32_t packets)
{
	for (uint32_t i = 0; i < s->top; i++) {
		int at = s->ones[i] != NULL ? path_by_circuit(s->ones[i], path) : -1;

		if (at >= 0)
			s->ones[i]->paths[at]->room = packets;
	}
}

static void use_room(struct skw_session *s, uint32_t path)
{
	for (uint32_t i = 0; i < s->top; i++) {
		int at = s->ones[i] != NULL ? path_by_circuit(s->ones[i], path) : -1;
		struct path *p = at >= 0 ? s->ones[i]->paths[at] : NULL;

		if (p != NULL && p->room > 0 && p->room != UINT32_MAX)
			p->room--;
	}
}

enum skw_session_status skw_session_receive(struct skw_session *s, uint32_t path,
					    const uint8_t *data, size_t len, uint64_t now_us)
{
	s->now_us = now_us;
	if (len >= 9 && len <= SKW_SESSION_PACKET_MAX) {
		uint8_t type = data[0];

		if ((type & TYPE_MASK) == PACKET_DATA)
			type = PACKET_DATA;
		switch (type) {
		case PACKET_INIT:
			return session_on_init(s, path, data, len);
		case PACKET_RESP:
			return session_on_resp(s, data, len);
		case PACKET_DATA:
			return session_on_packet(s, path, data, len);
		case PACKET_GONE:
			return session_on_gone(s, path, data, len);
		default:
			break;
		}
	}
	s->counters.malformed++;
	return SKW_SESSION_DROPPED;
}

/* ---- streams
 * -------------------------------------------------------------------------------------------- */

enum skw_session_status skw_session_open(struct skw_session *s, uint32_t session, const char *name,
					 uint64_t now_us, uint32_t *stream)
{
	struct one *one = session_of(s, session);
	size_t len = strnlen(name, SKW_SESSION_NAME_MAX + 1);
	struct stream *x;

	s->now_us = now_us;
	if (one == NULL)
		return SKW_SESSION_UNKNOWN;
	if (len == 0 || len > SKW_SESSION_NAME_MAX)
		return SKW_SESSION_INVALID;
	x = stream_new(s, one, one->next_stream, true);
	if (x == NULL)
		return SKW_SESSION_FULL;
	memcpy(x->name, name, len + 1);
	x->need_open = true;
	session_asks(s, one);
	one->next_stream += 2;
	*stream = x->id;
	return SKW_SESSION_OK;
}

enum skw_session_status skw_session_accept(struct skw_session *s, uint32_t session, uint32_t stream,
					   uint64_t now_us)
{
	struct one *one = session_of(s, session);
	struct stream *x = one != NULL ? stream_find(one, stream) : NULL;

	s->now_us = now_us;
	if (x == NULL || x->resetting)
		return SKW_SESSION_UNKNOWN;
	if (x->ours || x->accepted)
		return SKW_SESSION_INVALID;
	x->accepted = x->need_accept = true;
	return SKW_SESSION_OK;
}

enum skw_session_status skw_session_reset(struct skw_session *s, uint32_t session, uint32_t stream,
					  uint32_t code, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	struct stream *x = one != NULL ? stream_find(one, stream) : NULL;

	s->now_us = now_us;
	if (x == NULL || x->resetting)
		return SKW_SESSION_UNKNOWN;
	if (x->say_reset || x->say_finished) { /* over anyway */
		stream_free(s, one, x);
		return SKW_SESSION_OK;
	}
	stream_drop_rings(s, x);
	x->resetting = x->need_reset = true;
	x->code = code;
	x->need_open = x->need_accept = x->need_credit = false;
	x->say_opened = x->say_accepted = x->say_readable = x->say_writable = false;
	return SKW_SESSION_OK;
}

/* ---- poll
 * -------------------------------------------------------------------------------------------------
 */

static bool take(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

static bool poll_stream(struct skw_session *s, struct one *one, struct stream *x,
			struct skw_session_out *out)
{
	out->stream = x->id;
	out->code = x->code;
	if (take(&x->say_opened)) {
		out->event = SKW_SESSION_OPENED;
		memcpy(out->name, x->name, sizeof(out->name));
		return true;
	}
	if (take(&x->say_accepted)) {
		out->event = SKW_SESSION_ACCEPTED;
		return true;
	}
	if (take(&x->say_reset)) {
		out->event = SKW_SESSION_RESET;
		stream_free(s, one, x);
		return true;
	}
	if (take(&x->say_readable)) {
		out->event = SKW_SESSION_READABLE;
		return true;
	}
	if (take(&x->say_writable)) {
		out->event = SKW_SESSION_WRITABLE;
		return true;
	}
	if (take(&x->say_finished)) {
		out->event = SKW_SESSION_FINISHED;
		stream_free(s, one, x);
		return true;
	}
	return false;
}

static bool poll_one(struct skw_session *s, uint32_t at, struct skw_session_out *out)
{
	struct one *one = s->ones[at];

	out->session = handle_of(s, at);
	if (one->established && !one->said_established) {
		one->said_established = true;
		out->event = SKW_SESSION_ESTABLISHED;
		out->address = one->address;
		return true;
	}
	for (unsigned i = 0; i < one->stream_count; i++)
		if (poll_stream(s, one, one->streams[i], out))
			return true;
	if (datagrams_poll(s, one, out))
		return true;
	if (one->closed) {
		bool known = one->client || one->said_established;

		out->event = SKW_SESSION_CLOSED;
		out->code = one->close_code;
		session_discard(s, one);
		return known;
	}
	one->dirty = false;
	return false;
}

static size_t handshake_packet(struct skw_session *s, struct one *one)
{
	size_t len = one->client ? INIT_LEN : RESP_LEN;

	if (!one->handshake_due || one->paths[0]->circuit == 0 || one->paths[0]->room == 0)
		return 0;
	one->handshake_due = false;
	memcpy(s->packet, one->handshake, len);
	if (one->client) {
		unsigned doublings = one->tries < 5 ? one->tries : 5;

		one->handshake_us = s->now_us + (s->config.handshake_us << doublings);
		one->tries++;
	}
	return len;
}

static bool poll_gone(struct skw_session *s, struct skw_session_out *out)
{
	if (!s->gone_due)
		return false;
	s->gone_due = false;
	out->event = SKW_SESSION_SEND;
	out->path = s->gone_circuit;
	out->data = s->gone;
	out->len = sizeof(s->gone);
	return true;
}

static bool poll_packet(struct skw_session *s, struct skw_session_out *out)
{
	for (uint32_t i = 0; i < s->top; i++) {
		uint32_t at = (s->turn + i) % s->top;
		struct one *one = s->ones[at];
		size_t len;

		if (one == NULL || one->closed || one->path_count == 0)
			continue;
		out->path = one->paths[0]->circuit;
		len = handshake_packet(s, one);
		if (len == 0)
			len = session_schedule(s, one, &out->path);
		if (len == 0)
			continue;
		s->turn = (at + 1) % s->top;
		out->event = SKW_SESSION_SEND;
		out->data = s->packet;
		out->len = len;
		use_room(s, out->path);
		return true;
	}
	return false;
}

bool skw_session_poll(struct skw_session *s, struct skw_session_out *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < s->top; i++)
		if (s->ones[i] != NULL && (s->ones[i]->dirty || s->ones[i]->closed) &&
		    poll_one(s, i, out))
			return true;
	return poll_gone(s, out) || poll_packet(s, out);
}

/* ---- time
 * ---------------------------------------------------------------------------------------------------
 */

void skw_session_tick(struct skw_session *s, uint64_t now_us)
{
	s->now_us = now_us;
	for (uint32_t i = 0; i < s->top; i++)
		if (s->ones[i] != NULL && !s->ones[i]->closed)
			session_tick_one(s, s->ones[i]);
}

uint64_t skw_session_next_timer(const struct skw_session *s)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < s->top; i++)
		if (s->ones[i] != NULL) {
			uint64_t t = session_timer(s, s->ones[i]);

			next = t < next ? t : next;
		}
	return next;
}

/* ---- for people
 * ------------------------------------------------------------------------------------------------
 */

static uint32_t live_streams(const struct one *one)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < one->stream_count; i++)
		n += !one->streams[i]->resetting;
	return n;
}

static void sum_paths(const struct one *one, struct skw_session_info *info)
{
	const struct path *best = path_quickest(one);

	info->paths = one->path_count;
	info->path = best != NULL ? best->circuit : 0;
	info->rtt_us = best != NULL ? best->recovery.srtt_us : 0;
	for (unsigned i = 0; i < one->path_count; i++) {
		info->cwnd += one->paths[i]->bbr.cwnd;
		info->in_flight += one->paths[i]->bbr.in_flight;
	}
}

bool skw_session_next(const struct skw_session *s, uint32_t *cursor, struct skw_session_info *info)
{
	for (; *cursor < s->top; (*cursor)++) {
		const struct one *one = s->ones[*cursor];

		if (one == NULL || one->closed)
			continue;
		*info = (struct skw_session_info) {
			.session = handle_of(s, *cursor),
			.address = one->address,
			.client = one->client,
			.established = one->established,
			.streams = live_streams(one),
			.rekeys = one->rekey.current.number,
			.bytes_sent = one->bytes_sent,
			.bytes_received = one->bytes_received,
			.packets_sent = one->packets_sent,
			.packets_received = one->packets_received,
			.packets_lost = one->packets_lost,
			.datagrams_sent = one->datagrams_sent,
			.datagrams_received = one->datagrams_received,
			.datagrams_dropped = one->datagrams_dropped,
		};
		sum_paths(one, info);
		(*cursor)++;
		return true;
	}
	return false;
}

bool skw_session_next_path(const struct skw_session *s, uint32_t *cursor,
			   struct skw_session_path_info *info)
{
	for (; *cursor < s->top * SKW_SESSION_PATHS; (*cursor)++) {
		uint32_t at = *cursor / SKW_SESSION_PATHS, n = *cursor % SKW_SESSION_PATHS;
		const struct one *one = s->ones[at];
		const struct path *p;

		if (one == NULL || one->closed || n >= one->path_count) {
			*cursor = (at + 1) * SKW_SESSION_PATHS - 1;
			continue;
		}
		p = one->paths[n];
		*info = (struct skw_session_path_info) {
			.session = handle_of(s, at),
			.path = p->circuit,
			.silent = p->silent,
			.rtt_us = p->recovery.srtt_us,
			.min_rtt_us = p->bbr.min_rtt_us,
			.cwnd = p->bbr.cwnd,
			.in_flight = p->bbr.in_flight,
			.rate = skw_bbr_rate(&p->bbr),
			.packets_sent = p->packets_sent,
			.packets_received = p->packets_received,
			.packets_lost = p->packets_lost,
		};
		(*cursor)++;
		return true;
	}
	return false;
}

const struct skw_session_counters *skw_session_counters(const struct skw_session *s)
{
	return &s->counters;
}

const char *skw_session_code_text(uint32_t code)
{
	switch (code) {
	case SKW_SESSION_DONE:
		return "done";
	case SKW_SESSION_NO_SERVICE:
		return "no such service";
	case SKW_SESSION_UNREACHABLE:
		return "the service does not answer";
	case SKW_SESSION_FORBIDDEN:
		return "forbidden by the other end's policy";
	case SKW_SESSION_CONNECTION:
		return "the connection broke";
	case SKW_SESSION_TOO_MANY:
		return "too many streams";
	case SKW_SESSION_PROTOCOL:
		return "protocol error";
	case SKW_SESSION_TIMEOUT:
		return "no answer";
	}
	return "unknown code";
}
