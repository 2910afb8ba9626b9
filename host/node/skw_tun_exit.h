/* skw_tun_exit - packets between a client's interface and the open internet.
 *
 *   client --whole--> session --> exit: may it? --> [ tun ] --> kernel: forwards, masquerades
 *          <--whole--             by its address <-- [ tun ] <--
 *
 * In IPv6 a client has the address that follows from its key, so nobody can have another's; in
 * IPv4 every client is 192.0.0.2, and the exit tells them apart (skw_tun_v4). What is judged is
 * what SOCKS5's exit judges, by the same rules (skw_exit); no fragments, options, extension
 * headers: what stands behind those nobody has seen.
 */
#ifndef SKW_TUN_EXIT_H
#define SKW_TUN_EXIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "node/skw_exit.h"
#include "session/skw_session.h"

#define SKW_TUN_EXIT_MTU SKW_SESSION_DATAGRAM_MAX /* such a packet travels as it is */

enum skw_tun_verdict {
	SKW_TUN_ENTERS,  /* from our exit to us */
	SKW_TUN_LEAVES,  /* of a client of ours */
	SKW_TUN_REFUSED, /* the same, but the policy forbids it: who sent it may be told */
	SKW_TUN_BAD,     /* is not what it says, or is somebody else's */
};

struct skw_tun_policy {
	const char *ports; /* of TCP and UDP; as [exit] has it */
	bool private;
	enum skw_exit_whose (*whose)(void *arg, const struct sockaddr *address);
	void *arg;
};

/* fd00::/8: an address of a node, not of the open internet. */
bool skw_tun_is_inside(const uint8_t ip[16]);
/* An IP packet whose length is what its header says, short enough to travel. */
bool skw_tun_is_whole(const uint8_t *packet, size_t len);
/* What came whole from the node with the address `from`, to the one with `self`. `exit`: the
 * address of our exit; NULL: none. `policy`: as whose exit we judge; NULL: as nobody's. */
enum skw_tun_verdict skw_tun_judge(const uint8_t *packet, size_t len, const uint8_t from[16],
				   const uint8_t self[16], const uint8_t *exit,
				   const struct skw_tun_policy *policy);

#endif
