/* skw_put_file - a small file written whole or not at all: beside its place, synchronised, then
 * renamed into it. */
#ifndef SKW_PUT_FILE_H
#define SKW_PUT_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Mode 0600. False with errno; EEXIST if it is there and not to be replaced. */
bool skw_put_file(const char *path, const char *text, size_t len, bool replace);

#endif
