/* skw_plain_receive - samples to frames, and what time it is. */
#include <math.h>
#include <string.h>
#include <time.h>

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>

#include "plain/skw_plain_inside.h"

/* Reads that fail for so long: the stream is started anew; the device is gone. */
static const long long RESTART_NS = 500000000, GONE_NS = 2000000000;

static const long long DRIFT_NS = 20000000; /* coarse: samples and host apart by that: set anew */

/* ---- the clock ------------------------------------------------------------------------------- */

static double since_anchor_ns(const struct skw_plain *p)
{
	return (double)p->samples / p->rx_hz * 1e9;
}

/* The host's idea of device time, for what no sample tells. */
static long long host_time(const struct skw_plain *p)
{
	return skw_plain_host_ns() + p->utc_ns;
}

long long skw_plain_now(const struct skw_plain *p)
{
	if (p->anchored && p->listening)
		return p->anchor_ns + llrint(since_anchor_ns(p));
	return p->timed ? SoapySDRDevice_getHardwareTime(p->device, "") : host_time(p);
}

/* The next sample has this time, and nothing before it belongs to it. */
static void anchor(struct skw_plain *p, long long ns)
{
	p->anchor_ns = ns;
	p->samples = 0;
	p->channel += 1U << 20; /* a jump, which ends what the modem was in */
	p->channel_anchor = p->channel;
	p->anchored = true;
	if (p->down != NULL)
		skw_resampler_reset(p->down);
}

/* Before n samples are taken in. */
static void set_clock(struct skw_plain *p, int flags, long long time_ns, size_t n)
{
	bool tells = (flags & SOAPY_SDR_HAS_TIME) != 0;
	double off, sample = 1e9 / p->rx_hz;

	if (!p->timed || !tells)
		time_ns = host_time(p) - llrint((double)n * sample);
	off = (double)(time_ns - p->anchor_ns) - since_anchor_ns(p);
	if (!p->anchored || (p->lost && !p->timed)) {
		anchor(p, time_ns);
	} else if (!p->timed || !tells) {
		/* samples are of the past; some of it may wait in the device */
		if (off > (double)DRIFT_NS || off < -1e6)
			anchor(p, time_ns);
	} else if (fabs(off) > 1.5 * sample) {
		p->counts.overflows += !p->lost;
		anchor(p, time_ns);
	} else {
		p->anchor_ns +=
		    llrint(off / 8); /* rates that are not quite what they are said to be */
	}
	p->lost = false;
}

bool skw_plain_listen(struct skw_plain *p, bool on)
{
	int result = on ? SoapySDRDevice_activateStream(p->device, p->rx_stream, 0, 0, 0)
			: SoapySDRDevice_deactivateStream(p->device, p->rx_stream, 0, 0);

	p->listening = on;
	p->anchored = false;
	p->lost = false;
	return result == 0;
}

/* ---- samples --------------------------------------------------------------------------------- */

int skw_plain_get(struct skw_plain *p, struct skw_modem_iq *out, size_t max, int *flags,
		  long long *time_ns, long timeout_us)
{
	void *buffers[] = { p->rx_format.cs16 ? (void *)p->raw : (void *)out };
	int n = SoapySDRDevice_readStream(p->device, p->rx_stream, buffers, max, flags, time_ns,
					  timeout_us);
	float scale = 1 / p->rx_format.full;

	if (n > (int)max)
		return SOAPY_SDR_STREAM_ERROR;
	for (int k = 0; p->rx_format.cs16 && k < n; k++)
		out[k] = (struct skw_modem_iq) { (float)p->raw[2 * k] * scale,
						 (float)p->raw[2 * k + 1] * scale };
	return n;
}

static void watch_level(struct skw_plain *p, size_t n)
{
	const float full = 0.998F;
	float peak = 0, power = 0;
	size_t clipped = 0;

	for (size_t k = 0; k < n; k++) {
		float i = fabsf(p->read[k].i), q = fabsf(p->read[k].q), most = i > q ? i : q;

		peak = most > peak ? most : peak;
		power += i * i + q * q;
		clipped += most >= full;
	}
	p->counts.clipped += clipped;
	if (p->agc && isfinite(power) &&
	    skw_plain_gain_follow(&p->gain, n, peak, power / (float)n, clipped))
		SoapySDRDevice_setGain(p->device, SOAPY_SDR_RX, 0, p->gain.db);
}

