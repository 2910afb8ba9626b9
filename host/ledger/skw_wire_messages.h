/* skw_wire_messages - what Skycoin's daemons say to each other, byte for byte
 * (docs/ledger-wire.md).
 *
 *   frame   length u32 (of id and body) | id, 4 letters | body
 *
 * Decoding lends from the frame's buffer and allocates nothing. Every decoder is exact: a body that
 * ends early or has a byte too many is refused whole, as the original does.
 */
#ifndef SKW_WIRE_MESSAGES_H
#define SKW_WIRE_MESSAGES_H

#include "ledger/skw_block.h"

#define SKW_WIRE_HEAD 8u                   /* length and id */
#define SKW_WIRE_LENGTH_MAX 1048576u       /* what a frame may say that follows its length */
#define SKW_WIRE_SEND_MAX 262144u          /* longer ones we do not send */
#define SKW_WIRE_LENGTH_UNKNOWN_MAX 16384u /* before the introduction */
#define SKW_WIRE_PROTOCOL 2
#define SKW_WIRE_PEERS_MAX 512u
#define SKW_WIRE_BLOCKS_MAX 128u
#define SKW_WIRE_HASHES_MAX 256u
#define SKW_WIRE_TXS_MAX 256u
#define SKW_WIRE_AGENT_MAX 256u

enum skw_wire_id {
	SKW_WIRE_INTR, /* introduction: the first message both ways */
	SKW_WIRE_GETP, /* peers wanted */
	SKW_WIRE_GIVP,
	SKW_WIRE_PING,
	SKW_WIRE_PONG,
	SKW_WIRE_GETB, /* blocks wanted */
	SKW_WIRE_GIVB,
	SKW_WIRE_ANNB, /* the sender's head */
	SKW_WIRE_GETT, /* transactions wanted */
	SKW_WIRE_GIVT,
	SKW_WIRE_ANNT, /* transactions to be had */
	SKW_WIRE_DISC, /* the reason why the sender closes */
	SKW_WIRE_IDS,  /* how many there are */
};

enum skw_wire_status {
	SKW_WIRE_OK,
	SKW_WIRE_MORE,    /* the frame is not whole yet */
	SKW_WIRE_LENGTH,  /* impossible length */
	SKW_WIRE_UNKNOWN, /* no message of this name */
	SKW_WIRE_BODY,    /* too short, too long, or over a limit */
};

/* Why a connection ends; those below 1000 may travel in DISC. */
enum skw_disc {
	SKW_DISC_UNKNOWN = 0,
	SKW_DISC_VERSION = 1,
	SKW_DISC_INTRO_TIMEOUT = 2,
	SKW_DISC_BLACKLISTED = 3,
	SKW_DISC_SELF = 4,
	SKW_DISC_TWICE = 5,
	SKW_DISC_IDLE = 6,
	SKW_DISC_NO_INTRO = 7,
	SKW_DISC_IP_LIMIT = 8,
	SKW_DISC_UNEXPECTED = 9,
	SKW_DISC_OUTGOING_LIMIT = 10,
	SKW_DISC_PUBKEY = 11,
	SKW_DISC_EXTRA = 12,
	SKW_DISC_RECEIVED = 13,
	SKW_DISC_AGENT = 14,
	SKW_DISC_OPERATOR = 15,
	SKW_DISC_PEERS_FULL = 16,
	SKW_DISC_BURN = 17,
	SKW_DISC_TX_SIZE = 18,
	SKW_DISC_DECIMALS = 19,
	/* never sent: the connection just closes */
	SKW_DISC_READ = 1001,
	SKW_DISC_WRITE = 1002,
	SKW_DISC_MALFORMED = 1005, /* length, id or body that no daemon sends */
	SKW_DISC_SLOW = 1006,      /* it does not read what we send */
	SKW_DISC_FULL = 1007,      /* no place for another connection */
};
const char *skw_disc_text(enum skw_disc reason);

struct skw_wire_frame {
	enum skw_wire_id id;
	const uint8_t *body;
	size_t len;
	size_t size; /* of the whole frame */
};

