/* skw_rest_spend - a transaction as a REST request describes it. Nobody but REST includes it. */
#ifndef SKW_REST_SPEND_H
#define SKW_REST_SPEND_H

#include "ledger/skw_rest_wallet.h"
#include "ledger/skw_spend.h"

struct skw_rest_plan {
	struct skw_tx_output to[SKW_SPEND_MAX];
	size_t tos;
	bool shares;          /* hours by share_factor, not by the destinations' own */
	uint64_t part, whole; /* of share_factor */
	bool has_change;
	struct skw_address change;
	bool ignore_unconfirmed;
	struct skw_rest_addresses from; /* these addresses' outputs, or */
	struct skw_sha256 *unspents;    /* these outputs; neither: all of the wallet */
	size_t unspent_count;
};

/* Reads and checks the request, in the original's words. Free it in any case. */
bool skw_rest_plan_take(struct skw_rest_call *call, struct skw_rest_plan *plan, const json_t *root);
void skw_rest_plan_free(struct skw_rest_plan *plan);

/* A transaction made, and who owns its inputs. */
struct skw_rest_made {
	uint8_t raw[SKW_TX_SIZE(SKW_SPEND_MAX, SKW_SPEND_MAX)];
	struct skw_spend_result result;
	struct skw_address owner[SKW_SPEND_MAX];
	size_t ins;
};

/* Judges what was made by the rules, and shows it. */
void skw_rest_show_made(struct skw_rest_call *call, const uint8_t *raw, size_t len, bool unsigned_);
/* False if the wallet has not its owner's key. */
bool skw_rest_sign_input(uint8_t *raw, size_t len, uint32_t i, const struct skw_wallet *wallet,
			 const struct skw_address *owner);

#endif
