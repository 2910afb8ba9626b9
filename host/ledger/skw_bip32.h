/* skw_bip32 - trees of keys (BIP-32), and the branch that wallets use (BIP-44).
 *
 *   I = HMAC-SHA512(chain code, hardened ? 0 || secret || i : public || i)
 *   child secret = secret + I[0..31], child chain code = I[32..63]
 *
 *   m / 44' / coin' / account' / change / i      coin 8000 is Skycoin, 0 Bitcoin
 *
 * As text: base58check of 78 bytes, "xprv..." or "xpub...".
 */
#ifndef SKW_BIP32_H
#define SKW_BIP32_H

#include "ledger/skw_coin_key.h"

#define SKW_BIP32_TEXT 113u
#define SKW_BIP32_HARDENED 0x80000000u
#define SKW_BIP44_SKYCOIN 8000u
#define SKW_BIP44_BITCOIN 0u

struct skw_bip32 {
	bool is_private;
	uint8_t depth;
	uint8_t parent[4]; /* fingerprint */
	uint32_t index;
	uint8_t chain[32];
	struct skw_coin_public public_key;
	struct skw_coin_secret secret; /* zero unless private */
};

/* From 16 to 64 bytes of seed; false for other lengths and the seed in 2^127 that has no key. */
bool skw_bip32_master(struct skw_bip32 *out, const uint8_t *seed, size_t len);
/* False for a hardened child of a public key, at depth 255 and for the index in 2^127 without a
 * key. `out` may be `parent`. */
bool skw_bip32_child(struct skw_bip32 *out, const struct skw_bip32 *parent, uint32_t index);
/* m / 44' / coin' / account' */
bool skw_bip44_account(struct skw_bip32 *out, const uint8_t *seed, size_t len, uint32_t coin,
		       uint32_t account);
/* The same without its secret. */
void skw_bip32_public(struct skw_bip32 *out, const struct skw_bip32 *key);

void skw_bip32_print(char out[SKW_BIP32_TEXT], const struct skw_bip32 *key);
/* False for anything that is not exactly one key: length, checksum, version, a private key of a
 * public version, a root with a parent, a number that is no key. */
bool skw_bip32_parse(struct skw_bip32 *out, const char *text);

#endif
