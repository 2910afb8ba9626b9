/* Users: each opens one stream at a time to another user, sends a pattern both ways and checks
 * every byte that comes. Where the daemon joins SOCKS5 and services to sessions, this joins them.
 */

#include "net/skw_net_inside.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_S = 120, CHUNK = 4096 };

struct skw_streams {
	struct net_node *node;
};

struct skw_streams *skw_streams_new(struct skw_node *node)
{
	struct skw_streams *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->node = (struct net_node *)node;
	return s;
}

void skw_streams_free(struct skw_streams *streams)
{
	free(streams);
}

/* Byte `at` of a transfer, up (0) or down (1): no two transfers, directions or places look alike.
 */
static uint8_t pattern(uint32_t transfer, unsigned way, uint64_t at)
{
	uint64_t x = (((uint64_t)transfer * 2 + way) << 32 ^ at) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint8_t)(x >> 40 ^ x >> 56);
}

static struct net_pipe *find(struct net_node *n, uint32_t session, uint32_t stream)
{
	for (unsigned i = 0; i < NET_PIPES; i++)
		if (n->pipes[i].used && n->pipes[i].session == session &&
		    n->pipes[i].stream == stream)
			return &n->pipes[i];
	return NULL;
}

static struct net_pipe *new_pipe(struct net_node *n, uint32_t session, uint32_t stream,
				 uint32_t transfer, bool server)
{
	for (unsigned i = 0; i < NET_PIPES; i++)
		if (!n->pipes[i].used) {
			n->pipes[i] = (struct net_pipe) { .used = true,
							  .server = server,
							  .session = session,
							  .stream = stream,
							  .transfer = transfer };
			return &n->pipes[i];
		}
	return NULL;
}

/* ---- Bytes ---- */

static void write_on(struct net_node *n, struct net_pipe *p)
{
	uint64_t total = n->net->transfers[p->transfer].bytes[p->server];
	uint64_t now = n->net->now_us;
	uint8_t chunk[CHUNK];

	while (p->written < total) {
		size_t len = total - p->written < CHUNK ? (size_t)(total - p->written) : CHUNK;
		size_t took;

		for (size_t i = 0; i < len; i++)
			chunk[i] = pattern(p->transfer, p->server, p->written + i);
		took = skw_session_write(n->node.session, p->session, p->stream, chunk, len, now);
		p->written += took;
		if (took < len)
			return;
	}
	skw_session_finish(n->node.session, p->session, p->stream, now);
}

static void read_on(struct net_node *n, struct net_pipe *p)
{
	uint64_t total = n->net->transfers[p->transfer].bytes[!p->server];
	uint8_t chunk[CHUNK];
	size_t len;

	do {
		len = skw_session_read(n->node.session, p->session, p->stream, chunk, CHUNK,
				       &p->ended, n->net->now_us);
		for (size_t i = 0; i < len; i++)
			if (chunk[i] != pattern(p->transfer, !p->server, p->read + i)) {
				net_violated(
				    n->net, "node %u: byte %llu of stream t%u is not what was sent",
				    n->index, (unsigned long long)(p->read + i), p->transfer);
				return;
			}
		p->read += len;
		n->net->stats.stream_bytes += len;
	} while (len == CHUNK);
	if (p->read > total || (p->ended && p->read != total))
		net_violated(n->net, "node %u: stream t%u gave %llu bytes of %llu%s", n->index,
			     p->transfer, (unsigned long long)p->read, (unsigned long long)total,
			     p->ended ? " and ended" : "");
}

/* ---- Life of a stream ---- */

static void lose(struct net_node *n, struct net_pipe *p)
{
	struct net_transfer *t = &n->net->transfers[p->transfer];

	net_note(n->net, "node %u: stream t%u is lost, %llu sent and %llu read", n->index,
		 p->transfer, (unsigned long long)p->written, (unsigned long long)p->read);
	if (!p->server) {
		n->net->stats.failed++;
		t->active = false;
		n->transfer = 0;
	}
	p->used = false;
}

static void finished(struct net_node *n, struct net_pipe *p)
{
	struct net_transfer *t = &n->net->transfers[p->transfer];

	if (!p->ended || p->written != t->bytes[p->server] || p->read != t->bytes[!p->server])
		net_violated(n->net, "node %u: stream t%u is finished before its end", n->index,
			     p->transfer);
	if (!p->server) {
		t->active = false;
		n->transfer = 0;
		n->net->stats.completed++;
	}
	p->used = false;
}

static bool comes_from(const struct net_node *n, uint32_t session, uint32_t client)
{
	struct skw_session_info info;
	uint32_t cursor = 0;

	while (skw_session_next(n->node.session, &cursor, &info))
		if (info.session == session)
			return skw_node_address_equal(&info.address,
						      &n->net->nodes[client].identity.address);
	return false;
}

static void opened(struct net_node *n, const struct skw_session_out *out)
{
	struct skw_net *net = n->net;
	unsigned long transfer = out->name[0] == 't' ? strtoul(out->name + 1, NULL, 10) : 0;
	struct net_pipe *p;

	if (transfer >= net->transfer_count || net->transfers[transfer].server != n->index ||
	    !comes_from(n, out->session, net->transfers[transfer].client)) {
		net_violated(net, "node %u: a stream %s that nobody sent it", n->index, out->name);
		return;
	}
	p = new_pipe(n, out->session, out->stream, (uint32_t)transfer, true);
	if (p == NULL) {
		skw_session_reset(n->node.session, out->session, out->stream, SKW_SESSION_TOO_MANY,
				  net->now_us);
		return;
	}
	skw_session_accept(n->node.session, out->session, out->stream, net->now_us);
	write_on(n, p);
}

