/* rooms: wire keys link onion session
 *
 * What relays can know. Each relay keeps all it ever sees: every cell in and out, every cell after
 * its own keys have taken their layer off, and at the end all memory of its circuits. In that,
 * nobody may find the payload or a node that is not a neighbour; and nothing on one link may be
 * found on another. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onion/skw_onion_state.h"
#include "skw_net_sim.h"

enum { ALICE, RELAY1, RELAY2, RELAY3, BOB, NODES };

static const uint64_t SECOND = 1000000;
static const char secret[] = "the secret that nobody on the way may read, 0123456789";

static struct sim sim;

/* Every eight bytes that were seen on a link, and on which. */
struct window {
	uint64_t bytes;
	unsigned link;
};

static struct window *windows;
static size_t window_count, window_max;

static void see(unsigned link, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i++) {
		if (window_count == window_max) {
			window_max = 2 * window_max + 65536;
			windows = realloc(windows, window_max * sizeof(*windows));
		}
		memcpy(&windows[window_count].bytes, data + i, 8);
		windows[window_count++].link = link;
	}
}

static void on_cell(struct sim *s, unsigned node, bool in, unsigned peer, const uint8_t *cell,
		    size_t len)
{
	struct sim_node *n = &s->nodes[node];

	sim_log_add(&n->log, cell, len);
	/* the nonce and the body of what travels through circuits, once per link */
	if (in && (cell[4] == CMD_RELAY || cell[4] == CMD_RELAY_SURE))
		see(node < peer ? node : peer, cell + 5, len - 5);
	/* `in` is told before the onion works on it, so this is the last cell, without its layer */
	sim_log_add(&n->log, n->onion->inbox, sizeof(n->onion->inbox));
	if (n->onion->lent != NULL)
		sim_log_add(&n->log, n->onion->lent->data, sizeof(n->onion->lent->data));
}

/* At the end: all that the circuits of a node are made of. */
static void dump(struct sim_node *n)
{
	const struct skw_onion *o = n->onion;

	sim_log_add(&n->log, (const uint8_t *)o, sizeof(*o));
	sim_log_add(&n->log, (const uint8_t *)o->circuits,
		    o->config.circuits_max * sizeof(*o->circuits));
	sim_log_add(&n->log, (const uint8_t *)o->cells, o->config.cells_max * sizeof(*o->cells));
}

static bool finds(unsigned node, const void *needle, size_t len)
{
	const struct sim_log *log = &sim.nodes[node].log;

	return memmem(log->data, log->len, needle, len) != NULL;
}

static bool finds_key(unsigned node, unsigned of)
{
	const struct skw_identity *id = &sim.nodes[of].identity;

	/* half a key would be enough to know it */
	return finds(node, id->address.bytes, 16) || finds(node, id->address.bytes + 16, 16) ||
	       finds(node, id->sign_public, 16);
}

static bool directory_known(struct sim *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (skw_directory_count(s->nodes[i].dir) < s->count)
			return false;
	return s->now_us > 10 * SECOND;
}

static bool circuit_up(struct sim *s)
{
	return s->nodes[ALICE].circuit_up;
}

static bool finished(struct sim *s)
{
	return s->nodes[ALICE].app.finished && s->nodes[BOB].app.finished;
}

static void say_in_the_clear(unsigned node, uint32_t circuit)
{
	assert_int_equal(skw_onion_send(sim.nodes[node].onion, circuit, (const uint8_t *)secret,
					sizeof(secret), sim.now_us),
			 SKW_ONION_OK);
	sim_pump(&sim, &sim.nodes[node]);
}

