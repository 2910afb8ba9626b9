/* The decoder in C: VOLK's kernel and the plain one, puncturing, interleaving and SIGNAL against an
 * encoder from the clauses. rooms: modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem_decode.h"
#include "modem/skw_modem_fft.h"
#include "skw_modem_random.h"

static struct skw_decoder decoder;
static struct skw_ofdm_tables tables;

/* 18.3.5.6: A = x(t) + x(t-2) + x(t-3) + x(t-5) + x(t-6), B = x(t) + x(t-1) + x(t-2) + x(t-3) +
 * x(t-6) */
static void convolve(uint8_t *a, uint8_t *b, const uint8_t *x, int n)
{
	for (int t = 0; t < n; t++) {
		uint8_t past[7] = { 0 };

		for (int d = 0; d <= 6 && d <= t; d++)
			past[d] = x[t - d];
		a[t] = past[0] ^ past[2] ^ past[3] ^ past[5] ^ past[6];
		b[t] = past[0] ^ past[1] ^ past[2] ^ past[3] ^ past[6];
	}
}

/* Soft bits of one BPSK symbol from 48 coded bits: interleaver 18.3.5.7, i = 3 (k mod 16) + floor(k
 * / 16). */
static void signal_soft(uint8_t soft[SKW_SOFT], const uint8_t *a, const uint8_t *b)
{
	uint8_t points[48];
	int n = 0;

	for (int k = 0; k < 48; k++)
		points[3 * (k % 16) + k / 16] = k % 2 ? b[k / 2] : a[k / 2];
	memset(soft, 7, SKW_SOFT);
	for (int c = -26; c <= 26; c++)
		if (c != 0 && abs(c) != 7 && abs(c) != 21)
			soft[c & 63] = points[n++] ? 170 : 90;
}

/* All 2^18 fields with a tail of 0, and some with another. */
static void test_signal(void **unused)
{
	static const uint8_t code[8] = { 11, 15, 10, 14, 9, 13, 8, 12 }; /* R4..R1 */

	(void)unused;
	for (uint32_t word = 0; word < 1U << 19; word++) {
		uint8_t bits[24] = { 0 }, a[24], b[24], soft[SKW_SOFT];
		int rate = -1, ones = 0;
		unsigned length = word >> 5 & 0xFFF;
		struct skw_signal s;
		bool good;

		for (int t = 0; t < 19; t++)
			bits[t] = word >> t & 1;
		for (int t = 0; t < 18; t++)
			ones += bits[t];
		for (int r = 0; r < 8; r++)
			if (code[r] == (word & 15))
				rate = r;
		good = rate >= 0 && length > 0 && ones % 2 == 0 && bits[18] == 0;
		if (!good && word % 7 != 0) /* a seventh of the bad ones will do */
			continue;
		convolve(a, b, bits, 24);
		signal_soft(soft, a, b);
		assert_int_equal(skw_decoder_signal(&decoder, &s, &tables, soft), good);
		if (good) {
			assert_int_equal(s.rate, rate);
			assert_int_equal(s.length, length);
		}
	}
}

static void test_signal_of_noise(void **unused)
{
	unsigned taken = 0;

	(void)unused;
	for (int k = 0; k < 20000; k++) {
		uint8_t soft[SKW_SOFT];
		struct skw_signal s;

		for (int i = 0; i < SKW_SOFT; i++)
			soft[i] = (uint8_t)(1 + uniform() * 255);
		taken += skw_decoder_signal(&decoder, &s, &tables, soft);
	}
	assert_true(taken < 200); /* 1 %; parity and rate alone let 25 % pass */
}

/* Noisy code words through both kinds: the same bits, and the right ones. */
static void test_kinds(void **unused)
{
	static struct skw_viterbi v[2];
	static uint8_t x[SKW_VITERBI_STEPS], a[SKW_VITERBI_STEPS], b[SKW_VITERBI_STEPS];
	static uint8_t pairs[2 * SKW_VITERBI_STEPS + 16];
	static uint8_t out[2][SKW_VITERBI_STEPS / 8 + 1];

	(void)unused;
	skw_viterbi_init(&v[0], SKW_VITERBI_VOLK);
	skw_viterbi_init(&v[1], SKW_VITERBI_PLAIN);
	for (unsigned round = 0; round < 40; round++) {
		unsigned octets = round == 0 ? 4097 : 3 + (unsigned)(uniform() * 600);
		unsigned n = 8 * octets + 6;

		for (unsigned t = 0; t < n; t++)
			x[t] = t < 8 * octets && uniform() < 0.5;
		convolve(a, b, x, (int)n);
		for (unsigned i = 0; i < 2 * n; i++) {
			double level = (i % 2 ? b[i / 2] : a[i / 2]) ? 40 : -40;
			double noise = 20 * sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());

			pairs[i] = (uint8_t)fmin(fmax(128 + level + noise, 1), 255);
			if (round % 3 == 2 && (i % 6 == 3 || i % 6 == 4))
				pairs[i] = 128; /* as at rate 3/4 */
		}
		for (unsigned kind = 0; kind < 2; kind++) {
			skw_viterbi_start(&v[kind]);
			for (unsigned t = 0; t < n;) {
				unsigned some = 2 + 2 * (unsigned)(uniform() * 100);

				some = some < n - t ? some : n - t;
				skw_viterbi_steps(&v[kind], pairs + 2 * t, some);
				t += some;
			}
			skw_viterbi_trace(&v[kind], out[kind], 8 * octets);
		}
		if (round % 3 == 2)
			continue; /* too noisy for 3/4; only no crash */
		for (unsigned t = 0; t < 8 * octets; t++) {
			assert_int_equal(out[0][t / 8] >> t % 8 & 1, x[t]);
			assert_int_equal(out[1][t / 8] >> t % 8 & 1, x[t]);
		}
	}
}

/* The transform against its formula, both ways. */
static void test_transform(void **unused)
{
	struct skw_fft fft;
	struct skw_carriers x, y;

	(void)unused;
	skw_fft_init(&fft);
	for (int n = 0; n < 64; n++) {
		x.re[n] = (float)uniform() - 0.5F;
		x.im[n] = (float)uniform() - 0.5F;
	}
	for (int sign = -1; sign <= 1; sign += 2) {
		(sign < 0 ? skw_fft_forward : skw_fft_inverse)(&fft, &y, &x);
		for (int k = 0; k < 64; k++) {
			double re = 0, im = 0;

			for (int n = 0; n < 64; n++) {
				double t = sign * 2 * M_PI * n * k / 64;

				re += (double)x.re[n] * cos(t) - (double)x.im[n] * sin(t);
				im += (double)x.re[n] * sin(t) + (double)x.im[n] * cos(t);
			}
			assert_true(fabs((double)y.re[k] - re) < 1e-5 &&
				    fabs((double)y.im[k] - im) < 1e-5);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_signal_of_noise),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_transform),
	};

	skw_ofdm_tables_init(&tables);
	skw_decoder_init(&decoder, SKW_VITERBI_VOLK);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
