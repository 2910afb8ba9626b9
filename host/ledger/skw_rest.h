/* skw_rest - Skycoin's REST answers as a function: no socket, no clock.
 *
 *   method, path?query, body -> status, content type, body
 *
 * Paths, parameters, JSON and error texts are the original's, so that its programs cannot tell the
 * difference on what both offer. What is not offered here is 404, as an unknown path there is, or
 * 403 "Endpoint is disabled" for those that the original can switch off.
 */
#ifndef SKW_REST_H
#define SKW_REST_H

#include "ledger/skw_chain.h"
#include "ledger/skw_sync.h"

#define SKW_REST_BODY_MAX (1u << 20) /* longer bodies: 413 */

struct skw_rest_answer {
	unsigned status;
	const char *type; /* of the body */
	char *body;       /* ends with a zero that `len` does not count; free with skw_rest_free */
	size_t len;
};

/* What health tells of the program around the chain. Optional; call once after opening. */
struct skw_rest_about {
	uint64_t started_unix;
	bool produces; /* it signs blocks */
	bool csrf, header_check;
};
void skw_rest_set_about(struct skw_chain *chain, const struct skw_rest_about *about);
/* Connects the answers with the network around the chain: connections, heights, and announcing what
 * is injected. Without it, the node has no network and says so. NULL takes it away. */
void skw_rest_set_sync(struct skw_chain *chain, struct skw_sync *sync);

/* `body` may be NULL. Always fills *out; status 500 with an empty body if memory ran out. */
void skw_rest_handle(struct skw_chain *chain, uint64_t now_unix, const char *method,
		     const char *path_with_query, const char *body, size_t body_len,
		     struct skw_rest_answer *out);
void skw_rest_free(struct skw_rest_answer *answer);

#endif
