/* rooms: ledger wire
 * REST's wallet calls and the making of transactions: an original node's stored answers where there
 * are some, its documented forms and words where not, and money that moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/skw_crypt_later.h"
#include "skw_ledger_live.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define WORDS "legal winner thank year wave sausage worth useful legal winner thank yellow"

static char folder[] = "/tmp/skw-wallets-XXXXXX";
static struct purse purse;
static struct skw_wallets *wallets;

static int open_all(void **state)
{
	char path[128];
	struct skw_wallet *locked;

	if (open_live(state) != 0 || mkdtemp(folder) == NULL)
		return 1;
	/* one that is locked with little work: the default takes a gigabyte */
	if (skw_wallet_make(
		&locked, &(struct skw_wallet_options) { .seed = "a locked one", .label = "locked" },
		1) != SKW_WALLET_OK ||
	    skw_wallet_grow(locked, 2) != SKW_WALLET_OK ||
	    skw_wallet_lock(locked, SKW_CRYPT_SCRYPT, &(struct skw_crypt_cost) { 16, 1, 1 },
			    "pw") != SKW_WALLET_OK)
		return 1;
	snprintf(path, sizeof(path), "%s/locked.wlt", folder);
	if (skw_wallet_create(locked, path) != SKW_WALLET_OK)
		return 1;
	skw_wallet_free(locked);
	snprintf(path, sizeof(path), "%s/broken.wlt", folder);
	fclose(fopen(path, "w"));
	purse = new_purse(":memory:");
	spread(&purse, 3, GENESIS_TIME + 100);
	wallets = skw_wallets_open(folder, NULL);
	skw_rest_set_about(purse.chain,
			   &(struct skw_rest_about) { .sets = SKW_REST_DEFAULT | SKW_REST_WALLET |
							      SKW_REST_SEED });
	skw_rest_set_wallets(purse.chain, wallets);
	return wallets == NULL;
}

static int close_all(void **state)
{
	char command[128];

	skw_wallets_free(wallets);
	close_purse(&purse);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return close_live(state) + system(command);
}

static struct skw_rest_answer say(const char *method, const char *path, const char *type,
				  const char *body)
{
	struct skw_rest_request request = { .method = method,
					    .path = path,
					    .type = type,
					    .body = body,
					    .body_len = body != NULL ? strlen(body) : 0 };
	struct skw_rest_answer answer;

	skw_rest_handle(purse.chain, GENESIS_TIME + 1000, &request, &answer);
	assert_non_null(answer.body);
	return answer;
}

/* The answer's JSON, which must be status 200. */
static json_t *good(const char *method, const char *path, const char *type, const char *body)
{
	struct skw_rest_answer answer = say(method, path, type, body);
	json_t *root;

	if (answer.status != 200)
		fail_msg("%s %s: %s", path, body != NULL ? body : "", answer.body);
	root = json_loads(answer.body, JSON_DECODE_ANY, NULL);
	assert_true(root != NULL || answer.len == 0);
	skw_rest_free(&answer);
	return root;
}

static void bad(const char *method, const char *path, const char *type, const char *body,
		unsigned status, const char *words)
{
	struct skw_rest_answer answer = say(method, path, type, body);
	char want[320];

	snprintf(want, sizeof(want), "%s%s\n", *words != '\0' ? "- " : "", words);
	if (answer.status != status ||
	    strstr(answer.body, strncmp(path, "/api/v2", 7) == 0 ? words : want) == NULL)
		fail_msg("%s %s: %s", path, body != NULL ? body : "", answer.body);
	skw_rest_free(&answer);
}

static const char *text_at(const json_t *root, const char *key)
{
	return json_string_value(json_object_get(root, key));
}

/* A new wallet's id, by its form. */
static char *create(const char *form)
{
	json_t *root = good("POST", "/api/v1/wallet/create", FORM, form);
	char *id = strdup(text_at(json_object_get(root, "meta"), "filename"));

	json_decref(root);
	return id;
}

/* ---- against the original's own answers ---- */

static void assert_vector(const char *ours, const char *name)
{
	char path[96], *want;

	snprintf(path, sizeof(path), VECTORS "live/%s.json", name);
	want = read_text(path);
	assert_string_equal(ours, want);
	free(want);
}

