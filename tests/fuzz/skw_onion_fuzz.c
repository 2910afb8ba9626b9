/* rooms: wire keys onion
 *
 * skw_onion: four nodes in a row, a circuit built from the first to the last. An input plays: cells
 * of neighbours, inner commands of any kind signed for any hop with the keys that origin and hop
 * share, whole inner bodies likewise, cells of the wire changed and repeated, data, time. A cell
 * sent twice goes nowhere; data that comes out was sent in, unless the input signed it itself; up
 * and down are told once each; all cells and circuits come back in the end. */

#include "onion/skw_onion_state.h"
#include "skw_fuzz.h"

enum { N = 4, KEPT = 16, STEPS = 100 };

struct node {
	struct skw_random_stream stream;
	struct skw_onion *onion;
	unsigned ups, downs; /* what our user ended himself is not told */
	uint32_t circuit;    /* where data came out last */
};

static struct skw_identity id[N];
static struct {
	struct node node[N];
	uint64_t now;
	uint32_t circuit; /* at the origin */
	bool forged, sent;
	struct {
		unsigned from, to;
		size_t len;
		uint8_t data[SKW_CELL_FULL];
	} kept[KEPT];
	unsigned keep, given;
} world;

static void check_data(const struct skw_onion_out *out)
{
	FUZZ_CHECK(out->len <= SKW_CELL_FULL_DATA);
	if (world.forged)
		return;
	FUZZ_CHECK(world.sent && out->len > 0);
	for (size_t i = 0; i < out->len; i++)
		FUZZ_CHECK(out->data[i] == (uint8_t)(out->data[0] + i));
}

static void poll_node(unsigned i)
{
	struct node *n = &world.node[i];
	struct skw_onion_out out;
	unsigned count = 0;

	while (skw_onion_poll(n->onion, &out)) {
		FUZZ_CHECK(++count < 20000);
		switch (out.event) {
		case SKW_ONION_SEND:
			FUZZ_CHECK(out.peer >= 1 && out.peer <= N && out.peer != i + 1);
			FUZZ_CHECK(out.len == SKW_CELL_SMALL || out.len == SKW_CELL_FULL);
			world.kept[world.keep % KEPT].from = i;
			world.kept[world.keep % KEPT].to = out.peer - 1;
			world.kept[world.keep % KEPT].len = out.len;
			memcpy(world.kept[world.keep++ % KEPT].data, out.data, out.len);
			break;
		case SKW_ONION_DATA:
			check_data(&out);
			n->circuit = out.circuit;
			break;
		case SKW_ONION_METER:
			FUZZ_CHECK(out.meter.bytes == SKW_CELL_SMALL ||
				   out.meter.bytes == SKW_CELL_FULL);
			break;
		case SKW_ONION_CIRCUIT_UP:
			n->ups++;
			break;
		case SKW_ONION_CIRCUIT_DOWN:
			FUZZ_CHECK(skw_onion_reason_text(out.reason) != NULL);
			n->downs++;
			break;
		}
	}
}

static void give(unsigned from, unsigned to, const uint8_t *data, size_t len)
{
	uint8_t *copy = fuzz_copy(data, len);

	skw_onion_receive(world.node[to].onion, from + 1, copy, len, world.now);
	free(copy);
	poll_node(to);
}

static void carry(void)
{
	unsigned budget = 300;

	for (unsigned i = 0; i < N; i++)
		poll_node(i);
	while (world.given != world.keep && budget-- > 0) {
		uint8_t data[SKW_CELL_FULL];
		unsigned k;

		if (world.keep - world.given > KEPT)
			world.given = world.keep - KEPT;
		k = world.given++ % KEPT;
		memcpy(data, world.kept[k].data, world.kept[k].len);
		give(world.kept[k].from, world.kept[k].to, data, world.kept[k].len);
	}
}

static struct circuit *origin_circuit(void)
{
	struct circuit *c = circuit_of(world.node[0].onion, world.circuit);

	return c != NULL && c->origin != NULL && c->origin->built > 0 && !c->dead ? c : NULL;
}

/* The origin's circuit, in the table of a relay or the destination. */
static struct circuit *hop_circuit(unsigned i)
{
	struct skw_onion_info info;
	uint32_t cursor = 0;

