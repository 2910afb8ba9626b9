#include "node/skw_tun_v4.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 20,
	SUM = 10,
	SOURCE = 12,
	DESTINATION = 16,
	OFFSET = 0x1fff, /* of a fragment, in its flags */
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ICMP_HEADER = 8,
	UNREACHABLE = 3,
	ANSWER_MAX = 576, /* RFC 1812, 4.3.2.3 */
	HOP_LIMIT = 64,
};

const uint8_t SKW_TUN_V4_CLIENT[4] = { 192, 0, 0, 2 };
static const uint8_t DUMMY[4] = { 192, 0, 0, 8 };

static uint32_t get_u16(const uint8_t *p)
{
	return (uint32_t)(p[0] << 8 | p[1]);
}

static void put_u16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get_u32(const uint8_t *p)
{
	return get_u16(p) << 16 | get_u16(p + 2);
}

/* ---- The pool */

bool skw_tun_pool_parse(struct skw_tun_pool *pool, const char *text)
{
	const char *slash = strchr(text, '/');
	char address[INET_ADDRSTRLEN];
	uint8_t ip[4];
	char *end;
	long bits;

	if (slash == NULL || slash[1] < '0' || slash[1] > '9' ||
	    (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	bits = strtol(slash + 1, &end, 10);
	if (*end != '\0' || bits < 8 || bits > 23 || inet_pton(AF_INET, address, ip) != 1)
		return false;
	*pool = (struct skw_tun_pool) { get_u32(ip), (unsigned)bits };
	return (pool->first & (UINT32_MAX >> bits)) == 0;
}

void skw_tun_pool_at(uint8_t out[4], const struct skw_tun_pool *pool, uint32_t number)
{
	put_u16(out, (pool->first + 1 + number) >> 16);
	put_u16(out + 2, (pool->first + 1 + number) & 0xffff);
}

bool skw_tun_pool_number(uint32_t *number, const struct skw_tun_pool *pool, const uint8_t ip[4])
{
	*number = get_u32(ip) - pool->first - 1;
	return get_u32(ip) != pool->first &&
	       ((get_u32(ip) ^ pool->first) >> (32 - pool->bits)) == 0;
}

/* ---- Another address */

size_t skw_tun_v4_header(const uint8_t *packet, size_t len)
{
	size_t header = len >= HEADER ? (size_t)(packet[0] & 0x0f) * 4 : 0;

	return header >= HEADER && header <= len && packet[0] >> 4 == 4 &&
		       get_u16(packet + 2) == len
		   ? header
		   : 0;
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
static void change_sum(uint8_t *sum, const uint8_t before[4], const uint8_t after[4])
{
	uint32_t s = ~get_u16(sum) & 0xffff;

	for (unsigned i = 0; i < 4; i += 2)
		s += (~get_u16(before + i) & 0xffff) + get_u16(after + i);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	put_u16(sum, ~s & 0xffff);
}

/* What covers the addresses as a pseudo-header. */
static void change_segment(uint8_t *segment, size_t len, uint8_t protocol, const uint8_t before[4],
			   const uint8_t after[4])
{
	if (protocol == TCP && len >= 18) {
		change_sum(segment + 16, before, after);
	} else if (protocol == UDP && len >= 8 && get_u16(segment + 6) != 0) { /* 0: it has none */
		change_sum(segment + 6, before, after);
		if (get_u16(segment + 6) == 0)
			put_u16(segment + 6, 0xffff);
	}
}

/* A quoted packet of the client's has its address as the source. The sum of that header takes back
 * what the address changes, so the sum of the whole message remains right. */
static void change_quoted(uint8_t *icmp, size_t len, const uint8_t before[4],
			  const uint8_t after[4])
{
	uint8_t *quoted = icmp + ICMP_HEADER;

	if (len < ICMP_HEADER + HEADER || quoted[0] >> 4 != 4 ||
	    memcmp(quoted + SOURCE, before, 4) != 0 ||
	    (icmp[0] != UNREACHABLE && icmp[0] != 11 && icmp[0] != 12))
		return;
	change_sum(quoted + SUM, before, after);
	memcpy(quoted + SOURCE, after, 4);
}

void skw_tun_v4_readdress(uint8_t *packet, size_t len, bool source, const uint8_t to[4])
{
	size_t header = skw_tun_v4_header(packet, len);
	uint8_t *at = packet + (source ? SOURCE : DESTINATION);
	uint8_t before[4];

	if (header == 0)
		return;
	memcpy(before, at, 4);
	memcpy(at, to, 4);
	change_sum(packet + SUM, before, to);
	if ((get_u16(packet + 6) & OFFSET) != 0)
		return;
	change_segment(packet + header, len - header, packet[9], before, to);
	if (packet[9] == ICMP && !source)
		change_quoted(packet + header, len - header, before, to);
}

/* ---- Errors */

static uint32_t sum_of(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Whether it may be answered: is no error, no later fragment, and both ends are one host's. */
static bool is_answered(const uint8_t *packet, size_t len, size_t header)
{
	const uint8_t *source = packet + SOURCE;

	if (header == 0 || (get_u16(packet + 6) & OFFSET) != 0 || source[0] == 0 ||
	    source[0] == 127 || source[0] >= 224 || packet[DESTINATION] >= 224)
		return false;
	return packet[9] != ICMP || (len > header && (packet[header] == 0 || packet[header] == 8));
}

size_t skw_tun_v4_icmp(uint8_t *out, size_t max, const uint8_t *packet, size_t len, uint8_t code,
		       uint16_t mtu)
{
	const size_t front = HEADER + ICMP_HEADER;
	size_t quoted = len < ANSWER_MAX - front ? len : ANSWER_MAX - front;

	if (!is_answered(packet, len, skw_tun_v4_header(packet, len)) || max < front + quoted)
		return 0;
	memset(out, 0, front);
	out[0] = 0x45;
	put_u16(out + 2, (uint32_t)(front + quoted));
	out[8] = HOP_LIMIT;
	out[9] = ICMP;
	memcpy(out + SOURCE, DUMMY, 4);
	memcpy(out + DESTINATION, packet + SOURCE, 4);
	put_u16(out + SUM, sum_of(out, HEADER));
	out[HEADER] = UNREACHABLE;
	out[HEADER + 1] = code;
	put_u16(out + HEADER + 6, mtu);
	memcpy(out + front, packet, quoted);
	put_u16(out + HEADER + 2, sum_of(out + HEADER, ICMP_HEADER + quoted));
	return front + quoted;
}
