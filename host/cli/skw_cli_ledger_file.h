/* skw_cli_ledger_file - the parts of `skywave ledger` that read files. Exit statuses. */
#ifndef SKW_CLI_LEDGER_FILE_H
#define SKW_CLI_LEDGER_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* `network` is "mainnet" or the path of an INI file (ledger/skw_network.h). */
int skw_cli_ledger_verify(const char *network, const char *path, bool json);
int skw_cli_ledger_parse(const char *path, bool json);

/* Blocks from..to of a node's ledger.db on standard output: "hex" a line each, "json" or "binary".
 */
int skw_cli_ledger_export(const char *network, const char *path, const char *format, uint64_t from,
			  uint64_t to);

#endif
