/* rooms: wire mac
 *
 * skw_mac_rate in a closed loop: a channel whose loss follows from the ratio of signal to noise by
 * the curves of an ideal receiver (the standard's code, computed outside), shifted by what a true
 * channel costs. The rule must come near the best fixed rate wherever it is put. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mac/skw_mac_rate.h"

static const uint8_t MBPS[] = { 6, 9, 12, 18, 24, 36, 48, 54 };
/* 10 % loss of 1000 octets, ideal soft decisions, dB over the sampled band */
static const double IDEAL[] = { -0.3, 2.3, 2.7, 5.3, 8.3, 11.6, 15.7, 17.1 };

static uint32_t seed;

static double uniform(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) / 16777216.0;
}

/* A decade of loss in a decibel and a half, about. */
static double loss(uint8_t mbps, double snr_db, double cost_db)
{
	for (unsigned i = 0; i < 8; i++)
		if (MBPS[i] == mbps)
			return 1 / (1 + 9 * exp(1.8 * (snr_db - IDEAL[i] - cost_db)));
	fail();
	return 1;
}

static double best_fixed(double snr_db, double cost_db)
{
	double best = 0;

	for (unsigned i = 0; i < 8; i++)
		best = fmax(best, MBPS[i] * (1 - loss(MBPS[i], snr_db, cost_db)));
	return best;
}

/* Mb/s that get through in `psdus`, each as long on the air as the next; a beacon each hundred. */
static double run(struct skw_mac_rate *r, double snr_db, double cost_db, unsigned psdus)
{
	double sum = 0;

	for (unsigned n = 0; n < psdus; n++) {
		uint8_t mbps = skw_mac_rate_best(r);
		bool lost = uniform() < loss(mbps, snr_db, cost_db);

		if (n % 100 == 0)
			skw_mac_rate_heard(r, (int16_t)(100 * (snr_db + 2 * uniform() - 1)));
		skw_mac_rate_on_psdu(r, lost);
		sum += lost ? 0 : mbps;
	}
	return sum / psdus;
}

static void nothing_known_is_the_robust_rate(void **state)
{
	struct skw_mac_rate r;

	(void)state;
	skw_mac_rate_reset(&r);
	assert_int_equal(skw_mac_rate_best(&r), 6);
	for (int i = 0; i < 10000; i++)
		skw_mac_rate_on_psdu(&r, false);
	assert_int_equal(skw_mac_rate_best(&r), 6);
	skw_mac_rate_heard(&r, INT16_MAX);
	assert_int_equal(skw_mac_rate_best(&r), 54);
	skw_mac_rate_reset(&r);
	skw_mac_rate_heard(&r, INT16_MIN);
	assert_int_equal(skw_mac_rate_best(&r), 6);
}

static void near_the_best_fixed_rate_everywhere(void **state)
{
	(void)state;
	for (double cost = 0; cost <= 8; cost += 2)
		for (double snr = 0; snr <= 40; snr += 0.5) {
			struct skw_mac_rate r;
			double got, best = best_fixed(snr, cost);

			seed = 1;
			skw_mac_rate_reset(&r);
			run(&r, snr, cost, 3000); /* some seconds of a busy link */
			got = run(&r, snr, cost, 20000);
			if (best > 1 && got < 0.5 * best)
				print_message("snr %.1f cost %.1f: %.2f of %.2f Mb/s\n", snr, cost,
					      got, best);
			assert_true(best <= 1 || got >= 0.5 * best);
		}
}

static void a_clear_channel_is_used_whole(void **state)
{
	struct skw_mac_rate r;

	(void)state;
	seed = 2;
	skw_mac_rate_reset(&r);
	run(&r, 30, 2, 10);
	assert_true(run(&r, 30, 2, 10000) > 53.5);
}

static void losses_stay_few(void **state)
{
	(void)state;
	for (double snr = 6; snr <= 24; snr += 0.25) {
		struct skw_mac_rate r;
		double sent = 0, lost = 0;

		seed = 3;
		skw_mac_rate_reset(&r);
		run(&r, snr, 4, 3000);
		for (unsigned n = 0; n < 20000; n++, sent++) {
			bool gone = uniform() < loss(skw_mac_rate_best(&r), snr, 4);

			skw_mac_rate_on_psdu(&r, gone);
			lost += gone;
		}
		assert_true(lost / sent < 0.08);
	}
}

static void a_fall_is_followed_at_the_next_beacons(void **state)
{
	struct skw_mac_rate r;

	(void)state;
	seed = 4;
	skw_mac_rate_reset(&r);
	run(&r, 30, 2, 2000);
	for (int beacon = 0; beacon < 6; beacon++)
		skw_mac_rate_heard(&r, 800);
	assert_in_range(skw_mac_rate_best(&r), 6, 24);
	assert_true(run(&r, 8, 2, 2000) > 0.6 * best_fixed(8, 2));
	for (int beacon = 0; beacon < 30; beacon++)
		skw_mac_rate_heard(&r, 3000);
	run(&r, 30, 2, 2000);
	assert_int_equal(skw_mac_rate_best(&r), 54);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_known_is_the_robust_rate),
		cmocka_unit_test(near_the_best_fixed_rate_everywhere),
		cmocka_unit_test(a_clear_channel_is_used_whole),
		cmocka_unit_test(losses_stay_few),
		cmocka_unit_test(a_fall_is_followed_at_the_next_beacons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
