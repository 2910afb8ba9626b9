/* rooms: ledger wire
 * Wallet files of every kind: written, read, locked, unlocked, and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/skw_bip32.h"
#include "ledger/skw_bip39.h"
#include "ledger/skw_bitcoin.h"
#include "ledger/skw_wallet.h"
#include "skw_ledger_vectors.h"

#define WORDS "legal winner thank year wave sausage worth useful legal winner thank yellow"

static const struct skw_crypt_cost tiny = { 16, 1, 1 };

static struct skw_wallet *make(enum skw_wallet_kind kind, enum skw_wallet_coin coin, size_t count)
{
	const char *passphrase = kind == SKW_WALLET_BIP44 ? "pass" : NULL;
	const struct skw_wallet_options options = { .kind = kind,
						    .coin = coin,
						    .seed = WORDS,
						    .passphrase = passphrase,
						    .label = "a label" };
	struct skw_wallet *w;

	assert_int_equal(skw_wallet_make(&w, &options, 7), SKW_WALLET_OK);
	if (kind != SKW_WALLET_COLLECTION)
		assert_int_equal(skw_wallet_grow(w, count), SKW_WALLET_OK);
	for (size_t i = 0; kind == SKW_WALLET_COLLECTION && i < count; i++) {
		struct skw_coin_secret secret = { { [31] = (uint8_t)(i + 1) } };

		assert_int_equal(skw_wallet_add(w, &secret), SKW_WALLET_OK);
	}
	if (kind == SKW_WALLET_BIP44)
		assert_int_equal(skw_wallet_grow_change(w, count), SKW_WALLET_OK);
	return w;
}

/* The file's text; the caller's. */
static char *text_of(struct skw_wallet *w)
{
	char path[] = "/tmp/skw-wlt-XXXXXX", *text;

	close(mkstemp(path));
	assert_int_equal(skw_wallet_save(w, path), SKW_WALLET_OK);
	text = read_text(path);
	unlink(path);
	return text;
}

static void assert_same(const struct skw_wallet *a, const struct skw_wallet *b)
{
	assert_int_equal(skw_wallet_count(a), skw_wallet_count(b));
	for (size_t i = 0; i < skw_wallet_count(a); i++) {
		const struct skw_wallet_entry *entry = skw_wallet_entry(a, i),
					      *other = skw_wallet_find(b, &entry->address);

		assert_non_null(other);
		assert_memory_equal(entry, other, sizeof(*entry));
	}
	assert_string_equal(skw_wallet_seed(a), skw_wallet_seed(b));
	assert_string_equal(skw_wallet_passphrase(a), skw_wallet_passphrase(b));
	assert_string_equal(skw_wallet_label(a), skw_wallet_label(b));
}

static struct skw_wallet *read_back(const char *text)
{
	struct skw_wallet *w;

	assert_int_equal(skw_wallet_read(&w, text, strlen(text)), SKW_WALLET_OK);
	return w;
}

