#include "mac/skw_mac_arq.h"

#include <assert.h>
#include <string.h>

static_assert(SKW_MAC_WINDOW == 128, "a window is described by two words of 64 bits");
static_assert(65536 % SKW_MAC_WINDOW == 0, "slots must stay in step when numbers wrap");

/* How far `seq` lies beyond `from`, counting forwards through the wrap. */
static uint16_t distance(uint16_t from, uint16_t seq)
{
	return (uint16_t)(seq - from);
}

static unsigned slot(uint16_t seq)
{
	return seq % SKW_MAC_WINDOW;
}

static bool bit(const uint64_t held[2], unsigned i)
{
	return held[i / 64] >> i % 64 & 1;
}

void skw_arq_tx_reset(struct skw_mac_arq_tx *tx)
{
	tx->start = tx->end = 0;
	tx->acked[0] = tx->acked[1] = 0;
	tx->order = 0;
}

void skw_arq_rx_reset(struct skw_mac_arq_rx *rx)
{
	rx->have = (struct skw_mac_ack) { 0 };
}

bool skw_arq_full(const struct skw_mac_arq_tx *tx)
{
	return distance(tx->start, tx->end) == SKW_MAC_WINDOW;
}

enum skw_arq_status skw_arq_push(struct skw_mac_arq_tx *tx, const uint8_t *data, size_t len)
{
	struct skw_mac_packet *p = &tx->window[slot(tx->end)];

	if (len > SKW_MAC_MTU)
		return SKW_ARQ_TOO_LONG;
	if (skw_arq_full(tx))
		return SKW_ARQ_FULL;

	p->resend_ns = 0;
	p->order = 0;
	p->tries = 0;
	p->tag = 0;
	p->len = (uint16_t)len;
	if (len > 0)
		memcpy(p->data, data, len);
	tx->end++;
	return SKW_ARQ_OK;
}

const struct skw_mac_packet *skw_arq_due(const struct skw_mac_arq_tx *tx, uint64_t now_ns,
					 uint16_t *seq)
{
	for (uint16_t s = tx->start; s != tx->end; s++) {
		const struct skw_mac_packet *p = &tx->window[slot(s)];

		if (bit(tx->acked, distance(tx->start, s)) || p->resend_ns > now_ns)
			continue;
		*seq = s;
		return p;
	}
	return NULL;
}

bool skw_arq_sent(struct skw_mac_arq_tx *tx, uint16_t seq, uint32_t tag, uint64_t resend_ns)
{
	struct skw_mac_packet *p = &tx->window[slot(seq)];

	p->resend_ns = resend_ns;
	p->order = ++tx->order;
	p->tag = tag;
	if (p->tries < UINT16_MAX)
		p->tries++;
	return p->tries > 1;
}

uint64_t skw_arq_next_due(const struct skw_mac_arq_tx *tx)
{
	uint64_t next = UINT64_MAX;

	for (uint16_t s = tx->start; s != tx->end; s++)
		if (!bit(tx->acked, distance(tx->start, s)) && tx->window[slot(s)].resend_ns < next)
			next = tx->window[slot(s)].resend_ns;
	return next;
}

/* The latest transmission that `ack` is news of. A packet sent twice proves nothing: we cannot
 * know which of the two was heard. */
static uint64_t newest_heard(const struct skw_mac_arq_tx *tx, const struct skw_mac_ack *ack)
{
	uint16_t delivered = distance(tx->start, ack->start);
	uint64_t newest = 0;

	for (uint16_t s = tx->start; s != tx->end; s++) {
		const struct skw_mac_packet *p = &tx->window[slot(s)];
		unsigned i = distance(tx->start, s);

		if (i >= delivered && !bit(ack->held, i - delivered))
			continue;
		if (!bit(tx->acked, i) && p->tries == 1 && p->order > newest)
			newest = p->order;
	}
	return newest;
}

void skw_arq_on_ack(struct skw_mac_arq_tx *tx, const struct skw_mac_ack *ack)
{
	uint16_t delivered = distance(tx->start, ack->start);
	uint64_t newest;

	/* Behind the window is a large distance forwards: one test refuses old and forged. */
	if (delivered > distance(tx->start, tx->end))
		return;

	newest = newest_heard(tx, ack);
	for (unsigned w = 0; w < 2; w++) {
		unsigned pushed = distance(ack->start, tx->end);
		unsigned here = pushed > 64 * w ? pushed - 64 * w : 0;
		/* no ack for what was not pushed */
		uint64_t held =
		    here >= 64 ? ack->held[w] : ack->held[w] & ((UINT64_C(1) << here) - 1);

		/* An ack that moves the window is newer than all before it, and tells everything.
		 */
		tx->acked[w] = delivered > 0 ? held : tx->acked[w] | held;
	}
	tx->start = ack->start;

	/* Nothing overtakes on the air: what was sent before something heard, and was not heard, is
	 * lost. */
	for (uint16_t s = tx->start; s != tx->end; s++) {
		struct skw_mac_packet *p = &tx->window[slot(s)];

		if (!bit(tx->acked, distance(tx->start, s)) && p->order > 0 && p->order < newest)
			p->resend_ns = 0;
	}
}

void skw_arq_on_unsent(struct skw_mac_arq_tx *tx, uint32_t tag)
{
	for (uint16_t s = tx->start; s != tx->end; s++) {
		struct skw_mac_packet *p = &tx->window[slot(s)];

		if (p->tries == 0 || p->tag != tag)
			continue;
		p->resend_ns = 0;
		p->tries--;
	}
}

enum skw_arq_status skw_arq_accept(struct skw_mac_arq_rx *rx, uint16_t seq, const uint8_t *data,
				   size_t len)
{
	uint16_t ahead = distance(rx->have.start, seq);

	if (len > SKW_MAC_MTU)
		return SKW_ARQ_TOO_LONG;
	if (ahead >= 0x8000) /* behind us: delivered already */
		return SKW_ARQ_DUPLICATE;
	if (ahead >= SKW_MAC_WINDOW)
		return SKW_ARQ_AHEAD;
	if (bit(rx->have.held, ahead))
		return SKW_ARQ_DUPLICATE;

	rx->len[slot(seq)] = (uint16_t)len;
	if (len > 0)
		memcpy(rx->data[slot(seq)], data, len);
	rx->have.held[ahead / 64] |= UINT64_C(1) << ahead % 64;
	return SKW_ARQ_OK;
}

bool skw_arq_ready(const struct skw_mac_arq_rx *rx)
{
	return rx->have.held[0] & 1;
}

bool skw_arq_pop(struct skw_mac_arq_rx *rx, const uint8_t **data, size_t *len)
{
	unsigned here = slot(rx->have.start);

	if (!skw_arq_ready(rx))
		return false;
	*data = rx->data[here];
	*len = rx->len[here];
	rx->have.held[0] = rx->have.held[0] >> 1 | rx->have.held[1] << 63;
	rx->have.held[1] >>= 1;
	rx->have.start++;
	return true;
}
