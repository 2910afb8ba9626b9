#include "air/skw_air_clock.h"

static const double SLACK_S = 0.0005;

void skw_air_clock_init(struct skw_air_clock *c, double samples_per_second, uint64_t now_ns)
{
	*c = (struct skw_air_clock) {
		.samples_per_ns = samples_per_second * 1e-9,
		.base_ns = now_ns,
		.slack = (uint64_t)(samples_per_second * SLACK_S),
	};
}

uint64_t skw_air_clock_limit(const struct skw_air_clock *c, uint64_t now_ns)
{
	if (now_ns <= c->base_ns)
		return c->base_time;
	return c->base_time + (uint64_t)((double)(now_ns - c->base_ns) * c->samples_per_ns);
}

uint64_t skw_air_clock_when(const struct skw_air_clock *c, uint64_t time)
{
	double wait;

	if (time <= c->base_time)
		return c->base_ns;
	wait = (double)(time - c->base_time) / c->samples_per_ns + 1;
	return wait < 0x1p62 ? c->base_ns + (uint64_t)wait : UINT64_MAX;
}

void skw_air_clock_fell_behind(struct skw_air_clock *c, uint64_t now_ns, uint64_t time)
{
	if (skw_air_clock_limit(c, now_ns) <= time + c->slack)
		return;
	c->base_ns = now_ns;
	c->base_time = time + c->slack;
}
