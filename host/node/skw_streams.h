/* skw_streams - TCP on one side, a session's stream on the other: SOCKS5 clients and local
 * services.
 *
 *   curl --TCP--> [ SOCKS5, pipe ] --stream--> ... --stream--> [ pipe ] --TCP--> the service
 *
 * Each side holds the other back: a full stream stops reading the socket, a slow socket stops
 * reading the stream. Names are SERVICE.NODE.sky, where NODE is a petname of [names] or a node's
 * address.
 */
#ifndef SKW_STREAMS_H
#define SKW_STREAMS_H

#include "node/skw_node.h"

/* Listens for SOCKS5 if configured; NULL and node->error if it cannot. */
struct skw_streams *skw_streams_new(struct skw_node *node);
/* Closes all sockets; memory goes when the loop has run. */
void skw_streams_free(struct skw_streams *streams);

/* Events of the session room for streams: OPENED, ACCEPTED, READABLE, WRITABLE, RESET, FINISHED;
 * and DATAGRAM, unless it is an IPv6 packet. */
void skw_streams_on_event(struct skw_streams *streams, const struct skw_session_out *event);
void skw_streams_on_session_closed(struct skw_streams *streams, uint32_t session, uint32_t code);

size_t skw_streams_count(const struct skw_streams *streams);

#endif
