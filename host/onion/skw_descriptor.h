/* skw_descriptor - what a node says about itself, signed: keys, links, prices, public services. */
#ifndef SKW_DESCRIPTOR_H
#define SKW_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_identity.h"

#define SKW_DESCRIPTOR_MAX 8192u /* bytes, signature included */
#define SKW_DESCRIPTOR_LINKS 128u
#define SKW_DESCRIPTOR_SERVICES 8u
#define SKW_DESCRIPTOR_NAME 63u

#define SKW_EXIT_NONE 0u     /* own services only */
#define SKW_EXIT_INTERNET 1u /* carries streams to host:port outside */

struct skw_descriptor_link {
	struct skw_node_address to;
	uint32_t capacity_kbps;
	uint64_t price_per_mib; /* droplets for relaying over this link, either way */
};

struct skw_descriptor {
	struct skw_node_address address; /* follows from sign_public */
	uint8_t sign_public[SKW_KEY_LEN];
	uint64_t sequence;
	uint64_t expires; /* unix time, seconds */
	uint8_t exit_policy;
	char name[SKW_DESCRIPTOR_NAME + 1]; /* for people; proves nothing */
	uint8_t service_count;
	char services[SKW_DESCRIPTOR_SERVICES][SKW_DESCRIPTOR_NAME + 1]; /* public ones only */
	uint8_t link_count;
	struct skw_descriptor_link links[SKW_DESCRIPTOR_LINKS];
};

/* Signs with `identity`, whose keys replace those in `d`. Returns the length; 0 if it cannot be
 * said. */
size_t skw_descriptor_sign(const struct skw_descriptor *d, const struct skw_identity *identity,
			   uint8_t out[SKW_DESCRIPTOR_MAX]);
/* Whose it claims to be and which: nothing is proven. False if that cannot be read. */
bool skw_descriptor_peek(uint8_t sign_public[SKW_KEY_LEN], uint64_t *sequence, const uint8_t *in,
			 size_t len);
/* False if malformed or not signed by the key inside. */
bool skw_descriptor_verify(struct skw_descriptor *d, const uint8_t *in, size_t len);

#endif
