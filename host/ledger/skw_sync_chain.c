/* Blocks and transactions between peers and the chain. */
#include "ledger/skw_sync_inside.h"

#include <inttypes.h>

/* We ask for as many as a message may carry; the original answers with 20 all the same. */
enum { ASK_BLOCKS = SKW_WIRE_BLOCKS_MAX, ANNOUNCE_GROUP = 16 };

void skw_sync_ask_blocks(struct skw_sync *sync, struct conn *conn, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);

	skw_wire_get_blocks_put(&w, skw_chain_head(sync->chain).header.seq, ASK_BLOCKS);
	skw_sync_send(sync, conn, &w, now);
}

static void learn_height(struct conn *conn, uint64_t height)
{
	if (height > conn->about.height)
		conn->about.height = height;
}

static void tell_head(struct skw_sync *sync, const struct conn *except, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);

	skw_wire_announce_put(&w, skw_chain_head(sync->chain).header.seq);
	skw_sync_send_all(sync, &w, except, now);
}

/* ---- blocks in ---- */

/* A block that we have a block for already. Two that differ, both well signed, are the proof that
 * the publisher signed twice: we stay with ours. True if so. */
static bool is_fork(struct skw_sync *sync, const struct conn *conn, const struct skw_block *block)
{
	struct skw_sha256 theirs, ours;
	struct skw_bytes bytes;
	struct skw_block mine;
	bool same;

	if (skw_chain_block(sync->chain, block->header.seq, &bytes) != SKW_CHAIN_OK)
		return false;
	same = skw_block_decode(&mine, bytes.data, bytes.len) == SKW_CODEC_OK;
	skw_block_hash(&ours, &mine.header);
	skw_block_hash(&theirs, &block->header);
	same = !same || skw_sha256_equal(&ours, &theirs);
	skw_bytes_free(&bytes);
	if (same ||
	    !skw_coin_verify(&block->sig, &theirs, &skw_chain_network(sync->chain)->block_key))
		return false;
	sync->counters.forked++;
	skw_sync_note(sync, conn, "the publisher signed two blocks %" PRIu64, block->header.seq);
	return true;
}

enum taken { TAKEN, KNOWN, GAP, WRONG, FAILED };

static enum taken take(struct skw_sync *sync, const struct conn *conn,
		       const struct skw_block *block)
{
	uint64_t head = skw_chain_head(sync->chain).header.seq;
	struct skw_block_verdict verdict;
	char text[SKW_VERDICT_TEXT];
	enum skw_chain_status status;

	if (block->header.seq <= head)
		return is_fork(sync, conn, block) ? WRONG : KNOWN;
	if (block->header.seq > head + 1)
		return GAP;
	status = skw_chain_apply(sync->chain, block->raw, block->size, &verdict);
	if (status == SKW_CHAIN_OK) {
		sync->counters.blocks++;
		return TAKEN;
	}
	if (status != SKW_CHAIN_REFUSED) {
		skw_sync_note(sync, NULL, "block %" PRIu64 ": %s", block->header.seq,
			      skw_chain_status_text(status));
		return FAILED;
	}
	sync->counters.refused++;
	/* Well signed, on another block than ours: somebody before us followed another fork. */
	sync->counters.forked += verdict.fault == SKW_BLOCK_PREV;
	skw_block_verdict_print(text, &verdict);
	skw_sync_note(sync, conn, "block %" PRIu64 " refused: %s", block->header.seq, text);
	return WRONG;
}

