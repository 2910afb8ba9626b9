/* rooms: wire keys ledger onion node
 *
 * skw_tun_exit: packets made by hand, in both directions, and each reason not to let one through.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "node/skw_tun_exit.h"
#include "node/skw_tun_v4.h"

static const uint8_t client[16] = { 0xfd, 1 }, self[16] = { 0xfd, 2 }, other[16] = { 0xfd, 3 };
static uint8_t packet[SKW_TUN_EXIT_MTU + 1];

static const char OWN[] = "2a01:4f8::33", TOGETHER[] = "2a01:4f8::";
static const char OWN_V4[] = "93.184.216.33", TOGETHER_V4[] = "93.184.216.255";

/* This computer's interfaces, as they might be. */
static enum skw_exit_whose whose(void *arg, const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	char text[64];

	*(unsigned *)arg += 1;
	inet_ntop(address->sa_family,
		  address->sa_family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr,
		  text, sizeof(text));
	if (strcmp(text, OWN) == 0 || strcmp(text, OWN_V4) == 0)
		return SKW_EXIT_OWN;
	return strcmp(text, TOGETHER) == 0 || strcmp(text, TOGETHER_V4) == 0 ? SKW_EXIT_BROADCAST
									     : SKW_EXIT_OTHERS;
}

static unsigned asked;
static struct skw_tun_policy policy = { .ports = "80, 443", .whose = whose, .arg = &asked };

static void v6(const uint8_t from[16], const char *to, uint8_t next, size_t payload)
{
	memset(packet, 0, sizeof(packet));
	packet[0] = 0x60;
	packet[4] = (uint8_t)(payload >> 8);
	packet[5] = (uint8_t)payload;
	packet[6] = next;
	packet[7] = 64;
	memcpy(packet + 8, from, 16);
	assert_int_equal(inet_pton(AF_INET6, to, packet + 24), 1);
	packet[40 + 2] = 443 >> 8;
	packet[40 + 3] = 443 & 0xff;
}

static enum skw_tun_verdict leave(size_t payload)
{
	return skw_tun_judge(packet, 40 + payload, client, self, NULL, &policy);
}

static enum skw_tun_verdict port(uint8_t next, uint16_t number)
{
	v6(client, "2600::1", next, 20);
	packet[42] = (uint8_t)(number >> 8);
	packet[43] = (uint8_t)number;
	return leave(20);
}

static void what_the_policy_allows_leaves(void **state)
{
	(void)state;
	assert_int_equal(port(6, 80), SKW_TUN_LEAVES);
	assert_int_equal(port(6, 443), SKW_TUN_LEAVES);
	assert_int_equal(port(17, 443), SKW_TUN_LEAVES);
	assert_int_equal(port(6, 81), SKW_TUN_REFUSED);
	assert_int_equal(port(17, 53), SKW_TUN_REFUSED);
	assert_int_equal(port(6, 443 << 8 & 0xffff), SKW_TUN_REFUSED); /* the other way round */
}

static void of_icmp_only_requests_for_an_echo_leave(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		v6(client, "2600::1", 58, 8);
		packet[40] = (uint8_t)type;
		assert_int_equal(leave(8), type == 128 ? SKW_TUN_LEAVES : SKW_TUN_REFUSED);
	}
}

/* Fragments (44) and every other header that something may stand behind. */
static void no_other_protocol_leaves(void **state)
{
	(void)state;
	for (unsigned next = 0; next < 256; next++) {
		bool known = next == 6 || next == 17 || next == 58;

		v6(client, "2600::1", (uint8_t)next, 40);
		packet[40] = 128; /* a request for an echo, and port 443 */
		assert_int_equal(leave(40), known ? SKW_TUN_LEAVES : SKW_TUN_REFUSED);
	}
}

static void segments_without_their_header_are_bad(void **state)
{
	(void)state;
	for (size_t payload = 0; payload < 24; payload++) {
		v6(client, "2600::1", 6, payload);
		assert_int_equal(leave(payload), payload < 20 ? SKW_TUN_BAD : SKW_TUN_LEAVES);
		v6(client, "2600::1", 17, payload);
		assert_int_equal(leave(payload), payload < 8 ? SKW_TUN_BAD : SKW_TUN_LEAVES);
		v6(client, "2600::1", 58, payload);
		packet[40] = 128;
		assert_int_equal(leave(payload), payload < 8 ? SKW_TUN_BAD : SKW_TUN_LEAVES);
	}
}

