#include "cli/skw_cli_chain_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_block_json.h"

enum { FILE_MAX = 1 << 30, HEAD = 64 };

bool skw_cli_chain_file_refuse(const struct skw_cli_chain_file *f, const char *why)
{
	fprintf(stderr, "skywave ledger: %s:%lu: %s\n", f->path, f->number, why);
	return false;
}

static bool cannot(const struct skw_cli_chain_file *f, const char *why)
{
	fprintf(stderr, "skywave ledger: %s: %s\n", f->path, why);
	return false;
}

/* The whole file; false, with a line, if it cannot be read or is too long for memory. */
static bool read_whole(struct skw_cli_chain_file *f)
{
	size_t n = 1;

	while (n > 0 && f->bytes.len < FILE_MAX) {
		uint8_t *more = f->room < f->bytes.len + 65536
				    ? realloc(f->bytes.data, f->room = 2 * f->room + 65536)
				    : f->bytes.data;

		if (more == NULL)
			return cannot(f, strerror(errno));
		f->bytes.data = more;
		n = fread(f->bytes.data + f->bytes.len, 1, 65536, f->file);
		f->bytes.len += n;
	}
	if (ferror(f->file) != 0)
		return cannot(f, strerror(errno));
	return n == 0 || cannot(f, "too long to be read at once");
}

static bool open_json(struct skw_cli_chain_file *f)
{
	json_error_t error;

	f->root = json_loadb((const char *)f->bytes.data, f->bytes.len, 0, &error);
	if (f->root == NULL) {
		fprintf(stderr, "skywave ledger: %s:%d: %s\n", f->path, error.line, error.text);
		return false;
	}
	f->list = json_object_get(f->root, "blocks");
	if (f->list == NULL && json_is_array(f->root))
		f->list = f->root;
	return true;
}

bool skw_cli_chain_file_open(struct skw_cli_chain_file *f, const char *path)
{
	char head[HEAD];
	size_t n, i = 0;

	*f = (struct skw_cli_chain_file) { .path = path, .file = fopen(path, "re") };
	if (f->file == NULL)
		return cannot(f, strerror(errno));
	n = fread(head, 1, sizeof(head), f->file);
	if (n == 0)
		return cannot(f, ferror(f->file) != 0 ? strerror(errno) : "empty");
	rewind(f->file);
	f->hex = true;
	for (size_t k = 0; k < n; k++)
		f->hex &= isprint((unsigned char)head[k]) || isspace((unsigned char)head[k]);
	while (i < n && isspace((unsigned char)head[i]))
		i++;
	if (f->hex && (i == n || (head[i] != '{' && head[i] != '[')))
		return true;
	if (!read_whole(f))
		return false;
	f->rest = skw_reader(f->bytes.data, f->bytes.len);
	if (!f->hex)
		return true;
	f->hex = false;
	return open_json(f);
}

static bool next_line(struct skw_cli_chain_file *f)
{
	ssize_t n;

	do {
		n = getline(&f->text, &f->room, f->file);
		f->number++;
		while (n > 0 && strchr("\r\n \t", f->text[n - 1]) != NULL)
			f->text[--n] = '\0';
	} while (n == 0);
	skw_bytes_free(&f->bytes);
	if (n < 0) {
		f->failed |= ferror(f->file) != 0;
		return f->failed && cannot(f, strerror(errno));
	}
	f->bytes = (struct skw_bytes) { malloc((size_t)n / 2 + 1), (size_t)n / 2 };
	f->data = f->bytes.data;
	f->len = f->bytes.len;
	if (f->data != NULL && skw_ledger_hex_parse(f->bytes.data, f->len, f->text, (size_t)n))
		return true;
	f->failed = true;
	return skw_cli_chain_file_refuse(f, "not hex");
}

static bool next_json(struct skw_cli_chain_file *f)
{
	const json_t *item = f->list != NULL  ? json_array_get(f->list, f->number)
			     : f->number == 0 ? f->root
					      : NULL;
	struct skw_bytes bytes;
	const char *wrong;

	if (item == NULL)
		return false;
	f->number++;
	if (json_object_get(item, "txn") != NULL) /* with its status, as REST tells of one */
		item = json_object_get(item, "txn");
	wrong = json_object_get(item, "header") != NULL ? skw_block_from_json(&bytes, item)
							: skw_tx_from_json(&bytes, item);
	if (wrong != NULL) {
		f->failed = true;
		return skw_cli_chain_file_refuse(f, wrong);
	}
	skw_bytes_free(&f->bytes);
	f->bytes = bytes;
	f->data = bytes.data;
	f->len = bytes.len;
	return true;
}

/* A transaction states its own length; what does not is a block. */
static bool next_binary(struct skw_cli_chain_file *f)
{
	struct skw_reader tx_reader = f->rest;
	enum skw_codec_status status;
	struct skw_block block;
	struct skw_tx tx;

	if (skw_reader_done(&f->rest))
		return false;
	f->number++;
	if (skw_tx_get(&tx, &tx_reader) == SKW_CODEC_OK && tx.length == tx.size) {
		f->data = tx.raw;
		f->len = tx.size;
		f->rest = tx_reader;
		return true;
	}
	status = skw_block_get(&block, &f->rest);
	if (status != SKW_CODEC_OK) {
		f->failed = true;
		return skw_cli_chain_file_refuse(f, skw_codec_text(status));
	}
	f->data = block.raw;
	f->len = block.size;
	return true;
}

bool skw_cli_chain_file_next(struct skw_cli_chain_file *f)
{
	if (f->hex)
		return next_line(f);
	return f->root != NULL ? next_json(f) : next_binary(f);
}

void skw_cli_chain_file_close(struct skw_cli_chain_file *f)
{
	if (f->file != NULL)
		fclose(f->file);
	free(f->text);
	skw_bytes_free(&f->bytes);
	json_decref(f->root);
	*f = (struct skw_cli_chain_file) { .path = f->path };
}
