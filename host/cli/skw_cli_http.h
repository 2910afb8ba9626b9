/* skw_cli_http - asks a Skycoin node one thing and waits for the answer (libcurl). */
#ifndef SKW_CLI_HTTP_H
#define SKW_CLI_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/skw_rest_client.h"

#define SKW_CLI_NODE "http://127.0.0.1:6420" /* where Skycoin's REST listens by default */

struct skw_cli_answer {
	char *body; /* ends with a zero; free it */
	size_t len;
	long status;
};

/* Sends the request to `node` (http://HOST:PORT) and frees it. Adds a CSRF token where the node
 * wants one. True for status 200; false with a line on standard error. */
bool skw_cli_ask(struct skw_cli_answer *out, const char *node, struct skw_client_request *request);

#endif
