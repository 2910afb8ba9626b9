/* skywave phy - the radio for people and for CI: PSDU to I/Q file and back, through the simulated
 * gates or through the radio in C. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/skw_cli.h"
#include "cli/skw_cli_args.h"
#include "cli/skw_cli_board.h"
#include "cli/skw_cli_iq.h"
#include "cli/skw_cli_phy.h"
#include "cli/skw_cli_phy_soft.h"
#include "cli/skw_cli_recording.h"
#include "cli/skw_cli_trace.h"

enum {
	RUN = 512,         /* samples at a time */
	SHORTEST = 480,    /* samples of the shortest frame: preambles, SIGNAL, one symbol */
	TAIL_MAX = 262144, /* samples of silence in which the receiver must have finished */
};

struct options {
	const char *file;
	const char *format, *sample_rate, *offset; /* as given, or NULL */
	struct skw_cli_recording_config recording; /* what they say */
	unsigned rate, bandwidth, seed;
	bool fcs, soft;
	const char *trace; /* of the gates' signals, while the sample clock is in [from, to) */
	uint64_t from, to;
};

static const char HELP[] =
    "usage: skywave phy encode --engine E --rate R [OPTIONS] --out FILE < PSDU\n"
    "       skywave phy decode --engine E [OPTIONS] FILE\n"
    "\n"
    "encode reads a PSDU (1..4095 bytes with its FCS) and writes the I/Q samples of its frame.\n"
    "decode prints a line of JSON for each frame in an I/Q file, and a summary on standard error.\n"
    "A FILE of - is standard output or input.\n"
    "\n"
    "  --engine E         rtl: the Verilated gates; soft: the radio in C\n"
    "  --rate R           6, 9, 12, 18, 24, 36, 48 or 54, in Mb/s of a 20 MHz channel\n"
    "  --bandwidth MHZ    5, 10 or 20 [20]: the sample rate; scales rate_mbps and cfo_hz of "
    "decode\n"
    "  --format F         " SKW_CLI_IQ_FORMATS
    ", little-endian [cf32]; of a file of SigMF its own\n"
    "  --sample-rate R    decode: that of the file, in MS/s [SigMF's, or the bandwidth]\n"
    "  --offset MHZ       decode: the channel's centre less the file's [0]\n"
    "  --fcs              encode: append the FCS to the PSDU given\n"
    "  --seed N           encode: scrambler seed, 1..127 [93, that of the standard's example]\n"
    "  --trace FILE       rtl: write the gates' signals, as FST if FILE ends in .fst, else VCD,\n"
    "                     and FILE.gtkw for GTKWave\n"
    "  --from S --to S    samples between which to write them [all: 10 KB a sample]\n"
    "\n"
    "       skywave phy sweep --help      packet error rates on all cores or MPI ranks\n"
    "       skywave phy inspect --help    a frame stage by stage: constellation, channel, phase\n";

