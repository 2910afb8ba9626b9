/* Packets that leave: what is said in one, on the path that the scheduler chose. */
#include "session/skw_session_state.h"

#include <assert.h>
#include <string.h>

static void begin_frame(struct skw_writer *w, uint8_t type, size_t len)
{
	skw_put_u8(w, type);
	skw_put_u16(w, (uint16_t)len);
}

static uint64_t number_of(const struct path *path, uint64_t count)
{
	return (uint64_t)path->id << PATH_SHIFT | count;
}

static void put_ack(struct skw_session *s, struct path *path, struct skw_writer *w)
{
	const struct skw_ranges *have = &path->received;
	unsigned runs = have->count < ACK_RUNS ? have->count : ACK_RUNS;
	const struct skw_range *top;

	if (runs == 0)
		return;
	top = &have->at[have->count - 1];
	begin_frame(w, FRAME_ACK, 16 + 8 * ((size_t)runs - 1));
	skw_put_u64(w, number_of(path, top->to - 1));
	skw_put_u32(w, (uint32_t)(s->now_us - path->largest_us));
	skw_put_u32(w, (uint32_t)(top->to - 1 - top->from));
	for (unsigned i = 1; i < runs; i++) {
		const struct skw_range *x = &have->at[have->count - 1 - i];

		skw_put_u32(w, (uint32_t)(x[1].from - x->to));
		skw_put_u32(w, (uint32_t)(x->to - 1 - x->from));
	}
	path->unacked = 0;
	path->ack_now = false;
}

static bool put_chunk(struct skw_writer *w, struct sent *p, uint8_t type, uint32_t id,
		      size_t body_len)
{
	if (p->chunk_count == CHUNKS || (size_t)(w->end - w->at) < 3 + body_len)
		return false;
	p->chunks[p->chunk_count++] = (struct chunk) { .type = type, .stream = id };
	begin_frame(w, type, body_len);
	return true;
}

static bool put_stream_chunk(struct skw_writer *w, struct sent *p, uint8_t type,
			     const struct stream *x, size_t body_len)
{
	if (!put_chunk(w, p, type, x->id, body_len))
		return false;
	skw_put_u32(w, x->id);
	return true;
}

static void put_stream_control(struct one *one, struct stream *x, struct skw_writer *w,
			       struct sent *p)
{
	size_t name_len = strlen(x->name);

	if (x->need_open && put_stream_chunk(w, p, FRAME_OPEN, x, 12 + name_len)) {
		skw_put_u64(w, stream_grant(one, x));
		skw_put_bytes(w, (const uint8_t *)x->name, name_len);
		x->need_open = false;
	}
	if (x->need_accept && put_stream_chunk(w, p, FRAME_ACCEPT, x, 12)) {
		skw_put_u64(w, stream_grant(one, x));
		x->need_accept = false;
	}
	if (x->need_reset && put_stream_chunk(w, p, FRAME_RESET, x, 8)) {
		skw_put_u32(w, x->code);
		x->need_reset = false;
	}
	if (x->need_credit && put_stream_chunk(w, p, FRAME_CREDIT, x, 12)) {
		skw_put_u64(w, stream_grant(one, x));
		x->need_credit = false;
	}
}

static void put_rekey(struct one *one, struct skw_writer *w, struct sent *p)
{
	const uint8_t *message;
	size_t len;
	uint32_t epoch;
	uint8_t type;

	if (!rekey_waits(one))
		return;
	type = rekey_frame(one, &message, &len, &epoch);
	if (!put_chunk(w, p, type, epoch, 4 + len))
		return;
	skw_put_u32(w, epoch);
	skw_put_bytes(w, message, len);
	rekey_on_said(one);
}

static void put_control(struct one *one, struct skw_writer *w, struct sent *p)
{
	while (one->leave_count > 0 &&
	       put_chunk(w, p, FRAME_LEAVE, one->leave[one->leave_count - 1], 2))
		skw_put_u16(w, one->leave[--one->leave_count]);
	for (unsigned i = 0; i < one->stream_count; i++)
		put_stream_control(one, one->streams[i], w, p);
}

static void put_data(struct one *one, struct skw_writer *w, struct sent *p,
		     const struct allowed *allowed)
{
	for (unsigned i = 0; i < one->stream_count && p->chunk_count < CHUNKS; i++) {
		struct stream *x = one->streams[(one->turn + i) % one->stream_count];

		if (stream_write_frame(x, w, &p->chunks[p->chunk_count], allowed))
			p->chunk_count++;
	}
	one->turn++;
}

