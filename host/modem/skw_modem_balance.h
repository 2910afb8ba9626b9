/* skw_modem_balance - the mixer's imbalance of I and Q, learned from the air and taken off.
 *
 * Unequal gains and an angle that is not square add an image: x = a + b conj(a), some 24 dB below
 * the signal at 1 dB and 3 degrees. What is sent has no preference between I and Q (E a^2 = 0: the
 * data's carriers are independent of their mirror images), so E x^2 / E |x|^2 = 2 b, and
 *
 *   a = x - b conj(x)
 *
 * as near as b^2. Sums run over the data symbols of frames, each symbol of the same weight however
 * loud; they forget after some 2,000 symbols. A few symbols tell little, and are believed as
 * little: so that chance costs nothing where there is no imbalance.
 */
#ifndef SKW_MODEM_BALANCE_H
#define SKW_MODEM_BALANCE_H

struct skw_balance {
	float re, im, weight; /* sums of x^2 and |x|^2 */
	float b_re, b_im;     /* to take off */
};

/* 64 samples of a symbol, free of the mixer's constant, not balanced. */
void skw_balance_hear(struct skw_balance *b, const float re[64], const float im[64]);

/* One sample, balanced. */
static inline void skw_balance_apply(const struct skw_balance *b, float *re, float *im)
{
	float i = *re, q = *im;

	*re = i - (b->b_re * i + b->b_im * q);
	*im = q - (b->b_im * i - b->b_re * q);
}

#endif
