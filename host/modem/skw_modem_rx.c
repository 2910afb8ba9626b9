/* skw_modem_rx - antenna samples in, frames out (rtl/rx/rx.sv, rx_acquire, rx_equalise).
 *
 *   push --> [ window of samples ] --> detect --> sync --> channel --> SIGNAL --> data --> poll
 *                                                                        ^ fft, track, demap,
 * decode
 *
 * Samples are counted from the start of the stream; `base` is the number of the window's first. The
 * detector looks at every block. What it finds while a frame is in work waits for the frame's end,
 * or ends the frame if it began well inside and brings long symbols: then the frame was cut short,
 * or drowned.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"
#include "modem/skw_modem_again.h"
#include "modem/skw_modem_balance.h"
#include "modem/skw_modem_channel.h"
#include "modem/skw_modem_decode.h"
#include "modem/skw_modem_demap.h"
#include "modem/skw_modem_detect.h"
#include "modem/skw_modem_fft.h"
#include "modem/skw_modem_sync.h"
#include "modem/skw_modem_track.h"

enum {
	WINDOW = 8192,
	HISTORY = 1024, /* samples kept behind the newest */
	CHUNK = 128,
	EARLY = 1, /* a block starts so many samples before its symbol, in its prefix */
	/* Samples before an event at which the search for long symbols starts: where only the end
	 * of the short ones is as loud as they are, the event can be 64 late. */
	SYNC_FROM = 55,
	REPEATED_MOST = 32, /* samples of nothing at a block's end */
	FINE = 88,          /* products that give the fine carrier offset */
	AGAIN = 2,          /* further readings of a frame that did not come out right, */
	BENT = 8,           /* and of one whose sender has an amplifier to be learned */
};

enum state { SEARCH, SYNC, SIGNAL, DATA, FOREIGN };

struct frame {
	uint64_t first; /* sample at which the first long symbol's block starts */
	uint64_t block; /* of the next symbol */
	uint64_t end;   /* index after its last sample, once SIGNAL is known */
	unsigned symbol, symbols;
	double cfo; /* turns a sample */
	float energy;
	float dc_re, dc_im; /* the mixer's, taken off every sample */
	struct skw_signal signal;
	float first_re[64];    /* SIGNAL, equalised, */
	bool repeated;         /* and sent twice: 802.11ax and later */
	struct skw_carriers y; /* the newest symbol, transformed */
	uint64_t lost;         /* of its samples: bit n, sample n */
	float turned, tilted;  /* its phase and slope that were turned back, */
	float ahead;           /* of that the carrier offset's */
	struct skw_channel channel;
	struct skw_track track;
	_Alignas(16) float cos[64], sin[64]; /* of the carrier offset from a block's start on */
};

struct skw_modem_rx {
	struct skw_fft fft;
	struct skw_ofdm_tables tables;
	struct skw_sync sync;
	struct skw_channel_filter filter;
	struct skw_detect detect;
	struct skw_decoder decoder;
	struct skw_again again;
	struct skw_balance balance, heard; /* of this frame; so far */
	struct skw_modem_counts counts;
	struct skw_frame_rx ready_frame;
	bool ready, waiting, began;
	enum state state;
	struct skw_detect_event event, next;
	struct frame frame;
	skw_modem_watch *watch;
	void *watcher;
	double rate_hz;
	uint64_t base, looked; /* `looked`: the detector has had all before */
	uint64_t time;         /* device time of sample 0 */
	unsigned have;
	_Alignas(16) float re[WINDOW], im[WINDOW];
};

static uint64_t end_of(const struct skw_modem_rx *rx)
{
	return rx->base + rx->have;
}

/* A stream that starts at `time`, after silence. */
static void restart(struct skw_modem_rx *rx, uint64_t time)
{
	memset(rx->re, 0, HISTORY * sizeof(*rx->re));
	memset(rx->im, 0, HISTORY * sizeof(*rx->im));
	memset(&rx->detect, 0, sizeof(rx->detect));
	rx->base = 0;
	rx->have = HISTORY;
	rx->looked = HISTORY;
	rx->time = time - HISTORY;
	rx->state = SEARCH;
	rx->waiting = false;
}

struct skw_modem_rx *skw_modem_rx_new(double rate_hz)
{
	struct skw_modem_rx *rx = aligned_alloc(64, (sizeof(*rx) + 63) / 64 * 64);

