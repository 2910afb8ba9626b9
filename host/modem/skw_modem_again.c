#include "modem/skw_modem_again.h"

#include <math.h>
#include <string.h>

enum {
	NEAR = 2, /* symbols on either side that tell of one's phase */
	LEAST = 4,
	MOST = 200, /* symbols that tell of the amplifier */
};

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

/* The scrambler's sequence, from the seven bits of SERVICE that were sent as 0. */
static void sequence(uint8_t bit[127], const struct skw_decoder *d)
{
	for (unsigned i = 0; i < 7; i++)
		bit[i] = d->heard[0] >> i & 1;
	for (unsigned i = 7; i < 127; i++)
		bit[i] = bit[i - 7] ^ bit[i - 4];
}

/* Encodes again. The number of symbols that are known for sure: not the last one, with its pad bits
 * behind the tail, if not everybody pads as the standard says. */
static unsigned encode(struct skw_again *a, const struct skw_decoder *d,
		       const struct skw_ofdm_tables *t)
{
	const struct skw_ofdm_rate *r = &skw_ofdm_rates[d->rate];
	const uint16_t *pair = t->pair[d->rate];
	unsigned data = 16 + 8 * d->length, state = 0, at = 0;
	uint8_t bit[SKW_SOFT], turn[127];

	sequence(turn, d);
	for (unsigned s = 0; s < a->symbols; s++) {
		for (unsigned i = 0; i < r->data; i++, at++) {
			unsigned in = at < data       ? (unsigned)d->heard[at / 8] >> at % 8 & 1U
				      : at < data + 6 ? 0
						      : turn[at % 127];

			state = (state << 1 | in) & 127;
			bit[pair[2 * i]] = (uint8_t)__builtin_parity(state & 0x6d);
			bit[pair[2 * i + 1]] = (uint8_t)__builtin_parity(state & 0x4f);
		}
		points(&a->x[s], bit, r->bits, t);
		for (unsigned p = 0; p < 4; p++)
			a->x[s].re[skw_ofdm_pilot_carrier[p] & 63] =
			    skw_ofdm_pilot_sign[p] * t->pilot[(s + 1) % 127];
	}
	return (data + 6) / r->data < a->symbols ? (data + 6) / r->data : a->symbols;
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

/* What an amplifier adds is looked at from -30 dB on, and if noise does not drown it. */
static const float FAINT = 1e-3F, BESIDE_NOISE = 0.1F;

static void bend(struct skw_again *a, unsigned n, const struct skw_fft *fft,
		 const struct skw_channel *c)
{
	struct skw_carriers z;

	skw_amplifier_start(&a->amplifier);
	a->bent = false;
	if (n < LEAST)
		return;
	for (unsigned s = 0; s < n && s < MOST; s++) {
		skw_channel_equalise(c, &z, &a->y[s], a->angle[s], a->slope[s]);
		skw_amplifier_hear(&a->amplifier, fft, &a->x[s], &z, c->w);
	}
	skw_amplifier_solve(&a->amplifier);
	a->bent = a->amplifier.share > fmaxf(FAINT, BESIDE_NOISE * c->noise / c->signal);
}

void skw_again_symbol(const struct skw_again *a, const struct skw_fft *fft,
		      const struct skw_channel *c, struct skw_carriers *z, unsigned s)
{
	skw_channel_equalise(c, z, &a->y[s], a->angle[s], a->slope[s]);
	if (a->bent)
		skw_amplifier_clean(&a->amplifier, fft, &a->x[s], z, c->w);
}

void skw_again_learn(struct skw_again *a, const struct skw_fft *fft, const struct skw_decoder *d,
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
	bend(a, n, fft, c);
}
