#include "air/skw_air_world.h"

#include <math.h>
#include <stdlib.h>

#include "air/skw_air_channel.h"
#include "air/skw_air_drift.h"
#include "air/skw_air_pool.h"
#include "wire/skw_hostlink.h"

enum {
	BEFORE = 256, /* samples of noise that a receiver hears before a frame: it settles */
	AFTER = 256,  /* and after it, so that it notices the end */
	SERVICE_CLOCKS = 4096, /* one service at most: others are waiting */
};

struct seat {
	struct skw_radio *radio; /* NULL: nobody there */
	uint64_t awake_until;
	struct skw_air_count count;
	struct skw_iq sent[SKW_AIR_CHUNK], heard[SKW_AIR_CHUNK];
};

struct skw_air_world {
	const struct skw_air_scenario *s;
	struct skw_air_channel *channel;
	struct skw_air_pool *pool;
	uint64_t now;
	unsigned chunk;
	unsigned running[SKW_AIR_RADIOS]; /* the seats that run in this chunk */
	unsigned runners;
	size_t n; /* samples of this chunk */
	struct seat seat[SKW_AIR_RADIOS];
};

static unsigned shortest_delay(const struct skw_air_scenario *s)
{
	unsigned shortest = SKW_AIR_CHUNK;

	for (unsigned a = 0; a < s->radios; a++)
		for (unsigned b = 0; b < s->radios; b++)
			if (s->path[a][b].open && s->path[a][b].delay < shortest)
				shortest = s->path[a][b].delay;
	if (s->drift) /* who runs fast has some samples more */
		return shortest - SKW_AIR_DRIFT_SPAN;
	return shortest > 0 ? shortest : 1;
}

/* A seat's own count of samples when the air's is t. */
static uint64_t count_at(const struct skw_air_world *w, unsigned seat, uint64_t t)
{
	return skw_air_drift_count(t, skw_air_scenario_ppb(w->s, seat));
}

struct skw_air_world *skw_air_world_new(const struct skw_air_scenario *s, unsigned threads)
{
	struct skw_air_world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->s = s;
	w->chunk = shortest_delay(s);
	w->channel = skw_air_channel_new(s);
	w->pool = skw_air_pool_new(threads);
	if (w->channel != NULL && w->pool != NULL)
		return w;
	skw_air_world_free(w);
	return NULL;
}

void skw_air_world_free(struct skw_air_world *w)
{
	if (w == NULL)
		return;
	for (unsigned i = 0; i < SKW_AIR_RADIOS; i++)
		skw_radio_free(w->seat[i].radio);
	skw_air_pool_free(w->pool);
	skw_air_channel_free(w->channel);
	free(w);
}

/* ---- seats ----------------------------------------------------------------------------------- */

/* What a board's own start-up would load: rate and carrier. */
static bool tune(struct skw_radio *r, const struct skw_air_scenario *s)
{
	uint64_t hz = (uint64_t)s->carrier_hz;
	const uint32_t setting[][2] = {
		{ SKW_REG_FE_RATE, s->rate_hz },
		{ SKW_REG_FE_RX_HZ_LO, (uint32_t)hz },
		{ SKW_REG_FE_RX_HZ_HI, (uint32_t)(hz >> 32) },
		{ SKW_REG_FE_TX_HZ_LO, (uint32_t)hz },
		{ SKW_REG_FE_TX_HZ_HI, (uint32_t)(hz >> 32) },
	};
	uint8_t packets[128];
	struct skw_writer out = skw_writer(packets, sizeof(packets));

	for (unsigned i = 0; i < sizeof(setting) / sizeof(setting[0]); i++)
		skw_hostlink_put_reg_write(&out, setting[i][0], setting[i][1]);
	return skw_radio_host_write(r, packets, skw_writer_len(&out));
}

bool skw_air_world_seat(struct skw_air_world *w, unsigned seat)
{
	struct skw_radio *r = skw_radio_new();

	if (r == NULL || !tune(r, w->s)) {
		skw_radio_free(r);
		return false;
	}
	skw_air_world_leave(w, seat);
	w->seat[seat].radio = r;
	w->seat[seat].awake_until = 0;
	skw_air_world_service(w, seat);
	skw_radio_skip(r, count_at(w, seat, w->now) - skw_radio_time(r) +
			      (uint64_t)llrint(w->s->radio[seat].clock_s * w->s->rate_hz));
	return true;
}

void skw_air_world_leave(struct skw_air_world *w, unsigned seat)
{
	skw_radio_free(w->seat[seat].radio);
	w->seat[seat].radio = NULL;
}

struct skw_radio *skw_air_world_radio(struct skw_air_world *w, unsigned seat)
{
	return w->seat[seat].radio;
}

void skw_air_world_service(struct skw_air_world *w, unsigned seat)
{
	struct skw_radio *r = w->seat[seat].radio;

	if (r == NULL)
		return;
	skw_radio_service(r, SERVICE_CLOCKS);
	skw_air_channel_tune(w->channel, seat, skw_radio_front_end(r));
}

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t skw_air_world_time(const struct skw_air_world *w)
{
	return w->now;
}

