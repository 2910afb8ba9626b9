/* skw_air_drift - one radio's samples as another's clock would take them.
 *
 * A radio whose reference is off by e counts floor(t (1 + e)) samples by the air's time t. What a
 * receiver takes as its sample k is in the sender's stream, d of the air's samples earlier, at
 *
 *   q = k (1 + e_s) / (1 + e_r) - d (1 + e_s)
 *
 * where the stream is interpolated by 32 taps of a windowed sinc: for a channel's 26 of 32 carriers
 * to less than -70 dB of error.
 */
#ifndef SKW_AIR_DRIFT_H
#define SKW_AIR_DRIFT_H

#include <stddef.h>
#include <stdint.h>

#include "radio/skw_radio.h"

enum {
	SKW_AIR_SINC = 32,      /* taps; half of them are later than the instant */
	SKW_AIR_DRIFT_SPAN = 20 /* samples that must be known beyond an instant, with reserve */
};

/* How many samples a radio whose reference is `ppb` fast has counted when the air counts t. */
uint64_t skw_air_drift_count(uint64_t t, int32_t ppb);
/* The other way, rounded down by up to a sample. */
uint64_t skw_air_drift_time(uint64_t count, int32_t ppb);

/* out[i], i < n: ring's stream as a receiver takes it at its samples k + i; the ring is indexed by
 * the sender's count modulo mask + 1. */
void skw_air_drift_take(float (*out)[2], size_t n, uint64_t k, int32_t sender_ppb,
			int32_t receiver_ppb, unsigned delay, const struct skw_iq *ring,
			size_t mask);

#endif
