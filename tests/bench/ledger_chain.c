/* ledger_chain - makes private chains for the tests and benchmarks of skywave-ledger.
 *
 *   make DIR N      DIR/network.ini, DIR/secret, DIR/node/ledger.db with N blocks of one
 * transaction raws DIR N      the same with one block of N outputs, and prints N transactions that
 * spend them verify DIR      applies the stored blocks to a fresh chain in memory: how long does it
 * take?
 */
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

#include "ledger/skw_ux.h"
#include "skw_ledger_purse.h"

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ledger_chain: %s\n", what);
	exit(1);
}

static FILE *create(const char *dir, const char *name)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	need(f != NULL && chmod(path, 0600) == 0, path);
	return f;
}

static void write_files(const char *dir, const struct purse *p)
{
	const struct skw_network *net = skw_chain_network(p->chain);
	char key[67], address[SKW_ADDRESS_TEXT], secret[65];
	FILE *f = create(dir, "network.ini");

	skw_ledger_hex_print(key, net->block_key.b, 33);
	skw_address_print(address, &net->genesis_address);
	fprintf(f, "[network]\nname = bench\nblock_key = %s\ngenesis_address = %s\n", key, address);
	fprintf(f, "genesis_time = %" PRIu64 "\nmax_block_size = 4096\n", net->genesis_time);
	fprintf(f, "max_transaction_size = 4096\n");
	fclose(f);
	f = create(dir, "secret");
	skw_ledger_hex_print(secret, p->block_secret.b, 32);
	fprintf(f, "%s\n", secret);
	fclose(f);
}

static struct purse open_purse(const char *dir)
{
	char path[600];

	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/node", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/node/ledger.db", dir);
	return new_purse(path);
}

enum { PURSES = 8 };

/* Outputs of ours that take turns: one must wait for a block to earn the hours that it burns. */
struct turns {
	struct skw_ux ux[PURSES + 1]; /* the first is what the others came from */
	unsigned n;
};

/* One input, two outputs: the first PURSES times to fill a purse, then from one to the other. */
static struct skw_bytes step(struct purse *p, struct turns *turns)
{
	struct skw_chain_head head = skw_chain_head(p->chain);
	bool filling = turns->n < PURSES;
	struct skw_ux *from = filling ? &turns->ux[0] : &turns->ux[1 + turns->n % PURSES];
	struct skw_spend_input in = { .coins = from->coins, .secret = p->owner_secret };
	struct skw_tx_output out = { filling ? p->owner : p->other,
				     { filling ? UINT64_C(10000000000000) : 1000 },
				     { filling ? 1000000 : 1 } };
	struct skw_block_header next = { .time = head.header.time + 3600,
					 .seq = head.header.seq + 1 };
	struct skw_bytes raw = { malloc(4096), 0 };
	struct skw_spend_result result;
	enum skw_spend_status status;
	struct skw_sha256 txid;
	struct skw_tx tx;

	skw_ux_id(&in.uxid, from);
	need(skw_ux_hours_at(&in.hours, from, head.header.time) == SKW_UX_HOURS_OK, "hours");
	status = skw_spend_build(raw.data, 4096, &result, &in, 1, &out, 1, &p->owner, &p->limits);
	need(status == SKW_SPEND_OK, skw_spend_status_text(status));
	raw.len = result.size;
	need(skw_tx_decode(&tx, raw.data, raw.len) == SKW_CODEC_OK && tx.outs == 2, "two outputs");
	skw_tx_id(&txid, &tx);
	out = skw_tx_output(&tx, 0);
	if (filling)
		turns->ux[1 + turns->n] = skw_ux_of(&next, &txid, &out);
	out = skw_tx_output(&tx, 1); /* change is the last */
	*from = skw_ux_of(&next, &txid, &out);
	turns->n++;
	return raw;
}

static void make_chain(const char *dir, unsigned n)
{
	struct purse p = open_purse(dir);
	struct skw_spend_input first = input_of(&p, 0);
	struct turns turns = { .n = 0 };
	struct skw_ux_record record;

	need(skw_chain_output(p.chain, &first.uxid, &record) == SKW_CHAIN_OK, "genesis output");
	turns.ux[0] = record.ux;
	write_files(dir, &p);
	for (unsigned i = 0; i < n; i++) {
		uint64_t time = skw_chain_head(p.chain).header.time + 3600;
		struct skw_bytes raw, block;

		if (i % 1000 == 0)
			need(skw_chain_batch_begin(p.chain) == SKW_CHAIN_OK, "batch");
		raw = step(&p, &turns);
		block = block_of(&p, &raw, 1, time);
		need(skw_chain_apply(p.chain, block.data, block.len, NULL) == SKW_CHAIN_OK,
		     "apply");
		if (i % 1000 == 999 || i + 1 == n)
			need(skw_chain_batch_end(p.chain) == SKW_CHAIN_OK, "batch");
		skw_bytes_free(&raw);
		skw_bytes_free(&block);
	}
	close_purse(&p);
}

static void make_raws(const char *dir, unsigned n)
{
	struct purse p = open_purse(dir);

	write_files(dir, &p);
	spread(&p, n, GENESIS_TIME + 100);
	for (unsigned i = 0; i < n; i++) {
		struct skw_bytes raw = pay_from(&p, i, &p.other, 1000000, 5);
		char *hex = malloc(2 * raw.len + 1);

		skw_ledger_hex_print(hex, raw.data, raw.len);
		puts(hex);
		free(hex);
		skw_bytes_free(&raw);
	}
	close_purse(&p);
}

static void verify_chain(const char *dir)
{
	struct purse p = open_purse(dir);
	uint64_t head = skw_chain_head(p.chain).header.seq;
	struct skw_chain *fresh;
	double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

	need(skw_chain_open(&fresh, ":memory:", skw_chain_network(p.chain)) == SKW_CHAIN_OK,
	     "open");
	need(skw_chain_batch_begin(fresh) == SKW_CHAIN_OK, "batch");
	for (uint64_t seq = 1; seq <= head; seq++) {
		struct skw_bytes block;

		need(skw_chain_block(p.chain, seq, &block) == SKW_CHAIN_OK, "block");
		need(skw_chain_apply(fresh, block.data, block.len, NULL) == SKW_CHAIN_OK, "apply");
		skw_bytes_free(&block);
	}
	need(skw_chain_batch_end(fresh) == SKW_CHAIN_OK, "batch");
	printf("%.0f %.0f\n", (double)head / (seconds(CLOCK_MONOTONIC) - start),
	       (double)head / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu));
	skw_chain_close(fresh);
	close_purse(&p);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

	need(argc > 2, "make DIR N | raws DIR N | verify DIR");
	if (strcmp(argv[1], "make") == 0)
		make_chain(argv[2], n);
	else if (strcmp(argv[1], "raws") == 0)
		make_raws(argv[2], n);
	else if (strcmp(argv[1], "verify") == 0)
		verify_chain(argv[2]);
	return 0;
}
