/* rooms: wire keys session
 *
 * New keys inside a session: under traffic, over several paths with packets of both epochs under
 * way, by time and by bytes; what is wiped and when; peers that ask too often, never, or wrongly.
 */
#include "skw_session_pair.h"

#define MS UINT64_C(1000)

static struct one *one_of(unsigned i)
{
	return side[i].session->ones[0];
}

static uint32_t epoch_of(unsigned i)
{
	return one_of(i)->rekey.current.number;
}

static void limits(uint64_t us, uint64_t bytes, uint64_t pause_us)
{
	for (unsigned i = 0; i < 2; i++) {
		struct skw_session_config *c = &side[i].session->config;

		c->rekey_us = us != 0 ? us : c->rekey_us;
		c->rekey_bytes = bytes != 0 ? bytes : c->rekey_bytes;
		c->rekey_pause_us = pause_us != 0 ? pause_us : c->rekey_pause_us;
	}
}

static void three_paths(void)
{
	connect();
	run(SECOND, 0);
	for (uint32_t circuit = 6; circuit < 8; circuit++)
		assert_int_equal(
		    skw_session_add_path(side[0].session, side[0].handle, circuit, now),
		    SKW_SESSION_OK);
	run(SECOND, 0);
}

static void no_one_was_surprised(void)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct skw_session_counters *c = skw_session_counters(side[i].session);

		assert_int_equal(c->forged, 0);
		assert_int_equal(c->malformed, 0);
		assert_int_equal(side[i].closed, 0);
	}
}

static void traffic_does_not_notice(void **state)
{
	(void)state;
	limits(0, 100000, 10 * MS);
	three_paths();
	side[0].to_write = side[1].to_write = 100000;
	for (unsigned i = 0; i < MANY; i++) {
		open_stream(0, "files");
		run(10 * SECOND, i + 1);
	}
	check_all(MANY);
	assert_true(epoch_of(0) >= 10);
	assert_int_equal(epoch_of(0), epoch_of(1));
	run(SECOND, 0);
	for (unsigned i = 0; i < 2; i++) /* each was opened, under whichever keys */
		assert_int_equal(one_of(i)->packets_sent, one_of(1 - i)->packets_received);
	no_one_was_surprised();
}

static void nor_does_it_on_terrible_paths(void **state)
{
	uint64_t replayed;

	(void)state;
	limits(0, 100000, 100 * MS);
	three_paths();
	loss = 20;
	duplicate = 10;
	jitter_us = 150 * MS;
	side[0].to_write = 60000;
	side[1].to_write = 45000;
	for (unsigned i = 0; i < MANY; i++)
		open_stream(0, "files");
	run(1200 * SECOND, MANY);
	check_all(MANY);
	assert_true(epoch_of(0) >= 10);
	assert_true(epoch_of(0) - epoch_of(1) <= 1);
	no_one_was_surprised();
	replayed = skw_session_counters(side[0].session)->replayed;
	assert_true(replayed > 0); /* copies did come, and were known whatever their epoch */
}

/* Keys are for a while of use, not of life: who says nothing needs no new ones. */
static void time_counts_from_the_first_use(void **state)
{
	struct skw_session_info info;
	uint32_t cursor = 0;

	(void)state;
	side[0].to_write = side[1].to_write = 1000;
	connect();
	run(300 * SECOND, 0);
	assert_int_equal(epoch_of(0), 0);
	open_stream(0, "files");
	run(119 * SECOND, 0);
	assert_int_equal(side[0].finished, 1);
	assert_int_equal(epoch_of(0), 0);
	run(2 * SECOND, 0);
	assert_int_equal(epoch_of(0), 1);
	assert_int_equal(epoch_of(1), 1);
	run(400 * SECOND, 0);
	assert_int_equal(epoch_of(0), 1);
	assert_true(skw_session_next(side[0].session, &cursor, &info));
	assert_int_equal(info.rekeys, 1);
	open_stream(0, "more");
	run(121 * SECOND, 0);
	assert_int_equal(side[0].finished, 2);
	assert_int_equal(epoch_of(0), 2);
}

static bool is_zero(const void *data, size_t len)
{
	return sodium_is_zero(data, len);
}

