/* skw_session_state - what the files of the session share. Nobody else includes it. */
#ifndef SKW_SESSION_STATE_H
#define SKW_SESSION_STATE_H

#include "keys/skw_noise.h"
#include "session/skw_bbr.h"
#include "session/skw_ranges.h"
#include "session/skw_recovery.h"
#include "session/skw_session.h"
#include "session/skw_session_datagram.h"
#include "wire/skw_cursor.h"

/* First byte of a packet; of DATA, the upper two bits are the epoch of its keys modulo 4. */
enum { PACKET_INIT = 1, PACKET_RESP = 2, PACKET_DATA = 3, PACKET_GONE = 4 };
#define PHASE_SHIFT 6u
#define TYPE_MASK 0x3fu

/* Frames inside a packet: type u8, length u16, body. An unknown type is skipped. */
enum frame_type {
	FRAME_PING = 1,
	FRAME_ACK = 2,       /* largest u64, delay u32, first run u32, { gap u32, run u32 }... */
	FRAME_OPEN = 3,      /* stream u32, credit u64, name */
	FRAME_ACCEPT = 4,    /* stream u32, credit u64 */
	FRAME_RESET = 5,     /* stream u32, code u32 */
	FRAME_DATA = 6,      /* stream u32, offset u64, bytes */
	FRAME_END = 7,       /* the same; these are the last bytes */
	FRAME_CREDIT = 8,    /* stream u32, limit u64 */
	FRAME_CLOSE = 9,     /* code u32 */
	FRAME_DATAGRAM = 10, /* number u32, after u16, sent u16, bytes */
	FRAME_LEAVE = 11,    /* path u16: used no more */
	FRAME_REKEY = 12,    /* epoch u32, IK message 1 */
	FRAME_REKEYED = 13,  /* epoch u32, IK message 2 */
	FRAME_MISSING = 14,  /* first u64, count u16: did not come, though later ones did */
};

#define HEADER 13u /* type, receiver, packet number */
#define FRAMES_MAX (SKW_SESSION_PACKET_MAX - HEADER - SKW_NOISE_TAG) /* 1361 */
#define DATA_HEADER 15u
#define INIT_LEN (5u + SKW_NOISE_IK_1)
#define RESP_LEN (9u + SKW_NOISE_IK_2)
#define STREAMS (2 * SKW_SESSION_STREAMS)
#define SENT_START 64u /* packets in flight on a path; doubles up to */
#define SENT_MAX 8192u
#define CHUNKS 4u            /* frames per packet that want to be told of loss */
#define EARLY_CREDIT 16384u  /* before the other end has accepted */
#define RING_START 65536u    /* of a stream; doubles up to SKW_SESSION_STREAM_CREDIT */
#define RINGS_MAX 134217728u /* bytes, of all streams: beyond it no ring grows */
#define STREAM_RANGES 4096u  /* holes in a stream, as many as paths and their delays make */
#define ACK_RUNS 12u         /* fits a small cell */
#define ACK_SIZE_MAX (3u + 16u + 8u * (ACK_RUNS - 1u))
#define MISSING_MAX 8u
#define MISSING_SIZE 13u
#define ACK_EVERY 10u /* packets; every second one at first */
#define ACK_QUICK 64u
#define SMALL 256u /* bytes of frames */
#define REORDER 3u /* packets later acknowledged that make one lost (RFC 9002, 6.1.1), at first */
#define REORDER_MAX 256u
#define HANDSHAKE_TRIES 6u
#define UNCONFIRMED_US 30000000u
#define SILENT_PROBE_US 500000u /* a silent path is asked as often */
/* A packet number is that of its path in the upper 16 bits and a count below: all are different,
 * as the nonces of one key must be. */
#define PATH_SHIFT 48u
#define COUNT_MASK ((UINT64_C(1) << PATH_SHIFT) - 1)

struct chunk {
	uint8_t type; /* of the frame */
	uint16_t len;
	uint32_t stream;
	uint64_t offset;
};

struct sent {
	bool open;   /* neither acknowledged nor lost, and to be */
	bool told;   /* what it held goes over another path already */
	bool missed; /* so says the other end: told, and counted as lost all the same */
	bool lost;
	uint8_t chunk_count;
	uint16_t size;
	uint64_t number; /* count */
	struct skw_bbr_packet packet;
	struct chunk chunks[CHUNKS];
};

