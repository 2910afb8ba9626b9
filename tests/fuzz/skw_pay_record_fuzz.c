/* rooms: wire keys ledger pay
 *
 * skw_pay_record: an account as bytes on disk. What restores is written again, and read again, as
 * the same; a core that was given it answers questions and goes on without tripping over it. */

#include "pay/skw_pay_state.h"
#include "skw_fuzz.h"

static bool no_signature(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
			 const struct skw_address *owner)
{
	(void)context;
	(void)out;
	(void)hash;
	(void)owner;
	return false;
}

static void round_trip(const uint8_t *data, size_t size)
{
	static struct skw_pay_peer p, q;
	static struct skw_account a, b;
	uint8_t first[SKW_PAY_RECORD_MAX], second[SKW_PAY_RECORD_MAX];
	size_t n;

	memset(&p, 0, sizeof(p));
	memset(&q, 0, sizeof(q));
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	if (!skw_pay_record_get(&p, &a, data, size))
		return;
	FUZZ_CHECK(a.inputs <= SKW_PAY_INPUTS_MAX && a.voucher.len <= SKW_PAY_TX_MAX);
	FUZZ_CHECK(skw_units_valid(a.received.units) && skw_units_valid(a.sent.units));
	n = skw_pay_record_put(first, &p, &a);
	FUZZ_CHECK(data[0] == 1 ? n > size : n == size); /* the first form had no receipts */
	FUZZ_CHECK(skw_pay_record_get(&q, &b, first, n));
	FUZZ_CHECK(skw_pay_record_put(second, &q, &b) == n && memcmp(first, second, n) == 0);
}

static void live(const uint8_t *data, size_t size)
{
	struct skw_pay_config config = skw_pay_config_default();
	uint8_t key[SKW_PAY_RECORD_KEY] = { 7 };
	struct skw_pay_output out;
	struct skw_pay_view view;
	struct skw_pay *pay;
	uint64_t now = 1000000;
	unsigned outputs = 0;

	config.signer.sign = no_signature;
	config.wallet.b[3] = 9;
	config.limits = skw_network_mainnet.limits;
	config.neighbours_max = 2;
	FUZZ_CHECK(skw_pay_new(&pay, &config) == SKW_PAY_OK);
	key[SKW_PAY_RECORD_KEY - 1] = size > 0 ? data[size - 1] & 1 : 0;
	if (skw_pay_restore(pay, key, data, size) == SKW_PAY_OK) {
		skw_pay_on_link(pay, now, key, true);
		skw_pay_meter(pay, now, key, SKW_PAY_PAYEE, SKW_PAY_SENT, 1422, 1000);
		skw_pay_meter(pay, now, key, SKW_PAY_PAYER, SKW_PAY_RECEIVED, 1422, 1000);
		for (unsigned i = 0; i < 3; i++, now += 3600000000u) {
			while (skw_pay_poll(pay, now, &out))
				FUZZ_CHECK(++outputs < 1000);
			skw_pay_settle(pay, now, key);
		}
		FUZZ_CHECK(skw_pay_next_timer(pay, now) > 0);
		for (unsigned i = 0; skw_pay_view(pay, i, &view); i++)
			FUZZ_CHECK(i < 4);
	}
	skw_pay_free(pay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);

	round_trip(copy, size);
	live(copy, size);
	free(copy);
	return 0;
}

static void seeds(void)
{
	static struct skw_pay_peer p;
	static struct skw_account a;
	uint8_t out[SKW_PAY_RECORD_MAX];

	a.epoch = 1;
	fuzz_seed("empty", out, skw_pay_record_put(out, &p, &a));
	p.hello_known = true;
	p.wallet.b[2] = 5;
	p.credit_limit = 1000000;
	a.received = (struct skw_count) { 1 << 20, { 40000, 17 } };
	a.voucher.amount = 30000;
	a.voucher.len = (uint16_t)skw_tx_put_unsigned(
	    a.voucher.tx, sizeof(a.voucher.tx), (struct skw_sha256[1]) { { { 1 } } }, 1,
	    (struct skw_tx_output[1]) { { { { 0, 2 } }, { 30000 }, { 1 } } }, 1);
	a.inputs = 1;
	fuzz_seed("voucher", out, skw_pay_record_put(out, &p, &a));
}

FUZZ_START(seeds)
