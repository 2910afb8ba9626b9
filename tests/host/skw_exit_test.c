/* skw_exit: ports, names, special addresses of IANA. rooms: ledger node keys wire */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "node/skw_exit.h"

static bool public_address(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return skw_exit_is_public((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return skw_exit_is_public((const struct sockaddr *)&v6);
}

/* First and last of each special range, and the neighbours that are not in it. */
static void only_public_addresses_are_outside(void **state)
{
	static const char *const inside[] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.169.254",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.1",
		"192.0.2.255",
		"192.168.0.0",
		"192.168.255.255",
		"198.18.0.0",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.0",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.0",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:8.8.8.8",
		"64:ff9b::808:808",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"ff02::1",
		"2001:db8::1",
		"2001::1",
		"2002:808:808::",
		"3fff::1",
		"4000::1",
		"100::1",
	};
	static const char *const outside[] = {
		"1.0.0.0",     "9.255.255.255", "11.0.0.0",    "100.63.255.255", "100.128.0.0",
		"126.0.0.1",   "128.0.0.1",     "169.253.0.1", "169.255.0.1",    "172.15.0.1",
		"172.32.0.0",  "192.0.1.1",     "192.0.3.0",   "192.167.0.1",    "192.169.0.0",
		"198.17.0.1",  "198.20.0.0",    "198.51.99.1", "203.0.112.1",    "203.0.114.0",
		"223.255.0.1", "8.8.8.8",       "2600::1",     "2a00:1450::8a",  "2001:4860::8888",
		"2003::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (public_address(inside[i]))
			fail_msg("%s taken for public", inside[i]);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		if (!public_address(outside[i]))
			fail_msg("%s not taken for public", outside[i]);
}

static void own_addresses_are_known(void **state)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	(void)state;
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(skw_exit_is_own((const struct sockaddr *)&v4));
	v4.sin_addr.s_addr = htonl(0x08080808);
	assert_false(skw_exit_is_own((const struct sockaddr *)&v4));
}

static enum skw_exit_whose whose(struct skw_exit_own *own, const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return skw_exit_whose(own, (const struct sockaddr *)&v4, 0);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return skw_exit_whose(own, (const struct sockaddr *)&v6, 0);
}

static void interface(uv_interface_address_t *i, const char *address, const char *mask)
{
	bool v4 = inet_pton(AF_INET, address, &i->address.address4.sin_addr) == 1;

	i->address.address4.sin_family = v4 ? AF_INET : AF_INET6;
	if (v4) {
		assert_int_equal(inet_pton(AF_INET, mask, &i->netmask.netmask4.sin_addr), 1);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, address, &i->address.address6.sin6_addr), 1);
	assert_int_equal(inet_pton(AF_INET6, mask, &i->netmask.netmask6.sin6_addr), 1);
}

