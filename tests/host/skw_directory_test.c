/* rooms: wire keys link onion
 *
 * skw_descriptor, skw_directory and skw_path. Paths are checked against a search that tries every
 * sequence of nodes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "onion/skw_directory.h"

enum { N = 7 };

static const uint64_t NOW = 1800000000;

static struct skw_random_stream stream;
static struct skw_random rnd;
static struct skw_identity id[N];
static bool joined[N][N]; /* i says that it has a link to j */
static uint64_t price[N][N];
static struct skw_directory *dir;

static int fresh(void **state)
{
	(void)state;
	rnd = skw_random_seeded(&stream, 3);
	memset(joined, 0, sizeof(joined));
	for (unsigned i = 0; i < N; i++)
		skw_identity_generate(&id[i], &rnd);
	dir = skw_directory_new(&rnd);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	skw_directory_free(dir);
	return 0;
}

static size_t sign(unsigned who, uint64_t sequence, uint64_t expires,
		   uint8_t out[SKW_DESCRIPTOR_MAX])
{
	struct skw_descriptor d = { .sequence = sequence, .expires = expires, .service_count = 1 };

	strcpy(d.name, "node");
	strcpy(d.services[0], "files");
	for (unsigned j = 0; j < N; j++)
		if (joined[who][j])
			d.links[d.link_count++] = (struct skw_descriptor_link) {
				.to = id[j].address,
				.capacity_kbps = 1000 + j,
				.price_per_mib = price[who][j],
			};
	return skw_descriptor_sign(&d, &id[who], out);
}

static enum skw_directory_status give(uint32_t peer, unsigned who, uint64_t sequence)
{
	uint8_t out[SKW_DESCRIPTOR_MAX];
	size_t len = sign(who, sequence, NOW + 600, out);

	return skw_directory_receive(dir, peer, out, len, NOW);
}

static void a_descriptor_says_what_was_signed(void **state)
{
	uint8_t out[SKW_DESCRIPTOR_MAX];
	struct skw_descriptor d;
	size_t len;

	(void)state;
	joined[0][1] = joined[0][2] = true;
	price[0][2] = 77;
	len = sign(0, 9, NOW, out);
	assert_true(skw_descriptor_verify(&d, out, len));
	assert_true(skw_node_address_equal(&d.address, &id[0].address));
	assert_int_equal(d.sequence, 9);
	assert_int_equal(d.expires, NOW);
	assert_string_equal(d.name, "node");
	assert_string_equal(d.services[0], "files");
	assert_int_equal(d.link_count, 2);
	assert_true(skw_node_address_equal(&d.links[1].to, &id[2].address));
	assert_int_equal(d.links[1].capacity_kbps, 1002);
	assert_int_equal(d.links[1].price_per_mib, 77);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(skw_descriptor_verify(&d, out, len));
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_false(skw_descriptor_verify(&d, out, cut));
}

static void the_largest_descriptor_fits(void **state)
{
	struct skw_descriptor d = { .service_count = SKW_DESCRIPTOR_SERVICES,
				    .link_count = SKW_DESCRIPTOR_LINKS };
	uint8_t out[SKW_DESCRIPTOR_MAX];
	struct skw_descriptor back;
	size_t len;

	(void)state;
	memset(d.name, 'n', SKW_DESCRIPTOR_NAME);
	for (unsigned i = 0; i < SKW_DESCRIPTOR_SERVICES; i++)
		memset(d.services[i], 's', SKW_DESCRIPTOR_NAME);
	len = skw_descriptor_sign(&d, &id[0], out);
	assert_true(len > 0);
	assert_true(skw_descriptor_verify(&back, out, len));
	d.name[0] = '\n'; /* terminals would show it */
	len = skw_descriptor_sign(&d, &id[0], out);
	assert_false(skw_descriptor_verify(&back, out, len));
	d.link_count = SKW_DESCRIPTOR_LINKS + 1;
	assert_int_equal(skw_descriptor_sign(&d, &id[0], out), 0);
}

static unsigned polled(uint32_t peer)
{
	struct skw_directory_out out;
	unsigned n = 0;

	while (skw_directory_poll(dir, &out))
		n += out.peer == peer && out.data[0] == 1; /* descriptors */
	return n;
}

