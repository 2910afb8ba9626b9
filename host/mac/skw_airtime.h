/* skw_airtime - how long a PSDU occupies the channel.
 *
 * IEEE 802.11-2020, 17.4.3: TXTIME = T_PREAMBLE + T_SIGNAL + T_SYM * ceil((16 + 8*LENGTH + 6) /
 * N_DBPS), with 16, 4 and 4 microseconds on a channel of 20 MHz, twice that at 10 and four times at
 * 5 MHz.
 */
#ifndef SKW_AIRTIME_H
#define SKW_AIRTIME_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds for `length` PSDU bytes (FCS included); 0 for a rate or bandwidth that does not
 * exist. */
uint64_t skw_airtime_ns(uint8_t rate_mbps, size_t length, unsigned bandwidth_mhz);

/* The longest PSDU that fits into `ns`; 0 if not even one byte does. Never above SKW_PSDU_MAX. */
size_t skw_airtime_fits(uint8_t rate_mbps, uint64_t ns, unsigned bandwidth_mhz);

#endif
