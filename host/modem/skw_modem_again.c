#include "modem/skw_modem_again.h"

#include <math.h>
#include <string.h>

enum {
	NEAR = 2,  /* symbols on either side that tell of one's phase */
	LEAST = 4, /* symbols that tell of the amplifier */
};

void skw_again_init(struct skw_again *a)
{
	skw_amplifier_init(&a->amplifier);
}

void skw_again_keep(struct skw_again *a, const struct skw_carriers *y, float ahead, float angle,
		    float slope, uint64_t lost)
{
	if (a->symbols == SKW_AGAIN_SYMBOLS)
		return;
	a->y[a->symbols] = *y;
	a->ahead[a->symbols] = ahead;
	a->angle[a->symbols] = angle;
	a->slope[a->symbols] = slope;
	a->samples[a->symbols] = (struct skw_mend_samples) { .lost = lost };
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

/* The points of a symbol, the n-th behind the preamble, from its coded bits, laid out as soft bits
 * are. */
static void points(struct skw_carriers *x, const uint8_t *bit, unsigned bits,
		   const struct skw_ofdm_tables *t, unsigned symbol)
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
	for (unsigned p = 0; p < 4; p++)
		x->re[skw_ofdm_pilot_carrier[p] & 63] =
		    skw_ofdm_pilot_sign[p] * t->pilot[symbol % 127];
}

/* A step of the code; the state behind it. */
static unsigned step(uint8_t *bit, const uint16_t pair[2], unsigned state, unsigned in)
{
	state = (state << 1 | in) & 127;
	bit[pair[0]] = (uint8_t)__builtin_parity(state & 0x6d);
	bit[pair[1]] = (uint8_t)__builtin_parity(state & 0x4f);
	return state;
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

			state = step(bit, pair + 2 * i, state, in);
		}
		points(&a->x[s], bit, r->bits, t, s + 1);
	}
	return (data + 6) / r->data < a->symbols ? (data + 6) / r->data : a->symbols;
}

void skw_again_start(struct skw_again *a, const struct skw_mend_front *front,
		     const struct skw_carriers *y, float angle, float slope,
		     const struct skw_signal *signal, const struct skw_ofdm_tables *t)
{
	const uint16_t *pair = t->pair[SKW_OFDM_SIGNAL];
	uint8_t bit[SKW_SOFT];
	unsigned state = 0;

	a->symbols = a->readings = 0;
	a->bent = a->mended = false;
	a->front = *front;
	a->signal_y = *y;
	a->signal_angle = angle;
	a->signal_slope = slope;
	for (unsigned i = 0; i < 24; i++)
		state = step(bit, pair + 2 * i, state, signal->word >> i & 1);
	points(&a->signal_x, bit, 1, t, 0);
}

/* Symbol s as it left the amplifier. */
static void sent(const struct skw_again *a, struct skw_carriers *u, unsigned s)
{
	*u = a->x[s];
	if (a->bent)
		skw_amplifier_bend(&a->amplifier, u, u, a->product[s]);
}

/* The phase of each symbol anew: beside the carrier offset's it changes little, so that all
 * carriers of its neighbours tell it too. A symbol that was decided wrong says little. */
static void phases(struct skw_again *a, unsigned n, const struct skw_channel *c)
{
	static const float share[NEAR + 1] = { 3, 2, 1 };
	float re[SKW_AGAIN_SYMBOLS], im[SKW_AGAIN_SYMBOLS];

	for (unsigned s = 0; s < n; s++) {
		float sr = 0, si = 0, cr, ci;
		struct skw_carriers z, x;

		sent(a, &x, s);
		skw_channel_equalise(c, &z, &a->y[s], a->angle[s], a->slope[s]);
		for (unsigned k = 0; k < 64; k++) {
			sr += z.re[k] * x.re[k] + z.im[k] * x.im[k];
			si += z.im[k] * x.re[k] - z.re[k] * x.im[k];
		}
		cr = cosf(a->angle[s] - a->ahead[s]);
		ci = sinf(a->angle[s] - a->ahead[s]);
		re[s] = sr * cr - si * ci;
		im[s] = sr * ci + si * cr;
	}
	for (unsigned s = 0; s < n; s++) {
		float sr = 0, si = 0;

		for (unsigned q = s < NEAR ? 0 : s - NEAR; q <= s + NEAR && q < n; q++) {
			float weight = share[q > s ? q - s : s - q];

			sr += weight * re[q];
			si += weight * im[q];
		}
		a->angle[s] = a->ahead[s] + atan2f(si, sr);
	}
}