/* The frame at the start of a buffer; `length_max` bounds what it may announce. */
enum skw_wire_status skw_wire_frame_get(struct skw_wire_frame *frame, const uint8_t *data,
					size_t len, size_t length_max);
const char *skw_wire_id_text(enum skw_wire_id id);

struct skw_wire_intro {
	uint32_t mirror; /* random for a run of the program: tells that one speaks with oneself */
	uint16_t port;   /* where it listens */
	int32_t protocol;
	struct skw_coin_public block_key;
	uint32_t burn_factor;
	uint32_t max_tx_size;
	uint8_t max_decimals;
	char agent[SKW_WIRE_AGENT_MAX + 1];
	bool has_genesis;
	struct skw_sha256 genesis; /* hash of block 0 */
};
void skw_wire_intro_put(struct skw_writer *w, const struct skw_wire_intro *intro);
/* SKW_WIRE_BODY for what is no message. If its extra part is wrong, *fault says how:
 * SKW_DISC_EXTRA or _AGENT, else SKW_DISC_UNKNOWN. */
enum skw_wire_status skw_wire_intro_get(struct skw_wire_intro *intro, enum skw_disc *fault,
					const struct skw_wire_frame *frame);
/* NAME:1.2.3 or NAME:1.2.3(REMARK) */
bool skw_wire_agent_valid(const char *agent);

/* An IPv4 address as the number that its dotted form spells: 127.0.0.1 is 0x7f000001. */
struct skw_wire_peer {
	uint32_t ip;
	uint16_t port;
};
bool skw_wire_peer_equal(struct skw_wire_peer a, struct skw_wire_peer b);
#define SKW_WIRE_PEER_TEXT 22u
void skw_wire_peer_print(char out[SKW_WIRE_PEER_TEXT], struct skw_wire_peer peer);
bool skw_wire_peer_parse(struct skw_wire_peer *peer, const char *text); /* "1.2.3.4:6000" */

void skw_wire_empty_put(struct skw_writer *w, enum skw_wire_id id); /* GETP, PING, PONG */
void skw_wire_peers_put(struct skw_writer *w, const struct skw_wire_peer *peers, size_t count);
void skw_wire_get_blocks_put(struct skw_writer *w, uint64_t last, uint64_t count);
void skw_wire_announce_put(struct skw_writer *w, uint64_t seq);
void skw_wire_hashes_put(struct skw_writer *w, enum skw_wire_id id, const struct skw_sha256 *hashes,
			 size_t count); /* GETT, ANNT */
void skw_wire_disc_put(struct skw_writer *w, enum skw_disc reason);
/* GIVB and GIVT: the frame around `count` objects that are put between begin and end. */
struct skw_wire_list {
	size_t start;
	uint32_t count;
};
void skw_wire_list_begin(struct skw_wire_list *list, struct skw_writer *w, enum skw_wire_id id);
void skw_wire_list_end(const struct skw_wire_list *list, struct skw_writer *w);

enum skw_wire_status skw_wire_empty_get(const struct skw_wire_frame *frame);
enum skw_wire_status skw_wire_get_blocks_get(uint64_t *last, uint64_t *count,
					     const struct skw_wire_frame *frame);
enum skw_wire_status skw_wire_announce_get(uint64_t *seq, const struct skw_wire_frame *frame);
enum skw_wire_status skw_wire_disc_get(uint16_t *reason, const struct skw_wire_frame *frame);
/* Each hands out a reader for *count calls of the getter beside it, which cannot fail then. */
enum skw_wire_status skw_wire_peers_get(struct skw_reader *r, uint32_t *count,
					const struct skw_wire_frame *frame);
struct skw_wire_peer skw_wire_peer_get(struct skw_reader *r);
enum skw_wire_status skw_wire_hashes_get(struct skw_reader *r, uint32_t *count,
					 const struct skw_wire_frame *frame); /* skw_get_bytes */
enum skw_wire_status skw_wire_blocks_get(struct skw_reader *r, uint32_t *count,
					 const struct skw_wire_frame *frame); /* skw_block_get */
enum skw_wire_status skw_wire_txs_get(struct skw_reader *r, uint32_t *count,
				      const struct skw_wire_frame *frame); /* skw_tx_get */

#endif
