/* Choosing a path: the source's business alone, from the directory it holds.
 *
 * With a fixed number of relays: a depth-first search that never enters a node from which the end
 * is too far, best of what it finds within SEARCH_STEPS. The cheapest with any number: the best
 * walk of k links for k = 1, 2, ... (Bellman-Ford by layers); costs are not negative, so the best
 * walk is a path. Everything else with any number: the depth-first search for one number after the
 * other.
 */
#include "onion/skw_directory.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum {
	SEARCH_STEPS = 100000,
	LAYERS = SKW_PATH_RELAYS_MAX + 2,
	FAR = 255,
	FIRST_SHARED = SKW_PATH_RELAYS_MAX + 1, /* weighs more than all other relays together */
	UNKNOWN_KBPS = 100000,                  /* a link that does not say its capacity */
};

/* What a path is judged by, first things first. */
struct cost {
	uint32_t shared;   /* relays that other paths use */
	uint32_t slowness; /* of its narrowest link; 0 where that does not matter */
	uint64_t price;
};

static const struct cost NO_COST = { UINT32_MAX, UINT32_MAX, UINT64_MAX };

struct edge {
	uint32_t to;
	uint32_t slowness; /* UINT32_MAX less its capacity in kb/s */
	uint64_t price;    /* what the node charges for relaying over it */
	uint64_t rank;     /* order among equals */
};

struct node {
	const struct skw_descriptor *d;
	uint64_t rank;
	uint32_t edge_count;
	uint32_t shared, shared_first; /* by how many other paths, as a relay and as the first */
	uint8_t distance;              /* links to the end */
	bool avoided, required, on_path;
	struct edge *edges; /* in the search's */
};

struct search {
	struct node *nodes; /* sorted by address */
	struct edge *edges; /* of all nodes, one after the other */
	size_t count;
	uint32_t from, to;
	bool fastest;
	unsigned missing; /* nodes that are required and not on the path yet */
	unsigned links;   /* exactly */
	unsigned steps;
	uint32_t stack[LAYERS];
	uint32_t best[LAYERS];
	unsigned best_links;
	struct cost best_cost;
	uint64_t max_price;
};

static bool better(const struct cost *a, const struct cost *b)
{
	if (a->shared != b->shared)
		return a->shared < b->shared;
	if (a->slowness != b->slowness)
		return a->slowness < b->slowness;
	return a->price < b->price;
}

static int by_address(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return memcmp(x->d->address.bytes, y->d->address.bytes, SKW_KEY_LEN);
}

