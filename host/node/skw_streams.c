#include "node/skw_streams.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/skw_datagrams.h"
#include "node/skw_exit.h"
#include "node/skw_places.h"
#include "node/skw_routes.h"
#include "node/skw_socks5.h"
#include "node/skw_speed.h"

enum { PIPES_MAX = 256, CHUNK = 16384, UNSENT_MAX = 262144, BACKLOG = 64 };

enum phase {
	PHASE_SOCKS,   /* reading the client's request */
	PHASE_OPENING, /* the stream is opened, or our own TCP connection is */
	PHASE_FLOWING,
	PHASE_ASSOCIATED, /* UDP goes beside it */
	PHASE_CLOSING,    /* the socket is being closed */
};

/* One TCP connection and its stream. */
struct pipe {
	struct skw_streams *streams;
	struct pipe *next;
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_getaddrinfo_t lookup;
	uv_shutdown_t shutdown;
	enum phase phase;
	bool client;      /* SOCKS5 side */
	bool stream_dead; /* session and stream mean nothing any more */
	bool ended;       /* the stream has no more for the socket */
	bool outside;     /* we are the exit of it */
	uint32_t session, stream;
	struct skw_socks5 socks;
	struct skw_association *association;
	uint8_t held[CHUNK]; /* read from the socket, not taken by the stream yet */
	size_t held_len;
	bool held_end;           /* the socket's end follows what is held */
	bool looking_up, closed; /* what still points here */
};

struct skw_streams {
	struct skw_node *node;
	uv_tcp_t listener;
	bool listening, freed;
	struct pipe *pipes;
	size_t count, handles;
};

struct write {
	uv_write_t request;
	struct pipe *pipe;
	uint8_t data[];
};

static void read_stream(struct pipe *p);
static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf);

static uint64_t now(struct pipe *p)
{
	return skw_node_now(p->streams->node);
}

static struct pipe *find(struct skw_streams *s, uint32_t session, uint32_t stream)
{
	for (struct pipe *p = s->pipes; p != NULL; p = p->next)
		if (!p->stream_dead && p->session == session && p->stream == stream &&
		    p->phase != PHASE_SOCKS)
			return p;
	return NULL;
}

/* ---- The life of a pipe ---- */

static void drop(struct skw_streams *s)
{
	if (s->freed && s->count == 0 && s->handles == 0)
		free(s);
}

