#include "modem/skw_modem_mend.h"

#include <math.h>
#include <string.h>

typedef float v4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));

enum { MANY = 16, STEPS = 12, LEAST = 8 };

/* A frame's samples exceed their mean power by as much once in 10^8 or so. */
static const float LOUD = 20;
/* And beside those that do, samples that exceed it by as much are believed no more. */
static const float BESIDE = 4;
/* Differences of one in 20,000, where they are noise. */
static const float FAR = 10;
/* Steps overshoot: where few carriers are known each goes a small part of the way only. Below 2
 * they end all the same. */
static const float FORWARD = 1.8F;
/* Beside the signal, what matters. */
static const float LEVEL = 0.3F;
/* Values so near the highest are as high; so many of all show that something clips. It was not the
 * sender, whose amplifier knows no parts, if with some of them the other part is far from 0. */
static const float AT_RAIL = 0.99F, CLIPPED = 0.004F, CORNER = 0.45F;

/* Bits of samples above some power. */
static uint64_t above(const struct skw_carriers *x, float power)
{
	uint64_t bits = 0;

	for (int n = 0; n < 64; n++)
		bits |= (uint64_t)(x->re[n] * x->re[n] + x->im[n] * x->im[n] > power) << n;
	return bits;
}

uint64_t skw_mend_blank(struct skw_carriers *x, float power)
{
	const float most = LOUD * power;
	v4 limit = { most, most, most, most };
	i4 any = { 0 };
	uint64_t lost, beside;

	for (int n = 0; n < 64; n += 4) {
		v4 a, b;

		memcpy(&a, x->re + n, sizeof(a));
		memcpy(&b, x->im + n, sizeof(b));
		any |= a * a + b * b > limit;
	}
	if ((any[0] | any[1] | any[2] | any[3]) == 0)
		return 0;
	lost = above(x, LOUD * power);
	beside = above(x, BESIDE * power);
	for (int near = 0; near < 4; near++)
		lost |= (lost << 1 | lost >> 1) & beside;
	if (__builtin_popcountll(lost) > MANY)
		return 0;
	for (int n = 0; n < 64; n++)
		if ((lost >> n & 1) != 0)
			x->re[n] = x->im[n] = 0;
	return lost;
}

/* From carriers to the converter's samples and back. */
static void samples(struct skw_carriers *out, const struct skw_mend_front *f,
		    const struct skw_fft *fft, const struct skw_carriers *y)
{
	struct skw_carriers t;

	skw_fft_inverse(fft, &t, y);
	for (int n = 0; n < 64; n++) {
		float re = (t.re[n] * f->cos[n] - t.im[n] * f->sin[n]) / 64;
		float im = (t.im[n] * f->cos[n] + t.re[n] * f->sin[n]) / 64;

		/* the image comes back: x = a + b conj(a) */
		out->re[n] = re + f->balance.b_re * re + f->balance.b_im * im + f->dc_re;
		out->im[n] = im + f->balance.b_im * re - f->balance.b_re * im + f->dc_im;
	}
}

static void carriers(struct skw_carriers *y, const struct skw_mend_front *f,
		     const struct skw_fft *fft, const struct skw_carriers *in)
{
	struct skw_carriers t;

	for (int n = 0; n < 64; n++) {
		float re = in->re[n] - f->dc_re, im = in->im[n] - f->dc_im;

		skw_balance_apply(&f->balance, &re, &im);
		t.re[n] = re * f->cos[n] + im * f->sin[n];
		t.im[n] = im * f->cos[n] - re * f->sin[n];
	}
	skw_fft_forward(fft, y, &t);
}

/* One part of 64 samples, beside the other. */
static void hear(struct skw_mend_rail *r, const float v[64], const float other[64])
{
	for (int n = 0; n < 64; n++) {
		float size = fabsf(v[n]);

		if (size * AT_RAIL > r->top) {
			r->top = size;
			r->at = r->beyond = 0;
		}
		if (size >= AT_RAIL * r->top) {
			r->at++;
			r->beyond += fabsf(other[n]) > CORNER * r->top;
		}
		r->all++;
	}
}

