/* skw_cli_daemon - a question to the daemon over its control socket (docs/control.md). */
#ifndef SKW_CLI_DAEMON_H
#define SKW_CLI_DAEMON_H

#include <jansson.h>

/* Of the option that all who ask have. */
#define SKW_CLI_DAEMON_HELP                                                                        \
	"\nThe socket is [node] control of the configuration; without --control that of\n"         \
	"$SKYWAVE_CONTROL, else skywave.sock in $XDG_RUNTIME_DIR, else /run/skywave.sock.\n"

/* Sends `question` (and frees it) to the socket `path`; NULL: that of the environment. What the
 * daemon says on the way goes to `on_progress`, if there is one. Returns the answer, or NULL with a
 * line on standard error. */
json_t *skw_cli_daemon_ask(const char *path, json_t *question,
			   void (*on_progress)(const json_t *progress, void *arg), void *arg);
void skw_cli_daemon_print(const json_t *answer); /* as JSON */
void skw_cli_daemon_show(json_t *answer);        /* for people: values and tables */

#endif
