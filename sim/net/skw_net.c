/* Life, time, and the queue of events: (time, node, order of birth). Times of arrival are rounded
 * to a quarter of a millisecond, and what arrives at a node in one of those is one batch, as it is
 * for the daemon's UDP port. */

#include "net/skw_net_inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_US = 5000000 };

struct net_node *net_at_work;

static uint64_t clock_s; /* on every wall */

/* ---- The clock and the log that the daemon's files ask for ---- */

uint64_t skw_node_unix(void)
{
	return clock_s;
}

uint64_t skw_node_now(struct skw_node *node)
{
	node->time_us = ((struct net_node *)node)->net->now_us;
	return node->time_us;
}

void skw_node_log(const struct skw_node *node, enum skw_log level, const char *format, ...)
{
	const struct net_node *n = (const struct net_node *)node;
	char text[NET_NOTE];
	va_list args;

	if (level < SKW_INFO)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	net_note(n->net, "node %u: %s", n->index, text);
}

void net_note(struct skw_net *net, const char *format, ...)
{
	char *note = net->notes[net->note_count++ % NET_NOTES];
	int used = snprintf(note, NET_NOTE, "%10.6f ", (double)net->now_us / 1e6);
	va_list args;

	va_start(args, format);
	vsnprintf(note + used, NET_NOTE - (size_t)used, format, args);
	va_end(args);
}

