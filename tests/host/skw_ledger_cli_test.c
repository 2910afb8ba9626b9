/* rooms: cli pay ledger keys wire
 * `skywave ledger` and `skywave wallet` as a user meets them: what they print, how they exit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/skw_cli.h"
#include "skw_ledger_vectors.h"

/* What a command printed on standard output, and its exit status. */
static char printed[1 << 16];

static int run(int (*command)(int, char **), const char *line)
{
	char copy[512], *argv[16];
	int argc = 0, status, kept = dup(1);
	FILE *file = tmpfile();
	size_t len;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	fflush(stdout);
	dup2(fileno(file), 1);
	status = command(argc, argv);
	fflush(stdout);
	dup2(kept, 1);
	close(kept);
	rewind(file);
	len = fread(printed, 1, sizeof(printed) - 1, file);
	printed[len] = '\0';
	fclose(file);
	return status;
}

static void put_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_chain_file_is_verified(void **state)
{
	(void)state;
	assert_int_equal(
	    run(skw_cli_ledger, "ledger verify --network mainnet " VECTORS "blocks-180.hex"), 0);
	assert_string_equal(
	    printed, "network mainnet\nhead 180\nhash 63614fdf08b67fcfc99d7b43d115fb9f57eb5c6833ac"
		     "dbdc712ee361f391f292\nunspent 218\n");
	assert_int_equal(run(skw_cli_ledger, "ledger verify --json " VECTORS "blocks-180.hex"), 0);
	assert_non_null(strstr(printed, "\"seq\": 180,"));
}

/* The private chain of the vectors: out of a node's file in three forms, each of which is verified
 * and gives back the same bytes. */
static void a_chain_goes_out_and_comes_in_again(void **state)
{
	static const char *const forms[] = { "hex", "json", "binary" };
	char folder[] = "/tmp/skw-export-XXXXXX", ini[64], db[64], out[64], line[512];
	struct skw_network net = vector_network();
	struct skw_chain *chain;
	struct blocks blocks;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(ini, sizeof(ini), "%s/ini", folder);
	snprintf(db, sizeof(db), "%s/ledger.db", folder);
	snprintf(out, sizeof(out), "%s/out", folder);
	file = fopen(ini, "w");
	fputs("block_key = 0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f\n"
	      "genesis_address = 2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ\n"
	      "genesis_time = 1392854400\n",
	      file);
	fclose(file);
	assert_int_equal(skw_chain_open(&chain, db, &net), SKW_CHAIN_OK);
	read_blocks(&blocks, VECTORS "blocks-private-multi.hex");
	for (size_t i = 1; i < 4; i++) /* few, for `printed` is small */
		assert_int_equal(
		    skw_chain_apply(chain, blocks.block[i].data, blocks.block[i].len, NULL),
		    SKW_CHAIN_OK);
	skw_chain_close(chain);
	for (size_t i = 0; i < 3; i++) {
		size_t len;

		snprintf(line, sizeof(line),
			 "ledger export --network %s --format %s --from 1 --to 2 %s", ini, forms[i],
			 db);
		assert_int_equal(run(skw_cli_ledger, line), 0);
		len = i == 2 ? blocks.block[1].len + blocks.block[2].len : strlen(printed);
		if (i == 2)
			assert_memory_equal(printed, blocks.block[1].data, blocks.block[1].len);
		file = fopen(out, "w");
		fwrite(printed, 1, len, file);
		fclose(file);
		snprintf(line, sizeof(line), "ledger verify --network %s %s", ini, out);
		assert_int_equal(run(skw_cli_ledger, line), 0);
		assert_non_null(strstr(printed, "head 2\n"));
	}
	snprintf(line, sizeof(line), "ledger export --network %s %s", ini, ini);
	assert_int_equal(run(skw_cli_ledger, line), 1);
	snprintf(line, sizeof(line), "ledger export --network %s --format x %s", ini, db);
	assert_int_equal(run(skw_cli_ledger, line), 2);
	free_blocks(&blocks);
	snprintf(line, sizeof(line), "rm -r %s", folder);
	assert_int_equal(system(line), 0);
}