	if (rx == NULL)
		return NULL;
	memset(rx, 0, sizeof(*rx));
	rx->rate_hz = rate_hz;
	skw_fft_init(&rx->fft);
	skw_ofdm_tables_init(&rx->tables);
	skw_sync_init(&rx->sync, &rx->fft, &rx->tables);
	skw_channel_init(&rx->filter, EARLY);
	skw_decoder_init(&rx->decoder, SKW_VITERBI_VOLK);
	skw_again_init(&rx->again);
	restart(rx, 0);
	return rx;
}

void skw_modem_rx_free(struct skw_modem_rx *rx)
{
	free(rx);
}

/* ---- Acquisition -------------------------------------------------------------------------- */

static void search_on(struct skw_modem_rx *rx)
{
	rx->state = SEARCH;
	if (rx->waiting && rx->next.at > rx->base + HISTORY / 2) {
		rx->event = rx->next;
		rx->state = SYNC;
	}
	rx->waiting = false;
}

/* Samples from `from` on, turned back by `cfo`. */
static void derotate(const struct skw_modem_rx *rx, float *re, float *im, uint64_t from, unsigned n,
		     double cfo)
{
	double turn = -2 * M_PI * cfo, c = cos(turn), s = sin(turn), pr = 1, pi = 0;
	const float *a = rx->re + (from - rx->base), *b = rx->im + (from - rx->base);

	for (unsigned k = 0; k < n; k++) {
		double next = pr * c - pi * s;
		float i = a[k] - rx->frame.dc_re, q = b[k] - rx->frame.dc_im;

		skw_balance_apply(&rx->balance, &i, &q);
		re[k] = (float)(i * pr - q * pi);
		im[k] = (float)(i * pi + q * pr);
		pi = pr * s + pi * c;
		pr = next;
	}
}

/* Long symbols behind an event. The short ones leave the offset open by 1/16 turn a sample: where
 * that could be meant (channels of 5 MHz), the better one of both is taken. */
static struct skw_sync_result long_symbols(const struct skw_modem_rx *rx,
					   const struct skw_detect_event *e, double *cfo)
{
	float re[SKW_SYNC_SAMPLES], im[SKW_SYNC_SAMPLES];
	struct skw_sync_result best, other;
	double alias = e->cfo > 0 ? e->cfo - 1.0 / 16 : e->cfo + 1.0 / 16;

	*cfo = e->cfo;
	derotate(rx, re, im, e->at - SYNC_FROM, SKW_SYNC_SAMPLES, *cfo);
	skw_sync_find(&rx->sync, &best, re, im);
	if (fabs(alias) < 0.05) {
		derotate(rx, re, im, e->at - SYNC_FROM, SKW_SYNC_SAMPLES, alias);
		skw_sync_find(&rx->sync, &other, re, im);
		if (other.quality > best.quality) {
			best = other;
			*cfo = alias;
		}
	}
	return best;
}

/* The offset that both long symbols tell, near the coarse one; and their energy. */
static void fine(struct skw_modem_rx *rx, uint64_t last, double coarse)
{
	const float *a = rx->re + (last - rx->base), *b = rx->im + (last - rx->base);
	double pr = 0, pi = 0, energy = 0, turns;

	for (int k = 0; k < FINE; k++) {
		float i = a[-k] - rx->frame.dc_re, q = b[-k] - rx->frame.dc_im;
		float i0 = a[-k - 64] - rx->frame.dc_re, q0 = b[-k - 64] - rx->frame.dc_im;

		skw_balance_apply(&rx->balance, &i, &q);
		skw_balance_apply(&rx->balance, &i0, &q0);
		pr += i * i0 + q * q0;
		pi += q * i0 - i * q0;
		energy += i * i + q * q;
	}
	turns = atan2(pi, pr) / (2 * M_PI);
	turns += rint(64 * coarse - turns);
	rx->frame.cfo = turns / 64;
	rx->frame.energy = (float)(energy / FINE);
}

/* A block whose last samples are exactly 0: a recording that ended there, or a gap in it. They were
 * sent before the block as well, in its prefix; those that were not are told. */
