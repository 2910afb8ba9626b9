/* One stream: a ring of bytes each way, what was acknowledged, what arrived, how much may come.
 *
 * The ring of the receiver is as large as the most it ever grants, so a byte that may come has a
 * place.
 */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

struct stream *stream_find(const struct one *one, uint32_t id)
{
	for (unsigned i = 0; i < one->stream_count; i++)
		if (one->streams[i]->id == id)
			return one->streams[i];
	return NULL;
}

struct stream *stream_new(struct skw_session *s, struct one *one, uint32_t id, bool ours)
{
	unsigned same = 0;
	struct stream *x;

	for (unsigned i = 0; i < one->stream_count; i++)
		same += one->streams[i]->ours == ours;
	if (same >= SKW_SESSION_STREAMS)
		return NULL;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return NULL;
	one->streams[one->stream_count++] = x;
	if (!ring_resize(s, &x->tx, RING_START, 0, 0) ||
	    !ring_resize(s, &x->rx, RING_START, 0, 0)) {
		stream_free(s, one, x);
		return NULL;
	}
	x->acked.limit = x->lost.limit = x->have.limit = STREAM_RANGES;
	x->ours = ours;
	x->id = id;
	x->tx_limit = EARLY_CREDIT;
	x->rx_granted = EARLY_CREDIT;
	x->rx_mark_us = s->now_us;
	return x;
}

void stream_drop_rings(struct skw_session *s, struct stream *x)
{
	ring_free(s, &x->tx);
	ring_free(s, &x->rx);
	skw_ranges_free(&x->acked);
	skw_ranges_free(&x->lost);
	skw_ranges_free(&x->have);
}

void stream_free(struct skw_session *s, struct one *one, struct stream *x)
{
	unsigned at = 0;

	while (one->streams[at] != x)
		at++;
	one->streams[at] = one->streams[--one->stream_count];
	one->streams[one->stream_count] = NULL;
	stream_drop_rings(s, x);
	free(x);
}

/* ---- out
 * ------------------------------------------------------------------------------------------ */

/* What was reported lost and not acknowledged since. */
static bool next_lost(struct stream *s)
{
	while (s->lost.count > 0) {
		uint64_t first = s->lost.at[0].from, from = first;

		if (from < s->tx_start)
			from = s->tx_start;
		from = skw_ranges_end(&s->acked, from);
		if (from == first)
			return true;
		skw_ranges_forget(&s->lost, from);
	}
	return false;
}

static uint64_t sendable(const struct stream *s)
{
	return s->tx_end < s->tx_limit ? s->tx_end : s->tx_limit;
}

static bool end_to_send(const struct stream *s)
{
	return s->end_written && !s->end_sent && s->tx_next == s->tx_end;
}

uint64_t stream_lost(const struct stream *s)
{
	/* The ranges between the first and the last are as good as lost. */
	return s->lost.count > 0 && !s->resetting ? s->lost.count * FRAMES_MAX : 0;
}

uint64_t stream_fresh(const struct stream *s)
{
	if (s->resetting || s->need_open)
		return 0;
	if (s->tx_next < sendable(s))
		return sendable(s) - s->tx_next;
	return end_to_send(s) ? 1 : 0;
}

bool stream_has_data(const struct stream *s, const struct allowed *allowed)
{
	return !s->resetting && !s->need_open &&
	       ((allowed->old && s->lost.count > 0) || (allowed->fresh && stream_fresh(s) > 0));
}

static void put_bytes(struct stream *s, struct skw_writer *w, struct chunk *chunk, uint64_t from,
		      uint64_t to, bool last)
{
	uint8_t bytes[FRAMES_MAX];
	uint16_t len = (uint16_t)(to - from);

	ring_read(&s->tx, from, bytes, len);
	skw_put_u8(w, last ? FRAME_END : FRAME_DATA);
	skw_put_u16(w, (uint16_t)(len + 12));
	skw_put_u32(w, s->id);
	skw_put_u64(w, from);
	skw_put_bytes(w, bytes, len);
	*chunk = (struct chunk) { last ? FRAME_END : FRAME_DATA, len, s->id, from };
}

bool stream_write_frame(struct stream *s, struct skw_writer *w, struct chunk *chunk,
			const struct allowed *allowed)
{
	size_t left = (size_t)(w->end - w->at);
	uint64_t from = s->tx_next, to = sendable(s);
	bool again = allowed->old && !s->resetting && next_lost(s), last;

	if (!stream_has_data(s, allowed) || left <= DATA_HEADER)
		return false;
	if (again) {
		from = s->lost.at[0].from;
		to = s->lost.at[0].to;
	} else if (!allowed->fresh || (from >= to && !end_to_send(s))) {
		return false;
	}
	if (to < from)
		to = from;
	if (to - from > left - DATA_HEADER)
		to = from + (left - DATA_HEADER);
	last = s->end_written && to == s->tx_end;
	put_bytes(s, w, chunk, from, to, last);
	if (again)
		skw_ranges_remove(&s->lost, from, to);
	if (to > s->tx_next)
		s->tx_next = to;
	if (last)
		s->end_sent = true;
	return true;
}

