/* skw_cli_iq - files of I/Q samples, little-endian:
 *
 *   cf32   float I, Q, full scale 1.0
 *   cs16   int16 I, Q
 *   cs8    int8 I, Q (HackRF)
 *   cu8    uint8 I, Q around 127.5 (RTL-SDR)
 *
 * A reader is strict: a file of odd length or with something that is not a number is an error,
 * which `error` words for people. Pipes work as well as files.
 */
#ifndef SKW_CLI_IQ_H
#define SKW_CLI_IQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "modem/skw_modem.h"
#include "radio/skw_radio.h"

enum skw_cli_iq_format { SKW_CLI_CF32, SKW_CLI_CS16, SKW_CLI_CS8, SKW_CLI_CU8 };
#define SKW_CLI_IQ_FORMATS "cf32, cs16, cs8 or cu8"

struct skw_cli_iq {
	FILE *file;
	enum skw_cli_iq_format format;
	uint64_t samples; /* read or written so far */
	char error[160];  /* empty: none */
};

/* One of SKW_CLI_IQ_FORMATS; false for anything else. */
bool skw_cli_iq_format_named(enum skw_cli_iq_format *format, const char *name);
/* Opens for reading, "-" for standard input; false with `error`. */
bool skw_cli_iq_open(struct skw_cli_iq *f, const char *path, enum skw_cli_iq_format format);
/* Up to `max` samples as they are, whatever their level; 0 at the end or with `error` set. */
size_t skw_cli_iq_read_float(struct skw_cli_iq *f, struct skw_modem_iq *samples, size_t max);
/* Rounds to 16 bits; returns how many values were clipped. */
unsigned skw_cli_iq_round(struct skw_iq *out, const struct skw_modem_iq *in, size_t n);
void skw_cli_iq_close(struct skw_cli_iq *f);
/* Writes a whole file; false with `error`. */
bool skw_cli_iq_save(struct skw_cli_iq *f, const char *path, enum skw_cli_iq_format format,
		     const struct skw_iq *samples, size_t n);

#endif