static uint64_t repeat_prefix(const struct skw_modem_rx *rx, struct skw_carriers *x, const float *a,
			      const float *b)
{
	const struct frame *f = &rx->frame;
	int gap = 1;

	while (gap < 64 && a[63 - gap] == 0 && b[63 - gap] == 0)
		gap++;
	if (gap > REPEATED_MOST)
		return 0;
	for (int m = 1; m <= gap && m < SKW_OFDM_PREFIX; m++) {
		float i = a[-m] - f->dc_re, q = b[-m] - f->dc_im;

		skw_balance_apply(&rx->balance, &i, &q);
		x->re[64 - m] = i * f->cos[m] - q * f->sin[m];
		x->im[64 - m] = q * f->cos[m] + i * f->sin[m];
	}
	return gap < SKW_OFDM_PREFIX ? 0
				     : ((1ULL << (gap - SKW_OFDM_PREFIX + 1)) - 1) << (64 - gap);
}

/* 64 samples; those that only a pulse can be are taken for 0, and told. */
static uint64_t transform(const struct skw_modem_rx *rx, struct skw_carriers *y, uint64_t from,
			  float power)
{
	const struct frame *f = &rx->frame;
	const float *a = rx->re + (from - rx->base), *b = rx->im + (from - rx->base);
	struct skw_carriers x;
	uint64_t lost;

	for (int k = 0; k < 64; k++) {
		float i = a[k] - f->dc_re, q = b[k] - f->dc_im;

		skw_balance_apply(&rx->balance, &i, &q);
		x.re[k] = i * f->cos[k] + q * f->sin[k];
		x.im[k] = q * f->cos[k] - i * f->sin[k];
	}
	lost = skw_mend_blank(&x, power);
	if (a[63] == 0 && b[63] == 0)
		lost |= repeat_prefix(rx, &x, a, b);
	skw_fft_forward(&rx->fft, y, &x);
	return lost;
}

/* The carrier offset's phase at a block, since the first. */
static double phase_at(const struct frame *f, uint64_t block)
{
	double turns = f->cfo * (double)(block - f->first);

	return 2 * M_PI * (turns - floor(turns));
}

static void start_frame(struct skw_modem_rx *rx, uint64_t last, double coarse)
{
	struct frame *f = &rx->frame;
	struct skw_carriers y1, y2;
	float c, s;

	fine(rx, last, coarse);
	f->first = last + 1 - 128 - EARLY;
	f->block = f->first + 128 + SKW_OFDM_PREFIX;
	f->symbol = 0;
	for (int k = 0; k < 64; k++) {
		f->cos[k] = (float)cos(2 * M_PI * f->cfo * k);
		f->sin[k] = (float)sin(2 * M_PI * f->cfo * k);
	}
	transform(rx, &y1, f->first, f->energy);
	transform(rx, &y2, f->first + 64, f->energy);
	c = (float)cos(phase_at(f, f->first + 64));
	s = (float)sin(phase_at(f, f->first + 64));
	for (int k = 0; k < 64; k++) {
		float re = y2.re[k] * c + y2.im[k] * s;

		y2.im[k] = y2.im[k] * c - y2.re[k] * s;
		y2.re[k] = re;
	}
	skw_channel_estimate(&rx->filter, &f->channel, &rx->tables, &y1, &y2);
	skw_track_start(&f->track, f->channel.signal / f->channel.noise, FINE);
	rx->state = SIGNAL;
}

static bool synchronise(struct skw_modem_rx *rx, const struct skw_detect_event *e, float least)
{
	double coarse;
	struct skw_sync_result r;

	rx->balance = rx->heard;
	rx->frame.dc_re = rx->detect.dc_re / (rx->detect.dc_weight + 1e-20F);
	rx->frame.dc_im = rx->detect.dc_im / (rx->detect.dc_weight + 1e-20F);
	r = long_symbols(rx, e, &coarse);
	if (r.quality < least)
		return false;
	rx->counts.synced++;
	start_frame(rx, e->at - SYNC_FROM + (unsigned)r.at, coarse);
	return true;
}

/* ---- Symbols ------------------------------------------------------------------------------ */

/* How far each pilot, turned back but for `error`, is off its place: what that tells of its
 * channel, and whether it is to be believed. */
