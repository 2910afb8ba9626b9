#include "modem/skw_modem_channel.h"

#include <complex.h>
#include <math.h>
#include <string.h>

enum {
	N = SKW_CHANNEL_CARRIERS,
	KNOWN = 6,   /* symbols that the smoothed estimate is worth */
	MEMORY = 64, /* symbols that are remembered at most */
	ERRORS = 8,  /* symbols that tell of a carrier's noise */
	ROUNDS = 4,  /* of guessing carriers that cannot be seen */
	MUCH = 2000, /* signal over noise beyond which smoothing would only bend */
};

/* A carrier with less than that of the usual trust has company. */
static const float MUCH_OFF = 0.3F;

/* Three carriers, both long symbols: chance makes that much of the usual once in 10^8. */
static const float STRANGE = 12;

/* Signal over noise of a carrier that each class is made for. */
static const float CLASS_SNR[SKW_CHANNEL_CLASSES] = { 1.2F, 5, 20, 100, 600 };

static int carrier(int i)
{
	return i < 26 ? i - 26 : i - 25;
}

/* R between carriers `apart`: the transform of the power of each delay d, counted from the block's
 * start. */
static double complex correlation(int apart, int early)
{
	double complex sum = 0;
	double all = 0;

	for (int d = -2; d <= early + 20; d++) {
		double p =
		    d >= early ? exp(-(d - early) / 2.5) + 0.002 : 0.15 * pow(0.2, early - 1 - d);

		sum += p * cexp(-2 * I * M_PI * apart * d / 64);
		all += p;
	}
	return sum / all;
}

/* Gauss and Jordan on [a | b], a being positive definite: b becomes a^-1 b. */
static void solve(double complex a[N][2 * N])
{
	for (int p = 0; p < N; p++) {
		double complex inverse = 1 / a[p][p];

		for (int c = p; c < 2 * N; c++)
			a[p][c] *= inverse;
		for (int r = 0; r < N; r++) {
			double complex times = a[r][p];

			if (r == p)
				continue;
			for (int c = p; c < 2 * N; c++)
				a[r][c] -= times * a[p][c];
		}
	}
}

void skw_channel_init(struct skw_channel_filter *f, int early)
{
	double complex a[N][2 * N];

	for (int k = 0; k < SKW_CHANNEL_CLASSES; k++) {
		for (int r = 0; r < N; r++)
			for (int c = 0; c < N; c++) {
				a[r][N + c] = correlation(carrier(r) - carrier(c), early);
				a[r][c] = a[r][N + c] + (r == c ? 0.5 / CLASS_SNR[k] : 0);
			}
		solve(a); /* (R + n/s)^-1 R, which is R (R + n/s)^-1: both are functions of R */
		for (int r = 0; r < N; r++)
			for (int c = 0; c < N; c++) {
				f->re[k][c][r] = (float)creal(a[r][N + c]);
				f->im[k][c][r] = (float)cimag(a[r][N + c]);
			}
	}
}

static int class_of(float snr)
{
	int k = 0;

	while (k + 1 < SKW_CHANNEL_CLASSES && snr * snr > CLASS_SNR[k] * CLASS_SNR[k + 1])
		k++;
	return k;
}

static void smooth(const struct skw_channel_filter *f, int k, float re[N], float im[N])
{
	float sr[N] = { 0 }, si[N] = { 0 };

	for (int c = 0; c < N; c++)
		for (int r = 0; r < N; r++) {
			sr[r] += f->re[k][c][r] * re[c] - f->im[k][c][r] * im[c];
			si[r] += f->re[k][c][r] * im[c] + f->im[k][c][r] * re[c];
		}
	memcpy(re, sr, sizeof(sr));
	memcpy(im, si, sizeof(si));
}

/* What follows from h. */
static void settle(struct skw_channel *c, const float re[N], const float im[N])
{
	float power = 0;

	memset(&c->h, 0, sizeof(c->h));
	memset(c->w, 0, sizeof(c->w));
	for (int i = 0; i < N; i++) {
		c->h.re[carrier(i) & 63] = re[i];
		c->h.im[carrier(i) & 63] = im[i];
		power += re[i] * re[i] + im[i] * im[i];
	}
	c->power = power / N + 1e-20F;
	for (int k = 0; k < 64; k++)
		c->w[k] = (c->h.re[k] * c->h.re[k] + c->h.im[k] * c->h.im[k]) / c->power;
}

