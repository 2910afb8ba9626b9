#include "air/skw_air_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* True if a path is taken by an air that answers. */
static bool in_use(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers =
	    fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	if (fd >= 0)
		close(fd);
	return answers;
}

int skw_air_socket_open(const char *path, char *error, size_t error_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat old;
	mode_t mask;
	int fd, bound;

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(error, error_size, "%s: too long for a socket's path", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (in_use(&address)) {
		snprintf(error, error_size, "%s: another air is there", path);
		return -1;
	}
	if (lstat(path, &old) == 0 && S_ISSOCK(old.st_mode))
		unlink(path); /* left behind by one that was killed */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(077);
	bound = fd >= 0 ? bind(fd, (const struct sockaddr *)&address, sizeof(address)) : -1;
	umask(mask);
	if (bound == 0 && listen(fd, 64) == 0)
		return fd;
	snprintf(error, error_size, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
