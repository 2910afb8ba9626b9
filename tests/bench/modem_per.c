/* bench-per: packet error rate of the radio in C against noise, per rate, beside the ideal
 * receiver.
 *
 *   modem_per [FRAMES [SEED]]   a table: signal-to-noise ratio at 10 % loss of 1,000-byte PSDUs
 *   modem_per speed             samples per CPU second: receive on frames and on noise, transmit
 *   modem_per impair [FRAMES [DB]]   frames lost with one impairment each, 3 dB above the rate's
 * own threshold
 *
 * Noise is white and Gaussian over the sampled band; a frame counts as lost unless its FCS is right
 * and its time is. The threshold lies between two steps of 0.25 dB, interpolated on a logarithmic
 * scale.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "modem/skw_modem.h"

enum { PSDU = 1000, GAP = 700, RATES = 8 };

static const uint8_t MBPS[RATES] = { 6, 9, 12, 18, 24, 36, 48, 54 };
static const double IDEAL[RATES] = { -0.3, 2.3, 2.7, 5.3, 8.3, 11.6, 15.7, 17.1 };

/* What else happens to a frame on its way; zeros: nothing. */
struct impairment {
	const char *name;
	double cfo;          /* turns a sample, exactly; 0: anything within 40 ppm at 20 MS/s */
	double ppm;          /* of the sampling clock */
	double delay_spread; /* samples, exponential profile, Rayleigh taps */
	double dc;           /* of the signal's rms */
	double imbalance_db, imbalance_degrees;
	double phase_step; /* rms radians a sample, a random walk */
	double level_dbfs; /* peak of the preamble's rms; 0: as sent */
	unsigned bits, length, most_mbps;
};

static uint64_t state;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((double)(state >> 11) + 0.5) * 0x1p-53;
}

static struct skw_modem_iq gauss(double sigma)
{
	double r = sigma * sqrt(-2 * log(uniform())), a = 2 * M_PI * uniform();

	return (struct skw_modem_iq) { (float)(r * cos(a)), (float)(r * sin(a)) };
}

static struct skw_modem_iq burst[SKW_MODEM_BURST_MAX + 2 * GAP];

static size_t make(struct skw_modem_tx *tx, unsigned rate, unsigned length,
		   struct skw_modem_iq *out)
{
	static uint8_t psdu[SKW_PSDU_MAX];
	struct skw_frame_tx f = { .rate_mbps = MBPS[rate],
				  .length = (uint16_t)length,
				  .append_fcs = true,
				  .seed = (uint8_t)(1 + uniform() * 127) };
	size_t n;

	for (unsigned i = 0; i < length; i++)
		psdu[i] = (uint8_t)(uniform() * 256);
	skw_modem_send(tx, out, &n, SKW_MODEM_BURST_MAX, &f, psdu);
	return n;
}

static void multipath(struct skw_modem_iq *x, size_t n, double spread)
{
	struct skw_modem_iq tap[40], old[40] = { { 0, 0 } };
	double power = 0;

	for (int k = 0; k < 40; k++) {
		tap[k] = gauss(sqrt(exp(-k / spread)));
		power += (double)(tap[k].i * tap[k].i + tap[k].q * tap[k].q);
	}
	for (size_t i = 0; i < n; i++) {
		double re = 0, im = 0;

		old[i % 40] = x[i];
		for (size_t k = 0; k < 40 && k <= i; k++) {
			struct skw_modem_iq s = old[(i - k) % 40];

			re += (double)(s.i * tap[k].i - s.q * tap[k].q);
			im += (double)(s.i * tap[k].q + s.q * tap[k].i);
		}
		x[i] =
		    (struct skw_modem_iq) { (float)(re / sqrt(power)), (float)(im / sqrt(power)) };
	}
}

/* A windowed sinc at a clock that is `ppm` off. */
static void resample(struct skw_modem_iq *x, size_t n, double ppm)
{
	static struct skw_modem_iq old[SKW_MODEM_BURST_MAX];

	memcpy(old, x, n * sizeof(*x));
	for (size_t k = 0; k < n; k++) {
		double t = (double)k * (1 + ppm * 1e-6), i = 0, q = 0;
		long whole = (long)floor(t);

		for (long j = whole - 15; j <= whole + 16; j++) {
			double d = t - (double)j, w = 0.5 + 0.5 * cos(M_PI * d / 16.5);
			double h = fabs(d) < 1e-9 ? w : sin(M_PI * d) / (M_PI * d) * w;

			if (j < 0 || j >= (long)n)
				continue;
			i += h * (double)old[j].i;
			q += h * (double)old[j].q;
		}
		x[k] = (struct skw_modem_iq) { (float)i, (float)q };
	}
}