void skw_mend_rail_hear(struct skw_mend_rail *r, const struct skw_mend_front *front,
			const struct skw_fft *fft, const struct skw_carriers *y)
{
	struct skw_carriers x;

	samples(&x, front, fft, y);
	hear(r, x.re, x.im);
	hear(r, x.im, x.re);
}

float skw_mend_rail_told(const struct skw_mend_rail *r)
{
	return r->at >= LEAST && (float)r->at > CLIPPED * (float)r->all && 10 * r->beyond > r->at
		   ? r->top
		   : 0;
}

static uint64_t at_rail(const float v[64], float rail)
{
	uint64_t bits = 0;

	for (int n = 0; n < 64; n++)
		if (fabsf(v[n]) >= AT_RAIL * rail)
			bits |= 1ULL << n;
	return bits;
}

void skw_mend_clipped(struct skw_mend_samples *s, float rail, const struct skw_mend_front *front,
		      const struct skw_fft *fft, const struct skw_carriers *y)
{
	struct skw_carriers x;

	samples(&x, front, fft, y);
	s->clipped_re = at_rail(x.re, rail);
	s->clipped_im = at_rail(x.im, rail);
}

void skw_mend_pulses(struct skw_mend_samples *s, const struct skw_fft *fft,
		     const struct skw_carriers *y, const struct skw_carriers *expected)
{
	struct skw_carriers d;
	float off[64], usual = 0, signal = 0;
	uint64_t lost;
	int count = 0;

	for (int k = 0; k < 64; k++) {
		d.re[k] = y->re[k] - expected->re[k];
		d.im[k] = y->im[k] - expected->im[k];
		signal += expected->re[k] * expected->re[k] + expected->im[k] * expected->im[k];
	}
	skw_fft_inverse(fft, &d, &d);
	for (int n = 0; n < 64; n++) {
		off[n] = d.re[n] * d.re[n] + d.im[n] * d.im[n];
		usual += (s->lost >> n & 1) != 0 ? 0 : off[n] / 64;
	}
	for (int round = 0; round < 3; round++) { /* the mean of those that are not far off */
		float sum = 0;

		count = 0;
		lost = s->lost;
		for (int n = 0; n < 64; n++)
			if (off[n] > fmaxf(FAR * usual, LEVEL * signal) || (lost >> n & 1) != 0) {
				lost |= 1ULL << n;
				count++;
			} else {
				sum += off[n];
			}
		if (count > MANY)
			return;
		usual = sum / (float)(64 - count);
	}
	s->lost = lost;
}

/* What is known of a part that was clipped: it was no smaller. */
static void clipped(float *v, float expected, float rail)
{
	float sign = *v < 0 ? -1 : 1;

	*v = sign * fmaxf(sign * expected, rail);
}

bool skw_mend_symbol(struct skw_carriers *y, const struct skw_mend_samples *s, float rail,
		     const struct skw_mend_front *front, const struct skw_fft *fft,
		     const struct skw_mend_expected *expected)
{
	struct skw_carriers x, guess, filled;

	if ((s->lost | s->clipped_re | s->clipped_im) == 0)
		return false;
	samples(&x, front, fft, y);
	for (int step = 0; step < STEPS; step++) {
		for (int k = 0; k < 64; k++) {
			float re = y->re[k] - expected->e.re[k], im = y->im[k] - expected->e.im[k];
			bool agrees = re * re + im * im < expected->near[k];

			guess.re[k] = expected->near[k] <= 0 ? 0
				      : agrees               ? expected->e.re[k]
							     : y->re[k];
			guess.im[k] = expected->near[k] <= 0 ? 0
				      : agrees               ? expected->e.im[k]
							     : y->im[k];
		}
		samples(&filled, front, fft, &guess);
		for (int n = 0; n < 64; n++) {
			uint64_t bit = 1ULL << n;

			if ((s->lost & bit) != 0) {
				x.re[n] += FORWARD * (filled.re[n] - x.re[n]);
				x.im[n] += FORWARD * (filled.im[n] - x.im[n]);
				continue;
			}
			if ((s->clipped_re & bit) != 0)
				clipped(&x.re[n], filled.re[n], rail);
			if ((s->clipped_im & bit) != 0)
				clipped(&x.im[n], filled.im[n], rail);
		}
		carriers(y, front, fft, &x);
	}
	return true;
}
