/* skw_codel - controlled delay for one queue (RFC 8289), with a difference: what it drops is what
 * comes, not what waits.
 *
 * A relay's bill counts a cell when it takes it, so a cell that was taken must go on. The law is
 * that of the RFC: once no cell in a whole interval waited less than the target, one is dropped,
 * then the next ones sooner and sooner (interval / sqrt(count)), until the wait is short again.
 */
#ifndef SKW_CODEL_H
#define SKW_CODEL_H

#include <stdbool.h>
#include <stdint.h>

/* More than the RFC's 5 and 100 ms, for links that take turns: a slot comes every 16 ms or so. */
#define SKW_CODEL_TARGET_US 20000u
#define SKW_CODEL_INTERVAL_US 200000u

struct skw_codel {
	bool dropping;
	uint32_t count;    /* dropped since it began */
	uint64_t above_us; /* when the wait will have been long for an interval; 0: it is short */
	uint64_t next_us;  /* the next drop */
};

/* A cell leaves after `wait_us`; `last`: nothing waits behind it. */
void skw_codel_on_leave(struct skw_codel *codel, uint64_t wait_us, bool last, uint64_t now_us);
/* A cell comes: true if it is to be dropped. */
bool skw_codel_drops(struct skw_codel *codel, uint64_t now_us);

#endif
