/* skw_hostlink - the packets between host and board (docs/hostlink.md), as the host sees them.
 *
 *   bytes of any wire -> feed -> packet -> reg_value_get | rx_frame_get | rx_iq_get | tx_status_get
 *   put_reg_write | put_reg_read | put_tx_frame | put_tx_iq -> bytes for the wire
 *
 * Used by the SoapySDR module and by what drives a simulated radio directly. The parser owns
 * nothing and trusts nothing: garbage is dropped to the next magic byte, a packet of a wrong type
 * or length whole, and both are counted.
 */
#ifndef SKW_HOSTLINK_H
#define SKW_HOSTLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/skw_cursor.h"
#include "wire/skw_frame.h"

#define SKW_HOSTLINK_MAGIC 0x5Au
#define SKW_HOSTLINK_ID 0x534B5957u /* "SKYW", register ID */
#define SKW_HOSTLINK_VERSION 1u
#define SKW_HOSTLINK_HEADER 4u    /* bytes */
#define SKW_HOSTLINK_TX_DESC 24u  /* bytes */
#define SKW_HOSTLINK_RX_DESC 32u  /* bytes */
#define SKW_HOSTLINK_IQ_MAX 1024u /* samples in one packet, either way */
/* The longest packet of either direction, header and padding included. */
#define SKW_HOSTLINK_PACKET_MAX 4132u

enum skw_hostlink_type {
	SKW_HOSTLINK_NONE = 0,
	SKW_HOSTLINK_REG_WRITE = 0x01,
	SKW_HOSTLINK_REG_READ = 0x02,
	SKW_HOSTLINK_TX_FRAME = 0x10,
	SKW_HOSTLINK_TX_IQ = 0x11,
	SKW_HOSTLINK_REG_VALUE = 0x82,
	SKW_HOSTLINK_RX_FRAME = 0x90,
	SKW_HOSTLINK_RX_IQ = 0x91,
	SKW_HOSTLINK_TX_STATUS = 0x92,
};

enum skw_hostlink_reg {
	SKW_REG_ID = 0x00,
	SKW_REG_VERSION = 0x01,
	SKW_REG_CAPS = 0x02,
	SKW_REG_CONTROL = 0x03,
	SKW_REG_TIME_LO = 0x04,
	SKW_REG_TIME_HI = 0x05,
	SKW_REG_TIME_SET_LO = 0x06,
	SKW_REG_TIME_SET_HI = 0x07,
	SKW_REG_TX_SPACE = 0x08,
	SKW_REG_RX_FRAMES = 0x10,
	SKW_REG_RX_FCS_BAD = 0x11,
	SKW_REG_RX_DROPPED = 0x12,
	SKW_REG_RX_DETECTED = 0x13,
	SKW_REG_RX_SIGNAL_BAD = 0x14,
	SKW_REG_TX_FRAMES = 0x15,
	SKW_REG_TX_LATE = 0x16,
	SKW_REG_TX_UNDERRUN = 0x17,
	SKW_REG_IQ_OVERFLOW = 0x18,
	SKW_REG_LINK_ERRORS = 0x19,
	SKW_REG_FE_RX_HZ_LO = 0x40,
	SKW_REG_FE_RX_HZ_HI = 0x41,
	SKW_REG_FE_TX_HZ_LO = 0x42,
	SKW_REG_FE_TX_HZ_HI = 0x43,
	SKW_REG_FE_RATE = 0x44,
	SKW_REG_FE_RX_GAIN = 0x45,
	SKW_REG_FE_TX_GAIN = 0x46,
	SKW_REG_FE_RX_ANTENNA = 0x47,
	SKW_REG_BOARD = 0x80, /* from here on: the board's own */
	SKW_REG_PINS = 0x81,
	SKW_REG_SPI_SELECT = 0x82,
	SKW_REG_SPI_DATA = 0x83,
	SKW_REG_SAMPLES = 0x84,
};

/* Bits of CONTROL and CAPS. */
#define SKW_CONTROL_RX_FRAMES 1u
#define SKW_CONTROL_RX_IQ 2u
#define SKW_CONTROL_LOOPBACK 4u
#define SKW_CONTROL_FCS_BAD_TOO 8u
#define SKW_CAPS_FRAMER 0x10000u
#define SKW_CAPS_IQ 0x20000u

