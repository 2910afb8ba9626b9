/* skw_plain_rate - from a device's sample rates to a channel's and back.
 *
 * A channel of 20, 10 or 5 MHz fills 53/64 of its sample rate, so that a filter has 3/16 of it to
 * fall off. Ratios are rational: liquid-dsp's polyphase resampler, Kaiser window, 60 dB.
 */
#ifndef SKW_PLAIN_RATE_H
#define SKW_PLAIN_RATE_H

#include <stdbool.h>
#include <stddef.h>

#include <SoapySDR/Types.h>

#include "modem/skw_modem.h"

/* The device's rate for a channel of `hz`: that itself if it can, else the next above, a multiple
 * rather than another if it costs less than a third more. 0 if all are below. */
double skw_plain_rate_choose(const SoapySDRRange *ranges, size_t n, double hz);

enum { SKW_RESAMPLER_BLOCK = 2048 };

struct skw_plain_ratio {
	unsigned out, in; /* samples out for samples in */
};

/* The best with numbers up to SKW_RESAMPLER_BLOCK: exact for whatever clock generators make of
 * round numbers, within 250e-6 for any rate at all. */
struct skw_plain_ratio skw_plain_ratio_of(double out_hz, double in_hz);

struct skw_resampler;
/* NULL if memory is short. */
struct skw_resampler *skw_resampler_new(struct skw_plain_ratio ratio);
void skw_resampler_free(struct skw_resampler *r); /* NULL is nothing */
void skw_resampler_reset(struct skw_resampler *r);
/* Samples out for one in. */
double skw_resampler_rate(const struct skw_resampler *r);
/* Samples of the input between one going in and the same instant coming out. */
double skw_resampler_delay(const struct skw_resampler *r);
/* The most that come out for n more, and those that do. */
size_t skw_resampler_room(const struct skw_resampler *r, size_t n);
size_t skw_resampler_run(struct skw_resampler *r, struct skw_modem_iq *out,
			 const struct skw_modem_iq *in, size_t n);

#endif
