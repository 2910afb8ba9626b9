#include "node/skw_config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "ledger/skw_money.h"
#include "mac/skw_slots.h"
#include "wire/skw_frame.h"

enum kind { TEXT, NUMBER, SIGNED, SKY, BOOL, ENDPOINT, RELAYS, RATE, SLOT, NODES };

struct key {
	const char *section, *name;
	enum kind kind;
	size_t offset, size;
	int64_t min, max;
};

#define AT(field) offsetof(struct skw_config, field), sizeof(((struct skw_config *)0)->field)
#define TEXT_KEY(section, name)                                                                    \
	{                                                                                          \
#section, #name, TEXT, AT(section.name), 0, 0                                      \
	}
#define NUMBER_KEY(section, name, min, max)                                                        \
	{                                                                                          \
#section, #name, NUMBER, AT(section.name), min, max                                \
	}
#define SKY_KEY(section, name)                                                                     \
	{                                                                                          \
#section, #name, SKY, AT(section.name), 0, 0                                       \
	}
#define ENDPOINT_KEY(section, name)                                                                \
	{                                                                                          \
#section, #name, ENDPOINT, AT(section.name), 0, 0                                  \
	}

static const struct key KEYS[] = {
	TEXT_KEY(node, name),
	TEXT_KEY(node, state),
	TEXT_KEY(node, control),
	TEXT_KEY(node, log),
	TEXT_KEY(node, names),
	TEXT_KEY(radio, device),
	NUMBER_KEY(radio, rate_hz, 5000000, 20000000),
	NUMBER_KEY(radio, frequency_hz, 1, INT64_C(100000000000)),
	{ "radio", "rx_gain_cdb", SIGNED, AT(radio.rx_gain_cdb), -20000, 20000 },
	{ "radio", "tx_gain_cdb", SIGNED, AT(radio.tx_gain_cdb), -20000, 20000 },
	{ "radio", "rx_agc", BOOL, AT(radio.rx_agc), 0, 0 },
	{ "radio", "data_rate", RATE, AT(radio.data_rate), 6, 54 },
	NUMBER_KEY(radio, slots, 1, SKW_SLOTS_MAX),
	{ "radio", "slot", SLOT, AT(radio.slot), 0, SKW_SLOTS_MAX - 1 },
	NUMBER_KEY(radio, slot_us, 500, 1000000),
	NUMBER_KEY(radio, guard_us, 0, 100000),
	NUMBER_KEY(radio, lead_us, 100, 1000000),
	NUMBER_KEY(radio, beacon_ms, 20, 60000),
	ENDPOINT_KEY(udp, listen),
	TEXT_KEY(ethernet, interface),
	ENDPOINT_KEY(socks, listen),
	TEXT_KEY(socks, exit),
	TEXT_KEY(socks, users),
	TEXT_KEY(tun, device),
	TEXT_KEY(tun, exit),
	TEXT_KEY(exit, policy),
	TEXT_KEY(exit, ports),
	{ "exit", "private", BOOL, AT(exit.private), 0, 0 },
	{ "exit", "tun", BOOL, AT(exit.tun), 0, 0 },
	TEXT_KEY(exit, pool),
	NUMBER_KEY(path, paths, 1, SKW_CONFIG_PATHS),
	{ "path", "relays", RELAYS, AT(path.relays), 0, 7 },
	TEXT_KEY(path, policy),
	SKY_KEY(path, max_price),
	{ "path", "avoid", NODES, AT(path.avoid), 0, 0 },
	{ "path", "require", NODES, AT(path.require), 0, 0 },
	NUMBER_KEY(speedtest, serve_mib, 0, 1024),
	SKY_KEY(pay, price),
	SKY_KEY(pay, credit_limit),
	SKY_KEY(pay, voucher_step),
	NUMBER_KEY(pay, voucher_age_s, 1, 86400),
	SKY_KEY(pay, settle_at),
	NUMBER_KEY(pay, settle_age_s, 1, 31536000),
	SKY_KEY(pay, reserve),
	TEXT_KEY(pay, wallet),
	TEXT_KEY(ledger, mode),
	TEXT_KEY(ledger, url),
	ENDPOINT_KEY(ledger, listen),
	{ "ledger", "produce", BOOL, AT(ledger.produce), 0, 0 },
	NUMBER_KEY(ledger, block_s, 1, 3600),
	TEXT_KEY(ledger, network),
	TEXT_KEY(ledger, secret),
};

static const struct skw_config DEFAULTS = {
	.node = { .name = "node", .state = "skywave-state", .log = "info" },
	.radio = { .rate_hz = 20000000,
		   .frequency_hz = UINT64_C(5890000000),
		   .rx_agc = true,
		   .data_rate = SKW_CONFIG_AUTO_RATE,
		   .slots = 4,
		   .slot = SKW_CONFIG_AUTO_SLOT,
		   .slot_us = 4000,
		   .guard_us = 100,
		   .lead_us = 5000,
		   .beacon_ms = 500 },
	.exit = { .policy = "none", .ports = "80, 443", .pool = "100.64.0.0/16" },
	.path = { .paths = 4, .relays = 2, .policy = "cheapest", .max_price = 10000000 },
	.speedtest = { .serve_mib = 64 },
	.pay = { .price = 100000,
		 .credit_limit = 500000,
		 .voucher_step = 10000,
		 .voucher_age_s = 10,
		 .settle_at = 5000000,
		 .settle_age_s = 86400,
		 .reserve = 20000000,
		 .wallet = "wallet.wlt" },
	.ledger = { .mode = "none", .block_s = 10 },
};

