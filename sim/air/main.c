/* skywave-air - simulated radios on a shared channel; docs/air-scenario.md. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "air/skw_air_scenario.h"
#include "air/skw_air_server.h"
#include "wire/skw_version.h"

enum { SCENARIO_MAX = 1 << 20 };

static const char HELP[] =
    "skywave-air: simulated FPGA radios on a shared channel, for driver=skywave,transport=sim\n"
    "\n"
    "  skywave-air --line 4                 alice, relay1, relay2, bob; each hears its neighbours\n"
    "  skywave-air --scenario FILE          radios and paths from a file (docs/air-scenario.md)\n"
    "\n"
    "  --socket PATH   where hosts connect [$SKYWAVE_AIR, else $XDG_RUNTIME_DIR/skywave-air.sock,\n"
    "                  else /tmp/skywave-air.sock]\n"
    "  --threads N     evaluate up to N radios at once [the machine's cores]\n"
    "  --set KEY=VALUE rate, carrier, noise, seed, pace, echoes or drift, as in the file's [air]\n"
    "                  section\n"
    "  --check         read the scenario, say what is wrong, and end\n"
    "\n"
    "SIGUSR1 prints the status; so does the request `status` on the socket.\n";

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "skywave-air: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
	return 2;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = file != NULL ? malloc(SCENARIO_MAX + 1) : NULL;
	size_t len;

	if (text != NULL) {
		len = fread(text, 1, SCENARIO_MAX + 1, file);
		if (ferror(file) || len > SCENARIO_MAX || memchr(text, '\0', len) != NULL) {
			errno = ferror(file) ? errno : len > SCENARIO_MAX ? EFBIG : EILSEQ;
			free(text);
			text = NULL;
		} else {
			text[len] = '\0';
		}
	}
	if (file != NULL)
		fclose(file);
	return text;
}

static int load(struct skw_air_scenario *s, const char *path)
{
	char *text = read_file(path), error[256];
	bool good;

	if (text == NULL)
		return fail(path, strerror(errno));
	good = skw_air_scenario_parse(s, text, error, sizeof(error));
	free(text);
	return good ? 0 : fail(path, error);
}

static int set(struct skw_air_scenario *s, const char *assignment)
{
	char text[300], error[256];

	if (snprintf(text, sizeof(text), "[air]\n%s\n", assignment) >= (int)sizeof(text))
		return fail("--set", "too long");
	return skw_air_scenario_parse(s, text, error, sizeof(error)) ? 0 : fail("--set", error);
}

static const char *default_path(char *buffer, size_t size)
{
	const char *air = getenv("SKYWAVE_AIR"), *run = getenv("XDG_RUNTIME_DIR");

	if (air != NULL && air[0] != '\0')
		return air;
	if (run == NULL || run[0] == '\0' ||
	    snprintf(buffer, size, "%s/skywave-air.sock", run) >= (int)size)
		return "/tmp/skywave-air.sock";
	return buffer;
}

static bool whole(unsigned *out, const char *text, unsigned low, unsigned high)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (unsigned)v;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && v >= low && v <= high;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "line", required_argument, NULL, 'l' },
		{ "scenario", required_argument, NULL, 'f' },
		{ "socket", required_argument, NULL, 's' },
		{ "threads", required_argument, NULL, 't' },
		{ "set", required_argument, NULL, 'S' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	static struct skw_air_scenario s;
	char buffer[512], error[256] = "";
	const char *path = default_path(buffer, sizeof(buffer));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = cores > 0 && cores < 64 ? (unsigned)cores : 1, n;
	bool check = false;
	int option, bad = 0;

	skw_air_scenario_init(&s);
	while (bad == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			if (!whole(&n, optarg, 2, SKW_AIR_RADIOS) || !skw_air_scenario_line(&s, n))
				bad = fail("--line", "2 to 64 radios, once");
			break;
		case 'f':
			bad = load(&s, optarg);
			break;
		case 's':
			path = optarg;
			break;
		case 't':
			if (!whole(&threads, optarg, 1, 64))
				bad = fail("--threads", "1 to 64");
			break;
		case 'S':
			bad = set(&s, optarg);
			break;
		case 'c':
			check = true;
			break;
		case 'h':
			fputs(HELP, stdout);
			return 0;
		case 'v':
			return puts("skywave-air " SKW_VERSION) < 0;
		default:
			bad = 2;
		}
	}
	if (bad == 0 && optind < argc)
		bad = fail(argv[optind], "unexpected; see --help");
	if (bad == 0 && !skw_air_scenario_check(&s, error, sizeof(error)))
		bad = fail(error, "");
	if (bad != 0 || check)
		return bad;
	fprintf(stderr, "skywave-air: %u radios at %u MS/s on %s\n", s.radios, s.rate_hz / 1000000,
		path);
	if (skw_air_server_run(&s, path, threads, error, sizeof(error)) != 0)
		return fail(error, "");
	return 0;
}
