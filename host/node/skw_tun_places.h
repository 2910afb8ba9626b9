/* skw_tun_places - the nodes that packets of the tun go to and come from. */
#ifndef SKW_TUN_PLACES_H
#define SKW_TUN_PLACES_H

#include "node/skw_node.h"

#define SKW_TUN_PLACES 256u /* as many as there are sessions */

struct skw_tun_place {
	bool used;
	uint8_t ip[16];
	struct skw_node_address id;
	uint32_t session; /* 0: none yet */
	bool client;      /* of this exit */
	uint64_t used_us;
};

struct skw_tun_places { /* all zeros: none */
	struct skw_tun_place at[SKW_TUN_PLACES];
};

/* NULL: it was never heard of. */
struct skw_tun_place *skw_tun_place_of(struct skw_tun_places *places, const uint8_t ip[16]);
/* In a free place, or in that of who was not used for longest. */
struct skw_tun_place *skw_tun_place_new(struct skw_tun_places *places,
					const struct skw_node_address *id);
/* The node with this address, if the directory knows one. */
struct skw_tun_place *skw_tun_place_look_up(struct skw_tun_places *places,
					    const struct skw_directory *dir, const uint8_t ip[16]);
/* Who is at the other end of a session, proven by its handshake; NULL: nobody yet. */
struct skw_tun_place *skw_tun_place_at(struct skw_tun_places *places,
				       const struct skw_session *sessions, uint32_t session);
void skw_tun_place_close(struct skw_tun_places *places, uint32_t session);

#endif
