/* Frame streams over plain I/Q devices: two adaptors exchange frames over driver=imitation
 * (tests/soapy), a class of driver at a time, in real time on a channel of 1 MHz; rates, resampler
 * and gain by themselves. rooms: plain modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <SoapySDR/Errors.h>

#include "plain/skw_frames.h"
#include "plain/skw_plain_gain.h"
#include "plain/skw_plain_rate.h"

enum { FRAMES = 8, TAGS = 4 * FRAMES, LENGTH = 300, MS = 1000000 };

static char air_file[64];
static unsigned airs;

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct skw_frames *open_seat(unsigned seat, const char *class, bool agc, const char *own)
{
	struct skw_frames_config c = { .rate_hz = 1e6, .frequency_hz = 5.89e9, .agc = agc };
	char device[512], error[256] = "";
	struct skw_frames *f;

	snprintf(device, sizeof(device), "driver=imitation,air=%s,seat=%u,%s%s%s", air_file, seat,
		 class, own, strstr(class, "time=1") != NULL ? ",pace=0.4" : "");
	c.device = device;
	f = skw_frames_open(&c, error, sizeof(error));
	if (f == NULL)
		print_message("%s\n", error);
	return f;
}

static void new_air(void)
{
	snprintf(air_file, sizeof(air_file), "/dev/shm/skw-plain-test-%d-%u", (int)getpid(),
		 airs++);
}

/* PSDUs are a function of their tag. */
static size_t make(uint8_t *out, unsigned rate, uint32_t tag)
{
	struct skw_frame_tx f = {
		.rate_mbps = (uint8_t)rate, .length = LENGTH + 4, .append_fcs = true, .tag = tag
	};
	uint32_t x = tag * 2654435761U + 1;

	skw_frame_tx_put(out, &f);
	for (unsigned i = 0; i < LENGTH; i++) {
		x = x * 1664525U + 1013904223U;
		out[SKW_FRAME_TX_DESC + i] = (uint8_t)(x >> 24);
	}
	return SKW_FRAME_TX_DESC + LENGTH;
}

/* What an end heard and was told. */
struct end {
	struct skw_frames *f;
	unsigned first; /* tag of its next frame */
	unsigned heard, bad, sent, late, other;
	long long sent_at[TAGS], heard_at[TAGS]; /* by tag */
	int snr_cdb;
};

static void listen(struct end *e, long us)
{
	uint8_t bytes[SKW_FRAME_RX_DESC + SKW_PSDU_MAX], expected[4096];
	struct skw_frame_rx f;
	long long at = 0;
	uint32_t tag;
	int n = skw_frames_read(e->f, bytes, sizeof(bytes), &at, us);

	if (n > 0) {
		bool known = false;

		assert_true(skw_frame_rx_get(&f, bytes));
		assert_int_equal(n, (int)SKW_FRAME_RX_DESC + f.length);
		for (tag = 0; tag < TAGS && f.fcs_ok && f.length == LENGTH + 4; tag++) {
			make(expected, 6, tag);
			if (memcmp(expected + SKW_FRAME_TX_DESC, bytes + SKW_FRAME_RX_DESC,
				   LENGTH) == 0) {
				e->heard_at[tag] = at;
				known = true;
				assert_true(llabs((long long)f.time - at / 1000) <= 1);
			}
		}
		e->heard += known;
		e->bad += !known && f.fcs_ok;
		e->snr_cdb = f.snr_cdb;
	} else {
		assert_int_equal(n, SOAPY_SDR_TIMEOUT);
	}
	while ((n = skw_frames_status(e->f, &tag, &at)) != SOAPY_SDR_TIMEOUT) {
		e->sent += n == 0;
		e->late += n == SOAPY_SDR_TIME_ERROR;
		e->other += n != 0 && n != SOAPY_SDR_TIME_ERROR;
		if (tag < TAGS)
			e->sent_at[tag] = at;
	}
}

static void both(struct end *a, struct end *b, double seconds)
{
	for (double until = wall() + seconds; wall() < until;) {
		listen(a, 500);
		listen(b, 500);
	}
}

