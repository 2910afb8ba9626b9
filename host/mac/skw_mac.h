/* skw_mac - time slots, beacons and reliable link frames over a frame stream.
 *
 *      link frames            PSDUs with a start time
 *   send ----> [ queues, ARQ ] ----> poll: TX  ))) device (((
 *   poll: DELIVER <---- [ ARQ ] <---- on_rx
 *
 * Every PSDU starts and ends inside a slot of our own; slot k of superframe n begins at (n*slots +
 * k)*slot_ns of the common time, which is the device's and what skw_mac_clock.h adds to it. All
 * else here is DEVICE time, in nanoseconds. A slot is filled
 * `lead_ns` before it begins, and during it as long as the lead and the frame still fit; with
 * nothing to say it stays silent.
 *
 * A neighbour is up when each of the two has heard the other. Link frames to it arrive in order
 * and once each, as long as both stay neighbours: there is no limit on retransmissions. One that
 * falls silent, or no longer hears us, goes down and what waited for it is dropped; so is what
 * waited for one that started anew (another epoch): it is reported down, then up, since its links
 * are gone. Nothing here is secret or authentic: whoever can transmit can disturb. Trust begins in
 * the link.
 */
#ifndef SKW_MAC_H
#define SKW_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mac/skw_mac_frame.h"
#include "mac/skw_slots.h"
#include "wire/skw_frame.h"

#define SKW_MAC_NEIGHBOURS_MAX 16u

enum skw_mac_status {
	SKW_MAC_OK,
	SKW_MAC_FULL,     /* send: the queue of that neighbour and class is full, wait */
	SKW_MAC_TOO_LONG, /* send: over SKW_MAC_MTU, or empty */
	SKW_MAC_UNKNOWN,  /* send: no such neighbour (any more) */
	SKW_MAC_CONFIG,   /* new: rate, bandwidth, plan or lead out of range */
	SKW_MAC_MEMORY,   /* new: out of memory */
};

/* Small frames first: control, handshakes, acknowledgements of upper layers; then bulk. */
enum skw_mac_class { SKW_MAC_URGENT, SKW_MAC_BULK };

struct skw_mac_config {
	uint8_t key[SKW_MAC_KEY]; /* our node's public key */
	uint32_t epoch;           /* random and not 0, new at every start */
	struct skw_slots plan;
	uint32_t slot_mask;     /* bit k: slot k is ours; 0: slots are claimed */
	unsigned bandwidth_mhz; /* 5, 10 or 20 */
	uint8_t data_rate_mbps; /* as on a 20 MHz channel; 0: by neighbour, as it hears us */
	uint8_t ack_rate_mbps;  /* of a PSDU with acknowledgements only */
	int16_t power_cdb;      /* relative to full scale, <= 0 */
	uint64_t lead_ns;   /* from the decision to the first sample: latency of host and device */
	uint64_t gap_ns;    /* between PSDUs of one slot */
	uint64_t beacon_ns; /* interval of beacons, at most; at least 3/4 of it */
	uint64_t neighbour_timeout_ns; /* silence after which a neighbour is down */
};

/* 4 slots of 4 ms with 100 us of guard, slot 0 ours, 20 MHz, data at 24 Mb/s, acks at 6, lead 3 ms,
 * gap 16 us, a beacon each 500 ms, down after 5 s. Key and epoch are the caller's to set. */
struct skw_mac_config skw_mac_config_default(void);

struct skw_mac;

/* What became of a PSDU. */
enum skw_mac_tx_result {
	SKW_MAC_TX_SENT,
	SKW_MAC_TX_LATE,
	SKW_MAC_TX_UNDERRUN,
	SKW_MAC_TX_REFUSED
};

enum skw_mac_output_type {
	SKW_MAC_TX,      /* give this PSDU to the device */
	SKW_MAC_DELIVER, /* a link frame from a neighbour */
	SKW_MAC_UP,      /* a new neighbour */
	SKW_MAC_DOWN,    /* it is gone or was started anew */
};

struct skw_mac_output {
	enum skw_mac_output_type type;
	/* DELIVER: the sender; UP, DOWN: the neighbour */
	struct skw_mac_addr addr;
	uint8_t key[SKW_MAC_KEY]; /* UP, DOWN and DELIVER */
	int16_t snr_cdb;          /* UP */
	int32_t cfo_hz;           /* UP */
	/* TX: descriptor, and `time_ns` of the first sample; `data` lacks the FCS, which the device
	 * appends */
	struct skw_frame_tx tx;
	uint64_t time_ns;
	/* TX: the PSDU; DELIVER: the link frame. Valid until the next call to this MAC */
	const uint8_t *data;
	size_t len;
};

