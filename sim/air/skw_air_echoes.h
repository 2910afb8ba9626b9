/* skw_air_echoes - the taps of a path with echoes: exponential profile, Rayleigh taps a sample
 * apart, the model behind the tables of docs/receiver.md.
 *
 *   h_k complex normal, its variance ~ exp(-k / (rms * rate)), k = 0, 1 .. down to -30 dB;
 *   all scaled so that the sum over k of |h_k|^2 is 1: echoes do not change a path's loss
 *
 * Both ways of a path have the same taps. They depend on seed, radios and spread alone and stand
 * still while the air runs.
 */
#ifndef SKW_AIR_ECHOES_H
#define SKW_AIR_ECHOES_H

#include "air/skw_air_scenario.h"

#define SKW_AIR_TAPS 72u /* 500 ns rms at 20 MS/s take 70 */

struct skw_air_taps {
	unsigned n; /* 1 to SKW_AIR_TAPS */
	struct {
		float re, im;
	} h[SKW_AIR_TAPS]; /* [k]: k samples behind the path's delay */
};

/* One tap of 1 where the path has no echoes. */
void skw_air_echoes(struct skw_air_taps *taps, const struct skw_air_scenario *s, unsigned a,
		    unsigned b);

#endif
