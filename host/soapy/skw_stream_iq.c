/* The I/Q half of skw_stream: CS16 as the wire has it, CF32 with full scale 1.0. */
#include <math.h>
#include <string.h>

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Time.h>

#include "soapy/skw_device_inside.h"

enum {
	CHUNK = SKW_HOSTLINK_IQ_MAX,
	/* A burst is sent at most this far ahead of the clock, so that what waits in the board
	 * never holds the registers up for long. */
	AHEAD = 4096,
	NAP_US = 500,
};

static int16_t to_s16(float v)
{
	float scaled = v * 32768.0f;

	if (!(scaled > -32768.0f)) /* so is what is not a number */
		return isnan(scaled) ? 0 : INT16_MIN;
	return scaled < 32767.0f ? (int16_t)lrintf(scaled) : INT16_MAX;
}

static void give(const struct skw_stream *s, void *out, size_t at, const int16_t *samples, size_t n)
{
	if (s->format == SKW_STREAM_CS16) {
		memcpy((int16_t *)out + 2 * at, samples, 2 * n * sizeof(*samples));
		return;
	}
	for (size_t i = 0; i < 2 * n; i++)
		((float *)out)[2 * at + i] = (float)samples[i] / 32768.0f;
}

int skw_stream_iq_read(struct skw_stream *s, void *out, size_t elements, int *flags,
		       long long *time_ns, long timeout_us)
{
	struct timespec deadline = skw_device_deadline(timeout_us);
	struct skw_device *d = s->device;
	enum skw_receive_got got = SKW_RECEIVE_NOTHING;
	int16_t samples[2 * CHUNK];
	uint64_t time = 0;
	size_t n = 0;
	int result;

	*flags = 0;
	pthread_mutex_lock(&d->lock);
	if (s->finite && s->left < elements)
		elements = s->left;
	if (elements > CHUNK)
		elements = CHUNK;
	while (elements > 0) {
		got = skw_receive_iq_take(&d->iq, samples, elements, &n, &time);
		if (got != SKW_RECEIVE_NOTHING || d->gone || !skw_device_wait(d, &deadline))
			break;
	}
	if (got == SKW_RECEIVE_LAST) {
		*time_ns = SoapySDR_ticksToTimeNs((long long)time, d->rate_hz);
		*flags = SOAPY_SDR_HAS_TIME;
		if (s->finite) {
			s->left -= n;
			if (s->left == 0)
				*flags |= SOAPY_SDR_END_BURST;
		}
		result = (int)n;
	} else if (got == SKW_RECEIVE_LOST) {
		result = SOAPY_SDR_OVERFLOW;
	} else {
		result = d->gone ? SOAPY_SDR_STREAM_ERROR : SOAPY_SDR_TIMEOUT;
	}
	pthread_mutex_unlock(&d->lock);
	if (result > 0)
		give(s, out, 0, samples, n);
	return result;
}

/* ---- transmit -------------------------------------------------------------------------------- */

static size_t take(const struct skw_stream *s, uint8_t *wire, const void *in, size_t n)
{
	struct skw_writer w = skw_writer(wire, 4 * n);

	for (size_t i = 0; i < 2 * n; i++) {
		int16_t v = s->format == SKW_STREAM_CS16 ? ((const int16_t *)in)[i]
							 : to_s16(((const float *)in)[i]);

		skw_put_u16(&w, (uint16_t)v);
	}
	return skw_writer_len(&w);
}

static bool past(const struct timespec *deadline)
{
	struct timespec now = skw_device_deadline(0);

	return now.tv_sec > deadline->tv_sec ||
	       (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

static uint64_t time_seen(struct skw_device *d)
{
	uint64_t time;

	pthread_mutex_lock(&d->lock);
	time = d->time_seen;
	pthread_mutex_unlock(&d->lock);
	return time;
}

/* Waits until the clock has come near the end of what we sent. */
static int keep_pace(struct skw_stream *s, long timeout_us)
{
	struct timespec deadline = skw_device_deadline(timeout_us);
	const struct timespec nap = { .tv_nsec = NAP_US * 1000 };
	uint64_t now;

	for (;;) {
		if (s->burst_end <= time_seen(s->device) + AHEAD)
			return 0;
		if (skw_device_time(s->device, &now) != SKW_DEVICE_OK)
			return SOAPY_SDR_STREAM_ERROR;
		if (s->burst_end <= now + AHEAD) {
			if (s->burst_end < now)
				s->burst_end = now;
			return 0;
		}
		if (past(&deadline))
			return SOAPY_SDR_TIMEOUT;
		nanosleep(&nap, NULL);
	}
}

/* The first packet of a burst goes out at once, however far its time: the board waits for it. */
static int begin(struct skw_stream *s, bool timed, uint64_t time)
{
	uint64_t now = time;

	if (timed && time < time_seen(s->device))
		return SOAPY_SDR_TIME_ERROR;
	if (!timed && skw_device_time(s->device, &now) != SKW_DEVICE_OK)
		return SOAPY_SDR_STREAM_ERROR;
	s->burst_end = now;
	return 0;
}

static int send_packet(struct skw_stream *s, const uint8_t *wire, size_t n, bool timed,
		       uint64_t time, bool end)
{
	struct skw_device *d = s->device;
	enum skw_device_status status;
	uint32_t tag = 0;
	struct skw_writer w;
	bool credit = true, gone;

	pthread_mutex_lock(&d->lock);
	gone = d->gone;
	if (end && !gone)
		credit = skw_credit_take(&d->credit, &tag, SKW_CREDIT_IQ, 0, 0);
	pthread_mutex_unlock(&d->lock);
	if (gone || !credit)
		return gone ? SOAPY_SDR_STREAM_ERROR : SOAPY_SDR_TIMEOUT;
	pthread_mutex_lock(&d->writer);
	w = skw_writer(d->packet, sizeof(d->packet));
	skw_hostlink_put_tx_iq(&w, timed, time, end, tag, wire, n);
	status = skw_device_send(d, &w);
	pthread_mutex_unlock(&d->writer);
	return status == SKW_DEVICE_OK ? (int)n : SOAPY_SDR_STREAM_ERROR;
}

int skw_stream_iq_write(struct skw_stream *s, const void *in, size_t elements, int *flags,
			long long time_ns, long timeout_us)
{
	bool timed = *flags & SOAPY_SDR_HAS_TIME, first = !s->in_burst, end;
	size_t n = elements < CHUNK ? elements : CHUNK;
	uint8_t wire[4 * CHUNK];
	uint64_t time = 0;
	int result;

	if ((timed && time_ns < 0) ||
	    (*flags & ~(SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET)) != 0)
		return SOAPY_SDR_STREAM_ERROR;
	if (!first)
		timed = false; /* the time of a burst is that of its first sample */
	if (timed)
		time = (uint64_t)SoapySDR_timeNsToTicks(time_ns, skw_device_rate(s->device));
	result = first ? begin(s, timed, time) : keep_pace(s, timeout_us);
	if (result != 0)
		return result;
	end = (*flags & SOAPY_SDR_END_BURST) && n == elements;
	take(s, wire, in, n);
	result = send_packet(s, wire, n, timed, time, end);
	if (result > 0) {
		s->in_burst = !end;
		s->burst_end += n;
	}
	return result;
}
