#include "cli/skw_cli_recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_sigmf.h"

enum {
	RUN = 512,   /* samples of the file at a time */
	RATIO = 256, /* most that a file's rate may be above the channel's */
	ROUND = 512,
	BLOCK = 64, /* samples whose mean tells of the constant */
};

/* Carriers fill 53/64 of the channel's rate. */
static const double LEAST = 53.0 / 64;

static bool number(double *out, const char *text, double scale, double least, double most)
{
	char *end;
	double v;

	if (text == NULL)
		return true;
	v = strtod(text, &end) * scale;
	*out = v;
	return end != text && *end == '\0' && v >= least && v <= most;
}

bool skw_cli_recording_options(struct skw_cli_recording_config *c, const char *command,
			       const char *format, const char *rate, const char *offset)
{
	const char *wrong = NULL;

	if (format != NULL && !skw_cli_iq_format_named(&c->format, format))
		wrong = "--format " SKW_CLI_IQ_FORMATS;
	else if (!number(&c->rate_hz, rate, 1e6, 1e6, 1e10))
		wrong = "--sample-rate in MS/s, from 1 on";
	else if (!number(&c->offset_hz, offset, 1e6, -1e10, 1e10))
		wrong = "--offset in MHz";
	if (wrong != NULL)
		fprintf(stderr, "skywave %s: %s\n", command, wrong);
	return wrong == NULL;
}

static bool refuse(struct skw_cli_recording *r, const char *why)
{
	snprintf(r->error, sizeof(r->error), "%s", why);
	return false;
}

/* The filter and the mixer, where they are needed. */
static bool tune(struct skw_cli_recording *r, double rate_hz, double channel_hz, double offset_hz)
{
	struct skw_plain_ratio ratio;
	double out_per_in;

	if (rate_hz < LEAST * channel_hz || rate_hz > RATIO * channel_hz)
		return refuse(r,
			      "its sample rate does not suit the channel's width: from 5/6 of it "
			      "to 256 times as much");
	if (fabs(offset_hz) > rate_hz / 2)
		return refuse(r, "the channel lies outside what was recorded");
	r->turn = -offset_hz / rate_hz;
	ratio = skw_plain_ratio_of(channel_hz, rate_hz);
	if (ratio.in != ratio.out) {
		r->down = skw_resampler_new(ratio);
		if (r->down == NULL)
			return refuse(r, "out of memory");
		out_per_in = skw_resampler_rate(r->down);
		r->skip = (size_t)lrint(skw_resampler_delay(r->down) * out_per_in);
		r->flush = (size_t)skw_resampler_delay(r->down) + ratio.in;
	}
	if (r->down == NULL && r->turn == 0)
		return true;
	r->out = calloc(r->down != NULL ? skw_resampler_room(r->down, RUN + ratio.in) : RUN,
			sizeof(*r->out));
	return r->out != NULL || refuse(r, "out of memory");
}

bool skw_cli_recording_open(struct skw_cli_recording *r, const char *path,
			    const struct skw_cli_recording_config *c)
{
	struct skw_cli_sigmf meta = { .format = c->format };
	double rate_hz, offset_hz = c->offset_hz;

	memset(r, 0, sizeof(*r));
	if (skw_cli_sigmf_is(path)) {
		if (!skw_cli_sigmf_read(&meta, path))
			return refuse(r, meta.error);
		path = meta.data;
		r->frequency_hz = meta.frequency_hz;
		if (offset_hz == 0 && c->frequency_hz > 0 && meta.frequency_hz > 0)
			offset_hz = c->frequency_hz - meta.frequency_hz;
	}
	if (r->frequency_hz > 0)
		r->frequency_hz += offset_hz;
	else
		r->frequency_hz = c->frequency_hz;
	if (!skw_cli_iq_open(&r->in, path, meta.format))
		return refuse(r, r->in.error);
	rate_hz = c->rate_hz > 0 ? c->rate_hz : meta.rate_hz > 0 ? meta.rate_hz : c->channel_hz;
	return tune(r, rate_hz, c->channel_hz, offset_hz);
}

