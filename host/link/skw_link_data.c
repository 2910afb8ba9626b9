/* Sealed frames: who they belong to, what is in them, which session carries on.
 *
 *   DATA  3 | receiver u32 | counter u64 | sealed { type u8, body }     the first 13 bytes are
 * bound
 */
#include "link/skw_link_state.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "wire/skw_cursor.h"

void link_seal(struct skw_link *link, struct peer *peer, uint8_t type, const uint8_t *data,
	       size_t len, struct frame *frame)
{
	struct session *s = &peer->current;
	struct skw_writer w = skw_writer(frame->data, sizeof(frame->data));
	uint64_t counter = s->send.nonce++;

	assert(len <= SKW_LINK_UNRELIABLE_MAX && counter < COUNTER_MAX);
	skw_put_u8(&w, FRAME_DATA);
	skw_put_u32(&w, s->remote);
	skw_put_u64(&w, counter);
	skw_noise_seal_after(&s->send, counter, frame->data, SKW_LINK_HEADER, type, data, len,
			     frame->data + SKW_LINK_HEADER);
	frame->len = (uint16_t)(len + SKW_LINK_OVERHEAD);
	frame->to = peer->endpoint;
	frame->peer = peer_number(link, peer);
	s->bytes += frame->len;
	peer->last_out_us = link->now_us;
	peer->bytes_out += frame->len;
}

void link_forget(struct session *s)
{
	skw_noise_forget(&s->send);
	skw_noise_forget(&s->receive);
	sodium_memzero(s, sizeof(*s));
}

void link_peer_down(struct skw_link *link, struct peer *peer)
{
	link_forget(&peer->current);
	link_forget(&peer->previous);
	link_forget(&peer->next);
	sodium_memzero(&peer->attempt, sizeof(peer->attempt));
	link->counters.retransmits += peer->reliable.retransmits;
	peer->reliable.retransmits = 0;
	skw_reliable_reset(&peer->reliable);
	peer->life = skw_random_u64(&link->config.random);
	peer->keepalive_due = false;
	/* If nobody heard of it being up yet, nobody need hear of this. */
	if (peer->up && !peer->say_up)
		peer->say_down = true;
	peer->up = peer->say_up = false;
	if (link->message_due && link->message_peer == peer_number(link, peer))
		link->message_due = false;
}

void link_adopt(struct skw_link *link, struct peer *peer, const struct session *session)
{
	struct session fresh = *session;

	if (peer->up && peer->peer_life != fresh.peer_life) {
		/* The other end started afresh: so do we, but for our own life, which the
		 * session has sworn to already. */
		uint64_t life = peer->life;

		link_peer_down(link, peer);
		peer->life = life;
	}
	if (peer->current.used) {
		link_forget(&peer->previous);
		peer->previous = peer->current;
		link_forget(&peer->current);
	}
	peer->current = fresh;
	peer->peer_life = fresh.peer_life;
	link_forget(&peer->next);
	peer->last_in_us = link->now_us;
	peer->failures = 0;
	if (peer->up) {
		peer->rekeys++;
	} else {
		peer->up = peer->say_up = true;
		peer->up_since_us = link->now_us;
		peer->last_out_us = link->now_us;
	}
	sodium_memzero(&fresh, sizeof(fresh));
}

static struct session *find_session(struct skw_link *link, uint32_t local, struct peer **peer)
{
	uint32_t number = local & 0xff;

	if (number == 0 || number > link->peers_made)
		return NULL;
	*peer = &link->peers[number - 1];
	if ((*peer)->current.used && (*peer)->current.local == local)
		return &(*peer)->current;
	if ((*peer)->previous.used && (*peer)->previous.local == local)
		return &(*peer)->previous;
	if ((*peer)->next.used && (*peer)->next.local == local)
		return &(*peer)->next;
	return NULL;
}

static enum skw_link_status on_ack(struct skw_link *link, struct peer *peer, struct skw_reader *r)
{
	uint32_t start = skw_get_u32(r), held = skw_get_u32(r);

	if (!r->ok ||
	    skw_reliable_on_ack(&peer->reliable, start, held, link->now_us) != SKW_RELIABLE_OK)
		link->counters.malformed++;
	return SKW_LINK_OK;
}

static enum skw_link_status on_message(struct skw_link *link, struct peer *peer, size_t len)
{
	struct skw_reader r = skw_reader(link->message, len);
	uint8_t type = skw_get_u8(&r);

	if (type != SKW_LINK_CELL)
		link_look(link);
	switch (type) {
	case TYPE_KEEPALIVE:
		return SKW_LINK_OK;
	case TYPE_ACK:
		return on_ack(link, peer, &r);
	case TYPE_RELIABLE:
		if (skw_reliable_accept(&peer->reliable, r.at, skw_reader_left(&r)) ==
		    SKW_RELIABLE_MALFORMED)
			link->counters.malformed++;
		return SKW_LINK_OK;
	case SKW_LINK_CELL:
		link->message_due = true;
		link->message_peer = peer_number(link, peer);
		link->message_type = SKW_LINK_CELL;
		link->message_len = len;
		return SKW_LINK_OK;
	default: /* of a later version */
		link->counters.unknown_types++;
		return SKW_LINK_OK;
	}
}

/* The first frame under a session that we answered: the caller is alive and holds the keys. */
static bool confirm(struct skw_link *link, struct peer *peer)
{
	struct session s = peer->next;
	bool ours = s.own_life == peer->life;

	link_look(link);
	link_forget(&peer->next);
	if (ours) {
		s.confirmed = true;
		link_adopt(link, peer, &s);
	}
	link_forget(&s);
	return ours;
}

enum skw_link_status link_on_data(struct skw_link *link, const struct skw_link_endpoint *from,
				  const uint8_t *frame, size_t len)
{
	struct skw_reader r = skw_reader(frame + 1, len - 1);
	uint32_t local = skw_get_u32(&r);
	uint64_t counter = skw_get_u64(&r);
	struct peer *peer = NULL;
	struct session *s;

	s = len >= SKW_LINK_OVERHEAD ? find_session(link, local, &peer) : NULL;
	if (s == NULL) {
		link->counters.garbage++;
		return SKW_LINK_DROPPED;
	}
	if (counter >= COUNTER_MAX || !skw_replay_fresh(&s->replay, counter)) {
		link->counters.replayed++;
		return SKW_LINK_DROPPED;
	}
	link->message_due = false; /* the buffer is ours again */
	if (!skw_noise_open(&s->receive, counter, frame, SKW_LINK_HEADER, frame + SKW_LINK_HEADER,
			    len - SKW_LINK_HEADER, link->message)) {
		link->counters.forged++;
		return SKW_LINK_DROPPED;
	}
	skw_replay_take(&s->replay, counter);
	s->bytes += len;
	if (s == &peer->next && !confirm(link, peer))
		return SKW_LINK_DROPPED;
	peer->endpoint = *from; /* only who holds the keys can move */
	peer->last_in_us = link->now_us;
	peer->bytes_in += len;
	return on_message(link, peer, len - SKW_LINK_HEADER - SKW_NOISE_TAG);
}
