/* The receiver in C: recordings, every rate and pad length, sequences of frames, impairments, bad
 * input. rooms: modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <complex.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"
#include "skw_modem_random.h"

enum { AIR = 1 << 19, HEARD = 64 };

static const uint8_t RATES[8] = { 6, 9, 12, 18, 24, 36, 48, 54 };
static struct skw_modem_tx *tx;
static struct skw_modem_rx *rx;
static struct skw_modem_iq air[AIR];
static size_t aired;
static uint64_t now;

/* What was heard since the last `hear`, times from its first sample on. */
static struct {
	struct skw_frame_rx f;
	uint8_t psdu[SKW_PSDU_MAX];
} heard[HEARD];
static unsigned ears;

static void silence(size_t n)
{
	memset(air + aired, 0, n * sizeof(*air));
	aired += n;
}

/* PSDUs are a function of their number, so that what is heard can be told apart. */
static void fill(uint8_t *psdu, unsigned length, unsigned number)
{
	uint32_t x = number * 2654435761U + 1;

	for (unsigned i = 0; i < length; i++) {
		x = x * 1664525U + 1013904223U;
		psdu[i] = (uint8_t)(x >> 24);
	}
}

static size_t say(unsigned rate, unsigned length, unsigned number)
{
	struct skw_frame_tx f = { .rate_mbps = (uint8_t)rate,
				  .length = (uint16_t)length,
				  .append_fcs = length > 4,
				  .seed = (uint8_t)(1 + number % 127) };
	uint8_t psdu[SKW_PSDU_MAX];
	size_t n, at = aired;

	fill(psdu, length, number);
	assert_int_equal(skw_modem_send(tx, air + aired, &n, AIR - aired, &f, psdu), SKW_MODEM_OK);
	aired += n - 1; /* the next one may begin where the window ends */
	return at;
}

static void hear(void)
{
	uint64_t began = now;
	const uint8_t *psdu;

	ears = 0;
	for (size_t at = 0; at < aired;) {
		size_t some = 1 + (size_t)(uniform() * 3000), n;

		some = some < aired - at ? some : aired - at;
		n = skw_modem_rx_push(rx, air + at, some, now);
		at += n;
		now += n;
		while (ears < HEARD && skw_modem_rx_poll(rx, &heard[ears].f, &psdu)) {
			heard[ears].f.time -= began;
			memcpy(heard[ears].psdu, psdu, heard[ears].f.length);
			ears++;
		}
	}
	aired = 0;
}

static bool is(unsigned k, unsigned rate, unsigned length, unsigned number, size_t at)
{
	uint8_t psdu[SKW_PSDU_MAX];
	long off = k < ears ? (long)heard[k].f.time - (long)at : 99;

	fill(psdu, length, number);
	return k < ears && heard[k].f.rate_mbps == rate && heard[k].f.length == length &&
	       (length <= 4 || heard[k].f.fcs_ok) && labs(off) <= 3 &&
	       memcmp(heard[k].psdu, psdu, length > 4 ? length - 4 : length) == 0;
}

static void noise(double rms)
{
	for (size_t k = 0; k < aired; k++) {
		double r = rms * sqrt(-log(uniform())), a = 2 * M_PI * uniform();

		air[k].i += (float)(r * cos(a));
		air[k].q += (float)(r * sin(a));
	}
}

/* Turns the air by `cfo` turns a sample. */
static void turn(double cfo)
{
	for (size_t k = 0; k < aired; k++) {
		double a = 2 * M_PI * fmod(cfo * (double)k, 1);
		struct skw_modem_iq s = air[k];

		air[k].i = (float)(s.i * cos(a) - s.q * sin(a));
		air[k].q = (float)(s.i * sin(a) + s.q * cos(a));
	}
}

static void test_every_pad(void **unused)
{
	(void)unused;
	for (unsigned r = 0; r < 8; r++)
		for (unsigned length = 1; length <= 4U * RATES[r] / 8 + 30; length += 1) {
			size_t at;

			silence(100);
			at = say(RATES[r], length, length);
			silence(300);
			hear();
			assert_int_equal(ears, 1);
			assert_true(is(0, RATES[r], length, length, at));
		}
}

