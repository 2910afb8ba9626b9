#include "mac/skw_mac.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mac/skw_airtime.h"
#include "mac/skw_mac_state.h"

static const uint64_t MS = 1000000;

struct skw_mac_config skw_mac_config_default(void)
{
	return (struct skw_mac_config) {
		.plan = { .slots = 4, .slot_ns = 4 * MS, .guard_ns = MS / 10 },
		.slot_mask = 1,
		.bandwidth_mhz = 20,
		.data_rate_mbps = 24,
		.ack_rate_mbps = 6,
		.lead_ns = 3 * MS,
		.gap_ns = 16000,
		.beacon_ns = 500 * MS,
		.neighbour_timeout_ns = 5000 * MS,
	};
}

static bool slot_holds_frame(const struct skw_mac_config *c, uint8_t rate)
{
	size_t frame = SKW_MAC_HEADER + SKW_MAC_ELEMENT + SKW_MAC_ACK_LEN + SKW_MAC_ELEMENT + 2 +
		       SKW_MAC_MTU + SKW_FCS_LEN;

	return skw_airtime_fits(rate, c->plan.slot_ns - c->plan.guard_ns, c->bandwidth_mhz) >=
	       frame;
}

uint8_t skw_mac_rate_to(const struct skw_mac *mac, const struct skw_mac_peer *p)
{
	static const uint8_t faster[] = { 12, 18, 24, 36, 48, 54 };
	uint8_t rate = mac->config.data_rate_mbps;

	if (rate != 0)
		return rate;
	rate = skw_mac_rate_best(&p->rate);
	for (size_t i = 0; !slot_holds_frame(&mac->config, rate); i++)
		if (faster[i] > rate)
			rate = faster[i];
	return rate;
}

/* A slot must hold the longest beacon and a frame of the largest size: else they would wait for
 * ever. */
static bool config_valid(const struct skw_mac_config *c)
{
	size_t beacon = SKW_MAC_HEADER + SKW_MAC_ELEMENT + SKW_MAC_BEACON_MAX + SKW_FCS_LEN;
	uint32_t all;
	uint64_t room;

	if (!skw_slots_valid(&c->plan) || c->epoch == 0 || c->power_cdb > 0)
		return false;
	all = (uint32_t)((UINT64_C(1) << c->plan.slots) - 1);
	room = c->plan.slot_ns - c->plan.guard_ns;
	return (c->slot_mask & ~all) == 0 && c->lead_ns <= 1000 * MS &&
	       c->gap_ns <= c->plan.slot_ns && c->beacon_ns > 0 &&
	       c->neighbour_timeout_ns > c->beacon_ns &&
	       skw_airtime_fits(6, room, c->bandwidth_mhz) >= beacon &&
	       skw_airtime_fits(c->ack_rate_mbps, room, c->bandwidth_mhz) >= beacon &&
	       slot_holds_frame(c, c->data_rate_mbps != 0 ? c->data_rate_mbps : 54);
}

enum skw_mac_status skw_mac_new(struct skw_mac **mac, const struct skw_mac_config *config,
				uint64_t now_ns)
{
	*mac = NULL;
	if (!config_valid(config))
		return SKW_MAC_CONFIG;
	*mac = calloc(1, sizeof(**mac));
	if (*mac == NULL)
		return SKW_MAC_MEMORY;
	(*mac)->config = *config;
	(*mac)->addr = skw_mac_addr_of(config->key);
	(*mac)->beacon_at = now_ns;
	skw_mac_claim_begin(*mac, now_ns);
	return SKW_MAC_OK;
}

void skw_mac_free(struct skw_mac *mac)
{
	free(mac);
}

struct skw_mac_addr skw_mac_own_addr(const struct skw_mac *mac)
{
	return mac->addr;
}

static const struct skw_mac_peer *find(const struct skw_mac *mac, const struct skw_mac_addr *addr)
{
	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++)
		if (mac->peer[i].used && skw_mac_addr_equal(&mac->peer[i].view.addr, addr))
			return &mac->peer[i];
	return NULL;
}

struct skw_mac_peer *skw_mac_find(struct skw_mac *mac, const struct skw_mac_addr *addr)
{
	const struct skw_mac_peer *p = find(mac, addr);

	return p != NULL ? &mac->peer[p - mac->peer] : NULL;
}

bool skw_mac_is_up(const struct skw_mac_peer *p)
{
	return p->alive && p->view.epoch != 0;
}

unsigned skw_mac_waiting(const struct skw_mac_peer *p)
{
	unsigned n = 0;

	for (unsigned c = 0; c < SKW_MAC_CLASSES; c++)
		n += p->queue[c].tail - p->queue[c].head;
	return n;
}

void skw_mac_peer_reset(struct skw_mac *mac, struct skw_mac_peer *p)
{
	mac->count.dropped_frames += skw_mac_waiting(p) + (uint16_t)(p->tx.end - p->tx.start);
	for (unsigned c = 0; c < SKW_MAC_CLASSES; c++)
		p->queue[c].head = p->queue[c].tail;
	skw_arq_tx_reset(&p->tx);
	skw_arq_rx_reset(&p->rx);
	p->ack_due = false;
}