static void a_transaction_is_made_as_the_original_made_it(void **state)
{
	static const char body[] =
	    "{\"hours_selection\":{\"type\":\"auto\",\"mode\":\"share\",\"share_factor\":\"0.5\"},"
	    "\"addresses\":[\"" ADDRESS "\"],"
	    "\"to\":[{\"address\":\"562fka8Hh4LBKLJAsZwX3ycN9CBM8z4r2x\",\"coins\":\"1.5\"}]}";
	struct skw_rest_answer answer = ask(live, "POST", "/api/v2/transaction", body);

	(void)state;
	assert_vector(answer.body, "v2-transaction");
	assert_int_equal(answer.status, 200);
	skw_rest_free(&answer);
	answer = ask(live, "GET", "/api/v2/transactions?addrs=" ADDRESS "&limit=5", NULL);
	assert_vector(answer.body, "v2-transactions");
	skw_rest_free(&answer);
}

static void wallets_have_the_originals_shape(void **state)
{
	json_t *theirs = json_load_file(VECTORS "live/wallets.json", 0, NULL);
	char *id = create("type=deterministic&seed=shape&label=faucet&scan=1");
	char path[96];
	json_t *ours;

	(void)state;
	snprintf(path, sizeof(path), "/api/v1/wallet?id=%s", id);
	ours = good("GET", path, NULL, NULL);
	assert_same_shape(json_object_get(ours, "meta"),
			  json_object_get(json_array_get(theirs, 0), "meta"), "meta");
	assert_same_shape(json_array_get(json_object_get(ours, "entries"), 0),
			  json_array_get(json_object_get(json_array_get(theirs, 0), "entries"), 0),
			  "entry");
	assert_int_equal(strlen(id), strlen("2026_11_22_3c68.wlt"));
	json_decref(theirs);
	json_decref(ours);
	free(id);
}

/* ---- life of a wallet ---- */

static struct skw_wallet *file_of(const char *id)
{
	struct skw_wallet *wallet;
	struct stat info;
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, id);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(skw_wallet_open(&wallet, path), SKW_WALLET_OK);
	return wallet;
}

/* Nobody stands still for a gigabyte of scrypt: the key is made elsewhere, then the same is asked
 * again. */
static void keys_are_made_elsewhere(void **state)
{
	char *id = create("type=deterministic&label=elsewhere&seed=elsewhere");
	struct skw_crypt_later *later = skw_crypt_later_new();
	char form[128];
	struct skw_rest_request request = { .method = "POST",
					    .path = "/api/v1/wallet/encrypt",
					    .type = FORM,
					    .body = form,
					    .later = later };
	struct skw_rest_answer a;
	struct skw_wallet *wallet;

	(void)state;
	snprintf(form, sizeof(form), "id=%s&password=pw", id);
	request.body_len = strlen(form);
	for (unsigned again = 0; again < 2; again++) { /* asking alone changes nothing */
		skw_rest_handle(purse.chain, GENESIS_TIME, &request, &a);
		assert_int_equal(a.status, 0);
		assert_null(a.body);
	}
	wallet = file_of(id);
	assert_false(skw_wallet_locked(wallet));
	skw_wallet_free(wallet);
	skw_crypt_later_work(later);
	skw_rest_handle(purse.chain, GENESIS_TIME, &request, &a);
	assert_int_equal(a.status, 200);
	skw_rest_free(&a);
	skw_crypt_later_free(later);
	wallet = file_of(id);
	assert_true(skw_wallet_locked(wallet));
	assert_int_equal(skw_wallet_unlock(wallet, "pw"), SKW_WALLET_OK); /* by itself */
	skw_wallet_free(wallet);
	free(id);
}

