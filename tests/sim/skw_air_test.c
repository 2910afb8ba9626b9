/* sim/air: the scenario's text, the channel against its formula, the clock's promise, and radios in
 * one world. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "air/skw_air_channel.h"
#include "air/skw_air_clock.h"
#include "air/skw_air_drift.h"
#include "air/skw_air_echoes.h"
#include "air/skw_air_scenario.h"
#include "air/skw_air_world.h"
#include "wire/skw_hostlink.h"

static struct skw_air_scenario scenario;
static char error[256];

static int fresh(void **state)
{
	(void)state;
	skw_air_scenario_init(&scenario);
	return 0;
}

static bool parse(const char *text)
{
	return skw_air_scenario_parse(&scenario, text, error, sizeof(error));
}

/* ---- scenario ---- */

static void a_scenario_says_who_hears_whom(void **state)
{
	(void)state;
	assert_true(
	    parse("# comment\n[air]\nrate = 10e6 ; half\nnoise=-40\nseed = 7\n\n[radio a]\nppm = "
		  "-3.5\n[radio b]\n"
		  "[radio c]\n[path a b]\nloss = 50.5\ndistance = 2998\n[path b c]\ndelay=0\n"));
	assert_int_equal(scenario.rate_hz, 10000000);
	assert_int_equal(scenario.radios, 3);
	assert_true(scenario.noise_dbfs == -40 && scenario.seed == 7 &&
		    scenario.radio[0].ppm == -3.5);
	assert_true(scenario.path[0][1].open && scenario.path[1][0].open &&
		    !scenario.path[0][2].open);
	assert_true(scenario.path[1][0].loss_db == 50.5);
	assert_int_equal(scenario.path[0][1].delay, 100); /* 10 us of light */
	assert_int_equal(scenario.path[2][1].delay, 1);   /* never less */
	assert_true(skw_air_scenario_check(&scenario, error, sizeof(error)));
}

static void a_line_joins_neighbours_only(void **state)
{
	(void)state;
	assert_true(skw_air_scenario_line(&scenario, 4));
	assert_int_equal(skw_air_scenario_find(&scenario, "alice"), 0);
	assert_int_equal(skw_air_scenario_find(&scenario, "relay2"), 2);
	assert_int_equal(skw_air_scenario_find(&scenario, "bob"), 3);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < 4; k++)
			assert_int_equal(scenario.path[i][k].open, i + 1 == k || k + 1 == i);
	assert_false(skw_air_scenario_line(&scenario, 2)); /* alice is there already */
}

static void bad_scenarios_are_refused_with_their_line(void **state)
{
	const char *const bad[] = {
		"rate = 5e6\n",
		"[air]\nrate = 6e6\n",
		"[air]\nrate\n",
		"[air]\ncolour = red\n",
		"[air]\nnoise = loud\n",
		"[air]\npace = 2\n",
		"[air\n",
		"[moon]\n",
		"[radio]\n",
		"[radio a b]\n",
		"[radio a/b]\n",
		"[radio a]\nppm = 1e9\n",
		"[radio a]\nclock = -1\n",
		"[radio a]\nclock = noon\n",
		"[path a b]\n",
		"[radio a]\n[path a a]\n",
		"[radio a]\n[radio b]\n[path a b]\nloss = nan\n",
		"[air]\nseed = 1.5\n",
		"[radio a]\n[radio b]\n[path a b]\ndelay = 1e9\n",
		"[radio a]\n[radio b]\n[path a b]\nloss =\n",
		"[radio a]\n[radio b]\n[path a b]\ndistance = -1\n",
		"[air]\nechoes = 501\n",
		"[air]\ndrift = 1\n",
		"[radio a]\n[radio b]\n[path a b]\nechoes = -1\n",
		"[radio a]\n[radio b]\n[path a b]\nechoes = long\n",
		"[radio aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		skw_air_scenario_init(&scenario);
		error[0] = '\0';
		assert_false(parse(bad[i]));
		assert_non_null(strstr(error, "line "));
	}
	skw_air_scenario_init(&scenario);
	assert_false(skw_air_scenario_check(&scenario, error, sizeof(error)));
	assert_true(parse("[air]\ndrift = yes\n[radio a]\n[radio b]\n[path a b]\ndelay = 31\n"));
	assert_false(skw_air_scenario_check(&scenario, error, sizeof(error)));
	assert_non_null(strstr(error, "path a b"));
}

