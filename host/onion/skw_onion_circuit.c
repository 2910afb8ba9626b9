/* The table of circuits, and the cells that wait: per circuit and direction, bounded, in turn. */
#include "onion/skw_onion_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

/* A reference to one end of a circuit: its index and its side. */
static uint32_t reference(const struct skw_onion *o, const struct circuit *c, enum side side)
{
	return (uint32_t)(c - o->circuits) * 2 + side;
}

static struct end *end_of(const struct skw_onion *o, uint32_t ref)
{
	return &o->circuits[ref / 2].ends[ref % 2];
}

/* ---- handles and lookup ------------------------------------------------------------------------
 */

uint32_t circuit_handle(const struct skw_onion *o, const struct circuit *c)
{
	return (uint32_t)c->generation << 16 | ((uint32_t)(c - o->circuits) + 1);
}

struct circuit *circuit_of(const struct skw_onion *o, uint32_t handle)
{
	uint32_t index = handle & 0xffff;
	struct circuit *c;

	if (index == 0 || index > o->config.circuits_max)
		return NULL;
	c = &o->circuits[index - 1];
	return c->used && !c->dead && c->generation == handle >> 16 ? c : NULL;
}

static uint32_t *bucket(const struct skw_onion *o, uint32_t peer, uint32_t id)
{
	/* Keyed: a neighbour that chooses its ids cannot make one bucket long. */
	uint64_t h = ((uint64_t)peer << 32 | id) * (o->hash_key | 1);

	return &o->buckets[(h ^ h >> 29) * 0x9e3779b97f4a7c15u >> 40 & o->bucket_mask];
}

void circuit_attach(struct skw_onion *o, struct circuit *c, enum side side, uint32_t peer,
		    uint32_t id, uint64_t offer)
{
	struct end *e = &c->ends[side];
	uint32_t *head = bucket(o, peer, id);

	*e = (struct end) { .peer = peer, .id = id, .offer = offer };
	e->queue = (struct list) { NONE, NONE, 0 };
	e->next_hash = *head;
	e->next_active = NONE;
	*head = reference(o, c, side);
	if (side == PREV)
		o->peers[peer].circuits++;
}

static void detach(struct skw_onion *o, struct circuit *c, enum side side)
{
	struct end *e = &c->ends[side];
	uint32_t *at = bucket(o, e->peer, e->id);

	while (*at != reference(o, c, side))
		at = &end_of(o, *at)->next_hash;
	*at = e->next_hash;
	if (side == PREV)
		o->peers[e->peer].circuits--;
}

struct circuit *circuit_find(const struct skw_onion *o, uint32_t peer, uint32_t id, enum side *side)
{
	for (uint32_t ref = *bucket(o, peer, id); ref != NONE; ref = end_of(o, ref)->next_hash) {
		const struct end *e = end_of(o, ref);

		if (e->peer == peer && e->id == id) {
			*side = (enum side)(ref % 2);
			return &o->circuits[ref / 2];
		}
	}
	return NULL;
}

struct circuit *circuit_new(struct skw_onion *o)
{
	struct circuit *c;

	if (o->free_circuits.count > 0) {
		c = &o->circuits[o->free_circuits.head];
		o->free_circuits.head = c->next_event;
		o->free_circuits.count--;
	} else if (o->circuits_made < o->config.circuits_max) {
		c = &o->circuits[o->circuits_made++];
	} else {
		return NULL;
	}
	c->used = true;
	c->generation++;
	c->since_us = c->last_us = o->now_us;
	c->next_event = NONE;
	o->used++;
	return c;
}

/* The place that was free for longest is taken next: handles of before stay wrong for long. */
static void free_place(struct skw_onion *o, struct circuit *c)
{
	struct list *list = &o->free_circuits;
	uint32_t index = (uint32_t)(c - o->circuits);

	c->next_event = NONE;
	if (list->count++ == 0)
		list->head = index;
	else
		o->circuits[list->tail].next_event = index;
	list->tail = index;
}

void circuit_free(struct skw_onion *o, struct circuit *c)
{
	uint16_t generation = c->generation;

	for (size_t i = 0; c->origin != NULL && i < c->origin->built; i++)
		skw_hop_forget(&c->origin->keys[i]);
	skw_hop_forget(&c->hop);
	if (c->origin != NULL)
		sodium_memzero(c->origin, sizeof(*c->origin));
	free(c->origin);
	sodium_memzero(c, sizeof(*c));
	c->generation = generation;
	free_place(o, c);
	o->used--;
}

