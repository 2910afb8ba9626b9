/* rooms: wire
 *
 * skw_hostlink: bytes of the board's wire, fed whole and in pieces of any size. Both ways give the
 * same packets and counts, those that a second reading of docs/hostlink.md finds; no packet claims
 * more than it holds. */

#include "skw_fuzz.h"
#include "wire/skw_hostlink.h"

struct tally {
	uint64_t packets, bytes, reg, status, iq, frames;
	uint32_t sum;
};

static void look(struct tally *t, const struct skw_hostlink_packet *packet)
{
	struct skw_hostlink_reg_value reg;
	struct skw_hostlink_tx_status status;
	struct skw_hostlink_rx_iq iq;
	struct skw_hostlink_rx_frame frame;
	unsigned kinds = 0;

	t->packets++;
	t->bytes += SKW_HOSTLINK_HEADER + ((packet->len + 3) & ~(size_t)3);
	FUZZ_CHECK(packet->len <= SKW_HOSTLINK_PACKET_MAX - SKW_HOSTLINK_HEADER);
	for (size_t i = 0; i < packet->len; i++)
		t->sum = t->sum * 31 + packet->payload[i];
	if (skw_hostlink_reg_value_get(&reg, packet)) {
		kinds++;
		t->reg++;
	}
	if (skw_hostlink_tx_status_get(&status, packet)) {
		FUZZ_CHECK(status.result <= SKW_TX_REFUSED);
		kinds++;
		t->status++;
	}
	if (skw_hostlink_rx_iq_get(&iq, packet)) {
		FUZZ_CHECK(iq.count > 0 && iq.count <= SKW_HOSTLINK_IQ_MAX);
		FUZZ_CHECK(iq.samples + 4 * iq.count == packet->payload + packet->len);
		kinds++;
		t->iq++;
	}
	if (skw_hostlink_rx_frame_get(&frame, packet)) {
		struct skw_frame_rx rx = skw_hostlink_frame_rx(&frame, 20e6);

		FUZZ_CHECK(skw_frame_rate_valid(frame.rate_mbps));
		FUZZ_CHECK(frame.length > 0 && frame.length <= SKW_PSDU_MAX);
		FUZZ_CHECK(frame.psdu + frame.length == packet->payload + packet->len);
		FUZZ_CHECK(rx.length == frame.length && rx.fcs_ok == frame.fcs_ok);
		kinds++;
		t->frames++;
	}
	FUZZ_CHECK(kinds <= 1);
}

/* `step` 0: all at once. */
static struct tally feed(struct skw_hostlink_parser *p, const uint8_t *data, size_t len,
			 size_t step)
{
	struct skw_hostlink_packet packet;
	struct tally t = { 0 };

	for (size_t at = 0; at < len;) {
		size_t n = step > 0 && step < len - at ? step : len - at;
		size_t taken = skw_hostlink_feed(p, &packet, data + at, n);

		FUZZ_CHECK(taken > 0 && taken <= n);
		at += taken;
		if (packet.type != SKW_HOSTLINK_NONE)
			look(&t, &packet);
	}
	return t;
}

/* docs/hostlink.md read once more, over all bytes at once. */
static bool plausible(uint8_t type, size_t len)
{
	return (type == 0x82 && len == 12) || (type == 0x92 && len == 16) ||
	       (type == 0x90 && len >= 33 && len <= 32 + 4095) ||
	       (type == 0x91 && len >= 12 && len <= 8 + 4 * 1024 && len % 4 == 0);
}

static void model(const struct tally *t, const struct skw_hostlink_parser *p, const uint8_t *data,
		  size_t size)
{
	uint64_t garbage = 0, refused = 0, packets = 0;

	for (size_t at = 0; at < size;) {
		size_t len, whole;

		if (data[at] != 0x5a) {
			garbage++;
			at++;
			continue;
		}
		if (size - at < 4)
			break;
		len = (size_t)(data[at + 2] | data[at + 3] << 8);
		whole = 4 + (len + 3) / 4 * 4;
		if (!plausible(data[at + 1], len))
			refused++;
		else if (whole <= size - at)
			packets++;
		at = whole <= size - at ? at + whole : size;
	}
	FUZZ_CHECK(t->packets == packets && p->garbage == garbage && p->refused == refused);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skw_hostlink_parser whole, pieces;
	struct tally a, b;
	size_t step;

	if (size == 0)
		return 0;
	memset(&whole, 0, sizeof(whole));
	memset(&pieces, 0, sizeof(pieces));
	step = 1 + data[0] % 64;
	a = feed(&whole, data + 1, size - 1, 0);
	b = feed(&pieces, data + 1, size - 1, step);
	FUZZ_CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	FUZZ_CHECK(whole.garbage == pieces.garbage && whole.refused == pieces.refused);
	model(&a, &whole, data + 1, size - 1);
	return 0;
}

/* A packet as docs/hostlink.md has it. */
static void packet(struct fuzz_making *m, uint8_t type, const uint8_t *payload, size_t len)
{
	static const uint8_t zeros[4];

	fuzz_make_u8(m, SKW_HOSTLINK_MAGIC);
	fuzz_make_u8(m, type);
	fuzz_make_item(m, payload, len);
	fuzz_make(m, zeros, -len & 3);
}

static void seeds(void)
{
	static struct fuzz_making m;
	uint8_t bytes[128] = { 7 };

	fuzz_make_u8(&m, 9);
	packet(&m, SKW_HOSTLINK_REG_VALUE, bytes, 12);
	packet(&m, SKW_HOSTLINK_TX_STATUS, bytes, 16);
	fuzz_make(&m, "noise", 5);
	packet(&m, SKW_HOSTLINK_RX_IQ, bytes, 8 + 40);
	packet(&m, 0x55, bytes, 3);
	bytes[0] = 24;
	bytes[2] = 10;
	packet(&m, SKW_HOSTLINK_RX_FRAME, bytes, 32 + 10);
	fuzz_seed("packets", m.data, m.len);
}

FUZZ_START(seeds)
