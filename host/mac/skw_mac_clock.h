/* skw_mac_clock - one time for all radios of a channel, without a master; and how far away each is.
 *
 *   common time = device time + ahead (modulo 2^64)      slots are counted in it
 *
 * Device clocks begin anywhere and drift apart. Each beacon tells when it left by its sender's
 * device clock, the sender's `ahead`, and how the sender saw the clocks of those that it hears:
 *
 *   seen here    o  = T_there(sent) - T_here(came) =  theta - way
 *   seen there   o' = T_here(sent) - T_there(came) = -theta - way
 *
 * so way = -(o + o')/2 and theta = o + way: two-way time transfer, as in ITU-R TF.1153 and IEEE
 * 1588. Who finds a neighbour's common time before its own steps forward to it, so all come to
 * that of the furthest clock; who is alone goes to that of whom it finds, back if need be. Until
 * `way` is known a follower is late by it, never early.
 *
 * No I/O and no clock of its own. Times are nanoseconds.
 */
#ifndef SKW_MAC_CLOCK_H
#define SKW_MAC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_MAC_TIME_MAX (UINT64_C(1) << 62) /* what a beacon may say: UTC until 2116 */
#define SKW_MAC_WAY_MAX 1000000              /* ns of way that are believed: 300 km */
#define SKW_MAC_SIGHT_NONE 0xFFFFu           /* age_ms: never seen, or too long ago */

/* How a neighbour's device clock was seen. All zeros: not yet. */
struct skw_mac_sight {
	bool seen, rate_known, way_known;
	uint64_t at_ns;    /* our device time of its last beacon */
	int64_t offset_ns; /* o, then */
	uint64_t from_ns;  /* where the rate is measured from */
	int64_t from_offset_ns;
	int32_t rate_ppb; /* of o: how much faster its clock runs than ours */
	int32_t way_ns;   /* of the wave, one way, with what both devices take */
};

/* What a beacon tells of it: o modulo 2^32, and how long ago it was seen. */
struct skw_mac_sight_told {
	uint32_t offset_low;
	uint16_t age_ms; /* SKW_MAC_SIGHT_NONE: nothing */
};

/* A beacon that left at `sent_ns` of its clock and came at `came_ns` of ours, both at most
 * SKW_MAC_TIME_MAX. */
void skw_mac_sight_beacon(struct skw_mac_sight *s, uint64_t sent_ns, uint64_t came_ns);
/* What that beacon tells of how our clock was seen there. */
void skw_mac_sight_back(struct skw_mac_sight *s, const struct skw_mac_sight_told *told);
/* What our beacon of `now_ns` tells of it. */
struct skw_mac_sight_told skw_mac_sight_tell(const struct skw_mac_sight *s, uint64_t now_ns);
/* By how much our common time has to be ahead of our device time, modulo 2^64, to be that of a
 * neighbour which is `ahead_ns` ahead of its own. */
uint64_t skw_mac_sight_ahead(const struct skw_mac_sight *s, uint64_t ahead_ns);

#endif