static void release(struct pipe *p)
{
	struct skw_streams *s = p->streams;

	if (p->looking_up || !p->closed)
		return;
	for (struct pipe **at = &s->pipes; *at != NULL; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	free(p);
	s->count--;
	drop(s);
}

static void on_pipe_closed(uv_handle_t *handle)
{
	struct pipe *p = handle->data;

	p->closed = true;
	release(p);
}

static void close_socket(struct pipe *p)
{
	if (p->phase == PHASE_CLOSING)
		return;
	p->phase = PHASE_CLOSING;
	if (p->association != NULL)
		skw_association_end(p->association);
	p->association = NULL;
	if (p->looking_up)
		uv_cancel((uv_req_t *)&p->lookup);
	uv_close((uv_handle_t *)&p->tcp, on_pipe_closed);
}

/* The socket broke, or nobody wants it: the stream goes too. */
static void break_off(struct pipe *p, uint32_t code)
{
	if (!p->stream_dead && p->phase != PHASE_SOCKS)
		skw_session_reset(p->streams->node->session, p->session, p->stream, code, now(p));
	p->stream_dead = true;
	close_socket(p);
}

static struct pipe *new_pipe(struct skw_streams *s)
{
	struct pipe *p = s->count < PIPES_MAX ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return NULL;
	p->streams = s;
	p->tcp.data = p;
	uv_tcp_init(s->node->loop, &p->tcp);
	uv_tcp_nodelay(&p->tcp, 1);
	p->next = s->pipes;
	s->pipes = p;
	s->count++;
	return p;
}

/* ---- Stream to socket ---- */

static void on_written(uv_write_t *request, int status)
{
	struct write *w = (struct write *)request;
	struct pipe *p = w->pipe;

	free(w);
	if (p->phase == PHASE_CLOSING)
		return;
	if (status < 0)
		break_off(p, SKW_SESSION_CONNECTION);
	else if (p->phase == PHASE_FLOWING)
		read_stream(p);
	skw_node_pump(p->streams->node);
}

static bool write_socket(struct pipe *p, const uint8_t *data, size_t len)
{
	struct write *w = malloc(sizeof(*w) + len);
	uv_buf_t buf;

	if (w == NULL)
		return false;
	w->pipe = p;
	memcpy(w->data, data, len);
	buf = uv_buf_init((char *)w->data, (unsigned)len);
	if (uv_write(&w->request, (uv_stream_t *)&p->tcp, &buf, 1, on_written) == 0)
		return true;
	free(w);
	return false;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	struct pipe *p = request->data;

	if (p->phase == PHASE_CLOSING)
		return;
	if (status < 0)
		break_off(p, SKW_SESSION_CONNECTION);
	else if (p->stream_dead)
		close_socket(p);
	skw_node_pump(p->streams->node);
}

/* Moves what the stream has while the socket keeps up. */
static void read_stream(struct pipe *p)
{
	uint8_t data[CHUNK];
	size_t n = CHUNK;

	while (!p->stream_dead && !p->ended && n == CHUNK &&
	       uv_stream_get_write_queue_size((uv_stream_t *)&p->tcp) < UNSENT_MAX) {
		n = skw_session_read(p->streams->node->session, p->session, p->stream, data,
				     sizeof(data), &p->ended, now(p));
		if (n > 0 && !write_socket(p, data, n)) {
			break_off(p, SKW_SESSION_CONNECTION);
			return;
		}
		if (p->ended) {
			p->shutdown.data = p;
			if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->tcp, on_shutdown) != 0)
				break_off(p, SKW_SESSION_CONNECTION);
		}
	}
}

/* ---- Socket to stream ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct pipe *p = handle->data;

	(void)suggested;
	*buf =
	    uv_buf_init((char *)p->held + p->held_len, (unsigned)(sizeof(p->held) - p->held_len));
}

/* Gives the stream what is held; reads on when it took all. */
static void write_stream(struct pipe *p)
{
	struct skw_session *session = p->streams->node->session;
	size_t took =
	    skw_session_write(session, p->session, p->stream, p->held, p->held_len, now(p));

	memmove(p->held, p->held + took, p->held_len - took);
	p->held_len -= took;
	if (p->held_len > 0)
		uv_read_stop((uv_stream_t *)&p->tcp); /* until WRITABLE */
	else if (p->held_end)
		skw_session_finish(session, p->session, p->stream, now(p));
	else
		uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read);
}

static void start_flow(struct pipe *p)
{
	p->phase = PHASE_FLOWING;
	write_stream(p);
	read_stream(p);
}

/* ---- SOCKS5 ---- */

static void answer_socks(struct pipe *p, enum skw_socks5_code code)
{
	uint8_t reply[SKW_SOCKS5_REPLY_LEN];

	skw_socks5_reply(reply, code);
	if (!write_socket(p, reply, sizeof(reply)))
		break_off(p, SKW_SESSION_CONNECTION);
}

/* The request failed: say so, then close once it is written. */
static void refuse_client(struct pipe *p, enum skw_socks5_code code)
{
	answer_socks(p, code);
	p->stream_dead = true;
	if (p->phase == PHASE_CLOSING)
		return;
	p->shutdown.data = p;
	if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->tcp, on_shutdown) != 0)
		close_socket(p);
}

