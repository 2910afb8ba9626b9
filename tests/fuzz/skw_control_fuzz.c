/* rooms: wire keys modem plain mac link onion session ledger pay http node
 *
 * skw_control: lines on the control socket of a daemon that is up, with no radio and no peers; the
 * input may come in two pieces. Whoever sends a line of at most 1023 bytes gets one line, a JSON
 * object; whoever does not gets nothing; nobody is left hanging when both have ended. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "node/skw_node.h"
#include "skw_fuzz.h"

static uv_loop_t loop;
static struct skw_config config;
static struct skw_node node;

static void turn(void)
{
	for (unsigned i = 0; i < 6; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static int dial(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", config.node.control);
	FUZZ_CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static void say(int fd, const uint8_t *data, size_t len)
{
	if (len > 0 && send(fd, data, len, MSG_NOSIGNAL) < 0)
		return; /* it hung up on us */
	turn();
}

static size_t hear(int fd, char *answer, size_t room)
{
	size_t len = 0;
	ssize_t got;

	for (unsigned i = 0; i < 50; i++) {
		got = recv(fd, answer + len, room - len, 0);
		if (got == 0)
			break;
		if (got > 0)
			len += (size_t)got;
		turn();
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char answer[262144];
	size_t cut, len;
	const uint8_t *end;
	json_t *json;
	int fd;

	if (size == 0)
		return 0;
	cut = data[0] < size ? data[0] : size - 1;
	data++;
	size--;
	if (cut > size)
		cut = size;
	end = memchr(data, '\n', size);
	fd = dial();
	say(fd, data, cut);
	say(fd, data + cut, size - cut);
	shutdown(fd, SHUT_WR);
	len = hear(fd, answer, sizeof(answer));
	close(fd);
	turn();
	if (end == NULL)
		FUZZ_CHECK(len == 0);
	else if (end - data < 1023)
		FUZZ_CHECK(len > 0);
	if (len > 0) {
		FUZZ_CHECK(answer[len - 1] == '\n');
		FUZZ_CHECK(memchr(answer, '\n', len - 1) == NULL);
		json = json_loadb(answer, len, 0, NULL);
		FUZZ_CHECK(json_is_object(json));
		json_decref(json);
	}
	return 0;
}

static void tidy(void)
{
	char path[SKW_CONFIG_TEXT + 32];
	static const char *const files[] = { "key", "state.db", "state.db-wal", "state.db-shm",
					     "control" };

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", config.node.state, files[i]);
		unlink(path);
	}
	rmdir(config.node.state);
}

static void prepare(void)
{
	char folder[] = "/tmp/skw-fuzz-XXXXXX";

	FUZZ_CHECK(mkdtemp(folder) != NULL);
	snprintf(config.node.name, sizeof(config.node.name), "fuzz");
	snprintf(config.node.state, sizeof(config.node.state), "%s", folder);
	snprintf(config.node.control, sizeof(config.node.control), "%s/control", folder);
	snprintf(config.node.log, sizeof(config.node.log), "broken");
	snprintf(config.ledger.mode, sizeof(config.ledger.mode), "none");
	uv_loop_init(&loop);
	if (!skw_node_start(&node, &config, &loop)) {
		fprintf(stderr, "%s\n", node.error);
		abort();
	}
	atexit(tidy);
}

static void seeds(void)
{
	static const char *const commands[] = { "status",    "links", "circuits", "sessions",
						"directory", "pay",   "ledger",   "path" };
	char text[128];

	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		snprintf(text, sizeof(text), "\x14{\"command\": \"%s\", \"action\": \"history\"}\n",
			 commands[i]);
		fuzz_seed_text(commands[i], text);
	}
}

FUZZ_START_WITH(prepare, seeds)
