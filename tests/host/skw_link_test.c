/* rooms: wire keys link
 *
 * skw_link: each rule by itself, two links whose frames the test carries by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "link/skw_link.h"
#include "link/skw_reliable.h"

#define SECOND UINT64_C(1000000)

struct frame {
	size_t len;
	uint8_t data[SKW_LINK_FRAME_MAX];
};

struct side {
	struct skw_identity id;
	struct skw_random_stream stream;
	struct skw_link *link;
	struct skw_link_endpoint at;
	struct frame out[64];
	unsigned out_count, ups, downs, messages;
	uint32_t peer;
	struct skw_link_endpoint last_to;
	uint8_t last[SKW_LINK_RELIABLE_MAX];
	size_t last_len;
};

static struct side a, b;
static uint64_t now;

static void start(struct side *s, uint8_t name, uint64_t stamp, bool accept_unknown)
{
	struct skw_link_config config = {
		.identity = &s->id,
		.random = skw_random_seeded(&s->stream, name + stamp),
		.stamp = stamp,
		.accept_unknown = accept_unknown,
	};

	s->link = skw_link_new(&config, now);
	s->at = (struct skw_link_endpoint) { .len = 1, .addr = { name } };
}

static int fresh(void **state)
{
	struct skw_random_stream stream;
	struct skw_random random = skw_random_seeded(&stream, 5);

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	now = 50 * SECOND;
	skw_identity_generate(&a.id, &random);
	skw_identity_generate(&b.id, &random);
	start(&a, 1, 1000, false);
	start(&b, 2, 2000, true);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	skw_link_free(a.link);
	skw_link_free(b.link);
	return 0;
}

static void poll_all(struct side *s)
{
	struct skw_link_out out;

	while (skw_link_poll(s->link, &out)) {
		switch (out.event) {
		case SKW_LINK_SEND:
			assert_true(s->out_count < 64);
			s->out[s->out_count].len = out.len;
			memcpy(s->out[s->out_count++].data, out.data, out.len);
			s->last_to = out.to;
			break;
		case SKW_LINK_MESSAGE:
			s->messages++;
			s->last_len = out.len;
			memcpy(s->last, out.data, out.len);
			break;
		case SKW_LINK_PEER_UP:
			s->ups++;
			s->peer = out.peer;
			break;
		case SKW_LINK_PEER_DOWN:
			s->downs++;
			break;
		}
	}
}

static enum skw_link_status deliver(const struct side *from, struct side *to,
				    const struct frame *frame)
{
	enum skw_link_status status =
	    skw_link_receive(to->link, &from->at, frame->data, frame->len, now);

	poll_all(to);
	return status;
}

/* Carries frames both ways until both are silent. */
static void carry(void)
{
	poll_all(&a);
	poll_all(&b);
	while (a.out_count + b.out_count > 0) {
		struct side *from = a.out_count > 0 ? &a : &b, *to = from == &a ? &b : &a;
		struct frame frame = from->out[0];

		memmove(&from->out[0], &from->out[1], --from->out_count * sizeof(frame));
		deliver(from, to, &frame);
	}
}

static void call(struct side *from, struct side *to)
{
	assert_int_equal(skw_link_add_peer(from->link, &to->id.address, &to->at, now, &from->peer),
			 SKW_LINK_OK);
	poll_all(from);
}

static void connect_both(void)
{
	call(&a, &b);
	carry();
	assert_int_equal(a.ups, 1);
	assert_int_equal(b.ups, 1);
}

static void a_session_takes_one_round_trip(void **state)
{
	(void)state;
	call(&a, &b);
	assert_int_equal(a.out_count, 1);
	assert_int_equal(a.out[0].len, 133);
	deliver(&a, &b, &a.out[0]);
	assert_int_equal(b.out_count, 1);
	assert_int_equal(b.out[0].len, 65);
	assert_int_equal(b.ups, 0); /* not before the caller has shown that it lives */
	a.out_count = 0;
	deliver(&b, &a, &b.out[0]);
	assert_int_equal(a.ups, 1);
	assert_int_equal(a.out_count, 1);
	deliver(&a, &b, &a.out[0]);
	assert_int_equal(b.ups, 1);
}

