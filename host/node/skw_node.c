#include "node/skw_node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "node/skw_control.h"
#include "node/skw_desk.h"
#include "node/skw_ether_port.h"
#include "node/skw_peers.h"
#include "node/skw_routes.h"
#include "node/skw_streams.h"
#include "node/skw_tun.h"
#include "node/skw_udp_port.h"

enum {
	DESCRIPTOR_LIFE_S = 3600,
	PUBLISH_S = 900,
	TICK_MS = 1000,      /* the loop looks around at least so often */
	MAC_FRAMES_KEPT = 8, /* room in the MAC's queue that cells leave to control messages */
};

static const char SEQUENCE_KEY[] = "sequence";

/* ---- Time and log ---- */

uint64_t skw_node_unix(void)
{
	return (uint64_t)time(NULL);
}

uint64_t skw_node_now(struct skw_node *node)
{
	uint64_t now;

	if (node->time_held)
		return node->time_us;
	now = node->radio != NULL ? skw_radio_port_now(node->radio) / 1000 : uv_hrtime() / 1000;
	if (now > node->time_us)
		node->time_us = now;
	return node->time_us;
}

void skw_node_log(const struct skw_node *node, enum skw_log level, const char *format, ...)
{
	static const char *const names[] = { "debug", "info", "unusual", "broken" };
	enum skw_log least = SKW_DEBUG;
	va_list args;

	while (least < SKW_BROKEN && strcmp(names[least], node->config->node.log) != 0)
		least++;
	if (level < least)
		return;
	fprintf(stderr, "%12.6f %-7s ", (double)node->time_us / 1e6, names[level]);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

uint32_t skw_node_peer(const struct skw_node *node, const struct skw_node_address *id)
{
	struct skw_link_info info;

	for (uint32_t peer = 1; peer <= SKW_LINK_PEERS_MAX; peer++)
		if (skw_link_info(node->link, peer, &info) && info.up &&
		    skw_node_address_equal(&info.address, id))
			return peer;
	return 0;
}

static struct skw_node_address peer_id(const struct skw_node *node, uint32_t peer)
{
	struct skw_link_info info = { 0 };

	skw_link_info(node->link, peer, &info);
	return info.address;
}

/* ---- Radio and MAC ---- */

static struct skw_link_endpoint radio_endpoint(const struct skw_mac_addr *addr)
{
	struct skw_link_endpoint at = { .port = SKW_PORT_RADIO, .len = sizeof(addr->b) };

	memcpy(at.addr, addr->b, sizeof(addr->b));
	return at;
}

static void neighbour_up(struct skw_node *node, const struct skw_mac_output *out)
{
	struct skw_link_endpoint at = radio_endpoint(&out->addr);
	struct skw_node_address id;
	uint32_t peer;

	memcpy(id.bytes, out->key, sizeof(id.bytes));
	skw_node_log(node, SKW_INFO, "radio: a neighbour, SNR %.1f dB, carrier %+d Hz",
		     out->snr_cdb / 100.0, out->cfo_hz);
	if (skw_link_add_peer(node->link, &id, &at, skw_node_now(node), &peer) != SKW_LINK_OK)
		skw_node_log(node, SKW_UNUSUAL, "link: no room for another neighbour");
}

/* A room's outputs are fetched after each input to it, so that none is overtaken. */
static bool pump_link(struct skw_node *node);
static bool pump_onion(struct skw_node *node);
static bool pump_session(struct skw_node *node);

static bool pump_mac(struct skw_node *node)
{
	struct skw_mac_output out;
	bool any = false;

	while (node->mac != NULL &&
	       skw_mac_poll(node->mac, skw_radio_port_now(node->radio), &out)) {
		struct skw_link_endpoint from = radio_endpoint(&out.addr);

		any = true;
		switch (out.type) {
		case SKW_MAC_TX:
			if (!skw_radio_port_send(node->radio, &out.tx, out.data, out.len,
						 out.time_ns))
				skw_mac_on_tx_status(node->mac, skw_radio_port_now(node->radio),
						     out.tx.tag, SKW_MAC_TX_REFUSED);
			break;
		case SKW_MAC_DELIVER:
			skw_link_receive(node->link, &from, out.data, out.len, skw_node_now(node));
			pump_link(node);
			break;
		case SKW_MAC_UP:
			neighbour_up(node, &out);
			break;
		case SKW_MAC_DOWN:
			skw_node_log(node, SKW_UNUSUAL,
				     "radio: a neighbour fell silent or started anew");
			break;
		}
	}
	return any;
}

static void drain_radio(struct skw_node *node)
{
	static struct skw_radio_event event; /* 4 KiB; one loop, one thread */
	uint64_t now = skw_radio_port_now(node->radio);

	while (skw_radio_port_poll(node->radio, &event)) {
		switch (event.kind) {
		case SKW_RADIO_FRAME:
			skw_mac_on_rx(node->mac, now, &event.rx, event.time_ns, event.psdu,
				      event.psdu_len);
			break;
		case SKW_RADIO_STATUS:
			skw_mac_on_tx_status(node->mac, now, event.tag,
					     event.sent ? SKW_MAC_TX_SENT : SKW_MAC_TX_LATE);
			break;
		case SKW_RADIO_FAILED:
			snprintf(node->error, sizeof(node->error), "[radio] device: %s",
				 event.text);
			node->stopping = true;
			uv_stop(node->loop);
			return;
		}
	}
}

static void on_wake(uv_async_t *async)
{
	struct skw_node *node = async->data;

	drain_radio(node);
	skw_node_pump(node);
}

static void wake(void *arg)
{
	uv_async_send(arg);
}

/* ---- Link ---- */

static void send_frame(struct skw_node *node, const struct skw_link_out *out)
{
	struct skw_mac_addr addr;

	if (out->to.port == SKW_PORT_UDP && node->udp != NULL) {
		skw_udp_port_send(node->udp, &out->to, out->data, out->len);
	} else if (out->to.port == SKW_PORT_ETHERNET && node->ether != NULL) {
		skw_ether_port_send(node->ether, &out->to, out->data, out->len);
	} else if (out->to.port == SKW_PORT_RADIO && node->mac != NULL &&
		   out->to.len == sizeof(addr.b)) {
		memcpy(addr.b, out->to.addr, sizeof(addr.b));
		if (skw_mac_send(node->mac, &addr,
				 out->priority == SKW_LINK_BULK ? SKW_MAC_BULK : SKW_MAC_URGENT,
				 out->data, out->len) != SKW_MAC_OK)
			skw_node_log(node, SKW_DEBUG, "radio: a frame found no room");
	}
}

static void on_peer(struct skw_node *node, uint32_t peer, const struct skw_node_address *id,
		    bool up)
{
	uint64_t now = skw_node_now(node);

	skw_node_log(node, SKW_INFO, "link: peer %u is %s", peer, up ? "up" : "down");
	if (up) {
		skw_onion_peer_up(node->onion, peer, id, now);
		skw_directory_peer_up(node->directory, peer);
	} else {
		skw_onion_peer_down(node->onion, peer, now);
		skw_directory_peer_down(node->directory, peer);
	}
	node->held[peer] = false; /* the accounts say so again if it still is */
	node->room_stale = true;
	skw_desk_on_link(node->desk, id, up);
	node->links_changed = true;
}

static void on_message(struct skw_node *node, const struct skw_link_out *out)
{
	struct skw_node_address id;

	switch (out->type) {
	case SKW_LINK_CELL:
	case SKW_LINK_CIRCUIT:
		skw_onion_receive(node->onion, out->peer, out->data, out->len, skw_node_now(node));
		pump_onion(node);
		break;
	case SKW_LINK_DIRECTORY:
		skw_directory_receive(node->directory, out->peer, out->data, out->len,
				      skw_node_unix());
		break;
	case SKW_LINK_PAY:
		id = peer_id(node, out->peer);
		skw_desk_on_message(node->desk, &id, out->data, out->len);
		break;
	case SKW_LINK_CONTROL:
		break; /* nothing is said there yet */
	}
}

static bool pump_link(struct skw_node *node)
{
	struct skw_link_out out;
	bool any = false;

	while (skw_link_poll(node->link, &out)) {
		any = true;
		switch (out.event) {
		case SKW_LINK_SEND:
			send_frame(node, &out);
			break;
		case SKW_LINK_MESSAGE:
			on_message(node, &out);
			break;
		case SKW_LINK_PEER_UP:
		case SKW_LINK_PEER_DOWN:
			on_peer(node, out.peer, &out.address, out.event == SKW_LINK_PEER_UP);
			break;
		}
	}
	return any;
}

/* ---- Directory ---- */

static void describe_links(const struct skw_node *node, struct skw_descriptor *d)
{
	struct skw_link_info info;

	for (uint32_t peer = 1; peer <= SKW_LINK_PEERS_MAX && d->link_count < SKW_DESCRIPTOR_LINKS;
	     peer++) {
		if (!skw_link_info(node->link, peer, &info) || !info.up)
			continue;
		d->links[d->link_count++] = (struct skw_descriptor_link) {
			.to = info.address,
			.capacity_kbps = (uint32_t)(info.endpoint.port == SKW_PORT_RADIO
							? node->config->radio.data_rate * 1000 /
							      node->config->radio.slots
							: 0),
			.price_per_mib = node->config->pay.price,
		};
	}
}

/* Numbers grow over restarts: the last one is on the disk before it is used. */
static bool next_sequence(struct skw_node *node)
{
	uint8_t value[8];
	uint64_t next = node->sequence + 1;

	if (next < skw_node_unix())
		next = skw_node_unix();
	memcpy(value, &next, sizeof(value));
	if (!skw_kv_put(node->kv, (const uint8_t *)SEQUENCE_KEY, strlen(SEQUENCE_KEY), value,
			sizeof(value)))
		return false;
	node->sequence = next;
	return true;
}

static void publish(struct skw_node *node)
{
	const struct skw_config *config = node->config;
	struct skw_descriptor d = { .expires = skw_node_unix() + DESCRIPTOR_LIFE_S,
				    .exit_policy = strcmp(config->exit.policy, "internet") == 0
						       ? SKW_EXIT_INTERNET
						       : SKW_EXIT_NONE };
	uint8_t data[SKW_DESCRIPTOR_MAX];
	size_t len;

	if (!next_sequence(node))
		return;
	d.sequence = node->sequence;
	snprintf(d.name, sizeof(d.name), "%s", config->node.name);
	for (size_t i = 0; i < config->n_services && i < SKW_DESCRIPTOR_SERVICES; i++)
		snprintf(d.services[d.service_count++], sizeof(d.services[0]), "%s",
			 config->services[i].name);
	describe_links(node, &d);
	len = skw_descriptor_sign(&d, &node->identity, data);
	if (len > 0)
		skw_directory_publish(node->directory, data, len, skw_node_unix());
	node->publish_s = skw_node_unix() + PUBLISH_S;
	node->links_changed = false;
}

static bool pump_directory(struct skw_node *node)
{
	struct skw_directory_out out;
	bool any = false;

	while (skw_directory_poll(node->directory, &out)) {
		any = true;
		if (skw_link_send(node->link, out.peer, SKW_LINK_DIRECTORY, out.data, out.len,
				  skw_node_now(node)) == SKW_LINK_FULL)
			skw_directory_refused(node->directory, out.peer);
	}
	return any;
}

static void tick_directory(struct skw_node *node)
{
	uint64_t now = skw_node_unix();

	if (now == node->directory_tick_s)
		return;
	node->directory_tick_s = now;
	skw_directory_tick(node->directory, now);
	if (node->links_changed || now >= node->publish_s)
		publish(node); /* at most once a second */
}

/* ---- Onion and session ---- */

/* How many cells a port takes: on the radio each is a frame of its own. */
static uint32_t room_towards(struct skw_node *node, const struct skw_link_info *info)
{
	struct skw_mac_addr addr;
	unsigned room;

	if (info->endpoint.port != SKW_PORT_RADIO || node->mac == NULL)
		return SKW_ONION_ROOM_ANY;
	memcpy(addr.b, info->endpoint.addr, sizeof(addr.b));
	room = skw_mac_can_send(node->mac, &addr, SKW_MAC_BULK);
	return room > MAC_FRAMES_KEPT ? room - MAC_FRAMES_KEPT : 0;
}

static void tell_room(struct skw_node *node)
{
	struct skw_link_info info;

	/* Only the radio's room moves by itself. */
	if (node->mac == NULL && !node->room_stale)
		return;
	node->room_stale = false;
	for (uint32_t peer = 1; peer <= SKW_LINK_PEERS_MAX; peer++)
		if (skw_link_info(node->link, peer, &info) && info.up)
			skw_onion_set_room(node->onion, peer,
					   node->held[peer] ? 0 : room_towards(node, &info));
}

static bool pump_onion(struct skw_node *node)
{
	struct skw_onion_out out;
	struct skw_node_address id;
	bool any = false;

	tell_room(node);
	while (skw_onion_poll(node->onion, &out)) {
		any = true;
		switch (out.event) {
		case SKW_ONION_SEND:
			skw_link_send(node->link, out.peer,
				      out.reliable ? SKW_LINK_CIRCUIT : SKW_LINK_CELL, out.data,
				      out.len, skw_node_now(node));
			break;
		case SKW_ONION_DATA:
			skw_session_receive(node->session, out.circuit, out.data, out.len,
					    skw_node_now(node));
			pump_session(node);
			break;
		case SKW_ONION_METER:
			id = peer_id(node, out.peer);
			skw_desk_on_meter(node->desk, &id, &out.meter);
			break;
		case SKW_ONION_CIRCUIT_UP:
			skw_routes_on_circuit_up(node->routes, out.circuit);
			break;
		case SKW_ONION_CIRCUIT_DOWN:
			skw_routes_on_circuit_down(node->routes, out.circuit, out.reason);
			break;
		}
	}
	return any;
}

static void tell_session_room(struct skw_node *node)
{
	struct skw_session_path_info info;
	uint32_t cursor = 0;

	while (skw_session_next_path(node->session, &cursor, &info))
		if (info.path != 0)
			skw_session_set_room(node->session, info.path,
					     skw_onion_room(node->onion, info.path));
}

static bool pump_session(struct skw_node *node)
{
	struct skw_session_out out;
	bool any = false;

	tell_session_room(node);
	while (skw_session_poll(node->session, &out)) {
		any = true;
		switch (out.event) {
		case SKW_SESSION_SEND:
			skw_onion_send(node->onion, out.path, out.data, out.len,
				       skw_node_now(node));
			break;
		case SKW_SESSION_ESTABLISHED:
			skw_node_log(node, SKW_INFO, "session %u is established", out.session);
			break;
		case SKW_SESSION_CLOSED:
			skw_node_log(node, SKW_INFO, "session %u closed: %s", out.session,
				     skw_session_code_text(out.code));
			skw_streams_on_session_closed(node->streams, out.session, out.code);
			skw_routes_on_session_closed(node->routes, out.session);
			skw_tun_on_session_closed(node->tun, out.session);
			break;
		case SKW_SESSION_DATAGRAM:
			if (node->tun != NULL)
				skw_tun_on_datagram(node->tun, out.session, out.data, out.len);
			break;
		case SKW_SESSION_OPENED:
		case SKW_SESSION_ACCEPTED:
		case SKW_SESSION_READABLE:
		case SKW_SESSION_WRITABLE:
		case SKW_SESSION_RESET:
		case SKW_SESSION_FINISHED:
			skw_streams_on_event(node->streams, &out);
			break;
		}
	}
	return any;
}

/* ---- The pump ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void tick_rooms(struct skw_node *node)
{
	uint64_t now = skw_node_now(node);

	if (skw_link_next_timer(node->link) <= now)
		skw_link_tick(node->link, now);
	if (skw_onion_next_timer(node->onion) <= now)
		skw_onion_tick(node->onion, now);
	if (skw_session_next_timer(node->session) <= now)
		skw_session_tick(node->session, now);
	if (skw_routes_next_timer(node->routes) <= now)
		skw_routes_tick(node->routes);
	tick_directory(node);
}

static void on_timer(uv_timer_t *timer)
{
	skw_node_pump(timer->data);
}

static void set_timer(struct skw_node *node)
{
	uint64_t now = skw_node_now(node);
	uint64_t next = least(
	    least(skw_link_next_timer(node->link), skw_onion_next_timer(node->onion)),
	    least(skw_session_next_timer(node->session), skw_routes_next_timer(node->routes)));
	uint64_t wait_ms = TICK_MS;

	next = least(next, skw_desk_next_timer(node->desk));
	if (node->radio != NULL) { /* device time: the radio's thread watches it */
		uint64_t mac_ns = skw_mac_next_timer(node->mac, skw_radio_port_now(node->radio));

		skw_radio_port_wake_at(
		    node->radio,
		    least(mac_ns, next > UINT64_MAX / 1000 ? UINT64_MAX : next * 1000));
	} else if (next <= now) {
		wait_ms = 1; /* never none: sockets come first */
	} else if ((next - now) / 1000 < TICK_MS) {
		wait_ms = (next - now) / 1000 + 1;
	}
	uv_timer_start(&node->timer, on_timer, wait_ms, 0);
}

