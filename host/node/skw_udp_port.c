#include "node/skw_udp_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum {
	CALL_MESSAGES = 8,     /* of one recvmmsg; each may be many frames */
	MESSAGE_MAX = 65536,   /* what GRO may put together */
	FRAMES = 256,          /* that wait for a flush */
	GROUPS = 64,           /* destinations and lengths that wait for a flush */
	GROUP_FRAMES = 44,     /* 44 * 1452 < 65507, what one datagram may hold */
	SOCKET_ROOM = 4 << 20, /* asked for; the system may give less */
};

struct group {
	struct skw_link_endpoint to;
	struct sockaddr_storage address;
	socklen_t address_len;
	unsigned frames;
	size_t segment; /* length of its frames; only the last may be shorter */
	bool closed;
	unsigned pieces;
	struct iovec iov[GROUP_FRAMES]; /* one piece while no other group's frames come between */
	char control[CMSG_SPACE(sizeof(uint16_t))];
};

struct skw_udp_port {
	struct skw_node *node;
	int fd;
	int family;
	bool segments; /* the kernel takes UDP_SEGMENT */
	uv_poll_t poll;
	struct skw_udp_counters counters;
	unsigned frames, groups;
	struct group group[GROUPS];
	size_t filled; /* of `out` */
	uint8_t out[FRAMES * SKW_LINK_FRAME_MAX];
	struct mmsghdr in[CALL_MESSAGES];
	struct iovec in_iov[CALL_MESSAGES];
	struct sockaddr_storage in_from[CALL_MESSAGES];
	char in_control[CALL_MESSAGES][CMSG_SPACE(sizeof(int))];
	uint8_t in_data[CALL_MESSAGES][MESSAGE_MAX];
};

/* ---- Addresses ---- */

static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void pack_v4(struct skw_link_endpoint *out, in_port_t port, const void *ip)
{
	*out = (struct skw_link_endpoint) { .port = SKW_PORT_UDP, .len = 7, .machine = 5 };
	out->addr[0] = 4;
	memcpy(out->addr + 1, ip, 4);
	memcpy(out->addr + 5, &port, 2);
}

/* family u8 (4 or 6), address, port u16 big-endian; an IPv4 address has one form only. Who has an
 * IPv6 address has its /64. */
bool skw_udp_endpoint_of(struct skw_link_endpoint *out, const struct sockaddr *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;

	if (from->sa_family == AF_INET) {
		pack_v4(out, v4->sin_port, &v4->sin_addr);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	if (memcmp(&v6->sin6_addr, MAPPED, sizeof(MAPPED)) == 0) {
		pack_v4(out, v6->sin6_port, v6->sin6_addr.s6_addr + 12);
		return true;
	}
	*out = (struct skw_link_endpoint) { .port = SKW_PORT_UDP, .len = 23, .machine = 9 };
	out->addr[0] = 6;
	memcpy(out->addr + 1, &v6->sin6_addr, 16);
	memcpy(out->addr + 17, &v6->sin6_port, 2);
	memcpy(out->addr + 19, &v6->sin6_scope_id, 4); /* link-local addresses need it */
	return true;
}

bool skw_udp_place_of(struct skw_meet_place *place, const struct skw_link_endpoint *at)
{
	size_t ip = at->len == 7 ? 4 : 16;

	memset(place, 0, sizeof(*place));
	if (at->port != SKW_PORT_UDP || (at->len != 7 && at->len != 23))
		return false;
	place->family = at->addr[0];
	memcpy(place->ip, at->addr + 1, ip);
	place->port = (uint16_t)(at->addr[1 + ip] << 8 | at->addr[2 + ip]);
	return place->family == 4 || !IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)place->ip);
}

void skw_udp_endpoint_at(struct skw_link_endpoint *out, const struct skw_meet_place *place)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(place->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(place->port) };

	memcpy(&v4.sin_addr, place->ip, 4);
	memcpy(&v6.sin6_addr, place->ip, 16);
	skw_udp_endpoint_of(out, place->family == 4 ? (const struct sockaddr *)&v4
						    : (const struct sockaddr *)&v6);
}

/* The length for a socket of `family`; 0 if it cannot reach that. */
static socklen_t unpack(struct sockaddr_storage *out, const struct skw_link_endpoint *to,
			int family)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	bool is_v4 = to->len == 7 && to->addr[0] == 4, is_v6 = to->len == 23 && to->addr[0] == 6;

	memset(out, 0, sizeof(*v6));
	if (family == AF_INET && is_v4) {
		v4->sin_family = AF_INET;
		memcpy(&v4->sin_addr, to->addr + 1, 4);
		memcpy(&v4->sin_port, to->addr + 5, 2);
		return sizeof(*v4);
	}
	if (family != AF_INET6 || (!is_v4 && !is_v6))
		return 0;
	v6->sin6_family = AF_INET6;
	memcpy(&v6->sin6_port, to->addr + (is_v6 ? 17 : 5), 2);
	if (is_v6) {
		memcpy(&v6->sin6_addr, to->addr + 1, 16);
		memcpy(&v6->sin6_scope_id, to->addr + 19, 4);
	} else {
		memcpy(v6->sin6_addr.s6_addr, MAPPED, sizeof(MAPPED));
		memcpy(v6->sin6_addr.s6_addr + 12, to->addr + 1, 4);
	}
	return sizeof(*v6);
}

