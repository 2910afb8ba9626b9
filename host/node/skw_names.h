/* skw_names - what people call nodes: the petnames of [names], and those of a file that the daemon
 * keeps. They mean something here only; nothing is published.
 *
 *   PETNAME ADDRESS        one a line; what follows # is a remark
 *
 * The file is read again when it has changed. [names] comes first where both have a name.
 */
#ifndef SKW_NAMES_H
#define SKW_NAMES_H

#include <jansson.h>

#include "node/skw_config.h"

struct skw_names;

/* NULL and a line in `error` (file, line, what) if the file of [node] names is wrong; it need not
 * exist. */
struct skw_names *skw_names_new(const struct skw_config *config, char *error, size_t error_len);
void skw_names_free(struct skw_names *names);

/* The node of a petname, or of an address in text. */
bool skw_names_find(struct skw_names *names, const char *text, struct skw_node_address *node);
/* The petname of a node; NULL if it has none. It lives until the next call. */
const char *skw_names_of(struct skw_names *names, const struct skw_node_address *node);

/* The control command `names`: lists; with an action `add` or `remove` changes the file. */
json_t *skw_names_answer(struct skw_names *names, const json_t *question);

#endif
