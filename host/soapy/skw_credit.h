/* skw_credit - what is in the board's transmit queue, and what became of it.
 *
 *   take -> [ in flight ] -> give_back (a TX_STATUS came) -> [ reports ] -> report
 *
 * A host may only send what fits the queue (docs/hostlink.md); a frame occupies it until its
 * TX_STATUS. Tags on the wire are ours, so that a user's may repeat. Neither locks nor waits.
 */
#ifndef SKW_CREDIT_H
#define SKW_CREDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/skw_hostlink.h"

#define SKW_CREDIT_SLOTS 256u /* transmissions in flight, and reports kept per kind */

enum skw_credit_kind { SKW_CREDIT_FRAME, SKW_CREDIT_IQ, SKW_CREDIT_KINDS };

struct skw_credit_report {
	uint32_t tag; /* the user's */
	enum skw_hostlink_tx_result result;
	uint64_t time;
};

/* The fields belong to skw_credit.c. */
struct skw_credit {
	size_t space, used; /* bytes */
	uint32_t turn;      /* makes a slot's wire tag differ from its last one */
	uint64_t strangers; /* statuses for what was not in flight */
	uint64_t lost;      /* reports that nobody fetched */
	struct {
		bool busy;
		enum skw_credit_kind kind;
		uint32_t wire_tag, user_tag;
		size_t bytes;
	} slot[SKW_CREDIT_SLOTS];
	struct {
		unsigned first, count;
		struct skw_credit_report at[SKW_CREDIT_SLOTS];
	} reports[SKW_CREDIT_KINDS];
};

void skw_credit_init(struct skw_credit *c, size_t space);
/* Takes `bytes` of the queue; false while they do not fit. */
bool skw_credit_take(struct skw_credit *c, uint32_t *wire_tag, enum skw_credit_kind kind,
		     uint32_t user_tag, size_t bytes);
/* Room comes back and a report waits; false for a status that answers nothing. */
bool skw_credit_give_back(struct skw_credit *c, const struct skw_hostlink_tx_status *s);
/* The oldest report of a kind; false if there is none. */
bool skw_credit_next_report(struct skw_credit *c, struct skw_credit_report *report,
			    enum skw_credit_kind kind);
/* Forgets the reports of a kind, for a stream that starts anew. */
void skw_credit_forget(struct skw_credit *c, enum skw_credit_kind kind);

#endif
