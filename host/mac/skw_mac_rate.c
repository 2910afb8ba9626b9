#include "mac/skw_mac_rate.h"

#include <stddef.h>

enum {
	MARGIN_FIRST = 300,
	MARGIN_LEAST = -200, /* a better receiver than the one the table knows */
	MARGIN_MOST = 2000,
	LOST = 40,
	HEARD = 2,
	FORGET = 400, /* a margin this large shrinks by another 1/100 dB each time */
	RISE = 4,
	FALL = 2, /* a new SNR counts for one in so many */
};

/* What 10 % loss takes, 1/100 dB: an ideal receiver's need, and 2 dB for a real one. 9 Mb/s is not
 * among them: 12 needs hardly more. */
static const struct {
	uint8_t mbps;
	int16_t need_cdb;
} RATES[] = { { 54, 1910 }, { 48, 1770 }, { 36, 1360 }, { 24, 1030 }, { 18, 730 }, { 12, 470 } };

void skw_mac_rate_reset(struct skw_mac_rate *r)
{
	*r = (struct skw_mac_rate) { .margin_cdb = MARGIN_FIRST };
}

void skw_mac_rate_heard(struct skw_mac_rate *r, int16_t snr_cdb)
{
	int32_t step = snr_cdb - r->snr_cdb;

	r->snr_cdb += !r->known ? step : step / (step > 0 ? RISE : FALL);
	r->known = true;
}

void skw_mac_rate_on_psdu(struct skw_mac_rate *r, bool lost)
{
	int32_t large = r->margin_cdb > 0 ? r->margin_cdb / FORGET : 0;

	r->margin_cdb += lost ? LOST : -HEARD - large;
	if (r->margin_cdb < MARGIN_LEAST)
		r->margin_cdb = MARGIN_LEAST;
	if (r->margin_cdb > MARGIN_MOST)
		r->margin_cdb = MARGIN_MOST;
}

uint8_t skw_mac_rate_best(const struct skw_mac_rate *r)
{
	for (size_t i = 0; r->known && i < sizeof(RATES) / sizeof(RATES[0]); i++)
		if (r->snr_cdb - r->margin_cdb >= RATES[i].need_cdb)
			return RATES[i].mbps;
	return 6;
}
