/* rooms: wire keys ledger pay
 *
 * skw_pay_receipt: what decodes encodes to the same bytes; what verifies is signed by both of the
 * wallets that it names, and no input of ours but the seed is. */

#include "pay/skw_pay_receipt.h"
#include "skw_fuzz.h"

static uint8_t good[SKW_RECEIPT_LEN];

static void prepare(void)
{
	struct skw_receipt r = { .since = 3600,
				 .until = 7200,
				 .forth = 5,
				 .back = 6,
				 .all_forth = { 50, { 1, 2 } },
				 .all_back = { 60, { 3, 4 } } };
	struct skw_coin_secret payee, payer;
	struct skw_sha256 hash;

	skw_coin_secret_of_seed(&payee, (const uint8_t *)"payee", 5);
	skw_coin_secret_of_seed(&payer, (const uint8_t *)"payer", 5);
	skw_address_of_secret(&r.payee_wallet, &payee);
	skw_address_of_secret(&r.payer_wallet, &payer);
	skw_receipt_hash(&hash, &r);
	if (!skw_coin_sign(&r.payee_sig, &hash, &payee) ||
	    !skw_coin_sign(&r.payer_sig, &hash, &payer))
		exit(1);
	skw_receipt_put(good, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[SKW_RECEIPT_LEN];
	struct skw_receipt r;

	if (skw_receipt_get(&r, data, size) != SKW_RECEIPT_OK)
		return 0;
	FUZZ_CHECK(size == SKW_RECEIPT_LEN);
	skw_receipt_put(again, &r);
	FUZZ_CHECK(memcmp(again, data, size) == 0);
	skw_receipt_owed(&r);
	FUZZ_CHECK(!skw_receipt_follows(&r, &r) || r.since >= r.until);
	if (skw_receipt_verify(&r) == SKW_RECEIPT_OK)
		FUZZ_CHECK(memcmp(data, good, size - 130) == 0);
	return 0;
}

static void seeds(void)
{
	fuzz_seed("good", good, sizeof(good));
}

FUZZ_START_WITH(prepare, seeds)
