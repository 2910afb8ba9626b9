/* rooms: ledger wire
 * Spending, wallet files, and the client side of REST fed by an original node's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/skw_rest.h"
#include "ledger/skw_rest_client.h"
#include "ledger/skw_wallet.h"
#include "skw_ledger_purse.h"

#define COIN SKW_DROPLETS_PER_SKY

/* ---- build ---- */

static struct skw_spend_input in[3];
static struct skw_tx_output to[3];
static struct skw_address change;
static struct skw_limits limits;
static uint8_t raw[4096];
static struct skw_spend_result result;

static int fresh(void **state)
{
	struct skw_coin_secret secret;

	(void)state;
	memset(in, 0, sizeof(in));
	memset(to, 0, sizeof(to));
	skw_coin_secret_of_seed(&secret, (const uint8_t *)"x", 1);
	skw_address_of_secret(&change, &secret);
	limits = skw_network_mainnet.limits;
	for (unsigned i = 0; i < 3; i++) {
		in[i].secret = secret;
		in[i].uxid.b[0] = (uint8_t)(i + 1);
		in[i].coins.n = 10 * COIN;
		in[i].hours.n = 101;
		to[i].address.b[5] = (uint8_t)(i + 1);
		to[i].coins.n = 4 * COIN;
		to[i].hours.n = 20;
	}
	return 0;
}

static enum skw_spend_status build(size_t ins, size_t tos, const struct skw_address *rest)
{
	return skw_spend_build(raw, sizeof(raw), &result, in, ins, to, tos, rest, &limits);
}

static void change_takes_what_is_left(void **state)
{
	struct skw_tx_output last;
	struct skw_tx tx;
	uint8_t again[4096];

	(void)state;
	assert_int_equal(build(2, 2, &change), SKW_SPEND_OK);
	/* 20 coins and 202 hours in, of which 21 burn; 8 and 40 out */
	assert_true(result.fee.n == 21 && result.change.n == 12 * COIN);
	assert_int_equal(result.change_hours.n, 202 - 21 - 40);
	assert_int_equal(skw_tx_decode(&tx, raw, result.size), SKW_CODEC_OK);
	assert_int_equal(skw_rules_alone(&tx).fault, SKW_FAULT_NONE);
	assert_true(tx.ins == 2 && tx.outs == 3);
	last = skw_tx_output(&tx, 2);
	assert_true(skw_address_equal(&last.address, &change) && last.coins.n == 12 * COIN &&
		    last.hours.n == result.change_hours.n);
	memcpy(again, raw, result.size);
	assert_int_equal(build(2, 2, &change), SKW_SPEND_OK);
	assert_memory_equal(raw, again, result.size); /* the same voucher has the same id */
}

static void without_change_the_rest_of_the_hours_burns(void **state)
{
	struct skw_tx tx;

	(void)state;
	to[0].coins.n = 10 * COIN;
	assert_int_equal(build(1, 1, NULL), SKW_SPEND_OK);
	assert_true(result.fee.n == 81 && result.change.n == 0);
	assert_int_equal(skw_tx_decode(&tx, raw, result.size), SKW_CODEC_OK);
	assert_int_equal(tx.outs, 1);
}

static void what_cannot_be_built_says_why(void **state)
{
	(void)state;
	assert_int_equal(build(0, 1, &change), SKW_SPEND_NOTHING);
	assert_int_equal(build(1, 0, &change), SKW_SPEND_NOTHING);
	assert_int_equal(build(1, 3, &change), SKW_SPEND_COINS);
	assert_int_equal(build(1, 1, NULL), SKW_SPEND_CHANGE);
	to[0].hours.n = 90; /* 101 - 11 is just enough */
	assert_int_equal(build(1, 1, &change), SKW_SPEND_OK);
	assert_int_equal(result.change_hours.n, 0);
	to[0].hours.n = 91;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_HOURS);
	fresh(NULL);
	to[0].coins.n += 1;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_DECIMALS);
	fresh(NULL);
	in[0].coins.n += 1;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_DECIMALS);
	fresh(NULL);
	to[0].coins.n = 0;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_ZERO);
	fresh(NULL);
	to[1] = to[0];
	assert_int_equal(build(2, 2, &change), SKW_SPEND_DUPLICATE);
	fresh(NULL);
	in[1].uxid = in[0].uxid;
	assert_int_equal(build(2, 1, &change), SKW_SPEND_DUPLICATE);
	fresh(NULL);
	in[0].coins.n = UINT64_MAX;
	assert_int_equal(build(2, 1, &change), SKW_SPEND_OVERFLOW);
	fresh(NULL);
	in[0].hours.n = UINT64_MAX;
	assert_int_equal(build(2, 1, &change), SKW_SPEND_OVERFLOW);
	fresh(NULL);
	to[0].hours.n = UINT64_MAX;
	assert_int_equal(build(2, 2, &change), SKW_SPEND_OVERFLOW);
	fresh(NULL);
	in[0].hours.n = 0;
	to[0].hours.n = 0;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_HOURS);
	fresh(NULL);
	memset(&in[0].secret, 0, sizeof(in[0].secret));
	assert_int_equal(build(1, 1, &change), SKW_SPEND_KEY);
	fresh(NULL);
	limits.max_tx_size = 219;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_MANY);
	limits.max_tx_size = 220;
	assert_int_equal(build(1, 1, &change), SKW_SPEND_OK);
	assert_int_equal(skw_spend_build(raw, 219, &result, in, 1, to, 1, &change, &limits),
			 SKW_SPEND_ROOM);
}

