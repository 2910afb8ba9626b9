#include "node/skw_node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "keys/skw_chacha.h"
#include "node/skw_control.h"
#include "node/skw_datagrams.h"
#include "node/skw_desk.h"
#include "node/skw_ether_port.h"
#include "node/skw_names.h"
#include "node/skw_node_inside.h"
#include "node/skw_peers.h"
#include "node/skw_probe.h"
#include "node/skw_speed.h"
#include "node/skw_streams.h"
#include "node/skw_tun.h"
#include "node/skw_udp_port.h"
#include "node/skw_users.h"

/* ---- Time and log ---- */

uint64_t skw_node_unix(void)
{
	return (uint64_t)time(NULL);
}

uint64_t skw_node_now(struct skw_node *node)
{
	uint64_t now;

	if (node->time_held)
		return node->time_us;
	now = node->radio != NULL ? skw_radio_port_now(node->radio) / 1000 : uv_hrtime() / 1000;
	if (now > node->time_us)
		node->time_us = now;
	return node->time_us;
}

void skw_node_log(const struct skw_node *node, enum skw_log level, const char *format, ...)
{
	static const char *const names[] = { "debug", "info", "unusual", "broken" };
	enum skw_log least = SKW_DEBUG;
	va_list args;

	while (least < SKW_BROKEN && strcmp(names[least], node->config->node.log) != 0)
		least++;
	if (level < least)
		return;
	fprintf(stderr, "%12.6f %-7s ", (double)node->time_us / 1e6, names[level]);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* ---- Start and stop ---- */

bool skw_node_close(struct skw_node *node)
{
	skw_desk_close(node->desk);
	skw_node_pump(node);
	return strcmp(node->config->ledger.mode, "none") != 0;
}

static bool failed(struct skw_node *node, const char *what)
{
	if (node->error[0] == '\0')
		snprintf(node->error, sizeof(node->error), "%s", what);
	return false;
}

bool skw_node_load_identity(struct skw_node *node)
{
	const char *state = node->config->node.state;
	struct skw_random random = skw_random_system();
	enum skw_identity_status status;
	char path[SKW_CONFIG_TEXT + 16];

	if (mkdir(state, 0700) != 0 && errno != EEXIST) {
		snprintf(node->error, sizeof(node->error), "[node] state: %.150s: %s", state,
			 strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), "%s/key", state);
	status = skw_identity_load(&node->identity, path);
	if (status == SKW_IDENTITY_MISSING) {
		skw_identity_generate(&node->identity, &random);
		status = skw_identity_save(&node->identity, path);
	}
	if (status == SKW_IDENTITY_OK)
		return true;
	snprintf(node->error, sizeof(node->error), "%.150s: %s", path,
		 skw_identity_status_text(status));
	return false;
}

static bool open_store(struct skw_node *node)
{
	char path[SKW_CONFIG_TEXT + 16];

	snprintf(path, sizeof(path), "%s/state.db", node->config->node.state);
	node->kv = skw_kv_open(path, node->error, sizeof(node->error));
	return node->kv != NULL && skw_kv_each(node->kv, node_read_sequence, node);
}

static bool open_radio(struct skw_node *node)
{
	const struct skw_config *c = node->config;
	const struct skw_radio_port_config radio = {
		.device = c->radio.device,
		.rate_hz = (double)c->radio.rate_hz,
		.frequency_hz = (double)c->radio.frequency_hz,
		.rx_gain_db = (double)c->radio.rx_gain_cdb / 100,
		.tx_gain_db = (double)c->radio.tx_gain_cdb / 100,
		.rx_agc = c->radio.rx_agc,
	};
	struct skw_mac_config mac = skw_mac_config_default();

	if (c->radio.device[0] == '\0')
		return true;
	memcpy(mac.key, node->identity.address.bytes, sizeof(mac.key));
	do
		mac.epoch = randombytes_random();
	while (mac.epoch == 0);
	mac.plan.slots = (uint8_t)c->radio.slots;
	mac.plan.slot_ns = c->radio.slot_us * 1000;
	mac.plan.guard_ns = c->radio.guard_us * 1000;
	mac.slot_mask = c->radio.slot == SKW_CONFIG_AUTO_SLOT ? 0 : UINT32_C(1) << c->radio.slot;
	mac.bandwidth_mhz = (unsigned)(c->radio.rate_hz / 1000000);
	mac.data_rate_mbps = (uint8_t)c->radio.data_rate;
	mac.lead_ns = c->radio.lead_us * 1000;
	mac.beacon_ns = c->radio.beacon_ms * 1000000;
	node->radio =
	    skw_radio_port_open(&radio, node_wake, &node->wake, node->error, sizeof(node->error));
	if (node->radio == NULL)
		return false;
	if (skw_mac_new(&node->mac, &mac, skw_radio_port_now(node->radio)) == SKW_MAC_OK)
		return true;
	return failed(node, "[radio] slots, rates or lead are out of the MAC's range");
}

static bool open_users(struct skw_node *node)
{
	const char *path = node->config->socks.users;

	if (path[0] != '\0')
		node->users = skw_users_new(path, node->error, sizeof(node->error));
	return path[0] == '\0' || node->users != NULL;
}

bool skw_node_start(struct skw_node *node, const struct skw_config *config, uv_loop_t *loop)
{
	node->config = config;
	node->loop = loop;
	uv_timer_init(loop, &node->timer);
	uv_async_init(loop, &node->wake, node_on_wake);
	node->timer.data = node->wake.data = node;
	node->random = skw_random_system();
	if (sodium_init() < 0)
		return failed(node, "libsodium cannot start");
	if (!skw_chacha_prepare())
		return failed(node, "libcrypto has no ChaCha20 or no Poly1305");
	node->names = skw_names_new(config, node->error, sizeof(node->error));
	if (node->names == NULL || !open_users(node) || !skw_node_load_identity(node) ||
	    !open_store(node) || !open_radio(node) || !node_open_rooms(node))
		return false;
	if (config->udp.listen.port != 0) {
		node->udp = skw_udp_port_open(node, &config->udp.listen);
		if (node->udp == NULL)
			return false;
	}
	if (config->ethernet.interface[0] != '\0') {
		node->ether = skw_ether_port_open(node, config->ethernet.interface);
		if (node->ether == NULL)
			return false;
	}
	node->peers = skw_peers_new(node);
	if (node->peers == NULL)
		return false;
	if (config->tun.device[0] != '\0') {
		node->tun = skw_tun_open(node, config->tun.device);
		if (node->tun == NULL)
			return false;
	}
	node->probe = skw_probe_new(node);
	node->speed = skw_speed_new(node);
	node->datagrams = skw_datagrams_new(node);
	if (node->probe == NULL || node->speed == NULL || node->datagrams == NULL)
		return failed(node, "out of memory");
	node->desk = skw_desk_new(node);
	node->streams = node->desk != NULL ? skw_streams_new(node) : NULL;
	if (node->streams == NULL)
		return false;
	if (config->node.control[0] != '\0') {
		node->control = skw_control_open(node, config->node.control);
		if (node->control == NULL)
			return false;
	}
	node_publish(node);
	skw_node_pump(node);
	return !node->stopping;
}

void skw_node_stop(struct skw_node *node)
{
	node->stopping = true;
	skw_probe_free(node->probe);
	skw_speed_free(node->speed);
	skw_control_close(node->control);
	skw_streams_free(node->streams);
	skw_datagrams_free(node->datagrams);
	skw_peers_free(node->peers);
	skw_tun_close(node->tun);
	skw_udp_port_close(node->udp);
	skw_ether_port_close(node->ether);
	skw_radio_port_close(node->radio);
	skw_desk_free(node->desk);
	uv_close((uv_handle_t *)&node->timer, NULL);
	uv_close((uv_handle_t *)&node->wake, NULL);
	uv_run(node->loop, UV_RUN_DEFAULT); /* lets every handle close */
	skw_names_free(node->names);
	skw_users_free(node->users);
	node_close_rooms(node);
	skw_mac_free(node->mac);
	skw_kv_close(node->kv);
	skw_identity_wipe(&node->identity);
}