static void every_kind_is_written_and_read(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind <= SKW_WALLET_COLLECTION; kind++)
		for (unsigned coin = 0; coin <= SKW_WALLET_BITCOIN; coin++) {
			struct skw_wallet *w = make(kind, coin, 3), *back, *locked;
			char *text = text_of(w), *sealed;

			back = read_back(text);
			assert_same(w, back);
			assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_PLAIN);
			assert_int_equal(skw_wallet_lock(back, coin, &tiny, ""),
					 SKW_WALLET_PASSWORD);
			assert_int_equal(skw_wallet_lock(back, coin, &tiny, "pw"), SKW_WALLET_OK);
			assert_true(skw_wallet_locked(back));
			assert_int_equal(skw_wallet_lock(back, coin, &tiny, "pw"),
					 SKW_WALLET_ENCRYPTED);
			if (kind != SKW_WALLET_BIP44) /* that one has its chains' public keys */
				assert_int_equal(skw_wallet_grow(back, 1), SKW_WALLET_ENCRYPTED);
			assert_string_equal(skw_wallet_seed(back), "");
			assert_string_equal(skw_wallet_passphrase(back), "");
			for (size_t i = 0; i < skw_wallet_count(back); i++)
				assert_true(
				    sodium_is_zero(skw_wallet_entry(back, i)->secret.b, 32));
			sealed = text_of(back);
			assert_null(strstr(sealed, "sausage"));
			assert_null(strstr(sealed, "xprv"));
			assert_int_equal(skw_wallet_parse(&locked, sealed, strlen(sealed)),
					 coin == SKW_WALLET_BITCOIN ? SKW_WALLET_TYPE
								    : SKW_WALLET_ENCRYPTED);
			locked = read_back(sealed);
			assert_int_equal(skw_wallet_unlock(locked, "no"), SKW_WALLET_PASSWORD);
			assert_true(skw_wallet_locked(locked));
			assert_int_equal(skw_wallet_unlock(locked, "pw"), SKW_WALLET_OK);
			assert_same(w, locked);
			assert_int_equal(skw_wallet_relock(locked, "pw"), SKW_WALLET_OK);
			assert_int_equal(skw_wallet_unlock(locked, "pw"), SKW_WALLET_OK);
			skw_wallet_free(w);
			skw_wallet_free(back);
			skw_wallet_free(locked);
			free(text);
			free(sealed);
		}
}

/* The layout that the original reads: names, order of nesting, types. */
static void the_layout_is_the_originals(void **state)
{
	struct skw_wallet *w = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 2);
	char *text = text_of(w), first[SKW_BIP32_TEXT];
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *account, *chain, *entry;
	struct skw_bip32 key;
	uint8_t seed[64];
	char address[SKW_ADDRESS_TEXT];
	struct skw_address truth;

	(void)state;
	assert_int_equal(strncmp(text, "{\n    \"meta\": {\n        \"bip44Coin\": \"8000\",", 44),
			 0);
	account = json_array_get(json_object_get(root, "accounts"), 0);
	chain = json_array_get(json_object_get(account, "chains"), 1);
	entry = json_array_get(json_object_get(chain, "entries"), 1);
	assert_string_equal(json_string_value(json_object_get(account, "coin_type")), "skycoin");
	assert_int_equal(json_integer_value(json_object_get(account, "index")), 0);
	assert_string_equal(json_string_value(json_object_get(chain, "chain")), "change");
	assert_true(json_is_integer(json_object_get(entry, "child_number")));
	/* m/44'/8000'/0'/1/1 by single steps */
	skw_bip39_seed(seed, WORDS, "pass");
	assert_true(skw_bip32_master(&key, seed, 64));
	assert_true(skw_bip32_child(&key, &key, 44 | SKW_BIP32_HARDENED));
	assert_true(skw_bip32_child(&key, &key, 8000 | SKW_BIP32_HARDENED));
	assert_true(skw_bip32_child(&key, &key, 0 | SKW_BIP32_HARDENED));
	skw_bip32_print(first, &key);
	assert_string_equal(json_string_value(json_object_get(account, "private_key")), first);
	assert_true(skw_bip32_child(&key, &key, 1));
	assert_true(skw_bip32_child(&key, &key, 1));
	assert_true(skw_address_of_secret(&truth, &key.secret));
	skw_address_print(address, &truth);
	assert_string_equal(json_string_value(json_object_get(entry, "address")), address);
	assert_int_equal(strlen(json_string_value(json_object_get(entry, "public"))), 66);
	assert_int_equal(strlen(json_string_value(json_object_get(entry, "secret"))), 64);
	json_decref(root);
	free(text);
	skw_wallet_free(w);
}

