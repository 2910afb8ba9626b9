/* One unit of a sweep: frames through the engine's own transmitter, a channel, and its receiver. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_board.h"
#include "cli/skw_cli_sweep.h"
#include "modem/skw_modem.h"

enum {
	LEAD = 500,     /* samples of noise before a frame, at least */
	VARY = 400,     /* up to so many more */
	TAIL = 1000,    /* behind it: longer than any decoding takes */
	RUN = 512,      /* samples at a time */
	TAPS = 64,      /* of the delay profile */
	SINC = 16,      /* samples on either side that make one between them */
	SETTLE = 20000, /* of noise, in which a receiver finds the mixer's constant */
};

static const double RMS = 0.22535; /* of a frame at full power: sqrt(52) / 32 */

struct skw_cli_bench {
	const struct skw_cli_sweep *s;
	uint64_t random;
	struct skw_modem_tx *tx; /* soft */
	struct skw_modem_rx *rx;
	struct skw_cli_board tx_board, rx_board; /* rtl */
	uint64_t time;
	size_t n;
	uint8_t psdu[SKW_PSDU_MAX];
	unsigned heard;                     /* of the frame on the air */
	float gain, sine, cosine, constant; /* of the mixer */
	struct skw_modem_iq burst[SKW_CLI_BURST_MAX], was[SKW_CLI_BURST_MAX];
	struct skw_iq fixed[SKW_CLI_BURST_MAX];
};

/* ---- Chance ---------------------------------------------------------------------------------- */

/* SplitMix64 of Steele, Lea and Flood. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static uint64_t draw(struct skw_cli_bench *b)
{
	return mix(b->random += UINT64_C(0x9E3779B97F4A7C15));
}

/* Two normal deviates of this standard deviation, by Box and Muller. */
static struct skw_modem_iq gauss(struct skw_cli_bench *b, float sigma)
{
	uint64_t bits = draw(b);
	float u = ((float)(bits >> 40) + 0.5f) * 0x1p-24f;
	float turn = (float)(bits & 0xFFFFFF) * (float)(2 * M_PI * 0x1p-24);
	float radius = sigma * sqrtf(-2 * logf(u));
	struct skw_modem_iq x;

	x.i = radius * cosf(turn);
	x.q = radius * sinf(turn);
	return x;
}

static uint64_t unit_seed(const struct skw_cli_sweep *s, const struct skw_cli_sweep_unit *u)
{
	uint64_t x = mix(s->seed + 1);

	x = mix(x ^ u->rate);
	x = mix(x ^ (uint64_t)(int64_t)u->snr_cdb);
	return mix(x ^ u->block);
}

/* ---- Transmitter ------------------------------------------------------------------------------
 */

static bool send_soft(struct skw_cli_bench *b, unsigned rate, uint8_t seed)
{
	struct skw_frame_tx f = {
		.rate_mbps = (uint8_t)rate,
		.length = (uint16_t)b->s->length,
		.append_fcs = true,
		.seed = seed,
	};

	return skw_modem_send(b->tx, b->burst, &b->n, SKW_CLI_BURST_MAX, &f, b->psdu) ==
	       SKW_MODEM_OK;
}

static bool send_rtl(struct skw_cli_bench *b, unsigned rate, uint8_t seed)
{
	struct skw_hostlink_tx_frame f = {
		.rate_mbps = (uint8_t)rate,
		.length = (uint16_t)b->s->length,
		.append_fcs = true,
		.seed = seed,
		.amplitude = 0xFFFF,
	};

	if (!skw_cli_board_burst(&b->tx_board, b->fixed, &b->n, &f, b->psdu,
				 b->s->length - SKW_FCS_LEN))
		return false;
	for (size_t k = 0; k < b->n; k++)
		b->burst[k] = (struct skw_modem_iq) { (float)b->fixed[k].i / 32768,
						      (float)b->fixed[k].q / 32768 };
	return true;
}

/* ---- Channel ----------------------------------------------------------------------------------
 */

