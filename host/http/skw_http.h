/* skw_http - serves a chain's REST over HTTP from the loop (libmicrohttpd, no thread of its own).
 */
#ifndef SKW_HTTP_H
#define SKW_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "ledger/skw_chain.h"
#include "ledger/skw_rest_guard.h"

struct skw_http;

/* Listens on host:port, loopback or another numeric address. The chain and the guard must outlive
 * it. NULL and a message in `error` if it cannot. */
struct skw_http *skw_http_start(uv_loop_t *loop, struct skw_chain *chain,
				const struct skw_rest_guard *guard, const char *host, uint16_t port,
				char *error, size_t error_len);
void skw_http_stop(struct skw_http *http);

#endif
