/* skw_modem_detect - finds the short training symbols by their period of 16 (rtl/rx/rx_detect).
 *
 *   P = sum x(m) conj(x(m - 16)),  R = sum |x(m)|^2 + |x(m - 16)|^2 over 2,
 *
 * over eight blocks of 16 samples, each factor less its mean over those: so a constant (the mixer's
 * DC) counts for nothing, however strong, and noise beside it is noise. Where |P| >= 5/16 R the
 * signal repeats itself. The event is told when |P| has not grown for two blocks, with the values
 * at its peak; arg P / 16 is the carrier offset, but for multiples of 1/16 turn a sample.
 */
#ifndef SKW_MODEM_DETECT_H
#define SKW_MODEM_DETECT_H

#include <stdbool.h>
#include <stdint.h>

enum { SKW_DETECT_BLOCK = 16, SKW_DETECT_BLOCKS = 8 };

struct skw_detect_event {
	uint64_t at;    /* index after the window's last sample */
	float cfo;      /* turns a sample */
	float size;     /* |P|^2 */
	float strength; /* |P| / R, 0..1 */
};

struct skw_detect {
	struct skw_detect_sums {
		float pr, pi, power, sr, si;
	} block[SKW_DETECT_BLOCKS];
	unsigned next, since;
	float
	    last; /* |P|^2 of the last block: what falls from a peak that was told is no new one */
	float peak; /* |P|^2; 0: no event under way */
	struct skw_detect_event event;
	/* The mixer's DC over the last 8,192 samples or so is sum / weight: blocks count by the
	 * inverse of their power beside their mean's, so that the quiet between frames tells most
	 * of it; a converter that is stuck tells little. What is quiet is measured by the loudest
	 * of late: no level is better than another. */
	float dc_re, dc_im, dc_weight, loudest;
};

/* Zero the struct to start. Takes 16 samples from re[0], im[0], whose 16 predecessors lie before
 * them; `end` is the index after the last. True with an event. */
bool skw_detect_block(struct skw_detect *d, struct skw_detect_event *event, const float *re,
		      const float *im, uint64_t end);

#endif
