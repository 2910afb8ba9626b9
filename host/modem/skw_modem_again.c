#include "modem/skw_modem_again.h"

#include <math.h>
#include <string.h>

enum { NEAR = 2 }; /* symbols on either side that tell of one's phase */

void skw_again_keep(struct skw_again *a, const struct skw_carriers *y, float angle, float slope)
{
	if (a->symbols == SKW_AGAIN_SYMBOLS)
		return;
	a->y[a->symbols] = *y;
	a->angle[a->symbols] = angle;
	a->slope[a->symbols] = slope;
	a->symbols++;
}

/* Bits of one axis to its level, in half distances (tables 18-8 to 18-11). */
static float level(const uint8_t *bit, unsigned bits)
{
	float size = 1;

	if (bits == 2)
		size = bit[64] ? 1 : 3;
	if (bits == 3)
		size = bit[64] ? (bit[128] ? 3 : 1) : (bit[128] ? 5 : 7);
	return bit[0] ? size : -size;
}

/* The points of a symbol from its coded bits, laid out as soft bits are. */
static void points(struct skw_carriers *x, const uint8_t *bit, unsigned bits,
		   const struct skw_ofdm_tables *t)
{
	static const float inverse[7] = { 0, 1, 1.41421356F, 0, 3.16227766F, 0, 6.48074070F };
	float scale = 1 / inverse[bits];

	memset(x, 0, sizeof(*x));
	for (unsigned n = 0; n < SKW_OFDM_DATA; n++) {
		unsigned k = t->carrier[n], axis = bits == 1 ? 1 : bits / 2;

		x->re[k] = scale * level(bit + k, axis);
		if (bits > 1)
			x->im[k] = scale * level(bit + 64 * axis + k, axis);
	}
}

/* Encodes again. Of the last symbol, pad bits behind the tail would have to be guessed: left out.
 */
static unsigned encode(struct skw_again *a, const struct skw_decoder *d,
		       const struct skw_ofdm_tables *t)
{
	const struct skw_ofdm_rate *r = &skw_ofdm_rates[d->rate];
	const uint16_t *pair = t->pair[d->rate];
	unsigned whole = (16 + 8 * d->length + 6) / r->data, state = 0, at = 0;
	uint8_t bit[SKW_SOFT];

	whole = whole < a->symbols ? whole : a->symbols;
	for (unsigned s = 0; s < whole; s++) {
		for (unsigned i = 0; i < r->data; i++, at++) {
			unsigned in =
			    at < 16 + 8 * d->length ? (unsigned)d->heard[at / 8] >> at % 8 & 1U : 0;

			state = (state << 1 | in) & 127;
			bit[pair[2 * i]] = (uint8_t)__builtin_parity(state & 0x6d);
			bit[pair[2 * i + 1]] = (uint8_t)__builtin_parity(state & 0x4f);
		}
		points(&a->x[s], bit, r->bits, t);
	}
	return whole;
}

/* How far each symbol is off the phase that its neighbours and all its carriers tell. */
static void phases(struct skw_again *a, unsigned n, const struct skw_channel *c)
{
	float re[SKW_AGAIN_SYMBOLS], im[SKW_AGAIN_SYMBOLS];

	for (unsigned s = 0; s < n; s++) {
		const struct skw_carriers *x = &a->x[s];
		struct skw_carriers z;

		skw_channel_equalise(c, &z, &a->y[s], a->angle[s], a->slope[s]);
		re[s] = im[s] = 0;
		for (unsigned k = 0; k < 64; k++) {
			re[s] += z.re[k] * x->re[k] + z.im[k] * x->im[k];
			im[s] += z.im[k] * x->re[k] - z.re[k] * x->im[k];
		}
	}
	for (unsigned s = 0; s < n; s++) {
		unsigned from = s < NEAR ? 0 : s - NEAR, to = s + NEAR < n ? s + NEAR : n - 1;
		float sr = 0, si = 0;

		for (unsigned q = from; q <= to; q++) {
			sr += re[q];
			si += im[q];
		}
		a->angle[s] += atan2f(si, sr);
	}
}

void skw_again_learn(struct skw_again *a, const struct skw_decoder *d,
		     const struct skw_ofdm_tables *t, const struct skw_channel_filter *filter,
		     struct skw_channel *c)
{
	unsigned n = encode(a, d, t);
	struct skw_carriers sum = { 0 }, u;
	struct skw_channel one = { .power = 1 };
	float weight[64] = { 0 };

	for (unsigned k = 0; k < 64; k++)
		one.h.re[k] = 1;
	phases(a, n, c);
	for (unsigned s = 0; s < n; s++) {
		const struct skw_carriers *x = &a->x[s];

		skw_channel_equalise(&one, &u, &a->y[s], a->angle[s], a->slope[s]);
		for (unsigned k = 0; k < 64; k++) {
			sum.re[k] += u.re[k] * x->re[k] + u.im[k] * x->im[k];
			sum.im[k] += u.im[k] * x->re[k] - u.re[k] * x->im[k];
			weight[k] += x->re[k] * x->re[k] + x->im[k] * x->im[k];
		}
	}
	skw_channel_again(filter, c, &sum, weight);
}