/* `from` sends FRAMES frames `spacing` apart, each `lead` ahead of its time. */
static void exchange(struct end *from, struct end *to, long long lead, long long spacing)
{
	static const uint8_t rates[6] = { 6, 12, 24, 9, 18, 36 };
	uint8_t bytes[SKW_FRAME_TX_DESC + SKW_PSDU_MAX];
	long long next = skw_frames_now(from->f) + 2 * lead;
	double until = wall() + 15;

	to->heard = from->sent = from->late = from->other = 0;
	for (unsigned k = 0; k < FRAMES && wall() < until;) {
		if (skw_frames_now(from->f) >= next - lead) {
			size_t len = make(bytes, rates[k % 6], from->first);
			int n = skw_frames_write(from->f, bytes, len, next);

			from->late += n == SOAPY_SDR_TIME_ERROR;
			assert_true(n == (int)len || n == SOAPY_SDR_TIME_ERROR);
			next += spacing;
			from->first++;
			k++;
		}
		listen(from, 300);
		listen(to, 300);
	}
	while (wall() < until && (to->heard < FRAMES || from->sent < FRAMES) &&
	       skw_frames_now(from->f) < next + 200 * MS) {
		listen(from, 500);
		listen(to, 500);
	}
}

struct class
{
	const char *name, *args, *own_a, *own_b;
	long long lead, spacing;
	bool timed, half;
	unsigned least; /* frames heard of FRAMES */
};

static const struct class CLASSES[] = {
	{ "lms7, uhd, bladerf", "time=1,late=1,ppm=2", "", "", 60 * MS, 15 * MS, true, false, 8 },
	{ "no late reports", "time=1,late=0", "", "", 60 * MS, 15 * MS, true, false, 8 },
	{ "only 8/5, 16/5, 32/5 times", "time=1,rates=1.6e6:3.2e6:6.4e6", "", "", 60 * MS, 15 * MS,
	  true, false, 8 },
	{ "odd rates at each end", "time=1", ",rates=1.6e6", ",rates=1.92e6:2.4e6", 60 * MS,
	  15 * MS, true, false, 8 },
	{ "short reads and writes, 12 bits", "time=1,short=1,narrow=1", "", "", 60 * MS, 15 * MS,
	  true, false, 8 },
	{ "hears itself", "time=1,leak=1", "", "", 60 * MS, 15 * MS, true, false, 8 },
	{ "overflows", "time=1,overflow_ms=70", "", "", 60 * MS, 15 * MS, true, false, 5 },
	{ "overflows without time", "time=0,overflow_ms=70", "", "", 60 * MS, 20 * MS, false, false,
	  5 },
	{ "plutosdr", "time=0,late=0,latency_ms=8", "", "", 60 * MS, 20 * MS, false, false, 7 },
	{ "hackrf", "time=0,late=0,half=1,narrow=1,rates=2e6", "", "", 60 * MS, 20 * MS, false,
	  true, 6 },
};

/* Both ways. Without a clock of its own a device is in real time, and a busy computer too slow now
 * and then: false if fewer came through than should. */
static bool exchange_both_ways(const struct class *c, struct end *a, struct end *b)
{
	long long off[2];
	bool good = true;

	for (int way = 0; way < 2; way++) {
		struct end *from = way ? b : a, *to = way ? a : b;
		long long worst = 0;

		exchange(from, to, c->lead, c->spacing);
		for (unsigned k = 0; k < TAGS; k++)
			if (to->heard_at[k] != 0 && from->sent_at[k] != 0 &&
			    llabs(to->heard_at[k] - from->sent_at[k]) > llabs(worst))
				worst = to->heard_at[k] - from->sent_at[k];
		print_message("%-32s %u of %u heard, %u sent, %u late, %u other, off by %.1f us, "
			      "SNR %.1f dB\n",
			      c->name, to->heard, FRAMES, from->sent, from->late, from->other,
			      (double)worst / 1e3, to->snr_cdb / 100.0);
		assert_int_equal(to->bad, 0);
		assert_true(from->sent + from->late + from->other <= FRAMES);
		good &= to->heard >= c->least && from->sent >= c->least &&
			from->sent + from->late + from->other == FRAMES;
		off[way] = worst;
	}
	/* What the clocks differ by counts once each way; the path and the receiver's own error are
	 * what is left. Coarse: each within its tens of milliseconds. */
	if (c->timed)
		assert_true(llabs(off[0] + off[1]) < 8000);
	return good && (c->timed || (llabs(off[0]) < 80 * MS && llabs(off[1]) < 80 * MS));
}