static void learn_pilots(struct frame *f, const float zr[4], const float zi[4], float error)
{
	const float step = 0.1F, c = cosf(error), s = sinf(error);
	struct skw_channel *ch = &f->channel;
	float known = skw_channel_step(f->symbol);

	for (int n = 0; n < 4; n++) {
		int at = skw_ofdm_pilot_carrier[n] & 63;
		float size = ch->h.re[at] * ch->h.re[at] + ch->h.im[at] * ch->h.im[at];
		float re = (zr[n] * c + zi[n] * s) / ch->trust[at] - size;
		float im = (zi[n] * c - zr[n] * s) / ch->trust[at];
		float off = (re * re + im * im) / (ch->power * size + 1e-20F);

		ch->error[at] += step * (off - ch->error[at]);
		if (size > 1e-3F * ch->power)
			skw_channel_learn_one(ch, at, known * re / size, known * im / size);
	}
}

/* What the pilots say of phase and slope. `polarity` is that of this symbol. */
static void follow_pilots(struct frame *f, const struct skw_carriers *y, float polarity,
			  double ahead)
{
	struct skw_track *t = &f->track;
	float zr[4], zi[4], power = 0, spread = 0, sr = 0, si = 0, error, skew = 0;
	float noise = f->channel.noise;

	for (int n = 0; n < 4; n++) {
		int k = skw_ofdm_pilot_carrier[n], at = k & 63;
		float angle = (float)ahead + t->phase.x + (float)k * t->slope.x;
		float c = cosf(angle), s = sinf(angle), hr = f->channel.h.re[at];
		float hi = f->channel.h.im[at], sign = polarity * skw_ofdm_pilot_sign[n];
		float trust = f->channel.trust[at], size = hr * hr + hi * hi;

		float re = trust * sign * (y->re[at] * hr + y->im[at] * hi);
		float im = trust * sign * (y->im[at] * hr - y->re[at] * hi);

		zr[n] = re * c + im * s;
		zi[n] = im * c - re * s;
		power += trust * size;
		spread += (float)(k * k) * trust * size;
		sr += zr[n];
		si += zi[n];
	}
	error = atan2f(si, sr);
	for (int n = 0; n < 4; n++)
		skew +=
		    (float)skw_ofdm_pilot_carrier[n] * (zi[n] * cosf(error) - zr[n] * sinf(error));
	learn_pilots(f, zr, zi, error);
	skw_track_correct(&t->phase, error, noise / (2 * power + 1e-20F));
	skw_track_correct(&t->slope, skew / (spread + 1e-20F), noise / (2 * spread + 1e-20F));
}

/* Symbols that drift out of their blocks, since clocks differ: the block follows by a sample. */
static void follow_clock(struct frame *f)
{
	const float sample = (float)(2 * M_PI / 64);

	if (f->track.slope.x < -0.75F * sample) {
		f->track.slope.x += sample;
		f->block++;
	} else if (f->track.slope.x > 0.75F * sample) {
		f->track.slope.x -= sample;
		f->block--;
	}
}

/* What a block's samples tell of the mixer: kept out of this frame, whose channel was seen through
 * the same image. */
static void listen(struct skw_modem_rx *rx, uint64_t from)
{
	const struct frame *f = &rx->frame;
	const float *a = rx->re + (from - rx->base), *b = rx->im + (from - rx->base);
	float re[64], im[64];

	for (int k = 0; k < 64; k++) {
		re[k] = a[k] - f->dc_re;
		im[k] = b[k] - f->dc_im;
	}
	skw_balance_hear(&rx->heard, re, im);
}

/* The next symbol, equalised. */
static void symbol(struct skw_modem_rx *rx, struct skw_carriers *z)
{
	struct frame *f = &rx->frame;
	double ahead = phase_at(f, f->block);

	f->lost = transform(rx, &f->y, f->block, f->energy);
	listen(rx, f->block);
	skw_track_predict(&f->track, f->symbol == 0 ? 1.4F : 1.0F);
	follow_pilots(f, &f->y, rx->tables.pilot[f->symbol % 127], ahead);
	f->ahead = (float)ahead;
	f->turned = f->ahead + f->track.phase.x;
	f->tilted = f->track.slope.x;
	skw_channel_equalise(&f->channel, z, &f->y, f->turned, f->tilted);
	f->block += SKW_OFDM_SYMBOL;
	f->symbol++;
	follow_clock(f);
}

