/* Random numbers of the modem's tests: the same in every run (xorshift64, Marsaglia 2003). */
#ifndef SKW_MODEM_RANDOM_H
#define SKW_MODEM_RANDOM_H

#include <stdint.h>

static uint64_t seed = 88172645463325252U;

/* Between 0 and 1, neither of them. */
static double uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((double)(seed >> 11) + 0.5) * 0x1p-53;
}

#endif
