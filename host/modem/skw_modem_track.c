#include "modem/skw_modem_track.h"

static void predict(struct skw_track_filter *f, float n)
{
	f->x += n * f->v;
	f->xx += n * (2 * f->xv + n * f->vv) + n * f->xnoise;
	f->xv += n * f->vv;
	f->vv += f->vnoise;
}

void skw_track_start(struct skw_track *t, float snr, float products)
{
	float symbol = 80.0F / 64, seen = (1 + 0.5F / snr) / (snr * products);

	*t = (struct skw_track) {
		.phase = { .vv = seen * symbol * symbol + 1e-7F, .xnoise = 2e-4F, .vnoise = 1e-7F },
		/* clocks 40 ppm apart: 3.1e-4 a symbol */
		.slope = { .xx = 1e-7F, .vv = 2.5e-8F, .xnoise = 1e-10F, .vnoise = 1e-13F },
	};
}

void skw_track_predict(struct skw_track *t, float symbols)
{
	predict(&t->phase, symbols);
	predict(&t->slope, symbols);
}

void skw_track_correct(struct skw_track_filter *f, float error, float variance)
{
	float total = f->xx + variance, kx = f->xx / total, kv = f->xv / total;

	f->x += kx * error;
	f->v += kv * error;
	f->vv -= kv * f->xv;
	f->xv -= kx * f->xv;
	f->xx -= kx * f->xx;
}
