/* skw_modem_sync - the end of the long training symbols, by correlation (rtl/rx/rx_sync).
 *
 *   c(n) = sum_t x(n - 63 + t) conj(l(t)),   m(n) = |c(n)|^2 + |c(n - 64)|^2
 *
 * The peak of m is the strongest path; the place told is the earliest within 15 samples before it
 * (as many as a prefix can bear) that has a quarter of its energy: the first path.
 */
#ifndef SKW_MODEM_SYNC_H
#define SKW_MODEM_SYNC_H

#include "modem/skw_modem_fft.h"
#include "modem/skw_modem_ofdm.h"

enum { SKW_SYNC_SAMPLES = 272 };

struct skw_sync {
	float re[64], im[64]; /* l, of unit energy */
};

struct skw_sync_result {
	int at;        /* the last sample of the second symbol, 127..SKW_SYNC_SAMPLES - 1 */
	float quality; /* share of the energy that the long symbols explain, 0..1 */
};

void skw_sync_init(struct skw_sync *s, const struct skw_fft *fft, const struct skw_ofdm_tables *t);
/* Samples are free of the coarse carrier offset. */
void skw_sync_find(const struct skw_sync *s, struct skw_sync_result *out,
		   const float re[SKW_SYNC_SAMPLES], const float im[SKW_SYNC_SAMPLES]);

#endif