static bool numeric(struct sockaddr_storage *out, const struct skw_endpoint *address)
{
	return uv_ip4_addr(address->host, address->port, (struct sockaddr_in *)out) == 0 ||
	       uv_ip6_addr(address->host, address->port, (struct sockaddr_in6 *)out) == 0;
}

bool skw_udp_port_reaches(const struct skw_udp_port *udp, const struct sockaddr *address)
{
	return address->sa_family == AF_INET || address->sa_family == udp->family;
}

bool skw_udp_endpoint(struct skw_link_endpoint *out, const struct skw_endpoint *address)
{
	struct sockaddr_storage at;

	return numeric(&at, address) && skw_udp_endpoint_of(out, (const struct sockaddr *)&at);
}

/* ---- In ---- */

/* How long the frames of a message are: GRO says so if there are several. */
static size_t segment_of(struct msghdr *m, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		int segment;

		if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		if (segment > 0)
			return (size_t)segment;
	}
	return len;
}

static void take(struct skw_udp_port *udp, unsigned i)
{
	size_t len = udp->in[i].msg_len, segment = segment_of(&udp->in[i].msg_hdr, len);
	struct skw_link_endpoint from;

	if (!skw_udp_endpoint_of(&from, (const struct sockaddr *)&udp->in_from[i]))
		return;
	if (len == 0)
		return;
	udp->counters.frames_in += (len + segment - 1) / segment;
	skw_node_receive(udp->node, &from, udp->in_data[i], len, segment);
}

/* Places for messages, as recvmmsg takes them; it writes over some of it. */
static void ready(struct skw_udp_port *udp, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		udp->in_iov[i] = (struct iovec) { udp->in_data[i], MESSAGE_MAX };
		udp->in[i].msg_hdr = (struct msghdr) {
			.msg_name = &udp->in_from[i],
			.msg_namelen = sizeof(udp->in_from[i]),
			.msg_iov = &udp->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = udp->in_control[i],
			.msg_controllen = sizeof(udp->in_control[i]),
		};
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct skw_udp_port *udp = poll->data;
	int n = recvmmsg(udp->fd, udp->in, CALL_MESSAGES, MSG_DONTWAIT, NULL);

	(void)status; /* an ICMP error: the next call takes it off the socket */
	(void)events;
	if (n <= 0)
		return;
	udp->counters.calls_in++;
	for (int i = 0; i < n; i++) {
		take(udp, (unsigned)i);
		if (udp->frames >= GROUP_FRAMES) /* the next hop can begin */
			skw_udp_port_flush(udp);
	}
	skw_udp_port_flush(udp); /* what is relayed does not wait for the pump */
	ready(udp, (unsigned)n);
	skw_node_pump(udp->node);
}

/* ---- Out ---- */

static void send_frame(struct skw_udp_port *udp, const struct group *g, const uint8_t *frame,
		       size_t len)
{
	udp->counters.calls_out++;
	if (sendto(udp->fd, frame, len, MSG_DONTWAIT, (const struct sockaddr *)&g->address,
		   g->address_len) < 0)
		udp->counters.dropped++;
	else
		udp->counters.frames_out++;
}

/* Where segments do not go - no offload, a narrower way - single frames may. */
static void send_singly(struct skw_udp_port *udp, const struct group *g)
{
	for (unsigned i = 0; i < g->pieces; i++) {
		const uint8_t *frame = g->iov[i].iov_base;
		size_t left = g->iov[i].iov_len;

		while (left > 0) {
			size_t len = left < g->segment ? left : g->segment;

			send_frame(udp, g, frame, len);
			frame += len;
			left -= len;
		}
	}
}

static struct msghdr header(struct group *g)
{
	struct msghdr m = {
		.msg_name = &g->address,
		.msg_namelen = g->address_len,
		.msg_iov = g->iov,
		.msg_iovlen = g->pieces,
	};
	uint16_t segment = (uint16_t)g->segment;
	struct cmsghdr *c;

	if (g->frames == 1)
		return m;
	m.msg_control = g->control;
	m.msg_controllen = sizeof(g->control);
	memset(g->control, 0, sizeof(g->control));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	return m;
}

/* What one call did not take: alone, or not at all. */
static void refused(struct skw_udp_port *udp, struct group *g)
{
	if (g->frames > 1 && (errno == EIO || errno == EINVAL || errno == EMSGSIZE)) {
		if (errno == EIO)
			udp->segments = false; /* this device never will */
		send_singly(udp, g);
	} else {
		udp->counters.dropped += g->frames;
	}
}

