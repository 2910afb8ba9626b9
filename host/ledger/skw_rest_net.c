/* The network around the chain: connections, progress, what is told to peers. */
#include <stdlib.h>
#include <string.h>

#include "ledger/skw_rest_inside.h"

enum { DEFAULTS_MAX = 64 };

struct count {
	unsigned outgoing, incoming;
};

static bool count_one(void *context, const struct skw_sync_connection *c)
{
	struct count *count = context;

	if (c->introduced)
		*(c->outgoing ? &count->outgoing : &count->incoming) += 1;
	return true;
}

void skw_rest_count_connections(struct skw_rest_call *call, unsigned *outgoing, unsigned *incoming)
{
	struct count count = { 0, 0 };

	if (call->chain->sync != NULL)
		skw_sync_each(call->chain->sync, count_one, &count);
	*outgoing = count.outgoing;
	*incoming = count.incoming;
}

static void show_peer(struct skw_json *j, struct skw_wire_peer at)
{
	char text[SKW_WIRE_PEER_TEXT];

	skw_wire_peer_print(text, at);
	skw_json_string(j, "address", text);
}

static bool show_connection(void *context, const struct skw_sync_connection *c)
{
	struct skw_rest_call *call = context;
	struct skw_json *j = &call->json;

	skw_json_object(j, NULL);
	skw_json_u64(j, "id", c->id);
	show_peer(j, c->at);
	skw_json_u64(j, "last_sent", c->sent_s);
	skw_json_u64(j, "last_received", c->received_s);
	skw_json_u64(j, "connected_at", c->connected_s);
	skw_json_bool(j, "outgoing", c->outgoing);
	skw_json_string(j, "state", c->introduced ? "introduced" : "connected");
	skw_json_u64(j, "mirror", c->intro.mirror);
	skw_json_u64(j, "listen_port", c->outgoing ? c->at.port : c->intro.port);
	skw_json_u64(j, "height", c->height);
	skw_json_string(j, "user_agent", c->intro.agent);
	skw_json_bool(j, "is_trusted_peer", c->named);
	skw_json_object(j, "unconfirmed_verify_transaction");
	skw_json_u64(j, "burn_factor", c->intro.burn_factor);
	skw_json_u64(j, "max_transaction_size", c->intro.max_tx_size);
	skw_json_u64(j, "max_decimals", c->intro.max_decimals);
	skw_json_end_object(j);
	skw_json_end_object(j);
	return true;
}

struct chosen {
	struct skw_rest_call *call;
	bool outgoing, incoming, connected, introduced;
};

static bool show_chosen(void *context, const struct skw_sync_connection *c)
{
	struct chosen *chosen = context;

	if ((c->outgoing ? chosen->outgoing : chosen->incoming) &&
	    (c->introduced ? chosen->introduced : chosen->connected))
		show_connection(chosen->call, c);
	return true;
}

void skw_rest_connections(struct skw_rest_call *call)
{
	const char *states = skw_rest_arg(call, "states");
	const char *direction = skw_rest_arg(call, "direction");
	bool any = *states == '\0';
	struct chosen chosen = { .call = call, .connected = any, .introduced = true };
	char item[32];

	chosen.outgoing = *direction == '\0' || strcmp(direction, "outgoing") == 0;
	chosen.incoming = *direction == '\0' || strcmp(direction, "incoming") == 0;
	if (!chosen.outgoing && !chosen.incoming) {
		skw_rest_fail(call, 400,
			      "Invalid direction. Valid directions are "
			      "\"outgoing\" or \"incoming\"");
		return;
	}
	chosen.introduced = any;
	while (skw_rest_item(&states, item, sizeof(item))) {
		chosen.connected |= strcmp(item, "connected") == 0;
		chosen.introduced |= strcmp(item, "introduced") == 0;
		if (strcmp(item, "connected") != 0 && strcmp(item, "introduced") != 0 &&
		    strcmp(item, "pending") != 0) {
			skw_rest_fail(call, 400,
				      "Invalid state in states. Valid states are \"pending\", "
				      "\"connected\" or \"introduced\"");
			return;
		}
	}
	if (any)
		chosen.connected = false; /* the original leaves them out unless asked */
	skw_json_object(&call->json, NULL);
	skw_json_list(&call->json, "connections");
	if (call->chain->sync != NULL)
		skw_sync_each(call->chain->sync, show_chosen, &chosen);
	skw_json_end_list(&call->json);
	skw_json_end_object(&call->json);
}

/* ---- one of them, and lists of addresses ---- */

struct search {
	struct skw_rest_call *call;
	const char *address;
	bool found;
};

static bool show_if_named(void *context, const struct skw_sync_connection *c)
{
	struct search *search = context;
	char text[SKW_WIRE_PEER_TEXT];

	skw_wire_peer_print(text, c->at);
	if (strcmp(text, search->address) != 0)
		return true;
	search->found = true;
	return show_connection(search->call, c) && false;
}

