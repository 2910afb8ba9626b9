/* Datagrams that arrive: each is given out once, and those of a flow in their order.
 *
 * A number tells which one it comes after. It waits for that one as long as a repair may take
 * (`patience`), and for its time: paths of different delay shall look like one of constant delay,
 * since a TCP inside takes its least round trip for the line's, and fills no more than twice that.
 * So the quicker paths wait for half of what the slowest needs more. On a single path nothing
 * waits.
 */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

enum {
	NONE = 0xffff,
	FULL_AT = DATAGRAM_WINDOW - 64,
	HALF_WINDOW_US = 5000000,
	SPARE_US = 10000,
	PATIENCE_US = 100000,
	REBASE = 4096, /* ticks */
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* ---- numbers */

static bool bit(const uint64_t *bits, uint32_t number)
{
	return bits[number % DATAGRAM_SEEN / 64] >> (number % 64) & 1;
}

static void set_bit(uint64_t *bits, uint32_t number)
{
	bits[number % DATAGRAM_SEEN / 64] |= UINT64_C(1) << (number % 64);
}

static void clear_bit(uint64_t *bits, uint32_t number)
{
	bits[number % DATAGRAM_SEEN / 64] &= ~(UINT64_C(1) << (number % 64));
}

/* False if it was here before, or so long ago that nobody can tell. */
static bool is_new(struct inbox *in, uint32_t number)
{
	if (!in->any) {
		in->any = true;
		in->top = number;
	}
	if (!before(number, in->top)) {
		uint32_t by = number + 1 - in->top;

		for (uint32_t i = 0; i < by && i < DATAGRAM_SEEN; i++) {
			clear_bit(in->seen, number - i);
			clear_bit(in->out, number - i);
		}
		in->top = number + 1;
	} else if (in->top - number > DATAGRAM_SEEN || bit(in->seen, number)) {
		return false;
	}
	set_bit(in->seen, number);
	return true;
}

static bool came_out(const struct inbox *in, uint32_t number)
{
	return !before(number, in->top) ? false
					: in->top - number > DATAGRAM_SEEN || bit(in->out, number);
}

/* ---- lists */

static void insert_after(struct inbox *in, struct waiting_list *list, uint16_t after, uint16_t at)
{
	uint16_t next = after != NONE ? in->at[after].next : list->first;

	in->at[at].prev = after;
	in->at[at].next = next;
	*(after != NONE ? &in->at[after].next : &list->first) = at;
	*(next != NONE ? &in->at[next].prev : &list->last) = at;
}

static void take_out(struct inbox *in, struct waiting_list *list, uint16_t at)
{
	uint16_t prev = in->at[at].prev, next = in->at[at].next;

	*(prev != NONE ? &in->at[prev].next : &list->first) = next;
	*(next != NONE ? &in->at[next].prev : &list->last) = prev;
}

static struct inbox *inbox_of(struct one *one)
{
	struct inbox *in = one->datagrams.in;

