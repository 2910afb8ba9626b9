/* The .wlt file on the disk: read whole, written whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "ledger/skw_put_file.h"
#include "ledger/skw_wallet_inside.h"

#define FILE_MAX ((size_t)64 << 20)

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

enum skw_wallet_status skw_wallet_open(struct skw_wallet **out, const char *path)
{
	enum skw_wallet_status status = SKW_WALLET_FILE;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	char *text;

	*out = NULL;
	if (fd < 0)
		return SKW_WALLET_FILE;
	skw_wallet_json_setup(); /* before the first locked memory */
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		size_t len = (size_t)info.st_size;

		text = len <= FILE_MAX ? sodium_malloc(len + 1) : NULL;
		if (text == NULL)
			status = len <= FILE_MAX ? SKW_WALLET_MEMORY : SKW_WALLET_FORMAT;
		else if (read_all(fd, text, len))
			status = skw_wallet_read(out, text, len);
		sodium_free(text); /* wipes */
	} else {
		errno = EINVAL; /* a folder, a device */
	}
	close(fd);
	return status;
}

/* What can be spent from as it is. */
static enum skw_wallet_status spendable(struct skw_wallet **wallet, enum skw_wallet_status status)
{
	if (status == SKW_WALLET_OK &&
	    ((*wallet)->coin != SKW_WALLET_SKYCOIN || (*wallet)->kind == SKW_WALLET_XPUB))
		status = SKW_WALLET_TYPE;
	else if (status == SKW_WALLET_OK && (*wallet)->locked)
		status = SKW_WALLET_ENCRYPTED;
	if (status != SKW_WALLET_OK) {
		skw_wallet_free(*wallet);
		*wallet = NULL;
	}
	return status;
}

enum skw_wallet_status skw_wallet_load(struct skw_wallet **out, const char *path)
{
	enum skw_wallet_status status = skw_wallet_open(out, path);

	return spendable(out, status);
}

enum skw_wallet_status skw_wallet_parse(struct skw_wallet **out, const char *text, size_t len)
{
	enum skw_wallet_status status = skw_wallet_read(out, text, len);

	return spendable(out, status);
}

/* ---- writing ---- */

static enum skw_wallet_status save(struct skw_wallet *wallet, const char *path, bool replace)
{
	const char *slash = strrchr(path, '/');
	enum skw_wallet_status status = SKW_WALLET_MEMORY;
	struct skw_json j = { .secret = true };

	if (skw_wallet_set_meta(wallet, "filename", slash != NULL ? slash + 1 : path) &&
	    skw_wallet_write(&j, wallet))
		status = skw_put_file(path, j.text, j.len, replace) ? SKW_WALLET_OK
			 : errno == EEXIST                          ? SKW_WALLET_EXISTS
								    : SKW_WALLET_FILE;
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
