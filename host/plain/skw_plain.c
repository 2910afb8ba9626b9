#include "plain/skw_plain_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>

long long skw_plain_host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long utc_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void remove_key(SoapySDRKwargs *args, size_t at)
{
	SoapySDR_free(args->keys[at]);
	SoapySDR_free(args->vals[at]);
	args->size--;
	memmove(args->keys + at, args->keys + at + 1, (args->size - at) * sizeof(*args->keys));
	memmove(args->vals + at, args->vals + at + 1, (args->size - at) * sizeof(*args->vals));
}

static bool text(char out[32], const char *value)
{
	return snprintf(out, 32, "%s", value) < 32;
}

static bool milliseconds(double *out, const char *value)
{
	char *end;

	*out = strtod(value, &end);
	return end != value && *end == '\0' && *out >= 0 && *out <= 1000;
}

bool skw_plain_args_take(struct skw_plain_args *args, SoapySDRKwargs *device, char *error,
			 size_t error_len)
{
	bool ok = true;

	*args = (struct skw_plain_args) { .latency_ms = 5, .drain_ms = 30 };
	for (size_t i = 0; ok && i < device->size;) {
		const char *key = device->keys[i], *value = device->vals[i];

		if (strcmp(key, "rx_antenna") == 0)
			ok = text(args->rx_antenna, value);
		else if (strcmp(key, "tx_antenna") == 0)
			ok = text(args->tx_antenna, value);
		else if (strcmp(key, "latency_ms") == 0)
			ok = milliseconds(&args->latency_ms, value);
		else if (strcmp(key, "drain_ms") == 0)
			ok = milliseconds(&args->drain_ms, value);
		else {
			i++;
			continue;
		}
		if (!ok)
			snprintf(error, error_len, "device argument %s=%s: want %s", key, value,
				 strstr(key, "antenna") != NULL ? "a name of 31 bytes at most"
								: "0 to 1000 ms");
		remove_key(device, i);
	}
	return ok;
}

/* ---- one direction --------------------------------------------------------------------------- */

static bool has_format(SoapySDRDevice *d, int direction, const char *format)
{
	size_t n = 0;
	char **formats = SoapySDRDevice_getStreamFormats(d, direction, 0, &n);
	bool found = false;

	for (size_t i = 0; i < n; i++)
		found |= strcmp(formats[i], format) == 0;
	SoapySDRStrings_clear(&formats, n);
	return found;
}

static struct skw_plain_format format_of(SoapySDRDevice *d, int direction)
{
	struct skw_plain_format f = { .cs16 = !has_format(d, direction, SOAPY_SDR_CF32),
				      .full = 32768 };
	double full = 0;
	char *native = SoapySDRDevice_getNativeStreamFormat(d, direction, 0, &full);

	if (native != NULL && strcmp(native, SOAPY_SDR_CS16) == 0 && full >= 1 && full <= 32768)
		f.full = (float)full;
	SoapySDR_free(native);
	return f;
}

/* The rate that was set, or 0. */
static double set_rate(struct skw_plain *p, int direction, double hz)
{
	size_t n = 0;
	SoapySDRRange *ranges = SoapySDRDevice_getSampleRateRange(p->device, direction, 0, &n);
	double rate = n > 0 ? skw_plain_rate_choose(ranges, n, hz) : hz;

	SoapySDR_free(ranges);
	if (rate <= 0 || SoapySDRDevice_setSampleRate(p->device, direction, 0, rate) != 0)
		return 0;
	rate = SoapySDRDevice_getSampleRate(p->device, direction, 0);
	return rate >= 0.99 * hz ? rate : 0;
}

