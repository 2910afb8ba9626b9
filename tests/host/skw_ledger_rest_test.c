/* rooms: ledger wire
 * REST: the answers of an original node, byte for byte where they can be, and bad requests in its
 * words. The chain is the one those answers came from: its blocks are rebuilt from them and signed
 * anew with a key of ours, since signatures are part of no id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "ledger/skw_rest.h"
#include "ledger/skw_rest_guard.h"
#include "skw_ledger_live.h"

static void answers_as_the_original_byte_for_byte(void **state)
{
	static const char *const pairs[][2] = {
		{ "/api/v1/version", "version" },
		{ "/api/v1/blockchain/metadata", "metadata" },
		{ "/api/v1/block?seq=2", "block" },
		{ "/api/v1/"
		  "block?hash=a138d04ef76e4944fd41679147869f512c0fb62659fd267ae3266bc299165387",
		  "block" },
		{ "/api/v1/block?seq=2&verbose=1", "block-verbose" },
		{ "/api/v1/blocks?start=0&end=1", "blocks" },
		{ "/api/v1/blocks?seqs=0,2", "blocks-seqs" },
		{ "/api/v1/last_blocks?num=1", "last_blocks" },
		{ "/api/v1/balance?addrs=" ADDRESS, "balance" },
		{ "/api/v1/outputs?addrs=" ADDRESS, "outputs" },
		{ "/api/v1/transaction?txid=" TXID, "transaction" },
		{ "/api/v1/transaction?txid=" TXID "&verbose=true", "transaction-verbose" },
		{ "/api/v1/transaction?txid=" TXID "&encoded=1", "transaction-encoded" },
		{ "/api/v1/transactions?addrs=" ADDRESS, "transactions" },
		{ "/api/v1/rawtx?txid=" TXID, "rawtx" },
		{ "/api/v1/pendingTxs", "pendingTxs" },
		{ "/api/v1/"
		  "uxout?uxid=52c0f65d3871405827e3c288ef02310ce8cab97d1974576af8e9053c76397a19",
		  "uxout" },
		{ "/api/v1/address_uxouts?address=" ADDRESS, "address_uxouts" },
		{ "/api/v1/addresscount", "addresscount" },
		{ "/api/v1/richlist", "richlist" },
		{ "/api/v1/coinSupply", "coinSupply" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct skw_rest_answer answer = ask(live, "GET", pairs[i][0], NULL);
		char path[96], *want;

		snprintf(path, sizeof(path), VECTORS "live/%s.json", pairs[i][1]);
		want = read_text(path);
		if (strcmp(answer.body, want) != 0)
			fail_msg("%s:\n%s", pairs[i][0], answer.body);
		assert_int_equal(answer.status, 200);
		assert_string_equal(answer.type, "application/json");
		free(want);
		skw_rest_free(&answer);
	}
}

static void assert_answer(const char *path, const char *body, unsigned status, const char *vector)
{
	struct skw_rest_answer answer = ask(live, "POST", path, body);
	char file[96], *want;

	snprintf(file, sizeof(file), VECTORS "live/%s.json", vector);
	want = read_text(file);
	if (strcmp(answer.body, want) != 0)
		fail_msg("%s:\n%s", path, answer.body);
	assert_int_equal(answer.status, status);
	free(want);
	skw_rest_free(&answer);
}

static void version_2_verifies_as_the_original(void **state)
{
	json_t *made = json_load_file(VECTORS "live/v2-transaction.json", 0, NULL);
	const char *hex = json_string_value(
	    json_object_get(json_object_get(made, "data"), "encoded_transaction"));
	struct skw_rest_answer answer;
	char body[1024];

	(void)state;
	assert_answer("/api/v2/address/verify", "{\"address\": \"" ADDRESS "\"}", 200,
		      "v2-address-verify-ok");
	snprintf(body, sizeof(body), "{\"address\": \"%s\"}", ADDRESS);
	body[strlen(body) - 4] ^= 1; /* a mistyped letter */
	assert_answer("/api/v2/address/verify", body, 422, "v2-address-verify-bad");
	snprintf(body, sizeof(body), "{\"encoded_transaction\": \"%s\", \"unsigned\": true}", hex);
	assert_answer("/api/v2/transaction/verify", body, 200, "v2-transaction-verify");
	snprintf(body, sizeof(body), "{\"encoded_transaction\": \"%s\"}", hex);
	answer = ask(live, "POST", "/api/v2/transaction/verify", body);
	assert_int_equal(answer.status, 422); /* nobody signed it */
	assert_non_null(strstr(answer.body, "Unsigned input in transaction"));
	skw_rest_free(&answer);
	answer =
	    ask(live, "POST", "/api/v2/transaction/verify", "{\"encoded_transaction\": \"00ff\"}");
	assert_int_equal(answer.status, 400);
	assert_string_equal(answer.type, "application/json");
	skw_rest_free(&answer);
	json_decref(made);
}

