/* skw_plain_send - frames to bursts of samples, at their time, and what became of them. */
#include <math.h>
#include <string.h>

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>

#include "plain/skw_plain_inside.h"

enum {
	LEAD_IN = 8,    /* samples of the device before a burst that the filter rings */
	STUCK_MS = 500, /* a device that takes nothing for so long has lost the burst */
	SETTLE_MS = 5,  /* after a burst's end no more bad news is expected */
	TURN_MS = 10,   /* half duplex: with a frame due so soon the transmitter stays on */
};

static const long long MS = 1000000;

static struct skw_plain_frame *slot(struct skw_plain *p, unsigned number)
{
	return &p->queue[number % SKW_PLAIN_QUEUE];
}

static void tell(struct skw_plain *p, uint32_t tag, int code, long long time_ns)
{
	if (p->reported - p->told == SKW_PLAIN_REPORTS)
		p->told++; /* nobody asks */
	p->report[p->reported++ % SKW_PLAIN_REPORTS] =
	    (struct skw_plain_report) { tag, code, time_ns };
	p->counts.sent += code == 0;
	p->counts.late += code == SOAPY_SDR_TIME_ERROR;
	p->counts.underruns += code == SOAPY_SDR_UNDERFLOW;
	p->counts.refused += code == SOAPY_SDR_STREAM_ERROR;
}

bool skw_plain_is_own(const struct skw_plain *p, const uint8_t *psdu, size_t len)
{
	unsigned first = p->queued > SKW_PLAIN_QUEUE ? p->queued - SKW_PLAIN_QUEUE : 0;

	for (unsigned k = first; k != p->flying + p->writing; k++) {
		const struct skw_plain_frame *f = &p->queue[k % SKW_PLAIN_QUEUE];

		if (f->f.length == len && memcmp(f->psdu, psdu, f->len) == 0)
			return true;
	}
	return false;
}

int skw_plain_write(struct skw_plain *p, const uint8_t *bytes, size_t len, long long time_ns)
{
	struct skw_plain_frame *f = slot(p, p->queued);
	struct skw_frame_tx head;
	size_t psdu;

	if (!p->transmits)
		return SOAPY_SDR_NOT_SUPPORTED;
	if (len < SKW_FRAME_TX_DESC || !skw_frame_tx_get(&head, bytes))
		return SOAPY_SDR_STREAM_ERROR;
	psdu = head.length - (head.append_fcs ? SKW_FCS_LEN : 0);
	if (head.length <= SKW_FCS_LEN || len != SKW_FRAME_TX_DESC + psdu)
		return SOAPY_SDR_STREAM_ERROR;
	if (time_ns >= 0 && time_ns <= skw_plain_now(p))
		return SOAPY_SDR_TIME_ERROR;
	if (p->queued - p->done == SKW_PLAIN_QUEUE)
		return SOAPY_SDR_TIMEOUT;
	f->f = head;
	f->len = psdu;
	f->time_ns = time_ns;
	f->decided = false;
	memcpy(f->psdu, bytes + SKW_FRAME_TX_DESC, psdu);
	p->queued++;
	skw_plain_pump(p);
	return (int)len;
}

int skw_plain_status(struct skw_plain *p, uint32_t *tag, long long *time_ns)
{
	const struct skw_plain_report *r = &p->report[p->told % SKW_PLAIN_REPORTS];

	skw_plain_pump(p);
	if (p->told == p->reported)
		return SOAPY_SDR_TIMEOUT;
	p->told++;
	*tag = r->tag;
	*time_ns = r->time_ns;
	return r->code;
}

/* ---- what became of bursts ------------------------------------------------------------------- */

static void resolve(struct skw_plain *p, int code)
{
	struct skw_plain_frame *f = slot(p, p->done);

	tell(p, f->f.tag, code, f->time_ns);
	p->done++;
}

/* The frame next in line will not leave. It is told after those before it. */
static void drop(struct skw_plain *p, int code)
{
	struct skw_plain_frame *f = slot(p, p->flying);

	f->decided = true;
	f->verdict = code;
	p->writing = false;
	p->flying++;
}

