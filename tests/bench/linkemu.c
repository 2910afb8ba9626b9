/* linkemu - links between network namespaces, in user space: rate, delay, loss and a queue.
 *
 *   TAP in namespace A --read--> [ loss, queue, rate, delay ] --write--> TAP in namespace B, and
 * back
 *
 * Standard input: one line a link, `pidA ifA pidB ifB Mb/s delay_ms loss_% queue_ms` (a namespace
 * is that of a process), then `start`; the answer is `ready N`. After that `cut I` makes link I
 * (from 0) swallow everything both ways and `join I` heals it. The end of the input ends it all.
 * What waits longer than queue_ms is dropped. Rate 0: unlimited.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_tun.h>

enum { LINKS = 64, QUEUE = 8192, FRAME = 1600, BATCH = 32 };

struct packet {
	uint64_t due_ns;
	int len;
	uint8_t *data;
};

struct way { /* one direction */
	int in, out;
	double ns_per_byte;
	uint64_t delay_ns, queue_ns, free_ns;
	uint32_t loss; /* of 2^32 */
	bool cut;
	struct packet *queue;
	unsigned head, count;
};

static struct way ways[2 * LINKS];
static int way_count;
static uint64_t random_state = 88172645463325252u;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t roll(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int make_tap(long pid, const char *name)
{
	struct ifreq request = { 0 };
	char path[64];
	int space, tap, s;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	space = open(path, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET) != 0)
		die(path);
	close(space);
	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
		die(name);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s < 0 || ioctl(s, SIOCGIFFLAGS, &request) != 0)
		die(name);
	request.ifr_flags |= IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &request) != 0)
		die(name);
	close(s);
	return tap;
}

static void add_link(const char *line)
{
	char a[IFNAMSIZ], b[IFNAMSIZ];
	double rate, delay, loss, queue;
	long pid_a, pid_b;
	int taps[2];

	if (way_count == 2 * LINKS || sscanf(line, "%ld %15s %ld %15s %lf %lf %lf %lf", &pid_a, a,
					     &pid_b, b, &rate, &delay, &loss, &queue) != 8) {
		fprintf(stderr, "linkemu: cannot read: %s", line);
		exit(2);
	}
	taps[0] = make_tap(pid_a, a);
	taps[1] = make_tap(pid_b, b);
	for (int k = 0; k < 2; k++) {
		struct way *w = &ways[way_count++];

		w->in = taps[k];
		w->out = taps[1 - k];
		w->ns_per_byte = rate > 0 ? 8000.0 / rate : 0;
		w->delay_ns = (uint64_t)(delay * 1e6);
		w->queue_ns = (uint64_t)(queue * 1e6);
		w->loss = (uint32_t)(loss / 100 * 4294967295.0);
		w->queue = calloc(QUEUE, sizeof(*w->queue));
		if (w->queue == NULL)
			die("memory");
	}
}

/* Out with what is due; when the next one is. */
static uint64_t deliver(struct way *w, uint64_t now)
{
	while (w->count > 0 && w->queue[w->head].due_ns <= now) {
		struct packet *p = &w->queue[w->head];

		if (write(w->out, p->data, (size_t)p->len) < 0 && errno != EIO && errno != EAGAIN)
			die("write");
		free(p->data);
		w->head = (w->head + 1) % QUEUE;
		w->count--;
	}
	return w->count > 0 ? w->queue[w->head].due_ns : UINT64_MAX;
}

static void take(struct way *w, const uint8_t *frame, int len, uint64_t now)
{
	uint64_t start = w->free_ns > now ? w->free_ns : now;
	struct packet *p;

	if (w->cut || (w->loss > 0 && roll() < w->loss) || start - now > w->queue_ns ||
	    w->count == QUEUE)
		return;
	w->free_ns = start + (uint64_t)(len * w->ns_per_byte);
	p = &w->queue[(w->head + w->count++) % QUEUE];
	p->due_ns = w->free_ns + w->delay_ns;
	p->len = len;
	p->data = malloc((size_t)len);
	if (p->data == NULL)
		die("memory");
	memcpy(p->data, frame, (size_t)len);
}

static void receive(struct way *w, uint64_t now)
{
	uint8_t frame[FRAME];

	for (int i = 0; i < BATCH; i++) {
		ssize_t len = read(w->in, frame, sizeof(frame));

		if (len <= 0)
			return;
		take(w, frame, (int)len, now);
	}
}

/* False at the end of the input. */
static bool command(void)
{
	static char text[256];
	static size_t have;
	ssize_t len = read(0, text + have, sizeof(text) - 1 - have);
	char *end;

	if (len <= 0)
		return false;
	have += (size_t)len;
	text[have] = '\0';
	while ((end = strchr(text, '\n')) != NULL) {
		char verb[8];
		int link;

		if (sscanf(text, "%7s %d", verb, &link) == 2 && link >= 0 && 2 * link < way_count)
			ways[2 * link].cut = ways[2 * link + 1].cut = strcmp(verb, "cut") == 0;
		have -= (size_t)(end + 1 - text);
		memmove(text, end + 1, have + 1);
	}
	return have < sizeof(text) - 1;
}

static void run(void)
{
	struct pollfd fds[2 * LINKS + 1] = { { .fd = 0, .events = POLLIN } };

	for (int i = 0; i < way_count; i++)
		fds[i + 1] = (struct pollfd) { .fd = ways[i].in, .events = POLLIN };
	for (;;) {
		uint64_t now = now_ns(), next = now + 100000000;
		struct timespec wait;

		for (int i = 0; i < way_count; i++) {
			uint64_t due = deliver(&ways[i], now);

			next = due < next ? due : next;
		}
		now = now_ns();
		next = next > now ? next - now : 0;
		wait = (struct timespec) { .tv_nsec = (long)next };
		if (ppoll(fds, (nfds_t)way_count + 1, &wait, NULL) <= 0)
			continue;
		now = now_ns();
		for (int i = 0; i < way_count; i++)
			if (fds[i + 1].revents & POLLIN)
				receive(&ways[i], now);
		if (fds[0].revents != 0 && !command())
			return;
	}
}

int main(void)
{
	char line[256];

	/* By characters: what comes after `start` is for poll to see. */
	for (size_t used = 0; read(0, &line[used], 1) == 1;) {
		if (line[used++] != '\n' && used < sizeof(line) - 1)
			continue;
		line[used] = '\0';
		used = 0;
		if (strcmp(line, "start\n") == 0)
			break;
		add_link(line);
	}
	prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0UL, 0UL, 0UL);
	printf("ready %d\n", way_count / 2);
	fflush(stdout);
	run();
	return 0;
}