/* The receiver's own faults, after the noise: mixer, converter. */
static void receiver_faults(struct skw_modem_iq *x, size_t n, const struct impairment *m)
{
	float g = (float)pow(10, m->imbalance_db / 40), level = 1;
	float s = (float)sin(m->imbalance_degrees * M_PI / 180), c = sqrtf(1 - s * s);

	if (m->level_dbfs < 0)
		level = (float)(pow(10, m->level_dbfs / 20) / 0.22535);
	for (size_t k = 0; k < n; k++) {
		float i = x[k].i * g + (float)(m->dc * 0.22535);
		float q = (x[k].q * c + x[k].i * s) / g;

		x[k].i = fminf(fmaxf(i * level, -1), 1);
		x[k].q = fminf(fmaxf(q * level, -1), 1);
		if (m->bits > 0) {
			float steps = (float)(1U << (m->bits - 1));

			x[k].i = rintf(x[k].i * steps) / steps;
			x[k].q = rintf(x[k].q * steps) / steps;
		}
	}
}

/* Frames lost of `frames` at this ratio; each has its own carrier offset and a fraction of a
 * sample's phase. */
static unsigned lost(struct skw_modem_tx *tx, unsigned rate, double snr_db, unsigned frames,
		     const struct impairment *m)
{
	static struct skw_modem_iq clean[SKW_MODEM_BURST_MAX];
	struct skw_modem_rx *rx = skw_modem_rx_new(20e6);
	uint64_t time = 0;
	unsigned good = 0, length = m->length > 0 ? m->length : PSDU;

	for (unsigned k = 0; k < frames; k++) {
		size_t n = make(tx, rate, length, clean), all = n + 2 * GAP, at = 0;
		double sigma = 0.22535 * sqrt(0.5) * pow(10, -snr_db / 20); /* sqrt(52) / 32 */
		double cfo = (uniform() - 0.5) * 2 * 0.0118, phase = uniform();
		struct skw_frame_rx f;
		const uint8_t *psdu;

		if (m->cfo != 0)
			cfo = k % 2 ? m->cfo : -m->cfo;
		if (m->delay_spread > 0)
			multipath(clean, n, m->delay_spread);
		if (m->ppm != 0)
			resample(clean, n, k % 2 ? m->ppm : -m->ppm);
		for (size_t i = 0; i < all; i++) {
			burst[i] = gauss(sigma);
			if (m->phase_step > 0)
				phase += (double)gauss(m->phase_step).i / (2 * M_PI);
			if (i >= GAP && i < GAP + n) {
				double a = 2 * M_PI * (phase + cfo * (double)i);
				struct skw_modem_iq s = clean[i - GAP];

				burst[i].i += (float)(s.i * cos(a) - s.q * sin(a));
				burst[i].q += (float)(s.i * sin(a) + s.q * cos(a));
			}
		}
		receiver_faults(burst, all, m);
		while (at < all || skw_modem_rx_busy(rx)) {
			if (at == all)
				break;
			at += skw_modem_rx_push(rx, burst + at, all - at, time + at);
			while (skw_modem_rx_poll(rx, &f, &psdu))
				good += f.fcs_ok && f.length == length &&
					llabs((long long)(f.time - time) - GAP) < 16;
		}
		time += all;
	}
	if (getenv("COUNTS") != NULL) {
		struct skw_modem_counts c = skw_modem_rx_counts(rx);

		fprintf(stderr,
			"%u Mb/s %.2f dB: good %u/%u detected %llu synced %llu signal_bad %llu "
			"foreign %llu "
			"overtaken %llu frames %llu\n",
			MBPS[rate], snr_db, good, frames, (unsigned long long)c.detected,
			(unsigned long long)c.synced, (unsigned long long)c.signal_bad,
			(unsigned long long)c.foreign, (unsigned long long)c.overtaken,
			(unsigned long long)c.frames);
	}
	skw_modem_rx_free(rx);
	return frames - good;
}

