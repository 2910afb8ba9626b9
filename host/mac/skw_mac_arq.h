/* skw_mac_arq - selective repeat for one direction of one neighbour: in order, once each.
 *
 *   push -> [ tx window ] -> next ))) slots ((( accept -> [ rx window ] -> pop
 *                 ^---- on_ack <-- slots <-- ack ----------------'
 *
 * A window is the next SKW_MAC_WINDOW numbers not delivered yet: the number it starts at and a
 * bitmap whose bit i stands for start + i. One radio sends its frames one after another and none
 * overtakes, so an acknowledgement of a frame sent later proves that an earlier one was lost: it is
 * due again at once. All others wait until the neighbour had its slot to answer in.
 */
#ifndef SKW_MAC_ARQ_H
#define SKW_MAC_ARQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_MAC_WINDOW 128u /* two slots of 4 ms at 54 Mb/s in frames of 512 bytes */
#define SKW_MAC_MTU 1500u   /* bytes of one link frame */

enum skw_arq_status {
	SKW_ARQ_OK,
	SKW_ARQ_FULL,      /* push: the window is full, wait for an ack */
	SKW_ARQ_TOO_LONG,  /* over SKW_MAC_MTU */
	SKW_ARQ_DUPLICATE, /* accept: had it already; the ack was lost, send it again */
	SKW_ARQ_AHEAD,     /* accept: beyond the window; the sender is broken or hostile */
};

/* What a receiver has: all before `start`, and start + i for each bit i of `held`. */
struct skw_mac_ack {
	uint16_t start;
	uint64_t held[SKW_MAC_WINDOW / 64];
};

struct skw_mac_packet {
	uint64_t resend_ns; /* when it is due (again) */
	uint64_t
	    order;    /* of its last transmission among all of this window; 0: not on the air yet */
	uint32_t tag; /* of the PSDU that carried it last */
	uint16_t tries; /* transmissions so far */
	uint16_t len;
	uint8_t data[SKW_MAC_MTU];
};

struct skw_mac_arq_tx {
	uint16_t start; /* oldest packet not known to be delivered */
	uint16_t end;   /* number of the next push */
	uint64_t acked[SKW_MAC_WINDOW / 64];
	uint64_t order; /* of the last transmission */
	struct skw_mac_packet window[SKW_MAC_WINDOW];
};

struct skw_mac_arq_rx {
	struct skw_mac_ack have;
	uint16_t len[SKW_MAC_WINDOW];
	uint8_t data[SKW_MAC_WINDOW][SKW_MAC_MTU];
};

/* Both ends start at number 0. */
void skw_arq_tx_reset(struct skw_mac_arq_tx *tx);
void skw_arq_rx_reset(struct skw_mac_arq_rx *rx);

/* Copies one packet into the window, due at once. */
enum skw_arq_status skw_arq_push(struct skw_mac_arq_tx *tx, const uint8_t *data, size_t len);
bool skw_arq_full(const struct skw_mac_arq_tx *tx);

/* The oldest packet due at `now_ns`, NULL if none; *seq is its number. */
const struct skw_mac_packet *skw_arq_due(const struct skw_mac_arq_tx *tx, uint64_t now_ns,
					 uint16_t *seq);
/* It was put into PSDU `tag` and, unless it is heard of, is due again at `resend_ns`. Returns true
 * if it was sent before. */
bool skw_arq_sent(struct skw_mac_arq_tx *tx, uint16_t seq, uint32_t tag, uint64_t resend_ns);
/* When the next packet not acknowledged falls due; UINT64_MAX if all are acknowledged. */
uint64_t skw_arq_next_due(const struct skw_mac_arq_tx *tx);

/* Takes an ack off the air. One from before the window, or never earned, is ignored. */
void skw_arq_on_ack(struct skw_mac_arq_tx *tx, const struct skw_mac_ack *ack);
/* PSDU `tag` never left the antenna: its packets are due at once, and it does not count as a try.
 */
void skw_arq_on_unsent(struct skw_mac_arq_tx *tx, uint32_t tag);

enum skw_arq_status skw_arq_accept(struct skw_mac_arq_rx *rx, uint16_t seq, const uint8_t *data,
				   size_t len);
bool skw_arq_ready(const struct skw_mac_arq_rx *rx);
/* Lends the next packet in order until the next call with this window; false while it is missing.
 */
bool skw_arq_pop(struct skw_mac_arq_rx *rx, const uint8_t **data, size_t *len);

#endif
