#include "ledger/skw_money.h"

#include <inttypes.h>
#include <stdio.h>

bool skw_droplets_add(struct skw_droplets *out, struct skw_droplets a, struct skw_droplets b)
{
	if (a.n > UINT64_MAX - b.n)
		return false;
	out->n = a.n + b.n;
	return true;
}

bool skw_droplets_sub(struct skw_droplets *out, struct skw_droplets a, struct skw_droplets b)
{
	if (a.n < b.n)
		return false;
	out->n = a.n - b.n;
	return true;
}

bool skw_droplets_mul(struct skw_droplets *out, struct skw_droplets a, uint64_t times)
{
	if (times > 0 && a.n > UINT64_MAX / times)
		return false;
	out->n = a.n * times;
	return true;
}

bool skw_hours_add(struct skw_hours *out, struct skw_hours a, struct skw_hours b)
{
	if (a.n > UINT64_MAX - b.n)
		return false;
	out->n = a.n + b.n;
	return true;
}

bool skw_hours_sub(struct skw_hours *out, struct skw_hours a, struct skw_hours b)
{
	if (a.n < b.n)
		return false;
	out->n = a.n - b.n;
	return true;
}

bool skw_hours_mul(struct skw_hours *out, struct skw_hours a, uint64_t times)
{
	if (times > 0 && a.n > UINT64_MAX / times)
		return false;
	out->n = a.n * times;
	return true;
}

void skw_droplets_print(char out[SKW_DROPLETS_TEXT], struct skw_droplets amount)
{
	snprintf(out, SKW_DROPLETS_TEXT, "%" PRIu64 ".%06" PRIu64, amount.n / SKW_DROPLETS_PER_SKY,
		 amount.n % SKW_DROPLETS_PER_SKY);
}

/* Appends one decimal digit to a number that must stay below 2^63. */
static bool push_digit(uint64_t *n, char c)
{
	uint64_t digit = (uint64_t)(c - '0');

	if (c < '0' || c > '9' || *n > ((uint64_t)INT64_MAX - digit) / 10)
		return false;
	*n = *n * 10 + digit;
	return true;
}

bool skw_droplets_parse(struct skw_droplets *out, const char *text)
{
	uint64_t n = 0;
	unsigned decimals = 0;
	const char *p = text;

	if (*p < '0' || *p > '9') /* ".5" is no amount, nor is "-5" */
		return false;
	for (; *p != '\0' && *p != '.'; p++)
		if (!push_digit(&n, *p))
			return false;
	if (*p == '.' && *++p == '\0')
		return false;
	for (; *p != '\0'; p++, decimals++)
		if (decimals == 6 || !push_digit(&n, *p))
			return false;
	for (; decimals < 6; decimals++)
		if (!push_digit(&n, '0'))
			return false;
	out->n = n;
	return true;
}
