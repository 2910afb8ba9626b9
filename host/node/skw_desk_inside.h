/* skw_desk_inside - what the files of the desk share. Nobody else includes it.
 *
 *   skw_desk.c       links, messages and meters in; what the accounts ask for out
 *   skw_desk_open.c  wallet, chain, accounts: opened and closed
 *   skw_desk_ask.c   questions to the ledger
 *   skw_desk_book.c  history and receipts on the disk
 *   skw_desk_show.c  for the control socket
 */
#ifndef SKW_DESK_INSIDE_H
#define SKW_DESK_INSIDE_H

#include "http/skw_http.h"
#include "ledger/skw_wallet.h"
#include "node/skw_desk.h"
#include "node/skw_desk_book.h"
#include "node/skw_ledger_port.h"
#include "pay/skw_pay.h"

#define SKW_DESK_RECORD "pay:" /* before the key of an account in the state store */
enum { SKW_DESK_PREFIX = sizeof(SKW_DESK_RECORD) - 1 };

struct skw_desk {
	struct skw_node *node;
	struct skw_pay *pay; /* NULL: relaying is free here */
	struct skw_network network;
	struct skw_wallet *wallet;
	struct skw_coin_secret *publisher; /* in locked memory; NULL: we make no blocks */
	struct skw_chain *chain;           /* embedded */
	struct skw_http *http;
	struct skw_rest_guard guard;
	struct skw_ledger_port *ledger;
	uv_timer_t blocks;
	bool producing;
	struct skw_desk_book *book;
	uint64_t clock_s; /* the wall clock as the accounts know it */
};

uint64_t skw_desk_now(const struct skw_desk *d);
/* Carries out an INJECT or a QUERY; the answer goes to the accounts. */
void skw_desk_ask(struct skw_desk *d, const struct skw_pay_output *out);

#endif
