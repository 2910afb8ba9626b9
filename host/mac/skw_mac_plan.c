#include "mac/skw_mac_state.h"

#include "mac/skw_airtime.h"

enum { BEACON_RATE = 6 };

/* One PSDU in the making: where it may stand, and what it holds so far. */
struct draft {
	uint64_t start_ns, end_ns; /* of the rest of the slot */
	struct skw_writer w;
	unsigned frames;
};

static uint64_t airtime(const struct skw_mac *mac, uint8_t rate, const struct skw_writer *w)
{
	return skw_airtime_ns(rate, skw_writer_len(w) + SKW_FCS_LEN, mac->config.bandwidth_mhz);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Slots are counted in common time. */
static uint64_t next_start(const struct skw_mac *mac, uint32_t mask, uint64_t t)
{
	return skw_slots_next_start(&mac->config.plan, mask, t + mac->slots_ahead_ns) -
	       mac->slots_ahead_ns;
}

/* The earliest instant of our slots that a decision made at `now_ns` can still reach. */
static uint64_t reach(const struct skw_mac *mac, uint64_t now_ns, uint64_t *end_ns)
{
	uint64_t t = now_ns + mac->config.lead_ns;
	uint64_t start;

	t = t > mac->tx_free_ns ? t : mac->tx_free_ns;
	start = skw_slots_next(&mac->config.plan, mac->slot_mask, t + mac->slots_ahead_ns, end_ns);
	*end_ns -= mac->slots_ahead_ns;
	return start - mac->slots_ahead_ns;
}

/* When the slot around `t` is to be filled. */
static uint64_t commit_at(const struct skw_mac *mac, uint64_t t)
{
	uint64_t into = (t + mac->slots_ahead_ns) % mac->config.plan.slot_ns;

	return minus(t, into + mac->config.lead_ns);
}

/* By when a neighbour that received all of our slot must have answered: it had a slot that began no
 * sooner than its own lead after ours, and what it said has reached us. */
static uint64_t answer_by(const struct skw_mac *mac, const struct skw_mac_peer *p, uint64_t end_ns)
{
	uint64_t lead = mac->config.lead_ns;

	return next_start(mac, p->view.slot_mask, end_ns + lead) + mac->config.plan.slot_ns + lead;
}

static void put_envelope(struct skw_mac *mac, struct skw_writer *w, const struct skw_mac_addr *dst,
			 uint32_t src_epoch, uint32_t dst_epoch)
{
	struct skw_mac_envelope e = {
		.dst = *dst,
		.src = mac->addr,
		.sequence = mac->sequence & 0xFFF,
		.src_epoch = src_epoch,
		.dst_epoch = dst_epoch,
	};

	skw_mac_put_envelope(w, &e);
}

static struct skw_mac_sent *finish(struct skw_mac *mac, struct draft *d, uint8_t rate,
				   struct skw_mac_output *out)
{
	uint64_t air = airtime(mac, rate, &d->w);
	struct skw_mac_sent *sent;

	mac->sequence++;
	if (++mac->tag == 0)
		mac->tag = 1;
	*out = (struct skw_mac_output) {
		.type = SKW_MAC_TX,
		.tx = { .rate_mbps = rate,
			.length = (uint16_t)(skw_writer_len(&d->w) + SKW_FCS_LEN),
			.append_fcs = true,
			.power_cdb = mac->config.power_cdb,
			.tag = mac->tag },
		.time_ns = d->start_ns,
		.data = mac->psdu,
		.len = skw_writer_len(&d->w),
	};
	mac->tx_free_ns = d->start_ns + air + mac->config.gap_ns;
	mac->count.tx_psdus++;
	mac->count.tx_bytes += out->tx.length;
	mac->count.tx_airtime_ns += air;
	sent = &mac->sent[mac->tag % SKW_MAC_SENT];
	*sent = (struct skw_mac_sent) { .tag = mac->tag };
	return sent;
}

static void list_heard(const struct skw_mac *mac, struct skw_mac_beacon *b)
{
	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		const struct skw_mac_peer *p = &mac->peer[i];

		if (p->alive)
			b->heard[b->heard_count++] =
			    (struct skw_mac_heard) { p->view.addr, p->view.slot_mask,
						     p->view.snr_cdb, p->own_epoch,
						     skw_mac_sight_tell(&p->clock, b->time_ns) };
	}
}

