/* skw_ether_port - link frames straight in Ethernet frames: bridges, cables, a switch.
 *
 *   EtherType 0x88b5 | version u8 | kind u8 | length u16 | beacon or link frame | padding
 *
 * Every few seconds a beacon with the node's key goes to a multicast group; whoever hears it adds
 * the sender as a neighbour, and the link's handshake proves the key. An address is the six bytes
 * of the MAC. Needs CAP_NET_RAW. docs/protocol.md has the bytes.
 */
#ifndef SKW_ETHER_PORT_H
#define SKW_ETHER_PORT_H

#include "node/skw_node.h"

struct skw_ether_port;

/* NULL and node->error if the interface is missing, too narrow, or not ours to open. */
struct skw_ether_port *skw_ether_port_open(struct skw_node *node, const char *interface);
void skw_ether_port_close(struct skw_ether_port *ether);

/* Best effort; copied, and gone at the next flush at the latest. */
void skw_ether_port_send(struct skw_ether_port *ether, const struct skw_link_endpoint *to,
			 const uint8_t *data, size_t len);
void skw_ether_port_flush(struct skw_ether_port *ether);

#endif
