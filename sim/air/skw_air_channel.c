#include "air/skw_air_channel.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "air/skw_air_drift.h"
#include "air/skw_air_echoes.h"
#include "air/skw_air_random.h"

enum {
	KEEP = 2 * SKW_AIR_CHUNK + SKW_AIR_TAPS + SKW_AIR_SINC
}; /* of the past, beyond the longest delay */

static const double TWO_PI = 6.283185307179586;

struct antenna {
	struct skw_radio_front_end fe;
	bool dirty;          /* the past holds something but zeros */
	struct skw_iq *past; /* ring of what it sent, indexed by time */
};

struct skw_air_channel {
	const struct skw_air_scenario *s;
	size_t mask; /* ring length - 1 */
	struct antenna antenna[SKW_AIR_RADIOS];
	struct skw_air_taps *taps; /* of open paths, [from * radios + to] */
};

struct skw_air_channel *skw_air_channel_new(const struct skw_air_scenario *s)
{
	struct skw_air_channel *c = calloc(1, sizeof(*c));
	size_t need = KEEP, length = 1;

	if (c == NULL)
		return NULL;
	c->s = s;
	c->taps = calloc((size_t)s->radios * s->radios + 1, sizeof(*c->taps));
	if (c->taps == NULL) {
		skw_air_channel_free(c);
		return NULL;
	}
	for (unsigned i = 0; i < s->radios; i++)
		for (unsigned k = 0; k < s->radios; k++)
			if (s->path[i][k].open)
				skw_air_echoes(&c->taps[i * s->radios + k], s, i, k);
	for (unsigned i = 0; i < s->radios; i++)
		for (unsigned k = 0; k < s->radios; k++)
			if (s->path[i][k].open && s->path[i][k].delay + KEEP > need)
				need = s->path[i][k].delay + KEEP;
	while (length < need)
		length *= 2;
	c->mask = length - 1;
	for (unsigned i = 0; i < s->radios; i++) {
		c->antenna[i].past = calloc(length, sizeof(struct skw_iq));
		if (c->antenna[i].past == NULL) {
			skw_air_channel_free(c);
			return NULL;
		}
	}
	return c;
}

void skw_air_channel_free(struct skw_air_channel *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < SKW_AIR_RADIOS; i++)
		free(c->antenna[i].past);
	free(c->taps);
	free(c);
}

void skw_air_channel_tune(struct skw_air_channel *c, unsigned radio, struct skw_radio_front_end fe)
{
	c->antenna[radio].fe = fe;
}

bool skw_air_channel_joins(const struct skw_air_channel *c, unsigned from, unsigned to)
{
	const struct skw_radio_front_end *a = &c->antenna[from].fe, *b = &c->antenna[to].fe;

	return from != to && c->s->path[from][to].open && a->tx_hz == b->rx_hz &&
	       a->rate_hz == c->s->rate_hz && b->rate_hz == c->s->rate_hz;
}

bool skw_air_channel_send(struct skw_air_channel *c, unsigned radio, uint64_t time,
			  const struct skw_iq *samples, size_t n)
{
	struct antenna *a = &c->antenna[radio];
	bool loud = false;

	assert(n <= SKW_AIR_CHUNK);
	if (samples == NULL && !a->dirty)
		return false;
	for (size_t k = 0; k < n; k++) {
		struct skw_iq v = samples != NULL ? samples[k] : (struct skw_iq) { 0, 0 };

		a->past[(time + k) & c->mask] = v;
		loud |= v.i != 0 || v.q != 0;
	}
	a->dirty |= loud;
	return loud;
}

void skw_air_channel_clear(struct skw_air_channel *c)
{
	for (unsigned i = 0; i < c->s->radios; i++) {
		if (c->antenna[i].dirty)
			memset(c->antenna[i].past, 0, (c->mask + 1) * sizeof(struct skw_iq));
		c->antenna[i].dirty = false;
	}
}

static float amplitude(double db)
{
	return (float)pow(10, db / 20);
}

