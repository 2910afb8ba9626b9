#include "node/skw_tun_offload.h"

#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
	IPV6 = 40,
	TCP = 20,
	UDP = 8,
	NEXT_TCP = 6,
	NEXT_UDP = 17,
	TCP_SUM = 16,
	UDP_SUM = 6,
	TCP_FLAGS = 13,
	FIN = 0x01,
	PSH = 0x08,
	ACK = 0x10,
	CWR = 0x80,
};

/* ---- Checksums (RFC 1071): sums of native words, since a sum does not mind the order of bytes
 * ---- */

static uint64_t add(uint64_t sum, const uint8_t *data, size_t len)
{
	uint64_t w;

	for (; len >= sizeof(w); data += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, data, sizeof(w));
		sum += w;
		sum += sum < w; /* the carry comes round */
	}
	w = 0;
	memcpy(&w, data, len);
	sum += w;
	return sum + (sum < w);
}

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16); /* at most 0x1fffe */
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* RFC 8200, 8.1. */
static uint64_t pseudo(const uint8_t *packet, size_t len, uint8_t next)
{
	const uint8_t rest[8] = {
		0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, next
	};

	return add(add(0, packet + 8, 32), rest, sizeof(rest));
}

static void put_sum(uint8_t *at, uint16_t sum)
{
	memcpy(at, &sum, sizeof(sum));
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_u16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* ---- One becomes many ---- */

/* A single packet whose sum the kernel left to the card: it covers all from `start` on. */
static bool complete(const struct virtio_net_hdr *h, uint8_t *packet, size_t len)
{
	size_t start = h->csum_start, at = start + h->csum_offset;
	uint16_t sum;

	if ((h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0)
		return true;
	if (start > len || at + 2 > len)
		return false;
	sum = (uint16_t)~fold(add(0, packet + start, len - start));
	put_sum(packet + at, sum != 0 ? sum : 0xffff);
	return true;
}

bool skw_tun_split_begin(struct skw_tun_split *s, const struct virtio_net_hdr *h, uint8_t *packet,
			 size_t len)
{
	uint8_t type = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	bool tcp = type == VIRTIO_NET_HDR_GSO_TCPV6;

	*s = (struct skw_tun_split) { .packet = packet, .len = len, .tcp = tcp };
	if (type == VIRTIO_NET_HDR_GSO_NONE)
		return complete(h, packet, len);
	if ((!tcp && type != VIRTIO_NET_HDR_GSO_UDP_L4) || len < IPV6 || packet[0] >> 4 != 6 ||
	    packet[6] != (tcp ? NEXT_TCP : NEXT_UDP) || h->gso_size == 0 ||
	    (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0 || h->csum_start != IPV6)
		return false;
	s->transport = IPV6;
	s->header = IPV6 + UDP;
	if (tcp) {
		if (len < IPV6 + TCP)
			return false;
		s->header = IPV6 + (size_t)(packet[IPV6 + 12] >> 4) * 4;
	}
	s->payload = h->gso_size;
	return s->header >= (size_t)IPV6 + (tcp ? TCP : UDP) && s->header < len;
}

size_t skw_tun_split_most(const struct skw_tun_split *s)
{
	size_t all = s->len - s->header;

	return s->header == 0 ? s->len : s->header + (all < s->payload ? all : s->payload);
}

static void number(const struct skw_tun_split *s, uint8_t *out, size_t n)
{
	uint8_t *t = out + s->transport;
	size_t len = s->header - s->transport + n;
	uint16_t sum;

	put_u16(out + 4, len);
	if (s->tcp) {
		put_u32(t + 4, get_u32(t + 4) + (uint32_t)s->at);
		if (s->at > 0)
			t[TCP_FLAGS] &= (uint8_t)~CWR;
		if (s->header + s->at + n < s->len)
			t[TCP_FLAGS] &= (uint8_t) ~(FIN | PSH);
	} else {
		put_u16(t + 4, len);
	}
	t += s->tcp ? TCP_SUM : UDP_SUM;
	put_u16(t, 0);
	sum = (uint16_t)~fold(
	    add(pseudo(out, len, s->tcp ? NEXT_TCP : NEXT_UDP), out + s->transport, len));
	put_sum(t, sum == 0 && !s->tcp ? 0xffff : sum);
}

const uint8_t *skw_tun_split_next(struct skw_tun_split *s, uint8_t *out, size_t *len)
{
	size_t left = s->len - s->header - s->at;
	size_t n = left < s->payload ? left : s->payload;

	if (s->done)
		return NULL;
	if (s->header == 0) {
		s->done = true;
		*len = s->len;
		return s->packet;
	}
	memcpy(out, s->packet, s->header);
	memcpy(out + s->header, s->packet + s->header + s->at, n);
	number(s, out, n);
	*len = s->header + n;
	s->at += n;
	s->done = s->header + s->at == s->len;
	return out;
}

/* ---- Many become one ---- */

/* The length of its headers; 0 if it is not plain data of a TCP flow with a right checksum. */
static size_t mergeable(const uint8_t *packet, size_t len)
{
	size_t header, segment = len - IPV6;

	if (len < IPV6 + TCP || packet[0] >> 4 != 6 || packet[6] != NEXT_TCP ||
	    (size_t)(packet[4] << 8 | packet[5]) != segment)
		return 0;
	header = IPV6 + (size_t)(packet[IPV6 + 12] >> 4) * 4;
	if (header < IPV6 + TCP || header >= len ||
	    (packet[IPV6 + TCP_FLAGS] & (uint8_t)~PSH) != ACK ||
	    fold(add(pseudo(packet, segment, NEXT_TCP), packet + IPV6, segment)) != 0xffff)
		return 0;
	return header;
}

/* Nothing but length, sequence number, PSH and checksum differ. */
static bool same_flow(const uint8_t *a, const uint8_t *b, size_t header)
{
	const uint8_t *x = a + IPV6, *y = b + IPV6;

	return memcmp(a, b, 4) == 0 && memcmp(a + 6, b + 6, IPV6 - 6) == 0 &&
	       memcmp(x, y, 4) == 0 && memcmp(x + 8, y + 8, 5) == 0 &&
	       memcmp(x + 14, y + 14, 2) == 0 && memcmp(x + 18, y + 18, header - IPV6 - 18) == 0;
}

static void append(struct skw_tun_merge *m, const uint8_t *packet, size_t header, size_t n)
{
	memcpy(m->packet + m->len, packet + header, n);
	m->len += n;
	m->next += (uint32_t)n;
	m->count++;
	m->packet[IPV6 + TCP_FLAGS] |= packet[IPV6 + TCP_FLAGS] & PSH;
	m->closed = n < m->payload || (packet[IPV6 + TCP_FLAGS] & PSH) != 0;
}

bool skw_tun_merge_add(struct skw_tun_merge *m, const uint8_t *packet, size_t len)
{
	size_t header = len <= SKW_TUN_LARGE ? mergeable(packet, len) : 0, n = len - header;

	if (header == 0)
		return false;
	if (m->count == 0) {
		memcpy(m->packet, packet, header);
		m->len = m->header = header;
		m->payload = n;
		m->next = get_u32(packet + IPV6 + 4);
	} else if (m->closed || header != m->header || n > m->payload ||
		   m->len + n > SKW_TUN_LARGE || get_u32(packet + IPV6 + 4) != m->next ||
		   !same_flow(m->packet, packet, header)) {
		return false;
	}
	append(m, packet, header, n);
	return true;
}

size_t skw_tun_merge_take(struct skw_tun_merge *m)
{
	size_t len = m->len;

	m->virtio = (struct virtio_net_hdr) { 0 };
	if (m->count > 1) {
		put_u16(m->packet + 4, len - IPV6);
		put_sum(m->packet + IPV6 + TCP_SUM, fold(pseudo(m->packet, len - IPV6, NEXT_TCP)));
		m->virtio = (struct virtio_net_hdr) {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = VIRTIO_NET_HDR_GSO_TCPV6,
			.hdr_len = (uint16_t)m->header,
			.gso_size = (uint16_t)m->payload,
			.csum_start = IPV6,
			.csum_offset = TCP_SUM,
		};
	}
	m->count = 0;
	m->len = 0;
	return sizeof(m->virtio) + len;
}
