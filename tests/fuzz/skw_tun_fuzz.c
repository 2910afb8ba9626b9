/* rooms: wire keys ledger onion node
 *
 * skw_tun: packets of the kernel's and of other nodes. What travels comes back the same; an error
 * is no longer than 1280 bytes and its checksum is right; packets of a flow that were merged and
 * split again have the same bytes in the same order, each with a right checksum and length. What an
 * exit lets through is its client's, and what a client takes from its exit is no node's. */

#include "node/skw_tun.h"
#include "node/skw_tun_exit.h"
#include "node/skw_tun_offload.h"
#include "node/skw_tun_v4.h"
#include "skw_fuzz.h"

enum { IP = 40, TCP = 20, BODY_MAX = 1024, PACKET_MAX = 1500 };

static const uint8_t from[16] = { 0xfd, 1 }, to[16] = { 0xfd, 2 };

/* RFC 8200, 8.1: 0 or 0xffff over the packet means that it is right. */
static uint16_t sum_of(const uint8_t *packet, size_t len, uint8_t next)
{
	uint32_t sum = (uint32_t)(len - IP) + next;

	for (size_t i = 8; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)packet[i] << 8 : packet[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void travels(const uint8_t *data, size_t len)
{
	static uint8_t packet[SKW_TUN_MTU], again[SKW_TUN_MTU];
	size_t n;

	if (len > SKW_TUN_MTU - SKW_TUN_SAVED)
		return;
	n = skw_tun_unpack(packet, data, len, from, to);
	if (n == 0)
		return;
	FUZZ_CHECK(n == len + SKW_TUN_SAVED && packet[0] >> 4 == 6);
	FUZZ_CHECK(memcmp(packet + 8, from, 16) == 0 && memcmp(packet + 24, to, 16) == 0);
	FUZZ_CHECK(skw_tun_pack(again, packet, n) == len && memcmp(again, data, len) == 0);
	skw_tun_flow(packet, n);
	skw_tun_order(packet, n);
}

static void complained(const uint8_t *data, size_t len)
{
	uint8_t answer[1280];
	size_t n;

	if (len < IP)
		return;
	n = skw_tun_icmp(answer, sizeof(answer), from, data, len, 1 + data[0] % 2, 0, 1280);
	if (n == 0)
		return;
	FUZZ_CHECK(n >= IP + 8 && n <= sizeof(answer));
	FUZZ_CHECK((size_t)(answer[4] << 8 | answer[5]) == n - IP);
	FUZZ_CHECK(sum_of(answer, n, 58) == 0 && memcmp(answer + 8, from, 16) == 0);
}

static enum skw_exit_whose whose(void *arg, const struct sockaddr *address)
{
	FUZZ_CHECK(address->sa_family == AF_INET6 || address->sa_family == AF_INET);
	return *(const uint8_t *)arg % 3;
}

/* RFC 1071; over an IPv4 header. */
static uint16_t header_sum(const uint8_t *packet)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < (packet[0] & 15u) * 4; i += 2)
		sum += (uint32_t)packet[i] << 8 | packet[i + 1];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum; /* 0xffff: right */
}

/* The sum of the header is as wrong as it was. */
static void readdressed(uint8_t *packet, size_t len, bool source)
{
	static const uint8_t other[4] = { 100, 64, 0, 2 };
	uint16_t before = header_sum(packet);

	skw_tun_v4_readdress(packet, len, source, other);
	FUZZ_CHECK(memcmp(packet + (source ? 12 : 16), other, 4) == 0);
	FUZZ_CHECK(header_sum(packet) == before);
}

static void complained_v4(const uint8_t *packet, size_t len)
{
	uint8_t answer[1280];
	size_t n = skw_tun_v4_icmp(answer, sizeof(answer), packet, len, 13, 0);

	FUZZ_CHECK(n == 0 || (n >= 48 && n <= 576 && skw_tun_v4_header(answer, n) == 20));
	FUZZ_CHECK(n == 0 || header_sum(answer) == 0xffff);
}

