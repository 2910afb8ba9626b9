/* skw_hop - the keys that an origin shares with one hop, and what they do to the body of a cell.
 *
 * Each direction has a keystream, a MAC key and a shift. On the way the body is only XORed with the
 * keystream for the nonce it came with, and the nonce grows by the shift: what leaves shares no
 * byte with what came. The MAC is made and checked at the two ends of a layer alone.
 */
#ifndef SKW_HOP_H
#define SKW_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_noise.h"
#include "onion/skw_cell.h"

struct skw_hop_key {
	uint8_t stream[32];
	uint8_t mac[32];
	uint64_t shift;
};

struct skw_hop {
	struct skw_hop_key forward, backward; /* from the origin, to the origin */
};

/* From the two ciphers of the handshake's split, that of the initiator's messages first. */
void skw_hop_derive(struct skw_hop *hop, const struct skw_noise_cipher *first,
		    const struct skw_noise_cipher *second);

/* Wipes the keys, and what their last use left elsewhere. */
void skw_hop_forget(struct skw_hop *hop);

/* Adds or removes one layer; `out` may be `in`. */
void skw_hop_layer(const struct skw_hop_key *key, uint64_t nonce, const uint8_t *in, size_t len,
		   uint8_t *out);
/* Fills in the zero field and the MAC of a plain body. The MAC is a one-time one: no two bodies
 * under one key and nonce. */
void skw_hop_sign(const struct skw_hop_key *key, uint64_t nonce, uint8_t *body, size_t len);
/* True if a body without its layer is for this hop. */
bool skw_hop_recognise(const struct skw_hop_key *key, uint64_t nonce, const uint8_t *body,
		       size_t len);

#endif
