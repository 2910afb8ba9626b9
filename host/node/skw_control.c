#include "node/skw_control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, CLIENTS_MAX = 16 };

struct skw_control {
	struct skw_node *node;
	uv_pipe_t listener;
	char path[SKW_CONFIG_TEXT];
	size_t clients;
	bool closed;
};

struct client {
	struct skw_control *control;
	uv_pipe_t pipe;
	uv_write_t write;
	char line[LINE_MAX_BYTES];
	size_t len;
	char *answer;
};

static void drop(struct skw_control *c)
{
	if (c->closed && c->clients == 0)
		free(c);
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct skw_control *c = client->control;

	free(client->answer);
	free(client);
	c->clients--;
	drop(c);
}

static void hang_up(struct client *client)
{
	if (!uv_is_closing((uv_handle_t *)&client->pipe))
		uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_written(uv_write_t *request, int status)
{
	(void)status;
	hang_up(request->data);
}

static void answer(struct client *client)
{
	struct skw_control *c = client->control;
	json_t *question = json_loadb(client->line, client->len, 0, NULL);
	const char *command = json_string_value(json_object_get(question, "command"));
	json_t *reply =
	    command != NULL
		? skw_node_answer(c->node, command,
				  json_string_value(json_object_get(question, "action")))
		: json_pack("{s:s}", "error", "want a line {\"command\": \"...\"}");
	char *text = json_dumps(reply, JSON_COMPACT);
	uv_buf_t buf;

	json_decref(question);
	json_decref(reply);
	if (text != NULL && asprintf(&client->answer, "%s\n", text) < 0)
		client->answer = NULL;
	free(text);
	if (client->answer == NULL) {
		hang_up(client);
		return;
	}
	buf = uv_buf_init(client->answer, (unsigned)strlen(client->answer));
	client->write.data = client;
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1, on_written) != 0)
		hang_up(client);
	skw_node_pump(c->node);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct client *client = handle->data;

	(void)suggested;
	*buf =
	    uv_buf_init(client->line + client->len, (unsigned)(sizeof(client->line) - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *client = stream->data;
	bool whole;

	(void)buf;
	if (n == 0)
		return;
	if (n < 0) { /* the end, or a line that does not fit */
		hang_up(client);
		return;
	}
	whole = memchr(client->line + client->len, '\n', (size_t)n) != NULL;
	client->len += (size_t)n;
	if (!whole)
		return;
	uv_read_stop(stream);
	answer(client);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct skw_control *c = listener->data;
	struct client *client =
	    status == 0 && c->clients < CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;

	if (client == NULL)
		return;
	client->control = c;
	client->pipe.data = client;
	uv_pipe_init(c->node->loop, &client->pipe, 0);
	c->clients++;
	if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
	    uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0)
		hang_up(client);
}

struct skw_control *skw_control_open(struct skw_node *node, const char *path)
{
	struct skw_control *c = calloc(1, sizeof(*c));
	mode_t mask = umask(0177); /* nobody else, from the first moment */
	int result;

	if (c == NULL) {
		umask(mask);
		return NULL;
	}
	c->node = node;
	snprintf(c->path, sizeof(c->path), "%s", path);
	uv_pipe_init(node->loop, &c->listener, 0);
	c->listener.data = c;
	unlink(path); /* of an earlier life */
	result = uv_pipe_bind(&c->listener, path);
	if (result == 0)
		result = uv_listen((uv_stream_t *)&c->listener, CLIENTS_MAX, on_connection);
	umask(mask);
	if (result == 0)
		return c;
	snprintf(node->error, sizeof(node->error), "[node] control: %.150s: %s", path,
		 uv_strerror(result));
	skw_control_close(c);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct skw_control *c = handle->data;

	c->closed = true;
	drop(c);
}

void skw_control_close(struct skw_control *c)
{
	if (c == NULL)
		return;
	unlink(c->path);
	uv_close((uv_handle_t *)&c->listener, on_closed);
}
