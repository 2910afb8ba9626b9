/* rooms: wire keys session
 *
 * skw_session: a client and a server with a session between them. An input plays: packets of
 * strangers, frames of any kind sealed with the session's own keys for any of its paths, kept
 * packets changed and repeated, paths added and taken away, datagrams, streams opened, written,
 * read and broken off, time. A changed packet is dropped, every stream that is opened has a name,
 * and as long as nothing was forged, what is written is what is read. */

#include "session/skw_session_state.h"
#include "skw_fuzz_kept.h"

enum { STEPS = 120, BUDGET = 300, SEALED_MAX = 1300 };

struct side {
	struct skw_random_stream stream;
	struct skw_session *session;
	uint32_t handle, last; /* stream */
	uint64_t written, read;
	bool established;
};

static struct skw_identity id[2];
static struct {
	struct side side[2];
	uint64_t now;
	bool honest; /* nothing was forged so far */
	struct fuzz_wire wire;
	uint64_t number; /* of packets on paths that are not there */
} world;

static void poll_side(unsigned i)
{
	struct side *s = &world.side[i];
	struct skw_session_out out;
	unsigned n = 0;

	while (skw_session_poll(s->session, &out)) {
		FUZZ_CHECK(++n < 20000);
		switch (out.event) {
		case SKW_SESSION_SEND:
			FUZZ_CHECK(out.len <= SKW_SESSION_PACKET_MAX);
			fuzz_wire_keep(&world.wire, i, out.path, out.data, out.len);
			break;
		case SKW_SESSION_ESTABLISHED:
			if (s->established) /* another one, by an INIT of the input */
				break;
			s->established = true;
			s->handle = out.session;
			break;
		case SKW_SESSION_OPENED:
			FUZZ_CHECK(out.name[0] != '\0');
			s->last = out.stream;
			break;
		case SKW_SESSION_DATAGRAM:
			FUZZ_CHECK(out.len <= SKW_SESSION_DATAGRAM_MAX);
			break;
		default:
			break;
		}
	}
}

static enum skw_session_status give(unsigned to, uint32_t path, const uint8_t *data, size_t len)
{
	uint8_t *copy = fuzz_copy(data, len);
	enum skw_session_status status =
	    skw_session_receive(world.side[to].session, path, copy, len, world.now);

	FUZZ_CHECK(status == SKW_SESSION_OK || status == SKW_SESSION_DROPPED);
	free(copy);
	poll_side(to);
	return status;
}

static void carry(void)
{
	struct fuzz_packet p;

	for (unsigned i = 0; i < BUDGET && fuzz_wire_carry(&world.wire, &p); i++)
		give(!p.from, p.path, p.data, p.len);
}

/* Frames as the other end would seal them. */
static void sealed(unsigned from, uint16_t path_id, const uint8_t *frames, size_t len)
{
	struct side *s = &world.side[from];
	struct one *one = session_of(s->session, s->handle);
	uint8_t packet[SKW_SESSION_PACKET_MAX];
	struct skw_writer w = skw_writer(packet, sizeof(packet));
	struct path *path;
	uint64_t number;

	if (one == NULL || one->closed || !one->rekey.current.send.keyed || len > FRAMES_MAX)
		return;
	world.honest = false;
	path = path_by_id(one, path_id);
	number = path != NULL ? path->number++ : 1000 + world.number++;
	number |= (uint64_t)path_id << PATH_SHIFT;
	skw_put_u8(&w, PACKET_DATA | rekey_phase(one));
	skw_put_u32(&w, one->remote);
	skw_put_u64(&w, number);
	skw_put_bytes(&w, frames, len);
	skw_noise_seal(&one->rekey.current.send, number, packet, HEADER, packet + HEADER, len,
		       packet + HEADER);
	give(!from, 1 + path_id % 3u, packet, HEADER + len + SKW_NOISE_TAG);
}

static void changed(struct fuzz *f)
{
	struct fuzz_packet p;
	uint8_t bits;

	if (!fuzz_wire_change(&world.wire, f, &p, &bits))
		return;
	if (give(!p.from, p.path, p.data, p.len) != SKW_SESSION_DROPPED)
		FUZZ_CHECK(bits == 0 || (p.data[0] & TYPE_MASK) != PACKET_DATA);
}

static void write_to(struct side *s, size_t len)
{
	uint8_t data[4096];
	size_t took;

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)((s->written + i) * 7);
	took = skw_session_write(s->session, s->handle, s->last, data, len, world.now);
	FUZZ_CHECK(took <= len);
	s->written += took;
}

static void read_from(struct side *s, size_t len)
{
	uint8_t data[4096];
	bool end = false;
	size_t got = skw_session_read(s->session, s->handle, s->last, data, len, &end, world.now);

	FUZZ_CHECK(got <= len);
	if (world.honest)
		for (size_t i = 0; i < got; i++)
			FUZZ_CHECK(data[i] == (uint8_t)((s->read + i) * 7));
	s->read += got;
}

