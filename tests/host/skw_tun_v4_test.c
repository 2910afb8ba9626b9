/* rooms: wire keys ledger onion node
 *
 * skw_tun_v4: another address, against sums made anew by RFC 1071's words; the pool; errors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/skw_tun_v4.h"

enum { TCP = 6, UDP = 17, ICMP = 1 };

static uint8_t packet[2000], again[2000];
static const uint8_t pooled[4] = { 100, 64, 0, 2 };

/* "The 16-bit one's complement of the one's complement sum of all 16-bit words". */
static uint16_t sum_of(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

/* RFC 9293, 3.1; RFC 768: with source, destination, protocol and length. */
static uint16_t segment_sum(const uint8_t *p, size_t len)
{
	size_t header = (size_t)(p[0] & 15) * 4;
	uint32_t sum = p[9] + (uint32_t)(len - header);

	for (unsigned i = 12; i < 20 && p[9] != ICMP; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum_of(p[9] != ICMP ? sum : 0, p + header, len - header);
}

static unsigned sum_at(const uint8_t *p)
{
	return (p[0] & 15u) * 4 + (p[9] == TCP ? 16 : p[9] == UDP ? 6 : 2);
}

static void put_u16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void complete(uint8_t *p, size_t len)
{
	unsigned at = sum_at(p);

	put_u16(p + 2, len);
	put_u16(p + 10, 0);
	put_u16(p + 10, sum_of(0, p, (size_t)(p[0] & 15) * 4));
	put_u16(p + at, 0);
	put_u16(p + at, segment_sum(p, len));
}

/* With `words` words of options, from the client's address, and noise. */
static void make(uint8_t *p, uint8_t protocol, size_t len, unsigned words, unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)rand();
	p[0] = (uint8_t)(0x45 + words);
	p[6] = p[7] = 0;
	p[9] = protocol;
	memcpy(p + 12, SKW_TUN_V4_CLIENT, 4);
	memcpy(p + 16, (const uint8_t[]) { 93, 184, 216, 34 }, 4);
	complete(p, len);
}

static void check_change(bool source, size_t len)
{
	const unsigned at = source ? 12 : 16, sum = sum_at(packet);
	uint8_t to[4] = { (uint8_t)rand(), (uint8_t)rand(), (uint8_t)rand(), (uint8_t)rand() };

	memcpy(again, packet, len);
	skw_tun_v4_readdress(packet, len, source, to);
	assert_memory_equal(packet + at, to, 4);
	assert_int_equal(sum_of(0, packet, (size_t)(packet[0] & 15) * 4), 0);
	assert_int_equal(segment_sum(packet, len), 0);
	memcpy(again + at, to, 4);
	memcpy(again + 10, packet + 10, 2);
	memcpy(again + sum, packet + sum, 2);
	assert_memory_equal(packet, again, len); /* and nothing else */
}

static void sums_stay_right(void **state)
{
	static const uint8_t protocols[] = { TCP, UDP };

	(void)state;
	for (unsigned seed = 0; seed < 3000; seed++) {
		size_t len = 60 + seed % 700;

		make(packet, protocols[seed % 2], len, seed % 5, seed);
		check_change(true, len);
		check_change(false, len);
	}
	make(packet, ICMP, 100, 0, 1); /* no address is in its sum */
	packet[20] = 8;
	complete(packet, 100);
	check_change(true, 100);
	check_change(false, 100);
}

/* Each sum that there can be, before and after; 0 is not said in UDP, it would mean none. */
static void every_sum_is_met(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 0x10000; v++) {
		make(packet, UDP, 40, 0, 7);
		put_u16(packet + 30, v);
		complete(packet, 40);
		if ((packet[26] | packet[27]) == 0)
			packet[26] = packet[27] = 0xff;
		skw_tun_v4_readdress(packet, 40, true, pooled);
		assert_int_equal(segment_sum(packet, 40), 0);
		assert_true((packet[26] | packet[27]) != 0);
		put_u16(packet + 4, v); /* the header's */
		complete(packet, 40);
		skw_tun_v4_readdress(packet, 40, false, pooled);
		assert_int_equal(sum_of(0, packet, 20), 0);
	}
}

static void no_sum_stays_none(void **state)
{
	(void)state;
	make(packet, UDP, 100, 0, 3);
	packet[26] = packet[27] = 0;
	skw_tun_v4_readdress(packet, 100, true, pooled);
	assert_int_equal(packet[26] | packet[27], 0);
	assert_int_equal(sum_of(0, packet, 20), 0);
}

