#include "ledgerd/skw_wire_port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* QUEUE: what may wait for a peer that reads slowly. LINGER: for it to take our last words. */
enum { BACKLOG = 64, QUEUE_MAX = 4 << 20, LINGER_MS = 2000, READ_SIZE = 65536 };

struct link {
	uv_tcp_t tcp; /* first: a handle is its link */
	uv_connect_t connect;
	uv_shutdown_t shutdown;
	struct skw_wire_port *port;
	struct link *next;
	struct skw_wire_peer at;
	uint32_t id;         /* 0 until it stands */
	uint64_t closing_at; /* said goodbye: closed then at the latest; 0: not yet */
};

struct skw_wire_port {
	uv_loop_t *loop;
	uv_tcp_t listener;
	struct skw_sync *sync;
	struct link *links;
	uint32_t last_id;
	bool listening, closed;
	uint8_t buffer[READ_SIZE];
};

struct skw_time skw_wire_port_now(void)
{
	return (struct skw_time) { .us = uv_hrtime() / 1000, .unix_s = (uint64_t)time(NULL) };
}

static void drop_port(struct skw_wire_port *port)
{
	if (port->closed && port->links == NULL && !port->listening)
		free(port);
}

static void on_link_closed(uv_handle_t *handle)
{
	struct link *link = (struct link *)handle;
	struct skw_wire_port *port = link->port;

	for (struct link **p = &port->links; *p != NULL; p = &(*p)->next)
		if (*p == link) {
			*p = link->next;
			break;
		}
	free(link);
	drop_port(port);
}

static void close_link(struct link *link)
{
	if (!uv_is_closing((uv_handle_t *)&link->tcp))
		uv_close((uv_handle_t *)&link->tcp, on_link_closed);
}

static struct link *by_id(struct skw_wire_port *port, uint32_t id)
{
	for (struct link *link = port->links; link != NULL; link = link->next)
		if (link->id == id && link->closing_at == 0)
			return link;
	return NULL;
}

static struct link *new_link(struct skw_wire_port *port)
{
	struct link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->port = port;
	uv_tcp_init(port->loop, &link->tcp);
	link->next = port->links;
	port->links = link;
	return link;
}

/* ---- what the core asks for ---- */

struct write {
	uv_write_t request;
	uint8_t data[];
};

static void on_written(uv_write_t *request, int status)
{
	(void)status; /* reading tells when it is over */
	free(request);
}

static bool on_send(void *context, uint32_t id, const uint8_t *data, size_t len)
{
	struct link *link = by_id(context, id);
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
	struct write *write;
	int sent = 0;

	if (link == NULL)
		return true;
	if (uv_stream_get_write_queue_size((uv_stream_t *)&link->tcp) > QUEUE_MAX)
		return false;
	sent = uv_try_write((uv_stream_t *)&link->tcp, &buf, 1);
	if (sent == (int)len)
		return true;
	if (sent < 0)
		sent = 0;
	write = malloc(sizeof(*write) + len - (size_t)sent);
	if (write == NULL)
		return false;
	memcpy(write->data, data + sent, len - (size_t)sent);
	buf = uv_buf_init((char *)write->data, (unsigned)(len - (size_t)sent));
	if (uv_write(&write->request, (uv_stream_t *)&link->tcp, &buf, 1, on_written) != 0)
		free(write); /* the connection is broken: reading will tell */
	return true;
}

/* Lets the peer take our last words: closing with its own unread would wipe them out. */
static void on_close(void *context, uint32_t id)
{
	struct link *link = by_id(context, id);

	if (link == NULL)
		return;
	link->closing_at = uv_now(link->tcp.loop) + LINGER_MS;
	if (uv_stream_get_write_queue_size((uv_stream_t *)&link->tcp) > QUEUE_MAX ||
	    uv_shutdown(&link->shutdown, (uv_stream_t *)&link->tcp, NULL) != 0)
		close_link(link);
}