/* What an original node answers can be read too; its blocks come without signatures. */
static void the_originals_json_is_parsed(void **state)
{
	(void)state;
	assert_int_equal(run(skw_cli_ledger, "ledger parse " VECTORS "live/block.json"), 0);
	assert_non_null(strstr(printed, "a138d04ef76e4944fd41679147869f512c0fb62659fd267ae3266bc29"
					"9165387"));
	assert_int_equal(run(skw_cli_ledger, "ledger parse " VECTORS "live/blocks.json"), 0);
	assert_int_equal(run(skw_cli_ledger, "ledger parse " VECTORS "live/transaction.json"), 0);
	assert_non_null(strstr(printed, "3f7af0398c35a3869dcbb264960a1308b6e163ce5fe34e2406636a234"
					"8cfd091"));
	assert_int_equal(run(skw_cli_ledger, "ledger parse " VECTORS "live/health.json"), 1);
}

static void a_chain_file_of_another_network_or_of_rubbish_is_not(void **state)
{
	char ini[] = "/tmp/skw-ini-XXXXXX", hex[] = "/tmp/skw-hex-XXXXXX", line[256];

	(void)state;
	put_file(ini,
		 "block_key = 0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f\n"
		 "genesis_address = 2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ\n"
		 "genesis_time = 1392854400\n");
	put_file(hex, "00ff\n");
	assert_int_equal(run(skw_cli_ledger, "ledger verify " VECTORS "blocks-private-multi.hex"),
			 1);
	snprintf(line, sizeof(line),
		 "ledger verify --network %s " VECTORS "blocks-private-multi.hex", ini);
	assert_int_equal(run(skw_cli_ledger, line), 0);
	assert_non_null(strstr(printed, "head 9\n"));
	snprintf(line, sizeof(line), "ledger verify --network %s %s", hex, hex);
	assert_int_equal(run(skw_cli_ledger, line), 2);
	snprintf(line, sizeof(line), "ledger verify %s", hex);
	assert_int_equal(run(skw_cli_ledger, line), 1);
	snprintf(line, sizeof(line), "ledger parse %s", hex);
	assert_int_equal(run(skw_cli_ledger, line), 1);
	assert_string_equal(printed, "");
	assert_int_equal(run(skw_cli_ledger, "ledger parse " VECTORS "crypto-extra.json"), 1);
	unlink(ini);
	unlink(hex);
}

static void addresses_of_a_seed(void **state)
{
	(void)state;
	assert_int_equal(run(skw_cli_wallet, "wallet addressgen --seed abc --count 3"), 0);
	assert_int_equal(strlen(printed) > 90, 1);
	assert_null(strstr(printed, " "));
	assert_int_equal(run(skw_cli_wallet, "wallet addressgen --seed abc --count 1 --json"), 0);
	assert_null(strstr(printed, "secret")); /* only if asked for */
	assert_int_equal(run(skw_cli_wallet, "wallet addressgen --seed abc --json --secrets"), 0);
	assert_non_null(strstr(printed, "\"secret_key\""));
	assert_int_equal(run(skw_cli_wallet, "wallet verify 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6"),
			 0);
	assert_int_equal(run(skw_cli_wallet, "wallet verify 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os7"),
			 1);
}

static void a_wallet_from_creation_to_list(void **state)
{
	static char first[sizeof(printed) + 1024];
	char path[] = "/tmp/skw-cli-XXXXXX", line[256];

	(void)state;
	close(mkstemp(path));
	snprintf(line, sizeof(line), "wallet create %s --count 2", path);
	assert_int_equal(run(skw_cli_wallet, line), 1); /* it is there */
	unlink(path);
	assert_int_equal(run(skw_cli_wallet, line), 0);
	strcpy(first, printed);
	snprintf(line, sizeof(line), "wallet address %s", path);
	assert_int_equal(run(skw_cli_wallet, line), 0);
	strncat(first, printed, 1000);
	snprintf(line, sizeof(line), "wallet list %s", path);
	assert_int_equal(run(skw_cli_wallet, line), 0);
	assert_string_equal(printed, first);
	snprintf(line, sizeof(line), "wallet balance %s --node http://127.0.0.1:1", path);
	assert_int_equal(run(skw_cli_wallet, line), 1);
	unlink(path);
}

