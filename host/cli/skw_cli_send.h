/* skw_cli_send - the parts of `skywave wallet` that need a node. */
#ifndef SKW_CLI_SEND_H
#define SKW_CLI_SEND_H

#include <stdbool.h>

#include "ledger/skw_tx.h"
#include "ledger/skw_wallet.h"

/* Exit status; what went wrong is on standard error. */
int skw_cli_balance(const struct skw_wallet *wallet, const char *node, bool json);
/* Sends to->coins; to->hours too if `hours_given`, else half of what the fee leaves. */
int skw_cli_send(const struct skw_wallet *wallet, const char *node, struct skw_tx_output *to,
		 bool hours_given, bool json);

#endif
