/* skw_device and skw_stream against a board of a few lines behind a socket pair. rooms: soapy wire
 *
 * The board answers register reads from a table and keeps what it was sent; a test speaks for it
 * with say().
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>

#include "soapy/skw_device.h"
#include "soapy/skw_stream.h"

enum { TX_SPACE = 600, SOON_US = 20000, LONG_US = 3000000 };

static const int WHOLE = SOAPY_SDR_END_BURST | SOAPY_SDR_ONE_PACKET;

static struct {
	int fd;
	uint32_t reg[256];
	bool mute; /* takes, but does not answer */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned frames; /* TX_FRAME packets taken */
	uint32_t tag[16];
	uint8_t last[4200];
	unsigned iq_packets;
} board;

static bool read_all(uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = read(board.fd, data, len);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static uint32_t word(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put_word(uint8_t *b, uint32_t v)
{
	for (int k = 0; k < 4; k++)
		b[k] = (uint8_t)(v >> 8 * k);
}

static void say(const uint8_t *data, size_t len)
{
	assert_int_equal(write(board.fd, data, len), (ssize_t)len);
}

static void *serve(void *arg)
{
	uint8_t head[4], body[65540];

	(void)arg;
	while (read_all(head, 4)) {
		size_t len = (size_t)(head[2] | head[3] << 8);

		if (head[0] != 0x5A || !read_all(body, (len + 3) / 4 * 4))
			break;
		pthread_mutex_lock(&board.lock);
		if (head[1] == 0x01)
			board.reg[body[0]] = word(body + 4);
		if (head[1] == 0x10) {
			memcpy(board.last, body,
			       len < sizeof(board.last) ? len : sizeof(board.last));
			board.tag[board.frames++ % 16] = word(body + 8);
		}
		if (head[1] == 0x11) {
			memcpy(board.last, body, 20);
			board.iq_packets++;
		}
		if (head[1] == 0x02 && !board.mute) {
			uint8_t answer[16] = { 0x5A, 0x82, 12, 0 };

			memcpy(answer + 4, body, 8);
			put_word(answer + 12, board.reg[body[0]]);
			if (write(board.fd, answer, sizeof(answer)) != sizeof(answer))
				board.mute = true; /* the host has gone */
		}
		pthread_cond_broadcast(&board.changed);
		pthread_mutex_unlock(&board.lock);
	}
	return NULL;
}

static void wait_frames(unsigned n)
{
	pthread_mutex_lock(&board.lock);
	while (board.frames < n)
		pthread_cond_wait(&board.changed, &board.lock);
	pthread_mutex_unlock(&board.lock);
}

static struct skw_device *start(uint32_t id, uint32_t version, enum skw_device_status *status)
{
	int pair[2];

	memset(&board, 0, sizeof(board));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	board.fd = pair[0];
	board.reg[0] = id;
	board.reg[1] = version;
	board.reg[2] = 0x00031004;
	board.reg[8] = TX_SPACE;
	board.reg[0x44] = 10000000;
	pthread_mutex_init(&board.lock, NULL);
	pthread_cond_init(&board.changed, NULL);
	assert_int_equal(pthread_create(&board.thread, NULL, serve, NULL), 0);
	return skw_device_new(pair[1], status);
}

static void stop(struct skw_device *d)
{
	skw_device_free(d);
	shutdown(board.fd, SHUT_RDWR);
	pthread_join(board.thread, NULL);
	close(board.fd);
}

static int open_board(void **state)
{
	enum skw_device_status status;

	*state = start(0x534B5957, 0x00070001, &status);
	return *state == NULL;
}

static int close_board(void **state)
{
	stop(*state);
	return 0;
}

static void what_it_learned_when_opened(void **state)
{
	struct skw_device_info info = skw_device_info(*state);

	assert_int_equal(info.version, 1);
	assert_int_equal(info.build, 7);
	assert_int_equal(info.clocks_per_sample, 4);
	assert_int_equal(info.sample_bits, 16);
	assert_true(info.framer && info.iq);
	assert_int_equal(info.tx_space, TX_SPACE);
	assert_int_equal(skw_device_rate(*state), 10000000);
}

static void a_stranger_is_not_opened(void **state)
{
	enum skw_device_status status;

	(void)state;
	assert_null(start(0x12345678, 0x00070001, &status));
	assert_int_equal(status, SKW_DEVICE_FOREIGN);
	stop(NULL);
	assert_null(start(0x534B5957, 0x00070002, &status)); /* of a later version */
	assert_int_equal(status, SKW_DEVICE_FOREIGN);
	stop(NULL);
}

static void registers_and_pairs(void **state)
{
	uint64_t hz = 0;

	assert_int_equal(skw_device_write64(*state, 0x40, UINT64_C(5900000000)), SKW_DEVICE_OK);
	assert_int_equal(skw_device_read64(*state, &hz, 0x40), SKW_DEVICE_OK);
	assert_true(hz == UINT64_C(5900000000));
	assert_int_equal(skw_device_set_rate(*state, 6000000), SKW_DEVICE_WRONG);
	assert_int_equal(skw_device_control(*state, 8, 8), SKW_DEVICE_OK);
	assert_int_equal(skw_device_control(*state, 3, 1), SKW_DEVICE_OK);
	assert_int_equal(skw_device_read64(*state, &hz, 3), SKW_DEVICE_OK);
	assert_int_equal((uint32_t)hz, 9);
}

static size_t rx_frame(uint8_t *out, uint16_t length, uint64_t time)
{
	memset(out, 0, 36 + length + 3u);
	out[0] = 0x5A;
	out[1] = 0x90;
	out[2] = (uint8_t)(32 + length);
	out[3] = (uint8_t)((32 + length) >> 8);
	out[4] = 1;
	out[5] = 12;
	out[6] = (uint8_t)length;
	out[7] = (uint8_t)(length >> 8);
	out[8] = 1;
	put_word(out + 12, 1u << 30);
	put_word(out + 16, 10);
	put_word(out + 20, 1);
	put_word(out + 28, (uint32_t)time);
	memset(out + 36, 0xAB, length);
	return 4 + (32 + (size_t)length + 3) / 4 * 4;
}

static void frames_come_whole_or_in_fragments(void **state)
{
	struct skw_stream *s = skw_stream_open(*state, SKW_STREAM_RX_FRAMES, SKW_STREAM_U8);
	uint8_t packet[4200], out[5000];
	uint64_t control = 0;
	long long time = 0;
	int flags = -1;

	assert_non_null(s);
	assert_null(skw_stream_open(*state, SKW_STREAM_RX_FRAMES, SKW_STREAM_U8));
	assert_int_equal(skw_stream_read(s, out, 100, &flags, &time, 0), SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_stream_activate(s, 0, 0, 0), 0);
	assert_int_equal(skw_stream_read(s, out, 100, &flags, &time, SOON_US), SOAPY_SDR_TIMEOUT);
	say(packet, rx_frame(packet, 300, 1000));
	assert_int_equal(skw_stream_read(s, out, sizeof(out), &flags, &time, LONG_US), 324);
	assert_int_equal(flags, WHOLE | SOAPY_SDR_HAS_TIME);
	assert_true(time == 100000); /* 1000 samples of 100 ns */
	assert_int_equal(out[1], 12);
	assert_int_equal(out[323], 0xAB);

	say(packet, rx_frame(packet, 300, 2000));
	assert_int_equal(skw_stream_read(s, out, 24, &flags, &time, LONG_US), 24);
	assert_int_equal(flags, SOAPY_SDR_HAS_TIME | SOAPY_SDR_MORE_FRAGMENTS);
	assert_int_equal(skw_stream_read(s, out, 100, &flags, &time, LONG_US), 100);
	assert_int_equal(flags, SOAPY_SDR_MORE_FRAGMENTS);
	assert_int_equal(skw_stream_read(s, out, 5000, &flags, &time, LONG_US), 200);
	assert_int_equal(flags, WHOLE);
	assert_int_equal(skw_stream_write(s, out, 100, &flags, 0, 0), SOAPY_SDR_STREAM_ERROR);
	skw_stream_close(s);
	assert_int_equal(skw_device_read64(*state, &control, 3), SKW_DEVICE_OK);
	assert_int_equal(control & 1, 0);
}

static size_t tx_frame(uint8_t *out, uint16_t length)
{
	memset(out, 0x11, 16 + (size_t)length);
	memset(out, 0, 16);
	out[0] = 1;
	out[1] = 6;
	out[2] = (uint8_t)length;
	out[3] = (uint8_t)(length >> 8);
	out[8] = 42;
	return 16 + (size_t)length;
}

static void answer(uint32_t tag, uint8_t result, uint32_t time)
{
	uint8_t packet[20] = { 0x5A, 0x92, 16, 0 };

	put_word(packet + 4, tag);
	packet[8] = result;
	put_word(packet + 12, time);
	say(packet, sizeof(packet));
}

static void transmit_waits_for_room(void **state)
{
	struct skw_stream *s = skw_stream_open(*state, SKW_STREAM_TX_FRAMES, SKW_STREAM_U8);
	uint8_t frame[5000];
	long long time = 0;
	size_t mask = 0, len = tx_frame(frame, 276); /* 24 + 276 = 300: two fill the queue */
	int flags = WHOLE;

	assert_int_equal(skw_stream_activate(s, 0, 0, 0), 0);
	for (unsigned k = 0; k < 2; k++)
		assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, 0), (int)len);
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, SOON_US), SOAPY_SDR_TIMEOUT);
	wait_frames(2);
	assert_int_equal(board.frames, 2);
	answer(board.tag[0], 0, 77);
	assert_int_equal(skw_stream_status(s, &mask, &flags, &time, LONG_US), 0);
	assert_true(mask == 42 && time == 7700 && (flags & SOAPY_SDR_END_BURST));
	flags = WHOLE;
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, LONG_US), (int)len);
	wait_frames(3);
	answer(board.tag[1], 1, 0);
	answer(board.tag[2], 2, 0);
	assert_int_equal(skw_stream_status(s, &mask, &flags, &time, LONG_US), SOAPY_SDR_TIME_ERROR);
	assert_int_equal(skw_stream_status(s, &mask, &flags, &time, LONG_US), SOAPY_SDR_UNDERFLOW);
	flags = WHOLE;
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, 0), (int)len);
	wait_frames(4);
	answer(board.tag[3], 3, 0);
	assert_int_equal(skw_stream_status(s, &mask, &flags, &time, LONG_US),
			 SOAPY_SDR_STREAM_ERROR);
	answer(board.tag[3], 0, 0); /* twice: not believed */
	assert_int_equal(skw_stream_status(s, &mask, &flags, &time, SOON_US), SOAPY_SDR_TIMEOUT);
	len = tx_frame(frame, 600); /* can never fit */
	flags = WHOLE;
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, 600000000),
			 SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_device_health(*state).status_lost, 1);
	skw_stream_close(s);
}

