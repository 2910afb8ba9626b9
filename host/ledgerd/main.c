/* skywave-ledger - a node of a Skycoin network: follows it, serves REST, or makes its blocks. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "http/skw_http.h"
#include "ledger/skw_rest.h"
#include "ledgerd/skw_ledgerd_options.h"
#include "ledgerd/skw_ledgerd_peers.h"
#include "ledgerd/skw_wire_port.h"
#include "wire/skw_version.h"

enum { TICK_MS = 50, PEERS_US = 60000000 };

struct node {
	struct skw_ledgerd_options options;
	uv_loop_t *loop;
	struct skw_chain *chain;
	struct skw_wire_port *port;
	struct skw_sync *sync;
	struct skw_http *http;
	struct skw_rest_guard guard;
	struct skw_wallets *wallets; /* that REST serves; NULL: none */
	struct skw_storage *storage; /* the same */
	uint64_t peers_saved_us;
	uv_timer_t tick;
	uv_signal_t signals[2];
	int lock; /* a file that one process at a time holds: two producers would fork the chain */
	char error[640];
};

static void on_tick(uv_timer_t *timer)
{
	struct node *node = timer->data;
	struct skw_time now = skw_wire_port_now();

	skw_sync_tick(node->sync, &now);
	skw_wire_port_tick(node->port);
	if (now.us - node->peers_saved_us >= PEERS_US) {
		node->peers_saved_us = now.us;
		skw_ledgerd_save_peers(node->sync, node->options.data);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
}

static bool open_chain(struct node *node)
{
	const struct skw_ledgerd_options *o = &node->options;
	enum skw_chain_status status;
	char path[600];

	if (mkdir(o->data, 0700) != 0 && errno != EEXIST) {
		snprintf(node->error, sizeof(node->error), "%s: %s", o->data, strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), "%s/lock", o->data);
	node->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (node->lock < 0 || flock(node->lock, LOCK_EX | LOCK_NB) != 0) {
		snprintf(node->error, sizeof(node->error), "%s: another node is using it", o->data);
		return false;
	}
	snprintf(path, sizeof(path), "%s/ledger.db", o->data);
	status = skw_chain_open(&node->chain, path, &o->network);
	if (status == SKW_CHAIN_OK)
		return true;
	snprintf(node->error, sizeof(node->error), "%s: %s", path,
		 status == SKW_CHAIN_STORE ? skw_chain_error(node->chain)
					   : skw_chain_status_text(status));
	return false;
}

static bool open_network(struct node *node)
{
	const struct skw_ledgerd_options *o = &node->options;
	struct skw_sync_config config = {
		.port = o->listen.port, /* it must name one even if it takes nobody in */
		.loopback = o->loopback,
		.outgoing = o->outgoing,
		.secret = o->produces ? o->secret : NULL,
		.produce_us = o->interval_ms * 1000
	};
	struct skw_sync_ports ports;
	int error;

	do
		randombytes_buf(&config.mirror, sizeof(config.mirror));
	while (config.mirror == 0);
	node->port = skw_wire_port_new(node->loop);
	if (node->port == NULL)
		return false;
	ports = skw_wire_port_ports(node->port);
	node->sync = skw_sync_new(node->chain, &config, &ports);
	if (node->sync == NULL)
		return false;
	for (size_t i = 0; i < o->peers; i++)
		if (!skw_sync_add_peer(node->sync, o->peer[i]))
			fprintf(stderr, "skywave-ledger: a peer that can be none was left out%s\n",
				o->loopback ? "" : " (127.x.x.x needs --localhost-only)");
	skw_ledgerd_load_peers(node->sync, o->data);
	node->peers_saved_us = skw_wire_port_now().us;
	error = skw_wire_port_open(node->port, node->sync, o->listens ? &o->listen : NULL);
	if (error != 0)
		snprintf(node->error, sizeof(node->error), "cannot listen on port %u: %s",
			 o->listen.port, uv_strerror(error));
	return error == 0;
}

static void note_wallet(const char *id, enum skw_wallet_status status)
{
	fprintf(stderr, "skywave-ledger: wallet %s is left out: %s\n", id,
		skw_wallet_status_text(status));
}

static bool open_wallets(struct node *node)
{
	const struct skw_ledgerd_options *o = &node->options;

	if ((o->sets & (SKW_REST_WALLET | SKW_REST_SEED)) == 0)
		return true;
	if (o->rest.ip >> 24 != 127)
		fprintf(stderr, "skywave-ledger: wallets are served beyond this machine: whoever "
				"reaches the REST port can spend from them\n");
	node->wallets = skw_wallets_open(o->wallets, note_wallet);
	if (node->wallets == NULL)
		snprintf(node->error, sizeof(node->error), "%s: %s", o->wallets, strerror(errno));
	skw_rest_set_wallets(node->chain, node->wallets);
	return node->wallets != NULL;
}

static bool open_storage(struct node *node)
{
	const struct skw_ledgerd_options *o = &node->options;

	if ((o->sets & SKW_REST_STORAGE) == 0)
		return true;
	node->storage = skw_storage_open(o->storage);
	if (node->storage == NULL)
		snprintf(node->error, sizeof(node->error), "%s: %s", o->storage, strerror(errno));
	skw_rest_set_storage(node->chain, node->storage);
	return node->storage != NULL;
}

static bool open_rest(struct node *node)
{
	const struct skw_ledgerd_options *o = &node->options;
	char host[SKW_WIRE_PEER_TEXT];
	uint8_t key[32];

	skw_wire_peer_print(host, o->rest);
	*strchr(host, ':') = '\0';
	randombytes_buf(key, sizeof(key));
	skw_rest_guard_init(&node->guard, key, o->csrf, host, o->rest.port);
	node->guard.others = o->others;
	if (o->password != NULL) {
		skw_rest_guard_login(&node->guard, o->user, o->password);
		sodium_free(node->options.password);
		node->options.password = NULL;
	}
	skw_rest_set_about(node->chain,
			   &(struct skw_rest_about) { .started_unix = (uint64_t)time(NULL),
						      .produces = o->produces,
						      .csrf = o->csrf,
						      .sets = o->sets,
						      .header_check = node->guard.host });
	skw_rest_set_sync(node->chain, node->sync);
	if (!o->serves)
		return true;
	if (!open_wallets(node) || !open_storage(node))
		return false;
	node->http = skw_http_start(node->loop, node->chain, &node->guard, host, o->rest.port,
				    node->error, sizeof(node->error));
	return node->http != NULL;
}

static void start_handles(struct node *node)
{
	static const int numbers[] = { SIGINT, SIGTERM };

	for (int i = 0; i < 2; i++) {
		uv_signal_init(node->loop, &node->signals[i]);
		uv_signal_start(&node->signals[i], on_signal, numbers[i]);
	}
	uv_timer_init(node->loop, &node->tick);
	node->tick.data = node;
	uv_timer_start(&node->tick, on_tick, 0, TICK_MS);
}

static void close_all(struct node *node)
{
	skw_http_stop(node->http);
	skw_wire_port_close(node->port);
	uv_run(node->loop, UV_RUN_DEFAULT);
	uv_loop_close(node->loop);
	if (node->chain != NULL)
		skw_rest_set_sync(node->chain, NULL);
	if (node->sync != NULL)
		skw_ledgerd_save_peers(node->sync, node->options.data);
	skw_sync_free(node->sync);
	skw_wallets_free(node->wallets);
	skw_storage_free(node->storage);
	skw_chain_close(node->chain);
	sodium_free(node->options.secret);
}

static void run(struct node *node)
{
	struct skw_chain_head head = skw_chain_head(node->chain);
	char hash[SKW_SHA256_TEXT];

	start_handles(node);
	skw_sha256_print(hash, &head.hash);
	fprintf(stderr, "skywave-ledger: %s, block %" PRIu64 " %s%s\n", node->options.network.name,
		head.header.seq, hash, node->options.produces ? ", producing" : "");
	uv_run(node->loop, UV_RUN_DEFAULT);
	for (int i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&node->signals[i], NULL);
	uv_close((uv_handle_t *)&node->tick, NULL);
}

int main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	static struct node node;
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none); /* a core dump would hold the key */
	if (sodium_init() < 0)
		return 1;
	node.loop = uv_default_loop();
	if (!skw_ledgerd_options(&node.options, argc, argv, node.error, sizeof(node.error))) {
		fprintf(stderr, "skywave-ledger: %s\n", node.error);
		sodium_free(node.options.secret);
		sodium_free(node.options.password);
		return 2;
	}
	if (node.options.help)
		return fputs(node.options.version ? "skywave-ledger " SKW_VERSION "\n"
						  : skw_ledgerd_usage,
			     stdout) < 0;
	ok = open_chain(&node) && open_network(&node) && open_rest(&node);
	if (ok)
		run(&node);
	else
		fprintf(stderr, "skywave-ledger: %s\n",
			node.error[0] != '\0' ? node.error : "out of memory");
	close_all(&node);
	return ok ? 0 : 1;
}