static void old_keys_go_after_ten_seconds(void **state)
{
	struct skw_noise_cipher old[2];
	uint64_t changed;

	(void)state;
	limits(20 * SECOND, 0, 0);
	side[0].to_write = 1000;
	connect();
	open_stream(0, "files");
	run(SECOND, 0);
	while (now < 60 * SECOND && epoch_of(1) == 0) {
		for (unsigned i = 0; i < 2; i++)
			if (epoch_of(i) == 0)
				old[i] = one_of(i)->rekey.current.receive;
		run(10 * MS, 0);
	}
	changed = now;
	assert_int_equal(epoch_of(0), 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct rekey *k = &one_of(i)->rekey;

		assert_memory_equal(k->previous.receive.key, old[i].key, SKW_KEY_LEN);
		assert_memory_not_equal(k->current.receive.key, old[i].key, SKW_KEY_LEN);
		/* Rekey() of the framework would follow from the old one; this must not. */
		skw_noise_rekey(&old[i]);
		assert_memory_not_equal(k->current.receive.key, old[i].key, SKW_KEY_LEN);
		assert_true(is_zero(&k->previous.send, sizeof(k->previous.send)));
		assert_true(is_zero(k->message, sizeof(k->message)));
		assert_true(is_zero(&k->next, sizeof(k->next)));
		assert_true(is_zero(one_of(i)->noise.e, SKW_KEY_LEN));
	}
	/* Ends that are not polled have no timers: no traffic is needed. */
	run(9 * SECOND, 0);
	assert_false(is_zero(&one_of(0)->rekey.previous, sizeof(struct epoch)));
	run(changed + 11 * SECOND - now, 0);
	for (unsigned i = 0; i < 2; i++)
		assert_true(is_zero(&one_of(i)->rekey.previous, sizeof(struct epoch)));
}

/* The client has new keys, and nothing comes through: what the server says under the old ones later
 * must still be understood. */
static void old_keys_stay_until_the_new_are_heard(void **state)
{
	(void)state;
	limits(20 * SECOND, 0, 0);
	side[0].to_write = 1000;
	connect();
	open_stream(0, "files");
	for (run(SECOND, 0); !one_of(1)->rekey.next.receive.keyed && now < 60 * SECOND;)
		run(MS, 0);
	loss = 100; /* but for the answer, which is under way */
	run(30 * SECOND, 0);
	assert_int_equal(epoch_of(0), 1);
	assert_int_equal(epoch_of(1), 0);
	assert_true(one_of(0)->rekey.previous.receive.keyed);
	loss = 0;
	run(8 * SECOND, 0);
	assert_int_equal(epoch_of(1), 1);
	run(12 * SECOND, 0);
	assert_false(one_of(0)->rekey.previous.receive.keyed);
	no_one_was_surprised();
}

/* One packet of the client's, taken off the wire. */
static struct packet held_back(void)
{
	struct packet caught = { 0 };

	skw_session_ping(side[0].session, side[0].handle, 0, now);
	pump();
	for (unsigned i = 0; i < PACKETS; i++)
		if (packets[i].used && packets[i].to == 1) {
			caught = packets[i];
			packets[i].used = false;
		}
	assert_true(caught.used);
	return caught;
}

static enum skw_session_status deliver(const struct packet *p)
{
	return skw_session_receive(side[1].session, p->path, p->data, p->len, now);
}

static void until_epoch(uint32_t number)
{
	for (unsigned i = 0; i < 100000 && (epoch_of(0) < number || epoch_of(1) < number); i++)
		run(MS, 0);
	assert_int_equal(epoch_of(0), number);
	assert_int_equal(epoch_of(1), number);
}

static void late_packets_count_once_and_not_for_ever(void **state)
{
	struct packet late, later, seen;

	(void)state;
	limits(5 * SECOND, 0, 0);
	side[0].to_write = 100;
	connect();
	open_stream(0, "files");
	run(SECOND, 1);
	run(SECOND, 0);
	seen = held_back();
	assert_int_equal(deliver(&seen), SKW_SESSION_OK);
	run(SECOND, 0);
	late = held_back();
	run(SECOND / 10, 0);
	later = held_back();
	until_epoch(1);
	assert_int_equal(deliver(&seen), SKW_SESSION_DROPPED);
	assert_int_equal(deliver(&late), SKW_SESSION_OK);
	assert_int_equal(deliver(&late), SKW_SESSION_DROPPED);
	run(11 * SECOND, 0);
	assert_int_equal(deliver(&later), SKW_SESSION_DROPPED);
	assert_int_equal(deliver(&seen), SKW_SESSION_DROPPED);
	/* Four epochs on, the bits of the old one are those of a new one; its packets are not. */
	for (uint32_t i = 2; i <= 4; i++) {
		open_stream(0, "files");
		until_epoch(i);
	}
	assert_int_equal(deliver(&later), SKW_SESSION_DROPPED);
	assert_true(skw_session_counters(side[1].session)->forged > 0);
	assert_int_equal(side[1].closed, 0);
}

