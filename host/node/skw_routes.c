#include "node/skw_routes.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROUTES_MAX = 64,
	TRIES_MAX = 8,
	FAILED_MAX = 8, /* paths remembered as having failed */
	RETRY_US = 500000,
	RETRY_MAX_US = 8000000,
	SOON_US = 200000,         /* news come in bursts: one search for all of them */
	MORE_US = 5000000,        /* between searches for one more path, unless links change */
	FAILED_US = 60000000,     /* so long another path is preferred to one that failed */
	WATCH_US = 500000,        /* between looks at how the paths do */
	SILENT_US = 3000000,      /* a path that is silent for longer is given up */
	HANDSHAKE_US = 5000000,   /* a session that is not established by then tries another */
	ACTIVE_US = 10000000,     /* how long what moved counts as use */
	PING_US = 2000000,        /* silence of a path, while others are used, until it is asked */
	IDLE_PING_US = 120000000, /* the same while streams are open but nothing moves */
	UNUSED_US = 300000000,    /* a session that nobody used for so long is closed */
	RENEW_US = 600000000,     /* a circuit that was used is replaced after so long */
	DRAIN_US = 5000000, /* what is under way on the one it replaces has so long to arrive */
};

/* In order of life. */
enum state {
	STATE_NONE,
	STATE_BUILDING, /* the circuit is */
	STATE_BUILT,    /* it waits for the session to be established over another */
	STATE_JOINED,   /* the session uses it */
};

struct leg { /* one path of a route */
	enum state state;
	uint32_t circuit;
	struct skw_path path;
	uint64_t joined_us, silent_us; /* silent_us: since when; 0: it answers */
	bool old;                      /* another over the same nodes is to take its place */
	bool renews;                   /* this is the other */
	uint64_t retired_us;           /* old: since when the session uses it no more */
};

struct failed {
	struct skw_path path;
	uint64_t until_us;
};

struct route {
	struct skw_node_address to;
	uint32_t session;
	bool established;
	unsigned tries; /* since a circuit was last up */
	uint64_t retry_us, watch_us;
	uint64_t moved, used_us; /* what moved, as last seen, and when that changed */
	struct failed failed[FAILED_MAX];
	unsigned next_failed;
	struct leg legs[]; /* one more than [path] paths: a replacement comes before what it
			      replaces goes */
};

struct skw_routes {
	struct skw_node *node;
	size_t legs;
	struct route *routes[ROUTES_MAX];
	struct skw_node_address avoid[SKW_CONFIG_PATH_NODES], require[SKW_CONFIG_PATH_NODES];
};

static bool resolve(const struct skw_config *config, const struct skw_config_nodes *names,
		    struct skw_node_address *out)
{
	for (size_t i = 0; i < names->n; i++)
		if (!skw_config_node(config, names->name[i], &out[i]))
			return false;
	return true;
}

struct skw_routes *skw_routes_new(struct skw_node *node)
{
	struct skw_routes *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->node = node;
	r->legs = node->config->path.paths + 1;
	if (resolve(node->config, &node->config->path.avoid, r->avoid) &&
	    resolve(node->config, &node->config->path.require, r->require))
		return r;
	free(r);
	return NULL;
}

void skw_routes_free(struct skw_routes *r)
{
	for (size_t i = 0; r != NULL && i < ROUTES_MAX; i++)
		free(r->routes[i]);
	free(r);
}

/* ---- What a route has ---- */

static size_t count_legs(const struct skw_routes *r, const struct route *route, enum state least)
{
	size_t n = 0;

	for (size_t i = 0; i < r->legs; i++)
		n += route->legs[i].state >= least;
	return n;
}

static bool answers(const struct skw_routes *r, const struct route *route)
{
	for (size_t i = 0; i < r->legs; i++)
		if (route->legs[i].state == STATE_JOINED && route->legs[i].silent_us == 0 &&
		    route->legs[i].retired_us == 0)
			return true;
	return false;
}

static struct leg *leg_of(struct skw_routes *r, uint32_t circuit, struct route **route)
{
	for (size_t i = 0; i < ROUTES_MAX; i++)
		for (size_t k = 0; r->routes[i] != NULL && k < r->legs; k++)
			if (r->routes[i]->legs[k].state != STATE_NONE &&
			    r->routes[i]->legs[k].circuit == circuit) {
				*route = r->routes[i];
				return &r->routes[i]->legs[k];
			}
	return NULL;
}

