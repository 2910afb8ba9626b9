#include "mac/skw_mac_state.h"

#include <string.h>

void skw_mac_beacon_soon(struct skw_mac *mac, uint64_t now_ns)
{
	uint64_t superframe = mac->config.plan.slots * mac->config.plan.slot_ns;
	uint64_t soon = mac->beacon_last + superframe;

	if (soon < now_ns)
		soon = now_ns;
	if (soon < mac->beacon_at)
		mac->beacon_at = soon;
}

static struct skw_mac_peer *free_entry(struct skw_mac *mac)
{
	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++)
		if (!mac->peer[i].used)
			return &mac->peer[i];
	return NULL;
}

static struct skw_mac_peer *new_peer(struct skw_mac *mac, const struct skw_mac_envelope *e,
				     const struct skw_mac_beacon *b)
{
	struct skw_mac_peer *p = free_entry(mac);

	if (p == NULL) {
		mac->count.neighbours_over++;
		return NULL;
	}
	p->used = true;
	p->alive = p->told_up = p->tell_down = p->ack_due = p->in_time = false;
	p->view = (struct skw_mac_neighbour) { .addr = e->src };
	p->clock = (struct skw_mac_sight) { 0 };
	p->around_count = p->clashes = p->unheard = p->patience = 0;
	memcpy(p->view.key, b->key, SKW_MAC_KEY);
	for (unsigned c = 0; c < SKW_MAC_CLASSES; c++)
		p->queue[c].head = p->queue[c].tail = 0;
	skw_arq_tx_reset(&p->tx);
	skw_arq_rx_reset(&p->rx);
	skw_mac_rate_reset(&p->rate);
	return p;
}

/* The neighbour's epoch is another than before: it was started anew, or lost and found us. An epoch
 * of 0: it does not hear us (any more). Either way it knows nothing of what we exchanged. */
static void check_epoch(struct skw_mac *mac, struct skw_mac_peer *p, uint32_t epoch,
			uint64_t now_ns)
{
	p->view.hears_us = epoch != 0;
	if (p->view.epoch == epoch)
		return;
	p->view.epoch = epoch;
	skw_mac_peer_reset(mac, p);
	p->tell_down = p->told_up;
	skw_mac_beacon_soon(mac, now_ns);
}

static bool beacon_usable(struct skw_mac *mac, const struct skw_mac_envelope *e,
			  const struct skw_mac_beacon *b)
{
	const struct skw_slots *plan = &mac->config.plan;
	struct skw_mac_addr addr = skw_mac_addr_of(b->key);

	if (!skw_mac_addr_equal(&addr, &e->src) || b->time_ns > SKW_MAC_TIME_MAX ||
	    b->time_ns + b->ahead_ns > SKW_MAC_TIME_MAX) {
		mac->count.rx_malformed++;
		return false;
	}
	if (b->slots != plan->slots || b->slot_ns != plan->slot_ns || b->slot_mask == 0 ||
	    (uint64_t)b->slot_mask >> plan->slots != 0) {
		mac->count.plan_mismatch++;
		return false;
	}
	return true;
}

/* A leap beyond the guard would take us out of our neighbours' time before they hear of it: it is
 * made after so many beacons that tell of it in the slots that they know. */
enum { LEAP_BEACONS = 3 };

/* Steps below this are what measuring errs: to follow them would make time run. The guard is as
 * long as the clocks are coarse. */
static int64_t least_step(const struct skw_mac *mac)
{
	int64_t part = (int64_t)(mac->config.plan.guard_ns / 32);

	return part > 1000 ? part : 1000;
}

/* Forward to the furthest clock. Who has nobody yet goes to that of a community, wherever it is. */
static void follow(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_peer *p,
		   const struct skw_mac_beacon *b)
{
	uint64_t ahead = skw_mac_sight_ahead(&p->clock, b->ahead_ns);
	int64_t step = (int64_t)(ahead - mac->ahead_ns), guard = (int64_t)mac->config.plan.guard_ns;
	const int64_t least = least_step(mac);
	bool up = false, in_time = false;

	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		up |= skw_mac_is_up(&mac->peer[i]);
		in_time |= mac->peer[i].alive && mac->peer[i].in_time;
	}
	p->in_time = step >= -guard && step <= guard;
	if (step <= least && !(step < -least && !up && !in_time && b->heard_count > 0))
		return;
	if (!p->in_time)
		for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++)
			mac->peer[i].in_time = &mac->peer[i] == p;
	mac->ahead_ns = ahead;
	mac->blocked_ns = 0;
	mac->count.clock_steps++;
	if (step > guard && up) {
		mac->leap_beacons = LEAP_BEACONS;
		skw_mac_beacon_soon(mac, now_ns);
	} else if (mac->leap_beacons == 0) {
		mac->slots_ahead_ns = ahead;
	}
}

static void on_beacon(struct skw_mac *mac, uint64_t now_ns, const struct skw_mac_envelope *e,
		      struct skw_reader *body, uint64_t time_ns)
{
	struct skw_mac_peer *p = skw_mac_find(mac, &e->src);
	struct skw_mac_beacon b;
	uint32_t epoch = 0;

