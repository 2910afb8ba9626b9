#include "ledger/skw_rest_guard.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "ledger/skw_sha256.h"
#include "wire/skw_cursor.h"

enum { TIME_LEN = 8, MAC_LEN = 32, TOKEN_LEN = TIME_LEN + MAC_LEN };

void skw_rest_guard_init(struct skw_rest_guard *guard, const uint8_t key[32], bool csrf,
			 const char *address, uint16_t port)
{
	*guard = (struct skw_rest_guard) { .csrf = csrf, .port = port };
	memcpy(guard->key, key, sizeof(guard->key));
	guard->host = strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
	snprintf(guard->name, sizeof(guard->name), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
		 address, port);
}

static void make(uint8_t token[TOKEN_LEN], const struct skw_rest_guard *guard, uint64_t time)
{
	struct skw_writer w = skw_writer(token, TIME_LEN);

	skw_put_u64(&w, time);
	crypto_auth_hmacsha256(token + TIME_LEN, token, TIME_LEN, guard->key);
}

void skw_rest_guard_token(char out[SKW_REST_TOKEN_TEXT], const struct skw_rest_guard *guard,
			  uint64_t now_unix)
{
	uint8_t token[TOKEN_LEN];

	make(token, guard, now_unix);
	skw_ledger_hex_print(out, token, sizeof(token));
}

static const char *check_token(const struct skw_rest_guard *guard, const char *text,
			       uint64_t now_unix)
{
	uint8_t token[TOKEN_LEN], right[TOKEN_LEN];
	struct skw_reader r = skw_reader(token, TIME_LEN);
	uint64_t time;

	if (text == NULL || !skw_ledger_hex_parse(token, sizeof(token), text, strlen(text)))
		return "invalid CSRF token";
	time = skw_get_u64(&r);
	make(right, guard, time);
	if (sodium_memcmp(token, right, sizeof(right)) != 0)
		return "invalid CSRF token signature";
	if (now_unix < time || now_unix - time > SKW_REST_TOKEN_S)
		return "csrf token expired";
	return NULL;
}

/* "name" or "localhost:port", or one of the others */
static bool is_us(const struct skw_rest_guard *guard, const char *host, size_t len)
{
	char local[32];

	for (const char *other = guard->others; other != NULL && *other != '\0';) {
		size_t n = strcspn(other, ",");

		if (n == len && strncmp(host, other, len) == 0)
			return true;
		other += n + (other[n] == ',');
	}
	snprintf(local, sizeof(local), "localhost:%u", guard->port);
	return (len == strlen(guard->name) && strncmp(host, guard->name, len) == 0) ||
	       (len == strlen(local) && strncmp(host, local, len) == 0);
}

/* The host of a URL (with a scheme) is ours. */
static bool is_our_url(const struct skw_rest_guard *guard, const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return is_us(guard, host, strcspn(host, "/?#"));
}

const char *skw_rest_guard_check(const struct skw_rest_guard *guard,
				 const struct skw_rest_headers *headers, uint64_t now_unix)
{
	const char *from = headers->origin != NULL && *headers->origin != '\0' ? headers->origin
									       : headers->referer;
	bool reads = strcmp(headers->method, "GET") == 0 || strcmp(headers->method, "HEAD") == 0;

	if (guard->host && headers->host != NULL && *headers->host != '\0' &&
	    !is_us(guard, headers->host, strlen(headers->host)))
		return "Invalid Host"; /* browsers always send one; who does not is no browser */
	if (from != NULL && *from != '\0' && strstr(from, "://") == NULL)
		return "Invalid URL in Origin or Referer header";
	if (from != NULL && *from != '\0' && !is_our_url(guard, from))
		return "Invalid Origin or Referer";
	return guard->csrf && !reads ? check_token(guard, headers->token, now_unix) : NULL;
}

/* A MAC of both, so that no password is kept. */
static void login_mac(uint8_t mac[32], const struct skw_rest_guard *guard, const char *pair,
		      size_t len)
{
	crypto_auth_hmacsha256(mac, (const uint8_t *)pair, len, guard->key);
}

void skw_rest_guard_login(struct skw_rest_guard *guard, const char *user, const char *password)
{
	char pair[512];
	int n = snprintf(pair, sizeof(pair), "%s:%s", user, password);

	guard->login = true;
	login_mac(guard->login_mac, guard, pair,
		  n < (int)sizeof(pair) ? (size_t)n : sizeof(pair) - 1);
	sodium_memzero(pair, sizeof(pair));
}

bool skw_rest_guard_knows(const struct skw_rest_guard *guard, const char *authorization)
{
	char pair[512] = "";
	uint8_t mac[32];
	size_t len = 0;
	bool told, ok;

	told = authorization != NULL && strncasecmp(authorization, "Basic ", 6) == 0 &&
	       sodium_base642bin((uint8_t *)pair, sizeof(pair), authorization + 6,
				 strlen(authorization + 6), " ", &len, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0;
	if (guard->login) {
		login_mac(mac, guard, pair, len);
		ok = told && sodium_memcmp(mac, guard->login_mac, sizeof(mac)) == 0;
	} else {
		ok = !told || len == 0 || (len == 1 && pair[0] == ':');
	}
	sodium_memzero(pair, sizeof(pair));
	return ok;
}

bool skw_rest_guard_shares(const struct skw_rest_guard *guard, const char *origin)
{
	return origin != NULL && strncmp(origin, "http://", 7) == 0 &&
	       is_us(guard, origin + 7, strlen(origin + 7));
}
