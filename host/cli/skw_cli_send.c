#include "cli/skw_cli_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/skw_cli_http.h"
#include "ledger/skw_json.h"
#include "ledger/skw_network.h"
#include "ledger/skw_spend.h"

enum { SHARE_PERCENT = 50 };

/* What the node knows of the wallet's addresses. */
static bool fetch(struct skw_client_outputs *out, const struct skw_wallet *wallet, const char *node)
{
	size_t count = skw_wallet_count(wallet);
	struct skw_address *addresses = calloc(count + 1, sizeof(*addresses));
	struct skw_client_request request;
	struct skw_cli_answer answer;
	bool ok;

	if (addresses == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		addresses[i] = skw_wallet_entry(wallet, i)->address;
	ok = skw_client_ask_outputs(&request, addresses, count);
	free(addresses);
	if (!ok) {
		fprintf(stderr, "skywave wallet: it has no address yet; "
				"`skywave wallet address` adds one\n");
		return false;
	}
	if (!skw_cli_ask(&answer, node, &request))
		return false;
	ok = skw_client_parse_outputs(out, answer.body, answer.len);
	if (!ok)
		fprintf(stderr, "skywave wallet: %s: not the answer of a Skycoin node\n", node);
	free(answer.body);
	return ok;
}

struct sum {
	struct skw_droplets coins;
	struct skw_hours hours;
};

/* Of one address, or of all if it is NULL. False if it does not fit. */
static bool add_up(struct sum *sum, const struct skw_client_output *list, size_t count,
		   const struct skw_address *owner)
{
	for (size_t i = 0; i < count; i++)
		if (owner == NULL || skw_address_equal(&list[i].ux.address, owner))
			if (!skw_droplets_add(&sum->coins, sum->coins, list[i].ux.coins) ||
			    !skw_hours_add(&sum->hours, sum->hours, list[i].hours_now))
				return false;
	return true;
}

static void show(struct skw_json *j, const char *name, const struct sum *sum, bool json)
{
	char coins[SKW_DROPLETS_TEXT];

	skw_droplets_print(coins, sum->coins);
	if (!json) {
		printf("%-35s %s SKY, %" PRIu64 " hours\n", name, coins, sum->hours.n);
		return;
	}
	skw_json_object(j, name);
	skw_json_string(j, "coins", coins);
	skw_json_u64(j, "droplets", sum->coins.n);
	skw_json_u64(j, "hours", sum->hours.n);
	skw_json_end_object(j);
}

static int print_balance(const struct skw_wallet *wallet, const struct skw_client_outputs *outputs,
			 bool json)
{
	struct sum total = { 0 }, leaving = { 0 }, coming = { 0 };
	struct skw_json j = { 0 };
	char text[SKW_ADDRESS_TEXT];
	bool ok = add_up(&total, outputs->unspent, outputs->unspents, NULL) &&
		  add_up(&leaving, outputs->outgoing, outputs->outgoings, NULL) &&
		  add_up(&coming, outputs->incoming, outputs->incomings, NULL);

	if (!ok) {
		fprintf(stderr, "skywave wallet: the sums do not fit 64 bits\n");
		return 1;
	}
	if (json)
		skw_json_object(&j, NULL);
	show(&j, "confirmed", &total, json);
	show(&j, "outgoing", &leaving, json);
	show(&j, "incoming", &coming, json);
	if (json)
		skw_json_object(&j, "addresses");
	for (size_t i = 0; i < skw_wallet_count(wallet); i++) {
		const struct skw_address *address = &skw_wallet_entry(wallet, i)->address;
		struct sum sum = { 0 };

		add_up(&sum, outputs->unspent, outputs->unspents, address);
		skw_address_print(text, address);
		show(&j, text, &sum, json);
	}
	if (json) {
		skw_json_end_object(&j);
		skw_json_end_object(&j);
		if (!j.failed)
			puts(j.text);
	}
	ok = !j.failed;
	skw_json_free(&j);
	return ok ? 0 : 1;
}

int skw_cli_balance(const struct skw_wallet *wallet, const char *node, bool json)
{
	struct skw_client_outputs outputs;
	int result;

	if (!fetch(&outputs, wallet, node))
		return 1;
	result = print_balance(wallet, &outputs, json);
	skw_client_outputs_free(&outputs);
	return result;
}

/* ---- sending ---- */

struct sending {
	const struct skw_wallet *wallet;
	struct skw_limits limits;
	struct skw_spend_coin *coins;
	size_t count, chosen;
	uint8_t raw[32768];
	struct skw_spend_result result;
};

/* The outputs that we can spend now: ours, and not about to be spent. */
static bool list_coins(struct sending *s, const struct skw_client_outputs *outputs)
{
	s->coins = calloc(outputs->unspents + 1, sizeof(*s->coins));
	if (s->coins == NULL)
		return false;
	for (size_t i = 0; i < outputs->unspents; i++) {
		const struct skw_client_output *out = &outputs->unspent[i];
		const struct skw_wallet_entry *entry = skw_wallet_find(s->wallet, &out->ux.address);

		if (entry == NULL || skw_client_is_outgoing(outputs, &out->uxid))
			continue;
		s->coins[s->count++] = (struct skw_spend_coin) {
			.uxid = out->uxid,
			.coins = out->ux.coins,
			.hours = out->hours_now,
			.seq = out->ux.seq,
			.owner = (size_t)(entry - skw_wallet_entry(s->wallet, 0)),
		};
	}
	return true;
}

/* Half of the hours go along; all of them if there is no change to keep the rest. */
static enum skw_spend_status share(struct sending *s, struct skw_tx_output *to)
{
	struct skw_droplets coins = { 0 };
	struct skw_hours hours = { 0 };

	for (size_t i = 0; i < s->chosen; i++) {
		coins.n += s->coins[i].coins.n; /* choosing has added them up without overflow */
		hours.n += s->coins[i].hours.n;
	}
	return skw_spend_share(to, 1, hours, coins.n == to->coins.n ? 100 : SHARE_PERCENT, 100,
			       &s->limits);
}

static enum skw_spend_status make(struct sending *s, struct skw_tx_output *to, bool hours_given)
{
	struct skw_spend_input in[SKW_SPEND_MAX];
	enum skw_spend_status status =
	    skw_spend_choose(&s->chosen, s->coins, s->count, to, 1, &s->limits);

	if (status == SKW_SPEND_OK && !hours_given)
		status = share(s, to);
	if (status != SKW_SPEND_OK)
		return status;
	for (size_t i = 0; i < s->chosen; i++)
		in[i] = (struct skw_spend_input) {
			.uxid = s->coins[i].uxid,
			.secret = skw_wallet_entry(s->wallet, s->coins[i].owner)->secret,
			.coins = s->coins[i].coins,
			.hours = s->coins[i].hours,
		};
	status =
	    skw_spend_build(s->raw, sizeof(s->raw), &s->result, in, s->chosen, to, 1,
			    &skw_wallet_entry(s->wallet, s->coins[0].owner)->address, &s->limits);
	sodium_memzero(in, sizeof(in));
	return status;
}

static bool inject(struct sending *s, const char *node)
{
	struct skw_client_request request;
	struct skw_cli_answer answer;
	struct skw_sha256 txid;
	bool ok;

	if (!skw_client_ask_inject(&request, s->raw, s->result.size) ||
	    !skw_cli_ask(&answer, node, &request))
		return false;
	ok = skw_client_parse_inject(&txid, answer.body, answer.len) &&
	     skw_sha256_equal(&txid, &s->result.txid);
	if (!ok)
		fprintf(stderr, "skywave wallet: %s: it took another transaction than ours\n",
			node);
	free(answer.body);
	return ok;
}

static int report(const struct sending *s, const struct skw_tx_output *to, bool json)
{
	char txid[SKW_SHA256_TEXT], coins[SKW_DROPLETS_TEXT], address[SKW_ADDRESS_TEXT];
	struct skw_json j = { 0 };

	skw_sha256_print(txid, &s->result.txid);
	skw_droplets_print(coins, to->coins);
	skw_address_print(address, &to->address);
	if (!json) {
		printf("%s SKY and %" PRIu64 " hours to %s\nfee %" PRIu64 " hours\n"
		       "transaction %s (pending)\n",
		       coins, to->hours.n, address, s->result.fee.n, txid);
		return 0;
	}
	skw_json_object(&j, NULL);
	skw_json_string(&j, "txid", txid);
	skw_json_string(&j, "to", address);
	skw_json_string(&j, "coins", coins);
	skw_json_u64(&j, "hours", to->hours.n);
	skw_json_u64(&j, "fee", s->result.fee.n);
	skw_json_end_object(&j);
	puts(j.text);
	skw_json_free(&j);
	return 0;
}

int skw_cli_send(const struct skw_wallet *wallet, const char *node, struct skw_tx_output *to,
		 bool hours_given, bool json)
{
	struct sending *s = calloc(1, sizeof(*s));
	struct skw_client_outputs outputs;
	enum skw_spend_status status;
	int result = 1;

	if (s == NULL || !fetch(&outputs, wallet, node)) {
		free(s);
		return 1;
	}
	s->wallet = wallet;
	s->limits = skw_network_mainnet.limits;
	s->limits.locked_count = 0;
	if (list_coins(s, &outputs)) {
		status = make(s, to, hours_given);
		if (status != SKW_SPEND_OK)
			fprintf(stderr, "skywave wallet: %s\n", skw_spend_status_text(status));
		else if (inject(s, node))
			result = report(s, to, json);
	}
	skw_client_outputs_free(&outputs);
	free(s->coins);
	free(s);
	return result;
}
