/* Samples that pulses drowned or a converter clipped: found where they are, filled in, and frames
 * read that would be lost. rooms: modem wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"
#include "modem/skw_modem_mend.h"
#include "skw_modem_random.h"

enum { AIR = 16000, BEFORE = 300 };

static const double RMS = 0.22535;
static struct skw_modem_iq air[AIR];
static struct skw_modem_tx *tx;
static struct skw_modem_rx *rx;
static uint64_t now;

static int start(void **unused)
{
	(void)unused;
	tx = skw_modem_tx_new();
	rx = skw_modem_rx_new(20e6);
	return tx == NULL || rx == NULL;
}

static int stop(void **unused)
{
	(void)unused;
	skw_modem_tx_free(tx);
	skw_modem_rx_free(rx);
	return 0;
}

typedef void spoiler(size_t burst, double how_much);

/* A frame of 500 octets at 30 dB, after `spoil`; true if it was read. */
static bool through(unsigned mbps, spoiler *spoil, double how_much)
{
	struct skw_frame_tx f = {
		.rate_mbps = (uint8_t)mbps, .length = 500, .append_fcs = true, .seed = 77
	};
	struct skw_frame_rx got;
	const uint8_t *heard;
	uint8_t psdu[500];
	size_t n, all;
	bool good = false;

	for (unsigned i = 0; i < sizeof(psdu); i++)
		psdu[i] = (uint8_t)(uniform() * 256);
	memset(air, 0, sizeof(air));
	assert_int_equal(skw_modem_send(tx, air + BEFORE, &n, AIR - 1000, &f, psdu), SKW_MODEM_OK);
	all = BEFORE + n + 400;
	for (size_t k = 0; k < all; k++) {
		double r = RMS * pow(10, -1.5) * sqrt(-log(uniform())), a = 2 * M_PI * uniform();
		double turn = 2 * M_PI * 0.004 * (double)k;
		struct skw_modem_iq s = air[k];

		air[k].i = (float)(s.i * cos(turn) - s.q * sin(turn) + r * cos(a));
		air[k].q = (float)(s.i * sin(turn) + s.q * cos(turn) + r * sin(a));
	}
	spoil(n, how_much);
	for (size_t at = 0; at < all;) {
		at += skw_modem_rx_push(rx, air + at, all - at, now + at);
		while (skw_modem_rx_poll(rx, &got, &heard))
			good |= got.fcs_ok && got.length == 500 && memcmp(heard, psdu, 496) == 0;
	}
	now += all;
	return good;
}

/* A converter whose full scale is so many dB above the frame's rms (of both parts). */
static void clip(size_t burst, double db)
{
	float most = (float)(RMS * sqrt(0.5) * pow(10, db / 20));

	(void)burst;
	for (size_t k = 0; k < AIR; k++) {
		air[k].i = fminf(fmaxf(air[k].i, -most), most);
		air[k].q = fminf(fmaxf(air[k].q, -most), most);
	}
}

/* Three samples in three of ten symbols, so many dB above the frame. */
static void pulses(size_t burst, double db)
{
	for (size_t k = BEFORE + 420; k + 80 < BEFORE + burst; k += 80)
		if (uniform() < 0.3)
			for (size_t n = 0; n < 3; n++) {
				double r = RMS * pow(10, db / 20), a = 2 * M_PI * uniform();

				air[k + 20 + n].i += (float)(r * cos(a));
				air[k + 20 + n].q += (float)(r * sin(a));
			}
}

static unsigned read_of_10(unsigned mbps, spoiler *spoil, double how_much)
{
	unsigned good = 0;

	for (unsigned n = 0; n < 10; n++)
		good += through(mbps, spoil, how_much);
	print_message("%u Mb/s, %.0f dB: %u of 10\n", mbps, how_much, good);
	return good;
}

/* Without mending: 0 of 10 in each of these but the first two. */
static void test_clipped(void **unused)
{
	(void)unused;
	assert_true(read_of_10(54, clip, 8) >= 9);
	assert_true(read_of_10(24, clip, 1) >= 9);
	assert_true(read_of_10(36, clip, 1) >= 8);
	assert_true(read_of_10(48, clip, 4) >= 8);
	assert_true(read_of_10(54, clip, 4) >= 8);
}

/* Without: 0 of 10. */
static void test_pulses(void **unused)
{
	(void)unused;
	assert_true(read_of_10(6, pulses, 20) >= 9);
	assert_true(read_of_10(24, pulses, 20) >= 8);
	assert_true(read_of_10(36, pulses, 20) >= 6);
}

static void gauss(struct skw_carriers *x)
{
	for (int n = 0; n < 64; n++) {
		double r = sqrt(-log(uniform())), a = 2 * M_PI * uniform();

		x->re[n] = (float)(r * cos(a));
		x->im[n] = (float)(r * sin(a));
	}
}

