/* skw_rest_wallet - what the files of the wallet's REST answers share. Nobody else includes it. */
#ifndef SKW_REST_WALLET_H
#define SKW_REST_WALLET_H

#include "ledger/skw_rest_inside.h"
#include "ledger/skw_wallet_inside.h"

/* NULL after failing the call: 400 for an empty id, `unknown` (400, 404, 500) for one of nobody. */
const struct skw_wallets_item *skw_rest_find_wallet(struct skw_rest_call *call, const char *id,
						    unsigned unknown);
/* All of the wallet's. Free the list. */
bool skw_rest_wallet_addresses(struct skw_rest_call *call, struct skw_rest_addresses *out,
			       const struct skw_wallet *wallet);
void skw_rest_show_wallet(struct skw_rest_call *call, const char *key,
			  const struct skw_wallets_item *item);
/* {"addresses": those from entry `first` on} */
void skw_rest_show_new_addresses(struct skw_json *j, const struct skw_wallet *wallet, size_t first);
/* The original's words for what is wrong with BIP-39 words; NULL if nothing is. */
const char *skw_rest_words_trouble(const char *seed);
/* The same for what a wallet refused, and with which status the call fails. */
void skw_rest_wallet_failed(struct skw_rest_call *call, enum skw_wallet_status status);
/* A copy that can be changed: unlocked with `password`, which must be given exactly if the wallet
 * is locked. *relock says to lock it again. NULL after failing the call. */
struct skw_wallet *skw_rest_wallet_unlocked(struct skw_rest_call *call,
					    const struct skw_wallets_item *item,
					    const char *password);

/* Locks the copy with the password, if there is one and it is open, writes it and puts it into its
 * place. The copy is gone in any case; on false the call has failed. */
bool skw_rest_wallet_keep(struct skw_rest_call *call, const struct skw_wallets_item *item,
			  struct skw_wallet *copy, const char *password,
			  enum skw_wallet_status status);
/* With the original's parameters. */
enum skw_wallet_status skw_rest_wallet_lock(struct skw_rest_call *call, struct skw_wallet *wallet,
					    const char *password);

#endif
