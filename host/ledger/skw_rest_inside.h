/* skw_rest_inside - what the files of the REST answers share. Nobody else includes it. */
#ifndef SKW_REST_INSIDE_H
#define SKW_REST_INSIDE_H

#include "ledger/skw_chain_inside.h"
#include "ledger/skw_json.h"

#define SKW_REST_ARGS 16u

/* Decoded arguments of a query and a form; they point into `text`. */
struct skw_rest_args {
	char *text;
	struct {
		const char *name;
		const char *value;
	} arg[SKW_REST_ARGS];
	unsigned count;
};

struct skw_rest_call {
	struct skw_chain *chain;
	uint64_t now;
	const char *method;
	struct skw_rest_args args;
	const char *body;
	size_t body_len;
	struct skw_json json;
	bool v2;         /* errors are JSON too */
	unsigned status; /* 200 until skw_rest_fail */
	char error[256];
};

/* False if memory ran out. What is over SKW_REST_ARGS is left out. */
bool skw_rest_args_parse(struct skw_rest_args *args, const char *query, const char *form,
			 size_t form_len);
void skw_rest_args_free(struct skw_rest_args *args);
/* "" if it was not given. */
const char *skw_rest_arg(const struct skw_rest_call *call, const char *name);

/* Ends the call with this status; `format` NULL says no more than the status does. */
void skw_rest_fail(struct skw_rest_call *call, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Status 500 for a chain that failed. */
void skw_rest_chain_failed(struct skw_rest_call *call, enum skw_chain_status status);

/* Arguments in their types; on false the call has failed with the original's words. */
bool skw_rest_hash(struct skw_rest_call *call, struct skw_sha256 *out, const char *text);
bool skw_rest_flag(struct skw_rest_call *call, bool *out, const char *name);
bool skw_rest_u64(uint64_t *out, const char *text); /* does not fail the call */

/* A comma-separated list, one item after another; false at its end. *at starts at the list. */
bool skw_rest_item(const char **at, char *item, size_t cap);
struct skw_rest_addresses {
	struct skw_address *list;
	size_t count;
};
/* Those of argument `addrs`, each once. Free the list. */
bool skw_rest_addresses(struct skw_rest_call *call, struct skw_rest_addresses *out,
			const char *text);
/* The text in Go's %q. */
void skw_rest_quote(char *out, size_t cap, const char *text);

/* JSON forms: skw_rest_show.c */
void skw_rest_show_hash(struct skw_json *j, const char *key, const struct skw_sha256 *hash);
void skw_rest_show_header(struct skw_json *j, const char *key,
			  const struct skw_block_header *header);
void skw_rest_show_address(struct skw_json *j, const char *key, const struct skw_address *address);
void skw_rest_show_coins(struct skw_json *j, const char *key, struct skw_droplets coins);
/* How a transaction is shown: `time` 0 leaves the timestamp out; `verbose` tells of its inputs and
 * their hours at `hours_at`. */
struct skw_rest_tx_style {
	uint64_t time;
	bool verbose;
	uint64_t hours_at;
	uint64_t seq; /* of its block, or the next one's */
};
void skw_rest_show_tx(struct skw_rest_call *call, const char *key, const struct skw_tx *tx,
		      const struct skw_rest_tx_style *style);
void skw_rest_show_block(struct skw_rest_call *call, const struct skw_block *block, bool verbose);
/* Stored + earned, 0 where that does not fit. */
struct skw_hours skw_rest_hours(const struct skw_ux *ux, uint64_t time);

/* The end points. */
void skw_rest_version(struct skw_rest_call *call);
void skw_rest_health(struct skw_rest_call *call);
void skw_rest_metadata(struct skw_rest_call *call);
void skw_rest_progress(struct skw_rest_call *call);
void skw_rest_block(struct skw_rest_call *call);
void skw_rest_blocks(struct skw_rest_call *call);
void skw_rest_last_blocks(struct skw_rest_call *call);
void skw_rest_balance(struct skw_rest_call *call);
void skw_rest_outputs(struct skw_rest_call *call);
void skw_rest_transaction(struct skw_rest_call *call);
void skw_rest_transactions(struct skw_rest_call *call);
void skw_rest_rawtx(struct skw_rest_call *call);
void skw_rest_inject(struct skw_rest_call *call);
void skw_rest_pending(struct skw_rest_call *call);
void skw_rest_uxout(struct skw_rest_call *call);
void skw_rest_address_uxouts(struct skw_rest_call *call);
void skw_rest_address_count(struct skw_rest_call *call);
void skw_rest_connections(struct skw_rest_call *call);
void skw_rest_resend(struct skw_rest_call *call);
void skw_rest_rich_list(struct skw_rest_call *call);
void skw_rest_coin_supply(struct skw_rest_call *call);
void skw_rest_verify_address(struct skw_rest_call *call);
void skw_rest_verify_tx(struct skw_rest_call *call);
/* Connections of both kinds; those that were introduced count. */
void skw_rest_count_connections(struct skw_rest_call *call, unsigned *outgoing, unsigned *incoming);

#endif
