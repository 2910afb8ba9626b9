#include "node/skw_tun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "node/skw_exit.h"
#include "node/skw_names.h"
#include "node/skw_routes.h"
#include "node/skw_tun_device.h"
#include "node/skw_tun_exit.h"
#include "node/skw_tun_offload.h"
#include "node/skw_tun_places.h"
#include "node/skw_tun_v4.h"

enum {
	IPV6_HEADER = 40,
	PACKET_MAX = 65536,
	BATCH = 64,              /* reads, */
	BATCH_BYTES = 131072,    /* and bytes, before others get their turn */
	ERRORS_PER_SECOND = 100, /* ICMPv6 answers */
	UNREACHABLE = 1,
	NO_ROUTE = 0,
	PROHIBITED = 1,
	EXIT_US = 1000000,
	ADDRESS = 3,
	TOO_BIG = 2,
};

struct skw_tun {
	struct skw_node *node;
	int fd;
	uv_poll_t poll;
	uv_prepare_t before_sleep; /* writes what is put together still */
	uint8_t self[16];
	struct { /* of [tun] exit */
		bool known;
		uint64_t until_us; /* when the name is looked at again */
		struct skw_node_address id;
		uint8_t ip[16];
	} exit;
	struct skw_tun_policy policy; /* of this exit */
	struct skw_tun_pool pool;     /* its clients' addresses in IPv4, by their places */
	struct skw_exit_own own;
	struct skw_tun_places places;
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
	const struct iovec parts[] = { { &plain, sizeof(plain) },
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
	for (unsigned tries = 0; tries < 2; tries++) {
		if (skw_tun_merge_add(&t->merge, packet, len)) {
			uv_prepare_start(&t->before_sleep, before_sleep);
			return;
		}
		flush(t);
	}
	if (write_packet(t, packet, len))
		t->counters.packets_out++;
	else
		t->counters.dropped++;
}

/* ---- Into the network ---- */

/* The exit that this node uses. Its name may come to mean another node. */
static bool know_exit(struct skw_tun *t)
{
	const char *name = t->node->config->tun.exit;
	uint64_t now = skw_node_now(t->node);

	if (name[0] == '\0')
		return false;
	if (now < t->exit.until_us)
		return t->exit.known;
	t->exit.until_us = now + EXIT_US;
	t->exit.known = skw_names_find(t->node->names, name, &t->exit.id) &&
			!skw_node_address_equal(&t->exit.id, &t->node->identity.address);
	if (t->exit.known)
		skw_tun_address(t->exit.ip, &t->exit.id);
	return t->exit.known;
}

static struct skw_tun_place *exit_place(struct skw_tun *t)
{
	struct skw_tun_place *place =
	    know_exit(t) ? skw_tun_place_of(&t->places, t->exit.ip) : NULL;

	return place == NULL && t->exit.known ? skw_tun_place_new(&t->places, &t->exit.id) : place;
}

/* Who of this exit's clients the kernel answers: not with another node's address as the source. */
static struct skw_tun_place *client_place(struct skw_tun *t, const uint8_t from[16],
					  const uint8_t to[16])
{
	struct skw_tun_place *place =
	    skw_tun_is_inside(from) ? NULL : skw_tun_place_of(&t->places, to);

	return place != NULL && place->client && place->session != 0 ? place : NULL;
}

/* False when there were enough of them in this second. */
static bool may_complain(struct skw_tun *t)
{
	uint64_t second = skw_node_now(t->node) / 1000000;

	if (second != t->second) {
		t->second = second;
		t->errors = 0;
	}
	return t->errors++ < ERRORS_PER_SECOND;
}

/* What goes wrong with a packet, in both families' terms. */
enum trouble { NO_WAY, NO_SUCH_NODE, TOO_LONG, FORBIDDEN };

static size_t answer_to(struct skw_tun *t, const uint8_t *packet, size_t len, enum trouble trouble,
			uint32_t mtu)
{
	static const uint8_t v6_type[] = { UNREACHABLE, UNREACHABLE, TOO_BIG, UNREACHABLE };
	static const uint8_t v6_code[] = { NO_ROUTE, ADDRESS, 0, PROHIBITED };
	static const uint8_t v4_code[] = { 0, 1, 4, 13 }; /* RFC 792, RFC 1812, 5.2.7.1 */

	if (packet[0] >> 4 == 4)
		return skw_tun_v4_icmp(t->answer, sizeof(t->answer), packet, len, v4_code[trouble],
				       (uint16_t)mtu);
	return skw_tun_icmp(t->answer, sizeof(t->answer), t->self, packet, len, v6_type[trouble],
			    v6_code[trouble], mtu);
}

static void complain(struct skw_tun *t, const uint8_t *packet, size_t len, enum trouble trouble,
		     uint32_t mtu)
{
	size_t n = answer_to(t, packet, len, trouble, mtu);

	t->counters.dropped++;
	if (n > 0 && may_complain(t) && write_packet(t, t->answer, n))
		t->counters.errors++;
}

/* Where a packet goes. */
struct way {
	struct skw_tun_place *place; /* NULL: nowhere, and it was answered, or is the kernel's own
					chatter (discovery of routers and so on) */
	bool whole;                  /* with its addresses, since one is outside */
	bool back;                   /* IPv4 to an address of the pool */
};

static struct way way_of_v6(struct skw_tun *t, const uint8_t *packet, size_t len)
{
	const uint8_t *from = packet + 8, *to = packet + 24;
	struct way way = { NULL, !skw_tun_is_inside(to), false };

