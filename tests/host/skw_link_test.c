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
	assert_int_equal(a.out[0].len, 149);
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

/* ---- floods ---------------------------------------------------------------------------------- */

enum { INIT = 1, RESP = 2, COOKIE = 4, COOKIE_LEN = 61, HALF = 50 };

/* The first frame of that type among what `s` has to say; its others are dropped. */
static bool said(struct side *s, uint8_t type, struct frame *out)
{
	bool found = false;

	for (unsigned i = 0; i < s->out_count && !found; i++)
		if (s->out[i].data[0] == type) {
			*out = s->out[i];
			found = true;
		}
	s->out_count = 0;
	return found;
}

/* A true call from nobody in particular: a key and a place that are new each time. */
static void call_of_a_stranger(struct frame *init, struct skw_link_endpoint *at, unsigned n)
{
	struct side s = { .out_count = 0 };
	struct skw_random_stream stream;
	struct skw_random random = skw_random_seeded(&stream, 1000 + n);

	skw_identity_generate(&s.id, &random);
	start(&s, 3, 3000 + n, false);
	call(&s, &b);
	*init = s.out[0];
	*at = (struct skw_link_endpoint) { .len = 4, .addr = { 9, (uint8_t)(n >> 8), (uint8_t)n } };
	skw_link_free(s.link);
}

/* Calls of strangers until b asks for cookies. */
static void flood(void)
{
	const uint64_t before = skw_link_counters(b.link)->cookies;
	struct skw_link_endpoint at;
	struct frame init;

	for (unsigned n = 0; skw_link_counters(b.link)->cookies < before + 3; n++) {
		assert_true(n < 200);
		call_of_a_stranger(&init, &at, n);
		skw_link_receive(b.link, &at, init.data, init.len, now);
		poll_all(&b);
		b.out_count = 0;
	}
}

/* a calls b in a flood, and is given a cookie; what it said stays in a.out. */
static void call_for_cookie(struct frame *cookie)
{
	flood();
	call(&a, &b);
	deliver(&a, &b, &a.out[0]);
	assert_true(said(&b, COOKIE, cookie));
}

static void a_flood_of_calls_costs_little(void **state)
{
	struct frame init, out;
	unsigned answered = 0, cookies = 0;

	(void)state;
	call(&a, &b);
	init = a.out[0];
	for (unsigned i = 0; i < 1000; i++) {
		deliver(&a, &b, &init); /* a true call: the same answer each time, up to a limit */
		assert_int_equal(b.out_count, 1);
		out = b.out[0];
		b.out_count = 0;
		answered += out.data[0] == RESP;
		cookies += out.data[0] == COOKIE;
		assert_true(out.len <= init.len); /* nobody is made loud by us */
	}
	assert_in_range(answered, HALF, HALF + 2);
	assert_int_equal(answered + cookies, 1000);
	assert_int_equal(skw_link_counters(b.link)->cookies, cookies);
}

static void who_is_there_gets_through_a_flood(void **state)
{
	struct frame first, cookie, second;

	(void)state;
	call_for_cookie(&cookie);
	first = a.out[0];
	a.out_count = 0;
	assert_int_equal(cookie.len, COOKIE_LEN);
	assert_int_equal(deliver(&b, &a, &cookie), SKW_LINK_OK);
	assert_int_equal(a.out_count, 1); /* at once */
	second = a.out[0];
	assert_memory_equal(second.data, first.data, 149 - 16);
	assert_memory_not_equal(second.data + 149 - 16, first.data + 149 - 16, 16);
	carry();
	assert_int_equal(a.ups, 1);
	assert_int_equal(b.ups, 1);
}

static void a_cookie_is_for_one_place(void **state)
{
	struct frame cookie, out;

	(void)state;
	call_for_cookie(&cookie);
	a.out_count = 0;
	deliver(&b, &a, &cookie);
	a.at.addr[0] = 77; /* the INIT with its second code, from elsewhere */
	deliver(&a, &b, &a.out[0]);
	assert_false(said(&b, RESP, &out));
	a.at.addr[0] = 1;
	deliver(&a, &b, &a.out[0]);
	assert_true(said(&b, RESP, &out));
}

