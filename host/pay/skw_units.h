/* skw_units - what delivered bytes cost, exactly: bytes x price per MiB, kept to the last part.
 *
 * One unit is 2^-20 droplet: a byte at 1 droplet per MiB. Whole droplets and parts stand apart, so
 * that a sum over years of traffic neither rounds nor overflows unseen.
 */
#ifndef SKW_UNITS_H
#define SKW_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_UNITS_BYTES_MAX (UINT32_C(1) << 20)     /* of one metered event */
#define SKW_UNITS_PRICE_MAX UINT64_C(1000000000000) /* droplets per MiB: a million SKY */

struct skw_units {
	uint64_t whole; /* droplets */
	uint32_t part;  /* of 2^20, always less */
};

/* Delivered bytes and what they cost. Only ever grows. */
struct skw_count {
	uint64_t bytes;
	struct skw_units units;
};

bool skw_units_valid(struct skw_units u);
/* <0, 0, >0 */
int skw_units_compare(struct skw_units a, struct skw_units b);
struct skw_units skw_units_min(struct skw_units a, struct skw_units b);
/* False where the sum does not fit; *out stays. */
bool skw_units_add(struct skw_units *out, struct skw_units a, struct skw_units b);
/* a - b, or zero where b is larger. */
struct skw_units skw_units_sub(struct skw_units a, struct skw_units b);

struct skw_writer;
struct skw_reader;
/* bytes u64, whole u64, part u32; false (and the reader failed) if the part is none. */
void skw_count_put(struct skw_writer *w, const struct skw_count *count);
bool skw_count_get(struct skw_reader *r, struct skw_count *count);

/* False for an event over the limits above or a sum that does not fit; the count stays. */
bool skw_count_add(struct skw_count *count, uint64_t bytes, uint64_t price_per_mib);

#endif
