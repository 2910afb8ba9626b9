/* Connections and timers; what is said on them is in skw_sync_talk.c and skw_sync_chain.c. */
#include "ledger/skw_sync_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000)

enum { INTRO_S = 30, IDLE_S = 60, PING_S = 5, MINUTE_S = 60, PROVEN_S = 60 };
enum { FIRST_ROOM = 1024 };

struct skw_sync *skw_sync_new(struct skw_chain *chain, const struct skw_sync_config *config,
			      const struct skw_sync_ports *ports)
{
	const struct skw_network *net = skw_chain_network(chain);
	struct skw_sync *sync;
	struct skw_coin_public key;
	struct skw_bytes genesis;
	struct skw_block block;

	if (config->secret != NULL && (!skw_coin_public_of(&key, config->secret) ||
				       memcmp(&key, &net->block_key, sizeof(key)) != 0))
		return NULL;
	if (skw_chain_block(chain, 0, &genesis) != SKW_CHAIN_OK)
		return NULL;
	sync = calloc(1, sizeof(*sync));
	if (sync != NULL && skw_block_decode(&block, genesis.data, genesis.len) == SKW_CODEC_OK)
		skw_block_hash(&sync->genesis, &block.header);
	skw_bytes_free(&genesis);
	if (sync == NULL)
		return NULL;
	sync->chain = chain;
	sync->config = *config;
	if (sync->config.outgoing > SKW_SYNC_OUTGOING)
		sync->config.outgoing = SKW_SYNC_OUTGOING;
	sync->ports = *ports;
	sync->random = config->mirror | 1;
	skw_peers_init(&sync->peers, config->loopback);
	return sync;
}

void skw_sync_free(struct skw_sync *sync)
{
	if (sync == NULL)
		return;
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		free(sync->conn[i].in);
	free(sync);
}

bool skw_sync_add_peer(struct skw_sync *sync, struct skw_wire_peer at)
{
	return skw_peers_add(&sync->peers, at, true);
}

bool skw_sync_hear_of(struct skw_sync *sync, struct skw_wire_peer at)
{
	return skw_peers_add(&sync->peers, at, false);
}

const struct skw_peers *skw_sync_peers(const struct skw_sync *sync)
{
	return &sync->peers;
}

void skw_sync_note(struct skw_sync *sync, const struct conn *conn, const char *format, ...)
{
	char text[320], at[SKW_WIRE_PEER_TEXT] = "";
	va_list list;
	int n = 0;

	if (sync->ports.note == NULL)
		return;
	if (conn != NULL) {
		skw_wire_peer_print(at, conn->about.at);
		n = snprintf(text, sizeof(text), "%s: ", at);
	}
	va_start(list, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, list);
	va_end(list);
	sync->ports.note(sync->ports.context, text);
}

/* ---- sending ---- */

struct skw_writer skw_sync_writer(struct skw_sync *sync)
{
	return skw_writer(sync->out, sizeof(sync->out));
}

/* Forgets the connection and closes it if `close`. */
static void end(struct skw_sync *sync, struct conn *conn, enum skw_disc reason, bool close,
		const struct skw_time *now)
{
	uint32_t id = conn->about.id;

	skw_sync_note(sync, conn, "closed: %s", skw_disc_text(reason));
	if (reason < 20)
		sync->counters.closed[reason]++;
	sync->counters.malformed += reason == SKW_DISC_MALFORMED;
	if (conn->about.introduced &&
	    (reason == SKW_DISC_READ || now->us - conn->connected_us >= PROVEN_S * SECOND))
		skw_peers_served(&sync->peers, conn->dials);
	if (conn->about.outgoing && reason == SKW_DISC_SELF)
		skw_peers_is_self(&sync->peers, conn->dials);
	else if (conn->about.outgoing)
		skw_peers_failed(&sync->peers, conn->dials, now->us);
	free(conn->in);
	*conn = (struct conn) { 0 };
	if (close)
		sync->ports.close(sync->ports.context, id);
}

bool skw_sync_send(struct skw_sync *sync, struct conn *conn, const struct skw_writer *w,
		   const struct skw_time *now)
{
	if (!w->ok) /* our own message did not fit: say nothing rather than half of it */
		return true;
	conn->sent_us = now->us;
	conn->about.sent_s = now->unix_s;
	if (sync->ports.send(sync->ports.context, conn->about.id, w->start, skw_writer_len(w)))
		return true;
	end(sync, conn, SKW_DISC_SLOW, true, now);
	return false;
}

unsigned skw_sync_send_all(struct skw_sync *sync, const struct skw_writer *w,
			   const struct conn *except, const struct skw_time *now)
{
	unsigned told = 0;

	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++) {
		struct conn *conn = &sync->conn[i];

		if (conn != except && conn->used && conn->about.introduced)
			told += skw_sync_send(sync, conn, w, now);
	}
	return told;
}