/* What the original leaves out when it adds an address without the password. */
static void keys_missing_from_the_ciphertext_of_bip44_are_derived(void **state)
{
	struct skw_wallet *w = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 1), *locked;
	struct skw_wallet *more = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 2);
	char *few, *many;
	json_t *a, *b;

	(void)state;
	assert_int_equal(skw_wallet_lock(w, SKW_CRYPT_SCRYPT, &tiny, "pw"), SKW_WALLET_OK);
	few = text_of(w);
	assert_int_equal(skw_wallet_lock(more, SKW_CRYPT_SCRYPT, &tiny, "pw"), SKW_WALLET_OK);
	many = text_of(more);
	a = json_loads(few, 0, NULL);
	b = json_loads(many, 0, NULL);
	json_object_set(a, "accounts", json_object_get(b, "accounts"));
	json_object_del(a, "entries"); /* newer sources write none */
	free(few);
	few = json_dumps(a, 0);
	locked = read_back(few);
	assert_int_equal(skw_wallet_count(locked), 4);
	assert_int_equal(skw_wallet_unlock(locked, "pw"), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_unlock(more, "pw"), SKW_WALLET_OK);
	assert_same(locked, more);
	json_decref(a);
	json_decref(b);
	free(few);
	free(many);
	skw_wallet_free(w);
	skw_wallet_free(more);
	skw_wallet_free(locked);
}

/* The last release knows no accounts: one list of all addresses. */
static void a_bip44_wallet_of_the_last_release(void **state)
{
	(void)state;
	for (unsigned locks = 0; locks < 2; locks++) {
		struct skw_wallet *w = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 3), *back;
		char *text, xpub[SKW_BIP32_TEXT];
		json_t *root, *list, *second;

		if (locks)
			assert_int_equal(skw_wallet_lock(w, SKW_CRYPT_SCRYPT, &tiny, "pw"),
					 SKW_WALLET_OK);
		text = text_of(w);
		root = json_loads(text, 0, NULL);
		free(text);
		list = json_object_get(root, "entries");
		second = json_array_get(list, 1);
		assert_int_equal(json_array_size(list), 6);
		assert_int_equal(json_integer_value(json_object_get(second, "child_number")), 1);
		assert_int_equal(json_integer_value(json_object_get(second, "change")), 0);
		json_object_del(root, "accounts");
		text = json_dumps(root, 0);
		back = read_back(text);
		free(text);
		assert_int_equal(skw_wallet_count(back), 6);
		if (locks) {
			assert_int_equal(skw_wallet_grow(back, 1), SKW_WALLET_ENCRYPTED);
			assert_false(skw_wallet_xpub(xpub, back, 0, 0));
			text = text_of(back); /* as it came */
			assert_null(strstr(text, "accounts"));
			free(text);
			assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_OK);
			assert_int_equal(skw_wallet_unlock(w, "pw"), SKW_WALLET_OK);
		}
		assert_same(w, back);
		assert_true(skw_wallet_xpub(xpub, back, 0, 0));
		text = text_of(back); /* both forms from now on */
		assert_non_null(strstr(text, "accounts"));
		free(text);
		skw_wallet_free(back);
		json_object_set_new(second, "child_number", json_integer(7));
		text = json_dumps(root, 0);
		if (!locks) {
			assert_int_equal(skw_wallet_read(&back, text, strlen(text)),
					 SKW_WALLET_KEYS);
		} else {
			back = read_back(text);
			assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_KEYS);
			skw_wallet_free(back);
		}
		free(text);
		json_decref(root);
		skw_wallet_free(w);
	}
}

/* The forms of one file must not contradict each other. */
static void two_forms_that_differ_are_refused(void **state)
{
	struct skw_wallet *w = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 2), *back;
	char *text = text_of(w);
	json_t *root = json_loads(text, 0, NULL), *list = json_object_get(root, "entries");

	(void)state;
	free(text);
	json_array_remove(list, 3);
	text = json_dumps(root, 0);
	assert_int_equal(skw_wallet_read(&back, text, strlen(text)), SKW_WALLET_KEYS);
	free(text);
	json_array_append_new(list, json_object());
	text = json_dumps(root, 0);
	assert_int_equal(skw_wallet_read(&back, text, strlen(text)), SKW_WALLET_KEYS);
	free(text);
	json_decref(root);
	skw_wallet_free(w);
}