static void wake(struct skw_air_world *w, unsigned seat, uint64_t until)
{
	if (w->seat[seat].awake_until < until)
		w->seat[seat].awake_until = until;
}

static void wake_listeners(struct skw_air_world *w, unsigned from, uint64_t sent_until)
{
	for (unsigned to = 0; to < w->s->radios; to++)
		if (w->seat[to].radio != NULL && skw_air_channel_joins(w->channel, from, to))
			wake(w, to, sent_until + w->s->path[from][to].delay + AFTER);
}

/* The air's time at which a seat's next waiting transmission starts. Its clock may have been set.
 */
static uint64_t next_start(const struct skw_air_world *w, unsigned seat)
{
	const struct skw_radio *r = w->seat[seat].radio;
	int32_t ppb = skw_air_scenario_ppb(w->s, seat);
	uint64_t start, clock, wait;

	if (r == NULL || !skw_radio_next_tx(r, &start))
		return UINT64_MAX;
	clock = skw_radio_time(r);
	if (start <= clock)
		return w->now;
	wait = ppb == 0 ? start - clock : skw_air_drift_time(start - clock, ppb);
	return wait < UINT64_MAX - w->now ? w->now + wait : UINT64_MAX;
}

/* Wakes who is about to send and who will hear it. Returns the earliest start that is further away.
 */
static uint64_t look_ahead(struct skw_air_world *w)
{
	uint64_t earliest = UINT64_MAX;

	for (unsigned i = 0; i < w->s->radios; i++) {
		uint64_t start = next_start(w, i);

		if (start <= w->now + BEFORE) {
			wake(w, i, start + 1);
			wake_listeners(w, i, start);
		} else if (start < earliest) {
			earliest = start;
		}
	}
	return earliest;
}

static void choose_runners(struct skw_air_world *w)
{
	w->runners = 0;
	for (unsigned i = 0; i < w->s->radios; i++)
		if (w->seat[i].radio != NULL &&
		    (w->now < w->seat[i].awake_until || !skw_radio_idle(w->seat[i].radio)))
			w->running[w->runners++] = i;
}

uint64_t skw_air_world_next(struct skw_air_world *w)
{
	uint64_t next = look_ahead(w);

	choose_runners(w);
	if (w->runners > 0)
		return w->now;
	return next == UINT64_MAX ? next : next - BEFORE;
}

/* Moves a radio's counter as the air's goes to `to`. */
static void skip(struct skw_air_world *w, unsigned seat, uint64_t to)
{
	uint64_t n = count_at(w, seat, to) - count_at(w, seat, w->now);

	if (w->seat[seat].radio == NULL)
		return;
	skw_radio_skip(w->seat[seat].radio, n);
	w->seat[seat].count.skipped += n;
}

/* One radio, one chunk: what the pool's threads do. */
static void run_seat(void *ctx, unsigned i)
{
	struct skw_air_world *w = ctx;
	unsigned at = w->running[i];
	struct seat *seat = &w->seat[at];

	uint64_t from = count_at(w, at, w->now);
	size_t n = (size_t)(count_at(w, at, w->now + w->n) - from);
	bool hears = w->now < seat->awake_until || skw_radio_streams(seat->radio);

	if (hears)
		skw_air_channel_hear(w->channel, at, from, seat->heard, n);
	skw_radio_run(seat->radio, seat->sent, hears ? seat->heard : NULL, n);
	seat->count.evaluated += n;
}

static void run_chunk(struct skw_air_world *w)
{
	unsigned k = 0;

	skw_air_pool_run(w->pool, run_seat, w, w->runners);
	for (unsigned i = 0; i < w->s->radios; i++) {
		uint64_t from = count_at(w, i, w->now);
		size_t n = (size_t)(count_at(w, i, w->now + w->n) - from);

		if (k < w->runners && w->running[k] == i) {
			k++;
			if (skw_air_channel_send(w->channel, i, from, w->seat[i].sent, n))
				wake_listeners(w, i, w->now + w->n);
			skw_air_channel_tune(w->channel, i, skw_radio_front_end(w->seat[i].radio));
		} else {
			skw_air_channel_send(w->channel, i, from, NULL, n);
			skip(w, i, w->now + w->n);
		}
	}
	w->now += w->n;
}

enum skw_air_step skw_air_world_step(struct skw_air_world *w, uint64_t limit)
{
	uint64_t next, to;

	if (w->now >= limit)
		return SKW_AIR_LIMIT;
	next = skw_air_world_next(w);
	if (w->runners > 0) {
		w->n = limit - w->now < w->chunk ? (size_t)(limit - w->now) : w->chunk;
		run_chunk(w);
		return SKW_AIR_RAN;
	}
	to = next < limit ? next : limit;
	for (unsigned i = 0; i < w->s->radios; i++)
		skip(w, i, to);
	skw_air_channel_clear(w->channel);
	w->now = to;
	return SKW_AIR_MOVED;
}

struct skw_air_count skw_air_world_count(const struct skw_air_world *w, unsigned seat)
{
	return w->seat[seat].count;
}
