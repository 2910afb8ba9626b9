/* Balances: what is confirmed, and what the pending transactions would make of it. */
#include <stdlib.h>

#include "ledger/skw_rest_pool.h"

struct balance {
	struct skw_droplets coins;
	struct skw_hours hours;
};

struct account {
	const struct skw_rest_pool *pool;
	struct balance confirmed, predicted;
	bool overflow;
};

static void credit(struct account *account, struct balance *balance, const struct skw_ux *ux)
{
	struct skw_hours hours = skw_rest_hours(ux, account->pool->head.time);

	if (!skw_droplets_add(&balance->coins, balance->coins, ux->coins) ||
	    !skw_hours_add(&balance->hours, balance->hours, hours))
		account->overflow = true;
}

static bool count_output(void *context, const struct skw_ux_record *record)
{
	struct account *account = context;

	credit(account, &account->confirmed, &record->ux);
	if (!skw_rest_pool_spends(account->pool, &record->uxid))
		credit(account, &account->predicted, &record->ux);
	return true;
}

static void show_balance(struct skw_json *j, const char *key, const struct balance *balance)
{
	skw_json_object(j, key);
	skw_json_u64(j, "coins", balance->coins.n);
	skw_json_u64(j, "hours", balance->hours.n);
	skw_json_end_object(j);
}

static bool add_balance(struct balance *sum, const struct balance *more)
{
	return skw_droplets_add(&sum->coins, sum->coins, more->coins) &&
	       skw_hours_add(&sum->hours, sum->hours, more->hours);
}

/* Fills one account an address; the sum is the last. */
static bool count_accounts(struct skw_rest_call *call, const struct skw_rest_addresses *addresses,
			   const struct skw_rest_pool *pool, struct account *accounts)
{
	struct account *sum = &accounts[addresses->count];

	for (size_t i = 0; i < addresses->count; i++) {
		const struct skw_address *owner = &addresses->list[i];
		enum skw_chain_status status;

		accounts[i].pool = pool;
		status = skw_chain_each_unspent(call->chain, owner, count_output, &accounts[i]);
		if (status != SKW_CHAIN_OK) {
			skw_rest_chain_failed(call, status);
			return false;
		}
		for (size_t m = 0; m < pool->mades; m++)
			if (skw_address_equal(&pool->made[m].address, owner))
				credit(&accounts[i], &accounts[i].predicted, &pool->made[m]);
		if (accounts[i].overflow || !add_balance(&sum->confirmed, &accounts[i].confirmed) ||
		    !add_balance(&sum->predicted, &accounts[i].predicted)) {
			skw_rest_fail(call, 500, "the balance does not fit 64 bits");
			return false;
		}
	}
	return true;
}

static void show_accounts(struct skw_json *j, const struct skw_rest_addresses *addresses,
			  const struct account *accounts)
{
	char text[SKW_ADDRESS_TEXT];

	skw_json_object(j, NULL);
	show_balance(j, "confirmed", &accounts[addresses->count].confirmed);
	show_balance(j, "predicted", &accounts[addresses->count].predicted);
	skw_json_object(j, "addresses");
	for (size_t i = 0; i < addresses->count; i++) {
		skw_address_print(text, &addresses->list[i]);
		skw_json_object(j, text);
		show_balance(j, "confirmed", &accounts[i].confirmed);
		show_balance(j, "predicted", &accounts[i].predicted);
		skw_json_end_object(j);
	}
	skw_json_end_object(j);
	skw_json_end_object(j);
}

void skw_rest_show_balances(struct skw_rest_call *call, const struct skw_rest_addresses *addresses)
{
	struct account *accounts = calloc(addresses->count + 1, sizeof(*accounts));
	struct skw_rest_pool pool;

	if (accounts == NULL)
		skw_rest_chain_failed(call, SKW_CHAIN_MEMORY);
	else if (skw_rest_pool_load(call, &pool)) {
		if (count_accounts(call, addresses, &pool, accounts))
			show_accounts(&call->json, addresses, accounts);
		skw_rest_pool_free(&pool);
	}
	free(accounts);
}

void skw_rest_balance(struct skw_rest_call *call)
{
	struct skw_rest_addresses addresses;

	if (*skw_rest_arg(call, "addrs") == '\0') {
		skw_rest_fail(call, 400, "addrs is required");
		return;
	}
	if (!skw_rest_addresses(call, &addresses, skw_rest_arg(call, "addrs")))
		return;
	skw_rest_show_balances(call, &addresses);
	free(addresses.list);
}
