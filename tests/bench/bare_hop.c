/* bare_hop - what a hop costs when nothing is done there: a datagram in, the same datagram out.
 *
 *   usage: bare_hop PORT IP IP     between two neighbours: what comes from the one goes to the other
 *          bare_hop PORT IP TUN    at an end: what comes goes to the TUN device, what that says comes back
 *
 * All use one PORT. One thread, epoll and a call for each packet: the least that a relay in user
 * space does, whatever it does besides.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKET_MAX = 65536 };

static void die(const char *what)
{
	fprintf(stderr, "bare_hop: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_udp(in_port_t port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = port };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
		die("socket");
	return fd;
}

static int open_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
		die("tun");
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll");
}

/* One packet; false if there is none. */
static int move(int fd, int udp, int tun, const struct sockaddr_in neighbour[2])
{
	static char packet[PACKET_MAX];
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n;

	if (fd == tun) {
		n = read(tun, packet, sizeof(packet));
		return n > 0 && sendto(udp, packet, (size_t)n, 0, (const void *)&neighbour[0],
				       sizeof(neighbour[0])) == n;
	}
	n = recvfrom(udp, packet, sizeof(packet), 0, (void *)&from, &len);
	if (n <= 0)
		return 0;
	if (tun >= 0)
		return write(tun, packet, (size_t)n) == n;
	len = from.sin_addr.s_addr == neighbour[0].sin_addr.s_addr;
	return sendto(udp, packet, (size_t)n, 0, (const void *)&neighbour[len],
		      sizeof(neighbour[0])) == n;
}

int main(int argc, char **argv)
{
	struct sockaddr_in neighbour[2] = { { .sin_family = AF_INET }, { .sin_family = AF_INET } };
	struct epoll_event event;
	int epoll = epoll_create1(0), udp, tun = -1;

	if (argc != 4 || inet_pton(AF_INET, argv[2], &neighbour[0].sin_addr) != 1)
		return fprintf(stderr, "usage: bare_hop PORT IP IP|TUN\n"), 2;
	neighbour[0].sin_port = neighbour[1].sin_port = htons((in_port_t)atoi(argv[1]));
	udp = open_udp(neighbour[0].sin_port);
	watch(epoll, udp);
	if (inet_pton(AF_INET, argv[3], &neighbour[1].sin_addr) != 1) {
		tun = open_tun(argv[3]);
		watch(epoll, tun);
	}
	for (;;)
		if (epoll_wait(epoll, &event, 1, -1) == 1)
			while (move(event.data.fd, udp, tun, neighbour))
				;
}