static void test_longest(void **unused)
{
	(void)unused;
	for (unsigned r = 0; r < 8; r++) {
		size_t at;

		silence(50);
		at = say(RATES[r], 4095, r);
		silence(300);
		noise(0.005);
		turn(r % 2 ? 0.0118 : -0.0118); /* 40 ppm of 5.9 GHz at 20 MS/s */
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, RATES[r], 4095, r, at));
		assert_true(labs(heard[0].f.cfo_hz - (r % 2 ? 236000 : -236000)) < 500);
		assert_true(fabs(heard[0].f.snr_cdb / 100.0 - 20 * log10(0.22535 / 0.005)) < 2);
		assert_true(fabs(heard[0].f.rssi_cdb / 100.0 - 20 * log10(0.22535)) < 1);
	}
}

/* Gaps of 16 us, of nothing, and exact zeros; all pairs of rates; levels 40 dB apart. */
static void test_back_to_back(void **unused)
{
	static const size_t gaps[3] = { 0, 1, 320 };

	(void)unused;
	for (unsigned g = 0; g < 3; g++)
		for (unsigned a = 0; a < 8; a++) {
			size_t at[9];

			silence(33);
			for (unsigned b = 0; b < 8; b++) {
				at[b] = say(RATES[(a + b * 3) % 8], 14 + 30 * b, b);
				silence(gaps[g]);
			}
			silence(400);
			hear();
			assert_int_equal(ears, 8);
			for (unsigned b = 0; b < 8; b++)
				assert_true(is(b, RATES[(a + b * 3) % 8], 14 + 30 * b, b, at[b]));
		}
}

static void test_levels(void **unused)
{
	size_t at[6], n;

	(void)unused;
	silence(64);
	for (unsigned k = 0; k < 6; k++) {
		float gain = k % 2 ? 0.0012F : 0.9F / 0.22F; /* 70 dB */

		at[k] = aired;
		n = say(24, 200, k);
		for (n = at[k]; n < aired; n++) {
			air[n].i *= gain;
			air[n].q *= gain;
		}
		silence(320);
	}
	silence(300);
	hear();
	assert_int_equal(ears, 6);
	for (unsigned k = 0; k < 6; k++)
		assert_true(is(k, 24, 200, k, at[k]));
}

/* A frame of 4095 octets stops after ten symbols, and another one starts there. */
static void test_after_truncated(void **unused)
{
	(void)unused;
	for (size_t gap = 0; gap <= 400; gap += 37) {
		size_t at;

		silence(64);
		at = say(6, 4095, 1);
		aired = at + 400 + 800;
		silence(gap);
		at = say(36, 300, 2);
		silence(500);
		noise(0.01);
		hear();
		assert_true(ears >= 1);
		assert_true(is(0, 36, 300, 2, at));
		silence(120000); /* whatever is still in work ends */
		hear();
	}
}

/* A stronger frame begins inside a weaker one. */
static void test_drowned(void **unused)
{
	static struct skw_modem_iq weak[40000];
	size_t n, at;

	(void)unused;
	silence(64);
	at = say(12, 1000, 1);
	n = aired;
	memcpy(weak, air, n * sizeof(*air));
	aired = 0;
	silence(3001);
	at = say(24, 100, 2);
	for (size_t k = aired; k < n; k++)
		air[k] = (struct skw_modem_iq) { 0, 0 };
	aired = n > aired ? n : aired;
	for (size_t k = 0; k < n; k++) {
		air[k].i += 0.03F * weak[k].i;
		air[k].q += 0.03F * weak[k].q;
	}
	silence(500);
	hear();
	assert_true(ears >= 1);
	assert_true(is(0, 24, 100, 2, at));
}

/* Two paths, then clocks 40 ppm apart by interpolation. */
static void test_echo(void **unused)
{
	(void)unused;
	for (unsigned r = 0; r < 8; r++) {
		size_t at;

		silence(64);
		at = say(RATES[r], 500, r);
		silence(400);
		for (size_t k = aired - 1; k >= 9; k--) {
			air[k].i += 0.4F * air[k - 5].q - 0.2F * air[k - 9].i;
			air[k].q += -0.4F * air[k - 5].i - 0.2F * air[k - 9].q;
		}
		noise(0.002);
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, RATES[r], 500, r, at));
	}
}

