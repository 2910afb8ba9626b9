/* relay_primitives - what a relay cannot do without, by itself: the cryptography of a cell in one
 * process, and a program of nothing else in the relay's place. For relay_load.c. */
#ifndef RELAY_PRIMITIVES_H
#define RELAY_PRIMITIVES_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keys/skw_chacha.h"
#include "ledger/skw_coin_key.h"
#include "link/skw_link.h"
#include "onion/skw_cell.h"

enum { WINDOW = 160, BURST = 40, SEGMENT = SKW_LINK_FRAME_MAX };

static uint64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t now(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

static void die(const char *what)
{
	fprintf(stderr, "relay_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* How often a process went to sleep. */
static uint64_t wakes_of(pid_t pid)
{
	unsigned long long n = 0;
	char path[64], line[128];
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	status = fopen(path, "re");
	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1)
			break;
	if (status != NULL)
		fclose(status);
	return n;
}

/* ---- UDP ---- */

static int open_socket(const struct sockaddr_storage *to, socklen_t len)
{
	int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, size = 8 << 20;

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, len) != 0)
		die("socket");
	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void send_segments(int fd, const uint8_t *data, size_t len)
{
	uint16_t segment = SEGMENT;
	char control[CMSG_SPACE(sizeof(segment))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (len > SEGMENT) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = IPPROTO_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(segment));
		memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	}
	while (sendmsg(fd, &m, 0) < 0 && errno == EINTR)
		;
}

/* ---- The cryptography of a cell ---- */

static double per_gb(double seconds, uint64_t cells)
{
	return seconds / ((double)cells * SKW_CELL_FULL / 1e9);
}

enum { ON_THE_WAY = WINDOW }; /* cells in turn */

static uint8_t plain[WINDOW][SEGMENT], sealed[WINDOW][SEGMENT + 16];

static double seal_cost(uint64_t cells)
{
	static const uint8_t key[32];
	uint64_t t = clock_us(CLOCK_PROCESS_CPUTIME_ID), n = 100000;

	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *in = plain[i % cells];

		skw_chacha_seal(key, i, in, SKW_LINK_HEADER, in, SKW_CELL_FULL + 1,
				sealed[i % cells]);
	}
	return per_gb((double)(clock_us(CLOCK_PROCESS_CPUTIME_ID) - t) / 1e6, n);
}

static double open_cost(uint64_t cells)
{
	static uint8_t back[SEGMENT];
	static const uint8_t key[32], ad[SKW_LINK_HEADER];
	uint64_t t, n = 100000;

	for (uint64_t i = 0; i < cells; i++)
		skw_chacha_seal(key, i, ad, sizeof(ad), plain[i], SKW_CELL_FULL + 1, sealed[i]);
	t = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < n; i++)
		if (!skw_chacha_open(key, i % cells, ad, sizeof(ad), sealed[i % cells],
				     SKW_CELL_FULL + 17, back))
			die("open");
	return per_gb((double)(clock_us(CLOCK_PROCESS_CPUTIME_ID) - t) / 1e6, n);
}

static double layer_cost(uint64_t cells)
{
	static const uint8_t key[32];
	uint64_t t = clock_us(CLOCK_PROCESS_CPUTIME_ID), n = 100000;

	for (uint64_t i = 0; i < n; i++)
		skw_chacha_xor(key, i, plain[i % cells], SKW_CELL_FULL - SKW_CELL_HEADER,
			       plain[i % cells]);
	return per_gb((double)(clock_us(CLOCK_PROCESS_CPUTIME_ID) - t) / 1e6, n);
}

/* ---- Vouchers: at least their signatures ---- */

static const struct skw_coin_secret voucher_key = { { 1, 2, 3 } };
static const struct skw_sha256 voucher_hash = { { 1 } };
static struct skw_coin_sig voucher_sig;

/* Of a relay's own, with one input. */
static void sign_vouchers(uint64_t n)
{
	for (; n > 0; n--)
		if (!skw_coin_sign(&voucher_sig, &voucher_hash, &voucher_key))
			die("sign");
}

static void check_vouchers(uint64_t n)
{
	struct skw_coin_public who;

	for (; n > 0; n--)
		if (!skw_coin_recover(&who, &voucher_sig, &voucher_hash))
			die("recover");
}

static double voucher_cost(void (*work)(uint64_t n), double per_cell)
{
	uint64_t t, n = 5000;

	sign_vouchers(1);
	t = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	work(n);
	return per_gb((double)(clock_us(CLOCK_PROCESS_CPUTIME_ID) - t) / 1e6 / (double)n * per_cell,
		      1);
}

/* ---- A relay of the primitives alone ---- */

