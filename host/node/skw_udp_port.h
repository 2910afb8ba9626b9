/* skw_udp_port - link frames over UDP: one socket, an address is family, port and IP as bytes. */
#ifndef SKW_UDP_PORT_H
#define SKW_UDP_PORT_H

#include "node/skw_node.h"

/* NULL and node->error if it cannot listen there. */
struct skw_udp_port *skw_udp_port_open(struct skw_node *node, const struct skw_endpoint *listen);
void skw_udp_port_close(struct skw_udp_port *udp);

/* Best effort, like UDP. */
void skw_udp_port_send(struct skw_udp_port *udp, const struct skw_link_endpoint *to,
		       const uint8_t *data, size_t len);

/* A numeric address of the configuration; false if it is not one. */
bool skw_udp_endpoint(struct skw_link_endpoint *out, const struct skw_endpoint *address);

#endif