	if (in != NULL)
		return in;
	in = calloc(1, sizeof(*in));
	if (in == NULL)
		return NULL;
	in->early = in->stuck = in->ready = (struct waiting_list) { NONE, NONE };
	in->given = NONE;
	in->free = NONE; /* those below `used` that are free again; then the untouched */
	one->datagrams.in = in;
	return in;
}

static uint16_t waiting_new(struct inbox *in)
{
	uint16_t at = in->free;

	if (at != NONE)
		in->free = in->at[at].next;
	else if (in->used < DATAGRAM_WINDOW)
		at = in->used++;
	return at;
}

static void waiting_free(struct inbox *in, uint16_t at)
{
	in->at[at].state = WAITING_FREE;
	in->at[at].next = in->free;
	in->free = at;
}

/* ---- out of here */

/* And those that waited for nothing but this one. */
static void give(struct one *one, struct inbox *in, uint16_t at)
{
	while (at != NONE) {
		struct waiting *x = &in->at[at];
		uint16_t *follower = &in->follower[x->number % DATAGRAM_SEEN];
		uint16_t next = NONE;

		x->state = WAITING_READY;
		insert_after(in, &in->ready, in->ready.last, at);
		if (!before(x->number, in->top - DATAGRAM_SEEN))
			set_bit(in->out, x->number);
		if (*follower != 0 && in->at[*follower - 1].before == x->number) {
			if (in->at[*follower - 1].state == WAITING_STUCK) {
				next = (uint16_t)(*follower - 1);
				take_out(in, &in->stuck, next);
			}
			*follower = 0; /* who waits for its time will see that this one came */
		}
		at = next;
		one->dirty = true;
	}
}

static void forget_wait(struct inbox *in, const struct waiting *x)
{
	uint16_t *follower = &in->follower[x->before % DATAGRAM_SEEN];

	if (*follower != 0 && &in->at[*follower - 1] == x)
		*follower = 0;
}

/* Its time has come. */
static void release(struct one *one, struct inbox *in, uint16_t at)
{
	struct waiting *x = &in->at[at];

	if (x->before == x->number || came_out(in, x->before)) {
		forget_wait(in, x);
		give(one, in, at);
		return;
	}
	x->state = WAITING_STUCK;
	insert_after(in, &in->stuck, in->stuck.last, at);
}

static void give_first(struct one *one, struct inbox *in, struct waiting_list *list)
{
	uint16_t at = list->first;

	take_out(in, list, at);
	forget_wait(in, &in->at[at]);
	give(one, in, at);
}

static void look_at_time(struct one *one, struct inbox *in, uint64_t now_us)
{
	uint16_t at;

	while ((at = in->early.first) != NONE && in->at[at].release_us <= now_us) {
		take_out(in, &in->early, at);
		release(one, in, at);
	}
	while (in->stuck.first != NONE && in->at[in->stuck.first].due_us <= now_us)
		give_first(one, in, &in->stuck);
}

/* ---- time */

static int16_t least_of(const struct lateness *l)
{
	return l->least < l->least_before ? l->least : l->least_before;
}

static void note(struct lateness *l, int16_t late, uint64_t now_us)
{
	if (!l->any || now_us - l->last_us > 2 * HALF_WINDOW_US)
		*l = (struct lateness) { true, late, late, now_us, now_us };
	if (now_us - l->since_us > HALF_WINDOW_US) {
		l->least_before = l->least;
		l->least = late;
		l->since_us = now_us;
	}
	l->least = late < l->least ? late : l->least;
	l->last_us = now_us;
}

/* Clocks drift apart. */
static void rebase(struct one *one, struct inbox *in, int16_t by)
{
	in->origin = (uint16_t)(in->origin + (uint16_t)by);
	for (unsigned i = 0; i < one->path_count; i++) {
		struct lateness *l = &one->paths[i]->lateness;

		l->least = (int16_t)(l->least - by);
		l->least_before = (int16_t)(l->least_before - by);
	}
}

/* How much later the slowest path brings what leaves with the quickest. */
static uint64_t spread(const struct one *one)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = 0; i < one->path_count; i++) {
		uint64_t rtt = one->paths[i]->bbr.min_rtt_us;

		if (rtt == 0 || one->paths[i]->silent)
			continue;
		least = rtt < least ? rtt : least;
		most = rtt > most ? rtt : most;
	}
	if (most == 0)
		return 0;
	most = (most - least) / 2;
	return most < DATAGRAM_HOLD_US ? most : DATAGRAM_HOLD_US;
}

static uint64_t release_time(struct skw_session *s, struct one *one, struct inbox *in,
			     struct path *path, uint16_t sent)
{
	uint16_t here = (uint16_t)(s->now_us / DATAGRAM_TICK_US);
	int16_t late, least = INT16_MAX;
	int64_t hold;

	if (!in->timed)
		in->origin = (uint16_t)(here - sent);
	in->timed = true;
	late = (int16_t)(here - sent - in->origin);
	note(&path->lateness, late, s->now_us);
	for (unsigned i = 0; i < one->path_count; i++) {
		const struct lateness *l = &one->paths[i]->lateness;

		if (!l->any || s->now_us - l->last_us > 2 * HALF_WINDOW_US)
			continue;
		least = least_of(l) < least ? least_of(l) : least;
	}
	hold = (int64_t)spread(one) - (int64_t)DATAGRAM_TICK_US * (late - least);
	if (least > REBASE || least < -REBASE)
		rebase(one, in, least);
	return hold > 0 ? s->now_us + (uint64_t)hold : s->now_us;
}

