#include "session/skw_bbr.h"

#include <string.h>

enum {
	PACKET = 1390,
	CWND_START = 10 * PACKET,
	CWND_MIN = 4 * PACKET,
	SPARE = 4 * PACKET,
	QUEUE = 14 * PACKET
};
enum { PERCENT_STARTUP = 289, PERCENT_DRAIN = 35, PERCENT_DIP = 50, PERCENT_WINDOW = 120 };
enum {
	FULL_ROUNDS = 3,
	SHARED_ROUNDS = 3, /* a share changes with those who share */
	PHASES = 8,
	PHASE_UP = 0,
	PHASE_DOWN = 1,
	PHASE_LOOK = 2,
	PHASE_CRUISE = 3
};
enum { QUEUE_MIN_US = 5000, QUEUE_MAX_US = 15000, FULL_QUEUE_US = 10000 };
enum { RTT_LIFE_US = 10000000, SHARED_LIFE_US = 5000000, DIP_US = 200000 };
enum { STEADY_US = 5000, STEP_US = 5000 };
enum { CATCH_UP_US = 4000 };
static const uint64_t SECOND_US = 1000000;

static const uint64_t phase_percent[PHASES] = { 125, 75, 100, 100, 100, 100, 100, 100 };

void skw_bbr_init(struct skw_bbr *b)
{
	memset(b, 0, sizeof(*b));
	b->cwnd = CWND_START;
	b->high = UINT64_MAX;
	b->phase = PHASE_CRUISE;
}

uint64_t skw_bbr_rate(const struct skw_bbr *b)
{
	unsigned rounds = b->shared ? SHARED_ROUNDS : SKW_BBR_ROUNDS;
	uint64_t best = 0;

	for (unsigned i = 0; i < rounds; i++) {
		uint64_t rate = b->rates[(b->round + SKW_BBR_ROUNDS - i) % SKW_BBR_ROUNDS];

		best = rate > best ? rate : best;
	}
	return best;
}

static uint64_t product(const struct skw_bbr *b)
{
	return skw_bbr_rate(b) * b->min_rtt_us / SECOND_US;
}

/* ---- pace */

static uint64_t pace(const struct skw_bbr *b)
{
	uint64_t rate = skw_bbr_rate(b);

	/* Little was sent so far, so little was measured: that must not hold back the start. */
	if (b->mode == SKW_BBR_STARTUP && b->min_rtt_us > 0 &&
	    rate < CWND_START * SECOND_US / b->min_rtt_us)
		rate = CWND_START * SECOND_US / b->min_rtt_us;
	if (b->dip_until_us > 0)
		return rate * PERCENT_DIP / 100;
	switch (b->mode) {
	case SKW_BBR_STARTUP:
		return rate * PERCENT_STARTUP / 100;
	case SKW_BBR_DRAIN:
		return rate * PERCENT_DRAIN / 100;
	case SKW_BBR_PROBE:
		break;
	}
	/* Where others have a queue, who goes no faster than it went before never gets its share:
	 * the window is what limits. */
	if (b->shared && b->phase >= PHASE_CRUISE)
		return rate * phase_percent[PHASE_UP] / 100;
	return rate * phase_percent[b->phase] / 100;
}

uint64_t skw_bbr_next_us(const struct skw_bbr *b)
{
	return b->next_us > SKW_BBR_BURST_US ? b->next_us - SKW_BBR_BURST_US : 0;
}

/* A burst stands before a line that was idle; in the longer run it is what is in flight beyond what
 * the way itself holds. */
uint64_t skw_bbr_queue_us(const struct skw_bbr *b, uint64_t now_us)
{
	uint64_t rate = skw_bbr_rate(b);
	uint64_t held = rate > 0 ? b->in_flight * SECOND_US / rate : 0;
	uint64_t queue = held > b->min_rtt_us ? held - b->min_rtt_us : 0;
	uint64_t burst = b->busy_us > now_us ? b->busy_us - now_us : 0;

	burst = burst < held ? burst : held;
	return burst > queue ? burst : queue;
}

