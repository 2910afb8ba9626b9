#include "pay/skw_units.h"

#include "wire/skw_cursor.h"

static const unsigned PART_BITS = 20;

bool skw_units_valid(struct skw_units u)
{
	return u.part >> PART_BITS == 0;
}

int skw_units_compare(struct skw_units a, struct skw_units b)
{
	if (a.whole != b.whole)
		return a.whole < b.whole ? -1 : 1;
	return a.part == b.part ? 0 : a.part < b.part ? -1 : 1;
}

struct skw_units skw_units_min(struct skw_units a, struct skw_units b)
{
	return skw_units_compare(a, b) < 0 ? a : b;
}

bool skw_units_add(struct skw_units *out, struct skw_units a, struct skw_units b)
{
	uint32_t part = a.part + b.part;
	uint64_t carry = part >> PART_BITS;

	if (a.whole > UINT64_MAX - b.whole || a.whole + b.whole > UINT64_MAX - carry)
		return false;
	out->whole = a.whole + b.whole + carry;
	out->part = part & ((UINT32_C(1) << PART_BITS) - 1);
	return true;
}

struct skw_units skw_units_sub(struct skw_units a, struct skw_units b)
{
	uint32_t borrow = a.part < b.part;

	if (skw_units_compare(a, b) <= 0)
		return (struct skw_units) { 0 };
	return (struct skw_units) { a.whole - b.whole - borrow,
				    a.part + (borrow << PART_BITS) - b.part };
}

bool skw_count_add(struct skw_count *count, uint64_t bytes, uint64_t price_per_mib)
{
	struct skw_units cost;
	uint64_t product;

	if (bytes > SKW_UNITS_BYTES_MAX || price_per_mib > SKW_UNITS_PRICE_MAX ||
	    count->bytes > UINT64_MAX - bytes)
		return false;
	product = bytes * price_per_mib; /* < 2^20 * 2^40 */
	cost = (struct skw_units) { product >> PART_BITS,
				    (uint32_t)(product & ((UINT32_C(1) << PART_BITS) - 1)) };
	if (!skw_units_add(&count->units, count->units, cost))
		return false;
	count->bytes += bytes;
	return true;
}

void skw_count_put(struct skw_writer *w, const struct skw_count *count)
{
	skw_put_u64(w, count->bytes);
	skw_put_u64(w, count->units.whole);
	skw_put_u32(w, count->units.part);
}

bool skw_count_get(struct skw_reader *r, struct skw_count *count)
{
	count->bytes = skw_get_u64(r);
	count->units.whole = skw_get_u64(r);
	count->units.part = skw_get_u32(r);
	r->ok &= skw_units_valid(count->units);
	return r->ok;
}
