/* rooms: wire keys onion
 *
 * skw_directory: descriptors of eight nodes, whose bodies the input writes and the nodes sign;
 * peers that come and go, time, paths asked for. What is held never gets older and is never expired
 * after a tick; what is sent verifies and goes to a peer that is up; a path runs over links that
 * both ends name, ends where it should and costs what it says. */

#include "onion/skw_directory.h"
#include "skw_fuzz.h"

enum { NODES = 8, STEPS = 64 };

static const char label[] = "skywave descriptor 1";
static struct skw_identity id[NODES];
static struct {
	struct skw_directory *dir;
	struct skw_random_stream stream;
	struct skw_random random;
	uint64_t now, up;
	uint64_t next[NODES]; /* the least sequence that is newer than what is held */
} world;

static int node_of(const struct skw_node_address *address)
{
	for (int i = 0; i < NODES; i++)
		if (skw_node_address_equal(&id[i].address, address))
			return i;
	return -1;
}

static void take(enum skw_directory_status status, uint32_t peer, const uint8_t *data, size_t len)
{
	struct skw_descriptor d;
	int i;

	(void)peer;
	if (status != SKW_DIRECTORY_OK)
		return;
	FUZZ_CHECK(skw_descriptor_verify(&d, data, len));
	FUZZ_CHECK(d.expires > world.now && d.expires - world.now <= SKW_DIRECTORY_LIFE_MAX);
	i = node_of(&d.address);
	if (i >= 0) {
		FUZZ_CHECK(skw_directory_find(world.dir, &d.address)->sequence == d.sequence);
		FUZZ_CHECK(d.sequence >= world.next[i]);
		world.next[i] = d.sequence < UINT64_MAX ? d.sequence + 1 : UINT64_MAX;
	}
}

/* A descriptor whose links name our nodes. */
static void publish(struct fuzz *f, unsigned who)
{
	struct skw_descriptor d = { .sequence = fuzz_u8(f), .name = "n" };
	uint8_t out[SKW_DESCRIPTOR_MAX];
	uint32_t peer = 1 + fuzz_u8(f) % 4;
	size_t len;

	d.expires = world.now + fuzz_u16(f) * 2u;
	d.link_count = fuzz_u8(f) % 9;
	for (unsigned i = 0; i < d.link_count; i++) {
		d.links[i].to = id[fuzz_u8(f) % NODES].address;
		d.links[i].price_per_mib = fuzz_u8(f) < 200 ? fuzz_u8(f) : UINT64_MAX - fuzz_u8(f);
	}
	len = skw_descriptor_sign(&d, &id[who], out);
	FUZZ_CHECK(len > 0);
	take(skw_directory_receive(world.dir, peer, out, len, world.now), peer, out, len);
}

/* A body of the input's own. */
static void body(unsigned who, const uint8_t *data, size_t len)
{
	uint8_t message[sizeof(label) - 1 + SKW_DESCRIPTOR_MAX], *out = message + sizeof(label) - 1;

	if (len < 33 || len > SKW_DESCRIPTOR_MAX - SKW_SIGNATURE_LEN)
		return;
	memcpy(message, label, sizeof(label) - 1);
	memcpy(out, data, len);
	memcpy(out + 1, id[who].sign_public, SKW_KEY_LEN);
	skw_identity_sign(&id[who], message, sizeof(label) - 1 + len, out + len);
	len += SKW_SIGNATURE_LEN;
	take(skw_directory_receive(world.dir, 1, out, len, world.now), 1, out, len);
}

static void poll_all(bool refuse)
{
	struct skw_directory_out out;
	struct skw_descriptor d;

	for (unsigned n = 0; skw_directory_poll(world.dir, &out); n++) {
		FUZZ_CHECK(n < 10000);
		FUZZ_CHECK(out.peer >= 1 && out.peer <= SKW_DIRECTORY_PEERS);
		FUZZ_CHECK(world.up >> out.peer & 1);
		FUZZ_CHECK(out.len > 0 && out.len <= 32768);
		FUZZ_CHECK(out.data[0] != 1 || skw_descriptor_verify(&d, out.data, out.len));
		if (refuse)
			skw_directory_refused(world.dir, out.peer);
	}
}

static bool names(const struct skw_node_address *a, const struct skw_node_address *b)
{
	const struct skw_descriptor *d = skw_directory_find(world.dir, a);

	for (unsigned i = 0; d != NULL && i < d->link_count; i++)
		if (skw_node_address_equal(&d->links[i].to, b))
			return true;
	return false;
}

