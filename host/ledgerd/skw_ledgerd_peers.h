/* skw_ledgerd_peers - the peers that served us, kept over a restart: DATA/peers, IP:PORT a line. */
#ifndef SKW_LEDGERD_PEERS_H
#define SKW_LEDGERD_PEERS_H

#include "ledger/skw_sync.h"

/* Lines that are no peer are passed over; without a file there is nothing to do. */
void skw_ledgerd_load_peers(struct skw_sync *sync, const char *folder);
/* Writes beside the file and renames. What cannot be written is forgotten: it is only a hint. */
void skw_ledgerd_save_peers(const struct skw_sync *sync, const char *folder);

#endif
