/* The simulated board through its C interface, the host's packets written out by hand from
 * docs/hostlink.md: registers, time, frames and I/Q exact to the sample, two boards talking
 * antenna to antenna, skipping, and what a careless or hostile host may send.
 *
 * rooms: wire
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radio/skw_radio.h"

enum { REG_WRITE = 0x01, REG_READ = 0x02, TX_FRAME = 0x10, TX_IQ = 0x11 };
enum { REG_VALUE = 0x82, RX_FRAME = 0x90, RX_IQ = 0x91, TX_STATUS = 0x92 };
enum { SENT, LATE, UNDERRUN, REFUSED };
enum { TIMED = 1, APPEND_FCS = 2, END_BURST = 2 };
enum { CONTROL = 0x03, RX_FRAMES_ON = 1, RX_IQ_ON = 2, LOOPBACK = 4, FCS_BAD_TOO = 8 };

static const unsigned rates[] = { 6, 9, 12, 18, 24, 36, 48, 54 };

/* ---- The host's side, by hand ---------------------------------------------------------------- */

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint64_t get64(const uint8_t *b)
{
	return get32(b) | (uint64_t)get32(b + 4) << 32;
}

static void put32(uint8_t *b, uint32_t v)
{
	for (int n = 0; n < 4; n++)
		b[n] = (uint8_t)(v >> 8 * n);
}

static void put64(uint8_t *b, uint64_t v)
{
	put32(b, (uint32_t)v);
	put32(b + 4, (uint32_t)(v >> 32));
}

static void send_packet(struct skw_radio *r, unsigned type, const uint8_t *payload, size_t len)
{
	uint8_t packet[70000] = { 0x5A, (uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8) };

	memcpy(packet + 4, payload, len);
	assert_true(skw_radio_host_write(r, packet, 4 + ((len + 3) & ~(size_t)3)));
}

static void reg_write(struct skw_radio *r, uint32_t address, uint32_t value)
{
	uint8_t p[8];

	put32(p, address);
	put32(p + 4, value);
	send_packet(r, REG_WRITE, p, sizeof(p));
}

struct frame {
	unsigned rate, length, flags, seed, amplitude;
	uint32_t tag;
	uint64_t time;
};

static void send_frame(struct skw_radio *r, struct frame f, const uint8_t *payload, size_t len)
{
	uint8_t p[24 + 4096] = { 1, (uint8_t)f.rate, (uint8_t)f.length, (uint8_t)(f.length >> 8) };

	p[4] = (uint8_t)f.flags;
	p[5] = (uint8_t)f.seed;
	p[6] = (uint8_t)f.amplitude;
	p[7] = (uint8_t)(f.amplitude >> 8);
	put32(p + 8, f.tag);
	put64(p + 16, f.time);
	memcpy(p + 24, payload, len);
	send_packet(r, TX_FRAME, p, 24 + len);
}

static void send_iq(struct skw_radio *r, unsigned flags, uint32_t tag, uint64_t time,
		    const struct skw_iq *samples, size_t n)
{
	uint8_t p[16 + 4 * 1024];

	put32(p, flags);
	put32(p + 4, tag);
	put64(p + 8, time);
	for (size_t k = 0; k < n; k++)
		put32(p + 16 + 4 * k,
		      (uint16_t)samples[k].i | (uint32_t)(uint16_t)samples[k].q << 16);
	send_packet(r, TX_IQ, p, 16 + 4 * n);
}

struct packet {
	unsigned type;
	size_t len;
	uint8_t payload[65536];
};

/* The next packet that waits; false if none. The board must never send anything malformed. */
static bool next_packet(struct skw_radio *r, struct packet *p)
{
	uint8_t header[4];

	if (skw_radio_host_read(r, header, 4) == 0)
		return false;
	assert_int_equal(header[0], 0x5A);
	p->type = header[1];
	p->len = (size_t)(header[2] | header[3] << 8);
	size_t padded = (p->len + 3) & ~(size_t)3;
	for (size_t got = 0; got < padded;) {
		size_t n = skw_radio_host_read(r, p->payload + got, padded - got);
		if (n == 0) /* the packet is not all there yet */
			skw_radio_service(r, 16);
		got += n;
	}
	for (size_t k = p->len; k < padded; k++)
		assert_int_equal(p->payload[k], 0);
	return true;
}

static struct packet packet; /* 64 KiB: not on the stack */

static uint32_t reg_read(struct skw_radio *r, uint32_t address)
{
	static uint32_t tag = 77;
	uint8_t p[8];

	put32(p, address);
	put32(p + 4, ++tag);
	send_packet(r, REG_READ, p, sizeof(p));
	skw_radio_service(r, 100000);
	assert_true(next_packet(r, &packet));
	assert_int_equal(packet.type, REG_VALUE);
	assert_int_equal(packet.len, 12);
	assert_int_equal(get32(packet.payload), address);
	assert_int_equal(get32(packet.payload + 4), tag);
	return get32(packet.payload + 8);
}

