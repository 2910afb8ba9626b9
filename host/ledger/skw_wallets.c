#include "ledger/skw_wallets.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "ledger/skw_wallet_inside.h"

enum { NAME_TRIES = 100 };

struct skw_wallets {
	char folder[PATH_MAX];
	struct skw_wallets_item item[SKW_WALLETS_MAX];
	size_t count;
};

static enum skw_wallet_status path_of(char out[PATH_MAX], const struct skw_wallets *wallets,
				      const char *id)
{
	if (snprintf(out, PATH_MAX, "%s/%s", wallets->folder, id) < PATH_MAX)
		return SKW_WALLET_OK;
	errno = ENAMETOOLONG;
	return SKW_WALLET_FILE;
}

/* ---- opening ---- */

static bool is_wallet_name(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && len < SKW_WALLETS_ID && name[0] != '.' &&
	       strcmp(name + len - 4, ".wlt") == 0;
}

static enum skw_wallet_status load(struct skw_wallets *wallets, const char *name)
{
	struct skw_wallets_item *item = &wallets->item[wallets->count];
	enum skw_wallet_status status;
	char path[PATH_MAX];

	if (wallets->count == SKW_WALLETS_MAX)
		return SKW_WALLET_MANY;
	status = path_of(path, wallets, name);
	if (status == SKW_WALLET_OK)
		status = skw_wallet_open(&item->wallet, path);
	if (status != SKW_WALLET_OK)
		return status;
	snprintf(item->id, sizeof(item->id), "%s", name);
	item->temporary = false;
	wallets->count++;
	return SKW_WALLET_OK;
}

static unsigned long long made_at(const struct skw_wallet *wallet)
{
	const char *tm = skw_wallet_meta(wallet, "tm");

	return tm != NULL ? strtoull(tm, NULL, 10) : 0;
}

static int by_time(const void *a, const void *b)
{
	const struct skw_wallets_item *x = a, *y = b;
	unsigned long long at = made_at(x->wallet), other = made_at(y->wallet);

	return at != other ? (at < other ? -1 : 1) : strcmp(x->id, y->id);
}

struct skw_wallets *skw_wallets_open(const char *folder, skw_wallets_note *note)
{
	struct skw_wallets *wallets = calloc(1, sizeof(*wallets));
	struct dirent *entry;
	DIR *dir;

	if (wallets == NULL)
		return NULL;
	if ((mkdir(folder, 0700) != 0 && errno != EEXIST) ||
	    realpath(folder, wallets->folder) == NULL || (dir = opendir(wallets->folder)) == NULL) {
		free(wallets);
		return NULL;
	}
	while ((entry = readdir(dir)) != NULL) {
		enum skw_wallet_status status = SKW_WALLET_OK;

		if (is_wallet_name(entry->d_name))
			status = load(wallets, entry->d_name);
		if (status != SKW_WALLET_OK && note != NULL)
			note(entry->d_name, status);
	}
	closedir(dir);
	if (wallets->count > 0)
		qsort(wallets->item, wallets->count, sizeof(wallets->item[0]), by_time);
	return wallets;
}

void skw_wallets_free(struct skw_wallets *wallets)
{
	if (wallets == NULL)
		return;
	for (size_t i = 0; i < wallets->count; i++)
		skw_wallet_free(wallets->item[i].wallet);
	free(wallets);
}

/* ---- looking ---- */

const char *skw_wallets_folder(const struct skw_wallets *wallets)
{
	return wallets->folder;
}

size_t skw_wallets_count(const struct skw_wallets *wallets)
{
	return wallets->count;
}

const struct skw_wallets_item *skw_wallets_at(const struct skw_wallets *wallets, size_t i)
{
	return &wallets->item[i];
}

const struct skw_wallets_item *skw_wallets_find(const struct skw_wallets *wallets, const char *id)
{
	for (size_t i = 0; i < wallets->count; i++)
		if (strcmp(wallets->item[i].id, id) == 0)
			return &wallets->item[i];
	return NULL;
}