/* No burst is longer than the pace lets it be: what seems so was taken sooner than the rate says.
 */
static void note_burst(struct skw_bbr *b, uint64_t size, uint64_t now_us)
{
	uint64_t rate = skw_bbr_rate(b), most = now_us + CATCH_UP_US + SKW_BBR_BURST_US;

	b->busy_us = b->busy_us > now_us ? b->busy_us : now_us;
	b->busy_us += rate > 0 ? size * SECOND_US / rate : 0;
	b->busy_us = b->busy_us < most ? b->busy_us : most;
}

void skw_bbr_on_sent(struct skw_bbr *b, struct skw_bbr_packet *packet, uint64_t size,
		     uint64_t now_us)
{
	uint64_t rate = pace(b);

	if (b->in_flight == 0)
		b->first_sent_us = b->delivered_us = now_us;
	*packet = (struct skw_bbr_packet) {
		.sent_us = now_us,
		.delivered = b->delivered,
		.delivered_us = b->delivered_us,
		.first_sent_us = b->first_sent_us,
		.app_limited = b->app_limited_until > b->delivered || b->dip_cwnd > 0,
	};
	b->in_flight += size;
	b->peak = b->in_flight > b->peak ? b->in_flight : b->peak;
	/* Who comes late, since timers are coarse, makes up for it, but for no long pause. */
	if (b->next_us + CATCH_UP_US < now_us)
		b->next_us = now_us - (rate > 0 ? CATCH_UP_US : 0);
	if (rate > 0)
		b->next_us += size * SECOND_US / rate;
	note_burst(b, size, now_us);
}

void skw_bbr_on_idle(struct skw_bbr *b)
{
	b->app_limited_until = b->delivered + b->in_flight + 1;
}

/* ---- model */

static bool queue_stands(const struct skw_bbr *b)
{
	uint64_t queue = b->min_rtt_us / 4;

	queue = queue < QUEUE_MIN_US ? QUEUE_MIN_US : queue > QUEUE_MAX_US ? QUEUE_MAX_US : queue;
	return (b->round_rtt_us > 0 ? b->round_rtt_us : b->rtt_us) > b->min_rtt_us + queue;
}

/* Less than before is kept under way for two round trips, to see whose queue it is that stands. */
static void begin_look(struct skw_bbr *b)
{
	b->looking = queue_stands(b);
	b->queue_us = b->rtt_us - b->min_rtt_us;
	b->look_in_flight = b->peak;
}

/* The second of the most, since one moment in which a host stood still is no habit of the path. */
static uint64_t bunch(const struct skw_bbr *b)
{
	uint64_t most = 0, second = 0;

	for (unsigned i = 0; i < SKW_BBR_ROUNDS; i++) {
		uint64_t x = b->bunches[i];

		second = x > most ? most : x > second ? x : second;
		most = x > most ? x : most;
	}
	return second;
}

/* Who shares a queue looks for the way's length when all the others do: ten or five seconds after
 * the least that all of them saw. What was seen before the queue stood is no such time. */
static void join_others(struct skw_bbr *b, uint64_t now_us)
{
	if (!b->joined) {
		b->low_rtt_us = b->rtt_us;
		b->low_at_us = now_us;
	}
	b->joined = true;
}

/* Had it been ours it would have become shorter by what is under way no more. */
static void end_look(struct skw_bbr *b, uint64_t now_us)
{
	uint64_t rate = skw_bbr_rate(b);
	uint64_t left = b->look_rtt_us > b->min_rtt_us ? b->look_rtt_us - b->min_rtt_us : 0;
	uint64_t gone = b->queue_us > left ? b->queue_us - left : 0;
	uint64_t less = b->look_in_flight > b->peak ? b->look_in_flight - b->peak : 0;
	uint64_t ours = rate > 0 ? less * SECOND_US / rate : 0;

	ours = ours < b->queue_us ? ours : b->queue_us;
	if (!b->looking || left <= QUEUE_MIN_US)
		b->shared = false;
	else if (ours >= QUEUE_MIN_US) /* too little tells nothing */
		b->shared = 3 * gone < ours;
	b->looking = false;
	if (b->shared)
		join_others(b, now_us);
}