static void news_go_to_all_but_the_giver(void **state)
{
	(void)state;
	skw_directory_peer_up(dir, 1);
	skw_directory_peer_up(dir, 2);
	assert_int_equal(give(1, 0, 5), SKW_DIRECTORY_OK);
	assert_int_equal(polled(1), 0);
	assert_int_equal(give(1, 0, 6), SKW_DIRECTORY_OK);
	assert_int_equal(polled(2), 1);
	assert_int_equal(give(2, 0, 6), SKW_DIRECTORY_KNOWN);
	assert_int_equal(polled(1), 0);
	assert_int_equal(give(2, 0, 5), SKW_DIRECTORY_KNOWN); /* it is behind: it is told */
	assert_int_equal(polled(2), 1);
}

static void a_refused_output_comes_again(void **state)
{
	struct skw_directory_out out;

	(void)state;
	skw_directory_peer_up(dir, 1);
	polled(1);
	give(2, 0, 1);
	give(2, 1, 1);
	assert_true(skw_directory_poll(dir, &out));
	skw_directory_refused(dir, 1);
	assert_false(skw_directory_poll(dir, &out));
	skw_directory_tick(dir, NOW);
	assert_int_equal(polled(1), 2);
}

static void old_long_and_hasty_descriptors_are_refused(void **state)
{
	uint8_t out[SKW_DESCRIPTOR_MAX];
	size_t len = sign(0, 1, NOW, out);
	unsigned taken = 0;

	(void)state;
	assert_int_equal(skw_directory_receive(dir, 1, out, len, NOW), SKW_DIRECTORY_EXPIRED);
	len = sign(0, 1, NOW + SKW_DIRECTORY_LIFE_MAX + 1, out);
	assert_int_equal(skw_directory_receive(dir, 1, out, len, NOW), SKW_DIRECTORY_EXPIRED);
	out[50] ^= 1;
	assert_int_equal(skw_directory_receive(dir, 1, out, len, NOW), SKW_DIRECTORY_MALFORMED);
	for (unsigned i = 1; i < 100; i++)
		taken += give(1, 0, i) == SKW_DIRECTORY_OK;
	assert_int_equal(taken, 17); /* the first, and a burst of sixteen */
	assert_int_equal(skw_directory_count(dir), 1);
	skw_directory_tick(dir, NOW + 599);
	assert_int_equal(skw_directory_count(dir), 1);
	skw_directory_tick(dir, NOW + 600);
	assert_int_equal(skw_directory_count(dir), 0);
}

/* ---- paths, against trying everything
 * ---------------------------------------------------------------- */

static uint64_t best;

static void try_all(unsigned at, unsigned to, int left, uint64_t cost, unsigned visited)
{
	if (at == to) {
		if (left <= 0 && cost < best)
			best = cost;
		return;
	}
	for (unsigned j = 0; j < N; j++)
		if (joined[at][j] && joined[j][at] && !(visited >> j & 1) && left != 0 &&
		    ((j == to) <= (left < 0 || left == 1)))
			try_all(j, to, left < 0 ? left : left - 1,
				cost + (visited == 1 ? 0 : price[at][j]), visited | 1u << j);
}

static unsigned index_of(const struct skw_node_address *address)
{
	for (unsigned i = 0; i < N; i++)
		if (skw_node_address_equal(&id[i].address, address))
			return i;
	return N;
}

static void assert_path_is_real(const struct skw_path *path, uint64_t cost)
{
	unsigned at = 0, visited = 1;

	for (size_t i = 0; i < path->count; i++) {
		unsigned next = index_of(&path->hops[i]);
		uint64_t after = i + 1 < path->count ? path->offer[i + 1] : 0;

		assert_true(next < N && joined[at][next] && joined[next][at]);
		assert_false(visited >> next & 1);
		if (i + 1 < path->count)
			assert_int_equal(path->offer[i] - after,
					 price[next][index_of(&path->hops[i + 1])]);
		visited |= 1u << next;
		at = next;
	}
	assert_int_equal(at, N - 1);
	assert_int_equal(path->offer[0], cost);
	assert_int_equal(path->offer[path->count - 1], 0);
}

static void random_net(void)
{
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++) {
			joined[i][j] = i != j && skw_random_u32(&rnd) % 100 < 65;
			price[i][j] = skw_random_u32(&rnd) % 50;
		}
	skw_directory_free(dir);
	dir = skw_directory_new(&rnd);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(give(1, i, 1), SKW_DIRECTORY_OK);
}

