/* skw_onion - circuits: built hop by hop, each hop peels one layer and knows its two neighbours.
 *
 *   origin ==== relay ==== relay ==== destination      Noise NK with each, the destination too
 *     layers:  3     2          1                      per-hop ChaCha20, a nonce that shifts per
 * hop
 *
 * The same object is origin, relay and destination. Peers are those of skw_link. Outputs of the
 * kind SEND go to skw_link_send (SKW_LINK_CIRCUIT if `reliable`, else SKW_LINK_CELL); a refused
 * send is a lost cell. Who created a circuit on a link pays for its cells there, both ways.
 *
 * Poll until false after every call; an output lives until the next call.
 */
#ifndef SKW_ONION_H
#define SKW_ONION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_identity.h"
#include "onion/skw_cell.h"

#define SKW_ONION_HOPS_MAX 8u /* the destination counts */
#define SKW_ONION_PEERS_MAX 128u
#define SKW_ONION_QUEUE_RELAY 64u /* cells per circuit and direction */
#define SKW_ONION_QUEUE_OWN 8u    /* cells of a circuit that starts or ends here */
#define SKW_ONION_ROOM_ANY UINT32_MAX

struct skw_onion_config {
	const struct skw_identity *identity; /* outlives the onion */
	struct skw_random random;
	uint64_t price_per_mib; /* what relaying costs here, unless set per peer */
	bool no_relay;          /* refuse EXTEND: an end only */
	/* Zero takes the default. */
	uint32_t circuits_max; /* 16384 */
	uint32_t cells_max;    /* queued in all: 2048 */
	uint64_t build_us;     /* a hop not built by then fails the circuit: 30 s */
	uint64_t ping_us;      /* silence after which an origin asks for life: 60 s */
	uint64_t idle_us;      /* silence after which a relay forgets a circuit: 300 s */
};

enum skw_onion_status {
	SKW_ONION_OK,
	SKW_ONION_FULL,     /* queue, pool or table full: try again later */
	SKW_ONION_UNKNOWN,  /* no such circuit or peer, or it is not built */
	SKW_ONION_TOO_LONG, /* more than SKW_CELL_FULL_DATA bytes, or too many hops */
};

enum skw_onion_reason {
	SKW_ONION_CLOSED = 0,   /* asked for */
	SKW_ONION_NO_LINK = 1,  /* the next hop is no neighbour of the relay, or went down */
	SKW_ONION_PRICE = 2,    /* the offer leaves the relay less than its price */
	SKW_ONION_BUSY = 3,     /* no room */
	SKW_ONION_PROTOCOL = 4, /* a handshake or a cell was wrong */
	SKW_ONION_TIMEOUT = 5,
	SKW_ONION_TAMPERED = 6, /* a cell failed its MAC where it ended: somebody changed bits */
	SKW_ONION_NO_RELAY = 7,
};

enum skw_onion_event {
	SKW_ONION_SEND,         /* `data` to `peer` */
	SKW_ONION_DATA,         /* `data` came out of `circuit` */
	SKW_ONION_METER,        /* a cell to bill: `meter` */
	SKW_ONION_CIRCUIT_UP,   /* built as asked for */
	SKW_ONION_CIRCUIT_DOWN, /* `reason`; the handle is dead */
};

enum skw_onion_role { SKW_ONION_PAYER, SKW_ONION_PAYEE };

struct skw_onion_meter {
	enum skw_onion_role role; /* ours towards `peer` */
	bool sent;                /* else received */
	uint32_t bytes;           /* the cell as the link carries it: SKW_CELL_SMALL or _FULL */
	uint64_t price_per_mib;   /* droplets */
};

struct skw_onion_out {
	enum skw_onion_event event;
	uint32_t peer;    /* SEND, METER */
	uint32_t circuit; /* DATA, CIRCUIT_UP, CIRCUIT_DOWN */
	bool reliable;    /* SEND */
	enum skw_onion_reason reason;
	struct skw_onion_meter meter;
	const uint8_t *data;
	size_t len;
};

