/* skw_datagrams - UDP through the network: SOCKS5's UDP ASSOCIATE on one side, sockets towards
 * services and places outside on the other.
 *
 *   client --UDP--> [ association ] --flow--> session --flow--> [ socket ] --UDP--> service, or
 * outside
 *
 * A flow is a stream named "udp:SERVICE" or "udp:host:port": it asks, is accepted or refused, and
 * its end is the flow's. Datagrams go as the session's own (docs/protocol.md, "UDP"), so none waits
 * for another; those that are too long for that, and those before the acceptance, go in the stream.
 */
#ifndef SKW_DATAGRAMS_H
#define SKW_DATAGRAMS_H

#include "node/skw_node.h"

struct skw_datagrams *skw_datagrams_new(struct skw_node *node);
/* Memory goes when the loop has run. */
void skw_datagrams_free(struct skw_datagrams *d);

/* Begins an association for a client whose control connection is from `client`; listens on the same
 * address that this connection came to and fills that in. NULL: it cannot. */
struct skw_association *skw_association_new(struct skw_datagrams *d, const struct sockaddr *client,
					    struct sockaddr_storage *listen);
void skw_association_end(struct skw_association *a);

/* Events of streams and DATAGRAM; false if it is nobody's here. */
bool skw_datagrams_on_event(struct skw_datagrams *d, const struct skw_session_out *event);
void skw_datagrams_on_session_closed(struct skw_datagrams *d, uint32_t session);
size_t skw_datagrams_count(const struct skw_datagrams *d);

#endif
