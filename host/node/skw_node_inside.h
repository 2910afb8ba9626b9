/* skw_node_inside - what the files of skw_node share: skw_node.c opens and closes, skw_rooms.c
 * makes the rooms without I/O, skw_pump.c moves outputs from room to room, skw_publish.c speaks for
 * the directory. sim/net joins many nodes by the last three, with ports of its own. */
#ifndef SKW_NODE_INSIDE_H
#define SKW_NODE_INSIDE_H

#include "node/skw_node.h"

/* Link, directory, onion, session and routes, of node->sizes and on node->random. */
bool node_open_rooms(struct skw_node *node);
void node_close_rooms(struct skw_node *node);

/* The address behind a link's number; zero if there is none. */
struct skw_node_address node_peer_address(const struct skw_node *node, uint32_t peer);

/* What the radio knows of the neighbour at this address; false if it is none of the radio's. */
bool node_neighbour(const struct skw_node *node, const struct skw_link_endpoint *at,
		    struct skw_mac_neighbour *out);

/* The radio's thread wakes the loop by this, and the loop drains the radio in that. */
void node_wake(void *arg);
void node_on_wake(uv_async_t *async);

/* Signs and floods a new descriptor of this node. */
void node_publish(struct skw_node *node);
bool node_pump_directory(struct skw_node *node);
void node_tick_directory(struct skw_node *node);
/* A record of the store: takes up the descriptor's number if it is one. */
void node_read_sequence(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
			size_t value_len);

#endif
