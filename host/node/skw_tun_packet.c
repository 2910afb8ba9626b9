/* Addresses and ICMPv6 errors: what of the tun needs no device. */
#include "node/skw_tun.h"

#include <arpa/inet.h>
#include <string.h>

#include <sodium.h>

enum { IPV6_HEADER = 40, ICMP_HEADER = 8, MIN_MTU = 1280, NEXT_ICMPV6 = 58, HOP_LIMIT = 64 };

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
