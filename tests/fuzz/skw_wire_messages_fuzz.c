/* rooms: wire keys ledger
 *
 * skw_wire_messages: one frame of Skycoin's daemons. What decodes encodes to the same bytes (but
 * for what later versions may add to an introduction), counts match what is there, and a frame
 * never claims bytes beyond its length. */

#include "ledger/skw_wire_messages.h"
#include "skw_fuzz.h"

static uint8_t again[70000];

static void same(const struct skw_writer *w, const uint8_t *data, size_t size)
{
	FUZZ_CHECK(w->ok && skw_writer_len(w) == size && memcmp(again, data, size) == 0);
}

static void intro(struct skw_writer *w, const struct skw_wire_frame *frame, const uint8_t *data)
{
	struct skw_wire_intro m;
	enum skw_disc fault;

	if (skw_wire_intro_get(&m, &fault, frame) != SKW_WIRE_OK || fault != SKW_DISC_UNKNOWN)
		return;
	FUZZ_CHECK(skw_wire_agent_valid(m.agent));
	skw_wire_intro_put(w, &m);
	if (skw_writer_len(w) == frame->size)
		same(w, data, frame->size);
	else
		FUZZ_CHECK(skw_writer_len(w) < frame->size);
}

static void peers(struct skw_writer *w, const struct skw_wire_frame *frame, const uint8_t *data)
{
	struct skw_wire_peer list[SKW_WIRE_PEERS_MAX], back;
	char text[SKW_WIRE_PEER_TEXT];
	struct skw_reader r;
	uint32_t count;

	if (skw_wire_peers_get(&r, &count, frame) != SKW_WIRE_OK)
		return;
	FUZZ_CHECK(count <= SKW_WIRE_PEERS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		list[i] = skw_wire_peer_get(&r);
		skw_wire_peer_print(text, list[i]);
		FUZZ_CHECK(skw_wire_peer_parse(&back, text) && skw_wire_peer_equal(back, list[i]));
	}
	FUZZ_CHECK(skw_reader_done(&r));
	skw_wire_peers_put(w, list, count);
	same(w, data, frame->size);
}

static void hashes(struct skw_writer *w, const struct skw_wire_frame *frame, const uint8_t *data)
{
	struct skw_sha256 list[SKW_WIRE_HASHES_MAX];
	struct skw_reader r;
	uint32_t count;

	if (skw_wire_hashes_get(&r, &count, frame) != SKW_WIRE_OK)
		return;
	FUZZ_CHECK(count <= SKW_WIRE_HASHES_MAX);
	for (uint32_t i = 0; i < count; i++)
		skw_get_bytes(&r, list[i].b, sizeof(list[i].b));
	FUZZ_CHECK(skw_reader_done(&r));
	skw_wire_hashes_put(w, frame->id, list, count);
	same(w, data, frame->size);
}

static void objects(const struct skw_wire_frame *frame)
{
	bool blocks = frame->id == SKW_WIRE_GIVB;
	struct skw_block block;
	struct skw_reader r;
	struct skw_tx tx;
	uint32_t count;

	if ((blocks ? skw_wire_blocks_get : skw_wire_txs_get)(&r, &count, frame) != SKW_WIRE_OK)
		return;
	for (uint32_t i = 0; i < count; i++)
		FUZZ_CHECK((blocks ? skw_block_get(&block, &r) : skw_tx_get(&tx, &r)) ==
			   SKW_CODEC_OK);
	FUZZ_CHECK(skw_reader_done(&r));
}

static void look(const struct skw_wire_frame *frame, const uint8_t *data)
{
	struct skw_writer w = skw_writer(again, sizeof(again));
	uint64_t a, b;
	uint16_t reason;

	switch (frame->id) {
	case SKW_WIRE_INTR:
		intro(&w, frame, data);
		break;
	case SKW_WIRE_GIVP:
		peers(&w, frame, data);
		break;
	case SKW_WIRE_GETT:
	case SKW_WIRE_ANNT:
		hashes(&w, frame, data);
		break;
	case SKW_WIRE_GIVB:
	case SKW_WIRE_GIVT:
		objects(frame);
		break;
	case SKW_WIRE_GETB:
		if (skw_wire_get_blocks_get(&a, &b, frame) == SKW_WIRE_OK) {
			skw_wire_get_blocks_put(&w, a, b);
			same(&w, data, frame->size);
		}
		break;
	case SKW_WIRE_ANNB:
		if (skw_wire_announce_get(&a, frame) == SKW_WIRE_OK) {
			skw_wire_announce_put(&w, a);
			same(&w, data, frame->size);
		}
		break;
	case SKW_WIRE_DISC:
		if (skw_wire_disc_get(&reason, frame) == SKW_WIRE_OK)
			FUZZ_CHECK(skw_disc_text((enum skw_disc)reason) != NULL);
		break;
	case SKW_WIRE_GETP:
	case SKW_WIRE_PING:
	case SKW_WIRE_PONG:
		FUZZ_CHECK((skw_wire_empty_get(frame) == SKW_WIRE_OK) == (frame->len == 0));
		break;
	case SKW_WIRE_IDS:
		FUZZ_CHECK(false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	struct skw_wire_frame frame;

	if (skw_wire_frame_get(&frame, copy, size, SKW_WIRE_LENGTH_MAX) == SKW_WIRE_OK) {
		FUZZ_CHECK(frame.size <= size && frame.body + frame.len == copy + frame.size);
		if (frame.size <= sizeof(again))
			look(&frame, copy);
	}
	free(copy);
	return 0;
}

static void seed(const char *name, const struct skw_writer *w)
{
	fuzz_seed(name, again, skw_writer_len(w));
}

static void seeds(void)
{
	struct skw_writer w = skw_writer(again, sizeof(again));
	struct skw_wire_intro m = { .mirror = 5,
				    .port = 6000,
				    .protocol = 2,
				    .burn_factor = 10,
				    .max_tx_size = 32768,
				    .max_decimals = 3,
				    .agent = "skycoin:0.27.1(skywave)",
				    .has_genesis = true };
	struct skw_wire_peer list[2] = { { 0x7f000001, 6000 }, { 0x0a000001, 6001 } };
	struct skw_sha256 hash[2] = { { { 1 } }, { { 2 } } };

	skw_wire_intro_put(&w, &m);
	seed("intr", &w);
	w = skw_writer(again, sizeof(again));
	skw_wire_peers_put(&w, list, 2);
	seed("givp", &w);
	w = skw_writer(again, sizeof(again));
	skw_wire_hashes_put(&w, SKW_WIRE_GETT, hash, 2);
	seed("gett", &w);
	w = skw_writer(again, sizeof(again));
	skw_wire_get_blocks_put(&w, 1, 20);
	seed("getb", &w);
	w = skw_writer(again, sizeof(again));
	skw_wire_announce_put(&w, 7);
	seed("annb", &w);
	w = skw_writer(again, sizeof(again));
	skw_wire_disc_put(&w, SKW_DISC_IDLE);
	seed("disc", &w);
	w = skw_writer(again, sizeof(again));
	skw_wire_empty_put(&w, SKW_WIRE_PING);
	seed("ping", &w);
	fuzz_seed("givb", "\x08\0\0\0GIVB\0\0\0\0", 12);
	fuzz_seed("givt",
		  "\x3d\0\0\0GIVT\1\0\0\0\x31\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		  65);
}

FUZZ_START(seeds)