/* Carriers that are off by far more than most: less is made of what they say. */
static void believe(struct skw_channel *c)
{
	float sum = 0;

	for (int k = 0; k < 64; k++)
		sum += c->w[k] > 0 ? 1 / (c->error[k] + 1e-9F) : 0;
	c->usual = N / sum;
	for (int k = 0; k < 64; k++) {
		float over = c->usual / (c->error[k] + 1e-9F);

		c->trust[k] = over < MUCH_OFF ? over : 1;
	}
}

/* Noise of each carrier as it and its neighbours in both long symbols differ; the number of those
 * that differ by far more than most, which something else is on. */
static int differences(struct skw_channel *c, float noise[N], const struct skw_carriers *y1,
		       const struct skw_carriers *y2)
{
	float d[N + 2], usual = 0, sum = 0;
	int odd = 0;

	for (int i = 0; i < N; i++) {
		int k = carrier(i) & 63;
		float dr = y1->re[k] - y2->re[k], di = y1->im[k] - y2->im[k];

		d[i + 1] = 0.5F * (dr * dr + di * di);
	}
	d[0] = d[2];
	d[N + 1] = d[N - 1];
	for (int i = 0; i < N; i++) {
		noise[i] = (d[i] + d[i + 1] + d[i + 2]) / 3 + 1e-20F;
		usual += 1 / (N * noise[i]);
	}
	for (int i = 0; i < N; i++)
		if (noise[i] * usual > STRANGE) {
			odd++;
		} else {
			sum += d[i + 1];
			noise[i] = 0;
		}
	c->noise = sum / (float)(N - odd) + 1e-20F;
	return odd;
}

/* Carriers that something else is on are guessed from the others. */
static void guess(const struct skw_channel_filter *f, const struct skw_channel *c,
		  const float noise[N], float re[N], float im[N])
{
	float seen_re[N], seen_im[N];

	for (int round = 0; round < ROUNDS; round++) {
		memcpy(seen_re, re, sizeof(seen_re));
		memcpy(seen_im, im, sizeof(seen_im));
		smooth(f, class_of(c->signal / c->noise), seen_re, seen_im);
		for (int i = 0; i < N; i++)
			if (noise[i] > 0) {
				re[i] = seen_re[i];
				im[i] = seen_im[i];
			}
	}
}

void skw_channel_estimate(const struct skw_channel_filter *f, struct skw_channel *c,
			  const struct skw_ofdm_tables *t, const struct skw_carriers *y1,
			  const struct skw_carriers *y2)
{
	float re[N], im[N], noise[N], sum = 0;
	int odd = differences(c, noise, y1, y2);

	for (int i = 0; i < N; i++) {
		int k = carrier(i) & 63;

		re[i] = 0.5F * t->long_training[k] * (y1->re[k] + y2->re[k]);
		im[i] = 0.5F * t->long_training[k] * (y1->im[k] + y2->im[k]);
		sum += noise[i] > 0 ? 0 : re[i] * re[i] + im[i] * im[i];
	}
	c->signal = fmaxf(sum / (float)(N - odd) - c->noise / 2, 1e-20F);
	if (odd > 0)
		guess(f, c, noise, re, im);
	memset(&c->seen, 0, sizeof(c->seen));
	for (int i = 0; i < N; i++) {
		c->seen.re[carrier(i) & 63] = re[i];
		c->seen.im[carrier(i) & 63] = im[i];
	}
	smooth(f, class_of(c->signal / c->noise), re, im);
	settle(c, re, im);
	c->usual = c->noise / c->power;
	for (int k = 0; k < 64; k++)
		c->error[k] = c->usual;
	for (int i = 0; i < N; i++)
		if (noise[i] > 0)
			c->error[carrier(i) & 63] = noise[i] / c->power;
	believe(c);
}

void skw_channel_again(const struct skw_channel_filter *f, struct skw_channel *c,
		       const struct skw_carriers *sum, const float weight[64])
{
	float re[N], im[N], all = 0;

	for (int i = 0; i < N; i++) {
		int k = carrier(i) & 63;
		float whole = 2 + weight[k];

		re[i] = (2 * c->seen.re[k] + sum->re[k]) / whole;
		im[i] = (2 * c->seen.im[k] + sum->im[k]) / whole;
		all += whole / N;
	}
	if (all * c->signal < 2 * MUCH * c->noise)
		smooth(f, class_of(0.5F * all * c->signal / c->noise), re, im);
	settle(c, re, im);
}

/* The level of an axis that is nearest to u, in half distances. */
static inline float nearest(float u, float most)
{
	u = u > -most ? u : -most;
	u = u < most ? u : most;
	return (float)(2 * (int)(0.5F * (u + 64)) -
		       63); /* u + 64 is positive: truncated is floor */
}

