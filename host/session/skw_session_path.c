/* The paths of a session, and which of them carries what.
 *
 * Bulk fills every path whose window and pace allow it. What is little (the rest of a stream,
 * repairs, control) waits for a quicker path where it arrives sooner for it: path p is left out if
 *
 *   waiting / (rates of the quicker paths) + one way of the quickest < one way of p
 *
 * so that a slow path never holds the end of something that a quick one could have brought.
 */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

enum { UNKNOWN_US = 100000, BLOCKED_US = 2000 };

/* ---- which there are */

struct path *path_new(struct one *one, uint32_t circuit, uint16_t id)
{
	struct path *path;

	if (one->path_count == SKW_SESSION_PATHS)
		return NULL;
	path = calloc(1, sizeof(*path));
	if (path == NULL)
		return NULL;
	path->sent = calloc(SENT_START, sizeof(*path->sent));
	if (path->sent == NULL) {
		free(path);
		return NULL;
	}
	path->sent_size = SENT_START;
	path->circuit = circuit;
	path->id = id;
	path->room = UINT32_MAX;
	path->reorder = REORDER;
	path->overtaken = 1;
	path->need_ping = true;
	skw_recovery_init(&path->recovery);
	skw_bbr_init(&path->bbr);
	one->paths[one->path_count++] = path;
	return path;
}

void path_free(struct one *one, unsigned at)
{
	struct path *path = one->paths[at];

	session_tell_all_lost(one, path);
	skw_ranges_free(&path->received);
	free(path->sent);
	free(path);
	one->paths[at] = one->paths[--one->path_count];
	one->paths[one->path_count] = NULL;
}

struct path *path_by_id(const struct one *one, uint16_t id)
{
	for (unsigned i = 0; i < one->path_count; i++)
		if (one->paths[i]->id == id)
			return one->paths[i];
	return NULL;
}

int path_by_circuit(const struct one *one, uint32_t circuit)
{
	for (unsigned i = 0; i < one->path_count; i++)
		if (one->paths[i]->circuit == circuit)
			return (int)i;
	return -1;
}

/* It gets nothing new while there is another. */
static bool rests(const struct path *p)
{
	return p->silent || p->retiring;
}

struct path *path_quickest(const struct one *one)
{
	struct path *best = NULL;

	for (unsigned i = 0; i < one->path_count; i++) {
		struct path *p = one->paths[i];
		uint64_t rtt = p->recovery.srtt_us;

		if (best == NULL || rests(best) > rests(p) ||
		    (rests(best) == rests(p) && rtt > 0 &&
		     (best->recovery.srtt_us == 0 || rtt < best->recovery.srtt_us)))
			best = p;
	}
	return best;
}

/* Each number is used once: a packet of a path that went must not bring it back. */
static bool path_is_new(struct one *one, uint16_t id)
{
	if (id < one->path_base)
		return false;
	if (id >= one->path_base + 64) {
		uint64_t by = id - (one->path_base + 63);

		one->path_seen = by < 64 ? one->path_seen >> by : 0;
		one->path_base += by;
	}
	if (one->path_seen >> (id - one->path_base) & 1)
		return false;
	one->path_seen |= UINT64_C(1) << (id - one->path_base);
	return true;
}

struct path *path_heard(struct one *one, uint16_t id, uint32_t circuit)
{
	struct path *path = path_by_id(one, id);
	int old = path_by_circuit(one, circuit);

	if (path != NULL)
		return path->circuit == circuit ? path : NULL;
	if (one->client || !path_is_new(one, id))
		return NULL;
	if (old >= 0) /* the client uses this circuit anew */
		path_free(one, (unsigned)old);
	return path_new(one, circuit, id);
}

void path_on_leave(struct one *one, uint16_t id)
{
	path_is_new(one, id);
	for (unsigned i = 0; i < one->path_count && one->path_count > 1; i++)
		if (one->paths[i]->id == id)
			path_free(one, i);
}

/* Beyond the table the other end finds out by its own timeout. */
void session_say_leave(struct one *one, uint16_t id)
{
	if (one->leave_count < SKW_SESSION_PATHS)
		one->leave[one->leave_count++] = id;
}

/* ---- which is used */

/* With its queue as it was last seen, unless that has run empty since. */
static uint64_t one_way(const struct path *p)
{
	uint64_t rtt = p->bbr.in_flight > 0 ? p->recovery.srtt_us : p->bbr.min_rtt_us;

	return (rtt > 0 ? rtt : UNKNOWN_US) / 2;
}

/* When what leaves now is there. */
static uint64_t arrival(const struct path *p, uint64_t now_us)
{
	uint64_t rtt = p->bbr.min_rtt_us > 0 ? p->bbr.min_rtt_us : UNKNOWN_US;

	return rtt / 2 + skw_bbr_queue_us(&p->bbr, now_us);
}

static bool live_paths(const struct one *one)
{
	for (unsigned i = 0; i < one->path_count; i++)
		if (!rests(one->paths[i]))
			return true;
	return false;
}

static bool window_open(const struct path *p)
{
	return p->bbr.in_flight < p->bbr.cwnd && p->number - p->oldest < SENT_MAX;
}

