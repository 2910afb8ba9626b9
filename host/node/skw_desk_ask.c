/* Questions to the ledger, embedded or elsewhere, and what its answers mean to the accounts. */
#include "node/skw_desk_inside.h"

#include <stdlib.h>

struct question {
	struct skw_desk *desk;
	struct skw_sha256 id;
	struct skw_address address;
	bool injected; /* about a transaction that the ledger just refused */
};

static void put_question(struct skw_desk *d, struct skw_client_request *request, bool made,
			 skw_ledger_done *done, const struct question *about)
{
	struct question *q = made ? malloc(sizeof(*q)) : NULL;

	if (q == NULL) {
		if (made)
			skw_client_request_free(request);
		return; /* the accounts ask again */
	}
	*q = *about;
	q->desk = d;
	skw_ledger_port_ask(d->ledger, request, done, q);
}

static void on_outputs(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;
	struct skw_client_outputs outputs;
	struct skw_pay_unspent *list;

	if (status == 200 && skw_client_parse_outputs(&outputs, body, len)) {
		list = calloc(outputs.unspents + 1, sizeof(*list));
		for (size_t i = 0; list != NULL && i < outputs.unspents; i++) {
			list[i].uxid = outputs.unspent[i].uxid;
			list[i].ux = outputs.unspent[i].ux;
			list[i].outgoing =
			    skw_client_is_outgoing(&outputs, &outputs.unspent[i].uxid);
		}
		if (list != NULL)
			skw_pay_on_unspents(q->desk->pay, skw_desk_now(q->desk), &q->address, list,
					    outputs.unspents, outputs.head.time);
		free(list);
		skw_client_outputs_free(&outputs);
	}
	skw_node_pump(q->desk->node);
	free(q);
}

static void on_tx(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;
	enum skw_pay_tx_state state = q->injected ? SKW_PAY_TX_REFUSED : SKW_PAY_TX_UNKNOWN;
	struct skw_client_tx tx;

	if (status == 200 && skw_client_parse_tx(&tx, body, len))
		state = tx.confirmed ? SKW_PAY_TX_CONFIRMED : SKW_PAY_TX_PENDING;
	else if (status != 404)
		status = 0;
	if (status != 0)
		skw_pay_on_tx(q->desk->pay, skw_desk_now(q->desk), &q->id, state);
	skw_node_pump(q->desk->node);
	free(q);
}

static void ask_tx(struct skw_desk *d, const struct question *about)
{
	struct skw_client_request request = { 0 };

	put_question(d, &request, skw_client_ask_tx(&request, &about->id), on_tx, about);
}

static void on_injected(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;

	if (status == 200) {
		skw_pay_on_tx(q->desk->pay, skw_desk_now(q->desk), &q->id, SKW_PAY_TX_PENDING);
	} else if (status == 400) {
		/* Also said of a transaction that a block holds already: ask before taking it for
		 * refused. */
		skw_node_log(q->desk->node, SKW_UNUSUAL, "ledger: refused a transaction: %.*s",
			     (int)(len < 200 ? len : 200), body);
		q->injected = true;
		ask_tx(q->desk, q);
	} else {
		skw_node_log(q->desk->node, SKW_UNUSUAL,
			     "ledger: no answer (HTTP %u); trying again", status);
	}
	skw_node_pump(q->desk->node);
	free(q);
}

static void on_output(void *arg, unsigned status, const char *body, size_t len)
{
	struct question *q = arg;
	struct skw_sha256 txid;

	if (status == 200 && skw_client_parse_spent(&txid, body, len))
		skw_pay_on_output_spent(q->desk->pay, skw_desk_now(q->desk), &q->id, &txid);
	skw_node_pump(q->desk->node);
	free(q);
}

void skw_desk_ask(struct skw_desk *d, const struct skw_pay_output *out)
{
	struct question about = { .id = out->txid, .address = out->address };
	struct skw_client_request request = { 0 };

	switch (out->type) {
	case SKW_PAY_INJECT:
		put_question(d, &request, skw_client_ask_inject(&request, out->data, out->len),
			     on_injected, &about);
		break;
	case SKW_PAY_QUERY_UNSPENTS:
		put_question(d, &request, skw_client_ask_outputs(&request, &out->address, 1),
			     on_outputs, &about);
		break;
	case SKW_PAY_QUERY_TX:
		ask_tx(d, &about);
		break;
	case SKW_PAY_QUERY_OUTPUT:
		put_question(d, &request, skw_client_ask_output(&request, &out->txid), on_output,
			     &about);
		break;
	case SKW_PAY_PERSIST:
	case SKW_PAY_SEND:
	case SKW_PAY_ADMISSION:
	case SKW_PAY_EVENT:
	case SKW_PAY_STORE_RECEIPT:
		break; /* not for the ledger */
	}
}
