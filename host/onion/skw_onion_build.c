/* Building a circuit: CREATE to a neighbour, EXTEND through what there is already.
 *
 *   CREATE   offer u64, NK message 1 { offer u64, first backward nonce u64 }      to the next hop
 *   CREATED  NK message 2                                                         back
 *   EXTEND   address, offer u64, NK message 1     inside the circuit, to its last hop, which
 * CREATEs EXTENDED NK message 2                         inside the circuit, to the origin
 */
#include "onion/skw_onion_state.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "wire/skw_cursor.h"

static const uint8_t prologue[] = "skywave hop 2";

/* An id that the other end of the link cannot choose at the same time: the top bit tells who did.
 */
static uint32_t new_id(struct skw_onion *o, uint32_t peer)
{
	bool greater = memcmp(o->config.identity->address.bytes, o->peers[peer].address.bytes,
			      SKW_KEY_LEN) > 0;

	for (;;) {
		uint32_t id =
		    (skw_random_u32(&o->config.random) & 0x7fffffffu) | (greater ? 0x80000000u : 0);
		enum side side;

		if (circuit_find(o, peer, id, &side) == NULL)
			return id;
	}
}

static bool id_is_theirs(const struct skw_onion *o, uint32_t peer, uint32_t id)
{
	bool greater = memcmp(o->peers[peer].address.bytes, o->config.identity->address.bytes,
			      SKW_KEY_LEN) > 0;

	return greater == (id >> 31 != 0);
}

static void say_create(struct skw_onion *o, const struct end *e, const uint8_t *message)
{
	struct cell *cell = cell_new(o, true);
	struct skw_writer w;

	if (cell == NULL)
		return; /* the origin's timer will find it */
	memset(cell->data, 0, SKW_CELL_SMALL);
	cell->len = SKW_CELL_SMALL;
	onion_put_header(cell->data, e->id, CMD_CREATE, 0);
	w = skw_writer(cell->data + SKW_CELL_HEADER, SKW_CELL_SMALL - SKW_CELL_HEADER);
	skw_put_u64(&w, e->offer);
	skw_put_bytes(&w, message, CREATE_MESSAGE);
	cell_send_control(o, e->peer, cell);
}

/* ---- the origin
 * ------------------------------------------------------------------------------------ */

/* The handshake's first message for the hop that comes next. The backward nonces of hop number j
 * arrive here as base + j * 2^40 + count: so those of all hops rise through every relay's window.
 */
static bool begin_hop(struct skw_onion *o, struct circuit *c, uint8_t message[CREATE_MESSAGE])
{
	struct origin *origin = c->origin;
	size_t j = origin->built, len = 0;
	uint64_t first = origin->backward_base + ((uint64_t)j << HOP_SPACE);
	uint8_t payload[CREATE_PAYLOAD];
	struct skw_writer w = skw_writer(payload, sizeof(payload));

	for (size_t i = 0; i < j; i++)
		first -= origin->keys[i].backward.shift;
	skw_put_u64(&w, origin->offers[j]);
	skw_put_u64(&w, first);
	origin->step_us = o->now_us;
	skw_noise_start(&origin->noise, SKW_NOISE_NK, true, NULL, origin->hops[j].bytes, prologue,
			sizeof(prologue) - 1);
	return skw_noise_write(&origin->noise, &o->config.random, payload, sizeof(payload), message,
			       CREATE_MESSAGE, &len);
}

static uint32_t peer_with(const struct skw_onion *o, const struct skw_node_address *address)
{
	for (uint32_t i = 1; i <= SKW_ONION_PEERS_MAX; i++)
		if (o->peers[i].up && skw_node_address_equal(&o->peers[i].address, address))
			return i;
	return 0;
}

