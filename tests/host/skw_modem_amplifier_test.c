/* Amplifiers after Rapp on the transmitter's side: what is learned of them, and that frames come
 * through that would be lost. rooms: modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"
#include "modem/skw_modem_amplifier.h"
#include "skw_modem_random.h"

enum { SYMBOLS = 12, FINE = 256, AIR = 8000 };

/* Points of 64-QAM on 52 carriers. */
static void points(double complex x[64])
{
	for (int k = 0; k < 64; k++) {
		bool there = k != 0 && (k <= 26 || k >= 38);

		x[k] = there ? ((double)(2 * (int)(uniform() * 8)) - 7 +
				I * ((double)(2 * (int)(uniform() * 8)) - 7)) /
				   sqrt(42)
			     : 0;
	}
}

/* Two amplifiers of the book, by the definition, at 256 instants: after Rapp, of smoothness p,
 * saturated at `full` (amplitude beside the rms); after Saleh, turning by `turn` where it bends. */
static double complex characteristic(double complex u, const double a[4])
{
	double r = cabs(u) / a[0], phase = a[2] * r * r / (1 + r * r);

	return a[3] * u * pow(1 + pow(r, 2 * a[1]), -0.5 / a[1]) * cexp(I * phase);
}

static void bend(double complex out[64], const double complex x[64], const double a[4])
{
	double complex v[FINE];

	for (int n = 0; n < FINE; n++) {
		double complex u = 0;

		for (int k = 0; k < 64; k++)
			u += x[k] * cexp(2 * M_PI * I * (k < 32 ? k : k - 64) * n / FINE);
		v[n] = characteristic(u / sqrt(52), a);
	}
	for (int k = 0; k < 64; k++) {
		out[k] = 0;
		for (int n = 0; n < FINE; n++)
			out[k] += v[n] * cexp(-2 * M_PI * I * (k < 32 ? k : k - 64) * n / FINE);
		out[k] *= sqrt(52) / FINE;
	}
}

static void split(struct skw_carriers *c, const double complex x[64], const float w[64])
{
	for (int k = 0; k < 64; k++) {
		c->re[k] = (float)creal(x[k]) * w[k];
		c->im[k] = (float)cimag(x[k]) * w[k];
	}
}

/* Of twelve symbols that are known, through unequal carriers, an amplifier is learned so well that
 * 32 dB of it are gone; and where one point in ten is not known (a neighbour is taken for it), or
 * none of them is, 20 dB. Without an amplifier nothing is learned. */
