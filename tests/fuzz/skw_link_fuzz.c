/* rooms: wire keys link
 *
 * skw_link: two links that are up with each other. An input plays: bytes of strangers, messages of
 * any type sealed with the peer's own keys, frames of the wire kept, changed and repeated, time,
 * messages of ours. Nothing comes out of a link but what a peer that is up said; a frame is taken
 * once; a changed one never; up and down take turns; a healthy pair is up again in the end. */

#include "link/skw_link_state.h"
#include "skw_fuzz_kept.h"

enum { STEPS = 100, BUDGET = 400 };

struct side {
	struct skw_random_stream stream;
	struct skw_link *link;
	struct skw_link_endpoint at;
	uint32_t peer;
	bool up;
	uint64_t messages;
};

static struct skw_identity id[2];
static struct {
	struct side side[2];
	uint64_t now;
	struct fuzz_wire wire;
} world;

static void poll_side(unsigned i)
{
	struct side *s = &world.side[i];
	struct skw_link_out out;
	unsigned n = 0;

	while (skw_link_poll(s->link, &out)) {
		FUZZ_CHECK(++n < 10000);
		switch (out.event) {
		case SKW_LINK_SEND:
			FUZZ_CHECK(out.len <= SKW_LINK_FRAME_MAX);
			fuzz_wire_keep(&world.wire, i, 0, out.data, out.len);
			break;
		case SKW_LINK_MESSAGE:
			FUZZ_CHECK(s->up && out.peer == s->peer);
			FUZZ_CHECK(out.len <= SKW_LINK_RELIABLE_MAX);
			s->messages++;
			break;
		case SKW_LINK_PEER_UP:
			FUZZ_CHECK(!s->up && skw_node_address_equal(&out.address, &id[!i].address));
			s->up = true;
			s->peer = out.peer;
			break;
		case SKW_LINK_PEER_DOWN:
			FUZZ_CHECK(s->up && out.peer == s->peer);
			s->up = false;
			break;
		}
	}
}

static enum skw_link_status give(unsigned to, const uint8_t *data, size_t len)
{
	uint8_t *copy = fuzz_copy(data, len);
	uint64_t before = skw_link_counters(world.side[to].link)->frames_in;
	enum skw_link_status status =
	    skw_link_receive(world.side[to].link, &world.side[!to].at, copy, len, world.now);

	FUZZ_CHECK(status == SKW_LINK_OK || status == SKW_LINK_DROPPED);
	FUZZ_CHECK(skw_link_counters(world.side[to].link)->frames_in >= before);
	free(copy);
	poll_side(to);
	return status;
}

/* Carries all that was sent and not carried yet, as far as it is kept. */
static void carry(void)
{
	struct fuzz_packet p;

	for (unsigned i = 0; i < BUDGET && fuzz_wire_carry(&world.wire, &p); i++)
		give(!p.from, p.data, p.len);
}

/* A message of any type as the other end would seal it. */
static void sealed(unsigned from, uint8_t type, const uint8_t *data, size_t len)
{
	struct skw_link *link = world.side[from].link;
	struct peer *peer = link_find_peer(link, &id[!from].address);
	struct frame frame;

	if (peer == NULL || !peer->current.used)
		return;
	link_seal(link, peer, type, data, len, &frame);
	if (give(!from, frame.data, frame.len) == SKW_LINK_OK)
		FUZZ_CHECK(give(!from, frame.data, frame.len) == SKW_LINK_DROPPED);
}

static void changed(struct fuzz *f)
{
	struct fuzz_packet p;
	uint8_t bits;

	if (!fuzz_wire_change(&world.wire, f, &p, &bits))
		return;
	if (give(!p.from, p.data, p.len) != SKW_LINK_DROPPED)
		FUZZ_CHECK(bits == 0 || p.data[0] != FRAME_DATA);
}

static void tick(uint64_t us)
{
	world.now += us;
	for (unsigned i = 0; i < 2; i++) {
		skw_link_tick(world.side[i].link, world.now);
		poll_side(i);
	}
}

static void step(struct fuzz *f)
{
	static const enum skw_link_type types[] = { SKW_LINK_CELL, SKW_LINK_CIRCUIT,
						    SKW_LINK_DIRECTORY, SKW_LINK_PAY };
	uint8_t what = fuzz_u8(f), type;
	unsigned side = what >> 7;
	const uint8_t *item;
	size_t len;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, SKW_LINK_FRAME_MAX + 50, &len);
		give(side, item, len);
		break;
	case 1:
	case 2:
		type = fuzz_u8(f);
		item = fuzz_item(f, SKW_LINK_UNRELIABLE_MAX, &len);
		sealed(side, type, item, len);
		break;
	case 3:
		changed(f);
		break;
	case 4:
		tick(fuzz_u16(f) * UINT64_C(1000));
		break;
	case 5:
		item = fuzz_item(f, 2000, &len);
		skw_link_send(world.side[side].link, world.side[side].peer, types[what >> 3 & 3],
			      item, len, world.now);
		poll_side(side);
		break;
	default:
		carry();
	}
}

static void open_pair(void)
{
	memset(&world, 0, sizeof(world));
	world.now = 50000000;
	for (unsigned i = 0; i < 2; i++) {
		struct side *s = &world.side[i];
		struct skw_link_config config = { .identity = &id[i],
						  .random = skw_random_seeded(&s->stream, i),
						  .stamp = 1000,
						  .accept_unknown = i };

		s->link = skw_link_new(&config, world.now);
		s->at = (struct skw_link_endpoint) { .len = 1, .addr = { (uint8_t)i } };
	}
	FUZZ_CHECK(skw_link_add_peer(world.side[0].link, &id[1].address, &world.side[1].at,
				     world.now, &world.side[0].peer) == SKW_LINK_OK);
	poll_side(0);
	carry();
	FUZZ_CHECK(world.side[0].up && world.side[1].up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	open_pair();
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	tick(0);
	for (unsigned i = 0; i < 40 && !(world.side[0].up && world.side[1].up); i++) {
		carry();
		tick(5000000);
	}
	FUZZ_CHECK(world.side[0].up && world.side[1].up);
	for (unsigned i = 0; i < 2; i++)
		skw_link_free(world.side[i].link);
	return 0;
}

static void prepare(void)
{
	for (uint8_t i = 0; i < 2; i++)
		skw_identity_from_seed(&id[i], (uint8_t[SKW_KEY_LEN]) { i, 1 });
}

static void seeds(void)
{
	static struct fuzz_making m;

	fuzz_make_u8(&m, 5 | 1 << 3);
	fuzz_make_item(&m, "a reliable message", 18);
	fuzz_make_u8(&m, 6);
	fuzz_make_u8(&m, 1); /* fragment 1, type 17, last */
	fuzz_make_u8(&m, 2);
	fuzz_make_item(&m, "\1\0\0\0\21\1ahead", 11);
	fuzz_make_u8(&m, 1); /* acknowledgement */
	fuzz_make_u8(&m, 3);
	fuzz_make_item(&m, "\0\0\0\0\3\0\0\0", 8);
	fuzz_make_u8(&m, 0x81); /* a cell */
	fuzz_make_u8(&m, 1);
	fuzz_make_item(&m, "cell", 4);
	fuzz_make_u8(&m, 4);
	fuzz_make(&m, "\x30\x75", 2);
	fuzz_make_u8(&m, 3);
	fuzz_make(&m, "\1\20\0\1", 4);
	fuzz_make_u8(&m, 0);
	fuzz_make_item(&m, "\3garbage", 8);
	fuzz_seed("play", m.data, m.len);
}

FUZZ_START_WITH(prepare, seeds)