static void a_wallet_grows_on_where_it_was(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind <= SKW_WALLET_BIP44; kind++) {
		struct skw_wallet *w = make(kind, SKW_WALLET_SKYCOIN, 1), *back;
		struct skw_wallet *whole = make(kind, SKW_WALLET_SKYCOIN, 4);
		char *text = text_of(w);

		back = read_back(text);
		assert_int_equal(skw_wallet_grow(back, 1), SKW_WALLET_OK);
		assert_int_equal(skw_wallet_grow(back, 2), SKW_WALLET_OK);
		if (kind == SKW_WALLET_BIP44)
			assert_int_equal(skw_wallet_grow_change(back, 3), SKW_WALLET_OK);
		assert_same(whole, back);
		free(text);
		skw_wallet_free(w);
		skw_wallet_free(back);
		skw_wallet_free(whole);
	}
}

/* As the original can: the chains' public keys are enough for addresses. */
static void a_locked_bip44_wallet_grows_without_its_password(void **state)
{
	struct skw_wallet *w = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 1), *back;
	struct skw_wallet *whole = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 3);
	char *text;

	(void)state;
	assert_int_equal(skw_wallet_lock(w, SKW_CRYPT_SCRYPT, &tiny, "pw"), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_grow(w, 2), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_grow_change(w, 2), SKW_WALLET_OK);
	assert_true(sodium_is_zero(skw_wallet_entry(w, 5)->secret.b, 32));
	text = text_of(w);
	back = read_back(text);
	assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_OK);
	assert_same(whole, back); /* their secrets too */
	free(text);
	skw_wallet_free(w);
	skw_wallet_free(back);
	skw_wallet_free(whole);
}

/* ---- hostile files ---- */

static void cut_anywhere_is_no_wallet(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind <= SKW_WALLET_COLLECTION; kind++) {
		struct skw_wallet *w = make(kind, SKW_WALLET_SKYCOIN, 2), *back;
		char *text = text_of(w);

		for (size_t n = 0; n < strlen(text); n++)
			assert_int_equal(skw_wallet_read(&back, text, n), SKW_WALLET_FORMAT);
		free(text);
		skw_wallet_free(w);
	}
}

/* Replaces every value of the tree, one at a time, by one of another type or sense. */
static unsigned twist(json_t *root, json_t *at)
{
	json_t *const odd[] = { json_null(),     json_true(),     json_integer(-1),
				json_real(1e99), json_string(""), json_string("zz"),
				json_array(),    json_object() };
	size_t count = json_is_array(at) ? json_array_size(at) : json_object_size(at);
	unsigned opened = 0;

	for (size_t i = 0; i < count; i++) {
		void *iter = json_is_object(at) ? json_object_iter(at) : NULL;

		for (size_t k = 0; iter != NULL && k < i; k++)
			iter = json_object_iter_next(at, iter);
		json_t *value = iter ? json_object_iter_value(iter) : json_array_get(at, i);

		json_incref(value);
		for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++) {
			struct skw_wallet *w;
			char *text;

			if (iter != NULL)
				json_object_iter_set(at, iter, odd[k]);
			else
				json_array_set(at, i, odd[k]);
			text = json_dumps(root, 0);
			if (skw_wallet_read(&w, text, strlen(text)) == SKW_WALLET_OK) {
				skw_wallet_unlock(w, "pw");
				opened++;
			}
			skw_wallet_free(w);
			free(text);
		}
		if (iter != NULL)
			json_object_iter_set(at, iter, value);
		else
			json_array_set(at, i, value);
		if (json_is_object(value) || json_is_array(value))
			opened += twist(root, value);
		json_decref(value);
	}
	for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++)
		json_decref(odd[k]);
	return opened;
}

