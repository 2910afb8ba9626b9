/* skw_sync_inside - what the files of skw_sync share. Nobody else includes it. */
#ifndef SKW_SYNC_INSIDE_H
#define SKW_SYNC_INSIDE_H

#include "ledger/skw_sync.h"

struct conn {
	bool used;
	struct skw_sync_connection about;
	struct skw_wire_peer dials; /* where it can be dialled, once introduced */
	uint64_t sent_us, received_us, connected_us;
	uint8_t *in; /* an unfinished frame */
	size_t in_len, in_room;
};

struct skw_sync {
	struct skw_chain *chain;
	struct skw_sync_config config;
	struct skw_sync_ports ports;
	struct skw_sha256 genesis;
	struct skw_peers peers;
	struct skw_wire_peer dialling[SKW_SYNC_OUTGOING];
	size_t diallings;
	struct conn conn[SKW_SYNC_CONNECTIONS];
	uint32_t random; /* for choosing among peers: no secret hangs on it */
	uint64_t produce_at, minute_at;
	struct skw_time last; /* tick */
	struct skw_sync_counters counters;
	uint8_t out[SKW_WIRE_SEND_MAX + SKW_WIRE_HEAD];
};

/* Sends what the writer (over sync->out) holds. On false the connection is gone. */
struct skw_writer skw_sync_writer(struct skw_sync *sync);
bool skw_sync_send(struct skw_sync *sync, struct conn *conn, const struct skw_writer *w,
		   const struct skw_time *now);
/* The same to all that are introduced, but `except` (may be NULL); how many. */
unsigned skw_sync_send_all(struct skw_sync *sync, const struct skw_writer *w,
			   const struct conn *except, const struct skw_time *now);
void skw_sync_ask_blocks(struct skw_sync *sync, struct conn *conn, const struct skw_time *now);
/* Says DISC if the reason can travel, and closes. */
void skw_sync_drop(struct skw_sync *sync, struct conn *conn, enum skw_disc reason,
		   const struct skw_time *now);
void skw_sync_note(struct skw_sync *sync, const struct conn *conn, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One whole frame. The connection may be gone afterwards. */
void skw_sync_handle(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now);
/* GIVB, GETB; GIVT, GETT, ANNT: skw_sync_chain.c */
void skw_sync_on_blocks(struct skw_sync *sync, struct conn *conn,
			const struct skw_wire_frame *frame, const struct skw_time *now);
void skw_sync_on_get_blocks(struct skw_sync *sync, struct conn *conn,
			    const struct skw_wire_frame *frame, const struct skw_time *now);
void skw_sync_on_announce(struct skw_sync *sync, struct conn *conn,
			  const struct skw_wire_frame *frame, const struct skw_time *now);
void skw_sync_on_txs(struct skw_sync *sync, struct conn *conn, const struct skw_wire_frame *frame,
		     const struct skw_time *now);
void skw_sync_on_get_txs(struct skw_sync *sync, struct conn *conn,
			 const struct skw_wire_frame *frame, const struct skw_time *now);
void skw_sync_on_tx_hashes(struct skw_sync *sync, struct conn *conn,
			   const struct skw_wire_frame *frame, const struct skw_time *now);
/* Announces all that is pending and valid: to one, or to all if it is NULL. */
unsigned skw_sync_announce_pool(struct skw_sync *sync, struct conn *conn,
				const struct skw_time *now);
void skw_sync_produce(struct skw_sync *sync, const struct skw_time *now);

#endif
