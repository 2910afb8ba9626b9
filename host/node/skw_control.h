/* skw_control - the control socket: a line of JSON in, a line of JSON out (docs/control.md), or
 * several where something takes its time. */
#ifndef SKW_CONTROL_H
#define SKW_CONTROL_H

#include "node/skw_node.h"

/* Listens on a Unix socket of mode 0600; NULL and node->error if it cannot. */
struct skw_control *skw_control_open(struct skw_node *node, const char *path);
void skw_control_close(struct skw_control *control);

/* A line to the client with this number, and after the last one the daemon hangs up; takes `line`.
 * False: it does not listen any more. */
bool skw_control_say(struct skw_control *control, uint64_t client, json_t *line, bool last);

#endif
