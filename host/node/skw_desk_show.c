/* What the desk tells over the control socket. */
#include "node/skw_desk_inside.h"

#include <string.h>

static json_t *sky(uint64_t droplets)
{
	char text[SKW_DROPLETS_TEXT];

	skw_droplets_print(text, (struct skw_droplets) { droplets });
	return json_string(text);
}

static json_t *key_text(const uint8_t key[SKW_PAY_KEY])
{
	struct skw_node_address id;
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	memcpy(id.bytes, key, sizeof(id.bytes));
	skw_node_address_format(&id, text);
	return json_string(text);
}

static json_t *hash_text(const struct skw_sha256 *hash)
{
	char text[SKW_SHA256_TEXT] = "";

	if (!skw_sha256_is_zero(hash))
		skw_sha256_print(text, hash);
	return json_string(text);
}

static json_t *accounts(struct skw_desk *d)
{
	json_t *rows = json_array();
	struct skw_pay_view v;

	for (unsigned i = 0; skw_pay_view(d->pay, i, &v); i++)
		json_array_append_new(
		    rows,
		    json_pack("{s:o s:s s:s s:I s:I s:I s:o s:o s:o s:o s:o s:i s:b s:o}", "peer",
			      key_text(v.peer), "role", v.role == SKW_PAY_PAYEE ? "earns" : "pays",
			      "state", skw_pay_state_text(v.state), "received_bytes",
			      (json_int_t)v.received_bytes, "sent_bytes", (json_int_t)v.sent_bytes,
			      "billed_bytes", (json_int_t)v.billed_bytes, "price_per_mib",
			      sky(v.price), "owed", sky(v.owed), "vouched", sky(v.vouched),
			      "settled", sky(v.settled), "credit_left", sky(v.credit_left), "epoch",
			      (int)v.epoch, "admitted", v.admitted, "txid", hash_text(&v.txid)));
	return rows;
}

/* Settles with everybody who vouched for something. */
static json_t *settle_all(struct skw_desk *d)
{
	struct skw_pay_view v;
	int settled = 0;

	for (unsigned i = 0; skw_pay_view(d->pay, i, &v); i++)
		if (v.role == SKW_PAY_PAYEE &&
		    skw_pay_settle(d->pay, skw_desk_now(d), v.peer) == SKW_PAY_OK)
			settled++;
	return json_pack("{s:i}", "settling", settled);
}

json_t *skw_desk_answer(struct skw_desk *d, const char *action)
{
	if (d->pay == NULL)
		return json_pack("{s:s}", "error", "this node has no ledger: [ledger] mode = none");
	if (action == NULL)
		return json_pack("{s:o}", "accounts", accounts(d));
	if (strcmp(action, "history") == 0)
		return skw_desk_book_history(d->book);
	if (strcmp(action, "receipts") == 0)
		return skw_desk_book_receipts(d->book);
	if (strcmp(action, "settle") == 0)
		return settle_all(d);
	return json_pack("{s:s}", "error", "unknown action; pay takes settle, history or receipts");
}
