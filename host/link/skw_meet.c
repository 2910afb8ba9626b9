#include "link/skw_meet.h"

#include <stdlib.h>
#include <string.h>

#include "wire/skw_cursor.h"

enum { MEET = 1, AT = 2 }; /* first byte of a message */

enum {
	ASK_US = 15000000,   /* between two MEETs of ours for one node */
	ASKED_US = 60000000, /* so long a MEET of others is remembered */
	AGAIN_US = 5000000,  /* a pair is not told more often */
	ASKS = 256,          /* remembered in all */
	ASKS_EACH = 16,      /* of one neighbour */
	OUTS = 128,          /* waiting to be polled; what is more is asked for again */
	MESSAGE_MAX = 1 + SKW_KEY_LEN + 1 + 16 + 2,
};

struct want {
	struct skw_node_address address, neighbour;
	uint64_t ask_us; /* when to ask again */
};

/* What a neighbour asked of us. */
struct ask {
	struct skw_node_address asker, wanted;
	uint64_t until_us, told_us; /* until 0: free */
};

struct out {
	struct skw_meet_out out;
	uint8_t data[MESSAGE_MAX];
};

struct skw_meet {
	const struct skw_link *link;
	bool (*place_of)(struct skw_meet_place *place, const struct skw_link_endpoint *at);
	struct want want[SKW_MEET_WANTS];
	size_t wants;
	struct ask ask[ASKS];
	struct out out[OUTS];
	unsigned out_head, out_count;
	struct skw_meet_counters counters;
};

struct skw_meet *skw_meet_new(const struct skw_link *link,
			      bool (*place_of)(struct skw_meet_place *place,
					       const struct skw_link_endpoint *at))
{
	struct skw_meet *m = calloc(1, sizeof(*m));

	if (m != NULL) {
		m->link = link;
		m->place_of = place_of;
	}
	return m;
}

void skw_meet_free(struct skw_meet *meet)
{
	free(meet);
}

/* ---- out ------------------------------------------------------------------------------------- */

static struct out *new_out(struct skw_meet *m, enum skw_meet_event event)
{
	struct out *o;

	if (m->out_count == OUTS)
		return NULL;
	o = &m->out[(m->out_head + m->out_count++) % OUTS];
	o->out = (struct skw_meet_out) { .event = event };
	return o;
}

static void say_meet(struct skw_meet *m, uint32_t peer, const struct skw_node_address *wanted)
{
	struct out *o = new_out(m, SKW_MEET_SEND);
	struct skw_writer w;

	if (o == NULL)
		return;
	w = skw_writer(o->data, sizeof(o->data));
	skw_put_u8(&w, MEET);
	skw_put_bytes(&w, wanted->bytes, SKW_KEY_LEN);
	o->out.peer = peer;
	o->out.len = skw_writer_len(&w);
}

static void say_at(struct skw_meet *m, uint32_t peer, const struct skw_node_address *wanted,
		   const struct skw_meet_place *place)
{
	struct out *o = new_out(m, SKW_MEET_SEND);
	struct skw_writer w;

	if (o == NULL)
		return;
	w = skw_writer(o->data, sizeof(o->data));
	skw_put_u8(&w, AT);
	skw_put_bytes(&w, wanted->bytes, SKW_KEY_LEN);
	skw_put_u8(&w, place->family);
	skw_put_bytes(&w, place->ip, place->family == 4 ? 4 : 16);
	skw_put_u16be(&w, place->port);
	o->out.peer = peer;
	o->out.len = skw_writer_len(&w);
}

bool skw_meet_poll(struct skw_meet *meet, struct skw_meet_out *out)
{
	struct out *o = &meet->out[meet->out_head];

	if (meet->out_count == 0)
		return false;
	meet->out_head = (meet->out_head + 1) % OUTS;
	meet->out_count--;
	*out = o->out;
	out->data = o->data;
	return true;
}

/* ---- the neighbour of both ------------------------------------------------------------------- */

static struct ask *find_ask(struct skw_meet *m, const struct skw_node_address *asker,
			    const struct skw_node_address *wanted, uint64_t now_us)
{
	for (size_t i = 0; i < ASKS; i++)
		if (m->ask[i].until_us > now_us &&
		    skw_node_address_equal(&m->ask[i].asker, asker) &&
		    skw_node_address_equal(&m->ask[i].wanted, wanted))
			return &m->ask[i];
	return NULL;
}

/* A free one; NULL if there is none, or the asker has its share. */
static struct ask *new_ask(struct skw_meet *m, const struct skw_node_address *asker,
			   const struct skw_node_address *wanted, uint64_t now_us)
{
	struct ask *spare = NULL;
	unsigned own = 0;

	for (size_t i = 0; i < ASKS; i++) {
		struct ask *a = &m->ask[i];

		if (a->until_us <= now_us)
			spare = a;
		else
			own += skw_node_address_equal(&a->asker, asker);
	}
	if (spare == NULL || own >= ASKS_EACH)
		return NULL;
	*spare = (struct ask) { .asker = *asker, .wanted = *wanted };
	return spare;
}

static void introduce(struct skw_meet *m, struct ask *ask, struct ask *answer,
		      const struct skw_link_info *asker, uint32_t asker_peer, uint64_t now_us)
{
	struct skw_meet_place here, there;
	struct skw_link_info wanted;
	uint32_t peer = skw_link_peer_up(m->link, &ask->wanted, &wanted);

	if (peer == 0 || !m->place_of(&here, &asker->endpoint) ||
	    !m->place_of(&there, &wanted.endpoint))
		return;
	if (ask->told_us != 0 && now_us - ask->told_us < AGAIN_US)
		return;
	ask->told_us = answer->told_us = now_us;
	say_at(m, asker_peer, &ask->wanted, &there);
	say_at(m, peer, &ask->asker, &here);
	m->counters.introduced++;
}