/* The driver's news. They name no burst: they mean the oldest on its way. */
static bool apply(struct skw_plain *p, int code, int flags)
{
	for (unsigned k = p->done; k != p->flying + p->writing; k++) {
		struct skw_plain_frame *f = slot(p, k);

		if (f->decided)
			continue;
		if (code == SOAPY_SDR_TIME_ERROR || code == SOAPY_SDR_UNDERFLOW ||
		    (code == 0 && (flags & SOAPY_SDR_END_BURST) != 0 && k != p->flying)) {
			f->decided = true;
			f->verdict = code;
		}
		return true;
	}
	return false;
}

static void hear_reports(struct skw_plain *p)
{
	while (p->reports && (p->done != p->flying || p->writing)) {
		size_t mask = 0;
		long long time_ns = 0;
		int flags = 0;
		int code = SoapySDRDevice_readStreamStatus(p->device, p->tx_stream, &mask, &flags,
							   &time_ns, 0);

		if (code == SOAPY_SDR_NOT_SUPPORTED)
			p->reports = false;
		if (code == SOAPY_SDR_TIMEOUT || code == SOAPY_SDR_NOT_SUPPORTED ||
		    !apply(p, code, flags))
			return;
	}
}

static void settle(struct skw_plain *p)
{
	hear_reports(p);
	while (p->done != p->flying) {
		const struct skw_plain_frame *f = slot(p, p->done);

		if (!f->decided && skw_plain_now(p) <= f->end_ns + SETTLE_MS * MS)
			return;
		resolve(p, f->decided ? f->verdict : 0);
	}
}

/* ---- a burst --------------------------------------------------------------------------------- */

/* Frame to samples of the device; the time of the first. */
static bool modulate(struct skw_plain *p, struct skw_plain_frame *f)
{
	double delay, first = 0;
	size_t n, skip;

	if (skw_modem_send(p->modulator, p->burst, &n, p->burst_max, &f->f, f->psdu) !=
	    SKW_MODEM_OK)
		return false;
	p->sent_at = 0;
	p->sent_n = n;
	if (p->up != NULL) {
		size_t pad = 2 * (size_t)skw_resampler_delay(p->up) + SKW_RESAMPLER_BLOCK;

		memset(p->burst + n, 0, pad * sizeof(*p->burst));
		skw_resampler_reset(p->up);
		delay = skw_resampler_delay(p->up) * skw_resampler_rate(p->up);
		skip = (size_t)delay > LEAD_IN ? (size_t)delay - LEAD_IN : 0;
		skw_resampler_run(p->up, p->sent, p->burst, n + pad);
		p->sent_at = skip;
		p->sent_n = (size_t)(2 * delay + (double)n * skw_resampler_rate(p->up));
		first = (delay - (double)skip) / p->tx_hz;
	}
	f->start_ns = f->time_ns - llrint(first * 1e9);
	return true;
}

int skw_plain_put(struct skw_plain *p, const struct skw_modem_iq *in, size_t n, int flags,
		  long long time_ns)
{
	const void *buffers[] = { p->tx_format.cs16 ? (const void *)p->raw : (const void *)in };
	float full = p->tx_format.full - 1;

	for (size_t k = 0; p->tx_format.cs16 && k < n; k++) {
		p->raw[2 * k] = (int16_t)lrintf(fminf(fmaxf(in[k].i, -1), 1) * full);
		p->raw[2 * k + 1] = (int16_t)lrintf(fminf(fmaxf(in[k].q, -1), 1) * full);
	}
	return SoapySDRDevice_writeStream(p->device, p->tx_stream, buffers, n, &flags, time_ns, 0);
}

/* Half duplex: the receiver off and the transmitter on, or back. */
static bool turn(struct skw_plain *p, bool sending)
{
	p->sending = sending;
	if (sending) {
		skw_plain_listen(p, false);
		return SoapySDRDevice_activateStream(p->device, p->tx_stream, 0, 0, 0) == 0;
	}
	SoapySDRDevice_deactivateStream(p->device, p->tx_stream, 0, 0);
	return skw_plain_listen(p, true);
}

/* The burst cannot be finished: whatever of it is in the device must not run into the next. */
static void give_up(struct skw_plain *p, int code)
{
	SoapySDRDevice_deactivateStream(p->device, p->tx_stream, 0, 0);
	SoapySDRDevice_activateStream(p->device, p->tx_stream, 0, 0, 0);
	drop(p, code);
}