static int play(void **state)
{
	static const struct sim_wire wire = {
		.delay_us = 4000, .jitter_us = 2000, .loss = 50, .ns_per_byte = 100
	};
	struct sim_node *a = &sim.nodes[ALICE], *b = &sim.nodes[BOB];

	(void)state;
	sim_new(&sim, NODES, 42);
	for (unsigned i = 0; i + 1 < NODES; i++)
		sim_join(&sim, i, i + 1, &wire);
	assert_true(sim_until(&sim, 30 * SECOND, directory_known));
	sim.on_cell = on_cell;
	assert_true(sim_build(&sim, ALICE, BOB, 3));
	assert_true(sim_until(&sim, 30 * SECOND, circuit_up));

	a->app = (struct sim_app) { .to_write = 30000, .salt_out = 1, .salt_in = 2 };
	b->app = (struct sim_app) { .to_write = 30000, .salt_out = 2, .salt_in = 1 };
	skw_session_connect(a->session, a->circuit, &b->identity.address, sim.now_us,
			    &a->app.session);
	skw_session_open(a->session, a->app.session, "files", sim.now_us, &a->app.stream);
	sim_pump(&sim, a);
	assert_true(sim_until(&sim, 60 * SECOND, finished));
	assert_false(a->app.wrong || b->app.wrong);

	/* Even what is not sealed by a session is hidden by the circuit alone. */
	say_in_the_clear(ALICE, a->circuit);
	sim_run(&sim, SECOND);
	say_in_the_clear(BOB, b->ended_at);
	sim_run(&sim, SECOND);
	for (unsigned i = 0; i < NODES; i++)
		dump(&sim.nodes[i]);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	sim_free(&sim);
	free(windows);
	return 0;
}

static void the_search_finds_what_is_there(void **state)
{
	(void)state;
	assert_true(finds(BOB, secret, sizeof(secret)));
	assert_true(finds(ALICE, secret, sizeof(secret)));
	for (unsigned relay = RELAY1; relay <= RELAY3; relay++) {
		assert_true(finds_key(relay, relay - 1));
		assert_true(finds_key(relay, relay + 1));
		assert_true(sim.nodes[relay].log.len > 1000000);
		assert_true(skw_onion_counters(sim.nodes[relay].onion)->relayed > 50);
	}
}

static void no_relay_reads_the_payload(void **state)
{
	(void)state;
	for (unsigned relay = RELAY1; relay <= RELAY3; relay++) {
		for (size_t at = 0; at + 8 <= sizeof(secret) - 1; at++)
			assert_false(finds(relay, secret + at, 8));
		assert_false(finds(relay, "files", 5));
		for (unsigned salt = 1; salt <= 2; salt++)
			for (uint64_t offset = 0; offset < 30000; offset += 500) {
				uint8_t needle[8];

				for (unsigned i = 0; i < 8; i++)
					needle[i] = sim_pattern((uint8_t)salt, offset + i);
				assert_false(finds(relay, needle, 8));
			}
	}
}

static void a_relay_knows_its_two_neighbours_alone(void **state)
{
	(void)state;
	for (unsigned relay = RELAY1; relay <= RELAY3; relay++)
		for (unsigned other = ALICE; other <= BOB; other++)
			if (other != relay && other != relay - 1 && other != relay + 1)
				assert_false(finds_key(relay, other));
}

static void a_relay_holds_one_circuit_and_no_path(void **state)
{
	(void)state;
	for (unsigned relay = RELAY1; relay <= RELAY3; relay++) {
		struct skw_onion_info info;
		uint32_t cursor = 0;

		assert_true(skw_onion_next(sim.nodes[relay].onion, &cursor, &info));
		assert_false(info.origin || info.end);
		assert_int_equal(info.hop_count, 0);
		assert_int_equal(info.prev_peer, sim.nodes[relay].peer_of[relay - 1]);
		assert_int_equal(info.next_peer, sim.nodes[relay].peer_of[relay + 1]);
		assert_false(skw_onion_next(sim.nodes[relay].onion, &cursor, &info));
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static void nothing_on_one_link_is_seen_on_another(void **state)
{
	(void)state;
	assert_true(window_count > 100000);
	qsort(windows, window_count, sizeof(*windows), by_bytes);
	for (size_t i = 1; i < window_count; i++)
		if (windows[i].bytes == windows[i - 1].bytes)
			assert_int_equal(windows[i].link, windows[i - 1].link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_finds_what_is_there),
		cmocka_unit_test(no_relay_reads_the_payload),
		cmocka_unit_test(a_relay_knows_its_two_neighbours_alone),
		cmocka_unit_test(a_relay_holds_one_circuit_and_no_path),
		cmocka_unit_test(nothing_on_one_link_is_seen_on_another),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, play, clean_up);
}