static enum skw_socks5_code socks_code(uint32_t code)
{
	switch (code) {
	case SKW_SESSION_NO_SERVICE:
		return SKW_SOCKS5_HOST_UNREACHABLE;
	case SKW_SESSION_FORBIDDEN:
		return SKW_SOCKS5_NOT_ALLOWED;
	case SKW_SESSION_UNREACHABLE:
		return SKW_SOCKS5_REFUSED;
	case SKW_SESSION_TIMEOUT:
		return SKW_SOCKS5_TTL_EXPIRED;
	default:
		return SKW_SOCKS5_FAILURE;
	}
}

static void open_stream(struct pipe *p)
{
	struct skw_node *node = p->streams->node;
	char service[SKW_PLACE_NAME];
	struct skw_node_address to;

	if (!skw_place_find(node, p->socks.host, p->socks.port, false, service, &to)) {
		skw_node_log(node, SKW_INFO,
			     "socks: no such name here: want SERVICE.NODE.sky, or [socks] exit");
		refuse_client(p, SKW_SOCKS5_HOST_UNREACHABLE);
		return;
	}
	p->session = skw_routes_session(node->routes, &to);
	if (p->session == 0 || skw_session_open(node->session, p->session, service, now(p),
						&p->stream) != SKW_SESSION_OK) {
		refuse_client(p, SKW_SOCKS5_NET_UNREACHABLE);
		return;
	}
	p->phase = PHASE_OPENING;
	uv_read_stop((uv_stream_t *)&p->tcp);
}

/* UDP ASSOCIATE: the connection says nothing more, and the association ends with it. */
static void associate(struct pipe *p)
{
	struct sockaddr_storage client = { 0 }, here = { 0 };
	uint8_t reply[SKW_SOCKS5_REPLY_MAX];
	int client_len = sizeof(client), here_len = sizeof(here);

	if (uv_tcp_getpeername(&p->tcp, (struct sockaddr *)&client, &client_len) == 0 &&
	    uv_tcp_getsockname(&p->tcp, (struct sockaddr *)&here, &here_len) == 0)
		p->association = skw_association_new(p->streams->node->datagrams,
						     (const struct sockaddr *)&client, &here);
	if (p->association == NULL) {
		refuse_client(p, SKW_SOCKS5_FAILURE);
		return;
	}
	p->phase = PHASE_ASSOCIATED;
	p->stream_dead = true; /* it never had one */
	if (!write_socket(p, reply, skw_socks5_reply_at(reply, (const struct sockaddr *)&here)))
		close_socket(p);
}

/* Takes the client's words out of what is held. */
static void read_socks(struct pipe *p)
{
	while (p->phase == PHASE_SOCKS && p->held_len > 0) {
		size_t used;
		enum skw_socks5_status status =
		    skw_socks5_input(&p->socks, p->held, p->held_len, &used);

		memmove(p->held, p->held + used, p->held_len - used);
		p->held_len -= used;
		if (p->socks.reply_len > 0 && !write_socket(p, p->socks.reply, p->socks.reply_len))
			status = SKW_SOCKS5_BAD;
		if (status == SKW_SOCKS5_BAD) {
			p->stream_dead = true;
			p->shutdown.data = p;
			uv_read_stop((uv_stream_t *)&p->tcp);
			if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->tcp, on_shutdown) != 0)
				close_socket(p);
			return;
		}
		if (status == SKW_SOCKS5_REQUEST && p->socks.command == SKW_SOCKS5_ASSOCIATE)
			associate(p);
		else if (status == SKW_SOCKS5_REQUEST)
			open_stream(p);
	}
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
	struct pipe *p = tcp->data;

	(void)buf;
	if (n == 0)
		return;
	if (n < 0 && (n != UV_EOF || p->phase != PHASE_FLOWING)) {
		break_off(p, SKW_SESSION_CONNECTION);
	} else {
		if (n < 0) {
			p->held_end = true;
			uv_read_stop(tcp);
		} else {
			p->held_len += (size_t)n;
		}
		if (p->phase == PHASE_SOCKS)
			read_socks(p);
		else if (p->phase == PHASE_FLOWING && !p->stream_dead)
			write_stream(p);
		else if (p->phase == PHASE_ASSOCIATED)
			p->held_len = 0; /* nothing is to be said here */
	}
	skw_node_pump(p->streams->node);
}

