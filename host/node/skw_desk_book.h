/* skw_desk_book - what is kept of payments: a line of history an event, and the receipts.
 *
 *   history   STATE/payments.csv, appended to: time,peer,role,event,epoch,amount,verdict,txid
 *             (RFC 3339, UTC; SKY); over 16 MiB it becomes payments.1.csv when the node starts
 *   receipts  in the state store, synchronised
 */
#ifndef SKW_DESK_BOOK_H
#define SKW_DESK_BOOK_H

#include <jansson.h>

#include "node/skw_kv.h"
#include "pay/skw_pay.h"

#define SKW_DESK_HISTORY 256u /* events that `history` tells of */

struct skw_desk_book;

/* NULL if memory ran out or the file cannot be written. `kv` is borrowed. */
struct skw_desk_book *skw_desk_book_open(const char *folder, struct skw_kv *kv);
void skw_desk_book_close(struct skw_desk_book *book);

void skw_desk_book_note(struct skw_desk_book *book, const struct skw_pay_event *event,
			uint64_t unix_s);
/* A receipt that both have signed; false if the disk refuses. */
bool skw_desk_book_keep(struct skw_desk_book *book, const struct skw_pay_output *receipt);

/* {"history": [...], "file": ...}, {"receipts": [...]} */
json_t *skw_desk_book_history(const struct skw_desk_book *book);
json_t *skw_desk_book_receipts(struct skw_desk_book *book);

#endif
