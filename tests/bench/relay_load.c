/* relay_load - both ends of a circuit over one relay, to see what a cell costs the relay.
 *
 *   origin --UDP--> skywaved (the relay, a process of its own) --UDP--> destination
 *
 * usage: relay_load KEY HOST PORT PID GIGABYTES [URL NETWORK ORIGIN.wlt DESTINATION.wlt FORTH ON]
 *
 * Origin and destination live in this process and use the same rooms as the daemon. Full cells go
 * one way, WINDOW of them on their way at most, so nothing is lost to overload. The relay's
 * processor time is read from its own clock before and after; a gigabyte is 10^9 bytes of cells
 * delivered. What a relay cannot do without (relay_primitives.h) is measured after that, in the
 * same run. With a ledger both ends have accounts with the relay (relay_purse.h): the origin pays
 * FORTH droplets per MiB and the relay pays the destination ON. Afterwards all is vouched for and,
 * after a line on the standard input, settled; each time the accounts are printed.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "keys/skw_chacha.h"
#include "link/skw_link.h"
#include "onion/skw_cell.h"
#include "onion/skw_onion.h"
#include "relay_primitives.h"
#include "relay_purse.h"

struct node {
	struct skw_identity identity;
	struct skw_link *link;
	struct skw_onion *onion;
	int fd;
	uint32_t peer, circuit;
	bool up, circuit_up, circuit_down;
	uint64_t cells;
	struct purse purse;
	uint8_t out[BURST * SEGMENT]; /* full frames that leave in one call */
	size_t out_len;
};

static struct node origin, destination;

static void flush(struct node *n)
{
	if (n->out_len > 0)
		send_segments(n->fd, n->out, n->out_len);
	n->out_len = 0;
}

/* ---- The rooms ---- */

static void pump(struct node *n);

static void on_link(struct node *n, const struct skw_link_out *out)
{
	switch (out->event) {
	case SKW_LINK_SEND:
		if (out->len != SEGMENT) {
			flush(n);
			send_segments(n->fd, out->data, out->len);
			break;
		}
		memcpy(n->out + n->out_len, out->data, SEGMENT);
		n->out_len += SEGMENT;
		if (n->out_len == sizeof(n->out))
			flush(n);
		break;
	case SKW_LINK_MESSAGE:
		if (out->type == SKW_LINK_CELL || out->type == SKW_LINK_CIRCUIT)
			skw_onion_receive(n->onion, out->peer, out->data, out->len, now());
		else if (out->type == SKW_LINK_PAY && n->purse.pay != NULL)
			skw_pay_on_message(n->purse.pay, now(), n->purse.relay, out->data,
					   out->len);
		break;
	case SKW_LINK_PEER_UP:
		n->up = true;
		if (n->purse.pay != NULL)
			skw_pay_on_link(n->purse.pay, now(), n->purse.relay, true);
		skw_onion_peer_up(n->onion, out->peer, &out->address, now());
		break;
	case SKW_LINK_PEER_DOWN:
		n->up = false;
		skw_onion_peer_down(n->onion, out->peer, now());
		break;
	}
}

static void pump(struct node *n)
{
	struct skw_link_out l;
	struct skw_onion_out o;
	bool any = true;

	while (any) {
		any = false;
		while (skw_onion_poll(n->onion, &o)) {
			any = true;
			if (o.event == SKW_ONION_SEND)
				skw_link_send(n->link, o.peer,
					      o.reliable ? SKW_LINK_CIRCUIT : SKW_LINK_CELL, o.data,
					      o.len, now());
			else if (o.event == SKW_ONION_DATA)
				n->cells++;
			else if (o.event == SKW_ONION_METER)
				purse_meter(&n->purse, &o.meter);
			else if (o.event == SKW_ONION_CIRCUIT_UP)
				n->circuit_up = true;
			else if (o.event == SKW_ONION_CIRCUIT_DOWN)
				n->circuit_down = true;
		}
		while (skw_link_poll(n->link, &l)) {
			any = true;
			on_link(n, &l);
			if (l.event == SKW_LINK_MESSAGE)
				break;
		}
	}
}