/* The symbol just demapped, for whoever watches. */
static void tell(const struct skw_modem_rx *rx, const struct skw_carriers *z, unsigned bits,
		 const uint8_t *soft)
{
	const struct frame *f = &rx->frame;
	struct skw_modem_look l = {
		.time = rx->time + f->first + EARLY - 192,
		.symbol = f->symbol - 1,
		.bits = bits,
		.phase = f->turned,
		.slope = f->tilted,
		.y_re = f->y.re,
		.y_im = f->y.im,
		.h_re = f->channel.h.re,
		.h_im = f->channel.h.im,
		.z_re = z->re,
		.z_im = z->im,
		.soft = soft,
	};

	if (rx->watch != NULL)
		rx->watch(rx->watcher, &l);
}

void skw_modem_rx_watch(struct skw_modem_rx *rx, skw_modem_watch *watch, void *context)
{
	rx->watch = watch;
	rx->watcher = context;
}

/* HT and VHT frames look like 6 Mb/s, but turn their first or second symbol by a quarter. */
static bool turned(const struct skw_modem_rx *rx, const struct skw_carriers *z)
{
	float re = 0, im = 0;

	for (int n = 0; n < SKW_OFDM_DATA; n++) {
		unsigned k = rx->tables.carrier[n];

		re += z->re[k] * z->re[k];
		im += z->im[k] * z->im[k];
	}
	return im > 2 * re;
}

/* 802.11ax and later send SIGNAL twice. In one in some 100,000 frames of 6 Mb/s the data happens to
 * look so, and those have a right FCS. */
static bool repeats(const struct skw_modem_rx *rx, const struct skw_carriers *z)
{
	float same = 0, all = 0;

	for (int n = 0; n < SKW_OFDM_DATA; n++) {
		float product =
		    z->re[rx->tables.carrier[n]] * rx->frame.first_re[rx->tables.carrier[n]];

		same += product;
		all += fabsf(product);
	}
	return same > 0.75F * all;
}

/* The soft value of half a distance. 40 makes the best use of the decoder's few bits where noise is
 * as strong as the rate can bear; with less noise more, so that carriers in a deep fade still have
 * their say. */
static float soft_half(const struct frame *f, unsigned bits)
{
	static const float bears[7] = { 1, 1.0F, 2.5F, 1, 9.0F, 1, 45.0F };
	float beyond = f->channel.signal / f->channel.noise / bears[bits];

	return 40 * sqrtf(fminf(fmaxf(beyond, 1), 1000));
}

/* What a symbol is worth that samples are missing of: the loss is as noise on all carriers. */
static float worth(const struct frame *f)
{
	float lost = (float)__builtin_popcountll(f->lost) / 64;

	return f->channel.noise / (f->channel.noise + lost * f->channel.signal);
}

/* Soft bits of a symbol, less of those carriers that are not alone on the air. */
static void demap(uint8_t *soft, const struct frame *f, const struct skw_carriers *z, unsigned bits,
		  float trust)
{
	struct skw_carriers t;
	_Alignas(16) float w[64];

	for (int k = 0; k < 64; k++) {
		float much = trust * f->channel.trust[k];

		t.re[k] = much * z->re[k];
		t.im[k] = much * z->im[k];
		w[k] = much * f->channel.w[k];
	}
	skw_demap(soft, bits, &t, w, soft_half(f, bits));
}

static int16_t centibels(double ratio)
{
	double v = ratio > 0 ? 1000 * log10(ratio) : -32000;

	return (int16_t)lrint(v < -32000 ? -32000 : v > 32000 ? 32000 : v);
}

static void read_signal(struct skw_modem_rx *rx)
{
	struct frame *f = &rx->frame;
	struct skw_carriers z;
	uint8_t soft[SKW_SOFT];
	const struct skw_mend_front front = { f->cos, f->sin, f->dc_re, f->dc_im, rx->balance };

	symbol(rx, &z);
	demap(soft, f, &z, 1, worth(f));
	tell(rx, &z, 1, soft);
	if (!skw_decoder_signal(&rx->decoder, &f->signal, &rx->tables, soft)) {
		rx->counts.signal_bad++;
		search_on(rx);
		return;
	}
	skw_decoder_start(&rx->decoder, &f->signal);
	skw_again_start(&rx->again, &front, &f->y, f->turned, f->tilted, &f->signal, &rx->tables);
	f->repeated = false;
	memcpy(f->first_re, z.re, sizeof(f->first_re));
	f->symbols = skw_ofdm_symbols(&skw_ofdm_rates[f->signal.rate], f->signal.length);
	f->end = f->first + EARLY + 128 + SKW_OFDM_SYMBOL * (1U + f->symbols);
	rx->state = DATA;
}

