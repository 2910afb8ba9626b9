#include "modem/skw_modem_ofdm.h"

#include <stddef.h>
#include <string.h>

const struct skw_ofdm_rate skw_ofdm_rates[SKW_OFDM_RATES] = {
	{ 6, 0xb, 1, 1, 2, 48, 24 },    { 9, 0xf, 1, 3, 4, 48, 36 },
	{ 12, 0xa, 2, 1, 2, 96, 48 },   { 18, 0xe, 2, 3, 4, 96, 72 },
	{ 24, 0x9, 4, 1, 2, 192, 96 },  { 36, 0xd, 4, 3, 4, 192, 144 },
	{ 48, 0x8, 6, 2, 3, 288, 192 }, { 54, 0xc, 6, 3, 4, 288, 216 },
};

const int8_t skw_ofdm_pilot_carrier[4] = { -21, -7, 7, 21 };
const float skw_ofdm_pilot_sign[4] = { 1, 1, 1, -1 };

/* Carriers -26..26 of 18-8. */
static const char LONG_TRAINING[] = "++--++-+-++++++--++-+-++++0+--++-+-+-----++--+-+-++++";

float skw_ofdm_short_training(int k)
{
	static const int8_t sign[13] = { 1, -1, 1, -1, -1, 1, 0, -1, -1, 1, 1, 1, 1 };

	return k % 4 == 0 && k >= -24 && k <= 24 ? (float)sign[k / 4 + 6] : 0.0F;
}

int skw_ofdm_rate_of(unsigned mbps)
{
	for (int r = 0; r < SKW_OFDM_RATES; r++)
		if (skw_ofdm_rates[r].mbps == mbps)
			return r;
	return -1;
}

unsigned skw_ofdm_symbols(const struct skw_ofdm_rate *r, unsigned length)
{
	return (16 + 8 * length + 6 + r->data - 1) / r->data; /* SERVICE, PSDU, tail */
}

uint32_t skw_ofdm_crc(const struct skw_ofdm_tables *t, uint32_t crc, const uint8_t *data,
		      unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		crc = crc >> 8 ^ t->crc[(crc ^ data[i]) & 255];
	return crc;
}

static void carriers(struct skw_ofdm_tables *t)
{
	unsigned n = 0;

	for (int k = -26; k <= 26; k++)
		if (k != 0 && k != -21 && k != -7 && k != 7 && k != 21)
			t->carrier[n++] = (uint8_t)(k & 63);
	memset(t->long_training, 0, sizeof(t->long_training));
	for (int k = -26; k <= 26; k++)
		if (k != 0)
			t->long_training[k & 63] = LONG_TRAINING[k + 26] == '+' ? 1.0F : -1.0F;
}

/* Coded bit n = 16 row + col leaves on carrier 3 col + third as bit `bit` of its point. */
static uint16_t place(const struct skw_ofdm_tables *t, const struct skw_ofdm_rate *r, unsigned n)
{
	unsigned row = n / 16, col = n % 16, s = r->bits > 1 ? r->bits / 2U : 1;
	unsigned third = row / r->bits, bit = row % r->bits;

	bit = s * (bit / s) + (bit + 16 * s - col) % s;
	return (uint16_t)(64 * bit + t->carrier[3 * col + third]);
}

static void pairs(struct skw_ofdm_tables *t, unsigned rate)
{
	const struct skw_ofdm_rate *r = &skw_ofdm_rates[rate];
	unsigned n = 0;

	for (unsigned step = 0; step < r->data; step++) {
		unsigned at = step % r->num;
		bool a = at < 2, b = at != 1; /* the pattern of 3/4; of 2/3 its first two steps */

		t->pair[rate][2 * step] = a ? place(t, r, n++) : SKW_OFDM_ERASED;
		t->pair[rate][2 * step + 1] = b ? place(t, r, n++) : SKW_OFDM_ERASED;
	}
}

/* x(t) = x(t - 4) + x(t - 7) */
static uint8_t next_eight(unsigned last)
{
	unsigned bits = last;

	for (unsigned i = 7; i < 15; i++)
		bits |= ((bits >> (i - 7) ^ bits >> (i - 4)) & 1) << i;
	return (uint8_t)(bits >> 7);
}

void skw_ofdm_tables_init(struct skw_ofdm_tables *t)
{
	carriers(t);
	for (unsigned r = 0; r < SKW_OFDM_RATES; r++)
		pairs(t, r);
	for (unsigned s = 0; s < 128; s++)
		t->scramble[s] = next_eight(s);
	for (unsigned i = 0, s = 127; i < 127;
	     i += 1) { /* the pilots' is the sequence of seed 127 */
		unsigned bit = t->scramble[s] & 1U;

		t->pilot[i] = bit ? -1.0F : 1.0F;
		s = s >> 1 | bit << 6;
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int b = 0; b < 8; b++)
			c = c & 1 ? c >> 1 ^ 0xEDB88320U : c >> 1;
		t->crc[i] = c;
	}
}