	if (to[0] == 0xff || memcmp(from, t->self, 16) != 0) {
		way.whole = true;
		way.place = to[0] != 0xff ? client_place(t, from, to) : NULL;
		t->counters.dropped += way.place == NULL;
		return way;
	}
	way.place = way.whole ? exit_place(t) : skw_tun_place_of(&t->places, to);
	if (way.place == NULL && !way.whole)
		way.place = skw_tun_place_look_up(&t->places, t->node->directory, to);
	if (way.place == NULL)
		complain(t, packet, len, way.whole ? NO_WAY : NO_SUCH_NODE, 0);
	return way;
}

/* Clients' addresses do not send to each other, and are not the source of what goes to a client. */
static struct way way_of_v4(struct skw_tun *t, const uint8_t *packet, size_t len)
{
	const uint8_t *from = packet + 12, *to = packet + 16;
	struct way way = { NULL, true, false };
	uint32_t number;

	if (t->policy.ports != NULL && skw_tun_pool_number(&number, &t->pool, to)) {
		struct skw_tun_place *place =
		    number > 0 && number <= SKW_TUN_PLACES ? &t->places.at[number - 1] : NULL;

		if (place != NULL && place->used && place->client && place->session != 0 &&
		    (!skw_tun_pool_number(&number, &t->pool, from) || number == 0))
			way = (struct way) { place, true, true };
		t->counters.dropped += way.place == NULL;
		return way;
	}
	if (memcmp(from, SKW_TUN_V4_CLIENT, 4) == 0 && to[0] < 224)
		way.place = exit_place(t);
	if (way.place == NULL)
		complain(t, packet, len, NO_WAY, 0);
	return way;
}

/* `most`: the longest part of it that would travel. */
static struct way way_for(struct skw_tun *t, const uint8_t *packet, size_t len, size_t most)
{
	struct way way = { NULL, false, false };
	uint32_t mtu;

	if (skw_tun_v4_header(packet, len) != 0)
		way = way_of_v4(t, packet, len);
	else if (len >= IPV6_HEADER && packet[0] >> 4 == 6)
		way = way_of_v6(t, packet, len);
	else
		t->counters.dropped++;
	if (way.place == NULL)
		return way;
	mtu = way.whole ? SKW_TUN_EXIT_MTU : SKW_TUN_MTU;
	if (most > mtu) {
		complain(t, packet, len, TOO_LONG, mtu);
		way.place = NULL;
		return way;
	}
	way.place->used_us = skw_node_now(t->node);
	if (way.place->session == 0)
		way.place->session = skw_routes_session(t->node->routes, &way.place->id);
	if (way.place->session == 0) {
		complain(t, packet, len, NO_WAY, 0);
		way.place = NULL;
	}
	return way;
}

/* False if there is no room for it, or its length is not what it says. */
static bool send_packet(struct skw_tun *t, uint32_t session, const uint8_t *packet, size_t len,
			bool whole)
{
	uint32_t flow = skw_tun_flow(packet, len);
	enum skw_session_order order = skw_tun_order(packet, len);

	if (!whole) {
		len = skw_tun_pack(t->packed, packet, len);
		packet = t->packed;
	} else if (!skw_tun_is_whole(packet, len)) {
		len = 0;
	}
	return len > 0 && skw_session_send_datagram(t->node->session, session, flow, order, packet,
						    len, skw_node_now(t->node)) == SKW_SESSION_OK;
}

static void send_parts(struct skw_tun *t, const struct virtio_net_hdr *header, uint8_t *packet,
		       size_t len)
{
	struct skw_tun_split split;
	const uint8_t *part;
	struct way way;
	size_t n;

	if (!skw_tun_split_begin(&split, header, packet, len)) {
		t->counters.dropped++;
		return;
	}
	way = way_for(t, packet, len, skw_tun_split_most(&split));
	if (way.place == NULL)
		return;
	if (way.back)
		skw_tun_v4_readdress(packet, len, false, SKW_TUN_V4_CLIENT);
	while ((part = skw_tun_split_next(&split, t->segment, &n)) != NULL) {
		if (send_packet(t, way.place->session, part, n, way.whole))
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
		const struct iovec parts[] = { { &header, sizeof(header) },
					       { t->packet, sizeof(t->packet) } };
		ssize_t n = readv(t->fd, parts, 2);

		if (n <= (ssize_t)sizeof(header))
			break;
		t->counters.reads++;
		bytes += (size_t)n;
		send_parts(t, &header, t->packet, (size_t)n - sizeof(header));
	}
	skw_node_pump(t->node);
}

/* ---- Out of the network ---- */

static void refuse(struct skw_tun *t, const struct skw_tun_place *place, const uint8_t *packet,
		   size_t len)
{
	size_t n = answer_to(t, packet, len, FORBIDDEN, 0);

	t->counters.refused++;
	if (n > 0 && may_complain(t) &&
	    send_packet(t, place->session, t->answer, n, t->answer[0] >> 4 == 4))
		t->counters.errors++;
}

/* To the kernel, which forwards it. */
static void let_out(struct skw_tun *t, struct skw_tun_place *place, const uint8_t *packet,
		    size_t len)
{
	uint8_t source[4];

	place->client = true;
	if (packet[0] >> 4 == 4) {
		memcpy(t->packed, packet, len);
		skw_tun_pool_at(source, &t->pool, (uint32_t)(place - t->places.at) + 1);
		skw_tun_v4_readdress(t->packed, len, true, source);
		packet = t->packed;
	}
	deliver(t, packet, len);
}

/* With an address of the open internet: from the exit that this node uses, or to the one it is. */
static void on_whole(struct skw_tun *t, struct skw_tun_place *place, const uint8_t *packet,
		     size_t len)
{
	switch (skw_tun_judge(packet, len, place->ip, t->self, know_exit(t) ? t->exit.ip : NULL,
			      t->policy.ports != NULL ? &t->policy : NULL)) {
	case SKW_TUN_LEAVES:
		let_out(t, place, packet, len);
		break;
	case SKW_TUN_ENTERS:
		deliver(t, packet, len);
		break;
	case SKW_TUN_REFUSED:
		refuse(t, place, packet, len);
		break;
	case SKW_TUN_BAD:
		t->counters.dropped++;
		break;
	}
}

void skw_tun_on_datagram(struct skw_tun *t, uint32_t session, const uint8_t *data, size_t len)
{
	struct skw_tun_place *place = skw_tun_place_at(&t->places, t->node->session, session);

	if (place == NULL)
		return;
	place->used_us = skw_node_now(t->node);
	if (data[0] >> 4 != SKW_TUN_PACKED) {
		on_whole(t, place, data, len);
		return;
	}
	len = skw_tun_unpack(t->packed, data, len, place->ip, t->self);
	if (len > 0)
		deliver(t, t->packed, len);
}

void skw_tun_on_session_closed(struct skw_tun *t, uint32_t session)
{
	if (t != NULL)
		skw_tun_place_close(&t->places, session);
}

const struct skw_tun_counters *skw_tun_counters(const struct skw_tun *t)
{
	return &t->counters;
}

/* ---- Open and close ---- */

static enum skw_exit_whose whose(void *arg, const struct sockaddr *address)
{
	struct skw_tun *t = arg;