static void data_is_delivered_once(void **state)
{
	uint8_t cell[SKW_LINK_UNRELIABLE_MAX];
	struct frame frame;

	(void)state;
	connect_both();
	memset(cell, 7, sizeof(cell));
	assert_int_equal(skw_link_send(a.link, a.peer, SKW_LINK_CELL, cell, sizeof(cell), now),
			 SKW_LINK_OK);
	poll_all(&a);
	assert_int_equal(a.out_count, 1);
	assert_int_equal(a.out[0].len, SKW_LINK_FRAME_MAX);
	frame = a.out[0];
	assert_int_equal(deliver(&a, &b, &frame), SKW_LINK_OK);
	assert_int_equal(b.messages, 1);
	assert_int_equal(b.last_len, sizeof(cell));
	assert_memory_equal(b.last, cell, sizeof(cell));
	assert_int_equal(deliver(&a, &b, &frame), SKW_LINK_DROPPED);
	assert_int_equal(skw_link_counters(b.link)->replayed, 1);
	assert_int_equal(b.messages, 1);
	/* reflected at the sender: not its index, or not its key */
	assert_int_equal(deliver(&b, &a, &frame), SKW_LINK_DROPPED);
	assert_int_equal(skw_link_send(a.link, a.peer, SKW_LINK_CELL, cell, sizeof(cell) + 1, now),
			 SKW_LINK_TOO_LONG);
}

static void every_flipped_bit_is_noticed(void **state)
{
	struct frame frame;

	(void)state;
	connect_both();
	skw_link_send(a.link, a.peer, SKW_LINK_CELL, (const uint8_t *)"hello", 5, now);
	poll_all(&a);
	frame = a.out[0];
	for (size_t bit = 0; bit < 8 * frame.len; bit++) {
		struct frame bad = frame;

		bad.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(deliver(&a, &b, &bad), SKW_LINK_DROPPED);
	}
	for (size_t len = 0; len < frame.len; len++) {
		struct frame bad = frame;

		bad.len = len;
		assert_int_equal(deliver(&a, &b, &bad), SKW_LINK_DROPPED);
	}
	assert_int_equal(b.messages, 0);
	assert_int_equal(b.out_count, 0); /* not a word */
	assert_int_equal(deliver(&a, &b, &frame), SKW_LINK_OK);
	assert_int_equal(b.messages, 1);
}

static void a_replayed_call_changes_nothing(void **state)
{
	struct frame init;

	(void)state;
	call(&a, &b);
	init = a.out[0];
	carry();
	assert_int_equal(deliver(&a, &b, &init), SKW_LINK_DROPPED);
	assert_int_equal(b.out_count, 0);
	assert_int_equal(skw_link_counters(b.link)->handshakes_bad, 1);
	skw_link_send(a.link, a.peer, SKW_LINK_CELL, (const uint8_t *)"x", 1, now);
	carry();
	assert_int_equal(b.messages, 1);
}

static void an_older_call_is_refused(void **state)
{
	struct frame old;

	(void)state;
	call(&a, &b);
	old = a.out[0];
	a.out_count = 0;
	do { /* until it gives the first call up */
		a.out_count = 0;
		now = skw_link_next_timer(a.link);
		skw_link_tick(a.link, now);
		poll_all(&a);
	} while (memcmp(a.out[0].data, old.data, old.len) == 0);
	carry();
	assert_int_equal(b.ups, 1);
	assert_int_equal(deliver(&a, &b, &old), SKW_LINK_DROPPED);
	assert_int_equal(b.out_count, 0);
}

static void what_is_on_its_way_survives_a_rekey(void **state)
{
	struct frame late;
	struct skw_link_info info;

	(void)state;
	connect_both();
	for (unsigned i = 0; i < 12; i++) { /* two minutes of keepalives */
		now += 10 * SECOND;
		skw_link_tick(b.link, now);
		if (i < 11)
			skw_link_tick(a.link, now);
		carry();
	}
	skw_link_send(a.link, a.peer, SKW_LINK_CELL, (const uint8_t *)"late", 4, now);
	poll_all(&a);
	late = a.out[0];
	a.out_count = 0;
	skw_link_tick(a.link, now);
	carry();
	assert_true(skw_link_info(b.link, b.peer, &info));
	assert_int_equal(info.rekeys, 1);
	assert_int_equal(deliver(&a, &b, &late), SKW_LINK_OK);
	assert_int_equal(b.messages, 1);
	assert_int_equal(deliver(&a, &b, &late), SKW_LINK_DROPPED);
}

