/* The handshake of a link: Noise IK in one round trip (docs/protocol.md, "Link").
 *
 *   INIT  1 | sender u32               | IK message 1 { stamp u64, life u64 } | mac1 | mac2
 *   RESP  2 | sender u32, receiver u32 | IK message 2 { life u64 }
 *
 * Whom we answer at all is told in skw_link_cookie.c. A stamp is accepted once. The same INIT is
 * repeated until answered and answered with the same RESP, so that a round trip longer than the
 * timeout still ends in a session.
 */
#include "link/skw_link_state.h"

#include <string.h>

#include <sodium.h>

#include "wire/skw_cursor.h"

static const uint8_t prologue[] = "skywave link 1";

/* The low byte of an index is the peer's number: no search when a frame comes in. */
static uint32_t new_index(struct skw_link *link, const struct peer *peer)
{
	return (skw_random_u32(&link->config.random) & 0xffffff00u) | peer_number(link, peer);
}

/* ---- initiator --------------------------------------------------------------------------------
 */

static uint64_t next_stamp(struct skw_link *link)
{
	uint64_t stamp = link->config.stamp + (link->now_us - link->start_us);

	if (stamp <= link->last_stamp)
		stamp = link->last_stamp + 1;
	link->last_stamp = stamp;
	return stamp;
}

static uint64_t retry_delay(struct skw_link *link, const struct peer *peer)
{
	unsigned tries = peer->attempt.sends + peer->failures * RETRIES_SAME;
	unsigned doublings = tries > 0 ? tries - 1 : 0;
	uint64_t delay = link->config.handshake_us
			 << (doublings < BACKOFF_MAX ? doublings : BACKOFF_MAX);

	return delay + skw_random_u64(&link->config.random) % (delay / 4 + 1);
}

void link_resend_init(struct skw_link *link, struct peer *peer)
{
	struct attempt *a = &peer->attempt;

	a->sends++;
	a->sent_us = link->now_us;
	a->due_us = link->now_us + retry_delay(link, peer);
	link_put_macs(link, peer, a->frame);
	link_queue(link, &peer->endpoint, peer_number(link, peer), SKW_LINK_URGENT, a->frame,
		   INIT_LEN);
}

void link_begin_handshake(struct skw_link *link, struct peer *peer)
{
	struct attempt *a = &peer->attempt;
	uint8_t payload[INIT_PAYLOAD], message[SKW_NOISE_IK_1 + INIT_PAYLOAD];
	struct skw_writer w = skw_writer(payload, sizeof(payload));
	size_t len = 0;

	sodium_memzero(a, sizeof(*a));
	skw_put_u64(&w, next_stamp(link));
	skw_put_u64(&w, peer->life);
	skw_noise_start(&a->noise, SKW_NOISE_IK, true, link->config.identity->secret,
			peer->address.bytes, prologue, sizeof(prologue) - 1);
	a->used = true;
	a->own_life = peer->life;
	a->local = new_index(link, peer);
	if (!skw_noise_write(&a->noise, &link->config.random, payload, sizeof(payload), message,
			     sizeof(message), &len)) {
		/* The address is no usable key: there is nobody to talk to. */
		a->due_us = UINT64_MAX;
		link->counters.handshakes_bad++;
		return;
	}
	w = skw_writer(a->frame, sizeof(a->frame));
	skw_put_u8(&w, FRAME_INIT);
	skw_put_u32(&w, a->local);
	skw_put_bytes(&w, message, len);
	link_resend_init(link, peer);
}

struct peer *link_attempt_of(struct skw_link *link, uint32_t local)
{
	uint32_t number = local & 0xff;
	struct peer *peer;

	if (number == 0 || number > link->peers_made)
		return NULL;
	peer = &link->peers[number - 1];
	return peer->used && peer->attempt.used && peer->attempt.local == local ? peer : NULL;
}

enum skw_link_status link_on_resp(struct skw_link *link, const uint8_t *frame, size_t len,
				  const struct skw_link_endpoint *from)
{
	struct skw_reader r = skw_reader(frame + 1, len - 1);
	uint32_t remote = skw_get_u32(&r);
	struct peer *peer = link_attempt_of(link, skw_get_u32(&r));
	struct session session = { .used = true, .confirmed = true, .initiator = true };
	uint8_t payload[HANDSHAKE_MAX];
	size_t payload_len = 0;
	struct skw_noise noise;

	if (!r.ok || len > HANDSHAKE_MAX || peer == NULL) {
		link->counters.garbage++;
		return SKW_LINK_DROPPED;
	}
	noise = peer->attempt.noise; /* a copy: a forged answer must not spoil the attempt */
	if (!skw_noise_read(&noise, r.at, skw_reader_left(&r), payload, sizeof(payload),
			    &payload_len) ||
	    payload_len < RESP_PAYLOAD) {
		skw_noise_wipe(&noise);
		link->counters.handshakes_bad++;
		return SKW_LINK_DROPPED;
	}
	r = skw_reader(payload, payload_len);
	session.local = peer->attempt.local;
	session.remote = remote;
	session.created_us = link->now_us;
	session.own_life = peer->attempt.own_life;
	session.peer_life = skw_get_u64(&r);
	skw_replay_init(&session.replay);
	skw_noise_split(&noise, &session.send, &session.receive);
	skw_noise_wipe(&noise);
	sodium_memzero(&peer->attempt, sizeof(peer->attempt));
	peer->endpoint = *from;
	if (session.own_life == peer->life) {
		link_adopt(link, peer, &session);
		peer->keepalive_due = true; /* the responder waits for a proof */
	}
	sodium_memzero(&session, sizeof(session));
	return SKW_LINK_OK;
}

