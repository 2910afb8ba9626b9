/* rooms: ledger wire
 * The chain: main net's first blocks and a private chain of the original, whole and broken;
 * the pool; the producer; dying in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skw_ledger_purse.h"

static struct skw_chain *open_chain(const char *path, const struct skw_network *net)
{
	struct skw_chain *chain;

	assert_int_equal(skw_chain_open(&chain, path, net), SKW_CHAIN_OK);
	return chain;
}

static void apply_all(struct skw_chain *chain, const struct blocks *blocks, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct skw_block_verdict verdict;
		char text[SKW_VERDICT_TEXT];

		if (skw_chain_apply(chain, blocks->block[i].data, blocks->block[i].len, &verdict) !=
		    SKW_CHAIN_OK) {
			skw_block_verdict_print(text, &verdict);
			fail_msg("block %zu: %s", i, text);
		}
	}
}

static void assert_hash(const struct skw_sha256 *hash, const char *want)
{
	char text[SKW_SHA256_TEXT];

	skw_sha256_print(text, hash);
	assert_string_equal(text, want);
}

static void main_net_to_block_180(void **state)
{
	struct skw_chain *chain = open_chain(":memory:", &skw_network_mainnet);
	struct skw_chain_head head = skw_chain_head(chain);
	struct skw_ux_record record;
	struct skw_sha256 uxid;
	struct blocks blocks;

	(void)state;
	read_blocks(&blocks, VECTORS "blocks-180.hex");
	assert_int_equal(blocks.count, 181);
	assert_hash(&head.hash, "0551a1e5af999fe8fff529f6f2ab341e1e33db95135eef1b2be44fe6981349f3");
	uxid = hash_of_text("043836eb6f29aaeb8b9bfce847e07c159c72b25ae17d291f32125e7f1912e2a0");
	assert_int_equal(skw_chain_output(chain, &uxid, &record), SKW_CHAIN_OK);
	assert_false(record.spent);

	apply_all(chain, &blocks, 1, blocks.count);
	head = skw_chain_head(chain);
	assert_int_equal(head.header.seq, 180);
	assert_hash(&head.hash, "63614fdf08b67fcfc99d7b43d115fb9f57eb5c6833acdbdc712ee361f391f292");
	assert_int_equal(skw_chain_output(chain, &uxid, &record), SKW_CHAIN_OK);
	assert_true(record.spent && record.spent_seq == 1);
	free_blocks(&blocks);
	skw_chain_close(chain);
}

/* Skycoin writes block 0 out with the publisher's own signature: all but that must be equal. */
static void genesis_blocks_are_those_of_the_original(void **state)
{
	static const char *const files[] = { VECTORS "blocks-180.hex",
					     VECTORS "blocks-private-multi.hex" };
	struct skw_network nets[2];
	uint8_t genesis[SKW_GENESIS_BLOCK_LEN];
	struct blocks blocks;

	(void)state;
	nets[0] = skw_network_mainnet;
	nets[1] = vector_network();
	for (unsigned i = 0; i < 2; i++) {
		read_blocks(&blocks, files[i]);
		skw_network_genesis(genesis, &nets[i]);
		assert_int_equal(blocks.block[0].len, sizeof(genesis));
		assert_memory_equal(blocks.block[0].data, genesis, sizeof(genesis) - 65);
		free_blocks(&blocks);
	}
}

static void a_private_chain_with_many_transactions_a_block(void **state)
{
	struct skw_network net = vector_network();
	struct skw_chain *chain = open_chain(":memory:", &net);
	struct skw_chain_head head = skw_chain_head(chain);
	struct blocks blocks;

	(void)state;
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	assert_hash(&head.hash, "77563b12f45e4d67937e6284c13139f1c26b02909bd5bb0dc31eb7b34d331aea");
	apply_all(chain, &blocks, 1, 2);
	head = skw_chain_head(chain);
	assert_hash(&head.hash, "c0bc9bfb052131e7c4d37773ef6d65db866d5ad45ff9a6cc0c4c340b22f15fc5");
	apply_all(chain, &blocks, 2, blocks.count);
	assert_int_equal(skw_chain_head(chain).header.seq, 9);
	free_blocks(&blocks);
	skw_chain_close(chain);
}

