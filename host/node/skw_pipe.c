/* Bytes between a socket and a stream; each holds the other back. */
#include "node/skw_pipe.h"

#include <stdlib.h>
#include <string.h>

enum { PIPES_MAX = 768, CHUNK = SKW_PIPE_CHUNK, UNSENT_MAX = 262144 };

struct write {
	uv_write_t request;
	struct pipe *pipe;
	uint8_t data[];
};

uint64_t pipe_now(struct pipe *p)
{
	return skw_node_now(p->streams->node);
}

/* ---- The life of a pipe ---- */

void streams_drop(struct skw_streams *s)
{
	if (s->freed && s->count == 0 && s->handles == 0)
		free(s);
}

void pipe_release(struct pipe *p)
{
	struct skw_streams *s = p->streams;

	if (p->looking_up || !p->closed)
		return;
	for (struct pipe **at = &s->pipes; *at != NULL; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	free(p);
	s->count--;
	streams_drop(s);
}

static void on_pipe_closed(uv_handle_t *handle)
{
	struct pipe *p = handle->data;

	p->closed = true;
	pipe_release(p);
}

void pipe_close(struct pipe *p)
{
	if (p->phase == PHASE_CLOSING)
		return;
	p->phase = PHASE_CLOSING;
	if (p->association != NULL)
		skw_association_end(p->association);
	p->association = NULL;
	if (p->looking_up)
		uv_cancel((uv_req_t *)&p->lookup);
	uv_close((uv_handle_t *)&p->tcp, on_pipe_closed);
}

/* The socket broke, or nobody wants it: the stream goes too. */
void pipe_break(struct pipe *p, uint32_t code)
{
	if (!p->stream_dead && p->phase != PHASE_SOCKS)
		skw_session_reset(p->streams->node->session, p->session, p->stream, code,
				  pipe_now(p));
	p->stream_dead = true;
	pipe_close(p);
}

struct pipe *pipe_new(struct skw_streams *s)
{
	struct pipe *p = s->count < PIPES_MAX ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return NULL;
	p->streams = s;
	p->tcp.data = p;
	uv_tcp_init(s->node->loop, &p->tcp);
	uv_tcp_nodelay(&p->tcp, 1);
	p->next = s->pipes;
	s->pipes = p;
	s->count++;
	return p;
}

/* ---- Stream to socket ---- */

static void on_written(uv_write_t *request, int status)
{
	struct write *w = (struct write *)request;
	struct pipe *p = w->pipe;

	free(w);
	if (p->phase == PHASE_CLOSING)
		return;
	if (status < 0)
		pipe_break(p, SKW_SESSION_CONNECTION);
	else if (p->phase == PHASE_FLOWING)
		pipe_read(p);
	skw_node_pump(p->streams->node);
}

bool pipe_write(struct pipe *p, const uint8_t *data, size_t len)
{
	struct write *w = malloc(sizeof(*w) + len);
	uv_buf_t buf;

	if (w == NULL)
		return false;
	w->pipe = p;
	memcpy(w->data, data, len);
	buf = uv_buf_init((char *)w->data, (unsigned)len);
	if (uv_write(&w->request, (uv_stream_t *)&p->tcp, &buf, 1, on_written) == 0)
		return true;
	free(w);
	return false;
}

void pipe_on_shutdown(uv_shutdown_t *request, int status)
{
	struct pipe *p = request->data;

	if (p->phase == PHASE_CLOSING)
		return;
	if (status < 0)
		pipe_break(p, SKW_SESSION_CONNECTION);
	else if (p->stream_dead)
		pipe_close(p);
	skw_node_pump(p->streams->node);
}

/* Moves what the stream has while the socket keeps up. */
void pipe_read(struct pipe *p)
{
	uint8_t data[CHUNK];
	size_t n = CHUNK;

	while (!p->stream_dead && !p->ended && n == CHUNK &&
	       uv_stream_get_write_queue_size((uv_stream_t *)&p->tcp) < UNSENT_MAX) {
		n = skw_session_read(p->streams->node->session, p->session, p->stream, data,
				     sizeof(data), &p->ended, pipe_now(p));
		if (n > 0 && !pipe_write(p, data, n)) {
			pipe_break(p, SKW_SESSION_CONNECTION);
			return;
		}
		if (p->ended) {
			p->shutdown.data = p;
			if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->tcp, pipe_on_shutdown) !=
			    0)
				pipe_break(p, SKW_SESSION_CONNECTION);
		}
	}
}

/* ---- Socket to stream ---- */

void pipe_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct pipe *p = handle->data;

	(void)suggested;
	*buf =
	    uv_buf_init((char *)p->held + p->held_len, (unsigned)(sizeof(p->held) - p->held_len));
}

/* Gives the stream what is held; reads on when it took all. */
void pipe_take(struct pipe *p)
{
	struct skw_session *session = p->streams->node->session;
	size_t took =
	    skw_session_write(session, p->session, p->stream, p->held, p->held_len, pipe_now(p));

	memmove(p->held, p->held + took, p->held_len - took);
	p->held_len -= took;
	if (p->held_len > 0)
		uv_read_stop((uv_stream_t *)&p->tcp); /* until WRITABLE */
	else if (p->held_end)
		skw_session_finish(session, p->session, p->stream, pipe_now(p));
	else
		uv_read_start((uv_stream_t *)&p->tcp, pipe_on_alloc, pipe_on_read);
}

void pipe_start(struct pipe *p)
{
	p->phase = PHASE_FLOWING;
	pipe_take(p);
	pipe_read(p);
}

void pipe_on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
	struct pipe *p = tcp->data;

	(void)buf;
	if (n == 0)
		return;
	if (n < 0 && (n != UV_EOF || p->phase != PHASE_FLOWING)) {
		pipe_break(p, SKW_SESSION_CONNECTION);
	} else {
		if (n < 0) {
			p->held_end = true;
			uv_read_stop(tcp);
		} else {
			p->held_len += (size_t)n;
		}
		if (p->phase == PHASE_SOCKS)
			socks_read(p);
		else if (p->phase == PHASE_FLOWING && !p->stream_dead)
			pipe_take(p);
		else if (p->phase == PHASE_ASSOCIATED)
			p->held_len = 0; /* nothing is to be said here */
	}
	skw_node_pump(p->streams->node);
}
