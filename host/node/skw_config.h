/* skw_config - the daemon's one INI file, checked whole before anything starts
 * (docs/configuration.md).
 *
 * Every section and key is in one table in skw_config.c; what is not there is an error, so that a
 * misspelt key never counts as its default. Text is at most 255 bytes.
 */
#ifndef SKW_CONFIG_H
#define SKW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_identity.h"

#define SKW_CONFIG_TEXT 256u
#define SKW_CONFIG_PEERS 64u
#define SKW_CONFIG_SERVICES 16u
#define SKW_CONFIG_NAMES 64u
#define SKW_CONFIG_PATHS 32u /* to one destination */
#define SKW_CONFIG_PATH_NODES 16u
#define SKW_CONFIG_ANY_RELAYS (-1)
#define SKW_CONFIG_AUTO_RATE 0
#define SKW_CONFIG_AUTO_SLOT (-1)

/* host:port as text: "127.0.0.1:1080", "[::1]:7000", "files.example:80". */
struct skw_endpoint {
	char host[SKW_CONFIG_TEXT];
	uint16_t port; /* 0: not configured */
};

struct skw_config_peer { /* [peer NAME] */
	char name[64];
	char key[SKW_CONFIG_TEXT]; /* text form of the node's address; required */
	struct skw_endpoint address;
	char through[SKW_CONFIG_TEXT]; /* a neighbour that introduces us; empty: none */
};

struct skw_config_service { /* [service NAME] */
	char name[64];
	struct skw_endpoint target;
};

struct skw_config_name { /* [names] petname = key */
	char name[64];
	char key[SKW_CONFIG_TEXT];
};

struct skw_config_nodes { /* petnames or addresses, as they stand */
	char name[SKW_CONFIG_PATH_NODES][64];
	size_t n;
};

struct skw_config {
	struct {
		char name[64];
		char state[SKW_CONFIG_TEXT]; /* folder, made if missing */
		char control[SKW_CONFIG_TEXT];
		char log[16];                /* debug, info, unusual or broken */
		char names[SKW_CONFIG_TEXT]; /* file of petnames; empty: none */
	} node;
	struct {
		char device[SKW_CONFIG_TEXT]; /* empty: no radio */
		uint64_t rate_hz, frequency_hz;
		int64_t rx_gain_cdb, tx_gain_cdb;
		bool rx_agc;
		int64_t slot; /* or SKW_CONFIG_AUTO_SLOT */
		uint64_t data_rate, slots, slot_us, guard_us, lead_us, beacon_ms;
	} radio;
	struct {
		struct skw_endpoint listen;
	} udp;
	struct {
		char interface[16]; /* empty: none */
	} ethernet;
	struct {
		struct skw_endpoint listen;
		char exit[SKW_CONFIG_TEXT];  /* node for names outside; empty: none */
		char users[SKW_CONFIG_TEXT]; /* file of names and passwords; empty: none */
	} socks;
	struct {
		char policy[16]; /* none or internet */
		char ports[SKW_CONFIG_TEXT];
		bool private; /* private addresses too */
		bool tun;     /* whole packets, by [tun] device */
		char pool[32];
	} exit;
	struct {
		char device[16];            /* empty: none */
		char exit[SKW_CONFIG_TEXT]; /* node for addresses outside; empty: none */
	} tun;
	struct {
		uint64_t paths;  /* at once to one destination, at most */
		int64_t relays;  /* between this node and the destination; SKW_CONFIG_ANY_RELAYS */
		char policy[16]; /* cheapest or fastest */
		uint64_t max_price;
		struct skw_config_nodes avoid, require;
	} path;
	struct {
		uint64_t serve_mib; /* each way, for who asks; 0: none */
	} speedtest;
	struct {
		uint64_t price; /* droplets per MiB, for relaying */
		uint64_t credit_limit;
		uint64_t voucher_step;
		uint64_t voucher_age_s;
		uint64_t settle_at;
		uint64_t settle_age_s;
		uint64_t reserve; /* droplets set aside for each neighbour that is paid */
		char wallet[SKW_CONFIG_TEXT];
	} pay;
	struct {
		char mode[16]; /* embedded, remote or none */
		char url[SKW_CONFIG_TEXT];
		struct skw_endpoint listen;
		bool produce;
		uint64_t block_s;
		char network[SKW_CONFIG_TEXT]; /* INI file of a private network */
		char secret[SKW_CONFIG_TEXT];  /* file with the publisher's key */
	} ledger;
	struct skw_config_peer peers[SKW_CONFIG_PEERS];
	struct skw_config_service services[SKW_CONFIG_SERVICES];
	struct skw_config_name names[SKW_CONFIG_NAMES];
	size_t n_peers, n_services, n_names;
};

/* Reads and checks `path`. False and one line in `error` (file, line, what, what to do) if anything
 * is wrong. */
bool skw_config_load(struct skw_config *config, const char *path, char *error, size_t error_len);

/* What no single key can be wrong about, in a line; NULL: nothing. skw_config_load asks it. */
const char *skw_config_contradiction(const struct skw_config *config);

/* Who introduces this node to a peer with `through`: another [peer], or a node as below. */
bool skw_config_through(const struct skw_config *config, const struct skw_config_peer *peer,
			struct skw_node_address *neighbour);
/* The node that is called so: by a petname of [names] or by its address. */
bool skw_config_node(const struct skw_config *config, const char *text,
		     struct skw_node_address *node);

/* Reads "host:port", "[v6]:port" or ":port" (loopback). */
bool skw_endpoint_parse(struct skw_endpoint *endpoint, const char *text);

#endif
