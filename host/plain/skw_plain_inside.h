/* skw_plain_inside - what the files of skw_plain share. */
#ifndef SKW_PLAIN_INSIDE_H
#define SKW_PLAIN_INSIDE_H

#include "plain/skw_plain.h"
#include "plain/skw_plain_gain.h"
#include "plain/skw_plain_rate.h"

enum {
	SKW_PLAIN_READ = 4096,    /* samples of one readStream at most */
	SKW_PLAIN_QUEUE = 16,     /* frames that wait; a power of two */
	SKW_PLAIN_REPORTS = 32,   /* what became of frames, until asked; a power of two */
	SKW_PLAIN_COARSE_MS = 20, /* coarse: a burst later than that is late */
};

/* Samples of a stream: CF32, or CS16 with its full scale. */
struct skw_plain_format {
	bool cs16;
	float full;
};

/* A frame from write to status. */
struct skw_plain_frame {
	struct skw_frame_tx f;
	size_t len;                 /* of psdu */
	long long time_ns;          /* < 0: at once */
	long long start_ns, end_ns; /* of the burst, with what the filter adds before */
	bool decided;               /* bad news came; `verdict` tells which */
	int verdict;
	uint8_t psdu[SKW_PSDU_MAX];
};

struct skw_plain_report {
	uint32_t tag;
	int code;
	long long time_ns;
};

struct skw_plain {
	SoapySDRDevice *device;
	SoapySDRStream *rx_stream, *tx_stream;
	struct skw_plain_args args;
	struct skw_plain_format rx_format, tx_format;
	bool timed, full_duplex, transmits, reports; /* what the driver can do */
	double channel_hz, rx_hz, tx_hz;
	double heard_hz; /* the channel's rate as the resampler makes it of rx_hz */
	struct skw_frames_counts counts;
	skw_frames_tap *tap;
	void *tap_arg;

	/* Time of sample number n of the device is anchor_ns + n / rx_hz; the channel's samples are
	 * numbered from there too, by the ratio. */
	long long anchor_ns, utc_ns; /* utc_ns: host's UTC less its monotonic clock, at opening */
	uint64_t samples;            /* of the device, since the anchor */
	uint64_t channel;            /* of the channel, with the modem: it counts anchors too */
	uint64_t channel_anchor;
	bool anchored, listening, lost;

	struct skw_modem_rx *modem;
	struct skw_resampler *down; /* NULL: the rates are the same */
	struct skw_plain_gain gain;
	bool agc;
	long long failing_ns; /* host time since which every read fails, or 0 */
	bool restarted;
	struct skw_modem_iq *heard; /* at the channel's rate, not yet with the modem */
	size_t heard_n, heard_at;
	struct skw_modem_iq *read; /* SKW_PLAIN_READ samples of the device */
	int16_t *raw;              /* as many, as CS16 */

	struct skw_modem_tx *modulator;
	struct skw_resampler *up;
	/* Frames [done, flying) are on their way, [flying, queued) wait; those before `done` are
	 * remembered, to know them when we hear them. */
	struct skw_plain_frame queue[SKW_PLAIN_QUEUE];
	unsigned done, flying, queued;
	struct skw_plain_report report[SKW_PLAIN_REPORTS];
	unsigned reported, told;
	struct skw_modem_iq *burst, *sent; /* at the channel's and the device's rate */
	size_t burst_max, sent_n, sent_at, mtu;
	bool writing, sending; /* a burst is half written; the transmitter is on */
	long long stuck_ns;    /* host time at which a half written burst is given up */
	long long turn_ns;     /* half duplex: host time at which the receiver comes back */
};

long long skw_plain_host_ns(void);
/* Samples of the device between floats and its format. `scratch` of 2 n values. */
int skw_plain_get(struct skw_plain *p, struct skw_modem_iq *out, size_t max, int *flags,
		  long long *time_ns, long timeout_us);
int skw_plain_put(struct skw_plain *p, const struct skw_modem_iq *in, size_t n, int flags,
		  long long time_ns);
/* Receiver on and off. */
bool skw_plain_listen(struct skw_plain *p, bool on);
/* Moves frames towards the antenna as far as the device takes them now. */
void skw_plain_pump(struct skw_plain *p);
/* True if these bytes are a frame of ours. */
bool skw_plain_is_own(const struct skw_plain *p, const uint8_t *psdu, size_t len);

#endif
