/* skw_slots - the static slot plan: who may speak when, in device time.
 *
 *   superframe n                              superframe n+1
 *   | slot 0 | slot 1 | slot 2 | slot 3 |     | slot 0 | ...
 *   ^ (n*slots + 0)*slot_ns                   each slot ends with guard_ns of silence
 */
#ifndef SKW_SLOTS_H
#define SKW_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_SLOTS_MAX 32u /* a slot mask is 32 bits */

struct skw_slots {
	uint8_t slots;     /* per superframe, 1..SKW_SLOTS_MAX */
	uint64_t slot_ns;  /* length of a slot */
	uint64_t guard_ns; /* silence at its end: the way of the wave and the error of the clocks */
};

/* True if the plan has slots and each is longer than its guard. */
bool skw_slots_valid(const struct skw_slots *plan);

/* The first time at or after `t` that lies inside the usable part of a slot of `mask`; *end_ns is
 * where that part ends (its guard begins). UINT64_MAX if the mask names no slot of the plan. */
uint64_t skw_slots_next(const struct skw_slots *plan, uint32_t mask, uint64_t t, uint64_t *end_ns);

/* The start of the first slot of `mask` that begins at or after `t`; UINT64_MAX if there is none.
 */
uint64_t skw_slots_next_start(const struct skw_slots *plan, uint32_t mask, uint64_t t);

#endif
