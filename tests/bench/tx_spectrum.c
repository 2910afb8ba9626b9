/* tx_spectrum - what a transmitter's samples would look like to the regulator: the transmit
 * spectrum mask and the constellation error of frames that `skywave phy encode` wrote.
 *
 *   tx_spectrum BITS CSV FILE...       FILE: rate.cs16, 20 MS/s; the rate in Mb/s is its name
 *
 * The samples are cut to BITS as the converter of a board would, and interpolated by four with two
 * half-band filters (60 dB), as converters do: the spectrum to 30 MHz either side is theirs. Then,
 * after IEEE 802.11-2012,
 *
 *   18.3.9.3  mask: 0 dBr to 9 MHz, -20 at 11, -28 at 20, -40 from 30 on, straight lines between
 *             (dB), relative to the largest density of the spectrum, in 100 kHz
 *   18.3.9.7  constellation error: carriers after a receiver that knows where the symbols begin,
 *             one complex gain a carrier from the long training symbols, against the nearest point
 *
 * One line a file: the least distance to the mask and where, the error and its limit. Exit status 1
 * if the mask is touched, or an error is above -35 dB (the standard asks -5 to -25 by rate).
 */
#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liquid/liquid.h>

enum {
	N = 64,
	PREFIX = 16,
	LONG_AT = 192,   /* the first long training symbol */
	SIGNAL_AT = 320, /* its prefix */
	SYMBOL = 80,
	UP = 4,
	BINS = 800,    /* of 100 kHz at 80 MS/s */
	HALF_TAPS = 12 /* half-length of the interpolating filters */
};

static const double RATE_HZ = 20e6, STOP_DB = 60, ERROR_LIMIT_DB = -35;

static float complex *load(const char *path, unsigned bits, size_t *n)
{
	const int cut = 1 << (16 - bits);
	FILE *f = fopen(path, "rb");
	float complex *x = NULL;
	int16_t iq[2];
	size_t room = 0;

	*n = 0;
	while (f != NULL && fread(iq, sizeof(iq), 1, f) == 1) {
		if (*n == room) {
			room = room == 0 ? 65536 : 2 * room;
			x = realloc(x, room * sizeof(*x));
			if (x == NULL)
				exit(1);
		}
		x[(*n)++] = (floorf((float)iq[0] / (float)cut + 0.5f) +
			     I * floorf((float)iq[1] / (float)cut + 0.5f)) *
			    (float)cut / 32768;
	}
	if (f != NULL)
		fclose(f);
	return x;
}

/* ---- the mask ------------------------------------------------------------------------------ */

static double mask_dbr(double mhz)
{
	static const double at[][2] = { { 9, 0 }, { 11, -20 }, { 20, -28 }, { 30, -40 } };

	mhz = fabs(mhz);
	if (mhz <= at[0][0])
		return 0;
	for (int i = 1; i < 4; i++)
		if (mhz <= at[i][0])
			return at[i - 1][1] + (mhz - at[i - 1][0]) / (at[i][0] - at[i - 1][0]) *
						  (at[i][1] - at[i - 1][1]);
	return -40;
}

/* Interpolated by two, `y` of twice the length. */
static void double_rate(float complex *y, const float complex *x, size_t n)
{
	resamp2_crcf filter = resamp2_crcf_create(HALF_TAPS, 0, (float)STOP_DB);

	for (size_t k = 0; k < n; k++)
		resamp2_crcf_interp_execute(filter, x[k], y + 2 * k);
	resamp2_crcf_destroy(filter);
}

/* Density in dB relative to its largest, from -40 to +40 MHz. */
static void spectrum(float dbr[BINS], const float complex *x, size_t n)
{
	float complex *two = calloc(2 * n, sizeof(*two)), *four = calloc(UP * n, sizeof(*four));
	spgramcf density = spgramcf_create(BINS, LIQUID_WINDOW_HANN, BINS, BINS / 2);
	float most = -INFINITY;

	if (two == NULL || four == NULL)
		exit(1);
	double_rate(two, x, n);
	double_rate(four, two, 2 * n);
	spgramcf_write(density, four, (unsigned)(UP * n));
	spgramcf_get_psd(density, dbr);
	for (int i = 0; i < BINS; i++)
		most = fmaxf(most, dbr[i]);
	for (int i = 0; i < BINS; i++)
		dbr[i] -= most;
	spgramcf_destroy(density);
	free(two);
	free(four);
}

static double bin_mhz(int i)
{
	return (i - BINS / 2) * RATE_HZ * UP / BINS / 1e6;
}

/* The least distance below the mask outside the channel, and where. */
static double margin(const float dbr[BINS], double *mhz)
{
	double least = INFINITY;

	for (int i = 0; i < BINS; i++) {
		double here = mask_dbr(bin_mhz(i)) - (double)dbr[i];

		if (fabs(bin_mhz(i)) > 9 && here < least) {
			least = here;
			*mhz = bin_mhz(i);
		}
	}
	return least;
}

/* ---- the constellation --------------------------------------------------------------------- */

