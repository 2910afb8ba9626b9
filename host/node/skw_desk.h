/* skw_desk - where the pay room meets the world: links, the state store, the ledger.
 *
 *   meter events, pay messages --> [ pay ] --> PERSIST: store; SEND: link; ADMISSION: onion
 *                                     ^------- answers of the ledger port
 */
#ifndef SKW_DESK_H
#define SKW_DESK_H

#include "node/skw_node.h"

/* Opens wallet, ledger and accounts as configured. NULL and node->error if something is wrong. With
 * [ledger] mode = none the desk counts nothing and all relaying is free. */
struct skw_desk *skw_desk_new(struct skw_node *node);
void skw_desk_free(struct skw_desk *desk);

void skw_desk_on_link(struct skw_desk *desk, const struct skw_node_address *peer, bool up);
void skw_desk_on_message(struct skw_desk *desk, const struct skw_node_address *peer,
			 const uint8_t *data, size_t len);
/* A cell was counted. False if that was the last one on credit: pump the desk before the next. */
bool skw_desk_on_meter(struct skw_desk *desk, const struct skw_node_address *peer,
		       const struct skw_onion_meter *meter);

/* Before the end: pays what is due, reports all counts, settles all vouchers held. Pump for a while
 * after it. */
void skw_desk_close(struct skw_desk *desk);

/* Carries out what the accounts ask for; true if there was anything. */
bool skw_desk_pump(struct skw_desk *desk);
uint64_t skw_desk_next_timer(const struct skw_desk *desk);

/* For the control socket. */
json_t *skw_desk_answer(struct skw_desk *desk, const char *action);

#endif