/* How many of the twists may still be wallets: those of words that say nothing about keys. */
static void twisted_values_do_no_harm(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind <= SKW_WALLET_COLLECTION; kind++)
		for (unsigned locked = 0; locked < 2; locked++) {
			struct skw_wallet *w = make(kind, SKW_WALLET_SKYCOIN, 1);
			json_t *root;
			char *text;

			if (locked)
				skw_wallet_lock(w, SKW_CRYPT_SCRYPT, &tiny, "pw");
			text = text_of(w);
			root = json_loads(text, 0, NULL);
			assert_in_range(twist(root, root), 5, locked ? 60 : 30);
			json_decref(root);
			free(text);
			skw_wallet_free(w);
		}
}

static enum skw_wallet_status replaced(enum skw_wallet_kind kind, const char *what,
				       const char *with)
{
	struct skw_wallet *w = make(kind, SKW_WALLET_SKYCOIN, 2), *back = NULL;
	char *text = text_of(w), *at = strstr(text, what), *changed;
	enum skw_wallet_status status;

	assert_non_null(at);
	changed = malloc(strlen(text) + strlen(with) + 1);
	sprintf(changed, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
	status = skw_wallet_read(&back, changed, strlen(changed));
	free(text);
	free(changed);
	skw_wallet_free(w);
	skw_wallet_free(back);
	return status;
}

static void each_lie_has_its_name(void **state)
{
	static const struct {
		enum skw_wallet_kind kind;
		const char *what, *with;
		enum skw_wallet_status status;
	} lies[] = {
		{ SKW_WALLET_DETERMINISTIC, "a label", "another", SKW_WALLET_OK },
		{ SKW_WALLET_DETERMINISTIC, "\"coin\": \"skycoin\"", "\"coin\": \"doge\"",
		  SKW_WALLET_TYPE },
		{ SKW_WALLET_DETERMINISTIC, "\"coin\": \"skycoin\"", "\"coin\": \"bitcoin\"",
		  SKW_WALLET_KEYS },
		{ SKW_WALLET_DETERMINISTIC, "\"type\": \"deterministic\"", "\"type\": \"xpub\"",
		  SKW_WALLET_XPUB_KEY },
		{ SKW_WALLET_DETERMINISTIC, "\"meta\"", "\"meta\": {}, \"meta\"",
		  SKW_WALLET_FORMAT },
		{ SKW_WALLET_DETERMINISTIC, "\"entries\": [", "\"entries\": [null,",
		  SKW_WALLET_FORMAT },
		{ SKW_WALLET_BIP44, "\"external\"", "\"change\"", SKW_WALLET_FORMAT },
		{ SKW_WALLET_BIP44, "\"child_number\": 1", "\"child_number\": 2", SKW_WALLET_KEYS },
		{ SKW_WALLET_BIP44, "\"child_number\": 1", "\"child_number\": 4294967297",
		  SKW_WALLET_FORMAT },
		{ SKW_WALLET_BIP44, "\"index\": 0", "\"index\": 1", SKW_WALLET_KEYS },
		{ SKW_WALLET_BIP44, "\"index\": 0", "\"index\": 2147483648", SKW_WALLET_FORMAT },
		{ SKW_WALLET_BIP44, "legal winner thank", "winner legal thank", SKW_WALLET_WORDS },
		{ SKW_WALLET_BIP44, "\"seedPassphrase\": \"pass\"", "\"seedPassphrase\": \"\"",
		  SKW_WALLET_KEYS },
		{ SKW_WALLET_BIP44, "\"bip44Coin\": \"8000\"", "\"bip44Coin\": \"0\"",
		  SKW_WALLET_KEYS },
		{ SKW_WALLET_BIP44, "\"bip44Coin\": \"8000\"", "\"bip44Coin\": \"x\"",
		  SKW_WALLET_FORMAT },
		{ SKW_WALLET_BIP44, "\"private_key\": \"xprv", "\"private_key\": \"xprw",
		  SKW_WALLET_KEYS },
		{ SKW_WALLET_COLLECTION, "0000000001\"", "0000000000\"", SKW_WALLET_KEYS },
		{ SKW_WALLET_COLLECTION, "0000000002\"", "0000000003\"", SKW_WALLET_KEYS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		assert_int_equal(replaced(lies[i].kind, lies[i].what, lies[i].with),
				 lies[i].status);
}

static void an_address_twice_is_refused(void **state)
{
	struct skw_wallet *w = make(SKW_WALLET_COLLECTION, SKW_WALLET_SKYCOIN, 2), *back;
	struct skw_coin_secret one = { { [31] = 1 } }, none = { { 0 } };
	char *text = text_of(w);
	json_t *root = json_loads(text, 0, NULL), *list = json_object_get(root, "entries");

	(void)state;
	assert_int_equal(skw_wallet_add(w, &one), SKW_WALLET_DUPLICATE);
	assert_int_equal(skw_wallet_add(w, &none), SKW_WALLET_KEYS);
	assert_int_equal(skw_wallet_count(w), 2);
	json_array_append(list, json_array_get(list, 0));
	free(text);
	text = json_dumps(root, 0);
	assert_int_equal(skw_wallet_read(&back, text, strlen(text)), SKW_WALLET_DUPLICATE);
	free(text);
	json_decref(root);
	skw_wallet_free(w);
	w = make(SKW_WALLET_DETERMINISTIC, SKW_WALLET_SKYCOIN, 1);
	assert_int_equal(skw_wallet_add(w, &one), SKW_WALLET_TYPE);
	assert_int_equal(skw_wallet_grow_change(w, 1), SKW_WALLET_TYPE);
	skw_wallet_free(w);
}

/* A locked file whose ciphertext asks for 2^31 * 128 * 8 bytes. */
static void a_memory_bomb_is_named(void **state)
{
	static const char meta[] =
	    "{\"n\":2147483648,\"r\":8,\"p\":1,\"keyLen\":32,\"salt\":"
	    "\"qoSier/503WlqCfIKoZIIDTWJZgpTURIq/ln+VBu4h0=\",\"nonce\":\"nZrTEt8nEhL6r6Lg\"}";
	struct skw_wallet *w = make(SKW_WALLET_DETERMINISTIC, SKW_WALLET_SKYCOIN, 1), *back;
	uint8_t bytes[400] = { sizeof(meta) - 1, 0 };
	char bomb[800], *text;
	json_t *root;

	(void)state;
	memcpy(bytes + 2, meta, sizeof(meta) - 1);
	sodium_bin2base64(bomb, sizeof(bomb), bytes, 300, sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(skw_wallet_lock(w, SKW_CRYPT_SCRYPT, &tiny, "pw"), SKW_WALLET_OK);
	text = text_of(w);
	root = json_loads(text, 0, NULL);
	json_object_set_new(json_object_get(root, "meta"), "secrets", json_string(bomb));
	free(text);
	text = json_dumps(root, 0);
	back = read_back(text);
	assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_COST);
	skw_wallet_free(back);
	free(text);
	json_object_set_new(json_object_get(root, "meta"), "cryptoType", json_string("rot13"));
	text = json_dumps(root, 0);
	back = read_back(text);
	assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_CIPHER);
	skw_wallet_free(back);
	free(text);
	json_decref(root);
	skw_wallet_free(w);
}

/* The right password over somebody else's secrets. */
static void a_ciphertext_of_another_wallet_is_refused_whole(void **state)
{
	const struct skw_wallet_options other = { .seed = "other", .label = "" };
	struct skw_wallet *w = make(SKW_WALLET_DETERMINISTIC, SKW_WALLET_SKYCOIN, 2), *b, *back;
	char *ours, *theirs;
	json_t *root, *from;

	(void)state;
	assert_int_equal(skw_wallet_make(&b, &other, 7), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_grow(b, 2), SKW_WALLET_OK);
	skw_wallet_lock(w, SKW_CRYPT_XOR, &tiny, "pw");
	skw_wallet_lock(b, SKW_CRYPT_XOR, &tiny, "pw");
	ours = text_of(w);
	theirs = text_of(b);
	root = json_loads(ours, 0, NULL);
	from = json_loads(theirs, 0, NULL);
	json_object_set(root, "entries", json_object_get(from, "entries"));
	free(ours);
	ours = json_dumps(root, 0);
	back = read_back(ours);
	assert_int_equal(skw_wallet_unlock(back, "pw"), SKW_WALLET_CIPHER);
	assert_true(skw_wallet_locked(back));
	assert_string_equal(skw_wallet_seed(back), "");
	free(theirs);
	theirs = text_of(back); /* saved, it is still a locked wallet */
	assert_non_null(strstr(theirs, "\"encrypted\": \"true\""));
	json_decref(root);
	json_decref(from);
	free(ours);
	free(theirs);
	skw_wallet_free(w);
	skw_wallet_free(b);
	skw_wallet_free(back);
}

static void deep_and_wide_json_is_no_wallet(void **state)
{
	size_t len = 200000;
	char *text = malloc(len + 1);
	struct skw_wallet *w;

	(void)state;
	memset(text, '[', len);
	assert_int_equal(skw_wallet_read(&w, text, len), SKW_WALLET_FORMAT);
	for (size_t i = 0; i < len; i++)
		text[i] = "[],"[i % 3];
	text[0] = '[';
	assert_int_equal(skw_wallet_read(&w, text, len), SKW_WALLET_FORMAT);
	memset(text, 0, len);
	assert_int_equal(skw_wallet_read(&w, text, len), SKW_WALLET_FORMAT);
	free(text);
}

/* BIP-32's first test vector: m/0' and its child 1. */
#define XPUB                                                                                       \
	"xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ" \
	"9xv5ski8PX9rL2dZXvgGDnw"
#define XPUB_1                                                                                     \
	"xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527H" \
	"qck2AxYysAA7xmALppuCkwQ"

static struct skw_wallet *make_xpub(const char *xpub, size_t count)
{
	const struct skw_wallet_options options = { .kind = SKW_WALLET_XPUB,
						    .label = "watched",
						    .xpub = xpub };
	struct skw_wallet *w;

	assert_int_equal(skw_wallet_make(&w, &options, 7), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_grow(w, count), SKW_WALLET_OK);
	return w;
}

static void an_xpub_wallet_watches(void **state)
{
	struct skw_wallet *w = make_xpub(XPUB, 3), *back, *refused;
	struct skw_bip32 child;
	char *text = text_of(w), xpub[SKW_BIP32_TEXT];

	(void)state;
	assert_true(skw_bip32_parse(&child, XPUB_1));
	assert_memory_equal(skw_wallet_entry(w, 1)->public_key.b, child.public_key.b, 33);
	assert_true(sodium_is_zero(skw_wallet_entry(w, 1)->secret.b, 32));
	assert_int_equal(skw_wallet_entry(w, 2)->child, 2);
	assert_true(skw_wallet_xpub(xpub, w, 0, 0));
	assert_string_equal(xpub, XPUB);
	assert_false(skw_wallet_xpub(xpub, w, 0, 1));
	assert_null(strstr(text, "secret")); /* the original's file has neither these */
	assert_null(strstr(text, "seed"));   /* nor those */
	assert_non_null(strstr(text, "\"xpub\": \"" XPUB "\""));
	assert_non_null(strstr(text, "\"child_number\": 2"));
	back = read_back(text);
	assert_same(w, back);
	assert_int_equal(skw_wallet_lock(back, SKW_CRYPT_SCRYPT, &tiny, "pw"), SKW_WALLET_TYPE);
	assert_int_equal(skw_wallet_grow_change(back, 1), SKW_WALLET_TYPE);
	assert_int_equal(skw_wallet_grow(back, 1), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_entry(back, 3)->child, 3);
	assert_int_equal(skw_wallet_parse(&refused, text, strlen(text)), SKW_WALLET_TYPE);
	assert_null(refused); /* nothing can be spent from it */
	skw_wallet_free(w);
	skw_wallet_free(back);
	free(text);
}

/* The chains of a bip44 wallet, watched: the same addresses. */
static void an_xpub_wallet_sees_what_bip44_makes(void **state)
{
	struct skw_wallet *w = make(SKW_WALLET_BIP44, SKW_WALLET_SKYCOIN, 3), *watched;
	char xpub[SKW_BIP32_TEXT];

	(void)state;
	for (uint8_t change = 0; change < 2; change++) {
		assert_true(skw_wallet_xpub(xpub, w, 0, change));
		watched = make_xpub(xpub, 3);
		for (size_t i = 0; i < 3; i++)
			assert_non_null(skw_wallet_find(w, &skw_wallet_entry(watched, i)->address));
		skw_wallet_free(watched);
	}
	assert_false(skw_wallet_xpub(xpub, w, 1, 0));
	assert_false(skw_wallet_xpub(xpub, w, 0, 2));
	skw_wallet_free(w);
}

static void xpub_wallets_that_lie(void **state)
{
	static const struct {
		const char *find, *put;
		enum skw_wallet_status status;
	} lies[] = {
		{ "\"xpub\": \"xpub68", "\"xpub\": \"xpub69", SKW_WALLET_XPUB_KEY },
		{ "\"xpub\": \"xpub", "\"xpux\": \"xpub", SKW_WALLET_XPUB_KEY },
		{ "\"child_number\": 1", "\"child_number\": 7", SKW_WALLET_KEYS },
		{ "\"child_number\": 1", "\"child_numbex\": 1", SKW_WALLET_FORMAT },
		{ "\"tm\": \"7\"", "\"encrypted\": \"true\"", SKW_WALLET_FORMAT },
	};
	struct skw_wallet *w = make_xpub(XPUB, 2), *out;
	const struct skw_wallet_options none = { .kind = SKW_WALLET_XPUB, .label = "" };
	char *text = text_of(w), twisted[4096];

	(void)state;
	assert_int_equal(skw_wallet_make(&out, &none, 7), SKW_WALLET_XPUB_KEY);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const char *at = strstr(text, lies[i].find);

		assert_non_null(at);
		snprintf(twisted, sizeof(twisted), "%.*s%s%s", (int)(at - text), text, lies[i].put,
			 at + strlen(lies[i].find));
		assert_int_equal(skw_wallet_read(&out, twisted, strlen(twisted)), lies[i].status);
	}
	skw_wallet_free(w);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_written_and_read),
		cmocka_unit_test(the_layout_is_the_originals),
		cmocka_unit_test(keys_missing_from_the_ciphertext_of_bip44_are_derived),
		cmocka_unit_test(a_bip44_wallet_of_the_last_release),
		cmocka_unit_test(two_forms_that_differ_are_refused),
		cmocka_unit_test(a_wallet_grows_on_where_it_was),
		cmocka_unit_test(a_locked_bip44_wallet_grows_without_its_password),
		cmocka_unit_test(cut_anywhere_is_no_wallet),
		cmocka_unit_test(twisted_values_do_no_harm),
		cmocka_unit_test(each_lie_has_its_name),
		cmocka_unit_test(an_address_twice_is_refused),
		cmocka_unit_test(a_memory_bomb_is_named),
		cmocka_unit_test(a_ciphertext_of_another_wallet_is_refused_whole),
		cmocka_unit_test(deep_and_wide_json_is_no_wallet),
		cmocka_unit_test(an_xpub_wallet_watches),
		cmocka_unit_test(an_xpub_wallet_sees_what_bip44_makes),
		cmocka_unit_test(xpub_wallets_that_lie),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("ledger_wlt", tests, NULL, NULL);
}
