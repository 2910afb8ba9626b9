#include "ledgerd/skw_ledgerd_options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

const char skw_ledgerd_usage[] =
    "usage: skywave-ledger [OPTION...]\n"
    "  --network NAME|FILE.ini  mainnet (default), testnet, or a private network's parameters\n"
    "  --data DIR               where the chain is kept (default: skywave-ledger)\n"
    "  --listen IP:PORT|off     for other nodes (default: 0.0.0.0 and the network's port)\n"
    "  --rest IP:PORT|off       Skycoin's REST (default: 127.0.0.1 and the network's port)\n"
    "  --peer IP:PORT           a node to connect to; may be given many times\n"
    "  --max-outgoing N         connections to make, at most 8 (default: 8)\n"
    "  --localhost-only         all nodes are on this machine\n"
    "  --no-csrf                REST takes requests without a CSRF token\n"
    "  --api LIST               what REST answers (default: READ,TXN): READ, STATUS, TXN, WALLET,\n"
    "                           INSECURE_WALLET_SEED, NET_CTRL, STORAGE, PROMETHEUS\n"
    "  --user NAME              REST asks for this user and the password; needs --password-file\n"
    "  --password-file FILE     its first line, mode 0600\n"
    "  --host-whitelist LIST    further HOST:PORT by which REST is reached, and whose pages may\n"
    "                           read its answers\n"
    "  --wallets DIR            wallet files that REST serves (default: DIR of --data/wallets)\n"
    "  --storage DIR            texts that REST keeps (default: DIR of --data/data)\n"
    "  --produce                make and sign blocks; needs --secret-file\n"
    "  --secret-file FILE       the publisher's key: 64 hexadecimal digits, mode 0600\n"
    "  --interval MS            between looks for pending transactions (default: 10000)\n";

/* Fails with words. */
__attribute__((format(printf, 3, 4))) static bool fail(char *error, size_t cap, const char *format,
						       ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(error, cap, format, list);
	va_end(list);
	return false;
}

static bool read_file(char *out, size_t cap, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = f != NULL ? fread(out, 1, cap, f) : cap;

	if (f != NULL)
		fclose(f);
	if (n >= cap)
		return false;
	out[n] = '\0';
	return true;
}

static bool load_network(struct skw_ledgerd_options *o, const char *name, char *error, size_t cap)
{
	const struct skw_network_place *place = skw_network_find(name);
	char words[160];

	if (place != NULL) {
		o->network = *place->network;
		o->listen.port = place->wire_port;
		o->rest.port = place->rest_port;
		for (const char *const *peer = place->peers; *peer != NULL; peer++)
			o->peers += skw_wire_peer_parse(&o->peer[o->peers], *peer);
		return true;
	}
	if (!skw_network_load(&o->network, name, words, sizeof(words)))
		return fail(error, cap, "%s: %s", name, words);
	o->listen.port = 16000;
	o->rest.port = 16420;
	return true;
}

static bool load_secret(struct skw_ledgerd_options *o, const char *path, char *error, size_t cap)
{
	struct skw_coin_public key;
	struct stat st;
	char text[128];
	bool ok;

	if (stat(path, &st) != 0 || !read_file(text, sizeof(text), path))
		return fail(error, cap, "%s: cannot be read", path);
	text[strcspn(text, "\r\n \t")] = '\0';
	o->secret = sodium_malloc(sizeof(*o->secret));
	ok = o->secret != NULL &&
	     skw_ledger_hex_parse(o->secret->b, sizeof(o->secret->b), text, strlen(text));
	sodium_memzero(text, sizeof(text));
	if ((st.st_mode & 077) != 0)
		return fail(error, cap, "%s: others may read it; chmod 600 it", path);
	if (!ok || !skw_coin_public_of(&key, o->secret))
		return fail(error, cap, "%s: no secret key of 64 hexadecimal digits", path);
	if (memcmp(&key, &o->network.block_key, sizeof(key)) != 0)
		return fail(error, cap, "%s: not the key of network %s", path, o->network.name);
	return true;
}

static bool load_password(struct skw_ledgerd_options *o, const char *path, char *error, size_t cap)
{
	char text[256] = "";
	struct stat st;
	bool ok;

	o->password = sodium_malloc(sizeof(text));
	ok = o->password != NULL && stat(path, &st) == 0 && read_file(text, sizeof(text), path);
	text[strcspn(text, "\r\n")] = '\0';
	if (o->password != NULL)
		memcpy(o->password, text, sizeof(text));
	sodium_memzero(text, sizeof(text));
	if (!ok || *o->password == '\0')
		return fail(error, cap, "%s: no password of up to 254 characters", path);
	if ((st.st_mode & 077) != 0)
		return fail(error, cap, "%s: others may read it; chmod 600 it", path);
	return true;
}

