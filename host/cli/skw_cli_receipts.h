/* skw_cli_receipts - a file of receipts checked offline. */
#ifndef SKW_CLI_RECEIPTS_H
#define SKW_CLI_RECEIPTS_H

#include <stdbool.h>

/* Receipts in hex, one a line, or the JSON of `skywave pay receipts`. Each must be signed by both
 * ends; those of one account must go on from each other. 0: all is well; 1: something is not. */
int skw_cli_receipts_verify(const char *path, bool json);

#endif
