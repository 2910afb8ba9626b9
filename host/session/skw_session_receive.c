/* Packets that arrive: opened, and their frames obeyed.
 *
 * A packet is acknowledged only if every frame in it found its place; one that did not comes again.
 */
#include "session/skw_session_state.h"

#include <string.h>

/* Of the two ends, the client opens even streams, the server odd ones. */
static bool opened_by_them(const struct one *one, uint32_t id)
{
	return (id % 2 == 0) != one->client;
}

/* Was this number of theirs used before? Numbers may come out of order, within 64. */
static bool seen(const struct one *one, uint32_t id)
{
	uint64_t n = id / 2;

	return n < one->seen_base ||
	       (n < one->seen_base + 64 && (one->seen >> (n - one->seen_base) & 1));
}

static bool mark_seen(struct one *one, uint32_t id)
{
	uint64_t n = id / 2;

	if (n >= one->seen_base + 64)
		return false;
	one->seen |= UINT64_C(1) << (n - one->seen_base);
	while (one->seen & 1) {
		one->seen >>= 1;
		one->seen_base++;
	}
	return true;
}

static enum stream_verdict on_open(struct skw_session *s, struct one *one, struct skw_reader *r)
{
	uint32_t id = skw_get_u32(r);
	uint64_t credit = skw_get_u64(r);
	size_t len = skw_reader_left(r);
	const uint8_t *name = skw_get_view(r, len);
	struct stream *x;

	if (name == NULL || len == 0 || len > SKW_SESSION_NAME_MAX ||
	    memchr(name, 0, len) != NULL || !opened_by_them(one, id))
		return STREAM_BROKEN;
	if (seen(one, id))
		return STREAM_OK;
	x = stream_new(s, one, id, false);
	if (x == NULL)
		return STREAM_AGAIN;
	if (!mark_seen(one, id)) {
		stream_free(s, one, x);
		return STREAM_AGAIN;
	}
	memcpy(x->name, name, len);
	x->tx_limit = credit;
	x->say_opened = one->dirty = true;
	return STREAM_OK;
}

static void raise_limit(struct stream *x, uint64_t limit)
{
	if (limit > x->tx_limit)
		x->tx_limit = limit;
}

/* A frame about a stream that is gone is old news; about one that never was: news that overtook
 * its OPEN if it is theirs, else nonsense. */
static enum stream_verdict on_missing(const struct one *one, uint32_t id)
{
	if (opened_by_them(one, id))
		return seen(one, id) ? STREAM_OK : STREAM_AGAIN;
	return id < one->next_stream ? STREAM_OK : STREAM_BROKEN;
}

static enum stream_verdict on_reset(struct skw_session *s, struct one *one, uint32_t id,
				    uint32_t code)
{
	struct stream *x = stream_find(one, id);

	if (x == NULL && opened_by_them(one, id) && !seen(one, id))
		return mark_seen(one, id) ? STREAM_OK : STREAM_AGAIN; /* its OPEN is void */
	if (x == NULL)
		return on_missing(one, id);
	if (x->resetting || x->say_opened) {
		stream_free(s, one, x); /* our user knows it no more, or not yet */
		return STREAM_OK;
	}
	x->code = code;
	x->say_reset = one->dirty = true;
	return STREAM_OK;
}

static enum stream_verdict on_stream_frame(struct skw_session *s, struct one *one, uint8_t type,
					   struct skw_reader *r)
{
	uint32_t id = skw_get_u32(r);
	struct stream *x = stream_find(one, id);
	uint64_t value;

	if (type == FRAME_RESET) {
		uint32_t code = skw_get_u32(r);

		return r->ok ? on_reset(s, one, id, code) : STREAM_BROKEN;
	}
	value = skw_get_u64(r);
	if (!r->ok)
		return STREAM_BROKEN;
	if (x == NULL)
		return on_missing(one, id);
	if (type == FRAME_DATA || type == FRAME_END)
		return stream_on_data(one, x, value, r->at, skw_reader_left(r), type == FRAME_END);
	if (type == FRAME_ACCEPT && !x->ours)
		return STREAM_BROKEN;
	raise_limit(x, value);
	if (type == FRAME_ACCEPT && !x->accepted && !x->resetting) {
		x->accepted = true;
		x->say_accepted = one->dirty = true;
	}
	return STREAM_OK;
}

