#include "node/skw_tun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "node/skw_routes.h"
#include "node/skw_tun_offload.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum {
	IPV6_HEADER = 40,
	PACKET_MAX = 65536,
	BATCH = 64,           /* reads, */
	BATCH_BYTES = 131072, /* and bytes, before others get their turn */
	PLACES = 128,
	PREFIX_BITS = 8,         /* all of fd00::/8 is behind the interface */
	ERRORS_PER_SECOND = 100, /* ICMPv6 answers */
	UNREACHABLE = 1,
	NO_ROUTE = 0,
	ADDRESS = 3,
	TOO_BIG = 2,
};

/* A node that packets go to or come from. */
struct place {
	bool used;
	uint8_t ip[16];
	struct skw_node_address id;
	uint32_t session; /* 0: none yet */
	uint64_t used_us;
};

struct skw_tun {
	struct skw_node *node;
	int fd;
	uv_poll_t poll;
	uv_prepare_t before_sleep; /* writes what is put together still */
	bool offload;              /* a virtio_net_hdr stands before each packet */
	uint8_t self[16];
	struct place places[PLACES];
	struct skw_tun_counters counters;
	uint64_t second;
	unsigned errors; /* in this second */
	uint8_t packet[PACKET_MAX], segment[PACKET_MAX], packed[SKW_TUN_MTU], answer[1280];
	struct skw_tun_merge merge;
};

/* ---- To and from the device ---- */

static bool write_packet(struct skw_tun *t, const uint8_t *packet, size_t len)
{
	struct virtio_net_hdr plain = { 0 };
	const struct iovec parts[] = { { &plain, t->offload ? sizeof(plain) : 0 },
				       { (void *)(uintptr_t)packet, len } };

	t->counters.writes++;
	return writev(t->fd, parts, 2) == (ssize_t)(parts[0].iov_len + len);
}

static void flush(struct skw_tun *t)
{
	unsigned count = t->merge.count;
	size_t len;

	if (count == 0)
		return;
	len = skw_tun_merge_take(&t->merge);
	t->counters.writes++;
	if (write(t->fd, &t->merge, len) == (ssize_t)len)
		t->counters.packets_out += count;
	else
		t->counters.dropped += count;
	uv_prepare_stop(&t->before_sleep);
}

static void before_sleep(uv_prepare_t *prepare)
{
	flush(prepare->data);
}

/* One after the other; what follows each other goes in one call. */
static void deliver(struct skw_tun *t, const uint8_t *packet, size_t len)
{
	if (t->offload) {
		if (skw_tun_merge_add(&t->merge, packet, len)) {
			uv_prepare_start(&t->before_sleep, before_sleep);
			return;
		}
		flush(t);
		if (skw_tun_merge_add(&t->merge, packet, len)) {
			uv_prepare_start(&t->before_sleep, before_sleep);
			return;
		}
	}
	if (write_packet(t, packet, len))
		t->counters.packets_out++;
	else
		t->counters.dropped++;
}

/* ---- Who is where ---- */

static struct place *place_of(struct skw_tun *t, const uint8_t ip[16])
{
	for (unsigned i = 0; i < PLACES; i++)
		if (t->places[i].used && memcmp(t->places[i].ip, ip, 16) == 0)
			return &t->places[i];
	return NULL;
}

/* A free place, or the one that was not used for longest. */
static struct place *new_place(struct skw_tun *t, const struct skw_node_address *id)
{
	struct place *place = &t->places[0];

	for (unsigned i = 0; i < PLACES; i++) {
		struct place *p = &t->places[i];

		if (!p->used || (place->used && p->used_us < place->used_us))
			place = p;
		if (!place->used)
			break;
	}
	*place = (struct place) { .used = true, .id = *id };
	skw_tun_address(place->ip, id);
	return place;
}

/* The node with this address, if the directory knows one. */
static struct place *look_up(struct skw_tun *t, const uint8_t ip[16])
{
	struct skw_directory *dir = t->node->directory;
	uint8_t other[16];

	for (size_t i = 0; i < skw_directory_count(dir); i++) {
		const struct skw_descriptor *d = skw_directory_at(dir, i);

		skw_tun_address(other, &d->address);
		if (memcmp(other, ip, 16) == 0)
			return new_place(t, &d->address);
	}
	return NULL;
}

/* ---- Into the network ---- */

