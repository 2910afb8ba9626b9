#include "modem/skw_modem_viterbi.h"

#include <assert.h>
#include <string.h>
#ifndef SKW_MODEM_NO_VOLK
#include <volk/volk.h>
#endif

static uint8_t parity(unsigned v)
{
	v ^= v >> 4;
	v ^= v >> 2;
	v ^= v >> 1;
	return v & 1;
}

/* A state is the last six bits, the newest lowest; branch[s], branch[32 + s] are what A and B would
 * be after s with a 0. */
void skw_viterbi_init(struct skw_viterbi *v, enum skw_viterbi_kind kind)
{
	for (unsigned s = 0; s < 32; s++) {
		v->branch[s] = parity(2 * s & 0x6d) ? 255 : 0;
		v->branch[32 + s] = parity(2 * s & 0x4f) ? 255 : 0;
	}
	v->kind = kind;
	skw_viterbi_start(v);
}

void skw_viterbi_start(struct skw_viterbi *v)
{
	memset(v->metric, 63, sizeof(v->metric));
	v->metric[0] = 0;
	v->steps = 0;
}

/* Ways into states 2i and 2i + 1 come from i and i + 32. Metrics saturate, as those of VOLK do. */
static uint64_t plain_step(uint8_t *to, const uint8_t *from, const uint8_t *branch, uint8_t a,
			   uint8_t b)
{
	uint8_t choice[64], lowest = 255;
	uint64_t bits = 0;

	for (unsigned i = 0; i < 32; i++) {
		unsigned m = ((branch[i] ^ (unsigned)a) + (branch[32 + i] ^ (unsigned)b) + 1) >> 3;
		unsigned low0 = from[i] + m, high0 = from[i + 32] + 63 - m;
		unsigned low1 = from[i] + 63 - m, high1 = from[i + 32] + m;
		unsigned best0 = low0 < high0 ? low0 : high0, best1 = low1 < high1 ? low1 : high1;

		to[2 * i] = (uint8_t)(best0 < 255 ? best0 : 255);
		to[2 * i + 1] = (uint8_t)(best1 < 255 ? best1 : 255);
		choice[2 * i] = low0 > high0;
		choice[2 * i + 1] = low1 > high1;
	}
	for (unsigned s = 0; s < 64; s++) {
		lowest = to[s] < lowest ? to[s] : lowest;
		bits |= (uint64_t)choice[s] << s;
	}
	for (unsigned s = 0; s < 64; s++)
		to[s] = (uint8_t)(to[s] - lowest);
	return bits;
}

static void plain_steps(struct skw_viterbi *v, const uint8_t *pairs, unsigned n)
{
	uint64_t *d = v->decision + v->steps;

	for (unsigned t = 0; t < n; t += 2) {
		d[t] = plain_step(v->scratch, v->metric, v->branch, pairs[2 * t], pairs[2 * t + 1]);
		d[t + 1] = plain_step(v->metric, v->scratch, v->branch, pairs[2 * t + 2],
				      pairs[2 * t + 3]);
	}
}

void skw_viterbi_steps(struct skw_viterbi *v, uint8_t *pairs, unsigned n)
{
	assert(n % 2 == 0 && n <= SKW_VITERBI_STEPS - v->steps);
#ifndef SKW_MODEM_NO_VOLK
	if (v->kind == SKW_VITERBI_VOLK) {
		uint64_t *d = v->decision + v->steps;

		memset(d, 0, n * sizeof(*d)); /* the generic kernel only sets bits */
		volk_8u_x4_conv_k7_r2_8u(v->scratch, v->metric, pairs, (unsigned char *)d, n, 0,
					 v->branch);
	} else
#endif
		plain_steps(v, pairs, n);
	v->steps += n;
}

void skw_viterbi_trace(const struct skw_viterbi *v, uint8_t *out, unsigned n)
{
	unsigned state = 0;
	unsigned t = v->steps;

	for (; t > n; t--)
		state = state >> 1 | (unsigned)(v->decision[t - 1] >> state & 1) << 5;
	while (t > 0) {
		unsigned octet = 0;

		for (int b = 0; b < 8; b++) {
			t--;
			octet = octet << 1 | (state & 1);
			state = state >> 1 | (unsigned)(v->decision[t] >> state & 1) << 5;
		}
		out[t / 8] = (uint8_t)octet;
	}
}
