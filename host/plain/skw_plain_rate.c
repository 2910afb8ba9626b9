#include "plain/skw_plain_rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <complex.h>
#include <liquid/liquid.h>

enum {
	NUMBERS = SKW_RESAMPLER_BLOCK, /* of a ratio */
	SPAN = 12, /* samples of the slower side to each side of a filter's middle */
};

/* ---- which rate ------------------------------------------------------------------------------ */

static bool within(const SoapySDRRange *r, double hz)
{
	double steps;

	if (hz < r->minimum * (1 - 1e-9) || hz > r->maximum * (1 + 1e-9))
		return false;
	if (r->step <= 0)
		return true;
	steps = (hz - r->minimum) / r->step;
	return fabs(steps - rint(steps)) * r->step < 1e-6 * hz;
}

static void consider(double *best, double *cost, double hz, double factor)
{
	if (hz * factor < *cost) {
		*cost = hz * factor;
		*best = hz;
	}
}

double skw_plain_rate_choose(const SoapySDRRange *ranges, size_t n, double hz)
{
	double best = 0, cost = INFINITY;

	for (size_t i = 0; i < n; i++) {
		for (int k = 1; k <= 16; k++)
			if (within(&ranges[i], k * hz))
				consider(&best, &cost, k * hz, 1);
		if (ranges[i].minimum >= hz)
			consider(&best, &cost, ranges[i].minimum, 4.0 / 3);
		else if (ranges[i].maximum >= hz) /* steps that miss it */
			consider(&best, &cost, ranges[i].maximum, 4.0 / 3);
	}
	return best;
}

struct skw_plain_ratio skw_plain_ratio_of(double out_hz, double in_hz)
{
	struct skw_plain_ratio best = { 1, 1 };
	double want = out_hz / in_hz, error = INFINITY;

	for (unsigned in = 1; in <= NUMBERS; in++) {
		double out = rint(want * in), e = fabs(out / in / want - 1);

		if (out >= 1 && out <= NUMBERS && e < error - 1e-10) {
			best = (struct skw_plain_ratio) { (unsigned)out, in };
			error = e;
		}
	}
	return best;
}

/* ---- the resampler --------------------------------------------------------------------------- */

struct skw_resampler {
	rresamp_crcf filter;
	struct skw_plain_ratio ratio;
	unsigned span, have;
	float complex in[NUMBERS], out[NUMBERS];
};

struct skw_resampler *skw_resampler_new(struct skw_plain_ratio ratio)
{
	struct skw_resampler *r = calloc(1, sizeof(*r));
	float rate = (float)ratio.out / (float)ratio.in, slower = fminf(1, rate), scale;

	if (r == NULL)
		return NULL;
	r->ratio = ratio;
	r->span = (unsigned)ceilf(SPAN / slower);
	r->filter = rresamp_crcf_create_kaiser(ratio.out, ratio.in, r->span, 0.5F * slower, 60);
	if (r->filter == NULL) {
		free(r);
		return NULL;
	}
	rresamp_crcf_get_scale(r->filter, &scale);
	rresamp_crcf_set_scale(r->filter, scale * sqrtf(rate)); /* levels, not powers, stay */
	return r;
}

void skw_resampler_free(struct skw_resampler *r)
{
	if (r != NULL)
		rresamp_crcf_destroy(r->filter);
	free(r);
}

void skw_resampler_reset(struct skw_resampler *r)
{
	rresamp_crcf_reset(r->filter);
	r->have = 0;
}

double skw_resampler_rate(const struct skw_resampler *r)
{
	return (double)r->ratio.out / r->ratio.in;
}

double skw_resampler_delay(const struct skw_resampler *r)
{
	return r->span;
}

size_t skw_resampler_room(const struct skw_resampler *r, size_t n)
{
	return (r->have + n) / r->ratio.in * r->ratio.out;
}

size_t skw_resampler_run(struct skw_resampler *r, struct skw_modem_iq *out,
			 const struct skw_modem_iq *in, size_t n)
{
	size_t done = 0;

	_Static_assert(sizeof(*out) == sizeof(*r->out), "two floats each");
	while (n > 0) {
		size_t some = r->ratio.in - r->have < n ? r->ratio.in - r->have : n;

		memcpy(r->in + r->have, in, some * sizeof(*in));
		r->have += (unsigned)some;
		in += some;
		n -= some;
		if (r->have < r->ratio.in)
			break;
		rresamp_crcf_execute(r->filter, r->in, r->out);
		memcpy(out + done, r->out, r->ratio.out * sizeof(*out));
		done += r->ratio.out;
		r->have = 0;
	}
	return done;
}