struct parse {
	struct skw_config *config;
	char *error;
	size_t error_len;
};

static int fail(struct parse *p, const char *what, const char *name, const char *value)
{
	if (p->error[0] == '\0')
		snprintf(p->error, p->error_len, "%s: %s = %s", what, name, value);
	return 0;
}

bool skw_endpoint_parse(struct skw_endpoint *endpoint, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	char *end;
	unsigned long port;
	size_t len;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	len = (size_t)(colon - text);
	if (*end != '\0' || port == 0 || port > 65535)
		return false;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len) != NULL) {
		return false; /* an IPv6 address needs its brackets */
	}
	if (len == 0) {
		host = "127.0.0.1";
		len = strlen(host);
	}
	if (len >= sizeof(endpoint->host))
		return false;
	memcpy(endpoint->host, host, len);
	endpoint->host[len] = '\0';
	endpoint->port = (uint16_t)port;
	return true;
}

static bool text(char *out, size_t size, const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len >= size)
		return false;
	memcpy(out, value, len + 1);
	return true;
}

static bool integer(int64_t *out, const char *value, int64_t min, int64_t max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

static bool boolean(bool *out, const char *value)
{
	*out = strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
	return *out || strcmp(value, "no") == 0 || strcmp(value, "false") == 0;
}

/* A list; the same key again adds to it, since a line of the file holds two addresses at most. */
static bool nodes(struct skw_config_nodes *out, const char *value)
{
	const char *at = value;

	do {
		size_t len;

		at += strspn(at, " \t");
		len = strcspn(at, " \t,");
		if (len == 0 || len >= sizeof(out->name[0]) || out->n == SKW_CONFIG_PATH_NODES)
			return false;
		memcpy(out->name[out->n], at, len);
		out->name[out->n++][len] = '\0';
		at += len;
		at += strspn(at, " \t");
	} while (*at++ == ',');
	return at[-1] == '\0';
}

static int set_key(struct parse *p, const struct key *key, const char *value)
{
	void *at = (char *)p->config + key->offset;
	struct skw_droplets droplets;
	char hint[96];
	int64_t v;

	switch (key->kind) {
	case TEXT:
		if (text(at, key->size, value))
			return 1;
		snprintf(hint, sizeof(hint), "need text of 1 to %zu bytes", key->size - 1);
		return fail(p, hint, key->name, value);
	case NUMBER:
	case SIGNED:
		if (integer(&v, value, key->min, key->max)) {
			memcpy(at, &v, sizeof(v));
			return 1;
		}
		snprintf(hint, sizeof(hint), "need a whole number from %lld to %lld",
			 (long long)key->min, (long long)key->max);
		return fail(p, hint, key->name, value);
	case SKY:
		if (skw_droplets_parse(&droplets, value)) {
			memcpy(at, &droplets.n, sizeof(droplets.n));
			return 1;
		}
		return fail(p, "need an amount of SKY with at most six decimals", key->name, value);
	case BOOL:
		if (boolean(at, value))
			return 1;
		return fail(p, "need yes or no", key->name, value);
	case ENDPOINT:
		if (skw_endpoint_parse(at, value))
			return 1;
		return fail(p, "need host:port", key->name, value);
	case RELAYS:
		v = SKW_CONFIG_ANY_RELAYS;
		if (strcmp(value, "any") == 0 || integer(&v, value, key->min, key->max)) {
			memcpy(at, &v, sizeof(v));
			return 1;
		}
		return fail(p, "need any, or a whole number from 0 to 7", key->name, value);
	case RATE:
		v = SKW_CONFIG_AUTO_RATE;
		if (strcmp(value, "auto") == 0 ||
		    (integer(&v, value, key->min, key->max) && skw_frame_rate_valid((uint8_t)v))) {
			memcpy(at, &v, sizeof(v));
			return 1;
		}
		return fail(p, "need auto, 6, 9, 12, 18, 24, 36, 48 or 54", key->name, value);
	case SLOT:
		v = SKW_CONFIG_AUTO_SLOT;
		if (strcmp(value, "auto") == 0 || integer(&v, value, key->min, key->max)) {
			memcpy(at, &v, sizeof(v));
			return 1;
		}
		return fail(p, "need auto, or a whole number from 0 to 31", key->name, value);
	case NODES:
		return nodes(at, value) ||
		       fail(p, "need petnames or addresses, 16 at most, with commas between",
			    key->name, value);
	}
	return 0;
}

/* "peer relay1" -> "relay1"; NULL if the section is of another kind. */
static const char *named(const char *section, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(section, kind, len) == 0 && section[len] == ' ' ? section + len + 1 : NULL;
}

static bool is_address(const char *text)
{
	struct skw_node_address node;

	return skw_node_address_parse(&node, text);
}

static int peer_key(struct parse *p, const char *who, const char *name, const char *value)
{
	struct skw_config *c = p->config;
	struct skw_config_peer *peer = NULL;

	for (size_t i = 0; i < c->n_peers; i++)
		if (strcmp(c->peers[i].name, who) == 0)
			peer = &c->peers[i];
	if (peer == NULL) {
		if (c->n_peers == SKW_CONFIG_PEERS)
			return fail(p, "too many peers", "peer", who);
		peer = &c->peers[c->n_peers];
		if (!text(peer->name, sizeof(peer->name), who))
			return fail(p, "the name is too long", "peer", who);
		c->n_peers++;
	}
	if (strcmp(name, "key") == 0)
		return (text(peer->key, sizeof(peer->key), value) && is_address(value)) ||
		       fail(p, "need an address, as skywaved --key prints it", name, value);
	if (strcmp(name, "address") == 0)
		return skw_endpoint_parse(&peer->address, value) ||
		       fail(p, "need host:port", name, value);
	if (strcmp(name, "through") == 0)
		return text(peer->through, sizeof(peer->through), value) ||
		       fail(p, "need a neighbour", name, value);
	return fail(p, "unknown key in [peer]", name, value);
}

static int service_key(struct parse *p, const char *who, const char *name, const char *value)
{
	struct skw_config *c = p->config;
	struct skw_config_service *service = &c->services[c->n_services];

	if (strcmp(name, "target") != 0)
		return fail(p, "unknown key in [service]", name, value);
	if (c->n_services == SKW_CONFIG_SERVICES)
		return fail(p, "too many services", "service", who);
	if (!text(service->name, sizeof(service->name), who) || strchr(who, '.') != NULL)
		return fail(p, "a service's name has 1 to 63 bytes and no dot", "service", who);
	if (!skw_endpoint_parse(&service->target, value))
		return fail(p, "need host:port", name, value);
	c->n_services++;
	return 1;
}

static int petname(struct parse *p, const char *name, const char *value)
{
	struct skw_config *c = p->config;
	struct skw_config_name *n = &c->names[c->n_names];

	if (c->n_names == SKW_CONFIG_NAMES)
		return fail(p, "too many names", name, value);
	if (!text(n->name, sizeof(n->name), name) || strchr(name, '.') != NULL ||
	    !text(n->key, sizeof(n->key), value))
		return fail(p, "need petname = key; a petname has 1 to 63 bytes and no dot", name,
			    value);
	if (!is_address(value))
		return fail(p, "need an address, as skywaved --key prints it", name, value);
	c->n_names++;
	return 1;
}

static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	const char *who;
	char where[160];

	if (strcmp(section, "circuit") == 0)
		return fail(p, "[circuit] is called [path] now", name, value);
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
		if (strcmp(KEYS[i].section, section) == 0 && strcmp(KEYS[i].name, name) == 0)
			return set_key(p, &KEYS[i], value);
	if ((who = named(section, "peer")) != NULL)
		return peer_key(p, who, name, value);
	if ((who = named(section, "service")) != NULL)
		return service_key(p, who, name, value);
	if (strcmp(section, "names") == 0)
		return petname(p, name, value);
	snprintf(where, sizeof(where), "unknown key in [%.100s]", section);
	return fail(p, where, name, value);
}

