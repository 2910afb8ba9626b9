/* skw_ledgerd_options - the command line of skywave-ledger. */
#ifndef SKW_LEDGERD_OPTIONS_H
#define SKW_LEDGERD_OPTIONS_H

#include "ledger/skw_network.h"
#include "ledger/skw_rest.h"
#include "ledger/skw_wire_messages.h"

#define SKW_LEDGERD_PEERS 64u

struct skw_ledgerd_options {
	struct skw_network network;
	char data[512];    /* folder */
	char wallets[512]; /* folder */
	char storage[512]; /* folder */
	unsigned sets;     /* what REST answers: skw_rest.h */
	struct skw_wire_peer listen;
	bool listens;
	struct skw_wire_peer rest;
	bool serves;
	bool loopback; /* peers on this machine alone */
	bool csrf;
	char others[512]; /* further names of the REST interface, commas between */
	char user[128];   /* that REST asks for, with the password; "": none */
	char *password;   /* locked memory; sodium_free */
	struct skw_wire_peer peer[SKW_LEDGERD_PEERS];
	size_t peers;
	unsigned outgoing;
	bool produces;
	struct skw_coin_secret *secret; /* locked memory, where it produces; sodium_free */
	uint64_t interval_ms;
	bool help, version;
};

extern const char skw_ledgerd_usage[];

/* False and words in `error`. Free the secret in any case. */
bool skw_ledgerd_options(struct skw_ledgerd_options *o, int argc, char **argv, char *error,
			 size_t error_cap);

#endif