/* The last release's client refuses fields that came after it. */
static void gos_http_library_gets_the_fields_of_the_last_release(void **state)
{
	static const char *const newer[][2] = {
		{ "/api/v1/health", "qr_uri_prefix" },
		{ "/api/v1/block?seq=2&verbose=1", "src_txid" },
		{ "/api/v1/transaction?txid=" TXID "&verbose=1", "src_txid" },
		{ "/api/v1/address_uxouts?address=" ADDRESS, "calculated_hours" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		for (unsigned strict = 0; strict < 2; strict++) {
			struct skw_rest_request request = { .method = "GET",
							    .path = newer[i][0],
							    .agent = strict ? "Go-http-client/1.1"
									    : "curl/8" };
			struct skw_rest_answer a;

			skw_rest_handle(live, NOW, &request, &a);
			assert_int_equal(a.status, 200);
			assert_int_equal(strstr(a.body, newer[i][1]) == NULL, strict);
			skw_rest_free(&a);
		}
}

/* RFC 7617: base64 of user, colon, password. */
static void who_asks_for_a_password_gets_it_or_401(void **state)
{
	static const uint8_t key[32] = { 1 };
	struct skw_rest_guard guard;

	(void)state;
	skw_rest_guard_init(&guard, key, true, "127.0.0.1", 6420);
	assert_true(skw_rest_guard_knows(&guard, NULL));
	assert_true(skw_rest_guard_knows(&guard, "Basic Og=="));  /* ":" */
	assert_false(skw_rest_guard_knows(&guard, "Basic YTpi")); /* "a:b", and nobody asked */
	skw_rest_guard_login(&guard, "Aladdin", "open sesame");
	assert_true(skw_rest_guard_knows(&guard, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
	assert_true(skw_rest_guard_knows(&guard, "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
	assert_false(skw_rest_guard_knows(&guard, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZA=="));
	assert_false(skw_rest_guard_knows(&guard, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=!"));
	assert_false(skw_rest_guard_knows(&guard, "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
	assert_false(skw_rest_guard_knows(&guard, "Basic"));
	assert_false(skw_rest_guard_knows(&guard, "Basic "));
	assert_false(skw_rest_guard_knows(&guard, NULL));
}

static void other_names_are_ours_too(void **state)
{
	static const uint8_t key[32] = { 1 };
	struct skw_rest_guard guard;
	struct skw_rest_headers h = { .method = "GET", .host = "wallet.example:80" };

	(void)state;
	skw_rest_guard_init(&guard, key, true, "127.0.0.1", 6420);
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW), "Invalid Host");
	guard.others = "a.example:80,wallet.example:80";
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	h.origin = "http://a.example:80";
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	assert_true(skw_rest_guard_shares(&guard, h.origin));
	assert_true(skw_rest_guard_shares(&guard, "http://127.0.0.1:6420"));
	assert_false(skw_rest_guard_shares(&guard, "http://a.example:8"));
	assert_false(skw_rest_guard_shares(&guard, "https://a.example:80"));
	assert_false(skw_rest_guard_shares(&guard, NULL));
	h.host = "example:80";
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW), "Invalid Host");
}

/* Texts of programs; what GET says after a POST, a DELETE, and a restart. */
static void texts_are_kept(void **state)
{
	char folder[] = "/tmp/skw-storage-XXXXXX", path[64];
	struct skw_storage *storage;
	struct skw_rest_answer a;
	static const struct {
		const char *method, *path, *body;
		unsigned status;
		const char *says;
	} steps[] = {
		{ "GET", "/api/v2/data", NULL, 400, "type is required" },
		{ "GET", "/api/v2/data?type=x", NULL, 400, "unknown storage" },
		{ "GET", "/api/v2/data?type=client", NULL, 200, "\"data\": {}" },
		{ "GET", "/api/v2/data?type=client&key=a", NULL, 404, "Not Found" },
		{ "POST", "/api/v2/data", "{\"type\": \"client\"}", 400, "key is required" },
		{ "POST", "/api/v2/data", "{\"key\": \"a\"}", 400, "type is required" },
		{ "POST", "/api/v2/data", "{\"type\": \"client\", \"key\": \"a\", \"val\": 1}", 400,
		  "val must be a text" },
		{ "POST", "/api/v2/data",
		  "{\"type\": \"client\", \"key\": \"a\", \"val\": \"b\\n\u00e9\"}", 200, "{}" },
		{ "GET", "/api/v2/data?type=client&key=a", NULL, 200, "\"data\": \"b\\n\u00e9\"" },
		{ "GET", "/api/v2/data?type=txid&key=a", NULL, 404, "Not Found" },
		{ "DELETE", "/api/v2/data?type=client", NULL, 400, "key is required" },
		{ "DELETE", "/api/v2/data?type=client&key=b", NULL, 404, "Not Found" },
		{ "PUT", "/api/v2/data?type=client&key=b", NULL, 405, "Method Not Allowed" },
	};

	(void)state;
	a = ask(live, "GET", "/api/v2/data?type=client", NULL);
	assert_int_equal(a.status, 403);
	skw_rest_free(&a);
	assert_non_null(mkdtemp(folder));
	storage = skw_storage_open(folder);
	assert_non_null(storage);
	skw_rest_set_storage(live, storage);
	skw_rest_set_about(live,
			   &(struct skw_rest_about) { .sets = SKW_REST_DEFAULT | SKW_REST_STORAGE |
							      SKW_REST_PROMETHEUS });
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		a = ask(live, steps[i].method, steps[i].path, steps[i].body);
		assert_int_equal(a.status, steps[i].status);
		assert_non_null(strstr(a.body, steps[i].says));
		skw_rest_free(&a);
	}
	skw_storage_free(storage);
	storage = skw_storage_open(folder); /* a restart */
	skw_rest_set_storage(live, storage);
	a = ask(live, "DELETE", "/api/v2/data?type=client&key=a", NULL);
	assert_int_equal(a.status, 200);
	skw_rest_free(&a);
	a = ask(live, "GET", "/api/v2/metrics", NULL);
	assert_int_equal(a.status, 200);
	assert_memory_equal(a.type, "text/plain", 10);
	assert_non_null(strstr(a.body, "# TYPE unspent_outputs gauge\nunspent_outputs "));
	skw_rest_free(&a);
	skw_rest_set_storage(live, NULL);
	skw_storage_free(storage);
	snprintf(path, sizeof(path), "%s/client.json", folder);
	assert_int_equal(truncate(path, 1), 0); /* no JSON any more */
	storage = skw_storage_open(folder);
	assert_int_equal(json_object_size(skw_storage_all(storage, "client")), 0);
	skw_storage_free(storage);
	unlink(path);
	snprintf(path, sizeof(path), "%s/client.json.corrupt", folder);
	assert_int_equal(unlink(path), 0); /* put aside, not thrown away */
	snprintf(path, sizeof(path), "%s/txid.json", folder);
	unlink(path);
	rmdir(folder);
	skw_rest_set_about(live, &(struct skw_rest_about) { .sets = SKW_REST_DEFAULT });
}

/* Its browser's other pages must not reach it. */
static void the_guard(void **state)
{
	static const uint8_t key[32] = { 1 }, other[32] = { 2 };
	struct skw_rest_guard guard, stranger;
	struct skw_rest_headers h = { .method = "POST", .host = "127.0.0.1:6420" };
	char token[SKW_REST_TOKEN_TEXT];

	(void)state;
	skw_rest_guard_init(&guard, key, true, "127.0.0.1", 6420);
	skw_rest_guard_init(&stranger, other, true, "127.0.0.1", 6420);
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW), "invalid CSRF token");
	skw_rest_guard_token(token, &guard, NOW);
	h.token = token;
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	assert_null(skw_rest_guard_check(&guard, &h, NOW + 30));
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW + 31), "csrf token expired");
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW - 1), "csrf token expired");
	assert_string_equal(skw_rest_guard_check(&stranger, &h, NOW),
			    "invalid CSRF token signature");
	token[20] = token[20] == '0' ? '1' : '0';
	assert_non_null(skw_rest_guard_check(&guard, &h, NOW));
	h.method = "GET";
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	h.host = "localhost:6420";
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	h.host = "evil.example:6420";
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW), "Invalid Host");
	h.host = "127.0.0.1:6421";
	assert_non_null(skw_rest_guard_check(&guard, &h, NOW));
	h.host = NULL; /* no browser */
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	h.host = "127.0.0.1:6420";
	h.origin = "http://127.0.0.1:6420";
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	h.origin = "http://127.0.0.1:6420.evil.example";
	assert_non_null(skw_rest_guard_check(&guard, &h, NOW));
	h.origin = NULL;
	h.referer = "http://evil.example/127.0.0.1:6420";
	assert_non_null(skw_rest_guard_check(&guard, &h, NOW));
	h.referer = "evil.example";
	assert_string_equal(skw_rest_guard_check(&guard, &h, NOW),
			    "Invalid URL in Origin or Referer header");
	h.referer = NULL;
	h.host = "node.example:6420";
	skw_rest_guard_init(&guard, key, true, "192.0.2.1", 6420); /* then names are many */
	assert_null(skw_rest_guard_check(&guard, &h, NOW));
	h.referer = "http://evil.example/";
	assert_non_null(skw_rest_guard_check(&guard, &h, NOW));
}

