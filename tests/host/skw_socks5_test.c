/* skw_socks5 and skw_users against the messages of RFC 1928 and 1929, whole and cut at every byte.
 * rooms: node */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "node/skw_socks5.h"
#include "node/skw_users.h"

static const uint8_t HELLO[] = { 5, 2, 2, 0 };
static const uint8_t BY_NAME[] = { 5,   1,   0,   3,   9,   'f', 'i',  'l',
				   'e', 's', '.', 'b', 'o', 'b', 0x1f, 0x90 };

static struct skw_socks5 s;

static int fresh(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	return 0;
}

/* Feeds in pieces of `step` bytes; returns the first status that is not MORE-without-reply. */
static enum skw_socks5_status feed(const uint8_t *data, size_t len, size_t step, size_t *used)
{
	enum skw_socks5_status status = SKW_SOCKS5_MORE;

	*used = 0;
	while (*used < len && status == SKW_SOCKS5_MORE) {
		size_t n = len - *used < step ? len - *used : step;
		size_t took;

		status = skw_socks5_input(&s, data + *used, n, &took);
		*used += took;
		if (s.reply_len > 0)
			break;
	}
	return status;
}

static void greet(void)
{
	size_t used;

	assert_int_equal(feed(HELLO, sizeof(HELLO), 100, &used), SKW_SOCKS5_MORE);
	assert_int_equal(s.reply_len, 2);
	assert_memory_equal(s.reply, ((uint8_t[]) { 5, 0 }), 2);
}

static void connects_by_name_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step <= sizeof(BY_NAME) + 3; step++) {
		uint8_t more[sizeof(BY_NAME) + 3];
		size_t used;

		fresh(NULL);
		greet();
		memcpy(more, BY_NAME, sizeof(BY_NAME));
		memcpy(more + sizeof(BY_NAME), "GET", 3);
		assert_int_equal(feed(more, sizeof(more), step, &used), SKW_SOCKS5_REQUEST);
		assert_string_equal(s.host, "files.bob");
		assert_int_equal(s.port, 8080);
		assert_int_equal(used, sizeof(BY_NAME)); /* the rest is the stream's */
	}
}

static void takes_both_kinds_of_address(void **state)
{
	static const uint8_t v4[] = { 5, 1, 0, 1, 192, 0, 2, 1, 0, 80 };
	static const uint8_t v6[] = { 5, 1, 0, 4, 0xfd, 0, 0, 0, 0, 0, 0,
				      0, 0, 0, 0, 0,    0, 0, 0, 7, 0, 22 };
	size_t used;

	(void)state;
	greet();
	assert_int_equal(feed(v4, sizeof(v4), 3, &used), SKW_SOCKS5_REQUEST);
	assert_string_equal(s.host, "192.0.2.1");
	assert_int_equal(s.port, 80);
	fresh(NULL);
	greet();
	assert_int_equal(feed(v6, sizeof(v6), 3, &used), SKW_SOCKS5_REQUEST);
	assert_string_equal(s.host, "fd00::7");
	assert_int_equal(s.port, 22);
}

static void the_longest_name_fits(void **state)
{
	uint8_t request[5 + 255 + 2] = { 5, 1, 0, 3, 255 };
	size_t used;

	(void)state;
	memset(request + 5, 'a', 255);
	greet();
	assert_int_equal(feed(request, sizeof(request), 50, &used), SKW_SOCKS5_REQUEST);
	assert_int_equal(strlen(s.host), 255);
	assert_int_equal(s.port, 0);
}

static void associates_for_datagrams(void **state)
{
	static const uint8_t bytes[] = { 5, 3, 0, 1, 0, 0, 0, 0, 0, 0 };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(0x1234) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(0x5678) };
	uint8_t reply[SKW_SOCKS5_REPLY_MAX];
	size_t used;

	(void)state;
	greet();
	assert_int_equal(feed(bytes, sizeof(bytes), 3, &used), SKW_SOCKS5_REQUEST);
	assert_int_equal(s.command, SKW_SOCKS5_ASSOCIATE);
	assert_int_equal(s.port, 0);
	inet_pton(AF_INET, "192.0.2.7", &v4.sin_addr);
	assert_int_equal(skw_socks5_reply_at(reply, (struct sockaddr *)&v4), 10);
	assert_memory_equal(reply, ((uint8_t[]) { 5, 0, 0, 1, 192, 0, 2, 7, 0x12, 0x34 }), 10);
	inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	assert_int_equal(skw_socks5_reply_at(reply, (struct sockaddr *)&v6), 22);
	assert_memory_equal(reply, ((uint8_t[]) { 5, 0, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0,    0,
						  0, 0, 0, 0, 0,    0, 0,   0,    1, 0x56, 0x78 }),
			    22);
}