void circuit_event(struct skw_onion *o, struct circuit *c)
{
	uint32_t index = (uint32_t)(c - o->circuits);

	if (c->listed)
		return;
	c->listed = true;
	c->next_event = NONE;
	if (o->event_head == NONE)
		o->event_head = index;
	else
		o->circuits[o->event_tail].next_event = index;
	o->event_tail = index;
}

/* ---- lists of cells ----------------------------------------------------------------------------
 */

static void push(struct skw_onion *o, struct list *list, struct cell *cell)
{
	uint32_t index = (uint32_t)(cell - o->cells);

	cell->next = NONE;
	if (list->count++ == 0)
		list->head = index;
	else
		o->cells[list->tail].next = index;
	list->tail = index;
}

static struct cell *pop(struct skw_onion *o, struct list *list)
{
	struct cell *cell;

	if (list->count == 0)
		return NULL;
	cell = &o->cells[list->head];
	list->head = cell->next;
	list->count--;
	return cell;
}

uint32_t cells_left(const struct skw_onion *o)
{
	return o->free.count + o->config.cells_max - o->cells_made;
}

struct cell *cell_new(struct skw_onion *o, bool control)
{
	if (!control && cells_left(o) <= CONTROL_RESERVE)
		return NULL;
	if (o->free.count == 0 && o->cells_made < o->config.cells_max)
		return &o->cells[o->cells_made++];
	return pop(o, &o->free);
}

void cell_free(struct skw_onion *o, struct cell *cell)
{
	/* At the front: what was just used is still in the cache. */
	cell->next = o->free.head;
	o->free.head = (uint32_t)(cell - o->cells);
	if (o->free.count++ == 0)
		o->free.tail = o->free.head;
}

void cell_send_control(struct skw_onion *o, uint32_t peer, struct cell *cell)
{
	cell->peer = peer;
	push(o, &o->control, cell);
}

static_assert(SKW_ONION_PEERS_MAX <= SKW_SET_MAX, "each peer is in the set");

/* ---- turns
 * --------------------------------------------------------------------------------------- */

bool circuit_relays(const struct circuit *c)
{
	return c->ends[PREV].peer != 0 && c->ends[NEXT].peer != 0;
}

/* Relayed cells go only while their payer is in good standing. */
static bool may_go(const struct skw_onion *o, const struct circuit *c)
{
	return !circuit_relays(c) || o->peers[c->ends[PREV].peer].admitted;
}

static void activate(struct skw_onion *o, struct circuit *c, enum side side)
{
	struct end *e = &c->ends[side];
	struct onion_peer *p = &o->peers[e->peer];
	uint32_t ref = reference(o, c, side);

	if (e->peer == 0 || e->active || e->queue.count == 0 || !may_go(o, c))
		return;
	e->active = true;
	e->next_active = NONE;
	if (p->active_head == NONE)
		p->active_head = ref;
	else
		end_of(o, p->active_tail)->next_active = ref;
	p->active_tail = ref;
	skw_set_add(&o->waiting, e->peer - 1);
}

void circuit_wake(struct skw_onion *o, struct circuit *c)
{
	activate(o, c, PREV);
	activate(o, c, NEXT);
}

bool cell_queue(struct skw_onion *o, struct circuit *c, enum side side, struct cell *cell)
{
	struct end *e = &c->ends[side];
	bool sure = cell->data[4] == CMD_RELAY_SURE, relays = circuit_relays(c);
	uint32_t limit = relays ? SKW_ONION_QUEUE_RELAY : SKW_ONION_QUEUE_OWN;
	/* Control must not wait for bulk to make room. */
	uint32_t extra = sure ? 4 : 0;

	if (e->queue.count >= limit + extra ||
	    (relays && !sure && skw_codel_drops(&e->codel, o->now_us))) {
		cell_free(o, cell);
		o->counters.dropped++;
		return false;
	}
	cell->queued_us = o->now_us;
	push(o, &e->queue, cell);
	activate(o, c, side);
	return true;
}