/* The frame once more; true if its FCS is right now. */
static bool read_again(struct skw_modem_rx *rx)
{
	struct frame *f = &rx->frame;
	struct skw_again *a = &rx->again;
	unsigned bits = skw_ofdm_rates[f->signal.rate].bits;
	struct skw_carriers z;
	uint8_t soft[SKW_SOFT];

	skw_again_learn(a, &rx->fft, &rx->decoder, &rx->tables, &rx->filter, &f->channel);
	skw_decoder_start(&rx->decoder, &f->signal);
	for (unsigned s = 0; s < a->symbols; s++) {
		skw_again_symbol(a, &rx->fft, &f->channel, &z, s);
		demap(soft, f, &z, bits, 1);
		skw_decoder_symbol(&rx->decoder, &rx->tables, soft);
	}
	return skw_decoder_finish(&rx->decoder, &rx->tables);
}

static void finish(struct skw_modem_rx *rx)
{
	const struct frame *f = &rx->frame;
	bool good = skw_decoder_finish(&rx->decoder, &rx->tables);
	double snr = (double)f->channel.signal / (double)f->channel.noise * 52 / 64;

	if (!good && f->repeated) {
		rx->counts.foreign++;
		search_on(rx);
		return;
	}
	for (unsigned n = 0; n < (rx->again.bent || rx->again.mended ? BENT : AGAIN) && !good; n++)
		good = read_again(rx);
	rx->counts.frames++;
	rx->counts.fcs_bad += !good;
	rx->ready = true;
	rx->ready_frame = (struct skw_frame_rx) {
		.rate_mbps = skw_ofdm_rates[f->signal.rate].mbps,
		.length = (uint16_t)f->signal.length,
		.fcs_ok = good,
		.rssi_cdb = centibels((double)f->energy),
		.snr_cdb = centibels(fmin(snr, 1e10)),
		.cfo_hz = (int32_t)lrint(f->cfo * rx->rate_hz),
		.time = rx->time + f->first + EARLY - 192,
	};
	search_on(rx);
}

static void read_data(struct skw_modem_rx *rx)
{
	struct frame *f = &rx->frame;
	unsigned bits = skw_ofdm_rates[f->signal.rate].bits;
	struct skw_carriers z;
	uint8_t soft[SKW_SOFT];

	symbol(rx, &z);
	if (f->symbol <= 3 && f->signal.rate == SKW_OFDM_SIGNAL && turned(rx, &z)) {
		rx->counts.foreign++;
		rx->state = FOREIGN;
		return;
	}
	if (f->symbol == 2 && f->signal.rate == SKW_OFDM_SIGNAL)
		f->repeated = repeats(rx, &z);
	demap(soft, f, &z, bits, worth(f));
	tell(rx, &z, bits, soft);
	skw_again_keep(&rx->again, &f->y, f->ahead, f->turned, f->tilted, f->lost);
	if (skw_decoder_symbol(&rx->decoder, &rx->tables, soft))
		finish(rx);
	else
		skw_channel_learn(&f->channel, &z, bits, f->symbol - 2);
}

/* ---- The stream --------------------------------------------------------------------------- */

/* An event inside a frame: does a preamble follow that ends the frame? */
static void overtake(struct skw_modem_rx *rx)
{
	struct frame before = rx->frame;
	bool inside = rx->next.at < rx->frame.end + 64;

	if (!inside || end_of(rx) < rx->next.at - SYNC_FROM + SKW_SYNC_SAMPLES)
		return;
	rx->waiting = false;
	if (rx->next.strength < 0.5F)
		return;
	if (synchronise(rx, &rx->next, 0.3F))
		rx->counts.overtaken++;
	else
		rx->frame = before;
}

