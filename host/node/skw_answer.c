/* What the control socket tells: the rooms' own counters and tables as JSON, nothing kept for it.
 */

#include "node/skw_node_inside.h"

#include <string.h>

#include "node/skw_desk.h"
#include "node/skw_names.h"
#include "node/skw_probe.h"
#include "node/skw_speed.h"
#include "node/skw_streams.h"
#include "node/skw_tun.h"

static json_t *id_text(const struct skw_node_address *id)
{
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	skw_node_address_format(id, text);
	return json_string(text);
}

/* The petname of a node if the configuration has one, else its address. */
static json_t *id_name(const struct skw_node *node, const struct skw_node_address *id)
{
	const char *name = skw_names_of(node->names, id);

	return name != NULL ? json_string(name) : id_text(id);
}

/* Numbers of our slots; none yet: an empty list. */
static json_t *slots(uint32_t mask)
{
	json_t *list = json_array();

	for (unsigned k = 0; k < SKW_SLOTS_MAX; k++)
		if (mask >> k & 1)
			json_array_append_new(list, json_integer(k));
	return list;
}

static json_t *radio(const struct skw_node *node)
{
	const struct skw_mac_counters *m = skw_mac_counters(node->mac);

	return json_pack("{s:o s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}", "slots",
			 slots(skw_mac_slots(node->mac)), "common_time_us",
			 (json_int_t)((node->time_us * 1000 + skw_mac_ahead(node->mac)) / 1000),
			 "clock_steps", (json_int_t)m->clock_steps, "slot_conflicts",
			 (json_int_t)m->slot_conflicts, "device_time_us", (json_int_t)node->time_us,
			 "airtime_us", (json_int_t)(m->tx_airtime_ns / 1000), "psdus_sent",
			 (json_int_t)m->tx_psdus, "psdus_received", (json_int_t)m->rx_psdus,
			 "frames_sent", (json_int_t)m->tx_frames, "frames_repeated",
			 (json_int_t)m->tx_repeats, "frames_received", (json_int_t)m->rx_frames,
			 "beacons_sent", (json_int_t)m->tx_beacons, "beacons_received",
			 (json_int_t)m->rx_beacons, "late", (json_int_t)m->tx_late, "fcs_bad",
			 (json_int_t)m->rx_fcs_bad);
}

static json_t *tun(const struct skw_node *node)
{
	const struct skw_tun_counters *t = skw_tun_counters(node->tun);
	char address[SKW_TUN_TEXT];

	skw_tun_address_text(address, &node->identity.address);
	return json_pack("{s:s s:I s:I s:I s:I s:I s:I s:I}", "address", address, "packets_in",
			 (json_int_t)t->packets_in, "packets_out", (json_int_t)t->packets_out,
			 "dropped", (json_int_t)t->dropped, "refused", (json_int_t)t->refused,
			 "errors", (json_int_t)t->errors, "reads", (json_int_t)t->reads, "writes",
			 (json_int_t)t->writes);
}

static json_t *status(const struct skw_node *node)
{
	const struct skw_link_counters *l = skw_link_counters(node->link);
	const struct skw_onion_counters *o = skw_onion_counters(node->onion);
	const struct skw_session_counters *s = skw_session_counters(node->session);
	json_t *answer =
	    json_pack("{s:s s:o s:I s:I s:I}", "name", node->config->node.name, "address",
		      id_text(&node->identity.address), "time_us", (json_int_t)node->time_us,
		      "nodes_known", (json_int_t)skw_directory_count(node->directory), "streams",
		      (json_int_t)skw_streams_count(node->streams));

	if (node->tun != NULL)
		json_object_set_new(answer, "tun", tun(node));
	if (node->mac != NULL)
		json_object_set_new(answer, "radio", radio(node));
	json_object_set_new(
	    answer, "link",
	    json_pack("{s:I s:I s:I s:I s:I s:I}", "garbage", (json_int_t)l->garbage, "forged",
		      (json_int_t)l->forged, "replayed", (json_int_t)l->replayed, "handshakes_bad",
		      (json_int_t)l->handshakes_bad, "malformed", (json_int_t)l->malformed,
		      "retransmits", (json_int_t)l->retransmits));
	json_object_set_new(answer, "onion",
			    json_pack("{s:I s:I s:I s:I s:I s:I}", "cells_in",
				      (json_int_t)o->cells_in, "cells_out",
				      (json_int_t)o->cells_out, "relayed", (json_int_t)o->relayed,
				      "tampered", (json_int_t)o->tampered, "refused",
				      (json_int_t)o->refused, "dropped", (json_int_t)o->dropped));
	json_object_set_new(answer, "session",
			    json_pack("{s:I s:I s:I}", "forged", (json_int_t)s->forged, "malformed",
				      (json_int_t)s->malformed, "replayed",
				      (json_int_t)s->replayed));
	return answer;
}

/* What the radio knows of the neighbour at this address. */
static void add_signal(const struct skw_node *node, const struct skw_link_info *info, json_t *row)
{
	struct skw_mac_neighbour n;

	if (!node_neighbour(node, &info->endpoint, &n))
		return;
	json_object_set_new(row, "snr_db", json_real(n.snr_cdb / 100.0));
	json_object_set_new(row, "snr_there_db", json_real(n.snr_there_cdb / 100.0));
	json_object_set_new(row, "rate_mbps", json_integer(n.rate_mbps));
	json_object_set_new(row, "rssi_db", json_real(n.rssi_cdb / 100.0));
	json_object_set_new(row, "cfo_hz", json_integer(n.cfo_hz));
	json_object_set_new(row, "repeats", json_integer((json_int_t)n.tx_repeats));
	if (n.way_ns >= 0)
		json_object_set_new(row, "way_us", json_real(n.way_ns / 1000.0));
}

