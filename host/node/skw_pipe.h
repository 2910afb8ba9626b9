/* skw_pipe - one TCP connection and its stream: what the files of skw_streams share. skw_pipe.c
 * moves bytes, skw_streams_socks.c speaks with clients, skw_streams.c with the session room and
 * services. */
#ifndef SKW_PIPE_H
#define SKW_PIPE_H

#include "node/skw_datagrams.h"
#include "node/skw_socks5.h"
#include "node/skw_streams.h"

enum { SKW_PIPE_CHUNK = 16384 };

enum phase {
	PHASE_SOCKS,   /* reading the client's request */
	PHASE_OPENING, /* the stream is opened, or our own TCP connection is */
	PHASE_FLOWING,
	PHASE_ASSOCIATED, /* UDP goes beside it */
	PHASE_CLOSING,    /* the socket is being closed */
};

/* One TCP connection and its stream. */
struct pipe {
	struct skw_streams *streams;
	struct pipe *next;
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_getaddrinfo_t lookup;
	uv_shutdown_t shutdown;
	enum phase phase;
	bool client;      /* SOCKS5 side */
	bool stream_dead; /* session and stream mean nothing any more */
	bool ended;       /* the stream has no more for the socket */
	bool outside;     /* we are the exit of it */
	uint32_t session, stream;
	struct skw_socks5 socks;
	struct skw_association *association;
	uint8_t held[SKW_PIPE_CHUNK]; /* read from the socket, not taken by the stream yet */
	size_t held_len;
	bool held_end;           /* the socket's end follows what is held */
	bool looking_up, closed; /* what still points here */
};

struct skw_streams {
	struct skw_node *node;
	uv_tcp_t listener;
	bool listening, freed;
	struct pipe *pipes;
	size_t count, handles;
};

/* skw_pipe.c */
uint64_t pipe_now(struct pipe *p);
/* NULL: too many. */
struct pipe *pipe_new(struct skw_streams *s);
void pipe_close(struct pipe *p);
/* The socket broke, or nobody wants it: the stream goes too. */
void pipe_break(struct pipe *p, uint32_t code);
/* Once nothing points to it any more: its memory goes. */
void pipe_release(struct pipe *p);
void streams_drop(struct skw_streams *s);
bool pipe_write(struct pipe *p, const uint8_t *data, size_t len);
void pipe_on_shutdown(uv_shutdown_t *request, int status);
/* Moves what the stream has while the socket keeps up. */
void pipe_read(struct pipe *p);
/* Gives the stream what is held; reads on when it took all. */
void pipe_take(struct pipe *p);
void pipe_start(struct pipe *p);
void pipe_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
void pipe_on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf);

/* skw_streams_socks.c */
void socks_on_client(uv_stream_t *listener, int status);
/* Takes the client's words out of what is held. */
void socks_read(struct pipe *p);
void socks_answer(struct pipe *p, enum skw_socks5_code code);
/* The request failed, by a code of the session's: say so, then close once it is written. */
void socks_refused(struct pipe *p, uint32_t code);

#endif