enum skw_onion_status skw_onion_build(struct skw_onion *o, const struct skw_node_address *hops,
				      const uint64_t *offer, size_t count, uint64_t now_us,
				      uint32_t *handle)
{
	uint8_t message[CREATE_MESSAGE];
	struct circuit *c;
	uint32_t peer;

	o->now_us = now_us;
	if (count == 0 || count > SKW_ONION_HOPS_MAX)
		return SKW_ONION_TOO_LONG;
	peer = peer_with(o, &hops[0]);
	if (peer == 0)
		return SKW_ONION_UNKNOWN;
	c = circuit_new(o);
	if (c == NULL)
		return SKW_ONION_FULL;
	c->origin = calloc(1, sizeof(*c->origin));
	if (c->origin == NULL) {
		circuit_free(o, c);
		return SKW_ONION_FULL;
	}
	c->told = true;
	c->nonce = skw_random_u64(&o->config.random);
	c->origin->backward_base = skw_random_u64(&o->config.random);
	c->origin->count = count;
	memcpy(c->origin->hops, hops, count * sizeof(*hops));
	memcpy(c->origin->offers, offer, count * sizeof(*offer));
	if (!begin_hop(o, c, message)) {
		circuit_free(o, c);
		return SKW_ONION_UNKNOWN; /* an address that is no key */
	}
	circuit_attach(o, c, NEXT, peer, new_id(o, peer), offer[0]);
	say_create(o, &c->ends[NEXT], message);
	*handle = circuit_handle(o, c);
	return SKW_ONION_OK;
}

enum skw_onion_status skw_onion_build_again(struct skw_onion *o, uint32_t handle, uint64_t now_us,
					    uint32_t *again)
{
	const struct circuit *c = circuit_of(o, handle);

	if (c == NULL || c->origin == NULL)
		return SKW_ONION_UNKNOWN;
	return skw_onion_build(o, c->origin->hops, c->origin->offers, c->origin->count, now_us,
			       again);
}

/* The hop has answered: derive its keys, then ask it for the next one. */
static void hop_done(struct skw_onion *o, struct circuit *c, const uint8_t *message)
{
	struct origin *origin = c->origin;
	struct skw_noise_cipher first, second;
	uint8_t data[SKW_KEY_LEN + 8 + CREATE_MESSAGE], none[1];
	struct skw_writer w = skw_writer(data, sizeof(data));
	size_t len = 0, j = origin->built;

	if (!skw_noise_read(&origin->noise, message, CREATED_MESSAGE, none, sizeof(none), &len)) {
		circuit_kill(o, c, SKW_ONION_PROTOCOL, 0);
		return;
	}
	skw_noise_split(&origin->noise, &first, &second);
	skw_hop_derive(&origin->keys[j], &first, &second);
	sodium_memzero(&first, sizeof(first));
	sodium_memzero(&second, sizeof(second));
	skw_noise_wipe(&origin->noise);
	origin->hop_us[j] = o->now_us - origin->step_us;
	origin->built = ++j;
	if (j == origin->count) {
		c->built = c->say_up = true;
		c->rtt_us = o->now_us - origin->step_us;
		circuit_event(o, c);
		return;
	}
	skw_put_bytes(&w, origin->hops[j].bytes, SKW_KEY_LEN);
	skw_put_u64(&w, origin->offers[j]);
	if (!begin_hop(o, c, w.at) || !onion_speak(o, c, j - 1, KIND_EXTEND, data, sizeof(data)))
		circuit_kill(o, c, SKW_ONION_BUSY, 0);
}

void onion_on_extended(struct skw_onion *o, struct circuit *c, const uint8_t *data, size_t len)
{
	if (c->origin->built == c->origin->count || len < CREATED_MESSAGE)
		o->counters.malformed++;
	else
		hop_done(o, c, data);
}

/* ---- a relay, or the end
 * ------------------------------------------------------------------------------ */

static void refuse(struct skw_onion *o, uint32_t peer, uint32_t id, enum skw_onion_reason reason)
{
	struct cell *cell = cell_new(o, true);

	o->counters.refused++;
	if (cell == NULL)
		return;
	memset(cell->data, 0, SKW_CELL_SMALL);
	cell->len = SKW_CELL_SMALL;
	onion_put_header(cell->data, id, CMD_DESTROY, 0);
	cell->data[SKW_CELL_HEADER] = (uint8_t)reason;
	cell_send_control(o, peer, cell);
}

/* Reads message 1; on success `noise` is ready to answer. */
static bool read_create(struct skw_onion *o, struct skw_noise *noise, const uint8_t *message,
			uint64_t offer, uint64_t *first)
{
	uint8_t payload[CREATE_PAYLOAD];
	struct skw_reader r = skw_reader(payload, sizeof(payload));
	size_t len = 0;

	skw_noise_start(noise, SKW_NOISE_NK, false, o->config.identity->secret, NULL, prologue,
			sizeof(prologue) - 1);
	if (!skw_noise_read(noise, message, CREATE_MESSAGE, payload, sizeof(payload), &len))
		return false;
	/* What the origin offers us must be what the hop before us says. */
	if (skw_get_u64(&r) != offer)
		return false;
	*first = skw_get_u64(&r);
	return true;
}

