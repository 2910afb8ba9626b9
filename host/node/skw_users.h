/* skw_users - who may use the SOCKS5 server, by name and password (RFC 1929).
 *
 *   NAME PASSWORD        one a line, parted by blanks; a line that begins with # is a remark
 *
 * Passwords are kept as keyed hashes only, and compared in constant time.
 */
#ifndef SKW_USERS_H
#define SKW_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct skw_users;

/* NULL and a line in `error` if the file cannot be read, is wrong, names nobody, or may be read by
 * others than its owner. */
struct skw_users *skw_users_new(const char *path, char *error, size_t error_len);
void skw_users_free(struct skw_users *users);

/* True if there is such a user with this password. `users` is a struct skw_users. */
bool skw_users_allow(const void *users, const uint8_t *name, size_t name_len,
		     const uint8_t *password, size_t password_len);

#endif
