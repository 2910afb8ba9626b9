/* What this node says of itself, and the flood of what others do. */

#include "node/skw_node_inside.h"

#include <stdio.h>
#include <string.h>

/* AGAIN_S: others drop what changes too often, and the last word must not be what they dropped. */
enum { DESCRIPTOR_LIFE_S = 3600, PUBLISH_S = 900, AGAIN_S = 30 };

static const char SEQUENCE_KEY[] = "sequence";

/* A radio's neighbour takes what its rate is worth in our share of the slots; of others nothing is
 * known. */
static uint32_t capacity_kbps(const struct skw_node *node, const struct skw_link_endpoint *at)
{
	struct skw_mac_neighbour n;

	return node_neighbour(node, at, &n)
		   ? n.rate_mbps * UINT32_C(1000) *
			 (uint32_t)__builtin_popcount(skw_mac_slots(node->mac)) /
			 (uint32_t)node->config->radio.slots
		   : 0;
}

static void describe_links(const struct skw_node *node, struct skw_descriptor *d)
{
	struct skw_link_info info;

	for (uint32_t peer = 1; peer <= SKW_LINK_PEERS_MAX && d->link_count < SKW_DESCRIPTOR_LINKS;
	     peer++) {
		if (!skw_link_info(node->link, peer, &info) || !info.up)
			continue;
		d->links[d->link_count++] = (struct skw_descriptor_link) {
			.to = info.address,
			.capacity_kbps = capacity_kbps(node, &info.endpoint),
			.price_per_mib = node->config->pay.price,
		};
	}
}

/* Numbers grow over restarts: the last one is on the disk before it is used. */
static bool next_sequence(struct skw_node *node)
{
	uint8_t value[8];
	uint64_t next = node->sequence + 1;

	if (next < skw_node_unix())
		next = skw_node_unix();
	memcpy(value, &next, sizeof(value));
	if (!skw_kv_put(node->kv, (const uint8_t *)SEQUENCE_KEY, strlen(SEQUENCE_KEY), value,
			sizeof(value)))
		return false;
	node->sequence = next;
	return true;
}

void node_publish(struct skw_node *node)
{
	const struct skw_config *config = node->config;
	struct skw_descriptor d = { .expires = skw_node_unix() + DESCRIPTOR_LIFE_S,
				    .exit_policy = strcmp(config->exit.policy, "internet") == 0
						       ? SKW_EXIT_INTERNET
						       : SKW_EXIT_NONE };
	uint8_t data[SKW_DESCRIPTOR_MAX];
	size_t len;

	if (!next_sequence(node))
		return;
	d.sequence = node->sequence;
	snprintf(d.name, sizeof(d.name), "%s", config->node.name);
	for (size_t i = 0; i < config->n_services && i < SKW_DESCRIPTOR_SERVICES; i++)
		snprintf(d.services[d.service_count++], sizeof(d.services[0]), "%s",
			 config->services[i].name);
	describe_links(node, &d);
	len = skw_descriptor_sign(&d, &node->identity, data);
	if (len > 0 && skw_directory_publish(node->directory, data, len, skw_node_unix()) ==
			   SKW_DIRECTORY_TOO_SOON)
		return; /* the next tick tries again */
	node->publish_s = skw_node_unix() + (node->links_changed ? AGAIN_S : PUBLISH_S);
	node->links_changed = false;
}

bool node_pump_directory(struct skw_node *node)
{
	struct skw_directory_out out;
	bool any = false;

	while (skw_directory_poll(node->directory, &out)) {
		any = true;
		if (skw_link_send(node->link, out.peer, SKW_LINK_DIRECTORY, out.data, out.len,
				  skw_node_now(node)) == SKW_LINK_FULL)
			skw_directory_refused(node->directory, out.peer);
	}
	return any;
}

void node_tick_directory(struct skw_node *node)
{
	uint64_t now = skw_node_unix();

	if (now == node->directory_tick_s)
		return;
	node->directory_tick_s = now;
	skw_directory_tick(node->directory, now);
	if (node->links_changed || now >= node->publish_s)
		node_publish(node); /* at most once a second */
}

void node_read_sequence(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
			size_t value_len)
{
	struct skw_node *node = arg;

	if (key_len == strlen(SEQUENCE_KEY) && memcmp(key, SEQUENCE_KEY, key_len) == 0 &&
	    value_len == sizeof(node->sequence))
		memcpy(&node->sequence, value, value_len);
}
