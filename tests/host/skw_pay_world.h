/* skw_pay_world - neighbours in a line, a chain in memory, links that lose and repeat, and SIGKILL.
 *
 * Each party is a pay core, the records it has on disk, a wallet of one key and a memory of what
 * truly happened: every cell that was delivered is counted here as well, in plain arithmetic.
 */
#ifndef SKW_PAY_WORLD_H
#define SKW_PAY_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "ledger/skw_chain.h"
#include "ledger/skw_spend.h"
#include "pay/skw_pay.h"
#include "pay/skw_pay_receipt.h"

enum { PARTIES = 4, RECORDS = 8, POST = 256, ASKS = 256 };

#define SKY UINT64_C(1000000)
#define PRICE UINT64_C(1000000) /* 1 SKY a MiB: a byte is worth almost a droplet */
#define MILLI UINT64_C(1000)    /* microseconds */
#define HOURS UINT64_C(100000)  /* coin hours that each party begins with */
#define T0 UINT64_C(1700000000)

struct record {
	uint8_t key[SKW_PAY_RECORD_KEY];
	size_t len, sure_len; /* 0: not there */
	uint8_t data[SKW_PAY_RECORD_MAX];
	uint8_t sure[SKW_PAY_RECORD_MAX]; /* what a power cut leaves, at worst */
};

enum { KEPT = 512 };
struct kept {
	unsigned peer;
	enum skw_pay_role role;
	uint64_t until;
	uint8_t data[SKW_RECEIPT_LEN];
};

struct party {
	struct kept kept[KEPT]; /* receipts */
	unsigned kepts;
	struct skw_pay *pay;
	struct skw_pay_config config;
	struct skw_coin_secret secret;
	struct skw_address wallet;
	uint8_t key[SKW_PAY_KEY];
	unsigned lives; /* 1 + times killed */
	struct record record[RECORDS];
	unsigned records;
	unsigned events[SKW_PAY_EVENT_KINDS];
	struct skw_pay_event last[SKW_PAY_EVENT_KINDS];
	enum skw_voucher_verdict told; /* the last ACCEPT that it sent */
	uint64_t told_amount;
	bool stopped[PARTIES][2];
};

/* What truly was delivered for a payer to a payee, units of 2^-20 droplets; and sent back,
 * delivered or not. */
struct truth {
	uint64_t forth, back, sent_back, sent_forth;
};

struct letter {
	uint64_t at;
	unsigned from, to;
	uint16_t len;
	uint8_t data[SKW_PAY_MESSAGE_MAX];
};

struct ask {
	uint64_t at;
	unsigned party, life;
	enum skw_pay_output_type type;
	struct skw_address address;
	struct skw_sha256 id;
	size_t len;
	uint8_t data[SKW_PAY_TX_MAX];
};

static struct {
	uint64_t now;
	uint32_t random;
	struct skw_chain *chain;
	struct skw_network net;
	struct skw_coin_secret producer;
	uint64_t next_block, block_us;
	unsigned parties;
	struct party party[PARTIES];
	struct truth truth[PARTIES][PARTIES]; /* [payer][payee] */
	struct letter post[POST];
	struct ask ask[ASKS];
	unsigned loss, repeat, kill; /* messages: per cent; kill: per ten thousand outputs */
	unsigned cut;                /* per cent of kills: the power */
	unsigned cell_loss;          /* per cent */
	unsigned blocked_kind;       /* messages of this kind never arrive */
	bool bend_answers;           /* party 0 signs receipts wrongly */
	unsigned mangle;             /* per cent of messages that a hostile neighbour bends */
	bool busy;                   /* cells also cross between two outputs */
	unsigned kills, cuts, posted;
} w;

static inline unsigned roll(unsigned n)
{
	w.random = w.random * 1664525u + 1013904223u;
	return (w.random >> 8) % n;
}

static inline bool sign_for(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
			    const struct skw_address *owner)
{
	struct party *p = context;

	return skw_address_equal(owner, &p->wallet) && skw_coin_sign(out, hash, &p->secret);
}

static inline unsigned party_of(const uint8_t key[SKW_PAY_KEY])
{
	for (unsigned i = 0; i < w.parties; i++)
		if (memcmp(w.party[i].key, key, SKW_PAY_KEY) == 0)
			return i;
	fail_msg("a key nobody has");
	return 0;
}

static inline bool linked(unsigned a, unsigned b)
{
	return a + 1 == b || b + 1 == a;
}