static enum skw_tun_verdict to(const char *address)
{
	v6(client, address, 6, 20);
	return leave(20);
}

static void only_the_open_internet_is_reached(void **state)
{
	static const char *const private[] = { "fc01::1",      "fd12::1",      "2001:db8::1",
					       "2002:a00:1::", "2001:0:1::",   "64:ff9b::a00:1",
					       "100::1",       "2a01:4f8::33", "5f00::1" };
	static const char *const never[] = {
		"ff02::1", "ff0e::1",   "fe80::1",         "febf::1",        "::",
		"::1",     "::8.8.8.8", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "2a01:4f8::"
	};

	(void)state;
	assert_int_equal(to("2600::1"), SKW_TUN_LEAVES);
	assert_int_equal(to("3ffe::1"), SKW_TUN_LEAVES);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(to(private[i]), SKW_TUN_REFUSED);
		policy.private = true;
		assert_int_equal(to(private[i]), SKW_TUN_LEAVES);
		policy.private = false;
	}
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(to(never[i]), SKW_TUN_REFUSED);
		policy.private = true;
		assert_int_equal(to(never[i]), SKW_TUN_REFUSED);
		policy.private = false;
	}
}

/* The source is the address of the session's other end, to the last bit. */
static void nobody_speaks_for_another(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 128; bit++) {
		v6(client, "2600::1", 6, 20);
		packet[8 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		asked = 0;
		assert_int_equal(leave(20), SKW_TUN_BAD);
		assert_int_equal(asked, 0);
	}
	v6(self, "2600::1", 6, 20);
	assert_int_equal(leave(20), SKW_TUN_BAD);
}

static void who_is_no_exit_takes_nothing(void **state)
{
	(void)state;
	v6(client, "2600::1", 6, 20);
	assert_int_equal(skw_tun_judge(packet, 60, client, self, NULL, NULL), SKW_TUN_BAD);
	assert_int_equal(skw_tun_judge(packet, 60, client, self, client, NULL), SKW_TUN_BAD);
}

static enum skw_tun_verdict enter(const char *source, const uint8_t from[16])
{
	v6(client, "::", 6, 20);
	assert_int_equal(inet_pton(AF_INET6, source, packet + 8), 1);
	memcpy(packet + 24, self, 16);
	return skw_tun_judge(packet, 60, from, self, other, &policy);
}

/* Only from the exit, only to one's own address, and never with the address of a node: so an exit
 * can speak for the open internet and for nobody here. */