static void malformed_calls_are_refused(void **state)
{
	struct skw_stream *s = skw_stream_open(*state, SKW_STREAM_TX_FRAMES, SKW_STREAM_U8);
	uint8_t frame[5000];
	size_t len = tx_frame(frame, 20);
	const struct {
		size_t at;
		uint8_t value;
	} bad[] = { { 0, 2 }, { 1, 5 }, { 2, 21 }, { 3, 1 }, { 4, 2 }, { 5, 128 }, { 7, 1 } };
	int flags = WHOLE;

	assert_int_equal(skw_stream_activate(s, 0, 0, 0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tx_frame(frame, 20);
		frame[bad[i].at] = bad[i].value;
		assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, 0),
				 SOAPY_SDR_STREAM_ERROR);
	}
	tx_frame(frame, 20);
	assert_int_equal(skw_stream_write(s, frame, 0, &flags, 0, 0), SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_stream_write(s, frame, 15, &flags, 0, 0), SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_stream_write(s, NULL, len, &flags, 0, 0), SOAPY_SDR_STREAM_ERROR);
	flags = SOAPY_SDR_END_BURST;
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 0, 0), SOAPY_SDR_STREAM_ERROR);
	flags = WHOLE | SOAPY_SDR_HAS_TIME;
	assert_int_equal(skw_stream_write(s, frame, len, &flags, -5, 0), SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(board.frames, 0);
	skw_stream_close(s);
}

