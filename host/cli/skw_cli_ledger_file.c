#include "cli/skw_cli_ledger_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_chain.h"
#include "ledger/skw_json.h"

enum { BATCH = 1000, INI_MAX = 65536, PROGRESS = 10000 };

/* Hex lines of a file, decoded one after another. */
struct lines {
	FILE *file;
	const char *path;
	char *text;
	size_t room;
	uint8_t *bytes;
	size_t len;
	unsigned long number;
	bool failed;
};

static bool open_lines(struct lines *l, const char *path)
{
	*l = (struct lines) { .file = fopen(path, "re"), .path = path };
	if (l->file == NULL)
		fprintf(stderr, "skywave ledger: %s: %s\n", path, strerror(errno));
	return l->file != NULL;
}

/* The next line that is not empty; false at the end, or with `failed` set and said. */
static bool next_line(struct lines *l)
{
	ssize_t n;

	do {
		n = getline(&l->text, &l->room, l->file);
		l->number++;
		while (n > 0 && strchr("\r\n \t", l->text[n - 1]) != NULL)
			l->text[--n] = '\0';
	} while (n == 0);
	free(l->bytes);
	l->bytes = NULL;
	if (n < 0)
		return false;
	l->len = (size_t)n / 2;
	l->bytes = malloc(l->len + 1);
	if (l->bytes != NULL && skw_ledger_hex_parse(l->bytes, l->len, l->text, (size_t)n))
		return true;
	fprintf(stderr, "skywave ledger: %s:%lu: not hex\n", l->path, l->number);
	l->failed = true;
	return false;
}

static void close_lines(struct lines *l)
{
	if (l->file != NULL)
		fclose(l->file);
	free(l->text);
	free(l->bytes);
}

/* ---- verify ---- */

static bool read_network(struct skw_network *net, const char *name)
{
	char text[INI_MAX], error[128];
	FILE *file;
	size_t len;
	bool ok;

	*net = skw_network_mainnet;
	if (strcmp(name, "mainnet") == 0)
		return true;
	file = fopen(name, "re");
	if (file == NULL) {
		fprintf(stderr, "skywave ledger: network %s: %s; name mainnet or an INI file\n",
			name, strerror(errno));
		return false;
	}
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	ok = skw_network_parse(net, text, error, sizeof(error));
	if (!ok)
		fprintf(stderr, "skywave ledger: %s: %s\n", name, error);
	return ok;
}

static bool refuse(const struct lines *l, const char *why)
{
	fprintf(stderr, "skywave ledger: %s:%lu: %s\n", l->path, l->number, why);
	return false;
}

/* Block 0 is the network's definition: it need only be the same. */
static bool same_genesis(struct skw_chain *chain, const struct lines *l,
			 const struct skw_block *block)
{
	struct skw_chain_head head = skw_chain_head(chain);
	struct skw_sha256 hash;

	skw_block_hash(&hash, &block->header);
	if (head.header.seq == 0 && skw_sha256_equal(&hash, &head.hash))
		return true;
	return refuse(l, "block 0 is not this network's");
}

static bool apply_line(struct skw_chain *chain, const struct lines *l)
{
	struct skw_block_verdict verdict;
	enum skw_chain_status status;
	char text[SKW_VERDICT_TEXT];
	struct skw_block block;

	if (skw_block_decode(&block, l->bytes, l->len) == SKW_CODEC_OK && block.header.seq == 0)
		return same_genesis(chain, l, &block);
	status = skw_chain_apply(chain, l->bytes, l->len, &verdict);
	if (status == SKW_CHAIN_OK)
		return true;
	skw_block_verdict_print(text, &verdict);
	return refuse(l, status == SKW_CHAIN_REFUSED ? text : skw_chain_status_text(status));
}

static bool apply_file(struct skw_chain *chain, struct lines *l)
{
	bool ok = skw_chain_batch_begin(chain) == SKW_CHAIN_OK;

	while (ok && next_line(l)) {
		ok = apply_line(chain, l);
		if (ok && l->number % BATCH == 0)
			ok = skw_chain_batch_end(chain) == SKW_CHAIN_OK &&
			     skw_chain_batch_begin(chain) == SKW_CHAIN_OK;
		if (l->number % PROGRESS == 0)
			fprintf(stderr, "%lu blocks\n", l->number);
	}
	return ok && !l->failed && skw_chain_batch_end(chain) == SKW_CHAIN_OK;
}

