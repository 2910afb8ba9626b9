/* skw_bip39 - secrets as English words (BIP-39).
 *
 *   entropy of ENT bits || its checksum, the first ENT / 32 bits of H(entropy)
 *   -> 11 bits a word, 12 to 24 words with single spaces
 *   -> PBKDF2-HMAC-SHA512(words, "mnemonic" || passphrase, 2048 rounds): a seed of 64 bytes
 *
 * A passphrase is taken as its bytes, as the original does: who uses letters beyond ASCII must type
 * them in the same Unicode form (NFKD, says the standard) everywhere.
 */
#ifndef SKW_BIP39_H
#define SKW_BIP39_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_BIP39_WORDS 2048u
#define SKW_BIP39_WORD 8u   /* letters of the longest */
#define SKW_BIP39_TEXT 216u /* 24 words, their spaces and the end */
#define SKW_BIP39_SEED 64u

enum skw_bip39_status {
	SKW_BIP39_OK,
	SKW_BIP39_COUNT,    /* not 12, 15, 18, 21 or 24 words with single spaces */
	SKW_BIP39_WORD_NOT, /* a word is not in the list */
	SKW_BIP39_CHECKSUM, /* a word is wrong, or two are exchanged */
};

/* In the list's order, which is the alphabet's. */
extern const char skw_bip39_words[SKW_BIP39_WORDS][SKW_BIP39_WORD + 1];

const char *skw_bip39_status_text(enum skw_bip39_status status);
/* False unless `len` is 16, 20, 24, 28 or 32 bytes. */
bool skw_bip39_print(char out[SKW_BIP39_TEXT], const uint8_t *entropy, size_t len);
/* The entropy of words, and so whether they are what somebody once wrote down. */
enum skw_bip39_status skw_bip39_parse(uint8_t out[32], size_t *len, const char *text);
enum skw_bip39_status skw_bip39_check(const char *text);
/* Does not check the words. */
void skw_bip39_seed(uint8_t out[SKW_BIP39_SEED], const char *text, const char *passphrase);

#endif
