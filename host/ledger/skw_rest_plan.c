/* What is to be sent, from where and with which hours: the JSON of three end points. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_spend.h"

enum { FACTOR_DIGITS = 18 };

static bool wrong(struct skw_rest_call *call, const char *words)
{
	skw_rest_fail(call, 400, "%s", words);
	return false;
}

/* ---- hours ---- */

/* "0.25" as 25 / 100; false for what is no decimal of up to 18 digits. */
static bool take_decimal(const char *text, uint64_t *part, uint64_t *whole)
{
	bool point = false;
	unsigned digits = 0;

	*part = 0;
	*whole = 1;
	for (; *text != '\0'; text++) {
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9' || ++digits > FACTOR_DIGITS)
			return false;
		*part = *part * 10 + (uint64_t)(*text - '0');
		if (point)
			*whole *= 10;
	}
	return digits > 0;
}

static bool take_factor(struct skw_rest_call *call, struct skw_rest_plan *plan,
			const json_t *factor)
{
	const char *text = json_string_value(factor);
	char number[40];

	if (json_is_number(factor)) {
		snprintf(number, sizeof(number), "%.6f", json_number_value(factor));
		text = number;
	}
	if (text != NULL && *text == '-')
		return wrong(call, "hours_selection.share_factor cannot be negative");
	if (text == NULL || !take_decimal(text, &plan->part, &plan->whole))
		return wrong(call, "hours_selection.share_factor is no decimal number");
	if (plan->part > plan->whole)
		return wrong(call, "hours_selection.share_factor cannot be more than 1");
	return true;
}

static bool take_selection(struct skw_rest_call *call, struct skw_rest_plan *plan,
			   const json_t *selection)
{
	const char *type = json_string_value(json_object_get(selection, "type"));
	const char *mode = json_string_value(json_object_get(selection, "mode"));
	const json_t *factor = json_object_get(selection, "share_factor");
	bool has_mode = mode != NULL && *mode != '\0';
	bool has_factor = factor != NULL && !json_is_null(factor);

	if (type == NULL || *type == '\0')
		return wrong(call, "missing hours_selection.type");
	plan->shares = strcmp(type, "auto") == 0;
	if (!plan->shares && strcmp(type, "manual") != 0)
		return wrong(call, "invalid hours_selection.type");
	if (!plan->shares && has_mode)
		return wrong(call, "hours_selection.mode cannot be used for manual "
				   "hours_selection.type");
	if (plan->shares && !has_mode)
		return wrong(call, "missing hours_selection.mode");
	if (plan->shares && strcmp(mode, "share") != 0)
		return wrong(call, "invalid hours_selection.mode");
	if (plan->shares && !has_factor)
		return wrong(call, "missing hours_selection.share_factor when hours_selection.mode "
				   "is share");
	if (!plan->shares && has_factor)
		return wrong(call, "hours_selection.share_factor can only be used when "
				   "hours_selection.mode is share");
	return !plan->shares || take_factor(call, plan, factor);
}

/* ---- where to ---- */

static bool take_address(struct skw_rest_call *call, struct skw_address *out, const json_t *value,
			 const char *what)
{
	const char *text = json_string_value(value);
	enum skw_address_status status;

	if (text == NULL) {
		skw_rest_fail(call, 400, "%s is empty", what);
		return false;
	}
	status = skw_address_parse(out, text);
	if (status != SKW_ADDRESS_OK)
		skw_rest_fail(call, 400, "invalid address: %s", skw_address_status_text(status));
	return status == SKW_ADDRESS_OK;
}

static bool take_hours(struct skw_hours *out, const json_t *value)
{
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		out->n = (uint64_t)json_integer_value(value);
		return true;
	}
	return json_is_string(value) && skw_rest_u64(&out->n, json_string_value(value));
}

/* What is wrong with an amount: skw_droplets_parse does not say. */
static const char *amount_trouble(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t places = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (*text == '-')
		return "Droplet string conversion failed: Negative balance";
	if (whole + places == 0 || text[whole + (text[whole] == '.') + places] != '\0')
		return "can't convert that to a decimal number";
	return places > 6 ? "Droplet string conversion failed: Too many decimal places"
			  : "Droplet string conversion failed: Value is too large";
}

