/* Datagrams: a bounded queue out; in, a wait for those that a slower path still brings.
 *
 * Their order is kept as long as a gap fills within DATAGRAM_HOLD_US, and never on a single path,
 * where what is missing is lost: a TCP inside must not take the spread of the paths for loss.
 */
#include "session/skw_session_state.h"

#include <stdlib.h>

enum { RECORD = 10, HOLD_SPARE_US = 10000, HOLD_LOOK = 32 };

/* ---- out */

uint64_t datagrams_waiting(const struct one *one)
{
	return one->datagrams.out_end - one->datagrams.out_start;
}

enum skw_session_status skw_session_send_datagram(struct skw_session *s, uint32_t session,
						  const uint8_t *data, size_t len, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	uint8_t head[RECORD];
	struct skw_writer w = skw_writer(head, sizeof(head));
	struct datagrams *d;

	s->now_us = now_us;
	if (one == NULL)
		return SKW_SESSION_UNKNOWN;
	if (len == 0 || len > SKW_SESSION_DATAGRAM_MAX)
		return SKW_SESSION_INVALID;
	d = &one->datagrams;
	if (d->out.bytes == NULL && !ring_resize(s, &d->out, DATAGRAM_QUEUE, 0, 0))
		return SKW_SESSION_FULL;
	if (datagrams_waiting(one) + RECORD + len > DATAGRAM_QUEUE) {
		one->datagrams_dropped++;
		return SKW_SESSION_FULL;
	}
	skw_put_u64(&w, now_us);
	skw_put_u16(&w, (uint16_t)len);
	ring_write(&d->out, d->out_end, head, RECORD);
	ring_write(&d->out, d->out_end + RECORD, data, len);
	d->out_end += RECORD + len;
	return SKW_SESSION_OK;
}

/* The oldest one; those that waited too long are dropped: late news is no news. */
static size_t first_out(struct skw_session *s, struct one *one)
{
	struct datagrams *d = &one->datagrams;

	while (d->out_start < d->out_end) {
		uint8_t head[RECORD];
		struct skw_reader r = skw_reader(head, sizeof(head));
		uint64_t queued_us;
		size_t len;

		ring_read(&d->out, d->out_start, head, RECORD);
		queued_us = skw_get_u64(&r);
		len = skw_get_u16(&r);
		if (s->now_us - queued_us <= DATAGRAM_AGE_US)
			return len;
		d->out_start += RECORD + len;
		one->datagrams_dropped++;
	}
	return 0;
}

void datagrams_write(struct skw_session *s, struct one *one, struct skw_writer *w)
{
	struct datagrams *d = &one->datagrams;
	size_t len;

	while ((len = first_out(s, one)) > 0 && (size_t)(w->end - w->at) >= DATAGRAM_HEADER + len) {
		uint8_t bytes[SKW_SESSION_DATAGRAM_MAX];

		ring_read(&d->out, d->out_start + RECORD, bytes, len);
		skw_put_u8(w, FRAME_DATAGRAM);
		skw_put_u16(w, (uint16_t)(4 + len));
		skw_put_u32(w, d->next_out++);
		skw_put_bytes(w, bytes, len);
		d->out_start += RECORD + len;
		one->datagrams_sent++;
	}
}

/* ---- in */

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* How much later the slowest path may bring what the quickest one brought. */
static uint64_t spread(const struct one *one)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = 0; i < one->path_count; i++) {
		uint64_t rtt = one->paths[i]->recovery.srtt_us;

		least = rtt < least ? rtt : least;
		most = rtt > most ? rtt : most;
	}
	if (one->path_count < 2)
		return 0;
	most = (most - least) / 2 + HOLD_SPARE_US;
	return most < DATAGRAM_HOLD_US ? most : DATAGRAM_HOLD_US;
}