static void finish(struct skw_plain *p, struct skw_plain_frame *f)
{
	double rest = (double)p->sent_n / p->tx_hz * 1e9;
	long long now = skw_plain_now(p);

	if (f->time_ns < 0 || (!p->timed && f->time_ns < now))
		f->start_ns = f->time_ns = now;
	f->end_ns = f->start_ns + llrint(rest);
	if (!p->timed)
		f->end_ns += llrint(p->args.latency_ms * 1e6);
	p->turn_ns = skw_plain_host_ns() + f->end_ns - now + llrint(p->args.drain_ms * 1e6);
	p->writing = false;
	p->flying++;
}

static bool too_late(const struct skw_plain *p, const struct skw_plain_frame *f)
{
	long long spare = p->timed ? 0 : SKW_PLAIN_COARSE_MS * MS;

	return f->time_ns >= 0 && skw_plain_now(p) > f->time_ns + spare;
}

/* Writes what the device takes; false if it takes no more now. */
static bool write_on(struct skw_plain *p)
{
	struct skw_plain_frame *f = slot(p, p->flying);
	size_t left = p->sent_n - p->sent_at, n = left < p->mtu ? left : p->mtu;
	bool first = p->stuck_ns == 0;
	int flags = n == left ? SOAPY_SDR_END_BURST : 0, took;

	if (first && p->timed && f->time_ns >= 0)
		flags |= SOAPY_SDR_HAS_TIME;
	took = skw_plain_put(p, p->sent + p->sent_at, n, flags, f->time_ns >= 0 ? f->start_ns : 0);
	if (took > 0 && (size_t)took <= n) {
		p->stuck_ns = skw_plain_host_ns() + STUCK_MS * MS;
		if (f->time_ns >= 0 && f->time_ns > skw_plain_now(p))
			p->stuck_ns += f->time_ns - skw_plain_now(p);
		p->sent_at += (size_t)took;
		if (p->sent_at == p->sent_n)
			finish(p, f);
		return true;
	}
	if (took == 0 || took == SOAPY_SDR_TIMEOUT) {
		if (first && too_late(p, f))
			drop(p, SOAPY_SDR_TIME_ERROR);
		else if (!first && skw_plain_host_ns() > p->stuck_ns)
			give_up(p, SOAPY_SDR_UNDERFLOW);
		return false;
	}
	give_up(p, took == SOAPY_SDR_TIME_ERROR || took == SOAPY_SDR_UNDERFLOW
		       ? took
		       : SOAPY_SDR_STREAM_ERROR);
	return true;
}

/* Begins the next frame if it is its time; false if it is not yet. */
static bool begin(struct skw_plain *p)
{
	struct skw_plain_frame *f = slot(p, p->flying);
	long long now = skw_plain_now(p), early = llrint(p->args.latency_ms * 1e6);

	if (!p->full_duplex)
		early += p->timed ? TURN_MS * MS : 0;
	if ((!p->timed || !p->full_duplex) && f->time_ns >= 0 && now < f->time_ns - early)
		return false;
	if (too_late(p, f)) {
		drop(p, SOAPY_SDR_TIME_ERROR);
		return true;
	}
	if (!p->full_duplex && !p->sending && !turn(p, true)) {
		turn(p, false);
		drop(p, SOAPY_SDR_STREAM_ERROR);
		return true;
	}
	if (!modulate(p, f)) {
		drop(p, SOAPY_SDR_STREAM_ERROR);
		return true;
	}
	p->stuck_ns = 0;
	p->writing = true;
	return true;
}

/* Half duplex: nothing more to send soon, and what was sent has left. */
static void turn_back(struct skw_plain *p)
{
	bool soon =
	    p->flying != p->queued && slot(p, p->flying)->time_ns < skw_plain_now(p) + TURN_MS * MS;

	if (p->sending && !p->writing && !soon && skw_plain_host_ns() >= p->turn_ns)
		turn(p, false);
}

void skw_plain_pump(struct skw_plain *p)
{
	if (!p->transmits)
		return;
	settle(p);
	for (;;) {
		if (p->writing ? !write_on(p) : p->flying == p->queued || !begin(p))
			break;
	}
	turn_back(p);
}
