/* skw_air_channel - what each antenna hears: delayed, weakened, turned copies of what others sent,
 * their echoes, and noise.
 *
 *   heard[r](t) = quantise( gain_r * ( sum over s of a_sr * y_sr(t - d_sr) * exp(j 2 pi f_sr t)
 *                                      + noise_r(t) ) )
 *   y_sr(t)     = sum over k of h_sr[k] * sent[s](t - k)      skw_air_echoes.h
 *
 * If radios drift, times are each radio's own count of samples and sent[s] is interpolated where
 * r's samples fall (skw_air_drift.h).
 *
 * f_sr is the difference of the two carriers (tuning and reference error), a_sr the path's loss
 * with the transmitter's gain. noise_r(t) depends on nothing but the seed, the radio and the time,
 * so it is the same whichever stretches of time are evaluated and by which thread. Radios tuned
 * apart or with other sample rates do not hear each other. Different radios may be asked for in
 * different threads.
 */
#ifndef SKW_AIR_CHANNEL_H
#define SKW_AIR_CHANNEL_H

#include "air/skw_air_scenario.h"
#include "radio/skw_radio.h"

struct skw_air_channel;

#define SKW_AIR_CHUNK 128u /* samples that one call moves at most */

/* NULL if memory is short. The scenario must outlive it. */
struct skw_air_channel *skw_air_channel_new(const struct skw_air_scenario *s);
void skw_air_channel_free(struct skw_air_channel *c);

/* The settings of a radio's front end, as they are from now on. */
void skw_air_channel_tune(struct skw_air_channel *c, unsigned radio, struct skw_radio_front_end fe);
/* True if `to` would hear `from`. */
bool skw_air_channel_joins(const struct skw_air_channel *c, unsigned from, unsigned to);

/* What a radio sent at its times `time` .. `time + n - 1`, n <= SKW_AIR_CHUNK; NULL: silence. True
 * if any of it was not silent. */
bool skw_air_channel_send(struct skw_air_channel *c, unsigned radio, uint64_t time,
			  const struct skw_iq *samples, size_t n);
/* What a radio hears at its own times; all of what was sent a delay ago must be known, and
 * SKW_AIR_DRIFT_SPAN more if radios drift. */
void skw_air_channel_hear(const struct skw_air_channel *c, unsigned radio, uint64_t time,
			  struct skw_iq *samples, size_t n);
/* Nothing sent is still on its way: forget the past, time may jump. */
void skw_air_channel_clear(struct skw_air_channel *c);

#endif
