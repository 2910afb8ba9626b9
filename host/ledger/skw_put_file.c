#include "ledger/skw_put_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

static void sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
		 slash != NULL ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

bool skw_put_file(const char *path, const char *text, size_t len, bool replace)
{
	char beside[4096];
	bool ok;
	int fd;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return false;
	ok = write_all(fd, text, len);
	ok = close(fd) == 0 && ok;
	if (ok)
		ok = (replace ? rename(beside, path) : link(beside, path)) == 0;
	if (!ok || !replace) {
		int why = errno;

		unlink(beside);
		errno = why;
	}
	if (ok)
		sync_folder_of(path);
	return ok;
}
