/* skywave - one command for people: a table of subcommands. */

#include <stdio.h>
#include <string.h>

#include "cli/skw_cli.h"
#include "wire/skw_version.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} COMMANDS[] = {
	{ "status", skw_cli_control, "this node: address, radio, clock, counters" },
	{ "links", skw_cli_control, "neighbours, signal, bytes each way" },
	{ "circuits", skw_cli_control, "own circuits hop by hop, and how many are relayed" },
	{ "pay", skw_cli_pay, "what is owed, vouched and settled; settle, history, receipts" },
	{ "ping", skw_cli_probe, "echoes of a node, through each of our circuits to it" },
	{ "trace", skw_cli_probe, "the same of every hop of them; our own paths only" },
	{ "speedtest", skw_cli_probe, "how fast a node is reached, up and down; it is paid for" },
	{ "names", skw_cli_names, "petnames of nodes; `names add`, `names remove`" },
	{ "wallet", skw_cli_wallet, "addresses and coins; works offline" },
	{ "ledger", skw_cli_ledger, "verify a chain file, ask a ledger node" },
	{ "monitor", skw_cli_monitor,
	  "frames on a channel, from any SDR or a file: table, Wireshark, waterfall" },
	{ "phy", skw_cli_phy, "encode and decode radio frames in I/Q files" },
	{ "radio", skw_cli_radio, "test a radio by itself: `radio selftest`" },
};

static int usage(FILE *out)
{
	fprintf(out, "usage: skywave COMMAND [ARGUMENTS] [--json]\n\n");
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
		fprintf(out, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].help);
	fprintf(out, "\n`skywave COMMAND --help` tells more; `skywave --version`.\n");
	return out == stdout ? 0 : 2;
}

static int run(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return usage(stdout);
	if (strcmp(argv[1], "--version") == 0)
		return puts("skywave " SKW_VERSION) < 0;
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
		if (strcmp(argv[1], COMMANDS[i].name) == 0)
			return COMMANDS[i].run(argc - 1, argv + 1);
	fprintf(stderr, "skywave: no command '%s'\n", argv[1]);
	return usage(stderr);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	/* A full disk is seen here at the latest, whatever the command was. */
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	fprintf(stderr, "skywave: standard output: cannot be written\n");
	return 1;
}
