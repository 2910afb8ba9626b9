/* What goes wrong: crashes, cut wires, partitions, bad weather. Each mends itself after a while. */

#include "net/skw_net_inside.h"

#include <stdlib.h>

static void mend_later(struct skw_net *net, uint32_t wire, uint64_t us)
{
	net_push(net,
		 &(struct net_event) { .at = net->now_us + us, .kind = NET_MEND, .from = wire });
}

static void cut(struct skw_net *net, uint32_t wire, uint64_t us)
{
	net->wires[wire].cut++;
	mend_later(net, wire, us);
}

void net_mend(struct skw_net *net, uint32_t wire)
{
	struct net_wire *w = &net->wires[wire];

	if (w->bad) {
		w->bad = false;
		w->now = net->config.wire;
	} else if (w->cut > 0) {
		w->cut--;
	}
}

static void bad_weather(struct skw_net *net, uint32_t wire)
{
	struct net_wire *w = &net->wires[wire];

	if (w->bad || w->cut > 0)
		return;
	net->stats.degradations++;
	net_note(net, "wire %u-%u turns bad", w->ends[0], w->ends[1]);
	w->bad = true;
	w->now.loss = 200 + (unsigned)net_below(net, 2000);
	w->now.duplicate = 300;
	w->now.late = 1000;
	w->now.flip = 100;
	w->now.jitter_us = 20000;
	mend_later(net, wire, net_spread(net, 20 * NET_SECOND));
}

/* A region grown from one node: everything out of it is cut. */
static void partition(struct skw_net *net)
{
	uint32_t count = net->config.nodes, goal = 2 + (uint32_t)net_below(net, count / 8 + 1);
	uint32_t *queue = calloc(count, sizeof(*queue)), head = 0, tail = 0;
	bool *inside = calloc(count, sizeof(*inside));
	uint64_t us = net_spread(net, 30 * NET_SECOND);

	if (queue == NULL || inside == NULL)
		abort();
	queue[tail++] = (uint32_t)net_below(net, count);
	inside[queue[0]] = true;
	while (head < tail && tail < goal) {
		const struct net_node *n = &net->nodes[queue[head++]];

		for (uint32_t i = 0; i < n->wire_count && tail < goal; i++) {
			uint32_t other = net_other_end(&net->wires[n->wires[i]], n->index);

			if (!inside[other])
				queue[tail++] = other;
			inside[other] = true;
		}
	}
	for (uint32_t i = 0; i < net->wire_count; i++)
		if (inside[net->wires[i].ends[0]] != inside[net->wires[i].ends[1]])
			cut(net, i, us);
	net->stats.partitions++;
	net_note(net, "%u nodes around %u are cut off for %.1f s", tail, queue[0],
		 (double)us / 1e6);
	free(queue);
	free(inside);
}

void net_fault(struct skw_net *net)
{
	uint32_t node = (uint32_t)net_below(net, net->config.nodes);
	uint32_t wire = (uint32_t)net_below(net, net->wire_count);
	uint64_t kind = net_below(net, 100);

	if (net->calm)
		return;
	net_hash(net, NET_FAULT, kind, node, NULL, 0);
	if (kind < 30 && net->nodes[node].alive) {
		skw_net_crash(net, node, net_spread(net, 15 * NET_SECOND));
	} else if (kind < 60) {
		net->stats.cuts++;
		net_note(net, "wire %u-%u is cut", net->wires[wire].ends[0],
			 net->wires[wire].ends[1]);
		cut(net, wire, net_spread(net, 30 * NET_SECOND));
	} else if (kind < 65) {
		partition(net);
	} else {
		bad_weather(net, wire);
	}
	net_push(net,
		 &(struct net_event) { .at = net->now_us + net_spread(net, net->config.fault_us),
				       .kind = NET_FAULT });
}

/* Whoever is down has its restart in the queue. */
void skw_net_calm(struct skw_net *net)
{
	net->calm = true;
	for (uint32_t i = 0; i < net->wire_count; i++) {
		struct net_wire *w = &net->wires[i];

		w->cut = 0;
		w->bad = false;
		w->now = net->config.wire;
	}
}
