/* Parts of the gates sleep while they have nothing to do, and silence is passed over: two radios,
 * one of which never sleeps, live through the same life - frames at all rates, noise, silence,
 * frames that break off, registers, I/Q both ways, loopback, time jumps, each at any moment - and
 * must say the same bytes after the same stretch and send the same samples.
 *
 * rooms: wire
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radio/skw_radio.h"
#include "wire/skw_hostlink.h"

enum { STRETCH = 5000, STRETCHES = 80, AIR = 65536 };

static const uint8_t rates[] = { 6, 9, 12, 18, 24, 36, 48, 54 };

struct life {
	uint32_t random;
	struct skw_radio *sleeper, *sleepless, *other; /* `other` is who they hear */
	struct skw_iq air[AIR];                        /* what `other` once sent */
	size_t heard;                                  /* of it so far */
	unsigned long long bytes, frames, samples;     /* compared */
};

static uint32_t draw(struct life *l, uint32_t below)
{
	l->random = l->random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(l->random >> 8) * below >> 24);
}

static void say(struct life *l, const struct skw_writer *w)
{
	assert_true(w->ok);
	assert_true(skw_radio_host_write(l->sleeper, w->start, skw_writer_len(w)));
	assert_true(skw_radio_host_write(l->sleepless, w->start, skw_writer_len(w)));
}

static void write_register(struct life *l, uint32_t address, uint32_t value)
{
	uint8_t packet[16];
	struct skw_writer w = skw_writer(packet, sizeof(packet));

	skw_hostlink_put_reg_write(&w, address, value);
	say(l, &w);
}

static void read_register(struct life *l, uint32_t address)
{
	uint8_t packet[16];
	struct skw_writer w = skw_writer(packet, sizeof(packet));

	skw_hostlink_put_reg_read(&w, address, draw(l, 1 << 24));
	say(l, &w);
}

static void put_frame(struct life *l, struct skw_writer *w, uint64_t now)
{
	uint8_t psdu[400];
	struct skw_hostlink_tx_frame f = {
		.rate_mbps = rates[draw(l, 8)],
		.length = (uint16_t)(5 + draw(l, 390)),
		.timed = draw(l, 2) != 0,
		.append_fcs = draw(l, 8) != 0,
		.seed = (uint8_t)draw(l, 128),
		.amplitude = (uint16_t)draw(l, 65536),
		.tag = draw(l, 1 << 24),
		.time = now + draw(l, 2 * STRETCH) - 200,
	};
	size_t len = f.length - (f.append_fcs ? SKW_FCS_LEN : 0u);

	for (size_t k = 0; k < len; k++)
		psdu[k] = (uint8_t)draw(l, 256);
	skw_hostlink_put_tx_frame(w, &f, psdu, len);
}

static void send_frame(struct life *l)
{
	uint8_t packet[SKW_HOSTLINK_PACKET_MAX];
	struct skw_writer w = skw_writer(packet, sizeof(packet));

	put_frame(l, &w, skw_radio_time(l->sleeper));
	say(l, &w);
}

static void send_iq(struct life *l)
{
	uint8_t samples[4 * 200], packet[SKW_HOSTLINK_PACKET_MAX];
	struct skw_writer w = skw_writer(packet, sizeof(packet));
	uint64_t time = skw_radio_time(l->sleeper) + draw(l, STRETCH);
	bool timed = draw(l, 2) != 0, end_burst = draw(l, 2) != 0;

	for (size_t k = 0; k < sizeof(samples); k++)
		samples[k] = (uint8_t)draw(l, 256);
	skw_hostlink_put_tx_iq(&w, timed, time, end_burst, draw(l, 1 << 24), samples, draw(l, 201));
	say(l, &w);
}

static void something(struct life *l)
{
	switch (draw(l, 10)) {
	case 0:
	case 1:
		send_frame(l);
		break;
	case 2:
		send_iq(l);
		break;
	case 3:
	case 4:
		read_register(l, draw(l, 0x20));
		break;
	case 5: /* loopback seldom: it hears nobody then */
		write_register(l, SKW_REG_CONTROL,
			       draw(l, 16) & (draw(l, 3) != 0 ? ~SKW_CONTROL_LOOPBACK : ~0u));
		break;
	case 6:
		write_register(l, SKW_REG_CONTROL, SKW_CONTROL_RX_FRAMES | SKW_CONTROL_FCS_BAD_TOO);
		break;
	case 7: {
		uint8_t byte = (uint8_t)draw(l, 256); /* garbage on the wire */

		assert_true(skw_radio_host_write(l->sleeper, &byte, 1));
		assert_true(skw_radio_host_write(l->sleepless, &byte, 1));
		break;
	}
	case 8:
		write_register(l, SKW_REG_TIME_SET_LO, draw(l, 1 << 24));
		write_register(l, SKW_REG_TIME_SET_HI, draw(l, 3));
		break;
	default: /* nothing at all */
		break;
	}
}