/* What an amplifier adds is looked at from -30 dB on, and if noise does not drown it. */
static const float FAINT = 1e-3F, BESIDE_NOISE = 0.1F;
static const float ONE_SYMBOL = 0.4F; /* whose noise may look like an amplifier */

/* Powers at which it may saturate, beside the mean: -2 to 8 dB. */
static const float LOWEST = 0.63F, HIGHEST = 6.5F, LEVELS = 1.259F;

static bool matters(const struct skw_again *a, const struct skw_channel *c, float beside)
{
	return a->amplifier.share > fmaxf(FAINT, beside * c->noise / c->signal);
}

static void bend(struct skw_again *a, unsigned n, const struct skw_channel *c)
{
	struct skw_carriers z;

	if (n < LEAST) /* SIGNAL tells as much */
		return;
	skw_amplifier_start(&a->amplifier, a->amplifier.level);
	for (unsigned s = 0; s < n; s++) {
		skw_channel_equalise(c, &z, &a->y[s], a->angle[s], a->slope[s]);
		skw_amplifier_hear(&a->amplifier, &a->x[s], a->product[s], &z, c->w);
	}
	skw_amplifier_solve(&a->amplifier);
	a->bent = matters(a, c, BESIDE_NOISE);
}

/* The amplifier as SIGNAL (z, w) tells it, if it saturates at `level`: beside the long symbols,
 * which are bent themselves. False if its output would fall again. */
static bool try_level(struct skw_amplifier *a, float level, const struct skw_fft *fft,
		      const struct skw_carriers *signal, const struct skw_carriers *training,
		      const struct skw_carriers *z, const float w[64])
{
	const float most = 1.05F;
	struct skw_carriers b[2], before[2];
	float size;

	skw_amplifier_start(a, level);
	skw_amplifier_products(a, fft, b, signal);
	skw_amplifier_products(a, fft, before, training);
	for (int k = 0; k < 64; k++) {
		float turn = signal->re[k] * training->re[k];

		b[0].re[k] -= turn * before[0].re[k];
		b[0].im[k] -= turn * before[0].im[k];
	}
	memset(&b[1], 0, sizeof(b[1])); /* one symbol tells of one */
	skw_amplifier_hear(a, signal, b, z, w);
	skw_amplifier_solve(a);
	size = a->re[0] * a->re[0] + a->im[0] * a->im[0];
	return a->re[1] * a->re[0] + a->im[1] * a->im[0] < most * size;
}

/* Before decided points can be believed: the amplifier of SIGNAL, which is known for sure. If it
 * matters, the channel that the long symbols told is corrected. */
static void bend_first(struct skw_again *a, const struct skw_fft *fft,
		       const struct skw_ofdm_tables *t, const struct skw_channel_filter *filter,
		       struct skw_channel *c)
{
	struct skw_carriers training = { 0 }, b[2], z, none = { 0 };
	struct skw_amplifier *best = &a->amplifier, one = a->amplifier;
	struct skw_channel raw = *c;
	float *re = raw.seen.re, *im = raw.seen.im;
	const float nothing[64] = { 0 };

	raw.h = raw.seen;
	for (int k = 0; k < 64; k++) {
		raw.w[k] = (re[k] * re[k] + im[k] * im[k]) / raw.power;
		training.re[k] = t->long_training[k];
	}
	skw_channel_equalise(&raw, &z, &a->signal_y, a->signal_angle, a->signal_slope);
	skw_amplifier_start(best, 1);
	for (float level = LOWEST; level < HIGHEST; level *= LEVELS)
		if (try_level(&one, level, fft, &a->signal_x, &training, &z, raw.w) &&
		    one.explained > best->explained)
			*best = one;
	a->bent = matters(a, c, ONE_SYMBOL);
	if (!a->bent)
		return;
	skw_amplifier_relate(best); /* what both have in common is the channel's */
	skw_amplifier_products(best, fft, b, &training);
	skw_amplifier_bend(best, &z, &training, b);
	for (int k = 0; k < 64; k++) {
		float size = z.re[k] * z.re[k] + z.im[k] * z.im[k] + 1e-9F;
		float gr = training.re[k] * z.re[k] / size, gi = -training.re[k] * z.im[k] / size;

		c->seen.re[k] = re[k] * gr - im[k] * gi;
		c->seen.im[k] = im[k] * gr + re[k] * gi;
	}
	skw_channel_again(filter, c, &none, nothing);
}

