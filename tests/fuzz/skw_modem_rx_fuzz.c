/* rooms: wire modem
 *
 * skw_modem_rx: samples of any kind - raw floats, bytes as samples, frames whose samples are bent -
 * pushed in any pieces at any times. What comes out is a frame that could be one, each once, in
 * order of time; a clean frame with silence around it comes out as it went in. */

#include <math.h>

#include "modem/skw_modem.h"
#include "skw_fuzz.h"

enum { SAMPLES = 6000 };

static const uint8_t RATES[8] = { 6, 9, 12, 18, 24, 36, 48, 54 };
static struct skw_modem_tx *tx;
static struct skw_modem_rx *rx;
static struct skw_modem_iq samples[SAMPLES];
static uint64_t now, frames;

static void make_radio(void)
{
	tx = skw_modem_tx_new();
	rx = skw_modem_rx_new(20e6);
	FUZZ_CHECK(tx != NULL && rx != NULL);
}

/* The PSDU of a frame that must be heard, or length 0. */
static struct {
	uint8_t psdu[64];
	unsigned length, rate, heard;
	uint8_t sum;
} wanted;

static void push(size_t n, size_t step)
{
	struct skw_frame_rx f;
	const uint8_t *psdu;

	for (size_t at = 0; at < n;) {
		size_t some = step < n - at ? step : n - at;
		size_t took = skw_modem_rx_push(rx, samples + at, some, now);

		FUZZ_CHECK(took <= some);
		at += took;
		now += took;
		while (skw_modem_rx_poll(rx, &f, &psdu)) {
			FUZZ_CHECK(skw_frame_rate_valid(f.rate_mbps));
			FUZZ_CHECK(f.length >= 1 && f.length <= SKW_PSDU_MAX);
			wanted.sum ^= psdu[f.length - 1]; /* it may be read to its end */
			frames++;
			if (f.fcs_ok && f.length == wanted.length && f.rate_mbps == wanted.rate &&
			    memcmp(psdu, wanted.psdu, wanted.length - SKW_FCS_LEN) == 0)
				wanted.heard++;
		}
	}
}

/* A frame of the input's bytes; the number of its samples. */
static size_t make_frame(struct fuzz *in, size_t at)
{
	struct skw_frame_tx f = { .rate_mbps = RATES[fuzz_u8(in) % 8], .append_fcs = true };
	size_t n = 0;

	wanted.length = 5 + fuzz_u8(in) % 50;
	wanted.rate = f.rate_mbps;
	wanted.heard = 0;
	f.length = (uint16_t)wanted.length;
	f.seed = 1 + fuzz_u8(in) % 127;
	fuzz_bytes(in, wanted.psdu, wanted.length - SKW_FCS_LEN);
	FUZZ_CHECK(skw_modem_send(tx, samples + at, &n, SAMPLES - at, &f, wanted.psdu) ==
		   SKW_MODEM_OK);
	return n;
}

static void bend(struct fuzz *in, size_t n)
{
	unsigned times = 1 + fuzz_u8(in) % 8;

	for (unsigned k = 0; k < times; k++) {
		size_t from = fuzz_u16(in) % n, len = fuzz_u16(in) % 256;
		float by;

		fuzz_bytes(in, &by, sizeof(by));
		for (size_t i = from; i < n && i < from + len; i++) {
			samples[i].i *= by;
			samples[i].q += by;
		}
	}
	wanted.length = 0;
}

static size_t fill(struct fuzz *in, uint8_t kind)
{
	size_t n = 16 + fuzz_u16(in) % 2000;

	memset(samples, 0, sizeof(samples));
	wanted.length = 0;
	switch (kind & 3) {
	case 0: /* any floats */
		n = n < in->left / 8 + 1 ? n : in->left / 8 + 1;
		fuzz_bytes(in, samples, n * sizeof(*samples));
		return n;
	case 1: /* bytes as samples */
		n = n < in->left / 2 + 1 ? n : in->left / 2 + 1;
		for (size_t k = 0; k < n; k++) {
			samples[k].i = (float)(int8_t)fuzz_u8(in) / 128;
			samples[k].q = (float)(int8_t)fuzz_u8(in) / 128;
		}
		return n;
	case 2: /* a clean frame after silence long enough for whatever was in work */
		return 600 + make_frame(in, 600) + 300;
	default:
		n = 64 + make_frame(in, 64) + 200;
		bend(in, n);
		return n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };

	while (in.left > 0) {
		uint8_t kind = fuzz_u8(&in);
		size_t step = 1 + fuzz_u16(&in) % 1500, n = fill(&in, kind);
		struct skw_modem_counts before = skw_modem_rx_counts(rx), after;

		if (kind & 0x80 || wanted.length > 0)
			now += 1 + fuzz_u16(&in); /* samples are missing: nothing is in work */
		push(n, step);
		after = skw_modem_rx_counts(rx);
		FUZZ_CHECK(wanted.length == 0 || wanted.heard == 1);
		FUZZ_CHECK(after.samples == before.samples + n);
		FUZZ_CHECK(after.frames == frames && after.fcs_bad <= after.frames);
	}
	return 0;
}

static void seed(const char *name, uint8_t kind, uint8_t rate)
{
	struct fuzz_making m = { .len = 0 };

	fuzz_make_u8(&m, kind);
	fuzz_make_u8(&m, 200); /* step */
	fuzz_make_u8(&m, 0);
	fuzz_make_u8(&m, 1); /* length */
	fuzz_make_u8(&m, 1);
	fuzz_make_u8(&m, rate);
	for (unsigned k = 0; k < 60; k++)
		fuzz_make_u8(&m, (uint8_t)(k * 37));
	fuzz_seed(name, m.data, m.len);
}

static void seeds(void)
{
	FILE *capture = fopen("tests/vectors/ofdm/captures/cable_24mbps.cs16", "rb");
	uint8_t cs16[4 * 1200], cs8[5 + 2 * 1200] = { 1, 100, 0, 0xA0, 4 };

	FUZZ_CHECK(capture != NULL && fread(cs16, 1, sizeof(cs16), capture) == sizeof(cs16));
	fclose(capture);
	for (unsigned k = 0; k < 2400; k++) /* little-endian: the upper byte is nearly all */
		cs8[5 + k] = cs16[2 * k + 1];
	fuzz_seed("capture", cs8, sizeof(cs8));
	seed("clean6", 2, 0);
	seed("clean54", 2, 7);
	seed("bent24", 3, 4);
	seed("floats", 0, 0);
}

FUZZ_START_WITH(make_radio, seeds)
