#include "cli/skw_cli_daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_S = 60 }; /* how long the daemon may be silent */

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

/* Lines until one that is no progress. */
static json_t *listen_to(FILE *stream, const char *path,
			 void (*on_progress)(const json_t *progress, void *arg), void *arg)
{
	json_error_t wrong;
	json_t *line, *progress;

	while ((line = json_loadf(stream, JSON_DISABLE_EOF_CHECK, &wrong)) != NULL) {
		progress = json_object_get(line, "progress");
		if (progress == NULL)
			return line;
		if (on_progress != NULL)
			on_progress(progress, arg);
		json_decref(line);
	}
	fprintf(stderr, "skywave: %s: no answer from skywaved (%s)\n", path, wrong.text);
	return NULL;
}

static json_t *refused(json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	if (error == NULL)
		return answer;
	fprintf(stderr, "skywave: %s\n", error);
	json_decref(answer);
	return NULL;
}

json_t *skw_cli_daemon_ask(const char *path, json_t *question,
			   void (*on_progress)(const json_t *progress, void *arg), void *arg)
{
	char buffer[256], *line = json_dumps(question, JSON_COMPACT);
	json_t *answer = NULL;
	FILE *stream;
	int fd;

	json_decref(question);
	if (path == NULL)
		path = default_socket(buffer, sizeof(buffer));
	fd = line != NULL ? dial(path) : -1;
	stream = fd >= 0 ? fdopen(fd, "r+") : NULL;
	if (stream == NULL) {
		fprintf(stderr,
			"skywave: %s: %s; is skywaved running, and is this its [node] control?\n",
			path, strerror(errno));
		if (fd >= 0)
			close(fd);
	} else {
		fprintf(stream, "%s\n", line);
		fflush(stream);
		answer = listen_to(stream, path, on_progress, arg);
		fclose(stream);
	}
	free(line);
	return refused(answer);
}

void skw_cli_daemon_print(const json_t *answer)
{
	json_dumpf(answer, stdout, JSON_INDENT(2));
	printf("\n");
}
