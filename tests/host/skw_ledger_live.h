/* The chain that the stored answers of an original node came from: its blocks are rebuilt from them
 * and signed anew with a key of ours, since signatures are part of no id. */
#ifndef SKW_LEDGER_LIVE_H
#define SKW_LEDGER_LIVE_H

#include <jansson.h>

#include "ledger/skw_rest.h"
#include "skw_ledger_purse.h"

#define NOW UINT64_C(1795386640)
#define ADDRESS "5JnrCM3EeWpKy2YwUHMkYR7MfWViaaJBCg"
#define TXID "3f7af0398c35a3869dcbb264960a1308b6e163ce5fe34e2406636a2348cfd091"

static struct skw_chain *live;

static inline void sign_block(struct skw_bytes *bytes, const struct skw_coin_secret *secret)
{
	struct skw_reader r = skw_reader(bytes->data, bytes->len);
	struct skw_block_header header;
	struct skw_sha256 hash;
	struct skw_coin_sig sig;

	skw_block_header_get(&r, &header);
	skw_block_hash(&hash, &header);
	assert_true(skw_coin_sign(&sig, &hash, secret));
	memcpy(bytes->data + bytes->len - 65, sig.b, 65);
}

static inline struct skw_sha256 hash_in(const json_t *object, const char *key)
{
	return hash_of_text(json_string_value(json_object_get(object, key)));
}

static inline uint64_t number_in(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* Block 2 of the live chain: its header and its one transaction, from two of the answers. */
static inline struct skw_bytes live_block_2(void)
{
	json_t *block = json_load_file(VECTORS "live/block.json", 0, NULL);
	json_t *coded = json_load_file(VECTORS "live/transaction-encoded.json", 0, NULL);
	const json_t *h = json_object_get(block, "header");
	const char *hex = json_string_value(json_object_get(coded, "encoded_transaction"));
	struct skw_block_header header = { .version = (uint32_t)number_in(h, "version"),
					   .time = number_in(h, "timestamp"),
					   .seq = number_in(h, "seq"),
					   .fee = number_in(h, "fee"),
					   .prev = hash_in(h, "previous_block_hash"),
					   .body = hash_in(h, "tx_body_hash"),
					   .ux = hash_in(h, "ux_hash") };
	struct skw_bytes tx = from_hex(hex, strlen(hex));
	struct skw_bytes out = { malloc(124 + 4 + tx.len + 65), 124 + 4 + tx.len + 65 };
	struct skw_writer w = skw_writer(out.data, out.len);

	skw_block_header_put(&w, &header);
	skw_put_u32(&w, 1);
	skw_put_bytes(&w, tx.data, tx.len);
	skw_put_zeros(&w, 65);
	skw_bytes_free(&tx);
	json_decref(block);
	json_decref(coded);
	return out;
}

static inline int open_live(void **state)
{
	struct skw_network net = vector_network();
	struct skw_coin_secret secret;
	struct skw_bytes two;
	struct blocks blocks;

	(void)state;
	skw_coin_secret_of_seed(&secret, (const uint8_t *)"our own key", 11);
	skw_coin_public_of(&net.block_key, &secret);
	memset(&net.genesis_sig, 0, sizeof(net.genesis_sig));
	/* the original keeps main net's addresses on whatever network it runs */
	net.limits.locked = skw_network_mainnet.limits.locked;
	net.limits.locked_count = skw_network_mainnet.limits.locked_count;
	assert_int_equal(skw_chain_open(&live, ":memory:", &net), SKW_CHAIN_OK);
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	sign_block(&blocks.block[1], &secret);
	assert_int_equal(skw_chain_apply(live, blocks.block[1].data, blocks.block[1].len, NULL),
			 SKW_CHAIN_OK);
	two = live_block_2();
	sign_block(&two, &secret);
	assert_int_equal(skw_chain_apply(live, two.data, two.len, NULL), SKW_CHAIN_OK);
	skw_bytes_free(&two);
	free_blocks(&blocks);
	return 0;
}

static inline int close_live(void **state)
{
	(void)state;
	skw_chain_close(live);
	return 0;
}

static inline struct skw_rest_answer ask(struct skw_chain *chain, const char *method,
					 const char *path, const char *body)
{
	struct skw_rest_request request = { .method = method,
					    .path = path,
					    .type = body != NULL && *body == '{'
							? "application/json"
							: "application/x-www-form-urlencoded",
					    .body = body,
					    .body_len = body != NULL ? strlen(body) : 0 };
	struct skw_rest_answer answer;

	skw_rest_handle(chain, NOW, &request, &answer);
	assert_non_null(answer.body);
	assert_int_equal(answer.len, strlen(answer.body));
	return answer;
}

/* Same keys in the same order with values of the same type, all the way down. */
static inline void assert_same_shape(const json_t *ours, const json_t *theirs, const char *where)
{
	void *a, *b;

	if (json_typeof(ours) != json_typeof(theirs) &&
	    !(json_is_boolean(ours) && json_is_boolean(theirs)))
		fail_msg("%s: another type", where);
	if (!json_is_object(ours))
		return;
	a = json_object_iter((json_t *)(uintptr_t)ours);
	b = json_object_iter((json_t *)(uintptr_t)theirs);
	while (a != NULL && b != NULL) {
		assert_string_equal(json_object_iter_key(a), json_object_iter_key(b));
		assert_same_shape(json_object_iter_value(a), json_object_iter_value(b),
				  json_object_iter_key(a));
		a = json_object_iter_next((json_t *)(uintptr_t)ours, a);
		b = json_object_iter_next((json_t *)(uintptr_t)theirs, b);
	}
	assert_true(a == NULL && b == NULL);
}

#endif