int skw_cli_phy_fail(const char *what, const char *why)
{
	fprintf(stderr, "skywave phy: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
	return 1;
}

int skw_cli_phy_wrong(const char *what, const char *why)
{
	skw_cli_phy_fail(what, why);
	fputs("`skywave phy --help` tells more.\n", stderr);
	return 2;
}

/* ---- encode ------------------------------------------------------------------------------------
 */

static int encode_soft(const struct options *o, const uint8_t *psdu, size_t len)
{
	struct skw_frame_tx f = {
		.rate_mbps = (uint8_t)o->rate,
		.length = (uint16_t)(len + (o->fcs ? SKW_FCS_LEN : 0)),
		.append_fcs = o->fcs,
		.seed = (uint8_t)o->seed,
	};
	struct skw_iq *samples = calloc(SKW_CLI_BURST_MAX, sizeof(*samples));
	struct skw_cli_iq out;
	size_t n = samples != NULL ? skw_cli_soft_burst(samples, SKW_CLI_BURST_MAX, &f, psdu) : 0;
	int result = 0;

	if (n == 0)
		result = skw_cli_phy_fail("out of memory", "");
	else if (!skw_cli_iq_save(&out, o->file, o->recording.format, samples, n))
		result = skw_cli_phy_fail(o->file, out.error);
	else
		fprintf(stderr, "%zu samples at %u MS/s\n", n, o->bandwidth);
	free(samples);
	return result;
}

/* True if no trace was asked for. */
static bool trace_to(struct skw_cli_board *b, const struct options *o)
{
	return o->trace == NULL || skw_cli_trace_start(b->radio, o->trace, o->from, o->to);
}

/* The exit status, if the trace is not whole another than 0. */
static int end_trace(struct skw_cli_board *b, const struct options *o, int result)
{
	if (o->trace == NULL || b->radio == NULL || skw_radio_trace_stop(b->radio) || result != 0)
		return result;
	return skw_cli_phy_fail(o->trace, "the trace could not be written whole");
}

static int encode_rtl(const struct options *o, const uint8_t *psdu, size_t len)
{
	struct skw_hostlink_tx_frame f = {
		.rate_mbps = (uint8_t)o->rate,
		.length = (uint16_t)(len + (o->fcs ? SKW_FCS_LEN : 0)),
		.append_fcs = o->fcs,
		.seed = (uint8_t)o->seed,
		.amplitude = 0xFFFF,
	};
	struct skw_iq *samples = calloc(SKW_CLI_BURST_MAX, sizeof(*samples));
	struct skw_cli_board b = { 0 };
	struct skw_cli_iq out;
	int result = 0;
	size_t n;

	if (samples == NULL || !skw_cli_board_open(&b))
		result = skw_cli_phy_fail("out of memory", "");
	else if (!trace_to(&b, o))
		result = 1;
	else if (!skw_cli_board_burst(&b, samples, &n, &f, psdu, len))
		result = skw_cli_phy_fail("the radio did not send the frame", "");
	else if (!skw_cli_iq_save(&out, o->file, o->recording.format, samples, n))
		result = skw_cli_phy_fail(o->file, out.error);
	else
		fprintf(stderr, "%zu samples at %u MS/s\n", n, o->bandwidth);
	result = end_trace(&b, o, result);
	skw_cli_board_close(&b);
	free(samples);
	return result;
}

static int encode(const struct options *o)
{
	uint8_t psdu[SKW_PSDU_MAX + 1];
	size_t most = SKW_PSDU_MAX - (o->fcs ? SKW_FCS_LEN : 0), len;

	if (!skw_frame_rate_valid((uint8_t)o->rate))
		return skw_cli_phy_wrong("--rate", "6, 9, 12, 18, 24, 36, 48 or 54");
	if (o->file == NULL)
		return skw_cli_phy_wrong("--out FILE", "is missing");
	len = fread(psdu, 1, sizeof(psdu), stdin);
	if (ferror(stdin))
		return skw_cli_phy_fail("standard input", "cannot be read");
	if (len == 0)
		return skw_cli_phy_fail("the PSDU on standard input is empty", "");
	if (len > most)
		return skw_cli_phy_fail("the PSDU on standard input is too long",
					o->fcs ? "4091 bytes at most, the FCS follows"
					       : "4095 bytes at most");
	return o->soft ? encode_soft(o, psdu, len) : encode_rtl(o, psdu, len);
}

/* ---- decode ------------------------------------------------------------------------------------
 */

/* One of the two engines, and what came out of it. */
struct receiver {
	const struct options *o;
	struct skw_cli_board board;
	struct skw_cli_soft soft;
	unsigned long long frames, good;
};

static void print_frame(struct receiver *r, const struct skw_frame_rx *d, const uint8_t *psdu)
{
	printf("{\"time\":%lld,\"rate_mbps\":%g,\"length\":%u,\"fcs_ok\":%s,\"rssi_db\":%.2f,"
	       "\"snr_db\":%.2f,\"cfo_hz\":%ld,\"psdu\":\"",
	       (long long)(int64_t)d->time, d->rate_mbps * r->o->bandwidth / 20.0, d->length,
	       d->fcs_ok ? "true" : "false", d->rssi_cdb / 100.0, d->snr_cdb / 100.0,
	       (long)d->cfo_hz);
	for (unsigned i = 0; i < d->length; i++)
		printf("%02x", psdu[i]);
	printf("\"}\n");
	r->frames++;
	r->good += d->fcs_ok;
}

static void print_frames(struct receiver *r)
{
	struct skw_hostlink_rx_frame frame;
	struct skw_hostlink_packet packet;
	struct skw_frame_rx d;
	const uint8_t *psdu;

	while (r->o->soft && skw_cli_soft_next(&r->soft, &d, &psdu))
		print_frame(r, &d, psdu);
	while (!r->o->soft && skw_cli_board_hear(&r->board, &packet)) {
		if (!skw_hostlink_rx_frame_get(&frame, &packet))
			continue;
		d = skw_hostlink_frame_rx(&frame, r->o->bandwidth * 1e6);
		print_frame(r, &d, frame.psdu);
	}
}

/* Up to RUN samples of the file, or silence if `in` is NULL; how many. */
static size_t receive(struct receiver *r, struct skw_cli_recording *in)
{
	struct skw_modem_iq exact[RUN];
	struct skw_iq samples[RUN], sent[RUN];
	size_t n = RUN;

	if (r->o->soft) {
		n = in != NULL ? skw_cli_recording_read_float(in, exact, RUN) : RUN;
		skw_cli_soft_feed(&r->soft, in != NULL ? exact : NULL, n);
	} else {
		n = in != NULL ? skw_cli_recording_read(in, samples, RUN) : RUN;
		if (n > 0)
			skw_radio_run(r->board.radio, sent, in != NULL ? samples : NULL, n);
	}
	print_frames(r);
	return n;
}

static bool idle(const struct receiver *r)
{
	return r->o->soft ? !skw_modem_rx_busy(r->soft.rx) : skw_radio_idle(r->board.radio);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Constant memory: a stretch of samples goes in, what the radio found comes out. */
static int decode_samples(struct receiver *r, struct skw_cli_recording *in)
{
	const struct options *o = r->o;
	double began = seconds(), took;

	while (receive(r, in) > 0)
		;
	for (size_t n = 0; n < TAIL_MAX && !idle(r); n += RUN)
		receive(r, NULL);
	if (!o->soft)
		skw_radio_service(r->board.radio, SKW_CLI_SERVICE_CLOCKS);
	print_frames(r);
	took = seconds() - began;
	fflush(stdout);

	if (in->error[0] != '\0')
		return skw_cli_phy_fail(o->file, in->error);
	if (in->samples == 0)
		return skw_cli_phy_fail(o->file, "empty: no samples");
	if (in->samples < SHORTEST)
		return skw_cli_phy_fail(o->file, "too short: the shortest frame has 480 samples");
	if (in->clipped > 0)
		fprintf(stderr, "warning: %llu values beyond full scale were clipped\n",
			(unsigned long long)in->clipped);
	fprintf(
	    stderr, "%llu samples, %llu frames (%llu with a good FCS), %.0f samples per second%s\n",
	    (unsigned long long)in->samples, r->frames, r->good,
	    took > 0 ? (double)in->samples / took : 0, r->frames == 0 ? ": no frame found" : "");
	return 0;
}

static bool receiver_open(struct receiver *r, const struct options *o)
{
	memset(r, 0, sizeof(*r));
	r->o = o;
	if (o->soft ? skw_cli_soft_open(&r->soft, o->bandwidth * 1e6)
		    : skw_cli_board_open_rx(&r->board))
		return o->soft || trace_to(&r->board, o);
	skw_cli_phy_fail("out of memory", "");
	return false;
}

static void receiver_close(struct receiver *r)
{
	if (r->o->soft)
		skw_cli_soft_close(&r->soft);
	else
		skw_cli_board_close(&r->board);
}

static int decode(const struct options *o)
{
	struct skw_cli_recording in;
	struct receiver r;
	int result;

	if (o->file == NULL)
		return skw_cli_phy_wrong("decode", "name an I/Q file");
	if (!skw_cli_recording_open(&in, o->file, &o->recording)) {
		result = skw_cli_phy_fail(o->file, in.error);
	} else {
		result = receiver_open(&r, o) ? decode_samples(&r, &in) : 1;
		if (!o->soft)
			result = end_trace(&r.board, o, result);
		receiver_close(&r);
	}
	skw_cli_recording_close(&in);
	return result;
}

/* ---- the command line
 * ---------------------------------------------------------------------------- */

static bool whole(unsigned *out, const char *text, unsigned low, unsigned high)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (unsigned)v;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && v >= low && v <= high;
}

/* 0, or the exit status of what is wrong. */
static int take_option(struct options *o, int option, bool *engine, bool encoding)
{
	switch (option) {
	case 'e':
		o->soft = strcmp(optarg, "soft") == 0;
		*engine = o->soft || strcmp(optarg, "rtl") == 0;
		return *engine ? 0 : skw_cli_phy_wrong("--engine", "rtl or soft");
	case 'r':
		return encoding && whole(&o->rate, optarg, 6, 54)
			   ? 0
			   : skw_cli_phy_wrong("--rate",
					       "for encode: 6, 9, 12, 18, 24, 36, 48 or 54");
	case 'b':
		return whole(&o->bandwidth, optarg, 5, 20) &&
			       (o->bandwidth == 5 || o->bandwidth == 10 || o->bandwidth == 20)
			   ? 0
			   : skw_cli_phy_wrong("--bandwidth", "5, 10 or 20");
	case 'f':
		o->format = optarg;
		return 0;
	case 'R':
		o->sample_rate = optarg;
		return encoding ? skw_cli_phy_wrong("--sample-rate", "for decode") : 0;
	case 'O':
		o->offset = optarg;
		return encoding ? skw_cli_phy_wrong("--offset", "for decode") : 0;
	case 'F':
		o->fcs = encoding;
		return encoding ? 0 : skw_cli_phy_wrong("--fcs", "for encode");
	case 's':
		return encoding && whole(&o->seed, optarg, 1, 127)
			   ? 0
			   : skw_cli_phy_wrong("--seed", "for encode: 1 to 127");
	case 'o':
		o->file = optarg;
		return encoding ? 0 : skw_cli_phy_wrong("--out", "for encode");
	case 't':
		o->trace = optarg;
		return 0;
	case '1':
	case '2':
		return skw_cli_number(option == '1' ? &o->from : &o->to, optarg,
				      option == '1' ? "--from" : "--to", 0, UINT64_MAX)
			   ? 0
			   : 2;
	default:
		return skw_cli_phy_wrong("arguments", "unknown or incomplete option");
	}
}

int skw_cli_phy(int argc, char **argv)
{
	static const struct option options[] = {
		{ "engine", required_argument, NULL, 'e' },
		{ "rate", required_argument, NULL, 'r' },
		{ "bandwidth", required_argument, NULL, 'b' },
		{ "format", required_argument, NULL, 'f' },
		{ "sample-rate", required_argument, NULL, 'R' },
		{ "offset", required_argument, NULL, 'O' },
		{ "fcs", no_argument, NULL, 'F' },
		{ "seed", required_argument, NULL, 's' },
		{ "out", required_argument, NULL, 'o' },
		{ "trace", required_argument, NULL, 't' },
		{ "from", required_argument, NULL, '1' },
		{ "to", required_argument, NULL, '2' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .bandwidth = 20, .seed = 93, .to = UINT64_MAX };
	bool engine = false, encoding = argc > 1 && strcmp(argv[1], "encode") == 0;
	int option, bad = 0;

	if (argc > 1 && strcmp(argv[1], "sweep") == 0)
		return skw_cli_phy_sweep(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "inspect") == 0)
		return skw_cli_phy_inspect(argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		fputs(HELP, stdout);
		return 0;
	}
	if (!encoding && (argc < 2 || strcmp(argv[1], "decode") != 0))
		return skw_cli_phy_wrong(argc < 2 ? "phy" : argv[1],
					 "say encode, decode, sweep or inspect");
	optind = 1;
	while (bad == 0 && (option = getopt_long(argc - 1, argv + 1, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(HELP, stdout);
			return 0;
		}
		if (option != 'j') /* JSON is what decode prints anyway */
			bad = take_option(&o, option, &engine, encoding);
	}
	if (bad != 0)
		return bad;
	o.recording.channel_hz = o.bandwidth * 1e6;
	if (!skw_cli_recording_options(&o.recording, "phy", o.format, o.sample_rate, o.offset))
		return 2;
	if (!engine)
		return skw_cli_phy_wrong("--engine rtl or soft", "is missing");
	if (!encoding && optind < argc - 1)
		o.file = argv[1 + optind++];
	if (optind < argc - 1)
		return skw_cli_phy_wrong(argv[1 + optind], "unexpected");
	if (o.trace != NULL ? o.soft || o.from >= o.to : o.from > 0 || o.to < UINT64_MAX)
		return skw_cli_phy_wrong("--trace", "for --engine rtl, with --from before --to");
	if (o.trace != NULL && !skw_radio_traces())
		return skw_cli_trace_program(argc - 1, argv + 1);
	return encoding ? encode(&o) : decode(&o);
}