void net_violated(struct skw_net *net, const char *format, ...)
{
	va_list args;

	if (net->violation[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(net->violation, sizeof(net->violation), format, args);
	va_end(args);
	net_note(net, "VIOLATION: %s", net->violation);
}

void net_hash(struct skw_net *net, uint64_t kind, uint64_t a, uint64_t b, const void *data,
	      size_t len)
{
	uint64_t head[4] = { net->now_us, kind, a, b };

	crypto_generichash_update(&net->hash, (const uint8_t *)head, sizeof(head));
	if (len > 0)
		crypto_generichash_update(&net->hash, data, len);
}

/* ---- Chance ---- */

uint64_t net_below(struct skw_net *net, uint64_t n)
{
	/* SplitMix64: several numbers a frame, and nobody here guesses. */
	uint64_t x = net->weather += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return n > 0 ? (x ^ x >> 31) % n : 0;
}

uint64_t net_spread(struct skw_net *net, uint64_t mean)
{
	return mean / 2 + net_below(net, mean + 1);
}

/* ---- The queue: a binary heap ---- */

static bool before(const struct net_event *a, const struct net_event *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return a->node != b->node ? a->node < b->node : a->serial < b->serial;
}

void net_push(struct skw_net *net, const struct net_event *event)
{
	size_t i = net->heap_count;

	if (net->heap_count == net->heap_max) {
		net->heap_max = 2 * net->heap_max + 1024;
		net->heap = realloc(net->heap, net->heap_max * sizeof(*net->heap));
		if (net->heap == NULL)
			abort(); /* of the simulation, not of what it simulates */
	}
	net->heap_count++;
	net->heap[i] = *event;
	net->heap[i].serial = net->serial++;
	for (size_t up; i > 0; i = up) {
		struct net_event swap = net->heap[i];

		up = (i - 1) / 2;
		if (!before(&swap, &net->heap[up]))
			return;
		net->heap[i] = net->heap[up];
		net->heap[up] = swap;
	}
}

static struct net_event pop(struct skw_net *net)
{
	struct net_event top = net->heap[0], last = net->heap[--net->heap_count];
	size_t i = 0, count = net->heap_count;

	for (;;) {
		size_t down = 2 * i + 1;

		if (down + 1 < count && before(&net->heap[down + 1], &net->heap[down]))
			down++;
		if (down >= count || !before(&net->heap[down], &last))
			break;
		net->heap[i] = net->heap[down];
		i = down;
	}
	net->heap[i] = last;
	return top;
}

/* ---- A node ---- */

static void call_neighbours(struct skw_net *net, struct net_node *n)
{
	for (uint32_t i = 0; i < n->wire_count; i++) {
		uint32_t other = net_other_end(&net->wires[n->wires[i]], n->index), peer;
		struct skw_link_endpoint at = { .port = SKW_PORT_UDP, .len = 4 };

		/* Some neighbours are in both configurations, some in one. */
		if (n->wires[i] % 3 == 0 && other < n->index)
			continue;
		memcpy(at.addr, &other, 4);
		skw_link_add_peer(n->node.link, &net->nodes[other].identity.address, &at,
				  net->now_us, &peer);
	}
}

static void plan_user(struct skw_net *net, struct net_node *n)
{
	net_push(net, &(struct net_event) {
			  .at = net->now_us + net_spread(net, net->config.think_us),
			  .kind = NET_USER,
			  .node = n->index,
			  .from = n->lives,
		      });
}

bool net_start(struct skw_net *net, struct net_node *n)
{
	uv_timer_t timer = n->node.timer;

	memset(&n->node, 0, sizeof(n->node));
	n->node.timer = timer;
	n->node.config = &net->node_config;
	n->node.loop = &net->loop;
	n->node.identity = n->identity;
	n->node.random =
	    skw_random_seeded(&n->stream, net->config.seed ^ ((uint64_t)n->index << 32 | n->lives));
	n->node.sizes.circuits = NET_CIRCUITS;
	n->node.sizes.cells = NET_CELLS;
	n->node.sizes.sessions = NET_SESSIONS;
	n->node.udp = skw_udp_port_open(&n->node, NULL);
	n->lives++;
	n->alive = true;
	n->node.kv = (struct skw_kv *)&n->store;
	if (!skw_kv_each(n->node.kv, node_read_sequence, &n->node) || !node_open_rooms(&n->node))
		return false;
	n->node.desk = skw_desk_new(&n->node);
	n->node.streams = skw_streams_new(&n->node);
	if (n->node.desk == NULL || n->node.streams == NULL || n->node.udp == NULL)
		return false;
	net_desk_check_restored(net, n);
	call_neighbours(net, n);
	node_publish(&n->node);
	net_pump(net, n);
	if (n->user)
		plan_user(net, n);
	return true;
}

/* As SIGKILL does: nobody is told, nothing is written. */
void net_stop(struct skw_net *net, struct net_node *n)
{
	if (!n->alive)
		return;
	net_users_forget(net, n);
	n->directory_before += skw_directory_counters(n->node.directory)->sent;
	n->alive = false;
	n->timer++;
	skw_streams_free(n->node.streams);
	skw_desk_free(n->node.desk);
	skw_udp_port_close(n->node.udp);
	node_close_rooms(&n->node);
}

void net_pump(struct skw_net *net, struct net_node *n)
{
	net_at_work = n;
	skw_node_pump(&n->node);
	net_push(net, &(struct net_event) {
			  .at = net->now_us + uv_timer_get_due_in(&n->node.timer) * 1000,
			  .kind = NET_TIMER,
			  .node = n->index,
			  .from = ++n->timer,
		      });
}

/* ---- Events ---- */

static bool joins(const struct skw_net *net, const struct net_event *e)
{
	return net->heap_count > 0 && net->heap[0].kind == NET_FRAME && net->heap[0].at == e->at &&
	       net->heap[0].node == e->node;
}

/* All that arrives now, then one pump for it. */
static void arrive(struct skw_net *net, struct net_event e)
{
	struct net_node *n = &net->nodes[e.node];

	net_at_work = n;
	for (;;) {
		struct skw_link_endpoint from = { .port = SKW_PORT_UDP, .len = 4 };

		memcpy(from.addr, &e.from, 4);
		net_hash(net, NET_FRAME, e.node, e.from, e.frame, e.len);
		if (n->alive)
			skw_node_receive(&n->node, &from, e.frame, e.len, e.len);
		free(e.frame);
		if (!joins(net, &e))
			break;
		e = pop(net);
		net->stats.events++;
	}
	if (n->alive)
		net_pump(net, n);
}

static void happen(struct skw_net *net, const struct net_event *e)
{
	struct net_node *n = &net->nodes[e->node];

	switch (e->kind) {
	case NET_FRAME:
		arrive(net, *e);
		break;
	case NET_TIMER:
		if (n->alive && e->from == n->timer)
			net_pump(net, n);
		break;
	case NET_USER:
		if (!n->alive || e->from != n->lives)
			break; /* of a life past */
		net_user(net, n);
		net_pump(net, n);
		plan_user(net, n);
		break;
	case NET_FAULT:
		net_fault(net);
		break;
	case NET_RESTART:
		if (!n->alive && !net_start(net, n))
			net_violated(net, "node %u cannot start", n->index);
		break;
	case NET_MEND:
		net_mend(net, e->from);
		break;
	}
}

bool skw_net_run(struct skw_net *net, uint64_t us)
{
	uint64_t until = net->now_us + us;

	while (net->violation[0] == '\0' && net->heap_count > 0 && net->heap[0].at < until) {
		struct net_event e = pop(net);

		if (e.at > net->now_us)
			net->now_us = e.at;
		clock_s = NET_UNIX + net->now_us / NET_SECOND;
		net->stats.events++;
		happen(net, &e);
		if (net->now_us - net->checked_us >= CHECK_US) {
			net->checked_us = net->now_us;
			net_check(net);
		}
	}
	if (net->violation[0] != '\0')
		return false;
	net->now_us = until;
	clock_s = NET_UNIX + until / NET_SECOND;
	return true;
}

void skw_net_crash(struct skw_net *net, unsigned node, uint64_t down_us)
{
	net->stats.crashes++;
	net_note(net, "node %u is killed", node);
	net_hash(net, NET_RESTART, node, down_us, NULL, 0);
	net_stop(net, &net->nodes[node]);
	net_push(net, &(struct net_event) {
			  .at = net->now_us + down_us, .kind = NET_RESTART, .node = node });
}

/* ---- The whole ---- */

static bool sensible(const struct skw_net_config *c)
{
	return c->nodes >= 3 && c->wires >= c->nodes && c->wires <= 3 * c->nodes &&
	       c->users <= c->nodes && c->relays <= SKW_PATH_RELAYS_MAX;
}

static void configure(struct skw_net *net)
{
	struct skw_config *c = &net->node_config;

	snprintf(c->node.name, sizeof(c->node.name), "simulated");
	snprintf(c->exit.policy, sizeof(c->exit.policy), "none");
	snprintf(c->ledger.mode, sizeof(c->ledger.mode), "none");
	c->path.paths = net->config.paths;
	c->path.relays = (int64_t)net->config.relays;
	snprintf(c->path.policy, sizeof(c->path.policy), "cheapest");
	c->path.max_price = 1000000;
	c->pay.price = net->config.price;
}

struct skw_net *skw_net_new(const struct skw_net_config *config)
{
	struct skw_net *net = sensible(config) ? calloc(1, sizeof(*net)) : NULL;

	if (net == NULL || sodium_init() < 0)
		return NULL;
	net->config = *config;
	net->random = skw_random_seeded(&net->stream, config->seed);
	net->weather = skw_random_u64(&net->random);
	crypto_generichash_init(&net->hash, NULL, 0, 16);
	uv_loop_init(&net->loop);
	configure(net);
	net->now_us = net->checked_us = NET_SECOND;
	clock_s = NET_UNIX + 1;
	net->nodes = calloc(config->nodes, sizeof(*net->nodes));
	net->wires = calloc(config->wires, sizeof(*net->wires));
	if (net->nodes == NULL || net->wires == NULL || !net_build_wires(net)) {
		skw_net_free(net);
		return NULL;
	}
	for (uint32_t i = 0; i < config->nodes; i++) {
		struct net_node *n = &net->nodes[i];

		n->net = net;
		n->index = i;
		n->user = i < config->users; /* the wires are random: so are the places of these */
		skw_identity_generate(&n->identity, &net->random);
		uv_timer_init(&net->loop, &n->node.timer);
	}
	if (!net_build_addresses(net)) {
		skw_net_free(net);
		return NULL;
	}
	for (uint32_t i = 0; i < config->nodes; i++)
		net_push(net, &(struct net_event) { .at = net->now_us + net_below(net, NET_SECOND),
						    .kind = NET_RESTART,
						    .node = i });
	if (config->fault_us > 0)
		net_push(net, &(struct net_event) { .at = net->now_us + 20 * NET_SECOND,
						    .kind = NET_FAULT });
	return net;
}

void skw_net_free(struct skw_net *net)
{
	if (net == NULL)
		return;
	for (uint32_t i = 0; net->nodes != NULL && i < net->config.nodes; i++) {
		net_stop(net, &net->nodes[i]);
		net_store_free(&net->nodes[i].store);
		if (net->nodes[i].node.timer.loop != NULL)
			uv_close((uv_handle_t *)&net->nodes[i].node.timer, NULL);
	}
	uv_run(&net->loop, UV_RUN_DEFAULT);
	uv_loop_close(&net->loop);
	for (size_t i = 0; i < net->heap_count; i++)
		free(net->heap[i].frame);
	for (uint32_t i = 0; i < net->wire_count; i++)
		free(net->wires[i].creations);
	free(net->heap);
	free(net->transfers);
	free(net->addresses);
	free(net->address_node);
	free(net->wires);
	free(net->nodes);
	free(net);
}

static void count_circuits(const struct skw_net *net, const struct net_node *n,
			   struct skw_net_stats *s)
{
	struct skw_session_info session;
	struct skw_onion_info info;
	uint32_t cursor = 0;

	while (skw_onion_next(n->node.onion, &cursor, &info)) {
		uint64_t age = net->now_us - info.since_us;

		if (!info.origin)
			continue;
		s->circuits++;
		s->oldest_circuit_us = age > s->oldest_circuit_us ? age : s->oldest_circuit_us;
	}
	for (cursor = 0; skw_session_next(n->node.session, &cursor, &session);)
		s->rekeys += session.client ? session.rekeys : 0;
}

struct skw_net_stats skw_net_stats(const struct skw_net *net)
{
	struct skw_net_stats s = net->stats;

	for (uint32_t i = 0; i < net->config.nodes; i++) {
		const struct net_node *n = &net->nodes[i];

		s.directory_messages += n->directory_before;
		if (!n->alive)
			continue;
		s.directory_messages += skw_directory_counters(n->node.directory)->sent;
		count_circuits(net, n, &s);
	}
	return s;
}

void skw_net_hash(const struct skw_net *net, char text[33])
{
	crypto_generichash_state copy = net->hash;
	uint8_t hash[16];

	crypto_generichash_final(&copy, hash, sizeof(hash));
	sodium_bin2hex(text, 33, hash, sizeof(hash));
}

const char *skw_net_violation(const struct skw_net *net)
{
	return net->violation[0] != '\0' ? net->violation : NULL;
}

void skw_net_report(const struct skw_net *net, FILE *to)
{
	uint64_t first = net->note_count > NET_NOTES ? net->note_count - NET_NOTES : 0;

	fprintf(to, "seed %llu, %u nodes, at %.6f s: %s\nlast events:\n",
		(unsigned long long)net->config.seed, net->config.nodes, (double)net->now_us / 1e6,
		net->violation[0] != '\0' ? net->violation : "nothing wrong");
	for (uint64_t i = first; i < net->note_count; i++)
		fprintf(to, "  %s\n", net->notes[i % NET_NOTES]);
}