enum { CALL = 8 }; /* messages a call, as in the daemon's port */

struct bare {
	struct mmsghdr in[CALL], out[CALL];
	struct iovec in_iov[CALL], out_iov[CALL];
	char in_control[CALL][CMSG_SPACE(sizeof(int))];
	char out_control[CALL][CMSG_SPACE(sizeof(uint16_t))];
	uint8_t in_data[CALL][65536], out_data[CALL][65536];
};

static const uint8_t keys[3][32] = { "open", "layer", "seal" };

/* A cell's part of a voucher. */
struct vouchers {
	double got, made;
};

/* What is due of them after some cells more. */
static void sign_and_check(const struct vouchers *each, uint64_t cells)
{
	static struct vouchers due;

	due.got += each->got * (double)cells;
	due.made += each->made * (double)cells;
	check_vouchers((uint64_t)due.got);
	sign_vouchers((uint64_t)due.made);
	due.got -= (double)(uint64_t)due.got;
	due.made -= (double)(uint64_t)due.made;
}

/* Opens a frame of the link it came by, takes a layer off, seals it for the next. */
static void relay_frame(const uint8_t *in, uint8_t *out)
{
	static uint8_t open[SEGMENT], cell[SEGMENT];
	uint64_t nonce;

	memcpy(&nonce, in + 5, sizeof(nonce));
	if (!skw_chacha_open(keys[0], nonce, in, SKW_LINK_HEADER, in + SKW_LINK_HEADER,
			     SKW_CELL_FULL + 1 + SKW_CHACHA_TAG, open))
		_exit(1);
	memcpy(cell, open + 1, SKW_CELL_HEADER);
	skw_chacha_xor(keys[1], nonce, open + 1 + SKW_CELL_HEADER, SKW_CELL_FULL - SKW_CELL_HEADER,
		       cell + SKW_CELL_HEADER);
	memcpy(out, in, SKW_LINK_HEADER);
	skw_chacha_seal_after(keys[2], nonce, out, SKW_LINK_HEADER, open[0], cell, SKW_CELL_FULL,
			      out + SKW_LINK_HEADER);
}

static struct msghdr segments(struct bare *b, int i, size_t len, const struct sockaddr_in *to)
{
	struct msghdr m = { .msg_name = (void *)(uintptr_t)to,
			    .msg_namelen = sizeof(*to),
			    .msg_iov = &b->out_iov[i],
			    .msg_iovlen = 1 };
	uint16_t segment = SEGMENT;
	struct cmsghdr *c;

	b->out_iov[i] = (struct iovec) { b->out_data[i], len };
	if (len == SEGMENT)
		return m;
	m.msg_control = b->out_control[i];
	m.msg_controllen = sizeof(b->out_control[i]);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	return m;
}

static void relay_batch(struct bare *b, int fd, const struct sockaddr_in *to,
			const struct vouchers *each)
{
	int n;

	for (unsigned i = 0; i < CALL; i++) {
		b->in_iov[i] = (struct iovec) { b->in_data[i], sizeof(b->in_data[i]) };
		b->in[i].msg_hdr = (struct msghdr) { .msg_iov = &b->in_iov[i],
						     .msg_iovlen = 1,
						     .msg_control = b->in_control[i],
						     .msg_controllen = sizeof(b->in_control[i]) };
	}
	n = recvmmsg(fd, b->in, CALL, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		size_t len = b->in[i].msg_len;

		for (size_t at = 0; at + SEGMENT <= len; at += SEGMENT)
			relay_frame(b->in_data[i] + at, b->out_data[i] + at);
		b->out[i].msg_hdr = segments(b, i, len, to);
		sendmmsg(fd, &b->out[i], 1, MSG_DONTWAIT);
		sign_and_check(each, len / SEGMENT);
	}
}

/* A child on the relay's processor; ends with its parent's signal. */
static pid_t start_bare(int fd, const struct sockaddr_in *to, pid_t beside,
			const struct vouchers *each)
{
	struct epoll_event event = { .events = EPOLLIN };
	static struct bare b;
	pid_t child = fork();
	cpu_set_t where;
	int ep;

	if (child != 0)
		return child;
	if (sched_getaffinity(beside, sizeof(where), &where) == 0)
		sched_setaffinity(0, sizeof(where), &where);
	ep = epoll_create1(0);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	while (epoll_wait(ep, &event, 1, -1) >= 0)
		relay_batch(&b, fd, to, each);
	_exit(0);
}

