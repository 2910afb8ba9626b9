/* skywave monitor - what is on a channel: frames from any SoapySDR device or an I/Q file, as a
 * table, as JSON, as a capture for Wireshark; the spectrum as a waterfall. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <SoapySDR/Errors.h>

#include "cli/skw_cli.h"
#include "cli/skw_cli_args.h"
#include "cli/skw_cli_pcap.h"
#include "cli/skw_cli_recording.h"
#include "cli/skw_cli_waterfall.h"
#include "plain/skw_frames.h"

enum { RUN = 512, FLUSH = 4096 };

static const char HELP[] =
    "usage: skywave monitor --device ARGS [OPTIONS]\n"
    "       skywave monitor FILE [OPTIONS]\n"
    "\n"
    "Prints the 802.11 OFDM frames on a channel, until Ctrl-C or the file's end. ARGS are\n"
    "SoapySDR's, as in driver=lime; a FILE of - is standard input.\n"
    "\n"
    "  --bandwidth MHZ    5, 10 or 20 [20]\n"
    "  --frequency MHZ    the channel's centre [5890; of a SigMF file its own]\n"
    "  --gain DB          receive gain of a device; without it the gain follows the signals\n"
    "  --format F         of a file: " SKW_CLI_IQ_FORMATS
    ", little-endian [cf32]; SigMF tells its own\n"
    "  --sample-rate R    of a file, in MS/s [SigMF's, or the bandwidth]\n"
    "  --offset MHZ       the channel's centre less the file's [0, or what --frequency says of "
    "SigMF]\n"
    "  --pcap OUT         write a capture with radiotap, for Wireshark\n"
    "  --full-scale DBM   what 0 dBFS is at the antenna, for the capture's signal levels [0]\n"
    "  --waterfall        the spectrum too, ten lines a second of the channel's time\n"
    "  --count N          end after N frames\n"
    "  --seconds S        end after S seconds of the device's or the file's time\n"
    "  --json             a line of JSON for each frame\n";

struct monitor {
	struct skw_cli_pcap pcap;
	struct skw_cli_waterfall *waterfall;
	bool json, device;
	unsigned bandwidth;
	uint64_t count, frames, good;
	double seconds;
	long long first_ns;
	const char *capture; /* its name, or NULL */
	const char *failed;  /* why it cannot be written */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "skywave monitor: %s: %s\n", what, why);
	return 1;
}

/* ---- a frame --------------------------------------------------------------------------------- */

static const char *kind(const uint8_t *psdu, unsigned length)
{
	static const char *const management[16] = {
		"assoc-req", "assoc-resp", "reassoc-req", "reassoc-resp", "probe-req", "probe-resp",
		"timing",    "mgmt",       "beacon",      "atim",         "disassoc",  "auth",
		"deauth",    "action",     "action",      "mgmt",
	};
	static const char *const control[16] = {
		"ctrl",     "ctrl",    "trigger",       "tack",      "beamform", "ndp",
		"ctrl-ext", "wrapper", "block-ack-req", "block-ack", "ps-poll",  "rts",
		"cts",      "ack",     "cf-end",        "cf-end",
	};
	unsigned type = length > 0 ? psdu[0] >> 2 & 3 : 3, sub = length > 0 ? psdu[0] >> 4 : 0;

	if (length < 14 || (psdu[0] & 3) != 0)
		return "?";
	return type == 0 ? management[sub] : type == 1 ? control[sub] : type == 2 ? "data" : "ext";
}

/* Address 1 or 2, or "-". */
static void address(char out[18], const uint8_t *psdu, unsigned length, unsigned number)
{
	const uint8_t *a = psdu + (number == 1 ? 4 : 10);

	if (length < (number == 1 ? 14U : 20U))
		snprintf(out, 18, "-");
	else
		snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4],
			 a[5]);
}

static void print_frame(const struct monitor *m, const struct skw_frame_rx *f, const uint8_t *psdu,
			long long time_ns)
{
	double mbps = f->rate_mbps * m->bandwidth / 20.0;
	char to[18], from[18];

	if (m->json) {
		printf("{\"time_ns\":%lld,\"rate_mbps\":%g,\"length\":%u,\"fcs_ok\":%s,"
		       "\"rssi_db\":%.2f,\"snr_db\":%.2f,\"cfo_hz\":%ld,\"psdu\":\"",
		       time_ns, mbps, f->length, f->fcs_ok ? "true" : "false", f->rssi_cdb / 100.0,
		       f->snr_cdb / 100.0, (long)f->cfo_hz);
		for (unsigned i = 0; i < f->length; i++)
			printf("%02x", psdu[i]);
		printf("\"}\n");
		return;
	}
	address(to, psdu, f->length, 1);
	address(from, psdu, f->length, 2);
	if (m->frames == 1)
		printf("      seconds   Mb/s bytes FCS   dBFS  SNR dB  CFO Hz  %-13s %-17s %s\n",
		       "kind", "from", "to");
	printf("%13.6f %6g %5u %s %6.1f %7.1f %7ld  %-13s %-17s %s\n",
	       (double)(time_ns - m->first_ns) * 1e-9, mbps, f->length, f->fcs_ok ? "ok " : "BAD",
	       f->rssi_cdb / 100.0, f->snr_cdb / 100.0, (long)f->cfo_hz,
	       f->fcs_ok ? kind(psdu, f->length) : "?", f->fcs_ok ? from : "-",
	       f->fcs_ok ? to : "-");
}