/* Square of half the distance between points, by bits a carrier; a carrier with less than DEAF of
 * the noise's power tells nothing of its point. */
static const float half_distance[7] = { 0, 1, 0.5F, 0, 0.1F, 0, 1 / 42.0F }, DEAF = 4;

/* Symbols whose samples are not what they were, filled in by what was decided. */
static void mend(struct skw_again *a, unsigned n, bool first, const struct skw_fft *fft,
		 const struct skw_channel *c, float near)
{
	struct skw_mend_rail rail = { 0 };

	skw_mend_rail_hear(&rail, &a->front, fft, &a->signal_y);
	for (unsigned s = 0; s < a->symbols && first; s++)
		skw_mend_rail_hear(&rail, &a->front, fft, &a->y[s]);
	if (first)
		a->rail = skw_mend_rail_told(&rail);
	a->mended = false;
	for (unsigned s = 0; s < a->symbols; s++) {
		struct skw_mend_expected e;
		struct skw_carriers x;

		sent(a, &x, s);
		skw_channel_expect(c, &e.e, &x, a->angle[s], a->slope[s]);
		for (int k = 0; k < 64; k++)
			e.near[k] = c->w[k] * c->power *
				    (c->w[k] * c->signal < DEAF * c->noise ? 1e9F : near);
		if (first && a->rail > 0)
			skw_mend_clipped(&a->samples[s], a->rail, &a->front, fft, &a->y[s]);
		if (s < n)
			skw_mend_pulses(&a->samples[s], fft, &a->y[s], &e.e);
		a->mended |= skw_mend_symbol(&a->y[s], &a->samples[s], a->rail, &a->front, fft, &e);
	}
}

void skw_again_symbol(const struct skw_again *a, const struct skw_fft *fft,
		      const struct skw_channel *c, struct skw_carriers *z, unsigned s)
{
	skw_channel_equalise(c, z, &a->y[s], a->angle[s], a->slope[s]);
	if (a->bent)
		skw_amplifier_clean(&a->amplifier, fft, &a->x[s], z, c->w, c->noise / c->signal);
}

void skw_again_learn(struct skw_again *a, const struct skw_fft *fft, const struct skw_decoder *d,
		     const struct skw_ofdm_tables *t, const struct skw_channel_filter *filter,
		     struct skw_channel *c)
{
	unsigned n = encode(a, d, t);
	struct skw_carriers sum = { 0 }, u, x;
	struct skw_channel one = { .power = 1 };
	float weight[64] = { 0 };
	bool first = a->readings++ == 0, may_be_bent = a->symbols <= SKW_AGAIN_BENT;

	if (first && may_be_bent)
		bend_first(a, fft, t, filter, c);
	for (unsigned s = 0; s < n && may_be_bent; s++)
		skw_amplifier_products(&a->amplifier, fft, a->product[s], &a->x[s]);
	mend(a, n, first, fft, c, half_distance[skw_ofdm_rates[d->rate].bits]);
	phases(a, n, c);
	if (first && a->bent)
		return;
	for (unsigned k = 0; k < 64; k++)
		one.h.re[k] = 1;
	for (unsigned s = 0; s < n; s++) {
		sent(a, &x, s);
		skw_channel_equalise(&one, &u, &a->y[s], a->angle[s], a->slope[s]);
		for (unsigned k = 0; k < 64; k++) {
			sum.re[k] += u.re[k] * x.re[k] + u.im[k] * x.im[k];
			sum.im[k] += u.im[k] * x.re[k] - u.re[k] * x.im[k];
			weight[k] += x.re[k] * x.re[k] + x.im[k] * x.im[k];
		}
	}
	skw_channel_again(filter, c, &sum, weight);
	if (may_be_bent)
		bend(a, n, c);
}
