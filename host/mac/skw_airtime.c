#include "mac/skw_airtime.h"

#include "wire/skw_frame.h"

enum { SERVICE_BITS = 16, TAIL_BITS = 6, SYMBOL_NS = 4000, PREAMBLE_SIGNAL_NS = 20000 };

/* Data bits of a symbol: the rate in Mb/s over symbols of 4 us. */
static unsigned bits_per_symbol(uint8_t rate_mbps)
{
	return skw_frame_rate_valid(rate_mbps) ? rate_mbps * 4u : 0;
}

/* How much slower than on 20 MHz everything is. */
static unsigned stretch(unsigned bandwidth_mhz)
{
	return bandwidth_mhz == 20 ? 1 : bandwidth_mhz == 10 ? 2 : bandwidth_mhz == 5 ? 4 : 0;
}

uint64_t skw_airtime_ns(uint8_t rate_mbps, size_t length, unsigned bandwidth_mhz)
{
	unsigned ndbps = bits_per_symbol(rate_mbps);
	uint64_t symbols;

	if (ndbps == 0 || length > SKW_PSDU_MAX)
		return 0;
	symbols = (SERVICE_BITS + 8 * length + TAIL_BITS + ndbps - 1) / ndbps;
	return (PREAMBLE_SIGNAL_NS + SYMBOL_NS * symbols) * stretch(bandwidth_mhz);
}

size_t skw_airtime_fits(uint8_t rate_mbps, uint64_t ns, unsigned bandwidth_mhz)
{
	unsigned ndbps = bits_per_symbol(rate_mbps), slower = stretch(bandwidth_mhz);
	uint64_t symbols, length;

	if (ndbps == 0 || slower == 0 || ns / slower < PREAMBLE_SIGNAL_NS)
		return 0;
	symbols = (ns / slower - PREAMBLE_SIGNAL_NS) / SYMBOL_NS;
	if (symbols > SKW_PSDU_MAX) /* a symbol carries at least 3 bytes: more than enough */
		return SKW_PSDU_MAX;
	if (symbols * ndbps < SERVICE_BITS + TAIL_BITS)
		return 0;
	length = (symbols * ndbps - SERVICE_BITS - TAIL_BITS) / 8;
	return length < SKW_PSDU_MAX ? (size_t)length : SKW_PSDU_MAX;
}
