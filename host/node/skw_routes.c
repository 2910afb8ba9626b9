#include "node/skw_routes.h"

#include <stdlib.h>

enum { ROUTES_MAX = 64, TRIES_MAX = 8, RETRY_US = 500000, RETRY_MAX_US = 8000000 };

/* In order of life. */
enum state {
	STATE_WAITING,  /* for a path, or for the next try */
	STATE_BUILDING, /* the circuit is being built */
	STATE_UP,
};

struct route {
	bool used;
	enum state state;
	struct skw_node_address to;
	uint32_t circuit, session; /* 0: none */
	unsigned tries;            /* since it was last up */
	uint64_t retry_us;
};

struct skw_routes {
	struct skw_node *node;
	struct route routes[ROUTES_MAX];
};

struct skw_routes *skw_routes_new(struct skw_node *node)
{
	struct skw_routes *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->node = node;
	return r;
}

void skw_routes_free(struct skw_routes *routes)
{
	free(routes);
}

static void wait_for_retry(struct skw_routes *r, struct route *route)
{
	uint64_t wait = (uint64_t)RETRY_US << (route->tries < 4 ? route->tries : 4);

	route->state = STATE_WAITING;
	route->circuit = 0;
	route->retry_us = skw_node_now(r->node) + (wait < RETRY_MAX_US ? wait : RETRY_MAX_US);
	route->tries++;
}

static void give_up(struct skw_routes *r, struct route *route)
{
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	skw_node_address_format(&route->to, text);
	skw_node_log(r->node, SKW_UNUSUAL, "route: gave up on %.8s after %u tries", text,
		     route->tries);
	if (route->session != 0)
		skw_session_close(r->node->session, route->session, SKW_SESSION_TIMEOUT,
				  skw_node_now(r->node));
	*route = (struct route) { 0 }; /* the session's CLOSED tells its streams */
}

static void build(struct skw_routes *r, struct route *route)
{
	struct skw_node *node = r->node;
	struct skw_path_request request = {
		.from = node->identity.address,
		.to = route->to,
		.relays = (int)node->config->circuit.relays,
		.wish = SKW_PATH_CHEAPEST,
		.max_price = node->config->circuit.max_price,
	};
	struct skw_path path;

	request.seed = skw_random_u64(&node->random);
	if (!skw_path_find(node->directory, &request, &path)) {
		wait_for_retry(r, route);
		return;
	}
	if (skw_onion_build(node->onion, path.hops, path.offer, path.count, skw_node_now(node),
			    &route->circuit) != SKW_ONION_OK) {
		wait_for_retry(r, route);
		return;
	}
	route->state = STATE_BUILDING;
	skw_node_log(node, SKW_INFO, "route: building circuit %u over %zu hops", route->circuit,
		     path.count);
}

static struct route *by_circuit(struct skw_routes *r, uint32_t circuit)
{
	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i].used && r->routes[i].circuit == circuit && circuit != 0)
			return &r->routes[i];
	return NULL;
}

uint32_t skw_routes_session(struct skw_routes *r, const struct skw_node_address *to)
{
	struct route *route = NULL;

	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i].used && skw_node_address_equal(&r->routes[i].to, to))
			return r->routes[i].session;
	for (size_t i = 0; i < ROUTES_MAX && route == NULL; i++)
		if (!r->routes[i].used)
			route = &r->routes[i];
	if (route == NULL)
		return 0;
	*route = (struct route) { .used = true, .to = *to, .state = STATE_WAITING };
	/* Path 0 is no circuit: the session waits until it is moved to one. */
	if (skw_session_connect(r->node->session, 0, to, skw_node_now(r->node), &route->session) !=
	    SKW_SESSION_OK) {
		*route = (struct route) { 0 };
		return 0;
	}
	skw_session_path_down(r->node->session, 0, skw_node_now(r->node));
	build(r, route);
	return route->session;
}

void skw_routes_on_circuit_up(struct skw_routes *r, uint32_t circuit)
{
	struct route *route = by_circuit(r, circuit);

	if (route == NULL)
		return;
	route->state = STATE_UP;
	route->tries = 0;
	skw_node_log(r->node, SKW_INFO, "route: circuit %u is up", circuit);
	skw_session_move(r->node->session, route->session, circuit, skw_node_now(r->node));
}

void skw_routes_on_circuit_down(struct skw_routes *r, uint32_t circuit,
				enum skw_onion_reason reason)
{
	struct route *route = by_circuit(r, circuit);

	skw_session_path_down(r->node->session, circuit, skw_node_now(r->node));
	if (route == NULL)
		return;
	skw_node_log(r->node, SKW_UNUSUAL, "route: circuit %u went down: %s", circuit,
		     skw_onion_reason_text(reason));
	wait_for_retry(r, route);
}

void skw_routes_on_session_closed(struct skw_routes *r, uint32_t session)
{
	for (size_t i = 0; i < ROUTES_MAX; i++) {
		struct route *route = &r->routes[i];

		if (!route->used || route->session != session)
			continue;
		if (route->circuit != 0)
			skw_onion_destroy(r->node->onion, route->circuit, skw_node_now(r->node));
		*route = (struct route) { 0 };
	}
}

void skw_routes_tick(struct skw_routes *r)
{
	uint64_t now = skw_node_now(r->node);

	for (size_t i = 0; i < ROUTES_MAX; i++) {
		struct route *route = &r->routes[i];

		if (!route->used || route->state != STATE_WAITING || route->retry_us > now)
			continue;
		if (route->tries >= TRIES_MAX)
			give_up(r, route);
		else
			build(r, route);
	}
}

uint64_t skw_routes_next_timer(const struct skw_routes *r)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i].used && r->routes[i].state == STATE_WAITING &&
		    r->routes[i].retry_us < next)
			next = r->routes[i].retry_us;
	return next;
}