static char folder[] = "/tmp/skw-cli-XXXXXX";

/* `line` with every @ the folder of this test. */
static int in_folder(int (*command)(int, char **), const char *line)
{
	char full[512] = "";

	for (size_t len = 0; *line != '\0'; line++) {
		snprintf(full + len, sizeof(full) - len, *line == '@' ? "%s" : "%.1s",
			 *line == '@' ? folder : line);
		len = strlen(full);
	}
	return run(command, full);
}

#define WALLET(line) in_folder(skw_cli_wallet, "wallet " line)

static void keep(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static char *kept(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return read_text(path);
}

static void assert_secret_not_in(const char *name, const char *secret, bool in)
{
	char *text = kept(name);

	assert_int_equal(strstr(text, secret) != NULL, in);
	free(text);
}

#define WORDS "legal winner thank year wave sausage worth useful legal winner thank yellow"

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/skw-cli-XXXXXX");
	assert_non_null(mkdtemp(folder));
	keep("words", WORDS "\n");
	keep("typo", "legal winner thank year wave sausage worth useful legal winner thank year\n");
	keep("pw", "correct horse\n");
	keep("wrong", "battery staple\n");
	keep("empty", "\n");
	return 0;
}

static int remove_folder(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -r %s", folder);
	return system(line);
}

static void words_restore_the_same_wallet(void **state)
{
	static char before[sizeof(printed)];
	struct stat info;
	char path[128];

	(void)state;
	assert_int_equal(WALLET("restore @/a --seed-file @/words --type bip44 --count 3"), 0);
	strcpy(before, printed);
	assert_int_equal(WALLET("restore @/b --seed-file @/words --type bip44 --count 3"), 0);
	assert_string_equal(printed, before);
	assert_int_equal(WALLET("restore @/c --seed-file @/words --count 3"), 0);
	assert_string_not_equal(printed, before);
	snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(WALLET("restore @/d --seed-file @/typo"), 1);
	assert_int_equal(WALLET("restore @/d --seed-file @/typo --any-seed"), 0);
	assert_int_equal(WALLET("restore @/e --seed-file @/typo --any-seed --type bip44"), 1);
	assert_int_equal(WALLET("restore @/e --seed-file @/empty"), 1);
	assert_int_equal(WALLET("restore @/e --seed-file @/nowhere"), 1);
	assert_int_equal(WALLET("restore @/e --seed-file @/words --type other"), 2);
	assert_int_equal(WALLET("create @/e --type xpub"), 1);
	assert_int_equal(WALLET("create @/x --type xpub --xpub xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg5"
				"5crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL"
				"2dZXvgGDnw"),
			 0);
	assert_int_equal(WALLET("export @/x --secrets"), 0);
	assert_null(strstr(printed, "secret_key")); /* there are none */
	assert_int_equal(WALLET("restore @/e --seed-file @/words --coin dogecoin"), 2);
	assert_int_equal(WALLET("create @/f --words 24 --type bip44"), 0);
	assert_int_equal(WALLET("export @/f --secrets"), 0);
	assert_int_equal(WALLET("create @/g --words 18"), 1);
}

