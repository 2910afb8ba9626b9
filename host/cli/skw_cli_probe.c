/* What takes its time: the daemon says how it goes, then answers. And petnames. */

#include "cli/skw_cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/skw_cli_args.h"
#include "cli/skw_cli_daemon.h"

static double ms(const json_t *us)
{
	return (double)json_integer_value(us) / 1e3;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "?";
}

/* ---- ping ---- */

static void print_reply(const json_t *reply, void *arg)
{
	const json_t *rtt = json_object_get(reply, "rtt_us");

	(void)arg;
	printf("%3d  circuit %-10lld ", (int)json_integer_value(json_object_get(reply, "sequence")),
	       (long long)json_integer_value(json_object_get(reply, "circuit")));
	if (json_is_integer(rtt))
		printf("%.3f ms\n", ms(rtt));
	else
		printf("no answer in 5 s\n");
	fflush(stdout);
}

static void print_ping(const json_t *answer)
{
	printf("%s: %lld of %lld came back", text(answer, "node"),
	       (long long)json_integer_value(json_object_get(answer, "received")),
	       (long long)json_integer_value(json_object_get(answer, "sent")));
	if (json_object_get(answer, "least_us") != NULL)
		printf("; least %.3f, mean %.3f, most %.3f ms",
		       ms(json_object_get(answer, "least_us")),
		       ms(json_object_get(answer, "mean_us")),
		       ms(json_object_get(answer, "most_us")));
	printf("\n");
}

/* ---- trace ---- */

static void print_path(const json_t *path, void *arg)
{
	json_t *hops = json_object_get(path, "hops"), *hop;
	size_t i;

	(void)arg;
	printf("circuit %lld\n", (long long)json_integer_value(json_object_get(path, "circuit")));
	json_array_foreach(hops, i, hop)
	{
		const json_t *rtt = json_object_get(hop, "rtt_us");

		printf("%3zu  %-54s", i + 1, text(hop, "node"));
		if (json_is_integer(rtt))
			printf("%.3f ms\n", ms(rtt));
		else
			printf("no answer in 5 s\n");
	}
	fflush(stdout);
}

/* ---- speedtest ---- */

static void print_progress(const json_t *row, void *arg)
{
	enum { WIDTH = 30 };
	long long bytes = json_integer_value(json_object_get(row, "bytes"));
	long long of = json_integer_value(json_object_get(row, "of"));
	long long us = json_integer_value(json_object_get(row, "microseconds"));
	int full = of > 0 ? (int)(bytes * WIDTH / of) : 0;

	(void)arg;
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%-4s [%.*s%*s] %5.1f of %.1f MiB  %.2f Mb/s \033[K",
		text(row, "direction"), full, "##############################", WIDTH - full, "",
		(double)bytes / 1048576, (double)of / 1048576,
		us > 0 ? (double)bytes * 8 / (double)us : 0.0);
}

static void print_speed(const json_t *answer)
{
	static const char *const ways[] = { "up", "down" };
	double price = (double)json_integer_value(json_object_get(answer, "price_per_mib")) / 1e6;
	double mib = 0;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	for (int i = 0; i < 2; i++) {
		const json_t *way = json_object_get(answer, ways[i]);
		double bytes = (double)json_integer_value(json_object_get(way, "bytes"));

		printf("%-5s %8.2f Mb/s  (%.1f MiB in %.2f s)\n", ways[i],
		       (double)json_integer_value(json_object_get(way, "kbps")) / 1e3,
		       bytes / 1048576, ms(json_object_get(way, "microseconds")) / 1e3);
		mib += bytes / 1048576;
	}
	printf("price %8.6f SKY/MiB: some %.6f SKY and the headers\n", price, price * mib);
}

/* ---- the three of them ---- */