static enum stream_verdict on_frame(struct skw_session *s, struct one *one, struct path *path,
				    uint8_t type, struct skw_reader *r, bool *eliciting)
{
	uint32_t code;
	uint16_t id;

	if (type >= FRAME_OPEN && type <= FRAME_DATAGRAM)
		rekey_on_content(s, one);
	switch (type) {
	case FRAME_PING:
		*eliciting = true;
		return STREAM_OK;
	case FRAME_ACK:
		session_on_ack(s, one, r);
		return r->ok ? STREAM_OK : STREAM_BROKEN;
	case FRAME_OPEN:
		*eliciting = true;
		return on_open(s, one, r);
	case FRAME_ACCEPT:
	case FRAME_RESET:
	case FRAME_DATA:
	case FRAME_END:
	case FRAME_CREDIT:
		*eliciting = true;
		return on_stream_frame(s, one, type, r);
	case FRAME_DATAGRAM:
		*eliciting = true;
		datagrams_on_frame(s, one, path, r);
		return r->ok ? STREAM_OK : STREAM_BROKEN;
	case FRAME_MISSING:
		missing_on_frame(one, r);
		return r->ok ? STREAM_OK : STREAM_BROKEN;
	case FRAME_LEAVE:
		*eliciting = true;
		id = skw_get_u16(r);
		if (r->ok && !one->client && id != path->id)
			path_on_leave(one, id);
		return r->ok ? STREAM_OK : STREAM_BROKEN;
	case FRAME_REKEY:
	case FRAME_REKEYED:
		*eliciting = true;
		return rekey_on_frame(s, one, type, r);
	case FRAME_CLOSE:
		code = skw_get_u32(r);
		session_end(one, code);
		return STREAM_OK;
	default: /* of a later version */
		*eliciting = true;
		return STREAM_OK;
	}
}

/* Every second packet while the path is young and its sender learns, later every tenth; at once
 * when something is missing or came late; else when the first has waited long enough. Small packets
 * fill no window, so they may wait longer: acknowledgements of a bulk flow inside come as such, and
 * to acknowledge each of them at once would cost the way back 4 %. */
static void schedule_ack(struct skw_session *s, struct path *path, bool gap, bool eliciting,
			 size_t len)
{
	uint64_t due = s->now_us + (len > SMALL ? skw_recovery_ack_delay(&path->recovery)
						: SKW_RECOVERY_ACK_DELAY_US);

	if (!eliciting)
		return;
	if (path->unacked++ == 0 || due < path->ack_due_us)
		path->ack_due_us = due;
	path->eliciting++;
	if (gap || path->unacked >= (path->eliciting < ACK_QUICK ? 2 : ACK_EVERY))
		path->ack_now = true;
}

static void note_received(struct skw_session *s, struct one *one, struct path *path, uint64_t count,
			  bool eliciting, size_t len)
{
	struct skw_ranges *have = &path->received;
	uint64_t next = have->count > 0 ? have->at[have->count - 1].to : 0;

	if (have->count == SKW_RANGES_MAX) /* forget the oldest gap: all of it is old */
		skw_ranges_add(have, have->at[0].from, have->at[1].to);
	if (count >= next)
		path->largest_us = s->now_us;
	skw_ranges_add(have, count, count + 1);
	missing_note(one, path, count);
	schedule_ack(s, path, count != next, eliciting, len);
}