void skw_node_pump(struct skw_node *node)
{
	bool any = true;

	if (node->stopping || node->pumping)
		return;
	node->pumping = true;
	tick_rooms(node);
	while (any && !node->stopping) {
		any = pump_session(node);
		any |= pump_onion(node);
		any |= pump_directory(node);
		any |= skw_desk_pump(node->desk);
		any |= pump_link(node);
		any |= pump_mac(node);
	}
	node->pumping = false;
	if (node->udp != NULL)
		skw_udp_port_flush(node->udp);
	if (node->ether != NULL)
		skw_ether_port_flush(node->ether);
	if (!node->stopping)
		set_timer(node);
}

void skw_node_receive(struct skw_node *node, const struct skw_link_endpoint *from,
		      const uint8_t *data, size_t len)
{
	if (node->stopping)
		return;
	skw_node_now(node);
	node->time_held = node->pumping = true;
	skw_link_receive(node->link, from, data, len, node->time_us);
	pump_link(node);
	node->time_held = node->pumping = false;
}

/* ---- Start and stop ---- */

bool skw_node_close(struct skw_node *node)
{
	skw_desk_close(node->desk);
	skw_node_pump(node);
	return strcmp(node->config->ledger.mode, "none") != 0;
}

static bool failed(struct skw_node *node, const char *what)
{
	if (node->error[0] == '\0')
		snprintf(node->error, sizeof(node->error), "%s", what);
	return false;
}