struct path {
	uint32_t circuit, room;
	uint16_t id;
	/* sender */
	bool silent;         /* a timeout long: others carry what it had */
	bool retiring, left; /* used no more; and the server was told */
	bool need_ping;
	uint64_t number, oldest; /* counts: the next packet; the oldest open one */
	uint64_t largest_acked;
	bool any_acked;
	struct sent *sent;
	uint32_t sent_size, reorder;
	struct skw_recovery recovery;
	struct skw_bbr bbr;
	uint64_t last_eliciting_us, last_acked_us;
	unsigned probes;
	/* receiver */
	struct skw_ranges received;
	uint64_t largest_us;
	unsigned unacked;
	bool ack_now;
	uint64_t ack_due_us, eliciting;
	uint64_t missed_to;       /* what is missing below was reported, */
	uint32_t overtaken;       /* as soon as so many later ones were here */
	struct lateness lateness; /* of datagrams */
	uint64_t packets_sent, packets_received, packets_lost;
};

struct ring { /* of bytes of a stream: offset x is at x % size */
	uint8_t *bytes;
	uint32_t size;
};

struct stream {
	bool ours;      /* we opened it */
	bool accepted;  /* by the end that did not open it */
	bool resetting; /* dead for our user; the RESET is not acknowledged yet */
	uint32_t id, code;
	char name[SKW_SESSION_NAME_MAX + 1];
	bool need_open, need_accept, need_reset, need_credit;
	/* to say to the user */
	bool say_opened, say_accepted, say_readable, say_writable, say_reset, say_finished;
	bool short_write;
	/* out: [tx_start, tx_end) is held, up to tx_next was sent at least once */
	struct ring tx;
	uint64_t tx_start, tx_next, tx_end, tx_limit;
	bool end_written, end_sent, end_acked;
	struct skw_ranges acked, lost;
	/* in: [rx_read, rx_granted) may come */
	struct ring rx;
	uint64_t rx_read, rx_granted, rx_final;
	uint64_t rx_mark, rx_mark_us; /* how fast the user reads */
	bool rx_ended, end_read;
	struct skw_ranges have;
};

struct missing { /* of one path */
	uint64_t first;
	uint16_t count;
};

enum stream_verdict { STREAM_OK, STREAM_AGAIN /* do not acknowledge */, STREAM_BROKEN };

struct epoch { /* the keys of a session for a while */
	uint32_t number;
	struct skw_noise_cipher send, receive;
};

struct rekey {
	struct epoch previous, current, next; /* next: at the server, until the client uses it */
	uint8_t hash[SKW_NOISE_HASH];         /* of the newest handshake */
	uint8_t message[SKW_NOISE_IK_1];      /* ours, to say again */
	uint8_t asked_by[SKW_KEY_LEN];        /* server: the ephemeral key that made `next` */
	bool asked;                           /* client: no answer yet */
	bool say;                             /* the message is to be sent */
	bool heard;                           /* the other end uses `current` too */
	uint64_t changed_us, forget_us;
	/* of the current keys */
	uint64_t used_us; /* when they first protected what users say; 0: not yet */
	uint64_t bytes, forged;
};

struct one { /* one session */
	bool client, established, said_established, closed, dirty;
	uint16_t generation;
	struct skw_node_address address;
	struct path *paths[SKW_SESSION_PATHS];
	unsigned path_count;
	/* client: the number of the next path; server: which were seen, 64 from the base on */
	uint64_t path_base, path_seen;
	uint16_t leave[SKW_SESSION_PATHS]; /* numbers to tell */
	unsigned leave_count;
	struct missing missing[MISSING_MAX]; /* numbers to tell */
	unsigned missing_count;
	uint32_t local, remote;
	struct skw_noise noise;                                       /* client, until answered */
	uint8_t handshake[RESP_LEN > INIT_LEN ? RESP_LEN : INIT_LEN]; /* ours, to say again */
	uint8_t peer_e[SKW_KEY_LEN]; /* server: of the INIT that made it */
	unsigned tries;
	bool handshake_due;
	uint64_t handshake_us; /* next try */
	struct rekey rekey;
	bool need_close;
	uint32_t close_code;
	uint64_t created_us, heard_us;
	uint64_t asked_us; /* the first time after `heard_us` that something was sent or opened */
	/* streams, as they are opened */
	struct stream *streams[STREAMS];
	unsigned stream_count;
	uint32_t next_stream;
	uint64_t seen_base, seen; /* ordinal numbers of streams that the other end opened */
	uint32_t turn;
	struct datagrams datagrams;
	uint64_t bytes_sent, bytes_received, packets_sent, packets_received, packets_lost;
	uint64_t datagrams_sent, datagrams_received, datagrams_dropped;
};

