#include "node/skw_socks5.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

enum { VERSION = 5, NO_AUTH = 0, PASSWORD = 2, NO_METHOD = 0xff };
enum { PASSWORD_VERSION = 1, WELCOME = 0, UNKNOWN = 1 };
enum phase { GREETING = 0, PASSWORDS, REQUEST };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };

void skw_socks5_reply(uint8_t out[SKW_SOCKS5_REPLY_LEN], enum skw_socks5_code code)
{
	/* BND.ADDR and BND.PORT mean nothing to a client that connects through circuits. */
	memcpy(out, (const uint8_t[]) { VERSION, (uint8_t)code, 0, TYPE_IPV4, 0, 0, 0, 0, 0, 0 },
	       SKW_SOCKS5_REPLY_LEN);
}

static enum skw_socks5_status refuse(struct skw_socks5 *s, enum skw_socks5_code code)
{
	skw_socks5_reply(s->reply, code);
	s->reply_len = SKW_SOCKS5_REPLY_LEN;
	return SKW_SOCKS5_BAD;
}

/* How long the message in the buffer is, as far as its first bytes tell. */
static size_t wanted(const struct skw_socks5 *s)
{
	if (s->have < 2)
		return 2;
	if (s->phase == GREETING)
		return 2u + s->buffer[1];
	if (s->phase == PASSWORDS) {
		size_t names_end = 2u + s->buffer[1];

		return s->have <= names_end ? names_end + 1 : names_end + 1 + s->buffer[names_end];
	}
	if (s->have < 5)
		return 5;
	switch (s->buffer[3]) {
	case TYPE_IPV4:
		return 4 + 4 + 2;
	case TYPE_IPV6:
		return 4 + 16 + 2;
	case TYPE_NAME:
		return 5u + s->buffer[4] + 2;
	default:
		return 5; /* refused by request() */
	}
}

static enum skw_socks5_status greeting(struct skw_socks5 *s)
{
	bool none = memchr(s->buffer + 2, NO_AUTH, s->buffer[1]) != NULL;
	bool password = memchr(s->buffer + 2, PASSWORD, s->buffer[1]) != NULL;
	uint8_t method = none && s->allow == NULL ? NO_AUTH : password ? PASSWORD : NO_METHOD;

	s->reply[0] = VERSION;
	s->reply[1] = method;
	s->reply_len = 2;
	s->phase = method == PASSWORD ? PASSWORDS : REQUEST;
	s->have = 0;
	return method == NO_METHOD ? SKW_SOCKS5_BAD : SKW_SOCKS5_MORE;
}

/* RFC 1929, section 2. */
static enum skw_socks5_status password(struct skw_socks5 *s)
{
	const uint8_t *name = s->buffer + 2, *word = name + s->buffer[1] + 1;
	bool good = s->allow == NULL || s->allow(s->users, name, s->buffer[1], word, word[-1]);

	s->reply[0] = PASSWORD_VERSION;
	s->reply[1] = good ? WELCOME : UNKNOWN;
	s->reply_len = 2;
	s->phase = REQUEST;
	s->have = 0;
	sodium_memzero(s->buffer, sizeof(s->buffer));
	return good ? SKW_SOCKS5_MORE : SKW_SOCKS5_BAD;
}

/* Type, address and port; how many bytes, 0 if they are none. */
static size_t place(const uint8_t *at, size_t left, char host[SKW_SOCKS5_HOST_MAX + 1],
		    uint16_t *port)
{
	size_t len = left < 2             ? 0
		     : at[0] == TYPE_IPV4 ? 1 + 4
		     : at[0] == TYPE_IPV6 ? 1 + 16
		     : at[0] == TYPE_NAME ? 2u + at[1]
					  : 0;

	if (len == 0 || left < len + 2)
		return 0;
	if (at[0] != TYPE_NAME) {
		inet_ntop(at[0] == TYPE_IPV4 ? AF_INET : AF_INET6, at + 1, host,
			  SKW_SOCKS5_HOST_MAX + 1);
	} else {
		if (at[1] == 0 || memchr(at + 2, 0, at[1]) != NULL)
			return 0;
		memcpy(host, at + 2, at[1]);
		host[at[1]] = '\0';
	}
	*port = (uint16_t)(at[len] << 8 | at[len + 1]);
	return len + 2;
}

static enum skw_socks5_status request(struct skw_socks5 *s)
{
	uint8_t type = s->buffer[3];

	s->command = s->buffer[1];
	if (s->command != SKW_SOCKS5_CONNECT && s->command != SKW_SOCKS5_ASSOCIATE)
		return refuse(s, SKW_SOCKS5_NO_COMMAND);
	if (type != TYPE_IPV4 && type != TYPE_IPV6 && type != TYPE_NAME)
		return refuse(s, SKW_SOCKS5_NO_ADDRESS_TYPE);
	if (place(s->buffer + 3, s->have - 3, s->host, &s->port) == 0)
		return refuse(s, SKW_SOCKS5_FAILURE);
	return SKW_SOCKS5_REQUEST;
}

static enum skw_socks5_status whole(struct skw_socks5 *s)
{
	switch ((enum phase)s->phase) {
	case GREETING:
		return greeting(s);
	case PASSWORDS:
		return password(s);
	case REQUEST:
		break;
	}
	return request(s);
}

size_t skw_socks5_udp(const uint8_t *data, size_t len, char host[SKW_SOCKS5_HOST_MAX + 1],
		      uint16_t *port)
{
	size_t n;

	/* RSV u16, FRAG u8: who cannot put fragments together drops them (section 7). */
	if (len < 4 || data[2] != 0)
		return 0;
	n = place(data + 3, len - 3, host, port);
	return n > 0 ? 3 + n : 0;
}

size_t skw_socks5_reply_at(uint8_t out[SKW_SOCKS5_REPLY_MAX], const struct sockaddr *bound)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)bound;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)bound;
	bool is_v4 = bound->sa_family == AF_INET;
	size_t len = is_v4 ? 4 : 16;

	skw_socks5_reply(out, SKW_SOCKS5_SUCCEEDED);
	out[3] = is_v4 ? TYPE_IPV4 : TYPE_IPV6;
	memcpy(out + 4, is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr, len);
	memcpy(out + 4 + len, &v4->sin_port, 2);
	return 4 + len + 2;
}

enum skw_socks5_status skw_socks5_input(struct skw_socks5 *s, const uint8_t *data, size_t len,
					size_t *used)
{
	*used = 0;
	s->reply_len = 0;
	while (*used < len) {
		s->buffer[s->have++] = data[(*used)++];
		if (s->buffer[0] != (s->phase == PASSWORDS ? PASSWORD_VERSION : VERSION))
			return SKW_SOCKS5_BAD; /* not SOCKS5 at all: no answer that it would
						  understand */
		if (s->have == wanted(s))
			return whole(s);
	}
	return SKW_SOCKS5_MORE;
}
