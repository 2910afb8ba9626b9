/* The command line of `skywave phy sweep`, its progress and what it prints. */
#include "cli/skw_cli_sweep.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/skw_cli_args.h"
#include "cli/skw_cli_mpi.h"
#include "cli/skw_cli_phy.h"
#include "cli/skw_cli_plot.h"
#include "wire/skw_frame.h"

static const char HELP[] =
    "usage: skywave phy sweep --engine E [OPTIONS]\n"
    "       mpirun -n RANKS skywave phy sweep --engine E [OPTIONS]\n"
    "\n"
    "Packet error rates in noise: frames through the engine's transmitter, a channel, and its\n"
    "receiver, on all cores, or on all ranks of an OpenMPI run. The same setup gives the same\n"
    "figures, however many work on it.\n"
    "\n"
    "  --engine E          rtl: the Verilated gates; soft: the radio in C\n"
    "  --rates LIST        6,9,12,18,24,36,48,54, or some of them [all]\n"
    "  --snr FROM:TO:STEP  signal to noise over the sampled band, dB [0:25:1]\n"
    "  --frames N          at each point [100]\n"
    "  --length N          PSDU bytes with FCS, 5..4095 [1000]\n"
    "  --seed N            another run of chance [1]\n"
    "  --cfo HZ            carrier offset in a 20 MHz channel [0]\n"
    "  --spread NS         RMS delay spread of echoes, an exponential profile, 0..500 [0]\n"
    "  --clock PPM         sampling clocks so far apart, -100..100 [0]\n"
    "  --phase-noise DBC   per Hz, 100 kHz off the carrier, -150..-50 [none]\n"
    "  --dc DBC            the mixer's constant, -100..0 [none]\n"
    "  --imbalance DB:DEG  of I and Q, to 6 dB and 30 degrees [0:0]\n"
    "  --results FILE      keep every result there; a sweep that was stopped goes on from it\n"
    "  --csv FILE          the table [standard output]\n"
    "  --png FILE          a picture of it, by gnuplot\n"
    "  --jobs N            processes [one a core]\n";

struct options {
	struct skw_cli_sweep sweep;
	const char *results, *csv, *png;
	unsigned jobs;
};

/* ---- Units
 * --------------------------------------------------------------------------------------- */

static unsigned point_lost(const struct skw_cli_sweep *s, const uint32_t *lost, unsigned point)
{
	unsigned blocks = skw_cli_sweep_blocks(s), sum = 0;

	for (unsigned k = 0; k < blocks; k++)
		sum += lost[point * blocks + k];
	return sum;
}

/* ---- Progress
 * ------------------------------------------------------------------------------------- */

