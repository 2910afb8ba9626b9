/* A transaction signed with a wallet over REST, wholly or some inputs of it. */
#include <stdlib.h>

#include "ledger/skw_rest_spend.h"

static bool fail(struct skw_rest_call *call, const char *words)
{
	skw_rest_fail(call, 400, "%s", words);
	return false;
}

static const char *text_in(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	return text != NULL ? text : "";
}

bool skw_rest_sign_input(uint8_t *raw, size_t len, uint32_t i, const struct skw_wallet *wallet,
			 const struct skw_address *owner)
{
	const struct skw_wallet_entry *entry = skw_wallet_find(wallet, owner);

	return entry != NULL && skw_tx_sign_input(raw, len, i, &entry->secret);
}

/* Which inputs are asked for, a flag each; all that are unsigned if none is named. */
static bool take_indexes(struct skw_rest_call *call, const json_t *list, const struct skw_tx *tx,
			 bool *asked)
{
	const json_t *item;
	uint32_t unsigned_ = 0;
	size_t i;

	if (json_array_size(list) > tx->ins)
		return fail(call, "Too many values in sign_indexes");
	json_array_foreach(list, i, item)
	{
		json_int_t at = json_integer_value(item);

		if (!json_is_integer(item) || at < 0 || at >= (json_int_t)tx->ins)
			return fail(call, "Value in sign_indexes exceeds range of transaction "
					  "inputs array");
		if (asked[at])
			return fail(call, "Duplicate value in sign_indexes");
		asked[at] = true;
	}
	if (tx->sigs != tx->ins)
		return fail(call, "Number of signatures does not match number of inputs");
	for (uint32_t n = 0; n < tx->ins; n++) {
		bool null = skw_coin_sig_is_null(&tx->sig[n]);

		unsigned_ += null;
		if (asked[n] && !null) {
			skw_rest_fail(call, 400, "Transaction is already signed at index %u", n);
			return false;
		}
		if (json_array_size(list) == 0)
			asked[n] = null;
	}
	return unsigned_ > 0 || fail(call, "Transaction is fully signed");
}

static bool sign_asked(struct skw_rest_call *call, const struct skw_wallet *wallet,
		       const struct skw_tx *tx, uint8_t *raw, const bool *asked)
{
	struct skw_ux_record record;
	char hex[SKW_SHA256_TEXT];

	for (uint32_t i = 0; i < tx->ins; i++) {
		if (skw_chain_output(call->chain, &tx->in[i], &record) != SKW_CHAIN_OK ||
		    record.spent) {
			skw_sha256_print(hex, &tx->in[i]);
			skw_rest_fail(call, 400, "unspent output of %s does not exist", hex);
			return false;
		}
		if (asked[i] && !skw_rest_sign_input(raw, tx->size, i, wallet, &record.ux.address))
			return fail(call, "Wallet cannot sign all requested inputs");
	}
	return true;
}

static bool is_partly_unsigned(const uint8_t *raw, size_t len)
{
	struct skw_tx tx;

	if (skw_tx_decode(&tx, raw, len) != SKW_CODEC_OK)
		return false;
	for (uint32_t i = 0; i < tx.sigs; i++)
		if (skw_coin_sig_is_null(&tx.sig[i]))
			return true;
	return false;
}

static void sign(struct skw_rest_call *call, const json_t *root, const struct skw_tx *tx,
		 uint8_t *raw)
{
	const struct skw_wallets_item *item =
	    skw_wallets_find(call->chain->wallets, text_in(root, "wallet_id"));
	bool *asked = calloc(tx->ins + 1, sizeof(*asked));
	struct skw_wallet *copy = NULL;

	if (asked == NULL) {
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	} else if (take_indexes(call, json_object_get(root, "sign_indexes"), tx, asked)) {
		if (item == NULL)
			skw_rest_fail(call, 404, "wallet doesn't exist");
		else
			copy = skw_rest_wallet_unlocked(call, item, text_in(root, "password"));
		if (copy != NULL && sign_asked(call, copy, tx, raw, asked))
			skw_rest_show_made(call, raw, tx->size, is_partly_unsigned(raw, tx->size));
		skw_wallet_free(copy);
	}
	free(asked);
}

void skw_rest_wallet_sign(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
	const char *hex = text_in(root, "encoded_transaction");
	struct skw_tx tx;
	uint8_t *raw;

	if (root == NULL)
		return;
	if (*text_in(root, "wallet_id") == '\0') {
		fail(call, "wallet_id is required");
	} else if (*hex == '\0') {
		fail(call, "encoded_transaction is required");
	} else if (skw_rest_take_tx(call, &tx, &raw, hex, "Decode transaction failed: ")) {
		sign(call, root, &tx, raw);
		free(raw);
	}
	json_decref(root);
}
