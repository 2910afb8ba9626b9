/* What is wrong about a configuration whose every key could be read. */
#include "node/skw_config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "node/skw_exit.h"
#include "node/skw_tun_v4.h"
#include "onion/skw_directory.h"

/* What is wrong about a [peer]. */
static const char *bad_peer(const struct skw_config *c, const struct skw_config_peer *peer)
{
	struct skw_node_address neighbour;

	if (peer->key[0] == '\0')
		return "each [peer NAME] needs its key";
	if (peer->through[0] == '\0')
		return NULL;
	if (!skw_config_through(c, peer, &neighbour))
		return "[peer] through: want another [peer]'s name, a petname of [names], or an "
		       "address";
	if (c->udp.listen.port == 0)
		return "[peer] through needs [udp] listen";
	return NULL;
}

static bool all_known(const struct skw_config *c, const struct skw_config_nodes *list)
{
	struct skw_node_address node;

	for (size_t i = 0; i < list->n; i++)
		if (!skw_config_node(c, list->name[i], &node))
			return false;
	return true;
}

/* What is wrong about [path]. */
static const char *bad_path(const struct skw_config *c)
{
	if (strcmp(c->path.policy, "cheapest") != 0 && strcmp(c->path.policy, "fastest") != 0)
		return "[path] policy must be cheapest or fastest";
	if (!all_known(c, &c->path.avoid) || !all_known(c, &c->path.require))
		return "[path] avoid, require: want petnames of [names], or addresses";
	if (c->path.relays != SKW_CONFIG_ANY_RELAYS && c->path.require.n > (size_t)c->path.relays)
		return "[path] require: more nodes than [path] relays has room for";
	if (c->path.require.n > SKW_PATH_RELAYS_MAX)
		return "[path] require: a path has at most 7 relays";
	for (size_t i = 0; i < c->path.avoid.n; i++)
		for (size_t k = 0; k < c->path.require.n; k++)
			if (strcmp(c->path.avoid.name[i], c->path.require.name[k]) == 0)
				return "[path] the same node is required and avoided";
	return NULL;
}

/* What a descriptor takes for a name, and a terminal shows. */
static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x21 || *text > 0x7e)
			return false;
	return true;
}

static bool one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* Where to listen is no name. */
static bool is_numeric(const struct skw_endpoint *e)
{
	char host[SKW_CONFIG_TEXT];
	struct in6_addr ip;

	snprintf(host, sizeof(host), "%s", e->host);
	host[strcspn(host, "%")] = '\0'; /* fe80::1%eth0 */
	return e->port == 0 || inet_pton(AF_INET, host, &ip) == 1 ||
	       inet_pton(AF_INET6, host, &ip) == 1;
}

/* What is wrong about a value by itself, beyond its kind. */
static const char *bad_value(const struct skw_config *c)
{
	static const char *const levels[] = { "debug", "info", "unusual", "broken" };

	if (!one_of(c->node.log, levels, 4))
		return "[node] log must be debug, info, unusual or broken";
	if (!is_printable(c->node.name))
		return "[node] name: letters, digits and signs of ASCII, without blanks";
	for (size_t i = 0; i < c->n_services; i++)
		if (!is_printable(c->services[i].name))
			return "[service NAME]: letters, digits and signs of ASCII, without blanks";
	if (!is_numeric(&c->udp.listen) || !is_numeric(&c->socks.listen) ||
	    !is_numeric(&c->ledger.listen))
		return "listen: want a numeric address and a port, as in 127.0.0.1:1080 or "
		       "[::]:7000";
	return NULL;
}

const char *skw_config_contradiction(const struct skw_config *c)
{
	bool embedded = strcmp(c->ledger.mode, "embedded") == 0;
	struct skw_tun_pool pool;
	const char *wrong = NULL;

	if (c->radio.rate_hz != 5000000 && c->radio.rate_hz != 10000000 &&
	    c->radio.rate_hz != 20000000)
		return "[radio] rate_hz must be 5000000, 10000000 or 20000000";
	if (c->radio.device[0] != '\0' && c->radio.slot >= (int64_t)c->radio.slots)
		return "[radio] slot must be less than slots";
	if (c->radio.guard_us * 2 >= c->radio.slot_us)
		return "[radio] guard_us leaves nothing of slot_us";
	if (c->radio.device[0] == '\0' && c->udp.listen.port == 0 &&
	    c->ethernet.interface[0] == '\0')
		return "neither [radio] device nor [udp] listen nor [ethernet] interface: this "
		       "node could not talk to anybody";
	if (strcmp(c->exit.policy, "none") != 0 && strcmp(c->exit.policy, "internet") != 0)
		return "[exit] policy must be none or internet";
	if (!skw_exit_ports_valid(c->exit.ports))
		return "[exit] ports: want any, or a list as in 80, 443, 8000-8100";
	if (c->exit.tun && (strcmp(c->exit.policy, "internet") != 0 || c->tun.device[0] == '\0'))
		return "[exit] tun needs policy = internet and [tun] device";
	if (!skw_tun_pool_parse(&pool, c->exit.pool))
		return "[exit] pool: want a network of IPv4, as in 100.64.0.0/16, with 8 to 23 "
		       "bits";
	if (c->tun.exit[0] != '\0' && c->tun.device[0] == '\0')
		return "[tun] exit needs device";
	if (!embedded && strcmp(c->ledger.mode, "remote") != 0 &&
	    strcmp(c->ledger.mode, "none") != 0)
		return "[ledger] mode must be embedded, remote or none";
	if (strcmp(c->ledger.mode, "remote") == 0 && strncmp(c->ledger.url, "http", 4) != 0)
		return "[ledger] mode = remote needs url = http://host:port";
	if (embedded && c->ledger.network[0] == '\0')
		return "[ledger] mode = embedded needs network = FILE";
	if (c->ledger.produce && (!embedded || c->ledger.secret[0] == '\0'))
		return "[ledger] produce needs mode = embedded and secret = FILE";
	if (c->pay.voucher_step == 0 || c->pay.voucher_step % 1000 != 0)
		return "[pay] voucher_step must be a multiple of 0.001 SKY, not zero";
	if (c->pay.voucher_step >= c->pay.credit_limit)
		return "[pay] voucher_step must be less than credit_limit, or no voucher comes in "
		       "time";
	if (c->socks.users[0] != '\0' && c->socks.listen.port == 0)
		return "[socks] users needs listen";
	wrong = bad_value(c);
	for (size_t i = 0; i < c->n_peers && wrong == NULL; i++)
		wrong = bad_peer(c, &c->peers[i]);
	return wrong != NULL ? wrong : bad_path(c);
}
