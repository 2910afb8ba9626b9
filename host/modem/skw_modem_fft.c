#include "modem/skw_modem_fft.h"

#include <math.h>

typedef float v4 __attribute__((vector_size(16)));

static v4 get(const float *p)
{
	return *(const v4 *)(const void *)p;
}

static void put(float *p, v4 v)
{
	*(v4 *)(void *)p = v;
}

void skw_fft_init(struct skw_fft *f)
{
	for (int m = 0; m < 3; m++)
		for (int p = 0; p < 64; p++) {
			double turn = -2.0 * M_PI * (m + 1) * p / 64.0;

			f->re[m][p] = (float)cos(turn);
			f->im[m][p] = (float)sin(turn);
		}
}

struct quad {
	v4 re[4], im[4];
};

/* The four-point transform of each lane. */
static inline void butterfly(struct quad *x)
{
	v4 sr = x->re[0] + x->re[2], si = x->im[0] + x->im[2];
	v4 dr = x->re[0] - x->re[2], di = x->im[0] - x->im[2];
	v4 tr = x->re[1] + x->re[3], ti = x->im[1] + x->im[3];
	v4 ur = x->re[1] - x->re[3], ui = x->im[1] - x->im[3];

	x->re[0] = sr + tr;
	x->im[0] = si + ti;
	x->re[1] = dr + ui;
	x->im[1] = di - ur;
	x->re[2] = sr - tr;
	x->im[2] = si - ti;
	x->re[3] = dr - ui;
	x->im[3] = di + ur;
}

static inline void turn(struct quad *x, int m, v4 wr, v4 wi)
{
	v4 re = x->re[m] * wr - x->im[m] * wi;

	x->im[m] = x->re[m] * wi + x->im[m] * wr;
	x->re[m] = re;
}

static inline void load(struct quad *x, const struct skw_carriers *in, int at)
{
	for (int m = 0; m < 4; m++) {
		x->re[m] = get(in->re + at + 16 * m);
		x->im[m] = get(in->im + at + 16 * m);
	}
}

static inline void transpose(v4 x[4])
{
	v4 a = { x[0][0], x[1][0], x[2][0], x[3][0] };
	v4 b = { x[0][1], x[1][1], x[2][1], x[3][1] };
	v4 c = { x[0][2], x[1][2], x[2][2], x[3][2] };
	v4 d = { x[0][3], x[1][3], x[2][3], x[3][3] };

	x[0] = a;
	x[1] = b;
	x[2] = c;
	x[3] = d;
}

/* Length 64, stride 1: lanes are four neighbours p; their outputs lie four apart. */
static void first(const struct skw_fft *f, struct skw_carriers *out, const struct skw_carriers *in)
{
	for (int p = 0; p < 16; p += 4) {
		struct quad x;

		load(&x, in, p);
		butterfly(&x);
		for (int m = 1; m < 4; m++)
			turn(&x, m, get(f->re[m - 1] + p), get(f->im[m - 1] + p));
		transpose(x.re);
		transpose(x.im);
		for (int m = 0; m < 4; m++) {
			put(out->re + 4 * p + 4 * m, x.re[m]);
			put(out->im + 4 * p + 4 * m, x.im[m]);
		}
	}
}

/* Length 16, stride 4: lanes share p and so the twiddle, which is that of 4 p out of 64. */
static void second(const struct skw_fft *f, struct skw_carriers *out, const struct skw_carriers *in)
{
	for (int p = 0; p < 4; p++) {
		struct quad x;

		load(&x, in, 4 * p);
		butterfly(&x);
		for (int m = 1; m < 4; m++) {
			float r = f->re[m - 1][4 * p], i = f->im[m - 1][4 * p];

			turn(&x, m, (v4) { r, r, r, r }, (v4) { i, i, i, i });
		}
		for (int m = 0; m < 4; m++) {
			put(out->re + 16 * p + 4 * m, x.re[m]);
			put(out->im + 16 * p + 4 * m, x.im[m]);
		}
	}
}

static void third(struct skw_carriers *out, const struct skw_carriers *in)
{
	for (int q = 0; q < 16; q += 4) {
		struct quad x;

		load(&x, in, q);
		butterfly(&x);
		for (int m = 0; m < 4; m++) {
			put(out->re + q + 16 * m, x.re[m]);
			put(out->im + q + 16 * m, x.im[m]);
		}
	}
}

void skw_fft_forward(const struct skw_fft *f, struct skw_carriers *out,
		     const struct skw_carriers *in)
{
	struct skw_carriers a, b;

	first(f, &a, in);
	second(f, &b, &a);
	third(out, &b);
}

/* The inverse is the transform with real and imaginary parts exchanged at both ends. */
void skw_fft_inverse(const struct skw_fft *f, struct skw_carriers *out,
		     const struct skw_carriers *in)
{
	struct skw_carriers a, b;

	for (int k = 0; k < 64; k += 4) {
		put(b.re + k, get(in->im + k));
		put(b.im + k, get(in->re + k));
	}
	first(f, &a, &b);
	second(f, &b, &a);
	third(&a, &b);
	for (int k = 0; k < 64; k += 4) {
		put(out->re + k, get(a.im + k));
		put(out->im + k, get(a.re + k));
	}
}