void skw_sync_on_blocks(struct skw_sync *sync, struct conn *conn,
			const struct skw_wire_frame *frame, const struct skw_time *now)
{
	uint64_t before = skw_chain_head(sync->chain).header.seq;
	enum taken last = KNOWN;
	struct skw_block block;
	struct skw_reader r;
	uint32_t count;

	if (skw_wire_blocks_get(&r, &count, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	/* One change of the file for the whole message: all of it survives a kill, or none. */
	if (skw_chain_batch_begin(sync->chain) != SKW_CHAIN_OK)
		return;
	for (uint32_t i = 0; i < count && (last == TAKEN || last == KNOWN); i++) {
		skw_block_get(&block, &r);
		last = take(sync, conn, &block);
		if (last == TAKEN || last == KNOWN)
			learn_height(conn, block.header.seq);
	}
	if (skw_chain_batch_end(sync->chain) != SKW_CHAIN_OK) {
		skw_sync_note(sync, NULL, "%s", skw_chain_error(sync->chain));
		return;
	}
	if (skw_chain_head(sync->chain).header.seq > before)
		tell_head(sync, conn, now);
	if (last == WRONG)
		skw_sync_drop(sync, conn, SKW_DISC_UNEXPECTED, now);
	else if (last == GAP || skw_chain_head(sync->chain).header.seq > before)
		skw_sync_ask_blocks(sync, conn, now);
}

void skw_sync_on_announce(struct skw_sync *sync, struct conn *conn,
			  const struct skw_wire_frame *frame, const struct skw_time *now)
{
	uint64_t seq;

	if (skw_wire_announce_get(&seq, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	learn_height(conn, seq);
	if (seq > skw_chain_head(sync->chain).header.seq)
		skw_sync_ask_blocks(sync, conn, now);
}

/* ---- blocks out ---- */

/* Adds a block; false if there is none or it does not fit any more. */
static bool put_block(struct skw_sync *sync, struct skw_writer *w, uint64_t seq)
{
	struct skw_bytes bytes;
	bool fits;

	if (skw_chain_block(sync->chain, seq, &bytes) != SKW_CHAIN_OK)
		return false;
	fits = skw_writer_len(w) + bytes.len <= SKW_WIRE_SEND_MAX;
	if (fits)
		skw_put_bytes(w, bytes.data, bytes.len);
	skw_bytes_free(&bytes);
	return fits;
}

void skw_sync_on_get_blocks(struct skw_sync *sync, struct conn *conn,
			    const struct skw_wire_frame *frame, const struct skw_time *now)
{
	uint64_t head = skw_chain_head(sync->chain).header.seq, last, count;
	struct skw_writer w = skw_sync_writer(sync);
	struct skw_wire_list list;

	if (skw_wire_get_blocks_get(&last, &count, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	learn_height(conn, last);
	if (last >= head || count == 0)
		return;
	if (count > SKW_WIRE_BLOCKS_MAX)
		count = SKW_WIRE_BLOCKS_MAX;
	skw_wire_list_begin(&list, &w, SKW_WIRE_GIVB);
	for (uint64_t seq = last + 1; seq <= head && list.count < count; seq++) {
		if (!put_block(sync, &w, seq))
			break;
		list.count++;
	}
	skw_wire_list_end(&list, &w);
	if (list.count > 0)
		skw_sync_send(sync, conn, &w, now);
}

void skw_sync_produce(struct skw_sync *sync, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);
	enum skw_chain_status status;
	struct skw_wire_list list;
	struct skw_bytes block;

	status = skw_chain_produce(sync->chain, sync->config.secret, now->unix_s, &block);
	if (status == SKW_CHAIN_NOTHING || status == SKW_CHAIN_CLOCK)
		return;
	if (status != SKW_CHAIN_OK) {
		skw_sync_note(sync, NULL, "no block made: %s", skw_chain_status_text(status));
		return;
	}
	/* It is in the file before anybody hears of it: a kill can delay it, never fork it. */
	sync->counters.produced++;
	skw_wire_list_begin(&list, &w, SKW_WIRE_GIVB);
	list.count = 1;
	skw_put_bytes(&w, block.data, block.len);
	skw_wire_list_end(&list, &w);
	skw_bytes_free(&block);
	if (w.ok)
		skw_sync_send_all(sync, &w, NULL, now);
	else
		tell_head(sync, NULL, now);
}

/* ---- transactions ---- */

void skw_sync_on_tx_hashes(struct skw_sync *sync, struct conn *conn,
			   const struct skw_wire_frame *frame, const struct skw_time *now)
{
	struct skw_sha256 wanted[SKW_WIRE_HASHES_MAX];
	struct skw_writer w = skw_sync_writer(sync);
	struct skw_reader r;
	uint32_t count;
	size_t n = 0;

	if (skw_wire_hashes_get(&r, &count, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	while (count-- > 0) {
		struct skw_sha256 *txid = &wanted[n];

		skw_get_bytes(&r, txid->b, sizeof(txid->b));
		n += skw_chain_pending(sync->chain, txid, NULL, NULL) == SKW_CHAIN_NOTHING &&
		     skw_chain_tx(sync->chain, txid, NULL, NULL, NULL) == SKW_CHAIN_NOTHING;
	}
	if (n == 0)
		return;
	skw_wire_hashes_put(&w, SKW_WIRE_GETT, wanted, n);
	skw_sync_send(sync, conn, &w, now);
}

void skw_sync_on_get_txs(struct skw_sync *sync, struct conn *conn,
			 const struct skw_wire_frame *frame, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);
	struct skw_wire_list list;
	struct skw_reader r;
	uint32_t count;

	if (skw_wire_hashes_get(&r, &count, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	skw_wire_list_begin(&list, &w, SKW_WIRE_GIVT);
	while (count-- > 0) {
		struct skw_sha256 txid;
		struct skw_bytes raw;

		skw_get_bytes(&r, txid.b, sizeof(txid.b));
		if (skw_chain_pending(sync->chain, &txid, &raw, NULL) == SKW_CHAIN_OK &&
		    skw_writer_len(&w) + raw.len <= SKW_WIRE_SEND_MAX) {
			skw_put_bytes(&w, raw.data, raw.len);
			list.count++;
		}
		skw_bytes_free(&raw);
	}
	skw_wire_list_end(&list, &w);
	if (list.count > 0)
		skw_sync_send(sync, conn, &w, now);
}

/* True if it is new and now pending. */
static bool take_tx(struct skw_sync *sync, const struct skw_tx *tx, struct skw_sha256 *txid,
		    const struct skw_time *now)
{
	enum skw_chain_status status;

	skw_tx_id(txid, tx);
	if (skw_chain_pending(sync->chain, txid, NULL, NULL) != SKW_CHAIN_NOTHING)
		return false;
	status = skw_chain_inject(sync->chain, tx->raw, tx->size, SKW_INJECT_PEER, now->unix_s,
				  NULL, NULL);
	if (status == SKW_CHAIN_OK)
		sync->counters.txs++;
	else
		sync->counters.txs_refused++;
	return status == SKW_CHAIN_OK;
}

static unsigned announce(struct skw_sync *sync, struct conn *only, const struct conn *except,
			 const struct skw_sha256 *txids, size_t count, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);

	for (size_t i = 0; i < count; i += ANNOUNCE_GROUP)
		skw_wire_hashes_put(&w, SKW_WIRE_ANNT, txids + i,
				    count - i < ANNOUNCE_GROUP ? count - i : ANNOUNCE_GROUP);
	if (count == 0)
		return 0;
	return only != NULL ? skw_sync_send(sync, only, &w, now)
			    : skw_sync_send_all(sync, &w, except, now);
}

void skw_sync_on_txs(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now)
{
	struct skw_sha256 fresh[SKW_WIRE_TXS_MAX];
	struct skw_reader r;
	struct skw_tx tx;
	uint32_t count;
	size_t n = 0;

	if (skw_wire_txs_get(&r, &count, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	if (skw_chain_batch_begin(sync->chain) != SKW_CHAIN_OK)
		return;
	while (count-- > 0) {
		skw_tx_get(&tx, &r);
		n += take_tx(sync, &tx, &fresh[n], now);
	}
	if (skw_chain_batch_end(sync->chain) == SKW_CHAIN_OK)
		announce(sync, NULL, conn, fresh, n, now);
}

unsigned skw_sync_announce(struct skw_sync *sync, const struct skw_sha256 *txids, size_t count)
{
	return announce(sync, NULL, NULL, txids, count, &sync->last);
}

struct ids {
	struct skw_sha256 txid[SKW_WIRE_HASHES_MAX];
	size_t count;
};

static bool add_id(void *context, const struct skw_pending *pending)
{
	struct ids *ids = context;

	ids->txid[ids->count++] = pending->txid;
	return ids->count < SKW_WIRE_HASHES_MAX;
}

unsigned skw_sync_announce_pool(struct skw_sync *sync, struct conn *conn,
				const struct skw_time *now)
{
	struct ids ids;

	ids.count = 0;
	if (skw_chain_head(sync->chain).pending == 0 ||
	    skw_chain_each_pending(sync->chain, add_id, &ids) != SKW_CHAIN_OK)
		return 0;
	return announce(sync, conn, NULL, ids.txid, ids.count, now);
}
