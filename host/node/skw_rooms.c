/* The rooms that do no I/O: made, found and freed the same way in the daemon and in sim/net. */

#include "node/skw_node_inside.h"

#include <stdio.h>
#include <string.h>

#include "node/skw_routes.h"
#include "node/skw_udp_port.h"

uint32_t skw_node_peer(const struct skw_node *node, const struct skw_node_address *id)
{
	struct skw_link_info info;

	return skw_link_peer_up(node->link, id, &info);
}

struct skw_node_address node_peer_address(const struct skw_node *node, uint32_t peer)
{
	static const struct skw_node_address nobody;
	const struct skw_node_address *address = skw_link_address(node->link, peer);

	return address != NULL ? *address : nobody;
}

bool node_neighbour(const struct skw_node *node, const struct skw_link_endpoint *at,
		    struct skw_mac_neighbour *out)
{
	if (at->port != SKW_PORT_RADIO || node->mac == NULL)
		return false;
	for (unsigned i = 0; skw_mac_neighbour(node->mac, i, out); i++)
		if (memcmp(out->addr.b, at->addr, sizeof(out->addr.b)) == 0)
			return true;
	return false;
}

bool node_open_rooms(struct skw_node *node)
{
	const struct skw_link_config link = {
		.identity = &node->identity,
		.random = node->random,
		.stamp = skw_node_unix() * 1000000,
		.accept_unknown = true,
	};
	const struct skw_onion_config onion = {
		.identity = &node->identity,
		.random = node->random,
		.price_per_mib = node->config->pay.price,
		.circuits_max = node->sizes.circuits,
		.cells_max = node->sizes.cells,
	};
	const struct skw_session_config session = {
		.identity = &node->identity,
		.random = node->random,
		.sessions_max = node->sizes.sessions,
	};

	node->link = skw_link_new(&link, skw_node_now(node));
	node->meet = node->link != NULL ? skw_meet_new(node->link, skw_udp_place_of) : NULL;
	node->directory = skw_directory_new(&node->random);
	node->onion = skw_onion_new(&onion);
	node->session = skw_session_new(&session);
	node->routes = skw_routes_new(node);
	if (node->link != NULL && node->meet != NULL && node->directory != NULL &&
	    node->onion != NULL && node->session != NULL && node->routes != NULL)
		return true;
	snprintf(node->error, sizeof(node->error), "out of memory");
	return false;
}

void node_close_rooms(struct skw_node *node)
{
	skw_routes_free(node->routes);
	skw_session_free(node->session);
	skw_onion_free(node->onion);
	skw_directory_free(node->directory);
	skw_meet_free(node->meet);
	skw_link_free(node->link);
}