	if (!skw_mac_get_beacon(body, &b)) {
		mac->count.rx_malformed++;
		return;
	}
	if (!beacon_usable(mac, e, &b))
		return;
	mac->count.rx_beacons++;
	if (p == NULL)
		p = new_peer(mac, e, &b);
	if (p == NULL)
		return;
	if (!p->alive) {
		p->alive = true;
		p->own_epoch = mac->config.epoch + mac->losses;
		p->own_epoch += p->own_epoch == 0;
		skw_mac_beacon_soon(mac, now_ns);
	}
	p->view.slot_mask = b.slot_mask;
	skw_mac_sight_beacon(&p->clock, b.time_ns, time_ns);
	for (unsigned i = 0; i < b.heard_count; i++) {
		if (!skw_mac_addr_equal(&b.heard[i].addr, &mac->addr))
			continue;
		epoch = b.heard[i].epoch;
		p->view.snr_there_cdb = b.heard[i].snr_cdb;
		skw_mac_rate_heard(&p->rate, b.heard[i].snr_cdb);
		skw_mac_sight_back(&p->clock, &b.heard[i].clock);
	}
	follow(mac, now_ns, p, &b);
	skw_mac_claim_heard(mac, now_ns, p, &b);
	check_epoch(mac, p, epoch, now_ns);
}

static void on_data(struct skw_mac *mac, struct skw_mac_peer *p, struct skw_reader *body)
{
	uint16_t seq = skw_get_u16(body);
	size_t len = skw_reader_left(body);
	const uint8_t *data = skw_get_view(body, len);

	if (!body->ok || len == 0) {
		mac->count.rx_malformed++;
		return;
	}
	switch (skw_arq_accept(&p->rx, seq, data, len)) {
	case SKW_ARQ_DUPLICATE:
		mac->count.rx_duplicates++;
		p->ack_due = true;
		break;
	case SKW_ARQ_AHEAD:
		mac->count.rx_ahead++;
		break;
	case SKW_ARQ_TOO_LONG:
	case SKW_ARQ_FULL:
		mac->count.rx_malformed++;
		break;
	case SKW_ARQ_OK:
		p->ack_due = true;
		break;
	}
}

static void on_ack(struct skw_mac *mac, struct skw_mac_peer *p, struct skw_reader *body)
{
	struct skw_mac_ack ack;

	if (skw_mac_get_ack(body, &ack))
		skw_arq_on_ack(&p->tx, &ack);
	else
		mac->count.rx_malformed++;
}

static void on_elements(struct skw_mac *mac, uint64_t now_ns, struct skw_reader *r,
			const struct skw_mac_envelope *e, struct skw_mac_peer *p, uint64_t time_ns)
{
	struct skw_reader body;
	uint8_t type;

	while (skw_mac_get_element(r, &type, &body)) {
		if (type == SKW_MAC_EL_BEACON)
			on_beacon(mac, now_ns, e, &body, time_ns);
		else if (type != SKW_MAC_EL_DATA && type != SKW_MAC_EL_ACK)
			mac->count.rx_skipped++;
		else if (p == NULL)
			mac->count.rx_unknown++;
		else if (type == SKW_MAC_EL_DATA)
			on_data(mac, p, &body);
		else
			on_ack(mac, p, &body);
	}
	if (!r->ok)
		mac->count.rx_malformed++;
}

void skw_mac_on_rx(struct skw_mac *mac, uint64_t now_ns, const struct skw_frame_rx *rx,
		   uint64_t time_ns, const uint8_t *psdu, size_t len)
{
	struct skw_reader r = skw_reader(psdu, len < SKW_FCS_LEN ? 0 : len - SKW_FCS_LEN);
	struct skw_mac_envelope e;
	struct skw_mac_peer *p, *stream;
	bool to_us;

	mac->count.rx_psdus++;
	mac->count.rx_bytes += len;
	if (!rx->fcs_ok) {
		mac->count.rx_fcs_bad++;
		return;
	}
	if (!skw_mac_get_envelope(&r, &e)) {
		mac->count.rx_foreign++;
		return;
	}
	to_us = skw_mac_addr_equal(&e.dst, &mac->addr);
	if ((!to_us && !skw_mac_addr_equal(&e.dst, &skw_mac_broadcast)) ||
	    skw_mac_addr_equal(&e.src, &mac->addr)) {
		mac->count.rx_foreign++;
		return;
	}

	mac->blocked_ns = 0;
	p = skw_mac_find(mac, &e.src);
	if (p != NULL && p->alive && to_us)
		check_epoch(mac, p, e.src_epoch, now_ns);
	stream = p != NULL && p->alive && to_us && e.dst_epoch == p->own_epoch ? p : NULL;
	if (to_us && stream == NULL) /* it speaks to who we were before, or before we heard of it */
		skw_mac_beacon_soon(mac, now_ns);
	on_elements(mac, now_ns, &r, &e, stream, time_ns);

	p = skw_mac_find(mac, &e.src);
	if (p == NULL || !p->alive)
		return;
	p->view.heard_ns = now_ns;
	p->view.rssi_cdb = rx->rssi_cdb;
	p->view.snr_cdb = rx->snr_cdb;
	p->view.cfo_hz = rx->cfo_hz;
}

void skw_mac_on_tx_status(struct skw_mac *mac, uint64_t now_ns, uint32_t tag,
			  enum skw_mac_tx_result result)
{
	struct skw_mac_sent *s = &mac->sent[tag % SKW_MAC_SENT];
	struct skw_mac_peer *p;

	if (tag == 0 || s->tag != tag)
		return;
	s->tag = 0;
	if (result == SKW_MAC_TX_SENT)
		return;

	mac->count.tx_late++;
	mac->blocked_ns = 0;
	if (s->beacon) {
		if (now_ns < mac->beacon_at)
			mac->beacon_at = now_ns;
		return;
	}
	p = &mac->peer[s->peer];
	if (!skw_mac_is_up(p) || p->view.epoch != s->peer_epoch)
		return;
	skw_arq_on_unsent(&p->tx, tag);
	p->ack_due |= s->ack;
}