static void health_and_progress_have_the_originals_shape(void **state)
{
	static const char *const pairs[][2] = { { "/api/v1/health", "live/health.json" },
						{ "/api/v1/blockchain/progress",
						  "live/progress.json" } };

	(void)state;
	skw_rest_set_about(live, &(struct skw_rest_about) { .started_unix = NOW - 3723 });
	for (size_t i = 0; i < 2; i++) {
		struct skw_rest_answer answer = ask(live, "GET", pairs[i][0], NULL);
		char path[96];
		json_t *ours = json_loads(answer.body, JSON_DECODE_ANY, NULL), *theirs;

		snprintf(path, sizeof(path), VECTORS "%s", pairs[i][1]);
		theirs = json_load_file(path, 0, NULL);
		assert_same_shape(ours, theirs, pairs[i][0]);
		if (i == 0) {
			assert_string_equal(json_string_value(json_object_get(ours, "uptime")),
					    "1h2m3s");
			assert_true(json_equal(
			    json_object_get(json_object_get(ours, "blockchain"), "head"),
			    json_object_get(json_object_get(theirs, "blockchain"), "head")));
		}
		json_decref(ours);
		json_decref(theirs);
		skw_rest_free(&answer);
	}
}

/* errors.txt: path => answer [status type], line breaks of the answer left out */
static void errors_in_the_words_of_the_original(void **state)
{
	char *text = read_text(VECTORS "live/errors.txt");
	unsigned lines = 0;

	(void)state;
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
		char *want = strstr(line, " => "), *status = strstr(line, " [404 "), one_line[512];
		struct skw_rest_answer answer;
		size_t n = 0;

		assert_non_null(want);
		for (char *p = want; (p = strstr(p, " [")) != NULL; p++)
			status = p;
		*want = *status = '\0';
		want += 4;
		status += 2;
		answer = ask(live, "GET", line, NULL);
		for (const char *p = answer.body; *p != '\0' && n < sizeof(one_line) - 1; p++)
			if (*p != '\n')
				one_line[n++] = *p;
		one_line[n] = '\0';
		assert_string_equal(one_line, want);
		assert_int_equal(answer.status, strtoul(status, NULL, 10));
		assert_memory_equal(answer.type, status + 4, strlen(answer.type));
		skw_rest_free(&answer);
	}
	assert_int_equal(lines, 13);
	free(text);
}

