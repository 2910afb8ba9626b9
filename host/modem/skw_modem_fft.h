/* skw_modem_fft - the 64-point Fourier transform, both ways, unscaled (rtl/fft).
 *
 * Three radix-4 passes after Stockham over split real and imaginary parts, four butterflies to a
 * vector of 128 bits: SSE2 and NEON alike, in the language of gcc and clang. Our own for three
 * reasons: nothing global to plan or lock (FFTW), no allocation, and the equaliser works on split
 * parts.
 */
#ifndef SKW_MODEM_FFT_H
#define SKW_MODEM_FFT_H

struct skw_fft {
	_Alignas(16) float re[3][64], im[3][64]; /* twiddles: w^p, w^2p, w^3p of both big passes */
};

struct skw_carriers {
	_Alignas(16) float re[64], im[64];
};

void skw_fft_init(struct skw_fft *f);
/* X(k) = sum x(n) e^(-j 2 pi k n / 64). In and out may be the same. */
void skw_fft_forward(const struct skw_fft *f, struct skw_carriers *out,
		     const struct skw_carriers *in);
/* x(n) = sum X(k) e^(+j 2 pi k n / 64). */
void skw_fft_inverse(const struct skw_fft *f, struct skw_carriers *out,
		     const struct skw_carriers *in);

#endif
