/* Choosing a path: the source's business alone, from the directory it holds.
 *
 * With a fixed number of relays: a depth-first search that never enters a node from which the end
 * is too far, cheapest of what it finds within SEARCH_STEPS. With any number: the best walk of k
 * links for k = 1, 2, ... (Bellman-Ford by layers); prices are not negative, so the best walk is a
 * path.
 */
#include "onion/skw_directory.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { SEARCH_STEPS = 100000, LAYERS = SKW_PATH_RELAYS_MAX + 2, FAR = 255 };

struct edge {
	uint32_t to;
	uint64_t price; /* what the node charges for relaying over it */
	uint64_t rank;  /* order among equals */
};

struct node {
	const struct skw_descriptor *d;
	uint64_t rank;
	uint32_t edge_count;
	uint8_t distance; /* links to the end */
	bool avoided, on_path;
	struct edge edges[SKW_DESCRIPTOR_LINKS];
};

struct search {
	struct node *nodes; /* sorted by address */
	size_t count;
	uint32_t from, to;
	unsigned links; /* exactly */
	unsigned steps;
	uint32_t stack[LAYERS];
	uint32_t best[LAYERS];
	uint64_t best_cost;
	uint64_t max_cost;
};

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
	for (size_t i = 0; i < s->count; i++) {
		struct node *n = &s->nodes[i];

		for (unsigned k = 0; k < n->d->link_count; k++) {
			uint32_t to = index_of(s, &n->d->links[k].to);

			if (to == UINT32_MAX || to == i ||
			    !says_link(s->nodes[to].d, &n->d->address))
				continue;
			n->edges[n->edge_count++] = (struct edge) {
				.to = to,
				.price = n->d->links[k].price_per_mib,
				.rank = s->nodes[to].rank,
			};
		}
		qsort(n->edges, n->edge_count, sizeof(*n->edges), by_rank);
	}
}

static bool load(struct search *s, const struct skw_directory *dir,
		 const struct skw_path_request *request)
{
	uint8_t key[crypto_shorthash_KEYBYTES] = { 0 };

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
	}
	qsort(s->nodes, s->count, sizeof(*s->nodes), by_address);
	join(s);
	s->from = index_of(s, &request->from);
	s->to = index_of(s, &request->to);
	s->max_cost = request->max_price > 0 ? request->max_price : UINT64_MAX;
	return s->from != UINT32_MAX && s->to != UINT32_MAX && s->from != s->to;
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

/* What passing over edge `e` out of `at` costs; the source charges itself nothing. */
static uint64_t add_cost(const struct search *s, uint32_t at, const struct edge *e, uint64_t cost)
{
	uint64_t price = at == s->from ? 0 : e->price;

	return cost > UINT64_MAX - price ? UINT64_MAX : cost + price;
}

/* `depth` links lie behind; the node at the top of the stack is `at`. */
static void descend(struct search *s, uint32_t at, unsigned depth, uint64_t cost)
{
	s->stack[depth] = at;
	if (depth == s->links) {
		if (at == s->to && cost < s->best_cost) {
			s->best_cost = cost;
			memcpy(s->best, s->stack, sizeof(s->best));
		}
		return;
	}
	s->nodes[at].on_path = true;
	for (unsigned k = 0; k < s->nodes[at].edge_count && s->steps < SEARCH_STEPS; k++) {
		const struct edge *e = &s->nodes[at].edges[k];
		const struct node *n = &s->nodes[e->to];
		uint64_t sum = add_cost(s, at, e, cost);

		s->steps++;
		if (n->on_path || n->distance > s->links - depth - 1 || sum > s->max_cost ||
		    sum >= s->best_cost || (e->to == s->to) != (depth + 1 == s->links) ||
		    (n->avoided && e->to != s->to))
			continue;
		descend(s, e->to, depth + 1, sum);
	}
	s->nodes[at].on_path = false;
}

struct walk {
	uint64_t cost;
	uint32_t before;
};

/* best[k * count + v]: the cheapest walk of k links from the source to v. */
static void relax(struct search *s, struct walk *best, unsigned layer)
{
	for (uint32_t v = 0; v < s->count; v++) {
		const struct walk *w = &best[(layer - 1) * s->count + v];

		if (w->cost == UINT64_MAX || v == s->to || (s->nodes[v].avoided && v != s->from))
			continue;
		for (unsigned k = 0; k < s->nodes[v].edge_count; k++) {
			const struct edge *e = &s->nodes[v].edges[k];
			struct walk *next = &best[layer * s->count + e->to];
			uint64_t cost = add_cost(s, v, e, w->cost);
			bool tie = cost == next->cost && next->before != UINT32_MAX &&
				   s->nodes[v].rank < s->nodes[next->before].rank;

			if (e->to != s->from && (cost < next->cost || tie))
				*next = (struct walk) { cost, v };
		}
	}
}

static void any_length(struct search *s, enum skw_path_wish wish)
{
	struct walk *best = calloc(LAYERS * s->count, sizeof(*best));

	if (best == NULL)
		return;
	for (size_t i = 0; i < LAYERS * s->count; i++)
		best[i] = (struct walk) { UINT64_MAX, UINT32_MAX };
	best[s->from].cost = 0;
	for (unsigned k = 1; k < LAYERS; k++) {
		uint64_t cost;

		relax(s, best, k);
		cost = best[k * s->count + s->to].cost;
		if (cost == UINT64_MAX || cost > s->max_cost || cost >= s->best_cost)
			continue;
		s->best_cost = cost;
		s->links = k;
		for (unsigned i = k, v = s->to;; i--) {
			s->best[i] = v;
			if (i == 0)
				break;
			v = best[i * s->count + v].before;
		}
		if (wish == SKW_PATH_SHORTEST)
			break;
	}
	free(best);
}

static void tell(const struct search *s, struct skw_path *path)
{
	uint64_t offer = 0;

	memset(path, 0, sizeof(*path));
	path->count = s->links;
	for (unsigned i = s->links; i > 0; i--) {
		const struct node *n = &s->nodes[s->best[i]];

		path->hops[i - 1] = n->d->address;
		for (unsigned k = 0; i < s->links && k < n->edge_count; k++)
			if (n->edges[k].to == s->best[i + 1])
				offer += n->edges[k].price; /* no overflow: <= best_cost */
		path->offer[i - 1] = offer;
	}
}

bool skw_path_find(const struct skw_directory *dir, const struct skw_path_request *request,
		   struct skw_path *path)
{
	struct search s = { .best_cost = UINT64_MAX };
	bool found = false;

	if (request->relays > (int)SKW_PATH_RELAYS_MAX)
		return false;
	if (load(&s, dir, request)) {
		if (request->relays >= 0) {
			s.links = (unsigned)request->relays + 1;
			measure_distances(&s);
			descend(&s, s.from, 0, 0);
		} else {
			any_length(&s, request->wish);
		}
		found = s.best_cost != UINT64_MAX;
	}
	if (found)
		tell(&s, path);
	free(s.nodes);
	return found;
}