/* An exponential profile of Rayleigh taps; its power is 1 whatever was drawn. */
static void multipath(struct skw_cli_bench *b)
{
	float spread = (float)b->s->spread_ns * 0.02f; /* samples of 50 ns */
	struct skw_modem_iq tap[TAPS], past[TAPS] = { { 0, 0 } };
	float power = 0;

	for (int k = 0; k < TAPS; k++) {
		tap[k] = gauss(b, expf(-(float)k / (2 * spread)));
		power += tap[k].i * tap[k].i + tap[k].q * tap[k].q;
	}
	for (int k = 0; k < TAPS; k++) {
		tap[k].i /= sqrtf(power);
		tap[k].q /= sqrtf(power);
	}
	for (size_t n = 0; n < b->n; n++) {
		struct skw_modem_iq sum = { 0, 0 };

		past[n % TAPS] = b->burst[n];
		for (size_t k = 0; k < TAPS && k <= n; k++) {
			struct skw_modem_iq x = past[(n - k) % TAPS];

			sum.i += x.i * tap[k].i - x.q * tap[k].q;
			sum.q += x.i * tap[k].q + x.q * tap[k].i;
		}
		b->burst[n] = sum;
	}
}

/* One of the samples `at`, which need not be whole: a sinc under a raised cosine. */
static struct skw_modem_iq between(const struct skw_cli_bench *b, double at)
{
	long mid = (long)floor(at);
	float f = (float)(at - (double)mid), s = sinf((float)M_PI * f) / (float)M_PI;
	struct skw_modem_iq sum = { 0, 0 };

	if (f < 1e-6F)
		return (size_t)mid < b->n ? b->was[mid] : sum;
	for (long m = 1 - SINC; m <= SINC; m++) {
		float x = f - (float)m, w;

		if (mid + m < 0 || mid + m >= (long)b->n)
			continue;
		w = (m & 1 ? -s : s) / x * (0.5F + 0.5F * cosf((float)M_PI * x / (SINC + 1)));
		sum.i += w * b->was[mid + m].i;
		sum.q += w * b->was[mid + m].q;
	}
	return sum;
}

/* The receiver's clock is slow: it takes its samples later and later. */
static void drift(struct skw_cli_bench *b)
{
	memcpy(b->was, b->burst, b->n * sizeof(*b->was));
	for (size_t n = 0; n < b->n; n++)
		b->burst[n] = between(b, (double)n * (1 + b->s->clock_ppm * 1e-6));
}

/* Of a random walk's step, radians a sample. */
static float unrest(const struct skw_cli_sweep *s)
{
	return s->phase_cdb == 0
		   ? 0
		   : (float)(2 * M_PI * 1e5 * sqrt(pow(10, s->phase_cdb / 1000.0) / 20e6));
}

/* What the mixer adds. */
static struct skw_modem_iq mixed(const struct skw_cli_bench *b, struct skw_modem_iq x)
{
	float i = x.i * b->gain;

	x.q = (x.q * b->cosine + x.i * b->sine) / b->gain;
	return (struct skw_modem_iq) { i + b->constant, x.q + b->constant };
}

static void mixer(struct skw_cli_bench *b)
{
	const struct skw_cli_sweep *s = b->s;

	b->gain = powf(10, (float)s->gain_cdb / 4000);
	b->sine = sinf((float)(s->angle_cdeg * M_PI / 18000));
	b->cosine = sqrtf(1 - b->sine * b->sine);
	b->constant = s->dc_cdb == 0 ? 0 : (float)(RMS * sqrt(0.5) * pow(10, s->dc_cdb / 2000.0));
}

/* Any carrier phase, the offset, phase noise. */
static void turn(struct skw_cli_bench *b)
{
	float unrested = unrest(b->s);
	double phase = (double)(draw(b) >> 11) * 0x1p-53 * 2 * M_PI;
	double step = 2 * M_PI * b->s->cfo_hz / 20e6;

	for (size_t n = 0; n < b->n; n++) {
		struct skw_modem_iq x = b->burst[n];
		float c = (float)cos(phase), s = (float)sin(phase);

		b->burst[n] = (struct skw_modem_iq) { x.i * c - x.q * s, x.i * s + x.q * c };
		phase += step;
		if (unrested > 0)
			phase += (double)gauss(b, unrested).i;
	}
}

/* ---- Receiver ---------------------------------------------------------------------------------
 */

static void compare(struct skw_cli_bench *b, bool fcs_ok, unsigned length, const uint8_t *psdu)
{
	b->heard +=
	    fcs_ok && length == b->s->length && memcmp(psdu, b->psdu, length - SKW_FCS_LEN) == 0;
}

static void hear_soft(struct skw_cli_bench *b, const struct skw_modem_iq *x, size_t n)
{
	struct skw_frame_rx f;
	const uint8_t *psdu;
	size_t at = 0;

	while (at < n) {
		at += skw_modem_rx_push(b->rx, x + at, n - at, b->time + at);
		while (skw_modem_rx_poll(b->rx, &f, &psdu))
			compare(b, f.fcs_ok, f.length, psdu);
	}
}

