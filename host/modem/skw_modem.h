/* skw_modem - the IEEE 802.11 OFDM radio (clause 17) in C, for a plain I/Q device.
 *
 *   frame --> skw_modem_send --> samples ))) antenna ((( samples --> push --> poll --> frame
 *
 * Does in floating point what rtl/tx and rtl/rx do in gates, a file for a stage. Samples are CF32,
 * full scale 1.0, at one sample per carrier spacing / 64: 20, 10 or 5 MS/s. No allocation after
 * `new`, no I/O, no clock: time is the device's sample count. One thread at a time per object.
 *
 * The receiver takes any level: full scale is only what its levels are told by. It believes
 * nothing: a value that is not a number counts as 0, huge ones are clipped,
 * and whatever it finds in noise ends at the frame's stated length or at the next preamble.
 */
#ifndef SKW_MODEM_H
#define SKW_MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/skw_frame.h"

struct skw_modem_iq {
	float i, q;
};

/* The longest frame on the air: 4095 octets at 6 Mb/s. */
#define SKW_MODEM_BURST_MAX 109681u

enum skw_modem_status {
	SKW_MODEM_OK,
	SKW_MODEM_BAD_FRAME, /* rate, length, seed or power out of range: the caller's fault */
	SKW_MODEM_NO_ROOM,   /* the caller's buffer is shorter than the burst */
};

/* ---- Transmitter -------------------------------------------------------------------------- */

struct skw_modem_tx;

/* NULL if memory is short. The caller frees it. */
struct skw_modem_tx *skw_modem_tx_new(void);
void skw_modem_tx_free(struct skw_modem_tx *tx);

/* Samples of a frame with a PSDU of `length` octets, the windowed last one included; 0 if no such
 * frame exists. */
size_t skw_modem_burst_len(uint8_t rate_mbps, uint16_t length);

/* The burst of a frame: `*n` samples of rms 0.225 at `power_cdb` 0, as the gates send it. `psdu`
 * holds f->length octets, or four less with f->append_fcs. A seed of 0 gives 93. */
enum skw_modem_status skw_modem_send(struct skw_modem_tx *tx, struct skw_modem_iq *out, size_t *n,
				     size_t max, const struct skw_frame_tx *f, const uint8_t *psdu);

/* ---- Receiver ----------------------------------------------------------------------------- */

struct skw_modem_rx;

/* Where frames went, from `new` on. */
struct skw_modem_counts {
	uint64_t samples;
	uint64_t repaired;   /* samples that were not numbers, or beyond 16384 times full scale */
	uint64_t gaps;       /* jumps of time in what was pushed */
	uint64_t detected;   /* periods of 16 samples that looked like short symbols */
	uint64_t synced;     /* of them followed by long symbols */
	uint64_t signal_bad; /* of them with a SIGNAL that is none */
	uint64_t foreign;    /* HT, VHT or HE frames, not told of */
	uint64_t overtaken;  /* frames given up since another preamble began inside */
	uint64_t frames;     /* delivered, */
	uint64_t fcs_bad;    /* of them with a wrong FCS */
};

/* `rate_hz` turns carrier offsets into Hz. NULL if memory is short. The caller frees it. */
struct skw_modem_rx *skw_modem_rx_new(double rate_hz);
void skw_modem_rx_free(struct skw_modem_rx *rx);

/* Takes up to `n` samples, the first of them at `time`; returns how many it took: less than n when
 * a frame waits for poll. A time that does not follow ends what was in work. */
size_t skw_modem_rx_push(struct skw_modem_rx *rx, const struct skw_modem_iq *in, size_t n,
			 uint64_t time);
/* The oldest frame; false if none waits. The PSDU stays until the next push. Frames with a wrong
 * FCS come too, f->fcs_ok tells. */
bool skw_modem_rx_poll(struct skw_modem_rx *rx, struct skw_frame_rx *f, const uint8_t **psdu);
/* True while a frame is in work: more samples may complete it. */
bool skw_modem_rx_busy(const struct skw_modem_rx *rx);
struct skw_modem_counts skw_modem_rx_counts(const struct skw_modem_rx *rx);

/* One symbol as the stages of the receiver saw it, for whoever looks: 64 carriers each, k at k
 * & 63.
 */
struct skw_modem_look {
	uint64_t time;            /* of the frame's first sample */
	unsigned symbol;          /* 0 is SIGNAL */
	unsigned bits;            /* a carrier */
	float phase, slope;       /* turned back: radians, radians a carrier */
	const float *y_re, *y_im; /* transformed */
	const float *h_re, *h_im; /* the channel */
	const float *z_re, *z_im; /* equalised; levels as sent have a mean square of 1 */
	const uint8_t *soft;      /* bit b of carrier k at [64 b + k & 63], 128 says nothing */
};

typedef void skw_modem_watch(void *context, const struct skw_modem_look *look);
/* `watch` is called inside push from now on; NULL: no longer. */
void skw_modem_rx_watch(struct skw_modem_rx *rx, skw_modem_watch *watch, void *context);

#endif