/* A read that brought nothing: what to tell, and what to do about it. */
static int failed(struct skw_plain *p, int code)
{
	long long now;

	if (code == 0 || code == SOAPY_SDR_TIMEOUT)
		return SOAPY_SDR_TIMEOUT;
	if (code == SOAPY_SDR_OVERFLOW) {
		p->counts.overflows++;
		p->lost = true;
		return 0;
	}
	p->counts.corruptions++;
	p->lost = true;
	now = skw_plain_host_ns();
	if (p->failing_ns == 0) {
		p->failing_ns = now;
		p->restarted = false;
	}
	if (!p->restarted && now - p->failing_ns > RESTART_NS) {
		skw_plain_listen(p, false);
		skw_plain_listen(p, true);
		p->restarted = true;
	}
	return now - p->failing_ns < GONE_NS ? 0 : code;
}

/* Reads once; 0, or a code. */
static int pull(struct skw_plain *p, long timeout_us)
{
	long long time_ns = 0;
	int flags = 0, n;

	if (!p->listening) {
		nanosleep(&(struct timespec) { .tv_nsec = 500000 }, NULL);
		return 0;
	}
	n = skw_plain_get(p, p->read, SKW_PLAIN_READ, &flags, &time_ns, timeout_us);
	if (n <= 0)
		return failed(p, n);
	p->failing_ns = 0;
	watch_level(p, (size_t)n);
	set_clock(p, flags, time_ns, (size_t)n);
	p->samples += (size_t)n;
	p->heard_at = 0;
	p->heard_n =
	    p->down == NULL ? (size_t)n : skw_resampler_run(p->down, p->heard, p->read, (size_t)n);
	if (p->tap != NULL && p->heard_n > 0)
		p->tap(p->tap_arg, p->down == NULL ? p->read : p->heard, p->heard_n);
	return 0;
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* True with a frame of somebody else's. */
static bool next_frame(struct skw_plain *p, struct skw_frame_rx *f, const uint8_t **psdu)
{
	const struct skw_modem_iq *heard = p->down == NULL ? p->read : p->heard;

	for (;;) {
		while (skw_modem_rx_poll(p->modem, f, psdu)) {
			if (!skw_plain_is_own(p, *psdu, f->length))
				return true;
			p->counts.own++;
		}
		if (p->heard_at == p->heard_n)
			return false;
		p->heard_at +=
		    skw_modem_rx_push(p->modem, heard + p->heard_at, p->heard_n - p->heard_at,
				      p->channel + p->heard_at);
		if (p->heard_at == p->heard_n)
			p->channel += p->heard_n;
	}
}

static long long time_of(const struct skw_plain *p, uint64_t sample)
{
	double after = (double)(int64_t)(sample - p->channel_anchor) / p->heard_hz;
	double delay = p->down != NULL ? skw_resampler_delay(p->down) / p->rx_hz : 0;

	return p->anchor_ns + llrint((after - delay) * 1e9);
}

int skw_plain_read(struct skw_plain *p, uint8_t *bytes, size_t max, long long *time_ns,
		   long timeout_us)
{
	long long until = skw_plain_host_ns() + timeout_us * 1000LL;
	struct skw_frame_rx f;
	const uint8_t *psdu;
	int code;

	while (!next_frame(p, &f, &psdu)) {
		long left = (long)((until - skw_plain_host_ns()) / 1000);

		p->heard_n = p->heard_at = 0;
		skw_plain_pump(p);
		if (left < 0)
			return SOAPY_SDR_TIMEOUT;
		code = pull(p, left < 1000 ? left : 1000);
		if (code != 0 && code != SOAPY_SDR_TIMEOUT)
			return code;
	}
	if (max < SKW_FRAME_RX_DESC + (size_t)f.length)
		return SOAPY_SDR_STREAM_ERROR;
	*time_ns = time_of(p, f.time);
	f.time = (uint64_t)llrint((double)*time_ns * 1e-9 * p->channel_hz);
	skw_frame_rx_put(bytes, &f);
	memcpy(bytes + SKW_FRAME_RX_DESC, psdu, f.length);
	return (int)(SKW_FRAME_RX_DESC + f.length);
}
