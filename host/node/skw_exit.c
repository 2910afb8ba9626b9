#include "node/skw_exit.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PREFIX = 4,       /* "tcp:", "udp:" */
	OWN_US = 1000000, /* so long a list of addresses is believed */
};

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

/* Whether `at` is the interface's address, or one that its network listens to together: in IPv4 the
 * last and the first, in IPv6 the first (RFC 4291, 2.6.1). A network of two has none. */
static enum skw_exit_whose compare(const uint8_t *at, const uint8_t *own, const uint8_t *mask,
				   size_t len)
{
	unsigned hosts = 0;
	bool same = true, first = true, last = len == 4;

	for (size_t i = 0; i < len; i++) {
		uint8_t rest = (uint8_t)~mask[i];

		hosts |= i == len - 1 ? rest & ~1u : rest;
		same = same && ((at[i] ^ own[i]) & mask[i]) == 0;
		first = first && (at[i] & rest) == 0;
		last = last && (at[i] & rest) == rest;
	}
	if (memcmp(at, own, len) == 0)
		return SKW_EXIT_OWN;
	return same && hosts != 0 && (first || last) ? SKW_EXIT_BROADCAST : SKW_EXIT_OTHERS;
}

static enum skw_exit_whose at_interface(const uv_interface_address_t *i,
					const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;

	if (address->sa_family != i->address.address4.sin_family)
		return SKW_EXIT_OTHERS;
	if (address->sa_family == AF_INET)
		return compare((const uint8_t *)&v4->sin_addr,
			       (const uint8_t *)&i->address.address4.sin_addr,
			       (const uint8_t *)&i->netmask.netmask4.sin_addr, 4);
	if (address->sa_family == AF_INET6)
		return compare(v6->sin6_addr.s6_addr, i->address.address6.sin6_addr.s6_addr,
			       i->netmask.netmask6.sin6_addr.s6_addr, 16);
	return SKW_EXIT_OTHERS;
}

enum skw_exit_whose skw_exit_whose(struct skw_exit_own *own, const struct sockaddr *address,
				   uint64_t now_us)
{
	enum skw_exit_whose whose = SKW_EXIT_OTHERS;

	if (own->list == NULL || now_us >= own->until_us) {
		skw_exit_forget(own);
		if (uv_interface_addresses(&own->list, &own->count) != 0) {
			own->list = NULL;
			return SKW_EXIT_OWN; /* not known: rather not */
		}
		own->until_us = now_us + OWN_US;
	}
	for (int i = 0; i < own->count && whose == SKW_EXIT_OTHERS; i++)
		whose = at_interface(&own->list[i], address);
	return whose;
}

void skw_exit_forget(struct skw_exit_own *own)
{
	if (own->list != NULL)
		uv_free_interface_addresses(own->list, own->count);
	*own = (struct skw_exit_own) { 0 };
}

bool skw_exit_is_own(const struct sockaddr *address)
{
	struct skw_exit_own own = { 0 };
	bool is = skw_exit_whose(&own, address, 0) != SKW_EXIT_OTHERS;

	skw_exit_forget(&own);
	return is;
}
