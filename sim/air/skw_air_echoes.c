#include "air/skw_air_echoes.h"

#include "air/skw_air_random.h"

/* exp(-SPAN) is -30 dB */
static const double SPAN = 6.907755278982137;

static double spread_of(const struct skw_air_scenario *s, unsigned a, unsigned b)
{
	double ns = s->path[a][b].echoes_ns;

	return (ns >= 0 ? ns : s->echoes_ns) * 1e-9 * s->rate_hz;
}

void skw_air_echoes(struct skw_air_taps *taps, const struct skw_air_scenario *s, unsigned a,
		    unsigned b)
{
	double spread = spread_of(s, a, b); /* rms, in samples */
	uint64_t pair = a < b ? a * SKW_AIR_RADIOS + b : b * SKW_AIR_RADIOS + a;
	uint64_t key = skw_air_mix(s->seed ^ skw_air_mix(UINT64_C(0xEC40) << 32 | pair));
	float power = 0;

	taps->n = 1;
	taps->h[0].re = 1;
	taps->h[0].im = 0;
	if (spread <= 0)
		return;
	for (unsigned k = 0; k < SKW_AIR_TAPS && k <= SPAN * spread; k++) {
		float size = (float)exp(-0.5 * k / spread);
		float re, im;

		skw_air_normal_pair(&re, &im, skw_air_mix(key + k));
		taps->h[k].re = size * re;
		taps->h[k].im = size * im;
		power += size * size * (re * re + im * im);
		taps->n = k + 1;
	}
	for (unsigned k = 0; k < taps->n; k++) {
		taps->h[k].re /= sqrtf(power);
		taps->h[k].im /= sqrtf(power);
	}
}