/* How long until it takes a packet, as far as is known. */
static uint64_t blocked(const struct path *p, uint64_t now_us)
{
	uint64_t next = skw_bbr_next_us(&p->bbr);
	uint64_t wait = next > now_us ? next - now_us : 0;

	if (p->room == 0 || !window_open(p))
		wait += BLOCKED_US + one_way(p) / 4;
	return wait;
}

/* When the last of `waiting` bytes would be there without p and what is slower; UINT64_MAX if there
 * is nothing quicker. */
static uint64_t without(const struct one *one, const struct path *p, uint64_t waiting,
			uint64_t now_us)
{
	uint64_t rate = 0, first = UINT64_MAX;

	for (unsigned i = 0; i < one->path_count; i++) {
		const struct path *q = one->paths[i];

		if (q == p || rests(q) || one_way(q) >= one_way(p))
			continue;
		rate += skw_bbr_rate(&q->bbr);
		if (one_way(q) + blocked(q, now_us) < first)
			first = one_way(q) + blocked(q, now_us);
	}
	if (rate == 0)
		return first;
	return first + waiting * 1000000 / rate;
}

static void waiting_bytes(const struct one *one, uint64_t *old, uint64_t *fresh)
{
	*old = *fresh = 0;
	for (unsigned i = 0; i < one->stream_count; i++) {
		*old += stream_lost(one->streams[i]);
		*fresh += stream_fresh(one->streams[i]);
	}
}

struct demand {
	uint64_t old, fresh;
	uint64_t there[SKW_SESSION_PATHS]; /* the arrival of each path, */
	uint64_t soonest;                  /* and of the quickest, */
	uint64_t soonest_ready;            /* and with what it has to wait for */
	bool live;
};

static void find_soonest(const struct one *one, struct demand *demand, uint64_t now_us)
{
	demand->soonest = demand->soonest_ready = UINT64_MAX / 2;
	for (unsigned i = 0; i < one->path_count; i++) {
		const struct path *p = one->paths[i];
		uint64_t there = arrival(p, now_us), ready = there + blocked(p, now_us);

		demand->there[i] = there;
		if (rests(p))
			continue;
		demand->soonest = there < demand->soonest ? there : demand->soonest;
		demand->soonest_ready =
		    ready < demand->soonest_ready ? ready : demand->soonest_ready;
	}
}

static void allow(const struct one *one, unsigned at, const struct demand *demand, uint64_t now_us,
		  struct allowed *allowed)
{
	const struct path *p = one->paths[at];
	bool open =
	    window_open(p) && skw_bbr_next_us(&p->bbr) <= now_us && (!rests(p) || !demand->live);
	uint64_t mine = one_way(p);

	*allowed = (struct allowed) { .window = open || p->probes > 0 };
	if (p->probes > 0 && !p->silent) {
		allowed->old = allowed->fresh = allowed->quick = allowed->bulk = true;
	} else if (open) {
		allowed->old = without(one, p, demand->old, now_us) >= mine;
		allowed->fresh = without(one, p, demand->old + demand->fresh, now_us) >= mine;
		allowed->quick = demand->there[at] <= demand->soonest_ready;
		/* Their receiver makes up for what paths differ. */
		allowed->bulk = demand->there[at] < demand->soonest + DATAGRAM_HOLD_US;
	}
}

/* What is retired and has nothing under way is left, while there is another. */
static void leave_retired(struct one *one)
{
	for (unsigned i = 0; i < one->path_count; i++) {
		struct path *p = one->paths[i];

		if (!p->retiring || p->left || path_waits(p) || !live_paths(one) ||
		    one->leave_count == SKW_SESSION_PATHS)
			continue;
		p->left = true;
		session_say_leave(one, p->id);
	}
}

size_t session_schedule(struct skw_session *s, struct one *one, uint32_t *circuit)
{
	struct demand demand = { .live = live_paths(one) };
	bool tried[SKW_SESSION_PATHS] = { false };

	leave_retired(one);
	waiting_bytes(one, &demand.old, &demand.fresh);
	find_soonest(one, &demand, s->now_us);
	for (unsigned n = 0; n < one->path_count; n++) {
		struct path *p;
		struct allowed allowed;
		unsigned best = SKW_SESSION_PATHS;
		size_t len;

		for (unsigned i = 0; i < one->path_count; i++)
			if (!tried[i] &&
			    (best == SKW_SESSION_PATHS || demand.there[i] < demand.there[best]))
				best = i;
		if (best == SKW_SESSION_PATHS)
			break;
		tried[best] = true;
		p = one->paths[best];
		if (p->room == 0)
			continue;
		allow(one, best, &demand, s->now_us, &allowed);
		len = session_write_packet(s, one, p, &allowed);
		if (len > 0) {
			*circuit = p->circuit;
			return len;
		}
		if (allowed.window)
			skw_bbr_on_idle(&p->bbr);
	}
	return 0;
}

uint64_t session_pace_timer(const struct skw_session *s, const struct one *one)
{
	const struct allowed all = { true, true, true, true, true };
	uint64_t next = UINT64_MAX;
	bool live = live_paths(one);

	for (unsigned i = 0; i < one->path_count; i++) {
		const struct path *p = one->paths[i];
		uint64_t at = skw_bbr_next_us(&p->bbr);

		/* What may leave now and did not waits for another path. */
		if (p->room > 0 && window_open(p) && (!rests(p) || !live) && at > s->now_us &&
		    at < next && session_wants(one, p, &all))
			next = at;
	}
	return next;
}