static void a_lost_answer_is_repeated(void **state)
{
	struct frame init, first;

	(void)state;
	call(&a, &b);
	init = a.out[0];
	a.out_count = 0;
	deliver(&a, &b, &init);
	first = b.out[0];
	b.out_count = 0; /* lost */
	now = skw_link_next_timer(a.link);
	assert_in_range(now, 51 * SECOND, 51 * SECOND + SECOND / 4);
	skw_link_tick(a.link, now);
	poll_all(&a);
	assert_int_equal(a.out_count, 1);
	assert_memory_equal(a.out[0].data, init.data, init.len); /* the same call */
	deliver(&a, &b, &a.out[0]);
	assert_int_equal(b.out_count, 1);
	assert_memory_equal(b.out[0].data, first.data, first.len);
	a.out_count = 0;
	carry();
	assert_int_equal(a.ups + b.ups, 2);
}

static void strangers_get_no_answer(void **state)
{
	(void)state;
	call(&b, &a); /* a knows nobody and lets nobody in */
	deliver(&b, &a, &b.out[0]);
	assert_int_equal(a.out_count, 0);
	assert_int_equal(skw_link_counters(a.link)->handshakes_bad, 1);
}

static void a_forged_answer_does_not_spoil_the_call(void **state)
{
	struct frame resp, forged;

	(void)state;
	call(&a, &b);
	deliver(&a, &b, &a.out[0]);
	a.out_count = 0;
	resp = forged = b.out[0];
	forged.data[40] ^= 1;
	assert_int_equal(deliver(&b, &a, &forged), SKW_LINK_DROPPED);
	assert_int_equal(deliver(&b, &a, &resp), SKW_LINK_OK);
	assert_int_equal(a.ups, 1);
}

static void a_flood_of_calls_costs_little(void **state)
{
	struct frame init;
	unsigned answered = 0;

	(void)state;
	call(&a, &b);
	init = a.out[0];
	for (unsigned i = 0; i < 1000; i++) {
		deliver(&a, &b, &init); /* a true call: the same answer each time, up to a limit */
		answered += b.out_count;
		b.out_count = 0;
	}
	assert_in_range(answered, 90, 110);
}

static void the_restart_of_a_neighbour_is_noticed_at_once(void **state)
{
	(void)state;
	connect_both();
	skw_link_send(a.link, a.peer, SKW_LINK_PAY, (const uint8_t *)"old", 3, now);
	skw_link_free(b.link); /* and what was on its way is gone */
	b.out_count = b.ups = 0;
	poll_all(&a);
	a.out_count = 0;
	now += SECOND;
	start(&b, 2, 2000 + SECOND, true);
	assert_int_equal(skw_link_add_peer(b.link, &a.id.address, &a.at, now, &b.peer),
			 SKW_LINK_OK);
	carry();
	assert_int_equal(a.downs, 1);
	assert_int_equal(a.ups, 2);
	assert_int_equal(b.ups, 1);
	skw_link_send(a.link, a.peer, SKW_LINK_PAY, (const uint8_t *)"new", 3, now);
	carry();
	assert_int_equal(b.messages, 1);
	assert_memory_equal(b.last, "new", 3);
}

static void a_peer_that_moves_is_followed(void **state)
{
	(void)state;
	connect_both();
	a.at.addr[0] = 9;
	skw_link_send(a.link, a.peer, SKW_LINK_CELL, (const uint8_t *)"x", 1, now);
	carry();
	skw_link_send(b.link, b.peer, SKW_LINK_CELL, (const uint8_t *)"y", 1, now);
	poll_all(&b);
	assert_int_equal(b.last_to.addr[0], 9);
}

static void silence_is_broken_then_mourned(void **state)
{
	(void)state;
	connect_both();
	now += 10 * SECOND;
	skw_link_tick(a.link, now);
	poll_all(&a);
	assert_int_equal(a.out_count, 1); /* keepalive */
	now += 25 * SECOND;
	skw_link_tick(a.link, now);
	poll_all(&a);
	assert_int_equal(a.downs, 1);
	assert_int_equal(skw_link_send(a.link, a.peer, SKW_LINK_CELL, (const uint8_t *)"x", 1, now),
			 SKW_LINK_DOWN);
	assert_true(a.out_count >= 2); /* and it calls again */
}

static void one_stream_of_ticks_never_spins(void **state)
{
	(void)state;
	connect_both();
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t next = skw_link_next_timer(a.link), other = skw_link_next_timer(b.link);

		next = next < other ? next : other;
		assert_true(next > now); /* nothing is due that was just done */
		now = next;
		skw_link_tick(a.link, now);
		skw_link_tick(b.link, now);
		carry();
	}
	assert_int_equal(a.ups + b.ups, 2);
	assert_true(now > 3600 * SECOND);
}

/* ---- skw_reliable
 * ------------------------------------------------------------------------------------ */

