#include "node/skw_socks5.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

enum { VERSION = 5, CONNECT = 1, NO_AUTH = 0, NO_METHOD = 0xff };
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
	if (!s->greeted)
		return 2u + s->buffer[1];
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

	s->reply[0] = VERSION;
	s->reply[1] = none ? NO_AUTH : NO_METHOD;
	s->reply_len = 2;
	s->greeted = 1;
	s->have = 0;
	return none ? SKW_SOCKS5_MORE : SKW_SOCKS5_BAD;
}

static enum skw_socks5_status request(struct skw_socks5 *s)
{
	const uint8_t *address = s->buffer + 4;
	const uint8_t *port;

	if (s->buffer[1] != CONNECT)
		return refuse(s, SKW_SOCKS5_NO_COMMAND);
	switch (s->buffer[3]) {
	case TYPE_IPV4:
		inet_ntop(AF_INET, address, s->host, sizeof(s->host));
		port = address + 4;
		break;
	case TYPE_IPV6:
		inet_ntop(AF_INET6, address, s->host, sizeof(s->host));
		port = address + 16;
		break;
	case TYPE_NAME:
		if (address[0] == 0 || memchr(address + 1, 0, address[0]) != NULL)
			return refuse(s, SKW_SOCKS5_FAILURE);
		memcpy(s->host, address + 1, address[0]);
		s->host[address[0]] = '\0';
		port = address + 1 + address[0];
		break;
	default:
		return refuse(s, SKW_SOCKS5_NO_ADDRESS_TYPE);
	}
	s->port = (uint16_t)(port[0] << 8 | port[1]);
	return SKW_SOCKS5_REQUEST;
}

enum skw_socks5_status skw_socks5_input(struct skw_socks5 *s, const uint8_t *data, size_t len,
					size_t *used)
{
	*used = 0;
	s->reply_len = 0;
	while (*used < len) {
		s->buffer[s->have++] = data[(*used)++];
		if (s->buffer[0] != VERSION)
			return SKW_SOCKS5_BAD; /* not SOCKS5 at all: no answer that it would
						  understand */
		if (s->have == wanted(s))
			return s->greeted ? request(s) : greeting(s);
	}
	return SKW_SOCKS5_MORE;
}
