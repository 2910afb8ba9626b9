/* Transactions by address: all of them, or a page. */
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_inside.h"

enum { PAGE_DEFAULT = 10, PAGE_MAX = 100 };

struct listed {
	struct skw_sha256 txid;
	uint64_t seq; /* of its block; UINT64_MAX: it waits for one */
};

struct list {
	struct skw_rest_call *call;
	const struct skw_rest_addresses *addresses;
	struct listed *item;
	size_t count, room;
};

/* One transaction may concern several addresses: it is listed once. */
static bool add_once(struct list *list, const struct skw_sha256 *txid, uint64_t seq)
{
	for (size_t i = 0; list->addresses->count > 1 && i < list->count; i++)
		if (skw_sha256_equal(&list->item[i].txid, txid))
			return true;
	if (list->count == list->room) {
		size_t room = list->room > 0 ? 2 * list->room : 64;
		struct listed *item = realloc(list->item, room * sizeof(*item));

		if (item == NULL) {
			skw_rest_chain_failed(list->call, SKW_CHAIN_MEMORY);
			return false;
		}
		list->item = item;
		list->room = room;
	}
	list->item[list->count++] = (struct listed) { *txid, seq };
	return true;
}

static bool add_confirmed(void *context, const struct skw_sha256 *txid, uint64_t seq)
{
	return add_once(context, txid, seq);
}

static bool add_pending(void *context, const struct skw_pending *pending)
{
	struct list *list = context;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, pending->raw, pending->size) != SKW_CODEC_OK ||
	    !skw_rest_concerns(list->call, list->addresses, &tx))
		return true;
	return add_once(list, &pending->txid, UINT64_MAX);
}

static bool gather(struct list *list, bool confirmed, bool pending)
{
	struct skw_chain *chain = list->call->chain;
	enum skw_chain_status status = SKW_CHAIN_OK;

	if (confirmed && list->addresses->count == 0)
		status = skw_chain_each_tx(chain, NULL, add_confirmed, list);
	for (size_t i = 0; confirmed && status == SKW_CHAIN_OK && i < list->addresses->count; i++)
		status = skw_chain_each_tx(chain, &list->addresses->list[i], add_confirmed, list);
	if (pending && status == SKW_CHAIN_OK)
		status = skw_chain_each_pending(chain, add_pending, list);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(list->call, status);
	return list->call->status == 200;
}

static int oldest_first(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->seq == y->seq ? 0 : x->seq < y->seq ? -1 : 1;
}

static void put_in_order(struct list *list, bool newest_first)
{
	if (list->count > 1 && list->addresses->count > 1)
		qsort(list->item, list->count, sizeof(list->item[0]), oldest_first);
	for (size_t i = 0; newest_first && i < list->count / 2; i++) {
		struct listed other = list->item[i];

		list->item[i] = list->item[list->count - 1 - i];
		list->item[list->count - 1 - i] = other;
	}
}

static void show_items(struct list *list, const char *key, size_t first, size_t count, bool verbose)
{
	struct skw_rest_call *call = list->call;

	skw_json_list(&call->json, key);
	for (size_t i = first; i < first + count && call->status == 200 && !call->json.failed; i++)
		skw_rest_show_transaction(call, &list->item[i].txid, verbose);
	skw_json_end_list(&call->json);
}

/* Reads the arguments of both; the list and the addresses are to be freed if it was true. */
static bool take(struct skw_rest_call *call, struct list *list,
		 struct skw_rest_addresses *addresses, bool *verbose)
{
	const char *given = skw_rest_arg(call, "confirmed");
	bool only_given = *given != '\0', confirmed;
	char words[200];

	if (!skw_rest_flag(call, verbose, "verbose"))
		return false;
	if (!skw_rest_addresses(call, addresses, skw_rest_arg(call, "addrs"))) {
		snprintf(words, sizeof(words), "%.199s", call->error);
		skw_rest_fail(call, call->status, "parse parameter: 'addrs' failed: %s", words);
		return false;
	}
	if (!skw_rest_flag(call, &confirmed, "confirmed")) {
		free(addresses->list);
		skw_rest_quote(words, sizeof(words), given);
		skw_rest_fail(
		    call, 400,
		    "invalid 'confirmed' value: strconv.ParseBool: parsing %s: invalid syntax",
		    words);
		return false;
	}
	*list = (struct list) { .call = call, .addresses = addresses };
	gather(list, !only_given || confirmed, !only_given || !confirmed);
	return true;
}

void skw_rest_transactions(struct skw_rest_call *call)
{
	struct skw_rest_addresses addresses;
	struct list list;
	bool verbose;

	if (!take(call, &list, &addresses, &verbose))
		return;
	put_in_order(&list, false);
	if (call->status == 200)
		show_items(&list, NULL, 0, list.count, verbose);
	free(list.item);
	free(addresses.list);
}

/* ---- pages ---- */

struct page {
	uint64_t number, size;
	bool newest_first;
};

static bool take_page(struct skw_rest_call *call, struct page *page)
{
	const char *number = skw_rest_arg(call, "page"), *limit = skw_rest_arg(call, "limit");
	const char *sort = skw_rest_arg(call, "sort");

	*page = (struct page) { 1, PAGE_DEFAULT, strcasecmp(sort, "desc") == 0 };
	if (*number != '\0' && (!skw_rest_u64(&page->number, number) || page->number == 0))
		skw_rest_fail(call, 400, "page must be greater than 0");
	else if (*limit != '\0' && (!skw_rest_u64(&page->size, limit) || page->size == 0))
		skw_rest_fail(call, 400, "limit must be greater than 0");
	else if (page->size > PAGE_MAX)
		skw_rest_fail(call, 400, "limit must be no more than 100");
	else if (*sort != '\0' && !page->newest_first && strcasecmp(sort, "asc") != 0)
		skw_rest_fail(call, 400, "invalid 'sort' parameter: unknown sort order");
	else
		return true;
	return false;
}

static void show_page(struct list *list, const struct page *page, bool verbose)
{
	struct skw_json *j = &list->call->json;
	uint64_t pages = (list->count + page->size - 1) / page->size;
	size_t first =
	    page->number <= pages ? (size_t)((page->number - 1) * page->size) : list->count;
	size_t count = list->count - first < page->size ? list->count - first : (size_t)page->size;

	skw_json_object(j, NULL);
	skw_json_object(j, "data");
	skw_json_object(j, "page_info");
	skw_json_u64(j, "total_pages", pages);
	skw_json_u64(j, "page_size", page->size);
	skw_json_u64(j, "current_page", page->number);
	skw_json_end_object(j);
	put_in_order(list, page->newest_first);
	show_items(list, "txns", first, count, verbose);
	skw_json_end_object(j);
	skw_json_end_object(j);
}

void skw_rest_transactions_v2(struct skw_rest_call *call)
{
	struct skw_rest_addresses addresses;
	struct page page;
	struct list list;
	bool verbose;

	if (!take_page(call, &page) || !take(call, &list, &addresses, &verbose))
		return;
	if (call->status == 200)
		show_page(&list, &page, verbose);
	free(list.item);
	free(addresses.list);
}