static void datagrams_say_where_they_go(void **state)
{
	static const uint8_t v4[] = { 0, 0, 0, 1, 1, 2, 3, 4, 0, 53, 'x' };
	static const uint8_t v6[] = { 0, 0, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0,
				      0, 0, 0, 0, 0,    0, 0,   0,    9, 1, 0 };
	static const uint8_t name[] = { 0, 0, 0, 3, 3, 'a', '.', 'b', 0, 7, 'x', 'y' };
	uint8_t bad[sizeof(name)];
	char host[SKW_SOCKS5_HOST_MAX + 1];
	uint16_t port;

	(void)state;
	assert_int_equal(skw_socks5_udp(v4, sizeof(v4), host, &port), 10);
	assert_string_equal(host, "1.2.3.4");
	assert_int_equal(port, 53);
	assert_int_equal(skw_socks5_udp(v6, sizeof(v6), host, &port), 22);
	assert_string_equal(host, "2001:db8::9");
	assert_int_equal(port, 256);
	assert_int_equal(skw_socks5_udp(name, sizeof(name), host, &port), 10);
	assert_string_equal(host, "a.b");
	assert_int_equal(port, 7);
	for (size_t len = 0; len < 10; len++) {
		assert_int_equal(skw_socks5_udp(v4, len, host, &port), 0);
		assert_int_equal(skw_socks5_udp(v6, len, host, &port), 0);
		assert_int_equal(skw_socks5_udp(name, len, host, &port), 0);
	}
	for (unsigned i = 0; i < 4; i++) { /* a fragment, a type, no name, a zero in it */
		static const uint8_t at[] = { 2, 3, 4, 6 }, value[] = { 1, 2, 0, 0 };

		memcpy(bad, name, sizeof(name));
		bad[at[i]] = value[i];
		assert_int_equal(skw_socks5_udp(bad, sizeof(bad), host, &port), 0);
	}
}

static void refuses_what_it_does_not_offer(void **state)
{
	static const struct {
		uint8_t bytes[11];
		uint8_t code;
	} cases[] = {
		{ { 5, 2, 0, 1, 1, 2, 3, 4, 0, 80 }, SKW_SOCKS5_NO_COMMAND }, /* BIND */
		{ { 5, 4, 0, 1, 1, 2, 3, 4, 0, 80 }, SKW_SOCKS5_NO_COMMAND },
		{ { 5, 1, 0, 9, 1, 2, 3, 4, 0, 80 }, SKW_SOCKS5_NO_ADDRESS_TYPE },
		{ { 5, 1, 0, 3, 0, 0, 80, 0, 0, 0 }, SKW_SOCKS5_FAILURE },   /* empty name */
		{ { 5, 1, 0, 3, 2, 'a', 0, 0, 80, 0 }, SKW_SOCKS5_FAILURE }, /* a zero inside */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t used;

		fresh(NULL);
		greet();
		assert_int_equal(feed(cases[i].bytes, 10, 10, &used), SKW_SOCKS5_BAD);
		assert_int_equal(s.reply_len, SKW_SOCKS5_REPLY_LEN);
		assert_int_equal(s.reply[1], cases[i].code);
	}
}

static void refuses_other_versions_and_methods(void **state)
{
	static const uint8_t socks4[] = { 4, 1, 0, 80, 1, 2, 3, 4, 0 };
	static const uint8_t kerberos_only[] = { 5, 1, 1 };
	size_t used;

	(void)state;
	assert_int_equal(feed(socks4, sizeof(socks4), 9, &used), SKW_SOCKS5_BAD);
	assert_int_equal(s.reply_len, 0);
	fresh(NULL);
	assert_int_equal(feed(kerberos_only, sizeof(kerberos_only), 9, &used), SKW_SOCKS5_BAD);
	assert_memory_equal(s.reply, ((uint8_t[]) { 5, 0xff }), 2);
}

/* ---- RFC 1929 ---- */

static const uint8_t MARY[] = { 1, 4, 'm', 'a', 'r', 'y', 3, 'x', 'y', 'z' };

static struct skw_users *users_of(const char *text, mode_t mode, char error[320])
{
	char path[] = "/tmp/skw_users_XXXXXX";
	int fd = mkstemp(path);
	struct skw_users *users;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
	users = skw_users_new(path, error, 320);
	unlink(path);
	return users;
}

/* The two answers to a greeting and to name and password; false if there is no second. */
static bool log_in(const uint8_t *methods, size_t n, const uint8_t *words, size_t len, size_t step,
		   uint8_t method, uint8_t *verdict)
{
	size_t used;
	bool more = feed(methods, n, step, &used) == SKW_SOCKS5_MORE;

	assert_int_equal(s.reply_len, 2);
	assert_memory_equal(s.reply, ((uint8_t[]) { 5, method }), 2);
	if (!more || method != 2)
		return false;
	more = feed(words, len, step, &used) == SKW_SOCKS5_MORE;
	assert_int_equal(used, len);
	assert_int_equal(s.reply_len, 2);
	assert_int_equal(s.reply[0], 1);
	*verdict = s.reply[1];
	assert_int_equal(more, *verdict == 0);
	return true;
}

