/* An ordinary SoapySDR program against two simulated radios, `a` and `b`, 50 samples and 20 dB
 * apart, with noise at -60 dBFS: registers, I/Q both ways, frames, wrong use, and an air that dies.
 *
 *   soapy_streams SOCKET AIR-PID
 *
 * What it expects is derived from the scenario: the delay, the loss, the power of a tone.
 */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <SoapySDR/Device.h>
#include <SoapySDR/Formats.h>

enum { DELAY = 50, TONE = 3000, TONE_PERIOD = 20, LONG_US = 5000000 };

static const double LOSS_DB = 20, NOISE_DBFS = -60, RATE = 20e6;
static const int WHOLE = SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET;
static int failures;

static void check(bool good, const char *what)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
	failures += !good;
}

static SoapySDRDevice *open_radio(const char *path, const char *radio)
{
	SoapySDRKwargs args = { 0 };
	SoapySDRDevice *d;

	SoapySDRKwargs_set(&args, "driver", "skywave");
	SoapySDRKwargs_set(&args, "transport", "sim");
	SoapySDRKwargs_set(&args, "path", path);
	SoapySDRKwargs_set(&args, "radio", radio);
	d = SoapySDRDevice_make(&args);
	SoapySDRKwargs_clear(&args);
	return d;
}

static SoapySDRStream *open_stream(SoapySDRDevice *d, int direction, const char *format,
				   bool frames)
{
	SoapySDRKwargs args = { 0 };
	size_t channel = 0;
	SoapySDRStream *s;

	if (frames)
		SoapySDRKwargs_set(&args, "mode", "frame");
	s = SoapySDRDevice_setupStream(d, direction, format, &channel, 1, &args);
	SoapySDRKwargs_clear(&args);
	return s;
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What a program asks to learn whether a device carries frames. */
static bool offers_frames(SoapySDRDevice *d)
{
	size_t n = 0;
	SoapySDRArgInfo *info = SoapySDRDevice_getStreamArgsInfo(d, SOAPY_SDR_RX, 0, &n);
	bool found = false;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < info[i].numOptions; k++)
			found |= strcmp(info[i].key, "mode") == 0 &&
				 strcmp(info[i].options[k], "frame") == 0;
	SoapySDRArgInfoList_clear(info, n);
	return found;
}

static void settings(SoapySDRDevice *d)
{
	long long before, after;
	char *text;

	check(offers_frames(d), "the device says that its streams may carry frames");

	check(SoapySDRDevice_readRegister(d, "core", 0) == 0x534B5957,
	      "the ID register reads SKYW");
	check(SoapySDRDevice_getSampleRate(d, SOAPY_SDR_RX, 0) == RATE,
	      "the air's sample rate is the radio's");
	check(SoapySDRDevice_getFrequency(d, SOAPY_SDR_RX, 0) == 5.9e9,
	      "and so is its carrier, beyond 32 bits");
	check(SoapySDRDevice_setGain(d, SOAPY_SDR_TX, 0, -12.34) == 0 &&
		  SoapySDRDevice_getGain(d, SOAPY_SDR_TX, 0) == -12.34,
	      "a negative gain is kept to the hundredth");
	check(SoapySDRDevice_setGain(d, SOAPY_SDR_TX, 0, 0) == 0, "and set back");
	check(SoapySDRDevice_setSampleRate(d, SOAPY_SDR_RX, 0, 7e6) != 0, "7 MS/s is refused");
	check(SoapySDRDevice_setGain(d, SOAPY_SDR_RX, 0, 1000) != 0, "1000 dB are refused");
	check(SoapySDRDevice_setAntenna(d, SOAPY_SDR_RX, 0, "ROOF") != 0,
	      "an unknown antenna is refused");
	check(SoapySDRDevice_setAntenna(d, SOAPY_SDR_RX, 0, "RX2") == 0, "a known one is taken");
	text = SoapySDRDevice_readSensor(d, "rx_frames");
	check(text != NULL && strcmp(text, "0") == 0, "a counter reads as a sensor");
	SoapySDR_free(text);
	check(SoapySDRDevice_setHardwareTime(d, 123456789000, "") == 0, "the hardware time is set");
	before = SoapySDRDevice_getHardwareTime(d, "");
	nanosleep(&(struct timespec) { .tv_nsec = 20000000 }, NULL);
	after = SoapySDRDevice_getHardwareTime(d, "");
	check(before >= 123456789000 && before < 123956789000, "and goes on from there");
	check(after > before && after - before < 1000000000,
	      "with the wall clock where the air is quiet");
	check(SoapySDRDevice_setHardwareTime(d, 0, "") == 0, "and set back");
}

