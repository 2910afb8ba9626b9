/* skw_money - droplets and coin hours as types, so that nobody adds one to the other.
 *
 * 1 SKY = 10^6 droplets. All arithmetic is on u64 and says when it does not fit; on failure
 * the result is left as it was.
 */
#ifndef SKW_MONEY_H
#define SKW_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_DROPLETS_PER_SKY UINT64_C(1000000)
#define SKW_DROPLETS_TEXT 22u /* "18446744073709.551615" and its end */

struct skw_droplets {
	uint64_t n;
};

struct skw_hours {
	uint64_t n;
};

bool skw_droplets_add(struct skw_droplets *out, struct skw_droplets a, struct skw_droplets b);
bool skw_droplets_sub(struct skw_droplets *out, struct skw_droplets a, struct skw_droplets b);
bool skw_droplets_mul(struct skw_droplets *out, struct skw_droplets a, uint64_t times);

bool skw_hours_add(struct skw_hours *out, struct skw_hours a, struct skw_hours b);
bool skw_hours_sub(struct skw_hours *out, struct skw_hours a, struct skw_hours b);
bool skw_hours_mul(struct skw_hours *out, struct skw_hours a, uint64_t times);

/* Always with six decimals: "12.345000". */
void skw_droplets_print(char out[SKW_DROPLETS_TEXT], struct skw_droplets amount);
/* Decimal SKY with at most six decimals, no sign or exponent, at most 2^63 - 1 droplets. */
bool skw_droplets_parse(struct skw_droplets *out, const char *text);

#endif
