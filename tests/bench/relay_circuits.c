/* relay_circuits - many links and circuits over one relay, to see what memory they take there.
 *
 *   origins 1..N --UDP--> skywaved (the relay) --UDP--> destination
 *
 * usage: relay_circuits KEY IPV4 PORT ORIGINS CIRCUITS
 *
 * Builds CIRCUITS circuits, prints how many are up, and keeps them until its standard input ends.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <sodium.h>

#include "link/skw_link.h"
#include "onion/skw_onion.h"

enum { ENDS = 128, AT_ONCE = 4, PATIENCE_S = 120 };

struct end {
	struct skw_identity identity;
	struct skw_link *link;
	struct skw_onion *onion;
	int fd;
	bool up;
	unsigned building;
};

static struct end ends[ENDS]; /* the last one in use is the destination */
static unsigned end_count, built, failed;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void start(struct end *e, const struct skw_node_address *relay, const struct sockaddr_in *to)
{
	const struct skw_link_endpoint at = { .port = 1, .len = 1 };
	struct skw_random random = skw_random_system();
	uint32_t peer;

	skw_identity_generate(&e->identity, &random);
	e->link =
	    skw_link_new(&(struct skw_link_config) { .identity = &e->identity,
						     .random = random,
						     .stamp = (uint64_t)time(NULL) * 1000000 },
			 now());
	e->onion = skw_onion_new(&(struct skw_onion_config) {
	    .identity = &e->identity, .random = random, .circuits_max = 65535 });
	e->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (e->fd < 0 || connect(e->fd, (const struct sockaddr *)to, sizeof(*to)) != 0) {
		perror("relay_circuits: socket");
		exit(1);
	}
	skw_link_add_peer(e->link, relay, &at, now(), &peer);
}

static void on_link(struct end *e, const struct skw_link_out *out)
{
	if (out->event == SKW_LINK_SEND)
		(void)!send(e->fd, out->data, out->len, 0); /* best effort, as UDP is */
	else if (out->event == SKW_LINK_MESSAGE &&
		 (out->type == SKW_LINK_CELL || out->type == SKW_LINK_CIRCUIT))
		skw_onion_receive(e->onion, out->peer, out->data, out->len, now());
	else if (out->event == SKW_LINK_PEER_UP)
		skw_onion_peer_up(e->onion, out->peer, &out->address, now());
	if (out->event == SKW_LINK_PEER_UP || out->event == SKW_LINK_PEER_DOWN)
		e->up = out->event == SKW_LINK_PEER_UP;
}

static void on_onion(struct end *e, const struct skw_onion_out *out)
{
	if (out->event == SKW_ONION_SEND)
		skw_link_send(e->link, out->peer, out->reliable ? SKW_LINK_CIRCUIT : SKW_LINK_CELL,
			      out->data, out->len, now());
	if (out->event == SKW_ONION_CIRCUIT_UP || out->event == SKW_ONION_CIRCUIT_DOWN) {
		e->building -= e->building > 0;
		built += out->event == SKW_ONION_CIRCUIT_UP;
		failed += out->event == SKW_ONION_CIRCUIT_DOWN;
	}
}

static void pump(struct end *e)
{
	struct skw_link_out l;
	struct skw_onion_out o;
	bool any = true;

	while (any) {
		any = false;
		for (; skw_onion_poll(e->onion, &o); any = true)
			on_onion(e, &o);
		if (skw_link_poll(e->link, &l)) {
			on_link(e, &l);
			any = true;
		}
	}
}

static void serve(struct end *e)
{
	const struct skw_link_endpoint from = { .port = 1, .len = 1 };
	uint8_t frame[SKW_LINK_FRAME_MAX + 1];
	ssize_t len;

	skw_link_tick(e->link, now());
	skw_onion_tick(e->onion, now());
	pump(e);
	while ((len = recv(e->fd, frame, sizeof(frame), 0)) > 0) {
		skw_link_receive(e->link, &from, frame, (size_t)len, now());
		pump(e);
	}
}

/* One round; false when standard input has ended. */
static bool serve_all(void)
{
	struct pollfd fds[ENDS + 1] = { { .fd = 0, .events = POLLIN } };

	for (unsigned i = 0; i < end_count; i++) {
		serve(&ends[i]);
		fds[i + 1] = (struct pollfd) { .fd = ends[i].fd, .events = POLLIN };
	}
	poll(fds, end_count + 1, 20);
	return fds[0].revents == 0;
}

static bool all_up(void)
{
	for (unsigned i = 0; i < end_count; i++)
		if (!ends[i].up)
			return false;
	return true;
}

static void build(const struct skw_node_address *relay, unsigned circuits)
{
	const struct skw_node_address hops[2] = { *relay, ends[end_count - 1].identity.address };
	const uint64_t offers[2] = { 1000000, 0 };
	unsigned asked = 0, turn = 0;
	uint64_t end = now() + PATIENCE_S * UINT64_C(1000000);
	uint32_t circuit;

	while (built + failed < circuits && now() < end) {
		for (unsigned i = 0; i < end_count && asked < circuits; i++) {
			struct end *e = &ends[turn++ % (end_count - 1)];

			if (e->building < AT_ONCE &&
			    skw_onion_build(e->onion, hops, offers, 2, now(), &circuit) ==
				SKW_ONION_OK) {
				e->building++;
				asked++;
			}
		}
		serve_all();
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct skw_node_address relay;
	uint64_t end;

	if (argc == 6)
		end_count = (unsigned)atoi(argv[4]) + 1;
	if (argc != 6 || sodium_init() < 0 || !skw_node_address_parse(&relay, argv[1]) ||
	    inet_pton(AF_INET, argv[2], &to.sin_addr) != 1 || end_count < 2 || end_count > ENDS)
		return fprintf(stderr, "usage: relay_circuits KEY IPV4 PORT ORIGINS CIRCUITS\n"), 2;
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	for (unsigned i = 0; i < end_count; i++)
		start(&ends[i], &relay, &to);
	end = now() + PATIENCE_S * UINT64_C(1000000);
	while (!all_up() && now() < end)
		serve_all();
	build(&relay, (unsigned)atoi(argv[5]));
	printf("%u\n", built);
	fflush(stdout);
	while (serve_all())
		;
	return 0;
}