static void forged_acks_are_refused(void **state)
{
	static struct skw_reliable r;
	uint8_t out[1500];
	size_t len;

	(void)state;
	skw_reliable_init(&r, 10000, 5000, SECOND);
	assert_int_equal(skw_reliable_push(&r, 16, (const uint8_t *)"abc", 3, 100),
			 SKW_RELIABLE_OK);
	assert_int_equal(skw_reliable_on_ack(&r, 1, 0, 0), SKW_RELIABLE_MALFORMED); /* not sent */
	assert_true(skw_reliable_poll(&r, 0, out, sizeof(out), &len));
	assert_int_equal(skw_reliable_on_ack(&r, 2, 0, 0), SKW_RELIABLE_MALFORMED);
	assert_int_equal(r.queued, 3);
	assert_int_equal(skw_reliable_on_ack(&r, 1, 0, 70000), SKW_RELIABLE_OK);
	assert_int_equal(r.queued, 0);
	assert_int_equal(r.srtt_us, 70000);
	assert_int_equal(skw_reliable_on_ack(&r, 0, UINT32_MAX, 0), SKW_RELIABLE_OK); /* old */
	assert_int_equal(skw_reliable_next_timer(&r), UINT64_MAX);
	/* Karn: an answer to what was sent twice measures nothing */
	skw_reliable_push(&r, 16, (const uint8_t *)"abc", 3, 100);
	assert_true(skw_reliable_poll(&r, 0, out, sizeof(out), &len));
	assert_true(skw_reliable_poll(&r, SECOND, out, sizeof(out), &len));
	assert_int_equal(skw_reliable_on_ack(&r, 2, 0, SECOND + 1), SKW_RELIABLE_OK);
	assert_int_equal(r.srtt_us, 70000);
	skw_reliable_reset(&r);
}

static void queues_are_bounded(void **state)
{
	static struct skw_reliable r;
	static uint8_t big[5001];
	unsigned n = 0;

	(void)state;
	skw_reliable_init(&r, 12000, 5000, SECOND);
	assert_int_equal(skw_reliable_push(&r, 16, big, 5001, 100), SKW_RELIABLE_TOO_LONG);
	while (skw_reliable_push(&r, 16, big, 5000, 100) == SKW_RELIABLE_OK)
		n++;
	assert_int_equal(n, 2);
	skw_reliable_reset(&r);
	for (n = 0; skw_reliable_push(&r, 16, big, 0, 100) == SKW_RELIABLE_OK;)
		n++;
	assert_int_equal(n, SKW_RELIABLE_SLOTS);
	skw_reliable_reset(&r);
}

static void a_message_without_end_takes_no_memory(void **state)
{
	static struct skw_reliable r;
	uint8_t fragment[SKW_RELIABLE_HEADER + 1000] = { 0 }, type;
	const uint8_t *data;
	size_t len;

	(void)state;
	skw_reliable_init(&r, 12000, 5000, SECOND);
	for (unsigned i = 0; i < 200; i++) {
		fragment[0] = (uint8_t)i;
		fragment[4] = 16;
		fragment[5] = i == 150; /* the end, at last; then a good one */
		if (i == 151) {
			fragment[5] = 1;
			assert_int_equal(skw_reliable_accept(&r, fragment, 10), SKW_RELIABLE_OK);
			assert_true(skw_reliable_take(&r, &type, &data, &len));
			assert_int_equal(len, 4);
			break;
		}
		assert_int_equal(skw_reliable_accept(&r, fragment, sizeof(fragment)),
				 SKW_RELIABLE_OK);
		assert_false(skw_reliable_take(&r, &type, &data, &len));
		assert_true(r.message_len <= 5000);
	}
	skw_reliable_reset(&r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(a_session_takes_one_round_trip),
		CASE(data_is_delivered_once),
		CASE(every_flipped_bit_is_noticed),
		CASE(a_replayed_call_changes_nothing),
		CASE(an_older_call_is_refused),
		CASE(what_is_on_its_way_survives_a_rekey),
		CASE(a_lost_answer_is_repeated),
		CASE(strangers_get_no_answer),
		CASE(a_forged_answer_does_not_spoil_the_call),
		CASE(a_flood_of_calls_costs_little),
		CASE(the_restart_of_a_neighbour_is_noticed_at_once),
		CASE(a_peer_that_moves_is_followed),
		CASE(silence_is_broken_then_mourned),
		CASE(one_stream_of_ticks_never_spins),
		cmocka_unit_test(forged_acks_are_refused),
		cmocka_unit_test(queues_are_bounded),
		cmocka_unit_test(a_message_without_end_takes_no_memory),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
