/* skw_modem_tx - PSDU to samples (rtl/tx).
 *
 *   SIGNAL ------------------.
 *   SERVICE, PSDU, tail, pad +-> scramble -> encode -> points of 48 carriers, pilots
 *                                        -> inverse transform -> prefix, window -> samples
 *
 * Puncturer and interleaver are one table: which encoder output each bit of each point is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"
#include "modem/skw_modem_fft.h"
#include "modem/skw_modem_ofdm.h"

enum {
	PREAMBLE = 320,
	HISTORY = 8, /* octets of zeros before the data: the encoder starts in state 0 */
	DATA_MAX =
	    4160,  /* octets of the longest DATA field, its pad and the encoder's reading ahead */
	SEED = 93, /* of the standard's example */
};

struct skw_modem_tx {
	struct skw_fft fft;
	struct skw_ofdm_tables tables;
	/* Encoder output (2 step + B) of bit b of the carrier at place k: source[rate][64 b + k].
	 */
	uint16_t source[SKW_OFDM_RATES][6 * 64];
	float level[4][8];    /* by bits an axis (0: BPSK) and their value, first bit in bit 0 */
	uint64_t spread[256]; /* octet -> eight bytes of a bit each */
	struct skw_modem_iq preamble[PREAMBLE + 1];
	uint8_t data[HISTORY + DATA_MAX];
	_Alignas(8) uint8_t a[SKW_OFDM_STEPS_MAX + 8], b[SKW_OFDM_STEPS_MAX + 8];
};

static void levels(struct skw_modem_tx *tx)
{
	static const float norm[4] = { 0, 2, 10, 42 };

	tx->level[0][0] = -1; /* BPSK, whose other axis stays 0 */
	tx->level[0][1] = 1;
	for (unsigned bits = 1; bits <= 3; bits++)
		for (unsigned v = 0; v < 1U << bits; v++) {
			unsigned gray = 0,
				 n = 0; /* b0 first, and every next one is a Gray code's */

			for (unsigned b = 0; b < bits; b++) {
				gray ^= v >> b & 1;
				n = n << 1 | gray;
			}
			tx->level[bits][v] =
			    (2.0F * (float)n + 1 - (float)(1U << bits)) / sqrtf(norm[bits]);
		}
}

/* The transform's block as `n` samples from `from` on, cyclically, and one more for the window. */
static void put_cyclic(struct skw_modem_iq *out, const struct skw_carriers *x, unsigned from,
		       unsigned n)
{
	out[0].i = 0.5F * (out[0].i + x->re[from & 63]); /* the window: half of each neighbour */
	out[0].q = 0.5F * (out[0].q + x->im[from & 63]);
	for (unsigned k = 1; k <= n; k++)
		out[k] = (struct skw_modem_iq) { x->re[(from + k) & 63], x->im[(from + k) & 63] };
}

static void make_preamble(struct skw_modem_tx *tx)
{
	struct skw_carriers x = { 0 };

	for (int k = -26; k <= 26; k++)
		x.re[k & 63] = x.im[k & 63] = sqrtf(13.0F / 6) / 32 * skw_ofdm_short_training(k);
	skw_fft_inverse(&tx->fft, &x, &x);
	put_cyclic(tx->preamble, &x, 0, 160);
	for (int k = 0; k < 64; k++) {
		x.re[k] = tx->tables.long_training[k] / 32;
		x.im[k] = 0;
	}
	skw_fft_inverse(&tx->fft, &x, &x);
	put_cyclic(tx->preamble + 160, &x, 32, 160);
}

struct skw_modem_tx *skw_modem_tx_new(void)
{
	struct skw_modem_tx *tx = aligned_alloc(64, (sizeof(*tx) + 63) / 64 * 64);

	if (tx == NULL)
		return NULL;
	memset(tx, 0, sizeof(*tx));
	skw_fft_init(&tx->fft);
	skw_ofdm_tables_init(&tx->tables);
	for (unsigned r = 0; r < SKW_OFDM_RATES; r++)
		for (unsigned i = 0; i < 2U * skw_ofdm_rates[r].data; i++)
			if (tx->tables.pair[r][i] != SKW_OFDM_ERASED)
				tx->source[r][tx->tables.pair[r][i]] = (uint16_t)i;
	for (unsigned v = 0; v < 256; v++)
		for (unsigned b = 0; b < 8; b++)
			tx->spread[v] |= (uint64_t)(v >> b & 1) << 8 * b;
	levels(tx);
	make_preamble(tx);
	return tx;
}

void skw_modem_tx_free(struct skw_modem_tx *tx)
{
	free(tx);
}

size_t skw_modem_burst_len(uint8_t rate_mbps, uint16_t length)
{
	int r = skw_ofdm_rate_of(rate_mbps);

	if (r < 0 || length < 1 || length > SKW_PSDU_MAX)
		return 0;
	return PREAMBLE + 80U * (1 + skw_ofdm_symbols(&skw_ofdm_rates[r], length)) + 1;
}

/* Outputs of the encoder for n bits from octet-aligned bit `at` of the data on; what lies before is
 * its state. Eight steps at once: generators 133 and 171 are sums of the data shifted. */
static void encode(struct skw_modem_tx *tx, const uint8_t *data, unsigned at, unsigned n)
{
	for (unsigned t = 0; t < n; t += 8) {
		unsigned bit = at + t, byte = bit / 8, off = bit % 8;
		uint32_t d = (uint32_t)data[byte - 1] | (uint32_t)data[byte] << 8 |
			     (uint32_t)data[byte + 1] << 16;
		uint32_t x = d << (8 - off); /* bit t of the data at bit 16, the past below it */
		uint32_t a = x ^ x << 2 ^ x << 3 ^ x << 5 ^ x << 6;
		uint32_t b = x ^ x << 1 ^ x << 2 ^ x << 3 ^ x << 6;

		memcpy(tx->a + t, &tx->spread[a >> 16 & 255], 8);
		memcpy(tx->b + t, &tx->spread[b >> 16 & 255], 8);
	}
}