static void change_equal_to_a_destination_burns_an_hour_more(void **state)
{
	struct skw_tx tx;

	(void)state;
	to[0] = (struct skw_tx_output) { change, { 5 * COIN }, { 45 } }; /* 101 - 11 = 2 * 45 */
	assert_int_equal(build(1, 1, &change), SKW_SPEND_OK);
	assert_true(result.fee.n == 12 && result.change_hours.n == 44);
	assert_int_equal(skw_tx_decode(&tx, raw, result.size), SKW_CODEC_OK);
	assert_int_equal(skw_rules_alone(&tx).fault, SKW_FAULT_NONE);
}

/* ---- choose and share ---- */

static void outputs_are_chosen_in_the_originals_order(void **state)
{
	struct skw_spend_coin coins[5] = {
		{ .coins = { 3 * COIN }, .hours = { 50 }, .owner = 0 },
		{ .coins = { 9 * COIN }, .hours = { 0 }, .owner = 1 },
		{ .coins = { 5 * COIN }, .hours = { 20 }, .owner = 2 },
		{ .coins = { 5 * COIN }, .hours = { 10 }, .owner = 3 },
		{ .coins = { 1 * COIN }, .hours = { 0 }, .owner = 4 },
	};
	size_t chosen;

	(void)state;
	to[0].coins.n = 14 * COIN;
	to[0].hours.n = 0;
	assert_int_equal(skw_spend_choose(&chosen, coins, 5, to, 1, &limits), SKW_SPEND_OK);
	/* the first with hours (5 coins, fewest hours), then those without until it suffices */
	assert_int_equal(chosen, 2);
	assert_true(coins[0].owner == 3 && coins[1].owner == 1);
	to[0].hours.n = 40;
	assert_int_equal(skw_spend_choose(&chosen, coins, 5, to, 1, &limits), SKW_SPEND_OK);
	assert_int_equal(chosen, 4); /* 10, then 20, then 50: less the fee it is enough */
	to[0].hours.n = 73;
	assert_int_equal(skw_spend_choose(&chosen, coins, 5, to, 1, &limits), SKW_SPEND_HOURS);
	to[0].coins.n = 24 * COIN;
	assert_int_equal(skw_spend_choose(&chosen, coins, 5, to, 1, &limits), SKW_SPEND_COINS);
	for (unsigned i = 0; i < 5; i++)
		coins[i].hours.n = 0;
	to[0] = (struct skw_tx_output) { to[0].address, { COIN }, { 0 } };
	assert_int_equal(skw_spend_choose(&chosen, coins, 5, to, 1, &limits), SKW_SPEND_HOURS);
	assert_int_equal(skw_spend_choose(&chosen, coins, 0, to, 1, &limits), SKW_SPEND_COINS);
}

