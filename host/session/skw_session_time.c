/* Time: handshakes given up, sessions dead or idle, and the timers of their paths. */
#include "session/skw_session_state.h"

static bool waits(const struct one *one)
{
	if (one->path_count == 0) /* for a path */
		for (unsigned i = 0; i < one->stream_count; i++)
			if (stream_lost(one->streams[i]) + stream_fresh(one->streams[i]) > 0)
				return true;
	for (unsigned i = 0; i < one->path_count; i++)
		if (path_waits(one->paths[i]))
			return true;
	return false;
}

static void tick_handshake(struct skw_session *s, struct one *one)
{
	if (!one->client) {
		if (s->now_us - one->created_us >= UNCONFIRMED_US)
			one->closed = true; /* the user never heard of it */
		return;
	}
	if (one->handshake_due || s->now_us < one->handshake_us)
		return;
	if (one->tries >= HANDSHAKE_TRIES)
		session_end(one, SKW_SESSION_TIMEOUT);
	else
		one->handshake_due = true;
}

static uint64_t dead_at(const struct skw_session *s, const struct one *one)
{
	uint64_t since = one->asked_us > one->heard_us ? one->asked_us : one->heard_us;

	return since + s->config.dead_us;
}

void session_tick_one(struct skw_session *s, struct one *one)
{
	if (!one->established) {
		tick_handshake(s, one);
		return;
	}
	if ((waits(one) && s->now_us >= dead_at(s, one)) ||
	    (!one->client && s->now_us - one->heard_us >= s->config.idle_us)) {
		session_end(one, SKW_SESSION_TIMEOUT);
		return;
	}
	for (unsigned i = 0; i < one->path_count; i++)
		path_tick(s, one, one->paths[i]);
	datagrams_tick(s, one);
	rekey_tick(s, one);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t session_timer(const struct skw_session *s, const struct one *one)
{
	uint64_t next = UINT64_MAX;

	if (one->closed)
		return UINT64_MAX;
	if (!one->established && one->client) /* what is due waits for its path, not for a time */
		return one->handshake_due ? UINT64_MAX : one->handshake_us;
	if (!one->established)
		return one->created_us + UNCONFIRMED_US;
	if (waits(one))
		next = dead_at(s, one);
	if (!one->client)
		next = sooner(next, one->heard_us + s->config.idle_us);
	for (unsigned i = 0; i < one->path_count; i++)
		next = sooner(next, path_timer(one->paths[i]));
	next = sooner(next, rekey_timer(s, one));
	return sooner(next, sooner(session_pace_timer(s, one), datagrams_timer(one)));
}