static void what_is_made_stands_in_a_file(void **state)
{
	char *id = create("type=bip44&label=one+two&seed-passphrase=p%26q&seed=legal+winner+thank+"
			  "year+wave+sausage+worth+useful+legal+winner+thank+yellow");
	char form[128];
	struct skw_wallet *wallet;
	json_t *root;

	(void)state;
	snprintf(form, sizeof(form), "id=%s&num=3", id);
	root = good("POST", "/api/v1/wallet/newAddress", FORM, form);
	assert_int_equal(json_array_size(json_object_get(root, "addresses")), 3);
	json_decref(root);
	snprintf(form, sizeof(form), "id=%s&label=other", id);
	root = good("POST", "/api/v1/wallet/update", FORM, form);
	assert_string_equal(json_string_value(root), "success");
	json_decref(root);
	wallet = file_of(id);
	assert_string_equal(skw_wallet_label(wallet), "other");
	assert_string_equal(skw_wallet_seed(wallet), WORDS);
	assert_string_equal(skw_wallet_passphrase(wallet), "p&q");
	assert_int_equal(skw_wallet_count(wallet), 1 + 3); /* change gets one when it is needed */
	skw_wallet_free(wallet);
	snprintf(form, sizeof(form), "/api/v1/wallet/xpub?id=%s&path=0/1", id);
	root = good("GET", form, NULL, NULL);
	assert_memory_equal(text_at(root, "xpub_key"), "xpub", 4);
	json_decref(root);
	bad("POST", "/api/v1/wallet/create", FORM,
	    "type=bip44&label=x&seed-passphrase=p%26q&seed=legal+winner+thank+year+wave+sausage+"
	    "worth+useful+legal+winner+thank+yellow",
	    400, "a wallet already exists with this seed");
	snprintf(form, sizeof(form), "id=%s", id);
	good("POST", "/api/v1/wallet/unload", FORM, form);
	snprintf(form, sizeof(form), "/api/v1/wallet?id=%s", id);
	bad("GET", form, NULL, NULL, 400, "wallet doesn't exist");
	skw_wallet_free(file_of(id)); /* unloaded, not removed */
	free(id);
}

static void xpub_and_temporary_wallets(void **state)
{
	/* BIP-32's first vector, m/0' */
	char *id = create("type=xpub&label=w&xpub=xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfD"
			  "BFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw");
	json_t *root;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "/api/v1/wallet?id=%s", id);
	root = good("GET", path, NULL, NULL);
	assert_string_equal(text_at(json_object_get(root, "meta"), "type"), "xpub");
	assert_non_null(json_object_get(json_object_get(root, "meta"), "xpub"));
	assert_int_equal(json_array_size(json_object_get(root, "entries")), 1);
	json_decref(root);
	free(id);
	root =
	    good("POST", "/api/v1/wallet/createTemp", FORM, "type=deterministic&seed=gone&label=t");
	assert_true(json_is_true(json_object_get(json_object_get(root, "meta"), "temp")));
	snprintf(path, sizeof(path), "%s/%s", folder,
		 text_at(json_object_get(root, "meta"), "filename"));
	assert_int_not_equal(access(path, F_OK), 0);
	json_decref(root);
}

static void a_locked_wallet_asks_for_its_password(void **state)
{
	struct skw_wallet *wallet;
	json_t *root;

	(void)state;
	bad("POST", "/api/v1/wallet/newAddress", FORM, "id=locked.wlt", 400, "missing password");
	bad("POST", "/api/v1/wallet/newAddress", FORM, "id=locked.wlt&password=no", 400,
	    "invalid password");
	root = good("POST", "/api/v1/wallet/newAddress", FORM, "id=locked.wlt&password=pw");
	assert_int_equal(json_array_size(json_object_get(root, "addresses")), 1);
	json_decref(root);
	bad("POST", "/api/v1/wallet/seed", FORM, "id=locked.wlt", 400, "missing password");
	bad("POST", "/api/v1/wallet/seed", FORM, "id=locked.wlt&password=no", 400,
	    "invalid password");
	root = good("POST", "/api/v1/wallet/seed", FORM, "id=locked.wlt&password=pw");
	assert_string_equal(text_at(root, "seed"), "a locked one");
	json_decref(root);
	bad("POST", "/api/v1/wallet/encrypt", FORM, "id=locked.wlt&password=pw", 400,
	    "wallet is encrypted");
	bad("POST", "/api/v2/wallet/recover", JSON, "{\"id\":\"locked.wlt\",\"seed\":\"no\"}", 400,
	    "wallet recovery seed or seed passphrase is wrong");
	root = good("POST", "/api/v2/wallet/recover", JSON,
		    "{\"id\":\"locked.wlt\",\"seed\":\"a locked one\"}");
	assert_false(json_is_true(
	    json_object_get(json_object_get(json_object_get(root, "data"), "meta"), "encrypted")));
	json_decref(root);
	wallet = file_of("locked.wlt");
	assert_false(skw_wallet_locked(wallet));
	assert_int_equal(skw_wallet_count(wallet), 3);
	assert_string_equal(skw_wallet_seed(wallet), "a locked one");
	/* and as it was, for whoever runs these again */
	assert_int_equal(
	    skw_wallet_lock(wallet, SKW_CRYPT_SCRYPT, &(struct skw_crypt_cost) { 16, 1, 1 }, "pw"),
	    SKW_WALLET_OK);
	skw_wallet_free(wallet);
	bad("POST", "/api/v1/wallet/decrypt", FORM, "id=locked.wlt&password=pw", 400,
	    "wallet is not encrypted");
	bad("POST", "/api/v2/wallet/recover", JSON, "{\"id\":\"locked.wlt\",\"seed\":\"x\"}", 400,
	    "wallet is not encrypted");
}