/* What was wrong is not made right on the way. */
static void damage_is_passed_on(void **state)
{
	(void)state;
	make(packet, TCP, 200, 0, 3);
	packet[100] ^= 4;
	packet[8] ^= 1;
	skw_tun_v4_readdress(packet, 200, true, pooled);
	assert_int_not_equal(sum_of(0, packet, 20), 0);
	assert_int_not_equal(segment_sum(packet, 200), 0);
}

/* A later fragment has data where the sum would be; a short one has none. */
static void of_fragments_the_header_alone_changes(void **state)
{
	(void)state;
	for (unsigned flags = 1; flags < 0x2000; flags += flags) {
		make(packet, UDP, 100, 0, 3);
		put_u16(packet + 6, flags);
		complete(packet, 100);
		memcpy(again, packet, 100);
		skw_tun_v4_readdress(packet, 100, false, pooled);
		assert_int_equal(sum_of(0, packet, 20), 0);
		assert_memory_equal(packet + 20, again + 20, 80);
	}
	make(packet, UDP, 100, 0, 3);
	put_u16(packet + 6, 0x2000); /* the first of more */
	skw_tun_v4_readdress(packet, 100, false, pooled);
	assert_int_equal(segment_sum(packet, 100), 0);
	for (size_t len = 20; len < 45; len++) {
		uint8_t *cut = malloc(len); /* the sanitizers watch */

		assert_non_null(cut);
		for (unsigned protocol = 0; protocol < 20; protocol++) {
			make(packet, (uint8_t)protocol, 100, 0, 3);
			put_u16(packet + 2, len);
			memcpy(cut, packet, len);
			skw_tun_v4_readdress(cut, len, false, pooled);
			skw_tun_v4_readdress(cut, len, true, pooled);
		}
		free(cut);
	}
}

/* RFC 792: the header of what it is about stands in it; there the client is the source. */
static void a_quoted_packet_is_the_clients_again(void **state)
{
	static const uint8_t errors[] = { 3, 11, 12 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		make(again, TCP, 60, 0, i);
		skw_tun_v4_readdress(again, 60, true, pooled);
		make(packet, ICMP, 20 + 8 + 60, 0, 9);
		memcpy(packet + 16, pooled, 4);
		packet[20] = errors[i];
		memcpy(packet + 28, again, 60);
		complete(packet, 88);
		skw_tun_v4_readdress(packet, 88, false, SKW_TUN_V4_CLIENT);
		assert_memory_equal(packet + 28 + 12, SKW_TUN_V4_CLIENT, 4);
		assert_int_equal(sum_of(0, packet + 28, 20), 0);
		assert_int_equal(sum_of(0, packet, 20), 0);
		assert_int_equal(segment_sum(packet, 88), 0);
		assert_memory_equal(packet + 48, again + 20, 40); /* left alone */
	}
	/* of another's packet, or in what is no error, nothing is changed */
	for (unsigned i = 0; i < 2; i++) {
		packet[20] = i == 0 ? 3 : 8;
		memcpy(packet + 16, pooled, 4);
		memcpy(packet + 40, i == 0 ? SKW_TUN_V4_CLIENT : pooled, 4);
		memcpy(again, packet, 88);
		skw_tun_v4_readdress(packet, 88, false, (const uint8_t[]) { 1, 2, 3, 4 });
		assert_memory_equal(packet + 20, again + 20, 68);
	}
}

static void lengths_are_checked(void **state)
{
	(void)state;
	make(packet, TCP, 100, 2, 1);
	for (size_t len = 0; len < 120; len++)
		assert_int_equal(skw_tun_v4_header(packet, len), len == 100 ? 28 : 0);
	for (unsigned first = 0; first < 256; first++) {
		packet[0] = (uint8_t)first;
		assert_int_equal(skw_tun_v4_header(packet, 100),
				 first >= 0x45 && first < 0x50 ? (first & 15) * 4 : 0);
	}
	make(packet, TCP, 100, 10, 1); /* the header ends behind the packet */
	put_u16(packet + 2, 40);
	assert_int_equal(skw_tun_v4_header(packet, 40), 0);
}

