/* The pump: outputs move from room to room until nobody has any left. */

#include "node/skw_node_inside.h"

#include <stdio.h>
#include <string.h>

#include "node/skw_desk.h"
#include "node/skw_ether_port.h"
#include "node/skw_names.h"
#include "node/skw_peers.h"
#include "node/skw_routes.h"
#include "node/skw_streams.h"
#include "node/skw_tun.h"
#include "node/skw_udp_port.h"

enum {
	TICK_MS = 1000,      /* the loop looks around at least so often */
	MAC_FRAMES_KEPT = 8, /* room in the MAC's queue that cells leave to control messages */
	CELLS_UNPOLLED = 16, /* that the session gets before it is asked what follows from them */
};

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

void node_on_wake(uv_async_t *async)
{
	struct skw_node *node = async->data;

	drain_radio(node);
	skw_node_pump(node);
}

void node_wake(void *arg)
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

/* By the name that people gave it here, if they did; in sim/net there are no people. */
static void log_peer(struct skw_node *node, const struct skw_node_address *id, bool up)
{
	const char *name = node->names != NULL ? skw_names_of(node->names, id) : NULL;
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	skw_node_address_format(id, text);
	skw_node_log(node, SKW_INFO, "link: %.8s%s%s%s is %s", text, name != NULL ? " (" : "",
		     name != NULL ? name : "", name != NULL ? ")" : "", up ? "up" : "down");
}

static void on_peer(struct skw_node *node, uint32_t peer, const struct skw_node_address *id,
		    bool up)
{
	uint64_t now = skw_node_now(node);

	log_peer(node, id, up);
	if (up) {
		skw_onion_peer_up(node->onion, peer, id, now);
		skw_directory_peer_up(node->directory, peer);
		skw_meet_neighbour_up(node->meet, id, now);
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
		if (skw_directory_receive(node->directory, out->peer, out->data, out->len,
					  skw_node_unix()) == SKW_DIRECTORY_OK)
			skw_routes_on_links(node->routes);
		break;
	case SKW_LINK_PAY:
		id = node_peer_address(node, out->peer);
		skw_desk_on_message(node->desk, &id, out->data, out->len);
		break;
	case SKW_LINK_CONTROL:
		skw_meet_receive(node->meet, out->peer, out->data, out->len, skw_node_now(node));
		break;
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

/* Neighbours that are introduced to each other, and those that we are introduced to. */
static bool pump_meet(struct skw_node *node)
{
	struct skw_link_endpoint at;
	struct skw_meet_out out;
	bool any = false;
	uint32_t peer;

	while (skw_meet_poll(node->meet, &out)) {
		any = true;
		if (out.event == SKW_MEET_SEND) {
			skw_link_send(node->link, out.peer, SKW_LINK_CONTROL, out.data, out.len,
				      skw_node_now(node));
		} else {
			skw_udp_endpoint_at(&at, &out.place);
			skw_link_add_peer(node->link, &out.address, &at, skw_node_now(node), &peer);
		}
	}
	return any;
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
			/* Its outputs may wait for the end of a batch. */
			skw_session_receive(node->session, out.circuit, out.data, out.len,
					    skw_node_now(node));
			if (++node->unpolled == CELLS_UNPOLLED)
				pump_session(node);
			break;
		case SKW_ONION_METER:
			id = node_peer_address(node, out.peer);
			if (!skw_desk_on_meter(node->desk, &id, &out.meter))
				skw_desk_pump(node->desk);
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

	node->unpolled = 0;
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
			skw_routes_on_established(node->routes, out.session);
			break;
		case SKW_SESSION_CLOSED:
			skw_node_log(node, SKW_INFO, "session %u closed: %s", out.session,
				     skw_session_code_text(out.code));
			skw_streams_on_session_closed(node->streams, out.session, out.code);
			skw_routes_on_session_closed(node->routes, out.session);
			skw_tun_on_session_closed(node->tun, out.session);
			break;
		case SKW_SESSION_DATAGRAM:
			if (!skw_tun_has(out.data))
				skw_streams_on_event(node->streams, &out);
			else if (node->tun != NULL)
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
	if (skw_meet_next_timer(node->meet) <= now)
		skw_meet_tick(node->meet, now);
	if (skw_onion_next_timer(node->onion) <= now)
		skw_onion_tick(node->onion, now);
	if (skw_session_next_timer(node->session) <= now)
		skw_session_tick(node->session, now);
	if (skw_routes_next_timer(node->routes) <= now)
		skw_routes_tick(node->routes);
	node_tick_directory(node);
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

	next = least(next, least(skw_meet_next_timer(node->meet), skw_desk_next_timer(node->desk)));
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
		any |= node_pump_directory(node);
		any |= skw_desk_pump(node->desk);
		any |= pump_link(node);
		any |= pump_meet(node);
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
		      const uint8_t *data, size_t len, size_t segment)
{
	skw_node_now(node);
	node->time_held = node->pumping = true;
	for (size_t at = 0; at < len && !node->stopping; at += segment) {
		skw_link_receive(node->link, from, data + at,
				 len - at < segment ? len - at : segment, node->time_us);
		pump_link(node);
	}
	node->time_held = node->pumping = false;
}