static void note_bunch(struct skw_bbr *b, uint64_t acked, uint64_t now_us)
{
	uint64_t expected = skw_bbr_rate(b) * (now_us - b->bunch_us) / SECOND_US;
	uint64_t *most = &b->bunches[b->round % SKW_BBR_ROUNDS], extra;

	if (b->bunch_acked <= expected) {
		b->bunch_us = now_us;
		b->bunch_acked = expected = 0;
	}
	b->bunch_acked += acked;
	extra = b->bunch_acked - expected;
	extra = extra < b->cwnd ? extra : b->cwnd;
	*most = extra > *most ? extra : *most;
}

static uint64_t rtt_life(const struct skw_bbr *b)
{
	return b->shared ? SHARED_LIFE_US : RTT_LIFE_US;
}

/* Of the second half of the time before a dip. */
static void note_round_rtt(struct skw_bbr *b, uint64_t now_us)
{
	uint64_t rtt = b->round_rtt_us;

	if (rtt == 0 || b->dip_until_us > 0 || now_us - b->low_at_us < rtt_life(b) / 2)
		return;
	if (b->rounds_least_us == 0 || rtt < b->rounds_least_us)
		b->rounds_least_us = rtt;
	if (rtt > b->rounds_most_us)
		b->rounds_most_us = rtt;
}

static uint64_t full_queue(const struct skw_bbr *b)
{
	uint64_t half = b->min_rtt_us / 2;

	return FULL_QUEUE_US + (half < FULL_QUEUE_US ? half : FULL_QUEUE_US);
}

static void end_round(struct skw_bbr *b, uint64_t now_us)
{
	uint64_t rate = skw_bbr_rate(b), all = b->round_acked + b->round_lost;
	/* On a shared line a user that is held back by others leaves pauses too. */
	bool held_back = b->shared && b->dip_cwnd == 0 && b->round_acked >= CWND_MIN;
	bool measured = b->measured || held_back, queue;

	b->lossy = all > 8 * PACKET && 100 * b->round_lost > SKW_BBR_LOSS_PERCENT * all;
	if (b->lossy) {
		uint64_t from = b->high < b->cwnd ? b->high : b->cwnd;
		uint64_t least = product(b) + bunch(b) + CWND_MIN;

		b->high = from - from / 8 > least ? from - from / 8 : least;
	} else if (b->high != UINT64_MAX) {
		b->high += b->high / 8;
		if (b->high > 8 * product(b) + SPARE)
			b->high = UINT64_MAX;
	}
	b->round_acked = b->round_lost = 0;
	queue = product(b) > QUEUE && b->round_rtt_us > b->min_rtt_us + full_queue(b);
	note_round_rtt(b, now_us);
	b->round_rtt_us = 0;
	if (measured) { /* what was measured is forgotten for newer measures only */
		b->rates[++b->round % SKW_BBR_ROUNDS] = 0;
		b->bunches[b->round % SKW_BBR_ROUNDS] = 0;
	}
	b->measured = false;
	b->round_ends = b->delivered;
	/* A user that leaves pauses tells nothing, unless it fills the path all the same; on a thin
	 * share of a line its queues are to say how much there is. */
	if (b->mode != SKW_BBR_STARTUP)
		return;
	if (b->app_limited_until > b->delivered && !queue) {
		b->full_rounds = 0;
		return;
	}
	if (b->lossy && queue) { /* it overflows; who goes on pushes the others out */
		b->full_rounds = FULL_ROUNDS;
	} else if (rate >= b->full_rate + b->full_rate / 4) {
		b->full_rate = rate;
		b->full_rounds = 0;
	} else {
		b->full_rounds++;
	}
	if (b->full_rounds >= FULL_ROUNDS) {
		b->mode = SKW_BBR_DRAIN;
		b->phase_us = now_us;
		begin_look(b);
	}
}

