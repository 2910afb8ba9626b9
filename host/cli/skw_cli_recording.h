/* skw_cli_recording - a recording of some band, as the samples of one channel in it.
 *
 *   file --> [ take its constant off, turn the channel to the middle ] --> [ resample ] --> samples
 *
 * The file is plain I/Q (skw_cli_iq), or a SigMF recording, whose metadata tell format, rate and
 * centre: NAME.sigmf-meta beside NAME.sigmf-data, either of which may be named. Memory is constant,
 * whatever the file's size; sample 0 is the same instant in the file and in the channel.
 */
#ifndef SKW_CLI_RECORDING_H
#define SKW_CLI_RECORDING_H

#include "cli/skw_cli_iq.h"
#include "plain/skw_plain_rate.h"

struct skw_cli_recording_config {
	enum skw_cli_iq_format format; /* SigMF tells it itself */
	double channel_hz;             /* the channel's width and sample rate */
	double rate_hz;                /* the file's sample rate; 0: SigMF's, or the channel's */
	double offset_hz;              /* the channel's centre less the file's */
	double frequency_hz; /* the channel's centre, for SigMF with no offset_hz; 0: its own */
};

struct skw_cli_recording {
	struct skw_cli_iq in;
	double frequency_hz; /* of the channel; 0: not known */
	uint64_t samples;    /* of the channel, read so far */
	uint64_t clipped;    /* of those rounded, beyond full scale */
	char error[200];     /* empty: none */
	struct skw_resampler *down;
	double sum_re, sum_im, weight, quietest; /* of the file's constant */
	double turn, at; /* a sample of the file; of the next one, in turns */
	size_t skip;     /* samples that the filter puts before the first */
	size_t flush;    /* samples of nothing that bring out the last */
	struct skw_modem_iq *out;
	size_t have, taken;
};

/* What --format, --sample-rate (MS/s) and --offset (MHz) say; NULL: not given. False with a line on
 * standard error. */
bool skw_cli_recording_options(struct skw_cli_recording_config *c, const char *command,
			       const char *format, const char *rate, const char *offset);
/* "-" is standard input. False with `error`. To be closed in either case. */
bool skw_cli_recording_open(struct skw_cli_recording *r, const char *path,
			    const struct skw_cli_recording_config *c);
/* Up to `max` samples; 0 at the end or with `error` set. */
size_t skw_cli_recording_read_float(struct skw_cli_recording *r, struct skw_modem_iq *samples,
				    size_t max);
/* The same rounded to 16 bits and clipped. */
size_t skw_cli_recording_read(struct skw_cli_recording *r, struct skw_iq *samples, size_t max);
void skw_cli_recording_close(struct skw_cli_recording *r);

#endif
