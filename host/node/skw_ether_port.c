#include "node/skw_ether_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ETHERTYPE = 0x88b5, /* for experiments on a local network (IEEE 802) */
	VERSION = 1,
	BEACON = 1,
	FRAME = 2,
	MAC = 6,
	HEADER = 4,
	FRAMES = 64, /* of one system call, either way */
	BEACON_MS = 2000,
	LEARNED_MAX = 32,      /* neighbours by beacon that may be tried at a time */
	FORGET_US = 30000000,  /* after so long without a beacon, if it is not up */
	SOCKET_ROOM = 4 << 20, /* asked for; the system may give less */
};

static const uint8_t GROUP[MAC] = { 0x03, 'S', 'K', 'Y', 'W', 1 };

struct learned {
	uint32_t peer; /* 0: free */
	uint64_t heard_us;
};

struct skw_ether_port {
	struct skw_node *node;
	int fd, index;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned handles;
	struct learned learned[LEARNED_MAX];
	unsigned frames; /* that wait for a flush */
	struct mmsghdr out[FRAMES], in[FRAMES];
	struct iovec out_iov[FRAMES], in_iov[FRAMES];
	struct sockaddr_ll out_to[FRAMES], in_from[FRAMES];
	uint8_t out_data[FRAMES][HEADER + SKW_LINK_FRAME_MAX];
	uint8_t in_data[FRAMES]
		       [HEADER + SKW_LINK_FRAME_MAX + 64]; /* padding, and what is too long */
};

/* ---- Out ---- */

