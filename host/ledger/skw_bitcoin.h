/* skw_bitcoin - the same keys in Bitcoin's clothes.
 *
 *   address   base58( 0x00 || RIPEMD160(H(public key)) || checksum )
 *   WIF       base58( 0x80 || secret || 0x01 || checksum )           checksum: of H(H(x)), 4 bytes
 */
#ifndef SKW_BITCOIN_H
#define SKW_BITCOIN_H

#include "ledger/skw_coin_key.h"

#define SKW_BITCOIN_TEXT 36u
#define SKW_WIF_TEXT 53u

void skw_bitcoin_print(char out[SKW_BITCOIN_TEXT], const struct skw_coin_public *public_key);
/* An address of this form: well made, for a key. Others of Bitcoin's (3..., bc1...) are not. */
bool skw_bitcoin_valid(const char *text);
void skw_wif_print(char out[SKW_WIF_TEXT], const struct skw_coin_secret *secret);
/* Only keys with compressed public keys, of the main net: others have other addresses. */
bool skw_wif_parse(struct skw_coin_secret *out, const char *text);

#endif