static void only_the_exit_brings_the_open_internet(void **state)
{
	(void)state;
	assert_int_equal(enter("2600::1", other), SKW_TUN_ENTERS);
	assert_int_equal(enter("fc01::1", other), SKW_TUN_ENTERS); /* [exit] private = yes there */
	assert_int_equal(enter("2600::1", client), SKW_TUN_BAD);
	assert_int_equal(enter("fd01::", other), SKW_TUN_BAD);
	assert_int_equal(enter("fd03::", other), SKW_TUN_BAD);
	assert_int_equal(enter("::1", other), SKW_TUN_BAD);
	assert_int_equal(enter("ff02::1", other), SKW_TUN_BAD);
	assert_int_equal(enter("fe80::1", other), SKW_TUN_BAD);
	for (unsigned bit = 0; bit < 128; bit++) {
		enter("2600::1", other);
		packet[24 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(skw_tun_judge(packet, 60, other, self, other, &policy),
				 SKW_TUN_BAD);
	}
	enter("2600::1", other);
	assert_int_equal(skw_tun_judge(packet, 60, other, self, NULL, NULL), SKW_TUN_BAD);
}

/* Two nodes may be each other's exit. */
static void an_exit_may_be_a_client(void **state)
{
	(void)state;
	v6(other, "2600::1", 6, 20);
	assert_int_equal(skw_tun_judge(packet, 60, other, self, other, &policy), SKW_TUN_LEAVES);
}

static void what_lies_about_its_length_is_bad(void **state)
{
	(void)state;
	v6(client, "2600::1", 6, 20);
	for (size_t len = 0; len < 70; len++) {
		uint8_t *cut = malloc(len + 1); /* the sanitizers watch */

		assert_non_null(cut);
		memcpy(cut, packet, len);
		assert_int_equal(skw_tun_judge(cut, len, client, self, NULL, &policy),
				 len == 60 ? SKW_TUN_LEAVES : SKW_TUN_BAD);
		free(cut);
	}
	v6(client, "2600::1", 6, SKW_TUN_EXIT_MTU - 40);
	assert_int_equal(leave(SKW_TUN_EXIT_MTU - 40), SKW_TUN_LEAVES);
	v6(client, "2600::1", 6, SKW_TUN_EXIT_MTU - 39);
	assert_int_equal(leave(SKW_TUN_EXIT_MTU - 39), SKW_TUN_BAD);
	for (unsigned version = 0; version < 16; version++) {
		v6(client, "2600::1", 6, 20);
		packet[0] = (uint8_t)(version << 4);
		assert_int_equal(leave(20), version == 6 ? SKW_TUN_LEAVES : SKW_TUN_BAD);
	}
}

/* ---- IPv4: the same */

static void v4(const char *source, const char *address, uint8_t protocol, size_t payload)
{
	memset(packet, 0, sizeof(packet));
	packet[0] = 0x45;
	packet[2] = (uint8_t)((payload + 20) >> 8);
	packet[3] = (uint8_t)(payload + 20);
	packet[6] = 0x40; /* not to be cut */
	packet[9] = protocol;
	assert_int_equal(inet_pton(AF_INET, source, packet + 12), 1);
	assert_int_equal(inet_pton(AF_INET, address, packet + 16), 1);
	packet[20] = 8;
	packet[22] = 443 >> 8;
	packet[23] = 443 & 0xff;
}

static enum skw_tun_verdict leave_v4(size_t payload)
{
	return skw_tun_judge(packet, 20 + payload, client, self, NULL, &policy);
}

static enum skw_tun_verdict to_v4(const char *address)
{
	v4("192.0.0.2", address, 6, 20);
	return leave_v4(20);
}

static void ipv4_is_judged_alike(void **state)
{
	static const char *const private[] = { "10.8.0.34",    "172.16.0.1", "192.168.1.1",
					       "100.64.0.2",   "192.0.2.1",  "198.18.0.1",
					       "93.184.216.33" };
	static const char *const never[] = { "0.0.0.0",     "127.0.0.1",       "169.254.169.254",
					     "224.0.0.251", "255.255.255.255", "240.0.0.1",
					     "192.0.0.2",   "93.184.216.255" };

	(void)state;
	assert_int_equal(to_v4("93.184.216.34"), SKW_TUN_LEAVES);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(to_v4(private[i]), SKW_TUN_REFUSED);
		policy.private = true;
		assert_int_equal(to_v4(private[i]), SKW_TUN_LEAVES);
		policy.private = false;
	}
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(to_v4(never[i]), SKW_TUN_REFUSED);
		policy.private = true;
		assert_int_equal(to_v4(never[i]), SKW_TUN_REFUSED);
		policy.private = false;
	}
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		v4("192.0.0.2", "8.8.8.8", (uint8_t)protocol, 20);
		assert_int_equal(leave_v4(20), protocol == 6 || protocol == 17 || protocol == 1
						   ? SKW_TUN_LEAVES
						   : SKW_TUN_REFUSED);
	}
	v4("192.0.0.2", "8.8.8.8", 1, 20);
	packet[20] = 3;
	assert_int_equal(leave_v4(20), SKW_TUN_REFUSED);
	v4("192.0.0.2", "8.8.8.8", 17, 20);
	packet[23]++;
	assert_int_equal(leave_v4(20), SKW_TUN_REFUSED);
}

