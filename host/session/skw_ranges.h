/* skw_ranges - a small sorted set of half-open ranges [from, to) of 64-bit numbers. */
#ifndef SKW_RANGES_H
#define SKW_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_RANGES_MAX 64u

struct skw_range {
	uint64_t from, to;
};

struct skw_ranges {
	unsigned count;
	struct skw_range at[SKW_RANGES_MAX];
};

/* False if it would take more than SKW_RANGES_MAX ranges; then nothing changes. */
bool skw_ranges_add(struct skw_ranges *r, uint64_t from, uint64_t to);
/* Takes [from, to) out; false, and nothing changes, if that would take one range too many. */
bool skw_ranges_remove(struct skw_ranges *r, uint64_t from, uint64_t to);
bool skw_ranges_has(const struct skw_ranges *r, uint64_t from, uint64_t to);
/* Forgets all below `to`. */
void skw_ranges_forget(struct skw_ranges *r, uint64_t to);

#endif