/* ---- hostile blocks ---- */

static enum skw_block_fault refuse(struct skw_chain *chain, const uint8_t *data, size_t len)
{
	struct skw_chain_head before = skw_chain_head(chain), after;
	struct skw_block_verdict verdict;

	assert_int_equal(skw_chain_apply(chain, data, len, &verdict), SKW_CHAIN_REFUSED);
	after = skw_chain_head(chain);
	assert_memory_equal(&before, &after, sizeof(before));
	return verdict.fault;
}

static void cut_or_lengthened_blocks_are_refused(void **state)
{
	struct skw_network net = vector_network();
	struct skw_chain *chain = open_chain(":memory:", &net);
	struct skw_bytes *b;
	struct blocks blocks;
	uint8_t *longer;

	(void)state;
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	b = &blocks.block[1];
	for (size_t len = 0; len < b->len; len++) {
		uint8_t *exact = malloc(len + 1); /* so that the sanitizer sees a byte too far */

		memcpy(exact, b->data, len);
		assert_int_equal(refuse(chain, exact, len), SKW_BLOCK_CODEC);
		free(exact);
	}
	longer = malloc(b->len + 1);
	memcpy(longer, b->data, b->len);
	longer[b->len] = 0;
	assert_int_equal(refuse(chain, longer, b->len + 1), SKW_BLOCK_CODEC);
	free(longer);
	apply_all(chain, &blocks, 1, 2);
	free_blocks(&blocks);
	skw_chain_close(chain);
}

static void every_flipped_byte_is_noticed(void **state)
{
	struct skw_network net = vector_network();
	struct skw_chain *chain = open_chain(":memory:", &net);
	struct skw_bytes *b;
	struct blocks blocks;

	(void)state;
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	b = &blocks.block[1];
	for (size_t i = 0; i < b->len; i++) {
		b->data[i] ^= 0x40;
		assert_int_not_equal(refuse(chain, b->data, b->len), SKW_BLOCK_OK);
		b->data[i] ^= 0x40;
	}
	assert_int_equal(refuse(chain, blocks.block[2].data, blocks.block[2].len), SKW_BLOCK_SEQ);
	apply_all(chain, &blocks, 1, 2);
	assert_int_equal(refuse(chain, b->data, b->len), SKW_BLOCK_SEQ);
	free_blocks(&blocks);
	skw_chain_close(chain);
}

static void counts_far_too_large_are_refused(void **state)
{
	struct skw_network net = vector_network();
	struct skw_chain *chain = open_chain(":memory:", &net);
	static const size_t places[] = { 124, 124 + 4 + 37, 124 + 4 + 37 + 4 + 65,
					 124 + 4 + 37 + 4 + 65 + 4 + 32 };
	static const uint8_t counts[][4] = {
		{ 0xff, 0xff, 0xff, 0xff }, { 0, 0, 0, 0x80 }, { 0, 0, 1, 0 }, { 9, 0, 0, 0x10 }
	};
	struct blocks blocks;

	(void)state;
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	for (size_t p = 0; p < 4; p++)
		for (size_t c = 0; c < 4; c++) {
			uint8_t *at = blocks.block[1].data + places[p], kept[4];

			memcpy(kept, at, 4);
			memcpy(at, counts[c], 4);
			assert_int_equal(refuse(chain, blocks.block[1].data, blocks.block[1].len),
					 SKW_BLOCK_CODEC);
			memcpy(at, kept, 4);
		}
	free_blocks(&blocks);
	skw_chain_close(chain);
}

