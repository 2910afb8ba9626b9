/* The networks that are built in, by name, and where their nodes are found. */
#include "ledger/skw_network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 65536 };

/* Ours: the original defines no test net. Made once, on 2025-11-23, by drawing a random publisher's
 * key, whose address owns the genesis coins, and signing block 0 with it. */
const struct skw_network skw_network_testnet = {
	.name = "testnet",
	.block_key = { { 0x02, 0x69, 0xbe, 0x21, 0xd3, 0xe9, 0xab, 0x14, 0x56, 0x51, 0xfe,
			 0x52, 0x92, 0x6d, 0xcb, 0x36, 0x4c, 0xa8, 0xd0, 0xaa, 0xd8, 0x9e,
			 0xed, 0xf7, 0xaf, 0x64, 0xa9, 0x4a, 0x93, 0x32, 0x5f, 0x61, 0xd5 } },
	.genesis_address = { { 0x00, 0x86, 0x0a, 0x9b, 0xe5, 0xe1, 0x8d, 0x09, 0x30, 0xd6, 0x92,
			       0x80, 0xfb, 0x24, 0xe8, 0x74, 0xb4, 0x27, 0xd9, 0x46, 0x6a } },
	.genesis_time = 1763856000,
	.genesis_coins = { UINT64_C(100000000) * SKW_DROPLETS_PER_SKY },
	.genesis_sig = { { 0xf1, 0x0a, 0xdb, 0x68, 0x2d, 0x64, 0xb7, 0x62, 0x2a, 0x96, 0x7c,
			   0x9b, 0x31, 0xc4, 0x2f, 0x73, 0x03, 0x27, 0x90, 0x53, 0x8c, 0xb3,
			   0x0a, 0x0b, 0x0d, 0xdc, 0x50, 0x47, 0xb3, 0xdd, 0x87, 0xb5, 0x09,
			   0x7f, 0x1c, 0xb9, 0x94, 0x9f, 0x5c, 0xbe, 0x54, 0xf5, 0x25, 0xf6,
			   0x0c, 0x77, 0x0a, 0x8d, 0xcf, 0x94, 0xf5, 0xc9, 0x83, 0x70, 0xab,
			   0x4c, 0x5d, 0xf1, 0x8a, 0x76, 0x01, 0x74, 0x3e, 0xe3, 0x00 } },
	.limits = { .burn_factor = 10,
		    .max_tx_size = 32768,
		    .max_block_size = 32768,
		    .max_decimals = 3 },
};

/* Default connections of the original's configuration. */
static const char *const mainnet_peers[] = {
	"118.178.135.93:6000", "47.88.33.156:6000", "121.41.103.148:6000", "104.237.142.206:6000",
	"176.58.126.224:6000", "172.104.85.6:6000", "139.162.7.132:6000",  NULL,
};
static const char *const no_peers[] = { NULL };

static const struct skw_network_place places[] = {
	{ &skw_network_mainnet, 6000, 6420, mainnet_peers },
	{ &skw_network_testnet, 6100, 6520, no_peers },
};

const struct skw_network_place *skw_network_find(const char *name)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].network->name, name) == 0)
			return &places[i];
	return NULL;
}

bool skw_network_load(struct skw_network *net, const char *name, char *error, size_t error_cap)
{
	const struct skw_network_place *place = skw_network_find(name);
	char text[FILE_MAX];
	FILE *file;
	size_t len;

	if (place != NULL) {
		*net = *place->network;
		return true;
	}
	file = fopen(name, "re");
	if (file == NULL) {
		snprintf(error, error_cap, "%s; name mainnet, testnet or an INI file",
			 strerror(errno));
		return false;
	}
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	if (len < sizeof(text) - 1 && strlen(text) == len)
		return skw_network_parse(net, text, error, error_cap);
	snprintf(error, error_cap, "too long, or no text");
	return false;
}
