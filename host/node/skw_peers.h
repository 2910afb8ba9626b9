/* skw_peers - the neighbours of the configuration: numeric addresses at once, names when they
 * resolve, and again while the neighbour is not up, since what a name means may change. */
#ifndef SKW_PEERS_H
#define SKW_PEERS_H

#include "node/skw_node.h"

/* NULL and node->error if one cannot be meant. */
struct skw_peers *skw_peers_new(struct skw_node *node);
/* Memory goes when the loop has run. */
void skw_peers_free(struct skw_peers *peers);

#endif
