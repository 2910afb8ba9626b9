/* bench-per: packet error rate of the radio in C against noise, per rate, beside the ideal
 * receiver.
 *
 *   modem_per [FRAMES [SEED]]   a table: signal-to-noise ratio at 10 % loss of 1,000-byte PSDUs
 *   modem_per speed             samples per CPU second: receive on frames and on noise, transmit
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

/* Frames lost of `frames` at this ratio; each has its own carrier offset and a fraction of a
 * sample's phase. */
static unsigned lost(struct skw_modem_tx *tx, unsigned rate, double snr_db, unsigned frames)
{
	static struct skw_modem_iq clean[SKW_MODEM_BURST_MAX];
	struct skw_modem_rx *rx = skw_modem_rx_new(20e6);
	uint64_t time = 0;
	unsigned good = 0;

	for (unsigned k = 0; k < frames; k++) {
		size_t n = make(tx, rate, PSDU, clean), all = n + 2 * GAP, at = 0;
		double sigma = 0.22535 * sqrt(0.5) * pow(10, -snr_db / 20); /* sqrt(52) / 32 */
		double cfo = (uniform() - 0.5) * 2 * 0.0118, phase = uniform();
		struct skw_frame_rx f;
		const uint8_t *psdu;

		for (size_t i = 0; i < all; i++) {
			burst[i] = gauss(sigma);
			if (i >= GAP && i < GAP + n) {
				double a = 2 * M_PI * (phase + cfo * (double)i);
				struct skw_modem_iq s = clean[i - GAP];

				burst[i].i += (float)(s.i * cos(a) - s.q * sin(a));
				burst[i].q += (float)(s.i * sin(a) + s.q * cos(a));
			}
		}
		while (at < all || skw_modem_rx_busy(rx)) {
			if (at == all)
				break;
			at += skw_modem_rx_push(rx, burst + at, all - at, time + at);
			while (skw_modem_rx_poll(rx, &f, &psdu))
				good += f.fcs_ok && f.length == PSDU &&
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
	double before = 1, per = 1;

	for (double snr = IDEAL[rate] + 0.25; snr < IDEAL[rate] + 6; snr += 0.25) {
		per = (lost(tx, rate, snr, frames) + 0.3) / (frames + 0.6);
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

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
	struct skw_modem_tx *tx = skw_modem_tx_new();

	state = argc > 2 ? strtoull(argv[2], NULL, 10) * 0x9E3779B97F4A7C15U | 1 : 0x1234567;
	if (tx == NULL)
		return 1;
	if (argc > 1 && strcmp(argv[1], "speed") == 0) {
		speed(tx);
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