struct skw_session {
	struct skw_session_config config;
	uint64_t now_us;
	struct one **ones; /* sessions_max, NULL where free */
	uint16_t *generations;
	uint32_t top; /* places from here on are free */
	uint32_t turn;
	uint64_t ring_bytes; /* of all streams */
	bool gone_due;       /* a packet came for a session that is not: `gone` goes back */
	uint32_t gone_circuit;
	uint8_t gone[HEADER];
	uint8_t packet[SKW_SESSION_PACKET_MAX];
	uint8_t plain[SKW_SESSION_PACKET_MAX];
	struct skw_session_counters counters;
};

/* Silence that tells of death begins when somebody asks, not when the last answer came. */
static inline void session_asks(const struct skw_session *s, struct one *one)
{
	if (one->asked_us <= one->heard_us)
		one->asked_us = s->now_us;
}

/* skw_session.c */
struct one *session_of(const struct skw_session *s, uint32_t handle);
struct one *session_create(struct skw_session *s, uint32_t path, uint64_t now_us);
void session_discard(struct skw_session *s, struct one *one);
/* Dead for the user, who hears of it; nothing is sent any more. */
void session_end(struct one *one, uint32_t code);

/* skw_session_handshake.c */
bool session_begin(struct skw_session *s, struct one *one);
enum skw_session_status session_on_init(struct skw_session *s, uint32_t path, const uint8_t *data,
					size_t len);
enum skw_session_status session_on_resp(struct skw_session *s, const uint8_t *data, size_t len);

/* skw_session_rekey.c: new keys inside a session */
/* The first keys: those of the handshake, which is done. */
void rekey_first(struct skw_session *s, struct one *one, struct skw_noise *noise);
uint8_t rekey_phase(const struct one *one); /* to be added to the type DATA */
/* Wipes its keys, and what their last use left elsewhere. */
void rekey_forget(struct epoch *e);
/* Under which keys a packet of this first byte is; NULL if they are gone or never were. */
struct epoch *rekey_epoch(struct one *one, uint8_t first);
void rekey_on_opened(struct skw_session *s, struct one *one, const struct epoch *epoch, size_t len);
void rekey_on_forged(struct one *one);
void rekey_on_sealed(struct one *one, size_t len);
/* What users said went under the current keys, or came: they have to be replaced one day. */
void rekey_on_content(struct skw_session *s, struct one *one);
enum stream_verdict rekey_on_frame(struct skw_session *s, struct one *one, uint8_t type,
				   struct skw_reader *r);
bool rekey_waits(const struct one *one);
/* What to say: type and contents of a frame. */
uint8_t rekey_frame(struct one *one, const uint8_t **message, size_t *len, uint32_t *epoch);
void rekey_on_said(struct one *one);
/* False if the chunk is none of a rekeying. */
bool rekey_on_lost(struct one *one, const struct chunk *chunk);
void rekey_tick(struct skw_session *s, struct one *one);
uint64_t rekey_timer(const struct skw_session *s, const struct one *one);

/* skw_session_receive.c */
enum skw_session_status session_on_packet(struct skw_session *s, uint32_t path, const uint8_t *data,
					  size_t len);
enum skw_session_status session_on_gone(struct skw_session *s, uint32_t path, const uint8_t *data,
					size_t len);
/* skw_session_send.c: a packet on one path */
struct allowed {          /* what the scheduler lets into it */
	bool window;      /* anything that wants an acknowledgement */
	bool old, fresh;  /* of streams: what was lost and what is small; what was never sent */
	bool quick, bulk; /* datagrams: what cannot wait, what keeps its order and can */
};
size_t session_write_packet(struct skw_session *s, struct one *one, struct path *path,
			    const struct allowed *allowed);
bool session_wants(const struct one *one, const struct path *path, const struct allowed *allowed);

/* skw_session_loss.c: what becomes of packets */
struct sent *sent_at(const struct path *path, uint64_t count);
/* A place for the next packet; NULL if there are too many in flight. */
struct sent *sent_place(struct path *path);
void sent_advance(struct path *path);
void session_on_ack(struct skw_session *s, struct one *one, struct skw_reader *r);
/* What it held goes again, over whichever path. */
void session_tell_lost(struct one *one, struct sent *p);
/* Everything in flight on it goes over other paths. */
void session_tell_all_lost(struct one *one, struct path *path);
void path_tick(struct skw_session *s, struct one *one, struct path *path);
uint64_t path_timer(const struct path *path);
bool path_waits(const struct path *path);

