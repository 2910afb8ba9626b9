#include "node/skw_tun_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum { PREFIX_BITS = 8 }; /* all of fd00::/8 is behind the interface */

/* By netlink, since ioctl knows one IPv4 address of an interface. */
static bool add_v4(unsigned interface, const uint8_t ip[4], uint8_t bits)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg message;
		struct rtattr local;
		uint8_t ip[4];
	} ask = {
		.head = { .nlmsg_len = sizeof(ask),
			  .nlmsg_type = RTM_NEWADDR,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE },
		.message = { .ifa_family = AF_INET, .ifa_prefixlen = bits, .ifa_index = interface },
		.local = { .rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL },
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		uint8_t more[256];
	} answer = { .error = { .error = -1 } };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool done = s >= 0;

	memcpy(ask.ip, ip, sizeof(ask.ip));
	done = done && send(s, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask) &&
	       recv(s, &answer, sizeof(answer), 0) > 0 && answer.head.nlmsg_type == NLMSG_ERROR &&
	       answer.error.error == 0;
	if (s >= 0)
		close(s);
	return done;
}

static const char *set_up(const struct skw_tun_device *d, struct ifreq *request)
{
	struct in6_ifreq address = { .ifr6_prefixlen = PREFIX_BITS };
	const char *wrong = NULL;
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return strerror(errno);
	memcpy(&address.ifr6_addr, d->address, sizeof(d->address));
	address.ifr6_ifindex = (int)if_nametoindex(request->ifr_name);
	request->ifr_mtu = (int)d->mtu;
	if (ioctl(s, SIOCSIFMTU, request) != 0) {
		wrong = "its MTU cannot be set";
	} else {
		request->ifr_flags = IFF_UP | IFF_RUNNING;
		if (ioctl(s, SIOCSIFFLAGS, request) != 0)
			wrong = "cannot be brought up";
		else if (ioctl(s, SIOCSIFADDR, &address) != 0 && errno != EEXIST)
			wrong = "its address cannot be set; is IPv6 switched off?";
	}
	close(s);
	for (unsigned i = 0; wrong == NULL && i < d->v4_count; i++)
		if (!add_v4((unsigned)address.ifr6_ifindex, d->v4[i].address, d->v4[i].bits))
			wrong = "its IPv4 address cannot be set";
	return wrong;
}

/* A kernel without segments for UDP may still have them for TCP. */
static bool ask_for_segments(int fd, bool udp)
{
	const unsigned tcp = TUN_F_CSUM | TUN_F_TSO6, more = udp ? TUN_F_USO4 | TUN_F_USO6 : 0;

	return ioctl(fd, TUNSETOFFLOAD, tcp | more) == 0 || ioctl(fd, TUNSETOFFLOAD, tcp) == 0;
}

const char *skw_tun_device_open(struct skw_tun_device *d, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int header = sizeof(struct virtio_net_hdr);

	if (strlen(name) >= sizeof(request.ifr_name))
		return "a name has at most 15 bytes";
	memcpy(request.ifr_name, name, strlen(name));
	d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		return errno == EACCES ? "/dev/net/tun needs a privilege" : strerror(errno);
	if (ioctl(d->fd, TUNSETIFF, &request) != 0)
		return errno == EPERM ? "needs the capability CAP_NET_ADMIN" : strerror(errno);
	if (ioctl(d->fd, TUNSETVNETHDRSZ, &header) != 0)
		return "its header cannot be agreed on";
	d->segments = ask_for_segments(d->fd, d->v4_count == 0);
	return set_up(d, &request);
}