static void a_cookie_grows_old(void **state)
{
	struct frame cookie, out;

	(void)state;
	call_for_cookie(&cookie);
	a.out_count = 0;
	deliver(&b, &a, &cookie);
	now += 250 * SECOND; /* twice the life of a secret, and the bucket is full again */
	flood();
	deliver(&a, &b, &a.out[0]);
	assert_false(said(&b, RESP, &out));
}

static void a_cookie_outlives_its_secret(void **state)
{
	struct frame cookie, out;

	(void)state;
	flood(); /* b makes a secret */
	now += 100 * SECOND;
	call_for_cookie(&cookie);
	a.out_count = 0;
	deliver(&b, &a, &cookie);
	now += 30 * SECOND;
	flood(); /* and another */
	deliver(&a, &b, &a.out[0]);
	assert_true(said(&b, RESP, &out));
}

static void who_does_not_know_us_gets_no_cookie(void **state)
{
	struct frame bad, out;

	(void)state;
	flood();
	call(&a, &b);
	for (size_t at = 1; at < 149 - 16; at++) {
		bad = a.out[0];
		bad.data[at] ^= 1;
		deliver(&a, &b, &bad);
		assert_false(said(&b, COOKIE, &out));
	}
}

static void forged_cookies_are_dropped(void **state)
{
	struct frame cookie, bad;

	(void)state;
	call_for_cookie(&cookie);
	a.out_count = 0;
	for (size_t bit = 8; bit < 8 * cookie.len; bit++) {
		bad = cookie;
		bad.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(deliver(&b, &a, &bad), SKW_LINK_DROPPED);
	}
	for (bad = cookie; bad.len > 0; bad.len--)
		if (bad.len < cookie.len)
			assert_int_equal(deliver(&b, &a, &bad), SKW_LINK_DROPPED);
	assert_int_equal(deliver(&a, &b, &cookie), SKW_LINK_DROPPED); /* reflected */
	assert_int_equal(a.out_count + b.out_count, 0);
	assert_int_equal(deliver(&b, &a, &cookie), SKW_LINK_OK);
	assert_int_equal(a.out_count, 1);
	assert_int_equal(deliver(&b, &a, &cookie), SKW_LINK_OK); /* again: we say nothing more */
	assert_int_equal(a.out_count, 1);
}

/* One machine that is there, with many keys and UDP ports, does not take the others' share. */
static void one_machine_has_one_share(void **state)
{
	unsigned answered = 0;

	(void)state;
	for (unsigned n = 0; n < 400; n++) {
		struct side s = { .out_count = 0 };
		struct skw_random_stream stream;
		struct skw_random random = skw_random_seeded(&stream, 5000 + n);
		struct frame out;

		skw_identity_generate(&s.id, &random);
		start(&s, 3, 3000 + n, false);
		s.at = (struct skw_link_endpoint) { .len = 3,
						    .machine = 1,
						    .addr = { 8, (uint8_t)(n >> 8), (uint8_t)n } };
		call(&s, &b);
		deliver(&s, &b, &s.out[0]);
		s.out_count = 0;
		if (said(&b, COOKIE, &out)) {
			deliver(&b, &s, &out);
			deliver(&s, &b, &s.out[0]);
			answered += said(&b, RESP, &out);
		}
		skw_link_free(s.link);
	}
	assert_in_range(answered, 1, 8);
	call(&a, &b);
	carry();
	assert_int_equal(a.ups, 1);
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
		CASE(who_is_there_gets_through_a_flood),
		CASE(a_cookie_is_for_one_place),
		CASE(a_cookie_grows_old),
		CASE(a_cookie_outlives_its_secret),
		CASE(who_does_not_know_us_gets_no_cookie),
		CASE(forged_cookies_are_dropped),
		CASE(one_machine_has_one_share),
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
