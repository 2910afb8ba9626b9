/* skw_cli_wallet - what the files of `skywave wallet` share: its options and its printing. */
#ifndef SKW_CLI_WALLET_H
#define SKW_CLI_WALLET_H

#include "cli/skw_cli_secret.h"
#include "ledger/skw_json.h"
#include "ledger/skw_wallet.h"

struct skw_cli_wallet_options {
	const char *seed, *seed_file, *passphrase_file, *label, *count, *node, *to, *amount, *hours;
	const char *type, *coin, *words, *crypto, *password_file, *key_file, *owners, *xpub;
	bool json, secrets, help, encrypt, light, change, any_seed;
	const char *argument; /* a wallet file, or an address */
	const char *second;   /* a transaction file */
};

/* Each returns the exit status. */
int skw_cli_wallet_create(const struct skw_cli_wallet_options *o, uint64_t count, bool restore);
int skw_cli_wallet_address(const struct skw_cli_wallet_options *o, uint64_t count);
int skw_cli_wallet_list(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_encrypt(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_decrypt(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_export(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_addkey(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_addressgen(const struct skw_cli_wallet_options *o, uint64_t count);
int skw_cli_wallet_verify(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_sign(const struct skw_cli_wallet_options *o);
int skw_cli_wallet_check(const struct skw_cli_wallet_options *o);

/* Opens the wallet; if it is locked and `secrets` are needed, asks for the password and unlocks it.
 * *password, if not NULL, is then the caller's. NULL, with a line on standard error, if not. */
struct skw_wallet *skw_cli_wallet_open(const struct skw_cli_wallet_options *o, bool secrets,
				       struct skw_cli_secret **password);
bool skw_cli_wallet_coin(enum skw_wallet_coin *out, const char *name);
/* Prints and frees; exit status. */
int skw_cli_wallet_print(struct skw_json *j);
int skw_cli_wallet_failed(const char *path, enum skw_wallet_status status);

#endif
