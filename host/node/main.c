/* skywaved - the daemon: one INI file, one loop. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "node/skw_curl.h"
#include "node/skw_node.h"
#include "wire/skw_version.h"

static int usage(FILE *out)
{
	fprintf(out, "usage: skywaved [--check-config] FILE.ini\n"
		     "       skywaved --key FILE.ini      print the node's address, making its key "
		     "if there is none\n"
		     "       skywaved --help, --version\n");
	return out == stdout ? 0 : 2;
}

enum { CLOSING_MS = 1000 }; /* how long payment may take at the end */

static void on_closed(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/* The first signal pays and settles; the second does not wait for it. */
static void on_signal(uv_signal_t *handle, int number)
{
	static uv_timer_t closing;
	static bool asked;

	(void)number;
	if (asked || !skw_node_close(handle->data)) {
		uv_stop(handle->loop);
		return;
	}
	asked = true;
	uv_timer_init(handle->loop, &closing);
	uv_timer_start(&closing, on_closed, CLOSING_MS, 0);
}

/* A core dump would hold the keys. The limit alone does not hold for one that is piped to a program
 * (core(5)), as systemd and others have it; and who is not root cannot read our memory either. */
static void keep_secrets(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* whose search for leaks reads it */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int print_key(const struct skw_config *config)
{
	static struct skw_node node;
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	node.config = config;
	if (!skw_node_load_identity(&node)) {
		fprintf(stderr, "skywaved: %s\n", node.error);
		return 1;
	}
	skw_node_address_format(&node.identity.address, text);
	printf("%s\n", text);
	skw_identity_wipe(&node.identity);
	return 0;
}

static int run(const struct skw_config *config)
{
	static struct skw_node node;
	static uv_signal_t signals[2];
	uv_loop_t *loop = uv_default_loop();
	const bool remote = strcmp(config->ledger.mode, "remote") == 0;
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	if (remote && !skw_curl_open()) {
		fprintf(stderr, "skywaved: [ledger] mode = remote needs libcurl (libcurl.so.4)\n");
		return 1;
	}
	ok = skw_node_start(&node, config, loop);
	if (ok) {
		for (int i = 0; i < 2; i++) {
			uv_signal_init(loop, &signals[i]);
			signals[i].data = &node;
			uv_signal_start(&signals[i], on_signal, i == 0 ? SIGINT : SIGTERM);
		}
		skw_node_log(&node, SKW_INFO, "skywaved: %s is up", config->node.name);
		uv_run(loop, UV_RUN_DEFAULT);
		for (int i = 0; i < 2; i++)
			uv_close((uv_handle_t *)&signals[i], NULL);
		ok = node.error[0] == '\0';
	}
	if (!ok)
		fprintf(stderr, "skywaved: %s\n", node.error);
	skw_node_stop(&node);
	uv_loop_close(loop);
	if (remote)
		skw_curl_close();
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct skw_config config;
	char error[512];
	const char *option = argc == 3 ? argv[1] : "";

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("skywaved " SKW_VERSION) < 0;
	if (argc < 2 || argc > 3 || argv[argc - 1][0] == '-' ||
	    (argc == 3 && strcmp(option, "--check-config") != 0 && strcmp(option, "--key") != 0))
		return usage(stderr);
	if (!skw_config_load(&config, argv[argc - 1], error, sizeof(error))) {
		fprintf(stderr, "skywaved: %s\n", error);
		return 1;
	}
	if (strcmp(option, "--check-config") == 0) {
		printf("%s: good\n", argv[argc - 1]);
		return 0;
	}
	keep_secrets();
	return strcmp(option, "--key") == 0 ? print_key(&config) : run(&config);
}