static void judged(struct fuzz *f)
{
	uint8_t mode = fuzz_u8(f), last = fuzz_u8(f);
	const struct skw_tun_policy policy = {
		.ports = "80, 443", .private = (mode & 1) != 0, .whose = whose, .arg = &last
	};
	size_t len = f->left;
	uint8_t *packet = fuzz_copy(f->at, len);

	switch (skw_tun_judge(packet, len, from, to, (mode & 2) != 0 ? from : NULL,
			      (mode & 4) != 0 ? &policy : NULL)) {
	case SKW_TUN_ENTERS:
		FUZZ_CHECK((mode & 2) != 0);
		if (packet[0] >> 4 == 4)
			readdressed(packet, len, false);
		else
			FUZZ_CHECK(memcmp(packet + 24, to, 16) == 0 && packet[8] != 0xfd &&
				   packet[8] != 0xff);
		break;
	case SKW_TUN_LEAVES:
		FUZZ_CHECK((mode & 4) != 0 && last % 3 != SKW_EXIT_BROADCAST);
		if (packet[0] >> 4 == 4) {
			FUZZ_CHECK(packet[0] == 0x45 && packet[16] < 224);
			readdressed(packet, len, true);
		} else {
			FUZZ_CHECK(memcmp(packet + 8, from, 16) == 0 && packet[24] != 0xff);
			FUZZ_CHECK((mode & 1) != 0 || (packet[24] & 0xe0) == 0x20);
			FUZZ_CHECK(packet[6] == 6 || packet[6] == 17 || packet[IP] == 128);
		}
		skw_tun_flow(packet, len);
		skw_tun_order(packet, len);
		break;
	case SKW_TUN_REFUSED:
		if (packet[0] >> 4 == 4)
			complained_v4(packet, len);
		else
			complained(packet, len);
		break;
	case SKW_TUN_BAD:
		break;
	}
	free(packet);
}

/* What the kernel says of a segment may be nonsense: then it is refused, or split in bounds. */
static void split(struct fuzz *f)
{
	static uint8_t out[65536];
	struct virtio_net_hdr header;
	struct skw_tun_split s;
	const uint8_t *part, *data;
	size_t len, n, most;
	uint8_t *packet;

	fuzz_bytes(f, &header, sizeof(header));
	data = fuzz_item(f, 4096, &len);
	packet = fuzz_copy(data, len);
	if (skw_tun_split_begin(&s, &header, packet, len)) {
		most = skw_tun_split_most(&s);
		FUZZ_CHECK(most <= sizeof(out));
		for (unsigned i = 0; (part = skw_tun_split_next(&s, out, &n)) != NULL; i++)
			FUZZ_CHECK(n <= most && i < 65536);
	}
	free(packet);
}

static size_t make_packet(uint8_t packet[PACKET_MAX], struct fuzz *f, uint32_t sequence)
{
	size_t n, options = 4 * (fuzz_u8(f) % 11u);
	const uint8_t flags = fuzz_u8(f), *body;
	uint16_t sum;

	memset(packet, 0, IP + TCP + options);
	packet[0] = 0x60;
	packet[6] = 6;
	packet[7] = 64;
	memcpy(packet + 8, from, 16);
	memcpy(packet + 24, to, 16);
	packet[IP + 1] = 80;
	for (unsigned i = 0; i < 4; i++)
		packet[IP + 4 + i] = (uint8_t)(sequence >> (24 - 8 * i));
	packet[IP + 12] = (uint8_t)((TCP + options) / 4 << 4);
	packet[IP + 13] = flags % 4 == 0 ? flags : 0x10 | (flags & 8); /* mostly ACK, PSH */
	fuzz_bytes(f, packet + IP + TCP, flags % 8 == 0 ? options : 0);
	body = fuzz_item(f, BODY_MAX, &n);
	if (n > 0)
		memcpy(packet + IP + TCP + options, body, n);
	n += IP + TCP + options;
	packet[4] = (uint8_t)((n - IP) >> 8);
	packet[5] = (uint8_t)(n - IP);
	sum = sum_of(packet, n, 6);
	packet[IP + 16] = (uint8_t)(sum >> 8);
	packet[IP + 17] = (uint8_t)sum;
	if (flags % 16 == 1)
		packet[IP + 17] ^= 1; /* damaged on the way */
	return n;
}

static uint8_t sent[65536], got[65536];
static size_t sent_len, got_len;

static void keep(uint8_t *all, size_t *all_len, const uint8_t *packet, size_t len)
{
	size_t head = IP + (packet[IP + 12] >> 4) * 4u;

	FUZZ_CHECK(*all_len + len - head <= sizeof(sent));
	memcpy(all + *all_len, packet + head, len - head);
	*all_len += len - head;
}

