/* skw_chain_inside - what the files of the chain share among themselves. Nobody else includes it.
 */
#ifndef SKW_CHAIN_INSIDE_H
#define SKW_CHAIN_INSIDE_H

#include "ledger/skw_rest.h"
#include "ledger/skw_store.h"

struct skw_chain {
	struct skw_store store;
	struct skw_network network;
	struct skw_sha256 genesis; /* hash of block 0 */
	struct skw_chain_head head;
	uint64_t outputs; /* ever made: the number of the next one */
	bool batch;       /* between skw_chain_batch_begin and _end */
	struct skw_rest_about about;
	struct skw_sync *sync;       /* the network around it; NULL: none */
	struct skw_wallets *wallets; /* that REST serves; NULL: none */
	struct skw_storage *storage; /* that REST serves; NULL: none */
};

/* One change of the file: everything between begin and end(true), or nothing. */
bool skw_chain_change_begin(struct skw_chain *chain);
bool skw_chain_change_end(struct skw_chain *chain, bool keep);

/* Writes a block that has been verified (or block 0) and moves the head. */
enum skw_chain_status skw_chain_write(struct skw_chain *chain, const struct skw_block *block,
				      struct skw_block_verdict *verdict);
/* Counts the pool again into head.pending. */
bool skw_chain_count_pool(struct skw_chain *chain);
/* Drops the block's transactions from the pool, then all that can no longer be confirmed. */
enum skw_chain_status skw_chain_clean_pool(struct skw_chain *chain, const struct skw_block *block);
/* A transaction's soft and hard standing for the next block, signatures taken as proven. */
struct skw_verdict skw_chain_standing(struct skw_chain *chain, const struct skw_tx *tx,
				      struct skw_tx_totals *totals);

#endif