bool skw_node_load_identity(struct skw_node *node)
{
	const char *state = node->config->node.state;
	struct skw_random random = skw_random_system();
	enum skw_identity_status status;
	char path[SKW_CONFIG_TEXT + 16];

	if (mkdir(state, 0700) != 0 && errno != EEXIST) {
		snprintf(node->error, sizeof(node->error), "[node] state: %.150s: %s", state,
			 strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), "%s/key", state);
	status = skw_identity_load(&node->identity, path);
	if (status == SKW_IDENTITY_MISSING) {
		skw_identity_generate(&node->identity, &random);
		status = skw_identity_save(&node->identity, path);
	}
	if (status == SKW_IDENTITY_OK)
		return true;
	snprintf(node->error, sizeof(node->error), "%.150s: %s", path,
		 skw_identity_status_text(status));
	return false;
}

static void read_sequence(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
			  size_t value_len)
{
	struct skw_node *node = arg;

	if (key_len == strlen(SEQUENCE_KEY) && memcmp(key, SEQUENCE_KEY, key_len) == 0 &&
	    value_len == sizeof(node->sequence))
		memcpy(&node->sequence, value, value_len);
}

static bool open_store(struct skw_node *node)
{
	char path[SKW_CONFIG_TEXT + 16];

	snprintf(path, sizeof(path), "%s/state.db", node->config->node.state);
	node->kv = skw_kv_open(path, node->error, sizeof(node->error));
	return node->kv != NULL && skw_kv_each(node->kv, read_sequence, node);
}