static void fragments_and_options_do_not_leave(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 16; bit++) {
		v4("192.0.0.2", "8.8.8.8", 6, 40);
		packet[6] = (uint8_t)((1u << bit) >> 8);
		packet[7] = (uint8_t)(1u << bit);
		/* the two highest are reserved, and DF */
		assert_int_equal(leave_v4(40), bit >= 14 ? SKW_TUN_LEAVES : SKW_TUN_REFUSED);
	}
	v4("192.0.0.2", "8.8.8.8", 6, 40);
	packet[0] = 0x46;
	packet[26] = 443 >> 8;
	packet[27] = 443 & 0xff;
	assert_int_equal(leave_v4(40), SKW_TUN_REFUSED);
}

static void every_client_is_192_0_0_2(void **state)
{
	(void)state;
	v4("192.0.0.3", "8.8.8.8", 6, 20);
	assert_int_equal(leave_v4(20), SKW_TUN_BAD);
	v4("100.64.0.2", "8.8.8.8", 6, 20);
	assert_int_equal(leave_v4(20), SKW_TUN_BAD);
	v4("192.0.0.2", "8.8.8.8", 6, 20);
	assert_int_equal(skw_tun_judge(packet, 40, client, self, NULL, NULL), SKW_TUN_BAD);
	for (size_t len = 0; len < 50; len++)
		assert_int_equal(skw_tun_judge(packet, len, client, self, NULL, &policy),
				 len == 40 ? SKW_TUN_LEAVES : SKW_TUN_BAD);
	for (size_t payload = 0; payload < 24; payload++) {
		v4("192.0.0.2", "8.8.8.8", 6, payload);
		assert_int_equal(leave_v4(payload), payload < 20 ? SKW_TUN_BAD : SKW_TUN_LEAVES);
	}
	v4("192.0.0.2", "8.8.8.8", 6, SKW_TUN_EXIT_MTU - 20);
	assert_int_equal(leave_v4(SKW_TUN_EXIT_MTU - 20), SKW_TUN_LEAVES);
	v4("192.0.0.2", "8.8.8.8", 6, SKW_TUN_EXIT_MTU - 19);
	assert_int_equal(leave_v4(SKW_TUN_EXIT_MTU - 19), SKW_TUN_BAD);
}

static enum skw_tun_verdict enter_v4(const char *source, const char *address,
				     const uint8_t from[16])
{
	v4(source, address, 6, 20);
	return skw_tun_judge(packet, 40, from, self, other, NULL);
}

static void only_the_exit_brings_ipv4(void **state)
{
	(void)state;
	assert_int_equal(enter_v4("8.8.8.8", "192.0.0.2", other), SKW_TUN_ENTERS);
	assert_int_equal(enter_v4("192.0.0.8", "192.0.0.2", other),
			 SKW_TUN_ENTERS); /* its errors */
	assert_int_equal(enter_v4("8.8.8.8", "192.0.0.2", client), SKW_TUN_BAD);
	assert_int_equal(enter_v4("8.8.8.8", "192.0.0.3", other), SKW_TUN_BAD);
	assert_int_equal(enter_v4("8.8.8.8", "100.64.0.2", other), SKW_TUN_BAD);
	assert_int_equal(enter_v4("127.0.0.1", "192.0.0.2", other), SKW_TUN_BAD);
	assert_int_equal(enter_v4("192.0.0.2", "192.0.0.2", other), SKW_TUN_BAD);
	assert_int_equal(enter_v4("224.0.0.1", "192.0.0.2", other), SKW_TUN_BAD);
	assert_int_equal(enter_v4("0.0.0.0", "192.0.0.2", other), SKW_TUN_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_policy_allows_leaves),
		cmocka_unit_test(of_icmp_only_requests_for_an_echo_leave),
		cmocka_unit_test(no_other_protocol_leaves),
		cmocka_unit_test(segments_without_their_header_are_bad),
		cmocka_unit_test(only_the_open_internet_is_reached),
		cmocka_unit_test(nobody_speaks_for_another),
		cmocka_unit_test(who_is_no_exit_takes_nothing),
		cmocka_unit_test(only_the_exit_brings_the_open_internet),
		cmocka_unit_test(an_exit_may_be_a_client),
		cmocka_unit_test(what_lies_about_its_length_is_bad),
		cmocka_unit_test(ipv4_is_judged_alike),
		cmocka_unit_test(fragments_and_options_do_not_leave),
		cmocka_unit_test(every_client_is_192_0_0_2),
		cmocka_unit_test(only_the_exit_brings_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
