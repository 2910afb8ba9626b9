/* hold - keeps packets back for a time where they leave a network namespace, in the kernel.
 *
 *   route --> POSTROUTING, `-j NFQUEUE --queue-num 1` --> [ waits here ] --> device
 *
 * Only their numbers come up to this program, and one verdict lets all go that are due; a packet of
 * 64 KiB that the device will cut stays whole. So it costs a hundredth of what a link in user space
 * costs (linkemu.c), and has no rate, no loss and no order of its own.
 *
 * usage: hold MICROSECONDS PID... (a namespace is that of a process); prints `ready`, ends with its
 * parent or by a signal.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>

enum { SPACES = 16, HELD = 16384, QUEUE = 1 };

struct packet {
	uint64_t due_ns;
	uint32_t id;
};

struct space {
	int fd;
	struct packet held[HELD]; /* in the order of their numbers */
	unsigned head, count;
};

struct message {
	struct nlmsghdr head;
	struct nfgenmsg family;
	uint8_t attributes[64];
};

static struct space spaces[SPACES];
static int space_count;
static uint64_t delay_ns;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- netlink ---- */

static struct message message(uint16_t type, uint16_t flags)
{
	return (struct message) {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)),
			  .nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type),
			  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		.family = { .nfgen_family = AF_UNSPEC,
			    .version = NFNETLINK_V0,
			    .res_id = htons(QUEUE) },
	};
}

static void add(struct message *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_type = type, .nla_len = (uint16_t)(sizeof(struct nlattr) + len) };
	uint8_t *at = (uint8_t *)m + m->head.nlmsg_len;

	memcpy(at, &a, sizeof(a));
	memcpy(at + sizeof(a), data, len);
	m->head.nlmsg_len += (uint32_t)((sizeof(a) + len + 3) & ~(size_t)3);
}

static void ask(int fd, const struct message *m, const char *what)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		uint8_t rest[256];
	} answer;

	if (send(fd, m, m->head.nlmsg_len, 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		die(what);
	errno = -answer.error.error;
	if (answer.head.nlmsg_type == NLMSG_ERROR && errno != 0)
		die(what);
}

static int open_queue(long pid)
{
	const struct nfqnl_msg_config_cmd bind_ = { .command = NFQNL_CFG_CMD_BIND };
	const struct nfqnl_msg_config_params copy = { .copy_mode = NFQNL_COPY_META };
	const uint32_t flags = htonl(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN), most = htonl(HELD);
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	struct message m = message(NFQNL_MSG_CONFIG, NLM_F_ACK);
	int space, fd, on = 1, size = 8 << 20;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	space = open(path, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET) != 0)
		die(path);
	close(space);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0)
		die("netlink");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	add(&m, NFQA_CFG_CMD, &bind_, sizeof(bind_));
	ask(fd, &m, "queue");
	m = message(NFQNL_MSG_CONFIG, NLM_F_ACK);
	add(&m, NFQA_CFG_PARAMS, &copy, sizeof(copy));
	add(&m, NFQA_CFG_FLAGS, &flags, sizeof(flags));
	add(&m, NFQA_CFG_MASK, &flags, sizeof(flags));
	add(&m, NFQA_CFG_QUEUE_MAXLEN, &most, sizeof(most));
	ask(fd, &m, "queue's parameters");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* ---- in and out ---- */

static void hold(struct space *s, const uint8_t *at, size_t len, uint64_t now)
{
	struct nlmsghdr head;
	struct nlattr a;
	struct nfqnl_msg_packet_hdr packet;
	size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	if (len < skip + sizeof(a) + sizeof(packet))
		return;
	memcpy(&head, at, sizeof(head));
	memcpy(&a, at + skip, sizeof(a)); /* the kernel puts it first */
	if (head.nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) ||
	    a.nla_type != NFQA_PACKET_HDR || s->count == HELD)
		return;
	memcpy(&packet, at + skip + sizeof(a), sizeof(packet));
	s->held[(s->head + s->count++) % HELD] =
	    (struct packet) { .due_ns = now + delay_ns, .id = ntohl(packet.packet_id) };
}

static void take(struct space *s)
{
	uint8_t data[4096];
	ssize_t len;

	while ((len = recv(s->fd, data, sizeof(data), 0)) > 0)
		hold(s, data, (size_t)len, now_ns());
}

/* One verdict for all up to the last that is due; when the next one is. */
static uint64_t release(struct space *s, uint64_t now)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	struct message m;
	unsigned due = 0;

	while (due < s->count && s->held[(s->head + due) % HELD].due_ns <= now)
		verdict.id = htonl(s->held[(s->head + due++) % HELD].id);
	if (due > 0) {
		m = message(NFQNL_MSG_VERDICT_BATCH, 0);
		add(&m, NFQA_VERDICT_HDR, &verdict, sizeof(verdict));
		if (send(s->fd, &m, m.head.nlmsg_len, 0) < 0)
			die("verdict");
		s->head = (s->head + due) % HELD;
		s->count -= due;
	}
	return s->count > 0 ? s->held[s->head].due_ns : UINT64_MAX;
}

int main(int argc, char **argv)
{
	struct pollfd fds[SPACES];

	if (argc < 3 || argc - 2 > SPACES)
		return fprintf(stderr, "usage: hold MICROSECONDS PID...\n"), 2;
	delay_ns = (uint64_t)(atof(argv[1]) * 1000);
	for (int i = 2; i < argc; i++) {
		spaces[space_count].fd = open_queue(atol(argv[i]));
		fds[space_count] = (struct pollfd) { spaces[space_count].fd, POLLIN, 0 };
		space_count++;
	}
	prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0UL, 0UL, 0UL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		uint64_t now = now_ns(), next = now + 1000000000;
		struct timespec wait;

		for (int i = 0; i < space_count; i++) {
			uint64_t due = release(&spaces[i], now);

			next = due < next ? due : next;
		}
		now = now_ns();
		wait = (struct timespec) { .tv_nsec = next > now ? (long)(next - now) : 0 };
		if (ppoll(fds, (nfds_t)space_count, &wait, NULL) <= 0)
			continue;
		for (int i = 0; i < space_count; i++)
			if (fds[i].revents & POLLIN)
				take(&spaces[i]);
	}
}