/* What a path without echoes would bring at the receiver's samples `time` and on, before loss and
 * carrier. */
static void take(const struct skw_air_channel *c, unsigned from, unsigned to, uint64_t time,
		 float (*out)[2], size_t n)
{
	const struct antenna *a = &c->antenna[from];
	unsigned delay = c->s->path[from][to].delay;

	if (c->s->drift) {
		skw_air_drift_take(out, n, time, skw_air_scenario_ppb(c->s, from),
				   skw_air_scenario_ppb(c->s, to), delay, a->past, c->mask);
		return;
	}
	for (size_t k = 0; k < n; k++) {
		struct skw_iq v = a->past[(time + k - delay) & c->mask];

		out[k][0] = v.i;
		out[k][1] = v.q;
	}
}

/* Adds one transmitter's arrivals. The phase is a function of the time alone: it has no seams. */
static void add_arrivals(const struct skw_air_channel *c, unsigned from, unsigned to, uint64_t time,
			 float (*sum)[2], size_t n)
{
	const struct antenna *a = &c->antenna[from];
	const struct skw_air_taps *taps = &c->taps[from * c->s->radios + to];
	double hz = ((double)a->fe.tx_hz * c->s->radio[from].ppm -
		     (double)c->antenna[to].fe.rx_hz * c->s->radio[to].ppm) *
		    1e-6;
	double turns = hz / c->s->rate_hz;
	double start = turns * (double)time;
	double phase = TWO_PI * (start - floor(start));
	float gain = amplitude(a->fe.tx_gain_cdb / 100.0 - c->s->path[from][to].loss_db);
	double re = cos(phase), im = sin(phase);
	double step_re = cos(TWO_PI * turns), step_im = sin(TWO_PI * turns);
	float y[SKW_AIR_CHUNK + SKW_AIR_TAPS][2];
	take(c, from, to, time - (taps->n - 1), y, n + taps->n - 1);
	for (size_t k = 0; k < n; k++) {
		float v = 0, w = 0, r = (float)re * gain, m = (float)im * gain;
		double next = re * step_re - im * step_im;

		for (unsigned t = 0; t < taps->n; t++) {
			const float *x = y[k + taps->n - 1 - t];

			v += x[0] * taps->h[t].re - x[1] * taps->h[t].im;
			w += x[0] * taps->h[t].im + x[1] * taps->h[t].re;
		}
		sum[k][0] += v * r - w * m;
		sum[k][1] += v * m + w * r;
		im = re * step_im + im * step_re;
		re = next;
	}
}

static int16_t quantise(float v)
{
	return (int16_t)lrintf(fminf(32767, fmaxf(-32768, v)));
}

void skw_air_channel_hear(const struct skw_air_channel *c, unsigned radio, uint64_t time,
			  struct skw_iq *samples, size_t n)
{
	/* noise_dbfs is the power of I and Q together, full scale 1.0 */
	float sigma = 32768 * amplitude(c->s->noise_dbfs) * (float)sqrt(0.5);
	float gain = amplitude(c->antenna[radio].fe.rx_gain_cdb / 100.0);
	uint64_t key = skw_air_mix(c->s->seed ^ skw_air_mix(radio));
	float sum[SKW_AIR_CHUNK][2];

	assert(n <= SKW_AIR_CHUNK);

	for (size_t k = 0; k < n; k++) {
		skw_air_normal_pair(&sum[k][0], &sum[k][1], skw_air_mix(key + time + k));
		sum[k][0] *= sigma;
		sum[k][1] *= sigma;
	}
	for (unsigned from = 0; from < c->s->radios; from++)
		if (c->antenna[from].dirty && skw_air_channel_joins(c, from, radio))
			add_arrivals(c, from, radio, time, sum, n);
	for (size_t k = 0; k < n; k++)
		samples[k] =
		    (struct skw_iq) { quantise(sum[k][0] * gain), quantise(sum[k][1] * gain) };
}