static bool is_data(int k)
{
	return k != 0 && abs(k) <= 26 && abs(k) != 7 && abs(k) != 21;
}

/* Levels of one axis: 1, 2, 4 or 8 of them, at odd multiples of 1/sqrt(K_MOD). */
static double nearest(double v, int levels, double unit)
{
	double n = 2 * floor(v / unit / 2) + 1;

	return unit * fmin(fmax(n, 1 - levels), levels - 1);
}

static double error_db(const float complex *x, size_t n, unsigned rate)
{
	static const struct {
		unsigned rate;
		int i, q; /* levels */
		double k;
	} map[] = { { 6, 2, 1, 1 },   { 9, 2, 1, 1 },   { 12, 2, 2, 2 },  { 18, 2, 2, 2 },
		    { 24, 4, 4, 10 }, { 36, 4, 4, 10 }, { 48, 8, 8, 42 }, { 54, 8, 8, 42 } };
	/* Carriers -26..26 of the long training symbol: 18.3.3, equation 18-8. */
	static const signed char LONG[53] = { 1,  1,  -1, -1, 1,  1,  -1, 1,  -1, 1,  1,  1,  1,  1,
					      1,  -1, -1, 1,  1,  -1, 1,  -1, 1,  1,  1,  1,  0,  1,
					      -1, -1, 1,  1,  -1, 1,  -1, 1,  -1, -1, -1, -1, -1, 1,
					      1,  -1, -1, 1,  -1, 1,  -1, 1,  1,  1,  1 };
	float complex in[N], out[N], gain[N] = { 0 };
	fftplan fft = fft_create_plan(N, in, out, LIQUID_FFT_FORWARD, 0);
	double wrong = 0, all = 0, unit;
	int m = 0;

	while (map[m].rate != rate)
		if (++m == 8)
			exit(2);
	unit = 1 / sqrt(map[m].k);
	for (int s = 0; s < 2; s++) {
		memcpy(in, x + LONG_AT + s * N, sizeof(in));
		fft_execute(fft);
		for (int k = -26; k <= 26; k++)
			gain[(k + N) % N] += out[(k + N) % N] * LONG[k + 26] / 2;
	}
	for (size_t at = SIGNAL_AT + SYMBOL + PREFIX; at + N <= n; at += SYMBOL) {
		memcpy(in, x + at, sizeof(in));
		fft_execute(fft);
		for (int k = -26; k <= 26; k++) {
			double complex z = out[(k + N) % N] / gain[(k + N) % N];
			double complex to =
			    nearest(creal(z), map[m].i, unit) +
			    (map[m].q > 1 ? I * nearest(cimag(z), map[m].q, unit) : 0);

			if (!is_data(k))
				continue;
			wrong += pow(cabs(z - to), 2);
			all++;
		}
	}
	fft_destroy_plan(fft);
	return 10 * log10(wrong / all);
}

int main(int argc, char **argv)
{
	static float dbr[16][BINS];
	unsigned bits = argc > 3 ? (unsigned)atoi(argv[1]) : 0;
	FILE *csv = argc > 3 ? fopen(argv[2], "w") : NULL;
	bool good = true;

	if (bits < 4 || bits > 16 || csv == NULL || argc > 3 + 16) {
		fprintf(stderr, "usage: tx_spectrum BITS CSV FILE...\n");
		return 2;
	}
	printf("%u-bit samples\nMb/s   to the mask, dB   at MHz   constellation error, dB\n", bits);
	for (int f = 3; f < argc; f++) {
		const char *slash = strrchr(argv[f], '/');
		unsigned rate = (unsigned)atoi(slash != NULL ? slash + 1 : argv[f]);
		size_t n;
		float complex *x = load(argv[f], bits, &n);
		double mhz = 0, least, error;

		if (x == NULL || n < SIGNAL_AT + 2 * SYMBOL) {
			fprintf(stderr, "%s: no frame\n", argv[f]);
			return 1;
		}
		spectrum(dbr[f - 3], x, n);
		least = margin(dbr[f - 3], &mhz);
		error = error_db(x, n, rate);
		printf("%4u %17.1f %8.1f %25.1f\n", rate, least, mhz, error);
		good = good && least > 0 && error <= ERROR_LIMIT_DB;
		free(x);
	}
	fprintf(csv, "mhz,mask");
	for (int f = 3; f < argc; f++)
		fprintf(csv, ",%s",
			strrchr(argv[f], '/') != NULL ? strrchr(argv[f], '/') + 1 : argv[f]);
	for (int i = 0; i < BINS; i++) {
		fprintf(csv, "\n%.1f,%.2f", bin_mhz(i), mask_dbr(bin_mhz(i)));
		for (int f = 3; f < argc; f++)
			fprintf(csv, ",%.2f", (double)dbr[f - 3][i]);
	}
	fprintf(csv, "\n");
	if (fclose(csv) != 0)
		return 1;
	printf("%s\n", good ? "within the mask" : "NOT within the limits");
	return good ? 0 : 1;
}
