/* skw_probe - `skywave ping` and `skywave trace`: how our own circuits do.
 *
 *   ping NODE    echoes of its onion room, through each circuit to NODE in turn
 *   trace NODE   for each circuit to NODE another one over the same hops, and how long each of them
 *                took to answer its handshake: the way there and back and two X25519 more
 */
#ifndef SKW_PROBE_H
#define SKW_PROBE_H

#include "node/skw_node.h"

struct skw_probe *skw_probe_new(struct skw_node *node);
/* Memory goes when the loop has run. */
void skw_probe_free(struct skw_probe *probe);

/* { "command": "ping" or "trace", "node": petname or address, "count": 1..1000 }: NULL if the
 * answer follows, else an error. */
json_t *skw_probe_start(struct skw_probe *probe, const json_t *question, uint64_t client);

#endif
