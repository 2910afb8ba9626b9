/* Who may make us compute: the two codes behind an INIT, and the cookie between them.
 *
 *   INIT    1 | ... | mac1 | mac2
 *   COOKIE  4 | receiver u32 | nonce 24 | XChaCha20-Poly1305 { cookie }
 *
 * mac1 is keyed with our address: who does not know it gets not even a computation out of us. In a
 * flood we also ask for mac2, keyed with a cookie that was sent to where the INIT claims to come
 * from; so whoever is served has shown that it is there, and one machine gets only its share. The
 * scheme is WireGuard's ("Next Generation Kernel Network Tunnel", 5.4.4 and 5.4.7).
 */
#include "link/skw_link_state.h"

#include <string.h>

#include <sodium.h>

#include "wire/skw_cursor.h"

/* BLAKE2b-256 of a label and an address: both ends can compute it. */
static void address_key(uint8_t key[32], const char *label, const struct skw_node_address *address)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, 32);
	crypto_generichash_update(&st, (const uint8_t *)label, strlen(label));
	crypto_generichash_update(&st, address->bytes, SKW_KEY_LEN);
	crypto_generichash_final(&st, key, 32);
}

void link_put_macs(struct skw_link *link, const struct peer *peer, uint8_t init[INIT_LEN])
{
	uint8_t *mac1 = init + INIT_LEN - 2 * MAC_LEN, *mac2 = mac1 + MAC_LEN, key[32];

	address_key(key, "skywave mac1", &peer->address);
	crypto_generichash(mac1, MAC_LEN, init, INIT_LEN - 2 * MAC_LEN, key, sizeof(key));
	memset(mac2, 0, MAC_LEN);
	if (peer->cookie_until_us > link->now_us)
		crypto_generichash(mac2, MAC_LEN, init, INIT_LEN - MAC_LEN, peer->cookie,
				   COOKIE_LEN);
}

/* ---- the one who is called --------------------------------------------------------------------
 */

/* A new secret every COOKIE_LIFE_US; the one before it still counts. */
static void renew_secret(struct skw_link *link)
{
	uint64_t age = link->has_secret ? link->now_us - link->secret_us : UINT64_MAX;

	if (age < COOKIE_LIFE_US)
		return;
	if (age < 2 * COOKIE_LIFE_US)
		memcpy(link->secret[1], link->secret[0], COOKIE_SECRET);
	else
		skw_random_bytes(&link->config.random, link->secret[1], COOKIE_SECRET);
	skw_random_bytes(&link->config.random, link->secret[0], COOKIE_SECRET);
	link->secret_us = link->now_us;
	link->has_secret = true;
}

static void cookie_for(uint8_t cookie[COOKIE_LEN], const struct skw_link_endpoint *from,
		       const uint8_t secret[COOKIE_SECRET])
{
	uint8_t place[2 + SKW_LINK_ADDR_MAX] = { from->port, from->len };

	memcpy(place + 2, from->addr, from->len);
	crypto_generichash(cookie, COOKIE_LEN, place, 2u + from->len, secret, COOKIE_SECRET);
}

static bool shows_cookie(struct skw_link *link, const struct skw_link_endpoint *from,
			 const uint8_t *frame, size_t len)
{
	uint8_t cookie[COOKIE_LEN], mac2[MAC_LEN];
	bool good = false;

	for (int i = 0; i < 2; i++) {
		cookie_for(cookie, from, link->secret[i]);
		crypto_generichash(mac2, MAC_LEN, frame, len - MAC_LEN, cookie, COOKIE_LEN);
		good |= sodium_memcmp(mac2, frame + len - MAC_LEN, MAC_LEN) == 0;
	}
	return good;
}

