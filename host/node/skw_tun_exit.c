#include "node/skw_tun_exit.h"

#include <netinet/in.h>
#include <string.h>

#include "node/skw_tun_v4.h"

enum {
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	NEXT_TCP = 6,
	NEXT_UDP = 17,
	NEXT_ICMP = 1,
	NEXT_ICMPV6 = 58,
	ECHO_REQUEST = 8,
	ECHO_REQUEST_V6 = 128,
	IPV4_HEADER = 20,
	FRAGMENT = 0x3fff, /* more of them, or not the first */
};

bool skw_tun_is_inside(const uint8_t ip[16])
{
	return ip[0] == 0xfd;
}

static size_t get_u16(const uint8_t *p)
{
	return (size_t)(p[0] << 8 | p[1]);
}

bool skw_tun_is_whole(const uint8_t *packet, size_t len)
{
	if (len > SKW_TUN_EXIT_MTU)
		return false;
	return skw_tun_v4_header(packet, len) != 0 || (len >= IPV6_HEADER && packet[0] >> 4 == 6 &&
						       get_u16(packet + 4) == len - IPV6_HEADER);
}

/* ---- The policy */

/* Addresses that mean this link, this computer or many: no policy allows those. */
static bool never(const uint8_t ip[16])
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff }, low[12] = { 0 };

	return ip[0] == 0xff || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) ||
	       memcmp(ip, v4, sizeof(v4)) == 0 || memcmp(ip, low, sizeof(low)) == 0;
}

/* The same in IPv4, and addresses that are not of one host for ever. */
static bool never_v4(const uint8_t ip[4])
{
	return ip[0] == 0 || ip[0] == 127 || ip[0] >= 224 || (ip[0] == 169 && ip[1] == 254) ||
	       memcmp(ip, SKW_TUN_V4_CLIENT, 4) == 0;
}

static bool may_reach(const struct skw_tun_policy *policy, const struct sockaddr *to)
{
	enum skw_exit_whose whose = policy->whose(policy->arg, to);

	if (whose == SKW_EXIT_BROADCAST)
		return false;
	return policy->private || (whose == SKW_EXIT_OTHERS && skw_exit_is_public(to));
}

/* `segment`: what stands behind the IP header; `echo`: the type of a request for one. */
static enum skw_tun_verdict judge_segment(const struct skw_tun_policy *policy, uint8_t protocol,
					  const uint8_t *segment, size_t len, uint8_t icmp,
					  uint8_t echo)
{
	if (protocol == NEXT_TCP || protocol == NEXT_UDP) {
		if (len < (protocol == NEXT_TCP ? TCP_HEADER : UDP_HEADER))
			return SKW_TUN_BAD;
		return skw_exit_ports_have(policy->ports, (uint16_t)get_u16(segment + 2))
			   ? SKW_TUN_LEAVES
			   : SKW_TUN_REFUSED;
	}
	if (protocol != icmp)
		return SKW_TUN_REFUSED;
	if (len < ICMP_HEADER)
		return SKW_TUN_BAD;
	return segment[0] == echo ? SKW_TUN_LEAVES : SKW_TUN_REFUSED;
}

static enum skw_tun_verdict judge_v6(const struct skw_tun_policy *policy, const uint8_t *packet,
				     size_t len)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };

	memcpy(&to.sin6_addr, packet + 24, 16);
	if (never(packet + 24) || !may_reach(policy, (const struct sockaddr *)&to))
		return SKW_TUN_REFUSED;
	return judge_segment(policy, packet[6], packet + IPV6_HEADER, len - IPV6_HEADER,
			     NEXT_ICMPV6, ECHO_REQUEST_V6);
}

/* Options are nobody's need, and some say which way a packet shall take. */
static enum skw_tun_verdict judge_v4(const struct skw_tun_policy *policy, const uint8_t *packet,
				     size_t len)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	memcpy(&to.sin_addr, packet + 16, 4);
	if (never_v4(packet + 16) || !may_reach(policy, (const struct sockaddr *)&to) ||
	    (packet[0] & 0x0f) * 4 != IPV4_HEADER || (get_u16(packet + 6) & FRAGMENT) != 0)
		return SKW_TUN_REFUSED;
	return judge_segment(policy, packet[9], packet + IPV4_HEADER, len - IPV4_HEADER, NEXT_ICMP,
			     ECHO_REQUEST);
}

enum skw_tun_verdict skw_tun_judge(const uint8_t *packet, size_t len, const uint8_t from[16],
				   const uint8_t self[16], const uint8_t *exit,
				   const struct skw_tun_policy *policy)
{
	bool by_exit = exit != NULL && memcmp(from, exit, 16) == 0, v4;

	if (!skw_tun_is_whole(packet, len))
		return SKW_TUN_BAD;
	v4 = packet[0] >> 4 == 4;
	/* An exit must not speak for another node: those have addresses of their own. */
	if (by_exit && v4 && memcmp(packet + 16, SKW_TUN_V4_CLIENT, 4) == 0)
		return never_v4(packet + 12) ? SKW_TUN_BAD : SKW_TUN_ENTERS;
	if (by_exit && !v4 && memcmp(packet + 24, self, 16) == 0)
		return skw_tun_is_inside(packet + 8) || never(packet + 8) ? SKW_TUN_BAD
									  : SKW_TUN_ENTERS;
	if (policy == NULL || (v4 ? memcmp(packet + 12, SKW_TUN_V4_CLIENT, 4) != 0
				  : memcmp(packet + 8, from, 16) != 0))
		return SKW_TUN_BAD;
	return v4 ? judge_v4(policy, packet, len) : judge_v6(policy, packet, len);
}