/* No answer but that of `seed` and `newSeed` holds a secret. */
static void answers_hold_no_secrets(void **state)
{
	struct skw_rest_answer answer = say("GET", "/api/v1/wallets", NULL, NULL);

	(void)state;
	assert_int_equal(answer.status, 200);
	assert_null(strstr(answer.body, "sausage"));
	assert_null(strstr(answer.body, "secret"));
	assert_null(strstr(answer.body, "a locked one"));
	assert_null(strstr(answer.body, "xprv"));
	skw_rest_free(&answer);
}

static void seeds(void **state)
{
	json_t *root = good("GET", "/api/v1/wallet/newSeed?entropy=256", NULL, NULL);
	char body[512];

	(void)state;
	snprintf(body, sizeof(body), "{\"seed\": \"%s\"}", text_at(root, "seed"));
	json_decref(root);
	root = good("POST", "/api/v2/wallet/seed/verify", JSON, body);
	assert_int_equal(json_object_size(json_object_get(root, "data")), 0);
	json_decref(root);
	bad("POST", "/api/v2/wallet/seed/verify", JSON, "{\"seed\": \"wrong seed\"}", 422,
	    "Mnemonic must have 12, 15, 18, 21 or 24 words");
	bad("POST", "/api/v2/wallet/seed/verify", JSON, "{}", 400, "seed is required");
	bad("GET", "/api/v1/wallet/newSeed?entropy=129", NULL, NULL, 400,
	    "entropy length must be 128 or 256");
}

/* ---- money ---- */

/* A collection of the purse's owner's key. */
static char *owners_wallet(void)
{
	char form[200], hex[65];

	skw_ledger_hex_print(hex, purse.owner_secret.b, 32);
	snprintf(form, sizeof(form), "type=collection&label=owner&private-keys=%s", hex);
	return create(form);
}