static double threshold(struct skw_modem_tx *tx, unsigned rate, unsigned frames)
{
	const struct impairment none = { .name = "" };
	double before = 1, per = 1;

	for (double snr = IDEAL[rate] + 0.25; snr < IDEAL[rate] + 6; snr += 0.25) {
		per = (lost(tx, rate, snr, frames, &none) + 0.3) / (frames + 0.6);
		if (per <= 0.1)
			return snr -
			       0.25 * (log(0.1) - log(per)) / (log(before) - log(per) + 1e-12);
		before = per;
	}
	return NAN;
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double receive_speed(const struct skw_modem_iq *in, size_t n, unsigned *frames)
{
	struct skw_modem_rx *rx = skw_modem_rx_new(20e6);
	struct skw_frame_rx f;
	const uint8_t *psdu;
	uint64_t time = 0;
	double began = cpu(), took = 0;

	*frames = 0;
	while (took < 1) {
		for (size_t at = 0; at < n;) {
			at += skw_modem_rx_push(rx, in + at, n - at, time + at);
			while (skw_modem_rx_poll(rx, &f, &psdu))
				*frames += f.fcs_ok;
		}
		time += n;
		took = cpu() - began;
	}
	skw_modem_rx_free(rx);
	return (double)time / took / 1e6;
}

static void speed(struct skw_modem_tx *tx)
{
	enum { MANY = 1 << 20 };
	struct skw_modem_iq *in = calloc(MANY, sizeof(*in));
	unsigned frames;

	if (in == NULL)
		return;
	for (unsigned r = 0; r < RATES; r++) {
		size_t n = 0, sent = 0;
		double began, rate;

		while (n + 30000 < MANY) {
			n += make(tx, r, 1500, in + n);
			n += 320;
		}
		for (size_t i = 0; i < n; i++) {
			struct skw_modem_iq g = gauss(0.22535 * 0.7071 * pow(10, -30.0 / 20));

			in[i].i += g.i;
			in[i].q += g.q;
		}
		rate = receive_speed(in, n, &frames);
		for (began = cpu(); cpu() - began < 0.5;)
			sent += make(tx, r, 1500, burst);
		printf("%2u Mb/s: receive %6.1f MS/s (%u frames), transmit %6.1f MS/s\n", MBPS[r],
		       rate, frames, (double)sent / (cpu() - began) / 1e6);
		memset(in, 0, MANY * sizeof(*in));
	}
	for (size_t i = 0; i < MANY; i++)
		in[i] = gauss(0.05);
	printf("noise:   receive %6.1f MS/s", receive_speed(in, MANY, &frames));
	printf(" (%u frames)\n", frames);
	free(in);
}

static void impair(struct skw_modem_tx *tx, unsigned frames, double margin)
{
	/* Thresholds of `modem_per 1000`, dB. */
	static const double own[RATES] = { 0.1, 2.8, 3.3, 6.1, 9.0, 12.4, 16.6, 18.1 };
	static const struct impairment all[] = {
		{ .name = "none" },
		{ .name = "40 ppm of 5.9 GHz, 20 MHz", .cfo = 0.0118 },
		{ .name = "40 ppm of 5.9 GHz, 10 MHz", .cfo = 0.0236 },
		{ .name = "40 ppm of 5.9 GHz, 5 MHz", .cfo = 0.0472 },
		{ .name = "clocks 40 ppm, 4095 octets", .ppm = 40, .length = 4095 },
		{ .name = "echoes of 50 ns rms", .delay_spread = 1 },
		{ .name = "echoes of 100 ns rms", .delay_spread = 2 },
		{ .name = "echoes of 200 ns rms", .delay_spread = 4, .most_mbps = 12 },
		{ .name = "DC -20 dBc", .dc = 0.1 },
		{ .name = "I/Q 1 dB, 3 degrees", .imbalance_db = 1, .imbalance_degrees = 3 },
		{ .name = "8 bits at -15 dBFS", .bits = 8, .level_dbfs = -15 },
		{ .name = "16 bits at -60 dBFS", .bits = 16, .level_dbfs = -60 },
		{ .name = "16 bits, peaks near -1 dBFS", .bits = 16, .level_dbfs = -11 },
		/* -100 dBc/Hz at 100 kHz: 2 pi 3.14 Hz of line width a second */
		{ .name = "phase noise", .phase_step = 1e-3 },
	};

	printf("%% lost %4.1f dB above threshold, %4u frames ", margin, frames);
	for (unsigned r = 0; r < RATES; r++)
		printf("%6u", MBPS[r]);
	for (unsigned k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		printf("\n%-42s", all[k].name);
		for (unsigned r = 0; r < RATES; r++)
			if (all[k].most_mbps == 0 || MBPS[r] <= all[k].most_mbps)
				printf("%6.1f", 100.0 / frames *
						    lost(tx, r, own[r] + margin, frames, &all[k]));
		fflush(stdout);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
	struct skw_modem_tx *tx = skw_modem_tx_new();

	state = argc > 2 ? strtoull(argv[2], NULL, 10) * 0x9E3779B97F4A7C15U | 1 : 0x1234567;
	if (tx == NULL)
		return 1;
	if (argc > 1 && strcmp(argv[1], "speed") == 0) {
		speed(tx);
	} else if (argc > 1 && strcmp(argv[1], "impair") == 0) {
		impair(tx, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 50,
		       argc > 3 ? strtod(argv[3], NULL) : 3);
	} else {
		printf("rate  ideal  10 %% loss at  beyond ideal   (dB, %u frames a point)\n",
		       frames);
		for (unsigned r = 0; r < RATES; r++) {
			double t = threshold(tx, r, frames);

			printf("%4u  %5.1f  %12.2f  %12.2f\n", MBPS[r], IDEAL[r], t, t - IDEAL[r]);
			fflush(stdout);
		}
	}
	skw_modem_tx_free(tx);
	return 0;
}