static inline void born(unsigned i)
{
	struct party *p = &w.party[i];

	assert_int_equal(skw_pay_new(&p->pay, &p->config), SKW_PAY_OK);
	for (unsigned r = 0; r < p->records; r++)
		if (p->record[r].len > 0)
			assert_int_equal(skw_pay_restore(p->pay, p->record[r].key,
							 p->record[r].data, p->record[r].len),
					 SKW_PAY_OK);
	for (unsigned k = 0; k < w.parties; k++)
		if (linked(i, k))
			skw_pay_on_link(p->pay, w.now, w.party[k].key, true);
	p->lives++;
}

/* All that was kept since the last sure write is gone. */
static inline void power_cut(struct party *p)
{
	for (struct record *r = p->record; r < p->record + p->records; r++) {
		memcpy(r->data, r->sure, r->sure_len);
		r->len = r->sure_len;
	}
	w.cuts++;
}

static inline void killed(unsigned i)
{
	if (roll(100) < w.cut)
		power_cut(&w.party[i]);
	skw_pay_free(w.party[i].pay);
	w.kills++;
	born(i);
}

static inline void save(struct party *p, const struct skw_pay_output *out)
{
	struct record *r = p->record;

	while (r < p->record + p->records && memcmp(r->key, out->key, SKW_PAY_RECORD_KEY) != 0)
		r++;
	assert_true(r < p->record + RECORDS);
	if (r == p->record + p->records)
		p->records++;
	memcpy(r->key, out->key, SKW_PAY_RECORD_KEY);
	assert_true(out->len > 0 && out->len <= sizeof(r->data));
	memcpy(r->data, out->data, out->len);
	r->len = out->len;
	for (r = p->record; out->sure && r < p->record + p->records; r++) { /* one file */
		memcpy(r->sure, r->data, r->len);
		r->sure_len = r->len;
	}
}

static inline void post(unsigned from, unsigned to, const uint8_t *data, size_t len)
{
	assert_true(len > 0 && len <= SKW_PAY_MESSAGE_MAX);
	w.posted++;
	if (data[1] == w.blocked_kind)
		return;
	for (unsigned copy = 0; copy < 1 + (roll(100) < w.repeat); copy++) {
		struct letter *l = w.post;

		if (roll(100) < w.loss)
			continue;
		while (l < w.post + POST && l->len > 0)
			l++;
		if (l == w.post + POST)
			return; /* lost: links have no endless memory */
		l->at = w.now + (1 + roll(w.loss > 0 ? 400 : 20)) * MILLI;
		l->from = from, l->to = to;
		l->len = (uint16_t)len;
		memcpy(l->data, data, len);
		if (w.bend_answers && data[1] == SKW_PAY_RECEIPT && from == 0)
			l->data[len - 40] ^= 1; /* in the signature */
		while (roll(100) < w.mangle)
			l->data[roll((unsigned)len)] ^= (uint8_t)(1u << roll(8));
	}
}

static inline void ask(unsigned i, const struct skw_pay_output *out)
{
	struct ask *a = w.ask;

	while (a < w.ask + ASKS && a->at > 0)
		a++;
	assert_true(a < w.ask + ASKS);
	*a = (struct ask) { w.now + (1 + roll(500)) * MILLI,
			    i,
			    w.party[i].lives,
			    out->type,
			    out->address,
			    out->txid,
			    0,
			    { 0 } };
	if (out->type == SKW_PAY_INJECT) {
		a->len = out->len;
		memcpy(a->data, out->data, out->len);
	}
}

/* What is said must be on disk: a core that knows nothing but the record would say at least as
 * much. */
static inline void assert_on_disk(unsigned i, const struct skw_pay_output *out,
				  const struct skw_pay_message *m)
{
	struct party *p = &w.party[i];
	struct skw_pay_view v = { 0 };
	struct skw_pay *pay;

	assert_int_equal(skw_pay_new(&pay, &p->config), SKW_PAY_OK);
	for (unsigned r = 0; r < p->records; r++)
		if (memcmp(p->record[r].key, out->peer, SKW_PAY_KEY) == 0 &&
		    p->record[r].key[SKW_PAY_KEY] == m->role)
			skw_pay_restore(pay, p->record[r].key, p->record[r].data, p->record[r].len);
	skw_pay_view(pay, 0, &v);
	if (m->kind == SKW_PAY_METER)
		assert_true(m->u.meter.received.bytes <= v.received_bytes);
	if (m->kind == SKW_PAY_VOUCHER || (m->kind == SKW_PAY_ACCEPT && m->u.accept.amount > 0))
		assert_true(m->epoch == v.epoch &&
			    (m->kind == SKW_PAY_VOUCHER ? m->u.voucher.amount
							: m->u.accept.amount) <= v.vouched);
	skw_pay_free(pay);
}