static void paths_are_the_best_there_are(void **state)
{
	unsigned found = 0;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		random_net();
		for (int relays = -1; relays < N - 1; relays++) {
			struct skw_path_request request = { .from = id[0].address,
							    .to = id[N - 1].address,
							    .relays = relays,
							    .seed = round };
			struct skw_path path, again;

			best = UINT64_MAX;
			try_all(0, N - 1, relays < 0 ? -1 : relays + 1, 0, 1);
			assert_int_equal(skw_path_find(dir, &request, &path), best != UINT64_MAX);
			if (best == UINT64_MAX)
				continue;
			found++;
			if (relays >= 0)
				assert_int_equal(path.count, relays + 1);
			assert_path_is_real(&path, best);
			assert_true(skw_path_find(dir, &request, &again));
			assert_memory_equal(&path, &again, sizeof(path));
			request.max_price = best;
			assert_true(skw_path_find(dir, &request, &path));
			if (best > 1) {
				request.max_price = best - 1;
				assert_false(skw_path_find(dir, &request, &path));
			}
		}
	}
	assert_true(found > 100);
}

static void avoided_nodes_and_one_sided_links_are_not_used(void **state)
{
	struct skw_path_request request = {
		.from = id[0].address, .to = id[2].address, .relays = -1, .avoid = &id[1].address
	};
	struct skw_path path;

	(void)state;
	joined[0][1] = joined[1][0] = joined[1][2] = true;
	for (unsigned i = 0; i < 3; i++)
		give(1, i, 1);
	assert_false(skw_path_find(dir, &request, &path)); /* 2 does not say 1 */
	joined[2][1] = true;
	give(1, 2, 2);
	assert_true(skw_path_find(dir, &request, &path));
	request.avoid_count = 1;
	assert_false(skw_path_find(dir, &request, &path));
}

/* ---- the same with more wishes: every sequence of nodes, each judged by the sentences of the
 * header
 */

struct judged {
	unsigned shared, slowness, links;
	uint64_t price;
};

struct wishes {
	bool fastest, any_length;
	unsigned required; /* a bit for each node */
	unsigned shared[N], first[N];
	uint64_t max_price;
};

static bool judged_better(const struct wishes *w, const struct judged *a, const struct judged *b)
{
	if (a->shared != b->shared)
		return a->shared < b->shared;
	if (w->fastest && w->any_length && a->links != b->links)
		return a->links < b->links;
	if (w->fastest && a->slowness != b->slowness)
		return a->slowness < b->slowness;
	return a->price < b->price;
}

static void judge_all(const struct wishes *w, unsigned at, unsigned links, unsigned visited,
		      struct judged sum, int left, struct judged *best_of_all)
{
	for (unsigned j = 0; j < N; j++) {
		struct judged next = sum;

		if (!joined[at][j] || !joined[j][at] || visited >> j & 1 || left == 0)
			continue;
		next.links++;
		next.price += at == 0 ? 0 : price[at][j];
		next.slowness = next.slowness > N - j ? next.slowness : N - j; /* see sign() */
		if (j == N - 1) {
			if ((left < 0 || left == 1) && next.price <= w->max_price &&
			    (visited & w->required) == w->required &&
			    judged_better(w, &next, best_of_all))
				*best_of_all = next;
			continue;
		}
		if (!(w->required >> j & 1))
			next.shared += w->shared[j] + (at == 0 ? 100 * w->first[j] : 0);
		judge_all(w, j, links + 1, visited | 1u << j, next, left < 0 ? left : left - 1,
			  best_of_all);
	}
}

static struct judged judge(const struct wishes *w, const struct skw_path *path)
{
	struct judged sum = { .links = (unsigned)path->count };
	unsigned at = 0;

	for (size_t i = 0; i < path->count; i++) {
		unsigned j = index_of(&path->hops[i]);

		sum.price += at == 0 ? 0 : price[at][j];
		sum.slowness = sum.slowness > N - j ? sum.slowness : N - j;
		if (j != N - 1 && !(w->required >> j & 1))
			sum.shared += w->shared[j] + (at == 0 ? 100 * w->first[j] : 0);
		at = j;
	}
	return sum;
}

static void count_beside(struct wishes *w, const struct skw_path *path)
{
	for (size_t i = 0; i + 1 < path->count; i++) {
		w->shared[index_of(&path->hops[i])]++;
		w->first[index_of(&path->hops[i])] += i == 0;
	}
}

