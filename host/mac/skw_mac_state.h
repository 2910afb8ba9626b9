/* skw_mac_state - the MAC's memory, shared by the files of this room and by nobody else.
 *
 *   skw_mac.c        life, queues, poll, timer, display
 *   skw_mac_input.c  what is heard, and what became of what was sent
 *   skw_mac_plan.c   what goes into the next PSDU, and when it starts
 *   skw_mac_claim.c  which slots are ours
 */
#ifndef SKW_MAC_STATE_H
#define SKW_MAC_STATE_H

#include "mac/skw_mac.h"
#include "mac/skw_mac_clock.h"
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
	bool in_time; /* its common time is ours, within the guard: its slots are what they say */
	uint32_t own_epoch; /* ours in the stream with it */
	struct skw_mac_neighbour view;
	struct skw_mac_sight clock;
	struct skw_mac_heard around[SKW_MAC_HEARD_MAX]; /* whom it hears, but for us */
	unsigned around_count;
	unsigned clashes;           /* beacons of its in a row that show our slots as another's */
	unsigned unheard, patience; /* beacons of its in a row that do not name us; until we move */
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
	uint64_t ahead_ns;       /* common time - device time, as our beacons tell it */
	uint64_t slots_ahead_ns; /* the same, as our slots are counted: leaps are told before they
				    are made */
	unsigned leap_beacons;   /* until that becomes ahead_ns */
	uint32_t slot_mask;      /* our slots; 0: none yet */
	bool claims;             /* they are claimed, not configured */
	uint64_t claim_at;       /* while there are none: when to claim one */
	uint32_t random;
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

/* Our slots are those configured, or what is claimed from now on. */
void skw_mac_claim_begin(struct skw_mac *mac, uint64_t now_ns);
/* Claims a slot if there is none and it is time. */
void skw_mac_claim_due(struct skw_mac *mac, uint64_t now_ns);
/* A beacon of p, whose slots are in its view: keeps whom it hears, leaves what is another's. */
void skw_mac_claim_heard(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_peer *p,
			 const struct skw_mac_beacon *b);
/* After a beacon of ours: takes one slot more, or gives one back. */
void skw_mac_claim_share(struct skw_mac *mac, uint64_t now_ns);
/* From one beacon to the next. */
uint64_t skw_mac_claim_interval(struct skw_mac *mac);

/* At which rate data leaves for it; a slot holds the largest frame at it. */
uint8_t skw_mac_rate_to(const struct skw_mac *mac, const struct skw_mac_peer *p);

/* The next PSDU to commit at `now_ns`, if any. */
bool skw_mac_plan(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_output *out);
/* When skw_mac_plan would have something if nothing else happens. */
uint64_t skw_mac_plan_at(const struct skw_mac *mac, uint64_t now_ns);

#endif