static void release_if_done(struct one *one, struct stream *s)
{
	if (s->end_acked && s->tx_start == s->tx_end && s->end_read && !s->resetting) {
		s->say_finished = true;
		one->dirty = true;
	}
}

static void data_acked(struct one *one, struct stream *s, const struct chunk *chunk)
{
	uint64_t to = chunk->offset + chunk->len;
	uint64_t from = chunk->offset < s->tx_start ? s->tx_start : chunk->offset;

	if (chunk->type == FRAME_END)
		s->end_acked = true;
	if (!skw_ranges_add(&s->acked, from, to)) {
		/* No room to remember it: it will be sent, and acknowledged, once more. */
		stream_on_lost(one, chunk);
		return;
	}
	if (s->acked.count > 0 && s->acked.at[0].from == s->tx_start) {
		s->tx_start = s->acked.at[0].to;
		skw_ranges_forget(&s->acked, s->tx_start);
		if (s->short_write) {
			s->short_write = false;
			s->say_writable = one->dirty = true;
		}
	}
	release_if_done(one, s);
}

void stream_on_acked(struct skw_session *session, struct one *one, const struct chunk *chunk)
{
	struct stream *s = stream_find(one, chunk->stream);

	if (s == NULL)
		return;
	if (chunk->type == FRAME_RESET && s->resetting)
		stream_free(session, one, s);
	else if (!s->resetting && (chunk->type == FRAME_DATA || chunk->type == FRAME_END))
		data_acked(one, s, chunk);
}

static void data_lost(struct stream *s, const struct chunk *chunk)
{
	uint64_t to = chunk->offset + chunk->len;
	uint64_t from = chunk->offset < s->tx_start ? s->tx_start : chunk->offset;

	if (chunk->type == FRAME_END && !s->end_acked)
		s->end_sent = false;
	/* Without room for one more gap, all between the last two is sent again. */
	if (from < to && !skw_ranges_add(&s->lost, from, to))
		skw_ranges_add(&s->lost,
			       s->lost.count > 0 && s->lost.at[s->lost.count - 1].to < from
				   ? s->lost.at[s->lost.count - 1].to
				   : s->tx_start,
			       to);
}

void stream_on_lost(struct one *one, const struct chunk *chunk)
{
	struct stream *s = stream_find(one, chunk->stream);

	if (s == NULL)
		return;
	switch (chunk->type) {
	case FRAME_OPEN:
		s->need_open = !s->resetting;
		break;
	case FRAME_ACCEPT:
		s->need_accept = !s->resetting;
		break;
	case FRAME_RESET:
		s->need_reset = s->resetting;
		break;
	case FRAME_CREDIT:
		s->need_credit = !s->resetting;
		break;
	default:
		if (!s->resetting)
			data_lost(s, chunk);
	}
}

/* ---- in
 * -------------------------------------------------------------------------------------------- */

enum stream_verdict stream_on_data(struct one *one, struct stream *s, uint64_t offset,
				   const uint8_t *data, size_t len, bool end)
{
	uint64_t to = offset + len;

	if (s->resetting)
		return STREAM_OK;
	if (to < offset || to > s->rx_granted || (s->rx_ended && to > s->rx_final) ||
	    (end && s->rx_ended && to != s->rx_final))
		return STREAM_BROKEN;
	if (end && s->have.count > 0 && s->have.at[s->have.count - 1].to > to)
		return STREAM_BROKEN;
	if (end && !s->rx_ended) {
		s->rx_ended = true;
		s->rx_final = to;
		s->say_readable = one->dirty = true;
	}
	if (offset < s->rx_read) { /* the user has it already */
		uint64_t skip = s->rx_read - offset;

		if (skip >= len)
			return STREAM_OK;
		data += skip;
		len -= (size_t)skip;
		offset = s->rx_read;
	}
	if (!skw_ranges_add(&s->have, offset, to))
		return STREAM_AGAIN;
	ring_write(&s->rx, offset, data, len);
	if (s->have.count > 0 && s->have.at[0].from == s->rx_read)
		s->say_readable = one->dirty = true;
	return STREAM_OK;
}

/* How far the other end may write now. All that is granted and not read stays within the session's
 * credit, whatever the streams do. */