static void test_learned(void **unused)
{
	static struct skw_carriers x[SYMBOLS], doubtful[SYMBOLS], z[SYMBOLS], left;
	static const double cases[5][4] = {
		{ 1.0, 2, 0, 1.2 },  { 1.3, 3, 0, 0.8 }, { 1.26, 2, 0.5, 1 },
		{ 1.6, 10, 0.2, 1 }, { 1e6, 2, 0, 0.9 },
	};
	struct skw_fft fft;
	struct skw_amplifier a;
	float w[64], one[64];

	(void)unused;
	skw_fft_init(&fft);
	skw_amplifier_init(&a);
	for (int k = 0; k < 64; k++) {
		one[k] = 1;
		w[k] = k == 0 || (k > 26 && k < 38) ? 0 : 0.3F + (float)uniform();
	}
	for (int c = 0; c < 5; c++) {
		double off[3] = { 0 }, all = 0;

		skw_amplifier_start(&a, 1.26F);
		for (int s = 0; s < SYMBOLS; s++) {
			double complex sent[64], bent[64];
			struct skw_carriers b[2];

			points(sent);
			bend(bent, sent, cases[c]);
			split(&x[s], sent, one);
			split(&z[s], bent, w);
			doubtful[s] = x[s];
			for (int k = 1; k < 64; k += 10)
				doubtful[s].re[k] += w[k] > 0 ? 2 / sqrtf(42) : 0;
			skw_amplifier_products(&a, &fft, b, &x[s]);
			skw_amplifier_hear(&a, &x[s], b, &z[s], w);
		}
		skw_amplifier_solve(&a);
		assert_true(c == 4 ? a.share < 1e-5F : a.share > 3e-3F && a.share < 0.2F);
		for (int s = 0; s < SYMBOLS; s++)
			for (int known = 0; known < 3; known++) {
				static const struct skw_carriers none;

				left = z[s];
				skw_amplifier_clean(&a, &fft,
						    known == 0   ? &x[s]
						    : known == 1 ? &doubtful[s]
								 : &none,
						    &left, w, 1e-3F);
				for (int k = 0; k < 64; k++) {
					off[known] +=
					    pow((double)(left.re[k] - w[k] * x[s].re[k]), 2) +
					    pow((double)(left.im[k] - w[k] * x[s].im[k]), 2);
					all += known ? 0
						     : pow((double)(w[k] * x[s].re[k]), 2) +
							   pow((double)(w[k] * x[s].im[k]), 2);
				}
			}
		print_message("%.1f %.1f %.1f dB left\n", 10 * log10(off[0] / all),
			      10 * log10(off[1] / all), 10 * log10(off[2] / all));
		assert_true(off[0] < pow(10, -3.2) * all);
		assert_true(off[1] < 1e-2 * all && off[2] < 1e-2 * all);
	}
}

/* Points with products, bent, are what least squares took them for. */
static void test_bent(void **unused)
{
	static const double amplifier[4] = { 1.2, 2, 0.3, 1.1 };
	struct skw_carriers x, b[2], z, back;
	double complex sent[64], bent[64];
	struct skw_amplifier a;
	struct skw_fft fft;
	float one[64];
	double off = 0;

	(void)unused;
	skw_fft_init(&fft);
	skw_amplifier_init(&a);
	for (int k = 0; k < 64; k++)
		one[k] = k == 0 || (k > 26 && k < 38) ? 0 : 1;
	points(sent);
	bend(bent, sent, amplifier);
	split(&x, sent, one);
	split(&z, bent, one);
	skw_amplifier_products(&a, &fft, b, &x);
	skw_amplifier_hear(&a, &x, b, &z, one);
	skw_amplifier_solve(&a);
	for (int related = 0; related < 2; related++) {
		double complex first = a.re[0] + I * a.im[0];

		if (related)
			skw_amplifier_relate(&a);
		skw_amplifier_bend(&a, &back, &x, b);
		for (int k = 0; k < 64; k++)
			off += (double)one[k] *
			       pow(cabs((back.re[k] + I * back.im[k]) * (related ? first : 1) -
					(z.re[k] + I * z.im[k])),
				   2);
	}
	assert_true(off < 2 * 52 * 1e-3); /* both together, 30 dB below */
	assert_true(fabsf(a.re[0] - 1) < 1e-5F && fabsf(a.im[0]) < 1e-5F);
}

/* Nothing known, or rubbish: numbers all the same. */
static void test_nothing(void **unused)
{
	struct skw_amplifier a;
	struct skw_carriers x = { 0 }, z = { 0 }, b[2];
	float w[64] = { 0 };
	struct skw_fft fft;

	(void)unused;
	skw_fft_init(&fft);
	skw_amplifier_init(&a);
	skw_amplifier_solve(&a);
	assert_true(isfinite(a.share) && isfinite(a.re[0]));
	skw_amplifier_start(&a, 1);
	skw_amplifier_products(&a, &fft, b, &x);
	skw_amplifier_hear(&a, &x, b, &z, w);
	skw_amplifier_solve(&a);
	skw_amplifier_clean(&a, &fft, &x, &z, w, 1);
	assert_true(isfinite(a.share) && isfinite(z.re[5]));
}

