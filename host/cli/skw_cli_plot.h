/* skw_cli_plot - pictures by gnuplot: a script goes in, a PNG file comes out. */
#ifndef SKW_CLI_PLOT_H
#define SKW_CLI_PLOT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct skw_cli_plot {
	FILE *script; /* write gnuplot commands here; data inline */
	pid_t child;
	const char *path;
	char part[4096]; /* what it writes to until it is whole */
};

/* Starts gnuplot with a PNG terminal of this size in pixels. False with a line on standard error.
 */
bool skw_cli_plot_open(struct skw_cli_plot *p, const char *path, unsigned width, unsigned height);
/* Ends it, and puts the picture in its place; false with a line on standard error. */
bool skw_cli_plot_close(struct skw_cli_plot *p);

#endif
