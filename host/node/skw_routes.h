/* skw_routes - one route a destination: path, circuit, session; rebuilt while somebody needs it. */
#ifndef SKW_ROUTES_H
#define SKW_ROUTES_H

#include "node/skw_node.h"

struct skw_routes *skw_routes_new(struct skw_node *node);
void skw_routes_free(struct skw_routes *routes);

/* The session to a node, made if needed; streams may be opened at once. 0: the table is full. */
uint32_t skw_routes_session(struct skw_routes *routes, const struct skw_node_address *to);

void skw_routes_on_circuit_up(struct skw_routes *routes, uint32_t circuit);
void skw_routes_on_circuit_down(struct skw_routes *routes, uint32_t circuit,
				enum skw_onion_reason reason);
void skw_routes_on_session_closed(struct skw_routes *routes, uint32_t session);
/* Tries again what had no path or failed. */
void skw_routes_tick(struct skw_routes *routes);
uint64_t skw_routes_next_timer(const struct skw_routes *routes);

#endif
