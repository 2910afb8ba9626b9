/* The key file: created once with mode 0600, never overwritten, refused when others can read it. */
#include "keys/skw_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

static const char intro[] = "skywave-key-1 ";

enum { INTRO_LEN = sizeof(intro) - 1, LINE_LEN = INTRO_LEN + 2 * SKW_KEY_LEN + 1 };

/* Reads up to `max` bytes; -1 and errno on failure. */
static ssize_t read_all(int fd, char *out, size_t max)
{
	size_t have = 0;

	while (have < max) {
		ssize_t n = read(fd, out + have, max - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static enum skw_identity_status parse(struct skw_identity *identity, const char *line, size_t len)
{
	uint8_t seed[SKW_KEY_LEN];
	size_t bin_len = 0;
	enum skw_identity_status status = SKW_IDENTITY_MALFORMED;

	if (len == LINE_LEN && memcmp(line, intro, INTRO_LEN) == 0 && line[LINE_LEN - 1] == '\n' &&
	    sodium_hex2bin(seed, sizeof(seed), line + INTRO_LEN, (size_t)2 * SKW_KEY_LEN, NULL,
			   &bin_len, NULL) == 0 &&
	    bin_len == SKW_KEY_LEN) {
		skw_identity_from_seed(identity, seed);
		status = SKW_IDENTITY_OK;
	}
	sodium_memzero(seed, sizeof(seed));
	return status;
}

enum skw_identity_status skw_identity_load(struct skw_identity *identity, const char *path)
{
	enum skw_identity_status status = SKW_IDENTITY_IO;
	char line[LINE_LEN + 1]; /* one more, to see a file that is too long */
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT ? SKW_IDENTITY_MISSING : SKW_IDENTITY_IO;
	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0) {
		close(fd);
		return SKW_IDENTITY_UNSAFE;
	}
	len = read_all(fd, line, sizeof(line));
	close(fd);
	if (len >= 0)
		status = parse(identity, line, (size_t)len);
	sodium_memzero(line, sizeof(line));
	return status;
}

enum skw_identity_status skw_identity_save(const struct skw_identity *identity, const char *path)
{
	char line[LINE_LEN + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return errno == EEXIST ? SKW_IDENTITY_EXISTS : SKW_IDENTITY_IO;
	memcpy(line, intro, INTRO_LEN);
	sodium_bin2hex(line + INTRO_LEN, (size_t)2 * SKW_KEY_LEN + 1, identity->seed, SKW_KEY_LEN);
	line[LINE_LEN - 1] = '\n';
	ok = write(fd, line, LINE_LEN) == LINE_LEN && fsync(fd) == 0;
	sodium_memzero(line, sizeof(line));
	if (close(fd) != 0 || !ok) {
		unlink(path); /* half a key is worse than none */
		return SKW_IDENTITY_IO;
	}
	return SKW_IDENTITY_OK;
}

const char *skw_identity_status_text(enum skw_identity_status status)
{
	switch (status) {
	case SKW_IDENTITY_OK:
		return "ok";
	case SKW_IDENTITY_MISSING:
		return "no such key file";
	case SKW_IDENTITY_EXISTS:
		return "there is a key file already";
	case SKW_IDENTITY_UNSAFE:
		return "others can read the key file: chmod 600";
	case SKW_IDENTITY_MALFORMED:
		return "not a skywave key file";
	case SKW_IDENTITY_IO:
		return "cannot read or write the key file";
	}
	return "?";
}
