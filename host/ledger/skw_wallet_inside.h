/* skw_wallet_inside - what the wallet and its file form share. Nobody else includes it. */
#ifndef SKW_WALLET_INSIDE_H
#define SKW_WALLET_INSIDE_H

#include <jansson.h>

#include "ledger/skw_json.h"
#include "ledger/skw_wallet.h"

#define SKW_WALLET_ACCOUNTS 16u
#define SKW_WALLET_NAME 128u

/* In locked memory. Empty while the wallet is locked. */
struct skw_wallet_vault {
	char seed[SKW_WALLET_SEED_MAX + 1];
	char last_seed[SKW_WALLET_SEED_MAX + 1];  /* deterministic */
	char passphrase[SKW_WALLET_SEED_MAX + 1]; /* bip44 */
	struct skw_bip32 account[SKW_WALLET_ACCOUNTS];
};

struct skw_wallet_account {
	char name[SKW_WALLET_NAME];
	uint32_t index;
	struct skw_bip32 chain[2]; /* public: external, change */
};

struct skw_wallet {
	enum skw_wallet_kind kind;
	enum skw_wallet_coin coin;
	bool locked;
	json_t *meta; /* all strings, none secret; keys that we do not know are kept */
	struct skw_wallet_vault *vault;
	struct skw_wallet_entry *entries; /* in locked memory */
	size_t count, room;
	struct skw_wallet_account accounts[SKW_WALLET_ACCOUNTS];
	size_t account_count;
	bool bare; /* of a locked bip44 wallet: its chains are not known until it is unlocked */
	struct skw_bip32 xpub;      /* of an xpub wallet: its addresses are the children */
	struct skw_crypt_cost cost; /* that it was locked with; n is 0 if it never was */
	enum skw_crypt_kind cipher;
	struct skw_crypt_later *later; /* takes the work of locking and unlocking; NULL: nobody */
};

/* Empty. NULL if memory ran out. */
struct skw_wallet *skw_wallet_alloc(void);
bool skw_wallet_reserve(struct skw_wallet *wallet, size_t count);
const char *skw_wallet_meta(const struct skw_wallet *wallet, const char *key);
bool skw_wallet_set_meta(struct skw_wallet *wallet, const char *key, const char *value);
/* False if it does not fit. */
bool skw_wallet_set_text(char out[SKW_WALLET_SEED_MAX + 1], const char *text);
enum skw_wallet_status skw_wallet_no_duplicates(const struct skw_wallet *wallet);
/* The account's key and chains from the words in the vault. */
bool skw_wallet_derive_account(struct skw_bip32 *key, struct skw_bip32 chain[2],
			       const struct skw_wallet *wallet, uint32_t index);
/* Sets everything that is secret to zero. */
void skw_wallet_wipe_secrets(struct skw_wallet *wallet);

/* The whole file as text; `j` is one for secrets. */
bool skw_wallet_write(struct skw_json *j, const struct skw_wallet *wallet);

/* Parses JSON into memory that is locked and, when freed, wiped. Only one at a time a thread. */
json_t *skw_wallet_json_begin(const char *text, size_t len);
void skw_wallet_json_end(json_t *root);
/* jansson wipes what it frees from now on. */
void skw_wallet_json_setup(void);

#endif