/* What our own user does. Streams are kept apart from forged play by `honest`. */
static void user(struct side *s, uint8_t what, struct fuzz *f)
{
	uint8_t data[SKW_SESSION_DATAGRAM_MAX + 10];
	uint32_t stream;
	size_t len;

	switch (what % 9) {
	case 0: /* a second stream mixes up the tallies: contents are no longer checked */
		if (skw_session_open(s->session, s->handle, "again", world.now, &stream) ==
		    SKW_SESSION_OK) {
			world.honest = false;
			s->last = stream;
		}
		break;
	case 1:
		write_to(s, fuzz_u16(f) % 4096);
		break;
	case 2:
		read_from(s, fuzz_u16(f) % 4096);
		break;
	case 3:
		skw_session_finish(s->session, s->handle, s->last, world.now);
		break;
	case 4:
		skw_session_accept(s->session, s->handle, s->last, world.now);
		break;
	case 5:
		if (fuzz_u8(f) & 1) {
			skw_session_reset(s->session, s->handle, s->last, 2, world.now);
			world.honest = false;
		}
		break;
	case 6:
		skw_session_add_path(s->session, s->handle, 1 + fuzz_u8(f) % 3u, world.now);
		break;
	case 7: /* its packets on the way may be lost with it, not what they carried */
		skw_session_remove_path(s->session, s->handle, 1 + fuzz_u8(f) % 3u, world.now);
		break;
	case 8:
		len = fuzz_u16(f) % (SKW_SESSION_DATAGRAM_MAX + 10u);
		memset(data, 5, sizeof(data));
		if (skw_session_send_datagram(s->session, s->handle, len & 7,
					      (enum skw_session_order)(len % 3), data, len,
					      world.now) == SKW_SESSION_OK)
			FUZZ_CHECK(len <= SKW_SESSION_DATAGRAM_MAX);
		break;
	}
}

static void tick(uint64_t us)
{
	world.now += us;
	for (unsigned i = 0; i < 2; i++) {
		skw_session_tick(world.side[i].session, world.now);
		poll_side(i);
	}
}

static void step(struct fuzz *f)
{
	uint8_t what = fuzz_u8(f);
	unsigned side = what >> 7;
	const uint8_t *item;
	size_t len;

	switch (what & 7) {
	case 0:
		item = fuzz_item(f, SKW_SESSION_PACKET_MAX, &len);
		give(side, 1 + (what >> 3 & 1), item, len);
		break;
	case 1:
	case 2:
		item = fuzz_item(f, SEALED_MAX, &len);
		sealed(side, what >> 3 & 3, item, len);
		break;
	case 3:
		changed(f);
		break;
	case 4:
		tick(fuzz_u16(f) * UINT64_C(1000));
		break;
	case 5:
		user(&world.side[side], what >> 3 & 15, f);
		poll_side(side);
		break;
	default:
		carry();
	}
}

static void open_pair(void)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	world.honest = true;
	for (unsigned i = 0; i < 2; i++) {
		struct side *s = &world.side[i];

		s->session = skw_session_new(
		    &(struct skw_session_config) { .identity = &id[i],
						   .random = skw_random_seeded(&s->stream, i),
						   .sessions_max = 4 });
	}
	FUZZ_CHECK(skw_session_connect(world.side[0].session, 1, &id[1].address, world.now,
				       &world.side[0].handle) == SKW_SESSION_OK);
	FUZZ_CHECK(skw_session_open(world.side[0].session, world.side[0].handle, "files", world.now,
				    &world.side[0].last) == SKW_SESSION_OK);
	poll_side(0);
	carry();
	FUZZ_CHECK(world.side[0].established && world.side[1].established);
	skw_session_accept(world.side[1].session, world.side[1].handle, world.side[1].last,
			   world.now);
	poll_side(1);
	carry();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	open_pair();
	for (unsigned i = 0; i < STEPS && f.left > 0; i++)
		step(&f);
	for (unsigned i = 0; i < 10; i++) {
		tick(500000);
		carry();
	}
	for (unsigned i = 0; i < 2; i++)
		skw_session_free(world.side[i].session);
	return 0;
}

static void prepare(void)
{
	for (uint8_t i = 0; i < 2; i++)
		skw_identity_from_seed(&id[i], (uint8_t[SKW_KEY_LEN]) { i, 2 });
}

static void seeds(void)
{
	static struct fuzz_making m;
	static const char *const frames[] = {
		"\1\0\0",
		"\2\20\0\5\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0",
		"\3\21\0\2\0\0\0\0\100\0\0\0\0\0\0hello",
		"\4\14\0\0\0\0\0\0\0\1\0\0\0\0\0",
		"\5\10\0\0\0\0\0\3\0\0\0",
		"\6\17\0\0\0\0\0\0\0\0\0\0\0\0\0abc",
		"\7\16\0\0\0\0\0\3\0\0\0\0\0\0\0de",
		"\10\14\0\0\0\0\0\0\0\4\0\0\0\0\0",
		"\11\4\0\0\0\0\0",
	};
	static const size_t lens[] = { 3, 19, 20, 15, 11, 18, 17, 15, 7 };

	fuzz_make(&m, "\x0d\x00\x02\x06\x95\x00\x01\x06", 8); /* write, carry, read */
	fuzz_seed("stream", m.data, m.len);
	for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		char name[32];

		m.len = 0;
		for (unsigned side = 0; side < 2; side++) {
			fuzz_make_u8(&m, (uint8_t)(1 | side << 7));
			fuzz_make_item(&m, frames[i], lens[i]);
		}
		fuzz_make(&m, "\6\4\1\1\3\1\20\0\1", 9);
		snprintf(name, sizeof(name), "frame%u", i + 1);
		fuzz_seed(name, m.data, m.len);
	}
}

FUZZ_START_WITH(prepare, seeds)
