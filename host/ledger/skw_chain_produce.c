/* Makes the next block: best fee per byte first, until the block is full. */
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_chain_inside.h"

struct candidate {
	uint64_t priority;
	struct skw_sha256 txid;
	struct skw_hours fee;
	size_t size;
};

struct pick {
	struct skw_chain *chain;
	struct candidate *list;
	size_t count, room;
	bool out_of_memory;
};

/* fee * 1024 / size, as large as it gets where that does not fit */
static uint64_t priority(struct skw_hours fee, size_t size)
{
	struct skw_hours scaled;

	return skw_hours_mul(&scaled, fee, 1024) ? scaled.n / size : UINT64_MAX;
}

static bool consider(void *context, const struct skw_pending *pending)
{
	struct pick *pick = context;
	struct skw_tx_totals totals;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, pending->raw, pending->size) != SKW_CODEC_OK ||
	    skw_chain_standing(pick->chain, &tx, &totals).fault != SKW_FAULT_NONE)
		return true;
	if (pick->count == pick->room) {
		size_t room = pick->room > 0 ? 2 * pick->room : 64;
		struct candidate *list = realloc(pick->list, room * sizeof(*list));

		if (list == NULL) {
			pick->out_of_memory = true;
			return false;
		}
		pick->list = list;
		pick->room = room;
	}
	pick->list[pick->count++] = (struct candidate) {
		.priority = priority(totals.fee, tx.size),
		.txid = pending->txid,
		.fee = totals.fee,
		.size = tx.size,
	};
	return true;
}

static int better_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return memcmp(x->txid.b, y->txid.b, sizeof(x->txid.b));
}

/* Cuts the sorted list at the first that does not fit. */
static void cut_to_size(struct pick *pick, size_t most)
{
	size_t sum = 0, n = 0;

	while (n < pick->count && pick->list[n].size <= most - sum)
		sum += pick->list[n++].size;
	pick->count = n;
}

struct draft {
	uint8_t *bytes; /* header, count, transactions, room for the signature */
	size_t len;
	uint32_t count;
	struct skw_hours fee;
};

/* True if an input of `tx` is among those of the transactions drafted so far. */
static bool conflicts(const struct draft *draft, const struct skw_tx *tx)
{
	size_t start = SKW_BLOCK_HEADER_LEN + 4;
	struct skw_reader r = skw_reader(draft->bytes + start, draft->len - start);
	struct skw_tx other;

	for (uint32_t n = 0; n < draft->count; n++) {
		skw_tx_get(&other, &r);
		for (uint32_t i = 0; i < other.ins; i++)
			for (uint32_t j = 0; j < tx->ins; j++)
				if (skw_sha256_equal(&other.in[i], &tx->in[j]))
					return true;
	}
	return false;
}

static enum skw_chain_status append(struct draft *draft, struct skw_chain *chain,
				    const struct candidate *candidate)
{
	enum skw_chain_status status;
	struct skw_bytes raw;
	struct skw_tx tx;

	status = skw_chain_pending(chain, &candidate->txid, &raw, NULL);
	if (status != SKW_CHAIN_OK)
		return status;
	if (skw_tx_decode(&tx, raw.data, raw.len) == SKW_CODEC_OK && !conflicts(draft, &tx) &&
	    skw_hours_add(&draft->fee, draft->fee, candidate->fee)) {
		memcpy(draft->bytes + draft->len, raw.data, raw.len);
		draft->len += raw.len;
		draft->count++;
	}
	skw_bytes_free(&raw);
	return SKW_CHAIN_OK;
}

/* Puts header, count and signature around the drafted transactions. */
static bool seal(struct draft *draft, const struct skw_chain *chain,
		 const struct skw_coin_secret *secret, uint64_t now_unix)
{
	size_t start = SKW_BLOCK_HEADER_LEN + 4;
	struct skw_block body = { .count = draft->count,
				  .txs = draft->bytes + start,
				  .txs_size = draft->len - start };
	struct skw_block_header header = {
		.version = chain->head.header.version,
		.time = now_unix,
		.seq = chain->head.header.seq + 1,
		.fee = draft->fee.n,
		.prev = chain->head.hash,
		.ux = chain->head.ux,
	};
	struct skw_writer w = skw_writer(draft->bytes, start);
	struct skw_sha256 hash;
	struct skw_coin_sig sig;

	skw_block_body_hash(&header.body, &body);
	skw_block_header_put(&w, &header);
	skw_put_u32(&w, draft->count);
	skw_block_hash(&hash, &header);
	if (!skw_coin_sign(&sig, &hash, secret))
		return false;
	memcpy(draft->bytes + draft->len, sig.b, sizeof(sig.b));
	draft->len += sizeof(sig.b);
	return true;
}

static enum skw_chain_status fill(struct draft *draft, struct skw_chain *chain, struct pick *pick)
{
	enum skw_chain_status status = SKW_CHAIN_OK;

	for (size_t i = 0; status == SKW_CHAIN_OK && i < pick->count; i++)
		status = append(draft, chain, &pick->list[i]);
	return status;
}

static enum skw_chain_status make(struct draft *draft, struct skw_chain *chain, struct pick *pick,
				  const struct skw_coin_secret *secret, uint64_t now_unix)
{
	enum skw_chain_status status = skw_chain_each_pending(chain, consider, pick);

	if (status != SKW_CHAIN_OK)
		return status;
	if (pick->out_of_memory)
		return SKW_CHAIN_MEMORY;
	if (pick->count > 0)
		qsort(pick->list, pick->count, sizeof(*pick->list), better_first);
	cut_to_size(pick, chain->network.limits.max_block_size);
	if (pick->count == 0)
		return SKW_CHAIN_NOTHING;
	draft->bytes = malloc(SKW_BLOCK_HEADER_LEN + 4 + chain->network.limits.max_block_size +
			      sizeof(struct skw_coin_sig));
	if (draft->bytes == NULL)
		return SKW_CHAIN_MEMORY;
	draft->len = SKW_BLOCK_HEADER_LEN + 4;
	status = fill(draft, chain, pick);
	if (status != SKW_CHAIN_OK)
		return status;
	return seal(draft, chain, secret, now_unix) ? SKW_CHAIN_OK : SKW_CHAIN_KEY;
}

enum skw_chain_status skw_chain_produce(struct skw_chain *chain,
					const struct skw_coin_secret *secret, uint64_t now_unix,
					struct skw_bytes *out)
{
	struct pick pick = { .chain = chain };
	struct draft draft = { 0 };
	struct skw_coin_public key;
	enum skw_chain_status status;

	if (out != NULL)
		*out = (struct skw_bytes) { 0 };
	if (!skw_coin_public_of(&key, secret) ||
	    memcmp(key.b, chain->network.block_key.b, sizeof(key.b)) != 0)
		return SKW_CHAIN_KEY;
	if (chain->head.pending == 0)
		return SKW_CHAIN_NOTHING;
	if (now_unix <= chain->head.header.time)
		return SKW_CHAIN_CLOCK;
	status = make(&draft, chain, &pick, secret, now_unix);
	free(pick.list);
	if (status == SKW_CHAIN_OK)
		status = skw_chain_apply(chain, draft.bytes, draft.len, NULL);
	if (status == SKW_CHAIN_OK && out != NULL)
		*out = (struct skw_bytes) { draft.bytes, draft.len };
	else
		free(draft.bytes);
	return status;
}
