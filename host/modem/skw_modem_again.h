/* skw_modem_again - a frame whose FCS is wrong is read a second time, with what the first reading
 * told.
 *
 *   octets as decoded --> the points that were sent, but for some --> phase of every symbol,
 *                                                                     channel over the whole frame
 *
 * Most of a lost frame was right, and thousands of points that are known, a few wrong among them,
 * tell channel and phases far better than two long symbols and four pilots did. The gates have no
 * such thing: it takes the whole frame's memory.
 */
#ifndef SKW_MODEM_AGAIN_H
#define SKW_MODEM_AGAIN_H

#include <stdbool.h>

#include "modem/skw_modem_amplifier.h"
#include "modem/skw_modem_channel.h"
#include "modem/skw_modem_decode.h"

enum { SKW_AGAIN_SYMBOLS = (SKW_VITERBI_STEPS + 23) / 24 };

struct skw_again {
	unsigned symbols;
	float angle[SKW_AGAIN_SYMBOLS],
	    slope[SKW_AGAIN_SYMBOLS];             /* turned back, as skw_track says */
	struct skw_carriers y[SKW_AGAIN_SYMBOLS]; /* not turned */
	struct skw_carriers x[SKW_AGAIN_SYMBOLS]; /* decided points and pilots, 0 elsewhere */
	struct skw_amplifier amplifier;
	bool bent; /* it matters */
};

/* The next data symbol of a frame; `symbols` is set to 0 at its start. */
void skw_again_keep(struct skw_again *a, const struct skw_carriers *y, float angle, float slope);
/* After skw_decoder_finish: phases, channel and the sender's amplifier from what was decoded. */
void skw_again_learn(struct skw_again *a, const struct skw_fft *fft, const struct skw_decoder *d,
		     const struct skw_ofdm_tables *t, const struct skw_channel_filter *filter,
		     struct skw_channel *c);

/* Symbol s as that tells it. */
void skw_again_symbol(const struct skw_again *a, const struct skw_fft *fft,
		      const struct skw_channel *c, struct skw_carriers *z, unsigned s);

#endif
