/* The network around the chain: connections, progress, what is told to peers. */
#include <string.h>

#include "ledger/skw_rest_inside.h"

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
			      "Invalid direction parameter. Valid directions are "
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