/* ---- channel ---- */

static const struct skw_radio_front_end TUNED = { 5900000000, 5900000000, 20000000, 0, 0 };

static struct skw_air_channel *two_radios(const char *more)
{
	struct skw_air_channel *c;

	assert_true(
	    parse("[radio a]\nppm = 20\n[radio b]\nppm = -20\n[path a b]\nloss = 6\ndelay = 70\n"));
	assert_true(parse(more));
	c = skw_air_channel_new(&scenario);
	assert_non_null(c);
	skw_air_channel_tune(c, 0, TUNED);
	skw_air_channel_tune(c, 1, TUNED);
	return c;
}

static void arrivals_follow_the_formula(void **state)
{
	struct skw_air_channel *c = two_radios("[air]\nnoise = -200\n");
	struct skw_iq sent[64], heard[64];
	const uint64_t start = UINT64_C(123456789012);
	double worst = 0;

	(void)state;
	for (uint64_t t = start; t < start + 1024; t += 64) {
		for (unsigned k = 0; k < 64; k++)
			sent[k] = (struct skw_iq) { (int16_t)((t + k) * 37 % 20001 - 10000),
						    (int16_t)((t + k) * 91 % 20001 - 10000) };
		skw_air_channel_hear(c, 1, t, heard, 64);
		for (unsigned k = 0; k < 64 && t + k >= start + 70; k++) {
			uint64_t u = t + k - 70;
			double i = (double)(u * 37 % 20001) - 10000,
			       q = (double)(u * 91 % 20001) - 10000;
			/* 40 ppm of 5.9 GHz at 20 MS/s: 0.0118 turns a sample */
			double angle = 2 * M_PI * fmod(0.0118 * (double)((t + k) % 10000), 1);
			double gain = pow(10, -6 / 20.0);

			worst = fmax(worst,
				     fabs(gain * (i * cos(angle) - q * sin(angle)) - heard[k].i));
			worst = fmax(worst,
				     fabs(gain * (i * sin(angle) + q * cos(angle)) - heard[k].q));
		}
		assert_true(skw_air_channel_send(c, 0, t, sent, 64));
		assert_false(skw_air_channel_send(c, 1, t, NULL, 64));
	}
	assert_true(worst < 1.0);
	skw_air_channel_hear(c, 0, start + 1024, heard, 64); /* nobody hears itself */
	for (unsigned k = 0; k < 64; k++)
		assert_true(heard[k].i == 0 && heard[k].q == 0);
	skw_air_channel_clear(c);
	skw_air_channel_hear(c, 1, start + 1024, heard, 64);
	for (unsigned k = 0; k < 64; k++)
		assert_true(heard[k].i == 0 && heard[k].q == 0);
	skw_air_channel_free(c);
}

static unsigned loudest(struct skw_air_channel *c, struct skw_radio_front_end from,
			struct skw_radio_front_end to)
{
	struct skw_iq sent[128], heard[128];
	unsigned peak = 0;

	for (unsigned k = 0; k < 128; k++)
		sent[k] = (struct skw_iq) { 20000, 0 };
	skw_air_channel_clear(c);
	skw_air_channel_tune(c, 0, from);
	skw_air_channel_tune(c, 1, to);
	skw_air_channel_send(c, 0, 1000, sent, 128);
	skw_air_channel_hear(c, 1, 1070, heard, 128);
	for (unsigned k = 0; k < 128; k++) {
		unsigned v = (unsigned)abs(heard[k].i);

		peak = v > peak ? v : peak;
	}
	return peak;
}

/* Power 1, the same both ways, another for another seed. Of complex normals the logarithm of the
 * power has the same mean beyond that of its variance, and a common scale leaves ratios alone: so
 * ln |h_k|^2 - ln |h_0|^2 is -k / (rms * rate) in the mean, within 5 sigma of 4000. */