static void wishes_come_in_their_order(void **state)
{
	unsigned found = 0, none = 0, disjoint = 0;

	(void)state;
	for (unsigned round = 0; round < 120; round++) {
		struct skw_path paths[3];
		const struct skw_path *beside[3] = { &paths[0], &paths[1], &paths[2] };
		struct wishes w = { .max_price = round % 3 == 0 ? 60 : UINT64_MAX,
				    .fastest = round % 2 == 1,
				    .any_length = round % 5 == 0 };
		struct skw_path_request request = {
			.from = id[0].address,
			.to = id[N - 1].address,
			.relays = w.any_length ? -1 : (int)(round % 4),
			.wish = w.fastest ? SKW_PATH_FASTEST : SKW_PATH_CHEAPEST,
			.max_price = w.max_price == UINT64_MAX ? 0 : w.max_price,
			.beside = beside,
			.require = &id[2].address,
			.require_count = round % 7 == 6,
			.seed = round,
		};

		random_net();
		request.from = id[0].address;
		w.required = request.require_count > 0 ? 1u << 2 : 0;
		for (; request.beside_count < 3; request.beside_count++) {
			struct judged want = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX };
			struct judged got;
			struct skw_path *path = &paths[request.beside_count];

			judge_all(&w, 0, 0, 1, (struct judged) { 0 },
				  request.relays < 0 ? -1 : request.relays + 1, &want);
			if (!skw_path_find(dir, &request, path)) {
				assert_int_equal(want.links, UINT32_MAX);
				none++;
				break;
			}
			found++;
			got = judge(&w, path);
			assert_int_equal(got.shared, want.shared);
			assert_int_equal(got.price, path->offer[0]);
			assert_true(got.price <= w.max_price);
			if (w.fastest)
				assert_int_equal(got.slowness, want.slowness);
			assert_int_equal(got.price, want.price);
			disjoint += request.beside_count > 0 && got.shared == 0 && got.links > 1;
			count_beside(&w, path);
		}
	}
	assert_in_range(found, 100, 350);
	assert_in_range(none, 3, 119);
	assert_in_range(disjoint, 10, 120);
}

static void a_required_node_that_nobody_knows_is_no_path(void **state)
{
	struct skw_path_request request = { .from = id[0].address,
					    .to = id[1].address,
					    .relays = -1,
					    .require = &id[5].address,
					    .require_count = 1 };
	struct skw_path path;

	(void)state;
	joined[0][1] = joined[1][0] = true;
	give(1, 0, 1);
	give(1, 1, 1);
	assert_false(skw_path_find(dir, &request, &path));
	request.require = &id[1].address; /* it ends there: that will do */
	assert_true(skw_path_find(dir, &request, &path));
}

enum { MANY = 300 };

static size_t sign_many(const struct skw_identity *who, unsigned i, uint64_t sequence,
			uint8_t out[SKW_DESCRIPTOR_MAX])
{
	struct skw_descriptor d = { .sequence = sequence, .expires = NOW + 100 + i % 3 };

	for (unsigned k = 0; k < i % 5; k++)
		d.links[d.link_count++] = (struct skw_descriptor_link) { .to = id[k].address };
	return skw_descriptor_sign(&d, who, out);
}

static void assert_holds(const struct skw_identity *many, bool (*there)(unsigned i),
			 uint64_t sequence)
{
	size_t len, count = 0;

	for (unsigned i = 0; i < MANY; i++) {
		const struct skw_descriptor *d = skw_directory_find(dir, &many[i].address);

		count += there(i);
		assert_int_equal(d != NULL, there(i));
		if (d == NULL)
			continue;
		assert_int_equal(d->sequence, sequence);
		assert_int_equal(d->link_count, i % 5);
		assert_non_null(skw_directory_signed(dir, &many[i].address, &len));
	}
	assert_int_equal(skw_directory_count(dir), count);
}

static bool all(unsigned i)
{
	(void)i;
	return true;
}

static bool latest(unsigned i)
{
	return i % 3 == 2;
}

static void many_come_and_go(void **state)
{
	static struct skw_identity many[MANY];
	uint8_t out[SKW_DESCRIPTOR_MAX];
	struct skw_directory_out told;
	unsigned heard = 0;

	(void)state;
	skw_directory_peer_up(dir, 5);
	for (unsigned i = 0; i < MANY; i++)
		skw_identity_generate(&many[i], &rnd);
	for (uint64_t sequence = 1; sequence <= 2; sequence++) {
		for (unsigned i = 0; i < MANY; i++) {
			size_t len = sign_many(&many[i], i, sequence, out);

			assert_int_equal(skw_directory_receive(dir, 1, out, len, NOW),
					 SKW_DIRECTORY_OK);
		}
		assert_holds(many, all, sequence);
	}
	while (skw_directory_poll(dir, &told)) /* the newest of each, once */
		heard += told.peer == 5 && told.data[0] == 1;
	assert_int_equal(heard, MANY);
	skw_directory_tick(dir, NOW + 101); /* two thirds are over */
	assert_holds(many, latest, 2);
	for (unsigned i = 0; i < MANY; i++)
		if (!latest(i))
			assert_int_equal(
			    skw_directory_receive(dir, 1, out, sign_many(&many[i], i, 2, out), NOW),
			    SKW_DIRECTORY_OK);
	assert_holds(many, all, 2);
}

