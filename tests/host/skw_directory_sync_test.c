/* rooms: wire keys link onion
 *
 * Directories that find out what each lacks: who says how much, what heals what was lost, and peers
 * that say what is not so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "onion/skw_directory_state.h"

enum { NODES = 300, DIRS = 4 };

static struct skw_random_stream stream;
static struct skw_random rnd;
static struct skw_identity id[NODES];
static struct skw_directory *dir[DIRS];
static uint64_t now;
static unsigned said[DIRS][5], received[DIRS];
static size_t bytes;
static bool linked[DIRS][DIRS];
static unsigned lose, refuse; /* percent */

static int fresh(void **state)
{
	(void)state;
	rnd = skw_random_seeded(&stream, 8);
	now = 1800000000;
	for (unsigned i = 0; i < NODES; i++)
		skw_identity_generate(&id[i], &rnd);
	for (unsigned i = 0; i < DIRS; i++)
		dir[i] = skw_directory_new(&rnd);
	memset(linked, 0, sizeof(linked));
	memset(said, 0, sizeof(said));
	memset(received, 0, sizeof(received));
	bytes = 0;
	lose = refuse = 0;
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DIRS; i++)
		skw_directory_free(dir[i]);
	return 0;
}

static void publish(unsigned at, unsigned node, uint64_t sequence)
{
	struct skw_descriptor d = { .sequence = sequence, .expires = now + 3600 };
	uint8_t out[SKW_DESCRIPTOR_MAX];
	size_t len = skw_descriptor_sign(&d, &id[node], out);

	assert_int_equal(skw_directory_publish(dir[at], out, len, now), SKW_DIRECTORY_OK);
}

static bool chance(unsigned percent)
{
	return skw_random_u32(&rnd) % 100 < percent;
}

/* Directory k is peer k + 1 of all others. Descriptors may be lost, everything may be refused. */
static void talk(void)
{
	struct skw_directory_out out;
	bool any = true;

	while (any) {
		any = false;
		for (unsigned i = 0; i < DIRS; i++)
			while (skw_directory_poll(dir[i], &out)) {
				unsigned to = out.peer - 1;

				any = true;
				if (chance(refuse)) {
					skw_directory_refused(dir[i], out.peer);
					continue;
				}
				assert_true(linked[i][to]);
				said[i][out.data[0]]++;
				bytes += out.len;
				if (out.data[0] == SAY_DESCRIPTOR && chance(lose))
					continue;
				received[to] +=
				    skw_directory_receive(dir[to], i + 1, out.data, out.len, now) ==
				    SKW_DIRECTORY_OK;
			}
	}
}

static void tie(unsigned a, unsigned b)
{
	linked[a][b] = linked[b][a] = true;
	skw_directory_peer_up(dir[a], b + 1);
	skw_directory_peer_up(dir[b], a + 1);
}

static void pass(unsigned seconds)
{
	for (unsigned s = 0; s < seconds; s++) {
		now++;
		for (unsigned i = 0; i < DIRS; i++)
			skw_directory_tick(dir[i], now);
		talk();
	}
}

static void everybody_knows(unsigned dirs, unsigned nodes)
{
	for (unsigned i = 0; i < dirs; i++) {
		assert_int_equal(skw_directory_count(dir[i]), nodes);
		for (unsigned k = 0; k < nodes; k++) {
			const struct skw_descriptor *own =
			    skw_directory_find(dir[0], &id[k].address);
			const struct skw_descriptor *has =
			    skw_directory_find(dir[i], &id[k].address);

			assert_true(own != NULL && has != NULL);
			assert_int_equal(own->sequence, has->sequence);
		}
	}
}

static void who_knows_nothing_is_told_everything_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(i % 3, i, 1);
	tie(0, 1);
	tie(1, 2);
	tie(0, 2);
	talk();
	pass(3);
	everybody_knows(3, NODES);
	memset(said, 0, sizeof(said));
	memset(received, 0, sizeof(received));
	for (unsigned i = 0; i < 3; i++)
		tie(3, i);
	talk();
	pass(3);
	everybody_knows(4, NODES);
	assert_int_equal(received[3], NODES);
	/* Each by one of the three, who share the work. */
	assert_int_equal(
	    said[0][SAY_DESCRIPTOR] + said[1][SAY_DESCRIPTOR] + said[2][SAY_DESCRIPTOR], NODES);
	for (unsigned i = 0; i < 3; i++)
		assert_true(said[i][SAY_DESCRIPTOR] > 0);
	assert_int_equal(said[3][SAY_DESCRIPTOR], 0); /* nor does it tell one what another told */
}

