/* skw_mac_state - the MAC's memory, shared by the files of this room and by nobody else.
 *
 *   skw_mac.c        life, queues, poll, timer, display
 *   skw_mac_input.c  what is heard, and what became of what was sent
 *   skw_mac_plan.c   what goes into the next PSDU, and when it starts
 */
#ifndef SKW_MAC_STATE_H
#define SKW_MAC_STATE_H

#include "mac/skw_mac.h"
#include "mac/skw_mac_rate.h"

enum {
	SKW_MAC_CLASSES = 2,
	SKW_MAC_QUEUE = 64, /* frames waiting, a class: more than a slot carries, less than a second
			       of any link */
	SKW_MAC_SENT = 128, /* PSDUs whose fate may still be reported */
};

struct skw_mac_queue {
	uint32_t head, tail; /* of frames ever taken and put; the difference waits */
	struct {
		uint16_t len;
		uint8_t data[SKW_MAC_MTU];
	} frame[SKW_MAC_QUEUE];
};

struct skw_mac_peer {
	bool used;    /* the entry is taken: alive, or its end not told yet */
	bool alive;   /* heard lately; a neighbour once view.epoch is not 0 */
	bool told_up; /* the user knows of it */
	bool tell_down;
	bool ack_due;
	uint32_t own_epoch; /* ours in the stream with it */
	struct skw_mac_neighbour view;
	struct skw_mac_rate rate;
	struct skw_mac_queue queue[SKW_MAC_CLASSES];
	struct skw_mac_arq_tx tx;
	struct skw_mac_arq_rx rx;
};

struct skw_mac_sent {
	uint32_t tag; /* 0: nothing to remember */
	bool beacon, ack;
	uint8_t peer;
	uint32_t peer_epoch;
};

struct skw_mac {
	struct skw_mac_config config;
	struct skw_mac_addr addr;
	uint16_t sequence;
	uint32_t tag;
	uint32_t
	    losses; /* neighbours that went down: each begins our next streams with another epoch */
	uint64_t tx_free_ns;  /* when the last planned PSDU, and the gap after it, end */
	uint64_t blocked_ns;  /* what waits did not fit: nothing is planned before */
	uint64_t beacon_at;   /* when the next one is due */
	uint64_t beacon_last; /* when the last one was planned for */
	unsigned turn;        /* whose turn it is to be sent to */
	struct skw_mac_sent sent[SKW_MAC_SENT];
	struct skw_mac_counters count;
	uint8_t psdu[SKW_PSDU_MAX];
	struct skw_mac_peer peer[SKW_MAC_NEIGHBOURS_MAX];
};

struct skw_mac_peer *skw_mac_find(struct skw_mac *mac, const struct skw_mac_addr *addr);
/* Drops what waits and begins both streams anew. */
void skw_mac_peer_reset(struct skw_mac *mac, struct skw_mac_peer *p);
/* Each has heard the other. */
bool skw_mac_is_up(const struct skw_mac_peer *p);
unsigned skw_mac_waiting(const struct skw_mac_peer *p);
/* A beacon as soon as the last one is a superframe old: someone needs to hear of us. */
void skw_mac_beacon_soon(struct skw_mac *mac, uint64_t now_ns);

/* At which rate data leaves for it; a slot holds the largest frame at it. */
uint8_t skw_mac_rate_to(const struct skw_mac *mac, const struct skw_mac_peer *p);

/* The next PSDU to commit at `now_ns`, if any. */
bool skw_mac_plan(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_output *out);
/* When skw_mac_plan would have something if nothing else happens. */
uint64_t skw_mac_plan_at(const struct skw_mac *mac, uint64_t now_ns);

#endif