static void drop_route(struct skw_routes *r, struct route *route)
{
	for (size_t i = 0; i < r->legs; i++)
		if (route->legs[i].state != STATE_NONE)
			skw_onion_destroy(r->node->onion, route->legs[i].circuit,
					  skw_node_now(r->node));
	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i] == route)
			r->routes[i] = NULL;
	free(route);
}

/* ---- Building ---- */

static void wait_for_retry(struct skw_routes *r, struct route *route)
{
	uint64_t wait = (uint64_t)RETRY_US << (route->tries < 4 ? route->tries : 4);

	route->retry_us = skw_node_now(r->node) + (wait < RETRY_MAX_US ? wait : RETRY_MAX_US);
	route->tries++;
}

/* What there is already, and what went wrong lately: the next path keeps away from both, but from
 * what there is twice as much. So what failed is tried again rather than nothing. */
static size_t list_beside(const struct skw_routes *r, const struct route *route,
			  const struct skw_path **out)
{
	uint64_t now = skw_node_now(r->node);
	size_t n = 0;

	for (size_t i = 0; i < r->legs; i++)
		if (route->legs[i].state != STATE_NONE) {
			out[n++] = &route->legs[i].path;
			out[n++] = &route->legs[i].path;
		}
	for (size_t i = 0; i < FAILED_MAX; i++)
		if (route->failed[i].until_us > now)
			out[n++] = &route->failed[i].path;
	return n;
}

static bool find_path(const struct skw_routes *r, const struct route *route, struct skw_path *path)
{
	const struct skw_config *config = r->node->config;
	const struct skw_path *beside[2 * (SKW_CONFIG_PATHS + 1) + FAILED_MAX];
	struct skw_path_request request = {
		.from = r->node->identity.address,
		.to = route->to,
		.relays = (int)config->path.relays,
		.wish = strcmp(config->path.policy, "fastest") == 0 ? SKW_PATH_FASTEST
								    : SKW_PATH_CHEAPEST,
		.max_price = config->path.max_price,
		.avoid = r->avoid,
		.avoid_count = config->path.avoid.n,
		.require = r->require,
		.require_count = config->path.require.n,
		.beside = beside,
		.beside_count = list_beside(r, route, beside),
	};

	request.seed = skw_random_u64(&r->node->random);
	return skw_path_find(r->node->directory, &request, path);
}

const char *skw_routes_trouble(const struct skw_routes *r, const struct skw_node_address *to)
{
	const struct route *route = NULL;
	struct skw_path path;

	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i] != NULL && skw_node_address_equal(&r->routes[i]->to, to))
			route = r->routes[i];
	if (skw_directory_find(r->node->directory, to) == NULL)
		return "no neighbour has told of that node";
	if (route != NULL && !find_path(r, route, &path))
		return "of the known links no path has the relays and the price that [path] wants";
	return "the nodes on the way refuse or do not answer";
}

/* The session's CLOSED tells its streams. */
static void give_up(struct skw_routes *r, struct route *route)
{
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	skw_node_address_format(&route->to, text);
	skw_node_log(r->node, SKW_UNUSUAL, "route: gave up on %.8s after %u tries: %s", text,
		     route->tries, skw_routes_trouble(r, &route->to));
	skw_session_close(r->node->session, route->session, SKW_SESSION_TIMEOUT,
			  skw_node_now(r->node));
	drop_route(r, route);
}

static bool same_path(const struct skw_path *a, const struct skw_path *b)
{
	return a->count == b->count && memcmp(a->hops, b->hops, a->count * sizeof(*a->hops)) == 0;
}

/* A second circuit over the same nodes carries no more than the first. */
static bool is_new(const struct skw_routes *r, const struct route *route,
		   const struct skw_path *path)
{
	for (size_t i = 0; i < r->legs; i++) {
		const struct leg *leg = &route->legs[i];

		if (leg->state != STATE_NONE && leg->silent_us == 0 && same_path(&leg->path, path))
			return false;
	}
	return true;
}

/* The leg that waits for another in its place, if none is being built. */
static const struct leg *to_renew(const struct skw_routes *r, const struct route *route)
{
	const struct leg *old = NULL;

	for (size_t i = 0; i < r->legs; i++) {
		if (route->legs[i].state != STATE_NONE && route->legs[i].renews)
			return NULL;
		if (route->legs[i].state == STATE_JOINED && route->legs[i].old &&
		    route->legs[i].retired_us == 0)
			old = &route->legs[i];
	}
	return old;
}

/* New keys over the same nodes: so no more relays learn who the user is. */
static bool choose_path(struct skw_routes *r, const struct route *route, const struct leg *old,
			struct skw_path *path)
{
	if (old == NULL)
		return find_path(r, route, path) && is_new(r, route, path);
	*path = old->path;
	return true;
}