static void money_moves(void **state)
{
	char *id = owners_wallet(), body[1024], path[128], other[SKW_ADDRESS_TEXT], *raw;
	json_t *root, *inputs;

	(void)state;
	skw_address_print(other, &purse.other);
	snprintf(body, sizeof(body),
		 "{\"hours_selection\":{\"type\":\"manual\"},\"wallet_id\":\"%s\","
		 "\"to\":[{\"address\":\"%s\",\"coins\":\"12.5\",\"hours\":\"3\"}]}",
		 id, other);
	bad("POST", "/api/v1/wallet/transaction", FORM, body, 415, "");
	root = good("POST", "/api/v1/wallet/transaction", JSON, body);
	assert_null(json_object_get(root, "data")); /* no wrapper here */
	inputs = json_object_get(json_object_get(root, "transaction"), "inputs");
	assert_int_equal(json_array_size(inputs), 2); /* of 10 SKY each */
	assert_true(json_is_string(json_object_get(json_array_get(inputs, 0), "hours")));
	raw = strdup(text_at(root, "encoded_transaction"));
	json_decref(root);

	snprintf(body, sizeof(body), "{\"rawtx\":\"%s\"}", raw);
	json_decref(good("POST", "/api/v1/injectTransaction", JSON, body));
	snprintf(path, sizeof(path), "/api/v1/wallet/transactions?id=%s", id);
	root = good("GET", path, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(root, "transactions")), 1);
	json_decref(root);
	snprintf(body, sizeof(body),
		 "{\"hours_selection\":{\"type\":\"manual\"},\"wallet_id\":\"%s\","
		 "\"to\":[{\"address\":\"%s\",\"coins\":\"1\",\"hours\":\"0\"}]}",
		 id, other);
	bad("POST", "/api/v1/wallet/transaction", JSON, body, 400,
	    "Please spend after your pending transaction is confirmed");
	assert_int_equal(
	    skw_chain_produce(purse.chain, &purse.block_secret, GENESIS_TIME + 2000, NULL),
	    SKW_CHAIN_OK);
	snprintf(path, sizeof(path), "/api/v1/wallet/balance?id=%s", id);
	root = good("GET", path, NULL, NULL);
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(root, "confirmed"), "coins")),
	    30000000 - 12500000);
	json_decref(root);
	free(raw);
	free(id);
}

static void unsigned_ones_are_signed_in_parts(void **state)
{
	char *id = owners_wallet(), body[4096], other[SKW_ADDRESS_TEXT], *raw;
	json_t *root, *tx;

	(void)state;
	skw_address_print(other, &purse.other);
	snprintf(body, sizeof(body),
		 "{\"hours_selection\":{\"type\":\"auto\",\"mode\":\"share\",\"share_factor\":"
		 "\"0.25\"},\"wallet_id\":\"%s\",\"unsigned\":true,"
		 "\"to\":[{\"address\":\"%s\",\"coins\":\"15\"}]}",
		 id, other);
	root = good("POST", "/api/v1/wallet/transaction", JSON, body);
	raw = strdup(text_at(root, "encoded_transaction"));
	json_decref(root);
	snprintf(body, sizeof(body),
		 "{\"wallet_id\":\"%s\",\"encoded_transaction\":\"%s\",\"sign_indexes\":[1]}", id,
		 raw);
	free(raw);
	root = good("POST", "/api/v2/wallet/transaction/sign", JSON, body);
	raw = strdup(text_at(json_object_get(root, "data"), "encoded_transaction"));
	json_decref(root);
	snprintf(body, sizeof(body),
		 "{\"wallet_id\":\"%s\",\"encoded_transaction\":\"%s\",\"sign_indexes\":[1]}", id,
		 raw);
	bad("POST", "/api/v2/wallet/transaction/sign", JSON, body, 400,
	    "Transaction is already signed at index 1");
	snprintf(body, sizeof(body), "{\"wallet_id\":\"%s\",\"encoded_transaction\":\"%s\"}", id,
		 raw);
	free(raw);
	root = good("POST", "/api/v2/wallet/transaction/sign", JSON, body);
	raw = strdup(text_at(json_object_get(root, "data"), "encoded_transaction"));
	json_decref(root);
	snprintf(body, sizeof(body), "{\"encoded_transaction\":\"%s\"}", raw);
	root = good("POST", "/api/v2/transaction/verify", JSON, body);
	tx = json_object_get(json_object_get(root, "data"), "transaction");
	assert_int_equal(json_array_size(json_object_get(tx, "sigs")), 2);
	json_decref(root);
	snprintf(body, sizeof(body), "{\"wallet_id\":\"%s\",\"encoded_transaction\":\"%s\"}", id,
		 raw);
	bad("POST", "/api/v2/wallet/transaction/sign", JSON, body, 400,
	    "Transaction is fully signed");
	snprintf(body, sizeof(body),
		 "{\"wallet_id\":\"locked.wlt\",\"encoded_transaction\":\"%s\","
		 "\"sign_indexes\":[2]}",
		 raw);
	bad("POST", "/api/v2/wallet/transaction/sign", JSON, body, 400,
	    "Value in sign_indexes exceeds range of transaction inputs array");
	free(raw);
	free(id);
}