static bool set_direction(struct skw_plain *p, int direction, const struct skw_frames_config *c,
			  double *rate, char *error, size_t error_len)
{
	const char *antenna = direction == SOAPY_SDR_RX ? p->args.rx_antenna : p->args.tx_antenna;
	double gain = direction == SOAPY_SDR_RX ? p->gain.db : c->tx_gain_db;
	const char *what = direction == SOAPY_SDR_RX ? "receive" : "transmit";

	*rate = set_rate(p, direction, c->rate_hz);
	if (*rate == 0) {
		snprintf(error, error_len, "%s: cannot %s at %g MS/s or more", c->device, what,
			 c->rate_hz / 1e6);
		return false;
	}
	if (antenna[0] != '\0' &&
	    SoapySDRDevice_setAntenna(p->device, direction, 0, antenna) != 0) {
		snprintf(error, error_len, "%s: no antenna %s to %s: %s", c->device, antenna, what,
			 SoapySDRDevice_lastError());
		return false;
	}
	if (SoapySDRDevice_setFrequency(p->device, direction, 0, c->frequency_hz, NULL) != 0) {
		snprintf(error, error_len, "%s: cannot %s at %g MHz: %s", c->device, what,
			 c->frequency_hz / 1e6, SoapySDRDevice_lastError());
		return false;
	}
	/* Not every device has these; what it has by itself must do then. */
	SoapySDRDevice_setBandwidth(p->device, direction, 0, c->rate_hz);
	SoapySDRDevice_setGain(p->device, direction, 0, gain);
	return true;
}