/* A block by the right key that breaks a rule all the same. */
static void a_forging_publisher_is_refused(void **state)
{
	struct purse p = new_purse(":memory:");
	uint64_t now = GENESIS_TIME + 100;
	struct skw_bytes good, raw, again;
	uint8_t *twice;

	(void)state;
	raw = pay(&p, &p.owner, 1000000, 10);
	assert_int_equal(
	    skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_USER, now, NULL, NULL),
	    SKW_CHAIN_OK);
	good = block_of(&p, &raw, 1, now);
	again = block_of(&p, &raw, 1, GENESIS_TIME);
	assert_int_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_TIME);
	skw_bytes_free(&again);
	twice = malloc(2 * raw.len);
	memcpy(twice, raw.data, raw.len);
	memcpy(twice + raw.len, raw.data, raw.len);
	struct skw_bytes pair = { twice, 2 * raw.len };
	again = block_of(&p, &pair, 2, now);
	assert_int_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_DOUBLE_SPEND);
	skw_bytes_free(&again);
	free(twice);
	again = block_of(&p, &raw, 0, now);
	assert_int_not_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_OK);
	skw_bytes_free(&again);

	p.break_ux = true;
	again = block_of(&p, &raw, 1, now);
	assert_int_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_UX_HASH);
	skw_bytes_free(&again);
	p.break_ux = false;
	p.break_prev = true;
	again = block_of(&p, &raw, 1, now);
	assert_int_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_PREV);
	skw_bytes_free(&again);
	p.break_prev = false;
	p.break_body = true;
	again = block_of(&p, &raw, 1, now);
	assert_int_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_BODY);
	skw_bytes_free(&again);
	p.break_body = false;

	struct skw_coin_secret right = p.block_secret;
	skw_coin_secret_of_seed(&p.block_secret, (const uint8_t *)"forger", 6);
	again = block_of(&p, &raw, 1, now);
	assert_int_equal(refuse(p.chain, again.data, again.len), SKW_BLOCK_SIGNATURE);
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now, NULL), SKW_CHAIN_KEY);
	skw_bytes_free(&again);
	p.block_secret = right;

	assert_int_equal(skw_chain_apply(p.chain, good.data, good.len, NULL), SKW_CHAIN_OK);
	assert_int_equal(skw_chain_head(p.chain).pending, 0);
	skw_bytes_free(&good);
	skw_bytes_free(&raw);
	close_purse(&p);
}

/* ---- pool and producer ---- */

static void the_producer_makes_what_a_follower_accepts(void **state)
{
	struct purse p = new_purse(":memory:");
	struct skw_chain *follower = open_chain(":memory:", skw_chain_network(p.chain));
	struct skw_chain_head ours, theirs;
	uint64_t now = GENESIS_TIME + 10;

	(void)state;
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now, NULL), SKW_CHAIN_NOTHING);
	for (unsigned i = 0; i < 5; i++, now += 10) {
		struct skw_bytes raw = pay(&p, &p.other, 3000000 + i * 1000, 5), block;

		assert_int_equal(
		    skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_USER, now, NULL, NULL),
		    SKW_CHAIN_OK);
		assert_int_equal(skw_chain_produce(p.chain, &p.block_secret,
						   skw_chain_head(p.chain).header.time, NULL),
				 SKW_CHAIN_CLOCK);
		assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now, &block),
				 SKW_CHAIN_OK);
		assert_int_equal(skw_chain_apply(follower, block.data, block.len, NULL),
				 SKW_CHAIN_OK);
		skw_bytes_free(&block);
		skw_bytes_free(&raw);
	}
	ours = skw_chain_head(p.chain);
	theirs = skw_chain_head(follower);
	assert_memory_equal(&ours, &theirs, sizeof(ours));
	assert_int_equal(ours.header.seq, 5);
	assert_int_equal(ours.unspents, 6);
	skw_chain_close(follower);
	close_purse(&p);
}

