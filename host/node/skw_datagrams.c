#include "node/skw_datagrams.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/skw_exit.h"
#include "node/skw_places.h"
#include "node/skw_routes.h"
#include "wire/skw_cursor.h"

enum {
	FLOWS_MAX = 128,
	KIND = 0x10, /* first byte of a session's datagram: no IPv6 packet */
	HEADER = 5,  /* kind, stream u32 */
	LENGTH = 2,  /* in the stream: length u16 before each */
	QUICK = 256, /* up to here they do not wait for those before them */
	MOST = 8192, /* bytes of a datagram; longer ones are dropped */
	IDLE_US = 120000000,
	TICK_MS = 5000,
};

struct flow {
	struct skw_datagrams *d;
	struct flow *next;
	struct skw_association *association; /* ours, for a client; else we have a socket */
	uint32_t session, stream;
	bool accepted, dead;
	uint64_t used_us;
	uint8_t head[SKW_SOCKS5_UDP_MAX]; /* client: what stands before its datagrams */
	size_t head_len;
	bool outside, looking_up, has_socket, closed; /* what still points here */
	uv_udp_t socket;
	uv_getaddrinfo_t lookup;
	uint8_t part[LENGTH + MOST]; /* of the stream, until a datagram is whole */
	size_t part_len;
};

struct skw_association {
	struct skw_datagrams *d;
	struct skw_association *next;
	uv_udp_t socket;
	struct sockaddr_storage client; /* port 0: not heard of yet */
	bool ended;
};

struct skw_datagrams {
	struct skw_node *node;
	uv_timer_t timer;
	struct flow *flows;
	struct skw_association *associations;
	size_t count, handles;
	bool freed;
	uint8_t in[65536], out[SKW_SOCKS5_UDP_MAX + MOST];
};

static uint64_t now_of(struct skw_datagrams *d)
{
	return skw_node_now(d->node);
}

static void drop(struct skw_datagrams *d)
{
	if (d->freed && d->handles == 0)
		free(d);
}

/* ---- The life of a flow ---- */

static void release(struct flow *f)
{
	struct skw_datagrams *d = f->d;

	if (!f->dead || f->looking_up || (f->has_socket && !f->closed))
		return;
	for (struct flow **at = &d->flows; *at != NULL; at = &(*at)->next) {
		if (*at == f) {
			*at = f->next;
			break;
		}
	}
	free(f);
	d->count--;
	d->handles--;
	drop(d);
}

static void on_socket_closed(uv_handle_t *handle)
{
	struct flow *f = handle->data;

	f->closed = true;
	release(f);
}

/* `code`: told to the other end; UINT32_MAX: it knows. */
static void end_flow(struct flow *f, uint32_t code)
{
	if (f->dead)
		return;
	f->dead = true;
	if (code != UINT32_MAX)
		skw_session_reset(f->d->node->session, f->session, f->stream, code, now_of(f->d));
	if (f->looking_up)
		uv_cancel((uv_req_t *)&f->lookup);
	if (f->has_socket)
		uv_close((uv_handle_t *)&f->socket, on_socket_closed);
	else
		release(f);
}

static struct flow *new_flow(struct skw_datagrams *d, uint32_t session, uint32_t stream)
{
	struct flow *f = d->count < FLOWS_MAX ? calloc(1, sizeof(*f)) : NULL;

	if (f == NULL)
		return NULL;
	f->d = d;
	f->session = session;
	f->stream = stream;
	f->used_us = now_of(d);
	f->next = d->flows;
	d->flows = f;
	d->count++;
	d->handles++;
	return f;
}

static struct flow *find(struct skw_datagrams *d, uint32_t session, uint32_t stream)
{
	for (struct flow *f = d->flows; f != NULL; f = f->next)
		if (!f->dead && f->session == session && f->stream == stream)
			return f;
	return NULL;
}

/* ---- Through the session ---- */

static void send_in_stream(struct flow *f, const uint8_t *data, size_t len)
{
	struct skw_session *session = f->d->node->session;
	const uint8_t length[LENGTH] = { (uint8_t)len, (uint8_t)(len >> 8) };

	/* Whole or not at all: what does not fit is what a full line drops. */
	if (skw_session_stream_room(session, f->session, f->stream) < LENGTH + len)
		return;
	skw_session_write(session, f->session, f->stream, length, LENGTH, now_of(f->d));
	skw_session_write(session, f->session, f->stream, data, len, now_of(f->d));
}

