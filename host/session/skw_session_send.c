/* Packets that leave, and what becomes of them: acknowledged, lost, probed for (RFC 9002). */
#include "session/skw_session_state.h"

#include <assert.h>
#include <string.h>

/* ---- fate
 * ------------------------------------------------------------------------------------------ */

static struct sent *sent_at(const struct one *one, uint64_t number)
{
	struct sent *p = &one->sent[number % SENT];

	return p->open && p->number == number ? p : NULL;
}

static void advance_oldest(struct one *one)
{
	while (one->oldest < one->number && sent_at(one, one->oldest) == NULL)
		one->oldest++;
}

static void tell_lost(struct one *one, const struct sent *p)
{
	for (unsigned i = 0; i < p->chunk_count; i++)
		stream_on_lost(one, &p->chunks[i]);
}

static void close_packet(struct one *one, struct sent *p)
{
	p->open = false;
	one->recovery.in_flight -= p->size;
}

static void on_acked(struct skw_session *s, struct one *one, uint64_t number, uint64_t largest,
		     uint64_t delay)
{
	struct sent *p = sent_at(one, number);

	if (p == NULL)
		return;
	if (number == largest)
		skw_recovery_sample(&one->recovery, s->now_us - p->sent_us, delay);
	close_packet(one, p);
	skw_recovery_on_acked(&one->recovery, p->sent_us, p->size);
	for (unsigned i = 0; i < p->chunk_count; i++)
		stream_on_acked(one, &p->chunks[i]);
}

void session_detect_loss(struct skw_session *s, struct one *one)
{
	uint64_t delay = skw_recovery_loss_delay(&one->recovery);

	if (!one->any_acked)
		return;
	for (uint64_t n = one->oldest; n < one->number && n < one->largest_acked; n++) {
		struct sent *p = sent_at(one, n);

		if (p == NULL)
			continue;
		if (n + REORDER > one->largest_acked && p->sent_us + delay > s->now_us)
			continue;
		close_packet(one, p);
		one->packets_lost++;
		skw_recovery_on_lost(&one->recovery, p->sent_us, s->now_us);
		tell_lost(one, p);
	}
	advance_oldest(one);
}

static void acked_run(struct skw_session *s, struct one *one, uint64_t from, uint64_t to,
		      uint64_t largest, uint64_t delay)
{
	if (from < one->oldest)
		from = one->oldest; /* a forged run of billions costs nothing */
	for (uint64_t n = from; n < to; n++)
		on_acked(s, one, n, largest, delay);
}

void session_on_ack(struct skw_session *s, struct one *one, struct skw_reader *r)
{
	uint64_t largest = skw_get_u64(r);
	uint64_t delay = skw_get_u32(r);
	uint64_t run = skw_get_u32(r);
	uint64_t top = largest;

	if (!r->ok || largest >= one->number) {
		r->ok = false; /* of a packet never sent */
		return;
	}
	for (;;) {
		uint64_t gap;

		if (run > top) {
			r->ok = false;
			return;
		}
		acked_run(s, one, top - run, top + 1, largest, delay);
		if (skw_reader_left(r) == 0)
			break;
		gap = skw_get_u32(r);
		top -= run;
		run = skw_get_u32(r);
		if (!r->ok || gap >= top) {
			r->ok = false;
			return;
		}
		top -= gap + 1; /* `gap` missing packets lie between, and one more than none */
	}
	if (!one->any_acked || largest > one->largest_acked)
		one->largest_acked = largest;
	one->any_acked = true;
	advance_oldest(one);
	session_detect_loss(s, one);
}

void session_new_path(struct skw_session *s, struct one *one)
{
	(void)s;
	for (uint64_t n = one->oldest; n < one->number; n++) {
		struct sent *p = sent_at(one, n);

		if (p == NULL)
			continue;
		p->open = false;
		tell_lost(one, p);
	}
	one->oldest = one->number;
	skw_recovery_init(&one->recovery);
	one->room = UINT32_MAX;
	one->probes = 0;
	one->need_ping = true;
}

/* ---- a packet
 * ----------------------------------------------------------------------------------------- */

static void begin_frame(struct skw_writer *w, uint8_t type, size_t len)
{
	skw_put_u8(w, type);
	skw_put_u16(w, (uint16_t)len);
}