static inline bool cell(unsigned payer, unsigned payee, bool forth, uint64_t bytes, uint64_t price);

/* Valid by itself, going on from the last one of that account, and the same if it comes again. */
static inline void keep(struct party *p, const struct skw_pay_output *out)
{
	unsigned peer = party_of(out->peer);
	struct skw_receipt r, before;
	const struct kept *last = NULL;

	assert_int_equal(out->len, SKW_RECEIPT_LEN);
	assert_int_equal(skw_receipt_get(&r, out->data, out->len), SKW_RECEIPT_OK);
	assert_int_equal(skw_receipt_verify(&r), SKW_RECEIPT_OK);
	assert_int_equal(r.until, out->until);
	for (unsigned i = 0; i < p->kepts; i++)
		if (p->kept[i].peer == peer && p->kept[i].role == out->role)
			last = &p->kept[i];
	if (last != NULL && last->until == out->until) {
		assert_memory_equal(last->data, out->data, out->len);
		return;
	}
	if (last != NULL) {
		skw_receipt_get(&before, last->data, sizeof(last->data));
		assert_true(skw_receipt_follows(&r, &before));
	}
	assert_true(p->kepts < KEPT);
	p->kept[p->kepts] = (struct kept) { peer, out->role, out->until, { 0 } };
	memcpy(p->kept[p->kepts++].data, out->data, out->len);
}

static inline void act(unsigned i, const struct skw_pay_output *out)
{
	struct party *p = &w.party[i];
	struct skw_pay_message m;

	switch (out->type) {
	case SKW_PAY_PERSIST:
		save(p, out);
		break;
	case SKW_PAY_SEND:
		assert_true(skw_pay_message_get(&m, out->data, out->len));
		assert_on_disk(i, out, &m);
		if (m.kind == SKW_PAY_ACCEPT) {
			p->told = m.u.accept.verdict;
			p->told_amount = m.u.accept.amount;
		}
		post(i, party_of(out->peer), out->data, out->len);
		break;
	case SKW_PAY_ADMISSION:
		p->stopped[party_of(out->peer)][out->role] = !out->allowed;
		break;
	case SKW_PAY_INJECT:
	case SKW_PAY_QUERY_UNSPENTS:
	case SKW_PAY_QUERY_TX:
	case SKW_PAY_QUERY_OUTPUT:
		ask(i, out);
		break;
	case SKW_PAY_EVENT:
		p->events[out->event.kind]++;
		p->last[out->event.kind] = out->event;
		break;
	case SKW_PAY_STORE_RECEIPT:
		keep(p, out);
		break;
	}
}

static inline void drain(unsigned i)
{
	struct skw_pay_output out;
	unsigned n = 0;

	skw_pay_clock(w.party[i].pay, w.now, T0 + w.now / 1000000 * 240); /* an hour: 15 s */
	while (skw_pay_poll(w.party[i].pay, w.now, &out)) {
		assert_true(++n < 1000);
		if (roll(10000) < w.kill) { /* before it was carried out */
			killed(i);
			continue;
		}
		act(i, &out);
		if (w.busy && out.type == SKW_PAY_PERSIST && i + 1 < w.parties &&
		    roll(4) == 0) /* life goes on between two outputs */
			cell(i, i + 1, roll(2), 1 + roll(500), 1000000);
		if (roll(10000) < w.kill) /* just after */
			killed(i);
	}
	assert_true(skw_pay_next_timer(w.party[i].pay, w.now) > w.now);
}

/* ---- the ledger's answers ---- */

struct listing {
	struct skw_pay_unspent list[512];
	size_t count;
};

static inline bool list_one(void *context, const struct skw_ux_record *r)
{
	struct listing *l = context;

	assert_true(l->count < 512);
	l->list[l->count++] = (struct skw_pay_unspent) { r->uxid, r->ux, false };
	return true;
}

static inline bool mark_outgoing(void *context, const struct skw_pending *pending)
{
	struct listing *l = context;
	struct skw_tx tx;

	assert_int_equal(skw_tx_decode(&tx, pending->raw, pending->size), SKW_CODEC_OK);
	for (uint32_t i = 0; i < tx.ins; i++)
		for (size_t k = 0; k < l->count; k++)
			if (skw_sha256_equal(&l->list[k].uxid, &tx.in[i]))
				l->list[k].outgoing = true;
	return true;
}

static inline void unspents(struct listing *l, const struct skw_address *address)
{
	l->count = 0;
	assert_int_equal(skw_chain_each_unspent(w.chain, address, list_one, l), SKW_CHAIN_OK);
	assert_int_equal(skw_chain_each_pending(w.chain, mark_outgoing, l), SKW_CHAIN_OK);
}

