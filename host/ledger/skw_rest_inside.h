/* skw_rest_inside - what the files of the REST answers share. Nobody else includes it. */
#ifndef SKW_REST_INSIDE_H
#define SKW_REST_INSIDE_H

#include <jansson.h>

#include "ledger/skw_chain_inside.h"
#include "ledger/skw_json.h"

#define SKW_REST_ARGS 16u

/* Decoded arguments of a query and a form; they point into `text`. */
struct skw_rest_args {
	char *text;
	size_t text_len;
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
	const char *type; /* of the body, NULL if it was not told */
	struct skw_rest_args args;
	const char *body;
	size_t body_len;
	struct skw_json json;
	bool strict; /* only fields that the original's last release knows */
	bool v2;     /* errors are JSON too */
	bool whole;  /* `json` is the answer, whatever the status */
	char *text;  /* the answer, where it is not `json`; malloc'd */
	const char *text_type;
	struct skw_crypt_later *later;
	bool streams; /* `stream` may be the answer */
	struct skw_rest_stream *stream;
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
bool skw_rest_hash_after(struct skw_rest_call *call, struct skw_sha256 *out, const char *text,
			 const char *before);
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
bool skw_rest_is_listed(const struct skw_rest_addresses *addresses,
			const struct skw_address *address);
/* The body as a JSON object, for json_decref; NULL after failing the call. */
json_t *skw_rest_body(struct skw_rest_call *call);
/* Hex of a transaction, decoded into *raw, which the caller frees; on false the call has failed
 * with `before` and the reason. */
bool skw_rest_take_tx(struct skw_rest_call *call, struct skw_tx *tx, uint8_t **raw, const char *hex,
		      const char *before);
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
/* As version 2 shows one, with all that is known of its inputs. */
void skw_rest_show_created(struct skw_rest_call *call, const char *key, const struct skw_tx *tx,
			   uint64_t fee, uint64_t hours_at);
/* "Transaction violates hard constraint: Duplicate spend". */
#define SKW_REST_VIOLATION_TEXT (SKW_VERDICT_TEXT + 48)
void skw_rest_violation(char out[SKW_REST_VIOLATION_TEXT], const struct skw_verdict *verdict);
/* Every rule, a user's too; for one that is not signed yet, those about money. */
struct skw_verdict skw_rest_judge(struct skw_rest_call *call, const struct skw_tx *tx,
				  bool unsigned_, struct skw_tx_totals *totals);
/* The time at which a block's transactions took their inputs' hours: that of the one before. */
uint64_t skw_rest_time_before(struct skw_rest_call *call, uint64_t seq);
/* Input hours at `time` less output hours; 0 for the genesis transaction, which has no inputs. */
struct skw_hours skw_rest_fee(struct skw_rest_call *call, const struct skw_tx *tx, uint64_t time);
/* A transaction that is known to be there, with its status. */
void skw_rest_show_transaction(struct skw_rest_call *call, const struct skw_sha256 *txid,
			       bool verbose);
/* True if it pays to or spends from one of the addresses (any, if there are none). */
bool skw_rest_concerns(struct skw_rest_call *call, const struct skw_rest_addresses *addresses,
		       const struct skw_tx *tx);
/* The pending transactions of some addresses, or all if it is NULL, as a list. */
void skw_rest_show_pending(struct skw_rest_call *call, const char *key,
			   const struct skw_rest_addresses *addresses, bool verbose);
/* Balances of the addresses, an object. */
void skw_rest_show_balances(struct skw_rest_call *call, const struct skw_rest_addresses *addresses);
/* An unspent output, with its hours at `time`. */
void skw_rest_show_unspent(struct skw_json *j, const struct skw_sha256 *uxid,
			   const struct skw_ux *ux, uint64_t time);
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
void skw_rest_transactions_v2(struct skw_rest_call *call);
void skw_rest_rawtx(struct skw_rest_call *call);
void skw_rest_inject(struct skw_rest_call *call);
void skw_rest_pending(struct skw_rest_call *call);
void skw_rest_uxout(struct skw_rest_call *call);
void skw_rest_address_uxouts(struct skw_rest_call *call);
void skw_rest_address_count(struct skw_rest_call *call);
void skw_rest_connections(struct skw_rest_call *call);
void skw_rest_connection(struct skw_rest_call *call);
void skw_rest_default_connections(struct skw_rest_call *call);
void skw_rest_trusted_connections(struct skw_rest_call *call);
void skw_rest_exchanged_connections(struct skw_rest_call *call);
void skw_rest_disconnect(struct skw_rest_call *call);
void skw_rest_resend(struct skw_rest_call *call);
void skw_rest_rich_list(struct skw_rest_call *call);
void skw_rest_coin_supply(struct skw_rest_call *call);
void skw_rest_verify_address(struct skw_rest_call *call);
void skw_rest_verify_tx(struct skw_rest_call *call);
void skw_rest_spend(struct skw_rest_call *call);
void skw_rest_wallet(struct skw_rest_call *call);
void skw_rest_wallets(struct skw_rest_call *call);
void skw_rest_wallet_folder(struct skw_rest_call *call);
void skw_rest_wallet_balance(struct skw_rest_call *call);
void skw_rest_wallet_transactions(struct skw_rest_call *call);
void skw_rest_wallet_xpub(struct skw_rest_call *call);
void skw_rest_wallet_new_seed(struct skw_rest_call *call);
void skw_rest_wallet_verify_seed(struct skw_rest_call *call);
void skw_rest_wallet_create(struct skw_rest_call *call);
void skw_rest_wallet_create_temp(struct skw_rest_call *call);
void skw_rest_wallet_new_address(struct skw_rest_call *call);
void skw_rest_wallet_scan(struct skw_rest_call *call);
void skw_rest_wallet_update(struct skw_rest_call *call);
void skw_rest_wallet_encrypt(struct skw_rest_call *call);
void skw_rest_wallet_decrypt(struct skw_rest_call *call);
void skw_rest_wallet_seed(struct skw_rest_call *call);
void skw_rest_wallet_unload(struct skw_rest_call *call);
void skw_rest_wallet_recover(struct skw_rest_call *call);
void skw_rest_wallet_spend(struct skw_rest_call *call);
void skw_rest_wallet_sign(struct skw_rest_call *call);
void skw_rest_data(struct skw_rest_call *call);
void skw_rest_metrics(struct skw_rest_call *call);
/* Connections of both kinds; those that were introduced count. */
void skw_rest_count_connections(struct skw_rest_call *call, unsigned *outgoing, unsigned *incoming);

#endif
