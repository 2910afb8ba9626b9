/* skw_modem_track - the phase of every carrier, symbol by symbol, from the four pilots
 * (rtl/rx/rx_equalise).
 *
 *   phase(k) = phase + k slope
 *
 * Two Kalman filters: phase and its rate (what is left of the carrier offset, phase noise), slope
 * and its rate (sampling clocks that differ). Each knows how much the noise lets it believe, so
 * that nothing is lost to a loop's noise at 0 dB and a fresh carrier offset is caught in a few
 * symbols.
 */
#ifndef SKW_MODEM_TRACK_H
#define SKW_MODEM_TRACK_H

struct skw_track_filter {
	float x, v;           /* value and its rate, a symbol */
	float xx, xv, vv;     /* their covariance */
	float xnoise, vnoise; /* what each symbol adds to it */
};

struct skw_track {
	struct skw_track_filter phase, slope; /* radians; radians a carrier */
};

/* `snr` of a carrier; `products` of the correlation over 64 samples that gave the carrier offset.
 */
void skw_track_start(struct skw_track *t, float snr, float products);
/* One symbol on; `symbols` is 1 but for the first. */
void skw_track_predict(struct skw_track *t, float symbols);
/* An error seen, with its variance. */
void skw_track_correct(struct skw_track_filter *f, float error, float variance);

#endif
