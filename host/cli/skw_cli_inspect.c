/* skywave phy inspect - one frame of an I/Q file, stage by stage: what was transformed, the
 * channel, what was equalised, the soft bits, the octets; as CSV files and as a picture. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_args.h"
#include "cli/skw_cli_inspect.h"
#include "cli/skw_cli_phy.h"
#include "cli/skw_cli_phy_soft.h"
#include "cli/skw_cli_plot.h"
#include "cli/skw_cli_trace.h"

enum { SYMBOLS_MAX = SKW_CLI_INSPECT_SYMBOLS, TAIL_MAX = 262144, CARRIER = 26 };

static const char HELP[] =
    "usage: skywave phy inspect [OPTIONS] FILE\n"
    "\n"
    "Shows a frame of an I/Q file as the stages of a receiver see it.\n"
    "\n"
    "  --frame N          which one: 0 is the first that is found [0]\n"
    "  --png FILE         constellation, channel and phase track, by gnuplot\n"
    "  --csv PREFIX       PREFIX-detect.csv, -channel, -fft, -equalised, -soft, -octets\n"
    "  --engine E         soft: the radio in C; rtl: the gates (`make trace`) [soft]\n"
    "  --bandwidth MHZ    5, 10 or 20 [20]\n"
    "  --format F         " SKW_CLI_IQ_FORMATS
    ", little-endian [cf32]; of a file of SigMF its own\n"
    "  --sample-rate R    that of the file, in MS/s [SigMF's, or the bandwidth]\n"
    "  --offset MHZ       the channel's centre less the file's [0]\n";

static bool active(int k)
{
	return k != 0 && abs(k) <= CARRIER;
}

static bool pilot(int k)
{
	return abs(k) == 7 || abs(k) == 21;
}

static void note(void *context, const struct skw_modem_look *l)
{
	struct skw_cli_inspect_frame *f = context;
	struct skw_cli_inspect_symbol *s =
	    &f->symbol[l->symbol < SYMBOLS_MAX ? l->symbol : SYMBOLS_MAX - 1];

	f->symbols = l->symbol < SYMBOLS_MAX ? l->symbol + 1 : SYMBOLS_MAX;
	memcpy(f->h_re, l->h_re, sizeof(f->h_re));
	memcpy(f->h_im, l->h_im, sizeof(f->h_im));
	s->bits = l->bits;
	s->phase = l->phase;
	s->slope = l->slope;
	memcpy(s->y_re, l->y_re, sizeof(s->y_re));
	memcpy(s->y_im, l->y_im, sizeof(s->y_im));
	memcpy(s->z_re, l->z_re, sizeof(s->z_re));
	memcpy(s->z_im, l->z_im, sizeof(s->z_im));
	memcpy(s->soft, l->soft, l->bits * 64);
}

/* ---- Finding it
 * ----------------------------------------------------------------------------------- */

/* True when the frame asked for has come. */
static bool came(struct skw_cli_inspect_frame *f, uint64_t *found, struct skw_cli_soft *soft,
		 uint64_t number)
{
	const uint8_t *psdu;

	while (skw_cli_soft_next(soft, &f->rx, &psdu)) {
		memcpy(f->psdu, psdu, f->rx.length);
		if ((*found)++ == number)
			return true;
	}
	return false;
}

