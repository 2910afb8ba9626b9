#include "pay/skw_pay_state.h"

#include <assert.h>
#include <string.h>

#include "wire/skw_cursor.h"

enum { RECORD_VERSION = 2, UX_LEN = 32 + SKW_ADDRESS_LEN + 4 * 8 };

static_assert(600 + SKW_PAY_TX_MAX + SKW_PAY_INPUTS_MAX * (32 + UX_LEN) <= SKW_PAY_RECORD_MAX,
	      "a record fits");

static void put_input(struct skw_writer *w, const struct skw_pay_input *in)
{
	skw_put_bytes(w, in->uxid.b, 32);
	skw_put_bytes(w, in->ux.src_tx.b, 32);
	skw_put_bytes(w, in->ux.address.b, SKW_ADDRESS_LEN);
	skw_put_u64(w, in->ux.coins.n);
	skw_put_u64(w, in->ux.hours.n);
	skw_put_u64(w, in->ux.time);
	skw_put_u64(w, in->ux.seq);
}

static void put_statement(struct skw_writer *w, const struct skw_statement *s)
{
	skw_put_u64(w, s->since);
	skw_put_u64(w, s->until);
	skw_put_u64(w, s->forth);
	skw_put_u64(w, s->back);
	skw_count_put(w, &s->all_forth);
	skw_count_put(w, &s->all_back);
}

static void get_statement(struct skw_reader *r, struct skw_statement *s)
{
	s->since = skw_get_u64(r);
	s->until = skw_get_u64(r);
	s->forth = skw_get_u64(r);
	s->back = skw_get_u64(r);
	skw_count_get(r, &s->all_forth);
	skw_count_get(r, &s->all_back);
}

size_t skw_pay_record_put(uint8_t out[SKW_PAY_RECORD_MAX], const struct skw_pay_peer *p,
			  const struct skw_account *a)
{
	struct skw_writer w = skw_writer(out, SKW_PAY_RECORD_MAX);

	skw_put_u8(&w, RECORD_VERSION);
	skw_put_u8(&w, (uint8_t)a->state);
	skw_put_u8(&w, p->hello_known);
	skw_put_bytes(&w, p->wallet.b, SKW_ADDRESS_LEN);
	skw_put_u64(&w, p->credit_limit);

	skw_count_put(&w, &a->received);
	skw_count_put(&w, &a->sent);
	skw_count_put(&w, &a->peer_received);
	skw_count_put(&w, &a->peer_sent);
	skw_count_put(&w, &a->seen_sent);
	skw_put_u64(&w, a->peer_seen_received);
	skw_put_u64(&w, a->dearest);

	skw_put_u32(&w, a->epoch);
	skw_put_u32(&w, a->peer_epoch);
	skw_put_u64(&w, a->settled);
	skw_put_u64(&w, a->accepted);
	skw_put_u64(&w, a->head_time);
	skw_put_u32(&w, a->settle_epoch);
	skw_put_u64(&w, a->settle_amount);
	skw_put_bytes(&w, a->settle_txid.b, 32);

	skw_put_u64(&w, a->voucher.amount);
	skw_put_u8(&w, a->voucher.last);
	skw_put_bytes(&w, a->voucher.txid.b, 32);
	skw_put_u16(&w, a->voucher.len);
	skw_put_bytes(&w, a->voucher.tx, a->voucher.len);
	skw_put_u8(&w, (uint8_t)a->inputs);
	for (unsigned i = 0; i < a->inputs; i++)
		put_input(&w, &a->input[i]);
	put_statement(&w, &a->hour);
	put_statement(&w, &a->proposal);
	assert(w.ok);
	return skw_writer_len(&w);
}

static void get_input(struct skw_reader *r, struct skw_pay_input *in)
{
	skw_get_bytes(r, in->uxid.b, 32);
	skw_get_bytes(r, in->ux.src_tx.b, 32);
	skw_get_bytes(r, in->ux.address.b, SKW_ADDRESS_LEN);
	in->ux.coins.n = skw_get_u64(r);
	in->ux.hours.n = skw_get_u64(r);
	in->ux.time = skw_get_u64(r);
	in->ux.seq = skw_get_u64(r);
}

static bool get_voucher(struct skw_reader *r, struct skw_account *a)
{
	struct skw_pay_voucher *v = &a->voucher;
	struct skw_tx tx;

	v->amount = skw_get_u64(r);
	v->last = skw_get_u8(r) != 0;
	skw_get_bytes(r, v->txid.b, 32);
	v->len = skw_get_u16(r);
	if (!r->ok || v->len > sizeof(v->tx))
		return false;
	skw_get_bytes(r, v->tx, v->len);
	a->inputs = skw_get_u8(r);
	if (!r->ok || a->inputs > SKW_PAY_INPUTS_MAX)
		return false;
	for (unsigned i = 0; i < a->inputs; i++)
		get_input(r, &a->input[i]);
	return v->amount == 0 || skw_tx_decode(&tx, v->tx, v->len) == SKW_CODEC_OK;
}

bool skw_pay_record_get(struct skw_pay_peer *p, struct skw_account *a, const uint8_t *data,
			size_t len)
{
	struct skw_reader r = skw_reader(data, len);
	uint8_t version = skw_get_u8(&r), state = skw_get_u8(&r);
	struct skw_address wallet = { { 0 } };
	uint64_t credit_limit;
	bool known = skw_get_u8(&r) != 0;

	if (version == 0 || version > RECORD_VERSION || state > SKW_PAY_STATE_CUT)
		return false;
	a->state = (enum skw_pay_state)state;
	skw_get_bytes(&r, wallet.b, SKW_ADDRESS_LEN);
	credit_limit = skw_get_u64(&r);
	if (known) {
		p->hello_known = true;
		p->wallet = wallet;
		p->credit_limit = credit_limit;
	}

	skw_count_get(&r, &a->received);
	skw_count_get(&r, &a->sent);
	skw_count_get(&r, &a->peer_received);
	skw_count_get(&r, &a->peer_sent);
	skw_count_get(&r, &a->seen_sent);
	a->peer_seen_received = skw_get_u64(&r);
	a->price = a->dearest = skw_get_u64(&r);

	a->epoch = skw_get_u32(&r);
	a->peer_epoch = skw_get_u32(&r);
	a->settled = skw_get_u64(&r);
	a->accepted = skw_get_u64(&r);
	a->head_time = skw_get_u64(&r);
	a->settle_epoch = skw_get_u32(&r);
	a->settle_amount = skw_get_u64(&r);
	skw_get_bytes(&r, a->settle_txid.b, 32);
	if (!get_voucher(&r, a))
		return false;
	if (version >= 2) { /* there were no receipts before */
		get_statement(&r, &a->hour);
		get_statement(&r, &a->proposal);
	}
	return skw_reader_done(&r) && a->epoch > 0;
}
