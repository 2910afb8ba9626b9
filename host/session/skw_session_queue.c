/* Datagrams that leave: a fair queue of flows, each with controlled delay, and those in flight.
 *
 * RFC 8290: a flow by its hash; one that had nothing waiting goes first, so that few and small
 * packets do not wait behind a bulk flow; RFC 8289 keeps each queue short. On sessions with several
 * paths what was sent is kept until it is acknowledged, and goes again while it is young: a TCP
 * inside must not take every lossy path for a jam.
 */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

enum {
	NONE = 0xffff,
	QUANTUM = 1400,
	TARGET_US = 20000, /* or a round trip: what a window holds back is no jam */
	INTERVAL_US = 100000,
	AGE_US = 200000, /* late news is no news */
	REPAIR_AGE_US = 250000,
	FLYING_MAX = 3072,
	FOLLOWS_US = 500000,
};

static struct parcel *parcel_at(const struct outbox *o, uint16_t at)
{
	return &o->slabs[at / PARCEL_SLAB][at % PARCEL_SLAB];
}

/* ---- what there is of them */

static struct outbox *outbox_of(struct one *one)
{
	struct outbox *o = one->datagrams.out;

	if (o != NULL)
		return o;
	o = calloc(1, sizeof(*o));
	if (o != NULL)
		o->free = o->lost_first = o->lost_last = NONE;
	one->datagrams.out = o;
	return o;
}

static void parcel_free(struct outbox *o, uint16_t at)
{
	struct parcel *p = parcel_at(o, at);

	p->state = PARCEL_FREE;
	p->next = o->free;
	o->free = at;
}

static bool grow(struct skw_session *s, struct outbox *o)
{
	struct parcel *slab;

	if (o->slab_count == PARCEL_SLABS ||
	    s->ring_bytes + PARCEL_SLAB * sizeof(*slab) > RINGS_MAX)
		return false;
	slab = calloc(PARCEL_SLAB, sizeof(*slab));
	if (slab == NULL)
		return false;
	s->ring_bytes += PARCEL_SLAB * sizeof(*slab);
	o->slabs[o->slab_count++] = slab;
	for (unsigned i = PARCEL_SLAB; i-- > 0;)
		parcel_free(o, (uint16_t)((o->slab_count - 1) * PARCEL_SLAB + i));
	return true;
}

static uint16_t parcel_new(struct skw_session *s, struct outbox *o)
{
	uint16_t at;

	if (o->free == NONE && !grow(s, o))
		return NONE;
	at = o->free;
	o->free = parcel_at(o, at)->next;
	return at;
}

void outbox_free(struct skw_session *s, struct one *one)
{
	struct outbox *o = one->datagrams.out;

	if (o == NULL)
		return;
	for (unsigned i = 0; i < o->slab_count; i++)
		free(o->slabs[i]);
	s->ring_bytes -= o->slab_count * PARCEL_SLAB * sizeof(struct parcel);
	free(o);
	one->datagrams.out = NULL;
}

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