static void echoes_have_an_exponential_profile(void **state)
{
	const double spread = 100e-9 * 20e6;
	double fall[SKW_AIR_TAPS] = { 0 };
	struct skw_air_taps taps, back, last = { 0 };

	(void)state;
	assert_true(
	    parse("[air]\nechoes = 30\n[radio a]\n[radio b]\n[radio c]\n[path b c]\n[path a "
		  "b]\nechoes = 100\n"));
	for (unsigned seed = 0; seed < 4000; seed++) {
		double p[SKW_AIR_TAPS], sum = 0;

		scenario.seed = seed;
		skw_air_echoes(&taps, &scenario, 0, 1);
		skw_air_echoes(&back, &scenario, 1, 0);
		assert_int_equal(taps.n, 14); /* 0 to 6.9 spreads */
		assert_memory_equal(taps.h, back.h, taps.n * sizeof(taps.h[0]));
		assert_true(taps.h[0].re != last.h[0].re);
		for (unsigned k = 0; k < taps.n; k++) {
			p[k] = (double)taps.h[k].re * taps.h[k].re +
			       (double)taps.h[k].im * taps.h[k].im;
			sum += p[k];
			fall[k] += (log(p[k]) - log(p[0])) / 4000;
		}
		assert_true(fabs(sum - 1) < 1e-5);
		last = taps;
	}
	for (unsigned k = 1; k < taps.n; k++)
		assert_true(fabs(fall[k] + k / spread) < 5 * 1.82 / 63);
	skw_air_echoes(&taps, &scenario, 1, 2); /* the air's own, since the path says nothing */
	assert_int_equal(taps.n, 5);
}

/* An impulse comes back as the taps, the carrier's turn and 6 dB between. */
static void an_impulse_is_heard_as_its_echoes(void **state)
{
	struct skw_air_channel *c;
	struct skw_iq sent[128] = { { 0, 0 } }, heard[128];
	struct skw_air_taps taps;
	double err = 0;

	(void)state;
	c = two_radios("[air]\nnoise = -200\n[path a b]\nechoes = 200\n");
	skw_air_echoes(&taps, &scenario, 0, 1);
	sent[127].i = 30000;
	skw_air_channel_send(c, 0, 0, sent, 128);
	skw_air_channel_send(c, 0, 128, NULL, 128);
	skw_air_channel_hear(c, 1, 128, heard, 128); /* the first arrives at 127 + 70 */
	for (unsigned k = 0; k < 128; k++) {
		int tap = (int)k - 69;
		bool on = tap >= 0 && (unsigned)tap < taps.n;
		double angle = 2 * M_PI * 0.0118 * (128 + k), gain = 30000 * pow(10, -0.3);
		double re = on ? (double)taps.h[tap].re : 0, im = on ? (double)taps.h[tap].im : 0;

		err = fmax(err, fabs(heard[k].i - gain * (re * cos(angle) - im * sin(angle))));
		err = fmax(err, fabs(heard[k].q - gain * (re * sin(angle) + im * cos(angle))));
	}
	assert_true(taps.n == 28 && err < 2);
	skw_air_channel_free(c);
}

static void counts_of_a_drifting_clock_are_exact(void **state)
{
	static const int32_t ppb[] = { 0, 20000, -20000, 1, -1, 200000, -199999 };

	(void)state;
	for (unsigned i = 0; i < sizeof(ppb) / sizeof(ppb[0]); i++)
		for (uint64_t t = 0; t < UINT64_C(1) << 44; t = 3 * t + 1 + t / 7) {
			uint64_t n = skw_air_drift_count(t, ppb[i]);
			/* floor(t + t ppb / 1e9), in long double's 64 bits */
			long double exact = floorl((long double)t * ppb[i] / 1e9L);

			assert_true((int64_t)(n - t) == (int64_t)exact);
			assert_in_range(t - skw_air_drift_time(n, ppb[i]), 0, 2);
		}
}

/* A tone of the sender, taken by a receiver 40 ppm slower, 70 of the air's samples later: its place
 * in the sender's stream by the formula, for as long as it takes to slip by several samples. */