static int by_rank(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int compare_address(const void *key, const void *element)
{
	const struct skw_node_address *address = key;
	const struct node *n = element;

	return memcmp(address->bytes, n->d->address.bytes, SKW_KEY_LEN);
}

static uint32_t index_of(const struct search *s, const struct skw_node_address *address)
{
	const struct node *n =
	    bsearch(address, s->nodes, s->count, sizeof(*s->nodes), compare_address);

	return n != NULL ? (uint32_t)(n - s->nodes) : UINT32_MAX;
}

static bool says_link(const struct skw_descriptor *d, const struct skw_node_address *to)
{
	for (unsigned i = 0; i < d->link_count; i++)
		if (skw_node_address_equal(&d->links[i].to, to))
			return true;
	return false;
}

/* Only links that both ends speak of. */
static void join(struct search *s)
{
	struct edge *next = s->edges;

	for (size_t i = 0; i < s->count; i++) {
		struct node *n = &s->nodes[i];

		n->edges = next;
		for (unsigned k = 0; k < n->d->link_count; k++) {
			uint32_t to = index_of(s, &n->d->links[k].to);

			if (to == UINT32_MAX || to == i ||
			    !says_link(s->nodes[to].d, &n->d->address))
				continue;
			n->edges[n->edge_count++] = (struct edge) {
				.to = to,
				.slowness = UINT32_MAX - (n->d->links[k].capacity_kbps > 0
							      ? n->d->links[k].capacity_kbps
							      : UNKNOWN_KBPS),
				.price = n->d->links[k].price_per_mib,
				.rank = s->nodes[to].rank,
			};
		}
		next += n->edge_count;
		qsort(n->edges, n->edge_count, sizeof(*n->edges), by_rank);
	}
}

/* Which nodes other paths use, and which this one must. False if a node that it must pass is not
 * known. */
static bool mark(struct search *s, const struct skw_path_request *request)
{
	for (size_t i = 0; i < request->beside_count; i++) {
		const struct skw_path *path = request->beside[i];

		for (size_t k = 0; k + 1 < path->count; k++) {
			uint32_t at = index_of(s, &path->hops[k]);

			if (at == UINT32_MAX)
				continue;
			s->nodes[at].shared++;
			s->nodes[at].shared_first += k == 0;
		}
	}
	for (size_t i = 0; i < request->require_count; i++) {
		uint32_t at = index_of(s, &request->require[i]);

		if (at == UINT32_MAX)
			return false;
		if (at == s->from || at == s->to || s->nodes[at].required)
			continue;
		s->nodes[at].required = true;
		s->nodes[at].shared = s->nodes[at].shared_first = 0;
		s->missing++;
	}
	return true;
}

static bool load(struct search *s, const struct skw_directory *dir,
		 const struct skw_path_request *request)
{
	uint8_t key[crypto_shorthash_KEYBYTES] = { 0 };
	size_t links = 1;

	s->count = skw_directory_count(dir);
	s->nodes = calloc(s->count > 0 ? s->count : 1, sizeof(*s->nodes));
	if (s->nodes == NULL)
		return false;
	for (unsigned i = 0; i < 8; i++)
		key[i] = (uint8_t)(request->seed >> 8 * i);
	for (size_t i = 0; i < s->count; i++) {
		struct node *n = &s->nodes[i];

		n->d = skw_directory_at(dir, i);
		crypto_shorthash((uint8_t *)&n->rank, n->d->address.bytes, SKW_KEY_LEN, key);
		for (size_t k = 0; k < request->avoid_count; k++)
			n->avoided |= skw_node_address_equal(&n->d->address, &request->avoid[k]);
		links += n->d->link_count;
	}
	s->edges = malloc(links * sizeof(*s->edges));
	if (s->edges == NULL)
		return false;
	qsort(s->nodes, s->count, sizeof(*s->nodes), by_address);
	join(s);
	s->from = index_of(s, &request->from);
	s->to = index_of(s, &request->to);
	s->max_price = request->max_price > 0 ? request->max_price : UINT64_MAX;
	s->fastest = request->wish == SKW_PATH_FASTEST;
	return s->from != UINT32_MAX && s->to != UINT32_MAX && s->from != s->to && mark(s, request);
}

/* Links from each node to the end; links go both ways. */
static void measure_distances(struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->nodes[i].distance = FAR;
	s->nodes[s->to].distance = 0;
	for (unsigned d = 0; d + 1 < LAYERS; d++)
		for (size_t i = 0; i < s->count; i++)
			for (unsigned k = 0;
			     s->nodes[i].distance == d && k < s->nodes[i].edge_count; k++) {
				struct node *n = &s->nodes[s->nodes[i].edges[k].to];

				if (n->distance == FAR)
					n->distance = (uint8_t)(d + 1);
			}
}

/* What a path costs that came to `at` for `cost` and goes on over `e`; the source charges itself
 * nothing. */
static struct cost add_cost(const struct search *s, uint32_t at, const struct edge *e,
			    struct cost cost)
{
	const struct node *n = &s->nodes[e->to];
	uint64_t price = at == s->from ? 0 : e->price;

	cost.price = cost.price > UINT64_MAX - price ? UINT64_MAX : cost.price + price;
	if (s->fastest && e->slowness > cost.slowness)
		cost.slowness = e->slowness;
	if (e->to != s->to)
		cost.shared += n->shared + (at == s->from ? FIRST_SHARED * n->shared_first : 0);
	return cost;
}

static void keep(struct search *s, struct cost cost)
{
	s->best_cost = cost;
	s->best_links = s->links;
	memcpy(s->best, s->stack, sizeof(s->best));
}

/* `depth` links lie behind; the node at the top of the stack is `at`. */
static void descend(struct search *s, uint32_t at, unsigned depth, struct cost cost)
{
	struct node *here = &s->nodes[at];

	s->stack[depth] = at;
	if (depth == s->links) {
		if (at == s->to && better(&cost, &s->best_cost))
			keep(s, cost);
		return;
	}
	s->missing -= here->required;
	here->on_path = true;
	for (unsigned k = 0; k < here->edge_count && s->steps < SEARCH_STEPS; k++) {
		const struct edge *e = &here->edges[k];
		const struct node *n = &s->nodes[e->to];
		struct cost sum = add_cost(s, at, e, cost);

		s->steps++;
		if (n->on_path || n->distance > s->links - depth - 1 ||
		    s->missing > s->links - depth - 1 || sum.price > s->max_price ||
		    !better(&sum, &s->best_cost) || (e->to == s->to) != (depth + 1 == s->links) ||
		    (n->avoided && e->to != s->to))
			continue;
		descend(s, e->to, depth + 1, sum);
	}
	here->on_path = false;
	s->missing += here->required;
}

static void exactly(struct search *s, unsigned links)
{
	s->links = links;
	s->steps = 0;
	descend(s, s->from, 0, (struct cost) { 0 });
}

struct walk {
	struct cost cost;
	uint32_t before; /* UINT32_MAX: nobody comes here */
};

/* best[k * count + v]: the cheapest walk of k links from the source to v. */
static void relax(struct search *s, struct walk *best, unsigned layer)
{
	for (uint32_t v = 0; v < s->count; v++) {
		const struct walk *w = &best[(layer - 1) * s->count + v];

		if ((w->before == UINT32_MAX && layer > 1) || (layer == 1 && v != s->from) ||
		    v == s->to || (s->nodes[v].avoided && v != s->from))
			continue;
		for (unsigned k = 0; k < s->nodes[v].edge_count; k++) {
			const struct edge *e = &s->nodes[v].edges[k];
			struct walk *next = &best[layer * s->count + e->to];
			struct cost cost = add_cost(s, v, e, w->cost);
			bool tie = next->before != UINT32_MAX && !better(&next->cost, &cost) &&
				   s->nodes[v].rank < s->nodes[next->before].rank;

			if (e->to != s->from && cost.price <= s->max_price &&
			    (better(&cost, &next->cost) || tie))
				*next = (struct walk) { cost, v };
		}
	}
}

static void cheapest_of_any_length(struct search *s)
{
	struct walk *best = calloc(LAYERS * s->count, sizeof(*best));

	if (best == NULL)
		return;
	for (size_t i = 0; i < LAYERS * s->count; i++)
		best[i] = (struct walk) { NO_COST, UINT32_MAX };
	best[s->from].cost = (struct cost) { 0 };
	for (unsigned k = 1; k < LAYERS; k++) {
		const struct walk *end;

		relax(s, best, k);
		end = &best[k * s->count + s->to];
		if (end->before == UINT32_MAX || !better(&end->cost, &s->best_cost))
			continue;
		for (unsigned i = k, v = s->to;; i--) {
			s->stack[i] = v;
			if (i == 0)
				break;
			v = best[i * s->count + v].before;
		}
		s->links = k;
		keep(s, end->cost);
	}
	free(best);
}

/* One length after the other; the fastest is done with the first that shares nothing. */
static void any_length(struct search *s)
{
	measure_distances(s);
	for (unsigned links = s->missing + 1; links < LAYERS; links++) {
		exactly(s, links);
		if (s->fastest && s->best_cost.shared == 0)
			return;
	}
}

static void tell(const struct search *s, struct skw_path *path)
{
	uint64_t offer = 0;

	memset(path, 0, sizeof(*path));
	path->count = s->best_links;
	for (unsigned i = s->best_links; i > 0; i--) {
		const struct node *n = &s->nodes[s->best[i]];

		path->hops[i - 1] = n->d->address;
		for (unsigned k = 0; i < s->best_links && k < n->edge_count; k++)
			if (n->edges[k].to == s->best[i + 1])
				offer += n->edges[k].price; /* no overflow: <= its price */
		path->offer[i - 1] = offer;
	}
}

bool skw_path_find(const struct skw_directory *dir, const struct skw_path_request *request,
		   struct skw_path *path)
{
	struct search s = { .best_cost = NO_COST };

	if (request->relays > (int)SKW_PATH_RELAYS_MAX)
		return false;
	if (load(&s, dir, request)) {
		if (request->relays >= 0) {
			measure_distances(&s);
			exactly(&s, (unsigned)request->relays + 1);
		} else if (s.fastest || s.missing > 0 || request->beside_count > 0) {
			any_length(&s);
		} else {
			cheapest_of_any_length(&s);
		}
	}
	if (s.best_links > 0)
		tell(&s, path);
	free(s.nodes);
	free(s.edges);
	return s.best_links > 0;
}
