/* skw_socks5 - the server's side of SOCKS5's opening words (RFC 1928, 1929), without a socket.
 *
 *   client                      server
 *   05 n methods         ->
 *                        <-     05 00            no authentication, or 05 ff and the end
 *                               05 02            name and password, please:
 *   01 n name n password ->
 *                        <-     01 00            welcome, or 01 01 and the end
 *   05 01 00 type addr   ->
 *                        <-     05 reply 00 01 0.0.0.0:0
 *
 * Feed bytes as they come; after SKW_SOCKS5_REQUEST the rest belongs to the stream. CONNECT (01)
 * and UDP ASSOCIATE (03) are offered; a name is passed on as it stands, an address as text. Where
 * nobody need say who he is, a client that knows no other method than a password may give any.
 */
#ifndef SKW_SOCKS5_H
#define SKW_SOCKS5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define SKW_SOCKS5_HOST_MAX 255u
#define SKW_SOCKS5_REPLY_LEN 10u
#define SKW_SOCKS5_REPLY_MAX 22u
#define SKW_SOCKS5_UDP_MAX                                                                         \
	262u /* bytes before a datagram: reserved, fragment, type, address, port */

enum { SKW_SOCKS5_CONNECT = 1, SKW_SOCKS5_ASSOCIATE = 3 };

enum skw_socks5_status {
	SKW_SOCKS5_MORE,    /* wait for more bytes; send `reply` if it is not empty */
	SKW_SOCKS5_REQUEST, /* host and port are known; answer with skw_socks5_reply */
	SKW_SOCKS5_BAD,     /* client's fault: send `reply` if any, then close */
};

/* Reply codes of RFC 1928, section 6. */
enum skw_socks5_code {
	SKW_SOCKS5_SUCCEEDED = 0,
	SKW_SOCKS5_FAILURE = 1,
	SKW_SOCKS5_NOT_ALLOWED = 2,
	SKW_SOCKS5_NET_UNREACHABLE = 3,
	SKW_SOCKS5_HOST_UNREACHABLE = 4,
	SKW_SOCKS5_REFUSED = 5,
	SKW_SOCKS5_TTL_EXPIRED = 6,
	SKW_SOCKS5_NO_COMMAND = 7,
	SKW_SOCKS5_NO_ADDRESS_TYPE = 8,
};

/* The caller owns it and sets it to zero, but for `allow` and `users`; host and port are valid
 * after SKW_SOCKS5_REQUEST. */
struct skw_socks5 {
	/* Whether this name and password are somebody's; NULL: whoever comes is welcome. */
	bool (*allow)(const void *users, const uint8_t *name, size_t name_len,
		      const uint8_t *password, size_t password_len);
	const void *users;
	uint8_t command;
	char host[SKW_SOCKS5_HOST_MAX + 1];
	uint16_t port;
	uint8_t reply[SKW_SOCKS5_REPLY_LEN]; /* to be sent after this call */
	size_t reply_len;
	uint8_t buffer[3 + 255 + 255]; /* the rest is for skw_socks5.c */
	size_t have;
	int phase;
};

/* Takes up to `len` bytes; *used tells how many. Call again with the rest while MORE and bytes are
 * left. */
enum skw_socks5_status skw_socks5_input(struct skw_socks5 *s, const uint8_t *data, size_t len,
					size_t *used);

/* The answer to a request. */
void skw_socks5_reply(uint8_t out[SKW_SOCKS5_REPLY_LEN], enum skw_socks5_code code);
/* The good answer to UDP ASSOCIATE: datagrams to `bound`, please. Its length. */
size_t skw_socks5_reply_at(uint8_t out[SKW_SOCKS5_REPLY_MAX], const struct sockaddr *bound);

/* What stands before a client's datagram (section 7): its length and where it goes; 0 if it is
 * none, or a fragment. */
size_t skw_socks5_udp(const uint8_t *data, size_t len, char host[SKW_SOCKS5_HOST_MAX + 1],
		      uint16_t *port);

#endif
