/* skw_ledger_port - the daemon's way to a ledger node: its own, another of ours, or an original
 * one.
 *
 *   ask(request) ... later, from the loop: done(status, body)
 *
 * All three speak Skycoin's REST (ledger/skw_rest_client.h), so the rooms above cannot tell which
 * they have. An embedded chain answers on the next turn of the loop; a remote one over HTTP from
 * libuv's worker threads.
 */
#ifndef SKW_LEDGER_PORT_H
#define SKW_LEDGER_PORT_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "ledger/skw_chain.h"
#include "ledger/skw_rest_client.h"

struct skw_ledger_port;

/* `status` is HTTP's, 0 if no answer came; `body` ends with a zero and lives until the call
 * returns. */
typedef void skw_ledger_done(void *arg, unsigned status, const char *body, size_t len);

/* Exactly one of `chain` and `url` is given; both outlive the port. NULL if memory is short. */
struct skw_ledger_port *skw_ledger_port_new(uv_loop_t *loop, struct skw_chain *chain,
					    const char *url);
/* Answers that have not come yet are dropped: their `done` is not called. */
void skw_ledger_port_free(struct skw_ledger_port *port);

/* Takes the request over and frees it. `done` is called once, from the loop, never from inside this
 * call. */
void skw_ledger_port_ask(struct skw_ledger_port *port, struct skw_client_request *request,
			 skw_ledger_done *done, void *arg);

#endif
