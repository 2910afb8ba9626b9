#include "ledger/skw_network.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_network_locked.h"

#define MAINNET_COINS (UINT64_C(100000000) * SKW_DROPLETS_PER_SKY)

const struct skw_network skw_network_mainnet = {
	.name = "mainnet",
	.block_key = { { 0x03, 0x28, 0xc5, 0x76, 0xd3, 0xf4, 0x20, 0xe7, 0x68, 0x20, 0x58,
			 0xa9, 0x81, 0x17, 0x3a, 0x4b, 0x37, 0x4c, 0x7c, 0xc5, 0xff, 0x55,
			 0xbf, 0x39, 0x4d, 0x3c, 0xf5, 0x70, 0x59, 0xbb, 0xe6, 0x45, 0x6a } },
	.genesis_address = { { 0x00, 0xf8, 0xf9, 0xc6, 0x44, 0x77, 0x2d, 0xc5, 0x37, 0x3d, 0x85, 0xe1, 0x10, 0x94, 0xe4, 0x38, 0xdf, 0x70, 0x7a, 0x42, 0xc9 } },
	.genesis_time = 1426562704,
	.genesis_coins = { MAINNET_COINS },
	.genesis_sig = { { 0xeb, 0x10, 0x46, 0x8d, 0x10, 0x05, 0x4d, 0x15, 0xf2, 0xb6, 0xf8, 0x94, 0x6c, 0xd4, 0x67, 0x97, 0x77, 0x9a, 0xa2, 0x0a, 0x76, 0x17, 0xce, 0xb4, 0xbe, 0x88, 0x41, 0x89, 0xf2, 0x19, 0xbc, 0x9a, 0x16, 0x4e, 0x56, 0xa5, 0xb9, 0xf7, 0xbe, 0xc3, 0x92, 0xa8, 0x04, 0xff, 0x37, 0x40, 0x21, 0x03, 0x48, 0xd7, 0x3d, 0xb7, 0x7a, 0x37, 0xad, 0xb5, 0x42, 0xa8, 0xe0, 0x8d, 0x42, 0x9a, 0xc9, 0x27, 0x00 } },
	.limits = {
		.burn_factor = 10,
		.max_tx_size = 32768,
		.max_block_size = 32768,
		.max_decimals = 3,
		.locked = skw_network_locked,
		.locked_count = SKW_NETWORK_LOCKED,
	},
};

void skw_network_private(struct skw_network *net, const char *name,
			 const struct skw_coin_public *block_key,
			 const struct skw_address *genesis_address, uint64_t genesis_time)
{
	*net = (struct skw_network) {
		.block_key = *block_key,
		.genesis_address = *genesis_address,
		.genesis_time = genesis_time,
		.genesis_coins = { MAINNET_COINS },
		.limits = skw_network_mainnet.limits,
	};
	net->limits.locked = NULL;
	net->limits.locked_count = 0;
	snprintf(net->name, sizeof(net->name), "%s", name);
}

void skw_network_genesis(uint8_t out[SKW_GENESIS_BLOCK_LEN], const struct skw_network *net)
{
	struct skw_block_header header = { .time = net->genesis_time };
	struct skw_writer w = skw_writer(out, SKW_GENESIS_BLOCK_LEN);
	uint8_t tx[86];
	struct skw_writer t = skw_writer(tx, sizeof(tx));

	/* length, type, inner hash, no signatures, no inputs: all zero */
	skw_put_zeros(&t, 4 + 1 + 32 + 4 + 4);
	skw_put_u32(&t, 1);
	skw_put_bytes(&t, net->genesis_address.b, SKW_ADDRESS_LEN);
	skw_put_u64(&t, net->genesis_coins.n);
	skw_put_u64(&t, net->genesis_coins.n); /* as many hours as coins, to the digit */
	skw_sha256_of(&header.body, tx, sizeof(tx));

	skw_block_header_put(&w, &header);
	skw_put_u32(&w, 1);
	skw_put_bytes(&w, tx, sizeof(tx));
	skw_put_bytes(&w, net->genesis_sig.b, sizeof(net->genesis_sig.b));
}

/* ---- the text form ---- */

static bool number(uint64_t *out, const char *text, uint64_t least, uint64_t most)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && strlen(text) < 20 && *out >= least && *out <= most;
}

