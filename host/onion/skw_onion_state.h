/* skw_onion_state - what the files of the onion share. Nobody else includes it. */
#ifndef SKW_ONION_STATE_H
#define SKW_ONION_STATE_H

#include "keys/skw_replay.h"
#include "onion/skw_codel.h"
#include "onion/skw_hop.h"
#include "onion/skw_onion.h"
#include "wire/skw_set.h"

enum { CMD_CREATE = 1, CMD_CREATED = 2, CMD_RELAY = 3, CMD_DESTROY = 4, CMD_RELAY_SURE = 5 };
enum { KIND_EXTEND = 1, KIND_EXTENDED = 2, KIND_DATA = 3, KIND_PING = 4, KIND_PONG = 5 };

#define CREATE_PAYLOAD 16u /* offer, first backward nonce */
#define CREATE_MESSAGE (SKW_NOISE_NK_1 + CREATE_PAYLOAD)
#define CREATED_MESSAGE SKW_NOISE_NK_2
#define HOP_SPACE 40u        /* each hop numbers its own cells in a space of 2^40 */
#define CONTROL_RESERVE 128u /* cells that bulk may not take */
#define SCAN_US 1000000u
#define NONE UINT32_MAX

enum side { PREV, NEXT }; /* towards the origin, towards the end */

struct cell {
	uint32_t next;
	uint32_t peer; /* control cells only */
	uint64_t queued_us;
	uint16_t len;
	uint8_t data[SKW_CELL_FULL];
};

struct list {
	uint32_t head, tail, count;
};

struct end { /* one side of a circuit; unused: peer 0 */
	uint32_t peer, id;
	uint64_t offer;
	struct list queue; /* cells that wait to go there */
	bool active;       /* queued at the peer */
	struct skw_codel codel;
	uint32_t next_active, next_hash;
};

/* What only the origin knows. */
struct origin {
	struct skw_node_address hops[SKW_ONION_HOPS_MAX];
	uint64_t offers[SKW_ONION_HOPS_MAX];
	struct skw_hop keys[SKW_ONION_HOPS_MAX];
	size_t count, built;
	struct skw_noise noise; /* with hop number `built` */
	uint64_t step_us;       /* when that began */
	uint64_t backward_base;
	uint64_t ping_us; /* sent and not answered; 0: none */
	uint64_t pongs;
	uint64_t hop_us[SKW_ONION_HOPS_MAX]; /* of each handshake: question to answer */
};

struct circuit {
	bool used, dead, told; /* told: the user of the onion has seen the handle */
	bool built;            /* origin: all hops; else: the end there is, or next is ready */
	bool say_up;
	bool listed;
	uint16_t generation;
	enum skw_onion_reason reason;
	struct end ends[2];
	struct skw_hop hop;        /* relay and destination */
	struct skw_replay seen[2]; /* nonces that came from that side */
	uint64_t nonce;            /* of the next cell of our own */
	struct origin *origin;
	uint64_t since_us, last_us, rtt_us, cells[2];
	uint32_t next_event;
};

struct onion_peer {
	bool up, admitted;
	struct skw_node_address address;
	uint32_t room;
	uint64_t price;
	uint32_t active_head, active_tail; /* ends with cells to send, as references */
	uint32_t circuits;                 /* that it created */
};

struct skw_onion {
	struct skw_onion_config config;
	uint64_t now_us, scan_us;
	struct onion_peer peers[SKW_ONION_PEERS_MAX + 1]; /* 0 is nobody */
	struct circuit *circuits;
	uint32_t used, circuits_made; /* those past it were never used: nobody looks there */
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint64_t hash_key;
	struct cell *cells;
	uint32_t cells_made; /* those past it were never used, and have no memory yet */
	struct list free, control, free_circuits;
	uint32_t turn;          /* the peer whose turn it is */
	struct skw_set waiting; /* n - 1: peer n has active ends */
	uint32_t event_head, event_tail;
	bool data_due, meter_in_due, meter_out_due;
	uint32_t data_circuit, meter_in_peer, meter_out_peer;
	struct skw_onion_meter meter_in, meter_out;
	size_t data_at, data_len;
	uint8_t inbox[SKW_CELL_FULL];
	struct cell *lent; /* the one that was polled last */
	struct skw_onion_counters counters;
};

/* skw_onion_circuit.c: the table, the queues */
uint32_t circuit_handle(const struct skw_onion *o, const struct circuit *c);
struct circuit *circuit_of(const struct skw_onion *o, uint32_t handle);
struct circuit *circuit_new(struct skw_onion *o);
void circuit_free(struct skw_onion *o, struct circuit *c);
void circuit_attach(struct skw_onion *o, struct circuit *c, enum side side, uint32_t peer,
		    uint32_t id, uint64_t offer);
struct circuit *circuit_find(const struct skw_onion *o, uint32_t peer, uint32_t id,
			     enum side *side);
/* Tells the neighbours that are left (all but `quiet`, which is 0 or a peer), and the user. */
void circuit_kill(struct skw_onion *o, struct circuit *c, enum skw_onion_reason reason,
		  uint32_t quiet);
void circuit_event(struct skw_onion *o, struct circuit *c);
bool circuit_relays(const struct circuit *c);
void circuit_wake(struct skw_onion *o, struct circuit *c);

/* Free ones, and those that were never used. */
uint32_t cells_left(const struct skw_onion *o);
struct cell *cell_new(struct skw_onion *o, bool control);
/* Puts it at the end of a queue; the cell is gone either way. False: there was no room. */
bool cell_queue(struct skw_onion *o, struct circuit *c, enum side side, struct cell *cell);
void cell_send_control(struct skw_onion *o, uint32_t peer, struct cell *cell);
bool cell_next(struct skw_onion *o, struct cell **cell, uint32_t *peer, struct circuit **c,
	       enum side *side);
void cell_free(struct skw_onion *o, struct cell *cell);

/* skw_onion_build.c */
void onion_on_create(struct skw_onion *o, uint32_t peer, const uint8_t *cell);
void onion_on_created(struct skw_onion *o, struct circuit *c, const uint8_t *cell);
void onion_on_extend(struct skw_onion *o, struct circuit *c, const uint8_t *data, size_t len);
void onion_on_extended(struct skw_onion *o, struct circuit *c, const uint8_t *data, size_t len);

/* skw_onion_relay.c */
void onion_put_header(uint8_t *cell, uint32_t id, uint8_t command, uint64_t nonce);
void onion_on_relay(struct skw_onion *o, struct circuit *c, enum side from, const uint8_t *cell,
		    size_t len);
/* A cell of our own: to the end if we are the origin (or to hop `hop`), else to the origin. */
bool onion_speak(struct skw_onion *o, struct circuit *c, size_t hop, uint8_t kind,
		 const uint8_t *data, size_t len);

#endif
