/* relay_purse - the money of the load's two ends, for relay_load.c: what a neighbour of the relay
 * does, by the daemon's own room.
 *
 *   origin --vouchers--> skywaved --vouchers--> destination       all three ask one skywave-ledger
 *
 * Settings are the daemon's defaults but for those that keep the chain out of the measurement (see
 * bench_relay.py). Bytes are counted here once more, in plain numbers: what the accounts must say.
 * The disk is left out: this end need not outlive a kill.
 */
#ifndef RELAY_PURSE_H
#define RELAY_PURSE_H

#include <inttypes.h>

#include "ledger/skw_rest_client.h"
#include "ledger/skw_wallet.h"
#include "onion/skw_onion.h"
#include "pay/skw_pay.h"
#include "relay_primitives.h"

enum { ANSWER_MAX = 1 << 20, RESERVE_SKY = 1000000 };

struct purse {
	struct skw_pay *pay; /* NULL: the relay is free */
	struct skw_wallet *wallet;
	const char *url; /* of the ledger */
	uint8_t relay[SKW_PAY_KEY];
	uint64_t received, sent; /* bytes that the onion metered */
	uint64_t vouchers;       /* made or accepted */
};

static bool purse_sign(void *context, struct skw_coin_sig *out, const struct skw_sha256 *hash,
		       const struct skw_address *owner)
{
	const struct purse *p = context;
	const struct skw_wallet_entry *entry = skw_wallet_find(p->wallet, owner);

	return entry != NULL && skw_coin_sign(out, hash, &entry->secret);
}

static void purse_open(struct purse *p, const char *url, const char *network, const char *wallet,
		       const uint8_t node[SKW_PAY_KEY], const uint8_t relay[SKW_PAY_KEY])
{
	struct skw_pay_config c = skw_pay_config_default();
	uint8_t block[SKW_GENESIS_BLOCK_LEN];
	struct skw_network net;
	char what[160];

	if (!skw_network_load(&net, network, what, sizeof(what)) ||
	    skw_wallet_load(&p->wallet, wallet) != SKW_WALLET_OK)
		die("network or wallet");
	skw_network_genesis(block, &net);
	skw_sha256_of(&c.network, block, SKW_BLOCK_HEADER_LEN);
	memcpy(c.node, node, sizeof(c.node));
	memcpy(p->relay, relay, sizeof(p->relay));
	c.limits = net.limits;
	c.wallet = skw_wallet_entry(p->wallet, 0)->address;
	c.signer = (struct skw_pay_signer) { purse_sign, p };
	c.max_price = 10 * SKW_DROPLETS_PER_SKY;
	c.pay_threshold = SKW_DROPLETS_PER_SKY / 100;
	c.credit_limit = SKW_DROPLETS_PER_SKY / 2;
	c.reserve = c.settle_amount = RESERVE_SKY * SKW_DROPLETS_PER_SKY;
	c.unsettled_limit = c.settle_amount + c.credit_limit;
	c.pay_us = 1000000;
	p->url = url;
	if (skw_pay_new(&p->pay, &c) != SKW_PAY_OK)
		die("accounts");
}

static void purse_meter(struct purse *p, const struct skw_onion_meter *m)
{
	enum skw_pay_role role = m->role == SKW_ONION_PAYEE ? SKW_PAY_PAYEE : SKW_PAY_PAYER;

	if (p->pay == NULL)
		return;
	*(m->sent ? &p->sent : &p->received) += m->bytes;
	skw_pay_meter(p->pay, now(), p->relay, role, m->sent ? SKW_PAY_SENT : SKW_PAY_RECEIVED,
		      m->bytes, m->price_per_mib);
}

/* ---- The ledger, by curl: not while anything is measured ---- */

static char answer[ANSWER_MAX];

static size_t exchange(const struct purse *p, const struct skw_client_request *request)
{
	char command[4096];
	size_t len;
	FILE *curl;

	snprintf(command, sizeof(command), "curl -s --noproxy '*' %s%s%s '%s%s'",
		 request->body != NULL ? "-H 'Content-Type: application/json' -d '" : "",
		 request->body != NULL ? request->body : "", request->body != NULL ? "'" : "",
		 p->url, request->path);
	curl = popen(command, "r");
	if (curl == NULL)
		die("curl");
	len = fread(answer, 1, sizeof(answer) - 1, curl);
	pclose(curl);
	answer[len] = '\0';
	return len;
}