/* The recorder's own constant, which would be a tone inside the channel: the mean over some 65,000
 * samples, of which those that vary little tell most. What little they tell in the beginning is
 * believed as little. */
static void settle(struct skw_cli_recording *r, struct skw_modem_iq *samples, size_t n)
{
	const double keep = 1 - 1.0 / 1024, doubt = 16 * BLOCK, stuck = 1e-3;
	double re, im;

	for (size_t k = 0; k + BLOCK <= n; k += BLOCK) {
		double sr = 0, si = 0, power = 1e-30, trust;

		for (size_t m = k; m < k + BLOCK; m++) {
			double i = (double)samples[m].i, q = (double)samples[m].q;

			sr += i;
			si += q;
			power += i * i + q * q;
		}
		trust = 1 / (power * (1 + stuck) - (sr * sr + si * si) / BLOCK);
		r->quietest = fmax(keep * r->quietest, trust);
		r->sum_re = keep * r->sum_re + trust * sr;
		r->sum_im = keep * r->sum_im + trust * si;
		r->weight = keep * r->weight + trust * BLOCK;
	}
	if (!(r->weight > 0))
		return;
	re = r->sum_re / (r->weight + doubt * r->quietest);
	im = r->sum_im / (r->weight + doubt * r->quietest);
	for (size_t k = 0; k < n; k++) {
		samples[k].i -= (float)re;
		samples[k].q -= (float)im;
	}
}

static void mix(struct skw_cli_recording *r, struct skw_modem_iq *samples, size_t n)
{
	double c = cos(2 * M_PI * r->turn), s = sin(2 * M_PI * r->turn);
	double re = cos(2 * M_PI * r->at), im = sin(2 * M_PI * r->at);

	for (size_t k = 0; k < n; k++) {
		double i = (double)samples[k].i, q = (double)samples[k].q, next = re * c - im * s;

		samples[k].i = (float)(i * re - q * im);
		samples[k].q = (float)(i * im + q * re);
		im = re * s + im * c;
		re = next;
	}
	r->at += r->turn * (double)n;
	r->at -= rint(r->at);
}

/* Some more of the file, or of the nothing behind it, through mixer and filter. */
static bool more(struct skw_cli_recording *r)
{
	struct skw_modem_iq in[RUN] = { 0 };
	size_t n = skw_cli_iq_read_float(&r->in, in, RUN);

	if (n == 0 && r->in.error[0] == '\0' && r->flush > 0) {
		n = r->flush < RUN ? r->flush : RUN;
		r->flush -= n;
	}
	if (r->turn != 0) /* else the constant stays where the modem expects one */
		settle(r, in, n);
	mix(r, in, n);
	if (r->down != NULL) {
		r->have = skw_resampler_run(r->down, r->out, in, n);
	} else {
		memcpy(r->out, in, n * sizeof(*in));
		r->have = n;
	}
	r->taken = r->skip < r->have ? r->skip : r->have;
	r->skip -= r->taken;
	return n > 0;
}

size_t skw_cli_recording_read_float(struct skw_cli_recording *r, struct skw_modem_iq *samples,
				    size_t max)
{
	size_t n;

	if (r->error[0] != '\0')
		return 0;
	if (r->out == NULL) {
		n = skw_cli_iq_read_float(&r->in, samples, max);
	} else {
		while (r->taken == r->have && more(r))
			;
		n = r->have - r->taken < max ? r->have - r->taken : max;
		memcpy(samples, r->out + r->taken, n * sizeof(*samples));
		r->taken += n;
	}
	if (n == 0)
		refuse(r, r->in.error);
	r->samples += n;
	return n;
}

size_t skw_cli_recording_read(struct skw_cli_recording *r, struct skw_iq *samples, size_t max)
{
	struct skw_modem_iq exact[ROUND];
	size_t n = skw_cli_recording_read_float(r, exact, max < ROUND ? max : ROUND);

	r->clipped += skw_cli_iq_round(samples, exact, n);
	return n;
}

void skw_cli_recording_close(struct skw_cli_recording *r)
{
	skw_cli_iq_close(&r->in);
	skw_resampler_free(r->down);
	free(r->out);
	r->down = NULL;
	r->out = NULL;
}