static void on_client(uv_stream_t *listener, int status)
{
	struct skw_streams *s = listener->data;
	struct pipe *p;

	if (status < 0)
		return;
	p = new_pipe(s);
	if (p == NULL)
		return; /* it waits in the backlog until one ends */
	p->client = true;
	p->phase = PHASE_SOCKS;
	if (uv_accept(listener, (uv_stream_t *)&p->tcp) != 0 ||
	    uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read) != 0)
		break_off(p, SKW_SESSION_CONNECTION);
}

/* ---- Services: the other end opens a stream, we connect to the target ---- */

static void on_connected(uv_connect_t *request, int status)
{
	struct pipe *p = request->data;
	struct skw_node *node = p->streams->node;

	if (p->phase == PHASE_CLOSING)
		return;
	if (status < 0)
		break_off(p, SKW_SESSION_UNREACHABLE);
	else if (p->stream_dead ||
		 skw_session_accept(node->session, p->session, p->stream, now(p)) != SKW_SESSION_OK)
		close_socket(p);
	else
		start_flow(p);
	skw_node_pump(node);
}

/* The first address that policy lets us connect to; a service's target may be anything. */
static const struct addrinfo *choose(const struct pipe *p, const struct addrinfo *found)
{
	if (!p->outside || p->streams->node->config->exit.private)
		return found;
	while (found != NULL &&
	       (!skw_exit_is_public(found->ai_addr) || skw_exit_is_own(found->ai_addr)))
		found = found->ai_next;
	return found;
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct pipe *p = request->data;

	p->looking_up = false;
	if (p->phase == PHASE_CLOSING) {
		release(p);
	} else {
		const struct addrinfo *to = status < 0 ? NULL : choose(p, found);

		p->connect.data = p;
		if (status >= 0 && to == NULL)
			break_off(p, SKW_SESSION_FORBIDDEN);
		else if (status < 0 ||
			 uv_tcp_connect(&p->connect, &p->tcp, to->ai_addr, on_connected) != 0)
			break_off(p, SKW_SESSION_UNREACHABLE);
		skw_node_pump(p->streams->node);
	}
	uv_freeaddrinfo(found);
}

static void serve(struct skw_streams *s, const struct skw_session_out *event)
{
	const struct skw_config *config = s->node->config;
	struct skw_endpoint target;
	uint32_t code = SKW_SESSION_NO_SERVICE;
	bool outside, known;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct pipe *p;
	char port[8];

	known = skw_place_target(config, event->name, false, &target, &outside, &code);
	p = known ? new_pipe(s) : NULL;
	if (p == NULL) {
		skw_session_reset(s->node->session, event->session, event->stream,
				  known ? SKW_SESSION_TOO_MANY : code, skw_node_now(s->node));
		return;
	}
	p->phase = PHASE_OPENING;
	p->outside = outside;
	p->session = event->session;
	p->stream = event->stream;
	p->lookup.data = p;
	p->looking_up = true;
	snprintf(port, sizeof(port), "%u", target.port);
	if (uv_getaddrinfo(s->node->loop, &p->lookup, on_lookup, target.host, port, &hints) != 0) {
		p->looking_up = false;
		break_off(p, SKW_SESSION_UNREACHABLE);
	}
}

/* ---- Events of the session room ---- */

static void stream_is_dead(struct pipe *p, uint32_t code)
{
	p->stream_dead = true;
	if (p->client && p->phase == PHASE_OPENING)
		refuse_client(p, socks_code(code));
	else if (code != SKW_SESSION_DONE || p->phase != PHASE_FLOWING)
		close_socket(p);
	else if (uv_stream_get_write_queue_size((uv_stream_t *)&p->tcp) == 0)
		close_socket(p); /* else on_shutdown does, once everything is written */
}