static void put_last(struct outbox *o, struct flow *f, uint16_t at)
{
	struct parcel *p = parcel_at(o, at);

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

static struct flow *fattest(struct outbox *o)
{
	struct flow *most = &o->flows[0];

	for (unsigned i = 1; i < DATAGRAM_FLOWS; i++)
		if (o->flows[i].bytes > most->bytes)
			most = &o->flows[i];
	return most;
}

enum skw_session_status skw_session_send_datagram(struct skw_session *s, uint32_t session,
						  uint32_t flow, enum skw_session_order order,
						  const uint8_t *data, size_t len, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	struct outbox *o;
	struct parcel *p;
	struct flow *f;
	uint16_t at;

	s->now_us = now_us;
	if (one == NULL)
		return SKW_SESSION_UNKNOWN;
	if (len == 0 || len > SKW_SESSION_DATAGRAM_MAX)
		return SKW_SESSION_INVALID;
	o = outbox_of(one);
	if (o == NULL)
		return SKW_SESSION_FULL;
	/* Who has most waiting loses first, and its oldest: so its sender hears of it soonest. */
	if (o->quick_bytes + o->bulk_bytes + len > DATAGRAM_QUEUE)
		drop_first(one, o, fattest(o));
	at = parcel_new(s, o);
	if (at == NONE) {
		one->datagrams_dropped++;
		return SKW_SESSION_FULL;
	}
	p = parcel_at(o, at);
	p->state = PARCEL_WAITS;
	p->flow = (uint8_t)(flow % DATAGRAM_FLOWS);
	f = &o->flows[p->flow];
	p->ordered = order == SKW_SESSION_ORDERED || (order == SKW_SESSION_FOLLOWS && f->numbered &&
						      now_us < f->ordered_us + FOLLOWS_US);
	if (order == SKW_SESSION_ORDERED)
		f->ordered_us = now_us;
	p->here_us = now_us;
	p->len = (uint16_t)len;
	memcpy(p->data, data, len);
	put_last(o, f, at);
	return SKW_SESSION_OK;
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

static bool too_late(const struct one *one, struct outbox *o, struct flow *f, uint64_t now_us)
{
	uint64_t waited, target = TARGET_US;

	for (unsigned i = 0; i < one->path_count; i++)
		if (one->paths[i]->bbr.min_rtt_us > target)
			target = one->paths[i]->bbr.min_rtt_us;

	if (f->count == 0) {
		f->above_us = 0;
		return false;
	}
	waited = now_us - parcel_at(o, f->first)->here_us;
	if (waited < target || f->bytes <= QUANTUM) {
		f->above_us = 0;
		return false;
	}
	if (f->above_us == 0)
		f->above_us = now_us + INTERVAL_US;
	return waited > AGE_US || now_us >= f->above_us;
}

static void control_delay(struct one *one, struct outbox *o, struct flow *f, uint64_t now_us)
{
	bool late = too_late(one, o, f, now_us);

	while (f->count > 0 && now_us - parcel_at(o, f->first)->here_us > AGE_US)
		drop_first(one, o, f);
	if (!late || f->count == 0) {
		f->dropping = f->dropping && late;
		return;
	}
	if (!f->dropping) {
		uint32_t more = f->drops - f->drops_before;

		drop_first(one, o, f);
		f->dropping = true;
		f->drops = more > 1 && now_us < f->drop_us + 16 * INTERVAL_US ? more : 1;
		f->drops_before = f->drops;
		f->drop_us = next_drop(now_us, f->drops);
		return;
	}
	while (f->dropping && now_us >= f->drop_us) {
		drop_first(one, o, f);
		f->drops++;
		f->dropping = too_late(one, o, f, now_us);
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

static struct flow *pick(struct one *one, struct outbox *o, const struct allowed *a,
			 uint64_t now_us)
{
	struct flow *f = pick_from(one, o, &o->fresh, a, now_us);

	return f != NULL ? f : pick_from(one, o, &o->old, a, now_us);
}

/* ---- into a packet */

static void number_it(struct outbox *o, struct parcel *p, uint64_t now_us)
{
	struct flow *f = &o->flows[p->flow];
	uint32_t back = o->next_number - f->number;

	p->number = o->next_number++;
	p->sent = (uint16_t)(now_us / DATAGRAM_TICK_US);
	p->after = 0;
	if (p->ordered) { /* so far back that it is no more: the first one */
		p->after = f->numbered && back < UINT16_MAX ? (uint16_t)back : UINT16_MAX;
		f->number = p->number;
		f->numbered = true;
	}
}

static void put(struct one *one, struct outbox *o, uint16_t at, struct skw_writer *w,
		struct sent *sent)
{
	struct parcel *p = parcel_at(o, at);

	skw_put_u8(w, FRAME_DATAGRAM);
	skw_put_u16(w, (uint16_t)(DATAGRAM_HEADER - 3 + p->len));
	skw_put_u32(w, p->number);
	skw_put_u16(w, p->after);
	skw_put_u16(w, p->sent);
	skw_put_bytes(w, p->data, p->len);
	if (one->path_count < 2 || sent->chunk_count == CHUNKS || o->flying >= FLYING_MAX) {
		parcel_free(o, at);
		return;
	}
	p->state = PARCEL_FLIES;
	o->flying++;
	sent->chunks[sent->chunk_count++] =
	    (struct chunk) { .type = FRAME_DATAGRAM, .stream = p->number, .offset = at };
}

static bool fits(const struct skw_writer *w, const struct parcel *p)
{
	return (size_t)(w->end - w->at) >= DATAGRAM_HEADER + p->len;
}

static void take_lost(struct outbox *o)
{
	o->lost_first = parcel_at(o, o->lost_first)->next;
	if (o->lost_first == NONE)
		o->lost_last = NONE;
}

static void write_lost(struct skw_session *s, struct one *one, struct outbox *o,
		       struct skw_writer *w, struct sent *sent)
{
	while (o->lost_first != NONE) {
		uint16_t at = o->lost_first;
		struct parcel *p = parcel_at(o, at);
		bool old = s->now_us - p->here_us > REPAIR_AGE_US;

		if (p->state == PARCEL_LOST && !old && !fits(w, p))
			return;
		take_lost(o);
		o->lost_bytes -= p->len;
		if (p->state == PARCEL_LOST && !old)
			put(one, o, at, w, sent);
		else
			parcel_free(o, at);
	}
}

void datagrams_write(struct skw_session *s, struct one *one, struct skw_writer *w,
		     struct sent *sent, const struct allowed *allowed)
{
	struct outbox *o = one->datagrams.out;
	struct flow *f;

	if (o == NULL)
		return;
	if (allowed->quick)
		write_lost(s, one, o, w, sent);
	while ((f = pick(one, o, allowed, s->now_us)) != NULL && fits(w, parcel_at(o, f->first))) {
		uint16_t at = take_first(o, f);
		struct parcel *p = parcel_at(o, at);

		f->deficit -= p->len;
		number_it(o, p, s->now_us);
		put(one, o, at, w, sent);
		one->datagrams_sent++;
	}
}

bool datagrams_want(const struct one *one, const struct allowed *allowed)
{
	const struct outbox *o = one->datagrams.out;

	return o != NULL && ((allowed->quick && o->quick_bytes + o->lost_bytes > 0) ||
			     (allowed->bulk && o->bulk_bytes > 0));
}

/* ---- what became of it */

static struct parcel *flying(struct outbox *o, const struct chunk *chunk)
{
	struct parcel *p = parcel_at(o, (uint16_t)chunk->offset);

	return p->number == chunk->stream ? p : NULL;
}

void datagram_on_acked(struct one *one, const struct chunk *chunk)
{
	struct outbox *o = one->datagrams.out;
	struct parcel *p = flying(o, chunk);

	if (p == NULL)
		return;
	if (p->state == PARCEL_FLIES) {
		o->flying--;
		parcel_free(o, (uint16_t)chunk->offset);
	} else if (p->state == PARCEL_LOST) { /* it only was late */
		p->state = PARCEL_DONE;
	}
}

void datagram_on_lost(struct one *one, const struct chunk *chunk)
{
	struct outbox *o = one->datagrams.out;
	struct parcel *p = flying(o, chunk);
	uint16_t at = (uint16_t)chunk->offset;

	if (p == NULL || p->state != PARCEL_FLIES)
		return;
	o->flying--;
	p->state = PARCEL_LOST;
	p->next = NONE;
	if (o->lost_last == NONE)
		o->lost_first = at;
	else
		parcel_at(o, o->lost_last)->next = at;
	o->lost_last = at;
	o->lost_bytes += p->len;
}
