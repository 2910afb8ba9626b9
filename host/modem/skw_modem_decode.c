#include "modem/skw_modem_decode.h"

#include <stdlib.h>

void skw_decoder_init(struct skw_decoder *d, enum skw_viterbi_kind kind)
{
	skw_viterbi_init(&d->viterbi, kind);
	d->left = 0;
}

static void depuncture(struct skw_decoder *d, const uint16_t *pair, unsigned steps,
		       uint8_t soft[SKW_SOFT])
{
	soft[SKW_OFDM_ERASED] = 128;
	for (unsigned i = 0; i < 2 * steps; i++)
		d->pairs[i] = soft[pair[i]];
}

/* How much of the soft bits' weight speaks against the decoded word: less than 5/64 in any SIGNAL
 * that the data after it could survive, more in 98 % of noise. A reserved bit that is set, which
 * receivers ignore, is believed of clear words only: noise has it every other time. */
static bool word_fits(const struct skw_decoder *d, uint32_t word)
{
	unsigned weight = 0, against = 0, state = 0;

	for (unsigned t = 0; t < 24; t++) {
		unsigned a, b, bit = word >> t & 1;
		unsigned both[2];

		state = (state << 1 | bit) & 127;
		a = state & 0x6d;
		b = state & 0x4f;
		both[0] = (unsigned)__builtin_parity(a);
		both[1] = (unsigned)__builtin_parity(b);
		for (unsigned i = 0; i < 2; i++) {
			int soft = d->pairs[2 * t + i] - 128;

			weight += (unsigned)abs(soft);
			if (both[i] != (soft > 0))
				against += (unsigned)abs(soft);
		}
	}
	return 64 * against < (word & 16 ? 1U : 5U) * weight;
}

bool skw_decoder_signal(struct skw_decoder *d, struct skw_signal *out,
			const struct skw_ofdm_tables *t, uint8_t soft[SKW_SOFT])
{
	uint8_t octets[3];
	uint32_t bits;

	depuncture(d, t->pair[SKW_OFDM_SIGNAL], 24, soft);
	skw_viterbi_start(&d->viterbi);
	skw_viterbi_steps(&d->viterbi, d->pairs, 24);
	skw_viterbi_trace(&d->viterbi, octets, 24);
	bits = octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16;
	out->word = bits;
	out->length = bits >> 5 & 0xFFF;
	for (out->rate = 0; out->rate < SKW_OFDM_RATES; out->rate++)
		if (skw_ofdm_rates[out->rate].code == (bits & 15))
			break;
	return out->rate < SKW_OFDM_RATES && out->length > 0 &&
	       __builtin_parity(bits & 0x3FFFF) == 0 && bits >> 18 == 0 && word_fits(d, bits);
}

void skw_decoder_start(struct skw_decoder *d, const struct skw_signal *s)
{
	d->rate = s->rate;
	d->length = s->length;
	d->left = 16 + 8 * s->length + 6;
	skw_viterbi_start(&d->viterbi);
}

bool skw_decoder_symbol(struct skw_decoder *d, const struct skw_ofdm_tables *t,
			uint8_t soft[SKW_SOFT])
{
	unsigned steps = skw_ofdm_rates[d->rate].data;

	if (steps > d->left)
		steps = d->left; /* even: 22 + 8 length */
	depuncture(d, t->pair[d->rate], steps, soft);
	skw_viterbi_steps(&d->viterbi, d->pairs, steps);
	d->left -= steps;
	return d->left == 0;
}

bool skw_decoder_finish(struct skw_decoder *d, const struct skw_ofdm_tables *t)
{
	unsigned n = 2 + d->length, s;

	skw_viterbi_trace(&d->viterbi, d->heard, 8 * n);
	s = d->heard[0] &
	    127; /* the first seven bits were sent as 0: they are the sequence itself */
	d->octets[0] = 0;
	s = (s | (unsigned)((s ^ s >> 3) & 1) << 7) >> 1;
	for (unsigned i = 1; i < n; i++) {
		uint8_t octet = t->scramble[s];

		d->octets[i] = d->heard[i] ^ octet;
		s = octet >> 1;
	}
	return d->length > SKW_FCS_LEN &&
	       skw_ofdm_crc(t, 0xFFFFFFFFU, d->octets + 2, d->length) == 0xDEBB20E3U;
}