void skw_rest_connection(struct skw_rest_call *call)
{
	struct search search = { .call = call, .address = skw_rest_arg(call, "addr") };

	if (*search.address == '\0') {
		skw_rest_fail(call, 400, "addr is required");
		return;
	}
	if (call->chain->sync != NULL)
		skw_sync_each(call->chain->sync, show_if_named, &search);
	if (!search.found)
		skw_rest_fail(call, 404, NULL);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void skw_rest_default_connections(struct skw_rest_call *call)
{
	const struct skw_network_place *place = skw_network_find(call->chain->network.name);
	const char *sorted[DEFAULTS_MAX];
	size_t count = 0;

	for (; place != NULL && count < DEFAULTS_MAX && place->peers[count] != NULL; count++)
		sorted[count] = place->peers[count];
	if (count > 0)
		qsort(sorted, count, sizeof(sorted[0]), by_text);
	skw_json_list(&call->json, NULL);
	for (size_t i = 0; i < count; i++)
		skw_json_string(&call->json, NULL, sorted[i]);
	skw_json_end_list(&call->json);
}

/* Peers that the operator named, or those heard of. */
static void list_peers(struct skw_rest_call *call, bool named)
{
	const struct skw_peers *peers =
	    call->chain->sync != NULL ? skw_sync_peers(call->chain->sync) : NULL;
	char text[SKW_WIRE_PEER_TEXT];

	skw_json_list(&call->json, NULL);
	for (size_t i = 0; peers != NULL && i < peers->count; i++)
		if (peers->peer[i].named == named) {
			skw_wire_peer_print(text, peers->peer[i].at);
			skw_json_string(&call->json, NULL, text);
		}
	skw_json_end_list(&call->json);
}

void skw_rest_trusted_connections(struct skw_rest_call *call)
{
	list_peers(call, true);
}

void skw_rest_exchanged_connections(struct skw_rest_call *call)
{
	list_peers(call, false);
}

void skw_rest_disconnect(struct skw_rest_call *call)
{
	uint64_t id;

	if (!skw_rest_u64(&id, skw_rest_arg(call, "id")) || id == 0 || id > UINT32_MAX)
		skw_rest_fail(call, 400, "invalid id");
	else if (call->chain->sync == NULL || !skw_sync_disconnect(call->chain->sync, (uint32_t)id))
		skw_rest_fail(call, 404, NULL);
	else {
		skw_json_object(&call->json, NULL);
		skw_json_end_object(&call->json);
	}
}

/* ---- progress ---- */

static bool highest(void *context, const struct skw_sync_connection *c)
{
	uint64_t *most = context;

	if (c->introduced && c->height > *most)
		*most = c->height;
	return true;
}

static bool show_height(void *context, const struct skw_sync_connection *c)
{
	struct skw_json *j = context;

	if (!c->introduced)
		return true;
	skw_json_object(j, NULL);
	show_peer(j, c->at);
	skw_json_u64(j, "height", c->height);
	skw_json_end_object(j);
	return true;
}

void skw_rest_progress(struct skw_rest_call *call)
{
	uint64_t seq = skw_chain_head(call->chain).header.seq, most = seq;
	struct skw_json *j = &call->json;

	if (call->chain->sync != NULL)
		skw_sync_each(call->chain->sync, highest, &most);
	skw_json_object(j, NULL);
	skw_json_u64(j, "current", seq);
	skw_json_u64(j, "highest", most);
	skw_json_list(j, "peers");
	if (call->chain->sync != NULL)
		skw_sync_each(call->chain->sync, show_height, j);
	skw_json_end_list(j);
	skw_json_end_object(j);
}

struct resend {
	struct skw_rest_call *call;
	struct skw_sha256 group[SKW_WIRE_HASHES_MAX];
	size_t count;
};

static bool resend_one(void *context, const struct skw_pending *pending)
{
	struct resend *resend = context;

	if (!pending->valid)
		return true;
	resend->group[resend->count++] = pending->txid;
	skw_rest_show_hash(&resend->call->json, NULL, &pending->txid);
	if (resend->count == SKW_WIRE_HASHES_MAX) {
		skw_sync_announce(resend->call->chain->sync, resend->group, resend->count);
		resend->count = 0;
	}
	return true;
}

void skw_rest_resend(struct skw_rest_call *call)
{
	struct resend resend = { .call = call };
	enum skw_chain_status status;

	if (call->chain->sync == NULL || skw_sync_introduced(call->chain->sync) == 0) {
		skw_rest_fail(call, 503, "All pool connections are unreachable at this time");
		return;
	}
	skw_json_object(&call->json, NULL);
	skw_json_list(&call->json, "txids");
	status = skw_chain_each_pending(call->chain, resend_one, &resend);
	skw_json_end_list(&call->json);
	skw_json_end_object(&call->json);
	if (resend.count > 0)
		skw_sync_announce(call->chain->sync, resend.group, resend.count);
	if (status != SKW_CHAIN_OK)
		skw_rest_chain_failed(call, status);
}
