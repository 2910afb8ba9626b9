#include "node/skw_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/skw_exit.h"
#include "node/skw_pipe.h"
#include "node/skw_places.h"
#include "node/skw_speed.h"

enum { BACKLOG = 64 };

static struct pipe *find(struct skw_streams *s, uint32_t session, uint32_t stream)
{
	for (struct pipe *p = s->pipes; p != NULL; p = p->next)
		if (!p->stream_dead && p->session == session && p->stream == stream &&
		    p->phase != PHASE_SOCKS)
			return p;
	return NULL;
}

/* ---- Services: the other end opens a stream, we connect to the target ---- */

static void on_connected(uv_connect_t *request, int status)
{
	struct pipe *p = request->data;
	struct skw_node *node = p->streams->node;

	if (p->phase == PHASE_CLOSING)
		return;
	if (status < 0)
		pipe_break(p, SKW_SESSION_UNREACHABLE);
	else if (p->stream_dead || skw_session_accept(node->session, p->session, p->stream,
						      pipe_now(p)) != SKW_SESSION_OK)
		pipe_close(p);
	else
		pipe_start(p);
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
		pipe_release(p);
	} else {
		const struct addrinfo *to = status < 0 ? NULL : choose(p, found);

		p->connect.data = p;
		if (status >= 0 && to == NULL)
			pipe_break(p, SKW_SESSION_FORBIDDEN);
		else if (status < 0 ||
			 uv_tcp_connect(&p->connect, &p->tcp, to->ai_addr, on_connected) != 0)
			pipe_break(p, SKW_SESSION_UNREACHABLE);
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
	p = known ? pipe_new(s) : NULL;
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
		pipe_break(p, SKW_SESSION_UNREACHABLE);
	}
}

/* ---- Events of the session room ---- */

static void stream_is_dead(struct pipe *p, uint32_t code)
{
	p->stream_dead = true;
	if (p->client && p->phase == PHASE_OPENING)
		socks_refused(p, code);
	else if (code != SKW_SESSION_DONE || p->phase != PHASE_FLOWING)
		pipe_close(p);
	else if (uv_stream_get_write_queue_size((uv_stream_t *)&p->tcp) == 0)
		pipe_close(p); /* else on_shutdown does, once everything is written */
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
		socks_answer(p, SKW_SOCKS5_SUCCEEDED);
		if (p->phase == PHASE_OPENING)
			pipe_start(p);
		break;
	case SKW_SESSION_READABLE:
		if (p->phase == PHASE_FLOWING)
			pipe_read(p);
		break;
	case SKW_SESSION_WRITABLE:
		if (p->phase == PHASE_FLOWING)
			pipe_take(p);
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
		result = uv_listen((uv_stream_t *)&s->listener, BACKLOG, socks_on_client);
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
	streams_drop(s);
}

void skw_streams_free(struct skw_streams *s)
{
	if (s == NULL)
		return;
	s->freed = true;
	for (struct pipe *p = s->pipes; p != NULL; p = p->next) {
		p->stream_dead = true;
		pipe_close(p);
	}
	if (s->listening)
		uv_close((uv_handle_t *)&s->listener, on_listener_closed);
	else
		streams_drop(s);
}
