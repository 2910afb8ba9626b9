/* skw_modem_viterbi - the decoder of the convolutional code, K = 7, 133 and 171 octal
 * (rtl/rx/rx_acs, rx_traceback).
 *
 * Steps are taken as they come; the whole block is traced back at its end, from state 0 where its
 * tail led. The steps are VOLK's kernel (SSE3 or NEON); SKW_VITERBI_PLAIN, or a build with
 * -DSKW_MODEM_NO_VOLK, takes the same steps in plain C.
 */
#ifndef SKW_MODEM_VITERBI_H
#define SKW_MODEM_VITERBI_H

#include <stdint.h>

#include "wire/skw_frame.h"

enum { SKW_VITERBI_STEPS = 16 + 8 * SKW_PSDU_MAX + 6 };

enum skw_viterbi_kind { SKW_VITERBI_VOLK, SKW_VITERBI_PLAIN };

struct skw_viterbi {
	_Alignas(64) uint8_t metric[64], scratch[64], branch[64];
	_Alignas(64) uint64_t decision[SKW_VITERBI_STEPS]; /* bit s: the upper way into state s */
	unsigned steps;
	enum skw_viterbi_kind kind;
};

void skw_viterbi_init(struct skw_viterbi *v, enum skw_viterbi_kind kind);
/* The next step begins a block, in state 0. */
void skw_viterbi_start(struct skw_viterbi *v);
/* n steps, an even number, of two soft bits each: A, B. No more in all than SKW_VITERBI_STEPS. */
void skw_viterbi_steps(struct skw_viterbi *v, uint8_t *pairs, unsigned n);
/* The first n bits of the block, first bit in bit 0 of out[0]; n a multiple of 8. */
void skw_viterbi_trace(const struct skw_viterbi *v, uint8_t *out, unsigned n);

#endif