static void hours_are_shared_by_coins_to_the_last_one(void **state)
{
	(void)state;
	to[0].coins.n = 1000;
	to[1].coins.n = 2 * COIN;
	to[2].coins.n = 1 * COIN;
	/* 101 - 11 = 90, half is 45: 0.01, 29.99 and 14.99; two are left, and 0 comes first */
	assert_int_equal(skw_spend_share(to, 3, (struct skw_hours) { 101 }, 50, 100, &limits),
			 SKW_SPEND_OK);
	assert_true(to[0].hours.n == 2 && to[1].hours.n == 29 && to[2].hours.n == 14);
	assert_int_equal(
	    skw_spend_share(to, 3, (struct skw_hours) { UINT64_MAX }, 100, 100, &limits),
	    SKW_SPEND_OK);
	assert_true(to[0].hours.n + to[1].hours.n + to[2].hours.n ==
		    UINT64_MAX - (UINT64_MAX / 10 + 1));
	assert_int_equal(skw_spend_share(to, 3, (struct skw_hours) { 0 }, 50, 100, &limits),
			 SKW_SPEND_HOURS);
}

/* ---- wallet files ---- */

static struct skw_wallet *new_wallet(size_t count)
{
	struct skw_wallet *w;

	assert_int_equal(skw_wallet_new(&w, "skywave test seed", "a \"label\"", 7), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_grow(w, count), SKW_WALLET_OK);
	return w;
}

