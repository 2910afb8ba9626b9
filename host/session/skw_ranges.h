/* skw_ranges - a sorted set of half-open ranges [from, to) of 64-bit numbers.
 *
 * Zeroed it is empty and holds SKW_RANGES_MAX ranges; `limit` may be set to another number before
 * first use. Memory grows with the ranges that are in it, by doubling; `free` gives it back.
 */
#ifndef SKW_RANGES_H
#define SKW_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_RANGES_MAX 64u

struct skw_range {
	uint64_t from, to;
};

struct skw_ranges {
	unsigned count, max, limit;
	struct skw_range *at;
};

/* False if it would take more ranges than the limit, or memory is out; then nothing changes. */
bool skw_ranges_add(struct skw_ranges *r, uint64_t from, uint64_t to);
/* Takes [from, to) out; false, and nothing changes, if that would take one range too many. */
bool skw_ranges_remove(struct skw_ranges *r, uint64_t from, uint64_t to);
bool skw_ranges_has(const struct skw_ranges *r, uint64_t from, uint64_t to);
/* Where what holds `at` ends; `at` itself if it is not in the set. */
uint64_t skw_ranges_end(const struct skw_ranges *r, uint64_t at);
/* Forgets all below `to`. */
void skw_ranges_forget(struct skw_ranges *r, uint64_t to);
void skw_ranges_free(struct skw_ranges *r);

#endif
