/* The clients' side: SOCKS5, then a stream to where it says, or an association for datagrams. */
#include "node/skw_pipe.h"

#include <string.h>

#include "node/skw_places.h"
#include "node/skw_routes.h"
#include "node/skw_users.h"

void socks_answer(struct pipe *p, enum skw_socks5_code code)
{
	uint8_t reply[SKW_SOCKS5_REPLY_LEN];

	skw_socks5_reply(reply, code);
	if (!pipe_write(p, reply, sizeof(reply)))
		pipe_break(p, SKW_SESSION_CONNECTION);
}

/* The request failed: say so, then close once it is written. */
static void socks_refuse(struct pipe *p, enum skw_socks5_code code)
{
	socks_answer(p, code);
	p->stream_dead = true;
	if (p->phase == PHASE_CLOSING)
		return;
	p->shutdown.data = p;
	if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->tcp, pipe_on_shutdown) != 0)
		pipe_close(p);
}

static enum skw_socks5_code socks_code(uint32_t code)
{
	switch (code) {
	case SKW_SESSION_NO_SERVICE:
		return SKW_SOCKS5_HOST_UNREACHABLE;
	case SKW_SESSION_FORBIDDEN:
		return SKW_SOCKS5_NOT_ALLOWED;
	case SKW_SESSION_UNREACHABLE:
		return SKW_SOCKS5_REFUSED;
	case SKW_SESSION_TIMEOUT:
		return SKW_SOCKS5_TTL_EXPIRED;
	default:
		return SKW_SOCKS5_FAILURE;
	}
}

void socks_refused(struct pipe *p, uint32_t code)
{
	socks_refuse(p, socks_code(code));
}

static void open_stream(struct pipe *p)
{
	struct skw_node *node = p->streams->node;
	char service[SKW_PLACE_NAME];
	struct skw_node_address to;

	if (!skw_place_find(node, p->socks.host, p->socks.port, false, service, &to)) {
		skw_node_log(node, SKW_INFO,
			     "socks: no such name here: want SERVICE.NODE.sky, or [socks] exit");
		socks_refuse(p, SKW_SOCKS5_HOST_UNREACHABLE);
		return;
	}
	if (!skw_routes_open(node->routes, &to, service, &p->session, &p->stream)) {
		p->session = 0;
		socks_refuse(p, SKW_SOCKS5_NET_UNREACHABLE);
		return;
	}
	p->phase = PHASE_OPENING;
	uv_read_stop((uv_stream_t *)&p->tcp);
}

/* UDP ASSOCIATE: the connection says nothing more, and the association ends with it. */
static void associate(struct pipe *p)
{
	struct sockaddr_storage client = { 0 }, here = { 0 };
	uint8_t reply[SKW_SOCKS5_REPLY_MAX];
	int client_len = sizeof(client), here_len = sizeof(here);

	if (uv_tcp_getpeername(&p->tcp, (struct sockaddr *)&client, &client_len) == 0 &&
	    uv_tcp_getsockname(&p->tcp, (struct sockaddr *)&here, &here_len) == 0)
		p->association = skw_association_new(p->streams->node->datagrams,
						     (const struct sockaddr *)&client, &here);
	if (p->association == NULL) {
		socks_refuse(p, SKW_SOCKS5_FAILURE);
		return;
	}
	p->phase = PHASE_ASSOCIATED;
	p->stream_dead = true; /* it never had one */
	if (!pipe_write(p, reply, skw_socks5_reply_at(reply, (const struct sockaddr *)&here)))
		pipe_close(p);
}

/* Takes the client's words out of what is held. */
void socks_read(struct pipe *p)
{
	while (p->phase == PHASE_SOCKS && p->held_len > 0) {
		size_t used;
		enum skw_socks5_status status =
		    skw_socks5_input(&p->socks, p->held, p->held_len, &used);

		memmove(p->held, p->held + used, p->held_len - used);
		p->held_len -= used;
		if (p->socks.reply_len > 0 && !pipe_write(p, p->socks.reply, p->socks.reply_len))
			status = SKW_SOCKS5_BAD;
		if (status == SKW_SOCKS5_BAD) {
			p->stream_dead = true;
			p->shutdown.data = p;
			uv_read_stop((uv_stream_t *)&p->tcp);
			if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->tcp, pipe_on_shutdown) !=
			    0)
				pipe_close(p);
			return;
		}
		if (status == SKW_SOCKS5_REQUEST && p->socks.command == SKW_SOCKS5_ASSOCIATE)
			associate(p);
		else if (status == SKW_SOCKS5_REQUEST)
			open_stream(p);
	}
}

void socks_on_client(uv_stream_t *listener, int status)
{
	struct skw_streams *s = listener->data;
	struct pipe *p;

	if (status < 0)
		return;
	p = pipe_new(s);
	if (p == NULL)
		return; /* it waits in the backlog until one ends */
	p->client = true;
	p->phase = PHASE_SOCKS;
	if (s->node->users != NULL) {
		p->socks.allow = skw_users_allow;
		p->socks.users = s->node->users;
	}
	if (uv_accept(listener, (uv_stream_t *)&p->tcp) != 0 ||
	    uv_read_start((uv_stream_t *)&p->tcp, pipe_on_alloc, pipe_on_read) != 0)
		pipe_break(p, SKW_SESSION_CONNECTION);
}