static void noise(SoapySDRDevice *d)
{
	enum { WANT = 20000 };
	SoapySDRStream *s = open_stream(d, SOAPY_SDR_RX, SOAPY_SDR_CF32, false);
	float samples[2 * 1024];
	void *buffers[1] = { samples };
	long long time = 0, expected = 0;
	double power = 0;
	int got = 0, flags = 0, gaps = 0, n = 0;

	check(s != NULL, "an I/Q receive stream opens");
	check(SoapySDRDevice_readStream(d, s, buffers, 16, &flags, &time, 1000) ==
		  SOAPY_SDR_STREAM_ERROR,
	      "reading before activation is an error");
	check(SoapySDRDevice_activateStream(d, s, 0, 0, 0) == 0, "it is activated");
	while (got < WANT &&
	       (n = SoapySDRDevice_readStream(d, s, buffers, 1024, &flags, &time, LONG_US)) > 0) {
		gaps += got > 0 && llabs(time - expected) > 1;
		for (int k = 0; k < 2 * n; k++)
			power += samples[k] * samples[k];
		got += n;
		expected = time + (long long)(n * 1e9 / RATE);
	}
	power = 10 * log10(power / got);
	printf("# %d samples, noise %.2f dBFS, %d gaps, last %d\n", got, power, gaps, n);
	check(got >= WANT && gaps == 0, "samples come without a gap");
	check(fabs(power - NOISE_DBFS) < 0.3, "their power is the noise of the scenario");
	check(SoapySDRDevice_deactivateStream(d, s, 0, 0) == 0, "it is deactivated");
	SoapySDRDevice_closeStream(d, s);
}

/* A tone leaves `a` at a set time; `b` must hear it DELAY samples later, LOSS_DB weaker. */
static void tone(SoapySDRDevice *a, SoapySDRDevice *b)
{
	static int16_t sent[2 * TONE], heard[2 * 1024];
	SoapySDRStream *tx = open_stream(a, SOAPY_SDR_TX, SOAPY_SDR_CS16, false);
	SoapySDRStream *rx = open_stream(b, SOAPY_SDR_RX, SOAPY_SDR_CS16, false);
	long long start, time = 0, first = -1, last = -1, sent_at = -1;
	int flags, done = 0, n;
	double power = 0, peak = 0;
	size_t mask = 0;
	const void *out[1];
	void *in[1] = { heard };

	for (int k = 0; k < TONE; k++) {
		sent[2 * k] = (int16_t)lrint(20000 * cos(2 * M_PI * k / TONE_PERIOD));
		sent[2 * k + 1] = (int16_t)lrint(20000 * sin(2 * M_PI * k / TONE_PERIOD));
	}
	if (tx == NULL || rx == NULL || SoapySDRDevice_activateStream(b, rx, 0, 0, 0) != 0 ||
	    SoapySDRDevice_activateStream(a, tx, 0, 0, 0) != 0) {
		check(false, "I/Q streams both ways open");
		return;
	}
	start = SoapySDRDevice_getHardwareTime(a, "") + 2000000;
	start -= start % 50;
	for (int tries = 0; done < TONE && tries < 10000; tries++) {
		flags = SOAPY_SDR_END_BURST | (done == 0 ? SOAPY_SDR_HAS_TIME : 0);
		out[0] = sent + 2 * done;
		n = SoapySDRDevice_writeStream(a, tx, out, (size_t)(TONE - done), &flags, start,
					       10000);
		if (n > 0)
			done += n;
		else if (n != SOAPY_SDR_TIMEOUT)
			break;
	}
	check(done == TONE, "a burst of samples is taken");
	for (int got = 0; got < 20 * 1024 * 10 && last < start + (TONE + 2 * DELAY) * 50;) {
		n = SoapySDRDevice_readStream(b, rx, in, 1024, &flags, &time, LONG_US);
		if (n <= 0)
			break;
		for (int k = 0; k < n; k++) {
			double p =
			    heard[2 * k] * heard[2 * k] + heard[2 * k + 1] * heard[2 * k + 1];

			last = time + k * 50;
			if (p < 1000 * 1000)
				continue;
			if (first < 0)
				first = last;
			power += p;
			peak += 1;
		}
		got += n;
	}
	n = SoapySDRDevice_readStreamStatus(a, tx, &mask, &flags, &sent_at, LONG_US);
	power = 10 * log10(power / fmax(peak, 1)) - 20 * log10(20000);
	printf("# heard %.0f samples from %lld ns after the start, %.2f dB; status %d at %lld ns\n",
	       peak, first - start, power, n, sent_at - start);
	check(first - start == DELAY * 50, "it is heard after the path's delay, to the sample");
	check(peak == TONE, "all of it");
	check(fabs(power + LOSS_DB) < 0.1, "weaker by the path's loss");
	check(n == 0 && (flags & SOAPY_SDR_END_BURST) && sent_at == start,
	      "its status tells when it left");
	SoapySDRDevice_closeStream(a, tx);
	SoapySDRDevice_closeStream(b, rx);
}