static void of_two_spends_the_higher_fee_wins(void **state)
{
	struct purse p = new_purse(":memory:");
	uint64_t now = GENESIS_TIME + 10, height = 0;
	struct skw_bytes low, high;
	struct skw_sha256 low_id, high_id;
	struct skw_verdict verdict;

	(void)state;
	p.extra_fee = 1000; /* burns more */
	high = pay(&p, &p.other, 1000000, 10);
	p.extra_fee = 0;
	low = pay(&p, &p.other, 2000000, 10);
	assert_int_equal(
	    skw_chain_inject(p.chain, low.data, low.len, SKW_INJECT_USER, now, &low_id, NULL),
	    SKW_CHAIN_OK);
	assert_int_equal(
	    skw_chain_inject(p.chain, low.data, low.len, SKW_INJECT_USER, now, NULL, NULL),
	    SKW_CHAIN_OK); /* again: nothing happens */
	assert_int_equal(
	    skw_chain_inject(p.chain, high.data, high.len, SKW_INJECT_USER, now, &high_id, NULL),
	    SKW_CHAIN_OK);
	assert_int_equal(skw_chain_head(p.chain).pending, 2);
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now, NULL), SKW_CHAIN_OK);
	assert_int_equal(skw_chain_tx(p.chain, &high_id, NULL, &height, NULL), SKW_CHAIN_OK);
	assert_int_equal(height, 1);
	assert_int_equal(skw_chain_tx(p.chain, &low_id, NULL, NULL, NULL), SKW_CHAIN_NOTHING);
	assert_int_equal(skw_chain_head(p.chain).pending, 0); /* the loser is gone at once */
	assert_int_equal(
	    skw_chain_inject(p.chain, low.data, low.len, SKW_INJECT_USER, now, NULL, &verdict),
	    SKW_CHAIN_REFUSED);
	assert_int_equal(verdict.fault, SKW_FAULT_UNKNOWN_INPUT);
	skw_bytes_free(&low);
	skw_bytes_free(&high);
	close_purse(&p);
}

static void a_soft_fault_from_a_peer_waits_but_is_not_mined(void **state)
{
	struct purse p = new_purse(":memory:");
	uint64_t now = GENESIS_TIME + 10;
	struct skw_verdict verdict;
	struct skw_bytes raw;

	(void)state;
	p.limits.max_decimals = 6; /* the sender's idea of the rules */
	raw = pay(&p, &p.other, 1000001, 10);
	assert_int_equal(
	    skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_USER, now, NULL, &verdict),
	    SKW_CHAIN_REFUSED);
	assert_int_equal(verdict.fault, SKW_FAULT_DECIMALS);
	assert_int_equal(
	    skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_PEER, now, NULL, NULL),
	    SKW_CHAIN_OK);
	assert_int_equal(skw_chain_head(p.chain).pending, 1);
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now, NULL), SKW_CHAIN_NOTHING);
	skw_bytes_free(&raw);
	close_purse(&p);
}

/* More losers than one round of the review takes. */
static void many_losers_are_all_dropped(void **state)
{
	struct purse p = new_purse(":memory:");
	uint64_t now = GENESIS_TIME + 10;

	(void)state;
	for (unsigned i = 0; i < 150; i++) {
		struct skw_bytes raw = pay(&p, &p.other, 1000000 + i * 1000, 10);

		assert_int_equal(
		    skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_PEER, now, NULL, NULL),
		    SKW_CHAIN_OK);
		skw_bytes_free(&raw);
	}
	assert_int_equal(skw_chain_head(p.chain).pending, 150);
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now, NULL), SKW_CHAIN_OK);
	assert_int_equal(skw_chain_head(p.chain).pending, 0);
	close_purse(&p);
}