static void a_time_that_has_passed_is_known_without_asking(void **state)
{
	struct skw_stream *s = skw_stream_open(*state, SKW_STREAM_TX_FRAMES, SKW_STREAM_U8);
	uint8_t frame[100];
	size_t len = tx_frame(frame, 20);
	uint64_t now;
	int flags = WHOLE | SOAPY_SDR_HAS_TIME;

	board.reg[4] = 5000;
	assert_int_equal(skw_device_time(*state, &now), SKW_DEVICE_OK);
	assert_true(now == 5000);
	assert_int_equal(skw_stream_activate(s, 0, 0, 0), 0);
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 499900, 0), SOAPY_SDR_TIME_ERROR);
	assert_int_equal(skw_stream_write(s, frame, len, &flags, 500100, 0), (int)len);
	wait_frames(1);
	assert_int_equal(board.last[4], 1); /* TIMED */
	assert_int_equal(word(board.last + 16), 5001);
	skw_stream_close(s);
}

static void samples_arrive_as_floats(void **state)
{
	static const uint8_t packet[] = { 0x5A, 0x91, 16,   0,    100,  0,    0,    0,    0, 0,
					  0,    0,    0x00, 0x40, 0x00, 0x80, 0xFF, 0x7F, 0, 0 };
	struct skw_stream *s = skw_stream_open(*state, SKW_STREAM_RX_IQ, SKW_STREAM_CF32);
	long long time = 0;
	float out[2 * 16];
	int flags = 0;

	assert_int_equal(skw_stream_activate(s, 0, 0, 3), 0);
	say(packet, sizeof(packet));
	assert_int_equal(skw_stream_read(s, out, 16, &flags, &time, LONG_US), 2);
	assert_int_equal(flags, SOAPY_SDR_HAS_TIME);
	assert_true(time == 10000 && out[0] == 0.5f && out[1] == -1 && out[2] == 32767 / 32768.0f &&
		    out[3] == 0);
	say(packet, sizeof(packet)); /* the same time again: something is missing */
	assert_int_equal(skw_stream_read(s, out, 16, &flags, &time, LONG_US), SOAPY_SDR_OVERFLOW);
	assert_int_equal(skw_stream_read(s, out, 16, &flags, &time, LONG_US), 1);
	assert_int_equal(flags, SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST);
	skw_stream_close(s);
}