static void complain(struct skw_tun *t, const uint8_t *packet, size_t len, uint8_t type,
		     uint8_t code, uint32_t word)
{
	uint64_t second = skw_node_now(t->node) / 1000000;
	size_t n;

	t->counters.dropped++;
	if (second != t->second) {
		t->second = second;
		t->errors = 0;
	}
	if (t->errors >= ERRORS_PER_SECOND)
		return;
	n = skw_tun_icmp(t->answer, sizeof(t->answer), t->self, packet, len, type, code, word);
	if (n == 0)
		return;
	t->errors++;
	if (write_packet(t, t->answer, n))
		t->counters.errors++;
}

/* Whose packet this is; NULL if it goes nowhere: then it was answered, or is the kernel's own
 * chatter (discovery of routers and so on). `most`: the longest part of it that would travel. */
static struct place *place_for(struct skw_tun *t, const uint8_t *packet, size_t len, size_t most)
{
	const uint8_t *to = packet + 24;
	struct place *place;

	if (len < IPV6_HEADER || packet[0] >> 4 != 6 || to[0] == 0xff ||
	    memcmp(packet + 8, t->self, 16) != 0) {
		t->counters.dropped++;
		return NULL;
	}
	if (most > SKW_TUN_MTU) {
		complain(t, packet, len, TOO_BIG, 0, SKW_TUN_MTU);
		return NULL;
	}
	place = place_of(t, to);
	if (place == NULL)
		place = look_up(t, to);
	if (place == NULL) {
		complain(t, packet, len, UNREACHABLE, to[0] == 0xfd ? ADDRESS : NO_ROUTE, 0);
		return NULL;
	}
	place->used_us = skw_node_now(t->node);
	if (place->session == 0)
		place->session = skw_routes_session(t->node->routes, &place->id);
	if (place->session == 0)
		complain(t, packet, len, UNREACHABLE, NO_ROUTE, 0);
	return place->session != 0 ? place : NULL;
}

static void send_parts(struct skw_tun *t, const struct virtio_net_hdr *header, uint8_t *packet,
		       size_t len)
{
	struct skw_tun_split split;
	const struct place *place;
	const uint8_t *part;
	enum skw_session_order order;
	uint32_t flow;
	size_t n;

	if (!skw_tun_split_begin(&split, header, packet, len)) {
		t->counters.dropped++;
		return;
	}
	place = place_for(t, packet, len, skw_tun_split_most(&split));
	if (place == NULL)
		return;
	flow = skw_tun_flow(packet, len);
	while ((part = skw_tun_split_next(&split, t->segment, &n)) != NULL) {
		order = skw_tun_order(part, n);
		n = skw_tun_pack(t->packed, part, n);
		if (n > 0 && skw_session_send_datagram(t->node->session, place->session, flow,
						       order, t->packed, n,
						       skw_node_now(t->node)) == SKW_SESSION_OK)
			t->counters.packets_in++;
		else
			t->counters.dropped++; /* full: the sender's flow control wants to know */
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct skw_tun *t = poll->data;
	size_t bytes = 0;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < BATCH && bytes < BATCH_BYTES; i++) {
		struct virtio_net_hdr header = { 0 };
		const size_t before = t->offload ? sizeof(header) : 0;
		const struct iovec parts[] = { { &header, before },
					       { t->packet, sizeof(t->packet) } };
		ssize_t n = readv(t->fd, parts, 2);

		if (n <= (ssize_t)before)
			break;
		t->counters.reads++;
		bytes += (size_t)n;
		send_parts(t, &header, t->packet, (size_t)n - before);
	}
	skw_node_pump(t->node);
}

/* ---- Out of the network ---- */

/* Who is at the other end of a session; proven by its handshake. */
static struct place *place_at(struct skw_tun *t, uint32_t session)
{
	struct skw_session_info info;
	struct place *place;
	uint32_t cursor = 0;
	uint8_t ip[16];

	for (unsigned i = 0; i < PLACES; i++)
		if (t->places[i].used && t->places[i].session == session)
			return &t->places[i];
	while (skw_session_next(t->node->session, &cursor, &info)) {
		if (info.session != session || !info.established)
			continue;
		skw_tun_address(ip, &info.address);
		place = place_of(t, ip);
		if (place == NULL)
			place = new_place(t, &info.address);
		place->session = session; /* the newest is the likeliest to work */
		return place;
	}
	return NULL;
}

