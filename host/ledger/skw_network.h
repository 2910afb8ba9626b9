/* skw_network - what tells one Skycoin network from another. */
#ifndef SKW_NETWORK_H
#define SKW_NETWORK_H

#include "ledger/skw_rules.h"

#define SKW_NETWORK_NAME 32u

struct skw_network {
	char name[SKW_NETWORK_NAME];
	struct skw_coin_public block_key; /* who signs blocks */
	struct skw_address genesis_address;
	uint64_t genesis_time;
	struct skw_droplets genesis_coins;
	struct skw_coin_sig
	    genesis_sig; /* all zero if unknown; kept with block 0, checked if given */
	struct skw_limits limits;
};

#define SKW_GENESIS_BLOCK_LEN 279u

extern const struct skw_network skw_network_mainnet;
extern const struct skw_network skw_network_testnet;

/* A built-in network with the ports that its nodes use and, NULL at the end, where some are. */
struct skw_network_place {
	const struct skw_network *network;
	uint16_t wire_port;
	uint16_t rest_port;
	const char *const *peers;
};
/* "mainnet" or "testnet"; NULL for others. */
const struct skw_network_place *skw_network_find(const char *name);

/* A private network: main net's limits and volume, no locked addresses. The volume may be
 * changed afterwards. */
void skw_network_private(struct skw_network *net, const char *name,
			 const struct skw_coin_public *block_key,
			 const struct skw_address *genesis_address, uint64_t genesis_time);

/* Reads `key = value` lines; [sections], empty lines and comments (# ;) are passed over. Keys:
 * name, block_key, genesis_address, genesis_time, genesis_coins (SKY), genesis_signature,
 * burn_factor, max_transaction_size, max_block_size, max_decimals. The first three of a network are
 * required: block_key, genesis_address, genesis_time. `error` gets what and which line. */
bool skw_network_parse(struct skw_network *net, const char *text, char *error, size_t error_cap);

/* A built-in network by its name, or what a file of that form describes. False with words in
 * `error`, which name neither. */
bool skw_network_load(struct skw_network *net, const char *name, char *error, size_t error_cap);

/* The signed block 0 of the network. */
void skw_network_genesis(uint8_t out[SKW_GENESIS_BLOCK_LEN], const struct skw_network *net);

#endif
