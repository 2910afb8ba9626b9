/* skw_cli_chain_file - blocks and transactions from a file, one after another.
 *
 *   hex      one a line
 *   JSON     an object of REST's, a list of them, or {"blocks": [...]}
 *   binary   as they follow each other, in Skycoin's encoding
 *
 * Which it is follows from the first bytes. Hex is read line by line, so that a file may be long.
 */
#ifndef SKW_CLI_CHAIN_FILE_H
#define SKW_CLI_CHAIN_FILE_H

#include <stdio.h>

#include <jansson.h>

#include "ledger/skw_chain.h"

struct skw_cli_chain_file {
	const char *path;
	unsigned long number; /* of the object in hand, from 1: its line if it is hex */
	const uint8_t *data;  /* one block or transaction */
	size_t len;
	bool failed; /* and said so on standard error */

	FILE *file; /* what follows is the reader's own */
	char *text;
	size_t room;
	struct skw_bytes bytes;
	struct skw_reader rest; /* binary */
	json_t *root;
	const json_t *list;
	bool hex;
};

/* False with a line on standard error. Close it in any case. */
bool skw_cli_chain_file_open(struct skw_cli_chain_file *f, const char *path);
/* False at the end, or with `failed`. */
bool skw_cli_chain_file_next(struct skw_cli_chain_file *f);
void skw_cli_chain_file_close(struct skw_cli_chain_file *f);
/* A line on standard error: file, number, why. Returns false. */
bool skw_cli_chain_file_refuse(const struct skw_cli_chain_file *f, const char *why);

#endif