static SoapySDRStream *stream(struct skw_plain *p, int direction, struct skw_plain_format *f)
{
	*f = format_of(p->device, direction);
	return SoapySDRDevice_setupStream(p->device, direction,
					  f->cs16 ? SOAPY_SDR_CS16 : SOAPY_SDR_CF32, NULL, 0, NULL);
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool resampler(struct skw_resampler **r, double out_hz, double in_hz)
{
	struct skw_plain_ratio ratio = skw_plain_ratio_of(out_hz, in_hz);

	if (ratio.out == ratio.in)
		return true;
	*r = skw_resampler_new(ratio);
	return *r != NULL;
}

static bool allocate(struct skw_plain *p)
{
	bool ok = resampler(&p->down, p->channel_hz, p->rx_hz);

	p->heard_hz = p->rx_hz * (p->down != NULL ? skw_resampler_rate(p->down) : 1);
	p->modem = skw_modem_rx_new(p->heard_hz);
	p->read = calloc(SKW_PLAIN_READ, sizeof(*p->read));
	p->raw = calloc(2 * SKW_PLAIN_READ, sizeof(*p->raw));
	ok = ok && p->modem != NULL && p->read != NULL && p->raw != NULL;
	if (ok && p->down != NULL)
		p->heard =
		    calloc(skw_resampler_room(p->down, 2 * SKW_PLAIN_READ), sizeof(*p->heard));
	if (!p->transmits || !ok)
		return ok && (p->down == NULL || p->heard != NULL);
	ok = resampler(&p->up, p->tx_hz, p->channel_hz);
	p->modulator = skw_modem_tx_new();
	p->burst_max = SKW_MODEM_BURST_MAX;
	if (ok && p->up != NULL)
		p->burst_max = SKW_MODEM_BURST_MAX + 2 * (size_t)skw_resampler_delay(p->up) +
			       SKW_RESAMPLER_BLOCK;
	p->burst = calloc(p->burst_max, sizeof(*p->burst));
	p->sent = p->burst;
	if (ok && p->up != NULL)
		p->sent = calloc(skw_resampler_room(p->up, p->burst_max), sizeof(*p->sent));
	return ok && (p->down == NULL || p->heard != NULL) && p->modulator != NULL &&
	       p->burst != NULL && p->sent != NULL;
}

static void start_gain(struct skw_plain *p, const struct skw_frames_config *c)
{
	SoapySDRRange range = SoapySDRDevice_getGainRange(p->device, SOAPY_SDR_RX, 0);
	double db = c->agc ? (range.minimum + range.maximum) / 2 : c->rx_gain_db;

	p->agc = c->agc && range.maximum > range.minimum;
	skw_plain_gain_init(&p->gain, db, fmin(range.minimum, db), fmax(range.maximum, db),
			    c->rate_hz);
}

static bool set_up(struct skw_plain *p, const struct skw_frames_config *c, char *error,
		   size_t error_len)
{
	p->transmits =
	    !c->receive_only && SoapySDRDevice_getNumChannels(p->device, SOAPY_SDR_TX) > 0;
	p->full_duplex = !p->transmits || SoapySDRDevice_getFullDuplex(p->device, SOAPY_SDR_RX, 0);
	p->timed = SoapySDRDevice_hasHardwareTime(p->device, "");
	p->reports = true;
	start_gain(p, c);
	if (SoapySDRDevice_getNumChannels(p->device, SOAPY_SDR_RX) == 0) {
		snprintf(error, error_len, "%s: this device cannot receive", c->device);
		return false;
	}
	if (!set_direction(p, SOAPY_SDR_RX, c, &p->rx_hz, error, error_len) ||
	    (p->transmits && !set_direction(p, SOAPY_SDR_TX, c, &p->tx_hz, error, error_len)))
		return false;
	/* A driver that ties its directions together may have changed the first with the second. */
	p->rx_hz = SoapySDRDevice_getSampleRate(p->device, SOAPY_SDR_RX, 0);
	p->channel_hz = c->rate_hz;
	if (!allocate(p)) {
		snprintf(error, error_len, "out of memory");
		return false;
	}
	/* Where hosts keep UTC, their devices then agree on slots to some milliseconds. */
	p->utc_ns = utc_ns() - skw_plain_host_ns();
	if (p->timed)
		SoapySDRDevice_setHardwareTime(p->device, utc_ns(), "");
	p->rx_stream = stream(p, SOAPY_SDR_RX, &p->rx_format);
	if (p->transmits && p->rx_stream != NULL) {
		p->tx_stream = stream(p, SOAPY_SDR_TX, &p->tx_format);
		p->mtu =
		    p->tx_stream != NULL ? SoapySDRDevice_getStreamMTU(p->device, p->tx_stream) : 0;
		p->mtu = p->mtu == 0 || p->mtu > SKW_PLAIN_READ ? SKW_PLAIN_READ : p->mtu;
	}
	if (p->rx_stream == NULL || (p->transmits && p->tx_stream == NULL) ||
	    !skw_plain_listen(p, true) ||
	    (p->transmits && p->full_duplex &&
	     SoapySDRDevice_activateStream(p->device, p->tx_stream, 0, 0, 0) != 0)) {
		snprintf(error, error_len, "%s: %s", c->device, SoapySDRDevice_lastError());
		return false;
	}
	return true;
}

struct skw_plain *skw_plain_new(SoapySDRDevice *device, const struct skw_frames_config *c,
				const struct skw_plain_args *args, char *error, size_t error_len)
{
	struct skw_plain *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		snprintf(error, error_len, "out of memory");
		return NULL;
	}
	p->device = device;
	p->args = *args;
	p->tap = c->tap;
	p->tap_arg = c->tap_arg;
	if (!set_up(p, c, error, error_len)) {
		skw_plain_free(p);
		return NULL;
	}
	return p;
}

void skw_plain_free(struct skw_plain *p)
{
	SoapySDRStream *streams[2];

	if (p == NULL)
		return;
	streams[0] = p->tx_stream;
	streams[1] = p->rx_stream;
	for (int i = 0; i < 2; i++) {
		if (streams[i] == NULL)
			continue;
		SoapySDRDevice_deactivateStream(p->device, streams[i], 0, 0);
		SoapySDRDevice_closeStream(p->device, streams[i]);
	}
	skw_modem_rx_free(p->modem);
	skw_modem_tx_free(p->modulator);
	skw_resampler_free(p->down);
	skw_resampler_free(p->up);
	if (p->sent != p->burst)
		free(p->sent);
	free(p->burst);
	free(p->heard);
	free(p->read);
	free(p->raw);
	free(p);
}

struct skw_frames_counts skw_plain_counts(const struct skw_plain *p)
{
	struct skw_frames_counts c = p->counts;

	c.modem = skw_modem_rx_counts(p->modem);
	c.rx_gain_db = p->gain.db;
	c.device_hz = p->rx_hz;
	c.plain = true;
	c.timed = p->timed;
	c.full_duplex = p->full_duplex;
	c.transmits = p->transmits;
	return c;
}