/* The encoder's outputs as one symbol of 80 samples, with pilots of polarity p. */
static void modulate(struct skw_modem_tx *tx, struct skw_modem_iq *out, unsigned rate, float p,
		     float scale)
{
	const struct skw_ofdm_rate *r = &skw_ofdm_rates[rate];
	unsigned half = r->bits > 1 ? r->bits / 2U : 1, other = r->bits - half;
	uint8_t coded[2 * SKW_OFDM_STEPS_MAX] = { 0 };
	struct skw_carriers x;

	for (unsigned t = 0; t < r->data; t++) {
		coded[2 * t] = tx->a[t];
		coded[2 * t + 1] = tx->b[t];
	}
	memset(&x, 0, sizeof(x));
	for (unsigned c = 0; c < SKW_OFDM_DATA; c++) {
		unsigned k = tx->tables.carrier[c], i = 0, q = 0;
		const uint16_t *source = tx->source[rate] + k;

		for (unsigned b = 0; b < half; b++)
			i |= (unsigned)coded[source[64 * b]] << b;
		for (unsigned b = 0; b < other; b++)
			q |= (unsigned)coded[source[64 * (half + b)]] << b;
		x.re[k] = tx->level[other][i] * scale; /* both axes have as many bits, or none */
		x.im[k] = other > 0 ? tx->level[other][q] * scale : 0;
	}
	for (unsigned n = 0; n < 4; n++)
		x.re[skw_ofdm_pilot_carrier[n] & 63] = skw_ofdm_pilot_sign[n] * p * scale;
	skw_fft_inverse(&tx->fft, &x, &x);
	put_cyclic(out, &x, 48, 80);
}

static void signal_field(uint8_t out[3], const struct skw_ofdm_rate *r, unsigned length)
{
	uint32_t bits = r->code | (uint32_t)length << 5, odd = 0;

	for (unsigned b = 0; b < 17; b++)
		odd ^= bits >> b & 1;
	bits |= odd << 17;
	for (unsigned i = 0; i < 3; i++)
		out[i] = (uint8_t)(bits >> 8 * i);
}

/* SERVICE, PSDU, tail and pad, scrambled; the tail is 0 in spite of it. */
static void data_field(struct skw_modem_tx *tx, const struct skw_frame_tx *f, const uint8_t *psdu)
{
	uint8_t *data = tx->data + HISTORY;
	unsigned len = f->append_fcs ? f->length - SKW_FCS_LEN : f->length, s = 0;
	unsigned seed = f->seed != 0 ? f->seed : SEED;

	memset(tx->data, 0, sizeof(tx->data));
	memcpy(data + 2, psdu, len);
	if (f->append_fcs) {
		uint32_t fcs = ~skw_ofdm_crc(&tx->tables, 0xFFFFFFFFU, psdu, len);

		for (unsigned i = 0; i < SKW_FCS_LEN; i++)
			data[2 + len + i] = (uint8_t)(fcs >> 8 * i);
	}
	for (unsigned b = 0; b < 7; b++) /* the seed is {x7..x1}, x7 the oldest */
		s |= (seed >> b & 1) << (6 - b);
	for (unsigned i = 0; i < DATA_MAX - 8U; i++) {
		uint8_t octet = tx->tables.scramble[s];

		data[i] ^= octet;
		s = octet >> 1;
	}
	data[2 + f->length] &= 0xC0;
}

enum skw_modem_status skw_modem_send(struct skw_modem_tx *tx, struct skw_modem_iq *out, size_t *n,
				     size_t max, const struct skw_frame_tx *f, const uint8_t *psdu)
{
	int rate = skw_ofdm_rate_of(f->rate_mbps);
	size_t len = skw_modem_burst_len(f->rate_mbps, f->length);
	uint8_t field[HISTORY + 8] = { 0 };
	unsigned symbols;
	float gain;

	*n = 0;
	if (rate < 0 || len == 0 || f->seed > 127 || f->power_cdb > 0 ||
	    (f->append_fcs && f->length <= SKW_FCS_LEN))
		return SKW_MODEM_BAD_FRAME;
	if (len > max)
		return SKW_MODEM_NO_ROOM;
	gain = powf(10.0F, (float)f->power_cdb / 2000);
	for (unsigned k = 0; k <= PREAMBLE; k++)
		out[k] =
		    (struct skw_modem_iq) { tx->preamble[k].i * gain, tx->preamble[k].q * gain };
	signal_field(field + HISTORY, &skw_ofdm_rates[rate], f->length);
	encode(tx, field, 8 * HISTORY, 24);
	modulate(tx, out + PREAMBLE, SKW_OFDM_SIGNAL, tx->tables.pilot[0], gain / 32);
	data_field(tx, f, psdu);
	symbols = skw_ofdm_symbols(&skw_ofdm_rates[rate], f->length);
	for (unsigned s = 0; s < symbols; s++) {
		unsigned bits = skw_ofdm_rates[rate].data;

		encode(tx, tx->data, 8 * HISTORY + s * bits, bits);
		modulate(tx, out + PREAMBLE + 80U * (1 + s), (unsigned)rate,
			 tx->tables.pilot[(s + 1) % 127], gain / 32);
	}
	out[len - 1].i *= 0.5F; /* the window's end */
	out[len - 1].q *= 0.5F;
	*n = len;
	return SKW_MODEM_OK;
}