static void assert_error(struct skw_chain *chain, const char *method, const char *path,
			 const char *body, const char *want)
{
	struct skw_rest_answer answer = ask(chain, method, path, body);

	assert_string_equal(answer.body, want);
	assert_int_equal(answer.status, strtoul(want, NULL, 10));
	skw_rest_free(&answer);
}

static void bad_requests_get_clear_answers(void **state)
{
	static const char *const cases[][3] = {
		{ "POST", "/api/v1/version", "405 Method Not Allowed\n" },
		{ "DELETE", "/api/v1/outputs", "405 Method Not Allowed\n" },
		{ "GET", "/api/v1/injectTransaction", "405 Method Not Allowed\n" },
		{ "GET", "/api/v1/wallets", "403 Forbidden - Endpoint is disabled\n" },
		{ "POST", "/api/v1/wallet/create", "403 Forbidden - Endpoint is disabled\n" },
		{ "GET", "", "404 Not Found\n" },
		{ "GET", "/api/v1/versions", "404 Not Found\n" },
		{ "GET", "/api/v1/transaction?verbose=1", "400 Bad Request - txid is empty\n" },
		{ "GET", "/api/v1/transaction?txid=" TXID "&verbose=x",
		  "400 Bad Request - Invalid value for verbose\n" },
		{ "GET", "/api/v1/transaction?txid=" TXID "&verbose=1&encoded=1",
		  "400 Bad Request - verbose and encoded cannot be combined\n" },
		{ "GET", "/api/v1/rawtx?txid=abc",
		  "400 Bad Request - encoding/hex: odd length hex string\n" },
		{ "GET", "/api/v1/block?seq=1&hash=00",
		  "400 Bad Request - should only specify one filter, hash or seq\n" },
		{ "GET", "/api/v1/blocks?seqs=1&start=0",
		  "400 Bad Request - seqs cannot be used with start or end\n" },
		{ "GET", "/api/v1/blocks",
		  "400 Bad Request - At least one of seqs or start or end are required\n" },
		{ "GET", "/api/v1/blocks?start=-10&end=9",
		  "400 Bad Request - Invalid start value \"-10\"\n" },
		{ "GET", "/api/v1/blocks?start=0&end=18446744073709551616",
		  "400 Bad Request - Invalid end value \"18446744073709551616\"\n" },
		{ "GET", "/api/v1/outputs?addrs=" ADDRESS "&hashes=" TXID,
		  "400 Bad Request - addrs and hashes cannot be specified together\n" },
		{ "GET", "/api/v1/outputs?addrs=invalidAddr",
		  "400 Bad Request - address \"invalidAddr\" is invalid: Invalid base58 "
		  "character\n" },
		{ "GET", "/api/v1/address_uxouts", "400 Bad Request - address is empty\n" },
		{ "GET", "/api/v1/uxout?uxid=", "400 Bad Request - uxid is empty\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_error(live, cases[i][0], cases[i][1], NULL, cases[i][2]);
	assert_error(live, "POST", "/api/v1/injectTransaction", NULL, "400 Bad Request - EOF\n");
	assert_error(live, "POST", "/api/v1/injectTransaction", "{\"wrongKey\":\"wrongValue\"}",
		     "400 Bad Request - rawtx is required\n");
	assert_error(live, "POST", "/api/v1/injectTransaction", "{\"rawtx\":\"aab\"}",
		     "400 Bad Request - encoding/hex: odd length hex string\n");
	assert_error(
	    live, "POST", "/api/v1/injectTransaction", "{\"rawtx\":\"aabb\"}",
	    "400 Bad Request - Invalid transaction: Not enough buffer data to deserialize\n");
}

/* A body may be a form, escapes are escapes, and what is asked for twice is shown once. */
static void arguments_in_all_their_forms(void **state)
{
	struct skw_rest_answer a, b;

	(void)state;
	a = ask(live, "GET", "/api/v1/balance?addrs=" ADDRESS, NULL);
	b = ask(live, "POST", "/api/v1/balance",
		"addrs=%35JnrCM3EeWpKy2YwUHMkYR7MfWViaaJBCg,+," ADDRESS);
	assert_string_equal(a.body, b.body);
	skw_rest_free(&a);
	skw_rest_free(&b);
	a = ask(live, "GET",
		"/api/v1/transactions?addrs=" ADDRESS ",562fka8Hh4LBKLJAsZwX3ycN9CBM8z4r2x", NULL);
	assert_ptr_equal(strstr(strstr(a.body, TXID) + 1, "\"txid\": \"" TXID), NULL);
	skw_rest_free(&a);
	a = ask(live, "GET",
		"/api/v1/balance?addrs=" ADDRESS "%20562fka8Hh4LBKLJAsZwX3ycN9CBM8z4r2x"
		"%0b2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6+zaeB6Yqxp2wVx2EMD5668zvedKb4GyianK",
		NULL);
	assert_non_null(strstr(a.body, "zaeB6Yqxp2wVx2EMD5668zvedKb4GyianK"));
	assert_int_equal(a.status, 200);
	skw_rest_free(&a);
	for (const char *p = "/api/v1/block?seq=%&verbose=%4&=&&a=%zz&==%00"; *p != '\0'; p++) {
		a = ask(live, "GET", p, NULL); /* any rubbish has an answer */
		skw_rest_free(&a);
	}
}

/* Piece by piece it is the same as whole, of the head that it began at. */
static void a_stream_of_outputs_is_the_whole_answer(void **state)
{
	static const size_t caps[] = { 1, 7, 100, 1000, 32768 };
	struct skw_rest_request request = { .method = "GET", .path = "/api/v1/outputs" };
	struct skw_rest_answer whole, a;
	char folder[] = "/tmp/skw-stream-XXXXXX", path[64];
	struct skw_bytes raw, block;
	struct purse p;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	p = new_purse(path);
	spread(&p, 40, GENESIS_TIME + 100);
	for (unsigned pending = 0; pending < 2; pending++) {
		skw_rest_handle(p.chain, NOW, &request, &whole);
		assert_int_equal(whole.status, 200);
		assert_true(whole.len > 40 * 300);
		for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
			char *text = calloc(1, whole.len + 1);
			size_t at = 0, len;

			request.streams = true;
			skw_rest_handle(p.chain, NOW, &request, &a);
			request.streams = false;
			assert_int_equal(a.status, 200);
			assert_non_null(a.stream);
			assert_null(a.body);
			if (i == 2 && pending == 1) { /* what comes in meanwhile is not in it */
				raw = pay_from(&p, 3, &p.other, 1000000, 5);
				block = block_of(&p, &raw, 1, GENESIS_TIME + 200);
				assert_int_equal(
				    skw_chain_apply(p.chain, block.data, block.len, NULL),
				    SKW_CHAIN_OK);
				skw_bytes_free(&raw);
				skw_bytes_free(&block);
			}
			do {
				len = caps[i] < whole.len - at ? caps[i] : whole.len - at + 1;
				assert_true(skw_rest_stream_read(text + at, &len, a.stream, len));
				at += len;
				assert_true(at <= whole.len);
			} while (len > 0);
			assert_string_equal(text, whole.body);
			skw_rest_stream_free(a.stream);
			free(text);
			if (i == 2 && pending == 1)
				break;
		}
		skw_rest_free(&whole);
		raw = pay_from(&p, 0, &p.other, 1000000, 5);
		assert_int_equal(
		    skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_USER, NOW, NULL, NULL),
		    SKW_CHAIN_OK);
		skw_bytes_free(&raw);
	}
	request.path = "/api/v1/outputs?addrs=" ADDRESS; /* a part is no stream */
	request.streams = true;
	skw_rest_handle(p.chain, NOW, &request, &a);
	assert_null(a.stream);
	skw_rest_free(&a);
	close_purse(&p);
	unlink(path);
	rmdir(folder);
}

