/* skw_cli_inspect - a frame of an I/Q file as the stages of a receiver saw it. */
#ifndef SKW_CLI_INSPECT_H
#define SKW_CLI_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/skw_cli_recording.h"
#include "wire/skw_frame.h"

enum { SKW_CLI_INSPECT_SYMBOLS = 1368 }; /* of 4095 octets at 6 Mb/s, and SIGNAL */

/* Carrier k, -26..26, stands at [k & 63]; levels as sent have a mean square of 1. */
struct skw_cli_inspect_symbol {
	unsigned bits;            /* a carrier */
	float phase, slope;       /* turned back: radians, radians a carrier */
	float y_re[64], y_im[64]; /* transformed */
	float z_re[64], z_im[64]; /* equalised, times the channel's power */
	uint8_t soft[6 * 64];     /* bit b at [64 b + k & 63]; 128 says nothing */
};

struct skw_cli_inspect_frame {
	struct skw_frame_rx rx;
	uint8_t psdu[SKW_PSDU_MAX];
	unsigned symbols; /* SIGNAL is the first */
	bool pilots;      /* the equalised ones are told */
	float h_re[64], h_im[64];
	struct skw_cli_inspect_symbol symbol[SKW_CLI_INSPECT_SYMBOLS];
};

struct skw_cli_inspect {
	const char *file, *png, *csv;
	struct skw_cli_recording_config recording;
	uint64_t frame, bandwidth; /* number, from 0; MHz */
	bool gates;
};

/* The frame asked for, from the gates: bin/skywave-trace only. `found`: how many are in the file,
 * up to that one. The exit status, with a line on standard error if the file is wrong. */
int skw_cli_inspect_gates(struct skw_cli_inspect_frame *f, uint64_t *found,
			  const struct skw_cli_inspect *o);

#endif
