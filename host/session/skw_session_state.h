/* skw_session_state - what the files of the session share. Nobody else includes it. */
#ifndef SKW_SESSION_STATE_H
#define SKW_SESSION_STATE_H

#include "keys/skw_noise.h"
#include "session/skw_ranges.h"
#include "session/skw_recovery.h"
#include "session/skw_session.h"
#include "wire/skw_cursor.h"

/* First byte of a packet. */
enum { PACKET_INIT = 1, PACKET_RESP = 2, PACKET_DATA = 3 };

/* Frames inside a packet: type u8, length u16, body. An unknown type is skipped. */
enum frame_type {
	FRAME_PING = 1,
	FRAME_ACK = 2,    /* largest u64, delay u32, first run u32, { gap u32, run u32 }... */
	FRAME_OPEN = 3,   /* stream u32, credit u64, name */
	FRAME_ACCEPT = 4, /* stream u32, credit u64 */
	FRAME_RESET = 5,  /* stream u32, code u32 */
	FRAME_DATA = 6,   /* stream u32, offset u64, bytes */
	FRAME_END = 7,    /* the same; these are the last bytes */
	FRAME_CREDIT = 8, /* stream u32, limit u64 */
	FRAME_CLOSE = 9,  /* code u32 */
};

#define HEADER 13u /* type, receiver, packet number */
#define FRAMES_MAX (SKW_SESSION_PACKET_MAX - HEADER - SKW_NOISE_TAG) /* 1361 */
#define DATA_HEADER 15u
#define INIT_LEN (5u + SKW_NOISE_IK_1)
#define RESP_LEN (9u + SKW_NOISE_IK_2)
#define STREAMS (2 * SKW_SESSION_STREAMS)
#define SENT 1024u          /* packets in flight */
#define CHUNKS 4u           /* frames per packet that want to be told of loss */
#define EARLY_CREDIT 16384u /* before the other end has accepted */
#define ACK_RUNS 12u        /* fits a small cell */
#define REORDER 3u          /* packets later acknowledged that make one lost (RFC 9002, 6.1.1) */
#define HANDSHAKE_TRIES 6u
#define UNCONFIRMED_US 30000000u

struct chunk {
	uint8_t type; /* of the frame */
	uint16_t len;
	uint32_t stream;
	uint64_t offset;
};

struct sent {
	bool open; /* neither acknowledged nor lost, and to be */
	uint8_t chunk_count;
	uint16_t size;
	uint64_t number, sent_us;
	struct chunk chunks[CHUNKS];
};

struct stream {
	bool used, ours; /* ours: we opened it */
	bool accepted;   /* by the end that did not open it */
	bool resetting;  /* dead for our user; the RESET is not acknowledged yet */
	uint32_t id, code;
	char name[SKW_SESSION_NAME_MAX + 1];
	bool need_open, need_accept, need_reset, need_credit;
	/* to say to the user */
	bool say_opened, say_accepted, say_readable, say_writable, say_reset, say_finished;
	bool short_write;
	/* out: [tx_start, tx_end) is held, up to tx_next was sent at least once */
	uint8_t *tx;
	uint64_t tx_start, tx_next, tx_end, tx_limit;
	bool end_written, end_sent, end_acked;
	struct skw_ranges acked, lost;
	/* in: [rx_read, rx_granted) may come */
	uint8_t *rx;
	uint64_t rx_read, rx_granted, rx_final;
	bool rx_ended, end_read;
	struct skw_ranges have;
};

struct one { /* one session */
	bool used, client, established, said_established, closed, dirty;
	bool path_up;
	uint16_t generation;
	struct skw_node_address address;
	uint32_t path, room;
	uint32_t local, remote;
	struct skw_noise noise;                                       /* client, until RESP */
	uint8_t handshake[RESP_LEN > INIT_LEN ? RESP_LEN : INIT_LEN]; /* ours, to say again */
	uint8_t peer_e[SKW_KEY_LEN]; /* server: of the INIT that made it */
	unsigned tries;
	bool handshake_due;
	uint64_t handshake_us; /* next try */
	struct skw_noise_cipher send, receive;
	/* sender */
	uint64_t number, oldest; /* next packet; oldest open one */
	uint64_t largest_acked;
	bool any_acked;
	struct sent *sent;
	struct skw_recovery recovery;
	uint64_t last_eliciting_us;
	unsigned probes;
	bool need_ping, need_close;
	uint32_t close_code;
	/* receiver */
	struct skw_ranges received;
	uint64_t largest_us;
	unsigned unacked;
	bool ack_now;
	uint64_t ack_due_us;
	uint64_t created_us, heard_us;
	/* streams */
	struct stream *streams; /* STREAMS */
	uint32_t next_stream;
	uint64_t seen_base, seen; /* ordinal numbers of streams that the other end opened */
	uint32_t turn;
	uint64_t bytes_sent, bytes_received, packets_sent, packets_received, packets_lost;
};

struct skw_session {
	struct skw_session_config config;
	uint64_t now_us;
	struct one **ones; /* sessions_max, NULL where free */
	uint16_t *generations;
	uint32_t turn;
	uint8_t packet[SKW_SESSION_PACKET_MAX];
	uint8_t plain[SKW_SESSION_PACKET_MAX];
	struct skw_session_counters counters;
};

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

/* skw_session_receive.c */
enum skw_session_status session_on_packet(struct skw_session *s, uint32_t path, const uint8_t *data,
					  size_t len);
/* skw_session_send.c */
size_t session_write_packet(struct skw_session *s, struct one *one);
void session_on_ack(struct skw_session *s, struct one *one, struct skw_reader *r);
void session_detect_loss(struct skw_session *s, struct one *one);
/* Everything in flight is taken for lost: the path is new. */
void session_new_path(struct skw_session *s, struct one *one);
void session_tick_one(struct skw_session *s, struct one *one);
uint64_t session_timer(const struct skw_session *s, const struct one *one);

/* skw_stream.c */
struct stream *stream_find(const struct one *one, uint32_t id);
struct stream *stream_new(struct one *one, uint32_t id, bool ours);
void stream_free(struct stream *stream);
bool stream_has_data(const struct stream *stream);
/* Writes one DATA or END frame of at most `max` bytes; false if there is nothing to send. */
bool stream_write_frame(struct stream *stream, struct skw_writer *w, struct chunk *chunk);
void stream_on_acked(struct one *one, const struct chunk *chunk);
void stream_on_lost(struct one *one, const struct chunk *chunk);
enum stream_verdict { STREAM_OK, STREAM_AGAIN /* do not acknowledge */, STREAM_BROKEN };
enum stream_verdict stream_on_data(struct one *one, struct stream *stream, uint64_t offset,
				   const uint8_t *data, size_t len, bool end);
uint64_t stream_grant(struct one *one, struct stream *stream);

#endif
