/* skw_udp_port - link frames over UDP: one socket, an address is family, port and IP as bytes.
 *
 *   socket --recvmmsg, GRO--> frames --> skw_node_receive, then one pump for them all
 *   send --> [ groups: one destination, one length ] --flush: sendmmsg, GSO--> socket
 *
 * A system call costs more than a cell's cryptography, so none is made for a single frame while
 * more are coming. Where the kernel or the way refuses segments, frames go one by one.
 */
#ifndef SKW_UDP_PORT_H
#define SKW_UDP_PORT_H

#include "link/skw_meet.h"
#include "node/skw_node.h"

struct skw_udp_counters {
	uint64_t frames_in, frames_out;
	uint64_t calls_in, calls_out; /* system calls that moved them */
	uint64_t dropped;             /* the kernel had no room, or no way there */
};

/* NULL and node->error if it cannot listen there. */
struct skw_udp_port *skw_udp_port_open(struct skw_node *node, const struct skw_endpoint *listen);
void skw_udp_port_close(struct skw_udp_port *udp);

/* Best effort, like UDP; copied, and gone at the next flush at the latest. */
void skw_udp_port_send(struct skw_udp_port *udp, const struct skw_link_endpoint *to,
		       const uint8_t *data, size_t len);
void skw_udp_port_flush(struct skw_udp_port *udp);

const struct skw_udp_counters *skw_udp_port_counters(const struct skw_udp_port *udp);

/* A numeric address of the configuration; false if it is not one. */
bool skw_udp_endpoint(struct skw_link_endpoint *out, const struct skw_endpoint *address);
/* Whether a socket of this family can send there. */
bool skw_udp_port_reaches(const struct skw_udp_port *udp, const struct sockaddr *address);
/* What a resolver gave; false for other families. */
bool skw_udp_endpoint_of(struct skw_link_endpoint *out, const struct sockaddr *address);

/* A neighbour's endpoint as others may use it, and back; false for other ports, and for what is
 * only valid on this cable. */
bool skw_udp_place_of(struct skw_meet_place *place, const struct skw_link_endpoint *at);
void skw_udp_endpoint_at(struct skw_link_endpoint *out, const struct skw_meet_place *place);

#endif