/* Windowed sinc of 32 taps at a clock that is `ppm` off. */
static void resample(double ppm)
{
	static struct skw_modem_iq old[AIR];
	size_t n = aired - 40;

	memcpy(old, air, aired * sizeof(*air));
	for (size_t k = 32; k < n; k++) {
		double t = (double)k * (1 + ppm * 1e-6), i = 0, q = 0;
		long whole = (long)floor(t);

		for (long j = whole - 15; j <= whole + 16; j++) {
			double x = t - (double)j, w = 0.5 + 0.5 * cos(M_PI * x / 16.5);
			double h = fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x) * w;

			if (j < 0 || j >= (long)aired)
				continue;
			i += h * (double)old[j].i;
			q += h * (double)old[j].q;
		}
		air[k] = (struct skw_modem_iq) { (float)i, (float)q };
	}
	aired = n;
}

static void test_clocks(void **unused)
{
	(void)unused;
	for (unsigned r = 0; r < 8; r += 3)
		for (int sign = -1; sign <= 1; sign += 2) {
			silence(64);
			say(RATES[r], 4095, r);
			silence(600);
			resample(40.0 * sign);
			noise(0.005);
			hear();
			assert_int_equal(ears, 1);
			assert_true(is(0, RATES[r], 4095, r, 64));
		}
}

/* Clocks 250 ppm apart: 27 samples in the longest frame, so blocks must follow their symbols.
 */
static void test_far_clocks(void **unused)
{
	(void)unused;
	for (int sign = -1; sign <= 1; sign += 2) {
		silence(64);
		say(6, 4095, 9);
		silence(600);
		resample(250.0 * sign);
		noise(0.01);
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, 6, 4095, 9, 64));
	}
}

/* An echo nearly as strong as the first path turns by 200 Hz: the carriers' fades walk through the
 * band, pilots' and all, once within the longest frames. */
static void test_fading(void **unused)
{
	(void)unused;
	for (unsigned r = 0; r < 2; r++)
		for (unsigned n = 0; n < 3; n++) {
			double turns = uniform();
			size_t at;

			silence(64);
			at = say(RATES[r], 4095, n);
			silence(300);
			for (size_t k = aired - 1; k >= 4; k--) {
				double a = 2 * M_PI * (turns + 200.0 / 20e6 * (double)k);
				double i = (double)air[k - 4].i, q = (double)air[k - 4].q;

				air[k].i += (float)(0.8 * (i * cos(a) - q * sin(a)));
				air[k].q += (float)(0.8 * (i * sin(a) + q * cos(a)));
			}
			noise(0.008);
			hear();
			assert_int_equal(ears, 1);
			assert_true(is(0, RATES[r], 4095, n, at));
		}
}

/* A mixer's constant, 20 dB below the signal, with silence between frames. */
static void test_dc(void **unused)
{
	size_t at;

	(void)unused;
	silence(3000);
	at = say(24, 400, 3);
	silence(600);
	for (size_t k = 0; k < aired; k++)
		air[k].i += 0.0225F;
	noise(0.01);
	hear();
	assert_int_equal(ears, 1);
	assert_true(is(0, 24, 400, 3, at));
}

/* A burst of noise over the long symbols alone: the first reading has a wrong channel, the second
 * the one that the data told. */
static void test_second_reading(void **unused)
{
	static const struct {
		unsigned rate;
		double rms; /* beside a frame's 0.225 */
	} row[] = { { 24, 0.28 }, { 36, 0.22 }, { 48, 0.14 }, { 54, 0.14 } };

	(void)unused;
	for (unsigned r = 0; r < 4; r++) {
		unsigned good = 0;

		for (unsigned n = 0; n < 20; n++) {
			size_t at;

			silence(200);
			at = say(row[r].rate, 1000, n);
			for (size_t k = at + 160; k < at + 320; k++) {
				double a = row[r].rms * sqrt(-log(uniform()));
				double turn_by = 2 * M_PI * uniform();

				air[k].i += (float)(a * cos(turn_by));
				air[k].q += (float)(a * sin(turn_by));
			}
			silence(400);
			hear();
			good += is(0, row[r].rate, 1000, n, at);
		}
		print_message("%u Mb/s: %u of 20\n", row[r].rate, good);
		assert_in_range(good, 18, 20);
	}
}

