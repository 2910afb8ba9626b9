/* skw_wire_port - TCP for the sync core: listens, dials, moves bytes; decides nothing. */
#ifndef SKW_WIRE_PORT_H
#define SKW_WIRE_PORT_H

#include <uv.h>

#include "ledger/skw_sync.h"

struct skw_wire_port;

/* Call open before anything else: it needs the core, which needs the ports. */
struct skw_wire_port *skw_wire_port_new(uv_loop_t *loop);
struct skw_sync_ports skw_wire_port_ports(struct skw_wire_port *port);
/* Gives it the core and, if `listen` is not NULL, listens. 0 or a libuv error. */
int skw_wire_port_open(struct skw_wire_port *port, struct skw_sync *sync,
		       const struct skw_wire_peer *listen);
/* Often: ends what is slow to close. */
void skw_wire_port_tick(struct skw_wire_port *port);
/* Closes all; its memory is freed by the loop's next turns. */
void skw_wire_port_close(struct skw_wire_port *port);

struct skw_time skw_wire_port_now(void);

#endif
