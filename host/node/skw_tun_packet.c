/* Addresses and ICMPv6 errors: what of the tun needs no device. */
#include "node/skw_tun.h"

#include <arpa/inet.h>
#include <string.h>

#include <sodium.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	ICMP_HEADER = 8,
	MIN_MTU = 1280,
	NEXT_ICMPV6 = 58,
	HOP_LIMIT = 64
};
enum { PACKED = IPV6_HEADER - SKW_TUN_SAVED, NEXT_TCP = 6, NEXT_UDP = 17, TCP_HEADER = 20 };
enum { SYN = 0x02, ACK = 0x10, QUICK = 256 };

static const char LABEL[] = "skywave tun address";

void skw_tun_address(uint8_t out[16], const struct skw_node_address *node)
{
	crypto_generichash_state st;
	uint8_t hash[32];

	crypto_generichash_init(&st, NULL, 0, sizeof(hash));
	crypto_generichash_update(&st, (const uint8_t *)LABEL, strlen(LABEL));
	crypto_generichash_update(&st, node->bytes, sizeof(node->bytes));
	crypto_generichash_final(&st, hash, sizeof(hash));
	out[0] = 0xfd;
	memcpy(out + 1, hash, 15);
}

void skw_tun_address_text(char out[SKW_TUN_TEXT], const struct skw_node_address *node)
{
	uint8_t address[16];

	skw_tun_address(address, node);
	inet_ntop(AF_INET6, address, out, SKW_TUN_TEXT);
}

/* ---- As a datagram ---- */

size_t skw_tun_pack(uint8_t *out, const uint8_t *packet, size_t len)
{
	if (len < IPV6_HEADER || len > SKW_TUN_MTU ||
	    (size_t)(packet[4] << 8 | packet[5]) != len - IPV6_HEADER)
		return 0;
	memcpy(out, packet, 4);
	out[0] = (uint8_t)(0x70 | (packet[0] & 0x0f));
	memcpy(out + 4, packet + 6, 2); /* next header, hop limit */
	memcpy(out + PACKED, packet + IPV6_HEADER, len - IPV6_HEADER);
	return len - SKW_TUN_SAVED;
}

size_t skw_tun_unpack(uint8_t *out, const uint8_t *data, size_t len, const uint8_t from[16],
		      const uint8_t to[16])
{
	if (len < PACKED || len > SKW_TUN_MTU - SKW_TUN_SAVED || data[0] >> 4 != 7)
		return 0;
	memcpy(out, data, 4);
	out[0] = (uint8_t)(0x60 | (data[0] & 0x0f));
	out[4] = (uint8_t)((len - PACKED) >> 8);
	out[5] = (uint8_t)(len - PACKED);
	memcpy(out + 6, data + 4, 2);
	memcpy(out + 8, from, 16);
	memcpy(out + 24, to, 16);
	memcpy(out + IPV6_HEADER, data + PACKED, len - PACKED);
	return len + SKW_TUN_SAVED;
}

/* Where TCP's or UDP's header is, and which of both; 0: this has none. */
static size_t segment_of(const uint8_t *packet, size_t len, uint8_t *protocol)
{
	size_t at = IPV6_HEADER;

	*protocol = 0;
	if (len >= IPV4_HEADER && packet[0] >> 4 == 4) {
		at = (packet[6] & 0x1f) == 0 && packet[7] == 0 ? (size_t)(packet[0] & 0x0f) * 4
							       : len;
		*protocol = packet[9];
	} else if (len >= IPV6_HEADER) {
		*protocol = packet[6];
	}
	return at < len && (*protocol == NEXT_TCP || *protocol == NEXT_UDP) ? at : 0;
}

/* Of its label, protocol and ports. */
uint32_t skw_tun_flow(const uint8_t *packet, size_t len)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	uint8_t protocol, key[8] = { 0 };
	size_t at = segment_of(packet, len, &protocol);

	key[3] = protocol;
	if (packet[0] >> 4 == 6) {
		key[0] = packet[1] & 0x0f;
		key[1] = packet[2];
		key[2] = packet[3];
	}
	if (at > 0 && len >= at + 4)
		memcpy(key + 4, packet + at, 4);
	for (unsigned i = 0; i < sizeof(key); i++)
		hash = (hash ^ key[i]) * 16777619u;
	return hash ^ hash >> 16;
}

enum skw_session_order skw_tun_order(const uint8_t *packet, size_t len)
{
	uint8_t protocol;
	size_t at = segment_of(packet, len, &protocol);
	const uint8_t *tcp = packet + at;

	if (len > QUICK)
		return SKW_SESSION_ORDERED;
	if (at == 0 || protocol != NEXT_TCP || len < at + TCP_HEADER)
		return SKW_SESSION_LOOSE;
	/* Of the handshake one packet has to find the delay that data will find: both ends count
	 * it. */
	if ((tcp[13] & SYN) != 0)
		return (tcp[13] & ACK) != 0 ? SKW_SESSION_ORDERED : SKW_SESSION_LOOSE;
	return len > at + (size_t)(tcp[12] >> 4) * 4 ? SKW_SESSION_FOLLOWS : SKW_SESSION_LOOSE;
}

/* ---- Errors ---- */

static uint32_t add(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	return len % 2 != 0 ? sum + ((uint32_t)data[len - 1] << 8) : sum;
}

/* RFC 8200, 8.1: over addresses, length and next header as well. */
static uint16_t checksum(const uint8_t *packet, size_t len)
{
	uint32_t sum = add((uint32_t)len + NEXT_ICMPV6, packet + 8, 32);

	sum = add(sum, packet + IPV6_HEADER, len);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

size_t skw_tun_icmp(uint8_t *out, size_t max, const uint8_t self[16], const uint8_t *packet,
		    size_t len, uint8_t type, uint8_t code, uint32_t word)
{
	uint8_t *icmp = out + IPV6_HEADER;
	size_t quoted = len, body;
	uint16_t sum;

	/* Never about an error, nor to or about many. */
	if (len < IPV6_HEADER || packet[24] == 0xff || packet[8] == 0xff ||
	    (packet[6] == NEXT_ICMPV6 && (len == IPV6_HEADER || packet[IPV6_HEADER] < 128)))
		return 0;
	if (quoted > MIN_MTU - IPV6_HEADER - ICMP_HEADER)
		quoted = MIN_MTU - IPV6_HEADER - ICMP_HEADER;
	body = ICMP_HEADER + quoted;
	if (max < IPV6_HEADER + body)
		return 0;
	memset(out, 0, IPV6_HEADER + ICMP_HEADER);
	out[0] = 0x60;
	out[4] = (uint8_t)(body >> 8);
	out[5] = (uint8_t)body;
	out[6] = NEXT_ICMPV6;
	out[7] = HOP_LIMIT;
	memcpy(out + 8, self, 16);
	memcpy(out + 24, packet + 8, 16);
	icmp[0] = type;
	icmp[1] = code;
	for (unsigned i = 0; i < 4; i++)
		icmp[4 + i] = (uint8_t)(word >> (24 - 8 * i));
	memcpy(icmp + ICMP_HEADER, packet, quoted);
	sum = checksum(out, body);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	return IPV6_HEADER + body;
}
