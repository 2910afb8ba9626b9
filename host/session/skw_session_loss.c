/* What becomes of packets: acknowledged, lost, probed for (RFC 9002), each path for itself. */
#include "session/skw_session_state.h"

#include <stdlib.h>
#include <string.h>

struct sent *sent_at(const struct path *path, uint64_t count)
{
	struct sent *p = &path->sent[count % path->sent_size];

	return p->open && p->number == count ? p : NULL;
}

static bool sent_grow(struct path *path)
{
	uint32_t size = 2 * path->sent_size;
	struct sent *wide = size <= SENT_MAX ? calloc(size, sizeof(*wide)) : NULL;

	if (wide == NULL)
		return false;
	for (uint64_t n = path->oldest; n < path->number; n++)
		wide[n % size] = path->sent[n % path->sent_size];
	free(path->sent);
	path->sent = wide;
	path->sent_size = size;
	return true;
}

struct sent *sent_place(struct path *path)
{
	if (path->number - path->oldest >= path->sent_size && !sent_grow(path))
		return NULL;
	return &path->sent[path->number % path->sent_size];
}

void sent_advance(struct path *path)
{
	while (path->oldest < path->number && sent_at(path, path->oldest) == NULL)
		path->oldest++;
}

bool path_waits(const struct path *path)
{
	return path->oldest < path->number;
}

static void chunk_lost(struct one *one, const struct chunk *chunk)
{
	if (chunk->type == FRAME_DATAGRAM)
		datagram_on_lost(one, chunk);
	else if (chunk->type == FRAME_LEAVE)
		session_say_leave(one, (uint16_t)chunk->stream);
	else if (!rekey_on_lost(one, chunk))
		stream_on_lost(one, chunk);
}

void session_tell_lost(struct one *one, struct sent *p)
{
	if (p->told)
		return;
	p->told = true;
	for (unsigned i = 0; i < p->chunk_count; i++)
		chunk_lost(one, &p->chunks[i]);
}

void session_tell_all_lost(struct one *one, struct path *path)
{
	for (uint64_t n = path->oldest; n < path->number; n++) {
		struct sent *p = sent_at(path, n);

		if (p != NULL)
			session_tell_lost(one, p);
	}
}

/* ---- acknowledgements */

/* Taken for lost and there after all: the path changes the order of packets. */
static void on_spurious(struct path *path, uint64_t count)
{
	struct sent *p = &path->sent[count % path->sent_size];

	if (p->number != count || !p->lost)
		return;
	p->lost = false;
	path->reorder = 2 * path->reorder < REORDER_MAX ? 2 * path->reorder : REORDER_MAX;
}

static void on_acked(struct skw_session *s, struct one *one, struct path *path, uint64_t count,
		     uint64_t largest, uint64_t delay)
{
	struct sent *p = sent_at(path, count);

	if (p == NULL) {
		on_spurious(path, count);
		return;
	}
	if (count == largest) {
		uint64_t rtt = s->now_us - p->packet.sent_us;

		skw_recovery_sample(&path->recovery, rtt, delay);
		delay = delay < SKW_RECOVERY_ACK_DELAY_US ? delay : SKW_RECOVERY_ACK_DELAY_US;
		skw_bbr_on_rtt(&path->bbr, rtt > delay ? rtt - delay : rtt, s->now_us);
	}
	p->open = false;
	path->recovery.pto_count = 0;
	path->silent = false;
	path->last_acked_us = s->now_us;
	skw_bbr_on_acked(&path->bbr, &p->packet, p->size, s->now_us);
	for (unsigned i = 0; i < p->chunk_count; i++)
		if (p->chunks[i].type == FRAME_DATAGRAM)
			datagram_on_acked(one, &p->chunks[i]);
		else
			stream_on_acked(s, one, &p->chunks[i]);
}

static void detect_loss(struct skw_session *s, struct one *one, struct path *path)
{
	uint64_t delay = skw_recovery_loss_delay(&path->recovery);

	if (!path->any_acked)
		return;
	for (uint64_t n = path->oldest; n < path->number && n < path->largest_acked; n++) {
		struct sent *p = sent_at(path, n);

		if (p == NULL)
			continue;
		if (n + path->reorder > path->largest_acked &&
		    p->packet.sent_us + delay > s->now_us)
			continue;
		p->open = false;
		p->lost = true;
		path->packets_lost++;
		one->packets_lost++;
		skw_bbr_on_lost(&path->bbr, p->size, !p->told || p->missed);
		session_tell_lost(one, p);
	}
	sent_advance(path);
}

