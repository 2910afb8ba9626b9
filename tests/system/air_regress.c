/* The radio-only regression of `make sim`: random frames of every rate, both ways between the
 * radios `a` and `b` of a running skywave-air, through the SoapySDR module. Prints a table and
 * fails on any loss.
 *
 *   air_regress SOCKET FRAMES          (sim/regress.sh starts the air)
 *
 * Noise is 10 dB above each rate's need: the transmitter's gain is set so that S / N over the
 * sampled band is NEED + 10 dB. The need is that of an ideal receiver (10 % of 1,000-byte frames
 * lost).
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <SoapySDR/Device.h>
#include <SoapySDR/Formats.h>

enum { TX_DESC = 16, RX_DESC = 24, PSDU_MAX = 1500, FRAMES_MAX = 1000, WAIT_US = 20000000 };
/* To the first frame of a batch: device time keeps up with the wall clock, and this program
 * may have to wait for a processor. */
enum { LEAD_NS = 10000000 };

static const struct {
	unsigned mbps, bits; /* a symbol */
	double need_db;
} RATES[] = { { 6, 24, -0.3 }, { 9, 36, 2.3 },    { 12, 48, 2.7 },   { 18, 72, 5.3 },
	      { 24, 96, 8.3 }, { 36, 144, 11.6 }, { 48, 192, 15.7 }, { 54, 216, 17.1 } };

/* 52 carriers of power 1 in a 64-point inverse transform, doubled by the modulator: mean power of a
 * sample. */
static const double TX_DBFS = -12.94;
/* As sim/regress.ini says. */
static const double LOSS_DB = 20, NOISE_DBFS = -60, SAMPLE_NS = 50;

struct radio {
	SoapySDRDevice *device;
	SoapySDRStream *tx, *rx;
};

struct tally {
	unsigned sent, received, good;
	double snr_db, cfo_hz, samples, seconds;
};

static uint64_t random_state = 1;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool open_radio(struct radio *r, const char *path, const char *name)
{
	SoapySDRKwargs args = { 0 }, mode = { 0 };
	size_t channel = 0;

	SoapySDRKwargs_set(&args, "driver", "skywave");
	SoapySDRKwargs_set(&args, "transport", "sim");
	SoapySDRKwargs_set(&args, "path", path);
	SoapySDRKwargs_set(&args, "radio", name);
	SoapySDRKwargs_set(&mode, "mode", "frame");
	r->device = SoapySDRDevice_make(&args);
	if (r->device == NULL) {
		fprintf(stderr, "radio %s: %s\n", name, SoapySDRDevice_lastError());
		return false;
	}
	r->tx =
	    SoapySDRDevice_setupStream(r->device, SOAPY_SDR_TX, SOAPY_SDR_U8, &channel, 1, &mode);
	r->rx =
	    SoapySDRDevice_setupStream(r->device, SOAPY_SDR_RX, SOAPY_SDR_U8, &channel, 1, &mode);
	SoapySDRKwargs_clear(&args);
	SoapySDRKwargs_clear(&mode);
	return r->tx != NULL && r->rx != NULL &&
	       SoapySDRDevice_writeSetting(r->device, "fcs_bad_too", "true") == 0 &&
	       SoapySDRDevice_activateStream(r->device, r->tx, 0, 0, 0) == 0 &&
	       SoapySDRDevice_activateStream(r->device, r->rx, 0, 0, 0) == 0;
}

static size_t random_frame(uint8_t *frame, unsigned mbps)
{
	unsigned length = 1 + random_below(PSDU_MAX - 4);

	memset(frame, 0, TX_DESC);
	frame[0] = 1;
	frame[1] = (uint8_t)mbps;
	frame[2] = (uint8_t)(length + 4);
	frame[3] = (uint8_t)((length + 4) >> 8);
	frame[4] = 2; /* the board appends the FCS */
	for (unsigned k = 0; k < length; k++)
		frame[TX_DESC + k] = (uint8_t)random_below(256);
	return TX_DESC + length;
}

/* Nanoseconds on the air: preambles and SIGNAL 20 us, then symbols of 4 us for 16 + 8 n + 6 bits.
 */
static long long airtime_ns(unsigned psdu, unsigned bits)
{
	return 20000 + 4000LL * ((22 + 8 * psdu + bits - 1) / bits);
}

