/* skw_network_locked - main net's distribution addresses: those that must not be spent from yet,
 * and those that may. Block 1 gave each of them SKW_NETWORK_SHARE. */
#ifndef SKW_NETWORK_LOCKED_H
#define SKW_NETWORK_LOCKED_H

#include "ledger/skw_address.h"

#define SKW_NETWORK_LOCKED 75u
#define SKW_NETWORK_UNLOCKED 25u
#define SKW_NETWORK_SHARE UINT64_C(1000000000000) /* droplets */

extern const struct skw_address skw_network_locked[SKW_NETWORK_LOCKED];
extern const struct skw_address skw_network_unlocked[SKW_NETWORK_UNLOCKED];

#endif