static bool one_class(const struct class *c)
{
	struct end a = { 0 }, b = { .first = 2 * FRAMES };
	struct skw_frames_counts ca, cb;
	bool good;

	new_air();
	a.f = open_seat(0, c->args, false, c->own_a);
	b.f = open_seat(1, c->args, false, c->own_b);
	assert_non_null(a.f);
	assert_non_null(b.f);
	both(&a, &b, 0.1);
	good = exchange_both_ways(c, &a, &b);
	ca = skw_frames_counts(a.f);
	cb = skw_frames_counts(b.f);
	assert_true(ca.plain && ca.timed == c->timed && ca.full_duplex == !c->half);
	if (good && strstr(c->args, "overflow_ms") != NULL)
		assert_true(ca.overflows > 3);
	if (good && strstr(c->args, "leak") != NULL)
		assert_true(ca.own >= 6 && cb.own >= 6);
	skw_frames_close(a.f);
	skw_frames_close(b.f);
	unlink(air_file);
	return good;
}

static void test_classes(void **state)
{
	const struct class *c = &CLASSES[*(unsigned *)*state];
	bool good = one_class(c);

	for (int again = 0; again < 2 && !good; again++)
		good = one_class(c);
	assert_true(good);
}

/* Times to the sample: the sender's clock and the receiver's are the same one here. */
static void test_timed_to_the_sample(void **unused)
{
	static const char *const args[] = { "time=1,rates=1e6", "time=1,rates=1.6e6",
					    "time=1,rates=2.5e6,short=1" };

	(void)unused;
	for (unsigned k = 0; k < 3; k++) {
		struct end a = { 0 }, b = { 0 };

		new_air();
		/* One device that hears itself at -20 dB would drop its own: so a second seat,
		 * whose offset between the clocks is the same for every frame. */
		a.f = open_seat(0, args[k], false, "");
		b.f = open_seat(1, args[k], false, "");
		both(&a, &b, 0.05);
		exchange(&a, &b, 60 * MS, 15 * MS);
		assert_int_equal(b.heard, FRAMES);
		assert_int_equal(a.sent, FRAMES);
		for (unsigned f = 1; f < FRAMES; f++) {
			long long jump =
			    (b.heard_at[f] - a.sent_at[f]) - (b.heard_at[0] - a.sent_at[0]);

			assert_true(llabs(jump) <= 2000); /* the receiver's own two samples */
		}
		skw_frames_close(a.f);
		skw_frames_close(b.f);
		unlink(air_file);
	}
}

static void test_late_and_wrong(void **unused)
{
	uint8_t bytes[SKW_FRAME_TX_DESC + SKW_PSDU_MAX];
	struct end a = { 0 };
	size_t len = make(bytes, 6, 1);
	int n = 0;

	(void)unused;
	new_air();
	a.f = open_seat(0, "time=1", false, "");
	for (int k = 0; k < 50; k++)
		listen(&a, 1000);
	assert_int_equal(skw_frames_write(a.f, bytes, len, skw_frames_now(a.f) - 5 * MS),
			 SOAPY_SDR_TIME_ERROR);
	assert_int_equal(skw_frames_write(a.f, bytes, len - 1, -1), SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_frames_write(a.f, bytes, 3, -1), SOAPY_SDR_STREAM_ERROR);
	bytes[1] = 7;
	assert_int_equal(skw_frames_write(a.f, bytes, len, -1), SOAPY_SDR_STREAM_ERROR);
	bytes[1] = 6;
	/* The queue is full at some time, and empties. */
	for (int k = 0; k < 100 && n != SOAPY_SDR_TIMEOUT; k++)
		n = skw_frames_write(a.f, bytes, len, skw_frames_now(a.f) + 300 * MS + k * 9 * MS);
	assert_int_equal(n, SOAPY_SDR_TIMEOUT);
	for (double until = wall() + 3; wall() < until && a.sent + a.late + a.other < 16;)
		listen(&a, 1000);
	assert_int_equal(a.sent, 16);
	/* At once. */
	assert_int_equal(skw_frames_write(a.f, bytes, len, -1), (int)len);
	for (double until = wall() + 3; wall() < until && a.sent < 17;)
		listen(&a, 1000);
	assert_int_equal(a.sent, 17);
	skw_frames_close(a.f);
	unlink(air_file);
}