/* Half-band low pass, at offset m from its middle. */
static double half_band(int m)
{
	double x = M_PI * m / 2;

	return m == 0 ? 0.5 : 0.5 * sin(x) / x * (0.5 + 0.5 * cos(M_PI * m / 32));
}

/* Rapp's amplifier of smoothness 2, saturated `backoff_db` above the mean, at twice the rate: what
 * it puts beside the channel does not fold. */
static void amplify(struct skw_modem_iq *s, int n, double backoff_db)
{
	static double complex v[2 * AIR];
	double full = 0.22535 * pow(10, backoff_db / 20);

	for (int t = 0; t < 2 * n; t++) {
		double complex u = 0;
		double p;

		for (int m = t - 31; m <= t + 31; m++)
			if (m % 2 == 0 && m >= 0 && m < 2 * n)
				u += 2 * half_band(t - m) *
				     ((double)s[m / 2].i + I * (double)s[m / 2].q);
		p = creal(u * conj(u)) / (full * full);
		v[t] = u * pow(1 + p * p, -0.25);
	}
	for (int k = 0; k < n; k++) {
		double complex y = 0;

		for (int m = 2 * k - 31; m <= 2 * k + 31; m++)
			if (m >= 0 && m < 2 * n)
				y += half_band(2 * k - m) * v[m];
		s[k] = (struct skw_modem_iq) { (float)creal(y), (float)cimag(y) };
	}
}

/* Frames of 54 Mb/s through an amplifier, at 30 dB, with an echo: those that come through, of 20.
 */
static unsigned through(double saturation_db, unsigned length)
{
	static struct skw_modem_iq air[AIR];
	struct skw_modem_tx *tx = skw_modem_tx_new();
	struct skw_modem_rx *rx = skw_modem_rx_new(20e6);
	unsigned good = 0;
	uint64_t time = 0;

	assert_true(tx != NULL && rx != NULL);
	for (unsigned frame = 0; frame < 20; frame++) {
		struct skw_frame_tx f = {
			.rate_mbps = 54, .length = (uint16_t)length, .append_fcs = true, .seed = 77
		};
		struct skw_frame_rx got;
		const uint8_t *heard;
		uint8_t psdu[1000];
		size_t n, all;

		for (unsigned i = 0; i < length; i++)
			psdu[i] = (uint8_t)(uniform() * 256);
		memset(air, 0, sizeof(air));
		assert_int_equal(skw_modem_send(tx, air + 300, &n, AIR - 1000, &f, psdu),
				 SKW_MODEM_OK);
		all = n + 1000;
		amplify(air, (int)all, saturation_db);
		for (size_t k = all - 1; k >= 3; k--) {
			air[k].i += 0.3F * air[k - 3].q;
			air[k].q -= 0.3F * air[k - 3].i;
		}
		for (size_t k = 0; k < all; k++) {
			double r = 0.22535 * pow(10, -1.5) * sqrt(-log(uniform()));
			double a = 2 * M_PI * uniform();

			air[k].i += (float)(r * cos(a));
			air[k].q += (float)(r * sin(a));
		}
		for (size_t at = 0; at < all;) {
			at += skw_modem_rx_push(rx, air + at, all - at, time + at);
			while (skw_modem_rx_poll(rx, &got, &heard))
				good += got.fcs_ok && got.length == length &&
					memcmp(heard, psdu, length - 4) == 0;
		}
		time += all;
	}
	skw_modem_tx_free(tx);
	skw_modem_rx_free(rx);
	print_message("%u of 20\n", good);
	return good;
}

/* Saturated 3 dB above the mean and at it: all but a few; unless it is learned, 4 and none. A frame
 * of three symbols is read by what SIGNAL tells. */
static void test_through(void **unused)
{
	(void)unused;
	assert_in_range(through(3, 1000), 19, 20);
	assert_in_range(through(0, 1000), 18, 20);
	assert_in_range(through(1, 60), 18, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_bent),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
