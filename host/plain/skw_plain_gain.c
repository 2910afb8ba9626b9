#include "plain/skw_plain_gain.h"

#include <math.h>

static void start_window(struct skw_plain_gain *g)
{
	g->seen = 0;
	g->peak = 0;
	g->quietest = INFINITY;
}

void skw_plain_gain_init(struct skw_plain_gain *g, double db, double least, double most,
			 double rate_hz)
{
	g->least = least;
	g->most = most;
	g->db = fmin(fmax(db, least), most);
	g->window = 0.5 * rate_hz;
	start_window(g);
}

static bool change(struct skw_plain_gain *g, double by)
{
	double db = fmin(fmax(g->db + by, g->least), g->most);
	bool changed = db != g->db;

	g->db = db;
	start_window(g);
	return changed;
}

bool skw_plain_gain_follow(struct skw_plain_gain *g, size_t n, float peak, float power,
			   size_t clipped)
{
	const float quiet = 3.2e-6F; /* -55 dBFS */

	g->seen += (double)n;
	g->peak = fmaxf(g->peak, peak);
	g->quietest = fminf(g->quietest, power);
	if (clipped > 2)
		return change(g, -6);
	if (g->seen < g->window)
		return false;
	if (g->quietest > 30 * quiet)
		return change(g, -3);
	if (g->peak < 0.25F && g->quietest < quiet)
		return change(g, 3);
	start_window(g);
	return false;
}