static int find_soft(struct skw_cli_inspect_frame *f, uint64_t *found,
		     const struct skw_cli_inspect *o)
{
	struct skw_modem_iq samples[SKW_CLI_SOFT_RUN];
	struct skw_cli_soft soft;
	struct skw_cli_recording in;
	bool done = false;
	int result = 0;
	size_t n;

	if (!skw_cli_recording_open(&in, o->file, &o->recording)) {
		result = skw_cli_phy_fail(o->file, in.error);
		skw_cli_recording_close(&in);
		return result;
	}
	if (!skw_cli_soft_open(&soft, (double)o->bandwidth * 1e6)) {
		skw_cli_recording_close(&in);
		return skw_cli_phy_fail("out of memory", "");
	}
	f->pilots = true;
	skw_modem_rx_watch(soft.rx, note, f);
	while (!done && (n = skw_cli_recording_read_float(&in, samples, SKW_CLI_SOFT_RUN)) > 0) {
		skw_cli_soft_feed(&soft, samples, n);
		done = came(f, found, &soft, o->frame);
	}
	for (n = 0; !done && n < TAIL_MAX && skw_modem_rx_busy(soft.rx); n += SKW_CLI_SOFT_RUN) {
		skw_cli_soft_feed(&soft, NULL, SKW_CLI_SOFT_RUN);
		done = came(f, found, &soft, o->frame);
	}
	if (in.error[0] != '\0')
		result = skw_cli_phy_fail(o->file, in.error);
	skw_cli_soft_close(&soft);
	skw_cli_recording_close(&in);
	return result;
}

static int find(struct skw_cli_inspect_frame *f, const struct skw_cli_inspect *o)
{
	uint64_t found = 0;
	int result = o->gates ? skw_cli_inspect_gates(f, &found, o) : find_soft(f, &found, o);

	if (result == 0 && found <= o->frame) {
		if (found == 0)
			fprintf(stderr, "skywave phy: %s: no frame found\n", o->file);
		else
			fprintf(stderr, "skywave phy: %s: no frame %llu: it has %llu, from 0 on\n",
				o->file, (unsigned long long)o->frame, (unsigned long long)found);
		result = 1;
	}
	return result;
}

/* ---- Tables
 * --------------------------------------------------------------------------------------- */

static void put_detect(FILE *out, const struct skw_cli_inspect_frame *f)
{
	fputs("time,rate_mbps,length,fcs_ok,rssi_db,snr_db,cfo_hz,symbols\n", out);
	fprintf(out, "%lld,%u,%u,%d,%.2f,%.2f,%ld,%u\n", (long long)(int64_t)f->rx.time,
		f->rx.rate_mbps, f->rx.length, f->rx.fcs_ok, f->rx.rssi_cdb / 100.0,
		f->rx.snr_cdb / 100.0, (long)f->rx.cfo_hz, f->symbols);
}

static void put_channel(FILE *out, const struct skw_cli_inspect_frame *f)
{
	fputs("carrier,re,im\n", out);
	for (int k = -CARRIER; k <= CARRIER; k++)
		if (active(k))
			fprintf(out, "%d,%.7g,%.7g\n", k, (double)f->h_re[k & 63],
				(double)f->h_im[k & 63]);
}

static void put_fft(FILE *out, const struct skw_cli_inspect_frame *f)
{
	fputs("symbol,carrier,re,im\n", out);
	for (unsigned n = 0; n < f->symbols; n++)
		for (int k = -CARRIER; k <= CARRIER; k++)
			if (active(k))
				fprintf(out, "%u,%d,%.7g,%.7g\n", n, k,
					(double)f->symbol[n].y_re[k & 63],
					(double)f->symbol[n].y_im[k & 63]);
}

static void put_equalised(FILE *out, const struct skw_cli_inspect_frame *f)
{
	fputs("symbol,carrier,re,im,phase,slope\n", out);
	for (unsigned n = 0; n < f->symbols; n++)
		for (int k = -CARRIER; k <= CARRIER; k++)
			if (active(k) && (f->pilots || !pilot(k)))
				fprintf(out, "%u,%d,%.7g,%.7g,%.7g,%.7g\n", n, k,
					(double)f->symbol[n].z_re[k & 63],
					(double)f->symbol[n].z_im[k & 63],
					(double)f->symbol[n].phase, (double)f->symbol[n].slope);
}

static void put_soft(FILE *out, const struct skw_cli_inspect_frame *f)
{
	fputs("symbol,carrier,bit,soft\n", out);
	for (unsigned n = 0; n < f->symbols; n++)
		for (int k = -CARRIER; k <= CARRIER; k++)
			for (unsigned b = 0; active(k) && !pilot(k) && b < f->symbol[n].bits; b++)
				fprintf(out, "%u,%d,%u,%d\n", n, k, b,
					f->symbol[n].soft[64 * b + (unsigned)(k & 63)] - 128);
}

