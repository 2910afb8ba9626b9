/* skywave ledger: verifies and shows chain files offline, and asks a node what it knows. */
#include <stdio.h>
#include <string.h>

#include "cli/skw_cli.h"
#include "cli/skw_cli_args.h"
#include "cli/skw_cli_ledger_ask.h"
#include "cli/skw_cli_ledger_file.h"

static int usage(FILE *out)
{
	fputs("usage: skywave ledger verify [--network mainnet|testnet|FILE.ini] FILE.hex\n"
	      "           signed blocks; checks all of it, shows the head\n"
	      "       skywave ledger parse FILE.hex       blocks or transactions\n"
	      "       skywave ledger export [--network N] [--from A] [--to B]\n"
	      "           [--format hex|json|binary] LEDGER.db    a node's blocks\n"
	      "       skywave ledger status [--node URL]\n"
	      "       skywave ledger blocks [--last N] [--node URL]\n"
	      "       skywave ledger outputs ADDRESS [--node URL]\n"
	      "       skywave ledger transaction TXID [--node URL]\n"
	      "each with --json. FILE has hex, one a line, or JSON, or is binary.\n",
	      out);
	return out == stdout ? 0 : 2;
}

int skw_cli_ledger(int argc, char **argv)
{
	const char *network = "mainnet", *node = SKW_CLI_NODE, *last = "10", *rest[2] = { NULL };
	const char *from = "0", *to = "18446744073709551614", *format = "hex";
	bool json = false, help = false;
	const struct skw_cli_option options[] = {
		{ "--network", &network, NULL }, { "--node", &node, NULL },
		{ "--last", &last, NULL },       { "--json", NULL, &json },
		{ "--help", NULL, &help },       { "--from", &from, NULL },
		{ "--to", &to, NULL },           { "--format", &format, NULL },
	};
	uint64_t n, first, end;
	int count;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), rest, 2,
			   &count))
		return 2;
	if (help)
		return usage(stdout);
	if (count == 0 || !skw_cli_number(&n, last, "--last", 1, 255))
		return count == 0 ? usage(stderr) : 2;
	if (strcmp(rest[0], "status") == 0 && count == 1)
		return skw_cli_ledger_status(node, json);
	if (strcmp(rest[0], "blocks") == 0 && count == 1)
		return skw_cli_ledger_blocks(node, n, json);
	if (strcmp(rest[0], "verify") == 0 && count == 2)
		return skw_cli_ledger_verify(network, rest[1], json);
	if (strcmp(rest[0], "export") == 0 && count == 2)
		return skw_cli_number(&first, from, "--from", 0, UINT64_MAX) &&
			       skw_cli_number(&end, to, "--to", 0, UINT64_MAX)
			   ? skw_cli_ledger_export(network, rest[1], format, first, end)
			   : 2;
	if (strcmp(rest[0], "parse") == 0 && count == 2)
		return skw_cli_ledger_parse(rest[1], json);
	if (strcmp(rest[0], "outputs") == 0 && count == 2)
		return skw_cli_ledger_outputs(node, rest[1], json);
	if (strcmp(rest[0], "transaction") == 0 && count == 2)
		return skw_cli_ledger_transaction(node, rest[1], json);
	return usage(stderr);
}