void skw_streams_on_event(struct skw_streams *s, const struct skw_session_out *event)
{
	struct pipe *p =
	    event->event != SKW_SESSION_DATAGRAM ? find(s, event->session, event->stream) : NULL;

	if (p == NULL && (skw_speed_on_event(s->node->speed, event) ||
			  skw_datagrams_on_event(s->node->datagrams, event)))
		return;
	if (event->event == SKW_SESSION_OPENED) {
		serve(s, event);
		return;
	}
	if (p == NULL)
		return;
	switch (event->event) {
	case SKW_SESSION_ACCEPTED:
		answer_socks(p, SKW_SOCKS5_SUCCEEDED);
		if (p->phase == PHASE_OPENING)
			start_flow(p);
		break;
	case SKW_SESSION_READABLE:
		if (p->phase == PHASE_FLOWING)
			read_stream(p);
		break;
	case SKW_SESSION_WRITABLE:
		if (p->phase == PHASE_FLOWING)
			write_stream(p);
		break;
	case SKW_SESSION_RESET:
		stream_is_dead(p, event->code != SKW_SESSION_DONE ? event->code
								  : SKW_SESSION_CONNECTION);
		break;
	case SKW_SESSION_FINISHED:
		stream_is_dead(p, SKW_SESSION_DONE);
		break;
	case SKW_SESSION_DATAGRAM:
	case SKW_SESSION_SEND:
	case SKW_SESSION_ESTABLISHED:
	case SKW_SESSION_CLOSED:
	case SKW_SESSION_OPENED:
		break;
	}
}

void skw_streams_on_session_closed(struct skw_streams *s, uint32_t session, uint32_t code)
{
	skw_speed_on_session_closed(s->node->speed, session, code);
	skw_datagrams_on_session_closed(s->node->datagrams, session);
	for (struct pipe *p = s->pipes; p != NULL; p = p->next)
		if (!p->stream_dead && p->session == session && p->phase != PHASE_SOCKS)
			stream_is_dead(p, code != SKW_SESSION_DONE ? code : SKW_SESSION_CONNECTION);
}

size_t skw_streams_count(const struct skw_streams *s)
{
	return s->count;
}

struct skw_streams *skw_streams_new(struct skw_node *node)
{
	const struct skw_endpoint *listen = &node->config->socks.listen;
	struct skw_streams *s = calloc(1, sizeof(*s));
	struct sockaddr_storage address;
	int result;

	if (s == NULL) {
		snprintf(node->error, sizeof(node->error), "out of memory");
		return NULL;
	}
	s->node = node;
	if (listen->port == 0)
		return s;
	result = uv_ip4_addr(listen->host, listen->port, (struct sockaddr_in *)&address);
	if (result != 0)
		result = uv_ip6_addr(listen->host, listen->port, (struct sockaddr_in6 *)&address);
	uv_tcp_init(node->loop, &s->listener);
	s->listener.data = s;
	s->listening = true;
	s->handles = 1;
	if (result == 0)
		result = uv_tcp_bind(&s->listener, (struct sockaddr *)&address, 0);
	if (result == 0)
		result = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_client);
	if (result == 0)
		return s;
	snprintf(node->error, sizeof(node->error), "[socks] listen: %.100s:%u: %s", listen->host,
		 listen->port, uv_strerror(result));
	skw_streams_free(s);
	return NULL;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct skw_streams *s = handle->data;

	s->handles--;
	drop(s);
}

void skw_streams_free(struct skw_streams *s)
{
	if (s == NULL)
		return;
	s->freed = true;
	for (struct pipe *p = s->pipes; p != NULL; p = p->next) {
		p->stream_dead = true;
		close_socket(p);
	}
	if (s->listening)
		uv_close((uv_handle_t *)&s->listener, on_listener_closed);
	else
		drop(s);
}