static void encrypted_and_back(void **state)
{
	static char list[sizeof(printed)];

	(void)state;
	assert_int_equal(WALLET("restore @/a --seed-file @/words --count 2"), 0);
	strcpy(list, printed);
	assert_secret_not_in("a", "sausage", true);
	assert_int_equal(WALLET("encrypt @/a --light --password-file @/empty"), 1);
	assert_int_equal(WALLET("encrypt @/a --light --password-file @/pw"), 0);
	assert_secret_not_in("a", "sausage", false);
	assert_secret_not_in("a", "correct", false);
	assert_int_equal(WALLET("encrypt @/a --light --password-file @/pw"), 1); /* it is */
	assert_int_equal(WALLET("list @/a"), 0); /* no password for that */
	assert_string_equal(printed, list);
	assert_int_equal(WALLET("list @/a --json"), 0);
	assert_non_null(strstr(printed, "\"encrypted\": true"));
	assert_null(strstr(printed, "secret"));
	assert_int_equal(WALLET("export @/a"), 0);
	assert_null(strstr(printed, "secret"));
	assert_null(strstr(printed, "sausage"));
	assert_int_equal(WALLET("export @/a --secrets --password-file @/wrong"), 1);
	assert_null(strstr(printed, "sausage"));
	assert_int_equal(WALLET("export @/a --secrets --password-file @/pw"), 0);
	assert_non_null(strstr(printed, "\"seed\": \"" WORDS "\""));
	assert_non_null(strstr(printed, "\"wif\": \""));
	assert_int_equal(WALLET("address @/a --password-file @/wrong"), 1);
	assert_int_equal(WALLET("address @/a --password-file @/pw"), 0);
	strcat(list, printed);
	assert_secret_not_in("a", "sausage", false); /* it is locked again */
	assert_int_equal(WALLET("decrypt @/a --password-file @/wrong"), 1);
	assert_int_equal(WALLET("decrypt @/a --password-file @/pw"), 0);
	assert_secret_not_in("a", "sausage", true);
	assert_int_equal(WALLET("decrypt @/a --password-file @/pw"), 1); /* it is not */
	assert_int_equal(WALLET("list @/a"), 0);
	assert_string_equal(printed, list);
	assert_int_equal(WALLET("create @/b --encrypt --light --password-file @/pw --json"), 0);
	assert_non_null(strstr(printed, "\"encrypted\": true"));
	assert_int_equal(WALLET("encrypt @/a --crypto rot13 --password-file @/pw"), 1);
	assert_int_equal(WALLET("encrypt @/a --crypto sha256-xor --password-file @/pw"), 0);
	assert_int_equal(WALLET("decrypt @/a --password-file @/pw"), 0);
}