/* What would be written, as the kernel would take it apart. */
static void take(struct skw_tun_merge *merge)
{
	static uint8_t out[65536];
	struct skw_tun_split s;
	unsigned count = merge->count, parts = 0;
	const uint8_t *part;
	size_t n, len;

	if (count == 0)
		return;
	len = skw_tun_merge_take(merge) - sizeof(merge->virtio);
	FUZZ_CHECK(len <= SKW_TUN_LARGE && merge->count == 0);
	FUZZ_CHECK(skw_tun_split_begin(&s, &merge->virtio, merge->packet, len));
	for (; (part = skw_tun_split_next(&s, out, &n)) != NULL; parts++) {
		FUZZ_CHECK((size_t)(part[4] << 8 | part[5]) == n - IP);
		FUZZ_CHECK(sum_of(part, n, 6) == 0);
		keep(got, &got_len, part, n);
	}
	FUZZ_CHECK(parts == count);
}

static void merged(struct fuzz *f)
{
	static struct skw_tun_merge merge;
	uint8_t packet[PACKET_MAX];
	uint32_t sequence = 0xfffffe00; /* it wraps soon */

	memset(&merge, 0, sizeof(merge));
	sent_len = got_len = 0;
	for (unsigned i = 0; i < 40 && f->left > 0; i++) {
		size_t n = make_packet(packet, f, sequence);

		sequence += (uint32_t)(n - IP - (packet[IP + 12] >> 4) * 4u);
		if (!skw_tun_merge_add(&merge, packet, n)) {
			take(&merge);
			if (!skw_tun_merge_add(&merge, packet, n))
				continue; /* it goes as it is */
		}
		keep(sent, &sent_len, packet, n);
	}
	take(&merge);
	FUZZ_CHECK(sent_len == got_len && memcmp(sent, got, sent_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	uint8_t *copy, kind;

	if (size == 0)
		return 0;
	kind = fuzz_u8(&f);
	if (kind >= 240) {
		judged(&f);
		return 0;
	}
	switch (kind % 4) {
	case 0:
		copy = fuzz_copy(f.at, f.left);
		travels(copy, f.left);
		free(copy);
		break;
	case 1:
		copy = fuzz_copy(f.at, f.left);
		complained(copy, f.left);
		free(copy);
		break;
	case 2:
		split(&f);
		break;
	default:
		merged(&f);
		break;
	}
	return 0;
}

static void seeds(void)
{
	struct fuzz_making m = { .len = 0 };
	uint8_t packet[PACKET_MAX];
	struct fuzz none = { packet, 0 };
	struct virtio_net_hdr tso = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				      .gso_type = VIRTIO_NET_HDR_GSO_TCPV6,
				      .hdr_len = IP + TCP,
				      .gso_size = 4,
				      .csum_start = IP,
				      .csum_offset = 16 };
	size_t n = make_packet(packet, &none, 1);

	fuzz_seed("datagram", "\0\x70\0\0\0\6\100hello", 12);
	fuzz_make_u8(&m, 1);
	fuzz_make(&m, packet, n);
	fuzz_seed("error", m.data, m.len);
	m.len = 0;
	fuzz_make_u8(&m, 240);
	fuzz_make_u8(&m, 7);
	fuzz_make_u8(&m, 0);
	packet[24] = 0x26;
	fuzz_make(&m, packet, n);
	fuzz_seed("leaves", m.data, m.len);
	memcpy(m.data + 3 + 24, to, 16);
	m.data[3 + 8] = 0x26;
	fuzz_seed("enters", m.data, m.len);
	packet[24] = 0xfd;
	m.len = 3;
	fuzz_make(&m, "\x45\0\0\x28\0\0\x40\0\x40\6\0\0\xc0\0\0\2\x5d\xb8\xd8\x22", 20);
	fuzz_make(&m, "\x80\0\0\x50\0\0\0\1\0\0\0\0\x50\2\0\0\0\0\0\0", 20);
	fuzz_seed("leaves_v4", m.data, m.len);
	m.len = 0;
	fuzz_make_u8(&m, 2);
	fuzz_make(&m, &tso, sizeof(tso));
	memcpy(packet + n, "ten bytes.", 10);
	packet[5] = (uint8_t)(n - IP + 10);
	fuzz_make_item(&m, packet, n + 10);
	fuzz_seed("segment", m.data, m.len);
	m.len = 0;
	fuzz_make_u8(&m, 3);
	for (unsigned i = 0; i < 4; i++) {
		fuzz_make_u8(&m, 3);
		fuzz_make_u8(&m, i == 3 ? 10 : 2);
		fuzz_make_item(&m, "some bytes of a stream", i == 3 ? 7 : 22);
	}
	fuzz_seed("flow", m.data, m.len);
}

FUZZ_START(seeds)
