#include "node/skw_control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, CLIENTS_MAX = 16, UNREAD_MAX = 1 << 20 };

struct skw_control {
	struct skw_node *node;
	uv_pipe_t listener;
	char path[SKW_CONFIG_TEXT];
	struct client *first;
	size_t clients;
	uint64_t last_number;
	bool closed;
};

struct client {
	struct skw_control *control;
	struct client *next;
	uint64_t number;
	uv_pipe_t pipe;
	uv_shutdown_t end;
	char line[LINE_MAX_BYTES];
	size_t len;
	bool asked, answered;
};

struct said {
	uv_write_t request;
	char *text;
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

	for (struct client **at = &c->first; *at != NULL; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			break;
		}
	}
	free(client);
	c->clients--;
	drop(c);
}

static void hang_up(struct client *client)
{
	client->answered = true;
	if (!uv_is_closing((uv_handle_t *)&client->pipe))
		uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_ended(uv_shutdown_t *request, int status)
{
	(void)status;
	hang_up(request->data);
}

static void on_written(uv_write_t *request, int status)
{
	struct said *said = (struct said *)request;

	(void)status;
	free(said->text);
	free(said);
}

static bool write_line(struct client *client, const json_t *line)
{
	struct said *said = calloc(1, sizeof(*said));
	char *text = json_dumps(line, JSON_COMPACT);
	uv_buf_t buf;

	if (said != NULL && text != NULL && asprintf(&said->text, "%s\n", text) >= 0) {
		buf = uv_buf_init(said->text, (unsigned)strlen(said->text));
		free(text);
		if (uv_write(&said->request, (uv_stream_t *)&client->pipe, &buf, 1, on_written) ==
		    0)
			return true;
		free(said->text);
	} else {
		free(text);
	}
	free(said);
	return false;
}

bool skw_control_say(struct skw_control *c, uint64_t number, json_t *line, bool last)
{
	struct client *client = c->first;

	while (client != NULL && client->number != number)
		client = client->next;
	if (client != NULL && client->answered)
		client = NULL;
	if (client != NULL &&
	    (uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe) > UNREAD_MAX ||
	     !write_line(client, line))) {
		hang_up(client);
		client = NULL;
	}
	json_decref(line);
	if (client == NULL)
		return false;
	if (last) {
		client->answered = true;
		client->end.data = client;
		if (uv_shutdown(&client->end, (uv_stream_t *)&client->pipe, on_ended) != 0)
			hang_up(client);
	}
	return true;
}

static void answer(struct client *client)
{
	struct skw_control *c = client->control;
	json_t *question = json_loadb(client->line, client->len, 0, NULL);
	json_t *reply = json_is_string(json_object_get(question, "command"))
			    ? skw_node_answer(c->node, question, client->number)
			    : json_pack("{s:s}", "error", "want a line {\"command\": \"...\"}");

	json_decref(question);
	if (reply != NULL)
		skw_control_say(c, client->number, reply, true);
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

	(void)buf;
	if (n == 0)
		return;
	if (n < 0) { /* the end, or a line that does not fit */
		if (!client->answered || n != UV_EOF)
			hang_up(client);
		return;
	}
	client->len += (size_t)n;
	if (client->asked || memchr(client->line, '\n', client->len) == NULL) {
		client->len = client->asked ? 0 : client->len; /* one question each */
		return;
	}
	client->asked = true;
	answer(client);
	client->len = 0;
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
	client->number = ++c->last_number;
	client->next = c->first;
	c->first = client;
	uv_pipe_init(c->node->loop, &client->pipe, 0);
	c->clients++;
	if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
	    uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0)
		hang_up(client);
}

/* Takes away the socket of an earlier life; what is no socket, or answers, is somebody else's. */
static const char *clear_place(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat there;
	bool answers;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return "the path is too long for a socket";
	if (lstat(path, &there) != 0)
		return NULL;
	if (!S_ISSOCK(there.st_mode))
		return "something that is no socket is there";
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	answers = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	if (answers)
		return "another program answers there";
	unlink(path);
	return NULL;
}

struct skw_control *skw_control_open(struct skw_node *node, const char *path)
{
	const char *wrong = clear_place(path);
	struct skw_control *c = wrong == NULL ? calloc(1, sizeof(*c)) : NULL;
	mode_t mask;
	int result;

	if (c == NULL) {
		snprintf(node->error, sizeof(node->error), "[node] control: %.150s: %s", path,
			 wrong != NULL ? wrong : "out of memory");
		return NULL;
	}
	mask = umask(0177); /* nobody else, from the first moment */
	c->node = node;
	snprintf(c->path, sizeof(c->path), "%s", path);
	uv_pipe_init(node->loop, &c->listener, 0);
	c->listener.data = c;
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
