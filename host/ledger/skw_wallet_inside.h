/* skw_wallet_inside - what the wallet and its file form share. Nobody else includes it. */
#ifndef SKW_WALLET_INSIDE_H
#define SKW_WALLET_INSIDE_H

#include <jansson.h>

#include "ledger/skw_wallet.h"

#define SKW_WALLET_SEED_MAX 1024u /* bytes */

struct skw_wallet {
	json_t *meta; /* all strings; keys that we do not know are kept */
	struct skw_wallet_entry *entries;
	size_t count, room;
};

/* Empty, with jansson told to wipe what it frees. NULL if memory ran out. */
struct skw_wallet *skw_wallet_alloc(void);
bool skw_wallet_reserve(struct skw_wallet *wallet, size_t count);
const char *skw_wallet_meta(const struct skw_wallet *wallet, const char *key);
bool skw_wallet_set_meta(struct skw_wallet *wallet, const char *key, const char *value);

#endif
