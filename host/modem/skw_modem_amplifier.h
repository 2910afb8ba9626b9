/* skw_modem_amplifier - what the sender's amplifier bent, learned from a frame that was read and
 * taken off.
 *
 *   z = w (a1 x + a3 b3 + a5 b5) + noise,    b3 = F{ u |u|^2 },  b5 = F{ u |u|^4 },  u = F^-1{ x }
 *
 * A compressed amplifier adds to each carrier products of all the others, which look like noise 15
 * to 20 dB below; but who knows the points that were sent knows them too, but for two complex
 * numbers. Least squares over the frame tell those. The signal is taken at twice its rate, so that
 * products of third order do not fold.
 */
#ifndef SKW_MODEM_AMPLIFIER_H
#define SKW_MODEM_AMPLIFIER_H

#include "modem/skw_modem_fft.h"

enum { SKW_AMPLIFIER_TERMS = 3 };

struct skw_amplifier {
	float re[SKW_AMPLIFIER_TERMS], im[SKW_AMPLIFIER_TERMS]; /* a1, a3, a5 */
	float share; /* of what is bent, beside what is sent: power */
	struct {
		double re, im;
	} sum[SKW_AMPLIFIER_TERMS][SKW_AMPLIFIER_TERMS + 1]; /* normal equations, right side last */
};

void skw_amplifier_start(struct skw_amplifier *a);
/* A symbol's points, equalised, with the weights of its carriers; 0 where no carrier is. */
void skw_amplifier_hear(struct skw_amplifier *a, const struct skw_fft *fft,
			const struct skw_carriers *x, const struct skw_carriers *z,
			const float w[64]);
/* After a frame's symbols. */
void skw_amplifier_solve(struct skw_amplifier *a);
/* What is bent, taken off z. */
void skw_amplifier_clean(const struct skw_amplifier *a, const struct skw_fft *fft,
			 const struct skw_carriers *x, struct skw_carriers *z, const float w[64]);

#endif
