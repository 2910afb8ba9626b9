/* The mixer's imbalance, learned from samples of no preference: by its definition, any level,
 * silence, and how little few symbols are believed. rooms: modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <complex.h>
#include <math.h>
#include <stdint.h>

#include "modem/skw_modem_balance.h"
#include "skw_modem_random.h"

static double complex gauss(void)
{
	return sqrt(-log(uniform())) * cexp(2 * I * M_PI * uniform());
}

/* Gain and angle as tests/rtl/impairment.h has them. */
static double complex mixed(double complex v, double db, double degrees)
{
	double g = pow(10, db / 40), s = sin(degrees * M_PI / 180), c = sqrt(1 - s * s);

	return creal(v) * g + I * (cimag(v) * c + creal(v) * s) / g;
}

/* b of x = (a + b conj(a)) times a constant, to first order in both. */
static double complex image(double db, double degrees)
{
	double complex one = mixed(1, db, degrees), i = mixed(I, db, degrees);
	double complex straight = (one - I * i) / 2, mirrored = (one + I * i) / 2;

	return mirrored / conj(straight);
}

static void hear(struct skw_balance *b, unsigned symbols, double level, double db, double degrees)
{
	float re[64], im[64];

	for (unsigned n = 0; n < symbols; n++) {
		for (int k = 0; k < 64; k++) {
			double complex x = level * mixed(gauss(), db, degrees);

			re[k] = (float)creal(x);
			im[k] = (float)cimag(x);
		}
		skw_balance_hear(b, re, im);
	}
}

static void test_learned(void **unused)
{
	static const struct {
		double level, db, degrees;
	} row[] = { { 1, 1, 3 },   { 1e-6, 1, 3 }, { 1e4, -1, 3 },
		    { 0.1, 0, 0 }, { 1, 0.3, -5 }, { 1, 2, 0 } };

	(void)unused;
	for (unsigned n = 0; n < 6; n++) {
		struct skw_balance b = { 0 };
		double complex want = image(row[n].db, row[n].degrees), got;

		hear(&b, 3000, row[n].level, row[n].db, row[n].degrees);
		got = b.b_re + I * b.b_im;
		print_message("%4.1f dB %4.1f degrees: image %.1f dB, left %.1f dB\n", row[n].db,
			      row[n].degrees, 20 * log10(cabs(want) + 1e-9),
			      20 * log10(cabs(got - want)));
		assert_true(cabs(got - want) < 0.01); /* -40 dB */
	}
}

static void test_applied(void **unused)
{
	struct skw_balance b = { 0 };
	double image_power = 0, power = 0;

	(void)unused;
	hear(&b, 3000, 1, 1, 3);
	for (int k = 0; k < 1000; k++) { /* a tone: its image stands at the opposite frequency */
		double complex x = mixed(cexp(2 * I * M_PI * 0.1 * k), 1, 3);
		float i = (float)creal(x), q = (float)cimag(x);
		static double complex sum, opposite;

		skw_balance_apply(&b, &i, &q);
		sum += (i + I * q) * cexp(-2 * I * M_PI * 0.1 * k);
		opposite += (i + I * q) * cexp(2 * I * M_PI * 0.1 * k);
		power = cabs(sum);
		image_power = cabs(opposite);
	}
	assert_true(image_power < 0.01 * power);
}

static void test_modest(void **unused)
{
	(void)unused;
	for (unsigned n = 0; n < 100; n++) { /* of two symbols: -30 dB at most of what is none */
		struct skw_balance b = { 0 };

		hear(&b, 2, 1, 0, 0);
		assert_true(hypotf(b.b_re, b.b_im) < 0.03F);
	}
}

static void test_silence(void **unused)
{
	struct skw_balance b = { 0 };
	const float nothing[64] = { 0 };
	float i = 1, q = 2;

	(void)unused;
	for (int n = 0; n < 10; n++)
		skw_balance_hear(&b, nothing, nothing);
	skw_balance_apply(&b, &i, &q);
	assert_true(i == 1 && q == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_applied),
		cmocka_unit_test(test_modest),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