static void log_trouble(const struct skw_routes *r, const struct route *route)
{
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	skw_node_address_format(&route->to, text);
	skw_node_log(r->node, SKW_UNUSUAL, "route: no way to %.8s yet: %s", text,
		     skw_routes_trouble(r, &route->to));
}

static void build(struct skw_routes *r, struct route *route)
{
	struct skw_node *node = r->node;
	const struct leg *old = to_renew(r, route);
	struct leg *leg = NULL;
	struct skw_path path;
	uint32_t circuit;

	for (size_t i = 0; i < r->legs && leg == NULL; i++)
		if (route->legs[i].state == STATE_NONE)
			leg = &route->legs[i];
	if (leg == NULL)
		return;
	if (!choose_path(r, route, old, &path) ||
	    skw_onion_build(node->onion, path.hops, path.offer, path.count, skw_node_now(node),
			    &circuit) != SKW_ONION_OK) {
		if (count_legs(r, route, STATE_BUILDING) > 0) {
			route->retry_us = skw_node_now(node) + MORE_US;
			return;
		}
		if (route->tries == 0)
			log_trouble(r, route);
		wait_for_retry(r, route);
		return;
	}
	*leg = (struct leg) {
		.state = STATE_BUILDING, .circuit = circuit, .path = path, .renews = old != NULL
	};
	route->retry_us = skw_node_now(node); /* the next one at once */
	skw_node_log(node, SKW_INFO, "route: building circuit %u over %zu hops", circuit,
		     path.count);
}

static uint32_t new_route(struct skw_routes *r, const struct skw_node_address *to)
{
	struct route **place = NULL, *route;

	for (size_t i = 0; i < ROUTES_MAX && place == NULL; i++)
		if (r->routes[i] == NULL)
			place = &r->routes[i];
	route = place != NULL ? calloc(1, sizeof(*route) + r->legs * sizeof(*route->legs)) : NULL;
	if (route == NULL)
		return 0;
	route->to = *to;
	route->used_us = skw_node_now(r->node);
	/* Path 0 is no circuit: the session waits until it is given one. */
	if (skw_session_connect(r->node->session, 0, to, skw_node_now(r->node), &route->session) !=
	    SKW_SESSION_OK) {
		free(route);
		return 0;
	}
	*place = route;
	skw_session_path_down(r->node->session, 0, skw_node_now(r->node));
	build(r, route);
	return route->session;
}

uint32_t skw_routes_session(struct skw_routes *r, const struct skw_node_address *to)
{
	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i] != NULL && skw_node_address_equal(&r->routes[i]->to, to))
			return r->routes[i]->session;
	return new_route(r, to);
}

bool skw_routes_open(struct skw_routes *r, const struct skw_node_address *to, const char *name,
		     uint32_t *session, uint32_t *stream)
{
	enum skw_session_status status = SKW_SESSION_FULL;
	uint64_t now = skw_node_now(r->node);

	for (size_t i = 0; i < ROUTES_MAX && status == SKW_SESSION_FULL; i++) {
		if (r->routes[i] == NULL || !skw_node_address_equal(&r->routes[i]->to, to))
			continue;
		*session = r->routes[i]->session;
		status = skw_session_open(r->node->session, *session, name, now, stream);
	}
	if (status == SKW_SESSION_FULL && (*session = new_route(r, to)) != 0)
		status = skw_session_open(r->node->session, *session, name, now, stream);
	return status == SKW_SESSION_OK;
}

/* ---- What happens to circuits ---- */

static void join(struct skw_routes *r, struct route *route, struct leg *leg)
{
	if (skw_session_add_path(r->node->session, route->session, leg->circuit,
				 skw_node_now(r->node)) != SKW_SESSION_OK)
		return; /* it waits until there is room */
	leg->state = STATE_JOINED;
	leg->joined_us = skw_node_now(r->node);
	leg->silent_us = 0;
	leg->renews = false;
	for (size_t i = 0; i < r->legs; i++) {
		struct leg *old = &route->legs[i];

		if (old->state != STATE_JOINED || !old->old || old->retired_us != 0)
			continue;
		old->retired_us = skw_node_now(r->node);
		skw_session_retire_path(r->node->session, route->session, old->circuit,
					old->retired_us);
	}
}

/* One circuit carries the handshake, all of them the session. */
static void join_what_is_built(struct skw_routes *r, struct route *route)
{
	for (size_t i = 0; i < r->legs; i++)
		if (route->legs[i].state == STATE_BUILT &&
		    (route->established || count_legs(r, route, STATE_JOINED) == 0))
			join(r, route, &route->legs[i]);
}

