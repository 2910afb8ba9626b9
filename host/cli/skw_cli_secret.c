#include "cli/skw_cli_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

void skw_cli_secret_guard(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

void skw_cli_secret_free(struct skw_cli_secret *secret)
{
	sodium_free(secret); /* wipes */
}

/* One line, a byte at a time: what follows it on standard input may be somebody else's. */
static bool read_line(struct skw_cli_secret *out, int fd, const char *from, const char *what)
{
	size_t len = 0;
	ssize_t n;
	char c;

	while ((n = read(fd, &c, 1)) == 1 && c != '\n' && c != '\0' && len < SKW_CLI_SECRET_MAX)
		out->text[len++] = c;
	if (n == 1 && c == '\n' && len > 0 && out->text[len - 1] == '\r')
		len--;
	out->text[len] = '\0';
	if (n < 0)
		fprintf(stderr, "skywave wallet: %s: %s\n", from, strerror(errno));
	else if (n == 1 && c != '\n')
		fprintf(stderr, "skywave wallet: %s: no %s is over %u bytes or has a zero in it\n",
			from, what, SKW_CLI_SECRET_MAX);
	else if (len == 0)
		fprintf(stderr, "skywave wallet: %s: the %s is empty\n", from, what);
	else
		return true;
	return false;
}

static bool ask(struct skw_cli_secret *out, int tty, const char *what, const char *again)
{
	struct termios before, silent;
	bool ok;

	if (tcgetattr(tty, &before) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
		return false;
	dprintf(tty, "%s%s: ", what, again);
	ok = read_line(out, tty, "terminal", what);
	tcsetattr(tty, TCSAFLUSH, &before);
	dprintf(tty, "\n");
	return ok;
}

static bool from_terminal(struct skw_cli_secret *out, const char *what, bool twice)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct skw_cli_secret *second;
	bool ok;

	if (tty < 0) {
		fprintf(stderr, "skywave wallet: no terminal to ask for the %s: use --%s-file\n",
			what, what);
		return false;
	}
	ok = ask(out, tty, what, "");
	if (ok && twice) {
		second = sodium_malloc(sizeof(*second));
		ok = second != NULL && ask(second, tty, what, " again");
		if (ok && strcmp(out->text, second->text) != 0) {
			fprintf(stderr, "skywave wallet: the two differ\n");
			ok = false;
		}
		sodium_free(second);
	}
	close(tty);
	return ok;
}

static bool from_file(struct skw_cli_secret *out, const char *file, const char *what)
{
	bool standard = strcmp(file, "-") == 0, ok;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "skywave wallet: %s: %s\n", file, strerror(errno));
		return false;
	}
	ok = read_line(out, fd, standard ? "standard input" : file, what);
	if (!standard)
		close(fd);
	return ok;
}

struct skw_cli_secret *skw_cli_secret_read(const char *file, const char *what, bool twice)
{
	struct skw_cli_secret *out = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*out));

	if (out == NULL) {
		fprintf(stderr, "skywave wallet: out of memory\n");
		return NULL;
	}
	if (file != NULL ? from_file(out, file, what) : from_terminal(out, what, twice))
		return out;
	skw_cli_secret_free(out);
	return NULL;
}