static void show_head(const struct skw_chain *chain, bool json)
{
	struct skw_chain_head head = skw_chain_head(chain);
	char hash[SKW_SHA256_TEXT];
	struct skw_json j = { 0 };

	skw_sha256_print(hash, &head.hash);
	if (!json) {
		printf("network %s\nhead %" PRIu64 "\nhash %s\nunspent %" PRIu64 "\n",
		       skw_chain_network(chain)->name, head.header.seq, hash, head.unspents);
		return;
	}
	skw_json_object(&j, NULL);
	skw_json_string(&j, "network", skw_chain_network(chain)->name);
	skw_json_u64(&j, "seq", head.header.seq);
	skw_json_string(&j, "hash", hash);
	skw_json_u64(&j, "unspents", head.unspents);
	skw_json_end_object(&j);
	puts(j.text);
	skw_json_free(&j);
}

int skw_cli_ledger_verify(const char *network, const char *path, bool json)
{
	enum skw_chain_status status;
	struct skw_chain *chain;
	struct skw_network net;
	struct lines l;
	bool ok = false;

	if (!read_network(&net, network) || !open_lines(&l, path))
		return 2;
	status = skw_chain_open(&chain, ":memory:", &net);
	if (status == SKW_CHAIN_OK)
		ok = apply_file(chain, &l);
	else
		fprintf(stderr, "skywave ledger: %s: %s\n", network, skw_chain_status_text(status));
	if (ok)
		show_head(chain, json);
	skw_chain_close(chain);
	close_lines(&l);
	return ok ? 0 : 1;
}

/* ---- parse ---- */

static void show_tx(struct skw_json *j, const struct skw_tx *tx, bool json)
{
	char txid[SKW_SHA256_TEXT], coins[SKW_DROPLETS_TEXT], address[SKW_ADDRESS_TEXT];
	struct skw_sha256 hash;

	skw_tx_id(&hash, tx);
	skw_sha256_print(txid, &hash);
	if (!json)
		printf("  transaction %s: %u inputs, %zu bytes\n", txid, tx->ins, tx->size);
	skw_json_object(j, NULL);
	skw_json_string(j, "txid", txid);
	skw_json_list(j, "inputs");
	for (uint32_t i = 0; i < tx->ins; i++)
		skw_json_hex(j, NULL, tx->in[i].b, sizeof(tx->in[i].b));
	skw_json_end_list(j);
	skw_json_list(j, "outputs");
	for (uint32_t i = 0; i < tx->outs; i++) {
		struct skw_tx_output out = skw_tx_output(tx, i);

		skw_address_print(address, &out.address);
		skw_droplets_print(coins, out.coins);
		if (!json)
			printf("    %s SKY, %" PRIu64 " hours to %s\n", coins, out.hours.n,
			       address);
		skw_json_object(j, NULL);
		skw_json_string(j, "address", address);
		skw_json_string(j, "coins", coins);
		skw_json_u64(j, "hours", out.hours.n);
		skw_json_end_object(j);
	}
	skw_json_end_list(j);
	skw_json_end_object(j);
}

static void show_block(struct skw_json *j, const struct skw_block *block, bool json)
{
	struct skw_reader r = skw_block_txs(block);
	char text[SKW_SHA256_TEXT];
	struct skw_sha256 hash;
	struct skw_tx tx;

	skw_block_hash(&hash, &block->header);
	skw_sha256_print(text, &hash);
	if (!json)
		printf("block %" PRIu64 " %s: time %" PRIu64 ", fee %" PRIu64 "\n",
		       block->header.seq, text, block->header.time, block->header.fee);
	skw_json_object(j, NULL);
	skw_json_u64(j, "seq", block->header.seq);
	skw_json_string(j, "hash", text);
	skw_json_u64(j, "time", block->header.time);
	skw_json_u64(j, "fee", block->header.fee);
	skw_json_list(j, "transactions");
	for (uint32_t i = 0; i < block->count; i++) {
		skw_tx_get(&tx, &r);
		show_tx(j, &tx, json);
	}
	skw_json_end_list(j);
	skw_json_end_object(j);
}

int skw_cli_ledger_parse(const char *path, bool json)
{
	struct skw_json j = { 0 };
	struct lines l;
	bool ok = true;

	if (!open_lines(&l, path))
		return 2;
	while (ok && next_line(&l)) { /* an object a line, so that a long file needs no memory */
		struct skw_block block;
		struct skw_tx tx;
		enum skw_codec_status status = skw_tx_decode(&tx, l.bytes, l.len);

		if (status == SKW_CODEC_OK) {
			show_tx(&j, &tx, json);
		} else {
			status = skw_block_decode(&block, l.bytes, l.len);
			if (status == SKW_CODEC_OK)
				show_block(&j, &block, json);
			else
				ok = refuse(&l, skw_codec_text(status));
		}
		if (ok && json)
			puts(j.text);
		skw_json_free(&j);
	}
	ok = ok && !l.failed;
	close_lines(&l);
	return ok ? 0 : 1;
}