/* Two wallets of one kind and seed begin with the same address. */
bool skw_wallets_has(const struct skw_wallets *wallets, const struct skw_wallet *wallet)
{
	if (wallet->kind == SKW_WALLET_COLLECTION || wallet->count == 0)
		return false;
	for (size_t i = 0; i < wallets->count; i++) {
		const struct skw_wallet *other = wallets->item[i].wallet;

		if (other->kind == wallet->kind && other->count > 0 &&
		    skw_address_equal(&other->entries[0].address, &wallet->entries[0].address))
			return true;
	}
	return false;
}

/* ---- changing ---- */

/* 2026_11_22_3c68.wlt, as the original names them. */
static void fresh_name(char out[SKW_WALLETS_ID], uint64_t now_unix)
{
	time_t seconds = (time_t)now_unix;
	char day[16] = "1970_01_01";
	uint8_t random[2];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(day, sizeof(day), "%Y_%m_%d", &tm);
	randombytes_buf(random, sizeof(random));
	snprintf(out, SKW_WALLETS_ID, "%s_%02x%02x.wlt", day, random[0], random[1]);
}

enum skw_wallet_status skw_wallets_add(struct skw_wallets *wallets, struct skw_wallet *wallet,
				       bool temporary, uint64_t now_unix,
				       const struct skw_wallets_item **out)
{
	struct skw_wallets_item *item = &wallets->item[wallets->count];
	enum skw_wallet_status status = SKW_WALLET_EXISTS;
	char path[PATH_MAX];

	if (wallets->count == SKW_WALLETS_MAX)
		return SKW_WALLET_MANY;
	for (int i = 0; status == SKW_WALLET_EXISTS && i < NAME_TRIES; i++) {
		fresh_name(item->id, now_unix);
		if (skw_wallets_find(wallets, item->id) != NULL)
			continue;
		status = path_of(path, wallets, item->id);
		if (status == SKW_WALLET_OK && !temporary)
			status = skw_wallet_create(wallet, path);
		else if (status == SKW_WALLET_OK &&
			 !skw_wallet_set_meta(wallet, "filename", item->id))
			status = SKW_WALLET_MEMORY;
	}
	if (status != SKW_WALLET_OK)
		return status;
	item->wallet = wallet;
	item->temporary = temporary;
	wallets->count++;
	*out = item;
	return SKW_WALLET_OK;
}

enum skw_wallet_status skw_wallets_copy(const struct skw_wallets_item *item,
					struct skw_wallet **out)
{
	struct skw_json j = { .secret = true };
	enum skw_wallet_status status = SKW_WALLET_MEMORY;

	*out = NULL;
	if (skw_wallet_write(&j, item->wallet))
		status = skw_wallet_read(out, j.text, j.len);
	skw_json_free(&j);
	return status;
}

static struct skw_wallets_item *find(struct skw_wallets *wallets, const char *id)
{
	const struct skw_wallets_item *item = skw_wallets_find(wallets, id);

	return item != NULL ? &wallets->item[item - wallets->item] : NULL;
}

enum skw_wallet_status skw_wallets_replace(struct skw_wallets *wallets, const char *id,
					   struct skw_wallet *copy)
{
	struct skw_wallets_item *item = find(wallets, id);
	enum skw_wallet_status status = SKW_WALLET_OK;
	char path[PATH_MAX];

	if (item == NULL)
		return SKW_WALLET_FILE;
	if (!item->temporary) {
		status = path_of(path, wallets, id);
		if (status == SKW_WALLET_OK)
			status = skw_wallet_save(copy, path);
	}
	if (status != SKW_WALLET_OK)
		return status;
	skw_wallet_free(item->wallet);
	item->wallet = copy;
	return SKW_WALLET_OK;
}

void skw_wallets_unload(struct skw_wallets *wallets, const char *id)
{
	struct skw_wallets_item *item = find(wallets, id);

	if (item == NULL)
		return;
	skw_wallet_free(item->wallet);
	memmove(item, item + 1, (size_t)(&wallets->item[--wallets->count] - item) * sizeof(*item));
}
