#include "modem/skw_modem_amplifier.h"

#include <complex.h>
#include <math.h>
#include <string.h>

enum { N = SKW_AMPLIFIER_TERMS };

/* One instant's share: the points, half a sample later if `odd`, through both powers. */
static void powers(const struct skw_fft *fft, struct skw_carriers b[2],
		   const struct skw_carriers *x)
{
	struct skw_carriers u;

	skw_fft_inverse(fft, &u, x);
	for (int n = 0; n < 64; n++) {
		float square = (u.re[n] * u.re[n] + u.im[n] * u.im[n]) / 52;

		b[0].re[n] = u.re[n] * square;
		b[0].im[n] = u.im[n] * square;
		b[1].re[n] = b[0].re[n] * square;
		b[1].im[n] = b[0].im[n] * square;
	}
	skw_fft_forward(fft, &b[0], &b[0]);
	skw_fft_forward(fft, &b[1], &b[1]);
}

/* b3 and b5 of a symbol, as large as points are. */
static void products(const struct skw_fft *fft, struct skw_carriers b[2],
		     const struct skw_carriers *x)
{
	struct skw_carriers late, odd[2];
	float c[64], s[64];

	for (int k = 0; k < 64; k++) {
		float angle = (float)(M_PI / 64) * (float)(k < 32 ? k : k - 64);

		c[k] = cosf(angle);
		s[k] = sinf(angle);
		late.re[k] = x->re[k] * c[k] - x->im[k] * s[k];
		late.im[k] = x->re[k] * s[k] + x->im[k] * c[k];
	}
	powers(fft, b, x);
	powers(fft, odd, &late);
	for (int p = 0; p < 2; p++)
		for (int k = 0; k < 64; k++) {
			float re = odd[p].re[k] * c[k] + odd[p].im[k] * s[k];
			float im = odd[p].im[k] * c[k] - odd[p].re[k] * s[k];

			b[p].re[k] = (b[p].re[k] + re) / 128;
			b[p].im[k] = (b[p].im[k] + im) / 128;
		}
}

void skw_amplifier_start(struct skw_amplifier *a)
{
	memset(a, 0, sizeof(*a));
	a->re[0] = 1;
}

void skw_amplifier_hear(struct skw_amplifier *a, const struct skw_fft *fft,
			const struct skw_carriers *x, const struct skw_carriers *z,
			const float w[64])
{
	struct skw_carriers b[N];

	b[0] = *x;
	products(fft, b + 1, x);
	for (int i = 0; i < N; i++)
		for (int j = 0; j <= N; j++) {
			const struct skw_carriers *y = j < N ? &b[j] : z;
			float re = 0, im = 0;

			for (int k = 0; k < 64; k++) { /* z has its weight already */
				float by = w[k] <= 0 ? 0 : j < N ? w[k] : 1;

				re += by * (y->re[k] * b[i].re[k] + y->im[k] * b[i].im[k]);
				im += by * (y->im[k] * b[i].re[k] - y->re[k] * b[i].im[k]);
			}
			a->sum[i][j].re += (double)re;
			a->sum[i][j].im += (double)im;
		}
}

/* |a3 b3 + a5 b5|^2 but for what is in line with x, beside |a1 x|^2. */
static float share(const struct skw_amplifier *a)
{
	double complex m[N][N], sum = 0;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			m[i][j] = a->sum[i][j].re + I * a->sum[i][j].im;
	for (int i = 1; i < N; i++)
		for (int j = 1; j < N; j++)
			sum += (a->re[i] - I * a->im[i]) * (a->re[j] + I * a->im[j]) *
			       (m[i][j] - m[i][0] * m[0][j] / (m[0][0] + 1e-20));
	return (float)(creal(sum) /
		       ((creal(m[0][0]) + 1e-20) *
			((double)(a->re[0] * a->re[0] + a->im[0] * a->im[0]) + 1e-20)));
}

void skw_amplifier_solve(struct skw_amplifier *a)
{
	const double ridge = 1e-4; /* positive definite, whatever came */
	double complex m[N][N + 1];

	for (int i = 0; i < N; i++)
		for (int j = 0; j <= N; j++)
			m[i][j] = a->sum[i][j].re * (i == j ? 1 + ridge : 1) + I * a->sum[i][j].im +
				  (i == j ? 1e-20 : 0);
	for (int p = 0; p < N; p++) {
		double complex over = 1 / m[p][p];

		for (int j = p; j <= N; j++)
			m[p][j] *= over;
		for (int i = 0; i < N; i++) {
			double complex times = m[i][p];

			for (int j = p; i != p && j <= N; j++)
				m[i][j] -= times * m[p][j];
		}
	}
	for (int i = 0; i < N; i++) {
		a->re[i] = (float)creal(m[i][N]);
		a->im[i] = (float)cimag(m[i][N]);
	}
	a->share = share(a);
}

void skw_amplifier_clean(const struct skw_amplifier *a, const struct skw_fft *fft,
			 const struct skw_carriers *x, struct skw_carriers *z, const float w[64])
{
	float size = a->re[0] * a->re[0] + a->im[0] * a->im[0] + 1e-20F;
	float c = a->re[0] / size, s = -a->im[0] / size;
	struct skw_carriers b[2];

	products(fft, b, x);
	for (int k = 0; k < 64; k++) {
		float re = z->re[k], im = z->im[k];

		for (int p = 0; p < 2; p++) {
			re -= w[k] * (a->re[p + 1] * b[p].re[k] - a->im[p + 1] * b[p].im[k]);
			im -= w[k] * (a->re[p + 1] * b[p].im[k] + a->im[p + 1] * b[p].re[k]);
		}
		z->re[k] = re * c - im * s;
		z->im[k] = re * s + im * c;
	}
}
