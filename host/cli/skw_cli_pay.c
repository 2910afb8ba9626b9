/* skywave pay: accounts with neighbours, their history, and receipts that both ends signed. */
#include "cli/skw_cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_args.h"
#include "cli/skw_cli_daemon.h"
#include "cli/skw_cli_receipts.h"

static int usage(FILE *out)
{
	fputs(
	    "usage: skywave pay [--control SOCKET] [--json]\n"
	    "           accounts: what is owed, vouched and settled\n"
	    "       skywave pay settle              settle all vouchers held now\n"
	    "       skywave pay history [--csv]     the last events; --csv: all that is kept\n"
	    "       skywave pay receipts [--hex]    what was delivered per hour, signed by both\n"
	    "                                       ends; --hex: one a line, for others to check\n"
	    "       skywave pay receipts --verify FILE\n"
	    "           checks a file of them (--hex or --json) without asking "
	    "anybody\n" SKW_CLI_DAEMON_HELP,
	    out);
	return out == stdout ? 0 : 2;
}

/* The daemon's file as it is. */
static int print_file(const json_t *answer)
{
	const char *path = json_string_value(json_object_get(answer, "file"));
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	char part[4096];
	size_t n;

	if (file == NULL) {
		fprintf(stderr, "skywave pay: %s: %s\n", path != NULL ? path : "?",
			strerror(errno));
		return 1;
	}
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, n, stdout);
	fclose(file);
	return 0;
}

static int print_hex(const json_t *answer)
{
	const json_t *row, *rows = json_object_get(answer, "receipts");
	size_t i;

	json_array_foreach(rows, i, row)
	{
		puts(json_string_value(json_object_get(row, "receipt")));
	}
	return 0;
}

/* The table without its widest column. */
static int print_receipts(json_t *answer)
{
	json_t *row, *rows = json_object_get(answer, "receipts");
	size_t i;

	json_array_foreach(rows, i, row)
	{
		json_object_del(row, "receipt");
	}
	skw_cli_daemon_show(answer);
	return 0;
}

int skw_cli_pay(int argc, char **argv)
{
	const char *control = NULL, *verify = NULL, *rest[1] = { NULL };
	bool json = false, csv = false, hex = false, help = false;
	const struct skw_cli_option options[] = {
		{ "--control", &control, NULL }, { "--verify", &verify, NULL },
		{ "--json", NULL, &json },       { "--csv", NULL, &csv },
		{ "--hex", NULL, &hex },         { "--help", NULL, &help },
	};
	const char *action;
	json_t *answer;
	int count, status = 0;

	if (!skw_cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]), rest, 1,
			   &count))
		return 2;
	action = rest[0] != NULL ? rest[0] : "";
	if (help)
		return usage(stdout);
	if ((strcmp(action, "") != 0 && strcmp(action, "settle") != 0 &&
	     strcmp(action, "history") != 0 && strcmp(action, "receipts") != 0) ||
	    (csv && strcmp(action, "history") != 0) ||
	    ((hex || verify != NULL) && strcmp(action, "receipts") != 0))
		return usage(stderr);
	if (verify != NULL)
		return skw_cli_receipts_verify(verify, json);
	answer = skw_cli_daemon_ask(
	    control, json_pack("{s:s, s:s*}", "command", "pay", "action", rest[0]), NULL, NULL);
	if (answer == NULL)
		return 1;
	if (csv)
		status = print_file(answer);
	else if (hex)
		status = print_hex(answer);
	else if (json)
		skw_cli_daemon_print(answer);
	else if (strcmp(action, "receipts") == 0)
		status = print_receipts(answer);
	else
		skw_cli_daemon_show(answer);
	json_decref(answer);
	return status;
}
