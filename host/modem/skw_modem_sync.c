#include "modem/skw_modem_sync.h"

#include <math.h>
#include <string.h>

typedef float v4 __attribute__((vector_size(16)));

enum { PLACES = SKW_SYNC_SAMPLES - 63 + 3, BACK = 15 };

void skw_sync_init(struct skw_sync *s, const struct skw_fft *fft, const struct skw_ofdm_tables *t)
{
	struct skw_carriers x = { 0 };
	float unit = 1 / sqrtf(52 * 64);

	for (int k = 0; k < 64; k++)
		x.re[k] = t->long_training[k] * unit;
	skw_fft_inverse(fft, &x, &x);
	memcpy(s->re, x.re, sizeof(s->re));
	memcpy(s->im, x.im, sizeof(s->im));
}

static inline v4 get(const float *p)
{
	v4 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* |c|^2 for the windows that begin at 0, 1, ...: four at once. */
static void correlate(const struct skw_sync *s, float *c, const float *re, const float *im)
{
	for (int n = 0; n <= SKW_SYNC_SAMPLES - 64; n += 4) {
		v4 cr = { 0 }, ci = { 0 };

		for (int t = 0; t < 64; t++) {
			v4 a = get(re + n + t), b = get(im + n + t);

			cr += a * s->re[t] + b * s->im[t];
			ci += b * s->re[t] - a * s->im[t];
		}
		cr = cr * cr + ci * ci;
		memcpy(c + n, &cr, sizeof(cr));
	}
}

void skw_sync_find(const struct skw_sync *s, struct skw_sync_result *out,
		   const float re[SKW_SYNC_SAMPLES], const float im[SKW_SYNC_SAMPLES])
{
	float a[SKW_SYNC_SAMPLES + 4], b[SKW_SYNC_SAMPLES + 4], c[PLACES + 4], energy = 0;
	int best = 64, first;

	memcpy(a, re, SKW_SYNC_SAMPLES * sizeof(*a));
	memcpy(b, im, SKW_SYNC_SAMPLES * sizeof(*b));
	memset(a + SKW_SYNC_SAMPLES, 0, 4 * sizeof(*a));
	memset(b + SKW_SYNC_SAMPLES, 0, 4 * sizeof(*b));
	correlate(s, c, a, b);
	for (int n = SKW_SYNC_SAMPLES - 64; n >= 64; n--) /* downwards: c(n - 64) is still itself */
		c[n] += c[n - 64];
	for (int n = 65; n <= SKW_SYNC_SAMPLES - 64; n++)
		if (c[n] > c[best])
			best = n;
	first = best;
	for (int n = best - 1; n >= 64 && n >= best - BACK; n--)
		if (c[n] >= 0.25F * c[best])
			first = n;
	for (int n = best - 64; n < best + 64; n++)
		energy += re[n] * re[n] + im[n] * im[n];
	out->at = first + 63;
	out->quality = energy > 0 ? c[best] / energy : 0;
}