bool skw_config_node(const struct skw_config *config, const char *text,
		     struct skw_node_address *node)
{
	for (size_t i = 0; i < config->n_names; i++)
		if (strcasecmp(config->names[i].name, text) == 0)
			return skw_node_address_parse(node, config->names[i].key);
	return skw_node_address_parse(node, text);
}

bool skw_config_through(const struct skw_config *config, const struct skw_config_peer *peer,
			struct skw_node_address *neighbour)
{
	for (size_t i = 0; i < config->n_peers; i++)
		if (&config->peers[i] != peer && strcmp(config->peers[i].name, peer->through) == 0)
			return skw_node_address_parse(neighbour, config->peers[i].key);
	return skw_config_node(config, peer->through, neighbour);
}

bool skw_config_load(struct skw_config *config, const char *path, char *error, size_t error_len)
{
	char what[320] = "";
	struct parse p = { config, what, sizeof(what) };
	const char *wrong;
	struct stat there;
	int line;

	*config = DEFAULTS;
	line = stat(path, &there) == 0 && S_ISDIR(there.st_mode) ? (errno = EISDIR, -1)
								 : ini_parse(path, handle, &p);
	if (line < 0) {
		snprintf(error, error_len, "%s: %s", path, strerror(errno));
		return false;
	}
	if (line > 0) {
		for (char *at = what; *at != '\0'; at++)
			if (iscntrl((unsigned char)*at)) /* it goes to a terminal */
				*at = '?';
		snprintf(error, error_len, "%s:%d: %s", path, line,
			 what[0] != '\0' ? what : "not an INI line");
		return false;
	}
	wrong = skw_config_contradiction(config);
	if (wrong != NULL) {
		snprintf(error, error_len, "%s: %s", path, wrong);
		return false;
	}
	return true;
}