static void put_ack(struct skw_session *s, struct one *one, struct skw_writer *w)
{
	const struct skw_ranges *have = &one->received;
	unsigned runs = have->count < ACK_RUNS ? have->count : ACK_RUNS;
	const struct skw_range *top;

	if (runs == 0)
		return;
	top = &have->at[have->count - 1];
	begin_frame(w, FRAME_ACK, 16 + 8 * ((size_t)runs - 1));
	skw_put_u64(w, top->to - 1);
	skw_put_u32(w, (uint32_t)(s->now_us - one->largest_us));
	skw_put_u32(w, (uint32_t)(top->to - 1 - top->from));
	for (unsigned i = 1; i < runs; i++) {
		const struct skw_range *x = &have->at[have->count - 1 - i];

		skw_put_u32(w, (uint32_t)(x[1].from - x->to));
		skw_put_u32(w, (uint32_t)(x->to - 1 - x->from));
	}
	one->unacked = 0;
	one->ack_now = false;
}

static bool put_chunk(struct skw_writer *w, struct sent *p, uint8_t type, const struct stream *x,
		      size_t body_len)
{
	if (p->chunk_count == CHUNKS || (size_t)(w->end - w->at) < 3 + body_len)
		return false;
	p->chunks[p->chunk_count++] = (struct chunk) { .type = type, .stream = x->id };
	begin_frame(w, type, body_len);
	skw_put_u32(w, x->id);
	return true;
}

static void put_stream_control(struct one *one, struct stream *x, struct skw_writer *w,
			       struct sent *p)
{
	size_t name_len = strlen(x->name);

	if (x->need_open && put_chunk(w, p, FRAME_OPEN, x, 12 + name_len)) {
		skw_put_u64(w, stream_grant(one, x));
		skw_put_bytes(w, (const uint8_t *)x->name, name_len);
		x->need_open = false;
	}
	if (x->need_accept && put_chunk(w, p, FRAME_ACCEPT, x, 12)) {
		skw_put_u64(w, stream_grant(one, x));
		x->need_accept = false;
	}
	if (x->need_reset && put_chunk(w, p, FRAME_RESET, x, 8)) {
		skw_put_u32(w, x->code);
		x->need_reset = false;
	}
	if (x->need_credit && put_chunk(w, p, FRAME_CREDIT, x, 12)) {
		skw_put_u64(w, stream_grant(one, x));
		x->need_credit = false;
	}
}

static void put_streams(struct one *one, struct skw_writer *w, struct sent *p)
{
	for (unsigned i = 0; i < STREAMS; i++)
		if (one->streams[i].used)
			put_stream_control(one, &one->streams[i], w, p);
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *x = &one->streams[(one->turn + i) % STREAMS];

		if (p->chunk_count == CHUNKS)
			break;
		if (!x->used || !stream_has_data(x))
			continue;
		if (stream_write_frame(x, w, &p->chunks[p->chunk_count]))
			p->chunk_count++;
	}
	one->turn = (one->turn + 1) % STREAMS;
}

static bool streams_want(const struct one *one)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		const struct stream *x = &one->streams[i];

		if (x->used && (x->need_open || x->need_accept || x->need_reset || x->need_credit ||
				stream_has_data(x)))
			return true;
	}
	return false;
}

static bool window_open(const struct one *one)
{
	if (one->number - one->oldest >= SENT)
		return false;
	return one->probes > 0 || one->recovery.in_flight < one->recovery.cwnd;
}

static size_t seal(struct skw_session *s, struct one *one, size_t len)
{
	struct skw_writer w = skw_writer(s->packet, sizeof(s->packet));

	skw_put_u8(&w, PACKET_DATA);
	skw_put_u32(&w, one->remote);
	skw_put_u64(&w, one->number);
	skw_noise_seal(&one->send, one->number, s->packet, HEADER, s->plain, len,
		       s->packet + HEADER);
	one->packets_sent++;
	return HEADER + len + SKW_NOISE_TAG;
}

static void put_frames(struct skw_session *s, struct one *one, struct skw_writer *w, struct sent *p,
		       bool window)
{
	if (one->need_close) {
		begin_frame(w, FRAME_CLOSE, 4);
		skw_put_u32(w, one->close_code);
		return;
	}
	if (one->unacked > 0 || one->ack_now)
		put_ack(s, one, w);
	if (!window)
		return;
	put_streams(one, w, p);
	if (p->chunk_count == 0 && (one->need_ping || one->probes > 0)) {
		begin_frame(w, FRAME_PING, 0);
		p->open = true;
	}
	one->need_ping = false;
	if (one->probes > 0)
		one->probes--;
}