/* A transmit descriptor of docs/frame-stream.md, byte by byte, and a PSDU of `length` bytes without
 * its FCS. */
static size_t make_frame(uint8_t *out, unsigned rate, unsigned length, uint32_t tag)
{
	memset(out, 0, 16);
	out[0] = 1;
	out[1] = (uint8_t)rate;
	out[2] = (uint8_t)(length + 4);
	out[3] = (uint8_t)((length + 4) >> 8);
	out[4] = 2;               /* APPEND_FCS */
	memcpy(out + 8, &tag, 4); /* little-endian machines only, as the simulator's */
	for (unsigned k = 0; k < length; k++)
		out[16 + k] = (uint8_t)(k * 7 + tag);
	return 16 + length;
}

static void one_frame(SoapySDRDevice *a, SoapySDRStream *tx, SoapySDRDevice *b, SoapySDRStream *rx)
{
	uint8_t sent[16 + 1500], heard[24 + 4095];
	const void *out[1] = { sent };
	void *in[1] = { heard };
	size_t mask = 0, len = make_frame(sent, 12, 500, 77);
	long long start, time = 0, sent_at = 0;
	int flags, n, part;
	double began = wall();

	start = SoapySDRDevice_getHardwareTime(a, "") + 1000000;
	start -= start % 50;
	flags = SOAPY_SDR_HAS_TIME | WHOLE;
	n = SoapySDRDevice_writeStream(a, tx, out, len, &flags, start, 100000);
	check(n == (int)len, "a frame is taken whole");
	flags = 0;
	part = SoapySDRDevice_readStream(b, rx, in, 100, &flags, &time, LONG_US);
	printf("# one frame of 504 bytes at 12 Mb/s crossed in %.1f ms, 1 ms of them before its "
	       "time\n",
	       (wall() - began) * 1e3);
	check(part == 100 && flags == (SOAPY_SDR_HAS_TIME | SOAPY_SDR_MORE_FRAGMENTS),
	      "a short buffer gets the first fragment and the time");
	printf("# heard %lld ns after it left\n", time - start);
	check(llabs(time - start - DELAY * 50) <= 8 * 50,
	      "the time is that of the preamble, give or take the channel");
	in[0] = heard + 100;
	n = SoapySDRDevice_readStream(b, rx, in, sizeof(heard) - 100, &flags, &time, LONG_US);
	check(n == 24 + 504 - 100 && flags == WHOLE, "the next call gets the rest, and the end");
	check(heard[0] == 1 && heard[1] == 12 && (heard[2] | heard[3] << 8) == 504 && heard[4] == 1,
	      "the descriptor tells rate, length and a good FCS");
	check(memcmp(heard + 24, sent + 16, 500) == 0, "the bytes are those that were sent");
	n = SoapySDRDevice_readStreamStatus(a, tx, &mask, &flags, &sent_at, LONG_US);
	check(n == 0 && (flags & SOAPY_SDR_END_BURST) && mask == 77 && sent_at == start,
	      "its status brings the tag and the time at which it left");
	n = SoapySDRDevice_readStreamStatus(a, tx, &mask, &flags, &sent_at, 1000);
	check(n == SOAPY_SDR_TIMEOUT, "and comes once");
}

