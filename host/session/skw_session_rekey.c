/* New keys inside a session: a fresh Noise IK handshake in frames of the session itself.
 *
 *   client                                           server
 *     REKEY   epoch | IK message 1      -->            makes the keys of `epoch`, hears under them
 *     hears and speaks under them       <--            REKEYED epoch | IK message 2
 *     any packet under the new keys     -->            speaks under them too
 *
 * An ephemeral key at each end and both static keys make the new ones, so what was sent under keys
 * that are wiped stays unreadable to whoever takes a node later, and who got hold of the keys of
 * one epoch knows nothing of the next. The handshake's prologue holds the hash of the one before:
 * it belongs to this session and this epoch only.
 *
 * Each end speaks under the newest keys that the other is known to have, and hears under those and
 * the ones before, which are wiped ten seconds after the other was first heard under the new: so
 * nothing is lost or waits, in whatever order packets come. The two upper bits of a packet's first
 * byte are its epoch modulo four; at most three are alive. Packet numbers go on counting.
 */
#include "session/skw_session_state.h"

#include <string.h>

#include <sodium.h>

static const uint8_t prologue[] = "skywave rekey 1";

#define KEEP_US 10000000u /* the keys before, after the new ones were heard */
#define HARD 5u           /* times the limits: keys that old are not used; the session ends */
/* Packets that may fail to open under one key (RFC 9001, 6.6, for ChaCha20-Poly1305). */
#define FORGED_MAX (UINT64_C(1) << 36)

void rekey_first(struct skw_session *s, struct one *one, struct skw_noise *noise)
{
	struct rekey *k = &one->rekey;

	skw_noise_split(noise, &k->current.send, &k->current.receive);
	memcpy(k->hash, noise->hash, SKW_NOISE_HASH);
	k->heard = true;
	k->changed_us = s->now_us;
}

uint8_t rekey_phase(const struct one *one)
{
	return (uint8_t)(one->rekey.current.number << PHASE_SHIFT);
}

static bool is_phase(const struct epoch *epoch, uint8_t first)
{
	return epoch->receive.keyed && (epoch->number & 3) == first >> PHASE_SHIFT;
}

struct epoch *rekey_epoch(struct one *one, uint8_t first)
{
	struct rekey *k = &one->rekey;

	if (is_phase(&k->current, first))
		return &k->current;
	if (is_phase(&k->next, first))
		return &k->next;
	return is_phase(&k->previous, first) ? &k->previous : NULL;
}

void rekey_forget(struct epoch *e)
{
	skw_noise_forget(&e->send);
	skw_noise_forget(&e->receive);
	sodium_memzero(e, sizeof(*e));
}

static void promote(struct skw_session *s, struct one *one)
{
	struct rekey *k = &one->rekey;

	rekey_forget(&k->previous);
	k->previous = k->current;
	sodium_memzero(&k->previous.send, sizeof(k->previous.send));
	rekey_forget(&k->current);
	k->current = k->next;
	rekey_forget(&k->next);
	sodium_memzero(k->message, sizeof(k->message));
	k->say = k->asked = false;
	k->used_us = k->bytes = k->forged = 0;
	k->changed_us = s->now_us;
	k->forget_us = s->now_us + KEEP_US;
}

/* ---- packets */

void rekey_on_opened(struct skw_session *s, struct one *one, const struct epoch *epoch, size_t len)
{
	struct rekey *k = &one->rekey;

	if (epoch == &k->next) {
		promote(s, one);
		k->heard = true;
	} else if (epoch == &k->current && !k->heard) {
		k->heard = true;
		k->forget_us = s->now_us + KEEP_US;
	}
	k->bytes += len;
}

void rekey_on_forged(struct one *one)
{
	one->rekey.forged++;
}

void rekey_on_sealed(struct one *one, size_t len)
{
	one->rekey.bytes += len;
}

void rekey_on_content(struct skw_session *s, struct one *one)
{
	if (one->rekey.used_us == 0)
		one->rekey.used_us = s->now_us;
}

/* ---- the handshake */

static void start(struct skw_session *s, struct one *one, struct skw_noise *noise)
{
	uint8_t bound[sizeof(prologue) - 1 + 4 + SKW_NOISE_HASH];
	struct skw_writer w = skw_writer(bound, sizeof(bound));

	skw_put_bytes(&w, prologue, sizeof(prologue) - 1);
	skw_put_u32(&w, one->rekey.current.number + 1);
	skw_put_bytes(&w, one->rekey.hash, SKW_NOISE_HASH);
	skw_noise_start(noise, SKW_NOISE_IK, one->client, s->config.identity->secret,
			one->client ? one->address.bytes : NULL, bound, sizeof(bound));
}

static void keys_of_next(struct one *one, struct skw_noise *noise)
{
	struct rekey *k = &one->rekey;

	k->next.number = k->current.number + 1;
	skw_noise_split(noise, &k->next.send, &k->next.receive);
	memcpy(k->hash, noise->hash, SKW_NOISE_HASH);
}

static void ask(struct skw_session *s, struct one *one)
{
	size_t len = 0;

	start(s, one, &one->noise);
	if (!skw_noise_write(&one->noise, &s->config.random, NULL, 0, one->rekey.message,
			     SKW_NOISE_IK_1, &len)) {
		session_end(one, SKW_SESSION_PROTOCOL); /* the peer's key is of small order */
		return;
	}
	one->rekey.asked = one->rekey.say = true;
}

