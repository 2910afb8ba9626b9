#include "modem/skw_modem_balance.h"

/* Symbols whose chance is as large as an imbalance of 0.3 dB or 2 degrees, which is as much as
 * needs no correction. */
static const float DOUBT = 30, MEMORY = 2048;

void skw_balance_hear(struct skw_balance *b, const float re[64], const float im[64])
{
	const float keep = 1 - 1 / MEMORY;
	float square_re = 0, square_im = 0, power = 1e-30F, over;

	for (int k = 0; k < 64; k++) {
		square_re += re[k] * re[k] - im[k] * im[k];
		square_im += 2 * re[k] * im[k];
		power += re[k] * re[k] + im[k] * im[k];
	}
	b->re = keep * b->re + square_re / power;
	b->im = keep * b->im + square_im / power;
	b->weight = keep * b->weight + 1;
	over = 0.5F / (b->weight + DOUBT);
	b->b_re = over * b->re;
	b->b_im = over * b->im;
}
