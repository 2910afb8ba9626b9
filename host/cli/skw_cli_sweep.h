/* skw_cli_sweep - `skywave phy sweep`: packet error rates over rates and signal-to-noise ratios.
 *
 *   setup --> units --> [ workers: processes of this machine, or MPI ranks ] --> results file
 *                                                                            --> CSV, PNG
 *
 * A unit is a few frames of one rate at one ratio. What is lost of it follows from the setup's seed
 * and the unit's own place (rate, ratio, block) alone: it does not matter who simulates it, when,
 * and beside which others. So results of any number of workers are the same to the digit, and a
 * sweep that was stopped goes on where it was.
 */
#ifndef SKW_CLI_SWEEP_H
#define SKW_CLI_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKW_CLI_SWEEP_UNIT = 10, /* frames */ SKW_CLI_SWEEP_UNITS_MAX = 1 << 22 };

struct skw_cli_sweep {
	bool soft; /* the radio in C, else the gates */
	unsigned rates[8], rate_count;
	int from_cdb, step_cdb; /* signal to noise over the sampled band, 1/100 dB */
	unsigned points;
	unsigned frames, length; /* at a point; PSDU bytes with FCS */
	uint64_t seed;
	int cfo_hz; /* of a 20 MHz channel */
	unsigned
	    spread_ns; /* RMS delay spread of an exponential profile, Rayleigh taps; 0: one path */
	/* 0: none. */
	int clock_ppm;            /* the receiver's sampling clock is so much slower */
	int phase_cdb;            /* phase noise 100 kHz off the carrier, 1/100 dBc/Hz */
	int dc_cdb;               /* the mixer's constant, 1/100 dBc */
	int gain_cdb, angle_cdeg; /* imbalance of I and Q */
};

struct skw_cli_sweep_unit {
	unsigned rate; /* Mb/s */
	int snr_cdb;
	unsigned block, frames;
};

/* What one unit gave; also the record that workers hand over. */
struct skw_cli_sweep_result {
	uint32_t unit, lost;
};

unsigned skw_cli_sweep_blocks(const struct skw_cli_sweep *s);
unsigned skw_cli_sweep_units(const struct skw_cli_sweep *s);
struct skw_cli_sweep_unit skw_cli_sweep_unit(const struct skw_cli_sweep *s, unsigned unit);

/* ---- Simulating (skw_cli_sweep_bench.c) ---------------------------------------------------- */

struct skw_cli_bench;

/* NULL if memory is short. */
struct skw_cli_bench *skw_cli_bench_new(const struct skw_cli_sweep *s);
void skw_cli_bench_free(struct skw_cli_bench *b);
/* Sends and receives the unit's frames; how many did not come back whole. UINT32_MAX: memory is
 * short, or the radio does not work. */
uint32_t skw_cli_bench_run(struct skw_cli_bench *b, const struct skw_cli_sweep_unit *u);

/* ---- The results file (skw_cli_sweep_file.c) ------------------------------------------------ */

/* lost[unit]: frames, or UINT32_MAX where not yet known. */
struct skw_cli_sweep_file {
	int fd;
	uint32_t *lost;
	unsigned known;
	char error[256]; /* empty: none */
};

/* Opens or begins the file at `path`, or none with NULL, and takes what it knows. False with
 * `error`: damaged, of another setup, in use. Close it in any case. */
bool skw_cli_sweep_file_open(struct skw_cli_sweep_file *f, const char *path,
			     const struct skw_cli_sweep *s);
/* Adds a line at once; what the file knows already is passed over. */
bool skw_cli_sweep_file_add(struct skw_cli_sweep_file *f, const struct skw_cli_sweep_result *r);
void skw_cli_sweep_file_close(struct skw_cli_sweep_file *f);

/* ---- The workers (skw_cli_sweep_run.c) ------------------------------------------------------- */

typedef bool skw_cli_sweep_take(void *context, const struct skw_cli_sweep_result *r);

/* Simulates what `lost` does not know, in `jobs` processes; `take` gets each result, in any order.
 * False with a line on standard error. */
bool skw_cli_sweep_run(const struct skw_cli_sweep *s, const uint32_t *lost, unsigned jobs,
		       skw_cli_sweep_take *take, void *context);

#endif
