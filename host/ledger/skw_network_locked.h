/* skw_network_locked - main net's distribution addresses that must not be spent from yet. */
#ifndef SKW_NETWORK_LOCKED_H
#define SKW_NETWORK_LOCKED_H

#include "ledger/skw_address.h"

#define SKW_NETWORK_LOCKED 75u

extern const struct skw_address skw_network_locked[SKW_NETWORK_LOCKED];

#endif