static void sample_rate(struct skw_bbr *b, const struct skw_bbr_packet *p, uint64_t now_us)
{
	uint64_t sending = p->sent_us - p->first_sent_us, acking = now_us - p->delivered_us;
	uint64_t us = sending > acking ? sending : acking;
	uint64_t *best = &b->rates[b->round % SKW_BBR_ROUNDS];
	uint64_t rate;

	if (us == 0 || us < b->min_rtt_us / 2)
		return; /* bunched acknowledgements */
	rate = (b->delivered - p->delivered) * SECOND_US / us;
	b->measured = b->measured || !p->app_limited;
	if (rate > *best && (!p->app_limited || rate > skw_bbr_rate(b)))
		*best = rate;
}

/* How long a phase lasts, unless something is seen sooner. What the probe brings is seen a round
 * trip later; a queue is seen sooner. */
static uint64_t phase_time(const struct skw_bbr *b)
{
	if (b->shared || b->looking)
		return b->rtt_us;
	return (b->phase == PHASE_UP && !queue_stands(b) ? 2 : 1) * b->min_rtt_us;
}

static void begin_phase(struct skw_bbr *b, unsigned phase, uint64_t now_us)
{
	b->phase = phase;
	b->phase_us = now_us;
	b->probe_rate = skw_bbr_rate(b);
	b->look_rtt_us = UINT64_MAX;
	b->peak = b->in_flight;
}

/* What comes after it. */
static unsigned end_phase(struct skw_bbr *b, uint64_t now_us)
{
	switch (b->phase) {
	case PHASE_UP:
		/* As long as there is more to find and no queue, it goes on. */
		if (!queue_stands(b) && skw_bbr_rate(b) > b->probe_rate + b->probe_rate / 8)
			return PHASE_UP;
		begin_look(b);
		return PHASE_DOWN;
	case PHASE_LOOK:
		end_look(b, now_us);
		return PHASE_CRUISE;
	case PHASES - 1:
		if (!b->lossy)
			return PHASE_UP;
		if (!b->shared) /* no probing for more where too much is lost */
			return PHASE_CRUISE;
		begin_look(b);
		return PHASE_DOWN;
	default:
		return b->phase + 1;
	}
}

static void next_phase(struct skw_bbr *b, uint64_t now_us)
{
	bool over = now_us - b->phase_us > phase_time(b);

	if (b->dip_cwnd > 0)
		return;
	switch (b->mode) {
	case SKW_BBR_STARTUP:
		return;
	case SKW_BBR_DRAIN: /* a queue of others does not run empty, however long one waits */
		if (over || b->in_flight <= product(b)) {
			b->mode = SKW_BBR_PROBE;
			begin_phase(b, PHASE_LOOK, now_us);
		}
		return;
	case SKW_BBR_PROBE:
		if (b->phase == PHASE_DOWN && b->in_flight <= product(b) + bunch(b))
			over = true;
		if (b->phase == PHASE_LOOK && b->look_rtt_us == UINT64_MAX)
			over = false;
		if (over)
			begin_phase(b, end_phase(b, now_us), now_us);
		return;
	}
}

static void set_window(struct skw_bbr *b, uint64_t acked)
{
	uint64_t percent = b->mode == SKW_BBR_STARTUP ? PERCENT_STARTUP : PERCENT_WINDOW;
	uint64_t target = product(b) * percent / 100 + bunch(b) + SPARE;

	/* On a thin share of a line something has to wait at its entry, or its queues share
	 * unfairly. */
	if (b->shared || target < product(b) + QUEUE)
		target = product(b) + QUEUE;

	if (b->mode != SKW_BBR_STARTUP && b->looking)
		target = product(b) + bunch(b) + SPARE;

	if (b->dip_cwnd > 0) {
		b->cwnd = CWND_MIN;
		return;
	}
	if (b->mode == SKW_BBR_STARTUP) {
		if (b->cwnd < target || b->delivered < CWND_START)
			b->cwnd += acked;
	} else {
		b->cwnd = b->cwnd + acked < target ? b->cwnd + acked : target;
	}
	if (b->cwnd > b->high)
		b->cwnd = b->high;
	if (b->cwnd < CWND_MIN)
		b->cwnd = CWND_MIN;
}