static void expect_status(struct skw_radio *r, uint32_t tag, unsigned status, uint64_t time)
{
	assert_true(next_packet(r, &packet));
	assert_int_equal(packet.type, TX_STATUS);
	assert_int_equal(packet.len, 16);
	assert_int_equal(get32(packet.payload), tag);
	assert_int_equal(get32(packet.payload + 4), status);
	if (time != UINT64_MAX)
		assert_int_equal(get64(packet.payload + 8), time);
}

static void expect_silence(struct skw_radio *r)
{
	skw_radio_service(r, 100000);
	assert_false(next_packet(r, &packet));
}

/* CRC-32 bit by bit as IEEE 802.11 writes it down. */
static uint32_t crc32(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xFFFFFFFF;

	for (size_t k = 0; k < 8 * len; k++) {
		uint32_t feedback = (crc >> 31) ^ (data[k / 8] >> (k % 8) & 1);
		crc = (crc << 1) ^ (feedback ? 0x04C11DB7 : 0);
	}
	uint32_t out = 0; /* x^31 is sent first, that is as bit 0 */
	for (int k = 0; k < 32; k++)
		out |= (~crc >> (31 - k) & 1) << k;
	return out;
}

static void fill(uint8_t *data, size_t len, unsigned seed)
{
	for (size_t k = 0; k < len; k++)
		data[k] = (uint8_t)((seed = seed * 1103515245u + 12345u) >> 16);
}

static bool silent(const struct skw_iq *x, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (x[k].i != 0 || x[k].q != 0)
			return false;
	return true;
}

/* Samples of a frame on the air (18.4.3): preamble 320, SIGNAL 80, then 80 a symbol. */
static size_t airtime(unsigned rate, unsigned length)
{
	unsigned n_dbps = 4 * rate;
	return 400 + 80 * ((16 + 8 * length + 6 + n_dbps - 1) / n_dbps);
}

static int setup(void **state)
{
	*state = skw_radio_new();
	return *state == NULL;
}

static int teardown(void **state)
{
	skw_radio_free(*state);
	return 0;
}

#define RUN_MAX 200000
static struct skw_iq air[RUN_MAX], air_b[RUN_MAX];

/* ---- Registers and time ---------------------------------------------------------------------- */

static void registers(void **state)
{
	struct skw_radio *r = *state;

	assert_int_equal(reg_read(r, 0x00), 0x534B5957);
	assert_int_equal(reg_read(r, 0x01) & 0xFFFF, 1);
	assert_int_equal(reg_read(r, 0x02), 4 | 16 << 8 | 3 << 16);
	assert_int_equal(reg_read(r, 0x08), 16384);
	for (uint32_t a = 0x03; a <= 0x50; a++)
		if (a != 0x08)
			assert_int_equal(reg_read(r, a), 0);
	assert_int_equal(reg_read(r, 0x80000000), 0); /* not an alias of ID */
	assert_int_equal(reg_read(r, 0x100), 0);

	reg_write(r, CONTROL, 0xFFFFFFF5);
	assert_int_equal(reg_read(r, CONTROL), 5);
	reg_write(r, 0x00, 1);
	assert_int_equal(reg_read(r, 0x00), 0x534B5957);
	for (uint32_t a = 0x40; a <= 0x47; a++)
		reg_write(r, a, 0x11111111 * (a - 0x3F));
	for (uint32_t a = 0x40; a <= 0x47; a++)
		assert_int_equal(reg_read(r, a), 0x11111111 * (a - 0x3F));
	struct skw_radio_front_end fe = skw_radio_front_end(r);
	assert_int_equal(fe.rx_hz, 0x2222222211111111);
	assert_int_equal(fe.tx_hz, 0x4444444433333333);
	assert_int_equal(fe.rate_hz, 0x55555555);
	assert_int_equal(fe.rx_gain_cdb, 0x66666666);
	assert_int_equal(fe.tx_gain_cdb, 0x77777777);
	assert_int_equal(reg_read(r, 0x19), 0);
}