static bool control_waits(const struct one *one)
{
	if (one->leave_count > 0 || rekey_waits(one))
		return true;
	for (unsigned i = 0; i < one->stream_count; i++) {
		const struct stream *x = one->streams[i];

		if (x->need_open || x->need_accept || x->need_reset || x->need_credit)
			return true;
	}
	return false;
}

bool session_wants(const struct one *one, const struct path *path, const struct allowed *allowed)
{
	if (!allowed->window)
		return false;
	if (path->need_ping || path->probes > 0 || (allowed->old && control_waits(one)) ||
	    datagrams_want(one, allowed))
		return true;
	for (unsigned i = 0; i < one->stream_count; i++)
		if (stream_has_data(one->streams[i], allowed))
			return true;
	return false;
}

static size_t seal(struct skw_session *s, struct one *one, struct path *path, size_t len)
{
	struct skw_writer w = skw_writer(s->packet, sizeof(s->packet));
	uint64_t number = number_of(path, path->number);

	skw_put_u8(&w, PACKET_DATA | rekey_phase(one));
	skw_put_u32(&w, one->remote);
	skw_put_u64(&w, number);
	skw_noise_seal(&one->rekey.current.send, number, s->packet, HEADER, s->plain, len,
		       s->packet + HEADER);
	one->packets_sent++;
	path->packets_sent++;
	rekey_on_sealed(one, HEADER + len + SKW_NOISE_TAG);
	return HEADER + len + SKW_NOISE_TAG;
}

/* True if the other end shall acknowledge. */
static bool put_asking(struct skw_session *s, struct one *one, struct path *path,
		       struct skw_writer *w, struct sent *p, const struct allowed *allowed)
{
	const uint8_t *before = w->at, *content;

	if (allowed->old)
		put_rekey(one, w, p);
	content = w->at;
	if (allowed->old)
		put_control(one, w, p);
	datagrams_write(s, one, w, p, allowed);
	put_data(one, w, p, allowed);
	if (w->at != content)
		rekey_on_content(s, one);
	if (w->at == before && (path->need_ping || path->probes > 0))
		begin_frame(w, FRAME_PING, 0);
	path->need_ping = false;
	if (path->probes > 0)
		path->probes--;
	return w->at != before;
}

static size_t write_close(struct skw_session *s, struct one *one, struct path *path)
{
	struct skw_writer w = skw_writer(s->plain, FRAMES_MAX);
	size_t len;

	begin_frame(&w, FRAME_CLOSE, 4);
	skw_put_u32(&w, one->close_code);
	len = seal(s, one, path, skw_writer_len(&w));
	path->number++;
	one->need_close = false;
	session_end(one, one->close_code);
	return len;
}

static void remember(struct skw_session *s, struct one *one, struct path *path,
		     const struct sent *p, size_t len)
{
	struct sent *place = sent_place(path);

	session_asks(s, one);
	*place = *p;
	place->open = true;
	place->size = (uint16_t)len;
	place->number = path->number;
	skw_bbr_on_sent(&path->bbr, &place->packet, len, s->now_us);
	path->last_eliciting_us = s->now_us;
}

size_t session_write_packet(struct skw_session *s, struct one *one, struct path *path,
			    const struct allowed *allowed)
{
	bool wants = session_wants(one, path, allowed) && sent_place(path) != NULL;
	bool missing = one->missing_count > 0 && !path->silent && !path->retiring;
	bool ack = path->ack_now || (path->unacked > 0 && s->now_us >= path->ack_due_us);
	struct skw_writer w = skw_writer(s->plain, FRAMES_MAX);
	struct sent p = { 0 };
	bool asks = false;
	size_t len;

	if (!one->rekey.current.send.keyed || !one->established || path->number > COUNT_MASK)
		return 0;
	if (one->need_close)
		return write_close(s, one, path);
	if (!wants && !ack && !missing)
		return 0;
	if (ack)
		put_ack(s, path, &w);
	if (missing)
		missing_write(one, &w);
	if (wants)
		asks = put_asking(s, one, path, &w, &p, allowed);
	/* What is not due yet travels where there is room, but takes none from a datagram, which
	 * would have to wait for a packet of its own. */
	if (path->unacked > 0 && (size_t)(w.end - w.at) >= ACK_SIZE_MAX)
		put_ack(s, path, &w);
	assert(w.ok);
	if (skw_writer_len(&w) == 0)
		return 0;
	len = seal(s, one, path, skw_writer_len(&w));
	if (asks)
		remember(s, one, path, &p, len);
	path->number++;
	sent_advance(path);
	return len;
}