static void test_refused(void **unused)
{
	char device[300], error[256] = "";
	struct skw_frames_config c = { .rate_hz = 5e6, .frequency_hz = 1e9, .device = device };
	uint8_t bytes[SKW_FRAME_TX_DESC + SKW_PSDU_MAX];
	struct skw_frames *f;

	(void)unused;
	new_air();
	snprintf(device, sizeof(device), "driver=imitation,air=%s,rates=1e6:4e6", air_file);
	assert_null(skw_frames_open(&c, error, sizeof(error)));
	assert_non_null(strstr(error, "cannot receive at 5 MS/s"));
	snprintf(device, sizeof(device), "driver=imitation,air=%s,rates=8e6,latency_ms=many",
		 air_file);
	assert_null(skw_frames_open(&c, error, sizeof(error)));
	assert_non_null(strstr(error, "latency_ms=many"));
	snprintf(device, sizeof(device), "driver=none-such");
	assert_null(skw_frames_open(&c, error, sizeof(error)));
	/* rtlsdr: receives only */
	c.rate_hz = 1e6;
	snprintf(device, sizeof(device), "driver=imitation,air=%s,time=0,transmits=0,rates=2.4e6",
		 air_file);
	f = skw_frames_open(&c, error, sizeof(error));
	assert_non_null(f);
	assert_int_equal(skw_frames_write(f, bytes, make(bytes, 6, 1), -1),
			 SOAPY_SDR_NOT_SUPPORTED);
	skw_frames_close(f);
	unlink(air_file);
}

/* A strong neighbour clips at first; the gain goes down until its frames come through. */
static void test_gain(void **unused)
{
	struct end a = { 0 }, b = { 0 };
	double before, after;

	(void)unused;
	new_air();
	a.f = open_seat(0, "time=1,loss=0", false, "");
	b.f = open_seat(1, "time=1,loss=0,noise=-90,dc=0.01", true, "");
	before = skw_frames_counts(b.f).rx_gain_db;
	exchange(&a, &b, 60 * MS, 15 * MS);
	exchange(&a, &b, 60 * MS, 15 * MS);
	after = skw_frames_counts(b.f).rx_gain_db;
	print_message("gain %.0f -> %.0f dB, %u heard, %llu clipped\n", before, after, b.heard,
		      (unsigned long long)skw_frames_counts(b.f).clipped);
	assert_true(before >= 10 && after < before && after > -20);
	assert_true(b.heard >= FRAMES - 1);
	skw_frames_close(a.f);
	skw_frames_close(b.f);
	unlink(air_file);
}

static void test_gain_rules(void **unused)
{
	struct skw_plain_gain g;

	(void)unused;
	skw_plain_gain_init(&g, 100, -10, 40, 1e6);
	assert_true(g.db == 40);
	assert_false(skw_plain_gain_follow(&g, 1000, 1, 0.1F, 2));
	assert_true(skw_plain_gain_follow(&g, 1000, 1, 0.1F, 3));
	assert_true(g.db == 34);
	for (int k = 0; k < 499; k++)
		assert_false(skw_plain_gain_follow(&g, 1000, 0.1F, 1e-7F, 0));
	assert_true(skw_plain_gain_follow(&g, 1000, 0.1F, 1e-7F, 0)); /* half a second of quiet */
	assert_true(g.db == 37);
	assert_false(skw_plain_gain_follow(&g, 500000, 0.3F, 1e-7F, 0)); /* a neighbour */
	assert_false(skw_plain_gain_follow(&g, 500000, 0.1F, 1e-5F, 0)); /* enough noise */
	assert_true(skw_plain_gain_follow(&g, 500000, 0.1F, 1e-3F, 0));  /* too much */
	assert_true(g.db == 34);
	for (int k = 0; k < 20; k++)
		skw_plain_gain_follow(&g, 10, 1, 0.5F, 10);
	assert_true(g.db == -10);
}

static void test_rates(void **unused)
{
	static const SoapySDRRange lime = { 1e5, 65e6, 0 },
				   rtl[2] = { { 225001, 300000, 0 }, { 900001, 3200000, 0 } };
	static const SoapySDRRange odd[3] = { { 8e6, 8e6, 0 },
					      { 16e6, 16e6, 0 },
					      { 32e6, 32e6, 0 } };
	static const SoapySDRRange master[2] = { { 7.68e6, 7.68e6, 0 }, { 30.72e6, 61.44e6, 0 } };
	struct skw_plain_ratio r;

	(void)unused;
	assert_true(skw_plain_rate_choose(&lime, 1, 20e6) == 20e6);
	assert_true(skw_plain_rate_choose(odd, 3, 5e6) == 8e6);
	assert_true(skw_plain_rate_choose(odd, 3, 10e6) == 16e6);
	assert_true(skw_plain_rate_choose(odd, 3, 16e6) == 16e6);
	assert_true(skw_plain_rate_choose(odd, 3, 40e6) == 0);
	assert_true(skw_plain_rate_choose(rtl, 2, 2.5e6) == 2.5e6);
	assert_true(skw_plain_rate_choose(rtl, 2, 5e6) == 0);
	assert_true(skw_plain_rate_choose(master, 2, 5e6) == 7.68e6);
	assert_true(skw_plain_rate_choose(master, 2, 20e6) == 40e6);
	r = skw_plain_ratio_of(5e6, 8e6);
	assert_true(r.out == 5 && r.in == 8);
	r = skw_plain_ratio_of(5e6, 7.68e6);
	assert_true(r.out == 125 && r.in == 192);
	r = skw_plain_ratio_of(20e6, 20e6 * (1 + 1e-7));
	assert_true(r.out == 1 && r.in == 1);
	for (double x = 1; x < 7; x += 0.0137) {
		r = skw_plain_ratio_of(1, x);
		assert_true(fabs(r.out / (r.in / x) - 1) < 250e-6);
	}
}