uint64_t stream_grant(struct one *one, struct stream *s)
{
	uint64_t wish = s->rx_read + s->rx.size, promised = 0, budget;

	for (unsigned i = 0; i < one->stream_count; i++) {
		const struct stream *x = one->streams[i];

		if (!x->resetting)
			promised += x->rx_granted - x->rx_read;
	}
	budget = promised < SKW_SESSION_CREDIT ? SKW_SESSION_CREDIT - promised : 0;
	if (wish > s->rx_granted)
		s->rx_granted += wish - s->rx_granted < budget ? wish - s->rx_granted : budget;
	return s->rx_granted;
}

static bool may_grow(const struct skw_session *s, const struct ring *ring)
{
	return ring->size < SKW_SESSION_STREAM_CREDIT &&
	       s->ring_bytes + 2 * ring->size <= RINGS_MAX;
}

/* A user who reads half the ring within two round trips of the slowest path deserves twice the
 * ring: else it, not the paths, would be the limit. */
static void grow_rx(struct skw_session *s, const struct one *one, struct stream *x)
{
	uint64_t longest = 0, since = s->now_us - x->rx_mark_us;

	if (x->rx_read - x->rx_mark < x->rx.size / 2)
		return;
	for (unsigned i = 0; i < one->path_count; i++) {
		uint64_t rtt = one->paths[i]->recovery.srtt_us;

		longest = rtt > longest ? rtt : longest;
	}
	if (since < 2 * longest && may_grow(s, &x->rx))
		ring_resize(s, &x->rx, 2 * x->rx.size, x->rx_read,
			    x->have.count > 0 ? x->have.at[x->have.count - 1].to : x->rx_read);
	x->rx_mark = x->rx_read;
	x->rx_mark_us = s->now_us;
}

/* Others may have waited for what this one gave back. */
static void offer_credit(struct one *one)
{
	for (unsigned i = 0; i < one->stream_count; i++) {
		struct stream *y = one->streams[i];

		if (!y->rx_ended && !y->resetting &&
		    y->rx_read + y->rx.size - y->rx_granted >= y->rx.size / 4)
			y->need_credit = true;
	}
}

size_t skw_session_read(struct skw_session *s, uint32_t session, uint32_t id, uint8_t *data,
			size_t max, bool *end, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	struct stream *x = one != NULL ? stream_find(one, id) : NULL;
	size_t len = 0;

	s->now_us = now_us;
	*end = false;
	if (x == NULL || x->resetting)
		return 0;
	if (x->have.count > 0 && x->have.at[0].from == x->rx_read) {
		uint64_t ready = x->have.at[0].to - x->rx_read;

		len = ready < max ? (size_t)ready : max;
		ring_read(&x->rx, x->rx_read, data, len);
		x->rx_read += len;
		one->bytes_received += len;
		skw_ranges_forget(&x->have, x->rx_read);
	}
	if (x->rx_ended && x->rx_read == x->rx_final) {
		*end = x->end_read = true;
		release_if_done(one, x);
	} else if (len > 0) {
		grow_rx(s, one, x);
		offer_credit(one);
	}
	return len;
}

size_t skw_session_stream_room(const struct skw_session *s, uint32_t session, uint32_t stream)
{
	const struct one *one = session_of(s, session);
	const struct stream *x = one != NULL ? stream_find(one, stream) : NULL;

	if (x == NULL || x->resetting || x->end_written)
		return 0;
	return x->tx.size - (size_t)(x->tx_end - x->tx_start);
}

size_t skw_session_write(struct skw_session *s, uint32_t session, uint32_t id, const uint8_t *data,
			 size_t len, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	struct stream *x = one != NULL ? stream_find(one, id) : NULL;
	size_t room;

	s->now_us = now_us;
	if (x == NULL || x->resetting || x->end_written)
		return 0;
	/* More than half of the ring is under way: the ring would be the limit. */
	if (len > x->tx.size - (x->tx_end - x->tx_start) &&
	    x->tx_next - x->tx_start > x->tx.size / 2 && may_grow(s, &x->tx))
		ring_resize(s, &x->tx, 2 * x->tx.size, x->tx_start, x->tx_end);
	room = x->tx.size - (size_t)(x->tx_end - x->tx_start);
	if (len > room) {
		len = room;
		x->short_write = true;
	}
	if (len > 0)
		ring_write(&x->tx, x->tx_end, data, len);
	x->tx_end += len;
	one->bytes_sent += len;
	return len;
}

void skw_session_finish(struct skw_session *s, uint32_t session, uint32_t id, uint64_t now_us)
{
	struct one *one = session_of(s, session);
	struct stream *x = one != NULL ? stream_find(one, id) : NULL;

	s->now_us = now_us;
	if (x != NULL && !x->resetting)
		x->end_written = true;
}
