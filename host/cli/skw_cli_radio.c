/* skywave radio - the radio itself, through SoapySDR as every program reaches it: `selftest`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <SoapySDR/Device.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>
#include <SoapySDR/Logger.h>
#include <jansson.h>
#include <sodium.h>

#include "cli/skw_cli.h"
#include "cli/skw_cli_args.h"
#include "wire/skw_frame.h"
#include "wire/skw_hostlink.h"

enum {
	FRAMES_MOST = 100000,
	PAYLOAD_MOST = 1500,
	WAIT_US = 10000000, /* a simulated board is slow */
	RATES = 8,
};

static const char HELP[] =
    "usage: skywave radio selftest [--device ARGS] [--frames N] [--json]\n"
    "\n"
    "Opens a Skywave radio through SoapySDR, reads who it is, writes a register and reads it "
    "back,\n"
    "watches its clock, then loops frames of all eight rates from its transmitter to its receiver\n"
    "and compares every byte. The antenna output carries these frames too: end it with a load.\n"
    "\n"
    "  --device ARGS   SoapySDR device arguments [driver=skywave]\n"
    "  --frames N      frames of each rate [10]\n"
    "  --json          one object instead of a table\n"
    "\n"
    "Exit status: 0 everything was right, 1 something was not, 2 wrong arguments.\n";

static const uint8_t RATE[RATES] = { 6, 9, 12, 18, 24, 36, 48, 54 };

/* Of the board's counters, those that stay where they are when all is well. */
static const char *const FAULTS[] = { "link_errors", "rx_dropped",  "rx_fcs_bad",
				      "tx_late",     "tx_underrun", "host_link_errors" };
enum { FAULT_COUNT = sizeof(FAULTS) / sizeof(FAULTS[0]) };

struct outcome {
	unsigned sent, right, wrong, lost;
	double snr_sum;
};

struct selftest {
	SoapySDRDevice *device;
	SoapySDRStream *rx, *tx;
	uint64_t frames;
	bool registers, clock;
	struct outcome rate[RATES];
	long faults[FAULT_COUNT];
	char error[256]; /* of the first step that failed; empty if none did */
};

/* Notes the first thing that went wrong. */
static bool fail(struct selftest *t, const char *what, const char *why)
{
	if (t->error[0] == '\0')
		snprintf(t->error, sizeof(t->error), "%s: %s", what, why);
	return false;
}

/* ---- registers and clock ------------------------------------------------------------------------
 */

static bool check_registers(struct selftest *t)
{
	static const unsigned PATTERNS[] = { 0x00000000, 0xFFFFFFFF, 0xA5A5A5A5, 0x5A5A5A5A };
	unsigned was = SoapySDRDevice_readRegister(t->device, "core", SKW_REG_FE_RX_GAIN);
	bool good = true;

	if (SoapySDRDevice_readRegister(t->device, "core", SKW_REG_ID) != SKW_HOSTLINK_ID)
		return fail(t, "identification", "the register does not read SKYW");
	for (size_t i = 0; i < sizeof(PATTERNS) / sizeof(PATTERNS[0]) && good; i++)
		good = SoapySDRDevice_writeRegister(t->device, "core", SKW_REG_FE_RX_GAIN,
						    PATTERNS[i]) == 0 &&
		       SoapySDRDevice_readRegister(t->device, "core", SKW_REG_FE_RX_GAIN) ==
			   PATTERNS[i];
	if (SoapySDRDevice_writeRegister(t->device, "core", SKW_REG_FE_RX_GAIN, was) != 0)
		good = false;
	return good || fail(t, "registers", "what was written does not read back");
}

static bool check_clock(struct selftest *t)
{
	long long first = SoapySDRDevice_getHardwareTime(t->device, "");

	for (int i = 0; i < 1000; i++) {
		if (SoapySDRDevice_getHardwareTime(t->device, "") > first)
			return true;
		nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
	}
	return fail(t, "clock", "the sample counter stands still");
}

static void read_faults(struct selftest *t, long sign)
{
	for (size_t i = 0; i < FAULT_COUNT; i++) {
		char *text = SoapySDRDevice_readSensor(t->device, FAULTS[i]);

		t->faults[i] += text != NULL ? sign * strtol(text, NULL, 10) : 0;
		free(text);
	}
}

/* ---- frames -------------------------------------------------------------------------------------
 */