static void nobody_here_pays_to_the_null_address(void **state)
{
	static const struct skw_address null;
	struct purse p = new_purse(":memory:");
	struct skw_bytes raw = pay(&p, &null, 1000000, 10);
	struct skw_verdict verdict;

	(void)state;
	assert_int_equal(skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_USER,
					  GENESIS_TIME + 1, NULL, &verdict),
			 SKW_CHAIN_REFUSED);
	assert_int_equal(verdict.fault, SKW_FAULT_NULL_ADDRESS);
	assert_int_equal(skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_PEER,
					  GENESIS_TIME + 1, NULL, NULL),
			 SKW_CHAIN_OK);
	skw_bytes_free(&raw);
	close_purse(&p);
}

static uint64_t fee_of(struct skw_chain *chain, const struct skw_block_header *before,
		       const struct skw_tx *tx)
{
	struct skw_ux_record record;
	struct skw_hours hours;

	assert_int_equal(skw_chain_output(chain, &tx->in[0], &record), SKW_CHAIN_OK);
	assert_int_equal(skw_ux_hours_at(&hours, &record.ux, before->time), SKW_UX_HOURS_OK);
	for (uint32_t i = 0; i < tx->outs; i++)
		hours.n -= skw_tx_output(tx, i).hours.n;
	return hours.n;
}

/* All of one size: by fee, and equal fees by id. */
static void assert_sorted(struct skw_chain *chain, const struct skw_block_header *before,
			  const struct skw_block *block)
{
	struct skw_reader r = skw_block_txs(block);
	struct skw_sha256 last_id = { { 0 } }, id;
	uint64_t last_fee = UINT64_MAX, fee;
	unsigned ties = 0;
	struct skw_tx tx;

	for (uint32_t i = 0; i < block->count; i++) {
		skw_tx_get(&tx, &r);
		skw_tx_id(&id, &tx);
		fee = fee_of(chain, before, &tx);
		assert_true(fee <= last_fee);
		if (fee == last_fee)
			assert_true(++ties > 0 && memcmp(last_id.b, id.b, 32) < 0);
		last_fee = fee;
		last_id = id;
	}
	assert_true(ties > 3);
}

static void a_full_block_stops_at_the_first_that_does_not_fit(void **state)
{
	struct purse p = new_purse(":memory:");
	uint64_t now = GENESIS_TIME + 10;
	struct skw_block_header before;
	struct skw_bytes raw, block;
	struct skw_block made;

	(void)state;
	spread(&p, 40, now); /* forty outputs to spend at once */
	for (unsigned i = 0; i < 40; i++) {
		raw = pay_from(&p, i, &p.other, 1000000, 1);
		assert_int_equal(skw_chain_inject(p.chain, raw.data, raw.len, SKW_INJECT_USER,
						  now + 20, NULL, NULL),
				 SKW_CHAIN_OK);
		skw_bytes_free(&raw);
	}
	assert_int_equal(skw_chain_head(p.chain).pending, 40);
	before = skw_chain_head(p.chain).header;
	assert_int_equal(skw_chain_produce(p.chain, &p.block_secret, now + 20, &block),
			 SKW_CHAIN_OK);
	assert_int_equal(skw_block_decode(&made, block.data, block.len), SKW_CODEC_OK);
	assert_true(made.txs_size <= p.limits.max_block_size);
	assert_true(made.txs_size + SKW_TX_SIZE(1, 2) > p.limits.max_block_size);
	assert_int_equal(skw_chain_head(p.chain).pending, 40 - made.count);
	assert_sorted(p.chain, &before, &made);
	skw_bytes_free(&block);
	close_purse(&p);
}

/* ---- files ---- */

static void remove_file(const char *path)
{
	char name[128];

	unlink(path);
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
}

