/* Transactions made over REST: from addresses, from outputs, from a wallet; and signed.
 *
 *   plan -> outputs that may be spent -> chosen ones -> draft -> (wallet's signatures) -> judged
 */
#include "ledger/skw_rest_spend.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_pool.h"

/* Outputs that may be spent; `owner` of a coin is its place in `ux`. */
struct funds {
	struct skw_rest_call *call;
	const struct skw_rest_plan *plan;
	const struct skw_rest_pool *pool;
	struct skw_spend_coin *coin;
	struct skw_ux *ux;
	size_t count, room;
	bool any_hours;
	bool passed_over; /* something that a pending transaction spends */
};

static bool fail(struct skw_rest_call *call, const char *words)
{
	skw_rest_fail(call, 400, "%s", words);
	return false;
}

static bool make_room(struct funds *f)
{
	size_t room = f->room > 0 ? 2 * f->room : 64;
	struct skw_spend_coin *coin;
	struct skw_ux *ux;

	if (f->count < f->room)
		return true;
	coin = realloc(f->coin, room * sizeof(*coin));
	if (coin != NULL)
		f->coin = coin;
	ux = realloc(f->ux, room * sizeof(*ux));
	if (ux != NULL)
		f->ux = ux;
	if (coin == NULL || ux == NULL) {
		skw_rest_chain_failed(f->call, SKW_CHAIN_MEMORY);
		return false;
	}
	f->room = room;
	return true;
}

/* One output of those; what a pending transaction spends is passed over, or ends all. */
static bool add_output(void *context, const struct skw_ux_record *record)
{
	struct funds *f = context;
	struct skw_hours hours = skw_rest_hours(&record->ux, f->pool->head.time);

	if (skw_rest_pool_spends(f->pool, &record->uxid)) {
		f->passed_over = true;
		if (f->plan->ignore_unconfirmed)
			return true;
		return fail(f->call, "Please spend after your pending transaction is confirmed");
	}
	if (!make_room(f))
		return false;
	f->ux[f->count] = record->ux;
	f->coin[f->count] = (struct skw_spend_coin) { .uxid = record->uxid,
						      .coins = record->ux.coins,
						      .hours = hours,
						      .seq = record->ux.seq,
						      .owner = f->count };
	f->any_hours |= hours.n > 0;
	f->count++;
	return true;
}

static bool add_unspent(struct funds *f, const struct skw_sha256 *uxid,
			const struct skw_rest_addresses *owners)
{
	struct skw_ux_record record;
	char hex[SKW_SHA256_TEXT];
	enum skw_chain_status status = skw_chain_output(f->call->chain, uxid, &record);

	if (status != SKW_CHAIN_OK && status != SKW_CHAIN_NOTHING) {
		skw_rest_chain_failed(f->call, status);
		return false;
	}
	if (status == SKW_CHAIN_NOTHING || record.spent) {
		skw_sha256_print(hex, uxid);
		skw_rest_fail(f->call, 400, "unspent output of %s does not exist", hex);
		return false;
	}
	if (owners != NULL && !skw_rest_is_listed(owners, &record.ux.address))
		return fail(f->call, "uxout is not owned by any address in the wallet");
	return add_output(f, &record);
}

/* All that the plan lets be spent, out of the wallet's addresses if there is a wallet. */
static bool gather(struct funds *f, const struct skw_rest_addresses *wallet)
{
	const struct skw_rest_addresses *from = &f->plan->from;
	enum skw_chain_status status = SKW_CHAIN_OK;

	for (size_t i = 0; i < f->plan->unspent_count; i++)
		if (!add_unspent(f, &f->plan->unspents[i], wallet))
			return false;
	for (size_t i = 0; wallet != NULL && i < from->count; i++)
		if (!skw_rest_is_listed(wallet, &from->list[i]))
			return fail(f->call, "address not found in wallet");
	if (from->count == 0 && f->plan->unspent_count == 0)
		from = wallet;
	for (size_t i = 0; status == SKW_CHAIN_OK && from != NULL && i < from->count; i++) {
		status = skw_chain_each_unspent(f->call->chain, &from->list[i], add_output, f);
		if (f->call->status != 200)
			return false;
	}
	if (status != SKW_CHAIN_OK) {
		skw_rest_chain_failed(f->call, status);
		return false;
	}
	if (f->count == 0)
		return fail(f->call, f->passed_over
					 ? "All selected outputs are unavailable for spending"
					 : "no unspents to spend");
	return f->any_hours || fail(f->call, "Transaction has zero coinhour fee");
}

/* ---- choosing and drafting ---- */