static void a_drifting_tone_follows_the_formula(void **state)
{
	enum { RING = 1024, N = 64 };
	static struct skw_iq ring[RING];
	const double tones[] = { 0.01, -0.13, 0.25, 0.40,
				 -0.405 }; /* turns a sample; 26/64 is 0.406 */

	(void)state;
	for (unsigned f = 0; f < 5; f++) {
		double err = 0, power = 0;

		for (uint64_t k = 0; k < 400000; k += N) {
			float out[N][2];

			/* the ring is filled a little beyond what is asked for */
			for (uint64_t m = k < 512 ? 0 : k + 900 - 512 - N; m < k + 900 - 512; m++) {
				double turn = fmod(tones[f] * (double)m, 1);

				ring[m % RING].i = (int16_t)lrint(20000 * cos(2 * M_PI * turn));
				ring[m % RING].q = (int16_t)lrint(20000 * sin(2 * M_PI * turn));
			}
			if (k < 1024)
				continue;
			skw_air_drift_take(out, N, k, 20000, -20000, 70, ring, RING - 1);
			for (unsigned i = 0; i < N; i++) {
				double n = (double)(k + i);
				double q = n * 1.00002 / 0.99998 - 70 * 1.00002;
				double turn = fmod(tones[f] * q, 1);
				double x = out[i][0] - 20000 * cos(2 * M_PI * turn);
				double y = out[i][1] - 20000 * sin(2 * M_PI * turn);

				err += x * x + y * y;
				power += 4e8;
			}
		}
		assert_true(10 * log10(err / power) < (fabs(tones[f]) < 0.3 ? -85 : -73));
	}
}

static void tuning_decides_who_is_heard(void **state)
{
	struct skw_air_channel *c = two_radios("[air]\nnoise = -200\n");
	struct skw_radio_front_end other = TUNED, slow = TUNED, weak = TUNED, strong = TUNED;

	(void)state;
	other.tx_hz = 5890000000;
	slow.rate_hz = 10000000;
	weak.tx_gain_cdb = -2000;
	strong.rx_gain_cdb = 2000;
	assert_in_range(loudest(c, TUNED, TUNED), 10010, 10030); /* 20000 less 6 dB */
	assert_int_equal(loudest(c, other, TUNED), 0);
	assert_int_equal(loudest(c, TUNED, slow), 0);
	assert_int_equal(loudest(c, slow, TUNED), 0);
	assert_in_range(loudest(c, weak, TUNED), 1000, 1004);
	assert_in_range(loudest(c, TUNED, strong), 32767, 32768); /* saturates, does not wrap */
	skw_air_channel_free(c);
}

static void noise_is_normal_repeatable_and_its_own(void **state)
{
	enum { N = 100000 };
	struct skw_air_channel *c = two_radios("[air]\nnoise = -20\nseed = 5\n");
	struct skw_iq a[128], b[100], other[128];
	double power = 0, cross = 0, fourth = 0;

	(void)state;
	for (unsigned t = 0; t < N; t += 100) {
		skw_air_channel_hear(c, 1, t, a, 100);
		skw_air_channel_hear(c, 0, t, other, 100);
		for (unsigned k = 0; k < 100; k++) {
			double p = a[k].i * (double)a[k].i;

			power += p + a[k].q * (double)a[k].q;
			fourth += p * p;
			cross += a[k].i * (double)other[k].i + a[k].q * (double)other[k].q;
		}
	}
	power /= N;
	assert_true(fabs(10 * log10(power / 0x1p30) + 20) < 0.05);
	assert_true(fabs(fourth / N / (power * power / 4) - 3) <
		    0.1); /* the fourth moment of a normal variable */
	assert_true(fabs(cross / N / power) < 0.01);
	skw_air_channel_hear(c, 1, 77, b, 100); /* however time is cut into pieces */
	skw_air_channel_hear(c, 1, 70, a, 128);
	assert_memory_equal(a + 7, b, sizeof(b));
	skw_air_channel_free(c);
}

/* ---- clock ---- */

static void time_never_runs_ahead_and_never_rushes(void **state)
{
	const uint64_t s = 1000000000, start = 5 * s;
	struct skw_air_clock c;

	(void)state;
	skw_air_clock_init(&c, 20e6, start);
	assert_int_equal(skw_air_clock_limit(&c, start), 0);
	assert_int_equal(skw_air_clock_limit(&c, start + s), 20000000);
	assert_in_range(skw_air_clock_when(&c, 20000000), start + s, start + s + 2);
	/* gates take a second for 1000 samples: what is lost stays lost */
	skw_air_clock_fell_behind(&c, start + s, 1000);
	assert_in_range(skw_air_clock_limit(&c, start + s), 1000, 1000 + 20000);
	assert_in_range(skw_air_clock_limit(&c, start + 2 * s), 20000000, 20000000 + 21000);
	/* no lag: nothing changes */
	skw_air_clock_init(&c, 20e6, start);
	skw_air_clock_fell_behind(&c, start + s, 19999000);
	assert_int_equal(skw_air_clock_limit(&c, start + s), 20000000);
}