static void put_octets(FILE *out, const struct skw_cli_inspect_frame *f)
{
	fputs("at,octet\n", out);
	for (unsigned n = 0; n < f->rx.length; n++)
		fprintf(out, "%u,%u\n", n, f->psdu[n]);
}

static int write_tables(const struct skw_cli_inspect_frame *f, const char *prefix)
{
	static const struct {
		const char *name;
		void (*put)(FILE *out, const struct skw_cli_inspect_frame *f);
	} TABLES[] = {
		{ "detect", put_detect }, { "channel", put_channel },
		{ "fft", put_fft },       { "equalised", put_equalised },
		{ "soft", put_soft },     { "octets", put_octets },
	};
	char path[4096];

	for (size_t k = 0; k < sizeof(TABLES) / sizeof(TABLES[0]); k++) {
		FILE *out;
		bool bad;

		if (snprintf(path, sizeof(path), "%s-%s.csv", prefix, TABLES[k].name) >=
		    (int)sizeof(path))
			return skw_cli_phy_fail(prefix, "the name is too long");
		out = fopen(path, "w");
		if (out == NULL)
			return skw_cli_phy_fail(path, strerror(errno));
		TABLES[k].put(out, f);
		bad = ferror(out) != 0;
		bad |= fclose(out) != 0;
		if (bad)
			return skw_cli_phy_fail(path, "cannot be written");
	}
	return 0;
}

/* ---- The picture
 * ---------------------------------------------------------------------------------- */

static float power(const struct skw_cli_inspect_frame *f, int k)
{
	return f->h_re[k & 63] * f->h_re[k & 63] + f->h_im[k & 63] * f->h_im[k & 63];
}

/* What was equalised is weighted by the channel's power: here it shall not be. */
static void plot_points(FILE *out, const struct skw_cli_inspect_frame *f)
{
	float mean = 0;

	for (int k = -CARRIER; k <= CARRIER; k++)
		mean += power(f, k) / (2 * CARRIER);
	for (unsigned n = 1; n < f->symbols; n++)
		for (int k = -CARRIER; k <= CARRIER; k++)
			if (active(k) && !pilot(k) && power(f, k) > 0)
				fprintf(out, "%.5g %.5g\n",
					(double)(f->symbol[n].z_re[k & 63] * mean / power(f, k)),
					(double)(f->symbol[n].z_im[k & 63] * mean / power(f, k)));
	fputs("e\n", out);
}

static void plot_channel(FILE *out, const struct skw_cli_inspect_frame *f, bool phase)
{
	for (int k = -CARRIER; k <= CARRIER; k++) {
		double re = (double)f->h_re[k & 63], im = (double)f->h_im[k & 63];

		if (active(k))
			fprintf(out, "%d %.5g\n", k,
				phase ? atan2(im, re) * 180 / M_PI
				      : 10 * log10(re * re + im * im + 1e-20));
	}
	fputs("e\n", out);
}

static void plot_track(FILE *out, const struct skw_cli_inspect_frame *f, bool slope)
{
	for (unsigned n = 0; n < f->symbols; n++)
		fprintf(out, "%u %.5g\n", n,
			(double)(slope ? f->symbol[n].slope * CARRIER : f->symbol[n].phase) * 180 /
			    M_PI);
	fputs("e\n", out);
}

