/* Who owns how much: the rich list and the supply. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_network_locked.h"
#include "ledger/skw_rest_inside.h"

struct owner {
	struct skw_address address;
	struct skw_droplets coins;
	bool locked;
};

struct owners {
	struct skw_chain *chain;
	struct owner *list;
	size_t count, room;
	uint64_t head_time;
	struct skw_hours hours, unlocked_hours; /* of nobody's distribution, of the unlocked one */
	bool failed;
};

static bool is_locked(const struct skw_chain *chain, const struct skw_address *address)
{
	const struct skw_limits *limits = &chain->network.limits;

	for (size_t i = 0; i < limits->locked_count; i++)
		if (skw_address_equal(&limits->locked[i], address))
			return true;
	return false;
}

static bool is_unlocked(const struct skw_address *address)
{
	for (size_t i = 0; i < SKW_NETWORK_UNLOCKED; i++)
		if (skw_address_equal(&skw_network_unlocked[i], address))
			return true;
	return false;
}

/* One entry an output; they are put together after sorting. */
static bool add_output(void *context, const struct skw_ux_record *record)
{
	struct owners *owners = context;
	bool locked = is_locked(owners->chain, &record->ux.address);
	struct skw_hours hours = skw_rest_hours(&record->ux, owners->head_time);
	struct skw_hours *sum =
	    is_unlocked(&record->ux.address) ? &owners->unlocked_hours : &owners->hours;

	if (owners->count == owners->room) {
		size_t room = owners->room > 0 ? 2 * owners->room : 256;
		struct owner *list = realloc(owners->list, room * sizeof(*list));

		if (list == NULL) {
			owners->failed = true;
			return false;
		}
		owners->list = list;
		owners->room = room;
	}
	owners->list[owners->count++] =
	    (struct owner) { record->ux.address, record->ux.coins, locked };
	if (!locked && !skw_hours_add(sum, *sum, hours))
		sum->n = UINT64_MAX;
	return true;
}

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, SKW_ADDRESS_LEN);
}

/* The rich first; equals by address, so that the order is one. */
static int by_coins(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->coins.n != y->coins.n)
		return x->coins.n > y->coins.n ? -1 : 1;
	return by_address(a, b);
}

static bool load(struct skw_rest_call *call, struct owners *owners)
{
	enum skw_chain_status status;
	size_t n = 0;

	*owners = (struct owners) { .chain = call->chain,
				    .head_time = skw_chain_head(call->chain).header.time };
	status = skw_chain_each_unspent(call->chain, NULL, add_output, owners);
	if (owners->failed)
		status = SKW_CHAIN_MEMORY;
	if (status != SKW_CHAIN_OK) {
		free(owners->list);
		skw_rest_chain_failed(call, status);
		return false;
	}
	if (owners->count > 0)
		qsort(owners->list, owners->count, sizeof(*owners->list), by_address);
	for (size_t i = 0; i < owners->count; i++) {
		/* the sum of all coins is the volume: it cannot overflow */
		if (n > 0 && by_address(&owners->list[n - 1], &owners->list[i]) == 0)
			owners->list[n - 1].coins.n += owners->list[i].coins.n;
		else
			owners->list[n++] = owners->list[i];
	}
	owners->count = n;
	return true;
}

void skw_rest_rich_list(struct skw_rest_call *call)
{
	const char *n_text = skw_rest_arg(call, "n");
	bool with_locked;
	struct owners owners;
	uint64_t most = 20;

	if (*n_text == '-' && skw_rest_u64(&most, n_text + 1)) {
		most = 0; /* all, as there */
	} else if (*n_text != '\0' && !skw_rest_u64(&most, n_text)) {
		skw_rest_fail(call, 400, "invalid n");
		return;
	}
	if (!skw_rest_flag(call, &with_locked, "include-distribution")) {
		skw_rest_fail(call, 400, "invalid include-distribution");
		return;
	}
	if (!load(call, &owners))
		return;
	if (owners.count > 0)
		qsort(owners.list, owners.count, sizeof(*owners.list), by_coins);
	skw_json_object(&call->json, NULL);
	skw_json_list(&call->json, "richlist");
	for (size_t i = 0, shown = 0; i < owners.count && (most == 0 || shown < most); i++) {
		const struct owner *owner = &owners.list[i];

		if (owner->locked && !with_locked)
			continue;
		shown++;
		skw_json_object(&call->json, NULL);
		skw_rest_show_address(&call->json, "address", &owner->address);
		skw_rest_show_coins(&call->json, "coins", owner->coins);
		skw_json_bool(&call->json, "locked", owner->locked);
		skw_json_end_object(&call->json);
	}
	skw_json_end_list(&call->json);
	skw_json_end_object(&call->json);
	free(owners.list);
}

static void show_hours(struct skw_json *j, const char *key, struct skw_hours hours)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, hours.n);
	skw_json_string(j, key, text);
}

static void show_addresses(struct skw_json *j, const char *key, const struct skw_address *list,
			   size_t count)
{
	skw_json_list(j, key);
	for (size_t i = 0; i < count; i++)
		skw_rest_show_address(j, NULL, &list[i]);
	skw_json_end_list(j);
}

/* A network of the original's kind spread its coins over distribution addresses in block 1: what is
 * locked there is not supplied yet, what lies there unlocked is supplied but not in anybody's
 * hands. A network without them has supplied everything. */
static void sum_supply(const struct owners *owners, bool spread, uint64_t *total, uint64_t *current)
{
	*total = spread ? SKW_NETWORK_UNLOCKED * SKW_NETWORK_SHARE
			: owners->chain->network.genesis_coins.n;
	*current = *total;
	for (size_t i = 0; spread && i < owners->count; i++)
		if (is_unlocked(&owners->list[i].address))
			*current -=
			    owners->list[i].coins.n < *current ? owners->list[i].coins.n : *current;
}

void skw_rest_coin_supply(struct skw_rest_call *call)
{
	const struct skw_limits *limits = &call->chain->network.limits;
	bool spread = limits->locked_count > 0;
	struct skw_json *j = &call->json;
	uint64_t total, current;
	struct skw_hours hours;
	struct owners owners;

	if (!load(call, &owners))
		return;
	sum_supply(&owners, spread, &total, &current);
	if (!skw_hours_add(&hours, owners.hours, owners.unlocked_hours))
		hours.n = UINT64_MAX;
	skw_json_object(j, NULL);
	skw_rest_show_coins(j, "current_supply", (struct skw_droplets) { current });
	skw_rest_show_coins(j, "total_supply", (struct skw_droplets) { total });
	skw_rest_show_coins(j, "max_supply", call->chain->network.genesis_coins);
	show_hours(j, "current_coinhour_supply", spread ? owners.hours : hours);
	show_hours(j, "total_coinhour_supply", hours);
	show_addresses(j, "unlocked_distribution_addresses", skw_network_unlocked,
		       spread ? SKW_NETWORK_UNLOCKED : 0);
	show_addresses(j, "locked_distribution_addresses", limits->locked, limits->locked_count);
	skw_json_end_object(j);
	free(owners.list);
}
