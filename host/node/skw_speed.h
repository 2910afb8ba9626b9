/* skw_speed - `skywave speedtest`: so many bytes through a session to a node and as many back.
 *
 *   stream "skywave.sink"        the other end reads all and ends          user --> node
 *   stream "skywave.source.N"    the other end writes N bytes and ends     node --> user
 *
 * Who asks pays its first relay for both directions, as for any circuit: so a test is bounded here,
 * by the question, and there, by [speedtest] serve_mib.
 */
#ifndef SKW_SPEED_H
#define SKW_SPEED_H

#include "node/skw_node.h"

#define SKW_SPEED_MIB_MAX 1024u

struct skw_speed *skw_speed_new(struct skw_node *node);
/* Memory goes when the loop has run. */
void skw_speed_free(struct skw_speed *speed);

/* { "command": "speedtest", "node": petname or address, "mib": 1 .. }: NULL if the answer follows,
 * else an error. */
json_t *skw_speed_start(struct skw_speed *speed, const json_t *question, uint64_t client);

/* Events of streams; false if the stream is nobody's here. */
bool skw_speed_on_event(struct skw_speed *speed, const struct skw_session_out *event);
void skw_speed_on_session_closed(struct skw_speed *speed, uint32_t session, uint32_t code);

#endif
