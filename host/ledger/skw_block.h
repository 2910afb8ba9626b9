/* skw_block - block headers, and signed blocks as they lie in a buffer.
 *
 *   header 124 | n u32, n transactions | signature 65
 */
#ifndef SKW_BLOCK_H
#define SKW_BLOCK_H

#include "ledger/skw_tx.h"

#define SKW_BLOCK_HEADER_LEN 124u
#define SKW_BLOCK_MAXLEN 65535u /* transactions */

struct skw_block_header {
	uint32_t version;
	uint64_t time; /* unix seconds */
	uint64_t seq;
	uint64_t fee; /* coin hours */
	struct skw_sha256 prev;
	struct skw_sha256 body; /* merkle root of the transaction ids */
	struct skw_sha256 ux;   /* XOR of the snapshots of all outputs unspent before this block */
};

/* `raw` and `txs` point into the buffer that it was decoded from. */
struct skw_block {
	const uint8_t *raw; /* the whole signed block */
	size_t size;
	struct skw_block_header header;
	uint32_t count;
	const uint8_t *txs;
	size_t txs_size; /* Skycoin's "size" of a block: its transactions alone */
	struct skw_coin_sig sig;
};

/* Exactly one signed block. All its transactions have been walked: iterating cannot fail. */
enum skw_codec_status skw_block_decode(struct skw_block *block, const uint8_t *data, size_t len);
/* The next of several, as skw_tx_get. */
enum skw_codec_status skw_block_get(struct skw_block *block, struct skw_reader *r);
/* A reader over the transactions, for block->count calls of skw_tx_get. */
struct skw_reader skw_block_txs(const struct skw_block *block);

void skw_block_header_put(struct skw_writer *w, const struct skw_block_header *header);
void skw_block_header_get(struct skw_reader *r, struct skw_block_header *header);
/* H(header): the block's hash, and what its signature signs. */
void skw_block_hash(struct skw_sha256 *hash, const struct skw_block_header *header);
/* What header.body should be. */
void skw_block_body_hash(struct skw_sha256 *root, const struct skw_block *block);

/* Skycoin's merkle tree, leaf by leaf: padded with zero hashes to a power of two. */
struct skw_merkle {
	uint32_t leaves;
	struct skw_sha256 level[17]; /* the left halves still waiting for their right one */
};
void skw_merkle_init(struct skw_merkle *m);
void skw_merkle_add(struct skw_merkle *m, const struct skw_sha256 *leaf); /* <= 65536 times */
void skw_merkle_root(struct skw_sha256 *root, const struct skw_merkle *m);

#endif