/* ---- responder --------------------------------------------------------------------------------
 */

static enum skw_link_status refuse(struct skw_link *link)
{
	link->counters.handshakes_bad++;
	return SKW_LINK_DROPPED;
}

/* Both ends called at once: the greater address goes on as initiator, unless its call is so old
 * that it seems lost. */
static bool ours_goes_first(const struct skw_link *link, const struct peer *peer)
{
	return peer->attempt.used && peer->attempt.sends > 0 &&
	       link->now_us - peer->attempt.sent_us < link->config.handshake_us &&
	       memcmp(link->config.identity->address.bytes, peer->address.bytes, SKW_KEY_LEN) > 0;
}

static enum skw_link_status answer(struct skw_link *link, const struct skw_link_endpoint *from,
				   struct peer *peer, struct skw_noise *noise, uint32_t remote,
				   uint64_t stamp, uint64_t life)
{
	struct session *s = &peer->next;
	uint8_t payload[RESP_PAYLOAD];
	struct skw_writer w = skw_writer(payload, sizeof(payload));
	size_t len = 0;

	link_forget(s);
	skw_put_u64(&w, peer->life);
	w = skw_writer(s->response, RESP_LEN);
	skw_put_u8(&w, FRAME_RESP);
	s->local = new_index(link, peer);
	skw_put_u32(&w, s->local);
	skw_put_u32(&w, remote);
	if (!skw_noise_write(noise, &link->config.random, payload, sizeof(payload), w.at,
			     RESP_LEN - skw_writer_len(&w), &len))
		return refuse(link);
	s->used = true;
	s->remote = remote;
	s->stamp = stamp;
	s->created_us = link->now_us;
	s->own_life = peer->life;
	s->peer_life = life;
	skw_replay_init(&s->replay);
	skw_noise_split(noise, &s->send, &s->receive);
	peer->last_stamp = stamp;
	/* The callers met: ours is not needed any more. */
	sodium_memzero(&peer->attempt, sizeof(peer->attempt));
	peer->attempt.due_us = 0;
	link_queue(link, from, peer_number(link, peer), SKW_LINK_URGENT, s->response, RESP_LEN);
	return SKW_LINK_OK;
}

static enum skw_link_status on_stamp(struct skw_link *link, const struct skw_link_endpoint *from,
				     struct skw_noise *noise, uint32_t remote, uint64_t stamp,
				     uint64_t life)
{
	struct skw_node_address address;
	struct peer *peer;

	memcpy(address.bytes, noise->rs, SKW_KEY_LEN);
	if (skw_node_address_equal(&address, &link->config.identity->address))
		return refuse(link); /* our own voice, reflected */
	peer = link_find_peer(link, &address);
	if (peer == NULL && link->config.accept_unknown) {
		peer = link_new_peer(link, &address);
		if (peer != NULL)
			peer->endpoint = *from;
	}
	if (peer == NULL || stamp < peer->last_stamp)
		return refuse(link);
	if (stamp == peer->last_stamp) {
		if (!peer->next.used || peer->next.stamp != stamp)
			return refuse(link);
		link_queue(link, from, peer_number(link, peer), SKW_LINK_URGENT,
			   peer->next.response, RESP_LEN);
		return SKW_LINK_OK;
	}
	if (ours_goes_first(link, peer))
		return SKW_LINK_DROPPED;
	return answer(link, from, peer, noise, remote, stamp, life);
}

enum skw_link_status link_on_init(struct skw_link *link, const struct skw_link_endpoint *from,
				  const uint8_t *frame, size_t len)
{
	struct skw_reader r = skw_reader(frame + 1, len - 1);
	uint32_t remote = skw_get_u32(&r);
	uint8_t payload[HANDSHAKE_MAX];
	size_t payload_len = 0;
	struct skw_noise noise;
	enum skw_link_status status = SKW_LINK_DROPPED;

	if (len < INIT_LEN || len > HANDSHAKE_MAX) {
		link->counters.garbage++;
		return SKW_LINK_DROPPED;
	}
	if (!link_admit_init(link, from, frame, len))
		return refuse(link);

	skw_noise_start(&noise, SKW_NOISE_IK, false, link->config.identity->secret, NULL, prologue,
			sizeof(prologue) - 1);
	if (skw_noise_read(&noise, r.at, len - 5 - 2 * MAC_LEN, payload, sizeof(payload),
			   &payload_len) &&
	    payload_len >= INIT_PAYLOAD) {
		uint64_t stamp;

		r = skw_reader(payload, payload_len);
		stamp = skw_get_u64(&r);
		status = on_stamp(link, from, &noise, remote, stamp, skw_get_u64(&r));
	} else {
		refuse(link);
	}
	skw_noise_wipe(&noise);
	return status;
}