/* On a channel of 5 MHz 40 ppm are 0.0472 turns a sample: beyond what the short symbols can tell.
 */
static void test_wide_offset(void **unused)
{
	(void)unused;
	for (int sign = -1; sign <= 1; sign += 2) {
		size_t at;

		silence(64);
		at = say(12, 300, 4);
		silence(400);
		turn(sign * 0.0472);
		noise(0.02);
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, 12, 300, 4, at));
	}
}

/* A narrow signal, 9 dB weaker than the frame, 3 dB stronger than the carriers that it meets, is on
 * the air from `from` samples after a frame's first on; how many of 20 come through. */
static unsigned beside_intruder(int from)
{
	unsigned good = 0;

	for (unsigned n = 0; n < 20; n++) {
		double turns = uniform(), middle = (0.05 + 0.3 * uniform()) * (n % 2 ? 1 : -1);
		size_t at;

		silence(200);
		at = say(36, 600, n);
		for (size_t k = (size_t)((int)at + from); k < aired; k++) {
			turns += middle + 0.012 * sin((double)k * 0.21); /* some 0.5 MHz wide */
			air[k].i += (float)(0.225 * 0.35 * cos(2 * M_PI * turns));
			air[k].q += (float)(0.225 * 0.35 * sin(2 * M_PI * turns));
		}
		silence(400);
		noise(0.008);
		hear();
		good += is(0, 36, 600, n, at);
	}
	print_message("%u of 20\n", good);
	return good;
}

/* Without doubt about those carriers 6 and 4 of 20 come through. */
static void test_narrow_intruder(void **unused)
{
	(void)unused;
	assert_in_range(beside_intruder(900), 16, 20);
	assert_in_range(beside_intruder(-150), 14, 20);
}

/* Multiplies the data carriers of the symbol at `at` by `by` (pilots stay), by the formula of the
 * transform. */
static void alter(size_t at, double complex by)
{
	double complex x[64], y[64];

	for (int k = 0; k < 64; k++) {
		int c = k < 32 ? k : k - 64;

		y[k] = 0;
		for (int n = 0; n < 64; n++)
			y[k] += ((double)air[at + 16 + (size_t)n].i +
				 I * (double)air[at + 16 + (size_t)n].q) *
				cexp(-2 * M_PI * I * n * k / 64);
		if (abs(c) != 7 && abs(c) != 21)
			y[k] *= by;
	}
	for (int n = 0; n < 64; n++) {
		x[n] = 0;
		for (int k = 0; k < 64; k++)
			x[n] += y[k] / 64 * cexp(2 * M_PI * I * n * k / 64);
	}
	for (int n = 0; n < 80; n++)
		air[at + (size_t)n] = (struct skw_modem_iq) { (float)creal(x[(n + 48) & 63]),
							      (float)cimag(x[(n + 48) & 63]) };
}

/* The symbol after SIGNAL (HT), or the one after that (VHT), turned by a quarter: not ours, and
 * asleep until the stated end. */
static void test_foreign(void **unused)
{
	uint64_t before = skw_modem_rx_counts(rx).foreign;

	(void)unused;
	for (unsigned which = 0; which < 2; which++) {
		size_t at;

		silence(64);
		at = say(6, 200, 1);
		alter(at + 400 + 80 * which, I);
		silence(320);
		at = say(24, 100, 2);
		silence(400);
		noise(0.01);
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, 24, 100, 2, at));
	}
	assert_int_equal(skw_modem_rx_counts(rx).foreign, before + 2);
}

/* 802.11ax: SIGNAL once more where data would begin (both have the same polarity of pilots), then
 * what no 6 Mb/s frame holds. Deaf for the stated time, told of to nobody. */
static void test_signal_twice(void **unused)
{
	struct skw_modem_counts before = skw_modem_rx_counts(rx);
	size_t at;

	(void)unused;
	silence(64);
	at = say(6, 200, 1);
	memcpy(air + at + 400, air + at + 320, 80 * sizeof(*air));
	silence(320);
	at = say(24, 100, 2);
	silence(400);
	noise(0.05);
	hear();
	assert_int_equal(ears, 1);
	assert_true(is(0, 24, 100, 2, at));
	assert_int_equal(skw_modem_rx_counts(rx).foreign, before.foreign + 1);
	assert_int_equal(skw_modem_rx_counts(rx).frames, before.frames + 1);
}