void skw_sync_drop(struct skw_sync *sync, struct conn *conn, enum skw_disc reason,
		   const struct skw_time *now)
{
	if (reason < 1000 && reason != SKW_DISC_RECEIVED) {
		struct skw_writer w = skw_sync_writer(sync);

		skw_wire_disc_put(&w, reason);
		if (!skw_sync_send(sync, conn, &w, now))
			return;
	}
	end(sync, conn, reason, true, now);
}

/* ---- connections ---- */

static struct conn *by_id(struct skw_sync *sync, uint32_t id)
{
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		if (sync->conn[i].used && sync->conn[i].about.id == id)
			return &sync->conn[i];
	return NULL;
}

static void dialled(struct skw_sync *sync, struct skw_wire_peer at)
{
	for (size_t i = 0; i < sync->diallings; i++)
		if (skw_wire_peer_equal(sync->dialling[i], at)) {
			sync->dialling[i] = sync->dialling[--sync->diallings];
			return;
		}
}

static void introduce(struct skw_sync *sync, struct conn *conn, const struct skw_time *now)
{
	const struct skw_network *net = skw_chain_network(sync->chain);
	struct skw_writer w = skw_sync_writer(sync);
	struct skw_wire_intro intro = {
		.mirror = sync->config.mirror,
		.port = sync->config.port,
		.protocol = SKW_WIRE_PROTOCOL,
		.block_key = net->block_key,
		.burn_factor = net->limits.burn_factor,
		.max_tx_size = net->limits.max_tx_size,
		.max_decimals = net->limits.max_decimals,
		.agent = SKW_SYNC_AGENT,
		.has_genesis = true,
		.genesis = sync->genesis,
	};

	skw_wire_intro_put(&w, &intro);
	skw_sync_send(sync, conn, &w, now);
}

static unsigned of_ip(const struct skw_sync *sync, uint32_t ip)
{
	unsigned n = 0;

	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		n += sync->conn[i].used && sync->conn[i].about.at.ip == ip;
	return n;
}

void skw_sync_connected(struct skw_sync *sync, uint32_t id, struct skw_wire_peer at, bool outgoing,
			const struct skw_time *now)
{
	unsigned same = of_ip(sync, at.ip);
	struct conn *conn = NULL;

	if (outgoing)
		dialled(sync, at);
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS && conn == NULL; i++)
		/* the last places are for those that we dial */
		if (!sync->conn[i].used &&
		    (outgoing || i < SKW_SYNC_CONNECTIONS - SKW_SYNC_OUTGOING))
			conn = &sync->conn[i];
	if (conn == NULL) {
		sync->ports.close(sync->ports.context, id);
		return;
	}
	*conn = (struct conn) { .used = true,
				.about = { .id = id,
					   .at = at,
					   .outgoing = outgoing,
					   .named = skw_peers_named(&sync->peers, at),
					   .received_s = now->unix_s,
					   .connected_s = now->unix_s },
				.dials = at,
				.received_us = now->us,
				.connected_us = now->us };
	sync->counters.connections++;
	if (same >= SKW_SYNC_PER_IP && !sync->config.loopback)
		skw_sync_drop(sync, conn, SKW_DISC_IP_LIMIT, now);
	else
		introduce(sync, conn, now);
}

void skw_sync_dial_failed(struct skw_sync *sync, struct skw_wire_peer at,
			  const struct skw_time *now)
{
	dialled(sync, at);
	skw_peers_failed(&sync->peers, at, now->us);
}

void skw_sync_closed(struct skw_sync *sync, uint32_t id, const struct skw_time *now)
{
	struct conn *conn = by_id(sync, id);

	if (conn != NULL)
		end(sync, conn, SKW_DISC_READ, false, now);
}

/* ---- receiving ---- */

static bool keep(struct conn *conn, const uint8_t *data, size_t len)
{
	if (conn->in_len + len > conn->in_room) {
		size_t room = conn->in_room > 0 ? conn->in_room : FIRST_ROOM;
		uint8_t *in;

		while (room < conn->in_len + len)
			room *= 2;
		in = realloc(conn->in, room);
		if (in == NULL)
			return false;
		conn->in = in;
		conn->in_room = room;
	}
	memcpy(conn->in + conn->in_len, data, len);
	conn->in_len += len;
	return true;
}

/* Handles the whole frames of a buffer; returns the bytes used up. The connection may go. */
static size_t walk(struct skw_sync *sync, struct conn *conn, const uint8_t *data, size_t len,
		   const struct skw_time *now)
{
	uint32_t id = conn->about.id;
	struct skw_wire_frame frame;
	size_t used = 0;

	while (conn->used && conn->about.id == id) {
		size_t most =
		    conn->about.introduced ? SKW_WIRE_LENGTH_MAX : SKW_WIRE_LENGTH_UNKNOWN_MAX;

		switch (skw_wire_frame_get(&frame, data + used, len - used, most)) {
		case SKW_WIRE_MORE:
			return used;
		case SKW_WIRE_OK:
			used += frame.size;
			skw_sync_handle(sync, conn, &frame, now);
			break;
		case SKW_WIRE_LENGTH:
		case SKW_WIRE_UNKNOWN:
		case SKW_WIRE_BODY:
			skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
			break;
		}
	}
	return len;
}

