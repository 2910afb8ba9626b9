/* skw_link - neighbour to neighbour: Noise IK, sealed frames, reliable messages, keepalive.
 *
 *   onion, directory, pay --send--> [ link ] --SEND--> radio MAC, UDP, ...   (a port and an
 * address)
 *              <--MESSAGE, PEER_UP, PEER_DOWN-- [ link ] <--receive--
 *
 * Cells go as they are: sealed once, delivered at most once, maybe lost, maybe out of order. The
 * reliable types are delivered once, in order, while the peer stays up; what was on its way when
 * it went down is dropped, so their owners start afresh at PEER_UP.
 *
 * After each call that takes `now_us`, poll until false: an output and what it points to live until
 * the next call. Garbage is never answered, only counted. docs/protocol.md has bytes and timers.
 */
#ifndef SKW_LINK_H
#define SKW_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_identity.h"

#define SKW_LINK_FRAME_MAX 1452u /* UDP over IPv6 over Ethernet: 1500 - 40 - 8 */
#define SKW_LINK_HEADER 13u      /* type, session index, counter */
#define SKW_LINK_OVERHEAD 30u    /* header, message type, authentication tag */
#define SKW_LINK_UNRELIABLE_MAX (SKW_LINK_FRAME_MAX - SKW_LINK_OVERHEAD) /* 1422: a full cell */
#define SKW_LINK_RELIABLE_MAX 32768u
#define SKW_LINK_QUEUE_MAX 262144u /* unacknowledged reliable bytes per peer */
#define SKW_LINK_PEERS_MAX 128u
#define SKW_LINK_ADDR_MAX 32u

/* From 16 on a type is reliable. */
enum skw_link_type {
	SKW_LINK_CELL = 1,
	SKW_LINK_CIRCUIT = 16, /* cells that must not be lost: creation, destruction, control */
	SKW_LINK_DIRECTORY = 17,
	SKW_LINK_PAY = 18,
	SKW_LINK_CONTROL = 19,
};

enum skw_link_status {
	SKW_LINK_OK,
	SKW_LINK_FULL,     /* queue or table full; try again after polling, or later */
	SKW_LINK_DOWN,     /* no session with this peer */
	SKW_LINK_TOO_LONG, /* the message does not fit the type or the port */
	SKW_LINK_UNKNOWN,  /* no such peer, port or type */
	SKW_LINK_DROPPED,  /* receive: not for us, or not authentic; counted */
};

/* Where a frame comes from or goes to: a port of the daemon, and its kind of address. */
struct skw_link_endpoint {
	uint8_t port;
	uint8_t len;
	uint8_t machine; /* so many bytes of `addr` name the machine, or a house of them; 0: all */
	uint8_t addr[SKW_LINK_ADDR_MAX];
};

struct skw_link_config {
	const struct skw_identity *identity; /* outlives the link */
	struct skw_random random;
	uint64_t stamp;      /* greater than in any earlier life of this node: unix time in us */
	bool accept_unknown; /* let neighbours in that were not added */
	/* Zero takes the default of docs/protocol.md. */
	uint64_t handshake_us; /* first retry of a handshake, doubling up to 32 times it: 1 s */
	uint64_t keepalive_us; /* 10 s */
	uint64_t dead_us;      /* silence that takes a peer down: 35 s */
	uint64_t rekey_us;     /* 120 s */
	uint64_t rekey_bytes;  /* 1 GiB */
	uint64_t resend_us;    /* first timeout of a reliable message, then adapted: 1 s */
};

enum skw_link_event {
	SKW_LINK_SEND,      /* put `data` on the port */
	SKW_LINK_MESSAGE,   /* `data` of `type` came from `peer` */
	SKW_LINK_PEER_UP,   /* a session with `peer` (its `address`) works, both ways */
	SKW_LINK_PEER_DOWN, /* dead, restarted or removed */
};

enum skw_link_priority { SKW_LINK_URGENT, SKW_LINK_SMALL, SKW_LINK_BULK };

struct skw_link_out {
	enum skw_link_event event;
	uint32_t peer; /* 0 for a SEND to somebody not known yet */
	struct skw_node_address address;
	struct skw_link_endpoint to;     /* SEND */
	enum skw_link_priority priority; /* SEND: what need not wait behind bulk */
	enum skw_link_type type;         /* MESSAGE */
	const uint8_t *data;
	size_t len;
};

struct skw_link_counters {
	uint64_t frames_in, frames_out;
	uint64_t garbage;        /* no frame of ours: type, length, index */
	uint64_t forged;         /* failed authentication */
	uint64_t replayed;       /* data frames seen before or too old */
	uint64_t handshakes_bad; /* forged, replayed, from strangers, or too many */
	uint64_t cookies;        /* asked for, in a flood of handshakes */
	uint64_t malformed;      /* authentic, but against the protocol */
	uint64_t unknown_types;  /* ignored, as the protocol says */
	uint64_t dropped;        /* no room to send */
	uint64_t retransmits;
};

struct skw_link_info {
	struct skw_node_address address;
	struct skw_link_endpoint endpoint;
	bool up;
	uint64_t up_since_us;
	uint64_t rtt_us; /* of reliable messages; 0: not measured yet */
	uint64_t bytes_in, bytes_out;
	uint64_t rekeys;
	size_t queued; /* reliable bytes not acknowledged */
};

struct skw_link;

struct skw_link *skw_link_new(const struct skw_link_config *config, uint64_t now_us);
void skw_link_free(struct skw_link *link);

/* Longest frame that a port takes, SKW_LINK_FRAME_MAX until told. Cells need all of it. */
enum skw_link_status skw_link_set_frame_max(struct skw_link *link, uint8_t port, size_t frame_max);

/* A neighbour whose key is known, by configuration or from its beacon: a handshake starts. Peers
 * are numbered from 1, at most SKW_LINK_PEERS_MAX; the same key gives the same number. */
enum skw_link_status skw_link_add_peer(struct skw_link *link,
				       const struct skw_node_address *address,
				       const struct skw_link_endpoint *at, uint64_t now_us,
				       uint32_t *peer);
enum skw_link_status skw_link_remove_peer(struct skw_link *link, uint32_t peer, uint64_t now_us);

/* A frame arrived. SKW_LINK_OK or SKW_LINK_DROPPED. */
enum skw_link_status skw_link_receive(struct skw_link *link, const struct skw_link_endpoint *from,
				      const uint8_t *frame, size_t len, uint64_t now_us);
enum skw_link_status skw_link_send(struct skw_link *link, uint32_t peer, enum skw_link_type type,
				   const uint8_t *data, size_t len, uint64_t now_us);

bool skw_link_poll(struct skw_link *link, struct skw_link_out *out);

/* When to call tick next; UINT64_MAX: never. */
uint64_t skw_link_next_timer(const struct skw_link *link);
void skw_link_tick(struct skw_link *link, uint64_t now_us);

/* NULL if there is no such peer. */
const struct skw_node_address *skw_link_address(const struct skw_link *link, uint32_t peer);
bool skw_link_info(const struct skw_link *link, uint32_t peer, struct skw_link_info *info);
/* The number of a peer that is up, and its info; 0 if it is not. */
uint32_t skw_link_peer_up(const struct skw_link *link, const struct skw_node_address *address,
			  struct skw_link_info *info);
const struct skw_link_counters *skw_link_counters(const struct skw_link *link);

#endif
