#include "plain/skw_frames.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SoapySDR/Device.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>

#include "plain/skw_plain.h"

struct skw_frames {
	SoapySDRDevice *device;
	SoapySDRStream *rx, *tx; /* of a device that carries frames itself */
	struct skw_plain *plain; /* of any other */
};

static bool carries_frames(SoapySDRDevice *device)
{
	size_t n = 0;
	SoapySDRArgInfo *info = SoapySDRDevice_getStreamArgsInfo(device, SOAPY_SDR_RX, 0, &n);
	bool found = false;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; strcmp(info[i].key, "mode") == 0 && k < info[i].numOptions; k++)
			found |= strcmp(info[i].options[k], "frame") == 0;
	SoapySDRArgInfoList_clear(info, n);
	return found;
}

static bool tune(SoapySDRDevice *device, int direction, const struct skw_frames_config *c)
{
	double gain = direction == SOAPY_SDR_RX ? c->rx_gain_db : c->tx_gain_db;

	return SoapySDRDevice_setSampleRate(device, direction, 0, c->rate_hz) == 0 &&
	       SoapySDRDevice_setFrequency(device, direction, 0, c->frequency_hz, NULL) == 0 &&
	       SoapySDRDevice_setGain(device, direction, 0, gain) == 0;
}

static bool open_streams(struct skw_frames *f, const struct skw_frames_config *c)
{
	SoapySDRKwargs args = { 0 };
	bool ok;

	if (!tune(f->device, SOAPY_SDR_RX, c) || !tune(f->device, SOAPY_SDR_TX, c))
		return false;
	SoapySDRKwargs_set(&args, "mode", "frame");
	f->rx = SoapySDRDevice_setupStream(f->device, SOAPY_SDR_RX, SOAPY_SDR_U8, NULL, 0, &args);
	f->tx = SoapySDRDevice_setupStream(f->device, SOAPY_SDR_TX, SOAPY_SDR_U8, NULL, 0, &args);
	ok = f->rx != NULL && f->tx != NULL &&
	     SoapySDRDevice_activateStream(f->device, f->rx, 0, 0, 0) == 0 &&
	     SoapySDRDevice_activateStream(f->device, f->tx, 0, 0, 0) == 0;
	SoapySDRKwargs_clear(&args);
	return ok;
}

struct skw_frames *skw_frames_open(const struct skw_frames_config *c, char *error, size_t error_len)
{
	struct skw_frames *f = calloc(1, sizeof(*f));
	struct skw_plain_args args;
	SoapySDRKwargs wanted = SoapySDRKwargs_fromString(c->device);

	if (f == NULL) {
		snprintf(error, error_len, "out of memory");
	} else if (!skw_plain_args_take(&args, &wanted, error, error_len)) {
		free(f);
		f = NULL;
	} else if ((f->device = SoapySDRDevice_make(&wanted)) == NULL) {
		snprintf(error, error_len, "%s: %s", c->device, SoapySDRDevice_lastError());
		free(f);
		f = NULL;
	} else if (c->plain || !carries_frames(f->device)) {
		f->plain = skw_plain_new(f->device, c, &args, error, error_len);
	} else if (!open_streams(f, c)) {
		snprintf(error, error_len, "%s: %s", c->device, SoapySDRDevice_lastError());
	}
	SoapySDRKwargs_clear(&wanted);
	if (f != NULL && f->plain == NULL && (f->rx == NULL || f->tx == NULL)) {
		skw_frames_close(f);
		return NULL;
	}
	return f;
}

void skw_frames_close(struct skw_frames *f)
{
	SoapySDRStream *streams[] = { f->rx, f->tx };

	skw_plain_free(f->plain);
	for (int i = 0; i < 2; i++) {
		if (streams[i] == NULL)
			continue;
		SoapySDRDevice_deactivateStream(f->device, streams[i], 0, 0);
		SoapySDRDevice_closeStream(f->device, streams[i]);
	}
	SoapySDRDevice_unmake(f->device);
	free(f);
}

int skw_frames_write(struct skw_frames *f, const void *bytes, size_t len, long long time_ns)
{
	int flags = SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET;
	const void *buffers[] = { bytes };

	if (f->plain != NULL)
		return skw_plain_write(f->plain, bytes, len, time_ns);
	if (time_ns >= 0)
		flags |= SOAPY_SDR_HAS_TIME;
	return SoapySDRDevice_writeStream(f->device, f->tx, buffers, len, &flags,
					  time_ns >= 0 ? time_ns : 0, 0);
}

int skw_frames_read(struct skw_frames *f, void *bytes, size_t max, long long *time_ns,
		    long timeout_us)
{
	void *buffers[] = { bytes };
	int flags = 0;

	if (f->plain != NULL)
		return skw_plain_read(f->plain, bytes, max, time_ns, timeout_us);
	return SoapySDRDevice_readStream(f->device, f->rx, buffers, max, &flags, time_ns,
					 timeout_us);
}

int skw_frames_status(struct skw_frames *f, uint32_t *tag, long long *time_ns)
{
	size_t mask = 0;
	int flags = 0, code;

	if (f->plain != NULL)
		return skw_plain_status(f->plain, tag, time_ns);
	code = SoapySDRDevice_readStreamStatus(f->device, f->tx, &mask, &flags, time_ns, 0);
	*tag = (uint32_t)mask;
	if (code == SOAPY_SDR_NOT_SUPPORTED || (code == SOAPY_SDR_STREAM_ERROR && flags == 0))
		return SOAPY_SDR_TIMEOUT; /* the device is gone: the next read tells */
	return code;
}

long long skw_frames_now(struct skw_frames *f)
{
	return f->plain != NULL ? skw_plain_now(f->plain)
				: SoapySDRDevice_getHardwareTime(f->device, "");
}

struct skw_frames_counts skw_frames_counts(const struct skw_frames *f)
{
	if (f->plain != NULL)
		return skw_plain_counts(f->plain);
	return (struct skw_frames_counts) { .timed = true, .full_duplex = true, .transmits = true };
}
