#include "ledger/skw_bip39.h"

#include <stdlib.h>
#include <string.h>

#include <nettle/pbkdf2.h>
#include <sodium.h>

#include "ledger/skw_sha256.h"

enum { BITS = 11, MOST = 24, ROUNDS = 2048 };

/* 264 bits at most: entropy and the checksum after it. */
struct bits {
	uint8_t b[33];
};

static unsigned bits_at(const struct bits *bits, unsigned word)
{
	unsigned value = 0;

	for (unsigned i = word * BITS; i < (word + 1) * BITS; i++)
		value = value << 1 | (bits->b[i / 8] >> (7 - i % 8) & 1);
	return value;
}

static void set_bits(struct bits *bits, unsigned word, unsigned value)
{
	for (unsigned i = 0; i < BITS; i++) {
		unsigned at = word * BITS + i;

		bits->b[at / 8] |= (uint8_t)((value >> (BITS - 1 - i) & 1) << (7 - at % 8));
	}
}

bool skw_bip39_print(char out[SKW_BIP39_TEXT], const uint8_t *entropy, size_t len)
{
	struct bits bits = { { 0 } };
	struct skw_sha256 sum;
	char *at = out;

	if (len < 16 || len > 32 || len % 4 != 0)
		return false;
	skw_sha256_of(&sum, entropy, len);
	memcpy(bits.b, entropy, len);
	bits.b[len] = sum.b[0]; /* more than the len / 4 bits that are used */
	for (unsigned i = 0; i < len * 3 / 4; i++) {
		const char *word = skw_bip39_words[bits_at(&bits, i)];

		if (i > 0)
			*at++ = ' ';
		memcpy(at, word, strlen(word));
		at += strlen(word);
	}
	*at = '\0';
	sodium_memzero(&bits, sizeof(bits));
	sodium_memzero(&sum, sizeof(sum));
	return true;
}

static int find(const char *word, size_t len)
{
	size_t low = 0, high = SKW_BIP39_WORDS;

	if (len == 0 || len > SKW_BIP39_WORD)
		return -1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(word, skw_bip39_words[middle], len);

		if (order == 0 && skw_bip39_words[middle][len] != '\0')
			order = -1; /* only its beginning */
		if (order == 0)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

static enum skw_bip39_status read_words(struct bits *bits, unsigned *count, const char *text)
{
	enum skw_bip39_status status = SKW_BIP39_OK;

	for (*count = 0;; text++) {
		size_t len = strcspn(text, " ");
		int value = find(text, len);

		if (len == 0 || *count == MOST)
			return SKW_BIP39_COUNT;
		if (value < 0)
			status = SKW_BIP39_WORD_NOT;
		else
			set_bits(bits, *count, (unsigned)value);
		++*count;
		text += len;
		if (*text == '\0')
			break;
	}
	return *count < 12 || *count % 3 != 0 ? SKW_BIP39_COUNT : status;
}

enum skw_bip39_status skw_bip39_parse(uint8_t out[32], size_t *len, const char *text)
{
	struct bits bits = { { 0 } };
	struct skw_sha256 sum;
	unsigned count, used;
	enum skw_bip39_status status = read_words(&bits, &count, text);

	if (status == SKW_BIP39_OK) {
		*len = count * 4 / 3;
		used = (unsigned)*len / 4; /* bits of checksum */
		skw_sha256_of(&sum, bits.b, *len);
		if (bits.b[*len] >> (8 - used) == sum.b[0] >> (8 - used))
			memcpy(out, bits.b, *len);
		else
			status = SKW_BIP39_CHECKSUM;
		sodium_memzero(&sum, sizeof(sum));
	}
	sodium_memzero(&bits, sizeof(bits));
	return status;
}

enum skw_bip39_status skw_bip39_check(const char *text)
{
	uint8_t entropy[32];
	size_t len;
	enum skw_bip39_status status = skw_bip39_parse(entropy, &len, text);

	sodium_memzero(entropy, sizeof(entropy));
	return status;
}

void skw_bip39_seed(uint8_t out[SKW_BIP39_SEED], const char *text, const char *passphrase)
{
	static const char prefix[] = "mnemonic";
	size_t len = sizeof(prefix) - 1 + strlen(passphrase);
	uint8_t *salt = sodium_malloc(len);

	if (salt == NULL)
		abort(); /* a few bytes: nothing works any more */
	memcpy(salt, prefix, sizeof(prefix) - 1);
	memcpy(salt + sizeof(prefix) - 1, passphrase, strlen(passphrase));
	nettle_pbkdf2_hmac_sha512(strlen(text), (const uint8_t *)text, ROUNDS, len, salt,
				  SKW_BIP39_SEED, out);
	sodium_free(salt);
}

const char *skw_bip39_status_text(enum skw_bip39_status status)
{
	switch (status) {
	case SKW_BIP39_OK:
		return "ok";
	case SKW_BIP39_COUNT:
		return "not 12, 15, 18, 21 or 24 words with single spaces between them";
	case SKW_BIP39_WORD_NOT:
		return "a word is not in the BIP-39 list";
	case SKW_BIP39_CHECKSUM:
		return "the words' checksum is wrong: one is mistyped or two are exchanged";
	}
	return "?";
}