/* Samples that no frame has are blanked, those beside them that are loud as well, and no others;
 * none if they are many. */
static void test_blank(void **unused)
{
	struct skw_carriers x;

	(void)unused;
	for (int round = 0; round < 1000; round++) {
		gauss(&x);
		assert_true(skw_mend_blank(&x, 1) == 0);
	}
	for (int n = 0; n < 64; n++)
		x.re[n] = x.im[n] = 0.5F;
	x.re[0] = 5;
	x.im[63] = -6;
	x.re[62] = 3;
	x.re[31] = 4; /* alone it may be a frame's */
	assert_true(skw_mend_blank(&x, 1) == (1ULL | 3ULL << 62));
	assert_true(x.re[0] == 0 && x.im[63] == 0 && x.re[62] == 0 && x.re[31] == 4);
	for (int n = 0; n < 20; n++)
		x.re[3 * n] = 9;
	assert_true(skw_mend_blank(&x, 1) == 0);
}

/* A rail is found where parts are clipped, by its value; not in noise, nor where the envelope is
 * limited, as a sender does. */
static void test_rail(void **unused)
{
	static const float zeros[64];
	float ones[64];
	struct skw_mend_front front = { .cos = ones, .sin = zeros, .dc_re = 0.1F };
	struct skw_fft fft;

	(void)unused;
	skw_fft_init(&fft);
	for (int n = 0; n < 64; n++)
		ones[n] = 1;
	for (int kind = 0; kind < 3; kind++) {
		struct skw_mend_rail rail = { 0 };

		for (int s = 0; s < 40; s++) {
			struct skw_carriers x, y;

			gauss(&x);
			for (int n = 0; n < 64; n++) {
				float size = hypotf(x.re[n], x.im[n]);

				if (kind == 1) {
					x.re[n] = fminf(fmaxf(x.re[n], -1.3F), 1.3F);
					x.im[n] = fminf(fmaxf(x.im[n], -1.3F), 1.3F);
				}
				if (kind == 2 && size > 1.3F) {
					x.re[n] *= 1.3F / size;
					x.im[n] *= 1.3F / size;
				}
				x.re[n] -= 0.1F; /* the constant was taken off before */
			}
			skw_fft_forward(&fft, &y, &x);
			skw_mend_rail_hear(&rail, &front, &fft, &y);
		}
		if (kind == 1)
			assert_true(fabsf(skw_mend_rail_told(&rail) - 1.3F) < 1e-3F);
		else
			assert_true(skw_mend_rail_told(&rail) == 0);
	}
}

/* Samples that differ from what was expected by far are told, and filled in from carriers that
 * agree with it. */
static void test_filled(void **unused)
{
	static float cos_[64], sin_[64];
	struct skw_mend_front front = { .cos = cos_, .sin = sin_ };
	struct skw_mend_samples lost = { 0 };
	struct skw_mend_expected e = { 0 };
	struct skw_carriers y, x;
	struct skw_fft fft;
	float off = 0;

	(void)unused;
	skw_fft_init(&fft);
	gauss(&e.e);
	for (int k = 0; k < 64; k++) {
		cos_[k] = cosf(0.1F * (float)k);
		sin_[k] = sinf(0.1F * (float)k);
		e.near[k] = k == 0 || (k > 26 && k < 38) ? 0 : 0.1F;
		if (e.near[k] <= 0)
			e.e.re[k] = e.e.im[k] = 0;
	}
	y = e.e;
	skw_fft_inverse(&fft, &x, &y);
	for (int n = 0; n < 64; n++) {
		x.re[n] = x.re[n] / 64 + (n % 2 ? 1e-3F : -1e-3F);
		x.im[n] /= 64;
	}
	x.re[7] += 3;
	x.im[40] -= 1;
	skw_fft_forward(&fft, &y, &x);
	skw_mend_pulses(&lost, &fft, &y, &e.e);
	assert_true(lost.lost == (1ULL << 7 | 1ULL << 40));
	assert_true(skw_mend_symbol(&y, &lost, 0, &front, &fft, &e));
	for (int k = 0; k < 64; k++)
		off += (y.re[k] - e.e.re[k]) * (y.re[k] - e.e.re[k]) +
		       (y.im[k] - e.e.im[k]) * (y.im[k] - e.e.im[k]);
	assert_true(off < 0.2F);
	lost.lost = 0;
	assert_false(skw_mend_symbol(&y, &lost, 0, &front, &fft, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_rail),
		cmocka_unit_test(test_filled),
		cmocka_unit_test_setup_teardown(test_clipped, start, stop),
		cmocka_unit_test_setup_teardown(test_pulses, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