static int write_png(const struct skw_cli_inspect_frame *f, const struct skw_cli_inspect *o)
{
	struct skw_cli_plot p;

	if (!skw_cli_plot_open(&p, o->png, 1500, 560))
		return 1;
	fprintf(
	    p.script,
	    "set multiplot layout 1,3 title 'frame %llu: %u Mb/s, %u bytes, FCS %s, SNR %.1f dB, "
	    "carrier offset %ld Hz'\n",
	    (unsigned long long)o->frame, f->rx.rate_mbps, f->rx.length,
	    f->rx.fcs_ok ? "good" : "bad", f->rx.snr_cdb / 100.0, (long)f->rx.cfo_hz);
	fputs("set title 'constellation'\nset size square\nset xrange [-2:2]\nset yrange [-2:2]\n"
	      "plot '-' with points pt 7 ps 0.3 notitle\n",
	      p.script);
	plot_points(p.script, f);
	fputs("set title 'channel'\nset size nosquare\nset autoscale\nset xlabel 'carrier'\n"
	      "set ylabel 'dB'\nset y2label 'degrees'\nset y2range [-180:180]\nset y2tics 90\n"
	      "set ytics nomirror\n"
	      "plot '-' with linespoints title 'level', '-' axes x1y2 with points title 'phase'\n",
	      p.script);
	plot_channel(p.script, f, false);
	plot_channel(p.script, f, true);
	fputs("set title 'phase track'\nunset y2label\nunset y2tics\nset xlabel 'symbol'\n"
	      "set ylabel 'degrees'\n"
	      "plot '-' with lines title 'phase', '-' with lines title 'of carrier 26 by the "
	      "slope'\n",
	      p.script);
	plot_track(p.script, f, false);
	plot_track(p.script, f, true);
	fputs("unset multiplot\n", p.script);
	return skw_cli_plot_close(&p) ? 0 : 1;
}

/* ---- The command line
 * ------------------------------------------------------------------------------ */

static int options_of(struct skw_cli_inspect *o, int argc, char **argv)
{
	const char *engine = "soft", *bandwidth = "20", *frame = "0";
	const char *format = NULL, *rate = NULL, *offset = NULL;
	const struct skw_cli_option options[] = {
		{ "--engine", &engine, NULL },    { "--bandwidth", &bandwidth, NULL },
		{ "--format", &format, NULL },    { "--frame", &frame, NULL },
		{ "--sample-rate", &rate, NULL }, { "--offset", &offset, NULL },
		{ "--png", &o->png, NULL },       { "--csv", &o->csv, NULL },
	};
	int rest;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), &o->file, 1,
			   &rest))
		return 2;
	o->gates = strcmp(engine, "rtl") == 0;
	if (!o->gates && strcmp(engine, "soft") != 0)
		return skw_cli_phy_wrong("--engine", "rtl or soft");
	if (!skw_cli_number(&o->bandwidth, bandwidth, "--bandwidth", 5, 20) ||
	    !skw_cli_number(&o->frame, frame, "--frame", 0, UINT64_MAX - 1))
		return 2;
	if (o->bandwidth != 5 && o->bandwidth != 10 && o->bandwidth != 20)
		return skw_cli_phy_wrong("--bandwidth", "5, 10 or 20");
	o->recording.channel_hz = (double)o->bandwidth * 1e6;
	if (!skw_cli_recording_options(&o->recording, "phy", format, rate, offset))
		return 2;
	if (o->file == NULL)
		return skw_cli_phy_wrong("inspect", "name an I/Q file");
	return 0;
}

int skw_cli_phy_inspect(int argc, char **argv)
{
	struct skw_cli_inspect o = { 0 };
	struct skw_cli_inspect_frame *f;
	int result;

	for (int k = 1; k < argc; k++) {
		if (strcmp(argv[k], "--help") == 0) {
			fputs(HELP, stdout);
			return 0;
		}
	}
	result = options_of(&o, argc, argv);
	if (result != 0)
		return result;
	if (o.gates && !skw_radio_traces())
		return skw_cli_trace_program(argc, argv);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return skw_cli_phy_fail("out of memory", "");
	result = find(f, &o);
	if (result == 0)
		put_detect(stdout, f);
	if (result == 0 && o.csv != NULL)
		result = write_tables(f, o.csv);
	if (result == 0 && o.png != NULL)
		result = write_png(f, &o);
	free(f);
	return result;
}