	while (skw_onion_next(world.node[i].onion, &cursor, &info))
		if (!info.origin)
			return circuit_of(world.node[i].onion, info.circuit);
	return NULL;
}

/* An inner command of any kind, from the origin to hop `hop`, or from hop `hop` to the origin. */
static void command(uint8_t what, uint8_t kind, const uint8_t *data, size_t len)
{
	unsigned hop = what >> 4 & 3;
	struct circuit *c;

	world.forged = true;
	if (what >> 7) {
		if (hop + 1 < N && (c = hop_circuit(hop + 1)) != NULL && !c->dead)
			onion_speak(world.node[hop + 1].onion, c, 0, kind, data, len);
		return;
	}
	c = origin_circuit();
	if (c != NULL)
		onion_speak(world.node[0].onion, c, hop % c->origin->built, kind, data, len);
}

/* A whole body, length field and all, signed for a hop, under the layers of those before it. */
static void body(size_t hop, bool small, const uint8_t *data, size_t len)
{
	struct circuit *c = origin_circuit();
	uint8_t cell[SKW_CELL_FULL] = { 0 };
	size_t whole = small ? SKW_CELL_SMALL : SKW_CELL_FULL, plain = whole - SKW_CELL_HEADER;
	const struct skw_hop *keys;
	uint64_t nonce;

	if (c == NULL || len > plain - 4 - SKW_CELL_MAC)
		return;
	world.forged = true;
	keys = c->origin->keys;
	hop %= c->origin->built;
	nonce = c->nonce++;
	onion_put_header(cell, c->ends[NEXT].id, CMD_RELAY, nonce);
	memcpy(cell + SKW_CELL_HEADER + 4 + SKW_CELL_MAC, data, len);
	for (size_t i = 0; i < hop; i++)
		nonce += keys[i].forward.shift;
	skw_hop_sign(&keys[hop].forward, nonce, cell + SKW_CELL_HEADER, plain);
	for (size_t i = hop + 1; i-- > 0;) {
		skw_hop_layer(&keys[i].forward, nonce, cell + SKW_CELL_HEADER, plain,
			      cell + SKW_CELL_HEADER);
		nonce -= i > 0 ? keys[i - 1].forward.shift : 0;
	}
	give(0, 1, cell, whole);
}

static void again(struct fuzz *f)
{
	unsigned k = fuzz_u8(f) % KEPT;
	uint16_t at = fuzz_u16(f);
	uint8_t data[SKW_CELL_FULL], bits = fuzz_u8(f);

	if (k >= world.keep)
		return;
	memcpy(data, world.kept[k].data, world.kept[k].len);
	data[at % world.kept[k].len] ^= bits;
	give(world.kept[k].from, world.kept[k].to, data, world.kept[k].len);
}

static void send_data(unsigned from, uint8_t first, size_t len)
{
	uint8_t data[SKW_CELL_FULL_DATA];
	uint32_t circuit = from == 0 ? world.circuit : world.node[from].circuit;

	if (len == 0 || len > sizeof(data))
		return;
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(first + i);
	if (skw_onion_send(world.node[from].onion, circuit, data, len, world.now) == SKW_ONION_OK)
		world.sent = true;
	poll_node(from);
}

static void tick(uint64_t us)
{
	world.now += us;
	for (unsigned i = 0; i < N; i++) {
		skw_onion_tick(world.node[i].onion, world.now);
		poll_node(i);
	}
}