/* Puts a database of somebody else's there. */
static void other_program(const char *path)
{
	sqlite3 *db;

	remove_file(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs (x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_file_is_taken_up_where_it_was_left(void **state)
{
	char path[] = "/tmp/skw-chain-XXXXXX";
	struct skw_network net = vector_network(), other = net;
	struct skw_chain_head before, after;
	struct skw_chain *chain;
	struct blocks blocks;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	chain = open_chain(path, &net);
	apply_all(chain, &blocks, 1, 6);
	before = skw_chain_head(chain);
	skw_chain_close(chain);

	chain = open_chain(path, &net);
	after = skw_chain_head(chain);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(skw_chain_batch_begin(chain), SKW_CHAIN_OK);
	apply_all(chain, &blocks, 6, blocks.count);
	assert_int_equal(skw_chain_batch_end(chain), SKW_CHAIN_OK);
	skw_chain_close(chain);

	other.genesis_time++;
	memset(&other.genesis_sig, 0, sizeof(other.genesis_sig));
	assert_int_equal(skw_chain_open(&chain, path, &other), SKW_CHAIN_FOREIGN);
	skw_chain_close(chain);
	assert_int_equal(skw_chain_open(&chain, VECTORS "blocks-180.hex", &net), SKW_CHAIN_FOREIGN);
	skw_chain_close(chain);
	other_program(path);
	assert_int_equal(skw_chain_open(&chain, path, &net), SKW_CHAIN_FOREIGN);
	skw_chain_close(chain);
	assert_int_equal(skw_chain_open(&chain, "/nowhere/at/all", &net), SKW_CHAIN_STORE);
	skw_chain_close(chain);
	net.genesis_sig.b[5] ^= 1;
	assert_int_equal(skw_chain_open(&chain, ":memory:", &net), SKW_CHAIN_KEY);
	skw_chain_close(chain);
	remove_file(path);
	free_blocks(&blocks);
}

/* Killed at a random instant, again and again: the file always holds whole blocks. */
static void killed_in_the_middle(void **state)
{
	char path[] = "/tmp/skw-chain-XXXXXX";
	struct skw_network net = vector_network();
	struct skw_chain *chain;
	struct blocks blocks;
	uint64_t seq = 0;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	for (unsigned round = 0; round < 12; round++) {
		pid_t child = fork();

		if (child == 0) {
			if (skw_chain_open(&chain, path, &net) == SKW_CHAIN_OK)
				for (uint64_t i = seq + 1; i < blocks.count; i++)
					skw_chain_apply(chain, blocks.block[i].data,
							blocks.block[i].len, NULL);
			pause();
		}
		usleep(2000 + round * 7919 % 60000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		chain = open_chain(path, &net);
		assert_true(skw_chain_head(chain).header.seq >= seq);
		seq = skw_chain_head(chain).header.seq;
		skw_chain_close(chain);
	}
	chain = open_chain(path, &net);
	apply_all(chain, &blocks, seq + 1, blocks.count);
	assert_int_equal(skw_chain_head(chain).header.seq, 9);
	skw_chain_close(chain);
	remove_file(path);
	free_blocks(&blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_net_to_block_180),
		cmocka_unit_test(genesis_blocks_are_those_of_the_original),
		cmocka_unit_test(a_private_chain_with_many_transactions_a_block),
		cmocka_unit_test(cut_or_lengthened_blocks_are_refused),
		cmocka_unit_test(every_flipped_byte_is_noticed),
		cmocka_unit_test(counts_far_too_large_are_refused),
		cmocka_unit_test(a_forging_publisher_is_refused),
		cmocka_unit_test(the_producer_makes_what_a_follower_accepts),
		cmocka_unit_test(of_two_spends_the_higher_fee_wins),
		cmocka_unit_test(a_soft_fault_from_a_peer_waits_but_is_not_mined),
		cmocka_unit_test(many_losers_are_all_dropped),
		cmocka_unit_test(nobody_here_pays_to_the_null_address),
		cmocka_unit_test(a_full_block_stops_at_the_first_that_does_not_fit),
		cmocka_unit_test(a_file_is_taken_up_where_it_was_left),
		cmocka_unit_test(killed_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