/* A receiver's gain that comes up by 30 dB within the short symbols leaves half of them: the period
 * seems to last until well into the long ones. */
static void test_late_gain(void **unused)
{
	(void)unused;
	for (size_t late = 16; late <= 80; late += 4) {
		size_t at;

		silence(400);
		at = say(24, 100, (unsigned)late);
		silence(400);
		noise(0.002);
		for (size_t k = 0; k < at + late; k++) {
			air[k].i *= 0.03F;
			air[k].q *= 0.03F;
		}
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, 24, 100, (unsigned)late, at));
	}
}

/* The first path is 3 dB weaker than one that comes 1 to 14 samples later. */
static void test_stronger_echo(void **unused)
{
	(void)unused;
	for (size_t late = 1; late <= 14; late++) {
		size_t at;

		silence(64);
		at = say(48, 300, (unsigned)late);
		silence(400);
		for (size_t k = aired - 1; k >= late; k--) {
			float i = air[k].i, q = air[k].q;

			air[k].i = 0.5F * i - 0.7F * air[k - late].q;
			air[k].q = 0.5F * q + 0.7F * air[k - late].i;
		}
		noise(0.002);
		hear();
		assert_int_equal(ears, 1);
		assert_true(is(0, 48, 300, (unsigned)late, at));
	}
}

/* Every bit of SIGNAL the other way round: no code word, and a reserved rate. */
static void test_bad_signal(void **unused)
{
	uint64_t before = skw_modem_rx_counts(rx).signal_bad;

	(void)unused;
	silence(64);
	alter(say(24, 100, 1) + 320, -1);
	silence(500);
	hear();
	assert_int_equal(ears, 0);
	assert_int_equal(skw_modem_rx_counts(rx).signal_bad, before + 1);
}

static void test_gap_in_time(void **unused)
{
	uint64_t before = skw_modem_rx_counts(rx).gaps;
	size_t at;

	(void)unused;
	silence(64);
	say(6, 1000, 1);
	aired = 3000;
	hear();
	assert_int_equal(ears, 0);
	now += 12345;
	silence(10);
	at = say(54, 1000, 2);
	silence(300);
	hear();
	assert_int_equal(ears, 1);
	assert_true(is(0, 54, 1000, 2, at));
	assert_int_equal(skw_modem_rx_counts(rx).gaps, before + 1);
}

static void test_noise(void **unused)
{
	(void)unused;
	for (unsigned k = 0; k < 8; k++) {
		silence(AIR);
		noise(k % 2 ? 0.3 : 1e-3);
		hear();
		assert_int_equal(ears, 0);
	}
}

/* Not a number, infinite, huge, denormal, clipped, constant: counted, survived, and a frame after
 * it is heard. */
static void test_rubbish(void **unused)
{
	static const float odd[] = { NAN, INFINITY, -INFINITY, 3e38F, -1e30F, 1e-40F, 1, -1, 0 };

	(void)unused;
	for (unsigned round = 0; round < 12; round++) {
		size_t at;

		for (aired = 0; aired < 20000; aired++) {
			float a = odd[round < 9 ? round : (unsigned)(uniform() * 9)];
			float b = odd[round < 9 ? round : (unsigned)(uniform() * 9)];

			air[aired] = (struct skw_modem_iq) { a, b };
		}
		silence(300);
		at = say(24, 100, round);
		silence(400);
		hear();
		assert_true(ears >= 1);
		assert_true(is(ears - 1, 24, 100, round, at));
	}
	assert_true(skw_modem_rx_counts(rx).repaired > 100000);
}

/* A frame with single samples that are no numbers. */
static void test_speckled(void **unused)
{
	(void)unused;
	silence(64);
	say(6, 200, 3);
	silence(400);
	for (size_t k = 700; k < aired; k += 331)
		air[k].i = NAN;
	hear();
	assert_int_equal(ears, 1);
	assert_true(is(0, 6, 200, 3, 64));
}