static void build(void)
{
	struct skw_node_address hops[N - 1];
	uint64_t offers[N - 1] = { 20, 10, 0 };

	for (unsigned i = 0; i + 1 < N; i++)
		hops[i] = id[i + 1].address;
	if (origin_circuit() == NULL)
		skw_onion_build(world.node[0].onion, hops, offers, N - 1, world.now,
				&world.circuit);
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f), kind;
	const uint8_t *item;
	size_t len;
	unsigned i;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, SKW_CELL_FULL + 10, &len);
		i = what >> 4 & 3;
		give(i == 0 ? 1 : i - 1, i, item, len);
		break;
	case 1:
		kind = fuzz_u8(f);
		item = fuzz_item(f, SKW_CELL_FULL_DATA, &len);
		command(what, kind, item, len);
		break;
	case 2:
		item = fuzz_item(f, SKW_CELL_FULL, &len);
		body(what >> 4 & 3, what >> 7, item, len);
		break;
	case 3:
		again(f);
		break;
	case 4:
		tick(fuzz_u16(f) * UINT64_C(10000));
		break;
	case 5:
		kind = fuzz_u8(f);
		send_data(what >> 7 ? N - 1 : 0, kind, fuzz_u16(f) % 1500);
		break;
	case 6:
		if (what >> 4 == 1) {
			world.node[0].downs +=
			    circuit_of(world.node[0].onion, world.circuit) != NULL;
			skw_onion_destroy(world.node[0].onion, world.circuit, world.now);
		}
		build();
		break;
	default:
		carry();
	}
}

static void open_row(void)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	for (unsigned i = 0; i < N; i++)
		world.node[i].onion = skw_onion_new(&(struct skw_onion_config) {
		    .identity = &id[i],
		    .random = skw_random_seeded(&world.node[i].stream, i),
		    .price_per_mib = 10,
		    .circuits_max = 16,
		    .cells_max = 256 });
	for (unsigned i = 0; i + 1 < N; i++) {
		skw_onion_peer_up(world.node[i].onion, i + 2, &id[i + 1].address, world.now);
		skw_onion_peer_up(world.node[i + 1].onion, i + 1, &id[i].address, world.now);
	}
	build();
	carry();
	FUZZ_CHECK(world.node[0].ups == 1);
}

/* Every neighbour goes: nothing may be left. */
static void close_row(void)
{
	struct skw_onion_info info;

	for (unsigned i = 0; i < N; i++) {
		struct skw_onion *onion = world.node[i].onion;
		uint32_t cursor = 0;

		for (uint32_t peer = 1; peer <= N; peer++)
			skw_onion_peer_down(onion, peer, world.now);
		poll_node(i);
		FUZZ_CHECK(!skw_onion_next(onion, &cursor, &info));
		FUZZ_CHECK(onion->used == 0);
		FUZZ_CHECK(cells_left(onion) == onion->config.cells_max);
		skw_onion_free(onion);
	}
	FUZZ_CHECK(world.node[0].ups <= world.node[0].downs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	open_row();
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	carry();
	close_row();
	return 0;
}

static void prepare(void)
{
	for (uint8_t i = 0; i < N; i++)
		skw_identity_from_seed(&id[i], (uint8_t[SKW_KEY_LEN]) { i, 3 });
}

static void seeds(void)
{
	static struct fuzz_making m;
	uint8_t extend[32 + 8 + 64] = { 0 };

	fuzz_make(&m, "\5\7\x40\0\7\x85\3\x60\4\7\3\0\x30\0\1\7", 16);
	fuzz_seed("data", m.data, m.len);
	for (uint8_t kind = 1; kind <= 6; kind++) {
		char name[32];

		m.len = 0;
		memcpy(extend, id[2].address.bytes, 32);
		for (unsigned to = 0; to < 3; to++) {
			fuzz_make_u8(&m, (uint8_t)(1 | to << 4 | (kind % 2 ? 0 : 0x80)));
			fuzz_make_u8(&m, kind);
			fuzz_make_item(&m, extend,
				       kind == 1 ? sizeof(extend) : 8 + 40 * (kind == 2));
			fuzz_make_u8(&m, 7);
		}
		fuzz_make_u8(&m, 0x82);
		fuzz_make_item(&m, (uint8_t[4]) { kind, 200, 0, 1 }, 4);
		snprintf(name, sizeof(name), "kind%u", kind);
		fuzz_seed(name, m.data, m.len);
		m.len = 0; /* a length beyond the cell, on a circuit that is whole */
		for (unsigned hop = 0; hop < 3; hop++) {
			fuzz_make_u8(&m, (uint8_t)(0x82 | hop << 4));
			fuzz_make_item(&m, (uint8_t[4]) { kind, 200, 0, 1 }, 4);
			fuzz_make_u8(&m, 7);
		}
		snprintf(name, sizeof(name), "long%u", kind);
		fuzz_seed(name, m.data, m.len);
	}
}

FUZZ_START_WITH(prepare, seeds)
