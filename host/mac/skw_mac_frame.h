/* skw_mac_frame - what stands in a PSDU (docs/air-protocol.md).
 *
 *   802.11 data header, LLC/SNAP | version, source epoch, destination epoch | element, element, ...
 * | FCS
 *
 * The FCS is the device's. Decoding refuses whatever is not exactly this; elements of unknown type
 * are the caller's to skip.
 */
#ifndef SKW_MAC_FRAME_H
#define SKW_MAC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mac/skw_mac_arq.h"
#include "mac/skw_mac_clock.h"
#include "wire/skw_cursor.h"

#define SKW_MAC_ADDR 6u
#define SKW_MAC_KEY 32u
#define SKW_MAC_VERSION 1u
#define SKW_MAC_ETHERTYPE 0x88B5u /* IEEE 802, local experimental */
#define SKW_MAC_HEADER 41u        /* bytes before the first element: 24 + 8 + 9 */
#define SKW_MAC_ELEMENT 3u        /* type and length of an element */
#define SKW_MAC_HEARD_MAX 16u     /* neighbours listed in a beacon */
#define SKW_MAC_BEACON_LEN 58u    /* one that lists nobody */
#define SKW_MAC_HEARD_LEN 22u
#define SKW_MAC_BEACON_MAX (SKW_MAC_BEACON_LEN + SKW_MAC_HEARD_MAX * SKW_MAC_HEARD_LEN)
#define SKW_MAC_ACK_LEN (2u + SKW_MAC_WINDOW / 8u)

enum skw_mac_element {
	SKW_MAC_EL_BEACON = 1,
	SKW_MAC_EL_DATA = 2, /* u16 sequence, link frame */
	SKW_MAC_EL_ACK = 3,  /* u16 start, bitmap */
};

struct skw_mac_addr {
	uint8_t b[SKW_MAC_ADDR];
};

struct skw_mac_envelope {
	struct skw_mac_addr dst, src;
	uint16_t sequence; /* 12 bits of the 802.11 sequence control */
	uint32_t
	    src_epoch; /* of the sender, in its stream with this receiver; to all: of its start */
	uint32_t dst_epoch; /* of the receiver, as far as the sender knows; 0 to all */
};

struct skw_mac_heard {
	struct skw_mac_addr addr;
	uint32_t slot_mask;
	int16_t snr_cdb;
	uint32_t epoch; /* of the sender of the beacon, in its stream with this neighbour */
	struct skw_mac_sight_told clock; /* how the sender sees its clock */
};

struct skw_mac_beacon {
	uint8_t key[SKW_MAC_KEY];
	uint8_t slots;
	uint32_t slot_ns;
	uint32_t slot_mask;
	uint64_t time_ns; /* the sender's device time of the first sample of this PSDU */
	uint64_t
	    ahead_ns; /* of its common time; with time_ns, modulo 2^64, at most SKW_MAC_TIME_MAX */
	uint8_t heard_count;
	struct skw_mac_heard heard[SKW_MAC_HEARD_MAX];
};

extern const struct skw_mac_addr skw_mac_broadcast;

bool skw_mac_addr_equal(const struct skw_mac_addr *a, const struct skw_mac_addr *b);
/* The first six bytes of BLAKE2b-128(key), marked as locally administered and individual. */
struct skw_mac_addr skw_mac_addr_of(const uint8_t key[SKW_MAC_KEY]);

void skw_mac_put_envelope(struct skw_writer *w, const struct skw_mac_envelope *e);
/* Reads up to the first element; false if this is no PSDU of ours. `r` is without the FCS. */
bool skw_mac_get_envelope(struct skw_reader *r, struct skw_mac_envelope *e);

void skw_mac_put_element(struct skw_writer *w, enum skw_mac_element type, size_t len);
/* The next element; false at the end, with r->ok telling whether it was a clean end. */
bool skw_mac_get_element(struct skw_reader *r, uint8_t *type, struct skw_reader *body);

void skw_mac_put_beacon(struct skw_writer *w,
			const struct skw_mac_beacon *b); /* element and body */
bool skw_mac_get_beacon(struct skw_reader *body, struct skw_mac_beacon *b);
void skw_mac_put_ack(struct skw_writer *w, const struct skw_mac_ack *a); /* element and body */
bool skw_mac_get_ack(struct skw_reader *body, struct skw_mac_ack *a);

#endif
