/* skw_air_clock - how far device time may go: never ahead of the wall clock, and never in a rush.
 *
 * Where gates are slower than real time device time falls behind. It does not catch up afterwards:
 * the programs on the hosts live in wall time and would miss whatever passed too fast. So the lag
 * is kept, but for a slack that evens out the chunks.
 */
#ifndef SKW_AIR_CLOCK_H
#define SKW_AIR_CLOCK_H

#include <stdint.h>

struct skw_air_clock {
	double samples_per_ns;
	uint64_t base_ns, base_time;
	uint64_t slack; /* samples */
};

void skw_air_clock_init(struct skw_air_clock *c, double samples_per_second, uint64_t now_ns);
/* The sample time that may be reached at this wall time. */
uint64_t skw_air_clock_limit(const struct skw_air_clock *c, uint64_t now_ns);
/* The wall time at which the limit reaches `time`. */
uint64_t skw_air_clock_when(const struct skw_air_clock *c, uint64_t time);
/* Gates have run and got as far as `time`: what is lost beyond the slack stays lost. */
void skw_air_clock_fell_behind(struct skw_air_clock *c, uint64_t now_ns, uint64_t time);

#endif
