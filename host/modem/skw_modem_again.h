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
#include "modem/skw_modem_mend.h"

enum {
	SKW_AGAIN_SYMBOLS = (SKW_VITERBI_STEPS + 23) / 24,
	SKW_AGAIN_BENT = 352, /* symbols of the longest frame whose amplifier is asked for: 24 Mb/s
			       */
};

struct skw_again {
	unsigned symbols, readings;
	struct skw_mend_front front;
	float rail;                                         /* 0: nothing was clipped */
	struct skw_mend_samples samples[SKW_AGAIN_SYMBOLS]; /* that are not what they were */
	bool mended;                                        /* there are such */
	struct skw_carriers signal_y, signal_x;             /* SIGNAL, as y and x below */
	float signal_angle, signal_slope;
	float
	    ahead[SKW_AGAIN_SYMBOLS]; /* the carrier offset's phase, of which angle has the rest */
	float angle[SKW_AGAIN_SYMBOLS],
	    slope[SKW_AGAIN_SYMBOLS];             /* turned back, as skw_track says */
	struct skw_carriers y[SKW_AGAIN_SYMBOLS]; /* not turned */
	struct skw_carriers x[SKW_AGAIN_SYMBOLS]; /* decided points and pilots, 0 elsewhere */
	struct skw_amplifier amplifier;
	struct skw_carriers product[SKW_AGAIN_BENT][2]; /* of x */
	bool bent;                                      /* it matters */
};

/* Once. */
void skw_again_init(struct skw_again *a);
/* A frame's SIGNAL, as transformed and as read. What `front` points to stays as long as the frame.
 */
void skw_again_start(struct skw_again *a, const struct skw_mend_front *front,
		     const struct skw_carriers *y, float angle, float slope,
		     const struct skw_signal *signal, const struct skw_ofdm_tables *t);
/* Its next data symbol; `ahead`: what the carrier offset has of `angle`; `lost`: samples that were
 * taken for 0. */
void skw_again_keep(struct skw_again *a, const struct skw_carriers *y, float ahead, float angle,
		    float slope, uint64_t lost);
/* After skw_decoder_finish: phases, channel and the sender's amplifier from what was decoded. */
void skw_again_learn(struct skw_again *a, const struct skw_fft *fft, const struct skw_decoder *d,
		     const struct skw_ofdm_tables *t, const struct skw_channel_filter *filter,
		     struct skw_channel *c);

/* Symbol s as that tells it. */
void skw_again_symbol(const struct skw_again *a, const struct skw_fft *fft,
		      const struct skw_channel *c, struct skw_carriers *z, unsigned s);

#endif
