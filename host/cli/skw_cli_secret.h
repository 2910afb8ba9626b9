/* skw_cli_secret - passwords and seeds: from a prompt without echo, a file or standard input; never
 * from the command line, which every user of the machine can read. */
#ifndef SKW_CLI_SECRET_H
#define SKW_CLI_SECRET_H

#include <stdbool.h>

#define SKW_CLI_SECRET_MAX 1024u /* bytes */

struct skw_cli_secret {
	char text[SKW_CLI_SECRET_MAX + 1];
};

/* The first line of `file` ("-": standard input), or, if it is NULL, what is typed at the terminal;
 * twice if `twice`. NULL, with a line on standard error, if there is none. `what` is "password". */
struct skw_cli_secret *skw_cli_secret_read(const char *file, const char *what, bool twice);
void skw_cli_secret_free(struct skw_cli_secret *secret); /* wipes; NULL is fine */
/* No core dump may hold a key. */
void skw_cli_secret_guard(void);

#endif