static void frame(struct monitor *m, const struct skw_frame_rx *f, const uint8_t *psdu,
		  long long time_ns)
{
	m->frames++;
	m->good += f->fcs_ok;
	print_frame(m, f, psdu, time_ns);
	if (m->device)
		fflush(stdout);
	if (m->pcap.file != NULL && !skw_cli_pcap_write(&m->pcap, f, psdu, time_ns))
		m->failed = strerror(errno);
}

static bool ended(const struct monitor *m, long long now_ns)
{
	return stopped != 0 || m->failed != NULL || ferror(stdout) != 0 ||
	       (m->count > 0 && m->frames >= m->count) ||
	       (m->seconds > 0 && (double)(now_ns - m->first_ns) > m->seconds * 1e9);
}

/* ---- where samples come from ----------------------------------------------------------------- */

/* Once there is something to capture: what is in the file is not lost to a wrong name. */
static void open_capture(struct monitor *m)
{
	if (m->capture != NULL && !skw_cli_pcap_open(&m->pcap, m->capture))
		m->failed = strerror(errno);
}

static void tap(void *arg, const struct skw_modem_iq *samples, size_t n)
{
	struct monitor *m = arg;

	skw_cli_waterfall_feed(m->waterfall, samples, n);
}

static int watch_device(struct monitor *m, const struct skw_frames_config *c)
{
	uint8_t bytes[SKW_FRAME_RX_DESC + SKW_PSDU_MAX];
	struct skw_frames_counts counts;
	char error[320] = "";
	struct skw_frames *f = skw_frames_open(c, error, sizeof(error));
	struct skw_frame_rx rx;
	long long time_ns = 0;
	int n = 0;

	if (f == NULL)
		return fail("device", error);
	m->first_ns = skw_frames_now(f);
	open_capture(m);
	while (!ended(m, skw_frames_now(f))) {
		n = skw_frames_read(f, bytes, sizeof(bytes), &time_ns, 100000);
		if (n == SOAPY_SDR_TIMEOUT || n == SOAPY_SDR_OVERFLOW)
			continue;
		if (n < 0)
			break;
		if (n >= (int)SKW_FRAME_RX_DESC && skw_frame_rx_get(&rx, bytes) &&
		    (size_t)n == SKW_FRAME_RX_DESC + rx.length)
			frame(m, &rx, bytes + SKW_FRAME_RX_DESC, time_ns);
	}
	counts = skw_frames_counts(f);
	skw_frames_close(f);
	fprintf(stderr, "%llu frames (%llu with a good FCS)", (unsigned long long)m->frames,
		(unsigned long long)m->good);
	if (counts.plain)
		fprintf(stderr, "; %g MS/s, gain %.0f dB, %llu times samples were lost",
			counts.device_hz / 1e6, counts.rx_gain_db,
			(unsigned long long)counts.overflows);
	fputc('\n', stderr);
	return n < 0 && n != SOAPY_SDR_TIMEOUT && n != SOAPY_SDR_OVERFLOW
		   ? fail("the device is gone", SoapySDR_errToStr(n))
		   : 0;
}

static void hear(struct monitor *m, struct skw_modem_rx *rx, const struct skw_modem_iq *in,
		 size_t n, uint64_t time)
{
	const double sample_ns = 1000.0 / m->bandwidth;
	struct skw_frame_rx f;
	const uint8_t *psdu;

	for (size_t at = 0; at < n;) {
		at += skw_modem_rx_push(rx, in + at, n - at, time + at);
		while (skw_modem_rx_poll(rx, &f, &psdu))
			frame(m, &f, psdu, llrint((double)(int64_t)f.time * sample_ns));
	}
}

static int watch_file(struct monitor *m, const char *path, const struct skw_cli_recording_config *c)
{
	static const struct skw_modem_iq silence[RUN];
	struct skw_modem_rx *rx = skw_modem_rx_new(m->bandwidth * 1e6);
	struct skw_modem_iq samples[RUN];
	struct skw_cli_recording in;
	int result = 0;
	size_t n;

	if (rx == NULL)
		return fail(path, "out of memory");
	if (!skw_cli_recording_open(&in, path, c)) {
		result = fail(path, in.error);
	} else {
		if (in.frequency_hz > 0)
			m->pcap.frequency_hz = in.frequency_hz;
		open_capture(m);
		while (!ended(m, llrint((double)in.samples * 1000.0 / m->bandwidth)) &&
		       (n = skw_cli_recording_read_float(&in, samples, RUN)) > 0) {
			hear(m, rx, samples, n, in.samples - n);
			if (m->waterfall != NULL)
				skw_cli_waterfall_feed(m->waterfall, samples, n);
		}
		for (n = 0; n < FLUSH && skw_modem_rx_busy(rx); n += RUN)
			hear(m, rx, silence, RUN, in.samples + n);
		if (in.error[0] != '\0')
			result = fail(path, in.error);
		else if (in.samples == 0 && m->failed == NULL)
			result = fail(path, "empty: no samples");
		else
			fprintf(stderr, "%llu samples, %llu frames (%llu with a good FCS)\n",
				(unsigned long long)in.samples, (unsigned long long)m->frames,
				(unsigned long long)m->good);
	}
	skw_cli_recording_close(&in);
	skw_modem_rx_free(rx);
	return result;
}