static int bound(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, size = 8 << 20;

	*at =
	    (struct sockaddr_in) { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (fd < 0 || bind(fd, (struct sockaddr *)at, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) != 0)
		die("bind");
	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

/* Takes in what is there, in cells. */
static uint64_t taken(int fd)
{
	static uint8_t data[65536];
	uint64_t cells = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		cells += (uint64_t)n / SEGMENT;
	return cells;
}

/* Frames that the bare relay can open, one after the other. */
static void make_frames(uint8_t data[WINDOW * SEGMENT])
{
	static const uint8_t cell[SKW_CELL_FULL];

	for (uint64_t i = 0; i < WINDOW; i++) {
		uint8_t *frame = data + i * SEGMENT;

		memset(frame, 0, SKW_LINK_HEADER);
		memcpy(frame + 5, &i, sizeof(i));
		skw_chacha_seal_after(keys[0], i, frame, SKW_LINK_HEADER, 1, cell, sizeof(cell),
				      frame + SKW_LINK_HEADER);
	}
}

/* Its processor time for `cells`, at the pace at which the relay before it got them, and as many at
 * a time as it found when it woke. */
static double bare_cost(pid_t relay, uint64_t cells, uint64_t wakes, double seconds,
			const struct vouchers *each)
{
	static uint8_t data[WINDOW * SEGMENT];
	struct sockaddr_in at, to;
	int in = bound(&at), out = bound(&to);
	int from = open_socket((struct sockaddr_storage *)&at, sizeof(at));
	uint64_t got = 0, sent = 0, us, begin, together = (cells / wakes + BURST / 2) / BURST;
	clockid_t clock;
	pid_t child;

	sign_vouchers(1);
	child = start_bare(in, &to, relay, each);
	if (child < 0 || clock_getcpuclockid(child, &clock) != 0)
		die("bare relay");
	make_frames(data);
	usleep(20000);
	if (together == 0)
		together = 1;
	wakes = wakes_of(child);
	us = clock_us(clock);
	begin = now();
	while (sent < cells && now() - begin < (uint64_t)(3e6 * seconds)) {
		bool due = (double)sent * seconds <= (double)cells * (double)(now() - begin) / 1e6;

		for (uint64_t i = 0; due && sent + BURST <= got + WINDOW && i < together; i++) {
			send_segments(from, data + sent % WINDOW * SEGMENT, BURST * SEGMENT);
			sent += BURST;
		}
		got += taken(out);
	}
	usleep(20000);
	got += taken(out);
	us = clock_us(clock) - us;
	printf("a program of the primitives alone woke for %.1f cells each time\n",
	       (double)got / (double)(wakes_of(child) - wakes));
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	close(in);
	close(out);
	close(from);
	if (got * 100 < sent * 99)
		fprintf(stderr, "relay_load: %llu of %llu cells did not come through\n",
			(unsigned long long)(sent - got), (unsigned long long)sent);
	return per_gb((double)us / 1e6, got);
}

/* Sends to a socket of our own, by segments; the time of sending and of receiving apart. */
static void udp_cost(double *send, double *receive_)
{
	static uint8_t data[BURST * SEGMENT];
	struct sockaddr_in at;
	uint64_t out_us = 0, in_us = 0, rounds = 2000;
	int to = bound(&at), from = open_socket((struct sockaddr_storage *)&at, sizeof(at));

	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t a = clock_us(CLOCK_PROCESS_CPUTIME_ID), b;

		send_segments(from, data, sizeof(data));
		b = clock_us(CLOCK_PROCESS_CPUTIME_ID);
		taken(to);
		in_us += clock_us(CLOCK_PROCESS_CPUTIME_ID) - b;
		out_us += b - a;
	}
	*send = per_gb((double)out_us / 1e6, rounds * BURST);
	*receive_ = per_gb((double)in_us / 1e6, rounds * BURST);
	close(to);
	close(from);
}

/* ---- Their sum ---- */

static void print_primitives(double cost, double bare, const struct vouchers *each)
{
	double open = open_cost(ON_THE_WAY), seal = seal_cost(ON_THE_WAY);
	double layer = layer_cost(ON_THE_WAY), send, receive_, sum;
	double check = voucher_cost(check_vouchers, each->got);
	double sign = voucher_cost(sign_vouchers, each->made);

	udp_cost(&send, &receive_);
	sum = open + layer + seal + send + receive_ + check + sign;
	printf(
	    "a program of the primitives alone, in the relay's place: %.2f s/GB, ratio %.2f\n"
	    "primitives one by one in one process: %.2f s/GB  (open %.2f, layer %.2f, seal %.2f, "
	    "UDP send %.2f, receive %.2f, vouchers checked %.2f, signed %.2f), ratio %.2f\n",
	    bare, cost / bare, sum, open, layer, seal, send, receive_, check, sign, cost / sum);
}

#endif
