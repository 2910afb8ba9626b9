/* Streams in common, and the streams of frames; skw_stream_iq.c has the samples. */
#include "soapy/skw_stream.h"

#include <string.h>

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Time.h>

#include "soapy/skw_device_inside.h"

enum { WHOLE = SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET, IQ_MTU = SKW_HOSTLINK_IQ_MAX };

static bool is_rx(const struct skw_stream *s)
{
	return s->kind == SKW_STREAM_RX_FRAMES || s->kind == SKW_STREAM_RX_IQ;
}

static bool is_frames(const struct skw_stream *s)
{
	return s->kind == SKW_STREAM_RX_FRAMES || s->kind == SKW_STREAM_TX_FRAMES;
}

static enum skw_credit_kind credit_kind(const struct skw_stream *s)
{
	return is_frames(s) ? SKW_CREDIT_FRAME : SKW_CREDIT_IQ;
}

struct skw_stream *skw_stream_open(struct skw_device *d, enum skw_stream_kind kind,
				   enum skw_stream_format format)
{
	struct skw_stream *s = &d->stream[kind];
	bool free;

	pthread_mutex_lock(&d->lock);
	free = !s->open;
	if (free) {
		*s = (struct skw_stream) { .device = d, .kind = kind, .format = format };
		free = is_frames(s) == (format == SKW_STREAM_U8);
		s->open = free;
	}
	pthread_mutex_unlock(&d->lock);
	return free ? s : NULL;
}

void skw_stream_close(struct skw_stream *s)
{
	skw_stream_deactivate(s, 0, 0);
	pthread_mutex_lock(&s->device->lock);
	s->open = false;
	pthread_mutex_unlock(&s->device->lock);
}

size_t skw_stream_mtu(const struct skw_stream *s)
{
	switch (s->kind) {
	case SKW_STREAM_RX_FRAMES:
		return SKW_FRAME_RX_DESC + SKW_PSDU_MAX;
	case SKW_STREAM_TX_FRAMES:
		return SKW_FRAME_TX_DESC + SKW_PSDU_MAX;
	case SKW_STREAM_RX_IQ:
	case SKW_STREAM_TX_IQ:
	case SKW_STREAM_KINDS:
		break;
	}
	return IQ_MTU;
}

/* The bits of CONTROL that a stream needs while it is active. */
static uint32_t control_of(const struct skw_stream *s)
{
	if (s->kind == SKW_STREAM_RX_FRAMES)
		return SKW_CONTROL_RX_FRAMES;
	return s->kind == SKW_STREAM_RX_IQ ? SKW_CONTROL_RX_IQ : 0;
}

static int switch_receiver(struct skw_stream *s, bool on)
{
	uint32_t bits = control_of(s);
	enum skw_device_status status = SKW_DEVICE_OK;

	if (bits != 0)
		status = skw_device_control(s->device, bits, on ? bits : 0);
	return status == SKW_DEVICE_OK ? 0 : SOAPY_SDR_STREAM_ERROR;
}

int skw_stream_activate(struct skw_stream *s, int flags, long long time_ns, size_t elements)
{
	struct skw_device *d = s->device;

	(void)time_ns;
	if ((flags & ~SOAPY_SDR_END_BURST) != 0 || (elements > 0 && s->kind != SKW_STREAM_RX_IQ))
		return SOAPY_SDR_NOT_SUPPORTED;
	pthread_mutex_lock(&d->lock);
	if (!s->active) { /* what came before is of no interest */
		if (s->kind == SKW_STREAM_RX_FRAMES)
			skw_receive_frames_reset(&d->frames);
		else if (s->kind == SKW_STREAM_RX_IQ)
			skw_receive_iq_reset(&d->iq);
		else
			skw_credit_forget(&d->credit, credit_kind(s));
		s->in_burst = false;
	}
	s->active = true;
	s->finite = elements > 0;
	s->left = elements;
	pthread_mutex_unlock(&d->lock);
	return switch_receiver(s, true);
}