/* A client of another make: asks whenever it likes. */
static void who_asks_too_often_waits(void **state)
{
	uint64_t begun;

	(void)state;
	side[0].session->config.rekey_pause_us = 1;
	side[0].to_write = side[1].to_write = 300000;
	connect();
	run(SECOND, 0);
	begun = now;
	for (unsigned i = 0; i < MANY; i++)
		open_stream(0, "files");
	for (unsigned i = 0; i < 2000; i++) {
		one_of(0)->rekey.forged = UINT64_C(1) << 35; /* a reason, at any time */
		run(10 * MS, 0);
	}
	check_all(MANY);
	assert_in_range(epoch_of(1), 10, (now - begun) / SECOND + 1);
	assert_int_equal(side[0].closed + side[1].closed, 0);
}

/* A server that never answers (of an earlier version, or by intent): keys do not live for ever. */
static void who_never_answers_is_left(void **state)
{
	(void)state;
	side[1].session->config.rekey_pause_us = UINT64_MAX / 4;
	side[0].to_write = 100;
	connect();
	open_stream(0, "files");
	run(300 * SECOND, 1);
	assert_int_equal(side[0].closed, 0);
	run(610 * SECOND, 0);
	assert_int_equal(side[0].closed, 1);
	assert_int_equal(side[0].code, SKW_SESSION_PROTOCOL);
	assert_int_equal(side[1].closed, 1);
}

static void who_never_asks_is_left(void **state)
{
	(void)state;
	side[0].session->config.rekey_us = side[0].session->config.rekey_bytes = UINT64_MAX / 8;
	limits(0, 0, 0);
	side[1].session->config.rekey_bytes = 100000;
	side[0].to_write = 2000000;
	connect();
	open_stream(0, "files");
	run(100 * SECOND, 1);
	assert_int_equal(side[1].closed, 1);
	assert_int_equal(side[1].code, SKW_SESSION_PROTOCOL);
	assert_in_range(side[1].tally[0].read, 400000, 520000);
}

static void forgeries_wear_a_key_out(void **state)
{
	struct packet p;

	(void)state;
	side[0].to_write = 100;
	connect();
	open_stream(0, "files");
	run(5 * SECOND, 0);
	one_of(0)->rekey.forged = UINT64_C(1) << 35;
	run(SECOND, 0);
	assert_int_equal(epoch_of(0), 1);
	assert_int_equal(one_of(0)->rekey.forged, 0);
	p = held_back();
	p.data[20] ^= 1;
	one_of(1)->rekey.forged = (UINT64_C(1) << 36) - 1;
	assert_int_equal(deliver(&p), SKW_SESSION_DROPPED);
	run(SECOND, 0);
	assert_int_equal(side[1].closed, 1);
}

/* ---- frames made by hand */

static void sealed(unsigned from, uint8_t type, uint32_t epoch, const uint8_t *message, size_t len)
{
	struct one *one = one_of(from);
	uint8_t frame[256], packet[512];
	struct skw_writer f = skw_writer(frame, sizeof(frame));
	struct skw_writer w = skw_writer(packet, sizeof(packet));
	uint64_t number = one->paths[0]->number++;

	skw_put_u8(&f, type);
	skw_put_u16(&f, (uint16_t)(4 + len));
	skw_put_u32(&f, epoch);
	skw_put_bytes(&f, message, len);
	skw_put_u8(&w, (uint8_t)(PACKET_DATA | epoch_of(from) << 6));
	skw_put_u32(&w, one->remote);
	skw_put_u64(&w, number);
	skw_noise_seal(&one->rekey.current.send, number, packet, HEADER, frame, skw_writer_len(&f),
		       packet + HEADER);
	skw_session_receive(side[1 - from].session, 5, packet,
			    HEADER + skw_writer_len(&f) + SKW_NOISE_TAG, now);
	run(SECOND, 0);
}