static void who_knows_nearly_all_costs_nearly_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		for (unsigned d = 0; d < 2; d++)
			publish(d, i, 1);
	publish(0, 7, 2);
	publish(1, 8, 5);
	tie(0, 1);
	talk();
	everybody_knows(2, NODES);
	assert_int_equal(said[0][SAY_DESCRIPTOR], 1);
	assert_int_equal(said[1][SAY_DESCRIPTOR], 1);
	assert_true(said[0][SAY_ASK] <= 2 && said[1][SAY_ASK] <= 2);
	assert_true(bytes < 2 * (18 + 8 * 16) + 4 * (4 + 64 * ITEM) + 2 * 200);
}

static void equals_have_nothing_to_say(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		for (unsigned d = 0; d < 2; d++)
			publish(d, i, 1);
	tie(0, 1);
	pass(600);
	assert_in_range(said[0][SAY_SUMMARY], 10, 11);
	for (unsigned what = 0; what < 5; what++)
		if (what != SAY_SUMMARY)
			assert_int_equal(said[0][what] + said[1][what], 0);
}

/* Whatever was lost, or was refused as coming too often: a minute or two later all is known. */
static void what_was_lost_comes_all_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(i % DIRS, i, 1);
	for (unsigned i = 0; i < DIRS; i++)
		tie(i, (i + 1) % DIRS);
	lose = 50;
	refuse = 20;
	pass(20);
	for (unsigned s = 2; s < 30; s++) { /* one that changes its mind too often */
		struct skw_descriptor d = { .sequence = s, .expires = now + 3600 };
		uint8_t out[SKW_DESCRIPTOR_MAX];
		size_t len = skw_descriptor_sign(&d, &id[0], out);

		skw_directory_publish(dir[s % 2], out, len, now);
		talk();
	}
	lose = refuse = 0;
	pass(190);
	everybody_knows(DIRS, NODES);
}

/* ---- peers that lie */

static enum skw_directory_status hear(const uint8_t *data, size_t len)
{
	return skw_directory_receive(dir[0], 2, data, len, now);
}

static unsigned polled(unsigned kind)
{
	struct skw_directory_out out;
	unsigned n = 0;

	while (skw_directory_poll(dir[0], &out))
		n += out.data[0] == kind;
	return n;
}

static void only_what_was_offered_may_be_asked_for(void **state)
{
	uint8_t ask[4 + 2 * ITEM] = { SAY_ASK, 4 };

	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(0, i, 1);
	skw_directory_peer_up(dir[0], 2);
	assert_int_equal(hear(ask, 4), SKW_DIRECTORY_MALFORMED); /* nothing was offered yet */
	assert_int_equal(polled(SAY_SUMMARY), 1);
	assert_int_equal(dir[0]->neighbours[1].bits, 4);
	ask[1] = 5;
	assert_int_equal(hear(ask, 4), SKW_DIRECTORY_MALFORMED); /* in other buckets */
	ask[1] = 4;
	ask[2] = 16;
	assert_int_equal(hear(ask, 4), SKW_DIRECTORY_MALFORMED); /* one too many */
	ask[2] = ask[3] = 0xff;
	assert_int_equal(hear(ask, 4), SKW_DIRECTORY_MALFORMED); /* more than anybody has */
	ask[2] = 3;
	ask[3] = 0;
	assert_int_equal(hear(ask, 3), SKW_DIRECTORY_MALFORMED); /* cut off */
	ask[4] = 2;
	ask[4 + ITEM] = 1;
	assert_int_equal(hear(ask, sizeof(ask)), SKW_DIRECTORY_MALFORMED); /* out of order */
	ask[4] = 1;
	assert_int_equal(hear(ask, sizeof(ask)), SKW_DIRECTORY_MALFORMED); /* twice the same */
	assert_int_equal(polled(SAY_DESCRIPTOR), 0);
	assert_int_equal(hear(ask, 4), SKW_DIRECTORY_TALK);
	assert_in_range(polled(SAY_DESCRIPTOR), 5, 40);
	assert_int_equal(hear(ask, 4), SKW_DIRECTORY_MALFORMED); /* it had it */
	assert_int_equal(polled(SAY_DESCRIPTOR), 0);
	for (unsigned round = 0; round < 3; round++) { /* at most the directory once a minute */
		unsigned got = 0;

		now += SUMMARY_EVERY_S;
		skw_directory_tick(dir[0], now);
		assert_int_equal(polled(SAY_SUMMARY), 1);
		for (unsigned i = 0; i < 100; i++) {
			ask[2] = (uint8_t)(i % 16);
			hear(ask, 4);
			got += polled(SAY_DESCRIPTOR);
		}
		assert_int_equal(got, NODES);
	}
}