struct progress {
	struct skw_cli_sweep_file *file;
	unsigned units, at_start;
	bool shown;
	double began, told;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void show(struct progress *p)
{
	double now = seconds(), share = (double)p->file->known / p->units;
	unsigned done = p->file->known - p->at_start, width = (unsigned)(share * 30);
	double left = done > 0 ? (now - p->began) * (p->units - p->file->known) / done : 0;

	if (!p->shown || (now - p->told < 0.2 && p->file->known < p->units))
		return;
	p->told = now;
	fprintf(stderr, "\r[%.*s%.*s] %3.0f %%  %u of %u  %u:%02u left \033[K", (int)width,
		"##############################", (int)(30 - width),
		"..............................", share * 100, p->file->known, p->units,
		(unsigned)left / 60, (unsigned)left % 60);
	if (p->file->known == p->units)
		fputc('\n', stderr);
}

static bool take(void *context, const struct skw_cli_sweep_result *r)
{
	struct progress *p = context;

	if (r->unit >= p->units || !skw_cli_sweep_file_add(p->file, r)) {
		skw_cli_phy_fail("--results", p->file->error);
		return false;
	}
	show(p);
	return true;
}

/* ---- What comes out
 * -------------------------------------------------------------------------------- */

static void print_table(FILE *out, const struct skw_cli_sweep *s, const uint32_t *lost)
{
	fputs("rate_mbps,snr_db,frames,lost,per\n", out);
	for (unsigned k = 0; k < s->rate_count * s->points; k++) {
		unsigned gone = point_lost(s, lost, k);

		fprintf(out, "%u,%.2f,%u,%u,%.6f\n", s->rates[k / s->points],
			(s->from_cdb + (int)(k % s->points) * s->step_cdb) / 100.0, s->frames, gone,
			(double)gone / s->frames);
	}
}

static int write_csv(const struct options *o, const uint32_t *lost)
{
	FILE *out = stdout;
	bool bad;

	if (o->csv == NULL) {
		print_table(out, &o->sweep, lost);
		return 0;
	}
	out = fopen(o->csv, "w");
	if (out == NULL)
		return skw_cli_phy_fail(o->csv, strerror(errno));
	print_table(out, &o->sweep, lost);
	bad = ferror(out) != 0;
	bad |= fclose(out) != 0;
	return bad ? skw_cli_phy_fail(o->csv, "cannot be written") : 0;
}

/* A point that lost nothing is drawn at half a frame: a logarithm has no place for 0. */
static int write_png(const struct options *o, const uint32_t *lost)
{
	const struct skw_cli_sweep *s = &o->sweep;
	struct skw_cli_plot p;

	if (!skw_cli_plot_open(&p, o->png, 1000, 640))
		return 1;
	fprintf(p.script,
		"set title 'Packet error rate, %s, %u bytes, %u frames a point'\n"
		"set xlabel 'signal to noise, dB'\nset ylabel 'frames lost'\nset logscale y\n"
		"set yrange [%g:1]\nset key outside\nplot 0.1 notitle lc rgb 'gray'",
		s->soft ? "radio in C" : "gates", s->length, s->frames, 0.4 / s->frames);
	for (unsigned k = 0; k < s->rate_count; k++)
		fprintf(p.script, ", '-' with linespoints title '%u Mb/s'", s->rates[k]);
	fputc('\n', p.script);
	for (unsigned k = 0; k < s->rate_count * s->points; k++) {
		unsigned gone = point_lost(s, lost, k);

		fprintf(p.script, "%.2f %g\n",
			(s->from_cdb + (int)(k % s->points) * s->step_cdb) / 100.0,
			gone > 0 ? (double)gone / s->frames : 0.5 / s->frames);
		if ((k + 1) % s->points == 0)
			fputs("e\n", p.script);
	}
	return skw_cli_plot_close(&p) ? 0 : 1;
}

/* ---- The command line
 * ------------------------------------------------------------------------------ */

static bool rates_of(struct skw_cli_sweep *s, const char *text)
{
	s->rate_count = 0;
	while (s->rate_count < 8) {
		char *end;
		unsigned long v = strtoul(text, &end, 10);

		if (*text < '0' || *text > '9' || v > 54 || !skw_frame_rate_valid((uint8_t)v))
			return false;
		for (unsigned k = 0; k < s->rate_count; k++)
			if (s->rates[k] == v)
				return false;
		s->rates[s->rate_count++] = (unsigned)v;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
	return false;
}

/* dB with up to two decimals, in hundredths; *end after it. */
static bool centi(int *out, const char *text, const char **end)
{
	char *after;
	double v = strtod(text, &after), scaled = rint(v * 100);

	*end = after;
	if (after == text || !(fabs(v) <= 100) || fabs(v * 100 - scaled) > 1e-6)
		return false;
	*out = (int)scaled;
	return true;
}

static bool snr_of(struct skw_cli_sweep *s, const char *text)
{
	int to;

	if (!centi(&s->from_cdb, text, &text) || *text++ != ':' || !centi(&to, text, &text) ||
	    *text++ != ':' || !centi(&s->step_cdb, text, &text) || *text != '\0')
		return false;
	if (s->step_cdb <= 0 || to < s->from_cdb)
		return false;
	s->points = (unsigned)((to - s->from_cdb) / s->step_cdb) + 1;
	return true;
}

static bool number(uint64_t *out, const char *text, const char *what, uint64_t least, uint64_t most,
		   uint64_t standard)
{
	*out = standard;
	return text == NULL || skw_cli_number(out, text, what, least, most);
}

static bool cfo_of(struct skw_cli_sweep *s, const char *text)
{
	char *end;
	long v = strtol(text, &end, 10);

	s->cfo_hz = (int)v;
	return *text != '\0' && *end == '\0' && labs(v) <= 1000000;
}

static bool clock_of(struct skw_cli_sweep *s, const char *text)
{
	char *end;
	long v = strtol(text, &end, 10);

	s->clock_ppm = (int)v;
	return *text != '\0' && *end == '\0' && labs(v) <= 100;
}

/* A level of so many dBc; none is none. */
static bool level_of(int *out, const char *text, double least, double most)
{
	char *end;
	double v;

	if (text == NULL)
		return true;
	v = strtod(text, &end);
	if (*text == '\0' || *end != '\0' || !(v >= least && v <= most))
		return false;
	*out = v < 0 ? (int)lrint(v * 100) : -1; /* 0 would be none */
	return true;
}

static bool imbalance_of(struct skw_cli_sweep *s, const char *text)
{
	return centi(&s->gain_cdb, text, &text) && *text++ == ':' &&
	       centi(&s->angle_cdeg, text, &text) && *text == '\0' && abs(s->gain_cdb) <= 600 &&
	       abs(s->angle_cdeg) <= 3000;
}

static int sweep_of(struct options *o, int argc, char **argv)
{
	const char *engine = NULL, *rates = "6,9,12,18,24,36,48,54", *snr = "0:25:1", *cfo = "0";
	const char *frames = NULL, *length = NULL, *seed = NULL, *spread = NULL, *jobs = NULL;
	const char *clock = "0", *phase = NULL, *dc = NULL, *imbalance = "0:0";
	const struct skw_cli_option options[] = {
		{ "--engine", &engine, NULL },
		{ "--rates", &rates, NULL },
		{ "--snr", &snr, NULL },
		{ "--frames", &frames, NULL },
		{ "--length", &length, NULL },
		{ "--seed", &seed, NULL },
		{ "--cfo", &cfo, NULL },
		{ "--spread", &spread, NULL },
		{ "--clock", &clock, NULL },
		{ "--phase-noise", &phase, NULL },
		{ "--dc", &dc, NULL },
		{ "--imbalance", &imbalance, NULL },
		{ "--results", &o->results, NULL },
		{ "--csv", &o->csv, NULL },
		{ "--png", &o->png, NULL },
		{ "--jobs", &jobs, NULL },
	};
	struct skw_cli_sweep *s = &o->sweep;
	uint64_t n[5];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int rest;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), NULL, 0,
			   &rest))
		return 2;
	if (engine == NULL || (strcmp(engine, "rtl") != 0 && strcmp(engine, "soft") != 0))
		return skw_cli_phy_wrong("--engine", "rtl or soft");
	s->soft = strcmp(engine, "soft") == 0;
	if (!rates_of(s, rates))
		return skw_cli_phy_wrong("--rates", "of 6,9,12,18,24,36,48,54, each once");
	if (!snr_of(s, snr))
		return skw_cli_phy_wrong("--snr", "FROM:TO:STEP in dB, such as 0:10:0.5");
	if (!cfo_of(s, cfo))
		return skw_cli_phy_wrong("--cfo", "-1000000 to 1000000 Hz");
	if (!clock_of(s, clock))
		return skw_cli_phy_wrong("--clock", "-100 to 100 ppm");
	if (!level_of(&s->phase_cdb, phase, -150, -50))
		return skw_cli_phy_wrong("--phase-noise", "-150 to -50 dBc per Hz");
	if (!level_of(&s->dc_cdb, dc, -100, 0))
		return skw_cli_phy_wrong("--dc", "-100 to 0 dBc");
	if (!imbalance_of(s, imbalance))
		return skw_cli_phy_wrong("--imbalance", "DB:DEGREES, to 6 dB and 30 degrees");
	if (!number(&n[0], frames, "--frames", 1, 1000000, 100) ||
	    !number(&n[1], length, "--length", 5, SKW_PSDU_MAX, 1000) ||
	    !number(&s->seed, seed, "--seed", 0, UINT64_MAX, 1) ||
	    !number(&n[2], spread, "--spread", 0, 500, 0) ||
	    !number(&n[3], jobs, "--jobs", 1, 1024, cores > 0 ? (uint64_t)cores : 1))
		return 2;
	s->frames = (unsigned)n[0];
	s->length = (unsigned)n[1];
	s->spread_ns = (unsigned)n[2];
	o->jobs = (unsigned)n[3];
	if ((uint64_t)s->points * s->rate_count * skw_cli_sweep_blocks(s) > SKW_CLI_SWEEP_UNITS_MAX)
		return skw_cli_phy_wrong("the sweep is too large", "fewer points or frames");
	return 0;
}

