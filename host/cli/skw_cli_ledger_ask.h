/* skw_cli_ledger_ask - the parts of `skywave ledger` that ask a node. Exit statuses. */
#ifndef SKW_CLI_LEDGER_ASK_H
#define SKW_CLI_LEDGER_ASK_H

#include "cli/skw_cli_http.h"

int skw_cli_ledger_status(const char *node, bool json);
int skw_cli_ledger_blocks(const char *node, uint64_t last, bool json);
int skw_cli_ledger_outputs(const char *node, const char *address, bool json);
int skw_cli_ledger_transaction(const char *node, const char *txid, bool json);

#endif
