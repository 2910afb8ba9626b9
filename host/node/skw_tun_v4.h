/* skw_tun_v4 - what IPv4 needs besides: addresses that are not anybody's by a key.
 *
 *   client: 192.0.0.2 (RFC 6333, 5.7: every client's) <-- exit --> one of its pool, for each client
 *
 * Checksums are changed as RFC 1624 says, so what was wrong stays wrong. In an ICMP error the
 * quoted header is changed too, not the checksum of what stands behind that.
 */
#ifndef SKW_TUN_V4_H
#define SKW_TUN_V4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint8_t SKW_TUN_V4_CLIENT[4];

struct skw_tun_pool {
	uint32_t first;
	unsigned bits; /* 8 to 23: room for every client that there can be */
};

/* "100.64.0.0/16" */
bool skw_tun_pool_parse(struct skw_tun_pool *pool, const char *text);
/* Number 0 is the exit's own address, the others are of clients. */
void skw_tun_pool_at(uint8_t out[4], const struct skw_tun_pool *pool, uint32_t number);
/* False if it is none of these. */
bool skw_tun_pool_number(uint32_t *number, const struct skw_tun_pool *pool, const uint8_t ip[4]);

/* The bytes of its header; 0 if it is no IPv4 packet as long as it says. */
size_t skw_tun_v4_header(const uint8_t *packet, size_t len);
/* Another source, or else destination; the packet has a header. */
void skw_tun_v4_readdress(uint8_t *packet, size_t len, bool source, const uint8_t to[4]);

/* "Destination unreachable" about `packet`, from 192.0.0.8 (RFC 7600, 4.8: nobody's, for this); its
 * length, 0 if none may be sent (RFC 1122, 3.2.2). `mtu`: with code 4 (RFC 1191). */
size_t skw_tun_v4_icmp(uint8_t *out, size_t max, const uint8_t *packet, size_t len, uint8_t code,
		       uint16_t mtu);

#endif
