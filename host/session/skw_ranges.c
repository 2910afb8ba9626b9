#include "session/skw_ranges.h"

#include <stdlib.h>
#include <string.h>

static void erase(struct skw_ranges *r, unsigned from, unsigned to)
{
	if (from == to)
		return;
	memmove(&r->at[from], &r->at[to], (r->count - to) * sizeof(r->at[0]));
	r->count -= to - from;
}

static bool grow(struct skw_ranges *r)
{
	unsigned limit = r->limit > 0 ? r->limit : SKW_RANGES_MAX;
	unsigned max = r->max > 0 ? 2 * r->max : 8;
	struct skw_range *at;

	if (r->count >= limit)
		return false;
	if (r->count < r->max)
		return true;
	at = realloc(r->at, max * sizeof(*at));
	if (at == NULL)
		return false;
	r->at = at;
	r->max = max;
	return true;
}

static bool insert(struct skw_ranges *r, unsigned i, struct skw_range range)
{
	if (!grow(r))
		return false;
	memmove(&r->at[i + 1], &r->at[i], (r->count - i) * sizeof(r->at[0]));
	r->at[i] = range;
	r->count++;
	return true;
}

/* The first that ends at `number` or later; most additions are at the end. */
static unsigned first_to(const struct skw_ranges *r, uint64_t number)
{
	unsigned low = 0, high = r->count;

	if (high > 0 && r->at[high - 1].to < number)
		return high;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (r->at[middle].to < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool skw_ranges_add(struct skw_ranges *r, uint64_t from, uint64_t to)
{
	unsigned i = first_to(r, from), end = i;

	if (from >= to)
		return true;
	while (end < r->count && r->at[end].from <= to)
		end++;
	if (end == i)
		return insert(r, i, (struct skw_range) { from, to });
	/* i .. end - 1 touch the new one: they become one */
	if (r->at[i].from < from)
		from = r->at[i].from;
	if (r->at[end - 1].to > to)
		to = r->at[end - 1].to;
	r->at[i] = (struct skw_range) { from, to };
	erase(r, i + 1, end);
	return true;
}

bool skw_ranges_remove(struct skw_ranges *r, uint64_t from, uint64_t to)
{
	unsigned i = first_to(r, from), end;

	if (from >= to)
		return true;
	if (i < r->count && r->at[i].from < from && r->at[i].to > to) {
		if (!insert(r, i + 1, (struct skw_range) { to, r->at[i].to }))
			return false;
		r->at[i].to = from;
		return true;
	}
	if (i < r->count && r->at[i].from < from) {
		r->at[i].to = r->at[i].to < from ? r->at[i].to : from;
		i++;
	}
	end = i;
	while (end < r->count && r->at[end].to <= to)
		end++;
	if (end < r->count && r->at[end].from < to)
		r->at[end].from = to;
	erase(r, i, end);
	return true;
}

uint64_t skw_ranges_end(const struct skw_ranges *r, uint64_t at)
{
	unsigned i = first_to(r, at + 1);

	return i < r->count && r->at[i].from <= at ? r->at[i].to : at;
}

bool skw_ranges_has(const struct skw_ranges *r, uint64_t from, uint64_t to)
{
	return skw_ranges_end(r, from) >= to;
}

void skw_ranges_forget(struct skw_ranges *r, uint64_t to)
{
	skw_ranges_remove(r, 0, to);
}

void skw_ranges_free(struct skw_ranges *r)
{
	free(r->at);
	*r = (struct skw_ranges) { .limit = r->limit };
}
