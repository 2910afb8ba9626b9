#include "link/skw_reliable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/skw_cursor.h"

enum { FLAG_LAST = 1 };
enum { TIMEOUT_MIN_US = 30000, TIMEOUT_MAX_US = 30000000, BACKOFF_MAX = 6 };

static_assert(SKW_RELIABLE_SLOTS % SKW_RELIABLE_WINDOW == 0, "slots stay in step when wrapping");

static struct skw_reliable_fragment *tx_slot(struct skw_reliable *r, uint32_t number)
{
	return &r->tx[number % SKW_RELIABLE_SLOTS];
}

static void drop(struct skw_reliable_fragment *f)
{
	free(f->data);
	*f = (struct skw_reliable_fragment) { 0 };
}

void skw_reliable_init(struct skw_reliable *r, size_t max_queued, size_t max_message,
		       uint64_t first_timeout_us)
{
	memset(r, 0, sizeof(*r));
	r->max_queued = max_queued;
	r->max_message = max_message;
	r->first_timeout_us = first_timeout_us;
}

void skw_reliable_reset(struct skw_reliable *r)
{
	uint64_t retransmits = r->retransmits;

	for (unsigned i = 0; i < SKW_RELIABLE_SLOTS; i++)
		drop(&r->tx[i]);
	for (unsigned i = 0; i < SKW_RELIABLE_WINDOW; i++)
		drop(&r->rx[i]);
	free(r->message);
	skw_reliable_init(r, r->max_queued, r->max_message, r->first_timeout_us);
	r->retransmits = retransmits;
}

static bool fill(struct skw_reliable_fragment *f, const uint8_t *data, size_t len)
{
	f->data = malloc(len > 0 ? len : 1);
	if (f->data == NULL)
		return false;
	if (len > 0)
		memcpy(f->data, data, len);
	f->len = (uint16_t)len;
	return true;
}

enum skw_reliable_status skw_reliable_push(struct skw_reliable *r, uint8_t type,
					   const uint8_t *data, size_t len, size_t fragment_max)
{
	size_t pieces = len == 0 ? 1 : (len + fragment_max - 1) / fragment_max;
	uint32_t end = r->tx_end;

	if (len > r->max_message)
		return SKW_RELIABLE_TOO_LONG;
	if (r->queued + len > r->max_queued || end - r->tx_start + pieces > SKW_RELIABLE_SLOTS)
		return SKW_RELIABLE_FULL;
	for (size_t i = 0, at = 0; i < pieces; i++, at += fragment_max) {
		struct skw_reliable_fragment *f = tx_slot(r, end);
		size_t piece = len - at < fragment_max ? len - at : fragment_max;

		if (!fill(f, data + at, piece)) {
			while (end != r->tx_end)
				drop(tx_slot(r, --end));
			return SKW_RELIABLE_FULL;
		}
		f->type = type;
		f->last = i + 1 == pieces;
		end++;
	}
	r->tx_end = end;
	r->queued += len;
	return SKW_RELIABLE_OK;
}

static uint64_t timeout(const struct skw_reliable *r)
{
	uint64_t t = r->first_timeout_us;

	if (r->srtt_us > 0)
		t = r->srtt_us + 4 * r->rttvar_us;
	if (t < TIMEOUT_MIN_US)
		t = TIMEOUT_MIN_US;
	t <<= r->backoff;
	return t < TIMEOUT_MAX_US ? t : TIMEOUT_MAX_US;
}

static uint32_t window_end(const struct skw_reliable *r)
{
	uint32_t pending = r->tx_end - r->tx_start;

	return r->tx_start + (pending < SKW_RELIABLE_WINDOW ? pending : SKW_RELIABLE_WINDOW);
}

bool skw_reliable_poll(struct skw_reliable *r, uint64_t now_us, uint8_t *out, size_t max,
		       size_t *len)
{
	for (uint32_t n = r->tx_start; n != window_end(r); n++) {
		struct skw_reliable_fragment *f = tx_slot(r, n);
		struct skw_writer w = skw_writer(out, max);

		if (f->acked || (f->sends > 0 && f->sent_us + timeout(r) > now_us))
			continue;
		if (f->sends > 0) {
			r->retransmits++;
			/* one step a timeout, not one a fragment: only the oldest counts */
			if (n == r->tx_start && r->backoff < BACKOFF_MAX)
				r->backoff++;
		}
		f->sends = f->sends < UINT8_MAX ? (uint8_t)(f->sends + 1) : UINT8_MAX;
		f->sent_us = now_us;
		skw_put_u32(&w, n);
		skw_put_u8(&w, f->type);
		skw_put_u8(&w, f->last ? FLAG_LAST : 0);
		skw_put_bytes(&w, f->data, f->len);
		assert(w.ok);
		*len = skw_writer_len(&w);
		return true;
	}
	return false;
}

uint64_t skw_reliable_next_timer(const struct skw_reliable *r)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t n = r->tx_start; n != window_end(r); n++) {
		const struct skw_reliable_fragment *f = &r->tx[n % SKW_RELIABLE_SLOTS];
		uint64_t due = f->sends > 0 ? f->sent_us + timeout(r) : 0;

		if (!f->acked && due < next)
			next = due;
	}
	return next;
}