void skw_bbr_on_acked(struct skw_bbr *b, const struct skw_bbr_packet *packet, uint64_t size,
		      uint64_t now_us)
{
	b->in_flight -= size;
	b->delivered += size;
	b->delivered_us = now_us;
	b->first_sent_us = packet->sent_us;
	b->round_acked += size;
	sample_rate(b, packet, now_us);
	note_bunch(b, size, now_us);
	if (packet->delivered >= b->round_ends)
		end_round(b, now_us);
	next_phase(b, now_us);
	set_window(b, size);
}

/* The way is as long as a packet takes while the queue is empty. One's own is short, and half the
 * pace empties it; that of others is empty when all of them send next to nothing at once. */
static void begin_dip(struct skw_bbr *b, uint64_t now_us)
{
	uint64_t us = 2 * b->min_rtt_us;

	if (b->shared) {
		us = b->rtt_us + b->min_rtt_us > DIP_US ? b->rtt_us + b->min_rtt_us : DIP_US;
		b->dip_cwnd = b->cwnd;
		b->cwnd = CWND_MIN;
	}
	b->dip_until_us = now_us + us;
	b->low_rtt_us = b->rtt_us;
	b->low_at_us = now_us;
}

/* Greater than before, it may be a longer way, or the others did not join in. Who took that for the
 * way would keep so much more in the queue, and get more than all who did not; if each takes the
 * same little step for it, shares stay. The way does not change from one round trip to the next, as
 * a queue does: what is steady is believed by half as much more. */
static void end_dip(struct skw_bbr *b, uint64_t now_us)
{
	bool steady = b->rounds_most_us - b->rounds_least_us < STEADY_US;
	uint64_t step = b->min_rtt_us / 2;

	if (!steady && step > STEP_US)
		step = STEP_US;
	step += b->min_rtt_us;
	b->min_rtt_us = b->low_rtt_us < step ? b->low_rtt_us : step;
	b->rounds_least_us = b->rounds_most_us = 0;
	b->joined = b->shared;
	b->dip_until_us = 0;
	if (b->dip_cwnd > 0) {
		b->cwnd = b->dip_cwnd;
		b->dip_cwnd = 0;
		begin_phase(b, PHASE_CRUISE, now_us);
	}
}

void skw_bbr_on_rtt(struct skw_bbr *b, uint64_t rtt_us, uint64_t now_us)
{
	if (rtt_us == 0)
		rtt_us = 1;
	b->rtt_us = rtt_us;
	if (rtt_us < b->look_rtt_us)
		b->look_rtt_us = rtt_us;
	if (b->round_rtt_us == 0 || rtt_us < b->round_rtt_us)
		b->round_rtt_us = rtt_us;
	if (b->min_rtt_us == 0 || rtt_us < b->min_rtt_us)
		b->min_rtt_us = rtt_us;
	if (rtt_us <= b->min_rtt_us || rtt_us < b->low_rtt_us) {
		b->low_rtt_us = rtt_us;
		b->low_at_us = now_us;
	}
	if (b->dip_until_us > 0 && now_us >= b->dip_until_us)
		end_dip(b, now_us);
	else if (b->dip_until_us == 0 && now_us - b->low_at_us > rtt_life(b))
		begin_dip(b, now_us);
}

void skw_bbr_on_lost(struct skw_bbr *b, uint64_t size, bool counts)
{
	b->in_flight -= size;
	if (counts)
		b->round_lost += size;
}
