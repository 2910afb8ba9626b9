/* skw_bbr - how much, and how fast, one path takes: a model of it, after BBR.
 *
 *   rate     the most that was delivered per second, over ten round trips
 *   min_rtt  the least round trip, over ten seconds
 *   window   6/5 of their product, and what acknowledgements hold back; packets leave paced
 *   shared   a queue that stays although less is sent is that of others: then 14 packets wait in
 *            it, whoever they belong to, so that all get the same; the pace only follows
 *
 * Not NewReno: at 1 % of loss and 100 ms that holds 1.2 packets / sqrt(0.01) = 12 in flight, 1.3
 * Mb/s of a line of 10. Loss says little on a path of radios; what it says is heard: more than
 * SKW_BBR_LOSS_PERCENT in a round trip lowers the window towards one product.
 *
 * Sizes are bytes of packets, rates bytes a second. What was sent and what is lost is the
 * session's to know.
 */
#ifndef SKW_BBR_H
#define SKW_BBR_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_BBR_ROUNDS 10u
#define SKW_BBR_LOSS_PERCENT 5u
#define SKW_BBR_BURST_US 1000u /* a sender may be as much ahead of its pace */

enum skw_bbr_mode { SKW_BBR_STARTUP, SKW_BBR_DRAIN, SKW_BBR_PROBE };

struct skw_bbr_packet { /* kept with each packet in flight */
	uint64_t sent_us, delivered, delivered_us, first_sent_us;
	bool app_limited;
};

struct skw_bbr {
	enum skw_bbr_mode mode;
	uint64_t cwnd, in_flight;
	uint64_t delivered, delivered_us, first_sent_us, app_limited_until;
	uint64_t round, round_ends;       /* counted in `delivered` */
	uint64_t rates[SKW_BBR_ROUNDS];   /* the best of each */
	uint64_t round_acked, round_lost; /* in this round */
	uint64_t full_rate;
	unsigned full_rounds;
	uint64_t min_rtt_us;                      /* what is believed of the way */
	uint64_t low_rtt_us, low_at_us;           /* the least since the last dip, and when */
	uint64_t dip_until_us, dip_cwnd;          /* little is sent until then; the window before */
	uint64_t round_rtt_us;                    /* the least of this round; */
	uint64_t rounds_least_us, rounds_most_us; /* of those before a dip */
	/* Acknowledgements come in bunches: what came beyond `rate`, the most of each round. */
	uint64_t bunch_us, bunch_acked, bunches[SKW_BBR_ROUNDS];
	unsigned phase;
	uint64_t probe_rate; /* when the phase began */
	uint64_t phase_us;
	/* A queue at the end of a probe: less is kept under way, and if it stays it is others'. */
	bool looking, shared, joined;
	uint64_t rtt_us, queue_us;     /* the last; and at the end of the probe */
	uint64_t peak, look_in_flight; /* the most in flight in this phase, and then */
	uint64_t look_rtt_us;          /* the least since this phase began */
	uint64_t high;                 /* what loss lowered the window to */
	uint64_t next_us;              /* the next packet leaves then */
	uint64_t busy_us;              /* the line has then taken all that was sent, at `rate` */
	bool measured; /* this round: some rate that the path, not the user, limited */
	bool lossy;    /* the last round lost too much */
};

void skw_bbr_init(struct skw_bbr *b);
uint64_t skw_bbr_rate(const struct skw_bbr *b); /* 0: not known yet */
/* When the next packet may leave, by pace; the window is the caller's to compare. */
uint64_t skw_bbr_next_us(const struct skw_bbr *b);
/* How long what leaves now waits on its way behind what left before, as far as one can know. */
uint64_t skw_bbr_queue_us(const struct skw_bbr *b, uint64_t now_us);
void skw_bbr_on_sent(struct skw_bbr *b, struct skw_bbr_packet *packet, uint64_t size,
		     uint64_t now_us);
/* There was room and nothing to send: the rates to come are no measure of the path. */
void skw_bbr_on_idle(struct skw_bbr *b);
void skw_bbr_on_acked(struct skw_bbr *b, const struct skw_bbr_packet *packet, uint64_t size,
		      uint64_t now_us);
/* The round trip of the packet that an acknowledgement was about. */
void skw_bbr_on_rtt(struct skw_bbr *b, uint64_t rtt_us, uint64_t now_us);
/* `counts`: by congestion, as far as one can know. */
void skw_bbr_on_lost(struct skw_bbr *b, uint64_t size, bool counts);

#endif
