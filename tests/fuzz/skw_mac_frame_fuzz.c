/* rooms: wire keys mac
 *
 * skw_mac_frame: what stands in a PSDU. An envelope, an acknowledgement and a beacon that decode
 * encode to the same bytes again (a beacon: as many as this version knows), and the walk over
 * elements ends where the bytes do. */

#include "mac/skw_mac_frame.h"
#include "skw_fuzz.h"

static void same(const struct skw_writer *w, const uint8_t *bytes, size_t len)
{
	FUZZ_CHECK(w->ok && skw_writer_len(w) == SKW_MAC_ELEMENT + len);
	FUZZ_CHECK(memcmp(w->start + SKW_MAC_ELEMENT, bytes, len) == 0);
}

static void element(uint8_t type, struct skw_reader body)
{
	const uint8_t *bytes = body.at;
	size_t len = skw_reader_left(&body);
	uint8_t out[SKW_MAC_ELEMENT + SKW_MAC_BEACON_MAX];
	struct skw_writer w = skw_writer(out, sizeof(out));
	struct skw_mac_beacon b;
	struct skw_mac_ack a;

	if (type == SKW_MAC_EL_BEACON && skw_mac_get_beacon(&body, &b)) {
		skw_mac_put_beacon(&w, &b);
		same(&w, bytes, len - skw_reader_left(&body));
	}
	if (type == SKW_MAC_EL_ACK && skw_mac_get_ack(&body, &a)) {
		skw_mac_put_ack(&w, &a);
		same(&w, bytes, len);
	}
}

static void envelope(const struct skw_mac_envelope *e, const uint8_t *data)
{
	uint8_t out[SKW_MAC_HEADER];
	struct skw_writer w = skw_writer(out, sizeof(out));

	skw_mac_put_envelope(&w, e);
	FUZZ_CHECK(w.ok && skw_writer_len(&w) == SKW_MAC_HEADER);
	/* Not ours to keep: retry flag, duration, fragment number. */
	FUZZ_CHECK(memcmp(out + 4, data + 4, 18) == 0);
	FUZZ_CHECK((out[22] & 0xF0) == (data[22] & 0xF0) && out[23] == data[23]);
	FUZZ_CHECK(memcmp(out + 24, data + 24, SKW_MAC_HEADER - 24) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size), type;
	struct skw_reader r = skw_reader(copy, size), body;
	struct skw_mac_envelope e;
	size_t seen = SKW_MAC_HEADER;

	if (skw_mac_get_envelope(&r, &e)) {
		envelope(&e, copy);
		while (skw_mac_get_element(&r, &type, &body)) {
			seen += SKW_MAC_ELEMENT + skw_reader_left(&body);
			element(type, body);
		}
		FUZZ_CHECK(seen <= size && (seen == size) == skw_reader_done(&r));
	}
	free(copy);
	return 0;
}

static void seeds(void)
{
	uint8_t out[1024];
	struct skw_writer w = skw_writer(out, sizeof(out));
	struct skw_mac_envelope e = { .dst = skw_mac_broadcast, .src_epoch = 5, .sequence = 77 };
	struct skw_mac_beacon b = { .slots = 4, .slot_ns = 4000000, .slot_mask = 1 };
	struct skw_mac_ack a = { 9, { 5, 6 } };

	b.heard_count = 2;
	b.heard[1].epoch = 3;
	skw_mac_put_envelope(&w, &e);
	skw_mac_put_beacon(&w, &b);
	skw_mac_put_ack(&w, &a);
	skw_mac_put_element(&w, SKW_MAC_EL_DATA, 6);
	skw_put_bytes(&w, (const uint8_t *)"\1\0data", 6);
	fuzz_seed("psdu", out, skw_writer_len(&w));
}

FUZZ_START(seeds)
