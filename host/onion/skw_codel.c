#include "onion/skw_codel.h"

/* The greatest integer whose square is at most v. */
static uint32_t root(uint32_t v)
{
	uint32_t r = 0;

	for (uint32_t bit = UINT32_C(1) << 15; bit != 0; bit >>= 1)
		if ((uint64_t)(r | bit) * (r | bit) <= v)
			r |= bit;
	return r;
}

/* Section 5.5, with a sixteenth of precision for the root. */
static uint64_t control_law(uint64_t t, uint32_t count)
{
	uint32_t bounded = count < (1u << 23) ? count : (1u << 23);

	return t + 16u * (uint64_t)SKW_CODEL_INTERVAL_US / root(256 * bounded);
}

void skw_codel_on_leave(struct skw_codel *c, uint64_t wait_us, bool last, uint64_t now_us)
{
	if (wait_us < SKW_CODEL_TARGET_US || last) {
		c->above_us = 0;
		c->dropping = false;
		return;
	}
	if (c->above_us == 0) {
		c->above_us = now_us + SKW_CODEL_INTERVAL_US;
		return;
	}
	if (now_us < c->above_us || c->dropping)
		return;
	c->dropping = true;
	/* Soon after the last time the rate that worked then is a good one to begin with: two
	 * fewer, as the law was first printed (Nichols and Jacobson, 2012), of which the first is
	 * counted as it comes. The RFC begins with what the count grew by, which lets a sender that
	 * does not slow down have its queue. */
	c->count = c->count > 2 && now_us < c->next_us + 16 * (uint64_t)SKW_CODEL_INTERVAL_US
		       ? c->count - 3
		       : 0;
	c->next_us = now_us;
}

bool skw_codel_drops(struct skw_codel *c, uint64_t now_us)
{
	if (!c->dropping || now_us < c->next_us)
		return false;
	c->count++;
	c->next_us = control_law(c->next_us, c->count);
	if (c->next_us < now_us)
		c->next_us = now_us; /* nothing came for a while: no drops in a row for that */
	return true;
}