static void on_frames(struct skw_session *s, struct one *one, struct path *path, uint64_t count,
		      size_t len)
{
	struct skw_reader r = skw_reader(s->plain, len);
	bool eliciting = false, place = true;

	while (skw_reader_left(&r) > 0 && !one->closed) {
		uint8_t type = skw_get_u8(&r);
		size_t size = skw_get_u16(&r);
		const uint8_t *view = skw_get_view(&r, size);
		struct skw_reader body = skw_reader(view, size);
		enum stream_verdict verdict = STREAM_BROKEN;

		if (view != NULL)
			verdict = on_frame(s, one, path, type, &body, &eliciting);
		if (verdict == STREAM_BROKEN) {
			s->counters.malformed++;
			one->need_close = true;
			one->close_code = SKW_SESSION_PROTOCOL;
			return;
		}
		place = place && verdict == STREAM_OK;
	}
	if (place) /* else it is not acknowledged */
		note_received(s, one, path, count, eliciting, len);
}

static enum skw_session_status replayed(struct skw_session *s, struct path *path)
{
	s->counters.replayed++;
	if (path != NULL)
		path->ack_now = true;
	return SKW_SESSION_DROPPED;
}

/* We were started anew, or forgot it long ago: its owner must not wait for its patience to end. */
static enum skw_session_status nobody(struct skw_session *s, uint32_t circuit, const uint8_t *data)
{
	s->counters.malformed++;
	s->gone_due = true;
	s->gone_circuit = circuit;
	memcpy(s->gone, data, HEADER);
	s->gone[0] = PACKET_GONE;
	return SKW_SESSION_DROPPED;
}

/* Not authentic but by the circuit it came on, whose end is the session's other end; it must be
 * about a packet that went there. */
enum skw_session_status session_on_gone(struct skw_session *s, uint32_t circuit,
					const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data + 1, len - 1);
	uint32_t remote = skw_get_u32(&r);
	uint64_t number = skw_get_u64(&r);

	for (uint32_t i = 0; r.ok && i < s->config.sessions_max; i++) {
		struct one *one = s->ones[i];
		struct path *path;

		if (one == NULL || !one->client || !one->established || one->closed ||
		    one->remote != remote)
			continue;
		path = path_by_id(one, (uint16_t)(number >> PATH_SHIFT));
		if (path == NULL || path->circuit != circuit ||
		    (number & COUNT_MASK) >= path->number)
			continue;
		session_end(one, SKW_SESSION_CONNECTION);
		return SKW_SESSION_OK;
	}
	s->counters.malformed++;
	return SKW_SESSION_DROPPED;
}

enum skw_session_status session_on_packet(struct skw_session *s, uint32_t circuit,
					  const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data + 1, len - 1);
	uint32_t local = skw_get_u32(&r);
	uint64_t number = skw_get_u64(&r), count = number & COUNT_MASK;
	struct one *one =
	    (local & 0xffff) < s->config.sessions_max ? s->ones[local & 0xffff] : NULL;
	struct epoch *epoch;
	struct path *path;

	if (len >= HEADER + SKW_NOISE_TAG && (one == NULL || one->local != local || one->closed))
		return nobody(s, circuit, data);
	epoch = len >= HEADER + SKW_NOISE_TAG ? rekey_epoch(one, data[0]) : NULL;
	if (epoch == NULL) {
		s->counters.malformed++;
		return SKW_SESSION_DROPPED;
	}
	path = path_by_id(one, (uint16_t)(number >> PATH_SHIFT));
	if (path != NULL && skw_ranges_has(&path->received, count, count + 1))
		return replayed(s, path);
	if (!skw_noise_open(&epoch->receive, number, data, HEADER, data + HEADER, len - HEADER,
			    s->plain)) {
		s->counters.forged++;
		rekey_on_forged(one);
		return SKW_SESSION_DROPPED;
	}
	path = path_heard(one, (uint16_t)(number >> PATH_SHIFT), circuit);
	if (path == NULL) /* gone, or moved by somebody in between */
		return replayed(s, NULL);
	rekey_on_opened(s, one, epoch, len);
	one->heard_us = s->now_us;
	one->packets_received++;
	path->packets_received++;
	if (!one->established) {
		one->established = one->dirty = true;
		one->handshake_due = false;
	}
	on_frames(s, one, path, count, len - HEADER - SKW_NOISE_TAG);
	return SKW_SESSION_OK;
}
