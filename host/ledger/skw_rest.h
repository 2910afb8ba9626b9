/* skw_rest - Skycoin's REST answers as a function: no socket, no clock.
 *
 *   method, path?query, body -> status, content type, body
 *
 * Paths, parameters, JSON and error texts are the original's, so that its programs cannot tell the
 * difference on what both offer. What is not offered here is 404, as an unknown path there is, or
 * 403 "Endpoint is disabled" for those that the original can switch off.
 *
 * Fields are those of the original's last source. Some are not in its last release, 0.27.1, whose
 * client refuses an answer with a field that it does not know; so they are left out for programs
 * whose User-Agent is that of Go's HTTP library, as the client's is (newer sources' client does
 * without them).
 */
#ifndef SKW_REST_H
#define SKW_REST_H

#include "ledger/skw_chain.h"
#include "ledger/skw_rest_stream.h"
#include "ledger/skw_storage.h"
#include "ledger/skw_sync.h"
#include "ledger/skw_wallets.h"

#define SKW_REST_BODY_MAX (1u << 20) /* longer bodies: 413 */

/* What may be asked for, in the original's sets; what is not in one of these is 403. */
enum {
	SKW_REST_READ = 1,
	SKW_REST_STATUS = 2, /* a part of READ: health, block chain, connections */
	SKW_REST_TXN = 4,
	SKW_REST_WALLET = 8,   /* needs skw_rest_set_wallets too */
	SKW_REST_SEED = 16,    /* INSECURE_WALLET_SEED */
	SKW_REST_NET = 32,     /* NET_CTRL */
	SKW_REST_STORAGE = 64, /* needs skw_rest_set_storage too */
	SKW_REST_PROMETHEUS = 128,
	SKW_REST_DEFAULT = SKW_REST_READ | SKW_REST_TXN,
};
/* "READ,TXN,WALLET"; false for a name that is none of the sets. */
bool skw_rest_sets_parse(unsigned *out, const char *text);

struct skw_rest_request {
	const char *method;
	const char *path;  /* with its query */
	const char *type;  /* Content-Type, NULL if none was sent */
	const char *agent; /* User-Agent, NULL if none was sent */
	const char *body;  /* may be NULL */
	size_t body_len;
	/* Takes the work of passwords: an answer of status 0 says that skw_crypt_later_work is to
	 * be done before the same request is asked again. NULL: it is done at once, which takes
	 * seconds. */
	struct skw_crypt_later *later;
	bool streams; /* an answer may be a stream */
};

struct skw_rest_answer {
	unsigned status;  /* 0: later, without a body */
	const char *type; /* of the body */
	char *body;       /* ends with a zero that `len` does not count; free with skw_rest_free */
	size_t len;
	bool secret; /* the body lies in locked memory */
	struct skw_rest_stream
	    *stream; /* instead of the body; skw_rest_stream.h. The caller's to free */
};

/* What health tells of the program around the chain. Optional; call once after opening. */
struct skw_rest_about {
	uint64_t started_unix;
	bool produces; /* it signs blocks */
	bool csrf, header_check;
	unsigned sets; /* 0: SKW_REST_DEFAULT */
};
void skw_rest_set_about(struct skw_chain *chain, const struct skw_rest_about *about);
/* Connects the answers with the network around the chain: connections, heights, and announcing what
 * is injected. Without it, the node has no network and says so. NULL takes it away. */
void skw_rest_set_sync(struct skw_chain *chain, struct skw_sync *sync);
/* Where texts of programs are kept. NULL takes it away. */
void skw_rest_set_storage(struct skw_chain *chain, struct skw_storage *storage);
/* The wallets that it serves, and changes. NULL takes them away. */
void skw_rest_set_wallets(struct skw_chain *chain, struct skw_wallets *wallets);

/* Always fills *out; status 500 with an empty body if memory ran out. */
void skw_rest_handle(struct skw_chain *chain, uint64_t now_unix,
		     const struct skw_rest_request *request, struct skw_rest_answer *out);
/* Refuses a request before it is answered: "403 Forbidden - words", as JSON under /api/v2/. */
void skw_rest_refuse(struct skw_rest_answer *out, const char *path, unsigned status,
		     const char *words);
void skw_rest_free(struct skw_rest_answer *answer);
/* "application/json", with or without parameters. */
bool skw_rest_type_is_json(const char *type);

#endif