static void give_cookie(struct skw_link *link, const struct skw_link_endpoint *from,
			const uint8_t *frame, size_t len)
{
	uint8_t out[COOKIE_FRAME], cookie[COOKIE_LEN], key[32];
	struct skw_writer w = skw_writer(out, sizeof(out));
	uint8_t *nonce;

	skw_put_u8(&w, FRAME_COOKIE);
	skw_put_bytes(&w, frame + 1, 4); /* the caller's index */
	nonce = w.at;
	skw_random_bytes(&link->config.random, nonce, COOKIE_NONCE);
	cookie_for(cookie, from, link->secret[0]);
	address_key(key, "skywave cookie", &link->config.identity->address);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + COOKIE_NONCE, NULL, cookie, COOKIE_LEN,
						   frame + len - 2 * MAC_LEN, MAC_LEN, NULL, nonce,
						   key);
	if (link_queue(link, from, 0, SKW_LINK_URGENT, out, sizeof(out)))
		link->counters.cookies++;
}

/* One machine's share, by the time at which it has used up what it did (GCRA). Machines that fall
 * on one place share it; which ones do, nobody outside can know. */
static bool within_share(struct skw_link *link, const struct skw_link_endpoint *from)
{
	size_t len = from->machine > 0 && from->machine < from->len ? from->machine : from->len;
	uint8_t hash[16];
	uint64_t *until, at;

	crypto_generichash(hash, sizeof(hash), from->addr, len, link->secret[0], COOKIE_SECRET);
	until = &link->share_until_us[hash[0] % SHARES];
	at = *until > link->now_us ? *until : link->now_us;
	if (at - link->now_us > SHARE_BURST * SHARE_US)
		return false;
	*until = at + SHARE_US;
	return true;
}

/* A token bucket for all of them: a flood costs no more than HANDSHAKES_PER_SECOND. Its lower half
 * is for those with a cookie. */
bool link_admit_init(struct skw_link *link, const struct skw_link_endpoint *from,
		     const uint8_t *frame, size_t len)
{
	const uint64_t price = 1000000 / HANDSHAKES_PER_SECOND;
	uint8_t mac1[MAC_LEN], key[32];

	address_key(key, "skywave mac1", &link->config.identity->address);
	crypto_generichash(mac1, MAC_LEN, frame, len - 2 * MAC_LEN, key, sizeof(key));
	if (sodium_memcmp(mac1, frame + len - 2 * MAC_LEN, MAC_LEN) != 0)
		return false;
	link->tokens += link->now_us - link->tokens_us;
	link->tokens_us = link->now_us;
	if (link->tokens > HANDSHAKES_BURST * price)
		link->tokens = HANDSHAKES_BURST * price;
	if (link->tokens < HANDSHAKES_BURST / 2 * price) {
		renew_secret(link);
		if (!shows_cookie(link, from, frame, len)) {
			give_cookie(link, from, frame, len);
			return false;
		}
		if (link->tokens < price || !within_share(link, from))
			return false;
	}
	link->tokens -= price;
	return true;
}

/* ---- the caller -------------------------------------------------------------------------------
 */

/* It is said again at once, but once only: whoever knows both addresses and sees the INIT could
 * forge a COOKIE, and must not make us talk more than he does. */
enum skw_link_status link_on_cookie(struct skw_link *link, const uint8_t *frame, size_t len)
{
	struct skw_reader r = skw_reader(frame + 1, len - 1);
	struct peer *peer = link_attempt_of(link, skw_get_u32(&r));
	uint8_t cookie[COOKIE_LEN], key[32];

	if (len < COOKIE_FRAME || len > HANDSHAKE_MAX || peer == NULL) {
		link->counters.garbage++;
		return SKW_LINK_DROPPED;
	}
	address_key(key, "skywave cookie", &peer->address);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		cookie, NULL, NULL, r.at + COOKIE_NONCE, COOKIE_LEN + COOKIE_TAG,
		peer->attempt.frame + INIT_LEN - 2 * MAC_LEN, MAC_LEN, r.at, key) != 0) {
		link->counters.forged++;
		return SKW_LINK_DROPPED;
	}
	memcpy(peer->cookie, cookie, COOKIE_LEN);
	peer->cookie_until_us = link->now_us + COOKIE_LIFE_US;
	if (!peer->attempt.hurried) {
		peer->attempt.hurried = true;
		link_resend_init(link, peer);
	}
	return SKW_LINK_OK;
}