struct skw_onion_counters {
	uint64_t cells_in, cells_out, relayed;
	uint64_t malformed; /* size, command, circuit unknown */
	uint64_t replayed;  /* nonce seen before on this circuit */
	uint64_t tampered;  /* MAC wrong where the circuit ends */
	uint64_t refused;   /* circuits: price, no room, no link */
	uint64_t dropped;   /* cells: queue full, or too long in it */
};

/* For `skywave circuits`. The hops are known at the origin only; elsewhere hop_count is 0. */
struct skw_onion_info {
	uint32_t circuit;
	bool origin, end, built;       /* neither origin nor end: relayed */
	uint32_t prev_peer, next_peer; /* 0: none, it starts or ends here */
	uint64_t price_in, price_out;  /* offer on the link to prev and next */
	size_t hop_count;
	struct skw_node_address hops[SKW_ONION_HOPS_MAX];
	uint64_t since_us, rtt_us, cells_forward, cells_backward;
	size_t hops_built;
	uint64_t hop_us[SKW_ONION_HOPS_MAX]; /* how long each hop took to answer its handshake */
	uint64_t pongs;                      /* answers to skw_onion_ping; rtt_us is of the last */
};

struct skw_onion;

struct skw_onion *skw_onion_new(const struct skw_onion_config *config);
void skw_onion_free(struct skw_onion *onion);

void skw_onion_peer_up(struct skw_onion *onion, uint32_t peer,
		       const struct skw_node_address *address, uint64_t now_us);
/* Destroys the circuits through it. */
void skw_onion_peer_down(struct skw_onion *onion, uint32_t peer, uint64_t now_us);
/* How many more cells the port to this peer takes now; each SEND takes one. At first unbounded. */
void skw_onion_set_room(struct skw_onion *onion, uint32_t peer, uint32_t cells);
/* While not allowed, cells of relayed circuits that this peer pays for wait, then are dropped. */
void skw_onion_set_admission(struct skw_onion *onion, uint32_t peer, bool allowed);
/* Own price for relaying on to this peer; until told, that of the configuration. */
void skw_onion_set_price(struct skw_onion *onion, uint32_t peer, uint64_t price_per_mib);

/* A message of SKW_LINK_CELL or SKW_LINK_CIRCUIT. */
void skw_onion_receive(struct skw_onion *onion, uint32_t peer, const uint8_t *cell, size_t len,
		       uint64_t now_us);

/* Builds hops[0] .. hops[count - 1]; hops[0] must be a peer that is up. offer[i] is what the
 * creator of hop i pays it per MiB. CIRCUIT_UP or CIRCUIT_DOWN follows. */
enum skw_onion_status skw_onion_build(struct skw_onion *onion, const struct skw_node_address *hops,
				      const uint64_t *offer, size_t count, uint64_t now_us,
				      uint32_t *circuit);
/* From origin to destination or back; up to SKW_CELL_FULL_DATA bytes. */
enum skw_onion_status skw_onion_send(struct skw_onion *onion, uint32_t circuit, const uint8_t *data,
				     size_t len, uint64_t now_us);
/* Origin: asks the end of a built circuit for an answer, one at a time; skw_onion_info counts
 * them. SKW_ONION_FULL: an earlier one is on its way. */
enum skw_onion_status skw_onion_ping(struct skw_onion *onion, uint32_t circuit, uint64_t now_us);
/* Origin: one more over the same hops, at the same offers. */
enum skw_onion_status skw_onion_build_again(struct skw_onion *onion, uint32_t circuit,
					    uint64_t now_us, uint32_t *again);
/* How many cells send would take now. */
uint32_t skw_onion_room(const struct skw_onion *onion, uint32_t circuit);
void skw_onion_destroy(struct skw_onion *onion, uint32_t circuit, uint64_t now_us);

bool skw_onion_poll(struct skw_onion *onion, struct skw_onion_out *out);
uint64_t skw_onion_next_timer(const struct skw_onion *onion);
void skw_onion_tick(struct skw_onion *onion, uint64_t now_us);

/* Walks the circuits: start with *cursor = 0; false at the end. */
bool skw_onion_next(const struct skw_onion *onion, uint32_t *cursor, struct skw_onion_info *info);
const struct skw_onion_counters *skw_onion_counters(const struct skw_onion *onion);
const char *skw_onion_reason_text(enum skw_onion_reason reason);

#endif
