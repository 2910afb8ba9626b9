#include "pay/skw_pay_receipt.h"

#include <string.h>

#include "wire/skw_cursor.h"

static const char magic[] = "skywave receipt 1";
enum { MAGIC = sizeof(magic) - 1, SIGNATURES = 2 * 65, BODY = SKW_RECEIPT_LEN - SIGNATURES };

const char *skw_receipt_status_text(enum skw_receipt_status status)
{
	switch (status) {
	case SKW_RECEIPT_OK:
		return "valid";
	case SKW_RECEIPT_FORM:
		return "not a receipt";
	case SKW_RECEIPT_TIME:
		return "its times are not those of a receipt";
	case SKW_RECEIPT_COUNT:
		return "more in the hour than there ever was";
	case SKW_RECEIPT_PAYEE:
		return "not signed by the payee's wallet";
	case SKW_RECEIPT_PAYER:
		return "not signed by the payer's wallet";
	}
	return "?";
}

static void put_body(struct skw_writer *w, const struct skw_receipt *r)
{
	skw_put_bytes(w, (const uint8_t *)magic, MAGIC);
	skw_put_bytes(w, r->network.b, sizeof(r->network.b));
	skw_put_bytes(w, r->payee, sizeof(r->payee));
	skw_put_bytes(w, r->payer, sizeof(r->payer));
	skw_put_bytes(w, r->payee_wallet.b, SKW_ADDRESS_LEN);
	skw_put_bytes(w, r->payer_wallet.b, SKW_ADDRESS_LEN);
	skw_put_u64(w, r->since);
	skw_put_u64(w, r->until);
	skw_put_u64(w, r->forth);
	skw_put_u64(w, r->back);
	skw_count_put(w, &r->all_forth);
	skw_count_put(w, &r->all_back);
}

void skw_receipt_put(uint8_t out[SKW_RECEIPT_LEN], const struct skw_receipt *receipt)
{
	struct skw_writer w = skw_writer(out, SKW_RECEIPT_LEN);

	put_body(&w, receipt);
	skw_put_bytes(&w, receipt->payee_sig.b, sizeof(receipt->payee_sig.b));
	skw_put_bytes(&w, receipt->payer_sig.b, sizeof(receipt->payer_sig.b));
}

enum skw_receipt_status skw_receipt_get(struct skw_receipt *r, const uint8_t *data, size_t len)
{
	struct skw_reader in = skw_reader(data, len);
	uint8_t start[MAGIC];

	skw_get_bytes(&in, start, MAGIC);
	skw_get_bytes(&in, r->network.b, sizeof(r->network.b));
	skw_get_bytes(&in, r->payee, sizeof(r->payee));
	skw_get_bytes(&in, r->payer, sizeof(r->payer));
	skw_get_bytes(&in, r->payee_wallet.b, SKW_ADDRESS_LEN);
	skw_get_bytes(&in, r->payer_wallet.b, SKW_ADDRESS_LEN);
	r->since = skw_get_u64(&in);
	r->until = skw_get_u64(&in);
	r->forth = skw_get_u64(&in);
	r->back = skw_get_u64(&in);
	if (!skw_count_get(&in, &r->all_forth) || !skw_count_get(&in, &r->all_back))
		return SKW_RECEIPT_FORM;
	skw_get_bytes(&in, r->payee_sig.b, sizeof(r->payee_sig.b));
	skw_get_bytes(&in, r->payer_sig.b, sizeof(r->payer_sig.b));
	return skw_reader_done(&in) && memcmp(start, magic, MAGIC) == 0 ? SKW_RECEIPT_OK
									: SKW_RECEIPT_FORM;
}

void skw_receipt_hash(struct skw_sha256 *out, const struct skw_receipt *receipt)
{
	uint8_t body[BODY];
	struct skw_writer w = skw_writer(body, sizeof(body));

	put_body(&w, receipt);
	skw_sha256_of(out, body, sizeof(body));
}

bool skw_receipt_signed_by(const struct skw_coin_sig *sig, const struct skw_sha256 *hash,
			   const struct skw_address *wallet)
{
	struct skw_coin_public key;
	struct skw_address address;

	if (!skw_coin_recover(&key, sig, hash))
		return false;
	skw_address_of_public(&address, &key);
	return skw_address_equal(&address, wallet);
}

enum skw_receipt_status skw_receipt_verify(const struct skw_receipt *r)
{
	struct skw_sha256 hash;

	if (r->until % SKW_RECEIPT_PERIOD != 0 || r->since >= r->until)
		return SKW_RECEIPT_TIME;
	if (r->forth > r->all_forth.bytes || r->back > r->all_back.bytes)
		return SKW_RECEIPT_COUNT;
	skw_receipt_hash(&hash, r);
	if (!skw_receipt_signed_by(&r->payee_sig, &hash, &r->payee_wallet))
		return SKW_RECEIPT_PAYEE;
	return skw_receipt_signed_by(&r->payer_sig, &hash, &r->payer_wallet) ? SKW_RECEIPT_OK
									     : SKW_RECEIPT_PAYER;
}

uint64_t skw_receipt_owed(const struct skw_receipt *r)
{
	struct skw_units sum = { UINT64_MAX, 0 };

	skw_units_add(&sum, r->all_forth.units, r->all_back.units);
	return sum.whole;
}

bool skw_receipt_follows(const struct skw_receipt *next, const struct skw_receipt *before)
{
	return next->since >= before->until && next->all_forth.bytes >= next->forth &&
	       next->all_back.bytes >= next->back &&
	       next->all_forth.bytes - next->forth == before->all_forth.bytes &&
	       next->all_back.bytes - next->back == before->all_back.bytes &&
	       skw_units_compare(next->all_forth.units, before->all_forth.units) >= 0 &&
	       skw_units_compare(next->all_back.units, before->all_back.units) >= 0;
}
