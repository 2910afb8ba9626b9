/* How a node's share grows with the network: `net_scale NODES...` prints a line of CSV for each.
 *
 * A region of real nodes (sim/net) and, for the rest of the network, descriptors of nodes that are
 * only spoken of: signed, linked among each other, published at nodes of the region and flooded
 * through it. What a node sends, stores and computes for the directory depends on how many there
 * are to hear of and on its own links, not on who else hears of them; so this stands for networks
 * whose nodes would not fit into one machine's memory. Signatures are really verified here.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "net/skw_net_inside.h"

enum { REGION = 24, CHANGES = 200, PATHS = 50, LINKS = 3, PATIENCE_S = 1200 };

struct spoken {
	struct skw_identity identity;
	uint32_t neighbours[2 * LINKS];
	unsigned count;
	uint64_t sequence;
};

static struct spoken *others;
static uint32_t other_count;
static struct skw_net *net;

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static size_t memory(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void tie(uint32_t a, uint32_t b)
{
	if (a == b || others[a].count == 2 * LINKS || others[b].count == 2 * LINKS)
		return;
	others[a].neighbours[others[a].count++] = b;
	others[b].neighbours[others[b].count++] = a;
}

static void invent(uint32_t count)
{
	other_count = count;
	others = calloc(count, sizeof(*others));
	if (others == NULL)
		abort();
	for (uint32_t i = 0; i < count; i++)
		skw_identity_generate(&others[i].identity, &net->random);
	for (uint32_t i = 0; i < count; i++) { /* a ring and as many chords again by half */
		tie(i, (i + 1) % count);
		if (i % 2 == 0)
			tie(i, (uint32_t)net_below(net, count));
	}
}

/* News of node `i`, told to a node of the region. */
static void speak(uint32_t i, uint32_t at)
{
	struct spoken *o = &others[i];
	struct skw_descriptor d = { .sequence = ++o->sequence,
				    .expires = skw_node_unix() + 3600,
				    .name = "spoken-of" };
	uint8_t data[SKW_DESCRIPTOR_MAX];
	size_t len;

	for (unsigned k = 0; k < o->count; k++)
		d.links[d.link_count++] = (struct skw_descriptor_link) {
			.to = others[o->neighbours[k]].identity.address,
			.price_per_mib = 100 + i % 7,
		};
	len = skw_descriptor_sign(&d, &o->identity, data);
	skw_directory_publish(net->nodes[at].node.directory, data, len, skw_node_unix());
}

static bool knows_all(uint32_t node, size_t count)
{
	return net->nodes[node].alive &&
	       skw_directory_count(net->nodes[node].node.directory) >= count;
}

/* Seconds of virtual time until nodes `from` to REGION - 1 know `count`; negative: they never did.
 */
static double until_known(uint32_t from, uint32_t to, size_t count)
{
	for (unsigned tenths = 0; tenths < 10 * PATIENCE_S; tenths++) {
		uint32_t n = from;

		while (n < to && knows_all(n, count))
			n++;
		if (n == to)
			return tenths / 10.0;
		skw_net_run(net, NET_SECOND / 10);
	}
	return -1;
}

static double path_ms(void)
{
	struct skw_directory *dir = net->nodes[1].node.directory;
	unsigned found = 0;
	double begin = cpu_s();

	for (unsigned i = 0; i < PATHS; i++) {
		struct skw_path path;
		uint32_t from = (uint32_t)net_below(net, other_count);
		struct skw_path_request request = {
			.from = others[from].identity.address,
			.to = others[net_below(net, other_count)].identity.address,
			.relays = -1,
			.wish = SKW_PATH_CHEAPEST,
			.seed = i,
		};

		found += skw_path_find(dir, &request, &path);
	}
	fprintf(stderr, "%u of %u paths found\n", found, PATHS);
	return 1000 * (cpu_s() - begin) / PATHS;
}

static void measure(uint32_t nodes)
{
	const struct skw_net_config config = {
		.seed = nodes,
		.nodes = REGION,
		.wires = REGION + REGION / 2,
		.relays = 2,
		.paths = 1,
		.price = 100,
		.wire = { .delay_us = 3000, .ns_per_byte = 400, .queue_us = 100000 },
	};
	double cpu, known_s, start_cpu, idle_cpu, change_cpu, again_s;
	size_t before, per_entry;
	uint64_t bytes, start, idle, change, again;

	net = skw_net_new(&config);
	if (net == NULL)
		abort();
	skw_net_run(net, 20 * NET_SECOND);
	invent(nodes - REGION);
	before = memory();
	bytes = net->stats.bytes;
	cpu = cpu_s();
	for (uint32_t i = 0; i < other_count; i++)
		speak(i, (uint32_t)net_below(net, REGION));
	for (uint32_t i = 0; i < REGION; i++)
		net_pump(net, &net->nodes[i]);
	known_s = until_known(0, REGION, nodes);
	start = (net->stats.bytes - bytes) / REGION;
	start_cpu = (cpu_s() - cpu) / REGION;
	per_entry = (memory() - before) / REGION;
	skw_net_run(net, 60 * NET_SECOND);

	bytes = net->stats.bytes;
	cpu = cpu_s();
	skw_net_run(net, CHANGES * NET_SECOND / 10);
	idle = net->stats.bytes - bytes;
	idle_cpu = cpu_s() - cpu;
	bytes = net->stats.bytes;
	cpu = cpu_s();
	for (unsigned i = 0; i < CHANGES; i++) {
		uint32_t at = (uint32_t)net_below(net, REGION);

		speak((uint32_t)net_below(net, other_count), at);
		net_pump(net, &net->nodes[at]);
		skw_net_run(net, NET_SECOND / 10);
	}
	change = net->stats.bytes - bytes > idle ? net->stats.bytes - bytes - idle : 0;
	change_cpu = cpu_s() - cpu > idle_cpu ? cpu_s() - cpu - idle_cpu : 0;

	bytes = net->stats.bytes;
	skw_net_crash(net, 0, NET_SECOND);
	skw_net_run(net, 2 * NET_SECOND);
	again_s = until_known(0, 1, nodes) + 1;
	again = net->stats.bytes - bytes;
	/* Every node says everything anew four times an hour. */
	printf("%u,%.1f,%.3f,%.3f,%.1f,%.3f,%.3f,%.3f,%.1f,%.2f\n", nodes, known_s,
	       (double)start / 1e6, start_cpu, (double)per_entry / 1024,
	       4e-6 * nodes * (double)change / CHANGES / REGION,
	       4.0 * nodes * change_cpu / CHANGES / REGION, (double)again / 1e6, again_s,
	       path_ms());
	fflush(stdout);
	if (skw_net_violation(net) != NULL)
		skw_net_report(net, stderr);
	skw_net_free(net);
	free(others);
}

int main(int argc, char **argv)
{
	printf("nodes,known_s,start_mb,start_cpu_s,directory_kib,hour_mb,hour_cpu_s,restart_mb,"
	       "restart_s,path_ms\n");
	for (int i = 1; i < argc; i++)
		if (atoi(argv[i]) > 2 * REGION)
			measure((uint32_t)atoi(argv[i]));
	return 0;
}
