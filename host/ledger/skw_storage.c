#include "ledger/skw_storage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/skw_put_file.h"

enum { TYPES = 2 };

static const char *const types[TYPES] = { "client", "txid" };

struct skw_storage {
	char path[TYPES][600];
	json_t *all[TYPES];
};

static bool is_of_texts(const json_t *root)
{
	const json_t *value;
	const char *key;

	if (!json_is_object(root))
		return false;
	json_object_foreach((json_t *)root, key, value) if (!json_is_string(value)) return false;
	return true;
}

static bool save(const struct skw_storage *s, size_t i, const json_t *all, bool *full)
{
	char *text = json_dumps(all, JSON_INDENT(4) | JSON_SORT_KEYS);
	size_t len = text != NULL ? strlen(text) : 0;
	bool ok;

	errno = ENOMEM;
	*full = len > SKW_STORAGE_MAX;
	ok = text != NULL && !*full && skw_put_file(s->path[i], text, len, true);
	free(text);
	return ok;
}

/* What is in the file, or an empty one. */
static bool load(struct skw_storage *s, size_t i)
{
	char aside[640];
	struct stat info;
	bool full;

	if (stat(s->path[i], &info) == 0) {
		if ((size_t)info.st_size <= SKW_STORAGE_MAX)
			s->all[i] = json_load_file(s->path[i], JSON_REJECT_DUPLICATES, NULL);
		if (is_of_texts(s->all[i]))
			return true;
		json_decref(s->all[i]);
		s->all[i] = NULL;
		snprintf(aside, sizeof(aside), "%s.corrupt", s->path[i]);
		if (rename(s->path[i], aside) != 0)
			return false;
	} else if (errno != ENOENT) {
		return false;
	}
	s->all[i] = json_object();
	return s->all[i] != NULL && save(s, i, s->all[i], &full);
}

struct skw_storage *skw_storage_open(const char *folder)
{
	struct skw_storage *s = calloc(1, sizeof(*s));
	bool ok = s != NULL && (mkdir(folder, 0700) == 0 || errno == EEXIST);

	for (size_t i = 0; ok && i < TYPES; i++) {
		ok = snprintf(s->path[i], sizeof(s->path[i]), "%s/%s.json", folder, types[i]) <
		     (int)sizeof(s->path[i]);
		if (!ok)
			errno = ENAMETOOLONG;
		ok = ok && load(s, i);
	}
	if (ok)
		return s;
	skw_storage_free(s);
	return NULL;
}

void skw_storage_free(struct skw_storage *s)
{
	int why = errno;

	for (size_t i = 0; s != NULL && i < TYPES; i++)
		json_decref(s->all[i]);
	free(s);
	errno = why;
}

static size_t find(const char *type)
{
	size_t i = 0;

	while (i < TYPES && strcmp(types[i], type) != 0)
		i++;
	return i;
}

const json_t *skw_storage_all(const struct skw_storage *s, const char *type)
{
	size_t i = find(type);

	return i < TYPES ? s->all[i] : NULL;
}

/* Puts `changed` in the place of a storage, if the disk takes it. */
static enum skw_storage_status replace(struct skw_storage *s, size_t i, json_t *changed)
{
	bool full = false;

	if (changed == NULL || !save(s, i, changed, &full)) {
		json_decref(changed);
		return full ? SKW_STORAGE_FULL : SKW_STORAGE_FILE;
	}
	json_decref(s->all[i]);
	s->all[i] = changed;
	return SKW_STORAGE_OK;
}

enum skw_storage_status skw_storage_put(struct skw_storage *s, const char *type, const char *key,
					const char *text)
{
	size_t i = find(type);
	json_t *changed = i < TYPES ? json_copy(s->all[i]) : NULL;

	if (i == TYPES)
		return SKW_STORAGE_TYPE;
	if (changed != NULL && json_object_set_new(changed, key, json_string(text)) != 0) {
		json_decref(changed);
		changed = NULL;
	}
	return replace(s, i, changed);
}

enum skw_storage_status skw_storage_remove(struct skw_storage *s, const char *type, const char *key)
{
	size_t i = find(type);
	json_t *changed;

	if (i == TYPES)
		return SKW_STORAGE_TYPE;
	if (json_object_get(s->all[i], key) == NULL)
		return SKW_STORAGE_KEY;
	changed = json_copy(s->all[i]);
	json_object_del(changed, key);
	return replace(s, i, changed);
}