/* Reads until `frames` came or silence: checks each against what was sent, in order. */
static void receive(struct radio *r, struct tally *t, uint8_t (*sent)[TX_DESC + PSDU_MAX],
		    const size_t *len, unsigned frames, long wait_us)
{
	uint8_t heard[RX_DESC + 4096];
	void *in[1] = { heard };
	unsigned next = 0;
	long long time;
	int flags, n;

	while (next < frames && (n = SoapySDRDevice_readStream(r->device, r->rx, in, sizeof(heard),
							       &flags, &time, wait_us)) > RX_DESC) {
		int16_t snr;
		int32_t cfo;

		while (next < frames &&
		       (len[next] - TX_DESC + 4 != (size_t)n - RX_DESC ||
			memcmp(heard + RX_DESC, sent[next] + TX_DESC, len[next] - TX_DESC) != 0))
			next++; /* lost, or broken on the way */
		t->received++;
		if (next == frames)
			break;
		next++;
		t->good += heard[4] & 1;
		memcpy(&snr, heard + 8, sizeof(snr));
		memcpy(&cfo, heard + 12, sizeof(cfo));
		t->snr_db += snr / 100.0;
		t->cfo_hz += cfo;
	}
}

/* Frames 16 us apart, as close as the standard lets them follow, as many at once as the board's
 * queue takes. */
static bool exchange(struct radio *from, struct radio *to, unsigned rate, unsigned frames,
		     struct tally *t)
{
	static uint8_t sent[FRAMES_MAX][TX_DESC + PSDU_MAX];
	size_t len[FRAMES_MAX], mask = 0;
	double began = wall();
	long long at, status_at;
	unsigned done = 0;
	int flags, n;

	for (unsigned k = 0; k < frames; k++)
		len[k] = random_frame(sent[k], RATES[rate].mbps);
	if (SoapySDRDevice_setGain(from->device, SOAPY_SDR_TX, 0,
				   RATES[rate].need_db + 10 + NOISE_DBFS + LOSS_DB - TX_DBFS) != 0)
		return false;
	while (done < frames) {
		unsigned batch = frames - done < 8 ? frames - done : 8;

		at = SoapySDRDevice_getHardwareTime(from->device, "") + LEAD_NS;
		for (unsigned k = done; k < done + batch; k++) {
			const void *out[1] = { sent[k] };

			flags = SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET;
			n = SoapySDRDevice_writeStream(from->device, from->tx, out, len[k], &flags,
						       at, WAIT_US);
			if (n != (int)len[k])
				return false;
			at +=
			    airtime_ns((unsigned)(len[k] - TX_DESC + 4), RATES[rate].bits) + 16000;
			t->samples +=
			    (double)airtime_ns((unsigned)(len[k] - TX_DESC + 4), RATES[rate].bits) /
			    SAMPLE_NS;
		}
		for (unsigned k = 0; k < batch; k++)
			t->sent +=
			    SoapySDRDevice_readStreamStatus(from->device, from->tx, &mask, &flags,
							    &status_at, WAIT_US) == 0;
		receive(to, t, sent + done, len + done, batch, 500000);
		done += batch;
	}
	t->seconds += wall() - began;
	return true;
}

static bool run_rate(struct radio *a, struct radio *b, unsigned rate, unsigned frames)
{
	struct tally ab = { 0 }, ba = { 0 };
	bool ran =
	    exchange(a, b, rate, (frames + 1) / 2, &ab) && exchange(b, a, rate, frames / 2, &ba);
	unsigned sent = ab.sent + ba.sent, received = ab.received + ba.received,
		 good = ab.good + ba.good;

	printf("%5u %7u %9u %7u %9.1f %9.1f %+9.1f %+9.1f %11.0f%s\n", RATES[rate].mbps, sent,
	       received, good, RATES[rate].need_db + 10,
	       (ab.snr_db + ba.snr_db) / (good ? good : 1),
	       ab.cfo_hz / 1e3 / (ab.good ? ab.good : 1), ba.cfo_hz / 1e3 / (ba.good ? ba.good : 1),
	       (ab.samples + ba.samples) / (ab.seconds + ba.seconds),
	       ran && sent == frames && good == frames && received == frames ? "" : "  LOSS");
	fflush(stdout);
	return ran && sent == frames && good == frames && received == frames;
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	struct radio a = { 0 }, b = { 0 };
	double began = wall();
	bool good = true;

	if (argc != 3 || frames < 1 || frames > FRAMES_MAX) {
		fprintf(stderr, "usage: air_regress SOCKET FRAMES\n");
		return 2;
	}
	if (!open_radio(&a, argv[1], "a") || !open_radio(&b, argv[1], "b"))
		return 1;
	printf(
	    "Mb/s    sent  received  FCS ok  SNR set,  measured  CFO a>b,      b>a,     samples\n"
	    "                                     dB        dB       kHz       kHz  per second\n");
	for (unsigned rate = 0; rate < sizeof(RATES) / sizeof(RATES[0]); rate++)
		good &= run_rate(&a, &b, rate, frames);
	printf("%s in %.0f s\n", good ? "all frames arrived" : "FRAMES WERE LOST", wall() - began);
	SoapySDRDevice_unmake(a.device);
	SoapySDRDevice_unmake(b.device);
	return good ? 0 : 1;
}
