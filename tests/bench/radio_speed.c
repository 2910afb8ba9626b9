/* make bench-sim - how many samples of a simulated radio a CPU second pays for: while it listens to
 * noise, while frames come in back to back, and while it sends them.
 *
 * CPU time, so that other programs on the machine bend the figures little; each is the best of
 * the rounds, the one least disturbed.
 *
 *     radio_speed [ROUNDS]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radio/skw_radio.h"
#include "wire/skw_hostlink.h"

enum {
	ROUNDS = 5,   /* if no number is given */
	FRAMES = 24,
	LENGTH = 1500,
	GAP = 320,    /* samples from frame to frame: 16 us at 20 MHz */
	RUN = 4096,   /* samples at a time */
	RATE = 24,    /* Mb/s */
	AIR = 400000, /* samples of a round */
};

static struct skw_iq air[AIR], sent[AIR], received[AIR];

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct skw_radio *radio_with(uint32_t control)
{
	uint8_t packet[16];
	struct skw_writer w = skw_writer(packet, sizeof(packet));
	struct skw_radio *r = skw_radio_new();

	skw_hostlink_put_reg_write(&w, SKW_REG_CONTROL, control);
	if (r == NULL || !skw_radio_host_write(r, packet, skw_writer_len(&w)))
		exit(EXIT_FAILURE);
	skw_radio_service(r, 1000);
	return r;
}

/* The time of the k-th frame; 1500 bytes at 24 Mb/s are 126 symbols. */
static uint64_t frame_time(unsigned k)
{
	return 1000 + (uint64_t)k * (400 + 126 * 80 + GAP);
}

static void queue_frame(struct skw_radio *r, unsigned k)
{
	uint8_t packet[SKW_HOSTLINK_PACKET_MAX], psdu[LENGTH];
	struct skw_writer w = skw_writer(packet, sizeof(packet));
	struct skw_hostlink_tx_frame f = {
		.rate_mbps = RATE,
		.length = LENGTH,
		.timed = true,
		.append_fcs = true,
		.seed = (uint8_t)(1 + k),
		.amplitude = 0xFFFF,
		.time = frame_time(k),
	};

	for (size_t n = 0; n < sizeof(psdu); n++)
		psdu[n] = (uint8_t)rand();
	skw_hostlink_put_tx_frame(&w, &f, psdu, LENGTH - SKW_FCS_LEN);
	skw_radio_host_write(r, packet, skw_writer_len(&w));
}

/* The frames that the board has handed over; its other packets are passed over. */
static unsigned frames_heard(struct skw_radio *r, struct skw_hostlink_parser *p)
{
	uint8_t bytes[4096];
	struct skw_hostlink_packet packet;
	struct skw_hostlink_rx_frame frame;
	unsigned good = 0;
	size_t n;

	while ((n = skw_radio_host_read(r, bytes, sizeof(bytes))) > 0)
		for (size_t at = 0; at < n;) {
			at += skw_hostlink_feed(p, &packet, bytes + at, n - at);
			good += skw_hostlink_rx_frame_get(&frame, &packet) && frame.fcs_ok;
		}
	return good;
}

/* Runs AIR samples; the CPU seconds they took, and in *frames how many good ones were heard. */
static double run(struct skw_radio *r, const struct skw_iq *in, unsigned to_send, unsigned *frames)
{
	static struct skw_hostlink_parser parser;
	double began = cpu_seconds();
	unsigned queued = 0;

	*frames = 0;
	memset(&parser, 0, sizeof(parser));
	for (size_t k = 0; k + RUN <= AIR; k += RUN) {
		while (queued < to_send && skw_radio_host_pending(r) < 4 * LENGTH)
			queue_frame(r, queued++);
		skw_radio_run(r, sent + k, in == NULL ? NULL : in + k, RUN);
		*frames += frames_heard(r, &parser);
	}
	return cpu_seconds() - began;
}

static void add_noise(struct skw_iq *out, const struct skw_iq *in, double rms)
{
	for (size_t k = 0; k < AIR; k++) {
		double radius = rms * sqrt(-2 * log((rand() + 1.0) / (RAND_MAX + 1.0)));
		double turn = 2 * M_PI * rand() / RAND_MAX;

		out[k].i = (int16_t)lrint(in[k].i / 2.0 + radius * cos(turn));
		out[k].q = (int16_t)lrint(in[k].q / 2.0 + radius * sin(turn));
	}
}

static int rounds = ROUNDS;

/* Best of the rounds, in samples per CPU second; exits if other than `expect` frames are heard. */
static double best(const struct skw_iq *in, uint32_t control, unsigned to_send, unsigned expect)
{
	double least = INFINITY;
	unsigned frames;

	for (int n = 0; n < rounds; n++) {
		struct skw_radio *r = radio_with(control);

		least = fmin(least, run(r, in, to_send, &frames));
		skw_radio_free(r);
		if (frames != expect) {
			fprintf(stderr, "%u frames heard, not %u\n", frames, expect);
			exit(EXIT_FAILURE);
		}
	}
	return AIR / RUN * RUN / least;
}

int main(int argc, char **argv)
{
	static const struct skw_iq nothing[AIR];
	double transmit;

	if (argc > 1)
		rounds = atoi(argv[1]);
	if (rounds < 1)
		return EXIT_FAILURE;
	transmit = best(NULL, 0, FRAMES + 20, 0);
	printf("samples per CPU second of one simulated radio, best of %d\n", rounds);
	printf("  transmit, back to back    %9.0f\n", transmit);
	memcpy(air, sent, sizeof(air));
	add_noise(received, air, 100);
	printf("  receive 24 Mb/s           %9.0f\n",
	       best(received, SKW_CONTROL_RX_FRAMES, 0, (AIR - 1000) / (400 + 126 * 80 + GAP)));
	add_noise(received, nothing, 1000);
	printf("  noise                     %9.0f\n", best(received, SKW_CONTROL_RX_FRAMES, 0, 0));
	return 0;
}