/* Writes into s->packet what the session wants to say now; 0 if nothing. */
size_t session_write_packet(struct skw_session *s, struct one *one)
{
	bool window = window_open(one);
	bool wants = window && (one->need_ping || one->probes > 0 || streams_want(one));
	bool ack = one->ack_now || (one->unacked > 0 && s->now_us >= one->ack_due_us);
	struct skw_writer w = skw_writer(s->plain, FRAMES_MAX);
	struct sent p = { .number = one->number, .sent_us = s->now_us };
	size_t len;

	if (!one->send.keyed || !one->established || (!wants && !ack && !one->need_close))
		return 0;
	put_frames(s, one, &w, &p, window);
	assert(w.ok);
	if (skw_writer_len(&w) == 0)
		return 0;
	len = seal(s, one, skw_writer_len(&w));
	p.open = p.open || p.chunk_count > 0;
	p.size = (uint16_t)len;
	if (p.open) {
		one->recovery.in_flight += len;
		one->last_eliciting_us = s->now_us;
		one->sent[one->number % SENT] = p;
	}
	one->number++;
	advance_oldest(one);
	if (one->need_close) {
		one->need_close = false;
		session_end(one, one->close_code);
	}
	return len;
}

/* ---- time
 * ------------------------------------------------------------------------------------------------
 */

static bool waiting(const struct one *one)
{
	return one->oldest < one->number;
}

/* Section 6.2.4: the oldest data goes again, without being taken for lost yet. */
static void probe(struct one *one)
{
	unsigned told = 0;

	skw_recovery_on_pto(&one->recovery);
	one->probes = 2;
	for (uint64_t n = one->oldest; n < one->number && told < 2; n++) {
		const struct sent *p = sent_at(one, n);

		if (p == NULL)
			continue;
		tell_lost(one, p);
		told++;
	}
}

/* When the oldest packet behind the last ack counts as lost by time. */
static uint64_t loss_time(const struct one *one)
{
	const struct sent *p;

	if (!one->any_acked || !waiting(one) || one->oldest >= one->largest_acked)
		return UINT64_MAX;
	p = sent_at(one, one->oldest);
	return p != NULL ? p->sent_us + skw_recovery_loss_delay(&one->recovery) : UINT64_MAX;
}

static uint64_t pto_time(const struct one *one)
{
	return waiting(one) ? one->last_eliciting_us + skw_recovery_pto(&one->recovery)
			    : UINT64_MAX;
}

static void tick_handshake(struct skw_session *s, struct one *one)
{
	if (!one->client) {
		if (s->now_us - one->created_us >= UNCONFIRMED_US)
			one->closed = true; /* the user never heard of it */
		return;
	}
	if (one->handshake_due || s->now_us < one->handshake_us)
		return;
	if (one->tries >= HANDSHAKE_TRIES)
		session_end(one, SKW_SESSION_TIMEOUT);
	else
		one->handshake_due = true;
}

void session_tick_one(struct skw_session *s, struct one *one)
{
	uint64_t silent = s->now_us - one->heard_us;

	if (!one->established) {
		tick_handshake(s, one);
		return;
	}
	if ((waiting(one) && silent >= s->config.dead_us) ||
	    (!one->client && silent >= s->config.idle_us)) {
		session_end(one, SKW_SESSION_TIMEOUT);
		return;
	}
	if (!one->path_up)
		return;
	if (s->now_us >= loss_time(one))
		session_detect_loss(s, one);
	if (s->now_us >= pto_time(one) && one->probes == 0)
		probe(one);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t session_timer(const struct skw_session *s, const struct one *one)
{
	uint64_t next = UINT64_MAX;

	if (one->closed)
		return UINT64_MAX;
	if (!one->established && one->client) /* what is due waits for its path, not for a time */
		return one->handshake_due ? UINT64_MAX : one->handshake_us;
	if (!one->established)
		return one->created_us + UNCONFIRMED_US;
	if (waiting(one))
		next = one->heard_us + s->config.dead_us;
	if (!one->client)
		next = sooner(next, one->heard_us + s->config.idle_us);
	if (!one->path_up)
		return next;
	next = sooner(next, loss_time(one));
	if (one->probes == 0)
		next = sooner(next, pto_time(one));
	if (one->unacked > 0)
		next = sooner(next, one->ack_due_us);
	return next;
}
