#include "node/skw_udp_port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct skw_udp_port {
	struct skw_node *node;
	uv_udp_t socket;
	char buffer[2048]; /* one datagram; a longer one is no link frame */
};

/* family u8 (4 or 6), port u16 big-endian, address */
static void pack(struct skw_link_endpoint *out, const struct sockaddr *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
	bool is_v4 = from->sa_family == AF_INET;

	*out = (struct skw_link_endpoint) { .port = SKW_PORT_UDP, .len = is_v4 ? 7 : 19 };
	out->addr[0] = is_v4 ? 4 : 6;
	memcpy(out->addr + 1, is_v4 ? &v4->sin_port : &v6->sin6_port, 2);
	memcpy(out->addr + 3, is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr,
	       is_v4 ? 4 : 16);
}

static bool unpack(struct sockaddr_storage *out, const struct skw_link_endpoint *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (to->len == 7 && to->addr[0] == 4) {
		v4->sin_family = AF_INET;
		memcpy(&v4->sin_port, to->addr + 1, 2);
		memcpy(&v4->sin_addr, to->addr + 3, 4);
		return true;
	}
	if (to->len == 19 && to->addr[0] == 6) {
		v6->sin6_family = AF_INET6;
		memcpy(&v6->sin6_port, to->addr + 1, 2);
		memcpy(&v6->sin6_addr, to->addr + 3, 16);
		return true;
	}
	return false;
}

static bool numeric(struct sockaddr_storage *out, const struct skw_endpoint *address)
{
	return uv_ip4_addr(address->host, address->port, (struct sockaddr_in *)out) == 0 ||
	       uv_ip6_addr(address->host, address->port, (struct sockaddr_in6 *)out) == 0;
}

bool skw_udp_endpoint(struct skw_link_endpoint *out, const struct skw_endpoint *address)
{
	struct sockaddr_storage at;

	if (!numeric(&at, address))
		return false;
	pack(out, (const struct sockaddr *)&at);
	return true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct skw_udp_port *udp = handle->data;

	(void)suggested;
	*buf = uv_buf_init(udp->buffer, sizeof(udp->buffer));
}

static void on_datagram(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf,
			const struct sockaddr *from, unsigned flags)
{
	struct skw_udp_port *udp = socket->data;
	struct skw_link_endpoint endpoint;

	if (n <= 0 || from == NULL || (flags & UV_UDP_PARTIAL))
		return;
	pack(&endpoint, from);
	skw_link_receive(udp->node->link, &endpoint, (const uint8_t *)buf->base, (size_t)n,
			 skw_node_now(udp->node));
	skw_node_pump(udp->node);
}

void skw_udp_port_send(struct skw_udp_port *udp, const struct skw_link_endpoint *to,
		       const uint8_t *data, size_t len)
{
	struct sockaddr_storage address;
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);

	if (unpack(&address, to))
		uv_udp_try_send(&udp->socket, &buf, 1, (const struct sockaddr *)&address);
}

struct skw_udp_port *skw_udp_port_open(struct skw_node *node, const struct skw_endpoint *listen)
{
	struct skw_udp_port *udp = calloc(1, sizeof(*udp));
	struct sockaddr_storage address;
	int result = udp != NULL && numeric(&address, listen) ? 0 : UV_EINVAL;

	if (udp == NULL)
		return NULL;
	udp->node = node;
	uv_udp_init(node->loop, &udp->socket);
	udp->socket.data = udp;
	if (result == 0)
		result = uv_udp_bind(&udp->socket, (const struct sockaddr *)&address, 0);
	if (result == 0)
		result = uv_udp_recv_start(&udp->socket, on_alloc, on_datagram);
	if (result == 0)
		return udp;
	snprintf(node->error, sizeof(node->error), "[udp] listen: %.100s:%u: %s", listen->host,
		 listen->port, uv_strerror(result));
	skw_udp_port_close(udp);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void skw_udp_port_close(struct skw_udp_port *udp)
{
	if (udp != NULL)
		uv_close((uv_handle_t *)&udp->socket, on_closed);
}
