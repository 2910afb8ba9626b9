/* rooms: wire keys ledger pay
 *
 * skw_pay_message: what neighbours say about money. The format is exact: what decodes encodes to
 * the same bytes. */

#include "pay/skw_pay_message.h"
#include "skw_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[SKW_PAY_MESSAGE_MAX], *copy = fuzz_copy(data, size);
	struct skw_pay_message m;

	memset(&m, 0, sizeof(m));
	if (skw_pay_message_get(&m, copy, size)) {
		FUZZ_CHECK(size <= SKW_PAY_MESSAGE_MAX);
		FUZZ_CHECK(skw_pay_message_put(again, &m) == size);
		FUZZ_CHECK(memcmp(again, copy, size) == 0);
		FUZZ_CHECK(m.kind != SKW_PAY_ACCEPT ||
			   skw_voucher_verdict_text(m.u.accept.verdict) != NULL);
	}
	free(copy);
	return 0;
}

static void seed(const char *name, const struct skw_pay_message *m)
{
	uint8_t out[SKW_PAY_MESSAGE_MAX];

	fuzz_seed(name, out, skw_pay_message_put(out, m));
}

static void seeds(void)
{
	struct skw_pay_message hello = { .kind = SKW_PAY_HELLO };
	struct skw_pay_message voucher = { .kind = SKW_PAY_VOUCHER, .epoch = 3 };

	hello.u.hello.wallet.b[5] = 1;
	hello.u.hello.seen = true;
	seed("hello", &hello);
	voucher.u.voucher.tx = (const uint8_t *)"not a transaction";
	voucher.u.voucher.tx_len = 17;
	seed("voucher", &voucher);
	seed("meter", &(struct skw_pay_message) { .kind = SKW_PAY_METER, .role = SKW_PAY_PAYER });
	seed("accept", &(struct skw_pay_message) { .kind = SKW_PAY_ACCEPT });
	seed("settle", &(struct skw_pay_message) { .kind = SKW_PAY_SETTLE });
}

FUZZ_START(seeds)