/* ---- the command line ------------------------------------------------------------------------ */

static bool real(double *out, const char *text, const char *what, double least, double most)
{
	char *end;

	if (text == NULL)
		return true;
	*out = strtod(text, &end);
	if (end != text && *end == '\0' && *out >= least && *out <= most)
		return true;
	fprintf(stderr, "skywave monitor: %s must be a number from %g to %g\n", what, least, most);
	return false;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Runs with the options read; what is open is closed. */
static int monitor(struct monitor *m, struct skw_frames_config *c, const char *file,
		   const char *pcap, bool waterfall,
		   const struct skw_cli_recording_config *recording)
{
	int result;

	if (waterfall) {
		m->waterfall = skw_cli_waterfall_new((size_t)(m->bandwidth * 100000),
						     isatty(STDOUT_FILENO) == 1);
		if (m->waterfall == NULL)
			return fail("waterfall", "out of memory");
		c->tap = tap;
		c->tap_arg = m;
		c->plain = true; /* it takes samples */
	}
	m->capture = pcap;
	catch_signals();
	result = file != NULL ? watch_file(m, file, recording) : watch_device(m, c);
	if (!skw_cli_pcap_close(&m->pcap) && m->failed == NULL)
		m->failed = strerror(errno);
	if (m->failed != NULL)
		result = fail(pcap, m->failed);
	skw_cli_waterfall_free(m->waterfall);
	return result;
}

int skw_cli_monitor(int argc, char **argv)
{
	const char *device = NULL, *bandwidth = "20", *frequency = NULL, *gain = NULL;
	const char *format = NULL, *rate = NULL, *offset = NULL, *pcap = NULL, *scale = NULL,
		   *count = NULL, *seconds = NULL;
	bool waterfall = false, help = false;
	struct monitor m = { 0 };
	const struct skw_cli_option options[] = {
		{ "--device", &device, NULL },       { "--bandwidth", &bandwidth, NULL },
		{ "--frequency", &frequency, NULL }, { "--gain", &gain, NULL },
		{ "--format", &format, NULL },       { "--pcap", &pcap, NULL },
		{ "--sample-rate", &rate, NULL },    { "--offset", &offset, NULL },
		{ "--full-scale", &scale, NULL },    { "--count", &count, NULL },
		{ "--seconds", &seconds, NULL },     { "--waterfall", NULL, &waterfall },
		{ "--json", NULL, &m.json },         { "--help", NULL, &help },
	};
	struct skw_frames_config c = { .agc = true, .receive_only = true };
	struct skw_cli_recording_config recording = { 0 };
	const char *file = NULL;
	uint64_t mhz = 0;
	double at = 5890;
	int files = 0;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), &file, 1,
			   &files))
		return 2;
	if (help) {
		fputs(HELP, stdout);
		return 0;
	}
	if ((file == NULL) == (device == NULL)) {
		fputs("skywave monitor: name a FILE, or a --device\n", stderr);
		return 2;
	}
	if (!skw_cli_number(&mhz, bandwidth, "--bandwidth", 5, 20) ||
	    !real(&at, frequency, "--frequency", 1, 100000) ||
	    !real(&c.rx_gain_db, gain, "--gain", -200, 200) ||
	    !real(&m.pcap.full_scale_dbm, scale, "--full-scale", -200, 200) ||
	    !real(&m.seconds, seconds, "--seconds", 1e-6, 1e9) ||
	    (count != NULL && !skw_cli_number(&m.count, count, "--count", 1, UINT64_MAX)))
		return 2;
	if (mhz != 5 && mhz != 10 && mhz != 20) {
		fputs("skywave monitor: --bandwidth 5, 10 or 20\n", stderr);
		return 2;
	}
	if (!skw_cli_recording_options(&recording, "monitor", format, rate, offset))
		return 2;
	recording.channel_hz = (double)mhz * 1e6;
	recording.frequency_hz = frequency != NULL ? at * 1e6 : 0;
	m.bandwidth = m.pcap.bandwidth_mhz = (unsigned)mhz;
	m.device = device != NULL;
	c.device = device;
	c.rate_hz = (double)mhz * 1e6;
	c.frequency_hz = m.pcap.frequency_hz = at * 1e6;
	c.agc = gain == NULL;
	return monitor(&m, &c, file, pcap, waterfall, &recording);
}
