#include "mac/skw_mac_frame.h"

#include <string.h>

#include <sodium.h>

enum {
	/* frame control: version 0, type data, subtype 0, neither to nor from a distribution system
	 */
	FC_DATA = 0x0008,
	FC_RETRY = 0x0800, /* others may set it; we do not, a PSDU carries old and new */
	LLC_SAP_SNAP = 0xAA,
	LLC_UI = 0x03,
	GROUP_BIT = 0x01,
	LOCAL_BIT = 0x02,
};

const struct skw_mac_addr skw_mac_broadcast = { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } };

bool skw_mac_addr_equal(const struct skw_mac_addr *a, const struct skw_mac_addr *b)
{
	return memcmp(a->b, b->b, SKW_MAC_ADDR) == 0;
}

struct skw_mac_addr skw_mac_addr_of(const uint8_t key[SKW_MAC_KEY])
{
	uint8_t hash[16];
	struct skw_mac_addr addr;

	crypto_generichash(hash, sizeof(hash), key, SKW_MAC_KEY, NULL, 0);
	memcpy(addr.b, hash, SKW_MAC_ADDR);
	addr.b[0] = (uint8_t)((addr.b[0] & ~GROUP_BIT) | LOCAL_BIT);
	return addr;
}

void skw_mac_put_envelope(struct skw_writer *w, const struct skw_mac_envelope *e)
{
	skw_put_u16(w, FC_DATA);
	skw_put_u16(w, 0); /* duration: slots need no reservation, and nobody answers within it */
	skw_put_bytes(w, e->dst.b, SKW_MAC_ADDR);
	skw_put_bytes(w, e->src.b, SKW_MAC_ADDR);
	skw_put_bytes(w, skw_mac_broadcast.b, SKW_MAC_ADDR); /* wildcard BSSID: outside any BSS */
	skw_put_u16(w, (uint16_t)(e->sequence << 4));        /* fragment 0 */

	skw_put_u8(w, LLC_SAP_SNAP);
	skw_put_u8(w, LLC_SAP_SNAP);
	skw_put_u8(w, LLC_UI);
	skw_put_zeros(w, 3); /* an EtherType follows */
	skw_put_u16be(w, SKW_MAC_ETHERTYPE);

	skw_put_u8(w, SKW_MAC_VERSION);
	skw_put_u32(w, e->src_epoch);
	skw_put_u32(w, e->dst_epoch);
}

bool skw_mac_get_envelope(struct skw_reader *r, struct skw_mac_envelope *e)
{
	static const uint8_t snap[8] = { LLC_SAP_SNAP,
					 LLC_SAP_SNAP,
					 LLC_UI,
					 0,
					 0,
					 0,
					 SKW_MAC_ETHERTYPE >> 8,
					 SKW_MAC_ETHERTYPE & 0xFF };
	uint16_t control = skw_get_u16(r);
	const uint8_t *bssid, *llc;
	uint8_t version;

	skw_get_u16(r); /* duration */
	skw_get_bytes(r, e->dst.b, SKW_MAC_ADDR);
	skw_get_bytes(r, e->src.b, SKW_MAC_ADDR);
	bssid = skw_get_view(r, SKW_MAC_ADDR);
	e->sequence = skw_get_u16(r) >> 4;
	llc = skw_get_view(r, sizeof(snap));
	version = skw_get_u8(r);
	e->src_epoch = skw_get_u32(r);
	e->dst_epoch = skw_get_u32(r);

	return r->ok && (control & ~FC_RETRY) == FC_DATA && !(e->src.b[0] & GROUP_BIT) &&
	       memcmp(bssid, skw_mac_broadcast.b, SKW_MAC_ADDR) == 0 &&
	       memcmp(llc, snap, sizeof(snap)) == 0 && version == SKW_MAC_VERSION &&
	       e->src_epoch != 0;
}

void skw_mac_put_element(struct skw_writer *w, enum skw_mac_element type, size_t len)
{
	skw_put_u8(w, (uint8_t)type);
	skw_put_u16(w, (uint16_t)len);
}

bool skw_mac_get_element(struct skw_reader *r, uint8_t *type, struct skw_reader *body)
{
	const uint8_t *view;
	uint16_t len;

	if (!r->ok || skw_reader_left(r) == 0)
		return false;
	*type = skw_get_u8(r);
	len = skw_get_u16(r);
	view = skw_get_view(r, len);
	if (!r->ok)
		return false;
	*body = skw_reader(view, len);
	return true;
}

void skw_mac_put_beacon(struct skw_writer *w, const struct skw_mac_beacon *b)
{
	skw_mac_put_element(w, SKW_MAC_EL_BEACON,
			    SKW_MAC_BEACON_LEN + b->heard_count * SKW_MAC_HEARD_LEN);
	skw_put_bytes(w, b->key, SKW_MAC_KEY);
	skw_put_u8(w, b->slots);
	skw_put_u32(w, b->slot_ns);
	skw_put_u32(w, b->slot_mask);
	skw_put_u64(w, b->time_ns);
	skw_put_u64(w, b->ahead_ns);
	skw_put_u8(w, b->heard_count);
	for (unsigned i = 0; i < b->heard_count; i++) {
		skw_put_bytes(w, b->heard[i].addr.b, SKW_MAC_ADDR);
		skw_put_u32(w, b->heard[i].slot_mask);
		skw_put_u16(w, (uint16_t)b->heard[i].snr_cdb);
		skw_put_u32(w, b->heard[i].epoch);
		skw_put_u32(w, b->heard[i].clock.offset_low);
		skw_put_u16(w, b->heard[i].clock.age_ms);
	}
}

bool skw_mac_get_beacon(struct skw_reader *body, struct skw_mac_beacon *b)
{
	skw_get_bytes(body, b->key, SKW_MAC_KEY);
	b->slots = skw_get_u8(body);
	b->slot_ns = skw_get_u32(body);
	b->slot_mask = skw_get_u32(body);
	b->time_ns = skw_get_u64(body);
	b->ahead_ns = skw_get_u64(body);
	b->heard_count = skw_get_u8(body);
	if (b->heard_count > SKW_MAC_HEARD_MAX)
		return false;
	for (unsigned i = 0; i < b->heard_count; i++) {
		skw_get_bytes(body, b->heard[i].addr.b, SKW_MAC_ADDR);
		b->heard[i].slot_mask = skw_get_u32(body);
		b->heard[i].snr_cdb = (int16_t)skw_get_u16(body);
		b->heard[i].epoch = skw_get_u32(body);
		b->heard[i].clock.offset_low = skw_get_u32(body);
		b->heard[i].clock.age_ms = skw_get_u16(body);
	}
	return body->ok; /* a later version may say more: the rest is passed over */
}

void skw_mac_put_ack(struct skw_writer *w, const struct skw_mac_ack *a)
{
	skw_mac_put_element(w, SKW_MAC_EL_ACK, SKW_MAC_ACK_LEN);
	skw_put_u16(w, a->start);
	skw_put_u64(w, a->held[0]);
	skw_put_u64(w, a->held[1]);
}

bool skw_mac_get_ack(struct skw_reader *body, struct skw_mac_ack *a)
{
	a->start = skw_get_u16(body);
	a->held[0] = skw_get_u64(body);
	a->held[1] = skw_get_u64(body);
	return skw_reader_done(body);
}