/* One step of the state machine; false if it needs more samples. */
static bool advance(struct skw_modem_rx *rx)
{
	uint64_t end = end_of(rx);

	switch (rx->state) {
	case SEARCH:
		return false;
	case SYNC:
		if (end < rx->event.at - SYNC_FROM + SKW_SYNC_SAMPLES)
			return false;
		if (!synchronise(rx, &rx->event, 0.1F))
			search_on(rx);
		return true;
	case SIGNAL:
		if (end < rx->frame.block + 64)
			return false;
		read_signal(rx);
		return true;
	case DATA:
		if (end < rx->frame.block + 64)
			return false;
		read_data(rx);
		if (rx->state == DATA && rx->waiting)
			overtake(rx);
		return true;
	case FOREIGN:
		if (rx->waiting && rx->next.at < rx->frame.end)
			rx->waiting = false;
		if (end < rx->frame.end)
			return false;
		search_on(rx);
		return true;
	}
	return false;
}

static void detected(struct skw_modem_rx *rx, const struct skw_detect_event *e)
{
	rx->counts.detected++;
	if (rx->state == SYNC && e->at < rx->event.at + 160 && e->strength < rx->event.strength &&
	    e->size < rx->event.size)
		return;
	if (rx->state == SEARCH || rx->state == SYNC) {
		rx->event = *e;
		rx->state = SYNC;
	} else {
		rx->next = *e;
		rx->waiting = true;
	}
}

static void look(struct skw_modem_rx *rx)
{
	struct skw_detect_event e;

	while (rx->looked + SKW_DETECT_BLOCK <= end_of(rx)) {
		const float *re = rx->re + (rx->looked - rx->base);
		const float *im = rx->im + (rx->looked - rx->base);

		rx->looked += SKW_DETECT_BLOCK;
		if (skw_detect_block(&rx->detect, &e, re, im, rx->looked))
			detected(rx, &e);
	}
}

static void make_room(struct skw_modem_rx *rx)
{
	unsigned drop = rx->have - HISTORY;

	if (rx->have + CHUNK <= WINDOW)
		return;
	memmove(rx->re, rx->re + drop, HISTORY * sizeof(*rx->re));
	memmove(rx->im, rx->im + drop, HISTORY * sizeof(*rx->im));
	rx->base += drop;
	rx->have = HISTORY;
}

/* Splits into parts; what is not a number becomes 0, what is huge is clipped. Nothing behind has to
 * ask again. */
static void take(struct skw_modem_rx *rx, const struct skw_modem_iq *in, unsigned n)
{
	const float most = 16384;
	float *re = rx->re + rx->have, *im = rx->im + rx->have;
	int odd = 0;

	for (unsigned k = 0; k < n; k++) {
		float i = in[k].i, q = in[k].q;

		odd += !(fabsf(i) <= most) | !(fabsf(q) <= most);
		re[k] = i;
		im[k] = q;
	}
	rx->have += n;
	if (odd == 0)
		return;
	rx->counts.repaired += (unsigned)odd;
	for (unsigned k = 0; k < n; k++) {
		re[k] = re[k] != re[k] ? 0 : fminf(fmaxf(re[k], -most), most);
		im[k] = im[k] != im[k] ? 0 : fminf(fmaxf(im[k], -most), most);
	}
}

size_t skw_modem_rx_push(struct skw_modem_rx *rx, const struct skw_modem_iq *in, size_t n,
			 uint64_t time)
{
	size_t done = 0;

	if (n > 0 && (!rx->began || time != rx->time + end_of(rx))) {
		rx->counts.gaps += rx->began;
		rx->began = true;
		restart(rx, time);
	}
	while (!rx->ready && done < n) {
		unsigned some = n - done < CHUNK ? (unsigned)(n - done) : CHUNK;

		make_room(rx);
		take(rx, in + done, some);
		done += some;
		look(rx);
		while (!rx->ready && advance(rx))
			;
	}
	rx->counts.samples += done;
	return done;
}

bool skw_modem_rx_poll(struct skw_modem_rx *rx, struct skw_frame_rx *f, const uint8_t **psdu)
{
	if (!rx->ready)
		return false;
	rx->ready = false;
	*f = rx->ready_frame;
	*psdu = rx->decoder.octets + 2;
	return true;
}

bool skw_modem_rx_busy(const struct skw_modem_rx *rx)
{
	return rx->ready || rx->state != SEARCH;
}

struct skw_modem_counts skw_modem_rx_counts(const struct skw_modem_rx *rx)
{
	return rx->counts;
}
