/* skw_wallet - Skycoin's deterministic wallet file (.wlt), not encrypted.
 *
 * Files that the original wrote open here and the reverse. The file is written beside its place
 * and renamed into it, readable by its owner alone; memory that held a seed or a secret is wiped.
 */
#ifndef SKW_WALLET_H
#define SKW_WALLET_H

#include "ledger/skw_address.h"

#define SKW_WALLET_MAX 100000u /* entries */

enum skw_wallet_status {
	SKW_WALLET_OK,
	SKW_WALLET_SEED,      /* empty, or over 1024 bytes */
	SKW_WALLET_MANY,      /* over SKW_WALLET_MAX entries */
	SKW_WALLET_FILE,      /* cannot be read or written: errno says why */
	SKW_WALLET_EXISTS,    /* creating would overwrite a wallet */
	SKW_WALLET_FORMAT,    /* not a wallet file */
	SKW_WALLET_TYPE,      /* a wallet, but not a deterministic Skycoin one */
	SKW_WALLET_ENCRYPTED, /* its secrets are under a password */
	SKW_WALLET_KEYS,      /* an entry's address or public key is not its secret key's */
	SKW_WALLET_MEMORY,
};

struct skw_wallet_entry {
	struct skw_address address;
	struct skw_coin_public public_key;
	struct skw_coin_secret secret;
};

struct skw_wallet;

const char *skw_wallet_status_text(enum skw_wallet_status status);

/* A wallet with no entries yet. The seed is taken as it is: every byte counts. */
enum skw_wallet_status skw_wallet_new(struct skw_wallet **out, const char *seed, const char *label,
				      uint64_t now_unix);
enum skw_wallet_status skw_wallet_load(struct skw_wallet **out, const char *path);
/* The same from text in memory. */
enum skw_wallet_status skw_wallet_parse(struct skw_wallet **out, const char *text, size_t len);
/* Creates (fails if the file is there) or replaces the file. */
enum skw_wallet_status skw_wallet_create(struct skw_wallet *wallet, const char *path);
enum skw_wallet_status skw_wallet_save(struct skw_wallet *wallet, const char *path);
void skw_wallet_free(struct skw_wallet *wallet); /* wipes; NULL is fine */

/* Adds the next `count` keys of the seed. */
enum skw_wallet_status skw_wallet_grow(struct skw_wallet *wallet, size_t count);
size_t skw_wallet_count(const struct skw_wallet *wallet);
/* i < skw_wallet_count; valid until the wallet grows or is freed */
const struct skw_wallet_entry *skw_wallet_entry(const struct skw_wallet *wallet, size_t i);
/* NULL if the address is not of this wallet. */
const struct skw_wallet_entry *skw_wallet_find(const struct skw_wallet *wallet,
					       const struct skw_address *address);
const char *skw_wallet_label(const struct skw_wallet *wallet);

#endif
