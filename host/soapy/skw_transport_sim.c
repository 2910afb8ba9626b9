#include "soapy/skw_transport.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ANSWER_MS = 3000, /* a busy air answers between two chunks of samples */
	LIST_MAX = 16384, /* bytes of an air's list of radios */
};

/* The first default that something listens on, or the first of all. */
static void default_path(char out[SKW_TRANSPORT_PATH])
{
	const char *air = getenv("SKYWAVE_AIR"), *run = getenv("XDG_RUNTIME_DIR");
	char path[SKW_TRANSPORT_PATH + 32];

	out[0] = '\0';
	if (air != NULL && air[0] != '\0')
		snprintf(path, sizeof(path), "%s", air);
	else if (run != NULL && run[0] != '\0' &&
		 snprintf(path, sizeof(path), "%s/skywave-air.sock", run) < (int)sizeof(path) &&
		 access(path, F_OK) == 0)
		; /* the user's own air */
	else
		snprintf(path, sizeof(path), "/tmp/skywave-air.sock");
	if (strlen(path) < SKW_TRANSPORT_PATH)
		memcpy(out, path, strlen(path) + 1);
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* Reads one line without its end, a byte at a time: what follows it belongs to the board. */
static bool read_line(int fd, char *line, size_t size)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (size_t n = 0; n < size; n++) {
		int ready;

		do
			ready = poll(&wait, 1, ANSWER_MS);
		while (ready < 0 && errno == EINTR);
		if (ready <= 0 || read(fd, line + n, 1) != 1)
			return false;
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
	}
	return false;
}

static bool say(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* The air answers `list` with a line `radio NAME free|busy` for each seat and `ok` at the end. */
void skw_transport_sim_find(const struct skw_transport_place *want,
			    void (*found)(void *ctx, const struct skw_transport_place *place),
			    void *ctx)
{
	struct skw_transport_place place = *want;
	char line[SKW_TRANSPORT_NAME + 32];
	int fd;

	if (place.path[0] == '\0')
		default_path(place.path);
	fd = dial(place.path);
	if (fd < 0)
		return;
	if (say(fd, "list\n")) {
		for (size_t n = 0; n < LIST_MAX && read_line(fd, line, sizeof(line));
		     n += strlen(line)) {
			if (sscanf(line, "radio %63s", place.radio) != 1)
				break;
			if (want->radio[0] == '\0' || strcmp(want->radio, place.radio) == 0)
				found(ctx, &place);
		}
	}
	close(fd);
}

int skw_transport_sim_open(const struct skw_transport_place *place, void **state, char *error,
			   size_t error_size)
{
	char path[SKW_TRANSPORT_PATH], line[160];
	int fd;

	*state = NULL;
	if (place->radio[0] == '\0' || strpbrk(place->radio, " \n") != NULL) {
		snprintf(error, error_size, "the argument radio= must name a radio of the air");
		return -1;
	}
	if (place->path[0] != '\0')
		memcpy(path, place->path, sizeof(path));
	else
		default_path(path);
	fd = dial(path);
	if (fd < 0) {
		snprintf(error, error_size, "no air at %s: %s (start skywave-air, or set path=)",
			 path, strerror(errno));
		return -1;
	}
	snprintf(line, sizeof(line), "radio %s\n", place->radio);
	if (!say(fd, line) || !read_line(fd, line, sizeof(line)))
		snprintf(error, error_size, "the air at %s does not answer", path);
	else if (strcmp(line, "ok") != 0)
		snprintf(error, error_size, "the air at %s says: %s", path, line);
	else
		return fd;
	close(fd);
	return -1;
}
