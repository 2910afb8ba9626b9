/* skw_chain - the block chain in one SQLite file: blocks, outputs, pending transactions.
 *
 *   signed block -> apply -> blocks, transactions, outputs (one database transaction)
 *   transaction  -> inject -> pending -> produce -> signed block -> apply
 *
 * A block is in the file whole or not at all, whenever the process dies. Nothing is undone
 * later: the first valid block of a sequence number wins, as in the original. One chain object is
 * for one thread at a time.
 */
#ifndef SKW_CHAIN_H
#define SKW_CHAIN_H

#include "ledger/skw_network.h"

#define SKW_POOL_MAX 20000u /* pending transactions */

enum skw_chain_status {
	SKW_CHAIN_OK,
	SKW_CHAIN_NOTHING, /* no such block, transaction or output; or nothing to make a block of */
	SKW_CHAIN_REFUSED, /* it breaks a rule: the verdict says which */
	SKW_CHAIN_FULL,    /* the pool is */
	SKW_CHAIN_CLOCK,   /* our clock is not past the head block's time: no block now */
	SKW_CHAIN_KEY,     /* the secret is not this network's */
	SKW_CHAIN_FOREIGN, /* the file belongs to another network or program */
	SKW_CHAIN_BROKEN,  /* the file contradicts itself */
	SKW_CHAIN_STORE,   /* SQLite failed: skw_chain_error says how */
	SKW_CHAIN_MEMORY,
};

enum skw_block_fault {
	SKW_BLOCK_OK,
	SKW_BLOCK_CODEC,
	SKW_BLOCK_SIGNATURE,
	SKW_BLOCK_SEQ,
	SKW_BLOCK_TIME,
	SKW_BLOCK_PREV,
	SKW_BLOCK_BODY,
	SKW_BLOCK_EMPTY,
	SKW_BLOCK_TX,           /* a transaction of it; `tx` says why */
	SKW_BLOCK_DOUBLE_SPEND, /* two transactions of it spend the same output */
	SKW_BLOCK_DUPLICATE_OUTPUT,
	SKW_BLOCK_UX_HASH,
};

struct skw_block_verdict {
	enum skw_block_fault fault;
	enum skw_codec_status codec;
	uint32_t index; /* of the transaction */
	struct skw_verdict tx;
};

/* Bytes that the caller frees. */
struct skw_bytes {
	uint8_t *data;
	size_t len;
};
void skw_bytes_free(struct skw_bytes *bytes);

struct skw_chain;

struct skw_chain_head {
	struct skw_block_header header;
	struct skw_sha256 hash;
	struct skw_sha256 ux; /* XOR of all unspent snapshots: the next block's header.ux */
	uint64_t unspents;
	uint64_t pending;
};

/* An output with its fate. */
struct skw_ux_record {
	struct skw_sha256 uxid;
	struct skw_ux ux;
	bool spent;
	uint64_t spent_seq;
	struct skw_sha256 spent_tx;
};

struct skw_pending {
	struct skw_sha256 txid;
	uint64_t received; /* unix seconds */
	uint64_t checked;
	bool valid; /* passed the soft rules when it was checked last */
	const uint8_t *raw;
	size_t size;
};

/* Opens or makes the file (":memory:" for none) and writes block 0 into a new one. *out is set
 * even on failure, for skw_chain_error, unless memory ran out; close it in any case. */
enum skw_chain_status skw_chain_open(struct skw_chain **out, const char *path,
				     const struct skw_network *net);
void skw_chain_close(struct skw_chain *chain);
const struct skw_network *skw_chain_network(const struct skw_chain *chain);
const char *skw_chain_error(const struct skw_chain *chain);
const char *skw_chain_status_text(enum skw_chain_status status);
void skw_block_verdict_print(char out[SKW_VERDICT_TEXT], const struct skw_block_verdict *verdict);

/* Read from memory: cheap. */
struct skw_chain_head skw_chain_head(const struct skw_chain *chain);

/* The next signed block. `verdict` may be NULL. */
enum skw_chain_status skw_chain_apply(struct skw_chain *chain, const uint8_t *data, size_t len,
				      struct skw_block_verdict *verdict);
/* Many blocks in one database transaction: faster, but all or none survive a kill. */
enum skw_chain_status skw_chain_batch_begin(struct skw_chain *chain);
enum skw_chain_status skw_chain_batch_end(struct skw_chain *chain);

/* Looking things up. SKW_CHAIN_NOTHING where there is none. */
enum skw_chain_status skw_chain_block(struct skw_chain *chain, uint64_t seq, struct skw_bytes *out);
enum skw_chain_status skw_chain_block_by_hash(struct skw_chain *chain,
					      const struct skw_sha256 *hash, struct skw_bytes *out);
/* A confirmed transaction and the number and time of its block (either may be NULL). */
enum skw_chain_status skw_chain_tx(struct skw_chain *chain, const struct skw_sha256 *txid,
				   struct skw_bytes *out, uint64_t *seq, uint64_t *time);
enum skw_chain_status skw_chain_output(struct skw_chain *chain, const struct skw_sha256 *uxid,
				       struct skw_ux_record *out);
struct skw_ux_lookup skw_chain_unspent(struct skw_chain *chain);

/* Visits outputs in the order of their making: of one address, or of all if it is NULL. The
 * visitor returns false to stop. It must not change the chain. */
typedef bool skw_chain_visit_ux(void *context, const struct skw_ux_record *record);
enum skw_chain_status skw_chain_each_unspent(struct skw_chain *chain,
					     const struct skw_address *owner,
					     skw_chain_visit_ux *visit, void *context);
enum skw_chain_status skw_chain_each_output(struct skw_chain *chain,
					    const struct skw_address *owner,
					    skw_chain_visit_ux *visit, void *context);
/* Confirmed transactions that spend from or pay to an address (all, if NULL), oldest first. */
typedef bool skw_chain_visit_tx(void *context, const struct skw_sha256 *txid, uint64_t seq);
enum skw_chain_status skw_chain_each_tx(struct skw_chain *chain, const struct skw_address *owner,
					skw_chain_visit_tx *visit, void *context);

/* Takes a transaction into the pool. From a user it must pass every rule; from a peer it need
 * only pass the hard ones, and one that breaks a soft one waits, marked invalid, as the original
 * does. SKW_CHAIN_OK also if it was there already. `txid`, `verdict` may be NULL. */
enum skw_inject_from { SKW_INJECT_USER, SKW_INJECT_PEER };
enum skw_chain_status skw_chain_inject(struct skw_chain *chain, const uint8_t *data, size_t len,
				       enum skw_inject_from from, uint64_t now_unix,
				       struct skw_sha256 *txid, struct skw_verdict *verdict);
enum skw_chain_status skw_chain_pending(struct skw_chain *chain, const struct skw_sha256 *txid,
					struct skw_bytes *out, uint64_t *received);
typedef bool skw_chain_visit_pending(void *context, const struct skw_pending *pending);
enum skw_chain_status skw_chain_each_pending(struct skw_chain *chain,
					     skw_chain_visit_pending *visit, void *context);
/* Checks the whole pool again and drops what can never be confirmed. Applying a block does it. */
enum skw_chain_status skw_chain_revalidate(struct skw_chain *chain, uint64_t now_unix);

/* Makes, signs and applies the next block from the pool, best fee per byte first. *out (may be
 * NULL) gets the signed block, for peers. SKW_CHAIN_NOTHING if nothing is pending. */
enum skw_chain_status skw_chain_produce(struct skw_chain *chain,
					const struct skw_coin_secret *secret, uint64_t now_unix,
					struct skw_bytes *out);

#endif