static void deactivate(struct skw_onion *o, struct circuit *c, enum side side)
{
	struct end *e = &c->ends[side];
	struct onion_peer *p = &o->peers[e->peer];
	uint32_t ref = reference(o, c, side), before = NONE;

	if (!e->active)
		return;
	for (uint32_t at = p->active_head; at != ref; at = end_of(o, at)->next_active)
		before = at;
	if (before == NONE)
		p->active_head = e->next_active;
	else
		end_of(o, before)->next_active = e->next_active;
	if (p->active_tail == ref)
		p->active_tail = before;
	if (p->active_head == NONE)
		skw_set_remove(&o->waiting, e->peer - 1);
	e->active = false;
}

/* The next cell to this peer, one from each circuit in turn. */
static struct cell *next_of(struct skw_onion *o, struct onion_peer *p, struct circuit **c,
			    enum side *side)
{
	while (p->active_head != NONE) {
		uint32_t ref = p->active_head;
		struct end *e = end_of(o, ref);
		struct cell *cell;

		*c = &o->circuits[ref / 2];
		*side = (enum side)(ref % 2);
		p->active_head = e->next_active;
		e->active = false;
		if (!may_go(o, *c))
			continue;
		cell = pop(o, &e->queue);
		skw_codel_on_leave(&e->codel, o->now_us - cell->queued_us, e->queue.count == 0,
				   o->now_us);
		activate(o, *c, *side);
		return cell;
	}
	skw_set_remove(&o->waiting, (uint32_t)(p - o->peers) - 1);
	return NULL;
}

/* From `turn` on, round once: the first is taken out of `left`. False when there is none. */
static bool take_next(struct skw_set *left, uint32_t turn, uint32_t *at)
{
	*at = skw_set_next(left, turn);
	if (*at == SKW_SET_MAX)
		*at = skw_set_next(left, 0);
	if (*at == SKW_SET_MAX)
		return false;
	skw_set_remove(left, *at);
	return true;
}

bool cell_next(struct skw_onion *o, struct cell **cell, uint32_t *peer, struct circuit **c,
	       enum side *side)
{
	struct skw_set left = o->waiting;
	uint32_t at;

	*c = NULL;
	*cell = pop(o, &o->control);
	if (*cell != NULL) {
		*peer = (*cell)->peer;
		return true;
	}
	while (take_next(&left, o->turn, &at)) {
		uint32_t number = at + 1;
		struct onion_peer *p = &o->peers[number];

		if (!p->up || p->room == 0)
			continue;
		*cell = next_of(o, p, c, side);
		if (*cell == NULL)
			continue;
		if (p->room != SKW_ONION_ROOM_ANY)
			p->room--;
		*peer = number;
		o->turn = number % SKW_ONION_PEERS_MAX;
		return true;
	}
	return false;
}

/* ---- the end of a circuit
 * ------------------------------------------------------------------------- */

static void say_destroy(struct skw_onion *o, const struct end *e, enum skw_onion_reason reason)
{
	struct cell *cell = cell_new(o, true);

	if (cell == NULL)
		return; /* the neighbour's timer will find it */
	memset(cell->data, 0, SKW_CELL_SMALL);
	cell->len = SKW_CELL_SMALL;
	onion_put_header(cell->data, e->id, CMD_DESTROY, 0);
	cell->data[SKW_CELL_HEADER] = (uint8_t)reason;
	cell_send_control(o, e->peer, cell);
}

void circuit_kill(struct skw_onion *o, struct circuit *c, enum skw_onion_reason reason,
		  uint32_t quiet)
{
	for (unsigned side = PREV; side <= NEXT; side++) {
		struct end *e = &c->ends[side];
		struct cell *cell;

		if (e->peer == 0)
			continue;
		if (e->peer != quiet && o->peers[e->peer].up)
			say_destroy(o, e, reason);
		deactivate(o, c, (enum side)side);
		while ((cell = pop(o, &e->queue)) != NULL)
			cell_free(o, cell);
		detach(o, c, (enum side)side);
		e->peer = 0;
	}
	skw_hop_forget(&c->hop);
	if (o->data_due && o->data_circuit == circuit_handle(o, c))
		o->data_due = false;
	c->dead = true;
	c->reason = reason;
	if (c->told)
		circuit_event(o, c); /* the place is free when the user has heard of it */
	else if (!c->listed)
		circuit_free(o, c);
}