static void send_on(struct flow *f, const uint8_t *data, size_t len)
{
	uint8_t packet[SKW_SESSION_DATAGRAM_MAX];
	struct skw_writer w = skw_writer(packet, sizeof(packet));

	f->used_us = now_of(f->d);
	if (len > MOST)
		return;
	if (!f->accepted || len > sizeof(packet) - HEADER) {
		send_in_stream(f, data, len);
		return;
	}
	skw_put_u8(&w, KIND);
	skw_put_u32(&w, f->stream);
	skw_put_bytes(&w, data, len);
	skw_session_send_datagram(f->d->node->session, f->session, f->stream,
				  len > QUICK ? SKW_SESSION_ORDERED : SKW_SESSION_LOOSE, packet,
				  skw_writer_len(&w), now_of(f->d));
}

/* To the client, or to the service. */
static void give(struct flow *f, const uint8_t *data, size_t len)
{
	struct skw_datagrams *d = f->d;
	uv_buf_t buf;

	f->used_us = now_of(d);
	if (f->association == NULL) {
		buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
		if (f->accepted)
			uv_udp_try_send(&f->socket, &buf, 1, NULL);
	} else if (len <= MOST) {
		memcpy(d->out, f->head, f->head_len);
		memcpy(d->out + f->head_len, data, len);
		buf = uv_buf_init((char *)d->out, (unsigned)(f->head_len + len));
		uv_udp_try_send(&f->association->socket, &buf, 1,
				(const struct sockaddr *)&f->association->client);
	}
}

/* What of the stream is whole. */
static void read_stream(struct flow *f)
{
	bool end = false;
	size_t n;

	do {
		n = skw_session_read(f->d->node->session, f->session, f->stream,
				     f->part + f->part_len, sizeof(f->part) - f->part_len, &end,
				     now_of(f->d));
		f->part_len += n;
		while (f->part_len >= LENGTH) {
			size_t len = f->part[0] | (size_t)f->part[1] << 8;

			if (len > MOST) {
				end_flow(f, SKW_SESSION_PROTOCOL);
				return;
			}
			if (f->part_len < LENGTH + len)
				break;
			give(f, f->part + LENGTH, len);
			f->part_len -= LENGTH + len;
			memmove(f->part, f->part + LENGTH + len, f->part_len);
		}
	} while (n > 0);
	if (end)
		end_flow(f, SKW_SESSION_DONE);
}

static bool on_datagram(struct skw_datagrams *d, const struct skw_session_out *event)
{
	struct skw_reader r = skw_reader(event->data, event->len);
	uint8_t kind = skw_get_u8(&r);
	uint32_t stream = skw_get_u32(&r);
	struct flow *f = r.ok && kind == KIND ? find(d, event->session, stream) : NULL;

	if (f != NULL)
		give(f, r.at, skw_reader_left(&r));
	return f != NULL;
}

/* ---- The far end: a socket towards the service ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct skw_datagrams *d = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)d->in, sizeof(d->in));
}

static void on_alloc_flow(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct flow *f = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)f->d->in, sizeof(f->d->in));
}

static void on_answer(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
		      unsigned flags)
{
	struct flow *f = socket->data;

	(void)flags;
	if (n < 0) /* nobody listens there */
		end_flow(f, SKW_SESSION_UNREACHABLE);
	else if (from != NULL)
		send_on(f, (const uint8_t *)buf->base, (size_t)n);
	skw_node_pump(f->d->node);
}

static bool connect_to(struct flow *f, const struct addrinfo *to)
{
	f->has_socket = uv_udp_init(f->d->node->loop, &f->socket) == 0;
	f->socket.data = f;
	if (!f->has_socket || uv_udp_connect(&f->socket, to->ai_addr) != 0 ||
	    uv_udp_recv_start(&f->socket, on_alloc_flow, on_answer) != 0 ||
	    skw_session_accept(f->d->node->session, f->session, f->stream, now_of(f->d)) !=
		SKW_SESSION_OK)
		return false;
	f->accepted = true;
	read_stream(f); /* what came before */
	return true;
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct flow *f = request->data;
	struct skw_node *node = f->d->node;
	const struct addrinfo *to = status == 0 ? found : NULL;

	f->looking_up = false;
	while (f->outside && !node->config->exit.private && to != NULL &&
	       (!skw_exit_is_public(to->ai_addr) || skw_exit_is_own(to->ai_addr)))
		to = to->ai_next;
	if (f->dead)
		release(f);
	else if (to == NULL)
		end_flow(f, status == 0 ? SKW_SESSION_FORBIDDEN : SKW_SESSION_UNREACHABLE);
	else if (!connect_to(f, to))
		end_flow(f, SKW_SESSION_UNREACHABLE);
	uv_freeaddrinfo(found);
	skw_node_pump(node);
}