static void wrong_frames(SoapySDRDevice *a, SoapySDRStream *tx)
{
	uint8_t frame[16 + 4096];
	const void *out[1] = { frame };
	size_t len = make_frame(frame, 6, 100, 1), mask;
	long long now = SoapySDRDevice_getHardwareTime(a, "");
	int flags = WHOLE, n;
	long long at;

	check(SoapySDRDevice_writeStream(a, tx, out, len - 1, &flags, 0, 0) ==
		  SOAPY_SDR_STREAM_ERROR,
	      "a frame shorter than it says is refused");
	flags = SOAPY_SDR_HAS_TIME;
	check(SoapySDRDevice_writeStream(a, tx, out, len, &flags, now, 0) == SOAPY_SDR_STREAM_ERROR,
	      "and one without its flags");
	flags = WHOLE;
	frame[1] = 7;
	check(SoapySDRDevice_writeStream(a, tx, out, len, &flags, 0, 0) == SOAPY_SDR_STREAM_ERROR,
	      "and one of a rate that is none");
	frame[1] = 6;
	frame[0] = 2;
	check(SoapySDRDevice_writeStream(a, tx, out, len, &flags, 0, 0) == SOAPY_SDR_STREAM_ERROR,
	      "and one of another version");
	frame[0] = 1;
	flags = WHOLE | SOAPY_SDR_HAS_TIME;
	n = SoapySDRDevice_writeStream(a, tx, out, len, &flags, now - 1000000, 0);
	check(n == SOAPY_SDR_TIME_ERROR, "a frame whose time has passed is a time error");
	flags =
	    WHOLE | SOAPY_SDR_HAS_TIME; /* the clock moves on between our look and the board's */
	n = SoapySDRDevice_writeStream(a, tx, out, len, &flags, now + 50, 0);
	if (n == (int)len)
		n = SoapySDRDevice_readStreamStatus(a, tx, &mask, &flags, &at, LONG_US);
	check(n == SOAPY_SDR_TIME_ERROR, "and one that passes on its way is reported as late");
	check(open_stream(a, SOAPY_SDR_TX, SOAPY_SDR_U8, true) == NULL, "a stream opens once");
	check(open_stream(a, SOAPY_SDR_RX, SOAPY_SDR_U8, false) == NULL,
	      "U8 without mode=frame is refused");
	check(open_stream(a, SOAPY_SDR_RX, SOAPY_SDR_CS8, false) == NULL, "and so is CS8");
}

/* More frames than the board's queue holds, all for later: the last ones must wait for room. */
static void a_full_queue(SoapySDRDevice *a, SoapySDRStream *tx, SoapySDRDevice *b,
			 SoapySDRStream *rx)
{
	enum { FRAMES = 20, LENGTH = 1400 };
	uint8_t frame[16 + LENGTH], heard[24 + 4095];
	const void *out[1] = { frame };
	void *in[1] = { heard };
	long long start = SoapySDRDevice_getHardwareTime(a, "") + 20000000, time = 0;
	int taken = 0, timeouts = 0, sent = 0, good = 0, flags, n;
	size_t mask = 0;

	while (taken < FRAMES) {
		size_t len = make_frame(frame, 54, LENGTH, (uint32_t)taken);

		flags = WHOLE | SOAPY_SDR_HAS_TIME;
		n = SoapySDRDevice_writeStream(a, tx, out, len, &flags, start + taken * 400000LL,
					       1000);
		if (n == SOAPY_SDR_TIMEOUT && timeouts++ < 20000)
			continue;
		if (n != (int)len)
			break;
		taken++;
	}
	while (sent < taken &&
	       SoapySDRDevice_readStreamStatus(a, tx, &mask, &flags, &time, LONG_US) == 0 &&
	       mask == (size_t)sent)
		sent++;
	while (good < taken &&
	       (n = SoapySDRDevice_readStream(b, rx, in, sizeof(heard), &flags, &time, LONG_US)) ==
		   24 + LENGTH + 4 &&
	       (heard[4] & 1) && heard[24] == (uint8_t)good)
		good++;
	printf("# %d frames taken, %d timeouts, %d sent, %d received\n", taken, timeouts, sent,
	       good);
	check(taken == FRAMES && timeouts > 0, "a full queue is a timeout, not an overflow");
	check(sent == FRAMES, "all frames leave in order");
	check(good == FRAMES, "and all arrive in order");
}

