/* Wires, and the port that the daemon's pump sends to: an address is the number of a node. */

#include "net/skw_net_inside.h"

#include <stdlib.h>
#include <string.h>

enum { GRAIN_US = 250, LATE_US = 50000 };

struct skw_udp_port {
	struct net_node *node;
};

struct skw_udp_port *skw_udp_port_open(struct skw_node *node, const struct skw_endpoint *listen)
{
	struct skw_udp_port *udp = calloc(1, sizeof(*udp));

	(void)listen;
	if (udp != NULL)
		udp->node = (struct net_node *)node;
	return udp;
}

void skw_udp_port_close(struct skw_udp_port *udp)
{
	free(udp);
}

void skw_udp_port_flush(struct skw_udp_port *udp)
{
	(void)udp; /* frames left when they were sent */
}

/* Nobody here is behind a NAT: no place is ever told to be met at. */
bool skw_udp_place_of(struct skw_meet_place *place, const struct skw_link_endpoint *at)
{
	(void)place;
	(void)at;
	return false;
}

void skw_udp_endpoint_at(struct skw_link_endpoint *out, const struct skw_meet_place *place)
{
	(void)place;
	*out = (struct skw_link_endpoint) { .port = SKW_PORT_UDP };
}

static bool chance(struct skw_net *net, unsigned per_10000)
{
	return per_10000 > 0 && net_below(net, 10000) < per_10000;
}

static void launch(struct skw_net *net, const struct skw_net_wire *w, struct net_event e,
		   const uint8_t *data)
{
	if (w->jitter_us > 0)
		e.at += net_below(net, w->jitter_us);
	if (chance(net, w->late))
		e.at += net_below(net, LATE_US);
	e.at = (e.at / GRAIN_US + 1) * GRAIN_US;
	e.frame = malloc(e.len);
	if (e.frame == NULL)
		abort();
	memcpy(e.frame, data, e.len);
	if (chance(net, w->flip))
		e.frame[net_below(net, e.len)] ^= (uint8_t)(1u << net_below(net, 8));
	net_push(net, &e);
}

static void transmit(struct skw_net *net, struct net_wire *wire, uint32_t from, const uint8_t *data,
		     size_t len)
{
	const struct skw_net_wire *w = &wire->now;
	uint64_t *busy = &wire->busy_us[from == wire->ends[1]];
	struct net_event e = { .kind = NET_FRAME, .from = from, .len = (uint32_t)len };

	net->stats.frames++;
	net->stats.bytes += len;
	if (*busy < net->now_us)
		*busy = net->now_us;
	if (wire->cut > 0 || chance(net, w->loss) || *busy - net->now_us > w->queue_us) {
		net->stats.lost++;
		return;
	}
	*busy += len * w->ns_per_byte / 1000;
	e.node = net_other_end(wire, from);
	e.at = *busy + w->delay_us;
	launch(net, w, e, data);
	if (chance(net, w->duplicate))
		launch(net, w, e, data);
}

void skw_udp_port_send(struct skw_udp_port *udp, const struct skw_link_endpoint *to,
		       const uint8_t *data, size_t len)
{
	struct net_node *n = udp->node;
	uint32_t other, slot;

	memcpy(&other, to->addr, 4);
	slot = net_slot(n, other);
	if (slot == n->wire_count)
		net_violated(n->net, "node %u sends to %u, which is no neighbour", n->index, other);
	else
		transmit(n->net, &n->net->wires[n->wires[slot]], n->index, data, len);
}

uint32_t net_other_end(const struct net_wire *w, uint32_t node)
{
	return w->ends[0] == node ? w->ends[1] : w->ends[0];
}

uint32_t net_slot(const struct net_node *n, uint32_t other)
{
	uint32_t i = 0;

	while (i < n->wire_count && net_other_end(&n->net->wires[n->wires[i]], n->index) != other)
		i++;
	return i;
}

static bool join(struct skw_net *net, uint32_t a, uint32_t b)
{
	struct net_node *x = &net->nodes[a], *y = &net->nodes[b];

	x->net = y->net = net;
	x->index = a;
	y->index = b;
	if (a == b || x->wire_count == NET_NODE_WIRES || y->wire_count == NET_NODE_WIRES ||
	    net_slot(x, b) < x->wire_count)
		return false;
	x->wires[x->wire_count++] = y->wires[y->wire_count++] = net->wire_count;
	net->wires[net->wire_count++] =
	    (struct net_wire) { .ends = { a, b }, .now = net->config.wire };
	return true;
}

/* A ring, so that everybody can be reached, and chords between random nodes. */
bool net_build_wires(struct skw_net *net)
{
	uint32_t count = net->config.nodes;

	for (uint32_t i = 0; i < count; i++)
		if (!join(net, i, (i + 1) % count))
			return false;
	for (unsigned tries = 0; net->wire_count < net->config.wires; tries++) {
		if (tries > 100 * net->config.wires)
			return false;
		join(net, (uint32_t)net_below(net, count), (uint32_t)net_below(net, count));
	}
	return true;
}