static void a_pool_has_an_address_for_each(void **state)
{
	static const char *const bad[] = { "",
					   "100.64.0.0",
					   "100.64.0.0/",
					   "100.64.0.0/24",
					   "100.64.0.0/7",
					   "100.64.0.1/16",
					   "100.64.0/16",
					   "100.64.0.0/16x",
					   "/16",
					   "a.b.c.d/16",
					   "100.64.1.0/22",
					   "1111.111.111.1111/16",
					   "::/16",
					   "100.64.0.0/ 16",
					   "100.64.0.0/-16" };
	static const uint8_t outside[][4] = {
		{ 100, 64, 0, 0 }, { 100, 65, 0, 0 }, { 100, 63, 255, 255 }, { 101, 64, 0, 5 }
	};
	struct skw_tun_pool pool;
	uint32_t number;
	uint8_t ip[4];

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (skw_tun_pool_parse(&pool, bad[i]))
			fail_msg("'%s' taken", bad[i]);
	assert_true(skw_tun_pool_parse(&pool, "10.0.0.0/8"));
	assert_true(skw_tun_pool_parse(&pool, "10.0.2.0/23"));
	assert_true(skw_tun_pool_parse(&pool, "100.64.0.0/16"));
	skw_tun_pool_at(ip, &pool, 0);
	assert_memory_equal(ip, ((const uint8_t[]) { 100, 64, 0, 1 }), 4);
	skw_tun_pool_at(ip, &pool, 256);
	assert_memory_equal(ip, ((const uint8_t[]) { 100, 64, 1, 1 }), 4);
	for (uint32_t i = 0; i < 1000; i++) {
		skw_tun_pool_at(ip, &pool, i);
		assert_true(skw_tun_pool_number(&number, &pool, ip));
		assert_int_equal(number, i);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_false(skw_tun_pool_number(&number, &pool, outside[i]));
}

static void an_error_quotes_what_fits(void **state)
{
	(void)state;
	for (size_t len = 20; len < 1400; len += 69) {
		size_t quoted = len < 548 ? len : 548, n;

		make(packet, len < 40 ? 99 : TCP, len < 40 ? 40 : len, 0, 1);
		put_u16(packet + 2, len);
		n = skw_tun_v4_icmp(again, sizeof(again), packet, len, 4, 1350);
		assert_int_equal(n, 28 + quoted); /* RFC 1812: 576 at most */
		assert_int_equal(skw_tun_v4_header(again, n), 20);
		assert_int_equal(sum_of(0, again, 20), 0);
		assert_int_equal(segment_sum(again, n), 0);
		assert_memory_equal(again + 12, ((const uint8_t[]) { 192, 0, 0, 8 }), 4);
		assert_memory_equal(again + 16, SKW_TUN_V4_CLIENT, 4);
		assert_memory_equal(again + 20, ((const uint8_t[]) { 3, 4 }), 2);
		assert_memory_equal(again + 24, ((const uint8_t[]) { 0, 0, 1350 >> 8, 1350 & 255 }),
				    4);
		assert_memory_equal(again + 28, packet, quoted);
		assert_int_equal(skw_tun_v4_icmp(again, n - 1, packet, len, 4, 1350), 0);
	}
}

static bool answered(void)
{
	return skw_tun_v4_icmp(again, sizeof(again), packet, 100, 13, 0) != 0;
}

static void no_error_is_about_an_error_or_to_many(void **state)
{
	static const uint8_t nobody[] = { 0, 127, 224, 240, 255 };

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		make(packet, ICMP, 100, 0, 1);
		packet[20] = (uint8_t)type;
		assert_int_equal(answered(), type == 0 || type == 8);
	}
	for (unsigned i = 0; i < sizeof(nobody); i++) {
		make(packet, TCP, 100, 0, 1);
		packet[12] = nobody[i];
		assert_false(answered());
		make(packet, TCP, 100, 0, 1);
		packet[16] = nobody[i];
		assert_int_equal(answered(), nobody[i] < 224);
	}
	make(packet, TCP, 100, 0, 1);
	assert_true(answered());
	packet[7] = 1; /* a later fragment */
	assert_false(answered());
	packet[7] = 0;
	packet[6] = 0x20; /* the first of more */
	assert_true(answered());
	packet[3]++; /* lies about its length */
	assert_false(answered());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_stay_right),
		cmocka_unit_test(every_sum_is_met),
		cmocka_unit_test(no_sum_stays_none),
		cmocka_unit_test(damage_is_passed_on),
		cmocka_unit_test(of_fragments_the_header_alone_changes),
		cmocka_unit_test(a_quoted_packet_is_the_clients_again),
		cmocka_unit_test(lengths_are_checked),
		cmocka_unit_test(a_pool_has_an_address_for_each),
		cmocka_unit_test(an_error_quotes_what_fits),
		cmocka_unit_test(no_error_is_about_an_error_or_to_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
