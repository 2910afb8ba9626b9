/* skw_rest_pool - the pending transactions as outputs and balances see them. */
#ifndef SKW_REST_POOL_H
#define SKW_REST_POOL_H

#include "ledger/skw_rest_inside.h"

/* Which outputs the pool spends (sorted by id), and which it would make. */
struct skw_rest_pool {
	struct skw_sha256 *spent;
	size_t spents, spent_room;
	struct skw_ux *made;
	size_t mades, made_room;
	struct skw_block_header head;
	bool failed;
};

/* On false the call has failed. Free it otherwise. */
bool skw_rest_pool_load(struct skw_rest_call *call, struct skw_rest_pool *pool);
void skw_rest_pool_free(struct skw_rest_pool *pool);
bool skw_rest_pool_spends(const struct skw_rest_pool *pool, const struct skw_sha256 *uxid);

#endif