/* All ones and all zeros of a network (RFC 919; RFC 3021 for two hosts), the anycast of routers. */
static void what_a_network_listens_to_together_is_known(void **state)
{
	uv_interface_address_t list[5] = { 0 };
	struct skw_exit_own own = { list, 5, 1 };

	(void)state;
	interface(&list[0], "93.184.216.33", "255.255.255.240");
	interface(&list[1], "20.0.0.7", "255.255.255.255");
	interface(&list[2], "20.0.1.6", "255.255.255.254");
	interface(&list[3], "2600:1::7", "ffff:ffff:ffff:ffff::");
	interface(&list[4], "2600:2::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_int_equal(whose(&own, "93.184.216.33"), SKW_EXIT_OWN);
	assert_int_equal(whose(&own, "93.184.216.32"), SKW_EXIT_BROADCAST);
	assert_int_equal(whose(&own, "93.184.216.47"), SKW_EXIT_BROADCAST);
	assert_int_equal(whose(&own, "93.184.216.34"), SKW_EXIT_OTHERS);
	assert_int_equal(whose(&own, "93.184.216.48"), SKW_EXIT_OTHERS);
	assert_int_equal(whose(&own, "93.184.216.31"), SKW_EXIT_OTHERS);
	assert_int_equal(whose(&own, "20.0.0.7"), SKW_EXIT_OWN);
	assert_int_equal(whose(&own, "20.0.0.6"), SKW_EXIT_OTHERS);
	assert_int_equal(whose(&own, "20.0.1.6"), SKW_EXIT_OWN);
	assert_int_equal(whose(&own, "20.0.1.7"), SKW_EXIT_OTHERS);
	assert_int_equal(whose(&own, "2600:1::7"), SKW_EXIT_OWN);
	assert_int_equal(whose(&own, "2600:1::"), SKW_EXIT_BROADCAST);
	assert_int_equal(whose(&own, "2600:1::ffff:ffff:ffff:ffff"), SKW_EXIT_OTHERS);
	assert_int_equal(whose(&own, "2600:2::7"), SKW_EXIT_OWN);
	assert_int_equal(whose(&own, "2600:2::6"), SKW_EXIT_OTHERS);
}

static void ports_are_a_list(void **state)
{
	static const char *const bad[] = { "",  ",",      "80,",   "80 443", "80-",     "-80",
					   "0", "443-80", "65536", "http",   "80, any", "80,,443" };
	static const char *const good[] = { "any", "80", " 80 , 443", "1-65535", "22,80-90, 443" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (skw_exit_ports_valid(bad[i]))
			fail_msg("'%s' taken", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!skw_exit_ports_valid(good[i]))
			fail_msg("'%s' refused", good[i]);
	for (uint16_t port = 1; port < 500; port++)
		assert_int_equal(skw_exit_ports_have("22,80-90, 443", port),
				 port == 22 || (port >= 80 && port <= 90) || port == 443);
	assert_true(skw_exit_ports_have("any", 65535));
}

static void names_say_where(void **state)
{
	static struct skw_config config;
	struct skw_endpoint to;
	char name[64];

	(void)state;
	snprintf(config.exit.policy, sizeof(config.exit.policy), "internet");
	snprintf(config.exit.ports, sizeof(config.exit.ports), "443");
	assert_true(skw_exit_name(name, sizeof(name), false, "example.org", 443));
	assert_string_equal(name, "tcp:example.org:443");
	assert_true(skw_exit_target(&config, name, &to));
	assert_string_equal(to.host, "example.org");
	assert_int_equal(to.port, 443);
	assert_true(skw_exit_name(name, sizeof(name), false, "2600::1", 443));
	assert_string_equal(name, "tcp:[2600::1]:443");
	assert_true(skw_exit_target(&config, name, &to));
	assert_string_equal(to.host, "2600::1");
	assert_true(skw_exit_name(name, sizeof(name), true, "2600::1", 53));
	assert_string_equal(name, "udp:[2600::1]:53");
	assert_false(skw_exit_name(name, 16, false, "example.org", 443));
	assert_false(skw_exit_name(name, sizeof(name), false, "", 443));
	assert_false(skw_exit_name(name, sizeof(name), false, "example.org", 0));
	/* Without a host it would be the loopback. */
	assert_false(skw_exit_target(&config, "tcp::443", &to));
	assert_false(skw_exit_target(&config, "tcp:[]:443", &to));
	assert_false(skw_exit_target(&config, "tcp:example.org:80", &to));
	assert_false(skw_exit_target(&config, "tcp:example.org", &to));
	assert_true(skw_exit_target(&config, "udp:example.org:443", &to));
	assert_true(skw_exit_is_name("udp:example.org:443"));
	assert_false(skw_exit_is_name("udp:files")); /* a service */
	assert_false(skw_exit_target(&config, "ftp:example.org:443", &to));
	assert_false(skw_exit_target(&config, "tcp:", &to));
	snprintf(config.exit.policy, sizeof(config.exit.policy), "none");
	assert_false(skw_exit_target(&config, "tcp:example.org:443", &to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_public_addresses_are_outside),
		cmocka_unit_test(own_addresses_are_known),
		cmocka_unit_test(what_a_network_listens_to_together_is_known),
		cmocka_unit_test(ports_are_a_list),
		cmocka_unit_test(names_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