void skw_ether_port_flush(struct skw_ether_port *e)
{
	unsigned done = 0;

	while (done < e->frames) {
		int n = sendmmsg(e->fd, e->out + done, e->frames - done, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		done +=
		    n > 0 ? (unsigned)n : 1; /* a frame that does not go is lost, as on the wire */
	}
	e->frames = 0;
}

static void put(struct skw_ether_port *e, const uint8_t to[MAC], uint8_t kind, const uint8_t *data,
		size_t len)
{
	unsigned i;
	uint8_t *out;

	if (e->frames == FRAMES)
		skw_ether_port_flush(e);
	i = e->frames++;
	out = e->out_data[i];
	out[0] = VERSION;
	out[1] = kind;
	out[2] = (uint8_t)len;
	out[3] = (uint8_t)(len >> 8);
	memcpy(out + HEADER, data, len);
	e->out_to[i] = (struct sockaddr_ll) {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
		.sll_ifindex = e->index,
		.sll_halen = MAC,
	};
	memcpy(e->out_to[i].sll_addr, to, MAC);
	e->out_iov[i] = (struct iovec) { out, HEADER + len };
	e->out[i] = (struct mmsghdr) { .msg_hdr = { .msg_name = &e->out_to[i],
						    .msg_namelen = sizeof(e->out_to[i]),
						    .msg_iov = &e->out_iov[i],
						    .msg_iovlen = 1 } };
}

void skw_ether_port_send(struct skw_ether_port *e, const struct skw_link_endpoint *to,
			 const uint8_t *data, size_t len)
{
	if (to->len == MAC && len <= SKW_LINK_FRAME_MAX)
		put(e, to->addr, FRAME, data, len);
}

/* ---- Neighbours by their beacons ---- */

/* Gone silent before it ever came up, or since: others may want the place. */
static void forget(struct skw_ether_port *e, uint64_t now)
{
	struct skw_link_info info;

	for (unsigned i = 0; i < LEARNED_MAX; i++) {
		struct learned *l = &e->learned[i];

		if (l->peer == 0 || now - l->heard_us < FORGET_US)
			continue;
		if (skw_link_info(e->node->link, l->peer, &info)) {
			if (info.up)
				continue;
			if (info.endpoint.port == SKW_PORT_ETHERNET)
				skw_link_remove_peer(e->node->link, l->peer, now);
		}
		l->peer = 0;
	}
}

static bool configured(const struct skw_node *node, const struct skw_node_address *id)
{
	struct skw_node_address other;

	for (size_t i = 0; i < node->config->n_peers; i++)
		if (node->config->peers[i].address.port != 0 &&
		    skw_node_address_parse(&other, node->config->peers[i].key) &&
		    skw_node_address_equal(&other, id))
			return true;
	return false;
}

static void on_beacon(struct skw_ether_port *e, const struct skw_link_endpoint *from,
		      const uint8_t *key)
{
	struct skw_node *node = e->node;
	struct learned *place = NULL;
	struct skw_node_address id;
	char text[SKW_ADDRESS_TEXT_LEN + 1];
	uint64_t now = skw_node_now(node);
	struct skw_link_info info;
	uint32_t peer;

	memcpy(id.bytes, key, sizeof(id.bytes));
	for (unsigned i = 0; i < LEARNED_MAX; i++) {
		struct learned *l = &e->learned[i];

		if (l->peer == 0) {
			if (place == NULL)
				place = l;
		} else if (skw_link_info(node->link, l->peer, &info) &&
			   skw_node_address_equal(&info.address, &id)) {
			place = l;
			break;
		}
	}
	/* A configured neighbour stays on the way that was configured for it. */
	if (place == NULL || configured(node, &id))
		return;
	if (skw_link_add_peer(node->link, &id, from, now, &peer) != SKW_LINK_OK)
		return; /* ourselves, or no room */
	skw_node_address_format(&id, text);
	if (place->peer == 0)
		skw_node_log(node, SKW_INFO, "ethernet: a neighbour, %.8s", text);
	*place = (struct learned) { peer, now };
}

static void on_timer(uv_timer_t *timer)
{
	struct skw_ether_port *e = timer->data;

	forget(e, skw_node_now(e->node));
	put(e, GROUP, BEACON, e->node->identity.address.bytes,
	    sizeof(e->node->identity.address.bytes));
	skw_node_pump(e->node);
}

/* ---- In ---- */

static void take(struct skw_ether_port *e, unsigned i)
{
	const struct sockaddr_ll *from = &e->in_from[i];
	const uint8_t *in = e->in_data[i];
	struct skw_link_endpoint at = { .port = SKW_PORT_ETHERNET, .len = MAC };
	size_t have = e->in[i].msg_len, len;

	if (from->sll_pkttype == PACKET_OUTGOING || from->sll_halen != MAC || have < HEADER ||
	    in[0] != VERSION)
		return;
	len = (size_t)in[3] << 8 | in[2];
	if (len > have - HEADER)
		return;
	memcpy(at.addr, from->sll_addr, MAC);
	if (in[1] == BEACON && len >= SKW_KEY_LEN) /* later versions may say more */
		on_beacon(e, &at, in + HEADER);
	else if (in[1] == FRAME)
		skw_node_receive(e->node, &at, in + HEADER, len, len);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct skw_ether_port *e = poll->data;
	int n;

	(void)status; /* the interface went down: the next call takes that off the socket */
	(void)events;
	for (unsigned i = 0; i < FRAMES; i++) {
		e->in_iov[i] = (struct iovec) { e->in_data[i], sizeof(e->in_data[i]) };
		e->in[i].msg_hdr = (struct msghdr) { .msg_name = &e->in_from[i],
						     .msg_namelen = sizeof(e->in_from[i]),
						     .msg_iov = &e->in_iov[i],
						     .msg_iovlen = 1 };
	}
	n = recvmmsg(e->fd, e->in, FRAMES, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(e, (unsigned)i);
	if (n > 0)
		skw_node_pump(e->node);
}

/* ---- Open and close ---- */

static const char *open_socket(struct skw_ether_port *e, const char *interface)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE) };
	struct packet_mreq group = { .mr_type = PACKET_MR_MULTICAST, .mr_alen = MAC };
	struct ifreq request = { 0 };
	int room = SOCKET_ROOM;

	if (strlen(interface) >= sizeof(request.ifr_name))
		return "no such interface";
	memcpy(request.ifr_name, interface, strlen(interface));
	/* Protocol 0: nothing comes in before the socket is bound to the interface. */
	e->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (e->fd < 0)
		return errno == EPERM ? "needs the capability CAP_NET_RAW" : strerror(errno);
	if (ioctl(e->fd, SIOCGIFMTU, &request) != 0)
		return strerror(errno);
	if (request.ifr_mtu < (int)(HEADER + SKW_LINK_FRAME_MAX))
		return "its MTU is below 1456, too narrow for a cell";
	if (ioctl(e->fd, SIOCGIFHWADDR, &request) != 0)
		return strerror(errno);
	if (request.ifr_hwaddr.sa_family != 1) /* ARPHRD_ETHER */
		return "is no Ethernet interface";
	e->index = at.sll_ifindex = group.mr_ifindex = (int)if_nametoindex(interface);
	memcpy(group.mr_address, GROUP, MAC);
	if (setsockopt(e->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof(group)) != 0 ||
	    bind(e->fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
		return strerror(errno);
	if (setsockopt(e->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct skw_ether_port *e = handle->data;

	if (--e->handles > 0)
		return;
	close(e->fd);
	free(e);
}

struct skw_ether_port *skw_ether_port_open(struct skw_node *node, const char *interface)
{
	struct skw_ether_port *e = calloc(1, sizeof(*e));
	const char *wrong = "out of memory";

	if (e != NULL) {
		e->node = node;
		e->fd = -1;
		wrong = open_socket(e, interface);
		if (wrong == NULL && uv_poll_init(node->loop, &e->poll, e->fd) != 0)
			wrong = "the loop does not take it";
	}
	if (wrong != NULL) {
		snprintf(node->error, sizeof(node->error), "[ethernet] interface: %.64s: %.120s",
			 interface, wrong);
		if (e != NULL && e->fd >= 0)
			close(e->fd);
		free(e);
		return NULL;
	}
	uv_timer_init(node->loop, &e->timer);
	e->poll.data = e->timer.data = e;
	e->handles = 2;
	uv_poll_start(&e->poll, UV_READABLE, on_readable);
	uv_timer_start(&e->timer, on_timer, 0, BEACON_MS);
	return e;
}

void skw_ether_port_close(struct skw_ether_port *e)
{
	if (e == NULL)
		return;
	skw_ether_port_flush(e);
	uv_close((uv_handle_t *)&e->poll, on_closed);
	uv_close((uv_handle_t *)&e->timer, on_closed);
}