static bool spend_failed(struct skw_rest_call *call, enum skw_spend_status status)
{
	return status == SKW_SPEND_OK || fail(call, skw_spend_status_text(status));
}

/* Hours that follow from the share; all of them where there is no change to carry the rest. */
static enum skw_spend_status share(struct skw_rest_plan *plan, const struct skw_spend_coin *coins,
				   size_t chosen, const struct skw_limits *limits)
{
	struct skw_droplets in = { 0 }, out = { 0 };
	struct skw_hours hours = { 0 };

	for (size_t i = 0; i < chosen; i++)
		if (!skw_droplets_add(&in, in, coins[i].coins) ||
		    !skw_hours_add(&hours, hours, coins[i].hours))
			return SKW_SPEND_OVERFLOW;
	for (size_t i = 0; i < plan->tos; i++)
		if (!skw_droplets_add(&out, out, plan->to[i].coins))
			return SKW_SPEND_OVERFLOW;
	return skw_spend_share(plan->to, plan->tos, hours, in.n == out.n ? 1 : plan->part,
			       in.n == out.n ? 1 : plan->whole, limits);
}

static bool draft(struct skw_rest_call *call, struct skw_rest_plan *plan, struct funds *f,
		  const struct skw_address *change, struct skw_rest_made *made)
{
	const struct skw_limits *limits = &call->chain->network.limits;
	struct skw_spend_input *in;
	enum skw_spend_status status;

	status = skw_spend_choose(&made->ins, f->coin, f->count, plan->to, plan->tos, limits);
	if (status == SKW_SPEND_OK && plan->shares)
		status = share(plan, f->coin, made->ins, limits);
	if (!spend_failed(call, status))
		return false;
	in = calloc(made->ins, sizeof(*in));
	if (in == NULL) {
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
		return false;
	}
	for (size_t i = 0; i < made->ins; i++) {
		in[i].uxid = f->coin[i].uxid;
		in[i].coins = f->coin[i].coins;
		in[i].hours = f->coin[i].hours;
		made->owner[i] = f->ux[f->coin[i].owner].address;
	}
	if (plan->has_change)
		change = &plan->change;
	status =
	    skw_spend_draft(made->raw, sizeof(made->raw), &made->result, in, made->ins, plan->to,
			    plan->tos, change != NULL ? change : &made->owner[0], limits);
	free(in);
	return spend_failed(call, status);
}

/* `change` NULL: to the owner of the first input. */
static bool make(struct skw_rest_call *call, struct skw_rest_plan *plan,
		 const struct skw_rest_addresses *wallet, const struct skw_address *change,
		 struct skw_rest_made *made)
{
	struct skw_rest_pool pool;
	struct funds f = { .call = call, .plan = plan, .pool = &pool };
	bool ok;

	if (!skw_rest_pool_load(call, &pool))
		return false;
	ok = gather(&f, wallet) && draft(call, plan, &f, change, made);
	free(f.coin);
	free(f.ux);
	skw_rest_pool_free(&pool);
	return ok;
}

void skw_rest_show_made(struct skw_rest_call *call, const uint8_t *raw, size_t len, bool unsigned_)
{
	struct skw_tx_totals totals = { 0 };
	struct skw_json *j = &call->json;
	char words[SKW_VERDICT_TEXT];
	struct skw_verdict verdict;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, raw, len) != SKW_CODEC_OK) {
		skw_rest_fail(call, 500, "the transaction made is none");
		return;
	}
	verdict = skw_rest_judge(call, &tx, unsigned_, &totals);
	if (verdict.fault != SKW_FAULT_NONE) {
		skw_verdict_print(words, &verdict);
		fail(call, words);
		return;
	}
	skw_json_object(j, NULL);
	if (call->v2)
		skw_json_object(j, "data");
	skw_rest_show_created(call, "transaction", &tx, totals.fee.n,
			      skw_chain_head(call->chain).header.time);
	skw_json_hex(j, "encoded_transaction", raw, len);
	if (call->v2)
		skw_json_end_object(j);
	skw_json_end_object(j);
}

void skw_rest_spend(struct skw_rest_call *call)
{
	json_t *root = skw_rest_body(call);
	struct skw_rest_made *made = malloc(sizeof(*made));
	struct skw_rest_plan *plan = malloc(sizeof(*plan));

	if (plan == NULL || made == NULL) {
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	} else if (root != NULL) {
		if (skw_rest_plan_take(call, plan, root)) {
			if (plan->from.count == 0 && plan->unspent_count == 0)
				fail(call, "one of addresses or unspents must not be empty");
			else if (make(call, plan, NULL, NULL, made))
				skw_rest_show_made(call, made->raw, made->result.size, true);
		}
		skw_rest_plan_free(plan);
	}
	free(plan);
	free(made);
	json_decref(root);
}

