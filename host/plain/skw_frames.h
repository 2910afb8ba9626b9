/* skw_frames - 802.11 frames through any SoapySDR device (docs/frame-stream.md).
 *
 *   frame, time  --> write --> [ driver=skywave: mode=frame      ] )))
 *   frame, time  <-- read  <-- [ any other: skw_plain, in I/Q    ] (((
 *
 * A device whose streams know mode=frame carries frames itself; on every other one the radio in C
 * does it. Who calls here cannot tell which. One thread at a time; no call but open and close
 * blocks for longer than its timeout and a few milliseconds.
 */
#ifndef SKW_FRAMES_H
#define SKW_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem/skw_modem.h"
#include "wire/skw_frame.h"

struct skw_frames;

/* Samples of a plain device as the receiver has them: at the channel's rate, full scale 1. */
typedef void skw_frames_tap(void *arg, const struct skw_modem_iq *samples, size_t n);

struct skw_frames_config {
	const char *device; /* SoapySDR arguments, and those of docs/plain-sdr.md */
	double rate_hz;     /* of the channel: its width */
	double frequency_hz;
	double rx_gain_db, tx_gain_db;
	bool agc;            /* plain devices: the receive gain follows the signals */
	bool plain;          /* in I/Q even if the device carries frames */
	bool receive_only;   /* write is refused */
	skw_frames_tap *tap; /* plain devices only; may be NULL */
	void *tap_arg;
};

struct skw_frames_counts {
	struct skw_modem_counts modem;
	uint64_t overflows;   /* samples were lost, as the device or its time says */
	uint64_t corruptions; /* reads that failed and were repeated */
	uint64_t own;         /* frames of ours that we heard */
	uint64_t sent, late, underruns, refused;
	uint64_t clipped; /* samples at full scale */
	double rx_gain_db;
	double device_hz; /* its sample rate */
	bool plain, timed, full_duplex, transmits;
};

/* NULL and a message in `error` if the device cannot be had so. The caller closes it. */
struct skw_frames *skw_frames_open(const struct skw_frames_config *c, char *error,
				   size_t error_len);
void skw_frames_close(struct skw_frames *f);

/* These mean what SoapySDR's calls on a frame stream do and return its codes: docs/frame-stream.md.
 * `time_ns` < 0: at once. */
int skw_frames_write(struct skw_frames *f, const void *bytes, size_t len, long long time_ns);
int skw_frames_read(struct skw_frames *f, void *bytes, size_t max, long long *time_ns,
		    long timeout_us);
/* 0: sent. SOAPY_SDR_TIMEOUT: nothing to tell. */
int skw_frames_status(struct skw_frames *f, uint32_t *tag, long long *time_ns);
/* Device time in nanoseconds. */
long long skw_frames_now(struct skw_frames *f);
/* Of a device that carries frames itself only what is known here. */
struct skw_frames_counts skw_frames_counts(const struct skw_frames *f);

#endif