void skw_streams_on_event(struct skw_streams *streams, const struct skw_session_out *out)
{
	struct net_node *n = streams->node;
	struct net_pipe *p = find(n, out->session, out->stream);

	if (out->event == SKW_SESSION_OPENED) {
		opened(n, out);
		return;
	}
	if (p == NULL)
		return; /* we gave it up ourselves */
	switch (out->event) {
	case SKW_SESSION_ACCEPTED:
	case SKW_SESSION_WRITABLE:
		write_on(n, p);
		break;
	case SKW_SESSION_READABLE:
		read_on(n, p);
		break;
	case SKW_SESSION_RESET:
		lose(n, p);
		break;
	case SKW_SESSION_FINISHED:
		finished(n, p);
		break;
	case SKW_SESSION_SEND:
	case SKW_SESSION_ESTABLISHED:
	case SKW_SESSION_CLOSED:
	case SKW_SESSION_OPENED:
	case SKW_SESSION_DATAGRAM:
		break;
	}
}

void skw_streams_on_session_closed(struct skw_streams *streams, uint32_t session, uint32_t code)
{
	struct net_node *n = streams->node;

	(void)code;
	for (unsigned i = 0; i < NET_PIPES; i++)
		if (n->pipes[i].used && n->pipes[i].session == session)
			lose(n, &n->pipes[i]);
}

/* The node is gone, and its users with it. */
void net_users_forget(struct skw_net *net, struct net_node *n)
{
	if (n->transfer != 0) {
		net->transfers[n->transfer - 1].active = false;
		net->stats.failed++;
	}
	n->transfer = 0;
	memset(n->pipes, 0, sizeof(n->pipes));
}

bool net_user_idle(const struct net_node *n)
{
	for (unsigned i = 0; i < NET_PIPES; i++)
		if (n->pipes[i].used)
			return false;
	return true;
}

/* ---- What a user does ---- */

static uint32_t new_transfer(struct skw_net *net, uint32_t client, uint32_t server)
{
	if (net->transfer_count == net->transfer_max) {
		net->transfer_max = 2 * net->transfer_max + 256;
		net->transfers =
		    realloc(net->transfers, net->transfer_max * sizeof(*net->transfers));
		if (net->transfers == NULL)
			abort();
	}
	net->transfers[net->transfer_count] = (struct net_transfer) {
		.client = client,
		.server = server,
		.bytes = { net_below(net, net->config.stream_bytes),
			   net_below(net, net->config.stream_bytes) },
		.active = true,
		.begun_us = net->now_us,
	};
	return (uint32_t)net->transfer_count++;
}

/* Whether wires make a path with exactly so many relays: without one a stream fails rightly. */
static bool path_exists(const struct skw_net *net, uint32_t *path, unsigned depth, uint32_t to)
{
	const struct net_node *n = &net->nodes[path[depth]];

	for (uint32_t i = 0; i < n->wire_count; i++) {
		unsigned k = 0;

		path[depth + 1] = net_other_end(&net->wires[n->wires[i]], n->index);
		while (k <= depth && path[k] != path[depth + 1])
			k++;
		if (k <= depth || (path[depth + 1] == to) != (depth == net->config.relays))
			continue;
		if (depth == net->config.relays || path_exists(net, path, depth + 1, to))
			return true;
	}
	return false;
}

static void begin(struct skw_net *net, struct net_node *n)
{
	uint32_t server = (uint32_t)net_below(net, net->config.users), session, stream, t;
	uint32_t path[SKW_PATH_RELAYS_MAX + 2] = { n->index };
	char name[16];

	if (server == n->index || !path_exists(net, path, 0, server))
		return;
	session = skw_routes_session(n->node.routes, &net->nodes[server].identity.address);
	if (session == 0)
		return;
	t = new_transfer(net, n->index, server);
	snprintf(name, sizeof(name), "t%u", t);
	if (skw_session_open(n->node.session, session, name, net->now_us, &stream) !=
		SKW_SESSION_OK ||
	    new_pipe(n, session, stream, t, false) == NULL) {
		net->transfers[t].active = false;
		return;
	}
	n->transfer = t + 1;
	net->stats.streams++;
}

static void close_sessions(struct skw_net *net, struct net_node *n)
{
	struct skw_session_info info;

	for (uint32_t cursor = 0; skw_session_next(n->node.session, &cursor, &info);)
		skw_session_close(n->node.session, info.session, SKW_SESSION_DONE, net->now_us);
}

void net_user(struct skw_net *net, struct net_node *n)
{
	struct net_transfer *t = n->transfer != 0 ? &net->transfers[n->transfer - 1] : NULL;

	net_at_work = n;
	if (t == NULL) {
		if (!net->rest)
			begin(net, n);
		else if (net_user_idle(n))
			close_sessions(net, n);
		return;
	}
	if (net->now_us - t->begun_us < PATIENCE_S * NET_SECOND)
		return;
	for (unsigned i = 0; i < NET_PIPES; i++) {
		struct net_pipe *p = &n->pipes[i];

		if (!p->used || p->server || p->transfer != n->transfer - 1)
			continue;
		net_note(net, "node %u: gave up on stream t%u", n->index, p->transfer);
		skw_session_reset(n->node.session, p->session, p->stream, SKW_SESSION_TIMEOUT,
				  net->now_us);
		lose(n, p);
		return;
	}
}

void skw_net_rest(struct skw_net *net)
{
	net->rest = true;
}
