#include "cli/skw_cli_ledger_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_chain_file.h"
#include "ledger/skw_block_json.h"

enum { BATCH = 1000, PROGRESS = 10000 };

/* ---- verify ---- */

static bool read_network(struct skw_network *net, const char *name)
{
	char error[160];

	if (skw_network_load(net, name, error, sizeof(error)))
		return true;
	fprintf(stderr, "skywave ledger: network %s: %s\n", name, error);
	return false;
}

/* Block 0 is the network's definition: it need only be the same. */
static bool same_genesis(struct skw_chain *chain, const struct skw_cli_chain_file *l,
			 const struct skw_block *block)
{
	struct skw_chain_head head = skw_chain_head(chain);
	struct skw_sha256 hash;

	skw_block_hash(&hash, &block->header);
	if (head.header.seq == 0 && skw_sha256_equal(&hash, &head.hash))
		return true;
	return skw_cli_chain_file_refuse(l, "block 0 is not this network's");
}

static bool apply_line(struct skw_chain *chain, const struct skw_cli_chain_file *l)
{
	struct skw_block_verdict verdict;
	enum skw_chain_status status;
	char text[SKW_VERDICT_TEXT];
	struct skw_block block;

	if (skw_block_decode(&block, l->data, l->len) == SKW_CODEC_OK && block.header.seq == 0)
		return same_genesis(chain, l, &block);
	status = skw_chain_apply(chain, l->data, l->len, &verdict);
	if (status == SKW_CHAIN_OK)
		return true;
	skw_block_verdict_print(text, &verdict);
	return skw_cli_chain_file_refuse(
	    l, status == SKW_CHAIN_REFUSED ? text : skw_chain_status_text(status));
}

static bool apply_file(struct skw_chain *chain, struct skw_cli_chain_file *l)
{
	bool ok = skw_chain_batch_begin(chain) == SKW_CHAIN_OK;

	while (ok && skw_cli_chain_file_next(l)) {
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
	struct skw_cli_chain_file l;
	bool ok = false;

	if (!read_network(&net, network))
		return 2;
	if (!skw_cli_chain_file_open(&l, path)) {
		skw_cli_chain_file_close(&l);
		return 1;
	}
	status = skw_chain_open(&chain, ":memory:", &net);
	if (status == SKW_CHAIN_OK)
		ok = apply_file(chain, &l);
	else
		fprintf(stderr, "skywave ledger: %s: %s\n", network, skw_chain_status_text(status));
	if (ok)
		show_head(chain, json);
	skw_chain_close(chain);
	skw_cli_chain_file_close(&l);
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
	struct skw_cli_chain_file l;
	bool ok = true;

	if (!skw_cli_chain_file_open(&l, path)) {
		skw_cli_chain_file_close(&l);
		return 1;
	}
	while (ok && skw_cli_chain_file_next(
			 &l)) { /* an object a line, so that a long file needs no memory */
		struct skw_block block;
		struct skw_tx tx;
		enum skw_codec_status status = skw_tx_decode(&tx, l.data, l.len);

		if (status == SKW_CODEC_OK) {
			show_tx(&j, &tx, json);
		} else {
			status = skw_block_decode(&block, l.data, l.len);
			if (status == SKW_CODEC_OK)
				show_block(&j, &block, json);
			else
				ok = skw_cli_chain_file_refuse(&l, skw_codec_text(status));
		}
		if (ok && json)
			puts(j.text);
		skw_json_free(&j);
	}
	ok = ok && !l.failed;
	skw_cli_chain_file_close(&l);
	return ok ? 0 : 1;
}

/* ---- export ---- */

enum form { HEX, JSON, BINARY };

static bool take_form(enum form *out, const char *name)
{
	static const char *const names[] = { "hex", "json", "binary" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = i;
			return true;
		}
	fprintf(stderr, "skywave ledger: --format is hex, json or binary\n");
	return false;
}

static bool write_hex(const uint8_t *data, size_t len)
{
	char *text = malloc(2 * len + 1);

	if (text == NULL)
		return false;
	skw_ledger_hex_print(text, data, len);
	puts(text);
	free(text);
	return true;
}

/* One object; `first` tells the list's comma. */
static bool write_json(const uint8_t *data, size_t len, bool first)
{
	struct skw_json j = { 0 };
	struct skw_block block;
	bool ok;

	if (skw_block_decode(&block, data, len) != SKW_CODEC_OK)
		return false;
	skw_block_to_json(&j, &block);
	ok = !j.failed;
	if (ok)
		printf("%s%s", first ? "" : ",\n", j.text);
	skw_json_free(&j);
	return ok;
}

static bool write_block(enum form form, const uint8_t *data, size_t len, bool first)
{
	switch (form) {
	case HEX:
		return write_hex(data, len);
	case JSON:
		return write_json(data, len, first);
	case BINARY:
		return fwrite(data, 1, len, stdout) == len;
	}
	return false;
}

static int write_chain(struct skw_chain *chain, enum form form, uint64_t from, uint64_t to)
{
	uint64_t head = skw_chain_head(chain).header.seq;
	struct skw_bytes block;
	bool ok = true;

	if (form == JSON)
		printf("[");
	for (uint64_t seq = from; ok && seq <= to && seq <= head; seq++) {
		ok = skw_chain_block(chain, seq, &block) == SKW_CHAIN_OK &&
		     write_block(form, block.data, block.len, seq == from);
		skw_bytes_free(&block);
	}
	if (form == JSON)
		printf("]\n");
	if (!ok || fflush(stdout) != 0)
		fprintf(stderr, "skywave ledger: the chain could not be written out\n");
	return ok ? 0 : 1;
}

/* False with a line on standard error. */
static bool is_database(const char *path)
{
	static const char wrong[] = "not a node's ledger.db";
	char head[16] = "";
	FILE *file = fopen(path, "re");
	const char *why = file == NULL ? strerror(errno) : NULL;

	if (file != NULL && (fread(head, 1, sizeof(head), file) != sizeof(head) ||
			     memcmp(head, "SQLite format 3", sizeof(head)) != 0))
		why = ferror(file) != 0 ? strerror(errno) : wrong;
	if (file != NULL)
		fclose(file);
	if (why != NULL)
		fprintf(stderr, "skywave ledger: %s: %s\n", path, why);
	return why == NULL;
}

int skw_cli_ledger_export(const char *network, const char *path, const char *format, uint64_t from,
			  uint64_t to)
{
	enum skw_chain_status status;
	struct skw_chain *chain;
	struct skw_network net;
	enum form form;
	int result = 1;

	if (!take_form(&form, format) || !read_network(&net, network))
		return 2;
	if (!is_database(path))
		return 1;
	status = skw_chain_open(&chain, path, &net);
	if (status == SKW_CHAIN_OK)
		result = write_chain(chain, form, from, to);
	else
		fprintf(stderr, "skywave ledger: %s: %s\n", path,
			status == SKW_CHAIN_STORE ? skw_chain_error(chain)
						  : skw_chain_status_text(status));
	skw_chain_close(chain);
	return result;
}
