#include "modem/skw_modem_demap.h"

#include <math.h>

static inline uint8_t soft(float v)
{
	v += 128.5F;
	v = v < 255 ? v : 255; /* so is what is not a number */
	v = v > 1 ? v : 1;
	return (uint8_t)(int)v;
}

static void sign(uint8_t *out, const float *z, float scale)
{
	for (int k = 0; k < 64; k++)
		out[k] = soft(z[k] * scale);
}

/* 2^n w - |u| */
static void inner(uint8_t *out, const float *z, const float *w, float scale, float edge)
{
	for (int k = 0; k < 64; k++)
		out[k] = soft(edge * w[k] - fabsf(z[k] * scale));
}

static void middle(uint8_t *out, const float *z, const float *w, float scale, float edge)
{
	for (int k = 0; k < 64; k++)
		out[k] = soft(edge * w[k] - fabsf(fabsf(z[k] * scale) - 2 * edge * w[k]));
}

static void axis(uint8_t *out, unsigned bits, const float *z, const float *w, float scale,
		 float half)
{
	sign(out, z, scale);
	if (bits == 2)
		inner(out + 64, z, w, scale, 2 * half);
	if (bits == 3) {
		inner(out + 64, z, w, scale, 4 * half);
		middle(out + 128, z, w, scale, 2 * half);
	}
}

void skw_demap(uint8_t *out, unsigned bits, const struct skw_carriers *z, const float w[64],
	       float half)
{
	static const float inverse[7] = { 0, 1, 1.41421356F, 0, 3.16227766F, 0, 6.48074070F };
	float scale = half * inverse[bits];

	if (bits == 1) {
		sign(out, z->re, scale);
		return;
	}
	axis(out, bits / 2, z->re, w, scale, half);
	axis(out + 64 * (bits / 2), bits / 2, z->im, w, scale, half);
}
