/* skw_rest_guard - keeps a browser's other pages from the REST interface, as the original does.
 *
 *   Host                    must name this very interface where it is loopback: against DNS
 *                           rebinding
 *   Origin, else Referer    must name it, if sent
 *   Authorization           must tell the user and the password, where there are any (RFC 7617);
 * where there are none it must not, so that nobody believes to be protected who is not X-CSRF-Token
 * must come with all but GET and HEAD: a token of ours, under 30 s old
 *
 * A token is time || HMAC-SHA-256(key, time), so that none need be remembered.
 */
#ifndef SKW_REST_GUARD_H
#define SKW_REST_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_REST_TOKEN_S 30u
#define SKW_REST_TOKEN_TEXT 82u /* with the end */

struct skw_rest_guard {
	uint8_t key[32];
	bool csrf;
	bool host;  /* check Host */
	bool login; /* ask for a user and a password */
	uint8_t login_mac[32];
	const char *others; /* further names that it goes by, "host:port,..."; NULL: none */
	char name[64];      /* 127.0.0.1:6420, or what else we listen on */
	uint16_t port;
};

/* `key` is 32 random bytes. Host checks are on where `address` is loopback. */
void skw_rest_guard_init(struct skw_rest_guard *guard, const uint8_t key[32], bool csrf,
			 const char *address, uint16_t port);
/* From now on these must come with every request. */
void skw_rest_guard_login(struct skw_rest_guard *guard, const char *user, const char *password);
/* The header's value, NULL if it was not sent; false: 401. */
bool skw_rest_guard_knows(const struct skw_rest_guard *guard, const char *authorization);
/* A page of this origin ("http://host:port") may read the answers: it is one of the names. */
bool skw_rest_guard_shares(const struct skw_rest_guard *guard, const char *origin);

/* Headers; NULL for those that were not sent. */
struct skw_rest_headers {
	const char *method;
	const char *host;
	const char *origin;
	const char *referer;
	const char *token;
};
/* NULL if the request may pass, else the words after "403 Forbidden - ". */
const char *skw_rest_guard_check(const struct skw_rest_guard *guard,
				 const struct skw_rest_headers *headers, uint64_t now_unix);
void skw_rest_guard_token(char out[SKW_REST_TOKEN_TEXT], const struct skw_rest_guard *guard,
			  uint64_t now_unix);

#endif
