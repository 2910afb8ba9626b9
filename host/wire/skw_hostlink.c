#include "wire/skw_hostlink.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
	FLAG_TIMED = 1,
	FLAG_APPEND_FCS = 2,
	FLAG_END_BURST = 2,
	FLAG_FCS_OK = 1,
	IQ_HEAD = 8,     /* bytes before the samples of RX_IQ */
	TX_IQ_HEAD = 16, /* and of TX_IQ */
	SAMPLE = 4,      /* bytes */
};

static_assert(SKW_HOSTLINK_PACKET_MAX >=
		  SKW_HOSTLINK_HEADER + SKW_HOSTLINK_RX_DESC + SKW_PSDU_MAX + 1,
	      "a packet of the longest PSDU fits");
static_assert(SKW_HOSTLINK_PACKET_MAX >=
		  SKW_HOSTLINK_HEADER + TX_IQ_HEAD + SAMPLE * SKW_HOSTLINK_IQ_MAX,
	      "a packet of the most samples fits");

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* True if a board may send a packet of this type and length. */
static bool plausible(unsigned type, size_t len)
{
	switch (type) {
	case SKW_HOSTLINK_REG_VALUE:
		return len == 12;
	case SKW_HOSTLINK_TX_STATUS:
		return len == 16;
	case SKW_HOSTLINK_RX_FRAME:
		return len > SKW_HOSTLINK_RX_DESC && len <= SKW_HOSTLINK_RX_DESC + SKW_PSDU_MAX;
	case SKW_HOSTLINK_RX_IQ:
		return len > IQ_HEAD && len <= IQ_HEAD + SAMPLE * SKW_HOSTLINK_IQ_MAX &&
		       (len - IQ_HEAD) % SAMPLE == 0;
	default:
		return false;
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Completes the header byte by byte; a refused one leaves only the count of bytes to skip. */
static void take_header_byte(struct skw_hostlink_parser *p, uint8_t byte)
{
	size_t len;

	if (p->have == 0 && byte != SKW_HOSTLINK_MAGIC) {
		p->garbage++;
		return;
	}
	p->buffer[p->have++] = byte;
	if (p->have < SKW_HOSTLINK_HEADER)
		return;
	len = (size_t)(p->buffer[2] | p->buffer[3] << 8);
	if (plausible(p->buffer[1], len))
		return;
	p->refused++;
	p->skip = padded(len);
	p->have = 0;
}

size_t skw_hostlink_feed(struct skw_hostlink_parser *p, struct skw_hostlink_packet *packet,
			 const uint8_t *data, size_t len)
{
	size_t taken = 0;

	packet->type = SKW_HOSTLINK_NONE;
	while (taken < len) {
		size_t n, payload, whole;

		if (p->skip > 0) {
			n = smaller(p->skip, len - taken);
			p->skip -= n;
			taken += n;
			continue;
		}
		if (p->have < SKW_HOSTLINK_HEADER) {
			take_header_byte(p, data[taken++]);
			continue;
		}
		payload = (size_t)(p->buffer[2] | p->buffer[3] << 8);
		whole = SKW_HOSTLINK_HEADER + padded(payload);
		n = smaller(whole - p->have, len - taken);
		memcpy(p->buffer + p->have, data + taken, n);
		p->have += n;
		taken += n;
		if (p->have < whole)
			break;
		packet->type = (enum skw_hostlink_type)p->buffer[1];
		packet->len = payload;
		packet->payload = p->buffer + SKW_HOSTLINK_HEADER;
		p->have = 0;
		break;
	}
	return taken;
}

static struct skw_reader body(const struct skw_hostlink_packet *packet, enum skw_hostlink_type type)
{
	struct skw_reader r = skw_reader(packet->payload, packet->len);

	r.ok = packet->type == type;
	return r;
}

bool skw_hostlink_reg_value_get(struct skw_hostlink_reg_value *v,
				const struct skw_hostlink_packet *packet)
{
	struct skw_reader r = body(packet, SKW_HOSTLINK_REG_VALUE);

	v->address = skw_get_u32(&r);
	v->tag = skw_get_u32(&r);
	v->value = skw_get_u32(&r);
	return skw_reader_done(&r);
}

bool skw_hostlink_tx_status_get(struct skw_hostlink_tx_status *s,
				const struct skw_hostlink_packet *packet)
{
	struct skw_reader r = body(packet, SKW_HOSTLINK_TX_STATUS);
	uint8_t result;

	s->tag = skw_get_u32(&r);
	result = skw_get_u8(&r);
	skw_get_view(&r, 3);
	s->time = skw_get_u64(&r);
	s->result = (enum skw_hostlink_tx_result)result;
	return skw_reader_done(&r) && result <= SKW_TX_REFUSED;
}

bool skw_hostlink_rx_iq_get(struct skw_hostlink_rx_iq *iq, const struct skw_hostlink_packet *packet)
{
	struct skw_reader r = body(packet, SKW_HOSTLINK_RX_IQ);

	iq->time = skw_get_u64(&r);
	iq->count = skw_reader_left(&r) / SAMPLE;
	iq->samples = skw_get_view(&r, iq->count * SAMPLE);
	return skw_reader_done(&r) && iq->count > 0;
}

bool skw_hostlink_rx_frame_get(struct skw_hostlink_rx_frame *f,
			       const struct skw_hostlink_packet *packet)
{
	struct skw_reader r = body(packet, SKW_HOSTLINK_RX_FRAME);
	uint8_t version = skw_get_u8(&r);

	f->rate_mbps = skw_get_u8(&r);
	f->length = skw_get_u16(&r);
	f->fcs_ok = skw_get_u8(&r) & FLAG_FCS_OK;
	skw_get_view(&r, 3);
	f->energy = skw_get_u32(&r);
	f->signal = skw_get_u32(&r);
	f->noise = skw_get_u32(&r);
	f->cfo = (int32_t)skw_get_u32(&r);
	f->time = skw_get_u64(&r);
	f->psdu = skw_get_view(&r, f->length);
	return skw_reader_done(&r) && version == SKW_FRAME_VERSION &&
	       skw_frame_rate_valid(f->rate_mbps) && f->length > 0;
}

/* 1/100 dB of a ratio of powers, kept inside what the descriptor can say: +-100 dB. */
static int16_t centibels(double ratio)
{
	double cdb = ratio > 0 ? 1000 * log10(ratio) : -10000;

	return (int16_t)lrint(fmax(-10000, fmin(10000, cdb)));
}

struct skw_frame_rx skw_hostlink_frame_rx(const struct skw_hostlink_rx_frame *f, double rate_hz)
{
	double snr = f->noise > 0 ? (double)f->signal / f->noise : f->signal > 0 ? 1e10 : 0;

	return (struct skw_frame_rx) {
		.rate_mbps = f->rate_mbps,
		.length = f->length,
		.fcs_ok = f->fcs_ok,
		.rssi_cdb = centibels(f->energy / 0x1p30),
		.snr_cdb = centibels(snr),
		.cfo_hz = (int32_t)lrint(f->cfo / 0x1p32 * rate_hz),
		.time = f->time,
	};
}

uint16_t skw_hostlink_amplitude(int power_cdb)
{
	return (uint16_t)lrint(65535 * pow(10, (power_cdb < 0 ? power_cdb : 0) / 2000.0));
}

static void put_header(struct skw_writer *w, enum skw_hostlink_type type, size_t len)
{
	skw_put_u8(w, SKW_HOSTLINK_MAGIC);
	skw_put_u8(w, (uint8_t)type);
	skw_put_u16(w, (uint16_t)len);
}

void skw_hostlink_put_reg_write(struct skw_writer *w, uint32_t address, uint32_t value)
{
	put_header(w, SKW_HOSTLINK_REG_WRITE, 8);
	skw_put_u32(w, address);
	skw_put_u32(w, value);
}

void skw_hostlink_put_reg_read(struct skw_writer *w, uint32_t address, uint32_t tag)
{
	put_header(w, SKW_HOSTLINK_REG_READ, 8);
	skw_put_u32(w, address);
	skw_put_u32(w, tag);
}

void skw_hostlink_put_tx_frame(struct skw_writer *w, const struct skw_hostlink_tx_frame *f,
			       const uint8_t *payload, size_t len)
{
	assert(len + (f->append_fcs ? SKW_FCS_LEN : 0) == f->length && f->length <= SKW_PSDU_MAX);
	put_header(w, SKW_HOSTLINK_TX_FRAME, SKW_HOSTLINK_TX_DESC + len);
	skw_put_u8(w, SKW_FRAME_VERSION);
	skw_put_u8(w, f->rate_mbps);
	skw_put_u16(w, f->length);
	skw_put_u8(w,
		   (uint8_t)((f->timed ? FLAG_TIMED : 0) | (f->append_fcs ? FLAG_APPEND_FCS : 0)));
	skw_put_u8(w, f->seed);
	skw_put_u16(w, f->amplitude);
	skw_put_u32(w, f->tag);
	skw_put_u32(w, 0);
	skw_put_u64(w, f->time);
	skw_put_bytes(w, payload, len);
	skw_put_zeros(w, padded(len) - len);
}

void skw_hostlink_put_tx_iq(struct skw_writer *w, bool timed, uint64_t time, bool end_burst,
			    uint32_t tag, const uint8_t *samples, size_t count)
{
	assert(count <= SKW_HOSTLINK_IQ_MAX);
	put_header(w, SKW_HOSTLINK_TX_IQ, TX_IQ_HEAD + count * SAMPLE);
	skw_put_u32(w, (timed ? FLAG_TIMED : 0u) | (end_burst ? FLAG_END_BURST : 0u));
	skw_put_u32(w, tag);
	skw_put_u64(w, time);
	skw_put_bytes(w, samples, count * SAMPLE);
}

size_t skw_hostlink_tx_cost(size_t payload_len)
{
	return SKW_HOSTLINK_TX_DESC + padded(payload_len);
}