/* ---- world ---- */

static void say(struct skw_air_world *w, unsigned seat, const struct skw_writer *out)
{
	assert_true(out->ok);
	assert_true(
	    skw_radio_host_write(skw_air_world_radio(w, seat), out->start, skw_writer_len(out)));
	skw_air_world_service(w, seat);
}

static void listen_frames(struct skw_air_world *w, unsigned seat)
{
	uint8_t bytes[16];
	struct skw_writer out = skw_writer(bytes, sizeof(bytes));

	skw_hostlink_put_reg_write(&out, SKW_REG_CONTROL, SKW_CONTROL_RX_FRAMES);
	say(w, seat, &out);
}

static void send_frame(struct skw_air_world *w, unsigned seat, uint8_t rate, uint16_t length,
		       uint64_t time)
{
	uint8_t bytes[SKW_HOSTLINK_PACKET_MAX], psdu[SKW_PSDU_MAX];
	struct skw_writer out = skw_writer(bytes, sizeof(bytes));
	struct skw_hostlink_tx_frame f = { rate, (uint16_t)(length + 4), true, true, 0, 0x8000, 1,
					   time };

	for (unsigned k = 0; k < length; k++)
		psdu[k] = (uint8_t)(k + seat);
	skw_hostlink_put_tx_frame(&out, &f, psdu, length);
	say(w, seat, &out);
}

/* All that a board has said, as frames; the last one is kept. */
static unsigned hear_frames(struct skw_air_world *w, unsigned seat,
			    struct skw_hostlink_rx_frame *last, uint8_t *psdu)
{
	static struct skw_hostlink_parser parser;
	struct skw_hostlink_packet packet;
	struct skw_hostlink_rx_frame f;
	uint8_t bytes[8192];
	unsigned frames = 0;
	size_t n;

	memset(&parser, 0, sizeof(parser));
	while ((n = skw_radio_host_read(skw_air_world_radio(w, seat), bytes, sizeof(bytes))) > 0) {
		for (size_t at = 0; at < n;) {
			at += skw_hostlink_feed(&parser, &packet, bytes + at, n - at);
			if (packet.type == SKW_HOSTLINK_NONE ||
			    !skw_hostlink_rx_frame_get(&f, &packet))
				continue;
			*last = f;
			memcpy(psdu, f.psdu, f.length);
			frames++;
		}
	}
	assert_int_equal(parser.garbage + parser.refused, 0);
	return frames;
}

static void run_until(struct skw_air_world *w, uint64_t time)
{
	while (skw_air_world_step(w, time) != SKW_AIR_LIMIT)
		;
	assert_true(skw_air_world_time(w) == time);
}

static struct skw_air_world *line_of_three(unsigned threads)
{
	struct skw_air_world *w;

	skw_air_scenario_init(&scenario);
	assert_true(skw_air_scenario_line(&scenario, 3));
	for (unsigned i = 0; i < 3; i++)
		scenario.radio[i].clock_s = 0;
	w = skw_air_world_new(&scenario, threads);
	assert_non_null(w);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(skw_air_world_seat(w, i));
		listen_frames(w, i);
	}
	return w;
}

static void a_frame_reaches_neighbours_and_nobody_else(void **state)
{
	struct skw_air_world *w = line_of_three(1);
	struct skw_hostlink_rx_frame f;
	uint8_t psdu[SKW_PSDU_MAX];

	(void)state;
	assert_true(skw_air_world_next(w) == UINT64_MAX);
	run_until(w, 500000);
	send_frame(w, 0, 24, 300, 600000);
	run_until(w, 640000);
	assert_int_equal(hear_frames(w, 0, &f, psdu), 0);
	assert_int_equal(hear_frames(w, 2, &f, psdu), 0);
	assert_int_equal(hear_frames(w, 1, &f, psdu), 1);
	assert_int_equal(f.length, 304);
	assert_true(f.fcs_ok);
	for (unsigned k = 0; k < 300; k++)
		assert_int_equal(psdu[k], (uint8_t)k);
	assert_in_range(f.time, 600000 + 100 - 4,
			600000 + 100 + 4); /* the line's delay is 100 samples */
	skw_air_world_free(w);
}

