#include "cli/skw_cli_waterfall.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <complex.h>
#include <liquid/liquid.h>

enum { COLUMNS = 64, LEVELS = 10 };

static const float FLOOR_DB = -100, STEP_DB = 10; /* of each of 64 bins, full scale 0 */

struct skw_cli_waterfall {
	spgramcf spectrum;
	size_t each, have;
	bool colour;
};

struct skw_cli_waterfall *skw_cli_waterfall_new(size_t samples, bool colour)
{
	struct skw_cli_waterfall *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->each = samples > COLUMNS ? samples : COLUMNS;
	w->colour = colour;
	w->spectrum = spgramcf_create(COLUMNS, LIQUID_WINDOW_HAMMING, COLUMNS, COLUMNS / 2);
	if (w->spectrum == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void skw_cli_waterfall_free(struct skw_cli_waterfall *w)
{
	if (w != NULL)
		spgramcf_destroy(w->spectrum);
	free(w);
}

static void print_line(struct skw_cli_waterfall *w)
{
	static const char shades[LEVELS + 1] = " .:-=+*#%@";
	static const unsigned char colours[LEVELS] = { 16, 17, 18, 19, 27, 45, 49, 226, 208, 196 };
	float psd[COLUMNS], most = -1000;

	spgramcf_get_psd(w->spectrum, psd);
	for (int k = 0; k < COLUMNS; k++) {
		float db = psd[k] - 10 * log10f(COLUMNS);
		int level = (int)fminf(fmaxf((db - FLOOR_DB) / STEP_DB, 0), LEVELS - 1);

		most = fmaxf(most, db);
		if (w->colour)
			printf("\033[48;5;%um ", colours[level]);
		else
			putchar(shades[level]);
	}
	printf("%s %6.1f dBFS\n", w->colour ? "\033[0m" : "|", (double)most);
	fflush(stdout);
}

void skw_cli_waterfall_feed(struct skw_cli_waterfall *w, const struct skw_modem_iq *samples,
			    size_t n)
{
	while (n > 0) {
		size_t some = w->each - w->have < n ? w->each - w->have : n;

		for (size_t k = 0; k < some; k++)
			spgramcf_push(w->spectrum, samples[k].i + _Complex_I * samples[k].q);
		samples += some;
		n -= some;
		w->have += some;
		if (w->have < w->each)
			return;
		print_line(w);
		spgramcf_reset(w->spectrum);
		w->have = 0;
	}
}
