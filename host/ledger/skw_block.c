#include "ledger/skw_block.h"

#include <assert.h>
#include <string.h>

enum skw_codec_status skw_block_get(struct skw_block *block, struct skw_reader *r)
{
	struct skw_tx tx;

	*block = (struct skw_block) { .raw = r->at };
	skw_block_header_get(r, &block->header);
	block->count = skw_get_u32(r);
	if (!r->ok || block->count > skw_reader_left(r))
		return SKW_CODEC_SHORT;
	if (block->count > SKW_BLOCK_MAXLEN)
		return SKW_CODEC_MAXLEN;
	block->txs = r->at;
	for (uint32_t i = 0; i < block->count; i++) {
		enum skw_codec_status status = skw_tx_get(&tx, r);

		if (status != SKW_CODEC_OK)
			return status;
	}
	block->txs_size = (size_t)(r->at - block->txs);
	skw_get_bytes(r, block->sig.b, sizeof(block->sig.b));
	block->size = (size_t)(r->at - block->raw);
	return r->ok ? SKW_CODEC_OK : SKW_CODEC_SHORT;
}

enum skw_codec_status skw_block_decode(struct skw_block *block, const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data, len);
	enum skw_codec_status status = skw_block_get(block, &r);

	if (status != SKW_CODEC_OK)
		return status;
	return skw_reader_done(&r) ? SKW_CODEC_OK : SKW_CODEC_LONG;
}

struct skw_reader skw_block_txs(const struct skw_block *block)
{
	return skw_reader(block->txs, block->txs_size);
}

void skw_block_header_put(struct skw_writer *w, const struct skw_block_header *header)
{
	skw_put_u32(w, header->version);
	skw_put_u64(w, header->time);
	skw_put_u64(w, header->seq);
	skw_put_u64(w, header->fee);
	skw_put_bytes(w, header->prev.b, sizeof(header->prev.b));
	skw_put_bytes(w, header->body.b, sizeof(header->body.b));
	skw_put_bytes(w, header->ux.b, sizeof(header->ux.b));
}

void skw_block_header_get(struct skw_reader *r, struct skw_block_header *header)
{
	header->version = skw_get_u32(r);
	header->time = skw_get_u64(r);
	header->seq = skw_get_u64(r);
	header->fee = skw_get_u64(r);
	skw_get_bytes(r, header->prev.b, sizeof(header->prev.b));
	skw_get_bytes(r, header->body.b, sizeof(header->body.b));
	skw_get_bytes(r, header->ux.b, sizeof(header->ux.b));
}

void skw_block_hash(struct skw_sha256 *hash, const struct skw_block_header *header)
{
	uint8_t bytes[SKW_BLOCK_HEADER_LEN];
	struct skw_writer w = skw_writer(bytes, sizeof(bytes));

	skw_block_header_put(&w, header);
	skw_sha256_of(hash, bytes, sizeof(bytes));
}

void skw_block_body_hash(struct skw_sha256 *root, const struct skw_block *block)
{
	struct skw_reader r = skw_block_txs(block);
	struct skw_merkle m;
	struct skw_sha256 txid;
	struct skw_tx tx;

	skw_merkle_init(&m);
	for (uint32_t i = 0; i < block->count; i++) {
		skw_tx_get(&tx, &r);
		skw_tx_id(&txid, &tx);
		skw_merkle_add(&m, &txid);
	}
	skw_merkle_root(root, &m);
}

void skw_merkle_init(struct skw_merkle *m)
{
	m->leaves = 0;
}

/* Like a binary counter: a bit of `leaves` that is set has its half in level[bit]. */
void skw_merkle_add(struct skw_merkle *m, const struct skw_sha256 *leaf)
{
	struct skw_sha256 node = *leaf;
	unsigned bit = 0;

	assert(m->leaves < UINT32_C(1) << 16);
	for (; m->leaves >> bit & 1; bit++)
		skw_sha256_pair(&node, &m->level[bit], &node);
	m->level[bit] = node;
	m->leaves++;
}

void skw_merkle_root(struct skw_sha256 *root, const struct skw_merkle *m)
{
	static const struct skw_sha256 zero;
	struct skw_merkle padded = *m;
	unsigned bit = 0;

	if (m->leaves == 0) {
		*root = zero;
		return;
	}
	while ((padded.leaves & (padded.leaves - 1)) != 0)
		skw_merkle_add(&padded, &zero);
	while (padded.leaves >> bit > 1)
		bit++;
	*root = padded.level[bit];
}
