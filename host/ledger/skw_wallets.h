/* skw_wallets - the wallet files of a folder, as a node serves them: each by its file's name.
 *
 *   open the folder -> wallets in memory -> change: copy, alter, write the file, replace
 *
 * What is changed is a copy until it stands on the disk: a change that fails leaves both as they
 * were, and an unlocked copy lives no longer than the change. One object is for one thread.
 */
#ifndef SKW_WALLETS_H
#define SKW_WALLETS_H

#include "ledger/skw_wallet.h"

#define SKW_WALLETS_MAX 1000u
#define SKW_WALLETS_ID 256u

struct skw_wallets;

struct skw_wallets_item {
	char id[SKW_WALLETS_ID];
	struct skw_wallet *wallet;
	bool temporary; /* in memory only */
};

/* Reads all *.wlt of the folder, which is made (0700) if it is not there. One that is no wallet is
 * told of and left alone. NULL, with errno, if the folder cannot be used. */
typedef void skw_wallets_note(const char *id, enum skw_wallet_status status);
struct skw_wallets *skw_wallets_open(const char *folder, skw_wallets_note *note);
void skw_wallets_free(struct skw_wallets *wallets);

const char *skw_wallets_folder(const struct skw_wallets *wallets); /* absolute */
size_t skw_wallets_count(const struct skw_wallets *wallets);
/* By the time of their making. i < count; valid until the next change */
const struct skw_wallets_item *skw_wallets_at(const struct skw_wallets *wallets, size_t i);
/* NULL if there is none. */
const struct skw_wallets_item *skw_wallets_find(const struct skw_wallets *wallets, const char *id);
/* True if one of them has the same keys: made from the same seed or xpub. */
bool skw_wallets_has(const struct skw_wallets *wallets, const struct skw_wallet *wallet);

/* Takes a new wallet over, names its file as the original would and writes it; if that fails it
 * stays the caller's. *item is then where it is. */
enum skw_wallet_status skw_wallets_add(struct skw_wallets *wallets, struct skw_wallet *wallet,
				       bool temporary, uint64_t now_unix,
				       const struct skw_wallets_item **item);
/* A copy of a wallet, for changing. */
enum skw_wallet_status skw_wallets_copy(const struct skw_wallets_item *item,
					struct skw_wallet **out);
/* Writes the copy and puts it into its place; it is the table's then. If that fails it stays the
 * caller's. */
enum skw_wallet_status skw_wallets_replace(struct skw_wallets *wallets, const char *id,
					   struct skw_wallet *copy);
/* Forgets it; the file stays. */
void skw_wallets_unload(struct skw_wallets *wallets, const char *id);

#endif