float skw_channel_step(unsigned n)
{
	return 1 / fminf(KNOWN + (float)n, MEMORY);
}

void skw_channel_learn_one(struct skw_channel *c, int k, float re, float im)
{
	float hr = c->h.re[k], hi = c->h.im[k];

	c->h.re[k] = hr * (1 + re) - hi * im;
	c->h.im[k] = hi * (1 + re) + hr * im;
}

void skw_channel_learn(struct skw_channel *c, const struct skw_carriers *z, unsigned bits,
		       unsigned n)
{
	static const float levels[7] = { 0, 1, 1, 0, 3, 0, 7 };
	static const float inverse[7] = { 0, 1, 1.41421356F, 0, 3.16227766F, 0, 6.48074070F };
	float step = skw_channel_step(n), most = levels[bits], up = inverse[bits];
	float forget = 1 / fminf(ERRORS + (float)n, 2 * ERRORS), size = 1 / (up * up);
	float times = step * size, quadrature = bits > 1 ? 1 : 0;
	float pilot_re[4], pilot_im[4], pilot_error[4];

	for (int p = 0; p < 4; p++) { /* whose points are others */
		int k = skw_ofdm_pilot_carrier[p] & 63;

		pilot_re[p] = c->h.re[k];
		pilot_im[p] = c->h.im[k];
		pilot_error[p] = c->error[k];
	}
	for (int k = 0; k < 64; k++) {
		float w = c->w[k], over = up / (w + 1e-9F);
		float u = z->re[k] * over, v = z->im[k] * over;
		float x = nearest(u, most), y = quadrature * nearest(v, most);
		float hr = c->h.re[k], hi = c->h.im[k];
		float off = size * w * ((u - x) * (u - x) + (v - y) * (v - y));
		/* h' = h (1 + step e conj(x)): strong points tell more */
		float gr = times * ((u - x) * x + (v - y) * y);
		float gi = times * ((v - y) * x - (u - x) * y);
		float there = w > 1e-3F ? 1 : 0;

		gr = 1 + there * gr;
		gi = there * gi;
		c->h.re[k] = hr * gr - hi * gi;
		c->h.im[k] = hi * gr + hr * gi;
		c->w[k] = w * (gr * gr + gi * gi);
		c->error[k] += forget * (off - c->error[k]);
	}
	for (int p = 0; p < 4; p++) {
		int k = skw_ofdm_pilot_carrier[p] & 63;

		c->h.re[k] = pilot_re[p];
		c->h.im[k] = pilot_im[p];
		c->error[k] = pilot_error[p];
	}
	believe(c);
}

/* scale e^(j (angle + k slope)) */
static void turns(float c[64], float s[64], float angle, float slope, float scale)
{
	float dc = cosf(slope), ds = sinf(slope);

	for (int half = 0; half < 2; half++) { /* carriers 0..31, -32..-1 */
		float at = angle - 32 * (float)half * slope;
		float pc = cosf(at) * scale, ps = sinf(at) * scale;

		for (int k = 0; k < 32; k++) {
			float next = pc * dc - ps * ds;

			c[32 * half + k] = pc;
			s[32 * half + k] = ps;
			ps = pc * ds + ps * dc;
			pc = next;
		}
	}
}

void skw_channel_equalise(const struct skw_channel *ch, struct skw_carriers *z,
			  const struct skw_carriers *y, float angle, float slope)
{
	_Alignas(16) float c[64], s[64];

	turns(c, s, angle, slope, 1 / ch->power);
	for (int k = 0; k < 64; k++) {
		float hr = ch->h.re[k], hi = ch->h.im[k];
		float re = y->re[k] * hr + y->im[k] * hi, im = y->im[k] * hr - y->re[k] * hi;

		z->re[k] = re * c[k] + im * s[k];
		z->im[k] = im * c[k] - re * s[k];
	}
}

void skw_channel_expect(const struct skw_channel *ch, struct skw_carriers *y,
			const struct skw_carriers *x, float angle, float slope)
{
	_Alignas(16) float c[64], s[64];

	turns(c, s, angle, slope, 1);
	for (int k = 0; k < 64; k++) {
		float hr = ch->h.re[k], hi = ch->h.im[k];
		float re = x->re[k] * hr - x->im[k] * hi, im = x->im[k] * hr + x->re[k] * hi;

		y->re[k] = re * c[k] - im * s[k];
		y->im[k] = im * c[k] + re * s[k];
	}
}
