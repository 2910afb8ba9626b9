#include "modem/skw_modem_amplifier.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { N = SKW_AMPLIFIER_TERMS, STEPS = 10 };

/* A point of 64-QAM is that near (power) to no other; a carrier with so little beside the noise
 * tells nothing of what was sent; steps of that little are the last. */
static const float ABOVE = 2, NEAR = 0.024F, DROWNED = 4, SETTLED = 52 * 1e-4F;

void skw_amplifier_init(struct skw_amplifier *a)
{
	for (int k = 0; k < 64; k++) {
		float angle = (float)(M_PI / 64) * (float)(k < 32 ? k : k - 64);

		a->cos[k] = cosf(angle);
		a->sin[k] = sinf(angle);
	}
	skw_amplifier_start(a, 1);
}

void skw_amplifier_start(struct skw_amplifier *a, float level)
{
	memset(a->sum, 0, sizeof(a->sum));
	memset(a->re, 0, sizeof(a->re));
	memset(a->im, 0, sizeof(a->im));
	a->re[0] = 1;
	a->share = a->explained = 0;
	a->level = level;
}

/* u (g - 1) */
static void saturate(struct skw_carriers *b, const struct skw_carriers *u, float over)
{
	for (int n = 0; n < 64; n++) {
		float q = over * (u->re[n] * u->re[n] + u->im[n] * u->im[n]);
		float g = 1 / sqrtf(sqrtf(sqrtf(1 + q * q * q * q))) - 1;

		b->re[n] = g * u->re[n];
		b->im[n] = g * u->im[n];
	}
}

/* The share of one of both instants of a sample. */
static void instant(const struct skw_amplifier *a, const struct skw_fft *fft,
		    struct skw_carriers b[2], const struct skw_carriers *x)
{
	struct skw_carriers u;

	skw_fft_inverse(fft, &u, x);
	saturate(&b[0], &u, 1 / (52 * a->level));
	saturate(&b[1], &u, 1 / (52 * a->level * ABOVE));
	skw_fft_forward(fft, &b[0], &b[0]);
	skw_fft_forward(fft, &b[1], &b[1]);
}

void skw_amplifier_products(const struct skw_amplifier *a, const struct skw_fft *fft,
			    struct skw_carriers b[2], const struct skw_carriers *x)
{
	struct skw_carriers late, odd[2];
	const float *c = a->cos, *s = a->sin;

	for (int k = 0; k < 64; k++) {
		late.re[k] = x->re[k] * c[k] - x->im[k] * s[k];
		late.im[k] = x->re[k] * s[k] + x->im[k] * c[k];
	}
	instant(a, fft, b, x);
	instant(a, fft, odd, &late);
	for (int p = 0; p < 2; p++)
		for (int k = 0; k < 64; k++) {
			float re = odd[p].re[k] * c[k] + odd[p].im[k] * s[k];
			float im = odd[p].im[k] * c[k] - odd[p].re[k] * s[k];

			b[p].re[k] = (b[p].re[k] + re) / 128;
			b[p].im[k] = (b[p].im[k] + im) / 128;
		}
}

void skw_amplifier_hear(struct skw_amplifier *a, const struct skw_carriers *x,
			const struct skw_carriers products[2], const struct skw_carriers *z,
			const float w[64])
{
	const struct skw_carriers *b[N + 1] = { x, &products[0], &products[1], z };

	for (int i = 0; i < N; i++)
		for (int j = 0; j <= N; j++) {
			float re = 0, im = 0;

			for (int k = 0; k < 64; k++) { /* z has its weight already */
				float by = w[k] <= 0 ? 0 : j < N ? w[k] : 1;

				re += by * (b[j]->re[k] * b[i]->re[k] + b[j]->im[k] * b[i]->im[k]);
				im += by * (b[j]->im[k] * b[i]->re[k] - b[j]->re[k] * b[i]->im[k]);
			}
			a->sum[i][j].re += (double)re;
			a->sum[i][j].im += (double)im;
		}
}

/* |a1 b1 + a2 b2|^2 but for what is in line with x, beside |a0 x|^2. */
static float share(const struct skw_amplifier *a)
{
	double complex m[N][N], sum = 0;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			m[i][j] = a->sum[i][j].re + I * a->sum[i][j].im;
	for (int i = 1; i < N; i++)
		for (int j = 1; j < N; j++)
			sum += (a->re[i] - I * a->im[i]) * (a->re[j] + I * a->im[j]) *
			       (m[i][j] - m[i][0] * m[0][j] / (m[0][0] + 1e-20));
	return (float)(creal(sum) /
		       ((creal(m[0][0]) + 1e-20) *
			((double)(a->re[0] * a->re[0] + a->im[0] * a->im[0]) + 1e-20)));
}

