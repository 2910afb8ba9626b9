#include "node/skw_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/skw_control.h"
#include "node/skw_names.h"
#include "node/skw_routes.h"

enum {
	PROBES_MAX = 8,
	CIRCUITS_MAX = SKW_CONFIG_PATHS,
	COUNT = 4,
	COUNT_MAX = 1000,
	TICK_MS = 5,
	BUILD_US = 30000000, /* for the first circuit */
	MORE_US = 2000000,   /* and then for the others */
	ANSWER_US = 5000000,
	BETWEEN_US = 200000,
};

struct probe {
	bool used, trace, asked;
	uint32_t again; /* trace: the circuit that is built */
	uint64_t client;
	struct skw_node_address to;
	uint32_t circuits[CIRCUITS_MAX];
	size_t n, next; /* circuits; the next of them */
	uint64_t pongs; /* of the circuit, before we asked */
	unsigned count, sent, received;
	uint64_t least_us, most_us, sum_us;
	uint64_t start_us, built_us, due_us; /* due: the next question, or the end of waiting */
	json_t *rows;
};

struct skw_probe {
	struct skw_node *node;
	uv_timer_t timer;
	struct probe probes[PROBES_MAX];
};

static json_t *name_of(struct skw_node *node, const struct skw_node_address *id)
{
	char text[SKW_ADDRESS_TEXT_LEN + 1];
	const char *name = skw_names_of(node->names, id);

	skw_node_address_format(id, text);
	return json_string(name != NULL ? name : text);
}

/* The last word. */
static void end(struct skw_probe *t, struct probe *p, json_t *answer)
{
	skw_control_say(t->node->control, p->client, answer, true);
	json_decref(p->rows);
	*p = (struct probe) { 0 };
}

static void sum_up(struct skw_probe *t, struct probe *p)
{
	json_t *answer = json_pack("{s:o s:O}", "node", name_of(t->node, &p->to),
				   p->trace ? "paths" : "replies", p->rows);

	if (!p->trace) {
		json_object_set_new(answer, "sent", json_integer(p->sent));
		json_object_set_new(answer, "received", json_integer(p->received));
	}
	if (!p->trace && p->received > 0) {
		json_object_set_new(answer, "least_us", json_integer((json_int_t)p->least_us));
		json_object_set_new(answer, "mean_us",
				    json_integer((json_int_t)(p->sum_us / p->received)));
		json_object_set_new(answer, "most_us", json_integer((json_int_t)p->most_us));
	}
	end(t, p, answer);
}

/* ---- Which circuits ---- */

static bool find_circuits(const struct skw_probe *t, struct probe *p)
{
	struct skw_onion_info info;
	uint32_t cursor = 0;
	bool building = false;

	p->n = 0;
	while (skw_onion_next(t->node->onion, &cursor, &info)) {
		if (!info.origin || info.hop_count == 0 ||
		    !skw_node_address_equal(&info.hops[info.hop_count - 1], &p->to))
			continue;
		if (!info.built)
			building = true;
		else if (p->n < CIRCUITS_MAX)
			p->circuits[p->n++] = info.circuit;
	}
	return building;
}

static bool info_of(const struct skw_probe *t, uint32_t circuit, struct skw_onion_info *info)
{
	uint32_t cursor = 0;

	while (skw_onion_next(t->node->onion, &cursor, info))
		if (info->circuit == circuit)
			return true;
	return false;
}

static json_t *no_circuit(const struct skw_probe *t, const struct probe *p)
{
	char text[160];

	snprintf(text, sizeof(text), "no circuit to that node in 30 s: %s",
		 skw_routes_trouble(t->node->routes, &p->to));
	return json_pack("{s:s}", "error", text);
}

/* Waits for the first circuit, and a little for the rest. */
static void wait_for_circuits(struct skw_probe *t, struct probe *p, uint64_t now)
{
	bool building = find_circuits(t, p);

	if (p->n == 0) {
		if (now - p->start_us >= BUILD_US)
			end(t, p, no_circuit(t, p));
		return;
	}
	if (p->built_us == 0)
		p->built_us = now;
	if ((building && now - p->built_us < MORE_US) || now - p->built_us < BETWEEN_US) {
		p->n = 0;
		return;
	}
	p->due_us = now;
}

/* ---- Question and answer ---- */

static void ping_answered(struct skw_probe *t, struct probe *p, const struct skw_onion_info *info,
			  bool came)
{
	json_t *row = json_pack("{s:i s:I s:o}", "sequence", (int)p->sent, "circuit",
				(json_int_t)info->circuit, "rtt_us",
				came ? json_integer((json_int_t)info->rtt_us) : json_null());

	if (came) {
		p->received++;
		p->sum_us += info->rtt_us;
		if (p->received == 1 || info->rtt_us < p->least_us)
			p->least_us = info->rtt_us;
		if (info->rtt_us > p->most_us)
			p->most_us = info->rtt_us;
	}
	p->sent++;
	json_array_append(p->rows, row);
	if (!skw_control_say(t->node->control, p->client, json_pack("{s:o}", "progress", row),
			     false))
		end(t, p, json_null());
	else if (p->sent == p->count)
		sum_up(t, p);
	else
		p->next = (p->next + 1) % p->n;
}