static void only_what_is_on_the_air_is_evaluated(void **state)
{
	struct skw_air_world *w = line_of_three(2);
	/* 300 + 4 bytes at 24 Mb/s: 320 + 80 + 26 symbols of 80 samples */
	const uint64_t frame = 400 + 26 * 80;

	(void)state;
	run_until(w, 2000000000);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(skw_air_world_count(w, i).evaluated, 0);
	send_frame(w, 0, 24, 300, 2000100000);
	run_until(w, 2000001000); /* the transmitter fills its pipeline, then waits */
	assert_in_range(skw_air_world_next(w), 2000099000, 2000100000 - 256);
	run_until(w, 2100000000);
	assert_in_range(skw_air_world_count(w, 0).evaluated, frame, frame + 3000);
	/* noise before and after it, as docs/air-scenario.md says */
	assert_in_range(skw_air_world_count(w, 1).evaluated, frame + 256 + 128, frame + 3000);
	assert_int_equal(skw_air_world_count(w, 2).evaluated, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct skw_air_count c = skw_air_world_count(w, i);

		assert_true(c.evaluated + c.skipped == 2100000000);
		assert_true(skw_radio_time(skw_air_world_radio(w, i)) == 2100000000);
	}
	skw_air_world_free(w);
}

/* Threads and the way time is cut into steps change nothing of what is received. */
static void the_same_air_twice_is_the_same(void **state)
{
	struct skw_hostlink_rx_frame first = { 0 }, f;
	uint8_t psdu[SKW_PSDU_MAX];

	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct skw_air_world *w = line_of_three(threads);

		send_frame(w, 0, 54, 1000, 10000);
		for (uint64_t t = 0; threads == 3 && t < 9000; t += 777)
			run_until(w, t);
		run_until(w, 30000);
		assert_int_equal(hear_frames(w, 1, &f, psdu), 1);
		f.psdu = NULL;
		if (threads == 1)
			first = f;
		assert_int_equal(f.energy, first.energy);
		assert_int_equal(f.noise, first.noise);
		assert_int_equal(f.cfo, first.cfo);
		assert_true(f.time == first.time && f.fcs_ok);
		skw_air_world_free(w);
	}
}

static void a_seat_left_and_taken_again_starts_afresh(void **state)
{
	struct skw_air_world *w = line_of_three(1);
	struct skw_hostlink_rx_frame f;
	uint8_t psdu[SKW_PSDU_MAX];

	(void)state;
	send_frame(w, 0, 6, 1000, 5000);
	run_until(w, 8000); /* in the middle of the frame both ends go */
	skw_air_world_leave(w, 0);
	skw_air_world_leave(w, 1);
	run_until(w, 9000);
	assert_null(skw_air_world_radio(w, 0));
	assert_true(skw_air_world_seat(w, 0) && skw_air_world_seat(w, 1));
	listen_frames(w, 1);
	assert_true(skw_radio_time(skw_air_world_radio(w, 1)) == 9000);
	send_frame(w, 0, 6, 20, 60000);
	run_until(w, 100000);
	assert_int_equal(hear_frames(w, 1, &f, psdu), 1);
	assert_int_equal(f.length, 24);
	skw_air_world_free(w);
}

static void a_clock_that_was_set_still_sends_on_time(void **state)
{
	struct skw_air_world *w = line_of_three(1);
	struct skw_hostlink_rx_frame f;
	uint8_t bytes[32], psdu[SKW_PSDU_MAX];
	struct skw_writer out = skw_writer(bytes, sizeof(bytes));

	(void)state;
	run_until(w, 1000);
	skw_hostlink_put_reg_write(&out, SKW_REG_TIME_SET_LO, 7);
	skw_hostlink_put_reg_write(&out, SKW_REG_TIME_SET_HI, 1); /* 2^32 + 7 */
	say(w, 0, &out);
	send_frame(w, 0, 12, 100, UINT64_C(0x100000000) + 50007);
	run_until(w, 100000);
	assert_int_equal(hear_frames(w, 1, &f, psdu), 1);
	assert_in_range(f.time, 51000 + 100 - 4, 51000 + 100 + 4);
	skw_air_world_free(w);
}