enum skw_reliable_status skw_reliable_accept(struct skw_reliable *r, const uint8_t *in, size_t len)
{
	struct skw_reader rd = skw_reader(in, len);
	uint32_t number = skw_get_u32(&rd);
	uint8_t type = skw_get_u8(&rd);
	uint8_t flags = skw_get_u8(&rd);
	uint32_t ahead = number - r->rx_start;
	struct skw_reliable_fragment *f = &r->rx[number % SKW_RELIABLE_WINDOW];

	if (!rd.ok || skw_reader_left(&rd) > SKW_RELIABLE_FRAGMENT)
		return SKW_RELIABLE_MALFORMED;
	if (ahead >= UINT32_C(1) << 31 || (ahead < SKW_RELIABLE_WINDOW && f->data != NULL)) {
		r->ack_due = true; /* had it: the ack was lost */
		return SKW_RELIABLE_OK;
	}
	if (ahead >= SKW_RELIABLE_WINDOW)
		return SKW_RELIABLE_MALFORMED;
	if (!fill(f, rd.at, skw_reader_left(&rd)))
		return SKW_RELIABLE_FULL; /* as if lost */
	f->type = type;
	f->last = flags & FLAG_LAST;
	r->ack_due = true;
	return SKW_RELIABLE_OK;
}

/* Adds a fragment to the message being put together; what is too long is skipped to its end. */
static void append(struct skw_reliable *r, const struct skw_reliable_fragment *f)
{
	uint8_t *grown;

	if (r->overlong || r->message_len + f->len > r->max_message) {
		r->overlong = true;
		return;
	}
	grown = realloc(r->message, r->message_len + f->len + 1);
	if (grown == NULL) {
		r->overlong = true;
		return;
	}
	memcpy(grown + r->message_len, f->data, f->len);
	r->message = grown;
	r->message_len += f->len;
}

bool skw_reliable_take(struct skw_reliable *r, uint8_t *type, const uint8_t **data, size_t *len)
{
	for (;;) {
		struct skw_reliable_fragment *f = &r->rx[r->rx_start % SKW_RELIABLE_WINDOW];
		bool last = f->last;

		if (f->data == NULL)
			return false;
		append(r, f);
		*type = f->type;
		drop(f);
		r->rx_start++;
		if (!last)
			continue;
		*data = r->message;
		*len = r->message_len;
		r->message_len = 0;
		if (!r->overlong)
			return true;
		r->overlong = false;
	}
}

void skw_reliable_ack(struct skw_reliable *r, uint32_t *start, uint32_t *held)
{
	*start = r->rx_start;
	*held = 0;
	for (unsigned i = 0; i < SKW_RELIABLE_WINDOW; i++)
		if (r->rx[(r->rx_start + i) % SKW_RELIABLE_WINDOW].data != NULL)
			*held |= UINT32_C(1) << i;
	r->ack_due = false;
}

/* RFC 6298, section 2. */
static void measure(struct skw_reliable *r, uint64_t rtt)
{
	uint64_t err;

	if (rtt == 0)
		rtt = 1;
	if (r->srtt_us == 0) {
		r->srtt_us = rtt;
		r->rttvar_us = rtt / 2;
		return;
	}
	err = rtt > r->srtt_us ? rtt - r->srtt_us : r->srtt_us - rtt;
	r->rttvar_us = (3 * r->rttvar_us + err) / 4;
	r->srtt_us = (7 * r->srtt_us + rtt) / 8;
}

static void acked(struct skw_reliable *r, struct skw_reliable_fragment *f, uint64_t now_us)
{
	if (f->acked)
		return;
	f->acked = true;
	r->backoff = 0;
	if (f->sends == 1) /* Karn: of one sent twice, nobody knows which was acknowledged */
		measure(r, now_us - f->sent_us);
}

enum skw_reliable_status skw_reliable_on_ack(struct skw_reliable *r, uint32_t start, uint32_t held,
					     uint64_t now_us)
{
	uint32_t delivered = start - r->tx_start;

	if (delivered >= UINT32_C(1) << 31)
		return SKW_RELIABLE_OK; /* an old ack */
	if (delivered > window_end(r) - r->tx_start)
		return SKW_RELIABLE_MALFORMED;
	for (unsigned i = 0; i < SKW_RELIABLE_WINDOW; i++) {
		struct skw_reliable_fragment *f = tx_slot(r, start + i);

		if ((held >> i & 1) && start + i - r->tx_start < window_end(r) - r->tx_start &&
		    f->sends > 0)
			acked(r, f, now_us);
	}
	for (; r->tx_start != start; r->tx_start++) {
		struct skw_reliable_fragment *f = tx_slot(r, r->tx_start);

		if (f->sends == 0)
			return SKW_RELIABLE_MALFORMED; /* acknowledged before it was sent */
		acked(r, f, now_us);
		r->queued -= f->len;
		drop(f);
	}
	return SKW_RELIABLE_OK;
}