unsigned skw_mac_can_send(const struct skw_mac *mac, const struct skw_mac_addr *dst,
			  enum skw_mac_class class)
{
	const struct skw_mac_peer *p = find(mac, dst);

	if (p == NULL || !skw_mac_is_up(p))
		return 0;
	return SKW_MAC_QUEUE - (p->queue[class].tail - p->queue[class].head);
}

enum skw_mac_status skw_mac_send(struct skw_mac *mac, const struct skw_mac_addr *dst,
				 enum skw_mac_class class, const uint8_t *data, size_t len)
{
	struct skw_mac_peer *p = skw_mac_find(mac, dst);
	struct skw_mac_queue *q;

	if (p == NULL || !skw_mac_is_up(p))
		return SKW_MAC_UNKNOWN;
	if (len == 0 || len > SKW_MAC_MTU)
		return SKW_MAC_TOO_LONG;
	q = &p->queue[class];
	if (q->tail - q->head == SKW_MAC_QUEUE)
		return SKW_MAC_FULL;
	q->frame[q->tail % SKW_MAC_QUEUE].len = (uint16_t)len;
	memcpy(q->frame[q->tail % SKW_MAC_QUEUE].data, data, len);
	q->tail++;
	mac->blocked_ns = 0;
	return SKW_MAC_OK;
}

static void expire(struct skw_mac *mac, uint64_t now_ns)
{
	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		struct skw_mac_peer *p = &mac->peer[i];

		if (!p->alive || now_ns < p->view.heard_ns ||
		    now_ns - p->view.heard_ns < mac->config.neighbour_timeout_ns)
			continue;
		skw_mac_peer_reset(mac, p);
		p->alive = false;
		p->view.epoch = 0;
		p->tell_down = true;
		mac->losses++;
	}
}

static void neighbour_output(struct skw_mac_output *out, enum skw_mac_output_type type,
			     const struct skw_mac_peer *p)
{
	*out = (struct skw_mac_output) {
		.type = type,
		.addr = p->view.addr,
		.snr_cdb = p->view.snr_cdb,
		.cfo_hz = p->view.cfo_hz,
	};
	memcpy(out->key, p->view.key, SKW_MAC_KEY);
}

/* Down before up: of a neighbour that was started anew both are told, in this order. */
static bool poll_neighbours(struct skw_mac *mac, struct skw_mac_output *out)
{
	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		struct skw_mac_peer *p = &mac->peer[i];
		bool tell = p->tell_down && p->told_up;

		if (!p->used)
			continue;
		if (tell)
			neighbour_output(out, SKW_MAC_DOWN, p);
		if (p->tell_down)
			p->told_up = p->tell_down = false;
		p->used = p->alive;
		if (tell)
			return true;
		if (skw_mac_is_up(p) && !p->told_up) {
			p->told_up = true;
			neighbour_output(out, SKW_MAC_UP, p);
			return true;
		}
	}
	return false;
}

static bool poll_delivery(struct skw_mac *mac, struct skw_mac_output *out)
{
	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		struct skw_mac_peer *p = &mac->peer[i];
		const uint8_t *data;
		size_t len;

		if (!skw_mac_is_up(p) || !skw_arq_pop(&p->rx, &data, &len))
			continue;
		neighbour_output(out, SKW_MAC_DELIVER, p);
		out->data = data;
		out->len = len;
		p->view.rx_frames++;
		mac->count.rx_frames++;
		return true;
	}
	return false;
}

bool skw_mac_poll(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_output *out)
{
	expire(mac, now_ns);
	skw_mac_claim_due(mac, now_ns);
	return poll_neighbours(mac, out) || poll_delivery(mac, out) ||
	       skw_mac_plan(mac, now_ns, out);
}

uint64_t skw_mac_next_timer(const struct skw_mac *mac, uint64_t now_ns)
{
	uint64_t next = skw_mac_plan_at(mac, now_ns);

	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		const struct skw_mac_peer *p = &mac->peer[i];
		uint64_t silent = p->view.heard_ns + mac->config.neighbour_timeout_ns;

		if (p->tell_down || (skw_mac_is_up(p) && (!p->told_up || skw_arq_ready(&p->rx))))
			return now_ns;
		if (p->alive && silent < next)
			next = silent;
	}
	return next > now_ns ? next : now_ns;
}

uint32_t skw_mac_slots(const struct skw_mac *mac)
{
	return mac->slot_mask;
}

uint64_t skw_mac_ahead(const struct skw_mac *mac)
{
	return mac->ahead_ns;
}

const struct skw_mac_counters *skw_mac_counters(const struct skw_mac *mac)
{
	return &mac->count;
}

bool skw_mac_neighbour(const struct skw_mac *mac, unsigned i, struct skw_mac_neighbour *out)
{
	for (unsigned k = 0; k < SKW_MAC_NEIGHBOURS_MAX; k++) {
		const struct skw_mac_peer *p = &mac->peer[k];

		if (!p->alive || i-- > 0)
			continue;
		*out = p->view;
		out->rate_mbps = skw_mac_rate_to(mac, p);
		out->way_ns = p->clock.way_known ? p->clock.way_ns : -1;
		out->queued = skw_mac_waiting(p);
		out->in_flight = (uint16_t)(p->tx.end - p->tx.start);
		return true;
	}
	return false;
}
