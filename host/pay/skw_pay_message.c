#include "pay/skw_pay_message.h"

#include "wire/skw_cursor.h"

enum { HEADER = 1 + 1 + 1 + 4 };

const char *skw_voucher_verdict_text(enum skw_voucher_verdict verdict)
{
	static const char *const text[SKW_VOUCHER_VERDICTS] = {
		[SKW_VOUCHER_OK] = "accepted",
		[SKW_VOUCHER_WAIT] = "waiting for the ledger",
		[SKW_VOUCHER_SETTLING] = "the last one is being settled",
		[SKW_VOUCHER_EPOCH] = "of another epoch",
		[SKW_VOUCHER_NETWORK] = "of another network",
		[SKW_VOUCHER_CODEC] = "not a transaction",
		[SKW_VOUCHER_SIZE] = "too many inputs or outputs",
		[SKW_VOUCHER_ADDRESS] = "does not pay our address",
		[SKW_VOUCHER_AMOUNT] = "pays another amount than it says",
		[SKW_VOUCHER_SHRINKS] = "does not pay more than the last one",
		[SKW_VOUCHER_INPUTS] = "spends other outputs than the last one",
		[SKW_VOUCHER_UNKNOWN_INPUT] = "spends what is not unspent on our ledger",
		[SKW_VOUCHER_SIGNATURE] = "is not signed by the owner of its inputs",
		[SKW_VOUCHER_FEE] = "burns too few coin hours",
		[SKW_VOUCHER_RULES] = "breaks a rule of the ledger",
		[SKW_VOUCHER_CUT] = "we no longer deal with this neighbour",
	};

	return (unsigned)verdict < SKW_VOUCHER_VERDICTS ? text[verdict] : "unknown";
}

static void put_body(struct skw_writer *w, const struct skw_pay_message *m)
{
	switch (m->kind) {
	case SKW_PAY_HELLO:
		skw_put_u8(w, m->u.hello.seen);
		skw_put_u8(w, m->u.hello.answer);
		skw_put_bytes(w, m->u.hello.network.b, sizeof(m->u.hello.network.b));
		skw_put_bytes(w, m->u.hello.wallet.b, SKW_ADDRESS_LEN);
		skw_put_u64(w, m->u.hello.credit_limit);
		break;
	case SKW_PAY_METER:
		skw_put_u8(w, m->u.meter.answer);
		skw_count_put(w, &m->u.meter.received);
		skw_count_put(w, &m->u.meter.sent);
		skw_count_put(w, &m->u.meter.seen_sent);
		skw_put_u64(w, m->u.meter.seen_received);
		break;
	case SKW_PAY_VOUCHER:
		skw_put_u64(w, m->u.voucher.amount);
		skw_put_u8(w, m->u.voucher.last);
		skw_put_bytes(w, m->u.voucher.network.b, sizeof(m->u.voucher.network.b));
		skw_put_u16(w, m->u.voucher.tx_len);
		skw_put_bytes(w, m->u.voucher.tx, m->u.voucher.tx_len);
		break;
	case SKW_PAY_ACCEPT:
		skw_put_u64(w, m->u.accept.amount);
		skw_put_u8(w, (uint8_t)m->u.accept.verdict);
		break;
	case SKW_PAY_SETTLE:
		skw_put_u64(w, m->u.settle.amount);
		skw_put_bytes(w, m->u.settle.txid.b, sizeof(m->u.settle.txid.b));
		break;
	case SKW_PAY_RECEIPT:
		skw_put_u64(w, m->u.receipt.statement.since);
		skw_put_u64(w, m->u.receipt.statement.until);
		skw_put_u64(w, m->u.receipt.statement.forth);
		skw_put_u64(w, m->u.receipt.statement.back);
		skw_count_put(w, &m->u.receipt.statement.all_forth);
		skw_count_put(w, &m->u.receipt.statement.all_back);
		skw_put_bytes(w, m->u.receipt.sig.b, sizeof(m->u.receipt.sig.b));
		break;
	}
}

