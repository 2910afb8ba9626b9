/* rooms: node
 *
 * skw_tun_offload: segments checked by a checksum of RFC 1071's own words and by putting them back
 * together; packets that must not be merged; contradictions. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/skw_tun.h"
#include "node/skw_tun_offload.h"

enum { MOST = 70000, HEADER = 40 + 20 + 12 };

static uint8_t large[MOST], part[MOST], again[MOST];
static struct skw_tun_merge merge;

/* "The 16-bit one's complement of the one's complement sum of all 16-bit words", zero at the end.
 */
static uint16_t sum_of(const uint8_t *packet, size_t len, uint8_t next)
{
	size_t n = len - 40;
	uint32_t sum = (uint32_t)(n >> 16) + (uint32_t)(n & 0xffff) + next;

	for (size_t i = 8; i < len; i += 2)
		sum += (uint32_t)packet[i] << 8 | (i + 1 < len ? packet[i + 1] : 0);
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum; /* 0 if the packet's own is right */
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* TCP with twelve bytes of options, ACK and `flags`. */
static void tcp(uint8_t *p, uint32_t sequence, size_t payload, uint8_t flags, unsigned seed)
{
	uint16_t sum;

	for (unsigned i = 0; i < HEADER; i++)
		p[i] = (uint8_t)(i * 37 + 11);
	p[0] = 0x60;
	p[4] = (uint8_t)((payload + 32) >> 8);
	p[5] = (uint8_t)(payload + 32);
	p[6] = 6;
	put_u32(p + 44, sequence);
	p[52] = 0x80;
	p[53] = 0x10 | flags;
	p[56] = p[57] = 0;
	srand(seed);
	for (size_t i = 0; i < payload; i++)
		p[HEADER + i] = (uint8_t)rand();
	sum = sum_of(p, HEADER + payload, 6);
	p[56] = (uint8_t)(sum >> 8);
	p[57] = (uint8_t)sum;
	assert_int_equal(sum_of(p, HEADER + payload, 6), 0);
}

static struct virtio_net_hdr wants(uint8_t type, size_t header, size_t payload, size_t offset)
{
	return (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					 .gso_type = type,
					 .hdr_len = (uint16_t)header,
					 .gso_size = (uint16_t)payload,
					 .csum_start = 40,
					 .csum_offset = (uint16_t)offset };
}

static void split_tcp(size_t payload, size_t segment, uint8_t flags)
{
	struct virtio_net_hdr h = wants(VIRTIO_NET_HDR_GSO_TCPV6, HEADER, segment, 16);
	struct skw_tun_split s;
	const uint8_t *p;
	size_t len, at = 0;
	uint32_t first = 0xfffffff0; /* it wraps */

	tcp(large, first, payload, flags, (unsigned)payload);
	assert_true(skw_tun_split_begin(&s, &h, large, HEADER + payload));
	assert_int_equal(skw_tun_split_most(&s), HEADER + (payload < segment ? payload : segment));
	while ((p = skw_tun_split_next(&s, part, &len)) != NULL) {
		size_t n = len - HEADER;
		bool last = at + n == payload;

		assert_true(n == segment || last);
		assert_int_equal(p[4] << 8 | p[5], 32 + n);
		assert_int_equal(u32(p + 44), (uint32_t)(first + at));
		assert_int_equal(sum_of(p, len, 6), 0);
		assert_int_equal(p[53] & 0x09, last ? flags & 0x09 : 0);    /* FIN, PSH */
		assert_int_equal(p[53] & 0x80, at == 0 ? flags & 0x80 : 0); /* CWR */
		assert_int_equal(p[53] & 0x50, 0x10 | (flags & 0x40));
		assert_memory_equal(p, large, 4);
		assert_memory_equal(p + 6, large + 6, 38);
		assert_memory_equal(p + 58, large + 58, HEADER - 58);
		assert_memory_equal(p + HEADER, large + HEADER + at, n);
		at += n;
	}
	assert_int_equal(at, payload);
}

static void a_large_packet_becomes_those_that_it_stands_for(void **state)
{
	(void)state;
	split_tcp(64000, 1282, 0x08);
	split_tcp(1282 * 3, 1282, 0x01);
	split_tcp(1282 * 3 + 1, 1282, 0xc8);
	split_tcp(100, 1282, 0x08);
	split_tcp(50, 1, 0);
}

static void datagrams_are_split_as_well(void **state)
{
	struct virtio_net_hdr h = wants(5, 48, 1000, 6);
	struct skw_tun_split s;
	const uint8_t *p;
	size_t len, at = 0;

	(void)state;
	tcp(large, 0, 4000, 0, 1);
	large[6] = 17;
	assert_true(skw_tun_split_begin(&s, &h, large, 48 + 2500));
	while ((p = skw_tun_split_next(&s, part, &len)) != NULL) {
		assert_int_equal(len, at < 2000 ? 1048 : 548);
		assert_int_equal(p[44] << 8 | p[45], len - 40);
		assert_int_equal(sum_of(p, len, 17), 0);
		assert_memory_equal(p + 48, large + 48 + at, len - 48);
		at += len - 48;
	}
	assert_int_equal(at, 2500);
}

static void a_checksum_that_was_left_to_us_is_made(void **state)
{
	struct virtio_net_hdr h = wants(VIRTIO_NET_HDR_GSO_NONE, 0, 0, 16), none = { 0 };
	uint32_t sum = 6 + 32 + 501;
	struct skw_tun_split s;
	size_t len = HEADER + 501, n;

	(void)state;
	tcp(large, 7, 501, 0x08, 4);
	memcpy(again, large, len);
	for (unsigned i = 8; i < 40; i += 2) /* the kernel leaves the sum of the pseudo-header */
		sum += (uint32_t)large[i] << 8 | large[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	large[56] = (uint8_t)(sum >> 8);
	large[57] = (uint8_t)sum;
	assert_true(skw_tun_split_begin(&s, &h, large, len));
	assert_ptr_equal(skw_tun_split_next(&s, part, &n), large);
	assert_int_equal(n, len);
	assert_memory_equal(large, again, len);
	assert_null(skw_tun_split_next(&s, part, &n));
	assert_true(skw_tun_split_begin(&s, &none, large, len));
	assert_ptr_equal(skw_tun_split_next(&s, part, &n), large);
	assert_memory_equal(large, again, len);
}

/* Sums that wrap, in whichever word and in what is left over: some `k` carries there. */
static void carries_come_round(void **state)
{
	struct virtio_net_hdr h = wants(VIRTIO_NET_HDR_GSO_TCPV6, HEADER, 1282, 16);

	(void)state;
	for (unsigned k = 0; k < 256; k++)
		for (size_t payload = 8; payload < 24; payload++) {
			struct skw_tun_split s;
			size_t len;

			tcp(large, 7, payload, 0x08, 4);
			memset(large + HEADER, 0xff, payload);
			large[HEADER] = large[HEADER + 7] = (uint8_t)k; /* the highest of a word */
			assert_true(skw_tun_split_begin(&s, &h, large, HEADER + payload));
			assert_non_null(skw_tun_split_next(&s, part, &len));
			assert_int_equal(sum_of(part, len, 6), 0);
		}
}

/* "If the computed checksum is zero, it is transmitted as all ones" (RFC 768): zero would say that
 * there is none, which IPv6 forbids. */
static void a_checksum_of_zero_is_all_ones(void **state)
{
	struct virtio_net_hdr one = wants(VIRTIO_NET_HDR_GSO_NONE, 0, 0, 6);
	struct virtio_net_hdr many = wants(5, 48, 100, 6);
	struct skw_tun_split s;
	uint16_t sum;
	size_t len;

	(void)state;
	tcp(large, 0, 76, 0, 1);
	large[6] = 17;
	large[4] = large[44] = 0;
	large[5] = large[45] = 108;
	large[46] = large[47] = large[50] = large[51] = 0;
	sum = sum_of(large, 148, 17);
	large[50] = (uint8_t)(sum >> 8); /* so that the sum of all is ffff */
	large[51] = (uint8_t)sum;
	assert_int_equal(sum_of(large, 148, 17), 0);
	assert_true(skw_tun_split_begin(&s, &many, large, 148));
	assert_non_null(skw_tun_split_next(&s, part, &len));
	assert_int_equal(len, 148);
	assert_int_equal(part[46] << 8 | part[47], 0xffff);
	/* where the kernel left it, the pseudo header's sum stands already */
	sum = sum_of(large, 40, 17);
	sum = (uint16_t)~sum;
	sum = (uint16_t)(sum + 108u + (sum + 108u) / 0x10000);
	large[46] = (uint8_t)(sum >> 8);
	large[47] = (uint8_t)sum;
	assert_true(skw_tun_split_begin(&s, &one, large, 148));
	assert_non_null(skw_tun_split_next(&s, part, &len));
	assert_int_equal(large[46] << 8 | large[47], 0xffff);
}

static void contradictions_are_refused(void **state)
{
	static const struct virtio_net_hdr bad[] = {
		{ .flags = 1, .gso_type = 4, .gso_size = 0, .csum_start = 40 },
		{ .flags = 0, .gso_type = 4, .gso_size = 100, .csum_start = 40 },
		{ .flags = 1, .gso_type = 4, .gso_size = 100, .csum_start = 48 },
		{ .flags = 1, .gso_type = 1, .gso_size = 100, .csum_start = 40 },
		{ .flags = 1, .gso_type = 5, .gso_size = 100, .csum_start = 40 },
		{ .flags = 1, .gso_type = 77, .gso_size = 100, .csum_start = 40 },
		{ .flags = 1, .gso_type = 0, .csum_start = 60000, .csum_offset = 60000 },
		{ .flags = 1, .gso_type = 0, .csum_start = 600, .csum_offset = 16 },
		{ .flags = 1, .gso_type = 0, .csum_start = 40, .csum_offset = HEADER + 459 },
	};
	struct virtio_net_hdr good = wants(VIRTIO_NET_HDR_GSO_TCPV6, HEADER, 100, 16);
	struct skw_tun_split s;

	(void)state;
	tcp(large, 0, 500, 0, 1);
	assert_true(skw_tun_split_begin(&s, &good, large, HEADER + 500));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(skw_tun_split_begin(&s, &bad[i], large, HEADER + 500));
	for (size_t len = 0; len <= HEADER; len++)
		assert_false(skw_tun_split_begin(&s, &good, large, len));
	large[52] = 0x40; /* a header shorter than TCP's */
	assert_false(skw_tun_split_begin(&s, &good, large, HEADER + 500));
	large[52] = 0xf0;
	assert_true(skw_tun_split_begin(&s, &good, large, HEADER + 500));
	assert_false(skw_tun_split_begin(&s, &good, large, 100)); /* headers alone */
}

static void what_was_split_merges_to_the_same(void **state)
{
	struct virtio_net_hdr h = wants(VIRTIO_NET_HDR_GSO_TCPV6, HEADER, 1282, 16);
	struct skw_tun_split s;
	size_t len, total = 50000, n = 0;
	const uint8_t *p;

	(void)state;
	tcp(large, 0xffff0000, total, 0x08, 9);
	assert_true(skw_tun_split_begin(&s, &h, large, HEADER + total));
	while ((p = skw_tun_split_next(&s, part, &len)) != NULL) {
		assert_true(skw_tun_merge_add(&merge, p, len));
		n++;
	}
	assert_int_equal(merge.count, n);
	assert_int_equal(skw_tun_merge_take(&merge), sizeof(merge.virtio) + HEADER + total);
	assert_int_equal(merge.count, 0);
	h.hdr_len = HEADER;
	assert_memory_equal(&merge.virtio, &h, sizeof(h));
	assert_memory_equal((const uint8_t *)&merge + sizeof(h), merge.packet, 40); /* one write */
	/* Its own sum is left to the kernel; split again, it makes the same packets. */
	assert_true(skw_tun_split_begin(&s, &merge.virtio, merge.packet, HEADER + total));
	for (size_t at = 0; (p = skw_tun_split_next(&s, part, &len)) != NULL; at += len - HEADER) {
		assert_int_equal(sum_of(p, len, 6), 0);
		assert_memory_equal(p + HEADER, large + HEADER + at, len - HEADER);
	}
	large[56] = merge.packet[56];
	large[57] = merge.packet[57];
	assert_memory_equal(merge.packet, large, HEADER + total);
}

static bool follows(size_t payload, uint8_t flags, unsigned change, uint8_t by)
{
	uint16_t sum;
	bool taken;

	tcp(large, 1000, 500, 0, 1);
	merge.count = 0;
	assert_true(skw_tun_merge_add(&merge, large, HEADER + 500));
	tcp(part, 1500, payload, flags, 2);
	part[change] ^= by;
	part[56] = part[57] = 0;
	sum = sum_of(part, HEADER + payload, part[6]);
	part[56] = (uint8_t)(sum >> 8);
	part[57] = (uint8_t)sum;
	taken = skw_tun_merge_add(&merge, part, HEADER + payload);
	assert_int_equal(merge.count, taken ? 2 : 1);
	return taken;
}

static void what_differs_is_not_merged(void **state)
{
	static const unsigned same[] = { 0,  1,  3,  6,  7,  8,  23, 24, 39, 40, 43,
					 44, 47, 48, 51, 52, 54, 55, 58, 59, 60, 71 };

	(void)state;
	assert_true(follows(500, 0, 2, 0));
	assert_true(follows(1, 0, 2, 0));
	assert_true(follows(500, 0x08, 2, 0));
	assert_false(follows(501, 0, 2, 0));
	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_false(follows(500, 0, same[i], same[i] == 52 ? 0x10 : 0x01));
	for (unsigned bit = 0; bit < 8; bit++) /* no other flag but PSH */
		assert_int_equal(follows(500, 0, 53, (uint8_t)(1u << bit)), bit == 3);
}

static void a_short_packet_or_a_push_is_the_last(void **state)
{
	(void)state;
	assert_true(follows(499, 0, 2, 0));
	tcp(part, 1999, 100, 0, 3);
	assert_false(skw_tun_merge_add(&merge, part, HEADER + 100));
	assert_true(follows(500, 0x08, 2, 0));
	assert_int_equal(merge.packet[53], 0x18);
	tcp(part, 2000, 500, 0, 3);
	assert_false(skw_tun_merge_add(&merge, part, HEADER + 500));
}

static void damaged_and_strange_packets_go_as_they_are(void **state)
{
	(void)state;
	merge.count = 0;
	tcp(part, 1, 500, 0, 1);
	for (unsigned at = 8; at < HEADER + 500; at += 13) {
		part[at] ^= 0x20;
		assert_false(skw_tun_merge_add(&merge, part, HEADER + 500));
		part[at] ^= 0x20;
	}
	for (size_t len = 0; len < HEADER + 500; len++)
		assert_false(skw_tun_merge_add(&merge, part, len));
	part[0] = 0x40; /* no IPv6 */
	assert_false(skw_tun_merge_add(&merge, part, HEADER + 500));
	tcp(part, 1, 0, 0, 1); /* an acknowledgement has no data */
	assert_false(skw_tun_merge_add(&merge, part, HEADER));
	assert_int_equal(merge.count, 0);
	/* One alone leaves as it came. */
	tcp(part, 1, 500, 0x08, 1);
	assert_true(skw_tun_merge_add(&merge, part, HEADER + 500));
	assert_int_equal(skw_tun_merge_take(&merge), sizeof(merge.virtio) + HEADER + 500);
	assert_memory_equal(merge.packet, part, HEADER + 500);
	assert_int_equal(merge.virtio.gso_type | merge.virtio.flags, 0);
}

static void no_merged_packet_outgrows_its_length_field(void **state)
{
	uint32_t at = 0;

	(void)state;
	merge.count = 0;
	for (tcp(part, at, 1282, 0, 1); skw_tun_merge_add(&merge, part, HEADER + 1282);
	     at += 1282, tcp(part, at, 1282, 0, 1))
		;
	assert_int_equal(merge.count, (SKW_TUN_LARGE - HEADER) / 1282);
	assert_true(skw_tun_merge_take(&merge) <= sizeof(merge.virtio) + SKW_TUN_LARGE);
	/* and one fills it to the last byte */
	for (at = 0; at < 49 * 1312; at += 1312) {
		tcp(part, at, 1312, 0, 1);
		assert_true(skw_tun_merge_add(&merge, part, HEADER + 1312));
	}
	tcp(part, at, SKW_TUN_LARGE - HEADER - at, 0, 1);
	assert_true(skw_tun_merge_add(&merge, part, SKW_TUN_LARGE - at));
	assert_int_equal(skw_tun_merge_take(&merge), sizeof(merge.virtio) + SKW_TUN_LARGE);
}

/* ---- what of it travels */

static void a_packet_travels_without_what_both_ends_know(void **state)
{
	uint8_t packed[SKW_TUN_MTU], from[16], to[16];

	(void)state;
	for (size_t payload = 0; payload <= SKW_TUN_MTU - HEADER; payload += 77) {
		size_t len = HEADER + payload;

		tcp(part, 1000, payload, 0, 5);
		memcpy(from, part + 8, 16);
		memcpy(to, part + 24, 16);
		assert_int_equal(skw_tun_pack(packed, part, len), len - SKW_TUN_SAVED);
		assert_int_equal(packed[0] >> 4, 7);
		assert_int_equal(skw_tun_unpack(again, packed, len - SKW_TUN_SAVED, from, to), len);
		assert_memory_equal(again, part, len);
	}
}

static void what_lies_about_its_length_does_not_travel(void **state)
{
	uint8_t packed[SKW_TUN_MTU], ip[16] = { 0xfd };

	(void)state;
	tcp(part, 1000, 100, 0, 5);
	assert_int_equal(skw_tun_pack(packed, part, HEADER + 99), 0);
	assert_int_equal(skw_tun_pack(packed, part, HEADER + 101), 0);
	assert_int_equal(skw_tun_pack(packed, part, 39), 0);
	tcp(part, 1000, SKW_TUN_MTU - HEADER + 1, 0, 5);
	assert_int_equal(skw_tun_pack(packed, part, SKW_TUN_MTU + 1), 0);
	packed[0] = 0x70;
	assert_int_equal(skw_tun_unpack(again, packed, 5, ip, ip), 0);
	assert_int_equal(skw_tun_unpack(again, packed, 6, ip, ip), 40);
	assert_int_equal(skw_tun_unpack(again, packed, SKW_SESSION_DATAGRAM_MAX + 1, ip, ip), 0);
	for (unsigned i = 0; i < 256; i++) {
		packed[0] = (uint8_t)i;
		assert_int_equal(skw_tun_unpack(again, packed, 6, ip, ip) != 0, i >> 4 == 7);
	}
}

static void large_packets_and_the_answer_to_a_syn_keep_their_order(void **state)
{
	(void)state;
	tcp(part, 1000, 1000, 0, 5);
	assert_int_equal(skw_tun_order(part, HEADER + 1000), SKW_SESSION_ORDERED);
	tcp(part, 1000, 10, 0, 5);
	assert_int_equal(skw_tun_order(part, HEADER + 10), SKW_SESSION_FOLLOWS);
	tcp(part, 1000, 0, 0, 5);
	assert_int_equal(skw_tun_order(part, HEADER), SKW_SESSION_LOOSE);
	tcp(part, 1000, 0, 0x02, 5); /* SYN, ACK */
	assert_int_equal(skw_tun_order(part, HEADER), SKW_SESSION_ORDERED);
	part[53] = 0x02;
	assert_int_equal(skw_tun_order(part, HEADER), SKW_SESSION_LOOSE);
	part[6] = 58; /* ICMPv6 */
	assert_int_equal(skw_tun_order(part, HEADER), SKW_SESSION_LOOSE);
	assert_int_equal(skw_tun_order(part, 300), SKW_SESSION_ORDERED);
	part[6] = 6;
	assert_int_equal(skw_tun_order(part, 40 + 19), SKW_SESSION_LOOSE);
}

/* The same flow has the same number; ports, protocol and label tell them apart. */
static void a_flow_is_known_by_its_ports(void **state)
{
	uint32_t first;

	(void)state;
	tcp(part, 1000, 10, 0, 5);
	first = skw_tun_flow(part, HEADER + 10);
	tcp(part, 777777, 500, 0, 9);
	assert_int_equal(skw_tun_flow(part, HEADER + 500), first);
	for (unsigned at = 40; at < 44; at++) {
		part[at] ^= 1;
		assert_int_not_equal(skw_tun_flow(part, HEADER + 500), first);
		part[at] ^= 1;
	}
	part[6] = 17;
	assert_int_not_equal(skw_tun_flow(part, HEADER + 500), first);
	part[6] = 6;
	part[3] ^= 1;
	assert_int_not_equal(skw_tun_flow(part, HEADER + 500), first);
	part[3] ^= 1;
	assert_int_equal(skw_tun_flow(part, 40), skw_tun_flow(part, 43)); /* no ports there */
	part[1] ^= 0x30; /* a mark of ECN makes no other flow of it (RFC 3168) */
	part[0] ^= 0x02;
	assert_int_equal(skw_tun_flow(part, HEADER + 500), first);
}

/* A queue of 64 is chosen by it: flows whose ports differ by 64 do not all share one. By chance 64
 * flows find 40.6 queues. */
static void flows_are_spread_over_the_queues(void **state)
{
	uint64_t queues = 0;
	unsigned count = 0;

	(void)state;
	tcp(part, 1000, 10, 0, 5);
	for (unsigned i = 0; i < 64; i++) {
		part[40] = (uint8_t)(0x80 + i / 4);
		part[41] = (uint8_t)(i % 4 * 64);
		queues |= UINT64_C(1) << skw_tun_flow(part, HEADER + 10) % 64;
	}
	for (; queues != 0; queues &= queues - 1)
		count++;
	assert_true(count >= 28);
}

/* IPv4 as whole packets: the same rules, wherever its header ends. */
static void ipv4_keeps_its_order_too(void **state)
{
	uint32_t first;

	(void)state;
	for (unsigned words = 5; words < 16; words++) {
		uint8_t *segment = part + (size_t)words * 4;
		size_t len = (size_t)words * 4 + 20;

		memset(part, 0, 400);
		part[0] = (uint8_t)(0x40 + words);
		part[9] = 6;
		segment[12] = 0x50;
		segment[13] = 0x10;
		assert_int_equal(skw_tun_order(part, len), SKW_SESSION_LOOSE);
		assert_int_equal(skw_tun_order(part, len + 1), SKW_SESSION_FOLLOWS);
		assert_int_equal(skw_tun_order(part, 300), SKW_SESSION_ORDERED);
		segment[13] = 0x12;
		assert_int_equal(skw_tun_order(part, len), SKW_SESSION_ORDERED);
		first = skw_tun_flow(part, len);
		part[4] = part[8] = 99; /* identification, hop limit */
		segment[4] = 7;
		assert_int_equal(skw_tun_flow(part, len), first);
		for (unsigned at = 0; at < 4; at++) {
			segment[at] ^= 1;
			assert_int_not_equal(skw_tun_flow(part, len), first);
			segment[at] ^= 1;
		}
		part[7] = 1; /* a later fragment has no ports */
		first = skw_tun_flow(part, len);
		segment[0] ^= 1;
		assert_int_equal(skw_tun_flow(part, len), first);
		assert_int_equal(skw_tun_order(part, len + 1), SKW_SESSION_LOOSE);
	}
}

/* Nothing behind the end is looked at: the sanitizers watch. */
static void what_is_cut_off_is_loose(void **state)
{
	(void)state;
	tcp(part, 1000, 10, 0x02, 5);
	for (size_t len = 40; len < 60; len++) {
		uint8_t *cut = malloc(len);

		assert_non_null(cut);
		memcpy(cut, part, len);
		assert_int_equal(skw_tun_order(cut, len), SKW_SESSION_LOOSE);
		skw_tun_flow(cut, len);
		free(cut);
	}
}

/* ---- errors (RFC 4443) */

static const uint8_t self[16] = { 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void an_error_quotes_what_fits(void **state)
{
	(void)state;
	for (size_t payload = 0; payload < 1300; payload += payload < 1150 ? 113 : 1) {
		size_t len = HEADER + payload, quoted = len < 1232 ? len : 1232, n;

		tcp(part, 1000, payload, 0, 5);
		n = skw_tun_icmp(again, 1280, self, part, len, 2, 7, 0x01020384);
		assert_int_equal(n, 40 + 8 + quoted); /* "as much as possible", 1280 in all */
		assert_int_equal(again[0], 0x60);
		assert_int_equal(again[4] << 8 | again[5], 8 + quoted);
		assert_int_equal(again[6], 58);
		assert_memory_equal(again + 8, self, 16);
		assert_memory_equal(again + 24, part + 8, 16);
		assert_int_equal(again[40], 2);
		assert_int_equal(again[41], 7);
		assert_int_equal(u32(again + 44), 0x01020384);
		assert_memory_equal(again + 48, part, quoted);
		assert_int_equal(sum_of(again, n, 58), 0);
	}
	assert_int_equal(skw_tun_icmp(again, 1279, self, part, HEADER + 1299, 1, 0, 0), 0);
}

/* 2.4 (e): never about an error, nor about what was sent to many or from nobody's own address. */
static void no_error_is_about_an_error_or_to_many(void **state)
{
	uint8_t *cut = malloc(40);

	(void)state;
	tcp(part, 1000, 100, 0, 5);
	assert_int_equal(skw_tun_icmp(again, 1280, self, part, 39, 1, 0, 0), 0);
	part[24] = 0xff;
	assert_int_equal(skw_tun_icmp(again, 1280, self, part, 172, 1, 0, 0), 0);
	part[24] = 0xfd;
	part[8] = 0xff;
	assert_int_equal(skw_tun_icmp(again, 1280, self, part, 172, 1, 0, 0), 0);
	part[8] = 0xfd;
	part[6] = 58;
	for (unsigned type = 0; type < 256; type++) {
		part[40] = (uint8_t)type;
		assert_int_equal(skw_tun_icmp(again, 1280, self, part, 172, 1, 0, 0) > 0,
				 type >= 128);
	}
	assert_non_null(cut);
	memcpy(cut, part, 40);
	assert_int_equal(skw_tun_icmp(again, 1280, self, cut, 40, 1, 0, 0), 0);
	free(cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_packet_becomes_those_that_it_stands_for),
		cmocka_unit_test(datagrams_are_split_as_well),
		cmocka_unit_test(a_checksum_that_was_left_to_us_is_made),
		cmocka_unit_test(carries_come_round),
		cmocka_unit_test(a_checksum_of_zero_is_all_ones),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(what_was_split_merges_to_the_same),
		cmocka_unit_test(what_differs_is_not_merged),
		cmocka_unit_test(a_short_packet_or_a_push_is_the_last),
		cmocka_unit_test(damaged_and_strange_packets_go_as_they_are),
		cmocka_unit_test(no_merged_packet_outgrows_its_length_field),
		cmocka_unit_test(a_packet_travels_without_what_both_ends_know),
		cmocka_unit_test(what_lies_about_its_length_does_not_travel),
		cmocka_unit_test(large_packets_and_the_answer_to_a_syn_keep_their_order),
		cmocka_unit_test(a_flow_is_known_by_its_ports),
		cmocka_unit_test(flows_are_spread_over_the_queues),
		cmocka_unit_test(ipv4_keeps_its_order_too),
		cmocka_unit_test(what_is_cut_off_is_loose),
		cmocka_unit_test(an_error_quotes_what_fits),
		cmocka_unit_test(no_error_is_about_an_error_or_to_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