int skw_stream_deactivate(struct skw_stream *s, int flags, long long time_ns)
{
	bool was;

	(void)time_ns;
	if (flags != 0)
		return SOAPY_SDR_NOT_SUPPORTED;
	pthread_mutex_lock(&s->device->lock);
	was = s->active;
	s->active = false;
	pthread_mutex_unlock(&s->device->lock);
	return was ? switch_receiver(s, false) : 0;
}

/* ---- frames --------------------------------------------------------------------------------- */

static int read_frame(struct skw_stream *s, uint8_t *out, size_t size, int *flags,
		      long long *time_ns, long timeout_us)
{
	struct timespec deadline = skw_device_deadline(timeout_us);
	struct skw_device *d = s->device;
	enum skw_receive_got got = SKW_RECEIVE_NOTHING;
	uint64_t time = 0;
	size_t len = 0;
	bool first = false, gone;

	pthread_mutex_lock(&d->lock);
	do
		got = skw_receive_frames_take(&d->frames, out, size, &len, &time, &first);
	while (got == SKW_RECEIVE_NOTHING && !d->gone && skw_device_wait(d, &deadline));
	gone = d->gone;
	*time_ns = SoapySDR_ticksToTimeNs((long long)time, d->rate_hz);
	pthread_mutex_unlock(&d->lock);

	*flags = 0;
	switch (got) {
	case SKW_RECEIVE_NOTHING:
		return gone ? SOAPY_SDR_STREAM_ERROR : SOAPY_SDR_TIMEOUT;
	case SKW_RECEIVE_LOST:
		return SOAPY_SDR_OVERFLOW;
	case SKW_RECEIVE_MORE:
		*flags = SOAPY_SDR_MORE_FRAGMENTS;
		break;
	case SKW_RECEIVE_LAST:
		*flags = WHOLE;
		break;
	}
	if (first)
		*flags |= SOAPY_SDR_HAS_TIME;
	return (int)len;
}

/* Waits for room in the board's queue. 0, SOAPY_SDR_TIMEOUT or SOAPY_SDR_STREAM_ERROR. */
static int take_credit(struct skw_device *d, uint32_t *wire_tag, uint32_t tag, size_t bytes,
		       long timeout_us)
{
	struct timespec deadline = skw_device_deadline(timeout_us);
	bool taken;
	int result;

	pthread_mutex_lock(&d->lock);
	do
		taken =
		    !d->gone && skw_credit_take(&d->credit, wire_tag, SKW_CREDIT_FRAME, tag, bytes);
	while (!taken && !d->gone && bytes <= d->credit.space && skw_device_wait(d, &deadline));
	if (taken)
		result = 0;
	else
		result =
		    d->gone || bytes > d->credit.space ? SOAPY_SDR_STREAM_ERROR : SOAPY_SDR_TIMEOUT;
	pthread_mutex_unlock(&d->lock);
	return result;
}

/* True if the call is one whole, well-formed frame. */
static bool frame_get(struct skw_frame_tx *f, const uint8_t *in, size_t len, int flags)
{
	return (flags & ~SOAPY_SDR_HAS_TIME) == WHOLE && len > SKW_FRAME_TX_DESC &&
	       skw_frame_tx_get(f, in) &&
	       len - SKW_FRAME_TX_DESC + (f->append_fcs ? SKW_FCS_LEN : 0) == f->length;
}