static void time_counts_samples(void **state)
{
	struct skw_radio *r = *state;

	skw_radio_run(r, air, NULL, 1000);
	assert_int_equal(skw_radio_time(r), 1000);
	reg_read(r, 0); /* serving the host takes no device time */
	assert_int_equal(skw_radio_time(r), 1000);
	reg_write(r, 0x06, 0xFFFFFFF0);
	reg_write(r, 0x07, 0x00000012);
	skw_radio_service(r, 1000);
	assert_int_equal(skw_radio_time(r), 0x12FFFFFFF0);
	assert_int_equal(reg_read(r, 0x04), 0xFFFFFFF0);
	skw_radio_run(r, air, NULL, 32);
	assert_int_equal(reg_read(r, 0x05), 0x12); /* latched with the low half */
	assert_int_equal(reg_read(r, 0x04), 0x10);
	assert_int_equal(reg_read(r, 0x05), 0x13);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static void a_frame_leaves_in_its_time(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[100];

	fill(psdu, sizeof(psdu), 1);
	send_frame(r, (struct frame) { 24, 100, TIMED, 5, 0xFFFF, 42, 777 }, psdu, 100);
	skw_radio_run(r, air, NULL, 3000);
	size_t n = airtime(24, 100);
	assert_true(silent(air, 777));
	assert_false(silent(air + 777, 4));
	assert_false(silent(air + 777 + n - 8, 8));
	assert_true(
	    silent(air + 777 + n + 1, 3000 - 777 - n - 1)); /* windowing may take one sample */
	expect_status(r, 42, SENT, 777);

	/* Half the amplitude: half of every sample, rounded. */
	send_frame(r, (struct frame) { 24, 100, TIMED, 5, 0x7FFF, 43, 4000 }, psdu, 100);
	skw_radio_run(r, air_b, NULL, 3000);
	for (size_t k = 0; k < n; k++) {
		assert_true(abs(2 * air_b[1000 + k].i - air[777 + k].i) <= 2);
		assert_true(abs(2 * air_b[1000 + k].q - air[777 + k].q) <= 2);
	}
	expect_status(r, 43, SENT, 4000);
	expect_silence(r);
	assert_int_equal(reg_read(r, 0x15), 2);
}

static void the_board_appends_the_fcs(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[64];

	fill(psdu, 60, 2);
	put32(psdu + 60, crc32(psdu, 60));
	send_frame(r, (struct frame) { 12, 64, TIMED, 9, 0xFFFF, 1, 500 }, psdu, 64);
	send_frame(r, (struct frame) { 12, 64, TIMED | APPEND_FCS, 9, 0xFFFF, 2, 3500 }, psdu, 60);
	skw_radio_run(r, air, NULL, 6000);
	assert_memory_equal(air + 500, air + 3500, airtime(12, 64) * sizeof(*air));
	expect_status(r, 1, SENT, 500);
	expect_status(r, 2, SENT, 3500);
}

static void late_frames_are_dropped(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[2000];

	fill(psdu, sizeof(psdu), 3);
	skw_radio_run(r, air, NULL, 100);
	send_frame(r, (struct frame) { 6, 2000, TIMED, 1, 0xFFFF, 1, 99 }, psdu, 2000);
	send_frame(r, (struct frame) { 6, 50, TIMED, 1, 0xFFFF, 2, 1000 }, psdu, 50);
	send_frame(r, (struct frame) { 6, 50, TIMED, 1, 0xFFFF, 3, 1010 }, psdu,
		   50); /* frame 2 is still leaving */
	send_frame(r, (struct frame) { 6, 50, TIMED, 1, 0xFFFF, 4, 6000 }, psdu, 50);
	skw_radio_run(r, air, NULL, 9000);
	assert_true(silent(air, 900));
	assert_false(silent(air + 900, 4));
	assert_true(silent(air + 3500, 2400));
	assert_false(silent(air + 5900, 4));
	expect_status(r, 1, LATE, UINT64_MAX);
	expect_status(r, 2, SENT, 1000);
	expect_status(r, 3, LATE, UINT64_MAX);
	expect_status(r, 4, SENT, 6000);
	expect_silence(r);
	assert_int_equal(reg_read(r, 0x15), 2);
	assert_int_equal(reg_read(r, 0x16), 2);
}

static void bad_descriptors_are_refused(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[200] = { 0 };
	uint8_t p[24 + 10] = { 2, 6, 10 }; /* version 2 */
	static const struct frame bad[] = {
		{ 7, 10, 0, 1, 0xFFFF, 0, 0 },          { 0, 10, 0, 1, 0xFFFF, 1, 0 },
		{ 6, 11, 0, 1, 0xFFFF, 2, 0 },          { 6, 9, 0, 1, 0xFFFF, 3, 0 },
		{ 6, 10, APPEND_FCS, 1, 0xFFFF, 4, 0 }, { 6, 0, 0, 1, 0xFFFF, 5, 0 },
		{ 6, 10 + 4096, 0, 1, 0xFFFF, 6, 0 },   { 6, 10, 0, 128, 0xFFFF, 7, 0 },
		{ 255, 10, 0, 255, 0xFFFF, 8, 0 },
	};
	uint32_t n = sizeof(bad) / sizeof(bad[0]);

	for (uint32_t k = 0; k < n; k++)
		send_frame(r, bad[k], psdu, 10);
	put32(p + 8, n);
	send_packet(r, TX_FRAME, p, sizeof(p));
	skw_radio_run(r, air, NULL, 1000);
	assert_true(silent(air, 1000));
	for (uint32_t k = 0; k <= n; k++)
		expect_status(r, k, REFUSED, UINT64_MAX);
	expect_silence(r);
	assert_int_equal(reg_read(r, 0x15), 0);
	assert_int_equal(reg_read(r, 0x19), 0);
}

/* Seed 0: the board's own, another one for every frame; none of them 0, or the scrambler would
 * stand still. */
static void the_board_chooses_seeds(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[20] = { 0 };

	for (uint32_t k = 0; k < 4; k++)
		send_frame(r, (struct frame) { 6, 20, TIMED, 0, 0xFFFF, k, 1000 + 2000 * k }, psdu,
			   20);
	skw_radio_run(r, air, NULL, 9000);
	size_t n = airtime(6, 20);
	for (size_t a = 0; a < 4; a++) {
		expect_status(r, (uint32_t)a, SENT, 1000 + 2000 * a);
		for (size_t b = 0; b < a; b++)
			assert_memory_not_equal(air + 1000 + 2000 * a, air + 1000 + 2000 * b,
						n * sizeof(*air));
	}
}

/* Exactly TX_SPACE bytes go in while the first frame waits; what is more makes the link wait, and
 * nothing is lost. */
static void a_full_queue_makes_the_link_wait(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[1000];
	enum { COST = 24 + 1000, FRAMES = 20 };

	fill(psdu, sizeof(psdu), 4);
	for (uint32_t k = 0; k < FRAMES; k++)
		send_frame(r, (struct frame) { 54, 1000, k ? 0 : TIMED, 3, 0xFFFF, k, 5000 }, psdu,
			   1000);
	skw_radio_service(r, 1000000);
	size_t pending = skw_radio_host_pending(r);
	size_t taken = FRAMES * (COST + 4) - pending;
	assert_true(taken / (COST + 4) >= 16384 / COST);
	assert_true(pending > 0);
	assert_int_equal(skw_radio_time(r), 0);
	skw_radio_run(r, air, NULL, 80000);
	assert_int_equal(skw_radio_host_pending(r), 0);
	assert_true(silent(air, 5000));
	expect_status(r, 0, SENT, 5000);
	uint64_t last = 5000;
	for (uint32_t k = 1; k < FRAMES; k++) {
		expect_status(r, k, SENT, UINT64_MAX);
		uint64_t time = get64(packet.payload + 8);
		assert_true(time >= last + airtime(54, 1000) &&
			    time < last + airtime(54, 1000) + 320);
		last = time;
	}
	expect_silence(r);
}

/* ---- Two boards, antenna to antenna ---------------------------------------------------------- */

static void run_pair(struct skw_radio *a, struct skw_radio *b, size_t n)
{
	struct skw_iq from_a = { 0, 0 }, from_b = { 0, 0 };

	for (size_t k = 0; k < n; k++) { /* each hears the other one sample later */
		struct skw_iq hears_a = from_b, hears_b = from_a;
		skw_radio_run(a, &from_a, &hears_a, 1);
		skw_radio_run(b, &from_b, &hears_b, 1);
	}
}

static void two_boards_exchange_frames(void **state)
{
	struct skw_radio *a = *state, *b = skw_radio_new();
	static const unsigned lengths[] = { 14, 100, 333, 500 };
	uint8_t psdu[4095];
	uint64_t t = 2000;

	reg_write(a, CONTROL, RX_FRAMES_ON);
	reg_write(b, CONTROL, RX_FRAMES_ON);
	for (unsigned k = 0; k < 8; k++) {
		for (unsigned side = 0; side < 2; side++) {
			struct skw_radio *from = side ? b : a, *to = side ? a : b;
			unsigned length = lengths[(k + side) % 4];
			fill(psdu, length - 4, k);
			put32(psdu + length - 4, crc32(psdu, length - 4));
			send_frame(from,
				   (struct frame) { rates[k], length, TIMED | APPEND_FCS, 0, 0x8000,
						    k, t },
				   psdu, length - 4);
			size_t span = t + airtime(rates[k], length) + 3000 - skw_radio_time(a);
			run_pair(a, b, span);
			expect_status(from, k, SENT, t);
			skw_radio_service(to, 100000);
			assert_true(next_packet(to, &packet));
			assert_int_equal(packet.type, RX_FRAME);
			assert_int_equal(packet.len, 32 + length);
			assert_int_equal(packet.payload[0], 1);
			assert_int_equal(packet.payload[1], rates[k]);
			assert_int_equal(packet.payload[2] | packet.payload[3] << 8, length);
			assert_int_equal(get32(packet.payload + 4), 1); /* FCS_OK */
			assert_memory_equal(packet.payload + 32, psdu, length);
			int64_t at =
			    (int64_t)get64(packet.payload + 24) - (int64_t)(t + (side ? 0 : 1));
			assert_true(at >= -16 && at <= 16);
			expect_silence(to);
			t = skw_radio_time(a) + 2000;
		}
	}
	assert_int_equal(reg_read(a, 0x10), 8);
	assert_int_equal(reg_read(b, 0x10), 8);
	assert_int_equal(reg_read(a, 0x11), 0);
	assert_int_equal(reg_read(a, 0x13), 8); /* and its own frames are not heard */
	skw_radio_free(b);
}

static void loopback_and_bad_check_sums(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[80];

	fill(psdu, 80, 7); /* its last four bytes are no FCS */
	for (unsigned bad_too = 0; bad_too < 2; bad_too++) {
		reg_write(r, CONTROL, RX_FRAMES_ON | LOOPBACK | (bad_too ? FCS_BAD_TOO : 0));
		send_frame(r, (struct frame) { 12, 80, 0, 0, 0x8000, 9, 0 }, psdu, 80);
		skw_radio_run(r, air, NULL, 8000);
		expect_status(r, 9, SENT, UINT64_MAX);
		skw_radio_service(r, 100000);
		if (bad_too) {
			assert_true(next_packet(r, &packet));
			assert_int_equal(packet.type, RX_FRAME);
			assert_int_equal(packet.payload[4], 0);
			assert_memory_equal(packet.payload + 32, psdu, 80);
		}
		expect_silence(r);
		assert_int_equal(reg_read(r, 0x11), 1 + bad_too);
		assert_int_equal(reg_read(r, 0x10), bad_too);
	}
	/* Without RX_FRAMES nothing is delivered or counted. */
	reg_write(r, CONTROL, LOOPBACK);
	send_frame(r, (struct frame) { 12, 80, 0, 0, 0x8000, 9, 0 }, psdu, 80);
	skw_radio_run(r, air, NULL, 8000);
	expect_status(r, 9, SENT, UINT64_MAX);
	expect_silence(r);
	assert_int_equal(reg_read(r, 0x13), 2);
}

/* A host that does not read: whole frames are dropped and counted, the rest arrive unharmed, and
 * the board goes on. */
static void frames_are_dropped_whole_when_nobody_reads(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[3000];
	enum { FRAMES = 40 }; /* more than the board's queue and the wire's buffer hold */
	unsigned got = 0;
	uint32_t last = 0;

	reg_write(r, CONTROL, RX_FRAMES_ON | LOOPBACK);
	for (unsigned k = 0; k < FRAMES; k++) {
		fill(psdu, 3000, k);
		put32(psdu, k);
		send_frame(r, (struct frame) { 54, 3000, APPEND_FCS, 0, 0x8000, k, 0 }, psdu, 2996);
		skw_radio_run(r, air, NULL, 15000);
	}
	while (next_packet(r, &packet)) {
		if (packet.type == RX_FRAME) {
			uint32_t k = get32(packet.payload + 32);
			assert_true(got == 0 || k > last);
			last = k;
			fill(psdu, 3000, k);
			put32(psdu, k);
			assert_int_equal(packet.len, 32 + 3000);
			assert_memory_equal(packet.payload + 32, psdu, 2996);
			got++;
		}
		skw_radio_service(r, 100000);
		if (got == FRAMES / 4) /* statuses had to wait, and the last frames behind them */
			skw_radio_run(r, air, NULL, 60000);
	}
	assert_true(got > 20 && got < FRAMES);
	assert_int_equal(reg_read(r, 0x10), got);
	assert_int_equal(reg_read(r, 0x10) + reg_read(r, 0x12), FRAMES);
	assert_int_equal(reg_read(r, 0x11), 0);
}

/* ---- I/Q ------------------------------------------------------------------------------------- */

static void iq_leaves_in_its_time(void **state)
{
	struct skw_radio *r = *state;
	static struct skw_iq wave[3000];

	for (int k = 0; k < 3000; k++)
		wave[k] = (struct skw_iq) { (int16_t)(k * 7 - 10000), (int16_t)(-32768 + k) };
	/* Three packets, one burst, no gap. */
	send_iq(r, TIMED, 1, 400, wave, 1000);
	send_iq(r, 0, 2, 0, wave + 1000, 1000);
	send_iq(r, END_BURST, 3, 0, wave + 2000, 1000);
	skw_radio_run(r, air, NULL, 4000);
	assert_true(silent(air, 400));
	assert_memory_equal(air + 400, wave, sizeof(wave));
	assert_true(silent(air + 3400, 600));
	expect_status(r, 3, SENT, 400);

	/* A short burst, a frame, and a burst again: in order, never mixed. */
	uint8_t psdu[50] = { 1, 2, 3 };
	send_iq(r, TIMED | END_BURST, 4, 4100, wave, 3);
	send_frame(r, (struct frame) { 6, 50, 0, 1, 0xFFFF, 5, 0 }, psdu, 50);
	send_iq(r, END_BURST, 6, 0, wave, 20);
	skw_radio_run(r, air, NULL, 4000);
	assert_memory_equal(air + 100, wave, 3 * sizeof(*wave));
	expect_status(r, 4, SENT, 4100);
	expect_status(r, 5, SENT, UINT64_MAX);
	uint64_t frame = get64(packet.payload + 8);
	assert_true(frame > 4102 && frame < 4300);
	expect_status(r, 6, SENT, UINT64_MAX);
	uint64_t burst = get64(packet.payload + 8);
	assert_true(burst >= frame + airtime(6, 50));
	assert_memory_equal(air + (burst - 4000), wave, 20 * sizeof(*wave));

	/* Late: the whole burst goes, to its end. */
	send_iq(r, TIMED, 7, 7999, wave, 20);
	send_iq(r, 0, 8, 0, wave, 20);
	send_iq(r, END_BURST, 9, 0, wave, 20);
	skw_radio_run(r, air, NULL, 1000);
	assert_true(silent(air, 1000));
	expect_status(r, 9, LATE, UINT64_MAX);

	/* A host too slow: a gap, counted, told at the end. */
	send_iq(r, 0, 10, 0, wave, 20);
	skw_radio_run(r, air, NULL, 1000);
	send_iq(r, END_BURST, 11, 0, wave, 20);
	skw_radio_run(r, air, NULL, 1000);
	assert_false(silent(air, 1000));
	expect_status(r, 11, UNDERRUN, UINT64_MAX);
	assert_int_equal(reg_read(r, 0x17), 1);

	/* A burst without an end, then one with a later time: each whole. */
	send_iq(r, TIMED, 12, 11300, wave, 20);
	send_iq(r, TIMED | END_BURST, 13, 11400, wave, 20);
	skw_radio_run(r, air, NULL, 1000);
	assert_true(silent(air, 300));
	assert_memory_equal(air + 300, wave, 20 * sizeof(*wave));
	assert_true(silent(air + 320, 80));
	assert_memory_equal(air + 400, wave, 20 * sizeof(*wave));
	assert_true(silent(air + 420, 580));
	expect_status(r, 13, SENT, 11400);

	/* Ended by a packet without samples: no gap, however late it comes. Such a packet alone is
	 * an empty burst. */
	send_iq(r, TIMED, 14, 12100, wave, 20);
	skw_radio_run(r, air, NULL, 1000);
	assert_memory_equal(air + 100, wave, 20 * sizeof(*wave));
	assert_true(silent(air + 120, 880));
	send_iq(r, END_BURST, 15, 0, wave, 0);
	skw_radio_service(r, 1000);
	expect_status(r, 15, SENT, 12100);
	send_iq(r, END_BURST, 16, 0, wave, 0);
	send_iq(r, 0, 17, 0, wave, 0);
	skw_radio_service(r, 1000);
	expect_status(r, 16, SENT, UINT64_MAX);
	assert_int_equal(reg_read(r, 0x17), 1);
	expect_silence(r);
	assert_true(skw_radio_idle(r));
}

static void iq_is_received(void **state)
{
	struct skw_radio *r = *state;
	static struct skw_iq in[2000];

	for (int k = 0; k < 2000; k++)
		in[k] = (struct skw_iq) { (int16_t)(k * 16 + 1), (int16_t)(-k * 16) };
	skw_radio_run(r, air, NULL, 123);
	reg_write(r, CONTROL, RX_IQ_ON);
	skw_radio_service(r, 1000);
	skw_radio_run(r, air, in, 2000);
	skw_radio_service(r, 100000);
	for (size_t k = 0; k < 7; k++) {
		assert_true(next_packet(r, &packet));
		assert_int_equal(packet.type, RX_IQ);
		assert_int_equal(packet.len, 8 + 4 * 256);
		assert_int_equal(get64(packet.payload), 123 + 256 * k);
		for (size_t n = 0; n < 256; n++) {
			uint32_t word = get32(packet.payload + 8 + 4 * n);
			assert_int_equal((int16_t)word, in[256 * k + n].i);
			assert_int_equal((int16_t)(word >> 16), in[256 * k + n].q);
		}
	}
	assert_int_equal(reg_read(r, 0x18), 0);
	assert_false(skw_radio_idle(r));
	reg_write(r, CONTROL, 0);
	expect_silence(r);
}

/* Nobody reads: samples are lost, counted to the last one, and the times show where. */
static void iq_overflow_is_counted(void **state)
{
	struct skw_radio *r = *state;
	enum { N = 60000 };
	uint64_t got = 0, next = 0, gaps = 0;

	for (int k = 0; k < N; k++)
		air_b[k] = (struct skw_iq) { (int16_t)k, 1 };
	reg_write(r, CONTROL, RX_IQ_ON);
	skw_radio_service(r, 1000);
	skw_radio_run(r, air, air_b, N);
	while (next_packet(r, &packet)) {
		uint64_t time = get64(packet.payload);
		assert_int_equal((int16_t)get32(packet.payload + 8), (int16_t)time);
		gaps += time - next;
		next = time + 256;
		got += 256;
		skw_radio_service(r, 100000);
	}
	uint64_t lost = reg_read(r, 0x18);
	assert_true(lost > 30000 && gaps <= lost);
	/* What is neither delivered nor lost is the packet under way. */
	assert_true(got + lost <= N && N - got - lost < 256);
}

/* ---- Skipping -------------------------------------------------------------------------------- */

static void skipping_is_not_seen(void **state)
{
	struct skw_radio *r = *state;
	uint8_t psdu[60];
	uint64_t next;

	fill(psdu, 60, 8);
	assert_true(skw_radio_idle(r));
	assert_false(skw_radio_next_tx(r, &next));
	skw_radio_skip(r, 1000000);
	assert_int_equal(skw_radio_time(r), 1000000);
	send_frame(r, (struct frame) { 36, 60, TIMED, 3, 0xFFFF, 1, 5000000 }, psdu, 60);
	assert_false(skw_radio_idle(r)); /* bytes wait */
	skw_radio_service(r, 100000);
	skw_radio_run(r, air, NULL, 150);
	assert_true(skw_radio_idle(r));
	assert_true(skw_radio_next_tx(r, &next));
	assert_int_equal(next, 5000000);
	skw_radio_skip(r, next - skw_radio_time(r));
	skw_radio_run(r, air, NULL, 3000);
	expect_status(r, 1, SENT, 5000000);

	/* The same frame, every sample evaluated (a receiver's noise keeps the gates awake). */
	struct skw_radio *s = skw_radio_new();
	static struct skw_iq noise[5000];
	for (int k = 0; k < 5000; k++)
		noise[k] = (struct skw_iq) { (int16_t)(k % 3 + 1), (int16_t)(k % 5 + 1) };
	reg_write(s, CONTROL, RX_FRAMES_ON);
	send_frame(s, (struct frame) { 36, 60, TIMED, 3, 0xFFFF, 1, 2000 }, psdu, 60);
	skw_radio_run(s, air_b, noise, 5000);
	expect_status(s, 1, SENT, 2000);
	assert_memory_equal(air, air_b + 2000, 3000 * sizeof(*air));
	skw_radio_free(s);
}

/* What a receiver says of frames must not depend on whether the silence between them was evaluated:
 * one radio runs sample by sample, which never skips, the other over all of them at once, which
 * does. */
static void a_skipping_receiver_says_the_same(void **state)
{
	struct skw_radio *r = *state, *slow = skw_radio_new(), *quick = skw_radio_new();
	static uint8_t a[8192], b[8192];
	uint8_t psdu[120];
	enum { N = 70000 };

	for (uint32_t k = 0; k < 5; k++) {
		fill(psdu, 120, k);
		send_frame(r,
			   (struct frame) { rates[k], 120, TIMED | APPEND_FCS, 3, 0x9000, k,
					    3000 + 11000 * k + 777 * k * k },
			   psdu, 116);
	}
	skw_radio_run(r, air_b, NULL, N);
	reg_write(slow, CONTROL, RX_FRAMES_ON);
	reg_write(quick, CONTROL, RX_FRAMES_ON);
	skw_radio_service(slow, 1000);
	skw_radio_service(quick, 1000);
	for (size_t k = 0; k < N; k++)
		skw_radio_run(slow, air + k, air_b + k, 1);
	skw_radio_run(quick, air, air_b, N);
	size_t n = skw_radio_host_read(slow, a, sizeof(a));
	assert_int_equal(n, 5 * (4 + 32 + 120));
	assert_int_equal(skw_radio_host_read(quick, b, sizeof(b)), n);
	assert_memory_equal(a, b, n);
	skw_radio_free(slow);
	skw_radio_free(quick);
}

static void idle_means_idle(void **state)
{
	struct skw_radio *r = *state;
	struct skw_iq click = { 20000, -20000 };
	uint8_t psdu[60] = { 0 };

	reg_write(r, CONTROL, RX_FRAMES_ON);
	skw_radio_service(r, 1000);
	assert_true(skw_radio_idle(r));
	skw_radio_run(r, air, &click, 1); /* something in the receiver */
	assert_false(skw_radio_idle(r));
	skw_radio_run(r, air, NULL, 2000);
	assert_true(skw_radio_idle(r));
	send_frame(r, (struct frame) { 6, 60, 0, 3, 0xFFFF, 1, 0 }, psdu, 60);
	skw_radio_service(r, 100000);
	assert_false(skw_radio_idle(r)); /* on its way at once */
	skw_radio_run(r, air, NULL, 300);
	assert_false(skw_radio_idle(r));
	skw_radio_run(r, air, NULL, 3000);
	expect_status(r, 1, SENT, UINT64_MAX);
	assert_true(skw_radio_idle(r));
}

/* ---- A hostile host -------------------------------------------------------------------------- */

static void the_parser_finds_its_way_back(void **state)
{
	struct skw_radio *r = *state;
	uint8_t junk[4096];
	uint32_t errors = 0;

	/* A packet of unknown type, too short or too long is dropped whole: what follows is read.
	 */
	static const struct {
		unsigned type;
		size_t len;
	} bad[] = {
		{ 0x00, 4 },      { 0x7F, 65535 },          { 0xFF, 0 },
		{ REG_WRITE, 4 }, { REG_READ, 12 },         { TX_FRAME, 24 },
		{ TX_FRAME, 3 },  { TX_FRAME, 24 + 4096 },  { TX_IQ, 15 },
		{ TX_IQ, 21 },    { TX_IQ, 16 + 4 * 1025 }, { REG_VALUE, 12 },
		{ REG_WRITE, 0 },
	};
	static uint8_t zeros[65536];
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		send_packet(r, bad[k].type, zeros, bad[k].len);
		assert_int_equal(reg_read(r, 0x00), 0x534B5957);
		assert_int_equal(reg_read(r, 0x19), ++errors);
	}
	/* Rubbish of any length between packets, no multiple of four: the wire slides to the next
	 * header. */
	for (unsigned k = 1; k < 40; k++) {
		fill(junk, k, k);
		for (unsigned n = 0; n < k; n++)
			junk[n] |= 0x80; /* no magic in it */
		skw_radio_host_write(r, junk, k);
		for (int n = 0; n < 2;
		     n++) /* the packet that shares a word with the rubbish is lost */
			reg_write(r, 0x44, k);
		assert_int_equal(reg_read(r, 0x44), k);
		assert_int_equal(reg_read(r, 0x19), ++errors);
	}
	assert_int_equal(reg_read(r, 0x15), 0);
}