static void a_wallet_is_saved_and_grows_on(void **state)
{
	char path[] = "/tmp/skw-wallet-XXXXXX";
	struct skw_wallet *w = new_wallet(2), *loaded, *other = new_wallet(5);
	struct stat info;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(skw_wallet_create(w, path), SKW_WALLET_EXISTS);
	unlink(path);
	assert_int_equal(skw_wallet_create(w, path), SKW_WALLET_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(skw_wallet_load(&loaded, path), SKW_WALLET_OK);
	assert_string_equal(skw_wallet_label(loaded), "a \"label\"");
	assert_int_equal(skw_wallet_grow(loaded, 3), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_save(loaded, path), SKW_WALLET_OK);
	skw_wallet_free(loaded);
	assert_int_equal(skw_wallet_load(&loaded, path), SKW_WALLET_OK);
	assert_int_equal(skw_wallet_count(loaded), 5);
	for (size_t i = 0; i < 5; i++)
		assert_memory_equal(skw_wallet_entry(loaded, i), skw_wallet_entry(other, i),
				    sizeof(struct skw_wallet_entry));
	assert_non_null(skw_wallet_find(loaded, &skw_wallet_entry(w, 1)->address));
	assert_null(skw_wallet_find(w, &skw_wallet_entry(other, 4)->address));
	skw_wallet_free(loaded);
	unlink(path);
	assert_int_equal(skw_wallet_load(&loaded, path), SKW_WALLET_FILE);
	assert_int_equal(skw_wallet_save(w, "/nowhere/at/all.wlt"), SKW_WALLET_FILE);
	skw_wallet_free(w);
	skw_wallet_free(other);
}

static void assert_wallet(const char *text, enum skw_wallet_status want)
{
	struct skw_wallet *w;

	assert_int_equal(skw_wallet_parse(&w, text, strlen(text)), want);
	skw_wallet_free(w);
}

#define META "\"coin\":\"skycoin\",\"seed\":\"s\",\"lastSeed\":\"s\""
#define ADDR "\"address\":\"NCX7WQmskgTNNnfNxUyTXMHJxc9SVp7rmp\""
#define PUB "\"public_key\":\"03a3af3b259080324436b4e1cac99b539075d394f67a21d2d7d938bb0103e5b17d\""
#define SEC "\"secret_key\":\"4a272aeeffd7aad0670d96f0427e084b41e5c38502b0de1bd5140b53bb715eb9\""
#define WITH(entry) "{\"meta\":{\"type\":\"deterministic\"," META "},\"entries\":[" entry "]}"

static void bad_wallets_are_told_apart(void **state)
{
	static const char good[] = WITH("{" ADDR "," PUB "," SEC "}");
	struct skw_wallet *w;
	char *many = malloc(1100);

	(void)state;
	assert_wallet(good, SKW_WALLET_OK);
	for (size_t n = 0; n < sizeof(good) - 1; n++) {
		enum skw_wallet_status status = skw_wallet_parse(&w, good, n);

		assert_int_equal(status, SKW_WALLET_FORMAT);
	}
	assert_wallet("[]", SKW_WALLET_FORMAT);
	assert_wallet("{\"meta\":{\"type\":\"xpub\"," META "},\"entries\":[]}",
		      SKW_WALLET_XPUB_KEY);
	assert_wallet("{\"meta\":{\"type\":\"bip44\"," META "},\"entries\":[]}", SKW_WALLET_WORDS);
	assert_wallet("{\"meta\":{\"type\":\"deterministic\",\"encrypted\":\"true\"," META
		      "},\"entries\":[]}",
		      SKW_WALLET_ENCRYPTED);
	assert_wallet("{\"meta\":{\"type\":\"deterministic\",\"x\":1," META "},\"entries\":[]}",
		      SKW_WALLET_FORMAT);
	assert_wallet(WITH("{" ADDR "," PUB "}"), SKW_WALLET_FORMAT);
	assert_wallet(WITH("{\"address\":\"2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6\"," PUB "," SEC "}"),
		      SKW_WALLET_KEYS);
	assert_wallet(WITH("{" ADDR "," PUB ",\"secret_key\":"
			   "\"4a272aeeffd7aad0670d96f0427e084b41e5c38502b0de1bd5140b53bb715eb8\"}"),
		      SKW_WALLET_KEYS);
	assert_int_equal(skw_wallet_new(&w, "", "", 0), SKW_WALLET_SEED);
	memset(many, 'a', 1025);
	many[1025] = '\0';
	assert_int_equal(skw_wallet_new(&w, many, "", 0), SKW_WALLET_SEED);
	assert_int_equal(skw_wallet_new(&w, "\xff", "", 0), SKW_WALLET_SEED);
	free(many);
	w = new_wallet(0);
	assert_int_equal(skw_wallet_grow(w, SKW_WALLET_MAX + 1), SKW_WALLET_MANY);
	assert_int_equal(skw_wallet_grow(w, SIZE_MAX), SKW_WALLET_MANY);
	skw_wallet_free(w);
}

/* ---- the client ---- */

static void answers_of_an_original_node_are_understood(void **state)
{
	struct skw_client_outputs outputs;
	struct skw_client_metadata metadata;
	struct skw_client_tx tx;
	struct skw_sha256 txid;
	uint8_t bytes[512];
	char *text = read_text(VECTORS "live/outputs.json");

	(void)state;
	assert_true(skw_client_parse_outputs(&outputs, text, strlen(text)));
	assert_true(outputs.unspents == 1 && outputs.outgoings == 0 && outputs.incomings == 0);
	assert_int_equal(outputs.unspent[0].ux.coins.n, 1000 * COIN);
	assert_int_equal(outputs.unspent[0].hours_now.n, 5000);
	assert_int_equal(outputs.head.seq, 2);
	assert_false(skw_client_is_outgoing(&outputs, &outputs.unspent[0].uxid));
	skw_client_outputs_free(&outputs);
	for (size_t n = 0; n < strlen(text); n += 3)
		assert_false(skw_client_parse_outputs(&outputs, text, n));
	memcpy(strstr(text, "\"calculated_hours\": 5000") + 20, "-500", 4);
	assert_false(skw_client_parse_outputs(&outputs, text, strlen(text)));
	memcpy(strstr(text, "\"calculated_hours\": -500") + 20, "5000", 4);
	assert_true(skw_client_parse_outputs(&outputs, text, strlen(text)));
	skw_client_outputs_free(&outputs);
	strstr(text, "\"hours\": 5000")[9] = '6'; /* then it is not the output of this id */
	assert_false(skw_client_parse_outputs(&outputs, text, strlen(text)));
	free(text);

	text = read_text(VECTORS "live/metadata.json");
	assert_true(skw_client_parse_metadata(&metadata, text, strlen(text)));
	assert_true(metadata.head.seq == 2 && metadata.unspents == 10 && metadata.unconfirmed == 0);
	strstr(text, "\"fee\": 1")[7] = '2';
	assert_false(skw_client_parse_metadata(&metadata, text, strlen(text)));
	free(text);

	text = read_text(VECTORS "live/transaction.json");
	assert_true(skw_client_parse_tx(&tx, text, strlen(text)));
	assert_true(tx.confirmed && tx.height == 1 && tx.block_seq == 2 && tx.time == 1795386639);
	free(text);

	text = read_text(VECTORS "live/uxout.json");
	assert_false(skw_client_parse_spent(&txid, text, strlen(text))); /* nobody has */
	memset(strstr(text, "\"spent_tx\": \"") + 13, 'a', 64);
	assert_true(skw_client_parse_spent(&txid, text, strlen(text)));
	assert_int_equal(txid.b[0], 0xaa);
	assert_int_equal(txid.b[31], 0xaa);
	assert_false(skw_client_parse_spent(&txid, text, strlen(text) - 1));
	strstr(text, "aaaa")[0] = 'g';
	assert_false(skw_client_parse_spent(&txid, text, strlen(text)));
	free(text);

	text = read_text(VECTORS "live/rawtx.json");
	assert_int_equal(skw_client_parse_raw_tx(bytes, sizeof(bytes), text, strlen(text)), 220);
	skw_sha256_of(&txid, bytes, 220);
	assert_memory_equal(txid.b, tx.txid.b, 32);
	assert_int_equal(skw_client_parse_raw_tx(bytes, 219, text, strlen(text)), 0);
	free(text);
	assert_false(skw_client_parse_inject(&txid, "{}", 2));
	assert_false(skw_client_parse_inject(&txid, "\"00\"", 4));
	assert_false(skw_client_parse_csrf((char *)bytes, "{\"csrf_token\":\"a\\r\\nb\"}", 23));
	assert_true(skw_client_parse_csrf((char *)bytes, "{\"csrf_token\":\"ab\"}", 19));
}

static bool answer(struct skw_chain *chain, struct skw_client_request *request,
		   struct skw_rest_answer *out)
{
	struct skw_rest_request asked = { .method = request->method,
					  .path = request->path,
					  .type = request->type,
					  .body = request->body,
					  .body_len =
					      request->body != NULL ? strlen(request->body) : 0 };

	skw_rest_handle(chain, GENESIS_TIME + 50, &asked, out);
	skw_client_request_free(request);
	return out->status == 200;
}

static void client_and_server_understand_each_other(void **state)
{
	struct purse p = new_purse(":memory:");
	struct skw_bytes paid = pay(&p, &p.other, 7 * COIN, 3);
	struct skw_client_request request;
	struct skw_client_outputs outputs;
	struct skw_client_tx tx;
	struct skw_rest_answer a;
	struct skw_sha256 txid, want;
	const struct skw_address both[2] = { p.owner, p.other };

	(void)state;
	assert_false(skw_client_ask_outputs(&request, both, 0));
	skw_sha256_of(&want, paid.data, paid.len);
	assert_true(skw_client_ask_inject(&request, paid.data, paid.len));
	assert_true(answer(p.chain, &request, &a));
	assert_true(skw_client_parse_inject(&txid, a.body, a.len));
	assert_memory_equal(txid.b, want.b, 32);
	skw_rest_free(&a);
	assert_true(skw_client_ask_outputs(&request, both, 2));
	assert_true(answer(p.chain, &request, &a));
	assert_true(skw_client_parse_outputs(&outputs, a.body, a.len));
	assert_true(outputs.unspents == 1 && outputs.outgoings == 1 && outputs.incomings == 2);
	assert_true(skw_client_is_outgoing(&outputs, &outputs.unspent[0].uxid));
	skw_client_outputs_free(&outputs);
	skw_rest_free(&a);
	assert_true(skw_client_ask_tx(&request, &txid));
	assert_true(answer(p.chain, &request, &a));
	assert_true(skw_client_parse_tx(&tx, a.body, a.len) && !tx.confirmed);
	skw_rest_free(&a);
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, GENESIS_TIME + 60, NULL),
			 SKW_CHAIN_OK);
	assert_true(skw_client_ask_outputs(&request, both, 2));
	assert_true(answer(p.chain, &request, &a));
	assert_true(skw_client_parse_outputs(&outputs, a.body, a.len));
	assert_true(outputs.unspents == 2 && outputs.outgoings == 0 && outputs.incomings == 0);
	skw_client_outputs_free(&outputs);
	skw_rest_free(&a);
	assert_true(skw_client_ask_csrf(&request));
	assert_false(answer(p.chain, &request, &a));
	skw_rest_free(&a);
	skw_bytes_free(&paid);
	close_purse(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(change_takes_what_is_left, fresh),
		cmocka_unit_test_setup(without_change_the_rest_of_the_hours_burns, fresh),
		cmocka_unit_test_setup(what_cannot_be_built_says_why, fresh),
		cmocka_unit_test_setup(change_equal_to_a_destination_burns_an_hour_more, fresh),
		cmocka_unit_test_setup(outputs_are_chosen_in_the_originals_order, fresh),
		cmocka_unit_test_setup(hours_are_shared_by_coins_to_the_last_one, fresh),
		cmocka_unit_test(a_wallet_is_saved_and_grows_on),
		cmocka_unit_test(bad_wallets_are_told_apart),
		cmocka_unit_test(answers_of_an_original_node_are_understood),
		cmocka_unit_test(client_and_server_understand_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
