/* skw_rest_client - asks a Skycoin node, ours or an original one: requests and answers as bytes.
 *
 * The caller does the HTTP: it sends `method path` with `body` of `type` and hands the answer's
 * body back. Answers come from the net: each parser either gives the whole object or refuses.
 */
#ifndef SKW_REST_CLIENT_H
#define SKW_REST_CLIENT_H

#include "ledger/skw_ux.h"

#define SKW_CLIENT_OUTPUTS_MAX 100000u

struct skw_client_request {
	const char *method;
	char *path; /* begins with /api/ */
	const char *type;
	char *body; /* NULL for none */
};
/* False: out of memory (or no address, for outputs). */
bool skw_client_ask_outputs(struct skw_client_request *out, const struct skw_address *addresses,
			    size_t count);
bool skw_client_ask_inject(struct skw_client_request *out, const uint8_t *raw, size_t len);
bool skw_client_ask_tx(struct skw_client_request *out, const struct skw_sha256 *txid);
bool skw_client_ask_raw_tx(struct skw_client_request *out, const struct skw_sha256 *txid);
bool skw_client_ask_output(struct skw_client_request *out, const struct skw_sha256 *uxid);
bool skw_client_ask_metadata(struct skw_client_request *out);
/* A node with CSRF protection wants its token in the header X-CSRF-Token of a POST; one without
 * answers 404 to this, and needs none. */
bool skw_client_ask_csrf(struct skw_client_request *out);
void skw_client_request_free(struct skw_client_request *request);

struct skw_client_output {
	struct skw_sha256 uxid; /* checked: it is the hash of `ux` */
	struct skw_ux ux;
	struct skw_hours hours_now; /* calculated_hours: at the head block's time */
};

struct skw_client_outputs {
	struct skw_block_header head;
	struct skw_sha256 head_hash;
	struct skw_client_output *unspent; /* confirmed */
	size_t unspents;
	struct skw_client_output *outgoing; /* of them, those that a pending transaction spends */
	size_t outgoings;
	struct skw_client_output *incoming; /* of pending transactions: not spendable yet */
	size_t incomings;
};
bool skw_client_parse_outputs(struct skw_client_outputs *out, const char *body, size_t len);
void skw_client_outputs_free(struct skw_client_outputs *outputs);
/* True if a pending transaction spends it. */
bool skw_client_is_outgoing(const struct skw_client_outputs *outputs,
			    const struct skw_sha256 *uxid);

bool skw_client_parse_inject(struct skw_sha256 *txid, const char *body, size_t len);

struct skw_client_tx {
	bool confirmed;
	uint64_t height;    /* blocks on top of it, itself included */
	uint64_t block_seq; /* if confirmed */
	uint64_t time;
	struct skw_sha256 txid;
};
bool skw_client_parse_tx(struct skw_client_tx *out, const char *body, size_t len);
/* The transaction's bytes; returns their number, 0 if malformed or longer than `cap`. */
size_t skw_client_parse_raw_tx(uint8_t *out, size_t cap, const char *body, size_t len);

/* Who spent the output that was asked for: false also if nobody has. */
bool skw_client_parse_spent(struct skw_sha256 *spent_by, const char *body, size_t len);

struct skw_client_metadata {
	struct skw_block_header head;
	struct skw_sha256 head_hash;
	uint64_t unspents;
	uint64_t unconfirmed;
};
/* Also checks that the header hashes to head_hash. */
bool skw_client_parse_metadata(struct skw_client_metadata *out, const char *body, size_t len);
bool skw_client_parse_csrf(char out[256], const char *body, size_t len);

#endif
