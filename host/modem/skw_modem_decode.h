/* skw_modem_decode - the back half of the receiver: soft bits in, SIGNAL and PSDU out
 * (rtl/rx/rx_decode).
 *
 *   soft bits --> deinterleave, depuncture (one table) --> Viterbi --> descramble --> FCS
 *                                                             '--> SIGNAL
 */
#ifndef SKW_MODEM_DECODE_H
#define SKW_MODEM_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "modem/skw_modem_ofdm.h"
#include "modem/skw_modem_viterbi.h"

enum { SKW_SOFT = 6 * 64 + 1 };

struct skw_signal {
	unsigned rate; /* index */
	unsigned length;
	uint32_t word; /* its 24 bits, the first in bit 0 */
};

struct skw_decoder {
	struct skw_viterbi viterbi;
	_Alignas(16) uint8_t pairs[2 * SKW_OFDM_STEPS_MAX];
	uint8_t heard[2 + SKW_PSDU_MAX];  /* SERVICE and PSDU, scrambled */
	uint8_t octets[2 + SKW_PSDU_MAX]; /* and plain */
	unsigned rate, length, left;      /* steps to come */
};

void skw_decoder_init(struct skw_decoder *d, enum skw_viterbi_kind kind);
/* The 24 bits of SIGNAL; false if they are none: parity, rate, length 0, tail, or a
 * code word so far from the soft bits that it must be noise. `soft` as skw_demap has it; its last
 * element is written. */
bool skw_decoder_signal(struct skw_decoder *d, struct skw_signal *out,
			const struct skw_ofdm_tables *t, uint8_t soft[SKW_SOFT]);
void skw_decoder_start(struct skw_decoder *d, const struct skw_signal *s);
/* A data symbol; what follows the tail is left alone. True when the frame is complete. */
bool skw_decoder_symbol(struct skw_decoder *d, const struct skw_ofdm_tables *t,
			uint8_t soft[SKW_SOFT]);
/* After the last symbol: the PSDU is in octets + 2; true if its FCS is right. */
bool skw_decoder_finish(struct skw_decoder *d, const struct skw_ofdm_tables *t);

#endif
