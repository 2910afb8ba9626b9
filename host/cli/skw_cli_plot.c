#include "cli/skw_cli_plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "skywave phy: %s: %s\n", what, why);
	return false;
}

/* gnuplot with its input from `in` and its output to the file `out`. */
static int start(pid_t *child, int in, int out)
{
	char *args[] = { "gnuplot", NULL };
	posix_spawn_file_actions_t files;
	int result;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	result = posix_spawnp(child, "gnuplot", &files, NULL, args, environ);
	posix_spawn_file_actions_destroy(&files);
	return result;
}

bool skw_cli_plot_open(struct skw_cli_plot *p, const char *path, unsigned width, unsigned height)
{
	int ends[2], out, failed;
	struct stat there;

	p->path = path;
	/* What is there already is replaced: a device would be gone. */
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return complain(path, "is no regular file, and a picture takes its place");
	if (snprintf(p->part, sizeof(p->part), "%s.part", path) >= (int)sizeof(p->part))
		return complain(path, "the name is too long");
	out = open(p->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0)
		return complain(path, strerror(errno));
	if (pipe2(ends, O_CLOEXEC) != 0) {
		close(out);
		return complain(path, strerror(errno));
	}
	signal(SIGPIPE, SIG_IGN); /* gnuplot's end is seen when it is waited for */
	failed = start(&p->child, ends[0], out);
	close(ends[0]);
	close(out);
	p->script = failed == 0 ? fdopen(ends[1], "w") : NULL;
	if (p->script == NULL) {
		close(ends[1]);
		unlink(p->part);
		return complain("gnuplot cannot be started (Debian: gnuplot-nox)",
				strerror(failed));
	}
	fprintf(p->script, "set terminal pngcairo size %u,%u font 'sans,11'\nset grid\n", width,
		height);
	return true;
}

bool skw_cli_plot_close(struct skw_cli_plot *p)
{
	bool good = fclose(p->script) == 0;
	int status;

	good &= waitpid(p->child, &status, 0) == p->child && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0;
	if (good && rename(p->part, p->path) == 0)
		return true;
	unlink(p->part);
	return complain(p->path, good ? strerror(errno) : "gnuplot did not finish the picture");
}