/* The server's part. False if it is not the session's own client that asks. */
static bool answer(struct skw_session *s, struct one *one, const uint8_t *message)
{
	struct rekey *k = &one->rekey;
	struct skw_noise noise;
	uint8_t none[1];
	size_t len = 0;
	bool ok;

	start(s, one, &noise);
	ok = skw_noise_read(&noise, message, SKW_NOISE_IK_1, none, 0, &len) &&
	     sodium_memcmp(noise.rs, one->address.bytes, SKW_KEY_LEN) == 0 &&
	     skw_noise_write(&noise, &s->config.random, NULL, 0, k->message, SKW_NOISE_IK_2, &len);
	if (ok) {
		memcpy(k->asked_by, message, SKW_KEY_LEN);
		keys_of_next(one, &noise);
		k->say = true;
	}
	skw_noise_wipe(&noise);
	return ok;
}

static enum stream_verdict on_ask(struct skw_session *s, struct one *one, const uint8_t *message)
{
	struct rekey *k = &one->rekey;

	if (k->next.receive.keyed) { /* the same again, or a second one that is none of ours */
		k->say = true;
		return memcmp(k->asked_by, message, SKW_KEY_LEN) == 0 ? STREAM_OK : STREAM_BROKEN;
	}
	if (s->now_us < k->changed_us + s->config.rekey_pause_us)
		return STREAM_AGAIN; /* too often: it costs them a repetition and us nothing */
	return answer(s, one, message) ? STREAM_OK : STREAM_BROKEN;
}

static enum stream_verdict on_answer(struct skw_session *s, struct one *one, const uint8_t *message)
{
	uint8_t none[1];
	size_t len = 0;
	bool ok =
	    one->rekey.asked && skw_noise_read(&one->noise, message, SKW_NOISE_IK_2, none, 0, &len);

	if (ok) {
		keys_of_next(one, &one->noise);
		promote(s, one);
		one->rekey.heard = false;
		if (one->path_count > 0) /* the server waits for a packet under the new keys */
			path_quickest(one)->need_ping = true;
	}
	skw_noise_wipe(&one->noise);
	return ok ? STREAM_OK : STREAM_BROKEN;
}

enum stream_verdict rekey_on_frame(struct skw_session *s, struct one *one, uint8_t type,
				   struct skw_reader *r)
{
	bool asks = type == FRAME_REKEY;
	uint32_t ahead = skw_get_u32(r) - one->rekey.current.number;
	const uint8_t *message = skw_get_view(r, asks ? SKW_NOISE_IK_1 : SKW_NOISE_IK_2);

	if (message == NULL || asks == one->client)
		return STREAM_BROKEN;
	if (ahead == 0 || ahead > UINT32_MAX / 2)
		return STREAM_OK; /* old news */
	if (ahead > 1)
		return STREAM_BROKEN;
	return asks ? on_ask(s, one, message) : on_answer(s, one, message);
}

bool rekey_waits(const struct one *one)
{
	return one->rekey.say;
}

uint8_t rekey_frame(struct one *one, const uint8_t **message, size_t *len, uint32_t *epoch)
{
	*message = one->rekey.message;
	*len = one->client ? SKW_NOISE_IK_1 : SKW_NOISE_IK_2;
	*epoch = one->rekey.current.number + 1;
	return one->client ? FRAME_REKEY : FRAME_REKEYED;
}

void rekey_on_said(struct one *one)
{
	one->rekey.say = false;
}

bool rekey_on_lost(struct one *one, const struct chunk *chunk)
{
	if (chunk->type != FRAME_REKEY && chunk->type != FRAME_REKEYED)
		return false;
	if (chunk->stream == one->rekey.current.number + 1) /* else it was answered */
		one->rekey.say = true;
	return true;
}

/* ---- time */

static uint64_t due_at(const struct skw_session *s, const struct one *one)
{
	const struct rekey *k = &one->rekey;
	uint64_t at = k->used_us != 0 ? k->used_us + s->config.rekey_us : UINT64_MAX;
	uint64_t soonest = k->changed_us + 2 * s->config.rekey_pause_us;

	if (!one->client || !k->heard || k->asked)
		return UINT64_MAX;
	if (k->bytes >= s->config.rekey_bytes || k->forged >= FORGED_MAX / 2)
		at = 0;
	return at > soonest ? at : soonest;
}

static uint64_t over_at(const struct skw_session *s, const struct one *one)
{
	const struct rekey *k = &one->rekey;

	if (k->bytes / HARD >= s->config.rekey_bytes || k->forged >= FORGED_MAX)
		return s->now_us;
	return k->used_us != 0 ? k->used_us + HARD * s->config.rekey_us : UINT64_MAX;
}

static uint64_t forget_at(const struct one *one)
{
	const struct rekey *k = &one->rekey;

	return k->previous.receive.keyed && k->heard ? k->forget_us : UINT64_MAX;
}

uint64_t rekey_timer(const struct skw_session *s, const struct one *one)
{
	uint64_t due = due_at(s, one), over = over_at(s, one), forget = forget_at(one);

	due = over < due ? over : due;
	return forget < due ? forget : due;
}

void rekey_tick(struct skw_session *s, struct one *one)
{
	if (s->now_us >= forget_at(one))
		rekey_forget(&one->rekey.previous);
	if (s->now_us >= over_at(s, one))
		session_end(one, SKW_SESSION_PROTOCOL);
	else if (s->now_us >= due_at(s, one))
		ask(s, one);
}