static void path(struct fuzz *f)
{
	struct skw_path_request r = { .relays = fuzz_u8(f) % 9 - 1, .seed = fuzz_u8(f) };
	const struct skw_node_address *at = &r.from;
	uint8_t what = fuzz_u8(f);
	struct skw_path p;

	r.from = id[what % NODES].address;
	r.to = id[(what >> 3) % NODES].address;
	r.wish = what >> 6 & 1 ? SKW_PATH_FASTEST : SKW_PATH_CHEAPEST;
	r.max_price = what >> 7 ? 300 : 0;
	if (!skw_path_find(world.dir, &r, &p))
		return;
	FUZZ_CHECK(p.count >= 1 && p.count <= SKW_PATH_RELAYS_MAX + 1);
	FUZZ_CHECK(r.relays < 0 || p.count == (size_t)r.relays + 1);
	FUZZ_CHECK(skw_node_address_equal(&p.hops[p.count - 1], &r.to));
	FUZZ_CHECK(r.max_price == 0 || p.offer[0] <= r.max_price);
	for (size_t i = 0; i < p.count; i++) {
		FUZZ_CHECK(names(at, &p.hops[i]) && names(&p.hops[i], at));
		FUZZ_CHECK(!skw_node_address_equal(&p.hops[i], &r.from));
		FUZZ_CHECK(i == 0 || p.offer[i] <= p.offer[i - 1]);
		for (size_t k = 0; k < i; k++)
			FUZZ_CHECK(!skw_node_address_equal(&p.hops[i], &p.hops[k]));
		at = &p.hops[i];
	}
}

static void check(void)
{
	FUZZ_CHECK(skw_directory_count(world.dir) <= SKW_DIRECTORY_NODES);
	for (size_t i = 0; i < skw_directory_count(world.dir); i++) {
		const struct skw_descriptor *d = skw_directory_at(world.dir, i);
		int n = node_of(&d->address);

		FUZZ_CHECK(n < 0 || d->sequence + (d->sequence < UINT64_MAX) == world.next[n]);
		FUZZ_CHECK(d->expires > world.now);
	}
	for (unsigned i = 0; i < NODES; i++)
		if (skw_directory_find(world.dir, &id[i].address) == NULL)
			world.next[i] = 0; /* forgotten: it may start anew */
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f);
	uint32_t peer = 1 + (what >> 3 & 3);
	const uint8_t *item;
	size_t len;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, SKW_DESCRIPTOR_MAX + 10, &len);
		take(skw_directory_receive(world.dir, peer, item, len, world.now), peer, item, len);
		break;
	case 1:
	case 2:
		publish(f, what >> 3 & 7);
		break;
	case 3:
		item = fuzz_item(f, SKW_DESCRIPTOR_MAX, &len);
		body(what >> 3 & 7, item, len);
		break;
	case 4:
		world.now += fuzz_u8(f) * (what & 8 ? 300u : 1u);
		skw_directory_tick(world.dir, world.now);
		check();
		break;
	case 5:
		if (what & 0x80) {
			skw_directory_peer_down(world.dir, peer);
			world.up &= ~(UINT64_C(1) << peer);
		} else {
			skw_directory_peer_up(world.dir, peer);
			world.up |= UINT64_C(1) << peer;
		}
		break;
	case 6:
		path(f);
		break;
	default:
		poll_all(what & 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	memset(&world, 0, sizeof(world));
	world.now = 1700000000;
	world.random = skw_random_seeded(&world.stream, 1);
	world.dir = skw_directory_new(&world.random);
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	skw_directory_tick(world.dir, world.now);
	check();
	poll_all(false);
	skw_directory_free(world.dir);
	return 0;
}

static void prepare(void)
{
	for (uint8_t i = 0; i < NODES; i++)
		skw_identity_from_seed(&id[i], (uint8_t[SKW_KEY_LEN]) { i, 4 });
}

static void seeds(void)
{
	static struct fuzz_making m;

	fuzz_make_u8(&m, 5);
	for (uint8_t i = 0; i < 4; i++) { /* a ring of four */
		fuzz_make_u8(&m, (uint8_t)(1 | i << 3));
		fuzz_make(&m, "\1\1\x10\x27\2", 5);
		fuzz_make_u8(&m, (i + 1) % 4);
		fuzz_make(&m, "\0\x0a", 2);
		fuzz_make_u8(&m, (i + 3) % 4);
		fuzz_make(&m, "\0\x0b", 2);
	}
	fuzz_make(&m, "\7\6\0\5\x10\6\2\5\x50\4\2\x0c\xff", 13);
	fuzz_seed("ring", m.data, m.len);
}

FUZZ_START_WITH(prepare, seeds)
