/* Slots without configuration: claimed by ear, no master (docs/air-protocol.md, Claims).
 *
 *   listen -> claim a slot that nobody within two hops has -> beacon -> share what is left
 *
 * Beacons list the slots of their sender and of those that it hears, so everybody knows who may
 * not speak at the same time: whoever has a common hearer with us. Of two that claimed the same
 * slot the one with more slots leaves it, or else that with the larger address. The interval of
 * beacons varies: else two that do not hear each other could drown each other's at a common
 * neighbour for ever. Nobody takes the last free slot as a second: that is for whoever comes. */
#include "mac/skw_mac_state.h"

#include <string.h>

enum {
	STUBBORN = 8, /* beacons in a row that show the same clash: the other does not yield */
	PATIENCE = 4, /* beacons in a row that do not name us */
	PATIENCE_MAX = 64,
	LATELY = 3, /* intervals of beacons */
	NODES = 1 + SKW_MAC_NEIGHBOURS_MAX * (1 + SKW_MAC_HEARD_MAX),
};

static uint32_t all_slots(const struct skw_mac *mac)
{
	return (uint32_t)((UINT64_C(1) << mac->config.plan.slots) - 1);
}

static unsigned count(uint32_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

/* xorshift32 of Marsaglia; its seed is the epoch, random at each start. */
static uint32_t below(struct skw_mac *mac, uint32_t n)
{
	uint32_t x = mac->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	mac->random = x;
	return (uint32_t)((uint64_t)x * n >> 32);
}

static uint32_t one_of(struct skw_mac *mac, uint32_t mask)
{
	for (unsigned skip = below(mac, count(mask)); skip > 0; skip--)
		mask &= mask - 1;
	return mask & (0 - mask);
}

/* Those within two hops whose time is ours. */
struct crowd {
	const struct skw_mac_addr *addr[NODES];
	unsigned n;       /* of them, ourselves among them */
	uint32_t taken;   /* slots of the others, */
	uint32_t richest; /* of the one who has most, */
	unsigned least;   /* how many the one with fewest has */
};

static void meet(struct crowd *c, const struct skw_mac_addr *addr, uint32_t slot_mask)
{
	c->taken |= slot_mask;
	if (count(slot_mask) > count(c->richest))
		c->richest = slot_mask;
	if (count(slot_mask) < c->least)
		c->least = count(slot_mask);
	for (unsigned i = 0; i < c->n; i++)
		if (skw_mac_addr_equal(c->addr[i], addr))
			return;
	c->addr[c->n++] = addr;
}

static struct crowd look_around(const struct skw_mac *mac)
{
	struct crowd c = { .addr = { &mac->addr }, .n = 1, .least = SKW_SLOTS_MAX };

	for (unsigned i = 0; i < SKW_MAC_NEIGHBOURS_MAX; i++) {
		const struct skw_mac_peer *p = &mac->peer[i];

		if (!p->alive || !p->in_time)
			continue;
		meet(&c, &p->view.addr, p->view.slot_mask);
		for (unsigned k = 0; k < p->around_count; k++)
			meet(&c, &p->around[k].addr, p->around[k].slot_mask);
	}
	return c;
}

static void claim(struct skw_mac *mac, uint64_t now_ns)
{
	struct crowd c = look_around(mac);
	uint32_t free_slots = all_slots(mac) & ~c.taken;

	if (free_slots == 0 && count(c.richest) > 1) /* who has several yields one to us */
		free_slots = c.richest & all_slots(mac);
	if (free_slots == 0) {
		mac->count.slots_full++;
		mac->claim_at = now_ns + mac->config.beacon_ns;
		return;
	}
	mac->slot_mask = one_of(mac, free_slots);
	mac->count.slot_claims++;
	mac->blocked_ns = 0;
	skw_mac_beacon_soon(mac, now_ns);
}

void skw_mac_claim_begin(struct skw_mac *mac, uint64_t now_ns)
{
	mac->random = mac->config.epoch * UINT32_C(2654435761); /* Knuth: small ones spread */
	mac->slot_mask = mac->config.slot_mask;
	if (mac->slot_mask != 0)
		return;
	mac->claims = true;
	mac->claim_at = now_ns + 2 * mac->config.beacon_ns +
			below(mac, (uint32_t)(mac->config.beacon_ns / 2000)) * UINT64_C(1000);
}

void skw_mac_claim_due(struct skw_mac *mac, uint64_t now_ns)
{
	if (mac->slot_mask == 0 && now_ns >= mac->claim_at)
		claim(mac, now_ns);
}

/* Who is heard and does not hear us, beacon after beacon: somebody we do not hear may be drowning
 * us there. Another slot may do better; if it does not, the next move takes twice as long. */
static void move_if_unheard(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_peer *p,
			    bool named)
{
	uint32_t free_slots;

	p->unheard = named || mac->slot_mask == 0 ? 0 : p->unheard + 1;
	if (named || p->patience == 0)
		p->patience = PATIENCE;
	if (!mac->claims || p->unheard < p->patience)
		return;
	free_slots = all_slots(mac) & ~(look_around(mac).taken | mac->slot_mask);
	if (free_slots == 0)
		return;
	p->unheard = 0;
	p->patience = p->patience < PATIENCE_MAX ? 2 * p->patience : p->patience;
	mac->slot_mask = one_of(mac, free_slots);
	skw_mac_beacon_soon(mac, now_ns);
}

/* Whether the slots that this one has and we have are left to it; p told of them. */
static bool yields(const struct skw_mac *mac, const struct skw_mac_peer *p,
		   const struct skw_mac_addr *addr, uint32_t slot_mask)
{
	unsigned theirs = count(slot_mask), ours = count(mac->slot_mask);

	return p->clashes >= STUBBORN || theirs < ours ||
	       (theirs == ours && memcmp(addr->b, mac->addr.b, SKW_MAC_ADDR) < 0);
}

/* A list names us until its timeout; what it tells of our clock says when we were really heard. */
static bool heard_lately(const struct skw_mac *mac, const struct skw_mac_sight_told *told)
{
	return told->age_ms * UINT64_C(1000000) <= LATELY * mac->config.beacon_ns;
}

void skw_mac_claim_heard(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_peer *p,
			 const struct skw_mac_beacon *b)
{
	uint32_t clash = p->view.slot_mask & mac->slot_mask, lost = 0;
	bool named = false;

	p->around_count = 0;
	for (unsigned i = 0; i < b->heard_count; i++) {
		if (skw_mac_addr_equal(&b->heard[i].addr, &mac->addr)) {
			named = heard_lately(mac, &b->heard[i].clock);
			continue;
		}
		p->around[p->around_count++] = b->heard[i];
		clash |= b->heard[i].slot_mask & mac->slot_mask;
	}
	if (!p->in_time)
		clash = 0;
	p->clashes = clash != 0 ? p->clashes + 1 : 0;
	mac->count.slot_conflicts += clash != 0;
	move_if_unheard(mac, now_ns, p, named);
	if (clash == 0 || !mac->claims)
		return;
	/* who is not heard cannot insist: the other does not know */
	if (!named || yields(mac, p, &p->view.addr, p->view.slot_mask))
		lost |= p->view.slot_mask;
	for (unsigned i = 0; i < p->around_count; i++)
		if (yields(mac, p, &p->around[i].addr, p->around[i].slot_mask))
			lost |= p->around[i].slot_mask;
	if ((lost & mac->slot_mask) == 0)
		return;
	mac->slot_mask &= ~lost;
	p->clashes = 0;
	/* if it was the only one, skw_mac_claim_due finds another */
	skw_mac_beacon_soon(mac, now_ns);
}

void skw_mac_claim_share(struct skw_mac *mac, uint64_t now_ns)
{
	unsigned own = count(mac->slot_mask), left, share;
	uint32_t free_slots;
	struct crowd c;
	bool wanted;

	if (!mac->claims)
		return;
	c = look_around(mac);
	free_slots = all_slots(mac) & ~(c.taken | mac->slot_mask);
	left = count(free_slots);
	share = (mac->config.plan.slots - 1u) / c.n;
	wanted = left == 0 || (left == 1 && c.least < share);
	/* not all at the same time */
	if (below(mac, c.n) != 0)
		return;
	if (own <= c.least && left > 1)
		mac->slot_mask |= one_of(mac, free_slots);
	else if (own > 1 && own > share && wanted)
		mac->slot_mask &= ~one_of(mac, mac->slot_mask);
	else
		return;
	skw_mac_beacon_soon(mac, now_ns);
}

uint64_t skw_mac_claim_interval(struct skw_mac *mac)
{
	uint64_t most = mac->config.beacon_ns;

	return most - below(mac, (uint32_t)(most / 4000)) * UINT64_C(1000);
}
