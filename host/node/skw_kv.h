/* skw_kv - records that survive a kill: key -> bytes, in one SQLite file (WAL).
 *
 * A record is on the disk when skw_kv_put returns: no power cut takes it away. One that skw_kv_keep
 * wrote outlives the process, and power cuts once skw_kv_put or the system has written it out; that
 * costs a tenth of the processor time and does not wait for the disk. One thread.
 */
#ifndef SKW_KV_H
#define SKW_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct skw_kv;

/* Opens or makes the file, mode 0600. NULL and a message in `error` on trouble. */
struct skw_kv *skw_kv_open(const char *path, char *error, size_t error_len);
void skw_kv_close(struct skw_kv *kv);

/* False if the disk refuses; the old record then still stands. */
bool skw_kv_put(struct skw_kv *kv, const uint8_t *key, size_t key_len, const uint8_t *value,
		size_t value_len);
bool skw_kv_keep(struct skw_kv *kv, const uint8_t *key, size_t key_len, const uint8_t *value,
		 size_t value_len);
bool skw_kv_delete(struct skw_kv *kv, const uint8_t *key, size_t key_len);

/* Several puts as one: all of them are on the disk after commit, or none. */
bool skw_kv_begin(struct skw_kv *kv);
bool skw_kv_commit(struct skw_kv *kv);

/* Calls `each` for every record in the order of keys; false if reading fails. */
bool skw_kv_each(struct skw_kv *kv,
		 void (*each)(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
			      size_t value_len),
		 void *arg);

#endif