static size_t false_summary(uint8_t *out, uint8_t bits)
{
	skw_random_bytes(&rnd, out, 2 + SALT + ((size_t)8 << SUMMARY_BITS));
	out[0] = SAY_SUMMARY;
	out[1] = bits;
	return 2 + SALT + ((size_t)8 << bits);
}

static void who_promises_and_says_nothing_is_left(void **state)
{
	static uint8_t summary[2 + SALT + (8 << (SUMMARY_BITS + 1))];
	const uint8_t done[] = { SAY_DONE, 1, 0 }, many[] = { SAY_DONE, 5, 0 };
	size_t len = false_summary(summary, 9);

	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(1, i, 1);
	skw_directory_peer_up(dir[0], 2);
	assert_int_equal(hear(done, 3), SKW_DIRECTORY_MALFORMED);
	assert_int_equal(hear(summary, len - 1), SKW_DIRECTORY_MALFORMED);
	summary[1] = 10;
	assert_int_equal(hear(summary, sizeof(summary)), SKW_DIRECTORY_MALFORMED);
	summary[1] = 9;
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TALK);
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TOO_SOON);
	assert_int_equal(polled(SAY_ASK), ASKS);
	assert_int_equal(hear(many, 3), SKW_DIRECTORY_MALFORMED);
	assert_int_equal(hear(done, 3), SKW_DIRECTORY_TALK);
	assert_int_equal(polled(SAY_ASK), 1);
	for (unsigned s = 0; s < SYNC_PATIENCE_S; s++)
		skw_directory_tick(dir[0], ++now);
	assert_null(dir[0]->neighbours[1].sync);
	assert_int_equal(polled(SAY_ASK), 0);
	assert_int_equal(hear(done, 3), SKW_DIRECTORY_MALFORMED);
	/* An honest peer beside it is listened to all the while. */
	len = false_summary(summary, 4);
	assert_int_equal(skw_directory_receive(dir[0], 2, summary, len, now), SKW_DIRECTORY_TALK);
	skw_directory_peer_up(dir[2], 1);
	skw_directory_peer_up(dir[2], 2);
	linked[0][1] = linked[0][2] = linked[2][0] = linked[2][1] = linked[1][2] = true;
	skw_directory_peer_down(dir[0], 2);
	skw_directory_peer_up(dir[0], 2);
	skw_directory_receive(dir[0], 2, summary, len, now);
	skw_directory_peer_up(dir[0], 3);
	skw_directory_peer_up(dir[1], 3);
	lose = 0;
	for (unsigned s = 0; s < 2 * SYNC_PATIENCE_S + SUMMARY_EVERY_S; s++) {
		struct skw_directory_out out;

		now++;
		for (unsigned i = 0; i < 3; i++) {
			skw_directory_tick(dir[i], now);
			while (skw_directory_poll(dir[i], &out))
				if (i + out.peer != 2 &&
				    !(i == 1 && out.peer == 1)) /* 0 and 1 do not talk */
					skw_directory_receive(dir[out.peer - 1], i + 1, out.data,
							      out.len, now);
		}
	}
	assert_int_equal(skw_directory_count(dir[0]), NODES);
}

/* What there was no room for is said again, and what was held back for it is not forgotten. */
static void what_found_no_room_is_said_again(void **state)
{
	uint8_t summary[2 + SALT + (8 << SUMMARY_BITS)];
	size_t len = false_summary(summary, 4);
	struct skw_directory_out out;
	uint8_t first[8];

	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(0, i, 1);
	skw_directory_peer_up(dir[0], 2);
	assert_int_equal(polled(SAY_SUMMARY), 1);
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TALK);
	assert_true(skw_directory_poll(dir[0], &out));
	assert_int_equal(out.data[0], SAY_ASK);
	memcpy(first, out.data, 4);
	skw_directory_refused(dir[0], 2);
	assert_false(skw_directory_poll(dir[0], &out)); /* full until the next second */
	skw_directory_tick(dir[0], ++now);
	assert_true(skw_directory_poll(dir[0], &out));
	assert_memory_equal(out.data, first, 4);
	assert_int_equal(polled(SAY_ASK), ASKS - 1);
	/* Two asks of its own, answered by one DONE. */
	assert_int_equal(hear((uint8_t[]) { SAY_ASK, 4, 1, 0 }, 4), SKW_DIRECTORY_TALK);
	assert_int_equal(hear((uint8_t[]) { SAY_ASK, 4, 2, 0 }, 4), SKW_DIRECTORY_TALK);
	for (bool done = false; !done;) {
		assert_true(skw_directory_poll(dir[0], &out));
		done = out.data[0] == SAY_DONE;
	}
	assert_memory_equal(out.data, ((uint8_t[]) { SAY_DONE, 2, 0 }), 3);
	skw_directory_refused(dir[0], 2);
	skw_directory_tick(dir[0], ++now);
	assert_true(skw_directory_poll(dir[0], &out));
	assert_memory_equal(out.data, ((uint8_t[]) { SAY_DONE, 2, 0 }), 3);
	/* A summary beside a conversation is left, however late. */
	now += SYNC_PATIENCE_S + SUMMARY_LEAST_S;
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TOO_SOON);
}

