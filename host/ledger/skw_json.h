/* skw_json - writes JSON as the original prints it: four spaces a level, keys in our order.
 *
 * Strings of ours are ASCII and of others are escaped; u64 stays whole, which few libraries
 * manage. Memory that is given back is wiped: wallets are written with it too. A writer that has
 * failed (memory, SKW_JSON_MAX) stays failed.
 */
#ifndef SKW_JSON_H
#define SKW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_JSON_MAX ((size_t)64 << 20)

struct skw_json {
	char *text; /* ends with a zero once something was written */
	size_t len;
	size_t room;
	unsigned depth;
	bool filled; /* the open list or object has an element */
	bool failed;
	bool secret; /* set before the first write: the text lies in locked memory */
};

/* `key` is NULL inside lists and at the top. */
void skw_json_object(struct skw_json *j, const char *key);
void skw_json_end_object(struct skw_json *j);
void skw_json_list(struct skw_json *j, const char *key);
void skw_json_end_list(struct skw_json *j);
void skw_json_string(struct skw_json *j, const char *key, const char *text);
void skw_json_u64(struct skw_json *j, const char *key, uint64_t n);
void skw_json_bool(struct skw_json *j, const char *key, bool yes);
void skw_json_hex(struct skw_json *j, const char *key, const uint8_t *data, size_t len);
/* Wipes and frees. */
void skw_json_free(struct skw_json *j);

#endif
