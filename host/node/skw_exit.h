/* skw_exit - what an exit carries to the open internet: by port, never to private addresses.
 *
 *   SOCKS5 "example.org", 443 --> stream "tcp:example.org:443" --> exit: may it? --> TCP, or "udp:"
 *
 * Names are looked up at the exit, and what they mean is judged, not what they say: a public name
 * for a private address is refused.
 */
#ifndef SKW_EXIT_H
#define SKW_EXIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <uv.h>

#include "node/skw_config.h"

/* The stream's name for a place outside; false if it is too long or empty. */
bool skw_exit_name(char *out, size_t max, bool udp, const char *host, uint16_t port);
bool skw_exit_is_name(const char *name);
/* False if the name is no good or the policy does not take its port. */
bool skw_exit_target(const struct skw_config *config, const char *name, struct skw_endpoint *out);

/* "80, 443, 8000-8100" or "any". */
bool skw_exit_ports_valid(const char *ports);
bool skw_exit_ports_have(const char *ports, uint16_t port);

/* Belongs to the open internet: not private, local, shared, reserved, multicast, documentation, or
 * an IPv6 address with one of those inside. */
bool skw_exit_is_public(const struct sockaddr *address);
/* One of this computer's own, or of those that a network of it listens to together. */
bool skw_exit_is_own(const struct sockaddr *address);

enum skw_exit_whose { SKW_EXIT_OTHERS, SKW_EXIT_OWN, SKW_EXIT_BROADCAST };
struct skw_exit_own { /* all zeros at first; the list is read again every second */
	uv_interface_address_t *list;
	int count;
	uint64_t until_us;
};
/* The same for many questions. If the list cannot be had every address is one's own. */
enum skw_exit_whose skw_exit_whose(struct skw_exit_own *own, const struct sockaddr *address,
				   uint64_t now_us);
void skw_exit_forget(struct skw_exit_own *own);

#endif