/* What is said to `peer` now: how many of a kind, and the buckets that it is asked for. */
static unsigned said_to(uint32_t peer, unsigned kind, struct buckets *asked)
{
	struct skw_directory_out out;
	unsigned n = 0;

	while (skw_directory_poll(dir[0], &out)) {
		if (out.peer != peer)
			continue;
		n += out.data[0] == kind;
		if (out.data[0] == SAY_ASK && asked != NULL)
			asked->word[0] |= UINT64_C(1) << out.data[2];
	}
	return n;
}

/* "Those that it lacks or has older, then a DONE." */
static void done_comes_after_what_was_asked_for(void **state)
{
	struct skw_directory_out out;
	unsigned descriptors = 0;

	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(0, i, 1);
	skw_directory_peer_up(dir[0], 2);
	assert_int_equal(polled(SAY_SUMMARY), 1);
	assert_int_equal(hear((uint8_t[]) { SAY_ASK, 4, 1, 0 }, 4), SKW_DIRECTORY_TALK);
	while (skw_directory_poll(dir[0], &out) && out.data[0] == SAY_DESCRIPTOR)
		descriptors++;
	assert_in_range(descriptors, 5, 40);
	assert_int_equal(out.data[0], SAY_DONE);
	assert_false(skw_directory_poll(dir[0], &out));
}

/* A DONE answers the oldest asks: their buckets may be asked of others, those behind them not. */
static void asks_are_answered_in_their_order(void **state)
{
	uint8_t summary[2 + SALT + (8 << SUMMARY_BITS)];
	size_t len = false_summary(summary, 4);
	struct buckets asked = { 0 };

	(void)state;
	skw_directory_peer_up(dir[0], 2);
	skw_directory_peer_up(dir[0], 3);
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TALK);
	assert_int_equal(said_to(2, SAY_ASK, &asked), ASKS);
	assert_int_equal(asked.word[0], 0xf);
	assert_int_equal(hear((uint8_t[]) { SAY_DONE, 1, 0 }, 3), SKW_DIRECTORY_TALK);
	assert_int_equal(said_to(2, SAY_ASK, &asked), 1);
	assert_int_equal(asked.word[0], 0x1f);
	asked.word[0] = 0;
	assert_int_equal(skw_directory_receive(dir[0], 3, summary, len, now), SKW_DIRECTORY_TALK);
	assert_int_equal(said_to(3, SAY_ASK, &asked), ASKS);
	assert_int_equal(asked.word[0], 0xe1);
}

/* What came as an answer is held back from those who have still to be asked, until the talk with
 * them is over: then they are told, if they did not turn out to have it. */
