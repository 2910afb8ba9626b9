/* skw_air_random - random numbers that are functions of a counter: the same whichever are asked
 * for, in whichever order, by whichever thread. */
#ifndef SKW_AIR_RANDOM_H
#define SKW_AIR_RANDOM_H

#include <math.h>
#include <stdint.h>

/* SplitMix64 of Steele, Lea and Flood: a counter in, 64 well-mixed bits out. */
static inline uint64_t skw_air_mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* Box-Muller: two normal deviates of 64 random bits. */
static inline void skw_air_normal_pair(float *a, float *b, uint64_t bits)
{
	float u = ((float)(bits >> 32) + 1) * 0x1p-32f;
	float angle = (float)(uint32_t)bits * (float)(6.283185307179586 * 0x1p-32);
	float radius = sqrtf(-2 * logf(fminf(u, 1)));

	*a = radius * cosf(angle);
	*b = radius * sinf(angle);
}

#endif