static void a_transaction_from_injection_to_block(void **state)
{
	struct purse p = new_purse(":memory:");
	struct skw_bytes raw = pay(&p, &p.other, 5000000, 10);
	char body[2048], path[128], txid[SKW_SHA256_TEXT], owner[SKW_ADDRESS_TEXT];
	struct skw_rest_answer a;
	struct skw_sha256 id;
	json_t *json;

	(void)state;
	skw_address_print(owner, &p.owner);
	strcpy(body, "{\"rawtx\": \"");
	skw_ledger_hex_print(body + strlen(body), raw.data, raw.len);
	strcat(body, "\"}");
	skw_sha256_of(&id, raw.data, raw.len);
	skw_sha256_print(txid, &id);
	for (unsigned twice = 0; twice < 2; twice++) {
		a = ask(p.chain, "POST", "/api/v1/injectTransaction", body);
		assert_int_equal(a.status, 200);
		assert_memory_equal(a.body + 1, txid, 64);
		skw_rest_free(&a);
	}
	snprintf(path, sizeof(path), "/api/v1/outputs?addrs=%s", owner);
	a = ask(p.chain, "GET", path, NULL);
	json = json_loads(a.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "head_outputs")), 1);
	assert_int_equal(json_array_size(json_object_get(json, "outgoing_outputs")), 1);
	assert_int_equal(json_array_size(json_object_get(json, "incoming_outputs")), 1);
	json_decref(json);
	skw_rest_free(&a);

	snprintf(path, sizeof(path), "/api/v1/balance?addrs=%s", owner);
	a = ask(p.chain, "GET", path, NULL);
	json = json_loads(a.body, 0, NULL);
	assert_int_equal(number_in(json_object_get(json, "confirmed"), "coins") -
			     number_in(json_object_get(json, "predicted"), "coins"),
			 5000000);
	json_decref(json);
	skw_rest_free(&a);

	snprintf(path, sizeof(path), "/api/v1/transaction?txid=%s", txid);
	a = ask(p.chain, "GET", path, NULL);
	assert_non_null(strstr(a.body, "\"unconfirmed\": true"));
	skw_rest_free(&a);
	a = ask(p.chain, "GET", "/api/v1/pendingTxs?verbose=1", NULL);
	assert_non_null(strstr(a.body, "\"is_valid\": true"));
	assert_non_null(strstr(a.body, "\"received\": \"2026-11-22T"));
	skw_rest_free(&a);

	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, NOW, NULL), SKW_CHAIN_OK);
	a = ask(p.chain, "GET", path, NULL);
	assert_non_null(strstr(a.body, "\"confirmed\": true"));
	assert_non_null(strstr(a.body, "\"height\": 1,"));
	skw_rest_free(&a);
	a = ask(p.chain, "POST", "/api/v1/injectTransaction", body);
	assert_int_equal(a.status, 400);
	assert_non_null(strstr(
	    a.body, "400 Bad Request - Transaction violates hard constraint: unspent output of "));
	skw_rest_free(&a);
	skw_bytes_free(&raw);
	close_purse(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_the_original_byte_for_byte),
		cmocka_unit_test(version_2_verifies_as_the_original),
		cmocka_unit_test(gos_http_library_gets_the_fields_of_the_last_release),
		cmocka_unit_test(who_asks_for_a_password_gets_it_or_401),
		cmocka_unit_test(other_names_are_ours_too),
		cmocka_unit_test(texts_are_kept),
		cmocka_unit_test(a_stream_of_outputs_is_the_whole_answer),
		cmocka_unit_test(the_guard),
		cmocka_unit_test(health_and_progress_have_the_originals_shape),
		cmocka_unit_test(errors_in_the_words_of_the_original),
		cmocka_unit_test(bad_requests_get_clear_answers),
		cmocka_unit_test(arguments_in_all_their_forms),
		cmocka_unit_test(a_transaction_from_injection_to_block),
	};

	return cmocka_run_group_tests(tests, open_live, close_live);
}