enum skw_hostlink_tx_result {
	SKW_TX_SENT,
	SKW_TX_LATE,     /* its time had passed when it came to the head of the queue */
	SKW_TX_UNDERRUN, /* cut short */
	SKW_TX_REFUSED,  /* the board found its descriptor wrong */
};

/* A packet from the board; the payload stays in the parser until it is fed again. */
struct skw_hostlink_packet {
	enum skw_hostlink_type type;
	size_t len;
	const uint8_t *payload;
};

/* The fields belong to skw_hostlink.c. Zero it to start. */
struct skw_hostlink_parser {
	uint64_t garbage; /* bytes dropped while looking for the magic */
	uint64_t refused; /* packets dropped: unknown type or impossible length */
	size_t have;
	size_t skip; /* bytes of a refused packet still to come */
	uint8_t buffer[SKW_HOSTLINK_PACKET_MAX];
};

struct skw_hostlink_reg_value {
	uint32_t address, tag, value;
};

struct skw_hostlink_tx_status {
	uint32_t tag;
	enum skw_hostlink_tx_result result;
	uint64_t time;
};

struct skw_hostlink_rx_iq {
	uint64_t time; /* of the first sample */
	size_t count;
	const uint8_t *samples; /* i16 I, i16 Q, little-endian */
};

struct skw_hostlink_rx_frame {
	uint8_t rate_mbps;
	uint16_t length;
	bool fcs_ok;
	uint32_t energy; /* full scale 2^30 */
	uint32_t signal, noise;
	int32_t cfo; /* turns per sample * 2^32 */
	uint64_t time;
	const uint8_t *psdu;
};

struct skw_hostlink_tx_frame {
	uint8_t rate_mbps;
	uint16_t length; /* PSDU bytes with FCS */
	bool timed, append_fcs;
	uint8_t seed;
	uint16_t amplitude;
	uint32_t tag;
	uint64_t time;
};

/* Takes bytes until a packet is whole or `len` is used up: returns the bytes taken. `packet->type`
 * is SKW_HOSTLINK_NONE while there is none. */
size_t skw_hostlink_feed(struct skw_hostlink_parser *p, struct skw_hostlink_packet *packet,
			 const uint8_t *data, size_t len);

/* Each refuses a packet of another type or with fields out of range. */
bool skw_hostlink_reg_value_get(struct skw_hostlink_reg_value *v,
				const struct skw_hostlink_packet *packet);
bool skw_hostlink_tx_status_get(struct skw_hostlink_tx_status *s,
				const struct skw_hostlink_packet *packet);
bool skw_hostlink_rx_iq_get(struct skw_hostlink_rx_iq *iq,
			    const struct skw_hostlink_packet *packet);
bool skw_hostlink_rx_frame_get(struct skw_hostlink_rx_frame *f,
			       const struct skw_hostlink_packet *packet);

/* What a frame stream says of a frame that the board delivered at this sample rate: dB and Hz. */
struct skw_frame_rx skw_hostlink_frame_rx(const struct skw_hostlink_rx_frame *f, double rate_hz);
/* The amplitude for a power of `power_cdb` (1/100 dB, <= 0) below full scale. */
uint16_t skw_hostlink_amplitude(int power_cdb);

void skw_hostlink_put_reg_write(struct skw_writer *w, uint32_t address, uint32_t value);
void skw_hostlink_put_reg_read(struct skw_writer *w, uint32_t address, uint32_t tag);
/* `payload` is the PSDU, without its last four bytes if `append_fcs`: so `len` must fit
 * `f->length`. */
void skw_hostlink_put_tx_frame(struct skw_writer *w, const struct skw_hostlink_tx_frame *f,
			       const uint8_t *payload, size_t len);
/* `samples` as in struct skw_hostlink_rx_iq; at most SKW_HOSTLINK_IQ_MAX. */
void skw_hostlink_put_tx_iq(struct skw_writer *w, bool timed, uint64_t time, bool end_burst,
			    uint32_t tag, const uint8_t *samples, size_t count);
/* Bytes of the board's transmit queue that a frame occupies until its TX_STATUS. */
size_t skw_hostlink_tx_cost(size_t payload_len);

#endif