/* A tone within the channel's carriers keeps amplitude and phase, with the delay as told; one that
 * would fall onto them from beyond is 50 dB down. */
static void tone(struct skw_plain_ratio ratio, double f, double amplitude_db, bool passes)
{
	enum { N = 8192 };
	static struct skw_modem_iq in[N], out[8 * N];
	struct skw_resampler *r = skw_resampler_new(ratio);
	double delay, error = 0, power = 0;
	size_t n = 0, used = 0;

	assert_non_null(r);
	delay = skw_resampler_delay(r);
	for (int k = 0; k < N; k++)
		in[k] = (struct skw_modem_iq) { (float)cos(2 * M_PI * f * k),
						(float)sin(2 * M_PI * f * k) };
	for (size_t at = 0, some; at < N; at += some) {
		some = 1 + at % 977 < N - at ? 1 + at % 977 : N - at;
		assert_true(skw_resampler_room(r, some) <= 8 * N - n);
		n += skw_resampler_run(r, out + n, in + at, some);
	}
	for (size_t j = n / 4; j < n * 3 / 4; j++, used++) {
		double t = (double)j * ratio.in / ratio.out - delay;
		double i = (double)out[j].i, q = (double)out[j].q;

		power += i * i + q * q;
		error += pow(i - cos(2 * M_PI * f * t), 2) + pow(q - sin(2 * M_PI * f * t), 2);
	}
	if (passes && 10 * log10(error / (double)used) > amplitude_db)
		print_message("%u/%u at %.3f: error %.1f dB\n", ratio.out, ratio.in, f,
			      10 * log10(error / (double)used));
	if (passes)
		assert_true(10 * log10(error / (double)used) <= amplitude_db);
	else
		assert_true(10 * log10(power / (double)used) <= amplitude_db);
	skw_resampler_free(r);
}

static void test_resampler(void **unused)
{
	static const struct skw_plain_ratio ratios[] = { { 5, 8 },  { 8, 5 },     { 1, 4 },
							 { 4, 1 },  { 125, 192 }, { 192, 125 },
							 { 5, 32 }, { 1, 2 } };

	(void)unused;
	for (unsigned k = 0; k < sizeof(ratios) / sizeof(ratios[0]); k++) {
		double slower = fmin(1, (double)ratios[k].out / ratios[k].in);

		for (double f = -0.41; f < 0.415; f += 0.0821)
			tone(ratios[k], f * slower, -45, true);
		for (double f = 0.6; f < 0.5 / slower; f += 0.13)
			tone(ratios[k], f * slower, -50, false);
	}
}

int main(void)
{
	enum { N = sizeof(CLASSES) / sizeof(CLASSES[0]) };
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_rates),          cmocka_unit_test(test_resampler),
		cmocka_unit_test(test_gain_rules),     cmocka_unit_test(test_timed_to_the_sample),
		cmocka_unit_test(test_late_and_wrong), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_gain),
	};
	struct CMUnitTest tests[N];
	unsigned number[N];
	char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);

	for (int up = 0; up < 2 && n > 0; up++) /* build/test/X -> build */
		while (--n > 0 && path[n] != '/')
			;
	strcpy(path + n, "/testsoapy");
	setenv("SOAPY_SDR_PLUGIN_PATH", path, 1);
	for (unsigned k = 0; k < N; k++) {
		number[k] = k;
		tests[k] =
		    (struct CMUnitTest) { CLASSES[k].name, test_classes, NULL, NULL, &number[k] };
	}
	return cmocka_run_group_tests_name("rules", others, NULL, NULL) +
	       cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