static void acked_run(struct skw_session *s, struct one *one, struct path *path, uint64_t from,
		      uint64_t to, uint64_t largest, uint64_t delay)
{
	uint64_t kept = path->number > path->sent_size ? path->number - path->sent_size : 0;

	if (from < kept)
		from = kept; /* a forged run of billions costs nothing */
	for (uint64_t n = from; n < to; n++)
		on_acked(s, one, path, n, largest, delay);
}

static void on_runs(struct skw_session *s, struct one *one, struct path *path, struct skw_reader *r,
		    uint64_t largest)
{
	uint64_t delay = skw_get_u32(r), run = skw_get_u32(r), top = largest;

	for (;;) {
		uint64_t gap;

		if (!r->ok || run > top) {
			r->ok = false;
			return;
		}
		acked_run(s, one, path, top - run, top + 1, largest, delay);
		if (skw_reader_left(r) == 0)
			return;
		gap = skw_get_u32(r);
		top -= run;
		run = skw_get_u32(r);
		if (!r->ok || gap >= top) {
			r->ok = false;
			return;
		}
		top -= gap + 1; /* `gap` missing packets lie between, and one more than none */
	}
}

void session_on_ack(struct skw_session *s, struct one *one, struct skw_reader *r)
{
	uint64_t number = skw_get_u64(r), largest = number & COUNT_MASK;
	struct path *path = path_by_id(one, (uint16_t)(number >> PATH_SHIFT));

	if (!r->ok || path == NULL)
		return; /* of a path that is gone */
	if (largest >= path->number) {
		r->ok = false; /* of a packet never sent */
		return;
	}
	on_runs(s, one, path, r, largest);
	if (!path->any_acked || largest > path->largest_acked)
		path->largest_acked = largest;
	path->any_acked = true;
	sent_advance(path);
	detect_loss(s, one, path);
}

/* ---- time */

static bool others_live(const struct one *one, const struct path *path)
{
	for (unsigned i = 0; i < one->path_count; i++)
		if (one->paths[i] != path && !one->paths[i]->silent)
			return true;
	return false;
}

/* Section 6.2.4, where there is no other path: the oldest data goes again. Where there is one, it
 * gets all at once, and this path has to prove itself. Neither is taken for lost yet. */
static void probe(struct one *one, struct path *path)
{
	unsigned told = 0;

	path->recovery.pto_count++;
	if (others_live(one, path)) {
		path->silent = true;
		path->probes = 1;
		session_tell_all_lost(one, path);
		return;
	}
	path->probes = 2;
	for (uint64_t n = path->oldest; n < path->number && told < 2; n++) {
		struct sent *p = sent_at(path, n);

		if (p == NULL)
			continue;
		p->told = false;
		session_tell_lost(one, p);
		p->told = false; /* it may have to go once more */
		told++;
	}
}

/* When the oldest packet behind the last acknowledgement counts as lost by time. */
static uint64_t loss_time(const struct path *path)
{
	const struct sent *p;

	if (!path->any_acked || !path_waits(path) || path->oldest >= path->largest_acked)
		return UINT64_MAX;
	p = sent_at(path, path->oldest);
	return p != NULL ? p->packet.sent_us + skw_recovery_loss_delay(&path->recovery)
			 : UINT64_MAX;
}

/* A round trip and its variance after the last that was heard, or after the oldest that waits:
 * a sender that goes on sending into nothing must not put it off. */
static uint64_t pto_time(const struct path *path)
{
	const struct sent *p = path_waits(path) ? sent_at(path, path->oldest) : NULL;
	uint64_t pto = skw_recovery_pto(&path->recovery), from;

	if (p == NULL)
		return UINT64_MAX;
	if (path->silent)
		return path->last_eliciting_us + (pto < SILENT_PROBE_US ? pto : SILENT_PROBE_US);
	if (path->recovery.pto_count > 0)
		return path->last_eliciting_us + pto;
	from = p->packet.sent_us > path->last_acked_us ? p->packet.sent_us : path->last_acked_us;
	return from + pto;
}

void path_tick(struct skw_session *s, struct one *one, struct path *path)
{
	if (s->now_us >= loss_time(path))
		detect_loss(s, one, path);
	if (path->probes == 0 && s->now_us >= pto_time(path))
		probe(one, path);
}

uint64_t path_timer(const struct path *path)
{
	uint64_t next = loss_time(path), pto = path->probes == 0 ? pto_time(path) : UINT64_MAX;

	next = pto < next ? pto : next;
	if (path->unacked > 0 && path->room > 0 && path->ack_due_us < next)
		next = path->ack_due_us;
	return next;
}