static void a_spent_one_is_shown_and_refused(void **state)
{
	json_t *made = json_load_file(VECTORS "live/transaction-encoded.json", 0, NULL);
	struct skw_rest_answer answer;
	char body[1024];
	json_t *root;

	(void)state;
	snprintf(body, sizeof(body), "{\"encoded_transaction\": \"%s\"}",
		 text_at(made, "encoded_transaction"));
	answer = ask(live, "POST", "/api/v2/transaction/verify", body);
	assert_int_equal(answer.status, 422);
	root = json_loads(answer.body, 0, NULL);
	assert_string_equal(text_at(json_object_get(root, "error"), "message"),
			    "transaction has been spent");
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(root, "error"), "code")), 422);
	assert_true(json_is_true(json_object_get(json_object_get(root, "data"), "confirmed")));
	assert_string_equal(
	    text_at(json_object_get(json_object_get(root, "data"), "transaction"), "txid"), TXID);
	json_decref(root);
	json_decref(made);
	skw_rest_free(&answer);
}

/* ---- words ---- */

static void requests_that_are_wrong(void **state)
{
	static const char *const forms[][3] = {
		{ "/api/v1/wallet/create", "label=x&seed=y", "missing type" },
		{ "/api/v1/wallet/create", "type=deterministic&label=x", "missing seed" },
		{ "/api/v1/wallet/create", "type=deterministic&seed=x", "missing label" },
		{ "/api/v1/wallet/create", "type=xpub&label=x", "missing xpub" },
		{ "/api/v1/wallet/create", "type=odd&label=x", "invalid wallet type" },
		{ "/api/v1/wallet/create", "type=deterministic&seed=x&label=x&encrypt=1",
		  "missing password" },
		{ "/api/v1/wallet/create", "type=deterministic&seed=x&label=x&password=1",
		  "encrypt must be true as password is provided" },
		{ "/api/v1/wallet/create", "type=deterministic&seed=x&label=x&scan=-1",
		  "invalid scan value" },
		{ "/api/v1/wallet/create", "type=deterministic&seed=x&label=x&bip44-coin=1",
		  "bip44-coin is only valid for bip44 type wallets" },
		{ "/api/v1/wallet/create", "type=deterministic&seed=x&label=x&seed-passphrase=p",
		  "seedPassphrase is only used for \"bip44\" wallets" },
		{ "/api/v1/wallet/create", "type=bip44&seed=x&label=x",
		  "Mnemonic must have 12, 15, 18, 21 or 24 words" },
		{ "/api/v1/wallet/newAddress", "num=1", "missing wallet id" },
		{ "/api/v1/wallet/newAddress", "id=nobody.wlt", "wallet doesn't exist" },
		{ "/api/v1/wallet/newAddress", "id=locked.wlt&num=x", "invalid num value" },
		{ "/api/v1/wallet/scan", "id=locked.wlt&num=0", "invalid num value, must be > 0" },
		{ "/api/v1/wallet/update", "id=locked.wlt", "missing label" },
		{ "/api/v1/wallet/unload", "", "missing wallet id" },
	};
	static const char *const bodies[][2] = {
		{ "{\"to\":[]}", "missing wallet_id" },
		{ "{\"wallet_id\":\"x\",\"to\":[]}", "missing hours_selection.type" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"auto\"}}",
		  "missing hours_selection.mode" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"auto\",\"mode\":\"share\"}"
		  "}",
		  "missing hours_selection.share_factor when hours_selection.mode is share" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"auto\",\"mode\":\"share\","
		  "\"share_factor\":\"1.01\"}}",
		  "hours_selection.share_factor cannot be more than 1" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"auto\",\"mode\":\"share\","
		  "\"share_factor\":\"-1\"}}",
		  "hours_selection.share_factor cannot be negative" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"manual\"}}",
		  "to is empty" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"manual\"},\"to\":[{"
		  "\"address\":\"" ADDRESS "\",\"coins\":\"1\"}]}",
		  "to[0].hours must be specified for manual hours_selection.mode" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"manual\"},\"to\":[{"
		  "\"address\":\"" ADDRESS "\",\"coins\":\"1.0001\",\"hours\":\"1\"}]}",
		  "to[0].coins has too many decimal places" },
		{ "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"manual\"},\"to\":[{"
		  "\"address\":\"" ADDRESS "\",\"coins\":\"0\",\"hours\":\"1\"}]}",
		  "to[0].coins must not be zero" },
		{ "{\"wallet_id\":\"x\",\"unsigned\":true,\"password\":\"p\"}",
		  "password must not be used for unsigned transactions" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		bad("POST", forms[i][0], FORM, forms[i][1], 400, forms[i][2]);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		bad("POST", "/api/v1/wallet/transaction", JSON, bodies[i][0], 400, bodies[i][1]);
	bad("POST", "/api/v1/wallet/transaction", JSON,
	    "{\"wallet_id\":\"x\",\"hours_selection\":{\"type\":\"manual\"},\"to\":[{\"address\":"
	    "\"" ADDRESS "\",\"coins\":\"1\",\"hours\":\"1\"}]}",
	    404, "wallet doesn't exist");
	bad("POST", "/api/v2/transaction", JSON,
	    "{\"hours_selection\":{\"type\":\"manual\"},\"to\":[{\"address\":\"" ADDRESS
	    "\",\"coins\":\"1\",\"hours\":\"1\"}]}",
	    400, "one of addresses or unspents must not be empty");
	bad("POST", "/api/v2/transaction", JSON,
	    "{\"hours_selection\":{\"type\":\"manual\"},\"addresses\":[\"" ADDRESS
	    "\"],\"to\":[{\"address\":\"" ADDRESS "\",\"coins\":\"1\",\"hours\":\"1\"}]}",
	    400, "no unspents to spend");
	bad("POST", "/api/v2/transaction", FORM, "{}", 415, "Unsupported Media Type");
}

static void what_is_not_enabled_is_403(void **state)
{
	(void)state;
	skw_rest_set_about(purse.chain, &(struct skw_rest_about) { .sets = SKW_REST_READ });
	bad("GET", "/api/v1/wallets", NULL, NULL, 403, "Endpoint is disabled");
	bad("POST", "/api/v1/injectTransaction", JSON, "{}", 403, "Endpoint is disabled");
	bad("POST", "/api/v2/transaction", JSON, "{}", 403, "Endpoint is disabled");
	json_decref(good("GET", "/api/v1/version", NULL, NULL));
	skw_rest_set_about(purse.chain, &(struct skw_rest_about) { .sets = SKW_REST_STATUS });
	json_decref(good("GET", "/api/v1/health", NULL, NULL));
	bad("GET", "/api/v1/pendingTxs", NULL, NULL, 403, "Endpoint is disabled");
	skw_rest_set_about(purse.chain, &(struct skw_rest_about) { .sets = SKW_REST_WALLET });
	bad("POST", "/api/v1/wallet/seed", FORM, "id=locked.wlt&password=pw", 403,
	    "Endpoint is disabled");
}

static void sets_by_name(void **state)
{
	unsigned sets;

	(void)state;
	assert_true(skw_rest_sets_parse(&sets, "READ,TXN , WALLET"));
	assert_int_equal(sets, SKW_REST_READ | SKW_REST_TXN | SKW_REST_WALLET);
	assert_false(skw_rest_sets_parse(&sets, "READ,ALL"));
	assert_false(skw_rest_sets_parse(&sets, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_is_made_as_the_original_made_it),
		cmocka_unit_test(wallets_have_the_originals_shape),
		cmocka_unit_test(keys_are_made_elsewhere),
		cmocka_unit_test(what_is_made_stands_in_a_file),
		cmocka_unit_test(xpub_and_temporary_wallets),
		cmocka_unit_test(answers_hold_no_secrets),
		cmocka_unit_test(a_locked_wallet_asks_for_its_password),
		cmocka_unit_test(seeds),
		cmocka_unit_test(money_moves),
		cmocka_unit_test(unsigned_ones_are_signed_in_parts),
		cmocka_unit_test(a_spent_one_is_shown_and_refused),
		cmocka_unit_test(requests_that_are_wrong),
		cmocka_unit_test(sets_by_name),
		cmocka_unit_test(what_is_not_enabled_is_403),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("ledger_rest_wallet", tests, open_all, close_all);
}
