/* skw_wallet - Skycoin's wallet files (.wlt): deterministic, bip44, collection and xpub.
 *
 *   deterministic   keys follow from the seed's text, one from the other
 *   bip44           keys follow from BIP-39 words: m/44'/coin'/account'/change/i
 *   collection      loose keys
 *   xpub            addresses of a chain's public key, for watching: no secrets at all
 *
 * Files that the original wrote open here and the reverse. A locked wallet shows its addresses; its
 * seed and secret keys are a ciphertext (skw_crypt). A file is written beside its place and renamed
 * into it, readable by its owner alone. Seeds and secrets lie in memory that is locked (as far as
 * the system's limit for locked memory goes), left out of core dumps and wiped.
 */
#ifndef SKW_WALLET_H
#define SKW_WALLET_H

#include "ledger/skw_address.h"
#include "ledger/skw_bip32.h"
#include "ledger/skw_crypt.h"

#define SKW_WALLET_MAX 100000u      /* entries */
#define SKW_WALLET_SEED_MAX 1024u   /* bytes of a seed or a passphrase */
#define SKW_WALLET_ADDRESS_TEXT 36u /* in Skycoin's or Bitcoin's form */

enum skw_wallet_status {
	SKW_WALLET_OK,
	SKW_WALLET_SEED,      /* empty, or over 1024 bytes, or not UTF-8 */
	SKW_WALLET_WORDS,     /* a bip44 wallet needs BIP-39 words, and these are none */
	SKW_WALLET_XPUB_KEY,  /* an xpub wallet needs an extended public key */
	SKW_WALLET_MANY,      /* over SKW_WALLET_MAX entries */
	SKW_WALLET_FILE,      /* cannot be read or written: errno says why */
	SKW_WALLET_EXISTS,    /* creating would overwrite a wallet */
	SKW_WALLET_FORMAT,    /* not a wallet file */
	SKW_WALLET_TYPE,      /* a wallet, but of a kind or coin that this cannot be done with */
	SKW_WALLET_ENCRYPTED, /* its secrets are under a password */
	SKW_WALLET_PLAIN,     /* they are not */
	SKW_WALLET_CIPHER,    /* unknown cipher, or not a ciphertext of it */
	SKW_WALLET_COST,     /* unlocking it would take more memory or work than any wallet needs */
	SKW_WALLET_PASSWORD, /* wrong, or the ciphertext was altered */
	SKW_WALLET_KEYS,     /* an entry's address or public key is not its secret key's */
	SKW_WALLET_DUPLICATE, /* an address is in it twice */
	SKW_WALLET_MEMORY,
	SKW_WALLET_LATER, /* the key is not made yet: skw_crypt_later.h */
};

enum skw_wallet_kind {
	SKW_WALLET_DETERMINISTIC,
	SKW_WALLET_BIP44,
	SKW_WALLET_COLLECTION,
	SKW_WALLET_XPUB,
};
enum skw_wallet_coin { SKW_WALLET_SKYCOIN, SKW_WALLET_BITCOIN };

struct skw_wallet_entry {
	struct skw_address address;
	struct skw_coin_public public_key;
	struct skw_coin_secret secret; /* zero while the wallet is locked, and of xpub */
	/* of bip44; of xpub only `child` */
	uint8_t account; /* which one of the file's */
	uint8_t change;  /* 0 external, 1 change */
	uint32_t child;
};

struct skw_wallet_options {
	enum skw_wallet_kind kind;
	enum skw_wallet_coin coin;
	const char *seed;       /* every byte counts; NULL for a collection or xpub */
	const char *passphrase; /* of the words; NULL or "" for none */
	const char *label;
	const char *xpub;       /* of an xpub wallet: "xpub..." */
	const char *bip44_coin; /* of bip44's path, in digits; NULL: the coin's own */
};

struct skw_wallet;

const char *skw_wallet_status_text(enum skw_wallet_status status);