/* Message 1 of a rekeying to `epoch`, by `who`, bound to the session as far as `hash` is. */
static void message_1(const struct skw_identity *who, uint32_t epoch, const uint8_t *hash,
		      uint8_t message[SKW_NOISE_IK_1])
{
	uint8_t bound[15 + 4 + SKW_NOISE_HASH] = "skywave rekey 1";
	struct skw_noise noise;
	size_t len;

	bound[15] = (uint8_t)epoch;
	memcpy(bound + 19, hash, SKW_NOISE_HASH);
	skw_noise_start(&noise, SKW_NOISE_IK, true, who->secret, side[1].id.address.bytes, bound,
			sizeof(bound));
	assert_true(skw_noise_write(&noise, &rnd, NULL, 0, message, SKW_NOISE_IK_1, &len));
}

static void settled(void)
{
	connect();
	run(5 * SECOND, 0);
}

static void what_is_wrong_ends_the_session(void **state)
{
	uint8_t m[SKW_NOISE_IK_1], zeros[SKW_NOISE_HASH] = { 0 };
	struct skw_identity other;

	skw_identity_generate(&other, &rnd);
	for (unsigned what = 0; what < 8; what++) {
		const uint8_t *hash;

		settled();
		hash = one_of(0)->rekey.hash;
		switch (what) {
		case 0: /* cut off */
			message_1(&side[0].id, 1, hash, m);
			sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1 - 1);
			break;
		case 1: /* somebody else's key */
			message_1(&other, 1, hash, m);
			sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
			break;
		case 2: /* of another session */
			message_1(&side[0].id, 1, zeros, m);
			sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
			break;
		case 3: /* of another epoch */
			message_1(&side[0].id, 2, hash, m);
			sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
			break;
		case 4: /* too far ahead */
			message_1(&side[0].id, 2, hash, m);
			sealed(0, FRAME_REKEY, 2, m, SKW_NOISE_IK_1);
			break;
		case 5: /* a second one before the first is used */
			loss = 100;
			message_1(&side[0].id, 1, hash, m);
			sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
			assert_int_equal(side[1].closed, 0);
			message_1(&side[0].id, 1, hash, m);
			sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
			break;
		case 6: /* from the end that never asks */
			sealed(1, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
			break;
		case 7: /* an answer to nothing */
			sealed(1, FRAME_REKEYED, 1, m, SKW_NOISE_IK_2);
			break;
		}
		assert_int_equal(side[what < 6].closed, 1);
		assert_int_equal(side[what < 6].code, SKW_SESSION_PROTOCOL);
		clean_up(state);
		fresh(state);
	}
}

static void copies_and_old_ones_do_nothing(void **state)
{
	uint8_t m[SKW_NOISE_IK_1];
	struct skw_noise_cipher key;

	(void)state;
	settled();
	/* The client's own message twice: the answer is the same and so are the keys. */
	message_1(&side[0].id, 1, one_of(0)->rekey.hash, m);
	loss = 100;
	sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
	key = one_of(1)->rekey.next.receive;
	assert_true(key.keyed);
	sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
	assert_memory_equal(&one_of(1)->rekey.next.receive, &key, sizeof(key));
	assert_int_equal(side[1].closed, 0);
	/* Of this epoch and the one before it: late. */
	sealed(0, FRAME_REKEY, 0, m, SKW_NOISE_IK_1);
	sealed(0, FRAME_REKEY, UINT32_MAX, m, SKW_NOISE_IK_1);
	sealed(1, FRAME_REKEYED, 0, m, SKW_NOISE_IK_2);
	assert_int_equal(side[0].closed + side[1].closed, 0);
}

static void a_server_waits_for_the_proof(void **state)
{
	uint8_t m[SKW_NOISE_IK_1];

	(void)state;
	settled();
	message_1(&side[0].id, 1, one_of(0)->rekey.hash, m);
	loss = 100;
	sealed(0, FRAME_REKEY, 1, m, SKW_NOISE_IK_1);
	run(5 * SECOND, 0);
	assert_int_equal(epoch_of(1),
			 0); /* it hears under the new keys, and speaks under the old */
	assert_true(one_of(1)->rekey.next.receive.keyed);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(traffic_does_not_notice),
		CASE(nor_does_it_on_terrible_paths),
		CASE(time_counts_from_the_first_use),
		CASE(old_keys_go_after_ten_seconds),
		CASE(old_keys_stay_until_the_new_are_heard),
		CASE(late_packets_count_once_and_not_for_ever),
		CASE(who_asks_too_often_waits),
		CASE(who_never_answers_is_left),
		CASE(who_never_asks_is_left),
		CASE(forgeries_wear_a_key_out),
		CASE(what_is_wrong_ends_the_session),
		CASE(copies_and_old_ones_do_nothing),
		CASE(a_server_waits_for_the_proof),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
