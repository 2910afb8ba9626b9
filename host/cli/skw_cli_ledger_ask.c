#include "cli/skw_cli_ledger_ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static int strange(const char *node, struct skw_cli_answer *answer)
{
	fprintf(stderr, "skywave ledger: %s: not the answer of a Skycoin node\n", node);
	free(answer->body);
	return 1;
}

/* The node's own JSON, as it came. */
static int pass_on(struct skw_cli_answer *answer)
{
	puts(answer->body);
	free(answer->body);
	return 0;
}

int skw_cli_ledger_status(const char *node, bool json)
{
	struct skw_client_request request;
	struct skw_client_metadata m;
	struct skw_cli_answer answer;
	char hash[SKW_SHA256_TEXT];

	if (!skw_client_ask_metadata(&request) || !skw_cli_ask(&answer, node, &request))
		return 1;
	if (!skw_client_parse_metadata(&m, answer.body, answer.len))
		return strange(node, &answer);
	if (json)
		return pass_on(&answer);
	skw_sha256_print(hash, &m.head_hash);
	printf("block %" PRIu64 " %s\nmade at %" PRIu64 "\n%" PRIu64 " unspent outputs, %" PRIu64
	       " pending transactions\n",
	       m.head.seq, hash, m.head.time, m.unspents, m.unconfirmed);
	free(answer.body);
	return 0;
}

static void print_block(const json_t *block)
{
	const json_t *head = json_object_get(block, "header");
	const char *hash = json_string_value(json_object_get(head, "block_hash"));
	json_t *txs = json_object_get(json_object_get(block, "body"), "txns");

	printf("%8" JSON_INTEGER_FORMAT "  %s  %" JSON_INTEGER_FORMAT "  %zu transactions\n",
	       json_integer_value(json_object_get(head, "seq")), hash != NULL ? hash : "?",
	       json_integer_value(json_object_get(head, "timestamp")), json_array_size(txs));
}

int skw_cli_ledger_blocks(const char *node, uint64_t last, bool json)
{
	struct skw_client_request request = { .method = "GET", .path = malloc(64) };
	struct skw_cli_answer answer;
	json_t *root, *block;
	const json_t *blocks;
	size_t i;

	if (request.path == NULL)
		return 1;
	snprintf(request.path, 64, "/api/v1/last_blocks?num=%" PRIu64, last);
	if (!skw_cli_ask(&answer, node, &request))
		return 1;
	root = json_loadb(answer.body, answer.len, 0, NULL);
	blocks = json_object_get(root, "blocks");
	if (!json_is_array(blocks)) {
		json_decref(root);
		return strange(node, &answer);
	}
	json_array_foreach(blocks, i, block)
	{
		if (!json)
			print_block(block);
	}
	json_decref(root);
	if (json)
		return pass_on(&answer);
	free(answer.body);
	return 0;
}

static void print_outputs(const char *what, const struct skw_client_output *list, size_t count)
{
	char uxid[SKW_SHA256_TEXT], coins[SKW_DROPLETS_TEXT];

	for (size_t i = 0; i < count; i++) {
		skw_sha256_print(uxid, &list[i].uxid);
		skw_droplets_print(coins, list[i].ux.coins);
		printf("%-8s  %s  %s SKY  %" PRIu64 " hours\n", what, uxid, coins,
		       list[i].hours_now.n);
	}
}

int skw_cli_ledger_outputs(const char *node, const char *text, bool json)
{
	struct skw_client_request request;
	struct skw_client_outputs outputs;
	struct skw_cli_answer answer;
	struct skw_address address;
	enum skw_address_status status = skw_address_parse(&address, text);

	if (status != SKW_ADDRESS_OK) {
		fprintf(stderr, "skywave ledger: %s: %s\n", text, skw_address_status_text(status));
		return 2;
	}
	if (!skw_client_ask_outputs(&request, &address, 1) || !skw_cli_ask(&answer, node, &request))
		return 1;
	if (!skw_client_parse_outputs(&outputs, answer.body, answer.len))
		return strange(node, &answer);
	if (!json) {
		print_outputs("unspent", outputs.unspent, outputs.unspents);
		print_outputs("outgoing", outputs.outgoing, outputs.outgoings);
		print_outputs("incoming", outputs.incoming, outputs.incomings);
	}
	skw_client_outputs_free(&outputs);
	if (json)
		return pass_on(&answer);
	free(answer.body);
	return 0;
}

int skw_cli_ledger_transaction(const char *node, const char *text, bool json)
{
	struct skw_client_request request;
	struct skw_cli_answer answer;
	struct skw_client_tx tx;
	struct skw_sha256 txid;

	if (!skw_sha256_parse(&txid, text)) {
		fprintf(stderr, "skywave ledger: %s is no transaction id (64 hex digits)\n", text);
		return 2;
	}
	if (!skw_client_ask_tx(&request, &txid) || !skw_cli_ask(&answer, node, &request))
		return 1;
	if (!skw_client_parse_tx(&tx, answer.body, answer.len) ||
	    !skw_sha256_equal(&tx.txid, &txid))
		return strange(node, &answer);
	if (json)
		return pass_on(&answer);
	if (tx.confirmed)
		printf("confirmed in block %" PRIu64 ", %" PRIu64 " deep\n", tx.block_seq,
		       tx.height);
	else
		printf("pending since %" PRIu64 "\n", tx.time);
	free(answer.body);
	return 0;
}
