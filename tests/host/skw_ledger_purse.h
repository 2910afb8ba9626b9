/* A private network in memory whose genesis coins we own: for tests that move money. */
#ifndef SKW_LEDGER_PURSE_H
#define SKW_LEDGER_PURSE_H

#include "ledger/skw_spend.h"
#include "skw_ledger_vectors.h"

#define GENESIS_TIME UINT64_C(1700000000)

struct purse {
	struct skw_chain *chain;
	struct skw_coin_secret block_secret, owner_secret, other_secret;
	struct skw_address owner, other;
	struct skw_limits limits;              /* what the sender goes by */
	uint64_t extra_fee;                    /* hours burnt beyond what is needed */
	bool break_ux, break_prev, break_body; /* for block_of */
};

static inline struct purse new_purse(const char *path)
{
	struct purse p = { 0 };
	struct skw_coin_public block_key;
	struct skw_network net;

	skw_coin_secret_of_seed(&p.block_secret, (const uint8_t *)"publisher", 9);
	skw_coin_secret_of_seed(&p.owner_secret, (const uint8_t *)"owner", 5);
	skw_coin_secret_of_seed(&p.other_secret, (const uint8_t *)"other", 5);
	skw_coin_public_of(&block_key, &p.block_secret);
	skw_address_of_secret(&p.owner, &p.owner_secret);
	skw_address_of_secret(&p.other, &p.other_secret);
	skw_network_private(&net, "purse", &block_key, &p.owner, GENESIS_TIME);
	net.limits.max_block_size = 4096;
	net.limits.max_tx_size = 4096;
	p.limits = net.limits;
	if (skw_chain_open(&p.chain, path, &net) != SKW_CHAIN_OK)
		exit(1);
	return p;
}

static inline void close_purse(struct purse *p)
{
	skw_chain_close(p->chain);
}

struct nth {
	struct skw_ux_record record;
	unsigned skip;
	bool found;
};

static inline bool find_nth(void *context, const struct skw_ux_record *record)
{
	struct nth *nth = context;

	if (nth->skip-- > 0)
		return true;
	nth->record = *record;
	nth->found = true;
	return false;
}

/* The owner's n-th unspent output as an input with its hours at the head. */
static inline struct skw_spend_input input_of(struct purse *p, unsigned n)
{
	struct skw_spend_input in = { .secret = p->owner_secret };
	struct nth nth = { .skip = n };

	skw_chain_each_unspent(p->chain, &p->owner, find_nth, &nth);
	if (!nth.found)
		exit(1);
	in.uxid = nth.record.uxid;
	in.coins = nth.record.ux.coins;
	if (skw_ux_hours_at(&in.hours, &nth.record.ux, skw_chain_head(p->chain).header.time) !=
	    SKW_UX_HOURS_OK)
		exit(1);
	return in;
}

/* Pays from the owner's n-th output; an extra fee is an understated input of hours. */
static inline struct skw_bytes pay_from(struct purse *p, unsigned n, const struct skw_address *to,
					uint64_t coins, uint64_t hours)
{
	struct skw_spend_input in = input_of(p, n);
	struct skw_tx_output out = { *to, { coins }, { hours } };
	struct skw_bytes raw = { malloc(4096), 0 };
	struct skw_spend_result result;
	enum skw_spend_status status;

	in.hours.n -= p->extra_fee * 2;
	status = skw_spend_build(raw.data, 4096, &result, &in, 1, &out, 1, &p->owner, &p->limits);
	if (status != SKW_SPEND_OK) {
		fprintf(stderr, "pay: %s\n", skw_spend_status_text(status));
		exit(1);
	}
	raw.len = result.size;
	return raw;
}

static inline struct skw_bytes pay(struct purse *p, const struct skw_address *to, uint64_t coins,
				   uint64_t hours)
{
	return pay_from(p, 0, to, coins, hours);
}

/* A signed block of `count` transactions at `raw`, right or wrong as the purse says. */
static inline struct skw_bytes block_of(struct purse *p, const struct skw_bytes *raw,
					uint32_t count, uint64_t time)
{
	struct skw_chain_head head = skw_chain_head(p->chain);
	struct skw_block_header header = { .time = time,
					   .seq = head.header.seq + 1,
					   .fee = 7, /* nobody checks it */
					   .prev = head.hash,
					   .ux = head.ux };
	size_t len = count > 0 ? raw->len : 0;
	struct skw_block body = { .count = count, .txs = raw->data, .txs_size = len };
	struct skw_bytes out = { malloc(124 + 4 + len + 65), 124 + 4 + len + 65 };
	struct skw_writer w = skw_writer(out.data, out.len);
	struct skw_sha256 hash;
	struct skw_coin_sig sig;

	skw_block_body_hash(&header.body, &body);
	header.ux.b[0] ^= p->break_ux;
	header.prev.b[0] ^= p->break_prev;
	header.body.b[0] ^= p->break_body;
	skw_block_hash(&hash, &header);
	skw_coin_sign(&sig, &hash, &p->block_secret);
	skw_block_header_put(&w, &header);
	skw_put_u32(&w, count);
	skw_put_bytes(&w, raw->data, len);
	skw_put_bytes(&w, sig.b, sizeof(sig.b));
	return out;
}

/* Splits the owner's first output into `n` of its own of 10 SKY and 1000 hours, and a rest. */
static inline void spread(struct purse *p, unsigned n, uint64_t now)
{
	struct skw_spend_input in = input_of(p, 0);
	struct skw_bytes raw = { malloc(4096), 0 };
	struct skw_tx_output out[64];
	struct skw_spend_result result;

	for (unsigned i = 0; i < n; i++)
		out[i] = (struct skw_tx_output) { p->owner, { 10000000 }, { 1000 + i } };
	if (skw_spend_build(raw.data, 4096, &result, &in, 1, out, n, &p->other, &p->limits) !=
		SKW_SPEND_OK ||
	    skw_chain_inject(p->chain, raw.data, result.size, SKW_INJECT_USER, now, NULL, NULL) !=
		SKW_CHAIN_OK ||
	    skw_chain_produce(p->chain, &p->block_secret, now, NULL) != SKW_CHAIN_OK)
		exit(1);
	skw_bytes_free(&raw);
}

#endif