struct skw_mac_counters {
	uint64_t tx_psdus, tx_bytes, tx_airtime_ns, tx_beacons, tx_frames, tx_repeats, tx_late;
	uint64_t rx_psdus, rx_bytes, rx_beacons, rx_frames, rx_duplicates;
	uint64_t rx_fcs_bad;     /* damaged on the way */
	uint64_t rx_foreign;     /* not ours: another protocol, or not for us */
	uint64_t rx_malformed;   /* our envelope with broken contents */
	uint64_t rx_unknown;     /* from no neighbour of ours, or for an earlier epoch of ours */
	uint64_t rx_skipped;     /* elements of unknown type */
	uint64_t rx_ahead;       /* beyond the window */
	uint64_t plan_mismatch;  /* beacons with another slot plan: not a neighbour */
	uint64_t clock_steps;    /* ours went forward to a neighbour's */
	uint64_t slot_claims;    /* slots taken when there was none; more than 1: others had them */
	uint64_t slots_full;     /* there was none to take */
	uint64_t slot_conflicts; /* beacons of someone who uses our slot, near or two hops away */
	uint64_t neighbours_over; /* no room in the table */
	uint64_t dropped_frames;  /* waited for a neighbour that went down */
};

struct skw_mac_neighbour {
	struct skw_mac_addr addr;
	uint8_t key[SKW_MAC_KEY];
	uint32_t epoch; /* its, in its stream with us */
	uint32_t slot_mask;
	uint64_t heard_ns; /* device time of the last PSDU from it */
	int32_t way_ns;    /* of the wave and through both devices; -1 until it is known */
	int16_t rssi_cdb, snr_cdb;
	int32_t cfo_hz;
	bool hears_us; /* its last beacon names us: only then it is a neighbour to send to */
	unsigned queued, in_flight; /* link frames */
	uint64_t tx_frames, tx_repeats, rx_frames;
	uint8_t rate_mbps;     /* at which data leaves for it */
	int16_t snr_there_cdb; /* as it hears us; 0 until it has said so */
};

enum skw_mac_status skw_mac_new(struct skw_mac **mac, const struct skw_mac_config *config,
				uint64_t now_ns);
void skw_mac_free(struct skw_mac *mac);
struct skw_mac_addr skw_mac_own_addr(const struct skw_mac *mac);

/* Copies a link frame of 1..SKW_MAC_MTU bytes into the queue of a neighbour. */
enum skw_mac_status skw_mac_send(struct skw_mac *mac, const struct skw_mac_addr *dst,
				 enum skw_mac_class class, const uint8_t *data, size_t len);
/* How many more frames of the class the queue of `dst` takes; 0 for an unknown one. */
unsigned skw_mac_can_send(const struct skw_mac *mac, const struct skw_mac_addr *dst,
			  enum skw_mac_class class);

/* A PSDU from the device with its FCS; `time_ns` is that of its first sample. */
void skw_mac_on_rx(struct skw_mac *mac, uint64_t now_ns, const struct skw_frame_rx *rx,
		   uint64_t time_ns, const uint8_t *psdu, size_t len);
/* What became of a PSDU, by its tag; also called with _LATE or _REFUSED when the device did not
 * take it. */
void skw_mac_on_tx_status(struct skw_mac *mac, uint64_t now_ns, uint32_t tag,
			  enum skw_mac_tx_result result);

/* The next output; false if there is none at `now_ns`. Call until false after every input and
 * timer. */
bool skw_mac_poll(struct skw_mac *mac, uint64_t now_ns, struct skw_mac_output *out);
/* Device time of the next poll if nothing else happens; never UINT64_MAX: beacons, or claims for
 * want of a slot, recur. */
uint64_t skw_mac_next_timer(const struct skw_mac *mac, uint64_t now_ns);

/* Our slots, bit k for slot k; 0 while none is claimed. */
uint32_t skw_mac_slots(const struct skw_mac *mac);
/* How far the common time is ahead of the device's, modulo 2^64. */
uint64_t skw_mac_ahead(const struct skw_mac *mac);

const struct skw_mac_counters *skw_mac_counters(const struct skw_mac *mac);
/* Neighbour number i, 0..; false past the last. */
bool skw_mac_neighbour(const struct skw_mac *mac, unsigned i, struct skw_mac_neighbour *out);

#endif
