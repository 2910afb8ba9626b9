/* rooms: wire keys ledger
 *
 * skw_network: the INI file of a private network. What is refused is explained; what is taken has
 * limits in range and a block 0 that decodes. */

#include "ledger/skw_network.h"
#include "skw_fuzz.h"

static void check(const struct skw_network *net)
{
	uint8_t genesis[SKW_GENESIS_BLOCK_LEN];
	struct skw_block block;

	FUZZ_CHECK(net->limits.burn_factor >= 2 && net->limits.max_decimals <= 6);
	FUZZ_CHECK(net->limits.max_tx_size >= 1024 && net->limits.max_block_size >= 1024);
	FUZZ_CHECK(net->genesis_coins.n > 0 && net->genesis_time > 0);
	FUZZ_CHECK(skw_coin_public_valid(&net->block_key));
	FUZZ_CHECK(memchr(net->name, '\0', sizeof(net->name)) != NULL);
	skw_network_genesis(genesis, net);
	FUZZ_CHECK(skw_block_decode(&block, genesis, sizeof(genesis)) == SKW_CODEC_OK);
	FUZZ_CHECK(block.header.seq == 0 && block.header.time == net->genesis_time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[200] = "", *text = fuzz_text(data, size);
	struct skw_network net;

	if (skw_network_parse(&net, text, error, sizeof(error)))
		check(&net);
	else
		FUZZ_CHECK(error[0] != '\0' && memchr(error, '\0', sizeof(error)) != NULL);
	free(text);
	return 0;
}

static void seeds(void)
{
	fuzz_seed_text(
	    "private",
	    "[network]\nname = village\n# a comment\n"
	    "block_key = 0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f\n"
	    "genesis_address = 2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ\ngenesis_time = 1392854400\n"
	    "genesis_coins = 1000000.5\nburn_factor = 3\nmax_transaction_size = 4096\n"
	    "max_block_size = 40960\nmax_decimals = 2\n");
}

FUZZ_START(seeds)