/* Every recorded frame: rate, octets, FCS, time, carrier offset. */
static void recording(const char *name, float scale, unsigned *frames)
{
	static int16_t raw[2 * AIR];
	static char line[16384];
	char path[200];
	FILE *f;
	unsigned k = 0;

	snprintf(path, sizeof(path), "tests/vectors/ofdm/captures/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	aired = fread(raw, 4, AIR, f);
	fclose(f);
	for (size_t i = 0; i < aired; i++)
		air[i] = (struct skw_modem_iq) { (float)raw[2 * i] / 32768 * scale,
						 (float)raw[2 * i + 1] / 32768 * scale };
	silence(1000);
	hear();
	f = fopen("tests/vectors/ofdm/captures/frames.tsv", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char file[64];
		long start, cfo;
		unsigned rate, length, fcs, octet;
		double snr;
		int hex;

		if (sscanf(line, "%63s %ld %u %u %u %ld %lf %n", file, &start, &rate, &length, &fcs,
			   &cfo, &snr, &hex) != 7 ||
		    strcmp(file, name) != 0)
			continue;
		assert_true(k < ears);
		assert_int_equal(heard[k].f.rate_mbps, rate);
		assert_int_equal(heard[k].f.length, length);
		assert_int_equal(heard[k].f.fcs_ok, fcs);
		assert_true(labs((long)heard[k].f.time - start) <= 8);
		assert_true(labs(heard[k].f.cfo_hz - cfo) <= 3000);
		for (unsigned i = 0; i < length; i++) {
			assert_int_equal(sscanf(line + hex + 2 * i, "%2x", &octet), 1);
			assert_int_equal(heard[k].psdu[i], octet);
		}
		k++;
	}
	assert_int_equal(k, ears);
	*frames += k;
	fclose(f);
}

static void test_recordings(void **unused)
{
	static const unsigned rates[7] = { 6, 9, 12, 18, 24, 36, 48 };
	unsigned frames = 0;
	char name[64];

	(void)unused;
	for (unsigned r = 0; r < 7; r++) {
		snprintf(name, sizeof(name), "cable_%umbps.cs16", rates[r]);
		recording(name, 1, &frames);
	}
	assert_int_equal(frames, 130);
}

/* Whatever full scale is. */
static void test_recordings_scaled(void **unused)
{
	unsigned frames = 0;

	(void)unused;
	recording("cable_9mbps.cs16", 1e-4F, &frames);
	recording("cable_36mbps.cs16", 1e-4F, &frames);
	recording("cable_48mbps.cs16", 1e3F, &frames);
	assert_true(frames > 20);
}

/* Fewer than one in ten lost at 2 dB beyond the ideal receiver (docs/performance.md), 30 frames a
 * rate. */
static void test_sensitivity(void **unused)
{
	static const double ideal[8] = { -0.3, 2.3, 2.7, 5.3, 8.3, 11.6, 15.7, 17.1 };

	(void)unused;
	for (unsigned r = 0; r < 8; r++) {
		unsigned good = 0;

		for (unsigned k = 0; k < 30; k++) {
			silence(200);
			say(RATES[r], 1000, k);
			silence(300);
			turn((uniform() - 0.5) * 0.02);
			noise(0.22535 * pow(10, -(ideal[r] + 2) / 20));
			hear();
			for (unsigned e = 0; e < ears; e++)
				good += is(e, RATES[r], 1000, k, 200);
		}
		assert_true(good >= 27);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_recordings_scaled),
		cmocka_unit_test(test_every_pad),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_back_to_back),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_after_truncated),
		cmocka_unit_test(test_drowned),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_fading),
		cmocka_unit_test(test_dc),
		cmocka_unit_test(test_second_reading),
		cmocka_unit_test(test_narrow_intruder),
		cmocka_unit_test(test_wide_offset),
		cmocka_unit_test(test_far_clocks),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_signal_twice),
		cmocka_unit_test(test_late_gain),
		cmocka_unit_test(test_stronger_echo),
		cmocka_unit_test(test_bad_signal),
		cmocka_unit_test(test_gap_in_time),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_rubbish),
		cmocka_unit_test(test_speckled),
		cmocka_unit_test(test_sensitivity),
	};
	int failed;

	tx = skw_modem_tx_new();
	rx = skw_modem_rx_new(20e6);
	if (tx == NULL || rx == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	skw_modem_tx_free(tx);
	skw_modem_rx_free(rx);
	return failed;
}