static void remember_failure(struct skw_routes *r, struct route *route, const struct leg *leg)
{
	struct failed *place = &route->failed[route->next_failed];

	for (size_t i = 0; i < FAILED_MAX; i++)
		if (same_path(&route->failed[i].path, &leg->path))
			place = &route->failed[i];
	if (place == &route->failed[route->next_failed])
		route->next_failed = (route->next_failed + 1) % FAILED_MAX;
	*place = (struct failed) { leg->path, skw_node_now(r->node) + FAILED_US };
}

void skw_routes_on_circuit_up(struct skw_routes *r, uint32_t circuit)
{
	struct route *route;
	struct leg *leg = leg_of(r, circuit, &route);

	if (leg == NULL)
		return;
	leg->state = STATE_BUILT;
	route->tries = 0;
	skw_node_log(r->node, SKW_INFO, "route: circuit %u is up", circuit);
	join_what_is_built(r, route);
}

/* The old one still works, or will be noticed if it does not. */
static void put_off_renewal(struct skw_routes *r, struct route *route)
{
	for (size_t i = 0; i < r->legs; i++) {
		struct leg *old = &route->legs[i];

		if (!old->old || old->retired_us != 0)
			continue;
		old->old = false;
		old->joined_us = skw_node_now(r->node);
	}
}

void skw_routes_on_circuit_down(struct skw_routes *r, uint32_t circuit,
				enum skw_onion_reason reason)
{
	struct route *route;
	struct leg *leg = leg_of(r, circuit, &route);
	bool was_up;

	skw_session_path_down(r->node->session, circuit, skw_node_now(r->node));
	if (leg == NULL)
		return;
	skw_node_log(r->node, SKW_UNUSUAL, "route: circuit %u went down: %s", circuit,
		     skw_onion_reason_text(reason));
	if (leg->renews)
		put_off_renewal(r, route);
	else
		remember_failure(r, route, leg);
	was_up = leg->state != STATE_BUILDING;
	leg->state = STATE_NONE;
	if (count_legs(r, route, STATE_BUILDING) == 0)
		wait_for_retry(r, route);
	else
		route->retry_us = skw_node_now(r->node) + (was_up ? RETRY_US : MORE_US);
	join_what_is_built(r, route);
}

void skw_routes_on_established(struct skw_routes *r, uint32_t session)
{
	for (size_t i = 0; i < ROUTES_MAX; i++) {
		struct route *route = r->routes[i];

		if (route == NULL || route->session != session)
			continue;
		route->established = true;
		join_what_is_built(r, route);
	}
}

void skw_routes_on_session_closed(struct skw_routes *r, uint32_t session)
{
	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i] != NULL && r->routes[i]->session == session)
			drop_route(r, r->routes[i]);
}

void skw_routes_on_links(struct skw_routes *r)
{
	uint64_t soon = skw_node_now(r->node) + SOON_US;

	for (size_t i = 0; i < ROUTES_MAX; i++)
		if (r->routes[i] != NULL && r->routes[i]->retry_us > soon &&
		    count_legs(r, r->routes[i], STATE_BUILDING) > 0)
			r->routes[i]->retry_us = soon;
}

/* ---- Watching ---- */

static void leave(struct skw_routes *r, struct route *route, struct leg *leg)
{
	uint64_t now = skw_node_now(r->node);

	skw_node_log(r->node, SKW_INFO, "route: circuit %u does not answer: left", leg->circuit);
	remember_failure(r, route, leg);
	skw_session_remove_path(r->node->session, route->session, leg->circuit, now);
	skw_onion_destroy(r->node->onion, leg->circuit, now);
	leg->state = STATE_NONE;
	route->retry_us = now;
}

static void look_at_paths(struct skw_routes *r, struct route *route)
{
	struct skw_session_path_info info;
	uint64_t now = skw_node_now(r->node);
	uint32_t cursor = 0;

	while (skw_session_next_path(r->node->session, &cursor, &info))
		for (size_t i = 0; info.session == route->session && i < r->legs; i++) {
			struct leg *leg = &route->legs[i];

			if (leg->state != STATE_JOINED || leg->circuit != info.path)
				continue;
			if (!info.silent)
				leg->silent_us = 0;
			else if (leg->silent_us == 0)
				leg->silent_us = now;
		}
	for (size_t i = 0; i < r->legs; i++) {
		struct leg *leg = &route->legs[i];

		if (leg->state == STATE_JOINED && leg->silent_us != 0 && leg->retired_us == 0 &&
		    answers(r, route) && now - leg->silent_us >= SILENT_US)
			leave(r, route, leg);
	}
}