/* A wallet with no entries yet. */
enum skw_wallet_status skw_wallet_make(struct skw_wallet **out,
				       const struct skw_wallet_options *options, uint64_t now_unix);
/* The common one: deterministic, Skycoin. */
enum skw_wallet_status skw_wallet_new(struct skw_wallet **out, const char *seed, const char *label,
				      uint64_t now_unix);
/* Any wallet file, locked or not. */
enum skw_wallet_status skw_wallet_open(struct skw_wallet **out, const char *path);
/* Only one that Skycoin can be spent from as it is: not locked, not of another coin. */
enum skw_wallet_status skw_wallet_load(struct skw_wallet **out, const char *path);
/* The same two from text in memory. */
enum skw_wallet_status skw_wallet_read(struct skw_wallet **out, const char *text, size_t len);
enum skw_wallet_status skw_wallet_parse(struct skw_wallet **out, const char *text, size_t len);
/* Creates (fails if the file is there) or replaces the file. */
enum skw_wallet_status skw_wallet_create(struct skw_wallet *wallet, const char *path);
enum skw_wallet_status skw_wallet_save(struct skw_wallet *wallet, const char *path);
void skw_wallet_free(struct skw_wallet *wallet); /* wipes; NULL is fine */

/* Adds the next `count` keys of the seed; of bip44, to the first account's external chain, which
 * needs no password. */
enum skw_wallet_status skw_wallet_grow(struct skw_wallet *wallet, size_t count);
/* Of bip44: change addresses. */
enum skw_wallet_status skw_wallet_grow_change(struct skw_wallet *wallet, size_t count);
/* Of a collection. */
enum skw_wallet_status skw_wallet_add(struct skw_wallet *wallet,
				      const struct skw_coin_secret *secret);

/* Locking wipes the secrets. The password is not empty. */
enum skw_wallet_status skw_wallet_lock(struct skw_wallet *wallet, enum skw_crypt_kind kind,
				       const struct skw_crypt_cost *cost, const char *password);
/* Locks again as it was locked before it was unlocked. */
enum skw_wallet_status skw_wallet_relock(struct skw_wallet *wallet, const char *password);
/* A wallet that cannot be unlocked stays as it is. */
enum skw_wallet_status skw_wallet_unlock(struct skw_wallet *wallet, const char *password);
bool skw_wallet_locked(const struct skw_wallet *wallet);
bool skw_wallet_set_label(struct skw_wallet *wallet, const char *label); /* false: not UTF-8 */

enum skw_wallet_kind skw_wallet_kind(const struct skw_wallet *wallet);
enum skw_wallet_coin skw_wallet_coin(const struct skw_wallet *wallet);
const char *skw_wallet_kind_name(enum skw_wallet_kind kind);
const char *skw_wallet_coin_name(enum skw_wallet_coin coin);
const char *skw_wallet_label(const struct skw_wallet *wallet);
/* "" if it has none or is locked. */
const char *skw_wallet_seed(const struct skw_wallet *wallet);
const char *skw_wallet_passphrase(const struct skw_wallet *wallet);
/* The extended public key of a chain of bip44 (0 external, 1 change), or of an xpub wallet (account
 * and change 0): who has it sees all its addresses. False if there is none. */
bool skw_wallet_xpub(char out[SKW_BIP32_TEXT], const struct skw_wallet *wallet, uint32_t account,
		     uint32_t change);

size_t skw_wallet_count(const struct skw_wallet *wallet);
/* i < skw_wallet_count; valid until the wallet grows or is freed */
const struct skw_wallet_entry *skw_wallet_entry(const struct skw_wallet *wallet, size_t i);
/* NULL if the address is not of this wallet. */
const struct skw_wallet_entry *skw_wallet_find(const struct skw_wallet *wallet,
					       const struct skw_address *address);
/* In the form of the wallet's coin. */
void skw_wallet_print_address(char out[SKW_WALLET_ADDRESS_TEXT], enum skw_wallet_coin coin,
			      const struct skw_coin_public *public_key);

#endif