void skw_amplifier_solve(struct skw_amplifier *a)
{
	const double ridge = 1e-4; /* positive definite, whatever came */
	double complex m[N][N + 1];

	for (int i = 0; i < N; i++)
		for (int j = 0; j <= N; j++)
			m[i][j] = a->sum[i][j].re * (i == j ? 1 + ridge : 1) + I * a->sum[i][j].im +
				  (i == j ? 1e-20 : 0);
	for (int p = 0; p < N; p++) {
		double complex over = 1 / m[p][p];

		for (int j = p; j <= N; j++)
			m[p][j] *= over;
		for (int i = 0; i < N; i++) {
			double complex times = m[i][p];

			for (int j = p; i != p && j <= N; j++)
				m[i][j] -= times * m[p][j];
		}
	}
	for (int i = 0; i < N; i++) {
		a->re[i] = (float)creal(m[i][N]);
		a->im[i] = (float)cimag(m[i][N]);
	}
	a->share = share(a);
	a->explained = 0;
	for (int i = 0; i < N; i++)
		a->explained += (float)((double)a->re[i] * a->sum[i][N].re +
					(double)a->im[i] * a->sum[i][N].im);
}

/* a1 b1 + a2 b2 */
static void bent_part(const struct skw_amplifier *a, struct skw_carriers *d,
		      const struct skw_carriers b[2])
{
	for (int k = 0; k < 64; k++) {
		d->re[k] = a->re[1] * b[0].re[k] - a->im[1] * b[0].im[k] + a->re[2] * b[1].re[k] -
			   a->im[2] * b[1].im[k];
		d->im[k] = a->re[1] * b[0].im[k] + a->im[1] * b[0].re[k] + a->re[2] * b[1].im[k] +
			   a->im[2] * b[1].re[k];
	}
}

void skw_amplifier_relate(struct skw_amplifier *a)
{
	float size = a->re[0] * a->re[0] + a->im[0] * a->im[0] + 1e-20F;
	float c = a->re[0] / size, s = -a->im[0] / size;

	for (int i = 0; i < N; i++) {
		float re = a->re[i], im = a->im[i];

		a->re[i] = re * c - im * s;
		a->im[i] = re * s + im * c;
	}
}

void skw_amplifier_bend(const struct skw_amplifier *a, struct skw_carriers *out,
			const struct skw_carriers *x, const struct skw_carriers b[2])
{
	struct skw_carriers d;

	bent_part(a, &d, b);
	for (int k = 0; k < 64; k++) {
		float re = x->re[k], im = x->im[k];

		out->re[k] = a->re[0] * re - a->im[0] * im + d.re[k];
		out->im[k] = a->re[0] * im + a->im[0] * re + d.im[k];
	}
}

/* What seems to have been sent, if z has lost `d`: a decided point where that is near, or where
 * noise is all that is heard. */
static void guess(struct skw_carriers *out, const struct skw_carriers *z,
		  const struct skw_carriers *d, const struct skw_carriers *x, const float w[64],
		  float noise)
{
	for (int k = 0; k < 64; k++) {
		float over = w[k] > 0 ? 1 / (w[k] + 1e-9F) : 0;
		float re = over * z->re[k] - d->re[k], im = over * z->im[k] - d->im[k];
		float off = (re - x->re[k]) * (re - x->re[k]) + (im - x->im[k]) * (im - x->im[k]);
		bool decided = off < NEAR || w[k] < DROWNED * noise;

		out->re[k] = w[k] <= 0 ? 0 : decided ? x->re[k] : re;
		out->im[k] = w[k] <= 0 ? 0 : decided ? x->im[k] : im;
	}
}

void skw_amplifier_clean(const struct skw_amplifier *a, const struct skw_fft *fft,
			 const struct skw_carriers *x, struct skw_carriers *z, const float w[64],
			 float noise)
{
	struct skw_amplifier one = *a; /* with a0 = 1 */
	float size = a->re[0] * a->re[0] + a->im[0] * a->im[0] + 1e-20F, moved = 1;
	struct skw_carriers d = { 0 }, u = { 0 }, last, b[2];

	skw_amplifier_relate(&one);
	for (int k = 0; k < 64; k++) {
		float re = z->re[k], im = z->im[k];

		z->re[k] = (re * a->re[0] + im * a->im[0]) / size;
		z->im[k] = (im * a->re[0] - re * a->im[0]) / size;
	}
	for (int step = 0; step < STEPS && moved > SETTLED; step++) {
		last = u;
		guess(&u, z, &d, x, w, noise);
		skw_amplifier_products(a, fft, b, &u);
		bent_part(&one, &d, b);
		moved = 0;
		for (int k = 0; k < 64; k++)
			moved += (u.re[k] - last.re[k]) * (u.re[k] - last.re[k]) +
				 (u.im[k] - last.im[k]) * (u.im[k] - last.im[k]);
	}
	for (int k = 0; k < 64; k++) {
		z->re[k] -= w[k] * d.re[k];
		z->im[k] -= w[k] * d.im[k];
	}
}