void skw_sync_received(struct skw_sync *sync, uint32_t id, const uint8_t *data, size_t len,
		       const struct skw_time *now)
{
	struct conn *conn = by_id(sync, id);
	uint8_t *in;
	size_t used;

	if (conn == NULL)
		return;
	conn->received_us = now->us;
	conn->about.received_s = now->unix_s;
	if (conn->in_len == 0) { /* the usual case: nothing to put together */
		used = walk(sync, conn, data, len, now);
		if (used < len && !keep(conn, data + used, len - used))
			skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	if (!keep(conn, data, len)) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	in = conn->in; /* lent to the frames: it must outlive the connection */
	len = conn->in_len;
	conn->in = NULL;
	used = walk(sync, conn, in, len, now);
	if (conn->used && conn->about.id == id) {
		memmove(in, in + used, len - used);
		conn->in = in;
		conn->in_len = len - used;
	} else {
		free(in);
	}
}

/* ---- timers ---- */

static void watch(struct skw_sync *sync, struct conn *conn, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);

	if (!conn->about.introduced && now->us - conn->connected_us >= INTRO_S * SECOND) {
		skw_sync_drop(sync, conn, SKW_DISC_INTRO_TIMEOUT, now);
	} else if (now->us - conn->received_us >= IDLE_S * SECOND) {
		skw_sync_drop(sync, conn, SKW_DISC_IDLE, now);
	} else if (conn->about.introduced && now->us - conn->sent_us >= PING_S * SECOND) {
		skw_wire_empty_put(&w, SKW_WIRE_PING);
		skw_sync_send(sync, conn, &w, now);
	}
}

static bool taken(void *context, struct skw_wire_peer at)
{
	struct skw_sync *sync = context;

	for (size_t i = 0; i < sync->diallings; i++)
		if (skw_wire_peer_equal(sync->dialling[i], at))
			return true;
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		if (sync->conn[i].used && skw_wire_peer_equal(sync->conn[i].dials, at))
			return true;
	return false;
}

static void dial(struct skw_sync *sync, const struct skw_time *now)
{
	struct skw_wire_peer to;
	size_t out = sync->diallings;

	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		out += sync->conn[i].used && sync->conn[i].about.outgoing;
	while (out < sync->config.outgoing && sync->diallings < SKW_SYNC_OUTGOING &&
	       skw_peers_pick(&sync->peers, &to, taken, sync, now->us)) {
		sync->dialling[sync->diallings++] = to;
		out++;
		sync->ports.dial(sync->ports.context, to);
	}
}

/* Once a minute: who has more blocks, who knows more peers, what can never be confirmed. */
static void minute(struct skw_sync *sync, const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);

	skw_chain_revalidate(sync->chain, now->unix_s);
	skw_wire_announce_put(&w, skw_chain_head(sync->chain).header.seq);
	skw_wire_empty_put(&w, SKW_WIRE_GETP);
	skw_sync_send_all(sync, &w, NULL, now);
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		if (sync->conn[i].used && sync->conn[i].about.introduced)
			skw_sync_ask_blocks(sync, &sync->conn[i], now);
}

void skw_sync_tick(struct skw_sync *sync, const struct skw_time *now)
{
	sync->last = *now;
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		if (sync->conn[i].used)
			watch(sync, &sync->conn[i], now);
	dial(sync, now);
	if (now->us >= sync->minute_at) {
		sync->minute_at = now->us + MINUTE_S * SECOND;
		minute(sync, now);
	}
	if (sync->config.secret != NULL && now->us >= sync->produce_at) {
		sync->produce_at = now->us + sync->config.produce_us;
		skw_sync_produce(sync, now);
	}
}

bool skw_sync_disconnect(struct skw_sync *sync, uint32_t id)
{
	struct conn *conn = by_id(sync, id);
	struct skw_time now = sync->last;

	if (conn == NULL)
		return false;
	skw_sync_drop(sync, conn, SKW_DISC_OPERATOR, &now);
	return true;
}

/* ---- looking ---- */

unsigned skw_sync_introduced(const struct skw_sync *sync)
{
	unsigned n = 0;

	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		n += sync->conn[i].used && sync->conn[i].about.introduced;
	return n;
}

bool skw_sync_produces(const struct skw_sync *sync)
{
	return sync->config.secret != NULL;
}

struct skw_sync_counters skw_sync_counters(const struct skw_sync *sync)
{
	return sync->counters;
}

void skw_sync_each(const struct skw_sync *sync, skw_sync_visit *visit, void *context)
{
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++)
		if (sync->conn[i].used && !visit(context, &sync->conn[i].about))
			return;
}