/* The circuit that was built for it, as far as it got; then it goes. */
static void trace_answered(struct skw_probe *t, struct probe *p, const struct skw_onion_info *info)
{
	json_t *hops = json_array(), *row;

	for (size_t i = 0; i < info->hop_count; i++)
		json_array_append_new(
		    hops, json_pack("{s:o s:o}", "node", name_of(t->node, &info->hops[i]), "rtt_us",
				    i < info->hops_built ? json_integer((json_int_t)info->hop_us[i])
							 : json_null()));
	skw_onion_destroy(t->node->onion, p->again, skw_node_now(t->node));
	row = json_pack("{s:I s:o}", "circuit", (json_int_t)p->circuits[p->next], "hops", hops);
	json_array_append(p->rows, row);
	if (!skw_control_say(t->node->control, p->client, json_pack("{s:o}", "progress", row),
			     false))
		end(t, p, json_null());
	else if (++p->next == p->n)
		sum_up(t, p);
}

/* A circuit went down meanwhile: on with the others. */
static void forget_circuit(struct skw_probe *t, struct probe *p)
{
	p->asked = false;
	p->circuits[p->next] = p->circuits[--p->n];
	if (p->n == 0 || (p->trace && p->next >= p->n))
		sum_up(t, p);
	else
		p->next %= p->n;
}

static bool ask(struct skw_probe *t, struct probe *p, const struct skw_onion_info *info,
		uint64_t now)
{
	p->pongs = info->pongs;
	if (p->trace)
		return skw_onion_build_again(t->node->onion, info->circuit, now, &p->again) ==
		       SKW_ONION_OK;
	return skw_onion_ping(t->node->onion, info->circuit, now) == SKW_ONION_OK;
}

static void step(struct skw_probe *t, struct probe *p, uint64_t now)
{
	struct skw_onion_info info;
	bool came;

	if (p->n == 0) {
		wait_for_circuits(t, p, now);
	} else if (!info_of(t, p->asked && p->trace ? p->again : p->circuits[p->next], &info)) {
		forget_circuit(t, p);
	} else if (p->asked) {
		came = p->trace ? info.built : info.pongs != p->pongs;
		if (!came && now < p->due_us)
			return;
		p->asked = false;
		p->due_us = p->trace ? now : now + BETWEEN_US;
		if (p->trace)
			trace_answered(t, p, &info);
		else
			ping_answered(t, p, &info, came);
	} else if (now >= p->due_us && ask(t, p, &info, now)) {
		p->asked = true;
		p->due_us = now + ANSWER_US;
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct skw_probe *t = timer->data;
	bool any = false;

	for (unsigned i = 0; i < PROBES_MAX; i++) {
		if (t->probes[i].used)
			step(t, &t->probes[i], skw_node_now(t->node));
		any |= t->probes[i].used;
	}
	if (!any)
		uv_timer_stop(timer);
	skw_node_pump(t->node);
}

json_t *skw_probe_start(struct skw_probe *t, const json_t *question, uint64_t client)
{
	const char *node = json_string_value(json_object_get(question, "node"));
	const json_t *count = json_object_get(question, "count");
	struct skw_node_address to;
	struct probe *p = NULL;

	if (node == NULL || !skw_names_find(t->node->names, node, &to))
		return json_pack("{s:s}", "error", "no such node: want a petname or an address");
	if (skw_node_address_equal(&to, &t->node->identity.address))
		return json_pack("{s:s}", "error", "that is this node");
	if (count != NULL &&
	    (json_integer_value(count) < 1 || json_integer_value(count) > COUNT_MAX))
		return json_pack("{s:s}", "error", "count is from 1 to 1000");
	for (unsigned i = 0; i < PROBES_MAX && p == NULL; i++)
		p = t->probes[i].used ? NULL : &t->probes[i];
	if (p == NULL || skw_routes_session(t->node->routes, &to) == 0)
		return json_pack("{s:s}", "error", "too many at a time");
	*p = (struct probe) {
		.used = true,
		.trace =
		    strcmp(json_string_value(json_object_get(question, "command")), "trace") == 0,
		.client = client,
		.to = to,
		.count = count != NULL ? (unsigned)json_integer_value(count) : COUNT,
		.start_us = skw_node_now(t->node),
		.rows = json_array(),
	};
	uv_timer_start(&t->timer, on_timer, TICK_MS, TICK_MS);
	return NULL;
}

struct skw_probe *skw_probe_new(struct skw_node *node)
{
	struct skw_probe *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->node = node;
	t->timer.data = t;
	uv_timer_init(node->loop, &t->timer);
	return t;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void skw_probe_free(struct skw_probe *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < PROBES_MAX; i++) {
		json_decref(t->probes[i].rows);
	}
	uv_close((uv_handle_t *)&t->timer, on_closed);
}