static bool plan_beacon(struct skw_mac *mac, struct draft *d, struct skw_mac_output *out)
{
	struct skw_mac_beacon b = {
		.slots = mac->config.plan.slots,
		.slot_ns = (uint32_t)mac->config.plan.slot_ns,
		.slot_mask = mac->slot_mask,
		.time_ns = d->start_ns,
		.ahead_ns = mac->ahead_ns,
	};

	if (mac->beacon_at > d->start_ns)
		return false;
	for (unsigned i = 0; i < SKW_MAC_KEY; i++)
		b.key[i] = mac->config.key[i];
	list_heard(mac, &b);
	d->w = skw_writer(mac->psdu, sizeof(mac->psdu) - SKW_FCS_LEN);
	put_envelope(mac, &d->w, &skw_mac_broadcast, mac->config.epoch, 0);
	skw_mac_put_beacon(&d->w, &b);
	if (airtime(mac, BEACON_RATE, &d->w) > d->end_ns - d->start_ns)
		return false;

	finish(mac, d, BEACON_RATE, out)->beacon = true;
	mac->beacon_last = d->start_ns;
	mac->beacon_at = d->start_ns + skw_mac_claim_interval(mac);
	mac->count.tx_beacons++;
	skw_mac_claim_share(mac, d->start_ns);
	if (mac->leap_beacons > 0 && --mac->leap_beacons == 0)
		mac->slots_ahead_ns = mac->ahead_ns;
	else if (mac->leap_beacons > 0)
		skw_mac_beacon_soon(mac, d->start_ns);
	return true;
}

/* The next frame to `p`: one in the window that is due, or the first that waits, small ones first.
 */
static const struct skw_mac_packet *next_frame(struct skw_mac_peer *p, uint64_t now_ns,
					       uint16_t *seq)
{
	const struct skw_mac_packet *packet = skw_arq_due(&p->tx, now_ns, seq);

	for (unsigned c = 0; packet == NULL && c < SKW_MAC_CLASSES; c++) {
		struct skw_mac_queue *q = &p->queue[c];
		unsigned at = q->head % SKW_MAC_QUEUE;

		if (q->head == q->tail)
			continue;
		if (skw_arq_push(&p->tx, q->frame[at].data, q->frame[at].len) != SKW_ARQ_OK)
			return NULL;
		q->head++;
		packet = skw_arq_due(&p->tx, now_ns, seq);
	}
	return packet;
}

static void put_frames(struct skw_mac *mac, struct skw_mac_peer *p, struct draft *d,
		       uint64_t now_ns)
{
	const struct skw_mac_packet *packet;
	uint64_t resend_ns = answer_by(mac, p, d->end_ns);
	unsigned repeats = 0;
	uint16_t seq;

	while ((packet = next_frame(p, now_ns, &seq)) != NULL) {
		size_t body = 2u + packet->len;

		if ((size_t)(d->w.end - d->w.at) < SKW_MAC_ELEMENT + body)
			break;
		skw_mac_put_element(&d->w, SKW_MAC_EL_DATA, body);
		skw_put_u16(&d->w, seq);
		skw_put_bytes(&d->w, packet->data, packet->len);
		d->frames++;
		p->view.tx_frames++;
		mac->count.tx_frames++;
		/* the tag is the one that `finish` will give */
		if (skw_arq_sent(&p->tx, seq, mac->tag + 1 != 0 ? mac->tag + 1 : 1, resend_ns)) {
			p->view.tx_repeats++;
			mac->count.tx_repeats++;
			repeats++;
		}
	}
	if (d->frames > 0)
		skw_mac_rate_on_psdu(&p->rate, repeats > 0);
}

