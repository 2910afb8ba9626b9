/* Datagrams that leave: those that wait (skw_session_fair), and those in flight.
 *
 * On sessions with several paths what was sent is kept until it is acknowledged, and goes again
 * while it is young: a TCP inside must not take every lossy path for a jam.
 */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

enum {
	NONE = PARCEL_NONE,
	REPAIR_AGE_US = 500000,
	FLYING_MAX = 3072,
	FOLLOWS_US = 500000,
};

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

void parcel_free(struct outbox *o, uint16_t at)
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
		fair_make_room(one, o);
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
	fair_put(o, at);
	return SKW_SESSION_OK;
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
	while ((f = fair_pick(one, o, allowed, s->now_us)) != NULL &&
	       fits(w, parcel_at(o, f->first))) {
		uint16_t at = fair_take(o, f);
		struct parcel *p = parcel_at(o, at);

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