static SoapySDRStream *open_stream(struct selftest *t, int direction)
{
	SoapySDRKwargs args = { 0 };
	SoapySDRStream *s;

	SoapySDRKwargs_set(&args, "mode", "frame");
	s = SoapySDRDevice_setupStream(t->device, direction, SOAPY_SDR_U8, NULL, 0, &args);
	SoapySDRKwargs_clear(&args);
	if (s != NULL && SoapySDRDevice_activateStream(t->device, s, 0, 0, 0) == 0)
		return s;
	fail(t, "frame stream", SoapySDRDevice_lastError());
	if (s != NULL)
		SoapySDRDevice_closeStream(t->device, s);
	return NULL;
}

static void close_stream(struct selftest *t, SoapySDRStream *s)
{
	if (s == NULL)
		return;
	SoapySDRDevice_deactivateStream(t->device, s, 0, 0);
	SoapySDRDevice_closeStream(t->device, s);
}

/* One frame there and back; false if the stream is broken. */
static bool loop_frame(struct selftest *t, unsigned rate, struct outcome *o)
{
	uint8_t out[SKW_FRAME_TX_DESC + PAYLOAD_MOST], in[SKW_FRAME_RX_DESC + SKW_PSDU_MAX];
	const uint16_t payload = (uint16_t)(1 + randombytes_uniform(PAYLOAD_MOST));
	const struct skw_frame_tx f = { .rate_mbps = RATE[rate],
					.length = (uint16_t)(payload + SKW_FCS_LEN),
					.append_fcs = true,
					.tag = o->sent };
	const size_t len = SKW_FRAME_TX_DESC + (size_t)payload;
	const void *from[] = { out };
	void *into[] = { in };
	int flags = SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET, n;
	struct skw_frame_rx got;
	long long time_ns = 0;
	size_t tag;

	skw_frame_tx_put(out, &f);
	randombytes_buf(out + SKW_FRAME_TX_DESC, payload);
	n = SoapySDRDevice_writeStream(t->device, t->tx, from, len, &flags, 0, WAIT_US);
	if (n != (int)len)
		return fail(t, "writeStream", SoapySDR_errToStr(n));
	o->sent++;
	n = SoapySDRDevice_readStreamStatus(t->device, t->tx, &tag, &flags, &time_ns, WAIT_US);
	if (n != 0)
		return fail(t, "readStreamStatus", SoapySDR_errToStr(n));
	n = SoapySDRDevice_readStream(t->device, t->rx, into, sizeof(in), &flags, &time_ns,
				      WAIT_US);
	if (n == SOAPY_SDR_TIMEOUT) {
		o->lost++;
		return true;
	}
	if (n < 0)
		return fail(t, "readStream", SoapySDR_errToStr(n));
	if (n == (int)(SKW_FRAME_RX_DESC + f.length) && skw_frame_rx_get(&got, in) && got.fcs_ok &&
	    got.rate_mbps == f.rate_mbps &&
	    memcmp(in + SKW_FRAME_RX_DESC, out + SKW_FRAME_TX_DESC, payload) == 0) {
		o->right++;
		o->snr_sum += got.snr_cdb / 100.0;
	} else {
		o->wrong++;
	}
	return true;
}

static void loop_frames(struct selftest *t)
{
	char *before = SoapySDRDevice_readSetting(t->device, "loopback");
	bool good = true;

	if (before == NULL || SoapySDRDevice_writeSetting(t->device, "loopback", "true") != 0) {
		fail(t, "loopback", SoapySDRDevice_lastError());
		free(before);
		return;
	}
	t->rx = open_stream(t, SOAPY_SDR_RX);
	t->tx = t->rx != NULL ? open_stream(t, SOAPY_SDR_TX) : NULL;
	for (unsigned r = 0; r < RATES && good && t->tx != NULL; r++)
		for (uint64_t i = 0; i < t->frames && good; i++)
			good = loop_frame(t, r, &t->rate[r]);
	close_stream(t, t->tx);
	close_stream(t, t->rx);
	SoapySDRDevice_writeSetting(t->device, "loopback", before);
	free(before);
}

/* ---- the report ---------------------------------------------------------------------------------
 */

static bool passed(const struct selftest *t)
{
	bool good = t->error[0] == '\0' && t->registers && t->clock;

	for (unsigned r = 0; r < RATES; r++)
		good = good && t->rate[r].right == t->frames;
	for (size_t i = 0; i < FAULT_COUNT; i++)
		good = good && t->faults[i] == 0;
	return good;
}