/* skw_session_missing.c: what did not come, reported over the quickest path */
void missing_note(struct one *one, struct path *path, uint64_t count);
void missing_write(struct one *one, struct skw_writer *w);
void missing_on_frame(struct one *one, struct skw_reader *r);

/* skw_session_path.c: the paths of a session, and which carries what */
struct path *path_new(struct one *one, uint32_t circuit, uint16_t id);
void path_free(struct one *one, unsigned at);
struct path *path_by_id(const struct one *one, uint16_t id);
int path_by_circuit(const struct one *one, uint32_t circuit);
struct path *path_quickest(const struct one *one);
/* Of a packet that came on `circuit`, authentic: NULL if its path is gone or is another circuit's.
 */
struct path *path_heard(struct one *one, uint16_t id, uint32_t circuit);
void path_on_leave(struct one *one, uint16_t id);
/* To the server: this path is used no more. */
void session_say_leave(struct one *one, uint16_t id);
/* Writes into s->packet what the session wants to say now, and where; 0 if nothing. */
size_t session_schedule(struct skw_session *s, struct one *one, uint32_t *circuit);
/* When the scheduler is to be asked again, if nothing else happens. */
uint64_t session_pace_timer(const struct skw_session *s, const struct one *one);

/* skw_session_time.c */
void session_tick_one(struct skw_session *s, struct one *one);
uint64_t session_timer(const struct skw_session *s, const struct one *one);

/* skw_stream.c */
struct stream *stream_find(const struct one *one, uint32_t id);
struct stream *stream_new(struct skw_session *s, struct one *one, uint32_t id, bool ours);
/* Out of the session and gone. */
void stream_free(struct skw_session *s, struct one *one, struct stream *stream);
void stream_drop_rings(struct skw_session *s, struct stream *stream);
/* Bytes that may be sent now: again, and for the first time. */
uint64_t stream_lost(const struct stream *stream);
uint64_t stream_fresh(const struct stream *stream);
bool stream_has_data(const struct stream *stream, const struct allowed *allowed);
/* Writes one DATA or END frame; false if there is nothing to send or no room. */
bool stream_write_frame(struct stream *stream, struct skw_writer *w, struct chunk *chunk,
			const struct allowed *allowed);
void stream_on_acked(struct skw_session *s, struct one *one, const struct chunk *chunk);
void stream_on_lost(struct one *one, const struct chunk *chunk);
enum stream_verdict stream_on_data(struct one *one, struct stream *stream, uint64_t offset,
				   const uint8_t *data, size_t len, bool end);
uint64_t stream_grant(struct one *one, struct stream *stream);

/* skw_ring.c */
bool ring_resize(struct skw_session *s, struct ring *ring, uint32_t size, uint64_t from,
		 uint64_t to);
void ring_read(const struct ring *ring, uint64_t offset, uint8_t *out, size_t len);
void ring_write(struct ring *ring, uint64_t offset, const uint8_t *in, size_t len);
void ring_free(struct skw_session *s, struct ring *ring);

/* skw_session_queue.c: datagrams that leave */
bool datagrams_want(const struct one *one, const struct allowed *allowed);
void datagrams_write(struct skw_session *s, struct one *one, struct skw_writer *w,
		     struct sent *sent, const struct allowed *allowed);
void datagram_on_acked(struct one *one, const struct chunk *chunk);
void datagram_on_lost(struct one *one, const struct chunk *chunk);
void outbox_free(struct skw_session *s, struct one *one);

void parcel_free(struct outbox *o, uint16_t at);

/* skw_session_fair.c: which of them leaves next */
void fair_put(struct outbox *o, uint16_t at);
/* Drops the oldest of who has most. */
void fair_make_room(struct one *one, struct outbox *o);
/* The flow whose first one is next, of those that may leave; NULL if there is none. */
struct flow *fair_pick(struct one *one, struct outbox *o, const struct allowed *allowed,
		       uint64_t now_us);
uint16_t fair_take(struct outbox *o, struct flow *f);

/* skw_session_order.c: datagrams that arrive */
void datagrams_on_frame(struct skw_session *s, struct one *one, struct path *path,
			struct skw_reader *r);
bool datagrams_poll(struct skw_session *s, struct one *one, struct skw_session_out *out);
uint64_t datagrams_timer(const struct one *one);
void datagrams_tick(struct skw_session *s, struct one *one);
void datagrams_free(struct skw_session *s, struct one *one);

#endif
