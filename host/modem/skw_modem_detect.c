#include "modem/skw_modem_detect.h"

#include <math.h>
#include <string.h>

typedef float v4 __attribute__((vector_size(16)));

static inline v4 get(const float *p)
{
	v4 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline float total(v4 v)
{
	return (v[0] + v[2]) + (v[1] + v[3]);
}

static void sum_block(struct skw_detect_sums *s, const float *re, const float *im)
{
	v4 pr = { 0 }, pi = { 0 }, power = { 0 }, sr = { 0 }, si = { 0 };

	for (int k = 0; k < SKW_DETECT_BLOCK; k += 4) {
		v4 a = get(re + k), b = get(im + k);
		v4 c = get(re + k - SKW_DETECT_BLOCK), d = get(im + k - SKW_DETECT_BLOCK);

		pr += a * c + b * d;
		pi += b * c - a * d;
		power += a * a + b * b;
		sr += a;
		si += b;
	}
	*s = (struct skw_detect_sums) { total(pr), total(pi), total(power), total(sr), total(si) };
}

static void follow_dc(struct skw_detect *d, const struct skw_detect_sums *s)
{
	const float keep = 1 - 1.0F / 512, quietest = 1e-12F, stuck = 1e-3F;
	float spread, trust;

	if (s->power > 1e4F * d->loudest) /* what was quiet before tells nothing of this level */
		d->dc_re = d->dc_im = d->dc_weight = 0;
	d->loudest = fmaxf((1 - 1.0F / 1024) * d->loudest, s->power);
	if (d->loudest < 1e-24F)
		return;
	spread = s->power - (s->sr * s->sr + s->si * s->si) / SKW_DETECT_BLOCK;
	trust = 1 / (fmaxf(spread, 0) + stuck * s->power + quietest * d->loudest);
	d->dc_re = keep * d->dc_re + trust * s->sr;
	d->dc_im = keep * d->dc_im + trust * s->si;
	d->dc_weight = keep * d->dc_weight + trust * SKW_DETECT_BLOCK;
}

static bool past_peak(struct skw_detect *d, struct skw_detect_event *event)
{
	if (d->peak <= 0 || ++d->since < 2)
		return false;
	*event = d->event;
	d->peak = 0;
	return true;
}

bool skw_detect_block(struct skw_detect *d, struct skw_detect_event *event, const float *re,
		      const float *im, uint64_t end)
{
	const float samples = SKW_DETECT_BLOCK * SKW_DETECT_BLOCKS, threshold = 5.0F / 16;
	const float exact = 3e-6F; /* beside a constant that is stronger, sums are not */
	struct skw_detect_sums w = { 0 }, *newest = &d->block[d->next];
	struct skw_detect_sums before = *newest; /* the one before the window's oldest */
	float size, last = d->last, raw, sr, si; /* sums of the window 16 samples ago */

	sum_block(newest, re, im);
	follow_dc(d, newest);
	d->next = (d->next + 1) % SKW_DETECT_BLOCKS;
	for (unsigned b = 0; b < SKW_DETECT_BLOCKS; b++) {
		w.pr += d->block[b].pr;
		w.pi += d->block[b].pi;
		w.power += d->block[b].power;
		w.sr += d->block[b].sr;
		w.si += d->block[b].si;
	}
	sr = w.sr - newest->sr + before.sr;
	si = w.si - newest->si + before.si;
	w.pr -= (w.sr * sr + w.si * si) / samples;
	w.pi -= (w.si * sr - w.sr * si) / samples;
	raw = w.power + 0.5F * (before.power - newest->power);
	w.power = raw - 0.5F * (w.sr * w.sr + w.si * w.si + sr * sr + si * si) / samples;
	size = w.pr * w.pr + w.pi * w.pi;
	d->last = size;
	if (size < threshold * threshold * w.power * w.power || w.power < 1e-24F ||
	    w.power < exact * raw || size <= d->peak || size <= last)
		return past_peak(d, event);
	d->peak = size;
	d->since = 0;
	d->event.at = end;
	d->event.cfo = atan2f(w.pi, w.pr) * (float)(0.5 / M_PI / SKW_DETECT_BLOCK);
	d->event.size = size;
	d->event.strength = sqrtf(size) / w.power;
	return false;
}