static bool number32(uint32_t *out, const char *text, uint32_t least, uint32_t most)
{
	uint64_t n;

	if (!number(&n, text, least, most))
		return false;
	*out = (uint32_t)n;
	return true;
}

enum { NEED_KEY = 1, NEED_ADDRESS = 2, NEED_TIME = 4, NEED_ALL = 7 };

/* Sets one value; false if it is malformed or the key unknown (*known says which). */
static bool set(struct skw_network *net, unsigned *have, const char *key, const char *value,
		bool *known)
{
	uint64_t n = 0;
	bool ok;

	*known = true;
	if (strcmp(key, "name") == 0) {
		snprintf(net->name, sizeof(net->name), "%s", value);
		return *value != '\0' && strlen(value) < sizeof(net->name);
	}
	if (strcmp(key, "block_key") == 0) {
		*have |= NEED_KEY;
		return skw_ledger_hex_parse(net->block_key.b, sizeof(net->block_key.b), value,
					    strlen(value)) &&
		       skw_coin_public_valid(&net->block_key);
	}
	if (strcmp(key, "genesis_address") == 0) {
		*have |= NEED_ADDRESS;
		return skw_address_parse(&net->genesis_address, value) == SKW_ADDRESS_OK;
	}
	if (strcmp(key, "genesis_time") == 0) {
		*have |= NEED_TIME;
		return number(&net->genesis_time, value, 1, INT64_MAX);
	}
	if (strcmp(key, "genesis_coins") == 0)
		return skw_droplets_parse(&net->genesis_coins, value) && net->genesis_coins.n > 0;
	if (strcmp(key, "genesis_signature") == 0)
		return skw_ledger_hex_parse(net->genesis_sig.b, sizeof(net->genesis_sig.b), value,
					    strlen(value));
	if (strcmp(key, "burn_factor") == 0)
		return number32(&net->limits.burn_factor, value, 2, UINT32_MAX);
	if (strcmp(key, "max_transaction_size") == 0)
		return number32(&net->limits.max_tx_size, value, 1024, 1u << 20);
	if (strcmp(key, "max_block_size") == 0)
		return number32(&net->limits.max_block_size, value, 1024, 1u << 20);
	if (strcmp(key, "max_decimals") == 0) {
		ok = number(&n, value, 0, 6);
		net->limits.max_decimals = (uint8_t)n;
		return ok;
	}
	*known = false;
	return false;
}

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(" \t\r", end[-1]) != NULL)
		*--end = '\0';
	return text + strspn(text, " \t\r");
}

static bool line_to_value(struct skw_network *net, unsigned *have, char *line, unsigned number_of,
			  char *error, size_t error_cap)
{
	char *equals = strchr(line, '='), *key;
	bool known;

	if (*line == '\0' || *line == '#' || *line == ';' || *line == '[')
		return true;
	if (equals == NULL) {
		snprintf(error, error_cap, "line %u: not \"key = value\"", number_of);
		return false;
	}
	*equals = '\0';
	key = trim(line);
	if (set(net, have, key, trim(equals + 1), &known))
		return true;
	snprintf(error, error_cap, "line %u: %s %.40s", number_of,
		 known ? "bad value for" : "unknown key", key);
	return false;
}

bool skw_network_parse(struct skw_network *net, const char *text, char *error, size_t error_cap)
{
	unsigned have = 0;
	char line[512];

	skw_network_private(net, "private", &skw_network_mainnet.block_key,
			    &skw_network_mainnet.genesis_address, 0);
	for (unsigned n = 1; *text != '\0'; n++) {
		size_t len = strcspn(text, "\n");

		if (len >= sizeof(line)) {
			snprintf(error, error_cap, "line %u is too long", n);
			return false;
		}
		memcpy(line, text, len);
		line[len] = '\0';
		if (!line_to_value(net, &have, trim(line), n, error, error_cap))
			return false;
		text += len + (text[len] == '\n');
	}
	if (have != NEED_ALL) {
		snprintf(error, error_cap, "missing: %s",
			 !(have & NEED_KEY)       ? "block_key"
			 : !(have & NEED_ADDRESS) ? "genesis_address"
						  : "genesis_time");
		return false;
	}
	return true;
}
