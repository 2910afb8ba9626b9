/* skw_cli_trace - what the gates do, for GTKWave. */
#ifndef SKW_CLI_TRACE_H
#define SKW_CLI_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "radio/skw_radio.h"

/* Begins the trace at `path`, and writes `path`.gtkw beside it, which shows its signals stage by
 * stage. False with a line on standard error. */
bool skw_cli_trace_start(struct skw_radio *r, const char *path, uint64_t from, uint64_t to);
/* Runs `skywave phy` with these arguments in the program that can look into the gates,
 * bin/skywave-trace beside this one. Returns only if that is not there: the exit status, after a
 * line on standard error. */
int skw_cli_trace_program(int argc, char **argv);

#endif
