#include "onion/skw_onion_state.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "wire/skw_cursor.h"

/* ---- life
 * ---------------------------------------------------------------------------------------- */

static void set_default(uint64_t *value, uint64_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static bool allocate(struct skw_onion *o)
{
	uint32_t buckets = 1;

	while (buckets < 2 * o->config.circuits_max)
		buckets *= 2;
	o->bucket_mask = buckets - 1;
	o->circuits = calloc(o->config.circuits_max, sizeof(*o->circuits));
	o->cells = calloc(o->config.cells_max, sizeof(*o->cells));
	o->buckets = malloc(buckets * sizeof(*o->buckets));
	if (o->circuits == NULL || o->cells == NULL || o->buckets == NULL)
		return false;
	memset(o->buckets, 0xff, buckets * sizeof(*o->buckets)); /* NONE */
	return true;
}

struct skw_onion *skw_onion_new(const struct skw_onion_config *config)
{
	struct skw_onion *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->config = *config;
	if (o->config.circuits_max == 0)
		o->config.circuits_max = 16384;
	if (o->config.circuits_max > 65535)
		o->config.circuits_max = 65535;
	if (o->config.cells_max == 0)
		o->config.cells_max = 2048;
	if (o->config.cells_max < 2 * CONTROL_RESERVE)
		o->config.cells_max = 2 * CONTROL_RESERVE;
	set_default(&o->config.build_us, 30000000);
	set_default(&o->config.ping_us, 60000000);
	set_default(&o->config.idle_us, 300000000);
	if (!allocate(o)) {
		skw_onion_free(o);
		return NULL;
	}
	o->free = o->control = o->free_circuits = (struct list) { NONE, NONE, 0 };
	o->event_head = o->event_tail = NONE;
	o->hash_key = skw_random_u64(&o->config.random);
	return o;
}

void skw_onion_free(struct skw_onion *o)
{
	if (o == NULL)
		return;
	for (uint32_t i = 0; o->circuits != NULL && i < o->circuits_made; i++)
		if (o->circuits[i].used)
			circuit_free(o, &o->circuits[i]);
	free(o->circuits);
	free(o->cells);
	free(o->buckets);
	sodium_memzero(o, sizeof(*o));
	free(o);
}

/* ---- peers
 * ----------------------------------------------------------------------------------------- */

static struct onion_peer *get_peer(struct skw_onion *o, uint32_t number)
{
	return number >= 1 && number <= SKW_ONION_PEERS_MAX ? &o->peers[number] : NULL;
}

void skw_onion_peer_up(struct skw_onion *o, uint32_t number, const struct skw_node_address *address,
		       uint64_t now_us)
{
	struct onion_peer *p = get_peer(o, number);

	o->now_us = now_us;
	if (p == NULL)
		return;
	if (p->up)
		skw_onion_peer_down(o, number, now_us);
	*p = (struct onion_peer) {
		.up = true,
		.admitted = true,
		.address = *address,
		.room = SKW_ONION_ROOM_ANY,
		.price = o->config.price_per_mib,
		.active_head = NONE,
		.active_tail = NONE,
	};
}

void skw_onion_peer_down(struct skw_onion *o, uint32_t number, uint64_t now_us)
{
	struct onion_peer *p = get_peer(o, number);

	o->now_us = now_us;
	if (p == NULL || !p->up)
		return;
	p->up = false;
	for (uint32_t i = 0; i < o->circuits_made; i++) {
		struct circuit *c = &o->circuits[i];

		if (c->used && !c->dead &&
		    (c->ends[PREV].peer == number || c->ends[NEXT].peer == number))
			circuit_kill(o, c, SKW_ONION_NO_LINK, number);
	}
}

void skw_onion_set_room(struct skw_onion *o, uint32_t number, uint32_t cells)
{
	struct onion_peer *p = get_peer(o, number);

	if (p != NULL)
		p->room = cells;
}

void skw_onion_set_price(struct skw_onion *o, uint32_t number, uint64_t price_per_mib)
{
	struct onion_peer *p = get_peer(o, number);

	if (p != NULL)
		p->price = price_per_mib;
}

void skw_onion_set_admission(struct skw_onion *o, uint32_t number, bool allowed)
{
	struct onion_peer *p = get_peer(o, number);

	if (p == NULL || p->admitted == allowed)
		return;
	p->admitted = allowed;
	for (uint32_t i = 0; allowed && i < o->circuits_made; i++) {
		struct circuit *c = &o->circuits[i];

		if (c->used && !c->dead && c->ends[PREV].peer == number)
			circuit_wake(o, c);
	}
}

/* ---- in
 * -----------------------------------------------------------------------------------------------
 */

static void on_circuit(struct skw_onion *o, struct circuit *c, enum side from, uint8_t command,
		       const uint8_t *cell, size_t len)
{
	switch (command) {
	case CMD_CREATED:
		if (from == NEXT && len == SKW_CELL_SMALL) {
			onion_on_created(o, c, cell);
			return;
		}
		break;
	case CMD_RELAY:
	case CMD_RELAY_SURE:
		onion_on_relay(o, c, from, cell, len);
		return;
	case CMD_DESTROY: {
		uint8_t reason = cell[SKW_CELL_HEADER];

		if (reason > SKW_ONION_NO_RELAY)
			reason = SKW_ONION_CLOSED;
		circuit_kill(o, c, (enum skw_onion_reason)reason, c->ends[from].peer);
		return;
	}
	default:
		break;
	}
	o->counters.malformed++;
}

void skw_onion_receive(struct skw_onion *o, uint32_t number, const uint8_t *cell, size_t len,
		       uint64_t now_us)
{
	struct onion_peer *p = get_peer(o, number);
	struct skw_reader r = skw_reader(cell, len);
	uint32_t id = skw_get_u32(&r);
	uint8_t command = skw_get_u8(&r);
	struct circuit *c;
	enum side from;

	o->now_us = now_us;
	o->counters.cells_in++;
	if (p == NULL || !p->up || (len != SKW_CELL_SMALL && len != SKW_CELL_FULL)) {
		o->counters.malformed++;
		return;
	}
	o->data_due = false;
	if (command == CMD_CREATE && len == SKW_CELL_SMALL) {
		onion_on_create(o, number, cell);
		return;
	}
	c = circuit_find(o, number, id, &from);
	if (c != NULL)
		on_circuit(o, c, from, command, cell, len);
	else if (command != CMD_DESTROY) /* those may cross on the way */
		o->counters.malformed++;
}

/* ---- the user's
 * ----------------------------------------------------------------------------------------- */

uint32_t skw_onion_room(const struct skw_onion *o, uint32_t handle)
{
	const struct circuit *c = circuit_of(o, handle);
	uint32_t queued, pool;

	if (c == NULL || !c->built || circuit_relays(c))
		return 0;
	queued = c->ends[c->origin != NULL ? NEXT : PREV].queue.count;
	pool = cells_left(o) > CONTROL_RESERVE ? cells_left(o) - CONTROL_RESERVE : 0;
	if (queued >= SKW_ONION_QUEUE_OWN)
		return 0;
	return pool < SKW_ONION_QUEUE_OWN - queued ? pool : SKW_ONION_QUEUE_OWN - queued;
}

enum skw_onion_status skw_onion_send(struct skw_onion *o, uint32_t handle, const uint8_t *data,
				     size_t len, uint64_t now_us)
{
	struct circuit *c = circuit_of(o, handle);

	o->now_us = now_us;
	if (len > SKW_CELL_FULL_DATA)
		return SKW_ONION_TOO_LONG;
	if (c == NULL || !c->built || circuit_relays(c))
		return SKW_ONION_UNKNOWN;
	if (skw_onion_room(o, handle) == 0)
		return SKW_ONION_FULL;
	return onion_speak(o, c, c->origin != NULL ? c->origin->count - 1 : 0, KIND_DATA, data, len)
		   ? SKW_ONION_OK
		   : SKW_ONION_FULL;
}

void skw_onion_destroy(struct skw_onion *o, uint32_t handle, uint64_t now_us)
{
	struct circuit *c = circuit_of(o, handle);

	o->now_us = now_us;
	if (c == NULL)
		return;
	c->told = false; /* who asked knows */
	circuit_kill(o, c, SKW_ONION_CLOSED, 0);
}

/* ---- out
 * ---------------------------------------------------------------------------------------------------
 */

static bool poll_event(struct skw_onion *o, struct skw_onion_out *out)
{
	while (o->event_head != NONE) {
		struct circuit *c = &o->circuits[o->event_head];
		bool tell = c->told;

		out->circuit = circuit_handle(o, c);
		if (c->say_up) {
			c->say_up = false;
			out->event = SKW_ONION_CIRCUIT_UP;
			if (!c->dead) {
				o->event_head = c->next_event;
				c->listed = false;
			} /* else it stays for its end */
			if (tell)
				return true;
			continue;
		}
		out->event = SKW_ONION_CIRCUIT_DOWN;
		out->reason = c->reason;
		o->event_head = c->next_event;
		c->listed = false;
		if (c->dead)
			circuit_free(o, c);
		if (tell)
			return true;
	}
	return false;
}

static bool poll_meter(uint32_t peer, const struct skw_onion_meter *meter, bool *due,
		       struct skw_onion_out *out)
{
	if (!*due)
		return false;
	*due = false;
	out->event = SKW_ONION_METER;
	out->peer = peer;
	out->meter = *meter;
	return true;
}

static bool poll_data(struct skw_onion *o, struct skw_onion_out *out)
{
	if (!o->data_due)
		return false;
	o->data_due = false;
	out->event = SKW_ONION_DATA;
	out->circuit = o->data_circuit;
	out->data = o->inbox + o->data_at;
	out->len = o->data_len;
	return true;
}

static bool poll_cell(struct skw_onion *o, struct skw_onion_out *out)
{
	struct cell *cell;
	struct circuit *c;
	enum side side;

	if (!cell_next(o, &cell, &out->peer, &c, &side))
		return false;
	out->event = SKW_ONION_SEND;
	out->reliable = cell->data[4] != CMD_RELAY;
	out->len = cell->len;
	out->data = cell->data;
	o->lent = cell;
	o->counters.cells_out++;
	if (c != NULL) { /* a relay cell: the bill follows */
		o->meter_out_due = true;
		o->meter_out_peer = out->peer;
		o->meter_out = (struct skw_onion_meter) {
			.role = side == NEXT ? SKW_ONION_PAYER : SKW_ONION_PAYEE,
			.sent = true,
			.bytes = (uint32_t)out->len,
			.price_per_mib = c->ends[side].offer,
		};
	}
	return true;
}

bool skw_onion_poll(struct skw_onion *o, struct skw_onion_out *out)
{
	memset(out, 0, sizeof(*out));
	if (o->lent != NULL)
		cell_free(o, o->lent);
	o->lent = NULL;
	return poll_meter(o->meter_in_peer, &o->meter_in, &o->meter_in_due, out) ||
	       poll_meter(o->meter_out_peer, &o->meter_out, &o->meter_out_due, out) ||
	       poll_event(o, out) || poll_data(o, out) || poll_cell(o, out);
}

/* ---- time
 * -----------------------------------------------------------------------------------------------------
 */

static bool ping(struct skw_onion *o, struct circuit *c)
{
	uint8_t data[8];
	struct skw_writer w = skw_writer(data, sizeof(data));

	skw_put_u64(&w, o->now_us);
	if (!onion_speak(o, c, c->origin->count - 1, KIND_PING, data, sizeof(data)))
		return false;
	c->origin->ping_us = o->now_us;
	return true;
}

enum skw_onion_status skw_onion_ping(struct skw_onion *o, uint32_t handle, uint64_t now_us)
{
	struct circuit *c = circuit_of(o, handle);

	o->now_us = now_us;
	if (c == NULL || c->origin == NULL || !c->built)
		return SKW_ONION_UNKNOWN;
	return c->origin->ping_us == 0 && ping(o, c) ? SKW_ONION_OK : SKW_ONION_FULL;
}

static void tick_origin(struct skw_onion *o, struct circuit *c)
{
	const struct origin *origin = c->origin;

	if (!c->built) {
		if (o->now_us - origin->step_us >= o->config.build_us)
			circuit_kill(o, c, SKW_ONION_TIMEOUT, 0);
	} else if (origin->ping_us != 0) {
		if (o->now_us - origin->ping_us >= o->config.build_us)
			circuit_kill(o, c, SKW_ONION_TIMEOUT, 0);
	} else if (o->now_us - c->last_us >= o->config.ping_us) {
		ping(o, c);
	}
}

void skw_onion_tick(struct skw_onion *o, uint64_t now_us)
{
	o->now_us = now_us;
	if (o->used == 0 || now_us < o->scan_us)
		return;
	o->scan_us = now_us + SCAN_US;
	for (uint32_t i = 0; i < o->circuits_made; i++) {
		struct circuit *c = &o->circuits[i];

		if (!c->used || c->dead)
			continue;
		if (c->origin != NULL)
			tick_origin(o, c);
		else if (now_us - c->last_us >= o->config.idle_us)
			circuit_kill(o, c, SKW_ONION_TIMEOUT, 0);
	}
}

uint64_t skw_onion_next_timer(const struct skw_onion *o)
{
	return o->used > 0 ? o->scan_us : UINT64_MAX;
}

/* ---- for people
 * -------------------------------------------------------------------------------------------------
 */

bool skw_onion_next(const struct skw_onion *o, uint32_t *cursor, struct skw_onion_info *info)
{
	for (; *cursor < o->circuits_made; (*cursor)++) {
		const struct circuit *c = &o->circuits[*cursor];

		if (!c->used || c->dead)
			continue;
		*info = (struct skw_onion_info) {
			.circuit = circuit_handle(o, c),
			.origin = c->origin != NULL,
			.end = c->origin == NULL && !circuit_relays(c),
			.built = c->built,
			.prev_peer = c->ends[PREV].peer,
			.next_peer = c->ends[NEXT].peer,
			.price_in = c->ends[PREV].offer,
			.price_out = c->ends[NEXT].offer,
			.since_us = c->since_us,
			.rtt_us = c->rtt_us,
			.cells_forward = c->cells[NEXT],
			.cells_backward = c->cells[PREV],
		};
		if (c->origin != NULL) {
			info->hop_count = c->origin->count;
			info->pongs = c->origin->pongs;
			info->hops_built = c->origin->built;
			memcpy(info->hop_us, c->origin->hop_us, sizeof(info->hop_us));
			memcpy(info->hops, c->origin->hops, sizeof(info->hops));
		}
		(*cursor)++;
		return true;
	}
	return false;
}

const struct skw_onion_counters *skw_onion_counters(const struct skw_onion *o)
{
	return &o->counters;
}

const char *skw_onion_reason_text(enum skw_onion_reason reason)
{
	switch (reason) {
	case SKW_ONION_CLOSED:
		return "closed";
	case SKW_ONION_NO_LINK:
		return "no link to the next hop";
	case SKW_ONION_PRICE:
		return "offer below a relay's price";
	case SKW_ONION_BUSY:
		return "a node has no room";
	case SKW_ONION_PROTOCOL:
		return "protocol error";
	case SKW_ONION_TIMEOUT:
		return "no answer";
	case SKW_ONION_TAMPERED:
		return "a cell was tampered with";
	case SKW_ONION_NO_RELAY:
		return "a node on the path does not relay";
	}
	return "?";
}
