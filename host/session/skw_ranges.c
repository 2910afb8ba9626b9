#include "session/skw_ranges.h"

#include <string.h>

static void erase(struct skw_ranges *r, unsigned from, unsigned to)
{
	memmove(&r->at[from], &r->at[to], (r->count - to) * sizeof(r->at[0]));
	r->count -= to - from;
}

static bool insert(struct skw_ranges *r, unsigned i, struct skw_range range)
{
	if (r->count == SKW_RANGES_MAX)
		return false;
	memmove(&r->at[i + 1], &r->at[i], (r->count - i) * sizeof(r->at[0]));
	r->at[i] = range;
	r->count++;
	return true;
}

bool skw_ranges_add(struct skw_ranges *r, uint64_t from, uint64_t to)
{
	unsigned i = 0, end;

	if (from >= to)
		return true;
	while (i < r->count && r->at[i].to < from)
		i++;
	end = i;
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
	for (unsigned i = 0; i < r->count && from < to;) {
		struct skw_range *x = &r->at[i];

		if (x->to <= from || x->from >= to) {
			i++;
		} else if (x->from < from && x->to > to) {
			if (!insert(r, i + 1, (struct skw_range) { to, x->to }))
				return false;
			r->at[i].to = from;
			return true;
		} else if (x->from < from) {
			x->to = from;
			i++;
		} else if (x->to > to) {
			x->from = to;
			i++;
		} else {
			erase(r, i, i + 1);
		}
	}
	return true;
}

bool skw_ranges_has(const struct skw_ranges *r, uint64_t from, uint64_t to)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->at[i].from <= from && r->at[i].to >= to)
			return true;
	return false;
}

void skw_ranges_forget(struct skw_ranges *r, uint64_t to)
{
	skw_ranges_remove(r, 0, to);
}
