/* Asks the daemon over its control socket: one line of JSON each way (docs/control.md). */

#include "cli/skw_cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

enum { ANSWER_S = 30 }; /* how long the daemon may take */

static int usage(const char *command, FILE *out)
{
	fprintf(out, "usage: skywave %s%s [--control SOCKET] [--json]\n", command,
		strcmp(command, "pay") == 0 ? " [settle|history]" : "");
	return out == stdout ? 0 : 2;
}

static const char *default_socket(char *buffer, size_t len)
{
	const char *given = getenv("SKYWAVE_CONTROL");
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (given != NULL)
		return given;
	if (runtime == NULL)
		return "/run/skywave.sock";
	snprintf(buffer, len, "%s/skywave.sock", runtime);
	return buffer;
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = ANSWER_S };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The daemon's answer, or NULL with a line on standard error. */
static json_t *ask(const char *path, const json_t *question)
{
	char *line = json_dumps(question, JSON_COMPACT);
	int fd = line != NULL ? dial(path) : -1;
	json_error_t wrong;
	json_t *answer = NULL;
	FILE *stream;

	if (fd < 0) {
		fprintf(stderr,
			"skywave: %s: %s; is skywaved running, and is this its [node] control?\n",
			path, strerror(errno));
		free(line);
		return NULL;
	}
	stream = fdopen(fd, "r+");
	if (stream == NULL) {
		close(fd);
	} else {
		fprintf(stream, "%s\n", line);
		fflush(stream);
		answer = json_loadf(stream, JSON_DISABLE_EOF_CHECK, &wrong);
		if (answer == NULL)
			fprintf(stderr, "skywave: %s: no answer from skywaved (%s)\n", path,
				wrong.text);
		fclose(stream);
	}
	free(line);
	return answer;
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
			fputs(i > 0 ? " > " : "", stdout);
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

/* An array of objects with the same keys. */
static void print_table(const char *name, json_t *rows)
{
	json_t *first = json_array_get(rows, 0);
	json_t *value;
	const char *key;
	size_t i;
	json_t *row;

	printf("%s\n", name);
	for (int line = -1; line < (int)json_array_size(rows); line++) {
		row = line < 0 ? first : json_array_get(rows, (size_t)line);
		printf("  ");
		json_object_foreach(first, key, value)
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
			printf("  ");
		}
		printf("\n");
	}
}

static void print_answer(json_t *answer)
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
			print_answer(value);
		} else {
			printf("%-20s ", key);
			print_scalar(value, 0);
			printf("\n");
		}
	}
}

int skw_cli_control(int argc, char **argv)
{
	char buffer[256];
	const char *path = default_socket(buffer, sizeof(buffer));
	const char *action = NULL;
	bool as_json = false;
	json_t *question, *answer;
	int status = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			as_json = true;
		else if (strcmp(argv[i], "--help") == 0)
			return usage(argv[0], stdout);
		else if (strcmp(argv[i], "--control") == 0 && i + 1 < argc)
			path = argv[++i];
		else if (strcmp(argv[0], "pay") == 0 && action == NULL &&
			 (strcmp(argv[i], "settle") == 0 || strcmp(argv[i], "history") == 0))
			action = argv[i];
		else
			return usage(argv[0], stderr);
	}
	question = json_pack("{s:s, s:s*}", "command", argv[0], "action", action);
	answer = ask(path, question);
	json_decref(question);
	if (answer == NULL)
		return 1;
	if (json_object_get(answer, "error") != NULL) {
		fprintf(stderr, "skywave: %s\n",
			json_string_value(json_object_get(answer, "error")));
	} else {
		status = 0;
		if (as_json) {
			json_dumpf(answer, stdout, JSON_INDENT(2));
			printf("\n");
		} else {
			print_answer(answer);
		}
	}
	json_decref(answer);
	return status;
}
