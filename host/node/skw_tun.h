/* skw_tun - a network interface whose packets travel as datagrams of sessions.
 *
 *   ping, ssh --IPv6--> [ tun ] --datagram--> session to the node with that address
 *
 * A node's address is fd and the first 15 bytes of a hash of its key, so nobody can have another's:
 * what comes out of a session is from the address of the key at its other end, and to ours, since
 * no other address travels. What is not for such an address goes to the exit of [tun], whole; what
 * clients of this node's [exit] send so goes to the kernel, which forwards it (skw_tun_exit). What
 * cannot go is answered as RFC 4443 and RFC 792 say.
 */
#ifndef SKW_TUN_H
#define SKW_TUN_H

#include "node/skw_node.h"

#define SKW_TUN_SAVED 34u /* bytes of a header that the other end knows */
#define SKW_TUN_MTU (SKW_SESSION_DATAGRAM_MAX + SKW_TUN_SAVED)
#define SKW_TUN_TEXT 46u
#define SKW_TUN_PACKED 7u /* where an IP packet has its version: without what both ends know */

struct skw_tun_counters {
	uint64_t packets_in, packets_out; /* into the network, out of it */
	uint64_t dropped;                 /* no route, no room, too large, not ours */
	uint64_t refused;                 /* by this exit's policy */
	uint64_t errors;                  /* ICMP answers */
	uint64_t reads, writes;           /* calls: fewer than packets where segments go */
};

struct skw_tun;

/* NULL and node->error if there can be no such interface. */
struct skw_tun *skw_tun_open(struct skw_node *node, const char *device);
void skw_tun_close(struct skw_tun *tun);

/* Whether a datagram (not an empty one) is one's of the tun. */
static inline bool skw_tun_has(const uint8_t *data)
{
	return data[0] >> 4 == SKW_TUN_PACKED || data[0] >> 4 == 6 || data[0] >> 4 == 4;
}
void skw_tun_on_datagram(struct skw_tun *tun, uint32_t session, const uint8_t *data, size_t len);
void skw_tun_on_session_closed(struct skw_tun *tun, uint32_t session);
const struct skw_tun_counters *skw_tun_counters(const struct skw_tun *tun);

/* How an IPv6 packet travels: 7 where its version 6 was, without length and addresses, which the
 * session's ends know. 0 if its length is not what its header says. */
size_t skw_tun_pack(uint8_t *out, const uint8_t *packet, size_t len);
/* `from` and `to`: addresses to put in; 0 if it is none. `out` takes len + SKW_TUN_SAVED. */
size_t skw_tun_unpack(uint8_t *out, const uint8_t *data, size_t len, const uint8_t from[16],
		      const uint8_t to[16]);

/* For the session's queue: which flow a packet belongs to, and whether it keeps its place there:
 * large ones and the answer to a SYN do, small ones of a TCP behind those; others are quicker
 * alone.
 */
uint32_t skw_tun_flow(const uint8_t *packet, size_t len);
enum skw_session_order skw_tun_order(const uint8_t *packet, size_t len);

/* fd, then BLAKE2b-120 of "skywave tun address" and the key. */
void skw_tun_address(uint8_t out[16], const struct skw_node_address *node);
void skw_tun_address_text(char out[SKW_TUN_TEXT], const struct skw_node_address *node);

/* An ICMPv6 error about `packet`, from `self`; its length, 0 if none may be sent (RFC 4443, 2.4).
 * type 1: unreachable, 2: too big (`word`: the MTU). */
size_t skw_tun_icmp(uint8_t *out, size_t max, const uint8_t self[16], const uint8_t *packet,
		    size_t len, uint8_t type, uint8_t code, uint32_t word);

#endif
