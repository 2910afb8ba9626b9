/* rooms: wire keys ledger node
 *
 * skw_config: the daemon's INI file. What is refused is explained; what is taken keeps every
 * number in the range that the daemon counts on, ends every text, and reads the same twice. */

#include "node/skw_config.h"
#include "skw_fuzz.h"

static void ended(const char *text, size_t room)
{
	FUZZ_CHECK(memchr(text, '\0', room) != NULL);
}

static void check(const struct skw_config *c)
{
	FUZZ_CHECK(c->n_peers <= SKW_CONFIG_PEERS && c->n_names <= SKW_CONFIG_NAMES);
	FUZZ_CHECK(c->n_services <= SKW_CONFIG_SERVICES);
	ended(c->node.name, sizeof(c->node.name));
	ended(c->node.state, sizeof(c->node.state));
	ended(c->radio.device, sizeof(c->radio.device));
	ended(c->ledger.url, sizeof(c->ledger.url));
	for (size_t i = 0; i < c->n_peers; i++) {
		FUZZ_CHECK(c->peers[i].name[0] != '\0' && c->peers[i].key[0] != '\0');
		ended(c->peers[i].name, sizeof(c->peers[i].name));
		ended(c->peers[i].key, sizeof(c->peers[i].key));
	}
	for (size_t i = 0; i < c->n_services; i++)
		FUZZ_CHECK(c->services[i].target.port != 0);
	for (size_t i = 0; i < c->n_names; i++)
		ended(c->names[i].key, sizeof(c->names[i].key));
	FUZZ_CHECK(c->radio.slot_us > 2 * c->radio.guard_us);
	FUZZ_CHECK(c->radio.device[0] == '\0' || c->radio.slot < (int64_t)c->radio.slots);
	FUZZ_CHECK(c->pay.voucher_step > 0 && c->pay.voucher_step < c->pay.credit_limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skw_config first, second;
	char path[64], error[512], *text = fuzz_text(data, size);
	struct skw_endpoint endpoint;
	int fd;

	if (skw_endpoint_parse(&endpoint, text))
		ended(endpoint.host, sizeof(endpoint.host));
	free(text);
	fd = fuzz_file(data, size, path);
	memset(error, 'x', sizeof(error));
	if (skw_config_load(&first, path, error, sizeof(error))) {
		check(&first);
		FUZZ_CHECK(skw_config_load(&second, path, error, sizeof(error)));
		FUZZ_CHECK(memcmp(&first.radio, &second.radio, sizeof(first.radio)) == 0);
		FUZZ_CHECK(memcmp(&first.pay, &second.pay, sizeof(first.pay)) == 0);
	} else {
		ended(error, sizeof(error));
		FUZZ_CHECK(error[0] != '\0');
	}
	close(fd);
	return 0;
}

static void seeds(void)
{
	fuzz_seed_text(
	    "whole",
	    "[node]\nname = bob\nstate = /tmp/x\ncontrol = /tmp/c\nlog = info\n"
	    "[radio]\ndevice = driver=skywave\nrate_hz = 10000000\nslots = 4\nslot = 1\n"
	    "slot_us = 4000\nguard_us = 100\ndata_rate = 24\nlead_us = 3000\n"
	    "rx_gain_cdb = 2050\ntx_gain_cdb = -300\nfrequency_hz = 5900000000\n"
	    "beacon_ms = 500\n"
	    "[udp]\nlisten = 127.0.0.1:7000\n[socks]\nlisten = [::1]:1080\n"
	    "[path]\nrelays = 2\nmax_price = 0.5\n"
	    "[pay]\nprice = 0.001\ncredit_limit = 1\nvoucher_step = 0.05\n"
	    "[ledger]\nmode = embedded\nnetwork = net.ini\nproduce = yes\n"
	    "secret = s\nlisten = :6420\n"
	    "[peer alice]\nkey = aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\naddress = "
	    "10.0.0.1:7000\n"
	    "[service files]\ntarget = 127.0.0.1:80\n[names]\nalice = "
	    "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
	fuzz_seed_text("endpoint", "[::1]:7000");
	fuzz_seed_text("remote", "[udp]\nlisten=:1\n[ledger]\nmode=remote\nurl=http://h:1\n");
}

FUZZ_START(seeds)