static bool answer_create(struct skw_onion *o, struct circuit *c, struct skw_noise *noise)
{
	struct skw_noise_cipher first, second;
	struct cell *cell = cell_new(o, true);
	size_t len = 0;

	if (cell == NULL)
		return false;
	memset(cell->data, 0, SKW_CELL_SMALL);
	cell->len = SKW_CELL_SMALL;
	onion_put_header(cell->data, c->ends[PREV].id, CMD_CREATED, 0);
	if (!skw_noise_write(noise, &o->config.random, NULL, 0, cell->data + SKW_CELL_HEADER,
			     CREATED_MESSAGE, &len)) {
		cell_free(o, cell);
		return false;
	}
	skw_noise_split(noise, &second, &first); /* we receive what the initiator sends */
	skw_hop_derive(&c->hop, &first, &second);
	sodium_memzero(&first, sizeof(first));
	sodium_memzero(&second, sizeof(second));
	cell_send_control(o, c->ends[PREV].peer, cell);
	return true;
}

void onion_on_create(struct skw_onion *o, uint32_t peer, const uint8_t *cell)
{
	struct skw_reader r = skw_reader(cell, SKW_CELL_SMALL);
	uint32_t id = skw_get_u32(&r);
	uint64_t offer, first = 0;
	struct circuit *c;
	struct skw_noise noise;
	enum side side;

	skw_get_view(&r, SKW_CELL_HEADER - 4);
	offer = skw_get_u64(&r);
	if (!id_is_theirs(o, peer, id) || circuit_find(o, peer, id, &side) != NULL) {
		o->counters.malformed++;
		return;
	}
	if (o->peers[peer].circuits >= o->config.circuits_max / 2) {
		refuse(o, peer, id, SKW_ONION_BUSY); /* one neighbour must not take it all */
		return;
	}
	if (!read_create(o, &noise, r.at, offer, &first)) {
		refuse(o, peer, id, SKW_ONION_PROTOCOL);
		skw_noise_wipe(&noise);
		return;
	}
	c = circuit_new(o);
	if (c != NULL) {
		circuit_attach(o, c, PREV, peer, id, offer);
		c->nonce = first;
		c->built = true;
		if (!answer_create(o, c, &noise))
			circuit_kill(o, c, SKW_ONION_BUSY, 0);
	} else {
		refuse(o, peer, id, SKW_ONION_BUSY);
	}
	skw_noise_wipe(&noise);
}

void onion_on_extend(struct skw_onion *o, struct circuit *c, const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data, len);
	struct skw_node_address next = { 0 };
	uint64_t offer;
	uint32_t peer;

	skw_get_bytes(&r, next.bytes, SKW_KEY_LEN);
	offer = skw_get_u64(&r);
	if (!r.ok || skw_reader_left(&r) < CREATE_MESSAGE || circuit_relays(c)) {
		o->counters.malformed++;
		return;
	}
	peer = peer_with(o, &next);
	if (o->config.no_relay || peer == 0 || peer == c->ends[PREV].peer) {
		o->counters.refused++;
		circuit_kill(o, c, o->config.no_relay ? SKW_ONION_NO_RELAY : SKW_ONION_NO_LINK, 0);
		return;
	}
	if (offer > c->ends[PREV].offer || c->ends[PREV].offer - offer < o->peers[peer].price) {
		o->counters.refused++;
		circuit_kill(o, c, SKW_ONION_PRICE, 0);
		return;
	}
	circuit_attach(o, c, NEXT, peer, new_id(o, peer), offer);
	c->built = false;
	say_create(o, &c->ends[NEXT], r.at);
}

void onion_on_created(struct skw_onion *o, struct circuit *c, const uint8_t *cell)
{
	const uint8_t *message = cell + SKW_CELL_HEADER;

	if (c->origin != NULL) {
		if (c->origin->built == 0)
			hop_done(o, c, message);
		else
			o->counters.malformed++;
		return;
	}
	if (c->built) {
		o->counters.malformed++;
		return;
	}
	c->built = true;
	if (!onion_speak(o, c, 0, KIND_EXTENDED, message, CREATED_MESSAGE))
		circuit_kill(o, c, SKW_ONION_BUSY, 0);
}