void skw_udp_port_flush(struct skw_udp_port *udp)
{
	struct mmsghdr out[GROUPS];
	unsigned done = 0;

	for (unsigned i = 0; i < udp->groups; i++)
		out[i] = (struct mmsghdr) { .msg_hdr = header(&udp->group[i]) };
	while (done < udp->groups) {
		int n = sendmmsg(udp->fd, out + done, udp->groups - done, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		udp->counters.calls_out++;
		if (n <= 0)
			refused(udp, &udp->group[done++]);
		for (; n > 0; n--)
			udp->counters.frames_out += udp->group[done++].frames;
	}
	udp->groups = udp->frames = 0;
	udp->filled = 0;
}

static bool same_place(const struct skw_link_endpoint *a, const struct skw_link_endpoint *b)
{
	return a->len == b->len && memcmp(a->addr, b->addr, a->len) == 0;
}

/* The group that a frame may join without overtaking another to the same place; else a new one. */
static struct group *group_for(struct skw_udp_port *udp, const struct skw_link_endpoint *to,
			       size_t len)
{
	struct group *g;

	for (unsigned i = udp->groups; i > 0; i--) {
		g = &udp->group[i - 1];
		if (!same_place(&g->to, to))
			continue;
		if (g->closed || g->frames == GROUP_FRAMES || len > g->segment)
			break;
		g->closed = len < g->segment;
		return g;
	}
	if (udp->groups == GROUPS)
		skw_udp_port_flush(udp);
	g = &udp->group[udp->groups];
	g->address_len = unpack(&g->address, to, udp->family);
	if (g->address_len == 0)
		return NULL;
	g->to = *to;
	g->frames = g->pieces = 0;
	g->segment = len;
	g->closed = !udp->segments;
	udp->groups++;
	return g;
}

/* The kernel copies one long piece in less time than many short ones. */
static void add(struct skw_udp_port *udp, struct group *g, const uint8_t *data, size_t len)
{
	uint8_t *at = udp->out + udp->filled;
	struct iovec *last = g->pieces > 0 ? &g->iov[g->pieces - 1] : NULL;

	memcpy(at, data, len);
	if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == at)
		last->iov_len += len;
	else
		g->iov[g->pieces++] = (struct iovec) { at, len };
	udp->filled += len;
	udp->frames++;
	g->frames++;
}

void skw_udp_port_send(struct skw_udp_port *udp, const struct skw_link_endpoint *to,
		       const uint8_t *data, size_t len)
{
	struct group *g;

	if (len == 0 || len > SKW_LINK_FRAME_MAX)
		return;
	if (udp->frames == FRAMES)
		skw_udp_port_flush(udp);
	g = group_for(udp, to, len);
	if (g == NULL) {
		udp->counters.dropped++;
		return;
	}
	add(udp, g, data, len);
}

const struct skw_udp_counters *skw_udp_port_counters(const struct skw_udp_port *udp)
{
	return &udp->counters;
}

/* ---- Open and close ---- */

static int open_socket(struct skw_udp_port *udp, const struct skw_endpoint *listen)
{
	struct sockaddr_storage address = { 0 };
	int on = 1, none = 0, room = SOCKET_ROOM;

	if (!numeric(&address, listen))
		return UV_EINVAL;
	udp->family = address.ss_family;
	udp->fd = socket(udp->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (udp->fd < 0 || bind(udp->fd, (const struct sockaddr *)&address,
				udp->family == AF_INET ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6)) != 0)
		return -errno;
	/* The forced kind needs a privilege; the other gives what the system allows. */
	if (setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(udp->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)); /* none: singly */
	udp->segments = setsockopt(udp->fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof(none)) == 0;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct skw_udp_port *udp = handle->data;

	close(udp->fd);
	free(udp);
}

struct skw_udp_port *skw_udp_port_open(struct skw_node *node, const struct skw_endpoint *listen)
{
	struct skw_udp_port *udp = calloc(1, sizeof(*udp));
	int result;

	if (udp == NULL)
		return NULL;
	udp->node = node;
	udp->fd = -1;
	udp->poll.data = udp;
	ready(udp, CALL_MESSAGES);
	result = open_socket(udp, listen);
	if (result == 0)
		result = uv_poll_init(node->loop, &udp->poll, udp->fd);
	if (result == 0) {
		result = uv_poll_start(&udp->poll, UV_READABLE, on_readable);
		if (result == 0)
			return udp;
		uv_close((uv_handle_t *)&udp->poll, on_closed);
	} else {
		if (udp->fd >= 0)
			close(udp->fd);
		free(udp);
	}
	snprintf(node->error, sizeof(node->error), "[udp] listen: %.100s:%u: %s", listen->host,
		 listen->port, uv_strerror(result));
	return NULL;
}

void skw_udp_port_close(struct skw_udp_port *udp)
{
	if (udp == NULL)
		return;
	skw_udp_port_flush(udp);
	uv_close((uv_handle_t *)&udp->poll, on_closed);
}
