/* skw_places - where a host that a SOCKS5 client names is: a node, and a stream's name there. */
#ifndef SKW_PLACES_H
#define SKW_PLACES_H

#include "node/skw_node.h"
#include "node/skw_socks5.h"

#define SKW_PLACE_NAME 256u

/* SERVICE.NODE.sky is a service of that node ("files", or "udp:files"); everything else goes to the
 * exit of [socks], if there is one ("tcp:host:port", "udp:host:port"). False: there is no way. */
bool skw_place_find(const struct skw_node *node, const char *host, uint16_t port, bool udp,
		    char name[SKW_PLACE_NAME], struct skw_node_address *to);
/* The other end: what a stream's name asks to be connected to. *outside: by [exit], so addresses
 * are judged. Else *code says why not. */
bool skw_place_target(const struct skw_config *config, const char *name, bool udp,
		      struct skw_endpoint *target, bool *outside, uint32_t *code);

#endif