static void the_air_dies(SoapySDRDevice *a, SoapySDRStream *tx, SoapySDRDevice *b,
			 SoapySDRStream *rx, pid_t air)
{
	uint8_t frame[16 + 100], heard[24 + 4095];
	const void *out[1] = { frame };
	void *in[1] = { heard };
	size_t len = make_frame(frame, 6, 100, 1), mask = 0;
	long long time = 0;
	int flags = WHOLE, n;
	double began = wall();

	kill(air, SIGKILL);
	check(SoapySDRDevice_readStream(b, rx, in, sizeof(heard), &flags, &time, LONG_US) ==
		  SOAPY_SDR_STREAM_ERROR,
	      "a reader of a radio whose air died gets an error");
	for (n = (int)len;
	     n == (int)len && wall() - began < 2;) { /* until its thread has seen the end */
		flags = WHOLE;
		n = SoapySDRDevice_writeStream(a, tx, out, len, &flags, 0, LONG_US);
	}
	check(n == SOAPY_SDR_STREAM_ERROR, "and so does a writer");
	check(SoapySDRDevice_readStreamStatus(a, tx, &mask, &flags, &time, LONG_US) ==
		  SOAPY_SDR_STREAM_ERROR,
	      "and who waits for a status");
	SoapySDRDevice_readRegister(a, "core", 0);
	check(strstr(SoapySDRDevice_lastError(), "gone") != NULL,
	      "a register says that the board is gone");
	check(wall() - began < 2, "none of them hangs");
}

int main(int argc, char **argv)
{
	SoapySDRDevice *a, *b;
	SoapySDRStream *tx, *rx;

	if (argc != 3)
		return 2;
	check(open_radio(argv[1], "nobody") == NULL, "a radio that is not there cannot be opened");
	a = open_radio(argv[1], "a");
	b = open_radio(argv[1], "b");
	check(a != NULL && b != NULL, "two radios open");
	if (a == NULL || b == NULL)
		return 1;
	settings(a);
	SoapySDRDevice_setHardwareTime(a, 0, "");
	noise(b);
	/* one clock for both: what the air calls now */
	SoapySDRDevice_unmake(a);
	SoapySDRDevice_unmake(b);
	a = open_radio(argv[1], "a");
	b = open_radio(argv[1], "b");
	check(a != NULL && b != NULL, "a seat that was left can be taken again");
	if (a == NULL || b == NULL)
		return 1;
	tone(a, b);
	tx = open_stream(a, SOAPY_SDR_TX, SOAPY_SDR_U8, true);
	rx = open_stream(b, SOAPY_SDR_RX, SOAPY_SDR_U8, true);
	check(tx != NULL && rx != NULL && SoapySDRDevice_activateStream(a, tx, 0, 0, 0) == 0 &&
		  SoapySDRDevice_activateStream(b, rx, 0, 0, 0) == 0,
	      "frame streams open and start");
	if (tx == NULL || rx == NULL)
		return 1;
	one_frame(a, tx, b, rx);
	wrong_frames(a, tx);
	a_full_queue(a, tx, b, rx);
	the_air_dies(a, tx, b, rx, (pid_t)atol(argv[2]));
	SoapySDRDevice_closeStream(a, tx);
	SoapySDRDevice_closeStream(b, rx);
	SoapySDRDevice_unmake(a);
	SoapySDRDevice_unmake(b);
	return failures != 0;
}
