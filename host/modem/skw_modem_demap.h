/* skw_modem_demap - equalised carriers to soft bits, weighted by the state of the channel
 * (rtl/rx/rx_demap).
 *
 * z = y conj(h) / mean |h|^2 and w = |h|^2 / mean |h|^2. With d the half distance of the levels and
 * u = z / d per axis, the max-log soft bits of tables 18-8 to 18-11 are
 *
 *   u                     the sign bit
 *   2 w - |u|             16-QAM: inner levels
 *   4 w - |u|             64-QAM: the inner four
 *   2 w - ||u| - 4 w||    : the middle of each half
 *
 * proportional to |h|^2, as the decoder wants them. 0 is surely 0, 255 surely 1, 128 says nothing.
 */
#ifndef SKW_MODEM_DEMAP_H
#define SKW_MODEM_DEMAP_H

#include <stdint.h>

#include "modem/skw_modem_fft.h"

/* Bit b of the carrier at place k is out[64 b + k]. `half` is the soft value of half a distance on
 * a carrier of average strength. */
void skw_demap(uint8_t *out, unsigned bits, const struct skw_carriers *z, const float w[64],
	       float half);

#endif
