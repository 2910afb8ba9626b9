/* skw_mac_rate - which of the eight rates a neighbour's data frames leave at.
 *
 *   the neighbour's beacons: our SNR there --> [ SNR - margin >= what a rate needs ] --> rate
 *   PSDUs heard, PSDUs lost ----------------> [ margin ]
 *
 * What a rate needs is known (IEEE 802.11 OFDM, 1000 octets); the margin makes up for what is not:
 * echoes, fading, another receiver, interference. A lost PSDU adds 0.4 dB to it and a heard one
 * takes 0.01 dB away, so it rests where one PSDU in forty is lost.
 */
#ifndef SKW_MAC_RATE_H
#define SKW_MAC_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct skw_mac_rate {
	bool known; /* an SNR has been told */
	int32_t snr_cdb, margin_cdb;
};

void skw_mac_rate_reset(struct skw_mac_rate *r);
/* The neighbour says how well it hears us, in 1/100 dB over the sampled band. */
void skw_mac_rate_heard(struct skw_mac_rate *r, int16_t snr_cdb);
/* What became of a PSDU. */
void skw_mac_rate_on_psdu(struct skw_mac_rate *r, bool lost);
/* 6 to 54 Mb/s, as on a 20 MHz channel; 6 as long as nothing is known. */
uint8_t skw_mac_rate_best(const struct skw_mac_rate *r);

#endif