static void samples_leave_as_integers(void **state)
{
	struct skw_stream *s = skw_stream_open(*state, SKW_STREAM_TX_IQ, SKW_STREAM_CF32);
	float in[2 * 2] = { 0.5f, -2, 9, 0 };
	int flags = SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST;

	assert_int_equal(skw_stream_activate(s, 0, 0, 0), 0);
	assert_int_equal(skw_stream_write(s, in, 1, &flags, 1000, LONG_US), 1);
	pthread_mutex_lock(&board.lock);
	while (board.iq_packets < 1)
		pthread_cond_wait(&board.changed, &board.lock);
	pthread_mutex_unlock(&board.lock);
	assert_int_equal(word(board.last), 3);
	assert_int_equal(word(board.last + 8), 10);
	assert_int_equal(word(board.last + 16), 0x80004000);
	skw_stream_close(s);
}

static void garbage_from_the_board_is_counted(void **state)
{
	static const uint8_t junk[64] = { 1, 2, 3 };
	uint64_t v;

	say(junk, sizeof(junk));
	say((const uint8_t[]) { 0x5A, 0x66, 8, 0, 0x5A, 0x5A, 0x5A, 0x5A, 0x5A, 0x5A, 0x5A, 0x5A },
	    12);
	assert_int_equal(skw_device_read64(*state, &v, 0), SKW_DEVICE_OK);
	assert_int_equal(skw_device_health(*state).link_garbage, 64);
	assert_int_equal(skw_device_health(*state).link_refused, 1);
}

static void a_board_that_goes_is_an_error_at_once(void **state)
{
	struct skw_stream *rx = skw_stream_open(*state, SKW_STREAM_RX_FRAMES, SKW_STREAM_U8);
	struct skw_stream *tx = skw_stream_open(*state, SKW_STREAM_TX_FRAMES, SKW_STREAM_U8);
	uint8_t frame[100];
	size_t len = tx_frame(frame, 20), mask;
	long long time;
	uint64_t v;
	int flags = 0;

	assert_int_equal(skw_stream_activate(rx, 0, 0, 0), 0);
	assert_int_equal(skw_stream_activate(tx, 0, 0, 0), 0);
	shutdown(board.fd, SHUT_RDWR);
	assert_int_equal(skw_stream_read(rx, frame, 100, &flags, &time, 60000000),
			 SOAPY_SDR_STREAM_ERROR);
	flags = WHOLE;
	assert_int_equal(skw_stream_write(tx, frame, len, &flags, 0, 60000000),
			 SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_stream_status(tx, &mask, &flags, &time, 60000000),
			 SOAPY_SDR_STREAM_ERROR);
	assert_int_equal(skw_device_read64(*state, &v, 0), SKW_DEVICE_GONE);
	assert_int_equal(skw_device_write(*state, 3, 0), SKW_DEVICE_GONE);
	skw_stream_close(rx);
	skw_stream_close(tx);
}

#define WITH_BOARD(test) cmocka_unit_test_setup_teardown(test, open_board, close_board)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARD(what_it_learned_when_opened),
		cmocka_unit_test(a_stranger_is_not_opened),
		WITH_BOARD(registers_and_pairs),
		WITH_BOARD(frames_come_whole_or_in_fragments),
		WITH_BOARD(transmit_waits_for_room),
		WITH_BOARD(malformed_calls_are_refused),
		WITH_BOARD(a_time_that_has_passed_is_known_without_asking),
		WITH_BOARD(samples_arrive_as_floats),
		WITH_BOARD(samples_leave_as_integers),
		WITH_BOARD(garbage_from_the_board_is_counted),
		WITH_BOARD(a_board_that_goes_is_an_error_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
