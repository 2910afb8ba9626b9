/* rooms: wire keys ledger
 *
 * skw_rest: method, path and body against a small chain. Every answer has a status of HTTP, a type
 * and an ended body; what calls itself JSON is JSON; the chain stays where it was. */

#include <jansson.h>
#include <unistd.h>

#include "ledger/skw_rest.h"
#include "skw_fuzz.h"
#include "skw_ledger_purse.h"

static struct purse purse;
static const char wallet_id[] = "w.wlt"; /* in memory */

static void check(const struct skw_rest_answer *a)
{
	json_error_t error;
	json_t *json;

	FUZZ_CHECK(a->status >= 200 && a->status < 600);
	FUZZ_CHECK(a->type != NULL && a->body != NULL && a->body[a->len] == '\0');
	if (strncmp(a->type, "application/json", 16) != 0)
		return;
	json = json_loadb(a->body, a->len, JSON_DECODE_ANY, &error);
	if (json == NULL)
		fprintf(stderr, "%s\n%s\n", error.text, a->body);
	FUZZ_CHECK(json != NULL);
	json_decref(json);
}

/* Those write files, or work for seconds to lock one. */
static bool changes_wallets(const char *path)
{
	static const char *const changing[] = { "create", "newAddress", "scan",   "update",
						"crypt",  "recover",    "unload", "seed" };

	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
		if (strstr(path, changing[i]) != NULL && strstr(path, "wallet") != NULL)
			return true;
	return false;
}

/* method byte, path to the first line end, body */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "HEAD", "" };
	struct skw_chain_head before = skw_chain_head(purse.chain), after;
	const char *method = methods[size > 0 ? data[0] % 5 : 0];
	const uint8_t *end;
	struct skw_rest_answer answer;
	char *path;
	uint8_t *body;
	size_t len;

	if (size == 0)
		return 0;
	end = memchr(data + 1, '\n', size - 1);
	len = end != NULL ? (size_t)(end - data) - 1 : size - 1;
	path = fuzz_text(data + 1, len);
	if (changes_wallets(path)) {
		free(path);
		return 0;
	}
	data += 1 + len;
	size -= 1 + len;
	body = size > 1 ? fuzz_copy(data + 1, size - 1) : NULL;
	skw_rest_handle(purse.chain, GENESIS_TIME + 1000,
			&(struct skw_rest_request) { .method = method,
						     .path = path,
						     .type = "application/json",
						     .body = (const char *)body,
						     .body_len = body != NULL ? size - 1 : 0 },
			&answer);
	check(&answer);
	skw_rest_free(&answer);
	after = skw_chain_head(purse.chain);
	FUZZ_CHECK(memcmp(&before.hash, &after.hash, sizeof(before.hash)) == 0);
	free(path);
	free(body);
	return 0;
}

static void prepare(void)
{
	struct skw_bytes tx;

	char folder[] = "/tmp/skw-fuzz-XXXXXX", path[64];
	struct skw_wallets *wallets;
	struct skw_wallet *wallet;

	purse = new_purse(":memory:");
	if (mkdtemp(folder) == NULL ||
	    skw_wallet_make(
		&wallet,
		&(struct skw_wallet_options) { .kind = SKW_WALLET_COLLECTION, .label = "" },
		1) != SKW_WALLET_OK ||
	    skw_wallet_add(wallet, &purse.owner_secret) != SKW_WALLET_OK)
		exit(1);
	snprintf(path, sizeof(path), "%s/%s", folder, wallet_id);
	if (skw_wallet_create(wallet, path) != SKW_WALLET_OK ||
	    (wallets = skw_wallets_open(folder, NULL)) == NULL)
		exit(1);
	skw_wallet_free(wallet);
	unlink(path);
	rmdir(folder);
	skw_rest_set_about(purse.chain, &(struct skw_rest_about) { .sets = ~0u });
	skw_rest_set_wallets(purse.chain, wallets);
	spread(&purse, 3, GENESIS_TIME + 100);
	tx = pay(&purse, &purse.other, 1000000, 1); /* one waits in the pool */
	skw_chain_inject(purse.chain, tx.data, tx.len, SKW_INJECT_USER, GENESIS_TIME + 200, NULL,
			 NULL);
	skw_bytes_free(&tx);
}