static void random_bytes_never_hang_it(void **state)
{
	struct skw_radio *r = *state;
	static uint8_t junk[65536], drain[65536];

	for (unsigned round = 0; round < 10; round++) {
		fill(junk, sizeof(junk), round);
		for (size_t k = 0; k < sizeof(junk); k += 16 + k % 97) /* plausible beginnings */
			junk[k] = 0x5A, junk[k + 1] = (uint8_t)(k % 5 == 0 ? TX_FRAME : k % 5),
			junk[k + 3] &= 3;
		skw_radio_host_write(r, junk, sizeof(junk));
		for (int n = 0; n < 20 && skw_radio_host_pending(r) >= 4; n++) {
			skw_radio_service(r, 200000);
			skw_radio_run(r, air, NULL, 1000);
			while (skw_radio_host_read(r, drain, sizeof(drain)) > 0)
				;
		}
	}
	/* Whatever packet it is in ends within 64 KiB; then it answers. A wild timed frame may be
	 * waiting in the queue, so time is moved past it. */
	memset(junk, 0, sizeof(junk));
	skw_radio_host_write(r, junk, sizeof(junk));
	reg_write(r, 0x06, 0xFFFFFFFF);
	for (int n = 0; n < 200; n++) {
		skw_radio_run(r, air, NULL, 2000);
		uint64_t next;
		if (skw_radio_idle(r) && skw_radio_next_tx(r, &next))
			skw_radio_skip(r, next - skw_radio_time(r));
		while (skw_radio_host_read(r, drain, sizeof(drain)) > 0)
			;
	}
	assert_int_equal(reg_read(r, 0x00), 0x534B5957);
	assert_true(reg_read(r, 0x19) > 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(registers),
		T(time_counts_samples),
		T(a_frame_leaves_in_its_time),
		T(the_board_appends_the_fcs),
		T(late_frames_are_dropped),
		T(bad_descriptors_are_refused),
		T(the_board_chooses_seeds),
		T(a_full_queue_makes_the_link_wait),
		T(two_boards_exchange_frames),
		T(loopback_and_bad_check_sums),
		T(frames_are_dropped_whole_when_nobody_reads),
		T(iq_leaves_in_its_time),
		T(iq_is_received),
		T(iq_overflow_is_counted),
		T(skipping_is_not_seen),
		T(a_skipping_receiver_says_the_same),
		T(idle_means_idle),
		T(the_parser_finds_its_way_back),
		T(random_bytes_never_hang_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
