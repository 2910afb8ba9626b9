#include "air/skw_air_server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "air/skw_air_clock.h"
#include "air/skw_air_report.h"
#include "air/skw_air_socket.h"
#include "air/skw_air_world.h"

enum {
	CLIENTS = SKW_AIR_RADIOS + 16,
	REQUEST_MAX = 64,    /* bytes of the first line */
	PENDING_MAX = 65536, /* bytes that a board has not taken: then its client is not read */
	OUTBOX = 65536,      /* bytes that a client has not taken: then its board waits */
};

struct client {
	int fd;       /* -1: none */
	int seat;     /* -1: no radio yet */
	bool closing; /* once the outbox is empty */
	size_t asked, out, sent;
	char request[REQUEST_MAX];
	uint8_t outbox[OUTBOX];
};

struct server {
	const struct skw_air_scenario *s;
	struct skw_air_world *world;
	struct skw_air_clock clock;
	unsigned threads;
	uint64_t start_ns, run_ns, run_samples;
	bool more; /* a board has bytes that it could take now */
	int listener;
	struct client client[CLIENTS];
};

static volatile sig_atomic_t stop_wanted, status_wanted;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		status_wanted = 1;
	else
		stop_wanted = 1;
}

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- answers --------------------------------------------------------------------------------- */

static int owner(const struct server *v, unsigned seat)
{
	for (int i = 0; i < CLIENTS; i++)
		if (v->client[i].fd >= 0 && v->client[i].seat == (int)seat)
			return i;
	return -1;
}

static size_t report(const struct server *v, char text[SKW_AIR_REPORT_MAX])
{
	struct skw_air_facts facts = {
		.s = v->s,
		.world = v->world,
		.threads = v->threads,
		.wall_ns = wall_ns() - v->start_ns,
		.run_ns = v->run_ns,
		.run_samples = v->run_samples,
	};

	for (unsigned i = 0; i < v->s->radios; i++)
		facts.connected[i] = owner(v, i) >= 0;
	return skw_air_report(text, SKW_AIR_REPORT_MAX, &facts);
}

static void answer(struct client *c, const char *text, size_t len)
{
	if (len > sizeof(c->outbox) - c->out)
		len = sizeof(c->outbox) - c->out;
	memcpy(c->outbox + c->out, text, len);
	c->out += len;
}

static void answer_list(const struct server *v, struct client *c)
{
	char line[SKW_AIR_NAME + 16];

	for (unsigned i = 0; i < v->s->radios; i++) {
		int n = snprintf(line, sizeof(line), "radio %s %s\n", v->s->radio[i].name,
				 owner(v, i) >= 0 ? "busy" : "free");

		answer(c, line, (size_t)n);
	}
	answer(c, "ok\n", 3);
}

static void answer_status(const struct server *v, struct client *c)
{
	char text[SKW_AIR_REPORT_MAX];
	size_t len = report(v, text);

	answer(c, text, len);
}

static void refuse(struct client *c, const char *why)
{
	answer(c, "error: ", 7);
	answer(c, why, strlen(why));
	answer(c, "\n", 1);
	c->closing = true;
}

static void take_seat(struct server *v, struct client *c, const char *name)
{
	int seat = skw_air_scenario_find(v->s, name);

	if (seat < 0) {
		refuse(c, "no such radio on this air");
	} else if (owner(v, (unsigned)seat) >= 0) {
		refuse(c, "that radio is in use");
	} else if (!skw_air_world_seat(v->world, (unsigned)seat)) {
		refuse(c, "out of memory");
	} else {
		c->seat = seat;
		answer(c, "ok\n", 3);
	}
}

static void on_request(struct server *v, struct client *c)
{
	if (strncmp(c->request, "radio ", 6) == 0) {
		take_seat(v, c, c->request + 6);
		return;
	}
	if (strcmp(c->request, "list") == 0)
		answer_list(v, c);
	else if (strcmp(c->request, "status") == 0)
		answer_status(v, c);
	else
		refuse(c, "say: radio NAME, list or status");
	c->closing = true;
}

/* ---- clients --------------------------------------------------------------------------------- */

