/* Short symbols beside a mixer's constant: what is found, with which offset, and that frames are
 * read however strong the constant is. rooms: modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"
#include "modem/skw_modem_detect.h"
#include "skw_modem_random.h"

enum { SAMPLES = 1 << 18, BEFORE = 9600, FRAMES = 4, LENGTH = 120 };

static float re[SAMPLES + 16], im[SAMPLES + 16];

static double complex gauss(double rms)
{
	double r = rms * sqrt(-log(uniform()));

	return r * cexp(2 * M_PI * I * uniform());
}

/* Events in noise of rms 1 around a constant, with short symbols of `level` in the last but 300
 * samples; the last event. */
static unsigned events(struct skw_detect_event *last, double constant, double noise, double level,
		       double cfo)
{
	struct skw_detect d = { 0 };
	double complex period[16];
	unsigned count = 0;

	for (int n = 0; n < 16; n++) { /* carriers -24, -20 ... 24: four apart, so of period 16 */
		period[n] = 0;
		for (int k = -6; k <= 6; k++)
			if (k != 0)
				period[n] += cexp(I * (2 * M_PI * k * n / 16 + k * k)) / sqrt(12);
	}
	for (int n = 0; n < SAMPLES; n++) {
		double complex x = constant * cexp(0.7 * I) + gauss(noise);

		if (n >= SAMPLES - 300 && n < SAMPLES - 140)
			x += level * period[n % 16] * cexp(2 * M_PI * I * cfo * n);
		re[n + 16] = (float)creal(x);
		im[n + 16] = (float)cimag(x);
	}
	for (int n = 16; n + 16 <= SAMPLES; n += 16)
		count += skw_detect_block(&d, last, re + n, im + n, (uint64_t)n + 16);
	return count;
}

/* A constant brings no event that noise alone would not: none in 250,000 samples or nearly so.
 * The step at its begin looks like one. */
static void test_constant(void **unused)
{
	struct skw_detect_event e = { 0 };

	(void)unused;
	for (double constant = 0; constant < 2000; constant = 10 * constant + 1)
		assert_true(events(&e, constant, 1, 0, 0) <= 3);
	assert_true(events(&e, 1, 0, 0, 0) <= 1);
	assert_int_equal(events(&e, 0, 0, 0, 0), 0);
}

/* Short symbols 10 dB above noise are found where they are, with their offset, beside a constant
 * of up to 50 dB above them. */
static void test_beside_constant(void **unused)
{
	struct skw_detect_event e = { 0 };

	(void)unused;
	for (double constant = 1; constant < 2000; constant *= 10)
		for (double cfo = -0.029; cfo < 0.03; cfo += 0.0145) {
			assert_true(events(&e, constant, 1, 3.2, cfo) >= 1);
			assert_in_range(e.at, SAMPLES - 220, SAMPLES - 110);
			assert_true(fabs((double)e.cfo - cfo) < 0.003);
			assert_true(e.strength > 0.7F && e.strength < 1.1F);
		}
}

/* Frames of each rate at 30 dB, after 480 us of nothing but the constant, which is 10 and 20 dB
 * above them. */
static void test_frames(void **unused)
{
	static const uint8_t rates[8] = { 6, 9, 12, 18, 24, 36, 48, 54 };
	static struct skw_modem_iq air[BEFORE + 8000];
	struct skw_modem_tx *tx = skw_modem_tx_new();
	unsigned good = 0;

	(void)unused;
	assert_non_null(tx);
	for (unsigned r = 0; r < 16; r++) {
		struct skw_modem_rx *rx = skw_modem_rx_new(20e6);
		struct skw_frame_tx f = { .rate_mbps = rates[r % 8],
					  .length = LENGTH,
					  .append_fcs = true };
		double constant = 0.225 * (r < 8 ? 3.2 : 10);
		uint8_t psdu[LENGTH];
		struct skw_frame_rx got;
		const uint8_t *heard;
		size_t n, all;

		assert_non_null(rx);
		for (unsigned i = 0; i < LENGTH; i++)
			psdu[i] = (uint8_t)(uniform() * 256);
		memset(air, 0, sizeof(air));
		assert_int_equal(skw_modem_send(tx, air + BEFORE, &n, 7000, &f, psdu),
				 SKW_MODEM_OK);
		all = BEFORE + n + 400;
		for (size_t k = 0; k < all; k++) {
			double complex x = constant * cexp(2 * I) + gauss(0.0071);

			air[k].i += (float)creal(x);
			air[k].q += (float)cimag(x);
		}
		for (size_t at = 0; at < all;) {
			at += skw_modem_rx_push(rx, air + at, all - at, at);
			while (skw_modem_rx_poll(rx, &got, &heard))
				good += got.fcs_ok && got.length == LENGTH &&
					memcmp(heard, psdu, LENGTH - 4) == 0;
		}
		skw_modem_rx_free(rx);
	}
	skw_modem_tx_free(tx);
	assert_int_equal(good, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_beside_constant),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