/* The handshake got no answer where it went: it goes over another circuit that is built. */
static void try_another(struct skw_routes *r, struct route *route)
{
	struct leg *used = NULL, *other = NULL;

	for (size_t i = 0; i < r->legs; i++) {
		struct leg *leg = &route->legs[i];

		if (leg->state == STATE_JOINED)
			used = leg;
		else if (leg->state == STATE_BUILT &&
			 (other == NULL || leg->joined_us < other->joined_us))
			other = leg;
	}
	if (used == NULL || other == NULL || skw_node_now(r->node) - used->joined_us < HANDSHAKE_US)
		return;
	used->state = STATE_BUILT;
	join(r, route, other);
}

/* True if the session is no longer of use to anybody; asks its paths for life if it is. */
static bool unused(struct skw_routes *r, struct route *route)
{
	struct skw_session_info info;
	uint64_t now = skw_node_now(r->node);
	uint32_t cursor = 0, streams = 0;

	while (skw_session_next(r->node->session, &cursor, &info)) {
		uint64_t moved = info.bytes_sent + info.bytes_received + info.datagrams_sent +
				 info.datagrams_received;

		if (info.session != route->session)
			continue;
		if (moved != route->moved)
			route->used_us = now;
		route->moved = moved;
		streams = info.streams;
	}
	if (now - route->used_us < ACTIVE_US)
		skw_session_ping(r->node->session, route->session, PING_US, now);
	else if (streams > 0)
		skw_session_ping(r->node->session, route->session, IDLE_PING_US, now);
	return streams == 0 && now - route->used_us >= UNUSED_US;
}

/* Circuits do not live for ever: each that was used gets a successor with keys of its own, one at a
 * time, and goes when nothing is under way on it any more. */
static void renew(struct skw_routes *r, struct route *route)
{
	uint64_t now = skw_node_now(r->node);
	struct leg *oldest = NULL;

	for (size_t i = 0; i < r->legs; i++) {
		struct leg *leg = &route->legs[i];

		if (leg->state != STATE_JOINED)
			continue;
		if (leg->retired_us != 0 && now - leg->retired_us >= DRAIN_US) {
			skw_session_remove_path(r->node->session, route->session, leg->circuit,
						now);
			skw_onion_destroy(r->node->onion, leg->circuit, now);
			leg->state = STATE_NONE;
			continue;
		}
		if (leg->old)
			return;
		if (leg->silent_us == 0 && now - leg->joined_us >= RENEW_US &&
		    route->used_us > leg->joined_us &&
		    (oldest == NULL || leg->joined_us < oldest->joined_us))
			oldest = leg;
	}
	if (oldest == NULL)
		return;
	oldest->old = true;
	route->retry_us = now;
}

static void watch(struct skw_routes *r, struct route *route)
{
	route->watch_us = skw_node_now(r->node) + WATCH_US;
	if (!route->established) {
		try_another(r, route);
	} else if (unused(r, route)) {
		skw_session_close(r->node->session, route->session, SKW_SESSION_DONE,
				  skw_node_now(r->node));
	} else {
		look_at_paths(r, route);
		renew(r, route);
	}
}

/* While nothing answers, or one replaces another, there may be one more than configured. */
static bool wants_more(const struct skw_routes *r, const struct route *route)
{
	bool spare =
	    to_renew(r, route) != NULL ||
	    (route->established && count_legs(r, route, STATE_JOINED) > 0 && !answers(r, route));

	return count_legs(r, route, STATE_BUILDING) < r->legs - 1 + spare;
}

void skw_routes_tick(struct skw_routes *r)
{
	uint64_t now = skw_node_now(r->node);

	for (size_t i = 0; i < ROUTES_MAX; i++) {
		struct route *route = r->routes[i];

		if (route == NULL)
			continue;
		if (route->watch_us <= now)
			watch(r, route);
		if (route->retry_us > now || !wants_more(r, route))
			continue;
		if (route->tries >= TRIES_MAX && count_legs(r, route, STATE_BUILDING) == 0)
			give_up(r, route);
		else
			build(r, route);
	}
}

uint64_t skw_routes_next_timer(const struct skw_routes *r)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < ROUTES_MAX; i++) {
		const struct route *route = r->routes[i];

		if (route == NULL)
			continue;
		if (route->watch_us < next)
			next = route->watch_us;
		if (route->retry_us < next && wants_more(r, route))
			next = route->retry_us;
	}
	return next;
}
