/* rooms: cli ledger wire
 * `skywave ledger` and `skywave wallet` as a user meets them: what they print, how they exit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
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
		"ledger verify /nowhere/at/all",
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
	assert_int_equal(run(skw_cli_wallet, "wallet --help"), 0);
	assert_int_equal(run(skw_cli_ledger, "ledger --help"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_file_is_verified),
		cmocka_unit_test(a_chain_file_of_another_network_or_of_rubbish_is_not),
		cmocka_unit_test(addresses_of_a_seed),
		cmocka_unit_test(a_wallet_from_creation_to_list),
		cmocka_unit_test(wrong_arguments_exit_with_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
