/* skw_storage - small texts that programs keep with the node: Skycoin's key-value storages.
 *
 * Two of them, "txid" (notes on transactions) and "client" (anything), each a JSON file of texts in
 * one folder, as the original's: DIR/txid.json, DIR/client.json. A change is on the disk before it
 * counts.
 */
#ifndef SKW_STORAGE_H
#define SKW_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define SKW_STORAGE_MAX ((size_t)4 << 20) /* bytes of a storage's file */

enum skw_storage_status {
	SKW_STORAGE_OK,
	SKW_STORAGE_TYPE, /* the caller's: there is no such storage */
	SKW_STORAGE_KEY,  /* the caller's: there is no such key */
	SKW_STORAGE_FULL, /* the caller's: it would be over SKW_STORAGE_MAX */
	SKW_STORAGE_FILE, /* the disk's: errno says why; nothing changed */
};

struct skw_storage;

/* Makes the folder; a file that is no JSON object of texts is renamed to NAME.corrupt and begun
 * anew. NULL with errno. */
struct skw_storage *skw_storage_open(const char *folder);
void skw_storage_free(struct skw_storage *storage);

/* All of one, an object of texts that belongs to the storage; NULL if there is no such storage. */
const json_t *skw_storage_all(const struct skw_storage *storage, const char *type);
/* Texts are UTF-8. */
enum skw_storage_status skw_storage_put(struct skw_storage *storage, const char *type,
					const char *key, const char *text);
enum skw_storage_status skw_storage_remove(struct skw_storage *storage, const char *type,
					   const char *key);

#endif
