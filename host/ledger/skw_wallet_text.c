/* The wallet's words for people. */
#include "ledger/skw_wallet.h"

const char *skw_wallet_kind_name(enum skw_wallet_kind kind)
{
	switch (kind) {
	case SKW_WALLET_DETERMINISTIC:
		return "deterministic";
	case SKW_WALLET_BIP44:
		return "bip44";
	case SKW_WALLET_COLLECTION:
		return "collection";
	case SKW_WALLET_XPUB:
		return "xpub";
	}
	return "?";
}

const char *skw_wallet_coin_name(enum skw_wallet_coin coin)
{
	return coin == SKW_WALLET_BITCOIN ? "bitcoin" : "skycoin";
}

const char *skw_wallet_status_text(enum skw_wallet_status status)
{
	switch (status) {
	case SKW_WALLET_OK:
		return "ok";
	case SKW_WALLET_SEED:
		return "the seed is empty, too long or not UTF-8";
	case SKW_WALLET_WORDS:
		return "a bip44 wallet needs the 12 or 24 words of BIP-39, and these are not";
	case SKW_WALLET_XPUB_KEY:
		return "an xpub wallet needs an extended public key, and this is none";
	case SKW_WALLET_MANY:
		return "too many addresses";
	case SKW_WALLET_FILE:
		return "the file cannot be read or written";
	case SKW_WALLET_EXISTS:
		return "the file exists already";
	case SKW_WALLET_FORMAT:
		return "not a wallet file";
	case SKW_WALLET_TYPE:
		return "this cannot be done with a wallet of this type or coin";
	case SKW_WALLET_ENCRYPTED:
		return "the wallet is encrypted";
	case SKW_WALLET_PLAIN:
		return "the wallet is not encrypted";
	case SKW_WALLET_CIPHER:
		return "its secrets are not a ciphertext that we know";
	case SKW_WALLET_COST:
		return "opening it would take more memory or work than any wallet needs: refused";
	case SKW_WALLET_PASSWORD:
		return "wrong password, or the file was altered";
	case SKW_WALLET_KEYS:
		return "an address does not belong to its key";
	case SKW_WALLET_DUPLICATE:
		return "an address is in it twice";
	case SKW_WALLET_LATER:
		return "the key is not made yet";
	case SKW_WALLET_MEMORY:
		return "out of memory";
	}
	return "?";
}
