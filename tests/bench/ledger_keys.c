/* ledger_keys - what keys, signatures and vouchers cost on one core, in processor seconds.
 *
 * A line a measurement: what, rate, target, unit, with tabs between; ledger_bench.py makes the
 * table. Each repeats the work for about two seconds. A verified transaction has one input and two
 * outputs; its unspent output is looked up in a stored chain. A voucher is such a transaction. */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "ledger/skw_crypt.h"
#include "ledger/skw_wallet.h"
#include "skw_ledger_purse.h"

enum { SPAN = 2 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench {
	struct purse purse;
	struct skw_bytes paid;
	struct skw_sha256 next;
	struct skw_spend_input in;
	struct skw_tx_output to;
	struct skw_tx tx;
	struct skw_ux ux;
	struct skw_coin_secret secret;
};

static void fail(const char *what)
{
	fprintf(stderr, "ledger_keys: %s went wrong\n", what);
	exit(1);
}

static void next_key(struct bench *b)
{
	struct skw_address address;

	skw_coin_next(&b->next, &b->secret, b->next.b, sizeof(b->next.b));
	if (!skw_address_of_secret(&address, &b->secret))
		fail("a key");
}

static void verify(struct bench *b)
{
	struct skw_ux_lookup lookup = skw_chain_unspent(b->purse.chain);
	struct skw_block_header head = skw_chain_head(b->purse.chain).header;
	struct skw_tx_totals totals;

	if (skw_rules_hard(&totals, &b->tx, &lookup, &head, SKW_RULES_SINGLE).fault !=
	    SKW_FAULT_NONE)
		fail("verifying");
}

static void make_voucher(struct bench *b)
{
	struct skw_spend_result result;
	uint8_t raw[512];

	b->to.coins.n = 1000 + b->to.coins.n % 1000000; /* each pays a little more */
	if (skw_spend_build(raw, sizeof(raw), &result, &b->in, 1, &b->to, 1, &b->purse.owner,
			    &b->purse.limits) != SKW_SPEND_OK)
		fail("a voucher");
}

/* As a payee does: decoded, then against the outputs that the payer has reserved, which it keeps.
 */
static void check_voucher(struct bench *b)
{
	struct skw_ux_array array = { &b->ux, 1 };
	struct skw_ux_lookup lookup = skw_ux_array_lookup(&array);
	struct skw_block_header head = skw_chain_head(b->purse.chain).header;
	struct skw_tx_totals totals;
	struct skw_tx tx;

	if (skw_tx_decode(&tx, b->paid.data, b->paid.len) != SKW_CODEC_OK ||
	    skw_rules_check(&totals, &tx, &lookup, &head, &b->purse.limits).fault != SKW_FAULT_NONE)
		fail("checking a voucher");
}

static void measure(const char *what, void (*work)(struct bench *), struct bench *b,
		    unsigned target)
{
	double start = seconds(), now;
	uint64_t n = 0;

	do {
		for (unsigned i = 0; i < 100; i++)
			work(b);
		n += 100;
		now = seconds();
	} while (now - start < SPAN);
	printf("%s\t%.0f\t%u\t/s\n", what, (double)n / (now - start), target);
	fflush(stdout);
}

static void measure_lock(const char *what, const struct skw_crypt_cost *cost)
{
	double start = seconds();
	char *text;

	if (skw_crypt_seal(&text, NULL, SKW_CRYPT_SCRYPT, cost, "password", (const uint8_t *)"x",
			   1) != SKW_CRYPT_OK) {
		printf("%s\tno memory\t\t\n", what);
		return;
	}
	printf("%s, %u MiB\t%.2f\t\ts\n", what, (unsigned)((uint64_t)128 * cost->n * cost->r >> 20),
	       seconds() - start);
	free(text);
}

static void prepare(struct bench *b, const char *path)
{
	struct nth nth = { 0 };

	unlink(path);
	b->purse = new_purse(path);
	b->in = input_of(&b->purse, 0);
	skw_chain_each_unspent(b->purse.chain, &b->purse.owner, find_nth, &nth);
	b->ux = nth.record.ux;
	b->to = (struct skw_tx_output) { b->purse.other, { 1000 }, { 1 } };
	b->paid = pay_from(&b->purse, 0, &b->purse.other, 1000000, 1);
	if (skw_tx_decode(&b->tx, b->paid.data, b->paid.len) != SKW_CODEC_OK || b->tx.ins != 1 ||
	    b->tx.outs != 2)
		fail("preparing");
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc != 2 || sodium_init() < 0) {
		fprintf(stderr, "usage: ledger_keys DATABASE   (is made anew)\n");
		return 2;
	}
	prepare(&b, argv[1]);
	measure("next key of a deterministic wallet", next_key, &b, 5000);
	measure("transaction verified, output looked up", verify, &b, 12000);
	measure("voucher made", make_voucher, &b, 15000);
	measure("voucher checked", check_voucher, &b, 10000);
	measure_lock("wallet locked, default scrypt", &skw_crypt_cost_default);
	measure_lock("wallet locked, --light", &skw_crypt_cost_light);
	skw_bytes_free(&b.paid);
	close_purse(&b.purse);
	return 0;
}
