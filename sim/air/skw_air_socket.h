/* skw_air_socket - the place where hosts find an air: a Unix socket for its owner alone. */
#ifndef SKW_AIR_SOCKET_H
#define SKW_AIR_SOCKET_H

#include <stddef.h>

/* A listening descriptor that does not block, or -1 with `error`. Takes the place of a socket whose
 * air was killed, but not of one that answers. */
int skw_air_socket_open(const char *path, char *error, size_t error_size);

#endif