static void receive(struct node *n)
{
	static uint8_t data[65536];
	struct skw_link_endpoint from = { .port = 1, .len = 1 };
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { data, sizeof(data) };
	ssize_t got;

	for (;;) {
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		struct cmsghdr *c;
		int segment;

		got = recvmsg(n->fd, &m, 0);
		if (got <= 0)
			break;
		segment = (int)got;
		for (c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
			if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
				memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		for (ssize_t at = 0; at < got; at += segment) {
			ssize_t len = got - at < segment ? got - at : segment;

			skw_link_receive(n->link, &from, data + at, (size_t)len, now());
			pump(n);
		}
	}
	flush(n);
}

static void serve(struct node *n)
{
	const uint8_t *message;
	size_t len;

	skw_link_tick(n->link, now());
	skw_onion_tick(n->onion, now());
	pump(n);
	receive(n);
	while ((len = purse_poll(&n->purse, &message)) > 0) {
		skw_link_send(n->link, n->peer, SKW_LINK_PAY, message, len, now());
		pump(n);
	}
	flush(n);
}

static void start(struct node *n, const struct skw_node_address *relay,
		  const struct sockaddr_storage *to, socklen_t len)
{
	const struct skw_link_endpoint at = { .port = 1, .len = 1 };
	struct skw_random random = skw_random_system();

	skw_identity_generate(&n->identity, &random);
	n->link =
	    skw_link_new(&(struct skw_link_config) { .identity = &n->identity,
						     .random = random,
						     .stamp = (uint64_t)time(NULL) * 1000000 },
			 now());
	n->onion = skw_onion_new(
	    &(struct skw_onion_config) { .identity = &n->identity, .random = random });
	n->fd = open_socket(to, len);
	skw_link_add_peer(n->link, relay, &at, now(), &n->peer);
}

static void serve_both(void)
{
	struct pollfd fds[2] = { { origin.fd, POLLIN, 0 }, { destination.fd, POLLIN, 0 } };

	serve(&origin);
	serve(&destination);
	poll(fds, 2, 5);
}

static void until(const bool *ready, const char *what)
{
	uint64_t end = now() + 10000000;

	while (!*ready) {
		serve_both();
		if (now() > end || origin.circuit_down) {
			fprintf(stderr, "relay_load: no %s\n", what);
			exit(1);
		}
	}
}

/* ---- The load ---- */

static uint64_t run(uint64_t cells)
{
	static uint8_t data[SKW_CELL_FULL_DATA];
	uint64_t sent = 0, lost = 0, first = destination.cells, moved_us = now(), seen = first;

	while (destination.cells - first < cells) {
		uint64_t arrived = destination.cells - first;

		if (destination.cells != seen) {
			seen = destination.cells;
			moved_us = now();
		} else if (now() - moved_us > 20000) { /* those are lost */
			lost = sent - arrived;
			moved_us = now();
		}
		if (sent - lost < arrived)
			lost = sent - arrived;
		if (WINDOW - (sent - lost - arrived) >= BURST && sent - lost - arrived < WINDOW &&
		    purse_allows(&origin.purse)) {
			for (int i = 0; i < BURST; i++) {
				if (skw_onion_send(origin.onion, origin.circuit, data, sizeof(data),
						   now()) != SKW_ONION_OK)
					break;
				sent++;
				pump(&origin);
			}
			flush(&origin);
		} else {
			struct pollfd fd = { destination.fd, POLLIN, 0 };

			poll(&fd, 1, 1);
		}
		serve(&destination); /* which says nothing else: its keepalives keep it up */
		serve(&origin);
		if (origin.circuit_down) {
			fprintf(stderr, "relay_load: the circuit went down\n");
			exit(1);
		}
	}
	return sent;
}

/* ---- Money ---- */

static void print_accounts(void)
{
	purse_print(&origin.purse, "origin");
	purse_print(&destination.purse, "destination");
	fflush(stdout);
}

/* All is vouched for, and nothing has moved for half a second. */
static void even_up(void)
{
	uint64_t seen = 0, since = now(), end = since + 30000000;

	while (now() - since < 500000 || !purse_even(&origin.purse) ||
	       !purse_even(&destination.purse)) {
		serve_both();
		if (origin.purse.vouchers + destination.purse.vouchers != seen)
			since = now();
		seen = origin.purse.vouchers + destination.purse.vouchers;
		if (now() > end)
			die("accounts do not come even");
	}
	print_accounts();
}

static void settle(void)
{
	struct pollfd asked = { STDIN_FILENO, POLLIN, 0 };
	uint64_t end;

	while (poll(&asked, 1, 0) == 0)
		serve_both();
	skw_pay_settle(destination.purse.pay, now(), destination.purse.relay);
	for (end = now() + 30000000;
	     !purse_settled(&origin.purse) || !purse_settled(&destination.purse); serve_both())
		if (now() > end)
			die("no settlement");
	print_accounts();
}

/* ---- One run ---- */

static socklen_t parse_place(struct sockaddr_storage *to, const char *host, const char *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
		return sizeof(*v4);
	v6->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
		return sizeof(*v6);
	fprintf(stderr, "relay_load: %s: no numeric address\n", host);
	exit(2);
}

static void measure(uint64_t cells, pid_t relay, clockid_t clock)
{
	uint64_t got = origin.purse.vouchers, made = destination.purse.vouchers;
	uint64_t wall = now(), wakes = wakes_of(relay), cpu = clock_us(clock), sent = run(cells);
	struct vouchers each;
	double cost;

	cpu = clock_us(clock) - cpu;
	wakes = wakes_of(relay) - wakes;
	wall = now() - wall;
	got = origin.purse.vouchers - got;
	made = destination.purse.vouchers - made;
	each = (struct vouchers) { (double)got / (double)cells, (double)made / (double)cells };
	cost = per_gb((double)cpu / 1e6, cells);
	printf("relay: %.2f s/GB  (%llu cells of %u bytes in %.2f s: %.0f Mb/s; %llu lost; "
	       "%llu vouchers checked, %llu made)\n",
	       cost, (unsigned long long)cells, SKW_CELL_FULL, (double)wall / 1e6,
	       (double)cells * SKW_CELL_FULL * 8 / (double)wall,
	       (unsigned long long)(sent > cells ? sent - cells : 0), (unsigned long long)got,
	       (unsigned long long)made);
	printf("it woke for %.1f cells each time\n", (double)cells / (double)wakes);
	print_primitives(cost, bare_cost(relay, cells, wakes, (double)wall / 1e6, &each), &each);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to = { 0 };
	struct skw_node_address relay, hops[2];
	bool paid = argc == 12;
	const uint64_t offers[2] = { paid ? strtoull(argv[10], NULL, 10) : 1000000,
				     paid ? strtoull(argv[11], NULL, 10) : 0 };
	socklen_t len;
	clockid_t clock;

	if ((argc != 6 && !paid) || sodium_init() < 0 || !skw_node_address_parse(&relay, argv[1]) ||
	    clock_getcpuclockid(atoi(argv[4]), &clock) != 0)
		return fprintf(stderr, "usage: relay_load KEY HOST PORT PID GIGABYTES [URL NETWORK "
				       "ORIGIN.wlt DESTINATION.wlt FORTH ON]\n"),
		       2;
	len = parse_place(&to, argv[2], argv[3]);
	start(&origin, &relay, &to, len);
	start(&destination, &relay, &to, len);
	for (int i = 0; paid && i < 2; i++) {
		struct node *n = i == 0 ? &origin : &destination;

		purse_open(&n->purse, argv[6], argv[7], argv[8 + i], n->identity.address.bytes,
			   relay.bytes);
	}
	until(&origin.up, "link of the origin");
	until(&destination.up, "link of the destination");
	hops[0] = relay;
	hops[1] = destination.identity.address;
	if (skw_onion_build(origin.onion, hops, offers, 2, now(), &origin.circuit) != SKW_ONION_OK)
		return fprintf(stderr, "relay_load: no circuit\n"), 1;
	until(&origin.circuit_up, "circuit");
	print_accounts();
	run(5000);
	measure((uint64_t)(atof(argv[5]) * 1e9 / SKW_CELL_FULL), atoi(argv[4]), clock);
	if (paid && offers[0] > 0) {
		even_up();
		settle();
	}
	return 0;
}
