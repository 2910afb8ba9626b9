#include "node/skw_exit.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

enum { PREFIX = 4 }; /* "tcp:", "udp:" */

bool skw_exit_is_name(const char *name)
{
	return strncmp(name, "tcp:", PREFIX) == 0 ||
	       (strncmp(name, "udp:", PREFIX) == 0 && strchr(name + PREFIX, ':') != NULL);
}

bool skw_exit_name(char *out, size_t max, bool udp, const char *host, uint16_t port)
{
	bool v6 = strchr(host, ':') != NULL;
	int n = snprintf(out, max, "%s:%s%s%s:%u", udp ? "udp" : "tcp", v6 ? "[" : "", host,
			 v6 ? "]" : "", port);

	return host[0] != '\0' && port != 0 && n > 0 && (size_t)n < max;
}

bool skw_exit_target(const struct skw_config *config, const char *name, struct skw_endpoint *out)
{
	const char *place = name + PREFIX;

	/* Without a host, an endpoint would be the loopback. */
	return strcmp(config->exit.policy, "internet") == 0 && skw_exit_is_name(name) &&
	       place[0] != ':' && strncmp(place, "[]", 2) != 0 && skw_endpoint_parse(out, place) &&
	       skw_exit_ports_have(config->exit.ports, out->port);
}

/* ---- Ports ---- */

/* The next range of the list; false at its end, or where it cannot be read. */
static bool next_range(const char **at, unsigned long *first, unsigned long *last)
{
	char *end;

	while (isspace((unsigned char)**at))
		(*at)++;
	if (!isdigit((unsigned char)**at))
		return false;
	*first = *last = strtoul(*at, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		*last = strtoul(end + 1, &end, 10);
	while (isspace((unsigned char)*end))
		end++;
	if (*first == 0 || *last < *first || *last > 65535 || (*end != ',' && *end != '\0'))
		return false;
	*at = *end == ',' ? end + 1 : end;
	return true;
}

bool skw_exit_ports_valid(const char *ports)
{
	unsigned long first, last;
	const char *at = ports;

	if (strcmp(ports, "any") == 0)
		return true;
	while (next_range(&at, &first, &last))
		if (*at == '\0')
			return at[-1] != ',';
	return false;
}

bool skw_exit_ports_have(const char *ports, uint16_t port)
{
	unsigned long first, last;
	const char *at = ports;

	if (strcmp(ports, "any") == 0)
		return true;
	while (next_range(&at, &first, &last))
		if (port >= first && port <= last)
			return true;
	return false;
}

/* ---- Addresses ---- */

static bool within(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(address, prefix, whole) == 0 &&
	       (rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0);
}

/* RFC 6890 and its successors (IANA's registries of special addresses). */
static bool public_v4(const uint8_t a[4])
{
	static const struct {
		uint8_t prefix[4];
		unsigned bits;
	} SPECIAL[] = {
		{ { 0 }, 8 },
		{ { 10 }, 8 },
		{ { 100, 64 }, 10 },
		{ { 127 }, 8 },
		{ { 169, 254 }, 16 },
		{ { 172, 16 }, 12 },
		{ { 192, 0, 0 }, 24 },
		{ { 192, 0, 2 }, 24 },
		{ { 192, 88, 99 }, 24 },
		{ { 192, 168 }, 16 },
		{ { 198, 18 }, 15 },
		{ { 198, 51, 100 }, 24 },
		{ { 203, 0, 113 }, 24 },
		{ { 224 }, 4 },
		{ { 240 }, 4 },
	};

	for (size_t i = 0; i < sizeof(SPECIAL) / sizeof(SPECIAL[0]); i++)
		if (within(a, SPECIAL[i].prefix, SPECIAL[i].bits))
			return false;
	return true;
}

static bool public_v6(const uint8_t a[16])
{
	static const uint8_t GLOBAL[] = { 0x20 }, IETF[] = { 0x20, 0x01, 0 };
	static const uint8_t EXAMPLES[] = { 0x20, 0x01, 0x0d, 0xb8 };
	static const uint8_t EXAMPLES_2[] = { 0x3f, 0xff, 0 }, SIX_TO_FOUR[] = { 0x20, 0x02 };

	/* Of the global ones, not Teredo and its like, nor those with an IPv4 address inside. */
	return within(a, GLOBAL, 3) && !within(a, IETF, 23) && !within(a, EXAMPLES, 32) &&
	       !within(a, EXAMPLES_2, 20) && !within(a, SIX_TO_FOUR, 16);
}

bool skw_exit_is_public(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	uint8_t bytes[4];

	if (address->sa_family == AF_INET6)
		return public_v6(v6->sin6_addr.s6_addr);
	if (address->sa_family != AF_INET)
		return false;
	memcpy(bytes, &v4->sin_addr, sizeof(bytes));
	return public_v4(bytes);
}

bool skw_exit_is_own(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	uv_interface_address_t *list;
	bool own = false;
	int count;

	if (uv_interface_addresses(&list, &count) != 0)
		return true; /* not known: rather not */
	for (int i = 0; i < count && !own; i++) {
		if (address->sa_family == AF_INET && list[i].address.address4.sin_family == AF_INET)
			own = memcmp(&list[i].address.address4.sin_addr, &v4->sin_addr, 4) == 0;
		else if (address->sa_family == AF_INET6 &&
			 list[i].address.address6.sin6_family == AF_INET6)
			own = memcmp(&list[i].address.address6.sin6_addr, &v6->sin6_addr, 16) == 0;
	}
	uv_free_interface_addresses(list, count);
	return own;
}
