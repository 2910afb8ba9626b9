/* rooms: wire keys ledger
 *
 * skw_wallet: a wallet file. What opens has keys that belong together; saved and opened again it is
 * the same wallet. */

#include "ledger/skw_wallet.h"
#include "skw_fuzz.h"

static void same(const struct skw_wallet *a, const struct skw_wallet *b)
{
	FUZZ_CHECK(skw_wallet_count(a) == skw_wallet_count(b));
	FUZZ_CHECK(strcmp(skw_wallet_label(a), skw_wallet_label(b)) == 0);
	for (size_t i = 0; i < skw_wallet_count(a); i++)
		FUZZ_CHECK(memcmp(skw_wallet_entry(a, i), skw_wallet_entry(b, i),
				  sizeof(struct skw_wallet_entry)) == 0);
}

static void check(struct skw_wallet *wallet)
{
	char path[] = "/tmp/skw-fuzz-XXXXXX";
	struct skw_wallet *back;

	for (size_t i = 0; i < skw_wallet_count(wallet); i++) {
		const struct skw_wallet_entry *e = skw_wallet_entry(wallet, i);
		struct skw_address address;

		FUZZ_CHECK(skw_address_of_secret(&address, &e->secret));
		FUZZ_CHECK(skw_address_equal(&address, &e->address));
		FUZZ_CHECK(skw_wallet_find(wallet, &address) != NULL);
	}
	close(mkstemp(path));
	FUZZ_CHECK(skw_wallet_save(wallet, path) == SKW_WALLET_OK);
	FUZZ_CHECK(skw_wallet_load(&back, path) == SKW_WALLET_OK);
	same(wallet, back);
	skw_wallet_free(back);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	struct skw_wallet *wallet = NULL;
	enum skw_wallet_status status = skw_wallet_parse(&wallet, (const char *)copy, size);

	FUZZ_CHECK((status == SKW_WALLET_OK) == (wallet != NULL));
	FUZZ_CHECK(skw_wallet_status_text(status) != NULL);
	if (wallet != NULL)
		check(wallet);
	skw_wallet_free(wallet);
	free(copy);
	return 0;
}

static void seed(const char *name, enum skw_wallet_kind kind, const char *words)
{
	const struct skw_wallet_options options = { .kind = kind, .seed = words, .label = "label" };
	const struct skw_coin_secret one = { { [31] = 1 } };
	char path[] = "/tmp/skw-fuzz-XXXXXX", text[8192];
	struct skw_wallet *wallet;
	FILE *f;

	close(mkstemp(path));
	FUZZ_CHECK(skw_wallet_make(&wallet, &options, 1700000000) == SKW_WALLET_OK);
	if (kind == SKW_WALLET_COLLECTION)
		FUZZ_CHECK(skw_wallet_add(wallet, &one) == SKW_WALLET_OK);
	else
		FUZZ_CHECK(skw_wallet_grow(wallet, 2) == SKW_WALLET_OK);
	FUZZ_CHECK(skw_wallet_save(wallet, path) == SKW_WALLET_OK);
	skw_wallet_free(wallet);
	f = fopen(path, "rb");
	FUZZ_CHECK(f != NULL);
	fuzz_seed(name, text, fread(text, 1, sizeof(text), f));
	fclose(f);
	unlink(path);
}

static void seeds(void)
{
	seed("two", SKW_WALLET_DETERMINISTIC, "fuzz seed");
	seed("collection", SKW_WALLET_COLLECTION, NULL);
	seed("bip44", SKW_WALLET_BIP44,
	     "legal winner thank year wave sausage worth useful legal winner thank yellow");
}

FUZZ_START(seeds)