static inline uint64_t balance(unsigned i)
{
	static struct listing l;
	uint64_t sum = 0;

	unspents(&l, &w.party[i].wallet);
	for (size_t k = 0; k < l.count; k++)
		sum += l.list[k].ux.coins.n;
	return sum;
}

static inline uint64_t unix_now(void)
{
	return T0 + w.now / 1000000;
}

static inline enum skw_pay_tx_state tx_state(const struct skw_sha256 *txid)
{
	struct skw_bytes bytes = { 0 };
	enum skw_pay_tx_state state = SKW_PAY_TX_UNKNOWN;

	if (skw_chain_tx(w.chain, txid, &bytes, NULL, NULL) == SKW_CHAIN_OK)
		state = SKW_PAY_TX_CONFIRMED;
	else if (skw_chain_pending(w.chain, txid, &bytes, NULL) == SKW_CHAIN_OK)
		state = SKW_PAY_TX_PENDING;
	skw_bytes_free(&bytes);
	return state;
}

static inline void answer(const struct ask *a)
{
	static struct listing l;
	struct skw_pay *pay = w.party[a->party].pay;
	struct skw_ux_record r;
	struct skw_sha256 txid;

	if (w.party[a->party].lives != a->life || roll(100) < w.loss)
		return;
	switch (a->type) {
	case SKW_PAY_QUERY_UNSPENTS:
		unspents(&l, &a->address);
		skw_pay_on_unspents(pay, w.now, &a->address, l.list, l.count,
				    skw_chain_head(w.chain).header.time);
		break;
	case SKW_PAY_QUERY_TX:
		skw_pay_on_tx(pay, w.now, &a->id, tx_state(&a->id));
		break;
	case SKW_PAY_QUERY_OUTPUT:
		if (skw_chain_output(w.chain, &a->id, &r) == SKW_CHAIN_OK && r.spent)
			skw_pay_on_output_spent(pay, w.now, &a->id, &r.spent_tx);
		break;
	case SKW_PAY_INJECT:
		if (skw_chain_inject(w.chain, a->data, a->len, SKW_INJECT_USER, unix_now(), &txid,
				     NULL) == SKW_CHAIN_OK)
			assert_true(skw_sha256_equal(&txid, &a->id));
		else
			skw_pay_on_tx(pay, w.now, &a->id,
				      tx_state(&a->id) == SKW_PAY_TX_UNKNOWN ? SKW_PAY_TX_REFUSED
									     : tx_state(&a->id));
		break;
	case SKW_PAY_PERSIST:
	case SKW_PAY_SEND:
	case SKW_PAY_ADMISSION:
	case SKW_PAY_EVENT:
	case SKW_PAY_STORE_RECEIPT:
		fail_msg("not a question");
	}
}

static inline void block(void)
{
	enum skw_chain_status s = skw_chain_produce(w.chain, &w.producer, unix_now(), NULL);

	assert_true(s == SKW_CHAIN_OK || s == SKW_CHAIN_NOTHING || s == SKW_CHAIN_CLOCK);
}

/* ---- time and traffic ---- */

static inline void step(uint64_t us)
{
	w.now += us;
	for (struct letter *l = w.post; l < w.post + POST; l++) {
		if (l->len == 0 || l->at > w.now)
			continue;
		skw_pay_on_message(w.party[l->to].pay, w.now, w.party[l->from].key, l->data,
				   l->len);
		l->len = 0;
		drain(l->to);
	}
	for (struct ask *a = w.ask; a < w.ask + ASKS; a++) {
		struct ask now = *a;

		if (a->at == 0 || a->at > w.now)
			continue;
		a->at = 0;
		answer(&now);
		drain(now.party);
	}
	if (w.now >= w.next_block) {
		block();
		w.next_block = w.now + w.block_us;
	}
	for (unsigned i = 0; i < w.parties; i++)
		drain(i);
}

static inline void run(uint64_t us)
{
	for (uint64_t end = w.now + us; w.now < end;)
		step(20 * MILLI);
}

/* One cell of a circuit for which `payer` pays `payee`; forth goes to the payee. True if it was
 * sent. */