static void loose_keys_in_both_forms(void **state)
{
	(void)state;
	keep("hex", "0000000000000000000000000000000000000000000000000000000000000001\n");
	keep("wif", "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn\n");
	keep("zero", "0000000000000000000000000000000000000000000000000000000000000000\n");
	assert_int_equal(WALLET("create @/a --type collection --coin bitcoin"), 0);
	assert_string_equal(printed, "");
	assert_int_equal(WALLET("addkey @/a --key-file @/hex"), 0);
	assert_string_equal(printed, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH\n");
	assert_secret_not_in("a", "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn", true);
	assert_int_equal(WALLET("addkey @/a --key-file @/wif"), 1); /* the same key */
	assert_int_equal(WALLET("addkey @/a --key-file @/zero"), 1);
	assert_int_equal(WALLET("addkey @/a --key-file @/words"), 1);
	assert_int_equal(WALLET("address @/a"), 1);
	assert_int_equal(WALLET("send @/a --to 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6 --amount 1"), 1);
	assert_int_equal(WALLET("verify 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH --coin bitcoin"), 0);
	assert_int_equal(WALLET("verify 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"), 1);
	assert_int_equal(WALLET("verify 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6 --coin bitcoin"), 1);
}

static void transactions_are_signed_and_checked_offline(void **state)
{
	struct skw_sha256 in[2] = { { { 1 } }, { { 2 } } };
	struct skw_tx_output out = { { { 0, 9 } }, { 1000000 }, { 5 } };
	char hex[1000], first[40], second[40], line[300];
	uint8_t raw[400];
	size_t len = skw_tx_put_unsigned(raw, sizeof(raw), in, 2, &out, 1);

	(void)state;
	skw_ledger_hex_print(hex, raw, len);
	keep("tx", hex);
	keep("rubbish", "00ff");
	assert_int_equal(WALLET("restore @/a --seed-file @/words --count 2"), 0);
	sscanf(printed, "%39s %39s", first, second);
	assert_int_equal(WALLET("check @/tx"), 1);    /* unsigned */
	assert_int_equal(WALLET("sign @/a @/tx"), 1); /* whose are they? */
	snprintf(line, sizeof(line), "wallet sign @/a @/tx --owners %s,%s,%s", first, second,
		 first);
	assert_int_equal(in_folder(skw_cli_wallet, line), 1);
	assert_int_equal(WALLET("sign @/a @/tx --owners 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6"), 1);
	assert_int_equal(WALLET("sign @/a @/rubbish"), 1);
	assert_int_equal(WALLET("sign @/a"), 2);
	snprintf(line, sizeof(line), "wallet sign @/a @/tx --owners %s,%s", first, second);
	assert_int_equal(in_folder(skw_cli_wallet, line), 0);
	assert_int_equal(strlen(printed), 2 * len + 1);
	keep("signed", printed);
	assert_int_equal(WALLET("check @/signed"), 0);
	snprintf(line, sizeof(line), "wallet sign @/a @/signed --owners %s,%s", first, second);
	assert_int_equal(in_folder(skw_cli_wallet, line), 1); /* nothing is left to sign */
	snprintf(line, sizeof(line), "wallet check @/signed --owners %s,%s", first, second);
	assert_int_equal(in_folder(skw_cli_wallet, line), 0);
	snprintf(line, sizeof(line), "wallet check @/signed --json --owners %s,%s", second, first);
	assert_int_equal(in_folder(skw_cli_wallet, line), 1); /* exchanged */
	assert_non_null(strstr(printed, "\"valid\": false"));
	assert_non_null(strstr(printed, first));
	assert_non_null(strstr(printed, second));
	/* only one of two, and then the other */
	snprintf(line, sizeof(line),
		 "wallet sign @/a @/tx --json --owners 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6,%s",
		 second);
	assert_int_equal(in_folder(skw_cli_wallet, line), 0);
	assert_non_null(strstr(printed, "\"missing\": 1"));
	/* what says another inner hash than it has is not signed */
	raw[5] ^= 1;
	skw_ledger_hex_print(hex, raw, len);
	keep("tx", hex);
	snprintf(line, sizeof(line), "wallet sign @/a @/tx --owners %s", first);
	assert_int_equal(in_folder(skw_cli_wallet, line), 1);
}

static void wrong_arguments_exit_with_2(void **state)
{
	static const char *const wallet[] = {
		"wallet",
		"wallet what x",
		"wallet list",
		"wallet addressgen",
		"wallet list a b",
		"wallet list --no",
		"wallet addressgen --seed",
		"wallet addressgen --seed a --count 0",
		"wallet addressgen --seed a --count 1x",
		"wallet send x --to y --amount 1",
		"wallet send x --amount 1",
		"wallet send x --to 2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6 --amount 1.0000001",
	};
	static const char *const ledger[] = {
		"ledger",
		"ledger what",
		"ledger verify",
		"ledger blocks --last 256",
		"ledger outputs xx",
		"ledger transaction 12",
		"ledger verify --network /nowhere x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wallet) / sizeof(wallet[0]); i++)
		assert_int_equal(run(skw_cli_wallet, wallet[i]), 2);
	for (size_t i = 0; i < sizeof(ledger) / sizeof(ledger[0]); i++)
		assert_int_equal(run(skw_cli_ledger, ledger[i]), 2);
	/* The words are right, the file is not. */
	assert_int_equal(run(skw_cli_ledger, "ledger verify /nowhere/at/all"), 1);
	assert_int_equal(run(skw_cli_wallet, "wallet --help"), 0);
	assert_int_equal(run(skw_cli_ledger, "ledger --help"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_file_is_verified),
		cmocka_unit_test(a_chain_goes_out_and_comes_in_again),
		cmocka_unit_test(the_originals_json_is_parsed),
		cmocka_unit_test(a_chain_file_of_another_network_or_of_rubbish_is_not),
		cmocka_unit_test(addresses_of_a_seed),
		cmocka_unit_test(a_wallet_from_creation_to_list),
		cmocka_unit_test_setup_teardown(words_restore_the_same_wallet, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(encrypted_and_back, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(loose_keys_in_both_forms, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(transactions_are_signed_and_checked_offline,
						make_folder, remove_folder),
		cmocka_unit_test(wrong_arguments_exit_with_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