static bool plan_peer(struct skw_mac *mac, struct skw_mac_peer *p, struct draft *d, uint64_t now_ns,
		      struct skw_mac_output *out)
{
	const struct skw_mac_config *c = &mac->config;
	const uint8_t data_rate = skw_mac_rate_to(mac, p);
	size_t room = skw_airtime_fits(data_rate, d->end_ns - d->start_ns, c->bandwidth_mhz);
	bool ack = p->ack_due;
	struct skw_mac_sent *sent;
	uint8_t rate;

	if (room <= SKW_FCS_LEN)
		return false;
	d->w = skw_writer(mac->psdu, room - SKW_FCS_LEN);
	d->frames = 0;
	put_envelope(mac, &d->w, &p->view.addr, p->own_epoch, p->view.epoch);
	if (ack)
		skw_mac_put_ack(&d->w, &p->rx.have);
	if (!d->w.ok)
		return false;
	put_frames(mac, p, d, now_ns);
	rate = d->frames > 0 ? data_rate : c->ack_rate_mbps;
	if (d->frames == 0 && (!ack || airtime(mac, rate, &d->w) > d->end_ns - d->start_ns))
		return false;

	p->ack_due = false;
	sent = finish(mac, d, rate, out);
	sent->ack = ack;
	sent->peer = (uint8_t)(p - mac->peer);
	sent->peer_epoch = p->view.epoch;
	return true;
}

/* Neighbours in turn, those that wait for an acknowledgement first. */
static bool plan_peers(struct skw_mac *mac, struct draft *d, uint64_t now_ns,
		       struct skw_mac_output *out)
{
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
			unsigned k = (mac->turn + i) % SKW_MAC_NEIGHBOURS_MAX;
			struct skw_mac_peer *p = &mac->peer[k];

			if (!skw_mac_is_up(p) || (pass == 0 && !p->ack_due))
				continue;
			if (plan_peer(mac, p, d, now_ns, out)) {
				mac->turn = k + 1;
				return true;
			}
		}
	return false;
}

/* When there is something to say, whatever the slots. */
static uint64_t work_at(const struct skw_mac *mac)
{
	uint64_t at = minus(mac->beacon_at, mac->config.lead_ns);

	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		const struct skw_mac_peer *p = &mac->peer[i];
		uint64_t due;

		if (!skw_mac_is_up(p))
			continue;
		if (p->ack_due || (skw_mac_waiting(p) > 0 && !skw_arq_full(&p->tx)))
			return 0;
		due = skw_arq_next_due(&p->tx);
		at = due < at ? due : at;
	}
	return at;
}

bool skw_mac_plan(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_output *out)
{
	struct draft d = { 0 };

	if (mac->slot_mask == 0)
		return false;
	d.start_ns = reach(mac, now_ns, &d.end_ns);
	if (now_ns < mac->blocked_ns || now_ns < commit_at(mac, d.start_ns))
		return false;
	if (plan_beacon(mac, &d, out) || plan_peers(mac, &d, now_ns, out))
		return true;
	if (work_at(mac) <= now_ns) { /* it does not fit into what is left of this slot */
		uint64_t next = next_start(mac, mac->slot_mask, d.end_ns);

		mac->blocked_ns = minus(next, mac->config.lead_ns);
	}
	return false;
}

uint64_t skw_mac_plan_at(const struct skw_mac *mac, uint64_t now_ns)
{
	uint64_t at = work_at(mac), end, commit;

	if (mac->slot_mask == 0)
		return mac->claim_at;
	if (at < now_ns)
		at = now_ns;
	if (at < mac->blocked_ns)
		at = mac->blocked_ns;
	commit = commit_at(mac, reach(mac, at, &end));
	return commit > at ? commit : at;
}
