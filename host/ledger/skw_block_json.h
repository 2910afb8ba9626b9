/* skw_block_json - blocks and transactions as the JSON of Skycoin's REST, both ways.
 *
 *   {"header": {...}, "body": {"txns": [...]}, "size": n, "sig": hex}
 *
 * The original's answers have no "sig": such a block can be shown, but nobody can tell whose it is.
 * What is read comes from anywhere: either the whole object, or an error in words.
 */
#ifndef SKW_BLOCK_JSON_H
#define SKW_BLOCK_JSON_H

#include <jansson.h>

#include "ledger/skw_chain.h"
#include "ledger/skw_json.h"

/* NULL and bytes for skw_bytes_free, or what is wrong. Neither ids nor hashes that the text states
 * are believed: who decodes the bytes computes them; a block's must be those of its header. */
const char *skw_tx_from_json(struct skw_bytes *out, const json_t *tx);
/* The signature is all zero if there is none. */
const char *skw_block_from_json(struct skw_bytes *out, const json_t *block);

void skw_tx_to_json(struct skw_json *j, const struct skw_tx *tx);
void skw_block_to_json(struct skw_json *j, const struct skw_block *block);

#endif
