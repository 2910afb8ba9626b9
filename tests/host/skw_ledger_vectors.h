/* Reading the public vectors: hex lines, JSON files. For the tests of the ledger. */
#ifndef SKW_LEDGER_VECTORS_H
#define SKW_LEDGER_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_chain.h"

#define VECTORS "tests/vectors/skycoin/"

struct blocks {
	struct skw_bytes block[256];
	size_t count;
};

static inline char *read_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1u << 20);

	if (f == NULL || text == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	text[fread(text, 1, (1u << 20) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static inline struct skw_bytes from_hex(const char *text, size_t digits)
{
	struct skw_bytes out = { malloc(digits / 2 + 1), digits / 2 };

	if (!skw_ledger_hex_parse(out.data, out.len, text, digits)) {
		fprintf(stderr, "not hex: %.20s\n", text);
		exit(1);
	}
	return out;
}

static inline void read_blocks(struct blocks *out, const char *path)
{
	char *text = read_text(path);

	out->count = 0;
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		out->block[out->count++] = from_hex(line, strlen(line));
	free(text);
}

static inline void free_blocks(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++)
		skw_bytes_free(&blocks->block[i]);
}

/* The private chain of the vectors: SKYCOIN.md, networks. */
static inline struct skw_network vector_network(void)
{
	static const char sig[] =
	    "7f224ebea5477a56f715ae30c3edadd14da16762d9e8d91398941ac26f773cf14b15bbf8473cf803b7"
	    "0f9f03cb9fa6a111f6369547320a66b275175a18abbea300";
	static const char key[] =
	    "0238de198faa956dbaac936cdea775f4b01479094e0368529726af248ba256e53f";
	struct skw_coin_public block_key;
	struct skw_address genesis;
	struct skw_network net;

	skw_ledger_hex_parse(block_key.b, sizeof(block_key.b), key, strlen(key));
	skw_address_parse(&genesis, "2LPvkJfBDy3wvzvc2aKBVSBKhqQJrMyHumQ");
	skw_network_private(&net, "vectors", &block_key, &genesis, 1392854400);
	skw_ledger_hex_parse(net.genesis_sig.b, sizeof(net.genesis_sig.b), sig, strlen(sig));
	return net;
}

static inline struct skw_sha256 hash_of_text(const char *hex)
{
	struct skw_sha256 hash;

	if (!skw_sha256_parse(&hash, hex))
		exit(1);
	return hash;
}

#endif