/* ---- from a wallet ---- */

static bool never_seen(void *context, const struct skw_ux_record *record)
{
	(void)record;
	*(bool *)context = false;
	return false;
}

/* A bip44 wallet's change goes to its last change address if that is new, else to one more. */
static bool change_of(struct skw_rest_call *call, const struct skw_wallets_item *item,
		      struct skw_address *out)
{
	const struct skw_wallet_entry *last = NULL;
	struct skw_wallet *copy = NULL;
	enum skw_wallet_status status;
	bool fresh = true;

	for (size_t i = 0; i < skw_wallet_count(item->wallet); i++) {
		const struct skw_wallet_entry *entry = skw_wallet_entry(item->wallet, i);

		if (entry->change == 1 && (last == NULL || entry->child > last->child))
			last = entry;
	}
	if (last != NULL)
		skw_chain_each_output(call->chain, &last->address, never_seen, &fresh);
	if (last != NULL && fresh) {
		*out = last->address;
		return true;
	}
	status = skw_wallets_copy(item, &copy);
	if (status == SKW_WALLET_OK)
		status = skw_wallet_grow_change(copy, 1);
	if (status == SKW_WALLET_OK) {
		*out = skw_wallet_entry(copy, skw_wallet_count(copy) - 1)->address;
		status = skw_wallets_replace(call->chain->wallets, item->id, copy);
	}
	if (status == SKW_WALLET_OK)
		return true;
	skw_wallet_free(copy);
	skw_rest_wallet_failed(call, status);
	return false;
}

static void spend_from(struct skw_rest_call *call, const struct skw_wallets_item *item,
		       struct skw_rest_plan *plan, struct skw_rest_made *made, const char *password,
		       bool unsigned_)
{
	bool tree = skw_wallet_kind(item->wallet) == SKW_WALLET_BIP44;
	struct skw_wallet *copy = NULL;
	struct skw_rest_addresses mine;
	struct skw_address change;
	bool ok = true;

	if (!unsigned_ && (copy = skw_rest_wallet_unlocked(call, item, password)) == NULL)
		return;
	if (!skw_rest_wallet_addresses(call, &mine, item->wallet)) {
		skw_wallet_free(copy);
		return;
	}
	if (tree && !plan->has_change)
		ok = change_of(call, item, &change);
	ok = ok && make(call, plan, &mine, tree && !plan->has_change ? &change : NULL, made);
	for (size_t i = 0; ok && !unsigned_ && i < made->ins; i++)
		ok = skw_rest_sign_input(made->raw, made->result.size, (uint32_t)i, copy,
					 &made->owner[i]) ||
		     fail(call, "Wallet cannot sign all requested inputs");
	if (ok)
		skw_rest_show_made(call, made->raw, made->result.size, unsigned_);
	free(mine.list);
	skw_wallet_free(copy);
}

static const char *text_in(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	return text != NULL ? text : "";
}

static void wallet_spend(struct skw_rest_call *call, const json_t *root, struct skw_rest_plan *plan,
			 struct skw_rest_made *made)
{
	const char *id = text_in(root, "wallet_id"), *password = text_in(root, "password");
	bool unsigned_ = json_is_true(json_object_get(root, "unsigned"));
	const struct skw_wallets_item *item;

	if (*id == '\0') {
		fail(call, "missing wallet_id");
		return;
	}
	if (unsigned_ && *password != '\0') {
		fail(call, "password must not be used for unsigned transactions");
		return;
	}
	if (skw_rest_plan_take(call, plan, root)) {
		item = skw_wallets_find(call->chain->wallets, id);
		if (item != NULL)
			spend_from(call, item, plan, made, password, unsigned_);
		else
			skw_rest_fail(call, 404, "wallet doesn't exist");
	}
	skw_rest_plan_free(plan);
}

void skw_rest_wallet_spend(struct skw_rest_call *call)
{
	struct skw_rest_made *made = malloc(sizeof(*made));
	struct skw_rest_plan *plan = malloc(sizeof(*plan));
	json_t *root = NULL;

	if (!skw_rest_type_is_json(call->type))
		skw_rest_fail(call, 415, NULL);
	else if (plan == NULL || made == NULL)
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	else if ((root = skw_rest_body(call)) != NULL)
		wallet_spend(call, root, plan, made);
	free(plan);
	free(made);
	json_decref(root);
}
