/* Whose turn it is: RFC 8290, a queue for each flow by its hash. One that had nothing waiting goes
 * first, so that few and small packets do not wait behind a bulk flow; RFC 8289 keeps each short.
 */
#include "session/skw_session_state.h"

#include <string.h>

enum {
	NONE = PARCEL_NONE,
	QUANTUM = 1400,
	TARGET_US = 20000, /* or a round trip: what a window holds back is no jam */
	LOOK_US = 200000,
	INTERVAL_US = 100000,
	AGE_US = 200000, /* late news is no news, but what is ordered is waited for: */
	ORDERED_AGE_US = 1000000,
};

/* ---- flows */

static void list(struct roster *r, uint8_t flow)
{
	r->at[r->count++] = flow;
}

static uint8_t unlist(struct roster *r, unsigned i)
{
	uint8_t flow = r->at[i];

	memmove(r->at + i, r->at + i + 1, --r->count - i);
	return flow;
}

static void count_bytes(struct outbox *o, const struct parcel *p, int sign)
{
	uint32_t *bytes = p->ordered ? &o->bulk_bytes : &o->quick_bytes;

	*bytes += (uint32_t)sign * p->len;
	o->flows[p->flow].bytes += (uint32_t)sign * p->len;
}

void fair_put(struct outbox *o, uint16_t at)
{
	struct parcel *p = parcel_at(o, at);
	struct flow *f = &o->flows[p->flow];

	p->next = NONE;
	if (f->count++ == 0)
		f->first = at;
	else
		parcel_at(o, f->last)->next = at;
	f->last = at;
	count_bytes(o, p, 1);
	if (!f->listed) {
		f->listed = true;
		f->deficit = QUANTUM;
		list(&o->fresh, p->flow);
	}
}

static uint16_t take_first(struct outbox *o, struct flow *f)
{
	uint16_t at = f->first;
	struct parcel *p = parcel_at(o, at);

	f->first = p->next;
	f->count--;
	count_bytes(o, p, -1);
	return at;
}

static void drop_first(struct one *one, struct outbox *o, struct flow *f)
{
	parcel_free(o, take_first(o, f));
	one->datagrams_dropped++;
}

uint16_t fair_take(struct outbox *o, struct flow *f)
{
	uint16_t at = take_first(o, f);

	f->deficit -= parcel_at(o, at)->len;
	return at;
}

void fair_make_room(struct one *one, struct outbox *o)
{
	struct flow *most = &o->flows[0];

	for (unsigned i = 1; i < DATAGRAM_FLOWS; i++)
		if (o->flows[i].bytes > most->bytes)
			most = &o->flows[i];
	if (most->count > 0)
		drop_first(one, o, most);
}

/* ---- controlled delay (RFC 8289, section 5) */

static uint64_t root(uint64_t x)
{
	uint64_t r = 1;

	while (r * r < x)
		r++;
	return r;
}

/* interval / sqrt(drops), with a root in sixteenths */
static uint64_t next_drop(uint64_t from, uint32_t drops)
{
	return from + INTERVAL_US * 16 / root(256 * (uint64_t)(drops < 1024 ? drops : 1024));
}

static bool too_late(const struct outbox *o, struct flow *f, uint64_t now_us)
{
	uint64_t waited = f->count > 0 ? now_us - parcel_at(o, f->first)->here_us : 0;

	if (waited < o->target_us || f->bytes <= QUANTUM) {
		f->above_us = 0;
		return false;
	}
	if (f->above_us == 0)
		f->above_us = now_us + INTERVAL_US;
	return now_us >= f->above_us;
}

static bool too_old(const struct outbox *o, const struct flow *f, uint64_t now_us)
{
	const struct parcel *p = f->count > 0 ? parcel_at(o, f->first) : NULL;

	return p != NULL && now_us - p->here_us > (p->ordered ? ORDERED_AGE_US : AGE_US);
}

static void begin_to_drop(struct one *one, struct outbox *o, struct flow *f, uint64_t now_us)
{
	uint32_t more = f->drops - f->drops_before;

	drop_first(one, o, f);
	f->dropping = true;
	f->drops = more > 1 && now_us < f->drop_us + 16 * INTERVAL_US ? more : 1;
	f->drops_before = f->drops;
	f->drop_us = next_drop(now_us, f->drops);
}

static void control_delay(struct one *one, struct outbox *o, struct flow *f, uint64_t now_us)
{
	bool late;

	while (too_old(o, f, now_us))
		drop_first(one, o, f);
	late = too_late(o, f, now_us);
	if (late && !f->dropping)
		begin_to_drop(one, o, f, now_us);
	f->dropping = f->dropping && late;
	while (f->dropping && now_us >= f->drop_us) {
		drop_first(one, o, f);
		f->drops++;
		f->dropping = too_late(o, f, now_us);
		f->drop_us = next_drop(f->drop_us, f->drops);
	}
}

/* ---- whose turn it is */

static bool permitted(const struct parcel *p, const struct allowed *a)
{
	return p->ordered ? a->bulk : a->quick;
}

static struct flow *pick_from(struct one *one, struct outbox *o, struct roster *r,
			      const struct allowed *a, uint64_t now_us)
{
	for (unsigned i = 0; i < r->count;) {
		struct flow *f = &o->flows[r->at[i]];

		control_delay(one, o, f, now_us);
		if (f->count == 0) {
			uint8_t flow = unlist(r, i);

			if (r == &o->fresh)
				list(&o->old, flow); /* it is not new again at once */
			else
				f->listed = false;
		} else if (!permitted(parcel_at(o, f->first), a)) {
			i++;
		} else if (f->deficit <= 0) {
			f->deficit += QUANTUM;
			list(&o->old, unlist(r, i));
		} else {
			return f;
		}
	}
	return NULL;
}

/* What waits while a path looks at its length was under way before, and is no jam either. */
static void set_target(const struct one *one, struct outbox *o)
{
	o->target_us = TARGET_US;
	for (unsigned i = 0; i < one->path_count; i++) {
		const struct skw_bbr *b = &one->paths[i]->bbr;
		uint64_t wait = b->min_rtt_us + (b->dip_cwnd > 0 ? LOOK_US : 0);

		o->target_us = wait > o->target_us ? wait : o->target_us;
	}
}

struct flow *fair_pick(struct one *one, struct outbox *o, const struct allowed *a, uint64_t now_us)
{
	struct flow *f;

	if (o->picked_us != now_us)
		set_target(one, o);
	o->picked_us = now_us;
	f = pick_from(one, o, &o->fresh, a, now_us);
	return f != NULL ? f : pick_from(one, o, &o->old, a, now_us);
}