static void print_table(const struct selftest *t, const SoapySDRKwargs *info)
{
	for (size_t i = 0; i < info->size; i++)
		printf("%-18s %s\n", info->keys[i], info->vals[i]);
	printf("%-18s %s\n%-18s %s\n", "registers", t->registers ? "right" : "WRONG", "clock",
	       t->clock ? "runs" : "STANDS");
	printf("\nMb/s   sent  right  wrong   lost  SNR dB\n");
	for (unsigned r = 0; r < RATES; r++) {
		const struct outcome *o = &t->rate[r];

		printf("%4u %6u %6u %6u %6u", RATE[r], o->sent, o->right, o->wrong, o->lost);
		if (o->right > 0)
			printf("  %6.1f", o->snr_sum / o->right);
		putchar('\n');
	}
	putchar('\n');
	for (size_t i = 0; i < FAULT_COUNT; i++)
		printf("%-18s %ld\n", FAULTS[i], t->faults[i]);
	printf("%s\n", passed(t) ? "passed" : "FAILED");
}

static void print_json(const struct selftest *t, const SoapySDRKwargs *info)
{
	json_t *o = json_object(), *board = json_object(), *rates = json_array(),
	       *faults = json_object();

	for (size_t i = 0; i < info->size; i++)
		json_object_set_new(board, info->keys[i], json_string(info->vals[i]));
	for (unsigned r = 0; r < RATES; r++)
		json_array_append_new(
		    rates, json_pack("{s:i,s:i,s:i,s:i,s:i}", "rate_mbps", (int)RATE[r], "sent",
				     (int)t->rate[r].sent, "right", (int)t->rate[r].right, "wrong",
				     (int)t->rate[r].wrong, "lost", (int)t->rate[r].lost));
	for (size_t i = 0; i < FAULT_COUNT; i++)
		json_object_set_new(faults, FAULTS[i], json_integer(t->faults[i]));
	json_object_set_new(o, "passed", json_boolean(passed(t)));
	json_object_set_new(o, "board", board);
	json_object_set_new(o, "registers", json_boolean(t->registers));
	json_object_set_new(o, "clock", json_boolean(t->clock));
	json_object_set_new(o, "rates", rates);
	json_object_set_new(o, "counters", faults);
	if (t->error[0] != '\0')
		json_object_set_new(o, "error", json_string(t->error));
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

static int selftest(const char *args, uint64_t frames, bool json)
{
	struct selftest t = { .frames = frames };
	SoapySDRKwargs info;
	char *driver;
	bool ours;

	SoapySDR_setLogLevel(SOAPY_SDR_ERROR);
	t.device = SoapySDRDevice_makeStrArgs(args);
	if (t.device == NULL) {
		fprintf(stderr, "skywave radio: %s: %s\n", args, SoapySDRDevice_lastError());
		return 1;
	}
	driver = SoapySDRDevice_getDriverKey(t.device);
	ours = driver != NULL && strcmp(driver, "skywave") == 0;
	free(driver);
	if (!ours) {
		fprintf(stderr,
			"skywave radio: %s is no Skywave radio: it has no loopback to test\n",
			args);
		SoapySDRDevice_unmake(t.device);
		return 1;
	}
	info = SoapySDRDevice_getHardwareInfo(t.device);
	t.registers = check_registers(&t);
	t.clock = check_clock(&t);
	read_faults(&t, -1);
	loop_frames(&t);
	read_faults(&t, 1);
	SoapySDRDevice_unmake(t.device);
	if (json)
		print_json(&t, &info);
	else
		print_table(&t, &info);
	SoapySDRKwargs_clear(&info);
	if (t.error[0] != '\0')
		fprintf(stderr, "skywave radio: %s\n", t.error);
	return passed(&t) ? 0 : 1;
}

int skw_cli_radio(int argc, char **argv)
{
	const char *device = "driver=skywave", *frames = "10", *rest[1];
	bool json = false, help = false;
	const struct skw_cli_option options[] = {
		{ "--device", &device, NULL },
		{ "--frames", &frames, NULL },
		{ "--json", NULL, &json },
		{ "--help", NULL, &help },
	};
	uint64_t n;
	int count = 0;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), rest, 1,
			   &count))
		return 2;
	if (help) {
		fputs(HELP, stdout);
		return 0;
	}
	if (count != 1 || strcmp(rest[0], "selftest") != 0) {
		fputs(HELP, stderr);
		return 2;
	}
	if (!skw_cli_number(&n, frames, "--frames", 1, FRAMES_MOST))
		return 2;
	if (sodium_init() < 0)
		return 1;
	return selftest(device, n, json);
}