static bool open_radio(struct skw_node *node)
{
	const struct skw_config *c = node->config;
	const struct skw_radio_port_config radio = {
		.device = c->radio.device,
		.rate_hz = (double)c->radio.rate_hz,
		.frequency_hz = (double)c->radio.frequency_hz,
		.rx_gain_db = (double)c->radio.rx_gain_cdb / 100,
		.tx_gain_db = (double)c->radio.tx_gain_cdb / 100,
	};
	struct skw_mac_config mac = skw_mac_config_default();

	if (c->radio.device[0] == '\0')
		return true;
	memcpy(mac.key, node->identity.address.bytes, sizeof(mac.key));
	do
		mac.epoch = randombytes_random();
	while (mac.epoch == 0);
	mac.plan.slots = (uint8_t)c->radio.slots;
	mac.plan.slot_ns = c->radio.slot_us * 1000;
	mac.plan.guard_ns = c->radio.guard_us * 1000;
	mac.slot_mask = UINT32_C(1) << c->radio.slot;
	mac.bandwidth_mhz = (unsigned)(c->radio.rate_hz / 1000000);
	mac.data_rate_mbps = (uint8_t)c->radio.data_rate;
	mac.lead_ns = c->radio.lead_us * 1000;
	mac.beacon_ns = c->radio.beacon_ms * 1000000;
	node->radio =
	    skw_radio_port_open(&radio, wake, &node->wake, node->error, sizeof(node->error));
	if (node->radio == NULL)
		return false;
	if (skw_mac_new(&node->mac, &mac, skw_radio_port_now(node->radio)) == SKW_MAC_OK)
		return true;
	return failed(node, "[radio] slots, rates or lead are out of the MAC's range");
}