static void ask_unspents(struct purse *p, const struct skw_address *address)
{
	static struct skw_pay_unspent list[64];
	struct skw_client_request request;
	struct skw_client_outputs found;

	if (!skw_client_ask_outputs(&request, address, 1) ||
	    !skw_client_parse_outputs(&found, answer, exchange(p, &request)) ||
	    found.unspents > sizeof(list) / sizeof(list[0]))
		die("the ledger's answer");
	for (size_t i = 0; i < found.unspents; i++)
		list[i] = (struct skw_pay_unspent) { found.unspent[i].uxid, found.unspent[i].ux,
						     skw_client_is_outgoing(
							 &found, &found.unspent[i].uxid) };
	skw_pay_on_unspents(p->pay, now(), address, list, found.unspents, found.head.time);
	skw_client_outputs_free(&found);
	skw_client_request_free(&request);
}

static void ask_tx(struct purse *p, const struct skw_sha256 *txid)
{
	enum skw_pay_tx_state state = SKW_PAY_TX_UNKNOWN;
	struct skw_client_request request;
	struct skw_client_tx tx;

	if (!skw_client_ask_tx(&request, txid))
		die("memory");
	if (skw_client_parse_tx(&tx, answer, exchange(p, &request)))
		state = tx.confirmed ? SKW_PAY_TX_CONFIRMED : SKW_PAY_TX_PENDING;
	skw_pay_on_tx(p->pay, now(), txid, state);
	skw_client_request_free(&request);
}

static void inject(struct purse *p, const struct skw_pay_output *out)
{
	struct skw_client_request request;
	struct skw_sha256 txid;

	if (!skw_client_ask_inject(&request, out->data, out->len) ||
	    !skw_client_parse_inject(&txid, answer, exchange(p, &request)))
		fprintf(stderr, "relay_load: the ledger refused a voucher: %s\n", answer);
	skw_client_request_free(&request);
}

/* ---- Outputs ---- */

/* The next message for the relay; 0: nothing more to do. */
static size_t purse_poll(struct purse *p, const uint8_t **message)
{
	struct skw_pay_output out;

	while (p->pay != NULL && skw_pay_poll(p->pay, now(), &out)) {
		switch (out.type) {
		case SKW_PAY_SEND:
			*message = out.data;
			return out.len;
		case SKW_PAY_QUERY_UNSPENTS:
			ask_unspents(p, &out.address);
			break;
		case SKW_PAY_QUERY_TX:
			ask_tx(p, &out.txid);
			break;
		case SKW_PAY_INJECT:
			inject(p, &out);
			break;
		case SKW_PAY_EVENT:
			if (out.event.kind == SKW_PAY_EVENT_VOUCHER_SENT ||
			    out.event.kind == SKW_PAY_EVENT_VOUCHER_ACCEPTED)
				p->vouchers++;
			else if (out.event.kind == SKW_PAY_EVENT_DOUBLE_SPEND ||
				 out.event.kind == SKW_PAY_EVENT_VOUCHER_REFUSED ||
				 out.event.kind == SKW_PAY_EVENT_OVERCLAIM)
				fprintf(stderr, "relay_load: %s\n",
					skw_pay_event_text(out.event.kind));
			break;
		case SKW_PAY_PERSIST:
		case SKW_PAY_ADMISSION:
		case SKW_PAY_QUERY_OUTPUT:
		case SKW_PAY_STORE_RECEIPT:
			break;
		}
	}
	return 0;
}

/* May it send on? */
static bool purse_allows(const struct purse *p)
{
	return p->pay == NULL || skw_pay_admitted(p->pay, p->relay, SKW_PAY_PAYER);
}

static void purse_print(const struct purse *p, const char *name)
{
	struct skw_pay_view v = { 0 };

	if (p->pay == NULL)
		return;
	skw_pay_view(p->pay, 0, &v);
	printf("account %s received %" PRIu64 " sent %" PRIu64 " billed %" PRIu64 " owed %" PRIu64
	       " vouched %" PRIu64 " settled %" PRIu64 "\n",
	       name, p->received, p->sent, v.billed_bytes, v.owed, v.vouched, v.settled);
}

/* Everything owed in whole thousandths is vouched for or settled. */
static bool purse_even(const struct purse *p)
{
	struct skw_pay_view v;

	return p->pay == NULL || (skw_pay_view(p->pay, 0, &v) && v.price > 0 &&
				  v.owed - v.settled - v.vouched < SKW_DROPLETS_PER_SKY / 1000);
}

/* All of it is on the chain. */
static bool purse_settled(const struct purse *p)
{
	struct skw_pay_view v;

	return p->pay == NULL || (purse_even(p) && skw_pay_view(p->pay, 0, &v) && v.vouched == 0);
}

#endif