static void hang_up(struct server *v, struct client *c)
{
	if (c->seat >= 0)
		skw_air_world_leave(v->world, (unsigned)c->seat);
	close(c->fd);
	c->fd = -1;
	c->seat = -1;
}

static void greet(struct server *v)
{
	int fd = accept4(v->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &v->client[i];

		if (c->fd >= 0)
			continue;
		c->fd = fd;
		c->seat = -1;
		c->closing = false;
		c->asked = c->out = c->sent = 0;
		return;
	}
	close(fd); /* full of strangers */
}

/* What the board says goes to its client as far as there is room. */
static void drain(struct server *v, struct client *c)
{
	struct skw_radio *r =
	    c->seat >= 0 ? skw_air_world_radio(v->world, (unsigned)c->seat) : NULL;

	if (r != NULL)
		c->out += skw_radio_host_read(r, c->outbox + c->out, sizeof(c->outbox) - c->out);
}

/* False if the client is gone. */
static bool flush(struct server *v, struct client *c)
{
	while (c->sent < c->out) {
		ssize_t n =
		    send(c->fd, c->outbox + c->sent, c->out - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			hang_up(v, c);
			return false;
		}
		c->sent += (size_t)n;
	}
	memmove(c->outbox, c->outbox + c->sent, c->out - c->sent);
	c->out -= c->sent;
	c->sent = 0;
	if (c->out == 0 && c->closing) {
		hang_up(v, c);
		return false;
	}
	return true;
}

/* Bytes of the request's line; the rest belongs to the board. */
static size_t ask(struct server *v, struct client *c, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n') {
			c->request[c->asked] = '\0';
			on_request(v, c);
			return i + 1;
		}
		if (c->asked == REQUEST_MAX - 1) {
			refuse(c, "that line is too long");
			return len;
		}
		c->request[c->asked++] = (char)data[i];
	}
	return len;
}

static void on_bytes(struct server *v, struct client *c, const uint8_t *data, size_t len)
{
	struct skw_radio *r;

	if (c->seat < 0 && !c->closing) {
		size_t taken = ask(v, c, data, len);

		data += taken;
		len -= taken;
	}
	if (c->seat < 0 || len == 0)
		return;
	r = skw_air_world_radio(v->world, (unsigned)c->seat);
	if (!skw_radio_host_write(r, data, len)) {
		hang_up(v, c);
		return;
	}
	skw_air_world_service(v->world, (unsigned)c->seat);
}

static bool wants_bytes(struct server *v, const struct client *c)
{
	if (c->closing)
		return false;
	return c->seat < 0 || skw_radio_host_pending(
				  skw_air_world_radio(v->world, (unsigned)c->seat)) < PENDING_MAX;
}

static void listen_to(struct server *v, struct client *c)
{
	uint8_t data[16384];
	ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);

	if (n > 0)
		on_bytes(v, c, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hang_up(v, c);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* A board that could not take all its bytes in one service goes on with them. */
static void serve_pending(struct server *v)
{
	v->more = false;
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &v->client[i];
		struct skw_radio *r;
		size_t before;

		if (c->fd < 0 || c->seat < 0)
			continue;
		r = skw_air_world_radio(v->world, (unsigned)c->seat);
		before = skw_radio_host_pending(r);
		if (before > 0) {
			skw_air_world_service(v->world, (unsigned)c->seat);
			v->more |= skw_radio_host_pending(r) < before;
		}
	}
}

static void answer_hosts(struct server *v)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &v->client[i];

		if (c->fd < 0)
			continue;
		drain(v, c);
		if (c->out > 0 || c->closing)
			flush(v, c);
	}
}

static struct timespec patience(struct server *v, enum skw_air_step last)
{
	uint64_t now = wall_ns(), next, when, wait = 3600ull * 1000000000;

	if (last == SKW_AIR_RAN || v->more)
		return (struct timespec) { 0, 0 };
	next = skw_air_world_next(v->world);
	if (next != UINT64_MAX) {
		when = skw_air_clock_when(&v->clock, next);
		wait = when <= now ? 0 : when - now < wait ? when - now : wait;
	}
	return (struct timespec) { (time_t)(wait / 1000000000), (long)(wait % 1000000000) };
}