static enum skw_meet_status dropped(struct skw_meet *m)
{
	m->counters.dropped++;
	return SKW_MEET_DROPPED;
}

static enum skw_meet_status on_meet(struct skw_meet *m, uint32_t peer,
				    const struct skw_link_info *asker, struct skw_reader *r,
				    uint64_t now_us)
{
	struct skw_node_address wanted = { 0 };
	struct ask *ask, *answer;

	skw_get_bytes(r, wanted.bytes, SKW_KEY_LEN);
	if (!r->ok || skw_node_address_equal(&wanted, &asker->address))
		return dropped(m);
	ask = find_ask(m, &asker->address, &wanted, now_us);
	if (ask == NULL)
		ask = new_ask(m, &asker->address, &wanted, now_us);
	if (ask == NULL)
		return dropped(m);
	ask->until_us = now_us + ASKED_US;
	answer = find_ask(m, &wanted, &asker->address, now_us);
	if (answer != NULL)
		introduce(m, ask, answer, asker, peer, now_us);
	return SKW_MEET_OK;
}

/* ---- the two --------------------------------------------------------------------------------- */

enum skw_meet_status skw_meet_want(struct skw_meet *meet, const struct skw_node_address *address,
				   const struct skw_node_address *neighbour)
{
	if (meet->wants == SKW_MEET_WANTS)
		return SKW_MEET_FULL;
	meet->want[meet->wants++] = (struct want) { .address = *address, .neighbour = *neighbour };
	return SKW_MEET_OK;
}

/* What no node can be called at: nobody, everybody, many, or ourselves. */
static bool usable(const struct skw_meet_place *p)
{
	static const uint8_t zero[16];
	bool mapped = memcmp(p->ip, zero, 10) == 0 && p->ip[10] == 0xff && p->ip[11] == 0xff;

	if (p->port == 0)
		return false;
	if (p->family == 4)
		return p->ip[0] != 0 && p->ip[0] != 127 && p->ip[0] < 224;
	return !mapped && memcmp(p->ip, zero, 15) != 0 && p->ip[0] != 0xff &&
	       !(p->ip[0] == 0xfe && (p->ip[1] & 0xc0) == 0x80);
}

static enum skw_meet_status on_at(struct skw_meet *m, const struct skw_link_info *from,
				  struct skw_reader *r)
{
	struct skw_meet_place place = { 0 };
	struct skw_node_address address = { 0 };
	struct skw_link_info info;
	struct out *o;

	skw_get_bytes(r, address.bytes, SKW_KEY_LEN);
	place.family = skw_get_u8(r);
	if (place.family != 4 && place.family != 6)
		return dropped(m);
	skw_get_bytes(r, place.ip, place.family == 4 ? 4 : 16);
	place.port = skw_get_u16be(r);
	if (!r->ok || !usable(&place))
		return dropped(m);
	for (size_t i = 0; i < m->wants; i++) {
		const struct want *w = &m->want[i];

		if (!skw_node_address_equal(&w->address, &address) ||
		    !skw_node_address_equal(&w->neighbour, &from->address))
			continue;
		if (skw_link_peer_up(m->link, &address, &info) == 0 &&
		    (o = new_out(m, SKW_MEET_CALL)) != NULL) {
			o->out.address = address;
			o->out.place = place;
		}
		return SKW_MEET_OK;
	}
	return dropped(m);
}

enum skw_meet_status skw_meet_receive(struct skw_meet *meet, uint32_t peer, const uint8_t *data,
				      size_t len, uint64_t now_us)
{
	struct skw_reader r = skw_reader(data, len);
	uint8_t kind = skw_get_u8(&r);
	struct skw_link_info info;

	if (!skw_link_info(meet->link, peer, &info) || !info.up)
		return dropped(meet);
	switch (kind) {
	case MEET:
		return on_meet(meet, peer, &info, &r, now_us);
	case AT:
		return on_at(meet, &info, &r);
	default:
		return dropped(meet);
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t skw_meet_next_timer(const struct skw_meet *meet)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < meet->wants; i++)
		if (meet->want[i].ask_us < next)
			next = meet->want[i].ask_us;
	return next;
}

void skw_meet_tick(struct skw_meet *meet, uint64_t now_us)
{
	for (size_t i = 0; i < meet->wants; i++) {
		struct want *w = &meet->want[i];
		struct skw_link_info info;
		uint32_t neighbour;

		if (w->ask_us > now_us)
			continue;
		w->ask_us = now_us + ASK_US;
		if (skw_link_peer_up(meet->link, &w->address, &info) != 0)
			continue;
		neighbour = skw_link_peer_up(meet->link, &w->neighbour, &info);
		if (neighbour != 0)
			say_meet(meet, neighbour, &w->address);
	}
}

void skw_meet_neighbour_up(struct skw_meet *meet, const struct skw_node_address *neighbour,
			   uint64_t now_us)
{
	for (size_t i = 0; i < meet->wants; i++)
		if (skw_node_address_equal(&meet->want[i].neighbour, neighbour))
			meet->want[i].ask_us = now_us;
	skw_meet_tick(meet, now_us);
}

const struct skw_meet_counters *skw_meet_counters(const struct skw_meet *meet)
{
	return &meet->counters;
}