static bool serve(struct skw_datagrams *d, const struct skw_session_out *event)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	uint32_t code = SKW_SESSION_TOO_MANY;
	struct skw_endpoint target;
	struct flow *f = NULL;
	bool outside = false;
	char port[8];

	if (strncmp(event->name, "udp:", 4) != 0)
		return false;
	if (skw_place_target(d->node->config, event->name, true, &target, &outside, &code))
		f = new_flow(d, event->session, event->stream);
	if (f == NULL) {
		skw_session_reset(d->node->session, event->session, event->stream, code, now_of(d));
		return true;
	}
	f->outside = outside;
	f->lookup.data = f;
	snprintf(port, sizeof(port), "%u", target.port);
	f->looking_up =
	    uv_getaddrinfo(d->node->loop, &f->lookup, on_lookup, target.host, port, &hints) == 0;
	if (!f->looking_up)
		end_flow(f, SKW_SESSION_UNREACHABLE);
	return true;
}

/* ---- The near end: a client of SOCKS5 ---- */

static struct flow *flow_to(struct skw_association *a, const uint8_t *head, size_t head_len,
			    const char *host, uint16_t port)
{
	struct skw_datagrams *d = a->d;
	char name[SKW_PLACE_NAME];
	struct skw_node_address to;
	uint32_t session, stream;
	struct flow *f;

	for (f = d->flows; f != NULL; f = f->next)
		if (!f->dead && f->association == a && f->head_len == head_len &&
		    memcmp(f->head, head, head_len) == 0)
			return f;
	if (!skw_place_find(d->node, host, port, true, name, &to))
		return NULL;
	if (d->count == FLOWS_MAX ||
	    !skw_routes_open(d->node->routes, &to, name, &session, &stream))
		return NULL;
	f = new_flow(d, session, stream);
	if (f == NULL) {
		skw_session_reset(d->node->session, session, stream, SKW_SESSION_DONE, now_of(d));
		return NULL;
	}
	f->association = a;
	memcpy(f->head, head, head_len);
	f->head_len = head_len;
	return f;
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr *b)
{
	if (a->ss_family != b->sa_family)
		return false;
	if (b->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)(const void *)a)->sin_addr,
			      &((const struct sockaddr_in *)(const void *)b)->sin_addr, 4) == 0;
	return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
		      &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr, 16) == 0;
}

/* The first datagram from the client's host says which port is its; others are not listened to. */
static bool is_client(struct skw_association *a, const struct sockaddr *from)
{
	struct sockaddr_in *mine = (struct sockaddr_in *)&a->client; /* ports are in one place */
	const struct sockaddr_in *theirs = (const struct sockaddr_in *)(const void *)from;

	if (!same_host(&a->client, from))
		return false;
	if (mine->sin_port == 0)
		mine->sin_port = theirs->sin_port;
	return mine->sin_port == theirs->sin_port;
}

static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
	      "a port is in the same place in both");

static void on_client(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
		      unsigned flags)
{
	struct skw_datagrams *d = socket->data;
	struct skw_association *a =
	    (struct skw_association *)((char *)socket - offsetof(struct skw_association, socket));
	const uint8_t *data = (const uint8_t *)buf->base;
	char host[SKW_SOCKS5_HOST_MAX + 1];
	struct flow *f;
	uint16_t port;
	size_t head;

	if (n <= 0 || from == NULL || (flags & UV_UDP_PARTIAL) != 0 || !is_client(a, from))
		return;
	head = skw_socks5_udp(data, (size_t)n, host, &port);
	f = head > 0 ? flow_to(a, data, head, host, port) : NULL;
	if (f != NULL)
		send_on(f, data + head, (size_t)n - head);
	skw_node_pump(d->node);
}

