#include "node/skw_peers.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/skw_udp_port.h"

enum { ASK_MS = 15000 };

struct lookup {
	struct skw_peers *peers;
	const struct skw_config_peer *peer;
	struct skw_node_address id;
	uv_getaddrinfo_t request;
	bool busy;
};

struct skw_peers {
	struct skw_node *node;
	uv_timer_t timer;
	bool timer_closed, freed;
	unsigned busy;
	size_t count;
	struct lookup lookups[SKW_CONFIG_PEERS];
};

static void drop(struct skw_peers *p)
{
	if (p->freed && p->timer_closed && p->busy == 0)
		free(p);
}

static bool add(struct skw_node *node, const struct skw_node_address *id,
		const struct skw_link_endpoint *at)
{
	uint32_t peer;

	return skw_link_add_peer(node->link, id, at, skw_node_now(node), &peer) == SKW_LINK_OK;
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct lookup *l = request->data;
	struct skw_peers *p = l->peers;
	struct skw_link_endpoint at;
	bool ok = false;

	l->busy = false;
	p->busy--;
	for (struct addrinfo *a = found; !p->freed && a != NULL && !ok; a = a->ai_next)
		ok = skw_udp_port_reaches(p->node->udp, a->ai_addr) &&
		     skw_udp_endpoint_of(&at, a->ai_addr) && add(p->node, &l->id, &at);
	uv_freeaddrinfo(found);
	if (p->freed) {
		drop(p);
		return;
	}
	if (!ok)
		skw_node_log(p->node, SKW_UNUSUAL, "[peer %s] address: %s: %s", l->peer->name,
			     l->peer->address.host,
			     status < 0 ? uv_strerror(status)
					: "nothing that [udp] listen could reach");
	skw_node_pump(p->node);
}

static void ask(struct lookup *l)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	char port[8];

	if (l->busy || skw_node_peer(l->peers->node, &l->id) != 0)
		return;
	snprintf(port, sizeof(port), "%u", l->peer->address.port);
	l->request.data = l;
	if (uv_getaddrinfo(l->peers->node->loop, &l->request, on_found, l->peer->address.host, port,
			   &hints) != 0)
		return; /* the timer asks again */
	l->busy = true;
	l->peers->busy++;
}

static void on_timer(uv_timer_t *timer)
{
	struct skw_peers *p = timer->data;

	for (size_t i = 0; i < p->count; i++)
		ask(&p->lookups[i]);
}

/* What is wrong with it; NULL if nothing. */
static const char *start(struct skw_peers *p, const struct skw_config_peer *peer)
{
	struct skw_node_address id, neighbour;
	struct skw_link_endpoint at;

	if (!skw_node_address_parse(&id, peer->key))
		return "key: not a node's address";
	if (peer->through[0] != '\0' && skw_config_through(p->node->config, peer, &neighbour) &&
	    skw_meet_want(p->node->meet, &id, &neighbour) != SKW_MEET_OK)
		return "through: too many";
	if (peer->address.port == 0)
		return NULL; /* it comes to us */
	if (p->node->udp == NULL)
		return "address: needs [udp] listen";
	if (skw_udp_endpoint(&at, &peer->address))
		return add(p->node, &id, &at) ? NULL : "too many peers, or this node itself";
	p->lookups[p->count++] = (struct lookup) { .peers = p, .peer = peer, .id = id };
	return NULL;
}

struct skw_peers *skw_peers_new(struct skw_node *node)
{
	struct skw_peers *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		snprintf(node->error, sizeof(node->error), "out of memory");
		return NULL;
	}
	p->node = node;
	p->timer.data = p;
	uv_timer_init(node->loop, &p->timer);
	for (size_t i = 0; i < node->config->n_peers; i++) {
		const char *wrong = start(p, &node->config->peers[i]);

		if (wrong == NULL)
			continue;
		snprintf(node->error, sizeof(node->error), "[peer %s] %s",
			 node->config->peers[i].name, wrong);
		skw_peers_free(p);
		return NULL;
	}
	if (p->count > 0)
		uv_timer_start(&p->timer, on_timer, 0, ASK_MS);
	return p;
}

static void on_closed(uv_handle_t *handle)
{
	struct skw_peers *p = handle->data;

	p->timer_closed = true;
	drop(p);
}

void skw_peers_free(struct skw_peers *p)
{
	if (p == NULL)
		return;
	p->freed = true;
	for (size_t i = 0; i < p->count; i++)
		if (p->lookups[i].busy)
			uv_cancel((uv_req_t *)&p->lookups[i].request);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}