static void seed(const char *name, uint8_t method, const char *format, const char *argument)
{
	char text[1024];

	text[0] = (char)method;
	snprintf(text + 1, sizeof(text) - 1, format, argument);
	fuzz_seed(name, text, strlen(text + 1) + 1);
}

static void seeds(void)
{
	static const char *const plain[] = {
		"version",    "health",      "blockchain/metadata", "blockchain/progress",
		"pendingTxs", "addresscount"
	};
	struct skw_chain_head head = skw_chain_head(purse.chain);
	char owner[SKW_ADDRESS_TEXT], hash[65], txid[65], uxid[65], name[32];
	char body[512], more[900];
	struct nth nth = { 0 };

	skw_address_print(owner, &purse.owner);
	skw_chain_each_unspent(purse.chain, &purse.owner, find_nth, &nth);
	skw_ledger_hex_print(hash, head.hash.b, 32);
	skw_ledger_hex_print(txid, nth.record.ux.src_tx.b, 32);
	skw_ledger_hex_print(uxid, nth.record.uxid.b, 32);
	for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		snprintf(name, sizeof(name), "get%u", i);
		seed(name, 0, "/api/v1/%s", plain[i]);
	}
	seed("block", 0, "/api/v1/block?seq=1&verbose=1%s", "");
	seed("block_hash", 0, "/api/v1/block?hash=%s", hash);
	seed("blocks", 0, "/api/v1/blocks?start=0&end=1&verbose=true%s", "");
	seed("blocks_post", 1, "/api/v1/blocks\nseqs=0,1%s", "");
	seed("last", 0, "/api/v1/last_blocks?num=2%s", "");
	seed("balance", 0, "/api/v1/balance?addrs=%s", owner);
	seed("balance_post", 1, "/api/v1/balance\naddrs=%s", owner);
	seed("outputs", 0, "/api/v1/outputs?addrs=%s", owner);
	seed("txs", 0, "/api/v1/transactions?addrs=%s&confirmed=1&verbose=1", owner);
	seed("tx", 0, "/api/v1/transaction?txid=%s&encoded=1", txid);
	seed("tx_verbose", 0, "/api/v1/transaction?txid=%s&verbose=1", txid);
	seed("rawtx", 0, "/api/v1/rawtx?txid=%s", txid);
	seed("uxout", 0, "/api/v1/uxout?uxid=%s", uxid);
	seed("uxouts", 0, "/api/v1/address_uxouts?address=%s", owner);
	seed("inject", 1, "/api/v1/injectTransaction\n{\"rawtx\":\"dc00\"%s}", "");
	seed("rich", 0, "/api/v1/richlist?n=3&include-distribution=1%s", "");
	seed("supply", 0, "/api/v1/coinSupply%s", "");
	seed("connections", 0, "/api/v1/network/connections?states=pending%s", "");
	seed("wallet", 0, "/api/v1/wallet?id=%s", wallet_id);
	seed("wallet_balance", 0, "/api/v1/wallet/balance?id=%s", wallet_id);
	seed("txs_v2", 0, "/api/v2/transactions?addrs=%s&limit=2&page=1&sort=desc", owner);
	snprintf(
	    body, sizeof(body),
	    "\"hours_selection\":{\"type\":\"auto\",\"mode\":\"share\",\"share_factor\":"
	    "\"0.5\"},\"ignore_unconfirmed\":true,\"to\":[{\"address\":\"%s\",\"coins\":\"1\"}]}",
	    owner);
	snprintf(more, sizeof(more), "{\"addresses\":[\"%s\"],%s", owner, body);
	seed("spend", 1, "/api/v2/transaction\n%s", more);
	snprintf(more, sizeof(more), "{\"wallet_id\":\"%s\",%s", wallet_id, body);
	seed("wallet_spend", 1, "/api/v1/wallet/transaction\n%s", more);
	seed("wallet_sign", 1,
	     "/api/v2/wallet/transaction/sign\n{\"wallet_id\":\"%s\",\"encoded_transaction\":"
	     "\"dc00\",\"sign_indexes\":[0]}",
	     wallet_id);
	seed("verify", 1, "/api/v2/address/verify\n{\"address\":\"%s\"}", owner);
	seed("verify_tx", 1,
	     "/api/v2/transaction/verify\n{\"encoded_transaction\":\"dc00\",\"unsigned\":true%s}",
	     "");
}

FUZZ_START_WITH(prepare, seeds)
