/* skw_plain - frame streams over a device that knows samples only (docs/plain-sdr.md).
 *
 *   readStream --> float --> [ gain ] --> [ resampler ] --> skw_modem_rx --> frames
 *   frames --> skw_modem_send --> [ resampler ] --> CS16 or CF32 --> writeStream
 *
 * Device time is that of the samples. Where the driver tells times, bursts leave on time, to the
 * sample; where it tells none the samples read are the clock, the host's clock bridges what is
 * lost, and bursts leave within tens of milliseconds (coarse). Half duplex: the receiver is off
 * while a burst leaves. Whatever a driver leaves out is done without; what it loses is counted.
 */
#ifndef SKW_PLAIN_H
#define SKW_PLAIN_H

#include <SoapySDR/Device.h>

#include "plain/skw_frames.h"

struct skw_plain;

/* Device arguments that are ours, not the driver's. */
struct skw_plain_args {
	char rx_antenna[32], tx_antenna[32]; /* empty: the driver's choice */
	double latency_ms;                   /* coarse: from a write to the antenna */
	double drain_ms; /* half duplex: how long after a burst the transmitter stays on */
};

/* Takes ours out of `device`; false and a message if one makes no sense. */
bool skw_plain_args_take(struct skw_plain_args *args, SoapySDRKwargs *device, char *error,
			 size_t error_len);

/* `device` stays the caller's and must outlive it. NULL and a message if it cannot be used so. */
struct skw_plain *skw_plain_new(SoapySDRDevice *device, const struct skw_frames_config *c,
				const struct skw_plain_args *args, char *error, size_t error_len);
void skw_plain_free(struct skw_plain *p); /* NULL is nothing */

int skw_plain_write(struct skw_plain *p, const uint8_t *bytes, size_t len, long long time_ns);
int skw_plain_read(struct skw_plain *p, uint8_t *bytes, size_t max, long long *time_ns,
		   long timeout_us);
int skw_plain_status(struct skw_plain *p, uint32_t *tag, long long *time_ns);
long long skw_plain_now(const struct skw_plain *p);
struct skw_frames_counts skw_plain_counts(const struct skw_plain *p);

#endif