static void what_was_held_back_is_told_in_the_end(void **state)
{
	struct skw_descriptor d = { .sequence = 1, .expires = now + 3600 };
	uint8_t summary[2 + SALT + (8 << SUMMARY_BITS)], bytes_of[SKW_DESCRIPTOR_MAX];
	size_t len = false_summary(summary, 0), size = skw_descriptor_sign(&d, &id[0], bytes_of);

	(void)state;
	for (uint32_t peer = 2; peer <= 4; peer++) {
		skw_directory_peer_up(dir[0], peer);
		assert_int_equal(said_to(peer, SAY_SUMMARY, NULL), 1);
	}
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TALK);
	assert_int_equal(said_to(2, SAY_ASK, NULL), 1);
	assert_int_equal(skw_directory_receive(dir[0], 3, summary, len, now), SKW_DIRECTORY_TALK);
	/* 4 has what will come, and says so */
	publish(1, 0, 1);
	skw_directory_peer_up(dir[1], 1);
	for (struct skw_directory_out out; skw_directory_poll(dir[1], &out);)
		if (out.data[0] == SAY_SUMMARY)
			assert_int_equal(skw_directory_receive(dir[0], 4, out.data, out.len, now),
					 SKW_DIRECTORY_TALK);
	assert_int_equal(hear(bytes_of, size), SKW_DIRECTORY_OK);
	assert_int_equal(polled(SAY_DESCRIPTOR), 0);
	for (unsigned s = 0; s < SYNC_PATIENCE_S / 2; s++) /* who goes on is waited for */
		skw_directory_tick(dir[0], ++now);
	assert_int_equal(hear((uint8_t[]) { SAY_DONE, 1, 0 }, 3), SKW_DIRECTORY_TALK);
	assert_int_equal(said_to(3, SAY_DESCRIPTOR, NULL), 0); /* asked now, for it may have more */
	for (unsigned s = 0; s <= SYNC_PATIENCE_S; s++)
		skw_directory_tick(dir[0], ++now);
	assert_int_equal(said_to(3, SAY_DESCRIPTOR, NULL), 1);
	assert_int_equal(polled(SAY_DESCRIPTOR), 0);
	assert_null(dir[0]->neighbours[3].sync);
}

static void wait_for(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		skw_directory_tick(dir[0], ++now);
		polled(0);
	}
}

/* "A peer that was asked and says nothing for 30 s": a DONE is something, and who waits for its
 * turn was not asked yet. */
static void patience_is_with_those_who_were_asked(void **state)
{
	uint8_t summary[2 + SALT + (8 << SUMMARY_BITS)];
	size_t len = false_summary(summary, 4);

	(void)state;
	skw_directory_peer_up(dir[0], 2);
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TALK);
	polled(0);
	for (unsigned i = 0; i < 5; i++) {
		wait_for(20);
		assert_int_equal(hear((uint8_t[]) { SAY_DONE, 1, 0 }, 3), SKW_DIRECTORY_TALK);
	}
	assert_non_null(dir[0]->neighbours[1].sync);
	wait_for(30);
	assert_null(dir[0]->neighbours[1].sync);
	skw_directory_peer_down(dir[0], 2);
	skw_directory_peer_up(dir[0], 2);
	skw_directory_peer_up(dir[0], 3);
	len = false_summary(summary, 0);
	assert_int_equal(hear(summary, len), SKW_DIRECTORY_TALK);
	polled(0);
	assert_int_equal(skw_directory_receive(dir[0], 3, summary, len, now), SKW_DIRECTORY_TALK);
	wait_for(25);
	assert_int_equal(hear((uint8_t[]) { SAY_DONE, 1, 0 }, 3), SKW_DIRECTORY_TALK);
	assert_int_equal(said_to(3, SAY_ASK, NULL), 1);
	wait_for(25);
	assert_non_null(dir[0]->neighbours[2].sync);
	wait_for(5);
	assert_null(dir[0]->neighbours[2].sync);
}

static void noise_does_no_harm(void **state)
{
	uint8_t data[700];

	(void)state;
	for (unsigned i = 0; i < NODES; i++)
		publish(0, i, 1);
	skw_directory_peer_up(dir[0], 2);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = skw_random_u32(&rnd) % sizeof(data);

		skw_random_bytes(&rnd, data, sizeof(data));
		data[0] = (uint8_t)(i % 6);
		data[1] = (uint8_t)(data[1] % 11);
		data[3] = 0;
		assert_int_not_equal(hear(data, len), SKW_DIRECTORY_OK);
		polled(0);
		if (i % 50 == 0)
			skw_directory_tick(dir[0], ++now);
		if (i % 1000 == 0) {
			skw_directory_peer_down(dir[0], 2);
			skw_directory_peer_up(dir[0], 2);
		}
	}
	assert_int_equal(skw_directory_count(dir[0]), NODES);
	assert_int_equal(skw_directory_receive(dir[0], 77, data, 10, now), SKW_DIRECTORY_MALFORMED);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(who_knows_nothing_is_told_everything_once),
		CASE(who_knows_nearly_all_costs_nearly_nothing),
		CASE(equals_have_nothing_to_say),
		CASE(what_was_lost_comes_all_the_same),
		CASE(only_what_was_offered_may_be_asked_for),
		CASE(who_promises_and_says_nothing_is_left),
		CASE(what_found_no_room_is_said_again),
		CASE(done_comes_after_what_was_asked_for),
		CASE(asks_are_answered_in_their_order),
		CASE(what_was_held_back_is_told_in_the_end),
		CASE(patience_is_with_those_who_were_asked),
		CASE(noise_does_no_harm),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