uint16_t skw_pay_message_put(uint8_t out[SKW_PAY_MESSAGE_MAX], const struct skw_pay_message *m)
{
	struct skw_writer w = skw_writer(out, SKW_PAY_MESSAGE_MAX);

	skw_put_u8(&w, SKW_PAY_VERSION);
	skw_put_u8(&w, (uint8_t)m->kind);
	skw_put_u8(&w, (uint8_t)m->role);
	skw_put_u32(&w, m->epoch);
	put_body(&w, m);
	return w.ok ? (uint16_t)skw_writer_len(&w) : 0;
}

static bool get_flag(struct skw_reader *r, bool *flag)
{
	uint8_t byte = skw_get_u8(r);

	*flag = byte == 1;
	return byte <= 1;
}

static bool get_body(struct skw_reader *r, struct skw_pay_message *m)
{
	uint8_t verdict;
	bool ok;

	switch (m->kind) {
	case SKW_PAY_HELLO:
		ok = get_flag(r, &m->u.hello.seen) && get_flag(r, &m->u.hello.answer);
		skw_get_bytes(r, m->u.hello.network.b, sizeof(m->u.hello.network.b));
		skw_get_bytes(r, m->u.hello.wallet.b, SKW_ADDRESS_LEN);
		m->u.hello.credit_limit = skw_get_u64(r);
		return ok && m->u.hello.wallet.b[0] == 0 &&
		       !skw_address_is_null(&m->u.hello.wallet);
	case SKW_PAY_METER:
		ok = get_flag(r, &m->u.meter.answer) && skw_count_get(r, &m->u.meter.received) &&
		     skw_count_get(r, &m->u.meter.sent) && skw_count_get(r, &m->u.meter.seen_sent);
		m->u.meter.seen_received = skw_get_u64(r);
		return ok;
	case SKW_PAY_VOUCHER:
		m->u.voucher.amount = skw_get_u64(r);
		ok = get_flag(r, &m->u.voucher.last);
		skw_get_bytes(r, m->u.voucher.network.b, sizeof(m->u.voucher.network.b));
		m->u.voucher.tx_len = skw_get_u16(r);
		m->u.voucher.tx = skw_get_view(r, m->u.voucher.tx_len);
		return ok && m->u.voucher.tx_len <= SKW_PAY_TX_MAX;
	case SKW_PAY_ACCEPT:
		m->u.accept.amount = skw_get_u64(r);
		verdict = skw_get_u8(r);
		m->u.accept.verdict = (enum skw_voucher_verdict)verdict;
		return verdict < SKW_VOUCHER_VERDICTS;
	case SKW_PAY_SETTLE:
		m->u.settle.amount = skw_get_u64(r);
		skw_get_bytes(r, m->u.settle.txid.b, sizeof(m->u.settle.txid.b));
		return true;
	case SKW_PAY_RECEIPT:
		m->u.receipt.statement.since = skw_get_u64(r);
		m->u.receipt.statement.until = skw_get_u64(r);
		m->u.receipt.statement.forth = skw_get_u64(r);
		m->u.receipt.statement.back = skw_get_u64(r);
		ok = skw_count_get(r, &m->u.receipt.statement.all_forth) &&
		     skw_count_get(r, &m->u.receipt.statement.all_back);
		skw_get_bytes(r, m->u.receipt.sig.b, sizeof(m->u.receipt.sig.b));
		return ok;
	}
	return false;
}

bool skw_pay_message_is_later(const uint8_t *data, size_t len)
{
	return len >= HEADER && data[0] == SKW_PAY_VERSION && data[1] > SKW_PAY_RECEIPT &&
	       data[2] <= SKW_PAY_PAYER;
}

bool skw_pay_message_get(struct skw_pay_message *m, const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data, len);
	uint8_t version = skw_get_u8(&r), kind = skw_get_u8(&r), role = skw_get_u8(&r);

	m->epoch = skw_get_u32(&r);
	if (!r.ok || version != SKW_PAY_VERSION || kind < SKW_PAY_HELLO || kind > SKW_PAY_RECEIPT ||
	    role > SKW_PAY_PAYER)
		return false;
	m->kind = (enum skw_pay_kind)kind;
	m->role = (enum skw_pay_role)role;
	return get_body(&r, m) && skw_reader_done(&r);
}