/* What comes in: silence, noise, or frames with a little noise, perhaps from the middle of one. */
static void stretch_of_air(struct life *l, struct skw_iq *in, size_t n)
{
	unsigned kind = draw(l, 6);
	size_t quiet_from = draw(l, (uint32_t)n), quiet = draw(l, 4) == 0 ? draw(l, 1200) : 0;

	for (size_t k = 0; k < n; k++) {
		uint32_t level = kind == 0 ? 0 : kind == 1 ? 2000 : 40;
		struct skw_iq s = { 0, 0 };

		if (level != 0) {
			s.i = (int16_t)((int)draw(l, level) - (int)level / 2);
			s.q = (int16_t)((int)draw(l, level) - (int)level / 2);
		}
		if (kind >= 2) {
			s.i = (int16_t)(s.i + l->air[l->heard % AIR].i / 2);
			s.q = (int16_t)(s.q + l->air[l->heard % AIR].q / 2);
			l->heard++;
		}
		in[k] = k >= quiet_from && k < quiet_from + quiet ? (struct skw_iq) { 0, 0 } : s;
	}
}

static void compare(struct life *l)
{
	static uint8_t a[1 << 17], b[1 << 17];
	size_t n = skw_radio_host_read(l->sleeper, a, sizeof(a));

	assert_int_equal(skw_radio_host_read(l->sleepless, b, sizeof(b)), n);
	assert_memory_equal(a, b, n);
	for (size_t k = 0; k + 1 < n; k += 4)
		l->frames += a[k] == SKW_HOSTLINK_MAGIC && a[k + 1] == SKW_HOSTLINK_RX_FRAME;
	l->bytes += n;
	assert_int_equal(skw_radio_time(l->sleeper), skw_radio_time(l->sleepless));
	assert_int_equal(skw_radio_idle(l->sleeper), skw_radio_idle(l->sleepless));
	assert_int_equal(skw_radio_host_pending(l->sleeper), skw_radio_host_pending(l->sleepless));
}

static void live(struct life *l)
{
	static struct skw_iq in[STRETCH], out_a[STRETCH], out_b[STRETCH];
	size_t n = 1 + draw(l, STRETCH - 1);

	something(l);
	if (draw(l, 2) != 0)
		something(l);
	if (draw(l, 3) != 0) { /* often words reach the gates between samples, else with them */
		unsigned clocks = draw(l, 400);

		skw_radio_service(l->sleeper, clocks);
		skw_radio_service(l->sleepless, clocks);
	}
	stretch_of_air(l, in, n);
	skw_radio_run(l->sleeper, out_a, in, n);
	skw_radio_run(l->sleepless, out_b, in, n);
	assert_memory_equal(out_a, out_b, n * sizeof(*out_a));
	l->samples += n;
	if (draw(l, 4) != 0) /* sometimes nobody reads for a while */
		compare(l);
}

/* Frames of all rates for the two to hear, some close behind each other. */
static void record(struct life *l)
{
	for (uint64_t at = 500; at < AIR - 20000;) {
		uint8_t packet[SKW_HOSTLINK_PACKET_MAX];
		struct skw_writer w = skw_writer(packet, sizeof(packet));

		put_frame(l, &w, at);
		assert_true(skw_radio_host_write(l->other, packet, skw_writer_len(&w)));
		at += 1500;
	}
	skw_radio_run(l->other, l->air, NULL, AIR);
}

static void one_life(uint32_t seed)
{
	struct life *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->random = seed;
	l->sleeper = skw_radio_new();
	l->sleepless = skw_radio_new_sleepless();
	l->other = skw_radio_new();
	record(l);
	write_register(l, SKW_REG_CONTROL, SKW_CONTROL_RX_FRAMES | SKW_CONTROL_FCS_BAD_TOO);
	for (int n = 0; n < STRETCHES; n++)
		live(l);
	compare(l);
	print_message("seed %u: %llu samples, %llu bytes, %llu frames heard\n", (unsigned)seed,
		      l->samples, l->bytes, l->frames);
	assert_true(l->frames > 10);
	skw_radio_free(l->sleeper);
	skw_radio_free(l->sleepless);
	skw_radio_free(l->other);
	free(l);
}

static void a_sleeper_says_the_same(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 3; seed++)
		one_life(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sleeper_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