void skw_tun_on_datagram(struct skw_tun *t, uint32_t session, const uint8_t *data, size_t len)
{
	struct place *place = place_at(t, session);

	if (place == NULL)
		return;
	len = skw_tun_unpack(t->packed, data, len, place->ip, t->self);
	if (len == 0)
		return; /* of a later version */
	place->used_us = skw_node_now(t->node);
	deliver(t, t->packed, len);
}

void skw_tun_on_session_closed(struct skw_tun *t, uint32_t session)
{
	for (unsigned i = 0; t != NULL && i < PLACES; i++)
		if (t->places[i].used && t->places[i].session == session)
			t->places[i].session = 0;
}

const struct skw_tun_counters *skw_tun_counters(const struct skw_tun *t)
{
	return &t->counters;
}

/* ---- Open and close ---- */

static const char *set_up(const struct skw_tun *t, struct ifreq *request)
{
	struct in6_ifreq address = { .ifr6_prefixlen = PREFIX_BITS };
	const char *wrong = NULL;
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return strerror(errno);
	memcpy(&address.ifr6_addr, t->self, sizeof(t->self));
	address.ifr6_ifindex = (int)if_nametoindex(request->ifr_name);
	request->ifr_mtu = SKW_TUN_MTU;
	if (ioctl(s, SIOCSIFMTU, request) != 0) {
		wrong = "its MTU cannot be set";
	} else {
		request->ifr_flags = IFF_UP | IFF_RUNNING;
		if (ioctl(s, SIOCSIFFLAGS, request) != 0)
			wrong = "cannot be brought up";
		else if (ioctl(s, SIOCSIFADDR, &address) != 0 && errno != EEXIST)
			wrong = "its address cannot be set; is IPv6 switched off?";
	}
	close(s);
	return wrong;
}

/* A kernel without segments for UDP may still have them for TCP. */
static bool ask_for_offload(int fd)
{
	const unsigned tcp = TUN_F_CSUM | TUN_F_TSO6, udp = TUN_F_USO4 | TUN_F_USO6;

	return ioctl(fd, TUNSETOFFLOAD, tcp | udp) == 0 || ioctl(fd, TUNSETOFFLOAD, tcp) == 0;
}

static const char *open_device(struct skw_tun *t, const char *device)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int header = sizeof(struct virtio_net_hdr);

	if (strlen(device) >= sizeof(request.ifr_name))
		return "a name has at most 15 bytes";
	memcpy(request.ifr_name, device, strlen(device));
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return errno == EACCES ? "/dev/net/tun needs a privilege" : strerror(errno);
	if (ioctl(t->fd, TUNSETIFF, &request) != 0)
		return errno == EPERM ? "needs the capability CAP_NET_ADMIN" : strerror(errno);
	t->offload = true; /* so says IFF_VNET_HDR */
	if (ioctl(t->fd, TUNSETVNETHDRSZ, &header) != 0)
		return "its header cannot be agreed on";
	if (!ask_for_offload(t->fd))
		skw_node_log(t->node, SKW_UNUSUAL, "tun: the kernel does not hand over segments");
	return set_up(t, &request);
}

struct skw_tun *skw_tun_open(struct skw_node *node, const char *device)
{
	struct skw_tun *t = calloc(1, sizeof(*t));
	const char *wrong = "out of memory";

	if (t != NULL) {
		t->node = node;
		t->fd = -1;
		t->poll.data = t;
		skw_tun_address(t->self, &node->identity.address);
		wrong = open_device(t, device);
		if (wrong == NULL && uv_poll_init(node->loop, &t->poll, t->fd) != 0)
			wrong = "the loop does not take it";
	}
	if (wrong == NULL) {
		uv_prepare_init(node->loop, &t->before_sleep);
		t->before_sleep.data = t;
		uv_poll_start(&t->poll, UV_READABLE, on_readable);
		return t;
	}
	snprintf(node->error, sizeof(node->error), "[tun] device: %.64s: %.120s", device, wrong);
	if (t != NULL && t->fd >= 0)
		close(t->fd);
	free(t);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct skw_tun *t = handle->data;

	close(t->fd);
	free(t);
}

static void on_prepare_closed(uv_handle_t *handle)
{
	struct skw_tun *t = handle->data;

	uv_close((uv_handle_t *)&t->poll, on_closed);
}

void skw_tun_close(struct skw_tun *t)
{
	if (t != NULL)
		uv_close((uv_handle_t *)&t->before_sleep, on_prepare_closed);
}
