#include "link/skw_link_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "wire/skw_cursor.h"

static_assert(SKW_RELIABLE_FRAGMENT + SKW_RELIABLE_HEADER == SKW_LINK_UNRELIABLE_MAX,
	      "a fragment fills a frame");
static_assert(SKW_LINK_PEERS_MAX < 256, "a peer's number is one byte of an index");

/* ---- life ---------------------------------------------------------------------------------------
 */

static void set_default(uint64_t *value, uint64_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

struct skw_link *skw_link_new(const struct skw_link_config *config, uint64_t now_us)
{
	struct skw_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->config = *config;
	set_default(&link->config.handshake_us, 1000000);
	set_default(&link->config.keepalive_us, 10000000);
	set_default(&link->config.dead_us, 35000000);
	set_default(&link->config.rekey_us, 120000000);
	set_default(&link->config.rekey_bytes, UINT64_C(1) << 30);
	set_default(&link->config.resend_us, 1000000);
	link->now_us = link->start_us = link->tokens_us = now_us;
	link->tokens = 1000000 / HANDSHAKES_PER_SECOND * HANDSHAKES_BURST;
	for (unsigned i = 0; i < 256; i++)
		link->frame_max[i] = SKW_LINK_FRAME_MAX;
	link->peers = calloc(SKW_LINK_PEERS_MAX, sizeof(*link->peers));
	link->ring = calloc(RING_FRAMES, sizeof(*link->ring));
	if (link->peers == NULL || link->ring == NULL) {
		skw_link_free(link);
		return NULL;
	}
	return link;
}

void skw_link_free(struct skw_link *link)
{
	if (link == NULL)
		return;
	for (unsigned i = 0; link->peers != NULL && i < link->peers_made; i++) {
		skw_reliable_reset(&link->peers[i].reliable);
		link_forget(&link->peers[i].current);
		link_forget(&link->peers[i].previous);
		link_forget(&link->peers[i].next);
	}
	if (link->peers != NULL)
		sodium_memzero(link->peers, link->peers_made * sizeof(*link->peers));
	free(link->peers);
	free(link->ring);
	sodium_memzero(link, sizeof(*link));
	free(link);
}

enum skw_link_status skw_link_set_frame_max(struct skw_link *link, uint8_t port, size_t frame_max)
{
	if (frame_max < HANDSHAKE_MAX)
		return SKW_LINK_TOO_LONG; /* not even a handshake */
	link->frame_max[port] = frame_max < SKW_LINK_FRAME_MAX ? frame_max : SKW_LINK_FRAME_MAX;
	return SKW_LINK_OK;
}

/* ---- peers --------------------------------------------------------------------------------------
 */

struct peer *link_find_peer(struct skw_link *link, const struct skw_node_address *address)
{
	for (unsigned i = 0; i < link->peers_made; i++)
		if (link->peers[i].used && skw_node_address_equal(&link->peers[i].address, address))
			return &link->peers[i];
	return NULL;
}

/* A free place, or that of a stranger who is gone. */
static struct peer *free_place(struct skw_link *link)
{
	for (unsigned i = 0; i < link->peers_made; i++)
		if (!link->peers[i].used)
			return &link->peers[i];
	if (link->peers_made < SKW_LINK_PEERS_MAX)
		return &link->peers[link->peers_made++];
	for (unsigned i = 0; i < SKW_LINK_PEERS_MAX; i++) {
		struct peer *p = &link->peers[i];

		if (!p->added && !p->up && !p->next.used && !p->say_down)
			return p;
	}
	return NULL;
}

struct peer *link_new_peer(struct skw_link *link, const struct skw_node_address *address)
{
	struct peer *peer = free_place(link);

	if (peer == NULL)
		return NULL;
	skw_reliable_reset(&peer->reliable);
	sodium_memzero(peer, sizeof(*peer));
	peer->used = true;
	peer->address = *address;
	peer->life = skw_random_u64(&link->config.random);
	skw_reliable_init(&peer->reliable, SKW_LINK_QUEUE_MAX, SKW_LINK_RELIABLE_MAX,
			  link->config.resend_us);
	return peer;
}

static struct peer *get_peer(const struct skw_link *link, uint32_t number)
{
	if (number == 0 || number > link->peers_made || !link->peers[number - 1].used)
		return NULL;
	return &link->peers[number - 1];
}

enum skw_link_status skw_link_add_peer(struct skw_link *link,
				       const struct skw_node_address *address,
				       const struct skw_link_endpoint *at, uint64_t now_us,
				       uint32_t *number)
{
	struct peer *peer = link_find_peer(link, address);

	link->now_us = now_us;
	link_look(link);
	if (at->len > SKW_LINK_ADDR_MAX ||
	    skw_node_address_equal(address, &link->config.identity->address))
		return SKW_LINK_UNKNOWN;
	if (peer == NULL)
		peer = link_new_peer(link, address);
	if (peer == NULL)
		return SKW_LINK_FULL;
	peer->added = true;
	*number = peer_number(link, peer);
	if (peer->up)
		return SKW_LINK_OK;
	peer->endpoint = *at;
	if (!peer->attempt.used && !peer->next.used)
		link_begin_handshake(link, peer);
	return SKW_LINK_OK;
}

enum skw_link_status skw_link_remove_peer(struct skw_link *link, uint32_t number, uint64_t now_us)
{
	struct peer *peer = get_peer(link, number);

	link->now_us = now_us;
	link_look(link);
	if (peer == NULL)
		return SKW_LINK_UNKNOWN;
	link_peer_down(link, peer);
	peer->used = false; /* poll still says that it went down */
	peer->added = false;
	return SKW_LINK_OK;
}

/* ---- in and out
 * ---------------------------------------------------------------------------------- */

enum skw_link_status skw_link_receive(struct skw_link *link, const struct skw_link_endpoint *from,
				      const uint8_t *frame, size_t len, uint64_t now_us)
{
	link->now_us = now_us;
	link->counters.frames_in++;
	if (len >= 9 && len <= SKW_LINK_FRAME_MAX && from->len <= SKW_LINK_ADDR_MAX) {
		switch (frame[0]) {
		case FRAME_INIT:
			link_look(link);
			return link_on_init(link, from, frame, len);
		case FRAME_RESP:
			link_look(link);
			return link_on_resp(link, frame, len, from);
		case FRAME_COOKIE:
			link_look(link);
			return link_on_cookie(link, frame, len);
		case FRAME_DATA:
			return link_on_data(link, from, frame, len);
		default:
			break;
		}
	}
	link->counters.garbage++;
	return SKW_LINK_DROPPED;
}

static struct frame *ring_next(struct skw_link *link)
{
	if (link->ring_count == RING_FRAMES) {
		link->counters.dropped++;
		return NULL;
	}
	if (link->ring_count == 0) /* what was just used is still in the cache */
		link->ring_head = 0;
	return &link->ring[(link->ring_head + link->ring_count++) % RING_FRAMES];
}

bool link_queue(struct skw_link *link, const struct skw_link_endpoint *to, uint32_t peer,
		enum skw_link_priority priority, const uint8_t *data, size_t len)
{
	struct frame *frame = ring_next(link);

	if (frame == NULL)
		return false;
	frame->to = *to;
	frame->peer = peer;
	frame->priority = priority;
	frame->len = (uint16_t)len;
	memcpy(frame->data, data, len);
	return true;
}

static size_t body_max(const struct skw_link *link, const struct peer *peer)
{
	return link->frame_max[peer->endpoint.port] - SKW_LINK_OVERHEAD;
}

enum skw_link_status skw_link_send(struct skw_link *link, uint32_t number, enum skw_link_type type,
				   const uint8_t *data, size_t len, uint64_t now_us)
{
	struct peer *peer = get_peer(link, number);
	struct frame *frame;

	link->now_us = now_us;
	if (peer == NULL)
		return SKW_LINK_UNKNOWN;
	if (!peer->up)
		return SKW_LINK_DOWN;
	if (type >= SKW_LINK_CIRCUIT) {
		link->look_owed = true;
		switch (skw_reliable_push(&peer->reliable, (uint8_t)type, data, len,
					  body_max(link, peer) - SKW_RELIABLE_HEADER)) {
		case SKW_RELIABLE_OK:
			return SKW_LINK_OK;
		case SKW_RELIABLE_TOO_LONG:
			return SKW_LINK_TOO_LONG;
		case SKW_RELIABLE_FULL:
		case SKW_RELIABLE_MALFORMED:
			break;
		}
		link->counters.dropped++;
		return SKW_LINK_FULL;
	}
	if (type != SKW_LINK_CELL)
		return SKW_LINK_UNKNOWN;
	if (len > body_max(link, peer))
		return SKW_LINK_TOO_LONG;
	frame = ring_next(link);
	if (frame == NULL)
		return SKW_LINK_FULL;
	link_seal(link, peer, (uint8_t)type, data, len, frame);
	frame->priority = len > 256 ? SKW_LINK_BULK : SKW_LINK_SMALL;
	return SKW_LINK_OK;
}

/* ---- poll: what happened first, then what came, then what goes out
 * ------------------------------- */

static bool poll_events(struct skw_link *link, struct skw_link_out *out)
{
	for (unsigned i = 0; link->look_events && i < link->peers_made; i++) {
		struct peer *p = &link->peers[i];

		if (!p->say_down && !p->say_up)
			continue;
		out->event = p->say_down ? SKW_LINK_PEER_DOWN : SKW_LINK_PEER_UP;
		out->peer = i + 1;
		out->address = p->address;
		if (p->say_down)
			p->say_down = false;
		else
			p->say_up = false;
		return true;
	}
	link->look_events = false;
	return false;
}

static bool poll_reliable(struct skw_link *link, struct skw_link_out *out)
{
	for (unsigned i = 0; link->look_reliable && i < link->peers_made; i++) {
		struct peer *p = &link->peers[i];
		uint8_t type;

		if (!p->up)
			continue;
		while (skw_reliable_take(&p->reliable, &type, &out->data, &out->len)) {
			if (type < SKW_LINK_CIRCUIT || type > SKW_LINK_CONTROL) {
				link->counters.unknown_types++;
				continue;
			}
			out->event = SKW_LINK_MESSAGE;
			out->peer = i + 1;
			out->address = p->address;
			out->type = (enum skw_link_type)type;
			return true;
		}
	}
	link->look_reliable = false;
	return false;
}

static bool poll_message(struct skw_link *link, struct skw_link_out *out)
{
	if (!link->message_due)
		return poll_reliable(link, out);
	link->message_due = false;
	out->event = SKW_LINK_MESSAGE;
	out->peer = link->message_peer;
	out->address = link->peers[link->message_peer - 1].address;
	out->type = link->message_type;
	out->data = link->message + 1;
	out->len = link->message_len - 1;
	return true;
}

static bool give(struct skw_link *link, const struct frame *frame, struct skw_link_out *out)
{
	out->event = SKW_LINK_SEND;
	out->peer = frame->peer;
	out->to = frame->to;
	out->priority = frame->priority;
	out->data = frame->data;
	out->len = frame->len;
	link->counters.frames_out++;
	return true;
}

/* What a peer is owed: an ack, a fragment, a sign of life. */
static bool owe(struct skw_link *link, struct peer *p, struct skw_link_out *out)
{
	uint8_t body[SKW_LINK_UNRELIABLE_MAX];
	struct skw_writer w = skw_writer(body, sizeof(body));
	size_t len = 0;
	uint8_t type = TYPE_KEEPALIVE;

	if (p->reliable.ack_due) {
		uint32_t start, held;

		skw_reliable_ack(&p->reliable, &start, &held);
		skw_put_u32(&w, start);
		skw_put_u32(&w, held);
		type = TYPE_ACK;
		len = skw_writer_len(&w);
	} else if (skw_reliable_poll(&p->reliable, link->now_us, body, sizeof(body), &len)) {
		type = TYPE_RELIABLE;
	} else if (!p->keepalive_due) {
		return false;
	}
	p->keepalive_due = false; /* any frame is a sign of life */
	link_seal(link, p, type, body, len, &link->scratch);
	link->scratch.priority = SKW_LINK_URGENT;
	return give(link, &link->scratch, out);
}

static bool poll_frames(struct skw_link *link, struct skw_link_out *out)
{
	if (link->ring_count > 0) {
		const struct frame *frame = &link->ring[link->ring_head];

		link->ring_head = (link->ring_head + 1) % RING_FRAMES;
		link->ring_count--;
		return give(link, frame, out);
	}
	for (unsigned i = 0; link->look_owed && i < link->peers_made; i++)
		if (link->peers[i].up && owe(link, &link->peers[i], out))
			return true;
	link->look_owed = false;
	return false;
}

bool skw_link_poll(struct skw_link *link, struct skw_link_out *out)
{
	memset(out, 0, sizeof(*out));
	return poll_events(link, out) || poll_message(link, out) || poll_frames(link, out);
}

/* ---- time
 * ----------------------------------------------------------------------------------------- */

static bool rekey_due(const struct skw_link *link, const struct peer *p)
{
	const struct session *s = &p->current;
	/* Who called last time calls again; the other end waits longer, in case it does not. */
	uint64_t age = link->config.rekey_us + (s->initiator ? 0 : link->config.rekey_us / 2);
	uint64_t bytes =
	    link->config.rekey_bytes + (s->initiator ? 0 : link->config.rekey_bytes / 2);

	return !p->attempt.used && !p->next.used &&
	       (link->now_us - s->created_us >= age || s->bytes >= bytes);
}

/* One keepalive is overdue: perhaps the other end started anew and knows nothing of us. */
static uint64_t call_us(const struct skw_link *link, const struct peer *p)
{
	return p->last_in_us + link->config.keepalive_us + link->config.keepalive_us / 2;
}

static bool call_due(const struct skw_link *link, const struct peer *p)
{
	return !p->attempt.used && !p->next.used && link->now_us >= call_us(link, p);
}

static void tick_up(struct skw_link *link, struct peer *p)
{
	if (link->now_us - p->last_in_us >= link->config.dead_us ||
	    link->now_us - p->current.created_us >= SESSION_LIVES * link->config.rekey_us) {
		link_peer_down(link, p);
		p->failures = 0;
		link_begin_handshake(link, p);
		return;
	}
	if (link->now_us - p->last_out_us >= link->config.keepalive_us)
		p->keepalive_due = true;
	if (p->previous.used && link->now_us - p->current.created_us >= link->config.dead_us)
		link_forget(&p->previous);
	if (rekey_due(link, p) || call_due(link, p))
		link_begin_handshake(link, p);
}

static void tick_handshake(struct skw_link *link, struct peer *p)
{
	/* A caller that never showed that it is alive. */
	if (p->next.used && link->now_us - p->next.created_us >= link->config.dead_us)
		link_forget(&p->next);
	if (!p->attempt.used) {
		if (!p->up && !p->next.used && p->added)
			link_begin_handshake(link, p);
		return;
	}
	if (link->now_us < p->attempt.due_us)
		return;
	if (p->attempt.sends < RETRIES_SAME) {
		link_resend_init(link, p);
		return;
	}
	p->failures += p->failures < 1000;
	if (p->added || p->up || p->failures < RETRIES_STRANGER)
		link_begin_handshake(link, p);
	else
		sodium_memzero(&p->attempt, sizeof(p->attempt));
}

void skw_link_tick(struct skw_link *link, uint64_t now_us)
{
	link->now_us = now_us;
	link_look(link);
	for (unsigned i = 0; i < link->peers_made; i++) {
		struct peer *p = &link->peers[i];

		if (!p->used)
			continue;
		if (p->up)
			tick_up(link, p);
		tick_handshake(link, p);
	}
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t peer_timer(const struct skw_link *link, const struct peer *p)
{
	uint64_t next = UINT64_MAX;

	if (p->up) {
		const struct session *s = &p->current;
		uint64_t rekey =
		    link->config.rekey_us + (s->initiator ? 0 : link->config.rekey_us / 2);

		next = sooner(next, p->last_in_us + link->config.dead_us);
		next = sooner(next, p->last_out_us + link->config.keepalive_us);
		next = sooner(next, s->created_us + SESSION_LIVES * link->config.rekey_us);
		next = sooner(next, skw_reliable_next_timer(&p->reliable));
		if (rekey_due(link, p))
			next = 0;
		else if (!p->attempt.used && !p->next.used)
			next = sooner(next, sooner(s->created_us + rekey, call_us(link, p)));
		if (p->previous.used)
			next = sooner(next, s->created_us + link->config.dead_us);
	} else if (p->added && !p->attempt.used && !p->next.used) {
		next = 0;
	}
	if (p->attempt.used)
		next = sooner(next, p->attempt.due_us);
	if (p->next.used)
		next = sooner(next, p->next.created_us + link->config.dead_us);
	return next;
}

uint64_t skw_link_next_timer(const struct skw_link *link)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < link->peers_made; i++)
		if (link->peers[i].used)
			next = sooner(next, peer_timer(link, &link->peers[i]));
	return next;
}