/* Time goes as far as it may: over silence at once, through gates by one chunk. */
static enum skw_air_step advance(struct server *v)
{
	uint64_t began = wall_ns(), from, ended;
	enum skw_air_step step;

	do {
		from = skw_air_world_time(v->world);
		step = skw_air_world_step(v->world, skw_air_clock_limit(&v->clock, began));
	} while (step == SKW_AIR_MOVED);
	if (step == SKW_AIR_RAN) {
		ended = wall_ns();
		v->run_ns += ended - began;
		v->run_samples += skw_air_world_time(v->world) - from;
		skw_air_clock_fell_behind(&v->clock, ended, skw_air_world_time(v->world));
	}
	return step;
}

static unsigned watch(struct server *v, struct pollfd *on, struct client **who)
{
	unsigned n = 1;

	on[0] = (struct pollfd) { .fd = v->listener, .events = POLLIN };
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &v->client[i];

		if (c->fd < 0)
			continue;
		who[n] = c;
		on[n++] = (struct pollfd) {
			.fd = c->fd,
			.events =
			    (short)((wants_bytes(v, c) ? POLLIN : 0) | (c->out > 0 ? POLLOUT : 0)),
		};
	}
	return n;
}

static void print_status(struct server *v)
{
	char text[SKW_AIR_REPORT_MAX];

	status_wanted = 0;
	report(v, text);
	fputs(text, stderr);
}

static void loop(struct server *v, const sigset_t *during_poll)
{
	enum skw_air_step last = SKW_AIR_LIMIT;
	struct client *who[CLIENTS + 1];
	struct pollfd on[CLIENTS + 1];

	while (!stop_wanted) {
		unsigned n = watch(v, on, who);
		struct timespec wait = patience(v, last);
		int ready = ppoll(on, n, &wait, during_poll);

		if (status_wanted)
			print_status(v);
		last = advance(v); /* first, so that hosts see the time as it is now */
		if (ready > 0) {
			for (unsigned i = 1; i < n; i++)
				if (on[i].revents & (POLLIN | POLLHUP | POLLERR))
					listen_to(v, who[i]);
			if (on[0].revents)
				greet(v);
		}
		serve_pending(v);
		answer_hosts(v);
	}
}

/* ---- beginning and end ------------------------------------------------------------------------
 */

static void catch_signals(sigset_t *during_poll)
{
	const int caught[] = { SIGINT, SIGTERM, SIGUSR1 };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	for (unsigned i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigaction(caught[i], &action, NULL);
		sigaddset(&block, caught[i]);
	}
	/* Delivered while the loop waits, and to no worker: they inherit the mask. */
	sigprocmask(SIG_BLOCK, &block, during_poll);
	for (unsigned i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigdelset(during_poll, caught[i]);
}

static void close_all(struct server *v)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (v->client[i].fd >= 0)
			hang_up(v, &v->client[i]);
	close(v->listener);
	skw_air_world_free(v->world);
	free(v);
}

int skw_air_server_run(const struct skw_air_scenario *s, const char *path, unsigned threads,
		       char *error, size_t error_size)
{
	struct server *v = calloc(1, sizeof(*v));
	sigset_t during_poll;

	if (v == NULL) {
		snprintf(error, error_size, "out of memory");
		return 1;
	}
	v->listener = skw_air_socket_open(path, error, error_size);
	if (v->listener < 0) {
		free(v);
		return 1;
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		v->client[i].fd = -1;
	catch_signals(&during_poll);
	v->s = s;
	v->threads = threads;
	v->world = skw_air_world_new(s, threads);
	v->start_ns = wall_ns();
	skw_air_clock_init(&v->clock, s->rate_hz * s->pace, v->start_ns);
	if (v->world != NULL)
		loop(v, &during_poll);
	else
		snprintf(error, error_size, "out of memory or threads");
	unlink(path);
	threads = v->world != NULL;
	close_all(v);
	return threads ? 0 : 1;
}
