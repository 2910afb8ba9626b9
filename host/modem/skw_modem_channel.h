/* skw_modem_channel - the channel's frequency response from the long training symbols
 * (rtl/rx/rx_equalise).
 *
 *   h(k) = (y1(k) + y2(k)) l(k) / 2,    H = R (R + n/s I)^-1 h
 *
 * R is the correlation between carriers that a channel of few microseconds' echoes has: power
 * falling exponentially after the first path. This (minimum mean square error) takes most of the
 * estimate's own noise away, which costs 1.0 to 1.7 dB otherwise. One matrix for each of five
 * classes of noise, worked out once.
 *
 * What is left of that noise, and what the prior does not fit, the data takes away: each symbol's
 * nearest points tell the channel once more, counted beside what is known already. Wrong ones
 * among them do less harm than leaving them out would, which bends the estimate.
 */
#ifndef SKW_MODEM_CHANNEL_H
#define SKW_MODEM_CHANNEL_H

#include "modem/skw_modem_fft.h"
#include "modem/skw_modem_ofdm.h"

enum { SKW_CHANNEL_CARRIERS = 52, SKW_CHANNEL_CLASSES = 5 };

struct skw_channel_filter {
	/* By column; symmetric (Hermitian), so by row as well. Carriers -26..-1, 1..26. */
	float re[SKW_CHANNEL_CLASSES][SKW_CHANNEL_CARRIERS][SKW_CHANNEL_CARRIERS];
	float im[SKW_CHANNEL_CLASSES][SKW_CHANNEL_CARRIERS][SKW_CHANNEL_CARRIERS];
};

struct skw_channel {
	struct skw_carriers h;        /* 0 where no carrier is */
	struct skw_carriers seen;     /* of both long symbols alone */
	_Alignas(16) float w[64];     /* |h|^2 / mean |h|^2 */
	float power;                  /* mean |h|^2 */
	float signal, noise;          /* per carrier */
	_Alignas(16) float error[64]; /* of late: |z - w x|^2 / w, noise over mean |h|^2 */
	float usual;                  /* of most carriers */
	_Alignas(16) float trust[64]; /* the usual error over this carrier's; 1 at most */
};

/* `early`: samples by which a block starts before its symbol. */
void skw_channel_init(struct skw_channel_filter *f, int early);
/* y1, y2: the transformed long symbols, free of carrier offset. */
void skw_channel_estimate(const struct skw_channel_filter *f, struct skw_channel *c,
			  const struct skw_ofdm_tables *t, const struct skw_carriers *y1,
			  const struct skw_carriers *y2);

/* A symbol of data, equalised (skw_demap's z), of so many bits a carrier; `n` were before it. Tells
 * the channel, and where something else is on the air that the long symbols did not show. */
void skw_channel_learn(struct skw_channel *c, const struct skw_carriers *z, unsigned bits,
		       unsigned n);

/* How much of what symbol n tells is taken. */
float skw_channel_step(unsigned n);
/* The carrier's response is 1 + re + j im times what was thought. */
void skw_channel_learn_one(struct skw_channel *c, int k, float re, float im);

/* Once more, from the long symbols and a frame's data: the sum of y conj(x) over its symbols, and
 * of |x|^2. */
void skw_channel_again(const struct skw_channel_filter *f, struct skw_channel *c,
		       const struct skw_carriers *sum, const float weight[64]);

/* z = y conj(h) / mean |h|^2, turned back by `angle` + k slope. */
void skw_channel_equalise(const struct skw_channel *c, struct skw_carriers *z,
			  const struct skw_carriers *y, float angle, float slope);
/* And back: points as they would come. */
void skw_channel_expect(const struct skw_channel *c, struct skw_carriers *y,
			const struct skw_carriers *x, float angle, float slope);

#endif