/* ---- for people
 * ------------------------------------------------------------------------------------ */

const struct skw_node_address *skw_link_address(const struct skw_link *link, uint32_t number)
{
	const struct peer *p = get_peer(link, number);

	return p != NULL ? &p->address : NULL;
}

bool skw_link_info(const struct skw_link *link, uint32_t number, struct skw_link_info *info)
{
	const struct peer *p = get_peer(link, number);

	if (p == NULL)
		return false;
	*info = (struct skw_link_info) {
		.address = p->address,
		.endpoint = p->endpoint,
		.up = p->up,
		.up_since_us = p->up_since_us,
		.rtt_us = p->reliable.srtt_us,
		.bytes_in = p->bytes_in,
		.bytes_out = p->bytes_out,
		.rekeys = p->rekeys,
		.queued = p->reliable.queued,
	};
	return true;
}

uint32_t skw_link_peer_up(const struct skw_link *link, const struct skw_node_address *address,
			  struct skw_link_info *info)
{
	for (uint32_t n = 1; n <= link->peers_made; n++)
		if (skw_link_info(link, n, info) && info->up &&
		    skw_node_address_equal(&info->address, address))
			return n;
	return 0;
}

const struct skw_link_counters *skw_link_counters(const struct skw_link *link)
{
	return &link->counters;
}
