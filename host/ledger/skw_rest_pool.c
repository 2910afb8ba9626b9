#include "ledger/skw_rest_pool.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(void **list, size_t *room, size_t need, size_t size)
{
	void *bigger;

	if (need <= *room)
		return true;
	bigger = realloc(*list, 2 * need * size);
	if (bigger == NULL)
		return false;
	*list = bigger;
	*room = 2 * need;
	return true;
}

static bool add_pending(void *context, const struct skw_pending *pending)
{
	struct skw_rest_pool *pool = context;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, pending->raw, pending->size) != SKW_CODEC_OK)
		return true;
	if (!reserve((void **)&pool->spent, &pool->spent_room, pool->spents + tx.ins,
		     sizeof(*pool->spent)) ||
	    !reserve((void **)&pool->made, &pool->made_room, pool->mades + tx.outs,
		     sizeof(*pool->made))) {
		pool->failed = true;
		return false;
	}
	memcpy(&pool->spent[pool->spents], tx.in, tx.ins * sizeof(*tx.in));
	pool->spents += tx.ins;
	for (uint32_t i = 0; i < tx.outs; i++) {
		struct skw_tx_output out = skw_tx_output(&tx, i);

		pool->made[pool->mades++] = (struct skw_ux) {
			.src_tx = pending->txid,
			.address = out.address,
			.coins = out.coins,
			.hours = out.hours,
			.time = pool->head.time,
			.seq = pool->head.seq,
		};
	}
	return true;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct skw_sha256));
}

bool skw_rest_pool_load(struct skw_rest_call *call, struct skw_rest_pool *pool)
{
	enum skw_chain_status status;

	*pool = (struct skw_rest_pool) { .head = skw_chain_head(call->chain).header };
	status = skw_chain_each_pending(call->chain, add_pending, pool);
	if (pool->failed)
		status = SKW_CHAIN_MEMORY;
	if (status != SKW_CHAIN_OK) {
		skw_rest_chain_failed(call, status);
		return false;
	}
	if (pool->spents > 0)
		qsort(pool->spent, pool->spents, sizeof(*pool->spent), by_hash);
	return true;
}

void skw_rest_pool_free(struct skw_rest_pool *pool)
{
	free(pool->spent);
	free(pool->made);
}

bool skw_rest_pool_spends(const struct skw_rest_pool *pool, const struct skw_sha256 *uxid)
{
	return pool->spents > 0 &&
	       bsearch(uxid, pool->spent, pool->spents, sizeof(*pool->spent), by_hash) != NULL;
}