/* IP:PORT, or "off". */
static bool place(struct skw_wire_peer *at, bool *on, const char *text)
{
	*on = strcmp(text, "off") != 0;
	return !*on || skw_wire_peer_parse(at, text);
}

static bool number(uint64_t *out, const char *text, uint64_t most)
{
	char *end;

	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *out <= most;
}

/* One option; *took says whether it used the value. */
static bool set(struct skw_ledgerd_options *o, const char *name, const char *value, bool *took)
{
	uint64_t n = 0;
	bool ok;

	*took = false;
	if (strcmp(name, "--help") == 0)
		return o->help = true;
	if (strcmp(name, "--version") == 0)
		return o->help = o->version = true;
	if (strcmp(name, "--localhost-only") == 0)
		return o->loopback = true;
	if (strcmp(name, "--produce") == 0)
		return o->produces = true;
	if (strcmp(name, "--no-csrf") == 0) {
		o->csrf = false;
		return true;
	}
	*took = true;
	if (value == NULL)
		return false;
	if (strcmp(name, "--network") == 0 || strcmp(name, "--secret-file") == 0 ||
	    strcmp(name, "--password-file") == 0)
		return true; /* read before and after the others */
	if (strcmp(name, "--data") == 0)
		return snprintf(o->data, sizeof(o->data), "%s", value) < (int)sizeof(o->data);
	if (strcmp(name, "--wallets") == 0)
		return snprintf(o->wallets, sizeof(o->wallets), "%s", value) <
		       (int)sizeof(o->wallets);
	if (strcmp(name, "--storage") == 0)
		return snprintf(o->storage, sizeof(o->storage), "%s", value) <
		       (int)sizeof(o->storage);
	if (strcmp(name, "--host-whitelist") == 0)
		return snprintf(o->others, sizeof(o->others), "%s", value) < (int)sizeof(o->others);
	if (strcmp(name, "--user") == 0)
		return *value != '\0' && strchr(value, ':') == NULL &&
		       snprintf(o->user, sizeof(o->user), "%s", value) < (int)sizeof(o->user);
	if (strcmp(name, "--api") == 0)
		return skw_rest_sets_parse(&o->sets, value);
	if (strcmp(name, "--listen") == 0)
		return place(&o->listen, &o->listens, value);
	if (strcmp(name, "--rest") == 0)
		return place(&o->rest, &o->serves, value);
	if (strcmp(name, "--peer") == 0)
		return o->peers < SKW_LEDGERD_PEERS &&
		       skw_wire_peer_parse(&o->peer[o->peers++], value);
	if (strcmp(name, "--interval") == 0)
		return number(&o->interval_ms, value, 86400000) && o->interval_ms > 0;
	ok = strcmp(name, "--max-outgoing") == 0 && number(&n, value, 8);
	o->outgoing = (unsigned)n;
	return ok;
}

/* The value of the last option of this name, NULL without. */
static const char *value_of(int argc, char **argv, const char *name)
{
	const char *value = NULL;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			value = argv[i + 1];
	return value;
}

bool skw_ledgerd_options(struct skw_ledgerd_options *o, int argc, char **argv, char *error,
			 size_t error_cap)
{
	const char *network = value_of(argc, argv, "--network");
	const char *secret = value_of(argc, argv, "--secret-file");
	const char *password = value_of(argc, argv, "--password-file");
	bool took;

	*o = (struct skw_ledgerd_options) { .data = "skywave-ledger",
					    .listens = true,
					    .rest = { .ip = 0x7f000001 },
					    .serves = true,
					    .csrf = true,
					    .sets = SKW_REST_DEFAULT,
					    .outgoing = 8,
					    .interval_ms = 10000 };
	if (!load_network(o, network != NULL ? network : "mainnet", error, error_cap))
		return false;
	for (int i = 1; i < argc; i++) {
		if (!set(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took))
			return fail(error, error_cap, "bad option %s %s", argv[i],
				    took && i + 1 < argc ? argv[i + 1] : "");
		i += took;
	}
	if (*o->wallets == '\0' && snprintf(o->wallets, sizeof(o->wallets), "%s/wallets",
					    o->data) >= (int)sizeof(o->wallets))
		return fail(error, error_cap, "%s: too long a name", o->data);
	if (*o->storage == '\0' &&
	    snprintf(o->storage, sizeof(o->storage), "%s/data", o->data) >= (int)sizeof(o->storage))
		return fail(error, error_cap, "%s: too long a name", o->data);
	if ((*o->user != '\0') != (password != NULL))
		return fail(error, error_cap, "--user and --password-file need each other");
	if (password != NULL && !o->help && !load_password(o, password, error, error_cap))
		return false;
	if (o->produces && secret == NULL)
		return fail(error, error_cap, "--produce needs --secret-file");
	return !o->produces || o->help || load_secret(o, secret, error, error_cap);
}
