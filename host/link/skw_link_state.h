/* skw_link_state - what the files of the link share. Nobody else includes it. */
#ifndef SKW_LINK_STATE_H
#define SKW_LINK_STATE_H

#include "keys/skw_noise.h"
#include "keys/skw_replay.h"
#include "link/skw_link.h"
#include "link/skw_reliable.h"

/* First byte of a frame. */
enum { FRAME_INIT = 1, FRAME_RESP = 2, FRAME_DATA = 3, FRAME_COOKIE = 4 };

/* First byte inside a data frame, besides enum skw_link_type; 16 and more travel as RELIABLE. */
enum { TYPE_KEEPALIVE = 0, TYPE_RELIABLE = 2, TYPE_ACK = 3 };

#define MAC_LEN 16u
#define INIT_PAYLOAD 16u                                             /* stamp, life */
#define RESP_PAYLOAD 8u                                              /* life */
#define INIT_LEN (5u + SKW_NOISE_IK_1 + INIT_PAYLOAD + 2u * MAC_LEN) /* 149 */
#define RESP_LEN (9u + SKW_NOISE_IK_2 + RESP_PAYLOAD)                /* 65 */
#define HANDSHAKE_MAX 256u /* later versions may say more: what follows is ignored */

#define RING_FRAMES 128u
#define SESSION_LIVES 3u /* a session lasts this many rekey times at most */
#define COUNTER_MAX (UINT64_MAX - (UINT64_C(1) << 16))
#define RETRIES_SAME 5u     /* of one INIT, before a fresh one */
#define RETRIES_STRANGER 8u /* to a peer that was not added */
#define BACKOFF_MAX 5u      /* doublings */
#define HANDSHAKES_PER_SECOND 50u
#define HANDSHAKES_BURST 100u

#define COOKIE_LEN 16u
#define COOKIE_NONCE 24u
#define COOKIE_TAG 16u
#define COOKIE_FRAME (5u + COOKIE_NONCE + COOKIE_LEN + COOKIE_TAG) /* 61 */
#define COOKIE_SECRET 32u
#define COOKIE_LIFE_US UINT64_C(120000000)
#define SHARES 256u
#define SHARE_US UINT64_C(200000) /* an INIT of one machine, in a flood */
#define SHARE_BURST 5u

struct session {
	bool used;
	bool confirmed; /* the other end has shown that it holds the keys */
	bool initiator;
	uint32_t local, remote; /* indices */
	struct skw_noise_cipher send, receive;
	struct skw_replay replay;
	uint64_t created_us, bytes;
	uint64_t own_life, peer_life;
	uint64_t stamp;             /* of the INIT it comes from, if we answered it */
	uint8_t response[RESP_LEN]; /* said again if the INIT comes again */
};

/* Our own INIT on its way. */
struct attempt {
	bool used;
	uint32_t local;
	struct skw_noise noise;
	uint8_t frame[INIT_LEN];
	unsigned sends;
	bool hurried; /* said again because of a COOKIE */
	uint64_t sent_us, due_us;
	uint64_t own_life;
};

struct peer {
	bool used, added, up;
	bool say_up, say_down;
	struct skw_node_address address;
	struct skw_link_endpoint endpoint;
	uint64_t life;      /* ours towards this peer: changes whenever reliable state is dropped */
	uint64_t peer_life; /* theirs, as of the session in use */
	uint64_t last_stamp;
	struct session current, previous, next;
	struct attempt attempt;
	uint8_t cookie[COOKIE_LEN];
	uint64_t cookie_until_us;
	unsigned failures; /* handshakes begun in vain since the peer was last up */
	struct skw_reliable reliable;
	bool keepalive_due;
	uint64_t last_in_us, last_out_us, up_since_us;
	uint64_t bytes_in, bytes_out, rekeys;
};

struct frame {
	struct skw_link_endpoint to;
	uint32_t peer;
	enum skw_link_priority priority;
	uint16_t len;
	uint8_t data[SKW_LINK_FRAME_MAX];
};

struct skw_link {
	struct skw_link_config config;
	uint64_t now_us, start_us, last_stamp;
	struct peer *peers;  /* SKW_LINK_PEERS_MAX, peer n at n - 1 */
	unsigned peers_made; /* those past it were never used: nobody looks there */
	size_t frame_max[256];
	struct frame *ring;
	unsigned ring_head, ring_count;
	struct frame scratch;
	/* the message of the frame just received */
	bool message_due;
	uint32_t message_peer;
	enum skw_link_type message_type;
	size_t message_len;
	uint8_t message[SKW_LINK_FRAME_MAX];
	/* Somebody may have an event, a message or something to say: else poll asks no peer. A cell
	 * in or out gives nobody anything of the kind. */
	bool look_events, look_reliable, look_owed;
	uint64_t tokens; /* handshakes that may be answered, in microseconds of allowance */
	uint64_t tokens_us;
	uint8_t secret[2][COOKIE_SECRET]; /* of cookies: this one, and the one before */
	bool has_secret;
	uint64_t secret_us; /* when it was made */
	uint64_t share_until_us[SHARES];
	struct skw_link_counters counters;
};

static inline uint32_t peer_number(const struct skw_link *link, const struct peer *peer)
{
	return (uint32_t)(peer - link->peers) + 1;
}

static inline void link_look(struct skw_link *link)
{
	link->look_events = link->look_reliable = link->look_owed = true;
}

struct peer *link_find_peer(struct skw_link *link, const struct skw_node_address *address);
struct peer *link_new_peer(struct skw_link *link, const struct skw_node_address *address);
/* Wipes a session, and what the last use of its keys left elsewhere. */
void link_forget(struct session *s);
/* Forgets sessions and reliable state; says PEER_DOWN if it was up. */
void link_peer_down(struct skw_link *link, struct peer *peer);
/* A confirmed session for the peer: the current one from now on. */
void link_adopt(struct skw_link *link, struct peer *peer, const struct session *session);

/* Queues a frame; false (and counted) if the ring is full. */
bool link_queue(struct skw_link *link, const struct skw_link_endpoint *to, uint32_t peer,
		enum skw_link_priority priority, const uint8_t *data, size_t len);
/* Seals one message with the current session into `frame`. */
void link_seal(struct skw_link *link, struct peer *peer, uint8_t type, const uint8_t *data,
	       size_t len, struct frame *frame);

/* Both codes of our INIT: the second is zeros unless the peer has given us a cookie. */
void link_put_macs(struct skw_link *link, const struct peer *peer, uint8_t init[INIT_LEN]);
/* True if an INIT, INIT_LEN or longer, is worth computing on; may answer with a COOKIE. */
bool link_admit_init(struct skw_link *link, const struct skw_link_endpoint *from,
		     const uint8_t *frame, size_t len);
enum skw_link_status link_on_cookie(struct skw_link *link, const uint8_t *frame, size_t len);

void link_begin_handshake(struct skw_link *link, struct peer *peer);
/* The peer that we are calling under that index, or NULL. */
struct peer *link_attempt_of(struct skw_link *link, uint32_t local);
void link_resend_init(struct skw_link *link, struct peer *peer);
enum skw_link_status link_on_init(struct skw_link *link, const struct skw_link_endpoint *from,
				  const uint8_t *frame, size_t len);
enum skw_link_status link_on_resp(struct skw_link *link, const uint8_t *frame, size_t len,
				  const struct skw_link_endpoint *from);
enum skw_link_status link_on_data(struct skw_link *link, const struct skw_link_endpoint *from,
				  const uint8_t *frame, size_t len);

#endif