/* Lies of the greatest size until no more are taken: memory has an end, and who is known goes on.
 */
static void a_full_directory_refuses_strangers_only(void **state)
{
	static const unsigned largest = SKW_DIRECTORY_BYTES / 4000;
	uint8_t out[SKW_DESCRIPTOR_MAX];
	enum skw_directory_status status = SKW_DIRECTORY_OK;
	struct skw_descriptor d = { .sequence = 1, .expires = NOW + 600 };
	struct skw_identity liar, first;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < SKW_DESCRIPTOR_LINKS; i++)
		d.links[d.link_count++] = (struct skw_descriptor_link) { .to = id[1].address };
	for (; status == SKW_DIRECTORY_OK && taken <= largest; taken++) {
		skw_identity_generate(&liar, &rnd);
		first = taken == 0 ? liar : first;
		status =
		    skw_directory_receive(dir, 1, out, skw_descriptor_sign(&d, &liar, out), NOW);
	}
	assert_int_equal(status, SKW_DIRECTORY_FULL);
	assert_in_range(taken, 1024, largest);
	d.sequence = 2;
	assert_int_equal(
	    skw_directory_receive(dir, 1, out, skw_descriptor_sign(&d, &first, out), NOW),
	    SKW_DIRECTORY_OK);
	skw_directory_tick(dir, NOW + 600); /* their time is over: there is room again */
	assert_int_equal(skw_directory_count(dir), 0);
	d.expires = NOW + 1200;
	assert_int_equal(
	    skw_directory_receive(dir, 1, out, skw_descriptor_sign(&d, &liar, out), NOW + 600),
	    SKW_DIRECTORY_OK);
}

/* Bytes nobody signed may be taken for known, but never for news. */
static void a_forgery_changes_nothing(void **state)
{
	uint8_t out[SKW_DESCRIPTOR_MAX], held[SKW_DESCRIPTOR_MAX];
	const uint8_t *now;
	size_t len = sign(0, 9, NOW + 600, out), held_len;

	(void)state;
	memcpy(held, out, len);
	assert_int_equal(skw_directory_receive(dir, 1, out, len, NOW), SKW_DIRECTORY_OK);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		enum skw_directory_status status;

		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		status = skw_directory_receive(dir, 2, out, len, NOW);
		assert_true(status == SKW_DIRECTORY_MALFORMED || status == SKW_DIRECTORY_KNOWN);
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(skw_directory_count(dir), 1);
	now = skw_directory_signed(dir, &id[0].address, &held_len);
	assert_int_equal(held_len, len);
	assert_memory_equal(now, held, len);
}

static void each_of_very_many_peers_is_told_once(void **state)
{
	unsigned told[SKW_DIRECTORY_PEERS + 2] = { 0 };
	struct skw_directory_out out;

	(void)state;
	for (uint32_t peer = 0; peer <= SKW_DIRECTORY_PEERS + 1; peer++)
		skw_directory_peer_up(dir, peer);
	polled(1);
	assert_int_equal(give(100, 0, 1), SKW_DIRECTORY_OK);
	skw_directory_peer_down(dir, 65);
	while (skw_directory_poll(dir, &out)) {
		told[out.peer]++;
		if (out.peer == 128 && told[128] == 1)
			skw_directory_refused(dir, 128);
	}
	assert_int_equal(told[128], 1);
	skw_directory_tick(dir, NOW);
	while (skw_directory_poll(dir, &out))
		told[out.peer] += out.data[0] == 1;
	assert_int_equal(told[128], 2);
	for (uint32_t peer = 1; peer < SKW_DIRECTORY_PEERS; peer++)
		assert_int_equal(told[peer], peer != 100 && peer != 65);
	assert_int_equal(told[0] + told[SKW_DIRECTORY_PEERS + 1], 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(a_descriptor_says_what_was_signed),
		CASE(the_largest_descriptor_fits),
		CASE(news_go_to_all_but_the_giver),
		CASE(a_refused_output_comes_again),
		CASE(old_long_and_hasty_descriptors_are_refused),
		CASE(paths_are_the_best_there_are),
		CASE(many_come_and_go),
		CASE(a_forgery_changes_nothing),
		CASE(a_full_directory_refuses_strangers_only),
		CASE(avoided_nodes_and_one_sided_links_are_not_used),
		CASE(wishes_come_in_their_order),
		CASE(a_required_node_that_nobody_knows_is_no_path),
		CASE(each_of_very_many_peers_is_told_once),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
