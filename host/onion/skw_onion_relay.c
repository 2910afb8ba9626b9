/* Cells on their way: one layer off towards the end, one layer on towards the origin.
 *
 * Forward, a hop takes its layer off at the nonce the cell came with; what is recognised is for it,
 * the rest goes on with the nonce shifted. Backward, the hop where a cell begins numbers it in its
 * own space, and each hop before it adds a layer at the nonce the cell came with, then shifts it.
 * The origin knows all shifts: from the nonce that arrives it sees which hop spoke.
 */
#include "onion/skw_onion_state.h"

#include <assert.h>
#include <string.h>

#include "wire/skw_cursor.h"

void onion_put_header(uint8_t *cell, uint32_t id, uint8_t command, uint64_t nonce)
{
	struct skw_writer w = skw_writer(cell, SKW_CELL_HEADER);

	skw_put_u32(&w, id);
	skw_put_u8(&w, command);
	skw_put_u64(&w, nonce);
}

static uint64_t nonce_of(const uint8_t *cell)
{
	struct skw_reader r = skw_reader(cell + 5, 8);

	return skw_get_u64(&r);
}

/* ---- bills
 * ------------------------------------------------------------------------------------------ */

static void meter_received(struct skw_onion *o, const struct circuit *c, enum side from, size_t len)
{
	o->meter_in = (struct skw_onion_meter) {
		.role = from == NEXT ? SKW_ONION_PAYER : SKW_ONION_PAYEE,
		.sent = false,
		.bytes = (uint32_t)len,
		.price_per_mib = c->ends[from].offer,
	};
	o->meter_in_peer = c->ends[from].peer;
	o->meter_in_due = true;
}

/* ---- cells of our own
 * --------------------------------------------------------------------------------- */

static void write_inner(uint8_t *body, size_t body_len, uint8_t kind, const uint8_t *data,
			size_t len)
{
	struct skw_writer w = skw_writer(body, body_len);

	skw_put_zeros(&w, 4 + SKW_CELL_MAC);
	skw_put_u8(&w, kind);
	skw_put_u16(&w, (uint16_t)len);
	skw_put_bytes(&w, data, len);
	skw_put_zeros(&w, body_len - skw_writer_len(&w));
	assert(w.ok);
}

/* Signs for hop `hop`, then puts on its layer and those of all before it. */
static void wrap_forward(const struct origin *origin, size_t hop, uint64_t first, uint8_t *body,
			 size_t len)
{
	uint64_t nonce = first;

	for (size_t i = 0; i < hop; i++)
		nonce += origin->keys[i].forward.shift;
	skw_hop_sign(&origin->keys[hop].forward, nonce, body, len);
	for (size_t i = hop;; i--) {
		skw_hop_layer(&origin->keys[i].forward, nonce, body, len, body);
		if (i == 0)
			return;
		nonce -= origin->keys[i - 1].forward.shift;
	}
}

bool onion_speak(struct skw_onion *o, struct circuit *c, size_t hop, uint8_t kind,
		 const uint8_t *data, size_t len)
{
	enum side side = c->origin != NULL ? NEXT : PREV;
	bool sure = kind != KIND_DATA;
	struct cell *cell = cell_new(o, sure);
	uint8_t *body;
	size_t body_len;
	uint64_t nonce;

	if (cell == NULL)
		return false;
	cell->len = len <= SKW_CELL_SMALL_DATA ? SKW_CELL_SMALL : SKW_CELL_FULL;
	body = cell->data + SKW_CELL_HEADER;
	body_len = cell->len - SKW_CELL_HEADER;
	nonce = c->nonce++;
	write_inner(body, body_len, kind, data, len);
	if (c->origin != NULL) {
		wrap_forward(c->origin, hop, nonce, body, body_len);
	} else {
		skw_hop_sign(&c->hop.backward, nonce, body, body_len);
		skw_hop_layer(&c->hop.backward, nonce, body, body_len, body);
	}
	onion_put_header(cell->data, c->ends[side].id, sure ? CMD_RELAY_SURE : CMD_RELAY, nonce);
	c->cells[side]++;
	return cell_queue(o, c, side, cell);
}

/* ---- cells for us
 * --------------------------------------------------------------------------------------- */

static void deliver(struct skw_onion *o, struct circuit *c, const uint8_t *data, size_t len)
{
	c->told = true;
	o->data_due = true;
	o->data_circuit = circuit_handle(o, c);
	o->data_at = (size_t)(data - o->inbox);
	o->data_len = len;
}

static void pong(struct skw_onion *o, struct circuit *c, const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data, len);
	uint64_t sent_us = skw_get_u64(&r);

	if (c->origin->ping_us == 0 || sent_us != c->origin->ping_us) {
		o->counters.malformed++;
		return;
	}
	c->rtt_us = o->now_us - sent_us;
	c->origin->pongs++;
	c->origin->ping_us = 0;
}

/* `body` is plain and authentic. Kinds that do not fit the role are of no later version: malformed;
 * kinds that nobody knows yet are ignored. */