static const struct probe {
	const char *name, *usage, *about, *option, *field;
	uint64_t least, most;
	void (*progress)(const json_t *progress, void *arg);
	void (*end)(const json_t *answer);
} PROBES[] = {
	{ "ping", "NODE [--count N]",
	  "Echoes of NODE through each of our circuits to it in turn, N in all [4].", "--count",
	  "count", 1, 1000, print_reply, print_ping },
	{ "trace", "NODE",
	  "How long each hop of our circuits to NODE takes to answer. They are asked in circuits\n"
	  "built over the same nodes for the purpose; nobody can ask about the paths of others.",
	  NULL, NULL, 0, 0, print_path, NULL },
	{ "speedtest", "NODE [--mib N]",
	  "N MiB [4] to NODE and back again, over all paths to it at once. They are paid for like\n"
	  "any other bytes; NODE says how much it takes part in ([speedtest] serve_mib).",
	  "--mib", "mib", 1, 1024, print_progress, print_speed },
};

static int usage(const char *command, const char *more, const char *about, FILE *out)
{
	fprintf(out, "usage: skywave %s %s [--control SOCKET] [--json]\n", command, more);
	if (out == stdout)
		fprintf(out, "\n%s\n" SKW_CLI_DAEMON_HELP, about);
	return out == stdout ? 0 : 2;
}

int skw_cli_probe(int argc, char **argv)
{
	const struct probe *probe = PROBES;
	const char *control = NULL, *number = NULL, *node = NULL;
	bool as_json = false, help = false;
	uint64_t n = 0;
	int count;
	json_t *question, *answer;

	while (strcmp(probe->name, argv[0]) != 0)
		probe++;
	const struct skw_cli_option options[] = {
		{ "--control", &control, NULL },
		{ "--json", NULL, &as_json },
		{ "--help", NULL, &help },
		{ probe->option, &number, NULL },
	};
	if (!skw_cli_parse(argc, argv, options, probe->option != NULL ? 4 : 3, &node, 1, &count))
		return usage(argv[0], probe->usage, probe->about, stderr);
	if (help)
		return usage(argv[0], probe->usage, probe->about, stdout);
	if (node == NULL)
		return usage(argv[0], probe->usage, probe->about, stderr);
	if (number != NULL && !skw_cli_number(&n, number, probe->option, probe->least, probe->most))
		return 2;
	question = json_pack("{s:s, s:s}", "command", argv[0], "node", node);
	if (number != NULL)
		json_object_set_new(question, probe->field, json_integer((json_int_t)n));
	answer = skw_cli_daemon_ask(control, question, as_json ? NULL : probe->progress, NULL);
	if (answer == NULL)
		return 1;
	if (as_json)
		skw_cli_daemon_print(answer);
	else if (probe->end != NULL)
		probe->end(answer);
	json_decref(answer);
	return 0;
}

/* ---- names ---- */

int skw_cli_names(int argc, char **argv)
{
	static const char HOW[] = "[add NAME ADDRESS | remove NAME]";
	static const char ABOUT[] = "Petnames of nodes, as in SERVICE.NAME.sky: those of [names] "
				    "in the configuration, and\n"
				    "those of the file [node] names, which add and remove change.";
	const char *control = NULL, *words[3] = { NULL };
	bool as_json = false, help = false;
	const struct skw_cli_option options[] = {
		{ "--control", &control, NULL },
		{ "--json", NULL, &as_json },
		{ "--help", NULL, &help },
	};
	json_t *answer, *row;
	size_t i;
	int count;

	if (!skw_cli_parse(argc, argv, options, 3, words, 3, &count))
		return usage(argv[0], HOW, ABOUT, stderr);
	if (help)
		return usage(argv[0], HOW, ABOUT, stdout);
	if (count > 0 && !(count == 3 && strcmp(words[0], "add") == 0) &&
	    !(count == 2 && strcmp(words[0], "remove") == 0))
		return usage(argv[0], HOW, ABOUT, stderr);
	answer =
	    skw_cli_daemon_ask(control,
			       json_pack("{s:s, s:s*, s:s*, s:s*}", "command", "names", "action",
					 words[0], "name", words[1], "address", words[2]),
			       NULL, NULL);
	if (answer == NULL)
		return 1;
	if (as_json)
		skw_cli_daemon_print(answer);
	else
		json_array_foreach(json_object_get(answer, "names"), i, row)
		{
			printf("%-20s %s\n", text(row, "name"), text(row, "address"));
		}
	json_decref(answer);
	return 0;
}
