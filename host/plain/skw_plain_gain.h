/* skw_plain_gain - the receive gain of a plain device: as high as noise can use, never so high that
 * signals clip.
 *
 * Clipping takes 6 dB away at once. Where nothing in half a second came within 12 dB of full scale
 * and the quietest stretch lies below -55 dBFS, 3 dB are added: above that the converter adds
 * nothing to the noise, and room for strong neighbours is worth more.
 */
#ifndef SKW_PLAIN_GAIN_H
#define SKW_PLAIN_GAIN_H

#include <stdbool.h>
#include <stddef.h>

struct skw_plain_gain {
	double db, least, most;
	double window; /* samples of half a second */
	/* since the window's start */
	double seen;
	float peak, quietest;
};

void skw_plain_gain_init(struct skw_plain_gain *g, double db, double least, double most,
			 double rate_hz);
/* The levels of n samples: their peak, mean power and how many were at full scale. True if `db` has
 * changed. */
bool skw_plain_gain_follow(struct skw_plain_gain *g, size_t n, float peak, float power,
			   size_t clipped);

#endif