/* What is missing counts as lost once something later has been here for as long as the spread. */
static void set_hold(struct one *one)
{
	struct datagrams *d = &one->datagrams;
	uint64_t first = UINT64_MAX;
	unsigned looked = 0;

	for (uint32_t n = d->next_in; before(n, d->last_in) && looked < HOLD_LOOK; n++, looked++) {
		const struct waiting *place = &d->in[n % DATAGRAM_WINDOW];

		if (place->used && place->here_us < first)
			first = place->here_us;
	}
	d->hold_us = first != UINT64_MAX ? first + spread(one) : 0;
}

/* So far ahead that the window moves: what is behind it is lost. */
static void move_window(struct one *one, uint32_t number)
{
	struct datagrams *d = &one->datagrams;
	uint32_t from = number - DATAGRAM_WINDOW + 1;

	for (unsigned i = 0; i < DATAGRAM_WINDOW && before(d->next_in, from); i++, d->next_in++) {
		struct waiting *place = &d->in[d->next_in % DATAGRAM_WINDOW];

		one->datagrams_dropped += place->used;
		place->used = false;
	}
	d->next_in = from;
}

void datagrams_on_frame(struct skw_session *s, struct one *one, struct skw_reader *r)
{
	struct datagrams *d = &one->datagrams;
	uint32_t number = skw_get_u32(r);
	size_t len = skw_reader_left(r);
	struct waiting *place;

	if (!r->ok || len == 0 || len > SKW_SESSION_DATAGRAM_MAX) {
		r->ok = false;
		return;
	}
	if (d->in == NULL)
		d->in = calloc(DATAGRAM_WINDOW + DATAGRAM_LATE, sizeof(*d->in));
	if (d->in == NULL || (before(number, d->next_in) && d->late_count == DATAGRAM_LATE)) {
		one->datagrams_dropped++;
		return;
	}
	if (before(number, d->next_in)) { /* its turn is over, and late is better than lost */
		place = &d->in[DATAGRAM_WINDOW + d->late_count++];
	} else {
		if (!before(number, d->next_in + DATAGRAM_WINDOW))
			move_window(one, number);
		place = &d->in[number % DATAGRAM_WINDOW];
		if (before(d->last_in, number + 1))
			d->last_in = number + 1;
	}
	place->used = true;
	place->here_us = s->now_us;
	place->len = (uint16_t)len;
	skw_get_bytes(r, place->data, len);
	if (d->hold_us == 0)
		d->hold_us = s->now_us + spread(one);
	one->dirty = true;
}

static void give(struct one *one, struct waiting *place, struct skw_session_out *out)
{
	place->used = false;
	out->event = SKW_SESSION_DATAGRAM;
	out->data = place->data;
	out->len = place->len;
	one->datagrams_received++;
}

bool datagrams_poll(struct skw_session *s, struct one *one, struct skw_session_out *out)
{
	struct datagrams *d = &one->datagrams;
	bool over = d->hold_us != 0 && s->now_us >= d->hold_us;

	if (d->late_count > 0) {
		give(one, &d->in[DATAGRAM_WINDOW + --d->late_count], out);
		return true;
	}
	while (before(d->next_in, d->last_in)) {
		struct waiting *place = &d->in[d->next_in % DATAGRAM_WINDOW];

		if (!place->used && !over)
			return false;
		d->next_in++;
		if (!place->used)
			continue;
		set_hold(one);
		give(one, place, out);
		return true;
	}
	d->hold_us = 0;
	return false;
}

uint64_t datagrams_timer(const struct one *one)
{
	return one->datagrams.hold_us != 0 ? one->datagrams.hold_us : UINT64_MAX;
}

void datagrams_tick(struct skw_session *s, struct one *one)
{
	if (s->now_us >= datagrams_timer(one))
		one->dirty = true;
}

void datagrams_free(struct skw_session *s, struct one *one)
{
	ring_free(s, &one->datagrams.out);
	free(one->datagrams.in);
	one->datagrams.in = NULL;
}