/* As long as a repair takes: a round trip to hear of the loss, and a way; but not forever. */
static uint64_t patience(const struct one *one)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < one->path_count; i++) {
		uint64_t rtt = one->paths[i]->recovery.srtt_us;

		most = rtt > most && !one->paths[i]->silent ? rtt : most;
	}
	most += most / 2 + SPARE_US;
	return most < PATIENCE_US ? most : PATIENCE_US;
}

/* ---- a frame */

static void wait_here(struct skw_session *s, struct one *one, struct inbox *in, uint16_t at)
{
	struct waiting *x = &in->at[at];
	uint16_t *follower = &in->follower[x->before % DATAGRAM_SEEN], after = in->early.last;

	if (x->before != x->number && *follower == 0)
		*follower = (uint16_t)(at + 1);
	else
		x->before = x->number; /* nobody can wake it: it waits for its time alone */
	if (x->release_us <= s->now_us) {
		release(one, in, at);
		return;
	}
	while (after != NONE && in->at[after].release_us > x->release_us)
		after = in->at[after].prev;
	x->state = WAITING_EARLY;
	insert_after(in, &in->early, after, at);
}

void datagrams_on_frame(struct skw_session *s, struct one *one, struct path *path,
			struct skw_reader *r)
{
	uint32_t number = skw_get_u32(r);
	uint16_t after = skw_get_u16(r), sent = skw_get_u16(r), at;
	size_t len = skw_reader_left(r);
	struct inbox *in;
	struct waiting *x;

	if (!r->ok || len == 0 || len > SKW_SESSION_DATAGRAM_MAX) {
		r->ok = false;
		return;
	}
	in = inbox_of(one);
	if (in == NULL)
		return;
	look_at_time(one, in, s->now_us);
	if (!is_new(in, number))
		return;
	at = waiting_new(in);
	if (at == NONE) {
		one->datagrams_dropped++;
		return;
	}
	x = &in->at[at];
	x->len = (uint16_t)len;
	skw_get_bytes(r, x->data, len);
	x->number = x->before = number;
	x->release_us = s->now_us;
	if (one->path_count > 1) {
		uint64_t when = release_time(s, one, in, path, sent);

		if (after > 0) {
			x->before = number - after;
			x->release_us = when;
		}
	}
	x->due_us = x->release_us + patience(one);
	wait_here(s, one, in, at);
	if (in->free == NONE && in->used > FULL_AT) {
		if (in->stuck.first != NONE)
			give_first(one, in, &in->stuck);
		else if (in->early.first != NONE)
			give_first(one, in, &in->early);
	}
}

bool datagrams_poll(struct skw_session *s, struct one *one, struct skw_session_out *out)
{
	struct inbox *in = one->datagrams.in;
	uint16_t at;

	if (in == NULL)
		return false;
	look_at_time(one, in, s->now_us);
	if (in->given != NONE)
		waiting_free(in, in->given);
	in->given = at = in->ready.first;
	if (at == NONE)
		return false;
	take_out(in, &in->ready, at);
	out->event = SKW_SESSION_DATAGRAM;
	out->data = in->at[at].data;
	out->len = in->at[at].len;
	one->datagrams_received++;
	return true;
}

uint64_t datagrams_timer(const struct one *one)
{
	const struct inbox *in = one->datagrams.in;
	uint64_t next = UINT64_MAX;

	if (in == NULL)
		return next;
	if (in->early.first != NONE)
		next = in->at[in->early.first].release_us;
	if (in->stuck.first != NONE && in->at[in->stuck.first].due_us < next)
		next = in->at[in->stuck.first].due_us;
	return next;
}

void datagrams_tick(struct skw_session *s, struct one *one)
{
	if (s->now_us >= datagrams_timer(one))
		one->dirty = true;
}

void datagrams_free(struct skw_session *s, struct one *one)
{
	outbox_free(s, one);
	free(one->datagrams.in);
	one->datagrams.in = NULL;
}
