/* Asks the daemon over its control socket: one line of JSON each way (docs/control.md). */

#include "cli/skw_cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_daemon.h"

static const struct {
	const char *command, *about;
} TELLS[] = {
	{ "status", "This node: name, address, clock, counters of each part." },
	{ "links", "A row for each neighbour: port, bytes each way, round trip, new keys; of a\n"
		   "radio also signal to noise here and there, rate, carrier offset, repeats." },
	{ "circuits",
	  "A row for each own circuit: hops, delay, measured rate, packets lost, price\n"
	  "in millionths of a SKY per MiB; how many of others run through or end here." },
};

static int usage(const char *command, FILE *out)
{
	fprintf(out, "usage: skywave %s [--control SOCKET] [--json]\n", command);
	for (size_t i = 0; out == stdout && i < sizeof(TELLS) / sizeof(TELLS[0]); i++)
		if (strcmp(TELLS[i].command, command) == 0)
			fprintf(out, "\n%s\n" SKW_CLI_DAEMON_HELP, TELLS[i].about);
	return out == stdout ? 0 : 2;
}

static void print_scalar(const json_t *v, int width)
{
	char number[32];
	const char *text = number;

	switch (json_typeof(v)) {
	case JSON_STRING:
		text = json_string_value(v);
		break;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		break;
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.2f", json_real_value(v));
		break;
	case JSON_TRUE:
		text = "yes";
		break;
	case JSON_FALSE:
		text = "no";
		break;
	case JSON_NULL:
		text = "-";
		break;
	case JSON_ARRAY:
		for (size_t i = 0; i < json_array_size(v); i++) {
			fputs(i == 0                                  ? ""
			      : json_is_integer(json_array_get(v, i)) ? ", "
								      : " > ",
			      stdout);
			print_scalar(json_array_get(v, i), 0);
		}
		return;
	case JSON_OBJECT:
		text = "{...}";
		break;
	}
	printf("%-*s", width, text);
}

static int text_width(const json_t *v)
{
	char *dump =
	    json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	int width = (int)(json_is_string(v) ? strlen(json_string_value(v))
			  : dump != NULL    ? strlen(dump)
					    : 0);

	free(dump);
	return width < 64 ? width : 64;
}

/* Every key that a row has, in the order in which they come. */
static json_t *columns_of(json_t *rows)
{
	json_t *columns = json_object(), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		json_object_update_missing(columns, row);
	}
	return columns;
}

/* An array of objects; what a row does not have stays blank. */
static void print_table(const char *name, json_t *rows)
{
	json_t *columns = columns_of(rows);
	json_t *value;
	const char *key;
	size_t i;
	json_t *row;

	printf("%s\n", name);
	for (int line = -1; line < (int)json_array_size(rows); line++) {
		row = line < 0 ? columns : json_array_get(rows, (size_t)line);
		printf("  ");
		json_object_foreach(columns, key, value)
		{
			int width = (int)strlen(key);
			json_t *other;

			json_array_foreach(rows, i, other)
			{
				int w = text_width(json_object_get(other, key));

				width = w > width ? w : width;
			}
			if (line < 0)
				printf("%-*s", width, key);
			else if (json_object_get(row, key) != NULL)
				print_scalar(json_object_get(row, key), width);
			else
				printf("%*s", width, "");
			printf("  ");
		}
		printf("\n");
	}
	json_decref(columns);
}

void skw_cli_daemon_show(json_t *answer)
{
	const char *key;
	json_t *value;

	json_object_foreach(answer, key, value)
	{
		if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
			print_table(key, value);
		} else if (json_is_array(value) && json_array_size(value) == 0) {
			printf("%s: none\n", key);
		} else if (json_is_object(value)) {
			printf("%s:\n", key);
			skw_cli_daemon_show(value);
		} else {
			printf("%-20s ", key);
			print_scalar(value, 0);
			printf("\n");
		}
	}
}

int skw_cli_control(int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false;
	json_t *answer;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			as_json = true;
		else if (strcmp(argv[i], "--help") == 0)
			return usage(argv[0], stdout);
		else if (strcmp(argv[i], "--control") == 0 && i + 1 < argc)
			path = argv[++i];
		else
			return usage(argv[0], stderr);
	}
	answer = skw_cli_daemon_ask(path, json_pack("{s:s}", "command", argv[0]), NULL, NULL);
	if (answer == NULL)
		return 1;
	if (as_json)
		skw_cli_daemon_print(answer);
	else
		skw_cli_daemon_show(answer);
	json_decref(answer);
	return 0;
}