/* Rank 0 alone, which is all there is without MPI, has files and speaks. */
static int sweep(const struct options *o)
{
	bool first = skw_cli_mpi_rank() == 0;
	struct skw_cli_sweep_file file;
	struct progress p = { .file = &file, .units = skw_cli_sweep_units(&o->sweep) };
	int result = 1;

	if (!skw_cli_sweep_file_open(&file, first ? o->results : NULL, &o->sweep)) {
		skw_cli_phy_fail(o->results, file.error);
	} else {
		p.at_start = file.known;
		p.began = seconds();
		p.shown = first && isatty(STDERR_FILENO);
		if (first && file.known > 0)
			fprintf(stderr, "%s: %u of %u units known already\n", o->results,
				file.known, p.units);
		if (skw_cli_sweep_run(&o->sweep, file.lost, o->jobs, take, &p))
			result = first ? write_csv(o, file.lost) : 0;
		if (result == 0 && first && o->png != NULL)
			result = write_png(o, file.lost);
	}
	skw_cli_sweep_file_close(&file);
	return result;
}

int skw_cli_phy_sweep(int argc, char **argv)
{
	struct options o = { 0 };
	int result;

	for (int k = 1; k < argc; k++) {
		if (strcmp(argv[k], "--help") == 0) {
			fputs(HELP, stdout);
			return 0;
		}
	}
	result = sweep_of(&o, argc, argv);
	if (result != 0)
		return result;
	if (skw_cli_mpi_launched() && !skw_cli_mpi_start())
		return 1;
	result = sweep(&o);
	if (result != 0)
		skw_cli_mpi_abort(result); /* the others wait for results that do not come */
	skw_cli_mpi_stop();
	return result;
}
