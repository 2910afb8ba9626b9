/* The .wlt file: JSON to wallet and back, whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "ledger/skw_json.h"
#include "ledger/skw_wallet_inside.h"

#define FILE_MAX ((size_t)32 << 20)

/* jansson copies what it parses; what it gives back may be a seed. The memory is malloc's as
 * before, so what was allocated before this may be freed after it. */
static void wipe_and_free(void *memory)
{
	if (memory != NULL)
		sodium_memzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void make_jansson_wipe(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

struct skw_wallet *skw_wallet_alloc(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct skw_wallet *wallet = calloc(1, sizeof(*wallet));

	pthread_once(&once, make_jansson_wipe);
	if (wallet != NULL && (wallet->meta = json_object()) == NULL) {
		free(wallet);
		return NULL;
	}
	return wallet;
}

/* ---- reading ---- */

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static enum skw_wallet_status take_meta(struct skw_wallet *wallet, const json_t *meta)
{
	const char *key;
	json_t *value;

	if (!json_is_object(meta))
		return SKW_WALLET_FORMAT;
	json_object_foreach((json_t *)(uintptr_t)meta, key, value)
	{
		if (!json_is_string(value))
			return SKW_WALLET_FORMAT;
		if (json_object_set(wallet->meta, key, value) != 0)
			return SKW_WALLET_MEMORY;
	}
	if (strcmp(text_in(meta, "type"), "deterministic") != 0 ||
	    strcmp(text_in(meta, "coin"), "skycoin") != 0)
		return *text_in(meta, "type") == '\0' ? SKW_WALLET_FORMAT : SKW_WALLET_TYPE;
	if (strcmp(text_in(meta, "encrypted"), "true") == 0)
		return SKW_WALLET_ENCRYPTED;
	return *text_in(meta, "seed") == '\0' ? SKW_WALLET_FORMAT : SKW_WALLET_OK;
}

static enum skw_wallet_status take_entry(struct skw_wallet *wallet, const json_t *entry)
{
	struct skw_wallet_entry *out = &wallet->entries[wallet->count];
	const char *secret = text_in(entry, "secret_key"), *key = text_in(entry, "public_key");
	struct skw_coin_public right_key;
	struct skw_address right;

	if (!skw_ledger_hex_parse(out->secret.b, sizeof(out->secret.b), secret, strlen(secret)) ||
	    !skw_ledger_hex_parse(out->public_key.b, sizeof(out->public_key.b), key, strlen(key)) ||
	    skw_address_parse(&out->address, text_in(entry, "address")) != SKW_ADDRESS_OK)
		return SKW_WALLET_FORMAT;
	if (!skw_coin_public_of(&right_key, &out->secret) ||
	    memcmp(right_key.b, out->public_key.b, sizeof(right_key.b)) != 0)
		return SKW_WALLET_KEYS;
	skw_address_of_public(&right, &right_key);
	if (!skw_address_equal(&right, &out->address))
		return SKW_WALLET_KEYS;
	wallet->count++;
	return SKW_WALLET_OK;
}

static enum skw_wallet_status take(struct skw_wallet *wallet, const json_t *root)
{
	const json_t *entries = json_object_get(root, "entries"), *entry;
	enum skw_wallet_status status = take_meta(wallet, json_object_get(root, "meta"));
	size_t i;

	if (status != SKW_WALLET_OK)
		return status;
	if (!json_is_array(entries))
		return SKW_WALLET_FORMAT;
	if (json_array_size(entries) > SKW_WALLET_MAX)
		return SKW_WALLET_MANY;
	if (!skw_wallet_reserve(wallet, json_array_size(entries)))
		return SKW_WALLET_MEMORY;
	json_array_foreach(entries, i, entry)
	{
		status = take_entry(wallet, entry);
		if (status != SKW_WALLET_OK)
			return status;
	}
	return SKW_WALLET_OK;
}

enum skw_wallet_status skw_wallet_parse(struct skw_wallet **out, const char *text, size_t len)
{
	struct skw_wallet *wallet = skw_wallet_alloc();
	enum skw_wallet_status status;
	json_t *root;

	*out = NULL;
	if (wallet == NULL)
		return SKW_WALLET_MEMORY;
	root = json_loadb(text, len, 0, NULL);
	status = root != NULL ? take(wallet, root) : SKW_WALLET_FORMAT;
	json_decref(root);
	if (status == SKW_WALLET_OK)
		*out = wallet;
	else
		skw_wallet_free(wallet);
	return status;
}

static bool read_all(int fd, char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, text, len);

		if (n == 0)
			errno = EIO; /* shorter than it was a moment ago */
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

enum skw_wallet_status skw_wallet_load(struct skw_wallet **out, const char *path)
{
	enum skw_wallet_status status = SKW_WALLET_FILE;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	char *text;

	*out = NULL;
	if (fd < 0)
		return SKW_WALLET_FILE;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		size_t len = (size_t)info.st_size;

		text = len <= FILE_MAX ? malloc(len + 1) : NULL;
		if (text == NULL)
			status = len <= FILE_MAX ? SKW_WALLET_MEMORY : SKW_WALLET_FORMAT;
		else if (read_all(fd, text, len))
			status = skw_wallet_parse(out, text, len);
		if (text != NULL)
			sodium_memzero(text, len);
		free(text);
	}
	close(fd);
	return status;
}

/* ---- writing ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, as the original writes them. */
static bool put_meta(struct skw_json *j, const struct skw_wallet *wallet)
{
	size_t count = json_object_size(wallet->meta), n = 0;
	const char **keys = calloc(count + 1, sizeof(*keys));
	const char *key;
	json_t *value;

	if (keys == NULL)
		return false;
	json_object_foreach(wallet->meta, key, value) keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	skw_json_object(j, "meta");
	for (size_t i = 0; i < n; i++)
		skw_json_string(j, keys[i], skw_wallet_meta(wallet, keys[i]));
	skw_json_end_object(j);
	free(keys);
	return true;
}

static bool put_wallet(struct skw_json *j, const struct skw_wallet *wallet)
{
	char text[SKW_ADDRESS_TEXT];

	skw_json_object(j, NULL);
	if (!put_meta(j, wallet))
		return false;
	skw_json_list(j, "entries");
	for (size_t i = 0; i < wallet->count; i++) {
		const struct skw_wallet_entry *entry = &wallet->entries[i];

		skw_address_print(text, &entry->address);
		skw_json_object(j, NULL);
		skw_json_string(j, "address", text);
		skw_json_hex(j, "public_key", entry->public_key.b, sizeof(entry->public_key.b));
		skw_json_hex(j, "secret_key", entry->secret.b, sizeof(entry->secret.b));
		skw_json_end_object(j);
	}
	skw_json_end_list(j);
	skw_json_end_object(j);
	return !j->failed;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

static void sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
		 slash != NULL ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* A new file beside `path`, readable by us alone, then its name. */
static enum skw_wallet_status put_file(const char *path, const char *text, size_t len, bool replace)
{
	char beside[4096];
	bool ok;
	int fd;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside)) {
		errno = ENAMETOOLONG;
		return SKW_WALLET_FILE;
	}
	fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return SKW_WALLET_FILE;
	ok = write_all(fd, text, len);
	ok = close(fd) == 0 && ok;
	if (ok)
		ok = (replace ? rename(beside, path) : link(beside, path)) == 0;
	if (!ok || !replace) {
		int why = errno;

		unlink(beside);
		errno = why;
	}
	if (!ok)
		return errno == EEXIST ? SKW_WALLET_EXISTS : SKW_WALLET_FILE;
	sync_folder_of(path);
	return SKW_WALLET_OK;
}

static enum skw_wallet_status save(struct skw_wallet *wallet, const char *path, bool replace)
{
	const char *slash = strrchr(path, '/');
	enum skw_wallet_status status = SKW_WALLET_MEMORY;
	struct skw_json j = { 0 };

	if (skw_wallet_set_meta(wallet, "filename", slash != NULL ? slash + 1 : path) &&
	    put_wallet(&j, wallet))
		status = put_file(path, j.text, j.len, replace);
	skw_json_free(&j);
	return status;
}

enum skw_wallet_status skw_wallet_create(struct skw_wallet *wallet, const char *path)
{
	return save(wallet, path, false);
}

enum skw_wallet_status skw_wallet_save(struct skw_wallet *wallet, const char *path)
{
	return save(wallet, path, true);
}
