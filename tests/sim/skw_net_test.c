/* Hundreds of nodes with faults in virtual time (sim/net). SKW_NET_SEED=n runs another world,
 * SKW_NET_NODES=n a larger or smaller one; what fails says its seed. Under the sanitizers the
 * worlds are smaller. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "net/skw_net.h"

#define SECOND UINT64_C(1000000)

#ifdef __SANITIZE_ADDRESS__
enum { LARGE = 24, LARGE_SECONDS = 180, STORMS = 1, RENEWAL = 700 };
#else
enum { LARGE = 500, LARGE_SECONDS = 600, STORMS = 2, RENEWAL = 700 };
#endif

static uint64_t seed = 1;

static struct skw_net_config world(unsigned nodes)
{
	return (struct skw_net_config) {
		.seed = seed,
		.nodes = nodes,
		.wires = nodes + nodes / 2,
		.users = nodes / 5,
		.relays = 2,
		.paths = 3,
		.price = 100,
		.wire = { .delay_us = 3000,
			  .jitter_us = 1000,
			  .ns_per_byte = 400,
			  .queue_us = 100000,
			  .loss = 10 },
		.fault_us = 5 * SECOND,
		.think_us = 10 * SECOND,
		.stream_bytes = 60000,
	};
}

static void print(struct skw_net *net)
{
	struct skw_net_stats s = skw_net_stats(net);

	printf(
	    "  seed %llu: %llu events, %llu frames, %.1f MB, %llu lost; %llu crashes, %llu cuts, "
	    "%llu partitions, %llu bad wires; streams %llu, complete %llu, failed %llu, %.1f MB; "
	    "billed %.1f MB; %llu directory messages\n",
	    (unsigned long long)seed, (unsigned long long)s.events, (unsigned long long)s.frames,
	    (double)s.bytes / 1e6, (unsigned long long)s.lost, (unsigned long long)s.crashes,
	    (unsigned long long)s.cuts, (unsigned long long)s.partitions,
	    (unsigned long long)s.degradations, (unsigned long long)s.streams,
	    (unsigned long long)s.completed, (unsigned long long)s.failed,
	    (double)s.stream_bytes / 1e6, (double)s.billed_bytes / 1e6,
	    (unsigned long long)s.directory_messages);
}

static void must(struct skw_net *net, bool ok)
{
	if (ok && skw_net_violation(net) == NULL)
		return;
	skw_net_report(net, stdout);
	fail();
}

/* Faults for so long; then calm, in which everything heals and goes on; then silence. */
static void live(struct skw_net *net, uint64_t seconds)
{
	struct skw_net_stats before, after;
	clock_t start = clock();

	must(net, skw_net_run(net, seconds * SECOND));
	printf("  %llu s of faults in %.1f s of processor time\n", (unsigned long long)seconds,
	       (double)(clock() - start) / CLOCKS_PER_SEC);
	skw_net_calm(net);
	must(net, skw_net_run(net, 180 * SECOND));
	must(net, skw_net_check_directory(net));
	before = skw_net_stats(net);
	must(net, skw_net_run(net, 60 * SECOND));
	after = skw_net_stats(net);
	assert_true(after.completed > before.completed);
	if (after.failed > before.failed) { /* in peace nothing fails */
		skw_net_report(net, stdout);
		fail();
	}
	skw_net_rest(net);
	must(net, skw_net_run(net, 400 * SECOND));
	must(net, skw_net_check_rest(net));
	print(net);
}

static void five_hundred_nodes_ten_minutes(void **state)
{
	const char *nodes = getenv("SKW_NET_NODES");
	struct skw_net_config config =
	    world(nodes != NULL ? (unsigned)strtoul(nodes, NULL, 10) : LARGE);
	struct skw_net *net = skw_net_new(&config);

	(void)state;
	assert_non_null(net);
	live(net, LARGE_SECONDS);
	skw_net_free(net);
}

static void run_for_hash(uint64_t with, char hash[33])
{
	struct skw_net_config config = world(24);
	struct skw_net *net;

	config.seed = with;
	config.fault_us = SECOND;
	net = skw_net_new(&config);
	assert_non_null(net);
	must(net, skw_net_run(net, 90 * SECOND));
	skw_net_hash(net, hash);
	skw_net_free(net);
}

static void a_seed_is_a_run(void **state)
{
	char one[33], two[33], other[33];

	(void)state;
	run_for_hash(seed, one);
	run_for_hash(seed, two);
	run_for_hash(seed + 1, other);
	assert_string_equal(one, two);
	assert_string_not_equal(one, other);
}

static void small_worlds_in_storm(void **state)
{
	uint64_t first = seed;

	(void)state;
	for (; seed < first + STORMS; seed++) {
		struct skw_net_config config = world(12);
		struct skw_net *net;

		config.users = 6;
		config.fault_us = SECOND;
		config.think_us = 5 * SECOND;
		config.stream_bytes = 300000;
		net = skw_net_new(&config);
		assert_non_null(net);
		live(net, 120);
		skw_net_free(net);
	}
	seed = first;
}

/* Sessions of half an hour: circuits and sessions get new keys again and again, and no stream
 * notices. */
static void keys_are_renewed_under_traffic(void **state)
{
	struct skw_net_config config = world(8);
	struct skw_net_stats stats;
	struct skw_net *net;
	uint64_t seen = 0;

	(void)state;
	config.users = 3;
	config.fault_us = 0;
	config.wire.loss = 0;
	config.wire.ns_per_byte = 40000; /* 200 kb/s: streams take a while */
	config.wire.queue_us = SECOND / 2;
	config.paths = 2;
	config.think_us = 5 * SECOND;
	config.stream_bytes = 100000;
	net = skw_net_new(&config);
	assert_non_null(net);
	for (unsigned i = 0; i < RENEWAL / 10; i++) {
		must(net, skw_net_run(net, 10 * SECOND));
		stats = skw_net_stats(net);
		seen += stats.circuits;
		assert_true(stats.oldest_circuit_us < 640 * SECOND);
	}
	printf("  seed %llu: %.1f circuits, each below 640 s; streams %llu, failed %llu, rekeys "
	       "%llu\n",
	       (unsigned long long)seed, (double)seen / (RENEWAL / 10),
	       (unsigned long long)stats.streams, (unsigned long long)stats.failed,
	       (unsigned long long)stats.rekeys);
	assert_true(seen >= RENEWAL / 10 * 2);
	assert_true(stats.rekeys >= RENEWAL / 100);
	if (stats.failed > 0)
		skw_net_report(net, stdout);
	assert_int_equal(stats.failed, 0);
	skw_net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_is_a_run),
		cmocka_unit_test(keys_are_renewed_under_traffic),
		cmocka_unit_test(small_worlds_in_storm),
		cmocka_unit_test(five_hundred_nodes_ten_minutes),
	};
	const char *text = getenv("SKW_NET_SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
