/* skw_ux - an output on the chain, spent or not: what it is, its ids, its coin hours.
 *
 *   body   src_tx 32 | address 21 | coins u64 | hours u64      H(body) = its id, "uxid"
 *   head   time u64 | seq u64 of the block that made it        H(body || head) = its snapshot
 */
#ifndef SKW_UX_H
#define SKW_UX_H

#include "ledger/skw_block.h"

struct skw_ux {
	struct skw_sha256 src_tx; /* zero for the outputs of block 0 */
	struct skw_address address;
	struct skw_droplets coins;
	struct skw_hours hours; /* when it was made */
	uint64_t time;
	uint64_t seq;
};

enum skw_ux_hours_status {
	SKW_UX_HOURS_OK,
	SKW_UX_HOURS_EARNED, /* the hours earned do not fit: always an error */
	SKW_UX_HOURS_TOTAL,  /* stored + earned do not fit: a block counts the input as 0 hours */
};

/* Output `out` of transaction `txid` in the block with this header. */
struct skw_ux skw_ux_of(const struct skw_block_header *header, const struct skw_sha256 *txid,
			const struct skw_tx_output *out);
void skw_ux_id(struct skw_sha256 *uxid, const struct skw_ux *ux);
void skw_ux_snapshot(struct skw_sha256 *hash, const struct skw_ux *ux);

/* Coin hours at `time`: one for each coin held for an hour. On failure *out is 0. */
enum skw_ux_hours_status skw_ux_hours_at(struct skw_hours *out, const struct skw_ux *ux,
					 uint64_t time);

#endif