static bool open_rooms(struct skw_node *node)
{
	const struct skw_config *c = node->config;
	const struct skw_link_config link = {
		.identity = &node->identity,
		.random = skw_random_system(),
		.stamp = skw_node_unix() * 1000000,
		.accept_unknown = true,
	};
	const struct skw_onion_config onion = {
		.identity = &node->identity,
		.random = skw_random_system(),
		.price_per_mib = c->pay.price,
	};
	const struct skw_session_config session = { .identity = &node->identity,
						    .random = skw_random_system() };

	node->link = skw_link_new(&link, skw_node_now(node));
	node->directory = skw_directory_new();
	node->onion = skw_onion_new(&onion);
	node->session = skw_session_new(&session);
	node->routes = skw_routes_new(node);
	return (node->link != NULL && node->directory != NULL && node->onion != NULL &&
		node->session != NULL && node->routes != NULL) ||
	       failed(node, "out of memory");
}

bool skw_node_start(struct skw_node *node, const struct skw_config *config, uv_loop_t *loop)
{
	node->config = config;
	node->loop = loop;
	uv_timer_init(loop, &node->timer);
	uv_async_init(loop, &node->wake, on_wake);
	node->timer.data = node->wake.data = node;
	if (sodium_init() < 0)
		return failed(node, "libsodium cannot start");
	if (!skw_node_load_identity(node) || !open_store(node) || !open_radio(node) ||
	    !open_rooms(node))
		return false;
	if (config->udp.listen.port != 0) {
		node->udp = skw_udp_port_open(node, &config->udp.listen);
		if (node->udp == NULL)
			return false;
	}
	if (config->ethernet.interface[0] != '\0') {
		node->ether = skw_ether_port_open(node, config->ethernet.interface);
		if (node->ether == NULL)
			return false;
	}
	node->peers = skw_peers_new(node);
	if (node->peers == NULL)
		return false;
	if (config->tun.device[0] != '\0') {
		node->tun = skw_tun_open(node, config->tun.device);
		if (node->tun == NULL)
			return false;
	}
	node->desk = skw_desk_new(node);
	node->streams = node->desk != NULL ? skw_streams_new(node) : NULL;
	if (node->streams == NULL)
		return false;
	if (config->node.control[0] != '\0') {
		node->control = skw_control_open(node, config->node.control);
		if (node->control == NULL)
			return false;
	}
	publish(node);
	skw_node_pump(node);
	return !node->stopping;
}

void skw_node_stop(struct skw_node *node)
{
	node->stopping = true;
	skw_control_close(node->control);
	skw_streams_free(node->streams);
	skw_peers_free(node->peers);
	skw_tun_close(node->tun);
	skw_udp_port_close(node->udp);
	skw_ether_port_close(node->ether);
	skw_radio_port_close(node->radio);
	skw_desk_free(node->desk);
	uv_close((uv_handle_t *)&node->timer, NULL);
	uv_close((uv_handle_t *)&node->wake, NULL);
	uv_run(node->loop, UV_RUN_DEFAULT); /* lets every handle close */
	skw_routes_free(node->routes);
	skw_session_free(node->session);
	skw_onion_free(node->onion);
	skw_directory_free(node->directory);
	skw_link_free(node->link);
	skw_mac_free(node->mac);
	skw_kv_close(node->kv);
	skw_identity_wipe(&node->identity);
}
