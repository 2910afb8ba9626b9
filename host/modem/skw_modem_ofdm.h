/* skw_modem_ofdm - the words of clause 17 that transmitter and receiver share (rtl/ofdm_pkg.sv).
 *
 * Numbers of IEEE 802.11-2012: rates table 18-4, training 18-7 and 18-8, interleaver 18.3.5.7,
 * puncturing 18.3.5.6, pilots 18.3.5.10. Carriers lie as the transform wants them: k at k & 63.
 */
#ifndef SKW_MODEM_OFDM_H
#define SKW_MODEM_OFDM_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SKW_OFDM_DATA = 48,
	SKW_OFDM_SYMBOL = 80, /* samples, prefix included */
	SKW_OFDM_PREFIX = 16,
	SKW_OFDM_CODED_MAX = 288, /* bits of a symbol, N_CBPS */
	SKW_OFDM_STEPS_MAX = 216, /* trellis steps of a symbol, N_DBPS */
	SKW_OFDM_RATES = 8,
	SKW_OFDM_SIGNAL = 0,      /* index of 6 Mb/s, the rate of SIGNAL */
	SKW_OFDM_ERASED = 6 * 64, /* pair entry of a bit that was not sent */
};

struct skw_ofdm_rate {
	uint8_t mbps;
	uint8_t code;     /* RATE of SIGNAL, first bit sent = bit 0 */
	uint8_t bits;     /* N_BPSC */
	uint8_t num, den; /* of the code */
	uint16_t coded;   /* N_CBPS */
	uint16_t data;    /* N_DBPS */
};

extern const struct skw_ofdm_rate skw_ofdm_rates[SKW_OFDM_RATES];

/* The tables that formulas give, worked out once per transmitter or receiver. */
struct skw_ofdm_tables {
	uint8_t carrier[SKW_OFDM_DATA]; /* k & 63 of data carrier 0..47 */
	float pilot[127];               /* p of symbol n at n % 127 */
	float long_training[64];        /* by carrier */
	/* Outputs A, B of each trellis step -> 64 * bit + place of the carrier, or SKW_OFDM_ERASED.
	 */
	uint16_t pair[SKW_OFDM_RATES][2 * SKW_OFDM_STEPS_MAX];
	uint8_t
	    scramble[128]; /* the scrambler's last seven bits, oldest in bit 0 -> the next eight */
	uint32_t crc[256];
};

void skw_ofdm_tables_init(struct skw_ofdm_tables *t);
/* Short training carrier k & 63 as in 18-7 without sqrt(13/6): 1 + j times this. */
float skw_ofdm_short_training(int k);
/* Index of a rate in skw_ofdm_rates, or -1. */
int skw_ofdm_rate_of(unsigned mbps);
/* Data symbols of a PSDU. */
unsigned skw_ofdm_symbols(const struct skw_ofdm_rate *r, unsigned length);
/* The FCS register after n more octets; starts at ~0, its complement is the FCS. */
uint32_t skw_ofdm_crc(const struct skw_ofdm_tables *t, uint32_t crc, const uint8_t *data,
		      unsigned n);

/* Pilots stand on these carriers with these signs. */
extern const int8_t skw_ofdm_pilot_carrier[4];
extern const float skw_ofdm_pilot_sign[4];

#endif