static void who_has_a_password_comes_in(void **state)
{
	static const uint8_t both[] = { 5, 2, 0, 2 }, only[] = { 5, 1, 2 };
	char error[320];
	struct skw_users *users = users_of("# us\n\n  bob  secret\nmary\txyz\r\n", 0600, error);
	uint8_t verdict, other[sizeof(MARY)];
	size_t used;

	(void)state;
	assert_non_null(users);
	for (size_t step = 1; step < 12; step++) {
		fresh(NULL);
		s.allow = skw_users_allow;
		s.users = users;
		assert_true(log_in(step % 2 ? both : only, step % 2 ? 4 : 3, MARY, sizeof(MARY),
				   step, 2, &verdict));
		assert_int_equal(verdict, 0);
		for (size_t i = 0; i < sizeof(s.buffer); i++)
			assert_int_equal(s.buffer[i], 0); /* the password is gone */
		assert_int_equal(feed(BY_NAME, sizeof(BY_NAME), step, &used), SKW_SOCKS5_REQUEST);
		assert_string_equal(s.host, "files.bob");
	}
	/* Every other byte of it is refused; so is nobody, and who does not say. */
	for (size_t i = 2; i < sizeof(MARY); i++) {
		fresh(NULL);
		s.allow = skw_users_allow;
		s.users = users;
		memcpy(other, MARY, sizeof(MARY));
		if (i == 6)
			continue; /* a length */
		other[i] ^= 1;
		assert_true(log_in(both, 4, other, sizeof(other), 100, 2, &verdict));
		assert_int_equal(verdict, 1);
	}
	fresh(NULL);
	s.allow = skw_users_allow;
	s.users = users;
	assert_true(log_in(both, 4, (const uint8_t[]) { 1, 0, 0 }, 3, 100, 2, &verdict));
	assert_int_equal(verdict, 1);
	fresh(NULL);
	s.allow = skw_users_allow;
	s.users = users;
	assert_false(
	    log_in((const uint8_t[]) { 5, 1, 0 }, 3, MARY, sizeof(MARY), 9, 0xff, &verdict));
	/* "ma" "ryxyz" is somebody else, though the bytes are the same. */
	assert_false(skw_users_allow(users, (const uint8_t *)"ma", 2, (const uint8_t *)"ryxyz", 5));
	skw_users_free(users);
}

static void without_users_any_password_will_do(void **state)
{
	static const uint8_t only[] = { 5, 1, 2 }, longest[513] = { 1, 255, [257] = 255 };
	uint8_t verdict;
	size_t used;

	(void)state;
	assert_true(log_in(only, 3, longest, sizeof(longest), 100, 2, &verdict));
	assert_int_equal(verdict, 0);
	assert_int_equal(feed(BY_NAME, sizeof(BY_NAME), 100, &used), SKW_SOCKS5_REQUEST);
	fresh(NULL);
	assert_int_equal(feed(only, 3, 100, &used), SKW_SOCKS5_MORE);
	assert_int_equal(feed((const uint8_t[]) { 5, 1, 'a', 1, 'b' }, 5, 100, &used),
			 SKW_SOCKS5_BAD); /* of that message the version is 1 */
	assert_int_equal(s.reply_len, 0);
}

static void a_wrong_file_of_users_is_refused(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says;
	} cases[] = {
		{ "bob secret\n", 0644, "chmod 600" },
		{ "bob secret\n", 0620, "chmod 600" },
		{ "# nobody\n\n", 0600, "nobody is in it" },
		{ "bob secret\nmary\n", 0600, ":2: want NAME PASSWORD" },
		{ "bob my secret\n", 0600, ":1: want NAME PASSWORD" },
	};
	char error[320];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(users_of(cases[i].text, cases[i].mode, error));
		assert_non_null(strstr(error, cases[i].says));
	}
	assert_null(skw_users_new("/nowhere/at/all", error, sizeof(error)));
	assert_non_null(strstr(error, "No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(connects_by_name_however_it_is_cut, fresh),
		cmocka_unit_test_setup(takes_both_kinds_of_address, fresh),
		cmocka_unit_test_setup(the_longest_name_fits, fresh),
		cmocka_unit_test_setup(associates_for_datagrams, fresh),
		cmocka_unit_test_setup(datagrams_say_where_they_go, fresh),
		cmocka_unit_test_setup(refuses_what_it_does_not_offer, fresh),
		cmocka_unit_test_setup(refuses_other_versions_and_methods, fresh),
		cmocka_unit_test_setup(who_has_a_password_comes_in, fresh),
		cmocka_unit_test_setup(without_users_any_password_will_do, fresh),
		cmocka_unit_test_setup(a_wrong_file_of_users_is_refused, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
