#include "air/skw_air_drift.h"

#include <math.h>
#include <pthread.h>

enum { PHASES = 1024 };

static const double PI = 3.141592653589793;
static const double BETA = 7.5; /* Kaiser's: -76 dB beside 26 of 32 carriers */

static float sinc[PHASES + 1][SKW_AIR_SINC];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Modified Bessel function of the first kind, order 0: its series. */
static double bessel(double x)
{
	double sum = 1, term = 1;

	for (unsigned k = 1; k < 40; k++) {
		term *= x / (2 * k) * (x / (2 * k));
		sum += term;
	}
	return sum;
}

/* Row p takes the stream p/PHASES behind its tap number SKW_AIR_SINC / 2 - 1. */
static void fill(void)
{
	for (unsigned p = 0; p <= PHASES; p++)
		for (unsigned k = 0; k < SKW_AIR_SINC; k++) {
			double x = (int)k - (SKW_AIR_SINC / 2 - 1) - (double)p / PHASES;
			double edge = 2 * x / SKW_AIR_SINC;
			double window = edge * edge < 1
					    ? bessel(BETA * sqrt(1 - edge * edge)) / bessel(BETA)
					    : 1 / bessel(BETA);

			sinc[p][k] = (float)(window * (x == 0 ? 1 : sin(PI * x) / (PI * x)));
		}
}

uint64_t skw_air_drift_count(uint64_t t, int32_t ppb)
{
	const int64_t G = 1000000000;
	int64_t whole = (int64_t)(t / (uint64_t)G), rest = (int64_t)(t % (uint64_t)G) * ppb;

	/* division rounds towards nothing: floor it */
	return t + (uint64_t)(whole * ppb + (rest - (rest < 0 ? G - 1 : 0)) / G);
}

uint64_t skw_air_drift_time(uint64_t count, int32_t ppb)
{
	double more = (double)count * (ppb * 1e-9 / (1 + ppb * 1e-9));

	return count - (uint64_t)(int64_t)ceil(more);
}

void skw_air_drift_take(float (*out)[2], size_t n, uint64_t k, int32_t sender_ppb,
			int32_t receiver_ppb, unsigned delay, const struct skw_iq *ring,
			size_t mask)
{
	double sender = sender_ppb * 1e-9, receiver = receiver_ppb * 1e-9;
	double rate = (sender - receiver) / (1 + receiver);

	pthread_once(&once, fill);
	for (size_t i = 0; i < n; i++) {
		/* small numbers apart from the large one: no bits are lost */
		double shift = (double)(k + i) * rate - delay * (1 + sender);
		double whole = floor(shift), phase = (shift - whole) * PHASES;
		unsigned p = (unsigned)phase;
		float part = (float)(phase - p), re = 0, im = 0;
		uint64_t at = k + i + (uint64_t)(int64_t)whole - (SKW_AIR_SINC / 2 - 1);

		for (unsigned m = 0; m < SKW_AIR_SINC; m++) {
			float h = sinc[p][m] + part * (sinc[p + 1][m] - sinc[p][m]);
			struct skw_iq v = ring[(at + m) & mask];

			re += h * v.i;
			im += h * v.q;
		}
		out[i][0] = re;
		out[i][1] = im;
	}
}
