/* skw_air_server - an air behind a Unix socket (docs/air-scenario.md): one loop, its clients and
 * its clock.
 *
 *   client: `radio NAME\n`  ->  `ok\n`, then host link bytes both ways
 *           `list\n`        ->  a line `radio NAME free|busy` for each seat, `ok\n`
 *           `status\n`      ->  one line of JSON
 *
 * A client that floods is not read until its board has taken what came; one that does not read has
 * its board wait; one that ends frees its seat. None of them holds up another.
 */
#ifndef SKW_AIR_SERVER_H
#define SKW_AIR_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "air/skw_air_scenario.h"

/* Serves until SIGINT or SIGTERM; SIGUSR1 prints the status. 0 after a clean end, else 1 with
 * `error`. */
int skw_air_server_run(const struct skw_air_scenario *s, const char *path, unsigned threads,
		       char *error, size_t error_size);

#endif
