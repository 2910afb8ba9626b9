/* skw_cli_waterfall - the spectrum of a channel as lines of a terminal, 64 columns from the lower
 * edge to the upper one: coloured blocks, or characters where there is no terminal.
 */
#ifndef SKW_CLI_WATERFALL_H
#define SKW_CLI_WATERFALL_H

#include <stdbool.h>
#include <stddef.h>

#include "modem/skw_modem.h"

struct skw_cli_waterfall;

/* A line for each `samples`. NULL if memory is short. The caller frees it. */
struct skw_cli_waterfall *skw_cli_waterfall_new(size_t samples, bool colour);
void skw_cli_waterfall_free(struct skw_cli_waterfall *w); /* NULL is nothing */
/* Takes samples; prints a line on standard output when there are enough. */
void skw_cli_waterfall_feed(struct skw_cli_waterfall *w, const struct skw_modem_iq *samples,
			    size_t n);

#endif