static int16_t quantise(float v)
{
	return (int16_t)lrintf(fminf(32767, fmaxf(-32768, v * 32768)));
}

static void hear_rtl(struct skw_cli_bench *b, const struct skw_modem_iq *x, size_t n)
{
	struct skw_iq in[RUN], out[RUN];
	struct skw_hostlink_packet packet;
	struct skw_hostlink_rx_frame f;

	for (size_t k = 0; k < n; k++)
		in[k] = (struct skw_iq) { quantise(x[k].i), quantise(x[k].q) };
	skw_radio_run(b->rx_board.radio, out, in, n);
	while (skw_cli_board_hear(&b->rx_board, &packet))
		if (skw_hostlink_rx_frame_get(&f, &packet))
			compare(b, f.fcs_ok, f.length, f.psdu);
}

/* `n` samples of the burst, or of nothing, and noise. */
static void hear(struct skw_cli_bench *b, const struct skw_modem_iq *burst, size_t n, float sigma)
{
	struct skw_modem_iq x[RUN];

	for (size_t at = 0; at < n; at += RUN) {
		size_t len = n - at < RUN ? n - at : RUN;

		for (size_t k = 0; k < len; k++) {
			x[k] = gauss(b, sigma);
			if (burst != NULL) {
				x[k].i += burst[at + k].i;
				x[k].q += burst[at + k].q;
			}
			x[k] = mixed(b, x[k]);
		}
		if (b->s->soft)
			hear_soft(b, x, len);
		else
			hear_rtl(b, x, len);
		b->time += len;
	}
}

/* ---- The unit ----------------------------------------------------------------------------------
 */

struct skw_cli_bench *skw_cli_bench_new(const struct skw_cli_sweep *s)
{
	struct skw_cli_bench *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->s = s;
	if (s->soft)
		b->tx = skw_modem_tx_new();
	if (s->soft ? b->tx == NULL : !skw_cli_board_open(&b->tx_board)) {
		skw_cli_bench_free(b);
		return NULL;
	}
	return b;
}

void skw_cli_bench_free(struct skw_cli_bench *b)
{
	if (b == NULL)
		return;
	skw_modem_tx_free(b->tx);
	skw_cli_board_close(&b->tx_board);
	free(b);
}

/* Each unit has a receiver of its own: what was before leaves no trace in it. */
static bool receiver_open(struct skw_cli_bench *b)
{
	b->time = 0;
	if (!b->s->soft)
		return skw_cli_board_open_rx(&b->rx_board);
	b->rx = skw_modem_rx_new(20e6);
	return b->rx != NULL;
}

static void receiver_close(struct skw_cli_bench *b)
{
	skw_modem_rx_free(b->rx);
	b->rx = NULL;
	skw_cli_board_close(&b->rx_board);
}

/* True if it came back; b->n is 0 if it could not even be sent. */
static bool one_frame(struct skw_cli_bench *b, unsigned rate, float sigma)
{
	uint8_t seed = (uint8_t)(1 + draw(b) % 127);

	for (size_t n = 0; n < b->s->length; n++)
		b->psdu[n] = (uint8_t)draw(b);
	b->heard = 0;
	b->n = 0;
	hear(b, NULL, LEAD + draw(b) % VARY, sigma);
	if (!(b->s->soft ? send_soft : send_rtl)(b, rate, seed))
		return false;
	if (b->s->spread_ns > 0)
		multipath(b);
	if (b->s->clock_ppm != 0)
		drift(b);
	turn(b);
	hear(b, b->burst, b->n, sigma);
	hear(b, NULL, TAIL, sigma);
	return b->heard > 0;
}

uint32_t skw_cli_bench_run(struct skw_cli_bench *b, const struct skw_cli_sweep_unit *u)
{
	float sigma = (float)(RMS * sqrt(0.5) * pow(10, -u->snr_cdb / 2000.0));
	uint32_t lost = 0;
	bool good;

	b->random = unit_seed(b->s, u);
	mixer(b);
	good = receiver_open(b);
	if (good && b->s->dc_cdb != 0)
		hear(b, NULL, SETTLE, sigma);
	for (unsigned k = 0; good && k < u->frames; k++) {
		lost += !one_frame(b, u->rate, sigma);
		good = b->n > 0;
	}
	receiver_close(b);
	return good ? lost : UINT32_MAX;
}
