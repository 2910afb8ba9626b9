#include "mac/skw_slots.h"

bool skw_slots_valid(const struct skw_slots *plan)
{
	return plan->slots >= 1 && plan->slots <= SKW_SLOTS_MAX && plan->slot_ns > plan->guard_ns &&
	       plan->slot_ns <= UINT32_MAX;
}

static bool ours(const struct skw_slots *plan, uint32_t mask, uint64_t number)
{
	return mask >> number % plan->slots & 1;
}

uint64_t skw_slots_next(const struct skw_slots *plan, uint32_t mask, uint64_t t, uint64_t *end_ns)
{
	uint64_t number = t / plan->slot_ns;

	/* one turn and the slot we are in, which may be in its guard already */
	for (unsigned i = 0; i <= plan->slots; i++, number++) {
		uint64_t start = number * plan->slot_ns;
		uint64_t end = start + plan->slot_ns - plan->guard_ns;

		if (ours(plan, mask, number) && t < end) {
			*end_ns = end;
			return t > start ? t : start;
		}
	}
	return UINT64_MAX;
}

uint64_t skw_slots_next_start(const struct skw_slots *plan, uint32_t mask, uint64_t t)
{
	uint64_t number = t / plan->slot_ns + (t % plan->slot_ns != 0);

	for (unsigned i = 0; i < plan->slots; i++, number++)
		if (ours(plan, mask, number))
			return number * plan->slot_ns;
	return UINT64_MAX;
}
