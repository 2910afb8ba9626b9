/* skw_modem_mend - samples that tell nothing or too little, filled in by what was decided of the
 * others.
 *
 * A symbol has 64 samples and 52 carriers, and most of a lost frame's points are known after its
 * first reading. So samples that a pulse drowned are taken from what the carriers say, step by
 * step: a decided point where the carrier agrees with it, what is heard where it does not, nothing
 * where no carrier is. The same for parts of samples that the converter clipped, of which it is
 * known that they were no smaller.
 */
#ifndef SKW_MODEM_MEND_H
#define SKW_MODEM_MEND_H

#include <stdbool.h>
#include <stdint.h>

#include "modem/skw_modem_balance.h"
#include "modem/skw_modem_fft.h"

/* What was done to a symbol's samples, as the converter gave them, before their transform. */
struct skw_mend_front {
	const float *cos, *sin; /* turned back by the carrier offset, from the block's start on */
	float dc_re, dc_im;     /* taken off */
	struct skw_balance balance;
};

/* Bit n is sample n's. */
struct skw_mend_samples {
	uint64_t lost, clipped_re, clipped_im;
};

/* Carriers as they would have come if decisions were right. */
struct skw_mend_expected {
	struct skw_carriers e;
	_Alignas(16) float near[64]; /* power: nearer than that the carrier agrees; 0: no carrier */
};

/* Samples of a symbol so far above `power`, the frame's mean, that no frame's are: set to 0, and
 * told. None if they are many. */
uint64_t skw_mend_blank(struct skw_carriers *x, float power);

/* Where the converter clipped, if it did: by the values of one symbol after the other. Zero to
 * start. */
struct skw_mend_rail {
	float top;
	unsigned at, beyond, all; /* values near it, of them with a strong other part, values */
};

void skw_mend_rail_hear(struct skw_mend_rail *r, const struct skw_mend_front *front,
			const struct skw_fft *fft, const struct skw_carriers *y);
/* 0: it did not. */
float skw_mend_rail_told(const struct skw_mend_rail *r);
/* Parts of a symbol's samples that are at the rail. */
void skw_mend_clipped(struct skw_mend_samples *s, float rail, const struct skw_mend_front *front,
		      const struct skw_fft *fft, const struct skw_carriers *y);
/* Further samples that differ from what is expected by far more than the others: lost. */
void skw_mend_pulses(struct skw_mend_samples *s, const struct skw_fft *fft,
		     const struct skw_carriers *y, const struct skw_carriers *expected);
/* A symbol's carriers with those samples filled in; true if there were some. */
bool skw_mend_symbol(struct skw_carriers *y, const struct skw_mend_samples *s, float rail,
		     const struct skw_mend_front *front, const struct skw_fft *fft,
		     const struct skw_mend_expected *expected);

#endif