static void on_association_closed(uv_handle_t *handle)
{
	struct skw_datagrams *d = handle->data;
	struct skw_association *a =
	    (struct skw_association *)((char *)handle - offsetof(struct skw_association, socket));

	free(a);
	d->handles--;
	drop(d);
}

void skw_association_end(struct skw_association *a)
{
	struct skw_datagrams *d = a->d;

	if (a->ended)
		return;
	a->ended = true;
	for (struct flow *f = d->flows, *next; f != NULL; f = next) {
		next = f->next;
		if (f->association == a)
			end_flow(f, SKW_SESSION_DONE);
	}
	for (struct skw_association **at = &d->associations; *at != NULL; at = &(*at)->next) {
		if (*at == a) {
			*at = a->next;
			break;
		}
	}
	uv_close((uv_handle_t *)&a->socket, on_association_closed);
}

struct skw_association *skw_association_new(struct skw_datagrams *d, const struct sockaddr *client,
					    struct sockaddr_storage *listen)
{
	size_t size =
	    client->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	struct skw_association *a = calloc(1, sizeof(*a));
	int len = sizeof(*listen);

	if (a == NULL || uv_udp_init(d->node->loop, &a->socket) != 0) {
		free(a);
		return NULL;
	}
	a->d = d;
	a->socket.data = d;
	memcpy(&a->client, client, size);
	((struct sockaddr_in *)&a->client)->sin_port = 0;
	((struct sockaddr_in *)listen)->sin_port = 0;
	a->next = d->associations;
	d->associations = a;
	d->handles++;
	if (uv_udp_bind(&a->socket, (const struct sockaddr *)listen, 0) == 0 &&
	    uv_udp_getsockname(&a->socket, (struct sockaddr *)listen, &len) == 0 &&
	    uv_udp_recv_start(&a->socket, on_alloc, on_client) == 0)
		return a;
	skw_association_end(a);
	return NULL;
}

/* ---- Events ---- */

bool skw_datagrams_on_event(struct skw_datagrams *d, const struct skw_session_out *event)
{
	struct flow *f;

	if (event->event == SKW_SESSION_OPENED)
		return serve(d, event);
	if (event->event == SKW_SESSION_DATAGRAM)
		return on_datagram(d, event);
	f = find(d, event->session, event->stream);
	if (f == NULL)
		return false;
	switch (event->event) {
	case SKW_SESSION_ACCEPTED:
		f->accepted = true;
		break;
	case SKW_SESSION_READABLE:
		if (f->accepted)
			read_stream(f);
		break;
	case SKW_SESSION_RESET:
	case SKW_SESSION_FINISHED:
		end_flow(f, UINT32_MAX);
		break;
	case SKW_SESSION_WRITABLE:
	case SKW_SESSION_SEND:
	case SKW_SESSION_ESTABLISHED:
	case SKW_SESSION_CLOSED:
	case SKW_SESSION_OPENED:
	case SKW_SESSION_DATAGRAM:
		break;
	}
	return true;
}

void skw_datagrams_on_session_closed(struct skw_datagrams *d, uint32_t session)
{
	for (struct flow *f = d->flows, *next; f != NULL; f = next) {
		next = f->next;
		if (f->session == session)
			end_flow(f, UINT32_MAX);
	}
}

size_t skw_datagrams_count(const struct skw_datagrams *d)
{
	return d->count;
}

static void on_timer(uv_timer_t *timer)
{
	struct skw_datagrams *d = timer->data;

	for (struct flow *f = d->flows, *next; f != NULL; f = next) {
		next = f->next;
		if (now_of(d) - f->used_us >= IDLE_US)
			end_flow(f, SKW_SESSION_DONE);
	}
}

struct skw_datagrams *skw_datagrams_new(struct skw_node *node)
{
	struct skw_datagrams *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->node = node;
	d->timer.data = d;
	d->handles = 1;
	uv_timer_init(node->loop, &d->timer);
	uv_timer_start(&d->timer, on_timer, TICK_MS, TICK_MS);
	return d;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct skw_datagrams *d = handle->data;

	d->handles--;
	drop(d);
}

void skw_datagrams_free(struct skw_datagrams *d)
{
	if (d == NULL)
		return;
	d->freed = true;
	while (d->associations != NULL)
		skw_association_end(d->associations);
	for (struct flow *f = d->flows, *next; f != NULL; f = next) {
		next = f->next;
		end_flow(f, UINT32_MAX);
	}
	uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}