/* ---- what the world says ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct skw_wire_port *port = ((struct link *)handle)->port;

	(void)suggested;
	*buf = uv_buf_init((char *)port->buffer, sizeof(port->buffer));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct link *link = (struct link *)stream;
	struct skw_time now = skw_wire_port_now();

	if (len < 0) {
		if (link->closing_at == 0 && link->port->sync != NULL)
			skw_sync_closed(link->port->sync, link->id, &now);
		close_link(link);
	} else if (len > 0 && link->closing_at == 0) {
		skw_sync_received(link->port->sync, link->id, (const uint8_t *)buf->base,
				  (size_t)len, &now);
	}
}

static void stand(struct link *link, bool outgoing)
{
	struct skw_time now = skw_wire_port_now();

	uv_tcp_nodelay(&link->tcp, 1);
	link->id = ++link->port->last_id;
	if (uv_read_start((uv_stream_t *)&link->tcp, on_alloc, on_read) != 0) {
		close_link(link);
		return;
	}
	skw_sync_connected(link->port->sync, link->id, link->at, outgoing, &now);
}

static void on_connect(uv_connect_t *request, int status)
{
	struct link *link = request->data;
	struct skw_time now = skw_wire_port_now();

	if (link->port->sync == NULL)
		return;
	if (status == 0) {
		stand(link, true);
		return;
	}
	skw_sync_dial_failed(link->port->sync, link->at, &now);
	close_link(link);
}

static void on_dial(void *context, struct skw_wire_peer to)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(to.port),
				       .sin_addr.s_addr = htonl(to.ip) };
	struct link *link = new_link(context);

	if (link == NULL)
		return;
	link->at = to;
	link->connect.data = link;
	link->closing_at = 0;
	if (uv_tcp_connect(&link->connect, &link->tcp, (struct sockaddr *)&address, on_connect) !=
	    0) {
		/* not from inside the core's own call: the tick finds it */
		link->closing_at = 1;
	}
}

static void on_incoming(uv_stream_t *listener, int status)
{
	struct skw_wire_port *port = listener->data;
	struct link *link = status == 0 ? new_link(port) : NULL;
	struct sockaddr_in address;
	int len = sizeof(address);

	if (link == NULL)
		return;
	if (uv_accept(listener, (uv_stream_t *)&link->tcp) != 0 ||
	    uv_tcp_getpeername(&link->tcp, (struct sockaddr *)&address, &len) != 0 ||
	    address.sin_family != AF_INET) {
		close_link(link);
		return;
	}
	link->at.ip = ntohl(address.sin_addr.s_addr);
	link->at.port = ntohs(address.sin_port);
	stand(link, false);
}

static void on_note(void *context, const char *text)
{
	(void)context;
	fprintf(stderr, "skywave-ledger: %s\n", text);
}

/* ---- life ---- */

struct skw_wire_port *skw_wire_port_new(uv_loop_t *loop)
{
	struct skw_wire_port *port = calloc(1, sizeof(*port));

	if (port != NULL)
		port->loop = loop;
	return port;
}

struct skw_sync_ports skw_wire_port_ports(struct skw_wire_port *port)
{
	return (struct skw_sync_ports) { .context = port,
					 .send = on_send,
					 .dial = on_dial,
					 .close = on_close,
					 .note = on_note };
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct skw_wire_port *port = handle->data;

	port->listening = false;
	drop_port(port);
}

int skw_wire_port_open(struct skw_wire_port *port, struct skw_sync *sync,
		       const struct skw_wire_peer *listen)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int error;

	port->sync = sync;
	if (listen == NULL)
		return 0;
	address.sin_port = htons(listen->port);
	address.sin_addr.s_addr = htonl(listen->ip);
	uv_tcp_init(port->loop, &port->listener);
	port->listener.data = port;
	port->listening = true;
	error = uv_tcp_bind(&port->listener, (struct sockaddr *)&address, 0);
	return error != 0 ? error : uv_listen((uv_stream_t *)&port->listener, BACKLOG, on_incoming);
}

void skw_wire_port_tick(struct skw_wire_port *port)
{
	struct skw_time now = skw_wire_port_now();

	for (struct link *link = port->links; link != NULL; link = link->next) {
		if (link->closing_at == 0 || link->closing_at > uv_now(port->loop) ||
		    uv_is_closing((uv_handle_t *)&link->tcp))
			continue;
		if (link->id == 0)
			skw_sync_dial_failed(port->sync, link->at, &now);
		close_link(link);
	}
}

void skw_wire_port_close(struct skw_wire_port *port)
{
	if (port == NULL)
		return;
	port->closed = true;
	port->sync = NULL;
	for (struct link *link = port->links; link != NULL; link = link->next) {
		link->closing_at = 1;
		close_link(link);
	}
	if (port->listening)
		uv_close((uv_handle_t *)&port->listener, on_listener_closed);
	else
		drop_port(port);
}
