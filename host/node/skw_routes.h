/* skw_routes - a route to each destination: its session, and the circuits that this goes over at
 * once.
 *
 *   session ---- circuit through neighbour 1 ----.
 *           ---- circuit through neighbour 2 -----  the destination        at most [path] paths
 *           ---- circuit through neighbour 3 ----'
 *
 * The paths share as few relays as can be. One that fails or falls silent is replaced, if possible
 * by one that goes elsewhere; a session that nobody uses any more is closed.
 */
#ifndef SKW_ROUTES_H
#define SKW_ROUTES_H

#include "node/skw_node.h"

/* NULL: out of memory. */
struct skw_routes *skw_routes_new(struct skw_node *node);
void skw_routes_free(struct skw_routes *routes);

/* The session to a node, made if needed; streams may be opened at once. 0: the table is full. */
uint32_t skw_routes_session(struct skw_routes *routes, const struct skw_node_address *to);
/* A stream to a node, opened in the first session to it that has room for one more; a session has
 * only so many, and a browser wants more. False: there can be no other session. */
bool skw_routes_open(struct skw_routes *routes, const struct skw_node_address *to, const char *name,
		     uint32_t *session, uint32_t *stream);

/* Why there is no circuit to a node, as far as this node knows; a sentence for people. */
const char *skw_routes_trouble(const struct skw_routes *routes, const struct skw_node_address *to);

void skw_routes_on_circuit_up(struct skw_routes *routes, uint32_t circuit);
void skw_routes_on_circuit_down(struct skw_routes *routes, uint32_t circuit,
				enum skw_onion_reason reason);
void skw_routes_on_established(struct skw_routes *routes, uint32_t session);
void skw_routes_on_session_closed(struct skw_routes *routes, uint32_t session);
/* A link came or went, here or elsewhere: there may be more paths now. */
void skw_routes_on_links(struct skw_routes *routes);
/* Looks at the paths, and tries again what had none or failed. */
void skw_routes_tick(struct skw_routes *routes);
uint64_t skw_routes_next_timer(const struct skw_routes *routes);

#endif
