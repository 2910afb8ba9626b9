/* rooms: wire keys link
 *
 * skw_meet: carol between two neighbours, and control messages of both with any bytes, time and
 * wishes between them. She sends to who is up alone, nothing but a MEET of ours or an AT, an AT to
 * who asked for that node; she calls a place only that she asked for, with a port and an address
 * that is somebody's. */

#include "link/skw_meet.h"
#include "skw_fuzz.h"

enum { CAROL, ALICE, BOB, NODES, STEPS = 64 };
enum { MEET = 1, AT = 2, KEY = SKW_KEY_LEN };

static struct skw_identity id[NODES];
static struct { /* these stay up: a meet only looks things up there */
	struct skw_link *link[NODES];
	struct skw_random_stream stream[NODES];
	uint32_t peer[NODES]; /* carol's number of them */
} links;
static struct {
	struct skw_meet *meet;
	bool asked[NODES]; /* ALICE: for BOB, BOB: for ALICE, since a minute ago or so */
	bool wanted;       /* carol wants a link to a fourth, through alice */
	uint64_t now;
} world;

static bool place_of(struct skw_meet_place *place, const struct skw_link_endpoint *at)
{
	*place = (struct skw_meet_place) { 4, { 192, 0, 2, at->addr[0] }, 7000 };
	return true;
}

static void frames(unsigned of)
{
	struct skw_link_out out;

	while (skw_link_poll(links.link[of], &out)) {
		if (out.event == SKW_LINK_SEND) {
			const struct skw_link_endpoint from = { .len = 1, .addr = { (uint8_t)of } };

			skw_link_receive(links.link[out.to.addr[0]], &from, out.data, out.len,
					 world.now);
		} else if (out.event == SKW_LINK_PEER_UP && of == CAROL) {
			links.peer[skw_node_address_equal(&out.address, &id[BOB].address) ? BOB
											  : ALICE] =
			    out.peer;
		}
	}
}

static void link_up(void)
{
	static const uint8_t seed[NODES][SKW_KEY_LEN] = { { 1 }, { 2 }, { 3 } };

	for (unsigned i = 0; i < NODES; i++) {
		struct skw_link_config config = {
			.identity = &id[i],
			.random = skw_random_seeded(&links.stream[i], i),
			.stamp = 1000,
			.accept_unknown = true,
		};

		skw_identity_from_seed(&id[i], seed[i]);
		links.link[i] = skw_link_new(&config, world.now);
	}
	for (unsigned i = ALICE; i < NODES; i++) {
		const struct skw_link_endpoint at = { .len = 1, .addr = { (uint8_t)i } };
		uint32_t peer;

		skw_link_add_peer(links.link[CAROL], &id[i].address, &at, world.now, &peer);
	}
	for (unsigned k = 0; k < 4; k++)
		for (unsigned i = 0; i < NODES; i++)
			frames(i);
	FUZZ_CHECK(links.peer[ALICE] != 0 && links.peer[BOB] != 0);
}

static void begin(void)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	if (links.link[CAROL] == NULL)
		link_up();
	world.meet = skw_meet_new(links.link[CAROL], place_of);
}

static void look_at(const struct skw_meet_out *out)
{
	const unsigned who = out->peer == links.peer[ALICE] ? ALICE : BOB;

	if (out->event == SKW_MEET_CALL) {
		FUZZ_CHECK(world.wanted && out->place.port != 0);
		FUZZ_CHECK(out->place.family == 4 || out->place.family == 6);
		FUZZ_CHECK(
		    out->place.family == 6 ||
		    (out->place.ip[0] != 0 && out->place.ip[0] != 127 && out->place.ip[0] < 224));
		return;
	}
	FUZZ_CHECK(out->peer == links.peer[ALICE] || out->peer == links.peer[BOB]);
	FUZZ_CHECK(out->len > KEY && (out->data[0] == MEET || out->data[0] == AT));
	if (out->data[0] == MEET) {
		FUZZ_CHECK(who == ALICE && world.wanted);
		return;
	}
	FUZZ_CHECK(world.asked[ALICE] && world.asked[BOB]);
	FUZZ_CHECK(memcmp(out->data + 1, id[who == ALICE ? BOB : ALICE].address.bytes, KEY) == 0);
}

static void poll_meet(void)
{
	struct skw_meet_out out;

	for (unsigned n = 0; skw_meet_poll(world.meet, &out); n++) {
		FUZZ_CHECK(n < 1000);
		look_at(&out);
	}
}

static void message(struct fuzz *f, unsigned from)
{
	const unsigned about = from == ALICE ? BOB : ALICE;
	uint8_t text[64] = { fuzz_u8(f) }, *copy;
	const uint8_t *data;
	size_t len, head = 1;

	if (fuzz_u8(f) % 2 == 0) { /* of the other: chance would not find it */
		memcpy(text + 1, id[about].address.bytes, KEY);
		head += KEY;
	}
	data = fuzz_item(f, sizeof(text) - head, &len);
	if (len > 0)
		memcpy(text + head, data, len);
	copy = fuzz_copy(text, head + len);
	if (skw_meet_receive(world.meet, links.peer[from], copy, head + len, world.now) ==
		SKW_MEET_OK &&
	    text[0] == MEET && memcmp(text + 1, id[about].address.bytes, KEY) == 0)
		world.asked[from] = true;
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct skw_node_address fourth = { { 4 } };
	struct fuzz f = { data, size };

	begin();
	for (unsigned i = 0; i < STEPS && f.left > 0; i++) {
		switch (fuzz_u8(&f) % 5) {
		case 0:
			message(&f, ALICE);
			break;
		case 1:
			message(&f, BOB);
			break;
		case 2:
			world.now += fuzz_u16(&f) * UINT64_C(1000);
			skw_meet_tick(world.meet, world.now);
			break;
		case 3:
			world.wanted = true;
			skw_meet_want(world.meet, &fourth, &id[ALICE].address);
			break;
		default:
			skw_meet_neighbour_up(world.meet, &id[BOB].address, world.now);
			break;
		}
		poll_meet();
	}
	skw_meet_free(world.meet);
	return 0;
}

static void seeds(void)
{
	struct fuzz_making m = { .len = 0 };

	for (uint8_t from = 0; from < 2; from++) { /* each asks for the other */
		const uint8_t ask[] = { from, MEET, 0 };

		fuzz_make(&m, ask, sizeof(ask));
		fuzz_make_item(&m, "", 0);
	}
	fuzz_seed("meet", m.data, m.len);
	m.len = 0;
	fuzz_make(&m, (const uint8_t[]) { 3, 0, AT, 1 }, 4); /* we want the fourth; alice knows */
	{
		uint8_t at[KEY + 7] = { 4, [KEY] = 4, 192, 0, 2, 9, 27, 88 };

		fuzz_make_item(&m, at, sizeof(at));
	}
	fuzz_seed("at", m.data, m.len);
}

FUZZ_START(seeds)