/* A frame that one clock sends at its time comes at the other's. */
static void counters_begin_where_the_scenario_says(void **state)
{
	struct skw_hostlink_rx_frame f;
	struct skw_air_world *w;
	uint8_t psdu[SKW_PSDU_MAX];
	const uint64_t s = 20000000;

	(void)state;
	assert_true(
	    parse("[radio a]\nclock = 100\n[radio b]\nclock = 2.5\n[path a b]\ndelay = 64\n"));
	w = skw_air_world_new(&scenario, 1);
	assert_non_null(w);
	run_until(w, 1000);
	assert_true(skw_air_world_seat(w, 0) && skw_air_world_seat(w, 1));
	assert_true(skw_radio_time(skw_air_world_radio(w, 0)) == 100 * s + 1000);
	assert_true(skw_radio_time(skw_air_world_radio(w, 1)) == 5 * s / 2 + 1000);
	listen_frames(w, 1);
	send_frame(w, 0, 12, 100, 100 * s + 50000);
	run_until(w, 100000);
	assert_int_equal(hear_frames(w, 1, &f, psdu), 1);
	assert_in_range(f.time, 5 * s / 2 + 50064 - 4, 5 * s / 2 + 50064 + 4);
	skw_air_world_free(w);
}

/* Frames of 1 ms cross between clocks 40 ppm apart, for long enough that one counts 20 samples
 * more. */
static void frames_cross_between_drifting_clocks(void **state)
{
	struct skw_hostlink_rx_frame f;
	struct skw_air_world *w;
	uint8_t psdu[SKW_PSDU_MAX];

	(void)state;
	assert_true(parse("[air]\ndrift = yes\n[radio a]\nppm = 20\n[radio b]\nppm = -20\n[path a "
			  "b]\ndelay = 64\nloss = 10\n"));
	w = skw_air_world_new(&scenario, 1);
	assert_non_null(w);
	assert_true(skw_air_world_seat(w, 0) && skw_air_world_seat(w, 1));
	listen_frames(w, 1);
	for (uint64_t start = 50000; start < 650000; start += 200000) {
		double at = ((double)start / 1.00002 + 64) * 0.99998;

		send_frame(w, 0, 12, 1500, start);
		run_until(w, start + 100000);
		assert_int_equal(hear_frames(w, 1, &f, psdu), 1);
		assert_int_equal(f.length, 1504);
		assert_true(f.fcs_ok && fabs((double)f.time - at) < 4);
	}
	run_until(w, 5000000);
	assert_true(skw_radio_time(skw_air_world_radio(w, 0)) == 5000100);
	assert_true(skw_radio_time(skw_air_world_radio(w, 1)) == 4999900);
	skw_air_world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_scenario_says_who_hears_whom, fresh),
		cmocka_unit_test_setup(a_line_joins_neighbours_only, fresh),
		cmocka_unit_test_setup(bad_scenarios_are_refused_with_their_line, fresh),
		cmocka_unit_test_setup(arrivals_follow_the_formula, fresh),
		cmocka_unit_test_setup(echoes_have_an_exponential_profile, fresh),
		cmocka_unit_test_setup(an_impulse_is_heard_as_its_echoes, fresh),
		cmocka_unit_test_setup(tuning_decides_who_is_heard, fresh),
		cmocka_unit_test_setup(noise_is_normal_repeatable_and_its_own, fresh),
		cmocka_unit_test_setup(time_never_runs_ahead_and_never_rushes, fresh),
		cmocka_unit_test_setup(a_frame_reaches_neighbours_and_nobody_else, fresh),
		cmocka_unit_test_setup(only_what_is_on_the_air_is_evaluated, fresh),
		cmocka_unit_test_setup(the_same_air_twice_is_the_same, fresh),
		cmocka_unit_test_setup(a_seat_left_and_taken_again_starts_afresh, fresh),
		cmocka_unit_test_setup(a_clock_that_was_set_still_sends_on_time, fresh),
		cmocka_unit_test_setup(counts_of_a_drifting_clock_are_exact, fresh),
		cmocka_unit_test_setup(a_drifting_tone_follows_the_formula, fresh),
		cmocka_unit_test_setup(frames_cross_between_drifting_clocks, fresh),
		cmocka_unit_test_setup(counters_begin_where_the_scenario_says, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
