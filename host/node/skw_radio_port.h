/* skw_radio_port - one SoapySDR device, seen from the loop as a frame stream
 * (docs/frame-stream.md).
 *
 *   loop  -- send -->  [ ring ] --> thread --> skw_frames_write
 *         <-- poll --  [ ring ] <-- thread <-- skw_frames_read, _status, _now
 *
 * A thread owns the device, since SoapySDR blocks. The loop and the thread share two rings and the
 * last device time; nothing in either waits for the other. A full ring towards the loop leaves
 * frames in the device, which drops and counts whole frames; a full ring towards the thread refuses
 * the send.
 */
#ifndef SKW_RADIO_PORT_H
#define SKW_RADIO_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/skw_frame.h"

struct skw_radio_port;

struct skw_radio_port_config {
	const char *
	    device; /* SoapySDR arguments, e.g. driver=skywave,transport=sim,path=...,radio=alice */
	double rate_hz; /* 5e6, 10e6 or 20e6 */
	double frequency_hz;
	double rx_gain_db, tx_gain_db;
	bool rx_agc; /* a plain SDR's receive gain follows the signals */
};

enum skw_radio_event_kind {
	SKW_RADIO_FRAME,  /* rx, psdu, psdu_len, time_ns */
	SKW_RADIO_STATUS, /* tag, sent, time_ns: what became of a frame that was sent */
	SKW_RADIO_FAILED, /* text: the device is gone; nothing follows */
};

struct skw_radio_event {
	enum skw_radio_event_kind kind;
	uint64_t time_ns;
	struct skw_frame_rx rx;
	uint16_t psdu_len;
	uint32_t tag;
	bool sent;
	char text[128];
	uint8_t psdu[SKW_PSDU_MAX];
};

/* Opens the device and starts the thread. `wake` is called from the thread: after an event, and
 * when device time has reached the last wake_at. NULL and a message in `error` if the device cannot
 * be had as configured. */
struct skw_radio_port *skw_radio_port_open(const struct skw_radio_port_config *config,
					   void (*wake)(void *arg), void *arg, char *error,
					   size_t error_len);
/* Stops the thread, closes the device. */
void skw_radio_port_close(struct skw_radio_port *port);

/* The next event; false if there is none. */
bool skw_radio_port_poll(struct skw_radio_port *port, struct skw_radio_event *event);
/* Queues one frame; `len` bytes of PSDU (without the FCS if append_fcs). False if the ring is full.
 */
bool skw_radio_port_send(struct skw_radio_port *port, const struct skw_frame_tx *frame,
			 const uint8_t *psdu, size_t len, uint64_t time_ns);

/* Device time as last read, nanoseconds. It never goes back. */
uint64_t skw_radio_port_now(const struct skw_radio_port *port);
void skw_radio_port_wake_at(struct skw_radio_port *port, uint64_t time_ns);

#endif