static const char *port_name(uint8_t port)
{
	return port == SKW_PORT_RADIO ? "radio" : port == SKW_PORT_UDP ? "udp" : "ethernet";
}

static json_t *links(const struct skw_node *node)
{
	json_t *rows = json_array();
	struct skw_link_info info;

	for (uint32_t peer = 1; peer <= SKW_LINK_PEERS_MAX; peer++) {
		json_t *row;

		if (!skw_link_info(node->link, peer, &info))
			continue;
		row =
		    json_pack("{s:o s:s s:b s:I s:I s:I s:I}", "peer", id_name(node, &info.address),
			      "port", port_name(info.endpoint.port), "up", info.up, "bytes_in",
			      (json_int_t)info.bytes_in, "bytes_out", (json_int_t)info.bytes_out,
			      "rtt_us", (json_int_t)info.rtt_us, "rekeys", (json_int_t)info.rekeys);
		if (node->mac != NULL && info.endpoint.port == SKW_PORT_RADIO)
			add_signal(node, &info, row);
		json_array_append_new(rows, row);
	}
	return json_pack("{s:o}", "links", rows);
}

/* What a session knows of the circuit that is one of its paths. */
static void add_path(const struct skw_node *node, const struct skw_onion_info *circuit, json_t *row)
{
	struct skw_session_path_info path;
	uint32_t cursor = 0;

	while (skw_session_next_path(node->session, &cursor, &path)) {
		if (path.path != circuit->circuit)
			continue;
		json_object_set_new(row, "state", json_string(path.silent ? "silent" : "in use"));
		if (path.rtt_us > 0) {
			json_object_set_new(row, "rtt_us", json_integer((json_int_t)path.rtt_us));
			json_object_set_new(row, "least_rtt_us",
					    json_integer((json_int_t)path.min_rtt_us));
		}
		json_object_set_new(row, "rate_kbps", json_integer((json_int_t)(path.rate / 125)));
		json_object_set_new(row, "sent", json_integer((json_int_t)path.packets_sent));
		json_object_set_new(row, "received",
				    json_integer((json_int_t)path.packets_received));
		json_object_set_new(row, "lost", json_integer((json_int_t)path.packets_lost));
		json_object_set_new(
		    row, "loss_percent",
		    json_real(path.packets_sent > 0
				  ? 100.0 * (double)path.packets_lost / (double)path.packets_sent
				  : 0));
		return;
	}
}

/* One of our own, hop by hop. */
static json_t *own_circuit(const struct skw_node *node, const struct skw_onion_info *info)
{
	json_t *hops = json_array(), *row;

	for (size_t i = 0; i < info->hop_count; i++)
		json_array_append_new(hops, id_name(node, &info->hops[i]));
	row = json_pack("{s:I s:b s:s s:I s:I s:I s:I s:I s:f s:I s:I s:I s:I s:o}", "circuit",
			(json_int_t)info->circuit, "built", info->built, "state",
			info->built ? "built" : "building", "rtt_us", (json_int_t)info->rtt_us,
			"least_rtt_us", (json_int_t)info->rtt_us, "rate_kbps", (json_int_t)0,
			"sent", (json_int_t)0, "lost", (json_int_t)0, "loss_percent", 0.0,
			"received", (json_int_t)0, "price_per_mib", (json_int_t)info->price_out,
			"cells_forward", (json_int_t)info->cells_forward, "cells_backward",
			(json_int_t)info->cells_backward, "hops", hops);
	add_path(node, info, row);
	return row;
}

/* Own circuits whole; of the others only how many there are, since that is all a relay should
 * remember. */
static json_t *circuits(const struct skw_node *node)
{
	json_t *rows = json_array();
	struct skw_onion_info info;
	uint32_t cursor = 0;
	int relayed = 0, ending = 0;

	while (skw_onion_next(node->onion, &cursor, &info)) {
		if (info.origin)
			json_array_append_new(rows, own_circuit(node, &info));
		relayed += !info.origin && !info.end;
		ending += info.end;
	}
	return json_pack("{s:o s:i s:i}", "circuits", rows, "relayed", relayed, "ending_here",
			 ending);
}

json_t *skw_node_answer(struct skw_node *node, const json_t *question, uint64_t client)
{
	const char *command = json_string_value(json_object_get(question, "command"));
	const char *action = json_string_value(json_object_get(question, "action"));

	if (strcmp(command, "status") == 0)
		return status(node);
	if (strcmp(command, "links") == 0)
		return links(node);
	if (strcmp(command, "circuits") == 0)
		return circuits(node);
	if (strcmp(command, "pay") == 0)
		return skw_desk_answer(node->desk, action);
	if (strcmp(command, "names") == 0)
		return skw_names_answer(node->names, question);
	if (strcmp(command, "ping") == 0 || strcmp(command, "trace") == 0)
		return skw_probe_start(node->probe, question, client);
	if (strcmp(command, "speedtest") == 0)
		return skw_speed_start(node->speed, question, client);
	return json_pack("{s:s}", "error", "unknown command");
}
