/* The handshake of a session: Noise IK through the circuit, repeated as it is until answered.
 *
 *   INIT  1 | sender u32               | IK message 1
 *   RESP  2 | sender u32, receiver u32 | IK message 2
 */
#include "session/skw_session_state.h"

#include <string.h>

#include <sodium.h>

static const uint8_t prologue[] = "skywave session 1";

/* The low 16 bits of an index find the session without a search. */
static uint32_t new_index(struct skw_session *s, const struct one *one)
{
	uint32_t at = 0;

	while (s->ones[at] != one)
		at++;
	return (skw_random_u32(&s->config.random) & 0xffff0000u) | at;
}

bool session_begin(struct skw_session *s, struct one *one)
{
	struct skw_writer w = skw_writer(one->handshake, INIT_LEN);
	size_t len = 0;

	one->local = new_index(s, one);
	skw_put_u8(&w, PACKET_INIT);
	skw_put_u32(&w, one->local);
	skw_noise_start(&one->noise, SKW_NOISE_IK, true, s->config.identity->secret,
			one->address.bytes, prologue, sizeof(prologue) - 1);
	one->handshake_due = true;
	return skw_noise_write(&one->noise, &s->config.random, NULL, 0, w.at, SKW_NOISE_IK_1, &len);
}

static void keys_ready(struct skw_session *s, struct one *one, struct skw_noise *noise)
{
	rekey_first(s, one, noise);
	skw_noise_wipe(noise);
	one->heard_us = s->now_us;
}

enum skw_session_status session_on_resp(struct skw_session *s, const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data + 1, len - 1);
	uint32_t remote = skw_get_u32(&r);
	uint32_t local = skw_get_u32(&r);
	struct one *one =
	    (local & 0xffff) < s->config.sessions_max ? s->ones[local & 0xffff] : NULL;
	struct skw_noise noise;
	uint8_t payload[SKW_SESSION_PACKET_MAX];
	size_t payload_len = 0;

	if (!r.ok || one == NULL || one->local != local || !one->client || one->established ||
	    one->closed) {
		s->counters.malformed++;
		return SKW_SESSION_DROPPED;
	}
	noise = one->noise; /* a copy: a forged answer spoils nothing */
	if (!skw_noise_read(&noise, r.at, skw_reader_left(&r), payload, sizeof(payload),
			    &payload_len)) {
		s->counters.forged++;
		return SKW_SESSION_DROPPED;
	}
	one->remote = remote;
	if (one->tries == 1)
		skw_recovery_sample(&one->paths[0]->recovery, s->now_us - one->created_us, 0);
	keys_ready(s, one, &noise);
	skw_noise_wipe(&one->noise);
	one->established = true;
	one->handshake_due = false;
	one->dirty = true;
	/* The path's first PING follows: the server waits for a proof. */
	return SKW_SESSION_OK;
}

/* The same INIT again: the same answer. */
static bool said_before(struct skw_session *s, uint32_t path, const uint8_t e[SKW_KEY_LEN])
{
	for (uint32_t i = 0; i < s->top; i++) {
		struct one *one = s->ones[i];

		if (one == NULL || one->client || memcmp(one->peer_e, e, SKW_KEY_LEN) != 0)
			continue;
		if (!one->established) {
			one->paths[0]->circuit = path;
			one->handshake_due = true;
		}
		return true;
	}
	return false;
}

static enum skw_session_status answer(struct skw_session *s, uint32_t path, uint32_t remote,
				      struct skw_noise *noise)
{
	struct one *one = session_create(s, path, s->now_us);
	struct skw_writer w;
	size_t len = 0;

	if (one == NULL) {
		s->counters.refused++;
		return SKW_SESSION_DROPPED;
	}
	memcpy(one->address.bytes, noise->rs, SKW_KEY_LEN);
	memcpy(one->peer_e, noise->re, SKW_KEY_LEN);
	one->local = new_index(s, one);
	one->remote = remote;
	one->next_stream = 1;
	w = skw_writer(one->handshake, RESP_LEN);
	skw_put_u8(&w, PACKET_RESP);
	skw_put_u32(&w, one->local);
	skw_put_u32(&w, remote);
	if (!skw_noise_write(noise, &s->config.random, NULL, 0, w.at, SKW_NOISE_IK_2, &len)) {
		session_discard(s, one);
		return SKW_SESSION_DROPPED;
	}
	keys_ready(s, one, noise);
	one->handshake_due = true;
	return SKW_SESSION_OK;
}

enum skw_session_status session_on_init(struct skw_session *s, uint32_t path, const uint8_t *data,
					size_t len)
{
	struct skw_reader r = skw_reader(data + 1, len - 1);
	uint32_t remote = skw_get_u32(&r);
	uint8_t payload[SKW_SESSION_PACKET_MAX];
	size_t payload_len = 0;
	struct skw_noise noise;
	enum skw_session_status status = SKW_SESSION_DROPPED;

	if (len < INIT_LEN) {
		s->counters.malformed++;
		return SKW_SESSION_DROPPED;
	}
	if (said_before(s, path, r.at))
		return SKW_SESSION_OK;
	skw_noise_start(&noise, SKW_NOISE_IK, false, s->config.identity->secret, NULL, prologue,
			sizeof(prologue) - 1);
	if (skw_noise_read(&noise, r.at, skw_reader_left(&r), payload, sizeof(payload),
			   &payload_len))
		status = answer(s, path, remote, &noise);
	else
		s->counters.forged++;
	skw_noise_wipe(&noise);
	return status;
}