static void open_inner(struct skw_onion *o, struct circuit *c, const uint8_t *body, size_t body_len)
{
	struct skw_reader r = skw_reader(body + 4 + SKW_CELL_MAC, body_len - 4 - SKW_CELL_MAC);
	uint8_t kind = skw_get_u8(&r);
	size_t len = skw_get_u16(&r);
	const uint8_t *data = skw_get_view(&r, len);
	bool origin = c->origin != NULL;

	if (data == NULL) {
		o->counters.malformed++;
		return;
	}
	if (kind == KIND_EXTEND && !origin)
		onion_on_extend(o, c, data, len);
	else if (kind == KIND_EXTENDED && origin)
		onion_on_extended(o, c, data, len);
	else if (kind == KIND_DATA && c->built && !circuit_relays(c))
		deliver(o, c, data, len);
	else if (kind == KIND_PING && !origin && len == 8)
		onion_speak(o, c, 0, KIND_PONG, data, len);
	else if (kind == KIND_PONG && origin)
		pong(o, c, data, len);
	else if (kind <= KIND_PONG)
		o->counters.malformed++;
}

/* ---- cells in transit
 * -------------------------------------------------------------------------------------- */

/* `cell` has its body; NULL if there was no room for it. */
static void pass_on(struct skw_onion *o, struct circuit *c, enum side from, struct cell *cell,
		    uint8_t command, size_t len, uint64_t nonce)
{
	enum side to = from == PREV ? NEXT : PREV;

	if (cell == NULL) {
		o->counters.dropped++;
		return;
	}
	cell->len = (uint16_t)len;
	onion_put_header(cell->data, c->ends[to].id, command, nonce);
	if (!cell_queue(o, c, to, cell))
		return;
	c->cells[to]++;
	o->counters.relayed++;
	meter_received(o, c, from, len);
}

static void tampered(struct skw_onion *o, struct circuit *c)
{
	o->counters.tampered++;
	circuit_kill(o, c, SKW_ONION_TAMPERED, 0);
}

/* What goes on is peeled straight into the place where it waits. */
static void from_prev(struct skw_onion *o, struct circuit *c, const uint8_t *in, size_t len)
{
	uint64_t nonce = nonce_of(in);
	bool relays = c->built && circuit_relays(c);
	struct cell *cell = relays ? cell_new(o, false) : NULL;
	uint8_t *body = (cell != NULL ? cell->data : o->inbox) + SKW_CELL_HEADER;
	size_t body_len = len - SKW_CELL_HEADER;

	skw_hop_layer(&c->hop.forward, nonce, in + SKW_CELL_HEADER, body_len, body);
	if (!skw_hop_recognise(&c->hop.forward, nonce, body, body_len)) {
		if (relays)
			pass_on(o, c, PREV, cell, in[4], len, nonce + c->hop.forward.shift);
		else
			tampered(o, c);
		return;
	}
	if (cell != NULL) {
		memcpy(o->inbox + SKW_CELL_HEADER, body, body_len);
		cell_free(o, cell);
	}
	meter_received(o, c, PREV, len);
	c->cells[NEXT]++;
	open_inner(o, c, o->inbox + SKW_CELL_HEADER, body_len);
}

static void from_next(struct skw_onion *o, struct circuit *c, const uint8_t *in, size_t len)
{
	uint64_t nonce = nonce_of(in);
	struct cell *cell = cell_new(o, false);

	if (cell != NULL)
		skw_hop_layer(&c->hop.backward, nonce, in + SKW_CELL_HEADER, len - SKW_CELL_HEADER,
			      cell->data + SKW_CELL_HEADER);
	pass_on(o, c, NEXT, cell, in[4], len, nonce + c->hop.backward.shift);
}

static void to_origin(struct skw_onion *o, struct circuit *c, const uint8_t *in, size_t len)
{
	const struct origin *origin = c->origin;
	uint64_t nonce = nonce_of(in);
	uint64_t hop = (nonce - origin->backward_base) >> HOP_SPACE;
	uint8_t *body = o->inbox + SKW_CELL_HEADER;
	size_t body_len = len - SKW_CELL_HEADER;

	meter_received(o, c, NEXT, len);
	if (hop >= origin->built) {
		tampered(o, c);
		return;
	}
	memcpy(body, in + SKW_CELL_HEADER, body_len);
	for (uint64_t i = 0; i < hop; i++) {
		nonce -= origin->keys[i].backward.shift;
		skw_hop_layer(&origin->keys[i].backward, nonce, body, body_len, body);
	}
	skw_hop_layer(&origin->keys[hop].backward, nonce, body, body_len, body);
	if (!skw_hop_recognise(&origin->keys[hop].backward, nonce, body, body_len)) {
		tampered(o, c);
		return;
	}
	c->cells[PREV]++;
	if (hop + 1 == origin->built)
		open_inner(o, c, body, body_len);
	else
		o->counters.malformed++; /* a hop in the middle has nothing to say any more */
}

void onion_on_relay(struct skw_onion *o, struct circuit *c, enum side from, const uint8_t *cell,
		    size_t len)
{
	uint64_t nonce = nonce_of(cell);

	/* A nonce twice would be a keystream twice: two relays could mark a circuit with it. */
	if (!skw_replay_fresh(&c->seen[from], nonce)) {
		o->counters.replayed++;
		return;
	}
	skw_replay_take(&c->seen[from], nonce);
	c->last_us = o->now_us;
	if (c->origin != NULL) {
		to_origin(o, c, cell, len);
	} else if (from == PREV) {
		from_prev(o, c, cell, len);
	} else if (c->built) {
		from_next(o, c, cell, len);
	} else {
		o->counters.malformed++;
	}
}