static inline bool cell(unsigned payer, unsigned payee, bool forth, uint64_t bytes, uint64_t price)
{
	struct truth *t = &w.truth[payer][payee];
	struct party *from = &w.party[forth ? payer : payee], *to = &w.party[forth ? payee : payer];
	enum skw_pay_role sender = forth ? SKW_PAY_PAYER : SKW_PAY_PAYEE;
	enum skw_pay_role receiver = forth ? SKW_PAY_PAYEE : SKW_PAY_PAYER;

	/* a payer that stopped asks for nothing more, so nothing comes back either */
	if (!skw_pay_admitted(w.party[payer].pay, w.party[payee].key, SKW_PAY_PAYER) ||
	    !skw_pay_admitted(w.party[payee].pay, w.party[payer].key, SKW_PAY_PAYEE))
		return false;
	assert_int_equal(
	    skw_pay_meter(from->pay, w.now, to->key, sender, SKW_PAY_SENT, bytes, price),
	    SKW_PAY_OK);
	*(forth ? &t->sent_forth : &t->sent_back) += bytes * price;
	if (roll(100) < w.cell_loss)
		return true;
	assert_int_equal(
	    skw_pay_meter(to->pay, w.now, from->key, receiver, SKW_PAY_RECEIVED, bytes, price),
	    SKW_PAY_OK);
	*(forth ? &t->forth : &t->back) += bytes * price;
	return true;
}

static inline struct skw_pay_view account(unsigned i, unsigned peer, enum skw_pay_role role)
{
	struct skw_pay_view v;

	for (unsigned k = 0; skw_pay_view(w.party[i].pay, k, &v); k++)
		if (v.role == role && memcmp(v.peer, w.party[peer].key, SKW_PAY_KEY) == 0)
			return v;
	memset(&v, 0, sizeof(v));
	return v;
}

/* ---- beginning and end ---- */

static inline void coins_for_all(uint64_t sky)
{
	struct skw_spend_input in = { .secret = w.producer };
	struct skw_tx_output to[PARTIES];
	struct skw_spend_result result;
	static struct listing l;
	uint8_t tx[1024];

	unspents(&l, &w.net.genesis_address);
	in.uxid = l.list[0].uxid;
	in.coins = l.list[0].ux.coins;
	for (unsigned i = 0; i < w.parties; i++)
		to[i] = (struct skw_tx_output) { w.party[i].wallet,
						 { sky * SKY + i * 1000 },
						 { HOURS } };
	assert_int_equal(
	    skw_ux_hours_at(&in.hours, &l.list[0].ux, skw_chain_head(w.chain).header.time),
	    SKW_UX_HOURS_OK);
	assert_int_equal(skw_spend_build(tx, sizeof(tx), &result, &in, 1, to, w.parties,
					 &w.net.genesis_address, &w.net.limits),
			 SKW_SPEND_OK);
	assert_int_equal(
	    skw_chain_inject(w.chain, tx, result.size, SKW_INJECT_USER, T0, NULL, NULL),
	    SKW_CHAIN_OK);
	w.now = 1000000;
	block();
}

static inline void world(unsigned parties, uint32_t seed)
{
	struct skw_coin_public block_key;
	struct skw_address genesis;

	memset(&w, 0, sizeof(w));
	w.parties = parties;
	w.random = seed;
	w.block_us = 10 * 1000 * MILLI;
	w.next_block = w.block_us;
	skw_coin_secret_of_seed(&w.producer, (const uint8_t *)"producer", 8);
	assert_true(skw_coin_public_of(&block_key, &w.producer));
	skw_address_of_public(&genesis, &block_key);
	skw_network_private(&w.net, "test", &block_key, &genesis, T0 - 1000);
	assert_int_equal(skw_chain_open(&w.chain, ":memory:", &w.net), SKW_CHAIN_OK);
	for (unsigned i = 0; i < parties; i++) {
		struct party *p = &w.party[i];

		memset(p->key, (int)i + 1, SKW_PAY_KEY);
		skw_coin_secret_of_seed(&p->secret, p->key, SKW_PAY_KEY);
		assert_true(skw_address_of_secret(&p->wallet, &p->secret));
		p->config = skw_pay_config_default();
		memset(&p->config.network, 0x33, sizeof(p->config.network));
		p->config.limits = w.net.limits;
		p->config.wallet = p->wallet;
		memcpy(p->config.node, p->key, SKW_PAY_KEY);
		p->config.signer = (struct skw_pay_signer) { sign_for, p };
		p->config.neighbours_max = 4;
		p->config.ledger_us = 1000 * MILLI;
	}
	coins_for_all(1000);
}

static inline void world_start(void)
{
	for (unsigned i = 0; i < w.parties; i++)
		born(i);
}

static inline int world_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PARTIES; i++)
		skw_pay_free(w.party[i].pay);
	skw_chain_close(w.chain);
	memset(&w, 0, sizeof(w));
	return 0;
}

#endif