static int write_frame(struct skw_stream *s, const uint8_t *in, size_t len, const int *flags,
		       long long time_ns, long timeout_us)
{
	struct skw_device *d = s->device;
	struct skw_hostlink_tx_frame out = { .timed = *flags & SOAPY_SDR_HAS_TIME };
	struct skw_frame_tx f;
	enum skw_device_status status;
	struct skw_writer w;
	bool late;
	int result;

	if (!frame_get(&f, in, len, *flags) || (out.timed && time_ns < 0))
		return SOAPY_SDR_STREAM_ERROR;
	pthread_mutex_lock(&d->lock);
	if (out.timed)
		out.time = (uint64_t)SoapySDR_timeNsToTicks(time_ns, d->rate_hz);
	late = out.timed && out.time < d->time_seen;
	pthread_mutex_unlock(&d->lock);
	if (late)
		return SOAPY_SDR_TIME_ERROR;

	out.rate_mbps = f.rate_mbps;
	out.length = f.length;
	out.append_fcs = f.append_fcs;
	out.seed = f.seed;
	out.amplitude = skw_hostlink_amplitude(f.power_cdb);
	result = take_credit(d, &out.tag, f.tag, skw_hostlink_tx_cost(len - SKW_FRAME_TX_DESC),
			     timeout_us);
	if (result != 0)
		return result;
	pthread_mutex_lock(&d->writer);
	w = skw_writer(d->packet, sizeof(d->packet));
	skw_hostlink_put_tx_frame(&w, &out, in + SKW_FRAME_TX_DESC, len - SKW_FRAME_TX_DESC);
	status = skw_device_send(d, &w);
	pthread_mutex_unlock(&d->writer);
	return status == SKW_DEVICE_OK ? (int)len : SOAPY_SDR_STREAM_ERROR;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static bool usable(const struct skw_stream *s)
{
	bool active;

	pthread_mutex_lock(&s->device->lock);
	active = s->active;
	pthread_mutex_unlock(&s->device->lock);
	return active;
}

int skw_stream_read(struct skw_stream *s, void *out, size_t elements, int *flags,
		    long long *time_ns, long timeout_us)
{
	if (!is_rx(s) || !usable(s) || out == NULL || elements == 0)
		return SOAPY_SDR_STREAM_ERROR;
	if (is_frames(s))
		return read_frame(s, out, elements, flags, time_ns, timeout_us);
	return skw_stream_iq_read(s, out, elements, flags, time_ns, timeout_us);
}

int skw_stream_write(struct skw_stream *s, const void *in, size_t elements, int *flags,
		     long long time_ns, long timeout_us)
{
	if (is_rx(s) || !usable(s) || in == NULL || elements == 0)
		return SOAPY_SDR_STREAM_ERROR;
	if (is_frames(s))
		return write_frame(s, in, elements, flags, time_ns, timeout_us);
	return skw_stream_iq_write(s, in, elements, flags, time_ns, timeout_us);
}

static int report_code(enum skw_hostlink_tx_result result)
{
	switch (result) {
	case SKW_TX_SENT:
		return 0;
	case SKW_TX_LATE:
		return SOAPY_SDR_TIME_ERROR;
	case SKW_TX_UNDERRUN:
		return SOAPY_SDR_UNDERFLOW;
	case SKW_TX_REFUSED:
		break;
	}
	return SOAPY_SDR_STREAM_ERROR;
}

int skw_stream_status(struct skw_stream *s, size_t *channel_mask, int *flags, long long *time_ns,
		      long timeout_us)
{
	struct timespec deadline = skw_device_deadline(timeout_us);
	struct skw_device *d = s->device;
	struct skw_credit_report report = { 0 };
	bool got, gone;

	if (is_rx(s))
		return SOAPY_SDR_NOT_SUPPORTED;
	pthread_mutex_lock(&d->lock);
	do
		got = skw_credit_next_report(&d->credit, &report, credit_kind(s));
	while (!got && !d->gone && skw_device_wait(d, &deadline));
	gone = d->gone;
	*time_ns = SoapySDR_ticksToTimeNs((long long)report.time, d->rate_hz);
	pthread_mutex_unlock(&d->lock);
	*flags = 0;
	if (!got)
		return gone ? SOAPY_SDR_STREAM_ERROR : SOAPY_SDR_TIMEOUT;
	*channel_mask = report.tag;
	*flags = SOAPY_SDR_HAS_TIME | (report.result == SKW_TX_SENT ? SOAPY_SDR_END_BURST : 0);
	return report_code(report.result);
}
