/* skw_modem_amplifier - what the sender's amplifier bent, learned from symbols that are known and
 * taken off those that are not.
 *
 *   z = w (a0 x + a1 b1 + a2 b2) + noise,    b = F{ u g(u) - u },  u = F^-1{ x },
 *   g(u) = (1 + (|u|^2 / level)^4)^(-1/8)
 *
 * A compressed amplifier adds to each carrier products of all the others, which look like noise 15
 * to 20 dB below; but they are products of what was sent, but for a few numbers: b1 is that of an
 * amplifier that saturates at some level, b2 at twice the power, and what amplifiers do lies within
 * 35 to 40 dB of some sum of both. (Powers of u do as well, but say anything of peaks that were not
 * in the symbols that told them.) Least squares over symbols that are known tell a0, a1, a2.
 *
 * Products are taken off by solving z for x, step by step: those of what was left last time, and of
 * decided points where these agree with it. The signal is taken at twice its rate, so that products
 * of third order do not fold.
 */
#ifndef SKW_MODEM_AMPLIFIER_H
#define SKW_MODEM_AMPLIFIER_H

#include "modem/skw_modem_fft.h"

enum { SKW_AMPLIFIER_TERMS = 3 };

struct skw_amplifier {
	float re[SKW_AMPLIFIER_TERMS], im[SKW_AMPLIFIER_TERMS]; /* a0, a1, a2 */
	float level;                                            /* 0: b3 and b5 are powers */
	float share;     /* of what is bent, beside what is sent: power */
	float explained; /* of what was heard: power */
	struct {
		double re, im;
	} sum[SKW_AMPLIFIER_TERMS][SKW_AMPLIFIER_TERMS + 1]; /* normal equations, right side last */
	_Alignas(16) float cos[64], sin[64];                 /* half a sample later, by carrier */
};

/* Before all else. */
void skw_amplifier_init(struct skw_amplifier *a);
/* Nothing is known, nothing bent. */
void skw_amplifier_start(struct skw_amplifier *a, float level);
/* b1 and b2 of a symbol's points; 0 where no carrier is. */
void skw_amplifier_products(const struct skw_amplifier *a, const struct skw_fft *fft,
			    struct skw_carriers b[2], const struct skw_carriers *x);
/* A symbol's points and products, and how they came: equalised, with the weights of its carriers.
 */
void skw_amplifier_hear(struct skw_amplifier *a, const struct skw_carriers *x,
			const struct skw_carriers b[2], const struct skw_carriers *z,
			const float w[64]);
/* After those symbols. */
void skw_amplifier_solve(struct skw_amplifier *a);
/* The same with a0 = 1. */
void skw_amplifier_relate(struct skw_amplifier *a);
/* What is bent, taken off z; x: points as decided so far, some of them wrong; `noise` beside what
 * is sent, power. */
void skw_amplifier_clean(const struct skw_amplifier *a, const struct skw_fft *fft,
			 const struct skw_carriers *x, struct skw_carriers *z, const float w[64],
			 float noise);
/* Points with their products, as they left the amplifier. */
void skw_amplifier_bend(const struct skw_amplifier *a, struct skw_carriers *out,
			const struct skw_carriers *x, const struct skw_carriers b[2]);

#endif