	return skw_exit_whose(&t->own, address, skw_node_now(t->node));
}

/* What the configuration says of exits. */
static void begin(struct skw_tun *t, struct skw_node *node)
{
	const struct skw_config *c = node->config;

	t->node = node;
	t->poll.data = t->before_sleep.data = t;
	skw_tun_address(t->self, &node->identity.address);
	if (c->exit.tun)
		t->policy = (struct skw_tun_policy) {
			.ports = c->exit.ports, .private = c->exit.private, .whose = whose, .arg = t
		};
	skw_tun_pool_parse(&t->pool, c->exit.pool); /* checked with the configuration */
}

static void add_v4(struct skw_tun_device *d, const uint8_t address[4], unsigned bits)
{
	memcpy(d->v4[d->v4_count].address, address, 4);
	d->v4[d->v4_count++].bits = (uint8_t)bits;
}

static const char *open_device(struct skw_tun *t, const char *name)
{
	const struct skw_config *c = t->node->config;
	struct skw_tun_device d = { .fd = -1, .mtu = SKW_TUN_MTU };
	const char *wrong;
	uint8_t own[4];

	memcpy(d.address, t->self, sizeof(d.address));
	if (c->exit.tun || c->tun.exit[0] != '\0')
		d.mtu = SKW_TUN_EXIT_MTU;
	if (c->tun.exit[0] != '\0')
		add_v4(&d, SKW_TUN_V4_CLIENT, 32);
	if (c->exit.tun) {
		skw_tun_pool_at(own, &t->pool, 0);
		add_v4(&d, own, t->pool.bits);
	}
	wrong = skw_tun_device_open(&d, name);
	t->fd = d.fd;
	if (wrong == NULL && !d.segments)
		skw_node_log(t->node, SKW_UNUSUAL, "tun: the kernel does not hand over segments");
	return wrong;
}

struct skw_tun *skw_tun_open(struct skw_node *node, const char *device)
{
	struct skw_tun *t = calloc(1, sizeof(*t));
	const char *wrong = "out of memory";

	if (t != NULL) {
		begin(t, node);
		wrong = open_device(t, device);
		if (wrong == NULL && uv_poll_init(node->loop, &t->poll, t->fd) != 0)
			wrong = "the loop does not take it";
	}
	if (wrong == NULL) {
		uv_prepare_init(node->loop, &t->before_sleep);
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
	skw_exit_forget(&t->own);
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