static bool take_one(struct skw_rest_call *call, struct skw_rest_plan *plan, const json_t *item,
		     size_t i)
{
	uint64_t step = skw_rules_coin_step(call->chain->network.limits.max_decimals).n;
	const char *coins = json_string_value(json_object_get(item, "coins"));
	const json_t *hours = json_object_get(item, "hours");
	struct skw_tx_output *to = &plan->to[i];
	bool has_hours = hours != NULL && !json_is_null(hours);
	char what[48];

	snprintf(what, sizeof(what), "to[%zu].address", i);
	*to = (struct skw_tx_output) { 0 };
	if (!take_address(call, &to->address, json_object_get(item, "address"), what))
		return false;
	if (skw_address_is_null(&to->address))
		skw_rest_fail(call, 400, "to[%zu].address is empty", i);
	else if (coins != NULL && !skw_droplets_parse(&to->coins, coins))
		skw_rest_fail(call, 400, "%s", amount_trouble(coins));
	else if (to->coins.n == 0)
		skw_rest_fail(call, 400, "to[%zu].coins must not be zero", i);
	else if (to->coins.n % step != 0)
		skw_rest_fail(call, 400, "to[%zu].coins has too many decimal places", i);
	else if (plan->shares && has_hours)
		skw_rest_fail(call, 400,
			      "to[%zu].hours must not be specified for auto hours_selection.mode",
			      i);
	else if (!plan->shares && !has_hours)
		skw_rest_fail(call, 400,
			      "to[%zu].hours must be specified for manual hours_selection.mode", i);
	else if (has_hours && !take_hours(&to->hours, hours))
		skw_rest_fail(call, 400, "to[%zu].hours is no number of hours", i);
	else
		return true;
	return false;
}

static bool take_destinations(struct skw_rest_call *call, struct skw_rest_plan *plan,
			      const json_t *list)
{
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return wrong(call, "to is empty");
	if (json_array_size(list) >= SKW_SPEND_MAX)
		return wrong(call, skw_spend_status_text(SKW_SPEND_MANY));
	json_array_foreach(list, i, item)
	{
		if (!take_one(call, plan, item, i))
			return false;
		for (size_t k = 0; k < i; k++)
			if (skw_address_equal(&plan->to[k].address, &plan->to[i].address) &&
			    plan->to[k].coins.n == plan->to[i].coins.n &&
			    plan->to[k].hours.n == plan->to[i].hours.n)
				return wrong(call, "to contains duplicate values");
		plan->tos++;
	}
	return true;
}

/* ---- where from ---- */

static bool take_from(struct skw_rest_call *call, struct skw_rest_plan *plan, const json_t *list)
{
	struct skw_address address;
	const json_t *item;
	char what[48];
	size_t i;

	plan->from.list = calloc(json_array_size(list) + 1, sizeof(*plan->from.list));
	if (plan->from.list == NULL)
		return wrong(call, "out of memory");
	json_array_foreach(list, i, item)
	{
		snprintf(what, sizeof(what), "addresses[%zu]", i);
		if (!take_address(call, &address, item, what))
			return false;
		if (skw_address_is_null(&address)) {
			skw_rest_fail(call, 400, "addresses[%zu] is empty", i);
			return false;
		}
		if (skw_rest_is_listed(&plan->from, &address))
			return wrong(call, "addresses contains duplicate values");
		plan->from.list[plan->from.count++] = address;
	}
	return true;
}

static bool take_unspents(struct skw_rest_call *call, struct skw_rest_plan *plan,
			  const json_t *list)
{
	const json_t *item;
	size_t i;

	plan->unspents = calloc(json_array_size(list) + 1, sizeof(*plan->unspents));
	if (plan->unspents == NULL)
		return wrong(call, "out of memory");
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (text == NULL ||
		    !skw_rest_hash_after(call, &plan->unspents[i], text, "invalid SHA256 hash: "))
			return text == NULL ? wrong(call, "unspents must be hashes") : false;
		for (size_t k = 0; k < i; k++)
			if (skw_sha256_equal(&plan->unspents[k], &plan->unspents[i]))
				return wrong(call, "unspents contains duplicate values");
		plan->unspent_count++;
	}
	return true;
}

bool skw_rest_plan_take(struct skw_rest_call *call, struct skw_rest_plan *plan, const json_t *root)
{
	const json_t *change = json_object_get(root, "change_address");
	const json_t *from = json_object_get(root, "addresses"),
		     *unspents = json_object_get(root, "unspents");

	*plan = (struct skw_rest_plan) { .whole = 1 };
	plan->ignore_unconfirmed = json_is_true(json_object_get(root, "ignore_unconfirmed"));
	plan->has_change = change != NULL && !json_is_null(change);
	if (plan->has_change && !take_address(call, &plan->change, change, "change_address"))
		return false;
	if (plan->has_change && skw_address_is_null(&plan->change))
		return wrong(call, "change_address must not be the null address");
	if (!take_selection(call, plan, json_object_get(root, "hours_selection")))
		return false;
	if (json_array_size(from) > 0 && json_array_size(unspents) > 0)
		return wrong(call, "unspents and addresses cannot be combined");
	return take_from(call, plan, from) && take_unspents(call, plan, unspents) &&
	       take_destinations(call, plan, json_object_get(root, "to"));
}

void skw_rest_plan_free(struct skw_rest_plan *plan)
{
	free(plan->from.list);
	free(plan->unspents);
}
