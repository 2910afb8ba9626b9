/* Introductions, peers, pings: what a connection is, before it is about blocks. */
#include "ledger/skw_sync_inside.h"

enum { PEERS_PER_ANSWER = 30, BURN_MIN = 2, TX_SIZE_MIN = 1024, DECIMALS_MAX = 6 };

static bool is_twice(const struct skw_sync *sync, const struct conn *conn, uint32_t mirror)
{
	for (size_t i = 0; i < SKW_SYNC_CONNECTIONS; i++) {
		const struct conn *other = &sync->conn[i];

		if (other != conn && other->used && other->about.introduced &&
		    other->about.at.ip == conn->about.at.ip && other->about.intro.mirror == mirror)
			return true;
	}
	return false;
}

/* Why not to speak with it, in the order of the original; SKW_DISC_UNKNOWN if there is nothing. */
static enum skw_disc objection(const struct skw_sync *sync, const struct conn *conn,
			       const struct skw_wire_intro *intro, enum skw_disc extra)
{
	const struct skw_coin_public *key = &skw_chain_network(sync->chain)->block_key;
	struct skw_wire_peer listens = { conn->about.at.ip, intro->port };

	if (intro->mirror == sync->config.mirror)
		return SKW_DISC_SELF;
	if (intro->protocol < SKW_WIRE_PROTOCOL)
		return SKW_DISC_VERSION;
	if (extra == SKW_DISC_EXTRA)
		return extra;
	for (size_t i = 0; i < sizeof(key->b); i++)
		if (key->b[i] != intro->block_key.b[i])
			return SKW_DISC_PUBKEY;
	if (intro->burn_factor < BURN_MIN)
		return SKW_DISC_BURN;
	if (intro->max_tx_size < TX_SIZE_MIN)
		return SKW_DISC_TX_SIZE;
	if (intro->max_decimals > DECIMALS_MAX)
		return SKW_DISC_DECIMALS;
	if (extra != SKW_DISC_UNKNOWN)
		return extra;
	if (is_twice(sync, conn, intro->mirror))
		return SKW_DISC_TWICE;
	if (!conn->about.outgoing && !skw_peers_can_be(&sync->peers, listens))
		return SKW_DISC_UNEXPECTED;
	return SKW_DISC_UNKNOWN;
}

static void on_intro(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);
	struct skw_wire_intro intro;
	uint32_t id = conn->about.id;
	enum skw_disc fault;

	if (conn->about.introduced) {
		skw_sync_drop(sync, conn, SKW_DISC_UNEXPECTED, now);
		return;
	}
	if (skw_wire_intro_get(&intro, &fault, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	fault = objection(sync, conn, &intro, fault);
	if (fault != SKW_DISC_UNKNOWN) {
		skw_sync_drop(sync, conn, fault, now);
		return;
	}
	conn->about.introduced = true;
	conn->about.intro = intro;
	if (!conn->about.outgoing)
		conn->dials.port = intro.port;
	skw_peers_add(&sync->peers, conn->dials, false);
	skw_peers_spoke(&sync->peers, conn->dials);
	skw_sync_note(sync, conn, "introduced as %s", intro.agent);
	skw_wire_empty_put(&w, SKW_WIRE_GETP);
	if (!skw_sync_send(sync, conn, &w, now))
		return;
	skw_sync_ask_blocks(sync, conn, now);
	if (conn->used && conn->about.id == id)
		skw_sync_announce_pool(sync, conn, now);
}

static void on_get_peers(struct skw_sync *sync, struct conn *conn, const struct skw_time *now)
{
	struct skw_wire_peer list[PEERS_PER_ANSWER];
	struct skw_writer w = skw_sync_writer(sync);
	size_t n;

	sync->random = sync->random * 1664525u + 1013904223u;
	n = skw_peers_sample(&sync->peers, list, PEERS_PER_ANSWER, sync->random >> 8);
	if (n == 0)
		return;
	skw_wire_peers_put(&w, list, n);
	skw_sync_send(sync, conn, &w, now);
}

static void on_peers(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now)
{
	struct skw_reader r;
	uint32_t count;

	if (skw_wire_peers_get(&r, &count, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	while (count-- > 0)
		skw_peers_add(&sync->peers, skw_wire_peer_get(&r), false);
}

static void on_disc(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		    const struct skw_time *now)
{
	uint16_t reason;

	if (skw_wire_disc_get(&reason, frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
		return;
	}
	skw_sync_note(sync, conn, "the peer says: %s (%u)", skw_disc_text((enum skw_disc)reason),
		      reason);
	skw_sync_drop(sync, conn, SKW_DISC_RECEIVED, now);
}

static void on_empty(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now)
{
	struct skw_writer w = skw_sync_writer(sync);

	if (skw_wire_empty_get(frame) != SKW_WIRE_OK) {
		skw_sync_drop(sync, conn, SKW_DISC_MALFORMED, now);
	} else if (frame->id == SKW_WIRE_GETP) {
		on_get_peers(sync, conn, now);
	} else if (frame->id == SKW_WIRE_PING) {
		skw_wire_empty_put(&w, SKW_WIRE_PONG);
		skw_sync_send(sync, conn, &w, now);
	}
}

void skw_sync_handle(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now)
{
	if (!conn->about.introduced && frame->id != SKW_WIRE_INTR && frame->id != SKW_WIRE_DISC &&
	    frame->id != SKW_WIRE_GIVP) {
		skw_sync_drop(sync, conn, SKW_DISC_NO_INTRO, now);
		return;
	}
	switch (frame->id) {
	case SKW_WIRE_INTR:
		on_intro(sync, conn, frame, now);
		break;
	case SKW_WIRE_GETP:
	case SKW_WIRE_PING:
	case SKW_WIRE_PONG:
		on_empty(sync, conn, frame, now);
		break;
	case SKW_WIRE_GIVP:
		on_peers(sync, conn, frame, now);
		break;
	case SKW_WIRE_GETB:
		skw_sync_on_get_blocks(sync, conn, frame, now);
		break;
	case SKW_WIRE_GIVB:
		skw_sync_on_blocks(sync, conn, frame, now);
		break;
	case SKW_WIRE_ANNB:
		skw_sync_on_announce(sync, conn, frame, now);
		break;
	case SKW_WIRE_GETT:
		skw_sync_on_get_txs(sync, conn, frame, now);
		break;
	case SKW_WIRE_GIVT:
		skw_sync_on_txs(sync, conn, frame, now);
		break;
	case SKW_WIRE_ANNT:
		skw_sync_on_tx_hashes(sync, conn, frame, now);
		break;
	case SKW_WIRE_DISC:
		on_disc(sync, conn, frame, now);
		break;
	case SKW_WIRE_IDS:
		break;
	}
}
