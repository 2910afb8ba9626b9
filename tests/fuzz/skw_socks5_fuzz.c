/* rooms: wire node
 *
 * skw_socks5: a client's opening words, whole and in pieces of any size, and the head of his
 * datagrams. Both ways end alike; a request has a host of 1 to 255 bytes without a zero in it, and
 * never takes bytes beyond itself.
 */

#include "node/skw_socks5.h"
#include "skw_fuzz.h"

struct end {
	enum skw_socks5_status status;
	size_t used, replies;
	struct skw_socks5 s;
};

/* As many as are called "a". */
static bool allow(const void *users, const uint8_t *name, size_t name_len, const uint8_t *password,
		  size_t password_len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < password_len; i++)
		sum ^= password[i]; /* it can be read */
	return users == NULL && name_len == 1 && name[0] == 'a' && sum < 255;
}

static void speak(struct end *e, const uint8_t *data, size_t len, size_t step, bool asked)
{
	memset(e, 0, sizeof(*e));
	if (asked)
		e->s.allow = allow;
	e->status = SKW_SOCKS5_MORE;
	while (e->used < len && e->status == SKW_SOCKS5_MORE) {
		size_t left = len - e->used, n = step > 0 && step < left ? step : left, used = 0;

		e->status = skw_socks5_input(&e->s, data + e->used, n, &used);
		FUZZ_CHECK(used <= n && e->s.reply_len <= SKW_SOCKS5_REPLY_LEN);
		FUZZ_CHECK(used > 0 || e->status != SKW_SOCKS5_MORE);
		e->used += used;
		e->replies += e->s.reply_len;
	}
}

/* A client's datagram: what stands before it is within it. */
static void datagram(const uint8_t *data, size_t len)
{
	char host[SKW_SOCKS5_HOST_MAX + 1] = "";
	uint8_t *copy = fuzz_copy(data, len);
	uint16_t port;
	size_t n = skw_socks5_udp(copy, len, host, &port);

	FUZZ_CHECK(n <= len && n <= SKW_SOCKS5_UDP_MAX);
	FUZZ_CHECK(n == 0 || (host[0] != '\0' && data[n - 1] == (uint8_t)port));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct end whole, pieces;

	if (size == 0)
		return 0;
	datagram(data, size);
	speak(&whole, data + 1, size - 1, 0, (data[0] & 8) != 0);
	speak(&pieces, data + 1, size - 1, 1 + data[0] % 8, (data[0] & 8) != 0);
	FUZZ_CHECK(whole.status == pieces.status && whole.used == pieces.used);
	FUZZ_CHECK(whole.replies == pieces.replies);
	if (whole.status == SKW_SOCKS5_REQUEST) {
		size_t len = strnlen(whole.s.host, sizeof(whole.s.host));

		FUZZ_CHECK(len >= 1 && len <= SKW_SOCKS5_HOST_MAX);
		FUZZ_CHECK(strcmp(whole.s.host, pieces.s.host) == 0);
		FUZZ_CHECK(whole.s.port == pieces.s.port);
	}
	return 0;
}

static void seeds(void)
{
	fuzz_seed("name", "\0\5\1\0\5\1\0\3\11files.sky\0\120GET", 24);
	fuzz_seed("ip4", "\2\5\2\2\0\5\1\0\1\177\0\0\1\0\120", 15);
	fuzz_seed("ip6", "\3\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\120", 26);
	fuzz_seed("password", "\13\5\2\0\2\1\1a\2bc\5\1\0\1\177\0\0\1\0\120", 21);
	fuzz_seed("any-password", "\3\5\1\2\1\0\0\5\1\0\1\177\0\0\1\0\120", 17);
	fuzz_seed("datagram", "\0\0\0\3\11files.sky\0\120hello", 21);
	fuzz_seed("bind", "\7\5\1\0\5\2\0\1\177\0\0\1\0\120", 14);
}

FUZZ_START(seeds)
